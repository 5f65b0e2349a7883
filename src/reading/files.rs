//! The files of a mail: which there are, what each is called and is, and whether all that came can be had.
//! May import: domain.
//!
//! A part that itself holds files (`winmail.dat`) is listed as what is in it, and so are the files in a text (uuencode).

use super::charset::decode;
use super::clean::{self, Pictures};
use super::header::{Fields, has_ending, is_invisible};
use super::parse::{decoded, is_file_of_no_kind, is_sound, media_type, raw_of, sent};
use super::sniff;
use super::tnef::{self, File};
use super::transfer::uuencoded;
use crate::domain::mail::{Attachment, HtmlVersion, INSIDE, Parts, Refused, Seal, Shape};
use mail_parser::{Message, MessagePart, PartType};
use std::ops::Range;

/// Most attachments listed of one mail.
const MOST_ATTACHMENTS: usize = 500;
/// Longest file name kept, in bytes. No file is ever stored under it.
const LONGEST_NAME: usize = 400;

/// The files of a mail, and what they say about it.
pub struct Files {
    /// Listed in the order of the mail.
    pub attachments: Vec<Attachment>,
    /// The text that only `winmail.dat` holds.
    pub text: Option<String>,
    /// What the mail is made of.
    pub shape: Shape,
}

/// Lists the files of a mail, of whose bytes nobody sent those `inserted`. `shown` are the parts that its text was read
/// from; a file of more than `most_bytes` is refused. With `wants_text`, a text that only `winmail.dat` holds is read too.
pub fn list(
    message: &Message<'_>,
    raw: &[u8],
    inserted: &[Range<usize>],
    shown: &[u32],
    most_bytes: u64,
    wants_text: bool,
) -> Files {
    let (html, pictures) = html_version(message, raw);
    let mut list = List { attachments: Vec::new(), most_bytes, lost: 0 };
    let mut text = None;
    let mut inside = 0;
    let mut is_shown = vec![false; message.parts.len()];
    for &id in shown {
        if let Some(shown) = is_shown.get_mut(id as usize) {
            *shown = true;
        }
    }
    for id in listed(message, raw, shown, &is_shown) {
        // Of broken MIME the parser may name a box of parts as a file of its own: there is nothing in it to give out.
        let Some(part) = message.parts.get(id as usize).filter(|part| !part.is_multipart()) else { continue };
        let is_shown = is_shown[id as usize];
        if list.is_full() && !is_shown {
            list.lost += u32::from(holds_something(part, raw));
            continue;
        }
        let contents = sent(part, raw, inserted);
        if is_shown && matches!(part.body, PartType::Text(_)) {
            for (place, file) in (1..).zip(uuencoded(&contents)) {
                inside += 1;
                let (name, bytes) = (decode(file.name, None), file.bytes());
                list.add(describe_inside(
                    id,
                    place,
                    &File { name, media_type: String::new(), bytes: &bytes },
                ));
            }
        }
        if is_shown && (list.is_full() || !is_file_too(id, part, raw, shown)) {
            continue;
        }
        let Some(mut file) = describe(id, part, raw, &contents) else { continue };
        if file.media_type.ends_with("ms-tnef")
            && let Some(tnef) = tnef::open(&contents)
        {
            if wants_text && text.is_none() {
                text = Some(tnef.text()).filter(|text| !text.trim().is_empty());
            }
            if !tnef.files.is_empty() {
                inside += tnef.files.len() as u32 + tnef.beyond - 1;
                list.lost += tnef.beyond;
                for (place, file) in (1..).zip(&tnef.files) {
                    list.add(describe_inside(id, place, file));
                }
                continue;
            }
        }
        file.inline = !pictures.parts.is_empty()
            && file.media_type.starts_with("image/")
            && Fields::of(part, raw)
                .id("Content-ID")
                .is_some_and(|id| pictures.parts.contains(&id.to_lowercase()));
        list.add(file);
    }
    let mut placed = vec![false; message.parts.len()];
    for &id in message.text_body.iter().chain(&message.html_body).chain(&message.attachments).chain(shown) {
        if let Some(place) = placed.get_mut(id as usize) {
            *place = true;
        }
    }
    let mut received = inside;
    for (part, is_placed) in message.parts.iter().zip(placed) {
        if holds_something(part, raw) {
            received += 1;
            list.lost += u32::from(!is_placed);
        }
    }
    let seal = message.parts.iter().filter_map(|part| seal_of(part, raw)).max();
    let parts = Parts { received, kept: received.saturating_sub(list.lost) };
    Files { attachments: list.attachments, text, shape: Shape { html, seal, parts } }
}

/// The parts that may be files or hold some, in the order of the mail.
fn listed(message: &Message<'_>, raw: &[u8], shown: &[u32], is_shown: &[bool]) -> Vec<u32> {
    let is_known = |id: &&u32| (**id as usize) < is_shown.len();
    let lost_its_kind =
        |id: &&u32| message.parts.get(**id as usize).is_some_and(|part| is_file_of_no_kind(part, raw));
    let texts = message.text_body.iter().filter(lost_its_kind);
    let all = message.attachments.iter().chain(texts).chain(shown).filter(is_known);
    let mut ids: Vec<u32> = all.copied().collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Whether a text that is shown is a file as well: it says so, it has a name and another text came first, or it is all
/// there is and of a kind that people keep.
fn is_file_too(id: u32, part: &MessagePart<'_>, raw: &[u8], shown: &[u32]) -> bool {
    const KEPT: [&str; 4] = ["text/calendar", "text/csv", "text/vcard", "text/x-vcard"];
    let fields = Fields::of(part, raw);
    let disposition = fields.text("Content-Disposition").unwrap_or_default().to_ascii_lowercase();
    let has_name = || {
        fields.parameter("Content-Disposition", "filename").is_some_and(|name| !file_name(&name).is_empty())
    };
    disposition.starts_with("attachment")
        || shown.first() != Some(&id) && has_name()
        || id == 0 && KEPT.contains(&media_type(part, raw).as_str())
}

/// The list as it grows.
struct List {
    attachments: Vec<Attachment>,
    most_bytes: u64,
    /// Parts that came and cannot be had.
    lost: u32,
}

impl List {
    fn is_full(&self) -> bool {
        self.attachments.len() >= MOST_ATTACHMENTS
    }

    fn add(&mut self, mut file: Attachment) {
        if self.is_full() {
            self.lost += 1;
            return;
        }
        if file.bytes > self.most_bytes {
            file.refused = Some(Refused::Size);
            self.lost += 1;
        }
        self.attachments.push(file);
    }
}

/// The bytes of the file that `part` describes, as [`Attachment::part`] does, without those `inserted`.
pub fn bytes(message: &Message<'_>, raw: &[u8], inserted: &[Range<usize>], part: u32) -> Option<Vec<u8>> {
    let holder = message.parts.get((part % INSIDE) as usize).filter(|part| !part.is_multipart())?;
    let contents = sent(holder, raw, inserted);
    match part / INSIDE {
        0 => Some(contents.into_owned()),
        place => {
            let place = place as usize - 1;
            let in_tnef = tnef::open(&contents).and_then(|tnef| Some(tnef.files.get(place)?.bytes.to_vec()));
            in_tnef.or_else(|| Some(uuencoded(&contents).get(place)?.bytes()))
        }
    }
}

/// Whether a part is no box of other parts, and not empty.
fn holds_something(part: &MessagePart<'_>, raw: &[u8]) -> bool {
    !part.is_multipart()
        && raw
            .get(part.offset_body as usize..part.offset_end as usize)
            .is_some_and(|body| !body.trim_ascii().is_empty())
}

/// The HTML version of a mail, and the pictures in it.
fn html_version(message: &Message<'_>, raw: &[u8]) -> (Option<HtmlVersion>, Pictures) {
    let mut version = None;
    let mut pictures = Pictures::default();
    for &id in &message.html_body {
        let Some(part) = message.parts.get(id as usize) else { continue };
        if !matches!(&part.body, PartType::Html(html) if html.contains('<')) {
            continue;
        }
        let found = clean::pictures(&decoded(part, raw));
        pictures.remote |= found.remote;
        pictures.parts.extend(found.parts);
        version = Some(if pictures.remote { HtmlVersion::RemoteImages } else { HtmlVersion::Whole });
    }
    (version, pictures)
}

/// What a part says that the mail is sealed with (RFC 1847, RFC 3156, RFC 8551 section 3.2.2).
fn seal_of(part: &MessagePart<'_>, raw: &[u8]) -> Option<Seal> {
    if matches!(part.body, PartType::Text(_) | PartType::Html(_) | PartType::Message(_)) {
        return None;
    }
    match media_type(part, raw).as_str() {
        "multipart/signed" => Some(Seal::Signed),
        "multipart/encrypted" | "application/pgp-encrypted" => Some(Seal::Encrypted),
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => {
            let kind = Fields::of(part, raw).parameter("Content-Type", "smime-type").unwrap_or_default();
            match kind.to_ascii_lowercase().as_str() {
                "certs-only" => None,
                "signed-data" => Some(Seal::Signed),
                _ => Some(Seal::Encrypted),
            }
        }
        _ => None,
    }
}

/// What a text is sealed with that is armoured by itself (RFC 9580 section 6.2).
pub fn seal_of_text(text: &str) -> Option<Seal> {
    let begins = |line: &str| text.starts_with(line) || text.contains(&format!("\n{line}"));
    if begins("-----BEGIN PGP MESSAGE-----") {
        Some(Seal::Encrypted)
    } else if begins("-----BEGIN PGP SIGNED MESSAGE-----") {
        Some(Seal::Signed)
    } else {
        None
    }
}

/// A file within a part.
fn describe_inside(id: u32, place: u32, file: &File<'_>) -> Attachment {
    let declared = file.media_type.trim().to_ascii_lowercase();
    let declared = if is_sound(&declared) { declared.as_str() } else { "application/octet-stream" };
    let media_type = sniff::media_type(file.bytes, declared);
    let name = Some(file_name(&file.name)).filter(|name| !name.is_empty());
    Attachment {
        name: name.unwrap_or_else(|| unnamed(&format!("{id}-{place}"), &media_type)),
        media_type,
        bytes: file.bytes.len() as u64,
        part: place * INSIDE + id,
        inline: false,
        refused: None,
    }
}

/// What a part is as a file; `None` when it is none for people.
fn describe(id: u32, part: &MessagePart<'_>, raw: &[u8], contents: &[u8]) -> Option<Attachment> {
    let media_type = media_type(part, raw);
    let bytes = contents.len() as u64;
    let fields = Fields::of(part, raw);
    let named = |field, key| {
        fields.parameter(field, key).map(|name| file_name(&name)).filter(|name| !name.is_empty())
    };
    // Of a form `name` is the name of the field.
    let given = named("Content-Disposition", "filename")
        .or_else(|| named("Content-Type", "name"))
        .or_else(|| named("Content-Disposition", "name").filter(|name| has_ending(name.as_bytes())))
        .or_else(|| named("Content-Type", "filename"));
    // The other half of a text that is shown is not a document.
    let unnamed_text = given.is_none() && matches!(part.body, PartType::Html(_) | PartType::Text(_));
    let declared_attachment = fields
        .text("Content-Disposition")
        .is_some_and(|value| value.to_ascii_lowercase().starts_with("attachment"));
    let is_empty = bytes == 0 && !declared_attachment;
    if is_empty && (unnamed_text || given.is_none() && matches!(part.body, PartType::Message(_))) {
        return None;
    }
    // What vouches for the other parts, or says how they are sealed, is not a document for people.
    if given.is_none()
        && matches!(
            media_type.as_str(),
            "application/pgp-signature" | "application/pkcs7-signature" | "application/pgp-encrypted"
        )
    {
        return None;
    }
    let given = given
        .or_else(|| named_by_location(&fields))
        .or_else(|| named_by_id(&fields))
        .or_else(|| named_by_description(&fields));
    let media_type = sniff::media_type(contents, &media_type);
    let name = given.unwrap_or_else(|| made_up_name(id, part, raw, &media_type));
    Some(Attachment { name, media_type, bytes, part: id, inline: false, refused: None })
}

/// The name that Outlook hides in the Content-ID of an inline picture: `image001.jpg@01DB8C3A.5E0F2B10`.
fn named_by_id(fields: &Fields<'_>) -> Option<String> {
    let id = fields.id("Content-ID")?;
    let name = file_name(id.split('@').next().unwrap_or(""));
    has_ending(name.as_bytes()).then_some(name)
}

/// The name at the end of the address of a page's picture (RFC 2557).
fn named_by_location(fields: &Fields<'_>) -> Option<String> {
    let location = fields.text("Content-Location")?;
    let path = location.split(['?', '#']).next().unwrap_or("");
    let path =
        path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    Some(file_name(path)).filter(|name| has_ending(name.as_bytes()))
}

/// The name that stands where a description should.
fn named_by_description(fields: &Fields<'_>) -> Option<String> {
    let name = fields.text("Content-Description").map(|given| file_name(&given))?;
    has_ending(name.as_bytes()).then_some(name)
}

/// A plain file name: the last piece of a path, nothing that hides what it is.
fn file_name(given: &str) -> String {
    let line: String =
        given.chars().filter(|&c| !is_invisible(c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let last = line.rsplit(['/', '\\']).find(|piece| !piece.trim().is_empty()).unwrap_or("");
    shortened(last.trim().trim_start_matches('.').trim_end_matches(['.', ' ']))
}

/// At most [`LONGEST_NAME`] bytes, the ending kept.
fn shortened(name: &str) -> String {
    if name.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| ending.len() <= 10);
    let cut = name.floor_char_boundary(LONGEST_NAME - ending.map_or(0, |ending| ending.len() + 1));
    match ending {
        Some(ending) => format!("{}.{ending}", &name[..cut]),
        None => name[..cut].to_owned(),
    }
}

/// A name for a part that has none: by its subject, its kind and its place.
fn made_up_name(id: u32, part: &MessagePart<'_>, raw: &[u8], media_type: &str) -> String {
    if let PartType::Message(nested) = &part.body {
        let subject =
            nested.parts.first().and_then(|root| Fields::of(root, raw_of(nested, raw)).text("Subject"));
        let subject = subject.map(|subject| file_name(&subject)).filter(|subject| !subject.is_empty());
        return format!("{}.eml", subject.unwrap_or_else(|| format!("message-{id}")));
    }
    unnamed(&id.to_string(), media_type)
}

/// A name made of a kind and a place.
fn unnamed(place: &str, media_type: &str) -> String {
    let (kind, subtype) = media_type.split_once('/').unwrap_or((media_type, ""));
    let ending = match (kind, subtype) {
        ("text", "plain") => "txt",
        ("text", "calendar") | (_, "ics") => return "invitation.ics".to_owned(),
        ("text", "html") => "html",
        ("text", "rfc822-headers") | ("message", "rfc822" | "global") => "eml",
        ("message", _) => "txt",
        ("image", "jpeg" | "pjpeg") => "jpg",
        ("image", "svg+xml") => "svg",
        ("image" | "audio" | "video", other) => other,
        (_, "pdf") => "pdf",
        (_, "zip") => "zip",
        (_, "ms-tnef" | "vnd.ms-tnef") => return "winmail.dat".to_owned(),
        (_, "x-pkcs7-signature") => return "smime.p7s".to_owned(),
        (_, "pkcs7-mime" | "x-pkcs7-mime") => return "smime.p7m".to_owned(),
        _ => "bin",
    };
    let word = if kind == "image" { "image" } else { "attachment" };
    file_name(&format!("{word}-{place}.{ending}"))
}
