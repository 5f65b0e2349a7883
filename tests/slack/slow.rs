//! A desk that takes its time: acknowledged within a second, answered when it is done.

use crate::support::desk::{Database, on_both};
use crate::support::held::Held;
use crate::support::slack::SUPPORT;
use crate::support::slack_team::SlackTeam;
use serde_json::{Value, json};

on_both! {
    a_slow_desk_acknowledges_at_once_and_answers_later,
    a_form_that_is_taken_late_is_closed_and_answered_later,
    a_form_that_is_refused_late_keeps_what_was_typed,
}

fn cleared() -> Option<Value> {
    Some(json!({ "response_action": "clear" }))
}

async fn a_slow_desk_acknowledges_at_once_and_answers_later(database: Database) {
    let team = SlackTeam::start(database).await;
    team.lea_writes("Lent", "bonjour").await;
    let card = team.on_card(1).await;
    team.settle().await;
    let held = Held::hold(database, &team.test).await;
    // Each of them is acknowledged within Slack's three seconds, or the strict server says so.
    let slash = team.camille.slash(SUPPORT, "/ticket status 1 in_progress").await;
    let press = team.sam.press(&card, "Prendre").await;
    held.release().await;
    assert!(slash.read().await.contains("En cours"), "{}", slash.read().await);
    assert!(press.read().await.contains("Sam"), "{}", press.read().await);
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}

async fn a_form_that_is_taken_late_is_closed_and_answered_later(database: Database) {
    let team = SlackTeam::start(database).await;
    team.lea_writes("Lent", "bonjour").await;
    let card = team.on_card(1).await;
    team.settle().await;
    let form = team.camille.press(&card, "Répondre").await;
    form.first().await;
    let held = Held::hold(database, &team.test).await;
    let sent = form.submit(&[("Votre réponse", "Il part ce soir.")]).await;
    assert_eq!(sent.word, cleared());
    held.release().await;
    let preview = sent.read().await;
    assert!(preview.contains("Il part ce soir.") && preview.contains("[Envoyer]"), "{preview}");
    assert!(sent.press("Envoyer").await.read().await.contains("Réponse"));
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}

async fn a_form_that_is_refused_late_keeps_what_was_typed(database: Database) {
    let team = SlackTeam::start(database).await;
    team.lea_writes("Lent", "bonjour").await;
    team.card(1).await;
    team.settle().await;
    let said = team.paul.says(SUPPORT, None, "Moi aussi, depuis hier.");
    let form = team.camille.shortcut(SUPPORT, &said, "add_to_ticket").await;
    form.first().await;
    let held = Held::hold(database, &team.test).await;
    let sent = form.submit(&[("Numéro du ticket", "99")]).await;
    assert_eq!(sent.word, cleared());
    held.release().await;
    let refused = sent.read().await;
    assert!(refused.contains("99") && refused.contains("[Corriger]"), "{refused}");
    let again = sent.press("Corriger").await;
    let shown = again.read().await;
    assert!(shown.contains("99") && shown.contains("Moi aussi, depuis hier."), "{shown}");
    again.submit(&[("Numéro du ticket", "1")]).await.read().await;
    let ticket = team.ticket_that(1, |ticket| ticket.messages.len() == 2).await;
    assert!(ticket.messages[1].text.contains("Moi aussi, depuis hier."));
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}
