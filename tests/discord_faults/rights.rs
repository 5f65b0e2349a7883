//! Permissions that are taken away and channels that are gone: said once, by name, and mended.

use super::{all_posted, cards, count, few_invalid_requests, no_violations, stands_once, texts, wake};
use crate::support::desk::{Database, on_both};
use crate::support::discord::Discord;
use crate::support::discord::Id;
use crate::support::team::Team;
use chrono::Duration;
use guichet::domain::alert::AlertKind;
use serenity::all::Permissions;

on_both! {
    a_forum_that_is_hidden_at_the_start_is_a_forum_once_it_is_seen,
    a_permission_that_is_taken_away_is_named_once_and_mended,
    a_closed_support_channel_is_said_to_the_leads_alone,
    what_discord_forbids_for_a_moment_is_over_once_something_is_posted,
    text_is_not_lost_without_files_or_embeds,
    a_channel_that_is_gone_is_said_and_the_rest_goes_on,
    support_team_itself_that_is_gone_is_said_to_the_leads_and_loses_nothing,
    what_stands_in_a_channel_that_was_left_comes_anew_where_the_team_is_now,
}

async fn alerts(team: &Team) -> Vec<String> {
    let alerts = team.test.desk.alerts().await.unwrap().into_iter();
    let ours = alerts.filter(|alert| alert.kind == AlertKind::ChatRefused);
    ours.map(|alert| format!("{} {}", alert.about, alert.detail)).collect()
}

/// Time passes until the alerts are so.
async fn until_alerts(team: &mut Team, so: impl Fn(&[String]) -> bool) {
    let began = std::time::Instant::now();
    loop {
        let standing = alerts(team).await;
        if so(&standing) {
            return;
        }
        assert!(began.elapsed() < crate::support::PATIENCE, "{standing:?}\n{}", team.discord.dump());
        team.elapse(Duration::seconds(1)).await;
        wake(team).await;
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
}

/// The same for a while: nothing more is said however often it is tried.
async fn time_passes(team: &mut Team) {
    for _ in 0..10 {
        team.elapse(Duration::minutes(11)).await;
        wake(team).await;
        tokio::time::sleep(std::time::Duration::from_millis(40)).await;
    }
}

fn deny(team: &Team, channel: Id, rights: Permissions) {
    team.discord.deny(channel, team.discord.bot(), rights.bits());
}

async fn a_permission_that_is_taken_away_is_named_once_and_mended(database: Database) {
    let mut team = Team::start(database).await;
    let (support, dev) = (team.discord.support, team.discord.dev);
    team.lea_writes("Avant", "bonjour").await;
    all_posted(&mut team).await;
    let cases: [(Id, Permissions, &str, &str); 4] = [
        (support, Permissions::MANAGE_THREADS, "manage_threads", "Gérer les fils"),
        (support, Permissions::CREATE_PUBLIC_THREADS, "create_public_threads", "Créer des fils publics"),
        (dev, Permissions::SEND_MESSAGES, "send_messages", "Envoyer des messages"),
        (dev, Permissions::VIEW_CHANNEL, "view_channel", "Voir les salons"),
    ];
    for (number, (channel, right, word, french)) in (2..).zip(cases) {
        deny(&team, channel, right);
        team.lea_writes(&format!("Demande {number}"), "premier message").await;
        team.test.say(&format!("escalate {number} panne")).await;
        team.test.say(&format!("status {number} closed")).await;
        until_alerts(&mut team, |standing| standing.iter().any(|alert| alert.contains(word))).await;
        time_passes(&mut team).await;
        let said: Vec<String> =
            texts(&team, support).into_iter().filter(|text| text.contains(french)).collect();
        assert_eq!(said.len(), 1, "{french}: said once\n{}", team.discord.dump());
        assert!(said[0].contains(&format!("<@&{}>", team.leads)), "the leads are called: {}", said[0]);
        deny(&team, channel, Permissions::empty());
        until_alerts(&mut team, <[String]>::is_empty).await;
        all_posted(&mut team).await;
        stands_once(&team, number, &["premier message", "à ⚫ Fermé"]);
        assert_eq!(team.discord.messages(dev).len() as i64, number - 1, "the escalation came, once");
        let thread = team.discord.thread_of(cards(&team, number)[0].id).expect("it has a thread");
        assert!(thread.thread.is_some_and(|thread| thread.archived), "it was put away");
        assert_eq!(count(&team, support, french), 0, "the message says that it is over");
    }
    no_violations(&team);
}

async fn a_closed_support_channel_is_said_to_the_leads_alone(database: Database) {
    for right in [Permissions::SEND_MESSAGES, Permissions::VIEW_CHANNEL] {
        let mut team = Team::start(database).await;
        deny(&team, team.discord.support, right);
        team.lea_writes("Fermé", "premier message").await;
        let direct = team.lea.dm();
        until_alerts(&mut team, |standing| !standing.is_empty()).await;
        team.drawn(direct, |text| text.contains("donnez au rôle du bot")).await;
        time_passes(&mut team).await;
        assert_eq!(team.discord.messages(direct).len(), 1, "said once\n{}", team.discord.dump());
        assert!(team.discord.messages(team.camille.dm()).is_empty(), "to the leads only");
        deny(&team, team.discord.support, Permissions::empty());
        until_alerts(&mut team, <[String]>::is_empty).await;
        all_posted(&mut team).await;
        stands_once(&team, 1, &["premier message"]);
        assert!(texts(&team, direct)[0].contains("rentré dans l’ordre"), "{:?}", texts(&team, direct));
        no_violations(&team);
    }
}

async fn a_forum_that_is_hidden_at_the_start_is_a_forum_once_it_is_seen(database: Database) {
    let mut team = Team::before(database, Discord::with_forum().await).await;
    deny(&team, team.discord.support, Permissions::VIEW_CHANNEL);
    team.open().await;
    team.lea_writes("Caché", "premier message").await;
    until_alerts(&mut team, |standing| !standing.is_empty()).await;
    deny(&team, team.discord.support, Permissions::empty());
    until_alerts(&mut team, <[String]>::is_empty).await;
    all_posted(&mut team).await;
    // Beside the post that said what was closed.
    let posts = team.discord.threads(team.discord.support);
    let posts: Vec<_> = posts.iter().filter(|post| post.name.contains("Caché")).collect();
    assert_eq!(posts.len(), 1, "{}", team.discord.dump());
    assert!(texts(&team, posts[0].id)[0].contains("[Prendre]"), "{}", team.discord.dump());
    no_violations(&team);
}

async fn what_discord_forbids_for_a_moment_is_over_once_something_is_posted(database: Database) {
    let mut team = Team::start(database).await;
    let dev = team.discord.dev;
    team.lea_writes("Avant", "bonjour").await;
    all_posted(&mut team).await;
    team.discord.fail_next("POST", &format!("/channels/{dev}/messages"), 403, 1);
    team.test.say("escalate 1 panne").await;
    let is_said = async || alerts(&team).await.iter().any(|alert| alert.contains("forbidden_")).then_some(());
    team.wait(is_said).await;
    until_alerts(&mut team, <[String]>::is_empty).await;
    all_posted(&mut team).await;
    assert_eq!(team.discord.messages(dev).len(), 1, "{}", team.discord.dump());
    no_violations(&team);
}

async fn text_is_not_lost_without_files_or_embeds(database: Database) {
    let mut team = Team::start(database).await;
    let support = team.discord.support;
    let long = "Une longue phrase de Léa. ".repeat(400);
    deny(&team, support, Permissions::EMBED_LINKS | Permissions::ATTACH_FILES);
    team.lea_writes("Sans rien", &long).await;
    // What was drawn before the bot heard of the change is drawn again.
    time_passes(&mut team).await;
    let card = team.card(1, |_| true).await;
    assert!(card.embeds.is_empty(), "no embed may be posted");
    let drawn = team.discord.draw(&card);
    for part in ["Sans rien", "Une longue phrase", "Demandeur", "Prendre"] {
        assert!(drawn.contains(part), "{part} in\n{drawn}");
    }
    let thread = team.thread(1).await;
    let entry = team.drawn(thread, |text| text.contains("Une longue phrase")).await;
    assert!(entry.attachments.is_empty());
    assert!(entry.content.contains("dès que le bot pourra en joindre"), "{}", entry.content);
    until_alerts(&mut team, |standing| standing.iter().any(|a| a.contains("embed_links,attach_files"))).await;
    deny(&team, support, Permissions::empty());
    until_alerts(&mut team, <[String]>::is_empty).await;
    all_posted(&mut team).await;
    let card = cards(&team, 1);
    assert_eq!(card.len(), 1);
    assert!(!card[0].embeds.is_empty(), "{}", team.discord.dump());
    let entry = team.discord.message(entry.id).expect("it stands");
    let file = entry.attachments.first().unwrap_or_else(|| panic!("no file\n{}", team.discord.dump()));
    assert_eq!(String::from_utf8_lossy(&file.bytes).trim(), long.trim());
    assert!(!entry.content.contains("dès que le bot"), "{}", entry.content);
    no_violations(&team);
}

async fn a_channel_that_is_gone_is_said_and_the_rest_goes_on(database: Database) {
    let mut team = Team::start(database).await;
    team.discord.delete_channel(team.discord.dev);
    team.lea_writes("Sans développeurs", "premier message").await;
    team.test.say("escalate 1 panne").await;
    until_alerts(&mut team, |standing| standing.iter().any(|alert| alert.contains("unknown_channel"))).await;
    team.test.say("note 1 la suite").await;
    time_passes(&mut team).await;
    assert_eq!(count(&team, team.discord.support, "n’existe plus"), 1);
    stands_once(&team, 1, &["premier message", "la suite"]);
    few_invalid_requests(&team);
    no_violations(&team);
}

async fn support_team_itself_that_is_gone_is_said_to_the_leads_and_loses_nothing(database: Database) {
    let mut team = Team::start(database).await;
    team.discord.delete_channel(team.discord.support);
    team.lea_writes("Sans équipe", "premier message").await;
    until_alerts(&mut team, |standing| standing.iter().any(|alert| alert.contains("unknown_channel"))).await;
    time_passes(&mut team).await;
    let direct = team.lea.dm();
    assert!(texts(&team, direct)[0].contains("n’existe plus"), "{:?}", texts(&team, direct));
    // Another channel is named, and the program started again: the ticket comes there, whole.
    team.close().await;
    team.discord.support = team.discord.product;
    team.open().await;
    all_posted(&mut team).await;
    stands_once(&team, 1, &["premier message"]);
    few_invalid_requests(&team);
    no_violations(&team);
}

async fn what_stands_in_a_channel_that_was_left_comes_anew_where_the_team_is_now(database: Database) {
    let mut team = Team::start(database).await;
    team.lea_writes("Déménagé", "premier message").await;
    all_posted(&mut team).await;
    team.close().await;
    let left = team.discord.support;
    deny(&team, left, Permissions::VIEW_CHANNEL);
    team.discord.support = team.discord.product;
    team.open().await;
    team.test.say("status 1 in_progress").await;
    team.test.say("note 1 la suite").await;
    all_posted(&mut team).await;
    stands_once(&team, 1, &["premier message", "la suite"]);
    let here = team.discord.messages(team.discord.support);
    assert!(
        here.iter().any(|message| team.discord.draw(message).contains("Déménagé")),
        "{}",
        team.discord.dump()
    );
    // Nobody removed anything.
    assert_eq!(count(&team, team.discord.support, "a supprimé ici"), 0);
    no_violations(&team);
}
