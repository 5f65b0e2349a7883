//! HTML cut into tags and text, forgivingly and in linear time. May import: mail-parser's entities.

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

/// The text with its entities undone.
pub fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.bytes().take(32).position(|b| b == b';');
        match end {
            Some(end) => {
                add_html_token(&mut plain, &rest.as_bytes()[..=end], false);
                rest = &rest[end + 1..];
            }
            None => {
                let known =
                    ["&nbsp", "&amp", "&lt", "&gt", "&quot"].into_iter().find(|name| rest.starts_with(name));
                match known {
                    Some(name) => {
                        add_html_token(&mut plain, format!("{name};").as_bytes(), false);
                        rest = &rest[name.len()..];
                    }
                    None => {
                        plain.push('&');
                        rest = &rest[1..];
                    }
                }
            }
        }
    }
    plain.push_str(rest);
    plain
}
