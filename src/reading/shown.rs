//! The HTML version of a mail, from its raw bytes to what a browser may be given. May import: nothing.

use super::clean::{Clean, LONGEST, Unshown, clean, data_url, pictures};
use super::header::Fields;
use super::html::html_to_text;
use super::parse::{contents, decoded, open};
use mail_parser::{Message, PartType};
use std::collections::{HashMap, HashSet};
use std::panic::catch_unwind;

/// Largest picture of a mail that is shown in its place, in bytes.
const LARGEST_PICTURE: usize = 4 << 20;
/// Longest text shown instead of an HTML version, in bytes.
const LONGEST_TEXT: usize = 200_000;

/// What can be shown of an HTML version.
#[derive(Debug, PartialEq, Eq)]
pub enum Shown {
    /// All of it, cleaned.
    Html(Clean),
    /// Only its words, cut where there are too many.
    Text {
        /// Why.
        why: Unshown,
        /// The words.
        text: String,
    },
}

/// The HTML version of a mail as it may be shown, with the pictures of the mail in their place; those from elsewhere only
/// with `remote_images`. `None` when it has none. Never panics; takes a time linear in the size of the mail.
pub fn show(raw: &[u8], remote_images: bool) -> Option<Shown> {
    catch_unwind(|| open(raw, |message, raw, _| shown(message, raw, remote_images))).ok().flatten().flatten()
}

fn shown(message: &Message<'_>, raw: &[u8], remote_images: bool) -> Option<Shown> {
    let mut html = String::new();
    let mut has_markup = false;
    for &id in &message.html_body {
        let Some(part) = message.parts.get(id as usize) else { continue };
        match &part.body {
            PartType::Html(page) => {
                has_markup |= page.contains('<');
                html.push_str(&decoded(part, raw));
            }
            // Text between two pages, as Apple Mail writes around a picture.
            PartType::Text(_) => {
                let text =
                    decoded(part, raw).replace('&', "&amp;").replace('<', "&lt;").replace('\n', "<br>");
                html.push_str(&format!("<div>{text}</div>"));
            }
            _ => {}
        }
    }
    if !has_markup {
        return None;
    }
    let why = if html.len() > LONGEST {
        Unshown::TooLarge
    } else {
        let named = pictures(&html).parts;
        match clean(&html, own_pictures(message, raw, &named), remote_images) {
            Ok(clean) => return Some(Shown::Html(clean)),
            Err(why) => why,
        }
    };
    let mut text = html_to_text(&html);
    text.truncate(text.floor_char_boundary(LONGEST_TEXT));
    Some(Shown::Text { why, text })
}

/// The pictures of a mail that its page names.
fn own_pictures(message: &Message<'_>, raw: &[u8], named: &HashSet<String>) -> HashMap<String, String> {
    let mut found = HashMap::new();
    if named.is_empty() {
        return found;
    }
    for part in &message.parts {
        if part.is_multipart() || matches!(part.body, PartType::Message(_) | PartType::Html(_)) {
            continue;
        }
        let Some(id) = Fields::of(part, raw).id("Content-ID") else { continue };
        let id = id.to_lowercase();
        if !named.contains(&id) || found.contains_key(&id) {
            continue;
        }
        let bytes = contents(part, raw);
        if bytes.len() <= LARGEST_PICTURE
            && let Some(data) = data_url(&bytes)
        {
            found.insert(id, data);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(html: &str) -> Vec<u8> {
        format!(
            "From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n\
             --x\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{html}\r\n\
             --x\r\nContent-Type: application/octet-stream\r\nContent-ID: <Logo@b.example>\r\nContent-Transfer-Encoding: base64\r\n\r\n\
             R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7\r\n\
             --x\r\nContent-Type: image/png\r\nContent-ID: <drawing@b.example>\r\n\r\n<svg onload=pwned()>\r\n--x--\r\n"
        )
        .into_bytes()
    }

    fn html(raw: &[u8]) -> String {
        match show(raw, false) {
            Some(Shown::Html(clean)) => clean.html,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_page_is_shown_in_its_charset_with_its_own_pictures() {
        let shown = html(&mail("<p>=C9t=E9 <img src=3Dcid:logo@b.example><img src=3Dcid:drawing@b.example>"));
        assert!(shown.starts_with("<p>\u{c9}t\u{e9} <img src=\"data:image/gif;base64,R0lG"), "{shown}");
        assert!(shown.ends_with("\"><img></p>"), "a drawing is no picture: {shown}");
    }

    #[test]
    fn a_mail_without_html_has_no_such_version() {
        for raw in ["From: a@b.example\r\n\r\nBonjour", "", "Content-Type: text/html\r\n\r\nBonjour"] {
            assert_eq!(show(raw.as_bytes(), false), None, "{raw}");
        }
        let attached = "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nBonjour\r\n--x\r\nContent-Type: text/html\r\n\
                        Content-Disposition: attachment\r\n\r\n<p>page</p>\r\n--x--\r\n";
        assert_eq!(show(attached.as_bytes(), false), None);
    }

    #[test]
    fn of_what_cannot_be_cleaned_the_words_are_shown() {
        let deep = format!("{}Bonjour", "<div>".repeat(1000));
        assert_eq!(
            show(&mail(&deep), false),
            Some(Shown::Text { why: Unshown::TooDeep, text: "Bonjour".into() })
        );
        let large = format!("<p>{}", "mot ".repeat(100_000));
        let Some(Shown::Text { why: Unshown::TooLarge, text }) = show(&mail(&large), false) else {
            panic!("shown")
        };
        assert_eq!(text.len(), LONGEST_TEXT);
    }
}
