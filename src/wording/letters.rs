//! The French of a mail that is not in a template: its subject, its signature, the line above a quotation.
//!
//! Pure. May import: domain.

use super::dates;
use super::prose::clean_line;
use crate::domain::ids::TicketId;
use crate::domain::threading::subject_tag;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// The longest title or subject that a mail of ours carries, in characters, without its tag.
pub const LONGEST_SUBJECT: usize = 200;

/// The longest display name that a mail of ours shows, in characters.
pub const LONGEST_NAME: usize = 100;

/// What stands where a quotation was cut.
pub const CUT: &str = "[…]";

/// The subject of a status notice: the guide's title and the ticket's tag.
/// `Ticket de support : Résolu [#42]`.
pub fn notice_subject(title: &str, ticket: TicketId) -> String {
    format!("{} {}", clean_line(title, LONGEST_SUBJECT), subject_tag(ticket))
}

/// The subject of a reply: the conversation's own and the ticket's tag. `Re: Paiement refusé [#42]`.
/// The mark is the ASCII `Re:` that every mail program knows (RFC 5322, 3.6.5), not the French « Rép. ».
pub fn reply_subject(subject: &str, ticket: TicketId) -> String {
    let subject = clean_line(subject, LONGEST_SUBJECT);
    let subject = if subject.is_empty() { "Votre demande" } else { &subject };
    format!("Re: {subject} {}", subject_tag(ticket))
}

/// Who signs: the guide's own « Équipe Support BetTracker Pro ».
pub fn signature(brand: &str) -> String {
    format!("Équipe Support {}", clean_line(brand, LONGEST_NAME))
}

/// The line above a quotation: `Le 24 novembre 2026 à 10:05, Léa Martin a écrit :`, in the desk's time zone.
pub fn attribution(author: &str, at: DateTime<Utc>, zone: Tz) -> String {
    let author = clean_line(author, LONGEST_NAME);
    let author = if author.is_empty() { "vous" } else { &author };
    let verb = if author == "vous" { "avez" } else { "a" };
    let time = at.with_timezone(&zone).format("%H:%M");
    format!("Le {} à {time}, {author} {verb} écrit\u{A0}:", dates::day(at, zone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Europe::Paris;

    #[test]
    fn subjects_carry_the_tag_at_their_end() {
        let ticket = TicketId(42);
        assert_eq!(notice_subject("Ticket de support : Résolu", ticket), "Ticket de support : Résolu [#42]");
        assert_eq!(reply_subject("Paiement refusé", ticket), "Re: Paiement refusé [#42]");
        assert_eq!(reply_subject(" \r\n", ticket), "Re: Votre demande [#42]");
        assert_eq!(reply_subject("a\r\nBcc: b@evil.example", ticket), "Re: a Bcc: b@evil.example [#42]");
        assert!(reply_subject(&"é".repeat(5000), ticket).ends_with("é… [#42]"));
    }

    #[test]
    fn a_quotation_is_attributed_in_the_desks_own_time() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(
            attribution("Léa Martin", at("2026-11-24T09:05:59Z"), Paris),
            "Le 24 novembre 2026 à 10:05, Léa Martin a écrit\u{A0}:"
        );
        assert_eq!(
            attribution("Léa\r\nMartin", at("2026-07-31T22:00:00Z"), Paris),
            "Le 1er août 2026 à 00:00, Léa Martin a écrit\u{A0}:"
        );
        assert_eq!(
            attribution("", at("2026-02-02T11:00:00Z"), Paris),
            "Le 2 février 2026 à 12:00, vous avez écrit\u{A0}:"
        );
    }
}
