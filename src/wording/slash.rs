//! What a platform's menus call our commands, in the English of their base and in French. May import: nothing.

/// A text in the two languages that a menu is shown in.
#[derive(Debug, Clone, Copy)]
pub struct InBoth {
    /// The base.
    pub english: &'static str,
    /// What French clients show.
    pub french: &'static str,
}

/// What `/ticket` is for.
pub const TICKET: InBoth = InBoth { english: "Work on the tickets", french: "Travailler sur les tickets" };
/// What `/guichet` is for.
pub const DESK: InBoth = InBoth {
    english: "Requesters, knowledge base, figures, checklist and report",
    french: "Utilisateurs, base de connaissances, chiffres, checklist et rapport",
};
/// The files that go with a reply, where a platform takes files with a command.
pub const FILES: [(InBoth, InBoth); 3] = [
    (
        InBoth { english: "file", french: "fichier" },
        InBoth { english: "A file that goes with the reply", french: "Un fichier qui part avec la réponse" },
    ),
    (
        InBoth { english: "file2", french: "fichier2" },
        InBoth { english: "A second file", french: "Un deuxième fichier" },
    ),
    (
        InBoth { english: "file3", french: "fichier3" },
        InBoth { english: "A third file", french: "Un troisième fichier" },
    ),
];
/// What a shortcut on a message is for.
pub const FROM_A_MESSAGE: InBoth =
    InBoth { english: "Keep this message on a ticket", french: "Garder ce message sur un ticket" };

/// What the app is for, in a line.
pub fn about(brand: &str) -> String {
    let brand: String = brand.chars().take(80).collect();
    format!("Le guichet de support de {brand}")
}

/// Makes a ticket of a message.
pub const CREATE_TICKET: InBoth = InBoth { english: "Create ticket", french: "Créer un ticket" };
/// Adds a message to a ticket.
pub const ADD_TO_TICKET: InBoth = InBoth { english: "Add to ticket…", french: "Ajouter au ticket…" };
