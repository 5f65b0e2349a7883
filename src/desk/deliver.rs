//! The outbox as a worker sees it: claim by lease, seal, record. The worker itself is a door.

use super::links::Links;
use super::pace::Paces;
use super::receive::LIMITED_WITHIN;
use super::requester::links_from;
use super::run::TRIES;
use super::{Desk, Failure, Inner, Result, pack, unpack};
use crate::domain::delivery::{
    Channel, DeliveryState, LEASE, Next, Outcome, Plan, SkipReason, after_attempt,
};
use crate::domain::ids::{DeliveryId, MessageId, TicketId};
use crate::domain::mail::{Attachment, Mailbox};
use crate::domain::notice::{Notice, NoticeKind};
use crate::domain::participant::{Participation, plan_copy};
use crate::domain::returned;
use crate::domain::threading::RefKind;
use crate::store::outbox::StoredDelivery;
use crate::store::{self, Tx};
use crate::wording;
use chrono::{DateTime, Utc};

/// One e-mail to send; whoever claimed it must record what became of it.
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
#[derive(Clone, Copy)]
pub(super) struct Attempt {
    pub(super) id: DeliveryId,
    /// From 1.
    pub(super) attempt: u32,
    pub(super) leased_until: DateTime<Utc>,
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
        let uncertain = tx.give_up_twice_lost(now, wording::mail::lost_twice()).await?;
        let mut claim = Claim { uncertain, ..Claim::default() };
        let leased_until = now + LEASE;
        for delivery in tx.claim(Channel::Email, now, leased_until, limit).await? {
            if self.inner.put_off(&mut tx, &delivery, now).await?
                || self.inner.wait_for_turn(&mut tx, &mut paces, &delivery, now).await?
            {
                claim.put_off += 1;
                continue;
            }
            match self.inner.parcel(&mut tx, delivery, leased_until, now).await? {
                Some(parcel) => claim.parcels.push(parcel),
                None => claim.skipped += 1,
            }
        }
        paces.write(&mut tx, now).await?;
        tx.commit().await?;
        Ok(claim)
    }

    /// Keeps the exact bytes of mails before their first attempt.
    pub async fn seal(&self, composed: &[(DeliveryId, Vec<u8>)]) -> Result<()> {
        if composed.is_empty() {
            return Ok(());
        }
        let mut tx = self.inner.store.begin().await?;
        for (id, eml) in composed {
            tx.seal(*id, &pack(eml)?).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Writes what became of an attempt, and says what follows; `None` when the attempt took so long that another
    /// worker took the delivery over, or a report settled it: then what they wrote stands.
    pub async fn record(&self, parcel: &Parcel, outcome: Outcome) -> Result<Option<Next>> {
        let Parcel { id, attempt, leased_until, .. } = *parcel;
        self.settle(Attempt { id, attempt, leased_until }, outcome).await
    }

    /// As [`Desk::record`], on any channel. A browser to which nothing can be brought any more is not told again.
    pub(super) async fn settle(&self, attempt: Attempt, outcome: Outcome) -> Result<Option<Next>> {
        let mut tried = 1;
        loop {
            match self.settle_once(attempt, outcome.clone()).await {
                // Two who wait for each other: the database lets one go on, and the other begins anew.
                Err(Failure::Broken(error)) if tried < TRIES && store::is_passing(&error) => tried += 1,
                done => return done,
            }
        }
    }

    async fn settle_once(&self, attempt: Attempt, outcome: Outcome) -> Result<Option<Next>> {
        let Attempt { id, attempt, leased_until: lease } = attempt;
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let delivery =
            tx.delivery(id).await?.ok_or_else(|| anyhow::anyhow!("delivery {id} is not in the outbox"))?;
        if let (Channel::Email, Some(address)) = (delivery.channel, &delivery.address) {
            self.inner.note_pace(&mut tx, address, &outcome, now).await?;
        }
        if let Outcome::SentAs(provider_id) = &outcome {
            // It left, whoever holds the delivery by now: answers to it come back by this id.
            tx.keep_provider_id(id, provider_id).await?;
            // Nothing leads to what was erased meanwhile.
            if delivery.state != DeliveryState::Cancelled {
                tx.add_ref(provider_id, delivery.ticket, RefKind::Provider).await?;
            }
        }
        if let (Outcome::Skipped(_), Some(browser)) = (&outcome, delivery.subscription) {
            tx.drop_subscription(browser).await?;
        }
        let next = after_attempt(outcome, attempt, delivery.ambiguous_at.is_some());
        let is_ours = match &next {
            Next::Sent => tx.settle_attempt(id, lease, DeliveryState::Sent, None, now).await?,
            Next::Failed(why) => tx.settle_attempt(id, lease, DeliveryState::Failed, Some(why), now).await?,
            Next::Skipped(why) => {
                tx.settle_attempt(id, lease, DeliveryState::Skipped, Some(why), now).await?
            }
            Next::Uncertain(why) => {
                tx.settle_attempt(id, lease, DeliveryState::Uncertain, Some(why), now).await?
            }
            Next::Again { after, why, ambiguous } => {
                tx.try_later(id, lease, why, now + *after, ambiguous.then_some(now), now).await?
            }
        };
        if let (Next::Failed(why), Some(address)) = (&next, &delivery.address)
            && is_ours
            && returned::status_in(why).is_some_and(returned::is_hard)
        {
            tx.suppress(address, wording::mail::refused(), id, now).await?;
        }
        if next == Next::Sent && is_ours {
            self.inner.keep_copy(&mut tx, &delivery, now).await?;
        }
        if is_ours {
            self.inner
                .tell_receipt(&mut tx, delivery.ticket, delivery.message_id.map(|id| id.0), now)
                .await?;
        }
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(is_ours.then_some(next))
    }

    /// When the next delivery of a channel becomes due.
    pub async fn next_due(&self, channel: Channel) -> Result<Option<DateTime<Utc>>> {
        Ok(self.inner.store.read().await?.next_due(channel).await?)
    }
}

impl Inner {
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

    /// Lets an automatic mail wait when its recipient had as many as they may within an hour: the last guard against
    /// a loop. What a CM wrote never waits, nor does a mail that was tried before.
    async fn put_off(&self, tx: &mut Tx, delivery: &StoredDelivery, now: DateTime<Utc>) -> Result<bool> {
        let limit = i64::from(self.settings.rules.automatic_mails_per_recipient_per_hour);
        let (true, Some(address)) = (limit > 0, &delivery.address) else { return Ok(false) };
        if delivery.kind == NoticeKind::Reply || delivery.attempts > 1 {
            return Ok(false);
        }
        let lately = tx.automatic_lately(address, now - LIMITED_WITHIN, delivery.id, limit).await?;
        let (true, Some(oldest)) = (lately.len() as i64 == limit, lately.last()) else { return Ok(false) };
        let why = wording::mail::too_many_automatic(limit);
        tx.put_off(delivery.id, &why, *oldest + LIMITED_WITHIN, None, now).await?;
        Ok(true)
    }

    /// The mail of a claimed row; `None` when the recipient chose otherwise meanwhile, which is then recorded.
    async fn parcel(
        &self,
        tx: &mut Tx,
        delivery: StoredDelivery,
        leased_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<Parcel>> {
        let ticket = tx
            .ticket(delivery.ticket)
            .await?
            .ok_or_else(|| anyhow::anyhow!("delivery {} has no ticket", delivery.id))?;
        let requester = tx.requester(ticket.requester).await?;
        let address = delivery.address.unwrap_or_default();
        let is_copy = address != requester.email;
        let preference = match is_copy {
            true => tx.requester_by_email(&address).await?.map(|known| known.preference),
            false => Some(requester.preference),
        };
        // What goes for a copy goes for the requester's own mail.
        let is_suppressed = tx.suppressed(&address).await?.is_some();
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
        let (mut text, mut quoted, mut files) = (None, None, None);
        if let Some(message) = delivery.message_id.filter(|_| delivery.sealed.is_none()) {
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
            self.links.links(requester.id, delivery.ticket, links_from(&requester, delivery.created_at))
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
            to: Mailbox { address: requester.email, name: requester.name },
            cc: delivery.cc,
            reply_to: self.reply_address(&ticket),
            subject: ticket.subject,
            text,
            files,
            quoted,
            message_id: delivery.rfc_id.unwrap_or_default(),
            in_reply_to: delivery.in_reply_to,
            references: delivery.refs,
            links,
            created_at: delivery.created_at,
            sealed: delivery.sealed.map(|packed| unpack(&packed)).transpose()?,
        }))
    }
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
