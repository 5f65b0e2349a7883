//! What can happen to a ticket: the input of `decide`, and the words of its history.

use super::feedback::Rating;
use super::followup::TimerKind;
use super::ids::{AgentId, DeliveryId, EventId, MessageId, TicketId};
use super::participant::ParticipantChange;
use super::preference::Preference;
use super::sla::{Due, Owed};
use super::ticket::{Priority, Status};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Something that happens to a ticket.
#[allow(clippy::large_enum_variant, reason = "one at a time, and only for the time of an act")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The requester wrote, or somebody who takes part.
    RequesterWrote,
    /// The requester only thanked or confirmed: does not reopen a resolved ticket.
    RequesterThanked,
    /// A program answered for the requester: never reopens a ticket.
    AutomaticReply,
    /// Somebody who does not take part wrote with the ticket's reference: never reopens it.
    StrangerWrote {
        /// Their address and what is odd about it, for the CM.
        who: String,
    },
    /// A mail of ours came back: never reopens a ticket.
    Bounced {
        /// Which mail.
        delivery: DeliveryId,
        /// What the report says, for the CM.
        why: String,
    },
    /// An agent takes an uncertain delivery for sent.
    MarkedSent {
        /// Which one.
        delivery: DeliveryId,
    },
    /// An agent asked for a delivery to be sent again.
    Resent {
        /// Which one.
        delivery: DeliveryId,
    },
    /// An agent answered, and chose the status that goes with the answer.
    AgentReplied {
        /// The status the answer leads to.
        then: Status,
    },
    /// An agent answered with the reply that hands the request over to the product team.
    HandedOver {
        /// The status the answer leads to.
        then: Status,
    },
    /// An agent set a status.
    StatusSet {
        /// The status.
        to: Status,
        /// Kept on the ticket; [`super::ticket::SPAM`] makes a closing silent.
        reason: Option<String>,
    },
    /// An agent wrote an internal note.
    NoteAdded,
    /// Somebody of the technical team wrote an internal note.
    ColleagueNoted,
    /// Somebody of the technical team says that it is mended.
    Fixed,
    /// An agent handed the ticket to the technical team.
    Escalated {
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
        /// The reason was given before, since the ticket is escalated.
        is_known: bool,
    },
    /// An agent declared a critical bug: in progress, urgent and escalated, and its requester is kept informed.
    MadeUrgent {
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
        /// The ticket was made urgent for this reason before, since it is escalated.
        is_known: bool,
    },
    /// It is time to tell an urgent ticket's requester how things stand.
    UpdateDue {
        /// Since when.
        due: DateTime<Utc>,
        /// When it is time again.
        next: DateTime<Utc>,
    },
    /// A requester who owes us an answer is reminded, by the clock or by an agent.
    Reminded {
        /// Which reminder it is.
        step: TimerKind,
    },
    /// The clock leaves a step of the follow-up to the CMs.
    Proposed {
        /// Which.
        step: TimerKind,
    },
    /// The clock closes a ticket.
    ClosedInTime {
        /// Which step that is.
        step: TimerKind,
        /// Kept on the ticket.
        reason: Option<String>,
    },
    /// An agent closes a ticket whose requester never answered, with the reply that says so.
    GivenUp {
        /// Kept on the ticket.
        reason: String,
    },
    /// Work in progress that nobody touched for long.
    WentStale,
    /// A deadline is near, or over.
    DeadlineTold {
        /// Which of the two.
        kind: TimerKind,
        /// The deadline.
        due: Due,
    },
    /// An agent put the ticket off.
    Snoozed {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// What was put off is back.
    SnoozeOver,
    /// An agent changed the tags.
    TagsSet {
        /// Those that the ticket did not have, each once.
        added: Vec<String>,
        /// Those that it had, each once.
        removed: Vec<String>,
    },
    /// An agent set the priority.
    PrioritySet(Priority),
    /// An agent took the ticket or gave it to a colleague.
    Assigned(AgentId),
    /// An agent merged this ticket into another of the same requester, which took its messages over.
    MergedInto {
        /// The ticket that goes on.
        into: TicketId,
        /// What stands as this ticket's reason from now on.
        reason: String,
        /// The line of history that the other ticket has of it.
        twin: EventId,
        /// The other ticket's version once it had.
        version: i64,
    },
    /// An agent merged another ticket of the same requester into this one.
    Absorbed {
        /// The ticket that ends.
        ticket: TicketId,
        /// Where it stood.
        status: Status,
        /// How much it pressed.
        priority: Priority,
        /// Since when it was escalated.
        escalated_at: Option<DateTime<Utc>>,
        /// When its requester was to be told next how things stand.
        update_due: Option<DateTime<Utc>>,
        /// Those of its tags that this ticket does not have.
        tags: Vec<String>,
    },
    /// The requester answered this closed ticket too late to reopen it: it goes on in another.
    ContinuedIn(TicketId),
    /// An agent made another ticket of one of its messages.
    SplitInto(TicketId),
    /// An agent said who takes part in the ticket.
    ParticipantsSet {
        /// Whom, each once.
        changes: Vec<ParticipantChange>,
        /// The messages of people let in that had been held as a stranger's.
        validated: Vec<MessageId>,
        /// What those messages say, where there are any.
        wrote: Option<Wrote>,
    },
    /// The requester says what they think of the help they got.
    FeedbackGiven {
        /// What.
        rating: Rating,
        /// In their words, may be empty.
        comment: String,
    },
    /// An agent takes their latest act back; nothing else happened on the ticket since.
    ActUndone {
        /// What the act was.
        kind: EventKind,
        /// What its line of history remembers.
        detail: EventDetail,
    },
}

/// What messages say that a CM validates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrote {
    /// Something to answer: as [`Event::RequesterWrote`].
    Words,
    /// Nothing but thanks: as [`Event::RequesterThanked`].
    Thanks,
}

/// A team beside the CMs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Team {
    /// The technical team.
    Dev,
}

/// The words of the history: what an event is called in JSON and the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The first message arrived.
    Created,
    /// The requester wrote again.
    RequesterWrote,
    /// The requester thanked or confirmed; the ticket stayed resolved.
    RequesterThanked,
    /// A CM answered.
    Replied,
    /// The status changed.
    StatusSet,
    /// A CM wrote an internal note.
    NoteAdded,
    /// The priority changed.
    PrioritySet,
    /// The assignee changed.
    Assigned,
    /// A CM took an act of theirs back.
    Undone,
    /// A mail came back.
    Bounced,
    /// A program answered.
    AutomaticReply,
    /// Somebody who does not take part in the ticket wrote with its reference.
    StrangerWrote,
    /// A CM asked for a delivery to be sent again.
    Resent,
    /// A CM took an uncertain delivery for sent.
    MarkedSent,
    /// The requester chose how to be told, by the link in a mail about the ticket.
    PreferenceSet,
    /// A CM merged the ticket into another.
    MergedInto,
    /// A CM merged another ticket into this one.
    Absorbed,
    /// The requester answered too late, and another ticket was opened for it.
    ContinuedIn,
    /// A CM made another ticket of one of its messages.
    SplitInto,
    /// A CM said who takes part.
    ParticipantsSet,
    /// A CM answered and handed the request over to the product team.
    HandedOver,
    /// A CM handed the ticket to the technical team.
    Escalated,
    /// A CM declared a critical bug.
    MadeUrgent,
    /// It was time to keep the requester informed.
    UpdateDue,
    /// A CM changed the tags.
    TagsSet,
    /// The requester was reminded that they owe an answer.
    Reminded,
    /// A step of the follow-up was left to the CMs.
    Proposed,
    /// Nobody touched it for long.
    Stale,
    /// A deadline came near.
    DeadlineNear,
    /// A deadline went by.
    DeadlineMissed,
    /// A CM put it off.
    Snoozed,
    /// What was put off came back.
    SnoozeOver,
    /// Somebody of the technical team said that it is mended.
    Fixed,
    /// The requester said what they think of the help they got.
    FeedbackGiven,
    /// What was held of the requester was taken away, as they asked.
    Erased,
    /// Its words were taken away once it had been closed for as long as they are kept.
    Anonymised,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [EventKind; 36] = [
        EventKind::Created,
        EventKind::RequesterWrote,
        EventKind::RequesterThanked,
        EventKind::Replied,
        EventKind::StatusSet,
        EventKind::NoteAdded,
        EventKind::PrioritySet,
        EventKind::Assigned,
        EventKind::Undone,
        EventKind::Bounced,
        EventKind::AutomaticReply,
        EventKind::StrangerWrote,
        EventKind::Resent,
        EventKind::MarkedSent,
        EventKind::PreferenceSet,
        EventKind::MergedInto,
        EventKind::Absorbed,
        EventKind::ContinuedIn,
        EventKind::SplitInto,
        EventKind::ParticipantsSet,
        EventKind::HandedOver,
        EventKind::Escalated,
        EventKind::MadeUrgent,
        EventKind::UpdateDue,
        EventKind::TagsSet,
        EventKind::Fixed,
        EventKind::Reminded,
        EventKind::Proposed,
        EventKind::Stale,
        EventKind::DeadlineNear,
        EventKind::DeadlineMissed,
        EventKind::Snoozed,
        EventKind::SnoozeOver,
        EventKind::FeedbackGiven,
        EventKind::Erased,
        EventKind::Anonymised,
    ];

    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            EventKind::Created => "created",
            EventKind::RequesterWrote => "requester_wrote",
            EventKind::RequesterThanked => "requester_thanked",
            EventKind::Replied => "replied",
            EventKind::StatusSet => "status_set",
            EventKind::NoteAdded => "note_added",
            EventKind::PrioritySet => "priority_set",
            EventKind::Assigned => "assigned",
            EventKind::Undone => "undone",
            EventKind::Bounced => "bounced",
            EventKind::AutomaticReply => "automatic_reply",
            EventKind::StrangerWrote => "stranger_wrote",
            EventKind::Resent => "resent",
            EventKind::MarkedSent => "marked_sent",
            EventKind::PreferenceSet => "preference_set",
            EventKind::MergedInto => "merged_into",
            EventKind::Absorbed => "absorbed",
            EventKind::ContinuedIn => "continued_in",
            EventKind::SplitInto => "split_into",
            EventKind::ParticipantsSet => "participants_set",
            EventKind::HandedOver => "handed_over",
            EventKind::Escalated => "escalated",
            EventKind::MadeUrgent => "made_urgent",
            EventKind::UpdateDue => "update_due",
            EventKind::TagsSet => "tags_set",
            EventKind::Fixed => "fixed",
            EventKind::Reminded => "reminded",
            EventKind::Proposed => "proposed",
            EventKind::Stale => "stale",
            EventKind::DeadlineNear => "deadline_near",
            EventKind::DeadlineMissed => "deadline_missed",
            EventKind::Snoozed => "snoozed",
            EventKind::SnoozeOver => "snooze_over",
            EventKind::FeedbackGiven => "feedback_given",
            EventKind::Erased => "erased",
            EventKind::Anonymised => "anonymised",
        }
    }

    /// The kind that [`EventKind::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<EventKind> {
        EventKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What a history line remembers beside its kind; what undoing it needs is in here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventDetail {
    /// The status before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Status>,
    /// The status after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Status>,
    /// The reason given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The reason that stood before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_before: Option<String>,
    /// The priority before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority_from: Option<Priority>,
    /// The priority after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority_to: Option<Priority>,
    /// The assignee before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee_from: Option<i64>,
    /// The assignee after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee_to: Option<i64>,
    /// The requester's preference before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preference_from: Option<Preference>,
    /// The requester's preference after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preference_to: Option<Preference>,
    /// The message written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<i64>,
    /// Which rung of the threading ladder brought a mail here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rung: Option<String>,
    /// The kind of the act that was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undid: Option<EventKind>,
    /// The delivery concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<i64>,
    /// Somebody's address or a technical reason, for the CM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The other ticket: merged, or going on from or in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<i64>,
    /// The line of history that the other ticket has of the same act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twin: Option<i64>,
    /// The other ticket's version once it had that line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twin_version: Option<i64>,
    /// Since when the ticket was escalated before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalated_from: Option<DateTime<Utc>>,
    /// Since when it is escalated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalated_to: Option<DateTime<Utc>>,
    /// When the requester of an urgent ticket was to be told next how things stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_due_from: Option<DateTime<Utc>>,
    /// When they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_due_to: Option<DateTime<Utc>>,
    /// The step of the follow-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer: Option<TimerKind>,
    /// Until when the ticket was put off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// What was owed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owed: Option<Owed>,
    /// By when it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<DateTime<Utc>>,
    /// What the requester thinks of the help they got.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// The tags that the ticket has since.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags_added: Vec<String>,
    /// The tags that it has no more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags_removed: Vec<String>,
    /// The team of whoever acted, where it is not the CMs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<Team>,
    /// The agent from whose address the requester's mail was forwarded to us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_by: Option<String>,
    /// Who takes part since, and how they stood before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub participants: Vec<ParticipantChange>,
    /// The messages that are no stranger's any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validated: Vec<i64>,
    /// Since when the ticket's words were gone, where the act made it a ticket that may have some again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymised_from: Option<DateTime<Utc>>,
    /// Whether the act blocked the requester.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub blocked: bool,
    /// Whether the act unblocked the requester.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unblocked: bool,
}
