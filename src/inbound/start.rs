//! Where a visit to an IMAP mailbox begins: what the desk remembers, laid beside what the server says. No I/O.
//!
//! May import: desk (its words), inbound::imap.

use super::imap::{Listed, Selected};
use crate::desk::receive::Standing;
use chrono::{DateTime, Utc};

/// What the configuration and the caller want of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The server is told of what was taken in: a flag, a move, a deletion.
    pub tells_server: bool,
    /// On the first visit, what the mailbox holds already is taken too.
    pub takes_older: bool,
}

/// Where a mailbox stands at the beginning of a visit.
///
/// What was taken in while the server was told nothing is settled: it stays on the server when the configuration
/// changes.
pub fn resume(known: Option<Standing>, selected: Selected, plan: Plan, now: DateTime<Utc>) -> Standing {
    let mut standing = match known {
        Some(known) if known.uid_validity == selected.uid_validity => known,
        Some(known) => Standing {
            uid_validity: selected.uid_validity,
            last_uid: 0,
            settled_uid: None,
            started_at: known.started_at,
            renumbered_uid: Some(selected.last_uid),
        },
        None => Standing {
            uid_validity: selected.uid_validity,
            last_uid: if plan.takes_older { 0 } else { selected.last_uid },
            settled_uid: None,
            started_at: (!plan.takes_older).then_some(now),
            renumbered_uid: None,
        },
    };
    standing.settled_uid = plan.tells_server.then(|| standing.settled_uid.unwrap_or(standing.last_uid));
    standing
}

/// The UID above which to fetch. Where the server was not told of all that is taken in, that is fetched once more:
/// the desk knows the mails that it has, and only what was had whole is ever moved or deleted.
pub fn above(standing: &Standing) -> u32 {
    standing.settled_uid.map_or(standing.last_uid, |settled| settled.min(standing.last_uid))
}

/// Mail of before the first visit, in a mailbox that was numbered anew: told by its date, since the UIDs that told
/// it are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Older {
    /// There is none above this UID: that came later, whatever date it carries.
    pub last_uid: u32,
    /// When the mailbox was first visited.
    pub started_at: DateTime<Utc>,
}

impl Older {
    /// `None` where there is no such mail.
    pub fn of(standing: &Standing) -> Option<Older> {
        Some(Older { last_uid: standing.renumbered_uid?, started_at: standing.started_at? })
    }

    /// Whether a mail is one of these. One without a date is not: rather a ticket too many than a mail lost.
    pub fn holds(&self, mail: &Listed) -> bool {
        // Servers give whole seconds: the second of the first visit counts as after it.
        let is_before = |at: DateTime<Utc>| at.timestamp() < self.started_at.timestamp();
        mail.uid <= self.last_uid && mail.arrived_at.is_some_and(is_before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    const FROM_NOW: Plan = Plan { tells_server: false, takes_older: false };
    const TELLING: Plan = Plan { tells_server: true, takes_older: false };
    const ALL: Plan = Plan { tells_server: true, takes_older: true };

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_795_510_800_900).unwrap()
    }

    fn selected(uid_validity: u32, last_uid: u32) -> Selected {
        Selected { uid_validity, last_uid, exists: last_uid }
    }

    #[test]
    fn the_first_visit_begins_above_the_newest_mail_or_below_the_oldest() {
        let standing = resume(None, selected(7, 40), TELLING, now());
        assert_eq!(
            (above(&standing), standing.settled_uid, standing.started_at),
            (40, Some(40), Some(now()))
        );
        let standing = resume(None, selected(7, 40), ALL, now());
        assert_eq!((above(&standing), standing.settled_uid, standing.started_at), (0, Some(0), None));
        assert_eq!(Older::of(&standing), None);
    }

    #[test]
    fn what_the_server_was_not_told_of_is_fetched_once_more() {
        let first = resume(None, selected(7, 40), TELLING, now());
        let committed = Standing { last_uid: 60, settled_uid: Some(50), ..first };
        assert_eq!(resume(Some(committed), selected(7, 70), TELLING, now()), committed);
        assert_eq!(above(&committed), 50);
    }

    #[test]
    fn what_was_kept_on_the_server_is_not_owed_when_the_configuration_changes() {
        let kept = resume(None, selected(7, 40), FROM_NOW, now());
        assert_eq!(kept.settled_uid, None);
        let kept = Standing { last_uid: 60, ..kept };
        assert_eq!(above(&resume(Some(kept), selected(7, 70), TELLING, now())), 60);
        let owing = Standing { settled_uid: Some(50), ..kept };
        let kept_from_here = resume(Some(owing), selected(7, 70), FROM_NOW, now());
        assert_eq!((above(&kept_from_here), kept_from_here.settled_uid), (60, None));
    }

    #[test]
    fn a_mailbox_numbered_anew_is_read_from_its_first_uid_but_not_its_older_mail() {
        let first = resume(None, selected(7, 40), TELLING, now());
        let anew = resume(Some(first), selected(8, 45), TELLING, now() + TimeDelta::days(3));
        assert_eq!((above(&anew), anew.settled_uid), (0, Some(0)));
        let older = Older::of(&anew).unwrap();
        assert_eq!(older, Older { last_uid: 45, started_at: now() });
        let mail = |uid, seconds: Option<i64>| Listed {
            uid,
            size: 1,
            deleted: false,
            draft: false,
            arrived_at: seconds.and_then(|seconds| DateTime::from_timestamp(now().timestamp() + seconds, 0)),
        };
        assert!(older.holds(&mail(45, Some(-1))));
        assert!(!older.holds(&mail(45, Some(0))), "in the second of the first visit");
        assert!(!older.holds(&mail(46, Some(-1))), "it came after the numbers changed");
        assert!(!older.holds(&mail(1, None)));
        // Broken off in the middle: the older mail is still to be told apart.
        let half = Standing { last_uid: 20, settled_uid: Some(20), ..anew };
        assert_eq!(Older::of(&resume(Some(half), selected(8, 50), TELLING, now())), Some(older));
    }

    #[test]
    fn a_mailbox_taken_from_its_oldest_mail_has_none_to_leave_alone() {
        let first = resume(None, selected(7, 40), ALL, now());
        let anew = resume(Some(first), selected(8, 45), TELLING, now());
        assert_eq!((above(&anew), Older::of(&anew)), (0, None));
    }
}
