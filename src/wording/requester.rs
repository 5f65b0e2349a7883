//! What a requester reads on their own pages and is not in a template.
//!
//! Pure. May import: domain.

use crate::domain::preference::Preference;

/// A choice as the requester's page offers it: its name, and what it means in one sentence.
pub fn choice(preference: Preference) -> (&'static str, &'static str) {
    match preference {
        Preference::WebOnly => (
            "Web seulement",
            "Les nouvelles de vos tickets vous attendent sur le site\u{a0}; aucun e-mail ne part.",
        ),
        Preference::EmailOnly => {
            ("E-mail seulement", "Chaque nouvelle de vos tickets arrive par e-mail, et par e-mail seulement.")
        }
        Preference::Both => (
            "Web, e-mail et push",
            "Les nouvelles de vos tickets arrivent sur le site, par e-mail et, là où elle est proposée, par \
             notification push.",
        ),
        Preference::None => {
            ("Aucune notification", "Rien ne vous est envoyé, même quand l’équipe répond à votre ticket.")
        }
    }
}

/// What choosing did.
pub fn chosen(before: Preference, after: Preference) -> String {
    let ((was, _), (is, _)) = (choice(before), choice(after));
    if before == after {
        return format!("Rien n’a changé\u{a0}: «\u{a0}{is}\u{a0}» était déjà votre choix.");
    }
    format!("C’est enregistré\u{a0}: «\u{a0}{is}\u{a0}» remplace «\u{a0}{was}\u{a0}».")
}

/// What unsubscribing did, or that there was nothing to do.
pub fn unsubscribed(before: Preference, after: Preference) -> &'static str {
    match (before == after, after) {
        (true, _) => "Vous ne receviez déjà plus d’e-mail de notre part\u{a0}: rien n’a changé.",
        (false, Preference::None) => {
            "Vous ne recevrez plus d’e-mail de notre part, ni aucune autre notification."
        }
        (false, _) => {
            "Vous ne recevrez plus d’e-mail de notre part. Les nouvelles de vos tickets vous attendent sur le site."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_choice_is_one_sentence_and_no_two_are_alike() {
        let choices = Preference::ALL.map(choice);
        for (at, (name, sentence)) in choices.into_iter().enumerate() {
            assert_eq!(sentence.matches('.').count(), 1, "{sentence}");
            assert!(choices[..at].iter().all(|other| other.0 != name && other.1 != sentence));
        }
    }

    #[test]
    fn what_was_done_is_said() {
        assert_eq!(
            chosen(Preference::Both, Preference::EmailOnly),
            "C’est enregistré\u{a0}: «\u{a0}E-mail seulement\u{a0}» remplace «\u{a0}Web, e-mail et push\u{a0}»."
        );
        assert_eq!(
            chosen(Preference::None, Preference::None),
            "Rien n’a changé\u{a0}: «\u{a0}Aucune notification\u{a0}» était déjà votre choix."
        );
        assert!(
            unsubscribed(Preference::EmailOnly, Preference::None).ends_with("aucune autre notification.")
        );
        assert!(unsubscribed(Preference::Both, Preference::WebOnly).ends_with("vous attendent sur le site."));
        assert!(unsubscribed(Preference::WebOnly, Preference::WebOnly).ends_with("rien n’a changé."));
    }
}
