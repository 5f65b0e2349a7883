//! What is held of a person: all of it, for them; and none of it, when they ask for that. What stays of an erased person are
//! numbers, times and statuses, so that no figure of the past changes.

use super::board::{read_cards, requester_view};
use super::failure::refuse;
use super::people::known_requester;
use super::receive::distinct_words;
use super::run::persist;
use super::{Desk, Inner, Result, unpack};
use crate::domain::audit::{AuditDetail, AuditKind, By, Counts};
use crate::domain::chat::PostKind;
use crate::domain::event::{EventDetail, EventKind};
use crate::domain::ids::{RawMailId, RequesterId, TicketId};
use crate::domain::people::Requester;
use crate::domain::refusal::Refusal;
use crate::domain::retention::{reason_kept, without_words};
use crate::domain::ticket::Ticket;
use crate::store::Tx;
use crate::store::lists::Narrowing;
use crate::store::privacy::Line;
use crate::store::tickets::NewEvent;
use crate::view::RequesterView;
use crate::view::held::{HeldOf, PersonCounts};
use crate::wording;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::HashSet;

/// How many of their tickets are named beside the count.
const NAMED: i64 = 50;

/// What became of an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasure {
    /// This much was taken away.
    Now(Counts),
    /// It was done before.
    Before,
}

#[allow(clippy::missing_errors_doc, reason = "an unknown requester, and the database's")]
impl Desk {
    /// The number of a requester, by their address.
    pub async fn number_of(&self, email: &str) -> Result<RequesterId> {
        Ok(known_requester(&mut self.inner.store.read().await?, email).await?.id)
    }

    /// The number of a ticket's requester.
    pub async fn requester_of(&self, id: TicketId) -> Result<RequesterId> {
        match self.inner.store.read().await?.ticket(id).await? {
            Some(ticket) => Ok(ticket.requester),
            None => refuse(Refusal::NoSuchTicket(id)),
        }
    }

    /// What is held of a person, counted; `None` for a number that is nobody's.
    pub async fn held_of(&self, id: RequesterId) -> Result<Option<HeldOf>> {
        let mut tx = self.inner.store.read().await?;
        let Some(requester) = tx.find_requester(id).await? else { return Ok(None) };
        let narrowing = Narrowing { requester: Some(id), ..Narrowing::default() };
        let tickets = tx.list(&narrowing, NAMED).await?.tickets;
        let email = requester.email.clone();
        let tally = tx.tally(id, &email).await?;
        let held = HeldOf {
            id,
            known_since: tx.known_since(id).await?,
            blocked: requester.blocked_at.is_some(),
            erased: requester.is_erased(),
            managed: tx.is_managed(id).await?,
            counts: PersonCounts {
                tickets: tally.tickets,
                messages: tally.messages,
                files: tally.files,
                mails: tally.mails,
                sent_mails: tally.sent_mails,
                notifications: tally.notifications,
                devices: tx.count_subscriptions(id).await?,
                accounts: tally.accounts,
                elsewhere: tally.elsewhere,
                takes_part: tally.takes_part,
            },
            tickets: read_cards(&mut tx, tickets).await?,
            requester: RequesterView {
                suppressed: tx.suppressed(&email).await?,
                ..requester_view(requester)
            },
        };
        Ok(Some(held))
    }

    /// All that is held of a person but their mails, whose numbers in the journal come with it: what [`Desk::mail_of`] gives.
    /// The audit log says that it was given out.
    pub async fn export(&self, id: RequesterId, by: &By) -> Result<Option<(Value, Vec<RawMailId>)>> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.read().await?;
        let Some(requester) = tx.find_requester(id).await? else { return Ok(None) };
        let mails = tx.mails_held(id, &requester.email).await?;
        let whole = self.whole(&mut tx, &requester, now).await?;
        drop(tx);
        let tickets = whole["tickets"].as_array().map_or(0, Vec::len) as u64;
        let counts = Counts { tickets, mails: mails.len() as u64, ..Counts::default() };
        let detail = AuditDetail { person: Some(id.0), counts, ..AuditDetail::default() };
        let mut tx = self.inner.store.begin().await?;
        tx.audit(by, AuditKind::PersonExported, &detail, now).await?;
        tx.commit().await?;
        Ok(Some((whole, mails)))
    }

    async fn whole(&self, tx: &mut Tx, requester: &Requester, now: DateTime<Utc>) -> Result<Value> {
        let (id, email) = (requester.id, requester.email.as_str());
        let mut tickets = Vec::new();
        for ticket in tx.tickets_of(id).await?.into_iter().rev() {
            let Some(ticket) = tx.ticket(ticket).await? else { continue };
            tickets.push(super::board::read_ticket(tx, ticket, self.rules()).await?);
        }
        let told = tx.all_told(id).await?.into_iter().map(|(ticket, title, message, at)| {
            json!({ "ticket": ticket, "title": title, "message": message, "at": at })
        });
        let told: Vec<Value> = told.collect();
        let accounts = tx.accounts_of(id).await?.into_iter();
        let accounts: Vec<Value> =
            accounts.map(|(platform, account)| json!({ "platform": platform, "id": account })).collect();
        let elsewhere = tx.written_elsewhere(id, email).await?.into_iter();
        let elsewhere: Vec<Value> =
            elsewhere.map(|(ticket, at, text)| json!({ "ticket": ticket, "at": at, "text": text })).collect();
        let takes_part = tx.takes_part_in(email).await?.into_iter();
        let takes_part: Vec<Value> = takes_part
            .map(|(ticket, state, since)| json!({ "ticket": ticket, "state": state, "since": since }))
            .collect();
        let mut view = requester_view(requester.clone());
        view.suppressed = tx.suppressed(email).await?;
        view.devices = tx.count_subscriptions(id).await?;
        let mut whole = serde_json::to_value(&view).map_err(anyhow::Error::from)?;
        let more = json!({
            "number": id, "known_since": tx.known_since(id).await?, "blocked": requester.blocked_at.is_some(),
            "exported_at": now, "tickets": tickets, "notifications": told, "accounts": accounts,
            "messages_elsewhere": elsewhere, "takes_part_in": takes_part,
        });
        if let (Value::Object(whole), Value::Object(more)) = (&mut whole, more) {
            whole.extend(more);
        }
        Ok(whole)
    }

    /// A mail that [`Desk::export`] named, byte for byte; `None` where it is gone by now.
    pub async fn mail_of(&self, mail: RawMailId) -> Result<Option<Vec<u8>>> {
        let packed = self.inner.store.read().await?.mail_held(mail).await?;
        Ok(packed.map(|packed| unpack(&packed)).transpose()?)
    }

    /// Takes away all that is held of a person, in one transaction, and once. What waits to be sent to them is not; their links
    /// open nothing; a later mail of theirs is a stranger's. What stands in chat is drawn anew without their words.
    pub async fn erase(&self, id: RequesterId, by: &By) -> Result<Option<Erasure>> {
        persist(|| self.erase_once(id, by)).await
    }

    async fn erase_once(&self, id: RequesterId, by: &By) -> Result<Option<Erasure>> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let Some(requester) = tx.find_requester(id).await? else { return Ok(None) };
        if requester.is_erased() {
            return Ok(Some(Erasure::Before));
        }
        let (email, called) = (requester.email, wording::mail::erased_person());
        let mut done = HashSet::new();
        let mut gone = self.inner.blank_all(&mut tx, id, &mut done, by, now).await?;
        for (message, words) in tx.said_elsewhere(&email).await? {
            tx.forget_message(message).await?;
            tx.index_messages(&[(message, &distinct_words(&words))]).await?;
        }
        for line in tx.lines_about(&email).await? {
            let mut detail = read(&line)?;
            detail.note = None;
            detail.participants.retain(|change| change.address != email);
            let actor = if line.actor == email { called } else { &line.actor };
            tx.blank_event(line.id, actor, &written(&detail)?).await?;
        }
        gone.mails += tx.blank_requester(id, &email, called, now).await?;
        // From here on nobody opens a ticket for them; one that was opened meanwhile is seen by now.
        gone += self.inner.blank_all(&mut tx, id, &mut done, by, now).await?;
        let detail = AuditDetail { person: Some(id.0), counts: gone, ..AuditDetail::default() };
        tx.audit(by, AuditKind::PersonErased, &detail, now).await?;
        tx.commit().await?;
        self.inner.ring_chats();
        tracing::info!(requester.id = id.0, tickets = gone.tickets, "a person was erased");
        Ok(Some(Erasure::Now(gone)))
    }
}

fn read(line: &Line) -> Result<EventDetail> {
    Ok(serde_json::from_str(&line.detail).map_err(anyhow::Error::from)?)
}

fn written(detail: &EventDetail) -> Result<String> {
    Ok(serde_json::to_string(detail).map_err(anyhow::Error::from)?)
}

impl Inner {
    /// Takes the words and the names from all tickets of a person that are not `done`.
    async fn blank_all(
        &self,
        tx: &mut Tx,
        of: RequesterId,
        done: &mut HashSet<TicketId>,
        by: &By,
        now: DateTime<Utc>,
    ) -> Result<Counts> {
        let mut gone = Counts::default();
        for ticket in tx.tickets_of(of).await? {
            if !done.insert(ticket) {
                continue;
            }
            // Held until the end, like those of an act.
            let Some(ticket) = tx.lock_ticket(ticket).await? else { continue };
            gone += self.blank(tx, &ticket, EventKind::Erased, by, now).await?;
        }
        Ok(gone)
    }

    /// Takes the words and the names from a ticket, which is held for this transaction, with a line of history that says so.
    /// What stands of it in chat is drawn anew, and nothing of it is posted there that did not stand.
    pub(super) async fn blank(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        kind: EventKind,
        by: &By,
        now: DateTime<Utc>,
    ) -> Result<Counts> {
        let called = wording::mail::erased_person();
        let words = match kind {
            EventKind::Erased => wording::mail::erased_words(),
            _ => wording::mail::expired_words(),
        };
        let ours = [wording::labels::UNANSWERED];
        let messages = tx.messages_on(ticket.id).await?;
        for line in tx.lines_of(ticket.id).await? {
            let detail = read(&line)?;
            let is_ours =
                line.agent.is_some() || detail.team.is_some() || line.actor == By::program(by.door).name;
            let actor = if is_ours { &line.actor } else { called };
            let detail = without_words(detail, &ours, words);
            tx.blank_event(line.id, actor, &written(&detail)?).await?;
        }
        let reason = ticket.reason.as_deref().map(|reason| reason_kept(reason, &ours, words));
        let mails = tx.blank_ticket(ticket.id, called, words, reason, now).await?;
        let happened = NewEvent {
            ticket: ticket.id,
            at: now,
            kind,
            door: by.door,
            agent: by.agent,
            actor: &by.name,
            detail: &EventDetail::default(),
            version_after: ticket.version,
            source_key: None,
        };
        let event = tx.add_event(&happened).await?;
        self.redraw(tx, ticket.id, now).await?;
        // What was still on its way, drawn with the words, is drawn once more; of an old ticket nothing is.
        if kind == EventKind::Erased {
            self.tell_chats(tx, event, &happened, ticket.assignee.is_some()).await?;
            for platform in &self.settings.chats {
                for message in &messages {
                    tx.add_post(*platform, PostKind::Message, Some(ticket.id), message.0, now, now).await?;
                }
            }
        }
        Ok(Counts { tickets: 1, messages: messages.len() as u64, mails, ..Counts::default() })
    }
}
