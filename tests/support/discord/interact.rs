//! Interactions made of what somebody does, held against what the bot registered and showed.

use super::gateway::Event;
use super::guild::{Guild, Id, Interaction, Message};
use super::world::World;
use super::{permissions, shapes};
use serde_json::{Map, Value, json};
use std::time::Instant;

/// Keeps an interaction and sends it to the bot; gives back its id.
///
/// # Panics
/// When this person does not see the channel.
pub fn send(world: &mut World, user: Id, channel: Id, kind: u8, data: Value, message: Option<Id>) -> Id {
    let id = world.guild.next_id();
    let token = format!("interaction-token-{id}");
    let guild = &world.guild;
    let here = guild.channels.get(&channel).unwrap_or_else(|| panic!("there is no channel {channel}"));
    let may = permissions::of(guild, user, here);
    assert!(may & permissions::VIEW_CHANNEL != 0, "this person does not see #{}", here.name);
    let mut payload = json!({
        "id": id.to_string(), "application_id": guild.application.to_string(), "type": kind, "data": data,
        "channel_id": channel.to_string(), "channel": shapes::channel_of_interaction(guild, here, user),
        "token": token, "version": 1, "locale": "fr", "entitlements": [],
        "app_permissions": shapes::bits(permissions::of(guild, guild.bot, here)),
        "attachment_size_limit": super::limits::FILE,
    });
    if here.is_dm() {
        payload["user"] = shapes::user_of(guild, user);
        payload["context"] = json!(1);
        payload["authorizing_integration_owners"] = json!({"0": "0"});
    } else {
        let mut member = shapes::member(&guild.members[&user]);
        member["permissions"] = json!(shapes::bits(may));
        payload["member"] = member;
        payload["guild_id"] = json!(guild.id.to_string());
        payload["guild"] = json!({"id": guild.id.to_string(), "locale": "fr", "features": ["COMMUNITY"]});
        payload["guild_locale"] = json!("fr");
        payload["context"] = json!(0);
        payload["authorizing_integration_owners"] = json!({"0": guild.id.to_string()});
    }
    if let Some(message) = message.and_then(|id| guild.messages.get(&id)) {
        payload["message"] = shapes::message(guild, &world.base, message);
    }
    let sent = world.guild.now();
    world.guild.interactions.push(Interaction {
        id,
        token,
        kind,
        user,
        channel,
        message,
        payload,
        sent,
        instant: Instant::now(),
        first: None,
        followups: Vec::new(),
    });
    resend(world, id);
    id
}

/// Sends a known interaction (again).
pub fn resend(world: &mut World, id: Id) {
    let data = world.guild.interaction(id).map(|one| one.payload.clone()).expect("it is never forgotten");
    world.sessions.send(&Event { name: "INTERACTION_CREATE", data, intent: 0, private: false });
}

/// A registered command that ends with these words: its top, and the way down to the leaf with the options.
pub struct Leaf {
    /// The command.
    pub command: Value,
    /// Groups and subcommands below it, each as registered.
    pub below: Vec<Value>,
}

impl Leaf {
    /// The options that the leaf takes.
    pub fn options(&self) -> Vec<Value> {
        let leaf = self.below.last().unwrap_or(&self.command);
        leaf["options"].as_array().cloned().unwrap_or_default()
    }

    /// The data of an interaction with these options.
    pub fn data(&self, guild: &Guild, options: Vec<Value>, resolved: &Value) -> Value {
        let mut options = Value::from(options);
        for step in self.below.iter().rev() {
            options = json!([{"name": step["name"], "type": step["type"], "options": options}]);
        }
        let mut data = json!({"id": self.command["id"], "name": self.command["name"],
                              "type": self.command["type"], "options": options});
        if !self.command["guild_id"].is_null() {
            data["guild_id"] = json!(guild.id.to_string());
        }
        if resolved.as_object().is_some_and(|resolved| !resolved.is_empty()) {
            data["resolved"] = resolved.clone();
        }
        data
    }
}

/// Finds the command by its last words (`status`, `ticket status`), as registered.
///
/// # Panics
/// When there is none, or more than one, with all there are; or when this person may not use it.
pub fn leaf(guild: &Guild, words: &str, user: Id, channel: Id) -> Leaf {
    let mut all = Vec::new();
    for command in guild.commands.iter().filter(|command| command["type"] == 1) {
        walk(command, command, &mut Vec::new(), &mut all);
    }
    let name = |leaf: &Leaf| {
        let mut name = leaf.command["name"].as_str().unwrap_or_default().to_owned();
        for step in &leaf.below {
            name = format!("{name} {}", step["name"].as_str().unwrap_or_default());
        }
        name
    };
    let known: Vec<String> = all.iter().map(name).collect();
    let wanted = words.trim_start_matches('/');
    let fits = |leaf: &Leaf| name(leaf) == wanted || name(leaf).ends_with(&format!(" {wanted}"));
    let mut found: Vec<Leaf> = all.into_iter().filter(fits).collect();
    assert_eq!(found.len(), 1, "{} commands end with {wanted:?}; registered are {known:?}", found.len());
    let leaf = found.remove(0);
    may_use(guild, &leaf.command, user, channel);
    leaf
}

/// The members of `options` of a command, down to the leaves.
fn walk(command: &Value, at: &Value, below: &mut Vec<Value>, all: &mut Vec<Leaf>) {
    let options = at["options"].as_array().map_or(&[][..], Vec::as_slice);
    let inner: Vec<&Value> =
        options.iter().filter(|one| matches!(one["type"].as_u64(), Some(1 | 2))).collect();
    if inner.is_empty() {
        all.push(Leaf { command: command.clone(), below: below.clone() });
    }
    for option in inner {
        below.push(option.clone());
        walk(command, option, below, all);
        below.pop();
    }
}

/// # Panics
/// When Discord would not show this command to this person here.
pub fn may_use(guild: &Guild, command: &Value, user: Id, channel: Id) {
    let here = guild.channels.get(&channel).unwrap_or_else(|| panic!("there is no channel {channel}"));
    let may = permissions::of(guild, user, here);
    let name = &command["name"];
    assert!(may & permissions::USE_APPLICATION_COMMANDS != 0, "this person may not use commands here");
    let wanted = command["default_member_permissions"].as_str().and_then(|bits| bits.parse::<u64>().ok());
    // "0" hides a command from all but administrators.
    let hidden = wanted.is_some_and(|bits| if bits == 0 { may != u64::MAX } else { may & bits != bits });
    assert!(
        here.is_dm() || !hidden,
        "this person does not see the command {name}: default_member_permissions"
    );
}

/// The options of an interaction from names and values, held against what is registered.
///
/// # Panics
/// When an option is not registered, a required one is missing, or a value does not fit.
pub fn options(
    guild: &Guild,
    base: &str,
    leaf: &Leaf,
    given: &Map<String, Value>,
    resolved: &mut Value,
) -> Vec<Value> {
    let known = leaf.options();
    let names: Vec<&str> = known.iter().filter_map(|option| option["name"].as_str()).collect();
    for name in given.keys() {
        assert!(names.contains(&name.as_str()), "no option {name:?}; registered are {names:?}");
    }
    let mut made = Vec::new();
    for option in &known {
        let name = option["name"].as_str().unwrap_or_default();
        match given.get(name) {
            Some(value) => {
                let value = fitted(guild, base, option, value, resolved);
                made.push(json!({"name": name, "type": option["type"], "value": value}));
            }
            None => assert!(option["required"] != true, "the option {name:?} is required"),
        }
    }
    made
}

/// A value in the type that was registered.
fn fitted(guild: &Guild, base: &str, option: &Value, value: &Value, resolved: &mut Value) -> Value {
    let name = &option["name"];
    let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    if let Some(choices) = option["choices"].as_array().filter(|choices| !choices.is_empty()) {
        let same = |choice: &&Value| choice["value"] == *value || choice["name"] == *value;
        let chosen = choices.iter().find(same);
        return chosen.unwrap_or_else(|| panic!("{value} is no choice of {name}: {choices:?}"))["value"]
            .clone();
    }
    match option["type"].as_u64() {
        Some(3) => {
            let length = text.chars().count() as u64;
            let (least, most) = (&option["min_length"], &option["max_length"]);
            assert!(
                length >= least.as_u64().unwrap_or(0) && length <= most.as_u64().unwrap_or(6000),
                "{length} characters in {name}"
            );
            json!(text)
        }
        Some(4) => {
            let number: i64 =
                text.parse().unwrap_or_else(|_| panic!("{name} takes whole numbers, not {value}"));
            let (least, most) = (option["min_value"].as_i64(), option["max_value"].as_i64());
            assert!(least.is_none_or(|least| number >= least), "{number} is too small for {name}");
            assert!(most.is_none_or(|most| number <= most), "{number} is too large for {name}");
            json!(number)
        }
        Some(5) => {
            json!(value.as_bool().unwrap_or_else(|| panic!("{name} takes true or false, not {value}")))
        }
        Some(6) => {
            let member = guild.members.values().find(|m| m.name == text || m.id.to_string() == text);
            let member = member.unwrap_or_else(|| panic!("nobody is called {value}"));
            let id = member.id.to_string();
            resolved["users"][&id] = shapes::user(member);
            resolved["members"][&id] = shapes::member_alone(member);
            json!(id)
        }
        Some(7) => {
            let here = guild.channels.values().find(|c| c.name == text || c.id.to_string() == text);
            let here = here.unwrap_or_else(|| panic!("no channel is called {value}"));
            resolved["channels"][here.id.to_string()] =
                shapes::channel_of_interaction(guild, here, guild.bot);
            json!(here.id.to_string())
        }
        Some(8) => {
            let at = guild.roles.iter().position(|role| role.name == text || role.id.to_string() == text);
            let at = at.unwrap_or_else(|| panic!("no role is called {value}"));
            resolved["roles"][guild.roles[at].id.to_string()] = shapes::role(&guild.roles[at], at);
            json!(guild.roles[at].id.to_string())
        }
        Some(10) => {
            json!(text.parse::<f64>().unwrap_or_else(|_| panic!("{name} takes numbers, not {value}")))
        }
        Some(11) => {
            let file = guild.uploads.iter().find(|file| file.id.to_string() == text);
            let file = file.unwrap_or_else(|| panic!("no file was chosen as {value}"));
            resolved["attachments"][&text] = shapes::upload(base, file);
            json!(text)
        }
        kind => panic!("options of type {kind:?} are not modelled"),
    }
}

/// All components of a message.
pub fn components(message: &Message) -> impl Iterator<Item = Value> + '_ {
    message.components.iter().flat_map(|row| row["components"].as_array().cloned().unwrap_or_default())
}

/// What a button says, without its emoji.
pub fn label(button: &Value) -> &str {
    button["label"].as_str().or(button["emoji"]["name"].as_str()).unwrap_or_default()
}

/// Whether it is a select with this placeholder or custom id.
pub fn is_select(one: &Value, name: &str) -> bool {
    one["type"] != 2 && (one["placeholder"] == name || one["custom_id"] == name)
}
