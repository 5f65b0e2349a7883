//! Channels: read, made, changed, taken away; DMs opened.

use super::{Answer, allowed, threads};
use crate::support::discord::error::{ApiError, Problems};
use crate::support::discord::guild::{Channel, DM, FORUM, Id, Overwrite, TEXT, Tag};
use crate::support::discord::http::Call;
use crate::support::discord::limits::snowflake;
use crate::support::discord::permissions::{MANAGE_CHANNELS, MANAGE_ROLES, MANAGE_THREADS};
use crate::support::discord::shapes;
use crate::support::discord::world::{Change, World};
use serde_json::Value;

/// GET /channels/{c}.
pub fn get(world: &World, channel: Id) -> Answer {
    let here = allowed(world, channel, 0)?;
    Ok((200, shapes::channel(&world.guild, &here)))
}

/// PATCH /channels/{c}: a thread, a text channel or a forum.
pub fn change(world: &mut World, call: &Call, channel: Id) -> Answer {
    let here = allowed(world, channel, 0)?;
    if here.is_thread() {
        return threads::change(world, call, &here);
    }
    if here.is_dm() {
        return Err(ApiError::code(50003));
    }
    allowed(world, channel, MANAGE_CHANNELS)?;
    if call.body.get("permission_overwrites").is_some() {
        allowed(world, channel, MANAGE_ROLES)?;
    }
    form(&call.body, here.kind, false)?;
    let mut changed = here;
    lay_over(world, &mut changed, &call.body);
    world.guild.channels.insert(channel, changed.clone());
    world.tell_channel(Change::Changed, &changed);
    Ok((200, shapes::channel(&world.guild, &changed)))
}

/// POST /guilds/{g}/channels.
pub fn create(world: &mut World, call: &Call) -> Answer {
    let bot = &world.guild.members[&world.guild.bot];
    let bits =
        world.guild.roles.iter().filter(|role| role.id == world.guild.id || bot.roles.contains(&role.id));
    if bits.fold(0, |bits, role| bits | role.permissions) & MANAGE_CHANNELS == 0 {
        return Err(ApiError::code(50013));
    }
    let kind = match call.body["type"].as_u64().unwrap_or(0) {
        0 => TEXT,
        15 => FORUM,
        _ => return Err(ApiError::form("type", "BASE_TYPE_CHOICES", "Value must be one of {0, 15}.")),
    };
    form(&call.body, kind, true)?;
    let id = world.guild.next_id();
    let mut made = world.add_channel(id, kind, "", None).clone();
    lay_over(world, &mut made, &call.body);
    world.guild.channels.insert(id, made.clone());
    world.tell_channel(Change::Made, &made);
    Ok((201, shapes::channel(&world.guild, &made)))
}

fn form(body: &Value, kind: u8, whole: bool) -> Result<(), ApiError> {
    let mut problems = Problems::default();
    if whole || body.get("name").is_some() {
        problems.text("name", &body["name"], 1, 100);
    }
    problems.text("topic", &body["topic"], 0, if kind == FORUM { 4096 } else { 1024 });
    problems.number("rate_limit_per_user", &body["rate_limit_per_user"], 0, 21600);
    for (index, tag) in problems.list("available_tags", &body["available_tags"], 0, 20).iter().enumerate() {
        problems.text(format!("available_tags.{index}.name"), &tag["name"], 1, 20);
    }
    problems.finish()
}

fn lay_over(world: &mut World, channel: &mut Channel, body: &Value) {
    if let Some(name) = body["name"].as_str() {
        channel.name = name.trim().to_owned();
    }
    if let Some(topic) = body.get("topic") {
        channel.topic = topic.as_str().map(ToOwned::to_owned);
    }
    channel.flags = body["flags"].as_u64().unwrap_or(channel.flags);
    channel.rate_limit_per_user = body["rate_limit_per_user"].as_u64().unwrap_or(channel.rate_limit_per_user);
    if let Some(tags) = body["available_tags"].as_array() {
        let mut read = Vec::new();
        for tag in tags {
            read.push(Tag {
                id: snowflake(&tag["id"]).unwrap_or_else(|| world.guild.next_id()),
                name: tag["name"].as_str().unwrap_or_default().to_owned(),
                moderated: tag["moderated"] == true,
                emoji: tag["emoji_name"].as_str().map(ToOwned::to_owned),
            });
        }
        channel.available_tags = read;
    }
    if let Some(rules) = body["permission_overwrites"].as_array() {
        let bits = |value: &Value| snowflake(value).unwrap_or(0);
        let read = rules.iter().map(|rule| Overwrite {
            id: bits(&rule["id"]),
            is_member: bits(&rule["type"]) == 1,
            allow: bits(&rule["allow"]),
            deny: bits(&rule["deny"]),
        });
        channel.overwrites = read.collect();
    }
}

/// DELETE /channels/{c}.
pub fn delete(world: &mut World, channel: Id) -> Answer {
    let here = allowed(world, channel, 0)?;
    if !here.is_dm() {
        allowed(world, channel, if here.is_thread() { MANAGE_THREADS } else { MANAGE_CHANNELS })?;
        world.delete_channel(channel);
    }
    Ok((200, shapes::channel(&world.guild, &here)))
}

/// POST /users/@me/channels.
pub fn open_dm(world: &mut World, call: &Call) -> Answer {
    let Some(who) = snowflake(&call.body["recipient_id"]) else {
        return Err(ApiError::form("recipient_id", "BASE_TYPE_REQUIRED", "This field is required"));
    };
    if !world.guild.members.contains_key(&who) || who == world.guild.bot {
        return Err(ApiError::code(if who == world.guild.bot { 50007 } else { 10013 }));
    }
    let known = world.guild.channels.values().find(|channel| channel.recipient == Some(who)).cloned();
    let dm = match known {
        Some(dm) => dm,
        None => {
            let id = world.guild.next_id();
            world.add_channel(id, DM, "", None).recipient = Some(who);
            let dm = world.guild.channels[&id].clone();
            world.tell_channel(Change::Made, &dm);
            dm
        }
    };
    Ok((200, shapes::channel(&world.guild, &dm)))
}
