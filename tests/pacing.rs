//! How fast mails go to each provider, on both databases: turns for those that throttle, pauses for those that ask, and nobody
//! waits behind another.

use crate::support::desk::{Database, OUR_ADDRESS, TestDesk};
use crate::support::postgres::Postgres;
use crate::support::smtp::{Instead, SmtpSink};
use chrono::Duration;
use guichet::desk::deliver::Parcel;
use guichet::desk::receive::Filed;
use guichet::domain::delivery::{Channel, DeliveryState, Outcome};
use guichet::domain::ids::TicketId;
use guichet::domain::rules::Rules;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn rules(per_minute: u32) -> Rules {
    Rules { mails_per_provider_per_minute: per_minute, ..Rules::default() }
}

/// A ticket for each address, resolved, with its mail due now.
async fn due(test: &mut TestDesk, addresses: &[String]) {
    let mail = |address: &String| {
        format!(
            "From: {address}\r\nTo: {OUR_ADDRESS}\r\nSubject: Question\r\nMessage-ID: <q.{address}>\r\n\r\nBonjour.\r\n"
        )
        .into_bytes()
    };
    for filed in test.mails(addresses.iter().map(mail).collect()).await {
        let Filed::Created(ticket) = filed else { panic!("{filed:?}") };
        test.say(&format!("status {ticket} resolved")).await;
    }
    test.elapse(Duration::seconds(20)).await;
}

fn addresses(count: usize, domain: &str) -> Vec<String> {
    (0..count).map(|n| format!("client{n}@{domain}")).collect()
}

/// All that may leave now leaves, in claims as small as those of the worker.
async fn deliver(test: &TestDesk) -> Vec<Parcel> {
    let mut left = Vec::new();
    loop {
        let claim = test.desk.claim(8).await.unwrap();
        if claim.parcels.is_empty() && claim.put_off == 0 {
            return left;
        }
        for parcel in claim.parcels {
            test.desk.record(&parcel, Outcome::Sent).await.unwrap();
            left.push(parcel);
        }
    }
}

/// What the e-mail of a ticket waits for, and how often it was tried.
async fn waits(test: &TestDesk, ticket: i64) -> (DeliveryState, i64, String) {
    let mut tx = test.store.begin().await.unwrap();
    let deliveries = tx.deliveries(TicketId(ticket)).await.unwrap();
    let mail = deliveries.into_iter().find(|delivery| delivery.channel == Channel::Email).unwrap();
    (mail.state, mail.attempts, mail.why.unwrap_or_default().replace('\u{a0}', " "))
}

async fn a_provider_that_throttles_gets_its_mails_one_turn_after_the_other(database: Database) {
    let mut test = TestDesk::with_rules(database, rules(3)).await;
    let mut people = addresses(4, "orange.fr");
    people.extend(addresses(4, "wanadoo.fr"));
    people.extend(addresses(4, "client.example"));
    due(&mut test, &people).await;
    let left: Vec<String> = deliver(&test).await.into_iter().map(|parcel| parcel.address).collect();
    let others = left.iter().filter(|address| address.ends_with("@client.example")).count();
    assert_eq!((left.len(), others), (7, 4), "{left:?}");
    assert_eq!(
        waits(&test, 8).await,
        (
            DeliveryState::Pending,
            0,
            "attend son tour : Orange reçoit au plus 3 e-mails par minute".to_owned()
        )
    );
    assert!(deliver(&test).await.is_empty());
    let next = test.desk.next_due(Channel::Email).await.unwrap().unwrap();
    assert_eq!(next - test.now, Duration::seconds(20), "the worker sleeps until the next turn");
    for left_by_then in 4..=8 {
        test.elapse(Duration::seconds(20)).await;
        let left = deliver(&test).await;
        assert_eq!(left.len(), 1, "turn {left_by_then}");
        assert_eq!(left[0].attempt, 1, "waiting was no attempt");
    }
    assert!(deliver(&test).await.is_empty());
    assert_eq!(test.desk.next_due(Channel::Email).await.unwrap(), None);
}

async fn nobody_waits_behind_a_provider_that_is_slow(database: Database) {
    let mut test = TestDesk::with_rules(database, rules(3)).await;
    let mut people = addresses(40, "free.fr");
    people.push("lea@client.example".to_owned());
    people.push("marc@laposte.net".to_owned());
    due(&mut test, &people).await;
    let left: Vec<String> = deliver(&test).await.into_iter().map(|parcel| parcel.address).collect();
    assert_eq!(left.len(), 5);
    assert!(left.contains(&"lea@client.example".to_owned()) && left.contains(&"marc@laposte.net".to_owned()));
}

async fn without_a_limit_and_to_other_providers_all_leave_at_once(database: Database) {
    let mut test = TestDesk::with_rules(database, rules(0)).await;
    due(&mut test, &addresses(12, "orange.fr")).await;
    assert_eq!(deliver(&test).await.len(), 12);
    let mut test = TestDesk::with_rules(database, rules(1)).await;
    due(&mut test, &addresses(12, "client.example")).await;
    assert_eq!(deliver(&test).await.len(), 12);
}

async fn a_provider_that_asks_for_fewer_mails_is_left_alone_for_a_while_and_the_others_are_not(
    database: Database,
) {
    let mut test = TestDesk::new(database).await;
    due(&mut test, &["a@lent.example".to_owned()]).await;
    let first = test.desk.claim(8).await.unwrap().parcels.remove(0);
    test.desk.record(&first, Outcome::Retry("450 4.7.1 Too much mail from you".to_owned())).await.unwrap();
    assert_eq!(waits(&test, 1).await.1, 1, "this one was tried");

    let people = ["b@lent.example", "c@lent.example", "d@rapide.example"].map(str::to_owned);
    // Twenty seconds pass before these are due: the pause of thirty goes on.
    due(&mut test, &people).await;
    let left: Vec<String> = deliver(&test).await.into_iter().map(|parcel| parcel.address).collect();
    assert_eq!(left, ["d@rapide.example"]);
    let (state, attempts, why) = waits(&test, 2).await;
    assert_eq!((state, attempts), (DeliveryState::Pending, 0));
    assert_eq!(why, "attend son tour : le fournisseur du destinataire demande moins d’e-mails à la fois");

    // Ten seconds from one to the next, until it has taken one.
    test.elapse(Duration::seconds(10)).await;
    let claim = test.desk.claim(8).await.unwrap();
    assert_eq!(claim.parcels.len(), 1, "of the three that wait");
    test.elapse(Duration::seconds(1)).await;
    assert!(deliver(&test).await.is_empty());
    test.desk.record(&claim.parcels[0], Outcome::Sent).await.unwrap();
    due(&mut test, &addresses(5, "lent.example")).await;
    assert_eq!(deliver(&test).await.len(), 7, "at full pace again, those that waited with them");
}

async fn an_answer_about_one_mailbox_slows_nobody_down(database: Database) {
    let mut test = TestDesk::new(database).await;
    due(&mut test, &["plein@lent.example".to_owned(), "a@lent.example".to_owned()]).await;
    let claim = test.desk.claim(1).await.unwrap();
    test.desk.record(&claim.parcels[0], Outcome::Retry("450 4.2.2 mailbox full".to_owned())).await.unwrap();
    assert_eq!(deliver(&test).await.len(), 1);
}

async fn turns_outlive_a_restart_and_those_that_passed_meanwhile_are_no_licence(database: Database) {
    let mut test = TestDesk::with_rules(database, rules(3)).await;
    due(&mut test, &addresses(12, "sfr.fr")).await;
    assert_eq!(deliver(&test).await.len(), 3);
    // `elapse` opens the desk again, as a restart does.
    test.elapse(Duration::seconds(1)).await;
    assert!(deliver(&test).await.is_empty());
    test.elapse(Duration::seconds(20)).await;
    assert_eq!(deliver(&test).await.len(), 1);
    test.elapse(Duration::hours(2)).await;
    assert_eq!(deliver(&test).await.len(), 3, "a minute's worth at once, as at the start");
    test.elapse(Duration::minutes(10)).await;
    assert_eq!(deliver(&test).await.len(), 3);
    let mut tx = test.store.begin().await.unwrap();
    assert_eq!(tx.paces().await.unwrap().len(), 1);
    drop(tx);
    test.elapse(Duration::minutes(10)).await;
    assert_eq!(deliver(&test).await.len(), 2);
    test.elapse(Duration::minutes(10)).await;
    assert!(deliver(&test).await.is_empty());
    let mut tx = test.store.begin().await.unwrap();
    assert_eq!(tx.paces().await.unwrap(), [], "what says nothing any more is forgotten");
}

async fn who_chose_otherwise_while_a_mail_waited_gets_none_when_its_turn_comes(database: Database) {
    let mut test = TestDesk::with_rules(database, rules(1)).await;
    due(&mut test, &addresses(3, "orange.fr")).await;
    assert_eq!(deliver(&test).await.len(), 1);
    test.say("user client1@orange.fr web_only").await;
    test.elapse(Duration::minutes(1)).await;
    assert!(deliver(&test).await.is_empty(), "it was client1's turn");
    assert_eq!(waits(&test, 2).await.0, DeliveryState::Skipped);
    test.elapse(Duration::minutes(1)).await;
    assert_eq!(deliver(&test).await.len(), 1);
}

/// What `guichet` answers, as JSON.
fn guichet(home: &Path, now: &str, words: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
    let output = command.args(["--json", "--now", now]).args(words).current_dir(home).output().unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{words:?}: {error}: {}", String::from_utf8_lossy(&output.stderr)))
}

async fn the_built_program_slows_down_where_a_real_server_asks_for_it(database: Database) {
    let sink = SmtpSink::start();
    sink.instead("a@lent.example", Instead::RefuseRecipient("451 4.7.1 Slow down, please"), Some(1));
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let url = match database {
        Database::Sqlite => "sqlite://guichet.db".to_owned(),
        Database::Postgres => Postgres::shared().fresh_database(),
    };
    let config = format!(
        "[database]\nurl = \"{url}\"\n[undo]\nwindow = \"0s\"\n[limits]\nmails_per_provider_per_minute = 2\n\
         [smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"Support <{OUR_ADDRESS}>\"\n",
        sink.port
    );
    std::fs::write(home.join("bot.toml"), config).unwrap();
    let mut tickets = 0;
    let mut resolved = |now: &str, people: &[&str]| {
        for address in people {
            tickets += 1;
            let mail = format!(
                "From: {address}\r\nTo: {OUR_ADDRESS}\r\nSubject: x\r\nMessage-ID: <{tickets}@x.example>\r\n\r\nBonjour\r\n"
            );
            std::fs::write(home.join("mail.eml"), mail).unwrap();
            guichet(home, now, &["mail", "ingest", "mail.eml"]);
            guichet(home, now, &["ticket", "status", &tickets.to_string(), "resolved"]);
        }
    };
    let at = |seconds: u32| format!("2026-11-24T09:{:02}:{:02}Z", seconds / 60, seconds % 60);
    resolved(&at(0), &["a@lent.example"]);
    assert_eq!(guichet(home, &at(0), &["deliver"])["retry"], 1);
    resolved(&at(5), &["b@lent.example", "c@rapide.example", "d@orange.fr", "e@orange.fr", "f@wanadoo.fr"]);
    let done = guichet(home, &at(5), &["deliver"]);
    assert_eq!((&done["sent"], &done["failed"]), (&Value::from(3), &Value::from(0)), "{done}");
    let mut to: Vec<String> = sink.received().into_iter().flat_map(|mail| mail.rcpt_to).collect();
    to.sort();
    assert_eq!(to, ["c@rapide.example", "d@orange.fr", "e@orange.fr"]);
    assert_eq!(guichet(home, &at(30), &["deliver"])["sent"], 1, "the first of the slow ones");
    assert_eq!(
        guichet(home, &at(41), &["deliver"])["sent"],
        2,
        "the one that was refused, and the third of Orange"
    );
    assert_eq!(sink.received().len(), 6);
}

crate::support::desk::on_both! {
    a_provider_that_throttles_gets_its_mails_one_turn_after_the_other,
    nobody_waits_behind_a_provider_that_is_slow,
    without_a_limit_and_to_other_providers_all_leave_at_once,
    a_provider_that_asks_for_fewer_mails_is_left_alone_for_a_while_and_the_others_are_not,
    an_answer_about_one_mailbox_slows_nobody_down,
    turns_outlive_a_restart_and_those_that_passed_meanwhile_are_no_licence,
    who_chose_otherwise_while_a_mail_waited_gets_none_when_its_turn_comes,
    the_built_program_slows_down_where_a_real_server_asks_for_it,
}
