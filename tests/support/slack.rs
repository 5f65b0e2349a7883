//! A strict Slack of our own: the Web API, Socket Mode and signed requests on loopback, with the limits that Slack
//! documents; and people who act on it. May import: its own files.

pub mod api;
pub mod blocks;
pub mod draw;
pub mod person;
pub mod sign_in;
pub mod wire;
pub mod workspace;

pub use person::{Asked, Person};
pub use workspace::Fault;

use super::PATIENCE;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use wire::{Ask, Line};
use workspace::{Channel, SCOPES, User, Workspace};

/// By what road the app is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// Sockets that it opens.
    Socket,
    /// Requests to an address of its own.
    Signed,
}

/// What the server and its people share.
pub struct Inner {
    pub base: String,
    pub road: Road,
    pub bell: Notify,
    pub url: Mutex<Option<String>>,
    pub acknowledged: AtomicU64,
    space: Mutex<Workspace>,
    lines: Mutex<Vec<Line>>,
    changes: AtomicU64,
}

impl Inner {
    /// The workspace.
    pub fn space(&self) -> MutexGuard<'_, Workspace> {
        self.space.lock().expect("nobody panicked with it")
    }

    /// The sockets.
    pub fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        self.lines.lock().expect("nobody panicked with it")
    }

    /// Something changed: what happened is told.
    pub fn changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.bell.notify_one();
    }
}

/// The workspace, served.
#[derive(Clone)]
pub struct Slack(pub Arc<Inner>);

/// The channels, and who is there at first.
pub const SUPPORT: &str = "C0SUPPORT";
pub const DEV: &str = "C0DEV";
pub const PRODUCT: &str = "C0PRODUCT";
/// The groups.
pub const AGENTS: &str = "S0AGENTS";
pub const LEADS: &str = "S0LEADS";

impl Slack {
    /// Told by sockets.
    pub async fn start() -> Slack {
        Slack::by(Road::Socket).await
    }

    /// Told by one road or the other.
    pub async fn by(road: Road) -> Slack {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let mut space = Workspace::default();
        space.scopes.extend(SCOPES.map(str::to_owned));
        for (id, name) in [(SUPPORT, "support-team"), (DEV, "dev-team"), (PRODUCT, "produit")] {
            let members = BTreeSet::from(["UBOT".to_owned()]);
            space
                .channels
                .insert(id.to_owned(), Channel { name: name.to_owned(), members, ..Channel::default() });
        }
        let bot = User { name: "Guichet".to_owned(), email: None, is_bot: true, is_guest: false };
        space.users.insert("UBOT".to_owned(), bot);
        for group in [AGENTS, LEADS] {
            space.groups.insert(group.to_owned(), BTreeSet::new());
        }
        let inner = Arc::new(Inner {
            base,
            road,
            bell: Notify::new(),
            url: Mutex::default(),
            acknowledged: AtomicU64::new(0),
            space: Mutex::new(space),
            lines: Mutex::default(),
            changes: AtomicU64::new(0),
        });
        let router = wire::router(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        tokio::spawn(wire::tell_for_ever(Arc::clone(&inner)));
        Slack(inner)
    }

    /// What `[slack] api_url` is.
    pub fn api_url(&self) -> String {
        format!("{}/api", self.0.base)
    }

    /// Where signed requests go.
    pub fn tell_at(&self, url: String) {
        *self.0.url.lock().expect("nobody panicked") = Some(url);
        self.0.changed();
    }

    /// Somebody, in the channels and in these groups.
    pub fn person(&self, name: &str, groups: &[&str]) -> Person {
        let id = format!(
            "U{}",
            name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase()
        );
        let mut space = self.0.space();
        let email = Some(format!("{}@bettracker.example", id.to_lowercase()));
        space.users.insert(id.clone(), User { name: name.to_owned(), email, is_bot: false, is_guest: false });
        for group in groups {
            space.groups.get_mut(*group).expect("a group").insert(id.clone());
        }
        for channel in space.channels.values_mut() {
            channel.members.insert(id.clone());
        }
        Person { slack: self.clone(), id }
    }

    /// Whatever one wants to know or change. What happened by it is told.
    pub fn with<T>(&self, act: impl FnOnce(&mut Workspace) -> T) -> T {
        let done = act(&mut self.0.space());
        self.0.changed();
        done
    }

    /// Has the next calls of a method go wrong.
    pub fn fail(&self, method: &str, faults: impl IntoIterator<Item = Fault>) {
        self.0.space().faults.entry(method.to_owned()).or_default().extend(faults);
    }

    /// Waits for something, and gives it.
    pub async fn wait<T>(&self, what: &str, so: impl Fn(&Workspace) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = so(&self.0.space()) {
                return found;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{what}: not so after {PATIENCE:?}\n{}",
                self.0.space().dump()
            );
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Waits until the app listens.
    pub async fn connected(&self) {
        let start = Instant::now();
        while self.0.road == Road::Socket && self.0.lines().is_empty() {
            assert!(start.elapsed() < PATIENCE, "nobody listens\n{}", self.0.space().dump());
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// How many sockets are open.
    pub fn sockets(&self) -> usize {
        self.0.lines().len()
    }

    /// Says that the sockets will be closed.
    pub fn disconnect(&self, reason: &'static str) {
        self.0.lines().iter().for_each(|line| drop(line.envelopes.send(Ask::Disconnect(reason))));
    }

    /// Breaks the sockets.
    pub fn drop_sockets(&self) {
        self.0.lines().drain(..).for_each(|line| drop(line.envelopes.send(Ask::Drop)));
    }

    /// Messages of a channel or of a thread there, oldest first.
    pub fn messages(&self, channel: &str, thread: Option<&str>) -> Vec<Value> {
        let space = self.0.space();
        let is_in = |one: &&Value| match thread {
            Some(thread) => one["thread_ts"] == thread && one["ts"] != thread,
            None => one["thread_ts"].is_null() || one["thread_ts"] == one["ts"],
        };
        space.channels[channel].messages.values().filter(is_in).cloned().collect()
    }

    /// The same as text.
    pub fn view(&self, channel: &str, thread: Option<&str>) -> String {
        let messages = self.messages(channel, thread);
        let drawn = messages.iter().filter(|one| one["subtype"] != "tombstone").map(|one| self.draw(one));
        drawn.collect::<Vec<_>>().join("\n\n")
    }

    /// A message as text, with who wrote it.
    pub fn draw(&self, message: &Value) -> String {
        let author = message["user"].as_str().unwrap_or_default();
        let name = self.0.space().users.get(author).map_or(author.to_owned(), |user| user.name.clone());
        format!("@{name}\n{}", draw::message(message).join("\n"))
    }

    /// What Slack had to put up with.
    pub fn violations(&self) -> Vec<String> {
        self.0.space().violations.clone()
    }
}
