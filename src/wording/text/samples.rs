//! A ticket and a queue to draw in tests. Invented people at `.example` addresses.

use crate::domain::delivery::{Channel, DeliveryState};
use crate::domain::event::{EventDetail, EventKind};
use crate::domain::ids::{DeliveryId, EventId, MessageId, TicketId};
use crate::domain::mail::Attachment;
use crate::domain::message::Direction;
use crate::domain::notice::NoticeKind;
use crate::domain::participant::Participation;
use crate::domain::preference::Preference;
use crate::domain::ticket::{Priority, Status};
use crate::view::{DeliveryView, EventView, MessageView, ParticipantView, Queue, RequesterView, TicketView};
use chrono::{DateTime, TimeDelta, TimeZone, Utc};

/// The instant at which the samples are drawn.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 24, 11, 30, 0).unwrap()
}

fn before(hours: i64) -> DateTime<Utc> {
    now() - TimeDelta::hours(hours)
}

/// A ticket with a conversation, a history and deliveries of several fates.
pub fn ticket() -> TicketView {
    TicketView {
        id: TicketId(42),
        subject: "Paiement refusé".into(),
        status: Status::Resolved,
        priority: Priority::High,
        assignee: Some("Camille".into()),
        reason: None,
        merged_into: None,
        follows: None,
        escalated_at: None,
        status_since: before(26),
        answer_due: None,
        anonymised_at: None,
        ahead: Vec::new(),
        tags: Vec::new(),
        requester: RequesterView {
            email: "lea@exemple.example".into(),
            name: "Léa Martin".into(),
            first_name: Some("Léa".into()),
            preference: Preference::Both,
            suppressed: None,
            devices: 0,
        },
        created_at: before(26),
        updated_at: before(2),
        participants: participants(),
        messages: messages(),
        events: events(),
        deliveries: deliveries(),
    }
}

fn participants() -> Vec<ParticipantView> {
    let one = |email: &str, name: &str, state, added_by: &str| ParticipantView {
        email: email.into(),
        name: name.into(),
        state,
        added_by: added_by.into(),
    };
    vec![
        one("marc@exemple.example", "Marc Petit", Participation::In, "lea@exemple.example"),
        one("zoe@ailleurs.example", "", Participation::Proposed, "zoe@ailleurs.example"),
        one("max@ailleurs.example", "Max", Participation::Out, "Camille"),
    ]
}

fn messages() -> Vec<MessageView> {
    let message = |id, direction, author: &str, hours, text: &str| MessageView {
        id: MessageId(id),
        direction,
        author: author.into(),
        at: before(hours),
        text: text.into(),
        quoted: String::new(),
        sender: None,
        participant: false,
        refuted: false,
        stranger: false,
        automatic: false,
        attachments: vec![],
        origin: None,
        shape: Default::default(),
        original: None,
    };
    vec![
        MessageView {
            quoted: "--\nLéa Martin\nLyon".into(),
            attachments: vec![Attachment {
                name: "capture.png".into(),
                media_type: "image/png".into(),
                bytes: 84_512,
                part: 2,
                inline: false,
                refused: None,
            }],
            ..message(
                1,
                Direction::Inbound,
                "Léa Martin",
                26,
                "Bonjour,\n\nMon paiement est refusé depuis hier.",
            )
        },
        message(2, Direction::Note, "Camille", 25, "Vu avec la banque : plafond atteint."),
        MessageView {
            stranger: true,
            ..message(3, Direction::Inbound, "zoe@ailleurs.example", 24, "Moi aussi !")
        },
        message(4, Direction::Outbound, "Camille", 2, "Bonjour Léa,\n\nC'est réglé."),
    ]
}

fn events() -> Vec<EventView> {
    let event = |id, kind, actor: &str, door: &str, hours, detail| EventView {
        id: EventId(id),
        kind,
        actor: actor.into(),
        door: door.into(),
        at: before(hours),
        undone: false,
        detail,
        assignee: None,
    };
    let none = EventDetail::default;
    let moved = |from, to| EventDetail { from: Some(from), to: Some(to), ..none() };
    vec![
        event(1, EventKind::Created, "lea@exemple.example", "mail", 26, none()),
        EventView {
            assignee: Some("Camille".into()),
            ..event(2, EventKind::Assigned, "Camille", "discord", 26, none())
        },
        event(3, EventKind::NoteAdded, "Camille", "web", 25, none()),
        EventView {
            undone: true,
            ..event(4, EventKind::StatusSet, "Camille", "cli", 3, moved(Status::New, Status::Closed))
        },
        event(5, EventKind::Replied, "Camille", "web", 2, moved(Status::New, Status::Resolved)),
    ]
}

fn deliveries() -> Vec<DeliveryView> {
    let delivery = |id, channel, state, why: Option<&str>, address: Option<&str>| DeliveryView {
        id: DeliveryId(id),
        event: EventId(id),
        channel,
        kind: NoticeKind::Reply,
        title: "Ticket de support : Résolu".into(),
        message: "Votre ticket 'Paiement refusé' est maintenant résolu.".into(),
        state,
        why: why.map(str::to_owned),
        address: address.map(str::to_owned),
        message_id: None,
        provider_id: None,
        at: before(2),
    };
    let address = Some("lea@exemple.example");
    vec![
        delivery(7, Channel::Web, DeliveryState::Sent, None, None),
        delivery(8, Channel::Email, DeliveryState::Failed, Some("550 boîte inconnue"), address),
        delivery(9, Channel::Push, DeliveryState::Skipped, Some("push non configuré"), None),
    ]
}

/// Three tickets out of more.
pub fn queue() -> Queue {
    let listed = |id, subject: &str, status, priority, assignee: Option<&str>, hours| TicketView {
        id: TicketId(id),
        subject: subject.into(),
        status,
        priority,
        assignee: assignee.map(str::to_owned),
        updated_at: before(hours),
        participants: vec![],
        messages: vec![],
        events: vec![],
        deliveries: vec![],
        ..ticket()
    };
    let mut nameless = listed(7, "Où trouver ma facture d’octobre ?", Status::New, Priority::Low, None, 0);
    nameless.requester.name = String::new();
    nameless.requester.email = "jean@exemple.example".into();
    Queue {
        tickets: vec![
            nameless,
            listed(1042, "Paiement refusé", Status::WaitingCustomer, Priority::Urgent, Some("Camille"), 2),
            listed(42, "Merci !", Status::Closed, Priority::Normal, Some("Sam"), 80),
        ],
        total: 57,
        ..Queue::default()
    }
}
