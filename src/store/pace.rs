//! How fast mails go to each provider that is limited or asked for fewer. May import: domain, sqlx.

use super::dialect::{Sql, all, execute, statements};
use super::{Result, Tx};
use crate::domain::pace::Pace;
use chrono::{DateTime, Utc};

statements! {
    // Not by their rows: one that is not there yet cannot be held. SQLite has one writer at a time anyway.
    HOLD_PACES = Sql::fork("SELECT 1", "SELECT pg_advisory_xact_lock(7104101)");
    PACES = Sql::same("SELECT provider, full_at, closed_until, next_at, strikes FROM pace ORDER BY provider");
    KEEP_PACE = Sql::same(
        "INSERT INTO pace (provider, full_at, closed_until, next_at, strikes) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (provider) DO UPDATE SET full_at = excluded.full_at, closed_until = excluded.closed_until, \
         next_at = excluded.next_at, strikes = excluded.strikes");
    FORGET_PACE = Sql::same("DELETE FROM pace WHERE provider = $1");
}

#[derive(sqlx::FromRow)]
struct PaceRow {
    provider: String,
    full_at: DateTime<Utc>,
    closed_until: DateTime<Utc>,
    next_at: DateTime<Utc>,
    strikes: i64,
}

impl PaceRow {
    fn read(self) -> (String, Pace) {
        let PaceRow { provider, full_at, closed_until, next_at, strikes } = self;
        (
            provider,
            Pace { full_at, closed_until, next_at, strikes: u32::try_from(strikes).unwrap_or(u32::MAX) },
        )
    }
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// Of all providers, and holds them to the end of the transaction. They are few: those that are idle are forgotten.
    pub async fn paces(&mut self) -> Result<Vec<(String, Pace)>> {
        if !self.is_sqlite() {
            execute!(self, HOLD_PACES)?;
        }
        self.paces_seen().await
    }

    /// The same for reading only: nothing is held.
    pub async fn paces_seen(&mut self) -> Result<Vec<(String, Pace)>> {
        let rows: Vec<PaceRow> = all!(self, PACES)?;
        Ok(rows.into_iter().map(PaceRow::read).collect())
    }

    pub async fn keep_pace(&mut self, provider: &str, pace: &Pace) -> Result<()> {
        let strikes = i64::from(pace.strikes);
        execute!(self, KEEP_PACE, provider, pace.full_at, pace.closed_until, pace.next_at, strikes).map(drop)
    }

    pub async fn forget_pace(&mut self, provider: &str) -> Result<()> {
        execute!(self, FORGET_PACE, provider).map(drop)
    }
}
