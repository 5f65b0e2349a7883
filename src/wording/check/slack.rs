//! What `guichet check` says of Slack. May import: wording.

use crate::wording::dates;

/// Slack did not answer in time.
pub const NO_ANSWER: &str = "aucune réponse de Slack";
/// All scopes are there.
pub const SCOPES_READY: &str = "le bot a toutes les portées qu’il lui faut";
/// What happens is told by a connection that we make.
pub const SOCKET_READY: &str =
    "Socket Mode\u{a0}: Slack accepte la connexion, aucune adresse publique n’est nécessaire";
/// What happens is told by requests.
pub const SIGNED: &str = "Slack envoie ses requêtes signées à public_url + /slack/events";

/// Slack did not answer.
pub fn no_answer(what: &str) -> String {
    format!("{what}\u{a0}: {NO_ANSWER}")
}

/// CMs may sign in by their account, if the app knows where they come back to.
pub fn sign_in(back: &str) -> String {
    format!(
        "se connecter avec Slack\u{a0}: l’adresse {back} doit être inscrite à l’application (OAuth & Permissions, Redirect URLs), ce \
         que Slack ne permet pas de vérifier d’ici"
    )
}

/// Slack sends nobody back in plain text.
pub fn sign_in_takes_https(back: &str) -> String {
    format!(
        "se connecter avec Slack\u{a0}: Slack n’accepte qu’un retour en https, et non {back}\u{a0}; voir `public_url`"
    )
}

/// A token was refused.
pub fn token_refused(key: &str, word: &str) -> String {
    format!("Slack refuse le jeton ({word})\u{a0}; voir `{key}` (api.slack.com/apps)")
}

/// The bot's token is taken.
pub fn token_ready(bot: &str, team: &str) -> String {
    format!("bot «\u{a0}{bot}\u{a0}» dans l’espace «\u{a0}{team}\u{a0}»")
}

/// Scopes that the bot lacks.
pub fn missing_scopes(scopes: &[&str]) -> String {
    format!(
        "il manque au bot {}\u{a0}: {}. Ajoutez-les (page OAuth & Permissions, ou `guichet slack manifest`), puis réinstallez \
         l’application",
        if scopes.len() == 1 { "une portée" } else { "des portées" },
        scopes.join(", ")
    )
}

/// A channel where the bot may post.
pub fn channel_ready(key: &str, name: &str) -> String {
    format!("{key}\u{a0}: #{name}, le bot y est")
}

/// A channel that the bot does not see.
pub fn no_channel(key: &str, id: &str) -> String {
    format!(
        "{key}\u{a0}: aucun canal {id} que le bot voie\u{a0}; vérifiez l’identifiant, et invitez-y le bot si le canal est privé \
         (`/invite @Guichet`)"
    )
}

/// A channel that the bot is not in.
pub fn not_invited(key: &str, name: &str) -> String {
    format!("{key}\u{a0}: le bot n’est pas dans #{name}\u{a0}; écrivez-y `/invite @Guichet`")
}

/// A channel that was archived.
pub fn archived(key: &str, name: &str) -> String {
    format!("{key}\u{a0}: #{name} est archivé\u{a0}; désarchivez-le, ou indiquez-en un autre")
}

/// Something that Slack refuses.
pub fn refused(key: &str, word: &str) -> String {
    format!("{key}\u{a0}: Slack répond «\u{a0}{word}\u{a0}»")
}

/// How many people are in a user group.
pub fn group(key: &str, count: usize) -> String {
    match count {
        0 => format!("{key}\u{a0}: ce groupe d’utilisateurs est vide\u{a0}; personne n’y a ce rôle"),
        count => format!("{key}\u{a0}: {}", dates::count(count as i64, "membre", "membres")),
    }
}
