//! What a door shows, as data: no French, no markup. Each door draws it by its own means.
//!
//! The fields of [`TicketView`], [`MessageView`] and [`DeliveryView`] are the JSON keys that scripts rely on.
//! Pure. May import: domain.

pub mod held;
pub mod host;
pub mod press;
pub mod resources;
pub mod sheet;

use crate::domain::delivery::{Channel, DeliveryState};
use crate::domain::event::{EventDetail, EventKind};
use crate::domain::ids::{DeliveryId, DraftId, EventId, MessageId, TicketId};
use crate::domain::list::Place;
use crate::domain::mail::{Attachment, Original, Shape};
use crate::domain::message::Direction;
use crate::domain::notice::NoticeKind;
use crate::domain::participant::Participation;
use crate::domain::preference::Preference;
use crate::domain::report::Tally;
use crate::domain::ticket::{Priority, Status};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::collections::HashMap;

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum View {
    /// One ticket with its conversation.
    Ticket(Box<TicketView>),
    /// A ticket's history alone.
    History(Box<TicketView>),
    /// A ticket's deliveries alone.
    Deliveries(Box<TicketView>),
    /// Who takes part in a ticket alone.
    Participants(Box<TicketView>),
    /// An act was done.
    Done(Box<Done>),
    /// A list of tickets.
    Queue(Queue),
    /// The standard replies.
    Templates(Vec<TemplateView>),
    /// One standard reply, filled in as far as it can be.
    Draft(Draft),
    /// A requester and their tickets.
    Person(Person),
    /// What there is to do.
    Checklist(Box<Checklist>),
    /// Where the desk stands, and what was done today.
    Stats(Box<Report>),
    /// What was done in some days.
    Report(Box<Report>),
    /// Pages of the knowledge base.
    Found(resources::Found),
    /// The commands.
    Help(Vec<HelpEntry>),
}

/// What is proposed to a CM who types a part of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suggestion {
    /// A ticket, by its number.
    Ticket {
        /// Its number.
        id: TicketId,
        /// Where it stands.
        status: Status,
        /// Its subject, as it was written.
        subject: String,
        /// The requester's name, or their address where they gave none.
        requester: String,
    },
    /// A colleague, by name.
    Agent(String),
    /// Tags with their signs, as they are written.
    Tags(String),
    /// A standard reply.
    Template {
        /// How commands call it.
        key: String,
        /// Its title.
        title: String,
    },
    /// A delivery that did not leave, or may not have.
    Delivery {
        /// Its number.
        id: DeliveryId,
        /// Whose it is.
        ticket: TicketId,
        /// Where it stands.
        state: DeliveryState,
        /// The notice's title.
        title: String,
    },
    /// A command.
    Command {
        /// Its name in the grammar.
        name: String,
        /// What it does, in French.
        about: String,
    },
}

/// A requester as shown beside a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequesterView {
    /// Address.
    pub email: String,
    /// Display name, may be empty.
    pub name: String,
    /// The first name that a letter to them begins with.
    pub first_name: Option<String>,
    /// How they want to be told.
    pub preference: Preference,
    /// Why no e-mail goes to their address, in French. Read for one ticket or one person, not for lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<String>,
    /// How many of their browsers asked to be told by push. Read like `suppressed`.
    #[serde(skip_serializing_if = "is_zero")]
    pub devices: i64,
}

fn is_zero(count: &i64) -> bool {
    *count == 0
}

/// Somebody beside the requester who takes part in a ticket, might, or was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParticipantView {
    /// Address.
    pub email: String,
    /// Display name, may be empty.
    pub name: String,
    /// How they stand.
    pub state: Participation,
    /// Whose mail named them, or which CM decided.
    pub added_by: String,
}

/// The exact recipients of a reply by mail, as addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Recipients {
    /// The requester; `None` when their preference closes the e-mail, or their address gets none.
    pub to: Option<String>,
    /// Who gets a copy.
    pub cc: Vec<String>,
    /// Who takes part and gets none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<Uncopied>,
}

/// Somebody who takes part and gets no copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Uncopied {
    /// Address.
    pub email: String,
    /// Why, in French.
    pub why: String,
}

/// A ticket. In lists, `ahead`, `participants`, `messages`, `events` and `deliveries` are not read, and not written to JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicketView {
    /// Number.
    pub id: TicketId,
    /// Subject.
    pub subject: String,
    /// Status.
    pub status: Status,
    /// Priority.
    pub priority: Priority,
    /// Name of the agent who has it.
    pub assignee: Option<String>,
    /// Why it was closed.
    pub reason: Option<String>,
    /// The ticket that goes on in its place, and has its messages.
    pub merged_into: Option<TicketId>,
    /// The closed ticket that it goes on from.
    pub follows: Option<TicketId>,
    /// Since when the technical team has it.
    pub escalated_at: Option<DateTime<Utc>>,
    /// Since when it stands where it does.
    pub status_since: DateTime<Utc>,
    /// By when its requester is owed an answer.
    pub answer_due: Option<DateTime<Utc>>,
    /// Since when nothing but numbers, times and statuses is left of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymised_at: Option<DateTime<Utc>>,
    /// Its tags, in the order of their letters.
    pub tags: Vec<String>,
    /// Who asked.
    pub requester: RequesterView,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When anything last changed.
    pub updated_at: DateTime<Utc>,
    /// What is ahead: deadlines and the next step of its follow-up, the first to come first.
    pub ahead: Vec<Coming>,
    /// Everybody beside the requester, in the order in which they came.
    pub participants: Vec<ParticipantView>,
    /// The conversation, oldest first.
    pub messages: Vec<MessageView>,
    /// The history, oldest first.
    pub events: Vec<EventView>,
    /// What was sent or not sent, oldest first.
    pub deliveries: Vec<DeliveryView>,
}

/// A time that is ahead of a ticket, and why it is then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coming {
    /// `first_response`, `next_response`, `resolution`, or the word of a [`crate::domain::followup::TimerKind`].
    pub what: &'static str,
    /// The same in French.
    pub name: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By then something is owed: it is not what the clock does.
    pub is_deadline: bool,
    /// Why then, in French.
    pub why: String,
}

/// One entry of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageView {
    /// Number.
    pub id: MessageId,
    /// Which way it went.
    pub direction: Direction,
    /// Name to show: the requester's name or address, the agent's name.
    pub author: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What was written.
    pub text: String,
    /// The quoted history and the signature, folded away.
    pub quoted: String,
    /// The address that it came from, for an inbound one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Somebody beside the requester who takes part wrote it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub participant: bool,
    /// Our mail server says that this address did not write it: « expéditeur non authentifié ».
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub refuted: bool,
    /// Somebody who does not take part in the ticket wrote it: « tiers, à valider ».
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stranger: bool,
    /// A program wrote it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// The ticket that it was written on, where that was merged into this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<TicketId>,
    /// What the mail it came in is made of.
    #[serde(flatten)]
    pub shape: Shape,
    /// What became of the bytes of that mail; `None` where it came in none.
    #[serde(skip_serializing_if = "is_not_gone")]
    pub original: Option<Original>,
}

fn is_not_gone(original: &Option<Original>) -> bool {
    *original != Some(Original::Gone)
}

/// One line of history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventView {
    /// Number.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// Who did it: an agent's name, the requester's address, or `guichet`.
    pub actor: String,
    /// By which door: `mail`, `web`, `cli`, …
    pub door: String,
    /// When.
    pub at: DateTime<Utc>,
    /// It was taken back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub undone: bool,
    /// The rest.
    pub detail: EventDetail,
    /// The name of the agent the ticket was given to, for [`EventKind::Assigned`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
}

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryView {
    /// Number.
    pub id: DeliveryId,
    /// The act that caused it.
    pub event: EventId,
    /// By what road.
    pub channel: Channel,
    /// Colour.
    pub kind: NoticeKind,
    /// The notice's title.
    pub title: String,
    /// The notice's message.
    pub message: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Why, when it was not simply sent; French.
    pub why: Option<String>,
    /// Recipient address, for e-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Message-ID of the mail, without angle brackets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// What the submission server called it, where that is another id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// When it reached this state.
    pub at: DateTime<Utc>,
}

/// An act that was done, the ticket as it stands now, and what may be done next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Done {
    /// The ticket, with its conversation.
    #[serde(flatten)]
    pub ticket: TicketView,
    /// The line of history of this act: what a button that takes exactly it back names.
    pub event: EventId,
    /// What was done; a door says it with `wording::done`.
    pub done: Act,
    /// Keys of the standard replies that go with the status reached.
    pub offers: Vec<String>,
    /// What the requester is told, road by road; `None` when the act tells nobody.
    pub told: Option<Told>,
    /// How long the act can be taken back, in whole seconds; zero when it cannot.
    pub undo_seconds: u64,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "act", rename_all = "snake_case")]
#[allow(missing_docs, reason = "each repeats an event of the history")]
pub enum Act {
    StatusSet { from: Status, to: Status },
    Replied { status: Status },
    Noted,
    Assigned { to: String },
    PrioritySet { to: Priority },
    Undone { what: EventKind },
    Resent { delivery: DeliveryId },
    MarkedSent { delivery: DeliveryId },
    Merged { into: TicketId },
    ParticipantsSet { added: Vec<String>, removed: Vec<String>, validated: usize },
    HandedOver { status: Status },
    Escalated { reason: String },
    MadeUrgent { reason: String, every_seconds: u64 },
    TagsSet { added: Vec<String>, removed: Vec<String> },
    Fixed,
    Reminded,
    Snoozed { until: DateTime<Utc> },
}

/// A timer that came due, or what is told to the team on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fired {
    /// Whose; `None` for what is told of no ticket.
    pub ticket: Option<TicketId>,
    /// What for: the word of a [`crate::domain::followup::TimerKind`] or of a [`crate::domain::ritual::Ritual`].
    pub timer: &'static str,
    /// Since when.
    pub due_at: DateTime<Utc>,
}

/// The roads a notice takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The requester's choice.
    pub preference: Preference,
    /// The roads that are open; empty when the requester will get nothing.
    pub channels: Vec<Channel>,
    /// Why no e-mail goes to their address although they want it, in French.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<String>,
    /// To whom the mail of a reply goes; `None` for another notice, which is the requester's alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipients: Option<Recipients>,
}

/// The five figures of the guide (« Vue d'ensemble »).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// All tickets that are not spam.
    pub total: i64,
    /// Nouveaux.
    pub new: i64,
    /// En cours.
    pub in_progress: i64,
    /// Attente client.
    pub waiting_customer: i64,
    /// Résolus.
    pub resolved: i64,
}

/// What there is to do on a day (guide, « Checklist Quotidienne »). Each list has its first tickets, and says how many there
/// are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checklist {
    /// The day.
    pub day: NaiveDate,
    /// The five figures.
    pub figures: Figures,
    /// Nobody took them up yet: none, if all goes well.
    pub new: Pile,
    /// Waiting for their requester for longer than the first reminder takes.
    pub waiting: Pile,
    /// In progress for longer than that may last.
    pub in_progress: Pile,
    /// An answer is owed by the end of the day.
    pub due_today: Pile,
    /// Resolved for longer than until they are closed.
    pub resolved: Pile,
    /// How long those that wait have waited at least, in seconds.
    pub waiting_seconds: u64,
    /// How long those in progress have been so at least.
    pub in_progress_seconds: u64,
    /// How long those resolved have been so at least.
    pub resolved_seconds: u64,
}

/// Some of a number of tickets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Pile {
    /// The first of them, the longest there first.
    pub tickets: Queue,
    /// How many there are.
    pub total: i64,
}

/// What was done in some days, against what is promised; and what is ahead.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The first day.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
    /// Where the desk stands now.
    pub figures: Figures,
    /// What was done.
    #[serde(flatten)]
    pub tally: Tally,
    /// What is promised.
    pub targets: Promised,
    /// What is ahead until the end of the next working day, for a report of one day.
    pub ahead: Option<Ahead>,
}

/// What a report is held against.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Promised {
    /// In seconds of open time.
    pub first_response_seconds: u64,
    /// In seconds of open time.
    pub next_response_seconds: u64,
    /// In seconds.
    pub resolution_seconds: u64,
    /// Of how many tickets, from 0 to 1.
    pub resolution_share: f64,
    /// Of how many tickets, from 0 to 1 (guide, « Taux de Satisfaction »).
    pub first_contact_share: f64,
}

/// What is ahead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ahead {
    /// Until the end of this day.
    pub day: NaiveDate,
    /// Answers owed.
    pub answers: i64,
    /// Reminders to requesters.
    pub reminders: i64,
    /// Tickets that will be closed.
    pub closings: i64,
}

/// A list of tickets, and how many there are in all. In JSON it is the bare list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queue {
    /// The first of them, in the order asked for.
    pub tickets: Vec<TicketView>,
    /// How many match.
    pub total: i64,
    /// More than `total` match: nobody counts how often a common word is used.
    pub is_at_least: bool,
    /// The words that were searched, folded.
    pub searched: Vec<String>,
    /// Where they stand in the newest message of a ticket that has them, unless they stand beside the text: in the subject, the
    /// name or the address.
    pub excerpts: HashMap<TicketId, String>,
    /// Where the next page begins, if there is one.
    pub next: Option<Place>,
}

impl Serialize for Queue {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        cards(&self.tickets, serializer)
    }
}

/// Tickets without the keys that a list does not read: an empty list there would say that nothing was said.
fn cards<S: serde::Serializer>(tickets: &[TicketView], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Card<'a> {
        id: TicketId,
        subject: &'a str,
        status: Status,
        priority: Priority,
        assignee: Option<&'a str>,
        reason: Option<&'a str>,
        merged_into: Option<TicketId>,
        follows: Option<TicketId>,
        escalated_at: Option<DateTime<Utc>>,
        status_since: DateTime<Utc>,
        answer_due: Option<DateTime<Utc>>,
        tags: &'a [String],
        requester: &'a RequesterView,
        created_at: DateTime<Utc>,
        updated_at: DateTime<Utc>,
    }
    serializer.collect_seq(tickets.iter().map(|ticket| Card {
        id: ticket.id,
        subject: &ticket.subject,
        status: ticket.status,
        priority: ticket.priority,
        assignee: ticket.assignee.as_deref(),
        reason: ticket.reason.as_deref(),
        merged_into: ticket.merged_into,
        follows: ticket.follows,
        escalated_at: ticket.escalated_at,
        status_since: ticket.status_since,
        answer_due: ticket.answer_due,
        tags: &ticket.tags,
        requester: &ticket.requester,
        created_at: ticket.created_at,
        updated_at: ticket.updated_at,
    }))
}

/// A standard reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TemplateView {
    /// The word for commands.
    pub key: String,
    /// The title.
    pub title: String,
    /// The status that goes with it.
    pub then: Option<Status>,
    /// Its text, with brackets.
    pub body: String,
    /// It is the reply of `feature`, or another that hands the ticket over to the product team.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hands_over: bool,
}

/// A standard reply filled in for a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Draft {
    /// The ticket it was filled in for.
    pub ticket: Option<TicketId>,
    /// Which standard reply.
    pub template: String,
    /// The text.
    pub text: String,
    /// The brackets still to fill.
    pub missing: Vec<String>,
    /// The status that goes with it.
    pub then: Option<Status>,
    /// To whom a reply to all would go, for a ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipients: Option<Recipients>,
}

/// A reply being written in chat, as it would leave now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writing {
    /// Its number.
    pub id: DraftId,
    /// The ticket it answers.
    pub ticket: Box<TicketView>,
    /// The standard reply it began as.
    pub template: Option<String>,
    /// What is written so far.
    pub text: String,
    /// The brackets still to fill.
    pub missing: Vec<String>,
    /// The status that goes with it.
    pub then: Status,
    /// The roads it would take to the requester.
    pub told: Told,
    /// To whom a reply to all would go.
    pub to_all: Recipients,
    /// A short word for all that a preview shows, compared when it is sent.
    pub mark: String,
    /// Who else writes a reply to the ticket.
    pub others: Vec<String>,
    /// What was said on the ticket since the writer looked, oldest first.
    pub since: Vec<MessageView>,
}

/// A requester and their tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Who.
    #[serde(flatten)]
    pub requester: RequesterView,
    /// Their mail opens no ticket.
    pub blocked: bool,
    /// Their tickets, newest first.
    #[serde(serialize_with = "cards")]
    pub tickets: Vec<TicketView>,
    /// The preference was changed by this command.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
    /// The links of their earlier mails were ended by this command.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
}

impl Person {
    /// Those of their tickets that are not closed.
    pub fn open_tickets(&self) -> impl Iterator<Item = TicketId> + '_ {
        self.tickets.iter().filter(|ticket| ticket.status != Status::Closed).map(|ticket| ticket.id)
    }
}

/// One command, as the help shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HelpEntry {
    /// How to write it: `status 42 resolved`.
    pub usage: String,
    /// French aliases.
    pub aliases: Vec<String>,
    /// What it does, in French.
    pub about: String,
}
