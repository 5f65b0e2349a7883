//! One message of a ticket becomes a ticket of its own: two requests came in one conversation (guide, « Comment gérer plusieurs
//! demandes dans un même ticket ? »). The message moves with its files and the mail that it came in, so that answers to that mail
//! find the ticket they are about; the rest of the conversation stays. Whoever wrote it is the requester. Nobody is told. Two tickets
//! of one requester are made one again by merging them.

use super::apply::Act;
use super::failure::refuse;
use super::run::persist;
use super::{Desk, Result, locked};
use crate::domain::chat::PostKind;
use crate::domain::event::{Event, EventDetail, EventKind};
use crate::domain::ids::{MessageId, TicketId};
use crate::domain::message::Direction;
use crate::domain::people::{Actor, Agent, Door};
use crate::domain::refusal::Refusal;
use crate::store::tickets::NewEvent;

impl Desk {
    /// Makes a ticket of one message that came in, by a mail with this id (without angle brackets); gives its number. The same
    /// `source_key` again makes no second one.
    ///
    /// # Errors
    /// [`Refusal::NotSplit`] for a message that is not another of the ticket's, or nothing would stay without it;
    /// [`Refusal::Merged`], [`Refusal::Blocked`], and the database's.
    pub async fn split(
        &self,
        agent: &Agent,
        door: Door,
        id: TicketId,
        message: MessageId,
        rfc_id: Option<&str>,
        source_key: &str,
    ) -> Result<TicketId> {
        persist(|| self.split_once(agent, door, id, message, rfc_id, source_key)).await
    }

    async fn split_once(
        &self,
        agent: &Agent,
        door: Door,
        id: TicketId,
        message: MessageId,
        rfc_id: Option<&str>,
        source_key: &str,
    ) -> Result<TicketId> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        if let Some(event) = tx.event_by_source(source_key).await? {
            return Ok(event.ticket);
        }
        let ticket = locked(&mut tx, id).await?;
        if let Some(into) = ticket.merged_into {
            return refuse(Refusal::Merged { ticket: id, into });
        }
        let came_in = |direction| direction == Direction::Inbound;
        let messages = tx.messages(id).await?;
        let stays = messages.iter().any(|other| came_in(other.direction) && other.id != message);
        let Some(moved) = messages.iter().find(|other| other.id == message).filter(|_| stays) else {
            return refuse(Refusal::NotSplit(id));
        };
        if !came_in(moved.direction) {
            return refuse(Refusal::NotSplit(id));
        }
        let before = tx.requester(ticket.requester).await?;
        let requester = match &moved.sender {
            Some(sender) if *sender != before.email => tx.meet_requester(sender, "", now).await?,
            _ => before,
        };
        if requester.blocked_at.is_some() {
            return refuse(Refusal::Blocked(requester.email));
        }
        let opened = tx.open_tickets(&[(ticket.subject.clone(), requester.id)], None, now).await?;
        let Some(opened) = opened.first().copied() else {
            return Err(anyhow::anyhow!("no ticket was opened").into());
        };
        tx.move_message(message, opened).await?;
        if let Some(rfc_id) = rfc_id {
            // A merge leaves the ids where the mails came in.
            tx.move_ref(rfc_id, moved.origin.unwrap_or(id), opened).await?;
        }
        let detail = EventDetail { message: Some(message.0), other: Some(id.0), ..EventDetail::default() };
        let happened = NewEvent {
            ticket: opened,
            at: now,
            kind: EventKind::Created,
            door,
            agent: Some(agent.id),
            actor: &agent.name,
            detail: &detail,
            version_after: 1,
            source_key: Some(source_key),
        };
        let event = tx.add_event(&happened).await?;
        let mut new = locked(&mut tx, opened).await?;
        // Where it stands is the old ticket's thread: it comes anew in the new one's.
        for platform in &self.inner.settings.chats {
            tx.forget_place(*platform, PostKind::Message, message.0).await?;
        }
        self.inner.tell_chats(&mut tx, event, &happened, false).await?;
        self.inner.tell_hooks(&mut tx, event, &happened, new.status, now).await?;
        self.inner.replan(&mut tx, &mut new).await?;
        let act = Act {
            event: &Event::SplitInto(opened),
            actor: &Actor::Agent(agent.clone()),
            door,
            source_key: None,
            message: Some(message),
            rung: None,
        };
        self.inner.apply(&mut tx, ticket, act, now).await?;
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(opened)
    }
}
