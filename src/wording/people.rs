//! What is held of a person, in French: what the leads read before they give it out or take it away.

use crate::domain::audit::Counts;
use crate::view::held::{HeldOf, PersonCounts};
use crate::wording::{dates, mail, retention};

/// It was done before.
pub const ERASED_BEFORE: &str = "Cette personne est déjà effacée\u{a0}: il n’y avait plus rien à effacer.";

/// How a person is called on their page.
pub fn called(held: &HeldOf) -> String {
    match (held.erased, held.requester.name.is_empty()) {
        (true, _) => mail::erased_person().to_owned(),
        (false, false) => held.requester.name.clone(),
        (false, true) => held.requester.email.clone(),
    }
}

/// What is held, and how much of it; what there is none of is said too.
pub fn counts(counts: &PersonCounts) -> Vec<(&'static str, String)> {
    [
        ("Tickets", counts.tickets),
        ("Messages sur ces tickets", counts.messages),
        ("Pièces jointes", counts.files),
        ("Mails d’origine", counts.mails),
        ("E-mails envoyés, tels que partis", counts.sent_mails),
        ("Notifications web", counts.notifications),
        ("Appareils abonnés aux notifications", counts.devices),
        ("Comptes de chat liés", counts.accounts),
        ("Messages sur les tickets d’autres personnes", counts.elsewhere),
        ("Participations à ces tickets", counts.takes_part),
    ]
    .into_iter()
    .map(|(what, count)| (what, dates::grouped(count)))
    .collect()
}

/// What an erasure takes away, a line for each kind of thing that there is.
pub fn goes(counts: &PersonCounts) -> Vec<String> {
    let mut lines = vec![
        "son nom et son adresse, partout où ils sont écrits".to_owned(),
        format!(
            "les mots de {} et de {}\u{a0}: objets, messages, notes internes, historique",
            dates::count(counts.tickets, "ticket", "tickets"),
            dates::count(counts.messages, "message", "messages")
        ),
    ];
    for (count, one, many) in [
        (counts.files, "pièce jointe", "pièces jointes"),
        (counts.mails, "mail d’origine", "mails d’origine"),
        (counts.sent_mails, "e-mail envoyé, tel que parti", "e-mails envoyés, tels que partis"),
        (counts.notifications, "notification web", "notifications web"),
        (counts.devices, "appareil abonné", "appareils abonnés"),
        (counts.accounts, "compte de chat lié", "comptes de chat liés"),
    ] {
        if count > 0 {
            lines.push(dates::count(count, one, many));
        }
    }
    if counts.elsewhere + counts.takes_part > 0 {
        lines.push("son nom et son adresse sur les tickets d’autres personnes".to_owned());
    }
    lines
}

/// A person was erased.
pub fn erased(gone: &Counts) -> String {
    format!(
        "Effacé\u{a0}: {}. Les sauvegardes faites auparavant, et la messagerie si des mails y sont laissés, \
         les contiennent encore.",
        retention::said(gone)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_is_said_as_far_as_there_is_any() {
        let counts = PersonCounts { tickets: 2, messages: 5, mails: 1, ..PersonCounts::default() };
        let lines = goes(&counts);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!(lines[2], "1\u{a0}mail d’origine");
        assert!(lines[1].contains("2\u{a0}tickets et de 5\u{a0}messages\u{a0}:"), "{lines:?}");
    }
}
