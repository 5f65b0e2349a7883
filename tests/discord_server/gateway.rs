//! Sessions of the gateway with a real client: refused, lost, resumed, begun again.

use super::bot::{Bot, INTENTS};
use super::raw::{call, payload};
use crate::support::discord::{CONTENT, Discord, MEMBERS};
use serde_json::json;
use serenity::all::{GatewayError, GatewayIntents, OnlineStatus};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_is_resumed_and_what_was_missed_comes() {
    let discord = Discord::start().await;
    let bot = Bot::start(&discord).await;
    let camille = discord.person("Camille", &[]);
    type Way = fn(&Discord);
    let ways: [Way; 4] = [
        |discord| discord.drop_gateway(),
        |discord| discord.reconnect(),
        |discord| discord.close(4000),
        |discord| discord.invalidate_session(true),
    ];
    for (number, way) in (1..).zip(ways) {
        way(&discord);
        let said = camille.says(discord.support, "au secours");
        discord.until(|guild| guild.thread_of(said.id).is_some()).await;
        discord.wait_for_sessions("a session resumed", |sessions| sessions.resumed == number).await;
    }
    assert_eq!(discord.gateway(|sessions| (sessions.identified, sessions.closed.clone())), (1, vec![4000]));
    bot.shards.shutdown_all().await;
    bot.ended().await.expect("it ends in peace");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_over_is_begun_again() {
    let discord = Discord::start().await;
    let _bot = Bot::start(&discord).await;
    discord.invalidate_session(false);
    discord.wait_for_sessions("a second session", |sessions| sessions.identified == 2).await;
    let camille = discord.person("Camille", &[]);
    let reply = camille.slash(discord.support, "status", json!({"ticket": 1, "to": "closed"}));
    assert!(reply.elapsed().await < Duration::from_secs(60));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heartbeats_that_are_not_answered_end_the_connection() {
    let discord = Discord::start().await;
    discord.heartbeats(Duration::from_millis(50), false);
    let _bot = Bot::start(&discord).await;
    discord
        .wait_for_sessions("another connection", |sessions| sessions.resumed + sessions.identified > 1)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_intent_that_is_not_switched_on_is_refused() {
    let discord = Discord::start().await;
    discord.set_application_flags(MEMBERS);
    let bot = Bot::launch(&discord, INTENTS).await;
    let ended = bot.ended().await.expect_err("it may not");
    assert!(matches!(ended, serenity::Error::Gateway(GatewayError::DisallowedGatewayIntents)), "{ended}");
    assert_eq!(discord.gateway(|sessions| sessions.closed.clone()), [4014]);
    discord.set_application_flags(CONTENT | MEMBERS);
    let _bot = Bot::start(&discord).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_and_too_many_events_are_refused() {
    let discord = Discord::start().await;
    let bot = Bot::with_token(&discord, "another", INTENTS).await;
    let ended = bot.ended().await.expect_err("it may not");
    assert!(matches!(ended, serenity::Error::Gateway(GatewayError::InvalidAuthentication)), "{ended}");
    assert_eq!(discord.gateway(|sessions| sessions.closed.clone()), [4004]);
    let bot = Bot::start(&discord).await;
    for runner in bot.shards.runners.lock().await.values() {
        for _ in 0..120 {
            runner.runner_tx.set_status(OnlineStatus::Idle);
        }
    }
    discord.wait_for_sessions("an end of this", |sessions| sessions.closed == [4004, 4008]).await;
    discord.wait_for_sessions("a session resumed", |sessions| sessions.resumed == 1).await;
    bot.shards.shutdown_all().await;
    discord.disconnected().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_intent_there_is_no_content() {
    let discord = Discord::start().await;
    let intents = GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES;
    let _bot = Bot::launch(&discord, intents).await;
    discord.connected().await;
    let camille = discord.person("Camille", &[]);
    let nothing = camille.says(discord.support, "au secours");
    let named = camille.says(discord.support, &format!("<@{}> au secours", discord.bot()));
    // Events come in order: when the second is answered, the first was not.
    discord.until(|guild| guild.thread_of(named.id).is_some()).await;
    assert!(discord.thread_of(&nothing).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_are_held_come_later_and_twice_if_sent_twice() {
    let discord = Discord::start().await;
    let _bot = Bot::start(&discord).await;
    let role = discord.role("Support");
    discord.set_permissions(role, crate::support::discord::permissions::MANAGE_THREADS);
    let camille = discord.person("Camille", &[]);
    camille.has_roles(&[role]);
    discord.hold_events();
    let reply = camille.slash(discord.support, "status", json!({"ticket": "1", "to": "closed"}));
    let said = camille.says(discord.support, "au secours");
    let path = format!("/channels/{}/messages", discord.support);
    assert_eq!(call(&discord, "POST", &path, payload(json!({"nonce": "1"}))).await.0, 200);
    assert!(reply.state().first.is_none() && discord.thread_of(&said).is_none());
    discord.release_events();
    reply.first().await;
    reply.again();
    let twice = |guild: &crate::support::discord::Guild| {
        guild.requests.iter().filter(|request| request.ends_with("callback -> 400 (40060)")).count()
    };
    discord.until(|guild| twice(guild) == 1).await;
    discord.resend_last_interaction();
    discord.until(|guild| twice(guild) == 2).await;
    let answer = camille.replies(&said, "Personne ?");
    camille.edits(&answer, "Toujours personne ?");
    discord.delete_message(&answer);
    assert_eq!(discord.read(|guild| guild.deleted[0].content.clone()), "Toujours personne ?");
}
