//! What follows the first answer: the answer read, changed and taken away, and further messages.

use super::Answer;
use super::interactions::add;
use super::messages::rewrite;
use crate::support::discord::error::ApiError;
use crate::support::discord::guild::{Id, Interaction, LOADING};
use crate::support::discord::http::Call;
use crate::support::discord::world::World;
use chrono::TimeDelta;
use serde_json::Value;

/// Everything below /webhooks/{application}/{token}.
pub fn answer(world: &mut World, call: &Call, application: Id, token: &str, rest: &[&str]) -> Answer {
    let found = world.guild.interactions.iter().find(|one| one.token == token);
    let interaction = found.filter(|_| application == world.guild.application).cloned();
    let interaction = interaction.ok_or_else(|| ApiError::code(10015))?;
    if world.guild.now() - interaction.sent > TimeDelta::minutes(15) {
        return Err(ApiError::code(50027));
    }
    // Until the first answer there is no webhook.
    let Some(first) = interaction.first.clone().filter(|first| first.kind != 8) else {
        return Err(ApiError::code(10015));
    };
    match (call.method.as_str(), rest) {
        ("POST", []) => {
            // Right after a « … réfléchit » this is an edit of it.
            let loading =
                first.message.filter(|id| world.guild.messages.get(id).is_some_and(|m| m.is_loading()));
            if let Some(id) = loading.filter(|_| first.kind == 5) {
                return edit(world, call, id);
            }
            let id = add(world, call, &interaction, &call.body, &call.files)?;
            if let Some(found) = world.guild.interactions.iter_mut().find(|one| one.id == interaction.id) {
                found.followups.push(id);
            }
            Ok((200, world.message(&world.guild.messages[&id])))
        }
        (_, ["messages", which]) => {
            let id = if *which == "@original" { first.message } else { which.parse().ok() };
            let id = id.filter(|id| belongs(&interaction, first.message, *id));
            let id =
                id.filter(|id| world.guild.messages.contains_key(id)).ok_or_else(|| ApiError::code(10008))?;
            match call.method.as_str() {
                "GET" => Ok((200, world.message(&world.guild.messages[&id]))),
                "PATCH" => edit(world, call, id),
                "DELETE" => {
                    world.delete_message(id);
                    Ok((204, Value::Null))
                }
                _ => Err(ApiError::plain(405)),
            }
        }
        _ => Err(ApiError::plain(404)),
    }
}

fn belongs(interaction: &Interaction, first: Option<Id>, id: Id) -> bool {
    first == Some(id) || interaction.followups.contains(&id)
}

/// An edit; one of « … réfléchit » is what the message becomes, and leaves no trace of having been edited.
fn edit(world: &mut World, call: &Call, id: Id) -> Answer {
    let loading = world.guild.messages.get(&id).is_some_and(|message| message.is_loading());
    if let Some(message) = world.guild.messages.get_mut(&id).filter(|_| loading) {
        message.flags &= !LOADING;
    }
    if let Err(refused) = rewrite(world, call, id, &call.body, &call.files, "") {
        if let Some(message) = world.guild.messages.get_mut(&id).filter(|_| loading) {
            message.flags |= LOADING;
        }
        return Err(refused);
    }
    if let Some(message) = world.guild.messages.get_mut(&id).filter(|_| loading) {
        message.edited = None;
    }
    Ok((200, world.message(&world.guild.messages[&id])))
}
