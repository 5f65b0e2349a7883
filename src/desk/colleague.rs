//! The technical team's side of an escalated ticket: what developers write where it was escalated to is an internal note
//! of the ticket, and they say when it is mended. Nothing of it reaches the requester.

use super::apply::Act;
use super::failure::refuse;
use super::run::{Written, persist, ticket_view, write};
use super::{Desk, Inner, Result, locked};
use crate::domain::event::Event;
use crate::domain::ids::TicketId;
use crate::domain::message::Direction;
use crate::domain::people::{Actor, Door, colleague_name};
use crate::domain::refusal::Refusal;
use crate::view::View;
use crate::wording;

impl Desk {
    /// Keeps what somebody of the technical team wrote as an internal note. `who` is an [`Actor::Agent`], or an
    /// [`Actor::Colleague`] whose name is cleaned here. The same `source_key` again does nothing and answers with the
    /// ticket as it stands ([`View::Ticket`] in place of [`View::Done`]).
    ///
    /// # Errors
    /// [`Failure::Refused`](super::Failure::Refused): no such ticket, one that was merged, an empty text, or an actor of another kind;
    /// [`Failure::Broken`](super::Failure::Broken).
    pub async fn colleague_note(
        &self,
        ticket: TicketId,
        who: &Actor,
        text: &str,
        door: Door,
        source_key: &str,
    ) -> Result<View> {
        if text.trim().is_empty() {
            return refuse(Refusal::EmptyText);
        }
        self.by_colleague(ticket, who, Some(text), door, source_key).await
    }

    /// Notes that somebody of the technical team says that it is mended: a line of history and nothing else. Actors, key
    /// and errors as in [`Desk::colleague_note`].
    ///
    /// # Errors
    /// Those.
    pub async fn fixed(&self, ticket: TicketId, who: &Actor, door: Door, source_key: &str) -> Result<View> {
        self.by_colleague(ticket, who, None, door, source_key).await
    }

    async fn by_colleague(
        &self,
        ticket: TicketId,
        who: &Actor,
        note: Option<&str>,
        door: Door,
        source_key: &str,
    ) -> Result<View> {
        let who = match who {
            Actor::Agent(agent) => Actor::Agent(agent.clone()),
            Actor::Colleague(name) => match colleague_name(name).as_str() {
                "" => Actor::Colleague(wording::labels::TECHNICAL_TEAM.to_owned()),
                name => Actor::Colleague(name.to_owned()),
            },
            Actor::Requester(_) | Actor::Participant(_) | Actor::System => {
                return refuse(Refusal::UnknownPerson);
            }
        };
        let done = persist(|| self.inner.by_colleague(ticket, &who, note, door, source_key)).await;
        self.inner.ring_outbox();
        self.inner.ring_chats();
        done
    }
}

impl Inner {
    async fn by_colleague(
        &self,
        id: TicketId,
        who: &Actor,
        note: Option<&str>,
        door: Door,
        source_key: &str,
    ) -> Result<View> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        if let Some(event) = tx.event_by_source(source_key).await? {
            return ticket_view(&mut tx, event.ticket, &self.settings.rules)
                .await
                .map(|view| View::Ticket(Box::new(view)));
        }
        let ticket = locked(&mut tx, id).await?;
        let (author, by_agent) = match who {
            Actor::Agent(agent) => (agent.name.as_str(), true),
            Actor::Colleague(name) => (name.as_str(), false),
            Actor::Requester(_) | Actor::Participant(_) | Actor::System => ("", false),
        };
        let message = match note {
            Some(text) => {
                Some(write(&mut tx, &ticket, Written::by(author, Direction::Note, text), now).await?)
            }
            None => None,
        };
        let event = if note.is_some() { Event::ColleagueNoted } else { Event::Fixed };
        let act = Act { event: &event, actor: who, door, source_key: Some(source_key), message, rung: None };
        let applied = self.apply(&mut tx, ticket, act, now).await?;
        self.done_by(tx, applied, by_agent).await
    }
}
