//! HTML that a stranger wrote, set in order: tags that close, tables made of rows, at most so deep and so long.
//! May import: nothing of ours.
//!
//! The parser of browsers takes time quadratic in nesting, and makes any number of elements out of a few that never
//! close (html5ever#788). What is written here cannot do either to it. This is no guard against scripts: `clean` is.

use super::markup::{Piece, Reader, Tag};
use std::fmt::Write;

/// Deepest nesting, tables and their rows included; no mail program writes a tenth of it.
pub const DEEPEST: usize = 256;
/// Longest HTML written, in bytes, over what was read: each unclosed `<font>` is opened again in every paragraph.
const LONGEST_MENDED: usize = 1024 * 1024;

/// Deeper than [`DEEPEST`], or more than [`LONGEST_MENDED`] once in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooIntricate;

/// Elements that stay. No one of them runs, frames, submits or draws anything by itself.
pub const ELEMENTS: [&str; 59] = [
    "a",
    "abbr",
    "address",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "td",
    "th",
    "tr",
    "u",
    "ul",
];

/// Attributes that stay, and on which elements; on all where none is named.
pub const ATTRIBUTES: [(&str, &[&str]); 17] = [
    ("align", &[]),
    ("alt", &["img"]),
    ("bgcolor", &["table", "tr", "td", "th"]),
    ("border", &["table"]),
    ("cellpadding", &["table"]),
    ("cellspacing", &["table"]),
    ("color", &["font"]),
    ("colspan", &["td", "th"]),
    ("dir", &[]),
    ("height", &["img", "td", "th"]),
    ("href", &["a"]),
    ("rowspan", &["td", "th"]),
    ("src", &["img"]),
    ("start", &["ol"]),
    ("style", &[]),
    ("valign", &["tr", "td", "th"]),
    ("width", &["img", "table", "td", "th"]),
];

/// Elements without content.
const VOID: [&str; 3] = ["br", "hr", "img"];
/// Elements that a browser opens again when the block around them ends before they do.
const FORMATTING: [&str; 12] =
    ["a", "b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "u"];
/// Elements that end a paragraph by beginning.
const BLOCKS: [&str; 28] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "td",
    "ul",
];

/// Sets `html` in order.
///
/// # Errors
/// [`TooIntricate`].
pub fn mend(html: &str) -> Result<String, TooIntricate> {
    let mut page =
        Page { html: String::with_capacity(html.len()), open: Vec::new(), most: html.len() + LONGEST_MENDED };
    let mut reader = Reader::of(html);
    while let Some(piece) = reader.next() {
        match piece {
            Piece::Text(text) => page.text(text)?,
            Piece::Open(tag) => page.open(&tag)?,
            Piece::Close(name) => page.close(&name)?,
        }
    }
    page.close_down_to(0);
    Ok(page.html)
}

struct Page {
    html: String,
    open: Vec<Element>,
    most: usize,
}

struct Element {
    name: &'static str,
    /// The whole of its opening tag.
    tag: String,
}

/// What we write in place of an element that says no more than another.
fn ours(name: &str) -> &str {
    match name {
        "main" | "nav" | "fieldset" | "form" => "div",
        "tt" => "code",
        other => other,
    }
}

impl Page {
    fn text(&mut self, text: &str) -> Result<(), TooIntricate> {
        if self.open.last().is_some_and(|element| is_grid(element.name)) {
            if text.trim().is_empty() {
                return Ok(());
            }
            self.enter_cell()?;
        }
        // The reader gives a bracket that begins no tag as text.
        for piece in text.split_inclusive('<') {
            match piece.strip_suffix('<') {
                Some(before) => {
                    self.html.push_str(before);
                    self.html.push_str("&lt;");
                }
                None => self.html.push_str(piece),
            }
        }
        self.within_bounds()
    }

    fn open(&mut self, tag: &Tag<'_>) -> Result<(), TooIntricate> {
        let name = ours(&tag.name);
        let Some(name) = ELEMENTS.into_iter().find(|element| *element == name) else { return Ok(()) };
        match name {
            "tr" => {
                let Some(table) = self.find("table", 0) else { return Ok(()) };
                self.close_down_to(table + 1);
            }
            "td" | "th" | "caption" => {
                let Some(table) = self.find("table", 0) else { return Ok(()) };
                let row = self.find("tr", table).filter(|_| name != "caption");
                self.close_down_to(row.unwrap_or(table) + 1);
                if row.is_none() && name != "caption" {
                    self.push("tr", "<tr>".to_owned())?;
                }
            }
            _ => {
                if self.open.last().is_some_and(|element| is_grid(element.name)) {
                    self.enter_cell()?;
                }
                let cell = self.cell();
                let same = match name {
                    "li" => self.find("li", self.find_any(&["ul", "ol"], cell).unwrap_or(cell)),
                    "dt" | "dd" => {
                        let list = self.find("dl", cell).unwrap_or(cell);
                        self.find_any(&["dt", "dd"], list)
                    }
                    "a" => self.find("a", cell),
                    _ => None,
                };
                if let Some(place) = same {
                    self.end(place)?;
                } else if BLOCKS.contains(&name)
                    && let Some(place) = self.find("p", cell)
                {
                    self.end(place)?;
                }
            }
        }
        let mut written = format!("<{name}");
        for (attribute, on) in ATTRIBUTES {
            if (on.is_empty() || on.contains(&name))
                && let Some(value) = tag.attribute(attribute)
            {
                let value = value.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
                // Writing to a String cannot fail.
                let _ = write!(written, " {attribute}=\"{value}\"");
            }
        }
        written.push('>');
        if VOID.contains(&name) {
            self.html.push_str(&written);
            return self.within_bounds();
        }
        self.push(name, written)
    }

    fn close(&mut self, name: &str) -> Result<(), TooIntricate> {
        let name = ours(name);
        let floor = match name {
            "table" => 0,
            "tr" | "td" | "th" | "caption" => self.find("table", 0).unwrap_or(0),
            _ => self.cell(),
        };
        match self.find(name, floor) {
            Some(place) => self.end(place),
            None => Ok(()),
        }
    }

    /// Ends the element at `place`, and opens again what a browser would of what it ends on the way.
    fn end(&mut self, place: usize) -> Result<(), TooIntricate> {
        let is_cut_off = matches!(self.open[place].name, "table" | "tr" | "td" | "th" | "caption");
        let again: Vec<Element> = if is_cut_off {
            Vec::new()
        } else {
            let on_the_way =
                self.open[place + 1..].iter().filter(|element| FORMATTING.contains(&element.name));
            on_the_way.map(|element| Element { name: element.name, tag: element.tag.clone() }).collect()
        };
        self.close_down_to(place);
        for element in again {
            self.push(element.name, element.tag)?;
        }
        Ok(())
    }

    /// A row and a cell for what stands in a table outside of both.
    fn enter_cell(&mut self) -> Result<(), TooIntricate> {
        if self.open.last().is_some_and(|element| element.name == "table") {
            self.push("tr", "<tr>".to_owned())?;
        }
        self.push("td", "<td>".to_owned())
    }

    fn push(&mut self, name: &'static str, tag: String) -> Result<(), TooIntricate> {
        if self.open.len() >= DEEPEST {
            return Err(TooIntricate);
        }
        self.html.push_str(&tag);
        self.open.push(Element { name, tag });
        self.within_bounds()
    }

    fn close_down_to(&mut self, length: usize) {
        while self.open.len() > length
            && let Some(element) = self.open.pop()
        {
            self.html.push_str("</");
            self.html.push_str(element.name);
            self.html.push('>');
        }
    }

    /// Where the innermost cell begins, or 0: tags inside end nothing outside.
    fn cell(&self) -> usize {
        self.find_any(&["td", "th", "caption"], 0).unwrap_or(0)
    }

    /// The innermost open element of this name, at `floor` or above.
    fn find(&self, name: &str, floor: usize) -> Option<usize> {
        self.find_any(&[name], floor)
    }

    fn find_any(&self, names: &[&str], floor: usize) -> Option<usize> {
        (floor..self.open.len()).rev().find(|&place| names.contains(&self.open[place].name))
    }

    fn within_bounds(&self) -> Result<(), TooIntricate> {
        if self.html.len() > self.most { Err(TooIntricate) } else { Ok(()) }
    }
}

/// Whether an element holds only rows or only cells.
fn is_grid(name: &str) -> bool {
    matches!(name, "table" | "tr")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_open_is_closed_as_a_browser_does() {
        for (html, mended) in [
            ("<p>a<p>b", "<p>a</p><p>b</p>"),
            ("<ul><li>a<li>b<ul><li>c</ul></ul>d", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>d"),
            ("<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"),
            ("<p><b>a<p>b</b>c", "<p><b>a</b></p><b><p>b</p></b>c"),
            ("<b><i>a</b>b</i>", "<b><i>a</i></b><i>b</i>"),
            ("<a href=x>a<a href=y>b", "<a href=\"x\">a</a><a href=\"y\">b</a>"),
            ("a</div></p></b></table>b", "ab"),
            ("a<br/>b</br><hr>", "a<br>b<hr>"),
            ("1 < 2 <3", "1 &lt; 2 &lt;3"),
            ("<form><button>a</button></form>", "<div>a</div>"),
        ] {
            assert_eq!(mend(html).unwrap(), mended, "{html}");
        }
    }

    #[test]
    fn a_table_is_made_of_rows_of_cells() {
        for (html, mended) in [
            (
                "<table><tr><td>a<td>b<tr><td>c</table>",
                "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
            ),
            ("<table>a<p>b</table>c", "<table><tr><td>a<p>b</p></td></tr></table>c"),
            ("<table><td>a", "<table><tr><td>a</td></tr></table>"),
            ("<tr><td>a", "a"),
            ("<table><tbody>\n<tr> <td>a</td> </tr></tbody></table>", "<table><tr><td>a</td></tr></table>"),
            (
                "<table><tr><td><table><tr><td>a</table>b</table>",
                "<table><tr><td><table><tr><td>a</td></tr></table>b</td></tr></table>",
            ),
            ("<b><table><tr><td></b></div>a</table>b", "<b><table><tr><td>a</td></tr></table>b</b>"),
        ] {
            assert_eq!(mend(html).unwrap(), mended, "{html}");
        }
    }

    #[test]
    fn only_known_attributes_stay_and_none_breaks_out() {
        assert_eq!(
            mend("<td title=a><p onclick='x' align=left style='color:red' id=y><img alt='\"><script>' src=\"a&amp;b\" srcset=c>").unwrap(),
            "<p align=\"left\" style=\"color:red\"><img alt=\"&quot;>&lt;script>\" src=\"a&amp;b\"></p>"
        );
    }

    #[test]
    fn what_is_too_deep_or_grows_too_long_is_told() {
        for element in ["<div>", "<b>", "<blockquote>", "<ul><li>", "<table><tr><td>", "<table>", "<span><p>"]
        {
            assert_eq!(mend(&element.repeat(100_000)), Err(TooIntricate), "{element}");
        }
        assert!(mend(&format!("{}x{}", "<div>".repeat(DEEPEST), "</div>".repeat(DEEPEST))).is_ok());
        let formats: String = (0..200).map(|n| format!("<font color=c{n}>")).collect();
        let moved = mend(&format!("<p>{formats}</p>{}", "<p>x</p>".repeat(20_000))).unwrap();
        assert_eq!(moved.matches("<font").count(), 400, "opened again once, not in each paragraph");
        let walled = format!("{}x", "<div><font color=a><table><tr><td>".repeat(40));
        assert_eq!(mend(&walled).unwrap().matches("<font").count(), 40);
        let stays = "<p>x<br>".repeat(30_000);
        assert!(mend(&stays).is_ok(), "paragraphs that are never closed do not nest");
    }
}
