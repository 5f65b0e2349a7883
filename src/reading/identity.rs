//! What makes a mail itself: a digest that transport does not change. May import: domain, memchr, ring.

use crate::domain::hex::hex;
use memchr::memchr_iter;
use ring::digest::{Context, SHA256};

/// The fields that the writer's program sets; everything else is added or rewritten on the way.
const OWN_FIELDS: [&[u8]; 13] = [
    b"bcc",
    b"cc",
    b"content-transfer-encoding",
    b"content-type",
    b"date",
    b"from",
    b"in-reply-to",
    b"message-id",
    b"references",
    b"reply-to",
    b"sender",
    b"subject",
    b"to",
];

/// Hex SHA-256 of the raw bytes.
pub fn sha256_hex(raw: &[u8]) -> String {
    hex(ring::digest::digest(&SHA256, raw).as_ref())
}

/// Hex SHA-256 of what makes a mail itself.
///
/// The same mail moved, re-delivered or fetched again gives the same: trace fields, their order among the
/// others, folding, CR before LF and blank lines at the end do not count. Two mails that share a Message-ID
/// differ by their other fields or their body. One pass, no copy of the body. What has too little of all that to be
/// told apart (no header that ends, none of the fields; or no body, no Message-ID and no Date) is itself byte for byte.
pub fn identity(raw: &[u8]) -> String {
    let mut digest = Buffered { context: Context::new(&SHA256), waiting: Vec::with_capacity(BUFFER + 1024) };
    let Header { body, is_told_apart, is_signed } = headers(raw, &mut digest);
    if !is_told_apart || (!is_signed && body.trim_ascii().is_empty()) {
        return sha256_hex(raw);
    }
    digest.add(b"\n\n");
    // Line by line without CR; blank lines are held back until another line follows.
    let mut blank = 0usize;
    let mut start = 0;
    for end in memchr_iter(b'\n', body).chain([body.len()]) {
        let line = trimmed_end(&body[start..end]);
        start = end + 1;
        if line.is_empty() {
            blank += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut blank) {
            digest.add(b"\n");
        }
        digest.add(line);
        blank = 1;
    }
    digest.context.update(&digest.waiting);
    hex(digest.context.finish().as_ref())
}

/// Bytes gathered before they are digested: one call a line costs more than the digest.
const BUFFER: usize = 16 * 1024;

struct Buffered {
    context: Context,
    waiting: Vec<u8>,
}

impl Buffered {
    fn add(&mut self, bytes: &[u8]) {
        if self.waiting.len() + bytes.len() > BUFFER {
            self.context.update(&self.waiting);
            self.waiting.clear();
        }
        if bytes.len() > BUFFER {
            self.context.update(bytes);
        } else {
            self.waiting.extend_from_slice(bytes);
        }
    }
}

/// What a header tells.
struct Header<'a> {
    body: &'a [u8],
    /// It ends in a blank line and holds one of our fields.
    is_told_apart: bool,
    /// It holds a Message-ID or a Date.
    is_signed: bool,
}

/// Digests our fields by the order of their names.
fn headers<'a>(raw: &'a [u8], digest: &mut Buffered) -> Header<'a> {
    let mut fields: Vec<(usize, &[u8])> = Vec::with_capacity(16);
    let mut rest = raw;
    let mut open: Option<(usize, usize, usize)> = None;
    let mut at = 0;
    let mut ends = false;
    let body = loop {
        let end = rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |end| end + 1);
        let line = &rest[..end];
        let continues = matches!(line.first(), Some(b' ' | b'\t'));
        let is_blank = trimmed_end(line).is_empty();
        if continues && !is_blank {
            if let Some((_, _, until)) = &mut open {
                *until = at + end;
            }
        } else {
            if let Some((name, from, until)) = open.take() {
                fields.push((name, &raw[from..until]));
            }
            if is_blank {
                ends = end > 0;
                break &rest[end..];
            }
            if let Some(colon) = line.iter().take(40).position(|&b| b == b':') {
                let name = line[..colon].to_ascii_lowercase();
                if let Ok(index) = OWN_FIELDS.binary_search(&name.trim_ascii()) {
                    open = Some((index, at + colon + 1, at + end));
                }
            }
        }
        rest = &rest[end..];
        at += end;
        if rest.is_empty() {
            if let Some((name, from, until)) = open.take() {
                fields.push((name, &raw[from..until]));
            }
            break rest;
        }
    };
    fields.sort_by_key(|field| field.0);
    let signs = |name: &[u8]| name == b"message-id" || name == b"date";
    let is_signed =
        fields.iter().any(|(name, value)| signs(OWN_FIELDS[*name]) && !value.trim_ascii().is_empty());
    let is_told_apart = ends && !fields.is_empty();
    for (name, value) in fields {
        digest.add(OWN_FIELDS[name]);
        // Unfolded: any run of white space is one space, none at the ends.
        for word in value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            digest.add(b" ");
            digest.add(word);
        }
        digest.add(b"\n");
    }
    Header { body, is_told_apart, is_signed }
}

/// A line without its CR (or several, as some relays leave).
fn trimmed_end(line: &[u8]) -> &[u8] {
    let mut line = line.strip_suffix(b"\n").unwrap_or(line);
    while let Some(shorter) = line.strip_suffix(b"\r") {
        line = shorter;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "Received: from a by b; Tue, 3 Mar 2026 10:00:00 +0100\r\nReturn-Path: <jean@client.example>\r\n\
        From: Jean <jean@client.example>\r\nSubject: Paiement\r\n refusé\r\nMessage-ID: <1@client.example>\r\n\r\nBonjour,\r\n\r\nRien ne va.\r\n";

    #[test]
    fn transport_does_not_change_a_mail() {
        let moved = MAIL.replace(
            "Received: from a by b",
            "X-Moved: yes\r\nDelivered-To: x@y.example\r\nReceived: from c by d",
        );
        let other_order = "Message-ID: <1@client.example>\nsubject: Paiement refusé\nFrom:  Jean <jean@client.example>\n\nBonjour,\n\nRien ne va.\n\n\n";
        for same in [&moved, &MAIL.replace("\r\n", "\n"), &format!("{MAIL}\r\n\r\n"), other_order] {
            assert_eq!(identity(same.as_bytes()), identity(MAIL.as_bytes()), "{same}");
        }
    }

    #[test]
    fn what_cannot_be_told_apart_is_itself_byte_for_byte() {
        for (one, other) in [
            ("", "\n"),
            ("garbage", "other garbage"),
            ("Subject: cut he", "Subject: cut here"),
            ("From: a@b.example\r\nglued body", "From: a@b.example\r\nother glued body"),
            ("From: a@b.example\r\nX-N: 1\r\n\r\n", "From: a@b.example\r\nX-N: 2\r\n\r\n"),
        ] {
            assert_ne!(identity(one.as_bytes()), identity(other.as_bytes()), "{one:?}");
        }
        let empty = |hop: &str| format!("Received: {hop}\r\nFrom: a@b.example\r\nDate: x\r\n\r\n");
        assert_eq!(identity(empty("a").as_bytes()), identity(empty("b").as_bytes()));
    }

    #[test]
    fn another_mail_with_the_same_message_id_is_another() {
        for other in [
            MAIL.replace("Rien", "Tout"),
            MAIL.replace("Paiement", "Retrait"),
            MAIL.replace("<jean@", "<jeanne@"),
            MAIL.replace("Bonjour,\r\n\r\n", "Bonjour,\r\n"),
        ] {
            assert_ne!(identity(other.as_bytes()), identity(MAIL.as_bytes()), "{other}");
        }
    }

    #[test]
    fn anything_has_an_identity() {
        for odd in ["", "\n", "From", "\r\r\n", "From: a\n b", " x\n\ny"] {
            assert_eq!(identity(odd.as_bytes()).len(), 64);
        }
        assert_eq!(sha256_hex(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
