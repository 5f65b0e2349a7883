//! Replies being written where a text, its preview and its sending are separate steps: kept as rows, so that a button
//! works after a restart, and so that two who answer the same ticket learn of each other.

use super::board::read_ticket;
use super::chat::WRITES_FOR;
use super::failure::refuse;
use super::run::With;
use super::taking_part::recipients_now;
use super::{Desk, Failure, Result};
use crate::command::grammar::Command;
use crate::domain::chat::PostKind;
use crate::domain::delivery::{Channel, Plan, plan};
use crate::domain::hex::hex;
use crate::domain::ids::{DraftId, MessageId, TicketId};
use crate::domain::message::Direction;
use crate::domain::people::{Agent, Door};
use crate::domain::push::PushRoad;
use crate::domain::refusal::Refusal;
use crate::domain::ticket::Status;
use crate::store::Tx;
use crate::store::drafts::StoredDraft;
use crate::view::{MessageView, Recipients, Told, View, Writing};
use chrono::{DateTime, Utc};

/// What came of a wish to send.
#[derive(Debug)]
pub enum Sent {
    /// It is on its way.
    Done(View),
    /// Something was said meanwhile: the writer decides once they have read it.
    Overtaken(Box<Writing>),
    /// It is not what the writer was shown: they look again.
    Changed(Box<Writing>),
}

#[allow(
    clippy::missing_errors_doc,
    reason = "all of them: a refusal of the ticket or the draft, and the database's"
)]
impl Desk {
    /// Begins a reply: with a standard reply filled in as far as it can be, with `text`, or empty. The same `source_key`
    /// again begins no second one.
    pub async fn begin_draft(
        &self,
        agent: &Agent,
        door: Door,
        ticket: TicketId,
        template: Option<&str>,
        text: &str,
        source_key: &str,
    ) -> Result<Writing> {
        let (mut text, mut then) = (text.to_owned(), None);
        if let Some(name) = template {
            let command = Command::Template { name: Some(name.to_owned()), ticket: Some(ticket) };
            let View::Draft(draft) = self.run(agent, door, command, None).await? else {
                return Err(anyhow::anyhow!("a standard reply was not drawn as a draft").into());
            };
            (text, then) = (draft.text, draft.then);
        }
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let Some(stored) = tx.ticket(ticket).await? else { return refuse(Refusal::NoSuchTicket(ticket)) };
        if let Some(into) = stored.merged_into {
            return refuse(Refusal::Merged { ticket, into });
        }
        let base = tx.latest_said(ticket).await?;
        let id = tx.begin_draft(ticket, agent.id, template, &text, then, base, now, source_key).await?;
        self.show_writers(&mut tx, ticket, now).await?;
        let writing = self.writing(&mut tx, agent, id, now).await?;
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(writing)
    }

    /// A reply of this agent that is still being written.
    pub async fn draft(&self, agent: &Agent, id: DraftId) -> Result<Writing> {
        let now = self.inner.clock.now();
        self.writing(&mut self.inner.store.read().await?, agent, id, now).await
    }

    /// Changes the text or the status that goes with it.
    pub async fn write_draft(
        &self,
        agent: &Agent,
        id: DraftId,
        text: Option<&str>,
        then: Option<Status>,
    ) -> Result<Writing> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let draft = open(&mut tx, agent, id).await?;
        let text = text.unwrap_or(&draft.text);
        tx.keep_draft(id, text, then.or(draft.then), draft.base, now).await?;
        let writing = self.writing(&mut tx, agent, id, now).await?;
        tx.commit().await?;
        Ok(writing)
    }

    /// Gives a reply up.
    pub async fn drop_draft(&self, agent: &Agent, id: DraftId) -> Result<TicketId> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let draft = open(&mut tx, agent, id).await?;
        tx.end_draft(id, false, now).await?;
        self.show_writers(&mut tx, draft.ticket, now).await?;
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(draft.ticket)
    }

    /// Keeps what an agent writes on a ticket's page, one text for each ticket and agent; an empty one gives it up.
    pub async fn keep_page_draft(
        &self,
        agent: &Agent,
        ticket: TicketId,
        template: Option<&str>,
        text: &str,
    ) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        // Held, so that two windows do not begin a draft each.
        match tx.lock_ticket(ticket).await? {
            None => return refuse(Refusal::NoSuchTicket(ticket)),
            // A page that is still open does not bring words back that were taken away.
            Some(ticket) if ticket.anonymised_at.is_some() => return Ok(()),
            Some(_) => {}
        }
        let known = tx.page_draft(ticket, agent.id).await?;
        let is_empty = text.trim().is_empty();
        let shows = match &known {
            None if is_empty => return Ok(()),
            None => {
                let base = tx.latest_said(ticket).await?;
                let key = format!("page:{}:{ticket}:{}", agent.id, now.timestamp_millis());
                tx.begin_draft(ticket, agent.id, template, text, None, base, now, &key).await?;
                true
            }
            Some(draft) if is_empty => tx.end_draft(draft.id, false, now).await?,
            Some(draft) => {
                tx.keep_draft(draft.id, text, draft.then, draft.base, now).await?;
                // The cards in chat say who writes for a while: told again before that is over.
                draft.touched_at < now - WRITES_FOR / 2
            }
        };
        if shows {
            self.show_writers(&mut tx, ticket, now).await?;
        }
        tx.commit().await?;
        if shows {
            self.inner.ring_chats();
        }
        Ok(())
    }

    /// What an agent wrote on a ticket's page and did not send, and when.
    pub async fn page_draft(
        &self,
        agent: &Agent,
        ticket: TicketId,
    ) -> Result<Option<(String, DateTime<Utc>)>> {
        let draft = self.inner.store.read().await?.page_draft(ticket, agent.id).await?;
        Ok(draft.map(|draft| (draft.text, draft.touched_at)))
    }

    /// It was sent.
    pub async fn end_page_draft(&self, agent: &Agent, ticket: TicketId) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        tx.lock_ticket(ticket).await?;
        let Some(draft) = tx.page_draft(ticket, agent.id).await? else { return Ok(()) };
        tx.end_draft(draft.id, true, now).await?;
        self.show_writers(&mut tx, ticket, now).await?;
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(())
    }

    /// Who writes a reply to a ticket, in chat or on its page.
    pub async fn writers(&self, ticket: TicketId) -> Result<Vec<String>> {
        let since = self.inner.clock.now() - WRITES_FOR;
        let writers = self.inner.store.read().await?.writers(ticket, since).await?;
        Ok(writers.into_iter().map(|(_, name)| name).collect())
    }

    /// Sends a reply, unless something was said on the ticket that the writer has not seen, or the reply is not what its
    /// preview showed any more: its text, its recipients, its roads, the status that goes with it. `shown` is the mark of
    /// that preview. A draft that was sent gives its ticket; one that was given up is refused.
    pub async fn send_draft(
        &self,
        agent: &Agent,
        door: Door,
        id: DraftId,
        shown: &str,
        to_all: bool,
        seen: MessageId,
    ) -> Result<Sent> {
        let now = self.inner.clock.now();
        let key = format!("draft:{id}");
        let mut tx = self.inner.store.read().await?;
        let draft = own(&mut tx, agent, id).await?;
        let objection = match self.writing(&mut tx, agent, id, now).await {
            Ok(writing) if writing.since.iter().any(|message| message.id > seen) => {
                Some(Ok(Sent::Overtaken(Box::new(writing))))
            }
            Ok(writing) if shown != writing.mark => Some(Ok(Sent::Changed(Box::new(writing)))),
            Ok(_) => None,
            Err(failure) => Some(Err(failure)),
        };
        // Read after the conversation: what was said meanwhile may be this very reply, by the same button.
        if let Some(objection) = objection
            && tx.event_by_source(&key).await?.is_none()
        {
            return objection;
        }
        drop(tx);
        let command = Command::Reply {
            ticket: draft.ticket,
            all: to_all,
            template: None,
            then: Some(draft.then.unwrap_or(Status::InProgress)),
            text: draft.text,
        };
        // The draft is what is sent once, however often the button is pressed. What is said between this and then keeps it
        // back as well.
        let template = draft.template.as_deref();
        let with = With { seen: Some(seen.max(draft.base)), template, ..With::default() };
        let done = match self.run_with(agent, door, command, Some(&key), with).await {
            Err(Failure::Refused(Refusal::SaidMeanwhile(_))) => {
                let mut tx = self.inner.store.read().await?;
                return Ok(Sent::Overtaken(Box::new(self.writing(&mut tx, agent, id, now).await?)));
            }
            done => done?,
        };
        let mut tx = self.inner.store.begin().await?;
        tx.end_draft(id, true, now).await?;
        self.show_writers(&mut tx, draft.ticket, now).await?;
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(Sent::Done(done))
    }

    /// The ticket's card says who writes, now and once that is over.
    async fn show_writers(&self, tx: &mut Tx, ticket: TicketId, now: DateTime<Utc>) -> Result<()> {
        self.inner.tell_cards(tx, std::iter::once(ticket), now).await?;
        for platform in &self.inner.settings.chats {
            tx.add_post(*platform, PostKind::Refresh, Some(ticket), 0, now + WRITES_FOR, now).await?;
        }
        Ok(())
    }

    async fn writing(&self, tx: &mut Tx, agent: &Agent, id: DraftId, now: DateTime<Utc>) -> Result<Writing> {
        let draft = open(tx, agent, id).await?;
        let Some(ticket) = tx.ticket(draft.ticket).await? else {
            return refuse(Refusal::NoSuchTicket(draft.ticket));
        };
        let to_all = recipients_now(tx, &ticket).await?;
        let ticket = read_ticket(tx, ticket, self.rules()).await?;
        let suppressed = ticket.requester.suppressed.clone();
        let preference = ticket.requester.preference;
        let push = PushRoad::new(self.takes_push(), ticket.requester.devices);
        let channels = plan(preference, push)
            .into_iter()
            .filter(|(channel, plan)| {
                let is_suppressed = suppressed.is_some() && *channel == Channel::Email;
                !matches!(plan, Plan::Skip(_)) && !is_suppressed
            })
            .map(|(channel, _)| channel)
            .collect::<Vec<_>>();
        let alone = Recipients { to: to_all.to.clone(), ..Recipients::default() };
        let writers = tx.writers(draft.ticket, now - WRITES_FOR).await?;
        let since = ticket.messages.iter().filter(|message| is_said(message) && message.id > draft.base);
        let mark = mark(&draft, &channels, &to_all);
        Ok(Writing {
            id,
            since: since.cloned().collect(),
            ticket: Box::new(ticket),
            template: draft.template,
            missing: self.inner.catalogue(tx).await?.missing(&draft.text),
            text: draft.text,
            then: draft.then.unwrap_or(Status::InProgress),
            told: Told { preference, channels, suppressed, recipients: Some(alone) },
            mark,
            to_all,
            others: writers.into_iter().filter(|(who, _)| *who != agent.id).map(|(_, name)| name).collect(),
        })
    }
}

/// A short word for all that a preview shows.
fn mark(draft: &StoredDraft, channels: &[Channel], to_all: &Recipients) -> String {
    let then = draft.then.map_or("", Status::as_str);
    let mut shown = vec![draft.text.as_str(), then];
    shown.extend(channels.iter().map(|channel| channel.as_str()));
    shown.extend(to_all.to.iter().chain(&to_all.cc).map(String::as_str));
    let digest = ring::digest::digest(&ring::digest::SHA256, shown.join("\0").as_bytes());
    hex(&digest.as_ref()[..6])
}

/// A draft of this agent, still open.
async fn open(tx: &mut Tx, agent: &Agent, id: DraftId) -> Result<StoredDraft> {
    let draft = own(tx, agent, id).await?;
    if draft.is_open { Ok(draft) } else { refuse(Refusal::DraftEnded) }
}

/// A draft of this agent, open or not.
async fn own(tx: &mut Tx, agent: &Agent, id: DraftId) -> Result<StoredDraft> {
    let Some(draft) = tx.draft(id).await? else { return refuse(Refusal::DraftEnded) };
    if draft.agent == agent.id {
        return Ok(draft);
    }
    match tx.agent(draft.agent).await? {
        Some(writer) => refuse(Refusal::DraftOf { writer: writer.name, ticket: draft.ticket }),
        None => refuse(Refusal::DraftEnded),
    }
}

/// The conversation, without the team's own notes.
fn is_said(message: &MessageView) -> bool {
    message.direction != Direction::Note
}
