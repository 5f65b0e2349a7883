//! A process that dies between what it did on Discord and the row that says so.

use super::{Process, all_posted, cards, no_violations, stands_once};
use crate::support::desk::{Database, on_both};
use crate::support::discord::Discord;
use crate::support::team::Team;
use chrono::Duration;

on_both! {
    a_death_between_a_post_and_its_row_doubles_nothing,
}

/// The steps of posting, each of which is carried out while its answer never comes.
const STEPS: [(&str, &str); 6] = [
    ("POST", "/channels/SUPPORT/messages"),
    ("POST", "/channels/SUPPORT/messages/*/threads"),
    ("POST", "/channels/*/messages"),
    ("PATCH", "/channels/SUPPORT/messages/*"),
    ("PATCH", "/channels/*"),
    ("POST", "/channels/DEV/messages"),
];

async fn a_death_between_a_post_and_its_row_doubles_nothing(database: Database) {
    let mut team = Team::before(database, Discord::start().await).await;
    for (number, (method, path)) in (1..).zip(STEPS) {
        let path = path
            .replace("SUPPORT", &team.discord.support.to_string())
            .replace("DEV", &team.discord.dev.to_string());
        let dies = Process::start(&team).await;
        let held = team.discord.read(|guild| guild.requests.len());
        team.discord.hold_answer(method, &path);
        team.lea_writes(&format!("Demande {number}"), "premier message").await;
        team.test.say(&format!("note {number} première note")).await;
        if method == "PATCH" {
            // There must be a card before it is edited, and before its thread is put away.
            team.card(number, |_| true).await;
            team.thread(number).await;
            team.test.say(&format!("status {number} closed")).await;
        } else {
            team.test.say(&format!("escalate {number} panne")).await;
        }
        team.discord
            .until(|guild| guild.requests[held..].iter().any(|line| line.contains("answer held")))
            .await;
        dies.kill();
        team.discord.release_answers();
        team.discord.disconnected().await;
        let _lives = Process::start(&team).await;
        // What the dead one had in hand is taken over once its lease is over.
        team.elapse(Duration::seconds(61)).await;
        all_posted(&mut team).await;
        stands_once(&team, number, &["premier message", "première note"]);
        let dev = team.discord.messages(team.discord.dev).len();
        let escalated = STEPS[..number as usize].iter().filter(|(method, _)| *method != "PATCH").count();
        assert_eq!(dev, escalated, "one escalation each\n{}", team.discord.dump());
        if method == "PATCH" {
            assert!(team.discord.draw(&cards(&team, number)[0]).contains("Fermé"));
            let thread = team.thread(number).await;
            let is_away =
                team.discord.read(|guild| guild.channels[&thread].thread.as_ref().unwrap().archived);
            assert!(is_away);
        }
        drop(_lives);
        team.discord.disconnected().await;
    }
    no_violations(&team);
}
