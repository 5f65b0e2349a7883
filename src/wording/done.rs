//! An act that was done, in French: what, who is told by which road, how to take it back, what may come next.
//!
//! Pure. May import: domain, view, wording.

use super::{dates, labels, recipients};
use crate::domain::delivery::Channel;
use crate::domain::event::EventKind;
use crate::domain::ids::TicketId;
use crate::domain::ticket::SPAM;
use crate::view::{Act, Done, Told};

/// Says what was done, one line for each thing to know.
pub fn say(done: &Done) -> String {
    let mut lines = vec![act(done)];
    if let Some(told) = &done.told {
        lines.push(roads(done, told));
        if let Some(to) = &told.recipients {
            lines.push(recipients::line(to));
            lines.extend(recipients::without(to));
        }
    }
    if done.undo_seconds > 0 {
        lines.push(format!("Annuler\u{a0}: `/ticket undo` ({}\u{a0}s)", done.undo_seconds));
    }
    if !done.offers.is_empty() {
        let id = done.ticket.id;
        let offers: Vec<String> =
            done.offers.iter().map(|key| format!("`/ticket reply {id} --template {key}`")).collect();
        let noun = if offers.len() == 1 { "Réponse type" } else { "Réponses types" };
        lines.push(format!("{noun}\u{a0}: {}", offers.join(", ")));
    }
    lines.join("\n")
}

/// A message became a ticket of its own.
pub fn split(ticket: TicketId, new: TicketId) -> String {
    format!("Ce message du ticket nº\u{a0}{ticket} est devenu le ticket nº\u{a0}{new}.")
}

/// Mail goes to an address again.
pub fn resumed(address: &str) -> String {
    format!("Les e-mails partent de nouveau vers {address}.")
}

fn act(done: &Done) -> String {
    let id = done.ticket.id;
    match &done.done {
        Act::StatusSet { .. } if done.ticket.reason.as_deref() == Some(SPAM) => {
            format!("Ticket nº\u{a0}{id} fermé comme spam\u{a0}: rien n’est envoyé, l’expéditeur est bloqué.")
        }
        Act::StatusSet { from, to } => {
            format!("Ticket nº\u{a0}{id}\u{a0}: {} → {}", labels::status(*from), labels::status(*to))
        }
        Act::Replied { status } => {
            format!("Réponse enregistrée sur le ticket nº\u{a0}{id}, maintenant {}", labels::status(*status))
        }
        Act::Noted => format!("Note interne ajoutée au ticket nº\u{a0}{id}\u{a0}: elle ne part pas."),
        Act::Assigned { to } => format!("{to} est responsable du ticket nº\u{a0}{id}."),
        Act::PrioritySet { to } => format!("Ticket nº\u{a0}{id}\u{a0}: priorité {}", labels::priority(*to)),
        Act::Undone { what: what @ (EventKind::Replied | EventKind::HandedOver | EventKind::StatusSet) } => {
            format!(
                "Annulé\u{a0}: {} du ticket nº\u{a0}{id}, de nouveau {}. Ce qui n’était pas parti ne partira pas.",
                labels::act(*what),
                labels::status(done.ticket.status)
            )
        }
        Act::Undone { what } => format!("Annulé\u{a0}: {} du ticket nº\u{a0}{id}.", labels::act(*what)),
        Act::MarkedSent { delivery } => {
            format!("L’envoi nº\u{a0}{delivery} du ticket nº\u{a0}{id} est tenu pour envoyé.")
        }
        Act::Merged { into } => format!(
            "Ticket nº\u{a0}{id} fusionné avec le ticket nº\u{a0}{into}, qui a maintenant ses messages. La suite\u{a0}: `/ticket show {into}`"
        ),
        Act::ParticipantsSet { added, removed, validated } => {
            let mut said = Vec::new();
            if !added.is_empty() {
                let verb = if added.len() == 1 { "participe" } else { "participent" };
                said.push(format!("{} {verb} au ticket nº\u{a0}{id}.", added.join(", ")));
            }
            if !removed.is_empty() {
                let verb = if removed.len() == 1 { "ne participe pas" } else { "ne participent pas" };
                said.push(format!("{} {verb} au ticket nº\u{a0}{id}.", removed.join(", ")));
            }
            if *validated > 0 {
                let (count, status) = (*validated as i64, labels::status(done.ticket.status));
                let count = dates::count(count, "message validé", "messages validés");
                said.push(format!("{count}\u{a0}: le ticket nº\u{a0}{id} est {status}."));
            }
            said.join("\n")
        }
        Act::HandedOver { status } => format!(
            "Remerciement enregistré sur le ticket nº\u{a0}{id}, maintenant {}. Demande transmise à l’équipe produit.",
            labels::status(*status)
        ),
        Act::Escalated { reason } => format!(
            "Ticket nº\u{a0}{id} escaladé à l’équipe technique (raison\u{a0}: {reason}), {}. L’utilisateur n’en est pas prévenu.",
            labels::status(done.ticket.status)
        ),
        Act::MadeUrgent { reason, every_seconds } => format!(
            "Ticket nº\u{a0}{id} urgent\u{a0}: {}, escaladé à l’équipe technique (raison\u{a0}: {reason}). \
             Rappel {} pour tenir l’utilisateur informé, jusqu’à Résolu ou Fermé.",
            labels::status(done.ticket.status),
            dates::every(*every_seconds)
        ),
        Act::TagsSet { .. } => match done.ticket.tags.as_slice() {
            [] => format!("Le ticket nº\u{a0}{id} n’a plus d’étiquette."),
            tags => format!("Étiquettes du ticket nº\u{a0}{id}\u{a0}: {}.", tags.join(", ")),
        },
        Act::Reminded => format!("L’utilisateur du ticket nº\u{a0}{id} est relancé."),
        Act::Snoozed { until } => {
            let span = (*until - done.ticket.updated_at).to_std().unwrap_or_default();
            format!(
                "Suivi du ticket nº\u{a0}{id} reporté de {}\u{a0}: d’ici là, ni relance ni fermeture\u{a0}; une réponse de l’utilisateur y met fin.",
                dates::duration(span)
            )
        }
        Act::Fixed => {
            format!("L’équipe technique dit le ticket nº\u{a0}{id} corrigé. Son statut n’a pas changé.")
        }
        Act::Resent { delivery } => format!("L’envoi nº\u{a0}{delivery} du ticket nº\u{a0}{id} repart."),
    }
}

/// « Léa : web + e-mail + push », and a warning where nothing, or no e-mail, will reach them.
fn roads(done: &Done, told: &Told) -> String {
    let requester = &done.ticket.requester;
    let who = match (&requester.first_name, requester.name.trim()) {
        (Some(first_name), _) => first_name,
        (None, "") => &requester.email,
        (None, name) => name,
    };
    if let Some(why) = &told.suppressed {
        let roads = match roads_of(told).as_str() {
            "" => "rien".to_owned(),
            roads => format!("{roads}, sans e-mail"),
        };
        let address = &requester.email;
        return format!(
            "⚠ {who}\u{a0}: {roads} (adresse suspendue, {why}). Reprendre\u{a0}: `/ticket user {address} --resume`"
        );
    }
    if told.channels.is_empty() {
        return format!("⚠ {who} ne recevra rien (préférence\u{a0}: {})", told.preference.as_str());
    }
    let roads = roads_of(told);
    if told.channels.contains(&Channel::Email) {
        format!("{who}\u{a0}: {roads}")
    } else {
        format!("⚠ {who}\u{a0}: {roads}, sans e-mail (préférence\u{a0}: {})", told.preference.as_str())
    }
}

fn roads_of(told: &Told) -> String {
    let roads: Vec<&str> = told.channels.iter().map(|channel| labels::channel(*channel)).collect();
    roads.join(" + ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{DeliveryId, EventId, TicketId};
    use crate::domain::preference::Preference;
    use crate::domain::ticket::{Priority, Status};
    use crate::wording::text::samples;

    fn said(act: Act, told: Option<(Preference, &[Channel])>, undo_seconds: u64, offers: &[&str]) -> String {
        let recipients = matches!(act, Act::Replied { .. }).then(|| crate::view::Recipients {
            to: Some("lea@exemple.example".into()),
            cc: vec!["marc@exemple.example".into()],
            without: vec![crate::view::Uncopied {
                email: "paul@exemple.example".into(),
                why: "préférence\u{a0}: none".into(),
            }],
        });
        let told = told.map(|(preference, channels)| Told {
            preference,
            channels: channels.to_vec(),
            suppressed: None,
            recipients,
        });
        let offers = offers.iter().map(|key| (*key).to_owned()).collect();
        say(&Done { ticket: samples::ticket(), event: EventId(9), done: act, offers, told, undo_seconds })
    }

    #[test]
    fn an_act_says_who_is_told_and_how_to_take_it_back() {
        use Channel::*;
        let resolved = || Act::StatusSet { from: Status::InProgress, to: Status::Resolved };
        let all = [
            said(resolved(), Some((Preference::Both, &[Web, Email, Push])), 20, &["solution"]),
            said(resolved(), Some((Preference::WebOnly, &[Web])), 20, &[]),
            said(resolved(), Some((Preference::None, &[])), 0, &["solution", "fermeture"]),
            said(
                Act::Replied { status: Status::WaitingCustomer },
                Some((Preference::EmailOnly, &[Email])),
                20,
                &[],
            ),
            said(Act::Noted, None, 0, &[]),
            said(Act::Assigned { to: "Camille".into() }, None, 0, &[]),
            said(Act::PrioritySet { to: Priority::Urgent }, None, 0, &[]),
            said(Act::Undone { what: EventKind::Replied }, None, 0, &[]),
            said(Act::Undone { what: EventKind::PrioritySet }, None, 0, &[]),
            said(Act::Resent { delivery: DeliveryId(7) }, None, 0, &[]),
            said(Act::Merged { into: TicketId(17) }, None, 20, &[]),
            said(Act::Escalated { reason: "API muette".into() }, None, 20, &[]),
            said(Act::MadeUrgent { reason: "Bug critique".into(), every_seconds: 7200 }, None, 20, &[]),
            said(
                Act::HandedOver { status: Status::Resolved },
                Some((Preference::EmailOnly, &[Email])),
                20,
                &[],
            ),
            said(Act::TagsSet { added: vec!["vip".into()], removed: vec![] }, None, 20, &[]),
            said(Act::Fixed, None, 0, &[]),
            said(
                Act::ParticipantsSet {
                    added: vec!["marc@exemple.example".into()],
                    removed: vec!["zoe@ailleurs.example".into(), "max@ailleurs.example".into()],
                    validated: 1,
                },
                None,
                20,
                &[],
            ),
        ];
        insta::assert_snapshot!(all.join("\n\n"), @r"
        Ticket nº 42 : 🟡 En cours → 🟢 Résolu
        Léa : web + e-mail + push
        Annuler : `/ticket undo` (20 s)
        Réponse type : `/ticket reply 42 --template solution`

        Ticket nº 42 : 🟡 En cours → 🟢 Résolu
        ⚠ Léa : web, sans e-mail (préférence : web_only)
        Annuler : `/ticket undo` (20 s)

        Ticket nº 42 : 🟡 En cours → 🟢 Résolu
        ⚠ Léa ne recevra rien (préférence : none)
        Réponses types : `/ticket reply 42 --template solution`, `/ticket reply 42 --template fermeture`

        Réponse enregistrée sur le ticket nº 42, maintenant 🟠 En attente client
        Léa : e-mail
        À : lea@exemple.example · Copie : marc@exemple.example
        Sans copie : paul@exemple.example (préférence : none)
        Annuler : `/ticket undo` (20 s)

        Note interne ajoutée au ticket nº 42 : elle ne part pas.

        Camille est responsable du ticket nº 42.

        Ticket nº 42 : priorité Urgente

        Annulé : la réponse du ticket nº 42, de nouveau 🟢 Résolu. Ce qui n’était pas parti ne partira pas.

        Annulé : le changement de priorité du ticket nº 42.

        L’envoi nº 7 du ticket nº 42 repart.

        Ticket nº 42 fusionné avec le ticket nº 17, qui a maintenant ses messages. La suite : `/ticket show 17`
        Annuler : `/ticket undo` (20 s)

        Ticket nº 42 escaladé à l’équipe technique (raison : API muette), 🟢 Résolu. L’utilisateur n’en est pas prévenu.
        Annuler : `/ticket undo` (20 s)

        Ticket nº 42 urgent : 🟢 Résolu, escaladé à l’équipe technique (raison : Bug critique). Rappel toutes les 2 h pour tenir l’utilisateur informé, jusqu’à Résolu ou Fermé.
        Annuler : `/ticket undo` (20 s)

        Remerciement enregistré sur le ticket nº 42, maintenant 🟢 Résolu. Demande transmise à l’équipe produit.
        Léa : e-mail
        Annuler : `/ticket undo` (20 s)

        Le ticket nº 42 n’a plus d’étiquette.
        Annuler : `/ticket undo` (20 s)

        L’équipe technique dit le ticket nº 42 corrigé. Son statut n’a pas changé.

        marc@exemple.example participe au ticket nº 42.
        zoe@ailleurs.example, max@ailleurs.example ne participent pas au ticket nº 42.
        1 message validé : le ticket nº 42 est 🟢 Résolu.
        Annuler : `/ticket undo` (20 s)
        ");
    }

    #[test]
    fn a_spam_closing_says_that_nothing_leaves() {
        let mut ticket = samples::ticket();
        ticket.reason = Some(SPAM.into());
        ticket.status = Status::Closed;
        let done = Act::StatusSet { from: Status::New, to: Status::Closed };
        let said =
            say(&Done { ticket, event: EventId(9), done, offers: vec![], told: None, undo_seconds: 0 });
        assert_eq!(
            said,
            "Ticket nº\u{a0}42 fermé comme spam\u{a0}: rien n’est envoyé, l’expéditeur est bloqué."
        );
    }
}
