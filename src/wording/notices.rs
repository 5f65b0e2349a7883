//! What a requester is told: titles and messages, byte for byte as the guide has them (« Les 5 Statuts de
//! Ticket »), its straight quotes and plain spaces included; reminders in the same manner.
//!
//! Pure. May import: domain.

use crate::domain::notice::Notice;
use crate::domain::ticket::Status;

/// The title of a notice. A reply that also sets an announced status carries that status's title.
pub fn title(notice: Notice) -> &'static str {
    if matches!(notice, Notice::Reminder { .. }) {
        return "Ticket de support : En attente de votre réponse";
    }
    match notice.status() {
        Some(Status::WaitingCustomer) => "Ticket de support : En attente de votre réponse",
        Some(Status::Resolved) => "Ticket de support : Résolu",
        Some(Status::Closed) => "Ticket de support : Fermé",
        Some(Status::New | Status::InProgress) | None => "Ticket de support : Nouvelle réponse",
    }
}

/// The message of a notice about the ticket with this subject.
pub fn message(notice: Notice, subject: &str) -> String {
    match notice {
        Notice::Reminder { is_last: false } => {
            return format!("Votre ticket '{subject}' est toujours en attente de votre réponse.");
        }
        Notice::Reminder { is_last: true } => {
            return format!(
                "Votre ticket '{subject}' est toujours en attente de votre réponse. Sans nouvelles de votre part, il sera bientôt fermé."
            );
        }
        Notice::Status(_) | Notice::Reply { .. } => {}
    }
    match notice.status() {
        Some(Status::WaitingCustomer) => {
            format!("Votre ticket '{subject}' est maintenant en attente de votre réponse.")
        }
        Some(Status::Resolved) => format!("Votre ticket '{subject}' est maintenant résolu."),
        Some(Status::Closed) => format!("Votre ticket '{subject}' est maintenant fermé."),
        Some(Status::New | Status::InProgress) | None => {
            format!("Votre ticket '{subject}' a reçu une nouvelle réponse.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_status_notices_are_the_guides() {
        let said = |status| {
            let notice = Notice::Status(status);
            format!("{} | {}", title(notice), message(notice, "[Sujet]"))
        };
        assert_eq!(
            [Status::WaitingCustomer, Status::Resolved, Status::Closed].map(said),
            [
                "Ticket de support : En attente de votre réponse | Votre ticket '[Sujet]' est maintenant en attente de votre réponse.",
                "Ticket de support : Résolu | Votre ticket '[Sujet]' est maintenant résolu.",
                "Ticket de support : Fermé | Votre ticket '[Sujet]' est maintenant fermé.",
            ]
        );
    }

    #[test]
    fn a_reply_is_announced_as_a_reply_or_by_the_status_it_sets() {
        let plain = Notice::Reply { then: None };
        assert_eq!(title(plain), "Ticket de support : Nouvelle réponse");
        assert_eq!(message(plain, "Accès"), "Votre ticket 'Accès' a reçu une nouvelle réponse.");
        let resolving = Notice::Reply { then: Some(Status::Resolved) };
        assert_eq!(title(resolving), title(Notice::Status(Status::Resolved)));
        assert_eq!(message(resolving, "Accès"), message(Notice::Status(Status::Resolved), "Accès"));
    }
}
