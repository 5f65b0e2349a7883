//! The page of a CM in chat: the figures, what there is to do, their tickets, the queue.

use super::rituals::checklist;
use super::{button, cards, excerpt};
use crate::view::press::Press;
use crate::view::sheet::{Piece, Row, Sheet, Tone};
use crate::view::{Checklist, TicketView};
use crate::wording::{dates, labels, rituals};
use chrono::{DateTime, Utc};

/// The page, part by part.
pub fn home(to_do: &Checklist, mine: &[TicketView], queue: &[TicketView], now: DateTime<Utc>) -> Vec<Sheet> {
    let mut page = vec![
        Sheet {
            title: Some("Tickets".to_owned()),
            body: vec![Piece::Words(rituals::figures(&to_do.figures))],
            ..Sheet::default()
        },
        checklist(to_do),
    ];
    page.extend(list("Mes tickets", "Aucun ticket n’est à vous.", mine, now));
    page.extend(list("La file", "Aucun ticket n’est ouvert.", queue, now));
    page
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
