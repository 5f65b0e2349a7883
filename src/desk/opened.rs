//! A ticket that a CM opens by hand, from what a user said elsewhere than by mail.

use super::board::read_ticket;
use super::failure::refuse;
use super::run::{Written, write};
use super::{Desk, Result};
use crate::domain::address::{is_own, usable_address};
use crate::domain::chat::Platform;
use crate::domain::event::{EventDetail, EventKind};
use crate::domain::message::Direction;
use crate::domain::people::{Agent, Door, normal_address};
use crate::domain::refusal::Refusal;
use crate::domain::threading::bare_subject;
use crate::store::tickets::NewEvent;
use crate::view::TicketView;
use crate::wording;

/// The longest subject taken, in characters.
const LONGEST_SUBJECT: usize = 250;

/// What a user said, and who they are.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Their address, as typed.
    pub email: &'a str,
    /// Their name, may be empty.
    pub name: &'a str,
    /// What it is about, may be empty.
    pub subject: &'a str,
    /// What they said.
    pub text: &'a str,
    /// Their account on a platform, to be known by next time.
    pub account: Option<(Platform, &'a str)>,
}

impl Desk {
    /// Opens a ticket for somebody. Tells them nothing. The same `source_key` again opens no second one.
    ///
    /// # Errors
    /// [`Refusal::NotAnAddress`], [`Refusal::OwnAddress`], [`Refusal::Blocked`], [`Refusal::EmptyText`], and the
    /// database's.
    pub async fn open_ticket(
        &self,
        agent: &Agent,
        door: Door,
        said: Said<'_>,
        source_key: &str,
    ) -> Result<TicketView> {
        let Some(email) = usable_address(&normal_address(said.email)) else {
            return refuse(Refusal::NotAnAddress(said.email.trim().to_owned()));
        };
        if is_own(&email, &self.inner.settings.own_addresses) {
            return refuse(Refusal::OwnAddress(email));
        }
        let text = said.text.trim();
        if text.is_empty() {
            return refuse(Refusal::EmptyText);
        }
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        if let Some(event) = tx.event_by_source(source_key).await?
            && let Some(ticket) = tx.ticket(event.ticket).await?
        {
            return read_ticket(&mut tx, ticket, self.rules()).await;
        }
        let requester = tx.meet_requester(&email, said.name.trim(), now).await?;
        if requester.blocked_at.is_some() {
            return refuse(Refusal::Blocked(email));
        }
        if let Some((platform, account)) = said.account {
            tx.keep_account(platform, account, requester.id).await?;
        }
        let subject: String = said.subject.split_whitespace().collect::<Vec<_>>().join(" ");
        let subject: String = bare_subject(&subject).chars().take(LONGEST_SUBJECT).collect();
        let subject = if subject.is_empty() { wording::mail::no_subject() } else { subject };
        let opened = tx.open_tickets(&[(subject, requester.id)], None, now).await?;
        let stored = match opened.first() {
            Some(id) => tx.ticket(*id).await?,
            None => None,
        };
        let Some(mut stored) = stored else { return Err(anyhow::anyhow!("no ticket was opened").into()) };
        let author = if requester.name.is_empty() { &requester.email } else { &requester.name };
        let sender = Some(requester.email.as_str());
        let written = Written { sender, ..Written::by(author, Direction::Inbound, text) };
        let message = write(&mut tx, &stored, written, now).await?;
        let detail = EventDetail { message: Some(message.0), ..EventDetail::default() };
        let happened = NewEvent {
            ticket: stored.id,
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
        self.inner.tell_chats(&mut tx, event, &happened, false).await?;
        self.inner.tell_hooks(&mut tx, event, &happened, stored.status, now).await?;
        self.inner.replan(&mut tx, &mut stored).await?;
        let view = read_ticket(&mut tx, stored, self.rules()).await?;
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(view)
    }

    /// Who somebody of a chat is as a requester: their address and name, where a ticket was opened for them before.
    ///
    /// # Errors
    /// The database's.
    pub async fn requester_of_account(
        &self,
        platform: Platform,
        account: &str,
    ) -> Result<Option<(String, String)>> {
        let mut tx = self.inner.store.read().await?;
        let Some(id) = tx.account(platform, account).await? else { return Ok(None) };
        let requester = tx.requester(id).await?;
        Ok(Some((requester.email, requester.name)))
    }
}
