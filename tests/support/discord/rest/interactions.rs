//! The first answer to an interaction: in time, once, and of a kind that fits.

use super::messages::{Draft, compose, post, rewrite};
use super::{Answer, threads};
use crate::support::discord::error::ApiError;
use crate::support::discord::guild::{EPHEMERAL, First, Id, Interaction, LOADING};
use crate::support::discord::http::Call;
use crate::support::discord::limits::{self, Files};
use crate::support::discord::world::World;
use chrono::TimeDelta;
use serde_json::{Value, json};

/// Kinds of interactions.
pub mod kinds {
    /// A command, typed or from a menu.
    pub const COMMAND: u8 = 2;
    /// A button or a select.
    pub const COMPONENT: u8 = 3;
    /// A command being typed.
    pub const AUTOCOMPLETE: u8 = 4;
    /// A modal that was sent.
    pub const MODAL: u8 = 5;
}

/// POST /interactions/{id}/{token}/callback.
pub fn callback(world: &mut World, call: &Call, id: Id, token: &str) -> Answer {
    let found = world.guild.interactions.iter().find(|one| one.id == id && one.token == token);
    let interaction = found.cloned().ok_or_else(|| ApiError::code(10062))?;
    if interaction.first.is_some() {
        return Err(ApiError::code(40060));
    }
    if world.guild.now() - interaction.sent > TimeDelta::seconds(3) {
        return Err(ApiError::code(10062));
    }
    let kind = call.body["type"].as_u64().unwrap_or(0);
    let kind = u8::try_from(kind).ok().filter(|kind| fits(*kind, &interaction));
    let kind = kind.ok_or_else(|| {
        ApiError::form(
            "type",
            "BASE_TYPE_CHOICES",
            format!("Value must be one of {{{}}}.", fitting(&interaction)),
        )
    })?;
    let data = call.body["data"].clone();
    let message = match kind {
        4 => Some(add(world, call, &interaction, &data, &call.files)?),
        5 => {
            let flags = data["flags"].as_u64().unwrap_or(0) & EPHEMERAL | LOADING;
            let message = draft(world, &interaction, flags).begin(&mut world.guild);
            Some(post(world, message))
        }
        6 => interaction.message,
        7 => {
            let id = interaction.message.ok_or_else(|| ApiError::code(10008))?;
            rewrite(world, call, id, &data, &call.files, "data.")?;
            Some(id)
        }
        8 => {
            limits::choices(&data, focused(&interaction))?;
            None
        }
        _ => {
            limits::modal(&data)?;
            None
        }
    };
    if let Some(found) = world.guild.interactions.iter_mut().find(|one| one.id == id) {
        found.first = Some(First { kind, data, message, elapsed: interaction.instant.elapsed() });
    }
    if call.query.get("with_response").is_none_or(|asked| asked != "true") {
        return Ok((204, Value::Null));
    }
    let made = message.map(|id| &world.guild.messages[&id]);
    let ephemeral = made.is_some_and(|made| made.is_ephemeral());
    let loading = made.is_some_and(|made| made.is_loading());
    Ok((
        200,
        json!({
            "interaction": {"id": interaction.id.to_string(), "type": interaction.kind,
                "response_message_id": message.map(|id| id.to_string()),
                "response_message_loading": loading, "response_message_ephemeral": ephemeral},
            "resource": {"type": kind, "message": made.map(|made| world.message(made))},
        }),
    ))
}

/// Which answers Discord takes for which interaction.
fn fitting(interaction: &Interaction) -> &'static str {
    match (interaction.kind, interaction.message.is_some()) {
        (kinds::AUTOCOMPLETE, _) => "8",
        (kinds::COMPONENT, _) => "4, 5, 6, 7, 9",
        (kinds::MODAL, true) => "4, 5, 6, 7",
        (kinds::MODAL, false) => "4, 5",
        _ => "4, 5, 9",
    }
}

fn fits(kind: u8, interaction: &Interaction) -> bool {
    fitting(interaction).split(", ").any(|allowed| allowed.parse() == Ok(kind))
}

fn draft(world: &World, interaction: &Interaction, flags: u64) -> Draft {
    let mut draft = Draft::said(interaction.channel, world.guild.bot);
    draft.flags = flags;
    draft.interaction = Some(interaction.id);
    // 20 answers a typed command, 23 one of a context menu, 0 a modal, 19 what a component's message is answered with.
    draft.kind = match (interaction.kind, interaction.payload["data"]["type"].as_u64()) {
        (kinds::COMMAND, Some(2 | 3)) => 23,
        (kinds::COMMAND, _) => 20,
        (kinds::COMPONENT, _) => 19,
        _ => 0,
    };
    draft
}

/// A message that answers, or adds to an answer.
pub fn add(
    world: &mut World,
    call: &Call,
    interaction: &Interaction,
    data: &Value,
    files: &Files,
) -> Result<Id, ApiError> {
    let flags = data["flags"].as_u64().unwrap_or(0) & EPHEMERAL;
    let draft = draft(world, interaction, flags);
    let at = if call.path.first().is_some_and(|first| first == "interactions") { "data." } else { "" };
    let mut message = compose(world, call, data, files, draft, at)?;
    // What answers a component stands below the message that has it.
    if interaction.kind == kinds::COMPONENT {
        let visible = interaction
            .message
            .filter(|id| world.guild.messages.get(id).is_some_and(|message| !message.is_ephemeral()));
        message.reply_to = visible;
        message.kind = if visible.is_some() { 19 } else { 0 };
    }
    if message.flags & EPHEMERAL == 0 {
        threads::wake(world, interaction.channel)?;
    }
    Ok(post(world, message))
}

/// The type of the option that somebody is typing.
fn focused(interaction: &Interaction) -> u64 {
    fn find(options: &Value) -> Option<u64> {
        options.as_array()?.iter().find_map(|option| {
            if option["focused"] == true { option["type"].as_u64() } else { find(&option["options"]) }
        })
    }
    find(&interaction.payload["data"]["options"]).unwrap_or(3)
}
