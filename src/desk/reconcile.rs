//! What is known of a mailbox's UIDs, for whoever compares it with its server.

use super::{Desk, Result};
use crate::domain::uid_set::UidSet;
use chrono::{DateTime, Utc};

/// UIDs that need no further look: their mails are given to the desk with them, or are left alone for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The mailbox's UIDVALIDITY.
    pub uid_validity: u32,
    /// Which.
    pub uids: UidSet,
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// The UIDs of a mailbox that need no further look.
    pub async fn known_uids(&self, mailbox: &str, uid_validity: u32) -> Result<UidSet> {
        Ok(self.inner.store.read().await?.known_uids(mailbox, uid_validity).await?)
    }

    /// When a mailbox was last compared with its server; `None`: not since it is numbered as it is.
    pub async fn reconciled_at(&self, mailbox: &str) -> Result<Option<DateTime<Utc>>> {
        Ok(self.inner.store.read().await?.reconciled_at(mailbox).await?)
    }

    /// Notes that it was compared now.
    pub async fn note_reconciled(&self, mailbox: &str) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        tx.note_reconciled(mailbox, Some(now)).await?;
        Ok(tx.commit().await?)
    }
}
