//! A line of history as a French sentence.
//!
//! Pure. May import: domain, view, wording.

use super::{dates, labels};
use crate::domain::event::EventKind;
use crate::domain::participant::Participation;
use crate::domain::threading::Rung;
use crate::domain::ticket::{SPAM, Status};
use crate::view::EventView;

/// « Camille a passé le ticket de 🔵 Nouveau à 🟡 En cours ».
pub fn sentence(event: &EventView) -> String {
    let detail = &event.detail;
    let who = match detail.team {
        Some(team) => format!("{} ({})", actor(&event.actor), labels::team(team)),
        None => actor(&event.actor).to_owned(),
    };
    let moved = match (detail.from, detail.to) {
        (Some(from), Some(to)) => Some(format!("de {} à {}", labels::status(from), labels::status(to))),
        (None, Some(to)) => Some(format!("à {}", labels::status(to))),
        _ => None,
    };
    let rung = detail.rung.as_deref().and_then(Rung::from_word).map(labels::rung);
    let found = rung.map(|rung| format!(" ({rung})")).unwrap_or_default();
    let other = detail.other.unwrap_or_default();
    let note = detail.note.as_deref().map(|note| format!(" ({note})")).unwrap_or_default();
    match event.kind {
        EventKind::Created if detail.other.is_some() => {
            format!("{who} a ouvert le ticket\u{a0}; suite du ticket {other}{found}")
        }
        EventKind::Created => match detail.forwarded_by.as_deref() {
            Some(agent) => {
                format!("{who} a ouvert le ticket\u{a0}; mail transféré depuis l’adresse de {agent}")
            }
            None => format!("{who} a ouvert le ticket"),
        },
        EventKind::RequesterThanked => {
            format!("{who} a remercié\u{a0}; le ticket reste {}{found}", labels::status(Status::Resolved))
        }
        EventKind::RequesterWrote => match moved {
            Some(moved) => format!("{who} a répondu\u{a0}; le ticket passe {moved}{found}"),
            None => format!("{who} a écrit{found}"),
        },
        EventKind::Replied => match moved {
            Some(moved) => format!("{who} a répondu et a passé le ticket {moved}"),
            None => format!("{who} a répondu"),
        },
        EventKind::StatusSet => {
            let moved = moved.map(|moved| format!(" {moved}")).unwrap_or_default();
            let reason = match detail.reason.as_deref() {
                Some(SPAM) => " (spam, expéditeur bloqué)".to_owned(),
                Some(reason) => format!(" (raison\u{a0}: {reason})"),
                None => String::new(),
            };
            format!("{who} a passé le ticket{moved}{reason}")
        }
        EventKind::NoteAdded => format!("{who} a ajouté une note interne"),
        EventKind::PrioritySet => match (detail.priority_from, detail.priority_to) {
            (Some(from), Some(to)) => {
                format!("{who} a changé la priorité de {} à {}", labels::priority(from), labels::priority(to))
            }
            _ => format!("{who} a changé la priorité"),
        },
        EventKind::Assigned => match event.assignee.as_deref() {
            Some(assignee) if assignee == event.actor => format!("{who} a pris le ticket"),
            Some(assignee) => format!("{who} a confié le ticket à {assignee}"),
            None => format!("{who} a libéré le ticket"),
        },
        EventKind::HandedOver => {
            let moved = moved.map(|moved| format!(" et a passé le ticket {moved}")).unwrap_or_default();
            format!("{who} a répondu{moved}\u{a0}; transmis à l’équipe produit")
        }
        EventKind::Escalated => {
            let moved = moved.map(|moved| format!("\u{a0}; le ticket passe {moved}")).unwrap_or_default();
            let reason = detail.reason.as_deref().unwrap_or_default();
            format!("{who} a escaladé le ticket à l’équipe technique (raison\u{a0}: {reason}){moved}")
        }
        EventKind::MadeUrgent => {
            let moved = moved.map(|moved| format!("\u{a0}; le ticket passe {moved}")).unwrap_or_default();
            let reason = detail.reason.as_deref().unwrap_or_default();
            format!(
                "{who} a déclaré le ticket urgent et l’a escaladé à l’équipe technique (raison\u{a0}: {reason}){moved}"
            )
        }
        EventKind::UpdateDue => "Ticket urgent\u{a0}: il est temps de tenir l’utilisateur informé".to_owned(),
        EventKind::Reminded => {
            let which = detail.timer.map_or("relance", labels::step);
            match event.actor.as_str() {
                "guichet" => format!("{which} envoyée à l’utilisateur"),
                _ => format!("{who} a relancé l’utilisateur ({which})"),
            }
        }
        EventKind::Proposed => {
            format!("À décider\u{a0}: {}", detail.timer.map_or("la suite", labels::step))
        }
        EventKind::Stale => "Ticket en cours, sans activité\u{a0}: où en est-il\u{a0}?".to_owned(),
        EventKind::DeadlineNear => {
            format!("Échéance proche\u{a0}: {}", detail.owed.map_or("réponse", labels::owed))
        }
        EventKind::DeadlineMissed => {
            format!("Échéance dépassée\u{a0}: {}", detail.owed.map_or("réponse", labels::owed))
        }
        EventKind::Snoozed => {
            let span = detail.until.and_then(|until| (until - event.at).to_std().ok()).unwrap_or_default();
            format!("{who} a reporté le suivi de {}", dates::duration(span))
        }
        EventKind::SnoozeOver => "Le report est terminé\u{a0}: le ticket est à reprendre".to_owned(),
        EventKind::Erased => "Les données de l’utilisateur ont été effacées, à sa demande".to_owned(),
        EventKind::Anonymised => {
            "Ticket anonymisé\u{a0}: la durée de conservation de ses textes est passée".to_owned()
        }
        EventKind::FeedbackGiven => {
            let rating = detail.rating.map(labels::rating).unwrap_or_default();
            let comment = detail.note.as_deref().map(|said| {
                let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
                format!("\u{a0}: «\u{a0}{said}\u{a0}»")
            });
            format!("{who} a donné son avis, {rating}{}", comment.unwrap_or_default())
        }
        EventKind::TagsSet => {
            let changed = |verb: &str, tags: &[String]| match tags {
                [] => None,
                [tag] => Some(format!("a {verb} l’étiquette {tag}")),
                tags => Some(format!("a {verb} les étiquettes {}", tags.join(", "))),
            };
            let added = changed("ajouté", &detail.tags_added);
            let removed = changed("retiré", &detail.tags_removed);
            let done: Vec<String> = added.into_iter().chain(removed).collect();
            format!("{who} {}", done.join(" et "))
        }
        EventKind::Fixed => format!("Corrigé, dit {who}"),
        EventKind::Undone => match detail.undid {
            Some(undid) => format!("{who} a annulé {}", labels::act(undid)),
            None => format!("{who} a annulé son dernier geste"),
        },
        EventKind::Bounced => match &detail.note {
            Some(why) => format!("Un e-mail est revenu sans être remis\u{a0}: {why}"),
            None => "Un e-mail est revenu sans être remis".to_owned(),
        },
        EventKind::AutomaticReply => format!("Réponse automatique reçue de {who}{note}{found}"),
        EventKind::StrangerWrote => format!("Message d’un tiers, à valider{note}{found}"),
        EventKind::MarkedSent => match detail.delivery {
            Some(delivery) => format!("{who} a tenu l’envoi nº\u{a0}{delivery} pour envoyé"),
            None => format!("{who} a tenu un envoi pour envoyé"),
        },
        EventKind::Resent => match detail.delivery {
            Some(delivery) => format!("{who} a relancé l’envoi nº\u{a0}{delivery}"),
            None => format!("{who} a relancé un envoi"),
        },
        EventKind::MergedInto => format!("{who} a fusionné ce ticket avec le ticket {other}"),
        EventKind::Absorbed => match moved {
            Some(moved) => {
                format!("{who} a fusionné le ticket {other} avec celui-ci\u{a0}; le ticket passe {moved}")
            }
            None => format!("{who} a fusionné le ticket {other} avec celui-ci"),
        },
        EventKind::SplitInto => format!("{who} a fait d’un message le ticket {other}"),
        EventKind::ContinuedIn => format!("Suite dans le ticket {other}{found}"),
        EventKind::ParticipantsSet => {
            let whom = |to| {
                let changes = detail.participants.iter().filter(move |change| change.to == to);
                changes.map(|change| change.address.as_str()).collect::<Vec<_>>().join(", ")
            };
            let (added, removed) = (whom(Participation::In), whom(Participation::Out));
            let mut done = Vec::new();
            if !added.is_empty() {
                done.push(format!("a ajouté {added} aux participants"));
            }
            if !removed.is_empty() {
                done.push(format!("a écarté {removed}"));
            }
            if !detail.validated.is_empty() {
                let count = detail.validated.len() as i64;
                done.push(format!("a validé {}", dates::count(count, "message", "messages")));
            }
            let moved = moved.map(|moved| format!("\u{a0}; le ticket passe {moved}")).unwrap_or_default();
            format!("{who} {}{moved}", done.join(", "))
        }
        EventKind::PreferenceSet => match (detail.preference_from, detail.preference_to) {
            (Some(from), Some(to)) => {
                let (from, to) = (labels::preference(from), labels::preference(to));
                format!(
                    "{who} a changé sa préférence\u{a0}: «\u{a0}{to}\u{a0}» remplace «\u{a0}{from}\u{a0}»"
                )
            }
            _ => format!("{who} a changé sa préférence"),
        },
    }
}

/// The program signs its own acts with its name.
fn actor(actor: &str) -> &str {
    if actor == "guichet" { "Guichet" } else { actor }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EventDetail;
    use crate::domain::ids::EventId;
    use crate::domain::participant::ParticipantChange;
    use crate::domain::preference::Preference;
    use crate::domain::ticket::{Priority, Status};
    use chrono::{DateTime, Utc};

    fn said(kind: EventKind, assignee: Option<&str>, detail: EventDetail) -> String {
        sentence(&EventView {
            id: EventId(1),
            kind,
            actor: "Camille".into(),
            door: "web".into(),
            at: DateTime::<Utc>::UNIX_EPOCH,
            undone: false,
            detail,
            assignee: assignee.map(str::to_owned),
        })
    }

    #[test]
    fn every_kind_of_event_is_a_sentence() {
        use EventKind::*;
        let none = EventDetail::default;
        let moved = |from, to| EventDetail { from: Some(from), to: Some(to), ..none() };
        let reasoned =
            |reason: &str| EventDetail { reason: Some(reason.into()), ..moved(Status::New, Status::Closed) };
        let other = |id| EventDetail { other: Some(id), ..none() };
        let change = |address: &str, to| ParticipantChange { address: address.into(), from: None, to };
        let dev = || EventDetail { team: Some(crate::domain::event::Team::Dev), ..none() };
        let noted = |note: &str| EventDetail { note: Some(note.into()), ..none() };
        for (sentence, expected) in [
            (said(Created, None, none()), "Camille a ouvert le ticket"),
            (said(RequesterWrote, None, none()), "Camille a écrit"),
            (
                said(RequesterWrote, None, moved(Status::Resolved, Status::InProgress)),
                "Camille a répondu\u{a0}; le ticket passe de 🟢 Résolu à 🟡 En cours",
            ),
            (
                said(Replied, None, moved(Status::New, Status::InProgress)),
                "Camille a répondu et a passé le ticket de 🔵 Nouveau à 🟡 En cours",
            ),
            (said(Replied, None, none()), "Camille a répondu"),
            (
                said(StatusSet, None, moved(Status::New, Status::InProgress)),
                "Camille a passé le ticket de 🔵 Nouveau à 🟡 En cours",
            ),
            (
                said(StatusSet, None, reasoned("doublon")),
                "Camille a passé le ticket de 🔵 Nouveau à ⚫ Fermé (raison\u{a0}: doublon)",
            ),
            (
                said(StatusSet, None, reasoned(SPAM)),
                "Camille a passé le ticket de 🔵 Nouveau à ⚫ Fermé (spam, expéditeur bloqué)",
            ),
            (said(NoteAdded, None, none()), "Camille a ajouté une note interne"),
            (
                said(
                    PrioritySet,
                    None,
                    EventDetail {
                        priority_from: Some(Priority::Normal),
                        priority_to: Some(Priority::Urgent),
                        ..none()
                    },
                ),
                "Camille a changé la priorité de Normale à Urgente",
            ),
            (said(Assigned, Some("Camille"), none()), "Camille a pris le ticket"),
            (said(Assigned, Some("Sam"), none()), "Camille a confié le ticket à Sam"),
            (
                said(Undone, None, EventDetail { undid: Some(StatusSet), ..none() }),
                "Camille a annulé le changement de statut",
            ),
            (said(Bounced, None, noted("5.1.1")), "Un e-mail est revenu sans être remis\u{a0}: 5.1.1"),
            (
                said(RequesterWrote, None, EventDetail { rung: Some("subject_tag".into()), ..none() }),
                "Camille a écrit (retrouvé par le numéro dans l’objet)",
            ),
            (
                said(Created, None, EventDetail { forwarded_by: Some("Sam".into()), ..none() }),
                "Camille a ouvert le ticket\u{a0}; mail transféré depuis l’adresse de Sam",
            ),
            (
                said(Created, None, EventDetail { rung: Some("reference".into()), ..other(17) }),
                "Camille a ouvert le ticket\u{a0}; suite du ticket 17 (retrouvé par un message de la conversation)",
            ),
            (said(ContinuedIn, None, other(42)), "Suite dans le ticket 42"),
            (said(SplitInto, None, other(42)), "Camille a fait d’un message le ticket 42"),
            (said(MergedInto, None, other(17)), "Camille a fusionné ce ticket avec le ticket 17"),
            (said(Absorbed, None, other(42)), "Camille a fusionné le ticket 42 avec celui-ci"),
            (
                said(Undone, None, EventDetail { undid: Some(MergedInto), ..other(17) }),
                "Camille a annulé la fusion",
            ),
            (
                said(HandedOver, None, moved(Status::New, Status::Resolved)),
                "Camille a répondu et a passé le ticket de 🔵 Nouveau à 🟢 Résolu\u{a0}; transmis à l’équipe produit",
            ),
            (
                said(Escalated, None, EventDetail { reason: Some("API muette".into()), ..none() }),
                "Camille a escaladé le ticket à l’équipe technique (raison\u{a0}: API muette)",
            ),
            (
                said(
                    MadeUrgent,
                    None,
                    EventDetail {
                        reason: Some("Bug critique".into()),
                        ..moved(Status::New, Status::InProgress)
                    },
                ),
                "Camille a déclaré le ticket urgent et l’a escaladé à l’équipe technique (raison\u{a0}: Bug critique)\u{a0}; \
                 le ticket passe de 🔵 Nouveau à 🟡 En cours",
            ),
            (
                said(UpdateDue, None, none()),
                "Ticket urgent\u{a0}: il est temps de tenir l’utilisateur informé",
            ),
            (
                said(
                    TagsSet,
                    None,
                    EventDetail {
                        tags_added: vec!["vip".into(), "bug".into()],
                        tags_removed: vec!["relance".into()],
                        ..none()
                    },
                ),
                "Camille a ajouté les étiquettes vip, bug et a retiré l’étiquette relance",
            ),
            (said(Fixed, None, dev()), "Corrigé, dit Camille (équipe technique)"),
            (said(NoteAdded, None, dev()), "Camille (équipe technique) a ajouté une note interne"),
            (said(AutomaticReply, None, none()), "Réponse automatique reçue de Camille"),
            (
                said(StrangerWrote, None, noted("zoe@ailleurs.example")),
                "Message d’un tiers, à valider (zoe@ailleurs.example)",
            ),
            (
                said(
                    ParticipantsSet,
                    None,
                    EventDetail {
                        participants: vec![
                            change("marc@exemple.example", Participation::In),
                            change("zoe@ailleurs.example", Participation::Out),
                            change("anne@exemple.example", Participation::In),
                        ],
                        validated: vec![3],
                        ..moved(Status::Resolved, Status::InProgress)
                    },
                ),
                "Camille a ajouté marc@exemple.example, anne@exemple.example aux participants, a écarté \
                 zoe@ailleurs.example, a validé 1\u{a0}message\u{a0}; le ticket passe de 🟢 Résolu à 🟡 En cours",
            ),
            (
                said(Resent, None, EventDetail { delivery: Some(7), ..none() }),
                "Camille a relancé l’envoi nº\u{a0}7",
            ),
            (
                said(
                    PreferenceSet,
                    None,
                    EventDetail {
                        preference_from: Some(Preference::Both),
                        preference_to: Some(Preference::WebOnly),
                        ..none()
                    },
                ),
                "Camille a changé sa préférence\u{a0}: «\u{a0}web seulement\u{a0}» remplace «\u{a0}web + e-mail + push\u{a0}»",
            ),
        ] {
            assert_eq!(sentence, expected);
        }
    }
}
