//! HTML cut into tags and text, forgivingly and in linear time. May import: mail-parser's entities.

use super::charset::decode;
use mail_parser::decoders::html::add_html_token;

/// How far [`Reader::ahead`] looks, in bytes.
const LOOK_AHEAD: usize = 20_000;

/// A piece of markup.
pub enum Piece<'h> {
    /// Text between tags, entities and all.
    Text(&'h str),
    /// An opening tag.
    Open(Tag<'h>),
    /// A closing tag by its name, lower case.
    Close(String),
}

/// An opening tag.
pub struct Tag<'h> {
    /// Lower case.
    pub name: String,
    /// All that stands after the name.
    pub attributes: &'h str,
}

impl Tag<'_> {
    /// The value of an attribute, entities undone.
    pub fn attribute(&self, wanted: &str) -> Option<String> {
        let bytes = self.attributes.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            while at < bytes.len() && (bytes[at].is_ascii_whitespace() || bytes[at] == b'/') {
                at += 1;
            }
            let start = at;
            while at < bytes.len() && !bytes[at].is_ascii_whitespace() && bytes[at] != b'=' {
                at += 1;
            }
            let name = &self.attributes[start..at];
            while at < bytes.len() && bytes[at].is_ascii_whitespace() {
                at += 1;
            }
            let mut value = "";
            if bytes.get(at) == Some(&b'=') {
                at += 1;
                while at < bytes.len() && bytes[at].is_ascii_whitespace() {
                    at += 1;
                }
                let start;
                match bytes.get(at) {
                    Some(&quote @ (b'"' | b'\'')) => {
                        start = at + 1;
                        at = start;
                        while at < bytes.len() && bytes[at] != quote {
                            at += 1;
                        }
                        value = &self.attributes[start..at];
                        at = (at + 1).min(bytes.len());
                    }
                    _ => {
                        start = at;
                        while at < bytes.len() && !bytes[at].is_ascii_whitespace() {
                            at += 1;
                        }
                        value = &self.attributes[start..at];
                    }
                }
            }
            if name.eq_ignore_ascii_case(wanted) {
                return Some(unescape(value));
            }
        }
        None
    }
}

/// Cuts HTML into tags and text. Each look-ahead that finds nothing is remembered, so that none is repeated.
pub struct Reader<'h> {
    html: &'h str,
    at: usize,
    no_comment_end: bool,
    /// No `>` follows any more.
    no_close: bool,
    /// Off once quotes swallowed the rest of the text: from there on the next `>` ends a tag.
    trust_quotes: bool,
    unclosed: Vec<&'static str>,
}

/// Elements whose content is not text.
const SILENT: [&str; 5] = ["style", "script", "title", "template", "xml"];

impl<'h> Reader<'h> {
    /// At the start of `html`.
    pub fn of(html: &'h str) -> Self {
        Reader {
            html,
            at: 0,
            no_comment_end: false,
            no_close: false,
            trust_quotes: true,
            unclosed: Vec::new(),
        }
    }

    /// The next piece, or `None` at the end.
    pub fn next(&mut self) -> Option<Piece<'h>> {
        loop {
            let rest = &self.html[self.at..];
            if rest.is_empty() {
                return None;
            }
            let Some(open) = rest.find('<') else {
                self.at = self.html.len();
                return Some(Piece::Text(rest));
            };
            if open > 0 {
                self.at += open;
                return Some(Piece::Text(&rest[..open]));
            }
            if let Some(comment) = rest.strip_prefix("<!--") {
                let end = if self.no_comment_end { None } else { comment.find("-->") };
                match end {
                    Some(end) => self.at += 4 + end + 3,
                    None => {
                        self.no_comment_end = true;
                        self.at += self.tag_end(rest).unwrap_or(rest.len());
                    }
                }
                continue;
            }
            let second = rest.as_bytes().get(1).copied().unwrap_or(b' ');
            if !(second.is_ascii_alphabetic() || matches!(second, b'/' | b'!' | b'?')) {
                self.at += 1;
                return Some(Piece::Text("<"));
            }
            let Some(end) = self.tag_end(rest) else {
                // An unfinished tag: what follows the bracket is text.
                self.at += 1;
                return Some(Piece::Text("<"));
            };
            let inner = &rest[1..end - 1];
            self.at += end;
            if let Some(name) = inner.strip_prefix('/') {
                return Some(Piece::Close(tag_name(name).to_ascii_lowercase()));
            }
            if inner.starts_with(['!', '?']) {
                continue;
            }
            let name = tag_name(inner);
            let tag = Tag { name: name.to_ascii_lowercase(), attributes: &inner[name.len()..] };
            if let Some(silent) = SILENT.into_iter().find(|silent| *silent == tag.name)
                && !inner.ends_with('/')
            {
                self.skip_to_close(silent);
                continue;
            }
            return Some(Piece::Open(tag));
        }
    }

    /// The next of the text, for a look.
    pub fn ahead(&self) -> &'h str {
        &self.html[self.at..self.html.floor_char_boundary(self.at + LOOK_AHEAD)]
    }

    /// The length of the tag at the start of `rest`, its `>` included; quoted values may hold a `>`.
    fn tag_end(&mut self, rest: &str) -> Option<usize> {
        if self.no_close {
            return None;
        }
        if self.trust_quotes {
            let mut quote = None;
            let mut before = b'<';
            for (at, &byte) in rest.as_bytes().iter().enumerate() {
                match (quote, byte) {
                    (None, b'>') => return Some(at + 1),
                    (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
                    (Some(open), close) if open == close => quote = None,
                    _ => {}
                }
                if !byte.is_ascii_whitespace() {
                    before = byte;
                }
            }
            self.trust_quotes = false;
        }
        let end = rest.find('>').map(|at| at + 1);
        self.no_close = end.is_none();
        end
    }

    fn skip_to_close(&mut self, name: &'static str) {
        if self.unclosed.contains(&name) {
            return;
        }
        let rest = &self.html[self.at..];
        let mut from = 0;
        while let Some(found) = rest[from..].find("</") {
            let start = from + found + 2;
            let is_it = rest.as_bytes().get(start..start + name.len());
            if is_it.is_some_and(|close| close.eq_ignore_ascii_case(name.as_bytes())) {
                self.at += start - 2;
                return;
            }
            from = start;
        }
        self.unclosed.push(name);
    }
}

fn tag_name(inner: &str) -> &str {
    let end = inner.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(inner.len());
    &inner[..end]
}

/// Names of characters that HTML lets stand without their `;`, sorted.
const SHORT: [&str; 106] = [
    "AElig", "AMP", "Aacute", "Acirc", "Agrave", "Aring", "Atilde", "Auml", "COPY", "Ccedil", "ETH",
    "Eacute", "Ecirc", "Egrave", "Euml", "GT", "Iacute", "Icirc", "Igrave", "Iuml", "LT", "Ntilde", "Oacute",
    "Ocirc", "Ograve", "Oslash", "Otilde", "Ouml", "QUOT", "REG", "THORN", "Uacute", "Ucirc", "Ugrave",
    "Uuml", "Yacute", "aacute", "acirc", "acute", "aelig", "agrave", "amp", "aring", "atilde", "auml",
    "brvbar", "ccedil", "cedil", "cent", "copy", "curren", "deg", "divide", "eacute", "ecirc", "egrave",
    "eth", "euml", "frac12", "frac14", "frac34", "gt", "iacute", "icirc", "iexcl", "igrave", "iquest",
    "iuml", "laquo", "lt", "macr", "micro", "middot", "nbsp", "not", "ntilde", "oacute", "ocirc", "ograve",
    "ordf", "ordm", "oslash", "otilde", "ouml", "para", "plusmn", "pound", "quot", "raquo", "reg", "sect",
    "shy", "sup1", "sup2", "sup3", "szlig", "thorn", "times", "uacute", "ucirc", "ugrave", "uml", "uuml",
    "yacute", "yen", "yuml",
];

/// The text with its character references undone.
pub fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        match push_reference(rest, &mut plain) {
            0 => {
                plain.push('&');
                rest = &rest[1..];
            }
            length => rest = &rest[length..],
        }
    }
    plain.push_str(rest);
    plain
}

/// Undoes the character reference at the start of `rest` (HTML, section 13.2.5.72), and says how long it is; 0 where there
/// is none.
fn push_reference(rest: &str, plain: &mut String) -> usize {
    let bytes = rest.as_bytes();
    if rest.starts_with("&#") {
        return push_numbered(rest, plain);
    }
    let end = 1 + bytes[1..].iter().take(32).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let before = plain.len();
    if bytes.get(end) == Some(&b';') {
        add_html_token(plain, &bytes[..=end], false);
        if plain[before..] != rest[..=end] {
            return end + 1;
        }
        plain.truncate(before);
    }
    // `?a=1&copy=2` is an address.
    if bytes.get(end) == Some(&b'=') {
        return 0;
    }
    let whole = SHORT.binary_search(&&rest[1..end]).is_ok().then_some(&rest[..end]);
    let known = whole
        .or_else(|| ["&nbsp", "&amp", "&lt", "&gt", "&quot"].into_iter().find(|name| rest.starts_with(name)));
    let Some(name) = known else { return 0 };
    add_html_token(plain, format!("{name};").as_bytes(), false);
    name.len()
}

/// A reference by number: `&#233;`, `&#xE9;`. The controls of Latin-1 stand for what windows-1252 has there.
fn push_numbered(rest: &str, plain: &mut String) -> usize {
    let bytes = rest.as_bytes();
    let is_hex = matches!(bytes.get(2), Some(b'x' | b'X'));
    let (start, radix) = if is_hex { (3, 16) } else { (2, 10) };
    let digits = bytes[start..].iter().take(12).take_while(|byte| char::from(**byte).is_digit(radix)).count();
    let end = start + digits;
    let Ok(code) = u32::from_str_radix(&rest[start..end], radix) else { return 0 };
    match u8::try_from(code) {
        Ok(byte @ 0x80..=0x9F) => plain.push_str(&decode(&[byte], Some("windows-1252"))),
        _ => plain.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
    }
    end + usize::from(bytes.get(end) == Some(&b';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn character_references_are_read_as_browsers_read_them() {
        for (given, read) in [
            ("a &amp; b &eacute; &#233; &#xE9; &euro;", "a & b é é é €"),
            ("it&#146;s &#150; &#x80;", "it’s – €"),
            ("a &amp b &eacute c &copy 2020 &nbsp hello; &#233 d", "a & b é c © 2020 \u{a0} hello; é d"),
            ("&nbsphello &amp;amp; &AMP;", "\u{a0}hello &amp; &"),
            ("?a=1&copy=2&amp;reg=3&amplitude=4", "?a=1&copy=2&reg=3&amplitude=4"),
            ("&foo; &#xZZ; &#9999999999; &; & &# &#", "&foo; &#xZZ; &#9999999999; &; & &# &#"),
            ("&#128512;&#xD800;", "😀\u{fffd}"),
        ] {
            assert_eq!(unescape(given), read);
        }
        assert!(SHORT.is_sorted());
    }
}
