//! What is written elsewhere than in a mail, as one (RFC 5322, MIME): so it is journaled, read and shown like every other,
//! and its files are found the same way. It has no Message-ID: no other mail can name it. May import: config, domain,
//! reading, wording.

use super::receive::Arrived;
use super::{Desk, Failure, Result};
use crate::config::Limits;
use crate::domain::ids::TicketId;
use crate::domain::refusal::Refusal;
use crate::reading::{self, identity};
use crate::wording::{letters, prose};
use anyhow::Context;
use lettre::Address;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};
use std::time::SystemTime;
use tokio::task::spawn_blocking;

/// The longest name of a file that is kept, in characters.
const LONGEST_NAME: usize = 120;
/// The longest text that comes with files, in bytes: more than the longest letter.
pub const LONGEST_TEXT: u64 = 200_000;
/// How many files go with one text at most.
pub const MOST_FILES: usize = 20;
/// What of a mail is not files: its header, and the text in its longest form (RFC 2045, 6.7).
const BESIDE_FILES: u64 = 4 * LONGEST_TEXT;

/// How many bytes the files of one mail may have in all: in it they grow by 26 in 19 (RFC 2045, 6.8: lines of 76
/// characters).
pub fn largest_files(limits: &Limits) -> u64 {
    limits.max_mail_bytes.saturating_sub(BESIDE_FILES) / 10 * 7
}

/// A file that comes with it.
#[derive(Debug)]
pub struct File {
    /// As its owner calls it.
    pub name: String,
    /// As their program calls its kind.
    pub media_type: String,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// Who writes what, about which ticket.
#[derive(Debug, Clone, Copy)]
pub struct Posted<'a> {
    /// Their name, may be empty.
    pub name: &'a str,
    /// Their address.
    pub email: &'a str,
    /// The subject of the mail.
    pub subject: &'a str,
    /// What they wrote.
    pub text: &'a str,
    /// What makes it itself, however often it is sent.
    pub identity: &'a str,
}

impl Desk {
    /// The mail that holds the files of an agent's reply, where there are any. `key` names the request itself.
    ///
    /// # Errors
    /// An unknown ticket, and faults of ours.
    pub async fn enclosed(
        &self,
        limits: &Limits,
        agent: &str,
        ticket: TicketId,
        text: &str,
        key: &str,
        files: Vec<File>,
    ) -> Result<Option<Arrived>> {
        if files.is_empty() {
            return Ok(None);
        }
        let ours = self.own_addresses().first().cloned().unwrap_or_default();
        let Some(view) = self.ticket(ticket).await? else {
            return Err(Failure::Refused(Refusal::NoSuchTicket(ticket)));
        };
        let posted = Posted {
            name: agent,
            email: &ours,
            subject: &letters::reply_subject(&view.subject, ticket),
            text,
            identity: key,
        };
        Ok(Some(posted.arrive(self, limits, files).await?))
    }
}

impl Posted<'_> {
    /// The mail, read and packed on a worker.
    ///
    /// # Errors
    /// When it cannot be made: our fault.
    pub async fn arrive(self, desk: &Desk, limits: &Limits, files: Vec<File>) -> anyhow::Result<Arrived> {
        let limits = limits.clone();
        let to = desk.own_addresses().first().cloned().unwrap_or_default();
        let raw_parts = self.message(&to, SystemTime::from(desk.clock().now()))?;
        let text = prose::clean_text(self.text);
        let identity_of = self.identity.to_owned();
        let arrived = spawn_blocking(move || -> anyhow::Result<Arrived> {
            let body = SinglePart::plain(text);
            let mail = if files.is_empty() {
                raw_parts.singlepart(body)
            } else {
                let parts = files.into_iter().map(attached);
                let parts = parts.fold(MultiPart::mixed().singlepart(body), MultiPart::singlepart);
                raw_parts.multipart(parts)
            };
            let raw = mail.context("what was written cannot be made a mail")?.formatted();
            let read = reading::read(&raw, &limits);
            Ok(Arrived::typed(&raw, identity::sha256_hex(&raw), identity_of, read)?)
        });
        arrived.await?
    }

    fn message(&self, to: &str, at: SystemTime) -> anyhow::Result<lettre::message::MessageBuilder> {
        let address = |address: &str| address.parse::<Address>().map_err(anyhow::Error::from);
        let name = prose::clean_line(self.name, letters::LONGEST_NAME).replace("=?", "= ?");
        let from = Mailbox::new((!name.is_empty()).then_some(name), address(self.email)?);
        let subject = prose::clean_line(self.subject, letters::LONGEST_SUBJECT + 20).replace("=?", "= ?");
        let mut message = Message::builder().date(at).from(from).subject(subject);
        if let Ok(to) = address(to) {
            message = message.to(Mailbox::new(None, to));
        }
        Ok(message)
    }
}

/// A file with a name that is one, and a kind; what it really is is found out when it is read.
fn attached(file: File) -> SinglePart {
    let name = prose::clean_line(&file.name, LONGEST_NAME).replace("=?", "= ?");
    let name = if name.is_empty() { "file".to_owned() } else { name };
    let kind =
        ContentType::parse(&file.media_type).or_else(|_| ContentType::parse("application/octet-stream"));
    match kind {
        Ok(kind) => Attachment::new(name).body(file.bytes, kind),
        Err(_) => Attachment::new(name).body(file.bytes, ContentType::TEXT_PLAIN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;

    fn written(posted: Posted<'_>, files: Vec<File>) -> crate::domain::mail::InboundMail {
        let at = SystemTime::UNIX_EPOCH;
        let body = SinglePart::plain(prose::clean_text(posted.text));
        let parts = files.into_iter().map(attached);
        let parts = parts.fold(MultiPart::mixed().singlepart(body), MultiPart::singlepart);
        let mail = posted.message("support@bettracker.example", at).unwrap().multipart(parts).unwrap();
        let limits = Limits { max_mail_bytes: 1 << 20, max_attachment_bytes: 1 << 20 };
        reading::read(&mail.formatted(), &limits).unwrap()
    }

    #[test]
    fn what_was_typed_comes_back_as_it_was_whatever_it_is() {
        let hostile = "a\"; x=\"b\r\nBcc: z@evil.example";
        let posted = Posted {
            name: "Léa\r\nBcc: x@evil.example",
            email: "lea@courriel.example",
            subject: "Paiement =?utf-8?q?=0D=0ABcc:?= refusé",
            text: "> pas une citation\n\n-- \npas une signature\n.\nFrom quelqu’un\n",
            identity: "k",
        };
        let file = |name: &str, media_type: &str| File {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            bytes: b"%PDF-1.7".to_vec(),
        };
        let mail = written(posted, vec![file("relevé été.pdf", "application/pdf"), file(hostile, "x\r\ny")]);
        assert_eq!(mail.from.len(), 1);
        assert_eq!(mail.from[0].address, "lea@courriel.example");
        assert_eq!(mail.text.trim_end(), "> pas une citation\n\n--\npas une signature\n.\nFrom quelqu’un");
        assert!(!mail.subject.contains('\n'), "{}", mail.subject);
        assert_eq!(mail.message_id, None);
        assert_eq!(mail.attachments.len(), 2);
        assert_eq!(mail.attachments[0].name, "relevé été.pdf");
        assert!(!mail.attachments[1].name.contains('\n'), "{}", mail.attachments[1].name);
        assert_eq!(mail.attachments[1].bytes, 8);
    }
}
