//! The CMs' resources in French: why something is not kept or not read, the guide's checklist, how things are called.
//!
//! Pure. May import: domain, view, wording.

use super::{dates, rituals};
use crate::domain::article::{ArticleFault, LONGEST_TITLE, Section, Unread};
use crate::domain::canned::CannedFault;
use crate::domain::ids::TicketId;
use crate::domain::ticket::Status;
use crate::view::Pile;
use crate::view::resources::{DayPage, Found};

/// The ways between the resources: the word of each in addresses, and how it is called.
pub const WAYS: [(&str, &str); 5] = [
    ("kb", "Base de connaissances"),
    ("templates", "Modèles"),
    ("faq-tech", "FAQ technique"),
    ("checklist", "Checklist"),
    ("recurring", RECURRING),
];

/// Titles of pages.
pub const TEMPLATES: &str = "Modèles de réponses";
/// The day's.
pub const CHECKLIST: &str = "Checklist quotidienne";
/// What comes up again and again.
pub const RECURRING: &str = "Sujets récurrents";
/// Writing a page.
pub const NEW_ARTICLE: &str = "Créer un article";
/// Writing a page that is there.
pub const EDIT_ARTICLE: &str = "Modifier un article";
/// Writing a standard reply.
pub const NEW_TEMPLATE: &str = "Créer un modèle";
/// Writing a standard reply that is there.
pub const EDIT_TEMPLATE: &str = "Modifier un modèle";

/// How a section is called.
pub const fn section(section: Section) -> &'static str {
    match section {
        Section::Kb => "Base de connaissances",
        Section::FaqTech => "FAQ technique",
    }
}

/// Why a file of the folder is not a page.
pub fn unread(why: Unread) -> &'static str {
    match why {
        Unread::Name => "son nom doit être fait de lettres sans accent, de chiffres, de - et de _",
        Unread::NotAFile => "lien ou dossier, et non un fichier",
        Unread::TooLarge => "plus de 1\u{a0}Mio",
        Unread::NotText => "n’est pas en UTF-8",
        Unread::Unreadable => "ne se laisse pas lire",
        Unread::TooMany => "trop de pages dans ce dossier",
    }
}

/// Why a page is not written.
pub fn article_fault(fault: &ArticleFault) -> String {
    match fault {
        ArticleFault::NoTitle => {
            "L’article n’est pas enregistré\u{a0}: donnez-lui un titre, avec des lettres latines ou des chiffres.".to_owned()
        }
        ArticleFault::NoText => "L’article n’est pas enregistré\u{a0}: il n’a pas de texte.".to_owned(),
        ArticleFault::TooLong(most) => format!(
            "L’article n’est pas enregistré\u{a0}: son titre a {} au plus, son texte {}.",
            dates::count(LONGEST_TITLE as i64, "caractère", "caractères"),
            dates::count(*most as i64, "caractère", "caractères")
        ),
        ArticleFault::Taken(_) => {
            "L’article n’est pas enregistré\u{a0}: un autre porte ce titre. Modifiez-le, ou changez de titre.".to_owned()
        }
        ArticleFault::Unwritable => {
            "L’article n’est pas enregistré\u{a0}: le dossier des articles ne se laisse pas écrire. Prévenez l’exploitant \
             (`docs.dir`)."
                .to_owned()
        }
    }
}

/// Why a standard reply is not kept.
pub fn template_fault(fault: &CannedFault) -> String {
    let why = match fault {
        CannedFault::NoTitle => "donnez-lui un titre, avec des lettres ou des chiffres".to_owned(),
        CannedFault::LongTitle(most) => {
            format!("son titre a {} au plus", dates::count(*most as i64, "caractère", "caractères"))
        }
        CannedFault::NoText => "il n’a pas de texte".to_owned(),
        CannedFault::TooLong(most) => {
            format!("son texte a {} au plus", dates::count(*most as i64, "caractère", "caractères"))
        }
        CannedFault::Open(what) => format!("le crochet «\u{a0}{what}\u{a0}» n’est pas fermé sur sa ligne"),
        CannedFault::UnknownRule(name, Some(meant)) => {
            format!("[{name}] ne se remplit pas. Vouliez-vous dire [{meant}]\u{a0}?")
        }
        CannedFault::UnknownRule(name, None) => {
            format!("[{name}] demande une règle inconnue\u{a0}: un crochet ne porte qu’un nom")
        }
        CannedFault::Taken(key) => {
            format!("un autre s’appelle «\u{a0}{key}\u{a0}». Modifiez-le, ou changez de titre")
        }
    };
    let end = if why.ends_with('?') { "" } else { "." };
    format!("Le modèle n’est pas enregistré\u{a0}: {why}{end}")
}

/// Somebody else was faster with a standard reply, or a page.
pub const OVERTAKEN: &str = "Rien n’est enregistré\u{a0}: quelqu’un d’autre a écrit entre-temps. Son texte et le vôtre sont \
    ci-dessous\u{a0}; reprenez ce qui doit rester, puis enregistrez de nouveau.";

/// Somebody else was faster, with a button.
pub const CHANGED_MEANWHILE: &str =
    "Rien n’a été fait\u{a0}: quelqu’un d’autre a écrit entre-temps. Relisez, puis recommencez.";

/// A page was written.
pub const ARTICLE_KEPT: &str = "L’article est enregistré.";

/// A standard reply was written.
pub const TEMPLATE_KEPT: &str = "Le modèle est enregistré\u{a0}: il sert dès maintenant, sur les pages, dans les chats et en \
    ligne de commande.";

/// No ticket has this number.
pub fn no_ticket(number: &str) -> String {
    let number: String = number.chars().filter(|c| !c.is_control()).take(20).collect();
    match number.trim() {
        "" => "Donnez le numéro du ticket.".to_owned(),
        number => format!("Aucun ticket n’a le numéro «\u{a0}{number}\u{a0}»."),
    }
}

/// What is said above the pages that a search found.
pub fn found(found: &Found) -> String {
    match found.total {
        0 => format!(
            "Aucun article pour «\u{a0}{}\u{a0}». Essayez moins de mots, ou le début d’un mot.",
            found.words
        ),
        total => {
            let all = dates::count(total as i64, "article", "articles");
            match total > found.pages.len() {
                true => format!("{all}, dont les {} premiers\u{a0}:", found.pages.len()),
                false => format!("{all}\u{a0}:"),
            }
        }
    }
}

/// The text that a page begins with when it is made of a subject that comes up again. The tickets are named by number only:
/// what their requesters wrote does not outlive them in a file.
pub fn article_start(tickets: &[TicketId]) -> String {
    let tickets: String =
        tickets.iter().map(|id| format!("- [ticket {id}](/admin/support/tickets/{id})\n")).collect();
    format!("## Question\n\n\n\n## Réponse\n\n\n\n## Tickets\n\n{tickets}")
}

/// The text that a standard reply begins with.
pub const TEMPLATE_START: &str = "Bonjour [Prénom],\n\n\n\nCordialement,\n[Votre prénom]";

/// A part of the guide's « Checklist Quotidienne ».
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayPart<'a> {
    /// Its heading, in the guide's words.
    pub title: &'static str,
    /// What it asks for.
    pub items: Vec<DayItem<'a>>,
}

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayItem<'a> {
    /// In the guide's words.
    pub what: &'static str,
    /// Nothing is left of it.
    pub is_done: bool,
    /// What is left, or why nothing is.
    pub said: String,
    /// The first tickets that are left.
    pub tickets: Option<&'a Pile>,
    /// A page that leads on: its address, and what is written on the way there.
    pub leads: Option<(&'static str, &'static str)>,
}

/// The guide's « Checklist Quotidienne », each line with what the desk knows of it.
pub fn day(page: &DayPage) -> Vec<DayPart<'_>> {
    let list = &page.list;
    vec![
        DayPart {
            title: "Début de Journée",
            items: vec![
                of_pile("Vérifier les tickets \"Nouveau\" (objectif : 0)", &list.new, "à prendre en charge"),
                of_pile(
                    "Relancer les tickets \"En attente client\" > 3 jours",
                    &list.waiting,
                    &format!("en attente depuis plus de {}", dates::promised(list.waiting_seconds)),
                ),
                of_pile(
                    "Vérifier les tickets \"En cours\" > 24h",
                    &list.in_progress,
                    &format!("en cours depuis plus de {}", dates::promised(list.in_progress_seconds)),
                ),
            ],
        },
        DayPart {
            title: "Pendant la Journée",
            items: vec![
                of_pile(
                    "Répondre aux nouveaux tickets < 2h",
                    &list.due_today,
                    "dont une réponse est due d’ici ce soir",
                ),
                of_pile(
                    "Mettre à jour les statuts correctement",
                    &page.answered,
                    "en cours alors qu’une réponse est donnée\u{a0}: en attente client, ou résolu\u{a0}?",
                ),
                DayItem {
                    what: "Documenter les problèmes récurrents",
                    is_done: page.undocumented == 0,
                    said: match page.undocumented {
                        0 => "Chaque sujet récurrent a son article.".to_owned(),
                        some => {
                            let some = dates::count(some as i64, "sujet récurrent", "sujets récurrents");
                            format!("{some} sans article.")
                        }
                    },
                    tickets: None,
                    leads: Some(("/docs/recurring", "Sujets récurrents")),
                },
            ],
        },
        DayPart {
            title: "Fin de Journée",
            items: vec![
                of_pile(
                    "Fermer les tickets \"Résolu\" > 24h sans réponse",
                    &list.resolved,
                    &format!(
                        "à l’état «\u{a0}Résolu\u{a0}» depuis plus de {}",
                        dates::promised(list.resolved_seconds)
                    ),
                ),
                of_pile(
                    "Préparer les tickets pour le lendemain",
                    &page.tomorrow,
                    &format!("dont une réponse est due d’ici la fin du {}", dates::long_day(page.next_day)),
                ),
                DayItem {
                    what: "Mettre à jour le rapport quotidien",
                    is_done: true,
                    said: "Le rapport se tient à jour de lui-même.".to_owned(),
                    tickets: None,
                    leads: Some(("/admin/support/report", "Tableau de bord")),
                },
            ],
        },
    ]
}

fn of_pile<'a>(what: &'static str, pile: &'a Pile, left: &str) -> DayItem<'a> {
    let said = match pile.total {
        0 => "Rien ne reste.".to_owned(),
        total => {
            let end = if left.ends_with('?') { "" } else { "." };
            format!("{} {left}{end}", dates::count(total, "ticket", "tickets"))
        }
    };
    DayItem { what, is_done: pile.total == 0, said, tickets: Some(pile), leads: None }
}

/// « Checklist du mardi 24 novembre 2026 ».
pub fn day_title(page: &DayPage) -> String {
    rituals::checklist_title(&page.list)
}

/// « 12 tickets depuis 30 jours ».
pub fn recurring_head(tickets: usize, days: i64, is_cut: bool) -> String {
    let tickets = dates::count(tickets as i64, "ticket", "tickets");
    let days = dates::count(days, "jour", "jours");
    match is_cut {
        true => format!("Les {tickets} les plus récents des {days} passés."),
        false => format!("{tickets} depuis {days}, sans le spam."),
    }
}

/// The statuses that may follow a standard reply.
pub const FOLLOWING: [Status; 4] =
    [Status::InProgress, Status::WaitingCustomer, Status::Resolved, Status::Closed];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_says_what_to_do() {
        let articles = [
            ArticleFault::NoTitle,
            ArticleFault::NoText,
            ArticleFault::TooLong(100_000),
            ArticleFault::Taken("x".into()),
            ArticleFault::Unwritable,
        ];
        let templates = [
            CannedFault::NoTitle,
            CannedFault::LongTitle(100),
            CannedFault::NoText,
            CannedFault::TooLong(20_000),
            CannedFault::Open("[Prénom".into()),
            CannedFault::UnknownRule("prenom".into(), Some("Prénom")),
            CannedFault::UnknownRule("date|demain".into(), None),
            CannedFault::Taken("retard".into()),
        ];
        let said = articles.iter().map(article_fault).chain(templates.iter().map(template_fault));
        let said = said.collect::<Vec<_>>().join("\n").replace(['\u{a0}', '\u{202f}'], "~");
        insta::assert_snapshot!(said, @r"
        L’article n’est pas enregistré~: donnez-lui un titre, avec des lettres latines ou des chiffres.
        L’article n’est pas enregistré~: il n’a pas de texte.
        L’article n’est pas enregistré~: son titre a 200~caractères au plus, son texte 100~000~caractères.
        L’article n’est pas enregistré~: un autre porte ce titre. Modifiez-le, ou changez de titre.
        L’article n’est pas enregistré~: le dossier des articles ne se laisse pas écrire. Prévenez l’exploitant (`docs.dir`).
        Le modèle n’est pas enregistré~: donnez-lui un titre, avec des lettres ou des chiffres.
        Le modèle n’est pas enregistré~: son titre a 100~caractères au plus.
        Le modèle n’est pas enregistré~: il n’a pas de texte.
        Le modèle n’est pas enregistré~: son texte a 20~000~caractères au plus.
        Le modèle n’est pas enregistré~: le crochet «~[Prénom~» n’est pas fermé sur sa ligne.
        Le modèle n’est pas enregistré~: [prenom] ne se remplit pas. Vouliez-vous dire [Prénom]~?
        Le modèle n’est pas enregistré~: [date|demain] demande une règle inconnue~: un crochet ne porte qu’un nom.
        Le modèle n’est pas enregistré~: un autre s’appelle «~retard~». Modifiez-le, ou changez de titre.
        ");
    }
}
