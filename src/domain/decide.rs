//! The status machine: the only place where a ticket's status changes.
//!
//! Pure: a ticket and an event in, what becomes of the ticket and what the requester is told out. `desk::apply`
//! writes what is decided here, and nobody else writes a ticket.

use super::event::{Event, EventDetail, EventKind, Team, Wrote};
use super::fold::fold;
use super::followup::{TimerKind, UpdateTimer};
use super::ids::{AgentId, TicketId};
use super::notice::{Notice, NoticeKind};
use super::refusal::Refusal;
use super::ticket::{Priority, SPAM, Status, Ticket};
use chrono::{DateTime, Utc};

/// What follows from an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The status from now on.
    pub status: Status,
    /// The priority from now on.
    pub priority: Priority,
    /// The assignee from now on.
    pub assignee: Option<AgentId>,
    /// The reason from now on.
    pub reason: Option<String>,
    /// The ticket that goes on in its place from now on.
    pub merged_into: Option<TicketId>,
    /// Since when it is escalated, from now on.
    pub escalated_at: Option<DateTime<Utc>>,
    /// What becomes of the timer that has an urgent ticket's requester kept informed.
    pub update_timer: UpdateTimer,
    /// What the requester is told, if anything.
    pub notice: Option<Notice>,
    /// Whether the requester's mail opens tickets from now on; `None` leaves it as it is.
    pub blocks_requester: Option<bool>,
    /// The line of history.
    pub kind: EventKind,
    /// What that line remembers.
    pub detail: EventDetail,
}

/// Decides what `event` makes of `ticket`.
///
/// `actor` is the agent who acts, where one does: an unassigned ticket becomes theirs when they answer.
///
/// # Errors
/// The [`Refusal`] to tell the CM, when the event is not possible here.
pub fn decide(ticket: &Ticket, event: &Event, actor: Option<AgentId>) -> Result<Decision, Refusal> {
    let mut decision = Decision {
        status: ticket.status,
        priority: ticket.priority,
        assignee: ticket.assignee,
        reason: ticket.reason.clone(),
        merged_into: ticket.merged_into,
        escalated_at: ticket.escalated_at,
        update_timer: UpdateTimer::Keep,
        notice: None,
        blocks_requester: None,
        kind: EventKind::NoteAdded,
        detail: EventDetail::default(),
    };
    if let Some(into) = ticket.merged_into
        && !goes_on_after_merging(event)
    {
        return Err(Refusal::Merged { ticket: ticket.id, into });
    }
    match event {
        Event::RequesterWrote => {
            decision.kind = EventKind::RequesterWrote;
            decision.wake(ticket);
        }
        Event::RequesterThanked if ticket.status == Status::Resolved => {
            decision.kind = EventKind::RequesterThanked;
        }
        Event::RequesterThanked => return decide(ticket, &Event::RequesterWrote, actor),
        Event::AutomaticReply => decision.kind = EventKind::AutomaticReply,
        Event::StrangerWrote { who } => {
            decision.kind = EventKind::StrangerWrote;
            decision.detail.note = Some(who.clone());
        }
        Event::Bounced { delivery, why } => {
            decision.kind = EventKind::Bounced;
            decision.detail.delivery = Some(delivery.0);
            decision.detail.note = Some(why.clone());
        }
        Event::MarkedSent { delivery } => {
            decision.kind = EventKind::MarkedSent;
            decision.detail.delivery = Some(delivery.0);
        }
        Event::Resent { delivery } => {
            decision.kind = EventKind::Resent;
            decision.detail.delivery = Some(delivery.0);
        }
        Event::AgentReplied { then } | Event::HandedOver { then } => {
            decision.reply(ticket, *then, actor)?;
            if matches!(event, Event::HandedOver { .. }) {
                decision.kind = EventKind::HandedOver;
            }
        }
        Event::StatusSet { to, reason } => {
            if *to == ticket.status {
                return Err(Refusal::SameStatus(ticket.id, *to));
            }
            if !ticket.status.may_become(*to) {
                return Err(Refusal::NotFromHere { ticket: ticket.id, from: ticket.status, to: *to });
            }
            let spam = *to == Status::Closed && reason.as_deref().is_some_and(is_spam);
            let reason = if spam { Some(SPAM.to_owned()) } else { reason.clone() };
            decision.kind = EventKind::StatusSet;
            decision.enter(ticket, *to);
            decision.reason.clone_from(&reason);
            decision.detail.reason = reason;
            decision.detail.blocked = spam;
            // Who takes a spam ticket up again takes its sender for a requester.
            let forgiven = ticket.reason.as_deref() == Some(SPAM);
            decision.detail.unblocked = forgiven && !spam;
            decision.blocks_requester = if spam { Some(true) } else { forgiven.then_some(false) };
            if !spam {
                decision.notice = NoticeKind::of_status(*to).map(|_| Notice::Status(*to));
            }
        }
        Event::NoteAdded => decision.kind = EventKind::NoteAdded,
        Event::ColleagueNoted => {
            decision.kind = EventKind::NoteAdded;
            decision.detail.team = Some(Team::Dev);
        }
        Event::Fixed => {
            decision.kind = EventKind::Fixed;
            decision.detail.team = Some(Team::Dev);
        }
        Event::Escalated { reason, at, is_known } => {
            if *is_known && ticket.escalated_at.is_some() {
                return Err(Refusal::SameEscalation(ticket.id));
            }
            decision.kind = EventKind::Escalated;
            decision.escalate(ticket, reason, *at)?;
            if ticket.status == Status::New {
                decision.enter(ticket, Status::InProgress);
            }
        }
        Event::MadeUrgent { reason, at, is_known } => {
            let stands = ticket.status == Status::InProgress && ticket.priority == Priority::Urgent;
            if *is_known && stands && ticket.escalated_at.is_some() {
                return Err(Refusal::SameEscalation(ticket.id));
            }
            decision.kind = EventKind::MadeUrgent;
            decision.escalate(ticket, reason, *at)?;
            decision.enter(ticket, Status::InProgress);
            decision.press(ticket, Priority::Urgent);
            decision.update_timer = UpdateTimer::Start;
        }
        Event::UpdateDue { due, next } => {
            decision.kind = EventKind::UpdateDue;
            decision.detail.update_due_from = Some(*due);
            decision.detail.update_due_to = Some(*next);
        }
        Event::Reminded { step } => {
            if ticket.status != Status::WaitingCustomer {
                return Err(Refusal::NotWaiting(ticket.id, ticket.status));
            }
            decision.kind = EventKind::Reminded;
            decision.detail.timer = Some(*step);
            decision.notice = Some(Notice::Reminder { is_last: *step == TimerKind::SecondReminder });
        }
        Event::Proposed { step } => {
            decision.kind = EventKind::Proposed;
            decision.detail.timer = Some(*step);
        }
        Event::ClosedInTime { step, reason } => {
            if !ticket.status.may_become(Status::Closed) {
                return Err(Refusal::SameStatus(ticket.id, Status::Closed));
            }
            decision.kind = EventKind::StatusSet;
            decision.enter(ticket, Status::Closed);
            decision.detail.timer = Some(*step);
            decision.detail.reason.clone_from(reason);
            decision.reason.clone_from(reason);
            decision.notice = Some(Notice::Status(Status::Closed));
        }
        Event::GivenUp { reason } => {
            decision.reply(ticket, Status::Closed, actor)?;
            decision.detail.reason = Some(reason.clone());
            decision.reason = Some(reason.clone());
        }
        Event::WentStale => decision.kind = EventKind::Stale,
        Event::DeadlineTold { kind, due } => {
            decision.kind = match kind {
                TimerKind::DueSoon => EventKind::DeadlineNear,
                _ => EventKind::DeadlineMissed,
            };
            decision.detail.owed = Some(due.owed);
            decision.detail.due = Some(due.at);
        }
        Event::Snoozed { until } => {
            if ticket.status == Status::Closed {
                return Err(Refusal::ClosedToSnoozing(ticket.id));
            }
            decision.kind = EventKind::Snoozed;
            decision.detail.until = Some(*until);
        }
        Event::SnoozeOver => decision.kind = EventKind::SnoozeOver,
        Event::TagsSet { added, removed } => {
            if added.is_empty() && removed.is_empty() {
                return Err(Refusal::SameTags(ticket.id));
            }
            decision.kind = EventKind::TagsSet;
            decision.detail.tags_added.clone_from(added);
            decision.detail.tags_removed.clone_from(removed);
        }
        Event::PrioritySet(priority) => {
            if *priority == ticket.priority {
                return Err(Refusal::SamePriority(ticket.id, *priority));
            }
            decision.kind = EventKind::PrioritySet;
            decision.press(ticket, *priority);
        }
        Event::Assigned(agent) => {
            decision.kind = EventKind::Assigned;
            decision.assign(ticket, Some(*agent));
        }
        Event::MergedInto { into, reason, twin, version } => {
            if *into == ticket.id {
                return Err(Refusal::MergedIntoItself(ticket.id));
            }
            if ticket.reason.as_deref() == Some(SPAM) {
                return Err(Refusal::ClosedToMerging(ticket.id));
            }
            decision.kind = EventKind::MergedInto;
            decision.enter(ticket, Status::Closed);
            decision.detail.reason_before.clone_from(&ticket.reason);
            decision.detail.reason = Some(reason.clone());
            decision.detail.other = Some(into.0);
            decision.detail.twin = Some(twin.0);
            decision.detail.twin_version = Some(*version);
            decision.reason = Some(reason.clone());
            decision.merged_into = Some(*into);
        }
        Event::Absorbed { ticket: other, status, priority, escalated_at, update_due, tags } => {
            if ticket.status == Status::Closed {
                return Err(Refusal::ClosedToMerging(ticket.id));
            }
            decision.kind = EventKind::Absorbed;
            decision.detail.other = Some(other.0);
            decision.detail.tags_added.clone_from(tags);
            // What the other ticket still owed an answer, this one owes now.
            let owes = |status| matches!(status, Status::New | Status::InProgress);
            if owes(*status) && !owes(ticket.status) {
                decision.enter(ticket, Status::InProgress);
            }
            if *priority > ticket.priority {
                decision.press(ticket, *priority);
            }
            if !decision.status.is_settled() {
                if ticket.escalated_at.is_none() {
                    decision.set_escalated(ticket, *escalated_at);
                }
                if let Some(due) = update_due {
                    decision.update_timer = UpdateTimer::Inherit(*due);
                }
            }
        }
        Event::ContinuedIn(other) => {
            decision.kind = EventKind::ContinuedIn;
            decision.detail.other = Some(other.0);
        }
        Event::SplitInto(other) => {
            decision.kind = EventKind::SplitInto;
            decision.detail.other = Some(other.0);
        }
        Event::ParticipantsSet { changes, validated, wrote } => {
            decision.kind = EventKind::ParticipantsSet;
            decision.detail.participants.clone_from(changes);
            decision.detail.validated = validated.iter().map(|message| message.0).collect();
            match wrote {
                Some(Wrote::Thanks) if ticket.status == Status::Resolved => {}
                Some(Wrote::Words | Wrote::Thanks) => decision.wake(ticket),
                None => {}
            }
        }
        Event::FeedbackGiven { rating, comment } => {
            if !ticket.status.is_settled() {
                return Err(Refusal::NotSettled(ticket.id, ticket.status));
            }
            decision.kind = EventKind::FeedbackGiven;
            decision.detail.rating = Some(*rating);
            decision.detail.note = Some(comment.clone()).filter(|comment| !comment.is_empty());
        }
        Event::ActUndone { kind, detail } => decision.restore(*kind, detail),
    }
    Ok(decision)
}

/// What still happens to a ticket that was merged: taking that back, and what becomes of the mails it had sent.
fn goes_on_after_merging(event: &Event) -> bool {
    matches!(
        event,
        Event::ActUndone { kind: EventKind::MergedInto, .. }
            | Event::Bounced { .. }
            | Event::MarkedSent { .. }
            | Event::Resent { .. }
    )
}

/// `spam`, `Spam `, `SPAM`: what a person types.
fn is_spam(reason: &str) -> bool {
    fold(reason.trim()) == SPAM
}

impl Decision {
    /// An answer to the requester, and the status that it leads to.
    fn reply(&mut self, ticket: &Ticket, then: Status, actor: Option<AgentId>) -> Result<(), Refusal> {
        if ticket.reason.as_deref() == Some(SPAM) {
            return Err(Refusal::SpamGetsNoReply(ticket.id));
        }
        if ticket.status == Status::Closed && then == Status::Closed {
            return Err(Refusal::SameStatus(ticket.id, Status::Closed));
        }
        // An answer to a closed ticket takes it up again, whatever status it then leads to.
        let from = if ticket.status == Status::Closed { Status::InProgress } else { ticket.status };
        if then == Status::New || (then != from && !from.may_become(then)) {
            return Err(Refusal::NotFromHere { ticket: ticket.id, from: ticket.status, to: then });
        }
        self.kind = EventKind::Replied;
        self.enter(ticket, then);
        if self.assignee.is_none() {
            self.assign(ticket, actor);
        }
        let announced = then != ticket.status && NoticeKind::of_status(then).is_some();
        self.notice = Some(Notice::Reply { then: announced.then_some(then) });
        if self.update_timer == UpdateTimer::Keep {
            self.update_timer = UpdateTimer::Restart;
        }
        Ok(())
    }

    /// Moves to `to`, remembering where the ticket came from. Leaving a status leaves its reason behind.
    fn enter(&mut self, ticket: &Ticket, to: Status) {
        if to == ticket.status {
            return;
        }
        self.status = to;
        self.detail.from = Some(ticket.status);
        self.detail.to = Some(to);
        self.detail.reason_before.clone_from(&ticket.reason);
        self.reason = None;
        if to.is_settled() {
            self.set_escalated(ticket, None);
            self.update_timer = UpdateTimer::Stop;
        }
    }

    fn set_escalated(&mut self, ticket: &Ticket, since: Option<DateTime<Utc>>) {
        self.escalated_at = since;
        self.detail.escalated_from = ticket.escalated_at;
        self.detail.escalated_to = since;
    }

    /// To the technical team, for this reason; a ticket that is there already stays since when it was.
    fn escalate(&mut self, ticket: &Ticket, reason: &str, at: DateTime<Utc>) -> Result<(), Refusal> {
        if ticket.status == Status::Closed {
            return Err(Refusal::ClosedToEscalation(ticket.id));
        }
        self.detail.reason = Some(reason.to_owned());
        // Said for every escalation, so that a reader of the history knows how the ticket stood.
        self.set_escalated(ticket, Some(ticket.escalated_at.unwrap_or(at)));
        if ticket.status == Status::Resolved {
            self.enter(ticket, Status::InProgress);
        }
        Ok(())
    }

    fn press(&mut self, ticket: &Ticket, priority: Priority) {
        if priority != ticket.priority {
            self.priority = priority;
            self.detail.priority_from = Some(ticket.priority);
            self.detail.priority_to = Some(priority);
        }
    }

    /// Somebody who takes part wrote: the team owes an answer. What nobody took up yet stays new; spam stays closed.
    fn wake(&mut self, ticket: &Ticket) {
        if ticket.status != Status::New && ticket.reason.as_deref() != Some(SPAM) {
            self.enter(ticket, Status::InProgress);
        }
    }

    /// Puts back what an act changed, and only that.
    fn restore(&mut self, kind: EventKind, detail: &EventDetail) {
        if let (Some(from), Some(to)) = (detail.from, detail.to) {
            self.status = from;
            self.reason.clone_from(&detail.reason_before);
            self.detail.from = Some(to);
            self.detail.to = Some(from);
        }
        if let Some(priority) = detail.priority_from {
            self.priority = priority;
        }
        if detail.escalated_from != detail.escalated_to {
            self.escalated_at = detail.escalated_from;
        }
        if detail.update_due_from != detail.update_due_to {
            self.update_timer = UpdateTimer::Restore(detail.update_due_from);
        }
        self.detail.tags_added.clone_from(&detail.tags_removed);
        self.detail.tags_removed.clone_from(&detail.tags_added);
        if detail.assignee_from != detail.assignee_to {
            self.assignee = detail.assignee_from.map(AgentId);
        }
        self.blocks_requester = if detail.blocked { Some(false) } else { detail.unblocked.then_some(true) };
        if kind == EventKind::MergedInto {
            // Also of a ticket that was closed before it was merged.
            self.reason.clone_from(&detail.reason_before);
            self.merged_into = None;
        }
        self.kind = EventKind::Undone;
        self.detail.undid = Some(kind);
        self.detail.other = detail.other;
        self.detail.message = detail.message;
    }

    fn assign(&mut self, ticket: &Ticket, agent: Option<AgentId>) {
        self.assignee = agent;
        self.detail.assignee_from = ticket.assignee.map(|id| id.0);
        self.detail.assignee_to = agent.map(|id| id.0);
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
