//! The page of whoever keeps the desk running: what is held back, what did not leave, what to do about it. Pure. May import:
//! domain, wording.

use super::{dates, labels};
use crate::domain::chat::{Platform, PostKind};
use crate::domain::delivery::DeliveryState;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::time::Duration;

/// A replayed mail could be filed.
pub fn replayed(ticket: Option<i64>) -> String {
    match ticket {
        Some(ticket) => format!("Le mail est maintenant sur le ticket nº {ticket}."),
        None => "Le mail est classé sans ticket.".to_owned(),
    }
}

/// A replayed mail is still held.
pub const STILL_HELD: &str = "Le mail reste en attente : il ne peut toujours pas être classé.";

/// Why a mail is held, in the journal's words.
pub fn held_reason(why: &str) -> &str {
    match why {
        "no sender" => "aucun expéditeur",
        "more than one sender" => "plusieurs expéditeurs",
        "too large" => "trop gros",
        "a forward of our own mail" => "transfert d’un de nos propres mails",
        "could not be filed" => "n’a pas pu être classé",
        "empty" => "vide",
        "too many parts" => "trop de parties",
        "nested too deep" => "trop de messages imbriqués",
        "not given by the server" => "le serveur ne le donne pas",
        "the parser failed" => "illisible",
        "a forward of a program's mail" => {
            "transfert du mail d’un programme, à qui personne ne peut répondre"
        }
        "automatic by its subject alone" => "réponse automatique, d’après son seul objet",
        "perhaps automatic" => "peut-être le mail d’un programme",
        "a bounce by its words alone, of no mail of ours" => {
            "peut-être un avis de non-remise, d’aucun de nos mails"
        }
        "too many mails of this sender within an hour" => "trop de mails de cet expéditeur en une heure",
        other => other,
    }
}

/// A mail that was held, and is not any more.
pub const NOT_HELD: &str = "Ce mail n’est plus en attente\u{a0}: quelqu’un l’a peut-être déjà rejoué.";

/// « 2 mails en attente ».
pub fn held(count: i64) -> String {
    dates::count(count, "mail en attente", "mails en attente")
}

/// « 2 adresses ».
pub fn addresses(count: i64) -> String {
    dates::count(count, "adresse", "adresses")
}

/// « 2 abandonnés »: events that an endpoint was not told.
pub fn given_up(count: i64) -> String {
    dates::count(count, "abandonné", "abandonnés")
}

/// An address that mail goes to.
pub fn not_suppressed(address: &str) -> String {
    format!("Les e-mails partaient déjà vers {address}.")
}

/// A post goes on its way again.
pub fn posted_again(id: i64) -> String {
    format!("La publication nº\u{a0}{id} repart.")
}

/// A post that nobody refused, or not any more.
pub const NOT_REFUSED: &str = "Cette publication n’est plus refusée\u{a0}: elle est peut-être déjà repartie.";

/// The state of the mail to ourselves.
pub fn canary(returned: bool, round_trip: Option<Duration>) -> String {
    match (returned, round_trip) {
        (true, Some(taken)) => format!("revenu en {}", dates::roughly(taken)),
        (true, None) => "revenu".to_owned(),
        (false, Some(taken)) => format!("en chemin\u{a0}; le précédent avait mis {}", dates::roughly(taken)),
        (false, None) => "en chemin".to_owned(),
    }
}

/// How mails leave for a provider.
pub fn pace(closed_until: Option<DateTime<Utc>>, is_slowed: bool, zone: Tz) -> String {
    match (closed_until, is_slowed) {
        (Some(until), _) => {
            format!("a demandé d’attendre\u{a0}: rien ne part avant {}", dates::hour(until, zone))
        }
        (None, true) => "a demandé de ralentir\u{a0}: un mail à la fois".to_owned(),
        (None, false) => "chaque mail attend son tour".to_owned(),
    }
}

/// A state in a table of counts: those that last are all counted, the others within a day.
pub fn counted(state: DeliveryState) -> String {
    let label = labels::delivery_state(state);
    match state {
        DeliveryState::Sent | DeliveryState::Skipped | DeliveryState::Cancelled => {
            format!("{label} (24\u{a0}h)")
        }
        _ => label.to_owned(),
    }
}

/// « 3 en attente, 1 refusée »: what is to be posted to a platform. `None` where there is nothing.
pub fn posts(platform: &str, waiting: i64, refused: i64) -> Option<String> {
    let refused = (refused > 0).then(|| dates::count(refused, "refusée", "refusées"));
    let waiting = (waiting > 0).then(|| format!("{}\u{a0}en attente", dates::grouped(waiting)));
    let said: Vec<String> = waiting.into_iter().chain(refused).collect();
    (!said.is_empty()).then(|| format!("Publications {}\u{a0}: {}", labels::door(platform), said.join(", ")))
}

/// « Copies des mails envoyés : 2 en attente, 1 en échec ». `None` where all were kept.
pub fn copies(waiting: i64, failed: i64) -> Option<String> {
    let failed = (failed > 0).then(|| format!("{}\u{a0}en échec", dates::grouped(failed)));
    let waiting = (waiting > 0).then(|| format!("{}\u{a0}en attente", dates::grouped(waiting)));
    let said: Vec<String> = waiting.into_iter().chain(failed).collect();
    (!said.is_empty()).then(|| format!("Copies des mails envoyés\u{a0}: {}", said.join(", ")))
}

/// What was to be posted.
pub fn post(platform: Platform, kind: PostKind) -> String {
    let what = match kind {
        PostKind::Card | PostKind::Refresh => "fiche du ticket",
        PostKind::Message => "message de la conversation",
        PostKind::Event => "ligne de l’historique",
        PostKind::Escalation => "escalade",
        PostKind::Handover => "transmission à l’équipe produit",
        PostKind::Alerts => "alertes",
        PostKind::Warning => "avertissement",
        PostKind::Restored => "annonce d’une fiche rétablie",
        PostKind::Checklist => "checklist du jour",
        PostKind::DayReport => "rapport du jour",
        PostKind::WeekReport => "résumé de la semaine",
    };
    format!("{}\u{a0}: {what}", labels::door(platform.as_str()))
}

/// How to make a backup: the desk keeps no account of those that were made.
pub fn backup(product: &str) -> &'static str {
    match product {
        "SQLite" => "guichet db backup FICHIER",
        _ => "pg_dump",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_none_of_is_not_said() {
        assert_eq!(posts("slack", 0, 0), None);
        assert_eq!(
            posts("slack", 3, 1).as_deref(),
            Some("Publications Slack\u{a0}: 3\u{a0}en attente, 1\u{a0}refusée")
        );
        assert_eq!(copies(0, 0), None);
        assert_eq!(
            copies(0, 1200).as_deref(),
            Some("Copies des mails envoyés\u{a0}: 1\u{a0}200\u{a0}en échec")
        );
        for kind in PostKind::ALL {
            assert!(post(Platform::Slack, kind).starts_with("Slack\u{a0}: "));
        }
    }

    #[test]
    fn the_canary_and_a_provider_say_how_they_fare() {
        let (seconds, at) = (Some(Duration::from_secs(12)), DateTime::UNIX_EPOCH);
        assert_eq!(canary(true, seconds), "revenu en 12\u{a0}s");
        assert_eq!(canary(false, None), "en chemin");
        assert!(canary(false, seconds).ends_with("avait mis 12\u{a0}s"));
        assert!(
            pace(Some(at), true, chrono_tz::UTC).ends_with("avant 0\u{a0}h\u{a0}00"),
            "{}",
            pace(Some(at), true, chrono_tz::UTC)
        );
        assert!(pace(None, true, chrono_tz::UTC).contains("ralentir"));
        assert!(pace(None, false, chrono_tz::UTC).contains("son tour"));
    }
}
