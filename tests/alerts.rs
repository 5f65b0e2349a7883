//! What needs a person: raised once, ended when it is mended.

use crate::support::desk::{Database, TestDesk, settings};
use chrono::Duration;
use guichet::clock::Clock;
use guichet::desk::{Desk, Settings};
use guichet::domain::alert::AlertKind;
use guichet::domain::chat::{Platform, PostOutcome};

async fn an_alert_stands_from_its_beginning_until_it_is_mended(database: Database) {
    let mut test = TestDesk::new(database).await;
    let began = test.now;
    test.desk.raise_alert(AlertKind::MissingMail, "INBOX", "2").await.unwrap();
    test.elapse(Duration::minutes(5)).await;
    test.desk.raise_alert(AlertKind::MissingMail, "INBOX", "3").await.unwrap();
    test.desk.raise_alert(AlertKind::DeadToken, "INBOX", "invalid_grant").await.unwrap();
    let standing = test.desk.alerts().await.unwrap();
    let told: Vec<_> =
        standing.iter().map(|alert| (alert.kind, alert.detail.as_str(), alert.since)).collect();
    let later = began + Duration::minutes(5);
    let expected = [(AlertKind::MissingMail, "3", began), (AlertKind::DeadToken, "invalid_grant", later)];
    assert_eq!(told, expected);
    test.desk.end_alert(AlertKind::MissingMail, "INBOX").await.unwrap();
    test.desk.end_alert(AlertKind::MissingMail, "INBOX").await.unwrap();
    let standing = test.desk.alerts().await.unwrap();
    assert_eq!(standing.iter().map(|alert| alert.kind).collect::<Vec<_>>(), [AlertKind::DeadToken]);
}

async fn an_alert_that_says_something_else_is_drawn_again(database: Database) {
    let test = TestDesk::new(database).await;
    let settings = Settings { chats: vec![Platform::Discord], ..settings() };
    let desk = Desk::open(test.store.clone(), Clock::At(test.now), settings).await.unwrap();
    let drawn = async || {
        let mut said = Vec::new();
        for post in desk.claim_posts(Platform::Discord, 10).await.unwrap() {
            said.extend(post.alerts.iter().map(|alert| alert.detail.clone()));
            desk.record_post(Platform::Discord, &post, &PostOutcome::Posted, None).await.unwrap();
        }
        said
    };
    for (detail, again) in [("2", true), ("2", false), ("3", true)] {
        desk.raise_alert(AlertKind::MissingMail, "INBOX", detail).await.unwrap();
        let expected = if again { vec![detail] } else { Vec::new() };
        assert_eq!(drawn().await, expected, "{detail}");
    }
}

crate::support::desk::on_both! {
    an_alert_stands_from_its_beginning_until_it_is_mended,
    an_alert_that_says_something_else_is_drawn_again,
}
