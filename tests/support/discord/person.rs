//! Somebody on the server, and what they do.

use super::Discord;
use super::guild::{Attachment, DM, Id, Message};
use super::interact;
use super::reply::Reply;
use super::rest::{Draft, post};
use super::rest_kinds::{AUTOCOMPLETE, COMMAND, COMPONENT};
use super::world::World;
use super::{permissions, shapes};
use serde_json::{Value, json};

/// Somebody on the server.
#[derive(Clone)]
pub struct Person {
    pub(super) discord: Discord,
    /// Their id.
    pub id: Id,
}

impl Person {
    /// Types a command: its last words (`status`, or `ticket status`), and options by name.
    ///
    /// # Panics
    /// When no such command is registered, or not with these options, or Discord would not let this person.
    pub fn slash(&self, channel: impl Into<Id>, words: &str, options: Value) -> Reply {
        let channel = channel.into();
        let data = self.discord.shared.look(|world| {
            let (guild, base) = (&world.guild, &world.base);
            let leaf = interact::leaf(guild, words, self.id, channel);
            let mut resolved = json!({});
            let given = options.as_object().expect("options are an object");
            let made = interact::options(guild, base, &leaf, given, &mut resolved);
            leaf.data(guild, made, &resolved)
        });
        self.interact(channel, COMMAND, data, None)
    }

    /// Chooses a file for a command; its id is the value of the option.
    pub fn chooses(&self, name: &str, bytes: &[u8]) -> String {
        self.discord.shared.change(|world| {
            let id = world.guild.next_id();
            world.guild.uploads.push(Attachment {
                id,
                filename: name.to_owned(),
                content_type: content_type(name).to_owned(),
                description: None,
                bytes: bytes.to_vec(),
            });
            id.to_string()
        })
    }

    /// Has typed this much of an option of a command, and looks at what the bot suggests.
    ///
    /// # Panics
    /// As [`Person::slash`]; when the option does not complete; when the bot does not answer.
    pub async fn autocomplete(
        &self,
        channel: impl Into<Id>,
        words: &str,
        option: &str,
        typed: &str,
    ) -> Vec<(String, Value)> {
        let channel = channel.into();
        let data = self.discord.read(|guild| {
            let leaf = interact::leaf(guild, words, self.id, channel);
            let known = leaf.options();
            let found = known.iter().find(|one| one["name"] == option);
            let found = found.unwrap_or_else(|| panic!("no option {option:?} in {words:?}"));
            assert!(found["autocomplete"] == true, "the option {option:?} does not complete");
            // What is being typed is a string whatever the type of the option.
            let value = json!({"name": option, "type": found["type"], "value": typed, "focused": true});
            leaf.data(guild, vec![value], &json!({}))
        });
        self.interact(channel, AUTOCOMPLETE, data, None).choices().await
    }

    /// Uses a command of a message's menu.
    ///
    /// # Panics
    /// When no such command is registered, or this person may not.
    pub fn context_menu(&self, name: &str, message: impl Into<Id>) -> Reply {
        let message = self.seen(message.into());
        let data = self.discord.shared.look(|world| {
            let guild = &world.guild;
            let known = guild.commands.iter().find(|command| command["type"] == 3 && command["name"] == name);
            let command = known.unwrap_or_else(|| panic!("no command {name:?} for messages is registered"));
            interact::may_use(guild, command, self.id, message.channel);
            let id = message.id.to_string();
            // What is chosen is shown to the bot whatever its intents.
            let resolved = json!({"messages": {&id: shapes::message(guild, &world.base, &message)}});
            let mut data =
                json!({"id": command["id"], "name": name, "type": 3, "target_id": id, "resolved": resolved});
            if !command["guild_id"].is_null() {
                data["guild_id"] = command["guild_id"].clone();
            }
            data
        });
        self.interact(message.channel, COMMAND, data, None)
    }

    /// Presses a button, by its label.
    ///
    /// # Panics
    /// When this person does not see the message, or it has no such button that can be pressed.
    pub fn press(&self, message: impl Into<Id>, label: &str) -> Reply {
        let message = self.seen(message.into());
        let found =
            interact::components(&message).find(|one| one["type"] == 2 && interact::label(one) == label);
        let button =
            found.unwrap_or_else(|| panic!("no button [{label}] in\n{}", self.discord.draw(&message)));
        assert!(
            button["disabled"] != true,
            "the button [{label}] is disabled in\n{}",
            self.discord.draw(&message)
        );
        assert!(button["url"].is_null(), "the button [{label}] is a link");
        let data = json!({"custom_id": button["custom_id"], "component_type": 2, "id": 1});
        self.interact(message.channel, COMPONENT, data, Some(message.id))
    }

    /// Chooses in a select: named by placeholder or custom id; the choice by value or label, people by name.
    ///
    /// # Panics
    /// When this person does not see the message, or it has no such select or choice.
    pub fn choose(&self, message: impl Into<Id>, select: &str, value: &str) -> Reply {
        let message = self.seen(message.into());
        let found = interact::components(&message).find(|one| interact::is_select(one, select));
        let found =
            found.unwrap_or_else(|| panic!("no select {{{select}}} in\n{}", self.discord.draw(&message)));
        assert!(found["disabled"] != true, "the select {{{select}}} is disabled");
        let mut data = json!({"custom_id": found["custom_id"], "component_type": found["type"], "id": 1});
        if found["type"] == 5 {
            let (id, user, member) = self.discord.read(|guild| {
                let member = guild.members.values().find(|m| m.name == value || m.id.to_string() == value);
                let member = member.unwrap_or_else(|| panic!("nobody is called {value:?}"));
                (member.id.to_string(), shapes::user(member), shapes::member_alone(member))
            });
            data["resolved"] = json!({"users": {&id: user}, "members": {&id: member}});
            data["values"] = json!([id]);
        } else {
            let options = found["options"].as_array().cloned().unwrap_or_default();
            let same = |option: &&Value| option["value"] == value || option["label"] == value;
            let option = options.iter().find(same);
            let option = option.unwrap_or_else(|| panic!("no choice {value:?} in {{{select}}}: {options:?}"));
            data["values"] = json!([option["value"]]);
        }
        self.interact(message.channel, COMPONENT, data, Some(message.id))
    }

    /// Writes in a channel, a thread or a DM.
    ///
    /// # Panics
    /// When this person may not.
    pub fn says(&self, channel: impl Into<Id>, text: &str) -> Message {
        self.writes(channel.into(), text, &[], None)
    }

    /// Writes, with files: name and content.
    ///
    /// # Panics
    /// As [`Person::says`].
    pub fn sends(&self, channel: impl Into<Id>, text: &str, files: &[(&str, &[u8])]) -> Message {
        self.writes(channel.into(), text, files, None)
    }

    /// Answers a message.
    ///
    /// # Panics
    /// As [`Person::says`].
    pub fn replies(&self, message: impl Into<Id>, text: &str) -> Message {
        let message = self.seen(message.into());
        self.writes(message.channel, text, &[], Some(message.id))
    }

    /// Changes what they wrote.
    ///
    /// # Panics
    /// When they did not write it.
    pub fn edits(&self, message: impl Into<Id>, text: &str) {
        let message = self.seen(message.into());
        assert_eq!(message.author, self.id, "nobody edits what others wrote");
        self.discord.shared.change(|world| {
            let now = world.guild.now();
            if let Some(there) = world.guild.messages.get_mut(&message.id) {
                there.content = text.to_owned();
                there.edited = Some(now);
                there.edits += 1;
            }
            world.tell_message("MESSAGE_UPDATE", message.id);
        });
    }

    /// The channel of this person and the bot; opened if need be.
    pub fn dm(&self) -> Id {
        self.discord.shared.change(|world| {
            let known = world.guild.channels.values().find(|channel| channel.recipient == Some(self.id));
            if let Some(known) = known {
                return known.id;
            }
            let id = world.guild.next_id();
            world.add_channel(id, DM, "", None).recipient = Some(self.id);
            id
        })
    }

    /// Leaves the server.
    pub fn leaves(&self) {
        self.discord.shared.change(|world| {
            if let Some(member) = world.guild.members.get_mut(&self.id) {
                member.gone = true;
            }
            world.tell_member("GUILD_MEMBER_REMOVE", self.id);
        });
    }

    /// Has these roles from now on.
    pub fn has_roles(&self, roles: &[Id]) {
        self.discord.shared.change(|world| {
            if let Some(member) = world.guild.members.get_mut(&self.id) {
                member.roles = roles.to_vec();
            }
            world.tell_member("GUILD_MEMBER_UPDATE", self.id);
        });
    }

    /// Takes no direct messages of the bot any more.
    pub fn closes_dms(&self) {
        self.discord.shared.change(|world| {
            if let Some(member) = world.guild.members.get_mut(&self.id) {
                member.closed_dms = true;
            }
        });
    }

    /// Sends an interaction as it is.
    pub(super) fn interact(&self, channel: Id, kind: u8, data: Value, message: Option<Id>) -> Reply {
        let interaction =
            self.discord.shared.change(|world| interact::send(world, self.id, channel, kind, data, message));
        Reply { discord: self.discord.clone(), person: self.clone(), interaction }
    }

    /// A message that this person sees.
    fn seen(&self, id: Id) -> Message {
        self.discord.read(|guild| {
            let message = guild.messages.get(&id).unwrap_or_else(|| panic!("there is no message {id}"));
            let asked = message.interaction.and_then(|id| guild.interaction(id)).map(|one| one.user);
            assert!(!message.is_ephemeral() || asked == Some(self.id), "this message is for somebody else");
            message.clone()
        })
    }

    fn writes(&self, channel: Id, text: &str, files: &[(&str, &[u8])], answered: Option<Id>) -> Message {
        assert!(text.chars().count() <= 2000, "nobody can write more than 2000 characters");
        self.discord.shared.change(|world| {
            self.may_write(world, channel);
            let mut message = Draft::said(channel, self.id).begin(&mut world.guild);
            message.content = text.to_owned();
            for (name, bytes) in files {
                message.attachments.push(Attachment {
                    id: world.guild.next_id(),
                    filename: (*name).to_owned(),
                    content_type: content_type(name).to_owned(),
                    description: None,
                    bytes: bytes.to_vec(),
                });
            }
            if text.contains(&format!("<@{}>", world.guild.bot)) {
                message.mentions.push(world.guild.bot);
            }
            if let Some(answered) = answered {
                message.kind = 19;
                message.reply_to = Some(answered);
                // An answer rings who is answered.
                message.mentions.push(world.guild.messages[&answered].author);
            }
            let id = post(world, message);
            world.guild.messages[&id].clone()
        })
    }

    /// An archived thread wakes up; a locked one is closed to people.
    fn may_write(&self, world: &mut World, channel: Id) {
        let Some(here) = world.guild.channels.get(&channel) else { panic!("there is no channel {channel}") };
        let may = permissions::of(&world.guild, self.id, here);
        let write =
            if here.is_thread() { permissions::SEND_MESSAGES_IN_THREADS } else { permissions::SEND_MESSAGES };
        assert!(may & write != 0, "this person may not write in #{}", here.name);
        if let Some(thread) = &here.thread {
            let moderates = may & permissions::MANAGE_THREADS != 0;
            assert!(!thread.locked || moderates, "#{} is locked", here.name);
            if thread.archived {
                super::wake(world, channel);
            }
        }
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("pdf") => "application/pdf",
        Some("txt" | "log") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
