//! Two tickets that become one: what the first brought is told in the thread that goes on, and what is taken back is struck.

use super::Story;
use crate::support::desk::{Database, on_both};
use crate::support::team::Team;

on_both! { a_merge_is_told_with_what_it_brought }

async fn a_merge_is_told_with_what_it_brought(database: Database) {
    let team = Team::start(database).await;
    let mut story = Story::new("merged");
    team.lea_writes("Retrait", "Mon retrait est en attente depuis lundi.").await;
    team.settle().await;
    team.lea_writes("Retrait encore", "Je n'ai **toujours** rien reçu.").await;
    team.settle().await;
    let (first, second) = (team.thread(1).await, team.thread(2).await);
    team.test.say("note 2 La banque est prévenue.").await;
    team.settle().await;
    team.test.say("merge 2 into 1").await;
    story.tell("merge 2 into 1: the thread that goes on", team.view(first).await);
    story.tell("the thread of the other", team.view(second).await);
    story.tell("#support", team.view(team.discord.support).await);
    team.settle().await;
    team.test.say("undo").await;
    story.tell("undo: the thread that went on", team.view(first).await);
    story.tell("the thread of the other", team.view(second).await);
    story.end(&team);
}
