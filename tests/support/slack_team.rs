//! The team on the strict Slack, with its door running: CMs and a lead who are linked, a developer who is not; and Léa, who
//! writes mails. May import: guichet, the other supports.

use super::PATIENCE;
use super::desk::{Database, OUR_ADDRESS, PUBLIC_URL, TestDesk, settings, tuesday_morning};
use super::slack::person::On;
use super::slack::wire::SECRET;
use super::slack::{AGENTS, DEV, LEADS, PRODUCT, Person, Road, SUPPORT, Slack, draw};
use chrono::Duration;
use guichet::chat::{Setting, slack};
use guichet::clock::Clock;
use guichet::config::{self, SlackRoad};
use guichet::desk::{Desk, Settings};
use guichet::domain::chat::Platform;
use guichet::domain::ids::TicketId;
use guichet::domain::people::Role;
use guichet::domain::rules::Rules;
use guichet::view::TicketView;
use serde_json::Value;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The team, with its door running.
pub struct SlackTeam {
    /// Camille's desk; its `desk` is the one that the door serves.
    pub test: TestDesk,
    /// The workspace.
    pub slack: Slack,
    /// A CM, linked.
    pub camille: Person,
    /// Another, linked.
    pub sam: Person,
    /// A developer, linked to nobody.
    pub paul: Person,
    clock: &'static AtomicI64,
    door: Option<(JoinHandle<()>, DropGuard)>,
}

impl SlackTeam {
    /// Everybody is there, and the door is open.
    pub async fn start(database: Database) -> SlackTeam {
        let mut team = SlackTeam::before(database, Slack::start().await).await;
        team.open().await;
        team
    }

    /// The same before the door opens.
    pub async fn before(database: Database, slack: Slack) -> SlackTeam {
        SlackTeam::with(database, slack, vec![Platform::Slack]).await
    }

    /// The same with a desk that tells these platforms.
    pub async fn with(database: Database, slack: Slack, chats: Vec<Platform>) -> SlackTeam {
        SlackTeam::ruled(database, slack, chats, super::team::quiet()).await
    }

    /// The same with other numbers.
    pub async fn ruled(database: Database, slack: Slack, chats: Vec<Platform>, rules: Rules) -> SlackTeam {
        let mut test = TestDesk::with_rules(database, rules.clone()).await;
        let clock: &'static AtomicI64 =
            Box::leak(Box::new(AtomicI64::new(tuesday_morning().timestamp_millis())));
        let settings = Settings { chats, rules, ..settings() };
        test.desk = Desk::open(test.store.clone(), Clock::Moved(clock), settings).await.unwrap();
        let camille = slack.person("Camille", &[AGENTS]);
        let sam = slack.person("Sam", &[AGENTS]);
        let ines = slack.person("Inès", &[LEADS]);
        let paul = slack.person("Paul", &[]);
        test.desk.link_identity(&test.camille, "slack", &camille.id).await.unwrap();
        for (person, name, role) in [(&sam, "Sam", Role::Agent), (&ines, "Inès", Role::Lead)] {
            let agent = test.desk.add_agent(name, role).await.unwrap().unwrap();
            test.desk.link_identity(&agent, "slack", &person.id).await.unwrap();
        }
        SlackTeam { test, slack, camille, sam, paul, clock, door: None }
    }

    /// Opens the door.
    pub async fn open(&mut self) {
        let cancel = CancellationToken::new();
        let config = self.config();
        let deliveries = match &config.road {
            SlackRoad::Socket(_) => None,
            SlackRoad::Signed(secret) => {
                let (router, deliveries) = slack::signed::router(secret, Clock::Moved(self.clock));
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
                self.slack.tell_at(format!("http://{}/slack/events", listener.local_addr().unwrap()));
                tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
                Some(deliveries)
            }
        };
        let setting = Setting {
            zone: chrono_tz::Europe::Paris,
            public_url: PUBLIC_URL.into(),
            undo_window: self.test.rules.undo_window,
            limits: super::desk::LIMITS,
        };
        let door = slack::run(self.test.desk.clone(), config, setting, deliveries, cancel.clone());
        self.door = Some((tokio::spawn(door), cancel.drop_guard()));
        self.slack.connected().await;
    }

    /// What the configuration says of the workspace.
    pub fn config(&self) -> config::Slack {
        config::Slack {
            bot_token: "xoxb-test".into(),
            road: match self.slack.0.road {
                Road::Socket => SlackRoad::Socket("xapp-test".into()),
                Road::Signed => SlackRoad::Signed(SECRET.into()),
            },
            support_channel: SUPPORT.into(),
            dev_channel: Some(DEV.into()),
            product_channel: Some(PRODUCT.into()),
            agent_usergroup: Some(AGENTS.into()),
            lead_usergroup: Some(LEADS.into()),
            client: None,
            api_url: self.slack.api_url(),
        }
    }

    /// Closes the door, as when the program stops.
    pub async fn close(&mut self) {
        if let Some((door, cancel)) = self.door.take() {
            drop(cancel);
            door.await.expect("the door does not panic");
        }
    }

    /// Time passes; what is due by then leaves by mail.
    pub async fn elapse(&mut self, time: Duration) {
        self.pass(time);
        self.test.desk.tick().await.unwrap();
        self.test.deliver().await;
    }

    /// Time passes, and nothing is done for it.
    pub fn pass(&mut self, time: Duration) {
        self.clock.fetch_add(time.num_milliseconds(), Ordering::SeqCst);
        self.slack.with(|space| space.passed += time.num_seconds());
        self.test.now += time;
    }

    /// Léa Martin writes; the first time it opens a ticket.
    pub async fn lea_writes(&self, subject: &str, text: &str) {
        static NEXT: AtomicI64 = AtomicI64::new(1);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        self.test
            .mail(&format!(
                "From: Léa Martin <lea@client.example>\nTo: {OUR_ADDRESS}\nSubject: {subject}\n\
                 Message-ID: <slack{number}@client.example>\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
            ))
            .await;
    }

    /// Waits until everything that is due has been posted, and all that happened was told.
    pub async fn settle(&self) {
        self.wait(async || {
            let before = self.test.desk.count_posts().await.unwrap();
            let next = self.test.desk.next_post(Platform::Slack).await.unwrap();
            let after = self.test.desk.count_posts().await.unwrap();
            let is_at_work = before.iter().any(|(_, state, count)| state == "sending" && *count > 0);
            let is_told = self.slack.0.space().events.is_empty();
            (before == after && !is_at_work && is_told && next.is_none_or(|due| due > self.test.now))
                .then_some(())
        })
        .await;
    }

    /// Everything in a channel as text, once all that is due stands there.
    pub async fn view(&self, channel: &str) -> String {
        self.settle().await;
        self.slack.view(channel, None)
    }

    /// Everything in the thread of a ticket's card.
    pub async fn thread(&self, number: i64) -> String {
        self.settle().await;
        self.slack.view(SUPPORT, Some(&self.card(number).await))
    }

    /// Waits for the card of a ticket, and gives its number there.
    pub async fn card(&self, number: i64) -> String {
        self.posted(SUPPORT, |text| text.contains(&format!("nº\u{a0}{number} ·"))).await
    }

    /// The card, to be pressed on.
    pub async fn on_card(&self, number: i64) -> On {
        On::Message { channel: SUPPORT.into(), ts: self.card(number).await }
    }

    /// Waits for a message of a channel that is so when it is drawn, and gives its number.
    pub async fn posted(&self, channel: &str, so: impl Fn(&str) -> bool) -> String {
        self.slack
            .wait("a message that is so", |space| {
                let messages = space.channels[channel].messages.iter();
                let is_so = |message: &Value| {
                    message["subtype"] != "tombstone" && so(&draw::message(message).join("\n"))
                };
                messages.filter(|(_, message)| is_so(message)).map(|(ts, _)| ts.clone()).next()
            })
            .await
    }

    /// A ticket, as it stands.
    pub async fn ticket(&self, id: i64) -> TicketView {
        self.test.desk.ticket(TicketId(id)).await.unwrap().expect("it is there")
    }

    /// Waits until a ticket is so.
    pub async fn ticket_that(&self, id: i64, so: impl Fn(&TicketView) -> bool) -> TicketView {
        self.wait(async || {
            let ticket = self.test.desk.ticket(TicketId(id)).await.unwrap();
            ticket.filter(|ticket| so(ticket))
        })
        .await
    }

    async fn wait<T>(&self, ask: impl AsyncFn() -> Option<T>) -> T {
        let start = std::time::Instant::now();
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            let dump = || self.slack.0.space().dump();
            assert!(start.elapsed() < PATIENCE, "still not so after {PATIENCE:?}\n{}", dump());
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}
