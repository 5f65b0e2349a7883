//! What a requester reads on their own pages and is not in a template.
//!
//! Pure. May import: domain, wording.

use super::prose::clean_line;
use super::{dates, labels};
use crate::domain::feedback::Rating;
use crate::domain::preference::Preference;
use crate::domain::threading::AnswerTo;

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

/// What « sur cet appareil » means, and what it takes.
pub fn push_about(preference: Preference) -> &'static str {
    match preference {
        Preference::Both => {
            "Ce navigateur peut vous avertir quand un de vos tickets avance, même si cette page est fermée."
        }
        _ => {
            "Ce navigateur peut vous avertir quand un de vos tickets avance. Choisissez d’abord «\u{a0}Web, e-mail et \
             push\u{a0}» ci-dessus\u{a0}: avec votre choix actuel, rien ne lui est envoyé."
        }
    }
}

/// A browser that knows no push.
pub fn push_lacks() -> &'static str {
    "Ce navigateur ne sait pas recevoir de notifications. Essayez avec un autre, ou gardez l’e-mail."
}

/// The person, or their browser, said no.
pub fn push_denied() -> &'static str {
    "Votre navigateur refuse les notifications de ce site\u{a0}: autorisez-les dans ses réglages, puis réessayez."
}

/// Something went wrong on the way.
pub fn push_failed() -> &'static str {
    "Cela n’a pas fonctionné. Vérifiez votre connexion, rechargez la page, puis réessayez."
}

/// It is told.
pub fn push_on() -> &'static str {
    "C’est noté\u{a0}: cet appareil vous avertira."
}

/// It is told no more.
pub fn push_off() -> &'static str {
    "C’est noté\u{a0}: cet appareil ne vous avertira plus."
}

/// Its service is none that we can write to.
pub fn push_unusable() -> &'static str {
    "Le service de notifications de ce navigateur ne peut pas être joint. Essayez avec un autre navigateur."
}

/// Nothing is pushed here any more.
pub fn push_not_offered() -> &'static str {
    "Les notifications sur appareil ne sont plus proposées ici."
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

/// What an answer does, said before it is written; nothing where it is one more message.
pub fn answer_to(answer: AnswerTo) -> &'static str {
    match answer {
        AnswerTo::Goes => "",
        AnswerTo::Reopens => "Votre réponse rouvrira votre demande.",
        AnswerTo::Follows => {
            "Ce ticket est fermé depuis longtemps\u{a0}: votre réponse en ouvrira un autre, à sa suite."
        }
    }
}

/// Under an answer that was sent.
pub fn answered() -> &'static str {
    "Votre message est envoyé. L’équipe le lit et vous répond."
}

/// A form that holds nothing.
pub fn nothing_written() -> &'static str {
    "Rien n’a été envoyé\u{a0}: écrivez votre message, ou joignez un fichier."
}

/// Too much within the hour.
pub fn too_many() -> &'static str {
    "Rien n’a été envoyé\u{a0}: vous avez écrit beaucoup de messages en une heure. Réessayez un peu plus tard."
}

/// Their words open no ticket.
pub fn not_taken() -> &'static str {
    "Rien n’a été envoyé\u{a0}: ce ticket est fermé depuis longtemps. Écrivez-nous par e-mail."
}

/// A file that is too large.
pub fn file_too_large(name: &str, most: u64) -> String {
    let name = clean_line(name, 60);
    format!(
        "Rien n’a été envoyé\u{a0}: «\u{a0}{name}\u{a0}» est trop gros, {} au plus par fichier.",
        dates::size(most)
    )
}

/// A text that is too long.
pub fn text_too_long() -> &'static str {
    "Rien n’a été envoyé\u{a0}: votre message est trop long. Joignez-le plutôt en fichier."
}

/// Files that are too large together.
pub fn all_too_large(most: u64) -> String {
    format!(
        "Rien n’a été envoyé\u{a0}: vos fichiers dépassent {} ensemble. Envoyez-les en plusieurs messages.",
        dates::size(most)
    )
}

/// Too many files.
pub fn too_many_files(most: usize) -> String {
    format!("Rien n’a été envoyé\u{a0}: {most} fichiers au plus par message. Envoyez les autres ensuite.")
}

/// « 2 notifications non lues ».
pub fn unread(count: i64) -> String {
    match count {
        0 => "Vous avez tout lu.".to_owned(),
        count => dates::count(count, "notification non lue", "notifications non lues"),
    }
}

/// What they said who pressed « Non, pas résolu », with their words if there are any.
pub fn not_resolved(comment: &str) -> String {
    const SAID: &str = "Non, mon problème n’est pas résolu.";
    if comment.is_empty() { SAID.to_owned() } else { format!("{SAID}\n\n{comment}") }
}

/// The answer to that.
pub fn reopened() -> &'static str {
    "C’est noté\u{a0}: l’équipe reprend votre demande et vous répond."
}

/// No face was chosen.
pub fn no_face() -> &'static str {
    "Choisissez un des trois visages, puis envoyez."
}

/// A comment that is too long.
pub fn comment_too_long() -> &'static str {
    "Votre commentaire est trop long\u{a0}: 2\u{202f}000 caractères au plus. Pour en dire davantage, répondez sur la page du ticket."
}

/// The thanks.
pub fn feedback_given(rating: Rating) -> &'static str {
    match rating {
        Rating::Good => "Merci\u{a0}! Votre avis est transmis à l’équipe.",
        Rating::Fair | Rating::Bad => "Merci de nous l’avoir dit. Votre avis est transmis à l’équipe.",
    }
}

/// They have answered before.
pub fn feedback_known(rating: Rating) -> String {
    format!("Vous avez déjà donné votre avis sur ce ticket\u{a0}: {}. Merci\u{a0}!", labels::rating(rating))
}

/// There is nothing to be asked.
pub fn feedback_not_asked() -> &'static str {
    "L’équipe travaille sur ce ticket\u{a0}: votre avis vous sera demandé une fois qu’il sera résolu."
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
