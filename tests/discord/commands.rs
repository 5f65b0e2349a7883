//! Commands: as slash commands with their proposals, and typed as text; and who may give them.

use super::Story;
use crate::support::desk::{Database, on_both};
use crate::support::discord::Discord;
use crate::support::team::Team;
use guichet::command::grammar::slash;
use serde_json::{Value, json};

on_both! {
    every_command_is_answered,
    proposals_find_a_ticket_by_number_subject_and_requester,
    a_command_can_be_typed_where_the_team_talks,
    a_typed_answer_loses_its_button_with_its_time,
    who_is_nobody_here_does_and_learns_nothing,
}

/// The name of a command, and what it is given.
fn day() -> Vec<(&'static str, Value)> {
    vec![
        ("list", json!({"status": "new"})),
        ("show", json!({"ticket": "1"})),
        ("take", json!({"ticket": "1"})),
        ("status", json!({"ticket": "1", "status": "in_progress"})),
        ("note", json!({"ticket": "1", "text": "Déjà vu hier."})),
        ("priority", json!({"ticket": "1", "priority": "high"})),
        ("tag", json!({"ticket": "1", "tags": "+paiement"})),
        ("assign", json!({"ticket": "1", "agent": "Sam"})),
        ("template", json!({})),
        ("template", json!({"template": "demande-infos", "ticket": "1"})),
        ("reply", json!({"ticket": "1", "text": "Quelle carte ?; Quel jour ?", "template": "demande-infos"})),
        ("participants", json!({"ticket": "1", "addresses": "+marc@client.example"})),
        ("reply", json!({"ticket": "1", "text": "Bonjour à tous.", "all": true, "then": "resolved"})),
        ("escalate", json!({"ticket": "2", "reason": "API muette"})),
        ("urgent", json!({"ticket": "2", "reason": "Plus aucun pari"})),
        ("feature", json!({"ticket": "3"})),
        ("spam", json!({"ticket": "4"})),
        ("reopen", json!({"ticket": "4"})),
        ("undo", json!({})),
        ("merge", json!({"ticket": "5", "into": "2"})),
        ("snooze", json!({"ticket": "2", "delay": "2d"})),
        ("remind", json!({"ticket": "2"})),
        ("history", json!({"ticket": "1"})),
        ("deliveries", json!({"ticket": "1"})),
        ("resend", json!({"delivery": "1"})),
        ("sent", json!({"delivery": "1"})),
        ("help", json!({})),
        ("help", json!({"command": "status"})),
        ("guichet user", json!({"email": "lea@client.example"})),
        ("guichet user", json!({"email": "lea@client.example", "preference": "email_only"})),
        ("guichet kb", json!({"words": "escalader"})),
        ("guichet stats", json!({})),
        ("guichet checklist", json!({})),
        ("guichet report", json!({})),
    ]
}

async fn every_command_is_answered(database: Database) {
    let team = Team::start(database).await;
    let mut story = Story::new("commands");
    for subject in ["Paiement refusé", "Paris vides", "Un mode sombre ?", "Casino", "Paris vides aussi"] {
        team.lea_writes(subject, "Bonjour, c’est dans le sujet.").await;
    }
    for (name, options) in day() {
        let reply = team.camille.slash(team.discord.support, name, options.clone());
        assert!(reply.first().await.kind == 4 && reply.is_ephemeral().await, "{name}");
        story.answer(&format!("/{name} {options}"), &reply).await;
    }
    let report = team.lea.slash(team.discord.support, "guichet report", json!({}));
    story.answer("/guichet report, by the lead", &report).await;
    let begun = team.camille.slash(team.discord.support, "reply", json!({"ticket": "1"}));
    story.answer("/reply without a text", &begun).await;
    let begun =
        team.camille.slash(team.discord.support, "reply", json!({"ticket": "1", "template": "solution"}));
    story.answer("/reply with a template only", &begun).await;
    let given: Vec<&str> = day().iter().map(|(name, _)| name.rsplit(' ').next().unwrap_or(name)).collect();
    for command in slash::commands() {
        assert!(given.contains(&command.name.as_str()), "{} was not tried", command.name);
    }
    story.end(&team);
}

async fn proposals_find_a_ticket_by_number_subject_and_requester(database: Database) {
    let team = Team::start(database).await;
    let mut story = Story::new("proposals");
    for subject in ["Paiement refusé", "Paris vides", "Retrait"] {
        team.lea_writes(subject, "Bonjour.").await;
    }
    team.test.say("take 2").await;
    let support = team.discord.support;
    for typed in ["", "3", "paiement", "léa"] {
        let found = team.camille.autocomplete(support, "show", "ticket", typed).await;
        let lines: Vec<String> = found.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        story.tell(&format!("/ticket show {typed:?}"), lines.join("\n"));
    }
    for (command, option, typed) in [
        ("assign", "agent", "s"),
        ("reply", "template", "sol"),
        ("help", "command", "sta"),
        ("tag", "tags", "+v"),
    ] {
        let found = team.camille.autocomplete(support, command, option, typed).await;
        let lines: Vec<String> = found.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        story.tell(&format!("/ticket {command} … {option} {typed:?}"), lines.join("\n"));
    }
    let stranger = team.discord.person("Inconnue", &[team.agents]);
    assert!(stranger.autocomplete(support, "show", "ticket", "").await.is_empty());
    team.sam.has_roles(&[]);
    team.discord.set_permissions(team.discord.guild_id(), u64::MAX);
    assert!(team.sam.autocomplete(support, "show", "ticket", "").await.is_empty());
    story.end(&team);
}

async fn a_command_can_be_typed_where_the_team_talks(database: Database) {
    let team = Team::start(database).await;
    let mut story = Story::new("typed");
    team.lea_writes("Paris vides", "Bonjour.").await;
    let (support, thread) = (team.discord.support, team.thread(1).await);
    let mention = format!("<@{}> priorité 1 haute", team.discord.bot());
    let mention_there = format!("<@{}> priorité 1 basse", team.discord.bot());
    for (channel, line) in [
        (support, "/ticket status 1 in_progress"),
        (support, mention.as_str()),
        (support, "/ticket statut 1 résoluu"),
        (thread, "/ticket status 1 resolved"),
        (thread, "/ticket montre 1"),
        (thread, mention_there.as_str()),
        (thread, "/ticket reply 1 --template solution"),
    ] {
        let said = team.camille.says(channel, line);
        let answer = team.discord.wait("an answer", |guild| {
            guild.messages(channel).into_iter().find(|one| one.reply_to == Some(said.id)).map(|one| one.id)
        });
        story.tell(line, team.discord.draw(answer.await));
    }
    team.camille.says(support, "Bonjour tout le monde, café ?");
    team.settle().await;
    let ticket = team.ticket(1).await;
    assert_eq!((ticket.status.as_str(), ticket.messages.len()), ("resolved", 1), "a command is no note");
    story.end(&team);
}

async fn a_typed_answer_loses_its_button_with_its_time(database: Database) {
    let mut team = Team::before(database, Discord::start().await).await;
    team.window = std::time::Duration::from_millis(1500);
    team.open().await;
    team.lea_writes("Paris vides", "Bonjour.").await;
    team.card(1, |_| true).await;
    let support = team.discord.support;
    team.camille.says(support, "/ticket take 1");
    team.drawn(support, |text| text.contains("[Annuler (20\u{a0}s)]")).await;
    team.drawn(support, |text| text.contains("est responsable") && !text.contains("Annuler")).await;
    team.camille.says(support, "/ticket status 1 resolved");
    team.drawn(support, |text| text.contains("Résolu") && text.contains("Annuler")).await;
    team.test.say("undo").await;
    team.drawn(support, |text| text.contains("~~Ticket nº\u{a0}1")).await;
    assert_eq!(team.discord.violations(), Vec::<String>::new());
}

async fn who_is_nobody_here_does_and_learns_nothing(database: Database) {
    let team = Team::start(database).await;
    let mut story = Story::new("nobody");
    team.lea_writes("Paris vides", "Bonjour.").await;
    let card = team.card(1, |_| true).await;
    let (support, thread) = (team.discord.support, team.thread(1).await);
    let unknown = team.discord.person("Inconnue", &[team.agents]);
    team.settle().await;
    let before = serde_json::to_value(team.ticket(1).await).unwrap();
    story
        .answer(
            "unknown: a command",
            &unknown.slash(support, "status", json!({"ticket": "1", "status": "closed"})),
        )
        .await;
    story.answer("unknown: a button", &unknown.press(&card, "Prendre")).await;
    story.answer("unknown: a form", &unknown.press(&card, "Répondre")).await;
    unknown.says(support, "/ticket stat 1");
    team.drawn(support, |text| text.contains("(reply)")).await;
    let said = unknown.says(thread, "Je peux aider ?");
    team.discord
        .wait("an answer in the thread", |guild| {
            guild.messages(thread).into_iter().find(|one| one.reply_to == Some(said.id)).cloned()
        })
        .await;
    // Somebody who left the team keeps the link, and loses the role.
    team.sam.has_roles(&[]);
    story.answer("without the role: a button", &team.sam.press(&card, "Prendre")).await;
    team.sam.says(support, "/ticket take 1");
    team.drawn(support, |text| text.contains("rôle")).await;
    story.tell("#support", team.view(support).await);
    story.tell("the thread", team.view(thread).await);
    assert_eq!(serde_json::to_value(team.ticket(1).await).unwrap(), before, "nothing was done");
    story.end(&team);
}
