//! Text that people typed, made safe to stand in a mail: cleaned of what could disguise it, and turned into HTML.
//!
//! The HTML knows paragraphs, line breaks, lists, `**bold**` and web addresses; everything else is escaped. One pass
//! over the text, so the time grows with its length and no faster.
//! Pure. May import: domain.

use crate::domain::text::is_invisible;
use std::fmt::Write;

/// One line that is safe as the value of a header: control characters (C0, C1, so also CR and LF) become spaces, what shows
/// nothing goes, runs of spaces become one, and what is longer than `most` characters ends in `…`.
pub fn clean_line(text: &str, most: usize) -> String {
    // No-break spaces are typography, not white space to fold.
    let is_gap = |c: char| c.is_control() || (c.is_whitespace() && !is_no_break(c));
    let mut line = String::new();
    let mut length = 0;
    for word in text.split(is_gap) {
        let word: String = word.chars().filter(|c| !is_invisible(*c)).collect();
        if word.is_empty() {
            continue;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(&word);
        length += word.chars().count();
        if length > most {
            break;
        }
    }
    if length > most {
        line = line.chars().take(most.saturating_sub(1)).collect();
        line.truncate(line.trim_end().len());
        line.push('…');
    }
    line
}

fn is_no_break(c: char) -> bool {
    matches!(c, '\u{A0}' | '\u{202F}')
}

/// A body's text with line feeds only, a line feed for each line or paragraph separator, and without control
/// characters (a tab stays), what shows nothing, white space at the ends of lines, or more than two empty lines in a row.
pub fn clean_text(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut empty = 0;
    let unified = text.replace("\r\n", "\n").replace(['\r', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    for line in unified.split('\n') {
        let line: String =
            line.chars().filter(|c| *c == '\t' || !(c.is_control() || is_invisible(*c))).collect();
        let line = line.trim_end();
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty <= 2 {
            clean.push_str(line);
            clean.push('\n');
        }
    }
    clean.trim_start_matches('\n').trim_end().to_owned()
}

/// The text with what HTML gives a meaning written as entities.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    push_escaped(&mut escaped, text);
    escaped
}

fn push_escaped(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
}

/// How the blocks look; mail programs take styles from the element alone.
const PARAGRAPH: &str = "margin:0 0 16px 0;";
const LIST: &str = "margin:0 0 16px 0;padding:0 0 0 24px;";
const ITEM: &str = "margin:0 0 4px 0;";
const LINK: &str = "color:#1a5fb4;text-decoration:underline;word-wrap:break-word;overflow-wrap:anywhere;";

/// A CM's text as HTML: paragraphs at empty lines, `<br>` at line feeds, lists of `- `, `* `, `• ` and `1. `,
/// `**bold**`, and links on http and https addresses. Everything is escaped.
pub fn to_html(text: &str) -> String {
    let mut html = String::new();
    let mut open = Block::None;
    for line in clean_text(text).lines() {
        let bare = line.trim_start();
        if bare.is_empty() {
            // An empty line between two items does not end the list; what follows decides.
            match open {
                Block::Bullets | Block::Numbers => {}
                _ => open.close(&mut html),
            }
            continue;
        }
        if let Some(item) = bullet(bare) {
            open.switch(Block::Bullets, &mut html, 1);
            push_item(&mut html, item);
        } else if let Some((number, item)) = numbered(bare) {
            open.switch(Block::Numbers, &mut html, number);
            push_item(&mut html, item);
        } else {
            if open == Block::Paragraph {
                html.push_str("<br>\n");
            } else {
                open.switch(Block::Paragraph, &mut html, 1);
            }
            push_inline(&mut html, bare);
        }
    }
    open.close(&mut html);
    html
}

/// Somebody else's text as HTML, to stand in a quotation: escaped, with its line breaks, and nothing made of it.
pub fn to_quoted_html(text: &str) -> String {
    clean_text(text).lines().map(escape).collect::<Vec<_>>().join("<br>\n")
}

/// A text to stand in a quotation of plain text: `> ` before each line, a bare `>` before a line that is itself
/// quoted or empty (RFC 3676, 4.5).
pub fn to_quoted_text(text: &str) -> String {
    let mut quoted = String::new();
    for line in clean_text(text).lines() {
        let mark = if line.is_empty() || line.starts_with('>') { ">" } else { "> " };
        quoted.push_str(mark);
        quoted.push_str(line);
        quoted.push('\n');
    }
    quoted
}

/// The beginning of a text: at most so many lines and characters, whole lines where it can be; `true` when
/// something was left out.
pub fn beginning(text: &str, lines: usize, characters: usize) -> (String, bool) {
    let mut kept = String::new();
    let mut room = characters;
    for (number, line) in text.lines().enumerate() {
        let length = line.chars().count();
        if number == lines || length > room {
            if kept.is_empty() {
                kept = line.chars().take(characters).collect();
            }
            return (kept.trim_end().to_owned(), true);
        }
        room -= length;
        kept.push_str(line);
        kept.push('\n');
    }
    (kept.trim_end().to_owned(), false)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    None,
    Paragraph,
    Bullets,
    Numbers,
}

impl Block {
    /// Ends what is open and begins `next`, unless it is open already.
    fn switch(&mut self, next: Block, html: &mut String, number: u32) {
        if *self == next {
            return;
        }
        self.close(html);
        *self = next;
        match next {
            Block::None => {}
            Block::Paragraph => _ = write!(html, "<p style=\"{PARAGRAPH}\">"),
            Block::Bullets => _ = writeln!(html, "<ul style=\"{LIST}\">"),
            Block::Numbers if number == 1 => _ = writeln!(html, "<ol style=\"{LIST}\">"),
            Block::Numbers => _ = writeln!(html, "<ol start=\"{number}\" style=\"{LIST}\">"),
        }
    }

    fn close(&mut self, html: &mut String) {
        html.push_str(match self {
            Block::None => "",
            Block::Paragraph => "</p>\n",
            Block::Bullets => "</ul>\n",
            Block::Numbers => "</ol>\n",
        });
        *self = Block::None;
    }
}

fn bullet(line: &str) -> Option<&str> {
    let item = ["- ", "* ", "• "].into_iter().find_map(|mark| line.strip_prefix(mark))?.trim_start();
    (!item.is_empty()).then_some(item)
}

/// `3. Ouvrez…` or `3) Ouvrez…`; at most two digits, so that a year at the start of a line stays a sentence.
fn numbered(line: &str) -> Option<(u32, &str)> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 2 {
        return None;
    }
    let item = line[digits..].strip_prefix(". ").or_else(|| line[digits..].strip_prefix(") "))?.trim_start();
    Some((line[..digits].parse().ok()?, item))
}

fn push_item(html: &mut String, item: &str) {
    _ = write!(html, "<li style=\"{ITEM}\">");
    push_inline(html, item);
    html.push_str("</li>\n");
}

/// Links and bold within one line; bold does not reach across a link.
fn push_inline(html: &mut String, line: &str) {
    let mut rest = line;
    while let Some((start, end)) = find_link(rest) {
        push_emphasized(html, &rest[..start]);
        let address = escape(&rest[start..end]);
        _ = write!(html, "<a href=\"{address}\" style=\"{LINK}\">{address}</a>");
        rest = &rest[end..];
    }
    push_emphasized(html, rest);
}

fn push_emphasized(html: &mut String, text: &str) {
    let mut rest = text;
    while let Some((before, inner)) = rest.split_once("**") {
        let Some((bold, after)) = inner.split_once("**") else { break };
        push_escaped(html, before);
        if is_emphasis(bold) {
            html.push_str("<strong>");
            push_escaped(html, bold);
            html.push_str("</strong>");
            rest = after;
        } else {
            html.push_str("**");
            rest = inner;
        }
    }
    push_escaped(html, rest);
}

fn is_emphasis(inner: &str) -> bool {
    !inner.is_empty() && !inner.starts_with(char::is_whitespace) && !inner.ends_with(char::is_whitespace)
}

/// Where the first web address begins and ends. The punctuation of the sentence that it ends is not part of it; a
/// closing bracket is, when its opening one is.
fn find_link(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(found) = text[from..].find("http") {
        let start = from + found;
        let after = &text[start..];
        let scheme = ["https://", "http://"].into_iter().find(|scheme| after.starts_with(scheme));
        let joined = text[..start].chars().next_back().is_some_and(char::is_alphanumeric);
        if let Some(scheme) = scheme
            && !joined
        {
            let length = after
                .find(|c: char| c.is_whitespace() || c.is_control() || "<>\"«»`*".contains(c))
                .unwrap_or(after.len());
            let mut address = &after[..length];
            // How many more brackets close than open, so far as the address reaches.
            let surplus = |open: char, close: char| {
                address.matches(close).count().saturating_sub(address.matches(open).count())
            };
            let (mut round, mut square) = (surplus('(', ')'), surplus('[', ']'));
            while let Some(last) = address.chars().next_back() {
                match last {
                    ')' if round > 0 => round -= 1,
                    ']' if square > 0 => square -= 1,
                    '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '’' | '…' => {}
                    _ => break,
                }
                address = &address[..address.len() - last.len_utf8()];
            }
            if address.len() > scheme.len() {
                return Some((start, start + address.len()));
            }
        }
        from = start + "http".len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The HTML without its styles, to read in a test.
    fn plain(text: &str) -> String {
        let mut html = to_html(text);
        for style in [PARAGRAPH, LIST, ITEM, LINK] {
            html = html.replace(&format!(" style=\"{style}\""), "");
        }
        html
    }

    #[test]
    fn paragraphs_and_line_breaks_are_kept() {
        assert_eq!(plain("Bonjour Léa,\r\n\r\nUn\r\nDeux\n"), "<p>Bonjour Léa,</p>\n<p>Un<br>\nDeux</p>\n");
        assert_eq!(plain(""), "");
    }

    #[test]
    fn lists_are_lists_and_a_year_is_not() {
        assert_eq!(
            plain("À faire :\n1. Ouvrir\n\n2. Fermer\n- un\n* deux\nFin"),
            "<p>À faire :</p>\n<ol>\n<li>Ouvrir</li>\n<li>Fermer</li>\n</ol>\n<ul>\n<li>un</li>\n<li>deux</li>\n</ul>\n<p>Fin</p>\n"
        );
        assert_eq!(plain("3. Trois"), "<ol start=\"3\">\n<li>Trois</li>\n</ol>\n");
        assert_eq!(plain("2026. Une année"), "<p>2026. Une année</p>\n");
        assert_eq!(plain("-- \nÉquipe"), "<p>--<br>\nÉquipe</p>\n");
    }

    #[test]
    fn everything_else_is_escaped() {
        assert_eq!(
            plain("<script>alert('x')</script> & \"y\""),
            "<p>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;</p>\n"
        );
        assert_eq!(plain("javascript:alert(1) data:x"), "<p>javascript:alert(1) data:x</p>\n");
    }

    #[test]
    fn web_addresses_become_links_without_the_punctuation_around_them() {
        let link = |address: &str| format!("<a href=\"{address}\">{address}</a>");
        assert_eq!(
            plain("Voir https://a.example/x?b=1&c=2."),
            format!("<p>Voir {}.</p>\n", link("https://a.example/x?b=1&amp;c=2"))
        );
        assert_eq!(
            plain("(http://a.example/f_(b)) et « https://b.example » !"),
            format!("<p>({}) et « {} » !</p>\n", link("http://a.example/f_(b)"), link("https://b.example"))
        );
        assert_eq!(plain("xhttps://a.example https:// http"), "<p>xhttps://a.example https:// http</p>\n");
        assert!(!plain("https://a.example/\"onclick=\"x").contains("\"onclick"));
    }

    #[test]
    fn bold_is_bold_when_it_closes() {
        assert_eq!(
            plain("**Important :** 2 ** 3 et **seul"),
            "<p><strong>Important :</strong> 2 ** 3 et **seul</p>\n"
        );
        assert_eq!(plain("****"), "<p>****</p>\n");
        assert_eq!(
            plain("voir https://a.example/x puis **ceci**"),
            "<p>voir <a href=\"https://a.example/x\">https://a.example/x</a> puis <strong>ceci</strong></p>\n"
        );
    }

    #[test]
    fn a_header_value_is_one_harmless_line() {
        assert_eq!(clean_line("Léa\r\nBcc: x@evil.example", 100), "Léa Bcc: x@evil.example");
        assert_eq!(clean_line("\u{202E}gro.live\u{202C} \u{0}\u{9b}A\u{2028}B\u{200B}", 100), "gro.live A B");
        assert_eq!(clean_line("Ticket de support\u{A0}: Résolu", 100), "Ticket de support\u{A0}: Résolu");
        assert_eq!(clean_line("👩\u{200D}💻 in\u{ad}vi\u{200B}sible", 100), "👩\u{200D}💻 invisible");
        assert_eq!(clean_line("abcdef", 4), "abc…");
        assert_eq!(clean_line(&"a".repeat(100_000), 50).chars().count(), 50);
    }

    #[test]
    fn body_text_loses_controls_and_what_shows_nothing_only() {
        assert_eq!(clean_text("a\0b\u{1b}[31m\tc\r\rd\u{202E}e  \n\n\n\n\nf\n\n"), "ab[31m\tc\n\nde\n\n\nf");
    }

    #[test]
    fn quoting_marks_every_line() {
        assert_eq!(to_quoted_text("Un\n\n> deux\n"), "> Un\n>\n>> deux\n");
        assert_eq!(to_quoted_html("a <b>\nhttps://evil.example"), "a &lt;b&gt;<br>\nhttps://evil.example");
    }

    #[test]
    fn a_long_quotation_is_cut_at_a_line() {
        assert_eq!(beginning("a\nb\nc", 2, 100), ("a\nb".to_owned(), true));
        assert_eq!(beginning("a\nb\nc", 3, 100), ("a\nb\nc".to_owned(), false));
        assert_eq!(beginning("abcdef", 3, 4), ("abcd".to_owned(), true));
    }

    #[test]
    fn hostile_lines_take_no_longer_than_their_length() {
        for piece in ["**a ", "http", "https://a.example/((((", "https://x)", "** ", "[(", "- - "] {
            let html = to_html(&piece.repeat(100_000));
            assert!(html.len() >= piece.len() * 90_000, "{piece}");
        }
    }
}
