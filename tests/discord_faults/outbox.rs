//! Posts that fail on their way out: repeated in order, never doubled; what is refused for good stops nothing.

use super::{all_posted, cards, no_violations, stands_once};
use crate::support::desk::{Database, on_both};
use crate::support::team::Team;
use serde_json::json;

on_both! {
    a_post_that_fails_is_repeated_in_order,
    a_post_whose_answer_is_lost_comes_once,
    a_post_whose_answer_is_lost_is_known_when_its_nonce_is_forgotten,
    what_comes_meanwhile_joins_a_card_whose_answer_was_lost,
    a_post_that_is_refused_for_good_stops_nothing,
    a_burst_of_tickets_within_the_limits_all_get_cards,
    many_changes_of_a_ticket_are_few_edits,
    an_escalation_in_hand_shows_what_changed_meanwhile,
    a_post_of_a_forum_whose_answer_is_lost_comes_once,
}

const MESSAGES: &str = "/channels/*/messages";
const THREADS: &str = "/channels/*/messages/*/threads";
const MESSAGE: &str = "/channels/*/messages/*";

#[derive(Debug, Clone, Copy)]
enum Way {
    Status(u16),
    Cut,
}

fn fail(team: &Team, way: Way, method: &str, path: &str) {
    match way {
        Way::Status(status) => team.discord.fail_next(method, path, status, 2),
        Way::Cut => team.discord.drop_connection_before_handling(method, path),
    }
}

async fn a_post_that_fails_is_repeated_in_order(database: Database) {
    let mut team = Team::start(database).await;
    let ways = [Way::Status(503), Way::Status(502), Way::Status(429), Way::Status(500), Way::Cut];
    for (number, way) in (1..).zip(ways) {
        fail(&team, way, "POST", MESSAGES);
        fail(&team, way, "POST", THREADS);
        team.lea_writes(&format!("Demande {number}"), "premier message").await;
        all_posted(&mut team).await;
        // The entry of the second, and the edit of the card.
        fail(&team, way, "POST", MESSAGES);
        fail(&team, way, "PATCH", MESSAGE);
        team.test.say(&format!("note {number} deuxième message")).await;
        team.test.say(&format!("status {number} in_progress")).await;
        team.test.say(&format!("note {number} troisième message")).await;
        all_posted(&mut team).await;
        stands_once(&team, number, &["premier message", "deuxième message", "En cours", "troisième message"]);
        assert!(team.discord.draw(&cards(&team, number)[0]).contains("En cours"), "{way:?}");
    }
    no_violations(&team);
}

async fn a_post_whose_answer_is_lost_comes_once(database: Database) {
    let mut team = Team::start(database).await;
    team.discord.drop_connection_after_handling("POST", MESSAGES);
    team.discord.drop_connection_after_handling("POST", THREADS);
    team.lea_writes("Perdu", "premier message").await;
    all_posted(&mut team).await;
    stands_once(&team, 1, &["premier message"]);
    team.discord.drop_connection_after_handling("POST", MESSAGES);
    team.discord.drop_connection_after_handling("PATCH", MESSAGE);
    team.test.say("note 1 deuxième message").await;
    team.test.say("status 1 in_progress").await;
    all_posted(&mut team).await;
    stands_once(&team, 1, &["premier message", "deuxième message", "à 🟡 En cours"]);
    // Putting the thread away, with the answer lost.
    team.discord.drop_connection_after_handling("PATCH", "/channels/*");
    team.test.say("status 1 closed").await;
    all_posted(&mut team).await;
    let thread = team.thread(1).await;
    team.discord.until(|guild| guild.channels[&thread].thread.as_ref().is_some_and(|t| t.archived)).await;
    stands_once(&team, 1, &["premier message", "deuxième message", "à 🟡 En cours", "à ⚫ Fermé"]);
    no_violations(&team);
}

async fn a_post_whose_answer_is_lost_is_known_when_its_nonce_is_forgotten(database: Database) {
    let mut team = Team::start(database).await;
    team.discord.drop_connection_after_handling("POST", MESSAGES);
    // Long enough for Discord to forget the nonce: nothing else is let in meanwhile.
    team.discord.fail_next("POST", MESSAGES, 503, 4);
    team.discord.fail_next("PATCH", MESSAGE, 503, 2);
    team.lea_writes("Oublié", "premier message").await;
    team.discord.until(|guild| guild.requests.iter().any(|line| line.contains("answer lost"))).await;
    team.discord.advance(std::time::Duration::from_secs(20 * 60));
    for _ in 0..6 {
        all_posted(&mut team).await;
    }
    stands_once(&team, 1, &["premier message"]);
    assert_eq!(cards(&team, 1).len(), 1, "{}", team.discord.dump());
}

async fn what_comes_meanwhile_joins_a_card_whose_answer_was_lost(database: Database) {
    let mut team = Team::start(database).await;
    team.discord.drop_connection_after_handling("POST", MESSAGES);
    team.discord.hold_answer("POST", MESSAGES);
    team.lea_writes("Deux fois", "premier message").await;
    team.discord.until(|guild| guild.requests.iter().any(|line| line.contains("answer lost"))).await;
    // The card's first row waits for its repetition, while the ticket changes.
    team.test.say("priority 1 high").await;
    team.test.say("take 1").await;
    team.discord.release_answers();
    all_posted(&mut team).await;
    stands_once(&team, 1, &["premier message"]);
    assert!(team.discord.draw(&cards(&team, 1)[0]).contains("Camille"));
    no_violations(&team);
}

async fn a_post_that_is_refused_for_good_stops_nothing(database: Database) {
    let mut team = Team::start(database).await;
    team.lea_writes("Refusé", "premier message").await;
    all_posted(&mut team).await;
    team.discord.fail_next("POST", MESSAGES, 400, 1);
    team.test.say("note 1 refusée par Discord").await;
    team.test.say("note 1 la suivante").await;
    all_posted(&mut team).await;
    stands_once(&team, 1, &["premier message", "la suivante"]);
    let counts = team.test.desk.count_posts().await.unwrap();
    assert_eq!(counts, [("discord".to_owned(), "failed".to_owned(), 1)], "it is counted");
    // A card that is refused comes with the next change, and its entries with it.
    team.discord.fail_next("POST", MESSAGES, 400, 1);
    team.lea_writes("Autre", "tout de même").await;
    team.discord
        .until(|guild| guild.requests.iter().filter(|line| line.contains("-> 400")).count() == 2)
        .await;
    team.test.say("take 2").await;
    all_posted(&mut team).await;
    stands_once(&team, 2, &["tout de même"]);
    no_violations(&team);
}

async fn a_burst_of_tickets_within_the_limits_all_get_cards(database: Database) {
    let mut team = Team::start(database).await;
    team.discord.strict_buckets();
    let mails = (1..=20).map(crate::support::desk::question).collect();
    team.test.mails(mails).await;
    let discord = team.discord.clone();
    let began = std::time::Instant::now();
    while super::waiting(&team.test.desk).await > 0 {
        assert!(began.elapsed() < crate::support::PATIENCE, "{}", discord.dump());
        // Both clocks go on together: the waits of the desk, and the windows of the buckets.
        team.elapse(chrono::Duration::seconds(1)).await;
        super::wake(&team).await;
        discord.advance(std::time::Duration::from_secs(1));
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    for number in 1..=20 {
        stands_once(&team, number, &["Bonjour, question"]);
    }
    let slow = team.discord.read(|guild| guild.requests.iter().filter(|line| line.contains("429")).count());
    assert!(slow > 0, "the limits were met");
    assert!(slow < 100, "{slow} refused requests are too many");
    no_violations(&team);
}

async fn many_changes_of_a_ticket_are_few_edits(database: Database) {
    let mut team = Team::start(database).await;
    team.lea_writes("Changements", "bonjour").await;
    all_posted(&mut team).await;
    let edits = |team: &Team| {
        team.discord.read(|guild| {
            let is_edit = |line: &&String| line.starts_with("PATCH") && line.contains("/messages/");
            guild.requests.iter().filter(is_edit).count()
        })
    };
    // The first edit is under way, while the rest happens.
    team.discord.hold_answer("PATCH", MESSAGE);
    team.test.say("priority 1 high").await;
    team.discord.until(|guild| guild.requests.iter().any(|line| line.contains("answer held"))).await;
    for round in 0..10 {
        let priority = if round % 2 == 0 { "low" } else { "urgent" };
        team.test.say(&format!("priority 1 {priority}")).await;
    }
    team.discord.release_answers();
    all_posted(&mut team).await;
    assert!(edits(&team) <= 3, "{} edits\n{}", edits(&team), team.discord.dump());
    assert!(team.discord.draw(&cards(&team, 1)[0]).contains("Urgente"), "{}", team.discord.dump());
    let lines = json!(super::texts(&team, team.thread(1).await)).to_string();
    assert_eq!(lines.matches("riorité").count(), 11, "each change is a line: {lines}");
    no_violations(&team);
}

async fn an_escalation_in_hand_shows_what_changed_meanwhile(database: Database) {
    let mut team = Team::start(database).await;
    team.lea_writes("Paris vides", "bonjour").await;
    all_posted(&mut team).await;
    let dev = team.discord.dev;
    team.discord.hold_answer("POST", &format!("/channels/{dev}/messages"));
    team.test.say("escalate 1 API muette").await;
    team.discord.until(|guild| guild.requests.iter().any(|line| line.contains("answer held"))).await;
    team.test.say("priority 1 urgent").await;
    team.discord.release_answers();
    all_posted(&mut team).await;
    let shown = super::texts(&team, dev);
    assert!(shown.len() == 1 && shown[0].contains("Urgente"), "{}", team.discord.dump());
    no_violations(&team);
}

async fn a_post_of_a_forum_whose_answer_is_lost_comes_once(database: Database) {
    let mut team = Team::on(database, crate::support::discord::Discord::with_forum().await).await;
    for number in 1..=3 {
        team.discord.drop_connection_after_handling("POST", "/channels/*/threads");
        team.lea_writes("Le même sujet", &format!("message {number}")).await;
        all_posted(&mut team).await;
        let named = format!("nº\u{a0}{number} ·");
        let posts: Vec<_> =
            super::threads(&team).into_iter().filter(|post| post.name.starts_with(&named)).collect();
        assert_eq!(posts.len(), 1, "{}", team.discord.dump());
        assert_eq!(super::count(&team, posts[0].id, "✉ "), 1);
    }
    no_violations(&team);
}
