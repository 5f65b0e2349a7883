//! What stands in a channel: the ticket's card, its twin with the technical team, what goes to the product team, what
//! needs a person.

use super::{EXCERPT, button, excerpt};
use crate::domain::alert::Alert;
use crate::domain::chat::{Place, takes_escalation_over};
use crate::domain::event::EventKind;
use crate::domain::followup::TimerKind;
use crate::domain::message::Direction;
use crate::domain::participant::Participation;
use crate::domain::ticket::Status;
use crate::view::press::Press;
use crate::view::sheet::{Button, Piece, Row, Sheet, Tone};
use crate::view::{Coming, EventView, MessageView, TicketView};
use crate::wording::{ahead, alerts, dates, labels};
use chrono_tz::Tz;

/// « nº 42 · Remboursement », as every card and thread is called.
pub fn title(ticket: &TicketView) -> String {
    format!("nº\u{a0}{} · {}", ticket.id, ticket.subject)
}

/// The name of the ticket's thread: no status in it, since platforms let few renamings pass.
pub fn thread_name(ticket: &TicketView) -> String {
    excerpt(&title(ticket), 90)
}

/// The address of the ticket's page.
pub(super) fn page(public_url: &str, ticket: &TicketView) -> String {
    format!("{}/admin/support/tickets/{}", public_url.trim_end_matches('/'), ticket.id)
}

/// The card of a ticket in #support-team.
/// `escalation`: where it stands with the technical team.
/// `zone`: the one in which times are said.
pub fn card(
    ticket: &TicketView,
    writers: &[String],
    escalation: Option<&Place>,
    zone: Tz,
    public_url: &str,
) -> Sheet {
    let id = ticket.id;
    let heading = format!("{} · {}", labels::status(ticket.status), title(ticket));
    let link = Some(page(public_url, ticket));
    if ticket.status == Status::Closed {
        let reason = ticket.reason.as_deref().map(|reason| format!(" · {reason}")).unwrap_or_default();
        return Sheet {
            accent: Some(ticket.status),
            title: Some(format!("{heading}{reason}")),
            link,
            rows: vec![Row::Buttons(vec![button("Rouvrir", Press::Reopen(id), Tone::Plain)])],
            ..Sheet::default()
        };
    }
    let mut sheet = whole_card(ticket, writers, public_url);
    sheet.facts.extend(ahead(ticket, zone));
    sheet.body.extend(leads("Fil de l’équipe technique\u{a0}:", escalation));
    sheet
}

/// A way to the thread that hangs there, once there is one.
fn leads(words: &str, place: Option<&Place>) -> Option<Piece> {
    let place = place.filter(|place| place.thread.is_some())?;
    Some(Piece::Leads(words.to_owned(), place.clone()))
}

/// What is ahead: the first deadline, and the next step of the follow-up.
fn ahead(ticket: &TicketView, zone: Tz) -> Vec<(String, String)> {
    let deadline = ticket.ahead.iter().find(|coming| coming.is_deadline);
    // What only the team would be told is no news yet.
    let quiet = TimerKind::StaleInProgress.as_str();
    let step = ticket.ahead.iter().find(|coming| !coming.is_deadline && coming.what != quiet);
    let said = |coming: &Coming| format!("{} {}", coming.name, ahead::when(coming, zone));
    let told = |coming: &Coming| {
        let mut events = ticket.events.iter().rev();
        events.find(|event| !event.undone && event.detail.due == Some(coming.at)).map(|event| event.kind)
    };
    let deadline = deadline.map(|coming| {
        let mark = match told(coming) {
            Some(EventKind::DeadlineMissed) => "🔴 dépassée\u{a0}: ",
            Some(EventKind::DeadlineNear) => "🟠 ",
            _ => "",
        };
        ("Échéance".to_owned(), format!("{mark}{}", said(coming)))
    });
    deadline.into_iter().chain(step.map(|coming| ("Suivi".to_owned(), said(coming)))).collect()
}

/// The same with all that is known of it, closed or not.
pub(super) fn whole_card(ticket: &TicketView, writers: &[String], public_url: &str) -> Sheet {
    let id = ticket.id;
    let heading = format!("{} · {}", labels::status(ticket.status), title(ticket));
    let link = Some(page(public_url, ticket));
    let mut body = Vec::new();
    if let Some(message) = latest_inbound(ticket) {
        body.push(Piece::Quote(excerpt(&message.text, EXCERPT)));
        body.push(Piece::Ago(message.at));
    }
    let take = match ticket.assignee {
        None => Tone::Success,
        Some(_) => Tone::Plain,
    };
    Sheet {
        accent: Some(ticket.status),
        title: Some(heading),
        link,
        body,
        facts: facts(ticket),
        footer: writing(writers),
        rows: vec![
            Row::Buttons(vec![
                button("Prendre", Press::Take(id), take),
                button("Répondre", Press::Reply(id, None), Tone::Primary),
                button("Statut ▾", Press::StatusMenu(id), Tone::Plain),
                button("Modèle ▾", Press::TemplateMenu(id), Tone::Plain),
                button("Escalader", Press::Escalate(id), Tone::Plain),
            ]),
            Row::Buttons(vec![button("Spam", Press::Spam(id), Tone::Danger)]),
        ],
        ..Sheet::default()
    }
}

/// « ✍ Camille rédige une réponse… »
pub fn writing(writers: &[String]) -> Option<String> {
    match writers {
        [] => None,
        [one] => Some(format!("✍ {one} rédige une réponse…")),
        many => Some(format!("✍ {} rédigent une réponse…", many.join(", "))),
    }
}

fn facts(ticket: &TicketView) -> Vec<(String, String)> {
    let requester = &ticket.requester;
    let who = match requester.name.trim() {
        "" => requester.email.clone(),
        name => format!("{name} ({})", requester.email),
    };
    let told = match &requester.suppressed {
        Some(why) => format!("{}, adresse suspendue\u{a0}: {why}", labels::preference(requester.preference)),
        None => labels::preference(requester.preference).to_owned(),
    };
    let mut facts = vec![
        ("Demandeur".to_owned(), who),
        ("Préférence".to_owned(), told),
        ("Priorité".to_owned(), labels::priority(ticket.priority).to_owned()),
        ("Responsable".to_owned(), ticket.assignee.clone().unwrap_or_else(|| "personne".to_owned())),
    ];
    if !ticket.tags.is_empty() {
        facts.push(("Étiquettes".to_owned(), ticket.tags.join(", ")));
    }
    if ticket.escalated_at.is_some() {
        facts.push(("Escalade".to_owned(), "🚨 Escaladé à l’équipe technique".to_owned()));
    }
    if let Some(reason) = &ticket.reason {
        facts.push(("Raison".to_owned(), reason.clone()));
    }
    for (state, label) in [(Participation::In, "En copie"), (Participation::Proposed, "À valider")] {
        let people = ticket.participants.iter().filter(|one| one.state == state);
        let people: Vec<&str> = people.map(|one| one.email.as_str()).collect();
        if !people.is_empty() {
            facts.push((label.to_owned(), people.join(", ")));
        }
    }
    let files: Vec<String> = ticket
        .messages
        .iter()
        .flat_map(|message| &message.attachments)
        .map(|file| format!("{} ({})", file.name, dates::size(file.bytes)))
        .collect();
    if !files.is_empty() {
        let shown = files.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        let more = files.len().saturating_sub(5);
        let more = if more > 0 { format!(" et {more} de plus") } else { String::new() };
        facts.push(("Pièces jointes".to_owned(), format!("{shown}{more}")));
    }
    facts
}

/// The requester's latest words, else anybody's that came in.
pub fn latest_inbound(ticket: &TicketView) -> Option<&MessageView> {
    let inbound = || ticket.messages.iter().rev().filter(|message| message.direction == Direction::Inbound);
    inbound().find(|message| !message.automatic && !message.stranger).or_else(|| inbound().next())
}

/// The ticket with the technical team: no address, and no way to the requester. `card`: where its card stands.
pub fn escalation(ticket: &TicketView, card: Option<&Place>, public_url: &str) -> Sheet {
    let reasons = ticket.events.iter().filter(|event| escalates(event));
    let mut body: Vec<Piece> = reasons
        .filter_map(|event| {
            let reason = match event.kind {
                EventKind::Absorbed => format!("escalade reprise du ticket nº\u{a0}{}", event.detail.other?),
                _ => event.detail.reason.clone()?,
            };
            let said = format!("{}\u{a0}: {reason}", event.actor);
            Some(if event.undone { Piece::Struck(said) } else { Piece::Words(said) })
        })
        .collect();
    let came_with =
        |kind: EventKind| ticket.events.iter().any(|event| event.kind == kind && escalates(event));
    let taken_back = ticket.events.iter().rev().find(|event| event.detail.undid.is_some_and(came_with));
    if let (false, Some(undone)) = (was_escalated(ticket), taken_back) {
        body.insert(0, Piece::Heading(format!("Escalade annulée par {}", undone.actor)));
    }
    if let Some(message) = latest_inbound(ticket) {
        body.push(Piece::Quote(excerpt(&message.text, EXCERPT)));
    }
    body.extend(leads("Fil de l’équipe support\u{a0}:", card));
    body.push(Piece::Small(
        "Ce que vous écrivez dans ce fil devient une note interne du ticket\u{a0}; rien ne part à l’utilisateur."
            .to_owned(),
    ));
    let fixed: Vec<Button> = match ticket.escalated_at {
        None => Vec::new(),
        Some(_) => vec![button("Corrigé", Press::Fixed(ticket.id), Tone::Success)],
    };
    Sheet {
        accent: Some(ticket.status),
        title: Some(format!("🚨 Escalade · {}", title(ticket))),
        link: Some(page(public_url, ticket)),
        body,
        facts: vec![
            ("Statut".to_owned(), labels::status(ticket.status).to_owned()),
            ("Priorité".to_owned(), labels::priority(ticket.priority).to_owned()),
            ("Responsable".to_owned(), ticket.assignee.clone().unwrap_or_else(|| "personne".to_owned())),
        ],
        rows: if fixed.is_empty() { Vec::new() } else { vec![Row::Buttons(fixed)] },
        ..Sheet::default()
    }
}

/// Whether a line of history brought a ticket to the technical team, which reads why.
fn escalates(event: &EventView) -> bool {
    match event.kind {
        EventKind::Escalated | EventKind::MadeUrgent => true,
        EventKind::Absorbed => takes_escalation_over(&event.detail),
        _ => false,
    }
}

/// Whether a ticket went to the technical team, and that was not taken back.
pub fn was_escalated(ticket: &TicketView) -> bool {
    ticket.events.iter().any(|event| escalates(event) && !event.undone)
}

/// Whether a ticket was handed over to the product team, and that still stands.
pub fn is_handed_over(ticket: &TicketView) -> bool {
    ticket.events.iter().any(|event| event.kind == EventKind::HandedOver && !event.undone)
}

/// A feature request, for the product team.
pub fn handover(ticket: &TicketView, public_url: &str) -> Sheet {
    let asked = ticket.messages.iter().find(|message| message.direction == Direction::Inbound);
    Sheet {
        accent: Some(Status::Resolved),
        title: Some(format!("💡 Demande de fonctionnalité · {}", title(ticket))),
        link: Some(page(public_url, ticket)),
        body: asked.map(|message| Piece::Quote(excerpt(&message.text, 1500))).into_iter().collect(),
        footer: Some("L’utilisateur a été remercié\u{a0}; la demande est notée.".to_owned()),
        ..Sheet::default()
    }
}

/// What needs a person.
pub fn alarm(standing: &[Alert]) -> Sheet {
    if standing.is_empty() {
        return Sheet {
            accent: Some(Status::Resolved),
            title: Some("Tout est rentré dans l’ordre".to_owned()),
            ..Sheet::default()
        };
    }
    let said = standing.iter().map(|alert| Piece::Words(alerts::alert(alert)));
    Sheet {
        accent: Some(Status::WaitingCustomer),
        title: Some("⚠ À l’attention des responsables".to_owned()),
        body: said.collect(),
        ..Sheet::default()
    }
}
