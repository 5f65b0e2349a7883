//! What the team reads in chat: cards, entries of a thread, forms, answers; as sheets, which every platform draws.
//!
//! Pure. May import: domain, view, wording.

mod answers;
mod cards;
mod entries;
mod home;
mod rituals;

pub use answers::*;
pub use cards::*;
pub use entries::*;
pub use home::home;
pub use rituals::*;

use crate::view::press::Press;
use crate::view::sheet::{Button, File, Tone};

/// On a form: done.
pub const SUBMIT: &str = "Valider";
/// On a window: enough.
pub const CLOSE: &str = "Fermer";
/// The title of a window that has none of its own.
pub const WINDOW: &str = "Guichet";

/// The words of a link to the page of a ticket.
pub fn open_page() -> &'static str {
    "Ouvrir la page du ticket"
}

/// The words of a link to a thread.
pub fn open_thread() -> &'static str {
    "ouvrir le fil"
}

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

/// How many characters of a text are shown where it is shown at length.
const SHOWN: usize = 1500;

/// The beginning of a text, and the whole of a longer one as a file of this name.
fn shown(text: &str, name: &str) -> (String, Vec<File>) {
    shown_within(text, SHOWN, name)
}

/// The same within so many characters.
fn shown_within(text: &str, most: usize, name: &str) -> (String, Vec<File>) {
    let shown = excerpt(text, most);
    let is_cut = shown.len() < text.trim().len();
    let file = is_cut.then(|| File::Text { name: name.to_owned(), text: text.to_owned() });
    (shown, file.into_iter().collect())
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
    use crate::view::TemplateView;
    use crate::view::sheet::{Menu, Row};

    #[test]
    fn an_excerpt_ends_between_words_and_an_address_is_masked() {
        assert_eq!(excerpt("  court  ", 20), "court");
        assert_eq!(excerpt("un texte qui ne tient pas du tout", 20), "un texte qui ne…");
        assert_eq!(excerpt(&"é".repeat(50), 10), format!("{}…", "é".repeat(9)));
        assert_eq!(masked("lea@client.example"), "l…@c…");
        assert_eq!(masked("?"), "…");
    }

    #[test]
    fn every_standard_reply_can_be_chosen_however_many_there_are() {
        let templates: Vec<TemplateView> = (0..40)
            .map(|n| TemplateView {
                key: format!("reponse-{n}"),
                title: format!("Réponse {n}"),
                ..TemplateView::from(&crate::wording::canned::Catalogue::load(&[]).unwrap().all()[0])
            })
            .collect();
        let sheet = template_menu(&crate::wording::text::samples::ticket(), &templates);
        let menus: Vec<&Menu> = sheet
            .rows
            .iter()
            .filter_map(|row| match row {
                Row::Menu(menu) => Some(menu),
                Row::Buttons(_) => None,
            })
            .collect();
        assert_eq!(menus.iter().map(|menu| menu.choices.len()).collect::<Vec<_>>(), [25, 15]);
        assert_ne!(menus[0].press, menus[1].press, "no two things of a message have one id");
    }
}
