//! Which endpoint a request is for, and who may knock at all.

mod channels;
mod commands;
mod interactions;
mod messages;
mod payload;
mod threads;
mod webhooks;

pub use interactions::kinds;
pub use messages::{Draft, post};

use super::error::ApiError;
use super::gateway::gateway_url;
use super::guild::{Channel, Id};
use super::http::Call;
use super::permissions;
use super::shapes;
use super::sign_in;
use super::world::World;
use serde_json::{Value, json};

/// A status and a body; the body of 204 is not sent.
pub type Answer = Result<(u16, Value), ApiError>;

/// Answers a request.
///
/// # Errors
/// What Discord refuses, as it refuses it.
pub fn answer(world: &mut World, call: &Call) -> Answer {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    // Tokens of interactions are secrets enough; everything else is the bot's.
    let open = matches!(
        path.as_slice(),
        ["webhooks", ..] | ["interactions", ..] | ["gateway"] | ["oauth2", "token"]
    );
    if let ("GET", ["users", "@me"], Some(bearer)) = (
        call.method.as_str(),
        path.as_slice(),
        call.authorization.as_deref().filter(|a| a.starts_with("Bearer ")),
    ) {
        return sign_in::whoever(world, bearer).map(|user| (200, user)).ok_or_else(|| ApiError::plain(401));
    }
    if !open && call.authorization.as_deref() != Some(&format!("Bot {}", world.token)) {
        return Err(ApiError::plain(401));
    }
    let method = call.method.as_str();
    match (method, path.as_slice()) {
        ("POST", ["oauth2", "token"]) => sign_in::token(world, call),
        ("GET", ["gateway"]) => Ok((200, json!({"url": gateway_url(&world.base)}))),
        ("GET", ["gateway", "bot"]) => Ok((200, gateway_bot(world))),
        ("GET", ["users", "@me"]) => Ok((200, shapes::user_of(&world.guild, world.guild.bot))),
        ("GET", ["users", "@me", "guilds"]) => Ok((200, json!([my_guild(world)]))),
        ("POST", ["users", "@me", "channels"]) => channels::open_dm(world, call),
        ("GET", ["users", user]) => one_user(world, user),
        ("GET", ["applications" | "oauth2", ..]) if is_me(&path) => Ok((200, application(world))),
        ("GET", ["guilds", guild]) => {
            its_guild(world, guild)?;
            Ok((200, shapes::guild(&world.guild)))
        }
        (_, ["guilds", guild, rest @ ..]) => {
            its_guild(world, guild)?;
            of_guild(world, call, rest)
        }
        (_, ["channels", channel, rest @ ..]) => {
            let channel = id(channel, "channel_id")?;
            of_channel(world, call, channel, rest)
        }
        (_, ["applications", application, rest @ ..]) => {
            if id(application, "application_id")? != world.guild.application {
                return Err(ApiError::code(50001));
            }
            commands::answer(world, call, rest)
        }
        ("POST", ["interactions", interaction, token, "callback"]) => {
            interactions::callback(world, call, id(interaction, "interaction_id")?, token)
        }
        (_, ["webhooks", application, token, rest @ ..]) => {
            webhooks::answer(world, call, id(application, "webhook_id")?, token, rest)
        }
        _ => Err(ApiError::plain(404)),
    }
}

fn is_me(path: &[&str]) -> bool {
    matches!(path, ["applications", "@me"] | ["oauth2", "applications", "@me"])
}

fn of_guild(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    match (call.method.as_str(), rest) {
        ("GET", ["channels"]) => {
            let seen =
                |channel: &&Channel| !channel.is_dm() && !channel.is_thread() && world.bot_sees(channel);
            let channels = world.guild.channels.values().filter(seen);
            let channels: Vec<Value> = channels.map(|one| shapes::channel(&world.guild, one)).collect();
            Ok((200, json!(channels)))
        }
        ("POST", ["channels"]) => channels::create(world, call),
        ("GET", ["roles"]) => Ok((200, json!(shapes::roles(&world.guild)))),
        ("GET", ["members", "@me"]) => one_member(world, &world.guild.bot.to_string()),
        ("GET", ["members", user]) => one_member(world, user),
        ("GET", ["threads", "active"]) => Ok((200, threads::active(world))),
        _ => Err(ApiError::plain(404)),
    }
}

fn of_channel(world: &mut World, call: &Call, channel: Id, rest: &[&str]) -> Answer {
    match (call.method.as_str(), rest) {
        ("GET", []) => channels::get(world, channel),
        ("PATCH", []) => channels::change(world, call, channel),
        ("DELETE", []) => channels::delete(world, channel),
        ("POST", ["typing"]) => {
            allowed(world, channel, 0)?;
            Ok((204, Value::Null))
        }
        ("GET", ["messages"]) => messages::list(world, call, channel),
        ("POST", ["messages"]) => messages::create(world, call, channel),
        ("GET", ["messages", message]) => messages::get(world, channel, id(message, "message_id")?),
        ("PATCH", ["messages", message]) => messages::edit(world, call, channel, id(message, "message_id")?),
        ("DELETE", ["messages", message]) => messages::delete(world, channel, id(message, "message_id")?),
        ("PUT" | "DELETE", ["messages", message, "reactions", emoji, "@me"]) => {
            messages::react(world, channel, id(message, "message_id")?, emoji, call.method == "PUT")
        }
        ("POST", ["messages", message, "threads"]) => {
            threads::below(world, call, channel, id(message, "message_id")?)
        }
        ("POST", ["threads"]) => threads::alone(world, call, channel),
        ("GET", ["threads", "archived", "public"]) => threads::archived(world, channel),
        ("PUT" | "DELETE", ["thread-members", who]) => {
            let who = if *who == "@me" { world.guild.bot } else { id(who, "user_id")? };
            threads::member(world, channel, who, call.method == "PUT")
        }
        ("PUT" | "DELETE", ["pins", message]) => {
            messages::pin(world, channel, id(message, "message_id")?, call.method == "PUT")
        }
        _ => Err(ApiError::plain(404)),
    }
}

/// A snowflake in a path.
fn id(text: &str, name: &str) -> Result<Id, ApiError> {
    text.parse().map_err(|_| {
        ApiError::form(name, "NUMBER_TYPE_COERCE", format!("Value \"{text}\" is not snowflake."))
    })
}

/// The channel, if the bot sees it and may do all of `bits` there.
///
/// # Errors
/// 10003, 50001 when it does not see it, 50013 when it may not.
pub fn allowed(world: &World, channel: Id, bits: u64) -> Result<Channel, ApiError> {
    let there = world.guild.channels.get(&channel).ok_or_else(|| ApiError::code(10003))?;
    let may = permissions::of(&world.guild, world.guild.bot, there);
    if may & permissions::VIEW_CHANNEL == 0 {
        return Err(ApiError::code(50001));
    }
    if may & bits != bits {
        return Err(ApiError::code(50013));
    }
    Ok(there.clone())
}

/// What the bot may do in the channel.
fn may(world: &World, channel: &Channel) -> u64 {
    permissions::of(&world.guild, world.guild.bot, channel)
}

fn its_guild(world: &World, guild: &str) -> Result<(), ApiError> {
    if id(guild, "guild_id")? == world.guild.id { Ok(()) } else { Err(ApiError::code(10004)) }
}

fn one_user(world: &World, user: &str) -> Answer {
    let member = world.guild.members.get(&id(user, "user_id")?).ok_or_else(|| ApiError::code(10013))?;
    Ok((200, shapes::user(member)))
}

fn one_member(world: &World, user: &str) -> Answer {
    let member = world.guild.members.get(&id(user, "user_id")?).ok_or_else(|| ApiError::code(10013))?;
    if member.gone {
        return Err(ApiError::code(10007));
    }
    Ok((200, shapes::member(member)))
}

fn gateway_bot(world: &World) -> Value {
    let used = u64::from(world.sessions.identified);
    json!({"url": gateway_url(&world.base), "shards": 1, "session_start_limit": {
        "total": 1000, "remaining": 1000_u64.saturating_sub(used), "reset_after": 86_400_000, "max_concurrency": 1}})
}

fn my_guild(world: &World) -> Value {
    json!({"id": world.guild.id.to_string(), "name": world.guild.name, "icon": null, "banner": null,
           "owner": false, "permissions": shapes::bits(u64::MAX), "features": []})
}

fn application(world: &World) -> Value {
    json!({
        "id": world.guild.application.to_string(), "name": "Guichet", "icon": null, "description": "",
        "bot_public": false, "bot_require_code_grant": false, "verify_key": "00", "team": null,
        "flags": world.guild.application_flags, "bot": shapes::user_of(&world.guild, world.guild.bot),
        "owner": shapes::user_of(&world.guild, world.guild.owner), "integration_types_config": {"0": {}},
        "redirect_uris": world.grants.redirects, "interactions_endpoint_url": null, "approximate_guild_count": 1,
    })
}
