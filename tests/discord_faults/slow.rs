//! A desk that takes its time: acknowledged within a second, answered when it is done.

use super::{all_posted, no_violations};
use crate::support::desk::{Database, TestDesk, on_both};
use crate::support::team::Team;
use guichet::store::Tx;
use serde_json::json;
use sqlx::Connection;
use std::time::Duration;

on_both! {
    a_slow_desk_acknowledges_within_a_second_and_answers_later,
    a_form_that_comes_too_late_is_asked_for_again,
    what_fails_is_said_with_a_reference,
}

/// Holds what the desk must write, until it is dropped: the whole database, or the ticket.
enum Held {
    Sqlite(Tx),
    Postgres(sqlx::PgConnection),
}

impl Held {
    async fn hold(database: Database, test: &TestDesk) -> Held {
        match database {
            Database::Sqlite => {
                let mut tx = test.store.begin().await.unwrap();
                tx.keep_setting("held", "yes").await.unwrap();
                Held::Sqlite(tx)
            }
            Database::Postgres => {
                let mut connection = sqlx::PgConnection::connect(&test.url).await.unwrap();
                sqlx::query("BEGIN").execute(&mut connection).await.unwrap();
                sqlx::query("LOCK TABLE ticket, draft IN ACCESS EXCLUSIVE MODE")
                    .execute(&mut connection)
                    .await
                    .unwrap();
                Held::Postgres(connection)
            }
        }
    }

    async fn release(self) {
        match self {
            Held::Sqlite(tx) => tx.commit().await.unwrap(),
            Held::Postgres(connection) => connection.close().await.unwrap(),
        }
    }
}

async fn a_slow_desk_acknowledges_within_a_second_and_answers_later(database: Database) {
    let mut team = Team::start(database).await;
    team.lea_writes("Lent", "bonjour").await;
    all_posted(&mut team).await;
    let card = team.card(1, |_| true).await;
    let held = Held::hold(database, &team.test).await;
    let slash =
        team.camille.slash(team.discord.support, "status", json!({"ticket": "1", "status": "in_progress"}));
    let press = team.sam.press(card.id, "Prendre");
    for reply in [&slash, &press] {
        let first = reply.first().await;
        assert_eq!(first.kind, 5, "it is announced");
        assert!(first.elapsed < Duration::from_millis(1500), "{:?}", first.elapsed);
    }
    held.release().await;
    assert!(slash.draw().await.contains("En cours"), "{}", slash.draw().await);
    assert!(press.draw().await.contains("Sam"), "{}", press.draw().await);
    assert!(slash.is_ephemeral().await && press.is_ephemeral().await);
    no_violations(&team);
}

async fn a_form_that_comes_too_late_is_asked_for_again(database: Database) {
    let mut team = Team::start(database).await;
    team.lea_writes("Lent", "bonjour").await;
    all_posted(&mut team).await;
    let card = team.card(1, |_| true).await;
    let held = Held::hold(database, &team.test).await;
    let press = team.camille.press(card.id, "Répondre");
    assert_eq!(press.first().await.kind, 5);
    held.release().await;
    assert!(press.draw().await.contains("appuyez de nouveau"), "{}", press.draw().await);
    let again = team.camille.press(card.id, "Répondre");
    assert!(!again.modal().await.inputs.is_empty());
    no_violations(&team);
}

async fn what_fails_is_said_with_a_reference(database: Database) {
    let mut team = Team::start(database).await;
    team.lea_writes("Cassé", "bonjour").await;
    all_posted(&mut team).await;
    match database {
        Database::Sqlite => {
            let mut connection = sqlx::SqliteConnection::connect(&team.test.url).await.unwrap();
            sqlx::query("ALTER TABLE event RENAME TO away").execute(&mut connection).await.unwrap();
        }
        Database::Postgres => {
            let mut connection = sqlx::PgConnection::connect(&team.test.url).await.unwrap();
            sqlx::query("ALTER TABLE event RENAME TO away").execute(&mut connection).await.unwrap();
        }
    }
    let reply =
        team.camille.slash(team.discord.support, "status", json!({"ticket": "1", "status": "closed"}));
    assert!(reply.draw().await.contains("Erreur interne"), "{}", reply.draw().await);
    assert!(reply.is_ephemeral().await);
    no_violations(&team);
}
