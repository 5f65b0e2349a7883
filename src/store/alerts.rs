//! What needs a person, while it lasts. May import: domain, sqlx.

use super::dialect::{Sql, all, execute, optional_scalar, statements};
use super::{Result, Tx, clean, known};
use crate::domain::alert::{Alert, AlertKind};
use chrono::{DateTime, Utc};

statements! {
    RAISE_ALERT = Sql::same(
        "INSERT INTO alert (kind, about, detail, since) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (kind, about) DO NOTHING RETURNING kind");
    RESTATE_ALERT = Sql::same("UPDATE alert SET detail = $3 WHERE kind = $1 AND about = $2 AND detail <> $3");
    END_ALERT = Sql::same("DELETE FROM alert WHERE kind = $1 AND about = $2");
    ALERTS = Sql::same("SELECT kind, about, detail, since FROM alert ORDER BY since, kind, about");
}

/// What came of raising an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    /// It did not stand yet.
    First,
    /// It stood, and says something else now.
    Restated,
    /// It stands as it stood.
    Known,
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// One that stands keeps its beginning.
    pub async fn raise_alert(
        &mut self,
        kind: AlertKind,
        about: &str,
        detail: &str,
        now: DateTime<Utc>,
    ) -> Result<Raised> {
        let (about, detail) = (clean(about), clean(detail));
        let raised: Option<String> =
            optional_scalar!(self, RAISE_ALERT, kind.as_str(), about.as_ref(), detail.as_ref(), now)?;
        if raised.is_some() {
            return Ok(Raised::First);
        }
        let restated = execute!(self, RESTATE_ALERT, kind.as_str(), about, detail)? == 1;
        Ok(if restated { Raised::Restated } else { Raised::Known })
    }

    /// `true` when it stood.
    pub async fn end_alert(&mut self, kind: AlertKind, about: &str) -> Result<bool> {
        execute!(self, END_ALERT, kind.as_str(), clean(about)).map(|rows| rows == 1)
    }

    pub async fn alerts(&mut self) -> Result<Vec<Alert>> {
        let rows: Vec<(String, String, String, DateTime<Utc>)> = all!(self, ALERTS)?;
        rows.into_iter()
            .map(|(kind, about, detail, since)| {
                Ok(Alert { kind: known(&kind, AlertKind::from_word)?, about, detail, since })
            })
            .collect()
    }
}
