//! What the host application asks of us by its token: it knows the users, opens tickets for them, and shows them what they
//! were told.

use super::answer::{PAGE, keep};
use super::links::{Grant, Purpose};
use super::people::{known_requester, name_of};
use super::receive::Arrived;
use super::requester::{StoredNotification, bearer, shown_tickets};
use super::{Desk, Inner, Result, random_hex};
use crate::domain::audit::{AuditDetail, AuditKind};
use crate::domain::hex::hex;
use crate::domain::ids::{AgentId, NotificationId, RequesterId, TicketId};
use crate::domain::people::{Door, Requester};
use crate::domain::scope::Scope;
use crate::domain::ticket::Ticket;
use crate::view::host;
use chrono::{DateTime, Utc};

/// What became of a ticket that was to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// It is open now.
    Now(Box<HostTicket>),
    /// It was opened by the same request before.
    Before(Box<HostTicket>),
    /// This user wrote as much within the hour as is taken from one.
    TooMany,
    /// This user's mail opens no ticket.
    Blocked,
}

/// A ticket with its requester's own page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostTicket {
    /// It.
    pub ticket: Ticket,
    /// Where its requester reads and answers it.
    pub page: String,
}

impl From<Requester> for host::User {
    fn from(requester: Requester) -> host::User {
        let preference = requester.preference.as_str();
        host::User { email: requester.email, name: requester.name, preference }
    }
}

impl From<HostTicket> for host::Ticket {
    fn from(HostTicket { ticket, page }: HostTicket) -> host::Ticket {
        host::Ticket {
            id: ticket.id.0,
            subject: ticket.subject,
            status: ticket.status.as_str(),
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
            url: page,
        }
    }
}

impl From<(StoredNotification, String)> for host::Notification {
    fn from((told, url): (StoredNotification, String)) -> host::Notification {
        host::Notification {
            id: told.id.0,
            ticket: told.ticket.0,
            kind: told.kind.as_str(),
            title: told.title,
            message: told.message,
            at: told.at,
            read: told.read_at.is_some(),
            url,
        }
    }
}

#[allow(
    clippy::missing_errors_doc,
    reason = "all of them: the database's, and an unknown user where one is named"
)]
impl Desk {
    /// Makes a token that opens these; only its hash is kept.
    pub async fn make_api_token(&self, agent: AgentId, scopes: &[Scope]) -> Result<String> {
        let now = self.inner.clock.now();
        let token = format!("guichet_{}", random_hex()?);
        let mut tx = self.inner.store.begin().await?;
        tx.add_api_token(agent, &token_hash(&token), scopes, now).await?;
        let (agent, scopes) = (name_of(&mut tx, agent).await?, scopes.to_vec());
        let detail = AuditDetail { agent, scopes, ..AuditDetail::default() };
        self.tell_audit(&mut tx, AuditKind::TokenMade, detail, now).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Ends all tokens of an agent; how many there were.
    pub async fn end_api_tokens(&self, agent: AgentId) -> Result<u64> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let ended = tx.end_api_tokens(agent).await?;
        let (agent, tokens) = (name_of(&mut tx, agent).await?, Some(ended));
        let detail = AuditDetail { agent, tokens, ..AuditDetail::default() };
        self.tell_audit(&mut tx, AuditKind::TokensEnded, detail, now).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// What a token opens.
    pub async fn api_token(&self, token: &str) -> Result<Option<Vec<Scope>>> {
        Ok(self.inner.store.read().await?.api_token(&token_hash(token)).await?)
    }

    /// Somebody who is known, by their address.
    pub async fn known_user(&self, email: &str) -> Result<Requester> {
        known_requester(&mut self.inner.store.read().await?, email).await
    }

    /// Opens a ticket for whoever wrote the mail, which never travelled.
    pub async fn host_ticket(&self, mail: Arrived) -> Result<Opened> {
        let inner = &self.inner;
        let now = inner.clock.now();
        let mut tx = inner.store.begin().await?;
        let digest = mail.digest()?;
        let sender = digest.sender().ok_or_else(|| anyhow::anyhow!("a ticket of nobody's"))?;
        if let Some(ticket) = tx.ticket_of_mail(mail.identity()).await? {
            let before = tx.ticket(ticket).await?.ok_or_else(|| anyhow::anyhow!("a mail of no ticket"))?;
            return Ok(Opened::Before(Box::new(self.with_page(before, now))));
        }
        if inner.writes_too_much(&mut tx, &sender.address, now).await? {
            return Ok(Opened::TooMany);
        }
        let Some(id) = keep(&mut tx, &mail, PAGE, Some(&sender.address), now).await? else {
            // Two at once: the other has ended since.
            let ticket = tx.ticket_of_mail(mail.identity()).await?;
            let ticket = ticket.ok_or_else(|| anyhow::anyhow!("a mail of no ticket"))?;
            let before = tx.ticket(ticket).await?.ok_or_else(|| anyhow::anyhow!("a mail of no ticket"))?;
            return Ok(Opened::Before(Box::new(self.with_page(before, now))));
        };
        let mut later = inner.later(now);
        let mut opening = inner.opening(id, digest, sender);
        opening.door = Door::Api;
        let Some(ticket) = later.open_now(&mut tx, opening, now).await? else { return Ok(Opened::Blocked) };
        later.write(&mut tx, now).await?;
        let ticket = tx.ticket(ticket).await?.ok_or_else(|| anyhow::anyhow!("no ticket was opened"))?;
        tx.manage_requester(ticket.requester, now).await?;
        tx.commit().await?;
        inner.ring_chats();
        Ok(Opened::Now(Box::new(self.with_page(ticket, now))))
    }

    /// A user's tickets, the latest first; none that was merged away or was spam.
    pub async fn host_tickets(&self, email: &str, limit: i64) -> Result<Vec<HostTicket>> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.read().await?;
        let requester = known_requester(&mut tx, email).await?;
        let tickets = shown_tickets(&mut tx, requester.id, limit).await?;
        Ok(tickets.into_iter().map(|ticket| self.with_page(ticket, now)).collect())
    }

    /// What a user was told on the web, the latest first, and how much of all of it is unread.
    pub async fn host_notifications(
        &self,
        email: &str,
        before: Option<NotificationId>,
        limit: i64,
    ) -> Result<(Vec<(StoredNotification, String)>, i64)> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.read().await?;
        let requester = known_requester(&mut tx, email).await?;
        let told = tx.notifications(requester.id, before, limit, now).await?;
        let unread = tx.count_unread(requester.id, now).await?;
        Ok((self.with_pages(told, requester.id, now), unread))
    }

    /// What a user came to see after `after`, in that order, and up to when that is.
    pub async fn host_told_since(
        &self,
        email: &str,
        after: DateTime<Utc>,
    ) -> Result<(Vec<(StoredNotification, String)>, DateTime<Utc>)> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.read().await?;
        let requester = known_requester(&mut tx, email).await?;
        let told = tx.told_between(requester.id, after, now).await?;
        Ok((self.with_pages(told, requester.id, now), now))
    }

    /// What the bell in a page of the host application opens with, for this user, and until when.
    pub async fn widget_token(&self, email: &str) -> Result<(String, DateTime<Utc>)> {
        let now = self.inner.clock.now();
        let requester = known_requester(&mut self.inner.store.read().await?, email).await?.id;
        // It is about no ticket.
        let grant = Grant { requester, ticket: TicketId(0), until: now + Purpose::Widget.lasts() };
        Ok((self.inner.links.token(Purpose::Widget, grant), grant.until))
    }

    /// What the bell shows: the latest first, and how much of all is unread.
    pub async fn widget(
        &self,
        token: &str,
        limit: i64,
    ) -> Result<Option<(Vec<(StoredNotification, String)>, i64)>> {
        let now = self.inner.clock.now();
        let Some(grant) = self.inner.links.read(token, Purpose::Widget, now) else { return Ok(None) };
        let mut tx = self.inner.store.read().await?;
        let Some(requester) = bearer(&mut tx, grant, Purpose::Widget).await? else { return Ok(None) };
        let told = tx.notifications(requester.id, None, limit, now).await?;
        let unread = tx.count_unread(requester.id, now).await?;
        Ok(Some((self.with_pages(told, requester.id, now), unread)))
    }

    /// Notes that a user read one of them, or all where none is named; how many they had not.
    pub async fn host_read(&self, email: &str, which: Option<NotificationId>) -> Result<u64> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let requester = known_requester(&mut tx, email).await?;
        let read = tx.mark_read(requester.id, which, now).await?;
        self.inner.tell_read(&mut tx, &read, now).await?;
        tx.commit().await?;
        self.inner.ring_hooks();
        Ok(read.len() as u64)
    }

    fn with_page(&self, ticket: Ticket, now: DateTime<Utc>) -> HostTicket {
        let page = self.inner.page(ticket.requester, ticket.id, now);
        HostTicket { ticket, page }
    }

    fn with_pages(
        &self,
        told: Vec<StoredNotification>,
        requester: RequesterId,
        now: DateTime<Utc>,
    ) -> Vec<(StoredNotification, String)> {
        let with_page = |told: StoredNotification| {
            let page = self.inner.page(requester, told.ticket, now);
            (told, page)
        };
        told.into_iter().map(with_page).collect()
    }
}

impl Inner {
    /// The requester's own page of a ticket.
    pub(super) fn page(&self, requester: RequesterId, ticket: TicketId, now: DateTime<Utc>) -> String {
        self.links.url(Purpose::Ticket, Grant::of_mail(requester, ticket, now))
    }
}

/// What the database knows of a token.
fn token_hash(token: &str) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, token.as_bytes()).as_ref())
}
