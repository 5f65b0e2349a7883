//! What the host application is told by webhooks (Standard Webhooks 1.0): which events there are, what of an act is one, and
//! what follows from an answer. Pure.

use super::event::{EventDetail, EventKind};
use super::ticket::Status;
use std::time::Duration;

/// The type of a message that tells nothing: it proves that an endpoint answers.
pub const PING: &str = "ping";

/// How long an event is told to an endpoint that does not take it, from when it was due on: then it is given up.
pub const TOLD_FOR: Duration = Duration::from_secs(3 * 86_400);

/// How often an event is told to an endpoint that refuses it (4xx, a redirection).
pub const MOST_REFUSALS: i64 = 6;

/// After so many attempts, some three quarters of an hour, an event no longer holds up those of its ticket behind it.
pub const KEEPS_ORDER: i64 = 6;

/// How long every attempt at an endpoint may fail until a person must know.
pub const ALARM_AFTER: Duration = Duration::from_secs(30 * 60);

/// How long what was told is kept, for whoever looks after it; and what was given up.
pub const TOLD_KEPT: Duration = Duration::from_secs(7 * 86_400);
/// See [`TOLD_KEPT`].
pub const GIVEN_UP_KEPT: Duration = Duration::from_secs(30 * 86_400);

/// Waits between attempts at one event; the last one repeats.
const WAITS: [Duration; 8] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
];

/// The first and the longest wait before an endpoint is tried again that cannot be reached: doubled in between.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(5 * 60));

/// The longest wait that an endpoint may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(6 * 3600);

/// Something that an endpoint may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookEvent {
    /// A ticket was opened, with its first message.
    TicketCreated,
    /// Its status changed, whatever to.
    TicketStatusChanged,
    /// It was resolved; told beside the change.
    TicketResolved,
    /// It is worked on again after it was resolved or closed; told beside the change.
    TicketReopened,
    /// It was closed; told beside the change.
    TicketClosed,
    /// The team wrote to its requester.
    TicketReplied,
    /// Its requester wrote again, or somebody else who takes part.
    TicketMessageReceived,
    /// It goes on in another ticket, which has its messages.
    TicketMerged,
    /// Its requester said what they think of the help.
    TicketFeedbackGiven,
    /// A user was told on the web.
    NotificationCreated,
    /// A user said that they read it.
    NotificationRead,
}

impl HookEvent {
    /// All of them.
    pub const ALL: [HookEvent; 11] = [
        HookEvent::TicketCreated,
        HookEvent::TicketStatusChanged,
        HookEvent::TicketResolved,
        HookEvent::TicketReopened,
        HookEvent::TicketClosed,
        HookEvent::TicketReplied,
        HookEvent::TicketMessageReceived,
        HookEvent::TicketMerged,
        HookEvent::TicketFeedbackGiven,
        HookEvent::NotificationCreated,
        HookEvent::NotificationRead,
    ];

    /// Its `type`; the word in the configuration and the database too.
    pub const fn as_str(self) -> &'static str {
        match self {
            HookEvent::TicketCreated => "ticket.created",
            HookEvent::TicketStatusChanged => "ticket.status_changed",
            HookEvent::TicketResolved => "ticket.resolved",
            HookEvent::TicketReopened => "ticket.reopened",
            HookEvent::TicketClosed => "ticket.closed",
            HookEvent::TicketReplied => "ticket.replied",
            HookEvent::TicketMessageReceived => "ticket.message_received",
            HookEvent::TicketMerged => "ticket.merged",
            HookEvent::TicketFeedbackGiven => "ticket.feedback_given",
            HookEvent::NotificationCreated => "notification.created",
            HookEvent::NotificationRead => "notification.read",
        }
    }

    /// The event that [`HookEvent::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<HookEvent> {
        HookEvent::ALL.into_iter().find(|event| event.as_str() == word)
    }
}

/// An endpoint as the desk knows it: who is told, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// What logs, metrics and the database call it.
    pub name: String,
    /// What it is told.
    pub events: Vec<HookEvent>,
}

impl Hook {
    /// Whether it is told this.
    pub fn hears(&self, event: HookEvent) -> bool {
        self.events.contains(&event)
    }
}

/// What of an act is told, in this order, each with the message that it is about. Nothing of what stays within the team, of
/// what nobody has let in, or of taking an act back: an act that can be taken back was not told yet.
pub fn told(kind: EventKind, detail: &EventDetail) -> Vec<(HookEvent, Option<i64>)> {
    let mut told = Vec::new();
    match kind {
        EventKind::Undone => return told,
        EventKind::Created => told.push((HookEvent::TicketCreated, detail.message)),
        EventKind::MergedInto => told.push((HookEvent::TicketMerged, None)),
        EventKind::FeedbackGiven => told.push((HookEvent::TicketFeedbackGiven, None)),
        EventKind::RequesterWrote | EventKind::RequesterThanked => {
            told.extend(detail.message.map(|id| (HookEvent::TicketMessageReceived, Some(id))));
        }
        // With its closing the clock writes the guide's letter.
        EventKind::Replied | EventKind::HandedOver | EventKind::StatusSet => {
            told.extend(detail.message.map(|id| (HookEvent::TicketReplied, Some(id))));
        }
        EventKind::ParticipantsSet => {
            let validated = detail.validated.iter();
            told.extend(validated.map(|id| (HookEvent::TicketMessageReceived, Some(*id))));
        }
        _ => {}
    }
    if let (Some(from), Some(to)) = (detail.from, detail.to)
        && from != to
    {
        told.push((HookEvent::TicketStatusChanged, None));
        match to {
            Status::Resolved => told.push((HookEvent::TicketResolved, None)),
            Status::Closed => told.push((HookEvent::TicketClosed, None)),
            _ if from.is_settled() => told.push((HookEvent::TicketReopened, None)),
            _ => {}
        }
    }
    told
}

/// How an endpoint answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It has the event.
    Taken,
    /// It wants no more events.
    Gone,
    /// It does not take this one.
    Refused,
    /// It failed at this one; asked not to be told again before the wait is over.
    Failed(Option<Duration>),
    /// It was not reached, or is down or overloaded: every other event would fare the same.
    Away(Option<Duration>),
}

impl Answer {
    /// By the status of the answer and the wait that it asks for.
    pub fn read(status: u16, asked: Option<Duration>) -> Answer {
        match status {
            200..=299 => Answer::Taken,
            410 => Answer::Gone,
            429 | 502 | 503 | 504 => Answer::Away(asked),
            408 | 425 | 500..=599 => Answer::Failed(asked),
            _ => Answer::Refused,
        }
    }
}

/// What becomes of an event after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookNext {
    /// It is told.
    Told,
    /// It waits until its endpoint is switched on again.
    Off,
    /// Again after this wait.
    Again(Duration),
    /// Given up.
    GivenUp,
}

/// What follows from an answer: `attempts` counts this one. `spread`, from 0 to 1, is chance: so that what failed together does
/// not come back together.
pub fn after_answer(answer: Answer, attempts: i64, spread: f64) -> HookNext {
    let asked = match answer {
        Answer::Taken => return HookNext::Told,
        Answer::Gone => return HookNext::Off,
        Answer::Refused if attempts >= MOST_REFUSALS => return HookNext::GivenUp,
        Answer::Refused => None,
        Answer::Failed(asked) | Answer::Away(asked) => asked,
    };
    let place = usize::try_from(attempts.max(1) - 1).unwrap_or(usize::MAX).min(WAITS.len() - 1);
    HookNext::Again(at_least(spread_out(WAITS[place], spread), asked))
}

/// How long an endpoint is left alone after so many failures of its own in a row.
pub fn pause(failures: i64, asked: Option<Duration>, spread: f64) -> Duration {
    let doubled = u32::try_from(failures.max(1) - 1).unwrap_or(u32::MAX).min(16);
    at_least(spread_out((PAUSES.0 * 2u32.pow(doubled)).min(PAUSES.1), spread), asked)
}

/// Up to a fifth longer.
fn spread_out(wait: Duration, spread: f64) -> Duration {
    wait.mul_f64(1.0 + spread.clamp(0.0, 1.0) / 5.0)
}

fn at_least(wait: Duration, asked: Option<Duration>) -> Duration {
    asked.map_or(wait, |asked| wait.max(asked.min(LONGEST_ASKED)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: EventKind, detail: EventDetail) -> Vec<&'static str> {
        told(kind, &detail).into_iter().map(|(event, _)| event.as_str()).collect()
    }

    fn change(from: Status, to: Status) -> EventDetail {
        EventDetail { from: Some(from), to: Some(to), ..EventDetail::default() }
    }

    #[test]
    fn each_word_is_read_back() {
        for event in HookEvent::ALL {
            assert_eq!(HookEvent::from_word(event.as_str()), Some(event));
        }
        assert_eq!(HookEvent::from_word(PING), None);
    }

    #[test]
    fn a_change_of_status_is_told_and_what_it_means_beside_it() {
        let to = |from, to| of(EventKind::StatusSet, change(from, to));
        assert_eq!(to(Status::New, Status::InProgress), ["ticket.status_changed"]);
        assert_eq!(to(Status::InProgress, Status::Resolved), ["ticket.status_changed", "ticket.resolved"]);
        assert_eq!(to(Status::Resolved, Status::Closed), ["ticket.status_changed", "ticket.closed"]);
        for settled in [Status::Resolved, Status::Closed] {
            assert_eq!(to(settled, Status::InProgress), ["ticket.status_changed", "ticket.reopened"]);
        }
        assert_eq!(of(EventKind::Undone, change(Status::Resolved, Status::New)), [""; 0]);
    }

    #[test]
    fn what_stays_within_the_team_is_told_to_nobody() {
        let written = || EventDetail { message: Some(7), ..EventDetail::default() };
        for kind in EventKind::ALL {
            let expected: &[&str] = match kind {
                EventKind::Created => &["ticket.created"],
                EventKind::RequesterWrote | EventKind::RequesterThanked => &["ticket.message_received"],
                EventKind::Replied | EventKind::HandedOver | EventKind::StatusSet => &["ticket.replied"],
                EventKind::MergedInto => &["ticket.merged"],
                EventKind::FeedbackGiven => &["ticket.feedback_given"],
                _ => &[],
            };
            assert_eq!(of(kind, written()), expected, "{kind:?}");
        }
        let let_in = EventDetail { validated: vec![3, 4], ..EventDetail::default() };
        let messages: Vec<_> =
            told(EventKind::ParticipantsSet, &let_in).into_iter().map(|(_, id)| id).collect();
        assert_eq!(messages, [Some(3), Some(4)]);
    }

    #[test]
    fn an_answer_is_read_by_its_status() {
        let wait = Some(Duration::from_secs(7));
        for (status, is) in [
            (200, Answer::Taken),
            (204, Answer::Taken),
            (301, Answer::Refused),
            (400, Answer::Refused),
            (401, Answer::Refused),
            (404, Answer::Refused),
            (408, Answer::Failed(wait)),
            (410, Answer::Gone),
            (429, Answer::Away(wait)),
            (500, Answer::Failed(wait)),
            (503, Answer::Away(wait)),
            (504, Answer::Away(wait)),
        ] {
            assert_eq!(Answer::read(status, wait), is, "{status}");
        }
    }

    #[test]
    fn what_fails_waits_longer_each_time_and_what_is_refused_is_given_up() {
        let mut last = Duration::ZERO;
        for attempt in 1..=12 {
            let HookNext::Again(wait) = after_answer(Answer::Failed(None), attempt, 0.0) else {
                panic!("attempt {attempt}")
            };
            assert!(wait >= last);
            last = wait;
        }
        assert_eq!(last, WAITS[7]);
        assert_eq!(after_answer(Answer::Refused, 1, 1.0), HookNext::Again(Duration::from_secs(6)));
        assert_eq!(after_answer(Answer::Refused, MOST_REFUSALS, 0.0), HookNext::GivenUp);
        let asked = |seconds| Answer::Away(Some(Duration::from_secs(seconds)));
        assert_eq!(after_answer(asked(600), 1, 0.0), HookNext::Again(Duration::from_secs(600)));
        assert_eq!(after_answer(asked(u64::MAX), 1, 0.0), HookNext::Again(LONGEST_ASKED));
        // Six attempts come after the time in which a person must know.
        let refused: Duration = WAITS[..MOST_REFUSALS as usize - 1].iter().sum();
        assert!(refused > ALARM_AFTER);
    }

    #[test]
    fn an_endpoint_that_is_away_is_tried_every_five_minutes_in_the_end() {
        assert_eq!(pause(1, None, 0.0), Duration::from_secs(5));
        assert_eq!(pause(3, None, 0.0), Duration::from_secs(20));
        assert_eq!(pause(i64::MAX, None, 0.0), Duration::from_secs(300));
        assert_eq!(pause(1, Some(Duration::from_secs(90)), 1.0), Duration::from_secs(90));
    }
}
