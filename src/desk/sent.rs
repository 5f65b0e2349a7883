//! Copies of the mails that left, for the folder of an account in which people look for them. A copy is a row in the
//! transaction that records its mail as sent; what becomes of it changes nothing about the mail. May import: domain.

use super::{Desk, Result, unpack};
use crate::domain::delivery::{LEASE, Next, Outcome, after_attempt};
use chrono::{DateTime, Utc};

/// A mail as it left; whoever claimed it must record what became of its copy.
#[derive(Debug, Clone)]
pub struct SentMail {
    /// Its Message-ID, without brackets.
    pub message_id: String,
    /// All of it.
    pub bytes: Vec<u8>,
    /// When it left.
    pub at: DateTime<Utc>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    leased_until: DateTime<Utc>,
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// Leases up to `limit` mails whose copies are to be kept, the oldest first.
    pub async fn claim_copies(&self, limit: i64) -> Result<Vec<SentMail>> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let leased_until = now + LEASE;
        let mut mails = Vec::new();
        for copy in tx.claim_copies(now, leased_until, limit).await? {
            let at = tx.delivery(copy.delivery).await?.map(|sent| sent.updated_at);
            let (Some(packed), Some(at)) = (tx.sealed(copy.delivery).await?, at) else {
                // Taken away meanwhile, with all that is held of its requester.
                tx.end_copy(&copy.rfc_id, leased_until, "failed", Some("its bytes are gone")).await?;
                continue;
            };
            mails.push(SentMail {
                message_id: copy.rfc_id,
                bytes: unpack(&packed)?,
                at,
                attempt: copy.attempt,
                leased_until,
            });
        }
        tx.commit().await?;
        Ok(mails)
    }

    /// Writes what became of a copy: tried again like a mail, and given up like one.
    pub async fn record_copy(&self, mail: &SentMail, outcome: Outcome) -> Result<Next> {
        let now = self.inner.clock.now();
        let next = after_attempt(outcome, mail.attempt, false);
        let (id, lease) = (&mail.message_id, mail.leased_until);
        let mut tx = self.inner.store.begin().await?;
        match &next {
            Next::Sent => tx.end_copy(id, lease, "kept", None).await?,
            Next::Again { after, why, .. } => tx.copy_later(id, lease, why, now + *after).await?,
            Next::Failed(why) | Next::Skipped(why) | Next::Uncertain(why) => {
                tx.end_copy(id, lease, "failed", Some(why)).await?
            }
        };
        tx.commit().await?;
        Ok(next)
    }

    /// When the next copy becomes due.
    pub async fn next_copy(&self) -> Result<Option<DateTime<Utc>>> {
        Ok(self.inner.store.read().await?.next_copy().await?)
    }

    /// How many copies there are by where they stand: `pending`, `sending`, `kept`, `failed`.
    pub async fn count_copies(&self) -> Result<Vec<(String, i64)>> {
        Ok(self.inner.store.read().await?.count_copies().await?)
    }
}
