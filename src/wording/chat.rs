//! What the team reads in chat: cards, entries of a thread, forms, answers; as sheets, which every platform draws.
//!
//! Pure. May import: domain, view, wording.

mod answers;
mod cards;
mod entries;

pub use answers::*;
pub use cards::*;
pub use entries::*;

use crate::view::press::Press;
use crate::view::sheet::{Button, Tone};

/// How much of a message a card shows, in characters.
const EXCERPT: usize = 350;

fn button(label: &str, press: Press, tone: Tone) -> Button {
    Button { label: label.to_owned(), press, tone }
}

/// The beginning of a text on few lines, cut between words where it can be.
pub fn excerpt(text: &str, most: usize) -> String {
    let text = text.trim();
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    let whole = match head.rfind(char::is_whitespace) {
        Some(at) if at > head.len() / 2 => &head[..at],
        _ => head.as_str(),
    };
    format!("{}…", whole.trim_end())
}

/// « l…@c… »: enough for a CM to know an address again, and not the address.
pub fn masked(address: &str) -> String {
    let first = |part: &str| part.chars().next().map(String::from).unwrap_or_default();
    match address.rsplit_once('@') {
        Some((local, host)) => format!("{}…@{}…", first(local), first(host)),
        None => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_ends_between_words_and_an_address_is_masked() {
        assert_eq!(excerpt("  court  ", 20), "court");
        assert_eq!(excerpt("un texte qui ne tient pas du tout", 20), "un texte qui ne…");
        assert_eq!(excerpt(&"é".repeat(50), 10), format!("{}…", "é".repeat(9)));
        assert_eq!(masked("lea@client.example"), "l…@c…");
        assert_eq!(masked("?"), "…");
    }
}
