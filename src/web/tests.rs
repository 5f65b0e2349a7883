//! Every page drawn with invented data. What stands before the pages is tried over HTTP in `tests/pages.rs`.

mod hostile;
mod samples;

use super::pages::*;
use crate::domain::delivery::{Channel, DeliveryState};
use crate::domain::ids::*;
use crate::domain::participant::Participation;
use crate::domain::preference::Preference;
use crate::domain::ticket::Status;
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
    let page = TicketPage {
        takes_push: false,
        ticket,
        recipients: &recipients,
        templates: &templates,
        agents: &agents,
        draft,
        note: String::new(),
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
        lost_files: false,
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
