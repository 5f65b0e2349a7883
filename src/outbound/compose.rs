//! A parcel becomes the bytes of a mail (RFC 5322, MIME, RFC 2047), the same bytes each time.
//!
//! Nothing here is random and nothing asks the time: the date is the row's, the boundary comes from the Message-ID.
//! Whatever came from outside (names, subjects, texts, message ids) is cleaned before lettre sees it: a display
//! name that holds CR LF makes lettre panic. What may still go wrong inside stops at the border of one mail.
//!
//! Status notices carry a `List-Unsubscribe` (RFC 2369), with one click where the pages are on https (RFC 8058).
//! May import: desk, domain, reading, wording, memchr.

use crate::desk::deliver::{Enclosed, Parcel, Quoted};
use crate::domain::address::ascii_domain;
use crate::domain::hex::hex;
use crate::domain::notice::Notice;
use crate::domain::ticket::Status;
use crate::reading::parse::file_bytes;
use crate::wording::letters;
use crate::wording::prose;
use crate::wording::templates::{Letter, Quotation, Templates, TwoForms};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{
    Attachment, Body, Mailbox, Message, MultiPart, MultiPartBuilder, MultiPartKind, SinglePart,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::SystemTime;

/// Lines and characters of a quotation; the rest is behind the requester already.
const QUOTED_LINES: usize = 100;
const QUOTED_CHARACTERS: usize = 8_000;

/// How many references a mail carries: the first of the conversation and the latest (RFC 5322, 3.6.4, sets no limit).
const MOST_REFERENCES: usize = 20;

/// The longest message id that is repeated to others, in bytes: with its brackets it still fits a header line
/// (RFC 5322, 2.1.1: 998).
const LONGEST_ID: usize = 900;

/// What is the same in all mails of this desk.
#[derive(Debug, Clone)]
pub struct Letterhead {
    from: Mailbox,
    brand: String,
    zone: Tz,
}

impl Letterhead {
    /// `from` as configured: `Support BetTracker Pro <support@bettrackerpro.com>`, or an address alone. `zone` is
    /// the desk's, for the times in quotations.
    ///
    /// # Errors
    /// One sentence when `from` holds no valid address.
    pub fn new(from: &str, brand: &str, zone: Tz) -> Result<Letterhead, String> {
        let (name, address) = read_mailbox(from)?;
        Ok(Letterhead { from: mailbox(&name, address), brand: brand.to_owned(), zone })
    }

    /// The address that mails come from, also in the envelope.
    pub fn address(&self) -> &Address {
        &self.from.email
    }
}

/// Why a parcel cannot become a mail; no attempt will change it.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// The recipient's address is none.
    #[error("the recipient's address is not valid")]
    Address,
    /// Our own Message-ID holds what no id may hold.
    #[error("the message id is not valid")]
    MessageId,
    /// A reply without a word.
    #[error("the reply has no text")]
    NoText,
    /// A file of the reply could not be found again in what was kept of it.
    #[error("a file of the reply cannot be read")]
    File,
    /// A template could not be drawn.
    #[error("template {0}")]
    Template(String),
    /// The mail could not be built.
    #[error("the mail could not be built: {0}")]
    Build(String),
}

/// The mail for a parcel, with CRLF at every end of line, and nothing but ASCII unless an address needs more.
///
/// # Errors
/// See [`ComposeError`]. Never panics, whatever the parcel holds.
pub fn compose(
    parcel: &Parcel,
    letterhead: &Letterhead,
    templates: &Templates,
) -> Result<Vec<u8>, ComposeError> {
    catch_unwind(AssertUnwindSafe(|| build(parcel, letterhead, templates)))
        .unwrap_or_else(|_| Err(ComposeError::Build("the builder panicked".to_owned())))
}

/// The name and the address of a configured sender; the name may be empty.
pub(super) fn read_mailbox(from: &str) -> Result<(String, Address), String> {
    let (name, address) = match from.trim().strip_suffix('>').and_then(|from| from.rsplit_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"'), address),
        None => ("", from),
    };
    let address = read_address(address).map_err(|_| format!("no valid address in {from:?}"))?;
    Ok((name.to_owned(), address))
}

/// An address with nothing in it that could reach beyond its brackets. A domain in other letters than ASCII becomes its A-labels
/// (RFC 5890), which every server takes.
pub(super) fn read_address(address: &str) -> Result<Address, ComposeError> {
    let address = address.trim();
    if address.len() > 320
        || address.contains(|c: char| c.is_control() || c.is_whitespace() || "<>,;".contains(c))
    {
        return Err(ComposeError::Address);
    }
    let address: Address = address.parse().map_err(|_| ComposeError::Address)?;
    if address.domain().is_ascii() {
        return Ok(address);
    }
    let domain = ascii_domain(address.domain()).ok_or(ComposeError::Address)?;
    Address::new(address.user(), domain).map_err(|_| ComposeError::Address)
}

fn build(parcel: &Parcel, letterhead: &Letterhead, templates: &Templates) -> Result<Vec<u8>, ComposeError> {
    let letter = write_letter(parcel, letterhead)?;
    let subject = letter.subject.clone();
    let body = templates.draw(&letter).map_err(ComposeError::Template)?;

    let message_id = bracketed(&parcel.message_id).ok_or(ComposeError::MessageId)?;
    // Each copy has an envelope of its own; one that has no way there is not held against the others.
    let is_plain = is_ascii(&read_address(&parcel.address)?);
    // Whoever is named in a header that is not ASCII makes the mail need SMTPUTF8 (RFC 6531), which this recipient may not have.
    let named = |address: &str| read_address(address).ok().filter(|address| !is_plain || is_ascii(address));
    let mut builder =
        Message::builder().date(SystemTime::from(parcel.created_at)).from(letterhead.from.clone());
    if let Some(address) = named(&parcel.to.address) {
        builder = builder.to(mailbox(&parcel.to.name, address));
    }
    for person in &parcel.cc {
        if let Some(address) = named(&person.address) {
            builder = builder.cc(mailbox(&person.name, address));
        }
    }
    builder = builder.subject(undecodable(subject)).raw_header(raw("Message-ID", message_id.clone()));
    if let Some(address) = &parcel.reply_to {
        // The name of the sender, so that a person who answers sees whom.
        let name = letterhead.from.name.clone().unwrap_or_default();
        builder = builder.reply_to(mailbox(&name, read_address(address)?));
    }
    if let Some(answered) = parcel.in_reply_to.as_deref().and_then(bracketed) {
        builder = builder.raw_header(raw("In-Reply-To", answered));
    }
    let references = references(parcel);
    if !references.is_empty() {
        builder = builder.raw_header(folded("References", &references));
    }
    if !matches!(parcel.notice, Notice::Reply { .. }) {
        // A program writes status notices, and nothing should answer them by itself (RFC 3834, 5; Exchange).
        builder = builder
            .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()))
            .raw_header(raw("X-Auto-Response-Suppress", "All".to_owned()))
            .raw_header(raw("Feedback-ID", feedback_id(parcel, &letterhead.from.email)));
        let unsubscribe_url = parcel.links.as_ref().map_or("", |links| links.unsubscribe_url.as_str());
        if let Some(unsubscribe) = bracketed(unsubscribe_url) {
            builder = builder.raw_header(raw("List-Unsubscribe", unsubscribe));
            // One click is promised for https only (RFC 8058, 3.1); elsewhere the link shows a page with a button.
            if unsubscribe_url.starts_with("https://") {
                builder =
                    builder.raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
            }
        }
    }
    let body = frame(&message_id, MultiPartKind::Alternative, "")
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body.text))
        .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(body.html));
    let body = match &parcel.files {
        Some(enclosed) => enclose(frame(&message_id, MultiPartKind::Mixed, "m").multipart(body), enclosed)?,
        None => body,
    };
    let mail = builder
        .raw_header(raw("Content-Language", "fr".to_owned()))
        .multipart(body)
        .map_err(|error| ComposeError::Build(error.to_string()))?
        .formatted();
    if has_bare_line_end(&mail) {
        return Err(ComposeError::Build("a line does not end in CR LF".to_owned()));
    }
    Ok(mail)
}

/// A mail of text from us to an address of ours. A program writes it, and nothing should answer it (RFC 3834).
pub(super) fn note_to_ourselves(
    letterhead: &Letterhead,
    to: &str,
    message_id: &str,
    subject: &str,
    text: &str,
    at: DateTime<Utc>,
) -> Result<Vec<u8>, ComposeError> {
    let message_id = bracketed(message_id).ok_or(ComposeError::MessageId)?;
    let mail = Message::builder()
        .date(SystemTime::from(at))
        .from(letterhead.from.clone())
        .to(mailbox("", read_address(to)?))
        .subject(undecodable(subject.to_owned()))
        .raw_header(raw("Message-ID", message_id))
        .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()))
        .raw_header(raw("X-Auto-Response-Suppress", "All".to_owned()))
        .raw_header(raw("Content-Language", "fr".to_owned()))
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text.to_owned()))
        .map_err(|error| ComposeError::Build(error.to_string()))?;
    Ok(mail.formatted())
}

fn write_letter(parcel: &Parcel, letterhead: &Letterhead) -> Result<Letter, ComposeError> {
    let is_reply = matches!(parcel.notice, Notice::Reply { .. });
    let title = match parcel.notice.status() {
        Some(_) => prose::clean_line(&parcel.title, letters::LONGEST_NAME),
        None => String::new(),
    };
    let text = parcel.text.as_deref().map(prose::clean_text).filter(|text| !text.is_empty());
    if is_reply && text.is_none() {
        return Err(ComposeError::NoText);
    }
    let signature = letters::signature(&letterhead.brand);
    let is_signed = text.as_ref().is_some_and(|text| {
        text.lines().rev().take(3).any(|line| line.to_lowercase().contains(&signature.to_lowercase()))
    });
    Ok(Letter {
        notice: parcel.notice,
        subject: if is_reply {
            letters::reply_subject(&parcel.subject, parcel.ticket)
        } else {
            letters::notice_subject(&parcel.title, parcel.ticket)
        },
        title,
        message: prose::clean_line(&parcel.message, 2 * letters::LONGEST_SUBJECT),
        body: text.map(|text| TwoForms { html: prose::to_html(&text), text }),
        quote: parcel.quoted.as_ref().filter(|_| is_reply).and_then(|Quoted { author, at, text }| {
            let clean = prose::clean_text(text);
            let (mut kept, is_cut) = prose::beginning(&clean, QUOTED_LINES, QUOTED_CHARACTERS);
            if is_cut {
                kept.push('\n');
                kept.push_str(letters::CUT);
            }
            (!kept.is_empty()).then(|| Quotation {
                attribution: letters::attribution(author, *at, letterhead.zone),
                body: TwoForms { text: prose::to_quoted_text(&kept), html: prose::to_quoted_html(&kept) },
            })
        }),
        signature: (!is_signed).then_some(signature),
        ticket: parcel.ticket.0,
        ticket_url: parcel.links.as_ref().map(|links| links.ticket_url.clone()),
        preferences_url: parcel.links.as_ref().map(|links| links.preferences_url.clone()),
        feedback_url: parcel
            .links
            .as_ref()
            .filter(|_| parcel.notice.status() == Some(Status::Resolved))
            .map(|links| links.feedback_url.clone()),
    })
}

/// A value in which no reader finds an encoded word that we did not write (RFC 2047, 2): lettre leaves ASCII as it
/// is, so `=?utf-8?q?=0D=0A…?=` would be decoded by the recipient's program.
fn undecodable(value: String) -> String {
    value.replace("=?", "= ?")
}

fn is_ascii(address: &Address) -> bool {
    AsRef::<str>::as_ref(address).is_ascii()
}

fn mailbox(name: &str, address: Address) -> Mailbox {
    let name = undecodable(prose::clean_line(name, letters::LONGEST_NAME));
    let says_nothing = name.is_empty() || name.eq_ignore_ascii_case(address.as_ref());
    Mailbox::new((!says_nothing).then_some(name), address)
}

/// `<id>`, when the id is printable ASCII without white space or brackets, and short enough to stand on a line.
fn bracketed(id: &str) -> Option<String> {
    let is_sound = !id.is_empty()
        && id.len() <= LONGEST_ID
        && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'>');
    is_sound.then(|| format!("<{id}>"))
}

/// The conversation's ids, the oldest first, ending with the one that is answered (RFC 5322, 3.6.4).
fn references(parcel: &Parcel) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in parcel.references.iter().chain(&parcel.in_reply_to).filter_map(|id| bracketed(id)) {
        ids.retain(|known| *known != id);
        ids.push(id);
    }
    if ids.len() > MOST_REFERENCES {
        ids.drain(1..=ids.len() - MOST_REFERENCES);
    }
    ids
}

fn raw(name: &'static str, value: String) -> HeaderValue {
    // Pre-encoded: only literals and bracketed ids come here, which are ASCII and need no folding.
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}

/// One id on each line.
fn folded(name: &'static str, ids: &[String]) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(
        HeaderName::new_from_ascii_str(name),
        ids.join(" "),
        ids.join("\r\n "),
    )
}

/// What mailbox providers count complaints by, at least Gmail: what the mail was about, that a program wrote it, and who
/// sends, in 5 to 15 characters.
fn feedback_id(parcel: &Parcel, from: &Address) -> String {
    let about = parcel.notice.status().map_or("reminder", Status::as_str);
    let host: String = from.domain().chars().filter(char::is_ascii_alphanumeric).take(15).collect();
    format!("{about}:notice:guichet:{}", if host.len() < 5 { "guichet" } else { &host })
}

/// The files of a reply, below its words. Each is encoded whatever it holds, so that no line of its own ends the mail.
fn enclose(mut mail: MultiPart, enclosed: &Enclosed) -> Result<MultiPart, ComposeError> {
    for file in &enclosed.files {
        let bytes = file_bytes(&enclosed.raw, file.part).ok_or(ComposeError::File)?;
        let body = Body::new_with_encoding(bytes, ContentTransferEncoding::Base64)
            .map_err(|_| ComposeError::Build("a file cannot be encoded".to_owned()))?;
        // A part that holds a mail or parts of its own may not be encoded (RFC 2046, 5.2.1).
        let is_nested = ["message/", "multipart/"].iter().any(|kind| file.media_type.starts_with(kind));
        let kind = if is_nested { "application/octet-stream" } else { file.media_type.as_str() };
        let kind = ContentType::parse(kind)
            .or_else(|_| ContentType::parse("application/octet-stream"))
            .map_err(|error| ComposeError::Build(error.to_string()))?;
        let name = undecodable(prose::clean_line(&file.name, letters::LONGEST_NAME));
        mail = mail.singlepart(Attachment::new(name).body(body, kind));
    }
    Ok(mail)
}

/// A frame of parts. The boundary is a digest of the Message-ID: the same for the same mail, and not to be
/// foretold by who wrote the text within. No encoded line holds its `=_` (RFC 2045, 6.7).
fn frame(message_id: &str, kind: MultiPartKind, mark: &str) -> MultiPartBuilder {
    let digest = ring::digest::digest(&ring::digest::SHA256, message_id.as_bytes());
    MultiPart::builder().kind(kind).boundary(format!("=_{mark}{}", hex(&digest.as_ref()[..16])))
}

/// A CR without LF or a LF without CR: some servers end the mail there (SMTP smuggling).
pub(super) fn has_bare_line_end(mail: &[u8]) -> bool {
    memchr::memchr2_iter(b'\r', b'\n', mail).any(|at| match mail[at] {
        b'\n' => at == 0 || mail[at - 1] != b'\r',
        _ => mail.get(at + 1) != Some(&b'\n'),
    })
}

#[cfg(test)]
#[path = "compose_tests.rs"]
mod tests;
