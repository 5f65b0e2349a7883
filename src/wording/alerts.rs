//! What needs a person, in one sentence and the next step. May import: domain.

use crate::domain::alert::{Alert, AlertKind};

/// The sentence that the CMs' pages show.
pub fn alert(alert: &Alert) -> String {
    let Alert { kind, about, detail, .. } = alert;
    match kind {
        AlertKind::DeadToken => format!(
            "Le compte {about} n’accepte plus notre autorisation ({detail})\u{a0}: aucun mail n’entre ni ne sort. \
             L’exploitant doit lancer «\u{a0}guichet imap login\u{a0}»."
        ),
        AlertKind::MissingMail => format!(
            "La boîte {about} contient des mails qui ne sont pas arrivés ici ({detail}). L’exploitant doit regarder \
             le journal de guichet."
        ),
        AlertKind::LostCanary => format!(
            "Le mail de contrôle envoyé à {about} n’est pas revenu ({detail}). L’exploitant doit vérifier l’envoi et \
             la relève."
        ),
    }
}
