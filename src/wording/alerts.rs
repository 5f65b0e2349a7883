//! What needs a person, in one sentence and the next step. May import: domain.

use super::dates;
use crate::domain::alert::{Alert, AlertKind};

/// « 2 mails qui ne sont pas arrivés ici », by the number that the alert holds.
fn not_arrived(detail: &str) -> String {
    match detail.parse() {
        Ok(1) => "1\u{a0}mail qui n’est pas arrivé ici".to_owned(),
        Ok(count) => format!("{} qui ne sont pas arrivés ici", dates::count(count, "mail", "mails")),
        Err(_) => "des mails qui ne sont pas arrivés ici".to_owned(),
    }
}

/// What a chat platform does not let us do, by the word that the alert holds, and what to grant.
fn refused(about: &str, what: &str) -> String {
    let channel = about.rsplit(':').next().unwrap_or(about);
    match what {
        "unknown_channel" => format!(
            "Discord\u{a0}: le salon {channel} n’existe plus\u{a0}; indiquez-en un autre dans la configuration."
        ),
        "missing_access" => format!(
            "Discord\u{a0}: le bot ne voit pas le salon {channel}\u{a0}; donnez-lui «\u{a0}Voir le salon\u{a0}»."
        ),
        "missing_permissions" => format!(
            "Discord\u{a0}: il manque au bot une permission dans le salon {channel} (envoyer des messages, créer des fils \
             publics, envoyer des messages dans les fils, gérer les fils, intégrer des liens, joindre des fichiers)."
        ),
        "bad_token" => {
            "Discord n’accepte plus le jeton du bot\u{a0}; mettez le nouveau dans la configuration."
                .to_owned()
        }
        other => format!("Discord refuse de publier dans le salon {channel} ({other})."),
    }
}

/// The sentence that the CMs' pages show.
pub fn alert(alert: &Alert) -> String {
    let Alert { kind, about, detail, .. } = alert;
    match kind {
        AlertKind::DeadToken => format!(
            "Le compte {about} n’accepte plus notre autorisation ({detail})\u{a0}: aucun mail n’entre ni ne sort. \
             L’exploitant doit lancer «\u{a0}guichet imap login\u{a0}»."
        ),
        AlertKind::MissingMail => format!(
            "La boîte {about} contient {}. L’exploitant doit lancer «\u{a0}guichet mail reconcile\u{a0}».",
            not_arrived(detail)
        ),
        AlertKind::LostCanary => format!(
            "Le mail de contrôle envoyé à {about} n’est pas revenu ({detail}). L’exploitant doit vérifier l’envoi et \
             la relève."
        ),
        AlertKind::ChatRefused => {
            format!("{} L’exploitant vérifie tout avec «\u{a0}guichet check\u{a0}».", refused(about, detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn missing_mails_are_counted_in_the_sentence() {
        let said = |detail: &str| {
            let about = "INBOX@imap.example.org".to_owned();
            alert(&Alert {
                kind: AlertKind::MissingMail,
                about,
                detail: detail.into(),
                since: DateTime::UNIX_EPOCH,
            })
        };
        let one = "La boîte INBOX@imap.example.org contient 1\u{a0}mail qui n’est pas arrivé ici. ";
        assert!(said("1").starts_with(one), "{}", said("1"));
        assert!(said("2").contains("2\u{a0}mails qui ne sont pas arrivés ici."), "{}", said("2"));
    }
}
