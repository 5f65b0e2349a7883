//! A desk on a Tuesday morning: invented people, and what stands on their tickets.

use super::super::list::{Filters, ListPage};
use super::super::pages::*;
use super::super::shown::Here;
use crate::domain::delivery::{Channel, DeliveryState};
use crate::domain::event::{EventDetail, EventKind};
use crate::domain::ids::*;
use crate::domain::list::Place;
use crate::domain::mail::{Attachment, HtmlVersion, Original, Parts, Refused, Seal, Shape};
use crate::domain::message::Direction;
use crate::domain::notice::NoticeKind;
use crate::domain::participant::Participation;
use crate::domain::preference::Preference;
use crate::domain::ticket::{Priority, Status};
use crate::view::*;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};

pub(super) fn here() -> Here {
    Here { now: Utc.with_ymd_and_hms(2026, 11, 24, 10, 0, 0).unwrap(), zone: chrono_tz::Europe::Paris }
}

pub(super) fn ago(minutes: i64) -> DateTime<Utc> {
    here().now - TimeDelta::minutes(minutes)
}

pub(super) fn frame(place: &'static str) -> Frame {
    Frame {
        brand: "BetTracker Pro".into(),
        place,
        subject: None,
        agent: Some("Camille".into()),
        lead: false,
        demo: true,
        csrf: "csrf-token".into(),
        key: "form-key".into(),
        revision: Some(17),
        alerts: Vec::new(),
        sync: None,
        flash: None,
        own: None,
    }
}

pub(super) fn requester(name: &str, email: &str, preference: Preference) -> RequesterView {
    RequesterView {
        email: email.into(),
        name: name.into(),
        first_name: crate::domain::people::first_name(name),
        preference,
        suppressed: None,
        devices: 0,
    }
}

pub(super) fn row(
    id: i64,
    subject: &str,
    status: Status,
    priority: Priority,
    from: (&str, &str),
    minutes: i64,
) -> TicketView {
    TicketView {
        id: TicketId(id),
        subject: subject.into(),
        status,
        priority,
        assignee: (id % 3 != 0).then(|| "Camille".into()),
        reason: None,
        merged_into: None,
        follows: None,
        escalated_at: None,
        status_since: ago(minutes + 30),
        answer_due: None,
        anonymised_at: None,
        ahead: Vec::new(),
        tags: Vec::new(),
        requester: requester(from.0, from.1, Preference::Both),
        created_at: ago(minutes + 30),
        updated_at: ago(minutes),
        participants: Vec::new(),
        messages: Vec::new(),
        events: Vec::new(),
        deliveries: Vec::new(),
    }
}

pub(super) fn rows() -> Queue {
    use Priority::*;
    use Status::*;
    let tickets = vec![
        row(
            8,
            "URGENT : plus aucun pari affiché depuis la mise à jour 4.2",
            New,
            Urgent,
            ("Karim Haddad", "karim.haddad@exemple.example"),
            3,
        ),
        row(
            7,
            "Paiement refusé alors que ma carte est valide",
            New,
            Normal,
            ("Léa Fontaine", "lea.fontaine@exemple.example"),
            12,
        ),
        row(
            6,
            "Export CSV vide sur l’historique de septembre",
            InProgress,
            High,
            ("MARTIN Julien", "julien.martin@exemple.example"),
            48,
        ),
        row(
            5,
            "Suggestion : un mode sombre pour les soirées de match",
            Resolved,
            Low,
            ("Inès B.", "ines@exemple.example"),
            190,
        ),
        row(4, "Facture de novembre", WaitingCustomer, Normal, ("", "compta@paris-sport.example"), 60 * 26),
        row(3, "", InProgress, Normal, ("Nadia Belkacem", "nadia@exemple.example"), 60 * 30),
        row(
            2,
            "Comment importer mes paris d’un autre carnet, avec les cotes et les mises d’origine, sans tout ressaisir à la main ?",
            Closed,
            Normal,
            ("Thomas Le Goff", "thomas.legoff@exemple.example"),
            60 * 24 * 6,
        ),
    ];
    let next = Some(Place { rank: 0, at: ago(60 * 24 * 6), id: 2 });
    Queue { tickets, total: 7, next, ..Queue::default() }
}

pub(super) fn message(id: i64, direction: Direction, author: &str, minutes: i64, text: &str) -> MessageView {
    MessageView {
        id: MessageId(id),
        direction,
        author: author.into(),
        at: ago(minutes),
        text: text.into(),
        quoted: String::new(),
        stranger: false,
        sender: (direction == Direction::Inbound).then(|| author.to_lowercase()),
        participant: false,
        refuted: false,
        automatic: false,
        attachments: Vec::new(),
        origin: None,
        shape: Default::default(),
        original: (direction == Direction::Inbound).then_some(Original::Kept),
    }
}

pub(super) fn delivery(
    id: i64,
    channel: Channel,
    state: DeliveryState,
    title: &str,
    why: Option<&str>,
) -> DeliveryView {
    DeliveryView {
        id: DeliveryId(id),
        event: EventId(id),
        channel,
        kind: NoticeKind::Reply,
        title: title.into(),
        message: String::new(),
        state,
        why: why.map(str::to_owned),
        address: (channel == Channel::Email).then(|| "julien.martin@exemple.example".into()),
        message_id: None,
        provider_id: None,
        at: ago(30),
    }
}

pub(super) fn event(id: i64, kind: EventKind, actor: &str, minutes: i64, detail: EventDetail) -> EventView {
    EventView {
        id: EventId(id),
        kind,
        actor: actor.into(),
        door: "web".into(),
        at: ago(minutes),
        undone: false,
        detail,
        assignee: None,
    }
}

pub(super) fn ticket() -> TicketView {
    let mut ticket = rows().tickets.remove(2);
    ticket.created_at = ago(180);
    ticket.escalated_at = Some(ago(100));
    ticket.tags = vec!["export".into(), "vip".into()];
    let mut first = message(
        11,
        Direction::Inbound,
        "MARTIN Julien",
        180,
        "Bonjour,\n\nQuand j’exporte mon historique de septembre en CSV, le fichier ne contient que la ligne d’en-tête. Les autres mois fonctionnent.\n\nJe joins le fichier et une capture.\n\nMerci d’avance !",
    );
    first.quoted = "--\nJulien Martin\nEnvoyé de mon téléphone".into();
    first.attachments = vec![
        Attachment {
            name: "export-septembre.csv".into(),
            media_type: "text/csv".into(),
            bytes: 84,
            part: 2,
            inline: false,
            refused: None,
        },
        Attachment {
            name: "capture d’écran.png".into(),
            media_type: "image/png".into(),
            bytes: 245_760,
            part: 3,
            inline: false,
            refused: None,
        },
    ];
    first.attachments.push(Attachment {
        name: "logo.png".into(),
        media_type: "image/png".into(),
        bytes: 4_100,
        part: 4,
        inline: true,
        refused: None,
    });
    first.attachments.push(Attachment {
        name: "ecran.mp4".into(),
        media_type: "video/mp4".into(),
        bytes: 41_000_000,
        part: 5,
        inline: false,
        refused: Some(Refused::Size),
    });
    first.shape = Shape {
        html: Some(HtmlVersion::RemoteImages),
        seal: Some(Seal::Signed),
        parts: Parts { received: 6, kept: 5 },
    };
    let mut third = message(
        14,
        Direction::Inbound,
        "MARTIN Julien",
        48,
        "Oui, c’est sur Firefox 132, et le filtre était bien sur « Tous ».",
    );
    third.quoted = "Le 24 nov. 2026 à 09:02, Support BetTracker Pro a écrit :\n> Bonjour Julien,\n> Pour mieux vous aider, pourriez-vous me préciser…".into();
    let mut stranger =
        message(15, Direction::Inbound, "inconnu@ailleurs.example", 40, "Moi aussi j’ai ce problème.");
    stranger.stranger = true;
    let mut participant =
        message(16, Direction::Inbound, "Nadia Martin", 35, "Je confirme, c’est pareil sur mon compte.");
    participant.participant = true;
    let mut forged = message(17, Direction::Inbound, "MARTIN Julien", 30, "Envoyez-moi tout l’historique.");
    (forged.stranger, forged.refuted) = (true, true);
    forged.sender = Some("julien.martin@exemple.example".into());
    let one = |email: &str, name: &str, state, added_by: &str| ParticipantView {
        email: email.into(),
        name: name.into(),
        state,
        added_by: added_by.into(),
    };
    ticket.participants = vec![
        one(
            "nadia.martin@exemple.example",
            "Nadia Martin",
            Participation::In,
            "julien.martin@exemple.example",
        ),
        one("comptabilite@paris-sport.example", "", Participation::In, "Camille"),
        one("inconnu@ailleurs.example", "", Participation::Proposed, "inconnu@ailleurs.example"),
        one("max@ailleurs.example", "Max", Participation::Proposed, "nadia.martin@exemple.example"),
        one("pub@ailleurs.example", "", Participation::Out, "Camille"),
    ];
    ticket.messages = vec![
        first,
        message(
            12,
            Direction::Note,
            "Camille",
            120,
            "Vu avec Sofiane : la requête d’export coupe au changement d’heure. À vérifier sur la préproduction.",
        ),
        message(
            13,
            Direction::Outbound,
            "Camille",
            100,
            "Bonjour Julien,\n\nPour mieux vous aider, pourriez-vous me préciser :\n- le navigateur que vous utilisez\n- si un filtre était actif\n\nMerci d’avance,\nCamille",
        ),
        third,
        stranger,
        participant,
        forged,
    ];
    ticket.events = vec![
        event(1, EventKind::Created, "julien.martin@exemple.example", 180, EventDetail::default()),
        event(2, EventKind::NoteAdded, "Camille", 120, EventDetail::default()),
        event(
            3,
            EventKind::Replied,
            "Camille",
            100,
            EventDetail {
                from: Some(Status::New),
                to: Some(Status::WaitingCustomer),
                ..EventDetail::default()
            },
        ),
        EventView {
            undone: true,
            ..event(
                4,
                EventKind::PrioritySet,
                "Camille",
                90,
                EventDetail {
                    priority_from: Some(Priority::Normal),
                    priority_to: Some(Priority::High),
                    ..EventDetail::default()
                },
            )
        },
        event(
            5,
            EventKind::RequesterWrote,
            "julien.martin@exemple.example",
            48,
            EventDetail {
                from: Some(Status::WaitingCustomer),
                to: Some(Status::InProgress),
                ..EventDetail::default()
            },
        ),
    ];
    ticket.deliveries = vec![
        delivery(
            21,
            Channel::Web,
            DeliveryState::Sent,
            "Ticket de support : En attente de votre réponse",
            None,
        ),
        delivery(
            22,
            Channel::Email,
            DeliveryState::Sent,
            "Ticket de support : En attente de votre réponse",
            None,
        ),
        delivery(
            23,
            Channel::Push,
            DeliveryState::Skipped,
            "Ticket de support : En attente de votre réponse",
            Some("push non configuré"),
        ),
        delivery(24, Channel::Email, DeliveryState::Failed, "", Some("550 5.1.1 adresse inconnue")),
    ];
    ticket
}

pub(super) fn standard_replies() -> Vec<TemplateView> {
    [
        ("accuse", "Réponse initiale", None),
        ("demande-infos", "Demande d’informations", Some(Status::WaitingCustomer)),
        ("solution", "Solution fournie", Some(Status::Resolved)),
        ("fermeture", "Fermeture sans réponse", Some(Status::Closed)),
    ]
    .map(|(key, title, then)| TemplateView {
        key: key.into(),
        title: title.into(),
        then,
        body: String::new(),
        hands_over: false,
    })
    .into()
}

pub(super) fn turns() -> Vec<Turn> {
    let turn = |line: &str, answer: &str, tone| Turn { line: line.into(), answer: answer.into(), tone };
    let list = crate::wording::text::draw(&View::Queue(rows()), here().now, here().zone, false);
    vec![
        turn("/ticket list", &list, "table"),
        turn(
            "/ticket statut 5 résolu",
            "Ticket nº 5 : 🟡 En cours → 🟢 Résolu\nInès : web + e-mail + push",
            "done",
        ),
        turn("/ticket statu 5", "Commande inconnue : « statu ». Vouliez-vous dire « status » ?", "no"),
    ]
}

pub(super) fn list_page<'a>(queue: &'a Queue, turns: &'a [Turn], filter: Filters) -> ListPage<'a> {
    ListPage {
        figures: Figures { total: 1_207, new: 2, in_progress: 2, waiting_customer: 1, resolved: 1 },
        queue,
        filters: filter,
        after: None,
        agents: &[],
        tags: &[],
        console: ConsolePanel { turns, back: "queue", line: String::new() },
    }
}

pub(super) fn mail_line() -> MailLine {
    MailLine {
        id: DeliveryId(22),
        ticket: TicketId(6),
        address: "julien.martin@exemple.example".into(),
        subject: "Re: Export CSV vide sur l’historique de septembre [#6]".into(),
        state: DeliveryState::Sent,
        at: ago(100),
    }
}
