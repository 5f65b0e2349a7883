//! Which UIDs of each mailbox need no further look: their mails are in the journal, or were left alone for good.
//! Kept as runs, so that a mailbox that is read without a hole is one row. May import: domain, sqlx.

use super::dialect::{Bulk, Sql, all, execute, optional_scalar, statements, write_all};
use super::{Result, Tx};
use crate::domain::uid_set::UidSet;
use chrono::{DateTime, Utc};
use std::sync::LazyLock;

statements! {
    KNOWN_UIDS = Sql::same("SELECT first_uid, last_uid FROM known_uid WHERE mailbox = $1 AND uid_validity = $2");
    // The runs that overlap or touch the span from $3 + 1 to $4 - 1: since runs never overlap, only the nearest
    // that begins before the span can reach into it.
    TAKE_TOUCHED_RUNS = Sql::same(
        "DELETE FROM known_uid WHERE mailbox = $1 AND uid_validity = $2 AND last_uid >= $3 AND first_uid <= $4 \
         AND first_uid >= COALESCE((SELECT MAX(before.first_uid) FROM known_uid AS before WHERE before.mailbox = $1 \
         AND before.uid_validity = $2 AND before.first_uid <= $3), 0) RETURNING first_uid, last_uid");
    FORGET_OLD_UIDS = Sql::same("DELETE FROM known_uid WHERE mailbox = $1 AND uid_validity <> $2");
    RECONCILED_AT = Sql::same("SELECT reconciled_at FROM mailbox WHERE name = $1");
    NOTE_RECONCILED = Sql::same("UPDATE mailbox SET reconciled_at = $2 WHERE name = $1");
}

static KEEP_RUNS: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        Sql::same("INSERT INTO known_uid (mailbox, uid_validity, first_uid, last_uid) VALUES "),
        Sql::same("($1, $2, $3, $4)"),
        4,
        " ON CONFLICT (mailbox, uid_validity, first_uid) DO UPDATE SET last_uid = excluded.last_uid",
    )
});
/// The statements of this file for many rows, by name.
pub(super) static BULKS: [(&str, &LazyLock<Bulk>); 1] = [("keep_runs", &KEEP_RUNS)];

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    pub async fn known_uids(&mut self, mailbox: &str, uid_validity: u32) -> Result<UidSet> {
        let rows: Vec<(i64, i64)> = all!(self, KNOWN_UIDS, mailbox, i64::from(uid_validity))?;
        Ok(UidSet::of_runs(rows.into_iter().filter_map(run).collect()))
    }

    /// Adds UIDs to those that are known. The caller's transaction must have written the mailbox's row before: that
    /// is what makes two who add at once take turns.
    pub async fn know_uids(&mut self, mailbox: &str, uid_validity: u32, uids: &UidSet) -> Result<()> {
        let (Some(first), Some(last)) = (uids.runs().first(), uids.runs().last()) else { return Ok(()) };
        let (below, above) = (i64::from(first.0) - 1, i64::from(last.1) + 1);
        let validity = i64::from(uid_validity);
        let touched: Vec<(i64, i64)> = all!(self, TAKE_TOUCHED_RUNS, mailbox, validity, below, above)?;
        let mut runs = uids.runs().to_vec();
        runs.extend(touched.into_iter().filter_map(run));
        let joined = UidSet::of_runs(runs);
        write_all!(self, KEEP_RUNS, joined.runs(), |query, run| query
            .bind(mailbox)
            .bind(validity)
            .bind(i64::from(run.0))
            .bind(i64::from(run.1)))
    }

    /// Forgets the UIDs of every other UIDVALIDITY, which name nothing any more.
    pub async fn forget_other_uids(&mut self, mailbox: &str, uid_validity: u32) -> Result<()> {
        execute!(self, FORGET_OLD_UIDS, mailbox, i64::from(uid_validity)).map(drop)
    }

    /// When the mailbox was last compared with its server; `None`: never since it is numbered as it is.
    pub async fn reconciled_at(&mut self, mailbox: &str) -> Result<Option<DateTime<Utc>>> {
        let at: Option<Option<DateTime<Utc>>> = optional_scalar!(self, RECONCILED_AT, mailbox)?;
        Ok(at.flatten())
    }

    pub async fn note_reconciled(&mut self, mailbox: &str, at: Option<DateTime<Utc>>) -> Result<()> {
        execute!(self, NOTE_RECONCILED, mailbox, at).map(drop)
    }
}

fn run((first, last): (i64, i64)) -> Option<(u32, u32)> {
    Some((u32::try_from(first).ok()?, u32::try_from(last).ok()?))
}
