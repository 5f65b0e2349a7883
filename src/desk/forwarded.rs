//! A mail that an agent forwards to us: it opens the ticket of whoever wrote it first.
//!
//! Anybody can write an agent's address into From. So a forward does no more than a forged mail of the user could do:
//! it opens a ticket. It is never added to one that exists, never answers anybody, and what stands above it is shown as
//! unverified.

use super::file::hold;
use super::later::{Later, Opening};
use super::receive::{Filed, Forwarded, distinct_words};
use super::{Inner, Result};
use crate::domain::address::{is_own, is_program};
use crate::domain::event::EventDetail;
use crate::domain::ids::RawMailId;
use crate::domain::mail::Shape;
use crate::domain::message::Direction;
use crate::domain::people::{Agent, Door};
use crate::store::Tx;
use crate::store::messages::NewMessage;
use crate::wording;
use chrono::{DateTime, Utc};

impl Inner {
    /// Opens a ticket for the writer of a forwarded mail, with what the agent wrote above it as an internal note.
    pub(super) async fn open_forwarded<'a>(
        &self,
        tx: &mut Tx,
        later: &mut Later<'a>,
        id: RawMailId,
        forwarded: &'a Forwarded,
        agent: &Agent,
        now: DateTime<Utc>,
    ) -> Result<Filed> {
        let Some(writer) = forwarded.digest.sender() else { return hold(tx, id, "no sender").await };
        if is_own(&writer.address, &self.settings.own_addresses) {
            return hold(tx, id, "a forward of our own mail").await;
        }
        if is_program(&writer.address) {
            return hold(tx, id, "a forward of a program's mail").await;
        }
        let detail = EventDetail { forwarded_by: Some(agent.name.clone()), ..EventDetail::default() };
        let people = Vec::new();
        let opening = Opening {
            id,
            digest: &forwarded.digest,
            sender: writer,
            detail,
            people,
            refuted: false,
            door: Door::Mail,
        };
        let Some(ticket) = later.open_now(tx, opening, now).await? else { return Ok(Filed::Ignored) };
        if !forwarded.note.is_empty() {
            let note = NewMessage {
                ticket,
                direction: Direction::Note,
                mark: None,
                author: &wording::mail::unverified_author(&agent.name),
                sender: None,
                refuted: false,
                at: now,
                text: &forwarded.note,
                quoted: "",
                raw_mail: Some(id),
                shape: Shape::default(),
            };
            let message = tx.add_message(&note).await?;
            tx.index_messages(&[(message, &distinct_words(&forwarded.note))]).await?;
        }
        Ok(Filed::Created(ticket))
    }
}
