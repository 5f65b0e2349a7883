//! Every page drawn with invented data. What stands before the pages is tried over HTTP in `tests/pages.rs`.

mod agents;
mod hostile;
mod operations;
mod resources;
mod samples;

use super::list::{Filters, ListPage, Whose};
use super::pages::*;
use crate::domain::audit::{AuditDetail, AuditKind, AuditLine, Counts};
use crate::domain::delivery::{Channel, DeliveryState};
use crate::domain::ids::*;
use crate::domain::list::Place;
use crate::domain::participant::Participation;
use crate::domain::preference::Preference;
use crate::domain::ticket::Status;
use crate::view::held::{HeldOf, PersonCounts};
use crate::view::*;
use samples::*;

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
    let others = rows().tickets[..2].to_vec();
    let page = TicketPage {
        takes_push: false,
        ticket,
        recipients: &recipients,
        templates: &templates,
        agents: &agents,
        draft,
        note: String::new(),
        others: &others,
        others_in_all: others.len() as i64 + 6,
        present: "Sam regarde aussi ce ticket.".into(),
        tags: &["bug".to_owned(), "facture".to_owned()],
    };
    Pages::default().ticket(frame, &page, here()).unwrap()
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
    let page = list_page(&queue, &turns, Filters::default());
    assert_page("queue", Pages::default().list(&frame("queue"), &page, here()).unwrap());
}

#[test]
fn the_list_of_tickets_filtered_to_nothing() {
    let queue = Queue::default();
    let filter = Filters {
        status: Some(Status::Closed),
        words: "introuvable".into(),
        whose: Some(Whose::Mine),
        ..Filters::default()
    };
    let after = Place { rank: 0, at: ago(60), id: 12 };
    let page = ListPage { after: Some(after), ..list_page(&queue, &[], filter) };
    assert_page("queue_empty", Pages::default().list(&frame("queue"), &page, here()).unwrap());
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
        act: Some(EventId(31)),
        ticket: 6,
        offers: vec!["solution".into()],
    });
    let draft = ReplyDraft {
        template: "solution".into(),
        text: "Bonjour Julien,\n\nJ'ai trouvé la solution à votre problème :\n\n[Explication détaillée de la solution]".into(),
        missing: vec!["Explication détaillée de la solution".into(), "Étape 1".into()],
        then: "resolved".into(),
        all: true,
        ..ReplyDraft::default()
    };
    assert_page("ticket", ticket_html(&frame, &ticket(), draft));
}

#[test]
fn a_standard_reply_is_led_to_whatever_its_key() {
    let mut frame = frame("ticket");
    frame.subject = Some(PageSubject { id: 6, title: "x".into() });
    let offers = vec!["prise & cadeau#1".into()];
    frame.flash = Some(Flash { ticket: 6, offers, ..Flash::saying("done", "Fait.".into()) });
    let html = ticket_html(&frame, &ticket(), ReplyDraft::default());
    let link = "/admin/support/tickets/6?template=prise%20%26%20cadeau%231#reply\">prise &amp; cadeau#1</a>";
    assert!(html.contains(link), "{html}");
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
    (closed.status, closed.escalated_at) = (Status::Closed, None);
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
        act: None,
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

fn held() -> HeldOf {
    let requester = requester("Léa Fontaine", "lea@exemple.example", Preference::Both);
    HeldOf {
        id: RequesterId(12),
        requester: RequesterView { suppressed: Some("adresse inconnue (5.1.1)".into()), ..requester },
        known_since: ago(60 * 24 * 30),
        blocked: true,
        erased: false,
        managed: true,
        counts: PersonCounts {
            tickets: 1_234,
            messages: 5_000,
            files: 2,
            mails: 3_000,
            sent_mails: 7,
            notifications: 1,
            devices: 2,
            accounts: 1,
            elsewhere: 3,
            takes_part: 1,
        },
        tickets: rows().tickets,
    }
}

#[test]
fn what_is_held_of_a_person_and_what_goes_when_they_are_erased() {
    let mut frame = Frame { lead: true, revision: None, ..frame("person") };
    frame.subject = Some(PageSubject { id: 12, title: "Léa Fontaine".into() });
    let pages = Pages::default();
    assert_page("person", pages.person(&frame, "person.html", &held(), here()).unwrap());
    assert_page("person_erase", pages.person(&frame, "person_erase.html", &held(), here()).unwrap());
    let erased = HeldOf { erased: true, tickets: Vec::new(), ..held() };
    let page = pages.person(&frame, "person.html", &erased, here()).unwrap();
    assert!(page.contains("<h1>Personne effacée</h1>") && !page.contains("/erase\""), "{page}");
    assert!(!page.contains("lea@exemple.example"), "{page}");
}

#[test]
fn the_audit_log_and_its_pages() {
    let frame = Frame { lead: true, revision: None, ..frame("audit") };
    let counts = Counts { tickets: 3, mails: 12, sent_mails: 4, people: 1, messages: 9 };
    let line = |id, kind, door: &str, actor: &str, detail| AuditLine {
        id: AuditId(id),
        at: ago(id),
        kind,
        door: door.into(),
        actor: actor.into(),
        detail,
    };
    let lines = [
        line(9, AuditKind::RetentionRun, "clock", "guichet", AuditDetail { counts, ..Default::default() }),
        line(
            7,
            AuditKind::PersonErased,
            "web",
            "Alix",
            AuditDetail { person: Some(12), counts, ..Default::default() },
        ),
        line(
            3,
            AuditKind::AgentAdded,
            "cli",
            "guichet",
            AuditDetail { agent: Some("<b>Sam".into()), ..Default::default() },
        ),
    ];
    let older = Some("/admin/support/audit?before=3");
    assert_page("audit", Pages::default().audit(&frame, &lines, true, older, here()).unwrap());
    let empty = Pages::default().audit(&frame, &[], false, None, here()).unwrap();
    assert!(empty.contains("Rien encore."), "{empty}");
}
