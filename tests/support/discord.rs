//! A strict Discord on loopback: REST and gateway, version 10, for one bot on one guild.
//!
//! It answers as Discord documents it, in shapes that serenity reads, and refuses what Discord refuses: limits of
//! lengths and counts, permissions, late or second answers, missing intents. What Discord takes and we do not want
//! (a message that may ring somebody, a message without nonce, unknown keys) is noted: [`Discord::violations`].
//!
//! A bot is pointed to it with the base [`Discord::base_url`] (serenity: `HttpBuilder::proxy` and
//! `ratelimiter_disabled(true)`); the gateway is what `GET /gateway` says. People do things ([`Person`]), the bot
//! answers ([`Reply`]), tests look ([`Discord::until`], [`Discord::draw`]). Time stands still until a test moves it.
//!
//! Not modelled: voice, stickers, polls, webhooks other than those of interactions, sharding, compression,
//! components of version 2, automatic archiving.

pub mod draw;
pub mod error;
pub mod faults;
pub mod gateway;
pub mod guild;
pub mod http;
mod interact;
pub mod limits;
pub mod permissions;
pub mod person;
pub mod reply;
pub mod rest;
mod setting;
pub mod shapes;
pub mod sign_in;
pub mod world;

pub use guild::{Channel, Guild, Id, Message};
pub use person::Person;
pub use reply::Reply;
use rest::kinds as rest_kinds;
pub use setting::{CONTENT, MEMBERS};

use faults::Fault;
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use world::World;

/// The state, and who waits for it to change.
pub struct Shared {
    world: Mutex<World>,
    changed: watch::Sender<u64>,
    stop: CancellationToken,
}

impl Shared {
    /// Looks at the state.
    pub fn look<R>(&self, look: impl FnOnce(&World) -> R) -> R {
        // A test that panics while it looks has broken nothing.
        look(&self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state and wakes who waits.
    pub fn change<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        let done = change(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_modify(|version| *version += 1);
        done
    }

    /// Waits until there is something to give back.
    pub async fn until<T>(&self, mut look: impl FnMut(&World) -> Option<T>) -> T {
        let mut changes = self.changed.subscribe();
        loop {
            changes.borrow_and_update();
            if let Some(found) = self.look(&mut look) {
                return found;
            }
            changes.changed().await.expect("we hold the sender");
        }
    }

    /// Until the server ends.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }
}

/// A running server; ends when its last handle is dropped.
#[derive(Clone)]
pub struct Discord {
    shared: Arc<Shared>,
    _stop: Arc<DropGuard>,
    /// The channel of the tickets; a forum after [`Discord::with_forum`].
    pub support: Id,
    /// A text channel.
    pub dev: Id,
    /// A text channel.
    pub product: Id,
}

impl Discord {
    /// Looks at the guild.
    pub fn read<R>(&self, look: impl FnOnce(&Guild) -> R) -> R {
        self.shared.look(|world| look(&world.guild))
    }

    /// Waits until there is something to give back.
    ///
    /// # Panics
    /// After [`http::PATIENCE`], with `what` and all the server knows.
    pub async fn wait<T>(&self, what: &str, mut look: impl FnMut(&Guild) -> Option<T>) -> T {
        self.wait_for_world(what, |world| look(&world.guild)).await
    }

    async fn wait_for_world<T>(&self, what: &str, look: impl FnMut(&World) -> Option<T>) -> T {
        match tokio::time::timeout(http::PATIENCE, self.shared.until(look)).await {
            Ok(found) => found,
            Err(_) => panic!("{what}: not there after {:?}\n{}", http::PATIENCE, self.dump()),
        }
    }

    /// Waits until the guild is so.
    ///
    /// # Panics
    /// As [`Discord::wait`].
    #[track_caller]
    pub fn until(&self, so: impl Fn(&Guild) -> bool) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move { self.wait(&format!("what {place} waits for"), |guild| so(guild).then_some(())).await }
    }

    /// Waits until a bot has identified.
    ///
    /// # Panics
    /// As [`Discord::wait`].
    pub async fn connected(&self) {
        self.wait_for_sessions("a bot that is connected", gateway::Sessions::is_connected).await;
    }

    /// Waits until no bot is connected any more: after one was killed, before the next is waited for.
    ///
    /// # Panics
    /// As [`Discord::wait`].
    pub async fn disconnected(&self) {
        self.wait_for_sessions("the bot's leaving", |sessions| !sessions.is_connected()).await;
    }

    /// Waits until there are commands.
    ///
    /// # Panics
    /// As [`Discord::wait`].
    pub async fn registered(&self) {
        self.wait("registered commands", |guild| (!guild.commands.is_empty()).then_some(())).await;
    }

    /// Waits until the gateway is so: identified, resumed, closed.
    ///
    /// # Panics
    /// As [`Discord::wait`].
    pub async fn wait_for_sessions(&self, what: &str, so: impl Fn(&gateway::Sessions) -> bool) {
        self.wait_for_world(what, |world| so(&world.sessions).then_some(())).await;
    }

    /// The messages of a channel that everybody there sees, oldest first, without those that Discord wrote.
    pub fn messages(&self, channel: impl Into<Id>) -> Vec<Message> {
        let channel = channel.into();
        self.read(|guild| guild.messages(channel).into_iter().cloned().collect())
    }

    /// A message as it is now, ephemeral ones included.
    pub fn message(&self, message: impl Into<Id>) -> Option<Message> {
        let message = message.into();
        self.read(|guild| guild.messages.get(&message).cloned())
    }

    /// The thread below a message.
    pub fn thread_of(&self, message: impl Into<Id>) -> Option<Channel> {
        let message = message.into();
        self.read(|guild| guild.thread_of(message).cloned())
    }

    /// The threads of a channel or the posts of a forum, oldest first.
    pub fn threads(&self, channel: impl Into<Id>) -> Vec<Channel> {
        let channel = channel.into();
        self.read(|guild| guild.threads(channel).into_iter().cloned().collect())
    }

    /// A message as text (see [`draw::message`]).
    pub fn draw(&self, message: impl Into<Id>) -> String {
        let message = message.into();
        self.read(|guild| match guild.messages.get(&message) {
            Some(there) => draw::message(guild, there),
            None => format!("(no message {message})"),
        })
    }

    /// All the server knows, as text.
    pub fn dump(&self) -> String {
        self.read(draw::dump)
    }

    /// How many requests Discord counts against the bot: with ten thousand within ten minutes it shuts its address out.
    pub fn invalid_requests(&self) -> usize {
        let is_invalid =
            |line: &&String| ["-> 401", "-> 403", "-> 429"].iter().any(|part| line.contains(part));
        self.read(|guild| guild.requests.iter().filter(is_invalid).count())
    }

    /// What the bot did that Discord takes and we do not.
    pub fn violations(&self) -> Vec<String> {
        self.read(|guild| guild.violations.clone())
    }

    /// The last interaction comes once more, with the same id and token.
    ///
    /// # Panics
    /// When there was none.
    pub fn resend_last_interaction(&self) {
        let last = self.read(|guild| guild.interactions.last().map(|one| one.id));
        self.resend(last.expect("somebody did something"));
    }

    fn resend(&self, interaction: Id) {
        self.shared.change(|world| interact::resend(world, interaction));
    }

    /// The next requests like this are not carried out; this status comes back, with HTML for 502 to 504 as live. `*` in
    /// the path (after `/api/v10`) is any one part.
    pub fn fail_next(&self, method: &str, path: &str, status: u16, count: u32) {
        self.shared.change(|world| world.faults.plan(method, path, Fault::Status(status), count));
    }

    /// The next request like this is carried out, and its answer is lost.
    pub fn drop_connection_after_handling(&self, method: &str, path: &str) {
        self.shared.change(|world| world.faults.plan(method, path, Fault::CutAfter, 1));
    }

    /// The next request like this is not carried out, and its connection is cut.
    pub fn drop_connection_before_handling(&self, method: &str, path: &str) {
        self.shared.change(|world| world.faults.plan(method, path, Fault::CutBefore, 1));
    }

    /// The next request like this is carried out, and its answer waits until [`Discord::release_answers`].
    pub fn hold_answer(&self, method: &str, path: &str) {
        self.shared.change(|world| world.faults.plan(method, path, Fault::Hold, 1));
    }

    /// Answers that are held go out.
    pub fn release_answers(&self) {
        self.shared.change(|world| world.faults.releases += 1);
    }

    /// Every request is carried out so much later.
    pub fn slow(&self, delay: Duration) {
        self.shared.change(|world| world.faults.delay = delay);
    }

    /// Buckets are enforced: 5 messages in 5 s for each channel, 2 names in 10 min.
    pub fn strict_buckets(&self) {
        self.shared.change(|world| world.faults.be_strict());
    }

    /// The gateway's connection is cut without a word.
    pub fn drop_gateway(&self) {
        self.shared.change(|world| world.sessions.close_all(None));
    }

    /// The gateway closes with this code.
    pub fn close(&self, code: u16) {
        self.shared.change(|world| world.sessions.close_all(Some(code)));
    }

    /// Op 9: the session is over; it may be resumed or not.
    pub fn invalidate_session(&self, resumable: bool) {
        self.shared.change(|world| {
            world.sessions.tell_all(&json!({"op": 9, "s": null, "t": null, "d": resumable}));
            if !resumable {
                world.sessions.forget();
            }
        });
    }

    /// Op 7: the client is asked to reconnect and resume.
    pub fn reconnect(&self) {
        self.shared
            .change(|world| world.sessions.tell_all(&json!({"op": 7, "s": null, "t": null, "d": null})));
    }

    /// Events stay with the server until [`Discord::release_events`].
    pub fn hold_events(&self) {
        self.shared.change(|world| world.sessions.hold(true));
    }

    /// Events go out again, those that were held first.
    pub fn release_events(&self) {
        self.shared.change(|world| world.sessions.hold(false));
    }

    /// What HELLO says of heartbeats from now on, and whether they are answered.
    pub fn heartbeats(&self, every: Duration, answered: bool) {
        self.shared.change(|world| {
            world.sessions.heartbeat = u64::try_from(every.as_millis()).unwrap_or(u64::MAX);
            world.sessions.acknowledge = answered;
        });
    }

    /// Looks at the gateway: who identified, resumed, which codes closed.
    pub fn gateway<R>(&self, look: impl FnOnce(&gateway::Sessions) -> R) -> R {
        self.shared.look(|world| look(&world.sessions))
    }
}

/// A thread that somebody writes in wakes up.
fn wake(world: &mut World, thread: Id) {
    let now = world.guild.now();
    if let Some(asleep) = world.guild.channels.get_mut(&thread).and_then(|here| here.thread.as_mut()) {
        asleep.archived = false;
        asleep.archive_changed = now;
    }
    let awake = world.guild.channels[&thread].clone();
    world.tell_channel(world::Change::Changed, &awake);
}
