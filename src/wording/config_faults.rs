//! What is wrong with a configuration, said to the operator: one line for each fault, the key first.
//!
//! May import: config, domain. What the system or the TOML reader says stays in English, as they say it.

use crate::config::{Fault, Problem, Wanted};
use crate::domain::holidays::Holidays;

/// All the faults, one line each.
pub fn say_all(faults: &[Fault]) -> String {
    faults.iter().map(say).collect::<Vec<_>>().join("\n")
}

/// One fault: `smtp.port : attend un nombre entier de 1 à 65535.`
pub fn say(fault: &Fault) -> String {
    format!("{}\u{a0}: {}", fault.key, problem(&fault.problem))
}

fn problem(problem: &Problem) -> String {
    match problem {
        Problem::Unreadable { path, why } => {
            format!("le fichier {} ne peut pas être lu ({why}).", path.display())
        }
        Problem::NoCertificates { path, why } => {
            format!("le fichier {} ne tient aucun certificat utilisable ({why}).", path.display())
        }
        Problem::BadTemplate { why } => format!("un modèle ne peut pas servir ({why})."),
        Problem::Syntax { line, why } => format!("ce n’est pas du TOML, ligne {line} ({why})."),
        Problem::Unknown { nearest } => format!("clé inconnue. La plus proche\u{a0}: {nearest}."),
        Problem::UnknownWord { word, nearest } => {
            format!("«\u{a0}{word}\u{a0}» n’est pas connu. Le plus proche\u{a0}: {nearest}.")
        }
        Problem::Missing => "il faut donner cette clé.".to_owned(),
        Problem::NoSide { folder } => format!("il faut cette section, ou bien la clé {folder}."),
        Problem::Twice { other } => format!("fait double emploi avec {other}. Gardez l’une des deux."),
        Problem::KeptTwice { other } => {
            format!("`{other}` garde déjà la copie des mails envoyés\u{a0}: une seule boîte le fait.")
        }
        Problem::SameMailbox { other } => {
            format!("c’est la même boîte que celle de {other}. Une boîte se donne une seule fois.")
        }
        Problem::NoSharedAccount => {
            "aucun `oauth2` d’une section imap ne convient, ou plusieurs\u{a0}: donnez le `username` \
                                     de l’un d’eux."
                .to_owned()
        }
        Problem::OnlyWith { setting } => format!("n’a de sens qu’avec {setting}."),
        Problem::ShortKey => {
            "cette clé RSA est trop courte pour signer\u{a0}: il en faut une de 2048 bits au moins."
                .to_owned()
        }
        Problem::Wants(wanted) => format!("attend {}.", want(*wanted)),
        Problem::PlainText => "une connexion sans chiffrement n’est acceptée que vers cette machine \
                               (localhost, 127.0.0.1, ::1)."
            .to_owned(),
        Problem::NoFolder(folder) => format!("le dossier {} n’existe pas.", folder.display()),
    }
}

fn want(wanted: Wanted) -> String {
    match wanted {
        Wanted::Section => "une section, entre crochets sur une ligne à elle".to_owned(),
        Wanted::Text => "un texte sur une ligne, entre guillemets, qui ne soit pas vide".to_owned(),
        Wanted::Number(least, most) => format!("un nombre entier de {least} à {most}"),
        Wanted::Duration(least, most) => {
            format!("une durée comme 60s, 5m, 2h ou 3d, de {} à {}", duration(least), duration(most))
        }
        Wanted::OneOf(words) => format!("l’un de ces mots\u{a0}: {}", words.join(", ")),
        Wanted::FolderName => "le nom d’un dossier du compte".to_owned(),
        Wanted::AfterIngest => "keep, seen, delete, ou move: suivi d’un dossier".to_owned(),
        Wanted::TimeZone => "un fuseau horaire comme Europe/Paris".to_owned(),
        Wanted::PublicUrl => "une adresse comme https://aide.exemple.fr".to_owned(),
        Wanted::PublicRoot => "une adresse sans chemin, comme https://aide.exemple.fr".to_owned(),
        Wanted::OAuth2 => "une table comme { provider = \"google\", client_id = \"…\" }".to_owned(),
        Wanted::Tenant => {
            "common, organizations, ou bien le domaine ou l’identifiant de votre organisation".to_owned()
        }
        Wanted::DatabaseUrl => {
            "sqlite://dossier/fichier.db ou postgres://utilisateur@serveur/base".to_owned()
        }
        Wanted::SocketAddress => "une adresse IP et un port, comme 127.0.0.1:3000".to_owned(),
        Wanted::Address => "une adresse comme support@exemple.fr, seule".to_owned(),
        Wanted::Dkim => {
            "une table comme { domain = \"exemple.fr\", selector = \"guichet\", private_key = \"…\" }"
                .to_owned()
        }
        Wanted::DkimKey => {
            "une clé privée RSA (de 2048 à 4096 bits) ou Ed25519, en PEM ou telle que l’écrit \
                            guichet dkim keygen"
                .to_owned()
        }
        Wanted::Domain => "un domaine comme exemple.fr".to_owned(),
        Wanted::Selector => "un sélecteur comme guichet, en lettres, chiffres et tirets".to_owned(),
        Wanted::VapidKey => "une clé faite par guichet push keygen".to_owned(),
        Wanted::WebhookSecret => "un secret fait par guichet webhook keygen (whsec_…)".to_owned(),
        Wanted::WebhookUrl => "une adresse comme https://application.exemple.fr/webhooks".to_owned(),
        Wanted::WebhookEvents => "une liste d’événements comme [\"ticket.created\"], un au moins".to_owned(),
        Wanted::Contact => "une adresse comme support@exemple.fr, ou https://exemple.fr/contact".to_owned(),
        Wanted::Sender => "un expéditeur comme Support <support@exemple.fr>".to_owned(),
        Wanted::ChatId => {
            "un identifiant de Discord, en chiffres\u{a0}: clic droit, «\u{a0}Copier l’identifiant\u{a0}»"
                .to_owned()
        }
        Wanted::ChatIds => "une liste d’identifiants de Discord comme [\"1100000000000000001\"]".to_owned(),
        Wanted::Shifts => {
            "des plages qui ne se recouvrent pas, comme [\"09:00-12:30\", \"13:30-18:00\"], un jour au moins"
                .to_owned()
        }
        Wanted::Holidays => format!("l’un de\u{a0}: {}", Holidays::words().collect::<Vec<_>>().join(", ")),
        Wanted::Days => "une liste de jours comme [\"2026-12-24\"]".to_owned(),
        Wanted::Share => "une part de 0 à 1, comme 0.8".to_owned(),
        Wanted::TimeOrOff => "une heure comme \"09:00\", ou \"off\"".to_owned(),
        Wanted::LongerThan(key) => format!("un délai plus long que celui de {key}"),
        Wanted::SlackId => "un identifiant de Slack comme C0123ABCD (canal) ou S0123ABCD (groupe)".to_owned(),
        Wanted::Addresses => "une liste d’adresses comme [\"aide@exemple.fr\"]".to_owned(),
    }
}

/// In the unit in which a person would write it in the file.
fn duration(seconds: u64) -> String {
    match seconds {
        0 => "0s".to_owned(),
        _ if seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
        _ if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn every_fault_is_a_line_that_begins_with_its_key() {
        let text = "brnd = 1\n[imap]\nsecurity = \"ssl\"\nhost = \"\"\npassword_file = \"/no/such\"\n\
                    [undo]\nwindow = \"2\"\n[sla]\n[web]\nlisten = \"x\"\n[maildir]\ninbox = \"x\"\n";
        let mut lines: Vec<String> = Config::parse(text, [])
            .unwrap_err()
            .iter()
            .map(|fault| say(fault).replace('\u{a0}', "~"))
            .collect();
        lines.sort();
        assert_eq!(
            lines,
            [
                "brnd~: clé inconnue. La plus proche~: brand.",
                "imap.host~: attend un texte sur une ligne, entre guillemets, qui ne soit pas vide.",
                "imap.password_file~: le fichier /no/such ne peut pas être lu (No such file or directory (os error 2)).",
                "imap.security~: attend l’un de ces mots~: tls, starttls, none.",
                "imap.username~: il faut donner cette clé.",
                "maildir.inbox~: fait double emploi avec imap. Gardez l’une des deux.",
                "undo.window~: attend une durée comme 60s, 5m, 2h ou 3d, de 0s à 1h.",
                "web.listen~: attend une adresse IP et un port, comme 127.0.0.1:3000.",
            ]
        );
    }

    #[test]
    fn plain_text_is_refused_with_the_reason() {
        let faults = Config::parse("public_url = \"http://aide.example\"", []).unwrap_err();
        let said = say_all(&faults);
        assert!(said.starts_with("public_url\u{a0}: une connexion sans chiffrement"), "{said}");
    }
}
