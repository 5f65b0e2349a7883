//! Threads below messages, threads alone, posts of forums, and who takes part.

use super::messages::{Draft, compose, post};
use super::{Answer, allowed, may};
use crate::support::discord::error::{ApiError, Problems};
use crate::support::discord::guild::{
    Channel, FORUM, HAS_THREAD, Id, PRIVATE_THREAD, PUBLIC_THREAD, TEXT, Thread,
};
use crate::support::discord::http::Call;
use crate::support::discord::limits::{self, snowflake};
use crate::support::discord::permissions::{
    CREATE_PRIVATE_THREADS, CREATE_PUBLIC_THREADS, MANAGE_THREADS, SEND_MESSAGES, SEND_MESSAGES_IN_THREADS,
};
use crate::support::discord::shapes;
use crate::support::discord::world::{Change, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// POST /channels/{c}/messages/{m}/threads.
pub fn below(world: &mut World, call: &Call, channel: Id, message: Id) -> Answer {
    let here = allowed(world, channel, CREATE_PUBLIC_THREADS)?;
    let found = world.guild.messages.get(&message);
    let found = found.filter(|found| found.channel == channel && !found.is_ephemeral());
    let kind = found.ok_or_else(|| ApiError::code(10008))?.kind;
    if here.kind != TEXT {
        return Err(ApiError::code(50024));
    }
    if matches!(kind, 18 | 21) {
        return Err(ApiError::code(50021));
    }
    form(&call.body)?;
    if world.guild.thread_of(message).is_some() {
        return Err(ApiError::code(160_004));
    }
    begin(world, message, PUBLIC_THREAD, &call.body, channel, Vec::new());
    if let Some(found) = world.guild.messages.get_mut(&message) {
        found.flags |= HAS_THREAD;
    }
    world.tell_message("MESSAGE_UPDATE", message);
    announce(world, message);
    // The first message of such a thread points at the one that it hangs below.
    let mut first = Draft::said(message, world.guild.bot);
    first.kind = 21;
    let mut first = first.begin(&mut world.guild);
    first.reply_to = Some(message);
    post(world, first);
    Ok((201, shapes::channel(&world.guild, &world.guild.channels[&message])))
}

/// POST /channels/{c}/threads: a thread without a message, or a post of a forum.
pub fn alone(world: &mut World, call: &Call, channel: Id) -> Answer {
    let here = allowed(world, channel, 0)?;
    match here.kind {
        FORUM => forum_post(world, call, &here),
        TEXT => {
            // Version 10 takes a thread without a type for a private one.
            let kind = call.body["type"].as_u64().unwrap_or(12);
            let (kind, bit) = match kind {
                11 => (PUBLIC_THREAD, CREATE_PUBLIC_THREADS),
                12 => (PRIVATE_THREAD, CREATE_PRIVATE_THREADS),
                _ => {
                    return Err(ApiError::form(
                        "type",
                        "BASE_TYPE_CHOICES",
                        "Value must be one of {11, 12}.",
                    ));
                }
            };
            allowed(world, channel, bit)?;
            form(&call.body)?;
            let id = world.guild.next_id();
            begin(world, id, kind, &call.body, channel, Vec::new());
            announce(world, id);
            if kind == PUBLIC_THREAD {
                let mut told = Draft::said(channel, world.guild.bot);
                told.kind = 18;
                let mut told = told.begin(&mut world.guild);
                told.content = world.guild.channels[&id].name.clone();
                post(world, told);
            }
            Ok((201, shapes::channel(&world.guild, &world.guild.channels[&id])))
        }
        _ => Err(ApiError::code(50024)),
    }
}

fn forum_post(world: &mut World, call: &Call, forum: &Channel) -> Answer {
    allowed(world, forum.id, SEND_MESSAGES)?;
    form(&call.body)?;
    let tags = tags(world, forum, &call.body["applied_tags"])?;
    if tags.is_empty() && forum.flags & 1 << 4 != 0 {
        return Err(ApiError::code(40067));
    }
    if !call.body["message"].is_object() {
        return Err(ApiError::form("message", "BASE_TYPE_REQUIRED", "This field is required"));
    }
    let id = world.guild.next_id();
    let mut draft = Draft::said(forum.id, world.guild.bot);
    draft.id = Some(id);
    let mut message = compose(world, call, &call.body["message"], &call.files, draft, "message.")?;
    message.channel = id;
    begin(world, id, PUBLIC_THREAD, &call.body, forum.id, tags);
    announce(world, id);
    post(world, message);
    let mut answer = shapes::channel(&world.guild, &world.guild.channels[&id]);
    answer["message"] = world.message(&world.guild.messages[&id]);
    Ok((201, answer))
}

fn form(body: &Value) -> Result<(), ApiError> {
    let mut problems = Problems::default();
    limits::thread_name(&mut problems, &body["name"]);
    limits::auto_archive(&mut problems, &body["auto_archive_duration"]);
    problems.number("rate_limit_per_user", &body["rate_limit_per_user"], 0, 21600);
    problems.finish()
}

/// The tags of a post: known to the forum, five at most, those of moderators for who may manage threads.
fn tags(world: &World, forum: &Channel, wanted: &Value) -> Result<Vec<Id>, ApiError> {
    let mut problems = Problems::default();
    let wanted = problems.list("applied_tags", wanted, 0, 5);
    problems.finish()?;
    let moderates = may(world, forum) & MANAGE_THREADS != 0;
    let known = |value: &Value| {
        let id = snowflake(value).ok_or_else(|| ApiError::code(10087))?;
        let tag = forum.available_tags.iter().find(|tag| tag.id == id);
        let tag = tag.ok_or_else(|| ApiError::code(10087))?;
        if tag.moderated && !moderates { Err(ApiError::code(50013)) } else { Ok(id) }
    };
    wanted.iter().map(known).collect()
}

fn begin(world: &mut World, id: Id, kind: u8, body: &Value, parent: Id, applied_tags: Vec<Id>) {
    let (now, bot) = (world.guild.now(), world.guild.bot);
    let name = body["name"].as_str().unwrap_or_default().trim().to_owned();
    let channel = world.add_channel(id, kind, &name, Some(parent));
    channel.rate_limit_per_user = body["rate_limit_per_user"].as_u64().unwrap_or(0);
    channel.thread = Some(Thread {
        owner: bot,
        archived: false,
        locked: false,
        auto_archive: body["auto_archive_duration"].as_u64().unwrap_or(4320),
        created: now,
        archive_changed: now,
        applied_tags,
        members: BTreeSet::from([bot]),
    });
}

fn announce(world: &mut World, id: Id) {
    let thread = world.guild.channels[&id].clone();
    world.tell_channel(Change::Made, &thread);
}

/// Somebody writes: an archived thread wakes up, a locked one only for who may manage threads.
///
/// # Errors
/// 50083 where it is archived, 160005 where it is only locked.
pub fn wake(world: &mut World, channel: Id) -> Result<(), ApiError> {
    let Some(here) = world.guild.channels.get(&channel).cloned() else { return Ok(()) };
    let Some(thread) = &here.thread else { return Ok(()) };
    if thread.locked && may(world, &here) & MANAGE_THREADS == 0 {
        return Err(ApiError::code(if thread.archived { 50083 } else { 160_005 }));
    }
    if thread.archived {
        set_archived(world, channel, false);
        let here = world.guild.channels[&channel].clone();
        world.tell_channel(Change::Changed, &here);
    }
    Ok(())
}

fn set_archived(world: &mut World, channel: Id, archived: bool) {
    let now = world.guild.now();
    if let Some(thread) = world.guild.channels.get_mut(&channel).and_then(|here| here.thread.as_mut()) {
        thread.archived = archived;
        thread.archive_changed = now;
    }
}

/// PATCH /channels/{thread}.
pub fn change(world: &mut World, call: &Call, here: &Channel) -> Answer {
    let body = &call.body;
    let Some(thread) = &here.thread else { return Err(ApiError::code(50024)) };
    let moderates = may(world, here) & MANAGE_THREADS != 0;
    let owns = thread.owner == world.guild.bot && !thread.locked;
    let keys: Vec<&String> = body.as_object().into_iter().flat_map(|body| body.keys()).collect();
    // Anybody who may write there may wake it; its owner may change what is not the moderators'.
    let wakes = body["archived"] == false && keys.len() == 1 && !thread.locked;
    let writes = may(world, here) & SEND_MESSAGES_IN_THREADS != 0;
    let owners = |key: &&String| {
        matches!(key.as_str(), "name" | "archived" | "auto_archive_duration" | "applied_tags" | "invitable")
    };
    let may_change = moderates || (owns && keys.iter().all(owners)) || (wakes && writes);
    if !may_change {
        return Err(ApiError::code(50013));
    }
    let asleep = thread.archived && body["archived"] != false;
    if asleep && keys.iter().any(|key| !matches!(key.as_str(), "archived" | "locked")) {
        return Err(ApiError::code(50083));
    }
    let mut problems = Problems::default();
    if body.get("name").is_some() {
        limits::thread_name(&mut problems, &body["name"]);
    }
    limits::auto_archive(&mut problems, &body["auto_archive_duration"]);
    problems.number("rate_limit_per_user", &body["rate_limit_per_user"], 0, 21600);
    for key in ["archived", "locked", "invitable"] {
        if !body[key].is_null() && !body[key].is_boolean() {
            problems.kind(key, "a boolean");
        }
    }
    problems.finish()?;
    let parent = here.parent.and_then(|parent| world.guild.channels.get(&parent)).cloned();
    let applied = match (&body["applied_tags"], parent) {
        (Value::Null, _) => None,
        (wanted, Some(forum)) if forum.kind == FORUM => Some(tags(world, &forum, wanted)?),
        _ => return Err(ApiError::code(50024)),
    };
    if body["archived"].is_boolean() && body["archived"] != thread.archived {
        set_archived(world, here.id, !thread.archived);
    }
    let channel = world.guild.channels.get_mut(&here.id).ok_or_else(|| ApiError::code(10003))?;
    if let Some(name) = body["name"].as_str() {
        channel.name = name.trim().to_owned();
    }
    channel.flags = body["flags"].as_u64().unwrap_or(channel.flags);
    channel.rate_limit_per_user = body["rate_limit_per_user"].as_u64().unwrap_or(channel.rate_limit_per_user);
    if let Some(thread) = &mut channel.thread {
        thread.locked = body["locked"].as_bool().unwrap_or(thread.locked);
        thread.auto_archive = body["auto_archive_duration"].as_u64().unwrap_or(thread.auto_archive);
        thread.applied_tags = applied.unwrap_or_else(|| thread.applied_tags.clone());
    }
    let changed = channel.clone();
    world.tell_channel(Change::Changed, &changed);
    Ok((200, shapes::channel(&world.guild, &changed)))
}

/// GET /guilds/{g}/threads/active.
pub fn active(world: &World) -> Value {
    let seen = |channel: &&Channel| {
        channel.thread.as_ref().is_some_and(|thread| !thread.archived) && world.bot_sees(channel)
    };
    let found: Vec<&Channel> = world.guild.channels.values().filter(seen).collect();
    listed(world, &found)
}

/// GET /channels/{c}/threads/archived/public, the last archived first.
pub fn archived(world: &World, channel: Id) -> Answer {
    allowed(world, channel, crate::support::discord::permissions::READ_MESSAGE_HISTORY)?;
    let asleep = |channel: &&Channel| channel.thread.as_ref().is_some_and(|thread| thread.archived);
    let mut found: Vec<&Channel> = world.guild.threads(channel).into_iter().filter(asleep).collect();
    found.sort_by_key(|channel| {
        channel.thread.as_ref().map(|thread| std::cmp::Reverse(thread.archive_changed))
    });
    let mut answer = listed(world, &found);
    answer["has_more"] = json!(false);
    Ok((200, answer))
}

fn listed(world: &World, found: &[&Channel]) -> Value {
    let bot = world.guild.bot;
    let takes_part =
        |thread: &&&Channel| thread.thread.as_ref().is_some_and(|thread| thread.members.contains(&bot));
    let members = found.iter().filter(takes_part).map(|t| shapes::thread_member(&world.guild, t.id, bot));
    let members: Vec<Value> = members.collect();
    let threads: Vec<Value> = found.iter().map(|thread| shapes::channel(&world.guild, thread)).collect();
    json!({"threads": threads, "members": members})
}

/// PUT or DELETE /channels/{thread}/thread-members/{user}.
pub fn member(world: &mut World, channel: Id, who: Id, joins: bool) -> Answer {
    let here = allowed(world, channel, 0)?;
    let Some(thread) = &here.thread else { return Err(ApiError::code(50024)) };
    if thread.archived {
        return Err(ApiError::code(50083));
    }
    if world.guild.members.get(&who).is_none_or(|member| member.gone) {
        return Err(ApiError::code(10007));
    }
    if joins && who != world.guild.bot {
        allowed(world, channel, SEND_MESSAGES_IN_THREADS)?;
    }
    if !joins && who != world.guild.bot && may(world, &here) & MANAGE_THREADS == 0 {
        return Err(ApiError::code(50013));
    }
    if let Some(thread) = world.guild.channels.get_mut(&channel).and_then(|here| here.thread.as_mut()) {
        if joins {
            thread.members.insert(who);
        } else {
            thread.members.remove(&who);
        }
    }
    Ok((204, Value::Null))
}
