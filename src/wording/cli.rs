//! What the command line says in French: its help, and the few sentences that are not about a ticket.

use crate::domain::people::{Access, Agent};
use crate::view::Fired;
use crate::wording::{dates, labels};
use chrono_tz::Tz;
use std::time::Duration;

/// What the program is, at the head of `guichet --help`.
pub const ABOUT: &str = "Guichet : le support d’une équipe, du courrier au ticket et retour";
/// `serve`.
pub const SERVE: &str = "Fait tourner tout ce que la configuration nomme, jusqu’à SIGTERM ou Ctrl-C";
/// `demo`.
pub const DEMO: &str = "Montre Guichet avec des mails d’exemple, sans compte ni serveur";
/// `fetch`.
pub const FETCH: &str = "Relève la boîte une fois, puis s’arrête";
/// `deliver`.
pub const DELIVER: &str = "Envoie ce qui attend dans la boîte d’envoi, puis s’arrête";
/// `tick`.
pub const TICK: &str = "Déclenche les échéances dues, puis s’arrête";
/// `ticket`.
pub const TICKET: &str = "Les commandes des CM, comme dans le chat : `guichet ticket help`";
/// `mail`.
pub const MAIL: &str = "Les mails reçus : les examiner, les faire entrer, reprendre ceux en attente";
/// `user`.
pub const USER: &str = "Les demandeurs et leurs préférences";
/// `agent`.
pub const AGENT: &str = "Les CM, leurs rôles et leurs comptes";
/// `check`.
pub const CHECK: &str = "Lit la configuration, essaie chaque connexion, dit quoi corriger";
/// `report`.
pub const REPORT: &str = "Ce qui a été fait un jour ou une semaine, face aux objectifs";
/// `db`.
pub const DB: &str = "La base de données : migrations et sauvegardes";
/// `config`.
pub const CONFIG: &str = "La configuration";

/// `slack`.
pub const SLACK: &str = "L’application Slack";
/// `push`.
pub const PUSH: &str = "Les notifications push";
/// `push keygen`.
pub const PUSH_KEYGEN: &str = "Fait une clé pour la section [push] de la configuration";
/// `slack manifest`.
pub const SLACK_MANIFEST: &str = "Écrit le manifeste de l’application, à coller dans api.slack.com/apps";

/// Lines for the configuration, as they are; the comments say where to.
pub fn push_key(private_key: &str) -> String {
    format!(
        "# À ajouter à la configuration. Gardez cette clé\u{a0}: avec une autre, les appareils abonnés devront se réabonner.\n\
         [push]\nvapid_private_key = \"{private_key}\"\n\
         # L’adresse où les services de notification peuvent vous écrire.\n# contact = \"support@exemple.fr\""
    )
}

/// No timer is due.
pub const NOTHING_DUE: &str = "Aucune échéance n’est due.";
/// What `tick` fired, or with `dry_run` would fire, a line for each.
pub fn fired(fired: &[Fired], dry_run: bool, zone: Tz) -> String {
    if fired.is_empty() {
        return NOTHING_DUE.to_owned();
    }
    let state = if dry_run { "à déclencher" } else { "déclenchée" };
    let line = |one: &Fired| {
        let (what, due) = (labels::timer(one.timer), dates::date(one.due_at, zone));
        match one.ticket {
            Some(ticket) => format!("Ticket nº\u{a0}{ticket}\u{a0}: {what}, échéance du {due} {state}"),
            None => format!("Équipe\u{a0}: {what}, échéance du {due} {state}"),
        }
    };
    fired.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The only command that `--now` cannot rehearse.
pub const NOW_IS_FOR_ONE_SHOT: &str =
    "--now ne vaut que pour les commandes qui s’arrêtent d’elles-mêmes, pas pour `serve` ni `demo`.";

/// An instant that cannot be read.
pub fn not_an_instant(given: &str) -> String {
    format!("« {given} » n’est pas un instant : écrivez-le comme 2026-11-24T09:00:00+01:00.")
}

/// The agent named by `--as` is unknown.
pub fn no_such_agent(name: &str) -> String {
    format!("Aucun CM ne s’appelle « {name} ». La liste : `guichet agent list`.")
}

/// Nobody was named, and there are several.
pub fn who_acts(agents: &[Agent]) -> String {
    let names: Vec<&str> = agents.iter().map(|agent| agent.name.as_str()).collect();
    format!("Qui agit ? Ajoutez `--as NOM` ({}).", names.join(", "))
}

/// A desk without agents got its first.
pub fn first_agent(agent: &Agent) -> String {
    format!(
        "Aucun CM n’existait : « {} » est créé ({}). Ajoutez les vôtres avec `guichet agent add NOM`.",
        agent.name,
        labels::role(agent.role)
    )
}

/// A token, shown this once.
pub fn token_made(token: &str) -> String {
    format!("{token}\nCe jeton n’est montré qu’une fois\u{a0}: gardez-le dans l’application hôte, en secret.")
}

/// Tokens that open nothing any more.
pub fn tokens_ended(name: &str, ended: u64) -> String {
    match ended {
        0 => format!("{name} n’avait aucun jeton."),
        1 => format!("Le jeton de {name} n’ouvre plus rien."),
        ended => format!("Les {ended} jetons de {name} n’ouvrent plus rien."),
    }
}

/// An agent was added.
pub fn agent_added(agent: &Agent) -> String {
    format!("{} fait partie de l’équipe ({}).", agent.name, labels::role(agent.role))
}

/// The name is taken.
pub fn agent_exists(name: &str) -> String {
    format!("Un CM s’appelle déjà « {name} ».")
}

/// A name that cannot be somebody's.
pub fn not_a_name(name: &str) -> String {
    format!("« {name} » ne peut pas être un nom : de 1 à 60 caractères, sur une ligne.")
}

/// Asked on the terminal.
pub const NEW_PASSWORD: &str = "Nouveau mot de passe (12 caractères au moins) : ";
/// A password was kept.
pub fn password_kept(name: &str) -> String {
    format!("Le mot de passe de {name} est enregistré ; ses sessions sont fermées.")
}

/// Nobody is on the desk.
pub const NO_AGENTS: &str = "Aucun CM. Ajoutez-en un : `guichet agent add NOM`.";

/// One agent in a list.
pub fn agent_line(agent: &Agent, accounts: &[String], has_password: bool, access: &Access) -> String {
    let password = if has_password { "mot de passe" } else { "sans mot de passe" };
    let mut line = format!("{} — {}, {password}", agent.name, labels::role(agent.role));
    if access.totp_since.is_some() {
        line.push_str(", authentificateur");
    }
    if !accounts.is_empty() {
        line.push_str(", ");
        line.push_str(&accounts.join(", "));
    }
    if access.disabled_at.is_some() {
        line.push_str(" (désactivé)");
    }
    line
}

/// Something to set that is not written `preference=…`, `name=…` or `blocked=no`.
pub fn not_an_assignment(given: &str) -> String {
    format!(
        "« {given} » n’est pas compris : écrivez `preference=web_only`, `name=\"Léa Martin\"` ou `blocked=no`."
    )
}

/// An address that is none.
pub fn not_an_address(given: &str) -> String {
    format!("« {given} » n’est pas une adresse.")
}

/// A line of a file of requesters that cannot be read; nothing was imported.
pub fn bad_csv_line(line: usize, why: &str) -> String {
    format!("Ligne {line} : {why} Rien n’a été importé.")
}

/// The head that a file of requesters needs.
pub const CSV_HEAD: &str = "la première ligne doit être `email,name,preference`.";

/// Asked before a person is erased.
pub fn really_erase(email: &str, tickets: usize) -> String {
    format!(
        "Tout ce qui est gardé sur {email} ({}) sera effacé, sans retour. Pour confirmer, retapez l’adresse\u{a0}: ",
        dates::count(tickets as i64, "ticket", "tickets")
    )
}

/// It was not meant.
pub const NOTHING_ERASED: &str = "Rien n’a été effacé.";

/// A person was erased.
pub fn erased(tickets: u64, mails: u64) -> String {
    format!(
        "Effacé\u{a0}: {} sans nom ni texte, {} d’origine. Les sauvegardes faites auparavant les contiennent encore.",
        dates::count(tickets as i64, "ticket", "tickets"),
        dates::count(mails as i64, "mail", "mails")
    )
}

/// Requesters were imported.
pub fn imported(count: usize) -> String {
    if count > 1 { format!("{count} demandeurs importés.") } else { format!("{count} demandeur importé.") }
}

/// What a fetch did.
#[allow(clippy::too_many_arguments, reason = "the seven figures of the contract")]
pub fn fetched(
    fetched: u64,
    created: u64,
    replies: u64,
    ignored: u64,
    held: u64,
    duplicates: u64,
    bounces: u64,
) -> String {
    let mut parts = Vec::new();
    for (count, one, many) in [
        (created, "ticket ouvert", "tickets ouverts"),
        (replies, "réponse", "réponses"),
        (duplicates, "déjà connu", "déjà connus"),
        (ignored, "automatique ou ignoré", "automatiques ou ignorés"),
        (bounces, "avis de non-remise", "avis de non-remise"),
        (held, "en attente d’une décision", "en attente d’une décision"),
    ] {
        if count > 0 {
            parts.push(counted(count, one, many));
        }
    }
    let head = counted(fetched, "mail relevé", "mails relevés");
    let held = if held > 0 { " Voir `guichet mail held`." } else { "" };
    if parts.is_empty() { format!("{head}.") } else { format!("{head} : {}.{held}", parts.join(", ")) }
}

/// What a delivery did.
pub fn delivered(sent: u64, retry: u64, failed: u64, skipped: u64, uncertain: u64) -> String {
    let mut parts = vec![counted(sent, "envoyé", "envoyés")];
    for (count, one, many) in [
        (retry, "à réessayer", "à réessayer"),
        (failed, "en échec", "en échec"),
        (skipped, "ignoré", "ignorés"),
        (uncertain, "incertain", "incertains"),
    ] {
        if count > 0 {
            parts.push(counted(count, one, many));
        }
    }
    format!("Envois : {}.", parts.join(", "))
}

/// Mails wait until they can no longer be taken back.
pub fn waits_for_undo(wait: Duration) -> String {
    let seconds = wait.as_secs().max(1);
    format!("Des envois peuvent encore être annulés : départ dans {seconds} s…")
}

/// Nothing waits for a decision.
pub const NOTHING_HELD: &str = "Aucun mail en attente d’une décision.";

/// A held mail that is not there.
pub fn no_held_mail(id: i64) -> String {
    format!("Aucun mail en attente ne porte le numéro {id}. La liste : `guichet mail held`.")
}

/// What the reconciliation of one mailbox found.
pub fn reconciled(mailbox: &str, server: u64, missing: u64, still_missing: u64) -> String {
    let holds = format!("{mailbox}\u{a0}: {} sur le serveur", counted(server, "mail", "mails"));
    match (missing, still_missing) {
        (0, _) => format!("{holds}, rien ne manque ici."),
        (_, 0) => {
            let had = counted(missing, "manquait et a été repris", "manquaient et ont été repris");
            format!("{holds}, {had}.")
        }
        (_, still) => format!("{holds}, {} encore ici.", counted(still, "manque", "manquent")),
    }
}

/// A Maildir, or a mailbox that another process is numbering anew.
pub fn not_reconciled(mailbox: &str) -> String {
    format!("{mailbox}\u{a0}: rien à comparer.")
}

/// The database is up to date.
pub const MIGRATED: &str = "La base est à jour.";
/// Backups of PostgreSQL.
pub const POSTGRES_BACKUP: &str =
    "Cette base est un PostgreSQL : sauvegardez-la avec `pg_dump`, restaurez-la avec `pg_restore`.";

/// A backup that could not be written, and why.
pub fn backup_unwritten(file: &str, why: &str) -> String {
    format!("La sauvegarde {file} ne peut pas être écrite ({why}).")
}

/// A file that is there already.
pub fn file_exists(file: &str) -> String {
    format!("{file} existe déjà : choisissez un autre nom.")
}

/// A database that is not there.
pub fn no_database(url: &str) -> String {
    format!("{url} n’existe pas encore : rien à faire.")
}

/// Somebody else held the database for longer than we wait.
pub const DATABASE_BUSY: &str = "La base est occupée par un autre programme : réessayez dans un instant.";

/// A backup was written.
pub fn backed_up(file: &str) -> String {
    format!("Sauvegarde écrite : {file}")
}

/// A backup was put in place.
pub fn restored(kept: Option<&str>) -> String {
    match kept {
        Some(kept) => format!("Sauvegarde restaurée ; l’ancienne base est gardée : {kept}"),
        None => "Sauvegarde restaurée.".to_owned(),
    }
}

/// Something is in the way of a restore.
pub fn not_a_backup(file: &str) -> String {
    format!("{file} n’est pas une sauvegarde de Guichet.")
}

/// A backup of a later version, or one that cannot be brought up to date.
pub fn backup_not_taken(file: &str, why: &str) -> String {
    format!("Cette version de Guichet ne peut pas reprendre {file} ({why}). Rien n’a été changé.")
}

/// A backup could not be copied beside the database, and why.
pub fn backup_uncopied(file: &str, why: &str) -> String {
    format!("La copie {file} ne peut pas être écrite ({why}). Rien n’a été changé.")
}

/// The program is running.
pub const DATABASE_IN_USE: &str = "La base est en cours d’utilisation : arrêtez `guichet serve` d’abord.";

/// One migration in a list.
pub fn migration_line(version: i64, description: &str, applied: bool) -> String {
    let state = if applied { "faite" } else { "à faire : `guichet db migrate`" };
    format!("{version:04} {description} — {state}")
}

/// The pages cannot be served at an address.
pub fn no_port(address: &str, why: &str) -> String {
    format!(
        "Les pages ne peuvent pas être servies sur {address} ({why})\u{a0}: choisissez-en une autre, avec `web.listen` ou `demo --port`."
    )
}

/// The demo cannot live in a folder, and why.
pub fn no_demo_folder(folder: &str, why: &str) -> String {
    format!(
        "La démonstration ne peut pas s’installer dans {folder} ({why})\u{a0}: choisissez un autre dossier, avec `demo --dir`."
    )
}

/// What was to be printed could not be, and why.
pub fn output_unwritten(why: &str) -> String {
    format!("La sortie ne peut pas être écrite ({why}).")
}

/// Our fault.
pub fn internal_error(reference: &str) -> String {
    format!("Erreur interne, référence {reference}. Le détail est dans le journal.")
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count > 1 { many } else { one })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_agree_in_number() {
        assert_eq!(fetched(0, 0, 0, 0, 0, 0, 0), "0 mail relevé.");
        assert_eq!(fetched(1, 1, 0, 0, 0, 0, 0), "1 mail relevé : 1 ticket ouvert.");
        assert_eq!(
            fetched(9, 5, 2, 1, 1, 0, 0),
            "9 mails relevés : 5 tickets ouverts, 2 réponses, 1 automatique ou ignoré, 1 en attente d’une décision. Voir `guichet mail held`."
        );
        assert_eq!(delivered(1, 0, 2, 0, 0), "Envois : 1 envoyé, 2 en échec.");
    }
}
