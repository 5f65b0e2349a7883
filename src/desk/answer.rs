//! What a requester writes on the page of their ticket: a mail that never travelled. It is journaled byte for byte, with its
//! files, and filed by the same hands as any other; only where it goes is known beforehand.

use super::links::{Grant, Purpose};
use super::receive::{Arrived, Filed, LIMITED_WITHIN};
use super::requester::granted;
use super::thread::{Way, land};
use super::{Desk, Inner, Result};
use crate::domain::event::Event;
use crate::domain::ids::RawMailId;
use crate::domain::participant::Voice;
use crate::domain::thanks::is_thanks;
use crate::domain::threading::Rung;
use crate::store::Tx;
use crate::store::mailbox::NewRawMail;
use chrono::{DateTime, Utc};

/// What the journal calls where such mails come from: requesters' pages, and the team.
pub(super) const PAGE: &str = "page";
pub(super) const TEAM: &str = "team";

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// It is in a conversation, now or since the form was sent before: the page of the ticket, on this server.
    Taken(String),
    /// This person's words open no ticket, and theirs is past: nothing was kept.
    Blocked,
    /// This person has written too much within the hour: nothing was kept.
    TooMany,
}

/// What an answer is, beside its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant {
    /// What its words say: thanks alone do not reopen a resolved ticket.
    AsWritten,
    /// That the matter is not resolved.
    NotResolved,
}

impl Desk {
    /// Adds what the requester wrote to the ticket that the link opens, or to the one that goes on from it. The same mail
    /// again changes nothing. `None` for a link that opens nothing.
    ///
    /// # Errors
    /// The database's, and a mail that cannot be read or that somebody else wrote.
    pub async fn own_answer(
        &self,
        token: &str,
        purpose: Purpose,
        mail: Arrived,
        meant: Meant,
    ) -> Result<Option<Answered>> {
        let inner = &self.inner;
        let now = inner.clock.now();
        let Some(grant) = inner.links.read(token, purpose, now) else { return Ok(None) };
        let mut tx = inner.store.begin().await?;
        let Some((ticket, requester)) = granted(&mut tx, grant).await? else { return Ok(None) };
        let digest = mail.digest()?;
        let sender = digest.sender().filter(|sender| sender.address == requester.email);
        let Some(sender) = sender else {
            return Err(anyhow::anyhow!("an answer by page is not its requester's").into());
        };
        if let Some(ticket) = tx.ticket_of_mail(mail.identity()).await? {
            return Ok(Some(Answered::Taken(inner.links.path(Purpose::Ticket, Grant { ticket, ..grant }))));
        }
        if inner.writes_too_much(&mut tx, &requester.email, now).await? {
            return Ok(Some(Answered::TooMany));
        }
        let Some(id) = keep(&mut tx, &mail, PAGE, Some(&requester.email), now).await? else {
            let ticket = tx.ticket_of_mail(mail.identity()).await?.unwrap_or(ticket.id);
            return Ok(Some(Answered::Taken(inner.links.path(Purpose::Ticket, Grant { ticket, ..grant }))));
        };
        let onward = land(&mut tx, ticket.id, Way::Onward).await?;
        let ticket = match onward.requester == requester.id {
            true => onward,
            false => land(&mut tx, ticket.id, Way::Here).await?,
        };
        let mut later = inner.later(now);
        let ticket = if inner.is_past(&ticket, now) {
            let opening = inner.opening(id, digest, sender);
            let rung = Rung::SignedLink;
            match inner.go_on(&mut tx, &mut later, opening, ticket, rung, now).await? {
                Filed::Created(ticket) => ticket,
                _ => return Ok(Some(Answered::Blocked)),
            }
        } else {
            let number = ticket.id;
            let thanks = meant == Meant::AsWritten
                && digest.mail.attachments.is_empty()
                && is_thanks(&digest.trimmed.reply, &format!("{} {}", sender.name, sender.address));
            let event = if thanks { Event::RequesterThanked } else { Event::RequesterWrote };
            let (rung, voice) = (Rung::SignedLink, Voice::Requester);
            inner.add(&mut tx, &mut later, id, digest, ticket, rung, voice, &event, now).await?;
            number
        };
        later.write(&mut tx, now).await?;
        tx.commit().await?;
        inner.ring_chats();
        Ok(Some(Answered::Taken(inner.links.path(Purpose::Ticket, Grant { ticket, ..grant }))))
    }
}

/// Keeps the bytes of a mail that a page made, as filed; `None` where the journal had it.
pub(super) async fn keep(
    tx: &mut Tx,
    mail: &Arrived,
    from: &str,
    sender: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<RawMailId>> {
    let row: NewRawMail<'_> = mail.row(from, sender, sender.is_some(), None);
    let Some(id) = tx.journal_mails(&[row], now).await?.pop().flatten() else { return Ok(None) };
    tx.take_to_file(&[id]).await?;
    Ok(Some(id))
}

impl Inner {
    /// Whether this address wrote as much within the hour as is taken from one.
    pub(super) async fn writes_too_much(
        &self,
        tx: &mut Tx,
        address: &str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let limit = i64::from(self.settings.rules.mails_per_sender_per_hour);
        if limit == 0 {
            return Ok(false);
        }
        let written = tx.count_by_sender(now - LIMITED_WITHIN, RawMailId(i64::MAX), limit).await?;
        Ok(written.get(address).is_some_and(|written| *written >= limit))
    }
}
