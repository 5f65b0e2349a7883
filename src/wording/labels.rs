//! The French names of things: statuses as the guide writes them, priorities, preferences, channels, states.
//!
//! Pure. May import: domain.

use crate::domain::delivery::{Channel, DeliveryState, SkipReason};
use crate::domain::event::{EventKind, Team};
use crate::domain::feedback::Rating;
use crate::domain::followup::TimerKind;
use crate::domain::ids::TicketId;
use crate::domain::participant::Participation;
use crate::domain::people::Role;
use crate::domain::preference::Preference;
use crate::domain::sla::Owed;
use crate::domain::threading::Rung;
use crate::domain::ticket::{Priority, Status};

/// « 🔵 Nouveau »: the emoji and the name, exactly as the guide has them.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::New => "🔵 Nouveau",
        Status::InProgress => "🟡 En cours",
        Status::WaitingCustomer => "🟠 En attente client",
        Status::Resolved => "🟢 Résolu",
        Status::Closed => "⚫ Fermé",
    }
}

/// « Nouveau »: the name alone, for the middle of a sentence.
pub fn status_name(status: Status) -> &'static str {
    match status {
        Status::New => "Nouveau",
        Status::InProgress => "En cours",
        Status::WaitingCustomer => "En attente client",
        Status::Resolved => "Résolu",
        Status::Closed => "Fermé",
    }
}

/// « Urgente ».
pub fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "Basse",
        Priority::Normal => "Normale",
        Priority::High => "Haute",
        Priority::Urgent => "Urgente",
    }
}

/// What a preference opens, in words.
pub fn preference(preference: Preference) -> &'static str {
    match preference {
        Preference::WebOnly => "web seulement",
        Preference::EmailOnly => "e-mail seulement",
        Preference::Both => "web + e-mail + push",
        Preference::None => "aucune notification",
    }
}

/// « e-mail ».
pub fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Web => "web",
        Channel::Email => "e-mail",
        Channel::Push => "push",
        Channel::Chat => "salon d’équipe",
    }
}

/// « ✅ Envoyé ».
pub fn delivery_state(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Pending => "⏳ En attente",
        DeliveryState::Sending => "📤 En cours d’envoi",
        DeliveryState::Sent => "✅ Envoyé",
        DeliveryState::Failed => "❌ En échec",
        DeliveryState::Skipped => "➖ Ignoré",
        DeliveryState::Uncertain => "❓ Incertain",
        DeliveryState::Cancelled => "⏪ Annulé",
    }
}

/// Why a delivery never leaves: « push non configuré ».
pub fn skip_reason(reason: SkipReason) -> String {
    match reason {
        SkipReason::Preference(preference) => format!("préférence\u{a0}: {}", preference.as_str()),
        SkipReason::NoLongerTakesPart => "ne participe plus au ticket".to_owned(),
        SkipReason::Suppressed => "adresse suspendue\u{a0}: un e-mail en est revenu".to_owned(),
        SkipReason::PushNotConfigured => "push non configuré".to_owned(),
        SkipReason::NoDevice => "push\u{a0}: aucun appareil abonné".to_owned(),
        SkipReason::Unsubscribed => "push\u{a0}: l’appareil n’est plus abonné".to_owned(),
        SkipReason::Overtaken => "dépassée par une notification plus récente".to_owned(),
        SkipReason::NoLongerTrue => "dépassée\u{a0}: le ticket a changé avant l’envoi".to_owned(),
    }
}

/// « 2 appareils abonnés ».
pub fn devices(count: i64) -> String {
    match count {
        0 => "aucun appareil abonné".to_owned(),
        1 => "1\u{a0}appareil abonné".to_owned(),
        _ => format!("{count}\u{a0}appareils abonnés"),
    }
}

/// « responsable d’équipe ».
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Agent => "CM",
        Role::Lead => "responsable d’équipe",
        Role::Admin => "administrateur",
    }
}

/// « participe »: how somebody stands to a ticket that is not theirs.
pub fn participation(state: Participation) -> &'static str {
    match state {
        Participation::In => "participe",
        Participation::Proposed => "à valider",
        Participation::Out => "écarté",
    }
}

/// By which door somebody acted, from the word that the history keeps; an unknown word is shown as it is.
pub fn door(word: &str) -> &str {
    match word {
        "mail" => "e-mail",
        "web" => "page web",
        "cli" => "ligne de commande",
        "discord" => "Discord",
        "slack" => "Slack",
        "api" => "application",
        "clock" => "échéance",
        other => other,
    }
}

/// An address as the kind of an account.
pub const MAIL_ADDRESS: &str = "Adresse e-mail";

/// An act as a noun, for « Annulé : … ».
pub fn act(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Created => "l’ouverture du ticket",
        EventKind::RequesterWrote | EventKind::RequesterThanked => "le message de l’utilisateur",
        EventKind::Replied => "la réponse",
        EventKind::StatusSet => "le changement de statut",
        EventKind::NoteAdded => "la note interne",
        EventKind::PrioritySet => "le changement de priorité",
        EventKind::Assigned => "l’attribution",
        EventKind::Undone => "l’annulation",
        EventKind::Bounced => "le retour d’un e-mail",
        EventKind::AutomaticReply => "la réponse automatique",
        EventKind::StrangerWrote => "le message d’un tiers",
        EventKind::Resent => "le nouvel envoi",
        EventKind::MarkedSent => "le constat d’envoi",
        EventKind::PreferenceSet => "le choix de préférence",
        EventKind::MergedInto | EventKind::Absorbed => "la fusion",
        EventKind::ContinuedIn => "la suite dans un autre ticket",
        EventKind::SplitInto => "la séparation d’un message",
        EventKind::ParticipantsSet => "le changement de participants",
        EventKind::HandedOver => "la transmission à l’équipe produit",
        EventKind::Escalated => "l’escalade",
        EventKind::MadeUrgent => "la déclaration d’urgence",
        EventKind::UpdateDue => "le rappel",
        EventKind::TagsSet => "le changement d’étiquettes",
        EventKind::Fixed => "l’annonce de correction",
        EventKind::Reminded => "la relance",
        EventKind::Proposed => "la proposition",
        EventKind::Stale => "le signalement",
        EventKind::DeadlineNear | EventKind::DeadlineMissed => "l’échéance",
        EventKind::Snoozed | EventKind::SnoozeOver => "le report",
        EventKind::FeedbackGiven => "l’avis de l’utilisateur",
        EventKind::Erased => "l’effacement",
        EventKind::Anonymised => "l’anonymisation",
    }
}

/// The reason of an urgent ticket for which none was given (guide, « Ticket Urgent (Bug Critique) »).
pub const CRITICAL_BUG: &str = "Bug critique";

/// Who wrote, where a developer has no name that can be shown.
pub const TECHNICAL_TEAM: &str = "Équipe technique";

/// « équipe technique »: a team beside the CMs.
pub fn team(team: Team) -> &'static str {
    match team {
        Team::Dev => "équipe technique",
    }
}

/// Why a ticket was closed whose requester never answered (guide, « Fermé faute de réponse »).
pub const UNANSWERED: &str = "Fermé faute de réponse";

/// A face and its word: « 🙂 Bien ».
pub fn rating(rating: Rating) -> String {
    format!("{}\u{a0}{}", rating_face(rating), rating_name(rating))
}

/// The face alone.
pub fn rating_face(rating: Rating) -> &'static str {
    match rating {
        Rating::Good => "🙂",
        Rating::Fair => "😐",
        Rating::Bad => "🙁",
    }
}

/// The word alone.
pub fn rating_name(rating: Rating) -> &'static str {
    match rating {
        Rating::Good => "Bien",
        Rating::Fair => "Moyen",
        Rating::Bad => "Mal",
    }
}

/// What a timer is for, or what is told on a day, from its word.
pub fn timer(word: &str) -> &str {
    match (TimerKind::from_word(word), word) {
        (Some(timer), _) => step(timer),
        (None, "checklist") => "checklist du jour, dans le chat",
        (None, "day_report") => "rapport du jour, dans le chat",
        (None, "week_report") => "résumé de la semaine, dans le chat",
        (None, other) => other,
    }
}

/// What a timer is for.
pub fn step(timer: TimerKind) -> &'static str {
    match timer {
        TimerKind::UrgentUpdate => "tenir l’utilisateur informé (ticket urgent)",
        TimerKind::FirstReminder => "1re relance",
        TimerKind::SecondReminder => "2e relance",
        TimerKind::CloseUnanswered => "fermeture faute de réponse",
        TimerKind::CloseResolved => "fermeture du ticket résolu",
        TimerKind::StaleInProgress => "signaler un ticket en cours sans activité",
        TimerKind::SnoozeOver => "fin du report",
        TimerKind::DueSoon => "échéance proche",
        TimerKind::Overdue => "échéance dépassée",
    }
}

/// « première réponse »: what is owed.
pub fn owed(owed: Owed) -> &'static str {
    match owed {
        Owed::FirstResponse => "première réponse",
        Owed::NextResponse => "réponse",
        Owed::Resolution => "résolution",
    }
}

/// How a mail found its ticket: « retrouvé par l’adresse de réponse », from the word that the history keeps.
pub fn rung(rung: Rung) -> &'static str {
    match rung {
        Rung::PlusAddress => "retrouvé par l’adresse de réponse",
        Rung::MintedId => "retrouvé par le message auquel il répond",
        Rung::ProviderId => "retrouvé par l’identifiant donné par le serveur d’envoi",
        Rung::Reference => "retrouvé par un message de la conversation",
        Rung::SubjectTag => "retrouvé par le numéro dans l’objet",
        Rung::OwnMail => "retrouvé par un message précédent du même expéditeur",
        Rung::SignedLink => "sur la page du ticket",
    }
}

/// The status filters of the guide (« Filtres Disponibles »), « Tous » first.
pub fn status_filters() -> [(Option<Status>, &'static str); 6] {
    let [a, b, c, d, e] = Status::ALL.map(|status| (Some(status), status_name(status)));
    [(None, "Tous"), a, b, c, d, e]
}

/// The priority filters of the guide (« Filtres Disponibles »), « Toutes » first.
pub fn priority_filters() -> [(Option<Priority>, &'static str); 5] {
    let [a, b, c, d] = Priority::ALL.map(|value| (Some(value), priority(value)));
    [(None, "Toutes"), a, b, c, d]
}

/// Where what a ticket continues is to be read.
pub fn continues(before: TicketId) -> String {
    format!("Suite du ticket {before}\u{a0}: `/ticket show {before}`")
}

/// Where a ticket that was merged goes on.
pub fn merged(ticket: TicketId, into: TicketId) -> String {
    format!("Le ticket {ticket} a été fusionné avec le ticket {into}. La suite\u{a0}: `/ticket show {into}`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::grammar::{PRIORITIES, STATUSES};

    #[test]
    fn the_filters_are_the_guides() {
        let names = status_filters().map(|(_, name)| name).join(", ");
        assert_eq!(names, "Tous, Nouveau, En cours, En attente client, Résolu, Fermé");
        assert_eq!(
            priority_filters().map(|(_, name)| name).join(", "),
            "Toutes, Basse, Normale, Haute, Urgente"
        );
    }

    #[test]
    fn what_is_shown_can_be_typed() {
        for value in Status::ALL {
            assert!(status(value).ends_with(status_name(value)));
            assert_eq!(STATUSES.read(status_name(value)), Ok(value));
        }
        for value in Priority::ALL {
            assert_eq!(PRIORITIES.read(priority(value)), Ok(value));
        }
    }

    #[test]
    fn reasons_for_not_sending_are_said() {
        assert_eq!(skip_reason(SkipReason::PushNotConfigured), "push non configuré");
        assert_eq!(skip_reason(SkipReason::Preference(Preference::WebOnly)), "préférence\u{a0}: web_only");
        assert_eq!(skip_reason(SkipReason::Overtaken), "dépassée par une notification plus récente");
    }
}
