//! Content-Transfer-Encoding undone, forgivingly: what is broken is skipped, never refused. May import: domain.

use super::charset::base64_value;
use crate::domain::hex::digit;
use std::borrow::Cow;

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
            "base64" => Wrapping::Base64,
            "quotedprintable" => Wrapping::QuotedPrintable,
            "xuuencode" | "uuencode" | "xuue" | "uue" => Wrapping::Uuencode,
            _ => Wrapping::Plain,
        }
    }

    /// The bytes inside.
    pub fn undo(self, wrapped: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Wrapping::Plain => Cow::Borrowed(wrapped),
            Wrapping::Base64 if !looks_base64(wrapped) => Cow::Borrowed(wrapped),
            Wrapping::Base64 => Cow::Owned(base64(wrapped)),
            Wrapping::QuotedPrintable => Cow::Owned(quoted_printable(wrapped)),
            Wrapping::Uuencode => Cow::Owned(uuencode(wrapped)),
        }
    }
}

/// Whether the first line may be base64: text that was never wrapped, whatever its header says, has other marks in it.
fn looks_base64(wrapped: &[u8]) -> bool {
    let first = wrapped.trim_ascii_start();
    let line = &first[..first.iter().position(|&byte| byte == b'\n').unwrap_or(first.len())];
    line.iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .all(|&byte| byte == b'=' || base64_value(byte).is_some())
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
        assert_eq!(quoted_printable(b"=C3=A9t=C3=A9 =\r\nici =ZZ a=b ="), "été ici =ZZ a=b ".as_bytes());
        assert_eq!(quoted_printable(b"a=  \nb"), b"ab");
        assert_eq!(Wrapping::Uuencode.undo(b"begin 644 a.txt\n'0F]N:F]U<@\n`\nend\n").as_ref(), b"Bonjour");
    }
}
