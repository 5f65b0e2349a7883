//! A plain thank-you or confirmation: the one answer of a requester that does not reopen a resolved ticket.
//!
//! Conservative: a short text in which every word is known to be thanks, agreement, greeting or signature. One
//! word that is neither that nor the sender's name, a question, a "mais", and the ticket reopens: reopening for nothing costs a CM a look, not
//! reopening costs the requester an answer.

use super::fold::words;

/// Longer texts say more than thanks.
const MOST_WORDS: usize = 30;

/// Without one of these there is neither thanks nor confirmation.
const SAYS_SO: &[&str] = &[
    "merci",
    "mercii",
    "remercie",
    "remercions",
    "thanks",
    "thank",
    "thx",
    "parfait",
    "parfaite",
    "parfaitement",
    "super",
    "nickel",
    "impeccable",
    "genial",
    "excellent",
    "top",
    "bravo",
    "marche",
    "fonctionne",
    "resolu",
    "regle",
    "perfect",
    "great",
    "works",
    "solved",
    "fixed",
    "recu",
];

/// What may stand beside it.
const BESIDE: &[&str] = &[
    "bonjour",
    "bonsoir",
    "salut",
    "hello",
    "hi",
    "dear",
    "cher",
    "chere",
    "madame",
    "monsieur",
    "cordialement",
    "bien",
    "a",
    "vous",
    "toi",
    "te",
    "t",
    "je",
    "j",
    "nous",
    "on",
    "c",
    "ce",
    "cela",
    "ca",
    "l",
    "le",
    "la",
    "les",
    "un",
    "une",
    "des",
    "du",
    "de",
    "d",
    "et",
    "en",
    "au",
    "aux",
    "est",
    "etait",
    "sont",
    "ai",
    "m",
    "me",
    "mon",
    "ma",
    "mes",
    "ton",
    "ta",
    "tes",
    "votre",
    "vos",
    "toute",
    "tout",
    "tous",
    "toutes",
    "equipe",
    "support",
    "aide",
    "reponse",
    "temps",
    "efficacite",
    "rapidite",
    "reactivite",
    "gentillesse",
    "patience",
    "beaucoup",
    "infiniment",
    "encore",
    "tres",
    "vraiment",
    "si",
    "aussi",
    "rapide",
    "rapidement",
    "maintenant",
    "desormais",
    "nouveau",
    "ok",
    "oui",
    "accord",
    "entendu",
    "note",
    "bonne",
    "bon",
    "belle",
    "journee",
    "soiree",
    "continuation",
    "week",
    "end",
    "fin",
    "pour",
    "avec",
    "par",
    "grand",
    "mille",
    "you",
    "it",
    "is",
    "that",
    "this",
    "so",
    "much",
    "very",
    "for",
    "your",
    "the",
    "help",
    "now",
    "all",
    "again",
];

/// Whether a text, without its quotes, is no more than thanks or a confirmation, signed or not by the sender:
/// `sender` is their name and address, as they came.
pub fn is_thanks(text: &str, sender: &str) -> bool {
    if text.contains('?') {
        return false;
    }
    let names: Vec<String> = words(sender).collect();
    let (mut count, mut says_so) = (0, false);
    for word in words(text) {
        count += 1;
        let thanks = SAYS_SO.contains(&word.as_str());
        says_so |= thanks;
        if count > MOST_WORDS || !(thanks || BESIDE.contains(&word.as_str()) || names.contains(&word)) {
            return false;
        }
    }
    says_so
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thanks_and_confirmations_are_known() {
        for text in [
            "Merci !",
            "Merci beaucoup pour votre aide.",
            "Bonjour,\n\nMerci à toute l’équipe, c’est parfait.\n\nBonne journée,\nLéa Martin",
            "OK merci",
            "Super, ça marche !",
            "Oui, tout fonctionne à nouveau.",
            "Merci de votre réponse rapide",
            "Parfait, merci encore\nLéa",
            "Thank you so much for your help!",
            "Perfect, thanks",
            "Bien reçu, merci.",
        ] {
            assert!(is_thanks(text, "Léa Martin <lea@client.example>"), "{text:?}");
        }
    }

    #[test]
    fn whatever_says_more_is_an_answer() {
        for text in [
            "Merci, mais ça ne marche toujours pas.",
            "Merci ! Et pour le remboursement ?",
            "Merci de me rembourser.",
            "Merci d'avance pour le remboursement",
            "Ça ne fonctionne pas.",
            "Merci. J'ai un autre problème avec l'export.",
            "Bonjour",
            "Oui",
            "",
            "Merci\n\nPS : mon numéro est le 12345\nLéa",
            "Merci\nRemboursez-moi",
            "Thanks, but it still fails",
            "Bonjour, avez-vous bien reçu ma réponse",
            "Avez-vous réglé cela",
            "Merci de votre retour rapide",
            "C'est pas réglé",
            "Parfait exemple de mauvais service",
        ] {
            assert!(!is_thanks(text, "Léa Martin <lea@client.example>"), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_text_with_a_word_too_many_is_never_thanks(word in "[b-z]{7,12}") {
            proptest::prop_assume!(!SAYS_SO.contains(&word.as_str()) && !BESIDE.contains(&word.as_str()));
            let text = format!("Merci pour votre aide {word}");
            proptest::prop_assert!(!is_thanks(&text, ""));
        }
    }
}
