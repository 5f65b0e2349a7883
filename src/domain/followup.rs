//! What is due next on a ticket, and when. Pure: the time is an argument.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a ticket's timer is for; at most one of each kind runs for a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// Keeping the requester of an urgent ticket informed (guide, « Ticket Urgent »: « toutes les 2h »).
    UrgentUpdate,
}

impl TimerKind {
    /// All kinds.
    pub const ALL: [TimerKind; 1] = [TimerKind::UrgentUpdate];

    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            TimerKind::UrgentUpdate => "urgent_update",
        }
    }

    /// The kind that [`TimerKind::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<TimerKind> {
        TimerKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What an act makes of [`TimerKind::UrgentUpdate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateTimer {
    /// It goes on, or goes on not to be there.
    Keep,
    /// It runs from now on; one that runs begins anew.
    Start,
    /// One that runs begins anew.
    Restart,
    /// It is due at the latest then: what another ticket owed.
    Inherit(DateTime<Utc>),
    /// It is over.
    Stop,
    /// It stands as before the act that is taken back.
    Restore(Option<DateTime<Utc>>),
}

impl UpdateTimer {
    /// When the timer is due after an act at `now`, with `every` from one reminder to the next; `None`: it does not
    /// run. `standing` is when it was due before the act.
    pub fn next(
        self,
        standing: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
        every: Duration,
    ) -> Option<DateTime<Utc>> {
        match self {
            UpdateTimer::Keep => standing,
            UpdateTimer::Start => Some(after(now, every)),
            UpdateTimer::Restart => standing.map(|_| after(now, every)),
            UpdateTimer::Inherit(due) => Some(standing.map_or(due, |standing| standing.min(due))),
            UpdateTimer::Stop => None,
            UpdateTimer::Restore(due) => due,
        }
    }
}

/// When a reminder comes next after one at `now`: counted from now and not from when it was due, so that a long stop
/// of the program is followed by one reminder and not by all that were missed.
pub fn after(now: DateTime<Utc>, every: Duration) -> DateTime<Utc> {
    let every = TimeDelta::from_std(every).unwrap_or(TimeDelta::MAX);
    now.checked_add_signed(every).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(7200);

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    #[test]
    fn a_timer_starts_restarts_and_stops() {
        for (change, standing, next) in [
            (UpdateTimer::Keep, Some(at(1)), Some(at(1))),
            (UpdateTimer::Keep, None, None),
            (UpdateTimer::Start, None, Some(at(12))),
            (UpdateTimer::Start, Some(at(11)), Some(at(12))),
            (UpdateTimer::Restart, Some(at(11)), Some(at(12))),
            (UpdateTimer::Restart, None, None),
            (UpdateTimer::Inherit(at(11)), None, Some(at(11))),
            (UpdateTimer::Inherit(at(11)), Some(at(10)), Some(at(10))),
            (UpdateTimer::Stop, Some(at(11)), None),
            (UpdateTimer::Restore(Some(at(11))), None, Some(at(11))),
            (UpdateTimer::Restore(None), Some(at(12)), None),
        ] {
            assert_eq!(change.next(standing, at(10), EVERY), next, "{change:?} {standing:?}");
        }
    }

    #[test]
    fn no_span_is_too_long() {
        assert_eq!(after(at(0), Duration::MAX), DateTime::<Utc>::MAX_UTC);
    }
}
