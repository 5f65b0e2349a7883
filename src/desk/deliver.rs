//! The outbox as a worker sees it: claim by lease, seal, record. The worker itself is a door.

use super::links::Links;
use super::pace::{self, Paces};
use super::receive::LIMITED_WITHIN;
use super::requester::links_from;
use super::run::persist;
use super::{Desk, Inner, Result, pack, unpack};
use crate::domain::delivery::{
    Channel, DeliveryState, LEASE, Next, Outcome, Plan, SkipReason, after_attempt,
};
use crate::domain::ids::{DeliveryId, MessageId, RequesterId, TicketId};
use crate::domain::mail::{Attachment, Mailbox};
use crate::domain::notice::{Notice, NoticeKind};
use crate::domain::participant::{Participation, plan_copy};
use crate::domain::people::Requester;
use crate::domain::returned;
use crate::domain::threading::RefKind;
use crate::domain::ticket::Ticket;
use crate::store::Tx;
use crate::store::outbox::{Lately, SealedBody, StoredDelivery, copies};
use crate::wording;
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::Ordering;

/// How many bytes of files and of kept mails one claim takes into memory before it leaves the rest to the next.
const MOST_BYTES: usize = 32 << 20;

/// One e-mail to send; whoever claimed it must record what became of it, or give it back.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Its delivery.
    pub id: DeliveryId,
    /// Its ticket.
    pub ticket: TicketId,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Until when it is ours; also what tells this attempt from every other.
    pub leased_until: DateTime<Utc>,
    /// What it tells.
    pub notice: Notice,
    /// The notice's title.
    pub title: String,
    /// The notice's message.
    pub message: String,
    /// Recipient of this copy, frozen with the row: the envelope's.
    pub address: String,
    /// Whom the mail is written to, whoever gets this copy: the requester.
    pub to: Mailbox,
    /// Who else gets a copy of the same mail, frozen with the row.
    pub cc: Vec<Mailbox>,
    /// The ticket's subject, bare.
    pub subject: String,
    /// What the CM wrote, for a reply.
    pub text: Option<String>,
    /// The files that it goes with.
    pub files: Option<Enclosed>,
    /// The requester's latest words before the reply.
    pub quoted: Option<Quoted>,
    /// Where answers are asked for, when that is not the address we write from.
    pub reply_to: Option<String>,
    /// Message-ID, minted with the row; without angle brackets, like the next two.
    pub message_id: String,
    /// The message it answers.
    pub in_reply_to: Option<String>,
    /// The conversation, oldest first.
    pub references: Vec<String>,
    /// The requester's own pages; `None` in a copy for somebody else, who must not come there in their place.
    pub links: Option<Links>,
    /// When the row was written: the mail's Date, so that the same row makes the same bytes.
    pub created_at: DateTime<Utc>,
    /// The exact bytes of an earlier attempt: these are sent, nothing is composed.
    pub sealed: Option<Vec<u8>>,
}

/// Files, and the mail that holds them, which never travelled.
#[derive(Debug, Clone)]
pub struct Enclosed {
    /// Their names, their kinds, and where each lies in the mail.
    pub files: Vec<Attachment>,
    /// The mail's bytes.
    pub raw: Vec<u8>,
}

/// One attempt at a delivery, which its lease tells from every other.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// At what.
    pub id: DeliveryId,
    /// From 1.
    pub attempt: u32,
    /// The end of its lease.
    pub leased_until: DateTime<Utc>,
}

impl From<&Parcel> for Attempt {
    fn from(parcel: &Parcel) -> Attempt {
        Attempt { id: parcel.id, attempt: parcel.attempt, leased_until: parcel.leased_until }
    }
}

/// A message to quote below a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted {
    /// Whose words.
    pub author: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The words.
    pub text: String,
}

/// A mail as it is about to leave, packed, to be kept.
#[derive(Debug, Clone)]
pub struct Composed {
    id: DeliveryId,
    cc: Option<String>,
    packed: Vec<u8>,
}

impl Composed {
    /// The bytes of a delivery's mail, which names these people in copy. CPU work: call it on a worker.
    ///
    /// # Errors
    /// When there is no memory to pack it.
    pub fn new(id: DeliveryId, cc: &[Mailbox], mail: &[u8]) -> std::io::Result<Composed> {
        Ok(Composed { id, cc: copies(cc)?, packed: pack(mail)? })
    }
}

/// What a worker took.
#[derive(Debug, Clone, Default)]
pub struct Claim {
    /// To send.
    pub parcels: Vec<Parcel>,
    /// How many were due and are not to be sent after all.
    pub skipped: u64,
    /// How many were lost twice and wait for a CM.
    pub uncertain: u64,
    /// How many were due and wait, because their recipient or their provider had many mails lately. They were not tried.
    pub put_off: u64,
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// Leases up to `limit` mails that are due, the oldest first. The preference is read once more: who chose
    /// otherwise since the row was planned gets no mail.
    pub async fn claim(&self, limit: i64) -> Result<Claim> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let mut paces = Paces::read(&mut tx).await?;
        self.inner.is_slowed.store(paces.are_slowed(), Ordering::Relaxed);
        let uncertain = tx.give_up_twice_lost(now, wording::mail::lost_twice()).await?;
        let mut claim = Claim { uncertain, ..Claim::default() };
        let leased_until = now + LEASE;
        let claimed = tx.claim(Channel::Email, now, leased_until, limit).await?;
        let known = Known::read(&mut tx, &claimed).await?;
        let mut crowd = self.inner.lately(&mut tx, &claimed, now).await?;
        let mut bytes = 0;
        for delivery in claimed {
            if bytes >= MOST_BYTES {
                tx.give_back(&[(delivery.id, leased_until)], now).await?;
                continue;
            }
            if self.inner.put_off(&mut tx, &crowd, &delivery, now).await?
                || self.inner.wait_for_turn(&mut tx, &mut paces, &delivery, now).await?
            {
                claim.put_off += 1;
                continue;
            }
            match self.inner.parcel(&mut tx, &known, delivery, leased_until, now).await? {
                Some(parcel) => {
                    crowd.leaving.insert(parcel.id);
                    bytes += parcel.bytes();
                    claim.parcels.push(parcel);
                }
                None => claim.skipped += 1,
            }
        }
        paces.write(&mut tx, now).await?;
        tx.commit().await?;
        Ok(claim)
    }

    /// Keeps the exact bytes of mails before their first attempt.
    pub async fn seal(&self, composed: &[Composed]) -> Result<()> {
        if composed.is_empty() {
            return Ok(());
        }
        let now = self.inner.clock.now();
        let bodies: Vec<_> = composed
            .iter()
            .map(|Composed { id, cc, packed }| SealedBody { delivery: *id, cc: cc.as_deref(), packed })
            .collect();
        let mut tx = self.inner.store.begin().await?;
        tx.seal(&bodies, now).await?;
        Ok(tx.commit().await?)
    }

    /// Takes mails back whose attempt was not begun, as if they had never been claimed, but for a turn that they were given. Those that
    /// another worker took over are left to it.
    pub async fn give_back(&self, attempts: &[Attempt]) -> Result<()> {
        if attempts.is_empty() {
            return Ok(());
        }
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let leases: Vec<_> = attempts.iter().map(|attempt| (attempt.id, attempt.leased_until)).collect();
        tx.give_back(&leases, now).await?;
        Ok(tx.commit().await?)
    }

    /// Writes what became of an attempt, and says what follows; `None` when the attempt took so long that another
    /// worker took the delivery over, or a report settled it: then what they wrote stands.
    pub async fn record(&self, parcel: &Parcel, outcome: Outcome) -> Result<Option<Next>> {
        let mut next = self.record_all(&[(Attempt::from(parcel), outcome)]).await?;
        Ok(next.pop().flatten())
    }

    /// As [`Desk::record`], on any channel and of several attempts, in their order: all of them, or none. A browser to which
    /// nothing can be brought any more is not told again.
    pub async fn record_all(&self, ended: &[(Attempt, Outcome)]) -> Result<Vec<Option<Next>>> {
        persist(|| self.record_once(ended)).await
    }

    async fn record_once(&self, ended: &[(Attempt, Outcome)]) -> Result<Vec<Option<Next>>> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        // Paces are held before anything else is.
        if self.inner.is_slowed.load(Ordering::Relaxed)
            || ended.iter().any(|(_, outcome)| pace::is_asked(outcome))
        {
            self.inner.note_paces(&mut tx, ended, now).await?;
        }
        let left = ended.iter().filter(|(_, outcome)| has_left(outcome));
        let left: Vec<_> = left.map(|(attempt, _)| (attempt.id, attempt.leased_until)).collect();
        let sent = tx.settle_sent(&left, now).await?;
        let mut deliveries: HashMap<_, _> =
            sent.into_iter().map(|delivery| (delivery.id, (delivery, true))).collect();
        let others = ended.iter().map(|(attempt, _)| attempt.id).filter(|id| !deliveries.contains_key(id));
        for delivery in tx.deliveries_of(&Vec::from_iter(others)).await? {
            deliveries.insert(delivery.id, (delivery, false));
        }
        let mut recorded = Vec::with_capacity(ended.len());
        for (attempt, outcome) in ended {
            let (delivery, is_settled) = deliveries
                .get(&attempt.id)
                .ok_or_else(|| anyhow::anyhow!("delivery {} is not in the outbox", attempt.id))?;
            let next = after_attempt(outcome.clone(), attempt.attempt, delivery.ambiguous_at.is_some());
            let is_ours = match &next {
                Next::Sent => *is_settled,
                other => end_otherwise(&mut tx, attempt, other, now).await?,
            };
            self.inner.record_besides(&mut tx, delivery, outcome, &next, is_ours, now).await?;
            recorded.push(is_ours.then_some(next));
        }
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(recorded)
    }

    /// When the next delivery of a channel becomes due.
    pub async fn next_due(&self, channel: Channel) -> Result<Option<DateTime<Utc>>> {
        Ok(self.inner.store.read().await?.next_due(channel).await?)
    }
}

impl Inner {
    /// Takes what servers answered into the paces of their providers.
    async fn note_paces(&self, tx: &mut Tx, ended: &[(Attempt, Outcome)], now: DateTime<Utc>) -> Result<()> {
        let ids: Vec<_> = ended.iter().map(|(attempt, _)| attempt.id).collect();
        let deliveries = tx.deliveries_of(&ids).await?;
        let deliveries: HashMap<_, _> = deliveries.iter().map(|delivery| (delivery.id, delivery)).collect();
        let mails: Vec<_> = ended
            .iter()
            .filter_map(|(attempt, outcome)| {
                let delivery = deliveries.get(&attempt.id).filter(|one| one.channel == Channel::Email)?;
                Some((delivery.address.as_deref()?, outcome))
            })
            .collect();
        self.is_slowed.fetch_or(pace::note(tx, &mails, now).await?, Ordering::Relaxed);
        Ok(())
    }

    /// A copy of a mail that left is to be kept, where any are.
    pub(super) async fn keep_copy(
        &self,
        tx: &mut Tx,
        sent: &StoredDelivery,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if let Some(rfc_id) = sent.rfc_id.as_deref().filter(|_| self.settings.keeps_sent) {
            tx.add_copy(rfc_id, sent.id, now).await?;
        }
        Ok(())
    }

    /// What follows from an attempt besides where its delivery stands.
    async fn record_besides(
        &self,
        tx: &mut Tx,
        delivery: &StoredDelivery,
        outcome: &Outcome,
        next: &Next,
        is_ours: bool,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if let Outcome::SentAs(provider_id) = outcome {
            // It left, whoever holds the delivery by now: answers to it come back by this id.
            tx.keep_provider_id(delivery.id, provider_id).await?;
            // Nothing leads to what was erased meanwhile.
            if delivery.state != DeliveryState::Cancelled {
                tx.add_ref(provider_id, delivery.ticket, RefKind::Provider).await?;
            }
        }
        if let (Outcome::Skipped(_), Some(browser)) = (outcome, delivery.subscription) {
            tx.drop_subscription(browser).await?;
        }
        if !is_ours {
            return Ok(());
        }
        match (next, &delivery.address) {
            (Next::Sent, _) => self.keep_copy(tx, delivery, now).await?,
            // What was tried until it was given up was refused for other reasons than the address.
            (Next::Failed(why), Some(address))
                if matches!(outcome, Outcome::Failed(_))
                    && returned::status_in(why).is_some_and(returned::is_hard) =>
            {
                tx.suppress(address, wording::mail::refused(), delivery.id, now).await?;
            }
            _ => {}
        }
        Ok(self.tell_receipt(tx, delivery.ticket, delivery.message_id.map(|id| id.0), now).await?)
    }

    /// The automatic mails that the recipients of these had lately, where there is a limit to them.
    async fn lately(&self, tx: &mut Tx, claimed: &[StoredDelivery], now: DateTime<Utc>) -> Result<Crowd> {
        let limit = self.settings.rules.automatic_mails_per_recipient_per_hour as usize;
        let may_wait = |delivery: &&StoredDelivery| {
            limit > 0 && delivery.kind != NoticeKind::Reply && delivery.attempts <= 1
        };
        let asked: Vec<_> = claimed
            .iter()
            .filter(may_wait)
            .filter_map(|delivery| Some((delivery.id, delivery.address.as_deref()?)))
            .collect();
        let mut lately: HashMap<_, Vec<_>> = HashMap::new();
        for other in tx.automatic_lately(&asked, now - LIMITED_WITHIN).await? {
            lately.entry(other.of).or_default().push(other);
        }
        let claimed = claimed.iter().map(|delivery| delivery.id).collect();
        Ok(Crowd { limit, lately, claimed, leaving: HashSet::new() })
    }

    /// Lets an automatic mail wait when its recipient had as many as they may within an hour: the last guard against
    /// a loop. What a CM wrote never waits, nor does a mail that was tried before.
    async fn put_off(
        &self,
        tx: &mut Tx,
        crowd: &Crowd,
        delivery: &StoredDelivery,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let Some(since) = crowd.full_since(delivery.id) else { return Ok(false) };
        let why = wording::mail::too_many_automatic(crowd.limit as i64);
        tx.put_off(delivery.id, &why, since + LIMITED_WITHIN, None, now).await?;
        Ok(true)
    }

    /// The mail of a claimed row; `None` when the recipient chose otherwise meanwhile, which is then recorded.
    async fn parcel(
        &self,
        tx: &mut Tx,
        known: &Known,
        delivery: StoredDelivery,
        leased_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<Parcel>> {
        let (ticket, requester) = known.of(delivery.ticket)?;
        let address = delivery.address.unwrap_or_default();
        let is_copy = address != requester.email;
        let preference = match is_copy {
            true => tx.requester_by_email(&address).await?.map(|known| known.preference),
            false => Some(requester.preference),
        };
        // What goes for a copy goes for the requester's own mail.
        let is_suppressed = known.suppressed.contains(&address);
        let is_out = is_copy
            && !delivery.cc.is_empty()
            && tx.participation(delivery.ticket, &address).await? == Some(Participation::Out);
        let plan = match is_out {
            true => Plan::Skip(SkipReason::NoLongerTakesPart),
            false => plan_copy(preference, is_suppressed),
        };
        if let Plan::Skip(reason) = plan {
            let why = wording::labels::skip_reason(reason);
            tx.settle_delivery(delivery.id, DeliveryState::Skipped, Some(&why), now).await?;
            self.tell_receipt(tx, delivery.ticket, delivery.message_id.map(|id| id.0), now).await?;
            return Ok(None);
        }
        let sealed = match delivery.is_sealed {
            true => tx.sealed(delivery.id).await?,
            false => None,
        };
        let (mut text, mut quoted, mut files) = (None, None, None);
        // They lie in the kept bytes, where there are any.
        if let Some(message) = delivery.message_id.filter(|_| sealed.is_none()) {
            files = match enclosed(tx, message).await? {
                Files::None => None,
                Files::Kept(files) => Some(files),
                Files::Gone => {
                    let (id, why) = (delivery.id, wording::mail::FILES_GONE);
                    tx.settle_delivery(id, DeliveryState::Failed, Some(why), now).await?;
                    self.tell_receipt(tx, delivery.ticket, Some(message.0), now).await?;
                    return Ok(None);
                }
            };
        }
        if let Some(message) = delivery.message_id {
            text = tx.message_text(message).await?;
            quoted = tx.latest_inbound(delivery.ticket, message).await?.map(|message| Quoted {
                author: message.author,
                at: message.at,
                text: message.text,
            });
        }
        let notice = match (delivery.kind, delivery.announces) {
            (NoticeKind::Reply, then) => Notice::Reply { then },
            // Which of the two it is stands in its message.
            (NoticeKind::Reminder, _) => Notice::Reminder { is_last: false },
            (_, Some(status)) => Notice::Status(status),
            (_, None) => return Err(anyhow::anyhow!("delivery {} announces nothing", delivery.id).into()),
        };
        let links = (!is_copy).then(|| {
            self.links.links(requester.id, delivery.ticket, links_from(requester, delivery.created_at))
        });
        Ok(Some(Parcel {
            id: delivery.id,
            ticket: delivery.ticket,
            attempt: u32::try_from(delivery.attempts).unwrap_or(u32::MAX),
            leased_until,
            notice,
            title: delivery.title,
            message: delivery.message,
            address,
            to: Mailbox { address: requester.email.clone(), name: requester.name.clone() },
            cc: delivery.cc,
            reply_to: self.reply_address(ticket),
            subject: ticket.subject.clone(),
            text,
            files,
            quoted,
            message_id: delivery.rfc_id.unwrap_or_default(),
            in_reply_to: delivery.in_reply_to,
            references: delivery.refs,
            links,
            created_at: delivery.created_at,
            sealed: sealed.map(|packed| unpack(&packed)).transpose()?,
        }))
    }
}

impl Parcel {
    /// How much it takes in memory, roughly: files and kept bytes; the words are short.
    fn bytes(&self) -> usize {
        let files = self.files.as_ref().map_or(0, |enclosed| enclosed.raw.len());
        files + self.sealed.as_ref().map_or(0, Vec::len)
    }
}

/// What the mails of a claim are about, read for all of them at once.
struct Known {
    tickets: HashMap<TicketId, Ticket>,
    requesters: HashMap<RequesterId, Requester>,
    /// Those of the mails' addresses that no mail goes to.
    suppressed: HashSet<String>,
}

impl Known {
    async fn read(tx: &mut Tx, claimed: &[StoredDelivery]) -> Result<Known> {
        let tickets: BTreeSet<_> = claimed.iter().map(|delivery| delivery.ticket).collect();
        let tickets = tx.tickets_by_number(&Vec::from_iter(tickets)).await?;
        let requesters: BTreeSet<_> = tickets.iter().map(|ticket| ticket.requester).collect();
        let requesters = tx.requesters_of(&Vec::from_iter(requesters)).await?;
        let addresses: Vec<_> = claimed.iter().filter_map(|delivery| delivery.address.as_deref()).collect();
        Ok(Known {
            tickets: tickets.into_iter().map(|ticket| (ticket.id, ticket)).collect(),
            requesters: requesters.into_iter().map(|requester| (requester.id, requester)).collect(),
            suppressed: tx.suppressed_among(&addresses).await?,
        })
    }

    /// A ticket, and whose it is.
    fn of(&self, ticket: TicketId) -> Result<(&Ticket, &Requester)> {
        let found = self
            .tickets
            .get(&ticket)
            .and_then(|ticket| Some((ticket, self.requesters.get(&ticket.requester)?)));
        Ok(found.ok_or_else(|| anyhow::anyhow!("a delivery of ticket {ticket} has nobody to go to"))?)
    }
}

/// How many automatic mails the recipients of a claim's mails had lately.
struct Crowd {
    /// How many each may have.
    limit: usize,
    /// Those before each mail that may have to wait, the latest first.
    lately: HashMap<DeliveryId, Vec<Lately>>,
    /// The claim's own.
    claimed: HashSet<DeliveryId>,
    /// Those of them that leave: none that waits, is skipped or is left to the next claim.
    leaving: HashSet<DeliveryId>,
}

impl Crowd {
    /// When the oldest of the latest mails left that together are as many as the recipient of this one may have; `None` where
    /// there were fewer.
    fn full_since(&self, id: DeliveryId) -> Option<DateTime<Utc>> {
        let counts = |other: &&Lately| !self.claimed.contains(&other.id) || self.leaving.contains(&other.id);
        let last = self.limit.checked_sub(1)?;
        self.lately.get(&id)?.iter().filter(counts).nth(last).map(|other| other.at)
    }
}

fn has_left(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Sent | Outcome::SentAs(_))
}

/// Writes where a delivery stands after an attempt that did not send it; `false` when it was no longer in hand.
async fn end_otherwise(tx: &mut Tx, attempt: &Attempt, next: &Next, now: DateTime<Utc>) -> Result<bool> {
    let (id, lease) = (attempt.id, attempt.leased_until);
    let (state, why) = match next {
        Next::Again { after, why, ambiguous } => {
            let at = now + *after;
            return Ok(tx.try_later(id, lease, why, at, ambiguous.then_some(now), now).await?);
        }
        Next::Sent => (DeliveryState::Sent, None),
        Next::Failed(why) => (DeliveryState::Failed, Some(why)),
        Next::Skipped(why) => (DeliveryState::Skipped, Some(why)),
        Next::Uncertain(why) => (DeliveryState::Uncertain, Some(why)),
    };
    Ok(tx.settle_attempt(id, lease, state, why.map(String::as_str), now).await?)
}

/// The files of a reply.
enum Files {
    /// It has none.
    None,
    /// It goes with them.
    Kept(Enclosed),
    /// It had some, and they are kept no longer: without them it would say something else.
    Gone,
}

async fn enclosed(tx: &mut Tx, message: MessageId) -> Result<Files> {
    let files = tx.files_of(message).await?;
    if files.is_empty() {
        return Ok(Files::None);
    }
    Ok(match tx.raw_of_message(message).await? {
        Some(packed) => Files::Kept(Enclosed { files, raw: unpack(&packed)? }),
        None => Files::Gone,
    })
}
