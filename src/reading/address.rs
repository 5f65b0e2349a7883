//! Address fields as they are written in the wild, and what makes an address usable. May import: domain.

use super::header::{WordEnds, clean, decode_words};
pub use crate::domain::address::usable_address;
use crate::domain::mail::Mailbox;
use crate::domain::people::normal_address;

/// Most addresses kept of one list.
const MOST_ADDRESSES: usize = 200;

/// What an address field holds.
#[derive(Debug, Default)]
pub struct Addresses {
    /// How many fields there were.
    pub fields: usize,
    /// Every usable mailbox, in order.
    pub usable: Vec<Mailbox>,
    /// Something stood there that is not a usable mailbox.
    pub odd: bool,
}

/// Reads an address list (RFC 5322 section 3.4) as it is written in the wild. Linear.
pub fn read_addresses(line: &str, found: &mut Addresses) {
    let mut entry = Entry::default();
    let mut letters = line.chars();
    let mut ends = WordEnds::default();
    let last_close = line.rfind(')').unwrap_or(0);
    while let Some(c) = letters.next() {
        match c {
            '"' if (entry.angle.is_none() || entry.closed) && letters.as_str().contains('"') => {
                let mut quoted = String::new();
                while let Some(c) = letters.next() {
                    match c {
                        '\\' => quoted.extend(letters.next()),
                        '"' => break,
                        c => quoted.push(c),
                    }
                }
                entry.quoted(&quoted);
            }
            // One that is never closed is a letter.
            '(' if !entry.in_angle() && line.len() - letters.as_str().len() <= last_close => {
                let mut depth = 1;
                let mut comment = String::new();
                while let Some(c) = letters.next() {
                    match c {
                        '\\' => comment.extend(letters.next()),
                        '(' => depth += 1,
                        ')' => {
                            depth -= 1;
                            if depth == 0 {
                                break;
                            }
                        }
                        c => comment.push(c),
                    }
                }
                entry.comment = comment;
            }
            '<' => entry.open_angle(),
            '>' if entry.in_angle() => entry.closed = true,
            ',' | ';' if !entry.in_angle() && (entry.is_whole() || c == ';') => {
                std::mem::take(&mut entry).finish(found);
            }
            ',' | ';' if entry.in_angle() && entry.looks_whole() => {
                // The closing bracket was forgotten.
                std::mem::take(&mut entry).finish(found);
            }
            ':' if !entry.in_angle() && entry.angle.is_none() && !entry.words.contains('@') => {
                // The name of a group: "undisclosed-recipients:;".
                entry = Entry::default();
            }
            // An encoded word is one piece, whatever marks its letters resemble.
            '=' if !entry.in_angle() && letters.as_str().starts_with('?') => {
                let at = line.len() - letters.as_str().len() - 1;
                let rest = &line[at..];
                match ends.word_at(line, at) {
                    Some((_, _, after)) => {
                        rest[..rest.len() - after.len()].chars().for_each(|c| entry.push(c));
                        letters = after.chars();
                    }
                    None => entry.push(c),
                }
            }
            c => entry.push(c),
        }
        if found.usable.len() >= MOST_ADDRESSES {
            return;
        }
    }
    entry.finish(found);
}

#[derive(Default)]
struct Entry {
    words: String,
    comment: String,
    angle: Option<String>,
    closed: bool,
    /// A quoted string stood in the words: an `@` in it is no address.
    has_quotes: bool,
    /// How long the one is that stands at the start of the words, and no other.
    quoted_start: Option<usize>,
    /// Two angle addresses, or one inside the other.
    doubled: bool,
}

impl Entry {
    fn in_angle(&self) -> bool {
        self.angle.is_some() && !self.closed
    }

    fn open_angle(&mut self) {
        match &self.angle {
            None => self.angle = Some(String::new()),
            // Doubled by a slip: `<<jean@client.example>>`.
            Some(angle) if !self.closed && angle.trim().is_empty() => {}
            Some(_) => self.doubled = true,
        }
    }

    fn push(&mut self, c: char) {
        match &mut self.angle {
            Some(angle) if !self.closed => angle.push(c),
            Some(_) if c.is_whitespace() => {}
            _ => self.words.push(c),
        }
    }

    fn quoted(&mut self, text: &str) {
        let is_first = !self.has_quotes && self.words.trim().is_empty();
        self.quoted_start = is_first.then_some(text.len());
        if is_first {
            self.words.clear();
        }
        self.has_quotes = true;
        self.words.push_str(text);
    }

    /// The address in words that begin with a quoted local part which needs no quotes: `"jean"@client.example`.
    fn quoted_address(&self) -> Option<String> {
        let (local, rest) = self.words.split_at_checked(self.quoted_start?)?;
        let is_whole = self.angle.is_none() && rest.starts_with('@') && needs_no_quotes(local);
        is_whole.then(|| usable_address(&self.words)).flatten()
    }

    /// Whether a comma ends it: a name alone ("Dupont, Marie <…>") goes on.
    fn is_whole(&self) -> bool {
        self.closed || (self.words.contains('@') && !self.has_quotes) || self.words.trim().is_empty()
    }

    fn looks_whole(&self) -> bool {
        self.angle.as_deref().is_some_and(|angle| usable_address(angle).is_some())
    }

    fn finish(self, found: &mut Addresses) {
        let words = self.words.trim();
        if words.is_empty() && self.angle.is_none() {
            found.odd |= !self.comment.trim().is_empty();
            return;
        }
        let (address, name) = match &self.angle {
            Some(angle) => (angle.as_str(), words),
            None if self.has_quotes => ("", words),
            None => match words.rsplit_once(char::is_whitespace) {
                // A bare address after words: the words were a name without brackets.
                Some((name, address)) if address.contains('@') => (address, name.trim()),
                _ => (words, ""),
            },
        };
        let usable = usable_address(address).or_else(|| usable_address(&bared(address)?));
        let (usable, name) = match usable {
            Some(usable) => (Some(usable), name),
            None if self.angle.is_some() => (None, name),
            None if self.has_quotes => (self.quoted_address(), ""),
            None => (bared(words).and_then(|address| usable_address(&address)), ""),
        };
        let name = if name.is_empty() { self.comment.trim() } else { name };
        match usable {
            Some(address) if !self.doubled => {
                let name = clean(&decode_words(name));
                let name = name.trim_matches(['\'', '"', '<', '>']).trim();
                let name = if normal_address(name) == address { "" } else { name };
                found.usable.push(Mailbox { address, name: name.to_owned() });
            }
            _ => {
                // Some programs hide the whole mailbox in one encoded word.
                let decoded = decode_words(words);
                if self.angle.is_none()
                    && decoded != words
                    && decoded.contains('<')
                    && !decoded.contains("=?")
                {
                    return read_addresses(&clean(&decoded), found);
                }
                found.odd = true;
            }
        }
    }
}

/// An address without what may stand around and within it (RFC 5322 section 3.4: comments, blanks, a route, quotes that it
/// does not need) and what people put around it: quotation marks, brackets, an encoded word. `None` where more than one
/// address could be read.
fn bared(address: &str) -> Option<String> {
    let address = address.trim().trim_end_matches('>').trim_end();
    let is_encoded = address.starts_with("=?") && address.ends_with("?=");
    let decoded = if is_encoded { clean(&decode_words(address)) } else { address.to_owned() };
    let bare = without_comments(&decoded)?;
    let mut bare = bare.trim();
    for (open, close) in [('\'', '\''), ('"', '"'), ('[', ']')] {
        let inner = bare.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        bare = inner.map_or(bare, str::trim);
    }
    if bare.starts_with('@') {
        let (route, rest) = bare.split_once(':')?;
        bare = route.split(',').all(|hop| hop.trim().starts_with('@')).then_some(rest)?;
    }
    let (local, domain) = bare.split_once('@')?;
    let local = local.trim();
    let unquoted = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let local = unquoted.filter(|inner| needs_no_quotes(inner)).unwrap_or(local);
    Some(format!("{local}@{}", domain.trim()))
}

/// Whether a quoted local part is the same without its quotes (RFC 5322 section 3.2.3).
fn needs_no_quotes(local: &str) -> bool {
    !local.is_empty() && local.chars().all(|c| c.is_alphanumeric() || "._+-".contains(c))
}

/// A text without its comments; `None` when one is not closed.
fn without_comments(text: &str) -> Option<String> {
    let mut depth = 0;
    let mut bare = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return None,
            ')' => depth -= 1,
            c if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    (depth == 0).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(line: &str) -> (Vec<String>, bool) {
        let mut found = Addresses::default();
        read_addresses(line, &mut found);
        (found.usable.iter().map(|m| format!("{}|{}", m.name, m.address)).collect(), found.odd)
    }

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (line, usable) in [
            ("Marie Dupont <Marie@Client.example>", "Marie Dupont|marie@client.example"),
            ("\"Dupont, Marie\" <m@client.example>", "Dupont, Marie|m@client.example"),
            ("Dupont, Marie <m@client.example>", "Dupont, Marie|m@client.example"),
            ("m@client.example (Marie)", "Marie|m@client.example"),
            ("=?utf-8?Q?=C3=89lo=C3=AFse?= <e@client.example>", "Éloïse|e@client.example"),
            ("\"=?utf-8?B?w4lsb8Ovc2U=?=\" <e@client.example>", "Éloïse|e@client.example"),
            ("'m@client.example' <m@client.example>", "|m@client.example"),
            ("=?utf-8?Q?Jean_=3Cj=40client.example=3E?=", "Jean|j@client.example"),
            ("\"Jean <j@client.example>", "Jean|j@client.example"),
            ("Jean <j@client.example>>", "Jean|j@client.example"),
            ("=?utf-8?Q?a:b,_c?= <j@client.example>", "a:b, c|j@client.example"),
            ("Jean [le vrai] <j@client.example>", "Jean [le vrai]|j@client.example"),
            ("Jean <jean(x)@client.example>", "Jean|jean@client.example"),
            ("Jean <jean @ client.example>", "Jean|jean@client.example"),
            ("Jean <@a.example,@b.example:jean@client.example>", "Jean|jean@client.example"),
            ("Jean <\"jean\"@client.example>", "Jean|jean@client.example"),
            ("Jean <\"jean@client.example\">", "Jean|jean@client.example"),
            ("Jean <'jean@client.example'>", "Jean|jean@client.example"),
            ("Jean <=?utf-8?Q?jean=40client.example?=>", "Jean|jean@client.example"),
            ("Jean <<jean@client.example>>", "Jean|jean@client.example"),
            ("Jean (X <jean@client.example>", "Jean (X|jean@client.example"),
            ("Jean jean@client.example>", "Jean|jean@client.example"),
            ("Jean [jean@client.example]", "Jean|jean@client.example"),
            ("jean @ client.example", "|jean@client.example"),
            ("jean@ client.example", "|jean@client.example"),
            ("\"jean\"@client.example", "|jean@client.example"),
            ("'jean@client.example'", "|jean@client.example"),
            ("=?utf-8?Q?jean=40client.example?=", "|jean@client.example"),
        ] {
            assert_eq!(addresses(line), (vec![usable.to_owned()], false), "{line}");
        }
    }

    #[test]
    fn what_is_not_one_usable_mailbox_is_told() {
        for line in [
            "@internal.example",
            "<<alice",
            "jean",
            "<>",
            "\"a@b.example\"",
            "\"a@b.example\"@c.example",
            "Jean <j@client.example> <x@client.example>",
            "a b@client.example <",
            "j@client..example",
            "\"jean dupont\"@client.example",
            "Jean <\"a@b.example\"@client.example>",
            "Jean <@b.example>",
            "Jean <jean(@client.example>",
            "Jean <a b@client.example>",
            "Jean Dupont jean @ client.example",
            "=?utf-8?Q?jean?=@client.example",
            "=?utf-8?Q?a=40b.example,_c=40d.example?=",
            "j@",
        ] {
            assert!(addresses(line).1, "{line}: {:?}", addresses(line));
        }
        assert_eq!(addresses("undisclosed-recipients:;"), (vec![], false));
        assert_eq!(addresses("a@x.example, b@x.example").0.len(), 2);
        assert_eq!(addresses("Amis: a@x.example, b@x.example;").0.len(), 2);
    }
}
