//! The JSON that Discord sends: users, members, roles, channels, messages, the guild.

use super::guild::{
    Attachment, Channel, DM, EPHEMERAL, FORUM, Guild, HAS_THREAD, Id, Interaction, Member, Message, Role,
};
use super::permissions;
use super::rest_kinds as kinds;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// An instant as Discord writes it.
pub fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}

/// A user object.
pub fn user(member: &Member) -> Value {
    json!({
        "id": member.id.to_string(), "username": member.username, "global_name": member.name,
        "discriminator": "0", "avatar": null, "bot": member.bot, "system": false, "public_flags": 0,
        "avatar_decoration_data": null, "primary_guild": null, "collectibles": null,
    })
}

/// The user with this id; one that nobody knows is « Utilisateur supprimé ».
pub fn user_of(guild: &Guild, id: Id) -> Value {
    match guild.members.get(&id) {
        Some(member) => user(member),
        None => json!({"id": id.to_string(), "username": "deleted_user", "discriminator": "0",
                       "global_name": null, "avatar": null}),
    }
}

/// A member object without its user, as in messages.
pub fn member_alone(member: &Member) -> Value {
    let roles: Vec<String> = member.roles.iter().map(ToString::to_string).collect();
    json!({
        "roles": roles, "nick": null, "avatar": null, "banner": null, "premium_since": null,
        "joined_at": "2026-01-05T08:00:00.000000+00:00", "deaf": false, "mute": false, "pending": false,
        "flags": 0, "communication_disabled_until": null,
    })
}

/// A member object.
pub fn member(member: &Member) -> Value {
    let mut object = member_alone(member);
    object["user"] = user(member);
    object
}

/// A role object.
pub fn role(role: &Role, position: usize) -> Value {
    json!({
        "id": role.id.to_string(), "name": role.name, "permissions": role.permissions.to_string(),
        "color": 0, "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null},
        "hoist": false, "managed": false, "mentionable": false, "position": position, "icon": null,
        "unicode_emoji": null, "flags": 0,
    })
}

/// All roles.
pub fn roles(guild: &Guild) -> Vec<Value> {
    guild.roles.iter().enumerate().map(|(position, one)| role(one, position)).collect()
}

/// A channel object; a thread carries the bot's membership if it has one.
pub fn channel(guild: &Guild, channel: &Channel) -> Value {
    let last = guild.messages.values().rfind(|m| m.channel == channel.id && m.flags & EPHEMERAL == 0);
    let last = last.map(|message| message.id.to_string());
    if channel.kind == DM {
        let recipient = channel.recipient.map(|id| user_of(guild, id));
        return json!({"id": channel.id.to_string(), "type": DM, "recipients": [recipient],
                      "last_message_id": last, "flags": 0});
    }
    let mut object = json!({
        "id": channel.id.to_string(), "type": channel.kind, "guild_id": guild.id.to_string(),
        "name": channel.name, "parent_id": channel.parent.map(|id| id.to_string()), "last_message_id": last,
        "rate_limit_per_user": channel.rate_limit_per_user, "flags": channel.flags,
    });
    if let Some(thread) = &channel.thread {
        // The message that a thread hangs below, or that begins a post, is not counted.
        let count = guild.messages.values().filter(|m| {
            m.channel == channel.id && m.id != channel.id && m.kind != 21 && m.flags & EPHEMERAL == 0
        });
        let count = count.count();
        let tags: Vec<String> = thread.applied_tags.iter().map(ToString::to_string).collect();
        object["owner_id"] = json!(thread.owner.to_string());
        object["message_count"] = json!(count);
        object["total_message_sent"] = json!(count);
        object["member_count"] = json!(thread.members.len().min(50));
        object["thread_metadata"] = json!({
            "archived": thread.archived, "auto_archive_duration": thread.auto_archive,
            "archive_timestamp": time(thread.archive_changed), "locked": thread.locked,
            "create_timestamp": time(thread.created),
        });
        if guild.channels.get(&channel.parent.unwrap_or_default()).is_some_and(|parent| parent.kind == FORUM)
        {
            object["applied_tags"] = json!(tags);
        }
        if thread.members.contains(&guild.bot) {
            object["member"] = thread_member(guild, channel.id, guild.bot);
        }
        return object;
    }
    let overwrites: Vec<Value> = channel
        .overwrites
        .iter()
        .map(|rule| {
            json!({"id": rule.id.to_string(), "type": u8::from(rule.is_member),
                   "allow": rule.allow.to_string(), "deny": rule.deny.to_string()})
        })
        .collect();
    object["permission_overwrites"] = json!(overwrites);
    object["topic"] = json!(channel.topic);
    object["nsfw"] = json!(false);
    object["position"] = json!(guild.channels.keys().position(|id| *id == channel.id).unwrap_or(0));
    if channel.kind == FORUM {
        let tags: Vec<Value> = channel
            .available_tags
            .iter()
            .map(|tag| {
                json!({"id": tag.id.to_string(), "name": tag.name, "moderated": tag.moderated,
                       "emoji_id": null, "emoji_name": tag.emoji})
            })
            .collect();
        object["available_tags"] = json!(tags);
        object["default_reaction_emoji"] = Value::Null;
        object["default_sort_order"] = Value::Null;
        object["default_forum_layout"] = json!(0);
    }
    object
}

/// A thread member object.
pub fn thread_member(guild: &Guild, thread: Id, user: Id) -> Value {
    json!({"id": thread.to_string(), "user_id": user.to_string(), "join_timestamp": time(guild.now()), "flags": 0})
}

/// The part of a channel that an interaction carries, with what its author may do there.
pub fn channel_of_interaction(guild: &Guild, here: &Channel, user: Id) -> Value {
    let mut object = channel(guild, here);
    object["permissions"] = json!(bits(permissions::of(guild, user, here)));
    object
}

/// Permissions as Discord writes them.
pub fn bits(permissions: u64) -> String {
    // Bit 52 is the last that has a meaning.
    (permissions & ((1 << 53) - 1)).to_string()
}

/// The attachment object of a file that somebody chose for a command. The address leads back to this server.
pub fn upload(base: &str, file: &Attachment) -> Value {
    let url = format!("{base}/attachments/0/{}/{}", file.id, file.filename);
    json!({
        "id": file.id.to_string(), "filename": file.filename, "size": file.bytes.len(),
        "content_type": file.content_type, "url": url, "proxy_url": url, "ephemeral": true,
    })
}

/// An attachment object. The address leads back to this server.
pub fn attachment(base: &str, message: &Message, file: &Attachment) -> Value {
    let url = format!("{base}/attachments/{}/{}/{}", message.channel, file.id, file.filename);
    json!({
        "id": file.id.to_string(), "filename": file.filename, "size": file.bytes.len(),
        "content_type": file.content_type, "description": file.description, "url": url, "proxy_url": url,
        "ephemeral": message.is_ephemeral(),
    })
}

/// A message object, as REST gives it.
pub fn message(guild: &Guild, base: &str, message: &Message) -> Value {
    let mut object = message_alone(guild, base, message);
    if let Some(answered) = message.reply_to {
        let there = guild.messages.get(&answered);
        object["message_reference"] = json!({"type": 0, "message_id": answered.to_string(),
            "channel_id": there.map_or(message.channel, |there| there.channel).to_string(),
            "guild_id": guild.id.to_string()});
        object["referenced_message"] = there.map_or(Value::Null, |there| message_alone(guild, base, there));
    }
    if message.flags & HAS_THREAD != 0
        && let Some(thread) = guild.thread_of(message.id)
    {
        object["thread"] = channel(guild, thread);
    }
    object
}

fn message_alone(guild: &Guild, base: &str, message: &Message) -> Value {
    let attachments: Vec<Value> =
        message.attachments.iter().map(|file| attachment(base, message, file)).collect();
    let mentions: Vec<Value> = message.mentions.iter().map(|id| user_of(guild, *id)).collect();
    let roles: Vec<String> = message.mention_roles.iter().map(ToString::to_string).collect();
    let mut object = json!({
        "id": message.id.to_string(), "channel_id": message.channel.to_string(), "type": message.kind,
        "author": user_of(guild, message.author), "content": message.content, "embeds": embeds(message),
        "components": message.components, "attachments": attachments, "mentions": mentions,
        "mention_roles": roles, "mention_everyone": message.mention_everyone, "pinned": message.pinned,
        "flags": message.flags, "tts": false, "timestamp": time(message.created),
        "edited_timestamp": message.edited.map(time),
    });
    if let Some(nonce) = &message.nonce {
        object["nonce"] = nonce.clone();
    }
    if message.author == guild.bot {
        object["application_id"] = json!(guild.application.to_string());
    }
    if !message.reactions.is_empty() {
        let reactions = message.reactions.iter().map(|(emoji, who)| {
            json!({"count": who.len(), "count_details": {"burst": 0, "normal": who.len()},
                   "me": who.contains(&guild.bot), "me_burst": false, "burst_colors": [],
                   "emoji": {"id": null, "name": emoji}})
        });
        object["reactions"] = reactions.collect();
    }
    if let Some(interaction) = message.interaction.and_then(|id| guild.interaction(id)) {
        // Only the first answer to a command says which command it was; every answer is the webhook's.
        object["webhook_id"] = json!(guild.application.to_string());
        object["interaction_metadata"] = interaction_metadata(guild, interaction);
    }
    object
}

/// Of what a message is the answer: a press names the message that was pressed on, a form what opened it.
fn interaction_metadata(guild: &Guild, interaction: &Interaction) -> Value {
    let mut metadata = json!({
        "id": interaction.id.to_string(), "type": interaction.kind,
        "user": user_of(guild, interaction.user),
        "authorizing_integration_owners": {"0": guild.id.to_string()},
    });
    match interaction.kind {
        kinds::COMPONENT => {
            metadata["interacted_message_id"] = json!(interaction.message.map(|id| id.to_string()))
        }
        kinds::MODAL => {
            let opens = |one: &&Interaction| {
                let is_form = one.first.as_ref().is_some_and(|first| first.kind == 9);
                is_form && one.user == interaction.user && one.id < interaction.id
            };
            if let Some(opened) = guild.interactions.iter().rev().find(opens) {
                metadata["triggering_interaction_metadata"] = interaction_metadata(guild, opened);
            }
        }
        _ => metadata["name"] = interaction.payload["data"]["name"].clone(),
    }
    metadata
}

/// Embeds as Discord gives them back: with a type.
fn embeds(message: &Message) -> Vec<Value> {
    let with_type = |embed: &Value| {
        let mut embed = embed.clone();
        embed["type"] = json!("rich");
        embed
    };
    message.embeds.iter().map(with_type).collect()
}

/// The guild as REST gives it.
pub fn guild(guild: &Guild) -> Value {
    json!({
        "id": guild.id.to_string(), "name": guild.name, "icon": null, "icon_hash": null, "splash": null,
        "discovery_splash": null, "owner_id": guild.owner.to_string(), "afk_channel_id": null,
        "afk_timeout": 300, "widget_enabled": false, "widget_channel_id": null, "verification_level": 0,
        "default_message_notifications": 1, "explicit_content_filter": 0, "roles": roles(guild),
        "emojis": [], "stickers": [], "features": ["COMMUNITY"], "mfa_level": 0, "application_id": null,
        "system_channel_id": null, "system_channel_flags": 0, "rules_channel_id": null,
        "max_presences": null, "max_members": 500_000, "vanity_url_code": null, "description": null,
        "banner": null, "premium_tier": 0, "premium_subscription_count": 0, "preferred_locale": "fr",
        "public_updates_channel_id": null, "max_video_channel_users": 25,
        "max_stage_video_channel_users": 50, "nsfw_level": 0, "premium_progress_bar_enabled": false,
        "safety_alerts_channel_id": null, "incidents_data": null,
    })
}

/// The guild as GUILD_CREATE gives it: with what the bot may see of its channels, threads and people.
pub fn guild_create(state: &Guild, with_members: bool) -> Value {
    let seen = |channel: &&Channel| {
        !channel.is_dm() && permissions::of(state, state.bot, channel) & permissions::VIEW_CHANNEL != 0
    };
    let all = || state.channels.values().filter(seen);
    let channels: Vec<Value> = all().filter(|c| !c.is_thread()).map(|c| channel(state, c)).collect();
    let active = |c: &&Channel| c.thread.as_ref().is_some_and(|thread| !thread.archived);
    let threads: Vec<Value> = all().filter(active).map(|c| channel(state, c)).collect();
    let members: Vec<Value> = state
        .members
        .values()
        // Without the intent for members only the bot itself is listed.
        .filter(|one| !one.gone && (with_members || one.id == state.bot))
        .map(member)
        .collect();
    let mut object = guild(state);
    object["joined_at"] = json!("2026-01-05T08:00:00.000000+00:00");
    object["large"] = json!(false);
    object["unavailable"] = json!(false);
    object["member_count"] = json!(state.members.values().filter(|one| !one.gone).count());
    object["channels"] = json!(channels);
    object["threads"] = json!(threads);
    object["members"] = json!(members);
    for empty in
        ["voice_states", "presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds"]
    {
        object[empty] = json!([]);
    }
    object
}
