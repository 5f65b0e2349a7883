//! How the server begins, and what a test sets: people, roles, permissions, flags, time.

use super::guild::{Channel, Clock, FORUM, Guild, Id, Member, Overwrite, Role, TEXT, Tag, Thread};
use super::sign_in::Grants;
use super::world::{Change, World};
use super::{Discord, Person, Shared, faults::Faults, gateway::Sessions, http, permissions};
use chrono::{DateTime, TimeZone, Utc};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const GUILD: Id = 1_000_000_000_000_000_001;
const OWNER: Id = 1_000_000_000_000_000_002;
const BOT: Id = 1_000_000_000_000_000_003;
pub(super) const APPLICATION: Id = 1_000_000_000_000_000_004;
const BOT_ROLE: Id = 1_000_000_000_000_000_005;
const SUPPORT: Id = 1_000_000_000_000_000_011;
const DEV: Id = 1_000_000_000_000_000_012;
const PRODUCT: Id = 1_000_000_000_000_000_013;

/// `GATEWAY_MESSAGE_CONTENT_LIMITED`: the intent for message content is switched on for the application.
pub const CONTENT: u64 = 1 << 19;
/// `GATEWAY_GUILD_MEMBERS_LIMITED`: the intent for members is.
pub const MEMBERS: u64 = 1 << 15;

impl Discord {
    /// Starts a server with the text channels support, dev and product. The application has the intents for message
    /// content and members switched on; the clock stands at 24 November 2026, 09:00 UTC.
    ///
    /// # Panics
    /// When no port can be had.
    pub async fn start() -> Discord {
        Discord::launch(TEXT).await
    }

    /// Starts one whose support channel is a forum, with a tag for each status of a ticket.
    ///
    /// # Panics
    /// When no port can be had.
    pub async fn with_forum() -> Discord {
        Discord::launch(FORUM).await
    }

    async fn launch(support: u8) -> Discord {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a loopback port can be had");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let mut world = World {
            guild: guild(),
            sessions: Sessions::new(),
            faults: Faults::default(),
            grants: Grants::default(),
            base: format!("http://127.0.0.1:{port}"),
            token: format!("test-bot-token-{port}"),
        };
        world.add_channel(SUPPORT, support, "support", None);
        if support == FORUM {
            let names = ["Nouveau", "En cours", "En attente client", "Résolu", "Fermé"];
            let tag = |(index, name): (usize, &&str)| Tag {
                id: 1_000_000_000_000_000_101 + index as u64,
                name: (*name).to_owned(),
                moderated: false,
                emoji: None,
            };
            let tags = names.iter().enumerate().map(tag).collect();
            world.guild.channels.entry(SUPPORT).and_modify(|forum| forum.available_tags = tags);
        }
        world.add_channel(DEV, TEXT, "dev", None);
        world.add_channel(PRODUCT, TEXT, "product", None);
        let stop = CancellationToken::new();
        let shared =
            Arc::new(Shared { world: Mutex::new(world), changed: watch::Sender::new(0), stop: stop.clone() });
        tokio::spawn(http::listen(listener, shared.clone()));
        Discord { shared, _stop: Arc::new(stop.drop_guard()), support: SUPPORT, dev: DEV, product: PRODUCT }
    }

    /// `http://127.0.0.1:PORT`, to stand for `https://discord.com`.
    pub fn base_url(&self) -> String {
        self.shared.look(|world| world.base.clone())
    }

    /// The token of the bot, without `Bot `.
    pub fn token(&self) -> String {
        self.shared.look(|world| world.token.clone())
    }

    /// The guild.
    pub fn guild_id(&self) -> Id {
        GUILD
    }

    /// The bot.
    pub fn bot(&self) -> Id {
        BOT
    }

    /// The application; not the bot's id, as with the oldest applications.
    pub fn application(&self) -> Id {
        APPLICATION
    }

    /// Somebody comes to the server.
    pub fn person(&self, name: &str, roles: &[Id]) -> Person {
        let id = self.shared.change(|world| {
            let id = world.guild.next_id();
            let username: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
            world.guild.members.insert(id, member(id, &username, name, roles.to_vec(), false));
            world.tell_member("GUILD_MEMBER_ADD", id);
            id
        });
        Person { discord: self.clone(), id }
    }

    /// A role, which allows nothing beyond what everybody may until [`Discord::set_permissions`].
    pub fn role(&self, name: &str) -> Id {
        self.shared.change(|world| {
            let id = world.guild.next_id();
            world.guild.roles.push(Role { id, name: name.to_owned(), permissions: 0 });
            id
        })
    }

    /// What a role allows from now on; the guild's id is everybody's role.
    pub fn set_permissions(&self, role: Id, bits: u64) {
        self.shared.change(|world| {
            if let Some(role) = world.guild.roles.iter_mut().find(|known| known.id == role) {
                role.permissions = bits;
            }
        });
    }

    /// Has #support, a forum, have only these tags.
    pub fn keep_tags(&self, names: &[&str]) {
        self.shared.change(|world| {
            let forum = world.guild.channels.get_mut(&SUPPORT).expect("the forum is there");
            forum.available_tags.retain(|tag| names.contains(&tag.name.as_str()));
        });
    }

    /// What the bot's own role and everybody's allow from now on, together.
    pub fn set_bot_permissions(&self, bits: u64) {
        self.set_permissions(BOT_ROLE, bits);
        self.set_permissions(GUILD, bits & permissions::EVERYBODY);
    }

    /// A channel takes these permissions from a role or a person, until [`Discord::allow`].
    pub fn deny(&self, channel: impl Into<Id>, who: Id, bits: u64) {
        self.overwrite(channel.into(), who, 0, bits);
    }

    /// A channel gives these permissions to a role or a person.
    pub fn allow(&self, channel: impl Into<Id>, who: Id, bits: u64) {
        self.overwrite(channel.into(), who, bits, 0);
    }

    fn overwrite(&self, channel: Id, id: Id, allow: u64, deny: u64) {
        self.shared.change(|world| {
            let is_member = world.guild.members.contains_key(&id);
            let Some(here) = world.guild.channels.get_mut(&channel) else {
                panic!("there is no channel {channel}")
            };
            here.overwrites.retain(|rule| rule.id != id);
            here.overwrites.push(Overwrite { id, is_member, allow, deny });
            let here = here.clone();
            world.tell_channel(Change::Changed, &here);
        });
    }

    /// What the application may ask of the gateway: [`CONTENT`], [`MEMBERS`], both or nothing.
    pub fn set_application_flags(&self, flags: u64) {
        self.shared.change(|world| world.guild.application_flags = flags);
    }

    /// A moderator deletes a message.
    pub fn delete_message(&self, message: impl Into<Id>) {
        let message = message.into();
        self.shared.change(|world| world.delete_message(message));
    }

    /// A moderator deletes a channel or a thread.
    pub fn delete_channel(&self, channel: impl Into<Id>) {
        let channel = channel.into();
        self.shared.change(|world| world.delete_channel(channel));
    }

    /// A moderator puts a thread away, or locks it too.
    ///
    /// # Panics
    /// When it is no thread.
    pub fn archive(&self, thread: impl Into<Id>, locked: bool) {
        let id = thread.into();
        self.shared.change(|world| {
            let now = world.guild.now();
            let here = world.guild.channels.get_mut(&id).expect("there is such a channel");
            let thread: &mut Thread = here.thread.as_mut().expect("it is a thread");
            (thread.archived, thread.locked, thread.archive_changed) = (true, locked, now);
            let here: Channel = here.clone();
            world.tell_channel(Change::Changed, &here);
        });
    }

    /// Nobody did anything: forgets all interactions.
    pub fn forget_interactions(&self) {
        self.shared.change(|world| world.guild.interactions.clear());
    }

    /// The server's clock moves on: deadlines of interactions, nonces and buckets.
    pub fn advance(&self, by: Duration) {
        self.shared.change(|world| {
            world.guild.clock.shown += by;
            world.guild.clock.advanced += by;
        });
    }

    /// The server's clock is set.
    pub fn set_time(&self, to: DateTime<Utc>) {
        self.shared.change(|world| world.guild.clock.shown = to);
    }

    /// The server's clock runs from now on: three seconds are three seconds.
    pub fn run_clock(&self) {
        self.shared.change(|world| world.guild.clock.running = Some(Instant::now()));
    }
}

fn member(id: Id, username: &str, name: &str, roles: Vec<Id>, bot: bool) -> Member {
    Member {
        id,
        username: username.to_owned(),
        name: name.to_owned(),
        roles,
        bot,
        gone: false,
        closed_dms: false,
    }
}

fn guild() -> Guild {
    let everybody = Role { id: GUILD, name: "@everyone".into(), permissions: permissions::EVERYBODY };
    let bot_role = Role { id: BOT_ROLE, name: "Guichet".into(), permissions: permissions::BOT };
    let shown = Utc.with_ymd_and_hms(2026, 11, 24, 9, 0, 0).single().expect("it is a time");
    Guild {
        id: GUILD,
        name: "BetTracker Pro".into(),
        owner: OWNER,
        bot: BOT,
        application: APPLICATION,
        application_flags: CONTENT | MEMBERS,
        roles: vec![everybody, bot_role],
        channels: BTreeMap::new(),
        members: BTreeMap::from([
            (OWNER, member(OWNER, "patronne", "Patronne", Vec::new(), false)),
            (BOT, member(BOT, "guichet", "Guichet", vec![BOT_ROLE], true)),
        ]),
        messages: BTreeMap::new(),
        deleted: Vec::new(),
        commands: Vec::new(),
        interactions: Vec::new(),
        violations: Vec::new(),
        requests: Vec::new(),
        uploads: Vec::new(),
        clock: Clock { shown, running: None, advanced: Duration::ZERO },
        last_id: 0,
    }
}
