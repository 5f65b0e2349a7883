//! A desk that takes its time: acknowledged within the three seconds that Discord gives, answered when it is done.

use super::{all_posted, no_violations};
use crate::support::desk::{Database, on_both};
use crate::support::held::Held;
use crate::support::team::Team;
use serde_json::json;
use sqlx::Connection;
use std::time::Duration;

on_both! {
    a_slow_desk_acknowledges_within_three_seconds_and_answers_later,
    a_form_that_comes_too_late_is_asked_for_again,
    a_command_that_opens_a_form_is_not_announced_before,
    an_answer_that_discord_did_not_take_is_given_again,
    what_fails_is_said_with_a_reference,
}

async fn a_slow_desk_acknowledges_within_three_seconds_and_answers_later(database: Database) {
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
        assert!(first.elapsed < Duration::from_secs(3), "{:?}", first.elapsed);
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
    let slash = team.sam.slash(team.discord.support, "reply", json!({"ticket": "1"}));
    assert_eq!([press.first().await.kind, slash.first().await.kind], [5, 5]);
    held.release().await;
    assert!(press.draw().await.contains("appuyez de nouveau"), "{}", press.draw().await);
    assert!(slash.draw().await.contains("redonnez la commande"), "{}", slash.draw().await);
    let again = team.camille.press(card.id, "Répondre");
    assert!(!again.modal().await.inputs.is_empty());
    no_violations(&team);
}

async fn a_command_that_opens_a_form_is_not_announced_before(database: Database) {
    let mut team = Team::start(database).await;
    team.lea_writes("Lent", "bonjour").await;
    all_posted(&mut team).await;
    let card = team.card(1, |_| true).await;
    let held = Held::hold(database, &team.test).await;
    let slash = team.camille.slash(team.discord.support, "reply", json!({"ticket": "1"}));
    // By the time that this is announced, the other would have been.
    let press = team.sam.press(card.id, "Prendre");
    assert_eq!(press.first().await.kind, 5);
    held.release().await;
    assert!(!slash.modal().await.inputs.is_empty());
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

async fn an_answer_that_discord_did_not_take_is_given_again(database: Database) {
    let mut team = Team::start(database).await;
    let support = team.discord.support;
    team.lea_writes("Malade", "bonjour").await;
    all_posted(&mut team).await;
    let status = |status: &str| json!({"ticket": "1", "status": status});
    // At once: Discord is unwell, or takes the answer and loses the receipt.
    team.discord.fail_next("POST", "/interactions/*/*/callback", 503, 1);
    let reply = team.camille.slash(support, "status", status("in_progress"));
    assert!(reply.draw().await.contains("En cours"), "{}", reply.draw().await);
    team.discord.drop_connection_after_handling("POST", "/interactions/*/*/callback");
    let reply = team.camille.slash(support, "status", status("resolved"));
    assert!(reply.draw().await.contains("Résolu"), "{}", reply.draw().await);
    // Later, in the place of what announced it.
    let held = Held::hold(database, &team.test).await;
    let reply = team.camille.slash(support, "status", status("in_progress"));
    assert_eq!(reply.first().await.kind, 5);
    team.discord.fail_next("PATCH", "/webhooks/*/*/messages/@original", 500, 2);
    held.release().await;
    team.wait(async || reply.draw().await.contains("En cours").then_some(())).await;
    // Typed, with a receipt that is lost: given again, and said once.
    let before = team.discord.read(|guild| guild.requests.len());
    team.discord.drop_connection_after_handling("POST", &format!("/channels/{support}/messages"));
    let said = team.camille.says(support, "/ticket priorité 1 haute");
    let posted = format!("POST /channels/{support}/messages -> 200");
    team.discord
        .until(|guild| guild.requests[before..].iter().filter(|line| line.starts_with(&posted)).count() >= 2)
        .await;
    let answers = |team: &Team| {
        let messages = team.discord.messages(support);
        messages.into_iter().filter(|one| one.reply_to == Some(said.id)).count()
    };
    team.wait(async || (answers(&team) == 1).then_some(())).await;
    all_posted(&mut team).await;
    assert_eq!(answers(&team), 1, "{}", team.discord.dump());
    assert_eq!(team.ticket(1).await.priority.as_str(), "high");
    no_violations(&team);
}
