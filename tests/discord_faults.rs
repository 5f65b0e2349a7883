//! What goes wrong between the desk and Discord, from outside: answers that fail or get lost, limits, sessions that end,
//! things that are removed, permissions that are taken away, hostile texts, a process that dies. On both databases; at
//! the end nothing is lost, nothing doubled, and nothing was done that a real Discord would frown on.

mod gateway;
mod hostile;
mod killed;
mod outbox;
mod removed;
mod rights;
mod slow;
mod twice;

use crate::support::PATIENCE;
use crate::support::discord::{Channel, Id, Message};
use crate::support::team::Team;
use chrono::Duration;
use guichet::chat::discord;
use guichet::desk::Desk;
use guichet::domain::chat::Platform;
use std::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Time passes until nothing waits to be posted any more.
async fn all_posted(team: &mut Team) {
    let began = Instant::now();
    loop {
        let waiting: i64 = waiting(&team.test.desk).await;
        if waiting == 0 {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{waiting} posts wait still\n{}", team.discord.dump());
        team.elapse(Duration::seconds(2)).await;
        wake(team).await;
        tokio::time::sleep(std::time::Duration::from_millis(40)).await;
    }
}

/// The poster looks what is due by now, as it does by itself every other second.
async fn wake(team: &Team) {
    team.test.desk.chat_is_open_again(Platform::Slack).await.expect("it rings");
}

async fn waiting(desk: &Desk) -> i64 {
    let counts = desk.count_posts().await.expect("the posts can be counted");
    counts.iter().filter(|(_, state, _)| state != "failed").map(|(.., count)| count).sum()
}

/// The cards of a ticket in #support-team.
fn cards(team: &Team, number: i64) -> Vec<Message> {
    let named = format!("nº\u{a0}{number} ·");
    let all = team.discord.messages(team.discord.support).into_iter();
    // A warning names its ticket too.
    let is_card = |drawn: String| {
        drawn.contains(&named) && !drawn.contains("Échéance d") && !drawn.contains("Échéance p")
    };
    all.filter(|message| is_card(team.discord.draw(message))).collect()
}

/// The threads of tickets.
fn threads(team: &Team) -> Vec<Channel> {
    team.discord.threads(team.discord.support)
}

/// What stands in a channel, message by message.
fn texts(team: &Team, channel: Id) -> Vec<String> {
    team.discord.messages(channel).iter().map(|message| team.discord.draw(message)).collect()
}

/// How many messages of a channel are so.
fn count(team: &Team, channel: Id, part: &str) -> usize {
    texts(team, channel).iter().filter(|text| text.contains(part)).count()
}

/// Exactly one card, one thread on it, and each of these parts once in it, in this order.
#[track_caller]
fn stands_once(team: &Team, number: i64, parts: &[&str]) {
    let found = cards(team, number);
    assert_eq!(found.len(), 1, "cards of {number}\n{}", team.discord.dump());
    let thread = team.discord.thread_of(found[0].id).expect("it has a thread").id;
    let texts = texts(team, thread);
    let places: Vec<usize> = parts
        .iter()
        .map(|part| {
            let at: Vec<usize> = (0..texts.len()).filter(|at| texts[*at].contains(part)).collect();
            assert_eq!(at.len(), 1, "{part:?} in the thread of {number}\n{}", team.discord.dump());
            at[0]
        })
        .collect();
    assert!(places.is_sorted(), "{parts:?} out of order in\n{}", texts.join("\n\n"));
}

#[track_caller]
fn no_violations(team: &Team) {
    assert_eq!(team.discord.violations(), Vec::<String>::new());
}

/// What is gone is not asked for over and over: Discord shuts out whoever has too many requests refused.
#[track_caller]
fn few_invalid_requests(team: &Team) {
    let invalid = team.discord.invalid_requests();
    assert!(invalid <= 5, "{invalid} invalid requests\n{}", team.discord.dump());
}

/// A second process with the same token, on the same database. Its tasks end with it.
struct Process {
    runtime: Option<tokio::runtime::Runtime>,
    cancel: Option<DropGuard>,
}

impl Process {
    /// Starts it, and waits until it hears what happens.
    async fn start(team: &Team) -> Process {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime can be had");
        let cancel = CancellationToken::new();
        let (desk, config, setting) = (team.desk_elsewhere(), team.config(), team.setting());
        let stop = cancel.clone();
        let before = team.discord.gateway(|sessions| sessions.identified);
        runtime.spawn(async move { discord::run(desk.await, config, setting, stop).await });
        team.discord.wait_for_sessions("another process", |sessions| sessions.identified > before).await;
        Process { runtime: Some(runtime), cancel: Some(cancel.drop_guard()) }
    }

    /// Kills it: nothing of it goes on.
    fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(cancel) = self.cancel.take() {
            // Killed, it is not asked to stop.
            std::mem::forget(cancel);
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}
