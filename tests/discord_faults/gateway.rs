//! Sessions that are lost: resumed, or begun anew with what was missed; and what a person must mend.

use super::{all_posted, no_violations, texts};
use crate::support::desk::{Database, on_both};
use crate::support::discord::{CONTENT, Discord, MEMBERS};
use crate::support::team::Team;
use guichet::domain::alert::AlertKind;
use guichet::domain::message::Direction;

on_both! {
    a_lost_connection_is_resumed_and_nothing_is_taken_in_twice,
    what_a_lost_session_missed_is_fetched_once,
    what_was_written_while_the_program_was_stopped_is_fetched_once,
    a_fetch_that_fails_is_tried_again,
    an_intent_that_is_taken_away_is_said_once_and_costs_no_sessions,
    a_token_that_is_taken_away_is_said_once,
    what_is_posted_does_not_wait_for_the_gateway,
}

type Way = fn(&Discord);

/// The notes of a ticket, oldest first.
async fn notes(team: &Team, number: i64) -> Vec<String> {
    let ticket = team.ticket(number).await;
    let notes = ticket.messages.into_iter().filter(|message| message.direction == Direction::Note);
    notes.map(|message| message.text).collect()
}

/// Waits until the ticket has so many notes.
async fn until_notes(team: &Team, number: i64, many: usize) -> Vec<String> {
    let began = std::time::Instant::now();
    loop {
        let notes = notes(team, number).await;
        if notes.len() >= many {
            return notes;
        }
        assert!(began.elapsed() < crate::support::PATIENCE, "{notes:?}\n{}", team.discord.dump());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn a_lost_connection_is_resumed_and_nothing_is_taken_in_twice(database: Database) {
    let mut team = Team::start(database).await;
    team.lea_writes("Coupure", "bonjour").await;
    all_posted(&mut team).await;
    let thread = team.thread(1).await;
    let ways: [Way; 4] = [
        |discord| discord.drop_gateway(),
        |discord| discord.reconnect(),
        |discord| discord.close(4000),
        |discord| discord.invalidate_session(true),
    ];
    for (number, way) in (1..).zip(ways) {
        way(&team.discord);
        team.camille.says(thread, &format!("note pendant la coupure {number}"));
        until_notes(&team, 1, number as usize).await;
        team.discord.wait_for_sessions("a session resumed", |sessions| sessions.resumed == number).await;
    }
    assert_eq!(team.discord.gateway(|sessions| sessions.identified), 1);
    let expected: Vec<String> = (1..=4).map(|number| format!("note pendant la coupure {number}")).collect();
    assert_eq!(notes(&team, 1).await, expected);
    no_violations(&team);
}

/// What people write while nobody listens: a note, a command, a developer's answer.
async fn people_write(team: &Team) {
    let (thread, support) = (team.thread(1).await, team.discord.support);
    let escalation = team.discord.threads(team.discord.dev)[0].id;
    team.camille.says(thread, "une note dans le fil");
    team.sam.says(support, "/ticket priority 1 urgent");
    team.paul.says(escalation, "réponse du développeur");
    team.camille.says(support, "sans rapport");
}

async fn it_was_taken_in_once(team: &Team) {
    let mut notes = until_notes(team, 1, 2).await;
    team.drawn(team.discord.support, |text| text.contains("(reply)")).await;
    notes.sort();
    assert_eq!(notes, ["réponse du développeur", "une note dans le fil"]);
    let ticket = team.ticket(1).await;
    let kinds: Vec<String> = ticket.events.iter().map(|event| format!("{:?}", event.kind)).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "PrioritySet").count(), 1, "{kinds:?}");
    let said = texts(team, team.discord.support);
    assert_eq!(said.iter().filter(|text| text.contains("(reply)")).count(), 1, "{said:?}");
}

async fn escalated(database: Database) -> Team {
    let mut team = Team::start(database).await;
    team.lea_writes("Manqué", "bonjour").await;
    team.test.say("escalate 1 panne").await;
    all_posted(&mut team).await;
    team
}

async fn what_a_lost_session_missed_is_fetched_once(database: Database) {
    let ways: [Way; 2] = [|discord| discord.invalidate_session(false), |discord| discord.close(4009)];
    for way in ways {
        let team = escalated(database).await;
        way(&team.discord);
        people_write(&team).await;
        team.discord.wait_for_sessions("a second session", |sessions| sessions.identified == 2).await;
        // What comes first on the next session does not hide what was missed before it.
        let thread = team.thread(1).await;
        team.sam.says(thread, "/ticket show 1");
        it_was_taken_in_once(&team).await;
        no_violations(&team);
    }
}

async fn what_was_written_while_the_program_was_stopped_is_fetched_once(database: Database) {
    let mut team = escalated(database).await;
    team.close().await;
    people_write(&team).await;
    let thread = team.thread(1).await;
    team.discord.archive(thread, false);
    team.open().await;
    it_was_taken_in_once(&team).await;
    team.close().await;
    team.open().await;
    team.camille.says(thread, "et une autre");
    until_notes(&team, 1, 3).await;
    all_posted(&mut team).await;
    let escalation = team.discord.threads(team.discord.dev)[0].id;
    assert_eq!(notes(&team, 1).await.len(), 3);
    assert!(!texts(&team, escalation).iter().any(|text| text.contains("(reply)")));
    no_violations(&team);
}

async fn a_fetch_that_fails_is_tried_again(database: Database) {
    let mut team = escalated(database).await;
    team.close().await;
    people_write(&team).await;
    team.discord.fail_next("GET", "/guilds/*/threads/active", 503, 1);
    team.discord.fail_next("GET", "/channels/*/messages", 502, 1);
    team.open().await;
    it_was_taken_in_once(&team).await;
    no_violations(&team);
}

async fn gateway_alerts(team: &Team) -> Vec<String> {
    let alerts = team.test.desk.alerts().await.unwrap().into_iter();
    let ours = alerts.filter(|alert| alert.kind == AlertKind::ChatRefused);
    ours.map(|alert| format!("{} {}", alert.about, alert.detail)).collect()
}

async fn until_alerts(team: &Team, expected: &[&str]) {
    let began = std::time::Instant::now();
    while gateway_alerts(team).await != expected {
        assert!(began.elapsed() < crate::support::PATIENCE, "{:?}", gateway_alerts(team).await);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn an_intent_that_is_taken_away_is_said_once_and_costs_no_sessions(database: Database) {
    let mut team = escalated(database).await;
    team.discord.set_application_flags(MEMBERS);
    team.discord.close(4014);
    until_alerts(&team, &["discord:gateway missing_intent"]).await;
    // It is said in #support-team, which can be posted to all the same, to the leads.
    let alarm = team.drawn(team.discord.support, |text| text.contains("Message Content Intent")).await;
    assert!(team.discord.draw(&alarm).contains(&format!("<@&{}>", team.leads)));
    // It looked again at least once, and did not begin a session for it.
    let asked = |team: &Team| {
        team.discord
            .read(|guild| guild.requests.iter().filter(|line| line.contains("applications/@me")).count())
    };
    let before = asked(&team);
    team.discord
        .wait("another look", |guild| {
            let now = guild.requests.iter().filter(|line| line.contains("applications/@me")).count();
            (now > before).then_some(())
        })
        .await;
    assert_eq!(team.discord.gateway(|sessions| sessions.identified), 1);
    people_write(&team).await;
    team.discord.set_application_flags(CONTENT | MEMBERS);
    it_was_taken_in_once(&team).await;
    until_alerts(&team, &[]).await;
    all_posted(&mut team).await;
    let over = team.discord.message(alarm.id).expect("it stands");
    assert!(team.discord.draw(&over).contains("rentré dans l’ordre"), "{}", team.discord.draw(&over));
    no_violations(&team);
}

async fn a_token_that_is_taken_away_is_said_once(database: Database) {
    let team = escalated(database).await;
    team.discord.fail_next("GET", "/oauth2/applications/@me", 401, 1);
    team.discord.close(4004);
    until_alerts(&team, &["discord:gateway bad_token"]).await;
    assert!(team.discord.gateway(|sessions| sessions.identified) == 1);
    team.discord
        .wait_for_sessions("a session with the token of before", |sessions| sessions.identified == 2)
        .await;
    until_alerts(&team, &[]).await;
    no_violations(&team);
}

async fn what_is_posted_does_not_wait_for_the_gateway(database: Database) {
    let mut team = escalated(database).await;
    team.discord.fail_next("GET", "/gateway/bot", 503, 3);
    team.discord.close(4014);
    team.lea_writes("Sans passerelle", "deuxième").await;
    all_posted(&mut team).await;
    super::stands_once(&team, 2, &["deuxième"]);
    no_violations(&team);
}
