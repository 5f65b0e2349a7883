//! The page of a CM in chat: the figures, what there is to do, their tickets, the queue.

use super::{button, cards, excerpt};
use crate::domain::ticket::Status;
use crate::view::press::Press;
use crate::view::sheet::{Button, Piece, Row, Sheet, Tone};
use crate::view::{Figures, TicketView};
use crate::wording::{dates, labels};
use chrono::{DateTime, Utc};

/// What the guide's daily checklist begins with (« Début de Journée »).
#[derive(Debug, Clone, Copy)]
pub struct ToDo<'a> {
    /// The tickets « Nouveau », of which there should be none.
    pub new: &'a [TicketView],
    /// Those that have waited for the client for more than three days.
    pub waiting: &'a [TicketView],
    /// Those in progress for more than a day.
    pub in_progress: &'a [TicketView],
}

/// How many tickets of a line of the checklist are named.
const NAMED: usize = 5;

/// The page, part by part.
pub fn home(
    figures: &Figures,
    to_do: &ToDo<'_>,
    mine: &[TicketView],
    queue: &[TicketView],
    now: DateTime<Utc>,
) -> Vec<Sheet> {
    let counts = [
        (Status::New, figures.new),
        (Status::InProgress, figures.in_progress),
        (Status::WaitingCustomer, figures.waiting_customer),
        (Status::Resolved, figures.resolved),
    ];
    let counts =
        counts.map(|(status, count)| format!("{}\u{a0}: {}", labels::status(status), dates::grouped(count)));
    let mut page = vec![
        Sheet {
            title: Some("Tickets".to_owned()),
            body: vec![Piece::Words(counts.join(" · "))],
            ..Sheet::default()
        },
        checklist(to_do),
    ];
    page.extend(list("Mes tickets", "Aucun ticket n’est à vous.", mine, now));
    page.extend(list("La file", "Aucun ticket n’est ouvert.", queue, now));
    page
}

fn checklist(to_do: &ToDo<'_>) -> Sheet {
    let lines = [
        ("Tickets «\u{a0}Nouveau\u{a0}» (objectif\u{a0}: 0)", to_do.new),
        ("Tickets «\u{a0}En attente client\u{a0}» depuis plus de 3\u{a0}jours, à relancer", to_do.waiting),
        ("Tickets «\u{a0}En cours\u{a0}» depuis plus de 24\u{a0}h", to_do.in_progress),
    ];
    let body = lines.map(|(what, tickets)| Piece::Words(to_do_line(what, tickets)));
    let first = lines.iter().flat_map(|(_, tickets)| tickets.iter().take(NAMED));
    let mut buttons: Vec<Button> = first
        .map(|ticket| button(&format!("nº\u{a0}{}", ticket.id), Press::Show(ticket.id), Tone::Plain))
        .collect();
    buttons.truncate(10);
    Sheet {
        title: Some("Checklist du jour".to_owned()),
        body: body.into_iter().collect(),
        rows: if buttons.is_empty() { Vec::new() } else { vec![Row::Buttons(buttons)] },
        ..Sheet::default()
    }
}

fn to_do_line(what: &str, tickets: &[TicketView]) -> String {
    if tickets.is_empty() {
        return format!("✅ {what}\u{a0}: aucun");
    }
    let mut named: Vec<String> =
        tickets.iter().take(NAMED).map(|ticket| format!("nº\u{a0}{}", ticket.id)).collect();
    let more = tickets.len().saturating_sub(NAMED);
    if more > 0 {
        named.push(format!("et {more} de plus"));
    }
    format!("☐ {what}\u{a0}: {}", named.join(", "))
}

fn list(title: &str, none: &str, tickets: &[TicketView], now: DateTime<Utc>) -> Vec<Sheet> {
    let head = Sheet { title: Some(title.to_owned()), ..Sheet::default() };
    if tickets.is_empty() {
        return vec![Sheet { body: vec![Piece::Small(none.to_owned())], ..head }];
    }
    std::iter::once(head).chain(tickets.iter().map(|ticket| entry(ticket, now))).collect()
}

fn entry(ticket: &TicketView, now: DateTime<Utc>) -> Sheet {
    let id = ticket.id;
    let requester = match ticket.requester.name.trim() {
        "" => &ticket.requester.email,
        name => name,
    };
    let who = ticket.assignee.clone().unwrap_or_else(|| "personne".to_owned());
    let said = format!(
        "{} · {requester} · {} · responsable\u{a0}: {who} · {}",
        labels::status(ticket.status),
        labels::priority(ticket.priority),
        dates::ago(ticket.updated_at, now)
    );
    let mut buttons = vec![button("Voir", Press::Show(id), Tone::Plain)];
    if ticket.assignee.is_none() {
        buttons.push(button("Prendre", Press::Take(id), Tone::Primary));
    }
    buttons.push(button("Répondre", Press::Reply(id, None), Tone::Plain));
    Sheet {
        body: vec![Piece::Heading(excerpt(&cards::title(ticket), 150)), Piece::Words(said)],
        rows: vec![Row::Buttons(buttons)],
        ..Sheet::default()
    }
}
