//! Application commands: of the guild, and global.

use super::Answer;
use crate::support::discord::error::ApiError;
use crate::support::discord::http::Call;
use crate::support::discord::limits;
use crate::support::discord::world::World;
use serde_json::{Value, json};

/// Everything below /applications/{a}.
pub fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    let (guild, below) = match rest {
        ["guilds", guild, "commands", below @ ..] => {
            super::its_guild(world, guild)?;
            (true, below)
        }
        ["commands", below @ ..] => (false, below),
        _ => return Err(ApiError::plain(404)),
    };
    match (call.method.as_str(), below) {
        ("GET", []) => {
            // Languages are listed for who asks for them.
            let full = call.query.get("with_localizations").is_some_and(|asked| asked == "true");
            let listed = world.guild.commands.iter().filter(|command| is_of_guild(command) == guild);
            Ok((
                200,
                listed
                    .map(|command| if full { command.clone() } else { without_languages(command) })
                    .collect(),
            ))
        }
        ("PUT", []) => {
            limits::bulk(&call.body)?;
            let old: Vec<Value> = std::mem::take(&mut world.guild.commands);
            let (replaced, mut kept): (Vec<_>, Vec<_>) =
                old.into_iter().partition(|command| is_of_guild(command) == guild);
            let mut made = Vec::new();
            for wanted in call.body.as_array().into_iter().flatten() {
                let same = replaced.iter().find(|old| key(old) == key(wanted));
                let id = same.map(|old| old["id"].clone());
                made.push(command(world, wanted, guild, id));
            }
            kept.extend(made.clone());
            world.guild.commands = kept;
            Ok((200, json!(made)))
        }
        ("POST", []) => {
            limits::bulk(&json!([call.body]))?;
            let of_it = |old: &Value| is_of_guild(old) == guild && key(old) == key(&call.body);
            let at = world.guild.commands.iter().position(of_it);
            let id = at.map(|at| world.guild.commands.remove(at)["id"].clone());
            let status = if id.is_some() { 200 } else { 201 };
            let made = command(world, &call.body, guild, id);
            world.guild.commands.push(made.clone());
            Ok((status, made))
        }
        ("GET" | "DELETE", [id]) => {
            let at =
                world.guild.commands.iter().position(|one| one["id"] == *id && is_of_guild(one) == guild);
            let at = at.ok_or_else(|| ApiError::code(10063))?;
            if call.method == "DELETE" {
                world.guild.commands.remove(at);
                return Ok((204, Value::Null));
            }
            Ok((200, world.guild.commands[at].clone()))
        }
        _ => Err(ApiError::plain(404)),
    }
}

fn is_of_guild(command: &Value) -> bool {
    !command["guild_id"].is_null()
}

fn key(command: &Value) -> (u64, String) {
    let name = command["name"].as_str().unwrap_or_default();
    (command["type"].as_u64().unwrap_or(1), name.to_owned())
}

/// A command as Discord lists it.
fn command(world: &mut World, wanted: &Value, guild: bool, id: Option<Value>) -> Value {
    let version = world.guild.next_id().to_string();
    let mut made = wanted.clone();
    made["id"] = id.unwrap_or_else(|| json!(version));
    made["version"] = json!(version);
    made["application_id"] = json!(world.guild.application.to_string());
    for (key, default) in [
        ("type", json!(1)),
        ("description", json!("")),
        ("nsfw", json!(false)),
        ("default_member_permissions", Value::Null),
        ("integration_types", json!([0])),
        ("contexts", Value::Null),
        ("name_localizations", Value::Null),
        ("description_localizations", Value::Null),
    ] {
        if made[key].is_null() {
            made[key] = default;
        }
    }
    if guild {
        made["guild_id"] = json!(world.guild.id.to_string());
    }
    made
}

fn without_languages(command: &Value) -> Value {
    match command {
        Value::Array(members) => members.iter().map(without_languages).collect(),
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, _)| !key.ends_with("_localizations"));
            kept.map(|(key, value)| (key.clone(), without_languages(value)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
        other => other.clone(),
    }
}
