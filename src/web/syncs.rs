//! How long ago each mailbox was read, for the pages and for operations. May import: desk, wording.

use super::Web;
use crate::desk::Result;
use crate::wording::mailboxes;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::time::Duration;

/// A mailbox that the configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The desk's name for it; holds the account.
    pub name: String,
    /// What pages and metrics call it.
    pub label: String,
    /// How old its last good reading may be before it is said to be late.
    pub oldest: Duration,
}

/// The last good reading of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sync {
    pub(super) label: String,
    /// `None`: never.
    pub(super) at: Option<DateTime<Utc>>,
    pub(super) is_late: bool,
}

impl Sync {
    fn of(mailbox: &Mailbox, at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Sync {
        let is_late = age(at, now).is_none_or(|age| age > mailbox.oldest);
        Sync { label: mailbox.label.clone(), at, is_late }
    }

    /// `None`: never read.
    pub(super) fn age(&self, now: DateTime<Utc>) -> Option<Duration> {
        age(self.at, now)
    }
}

/// Ages before the epoch of a clock that was set back count as none.
fn age(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<Duration> {
    at.map(|at| (now - at).to_std().unwrap_or_default())
}

/// The line about all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncLine {
    /// French.
    pub text: String,
    /// One of them was not read lately.
    pub late: bool,
}

impl Web {
    /// The mailboxes of the configuration, each with its last good reading; others that the database remembers do
    /// not count.
    pub(super) async fn syncs(&self) -> Result<Vec<Sync>> {
        let mailboxes = &self.settings().mailboxes;
        if mailboxes.is_empty() {
            return Ok(Vec::new());
        }
        let (times, now) = (self.desk().sync_times().await?, self.here().now);
        Ok(mailboxes.iter().map(|one| Sync::of(one, times.get(&one.name).copied(), now)).collect())
    }

    /// What the pages say of them; `None` where no mailbox is read.
    pub(super) async fn sync_line(&self) -> Result<Option<SyncLine>> {
        let (syncs, now) = (self.syncs().await?, self.here().now);
        let ages = |is_shown: fn(&Sync) -> bool| -> Vec<(&str, Option<Duration>)> {
            let shown = syncs.iter().filter(|sync| is_shown(sync));
            shown.map(|sync| (sync.label.as_str(), sync.age(now))).collect()
        };
        Ok(match mailboxes::not_read_lately(&ages(|sync| sync.is_late)) {
            Some(text) => Some(SyncLine { text, late: true }),
            None if syncs.is_empty() => None,
            None => Some(SyncLine { text: mailboxes::read_lately(&ages(|_| true)), late: false }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn a_mailbox_never_read_or_read_long_ago_is_late() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let mailbox = Mailbox { name: "a".into(), label: "INBOX".into(), oldest: Duration::from_secs(300) };
        let is_late = |at| Sync::of(&mailbox, at, now).is_late;
        assert!(is_late(None));
        assert!(is_late(Some(now - TimeDelta::seconds(301))));
        assert!(!is_late(Some(now - TimeDelta::seconds(300))));
        assert!(!is_late(Some(now + TimeDelta::seconds(5))));
    }
}
