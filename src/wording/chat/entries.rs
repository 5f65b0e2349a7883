//! What stands in a ticket's thread: each message of the conversation, with what became of it, and the lines of the
//! history.

use super::{button, cards, masked};
use crate::domain::delivery::{Channel, DeliveryState};
use crate::domain::event::{EventKind, Team};
use crate::domain::followup::TimerKind;
use crate::domain::ids::MessageId;
use crate::domain::message::Direction;
use crate::domain::ticket::Status;
use crate::view::press::Press;
use crate::view::sheet::{Button, Call, File, Piece, Row, Sheet, Tone};
use crate::view::{DeliveryView, EventView, MessageView, TicketView};
use crate::wording::canned::CLOSING;
use crate::wording::mail::DELIVERED;
use crate::wording::{dates, history, labels, mail};

/// A message; `None` when the ticket has it no more.
pub fn entry(ticket: &TicketView, id: MessageId) -> Option<Sheet> {
    let message = ticket.messages.iter().find(|message| message.id == id)?;
    let mut body = vec![Piece::Heading(heading(ticket, message))];
    let (shown, mut files) = super::shown(&message.text, &format!("message-{id}.txt"));
    if let Some(lost) = mail::lost(message.shape.parts) {
        body.push(Piece::Small(format!("⚠ {lost}")));
    }
    if !shown.is_empty() {
        body.push(Piece::Quote(shown));
    } else if message.direction == Direction::Inbound {
        body.push(Piece::Small(mail::no_text(message.shape.seal).to_owned()));
    }
    if !message.quoted.trim().is_empty() {
        let lines = dates::count(message.quoted.lines().count() as i64, "ligne", "lignes");
        body.push(Piece::Small(format!(
            "Citation et signature repliées\u{a0}: {lines}, dans le fichier joint"
        )));
        files.push(File::Text { name: format!("citation-{id}.txt"), text: message.quoted.clone() });
    }
    if !message.attachments.is_empty() {
        let listed = message.attachments.iter().map(|file| {
            let refused =
                file.refused.map(|why| format!(", {}", mail::file_refused(why))).unwrap_or_default();
            format!("{} ({}{refused})", file.name, dates::size(file.bytes))
        });
        let listed = listed.collect::<Vec<_>>().join(", ");
        body.push(Piece::Small(format!("📎 {listed}")));
        files.extend(message.attachments.iter().map(|file| File::Part {
            message: id,
            part: file.part,
            name: file.name.clone(),
            bytes: file.bytes,
        }));
    }
    if let (true, Some(sender)) = (message.stranger, &message.sender) {
        let id = ticket.id;
        body.push(Piece::Small(format!("Valider\u{a0}: `/ticket participants {id} +{sender}`")));
    }
    if message.direction == Direction::Outbound {
        body.push(Piece::Small(receipts(ticket, id)));
    }
    let rows = buttons(ticket, message);
    Some(Sheet { body, files, rows, ..Sheet::default() })
}

/// Said in the place of files that the bot may not attach.
pub fn files_withheld() -> String {
    "📎 La suite viendra en fichier dès que le bot pourra en joindre\u{a0}; elle est aussi sur la page du ticket.".to_owned()
}

/// Ends a file that is cut short.
pub fn goes_on() -> &'static str {
    "[La suite est sur la page du ticket.]"
}

/// A message that was taken back before it left.
pub fn retracted() -> Sheet {
    Sheet { body: vec![Piece::Struck("Annulé avant l’envoi".to_owned())], ..Sheet::default() }
}

/// Who says it, and what is to be known of that.
pub(super) fn heading(ticket: &TicketView, message: &MessageView) -> String {
    let author = &message.author;
    match message.direction {
        Direction::Outbound if message.automatic => format!("↩ Lettre automatique, signée {author}"),
        Direction::Outbound => format!("↩ {author} répond"),
        Direction::Note => {
            let wrote = ticket.events.iter().find(|event| event.detail.message == Some(message.id.0));
            let team = if wrote.is_some_and(is_from_developers) { " (équipe technique)" } else { "" };
            format!("📝 Note interne de {author}{team}")
        }
        Direction::Inbound => {
            let sender = message.sender.as_deref().filter(|sender| sender != author);
            let sender = sender.map(|sender| format!(" ({sender})")).unwrap_or_default();
            let mark = match message {
                MessageView { stranger: true, refuted: true, .. } => " · tiers non authentifié, à valider",
                MessageView { stranger: true, .. } => " · tiers, à valider",
                MessageView { refuted: true, .. } => " · expéditeur non authentifié",
                MessageView { automatic: true, .. } => " · réponse automatique",
                _ => "",
            };
            format!("✉ {author}{sender}{mark}")
        }
    }
}

/// « envoyé par e-mail à l…@… ✔ », road by road.
fn receipts(ticket: &TicketView, id: MessageId) -> String {
    let wrote = ticket.events.iter().find(|event| event.detail.message == Some(id.0));
    // That nobody can be pushed to is no news of a reply.
    let is_told = |delivery: &&DeliveryView| {
        (delivery.channel, delivery.state) != (Channel::Push, DeliveryState::Skipped)
    };
    let of_this = |delivery: &&DeliveryView| Some(delivery.event) == wrote.map(|event| event.id);
    let roads = ticket.deliveries.iter().filter(of_this).filter(is_told);
    let said: Vec<String> = roads.map(|delivery| receipt(delivery, came_back(ticket, delivery))).collect();
    if said.is_empty() { "rien ne part".to_owned() } else { said.join(" · ") }
}

/// Whether a report said that a mail was not delivered, after it had left.
pub fn came_back(ticket: &TicketView, delivery: &DeliveryView) -> bool {
    let of_this = |event: &&EventView| event.detail.delivery == Some(delivery.id.0);
    let last =
        ticket.events.iter().rev().filter(of_this).find(|event| {
            matches!(event.kind, EventKind::Bounced | EventKind::Resent | EventKind::MarkedSent)
        });
    delivery.state == DeliveryState::Failed && last.is_some_and(|event| event.kind == EventKind::Bounced)
}

/// What became of one delivery; `came_back`: a report said so.
pub fn receipt(delivery: &DeliveryView, came_back: bool) -> String {
    let why = delivery.why.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
    let to = delivery.address.as_deref().map(|address| format!(" à {}", masked(address))).unwrap_or_default();
    let road = labels::channel(delivery.channel);
    match (delivery.channel, delivery.state) {
        (Channel::Web, DeliveryState::Sent) => "web ✔".to_owned(),
        (_, DeliveryState::Sent) if delivery.why.as_deref() == Some(DELIVERED) => {
            format!("remis par {road}{to} ✔✔")
        }
        (_, DeliveryState::Sent) => format!("envoyé par {road}{to} ✔"),
        (_, DeliveryState::Pending | DeliveryState::Sending) => format!("⏳ {road}{to}\u{a0}: en attente"),
        (_, DeliveryState::Failed) => {
            // A reason may hold parentheses of its own.
            let why = delivery.why.as_deref().map(|why| format!(", {why}")).unwrap_or_default();
            let word = if came_back { "rebond" } else { "échec" };
            format!("✖ {road}{to}\u{a0}: {word}{why}")
        }
        (_, DeliveryState::Uncertain) => format!("❓ {road}{to}\u{a0}: peut-être arrivé{why}"),
        (_, DeliveryState::Skipped) => format!("{road}\u{a0}: non envoyé{why}"),
        (_, DeliveryState::Cancelled) => format!("{road}\u{a0}: annulé"),
    }
}

fn buttons(ticket: &TicketView, message: &MessageView) -> Vec<Row> {
    let event = ticket.events.iter().find(|event| event.detail.message == Some(message.id.0));
    let mut row: Vec<Button> = Vec::new();
    match message.direction {
        Direction::Outbound => {
            let of_this = |delivery: &&DeliveryView| Some(delivery.event) == event.map(|event| event.id);
            for delivery in ticket.deliveries.iter().filter(of_this) {
                match delivery.state {
                    DeliveryState::Failed => {
                        row.push(button("Renvoyer", Press::Resend(delivery.id), Tone::Plain));
                    }
                    DeliveryState::Uncertain => {
                        row.push(button("Renvoyer", Press::Resend(delivery.id), Tone::Plain));
                        row.push(button("Marquer envoyé", Press::MarkSent(delivery.id), Tone::Plain));
                    }
                    _ => {}
                }
            }
        }
        Direction::Note if event.is_some_and(is_from_developers) && is_open(ticket) => {
            let press = Press::UseNote(ticket.id, message.id);
            row.push(button("Reprendre en brouillon", press, Tone::Primary));
        }
        Direction::Inbound if event.is_some_and(|event| event.kind == EventKind::RequesterThanked) => {
            row.push(button("Fermer", Press::SetStatus(ticket.id, Status::Closed), Tone::Plain));
            row.push(button("Rouvrir", Press::Reopen(ticket.id), Tone::Plain));
        }
        Direction::Inbound | Direction::Note => {}
    }
    row.truncate(5);
    if row.is_empty() { Vec::new() } else { vec![Row::Buttons(row)] }
}

fn is_open(ticket: &TicketView) -> bool {
    !matches!(ticket.status, Status::Resolved | Status::Closed)
}

/// Whether a note came from the technical team.
fn is_from_developers(event: &EventView) -> bool {
    event.detail.team == Some(Team::Dev)
}

/// A line of the history. What somebody must see is a message of its own, and calls whoever is responsible; the leads,
/// where nobody is and `only_here` says that it stands nowhere else.
pub fn line(ticket: &TicketView, event: &EventView, assignee: Option<&str>, only_here: bool) -> Sheet {
    let said = history::sentence(event);
    if event.undone {
        return Sheet { body: vec![Piece::Struck(said)], ..Sheet::default() };
    }
    match event.kind {
        kind if is_to_be_seen(kind) && stands(ticket, event) => Sheet {
            body: vec![Piece::Heading(said)],
            rows: vec![Row::Buttons(next(ticket, event))],
            calls: match assignee {
                Some(account) => Some(Call::Person(account.to_owned())),
                None => (only_here && ticket.assignee.is_none()).then_some(Call::Leads),
            },
            ..Sheet::default()
        },
        EventKind::Absorbed => Sheet { body: absorbed(ticket, event, said), ..Sheet::default() },
        _ => Sheet { body: vec![Piece::Small(said)], ..Sheet::default() },
    }
}

/// Something to look at, in the channel itself: which ticket, and what may be done about it.
pub fn warning(ticket: &TicketView, event: &EventView, public_url: &str) -> Sheet {
    let mut sheet = Sheet {
        accent: Some(Status::WaitingCustomer),
        title: Some(cards::title(ticket)),
        link: Some(cards::page(public_url, ticket)),
        body: vec![Piece::Words(format!("{} {}", mark(event.kind), history::sentence(event)))],
        ..Sheet::default()
    };
    if stands(ticket, event) {
        sheet.rows = vec![Row::Buttons(next(ticket, event))];
    }
    sheet
}

/// Something that showed the ticket was removed by somebody, and stands again.
pub fn restored(ticket: &TicketView, public_url: &str) -> Sheet {
    let id = ticket.id;
    let said = format!(
        "⚠ Quelqu’un a supprimé ici la fiche, le fil ou l’escalade du ticket nº\u{a0}{id}\u{a0}: c’est publié de nouveau, \
         rien n’est perdu."
    );
    Sheet {
        link: Some(cards::page(public_url, ticket)),
        body: vec![Piece::Words(said)],
        calls: Some(Call::Leads),
        ..Sheet::default()
    }
}

fn mark(kind: EventKind) -> &'static str {
    match kind {
        EventKind::DeadlineMissed => "🔴",
        EventKind::DeadlineNear => "🟠",
        _ => "⏰",
    }
}

fn is_to_be_seen(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::UpdateDue
            | EventKind::Fixed
            | EventKind::Proposed
            | EventKind::Stale
            | EventKind::DeadlineNear
            | EventKind::DeadlineMissed
            | EventKind::SnoozeOver
    )
}

/// Whether what was to be seen still asks for something.
fn stands(ticket: &TicketView, event: &EventView) -> bool {
    match event.kind {
        EventKind::Proposed => {
            let answers = [EventKind::Reminded, EventKind::Snoozed, EventKind::Proposed];
            let is_answered = ticket
                .events
                .iter()
                .any(|later| later.id > event.id && !later.undone && answers.contains(&later.kind));
            let waits = match event.detail.timer {
                Some(TimerKind::CloseResolved) => ticket.status == Status::Resolved,
                _ => ticket.status == Status::WaitingCustomer,
            };
            waits && !is_answered
        }
        EventKind::DeadlineNear | EventKind::DeadlineMissed | EventKind::Stale => {
            matches!(ticket.status, Status::New | Status::InProgress)
        }
        _ => is_open(ticket),
    }
}

/// What may be done about what is to be seen.
fn next(ticket: &TicketView, event: &EventView) -> Vec<Button> {
    let id = ticket.id;
    let put_off = || button("Reporter de 2\u{a0}jours", Press::Snooze(id, 2), Tone::Plain);
    match (event.kind, event.detail.timer) {
        (EventKind::Proposed, Some(TimerKind::CloseUnanswered)) => vec![
            button("Fermer faute de réponse", Press::Reply(id, Some(CLOSING.to_owned())), Tone::Primary),
            button("Relancer", Press::Remind(id), Tone::Plain),
            put_off(),
        ],
        (EventKind::Proposed, Some(TimerKind::CloseResolved)) => {
            vec![button("Fermer", Press::SetStatus(id, Status::Closed), Tone::Primary), put_off()]
        }
        (EventKind::Proposed, _) => vec![button("Relancer", Press::Remind(id), Tone::Primary), put_off()],
        (EventKind::DeadlineNear | EventKind::DeadlineMissed, _) if ticket.assignee.is_none() => vec![
            button("Prendre", Press::Take(id), Tone::Success),
            button("Répondre", Press::Reply(id, None), Tone::Primary),
        ],
        (EventKind::DeadlineNear | EventKind::DeadlineMissed, _) => {
            vec![button("Répondre", Press::Reply(id, None), Tone::Primary)]
        }
        _ => vec![
            button("Répondre", Press::Reply(id, None), Tone::Primary),
            button("Passer en Résolu", Press::SetStatus(id, Status::Resolved), Tone::Success),
        ],
    }
}

/// How many messages that a merge brought are shown, each how long; all of them are on the ticket's page.
const BROUGHT: usize = 5;
const BROUGHT_EXCERPT: usize = 250;

/// A merge, and what came with it from the ticket that ended: the latest of it.
fn absorbed(ticket: &TicketView, event: &EventView, said: String) -> Vec<Piece> {
    let came = |message: &&MessageView| {
        message.origin.map(|origin| origin.0) == event.detail.other && message.at <= event.at
    };
    let messages: Vec<&MessageView> = ticket.messages.iter().filter(came).collect();
    let mut body = vec![Piece::Small(said)];
    let older = messages.len().saturating_sub(BROUGHT);
    if older > 0 {
        let older = dates::count(older as i64, "message plus ancien", "messages plus anciens");
        body.push(Piece::Small(format!("{older}, sur la page du ticket")));
    }
    for message in messages.into_iter().skip(older) {
        body.push(Piece::Heading(heading(ticket, message)));
        body.push(Piece::Quote(super::excerpt(&message.text, BROUGHT_EXCERPT)));
    }
    body
}
