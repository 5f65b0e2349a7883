//! The first sentence by which a text says that a program wrote it. May import: regex, `domain::text`.

use crate::domain::text::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// What automatic mail calls itself before it says anything else, folded, and how it goes on: "This is an automatic reply that I
/// keep getting" is somebody's, as is what begins with a quote of it.
static OPENING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^[\s*_=~#-]*(this is an? (automatic(ally)?|automated|auto)[- ]?(generated )?(reply|response|message|e-?mail)|ceci est (un|une) (message|e-?mail|mail|reponse) automatique|dies ist eine automatisch(e| generierte| erstellte) (antwort|nachricht|e-?mail)|questa e una risposta automatica|este es un mensaje automatico)\s*($|[.;:!*()\[\]\n\-–—]|, ?(merci|please)\b|(from|to|sent|please|de|genere|envoye|auf|von|del|dal)\b)",
    )
});

/// Whether a text, folded, opens as that of an automatic mail does, and asks nothing in that sentence.
pub fn is_opening(text: &str) -> bool {
    OPENING.find(text).is_some_and(|found| {
        let rest = &text[found.start()..];
        let end = rest.find(['.', '!', '?', '\n']).unwrap_or(rest.len());
        !rest[end..].starts_with('?')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fold::fold;

    #[test]
    fn the_first_sentence_of_automatic_mail_is_told_from_what_people_say_of_it() {
        for automatic in [
            "This is an automatic reply. I am out of the office until 9 March.",
            "*** This is an automatically generated email, please do not reply ***",
            "This is an automated message from the support of Firm",
            "Ceci est une réponse automatique. Je suis absent jusqu’au 9 mars.",
            "\n  Ceci est un message automatique, merci de ne pas y répondre",
            "Dies ist eine automatisch generierte Nachricht.",
            "Questa è una risposta automatica",
            "Este es un mensaje automático.",
        ] {
            assert!(is_opening(&fold(automatic)), "{automatic}");
        }
        for person in [
            "This is an automatic reply?",
            "This is an automatic reply that I keep getting.",
            "This is an automated message, isn't it?",
            "Bonjour, ceci est une réponse automatique.",
            "Ceci est un message automatique que je reçois tous les jours",
            "This is an email about my payment",
            "> Ceci est une réponse automatique.\n\nOui, et voici mon RIB.",
            "\"Ceci est une réponse automatique.\" Voilà tout ce que je reçois, où est mon argent ?",
            "« Ceci est une réponse automatique. » Et après ?",
            "This is an automatic reply, but I need a human",
            "",
        ] {
            assert!(!is_opening(&fold(person)), "{person}");
        }
    }
}
