//! What the templates show: the desk's views with their French labels, local times and links, and nothing that
//! has to be loaded. May import: domain, view, wording.

use crate::domain::delivery::{Channel, DeliveryState, Plan, SkipReason, plan};
use crate::domain::event::EventKind;
use crate::domain::mail::{Attachment, HtmlVersion, Original};
use crate::domain::message::Direction;
use crate::domain::participant::Participation;
use crate::domain::preference::Preference;
use crate::domain::push::PushRoad;
use crate::domain::text::capitalised;
use crate::domain::ticket::{Priority, SPAM, Status};
use crate::view::{
    Coming, DeliveryView, EventView, Figures, MessageView, Recipients, RequesterView, TicketView,
};
use crate::wording::{self, ahead, dates, history, labels, mail};
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde::Serialize;

/// The instant and the place a page is drawn for.
#[derive(Debug, Clone, Copy)]
pub struct Here {
    /// Now.
    pub now: DateTime<Utc>,
    /// The zone of the times shown.
    pub zone: Tz,
}

/// A status with its label and the guide's colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ShownStatus {
    /// The word of commands; also the class of the stylesheet.
    pub word: &'static str,
    /// French.
    pub label: &'static str,
    /// The guide's colour.
    pub emoji: &'static str,
}

impl From<Status> for ShownStatus {
    fn from(status: Status) -> Self {
        let label = labels::status_name(status);
        ShownStatus {
            word: status.as_str(),
            label,
            emoji: labels::status(status).trim_end_matches(label).trim(),
        }
    }
}

/// A priority with its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ShownPriority {
    /// The word of commands; also the class of the stylesheet.
    pub word: &'static str,
    /// French.
    pub label: &'static str,
}

impl From<Priority> for ShownPriority {
    fn from(priority: Priority) -> Self {
        ShownPriority { word: priority.as_str(), label: labels::priority(priority) }
    }
}

/// A time, three ways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownTime {
    /// RFC 3339, for machines.
    pub iso: String,
    /// Date and time in the desk's zone.
    pub exact: String,
    /// How long ago.
    pub ago: String,
}

/// `at` as the page shows it.
pub fn time(at: DateTime<Utc>, here: Here) -> ShownTime {
    ShownTime {
        iso: at.to_rfc3339_opts(SecondsFormat::Secs, true),
        exact: dates::date(at, here.zone),
        ago: dates::ago(at, here.now),
    }
}

/// A ticket without its conversation: a row of the list, the head of its page.
#[derive(Debug, Clone, Serialize)]
pub struct ShownTicket {
    /// Number.
    pub id: i64,
    /// Subject, may be empty.
    pub subject: String,
    /// Status.
    pub status: ShownStatus,
    /// Priority.
    pub priority: ShownPriority,
    /// Name of the agent who has it.
    pub assignee: Option<String>,
    /// Why it was closed.
    pub reason: Option<String>,
    /// The ticket that goes on in its place.
    pub merged_into: Option<i64>,
    /// The closed ticket that it goes on from.
    pub follows: Option<i64>,
    /// Since when the technical team has it.
    pub escalated: Option<ShownTime>,
    /// Deadlines and the next step of the follow-up.
    pub ahead: Vec<ShownComing>,
    /// Its tags.
    pub tags: Vec<String>,
    /// It was closed as spam: no reply leaves.
    pub spam: bool,
    /// Since when its words are not kept any more.
    pub anonymised: Option<ShownTime>,
    /// Display name of the requester, may be empty.
    pub name: String,
    /// First name of the requester, where it can be told.
    pub first_name: Option<String>,
    /// Address of the requester.
    pub email: String,
    /// Opened.
    pub created: ShownTime,
    /// Last changed.
    pub updated: ShownTime,
}

/// The head of `ticket`.
pub fn ticket(ticket: &TicketView, here: Here) -> ShownTicket {
    ShownTicket {
        id: ticket.id.0,
        subject: ticket.subject.clone(),
        status: ticket.status.into(),
        priority: ticket.priority.into(),
        assignee: ticket.assignee.clone(),
        reason: ticket.reason.clone(),
        merged_into: ticket.merged_into.map(|id| id.0),
        follows: ticket.follows.map(|id| id.0).or_else(|| opened_from(ticket)),
        escalated: ticket.escalated_at.map(|at| time(at, here)),
        ahead: ticket.ahead.iter().map(|coming| shown_coming(coming, here)).collect(),
        tags: ticket.tags.clone(),
        spam: ticket.reason.as_deref() == Some(SPAM),
        anonymised: ticket.anonymised_at.map(|at| time(at, here)),
        name: ticket.requester.name.clone(),
        first_name: ticket.requester.first_name.clone(),
        email: ticket.requester.email.clone(),
        created: time(ticket.created_at, here),
        updated: time(ticket.updated_at, here),
    }
}

/// The ticket of which a message became this one.
fn opened_from(ticket: &TicketView) -> Option<i64> {
    let created = ticket.events.iter().find(|event| event.kind == EventKind::Created)?;
    created.detail.other
}

/// A time that is ahead.
#[derive(Debug, Clone, Serialize)]
pub struct ShownComing {
    /// What it is called in the page.
    pub word: &'static str,
    /// What, and when.
    pub said: String,
    /// Why then.
    pub why: String,
    /// It is a deadline, and over.
    pub is_late: bool,
}

fn shown_coming(coming: &Coming, here: Here) -> ShownComing {
    let when = ahead::when(coming, here.zone);
    ShownComing {
        word: coming.what,
        said: format!("{} {when}", capitalised(&coming.name)),
        why: coming.why.clone(),
        is_late: coming.is_deadline && coming.at < here.now,
    }
}

/// One entry of the conversation.
#[derive(Debug, Clone, Serialize)]
pub struct ShownMessage {
    /// Number.
    pub id: i64,
    /// `inbound`, `outbound`, `note`; also the class of the stylesheet.
    pub direction: &'static str,
    /// Who wrote.
    pub author: String,
    /// When.
    pub at: ShownTime,
    /// What was written.
    pub text: String,
    /// Quoted history and signature.
    pub quoted: String,
    /// Written by somebody beside the requester who takes part.
    pub participant: bool,
    /// Our mail server says that its sender did not write it.
    pub refuted: bool,
    /// Written by somebody who does not take part.
    pub stranger: bool,
    /// A CM decided against its sender.
    pub dismissed: bool,
    /// The address to let in with a stranger's message.
    pub sender: String,
    /// Its sender may be kept out.
    pub dismissable: bool,
    /// Written by a program.
    pub automatic: bool,
    /// Files beside the text.
    pub attachments: Vec<ShownFile>,
    /// Pictures that its HTML version shows in their place.
    pub inline: Vec<ShownFile>,
    /// It has an HTML version.
    pub html: bool,
    /// That version names pictures that lie elsewhere.
    pub remote_images: bool,
    /// What it is sealed with, French.
    pub seal: Option<&'static str>,
    /// What stands for the text that it does not have.
    pub no_text: &'static str,
    /// That not all of it was kept, French.
    pub lost: Option<String>,
    /// The mail that it came in can be opened.
    pub original: bool,
    /// That mail is not kept any more.
    pub original_gone: bool,
}

/// One attachment.
#[derive(Debug, Clone, Serialize)]
pub struct ShownFile {
    /// Index of the part in the mail.
    pub part: u32,
    /// File name.
    pub name: String,
    /// Size in words.
    pub size: String,
    /// What it is, where that is more than a file; French.
    pub kind: Option<&'static str>,
    /// Why it is not given out, French.
    pub refused: Option<&'static str>,
}

/// An entry of the conversation as shown.
pub fn message(message: &MessageView, ticket: &TicketView, here: Here) -> ShownMessage {
    let sender = message.sender.clone().unwrap_or_default();
    let stands = ticket.participants.iter().find(|one| one.email == sender).map(|one| one.state);
    let (inline, beside): (Vec<_>, Vec<_>) = message.attachments.iter().partition(|file| file.inline);
    ShownMessage {
        id: message.id.0,
        direction: message.direction.as_str(),
        author: message.author.clone(),
        at: time(message.at, here),
        text: message.text.clone(),
        quoted: message.quoted.clone(),
        participant: message.participant,
        refuted: message.refuted,
        stranger: message.stranger,
        dismissed: message.stranger && stands == Some(Participation::Out),
        dismissable: message.stranger && stands == Some(Participation::Proposed),
        sender,
        automatic: message.automatic,
        attachments: beside.into_iter().map(file).collect(),
        inline: inline.into_iter().map(file).collect(),
        html: message.shape.html.is_some(),
        remote_images: message.shape.html == Some(HtmlVersion::RemoteImages),
        seal: message.shape.seal.map(mail::seal),
        no_text: mail::no_text(message.shape.seal),
        lost: mail::lost(message.shape.parts),
        original: message.direction == Direction::Inbound && message.original == Some(Original::Kept),
        original_gone: message.original == Some(Original::Gone),
    }
}

/// An attachment as shown.
pub fn file(file: &Attachment) -> ShownFile {
    ShownFile {
        part: file.part,
        name: file.name.clone(),
        size: dates::size(file.bytes),
        kind: mail::file_kind(&file.media_type),
        refused: file.refused.map(mail::file_refused),
    }
}

/// Somebody who takes part in a ticket, or might.
#[derive(Debug, Clone, Serialize)]
pub struct ShownParticipant {
    /// Display name, may be empty.
    pub name: String,
    /// Address.
    pub email: String,
    /// They take part; else a CM decides.
    pub is_in: bool,
    /// Whose mail named them, or which CM let them in.
    pub added_by: String,
}

/// Everybody whom a CM may decide about; whom one has decided against is only found by the command.
pub fn participants(ticket: &TicketView) -> Vec<ShownParticipant> {
    let shown = ticket.participants.iter().filter(|one| one.state != Participation::Out);
    shown
        .map(|one| ShownParticipant {
            name: one.name.clone(),
            email: one.email.clone(),
            is_in: one.state == Participation::In,
            added_by: one.added_by.clone(),
        })
        .collect()
}

/// To whom a reply goes.
#[derive(Debug, Clone, Serialize)]
pub struct ShownRecipients {
    /// The requester's address; `None` when no e-mail goes to them.
    pub to: Option<String>,
    /// Who gets a copy of a reply to all.
    pub cc: Vec<String>,
    /// The same as the form sends them back.
    pub copies: String,
    /// How many they are, in words.
    pub count: String,
    /// Who takes part and gets no copy, and why.
    pub without: Option<String>,
}

/// The recipients as the reply form shows them.
pub fn recipients(recipients: &Recipients) -> ShownRecipients {
    ShownRecipients {
        to: recipients.to.clone(),
        cc: recipients.cc.clone(),
        copies: recipients.cc.join(" "),
        count: dates::count(recipients.cc.len() as i64, "personne en copie", "personnes en copie"),
        without: wording::recipients::without(recipients),
    }
}

/// One line of history.
#[derive(Debug, Clone, Serialize)]
pub struct ShownEvent {
    /// What happened, a sentence.
    pub text: String,
    /// When.
    pub at: ShownTime,
    /// It was taken back.
    pub undone: bool,
}

/// A line of history as shown.
pub fn event(event: &EventView, here: Here) -> ShownEvent {
    ShownEvent { text: history::sentence(event), at: time(event.at, here), undone: event.undone }
}

/// One delivery.
#[derive(Debug, Clone, Serialize)]
pub struct ShownDelivery {
    /// Number.
    pub id: i64,
    /// The road, French.
    pub channel: String,
    /// The word of the state; also the class of the stylesheet.
    pub state: &'static str,
    /// The state, French.
    pub state_label: &'static str,
    /// The notice's title.
    pub title: String,
    /// Recipient, for e-mail.
    pub address: Option<String>,
    /// Why it is where it is.
    pub why: Option<String>,
    /// When it reached this state.
    pub at: ShownTime,
    /// A CM may have it sent again.
    pub resendable: bool,
    /// A CM may take it for sent.
    pub uncertain: bool,
    /// It is a mail that was composed, so its page shows something.
    pub mail: bool,
}

/// A delivery as shown.
pub fn delivery(delivery: &DeliveryView, here: Here) -> ShownDelivery {
    use DeliveryState::*;
    ShownDelivery {
        id: delivery.id.0,
        channel: capitalised(labels::channel(delivery.channel)),
        state: delivery.state.as_str(),
        state_label: labels::delivery_state(delivery.state),
        title: delivery.title.clone(),
        address: delivery.address.clone(),
        why: delivery.why.clone(),
        at: time(delivery.at, here),
        resendable: matches!(delivery.state, Failed | Uncertain),
        uncertain: delivery.state == Uncertain,
        mail: delivery.channel == Channel::Email && matches!(delivery.state, Sent | Uncertain),
    }
}

/// What reaches the requester, said before the CM sends.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// First name, name or address.
    pub who: String,
    /// The word of the preference.
    pub preference: &'static str,
    /// The preference, French.
    pub preference_label: &'static str,
    /// `nothing`, `no_mail`, `suppressed`, or empty.
    pub warning: &'static str,
    /// Why no e-mail goes to the address.
    pub suppressed: Option<String>,
    /// Each road, open or shut.
    pub roads: Vec<Road>,
}

/// One road to the requester.
#[derive(Debug, Clone, Serialize)]
pub struct Road {
    /// French.
    pub label: String,
    /// A notice would take it.
    pub open: bool,
    /// Where it leads, for e-mail.
    pub address: Option<String>,
    /// Why it is shut though the preference opens it.
    pub why: Option<String>,
}

/// The roads to `requester`, from the same plan the desk writes; `takes_push`: whether anything is pushed.
pub fn told(requester: &RequesterView, takes_push: bool) -> Told {
    let push = PushRoad::new(takes_push, requester.devices);
    let roads: Vec<Road> = plan(requester.preference, push)
        .into_iter()
        .map(|(channel, plan)| Road {
            label: capitalised(labels::channel(channel)),
            open: !matches!(plan, Plan::Skip(_))
                && (channel != Channel::Email || requester.suppressed.is_none()),
            address: (channel == Channel::Email).then(|| requester.email.clone()),
            why: match plan {
                Plan::Skip(reason @ (SkipReason::PushNotConfigured | SkipReason::NoDevice)) => {
                    Some(labels::skip_reason(reason))
                }
                Plan::Send if channel == Channel::Email && requester.suppressed.is_some() => {
                    Some(labels::skip_reason(SkipReason::Suppressed))
                }
                _ => None,
            },
        })
        .collect();
    let warning = match requester.preference {
        Preference::EmailOnly | Preference::Both if requester.suppressed.is_some() => "suppressed",
        Preference::None => "nothing",
        Preference::WebOnly => "no_mail",
        Preference::EmailOnly | Preference::Both => "",
    };
    let named = requester.first_name.as_deref().filter(|name| !name.is_empty());
    let who = named.unwrap_or(if requester.name.is_empty() { &requester.email } else { &requester.name });
    Told {
        who: who.to_owned(),
        preference: requester.preference.as_str(),
        preference_label: labels::preference(requester.preference),
        warning,
        suppressed: requester.suppressed.clone(),
        roads,
    }
}

/// One of the five figures, with the list it opens.
#[derive(Debug, Clone, Serialize)]
pub struct ShownFigure {
    /// How many.
    pub count: String,
    /// `total` or the word of the status: its name in the template, its class in the stylesheet.
    pub tone: &'static str,
    /// The list behind it.
    pub href: String,
    /// The list shown is the one behind it.
    pub current: bool,
}

/// The five figures of the guide; `shown` is the status of the list now shown, when nothing else filters it.
pub fn figures(figures: Figures, shown: Option<Option<Status>>) -> Vec<ShownFigure> {
    [
        (None, figures.total),
        (Some(Status::New), figures.new),
        (Some(Status::InProgress), figures.in_progress),
        (Some(Status::WaitingCustomer), figures.waiting_customer),
        (Some(Status::Resolved), figures.resolved),
    ]
    .into_iter()
    .map(|(status, count)| ShownFigure {
        count: dates::grouped(count),
        tone: status.map_or("total", Status::as_str),
        href: match status {
            None => "/admin/support".to_owned(),
            Some(status) => format!("/admin/support?status={}", status.as_str()),
        },
        current: shown == Some(status),
    })
    .collect()
}
