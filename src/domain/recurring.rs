//! What comes up again and again: tags, and the words of subjects that many tickets share.
//!
//! Pure. May import: domain.

use super::fold::{fold, word_places};
use super::ids::TicketId;
use std::collections::{HashMap, HashSet};

/// How many tickets make a subject one that comes up again, among those of some weeks.
pub const LEAST: usize = 3;
/// How short a word may be that loses its plural, in bytes.
const SHORT: usize = 4;
/// How many are told of.
pub const MOST: usize = 30;
/// How much of a subject is looked at, in characters.
const LOOKED_AT: usize = 200;
/// The longest name, in characters.
const LONGEST: usize = 80;

/// A ticket, as far as it counts here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its number.
    pub id: TicketId,
    /// Its subject.
    pub subject: String,
    /// Its tags.
    pub tags: Vec<String>,
}

/// Something that comes up again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// A tag, or words as the first subject that has them writes them, in lower case.
    pub name: String,
    /// It is a tag.
    pub is_tag: bool,
    /// The tickets, in the order given.
    pub tickets: Vec<TicketId>,
}

/// What at least [`LEAST`] of the tickets share.
pub fn topics(asked: &[Asked]) -> Vec<Topic> {
    shared(asked, LEAST)
}

/// What at least so many of the tickets share, what most of them share first. A word that hardly stands without its
/// neighbour counts as the pair; what the very same tickets share is told once, as the tag that somebody chose where there is
/// one.
pub fn shared(asked: &[Asked], least: usize) -> Vec<Topic> {
    let mut tags: HashMap<&str, Vec<TicketId>> = HashMap::new();
    let mut words: HashMap<String, Counted> = HashMap::new();
    let mut pairs: HashMap<(String, String), Counted> = HashMap::new();
    for ticket in asked {
        for tag in &ticket.tags {
            tags.entry(tag).or_default().push(ticket.id);
        }
        let subject = match ticket.subject.char_indices().nth(LOOKED_AT) {
            Some((end, _)) => &ticket.subject[..end],
            None => ticket.subject.as_str(),
        };
        let significant: Vec<(String, std::ops::Range<usize>)> = word_places(subject)
            .map(|place| (fold(&subject[place.clone()]), place))
            .filter(|(word, _)| is_significant(word))
            .map(|(word, place)| (singular(word), place))
            .collect();
        for (word, place) in &significant {
            words.entry(word.clone()).or_default().add(ticket.id, &subject[place.clone()]);
        }
        for two in significant.windows(2) {
            let [(first, from), (second, to)] = two else { continue };
            if first != second {
                let pair = pairs.entry((first.clone(), second.clone())).or_default();
                pair.add(ticket.id, &subject[from.start..to.end]);
            }
        }
    }
    pairs.retain(|_, counted| counted.tickets.len() >= least);
    // Nearly every ticket that has the word has the pair: the pair says more.
    for ((first, second), pair) in &pairs {
        for word in [first, second] {
            if words.get(word).is_some_and(|alone| pair.tickets.len() * 5 >= alone.tickets.len() * 4) {
                words.remove(word);
            }
        }
    }
    let tags = tags.into_iter().map(|(tag, tickets)| Topic { name: tag.to_owned(), is_tag: true, tickets });
    let words = pairs.into_values().chain(words.into_values()).map(|counted| Topic {
        name: counted.name,
        is_tag: false,
        tickets: counted.tickets,
    });
    let mut topics: Vec<Topic> = tags.chain(words).filter(|topic| topic.tickets.len() >= least).collect();
    topics.sort_by(|a, b| {
        let key = |topic: &Topic| (usize::MAX - topic.tickets.len(), !topic.is_tag, fold(&topic.name));
        key(a).cmp(&key(b))
    });
    let mut told: HashSet<Vec<TicketId>> = HashSet::new();
    topics.retain(|topic| told.insert(topic.tickets.clone()));
    topics.truncate(MOST);
    topics
}

#[derive(Default)]
struct Counted {
    name: String,
    tickets: Vec<TicketId>,
}

impl Counted {
    fn add(&mut self, ticket: TicketId, name: &str) {
        if self.tickets.last() == Some(&ticket) {
            return;
        }
        if self.tickets.is_empty() {
            self.name = name.to_lowercase().chars().take(LONGEST).collect();
        }
        self.tickets.push(ticket);
    }
}

/// A folded word without the mark of most plurals: « factures » counts as « facture ».
fn singular(mut word: String) -> String {
    if word.len() > SHORT && word.ends_with(['s', 'x']) {
        word.pop();
    }
    word
}

/// Whether a folded word says what a subject is about.
fn is_significant(word: &str) -> bool {
    word.chars().count() >= 3
        && !word.chars().all(|c| c.is_numeric())
        && STOP_WORDS.binary_search(&word).is_err()
}

/// Folded words that say nothing of what a subject is about, in the order of their letters: those of grammar, of politeness,
/// of asking for help, and what mail programs put before a subject.
#[rustfmt::skip]
const STOP_WORDS: [&str; 189] = [
    "aide", "aider", "ailleurs", "ainsi", "alors", "apres", "assez", "aucun", "aucune", "aupres", "aussi", "autre",
    "autres", "avant", "avec", "avez", "avoir", "avons", "bien", "bonjour", "bonsoir", "car", "cause", "ceci", "cela",
    "celle", "celles", "celui", "cent", "cependant", "ces", "cet", "cette", "ceux", "chaque", "chez", "comme",
    "comment", "concernant", "contre", "cordialement", "dans", "debut", "demande", "depuis", "des", "deux", "devant",
    "doit", "donc", "dont", "durant", "elle", "elles", "encore", "entre", "est", "etaient", "etait", "ete", "etes",
    "etre", "eux", "faire", "fait", "faites", "faut", "fois", "fwd", "hello", "help", "hier", "ici", "ils",
    "impossible", "info", "information", "informations", "jamais", "jour", "jours", "lequel", "les", "leur", "leurs",
    "lors", "lorsque", "lui", "madame", "mail", "mais", "malgre", "meme", "memes", "merci", "mes", "message",
    "messieurs", "mettre", "mien", "moi", "moins", "mois", "mon", "monsieur", "nos", "notre", "nous", "nouveau",
    "nouvelle", "objet", "ont", "oui", "par", "parce", "pas", "pendant", "petit", "petite", "peu", "peut", "peux",
    "plus", "plusieurs", "pour", "pourquoi", "pouvez", "probleme", "problemes", "puis", "quand", "que", "quel",
    "quelle", "quelles", "quelque", "quelques", "quels", "question", "questions", "qui", "quoi", "ref", "rel", "rep",
    "reponse", "salut", "sans", "sauf", "savoir", "selon", "ses", "seulement", "siens", "sinon", "soit", "solution",
    "son", "sont", "souci", "sous", "suis", "suite", "sujet", "sur", "svp", "tellement", "tes", "toujours", "tous",
    "tout", "toute", "toutes", "tres", "trois", "trop", "une", "urgent", "urgente", "vers", "veuillez", "veux",
    "voici", "voir", "vos", "votre", "voulez", "vous", "vraiment",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(subjects: &[(&str, &str)]) -> Vec<Asked> {
        let tags = |tags: &str| tags.split_whitespace().map(str::to_owned).collect();
        let one = |(id, (subject, with)): (i64, &(&str, &str))| Asked {
            id: TicketId(id),
            subject: (*subject).to_owned(),
            tags: tags(with),
        };
        (1..).zip(subjects).map(one).collect()
    }

    fn told(subjects: &[(&str, &str)]) -> Vec<(String, bool, usize)> {
        topics(&asked(subjects)).into_iter().map(|one| (one.name, one.is_tag, one.tickets.len())).collect()
    }

    #[test]
    fn words_that_many_subjects_share_are_told_and_those_of_grammar_are_not() {
        let told = told(&[
            ("Paiement par carte refusé", ""),
            ("Re: mon paiement par CARTE refusé !", ""),
            ("Bonjour, paiement par carte", ""),
            ("Bonjour, problème de retrait", ""),
            ("Bonjour, problème 2026", ""),
            ("Bonjour, problème 2026", ""),
            ("Le retrait des gains", ""),
            ("Retraît", ""),
        ]);
        assert_eq!(told, [("paiement par carte".to_owned(), false, 3), ("retrait".to_owned(), false, 3)]);
    }

    #[test]
    fn a_tag_stands_for_the_words_of_the_same_tickets() {
        let told = told(&[
            ("Facture de mai", "facturation vip"),
            ("Factures", "facturation"),
            ("facture de juin, facture de juillet", "facturation"),
            ("ma facture", ""),
            ("Export vide", "export"),
            ("export", "export"),
            ("EXPORT !", "export"),
        ]);
        assert_eq!(
            told,
            [
                ("facture".to_owned(), false, 4),
                ("export".to_owned(), true, 3),
                ("facturation".to_owned(), true, 3),
            ]
        );
    }

    #[test]
    fn a_subject_of_any_length_costs_little_and_the_list_has_an_end() {
        let long = "mot-clef ".repeat(100_000);
        let many: String = (0..25).map(|n| format!("sujet{n} ")).collect();
        let told = told(&[(&long, ""), (&long, ""), (&long, ""), (&many, ""), (&many, ""), (&many, "")]);
        assert!(told.len() <= MOST, "{told:?}");
        assert!(told.iter().all(|(name, ..)| name.chars().count() <= LONGEST));
    }

    #[test]
    fn the_stop_words_are_folded_and_in_order() {
        assert!(STOP_WORDS.is_sorted());
        assert!(STOP_WORDS.iter().all(|word| fold(word) == *word));
    }
}
