//! Two tickets that become one: what the first brought is told in the thread that goes on, and what is taken back is struck.

use super::Story;
use crate::support::desk::{Database, on_both};
use crate::support::slack::SUPPORT;
use crate::support::slack_team::SlackTeam;
use chrono::Duration;

on_both! { a_merge_is_told_with_what_it_brought, a_reply_of_a_merged_ticket_is_still_followed }

async fn a_merge_is_told_with_what_it_brought(database: Database) {
    let team = SlackTeam::start(database).await;
    let mut story = Story::new("merged");
    team.lea_writes("Retrait", "Mon retrait est en attente depuis lundi.").await;
    team.settle().await;
    team.lea_writes("Retrait encore", "Je n'ai *toujours* rien reçu.").await;
    team.settle().await;
    let (first, second) = (team.card(1).await, team.card(2).await);
    let thread = async |card: &str| {
        team.settle().await;
        team.slack.view(SUPPORT, Some(card))
    };
    team.test.say("note 2 La banque est prévenue.").await;
    team.settle().await;
    team.test.say("merge 2 into 1").await;
    story.tell("merge 2 into 1: the thread that goes on", thread(&first).await);
    story.tell("the thread of the other", thread(&second).await);
    story.tell("#support-team", team.view(SUPPORT).await);
    team.test.say("undo").await;
    story.tell("undo: the thread that went on", thread(&first).await);
    story.tell("the thread of the other", thread(&second).await);
    story.end(&team);
}

async fn a_reply_of_a_merged_ticket_is_still_followed(database: Database) {
    let mut team = SlackTeam::start(database).await;
    team.lea_writes("Retrait", "Mon retrait est en attente depuis lundi.").await;
    team.settle().await;
    team.lea_writes("Retrait encore", "Je n'ai toujours rien reçu.").await;
    team.test.say("reply 2 Il part ce soir.").await;
    team.settle().await;
    team.test.say("merge 2 into 1").await;
    let thread = team.thread(2).await;
    assert!(thread.contains("Il part ce soir.") && thread.contains("⏳"), "{thread}");
    team.elapse(Duration::seconds(30)).await;
    let thread = team.thread(2).await;
    assert!(thread.contains("envoyé par e-mail") && !thread.contains("⏳"), "{thread}");
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}
