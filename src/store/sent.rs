//! Copies of mails that left, on their way into the folder of the account that keeps them. May import: domain, sqlx.

use super::dialect::{Sql, all, execute, scalar, statements};
use super::{Result, Tx};
use crate::domain::ids::DeliveryId;
use chrono::{DateTime, Utc};

statements! {
    // A reply to all is one mail, however many it leaves for.
    ADD_COPY = Sql::same(
        "INSERT INTO sent_copy (rfc_id, delivery_id, state, attempts, next_attempt_at) VALUES ($1, $2, 'pending', 0, $3) \
         ON CONFLICT (rfc_id) DO NOTHING");
    CLAIM_COPIES = Sql::fork(
        "UPDATE sent_copy SET state = 'sending', leased_until = $2, attempts = attempts + 1 WHERE rfc_id IN ( \
         SELECT rfc_id FROM sent_copy WHERE state IN ('pending', 'sending') AND ((state = 'pending' AND next_attempt_at <= $1) \
         OR (state = 'sending' AND leased_until <= $1)) ORDER BY next_attempt_at, delivery_id LIMIT $3) \
         RETURNING rfc_id, delivery_id, attempts",
        "UPDATE sent_copy SET state = 'sending', leased_until = $2, attempts = attempts + 1 WHERE rfc_id IN ( \
         SELECT rfc_id FROM sent_copy WHERE state IN ('pending', 'sending') AND ((state = 'pending' AND next_attempt_at <= $1) \
         OR (state = 'sending' AND leased_until <= $1)) ORDER BY next_attempt_at, delivery_id LIMIT $3 \
         FOR UPDATE SKIP LOCKED) RETURNING rfc_id, delivery_id, attempts");
    END_COPY = Sql::same(
        "UPDATE sent_copy SET state = $3, why = $4, leased_until = NULL \
         WHERE rfc_id = $1 AND leased_until = $2 AND state = 'sending'");
    COPY_LATER = Sql::same(
        "UPDATE sent_copy SET state = 'pending', why = $3, next_attempt_at = $4, leased_until = NULL \
         WHERE rfc_id = $1 AND leased_until = $2 AND state = 'sending'");
    NEXT_COPY = Sql::same(
        "SELECT MIN(CASE WHEN state = 'sending' THEN leased_until ELSE next_attempt_at END) FROM sent_copy \
         WHERE state IN ('pending', 'sending')");
    COUNT_COPIES = Sql::same("SELECT state, CAST(COUNT(*) AS BIGINT) FROM sent_copy GROUP BY state");
}

/// A copy to keep, claimed.
#[derive(Debug, Clone)]
pub struct ClaimedCopy {
    /// Its Message-ID, without brackets.
    pub rfc_id: String,
    /// The delivery whose bytes it is.
    pub delivery: DeliveryId,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    pub async fn add_copy(&mut self, rfc_id: &str, delivery: DeliveryId, now: DateTime<Utc>) -> Result<()> {
        execute!(self, ADD_COPY, rfc_id, delivery.0, now).map(drop)
    }

    pub async fn claim_copies(
        &mut self,
        now: DateTime<Utc>,
        leased_until: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<ClaimedCopy>> {
        let rows: Vec<(String, i64, i64)> = all!(self, CLAIM_COPIES, now, leased_until, limit)?;
        let copy = |(rfc_id, delivery, attempts)| ClaimedCopy {
            rfc_id,
            delivery: DeliveryId(delivery),
            attempt: u32::try_from(attempts).unwrap_or(u32::MAX),
        };
        Ok(rows.into_iter().map(copy).collect())
    }

    /// `state`: `kept` or `failed`.
    pub async fn end_copy(
        &mut self,
        rfc_id: &str,
        leased_until: DateTime<Utc>,
        state: &str,
        why: Option<&str>,
    ) -> Result<bool> {
        Ok(execute!(self, END_COPY, rfc_id, leased_until, state, why)? > 0)
    }

    pub async fn copy_later(
        &mut self,
        rfc_id: &str,
        leased_until: DateTime<Utc>,
        why: &str,
        next_attempt_at: DateTime<Utc>,
    ) -> Result<bool> {
        Ok(execute!(self, COPY_LATER, rfc_id, leased_until, why, next_attempt_at)? > 0)
    }

    pub async fn next_copy(&mut self) -> Result<Option<DateTime<Utc>>> {
        scalar!(self, NEXT_COPY)
    }

    pub async fn count_copies(&mut self) -> Result<Vec<(String, i64)>> {
        all!(self, COUNT_COPIES)
    }
}
