//! What a requester may see and do by a signed link. Nothing but what is named here leaves by it: a page cannot show a
//! note that it was never given. May import: domain, store.

use super::links::{Grant, Links, Purpose};
use super::{Desk, Result};
use crate::domain::event::{EventDetail, EventKind};
use crate::domain::ids::{DeliveryId, MessageId, TicketId};
use crate::domain::mail::Attachment;
use crate::domain::message::Direction;
use crate::domain::participant::Participation;
use crate::domain::people::{Door, Requester};
use crate::domain::preference::Preference;
use crate::domain::ticket::{Status, Ticket};
use crate::store::Tx;
use crate::store::tickets::NewEvent;
use chrono::{DateTime, Utc};
use std::collections::HashMap;

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
    /// The public conversation, oldest first.
    pub messages: Vec<OwnMessage>,
}

/// One entry of the public conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMessage {
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

/// How a requester is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPreference {
    /// Their address.
    pub email: String,
    /// Their choice.
    pub preference: Preference,
}

/// A choice that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Their address.
    pub email: String,
    /// The choice before.
    pub before: Preference,
    /// The choice from now on; may be the same.
    pub after: Preference,
}

/// Each of these is `None` for a link that is not ours, was altered, is for something else, or is past its end: who
/// asks is not told which.
#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// The ticket that a link shows. An answer is part of it once it can no longer be taken back, as with its mail.
    pub async fn own_ticket(&self, token: &str) -> Result<Option<OwnTicket>> {
        let now = self.inner.clock.now();
        let Some(grant) = self.inner.links.read(token, Purpose::Ticket, now) else { return Ok(None) };
        let mut tx = self.inner.store.read().await?;
        let Some((ticket, requester)) = granted(&mut tx, grant).await? else { return Ok(None) };
        let mut files: HashMap<MessageId, Vec<Attachment>> = HashMap::new();
        for (message, attachment) in tx.attachments(ticket.id).await? {
            files.entry(message).or_default().push(attachment);
        }
        let left_before = now - self.inner.settings.rules.undo_window;
        let mut messages = Vec::new();
        for message in tx.messages(ticket.id).await? {
            let from_team = match message.direction {
                Direction::Inbound if message.mark.is_none() => false,
                Direction::Outbound if message.at <= left_before => true,
                Direction::Inbound | Direction::Outbound | Direction::Note => continue,
            };
            let attachments = files.remove(&message.id).unwrap_or_default();
            let others =
                !from_team && message.sender.as_ref().is_some_and(|sender| *sender != requester.email);
            let participant = others.then_some(message.author);
            messages.push(OwnMessage {
                from_team,
                participant,
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
        let Ticket { id, subject, status, created_at, .. } = ticket;
        Ok(Some(OwnTicket { id, subject, status, created_at, in_copy, messages }))
    }

    /// The preference that a link for `purpose` may change.
    pub async fn own_preference(&self, token: &str, purpose: Purpose) -> Result<Option<OwnPreference>> {
        let Some(grant) = self.inner.links.read(token, purpose, self.inner.clock.now()) else {
            return Ok(None);
        };
        let mut tx = self.inner.store.read().await?;
        let requester = granted(&mut tx, grant).await?.map(|(_, requester)| requester);
        Ok(requester.map(|Requester { email, preference, .. }| OwnPreference { email, preference }))
    }

    /// Sets the preference, and writes who did it into the history of the ticket whose mail held the link.
    pub async fn choose_preference(&self, token: &str, to: Preference) -> Result<Option<Choice>> {
        self.choose(token, Purpose::Preferences, |_| to).await
    }

    /// Ends the e-mails and leaves the other channels as they are. Doing it again changes nothing.
    pub async fn unsubscribe(&self, token: &str) -> Result<Option<Choice>> {
        self.choose(token, Purpose::Unsubscribe, Preference::without_email).await
    }

    async fn choose(
        &self,
        token: &str,
        purpose: Purpose,
        to: impl Fn(Preference) -> Preference,
    ) -> Result<Option<Choice>> {
        let now = self.inner.clock.now();
        let Some(grant) = self.inner.links.read(token, purpose, now) else { return Ok(None) };
        let mut tx = self.inner.store.begin().await?;
        // The ticket before the requester, as everywhere: two that lock the other way round would wait for each other.
        tx.lock_ticket(grant.ticket).await?;
        let Some((ticket, requester)) = granted(&mut tx, grant).await? else { return Ok(None) };
        let (before, after) = (requester.preference, to(requester.preference));
        if before != after {
            tx.set_preference(requester.id, after).await?;
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
            self.inner.tell_chats(&mut tx, event, &happened, ticket.assignee.is_some()).await?;
        }
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(Some(Choice { email: requester.email, before, after }))
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
        Ok(Some(self.inner.links.links(ticket.requester, ticket.id, delivery.created_at)))
    }
}

/// The ticket of a grant, or the one that it was merged into, and its requester, while the ticket is still theirs.
async fn granted(tx: &mut Tx, grant: Grant) -> Result<Option<(Ticket, Requester)>> {
    let mut ticket = tx.ticket(grant.ticket).await?;
    while let Some(into) = ticket.as_ref().and_then(|ticket| ticket.merged_into) {
        ticket = tx.ticket(into).await?;
    }
    match ticket {
        Some(ticket) if ticket.requester == grant.requester => {
            let requester = tx.requester(ticket.requester).await?;
            Ok(Some((ticket, requester)))
        }
        _ => Ok(None),
    }
}
