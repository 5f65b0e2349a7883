//! Reading: figures, lists, one ticket with everything about it. Changes nothing.

use super::operations::COUNTED_WITHIN;
use super::timetable::ahead_of;
use super::{Desk, PACKED_HEAD, Result, unpack, unpack_head};
use crate::domain::delivery::{Channel, DeliveryState};
use crate::domain::excerpt::{excerpt, searched};
use crate::domain::fold;
use crate::domain::ids::{AgentId, DeliveryId, MessageId, RequesterId, TicketId};
use crate::domain::list::{Holder, Order, Place};
use crate::domain::mail::{Attachment, Original};
use crate::domain::message::Mark;
use crate::domain::participant::Participant;
use crate::domain::people::{Agent, Requester, first_name};
use crate::domain::rules::Rules;
use crate::domain::tag;
use crate::domain::ticket::{Priority, Status, Ticket};
use crate::store::Tx;
use crate::store::lists::Narrowing;
use crate::store::outbox::StoredDelivery;
use crate::view::{
    DeliveryView, EventView, Figures, MessageView, ParticipantView, Queue, RequesterView, TicketView,
};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// What a list is narrowed by, in a door's terms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueFilter {
    /// Only this status.
    pub status: Option<Status>,
    /// Only this priority.
    pub priority: Option<Priority>,
    /// Only those of this holder.
    pub holder: Option<Holder>,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only tickets with a message in which every one of these words begins a word; as typed. The newest such message first.
    pub words: Vec<String>,
    /// What stands first, where nothing is searched.
    pub order: Order,
    /// At most so many; `None` for all.
    pub limit: Option<i64>,
    /// Only what stands behind this place.
    pub after: Option<Place>,
}

/// A list with what stands around it.
#[derive(Debug)]
pub struct Board {
    /// The five figures.
    pub figures: Figures,
    /// A page of the list.
    pub queue: Queue,
    /// All agents.
    pub agents: Vec<Agent>,
    /// The tags that are used most.
    pub tags: Vec<String>,
}

/// A mail that left, or waits to leave.
#[derive(Debug, Clone)]
pub struct SentMail {
    /// Its delivery.
    pub delivery: DeliveryId,
    /// Its ticket.
    pub ticket: TicketId,
    /// Recipient.
    pub address: String,
    /// The notice's title.
    pub title: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Since when.
    pub at: DateTime<Utc>,
    /// The exact bytes, of which a list has the beginning; `None` before the first attempt.
    pub eml: Option<Vec<u8>>,
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// The five figures.
    pub async fn figures(&self) -> Result<Figures> {
        read_figures(&mut self.inner.store.read().await?).await
    }

    /// A list of tickets, in the order that the filter asks for.
    pub async fn queue(&self, filter: &QueueFilter) -> Result<Queue> {
        let mut tx = self.inner.store.read().await?;
        read_queue(&mut tx, filter).await
    }

    /// What stands around a list: the figures, the list itself, and what it may be narrowed by.
    pub async fn board(&self, filter: &QueueFilter) -> Result<Board> {
        /// Tags that are offered.
        const TAGS: i64 = 50;
        let mut tx = self.inner.store.read().await?;
        Ok(Board {
            figures: read_figures(&mut tx).await?,
            queue: read_queue(&mut tx, filter).await?,
            agents: tx.agents().await?,
            tags: tx.used_tags("", TAGS).await?,
        })
    }

    /// The latest other tickets of a ticket's requester, and how many they have beside it.
    pub async fn others_of(&self, ticket: TicketId, limit: i64) -> Result<(Vec<TicketView>, i64)> {
        let mut tx = self.inner.store.read().await?;
        let Some(this) = tx.ticket(ticket).await? else { return Ok((Vec::new(), 0)) };
        let narrowing = Narrowing { requester: Some(this.requester), ..Narrowing::default() };
        let page = tx.list(&narrowing, limit + 1).await?;
        let mut others: Vec<Ticket> = page.tickets.into_iter().filter(|other| other.id != ticket).collect();
        others.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let beside = tx.count_tickets_of(this.requester).await? - 1;
        Ok((read_cards(&mut tx, others).await?, beside))
    }

    /// Tickets without their conversation, in the order of their numbers; those that do not exist are left out.
    pub async fn cards(&self, ids: &[TicketId]) -> Result<Vec<TicketView>> {
        let mut tx = self.inner.store.read().await?;
        let mut tickets = tx.tickets_by_number(ids).await?;
        tickets.sort_unstable_by_key(|ticket| ticket.id);
        read_cards(&mut tx, tickets).await
    }

    /// One ticket with its conversation, history and deliveries.
    pub async fn ticket(&self, id: TicketId) -> Result<Option<TicketView>> {
        let mut tx = self.inner.store.read().await?;
        match tx.ticket(id).await? {
            Some(ticket) => Ok(Some(read_ticket(&mut tx, ticket, self.rules()).await?)),
            None => Ok(None),
        }
    }

    /// The mail that a message came in, byte for byte.
    pub async fn raw_of_message(&self, id: MessageId) -> Result<Option<Vec<u8>>> {
        let mut tx = self.inner.store.read().await?;
        let packed = tx.raw_of_message(id).await?;
        Ok(packed.map(|packed| unpack(&packed)).transpose()?)
    }

    /// One file of a message, with the mail that it lies in; `None` for one that is not listed.
    pub async fn file_of_message(&self, id: MessageId, part: u32) -> Result<Option<(Attachment, Vec<u8>)>> {
        let mut tx = self.inner.store.read().await?;
        let Some(file) = tx.attachment(id, part).await? else { return Ok(None) };
        let Some(packed) = tx.raw_of_message(id).await? else { return Ok(None) };
        Ok(Some((file, unpack(&packed)?)))
    }

    /// The latest mails that left or wait to leave, newest first.
    pub async fn sent_mails(&self, limit: i64) -> Result<Vec<SentMail>> {
        let mut tx = self.inner.store.read().await?;
        let heads = tx.sealed_heads(limit, PACKED_HEAD).await?.into_iter();
        let mut heads: HashMap<_, _> = heads.map(|(id, packed)| (id, unpack_head(&packed))).collect();
        let mails = tx.mails(limit).await?.into_iter();
        Ok(mails.map(|mail| sent_mail(&mail, heads.remove(&mail.id))).collect())
    }

    /// One of them.
    pub async fn sent_mail(&self, id: DeliveryId) -> Result<Option<SentMail>> {
        let mut tx = self.inner.store.read().await?;
        let Some(mail) = tx.delivery(id).await? else { return Ok(None) };
        let eml = tx.sealed(id).await?.map(|packed| unpack(&packed)).transpose()?;
        Ok(Some(sent_mail(&mail, eml)))
    }

    /// How many deliveries stand where: all that wait or are in trouble, the others of the last [`COUNTED_WITHIN`].
    pub async fn count_deliveries(&self) -> Result<Vec<(Channel, DeliveryState, i64)>> {
        let since = self.inner.clock.now() - COUNTED_WITHIN;
        Ok(self.inner.store.read().await?.count_standing(since).await?)
    }

    /// The tags that begin so, whatever its case and accents, the most used first; at most 25, as many as a chat offers.
    pub async fn tags(&self, prefix: &str) -> Result<Vec<String>> {
        const MOST: i64 = 25;
        let prefix: String =
            prefix.trim().trim_start_matches(['+', '-', '#']).chars().take(tag::LONGEST).collect();
        Ok(self.inner.store.read().await?.used_tags(&fold::fold(&prefix), MOST).await?)
    }

    /// A number that changes when a ticket or a delivery does: pages ask for it to know whether to look again.
    pub async fn revision(&self) -> Result<i64> {
        Ok(self.inner.store.read().await?.revision().await?)
    }

    /// When each mailbox that was ever read was last taken in without a fault, by the name that its door gave it.
    pub async fn sync_times(&self) -> Result<HashMap<String, DateTime<Utc>>> {
        Ok(self.inner.store.read().await?.sync_times().await?)
    }
}

pub(super) async fn read_figures(tx: &mut Tx) -> Result<Figures> {
    let (total, counts) = tx.count_by_status().await?;
    let mut figures = Figures { total, ..Figures::default() };
    for (status, count) in counts {
        match status {
            Status::New => figures.new = count,
            Status::InProgress => figures.in_progress = count,
            Status::WaitingCustomer => figures.waiting_customer = count,
            Status::Resolved => figures.resolved = count,
            Status::Closed => {}
        }
    }
    Ok(figures)
}

fn sent_mail(delivery: &StoredDelivery, eml: Option<Vec<u8>>) -> SentMail {
    SentMail {
        delivery: delivery.id,
        ticket: delivery.ticket,
        address: delivery.address.clone().unwrap_or_default(),
        title: delivery.title.clone(),
        state: delivery.state,
        at: delivery.updated_at,
        eml,
    }
}

pub(super) async fn read_queue(tx: &mut Tx, filter: &QueueFilter) -> Result<Queue> {
    let words = searched(&filter.words.join(" "), MOST_SEARCHED_WORDS);
    let narrowing = Narrowing {
        status: filter.status,
        priority: filter.priority,
        holder: filter.holder,
        requester: None,
        tag: filter.tag.clone(),
        words: words.clone(),
        order: filter.order,
        after: filter.after,
    };
    let page = tx.list(&narrowing, filter.limit.unwrap_or(i64::MAX)).await?;
    let texts = tx.texts(if filter.limit.is_some() { &page.found } else { &[] }).await?;
    let excerpts = page
        .tickets
        .iter()
        .zip(&page.found)
        .filter_map(|(ticket, found)| Some((ticket.id, excerpt(texts.get(found)?, &words, EXCERPT)?)));
    Ok(Queue {
        excerpts: excerpts.collect(),
        tickets: read_cards(tx, page.tickets).await?,
        total: page.total,
        is_at_least: page.is_at_least,
        searched: words,
        next: page.next,
    })
}

/// How many bytes of a message are shown around what was found in it.
const EXCERPT: usize = 180;

/// Tickets without their conversation.
pub(super) async fn read_cards(tx: &mut Tx, tickets: Vec<Ticket>) -> Result<Vec<TicketView>> {
    let ids: Vec<TicketId> = tickets.iter().map(|ticket| ticket.id).collect();
    let mut tags = tx.tags_of(&ids).await?;
    let mut requesters: Vec<RequesterId> = tickets.iter().map(|ticket| ticket.requester).collect();
    requesters.sort_unstable();
    requesters.dedup();
    let requesters = tx.requesters_of(&requesters).await?;
    let requesters = requesters.into_iter().map(|requester| (requester.id, requester_view(requester)));
    let mut cards = Cards { requesters: requesters.collect(), ..Cards::default() };
    let mut views = Vec::with_capacity(tickets.len());
    for ticket in tickets {
        let mut view = cards.card(tx, ticket).await?;
        view.tags = tags.remove(&view.id).unwrap_or_default();
        views.push(view);
    }
    Ok(views)
}

/// The most words that a search looks for.
const MOST_SEARCHED_WORDS: usize = 32;

/// Draws tickets without their conversation and their tags, reading each person once.
#[derive(Default)]
struct Cards {
    requesters: HashMap<RequesterId, RequesterView>,
    agents: Option<HashMap<AgentId, String>>,
}

impl Cards {
    async fn card(&mut self, tx: &mut Tx, ticket: Ticket) -> Result<TicketView> {
        let requester = match self.requesters.get(&ticket.requester) {
            Some(known) => known.clone(),
            None => {
                let view = requester_view(tx.requester(ticket.requester).await?);
                self.requesters.insert(ticket.requester, view.clone());
                view
            }
        };
        let assignee = match ticket.assignee {
            Some(id) => self.agent(tx, id).await?,
            None => None,
        };
        Ok(TicketView {
            id: ticket.id,
            subject: ticket.subject,
            status: ticket.status,
            priority: ticket.priority,
            assignee,
            reason: ticket.reason,
            merged_into: ticket.merged_into,
            follows: ticket.follows,
            escalated_at: ticket.escalated_at,
            status_since: ticket.status_since,
            answer_due: ticket.answer_due,
            anonymised_at: ticket.anonymised_at,
            tags: Vec::new(),
            ahead: Vec::new(),
            requester,
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
            participants: Vec::new(),
            messages: Vec::new(),
            events: Vec::new(),
            deliveries: Vec::new(),
        })
    }

    async fn agent(&mut self, tx: &mut Tx, id: AgentId) -> Result<Option<String>> {
        if self.agents.is_none() {
            self.agents = Some(tx.agents().await?.into_iter().map(|agent| (agent.id, agent.name)).collect());
        }
        Ok(self.agents.as_ref().and_then(|agents| agents.get(&id)).cloned())
    }
}

pub(super) fn requester_view(requester: Requester) -> RequesterView {
    RequesterView {
        first_name: first_name(&requester.name),
        email: requester.email,
        name: requester.name,
        preference: requester.preference,
        suppressed: None,
        devices: 0,
    }
}

/// A ticket with everything about it.
pub(super) async fn read_ticket(tx: &mut Tx, ticket: Ticket, rules: &Rules) -> Result<TicketView> {
    let mut view = read_past(tx, ticket).await?;
    view.ahead = ahead_of(&view, rules);
    Ok(view)
}

/// The same without what is ahead of it.
pub(super) async fn read_past(tx: &mut Tx, ticket: Ticket) -> Result<TicketView> {
    let (id, requester) = (ticket.id, ticket.requester);
    let mut cards = Cards::default();
    let mut view = cards.card(tx, ticket).await?;
    view.tags = tx.tags(id).await?;
    view.requester.suppressed = tx.suppressed(&view.requester.email).await?;
    view.requester.devices = tx.count_subscriptions(requester).await?;
    let mut files: HashMap<MessageId, Vec<_>> = HashMap::new();
    for (message, attachment) in tx.attachments(id).await? {
        files.entry(message).or_default().push(attachment);
    }
    for Participant { address, name, state, added_by } in tx.participants(id).await? {
        view.participants.push(ParticipantView { email: address, name, state, added_by });
    }
    for message in tx.messages(id).await? {
        let others = message.sender.as_ref().is_some_and(|sender| *sender != view.requester.email);
        let attachments = files.remove(&message.id).unwrap_or_default();
        let (shape, attachments) =
            message.original.unwrap_or(Original::Kept).leaves(message.shape, attachments);
        view.messages.push(MessageView {
            id: message.id,
            direction: message.direction,
            author: message.author,
            at: message.at,
            text: message.text,
            quoted: message.quoted,
            participant: others && message.mark.is_none(),
            sender: message.sender,
            refuted: message.refuted,
            stranger: message.mark == Some(Mark::Stranger),
            automatic: message.mark == Some(Mark::Automatic),
            attachments,
            origin: message.origin.filter(|origin| *origin != id),
            shape,
            original: message.original,
        });
    }
    for event in tx.events(id).await? {
        let assignee = match event.detail.assignee_to {
            Some(id) => cards.agent(tx, AgentId(id)).await?,
            None => None,
        };
        view.events.push(EventView {
            id: event.id,
            kind: event.kind,
            actor: event.actor,
            door: event.door,
            at: event.at,
            undone: event.undone_at.is_some(),
            detail: event.detail,
            assignee,
        });
    }
    for delivery in tx.deliveries(id).await? {
        view.deliveries.push(DeliveryView {
            id: delivery.id,
            event: delivery.event,
            channel: delivery.channel,
            kind: delivery.kind,
            title: delivery.title,
            message: delivery.message,
            state: delivery.state,
            why: delivery.why,
            address: delivery.address,
            message_id: delivery.rfc_id,
            provider_id: delivery.provider_id,
            at: delivery.updated_at,
        });
    }
    Ok(view)
}
