//! One ticket as plain text: its card, its history, its deliveries.
//!
//! Pure. May import: domain, view, wording.

use super::paint::{Cell, Ink, Table, clipped, printable, width};
use crate::domain::delivery::DeliveryState;
use crate::domain::message::Direction;
use crate::domain::participant::Participation;
use crate::domain::text;
use crate::domain::ticket::Priority;
use crate::view::{MessageView, TicketView};
use crate::wording::{ahead, dates, history as sentences, labels, mail};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// Columns of a rule across the page.
const PAGE: usize = 78;

fn title(ticket: &TicketView, ink: Ink) -> String {
    ink.bold(&format!("Ticket nº\u{a0}{} · {}", ticket.id, clipped(&ticket.subject, 200)))
}

/// The card and the conversation.
pub fn card(ticket: &TicketView, now: DateTime<Utc>, zone: Tz, ink: Ink) -> String {
    let priority = format!("priorité {}", labels::priority(ticket.priority));
    let pressing = matches!(ticket.priority, Priority::High | Priority::Urgent);
    let priority = if pressing { ink.red(&priority) } else { priority };
    let assignee = match &ticket.assignee {
        Some(name) => format!("responsable\u{a0}: {}", clipped(name, 60)),
        None => "sans responsable".to_owned(),
    };
    let mut lines = vec![
        title(ticket, ink),
        format!("{} · {priority} · {assignee}", labels::status(ticket.status)),
        super::requester(&ticket.requester, ink),
        ink.dim(&format!(
            "Ouvert le {} · modifié {}",
            dates::date(ticket.created_at, zone),
            dates::ago(ticket.updated_at, now)
        )),
    ];
    if let Some(reason) = &ticket.reason {
        lines.push(format!("Raison\u{a0}: {}", clipped(reason, 200)));
    }
    if let Some(since) = ticket.escalated_at {
        lines.push(ink.yellow(&format!("Escaladé à l’équipe technique {}", dates::ago(since, now))));
    }
    for coming in &ticket.ahead {
        let when = ahead::when(coming, zone);
        let line = format!("{} {when}", text::capitalised(&coming.name));
        let line = if coming.is_deadline && coming.at < now { ink.red(&line) } else { line };
        lines.push(format!("{line} {}", ink.dim(&format!("({})", coming.why))));
    }
    if !ticket.tags.is_empty() {
        lines.push(format!("Étiquettes\u{a0}: {}", printable(&ticket.tags.join(", "))));
    }
    if let Some(before) = ticket.follows {
        lines.push(ink.commands(&labels::continues(before)));
    }
    if let Some(into) = ticket.merged_into {
        lines.push(ink.commands(&format!("⚠ {}", labels::merged(ticket.id, into))));
    }
    lines.extend(in_copy(ticket, Participation::In, "En copie"));
    lines.extend(in_copy(ticket, Participation::Proposed, "À valider").map(|line| ink.yellow(&line)));
    for message in &ticket.messages {
        lines.push(String::new());
        lines.push(heading(message, now, ink));
        if let Some(lost) = mail::lost(message.shape.parts) {
            lines.push(format!("⚠ {lost}"));
        }
        match message.text.trim_end() {
            "" if message.shape.seal.is_some() => lines.push(mail::no_text(message.shape.seal).to_owned()),
            text => lines.push(printable(text)),
        }
        let folded = message.quoted.trim().lines().count() as i64;
        if folded > 0 {
            let lines_of = dates::count(folded, "ligne repliée", "lignes repliées");
            lines.push(ink.dim(&format!("… citation et signature\u{a0}: {lines_of}")));
        }
        for attachment in &message.attachments {
            let name = clipped(&attachment.name, 80);
            let refused =
                attachment.refused.map(|why| format!(", {}", mail::file_refused(why))).unwrap_or_default();
            lines.push(format!("📎 {name} ({}{refused})", dates::size(attachment.bytes)));
        }
    }
    if !ticket.deliveries.is_empty() {
        lines.push(String::new());
        lines.push(tally(ticket, ink));
    }
    lines.join("\n")
}

/// « En copie : Marc <marc@exemple.example> »; `None` where nobody stands so.
fn in_copy(ticket: &TicketView, state: Participation, label: &str) -> Option<String> {
    let people: Vec<String> = ticket
        .participants
        .iter()
        .filter(|participant| participant.state == state)
        .map(|participant| match participant.name.as_str() {
            "" => printable(&participant.email),
            name => format!("{} <{}>", clipped(name, 60), printable(&participant.email)),
        })
        .collect();
    (!people.is_empty()).then(|| format!("{label}\u{a0}: {}", people.join(", ")))
}

/// Who takes part, might, or was refused.
pub fn participants(ticket: &TicketView, ink: Ink) -> String {
    let next = ink.commands(&format!(
        "Ajouter ou retirer\u{a0}: `/ticket participants {} +ADRESSE -ADRESSE`",
        ticket.id
    ));
    if ticket.participants.is_empty() {
        return format!("{}\n\nPersonne d’autre que le demandeur.\n\n{next}", title(ticket, ink));
    }
    let mut table = Table::new(&["Adresse", "Nom", "État", "Ajouté par"], &[]);
    for participant in &ticket.participants {
        let state = labels::participation(participant.state).to_owned();
        table.row([
            Cell::bold(printable(&participant.email)),
            Cell::plain(clipped(&participant.name, 40)),
            match participant.state {
                Participation::In => Cell::plain(state),
                Participation::Proposed => Cell::yellow(state),
                Participation::Out => Cell::dim(state),
            },
            Cell::dim(clipped(&participant.added_by, 60)),
        ]);
    }
    format!("{}\n\n{}\n\n{next}", title(ticket, ink), table.draw(ink))
}

/// « ── Léa Martin · il y a 2 h ── », filled up with a rule.
fn heading(message: &MessageView, now: DateTime<Utc>, ink: Ink) -> String {
    let author = clipped(&message.author, 60);
    let who = match message.direction {
        Direction::Inbound if message.stranger && message.refuted => {
            format!("⚠ {author} (tiers, à valider, expéditeur non authentifié)")
        }
        Direction::Inbound if message.stranger => format!("⚠ {author} (tiers, à valider)"),
        Direction::Inbound if message.refuted => format!("⚠ {author} (expéditeur non authentifié)"),
        Direction::Outbound if message.automatic => format!("{author} (lettre automatique)"),
        Direction::Inbound if message.automatic => format!("{author} (réponse automatique)"),
        Direction::Inbound => author,
        Direction::Outbound => format!("{author} → utilisateur"),
        Direction::Note => format!("📝 Note interne de {author}"),
    };
    let at = dates::ago(message.at, now);
    let rule = PAGE.saturating_sub(width(&who) + width(&at) + 7).max(2);
    let who = match message.direction {
        Direction::Note => ink.yellow(&who),
        Direction::Inbound | Direction::Outbound => ink.bold(&who),
    };
    format!("{} {who} {}", ink.dim("──"), ink.dim(&format!("· {at} {}", "─".repeat(rule))))
}

/// « Envois : 2 envoyés, 1 ignoré ».
fn tally(ticket: &TicketView, ink: Ink) -> String {
    let counted: Vec<String> = DeliveryState::ALL
        .into_iter()
        .filter_map(|state| {
            let number = ticket.deliveries.iter().filter(|delivery| delivery.state == state).count() as i64;
            let (one, many) = match state {
                DeliveryState::Pending => ("en attente", "en attente"),
                DeliveryState::Sending => ("en cours d’envoi", "en cours d’envoi"),
                DeliveryState::Sent => ("envoyé", "envoyés"),
                DeliveryState::Failed => ("en échec", "en échec"),
                DeliveryState::Skipped => ("ignoré", "ignorés"),
                DeliveryState::Uncertain => ("incertain", "incertains"),
                DeliveryState::Cancelled => ("annulé", "annulés"),
            };
            (number > 0).then(|| dates::count(number, one, many))
        })
        .collect();
    let troubled = ticket
        .deliveries
        .iter()
        .any(|delivery| matches!(delivery.state, DeliveryState::Failed | DeliveryState::Uncertain));
    let counted = counted.join(", ");
    let counted = if troubled { ink.red(&counted) } else { counted };
    ink.commands(&format!("Envois\u{a0}: {counted} · `/ticket deliveries {}`", ticket.id))
}

/// Who did what, oldest first.
pub fn history(ticket: &TicketView, zone: Tz, ink: Ink) -> String {
    let lines = ticket.events.iter().map(|event| {
        let at = ink.dim(&dates::short_date(event.at, zone));
        let sentence = clipped(&sentences::sentence(event), 400);
        let door = clipped(labels::door(&event.door), 40);
        let undone = if event.undone { ink.yellow(" — annulé") } else { String::new() };
        format!("{at}  {sentence}{undone} {}", ink.dim(&format!("({door})")))
    });
    let lines: Vec<String> = lines.collect();
    let body = if lines.is_empty() { "Aucun événement.".to_owned() } else { lines.join("\n") };
    format!("{}\n\n{body}", title(ticket, ink))
}

/// What was sent or not sent, oldest first.
pub fn deliveries(ticket: &TicketView, zone: Tz, ink: Ink) -> String {
    if ticket.deliveries.is_empty() {
        return format!("{}\n\nAucun envoi.", title(ticket, ink));
    }
    let mut table = Table::new(&["Envoi", "Quand", "Voie", "État", "Titre", "Destinataire ou motif"], &[0]);
    for delivery in &ticket.deliveries {
        let state = labels::delivery_state(delivery.state).to_owned();
        let address = delivery.address.as_deref().map(|address| clipped(address, 80));
        let why = delivery.why.as_deref().map(|why| clipped(why, 120));
        let rest: Vec<String> = address.into_iter().chain(why).collect();
        table.row([
            Cell::plain(delivery.id.to_string()),
            Cell::dim(dates::short_date(delivery.at, zone)),
            Cell::plain(labels::channel(delivery.channel).to_owned()),
            match delivery.state {
                DeliveryState::Failed | DeliveryState::Uncertain => Cell::red(state),
                DeliveryState::Pending | DeliveryState::Sending => Cell::yellow(state),
                DeliveryState::Sent => Cell::plain(state),
                DeliveryState::Skipped | DeliveryState::Cancelled => Cell::dim(state),
            },
            Cell::plain(clipped(&delivery.title, 60)),
            Cell::plain(rest.join(" · ")),
        ]);
    }
    let resendable = ticket
        .deliveries
        .iter()
        .rfind(|delivery| matches!(delivery.state, DeliveryState::Failed | DeliveryState::Uncertain));
    let next = resendable
        .map(|delivery| ink.commands(&format!("\n\nRenvoyer\u{a0}: `/ticket resend {}`", delivery.id)))
        .unwrap_or_default();
    format!("{}\n\n{}{next}", title(ticket, ink), table.draw(ink))
}
