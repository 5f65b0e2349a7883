//! What a mail says of itself at the first glance, from how it begins: for a list of mails that nobody has read yet. May import:
//! domain.

use super::header::Fields;
use crate::domain::text::head;
use mail_parser::MessageParser;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The longest that is shown of either, in bytes.
const SHOWN: usize = 200;

/// Who wrote a mail and about what, by its own word: decoded, cleaned, bounded. Empty where it does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Glance {
    /// Every `From`, as it is written.
    pub from: String,
    /// Its subject.
    pub subject: String,
}

/// Looks at the header of a mail, of which `beginning` may be all there is. Never panics; linear.
pub fn glance(beginning: &[u8]) -> Glance {
    catch_unwind(AssertUnwindSafe(|| look(beginning))).unwrap_or_default()
}

/// The address of who wrote a mail, the first where it names several; `None` where it names nobody. Never panics; linear.
pub fn sender(beginning: &[u8]) -> Option<String> {
    let first = |fields: &Fields<'_>| fields.mailboxes("From").usable.into_iter().next();
    let found = catch_unwind(AssertUnwindSafe(|| look_at(beginning, first)));
    Some(found.ok()???.address)
}

fn look(beginning: &[u8]) -> Glance {
    let seen = look_at(beginning, |fields| {
        let from: Vec<String> = fields.all("From").take(3).map(|raw| fields.read(raw)).collect();
        Glance { from: short(&from.join(", ")), subject: short(&fields.text("Subject").unwrap_or_default()) }
    });
    seen.unwrap_or_default()
}

/// What is read of the header of a mail; `None` where it has none.
fn look_at<T>(beginning: &[u8], read: impl FnOnce(&Fields<'_>) -> T) -> Option<T> {
    let message = MessageParser::default().parse_headers(beginning)?;
    Some(read(&Fields::of(message.parts.first()?, beginning)))
}

fn short(text: &str) -> String {
    match head(text, SHOWN) {
        cut if cut.len() < text.len() => format!("{cut}…"),
        whole => whole.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_is_decoded_cleaned_and_short() {
        let seen = glance(
            b"From: =?utf-8?q?L=C3=A9a?= <lea@a.example>\r\nFrom: Marc <marc@b.example>\r\n\
              Subject: Un\x07\r\n pari\r\n\r\nSubject: not this",
        );
        assert_eq!(seen.from, "L\u{e9}a <lea@a.example>, Marc <marc@b.example>");
        assert_eq!(seen.subject, "Un pari");
        let long = glance(format!("Subject: {}\r\n", "\u{e9}".repeat(500)).as_bytes());
        assert_eq!((long.subject.chars().count(), long.from.as_str()), (101, ""));
        assert_eq!(
            sender(b"From: L <Lea@A.example>, x@b.example\r\nFrom: y@c.example\r\n").unwrap(),
            "lea@a.example"
        );
        for strange in [&b""[..], b"\0\xff\xfe", b"From", b"From:", b"\r\n\r\nFrom: x@y.example\r\n"] {
            assert_eq!((glance(strange), sender(strange)), (Glance::default(), None), "{strange:?}");
        }
    }
}
