//! Mail in: first the journal, then the decision.
//!
//! Every mail is committed as it came, together with the mailbox's cursor, before anything is decided about it.
//! Then each is filed in one more transaction: on a ticket, ignored, or held for a person. A process that dies
//! in between finds the unfiled ones at its next start.

use super::apply::Act;
use super::{Desk, Failure, Inner, Result, pack, unpack};
use crate::domain::event::{Event, EventDetail, EventKind};
use crate::domain::fold;
use crate::domain::ids::{MessageId, RawMailId, TicketId};
use crate::domain::mail::{Bounce, InboundMail, Mailbox};
use crate::domain::message::Direction;
use crate::domain::people::{Actor, Door};
use crate::domain::screening::{Ignored, Screening, screen};
use crate::domain::thanks::is_thanks;
use crate::domain::threading::{self, Rung};
use crate::domain::ticket::Ticket;
use crate::domain::trim::{Trimmed, trim};
use crate::store::Tx;
pub use crate::store::mailbox::Standing;
use crate::store::mailbox::{HeldMail, MailState, NewRawMail};
use crate::store::messages::{Mark, NewMessage};
use crate::store::tickets::NewEvent;
use crate::wording;
use chrono::{DateTime, Utc};
use std::collections::HashSet;

/// The longest text kept on a ticket, in bytes; the rest stays in the original mail.
const LONGEST_TEXT: usize = 200_000;
/// How much of a mail can be searched: enough for any letter, bounded for a pasted log.
const SEARCHED_BYTES: usize = 64 * 1024;
/// No word that people search for is longer.
const LONGEST_WORD: usize = 64;
/// More files than any letter needs.
const MOST_ATTACHMENTS: usize = 500;

/// How far an IMAP mailbox has been taken in (RFC 3501 section 2.3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The mailbox's UIDVALIDITY.
    pub uid_validity: u32,
    /// The last UID taken in.
    pub last_uid: u32,
}

/// A mail as it came, read and packed: what the writer needs, so that the writer only writes.
#[derive(Debug, Clone)]
pub struct Arrived {
    sha256: String,
    identity: String,
    bytes: usize,
    packed: Vec<u8>,
    read: std::result::Result<Box<Digest>, &'static str>,
}

impl Arrived {
    /// Packs and digests a mail. CPU work: call it on a worker.
    ///
    /// `identity` is what makes the mail itself whatever road it took; `parsed` is what it says, or why that
    /// cannot be told (then it is held).
    ///
    /// # Errors
    /// When there is no memory to pack it.
    pub fn new(
        raw: &[u8],
        sha256: String,
        identity: String,
        parsed: std::result::Result<InboundMail, &'static str>,
    ) -> std::io::Result<Arrived> {
        Ok(Arrived {
            sha256,
            identity,
            bytes: raw.len(),
            packed: pack(raw)?,
            read: parsed.map(|mail| Box::new(Digest::new(mail))),
        })
    }
}

/// A mail with what is made of its text.
#[derive(Debug, Clone)]
struct Digest {
    mail: InboundMail,
    trimmed: Trimmed,
    words: String,
}

impl Digest {
    fn new(mail: InboundMail) -> Digest {
        let (trimmed, words) = (trim(&mail.text), searched_words(&mail));
        // The text is in the trimmed parts; a batch holds hundreds of mails.
        Digest { trimmed, words, mail: InboundMail { text: String::new(), ..mail } }
    }

    /// The only sender; screening lets no other mail pass.
    fn sender(&self) -> Option<&Mailbox> {
        self.mail.from.first()
    }
}

/// The distinct folded words of a mail's subject, sender and text, separated by one space.
fn searched_words(mail: &InboundMail) -> String {
    let mut text = mail.subject.clone();
    for from in &mail.from {
        text.push(' ');
        text.push_str(&from.name);
        text.push(' ');
        text.push_str(&from.address);
    }
    text.push(' ');
    text.push_str(cut(&mail.text, SEARCHED_BYTES));
    distinct_words(&text)
}

/// The distinct folded words of a text, separated by one space.
pub(super) fn distinct_words(text: &str) -> String {
    let folded = fold::fold(text);
    let mut seen = HashSet::new();
    let mut words = String::with_capacity(folded.len() / 2);
    for word in folded.split(|c: char| !c.is_alphanumeric()) {
        if !word.is_empty() && word.len() <= LONGEST_WORD && seen.insert(word) {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(word);
        }
    }
    words
}

/// At most `bytes` of a text, cut between characters.
fn cut(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes { text } else { &text[..text.floor_char_boundary(bytes)] }
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filed {
    /// It was in the journal already: nothing changed.
    Duplicate,
    /// It opened this ticket.
    Created(TicketId),
    /// It went to this ticket.
    Reply(TicketId),
    /// A program's mail, our own echo, or a blocked sender's.
    Ignored,
    /// It reports that a mail did not arrive.
    Bounce,
    /// It waits for a person.
    Held,
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// Where an IMAP mailbox stands; `None` on a mailbox never seen.
    pub async fn standing(&self, mailbox: &str) -> Result<Option<Standing>> {
        Ok(self.inner.store.read().await?.standing(mailbox).await?)
    }

    /// Keeps where an IMAP mailbox stands at the beginning of a visit; [`Desk::receive`] and [`Desk::note_settled`]
    /// move it on.
    pub async fn keep_standing(&self, mailbox: &str, standing: &Standing) -> Result<()> {
        let mut tx = self.inner.store.begin().await?;
        tx.keep_standing(mailbox, standing).await?;
        Ok(tx.commit().await?)
    }

    /// Notes that the server was told (by flag, move or deletion) of what is taken in up to the cursor.
    pub async fn note_settled(&self, mailbox: &str, cursor: Cursor) -> Result<()> {
        let mut tx = self.inner.store.begin().await?;
        tx.note_settled(mailbox, cursor.uid_validity, cursor.last_uid).await?;
        Ok(tx.commit().await?)
    }

    /// Journals mails and moves the cursor in one transaction, then files them. What became of each comes back
    /// in the order of the mails.
    pub async fn receive(
        &self,
        mailbox: &str,
        arrived: Vec<Arrived>,
        cursor: Option<Cursor>,
    ) -> Result<Vec<Filed>> {
        let now = self.inner.clock.now();
        let mut filed = vec![Filed::Duplicate; arrived.len()];
        let mut tx = self.inner.store.begin().await?;
        let rows: Vec<NewRawMail<'_>> = arrived
            .iter()
            .map(|mail| NewRawMail {
                mailbox,
                sha256: &mail.sha256,
                identity: &mail.identity,
                bytes: mail.bytes,
                packed: &mail.packed,
            })
            .collect();
        let ids = tx.journal_mails(&rows, now).await?;
        match cursor {
            Some(cursor) => tx.move_cursor(mailbox, cursor.uid_validity, cursor.last_uid, now).await?,
            None => tx.stamp_sync(mailbox, now).await?,
        }
        tx.commit().await?;
        crate::crash::point("after_journal_before_file");
        let journaled = ids.into_iter().zip(arrived).enumerate();
        let (places, mails): (Vec<usize>, Vec<ReadMail>) =
            journaled.filter_map(|(place, (id, mail))| Some((place, (id?, mail.read)))).unzip();
        for (place, outcome) in places.into_iter().zip(self.inner.file(&mails, now).await?) {
            filed[place] = outcome;
        }
        Ok(filed)
    }

    /// Mails that were journaled and not filed, because the process died in between; the oldest first.
    pub async fn unfiled(&self, limit: i64) -> Result<Vec<(RawMailId, Vec<u8>)>> {
        let packed = self.inner.store.read().await?.unfiled_mails(limit).await?;
        packed.into_iter().map(|(id, packed)| Ok((id, unpack(&packed)?))).collect()
    }

    /// Files mails of the journal, read again.
    pub async fn file_again(
        &self,
        mails: Vec<(RawMailId, std::result::Result<InboundMail, &'static str>)>,
    ) -> Result<Vec<Filed>> {
        let now = self.inner.clock.now();
        let mails: Vec<_> =
            mails.into_iter().map(|(id, mail)| (id, mail.map(|mail| Box::new(Digest::new(mail))))).collect();
        self.inner.file(&mails, now).await
    }

    /// Stamps that a mailbox was taken in without a fault, and held nothing to store.
    pub async fn note_sync(&self, mailbox: &str) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        tx.stamp_sync(mailbox, now).await?;
        Ok(tx.commit().await?)
    }

    /// The mails that wait for a person.
    pub async fn held_mails(&self) -> Result<Vec<HeldMail>> {
        Ok(self.inner.store.read().await?.held_mails().await?)
    }

    /// One of them, byte for byte.
    pub async fn held_mail(&self, id: RawMailId) -> Result<Option<Vec<u8>>> {
        let packed = self.inner.store.read().await?.held_mail(id).await?;
        Ok(packed.map(|packed| unpack(&packed)).transpose()?)
    }
}

type ReadMail = (RawMailId, std::result::Result<Box<Digest>, &'static str>);

impl Inner {
    /// Files mails together; when one of them cannot be filed, each on its own, and that one is held.
    async fn file(&self, mails: &[ReadMail], now: DateTime<Utc>) -> Result<Vec<Filed>> {
        if mails.is_empty() {
            return Ok(Vec::new());
        }
        match self.file_together(mails, now).await {
            Ok(filed) => return Ok(filed),
            Err(error) if mails.len() > 1 => {
                tracing::warn!(mails = mails.len(), %error, "a batch could not be filed whole; filing one by one");
            }
            Err(error) => tracing::warn!(%error, "a mail could not be filed"),
        }
        let mut filed = Vec::with_capacity(mails.len());
        for mail in mails {
            match self.file_together(std::slice::from_ref(mail), now).await {
                Ok(outcome) => filed.extend(outcome),
                Err(error) => {
                    tracing::error!(raw_mail.id = %mail.0, %error, "a mail could not be filed and is held");
                    let mut tx = self.store.begin().await?;
                    tx.settle_mail(mail.0, MailState::Held, Some("could not be filed")).await?;
                    tx.commit().await?;
                    filed.push(Filed::Held);
                }
            }
        }
        Ok(filed)
    }

    async fn file_together(&self, mails: &[ReadMail], now: DateTime<Utc>) -> Result<Vec<Filed>> {
        let mut tx = self.store.begin().await?;
        let mut filed = Vec::with_capacity(mails.len());
        let mut later = Later::default();
        for (id, read) in mails {
            let outcome = match read {
                Ok(digest) => self.file_one(&mut tx, &mut later, *id, digest, now).await?,
                Err(why) => hold(&mut tx, *id, why).await?,
            };
            filed.push(outcome);
        }
        later.write(&mut tx, now).await?;
        tx.commit().await?;
        Ok(filed)
    }

    async fn file_one<'a>(
        &self,
        tx: &mut Tx,
        later: &mut Later<'a>,
        id: RawMailId,
        digest: &'a Digest,
        now: DateTime<Utc>,
    ) -> Result<Filed> {
        let accepted = match screen(&digest.mail, &self.settings.own_addresses) {
            Screening::Hold(why) => return hold(tx, id, why).await,
            Screening::Ignore(Ignored::Bounce) => return self.file_bounce(tx, id, digest, now).await,
            Screening::Ignore(Ignored::OwnEcho) => return ignore(tx, id, "our own mail").await,
            Screening::Ignore(Ignored::Automatic(why)) => Err(why),
            Screening::Accept => Ok(()),
        };
        let Some(sender) = digest.sender() else { return hold(tx, id, "no sender").await };
        let place = find_thread(tx, &digest.mail, &sender.address).await?;
        match (accepted, place) {
            (Ok(()), None) => self.open(tx, later, id, digest, sender, now).await,
            (Ok(()), Some(place)) if place.requester == sender.address => {
                let sender = format!("{} {}", sender.name, sender.address);
                let thanks = digest.mail.attachments.is_empty() && is_thanks(&digest.trimmed.reply, &sender);
                let event = if thanks { Event::RequesterThanked } else { Event::RequesterWrote };
                self.add(tx, later, id, digest, place, None, &event, now).await
            }
            (Ok(()), Some(place)) => {
                self.add(tx, later, id, digest, place, Some(Mark::Stranger), &Event::StrangerWrote, now).await
            }
            (Err(_), Some(place)) if place.requester == sender.address => {
                self.add(tx, later, id, digest, place, Some(Mark::Automatic), &Event::AutomaticReply, now)
                    .await
            }
            (Err(why), _) => ignore(tx, id, &why).await,
        }
    }

    /// Opens a ticket with a mail.
    async fn open<'a>(
        &self,
        tx: &mut Tx,
        later: &mut Later<'a>,
        id: RawMailId,
        digest: &'a Digest,
        sender: &'a Mailbox,
        now: DateTime<Utc>,
    ) -> Result<Filed> {
        let requester = tx.meet_requester(&sender.address, &sender.name, now).await?;
        if requester.blocked_at.is_some() {
            return ignore(tx, id, "blocked sender").await;
        }
        let subject = threading::bare_subject(&digest.mail.subject);
        let subject = if subject.is_empty() { wording::mail::no_subject() } else { subject };
        let ticket = tx.open_ticket(&subject, requester.id, now).await?;
        let message = add_message(tx, later, id, digest, sender, ticket.id, None, now).await?;
        let detail = EventDetail { message: Some(message.0), ..EventDetail::default() };
        later.opened.push((ticket.id, &sender.address, detail));
        later.filed.push(id);
        Ok(Filed::Created(ticket.id))
    }

    /// Adds a mail to the ticket it belongs to.
    #[allow(
        clippy::too_many_arguments,
        reason = "the two facts of the mail, the place, and what it means there"
    )]
    async fn add<'a>(
        &self,
        tx: &mut Tx,
        later: &mut Later<'a>,
        id: RawMailId,
        digest: &'a Digest,
        place: Place,
        mark: Option<Mark>,
        event: &Event,
        now: DateTime<Utc>,
    ) -> Result<Filed> {
        if later.opened.iter().any(|(ticket, ..)| *ticket == place.ticket) {
            later.write_openings(tx, now).await?;
        }
        let ticket = locked(tx, place.ticket).await?;
        let sender =
            digest.sender().ok_or_else(|| anyhow::anyhow!("a mail without sender passed screening"))?;
        let message = add_message(tx, later, id, digest, sender, ticket.id, mark, now).await?;
        let requester = ticket.requester;
        let actor = if mark.is_none() { Actor::Requester(requester) } else { Actor::System };
        let act = Act {
            event,
            actor: &actor,
            door: Door::Mail,
            source_key: None,
            message: Some(message),
            rung: Some(place.rung.as_str()),
        };
        let applied = self.apply(tx, ticket, act, now).await?;
        if mark.is_none() && !sender.name.is_empty() {
            tx.set_requester_name(requester, &sender.name).await?;
        }
        later.filed.push(id);
        Ok(if mark == Some(Mark::Automatic) { Filed::Ignored } else { Filed::Reply(applied.ticket.id) })
    }

    /// Marks the mail that came back, and tells the CMs on its ticket.
    async fn file_bounce(
        &self,
        tx: &mut Tx,
        id: RawMailId,
        digest: &Digest,
        now: DateTime<Utc>,
    ) -> Result<Filed> {
        let Some(bounce) = &digest.mail.bounce else { return ignore(tx, id, "bounce").await };
        let Some(delivery) = returned_delivery(tx, bounce, &digest.mail).await? else {
            tx.settle_mail(id, MailState::Ignored, Some("bounce of no mail of ours")).await?;
            return Ok(Filed::Bounce);
        };
        let why = wording::mail::bounced(bounce);
        let ticket = locked(tx, delivery.ticket).await?;
        let given_up = bounce.action != "delayed";
        if given_up {
            let state = crate::domain::delivery::DeliveryState::Failed;
            tx.settle_delivery(delivery.id, state, Some(&why), now).await?;
        }
        let event = Event::Bounced { delivery: delivery.id, why };
        let act = Act {
            event: &event,
            actor: &Actor::System,
            door: Door::Mail,
            source_key: None,
            message: None,
            rung: None,
        };
        self.apply(tx, ticket, act, now).await?;
        tx.settle_mail(id, MailState::Filed, Some("bounce")).await?;
        Ok(Filed::Bounce)
    }
}

/// The mail of ours that a report is about.
async fn returned_delivery(
    tx: &mut Tx,
    bounce: &Bounce,
    mail: &InboundMail,
) -> Result<Option<crate::store::outbox::StoredDelivery>> {
    let quoted = bounce.original_message_id.as_deref();
    for id in quoted.into_iter().chain(threading::answered_ids(mail)) {
        if let Some(delivery) = tx.delivery_by_rfc_id(id).await? {
            return Ok(Some(delivery));
        }
    }
    Ok(None)
}

/// Rows of a batch that nothing in the batch reads: written together at its end.
#[derive(Default)]
struct Later<'a> {
    /// Tickets that were opened: by whom, and what their first line of history remembers.
    opened: Vec<(TicketId, &'a str, EventDetail)>,
    /// Messages, each with the words it is found by.
    words: Vec<(MessageId, &'a str)>,
    /// Mails that are on their tickets.
    filed: Vec<RawMailId>,
}

impl Later<'_> {
    async fn write(&mut self, tx: &mut Tx, now: DateTime<Utc>) -> Result<()> {
        self.write_openings(tx, now).await?;
        tx.index_messages(&self.words).await?;
        Ok(tx.settle_filed(&self.filed).await?)
    }

    /// The first line of each opened ticket's history; before any other line of it.
    async fn write_openings(&mut self, tx: &mut Tx, now: DateTime<Utc>) -> Result<()> {
        let opened = std::mem::take(&mut self.opened);
        let lines: Vec<NewEvent<'_>> = opened
            .iter()
            .map(|(ticket, sender, detail)| NewEvent {
                ticket: *ticket,
                at: now,
                kind: EventKind::Created,
                door: Door::Mail,
                agent: None,
                actor: sender,
                detail,
                version_after: 1,
                source_key: None,
            })
            .collect();
        Ok(tx.add_events(&lines).await?)
    }
}

/// A ticket that a mail leads to.
struct Place {
    ticket: TicketId,
    requester: String,
    rung: Rung,
}

/// The threading ladder. `[#42]` alone lets only the ticket's own requester in; an id of the conversation also
/// lets a stranger's mail be kept on the ticket, set apart.
async fn find_thread(tx: &mut Tx, mail: &InboundMail, sender: &str) -> Result<Option<Place>> {
    for id in threading::answered_ids(mail) {
        if let Some((ticket, requester)) = tx.ticket_by_ref(id, sender).await? {
            return Ok(Some(Place { ticket, requester, rung: Rung::Reference }));
        }
    }
    let Some(tagged) = threading::tagged_ticket(&mail.subject) else { return Ok(None) };
    let Some(ticket) = tx.ticket(tagged).await? else { return Ok(None) };
    let requester = tx.requester(ticket.requester).await?.email;
    Ok((requester == sender).then_some(Place { ticket: tagged, requester, rung: Rung::SubjectTag }))
}

#[allow(clippy::too_many_arguments, reason = "the facts of one row, and where its later rows go")]
async fn add_message<'a>(
    tx: &mut Tx,
    later: &mut Later<'a>,
    raw_mail: RawMailId,
    digest: &'a Digest,
    sender: &Mailbox,
    ticket: TicketId,
    mark: Option<Mark>,
    now: DateTime<Utc>,
) -> Result<MessageId> {
    let author = if sender.name.is_empty() { &sender.address } else { &sender.name };
    let text = shortened(&digest.trimmed.reply);
    let folded = match (digest.trimmed.quoted.as_str(), digest.trimmed.signature.as_str()) {
        (quoted, "") => quoted.to_owned(),
        ("", signature) => signature.to_owned(),
        (quoted, signature) => format!("{signature}\n\n{quoted}"),
    };
    let message = tx
        .add_message(&NewMessage {
            ticket,
            direction: Direction::Inbound,
            mark,
            author,
            at: now,
            text: &text,
            quoted: &shortened(&folded),
            raw_mail: Some(raw_mail),
        })
        .await?;
    for attachment in digest.mail.attachments.iter().take(MOST_ATTACHMENTS) {
        tx.add_attachment(message, attachment).await?;
    }
    if let Some(rfc_id) = &digest.mail.message_id {
        tx.add_ref(rfc_id, ticket, Direction::Inbound).await?;
    }
    later.words.push((message, &digest.words));
    Ok(message)
}

fn shortened(text: &str) -> std::borrow::Cow<'_, str> {
    let kept = cut(text, LONGEST_TEXT);
    if kept.len() == text.len() {
        return text.into();
    }
    format!("{kept}\n\n{}", wording::mail::rest_in_original()).into()
}

async fn locked(tx: &mut Tx, id: TicketId) -> Result<Ticket> {
    tx.lock_ticket(id).await?.ok_or_else(|| Failure::Broken(anyhow::anyhow!("ticket {id} has vanished")))
}

async fn hold(tx: &mut Tx, id: RawMailId, why: &str) -> Result<Filed> {
    tx.settle_mail(id, MailState::Held, Some(why)).await?;
    Ok(Filed::Held)
}

async fn ignore(tx: &mut Tx, id: RawMailId, why: &str) -> Result<Filed> {
    tx.settle_mail(id, MailState::Ignored, Some(why)).await?;
    Ok(Filed::Ignored)
}
