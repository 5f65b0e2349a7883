//! By when somebody is owed an answer: counted in open hours, from what stands in the conversation alone. Pure.

use super::hours::OpenHours;
use super::message::Direction;
use super::ticket::Status;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// What is promised (guide, « Délais de réponse »; decision 13 of the product).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets {
    /// From the first message to the first answer, in open hours.
    pub first_response: Duration,
    /// From what the requester writes later to the next answer, in open hours.
    pub next_response: Duration,
    /// When somebody is there to answer.
    pub hours: OpenHours,
}

impl Default for Targets {
    fn default() -> Self {
        Targets {
            first_response: Duration::from_secs(2 * 3600),
            next_response: Duration::from_secs(4 * 3600),
            hours: OpenHours::default(),
        }
    }
}

/// Which answer is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owed {
    /// The first.
    FirstResponse,
    /// One to what was written after an answer.
    NextResponse,
}

/// An answer that is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub owed: Owed,
    /// Since when.
    pub since: DateTime<Utc>,
    /// By when.
    pub at: DateTime<Utc>,
}

/// What of a conversation counts: which way a message went, and when. A program's message and a stranger's do not.
#[derive(Debug, Clone, Copy)]
pub struct Said {
    /// Which way.
    pub direction: Direction,
    /// When.
    pub at: DateTime<Utc>,
}

/// The answer that is owed on a ticket; `None` where nobody waits for us: we answered last, wait for the requester, or are
/// done.
pub fn due(status: Status, said: impl Iterator<Item = Said>, targets: &Targets) -> Option<Due> {
    if !matches!(status, Status::New | Status::InProgress) {
        return None;
    }
    let (mut owed, mut since) = (Owed::FirstResponse, None);
    for message in said {
        match message.direction {
            Direction::Inbound => since = since.or(Some(message.at)),
            Direction::Outbound => (owed, since) = (Owed::NextResponse, None),
            Direction::Note => {}
        }
    }
    let since = since?;
    let span = match owed {
        Owed::FirstResponse => targets.first_response,
        Owed::NextResponse => targets.next_response,
    };
    let span = TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
    Some(Due { owed, since, at: targets.hours.add(since, span) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn at(day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
        let paris = chrono_tz::Europe::Paris.with_ymd_and_hms(2026, 3, day, hour, minute, 0);
        paris.unwrap().with_timezone(&Utc)
    }

    fn owed(status: Status, said: &[(Direction, DateTime<Utc>)]) -> Option<(Owed, DateTime<Utc>)> {
        let said = said.iter().map(|(direction, at)| Said { direction: *direction, at: *at });
        due(status, said, &Targets::default()).map(|due| (due.owed, due.at))
    }

    #[test]
    fn an_answer_is_owed_to_who_waits_for_us_in_open_hours() {
        use Direction::{Inbound, Note, Outbound};
        let first = (Inbound, at(3, 11, 30));
        assert_eq!(owed(Status::New, &[first]), Some((Owed::FirstResponse, at(3, 14, 30))));
        // More of the same gives no more time, and a note is no answer.
        let more = [first, (Note, at(3, 11, 40)), (Inbound, at(3, 12, 0))];
        assert_eq!(owed(Status::InProgress, &more), Some((Owed::FirstResponse, at(3, 14, 30))));
        let answered = [first, (Outbound, at(3, 12, 0))];
        assert_eq!(owed(Status::InProgress, &answered), None);
        let again = [first, (Outbound, at(3, 12, 0)), (Inbound, at(3, 17, 0))];
        assert_eq!(owed(Status::InProgress, &again), Some((Owed::NextResponse, at(4, 12, 0))));
        for over in [Status::WaitingCustomer, Status::Resolved, Status::Closed] {
            assert_eq!(owed(over, &again), None, "{over:?}");
        }
    }
}
