//! What comes twice acts once: to one process, or to two at the same time.

use super::{Process, all_posted, count, no_violations, stands_once};
use crate::support::desk::{Database, on_both};
use crate::support::team::Team;
use chrono::Duration;
use serde_json::json;

on_both! {
    an_interaction_that_comes_twice_acts_once,
    an_interaction_that_comes_to_two_processes_acts_once,
    two_processes_post_each_thing_once,
}

/// Everything that can be done twice, each done and sent again at once and later.
async fn act(team: &mut Team) {
    team.lea_writes("Deux fois", "bonjour").await;
    all_posted(team).await;
    let support = team.discord.support;
    let card = team.card(1, |_| true).await.id;
    let slash = team.camille.slash(support, "status", json!({"ticket": "1", "status": "in_progress"}));
    slash.again();
    assert!(slash.draw().await.contains("En cours"), "{}", slash.draw().await);
    slash.again();
    let press = team.sam.press(card, "Prendre");
    press.again();
    assert!(press.draw().await.contains("Sam"), "{}", press.draw().await);
    press.again();
    // A form, what it opens, and the message that leaves.
    let form = team.camille.press(card, "Répondre");
    form.again();
    let preview = form.submit(json!({"Votre réponse": "Merci, c’est réparé."})).await;
    preview.again();
    assert!(preview.draw().await.contains("réparé"), "{}", preview.draw().await);
    let sent = preview.press("Envoyer").await;
    sent.again();
    sent.first().await;
    sent.again();
    let reason = team.camille.press(card, "Escalader");
    let escalated =
        reason.submit(json!({"Raison, pour l’équipe technique": "base de données en panne"})).await;
    escalated.again();
    assert!(!escalated.draw().await.is_empty());
    escalated.again();
    // What is typed, too.
    let typed = team.sam.says(support, "/ticket note 1 tapée une fois");
    team.drawn(support, |text| text.contains("(reply)")).await;
    assert!(typed.id > 0);
    team.elapse(Duration::seconds(30)).await;
    all_posted(team).await;
}

async fn acted_once(team: &Team) {
    let ticket = team.ticket(1).await;
    let lines: Vec<String> = ticket.events.iter().map(|event| format!("{:?}", event.kind)).collect();
    let told = |kind: &str| lines.iter().filter(|line| *line == kind).count();
    for kind in ["StatusSet", "Assigned", "Replied", "Escalated", "NoteAdded"] {
        assert_eq!(told(kind), 1, "{kind} in {lines:?}");
    }
    assert_eq!(ticket.messages.len(), 3, "the mail, the reply, the note");
    stands_once(team, 1, &["bonjour", "réparé", "base de données en panne", "tapée une fois"]);
    assert_eq!(count(team, team.discord.dev, "Escalade"), 1);
    assert_eq!(count(team, team.discord.support, "(reply)"), 1, "{}", team.discord.dump());
    let card = super::cards(team, 1);
    let text = team.discord.draw(&card[0]);
    assert!(!text.contains("rédige"), "nobody writes any more:\n{text}");
}

async fn an_interaction_that_comes_twice_acts_once(database: Database) {
    let mut team = Team::start(database).await;
    act(&mut team).await;
    acted_once(&team).await;
    no_violations(&team);
}

async fn an_interaction_that_comes_to_two_processes_acts_once(database: Database) {
    let mut team = Team::start(database).await;
    let _other = Process::start(&team).await;
    act(&mut team).await;
    acted_once(&team).await;
    no_violations(&team);
}

async fn two_processes_post_each_thing_once(database: Database) {
    let mut team = Team::start(database).await;
    let _other = Process::start(&team).await;
    let mails = (1..=12).map(crate::support::desk::question).collect();
    team.test.mails(mails).await;
    for number in 1..=12 {
        team.test.say(&format!("note {number} première note")).await;
        team.test.say(&format!("status {number} in_progress")).await;
        team.test.say(&format!("note {number} deuxième note")).await;
    }
    all_posted(&mut team).await;
    for number in 1..=12 {
        stands_once(&team, number, &["Bonjour, question", "première note", "En cours", "deuxième note"]);
    }
    no_violations(&team);
}
