//! Content-Transfer-Encoding undone, forgivingly: what is broken is skipped, never refused. May import: domain.

use super::charset::base64_value;
use crate::domain::hex::digit;
use std::borrow::Cow;
use std::ops::Range;

/// How a part is wrapped for transport (RFC 2045 section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// 7bit, 8bit, binary, or a word that nobody knows.
    Plain,
    /// base64.
    Base64,
    /// quoted-printable.
    QuotedPrintable,
    /// x-uuencode, from before MIME.
    Uuencode,
}

impl Wrapping {
    /// The wrapping that a Content-Transfer-Encoding names.
    pub fn named(value: &str) -> Wrapping {
        // Letters only: "Quoted/Printable", "base-64;", "quoted-printable (of old)".
        let value = value.trim();
        let value =
            value.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or(value, |(_, rest)| rest);
        let value = value.split(['(', ';']).next().unwrap_or("");
        let word: String = value
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(40)
            .collect::<String>()
            .to_ascii_lowercase();
        match word.as_str() {
            "base64" | "xbase64" => Wrapping::Base64,
            "quotedprintable" => Wrapping::QuotedPrintable,
            "xuuencode" | "uuencode" | "xuue" | "uue" => Wrapping::Uuencode,
            _ => Wrapping::Plain,
        }
    }

    /// The bytes inside.
    pub fn undo(self, wrapped: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Wrapping::Plain => Cow::Borrowed(wrapped),
            Wrapping::Base64 => match base64_length(wrapped) {
                0 => Cow::Borrowed(wrapped),
                length => Cow::Owned(base64(&wrapped[..length])),
            },
            Wrapping::QuotedPrintable => Cow::Owned(quoted_printable(wrapped)),
            Wrapping::Uuencode => Cow::Owned(uuencode(wrapped)),
        }
    }
}

/// A text that its header calls base64: words that a list or a relay added in clear stay as they are.
pub fn unwrapped_text(wrapped: &[u8]) -> Cow<'_, [u8]> {
    let length = base64_length(wrapped);
    if length == 0 {
        return Cow::Borrowed(wrapped);
    }
    let mut text = base64(&wrapped[..length]);
    if length < wrapped.len() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    text.extend_from_slice(&wrapped[length..]);
    Cow::Owned(text)
}

/// How much of what a header calls base64 is: all of it, what stands before words in clear, or nothing, where somebody never
/// wrapped it. Some foreign marks may have come in on the way; words have many, and blanks between them.
fn base64_length(wrapped: &[u8]) -> usize {
    let (mut letters, mut foreign) = (0, 0);
    let (mut is_padded, mut has_padding, mut is_long) = (false, false, false);
    // Where the first line with foreign marks stands, and how much stands before it.
    let (mut first_marked, mut unmarked) = (None, 0usize);
    let mut start = 0;
    while start < wrapped.len() {
        let end = wrapped[start..].iter().position(|&byte| byte == b'\n');
        let end = end.map_or(wrapped.len(), |found| start + found + 1);
        let line = wrapped[start..end].trim_ascii();
        let marks = line.iter().filter(|byte| is_foreign(**byte)).count();
        if has_words(line) || is_padded && marks * FEW > line.len() {
            let is_base64 = is_padded && foreign * FEW <= letters || is_long && foreign == 0;
            if is_base64 {
                return start;
            }
            // A short text may need no padding: what it says tells.
            let end = first_marked.unwrap_or(start);
            let is_whole = unmarked >= SHORTEST && unmarked.is_multiple_of(4);
            return if is_whole && is_clean_text(&base64(&wrapped[..end])) { end } else { 0 };
        }
        if marks > 0 {
            first_marked = first_marked.or(Some(start));
        }
        if first_marked.is_none() {
            unmarked += line.iter().filter(|byte| !byte.is_ascii_whitespace()).count();
        }
        if !line.is_empty() {
            letters += line.len();
            foreign += marks;
            is_padded = line.ends_with(b"=");
            has_padding |= line.contains(&b'=');
            is_long |= line.len() >= LONG_LINE;
        }
        start = end;
    }
    let is_base64 = foreign == 0 || (has_padding || is_long) && foreign * FEW <= letters;
    if is_base64 { wrapped.len() } else { 0 }
}

/// One mark among so many is few.
const FEW: usize = 8;
/// A line that long and without a blank is no word.
const LONG_LINE: usize = 60;
/// Fewer letters may be a word in clear that happens to be base64 of something.
const SHORTEST: usize = 16;

/// Whether bytes are words in UTF-8.
fn is_clean_text(bytes: &[u8]) -> bool {
    let is_odd = |c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n');
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(is_odd))
}

fn is_foreign(byte: u8) -> bool {
    byte != b'=' && !byte.is_ascii_whitespace() && base64_value(byte).is_none()
}

/// Whether a line is of words with blanks between them: base64 that was cut by blanks is in groups of four, or in single
/// letters.
fn has_words(line: &[u8]) -> bool {
    let is_word = |word: &[u8]| word.len() > 1 && word.len() < LONG_LINE && !word.len().is_multiple_of(4);
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).peekable();
    let first_is_word = words.next().is_some_and(is_word);
    words.peek().is_some() && (first_is_word || words.any(is_word))
}

/// Base64, skipping what is not of its alphabet and starting anew after each padding.
pub fn base64(wrapped: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(wrapped.len() / 4 * 3);
    let (mut bits, mut width) = (0u32, 0);
    for &byte in wrapped {
        if byte == b'=' {
            (bits, width) = (0, 0);
        } else if let Some(value) = base64_value(byte) {
            bits = (bits << 6) | u32::from(value);
            width += 6;
            if width >= 8 {
                width -= 8;
                bytes.push((bits >> width) as u8);
                bits &= (1 << width) - 1;
            }
        }
    }
    bytes
}

/// Quoted-printable; an escape that is none stays as it is.
pub fn quoted_printable(wrapped: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(wrapped.len());
    let mut at = 0;
    while at < wrapped.len() {
        let byte = wrapped[at];
        at += 1;
        if byte != b'=' {
            bytes.push(byte);
            continue;
        }
        let rest = &wrapped[at..];
        if let [high, low, ..] = rest
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            bytes.push(high << 4 | low);
            at += 2;
        } else {
            // A soft line break may carry blanks that a relay added.
            let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            match &rest[blanks..] {
                [b'\r', b'\n', ..] => at += blanks + 2,
                [b'\n', ..] | [b'\r', ..] => at += blanks + 1,
                [] => at += blanks,
                _ => bytes.push(b'='),
            }
        }
    }
    bytes
}

/// A file that stands uuencoded in a text.
pub struct Uuencoded<'t> {
    /// As its sender calls it, in whatever charset the text is in.
    pub name: &'t [u8],
    /// Where it stands, from its `begin` to its `end`.
    pub place: Range<usize>,
    lines: &'t [u8],
}

impl Uuencoded<'_> {
    /// What is in it.
    pub fn bytes(&self) -> Vec<u8> {
        uuencode(self.lines)
    }
}

/// Most files looked for in one text; what lies behind them stays text.
const MOST_UUENCODED: usize = 100;

/// The files that stand in a text, whole ones only.
pub fn uuencoded(text: &[u8]) -> Vec<Uuencoded<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < text.len() && found.len() < MOST_UUENCODED {
        let next = next_line(text, start);
        let name = uuencoded_name(&text[start..next]);
        match name.and_then(|name| Some((name, uuencoded_end(text, next)?))) {
            Some((name, end)) => {
                found.push(Uuencoded { name, place: start..end, lines: &text[next..end] });
                start = end;
            }
            None => start = next,
        }
    }
    found
}

fn next_line(text: &[u8], start: usize) -> usize {
    text[start..].iter().position(|&byte| byte == b'\n').map_or(text.len(), |found| start + found + 1)
}

/// The name in `begin 644 facture.pdf`.
fn uuencoded_name(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_prefix(b"begin ")?.trim_ascii();
    let mode = line.iter().take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    let name = line[mode..].strip_prefix(b" ")?.trim_ascii();
    (matches!(mode, 3 | 4) && !name.is_empty()).then_some(name)
}

/// Where the file ends whose lines begin at `start`; `None` when one of them is none of such a file.
fn uuencoded_end(text: &[u8], mut start: usize) -> Option<usize> {
    let mut is_over = false;
    while start < text.len() {
        let next = next_line(text, start);
        let line = text[start..next].strip_suffix(b"\n").unwrap_or(&text[start..next]);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        start = next;
        if line == b"end" {
            return Some(next);
        }
        let Some((&first, letters)) = line.split_first() else {
            is_over = true;
            continue;
        };
        let wanted = usize::from(first.wrapping_sub(b' ') & 63).div_ceil(3) * 4;
        // Relays cut the blanks that stand for zeros.
        let fits = letters.len() <= wanted + 2 && letters.len() + 3 >= wanted;
        if is_over || !fits || !line.iter().all(|byte| matches!(byte, b' '..=b'`')) {
            return None;
        }
        is_over = wanted == 0;
    }
    None
}

fn uuencode(wrapped: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(wrapped.len() / 4 * 3);
    for line in wrapped.split(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b"begin ") {
            continue;
        }
        if line == b"end" {
            break;
        }
        let Some((&first, letters)) = line.split_first() else { continue };
        let wanted = usize::from(first.wrapping_sub(32) & 63);
        let before = bytes.len();
        for group in letters.chunks(4) {
            let value = |i: usize| u32::from(group.get(i).copied().unwrap_or(b' ').wrapping_sub(32) & 63);
            let bits = value(0) << 18 | value(1) << 12 | value(2) << 6 | value(3);
            bytes.extend_from_slice(&[(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]);
        }
        bytes.truncate((before + wanted).min(bytes.len()));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_wrapping_gives_what_can_be_had() {
        assert_eq!(base64(b"Qm9u\r\nam91cg==\r\n"), b"Bonjour");
        assert_eq!(base64(b"Qm9uam91cg"), b"Bonjour");
        assert_eq!(base64(b"Qm9uam91cg==Qm9uam91cg=="), b"BonjourBonjour");
        for name in ["base64;", "Base-64", " BASE64 (x)", "\"base64\""] {
            assert_eq!(Wrapping::named(name).undo(b"Qm9uam91cg==").as_ref(), b"Bonjour", "{name}");
        }
        for name in ["Quoted-Printable", "quoted/printable", "quotedprintable ; x", "(x) quoted-printable"] {
            assert_eq!(Wrapping::named(name).undo(b"=41=\nb").as_ref(), b"Ab", "{name}");
        }
        assert_eq!(Wrapping::Base64.undo(b"Bonjour, merci.\n").as_ref(), b"Bonjour, merci.\n");
        for clear in ["Bonjour\nmerci beaucoup.\n", "Monsieur\n\nje ne peux plus payer\n", "Merci!\nLea\n"] {
            assert_eq!(unwrapped_text(clear.as_bytes()), clear.as_bytes());
        }
        for (junk, text) in [
            (&b"Qm9u*!\n am91ciBMZWE=\n"[..], &b"Bonjour Lea"[..]),
            (b"Q m 9 u a m 9 1 c g = =", b"Bonjour"),
            (b"Qm9u am91 cg==", b"Bonjour"),
            (b"Qm9uam91cg==\n\n____\nListe de diffusion\n", b"Bonjour\n____\nListe de diffusion\n"),
            (b"Qm9uam91cgo=\r\n-- \r\nvia une liste\r\n", b"Bonjour\n-- \r\nvia une liste\r\n"),
            (
                b"Vm9pY2kgbW9uIG51bWVybyBkZSBjb21tYW5kZSEh\n\n_________\nListe de diffusion sav\n",
                b"Voici mon numero de commande!!\n_________\nListe de diffusion sav\n",
            ),
            (
                b"Vm9pY2kgbW9uIG51bWVybyBkZSBjb21tYW5kZSEh\nListe de diffusion sav\n",
                b"Voici mon numero de commande!!\nListe de diffusion sav\n",
            ),
        ] {
            assert_eq!(unwrapped_text(junk), text, "{}", String::from_utf8_lossy(junk));
        }
        assert_eq!(Wrapping::named("x-base64").undo(b"Qm9uam91cg==\nune liste\n").as_ref(), b"Bonjour");
        assert_eq!(quoted_printable(b"=C3=A9t=C3=A9 =\r\nici =ZZ a=b ="), "été ici =ZZ a=b ".as_bytes());
        assert_eq!(quoted_printable(b"a=  \nb"), b"ab");
        assert_eq!(Wrapping::Uuencode.undo(b"begin 644 a.txt\n'0F]N:F]U<@\n`\nend\n").as_ref(), b"Bonjour");
    }

    #[test]
    fn files_within_a_text_are_found_when_they_are_whole() {
        let text = b"Voici :\r\nbegin 644 a b.txt\r\n'0F]N:F]U<@\r\n`\r\nend\r\nMerci\r\n";
        let found = uuencoded(text);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name, found[0].bytes()), (&b"a b.txt"[..], b"Bonjour".to_vec()));
        assert_eq!(&text[found[0].place.end..], b"Merci\r\n");
        for none in [
            &b"begin 644 a.txt\n'0F]N:F]U<@\n`\n"[..],
            b"begin 644 a.txt\nBonjour,\nend\n",
            b"begin again\n'0F]N:F]U<@\nend\n",
            b"> begin 644 a.txt\n'0F]N:F]U<@\nend\n",
        ] {
            assert!(uuencoded(none).is_empty(), "{}", String::from_utf8_lossy(none));
        }
    }
}
