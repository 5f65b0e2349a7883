//! Addresses that no mail goes to, because one came back for good. May import: domain, sqlx.

use super::dialect::{Bulk, Sql, all, execute, fetch_all, optional_scalar, scalar, statements};
use super::{Result, Tx, clean, going_back};
use crate::domain::ids::DeliveryId;
use chrono::{DateTime, Utc};
use std::collections::HashSet;
use std::sync::LazyLock;

static SUPPRESSED_AMONG: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(Sql::same("SELECT address FROM suppressed WHERE address IN ("), Sql::same("$1"), 1, ")")
});
/// The statements of this file for many rows, by name.
pub(super) static BULKS: [(&str, &LazyLock<Bulk>); 1] = [("suppressed_among", &SUPPRESSED_AMONG)];

statements! {
    SUPPRESS = Sql::same(
        "INSERT INTO suppressed (address, why, delivery_id, since) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (address) DO NOTHING");
    SUPPRESSED = Sql::same("SELECT why FROM suppressed WHERE address = $1");
    ANY_SUPPRESSED = Sql::same("SELECT address FROM suppressed LIMIT 1");
    COUNT_SUPPRESSED = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM suppressed");
    NEWEST_SUPPRESSED = Sql::same(
        "SELECT address, why, delivery_id, since FROM suppressed WHERE (since, delivery_id) < ($1, $2) \
         ORDER BY since DESC, delivery_id DESC LIMIT $3");
    SUPPRESSED_LIKE = Sql::same(
        "SELECT address, why, delivery_id, since FROM suppressed WHERE address >= $1 AND address < $2 \
         ORDER BY address LIMIT $3");
    LIFT_SUPPRESSION = Sql::same("DELETE FROM suppressed WHERE address = $1");
}

/// An address that no mail goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// It.
    pub address: String,
    /// Why, in French: what the report or the server said.
    pub why: String,
    /// The mail that came back.
    pub delivery: DeliveryId,
    /// Since when.
    pub since: DateTime<Utc>,
}

type Row = (String, String, i64, DateTime<Utc>);

fn read_all(rows: Vec<Row>) -> Vec<Suppressed> {
    let read =
        |(address, why, delivery, since)| Suppressed { address, why, delivery: DeliveryId(delivery), since };
    rows.into_iter().map(read).collect()
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

    /// Those of these addresses that no mail goes to.
    pub async fn suppressed_among(&mut self, addresses: &[&str]) -> Result<HashSet<String>> {
        let rows = fetch_all!(self, SUPPRESSED_AMONG, (String,), addresses, |query, address| query
            .bind(clean(address)))?;
        Ok(rows.into_iter().map(|(address,)| address).collect())
    }

    /// Whether any address is suppressed.
    pub async fn is_any_suppressed(&mut self) -> Result<bool> {
        let any: Option<String> = optional_scalar!(self, ANY_SUPPRESSED)?;
        Ok(any.is_some())
    }

    pub async fn count_suppressed(&mut self) -> Result<i64> {
        scalar!(self, COUNT_SUPPRESSED)
    }

    /// The addresses, the latest first; from behind `before` on, an instant and the mail that came back then.
    pub async fn newest_suppressed(
        &mut self,
        before: Option<(DateTime<Utc>, DeliveryId)>,
        limit: i64,
    ) -> Result<Vec<Suppressed>> {
        let (since, delivery) = going_back(before.map(|(at, id)| (at, id.0)));
        let rows = all!(self, NEWEST_SUPPRESSED, since, delivery, limit)?;
        Ok(read_all(rows))
    }

    /// The addresses that begin so, by their letters.
    pub async fn suppressed_like(&mut self, prefix: &str, limit: i64) -> Result<Vec<Suppressed>> {
        let (from, to) = (clean(prefix), format!("{}{}", clean(prefix), char::MAX));
        let rows = all!(self, SUPPRESSED_LIKE, from, to, limit)?;
        Ok(read_all(rows))
    }

    /// `false` where no mail was kept from it.
    pub async fn lift_suppression(&mut self, address: &str) -> Result<bool> {
        execute!(self, LIFT_SUPPRESSION, clean(address)).map(|rows| rows == 1)
    }
}
