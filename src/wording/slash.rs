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
/// Makes a ticket of a message.
pub const CREATE_TICKET: InBoth = InBoth { english: "Create ticket", french: "Créer un ticket" };
/// Adds a message to a ticket.
pub const ADD_TO_TICKET: InBoth = InBoth { english: "Add to ticket…", french: "Ajouter au ticket…" };
