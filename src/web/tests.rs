//! Every page drawn with invented data. What stands before the pages is tried over HTTP in `tests/pages.rs`.

use super::pages::*;
use super::shown::Here;
use crate::domain::delivery::{Channel, DeliveryState};
use crate::domain::event::{EventDetail, EventKind};
use crate::domain::ids::*;
use crate::domain::mail::{Attachment, HtmlVersion, Parts, Refused, Seal, Shape};
use crate::domain::message::Direction;
use crate::domain::notice::NoticeKind;
use crate::domain::participant::Participation;
use crate::domain::preference::Preference;
use crate::domain::ticket::{Priority, Status};
use crate::view::*;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};

fn here() -> Here {
    Here { now: Utc.with_ymd_and_hms(2026, 11, 24, 10, 0, 0).unwrap(), zone: chrono_tz::Europe::Paris }
}

fn ago(minutes: i64) -> DateTime<Utc> {
    here().now - TimeDelta::minutes(minutes)
}

fn frame(place: &'static str) -> Frame {
    Frame {
        brand: "BetTracker Pro".into(),
        place,
        subject: None,
        agent: Some("Camille".into()),
        demo: true,
        csrf: "csrf-token".into(),
        key: "form-key".into(),
        revision: Some(17),
        alerts: Vec::new(),
        sync: None,
        flash: None,
    }
}

fn requester(name: &str, email: &str, preference: Preference) -> RequesterView {
    RequesterView {
        email: email.into(),
        name: name.into(),
        first_name: crate::domain::people::first_name(name),
        preference,
        suppressed: None,
    }
}

fn row(
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
        requester: requester(from.0, from.1, Preference::Both),
        created_at: ago(minutes + 30),
        updated_at: ago(minutes),
        participants: Vec::new(),
        messages: Vec::new(),
        events: Vec::new(),
        deliveries: Vec::new(),
    }
}

fn rows() -> Queue {
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
    Queue { tickets, total: 7 }
}

fn message(id: i64, direction: Direction, author: &str, minutes: i64, text: &str) -> MessageView {
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
        shape: Default::default(),
    }
}

fn delivery(id: i64, channel: Channel, state: DeliveryState, title: &str, why: Option<&str>) -> DeliveryView {
    DeliveryView {
        id: DeliveryId(id),
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

fn event(id: i64, kind: EventKind, actor: &str, minutes: i64, detail: EventDetail) -> EventView {
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

fn ticket() -> TicketView {
    let mut ticket = rows().tickets.remove(2);
    ticket.created_at = ago(180);
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

fn standard_replies() -> Vec<TemplateView> {
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
    })
    .into()
}

fn turns() -> Vec<Turn> {
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

fn queue_page<'a>(queue: &'a Queue, turns: &'a [Turn], filter: QueueForm) -> QueuePage<'a> {
    QueuePage {
        figures: Figures { total: 1_207, new: 2, in_progress: 2, waiting_customer: 1, resolved: 1 },
        queue,
        filter,
        older: Some((ago(60 * 24 * 6), TicketId(2))),
        paged: false,
        console: ConsolePanel { turns, back: "queue", line: String::new() },
    }
}

fn ticket_html(frame: &Frame, ticket: &TicketView, draft: ReplyDraft) -> String {
    let (templates, agents) = (standard_replies(), ["Camille".to_owned(), "Sofiane".to_owned()]);
    let recipients = Recipients {
        to: ticket.requester.preference.allows(Channel::Email).then(|| ticket.requester.email.clone()),
        cc: ticket
            .participants
            .iter()
            .filter(|one| one.state == Participation::In)
            .map(|one| one.email.clone())
            .collect(),
        without: Vec::new(),
    };
    let page = TicketPage {
        ticket,
        recipients: &recipients,
        templates: &templates,
        agents: &agents,
        draft,
        note: String::new(),
    };
    Pages::default().ticket(frame, &page, here()).unwrap()
}

fn mail_line() -> MailLine {
    MailLine {
        id: DeliveryId(22),
        ticket: TicketId(6),
        address: "julien.martin@exemple.example".into(),
        subject: "Re: Export CSV vide sur l’historique de septembre [#6]".into(),
        state: DeliveryState::Sent,
        at: ago(100),
    }
}

/// Hashes of assets change with every touch of the stylesheet, and say nothing here.
fn assert_page(name: &str, page: String) {
    insta::with_settings!({ filters => vec![(r"\.[0-9a-f]{12}\.", ".HASH.")], omit_expression => true }, {
        insta::assert_snapshot!(name, page);
    });
}

#[test]
fn the_list_of_tickets() {
    let (queue, turns) = (rows(), turns());
    let page = queue_page(&queue, &turns, QueueForm::default());
    assert_page("queue", Pages::default().queue(&frame("queue"), &page, here()).unwrap());
}

#[test]
fn the_list_of_tickets_filtered_to_nothing() {
    let queue = Queue { tickets: Vec::new(), total: 0 };
    let filter = QueueForm {
        status: Some(Status::Closed),
        words: "introuvable".into(),
        mine: true,
        ..QueueForm::default()
    };
    let page = QueuePage { older: None, paged: true, ..queue_page(&queue, &[], filter) };
    assert_page("queue_empty", Pages::default().queue(&frame("queue"), &page, here()).unwrap());
}

#[test]
fn a_ticket_with_all_that_can_stand_on_it() {
    let mut frame = frame("ticket");
    frame.subject =
        Some(PageSubject { id: 6, title: "Export CSV vide sur l’historique de septembre".into() });
    frame.flash = Some(Flash {
        text: "Ticket nº 6 : 🟠 En attente client → 🟡 En cours".into(),
        tone: "done",
        undo_seconds: 18,
        ticket: 6,
        offers: vec!["solution".into()],
    });
    let draft = ReplyDraft {
        template: "solution".into(),
        text: "Bonjour Julien,\n\nJ'ai trouvé la solution à votre problème :\n\n[Explication détaillée de la solution]".into(),
        missing: vec!["Explication détaillée de la solution".into(), "Étape 1".into()],
        then: "resolved".into(),
        all: true,
    };
    assert_page("ticket", ticket_html(&frame, &ticket(), draft));
}

#[test]
fn a_merged_ticket_shows_the_way_and_offers_no_act() {
    let mut ticket = ticket();
    (ticket.merged_into, ticket.follows) = (Some(TicketId(17)), Some(TicketId(9)));
    let mut frame = frame("ticket");
    frame.subject = Some(PageSubject { id: 6, title: "x".into() });
    let html = ticket_html(&frame, &ticket, ReplyDraft::default());
    assert!(
        html.contains("a été fusionné avec le <a href=\"/admin/support/tickets/17\">ticket 17</a>"),
        "{html}"
    );
    assert!(html.contains("Suite du <a href=\"/admin/support/tickets/9\">ticket 9</a>"), "{html}");
    for act in ["/status", "/reply", "/note", "/assign", "/priority"] {
        assert!(!html.contains(&format!("tickets/{}{act}\"", ticket.id)), "{act}");
    }
}

#[test]
fn a_ticket_whose_requester_will_get_nothing() {
    let mut closed = ticket();
    closed.status = Status::Closed;
    closed.reason = Some("Fermé faute de réponse".into());
    closed.requester.preference = Preference::None;
    closed.assignee = None;
    (closed.deliveries, closed.events) = (Vec::new(), Vec::new());
    let mut frame = frame("ticket");
    frame.subject = Some(PageSubject { id: 6, title: "x".into() });
    frame.flash = Some(Flash {
        text: "Impossible.".into(),
        tone: "no",
        undo_seconds: 0,
        ticket: 6,
        offers: Vec::new(),
    });
    let page = ticket_html(&frame, &closed, ReplyDraft::default());
    assert!(page.contains("MARTIN") && page.contains("Julien ne recevra rien"));
    assert!(
        page.contains("id=\"to-in_progress\"") && !page.contains("id=\"to-resolved\""),
        "closed only reopens"
    );
    assert_page("ticket_closed", page);
}

#[test]
fn the_console_alone() {
    let turns = turns();
    let console = ConsolePanel { turns: &turns, back: "console", line: "/ticket ".into() };
    assert_page("console", Pages::default().console(&frame("console"), &console).unwrap());
}

#[test]
fn the_mails_that_left() {
    let second =
        MailLine { id: DeliveryId(25), state: DeliveryState::Pending, subject: String::new(), ..mail_line() };
    assert_page("outbox", Pages::default().outbox(&frame("outbox"), &[mail_line(), second], here()).unwrap());
}

#[test]
fn one_mail_that_left() {
    let mut frame = frame("mail");
    frame.subject = Some(PageSubject { id: 22, title: mail_line().subject });
    let header = |name: &str, value: &str| MailHeader { name: name.into(), value: value.into() };
    let page = MailPage {
        line: mail_line(),
        headers: vec![
            header("From", "Support BetTracker Pro <support@bettrackerpro.example>"),
            header("To", "Julien Martin <julien.martin@exemple.example>"),
            header("Subject", "Re: Export CSV vide sur l’historique de septembre [#6]"),
            header("Message-ID", "<6.21.k3v9@support.example>"),
        ],
        text: Some("Bonjour Julien,\n\nVoici la solution.\n\nCamille\nÉquipe Support BetTracker Pro".into()),
        has_html: true,
        links: None,
    };
    assert_page("mail", Pages::default().mail(&frame, &page, here()).unwrap());
}

#[test]
fn signing_in_and_its_two_refusals() {
    let outside = Frame { agent: None, demo: false, revision: None, ..frame("sign_in") };
    let pages = Pages::default();
    let draw = |problem| pages.sign_in(&outside, "camille", "/admin/support", problem).unwrap();
    assert!(!draw(None).contains("role=\"alert\""));
    assert!(draw(Some(SignInProblem::Wait(1))).contains("Réessayez dans une minute."));
    assert!(draw(Some(SignInProblem::Wait(5))).contains("Réessayez dans 5&nbsp;minutes."));
    assert_page("sign_in", draw(Some(SignInProblem::Wrong)));
}

#[test]
fn every_problem_has_its_words() {
    let outside = Frame { agent: None, revision: None, ..frame("problem") };
    let pages = Pages::default();
    let mut titles = std::collections::HashSet::new();
    for kind in [
        "not_found",
        "not_yours",
        "wrong_host",
        "bad_form",
        "too_large",
        "too_slow",
        "unreadable",
        "refused",
        "broken",
    ] {
        let page = pages.problem(&outside, kind, "Non.", Some("AbCd1234")).unwrap();
        let title = page.split("<h1>").nth(1).and_then(|rest| rest.split("</h1>").next()).unwrap().to_owned();
        assert!(page.contains("AbCd1234"));
        assert!(titles.insert(title), "{kind} has words of its own");
    }
    assert_page("problem", pages.problem(&outside, "broken", "", Some("AbCd1234")).unwrap());
    assert_page("opening", pages.opening(&Frame { ..outside.clone() }, "/admin/support/tickets/6").unwrap());
}

/// A text that acts wherever it is not escaped: in an element, in both kinds of attribute, in a textarea or title.
const HOSTILE: &str = r#"<script>alert(1)</script><img src=x onerror=alert(2)>" onmouseover="alert(3)' autofocus='</textarea></title><b>{{ 7*7 }}&amp;"#;

#[test]
fn what_strangers_write_is_text_on_every_page() {
    let pages = Pages::default();
    let mut hostile = ticket();
    hostile.subject = HOSTILE.into();
    hostile.assignee = Some(HOSTILE.into());
    hostile.reason = Some(HOSTILE.into());
    hostile.requester = RequesterView {
        email: HOSTILE.into(),
        name: HOSTILE.into(),
        first_name: Some(HOSTILE.into()),
        preference: Preference::None,
        suppressed: None,
    };
    for message in &mut hostile.messages {
        (message.author, message.text, message.quoted) = (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
        message.sender = Some(HOSTILE.into());
        for file in &mut message.attachments {
            (file.name, file.media_type) = (HOSTILE.into(), HOSTILE.into());
        }
    }
    for participant in &mut hostile.participants {
        (participant.email, participant.name, participant.added_by) =
            (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
    }
    for event in &mut hostile.events {
        event.actor = HOSTILE.into();
        (event.detail.reason, event.detail.note) = (Some(HOSTILE.into()), Some(HOSTILE.into()));
    }
    for delivery in &mut hostile.deliveries {
        (delivery.title, delivery.message, delivery.why) =
            (HOSTILE.into(), HOSTILE.into(), Some(HOSTILE.into()));
        delivery.address = Some(HOSTILE.into());
    }
    let mut frame = frame("ticket");
    frame.brand = HOSTILE.into();
    frame.agent = Some(HOSTILE.into());
    frame.subject = Some(PageSubject { id: 1, title: HOSTILE.into() });
    frame.flash = Some(Flash {
        text: HOSTILE.into(),
        tone: "done",
        undo_seconds: 9,
        ticket: 1,
        offers: vec![HOSTILE.into()],
    });
    let draft = ReplyDraft {
        template: HOSTILE.into(),
        text: HOSTILE.into(),
        missing: vec![HOSTILE.into()],
        then: HOSTILE.into(),
        all: true,
    };
    let recipients = Recipients {
        to: Some(HOSTILE.into()),
        cc: vec![HOSTILE.into()],
        without: vec![Uncopied { email: HOSTILE.into(), why: HOSTILE.into() }],
    };
    let templates =
        [TemplateView { key: HOSTILE.into(), title: HOSTILE.into(), then: None, body: HOSTILE.into() }];
    let agents = [HOSTILE.to_owned()];
    let turns = [Turn { line: HOSTILE.into(), answer: HOSTILE.into(), tone: "said" }];
    let console = ConsolePanel { turns: &turns, back: "queue", line: HOSTILE.into() };
    let queue = Queue { tickets: vec![hostile.clone()], total: 1 };
    let filter = QueueForm { words: HOSTILE.into(), ..QueueForm::default() };
    let line = MailLine { address: HOSTILE.into(), subject: HOSTILE.into(), ..mail_line() };
    let mail = MailPage {
        line: line.clone(),
        headers: vec![MailHeader { name: HOSTILE.into(), value: HOSTILE.into() }],
        text: Some(HOSTILE.into()),
        has_html: true,
        links: None,
    };
    let drawn = [
        pages.queue(
            &frame,
            &QueuePage { console: console.clone(), ..queue_page(&queue, &[], filter) },
            here(),
        ),
        pages.ticket(
            &frame,
            &TicketPage {
                ticket: &hostile,
                recipients: &recipients,
                templates: &templates,
                agents: &agents,
                draft,
                note: HOSTILE.into(),
            },
            here(),
        ),
        pages.console(&frame, &console),
        pages.outbox(&frame, &[line], here()),
        pages.mail(&Frame { place: "mail", ..frame.clone() }, &mail, here()),
        pages.sign_in(&frame, HOSTILE, HOSTILE, Some(SignInProblem::Wrong)),
        pages.opening(&frame, HOSTILE),
        pages.problem(&frame, "refused", HOSTILE, Some(HOSTILE)),
    ];
    for page in drawn {
        let page = page.unwrap();
        assert!(page.contains("&lt;script&gt;alert(1)"), "the text is there");
        for acting in
            ["<script>", "<img src=x", "\" onmouseover", "' autofocus", "</textarea></title>", "<b>", "49"]
        {
            assert!(!page.contains(acting), "{acting} in {page}");
        }
    }
}

#[test]
fn no_page_needs_an_inline_script_or_style() {
    let (queue, turns) = (rows(), turns());
    let pages = Pages::default();
    for page in [
        pages.queue(&frame("queue"), &queue_page(&queue, &turns, QueueForm::default()), here()).unwrap(),
        ticket_html(
            &Frame { subject: Some(PageSubject { id: 6, title: "x".into() }), ..frame("ticket") },
            &ticket(),
            ReplyDraft::default(),
        ),
    ] {
        for inline in [" style=", "<style", " onclick=", " onsubmit=", "javascript:"] {
            assert!(!page.contains(inline), "{inline}");
        }
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.len() < 60_000, "{} bytes", page.len());
    }
}
