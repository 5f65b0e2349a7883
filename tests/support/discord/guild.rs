//! What the server knows: one guild with its roles, channels, people, messages, commands and interactions.
//!
//! Tests read it through [`super::Discord::read`] and [`super::Discord::until`]; only the server changes it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// A snowflake.
pub type Id = u64;

/// A text channel.
pub const TEXT: u8 = 0;
/// The channel of the bot and one person.
pub const DM: u8 = 1;
/// A thread, or a post of a forum.
pub const PUBLIC_THREAD: u8 = 11;
/// A thread for those who were invited.
pub const PRIVATE_THREAD: u8 = 12;
/// A forum.
pub const FORUM: u8 = 15;

/// Message flag: only the person who asked sees it.
pub const EPHEMERAL: u64 = 1 << 6;
/// Message flag: « … réfléchit » until it is edited.
pub const LOADING: u64 = 1 << 7;
/// Message flag: a thread hangs below it.
pub const HAS_THREAD: u64 = 1 << 5;

/// A role; the one with the guild's id is everybody's.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// What it allows (see [`super::permissions`]).
    pub permissions: u64,
}

/// What a channel changes for one role or one member.
#[derive(Debug, Clone)]
pub struct Overwrite {
    /// The role or the member.
    pub id: Id,
    /// Whether it is a member.
    pub is_member: bool,
    /// Bits given.
    pub allow: u64,
    /// Bits taken.
    pub deny: u64,
}

/// A tag that posts of a forum may carry.
#[derive(Debug, Clone)]
pub struct Tag {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Whether only moderators may set it.
    pub moderated: bool,
    /// A unicode emoji before it.
    pub emoji: Option<String>,
}

/// A channel, a thread or a DM.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its id; a thread that hangs below a message has the message's.
    pub id: Id,
    /// [`TEXT`], [`DM`], [`PUBLIC_THREAD`], [`PRIVATE_THREAD`] or [`FORUM`].
    pub kind: u8,
    /// Its name; empty for a DM.
    pub name: String,
    /// The line below the name.
    pub topic: Option<String>,
    /// Where a thread hangs.
    pub parent: Option<Id>,
    /// The other side of a DM.
    pub recipient: Option<Id>,
    /// What it changes of the roles.
    pub overwrites: Vec<Overwrite>,
    /// The tags of a forum.
    pub available_tags: Vec<Tag>,
    /// Channel flags; bit 4: a post needs a tag, bit 1: pinned.
    pub flags: u64,
    /// Slow mode, in seconds.
    pub rate_limit_per_user: u64,
    /// What only a thread has.
    pub thread: Option<Thread>,
}

/// What only a thread has.
#[derive(Debug, Clone)]
pub struct Thread {
    /// Who began it.
    pub owner: Id,
    /// Put away.
    pub archived: bool,
    /// Closed to all but moderators.
    pub locked: bool,
    /// Minutes of silence after which it is put away; 60, 1440, 4320 or 10080. Nothing is put away by itself here.
    pub auto_archive: u64,
    /// When it was begun.
    pub created: DateTime<Utc>,
    /// When `archived` last changed.
    pub archive_changed: DateTime<Utc>,
    /// The tags of a post.
    pub applied_tags: Vec<Id>,
    /// Who takes part.
    pub members: BTreeSet<Id>,
}

impl Channel {
    /// Whether it is a thread.
    pub fn is_thread(&self) -> bool {
        matches!(self.kind, PUBLIC_THREAD | PRIVATE_THREAD)
    }

    /// Whether it is a DM.
    pub fn is_dm(&self) -> bool {
        self.kind == DM
    }

    /// The tags of a post, by name.
    pub fn tags(&self, guild: &Guild) -> Vec<String> {
        let forum = self.parent.and_then(|parent| guild.channels.get(&parent));
        let applied = self.thread.iter().flat_map(|thread| &thread.applied_tags);
        let name = |id: &Id| {
            let tags = &forum?.available_tags;
            Some(tags.iter().find(|tag| tag.id == *id)?.name.clone())
        };
        applied.filter_map(name).collect()
    }
}

/// Somebody on the server.
#[derive(Debug, Clone)]
pub struct Member {
    /// Their id.
    pub id: Id,
    /// The handle.
    pub username: String,
    /// The name shown.
    pub name: String,
    /// Their roles, beside everybody's.
    pub roles: Vec<Id>,
    /// A program.
    pub bot: bool,
    /// Left the server.
    pub gone: bool,
    /// Takes no direct messages.
    pub closed_dms: bool,
}

/// A file in a message.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub filename: String,
    /// What it is said to be.
    pub content_type: String,
    /// The text for who cannot see it.
    pub description: Option<String>,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A message.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id.
    pub id: Id,
    /// Where it stands.
    pub channel: Id,
    /// Who wrote it.
    pub author: Id,
    /// 0 said, 18 « a commencé un fil », 19 a reply, 20 answer to a command, 21 first of a thread, 23 of a context menu.
    pub kind: u8,
    /// The text.
    pub content: String,
    /// The embeds, as they were sent.
    pub embeds: Vec<Value>,
    /// The rows of components, as they were sent.
    pub components: Vec<Value>,
    /// The files.
    pub attachments: Vec<Attachment>,
    /// What the sender recognises it by.
    pub nonce: Option<Value>,
    /// [`EPHEMERAL`], [`LOADING`], [`HAS_THREAD`] and others.
    pub flags: u64,
    /// The message it answers.
    pub reply_to: Option<Id>,
    /// When it was written.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub edited: Option<DateTime<Utc>>,
    /// Whom it rings.
    pub mentions: Vec<Id>,
    /// Which roles it rings.
    pub mention_roles: Vec<Id>,
    /// Whether it rings everybody.
    pub mention_everyone: bool,
    /// Emoji and who set it.
    pub reactions: Vec<(String, Vec<Id>)>,
    /// Pinned.
    pub pinned: bool,
    /// The interaction that it answers.
    pub interaction: Option<Id>,
    /// How often it was edited.
    pub edits: u32,
}

impl Message {
    /// Whether only the person who asked sees it.
    pub fn is_ephemeral(&self) -> bool {
        self.flags & EPHEMERAL != 0
    }

    /// Whether it still says « … réfléchit ».
    pub fn is_loading(&self) -> bool {
        self.flags & LOADING != 0
    }
}

impl From<&Message> for Id {
    fn from(message: &Message) -> Id {
        message.id
    }
}

impl From<&Channel> for Id {
    fn from(channel: &Channel) -> Id {
        channel.id
    }
}

/// How the bot first answered an interaction.
#[derive(Debug, Clone)]
pub struct First {
    /// The callback's type: 4 message, 5 message later, 6 nothing yet, 7 update, 8 choices, 9 modal.
    pub kind: u8,
    /// Its `data`.
    pub data: Value,
    /// The message that it made (4, 5) or changed (6, 7).
    pub message: Option<Id>,
    /// Real time from dispatch to answer.
    pub elapsed: std::time::Duration,
}

/// Something that somebody did which the bot must answer.
#[derive(Debug, Clone)]
pub struct Interaction {
    /// Its id.
    pub id: Id,
    /// What its answers are sent with.
    pub token: String,
    /// 2 command, 3 component, 4 autocomplete, 5 modal.
    pub kind: u8,
    /// Who did it.
    pub user: Id,
    /// Where.
    pub channel: Id,
    /// The message with the component, or for a modal the one it was opened from.
    pub message: Option<Id>,
    /// The interaction as the gateway sent it.
    pub payload: Value,
    /// When it was sent, by the server's clock.
    pub sent: DateTime<Utc>,
    /// When it was sent, really.
    pub instant: Instant,
    /// The first answer.
    pub first: Option<First>,
    /// What was added to it, oldest first.
    pub followups: Vec<Id>,
}

/// The server's clock: stands still until a test moves it, or lets it run.
#[derive(Debug)]
pub struct Clock {
    /// What it showed when it was last set.
    pub shown: DateTime<Utc>,
    /// Since when it runs.
    pub running: Option<Instant>,
    /// All that tests advanced it by.
    pub advanced: std::time::Duration,
}

/// The state of the server.
pub struct Guild {
    /// The guild; also the role of everybody.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Who owns it.
    pub owner: Id,
    /// The bot.
    pub bot: Id,
    /// The application.
    pub application: Id,
    /// What the application may ask of the gateway (`GATEWAY_*` flags).
    pub application_flags: u64,
    /// The roles.
    pub roles: Vec<Role>,
    /// Channels, threads and DMs.
    pub channels: BTreeMap<Id, Channel>,
    /// Everybody, the bot included.
    pub members: BTreeMap<Id, Member>,
    /// Every message that was not deleted.
    pub messages: BTreeMap<Id, Message>,
    /// Every message that was.
    pub deleted: Vec<Message>,
    /// The commands, as Discord lists them; those of the guild carry `guild_id`.
    pub commands: Vec<Value>,
    /// All interactions, oldest first.
    pub interactions: Vec<Interaction>,
    /// What the bot did that Discord takes but we do not: see [`super::Discord::violations`].
    pub violations: Vec<String>,
    /// Every request, as `POST /channels/1/messages -> 200`.
    pub requests: Vec<String>,
    /// Files that people chose for a command.
    pub uploads: Vec<Attachment>,
    /// The time.
    pub clock: Clock,
    /// The last id given out.
    pub last_id: Id,
}

impl Guild {
    /// The time by the server's clock.
    pub fn now(&self) -> DateTime<Utc> {
        let ran = self.clock.running.map_or(TimeDelta::zero(), |since| {
            TimeDelta::from_std(since.elapsed()).expect("a test does not run for years")
        });
        self.clock.shown + ran
    }

    /// The next id: snowflakes grow, and tell the time.
    pub fn next_id(&mut self) -> Id {
        const EPOCH: i64 = 1_420_070_400_000;
        let since = (self.now().timestamp_millis() - EPOCH).unsigned_abs();
        self.last_id = (self.last_id + 1).max(since << 22);
        self.last_id
    }

    /// The messages of a channel that everybody there sees, oldest first, without those that Discord wrote.
    pub fn messages(&self, channel: Id) -> Vec<&Message> {
        let here = |message: &&Message| message.channel == channel && !message.is_ephemeral();
        self.messages.values().filter(here).filter(|message| !matches!(message.kind, 18 | 21)).collect()
    }

    /// The threads of a channel, oldest first.
    pub fn threads(&self, channel: Id) -> Vec<&Channel> {
        self.channels.values().filter(|thread| thread.is_thread() && thread.parent == Some(channel)).collect()
    }

    /// The thread below a message.
    pub fn thread_of(&self, message: Id) -> Option<&Channel> {
        self.channels.get(&message).filter(|channel| channel.is_thread())
    }

    /// The interaction with this id.
    pub fn interaction(&self, id: Id) -> Option<&Interaction> {
        self.interactions.iter().find(|interaction| interaction.id == id)
    }
}
