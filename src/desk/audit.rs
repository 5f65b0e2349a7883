//! The audit log: who did what with the data of people, with agents and with their keys. Each line is written with what it
//! tells of; a desk that acts for somebody ([`Desk::acting`]) tells of what it does for them.

use super::{Desk, Result};
use crate::domain::audit::{AuditDetail, AuditKind, AuditLine, By, Counts};
use crate::domain::ids::AuditId;
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};
use std::sync::Arc;

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// The same desk, whose acts the audit log tells as this person's.
    pub fn acting(&self, by: By) -> Desk {
        Desk { by: Some(Arc::new(by)), ..self.clone() }
    }

    /// Tells of a file of requesters, in one line.
    pub async fn tell_import(&self, people: usize) -> Result<()> {
        let now = self.inner.clock.now();
        let counts = Counts { people: people as u64, ..Counts::default() };
        let mut tx = self.inner.store.begin().await?;
        self.tell_audit(
            &mut tx,
            AuditKind::PeopleImported,
            AuditDetail { counts, ..AuditDetail::default() },
            now,
        )
        .await?;
        Ok(tx.commit().await?)
    }

    /// The first `limit` lines, the newest first; from behind `before` on.
    pub async fn audit_lines(&self, before: Option<AuditId>, limit: i64) -> Result<Vec<AuditLine>> {
        Ok(self.inner.store.read().await?.audit_lines(before, limit).await?)
    }

    /// The latest `limit` lines since an instant, the newest first.
    pub async fn audit_since(&self, since: DateTime<Utc>, limit: i64) -> Result<Vec<AuditLine>> {
        Ok(self.inner.store.read().await?.audit_since(since, limit).await?)
    }

    /// Tells of an act, where this desk acts for somebody.
    pub(super) async fn tell_audit(
        &self,
        tx: &mut Tx,
        kind: AuditKind,
        detail: AuditDetail,
        now: DateTime<Utc>,
    ) -> store::Result<()> {
        match &self.by {
            Some(by) => tx.audit(by, kind, &detail, now).await,
            None => Ok(()),
        }
    }
}
