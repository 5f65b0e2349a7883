//! The entries of a conversation, their files, and the message ids that hold it together. May import: domain, sqlx.

use super::dialect::{
    Bulk, Sql, all, execute, fetch_all, optional, optional_scalar, scalar, statements, write_all,
};
use super::{Result, Tx, clean, known};
use crate::domain::ids::{MessageId, RawMailId, TicketId};
use crate::domain::life::Said;
use crate::domain::mail::{Attachment, HtmlVersion, Original, Parts, Refused, Seal, Shape};
use crate::domain::message::{Direction, Mark};
use crate::domain::threading::RefKind;
use chrono::{DateTime, Utc};
use std::collections::HashSet;
use std::sync::LazyLock;

/// A ticket and all that were merged into it, directly or not.
macro_rules! family {
    () => {
        "WITH RECURSIVE family (id) AS (SELECT CAST($1 AS BIGINT) UNION \
         SELECT ticket.id FROM ticket JOIN family ON ticket.merged_into = family.id) SELECT id FROM family"
    };
}

/// Who said what when on the tickets of a report; what a merge has taken away from one of them, where it is.
macro_rules! touched_said {
    ($created_at:literal) => {
        concat!(
            "SELECT id, ticket_id, direction, at, origin_id FROM message WHERE ticket_id IN \
             (SELECT id FROM ticket WHERE updated_at >= $1 AND ",
            $created_at,
            " < $2) AND mark IS NULL AND retracted_at IS NULL \
             UNION SELECT id, ticket_id, direction, at, origin_id FROM message WHERE origin_id IN \
             (SELECT id FROM ticket WHERE updated_at >= $1 AND ",
            $created_at,
            " < $2 AND merged_into IS NOT NULL) AND mark IS NULL AND retracted_at IS NULL ORDER BY at, id"
        )
    };
}

macro_rules! add_message {
    ($id:literal, $its_id:literal) => {
        concat!(
            "INSERT INTO message (",
            $id,
            "ticket_id, direction, mark, author, sender, refuted_at, at, text, quoted, raw_mail_id, html, seal, \
             parts_received, parts_kept)",
            $its_id,
            " VALUES "
        )
    };
}

/// The columns of a message, in the order of [`MessageRow`].
macro_rules! message_columns {
    () => {
        "id, direction, mark, author, sender, refuted_at, at, text, quoted, html, seal, parts_received, parts_kept, origin_id, \
         CASE WHEN raw_mail_id IS NULL THEN NULL WHEN EXISTS \
         (SELECT 1 FROM raw_body WHERE raw_body.raw_mail_id = message.raw_mail_id) THEN 'kept' ELSE 'gone' END AS original"
    };
}

statements! {
    ADD_MESSAGE = Sql::same(concat!(
        add_message!("", ""), "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id"));
    MESSAGES = Sql::same(
        concat!("SELECT ", message_columns!(), " FROM message WHERE ticket_id = $1 AND retracted_at IS NULL ORDER BY id"));
    MESSAGE = Sql::same(
        concat!("SELECT ", message_columns!(), " FROM message WHERE id = $1 AND retracted_at IS NULL"));
    SAID = Sql::same(
        "SELECT direction, at, origin_id FROM message WHERE ticket_id = $1 AND mark IS NULL AND retracted_at IS NULL ORDER BY at, id");
    TOUCHED_SAID = Sql::fork(touched_said!("+created_at"), touched_said!("created_at"));
    MESSAGE_TEXT = Sql::same("SELECT text FROM message WHERE id = $1");
    LATEST_INBOUND = Sql::same(
        concat!("SELECT ", message_columns!(), " FROM message WHERE (ticket_id = $1 OR origin_id = $1) \
         AND direction = 'inbound' AND mark IS NULL AND id < $2 ORDER BY id DESC LIMIT 1"));
    HELD_FROM = Sql::same(
        concat!("SELECT ", message_columns!(), " FROM message WHERE ticket_id = $1 AND sender = $2 \
         AND mark = 'stranger' ORDER BY id"));
    SET_MARK = Sql::same("UPDATE message SET mark = $2 WHERE id = $1");
    RETRACT_MESSAGE = Sql::same("UPDATE message SET retracted_at = $2 WHERE id = $1");
    RAW_OF_MESSAGE = Sql::same(
        "SELECT raw_body.packed FROM message JOIN raw_body ON raw_body.raw_mail_id = message.raw_mail_id \
         WHERE message.id = $1");
    // In the order of the mail: `domain::mail::INSIDE` lies between a part and the files within it.
    ATTACHMENTS = Sql::same(
        "SELECT attachment.message_id, attachment.part, attachment.name, attachment.media_type, attachment.bytes, \
                attachment.inline, attachment.refused \
         FROM attachment JOIN message ON message.id = attachment.message_id \
         WHERE message.ticket_id = $1 \
         ORDER BY attachment.message_id, attachment.part % 100000, attachment.part");
    ATTACHMENT = Sql::same(
        "SELECT message_id, part, name, media_type, bytes, inline, refused FROM attachment \
         WHERE message_id = $1 AND part = $2");
    FILES_OF = Sql::same(
        "SELECT message_id, part, name, media_type, bytes, inline, refused FROM attachment \
         WHERE message_id = $1 ORDER BY part % 100000, part");
    MOVE_MESSAGES = Sql::same(
        "UPDATE message SET origin_id = COALESCE(origin_id, ticket_id), ticket_id = $2 WHERE ticket_id = $1");
    // What a stranger wrote is its writer's own there.
    MOVE_MESSAGE = Sql::same(
        "UPDATE message SET ticket_id = $2, origin_id = NULL, mark = CASE WHEN mark = 'stranger' THEN NULL ELSE mark END WHERE id = $1");
    MOVE_REF = Sql::same(
        "UPDATE mail_ref SET ticket_id = $3 WHERE rfc_id = $1 AND ticket_id = $2 AND kind = 'received'");
    MOVE_MESSAGES_BACK = Sql::same(concat!(
        "UPDATE message SET ticket_id = $1 WHERE ticket_id = $2 AND origin_id IN (", family!(), ")"));
    TICKET_BY_REF = Sql::same(
        "SELECT ticket.id, requester.email, mail_ref.kind FROM mail_ref \
         JOIN ticket ON ticket.id = mail_ref.ticket_id JOIN requester ON requester.id = ticket.requester_id \
         WHERE mail_ref.rfc_id = $1 AND mail_ref.kind <> 'named' \
         ORDER BY CASE WHEN requester.email = $2 THEN 0 WHEN EXISTS (SELECT 1 FROM participant \
         WHERE participant.ticket_id = ticket.id AND participant.address = $2 AND participant.state = 'in') THEN 1 \
         ELSE 2 END, mail_ref.id DESC LIMIT 1");
    OWN_TICKET_BY_NAMED_REF = Sql::same(
        "SELECT ticket.id FROM mail_ref JOIN ticket ON ticket.id = mail_ref.ticket_id \
         JOIN requester ON requester.id = ticket.requester_id \
         WHERE mail_ref.rfc_id = $1 AND mail_ref.kind = 'named' AND requester.email = $2 \
         ORDER BY mail_ref.id DESC LIMIT 1");
    REFS = Sql::same(concat!(
        "SELECT rfc_id, kind FROM mail_ref WHERE kind IN ('received', 'minted') AND ticket_id IN (", family!(),
        ") ORDER BY id DESC LIMIT $2"));
}

static ADD_MESSAGES: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        Sql::fork(add_message!("id, ", ""), add_message!("id, ", " OVERRIDING SYSTEM VALUE")),
        Sql::same("($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"),
        15,
        "",
    )
});
static ADD_ATTACHMENTS: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        Sql::same(
            "INSERT INTO attachment (message_id, part, name, media_type, bytes, inline, refused) VALUES ",
        ),
        Sql::same("($1, $2, $3, $4, $5, $6, $7)"),
        7,
        "",
    )
});
static ADD_REFS: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        Sql::same("INSERT INTO mail_ref (rfc_id, ticket_id, kind) VALUES "),
        Sql::same("($1, $2, $3)"),
        3,
        " ON CONFLICT (rfc_id, ticket_id) DO UPDATE SET kind = excluded.kind WHERE mail_ref.kind = 'named'",
    )
});
static NAME_REFS: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        Sql::same("INSERT INTO mail_ref (rfc_id, ticket_id, kind) VALUES "),
        Sql::same("($1, $2, 'named')"),
        2,
        " ON CONFLICT (rfc_id, ticket_id) DO NOTHING",
    )
});
static KNOWN_REFS: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(Sql::same("SELECT DISTINCT rfc_id FROM mail_ref WHERE rfc_id IN ("), Sql::same("$1"), 1, ")")
});
/// The statements of this file for many rows, by name.
pub(super) static BULKS: [(&str, &LazyLock<Bulk>); 5] = [
    ("add_messages", &ADD_MESSAGES),
    ("add_attachments", &ADD_ATTACHMENTS),
    ("add_refs", &ADD_REFS),
    ("name_refs", &NAME_REFS),
    ("known_refs", &KNOWN_REFS),
];

/// An entry to add to a conversation.
#[derive(Debug)]
pub struct NewMessage<'a> {
    /// Whose conversation.
    pub ticket: TicketId,
    /// Which way it went.
    pub direction: Direction,
    /// Why it is set apart.
    pub mark: Option<Mark>,
    /// Name to show.
    pub author: &'a str,
    /// The address that it came from, for an inbound one.
    pub sender: Option<&'a str>,
    /// Our mail server says that this address did not write it.
    pub refuted: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// What was written.
    pub text: &'a str,
    /// What is folded away.
    pub quoted: &'a str,
    /// The mail it came in.
    pub raw_mail: Option<RawMailId>,
    /// What that mail is made of; nothing for what an agent wrote.
    pub shape: Shape,
}

/// An entry, as it is read.
#[derive(Debug, Clone)]
pub struct StoredMessage {
    /// Its number.
    pub id: MessageId,
    /// Which way it went.
    pub direction: Direction,
    /// Why it is set apart.
    pub mark: Option<Mark>,
    /// Name to show.
    pub author: String,
    /// The address that it came from, for an inbound one.
    pub sender: Option<String>,
    /// Our mail server says that this address did not write it.
    pub refuted: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// What was written.
    pub text: String,
    /// What is folded away.
    pub quoted: String,
    /// What the mail it came in is made of.
    pub shape: Shape,
    /// The ticket that it was written on, where another took it over.
    pub origin: Option<TicketId>,
    /// What became of the mail that it came in; `None` where it came in none.
    pub original: Option<Original>,
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    id: i64,
    direction: String,
    mark: Option<String>,
    author: String,
    sender: Option<String>,
    refuted_at: Option<DateTime<Utc>>,
    at: DateTime<Utc>,
    text: String,
    quoted: String,
    html: Option<String>,
    seal: Option<String>,
    parts_received: i64,
    parts_kept: i64,
    origin_id: Option<i64>,
    original: Option<String>,
}

impl MessageRow {
    fn read(self) -> Result<StoredMessage> {
        Ok(StoredMessage {
            id: MessageId(self.id),
            direction: known(&self.direction, Direction::from_word)?,
            mark: self.mark.map(|mark| known(&mark, Mark::from_word)).transpose()?,
            author: self.author,
            sender: self.sender,
            refuted: self.refuted_at.is_some(),
            at: self.at,
            text: self.text,
            quoted: self.quoted,
            shape: Shape {
                html: self.html.map(|html| known(&html, HtmlVersion::from_word)).transpose()?,
                seal: self.seal.map(|seal| known(&seal, Seal::from_word)).transpose()?,
                parts: Parts {
                    received: u32::try_from(self.parts_received).unwrap_or_default(),
                    kept: u32::try_from(self.parts_kept).unwrap_or_default(),
                },
            },
            origin: self.origin_id.map(TicketId),
            original: self.original.map(|word| known(&word, Original::from_word)).transpose()?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct AttachmentRow {
    message_id: i64,
    part: i64,
    name: String,
    media_type: String,
    bytes: i64,
    inline: i64,
    refused: Option<String>,
}

impl AttachmentRow {
    fn read(self) -> Result<(MessageId, Attachment)> {
        let attachment = Attachment {
            name: self.name,
            media_type: self.media_type,
            bytes: u64::try_from(self.bytes).unwrap_or_default(),
            part: u32::try_from(self.part).unwrap_or_default(),
            inline: self.inline != 0,
            refused: self.refused.map(|word| known(&word, Refused::from_word)).transpose()?,
        };
        Ok((MessageId(self.message_id), attachment))
    }
}

fn said(ticket: TicketId, direction: &str, at: DateTime<Utc>, origin: Option<i64>) -> Result<Said> {
    // What was brought here and back again is at home.
    let origin = origin.map(TicketId).filter(|origin| *origin != ticket);
    Ok(Said { direction: known(direction, Direction::from_word)?, at, origin })
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    pub async fn add_message(&mut self, message: &NewMessage<'_>) -> Result<MessageId> {
        scalar!(
            self,
            ADD_MESSAGE,
            message.ticket.0,
            message.direction.as_str(),
            message.mark.map(Mark::as_str),
            clean(message.author),
            message.sender.map(clean),
            message.refuted.then_some(message.at),
            message.at,
            clean(message.text),
            clean(message.quoted),
            message.raw_mail.map(|id| id.0),
            message.shape.html.map(HtmlVersion::as_str),
            message.shape.seal.map(Seal::as_str),
            i64::from(message.shape.parts.received),
            i64::from(message.shape.parts.kept)
        )
        .map(MessageId)
    }

    /// Adds entries to several conversations; their numbers in the same order.
    pub async fn add_messages(&mut self, messages: &[NewMessage<'_>]) -> Result<Vec<MessageId>> {
        let ids = self.next_ids("message", messages.len()).await?;
        let rows: Vec<_> = ids.iter().zip(messages).collect();
        write_all!(self, ADD_MESSAGES, rows, |query, row| query
            .bind(row.0)
            .bind(row.1.ticket.0)
            .bind(row.1.direction.as_str())
            .bind(row.1.mark.map(Mark::as_str))
            .bind(clean(row.1.author))
            .bind(row.1.sender.map(clean))
            .bind(row.1.refuted.then_some(row.1.at))
            .bind(row.1.at)
            .bind(clean(row.1.text))
            .bind(clean(row.1.quoted))
            .bind(row.1.raw_mail.map(|id| id.0))
            .bind(row.1.shape.html.map(HtmlVersion::as_str))
            .bind(row.1.shape.seal.map(Seal::as_str))
            .bind(i64::from(row.1.shape.parts.received))
            .bind(i64::from(row.1.shape.parts.kept)))?;
        Ok(ids.into_iter().map(MessageId).collect())
    }

    /// The conversation, oldest first, without what was taken back.
    pub async fn messages(&mut self, ticket: TicketId) -> Result<Vec<StoredMessage>> {
        let rows: Vec<MessageRow> = all!(self, MESSAGES, ticket.0)?;
        rows.into_iter().map(MessageRow::read).collect()
    }

    /// One of them, on whatever ticket; `None` when it was taken back.
    pub async fn message(&mut self, id: MessageId) -> Result<Option<StoredMessage>> {
        let row: Option<MessageRow> = optional!(self, MESSAGE, id.0)?;
        row.map(MessageRow::read).transpose()
    }

    /// Who said something when: what people wrote, without its words, and nothing that was taken back.
    pub async fn said(&mut self, ticket: TicketId) -> Result<Vec<Said>> {
        let rows: Vec<(String, DateTime<Utc>, Option<i64>)> = all!(self, SAID, ticket.0)?;
        rows.into_iter().map(|(direction, at, origin)| said(ticket, &direction, at, origin)).collect()
    }

    /// The same of every ticket to which anything may have happened from one instant to another, each on the ticket where it is
    /// now: also what a merge has taken away from one of them.
    pub async fn touched_said(
        &mut self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<(TicketId, Said)>> {
        /// With its own number first, by which they are ordered.
        type Row = (i64, i64, String, DateTime<Utc>, Option<i64>);
        let rows: Vec<Row> = all!(self, TOUCHED_SAID, from, to)?;
        let read = |(_, ticket, direction, at, origin): Row| {
            Ok((TicketId(ticket), said(TicketId(ticket), &direction, at, origin)?))
        };
        rows.into_iter().map(read).collect()
    }

    pub async fn message_text(&mut self, id: MessageId) -> Result<Option<String>> {
        optional_scalar!(self, MESSAGE_TEXT, id.0)
    }

    /// The latest words before `message` of somebody who takes part: what a reply answers.
    pub async fn latest_inbound(
        &mut self,
        ticket: TicketId,
        message: MessageId,
    ) -> Result<Option<StoredMessage>> {
        let row: Option<MessageRow> = optional!(self, LATEST_INBOUND, ticket.0, message.0)?;
        row.map(MessageRow::read).transpose()
    }

    /// What `sender` wrote on a ticket and is held as a stranger's, oldest first.
    pub async fn held_messages(&mut self, ticket: TicketId, sender: &str) -> Result<Vec<StoredMessage>> {
        let rows: Vec<MessageRow> = all!(self, HELD_FROM, ticket.0, clean(sender))?;
        rows.into_iter().map(MessageRow::read).collect()
    }

    pub async fn set_mark(&mut self, id: MessageId, mark: Option<Mark>) -> Result<()> {
        execute!(self, SET_MARK, id.0, mark.map(Mark::as_str)).map(drop)
    }

    pub async fn retract_message(&mut self, id: MessageId, now: DateTime<Utc>) -> Result<()> {
        execute!(self, RETRACT_MESSAGE, id.0, now).map(drop)
    }

    /// The packed bytes of the mail that a message came in.
    pub async fn raw_of_message(&mut self, id: MessageId) -> Result<Option<Vec<u8>>> {
        optional_scalar!(self, RAW_OF_MESSAGE, id.0)
    }

    /// Adds files, each to its message.
    pub async fn add_attachments(&mut self, attachments: &[(MessageId, &Attachment)]) -> Result<()> {
        write_all!(self, ADD_ATTACHMENTS, attachments, |query, row| query
            .bind(row.0.0)
            .bind(i64::from(row.1.part))
            .bind(clean(&row.1.name))
            .bind(clean(&row.1.media_type))
            .bind(i64::try_from(row.1.bytes).unwrap_or(i64::MAX))
            .bind(i64::from(row.1.inline))
            .bind(row.1.refused.map(Refused::as_str)))
    }

    /// The files of a conversation, each with its message, in the order of their mails.
    pub async fn attachments(&mut self, ticket: TicketId) -> Result<Vec<(MessageId, Attachment)>> {
        let rows: Vec<AttachmentRow> = all!(self, ATTACHMENTS, ticket.0)?;
        rows.into_iter().map(AttachmentRow::read).collect()
    }

    /// One file of a message.
    pub async fn attachment(&mut self, message: MessageId, part: u32) -> Result<Option<Attachment>> {
        let row: Option<AttachmentRow> = optional!(self, ATTACHMENT, message.0, i64::from(part))?;
        Ok(row.map(AttachmentRow::read).transpose()?.map(|(_, attachment)| attachment))
    }

    /// All files of a message, in the order of its mail.
    pub async fn files_of(&mut self, message: MessageId) -> Result<Vec<Attachment>> {
        let rows: Vec<AttachmentRow> = all!(self, FILES_OF, message.0)?;
        rows.into_iter().map(|row| row.read().map(|(_, attachment)| attachment)).collect()
    }

    /// Gives a ticket's messages to the one that it is merged into.
    pub async fn move_messages(&mut self, from: TicketId, to: TicketId) -> Result<()> {
        execute!(self, MOVE_MESSAGES, from.0, to.0).map(drop)
    }

    /// Gives one message to another ticket.
    pub async fn move_message(&mut self, message: MessageId, to: TicketId) -> Result<()> {
        execute!(self, MOVE_MESSAGE, message.0, to.0).map(drop)
    }

    /// Makes the id of a mail that was received lead to another ticket.
    pub async fn move_ref(&mut self, rfc_id: &str, from: TicketId, to: TicketId) -> Result<()> {
        execute!(self, MOVE_REF, clean(rfc_id), from.0, to.0).map(drop)
    }

    /// Gives them back, with those of the tickets that had been merged into it before.
    pub async fn move_messages_back(&mut self, from: TicketId, to: TicketId) -> Result<()> {
        execute!(self, MOVE_MESSAGES_BACK, to.0, from.0).map(drop)
    }

    /// Makes a message id lead to a ticket.
    pub async fn add_ref(&mut self, rfc_id: &str, ticket: TicketId, kind: RefKind) -> Result<()> {
        self.add_refs(&[(rfc_id, ticket)], kind).await
    }

    /// Makes message ids lead to tickets, in this order; each pair once.
    pub async fn add_refs(&mut self, refs: &[(&str, TicketId)], kind: RefKind) -> Result<()> {
        write_all!(self, ADD_REFS, refs, |query, row| query
            .bind(clean(row.0))
            .bind(row.1.0)
            .bind(kind.as_str()))
    }

    /// Remembers ids that a mail on a ticket answers, each with the ticket; each once.
    pub async fn name_refs(&mut self, refs: &[(&str, TicketId)]) -> Result<()> {
        write_all!(self, NAME_REFS, refs, |query, row| query.bind(clean(row.0)).bind(row.1.0))
    }

    /// Those of these message ids that lead to a ticket, or were named on one.
    pub async fn known_refs(&mut self, ids: &[&str]) -> Result<HashSet<String>> {
        let known = fetch_all!(self, KNOWN_REFS, (String,), ids, |query, id| query.bind(clean(id)))?;
        Ok(known.into_iter().map(|(id,)| id).collect())
    }

    /// The ticket that a message id leads to, with its requester's address and how it came to; of several, the
    /// sender's own, then the latest. Ids that were only named lead nobody here.
    pub async fn ticket_by_ref(
        &mut self,
        rfc_id: &str,
        sender: &str,
    ) -> Result<Option<(TicketId, String, RefKind)>> {
        let row: Option<(i64, String, String)> =
            optional!(self, TICKET_BY_REF, clean(rfc_id), clean(sender))?;
        row.map(|(id, email, kind)| Ok((TicketId(id), email, known(&kind, RefKind::from_word)?))).transpose()
    }

    /// The sender's own latest ticket with a mail that answers this id.
    pub async fn own_ticket_by_named_ref(&mut self, rfc_id: &str, sender: &str) -> Result<Option<TicketId>> {
        let id: Option<i64> = optional_scalar!(self, OWN_TICKET_BY_NAMED_REF, clean(rfc_id), clean(sender))?;
        Ok(id.map(TicketId))
    }

    /// The latest `limit` message ids of a conversation and of those merged into it, oldest first: the received and
    /// the minted.
    pub async fn refs(&mut self, ticket: TicketId, limit: i64) -> Result<Vec<(String, RefKind)>> {
        let mut rows: Vec<(String, String)> = all!(self, REFS, ticket.0, limit)?;
        rows.reverse();
        rows.into_iter().map(|(id, kind)| Ok((id, known(&kind, RefKind::from_word)?))).collect()
    }
}
