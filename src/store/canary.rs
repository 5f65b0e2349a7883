//! The canary: the mail to ourselves that is on its way, and how long the last one took. At most one row.
//! May import: sqlx.

use super::dialect::{Sql, execute, optional, statements};
use super::{Result, Tx};
use chrono::{DateTime, Utc};

statements! {
    MAKE_FIRST_CANARY = Sql::same(
        "INSERT INTO canary (id, number, made_at, tried_at) VALUES (1, 1, $1, $1) ON CONFLICT (id) DO NOTHING \
         RETURNING number, made_at");
    MAKE_NEXT_CANARY = Sql::same(
        "UPDATE canary SET number = number + 1, made_at = $1, tried_at = $1, sent_at = NULL, returned_at = NULL \
         WHERE id = 1 AND (made_at > $4 OR made_at <= $2 AND (returned_at IS NOT NULL OR made_at <= $3)) \
         RETURNING number, made_at");
    TAKE_UNSENT_CANARY = Sql::same(
        "UPDATE canary SET tried_at = $1 WHERE id = 1 AND sent_at IS NULL AND returned_at IS NULL \
         AND tried_at <= $2 AND made_at > $3 RETURNING number, made_at");
    NOTE_CANARY_SENT = Sql::same("UPDATE canary SET sent_at = $2 WHERE id = 1 AND number = $1");
    NOTE_CANARY_RETURNED = Sql::same(
        "UPDATE canary SET returned_at = $2, round_trip_ms = $3 WHERE id = 1 AND number = $1 AND returned_at IS NULL");
    CANARY = Sql::same(
        "SELECT number, made_at, tried_at, sent_at, returned_at, round_trip_ms FROM canary WHERE id = 1");
}

type Row = (i64, DateTime<Utc>, DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>, Option<i64>);

/// The canary, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredCanary {
    /// Counts them.
    pub number: i64,
    /// When it was to be sent.
    pub made_at: DateTime<Utc>,
    /// When somebody last set out to send it.
    pub tried_at: DateTime<Utc>,
    /// When the next hop took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// When it was taken in.
    pub returned_at: Option<DateTime<Utc>>,
    /// What the last one that returned took, in milliseconds.
    pub round_trip_ms: Option<i64>,
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// Makes a canary where one is due: the first ever, or when the last one is from before `due_before` and has
    /// returned, or is lost (from before `lost_before`), or is from after `made_by`, which lies ahead. Of two processes one
    /// gets it.
    pub async fn make_canary(
        &mut self,
        now: DateTime<Utc>,
        due_before: DateTime<Utc>,
        lost_before: DateTime<Utc>,
        made_by: DateTime<Utc>,
    ) -> Result<Option<(i64, DateTime<Utc>)>> {
        match optional!(self, MAKE_FIRST_CANARY, now)? {
            Some(first) => Ok(Some(first)),
            None => optional!(self, MAKE_NEXT_CANARY, now, due_before, lost_before, made_by),
        }
    }

    /// Takes the one that is made and not sent, when nobody has tried since `tried_before` and it is not lost yet.
    pub async fn take_unsent_canary(
        &mut self,
        now: DateTime<Utc>,
        tried_before: DateTime<Utc>,
        lost_before: DateTime<Utc>,
    ) -> Result<Option<(i64, DateTime<Utc>)>> {
        optional!(self, TAKE_UNSENT_CANARY, now, tried_before, lost_before)
    }

    pub async fn note_canary_sent(&mut self, number: i64, now: DateTime<Utc>) -> Result<()> {
        execute!(self, NOTE_CANARY_SENT, number, now).map(drop)
    }

    /// Nothing for one that is not on its way any more.
    pub async fn note_canary_returned(&mut self, number: i64, now: DateTime<Utc>) -> Result<()> {
        let Some(canary) = self.canary().await?.filter(|canary| canary.number == number) else {
            return Ok(());
        };
        let round_trip = (now - canary.made_at).num_milliseconds().max(0);
        execute!(self, NOTE_CANARY_RETURNED, number, now, round_trip).map(drop)
    }

    pub async fn canary(&mut self) -> Result<Option<StoredCanary>> {
        let row: Option<Row> = optional!(self, CANARY)?;
        Ok(row.map(|(number, made_at, tried_at, sent_at, returned_at, round_trip_ms)| StoredCanary {
            number,
            made_at,
            tried_at,
            sent_at,
            returned_at,
            round_trip_ms,
        }))
    }
}
