//! What `guichet check` says of each thing it tried.

pub mod discord;
pub mod published;
pub mod slack;

use crate::domain::article::{Section, Unread};
use crate::wording::{dates, prose, resources};

/// The longest name of a file that is said, in characters.
const LONGEST_PATH: usize = 80;

/// The configuration could be read.
pub const CONFIG_READ: &str = "la configuration se lit";
/// No inbox is named.
pub const NO_INBOX: &str = "aucune boîte d’entrée : ajoutez `[imap]`, ou `[maildir] inbox`";
/// No outbox is named.
pub const NO_OUTBOX: &str = "aucune sortie : ajoutez `[smtp]`, ou `[maildir] outbox`";
/// The submission server took the login.
pub const SMTP_READY: &str = "le serveur d’envoi répond et accepte la connexion";

/// The key of `[push]` can sign.
pub const PUSH_READY: &str =
    "la clé se lit\u{a0}; les services de notification sont joints quand un appareil s’abonne";
/// It cannot.
pub const NO_PUSH_KEY: &str =
    "`push.vapid_private_key` n’est pas une clé\u{a0}: faites-en une par `guichet push keygen`";

/// The standard replies and the templates of mails can be used.
pub const TEMPLATES_READ: &str = "les réponses types et les modèles de mails se lisent";

/// The database answers.
pub fn database_ready(url: &str, is_up_to_date: bool) -> String {
    let tables = if is_up_to_date { "les tables sont à jour" } else { "les tables le seront au démarrage" };
    format!("{url} répond, {tables}")
}

/// A database file that the first start makes.
pub fn database_to_come(url: &str) -> String {
    format!("{url} sera créée au premier démarrage")
}

/// The database does not.
pub fn database_fails(url: &str, why: &str) -> String {
    format!("{url} : {why} ; voir `database.url`")
}

/// The mailbox was opened.
pub fn mailbox_ready(mailbox: &str, mails: u32, announces: bool) -> String {
    let mails = dates::count(mails.into(), "mail", "mails");
    let news =
        if announces { "le serveur annonce les nouveaux" } else { "relevée à intervalles réguliers" };
    format!("connexion acceptée, {mailbox} contient {mails}, {news}")
}

/// The team's own pages can be read; the program's come with it.
pub fn articles_read(folder: &str, own: usize) -> String {
    match own {
        0 => format!("aucun article à vous dans {folder}\u{a0}; ceux du guide sont fournis"),
        own => {
            format!("{folder}\u{a0}: {}", dates::count(own as i64, "article se lit", "articles se lisent"))
        }
    }
}

/// Files that are no pages: the first ones, each with the reason.
pub fn articles_unread(folder: &str, unread: &[(Section, String, Unread)]) -> String {
    const NAMED: usize = 5;
    let named = unread.iter().take(NAMED).map(|(section, name, why)| {
        // One that is the section's folder itself has its name.
        let path =
            if name == section.as_str() { name.clone() } else { format!("{}/{name}", section.as_str()) };
        format!("{} ({})", prose::clean_line(&path, LONGEST_PATH), resources::unread(*why))
    });
    let named = named.collect::<Vec<_>>().join(", ");
    let rest = unread.len().saturating_sub(NAMED);
    let rest = if rest > 0 {
        format!(" et {}", dates::count(rest as i64, "autre", "autres"))
    } else {
        String::new()
    };
    format!("{folder}\u{a0}: {named}{rest}\u{a0}; le reste se lit, voir `docs.dir`")
}

/// The folder mail comes from can be read.
pub fn inbox_ready(folder: &str, waiting: usize) -> String {
    let mails = dates::count(waiting as i64, "mail", "mails");
    format!("{folder} se lit, {mails} en attente")
}

/// A folder can be written.
pub fn folder_ready(folder: &str) -> String {
    format!("{folder} peut être écrit")
}

/// The pages can be served.
pub fn port_free(address: &str) -> String {
    format!("{address} est libre")
}

/// Somebody listens there already, most likely `serve`.
pub fn port_taken(address: &str) -> String {
    format!("{address} est déjà servi (par `guichet serve` ?)")
}

/// A channel that is not named, and what is told nowhere for that.
pub fn channel_not_named(key: &str) -> String {
    let told = match key {
        "dev_channel" => "une escalade reste sur son ticket, l’équipe technique n’en est pas prévenue",
        _ => "une demande transmise reste sur son ticket, l’équipe produit n’en est pas prévenue",
    };
    format!("`{key}` n’est pas donné\u{a0}: {told}")
}

/// One line of the report.
pub fn line(ok: bool, check: &str, detail: &str) -> String {
    let name = match check {
        "config" => "Configuration",
        "database" => "Base de données",
        "token" => "Autorisation",
        "inbox" => "Courrier entrant",
        "outbox" => "Courrier sortant",
        "spf" => "SPF",
        "dkim" => "DKIM",
        "dmarc" => "DMARC",
        "push" => "Push",
        "webhook" => "Webhook",
        "discord" => "Discord",
        "templates" => "Modèles",
        "docs" => "Articles",
        "web" => "Pages",
        other => other,
    };
    format!("{} {name} : {detail}", if ok { "✔" } else { "✘" })
}

/// The last line.
pub fn to_mend(count: usize) -> String {
    if count > 1 { format!("{count} points à corriger.") } else { format!("{count} point à corriger.") }
}
