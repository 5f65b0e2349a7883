//! A team on Discord: a desk, the strict server, our door between them, and people. May import: guichet, the other
//! supports.

use super::PATIENCE;
use super::desk::{Database, OUR_ADDRESS, PUBLIC_URL, TestDesk, settings, tuesday_morning};
use super::discord::{Discord, Id, Message, Person};
use chrono::{DateTime, Duration, Utc};
use guichet::chat::Setting;
use guichet::chat::discord;
use guichet::clock::Clock;
use guichet::config;
use guichet::desk::{Desk, Settings};
use guichet::domain::chat::Platform;
use guichet::domain::ids::TicketId;
use guichet::domain::people::Role;
use guichet::domain::ritual::Rituals;
use guichet::domain::rules::Rules;
use guichet::store::Store;
use guichet::view::TicketView;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The team, with its door running.
pub struct Team {
    /// Camille's desk; its `desk` is the one that the door serves.
    pub test: TestDesk,
    /// The server.
    pub discord: Discord,
    /// A CM, linked.
    pub camille: Person,
    /// Another, linked.
    pub sam: Person,
    /// The lead, linked.
    pub lea: Person,
    /// A developer, linked to nobody.
    pub paul: Person,
    /// The role of the CMs.
    pub agents: Id,
    /// The role of the leads.
    pub leads: Id,
    /// For how long the door shows « Annuler ».
    pub window: std::time::Duration,
    clock: &'static AtomicI64,
    door: Option<(JoinHandle<()>, DropGuard)>,
}

/// The usual numbers, and nothing that is told on its day: what is told is what the test is about.
pub fn quiet() -> Rules {
    Rules { rituals: Rituals::NONE, ..Rules::default() }
}

impl Team {
    /// Everybody is there, and the door is open.
    pub async fn start(database: Database) -> Team {
        Team::on(database, Discord::start().await).await
    }

    /// The same on a server that was prepared.
    pub async fn on(database: Database, discord: Discord) -> Team {
        let mut team = Team::before(database, discord).await;
        team.open().await;
        team
    }

    /// The same before the door opens.
    pub async fn before(database: Database, discord: Discord) -> Team {
        Team::ruled(database, discord, quiet()).await
    }

    /// The same with other numbers.
    pub async fn ruled(database: Database, discord: Discord, rules: Rules) -> Team {
        let mut test = TestDesk::with_rules(database, rules.clone()).await;
        let clock: &'static AtomicI64 =
            Box::leak(Box::new(AtomicI64::new(tuesday_morning().timestamp_millis())));
        let settings = Settings { chats: vec![Platform::Discord], rules, ..settings() };
        test.desk = Desk::open(test.store.clone(), Clock::Moved(clock), settings).await.unwrap();
        let (agents, leads) = (discord.role("Support"), discord.role("Responsables"));
        // Who moderates messages sees the commands.
        for role in [agents, leads] {
            discord.set_permissions(role, serenity::all::Permissions::MANAGE_MESSAGES.bits());
        }
        let camille = discord.person("Camille", &[agents]);
        let sam = discord.person("Sam", &[agents]);
        let lea = discord.person("Inès", &[leads]);
        let paul = discord.person("Paul", &[]);
        test.desk.link_identity(&test.camille, "discord", &camille.id.to_string()).await.unwrap();
        for (person, name, role) in [(&sam, "Sam", Role::Agent), (&lea, "Inès", Role::Lead)] {
            let agent = test.desk.add_agent(name, role).await.unwrap().unwrap();
            test.desk.link_identity(&agent, "discord", &person.id.to_string()).await.unwrap();
        }
        let window = test.rules.undo_window;
        Team { test, discord, camille, sam, lea, paul, agents, leads, window, clock, door: None }
    }

    /// Opens the door.
    pub async fn open(&mut self) {
        let cancel = CancellationToken::new();
        let door = discord::run(self.test.desk.clone(), self.config(), self.setting(), cancel.clone());
        self.door = Some((tokio::spawn(door), cancel.drop_guard()));
        self.discord.connected().await;
        self.discord.registered().await;
    }

    /// What the configuration says of the server.
    pub fn config(&self) -> config::Discord {
        let id = |id: Id| NonZeroU64::new(id).expect("an id");
        config::Discord {
            token: self.discord.token().into(),
            guild_id: id(self.discord.guild_id()),
            support_channel: id(self.discord.support),
            dev_channel: Some(id(self.discord.dev)),
            product_channel: Some(id(self.discord.product)),
            agent_roles: vec![id(self.agents)],
            lead_roles: vec![id(self.leads)],
            client: None,
            api_url: self.discord.base_url(),
        }
    }

    /// What the door needs beside it.
    pub fn setting(&self) -> Setting {
        Setting {
            zone: chrono_tz::Europe::Paris,
            public_url: PUBLIC_URL.into(),
            undo_window: self.window,
            limits: super::desk::LIMITS,
        }
    }

    /// A desk of its own on the same database and clock, as another process has it; to be opened on another runtime.
    pub fn desk_elsewhere(&self) -> impl Future<Output = Desk> + Send + 'static {
        let (url, clock) = (self.test.url.clone(), self.clock);
        async move { desk_on(&url, clock).await }
    }

    /// Closes the door, as when the program stops.
    pub async fn close(&mut self) {
        if let Some((door, cancel)) = self.door.take() {
            drop(cancel);
            door.await.expect("the door does not panic");
        }
        self.discord.disconnected().await;
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
        self.test.now += time;
    }

    /// What time it is.
    pub fn now(&self) -> DateTime<Utc> {
        self.test.now
    }

    /// Léa Martin writes; the first time it opens a ticket.
    pub async fn lea_writes(&self, subject: &str, text: &str) {
        let number = uuid();
        self.test
            .mail(&format!(
                "From: Léa Martin <lea@client.example>\nTo: {OUR_ADDRESS}\nSubject: {subject}\n\
                 Message-ID: <{number}@client.example>\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
            ))
            .await;
    }

    /// Waits until everything that is due has been posted.
    pub async fn settle(&self) {
        self.wait(async || {
            // What is claimed or posted between the three is seen by one of them.
            let before = self.test.desk.count_posts().await.unwrap();
            let next = self.test.desk.next_post(Platform::Discord).await.unwrap();
            let after = self.test.desk.count_posts().await.unwrap();
            let is_at_work = before.iter().any(|(_, state, count)| state == "sending" && *count > 0);
            (before == after && !is_at_work && next.is_none_or(|due| due > self.now())).then_some(())
        })
        .await;
    }

    /// Everything in a channel as text, once all that is due stands there.
    pub async fn view(&self, channel: Id) -> String {
        self.settle().await;
        let drawn = self.discord.messages(channel).into_iter().map(|message| self.discord.draw(&message));
        drawn.collect::<Vec<_>>().join("\n\n")
    }

    /// Waits until a ticket is so.
    pub async fn ticket_that(&self, id: i64, so: impl Fn(&TicketView) -> bool) -> TicketView {
        self.wait(async || {
            let ticket = self.test.desk.ticket(TicketId(id)).await.unwrap();
            ticket.filter(|ticket| so(ticket))
        })
        .await
    }

    /// Waits until there is an answer.
    pub async fn wait<T>(&self, ask: impl AsyncFn() -> Option<T>) -> T {
        let start = std::time::Instant::now();
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            assert!(start.elapsed() < PATIENCE, "still not so after {PATIENCE:?}\n{}", self.discord.dump());
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// A ticket, as it stands.
    pub async fn ticket(&self, id: i64) -> TicketView {
        self.test.desk.ticket(TicketId(id)).await.unwrap().expect("it is there")
    }

    /// Waits for the card of a ticket that is so, and gives it.
    pub async fn card(&self, number: i64, so: impl Fn(&str) -> bool) -> Message {
        self.drawn(self.discord.support, |text| text.contains(&format!("nº\u{a0}{number} ·")) && so(text))
            .await
    }

    /// The thread of a ticket's card.
    pub async fn thread(&self, number: i64) -> Id {
        let card = self.card(number, |_| true).await.id;
        self.discord.wait("a thread on the card", |guild| guild.thread_of(card).map(|thread| thread.id)).await
    }

    /// Waits for a message of a channel that is so when it is drawn, and gives it.
    pub async fn drawn(&self, channel: Id, so: impl Fn(&str) -> bool) -> Message {
        self.discord
            .wait("a message that is so", |guild| {
                let messages = guild.messages(channel);
                messages
                    .into_iter()
                    .find(|message| so(&super::discord::draw::message(guild, message)))
                    .cloned()
            })
            .await
    }
}

async fn desk_on(url: &str, clock: &'static AtomicI64) -> Desk {
    let settings = Settings { chats: vec![Platform::Discord], ..settings() };
    let store = Store::open(url).await.expect("the database opens");
    Desk::open(store, Clock::Moved(clock), settings).await.expect("the desk opens")
}

/// A number that no other call of this process gets.
fn uuid() -> i64 {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    NEXT.fetch_add(1, Ordering::SeqCst)
}
