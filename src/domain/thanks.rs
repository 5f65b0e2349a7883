//! A plain thank-you or confirmation: the one answer of a requester that does not reopen a resolved ticket.
//!
//! Conservative: a short text in which every word is known to be thanks, agreement, greeting or signature. One
//! word that is neither that nor the sender's name, a question, a "mais", and the ticket reopens: reopening for nothing
//! costs a CM a look, not reopening costs the requester an answer.

use super::fold::words;

/// Longer texts say more than thanks.
const MOST_WORDS: usize = 30;

/// Without one of these there is neither thanks nor confirmation.
#[rustfmt::skip]
const SAYS_SO: &[&str] = &[
    "merci", "remercie", "remercions", "thanks", "thank", "thx", "parfait", "parfaite", "parfaitement",
    "super", "nickel", "impeccable", "genial", "excellent", "top", "bravo", "marche", "fonctionne",
    "resolu", "regle", "perfect", "great", "works", "solved", "fixed", "recu", "remerciements",
    "gratitude", "reconnaissant", "reconnaissante", "satisfait", "satisfaite", "ravi", "ravie",
    "formidable", "impec", "cool", "merveilleux", "fantastique", "resolue", "reglee", "thankyou", "ty",
    "awesome", "amazing", "brilliant", "wonderful", "resolved", "sorted", "appreciated", "appreciate",
    "cheers", "marchent", "fonctionnent",
];

/// What may stand beside it.
#[rustfmt::skip]
const BESIDE: &[&str] = &[
    "bonjour", "bonsoir", "salut", "hello", "hi", "dear", "cher", "chere", "madame", "monsieur",
    "cordialement", "bien", "a", "vous", "toi", "te", "t", "je", "j", "nous", "on", "c", "ce", "ces", "cela",
    "ca", "l", "le", "la", "les", "un", "une", "des", "du", "de", "d", "et", "en", "au", "aux", "est",
    "etait", "sont", "ai", "m", "me", "mon", "ma", "mes", "ton", "ta", "tes", "votre", "vos", "toute",
    "tout", "tous", "toutes", "equipe", "support", "aide", "reponse", "temps", "efficacite", "rapidite",
    "reactivite", "gentillesse", "patience", "beaucoup", "infiniment", "encore", "tres", "vraiment",
    "si", "aussi", "rapide", "rapidement", "maintenant", "desormais", "nouveau", "ok", "oui", "accord",
    "entendu", "note", "bonne", "bon", "belle", "fois", "journee", "soiree", "continuation", "week", "end",
    "fin", "pour", "avec", "par", "grand", "mille", "you", "it", "is", "that", "this", "so", "much",
    "very", "for", "your", "the", "help", "now", "all", "again", "cordiales", "salutations", "sinceres",
    "sincerement", "distinguees", "respectueusement", "amicalement", "bientot", "excellente", "annee",
    "apres", "midi", "moi", "nos", "notre", "y", "ordre", "dans", "rentre", "rentree", "bel",
    "tellement", "enormement", "chaleureusement", "sincere", "reponses", "explications", "explication",
    "precisions", "precision", "informations", "information", "infos", "intervention",
    "professionnalisme", "disponibilite", "sympa", "efficace", "reactif", "reactifs", "ecoute",
    "travail", "boulot", "service", "okay", "confirme", "confirmation", "ete", "suis", "grandement",
    "aidee", "merveille", "soutien", "suivi", "entierement", "completement", "kind", "best", "regards",
    "warm", "nice", "good", "day", "evening", "weekend", "team", "quick", "fast", "prompt", "response",
    "i", "we", "really", "lot", "many", "working", "perfectly", "fine", "helping", "helpful", "happy",
    "glad", "well", "done", "and",
];

/// What "merci de votre …" asks for, where "merci pour votre …" thanks for it.
const ASKED: &[&str] = &[
    "intervention",
    "confirmation",
    "information",
    "informations",
    "infos",
    "precision",
    "precisions",
    "explication",
    "explications",
    "suivi",
    "reponses",
    "service",
    "travail",
];

/// What was wrong: only beside a word that says it is over.
const TROUBLE: &[&str] = &["probleme", "souci", "incident", "problem", "issue"];
/// Words that say so.
const OVER: &[&str] = &["resolu", "resolue", "regle", "reglee", "solved", "resolved", "fixed", "sorted"];
/// Signs that say thanks without words.
const SIGNS: [char; 5] = ['\u{1f44d}', '\u{1f64f}', '\u{1f44c}', '\u{2705}', '\u{2764}'];

/// Whether a text, without its quotes, is no more than thanks or a confirmation, signed or not by the sender:
/// `sender` is their name and address, as they came.
pub fn is_thanks(text: &str, sender: &str) -> bool {
    if text.contains('?') {
        return false;
    }
    let names: Vec<String> = words(sender).collect();
    let (mut count, mut says_so) = (0, text.contains(SIGNS));
    let (mut trouble, mut over) = (false, false);
    let mut before = [String::new(), String::new(), String::new()];
    for word in words(text) {
        if ASKED.contains(&word.as_str()) && before[0] == "merci" && matches!(before[1].as_str(), "de" | "d")
        {
            return false;
        }
        before.rotate_left(1);
        before[2].clone_from(&word);
        count += 1;
        let thanks = SAYS_SO.contains(&word.as_str()) || is_long_merci(&word);
        says_so |= thanks;
        over |= OVER.contains(&word.as_str());
        let troubles = TROUBLE.contains(&word.as_str());
        trouble |= troubles;
        let known = thanks || troubles || BESIDE.contains(&word.as_str()) || names.contains(&word);
        if count > MOST_WORDS || !known {
            return false;
        }
    }
    says_so && (over || !trouble)
}

/// "Merciii".
fn is_long_merci(word: &str) -> bool {
    word.strip_prefix("merci").is_some_and(|rest| rest.chars().all(|c| c == 'i'))
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
            "Merciiii !",
            "👍",
            "Merci 🙏",
            "Merci infiniment pour votre réactivité et votre professionnalisme.",
            "Je vous remercie pour votre intervention rapide.\nBien cordialement,\nLéa Martin",
            "Avec tous mes remerciements",
            "Problème résolu, merci beaucoup !",
            "C’est bon, tout est rentré dans l’ordre. Merci !",
            "Super, merci pour ces précisions.\nBonne fin de journée",
            "Parfait, merci à vous et bon week-end",
            "Ça fonctionne parfaitement maintenant, merci pour tout",
            "Ok super, merci bien",
            "Thanks a lot!\nBest regards,\nLéa",
            "Great, it works now. Thank you very much",
            "Awesome, thanks for the quick response!",
            "Issue solved, thank you",
            "Much appreciated",
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
            "Merci, encore un problème",
            "Merci. Un souci",
            "Merci par avance",
            "Thanks in advance",
            "Je vous remercie de bien vouloir me rembourser",
            "Merci pour votre réponse, cependant rien ne change",
            "Merci, par contre l’export est vide",
            "Merci, toujours pas",
            "Tout fonctionne sauf l’export",
            "Thanks, however it is slow",
            "It is not working",
            "Merci de faire le nécessaire",
            "Super, et maintenant ?",
            "Merci de m'aider",
            "Merci, quand aurai-je mon argent",
            "👎",
            "Merci, je vous tiens au courant",
            "Merci de votre intervention rapide",
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
