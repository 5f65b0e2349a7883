//! What the mails of a batch leave to be written together at its end: the tickets that they open, and the words that
//! messages are found by. A statement for each row of them would be most of the cost of a mail.

use super::file::{MOST_ATTACHMENTS, author, ignore, texts};
use super::known::Known;
use super::receive::{Digest, Filed};
use super::webhook::tell;
use super::{Inner, Result};
use crate::domain::chat::{Platform, PostKind};
use crate::domain::event::{EventDetail, EventKind};
use crate::domain::ids::{MessageId, RawMailId, TicketId};
use crate::domain::mail::Mailbox;
use crate::domain::message::Direction;
use crate::domain::participant::{MOST_BY_MAIL, Participation};
use crate::domain::people::Door;
use crate::domain::threading::{self, RefKind, answered_ids, tagged_ticket};
use crate::domain::ticket::Status;
use crate::domain::timetable::Timetable;
use crate::domain::webhook::{Hook, HookEvent};
use crate::store::Tx;
use crate::store::messages::NewMessage;
use crate::store::tickets::NewEvent;
use crate::store::webhook::About;
use crate::wording;
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};

/// A mail that opens a ticket.
pub(super) struct Opening<'a> {
    pub(super) id: RawMailId,
    pub(super) digest: &'a Digest,
    pub(super) sender: &'a Mailbox,
    /// What the first line of the ticket's history remembers, besides the message.
    pub(super) detail: EventDetail,
    /// The people that the mail names.
    pub(super) people: Vec<&'a Mailbox>,
    /// Our mail server says that the sender is not who it says.
    pub(super) refuted: bool,
    /// By which door it came.
    pub(super) door: Door,
}

impl Opening<'_> {
    /// As what the people that the mail names come to the ticket.
    fn participation(&self) -> Participation {
        if self.refuted { Participation::Proposed } else { Participation::In }
    }
}

/// Rows that wait for the end of their batch.
#[derive(Default)]
pub(super) struct Later<'a> {
    openings: Vec<Opening<'a>>,
    /// The Message-IDs of `openings`, and the ids that they name.
    ids: HashSet<&'a str>,
    named: HashSet<&'a str>,
    /// The addresses of their senders and of the people they name.
    people: HashSet<&'a str>,
    /// What became of those that are written.
    opened: HashMap<RawMailId, Filed>,
    /// Messages, each with the words it is found by.
    words: Vec<(MessageId, &'a str)>,
    /// Some address gets no mail because one came back: whoever writes from it gets mail again.
    pub(super) clears_addresses: bool,
    /// The message ids that lead to a ticket.
    pub(super) known: Known,
    /// Where the team is told of each ticket.
    pub(super) chats: &'a [Platform],
    /// Which endpoints are.
    hooks: &'a [Hook],
    /// What is ahead of each.
    ahead: Timetable,
}

impl Inner {
    /// Nothing yet of a batch that arrives at `now`.
    pub(super) fn later(&self, now: DateTime<Utc>) -> Later<'_> {
        let (chats, hooks) = (self.settings.chats.as_slice(), self.settings.hooks.as_slice());
        Later { chats, hooks, ahead: self.timetable_of_new(now), ..Later::default() }
    }
}

impl<'a> Later<'a> {
    /// Leaves a ticket to be opened.
    pub(super) fn open(&mut self, opening: Opening<'a>) {
        self.ids.extend(opening.digest.mail.message_id.as_deref());
        self.named.extend(threading::named_ids(&opening.digest.mail));
        self.people.insert(&opening.sender.address);
        self.people.extend(opening.people.iter().map(|person| person.address.as_str()));
        self.openings.push(opening);
    }

    /// Opens a ticket now, since its number is needed; `None` for a blocked sender, whose mail is then ignored.
    pub(super) async fn open_now(
        &mut self,
        tx: &mut Tx,
        opening: Opening<'a>,
        now: DateTime<Utc>,
    ) -> Result<Option<TicketId>> {
        let id = opening.id;
        self.open(opening);
        self.write_openings(tx, now).await?;
        Ok(match self.outcome(id) {
            Some(Filed::Created(ticket)) => Some(ticket),
            _ => None,
        })
    }

    /// Leaves a message to be indexed.
    pub(super) fn index(&mut self, message: MessageId, words: &'a str) {
        self.words.push((message, words));
    }

    /// What became of an opening, once it is written.
    pub(super) fn outcome(&self, id: RawMailId) -> Option<Filed> {
        self.opened.get(&id).copied()
    }

    /// Whether what becomes of a mail may depend on an opening: it answers one, or is to be written after it.
    pub(super) fn concerns(&self, digest: &Digest) -> bool {
        let mail = &digest.mail;
        let answered = answered_ids(mail);
        let own = mail.message_id.as_deref();
        // Answers that arrive before what they answer.
        if own.is_some_and(|own| self.named.contains(own)) {
            return true;
        }
        let sender = digest.sender().map(|sender| sender.address.as_str());
        // A tag leads nobody in but those who take part, and an id that was only named nobody but its sender.
        (!answered.is_empty() || tagged_ticket(&mail.subject).is_some())
            && (answered.iter().chain(&own).any(|id| self.ids.contains(id))
                || sender.is_some_and(|sender| self.people.contains(sender)))
    }

    /// Writes everything that waits.
    pub(super) async fn write(&mut self, tx: &mut Tx, now: DateTime<Utc>) -> Result<()> {
        self.write_openings(tx, now).await?;
        Ok(tx.index_messages(&std::mem::take(&mut self.words)).await?)
    }

    /// Opens the tickets, in the order of their mails; a blocked sender opens none.
    pub(super) async fn write_openings(&mut self, tx: &mut Tx, now: DateTime<Utc>) -> Result<()> {
        let openings = std::mem::take(&mut self.openings);
        self.ids.clear();
        self.named.clear();
        self.people.clear();
        let people: Vec<(&str, &str)> = openings
            .iter()
            // Who is refuted names nobody.
            .map(|opening| {
                (opening.sender.address.as_str(), if opening.refuted { "" } else { &opening.sender.name })
            })
            .collect();
        let mut welcome = Vec::with_capacity(openings.len());
        let mut subjects = Vec::with_capacity(openings.len());
        for (opening, requester) in openings.iter().zip(tx.meet_requesters(&people, now).await?) {
            if requester.blocked_at.is_some() {
                self.opened.insert(opening.id, ignore(tx, opening.id, "blocked sender").await?);
                continue;
            }
            let subject = threading::bare_subject(&opening.digest.mail.subject);
            let subject = if subject.is_empty() { wording::mail::no_subject() } else { subject };
            subjects.push((subject, requester.id));
            welcome.push(opening);
        }
        let tickets = tx.open_tickets(&subjects, self.ahead.answer_due, now).await?;
        let running = self.ahead.timers();
        let timers =
            tickets.iter().flat_map(|ticket| running.iter().map(|(kind, due)| (*ticket, *kind, *due)));
        tx.add_timers(&timers.collect::<Vec<_>>()).await?;
        let texts: Vec<_> = welcome.iter().map(|opening| texts(opening.digest)).collect();
        let messages: Vec<NewMessage<'_>> = welcome
            .iter()
            .zip(&tickets)
            .zip(&texts)
            .map(|((opening, ticket), (text, quoted))| NewMessage {
                ticket: *ticket,
                direction: Direction::Inbound,
                mark: None,
                author: author(opening.sender),
                sender: Some(&opening.sender.address),
                refuted: opening.refuted,
                at: now,
                text,
                quoted,
                raw_mail: Some(opening.id),
                shape: opening.digest.mail.shape,
            })
            .collect();
        let messages = tx.add_messages(&messages).await?;
        let details: Vec<EventDetail> = messages
            .iter()
            .zip(&welcome)
            .map(|(message, opening)| EventDetail { message: Some(message.0), ..opening.detail.clone() })
            .collect();
        let (mut files, mut refs, mut named) = (Vec::new(), Vec::new(), Vec::new());
        let mut lines = Vec::with_capacity(welcome.len());
        for (((opening, ticket), message), detail) in welcome.iter().zip(tickets).zip(messages).zip(&details)
        {
            let mail = &opening.digest.mail;
            let (state, by) = (opening.participation(), opening.sender.address.as_str());
            for person in &opening.people {
                tx.bring_participant(ticket, person, state, by, MOST_BY_MAIL, now).await?;
            }
            files.extend(mail.attachments.iter().take(MOST_ATTACHMENTS).map(|file| (message, file)));
            refs.extend(mail.message_id.as_deref().map(|rfc_id| (rfc_id, ticket)));
            let its_named = threading::named_ids(mail);
            self.known.note(mail.message_id.as_deref(), &its_named);
            named.extend(its_named.into_iter().map(|rfc_id| (rfc_id, ticket)));
            lines.push(NewEvent {
                ticket,
                at: now,
                kind: EventKind::Created,
                door: opening.door,
                agent: None,
                actor: &opening.sender.address,
                detail,
                version_after: 1,
                source_key: None,
            });
            for platform in self.chats {
                tx.add_post(*platform, PostKind::Card, Some(ticket), 0, now, now).await?;
                tx.add_post(*platform, PostKind::Message, Some(ticket), message.0, now, now).await?;
            }
            let created = About { message: Some(message), ..About::ticket(ticket, Status::New) };
            tell(tx, self.hooks, HookEvent::TicketCreated, created, now, now).await?;
            self.index(message, &opening.digest.words);
            self.opened.insert(opening.id, Filed::Created(ticket));
        }
        tx.add_attachments(&files).await?;
        tx.add_refs(&refs, RefKind::Received).await?;
        tx.name_refs(&named).await?;
        Ok(tx.add_events(&lines).await?)
    }
}
