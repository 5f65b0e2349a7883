//! The promises about mail in that no other test shows as such: see "What is promised" in ARCHITECTURE.md.

use crate::support::accounting::{assert_each_once, journal};
use crate::support::desk::{Database, LIMITS, OUR_ADDRESS, TestDesk, mailbox};
use crate::support::dovecot::Dovecot;
use chrono::Duration;
use guichet::config::{AfterIngest, Imap, Limits};
use guichet::desk::receive::Filed;
use guichet::domain::ids::TicketId;
use guichet::domain::ticket::Status;
use guichet::inbound::{FetchOptions, Source, fetch, prepare};

fn mail(from: &str, headers: &str, subject: &str, id: &str) -> Vec<u8> {
    format!(
        "From: {from}\r\nTo: {OUR_ADDRESS}\r\nSubject: {subject}\r\nMessage-ID: <{id}@client.example>\r\n{headers}\r\n\
         Bonjour, voilà {subject} ({id}).\r\n"
    )
    .into_bytes()
}

const JEAN: &str = "Jean Martin <jean@client.example>";

/// Mail that has brought desks like this one to a halt, or was lost by them.
fn poison() -> Vec<Vec<u8>> {
    let mut nested = "Content-Type: message/rfc822\r\n\r\n".repeat(40_000).into_bytes();
    nested.extend(b"x");
    let parts = "--b\r\n\r\n".repeat(20_000);
    let large =
        mail(JEAN, "", "large", "large").into_iter().chain(std::iter::repeat_n(b'x', 400_000)).collect();
    vec![
        b"\r\n".to_vec(),
        b"\0\0\0\0".to_vec(),
        vec![0xFF; 3000],
        b"no header at all".to_vec(),
        b"From: \r\nSubject: nobody\r\n\r\nBonjour\r\n".to_vec(),
        b"From: a@b.example, c@d.example\r\n\r\nBonjour\r\n".to_vec(),
        b"From: a@b.example\r\nFrom: c@d.example\r\n\r\nBonjour\r\n".to_vec(),
        b"From: <@>\r\nMessage-ID: <>\r\n\r\n".to_vec(),
        nested,
        format!("From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{parts}").into_bytes(),
        format!("From: {}\r\n\r\nBonjour\r\n", "(".repeat(200_000)).into_bytes(),
        format!("From: a@b.example\r\nContent-Type: text/html\r\n\r\n{}", "<div>".repeat(50_000)).into_bytes(),
        b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n&#0;&#xD800;&#x110000;\r\n".to_vec(),
        b"From: a@b.example\r\nDate: Tue, 31 Feb 99999 25:61:61 +9999\r\nSubject: =?utf-8?B?////?=\r\n\r\nx\r\n".to_vec(),
        large,
    ]
}

async fn every_mail_ends_as_exactly_one_of_four(database: Database) {
    let test = TestDesk::new(database).await;
    let mut raws = vec![
        mail(JEAN, "", "Paiement", "1"),
        mail(JEAN, "In-Reply-To: <1@client.example>\r\n", "Re: Paiement", "2"),
        mail(JEAN, "", "Re: Paiement [#1]", "3"),
        mail("Léa <lea@client.example>", "In-Reply-To: <1@client.example>\r\n", "Re: Paiement", "4"),
        mail(JEAN, "Auto-Submitted: auto-replied\r\nIn-Reply-To: <1@client.example>\r\n", "Absent", "5"),
        mail("robot@client.example", "Auto-Submitted: auto-generated\r\n", "Rapport", "6"),
        mail("liste@client.example", "List-Id: <l.client.example>\r\n", "Lettre", "7"),
        mail(OUR_ADDRESS, "", "Paiement", "8"),
        mail(
            "MAILER-DAEMON@client.example",
            "Return-Path: <>\r\n",
            "Undelivered Mail Returned to Sender",
            "9",
        ),
    ];
    raws.extend(poison());
    let limits = Limits { max_mail_bytes: 300_000, ..LIMITS };
    let arrived = raws.iter().map(|raw| prepare(raw.clone(), &limits)).collect();
    test.desk.receive("test", arrived, None).await.expect("none of them stops the others");
    let rows = journal(&test.url).await;
    assert_eq!(rows.len(), raws.len());
    let mut ends = [0; 4];
    for (row, raw) in rows.iter().zip(&raws) {
        assert_eq!(&row.raw, raw, "the raw bytes can be read back");
        let end = match (row.state.as_str(), row.messages, &row.why) {
            ("filed", 1, None) => 0,
            ("ignored", 0, Some(_)) => 1,
            ("held", 0, Some(_)) => 2,
            other => panic!("{other:?}: {}", raw[..raw.len().min(300)].escape_ascii()),
        };
        ends[end] += 1;
    }
    assert!(ends[0] >= 5 && ends[1] >= 4 && ends[2] >= 8, "all kinds were there: {ends:?}");
    let messages: usize = {
        let tickets = test.desk.queue(&Default::default()).await.unwrap().tickets;
        let mut sum = 0;
        for ticket in tickets {
            sum += test.desk.ticket(ticket.id).await.unwrap().unwrap().messages.len();
        }
        sum
    };
    assert_eq!(messages, ends[0], "no message without a mail, no mail without its message");
}

async fn no_mail_stops_the_mails_behind_it(database: Database) {
    let dovecot = Dovecot::start();
    let test = TestDesk::new(database).await;
    let limits = Limits { max_mail_bytes: 300_000, ..LIMITS };
    let settings = Imap {
        after_ingest: AfterIngest::Seen,
        poll_interval: std::time::Duration::from_secs(60),
        ..mailbox(dovecot.imap_port)
    };
    let source = Source::Imap(settings);
    let mut good = 0;
    // Each alone in its batch with a mail behind it, then all together.
    let together = poison().into_iter().map(|poison| vec![poison]).chain([poison()]);
    for (round, batch) in together.enumerate() {
        for (n, poison) in batch.into_iter().enumerate() {
            dovecot.deliver(&poison);
            let from = format!("client{round}@client.example");
            dovecot.deliver(&mail(&from, "", "Une question", &format!("good-{round}-{n}")));
            good += 1;
        }
        let fetched = fetch(&test.desk, &source, &limits, FetchOptions::default(), &|_| {}).await;
        fetched.unwrap_or_else(|fault| panic!("round {round}: {fault}"));
        let rows = journal(&test.url).await;
        let stored =
            rows.iter().filter(|row| row.state == "filed" && row.raw.windows(5).any(|w| w == b"good-"));
        assert_eq!(stored.count(), good, "round {round}");
        assert!(!rows.iter().any(|row| row.state == "received"), "round {round}");
    }
}

/// Every form in which programs say that they are programs.
fn automatic() -> Vec<Vec<u8>> {
    let headers = [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (failure)",
        "Auto-Submitted: auto-notified",
        "Precedence: bulk",
        "Precedence: junk",
        "Precedence: auto_reply",
        "Precedence: list",
        "X-Autoreply: yes",
        "X-Autorespond: Jean est absent",
        "X-Auto-Reply: 1",
        "X-Autoresponder: oui",
        "X-Mail-Autoreply: vacation",
        "X-FC-MachineGenerated: true",
        "X-Amazon-Auto-Reply: true",
        "X-Loop: support",
        "Delivered-To: Autoresponder",
        "X-POST-MessageClass: 9; Autoresponder",
        "List-Id: Parieurs <parieurs.listes.example>",
        "List-Post: <mailto:parieurs@listes.example>",
        "Return-Path: <>",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
    ];
    let subjects = [
        "Réponse automatique : Paiement",
        "Absence du bureau",
        "Absent du bureau jusqu’au 9 mars",
        "Message d’absence - Paiement",
        "Automatic reply: Payment",
        "Out of Office: Payment",
        "Auto-Reply",
        "Abwesenheitsnotiz: Zahlung",
        "Respuesta automática: Pago",
        "Risposta automatica: Pagamento",
    ];
    let senders = [
        "MAILER-DAEMON@client.example",
        "postmaster@client.example",
        "Mail Delivery System <x@client.example>",
        OUR_ADDRESS,
    ];
    let mut all = Vec::new();
    for (n, header) in headers.iter().enumerate() {
        all.push(mail(JEAN, &format!("{header}\r\n"), "Re: Paiement [#1]", &format!("h{n}")));
        all.push(mail("autre@client.example", &format!("{header}\r\n"), "Paiement", &format!("i{n}")));
    }
    for (n, subject) in subjects.iter().enumerate() {
        all.push(mail(JEAN, "In-Reply-To: <1@client.example>\r\n", subject, &format!("s{n}")));
        all.push(mail("autre@client.example", "", subject, &format!("t{n}")));
    }
    for (n, sender) in senders.iter().enumerate() {
        all.push(mail(sender, "", "Re: Paiement [#1]", &format!("d{n}")));
    }
    all
}

async fn automatic_mail_never_gets_an_answer_in_any_form(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mails(vec![mail(JEAN, "", "Paiement", "1")]).await;
    test.say("status 1 résolu").await;
    test.elapse(Duration::hours(1)).await;
    assert_eq!(test.deliver().await.len(), 1, "the notice of the resolution");
    for raw in automatic() {
        let said = String::from_utf8_lossy(&raw).into_owned();
        test.mails(vec![raw]).await;
        test.elapse(Duration::hours(1)).await;
        assert!(test.deliver().await.is_empty(), "an answer to {said}");
        let ticket = test.desk.ticket(TicketId(1)).await.unwrap().unwrap();
        assert_eq!(ticket.status, Status::Resolved, "{said}");
        assert_eq!(test.desk.queue(&Default::default()).await.unwrap().total, 1, "a ticket for {said}");
    }
}

async fn what_only_a_subject_calls_automatic_waits_for_a_person(database: Database) {
    let test = TestDesk::new(database).await;
    let filed = test.mails(vec![mail(JEAN, "", "Absence du bureau", "1")]).await;
    assert_eq!(filed, [Filed::Held]);
    let held = test.desk.held_mails().await.unwrap();
    assert_eq!(held[0].why, "automatic by its subject alone");
    let raw = test.desk.held_mail(held[0].id).await.unwrap().unwrap();
    let read = guichet::reading::read(&raw, &LIMITS);
    let again = test.desk.file_again(vec![(held[0].id, read)]).await.unwrap();
    assert_eq!(again, [Filed::Created(TicketId(1))], "a CM knows better");
    let answers = "In-Reply-To: <1@client.example>\r\n";
    for (headers, subject, id) in
        [(answers, "Absence du bureau", "2"), ("Auto-Submitted: auto-replied\r\n", "Absence du bureau", "3")]
    {
        let filed = test.mails(vec![mail(JEAN, headers, subject, id)]).await;
        assert_eq!(filed, [Filed::Ignored], "{headers}");
    }
    let asked = mail(JEAN, "", "Je suis en vacances, et mon compte est bloqué", "4");
    assert_eq!(test.mails(vec![asked]).await, [Filed::Created(TicketId(2))]);
}

async fn what_only_reads_like_a_bounce_waits_for_a_person(database: Database) {
    let test = TestDesk::new(database).await;
    let raw = format!(
        "From: {JEAN}\nTo: {OUR_ADDRESS}\nSubject: Undeliverable\nMessage-ID: <b1@client.example>\n\n\
         Your message could not be delivered.\n\n<paul@client.example>: 550 5.1.1 unknown\n"
    );
    assert_eq!(test.mail(&raw).await, Filed::Held);
    let held = test.desk.held_mails().await.unwrap();
    assert_eq!(held[0].why, "a bounce by its words alone, of no mail of ours");
    let system = raw.replace(JEAN, "MAILER-DAEMON@client.example").replace("b1@", "b2@");
    assert_eq!(test.mail(&system).await, Filed::Bounce, "nobody reads what a mail system wrote");
    let raw = test.desk.held_mail(held[0].id).await.unwrap().unwrap();
    let read = guichet::reading::read(&raw, &LIMITS);
    let again = test.desk.file_again(vec![(held[0].id, read)]).await.unwrap();
    assert_eq!(again, [Filed::Created(TicketId(1))], "a CM knows better");
}

async fn what_only_surrounds_a_mail_keeps_it_from_no_conversation(database: Database) {
    let test = TestDesk::new(database).await;
    assert_eq!(test.mails(vec![mail(JEAN, "", "Paiement", "1")]).await, [Filed::Created(TicketId(1))]);
    let noreply = "Boutique <noreply@shop.example>";
    let around = ["X-Loop: relais@host.example\r\n", "X-Auto-Response-Suppress: All\r\n"];
    for (from, headers, id) in [(noreply, "", "2"), (JEAN, around[0], "3"), (JEAN, around[1], "4")] {
        let filed = test.mails(vec![mail(from, headers, "Colis", id)]).await;
        assert_eq!(filed, [Filed::Held], "{from} {headers}");
        let held = test.desk.held_mails().await.unwrap();
        assert!(held.iter().all(|held| held.why == "perhaps automatic"), "{from} {headers}");
    }
    for (headers, id) in around.into_iter().zip(["5", "6"]) {
        let filed = test.mails(vec![mail(JEAN, headers, "Re: Paiement [#1]", id)]).await;
        assert_eq!(filed, [Filed::Reply(TicketId(1))], "{headers}");
    }
    let ours = format!("X-Loop: {OUR_ADDRESS}\r\n");
    assert_eq!(test.mails(vec![mail(JEAN, &ours, "Colis", "7")]).await, [Filed::Ignored]);
}

async fn thanks_with_a_request_below_the_signature_are_a_request(database: Database) {
    let test = TestDesk::new(database).await;
    test.mails(vec![mail(JEAN, "", "Paiement", "1")]).await;
    test.say("status 1 résolu").await;
    let thanks = |id: u8, below: &str| {
        let headers = "In-Reply-To: <1@client.example>\r\n";
        let raw = String::from_utf8(mail(JEAN, headers, "Re: Paiement", &id.to_string())).unwrap();
        let (head, _) = raw.split_once("\r\n\r\n").unwrap();
        format!("{head}\r\n\r\nMerci !\r\n\r\n-- \r\nJean Martin\r\n{below}").into_bytes()
    };
    test.mails(vec![thanks(2, "06 12 34 56 78\r\n\r\nEnvoyé de mon iPhone\r\n")]).await;
    assert_eq!(test.desk.ticket(TicketId(1)).await.unwrap().unwrap().status, Status::Resolved);
    test.mails(vec![thanks(3, "\r\nAu fait, le retrait n'est pas arrivé.\r\n")]).await;
    assert_eq!(test.desk.ticket(TicketId(1)).await.unwrap().unwrap().status, Status::InProgress);
}

async fn a_mail_that_comes_by_every_road_is_one(database: Database) {
    let test = TestDesk::new(database).await;
    let raw = mail(JEAN, "", "Paiement", "1");
    let by_another_road =
        [b"Received: from relay.example\r\nDelivered-To: x@y.example\r\n".as_slice(), &raw].concat();
    for again in [&raw, &raw, &by_another_road] {
        for mailbox in ["imap:a", "imap:b", "maildir:c"] {
            let arrived = vec![prepare(again.clone(), &LIMITS), prepare(again.clone(), &LIMITS)];
            test.desk.receive(mailbox, arrived, None).await.unwrap();
        }
    }
    assert_each_once(&test, &[raw], "many roads").await;
}

/// Named as a promise, and not run on both databases: each with the reason.
const NOT_ON_BOTH: [(&str, &str); 3] = [
    (
        "faulty_imap/limits::a_server_that_falls_silent_anywhere_is_given_up_within_a_minute",
        "the runtime's clock is moved on, and a database behind a socket would be given up with the mail server",
    ),
    ("dkim::a_mail_that_cannot_be_signed_waits_and_is_never_sent_without", "there is no database in it"),
    ("mail::no_header_of_a_golden_mail_carries_a_control_character", "there is no database in it"),
];

/// Whether a test of this source runs on both databases: made by `on_both!`, or over `BOTH` in its body.
fn is_on_both(source: &str, name: &str) -> bool {
    let mut made = source.split("on_both!").skip(1).filter_map(|block| block.split(['}', ')']).next());
    let body = source.split(&format!("fn {name}(")).nth(1).and_then(|rest| rest.split("\n}").next());
    made.any(|names| names.split([',', '\n']).any(|one| one.trim() == name))
        || body.is_some_and(|body| body.contains(" in BOTH {"))
}

#[test]
fn every_test_that_the_architecture_names_is_there_and_runs_on_both_databases() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let promised = text.split("\n## ").find(|section| section.starts_with("What is promised")).unwrap();
    let named = promised.split('`').skip(1).step_by(2).filter_map(|words| words.split_once("::"));
    let (mut count, mut excepted) = (0, 0);
    for (file, name) in named {
        let source = std::fs::read_to_string(root.join(format!("tests/{file}.rs")))
            .unwrap_or_else(|error| panic!("{file}::{name}: {error}"));
        assert!(source.contains(&format!("fn {name}(")), "{file}::{name} is not there");
        let is_excepted = NOT_ON_BOTH.iter().any(|(test, _)| *test == format!("{file}::{name}"));
        assert_ne!(is_on_both(&source, name), is_excepted, "{file}::{name}: on both, or an exception");
        count += 1;
        excepted += usize::from(is_excepted);
    }
    assert!(count > 60, "only {count} names found");
    assert_eq!(excepted, NOT_ON_BOTH.len(), "an exception that nobody names");
}

crate::support::desk::on_both! {
    every_mail_ends_as_exactly_one_of_four,
    no_mail_stops_the_mails_behind_it,
    automatic_mail_never_gets_an_answer_in_any_form,
    what_only_a_subject_calls_automatic_waits_for_a_person,
    what_only_reads_like_a_bounce_waits_for_a_person,
    what_only_surrounds_a_mail_keeps_it_from_no_conversation,
    thanks_with_a_request_below_the_signature_are_a_request,
    a_mail_that_comes_by_every_road_is_one,
}
