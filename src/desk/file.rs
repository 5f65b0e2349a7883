//! Filing: what becomes of a journaled mail. A ticket, a message on its ticket, a mark on the mail that came back;
//! or ignored, or held for a person.

use super::apply::Act;
use super::known::Known;
use super::later::{Later, Opening};
use super::receive::{Digest, Filed, LIMITED_WITHIN, ReadMail};
use super::run::persist;
use super::thread::{Place, Way, land, returned_delivery};
use super::{Failure, Inner, Result};
use crate::domain::address::{is_same, usable_address};
use crate::domain::delivery::DeliveryState;
use crate::domain::event::{Event, EventDetail};
use crate::domain::ids::{MessageId, RawMailId, TicketId};
use crate::domain::mail::{InboundMail, Mailbox};
use crate::domain::message::{Direction, Mark};
use crate::domain::participant::{Voice, named_in};
use crate::domain::people::{Actor, Door, EMAIL};
use crate::domain::returned;
use crate::domain::screening::{
    BY_SUBJECT, Ignored, Screening, is_circumstantial, is_doubtful, screen, screen_as_letter,
};
use crate::domain::text::head;
use crate::domain::thanks::is_thanks;
use crate::domain::threading::{self, RefKind, Rung};
use crate::domain::ticket::Ticket;
use crate::store::mailbox::MailState;
use crate::store::messages::NewMessage;
use crate::store::{self, Tx};
use crate::wording;
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use std::collections::HashMap;

/// The longest text kept on a ticket, in bytes; the rest stays in the original mail.
const LONGEST_TEXT: usize = 200_000;
/// More files than any letter needs.
pub(super) const MOST_ATTACHMENTS: usize = 500;

/// What becomes of mails that are doubtful by more than their words: of a sender who writes too many, or of a program by its
/// subject alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// They wait for a CM.
    Held,
    /// However many there are, they are taken in: they came before. A program's still waits.
    Backlog,
    /// They are taken in: somebody asked for these very mails.
    TakenIn,
}

/// How one mail is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Welcome {
    /// By what it is.
    Usual,
    /// It is one too many of its sender.
    TooMany,
    /// Somebody asked for it.
    AskedFor,
}

/// How many mails each sender wrote lately, and how many are too many.
#[derive(Default)]
struct Crowd {
    limit: i64,
    written: HashMap<String, i64>,
}

impl Crowd {
    /// Counts a mail of this sender, and says whether it is one too many.
    fn is_full(&mut self, sender: &str) -> bool {
        if self.limit == 0 {
            return false;
        }
        let written = self.written.entry(sender.to_owned()).or_default();
        *written += 1;
        *written > self.limit
    }
}

/// Why a mail of a flood waits.
const TOO_MANY: &str = "too many mails of this sender within an hour";
/// Why a mail waits that is a program's by nothing but its subject, and answers nothing of ours.
const ONLY_BY_SUBJECT: &str = "automatic by its subject alone";
/// The same of one that other signs call a program's, none of them sure.
const PERHAPS_AUTOMATIC: &str = "perhaps automatic";
/// Why a mail waits that reads like a report, which a person may have written.
const PERHAPS_BOUNCE: &str = "a bounce by its words alone, of no mail of ours";
/// Why a report is nobody's to read.
const NOT_OURS: &str = "bounce of no mail of ours";

impl Inner {
    /// Who wrote how much before these mails.
    async fn crowd(&self, tx: &mut Tx, mails: &[RawMailId], now: DateTime<Utc>) -> Result<Crowd> {
        let limit = i64::from(self.settings.rules.mails_per_sender_per_hour);
        let Some(first) = mails.iter().min().filter(|_| limit > 0) else { return Ok(Crowd::default()) };
        let written = tx.count_by_sender(now - LIMITED_WITHIN, *first, limit).await?;
        Ok(Crowd { limit, written })
    }

    /// Files mails together; when one of them is the cause of an error, each on its own, and that one is held. An
    /// error that no mail causes (a full disk, a lost database) is returned: the mails stay in the journal and are
    /// filed when it has passed.
    pub(super) async fn file(
        &self,
        mails: &[ReadMail],
        doubt: Doubt,
        now: DateTime<Utc>,
    ) -> Result<Vec<Filed>> {
        if mails.is_empty() {
            return Ok(Vec::new());
        }
        match self.file_patiently(mails, doubt, now).await {
            Err(failure) if is_the_mails_fault(&failure) => {
                tracing::warn!(mails = mails.len(), error = logged(&failure), "filing mails one by one");
            }
            outcome => return outcome,
        }
        let mut filed = Vec::with_capacity(mails.len());
        for mail in mails {
            match self.file_patiently(std::slice::from_ref(mail), doubt, now).await {
                Ok(outcome) => filed.extend(outcome),
                Err(failure) if is_the_mails_fault(&failure) => {
                    let error = logged(&failure);
                    tracing::error!(raw_mail.id = %mail.0, error, "a mail cannot be filed and is held");
                    let mut tx = self.store.begin().await?;
                    hold(&mut tx, mail.0, "could not be filed").await?;
                    tx.commit().await?;
                    filed.push(Filed::Held);
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(filed)
    }

    /// Files mails together; again, where another process was in the way.
    async fn file_patiently(
        &self,
        mails: &[ReadMail],
        doubt: Doubt,
        now: DateTime<Utc>,
    ) -> Result<Vec<Filed>> {
        persist(|| self.file_together(mails, doubt, now)).await
    }

    async fn file_together(
        &self,
        mails: &[ReadMail],
        doubt: Doubt,
        now: DateTime<Utc>,
    ) -> Result<Vec<Filed>> {
        let mut tx = self.store.begin().await?;
        let ids: Vec<RawMailId> = mails.iter().map(|(id, _)| *id).collect();
        let ours = tx.take_to_file(&ids).await?;
        let mut filed = Vec::with_capacity(mails.len());
        let mut later = self.later(now);
        let mut crowd = match doubt {
            Doubt::Held => self.crowd(&mut tx, &ids, now).await?,
            Doubt::Backlog | Doubt::TakenIn => Crowd::default(),
        };
        later.clears_addresses = tx.is_any_suppressed().await?;
        let read: Vec<_> = mails.iter().filter_map(|(_, read)| Some(&read.as_ref().ok()?.mail)).collect();
        later.known = Known::among(&mut tx, &read, &self.settings.own_addresses).await?;
        for (id, read) in mails {
            let outcome = match read {
                _ if !ours.contains(id) => Some(Filed::Duplicate),
                Ok(digest) => {
                    let is_flood = digest.counted_sender(now).is_some_and(|sender| crowd.is_full(sender));
                    let welcome = match doubt {
                        Doubt::TakenIn => Welcome::AskedFor,
                        Doubt::Held | Doubt::Backlog if is_flood => Welcome::TooMany,
                        Doubt::Held | Doubt::Backlog => Welcome::Usual,
                    };
                    self.file_one(&mut tx, &mut later, *id, digest, welcome, now).await?
                }
                Err(why) => Some(hold(&mut tx, *id, why).await?),
            };
            filed.push(outcome);
        }
        later.write(&mut tx, now).await?;
        tx.commit().await?;
        self.ring_chats();
        let outcomes = ids.iter().zip(filed).map(|(id, outcome)| outcome.or_else(|| later.outcome(*id)));
        outcomes
            .collect::<Option<_>>()
            .ok_or_else(|| anyhow::anyhow!("a mail of a batch was left out").into())
    }

    /// `None` for a mail that waits in `later` to open a ticket.
    async fn file_one<'a>(
        &self,
        tx: &mut Tx,
        later: &mut Later<'a>,
        id: RawMailId,
        digest: &'a Digest,
        welcome: Welcome,
        now: DateTime<Utc>,
    ) -> Result<Option<Filed>> {
        if let Some(number) = self.canary_of(&digest.mail) {
            tx.note_canary_returned(number, now).await?;
            return ignore(tx, id, "canary").await.map(Some);
        }
        // A copy of what we sent, in a folder that holds it, whoever a provider puts in its From.
        if digest.mail.message_id.as_deref().is_some_and(|own| self.is_minted(own)) {
            return ignore(tx, id, "our own mail").await.map(Some);
        }
        let mut screening = screen(&digest.mail, &self.settings.own_addresses);
        if screening == Screening::Ignore(Ignored::Bounce) {
            if let Some(filed) = self.file_bounce(tx, later, id, digest, now).await? {
                return Ok(Some(filed));
            }
            screening = screen_as_letter(&digest.mail, &self.settings.own_addresses);
            if screening == Screening::Accept && welcome != Welcome::AskedFor {
                return hold(tx, id, PERHAPS_BOUNCE).await.map(Some);
            }
        }
        let accepted = match screening {
            Screening::Hold(why) => return hold(tx, id, why).await.map(Some),
            Screening::Ignore(Ignored::Bounce) => return ignore(tx, id, NOT_OURS).await.map(Some),
            Screening::Ignore(Ignored::OwnEcho) => return ignore(tx, id, "our own mail").await.map(Some),
            Screening::Ignore(Ignored::Automatic(_)) if digest.mail.delivered.is_some() => {
                return self.file_delivered(tx, id, digest, now).await.map(Some);
            }
            Screening::Ignore(Ignored::Automatic(why)) if welcome == Welcome::TooMany => {
                if is_doubtful(&why) && why != BY_SUBJECT {
                    return hold(tx, id, TOO_MANY).await.map(Some);
                }
                return ignore(tx, id, TOO_MANY).await.map(Some);
            }
            Screening::Ignore(Ignored::Automatic(why))
                if is_doubtful(&why) && welcome == Welcome::AskedFor =>
            {
                Ok(())
            }
            Screening::Ignore(Ignored::Automatic(why)) => Err(why),
            Screening::Accept if welcome == Welcome::TooMany => {
                return hold(tx, id, TOO_MANY).await.map(Some);
            }
            Screening::Accept => Ok(()),
        };
        let Some(sender) = digest.sender() else { return hold(tx, id, "no sender").await.map(Some) };
        if accepted.is_ok() && later.clears_addresses && !self.is_refuted(&digest.mail) {
            tx.lift_suppression(&sender.address).await?;
        }
        if accepted.is_ok()
            && !self.is_refuted(&digest.mail)
            && let Some(forwarded) = &digest.forwarded
            && let Some(agent) = tx.agent_by_identity(EMAIL, &sender.address).await?
        {
            return self.open_forwarded(tx, later, id, forwarded, &agent, now).await.map(Some);
        }
        if later.concerns(digest) {
            later.write_openings(tx, now).await?;
        }
        let place = self.find_thread(tx, &later.known, &digest.mail, &sender.address).await?;
        let is_guess = accepted.as_ref().is_err_and(|why| is_circumstantial(why));
        let goes_on = accepted.is_ok() || is_guess;
        let place = match place {
            None => None,
            Some(place) => self.enter(tx, place, &sender.address, &digest.mail, goes_on).await?,
        };
        // Where the conversation is known, what only stands around a mail makes it nobody else's.
        let accepted = if is_guess && place.is_some() { Ok(()) } else { accepted };
        let filed = match (accepted, place) {
            (Ok(()), None) => {
                later.open(self.opening(id, digest, sender));
                return Ok(None);
            }
            (Ok(()), Some((ticket, rung, Voice::Stranger))) => {
                let who = wording::mail::stranger(&sender.address, self.is_refuted(&digest.mail));
                let event = Event::StrangerWrote { who };
                self.add(tx, later, id, digest, ticket, rung, Voice::Stranger, &event, now).await
            }
            (Ok(()), Some((ticket, rung, Voice::Requester))) if self.is_past(&ticket, now) => {
                self.go_on(tx, later, self.opening(id, digest, sender), ticket, rung, now).await
            }
            (Ok(()), Some((ticket, ..))) if self.is_past(&ticket, now) => {
                // What the requester goes on with is theirs; what somebody else writes so late begins anew.
                later.open(self.opening(id, digest, sender));
                return Ok(None);
            }
            (Ok(()), Some((ticket, rung, voice))) => {
                let sender = format!("{} {}", sender.name, sender.address);
                let thanks = digest.mail.attachments.is_empty()
                    && is_thanks(&digest.trimmed.reply, &sender)
                    && !digest.trimmed.signature_speaks();
                let event = if thanks { Event::RequesterThanked } else { Event::RequesterWrote };
                self.add(tx, later, id, digest, ticket, rung, voice, &event, now).await
            }
            (Err(_), Some((ticket, rung, voice @ (Voice::Requester | Voice::Participant)))) => {
                self.add(tx, later, id, digest, ticket, rung, voice, &Event::AutomaticReply, now).await
            }
            (Err(why), None) if why == BY_SUBJECT => hold(tx, id, ONLY_BY_SUBJECT).await,
            (Err(why), _) if is_doubtful(&why) && why != BY_SUBJECT => hold(tx, id, PERHAPS_AUTOMATIC).await,
            (Err(why), _) => ignore(tx, id, &why).await,
        };
        filed.map(Some)
    }

    /// Where a mail goes that leads to `place`, and as what its sender writes there; `None` when it is no place of theirs.
    /// What a person of the ticket writes goes on to the ticket that goes on from it, if `goes_on`.
    async fn enter(
        &self,
        tx: &mut Tx,
        place: Place,
        sender: &str,
        mail: &InboundMail,
        goes_on: bool,
    ) -> Result<Option<(Ticket, Rung, Voice)>> {
        let Place { ticket: id, requester, rung } = place;
        let mut voice = self.voice(tx, id, &requester, sender, mail).await?;
        // `[#42]` is no secret: alone it lets no stranger in.
        if rung == Rung::SubjectTag && voice == Voice::Stranger {
            return Ok(None);
        }
        let way = if goes_on && voice != Voice::Stranger { Way::Onward } else { Way::Here };
        let ticket = land(tx, id, way).await?;
        // Nothing is left there that a mail could belong to: it begins anew.
        if ticket.anonymised_at.is_some() {
            return Ok(None);
        }
        if ticket.id != id {
            // Another ticket has people of its own.
            voice = self.voice(tx, ticket.id, &requester, sender, mail).await?;
        }
        Ok(Some((ticket, rung, voice)))
    }

    /// What a mail brings to the ticket that it opens: itself, and the people it names, who come in if it is what it says.
    pub(super) fn opening<'a>(&self, id: RawMailId, digest: &'a Digest, sender: &'a Mailbox) -> Opening<'a> {
        let people = named_in(&digest.mail, &sender.address, &self.settings.own_addresses);
        let refuted = self.is_refuted(&digest.mail);
        Opening { id, digest, sender, detail: EventDetail::default(), people, refuted, door: Door::Mail }
    }

    /// Opens a ticket that goes on from a closed one, to which a rung led.
    pub(super) async fn go_on<'a>(
        &self,
        tx: &mut Tx,
        later: &mut Later<'a>,
        opening: Opening<'a>,
        before: Ticket,
        rung: Rung,
        now: DateTime<Utc>,
    ) -> Result<Filed> {
        let (other, led) = (Some(before.id.0), Some(rung.as_str().to_owned()));
        let detail = EventDetail { other, rung: led, ..EventDetail::default() };
        let opening = Opening { detail, door: door_of(rung), ..opening };
        let Some(ticket) = later.open_now(tx, opening, now).await? else {
            return Ok(Filed::Ignored);
        };
        tx.set_follows(ticket, before.id).await?;
        let act = Act {
            event: &Event::ContinuedIn(ticket),
            actor: &Actor::Requester(before.requester),
            door: door_of(rung),
            source_key: None,
            message: None,
            rung: Some(rung.as_str()),
        };
        self.apply(tx, before, act, now).await?;
        Ok(Filed::Created(ticket))
    }

    /// Adds a mail to the ticket it belongs to.
    #[allow(
        clippy::too_many_arguments,
        reason = "the two facts of the mail, the place, and what it means there"
    )]
    pub(super) async fn add<'a>(
        &self,
        tx: &mut Tx,
        later: &mut Later<'a>,
        id: RawMailId,
        digest: &'a Digest,
        ticket: Ticket,
        rung: Rung,
        voice: Voice,
        event: &Event,
        now: DateTime<Utc>,
    ) -> Result<Filed> {
        let sender =
            digest.sender().ok_or_else(|| anyhow::anyhow!("a mail without sender passed screening"))?;
        let mark = match (event, voice) {
            (Event::AutomaticReply, _) => Some(Mark::Automatic),
            (_, Voice::Stranger) => Some(Mark::Stranger),
            (_, Voice::Requester | Voice::Participant) => None,
        };
        let refuted = self.is_refuted(&digest.mail);
        let message = add_message(tx, later, id, digest, sender, ticket.id, mark, refuted, now).await?;
        let (mail, requester) = (&digest.mail, ticket.requester);
        match voice {
            Voice::Stranger => self.propose_stranger(tx, ticket.id, sender, mail, now).await?,
            Voice::Requester | Voice::Participant if mark.is_none() => {
                let known = match voice {
                    Voice::Requester => sender.address.clone(),
                    _ => tx.requester(requester).await?.email,
                };
                self.propose_named(tx, ticket.id, &known, mail, now).await?;
            }
            Voice::Requester | Voice::Participant => {}
        }
        let actor = match voice {
            Voice::Requester if mark.is_none() => Actor::Requester(requester),
            Voice::Participant if mark.is_none() => Actor::Participant(sender.address.clone()),
            Voice::Requester | Voice::Participant | Voice::Stranger => Actor::System,
        };
        let act = Act {
            event,
            actor: &actor,
            door: door_of(rung),
            source_key: None,
            message: Some(message),
            rung: Some(rung.as_str()),
        };
        let applied = self.apply(tx, ticket, act, now).await?;
        match voice {
            _ if mark.is_some() || sender.name.is_empty() => {}
            Voice::Requester => tx.set_requester_name(requester, &sender.name).await?,
            Voice::Participant => {
                tx.set_participant_name(applied.ticket.id, &sender.address, &sender.name).await?;
            }
            Voice::Stranger => {}
        }
        Ok(if mark == Some(Mark::Automatic) { Filed::Ignored } else { Filed::Reply(applied.ticket.id) })
    }

    /// Notes that a mail arrived, which its receipt tells the CMs: « remis ».
    async fn file_delivered(
        &self,
        tx: &mut Tx,
        id: RawMailId,
        digest: &Digest,
        now: DateTime<Utc>,
    ) -> Result<Filed> {
        let Some(report) = &digest.mail.delivered else { return ignore(tx, id, "delivered").await };
        let Some(delivery) = returned_delivery(tx, report, &digest.mail).await? else {
            return ignore(tx, id, "a report of no mail of ours").await;
        };
        let is_exact = delivery.cc.is_empty() || report.recipient == delivery.address;
        let has_left =
            matches!(delivery.state, DeliveryState::Sent | DeliveryState::Sending | DeliveryState::Uncertain);
        if is_exact && has_left && !self.is_refuted(&digest.mail) {
            let arrived = wording::mail::DELIVERED;
            tx.settle_delivery(delivery.id, DeliveryState::Sent, Some(arrived), now).await?;
            if delivery.state != DeliveryState::Sent {
                self.keep_copy(tx, &delivery, now).await?;
            }
            self.tell_receipt(tx, delivery.ticket, delivery.message_id.map(|id| id.0), now).await?;
        }
        ignore(tx, id, "delivered").await
    }

    /// Marks the mail that came back, and tells the CMs on its ticket. `None` for what only reads like a report, and is of no mail
    /// of ours.
    async fn file_bounce(
        &self,
        tx: &mut Tx,
        later: &mut Later<'_>,
        id: RawMailId,
        digest: &Digest,
        now: DateTime<Utc>,
    ) -> Result<Option<Filed>> {
        let Some(bounce) = &digest.mail.bounce else { return Ok(None) };
        let Some(delivery) = returned_delivery(tx, bounce, &digest.mail).await? else {
            if !bounce.certain {
                return Ok(None);
            }
            ignore(tx, id, NOT_OURS).await?;
            return Ok(Some(Filed::Bounce));
        };
        // Nothing is kept of whom it was for: nor does a report bring that back.
        if delivery.address.as_deref().and_then(usable_address).is_none() {
            ignore(tx, id, "a report of an erased mail").await?;
            return Ok(Some(Filed::Bounce));
        }
        let mut why = wording::mail::bounced(bounce);
        let ticket = land(tx, delivery.ticket, Way::Here).await?;
        // A report that names nobody of a reply to all may be about any of its copies, one that names somebody else is about
        // whoever the mail was handed on to, and one that our mail server refutes may be anybody's: none of them changes what
        // is known of a mail. What is to be sent again waits for that.
        let is_exact = match &bounce.recipient {
            Some(named) => delivery.address.as_deref().is_some_and(|address| is_same(named, address)),
            None => delivery.cc.is_empty(),
        };
        let is_refuted = self.is_refuted(&digest.mail);
        let has_left =
            matches!(delivery.state, DeliveryState::Sent | DeliveryState::Sending | DeliveryState::Uncertain);
        if is_refuted {
            why = wording::mail::bounce_not_believed(&why);
        } else if !is_exact {
            why = match &bounce.recipient {
                Some(other) if delivery.cc.is_empty() => wording::mail::bounce_of_another(&why, other),
                _ => wording::mail::bounce_of_some_copy(&why),
            };
        } else if has_left && bounce.action != "delayed" {
            tx.settle_delivery(delivery.id, DeliveryState::Failed, Some(&why), now).await?;
            if let Some(address) = &delivery.address
                && bounce.status.as_deref().is_some_and(returned::is_hard)
            {
                tx.suppress(address, &why, delivery.id, now).await?;
                later.clears_addresses = true;
                why = wording::mail::bounced_and_suppressed(&why);
            }
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
        self.tell_receipt(tx, delivery.ticket, delivery.message_id.map(|id| id.0), now).await?;
        Ok(Some(Filed::Bounce))
    }
}

/// Whether a failure is one mail's, which others do not share: what it brings cannot be stored, or a rule refuses what it asks
/// for.
fn is_the_mails_fault(failure: &Failure) -> bool {
    match failure {
        Failure::Broken(error) => store::is_the_rows_fault(error),
        Failure::Refused(_) => true,
    }
}

/// A failure for the log, where no address stands.
fn logged(failure: &Failure) -> String {
    match failure {
        Failure::Broken(error) => format!("{error:#}"),
        Failure::Refused(_) => "a rule refuses what it asks for".to_owned(),
    }
}

/// By which door something came that this rung led to its ticket.
fn door_of(rung: Rung) -> Door {
    if rung == Rung::SignedLink { Door::Web } else { Door::Mail }
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
    refuted: bool,
    now: DateTime<Utc>,
) -> Result<MessageId> {
    let (text, quoted) = texts(digest);
    let message = tx
        .add_message(&NewMessage {
            ticket,
            direction: Direction::Inbound,
            mark,
            author: author(sender),
            sender: Some(&sender.address),
            refuted,
            at: now,
            text: &text,
            quoted: &quoted,
            raw_mail: Some(raw_mail),
            shape: digest.mail.shape,
        })
        .await?;
    let files = digest.mail.attachments.iter().take(MOST_ATTACHMENTS);
    tx.add_attachments(&files.map(|file| (message, file)).collect::<Vec<_>>()).await?;
    if let Some(rfc_id) = &digest.mail.message_id {
        tx.add_ref(rfc_id, ticket, RefKind::Received).await?;
    }
    let named = threading::named_ids(&digest.mail);
    if mark.is_none() {
        tx.name_refs(&named.iter().map(|id| (*id, ticket)).collect::<Vec<_>>()).await?;
    }
    later.known.note(digest.mail.message_id.as_deref(), &named);
    later.index(message, &digest.words);
    Ok(message)
}

/// The name that is shown for a sender.
pub(super) fn author(sender: &Mailbox) -> &str {
    if sender.name.is_empty() { &sender.address } else { &sender.name }
}

/// What is shown of a mail on its ticket, and what is folded away.
pub(super) fn texts(digest: &Digest) -> (Cow<'_, str>, Cow<'_, str>) {
    let folded = match (digest.trimmed.quoted.as_str(), digest.trimmed.signature.as_str()) {
        (quoted, "") => shortened(quoted),
        ("", signature) => shortened(signature),
        (quoted, signature) => shortened(&format!("{signature}\n\n{quoted}")).into_owned().into(),
    };
    (shortened(&digest.trimmed.reply), folded)
}

fn shortened(text: &str) -> Cow<'_, str> {
    let kept = head(text, LONGEST_TEXT);
    if kept.len() == text.len() {
        return text.into();
    }
    format!("{kept}\n\n{}", wording::mail::rest_in_original()).into()
}

pub(super) async fn hold(tx: &mut Tx, id: RawMailId, why: &str) -> Result<Filed> {
    tx.settle_mail(id, MailState::Held, Some(why)).await?;
    Ok(Filed::Held)
}

pub(super) async fn ignore(tx: &mut Tx, id: RawMailId, why: &str) -> Result<Filed> {
    tx.settle_mail(id, MailState::Ignored, Some(why)).await?;
    Ok(Filed::Ignored)
}
