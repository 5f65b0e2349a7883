//! What a message payload says: keys that Discord ignores, mentions that would ring, and what it makes of a message.

use crate::support::discord::guild::{Attachment, EPHEMERAL, Id, Message};
use crate::support::discord::http::Call;
use crate::support::discord::limits::{Files, snowflake};
use crate::support::discord::world::World;
use regex::Regex;
use serde_json::{Value, json};
use std::sync::LazyLock;

static USER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<@!?(\d+)>").expect("the pattern is sound"));
static ROLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<@&(\d+)>").expect("the pattern is sound"));

const MESSAGE: &[&str] = &[
    "content",
    "nonce",
    "tts",
    "embeds",
    "allowed_mentions",
    "message_reference",
    "components",
    "sticker_ids",
    "attachments",
    "flags",
    "enforce_nonce",
    "poll",
];
const EMBED: &[&str] = &[
    "title",
    "type",
    "description",
    "url",
    "timestamp",
    "color",
    "footer",
    "image",
    "thumbnail",
    "video",
    "provider",
    "author",
    "fields",
];
const COMPONENT: &[&str] = &[
    "type",
    "id",
    "components",
    "custom_id",
    "style",
    "label",
    "emoji",
    "url",
    "disabled",
    "sku_id",
    "options",
    "placeholder",
    "min_values",
    "max_values",
    "channel_types",
    "default_values",
];

/// Notes what Discord lets pass and we do not: unknown keys, text without `allowed_mentions: {parse: []}`, a mention
/// of everybody that would ring, flags that do nothing here.
pub fn judge(world: &mut World, call: &Call, payload: &Value) {
    let mut found = Vec::new();
    unknown(&mut found, payload, MESSAGE, "");
    for (index, embed) in list(&payload["embeds"]).iter().enumerate() {
        unknown(&mut found, embed, EMBED, &format!("embeds.{index}."));
    }
    for (index, row) in list(&payload["components"]).iter().enumerate() {
        unknown(&mut found, row, COMPONENT, &format!("components.{index}."));
        for (inner, one) in list(&row["components"]).iter().enumerate() {
            unknown(&mut found, one, COMPONENT, &format!("components.{index}.components.{inner}."));
        }
    }
    let content = payload["content"].as_str().unwrap_or_default();
    let allowed = &payload["allowed_mentions"];
    if !content.trim().is_empty() && allowed["parse"] != json!([]) {
        found.push("content without allowed_mentions: {parse: []}".to_owned());
    }
    let everyone = content.contains("@everyone") || content.contains("@here");
    if everyone && parses(allowed, "everyone") {
        found.push("@everyone or @here would ring".to_owned());
    }
    let flags = payload["flags"].as_u64().unwrap_or(0);
    if flags & EPHEMERAL != 0 && call.path.first().is_some_and(|first| first == "channels") {
        found.push("only answers to interactions can be ephemeral".to_owned());
    }
    if flags & !(EPHEMERAL | 1 << 2 | 1 << 12) != 0 {
        found.push(format!("flags {flags}: not all of them are modelled"));
    }
    for fault in found {
        world.violation(format!("{}: {fault}", call.named()));
    }
}

fn unknown(found: &mut Vec<String>, object: &Value, known: &[&str], at: &str) {
    for key in object.as_object().into_iter().flat_map(|object| object.keys()) {
        if !known.contains(&key.as_str()) {
            found.push(format!("unknown key {at}{key}"));
        }
    }
}

/// The members of a list; none when it is none.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn parses(allowed: &Value, kind: &str) -> bool {
    allowed.is_null() || list(&allowed["parse"]).iter().any(|one| one == kind)
}

/// Sets whom the message rings, of those its text names.
pub fn mentions(message: &mut Message, allowed: &Value, may_ring_all: bool) {
    let ids = |pattern: &Regex, text: &str| -> Vec<Id> {
        pattern.captures_iter(text).filter_map(|found| found[1].parse().ok()).collect()
    };
    let keep = |kind: &str, found: Vec<Id>| -> Vec<Id> {
        let named: Vec<Id> = list(&allowed[kind]).iter().filter_map(snowflake).collect();
        found.into_iter().filter(|id| parses(allowed, kind) || named.contains(id)).collect()
    };
    message.mentions = keep("users", ids(&USER, &message.content));
    message.mention_roles = keep("roles", ids(&ROLE, &message.content));
    let all = message.content.contains("@everyone") || message.content.contains("@here");
    message.mention_everyone = all && may_ring_all && parses(allowed, "everyone");
}

/// Lays content, embeds, components, flags and files of a payload over a message: a key that is not there leaves what
/// was. `embeds` says whether embeds are kept. Gives back whether an attachment was named that is not there.
pub fn lay_over(world: &mut World, message: &mut Message, payload: &Value, files: &Files, embeds: bool) {
    if let Some(content) = payload.get("content") {
        message.content = content.as_str().unwrap_or_default().trim().to_owned();
    }
    if let Some(given) = payload.get("embeds") {
        message.embeds = if embeds { list(given).iter().map(trimmed).collect() } else { Vec::new() };
    }
    if let Some(given) = payload.get("components") {
        message.components = list(given).to_vec();
    }
    // A new list says which files stay.
    if let Some(kept) = payload.get("attachments") {
        let kept: Vec<Id> = list(kept).iter().filter_map(|entry| snowflake(&entry["id"])).collect();
        message.attachments.retain(|file| kept.contains(&file.id));
    }
    for (number, file) in files {
        let entry =
            list(&payload["attachments"]).iter().find(|entry| snowflake(&entry["id"]) == Some(*number));
        let text = |key: &str| Some(entry?[key].as_str()?.to_owned());
        message.attachments.push(Attachment {
            id: world.guild.next_id(),
            filename: text("filename").unwrap_or_else(|| file.name.clone()),
            content_type: file.content_type.clone(),
            description: text("description"),
            bytes: file.bytes.clone(),
        });
    }
}

/// An embed without the white space at the ends of its texts.
fn trimmed(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(text.trim()),
        Value::Array(members) => members.iter().map(trimmed).collect(),
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !value.is_null());
            kept.map(|(key, value)| (key.clone(), trimmed(value))).collect::<serde_json::Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// Whether nothing of a message would be seen.
pub fn is_empty(message: &Message) -> bool {
    message.content.is_empty()
        && message.embeds.is_empty()
        && message.attachments.is_empty()
        && message.components.is_empty()
}
