//! The promises of the status machine.

use super::*;
use crate::domain::feedback::Rating;
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
        escalated_at: None,
        status_since: DateTime::<Utc>::UNIX_EPOCH,
        answer_due: None,
        anonymised_at: None,
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
fn feedback_changes_nothing_and_is_given_once_a_ticket_is_settled() {
    let event = Event::FeedbackGiven { rating: Rating::Bad, comment: String::new() };
    for status in Status::ALL {
        let decided = decide(&ticket(status), &event, None);
        if !status.is_settled() {
            assert_eq!(decided, Err(Refusal::NotSettled(TicketId(42), status)));
            continue;
        }
        let decision = decided.unwrap();
        assert_eq!((decision.status, decision.notice), (status, None));
        assert_eq!((decision.detail.rating, decision.detail.note), (Some(Rating::Bad), None));
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
    // Whoever was not blocked any more is not blocked by it.
    let reopened = decide(&spam, &reopen, CAMILLE).unwrap();
    let detail = EventDetail { unblocked: false, ..reopened.detail.clone() };
    let undo = Event::ActUndone { kind: reopened.kind, detail };
    assert_eq!(decide(&after(&spam, reopened), &undo, CAMILLE).unwrap().blocks_requester, None);
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
        escalated_at: decision.escalated_at,
        ..ticket.clone()
    }
}

fn merged_into(id: i64) -> Event {
    Event::MergedInto { into: TicketId(id), reason: "Fusionné".into(), twin: EventId(1), version: 2 }
}

fn any_time() -> impl Strategy<Value = DateTime<Utc>> {
    (1..9i64).prop_map(at)
}

fn at(hours: i64) -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + chrono::TimeDelta::hours(hours)
}

fn any_absorbed() -> impl Strategy<Value = Event> {
    let status = proptest::sample::select(Status::ALL.to_vec());
    let priority = proptest::sample::select(Priority::ALL.to_vec());
    let time = || proptest::option::of(any_time());
    (status, priority, time(), time()).prop_map(|(status, priority, escalated_at, update_due)| {
        Event::Absorbed { ticket: TicketId(7), status, priority, escalated_at, update_due, tags: vec![] }
    })
}

fn escalated(reason: &str, is_known: bool) -> Event {
    Event::Escalated { reason: reason.into(), at: at(5), is_known }
}

fn made_urgent(is_known: bool) -> Event {
    Event::MadeUrgent { reason: "Bug critique".into(), at: at(5), is_known }
}

#[test]
fn an_escalation_takes_a_ticket_up_and_tells_nobody() {
    for (from, to) in [
        (Status::New, Status::InProgress),
        (Status::InProgress, Status::InProgress),
        (Status::WaitingCustomer, Status::WaitingCustomer),
        (Status::Resolved, Status::InProgress),
    ] {
        let decision = decide(&ticket(from), &escalated("API muette", false), CAMILLE).unwrap();
        assert_eq!((decision.status, decision.notice), (to, None));
        assert_eq!(decision.escalated_at, Some(at(5)));
        assert_eq!((decision.priority, decision.assignee), (Priority::Normal, None));
        assert_eq!(decision.update_timer, UpdateTimer::Keep);
    }
    let closed = Err(Refusal::ClosedToEscalation(TicketId(42)));
    for event in [escalated("x", false), made_urgent(false)] {
        assert_eq!(decide(&ticket(Status::Closed), &event, CAMILLE), closed);
    }
}

#[test]
fn a_further_reason_is_taken_and_the_same_one_is_refused() {
    let standing = Ticket { escalated_at: Some(at(2)), ..ticket(Status::InProgress) };
    let further = decide(&standing, &escalated("Aussi sur Android", false), CAMILLE).unwrap();
    assert_eq!(further.escalated_at, Some(at(2)), "since the first");
    assert_eq!(further.detail.reason.as_deref(), Some("Aussi sur Android"));
    let same = Err(Refusal::SameEscalation(TicketId(42)));
    assert_eq!(decide(&standing, &escalated("API muette", true), CAMILLE), same);
    // Known or not: what the act still changes, it changes.
    let urgent = decide(&standing, &made_urgent(true), CAMILLE).unwrap();
    assert_eq!(urgent.priority, Priority::Urgent);
    assert_eq!(decide(&after(&standing, urgent), &made_urgent(true), CAMILLE), same);
}

#[test]
fn a_critical_bug_is_one_act() {
    for from in [Status::New, Status::InProgress, Status::WaitingCustomer, Status::Resolved] {
        let decision = decide(&ticket(from), &made_urgent(false), CAMILLE).unwrap();
        assert_eq!((decision.status, decision.priority), (Status::InProgress, Priority::Urgent));
        assert_eq!((decision.escalated_at, decision.notice), (Some(at(5)), None));
        assert_eq!(decision.update_timer, UpdateTimer::Start);
        assert_eq!(decision.kind, EventKind::MadeUrgent);
    }
}

#[test]
fn what_is_settled_is_escalated_no_more_and_needs_no_reminder() {
    let standing = Ticket { escalated_at: Some(at(2)), ..ticket(Status::InProgress) };
    for to in [Status::Resolved, Status::Closed] {
        for event in [Event::StatusSet { to, reason: None }, Event::AgentReplied { then: to }] {
            let decision = decide(&standing, &event, CAMILLE).unwrap();
            assert_eq!((decision.escalated_at, decision.update_timer), (None, UpdateTimer::Stop));
        }
    }
    let informed =
        decide(&standing, &Event::AgentReplied { then: Status::WaitingCustomer }, CAMILLE).unwrap();
    assert_eq!((informed.escalated_at, informed.update_timer), (Some(at(2)), UpdateTimer::Restart));
    for event in [Event::RequesterWrote, Event::NoteAdded, Event::ColleagueNoted, Event::Fixed] {
        let decision = decide(&standing, &event, CAMILLE).unwrap();
        assert_eq!((decision.status, decision.update_timer), (Status::InProgress, UpdateTimer::Keep));
        assert_eq!((decision.escalated_at, decision.notice), (Some(at(2)), None));
    }
}

#[test]
fn handing_over_is_a_reply_with_a_name_of_its_own() {
    for from in Status::ALL {
        let then = Status::Resolved;
        let replied = decide(&ticket(from), &Event::AgentReplied { then }, CAMILLE).unwrap();
        let handed = decide(&ticket(from), &Event::HandedOver { then }, CAMILLE).unwrap();
        assert_eq!(handed.kind, EventKind::HandedOver);
        assert_eq!(Decision { kind: EventKind::Replied, ..handed }, replied);
    }
}

#[test]
fn an_absorbed_escalation_goes_on_where_the_ticket_does() {
    let other = |escalated_at, update_due| Event::Absorbed {
        ticket: TicketId(7),
        status: Status::InProgress,
        priority: Priority::Urgent,
        escalated_at,
        update_due,
        tags: vec!["vip".into()],
    };
    let decision = decide(&ticket(Status::New), &other(Some(at(2)), Some(at(4))), CAMILLE).unwrap();
    assert_eq!((decision.escalated_at, decision.update_timer), (Some(at(2)), UpdateTimer::Inherit(at(4))));
    assert_eq!(decision.detail.tags_added, ["vip"]);
    let own = Ticket { escalated_at: Some(at(3)), ..ticket(Status::New) };
    assert_eq!(decide(&own, &other(None, None), CAMILLE).unwrap().escalated_at, Some(at(3)));
}

#[test]
fn tags_that_change_nothing_are_refused_and_undoing_turns_them_round() {
    let none = Event::TagsSet { added: vec![], removed: vec![] };
    assert_eq!(decide(&ticket(Status::New), &none, CAMILLE), Err(Refusal::SameTags(TicketId(42))));
    let event = Event::TagsSet { added: vec!["vip".into()], removed: vec!["bug".into()] };
    let act = decide(&ticket(Status::Closed), &event, CAMILLE).unwrap();
    let undo = Event::ActUndone { kind: act.kind, detail: act.detail };
    let undone = decide(&ticket(Status::Closed), &undo, CAMILLE).unwrap();
    assert_eq!(
        (undone.detail.tags_added, undone.detail.tags_removed),
        (vec!["bug".into()], vec!["vip".into()])
    );
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
        status.clone().prop_map(|then| Event::HandedOver { then }),
        any::<bool>().prop_map(|is_known| escalated("x", is_known)),
        any::<bool>().prop_map(made_urgent),
        Just(Event::Fixed),
        Just(Event::ColleagueNoted),
        (status, proptest::option::of("[a-z]{1,8}|spam"))
            .prop_map(|(to, reason)| Event::StatusSet { to, reason }),
        Just(Event::NoteAdded),
        proptest::sample::select(Priority::ALL.to_vec()).prop_map(Event::PrioritySet),
        (1..9i64).prop_map(|id| Event::Assigned(AgentId(id))),
        Just(merged_into(17)),
        any_absorbed(),
        Just(Event::ContinuedIn(TicketId(43))),
        Just(Event::SplitInto(TicketId(44))),
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
            let by_agent = matches!(
                event,
                Event::AgentReplied { .. } | Event::HandedOver { .. } | Event::StatusSet { .. }
            );
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
