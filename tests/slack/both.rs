//! Discord and Slack together, with one desk: what stands in one stands in the other, and what is done in one shows in both.

use crate::support::desk::{Database, on_both};
use crate::support::discord::Discord;
use crate::support::slack::{SUPPORT, Slack};
use crate::support::slack_team::SlackTeam;
use guichet::chat::{Setting, discord};
use guichet::config;
use guichet::domain::chat::Platform;
use std::num::NonZeroU64;

on_both! { what_is_done_in_one_shows_in_the_other }

async fn what_is_done_in_one_shows_in_the_other(database: Database) {
    let slack = Slack::start().await;
    let mut team = SlackTeam::with(database, slack, vec![Platform::Discord, Platform::Slack]).await;
    let discord = Discord::start().await;
    let role = discord.role("Support");
    let sam = discord.person("Sam", &[role]);
    let agent = team.test.desk.agent_by_name("Sam").await.unwrap().unwrap();
    team.test.desk.link_identity(&agent, "discord", &sam.id.to_string()).await.unwrap();
    let id = |id: u64| NonZeroU64::new(id).unwrap();
    let config = config::Discord {
        token: discord.token().into(),
        guild_id: id(discord.guild_id()),
        support_channel: id(discord.support),
        dev_channel: Some(id(discord.dev)),
        product_channel: None,
        agent_roles: vec![id(role)],
        lead_roles: Vec::new(),
        client: None,
        api_url: discord.base_url(),
    };
    let setting = Setting {
        zone: chrono_tz::Europe::Paris,
        public_url: "http://localhost:3000".into(),
        undo_window: team.test.rules.undo_window,
        limits: crate::support::desk::LIMITS,
    };
    let cancel = tokio_util::sync::CancellationToken::new();
    let door = tokio::spawn(discord::run(team.test.desk.clone(), config, setting, cancel.clone()));
    discord.connected().await;
    team.open().await;

    team.lea_writes("Retrait", "Mon retrait ?").await;
    let thread = team.card(1).await;
    let card = discord
        .wait("a card", |guild| guild.messages(discord.support).first().map(|card| (*card).clone()))
        .await;
    let discords = discord.wait("a thread", |guild| guild.thread_of(card.id).map(|thread| thread.id)).await;
    team.settle().await;
    let start = std::time::Instant::now();
    while team.test.desk.place_of_thread(Platform::Discord, &discords.to_string()).await.unwrap().is_none() {
        assert!(start.elapsed() < crate::support::PATIENCE, "the thread is nobody's");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    team.camille.slash(SUPPORT, "/ticket take 1").await.read().await;
    sam.says(discords, "une note de Discord");
    team.ticket_that(1, |ticket| ticket.messages.len() == 2).await;
    team.camille.says(SUPPORT, Some(&thread), "une note de Slack");
    team.ticket_that(1, |ticket| ticket.messages.len() == 3).await;
    sam.press(&card, "Prendre").message().await;
    team.camille.slash(SUPPORT, "/ticket reply 1 Il part ce soir.").await.read().await;
    team.ticket_that(1, |ticket| ticket.messages.len() == 4).await;

    let here = |text: &str, what: &str| assert!(text.contains(what), "{what} is not in\n{text}");
    team.settle().await;
    let on_slack = team.thread(1).await;
    let all = discord
        .wait("all of it on Discord", |guild| {
            let drawn = guild.messages(discords).into_iter();
            let drawn = drawn
                .map(|one| crate::support::discord::draw::message(guild, one))
                .collect::<Vec<_>>()
                .join("\n");
            drawn.contains("Il part ce soir.").then_some(drawn)
        })
        .await;
    for (what, count) in [
        ("une note de Discord", 1),
        ("une note de Slack", 1),
        ("Il part ce soir.", 1),
        ("Sam a pris le ticket", 1),
    ] {
        here(&on_slack, what);
        here(&all, what);
        assert_eq!((on_slack.matches(what).count(), all.matches(what).count()), (count, count), "{what}");
    }
    here(&team.view(SUPPORT).await, "Responsable : **Sam".replace(" :", "\u{a0}:").as_str());
    assert_eq!(team.slack.violations(), Vec::<String>::new());
    assert_eq!(discord.violations(), Vec::<String>::new());
    cancel.cancel();
    door.await.unwrap();
}
