//! Header fields read from their raw bytes: cleaned text, encoded words, ids, parameters. May import: domain.
//!
//! Our own readers rather than mail-parser's, since they join encoded words before decoding their charset,
//! never let a control character through, and tell an odd address from a usable one.

use super::address::{Addresses, read_addresses};
use super::charset::{self, decode};
use super::transfer;
use crate::domain::hex::percent_decoded;
pub use crate::domain::text::is_invisible;
use mail_parser::MessagePart;
use std::borrow::Cow;

/// Longest text kept of a name, in characters.
const LONGEST_LINE: usize = 900;
/// Longest text kept of a field that is read as a whole, such as the subject, in characters.
const LONGEST_TEXT: usize = 2_000;
/// Most message ids kept of one field.
const MOST_IDS: usize = 200;
/// Longest raw value looked at, in bytes: more than any honest field holds.
const LONGEST_VALUE: usize = 64 * 1024;
/// Longest encoded word, in bytes; RFC 2047 allows 75, senders write whole subjects.
const LONGEST_WORD: usize = 4096;
/// Longest name of a charset in one, in bytes.
const LONGEST_START: usize = 80;
/// Longest message id (RFC 5322 section 2.1.1: a line has at most 998 characters).
const LONGEST_ID: usize = 998;

/// The fields of one part, in order.
pub struct Fields<'a> {
    part: &'a MessagePart<'a>,
    raw: &'a [u8],
    /// The charset of the body, for fields that hold raw bytes beyond ASCII against RFC 5322.
    charset: Option<String>,
}

impl<'a> Fields<'a> {
    /// The fields of `part`, whose offsets point into `raw`.
    pub fn of(part: &'a MessagePart<'a>, raw: &'a [u8]) -> Self {
        Fields { part, raw, charset: None }
    }

    /// The same, where bytes beyond ASCII that are no UTF-8 are in `charset`.
    pub fn in_charset(part: &'a MessagePart<'a>, raw: &'a [u8], charset: Option<String>) -> Self {
        Fields { part, raw, charset }
    }

    /// The raw value of every field called `name` (any case), in order.
    pub fn all(&self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.each().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, raw)| raw)
    }

    /// Name and raw value of every field, in order.
    pub fn each(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let raw = self.raw;
        self.part.headers.iter().map(move |field| {
            let value = raw.get(field.offset_start as usize..field.offset_end as usize).unwrap_or(b"");
            (field.name.as_str(), value)
        })
    }

    /// A raw value, decoded and cleaned.
    pub fn read(&self, raw: &[u8]) -> String {
        one_line(&decode_words(&text_of(raw, self.charset.as_deref())), LONGEST_TEXT)
    }

    /// The first field called `name`, decoded and cleaned; `None` when there is none.
    pub fn text(&self, name: &'a str) -> Option<String> {
        self.all(name).next().map(|raw| self.read(raw))
    }

    /// Whether there is a field called `name`.
    pub fn has(&self, name: &'a str) -> bool {
        self.all(name).next().is_some()
    }

    /// Whether the charset of a field called `name` had to be guessed: raw bytes that are no UTF-8 (RFC 6532), encoded
    /// words in a charset that nobody knows or that they contradict.
    pub fn is_guessed(&self, name: &'a str) -> bool {
        self.all(name).any(|raw| {
            let raw = &raw[..raw.len().min(LONGEST_VALUE)];
            if !raw.is_ascii() {
                return std::str::from_utf8(raw).is_err();
            }
            let text = String::from_utf8_lossy(raw);
            let mut words = text.match_indices("=?").filter_map(|(at, _)| encoded_word(&text[at..])).take(50);
            words.any(|(label, bytes, _)| charset::is_guessed(&bytes, Some(label)))
        })
    }

    /// The mailboxes of every field called `name`, and whether anything in them was not a usable mailbox.
    pub fn mailboxes(&self, name: &'a str) -> Addresses {
        let mut found = Addresses::default();
        for raw in self.all(name) {
            found.fields += 1;
            read_addresses(&text_of(raw, self.charset.as_deref()), &mut found);
        }
        found
    }

    /// The message ids of the first field called `name`, without angle brackets, none of them empty.
    pub fn ids(&self, name: &'a str) -> Vec<String> {
        self.all(name).next().map(|raw| read_ids(&text_of(raw, None))).unwrap_or_default()
    }

    /// The id of a mail or of a part (Message-ID, Content-ID) without angle brackets; some programs write a bare word there.
    pub fn id(&self, name: &'a str) -> Option<String> {
        let text = text_of(self.all(name).next()?, None);
        read_ids(&text).into_iter().next().or_else(|| bare_id(&text))
    }

    /// A parameter of a structured field such as Content-Type, decoded (RFC 2231, RFC 2047, or raw 8-bit).
    /// Of several fields with that name any may hold it.
    pub fn parameter(&self, field: &'a str, name: &str) -> Option<String> {
        self.all(field).find_map(|raw| read_parameter(raw, name))
    }
}

/// A raw value as text, its line breaks made spaces.
fn text_of(raw: &[u8], charset: Option<&str>) -> String {
    let raw = &raw[..raw.len().min(LONGEST_VALUE)];
    // The body's charset helps with a field of the same hand; a gateway may have wrapped another one's mail.
    let charset = charset.filter(|_| !raw.is_ascii() && !charset::is_chinese(raw));
    let text = decode(raw, charset);
    if text.contains(['\r', '\n']) {
        text.replace(['\r', '\n'], " ").trim().to_owned()
    } else {
        text.trim().to_owned()
    }
}

/// One line: control and direction-changing characters gone, white space collapsed, bounded.
pub fn clean(text: &str) -> String {
    one_line(text, LONGEST_LINE)
}

fn one_line(text: &str, longest: usize) -> String {
    let mut line = String::with_capacity(text.len().min(longest * 4));
    let mut space = false;
    let mut length = 0;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            space = !line.is_empty();
        } else if !is_invisible(c) {
            if space {
                line.push(' ');
                length += 1;
                space = false;
            }
            line.push(c);
            length += 1;
            if length >= longest {
                break;
            }
        }
    }
    line
}

/// Decodes the encoded words of a line (RFC 2047). Neighbours in the same charset are joined before decoding,
/// since many senders cut them inside a character. What only resembles an encoded word stays.
pub fn decode_words(line: &str) -> String {
    if !line.contains("=?") {
        return line.to_owned();
    }
    let mut text = String::with_capacity(line.len());
    let mut pending: Option<(String, Vec<u8>)> = None;
    let mut rest = line;
    let mut ends = WordEnds::default();
    while let Some(start) = rest.find("=?") {
        let at = line.len() - rest.len() + start;
        let Some((charset, bytes, after)) = ends.word_at(line, at) else {
            flush(&mut pending, &mut text);
            text.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            continue;
        };
        let between = &rest[..start];
        let joins = pending.is_some() && between.trim().is_empty();
        if !joins {
            flush(&mut pending, &mut text);
            text.push_str(between);
        }
        match &mut pending {
            Some((known, collected)) if known.eq_ignore_ascii_case(charset) => collected.extend(bytes),
            _ => {
                flush(&mut pending, &mut text);
                pending = Some((charset.to_owned(), bytes));
            }
        }
        rest = after;
    }
    flush(&mut pending, &mut text);
    text.push_str(rest);
    text
}

fn flush(pending: &mut Option<(String, Vec<u8>)>, text: &mut String) {
    if let Some((charset, bytes)) = pending.take() {
        text.push_str(&decode(&bytes, Some(&charset)));
    }
}

/// Reads the encoded words of a line from left to right: the end of one is looked for once, however many begin before
/// it.
#[derive(Debug, Default)]
pub struct WordEnds {
    /// Where the next end stands; beyond the line where there is none.
    next: usize,
}

impl WordEnds {
    /// The encoded word that begins at `at`: its charset, its bytes, and what follows. `None` for what only resembles
    /// one.
    pub fn word_at<'l>(&mut self, line: &'l str, at: usize) -> Option<(&'l str, Vec<u8>, &'l str)> {
        if self.next < at {
            self.next = line[at..].find("?=").map_or(usize::MAX, |found| at + found);
        }
        let is_in_reach = self.next - at <= LONGEST_WORD + LONGEST_START;
        is_in_reach.then(|| encoded_word(&line[at..])).flatten()
    }
}

/// Reads `=?charset?B?data?=` at the start of `text`: charset, bytes, and what follows.
fn encoded_word(text: &str) -> Option<(&str, Vec<u8>, &str)> {
    let text = text.strip_prefix("=?")?;
    let end = text.bytes().take(LONGEST_START).position(|b| b == b'?')?;
    let (charset, rest) = (&text[..end], &text[end + 1..]);
    // RFC 2231 section 5 lets a language follow the charset.
    let charset = charset.split('*').next().unwrap_or(charset);
    if charset.len() < 2 || charset.len() > 40 || charset.contains(char::is_whitespace) {
        return None;
    }
    let (kind, data) = (rest.get(..2)?, rest.get(2..)?);
    if !matches!(kind, "B?" | "b?" | "Q?" | "q?") {
        return None;
    }
    let end =
        data.bytes().take(LONGEST_WORD).zip(data.bytes().skip(1)).position(|pair| pair == (b'?', b'='))?;
    let (data, after) = (&data[..end], &data[end + 2..]);
    let bytes = match kind {
        "B?" | "b?" => transfer::base64(data.as_bytes()),
        "Q?" | "q?" => transfer::quoted_printable(data.replace('_', " ").as_bytes()),
        _ => return None,
    };
    Some((charset, bytes, after))
}

/// The first word where there are no brackets.
fn bare_id(line: &str) -> Option<String> {
    let word = line.split_whitespace().next()?.trim_matches('>');
    let id: String = word.chars().filter(|c| !c.is_control()).collect();
    (!line.contains('<') && !id.is_empty() && id.len() <= LONGEST_ID).then_some(id)
}

/// Message ids without angle brackets; without any brackets the words that are of that form, as some programs write them
/// among others: "Your message of Monday".
fn read_ids(line: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut push = |id: &str| {
        let id: String = id.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        if !id.is_empty() && id.len() <= LONGEST_ID && ids.len() < MOST_IDS {
            ids.push(id);
        }
    };
    if line.contains('<') {
        for piece in line.split('<').skip(1) {
            push(piece.split('>').next().unwrap_or(piece));
        }
    } else {
        let is_id = |word: &&str| word.matches('@').count() == 1;
        line.split_whitespace().map(|word| word.trim_matches('>')).filter(is_id).for_each(push);
    }
    ids
}

/// A parameter: `name=value`, `name="value"`, `name*=utf-8''value`, `name*0*=…; name*1=…`.
pub(super) fn read_parameter(raw: &[u8], name: &str) -> Option<String> {
    let raw = &raw[..raw.len().min(LONGEST_VALUE)];
    let mut plain: Option<Vec<u8>> = None;
    let mut pieces: Vec<(u32, bool, Vec<u8>)> = Vec::new();
    for (key, value) in parameters(raw) {
        let Some(suffix) = strip_prefix_any_case(&key, name) else { continue };
        match suffix {
            "" => plain = plain.or(Some(value)),
            "*" => pieces.push((0, true, value)),
            numbered => {
                let encoded = numbered.ends_with('*');
                let number = numbered.trim_matches('*').parse();
                if let (true, Ok(number)) = (numbered.starts_with('*'), number) {
                    pieces.push((number, encoded, value));
                }
            }
        }
    }
    if pieces.is_empty() {
        let plain = plain?;
        if let Some(text) = extended(&plain) {
            return Some(text);
        }
        // A name written as in the address of a page, where that gives letters that need it.
        let unquoted = plain.contains(&b'%').then(|| percent_decoded(&plain));
        if let Some(text) =
            unquoted.filter(|bytes| !bytes.is_ascii()).and_then(|bytes| String::from_utf8(bytes).ok())
        {
            return Some(text);
        }
        let text = decode(&plain, None);
        return Some(decode_words(&text.replace(['\r', '\n'], "")));
    }
    pieces.sort_by_key(|piece| piece.0);
    if pieces.iter().all(|(_, encoded, _)| !encoded) {
        let whole: Vec<u8> = pieces.iter().flat_map(|(_, _, value)| value).copied().collect();
        if let Some(text) = extended(&whole) {
            return Some(text);
        }
    }
    let mut charset = None;
    let mut bytes = Vec::new();
    for (index, (_, encoded, value)) in pieces.iter().enumerate() {
        let mut value = Cow::Borrowed(value.as_slice());
        if *encoded {
            if index == 0 {
                let mut parts = value.splitn(3, |&b| b == b'\'');
                if let (Some(label), Some(_), Some(text)) = (parts.next(), parts.next(), parts.next()) {
                    charset = Some(String::from_utf8_lossy(label).into_owned());
                    value = Cow::Owned(without_quotes(text).to_vec());
                }
            }
            value = Cow::Owned(percent_decoded(&value));
        }
        bytes.extend_from_slice(&value);
    }
    let text = charset::decode(&bytes, charset.as_deref());
    Some(decode_words(&text))
}

/// A value as RFC 2231 section 4 has it under a key that does not say so: `utf-8''Caf%C3%A9.pdf`.
fn extended(value: &[u8]) -> Option<String> {
    let mut parts = value.splitn(3, |&byte| byte == b'\'');
    let (label, language, text) = (parts.next()?, parts.next()?, parts.next()?);
    let label = std::str::from_utf8(label).ok()?;
    let is_label = (2..=40).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte));
    let is_language = language.iter().all(|&byte| byte.is_ascii_alphabetic() || byte == b'-');
    let is_extended = is_label && is_language && text.contains(&b'%') && charset::is_known(label);
    is_extended.then(|| decode_words(&decode(&percent_decoded(without_quotes(text)), Some(label))))
}

fn without_quotes(text: &[u8]) -> &[u8] {
    match text {
        [b'"', inner @ .., b'"'] => inner,
        _ => text,
    }
}

/// The parameters of a field, keys in lower case, quotes undone: what follows the first `;`, or a key before it.
fn parameters(raw: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<(String, Vec<u8>)> = Vec::new();
    let mut at = first_parameter(raw);
    let mut ends = ByteWordEnds::default();
    // Whether the last value may go on behind a `;`: nobody quoted it.
    let mut is_open = false;
    while at < raw.len() && found.len() < 200 {
        let start = at;
        while at < raw.len() && raw[at] != b'=' && raw[at] != b';' {
            at += 1;
        }
        let key = raw[start..at].trim_ascii();
        if raw.get(at) != Some(&b'=') {
            at += 1;
            if let Some((name, value)) = found.last_mut()
                && is_open
                && matches!(name.as_str(), "name" | "filename")
                && has_ending(key)
                && !has_ending(value)
            {
                value.push(b';');
                value.extend_from_slice(key);
            }
            continue;
        }
        let key = String::from_utf8_lossy(key).to_ascii_lowercase();
        at += 1;
        while raw.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        is_open = raw.get(at) != Some(&b'"');
        let is_name = key.starts_with("name") || key.starts_with("filename");
        let (value, end) =
            if is_open { unquoted(raw, at, is_name, &mut ends) } else { quoted(raw, at + 1, is_name) };
        found.push((key, value));
        at = if raw.get(end) == Some(&b';') { end + 1 } else { end };
    }
    found
}

/// Where the first parameter begins: behind the first `;`, or where a key stands before it.
fn first_parameter(raw: &[u8]) -> usize {
    let first = raw.iter().position(|&byte| byte == b';').unwrap_or(raw.len());
    let piece = &raw[..first];
    if !piece.contains(&b'=') {
        return first + 1;
    }
    let is_start = |at: usize| at == 0 || piece[at - 1] == b',' || piece[at - 1].is_ascii_whitespace();
    (0..first).find(|&at| is_start(at) && begins_key(&raw[at..], true)).unwrap_or(first + 1)
}

/// Whether a key and its `=` stand at the start of `rest`; with `known` only one that is in use.
fn begins_key(rest: &[u8], known: bool) -> bool {
    const KEYS: [&str; 7] = ["boundary", "charset", "filename", "format", "name", "size", "type"];
    let length = rest.iter().take(40).take_while(|&&b| b.is_ascii_alphanumeric() || b == b'-').count();
    let word = &rest[..length];
    let is_key = if known {
        KEYS.iter().any(|key| word.eq_ignore_ascii_case(key.as_bytes()))
    } else {
        word.first().is_some_and(u8::is_ascii_alphabetic)
    };
    is_key
        && rest[length..]
            .iter()
            .take(10)
            .find(|&&byte| byte != b'*' && !byte.is_ascii_digit() && !byte.is_ascii_whitespace())
            .is_some_and(|&byte| byte == b'=')
}

/// A value from behind its first quotation mark on, and where what follows it begins. A mark inside a name that nobody
/// escaped belongs to it: the last one stands before a `;`, a comment, another key or nothing.
fn quoted(raw: &[u8], start: usize, is_name: bool) -> (Vec<u8>, usize) {
    let mut value = Vec::new();
    let mut at = start;
    let mut inner = None;
    while let Some(&byte) = raw.get(at) {
        at += 1;
        match byte {
            b'"' if !is_name || ends_value(&raw[at..]) => return (value, next_parameter(raw, at)),
            b'"' => {
                inner = inner.or(Some((at, value.len())));
                value.push(byte);
            }
            b'\\' if matches!(raw.get(at), Some(b'"' | b'\\')) => {
                value.push(raw[at]);
                at += 1;
            }
            byte => value.push(byte),
        }
    }
    let Some((mark, length)) = inner else { return (value, raw.len()) };
    let end = next_parameter(raw, mark);
    value.truncate(length);
    // `"a".pdf`
    if !raw[mark].is_ascii_whitespace() {
        value.extend(raw[mark..end].iter().filter(|&&byte| byte != b'"'));
    }
    (value, end)
}

/// Whether what follows a quotation mark says that it is the last one.
fn ends_value(rest: &[u8]) -> bool {
    let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    match &rest[blanks..] {
        [] | [b';' | b'(', ..] => true,
        [b',', rest @ ..] => begins_key(rest.trim_ascii_start(), false),
        rest => begins_key(rest, blanks == 0),
    }
}

/// The next `;`, or the next key where somebody forgot it.
fn next_parameter(raw: &[u8], from: usize) -> usize {
    let begins =
        |at: usize| (raw[at].is_ascii_whitespace() || raw[at] == b',') && begins_key(&raw[at + 1..], false);
    if begins_key(&raw[from..], true) {
        return from;
    }
    (from..raw.len())
        .find_map(|at| match raw[at] {
            b';' => Some(at),
            _ => begins(at).then_some(at + 1),
        })
        .unwrap_or(raw.len())
}

/// A value that nobody quoted, and where what follows it begins.
fn unquoted(raw: &[u8], start: usize, is_name: bool, ends: &mut ByteWordEnds) -> (Vec<u8>, usize) {
    let mut at = start;
    while at < raw.len() && raw[at] != b';' {
        if let Some(end) = ends.word_end(raw, at) {
            at = end;
        } else if raw[at].is_ascii_whitespace() && begins_key(&raw[at + 1..], true) {
            break;
        } else {
            at += 1;
        }
    }
    let value = raw[start..at].trim_ascii_end();
    let value = match value {
        // Some take the apostrophe for a quotation mark.
        [b'\'', inner @ .., b'\''] if !inner.contains(&b'\'') => inner,
        [inner @ .., b'"'] if !inner.contains(&b'"') => inner,
        _ => value,
    };
    let comment = value.iter().rposition(|&byte| byte == b'(').filter(|_| value.ends_with(b")"));
    let before_comment = comment.map(|open| value[..open].trim_ascii_end()).filter(|name| has_ending(name));
    (before_comment.filter(|_| is_name).unwrap_or(value).to_vec(), at)
}

/// Whether a name ends as files do: `.pdf`.
pub fn has_ending(name: &[u8]) -> bool {
    let Some(dot) = name.iter().rposition(|&byte| byte == b'.') else { return false };
    let ending = &name[dot + 1..];
    dot > 0
        && (2..=5).contains(&ending.len())
        && ending.iter().all(u8::is_ascii_alphanumeric)
        && ending.iter().any(u8::is_ascii_alphabetic)
}

/// [`WordEnds`] for bytes.
#[derive(Default)]
struct ByteWordEnds {
    /// Where the next end stands; beyond the bytes where there is none.
    next: usize,
}

impl ByteWordEnds {
    /// Where the encoded word that begins at `at` ends.
    fn word_end(&mut self, raw: &[u8], at: usize) -> Option<usize> {
        let rest = raw[at..].strip_prefix(b"=?")?;
        let charset = rest.iter().take(LONGEST_START).position(|&byte| byte == b'?')?;
        if !matches!(rest.get(charset + 1..charset + 3), Some([b'B' | b'b' | b'Q' | b'q', b'?'])) {
            return None;
        }
        let data = at + 2 + charset + 3;
        if self.next < data {
            let found = raw[data..].windows(2).position(|pair| pair == b"?=");
            self.next = found.map_or(usize::MAX, |found| data + found);
        }
        (self.next - data <= LONGEST_WORD).then(|| self.next + 2)
    }
}

fn strip_prefix_any_case<'k>(key: &'k str, name: &str) -> Option<&'k str> {
    let head = key.get(..name.len())?;
    head.eq_ignore_ascii_case(name).then(|| &key[name.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_cut_inside_a_character_are_joined() {
        assert_eq!(decode_words("=?utf-8?B?w4k=?= =?UTF-8?Q?t=C3?=  =?utf-8?Q?=A9?= !"), "Été !");
        assert_eq!(decode_words("=?utf-8?Q?a?= b =?utf-8?Q?c?="), "a b c");
        assert_eq!(decode_words("1 =? 2 =?x?="), "1 =? 2 =?x?=");
        assert_eq!(
            clean(&decode_words("=?utf-8?Q?Bonjour=0D=0ABcc:_x=40y.example?=")),
            "Bonjour Bcc: x@y.example"
        );
    }

    #[test]
    fn words_that_never_end_hide_none_that_does() {
        let begun = "=?utf-8?Q?a".repeat(1_000);
        assert_eq!(decode_words(&begun), begun);
        // The end is out of reach for the first of them.
        let ended = format!("{begun}=?utf-8?Q?=C3=A9?= =?utf-8?X?b?= =?utf-8?Q?=C3=A9?=");
        assert!(decode_words(&ended).ends_with("=?utf-8?X?b?= é"), "{}", decode_words(&ended));
    }

    #[test]
    fn parameters_are_read_in_all_their_forms() {
        for (raw, wanted) in [
            ("attachment; filename=\"facture.pdf\"", "facture.pdf"),
            ("attachment; FileName=facture.pdf ; size=3", "facture.pdf"),
            ("attachment; filename*=utf-8''re%C3%A7u.pdf; filename=\"recu.pdf\"", "reçu.pdf"),
            ("attachment; filename*0*=iso-8859-1'fr're%E7u%20; filename*1=\"de mai.pdf\"", "reçu de mai.pdf"),
            ("attachment; filename=\"=?utf-8?B?cmXDp3UucGRm?=\"", "reçu.pdf"),
            ("attachment; filename=\"un \\\"mot\\\";.txt\"", "un \"mot\";.txt"),
            ("attachment; filename=\"reçu.pdf\"", "reçu.pdf"),
            ("attachment; filename='recu.pdf'", "recu.pdf"),
            ("attachment; filename=\"re%C3%A7u.pdf\"", "reçu.pdf"),
            ("attachment; filename=\"50%20 et 100%.pdf\"", "50%20 et 100%.pdf"),
            ("filename=\"a;b.pdf\"", "a;b.pdf"),
            ("attachment filename=\"a.pdf\"", "a.pdf"),
            ("attachment, filename=a.pdf", "a.pdf"),
            ("attachment; size=3 filename=\"a.pdf\"", "a.pdf"),
            ("attachment; size=\"3\" x-odd=\"1\" filename=\"a.pdf\"", "a.pdf"),
            ("attachment; filename=a;b.pdf; size=3", "a;b.pdf"),
            ("attachment; filename=a.pdf; inline", "a.pdf"),
            ("attachment; filename=my file (1).zip", "my file (1).zip"),
            ("attachment; filename=a.pdf (a comment)", "a.pdf"),
            ("attachment; filename==?utf-8?Q?a;b=C3=A9.pdf?=; size=3", "a;bé.pdf"),
            ("attachment; filename=\"my \"big\" file.pdf\"; size=3", "my \"big\" file.pdf"),
            ("attachment; filename=\"a\".pdf; size=3", "a.pdf"),
            ("attachment; filename=\"a.pdf\" x-odd=\"b\"", "a.pdf"),
            ("attachment; filename=\"a.pdf\" (a comment); size=3", "a.pdf"),
            ("attachment; filename=a.pdf\"", "a.pdf"),
            ("attachment; filename=utf-8''Caf%C3%A9.pdf", "Café.pdf"),
            ("attachment; filename=\"iso-8859-1'fr'Caf%E9.pdf\"", "Café.pdf"),
            ("attachment; filename*0=utf-8''Caf%C3%A9; filename*1=.pdf", "Café.pdf"),
            ("attachment; filename*=utf-8''\"Caf%C3%A9.pdf\"", "Café.pdf"),
            ("attachment; filename=x-odd''100%.pdf", "x-odd''100%.pdf"),
        ] {
            assert_eq!(read_parameter(raw.as_bytes(), "filename").as_deref(), Some(wanted), "{raw}");
        }
        assert_eq!(read_parameter(b"text/plain; charset", "charset"), None);
        for (raw, wanted) in [
            ("multipart/mixed boundary=\"BB\"", "BB"),
            ("multipart/mixed, boundary=BB", "BB"),
            ("multipart/mixed; boundary=BB; odd", "BB"),
            ("multipart/mixed; boundary=\"BB\" odd; x=\"y\"", "BB"),
            ("multipart/mixed; boundary=\"BB\"charset=\"utf-8\"", "BB"),
        ] {
            assert_eq!(read_parameter(raw.as_bytes(), "boundary").as_deref(), Some(wanted), "{raw}");
        }
    }

    #[test]
    fn ids_lose_their_brackets_and_are_never_empty() {
        assert_eq!(read_ids("<a@x.example>\t<b@x.example>"), ["a@x.example", "b@x.example"]);
        assert_eq!(read_ids("a@x.example"), ["a@x.example"]);
        assert_eq!(read_ids("<> < >"), Vec::<String>::new());
        assert_eq!(read_ids("Your message of Tue, 3 Mar 2026 a@x.example"), ["a@x.example"]);
        assert_eq!(read_ids("Votre message du 3 mars"), Vec::<String>::new());
        assert_eq!(read_ids("a@b@c 1"), Vec::<String>::new());
        assert_eq!(bare_id("20260303102351 x").as_deref(), Some("20260303102351"));
        assert_eq!((bare_id("<>"), bare_id(" > ")), (None, None));
    }
}
