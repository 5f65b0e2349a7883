//! What a requester may see by a signed link, and how they choose to be told. Nothing but what is named here leaves by it: a
//! page cannot show a note that it was never given. May import: domain, store.

use super::links::{Grant, Links, Purpose};
use super::run::persist;
use super::timetable::Past;
use super::{Desk, Inner, Result, unpack};
use crate::domain::event::{EventDetail, EventKind};
use crate::domain::feedback::{Asked, asked};
use crate::domain::ids::{DeliveryId, MessageId, NotificationId, RequesterId, TicketId};
use crate::domain::mail::{Attachment, Original};
use crate::domain::message::Direction;
use crate::domain::participant::Participation;
use crate::domain::people::{Door, Requester};
use crate::domain::preference::Preference;
use crate::domain::threading::AnswerTo;
use crate::domain::ticket::{SPAM, Status, Ticket};
use crate::store::Tx;
use crate::store::lists::Narrowing;
use crate::store::messages::StoredMessage;
pub use crate::store::notifications::StoredNotification;
use crate::store::tickets::NewEvent;
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// How many of their tickets, and of their notifications, a requester's page lists.
const LISTED: i64 = 100;

/// A page of a requester, with what stands on each of their pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own<T> {
    /// Their address.
    pub email: String,
    /// Their name, may be empty.
    pub name: String,
    /// Their other pages.
    pub pages: OwnPages,
    /// What the page shows.
    pub shown: T,
}

/// Where the pages of one person are, on this server: `/u/…/tickets`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPages {
    /// The ticket that the link was about.
    pub ticket: String,
    /// All their tickets.
    pub tickets: String,
    /// What they were told on the web.
    pub notifications: String,
    /// How they are told.
    pub preferences: String,
    /// What they think of the help.
    pub feedback: String,
    /// How many notifications they have not read.
    pub unread: i64,
}

/// A ticket as its requester sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnTicket {
    /// Its number.
    pub id: TicketId,
    /// Its subject, may be empty.
    pub subject: String,
    /// Where it stands.
    pub status: Status,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// Who takes part beside the requester: their names, or their addresses where they have none. Those whom a CM has
    /// yet to decide about, or has refused, are not among them.
    pub in_copy: Vec<String>,
    /// What an answer to it does.
    pub answer: AnswerTo,
    /// Whether they are asked what they think of the help.
    pub feedback: Asked,
    /// The public conversation, oldest first.
    pub messages: Vec<OwnMessage>,
}

/// One entry of the public conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMessage {
    /// Its number.
    pub id: MessageId,
    /// The team wrote it, and which of them does not matter.
    pub from_team: bool,
    /// Who takes part and wrote it; `None` where the team or the requester did.
    pub participant: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// What was written, without quotations and signature.
    pub text: String,
    /// The files that came with it.
    pub attachments: Vec<Attachment>,
}

/// A line of the requester's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnLine {
    /// Its number.
    pub id: TicketId,
    /// Its subject, may be empty.
    pub subject: String,
    /// Where it stands.
    pub status: Status,
    /// When something last happened on it.
    pub updated_at: DateTime<Utc>,
    /// Its page.
    pub page: String,
}

/// A notification, with the page of its ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnNotification {
    /// What was told.
    pub told: StoredNotification,
    /// The ticket's page.
    pub page: String,
}

/// A choice that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The choice before.
    pub before: Preference,
    /// The choice from now on; may be the same.
    pub after: Preference,
    /// How many browsers are told by push.
    pub devices: i64,
}

/// Each of these is `None` for a link that is not ours, was altered or ended, is for something else, or is past its end:
/// who asks is not told which.
#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// The ticket that a link shows. An answer is part of it once it can no longer be taken back, as with its mail.
    pub async fn own_ticket(&self, token: &str) -> Result<Option<Own<OwnTicket>>> {
        let now = self.inner.clock.now();
        let Some(mut visit) = self.inner.visit(token, Purpose::Ticket, now).await? else { return Ok(None) };
        let (ticket, email) = (visit.ticket.clone(), visit.requester.email.clone());
        let tx = &mut visit.tx;
        let mut files: HashMap<MessageId, Vec<Attachment>> = HashMap::new();
        for (message, attachment) in tx.attachments(ticket.id).await? {
            files.entry(message).or_default().push(attachment);
        }
        let mut messages = Vec::new();
        for message in tx.messages(ticket.id).await? {
            if !self.inner.is_public(&message, now) {
                continue;
            }
            let from_team = message.direction == Direction::Outbound;
            let others = !from_team && message.sender.as_ref().is_some_and(|sender| *sender != email);
            let attachments = files.remove(&message.id).unwrap_or_default();
            let (_, attachments) =
                message.original.unwrap_or(Original::Kept).leaves(message.shape, attachments);
            messages.push(OwnMessage {
                id: message.id,
                from_team,
                participant: others.then_some(message.author),
                at: message.at,
                text: message.text,
                attachments,
            });
        }
        let participants = tx.participants(ticket.id).await?.into_iter();
        let in_copy = participants
            .filter(|participant| participant.state == Participation::In)
            .map(
                |participant| {
                    if participant.name.is_empty() { participant.address } else { participant.name }
                },
            )
            .collect();
        let feedback = feedback_asked(tx, &ticket).await?;
        let answer = match ticket.reason.as_deref() {
            Some(SPAM) => AnswerTo::Goes,
            _ if self.inner.is_past(&ticket, now) => AnswerTo::Follows,
            _ if ticket.status.is_settled() => AnswerTo::Reopens,
            _ => AnswerTo::Goes,
        };
        let Ticket { id, subject, status, created_at, .. } = ticket;
        self.inner
            .own(
                visit,
                OwnTicket { id, subject, status, created_at, in_copy, answer, feedback, messages },
                now,
            )
            .await
    }

    /// A file of that conversation, with the mail that it came in.
    pub async fn own_file(
        &self,
        token: &str,
        message: MessageId,
        part: u32,
    ) -> Result<Option<(Attachment, Vec<u8>)>> {
        let now = self.inner.clock.now();
        let Some(mut visit) = self.inner.visit(token, Purpose::Ticket, now).await? else { return Ok(None) };
        let messages = visit.tx.messages(visit.ticket.id).await?;
        if !messages.iter().any(|one| one.id == message && self.inner.is_public(one, now)) {
            return Ok(None);
        }
        let file = visit.tx.attachment(message, part).await?;
        let raw = visit.tx.raw_of_message(message).await?;
        let Some((file, packed)) = file.zip(raw) else { return Ok(None) };
        Ok(Some((file, unpack(&packed)?)))
    }

    /// All tickets of a requester, the latest first.
    pub async fn own_tickets(&self, token: &str) -> Result<Option<Own<Vec<OwnLine>>>> {
        let now = self.inner.clock.now();
        let Some(mut visit) = self.inner.visit(token, Purpose::Tickets, now).await? else { return Ok(None) };
        let tickets = shown_tickets(&mut visit.tx, visit.requester.id, LISTED).await?;
        let lines = tickets
            .into_iter()
            .map(|ticket| OwnLine {
                page: self.inner.links.path(Purpose::Ticket, Grant { ticket: ticket.id, ..visit.grant }),
                id: ticket.id,
                subject: ticket.subject,
                status: ticket.status,
                updated_at: ticket.updated_at,
            })
            .collect();
        self.inner.own(visit, lines, now).await
    }

    /// What a requester was told on the web, the latest first.
    pub async fn own_notifications(&self, token: &str) -> Result<Option<Own<Vec<OwnNotification>>>> {
        let now = self.inner.clock.now();
        let visit = self.inner.visit(token, Purpose::Notifications, now).await?;
        let Some(mut visit) = visit else { return Ok(None) };
        let told = visit.tx.notifications(visit.requester.id, None, LISTED, now).await?;
        let page = |ticket| self.inner.links.path(Purpose::Ticket, Grant { ticket, ..visit.grant });
        let told = told.into_iter().map(|told| OwnNotification { page: page(told.ticket), told }).collect();
        self.inner.own(visit, told, now).await
    }

    /// Notes that one of them was read, or all where none is named, by a link for `purpose`. Gives back how many were not.
    pub async fn read_notifications(
        &self,
        token: &str,
        purpose: Purpose,
        which: Option<NotificationId>,
    ) -> Result<Option<u64>> {
        let now = self.inner.clock.now();
        let Some(grant) = self.inner.links.read(token, purpose, now) else { return Ok(None) };
        let mut tx = self.inner.store.begin().await?;
        let Some(requester) = bearer(&mut tx, grant, purpose).await? else { return Ok(None) };
        let read = tx.mark_read(requester.id, which, now).await?;
        self.inner.tell_read(&mut tx, &read, now).await?;
        tx.commit().await?;
        self.inner.ring_hooks();
        Ok(Some(read.len() as u64))
    }

    /// The preference that a link for `purpose` may change, and how many browsers are told by push.
    pub async fn own_preference(
        &self,
        token: &str,
        purpose: Purpose,
    ) -> Result<Option<Own<(Preference, i64)>>> {
        let now = self.inner.clock.now();
        let Some(mut visit) = self.inner.visit(token, purpose, now).await? else { return Ok(None) };
        let preference = visit.requester.preference;
        let devices = visit.tx.count_subscriptions(visit.requester.id).await?;
        self.inner.own(visit, (preference, devices), now).await
    }

    /// Sets the preference, and writes who did it into the history of the ticket whose mail held the link.
    pub async fn choose_preference(&self, token: &str, to: Preference) -> Result<Option<Own<Choice>>> {
        self.choose(token, Purpose::Preferences, |_| to).await
    }

    /// Ends the e-mails and leaves the other channels as they are. Doing it again changes nothing.
    pub async fn unsubscribe(&self, token: &str) -> Result<Option<Own<Choice>>> {
        self.choose(token, Purpose::Unsubscribe, Preference::without_email).await
    }

    async fn choose(
        &self,
        token: &str,
        purpose: Purpose,
        to: impl Fn(Preference) -> Preference,
    ) -> Result<Option<Own<Choice>>> {
        let now = self.inner.clock.now();
        let Some(grant) = self.inner.links.read(token, purpose, now) else { return Ok(None) };
        let chosen = persist(|| self.inner.choose_once(grant, purpose, &to, now)).await?;
        let Some((ticket, requester, after)) = chosen else { return Ok(None) };
        self.inner.ring_chats();
        let before = requester.preference;
        let mut tx = self.inner.store.read().await?;
        let devices = tx.count_subscriptions(requester.id).await?;
        self.inner.own(Visit { tx, grant, ticket, requester }, Choice { before, after, devices }, now).await
    }

    /// The links that the mail of a delivery carries.
    pub async fn links_of_mail(&self, id: DeliveryId) -> Result<Option<Links>> {
        let mut tx = self.inner.store.read().await?;
        let Some(delivery) = tx.delivery(id).await? else { return Ok(None) };
        let Some(ticket) = tx.ticket(delivery.ticket).await? else { return Ok(None) };
        let requester = tx.requester(ticket.requester).await?;
        // A copy to somebody else carries none.
        if delivery.address.as_deref() != Some(requester.email.as_str()) {
            return Ok(None);
        }
        let at = links_from(&requester, delivery.created_at);
        Ok(Some(self.inner.links.links(ticket.requester, ticket.id, at)))
    }
}

/// Somebody who came by a link, and what it opens.
pub(super) struct Visit {
    pub(super) tx: Tx,
    pub(super) grant: Grant,
    pub(super) ticket: Ticket,
    pub(super) requester: Requester,
}

impl Inner {
    /// Reads a link.
    pub(super) async fn visit(
        &self,
        token: &str,
        purpose: Purpose,
        now: DateTime<Utc>,
    ) -> Result<Option<Visit>> {
        let Some(grant) = self.links.read(token, purpose, now) else { return Ok(None) };
        let mut tx = self.store.read().await?;
        let granted = granted_for(&mut tx, grant, purpose).await?;
        Ok(granted.map(|(ticket, requester)| Visit { tx, grant, ticket, requester }))
    }

    /// Stores a choice; with it, the ticket whose mail held the link, and the requester as they were before.
    async fn choose_once(
        &self,
        grant: Grant,
        purpose: Purpose,
        to: &impl Fn(Preference) -> Preference,
        now: DateTime<Utc>,
    ) -> Result<Option<(Ticket, Requester, Preference)>> {
        let mut tx = self.store.begin().await?;
        // The ticket before the requester, as everywhere: two that lock the other way round would wait for each other.
        tx.lock_ticket(grant.ticket).await?;
        let Some((ticket, requester)) = granted_for(&mut tx, grant, purpose).await? else { return Ok(None) };
        let (before, after) = (requester.preference, to(requester.preference));
        if before != after {
            self.set_preference(&mut tx, requester.id, after, now).await?;
            let detail = EventDetail {
                preference_from: Some(before),
                preference_to: Some(after),
                ..EventDetail::default()
            };
            // The ticket itself stays as it is: it does not rise in the queue, and a CM may still take an act back.
            let happened = NewEvent {
                ticket: ticket.id,
                at: now,
                kind: EventKind::PreferenceSet,
                door: Door::Web,
                agent: None,
                actor: &requester.email,
                detail: &detail,
                version_after: ticket.version,
                source_key: None,
            };
            let event = tx.add_event(&happened).await?;
            self.tell_chats(&mut tx, event, &happened, ticket.assignee.is_some()).await?;
        }
        tx.commit().await?;
        Ok(Some((ticket, requester, after)))
    }

    /// A page, with what stands on each.
    pub(super) async fn own<T>(
        &self,
        mut visit: Visit,
        shown: T,
        now: DateTime<Utc>,
    ) -> Result<Option<Own<T>>> {
        let path = |purpose| self.links.path(purpose, visit.grant);
        let pages = OwnPages {
            ticket: path(Purpose::Ticket),
            tickets: path(Purpose::Tickets),
            notifications: path(Purpose::Notifications),
            preferences: path(Purpose::Preferences),
            feedback: path(Purpose::Feedback),
            unread: visit.tx.count_unread(visit.requester.id, now).await?,
        };
        let Requester { email, name, .. } = visit.requester;
        Ok(Some(Own { email, name, pages, shown }))
    }

    /// Whether a message is for its requester's eyes.
    fn is_public(&self, message: &StoredMessage, now: DateTime<Utc>) -> bool {
        match message.direction {
            Direction::Inbound => message.mark.is_none(),
            Direction::Outbound => message.at <= now - self.settings.rules.undo_window,
            Direction::Note => false,
        }
    }
}

/// The tickets that a requester sees in their list, the latest first.
pub(super) async fn shown_tickets(tx: &mut Tx, requester: RequesterId, limit: i64) -> Result<Vec<Ticket>> {
    let narrowing = Narrowing { requester: Some(requester), ..Narrowing::default() };
    let page = tx.list(&narrowing, limit).await?;
    Ok(page.tickets.into_iter().filter(Ticket::is_shown_to_requester).collect())
}

/// The time that the links of a mail are made for: a mail that was written before the links were ended, and leaves after, has
/// links that open.
pub(super) fn links_from(requester: &Requester, mail_at: DateTime<Utc>) -> DateTime<Utc> {
    requester.links_since.map_or(mail_at, |since| since.max(mail_at))
}

/// Whether the requester of a ticket is asked what they think.
pub(super) async fn feedback_asked(tx: &mut Tx, ticket: &Ticket) -> Result<Asked> {
    if !ticket.status.is_settled() {
        return Ok(Asked::NotYet);
    }
    let past = Past::read(tx, ticket.clone()).await?;
    Ok(asked(&past.life(), ticket.reason.as_deref()))
}

/// The same as [`granted`]; ending the e-mails stays possible by a link that was ended, since nothing is shown by it and mail
/// providers ask for it.
async fn granted_for(tx: &mut Tx, grant: Grant, purpose: Purpose) -> Result<Option<(Ticket, Requester)>> {
    match purpose {
        Purpose::Unsubscribe => owned(tx, grant).await,
        _ => granted(tx, grant).await,
    }
}

/// Whom a link was made for, while it opens. That of the bell is about no ticket: its bearer may have none yet.
pub(super) async fn bearer(tx: &mut Tx, grant: Grant, purpose: Purpose) -> Result<Option<Requester>> {
    if purpose != Purpose::Widget {
        return Ok(granted(tx, grant).await?.map(|(_, requester)| requester));
    }
    let requester = tx.find_requester(grant.requester).await?;
    Ok(requester.filter(|requester| !is_ended(requester, grant, purpose)))
}

/// Whether the links of that time were ended. A link knows its time to the second.
fn is_ended(requester: &Requester, grant: Grant, purpose: Purpose) -> bool {
    let made_at = grant.made_at(purpose).timestamp();
    requester.links_since.is_some_and(|since| made_at < since.timestamp())
}

/// The ticket of a grant, or the one that it was merged into, and its requester, while the ticket is still theirs and the
/// link was not ended.
pub(super) async fn granted(tx: &mut Tx, grant: Grant) -> Result<Option<(Ticket, Requester)>> {
    let Some((ticket, requester)) = owned(tx, grant).await? else { return Ok(None) };
    Ok((!is_ended(&requester, grant, Purpose::Ticket)).then_some((ticket, requester)))
}

async fn owned(tx: &mut Tx, grant: Grant) -> Result<Option<(Ticket, Requester)>> {
    let mut ticket = tx.ticket(grant.ticket).await?;
    while let Some(into) = ticket.as_ref().and_then(|ticket| ticket.merged_into) {
        ticket = tx.ticket(into).await?;
    }
    let Some(ticket) = ticket.filter(|ticket| ticket.requester == grant.requester) else { return Ok(None) };
    let requester = tx.requester(ticket.requester).await?;
    Ok(Some((ticket, requester)))
}
