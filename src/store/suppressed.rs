//! Addresses that no mail goes to, because one came back for good. May import: domain, sqlx.

use super::dialect::{Sql, execute, optional_scalar, statements};
use super::{Result, Tx, clean};
use crate::domain::ids::DeliveryId;
use chrono::{DateTime, Utc};

statements! {
    SUPPRESS = Sql::same(
        "INSERT INTO suppressed (address, why, delivery_id, since) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (address) DO NOTHING");
    SUPPRESSED = Sql::same("SELECT why FROM suppressed WHERE address = $1");
    ANY_SUPPRESSED = Sql::same("SELECT address FROM suppressed LIMIT 1");
    LIFT_SUPPRESSION = Sql::same("DELETE FROM suppressed WHERE address = $1");
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// Nothing where the address is suppressed already.
    pub async fn suppress(
        &mut self,
        address: &str,
        why: &str,
        delivery: DeliveryId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        execute!(self, SUPPRESS, clean(address), clean(why), delivery.0, now).map(drop)
    }

    /// Why no mail goes to an address, in French: what the report or the server said.
    pub async fn suppressed(&mut self, address: &str) -> Result<Option<String>> {
        optional_scalar!(self, SUPPRESSED, clean(address))
    }

    /// Whether any address is suppressed.
    pub async fn is_any_suppressed(&mut self) -> Result<bool> {
        let any: Option<String> = optional_scalar!(self, ANY_SUPPRESSED)?;
        Ok(any.is_some())
    }

    pub async fn lift_suppression(&mut self, address: &str) -> Result<()> {
        execute!(self, LIFT_SUPPRESSION, clean(address)).map(drop)
    }
}
