//! What needs a person, in one sentence and the next step. May import: domain.

use super::check::discord::Right;
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
    match about.strip_prefix("slack:") {
        Some(channel) => refused_by_slack(channel, what),
        None => refused_by_discord(about, what),
    }
}

fn refused_by_slack(channel: &str, what: &str) -> String {
    let (word, name) = what.split_once(':').unwrap_or((what, ""));
    let word = if word.starts_with("restricted_action") { "restricted_action" } else { word };
    match word {
        "unknown_channel" => format!(
            "Slack\u{a0}: le bot ne voit pas le canal {channel}\u{a0}; invitez-le s’il est privé, ou indiquez-en un autre dans la \
             configuration."
        ),
        "archived" => format!(
            "Slack\u{a0}: le canal #{name} est archivé\u{a0}; désarchivez-le, ou indiquez-en un autre."
        ),
        "not_invited" => format!(
            "Slack\u{a0}: le bot n’est plus dans #{name}\u{a0}; écrivez-y `/invite @Guichet`, ce qui attend y est publié \
             aussitôt."
        ),
        "bad_token" => {
            "Slack n’accepte plus un jeton de l’application\u{a0}; mettez le nouveau dans la configuration."
                .to_owned()
        }
        "missing_scope" => format!(
            "Slack\u{a0}: il manque à l’application la portée «\u{a0}{name}\u{a0}»\u{a0}; ajoutez-la (page OAuth & Permissions), \
             puis réinstallez l’application."
        ),
        "restricted_action" => format!(
            "Slack\u{a0}: un administrateur interdit au bot d’écrire dans le canal {channel}\u{a0}; autorisez-le dans les réglages du canal, \
             ce qui attend y est publié ensuite."
        ),
        "link_disabled" => {
            "Slack\u{a0}: le Socket Mode est désactivé\u{a0}; activez-le dans les réglages de l’application."
                .to_owned()
        }
        _ => format!("Slack refuse de nous servir ({what})."),
    }
}

fn refused_by_discord(about: &str, what: &str) -> String {
    let channel = about.rsplit(':').next().unwrap_or(about);
    if let Some((rights, name)) = what.strip_prefix("lacks:").and_then(|rest| rest.split_once(':')) {
        let rights: Vec<String> = rights
            .split(',')
            .filter_map(Right::from_word)
            .map(|right| format!("«\u{a0}{}\u{a0}»", right.french()))
            .collect();
        return format!(
            "Discord\u{a0}: dans le salon «\u{a0}{name}\u{a0}», donnez au rôle du bot {}\u{a0}; ce qui attend y est \
             publié aussitôt.",
            rights.join(", ")
        );
    }
    match what {
        "unknown_channel" => format!(
            "Discord\u{a0}: le salon {channel} n’existe plus\u{a0}; indiquez-en un autre dans la configuration."
        ),
        "bad_token" => {
            "Discord n’accepte plus le jeton du bot\u{a0}; mettez le nouveau dans la configuration."
                .to_owned()
        }
        "no_commands" => "Discord ne laisse pas le bot enregistrer ses commandes\u{a0}: réinvitez-le par le lien que donne `guichet check`."
            .to_owned(),
        "missing_intent" => "Discord ne laisse pas le bot lire les messages\u{a0}: dans le portail des développeurs, page Bot, \
             cochez «\u{a0}Message Content Intent\u{a0}»."
            .to_owned(),
        "sessions_spent" => "Discord n’accorde plus que quelques connexions au bot aujourd’hui\u{a0}: rien n’y est lu avant \
             qu’il en accorde de nouvelles."
            .to_owned(),
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
        AlertKind::DeadWebhook => format!(
            "Le webhook {about} ne reçoit plus rien ({detail})\u{a0}: l’application n’est pas tenue au courant. L’exploitant \
             voit ce qui attend avec «\u{a0}guichet webhook list\u{a0}», et l’essaie avec «\u{a0}guichet webhook test\u{a0}»."
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

    #[test]
    fn a_missing_permission_is_named_with_its_channel() {
        let said = |about: &str, detail: &str| {
            alert(&Alert {
                kind: AlertKind::ChatRefused,
                about: about.into(),
                detail: detail.into(),
                since: DateTime::UNIX_EPOCH,
            })
        };
        let lacks = said("discord:7", "lacks:send_messages,attach_files:support: 2");
        let named = "dans le salon «\u{a0}support: 2\u{a0}», donnez au rôle du bot «\u{a0}Envoyer des messages\u{a0}», \
                     «\u{a0}Joindre des fichiers\u{a0}»";
        assert!(lacks.contains(named), "{lacks}");
        assert!(said("discord:7", "unknown_channel").contains("le salon 7 n’existe plus"));
        assert!(said("discord:gateway", "missing_intent").contains("Message Content Intent"));
    }
}
