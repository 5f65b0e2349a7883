//! What one sender may send us and one address may get from us within an hour, on both databases.

use crate::support::desk::{Database, TestDesk};
use chrono::{DateTime, Duration, Utc};
use futures_util::future::join_all;
use guichet::desk::receive::Filed;
use guichet::domain::delivery::{Channel, DeliveryState};
use guichet::domain::ids::TicketId;
use guichet::domain::pace::Pace;
use guichet::domain::rules::Rules;
use tokio::sync::Barrier;

fn mail(sender: &str, n: usize, date: DateTime<Utc>, extra: &str) -> Vec<u8> {
    let date = date.to_rfc2822();
    format!(
        "From: {sender}\r\nTo: support@bettracker.example\r\nSubject: Question {n}\r\nMessage-ID: <{n}@{sender}>\r\n\
         Date: {date}\r\n{extra}\r\nBonjour, une question.\r\n"
    )
    .into_bytes()
}

async fn a_sender_who_floods_us_is_held_and_nobody_else(database: Database) {
    let rules = Rules { mails_per_sender_per_hour: 3, ..Rules::default() };
    let mut test = TestDesk::with_rules(database, rules).await;
    let flood =
        |range: std::ops::Range<usize>, now| range.map(|n| mail("bruno@flot.example", n, now, "")).collect();
    let filed = test.mails(flood(0..2, test.now)).await;
    assert_eq!(filed, [Filed::Created(TicketId(1)), Filed::Created(TicketId(2))]);
    let filed = test.mails(flood(2..6, test.now)).await;
    assert_eq!(filed, [Filed::Created(TicketId(3)), Filed::Held, Filed::Held, Filed::Held]);
    assert_eq!(
        test.mails(vec![mail("lea@courriel.example", 7, test.now, "")]).await,
        [Filed::Created(TicketId(4))]
    );
    let automatic = mail("bruno@flot.example", 8, test.now, "Auto-Submitted: auto-replied\r\n");
    assert_eq!(test.mails(vec![automatic]).await, [Filed::Ignored]);

    let held = test.desk.held_mails().await.unwrap();
    assert_eq!(held.len(), 3);
    assert_eq!(held[0].why, "too many mails of this sender within an hour");
    let raw = test.desk.held_mail(held[0].id).await.unwrap().unwrap();
    let read = guichet::reading::read(&raw, &crate::support::desk::LIMITS);
    let again = test.desk.file_again(vec![(held[0].id, read)]).await.unwrap();
    assert_eq!(again, [Filed::Created(TicketId(5))], "a CM lets a held mail in, flood or not");

    test.elapse(Duration::minutes(61)).await;
    let filed = test.mails(flood(9..10, test.now)).await;
    assert_eq!(filed, [Filed::Created(TicketId(6))], "an hour later they may write again");
}

async fn old_mail_that_is_fetched_now_is_no_flood(database: Database) {
    let rules = Rules { mails_per_sender_per_hour: 2, ..Rules::default() };
    let test = TestDesk::with_rules(database, rules).await;
    let yesterday = test.now - Duration::days(1);
    let backlog = (0..20).map(|n| mail("bruno@flot.example", n, yesterday, "")).collect();
    let filed = test.mails(backlog).await;
    assert!(filed.iter().all(|filed| matches!(filed, Filed::Created(_))), "{filed:?}");
}

async fn a_date_of_the_senders_own_making_lifts_no_limit(database: Database) {
    let rules = Rules { mails_per_sender_per_hour: 2, ..Rules::default() };
    let test = TestDesk::with_rules(database, rules).await;
    let yesterday = test.now - Duration::days(1);
    let received =
        |at: DateTime<Utc>| format!("Received: from a by b with ESMTPS id 1; {}\r\n", at.to_rfc2822());
    let flood = (0..4).map(|n| mail("bruno@flot.example", n, yesterday, &received(test.now))).collect();
    let filed = test.mails(flood).await;
    assert_eq!(filed[2..], [Filed::Held, Filed::Held]);
    let backlog = (4..9).map(|n| mail("lea@courriel.example", n, test.now, &received(yesterday))).collect();
    let filed = test.mails(backlog).await;
    assert!(filed.iter().all(|filed| matches!(filed, Filed::Created(_))), "{filed:?}");
}

/// How many e-mails of the tickets 1 to `tickets` stand in `state`.
async fn mails_in(test: &TestDesk, tickets: i64, state: DeliveryState) -> usize {
    let mut count = 0;
    for id in 1..=tickets {
        let ticket = test.desk.ticket(TicketId(id)).await.unwrap().unwrap();
        count += ticket.deliveries.iter().filter(|d| d.channel == Channel::Email && d.state == state).count();
    }
    count
}

async fn an_address_gets_so_many_automatic_mails_within_an_hour_and_the_rest_later(database: Database) {
    // The guide's own five, which is the default.
    let mut test = TestDesk::with_rules(database, Rules::default()).await;
    test.mails((0..8).map(|n| mail("lea@courriel.example", n, test.now, "")).collect()).await;
    test.mails(vec![mail("marc@courriel.example", 9, test.now, "")]).await;
    for id in 1..=9 {
        test.say(&format!("status {id} resolved")).await;
    }
    test.elapse(Duration::seconds(20)).await;
    let sent = test.deliver().await;
    let to_lea = sent.iter().filter(|parcel| parcel.address == "lea@courriel.example").count();
    assert_eq!((sent.len(), to_lea), (6, 5), "five to Léa, one to Marc");
    assert_eq!(mails_in(&test, 8, DeliveryState::Pending).await, 3);
    assert!(test.deliver().await.is_empty(), "the rest waits");

    test.say("reply 1 Bonjour, voici votre réponse.").await;
    test.elapse(Duration::seconds(20)).await;
    assert_eq!(test.deliver().await.len(), 1, "what a CM writes does not wait");

    test.elapse(Duration::minutes(60)).await;
    let late = test.deliver().await;
    assert_eq!(late.len(), 3);
    assert!(late.iter().all(|parcel| parcel.attempt == 1), "waiting was no attempt");
    assert_eq!(mails_in(&test, 8, DeliveryState::Pending).await, 0);
}

async fn without_a_limit_nothing_waits(database: Database) {
    let rules =
        Rules { automatic_mails_per_recipient_per_hour: 0, mails_per_sender_per_hour: 0, ..Rules::default() };
    let mut test = TestDesk::with_rules(database, rules).await;
    let filed = test.mails((0..30).map(|n| mail("lea@courriel.example", n, test.now, "")).collect()).await;
    assert!(filed.iter().all(|filed| matches!(filed, Filed::Created(_))));
    for id in 1..=30 {
        test.say(&format!("status {id} resolved")).await;
    }
    test.elapse(Duration::seconds(20)).await;
    assert_eq!(test.deliver().await.len(), 30);
}

/// Takes one more request for fewer mails into a provider's pace.
async fn slow_down(test: &TestDesk, start: &Barrier) {
    start.wait().await;
    let mut tx = test.store.begin().await.unwrap();
    let known = tx.paces().await.unwrap().into_iter().find(|(provider, _)| provider == "free");
    let mut pace = known.map_or(Pace::idle(test.now), |(_, pace)| pace);
    pace.strikes += 1;
    tx.keep_pace("free", &pace).await.unwrap();
    tx.commit().await.unwrap();
}

async fn those_who_change_a_pace_at_once_lose_no_change(database: Database) {
    let test = TestDesk::new(database).await;
    let start = Barrier::new(6);
    // There is no row yet that could be held.
    join_all((0..6).map(|_| slow_down(&test, &start))).await;
    let paces = test.store.read().await.unwrap().paces_seen().await.unwrap();
    assert_eq!(paces.iter().map(|(_, pace)| pace.strikes).collect::<Vec<_>>(), [6]);
}

crate::support::desk::on_both! {
    a_sender_who_floods_us_is_held_and_nobody_else,
    old_mail_that_is_fetched_now_is_no_flood,
    a_date_of_the_senders_own_making_lifts_no_limit,
    an_address_gets_so_many_automatic_mails_within_an_hour_and_the_rest_later,
    without_a_limit_nothing_waits,
    those_who_change_a_pace_at_once_lose_no_change,
}
