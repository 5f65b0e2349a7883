//! What is proposed while a CM types: the line they choose from, and what the choice puts in its place.
//!
//! Pure. May import: view.

use crate::view::Suggestion;
use crate::wording::labels;

/// The longest line that a chat shows, in UTF-16 units, which is how the strictest of them counts.
pub const LONGEST: usize = 100;
/// The longest name of a requester in a line, counted the same way.
const LONGEST_NAME: usize = 30;

/// What the choice puts in its place, as the grammar reads it.
pub fn value(suggestion: &Suggestion) -> String {
    match suggestion {
        Suggestion::Ticket { id, .. } => id.0.to_string(),
        Suggestion::Delivery { id, .. } => id.0.to_string(),
        Suggestion::Agent(name) => name.clone(),
        Suggestion::Tags(tags) => tags.clone(),
        Suggestion::Template { key, .. } => key.clone(),
        Suggestion::Command { name, .. } => name.clone(),
    }
}

/// The line to choose: « 42 · 🟡 Remboursement (Léa Martin) ». At most [`LONGEST`].
pub fn label(suggestion: &Suggestion) -> String {
    match suggestion {
        Suggestion::Ticket { id, status, subject, requester } => {
            // The guide's emoji, without the name behind it.
            let emoji = labels::status(*status).split(' ').next().unwrap_or_default();
            let head = format!("{id} · {emoji} ", id = id.0);
            let tail = format!(" ({})", cut(&one_line(requester), LONGEST_NAME));
            between(&head, subject, &tail)
        }
        Suggestion::Delivery { id, ticket, state, title } => {
            let head = format!("{} · {} · ", id.0, labels::delivery_state(*state));
            between(&head, title, &format!(" (ticket {})", ticket.0))
        }
        Suggestion::Agent(name) | Suggestion::Tags(name) => between("", name, ""),
        Suggestion::Template { key, title } if key == title => between("", title, ""),
        Suggestion::Template { key, title } => between("", title, &format!(" ({})", cut(key, LONGEST_NAME))),
        Suggestion::Command { name, about } => between(&format!("{name} · "), about, ""),
    }
}

/// The text on one line between two others, cut so that all of it fits.
fn between(head: &str, text: &str, tail: &str) -> String {
    let room = LONGEST.saturating_sub(units(head) + units(tail));
    format!("{head}{}{tail}", cut(&one_line(text), room))
}

/// Without line breaks and other control characters, and with single spaces.
fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most so many UTF-16 units of a text, an ellipsis in the place of the rest.
fn cut(text: &str, most: usize) -> String {
    if units(text) <= most {
        return text.to_owned();
    }
    let mut room = most.saturating_sub(1);
    let fits = |c: &char| match room.checked_sub(c.len_utf16()) {
        Some(rest) => {
            room = rest;
            true
        }
        None => false,
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{}…", kept.trim_end())
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::DeliveryState;
    use crate::domain::ids::{DeliveryId, TicketId};
    use crate::domain::ticket::Status;
    use proptest::prelude::*;

    fn ticket(subject: &str, requester: &str) -> Suggestion {
        Suggestion::Ticket {
            id: TicketId(42),
            status: Status::InProgress,
            subject: subject.to_owned(),
            requester: requester.to_owned(),
        }
    }

    #[test]
    fn a_ticket_is_a_number_a_light_a_subject_and_a_name() {
        let suggestion = ticket("Remboursement", "Léa Martin");
        assert_eq!(label(&suggestion), "42 · 🟡 Remboursement (Léa Martin)");
        assert_eq!(value(&suggestion), "42");
        assert_eq!(label(&ticket("a\r\nb\u{0}  c", "x@y.example")), "42 · 🟡 a b c (x@y.example)");
        let long = label(&ticket(&"très long ".repeat(30), &"nom ".repeat(30)));
        assert_eq!(units(&long), LONGEST);
        assert!(
            long.starts_with("42 · 🟡 très long") && long.contains("… (nom nom") && long.ends_with("…)"),
            "{long}"
        );
    }

    #[test]
    fn the_others_say_what_they_are() {
        let delivery = Suggestion::Delivery {
            id: DeliveryId(7),
            ticket: TicketId(42),
            state: DeliveryState::Uncertain,
            title: "Votre ticket est résolu".into(),
        };
        assert_eq!(label(&delivery), "7 · ❓ Incertain · Votre ticket est résolu (ticket 42)");
        assert_eq!(value(&delivery), "7");
        let template =
            Suggestion::Template { key: "demande-infos".into(), title: "Demande d’infos".into() };
        assert_eq!(label(&template), "Demande d’infos (demande-infos)");
        assert_eq!(value(&template), "demande-infos");
        let command = Suggestion::Command { name: "take".into(), about: "Vous rend responsable".into() };
        assert_eq!(
            (label(&command).as_str(), value(&command).as_str()),
            ("take · Vous rend responsable", "take")
        );
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_or_of_two_lines(subject in "\\PC{0,120}|[🟡é\n]{0,120}", name in "\\PC{0,60}") {
            let line = label(&ticket(&subject, &name));
            prop_assert!(units(&line) <= LONGEST, "{line:?}");
            prop_assert!(!line.contains(char::is_control));
        }
    }
}
