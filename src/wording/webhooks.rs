//! What is said of webhooks, to operators and on the pages: how endpoints answer and fare. Pure. May import: wording.

use super::dates;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::time::Duration;

/// `webhook`.
pub const WEBHOOK: &str = "Les webhooks\u{a0}: ce que l’application hôte apprend par HTTP";
/// `webhook list`.
pub const LIST: &str =
    "Chaque webhook\u{a0}: ce qui attend, le dernier succès, le dernier échec, ce qui est abandonné";
/// `webhook test`.
pub const TEST: &str =
    "Envoie un «\u{a0}ping\u{a0}» signé\u{a0}; s’il est accepté, un webhook coupé est rétabli";
/// `webhook resend`.
pub const RESEND: &str = "Renvoie ce qui est parti ou abandonné, par son numéro, avec le même webhook-id";
/// `webhook keygen`.
pub const KEYGEN: &str = "Fait un secret pour la section [webhook] de la configuration";
/// No endpoint is configured.
pub const NONE: &str = "Aucun webhook\u{a0}: ajoutez une section [webhook] à la configuration.";
/// Neither numbers nor `--failed`.
pub const NOTHING_NAMED: &str = "Que faut-il renvoyer\u{a0}? Un numéro de «\u{a0}guichet webhook list\u{a0}», ou `--failed` pour tout ce qui est abandonné.";

/// Lines for the configuration, as they are; the comments say where to.
pub fn secret(secret: &str) -> String {
    format!(
        "# À ajouter à la configuration\u{a0}; l’application hôte vérifie les signatures avec ce même secret.\n\
         [webhook]\nurl = \"https://application.exemple.fr/webhooks/guichet\"\nsecret = \"{secret}\""
    )
}

/// The endpoint answered with this status.
pub fn answered(status: u16) -> String {
    format!("réponse {status}")
}

/// It did not within the time.
pub fn too_slow(limit: Duration) -> String {
    format!("aucune réponse en {}\u{a0}s", limit.as_secs())
}

/// It could not be reached, in the system's own words.
pub fn unreached(why: &str) -> String {
    format!("injoignable\u{a0}: {why}")
}

/// Why something was given up that was never tried.
pub fn never_tried() -> &'static str {
    "jamais envoyé en trois jours"
}

/// Why something was given up whose endpoint is not in the configuration any more.
pub fn not_configured() -> &'static str {
    "plus dans la configuration"
}

/// No endpoint has this name.
pub fn unknown(name: &str, known: &[&str]) -> String {
    format!("Aucun webhook ne s’appelle «\u{a0}{name}\u{a0}». Connus\u{a0}: {}.", known.join(", "))
}

/// What came of a ping.
pub fn tested(name: &str, is_taken: bool, said: &str) -> String {
    let mark = if is_taken { "✔" } else { "✘" };
    format!("{mark} {name}\u{a0}: {said}")
}

/// Some were not taken.
pub fn not_taken(count: usize) -> String {
    if count == 1 {
        "1\u{a0}webhook ne répond pas.".to_owned()
    } else {
        format!("{count}\u{a0}webhooks ne répondent pas.")
    }
}

/// What is told again.
pub fn told_again(count: u64) -> String {
    match count {
        0 => "Rien n’est abandonné.".to_owned(),
        1 => "1\u{a0}événement repart.".to_owned(),
        count => format!("{count}\u{a0}événements repartent."),
    }
}

/// Nothing that could be told again has this number.
pub fn not_one(id: i64) -> String {
    format!("Le numéro {id} n’est pas celui d’un événement envoyé ou abandonné.")
}

/// One endpoint, in a line, and what is wrong in another.
pub struct Shown<'a> {
    /// Its name.
    pub name: &'a str,
    /// How many wait, or are being told.
    pub waiting: i64,
    /// How many were given up.
    pub given_up: i64,
    /// When it last took something.
    pub last_success: Option<DateTime<Utc>>,
    /// When it last did not, and why.
    pub last_failure: Option<(DateTime<Utc>, &'a str)>,
    /// Since when it takes nothing.
    pub failing_since: Option<DateTime<Utc>>,
    /// Since when it is switched off.
    pub off_at: Option<DateTime<Utc>>,
}

/// How an endpoint fares.
pub fn standing(shown: &Shown<'_>, zone: Tz) -> String {
    let date = |at: DateTime<Utc>| dates::date(at, zone);
    let mut line = format!("{}\u{a0}: {}\u{a0}en attente", shown.name, shown.waiting);
    if shown.given_up > 0 {
        let word = if shown.given_up > 1 { "abandonnés" } else { "abandonné" };
        line.push_str(&format!(", {}\u{a0}{word}", shown.given_up));
    }
    line.push_str(&match shown.last_success {
        Some(at) => format!(", dernier succès le {}", date(at)),
        None => ", aucun succès encore".to_owned(),
    });
    if let Some((at, why)) = shown.last_failure {
        line.push_str(&format!(", dernier échec le {} ({why})", date(at)));
    }
    if let Some(at) = shown.off_at {
        line.push_str(&format!(
            "\n  Coupé depuis le {}\u{a0}: l’application a répondu 410. `guichet webhook test` le rétablit s’il répond.",
            date(at)
        ));
    } else if let Some(at) = shown.failing_since {
        line.push_str(&format!("\n  Rien n’est accepté depuis le {}.", date(at)));
    }
    line
}

/// One event that was given up.
pub fn given_up(id: i64, endpoint: &str, event: &str, ticket: i64, why: &str, at: &str) -> String {
    format!("{id:>6}  {at}  {endpoint}  {event}  ticket nº\u{a0}{ticket}  ({why})")
}

/// The head of the list of those.
pub const GIVEN_UP: &str = "Abandonnés (les derniers)\u{a0}:";

/// An endpoint took the ping of `guichet check`.
pub fn ready(name: &str, said: &str) -> String {
    format!("{name} accepte les messages ({said})")
}

/// It did not.
pub fn not_ready(name: &str, said: &str) -> String {
    format!("{name}\u{a0}: {said}\u{a0}; voir `webhook.url` et `webhook.secret`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn an_endpoint_says_what_waits_and_what_is_wrong() {
        let at = Utc.with_ymd_and_hms(2026, 11, 24, 9, 0, 0).unwrap();
        let well = Shown {
            name: "app.example",
            waiting: 2,
            given_up: 0,
            last_success: Some(at),
            last_failure: None,
            failing_since: None,
            off_at: None,
        };
        let zone = chrono_tz::Europe::Paris;
        let said = standing(&well, zone);
        assert!(said.starts_with("app.example\u{a0}: 2\u{a0}en attente, dernier succès le "), "{said}");
        let off = Shown { given_up: 1, last_failure: Some((at, "réponse 410")), off_at: Some(at), ..well };
        let said = standing(&off, zone);
        assert!(said.contains("1\u{a0}abandonné,") && said.contains("(réponse 410)"), "{said}");
        assert!(said.contains("Coupé depuis le"), "{said}");
    }
}
