//! What of a mail may be given to the parser: its cost is bounded before it begins. May import: memchr.

use memchr::{memchr_iter, memchr2_iter};
use std::borrow::Cow;

/// More nested messages than any honest forward holds. mail-parser drops nested messages by recursion, and some
/// 40,000 of them overflow the stack, so they are counted before parsing.
const DEEPEST_NESTING: usize = 50;
/// More parts than any letter has.
pub(super) const MOST_PARTS: usize = 10_000;
/// More header fields, in all its parts together, than any letter has.
const MOST_FIELDS: usize = 100_000;
/// Furthest that the head of a part reaches from its type.
const LONGEST_HEAD: usize = 64 * 1024;

/// The bytes that may be given to the parser. Offsets are those of `raw`.
///
/// # Errors
/// Why the mail must be held unread, in words for the journal: "nested too deep", "too many parts".
pub fn guarded(raw: &[u8]) -> Result<Cow<'_, [u8]>, &'static str> {
    let nested = nested_messages(raw);
    if nested.messages.len().max(nested.digests.len()) > DEEPEST_NESTING {
        return Err("nested too deep");
    }
    if is_shredded(raw) {
        return Err("too many parts");
    }
    Ok(closed_messages(raw, &nested))
}

/// Whether a mail is cut into more parts or fields than any letter has: each costs the parser far more memory than
/// it takes in the mail. A line that begins with `--` may begin a part; the lines behind it, up to a blank one, its
/// fields.
fn is_shredded(raw: &[u8]) -> bool {
    let (mut parts, mut fields, mut in_header) = (0usize, 0usize, true);
    let mut start = 0;
    for end in memchr_iter(b'\n', raw).chain([raw.len()]) {
        let line = &raw[start..end];
        start = end + 1;
        if line.starts_with(b"--") {
            parts += 1;
            in_header = true;
        } else if in_header {
            in_header = !line.trim_ascii().is_empty();
            fields += usize::from(in_header);
        }
        if parts > MOST_PARTS || fields > MOST_FIELDS {
            return true;
        }
    }
    false
}

/// The places that [`nested_messages`] found, each list at most one longer than [`DEEPEST_NESTING`].
struct Nested {
    messages: Vec<usize>,
    digests: Vec<usize>,
}

/// Where the raw bytes name the type of a nested message (RFC 2046 section 5.2.1, RFC 6532) or of a digest, whose
/// parts are messages without saying so, however much white space or comment a forger puts between.
fn nested_messages(raw: &[u8]) -> Nested {
    let mut found = Nested { messages: Vec::new(), digests: Vec::new() };
    for before in memchr2_iter(b'/', b')', raw) {
        let gap =
            raw[before + 1..].iter().take_while(|b| b.is_ascii_whitespace() || b"\"\\".contains(b)).count();
        let at = before + 1 + gap;
        let Some(word) = raw.get(at..at + 6) else { continue };
        let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
        let places = if is(b"rfc822") || is(b"global") {
            &mut found.messages
        } else if is(b"digest") {
            &mut found.digests
        } else {
            continue;
        };
        places.push(at);
        if places.len() > DEEPEST_NESTING {
            break;
        }
    }
    found
}

/// Hides from the parser what it would open without our being able to count how deep it goes: a message that is
/// encoded (RFC 2046 section 5.2.1 forbids it) stays an attachment, and the parts of a digest stay texts.
fn closed_messages<'a>(raw: &'a [u8], nested: &Nested) -> Cow<'a, [u8]> {
    const HIDDEN: &[u8; 6] = b"x-held";
    let mut raw = Cow::Borrowed(raw);
    for &at in &nested.digests {
        raw.to_mut()[at..at + HIDDEN.len()].copy_from_slice(HIDDEN);
    }
    for &at in &nested.messages {
        let start =
            (at.saturating_sub(LONGEST_HEAD)..at).rev().find(|&i| is_blank_line(&raw, i)).unwrap_or(0);
        let end =
            (at..raw.len().min(at + LONGEST_HEAD)).find(|&i| is_blank_line(&raw, i)).unwrap_or(raw.len());
        let head = raw[start..end].to_ascii_lowercase();
        let holds = |word: &[u8]| head.windows(word.len()).any(|window| window == word);
        if holds(b"base64") || holds(b"quoted-printable") || end - start >= LONGEST_HEAD {
            raw.to_mut()[at..at + HIDDEN.len()].copy_from_slice(HIDDEN);
        }
    }
    raw
}

/// Whether a line end at `at` is followed by another.
fn is_blank_line(raw: &[u8], at: usize) -> bool {
    raw[at] == b'\n' && matches!(raw[at + 1..], [b'\n', ..] | [b'\r', b'\n', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_messages_are_found_behind_comment_quote_and_fold() {
        for named in [
            "Content-Type: message/rfc822",
            "content-type: MESSAGE/\r\n  RFC822",
            "Content-Type: message/(a comment) global",
            "Content-Type: \"message/\\rfc822\"",
        ] {
            let nested = nested_messages(named.as_bytes());
            let at = named.to_lowercase().find("rfc822").or(named.find("global")).unwrap();
            assert_eq!((nested.messages, nested.digests.len()), (vec![at], 0), "{named}");
        }
        assert_eq!(nested_messages(b"Content-Type: multipart/digest").digests, [24]);
        for other in ["rfc822", "see rfc822", "message/rfc82", "message/x rfc822", "multipart/ a digest"] {
            let nested = nested_messages(other.as_bytes());
            assert_eq!((nested.messages.len(), nested.digests.len()), (0, 0), "{other}");
        }
    }

    #[test]
    fn what_is_cut_into_too_many_pieces_is_held() {
        let letter = |lines: &str, times| format!("From: a@b.example\n\n{}", lines.repeat(times));
        assert!(guarded(letter("--x\n\ntext\n", MOST_PARTS).as_bytes()).is_ok());
        assert_eq!(guarded(letter("--x\n", MOST_PARTS + 1).as_bytes()), Err("too many parts"));
        assert!(guarded(letter("a: b\n", MOST_FIELDS + 1).as_bytes()).is_ok());
        assert_eq!(guarded("a: b\n".repeat(MOST_FIELDS + 1).as_bytes()), Err("too many parts"));
        let nested = letter("Content-Type: message/rfc822\n\n", DEEPEST_NESTING + 1);
        assert_eq!(guarded(nested.as_bytes()), Err("nested too deep"));
    }
}
