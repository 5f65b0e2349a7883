//! Agents and requesters: who they are, how they want to be told.

use super::board::{read_cards, requester_view};
use super::failure::refuse;
use super::run::persist;
use super::{Desk, Inner, Result};
use crate::domain::audit::{AuditDetail, AuditKind};
use crate::domain::delivery::{Channel, SkipReason};
use crate::domain::ids::{AgentId, RequesterId};
use crate::domain::people::{Agent, Requester, normal_address};
use crate::domain::preference::Preference;
use crate::domain::refusal::Refusal;
use crate::store::Tx;
use crate::store::lists::Narrowing;
use crate::view::{Person, RequesterView};
use crate::wording;
use chrono::{DateTime, Utc};

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// The agent with this name, whatever its case and accents.
    pub async fn agent_by_name(&self, name: &str) -> Result<Option<Agent>> {
        Ok(self.inner.store.read().await?.agent_by_name(name).await?)
    }

    /// The Argon2 hash of an agent's password.
    pub async fn password_hash(&self, agent: AgentId) -> Result<Option<String>> {
        Ok(self.inner.store.read().await?.password_hash(agent).await?)
    }

    /// A requester and their tickets.
    pub async fn person(&self, email: &str) -> Result<Person> {
        let mut tx = self.inner.store.read().await?;
        read_person(&mut tx, email).await
    }

    /// Makes a requester known, or changes what is known of them. Their record is kept from then on, whatever becomes of their
    /// tickets: somebody else than their mail told of them.
    pub async fn set_requester(
        &self,
        email: &str,
        name: Option<&str>,
        preference: Option<Preference>,
    ) -> Result<Person> {
        let person = persist(|| self.set_requester_once(email, name, preference)).await?;
        self.inner.ring_chats();
        Ok(person)
    }

    async fn set_requester_once(
        &self,
        email: &str,
        name: Option<&str>,
        preference: Option<Preference>,
    ) -> Result<Person> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let requester = tx.meet_requester(&normal_address(email), name.unwrap_or_default(), now).await?;
        if let Some(preference) = preference {
            self.inner.set_preference(&mut tx, requester.id, preference, now).await?;
        }
        tx.manage_requester(requester.id, now).await?;
        let detail = AuditDetail { person: Some(requester.id.0), preference, ..AuditDetail::default() };
        self.tell_audit(&mut tx, AuditKind::PersonSet, detail, now).await?;
        let person = Person { changed: preference.is_some(), ..read_person(&mut tx, email).await? };
        self.inner.tell_cards(&mut tx, person.open_tickets(), now).await?;
        tx.commit().await?;
        Ok(person)
    }

    /// Every requester, by address.
    pub async fn requesters(&self) -> Result<Vec<Requester>> {
        Ok(self.inner.store.read().await?.requesters().await?)
    }

    /// Lets a blocked requester's mail open tickets again.
    pub async fn unblock(&self, email: &str) -> Result<Person> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let requester = known_requester(&mut tx, email).await?;
        tx.set_blocked(requester.id, None).await?;
        let detail = AuditDetail { person: Some(requester.id.0), ..AuditDetail::default() };
        self.tell_audit(&mut tx, AuditKind::PersonUnblocked, detail, now).await?;
        let person = read_person(&mut tx, email).await?;
        tx.commit().await?;
        Ok(person)
    }
}

impl Inner {
    /// Stores how somebody wants to be told. Mails and pushes read it before they leave; what the web has yet to show is the row
    /// itself, and goes with the choice that closes it.
    pub(super) async fn set_preference(
        &self,
        tx: &mut Tx,
        requester: RequesterId,
        to: Preference,
        now: DateTime<Utc>,
    ) -> Result<()> {
        tx.set_preference(requester, to).await?;
        if !to.allows(Channel::Web) {
            let why = wording::labels::skip_reason(SkipReason::Preference(to));
            let undoable = now - self.settings.rules.undo_window;
            for (ticket, message) in tx.withdraw_unshown(requester, &why, undoable, now).await? {
                self.tell_receipt(tx, ticket, message.map(|id| id.0), now).await?;
            }
        }
        Ok(())
    }
}

/// The name of an agent, for the audit log.
pub(super) async fn name_of(tx: &mut Tx, agent: AgentId) -> Result<Option<String>> {
    Ok(tx.agent(agent).await?.map(|agent| agent.name))
}

pub(super) async fn known_requester(tx: &mut Tx, email: &str) -> Result<Requester> {
    match tx.requester_by_email(&normal_address(email)).await? {
        Some(requester) => Ok(requester),
        None => refuse(Refusal::NoSuchRequester(email.to_owned())),
    }
}

#[allow(clippy::missing_errors_doc, reason = "the database's")]
impl Desk {
    /// Whoever asked for help last, if anybody did.
    pub async fn latest_requester(&self) -> Result<Option<Requester>> {
        let mut tx = self.inner.store.read().await?;
        match tx.list(&Narrowing::default(), 1).await?.tickets.first() {
            Some(ticket) => Ok(Some(tx.requester(ticket.requester).await?)),
            None => Ok(None),
        }
    }
}

pub(super) async fn read_person(tx: &mut Tx, email: &str) -> Result<Person> {
    let requester = known_requester(tx, email).await?;
    let narrowing = Narrowing { requester: Some(requester.id), ..Narrowing::default() };
    let page = tx.list(&narrowing, i64::MAX).await?;
    let tickets = read_cards(tx, page.tickets).await?;
    let blocked = requester.blocked_at.is_some();
    let devices = tx.count_subscriptions(requester.id).await?;
    let mut requester = RequesterView { devices, ..requester_view(requester) };
    requester.suppressed = tx.suppressed(&requester.email).await?;
    Ok(Person { requester, blocked, tickets, changed: false, revoked: false })
}
