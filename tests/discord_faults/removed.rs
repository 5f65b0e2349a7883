//! What somebody takes away on Discord: posted anew, and within reach.

use super::{all_posted, cards, few_invalid_requests, no_violations, stands_once, texts, threads};
use crate::support::desk::{Database, on_both};
use crate::support::discord::{Discord, Id};
use crate::support::team::Team;
use serde_json::json;

on_both! {
    a_card_that_is_deleted_is_posted_anew_and_leads_to_its_thread,
    an_entry_that_is_deleted_is_posted_anew,
    a_thread_that_is_deleted_comes_again_with_all_that_was_said,
    what_was_deleted_while_nobody_looked_is_found,
    the_card_of_a_forum_comes_again,
    an_escalation_that_is_deleted_comes_again,
}

async fn talked_about(database: Database, discord: Discord) -> (Team, Id) {
    let mut team = Team::on(database, discord).await;
    team.lea_writes("Retiré", "premier message").await;
    all_posted(&mut team).await;
    let thread = threads(&team)[0].id;
    team.camille.says(thread, "une note écrite dans le fil");
    noted(&team, 1).await;
    team.test.say("status 1 in_progress").await;
    team.test.say("note 1 une note venue d’ailleurs").await;
    all_posted(&mut team).await;
    (team, thread)
}

async fn noted(team: &Team, many: usize) {
    let began = std::time::Instant::now();
    while team.ticket(1).await.messages.len() <= many {
        assert!(began.elapsed() < crate::support::PATIENCE, "{}", team.discord.dump());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn a_card_that_is_deleted_is_posted_anew_and_leads_to_its_thread(database: Database) {
    let (mut team, thread) = talked_about(database, Discord::start().await).await;
    let before = texts(&team, thread);
    let card = cards(&team, 1)[0].id;
    team.discord.delete_message(card);
    team.drawn(team.discord.support, |text| text.contains("nº\u{a0}1 ·")).await;
    all_posted(&mut team).await;
    let card = cards(&team, 1);
    assert_eq!(card.len(), 1, "{}", team.discord.dump());
    assert!(card[0].content.contains(&format!("<#{thread}>")), "{}", card[0].content);
    let told = told_of_removal(&team);
    assert!(told.len() == 1 && told[0].contains(&format!("<@&{}>", team.leads)), "{told:?}");
    // Whoever does it again is answered by the card alone.
    team.discord.delete_message(card[0].id);
    team.drawn(team.discord.support, |text| text.contains("nº\u{a0}1 ·")).await;
    all_posted(&mut team).await;
    assert_eq!(told_of_removal(&team).len(), 1, "{}", team.discord.dump());
    let card = cards(&team, 1);
    assert_eq!(threads(&team).len(), 1, "no second thread");
    assert_eq!(texts(&team, thread), before, "all that was said is there, once");
    // The thread is still the ticket's, and the pointer outlives the next change.
    team.sam.says(thread, "encore une note dans le fil");
    noted(&team, 3).await;
    let press = team.sam.press(card[0].id, "Prendre");
    assert!(press.draw().await.contains("Sam"));
    all_posted(&mut team).await;
    let card = &cards(&team, 1)[0];
    let text = team.discord.draw(card);
    assert!(card.content.contains(&format!("<#{thread}>")) && text.contains("Responsable: Sam"), "{text}");
    no_violations(&team);
}

/// What was said to the leads of something that somebody removed.
fn told_of_removal(team: &Team) -> Vec<String> {
    let said = team.discord.messages(team.discord.support).into_iter().map(|message| message.content);
    said.filter(|said| said.contains("a supprimé ici")).collect()
}

async fn an_entry_that_is_deleted_is_posted_anew(database: Database) {
    let (mut team, thread) = talked_about(database, Discord::start().await).await;
    let entry = team.drawn(thread, |text| text.contains("premier message")).await.id;
    team.discord.delete_message(entry);
    team.drawn(thread, |text| text.contains("premier message")).await;
    all_posted(&mut team).await;
    stands_once(&team, 1, &["une note venue d’ailleurs", "premier message"]);
    no_violations(&team);
}

async fn a_thread_that_is_deleted_comes_again_with_all_that_was_said(database: Database) {
    let (mut team, thread) = talked_about(database, Discord::start().await).await;
    team.discord.delete_channel(thread);
    team.discord.until(|guild| guild.threads(guild_support(guild)).iter().any(|new| new.id != thread)).await;
    all_posted(&mut team).await;
    let all =
        ["premier message", "une note écrite dans le fil", "à 🟡 En cours", "une note venue d’ailleurs"];
    stands_once(&team, 1, &all);
    assert_eq!(threads(&team).len(), 1);
    few_invalid_requests(&team);
    no_violations(&team);
}

fn guild_support(guild: &crate::support::discord::Guild) -> Id {
    guild.channels.values().find(|channel| channel.name == "support").map_or(0, |channel| channel.id)
}

async fn what_was_deleted_while_nobody_looked_is_found(database: Database) {
    let (mut team, thread) = talked_about(database, Discord::start().await).await;
    team.close().await;
    team.discord.delete_channel(thread);
    team.test.say("note 1 entre-temps").await;
    team.open().await;
    all_posted(&mut team).await;
    let all = ["premier message", "une note écrite dans le fil", "une note venue d’ailleurs", "entre-temps"];
    stands_once(&team, 1, &all);
    team.close().await;
    let card = cards(&team, 1)[0].id;
    team.discord.delete_message(card);
    team.test.say("take 1").await;
    team.open().await;
    all_posted(&mut team).await;
    assert_eq!(cards(&team, 1).len(), 1);
    assert_eq!(threads(&team).len(), 1);
    few_invalid_requests(&team);
    no_violations(&team);
}

async fn the_card_of_a_forum_comes_again(database: Database) {
    let (mut team, thread) = talked_about(database, Discord::with_forum().await).await;
    // The first message of the post is the card.
    team.discord.delete_message(thread);
    team.drawn(thread, |text| text.contains("[Prendre]")).await;
    team.test.say("take 1").await;
    all_posted(&mut team).await;
    let said = texts(&team, thread);
    assert_eq!(said.iter().filter(|text| text.contains("[Prendre]")).count(), 1, "{said:?}");
    assert!(said.iter().any(|text| text.contains("Responsable: Camille")), "{said:?}");
    team.discord.delete_channel(thread);
    team.discord.until(|guild| guild.threads(guild_support(guild)).iter().any(|new| new.id != thread)).await;
    all_posted(&mut team).await;
    let posts = threads(&team);
    assert_eq!(posts.len(), 1);
    let said = json!(texts(&team, posts[0].id)).to_string();
    for part in ["premier message", "une note écrite dans le fil", "une note venue d’ailleurs"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    few_invalid_requests(&team);
    no_violations(&team);
}

async fn an_escalation_that_is_deleted_comes_again(database: Database) {
    let (mut team, _) = talked_about(database, Discord::start().await).await;
    team.test.say("escalate 1 panne").await;
    all_posted(&mut team).await;
    let dev = team.discord.dev;
    let thread = team.discord.threads(dev)[0].id;
    team.paul.says(thread, "je regarde");
    noted(&team, 3).await;
    let card = team.discord.messages(dev)[0].id;
    team.discord.delete_message(card);
    team.drawn(dev, |text| text.contains("Escalade")).await;
    all_posted(&mut team).await;
    assert_eq!(team.discord.messages(dev).len(), 1);
    team.paul.says(thread, "c’est trouvé");
    noted(&team, 4).await;
    team.discord.delete_channel(thread);
    team.discord.wait("a new thread", |guild| guild.threads(dev).first().map(|_| ())).await;
    all_posted(&mut team).await;
    assert_eq!(team.discord.messages(dev).len(), 1, "{}", team.discord.dump());
    few_invalid_requests(&team);
    no_violations(&team);
}
