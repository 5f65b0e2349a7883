//! HTML into plain text that reads like the mail: paragraphs, lists, links, and quotes marked with `> `.
//! May import: domain.
//!
//! One pass, linear on any input, depth counted and never recursed into: html5ever is quadratic in nesting.

use super::markup::{Piece, Reader, Tag, unescape};
use crate::domain::fold::fold;
use crate::domain::text::head;

/// Deepest quote that still gets a mark of its own.
const DEEPEST_QUOTE: usize = 8;
/// Deepest list that still gets an indent of its own.
const DEEPEST_LIST: usize = 6;
/// Longest address shown beside the words of a link.
const LONGEST_LINK: usize = 300;
/// How often in one mail we look into a container of quotes for what it holds.
const MOST_LOOKS: usize = 20;
/// Drawn for `<hr>` and before a quoted header that only its class or border tells, as Outlook draws it in text.
pub const RULE: &str = "________________________________";

/// The text of an HTML body.
pub fn html_to_text(html: &str) -> String {
    let mut page = Page::new(html.len());
    let mut reader = Reader::of(html);
    let mut looks = 0;
    while let Some(piece) = reader.next() {
        match piece {
            Piece::Text(text) => page.text(text),
            Piece::Open(tag) => {
                if looks < MOST_LOOKS
                    && let Some(holder) = holder_of(&tag)
                {
                    looks += 1;
                    page.open_holder(&tag, holder, reader.ahead());
                }
                page.open(&tag);
            }
            Piece::Close(name) => page.close(&name),
        }
    }
    page.finish()
}

/// The text as it grows.
struct Page {
    text: String,
    /// Line ends owed before the next word.
    owed: usize,
    /// A space owed before the next word on the same line.
    space: bool,
    quotes: usize,
    /// How many elements are open that may be a container of quotes, and at which of those counts one began.
    blocks: usize,
    containers: Vec<usize>,
    lists: Vec<Option<u32>>,
    preformatted: usize,
    /// Where the words of the open link began, and where it leads.
    link: Option<(usize, String)>,
}

impl Page {
    fn new(size: usize) -> Page {
        Page {
            text: String::with_capacity(size / 3),
            owed: 0,
            space: false,
            quotes: 0,
            blocks: 0,
            containers: Vec::new(),
            lists: Vec::new(),
            preformatted: 0,
            link: None,
        }
    }

    fn text(&mut self, raw: &str) {
        let text = if raw.contains('&') { unescape(raw) } else { raw.to_owned() };
        if self.preformatted > 0 {
            for (number, line) in text.split('\n').enumerate() {
                if number > 0 {
                    self.owed += 1;
                }
                let line = line.trim_end_matches('\r');
                if !line.is_empty() {
                    self.start_word();
                    self.text.push_str(line);
                }
            }
            return;
        }
        for c in text.chars() {
            match c {
                ' ' | '\t' | '\n' | '\r' | '\u{c}' => self.space = true,
                '\u{200B}' | '\u{FEFF}' | '\u{034F}' | '\u{00AD}' => {}
                c => {
                    self.start_word();
                    self.text.push(c);
                }
            }
        }
    }

    fn start_word(&mut self) {
        if self.text.is_empty() {
            self.owed = 0;
            self.space = false;
            self.mark();
            return;
        }
        if self.owed > 0 {
            while self.text.ends_with([' ', '\t']) {
                self.text.pop();
            }
            for _ in 0..self.owed.min(3) {
                self.text.push('\n');
            }
            // A blank line inside a quote carries the mark as well.
            if self.owed > 1 && self.quotes > 0 {
                let blank = self.text.len() - 1;
                let marks: String = "> ".repeat(self.quotes.min(DEEPEST_QUOTE));
                self.text.insert_str(blank, marks.trim_end());
            }
            self.owed = 0;
            self.space = false;
            self.mark();
        } else if self.space {
            if !self.text.ends_with(['\n', ' ']) {
                self.text.push(' ');
            }
            self.space = false;
        }
    }

    /// The quote marks at the start of a line.
    fn mark(&mut self) {
        for _ in 0..self.quotes.min(DEEPEST_QUOTE) {
            self.text.push_str("> ");
        }
    }

    fn line(&mut self) {
        self.owed = self.owed.max(1);
    }

    fn paragraph(&mut self) {
        self.owed = self.owed.max(2);
    }

    fn rule(&mut self) {
        if self.text.ends_with(RULE) {
            return;
        }
        self.line();
        self.start_word();
        self.text.push_str(RULE);
        self.line();
    }

    /// Marks what a program holds apart as the quoted mail, unless blockquotes inside a container mark it themselves (answers may
    /// stand between them), it is a forwarded mail, or its header begins there, which tells both apart elsewhere. Where nothing
    /// stands above, what is below is the mail.
    fn open_holder(&mut self, tag: &Tag<'_>, holder: Holder, ahead: &str) {
        if is_forwarded(ahead) || holder != Holder::Answer && begins_header(ahead) {
            return;
        }
        if holder == Holder::Below {
            if self.quotes == 0 && !self.text.trim().is_empty() && !tells_itself(ahead) {
                self.line();
                self.quotes += 1;
            }
            return;
        }
        if is_counted(&tag.name) && !ahead.to_ascii_lowercase().contains("<blockquote") {
            self.line();
            self.quotes += 1;
            self.containers.push(self.blocks);
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        if is_counted(&tag.name) {
            self.blocks += 1;
        }
        match tag.name.as_str() {
            "br" => {
                self.owed += 1;
                self.space = false;
            }
            "p" => {
                // Outlook's and Word's paragraphs are lines.
                let tight = tag.attributes.contains("Mso")
                    || tag.attributes.contains("margin:0")
                    || tag.attributes.contains("margin: 0");
                if tight { self.line() } else { self.paragraph() }
            }
            "div" | "section" | "article" | "header" | "footer" | "main" | "center" | "form" | "address"
            | "dl" | "dt" | "dd" | "tr" | "table" | "tbody" | "caption" | "figure" => {
                self.line();
            }
            "td" | "th" => self.space = true,
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.paragraph(),
            "ul" | "ol" => {
                self.line();
                let start = (tag.name == "ol")
                    .then(|| tag.attribute("start").and_then(|n| n.parse().ok()).unwrap_or(1));
                self.lists.push(start);
            }
            "li" => {
                self.line();
                self.start_word();
                let depth = self.lists.len().saturating_sub(1).min(DEEPEST_LIST);
                self.text.extend(std::iter::repeat_n("  ", depth));
                match self.lists.last_mut() {
                    Some(Some(number)) => {
                        self.text.push_str(&format!("{number}. "));
                        *number = number.saturating_add(1);
                    }
                    _ => self.text.push_str("- "),
                }
            }
            "pre" => {
                self.line();
                self.preformatted += 1;
            }
            "hr" => self.rule(),
            "blockquote" => {
                self.line();
                self.quotes += 1;
            }
            "a" => {
                if let Some(href) = tag.attribute("href") {
                    self.link = Some((self.text.len(), href.trim().to_owned()));
                }
            }
            "img" => {
                if let Some(alt) =
                    tag.attribute("alt").map(|alt| super::header::clean(&alt)).filter(|alt| !alt.is_empty())
                {
                    self.start_word();
                    self.text.push_str(&format!("[image: {alt}]"));
                }
            }
            _ => {}
        }
        if is_quoted_header(tag) {
            self.rule();
        }
        if is_signature(tag) && !self.text.ends_with("--") {
            self.line();
            self.start_word();
            self.text.push_str("-- ");
            self.line();
            // The space after the dashes belongs to the mark.
            self.text.push('\n');
            self.mark();
            self.owed = 0;
        }
    }

    fn close(&mut self, name: &str) {
        if is_counted(name) {
            self.blocks = self.blocks.saturating_sub(1);
            if self.containers.last() == Some(&self.blocks) {
                self.containers.pop();
                self.line();
                self.quotes = self.quotes.saturating_sub(1);
            }
        }
        match name {
            "p" => self.line(),
            "div" | "section" | "article" | "header" | "footer" | "main" | "center" | "form" | "address"
            | "dl" | "dt" | "dd" | "tr" | "table" | "tbody" | "caption" | "figure" | "li" => self.line(),
            "td" | "th" => self.space = true,
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.paragraph(),
            "ul" | "ol" => {
                self.lists.pop();
                self.line();
            }
            "pre" => {
                self.preformatted = self.preformatted.saturating_sub(1);
                self.line();
            }
            "blockquote" => {
                self.line();
                self.quotes = self.quotes.saturating_sub(1);
            }
            "a" => self.close_link(),
            _ => {}
        }
    }

    /// Shows where a link leads, unless its words say it.
    fn close_link(&mut self) {
        let Some((start, href)) = self.link.take() else { return };
        let words = self.text.get(start..).unwrap_or("").trim();
        let web = href.starts_with("http://") || href.starts_with("https://");
        let bare = href.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
        if web
            && !words.is_empty()
            && href.len() <= LONGEST_LINK
            && !words.contains(bare)
            && !href.contains(char::is_whitespace)
        {
            self.text.push_str(&format!(" <{href}>"));
        }
    }

    fn finish(self) -> String {
        let mut tidy = String::with_capacity(self.text.len());
        for line in self.text.lines() {
            // Lines that only hold a no-break space are how editors write blank ones.
            tidy.push_str(if line == "-- " { line } else { line.trim_end() });
            tidy.push('\n');
        }
        tidy.truncate(tidy.trim_end_matches('\n').len());
        tidy
    }
}

/// What the programs that use a container write over a forwarded mail, folded.
const FORWARDED: [&str; 6] =
    ["forwarded", "transfere", "reexpedie", "weitergeleitet", "reenviado", "inoltrato"];

/// Where a program keeps the quoted mail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// In this element.
    Answer,
    /// In this element, and what is forwarded as well.
    Either,
    /// From this element to the end, and what is forwarded as well.
    Below,
}

/// Whether an element may be a container of quotes.
fn is_counted(name: &str) -> bool {
    matches!(name, "div" | "span" | "section" | "article" | "table")
}

/// Where the quoted mail is, if this element is one that a program makes for it. Who quotes it once more sets "x_" before its name.
fn holder_of(tag: &Tag<'_>) -> Option<Holder> {
    let may_hold = is_counted(&tag.name) || tag.name == "hr";
    if tag.attributes.is_empty() || !may_hold {
        return None;
    }
    let class = tag.attribute("class").unwrap_or_default();
    let id = tag.attribute("id").unwrap_or_default();
    let id = id.trim_start_matches("x_");
    let mut classes = class.split_whitespace().map(|word| word.trim_start_matches("x_"));
    let is_class = |word: &str| {
        let known = [
            "gmail_quote",
            "gmail_quote_container",
            "gmail_extra",
            "protonmail_quote",
            "zmail_extra",
            "tutanota_quote",
            "front-blockquote",
        ];
        known.contains(&word) || word.ends_with("yahoo_quoted")
    };
    if tag.name != "hr"
        && (classes.any(is_class) || id == "OLK_SRC_BODY_SECTION" || id.starts_with("yahoo_quoted"))
    {
        return Some(Holder::Answer);
    }
    if matches!(id, "appendonsend" | "stopSpelling" | "zwchr" | "divRplyFwdMsg")
        || class.contains("OutlookMessageHeader")
    {
        return Some(Holder::Below);
    }
    let name = tag.attribute("name").unwrap_or_default();
    let is_either = id == "mail-editor-reference-message-container"
        || matches!(name.as_str(), "messageReplySection" | "quote");
    is_either.then_some(Holder::Either)
}

/// Whether what is ahead begins as a forwarded mail does.
fn is_forwarded(ahead: &str) -> bool {
    let start = fold(&unescape(head(ahead, 1500)));
    FORWARDED.iter().any(|words| start.contains(words))
}

/// Whether what is ahead marks the quoted mail further down: answers may stand before it and between quotes.
fn tells_itself(ahead: &str) -> bool {
    let ahead = ahead.to_ascii_lowercase();
    ["<blockquote", "divrplyfwdmsg", "<hr"].iter().any(|mark| ahead.contains(mark))
}

/// Whether the first words ahead may be a label of a mail's header, or are a line drawn above one.
fn begins_header(ahead: &str) -> bool {
    /// The longest label, in bytes, and the most words of one.
    const LONGEST_LABEL: usize = 40;
    const MOST_WORDS: usize = 3;
    let mut reader = Reader::of(ahead);
    let mut words = String::new();
    while words.len() < LONGEST_LABEL
        && let Some(piece) = reader.next()
    {
        if let Piece::Text(text) = piece {
            words.push_str(&unescape(text.trim()));
        }
    }
    let words = words.trim();
    words.starts_with(['-', '_', '=', '*'])
        || words.split_once([':', '\u{FF1A}']).is_some_and(|(label, _)| {
            label.len() <= LONGEST_LABEL && label.split_whitespace().count() <= MOST_WORDS
        })
}

/// Whether this element holds the header of the quoted mail in a way that only its markup tells.
fn is_quoted_header(tag: &Tag<'_>) -> bool {
    if tag.name != "div" || tag.attributes.is_empty() {
        return false;
    }
    let class = tag.attribute("class").unwrap_or_default();
    let id = tag.attribute("id").unwrap_or_default();
    if class.contains("OutlookMessageHeader") || id.contains("divRplyFwdMsg") || id == "reply-intro" {
        return true;
    }
    // Outlook and Windows Mail draw a line above the header block and nothing else.
    let style = tag.attribute("style").unwrap_or_default().to_ascii_lowercase().replace(' ', "");
    style.contains("border-top:solid#b5c4df")
        || style.contains("border-top:solid#e1e1e1")
        || style.contains("border:none;border-top:solid")
        || style.contains("border-top-color:rgb(229,229,229)")
}

/// Whether this element is a signature that the writer's program marked.
fn is_signature(tag: &Tag<'_>) -> bool {
    if !matches!(tag.name.as_str(), "div" | "table") || tag.attributes.is_empty() {
        return false;
    }
    let class = tag.attribute("class").unwrap_or_default();
    let id = tag.attribute("id").unwrap_or_default();
    class.split_whitespace().any(|word| matches!(word, "gmail_signature"))
        || matches!(id.as_str(), "Signature" | "ms-outlook-mobile-signature")
        || class.contains("protonmail_signature_block-user")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_becomes_lines() {
        let html = "<html><head><title>x</title><style>p{}</style></head><body><p>Bonjour,</p><p>Un &eacute;t&eacute;&nbsp;!<br>\
                    Deux</p><ul><li>a<li>b</ul><ol start=3><li>c</ol><table><tr><td>x</td><td>y</td></tr></table></body></html>";
        assert_eq!(html_to_text(html), "Bonjour,\n\nUn été\u{a0}!\nDeux\n- a\n- b\n3. c\nx y");
    }

    #[test]
    fn quotes_carry_marks() {
        let html = "Oui<blockquote>un<p>deux</p><blockquote>trois</blockquote></blockquote><div>fin</div>";
        assert_eq!(html_to_text(html), "Oui\n> un\n>\n> deux\n> > trois\nfin");
    }

    #[test]
    fn what_programs_hold_apart_as_the_quoted_mail_carries_marks() {
        for holder in [
            "<div class=x_gmail_quote>ancien</div>",
            "<table class=\"gmail_quote\"><tr><td>ancien</td></tr></table>",
            "<section class=protonmail_quote>ancien</section>",
            "<div class=ydp123yahoo_quoted>ancien</div>",
            "<div id=mail-editor-reference-message-container>ancien</div>",
            "<div name=messageReplySection>ancien</div>",
            "<div name=quote>ancien</div>",
            "<div id=appendonsend></div><div>ancien</div>",
            "<div id=x_appendonsend></div>ancien",
        ] {
            assert_eq!(html_to_text(&format!("<div>Oui</div>{holder}")), "Oui\n> ancien", "{holder}");
        }
        let ruled = format!("Oui\n> {RULE}\n> ancien");
        for holder in ["<hr id=stopSpelling>ancien", "<div id=divRplyFwdMsg></div><div>ancien</div>"] {
            assert_eq!(html_to_text(&format!("<div>Oui</div>{holder}")), ruled, "{holder}");
        }
        let below = "<div name=quote>ancien</div><div>Non</div>";
        assert_eq!(html_to_text(below), "> ancien\nNon");
    }

    #[test]
    fn where_a_header_follows_or_nothing_tells_of_a_quote_no_marks_are_set() {
        for (html, text) in [
            ("<div name=quote>Von: Camille<br>Hallo</div>", "Von: Camille\nHallo".to_owned()),
            (
                "<div id=appendonsend></div><div><b>De&nbsp;:</b> Camille</div>",
                "De\u{a0}: Camille".to_owned(),
            ),
            ("Un<hr>Deux", format!("Un\n{RULE}\nDeux")),
            ("<hr id=stopSpelling>From: Camille<br>Hello", format!("{RULE}\nFrom: Camille\nHello")),
            ("<div id=appendonsend></div><div>Oui</div>", "Oui".to_owned()),
            (
                "<div>Oui</div><hr id=zwchr><div>Camille</div><blockquote>ancien</blockquote><div>Non</div>",
                format!("Oui\n{RULE}\nCamille\n> ancien\nNon"),
            ),
            (
                "Oui<div id=appendonsend></div><div>Non, pas encore, je le redis une fois de plus</div><hr>\
                 <div id=divRplyFwdMsg>De : Camille</div>",
                format!("Oui\nNon, pas encore, je le redis une fois de plus\n{RULE}\nDe : Camille"),
            ),
        ] {
            assert_eq!(html_to_text(html), text, "{html}");
        }
    }

    #[test]
    fn links_show_where_they_lead_unless_they_say_it() {
        let html = "<a href=\"https://a.example/x\">ici</a>, <a href='https://b.example/'>b.example</a>, \
                    <a href=mailto:c@d.example>c@d.example</a> <img alt='Logo' src=x>";
        assert_eq!(html_to_text(html), "ici <https://a.example/x>, b.example, c@d.example [image: Logo]");
    }

    #[test]
    fn broken_markup_loses_no_words() {
        for (html, text) in [
            ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2"),
            ("a <b", "a <b"),
            ("<p title=\"x>y\">z", "z"),
            ("<style>a", "a"),
            ("<!-- a", ""),
            ("<!-- a --> b <!-- c > d", "b d"),
            ("&#xe9;&bogus;&", "é&bogus;&"),
            ("<pre>a\n  b</pre>c", "a\n  b\nc"),
        ] {
            assert_eq!(html_to_text(html).trim(), text, "{html}");
        }
    }

    #[test]
    fn hostile_nesting_is_linear() {
        let deep = format!("{}x", "<div><blockquote>".repeat(100_000));
        assert!(html_to_text(&deep).ends_with("> x"));
        for piece in ["<a href=\"", "<!--", "<style>", "<a '", "&", "<", "</", "<li>"] {
            html_to_text(&piece.repeat(100_000));
        }
    }
}
