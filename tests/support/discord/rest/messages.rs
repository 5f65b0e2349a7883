//! Messages of channels: read, write, change, take away, react to.

use super::payload::{self, is_empty, judge, lay_over};
use super::{Answer, allowed, may, threads};
use crate::support::discord::error::ApiError;
use crate::support::discord::gateway::intents;
use crate::support::discord::guild::{Channel, FORUM, Guild, Id, Message};
use crate::support::discord::http::Call;
use crate::support::discord::limits::{self, Files, snowflake};
use crate::support::discord::permissions::{
    ADD_REACTIONS, ATTACH_FILES, EMBED_LINKS, MANAGE_MESSAGES, MENTION_EVERYONE, READ_MESSAGE_HISTORY,
    SEND_MESSAGES, SEND_MESSAGES_IN_THREADS,
};
use crate::support::discord::world::World;
use chrono::TimeDelta;
use serde_json::{Value, json};

/// What a message begins as; the rest comes from a payload.
pub struct Draft {
    /// Its id; the next one if there is none.
    pub id: Option<Id>,
    /// Where.
    pub channel: Id,
    /// By whom.
    pub author: Id,
    /// Its type.
    pub kind: u8,
    /// Its flags.
    pub flags: u64,
    /// The interaction that it answers.
    pub interaction: Option<Id>,
}

impl Draft {
    /// Something said in a channel.
    pub fn said(channel: Id, author: Id) -> Draft {
        Draft { id: None, channel, author, kind: 0, flags: 0, interaction: None }
    }

    /// A message with nothing in it.
    pub fn begin(self, guild: &mut Guild) -> Message {
        Message {
            id: self.id.unwrap_or_else(|| guild.next_id()),
            channel: self.channel,
            author: self.author,
            kind: self.kind,
            content: String::new(),
            embeds: Vec::new(),
            components: Vec::new(),
            attachments: Vec::new(),
            nonce: None,
            flags: self.flags,
            reply_to: None,
            created: guild.now(),
            edited: None,
            mentions: Vec::new(),
            mention_roles: Vec::new(),
            mention_everyone: false,
            reactions: Vec::new(),
            pinned: false,
            interaction: self.interaction,
            edits: 0,
        }
    }
}

/// Keeps a message and tells of it.
pub fn post(world: &mut World, message: Message) -> Id {
    let (id, channel) = (message.id, message.channel);
    let author = message.author;
    world.guild.messages.insert(id, message);
    // Who writes in a thread takes part in it.
    if let Some(thread) = world.guild.channels.get_mut(&channel).and_then(|here| here.thread.as_mut()) {
        thread.members.insert(author);
    }
    world.tell_message("MESSAGE_CREATE", id);
    id
}

/// GET /channels/{c}/messages, newest first.
pub fn list(world: &World, call: &Call, channel: Id) -> Answer {
    let here = allowed(world, channel, 0)?;
    let number = |name: &str| call.query.get(name).map(|text| super::id(text, name)).transpose();
    let limit = number("limit")?.unwrap_or(50);
    if !(1..=100).contains(&limit) {
        let told = "int value should be between 1 and 100.";
        return Err(ApiError::form("limit", "NUMBER_TYPE_MAX", told));
    }
    let limit = usize::try_from(limit).unwrap_or(100);
    if here.kind == FORUM {
        return Err(ApiError::code(50008));
    }
    // Without this permission there is no error, and nothing to read.
    if may(world, &here) & READ_MESSAGE_HISTORY == 0 {
        return Ok((200, json!([])));
    }
    let all: Vec<&Message> =
        world.guild.messages.values().filter(|m| m.channel == channel && !m.is_ephemeral()).collect();
    let (before, after, around) = (number("before")?, number("after")?, number("around")?);
    let mut chosen: Vec<&Message> = match (before, after, around) {
        (_, _, Some(middle)) => {
            let newest_first = all.iter().rev().filter(|m| m.id <= middle).take(limit / 2 + 1);
            let mut chosen: Vec<&Message> = newest_first.copied().collect();
            chosen.reverse();
            let rest = limit.saturating_sub(chosen.len());
            chosen.extend(all.iter().filter(|m| m.id > middle).take(rest));
            chosen
        }
        // The oldest of those after it, and the newest of those before it.
        (_, Some(after), _) => all.iter().filter(|m| m.id > after).take(limit).copied().collect(),
        (before, None, None) => {
            let before = before.unwrap_or(u64::MAX);
            let mut chosen: Vec<&Message> =
                all.iter().rev().filter(|m| m.id < before).take(limit).copied().collect();
            chosen.reverse();
            chosen
        }
    };
    chosen.reverse();
    Ok((200, chosen.into_iter().map(|message| world.message(message)).collect()))
}

/// The message, if it stands in this channel for everybody.
fn there(world: &World, channel: Id, message: Id) -> Result<Message, ApiError> {
    let found = world.guild.messages.get(&message);
    let found = found.filter(|found| found.channel == channel && !found.is_ephemeral());
    found.cloned().ok_or_else(|| ApiError::code(10008))
}

/// GET one.
pub fn get(world: &World, channel: Id, message: Id) -> Answer {
    allowed(world, channel, READ_MESSAGE_HISTORY)?;
    Ok((200, world.message(&there(world, channel, message)?)))
}

/// POST /channels/{c}/messages.
pub fn create(world: &mut World, call: &Call, channel: Id) -> Answer {
    let here = allowed(world, channel, 0)?;
    if here.kind == FORUM {
        return Err(ApiError::code(50008));
    }
    if here.is_dm()
        && here.recipient.and_then(|who| world.guild.members.get(&who)).is_none_or(|m| m.closed_dms || m.gone)
    {
        return Err(ApiError::code(50007));
    }
    let write = if here.is_thread() { SEND_MESSAGES_IN_THREADS } else { SEND_MESSAGES };
    allowed(world, channel, write)?;
    let message = compose(world, call, &call.body, &call.files, Draft::said(channel, world.guild.bot), "")?;
    if message.nonce.is_none() {
        world.violation(format!("{}: a message without nonce", call.named()));
    }
    if let Some(earlier) = earlier(world, &call.body, channel) {
        return Ok((200, world.message(&earlier)));
    }
    threads::wake(world, channel)?;
    let id = post(world, message);
    Ok((200, world.message(&world.guild.messages[&id])))
}

/// With `enforce_nonce`, the message that was sent with this nonce in the last minutes.
fn earlier(world: &World, payload: &Value, channel: Id) -> Option<Message> {
    if payload["enforce_nonce"] != true || payload["nonce"].is_null() {
        return None;
    }
    let since = world.guild.now() - TimeDelta::minutes(5);
    let same = |message: &&Message| {
        message.author == world.guild.bot
            && message.channel == channel
            && message.nonce.as_ref().is_some_and(|nonce| same_nonce(nonce, &payload["nonce"]))
            && message.created >= since
    };
    world.guild.messages.values().find(same).cloned()
}

fn same_nonce(one: &Value, other: &Value) -> bool {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    text(one) == text(other)
}

/// A message of the bot from a payload, held against the limits. `at` names its place in the form.
pub fn compose(
    world: &mut World,
    call: &Call,
    payload: &Value,
    files: &Files,
    draft: Draft,
    at: &str,
) -> Result<Message, ApiError> {
    limits::message(payload, files, at)?;
    judge(world, call, payload);
    let here = world.guild.channels.get(&draft.channel).cloned();
    // What answers an interaction may carry embeds and files wherever commands may be used.
    let bits = match &here {
        Some(here) if draft.interaction.is_none() => may(world, here),
        _ => EMBED_LINKS | ATTACH_FILES,
    };
    if !files.is_empty() && bits & ATTACH_FILES == 0 {
        return Err(ApiError::code(50013));
    }
    let mut message = draft.begin(&mut world.guild);
    lay_over(world, &mut message, payload, files, bits & EMBED_LINKS != 0);
    message.flags |= payload["flags"].as_u64().unwrap_or(0) & (1 << 2 | 1 << 12);
    message.nonce = payload.get("nonce").filter(|nonce| !nonce.is_null()).cloned();
    payload::mentions(&mut message, &payload["allowed_mentions"], bits & MENTION_EVERYONE != 0);
    if is_empty(&message) {
        // A message of embeds only, where embeds are dropped, has nothing left.
        let dropped = !payload::list(&payload["embeds"]).is_empty();
        return Err(ApiError::code(if dropped { 50013 } else { 50006 }));
    }
    if let Some(answered) = snowflake(&payload["message_reference"]["message_id"]) {
        let known = there(world, message.channel, answered).is_ok();
        if known && bits & READ_MESSAGE_HISTORY == 0 {
            return Err(ApiError::code(160_002));
        }
        if known {
            message.reply_to = Some(answered);
            message.kind = 19;
        } else if payload["message_reference"]["fail_if_not_exists"] != false {
            return Err(ApiError::form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message"));
        }
    }
    Ok(message)
}

/// Lays a payload over a message of the bot's, held against the limits. `at` names its place in the form.
pub fn rewrite(
    world: &mut World,
    call: &Call,
    id: Id,
    payload: &Value,
    files: &Files,
    at: &str,
) -> Result<(), ApiError> {
    limits::message(payload, files, at)?;
    judge(world, call, payload);
    let mut message = world.guild.messages.get(&id).cloned().ok_or_else(|| ApiError::code(10008))?;
    let kept: Vec<Id> = message.attachments.iter().map(|file| file.id).collect();
    let named = payload::list(&payload["attachments"]).iter().filter_map(|entry| snowflake(&entry["id"]));
    if named.filter(|id| !files.contains_key(id)).any(|id| !kept.contains(&id)) {
        return Err(ApiError::form(
            format!("{at}attachments"),
            "ATTACHMENT_NOT_FOUND",
            "Attachment data cannot be found",
        ));
    }
    let bits = world.guild.channels.get(&message.channel).map_or(u64::MAX, |here| may(world, here));
    let embeds = message.interaction.is_some() || bits & EMBED_LINKS != 0;
    lay_over(world, &mut message, payload, files, embeds);
    if payload.get("content").is_some() {
        payload::mentions(&mut message, &payload["allowed_mentions"], false);
    }
    if is_empty(&message) {
        return Err(ApiError::code(50006));
    }
    message.edited = Some(world.guild.now());
    message.edits += 1;
    world.guild.messages.insert(id, message);
    world.tell_message("MESSAGE_UPDATE", id);
    Ok(())
}

/// PATCH one.
pub fn edit(world: &mut World, call: &Call, channel: Id, id: Id) -> Answer {
    let here = allowed(world, channel, 0)?;
    let message = there(world, channel, id)?;
    if message.author != world.guild.bot {
        return Err(ApiError::code(50005));
    }
    if message.kind == 18 || message.kind == 21 {
        return Err(ApiError::code(50021));
    }
    not_archived(&here)?;
    rewrite(world, call, id, &call.body, &call.files, "")?;
    Ok((200, world.message(&world.guild.messages[&id])))
}

/// DELETE one.
pub fn delete(world: &mut World, channel: Id, id: Id) -> Answer {
    let here = allowed(world, channel, 0)?;
    let message = there(world, channel, id)?;
    if message.author != world.guild.bot && may(world, &here) & MANAGE_MESSAGES == 0 {
        return Err(ApiError::code(50013));
    }
    if message.kind == 21 {
        return Err(ApiError::code(50021));
    }
    not_archived(&here)?;
    world.delete_message(id);
    Ok((204, Value::Null))
}

fn not_archived(channel: &Channel) -> Result<(), ApiError> {
    let archived = channel.thread.as_ref().is_some_and(|thread| thread.archived);
    if archived { Err(ApiError::code(50083)) } else { Ok(()) }
}

/// PUT or DELETE a reaction of the bot.
pub fn react(world: &mut World, channel: Id, id: Id, emoji: &str, set: bool) -> Answer {
    let here = allowed(world, channel, READ_MESSAGE_HISTORY)?;
    let mut message = there(world, channel, id)?;
    if emoji.is_ascii() {
        return Err(ApiError::code(10014));
    }
    not_archived(&here)?;
    let bot = world.guild.bot;
    let slot = message.reactions.iter().position(|(known, _)| known == emoji);
    match (set, slot) {
        (true, Some(slot)) if message.reactions[slot].1.contains(&bot) => return Ok((204, Value::Null)),
        (true, Some(slot)) => message.reactions[slot].1.push(bot),
        (true, None) => {
            allowed(world, channel, ADD_REACTIONS)?;
            message.reactions.push((emoji.to_owned(), vec![bot]));
        }
        (false, Some(slot)) => {
            message.reactions[slot].1.retain(|who| *who != bot);
            message.reactions.retain(|(_, who)| !who.is_empty());
        }
        (false, None) => return Ok((204, Value::Null)),
    }
    world.guild.messages.insert(id, message);
    let data = json!({"user_id": bot.to_string(), "channel_id": channel.to_string(), "type": 0, "burst": false,
                      "message_id": id.to_string(), "emoji": {"id": null, "name": emoji}});
    let name = if set { "MESSAGE_REACTION_ADD" } else { "MESSAGE_REACTION_REMOVE" };
    world.tell_there(
        name,
        channel,
        data,
        intents::GUILD_MESSAGE_REACTIONS,
        intents::DIRECT_MESSAGE_REACTIONS,
    );
    Ok((204, Value::Null))
}

/// PUT or DELETE a pin.
pub fn pin(world: &mut World, channel: Id, id: Id, set: bool) -> Answer {
    allowed(world, channel, MANAGE_MESSAGES)?;
    let mut message = there(world, channel, id)?;
    message.pinned = set;
    world.guild.messages.insert(id, message);
    world.tell_message("MESSAGE_UPDATE", id);
    Ok((204, Value::Null))
}
