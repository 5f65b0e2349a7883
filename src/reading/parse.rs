//! Raw bytes into an [`InboundMail`]: the whole of what a mail says, decoded, bounded and clean.
//! May import: config, domain.
//!
//! mail-parser finds the parts; their headers, charsets and names are read by our own, more forgiving readers.

use super::authentication;
use super::automatic;
use super::bounce;
use super::charset::{self, decode};
use super::date::{date, received};
use super::delimiters::{Mended, mend};
use super::files;
use super::flowed::unflow;
use super::guard::guarded;
use super::header::Fields;
use super::html::html_to_text;
use super::transfer::{Wrapping, unwrapped_text, uuencoded};
use crate::config::Limits;
use crate::domain::fold::fold;
use crate::domain::mail::{Attachment, EnclosedMail, InboundMail, Shape};
use mail_parser::{Encoding, Message, MessageParser, MessagePart, PartType};
use std::borrow::Cow;
use std::ops::Range;
use std::panic::catch_unwind;

/// Reads a mail. Never panics; work and memory are linear in its size.
///
/// # Errors
/// Why the mail must be held unread, in words for the journal: "too large", "nested too deep", "empty".
pub fn parse(raw: &[u8], limits: &Limits) -> Result<InboundMail, &'static str> {
    if raw.len() as u64 > limits.max_mail_bytes {
        return Err("too large");
    }
    let Mended { raw, false_delimiters, inserted, is_guessed } = mend(line_ends(raw));
    let guarded = without(guarded(&raw)?, &false_delimiters);
    let message = opened(&guarded)?;
    let root = message.parts.first().ok_or("empty")?;
    let fields = Fields::in_charset(root, &raw, body_charset(&message, &raw));

    let senders = fields.mailboxes("From");
    let mut from = senders.usable;
    // Exactly one From with exactly one mailbox, or a CM looks: whoever checks and whoever uses an odd
    // sender may each see another one.
    if from.len() == 1 && (senders.odd || senders.fields > 1) {
        from.clear();
    }
    let body = Body::of(&message, &raw, &inserted, limits.max_attachment_bytes);
    let mut guessed = body.guessed;
    if is_guessed && !guessed.contains(&"boundary") {
        guessed.push("boundary");
    }
    if !guessed.contains(&"charset")
        && ["From", "To", "Cc", "Subject"].iter().any(|name| fields.is_guessed(name))
    {
        guessed.push("charset");
    }
    let mut mail = InboundMail {
        from,
        to: fields.mailboxes("To").usable,
        cc: fields.mailboxes("Cc").usable,
        delivered_to: delivered_to(&fields),
        subject: fields.text("Subject").unwrap_or_default(),
        date: date(&message, &fields),
        received: received(&fields),
        message_id: fields.id("Message-ID"),
        in_reply_to: fields.ids("In-Reply-To"),
        references: fields.ids("References"),
        text: body.text,
        attachments: body.attachments,
        shape: body.shape,
        enclosed: None,
        automatic: None,
        bounce: None,
        delivered: None,
        guessed,
        authentication: authentication::read(fields.all("Authentication-Results")),
    };
    let senders = senders_of(&fields);
    mail.bounce = bounce::read(&message, &raw, &mail, &senders);
    if mail.bounce.is_none() {
        mail.delivered = bounce::delivered(&message, &raw);
    }
    mail.automatic = automatic::reason(&message, &raw, &mail.subject, &senders);
    // Reports enclose mails as well, which nobody handed on.
    if mail.bounce.is_none() && mail.automatic.is_none() {
        mail.enclosed = enclosed(&message, &raw).map(Box::new);
    }
    Ok(mail)
}

/// The addresses that servers on the way delivered a mail to; they are written by whoever sent it as well.
fn delivered_to(fields: &Fields<'_>) -> Vec<String> {
    let mut addresses: Vec<String> = Vec::new();
    for name in ["Delivered-To", "X-Original-To", "Envelope-To"] {
        for mailbox in fields.mailboxes(name).usable {
            if addresses.len() < MOST_DELIVERED_TO && !addresses.contains(&mailbox.address) {
                addresses.push(mailbox.address);
            }
        }
    }
    addresses
}

/// More addresses than servers stand on any mail's way.
const MOST_DELIVERED_TO: usize = 20;

/// The mail that is attached, when there is exactly one.
fn enclosed(message: &Message<'_>, raw: &[u8]) -> Option<EnclosedMail> {
    let mut nested =
        message.attachments.iter().filter_map(|&id| match &message.parts.get(id as usize)?.body {
            PartType::Message(nested) => Some(nested),
            _ => None,
        });
    let (Some(nested), None) = (nested.next(), nested.next()) else { return None };
    let raw = raw_of(nested, raw);
    let fields = Fields::in_charset(nested.parts.first()?, raw, body_charset(nested, raw));
    let mut senders = fields.mailboxes("From");
    let is_plain = senders.usable.len() == 1 && senders.fields == 1 && !senders.odd;
    let from = if is_plain { senders.usable.pop() } else { None };
    let subject = fields.text("Subject").unwrap_or_default();
    Some(EnclosedMail { from, subject, text: Body::of(nested, raw, &[], 0).text })
}

/// The bytes that an attached mail was read from: those of the mail around it, unless it was encoded. The parser keeps
/// them as it was given them, masked where they were unlike what was sent.
pub(super) fn raw_of<'a>(nested: &'a Message<'_>, raw: &'a [u8]) -> &'a [u8] {
    // What is unwrapped is shorter than the mail that holds it.
    if nested.raw_message.len() == raw.len() { raw } else { nested.raw_message.as_ref() }
}

/// The bytes of one file, read again. `None` when `part`, which [`Attachment::part`] describes, is no part of this
/// mail that holds any. Which parts are files for people, and which may be given out, the list made by [`parse`] says.
pub fn file_bytes(raw: &[u8], part: u32) -> Option<Vec<u8>> {
    catch_unwind(|| open(raw, |message, raw, inserted| files::bytes(message, raw, inserted, part)))
        .ok()
        .flatten()
        .flatten()
}

/// Opens a mail for a look of `see` at its parts; `None` for one that [`parse`] would not open. Offsets are those of
/// the bytes that `see` is given, with the places in them that nobody sent.
pub(super) fn open<T>(raw: &[u8], see: impl FnOnce(&Message<'_>, &[u8], &[Range<usize>]) -> T) -> Option<T> {
    let Mended { raw, false_delimiters, inserted, .. } = mend(line_ends(raw));
    let guarded = without(guarded(&raw).ok()?, &false_delimiters);
    let message = opened(&guarded).ok()?;
    Some(see(&message, &raw, &inserted))
}

/// The same bytes for the parser, what resembles a delimiter at `places` made unlike one.
fn without<'a>(mut guarded: Cow<'a, [u8]>, places: &[usize]) -> Cow<'a, [u8]> {
    for &place in places {
        if let Some(dash) = guarded.to_mut().get_mut(place) {
            *dash = b'_';
        }
    }
    guarded
}

/// Opens what [`guarded`] let through.
fn opened(raw: &[u8]) -> Result<Message<'_>, &'static str> {
    // Only the fields that tell the structure: the rest is read by `header`, from the raw bytes.
    let parser = MessageParser::new().with_mime_headers().with_date_headers().default_header_ignore();
    parser.parse(raw).filter(|message| !message.parts.is_empty()).ok_or("empty")
}

/// The charset of the first text.
fn body_charset(message: &Message<'_>, raw: &[u8]) -> Option<String> {
    let first = message.text_body.first().or(message.html_body.first())?;
    Fields::of(message.parts.get(*first as usize)?, raw).parameter("Content-Type", "charset")
}

/// The addresses and names of every From, decoded and folded, for judging who wrote.
fn senders_of(fields: &Fields<'_>) -> String {
    fields.all("From").map(|raw| fold(&fields.read(raw))).collect::<Vec<_>>().join(" ")
}

/// A mail whose lines end in a lone CR (old Macs, broken relays) gets line ends that can be parsed; what an editor or a
/// relay put before the header (a byte order mark, blank lines) is passed over.
fn line_ends(raw: &[u8]) -> Cow<'_, [u8]> {
    let raw = raw.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(raw);
    let blank = raw.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let raw = if blank < raw.len() { &raw[blank..] } else { raw };
    if raw.contains(&b'\n') || !raw.contains(&b'\r') {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.iter().map(|&b| if b == b'\r' { b'\n' } else { b }).collect())
}

/// The bytes of a part, its transfer encoding undone.
pub(super) fn contents<'a>(part: &'a MessagePart<'a>, raw: &'a [u8]) -> Cow<'a, [u8]> {
    match &part.body {
        // Only base64 holds none of the bytes that the parser was given otherwise than they are.
        PartType::Binary(bytes) | PartType::InlineBinary(bytes)
            if part.encoding == Encoding::Base64 && wrapping(part, raw) == Wrapping::Base64 =>
        {
            Cow::Borrowed(bytes)
        }
        PartType::Multipart(_) => Cow::Borrowed(b""),
        _ => {
            let whole = raw.get(part.offset_body as usize..part.offset_end as usize).unwrap_or(b"");
            let is_text = || {
                matches!(part.body, PartType::Text(_) | PartType::Html(_))
                    && media_type(part, raw).starts_with("text/")
            };
            match wrapping(part, raw) {
                // A message is never encoded (RFC 2046 section 5.2.1), whatever its header says, unless it was.
                Wrapping::Plain => Cow::Borrowed(whole),
                Wrapping::Base64 if is_text() => unwrapped_text(whole),
                wrapping => wrapping.undo(whole),
            }
        }
    }
}

/// The bytes of a part as a file: of an attached mail those that were sent, without what was `inserted` for the parser.
pub(super) fn sent<'a>(part: &'a MessagePart<'a>, raw: &'a [u8], inserted: &[Range<usize>]) -> Cow<'a, [u8]> {
    let (start, end) = (part.offset_body as usize, part.offset_end as usize);
    let from = inserted.partition_point(|place| place.end <= start);
    let to = inserted.partition_point(|place| place.start <= end);
    let is_mail = matches!(part.body, PartType::Message(_)) && wrapping(part, raw) == Wrapping::Plain;
    let Some(places) = inserted.get(from..to).filter(|places| is_mail && !places.is_empty()) else {
        return contents(part, raw);
    };
    let mut bytes = Vec::new();
    let mut copied = start;
    for place in places {
        bytes.extend_from_slice(raw.get(copied..place.start).unwrap_or(b""));
        copied = place.end;
    }
    bytes.extend_from_slice(raw.get(copied..end).unwrap_or(b""));
    // Where the delimiter that was sent follows what was inserted, the line end before both is of the delimiter.
    if places.last().is_some_and(|last| end < last.end && last.end < raw.len()) && bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    Cow::Owned(bytes)
}

/// How a part is wrapped: of several words for it, the first that is one of a wrapping.
fn wrapping(part: &MessagePart<'_>, raw: &[u8]) -> Wrapping {
    let fields = Fields::of(part, raw);
    let mut named = fields.all("Content-Transfer-Encoding").map(|value| Wrapping::named(&fields.read(value)));
    named.find(|wrapping| *wrapping != Wrapping::Plain).unwrap_or(Wrapping::Plain)
}

/// The media type as declared, in lower case; what RFC 2045 section 5.2 says when it is missing or broken.
pub fn media_type(part: &MessagePart<'_>, raw: &[u8]) -> String {
    let fields = Fields::of(part, raw);
    let declared = fields.all("Content-Type").filter_map(|value| named_type(&fields.read(value)));
    // Of several the parser believes the last.
    match declared.last() {
        Some(sound) => sound,
        None => match &part.body {
            PartType::Text(_) => "text/plain".to_owned(),
            PartType::Html(_) => "text/html".to_owned(),
            PartType::Message(_) => "message/rfc822".to_owned(),
            _ => "application/octet-stream".to_owned(),
        },
    }
}

/// The media type that a Content-Type begins with, in lower case, if it is sound: parameters may follow without a `;`.
fn named_type(value: &str) -> Option<String> {
    let value = value.to_ascii_lowercase();
    let name = value.split(';').next().unwrap_or("").trim();
    let before_parameters = || {
        let (name, rest) = name.split_once([' ', ','])?;
        rest.contains('=').then(|| name.trim_end_matches(','))
    };
    Some(name)
        .filter(|name| is_sound(name))
        .or_else(|| before_parameters().filter(|name| is_sound(name)))
        .map(str::to_owned)
}

/// Whether a media type is written as RFC 6838 section 4.2 has it.
pub(super) fn is_sound(media_type: &str) -> bool {
    let sound = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+/".contains(c);
    let Some((kind, subtype)) = media_type.split_once('/') else { return false };
    !kind.is_empty() && !subtype.is_empty() && media_type.len() <= 127 && media_type.chars().all(sound)
}

/// The text of a text part, its markup undone.
pub fn text_of(part: &MessagePart<'_>, raw: &[u8]) -> String {
    let text = decoded(part, raw);
    // Labels lie: a page sent as plain text, plain text sent as a page.
    let start = text.trim_start().get(..14).unwrap_or("").to_ascii_lowercase();
    let is_html = matches!(part.body, PartType::Html(_));
    if is_html && text.contains('<') || start.starts_with("<html") || start.starts_with("<!doctype html") {
        // Character references bring back what was taken out: `&#0;`.
        return plain(&html_to_text(&text));
    }
    let fields = Fields::of(part, raw);
    let is = |name, value| {
        fields.parameter("Content-Type", name).is_some_and(|given| given.trim().eq_ignore_ascii_case(value))
    };
    if is("format", "flowed") { unflow(&text, is("delsp", "yes")) } else { text }
}

/// What stands in a text part, its transfer encoding and its charset undone, without the files in it.
pub(super) fn decoded(part: &MessagePart<'_>, raw: &[u8]) -> String {
    let bytes = without_files(part, contents(part, raw));
    plain(&decode(&bytes, charset_of(part, raw, &bytes).as_deref()))
}

/// The bytes of a text without the files that stand in it, which `files` lists.
fn without_files<'a>(part: &MessagePart<'_>, bytes: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
    if !matches!(part.body, PartType::Text(_)) {
        return bytes;
    }
    let places: Vec<_> = uuencoded(&bytes).into_iter().map(|file| file.place).collect();
    if places.is_empty() {
        return bytes;
    }
    let mut text = Vec::with_capacity(bytes.len());
    let mut copied = 0;
    for place in places {
        text.extend_from_slice(&bytes[copied..place.start]);
        copied = place.end;
    }
    text.extend_from_slice(&bytes[copied..]);
    Cow::Owned(text)
}

/// The charset that a part, or the page in it, says it is in.
fn charset_of(part: &MessagePart<'_>, raw: &[u8], bytes: &[u8]) -> Option<String> {
    let charset = Fields::of(part, raw).parameter("Content-Type", "charset");
    let in_page = || matches!(part.body, PartType::Html(_)).then(|| meta_charset(bytes)).flatten();
    match charset {
        Some(charset) if charset::is_contradicted(bytes, &charset) => Some(in_page().unwrap_or(charset)),
        charset => charset.or_else(in_page),
    }
}

/// The text of a multipart whose header lost its boundary (a folded line without its indent, a cut header): the
/// first line of dashes is the boundary.
pub fn rescued_text(part: &MessagePart<'_>, raw: &[u8]) -> Option<String> {
    let whole = raw.get(part.offset_body as usize..part.offset_end as usize)?;
    if matches!(part.body, PartType::Multipart(_) | PartType::Message(_))
        || !media_type(part, raw).starts_with("multipart/")
    {
        return None;
    }
    let boundary =
        whole.split(|&b| b == b'\n').take(50).find_map(|line| line.trim_ascii_end().strip_prefix(b"--"))?;
    let boundary = std::str::from_utf8(boundary)
        .ok()
        .filter(|boundary| !boundary.is_empty() && !boundary.contains('"'))?;
    let mut mended = format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\n\n").into_bytes();
    mended.extend_from_slice(whole);
    let guarded = guarded(&mended).ok()?;
    let message = opened(&guarded).ok()?;
    let texts = message.text_body.iter().filter_map(|&id| message.parts.get(id as usize));
    let texts = texts.filter(|part| matches!(part.body, PartType::Text(_) | PartType::Html(_)));
    Some(texts.map(|part| text_of(part, &mended)).collect::<Vec<_>>().join("\n\n"))
}

/// The charset that an HTML page names in its head.
fn meta_charset(html: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&html[..html.len().min(2048)]).to_ascii_lowercase();
    let after = head.split("charset=").nth(1)?;
    let name: String = after
        .trim_start_matches(['"', '\''])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_:.".contains(*c))
        .collect();
    (!name.is_empty()).then_some(name)
}

/// Line ends as `\n`; no NUL nor any other control character but the tab.
fn plain(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut clean = String::with_capacity(text.len());
    let mut copied = 0;
    let mut take = |at: usize| {
        // What begins here is a whole character: these bytes never stand inside one.
        let Some(c) = text[at..].chars().next() else { return };
        let is_line_end = c == '\r' && bytes.get(at + 1) != Some(&b'\n');
        if c.is_control() && !matches!(c, '\n' | '\t') || c == '\u{FEFF}' {
            clean.push_str(&text[copied..at]);
            clean.push_str(if is_line_end { "\n" } else { "" });
            copied = at + c.len_utf8();
        }
    };
    // A control but CR and the ends of lines is rare; it is looked for once, many bytes at a time.
    let is_control = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r') || byte == 0x7F;
    if bytes.iter().fold(false, |found, &byte| found | is_control(byte)) {
        (0..bytes.len())
            .filter(|&at| bytes[at] < b' ' || matches!(bytes[at], 0x7F | 0xC2 | 0xEF))
            .for_each(take);
    } else {
        // 0xC2 begins the controls of Latin-1, 0xEF the byte order mark.
        memchr::memchr3_iter(b'\r', 0xC2, 0xEF, bytes).for_each(&mut take);
    }
    clean.push_str(&text[copied..]);
    clean
}

/// Whether a part is a text that nothing names or calls an attachment.
fn is_unnamed_text(part: &MessagePart<'_>, raw: &[u8]) -> bool {
    let fields = Fields::of(part, raw);
    matches!(part.body, PartType::Text(_) | PartType::Html(_))
        && media_type(part, raw).starts_with("text/")
        && fields.parameter("Content-Disposition", "filename").is_none()
        && fields.parameter("Content-Type", "name").is_none()
        && !fields
            .text("Content-Disposition")
            .is_some_and(|how| how.to_ascii_lowercase().starts_with("attach"))
}

/// Whether a part is a file whose Content-Type lost its kind: `; name="facture.pdf"`.
pub(super) fn is_file_of_no_kind(part: &MessagePart<'_>, raw: &[u8]) -> bool {
    let fields = Fields::of(part, raw);
    matches!(part.body, PartType::Text(_))
        && fields.text("Content-Type").is_some_and(|kind| kind.starts_with(';'))
        && fields.parameter("Content-Type", "name").is_some()
        && wrapping(part, raw) == Wrapping::Base64
}

/// Whether a part names a kind that is none, such as `plain`.
fn is_of_no_kind(part: &MessagePart<'_>, raw: &[u8]) -> bool {
    Fields::of(part, raw).text("Content-Type").is_some_and(|kind| !kind.contains('/'))
}

/// Whether the charset of a text had to be guessed.
fn has_guessed_charset(part: &MessagePart<'_>, raw: &[u8]) -> bool {
    let whole = raw.get(part.offset_body as usize..part.offset_end as usize).unwrap_or(b"");
    if whole.is_ascii() && wrapping(part, raw) == Wrapping::Plain {
        return false;
    }
    let bytes = contents(part, raw);
    !bytes.is_ascii() && {
        let charset = charset_of(part, raw, &bytes);
        charset::is_guessed(&bytes, charset.as_deref())
    }
}

/// The body of a mail in our two halves: one text, and the rest.
struct Body {
    text: String,
    attachments: Vec<Attachment>,
    shape: Shape,
    guessed: Vec<&'static str>,
}

impl Body {
    fn of(message: &Message<'_>, raw: &[u8], inserted: &[Range<usize>], most_bytes: u64) -> Body {
        let mut shown: Vec<u32> = Vec::new();
        let mut texts: Vec<String> = Vec::new();
        for &id in &message.text_body {
            let Some(part) = message.parts.get(id as usize) else { continue };
            if matches!(part.body, PartType::Text(_) | PartType::Html(_)) && !is_file_of_no_kind(part, raw) {
                shown.push(id);
                texts.push(text_of(part, raw));
            }
        }
        // A plain part that says nothing beside an HTML part that does.
        if texts.iter().all(|text| text.trim().is_empty()) {
            for &id in &message.html_body {
                let Some(part) = message.parts.get(id as usize) else { continue };
                if matches!(part.body, PartType::Html(_)) && !shown.contains(&id) {
                    shown.push(id);
                    texts.push(text_of(part, raw));
                }
            }
        }
        // A text that was cut before its end is taken for a file.
        if texts.iter().all(|text| text.trim().is_empty()) {
            let unnamed =
                |id: &&u32| message.parts.get(**id as usize).is_some_and(|part| is_unnamed_text(part, raw));
            if let Some(&id) = message.attachments.iter().find(unnamed) {
                shown.push(id);
                texts.extend(message.parts.get(id as usize).map(|part| text_of(part, raw)));
            }
        }
        // A text of a kind that nobody knows ("Content-Type: text") is better shown than attached.
        if texts.iter().all(|text| text.trim().is_empty())
            && let Some(root) = message.parts.first()
            && (matches!(root.body, PartType::Text(_)) && !media_type(root, raw).starts_with("multipart/")
                || matches!(root.body, PartType::Binary(_)) && is_of_no_kind(root, raw))
        {
            shown.push(0);
            texts.push(text_of(root, raw));
        }
        let mut guessed = Vec::new();
        if texts.iter().all(|text| text.trim().is_empty()) {
            let rescued = texts.len();
            texts.extend(message.parts.iter().filter_map(|part| rescued_text(part, raw)));
            if texts.len() > rescued {
                guessed.push("boundary");
            }
        }
        let shown_parts = shown.iter().filter_map(|&id| message.parts.get(id as usize));
        if shown_parts.into_iter().any(|part| has_guessed_charset(part, raw)) {
            guessed.push("charset");
        }
        texts.retain(|text| !text.trim().is_empty());
        let files = files::list(message, raw, inserted, &shown, most_bytes, texts.is_empty());
        if texts.is_empty() {
            texts.extend(files.text);
        }
        let text = texts.iter().map(|text| text.trim_matches('\n')).collect::<Vec<_>>().join("\n\n");
        let mut shape = files.shape;
        shape.seal = shape.seal.or_else(|| files::seal_of_text(&text));
        Body { text, attachments: files.attachments, shape, guessed }
    }
}
