//! What a requester writes on the page of their ticket, with files.

use super::{LEA, Site, mail_of, path};
use crate::support::chromium::Chromium;
use crate::support::desk::{Database, TestDesk, on_both};
use chrono::Duration;
use guichet::domain::event::EventKind;
use guichet::domain::ids::TicketId;
use guichet::domain::message::Direction;
use guichet::domain::rules::Rules;
use guichet::domain::ticket::Status;

/// A form of a browser (RFC 7578): fields by name, and files by name and kind.
fn form(fields: &[(&str, &str)], files: &[(&str, &str, &str)]) -> (String, String) {
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!(
            "--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    for (name, kind, bytes) in files {
        body.push_str(&format!(
            "--xyz\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n{bytes}\r\n"
        ));
    }
    body.push_str("--xyz--\r\n");
    ("Content-Type: multipart/form-data; boundary=xyz\r\n".to_owned(), body)
}

async fn an_answer_is_in_the_conversation_with_its_files_and_reopens_the_ticket(database: Database) {
    let mut site = Site::open(database).await;
    let mail = site.mail_after("status 1 resolved").await;
    let here = path(&mail.ticket_url);
    let (headers, body) = form(
        &[("key", "k1"), ("text", "Toujours refusé.\r\n> pas une citation\r\n-- \r\nLéa")],
        &[("relevé été.pdf", "application/pdf", "%PDF-1.7 relevé"), ("", "application/octet-stream", "")],
    );
    let answer = site.ask("POST", here, &headers, &body).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let again = site.ask("POST", here, &headers, &body).await;
    assert_eq!(again.status, 303, "the same form twice is one answer");

    let ticket = site.ticket().await;
    assert_eq!((ticket.status, ticket.messages.len()), (Status::InProgress, 2));
    let message = &ticket.messages[1];
    assert_eq!(message.direction, Direction::Inbound);
    assert_eq!(message.text, "Toujours refusé.\n> pas une citation\n--\nLéa", "all of it is meant");
    assert_eq!(message.attachments.len(), 1);
    assert_eq!(message.attachments[0].name, "relevé été.pdf");
    let event = ticket.events.iter().rfind(|event| event.kind == EventKind::RequesterWrote).unwrap();
    assert_eq!((event.actor.as_str(), event.door.as_str()), (LEA, "web"));
    assert_eq!(event.detail.rung.as_deref(), Some("signed_link"));

    let location = answer.head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    let page = site.get(location).await;
    assert!(page.body.contains("Votre message est envoyé"), "{}", page.body);
    assert!(page.body.contains("Toujours refusé."));
    let hrefs = page.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let hrefs = hrefs.map(|href| href.replace("&#x2f;", "/"));
    let hrefs: Vec<_> = hrefs.filter(|href| href.contains("/files/")).collect();
    assert_eq!(hrefs.len(), 1);
    let file = site.get(&hrefs[0]).await;
    assert_eq!((file.status, file.body.as_str()), (200, "%PDF-1.7 relevé"));
    assert!(file.has_header("content-type: application/octet-stream"), "{}", file.head);
    assert!(file.head.contains("content-disposition: attachment;"), "{}", file.head);
    // The team finds it by its words, and answers it.
    let found = site.desk.say("list refusé citation").await;
    assert!(format!("{found:?}").contains("TicketId(1)"));
    let next = site.mail_after("reply 1 Voici.").await;
    assert!(site.get(path(&next.ticket_url)).await.body.contains("Voici."));
}

async fn a_form_that_says_nothing_or_too_much_keeps_what_was_typed(database: Database) {
    let mut site = Site::open(database).await;
    let mail = site.mail_after("status 1 waiting_customer").await;
    let here = path(&mail.ticket_url);
    let (headers, body) = form(&[("key", "k"), ("text", "  ")], &[("", "application/octet-stream", "")]);
    let page = site.ask("POST", here, &headers, &body).await;
    assert_eq!(page.status, 422);
    assert!(
        page.body.contains("Rien n’a été envoyé") && page.body.contains("role=\"alert\""),
        "{}",
        page.body
    );
    let large = "x".repeat(26 << 20);
    let (headers, body) = form(&[("text", "Voici <b>")], &[("gros.zip", "application/zip", &large)]);
    let page = site.ask("POST", here, &headers, &body).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("Voici &lt;b&gt;"), "what was typed is kept");
    assert!(page.body.contains("en plusieurs messages") || page.body.contains("trop gros"), "{}", page.body);
    for faulty in ["", "not a form", "--xyz\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhal"] {
        let page = site.ask("POST", here, &headers, faulty).await;
        assert_eq!(page.status, 400, "{faulty}: {}", page.body);
        assert!(page.body.contains("Rien n’a été changé"), "{}", page.body);
    }
    let foreign = format!("Origin: https://evil.example\r\n{headers}");
    let (_, body) = form(&[("text", "Bonjour")], &[]);
    assert_eq!(site.ask("POST", here, &foreign, &body).await.status, 403);
    assert_eq!(site.ticket().await.messages.len(), 1);
}

async fn who_writes_too_much_is_told_and_the_same_form_again_is_not_too_much(database: Database) {
    let rules = Rules { mails_per_sender_per_hour: 2, ..Rules::default() };
    let mut site = Site::with(TestDesk::with_rules(database, rules).await, false).await;
    let mail = site.mail_after("status 1 waiting_customer").await;
    let here = path(&mail.ticket_url);
    let (headers, body) = form(&[("key", "a"), ("text", "Voici.")], &[]);
    for _ in 0..2 {
        assert_eq!(site.ask("POST", here, &headers, &body).await.status, 303);
    }
    let (headers, body) = form(&[("key", "b"), ("text", "Et encore.")], &[]);
    let page = site.ask("POST", here, &headers, &body).await;
    assert_eq!(page.status, 429);
    assert!(page.body.contains("Rien n’a été envoyé") && page.body.contains("Et encore."), "{}", page.body);
    assert_eq!(site.ticket().await.messages.len(), 2);
}

async fn an_answer_that_was_changed_and_sent_again_is_another(database: Database) {
    let mut site = Site::open(database).await;
    let mail = site.mail_after("status 1 waiting_customer").await;
    let here = path(&mail.ticket_url);
    let (first, other) = (("a.txt", "text/plain", "un"), ("a.txt", "text/plain", "deux"));
    for (text, file) in [("Voici.", first), ("Voici.", first), ("Voici la suite.", first), ("Voici.", other)]
    {
        let (headers, body) = form(&[("key", "k"), ("text", text)], &[file]);
        assert_eq!(site.ask("POST", here, &headers, &body).await.status, 303);
    }
    let ticket = site.ticket().await;
    let texts: Vec<_> = ticket.messages[1..].iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["Voici.", "Voici la suite.", "Voici."]);
}

async fn a_late_answer_opens_a_ticket_that_goes_on_from_the_closed_one(database: Database) {
    let mut site = Site::open(database).await;
    let mail = site.mail_after("status 1 closed").await;
    site.elapse(Duration::days(200)).await;
    let (headers, body) = form(&[("key", "k"), ("text", "C’est revenu.")], &[]);
    assert_eq!(site.ask("POST", path(&mail.ticket_url), &headers, &body).await.status, 303);
    let next = site.desk.desk.ticket(TicketId(2)).await.unwrap().expect("a ticket goes on");
    assert_eq!((next.follows, next.messages[0].text.as_str()), (Some(TicketId(1)), "C’est revenu."));
    assert_eq!(next.events[0].door, "web");
    assert_eq!(site.ticket().await.status, Status::Closed);
}

async fn thanks_alone_reopen_nothing_and_a_merged_ticket_is_answered_where_it_goes_on(database: Database) {
    let mut site = Site::open(database).await;
    let mail = site.mail_after("status 1 resolved").await;
    let (headers, body) = form(&[("key", "k"), ("text", "Merci beaucoup !")], &[]);
    assert_eq!(site.ask("POST", path(&mail.ticket_url), &headers, &body).await.status, 303);
    assert_eq!(site.ticket().await.status, Status::Resolved);
    site.desk.mail(&mail_of(LEA, "Léa", "7", "Encore moi", "", "Autre chose")).await;
    site.desk.say("merge 1 into 2").await;
    let (headers, body) = form(&[("key", "k2"), ("text", "Et ceci ?")], &[]);
    assert_eq!(site.ask("POST", path(&mail.ticket_url), &headers, &body).await.status, 303);
    let next = site.desk.desk.ticket(TicketId(2)).await.unwrap().unwrap();
    assert!(next.messages.iter().any(|message| message.text == "Et ceci ?"));
}

async fn a_browser_answers_with_a_file_from_a_telephone(database: Database) {
    let mut site = Site::open(database).await;
    let mail = site.mail_after("status 1 waiting_customer").await;
    let ticket = format!("http://{}{}", site.address, path(&mail.ticket_url));
    let complaints = tokio::task::spawn_blocking(move || {
        let mut page = Chromium::open(390, 800);
        page.go(&ticket);
        page.wait_for_text("En attente de votre réponse");
        assert_eq!(page.evaluate("document.scripts.length"), 0);
        page.evaluate("document.querySelector('#answer-text').value = 'Carte nº 4, voir la capture.'");
        page.evaluate(
            "{ const files = new DataTransfer(); files.items.add(new File(['PNG'], 'capture écran.png', {type: 'image/png'})); \
             document.querySelector('#answer-files').files = files.files; }",
        );
        page.click("section.write button");
        page.wait_for_text("Votre message est envoyé");
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(page.evaluate(fits), true, "nothing sticks out of a telephone");
        page.complaints().to_vec()
    })
    .await
    .unwrap();
    assert_eq!(complaints, [""; 0]);
    let ticket = site.ticket().await;
    assert_eq!(ticket.status, Status::InProgress);
    let message = ticket.messages.last().unwrap();
    assert_eq!(message.text, "Carte nº 4, voir la capture.");
    assert_eq!(message.attachments[0].name, "capture écran.png");
}

on_both! {
    an_answer_is_in_the_conversation_with_its_files_and_reopens_the_ticket,
    a_form_that_says_nothing_or_too_much_keeps_what_was_typed,
    who_writes_too_much_is_told_and_the_same_form_again_is_not_too_much,
    an_answer_that_was_changed_and_sent_again_is_another,
    a_late_answer_opens_a_ticket_that_goes_on_from_the_closed_one,
    thanks_alone_reopen_nothing_and_a_merged_ticket_is_answered_where_it_goes_on,
    a_browser_answers_with_a_file_from_a_telephone,
}
