//! The status machine: the only place where a ticket's status changes.
//!
//! Pure: a ticket and an event in, what becomes of the ticket and what the requester is told out. `desk::apply`
//! writes what is decided here, and nobody else writes a ticket.

use super::event::{Event, EventDetail, EventKind, Wrote};
use super::fold::fold;
use super::ids::{AgentId, TicketId};
use super::notice::{Notice, NoticeKind};
use super::refusal::Refusal;
use super::ticket::{Priority, SPAM, Status, Ticket};

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
        Event::AgentReplied { then } => {
            if ticket.reason.as_deref() == Some(SPAM) {
                return Err(Refusal::SpamGetsNoReply(ticket.id));
            }
            if ticket.status == Status::Closed && *then == Status::Closed {
                return Err(Refusal::SameStatus(ticket.id, Status::Closed));
            }
            // An answer to a closed ticket takes it up again, whatever status it then leads to.
            let from = if ticket.status == Status::Closed { Status::InProgress } else { ticket.status };
            if *then == Status::New || (*then != from && !from.may_become(*then)) {
                return Err(Refusal::NotFromHere { ticket: ticket.id, from: ticket.status, to: *then });
            }
            decision.kind = EventKind::Replied;
            decision.enter(ticket, *then);
            if decision.assignee.is_none() {
                decision.assign(ticket, actor);
            }
            let announced = *then != ticket.status && NoticeKind::of_status(*then).is_some();
            decision.notice = Some(Notice::Reply { then: announced.then_some(*then) });
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
            decision.blocks_requester = if spam { Some(true) } else { forgiven.then_some(false) };
            if !spam {
                decision.notice = NoticeKind::of_status(*to).map(|_| Notice::Status(*to));
            }
        }
        Event::NoteAdded => decision.kind = EventKind::NoteAdded,
        Event::PrioritySet(priority) => {
            if *priority == ticket.priority {
                return Err(Refusal::SamePriority(ticket.id, *priority));
            }
            decision.kind = EventKind::PrioritySet;
            decision.priority = *priority;
            decision.detail.priority_from = Some(ticket.priority);
            decision.detail.priority_to = Some(*priority);
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
        Event::Absorbed { ticket: other, status, priority } => {
            if ticket.status == Status::Closed {
                return Err(Refusal::ClosedToMerging(ticket.id));
            }
            decision.kind = EventKind::Absorbed;
            decision.detail.other = Some(other.0);
            // What the other ticket still owed an answer, this one owes now.
            let owes = |status| matches!(status, Status::New | Status::InProgress);
            if owes(*status) && !owes(ticket.status) {
                decision.enter(ticket, Status::InProgress);
            }
            if *priority > ticket.priority {
                decision.priority = *priority;
                decision.detail.priority_from = Some(ticket.priority);
                decision.detail.priority_to = Some(*priority);
            }
        }
        Event::ContinuedIn(other) => {
            decision.kind = EventKind::ContinuedIn;
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
        if detail.assignee_from != detail.assignee_to {
            self.assignee = detail.assignee_from.map(AgentId);
        }
        self.blocks_requester = if detail.blocked {
            Some(false)
        } else {
            (detail.reason_before.as_deref() == Some(SPAM)).then_some(true)
        };
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
mod tests {
    use super::*;
    use crate::domain::ids::{DeliveryId, EventId, MessageId, RequesterId, TicketId};
    use crate::domain::participant::{ParticipantChange, Participation};
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    fn ticket(status: Status) -> Ticket {
        Ticket {
            id: TicketId(42),
            subject: "Paiement refusé".into(),
            status,
            priority: Priority::Normal,
            assignee: None,
            requester: RequesterId(1),
            reason: None,
            merged_into: None,
            follows: None,
            version: 1,
            created_at: DateTime::<Utc>::UNIX_EPOCH,
            updated_at: DateTime::<Utc>::UNIX_EPOCH,
        }
    }

    const CAMILLE: Option<AgentId> = Some(AgentId(7));

    fn set(from: Status, to: Status) -> Result<Decision, Refusal> {
        decide(&ticket(from), &Event::StatusSet { to, reason: None }, CAMILLE)
    }

    fn reply(from: Status, then: Status) -> Decision {
        decide(&ticket(from), &Event::AgentReplied { then }, CAMILLE).unwrap()
    }

    #[test]
    fn only_three_statuses_tell_the_requester() {
        use Status::*;
        let told = |from, to| set(from, to).unwrap().notice.map(Notice::kind);
        assert_eq!(told(New, InProgress), None);
        assert_eq!(told(Resolved, InProgress), None);
        assert_eq!(told(InProgress, WaitingCustomer), Some(NoticeKind::Warning));
        assert_eq!(told(InProgress, Resolved), Some(NoticeKind::Success));
        assert_eq!(told(Resolved, Closed), Some(NoticeKind::Info));
    }

    #[test]
    fn the_same_status_again_is_refused_and_tells_nobody() {
        for status in Status::ALL {
            assert_eq!(set(status, status), Err(Refusal::SameStatus(TicketId(42), status)));
        }
    }

    #[test]
    fn a_closed_ticket_only_goes_back_to_work() {
        for to in [Status::WaitingCustomer, Status::Resolved, Status::New] {
            let from = Status::Closed;
            assert_eq!(set(from, to), Err(Refusal::NotFromHere { ticket: TicketId(42), from, to }));
        }
        assert_eq!(set(Status::Closed, Status::InProgress).unwrap().status, Status::InProgress);
    }

    #[test]
    fn a_reply_sets_the_status_it_carries_and_makes_one_notice() {
        let decision = reply(Status::New, Status::InProgress);
        assert_eq!(decision.status, Status::InProgress);
        assert_eq!(decision.notice, Some(Notice::Reply { then: None }));
        let decision = reply(Status::InProgress, Status::WaitingCustomer);
        assert_eq!(decision.notice, Some(Notice::Reply { then: Some(Status::WaitingCustomer) }));
        // The status stands already: the answer is told, its status is not told again.
        let decision = reply(Status::WaitingCustomer, Status::WaitingCustomer);
        assert_eq!(decision.notice, Some(Notice::Reply { then: None }));
        assert_eq!(reply(Status::Closed, Status::Resolved).status, Status::Resolved);
    }

    #[test]
    fn a_reply_leads_neither_back_to_new_nor_from_closed_to_closed() {
        for from in Status::ALL {
            let refused = decide(&ticket(from), &Event::AgentReplied { then: Status::New }, CAMILLE);
            assert!(matches!(refused, Err(Refusal::NotFromHere { to: Status::New, .. })), "{from:?}");
        }
        let refused = decide(&ticket(Status::Closed), &Event::AgentReplied { then: Status::Closed }, CAMILLE);
        assert_eq!(refused, Err(Refusal::SameStatus(TicketId(42), Status::Closed)));
    }

    #[test]
    fn the_first_to_answer_takes_the_ticket() {
        assert_eq!(reply(Status::New, Status::InProgress).assignee, CAMILLE);
        let taken = Ticket { assignee: Some(AgentId(3)), ..ticket(Status::New) };
        let decision = decide(&taken, &Event::AgentReplied { then: Status::InProgress }, CAMILLE).unwrap();
        assert_eq!(decision.assignee, Some(AgentId(3)));
    }

    #[test]
    fn an_answer_wakes_the_ticket_and_tells_nobody() {
        for from in [Status::WaitingCustomer, Status::Resolved, Status::Closed, Status::InProgress] {
            let decision = decide(&ticket(from), &Event::RequesterWrote, None).unwrap();
            assert_eq!((decision.status, decision.notice), (Status::InProgress, None));
        }
        let untouched = decide(&ticket(Status::New), &Event::RequesterWrote, None).unwrap();
        assert_eq!(untouched.status, Status::New);
    }

    #[test]
    fn thanks_leave_a_resolved_ticket_resolved_and_are_an_answer_anywhere_else() {
        let decision = decide(&ticket(Status::Resolved), &Event::RequesterThanked, None).unwrap();
        assert_eq!((decision.status, decision.kind), (Status::Resolved, EventKind::RequesterThanked));
        for from in [Status::WaitingCustomer, Status::Closed, Status::InProgress] {
            let decision = decide(&ticket(from), &Event::RequesterThanked, None).unwrap();
            assert_eq!((decision.status, decision.kind), (Status::InProgress, EventKind::RequesterWrote));
        }
    }

    #[test]
    fn what_does_not_wake_changes_nothing() {
        let bounced = Event::Bounced { delivery: DeliveryId(1), why: "5.1.1".into() };
        for from in Status::ALL {
            let stranger = Event::StrangerWrote { who: "zoe@ailleurs.example".into() };
            for event in [&Event::AutomaticReply, &stranger, &bounced] {
                let decision = decide(&ticket(from), event, None).unwrap();
                assert_eq!((decision.status, decision.notice), (from, None));
            }
        }
    }

    #[test]
    fn spam_closes_in_silence_and_blocks_the_sender() {
        for typed in ["spam", " Spam", "SPAM"] {
            let event = Event::StatusSet { to: Status::Closed, reason: Some(typed.into()) };
            let decision = decide(&ticket(Status::New), &event, CAMILLE).unwrap();
            assert_eq!((decision.status, decision.notice), (Status::Closed, None));
            assert_eq!((decision.blocks_requester, decision.reason.as_deref()), (Some(true), Some(SPAM)));
        }
        let spam = Ticket { status: Status::Closed, reason: Some(SPAM.into()), ..ticket(Status::Closed) };
        let reopen = Event::StatusSet { to: Status::InProgress, reason: None };
        let forgiven = decide(&spam, &reopen, CAMILLE).unwrap();
        assert_eq!((forgiven.blocks_requester, forgiven.reason.clone()), (Some(false), None));
        let undo = Event::ActUndone { kind: forgiven.kind, detail: forgiven.detail.clone() };
        assert_eq!(decide(&after(&spam, forgiven), &undo, CAMILLE).unwrap().blocks_requester, Some(true));
        let woken = decide(&spam, &Event::RequesterWrote, None).unwrap();
        assert_eq!(woken.status, Status::Closed, "a spammer's answer does not reopen");
        let refused = decide(&spam, &Event::AgentReplied { then: Status::InProgress }, CAMILLE);
        assert_eq!(refused, Err(Refusal::SpamGetsNoReply(TicketId(42))));
    }

    #[test]
    fn reopening_leaves_the_reason_of_the_closing_behind() {
        let closed = Ticket { reason: Some("Fermé faute de réponse".into()), ..ticket(Status::Closed) };
        let decision = decide(&closed, &Event::RequesterWrote, None).unwrap();
        assert_eq!(decision.reason, None);
        assert_eq!(decision.detail.reason_before, closed.reason);
    }

    /// The ticket as a decision leaves it.
    fn after(ticket: &Ticket, decision: Decision) -> Ticket {
        Ticket {
            status: decision.status,
            priority: decision.priority,
            assignee: decision.assignee,
            reason: decision.reason,
            merged_into: decision.merged_into,
            ..ticket.clone()
        }
    }

    fn merged_into(id: i64) -> Event {
        Event::MergedInto { into: TicketId(id), reason: "Fusionné".into(), twin: EventId(1), version: 2 }
    }

    fn any_absorbed() -> impl Strategy<Value = Event> {
        let status = proptest::sample::select(Status::ALL.to_vec());
        let priority = proptest::sample::select(Priority::ALL.to_vec());
        (status, priority).prop_map(|(status, priority)| Event::Absorbed {
            ticket: TicketId(7),
            status,
            priority,
        })
    }

    fn participants() -> impl Strategy<Value = Event> {
        let wrote = proptest::sample::select(vec![None, Some(Wrote::Words), Some(Wrote::Thanks)]);
        wrote.prop_map(|wrote| Event::ParticipantsSet {
            changes: vec![ParticipantChange {
                address: "marc@client.example".into(),
                from: Some(Participation::Proposed),
                to: Participation::In,
            }],
            validated: wrote.map(|_| MessageId(3)).into_iter().collect(),
            wrote,
        })
    }

    #[test]
    fn after_a_merge_only_its_mails_and_its_undoing_go_on() {
        let start = Ticket { reason: Some("doublon".into()), ..ticket(Status::Closed) };
        let merge = decide(&start, &merged_into(17), CAMILLE).unwrap();
        assert_eq!((merge.notice, merge.reason.as_deref()), (None, Some("Fusionné")));
        let undo = Event::ActUndone { kind: merge.kind, detail: merge.detail.clone() };
        let merged = after(&start, merge);
        let refused = Err(Refusal::Merged { ticket: TicketId(42), into: TicketId(17) });
        let stranger = Event::StrangerWrote { who: "x".into() };
        for event in [Event::RequesterWrote, stranger, Event::NoteAdded, merged_into(9)] {
            assert_eq!(decide(&merged, &event, None), refused, "{event:?}");
        }
        assert!(decide(&merged, &Event::Resent { delivery: DeliveryId(1) }, CAMILLE).is_ok());
        assert_eq!(after(&merged, decide(&merged, &undo, CAMILLE).unwrap()), start);
        let itself = decide(&ticket(Status::New), &merged_into(42), CAMILLE);
        assert_eq!(itself, Err(Refusal::MergedIntoItself(TicketId(42))));
    }

    #[test]
    fn letting_somebody_in_wakes_the_ticket_as_their_mail_would_have() {
        let let_in = |wrote| Event::ParticipantsSet { changes: vec![], validated: vec![MessageId(3)], wrote };
        let after = |from, wrote| decide(&ticket(from), &let_in(wrote), CAMILLE).unwrap();
        for from in Status::ALL {
            assert_eq!(after(from, None).status, from, "nothing was held");
            let by_mail = decide(&ticket(from), &Event::RequesterWrote, None).unwrap();
            assert_eq!(after(from, Some(Wrote::Words)).status, by_mail.status);
            let by_mail = decide(&ticket(from), &Event::RequesterThanked, None).unwrap();
            let decision = after(from, Some(Wrote::Thanks));
            assert_eq!((decision.status, decision.notice), (by_mail.status, None));
            assert_eq!(decision.detail.validated, [3]);
        }
    }

    fn any_event() -> impl Strategy<Value = Event> {
        let status = proptest::sample::select(Status::ALL.to_vec());
        prop_oneof![
            Just(Event::RequesterWrote),
            Just(Event::RequesterThanked),
            Just(Event::AutomaticReply),
            Just(Event::StrangerWrote { who: "x".into() }),
            participants(),
            status.clone().prop_map(|then| Event::AgentReplied { then }),
            (status, proptest::option::of("[a-z]{1,8}|spam"))
                .prop_map(|(to, reason)| Event::StatusSet { to, reason }),
            Just(Event::NoteAdded),
            proptest::sample::select(Priority::ALL.to_vec()).prop_map(Event::PrioritySet),
            (1..9i64).prop_map(|id| Event::Assigned(AgentId(id))),
            Just(merged_into(17)),
            any_absorbed(),
            Just(Event::ContinuedIn(TicketId(43))),
        ]
    }

    proptest! {
        #[test]
        fn no_sequence_of_events_breaks_the_guides_promises(events in proptest::collection::vec(any_event(), 0..40)) {
            let mut ticket = ticket(Status::New);
            for event in events {
                let Ok(decision) = decide(&ticket, &event, CAMILLE) else { continue };
                prop_assert!(
                    decision.status != Status::New || ticket.status == Status::New,
                    "no way back to new"
                );
                let by_agent = matches!(event, Event::AgentReplied { .. } | Event::StatusSet { .. });
                prop_assert!(decision.notice.is_none() || by_agent, "only an agent's act is told");
                if let Some(Notice::Status(status)) = decision.notice {
                    prop_assert!(status != ticket.status && NoticeKind::of_status(status).is_some());
                }
                ticket = after(&ticket, decision);
            }
        }

        #[test]
        fn taking_an_act_back_leaves_the_ticket_as_it_was(
            events in proptest::collection::vec(any_event(), 0..10),
            last in any_event(),
        ) {
            let mut before = ticket(Status::New);
            for event in events {
                if let Ok(decision) = decide(&before, &event, CAMILLE) {
                    before = after(&before, decision);
                }
            }
            if let Ok(act) = decide(&before, &last, CAMILLE) {
                let undo = Event::ActUndone { kind: act.kind, detail: act.detail.clone() };
                let acted = after(&before, act);
                let undone = decide(&acted, &undo, CAMILLE).unwrap();
                prop_assert_eq!(undone.notice, None);
                prop_assert_eq!(after(&acted, undone), before);
            }
        }
    }
}
