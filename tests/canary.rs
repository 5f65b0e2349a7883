//! The canary: one at a time, sent once, known when it returns, said when it does not.

use crate::serve::Serving;
use crate::support::desk::{Database, LIMITS, OUR_ADDRESS, TestDesk, settings};
use crate::support::dovecot::Dovecot;
use crate::support::smtp::SmtpSink;
use crate::support::{free_port, wait_for};
use chrono::Duration;
use guichet::clock::Clock;
use guichet::config::Canary;
use guichet::desk::Desk;
use guichet::desk::receive::Filed;
use guichet::domain::alert::AlertKind;
use guichet::outbound::canary::step;
use guichet::outbound::compose::Letterhead;
use guichet::outbound::maildir::MaildirCourier;
use guichet::outbound::{Courier, PostRoom};
use guichet::reading::parse::parse;
use guichet::wording::templates::Templates;
use std::path::Path;
use std::process::{Command, Stdio};

fn plan() -> Canary {
    let minutes = |n: u64| std::time::Duration::from_secs(n * 60);
    Canary { interval: minutes(60), to: None, patience: minutes(15) }
}

fn post(folder: &Path) -> PostRoom {
    PostRoom {
        courier: Courier::Maildir(MaildirCourier::new(folder)),
        letterhead: Letterhead::new(
            &format!("Support <{OUR_ADDRESS}>"),
            "BetTracker Pro",
            chrono_tz::Europe::Paris,
        )
        .unwrap()
        .into(),
        templates: Templates::load(&[]).unwrap().into(),
    }
}

/// The mailboxes that are read.
fn read() -> Vec<String> {
    vec!["test".to_owned()]
}

/// The mails that left into a folder.
fn mails(folder: &Path) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(folder.join("new")).into_iter().flatten();
    files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

async fn left(test: &TestDesk, post: &PostRoom) -> bool {
    step(&test.desk, post, OUR_ADDRESS, &plan(), &read()).await.unwrap()
}

async fn alerts(test: &TestDesk) -> Vec<(AlertKind, String)> {
    test.desk.alerts().await.unwrap().into_iter().map(|alert| (alert.kind, alert.detail)).collect()
}

async fn a_canary_that_returns_is_known_and_opens_no_ticket(database: Database) {
    let mut test = TestDesk::new(database).await;
    let folder = tempfile::tempdir().unwrap();
    let post = post(folder.path());
    assert!(!left(&test, &post).await, "no mailbox was read yet: there is nowhere to return to");
    test.desk.note_sync("test", test.now).await.unwrap();
    assert!(left(&test, &post).await);
    assert!(!left(&test, &post).await, "one is on its way");
    let sent = mails(folder.path());
    let [mail] = sent.as_slice() else { panic!("{} mails", sent.len()) };
    let read = parse(mail, &LIMITS).unwrap();
    assert_eq!((read.to[0].address.as_str(), read.from[0].address.as_str()), (OUR_ADDRESS, OUR_ADDRESS));
    assert!(read.subject.starts_with("Mail de contrôle (canary.1."), "{}", read.subject);
    assert_eq!(test.desk.canary_round_trip().await.unwrap(), None);
    test.elapse(Duration::seconds(12)).await;
    assert_eq!(test.mails(vec![mail.clone()]).await, [Filed::Ignored]);
    assert_eq!(test.desk.canary_round_trip().await.unwrap(), Some(std::time::Duration::from_secs(12)));
    assert_eq!(test.desk.queue(&Default::default()).await.unwrap().total, 0);
    test.elapse(Duration::minutes(59)).await;
    assert!(!left(&test, &post).await, "not before the interval is over");
    test.elapse(Duration::minutes(1)).await;
    assert!(left(&test, &post).await);
    assert_eq!(mails(folder.path()).len(), 2);
    assert_eq!(alerts(&test).await, []);
}

async fn a_canary_whose_id_a_provider_rewrote_is_known_by_its_subject_and_an_answer_to_it_is_not_it(
    database: Database,
) {
    let test = TestDesk::new(database).await;
    let folder = tempfile::tempdir().unwrap();
    test.desk.note_sync("test", test.now).await.unwrap();
    left(&test, &post(folder.path())).await;
    let text = String::from_utf8(mails(folder.path()).remove(0)).unwrap();
    let id = text.lines().find(|line| line.starts_with("Message-ID:")).unwrap();
    let subject = parse(text.as_bytes(), &LIMITS).unwrap().subject;
    let answer = format!(
        "From: {OUR_ADDRESS}\nAuto-Submitted: auto-replied\nSubject: Absence : {subject}\nMessage-ID: <a@x.example>\n\n.\n"
    );
    test.mail(&answer).await;
    let forged = text.replace(id, "Message-ID: <canary.1.000000000000000000000000@bettracker.example>");
    let forged = forged.lines().map(|line| if line.starts_with("Subject:") { "Subject: x" } else { line });
    let forged =
        forged.collect::<Vec<_>>().join("\n").replace(&format!("<{OUR_ADDRESS}>"), "<zoe@client.example>");
    assert!(!matches!(test.mail(&forged).await, Filed::Created(_)), "a program wrote it");
    assert_eq!(test.desk.canary_round_trip().await.unwrap(), None);
    let rewritten = text.replace(id, "Message-ID: <0102018f@email.provider.example>");
    assert_eq!(test.mails(vec![rewritten.into_bytes()]).await, [Filed::Ignored]);
    assert!(test.desk.canary_round_trip().await.unwrap().is_some());
}

async fn a_lost_canary_is_an_alert_until_the_next_returns(database: Database) {
    let mut test = TestDesk::new(database).await;
    let folder = tempfile::tempdir().unwrap();
    let post = post(folder.path());
    test.desk.note_sync("test", test.now).await.unwrap();
    left(&test, &post).await;
    let first = mails(folder.path());
    test.elapse(Duration::minutes(14)).await;
    left(&test, &post).await;
    assert_eq!(alerts(&test).await, []);
    test.elapse(Duration::minutes(1)).await;
    left(&test, &post).await;
    assert_eq!(alerts(&test).await, [], "it may lie in the mailbox");
    test.desk.note_sync("test", test.now).await.unwrap();
    assert!(!left(&test, &post).await);
    let lost = (AlertKind::LostCanary, "attendu depuis plus de 15\u{a0}min".to_owned());
    assert_eq!(alerts(&test).await, std::slice::from_ref(&lost));
    test.elapse(Duration::minutes(45)).await;
    assert!(left(&test, &post).await, "the next one is sent all the same");
    assert_eq!(test.mails(first.clone()).await, [Filed::Ignored], "the first comes at last");
    left(&test, &post).await;
    assert_eq!(alerts(&test).await, [lost], "the way is not proved by an hour's delay");
    let second = mails(folder.path()).into_iter().filter(|mail| !first.contains(mail)).collect();
    assert_eq!(test.mails(second).await, [Filed::Ignored]);
    left(&test, &post).await;
    assert_eq!(alerts(&test).await, []);
}

async fn of_two_desks_one_sends_and_a_death_before_the_send_is_made_good_with_the_same_mail(
    database: Database,
) {
    let mut test = TestDesk::new(database).await;
    let (plan, folder) = (plan(), tempfile::tempdir().unwrap());
    test.desk.note_sync("test", test.now).await.unwrap();
    let other = Desk::open(test.store.clone(), Clock::At(test.now), settings()).await.unwrap();
    let (one, two) = tokio::join!(
        test.desk.claim_canary(plan.interval, plan.patience, Some(test.now)),
        other.claim_canary(plan.interval, plan.patience, Some(test.now))
    );
    let claimed: Vec<_> = [one.unwrap(), two.unwrap()].into_iter().flatten().collect();
    let [canary] = claimed.as_slice() else { panic!("{claimed:?}") };
    // Whoever claimed it died.
    test.elapse(Duration::minutes(2)).await;
    assert!(!left(&test, &post(folder.path())).await, "it may still be sending");
    test.elapse(Duration::minutes(2)).await;
    assert!(left(&test, &post(folder.path())).await);
    let sent = mails(folder.path());
    let read = parse(&sent[0], &LIMITS).unwrap();
    assert_eq!(read.message_id.as_deref(), Some(canary.message_id.as_str()));
    assert_eq!(read.date, Some(canary.made_at));
    test.elapse(Duration::minutes(4)).await;
    assert!(!left(&test, &post(folder.path())).await, "it was sent");
}

async fn what_a_stop_held_up_is_not_lost_and_what_nobody_could_send_is(database: Database) {
    let mut test = TestDesk::new(database).await;
    let (plan, folder) = (plan(), tempfile::tempdir().unwrap());
    test.desk.note_sync("test", test.now).await.unwrap();
    left(&test, &post(folder.path())).await;
    let judged = async |test: &TestDesk| {
        let heard = test.desk.heard_until(&read()).await.unwrap();
        test.desk.judge_canary(OUR_ADDRESS, plan.patience, heard).await.unwrap();
        alerts(test).await.len()
    };
    let claim = async |test: &TestDesk| {
        let heard = test.desk.heard_until(&read()).await.unwrap();
        test.desk.claim_canary(plan.interval, plan.patience, heard).await.unwrap()
    };
    // Stopped for a day; it lay in the mailbox.
    test.elapse(Duration::days(1)).await;
    assert_eq!(judged(&test).await, 0);
    assert_eq!(claim(&test).await, None, "it may lie in the mailbox");
    assert_eq!(judged(&test).await, 0);
    assert_eq!(test.mails(mails(folder.path())).await, [Filed::Ignored]);
    assert_eq!(judged(&test).await, 0);
    // Stopped for another before the next was sent.
    assert_eq!(claim(&test).await.map(|canary| canary.number), Some(2));
    test.elapse(Duration::days(1)).await;
    test.desk.note_sync("test", test.now).await.unwrap();
    assert_eq!(judged(&test).await, 0);
    // The third could not be sent in all its time.
    for _ in 0..4 {
        assert_eq!(claim(&test).await.map(|canary| canary.number), Some(3));
        assert_eq!(judged(&test).await, 0);
        test.elapse(Duration::minutes(4)).await;
    }
    assert_eq!(judged(&test).await, 1);
}

async fn a_clock_that_was_ahead_for_a_moment_silences_no_canary(database: Database) {
    let mut test = TestDesk::new(database).await;
    let folder = tempfile::tempdir().unwrap();
    let post = post(folder.path());
    test.desk.note_sync("test", test.now).await.unwrap();
    test.elapse(Duration::days(30)).await;
    assert!(left(&test, &post).await);
    assert_eq!(test.mails(mails(folder.path())).await, [Filed::Ignored], "it has returned");
    test.elapse(-Duration::days(30)).await;
    assert!(left(&test, &post).await);
    // Another program's clock is a little behind.
    test.elapse(-Duration::minutes(1)).await;
    assert!(!left(&test, &post).await);
}

async fn a_lost_canary_is_said_before_the_next_takes_its_place(database: Database) {
    let mut test = TestDesk::new(database).await;
    let folder = tempfile::tempdir().unwrap();
    let post = post(folder.path());
    test.desk.note_sync("test", test.now).await.unwrap();
    assert!(left(&test, &post).await);
    // The next is due, and the mailbox was not read to its end since; what came by hand is no look into it.
    test.elapse(Duration::minutes(61)).await;
    test.desk.note_progress("test").await.unwrap();
    test.desk.note_sync("ingest", test.now).await.unwrap();
    assert!(!left(&test, &post).await);
    assert_eq!(alerts(&test).await, []);
    test.desk.note_sync("test", test.now).await.unwrap();
    assert!(left(&test, &post).await);
    assert_eq!(alerts(&test).await.len(), 1);
}

crate::support::desk::on_both! {
    a_lost_canary_is_said_before_the_next_takes_its_place,
    what_a_stop_held_up_is_not_lost_and_what_nobody_could_send_is,
    a_clock_that_was_ahead_for_a_moment_silences_no_canary,
    a_canary_that_returns_is_known_and_opens_no_ticket,
    a_canary_whose_id_a_provider_rewrote_is_known_by_its_subject_and_an_answer_to_it_is_not_it,
    a_lost_canary_is_an_alert_until_the_next_returns,
    of_two_desks_one_sends_and_a_death_before_the_send_is_made_good_with_the_same_mail,
}

#[test]
fn serve_sends_a_canary_by_smtp_and_finds_it_in_its_mailbox() {
    let (dovecot, sink, port) = (Dovecot::start(), SmtpSink::start(), free_port());
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "public_url = \"http://localhost:{port}\"\n[web]\nlisten = \"127.0.0.1:{port}\"\n\
         [imap]\nhost = \"127.0.0.1\"\nport = {imap}\nsecurity = \"none\"\nusername = \"{user}\"\n\
         password = \"{password}\"\npoll_interval = \"1s\"\n[canary]\ninterval = \"1h\"\n\
         [smtp]\nhost = \"127.0.0.1\"\nport = {smtp}\nsecurity = \"none\"\nfrom = \"Support <{OUR_ADDRESS}>\"\n",
        imap = dovecot.imap_port,
        user = dovecot.user,
        password = dovecot.password,
        smtp = sink.port,
    );
    std::fs::write(folder.path().join("bot.toml"), config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
    let serve = command.arg("serve").current_dir(folder.path()).stderr(Stdio::null()).spawn();
    let _serving = Serving(serve.expect("it is built"));
    let ask = |path: &str| {
        use std::io::{Read, Write};
        let mut answer = String::new();
        let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) else { return answer };
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
        let _ =
            stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer).map(drop));
        answer
    };
    let canary = wait_for("the canary", || sink.mails().pop());
    dovecot.deliver(&canary);
    let metrics = wait_for("its return", || {
        Some(ask("/metrics")).filter(|text| text.contains("guichet_canary_round_trip_seconds "))
    });
    assert!(metrics.contains("guichet_tickets{status=\"total\"} 0\n"), "{metrics}");
    assert_eq!(sink.received()[0].rcpt_to, [OUR_ADDRESS]);
    assert_eq!(sink.mails().len(), 1);
}
