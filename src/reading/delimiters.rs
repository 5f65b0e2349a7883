//! Where the parts of a mail begin and end, set right before the parser sees it. May import: mail-parser, memchr.
//!
//! The parser looks for one boundary at a time, anywhere in a line. But an outer delimiter ends whatever is open inside
//! it, and a delimiter is a line of its own (RFC 2046 section 5.1.2); a boundary that no line has was lost or misspelt
//! on the way; and text that follows a header without a blank line is text.

use super::guard::MOST_PARTS;
use super::header::read_parameter;
use super::transfer::{Wrapping, base64};
use mail_parser::{MessageParser, MimeHeaders};
use memchr::memmem::{self, Finder};
use memchr::{memchr, memchr_iter};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// Most boundaries that are open at a time; what lies deeper is left as it is.
const DEEPEST: usize = 50;
/// Most lines of dashes looked at for a boundary that no header names.
const MOST_GUESSES: usize = 50;
/// The fields by which a header is known.
const KNOWN: [&str; 13] = [
    "cc",
    "content-type",
    "date",
    "delivered-to",
    "from",
    "message-id",
    "mime-version",
    "received",
    "reply-to",
    "return-path",
    "sender",
    "subject",
    "to",
];

/// A mail whose parts begin and end where its writer meant them to.
pub struct Mended<'a> {
    /// Its bytes; those that came where nothing was amiss.
    pub raw: Cow<'a, [u8]>,
    /// Where in them something stands that the parser would take for a delimiter, and that is none.
    pub false_delimiters: Vec<usize>,
    /// Which of them nobody sent, in order.
    pub inserted: Vec<Range<usize>>,
    /// A boundary was not declared, and guessed.
    pub is_guessed: bool,
}

/// Mends a mail whose lines end in LF. Linear.
pub fn mend(raw: Cow<'_, [u8]>) -> Mended<'_> {
    let raw = unwrapped(&raw).map_or(raw, Cow::Owned);
    let Changes { inserted, mut false_delimiters, is_guessed } = changes(&raw);
    if inserted.is_empty() {
        return Mended { raw, false_delimiters, inserted: Vec::new(), is_guessed };
    }
    let added: usize = inserted.iter().map(|(_, bytes)| bytes.len()).sum();
    let mut mended = Vec::with_capacity(raw.len() + added);
    let mut places = Vec::with_capacity(inserted.len());
    let (mut copied, mut moved) = (0, 0);
    for (place, bytes) in &inserted {
        while moved < false_delimiters.len() && false_delimiters[moved] < *place {
            false_delimiters[moved] += mended.len() - copied;
            moved += 1;
        }
        mended.extend_from_slice(&raw[copied..*place]);
        places.push(mended.len()..mended.len() + bytes.len());
        mended.extend_from_slice(bytes);
        copied = *place;
    }
    for place in &mut false_delimiters[moved..] {
        *place += mended.len() - copied;
    }
    mended.extend_from_slice(&raw[copied..]);
    Mended { raw: Cow::Owned(mended), false_delimiters, inserted: places, is_guessed }
}

/// A multipart that is wrapped as a whole, which RFC 2045 section 6.4 forbids, with its body unwrapped.
fn unwrapped(raw: &[u8]) -> Option<Vec<u8>> {
    let (head, body) = raw.split_at(end_of_head(raw)?);
    let is_base64 = |value: &&[u8]| Wrapping::named(&String::from_utf8_lossy(value)) == Wrapping::Base64;
    if !values(head, "Content-Type").iter().any(|value| is_multipart(value))
        || !values(head, "Content-Transfer-Encoding").iter().any(is_base64)
        || body.contains(&b'-')
    {
        return None;
    }
    let inside = base64(body);
    let has_delimiter = inside.starts_with(b"--") || memmem::find(&inside, b"\n--").is_some();
    has_delimiter.then(|| [head, inside.as_slice()].concat())
}

/// Where what follows the first blank line begins.
fn end_of_head(raw: &[u8]) -> Option<usize> {
    let mut start = 0;
    for end in memchr_iter(b'\n', raw) {
        if is_blank(&raw[start..end]) {
            return Some(end + 1);
        }
        start = end + 1;
    }
    None
}

/// What is to be changed, by the offsets of the bytes that came, in order.
#[derive(Default)]
struct Changes {
    inserted: Vec<(usize, Vec<u8>)>,
    false_delimiters: Vec<usize>,
    is_guessed: bool,
}

fn changes(raw: &[u8]) -> Changes {
    let line_end = match memchr(b'\n', raw) {
        Some(at) if raw[..at].ends_with(b"\r") => b"\r\n".as_slice(),
        _ => b"\n",
    };
    if has_no_head(raw) {
        return Changes { inserted: vec![(0, line_end.to_vec())], ..Changes::default() };
    }
    // More of them than are read: the mail is held.
    let Some(dashed) = dashed_lines(raw) else { return Changes::default() };
    let mut walk = Walk {
        raw,
        line_end,
        last_of: dashed.iter().map(|&(start, line)| (line, start)).collect(),
        dashed,
        parser: MessageParser::new().with_mime_headers().default_header_ignore(),
        open: Vec::new(),
        head: Some(0),
        changes: Changes::default(),
    };
    let dashes = Finder::new(b"--");
    let mut at = 0;
    while at < raw.len() {
        let start = if walk.head.is_some() {
            at
        } else if walk.open.is_empty() {
            break;
        } else {
            // Within a body only lines with dashes matter.
            let Some(found) = dashes.find(&raw[at..]) else { break };
            raw[at..at + found].iter().rposition(|&byte| byte == b'\n').map_or(at, |line| at + line + 1)
        };
        let end = memchr(b'\n', &raw[start..]).map_or(raw.len(), |found| start + found);
        walk.line(start, end);
        at = end + 1;
    }
    walk.finish();
    walk.changes
}

/// The lines that begin with two dashes, each with its place, without blanks at its end. `None` when there are more than
/// parts are read.
fn dashed_lines(raw: &[u8]) -> Option<Vec<(usize, &[u8])>> {
    let first = raw.starts_with(b"--").then_some(0);
    let mut lines = Vec::new();
    for start in first.into_iter().chain(memmem::find_iter(raw, b"\n--").map(|at| at + 1)) {
        if lines.len() == MOST_PARTS {
            return None;
        }
        let end = memchr(b'\n', &raw[start..]).map_or(raw.len(), |found| start + found);
        lines.push((start, raw[start..end].trim_ascii_end()));
    }
    Some(lines)
}

/// Whether a mail begins with text: its first line is no field, and none by which a header is known follows.
fn has_no_head(raw: &[u8]) -> bool {
    let mut is_first = true;
    for line in raw.split(|&byte| byte == b'\n') {
        if is_blank(line) {
            return !is_first;
        }
        if is_known(line) || is_first && (is_field(line) || is_mailbox_line(line)) {
            return false;
        }
        is_first = false;
    }
    true
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|&byte| byte == b'\r')
}

/// Whether a line begins a field (RFC 5322 section 2.2).
fn is_field(line: &[u8]) -> bool {
    let name = memchr(b':', line).map_or(b"".as_slice(), |colon| line[..colon].trim_ascii_end());
    !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
}

/// Whether a line begins a field by which a header is known.
fn is_known(line: &[u8]) -> bool {
    let name = memchr(b':', line).map_or(b"".as_slice(), |colon| line[..colon].trim_ascii());
    KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// Whether a line is what mbox files put before a header.
fn is_mailbox_line(line: &[u8]) -> bool {
    line.starts_with(b"From ") || line.starts_with(b">From ")
}

/// The values of the fields called `name` in a head, with their folds.
fn values<'h>(head: &'h [u8], name: &str) -> Vec<&'h [u8]> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut is_it = false;
    let mut start = 0;
    for end in memchr_iter(b'\n', head).chain([head.len()]) {
        let line = &head[start..end];
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            if let Some(last) = found.last_mut().filter(|_| is_it) {
                last.1 = end;
            }
        } else {
            is_it = false;
            if let Some(colon) = memchr(b':', line)
                && line[..colon].trim_ascii().eq_ignore_ascii_case(name.as_bytes())
            {
                is_it = true;
                found.push((start + colon + 1, end));
            }
        }
        start = end + 1;
    }
    found.into_iter().map(|(from, to)| &head[from..to]).collect()
}

/// Whether a Content-Type says multipart, however it goes on.
fn is_multipart(value: &[u8]) -> bool {
    after_kind(value, b"multipart").is_some()
}

/// What follows the kind of a media type.
fn after_kind<'v>(value: &'v [u8], kind: &[u8]) -> Option<&'v [u8]> {
    let value = value.trim_ascii_start();
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    let (word, rest) = value.split_at_checked(kind.len())?;
    word.eq_ignore_ascii_case(kind).then_some(rest)
}

/// Whether a Content-Type says that a message follows, which has a head of its own.
fn is_message(value: &[u8]) -> bool {
    let Some(rest) = after_kind(value, b"message/") else { return false };
    ["rfc822", "global"].iter().any(|subtype| {
        rest.split_at_checked(subtype.len()).is_some_and(|(word, rest)| {
            let ends = rest.first().is_none_or(|&byte| byte.is_ascii_whitespace() || b"\";(".contains(&byte));
            word.eq_ignore_ascii_case(subtype.as_bytes()) && ends
        })
    })
}

/// A multipart whose end was not reached.
struct Open {
    boundary: Vec<u8>,
    /// Looks for its delimiter.
    finder: Finder<'static>,
    /// A part of it began.
    has_part: bool,
}

impl Open {
    fn of(boundary: Vec<u8>) -> Open {
        let finder = Finder::new(&[b"--".as_slice(), &boundary].concat()).into_owned();
        Open { boundary, finder, has_part: false }
    }
}

/// A mail read line by line.
struct Walk<'a> {
    raw: &'a [u8],
    line_end: &'static [u8],
    /// The lines that begin with two dashes.
    dashed: Vec<(usize, &'a [u8])>,
    /// Where each of them stands the last time.
    last_of: HashMap<&'a [u8], usize>,
    parser: MessageParser,
    open: Vec<Open>,
    /// Where the head begins that is being read; `None` within a body.
    head: Option<usize>,
    changes: Changes,
}

impl Walk<'_> {
    /// Takes the line from `start` to its LF at `end`.
    fn line(&mut self, start: usize, end: usize) {
        let line = &self.raw[start..end];
        let next = self.raw.len().min(end + 1);
        if let Some((depth, is_last)) = self.opened_by(line.trim_ascii_end()) {
            self.delimiter(start, next, depth, is_last);
        } else if let Some(head) = self.head {
            if is_blank(line) {
                self.end_head(head, start, next);
            }
        } else if let Some(open) = self.open.last() {
            let first = line.iter().position(|byte| !byte.is_ascii_whitespace());
            for at in open.finder.find_iter(line) {
                let after = line.get(at + 2 + open.boundary.len());
                // The parser takes one behind blanks as well, and what it makes of it is left alone.
                let ends = matches!(after, None | Some(b' ' | b'\t' | b'\r' | b'-'));
                if first != Some(at) || !ends {
                    self.changes.false_delimiters.push(start + at);
                }
            }
        }
    }

    /// Which multipart's delimiter a line is, by its place, and whether it is the last one of it.
    fn opened_by(&self, line: &[u8]) -> Option<(usize, bool)> {
        let word = line.strip_prefix(b"--")?;
        let last = word.strip_suffix(b"--");
        self.open.iter().enumerate().rev().find_map(|(depth, open)| {
            let boundary = open.boundary.as_slice();
            (word == boundary || last == Some(boundary)).then_some((depth, word != boundary))
        })
    }

    fn delimiter(&mut self, start: usize, next: usize, depth: usize, is_last: bool) {
        let mut before = Vec::new();
        if let Some(head) = self.head {
            match self.text_in(head, start) {
                Some(place) => self.insert(place, self.line_end.to_vec()),
                None => before.extend_from_slice(self.line_end),
            }
        }
        self.close(depth + 1, &mut before);
        let open = &mut self.open[depth];
        let begins_a_part = !is_last || !open.has_part && depth == 0;
        open.has_part |= begins_a_part;
        if begins_a_part {
            // Or the outermost is closed before it began: what follows is all there is.
            self.head = Some(next);
        } else {
            if !open.has_part {
                before.extend(self.empty_part(depth));
            }
            self.open.pop();
            self.head = None;
        }
        self.insert(start, before);
    }

    /// Closes what is open from `depth` on.
    fn close(&mut self, depth: usize, text: &mut Vec<u8>) {
        while self.open.len() > depth {
            let innermost = self.open.len() - 1;
            if !self.open[innermost].has_part {
                text.extend(self.empty_part(innermost));
            }
            let boundary = self.open[innermost].boundary.as_slice();
            text.extend([b"--".as_slice(), boundary, b"--", self.line_end].concat());
            self.open.pop();
        }
    }

    /// A part without anything in it, since the parser takes the first delimiter for one that opens.
    fn empty_part(&self, depth: usize) -> Vec<u8> {
        [b"--".as_slice(), &self.open[depth].boundary, self.line_end, self.line_end].concat()
    }

    /// The head that begins at `head` ended in a blank line at `blank`; what it is of begins at `next`.
    fn end_head(&mut self, head: usize, blank: usize, next: usize) {
        self.head = None;
        let head = &self.raw[head..blank];
        let types = values(head, "Content-Type");
        let Some(&believed) = types.last() else { return };
        if let Some(&multipart) = types.iter().rev().find(|value| is_multipart(value)) {
            let boundary = match self.seen_by_parser(believed).filter(|seen| self.occurs(seen, next)) {
                Some(boundary) => Some(boundary),
                None => self.lost_boundary(&types, next).inspect(|boundary| {
                    let field = field_of(multipart, boundary);
                    self.changes.inserted.push((blank, [field.as_slice(), self.line_end].concat()));
                }),
            };
            if let Some(boundary) = boundary.filter(|_| self.open.len() < DEEPEST) {
                self.open.push(Open::of(boundary));
            }
        } else if is_message(believed) && !self.open.is_empty() {
            // As `guard` has it: one that is encoded is not opened.
            let head = head.to_ascii_lowercase();
            let holds = |word: &[u8]| memmem::find(&head, word).is_some();
            if !holds(b"base64") && !holds(b"quoted-printable") {
                self.head = Some(next);
            }
        }
    }

    /// The boundary that the parser will look for.
    fn seen_by_parser(&self, value: &[u8]) -> Option<Vec<u8>> {
        let field = [b"Content-Type:".as_slice(), value, b"\n\n"].concat();
        let message = self.parser.parse_headers(&field)?;
        let seen = message.parts.first()?.content_type()?;
        let boundary = seen.attribute("boundary").filter(|_| seen.ctype() == "multipart")?;
        Some(boundary.as_bytes().to_vec())
    }

    /// Whether a delimiter of `boundary` stands from `next` on.
    fn occurs(&self, boundary: &[u8], next: usize) -> bool {
        let stands = |line: Vec<u8>| self.last_of.get(line.as_slice()).is_some_and(|&last| last >= next);
        !boundary.is_empty()
            && (stands([b"--".as_slice(), boundary].concat())
                || stands([b"--".as_slice(), boundary, b"--"].concat()))
    }

    /// The boundary of a multipart for which the parser will find none: as one of its Content-Types has it, or as the lines
    /// that follow do.
    fn lost_boundary(&mut self, types: &[&[u8]], next: usize) -> Option<Vec<u8>> {
        let multiparts = types.iter().rev().filter(|value| is_multipart(value));
        let declared = multiparts
            .filter_map(|value| read_parameter(value, "boundary"))
            .map(|boundary| boundary.trim_end().as_bytes().to_vec())
            .find(|boundary| self.occurs(boundary, next));
        if declared.is_some() {
            return declared;
        }
        let from = self.dashed.partition_point(|&(start, _)| start < next);
        for &(start, line) in self.dashed[from..].iter().take(MOST_GUESSES) {
            if self.opened_by(line).is_some() {
                break;
            }
            let boundary = line.strip_prefix(b"--")?;
            let follows =
                memchr(b'\n', &self.raw[start..]).map_or(b"".as_slice(), |end| &self.raw[start + end + 1..]);
            let heads_a_part = follows.get(..8).is_some_and(|word| word.eq_ignore_ascii_case(b"content-"));
            let closing = [line, b"--"].concat();
            let is_closed = self.last_of.get(closing.as_slice()).is_some_and(|&last| last > start);
            if boundary.iter().any(u8::is_ascii_alphanumeric) && (heads_a_part || is_closed) {
                self.changes.is_guessed = true;
                return Some(boundary.to_vec());
            }
        }
        None
    }

    /// Where text begins in a head that no blank line ends before `until`.
    fn text_in(&self, head: usize, until: usize) -> Option<usize> {
        let mut place = None;
        let mut start = head;
        while start < until {
            let end = memchr(b'\n', &self.raw[start..until]).map_or(until, |found| start + found + 1);
            let line = &self.raw[start..end];
            let continues = line.starts_with(b" ") || line.starts_with(b"\t");
            let is_of_head = continues || is_field(line) || start == 0 && is_mailbox_line(line);
            if is_known(line) {
                place = None;
            } else if !is_of_head {
                place = place.or(Some(start));
            }
            start = end;
        }
        place
    }

    fn insert(&mut self, place: usize, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.changes.inserted.push((place, bytes));
        }
    }

    /// At the end everything that is open ends.
    fn finish(&mut self) {
        let mut last = Vec::new();
        let mut is_within_head = false;
        if let Some(head) = self.head {
            match self.text_in(head, self.raw.len()) {
                Some(place) => self.insert(place, self.line_end.to_vec()),
                None => is_within_head = true,
            }
        }
        if !self.open.is_empty() {
            // The line end before a delimiter is part of it: the last one of the mail stays with what it ends.
            last.extend_from_slice(self.line_end);
            if is_within_head && !self.raw.ends_with(b"\n") {
                last.extend_from_slice(self.line_end);
            }
        }
        self.close(0, &mut last);
        self.insert(self.raw.len(), last);
    }
}

/// A Content-Type that names `boundary`, of the kind that `value` says.
fn field_of(value: &[u8], boundary: &[u8]) -> Vec<u8> {
    let rest = after_kind(value, b"multipart").and_then(|rest| rest.strip_prefix(b"/")).unwrap_or(b"");
    let length =
        rest.iter().take_while(|&&byte| byte.is_ascii_alphanumeric() || b"-.+".contains(&byte)).count();
    let subtype = if length == 0 { b"mixed".as_slice() } else { &rest[..length] };
    let mut field = [b"Content-Type: multipart/".as_slice(), subtype, b"; boundary=\""].concat();
    for &byte in boundary {
        if matches!(byte, b'"' | b'\\') {
            field.push(b'\\');
        }
        field.push(byte);
    }
    field.push(b'"');
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(raw: &str) -> String {
        String::from_utf8(mend(Cow::Borrowed(raw.as_bytes())).raw.into_owned()).unwrap()
    }

    const HEAD: &str = "From: lea@client.example\nContent-Type: multipart/mixed; boundary=OO\n\n";
    const INNER: &str = "--OO\nContent-Type: multipart/alternative; boundary=II\n\n";

    #[test]
    fn an_outer_delimiter_ends_what_is_open_inside_it() {
        let end = "--OO\n\nb\n--OO--\n";
        let wanted = format!("{HEAD}{INNER}--II\n\na\n--II--\n{end}");
        assert_eq!(mended(&format!("{HEAD}{INNER}--II\n\na\n{end}")), wanted);
        // A head without its blank line ends there as well.
        let cut = format!("{HEAD}{INNER}--II\nContent-Type: text/plain\n{end}");
        let wanted = format!("{HEAD}{INNER}--II\nContent-Type: text/plain\n\n--II--\n{end}");
        assert_eq!(mended(&cut), wanted);
        let closed_only = format!("{HEAD}{INNER}--II--\n{end}");
        assert_eq!(mended(&closed_only), format!("{HEAD}{INNER}--II\n\n--II--\n{end}"));
        let message = "--OO\nContent-Type: message/rfc822\n\nSubject: x\nContent-Type: multipart/mixed; boundary=II\n\n";
        let wanted = format!("{HEAD}{message}--II\n\na\n--II--\n{end}");
        assert_eq!(mended(&format!("{HEAD}{message}--II\n\na\n{end}")), wanted);
    }

    #[test]
    fn the_end_of_a_mail_ends_everything() {
        let cut = format!("{HEAD}{INNER}--II\n\na").replace('\n', "\r\n");
        assert_eq!(mended(&cut), format!("{cut}\r\n--II--\r\n--OO--\r\n"));
        // The last line end is of what was sent.
        let after_a_line = format!("{HEAD}--OO\n\na;b\n1;2\n");
        assert_eq!(mended(&after_a_line), format!("{after_a_line}\n--OO--\n"));
        let within_a_head = format!("{HEAD}--OO\nContent-Type: text/plain\n");
        assert_eq!(mended(&within_a_head), format!("{within_a_head}\n--OO--\n"));
    }

    #[test]
    fn a_mail_in_which_nothing_is_amiss_stays_as_it_is() {
        for sound in [
            "From: a@b.example\n\nBonjour\n-- \nLea\n",
            "From: a@b.example\nSubject: x\n",
            "From a@b.example Tue Mar  3 10:00:00 2026\nFrom: a@b.example\n\nBonjour\n",
            "HTTP/1.1 200 OK\nFrom: a@b.example\n\nBonjour\n",
            "Content-Type: multipart/mixed; boundary=none\n\nBonjour\n-- \nLea\n",
            "Content-Type: multipart/mixed\n\n--------\nBonjour\n--------\n",
            &format!("{HEAD}{INNER}--II\n\na\n--II\n\nb\n--II--\n--OO\n\nc\n --OO\n\nd\n--OO--\nnot --OO\n"),
            &format!("{HEAD}--OO--\n\n--OO\n\nb\n--OO--\n"),
        ] {
            let kept = mend(Cow::Borrowed(sound.as_bytes()));
            assert!(matches!(kept.raw, Cow::Borrowed(_)) && !kept.is_guessed, "{sound}");
            assert_eq!(kept.false_delimiters, Vec::<usize>::new(), "{sound}");
        }
    }

    #[test]
    fn a_boundary_that_the_parser_would_not_find_is_written_so_that_it_does() {
        let body = "--B\"B\nContent-Type: text/plain\n\na\n--B\"B--\n";
        for (types, is_guessed) in [
            ("multipart/mixed", true),
            ("multipart/mixed; boundary=\"\"", true),
            ("multipart/mixed; boundary=other", true),
            ("multipart/mixed;\nboundary=\"B\\\"B\"", true),
            ("multipart/mixed boundary=\"B\\\"B\"", false),
            ("multipart/mixed; boundary=\"B\\\"B \"", false),
            ("multipart/mixed; boundary=\"B\\\"B\"\nContent-Type: text/plain", false),
        ] {
            let raw = format!("Content-Type: {types}\n\n{body}");
            let found = mend(Cow::Borrowed(raw.as_bytes()));
            let wanted = format!(
                "Content-Type: {types}\nContent-Type: multipart/mixed; boundary=\"B\\\"B\"\n\n{body}"
            );
            assert_eq!(String::from_utf8_lossy(&found.raw), wanted, "{types}");
            assert_eq!(found.is_guessed, is_guessed, "{types}");
        }
    }

    #[test]
    fn text_without_a_blank_line_before_it_is_no_header() {
        for (raw, wanted) in [
            (
                "From: a@b.example\nSubject: x\n y\nBonjour.\nNote: b\n",
                "From: a@b.example\nSubject: x\n y\n\nBonjour.\nNote: b\n",
            ),
            ("Bonjour.\nNote: b\n\nc\n", "\nBonjour.\nNote: b\n\nc\n"),
        ] {
            assert_eq!(mended(raw), wanted);
        }
        let part = format!("{HEAD}--OO\nContent-Type: text/plain\nBonjour.\n--OO--\n");
        assert_eq!(mended(&part), part.replace("Bonjour", "\nBonjour"));
    }

    #[test]
    fn what_nobody_sent_is_told() {
        let sent = format!("{HEAD}{INNER}--II\n\na\n--OO\nContent-Type: text/plain\nBonjour.\n");
        let found = mend(Cow::Borrowed(sent.as_bytes()));
        let told: Vec<_> = found.inserted.iter().map(|place| &found.raw[place.clone()]).collect();
        assert_eq!(told, [b"--II--\n".as_slice(), b"\n", b"\n--OO--\n"]);
    }

    #[test]
    fn what_resembles_a_delimiter_is_told() {
        let raw = format!("{HEAD}--OO\n\nVoir --OO ou\n--OOps\n--OO \n\n> --OO--\n--OO\nX: --OO\n");
        let found = mend(Cow::Borrowed(raw.as_bytes()));
        let seen: Vec<_> = found.false_delimiters.iter().map(|&at| &found.raw[at - 1..at + 6]).collect();
        assert_eq!(seen, [b" --OO o", b"\n--OOps", b" --OO--"]);
    }

    #[test]
    fn a_multipart_that_is_wrapped_as_a_whole_is_unwrapped() {
        let head = HEAD.replace("\n\n", "\nContent-Transfer-Encoding: base64\n\n");
        assert_eq!(mended(&format!("{head}LS1PTwoKYQotLU9PLS0K\n")), format!("{head}--OO\n\na\n--OO--\n"));
    }
}
