//! Everything behind the one mutex: the guild, the sessions of the gateway, the faults; and how events leave.

use super::faults::Faults;
use super::gateway::{Event, Sessions, intents};
use super::guild::{Channel, DM, FORUM, Guild, Id, Message, TEXT};
use super::sign_in::Grants;
use super::{permissions, shapes};
use serde_json::{Value, json};

/// The state and what is attached to it.
pub struct World {
    /// What a test may read.
    pub guild: Guild,
    /// Who is connected to the gateway, and who was.
    pub sessions: Sessions,
    /// What goes wrong, on demand.
    pub faults: Faults,
    /// Who let the application know who they are.
    pub grants: Grants,
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    /// The token of the bot, without `Bot `.
    pub token: String,
}

impl World {
    /// A message object, as REST gives it to the bot.
    pub fn message(&self, message: &Message) -> Value {
        let mut object = shapes::message(&self.guild, &self.base, message);
        // REST blanks as the gateway does; what counts is the flag of the application.
        if self.guild.application_flags & (1 << 18 | 1 << 19) == 0 && self.is_private(message) {
            blank(&mut object);
        }
        object
    }

    /// Whether the bot needs the intent for message content to read it.
    fn is_private(&self, message: &Message) -> bool {
        let dm = self.guild.channels.get(&message.channel).is_some_and(Channel::is_dm);
        message.author != self.guild.bot && !dm && !message.mentions.contains(&self.guild.bot)
    }

    /// Whether the bot sees the channel.
    pub fn bot_sees(&self, channel: &Channel) -> bool {
        permissions::of(&self.guild, self.guild.bot, channel) & permissions::VIEW_CHANNEL != 0
    }

    /// MESSAGE_CREATE, or MESSAGE_UPDATE, of a message that stands in a channel; ephemeral ones are the webhook's alone.
    pub fn tell_message(&mut self, name: &'static str, id: Id) {
        let Some(message) = self.guild.messages.get(&id) else { return };
        let Some(channel) = self.guild.channels.get(&message.channel) else { return };
        if message.is_ephemeral() || !self.bot_sees(channel) {
            return;
        }
        let mut data = shapes::message(&self.guild, &self.base, message);
        let mut intent = intents::DIRECT_MESSAGES;
        if !channel.is_dm() {
            intent = intents::GUILD_MESSAGES;
            data["guild_id"] = json!(self.guild.id.to_string());
            if let Some(member) = self.guild.members.get(&message.author) {
                data["member"] = shapes::member_alone(member);
            }
        }
        let private = self.is_private(message);
        self.sessions.send(&Event { name, data, intent, private });
    }

    /// An event about something in a channel, if the bot sees the channel.
    pub fn tell_there(&mut self, name: &'static str, channel: Id, mut data: Value, guild: u64, direct: u64) {
        let Some(here) = self.guild.channels.get(&channel) else { return };
        if !self.bot_sees(here) {
            return;
        }
        let intent = if here.is_dm() { direct } else { guild };
        if !here.is_dm() {
            data["guild_id"] = json!(self.guild.id.to_string());
        }
        self.sessions.send(&Event { name, data, intent, private: false });
    }

    /// Somebody came, changed or left.
    pub fn tell_member(&mut self, name: &'static str, id: Id) {
        let Some(member) = self.guild.members.get(&id) else { return };
        let mut data = shapes::member(member);
        if name == "GUILD_MEMBER_REMOVE" {
            data = json!({"user": shapes::user(member)});
        }
        data["guild_id"] = json!(self.guild.id.to_string());
        self.sessions.send(&Event { name, data, intent: intents::GUILD_MEMBERS, private: false });
    }

    /// A channel or thread that was made, changed or taken away.
    pub fn tell_channel(&mut self, what: Change, channel: &Channel) {
        if !self.bot_sees(channel) {
            return;
        }
        let name = match (what, channel.is_thread()) {
            (Change::Made, true) => "THREAD_CREATE",
            (Change::Changed, true) => "THREAD_UPDATE",
            (Change::Gone, true) => "THREAD_DELETE",
            (Change::Made, false) => "CHANNEL_CREATE",
            (Change::Changed, false) => "CHANNEL_UPDATE",
            (Change::Gone, false) => "CHANNEL_DELETE",
        };
        let mut data = shapes::channel(&self.guild, channel);
        if name == "THREAD_CREATE" {
            data["newly_created"] = json!(true);
        }
        if name == "THREAD_DELETE" {
            data = json!({"id": data["id"], "guild_id": data["guild_id"], "parent_id": data["parent_id"],
                          "type": data["type"]});
        }
        // Somebody's DM is opened to whoever listens to direct messages.
        let intent = if channel.kind == DM { intents::DIRECT_MESSAGES } else { intents::GUILDS };
        self.sessions.send(&Event { name, data, intent, private: false });
    }

    /// Takes a message away, and says so.
    pub fn delete_message(&mut self, id: Id) {
        let Some(message) = self.guild.messages.remove(&id) else { return };
        if !message.is_ephemeral() {
            let data = json!({"id": id.to_string(), "channel_id": message.channel.to_string()});
            let (guild, direct) = (intents::GUILD_MESSAGES, intents::DIRECT_MESSAGES);
            self.tell_there("MESSAGE_DELETE", message.channel, data, guild, direct);
        }
        self.guild.deleted.push(message);
    }

    /// Takes a channel away with its threads and messages, and says so.
    pub fn delete_channel(&mut self, id: Id) {
        let below: Vec<Id> = self.guild.threads(id).iter().map(|thread| thread.id).collect();
        for thread in below {
            self.delete_channel(thread);
        }
        let Some(channel) = self.guild.channels.get(&id).cloned() else { return };
        self.tell_channel(Change::Gone, &channel);
        self.guild.channels.remove(&id);
        let inside: Vec<Id> =
            self.guild.messages.values().filter(|m| m.channel == id).map(|message| message.id).collect();
        for message in inside {
            self.guild.deleted.extend(self.guild.messages.remove(&message));
        }
    }

    /// Adds a channel without a word.
    pub fn add_channel(&mut self, id: Id, kind: u8, name: &str, parent: Option<Id>) -> &mut Channel {
        debug_assert!(matches!(kind, TEXT | FORUM | DM) || parent.is_some(), "a thread hangs somewhere");
        let channel = Channel {
            id,
            kind,
            name: name.to_owned(),
            topic: None,
            parent,
            recipient: None,
            overwrites: Vec::new(),
            available_tags: Vec::new(),
            flags: 0,
            rate_limit_per_user: 0,
            thread: None,
        };
        self.guild.channels.entry(id).insert_entry(channel).into_mut()
    }

    /// Notes something that Discord takes and that we do not.
    pub fn violation(&mut self, what: String) {
        self.guild.violations.push(what);
    }
}

/// What became of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is there now.
    Made,
    /// It is another.
    Changed,
    /// It is no more.
    Gone,
}

/// Empties what a bot without the intent for message content does not get.
pub fn blank(message: &mut Value) {
    message["content"] = json!("");
    for list in ["embeds", "attachments", "components"] {
        message[list] = json!([]);
    }
}
