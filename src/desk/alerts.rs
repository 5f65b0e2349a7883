//! What needs a person although no ticket tells of it: raised by whoever finds it, ended by whoever finds it mended.
//! Every page of the CMs shows what stands.

use super::{Desk, Inner, Result};
use crate::domain::alert::{Alert, AlertKind};
use crate::store::alerts::Raised;
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// Says that something is wrong. Saying it again only renews what is said.
    pub async fn raise_alert(&self, kind: AlertKind, about: &str, detail: &str) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let is_first = self.inner.raise(&mut tx, kind, about, detail, now).await?;
        tx.commit().await?;
        self.inner.ring_chats();
        say_raised(kind, is_first);
        Ok(())
    }

    /// Says that it is mended. Costs no write where nothing stood.
    pub async fn end_alert(&self, kind: AlertKind, about: &str) -> Result<()> {
        let standing = self.alerts().await?;
        if !standing.iter().any(|alert| alert.kind == kind && alert.about == about) {
            return Ok(());
        }
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let stood = tx.end_alert(kind, about).await?;
        if stood {
            self.inner.tell_alerts(&mut tx, now).await?;
        }
        tx.commit().await?;
        self.inner.ring_chats();
        say_ended(kind, stood);
        Ok(())
    }

    /// Ends the alerts of one kind about what is not configured any more: nobody would find them mended.
    pub async fn forget_alerts(&self, kind: AlertKind, configured: &[String]) -> Result<()> {
        for alert in self.alerts().await? {
            if alert.kind == kind && !configured.contains(&alert.about) {
                self.end_alert(kind, &alert.about).await?;
            }
        }
        Ok(())
    }

    /// What stands, the oldest first.
    pub async fn alerts(&self) -> Result<Vec<Alert>> {
        Ok(self.inner.store.read().await?.alerts().await?)
    }
}

impl Inner {
    /// Raises an alert in the transaction of what found it. Whether it did not stand yet; one that says something else now is
    /// drawn again in chat, and nobody is called for it.
    pub(super) async fn raise(
        &self,
        tx: &mut Tx,
        kind: AlertKind,
        about: &str,
        detail: &str,
        now: DateTime<Utc>,
    ) -> store::Result<bool> {
        let raised = tx.raise_alert(kind, about, detail, now).await?;
        if raised != Raised::Known {
            self.tell_alerts(tx, now).await?;
        }
        Ok(raised == Raised::First)
    }
}

/// The log's line for an alert that was raised in a transaction, once it is committed.
pub(super) fn say_raised(kind: AlertKind, is_first: bool) {
    if is_first {
        tracing::error!(alert = kind.as_str(), "something needs a person; see the page or /metrics");
    }
}

/// The same for one that was ended.
pub(super) fn say_ended(kind: AlertKind, stood: bool) {
    if stood {
        tracing::info!(alert = kind.as_str(), "what needed a person is mended");
    }
}
