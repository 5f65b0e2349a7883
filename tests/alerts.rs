//! What needs a person: raised once, ended when it is mended.

use crate::support::desk::{Database, TestDesk};
use chrono::Duration;
use guichet::domain::alert::AlertKind;

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

crate::support::desk::on_both! { an_alert_stands_from_its_beginning_until_it_is_mended }
