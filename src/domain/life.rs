//! What a ticket has lived through, as far as time depends on it: read from its history and its conversation alone, so
//! that whatever is due can always be worked out again. Pure.

use super::event::{EventDetail, EventKind};
use super::ids::TicketId;
use super::message::Direction;
use super::people::Door;
use super::ticket::{Priority, Status};
use chrono::{DateTime, Utc};

/// A ticket's past. What was taken back is left out, and so is what programs and strangers wrote.
#[derive(Debug, Clone)]
pub struct Life<'a> {
    /// Where it stands.
    pub status: Status,
    /// How much it presses.
    pub priority: Priority,
    /// Another ticket goes on in its place.
    pub is_merged: bool,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// What was said to the requester and by who takes part, in order.
    pub said: Vec<Said>,
    /// What happened, in order.
    pub happened: Vec<Happened<'a>>,
}

/// What of a conversation counts: which way a message went, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// Which way.
    pub direction: Direction,
    /// When.
    pub at: DateTime<Utc>,
    /// The ticket that it was said on, where a merge has brought it here.
    pub origin: Option<TicketId>,
}

/// What was asked and answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Each answer to something, in order: what it answers, and when it was given.
    pub answers: Vec<(Question, DateTime<Utc>)>,
    /// What nobody has answered.
    pub open: Option<Question>,
}

/// Something that waits for an answer, or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// When the first of it was said.
    pub at: DateTime<Utc>,
    /// Nothing of its conversation was answered before.
    pub is_first: bool,
}

/// A line of history that stands.
#[derive(Debug, Clone, Copy)]
pub struct Happened<'a> {
    /// What.
    pub kind: EventKind,
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it, in words.
    pub actor: &'a str,
    /// The clock did it.
    pub by_clock: bool,
    /// The rest.
    pub detail: &'a EventDetail,
}

impl<'a> Happened<'a> {
    /// A line of history as it is kept; `None` where it does not stand any more, or says that another does not.
    pub fn standing(
        kind: EventKind,
        at: DateTime<Utc>,
        door: &str,
        actor: &'a str,
        is_undone: bool,
        detail: &'a EventDetail,
    ) -> Option<Happened<'a>> {
        let stands = !is_undone && kind != EventKind::Undone;
        stands.then(|| Happened { kind, at, actor, by_clock: door == Door::Clock.as_str(), detail })
    }
}

impl Life<'_> {
    /// That of a ticket which a message opens at `now`.
    pub fn of_new(now: DateTime<Utc>) -> Life<'static> {
        Life {
            status: Status::New,
            priority: Priority::Normal,
            is_merged: false,
            created_at: now,
            said: vec![Said { direction: Direction::Inbound, at: now, origin: None }],
            happened: Vec::new(),
        }
    }

    /// Since when it stands where it does.
    pub fn entered(&self) -> DateTime<Utc> {
        let into = |event: &&Happened<'_>| {
            event.detail.to == Some(self.status) && event.detail.from != Some(self.status)
        };
        self.happened.iter().rev().find(into).map_or(self.created_at, |event| event.at)
    }

    /// What was asked and answered. Two conversations that a merge made one were two before it: an answer in one of them
    /// answered nothing of the other.
    pub fn exchange(&self) -> Exchange {
        let absorbed = |origin: Option<TicketId>, asked: DateTime<Utc>| {
            let merges = self.happened.iter().filter(|event| event.kind == EventKind::Absorbed);
            let its_own = |event: &&Happened<'_>| event.detail.other == origin.map(|ticket| ticket.0);
            // What came through another ticket came with that one, at the earliest with the first after it was said.
            merges
                .clone()
                .find(its_own)
                .or_else(|| merges.clone().find(|event| event.at >= asked))
                .map(|event| event.at)
        };
        let mut asked: Vec<(Option<TicketId>, DateTime<Utc>)> = Vec::new();
        let mut answers = Vec::new();
        let mut answered: Vec<Option<TicketId>> = Vec::new();
        let first_of = |asked: &[(Option<TicketId>, DateTime<Utc>)], answered: &[Option<TicketId>]| {
            let (origin, at) = asked.iter().min_by_key(|(_, at)| *at)?;
            Some(Question { at: *at, is_first: !answered.contains(origin) })
        };
        for said in &self.said {
            match said.direction {
                Direction::Inbound => {
                    if asked.iter().all(|(origin, _)| *origin != said.origin) {
                        asked.push((said.origin, said.at));
                    }
                }
                Direction::Outbound => {
                    let is_answered = |(origin, asked): &(Option<TicketId>, DateTime<Utc>)| {
                        *origin == said.origin
                            || (said.origin.is_none()
                                && absorbed(*origin, *asked).is_none_or(|at| at <= said.at))
                    };
                    let (now, later) = asked.into_iter().partition::<Vec<_>, _>(is_answered);
                    asked = later;
                    answers.extend(first_of(&now, &answered).map(|question| (question, said.at)));
                    answered.extend(now.into_iter().map(|(origin, _)| origin).chain([said.origin]));
                }
                Direction::Note => {}
            }
        }
        Exchange { answers, open: first_of(&asked, &answered) }
    }

    /// When a message last went this way.
    pub fn last_said(&self, direction: Direction) -> Option<DateTime<Utc>> {
        self.said.iter().rev().find(|said| said.direction == direction).map(|said| said.at)
    }

    /// When somebody of the ticket or of the team last did anything to it.
    pub fn last_touched(&self) -> DateTime<Utc> {
        let is_touch = |event: &&Happened<'_>| {
            let is_program = matches!(
                event.kind,
                EventKind::AutomaticReply | EventKind::Bounced | EventKind::StrangerWrote
            );
            // What is back is to be taken up again from then on.
            event.kind == EventKind::SnoozeOver || (!event.by_clock && !is_program)
        };
        self.happened.iter().rev().find(is_touch).map_or(self.created_at, |event| event.at)
    }

    /// The spans in which it stood as new or in progress, each from and to; the last goes on where its end is `None`.
    pub fn worked_on(&self) -> Vec<(DateTime<Utc>, Option<DateTime<Utc>>)> {
        let is_worked_on = |status| matches!(status, Status::New | Status::InProgress);
        let mut spans = vec![(self.created_at, None)];
        for event in &self.happened {
            let (Some(from), Some(to)) = (event.detail.from, event.detail.to) else { continue };
            match (is_worked_on(from), is_worked_on(to)) {
                (true, false) => {
                    if let Some(last) = spans.last_mut() {
                        last.1 = last.1.or(Some(event.at));
                    }
                }
                (false, true) => spans.push((event.at, None)),
                _ => {}
            }
        }
        spans
    }
}
