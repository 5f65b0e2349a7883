//! The documented limits of what a bot may send: messages, embeds, components, modals, commands, choices.
//!
//! Lengths count characters, after the white space at both ends is gone, as Discord does.

mod commands;
mod components;
mod embeds;

pub use commands::bulk;
pub use components::{choices, modal};

use super::error::{ApiError, Problems};
use serde_json::Value;

/// The files of one request, by the number of their part (`files[0]`).
pub type Files = std::collections::BTreeMap<u64, super::http::File>;

/// Bytes that one file may have on a server without boosts: 10 MiB.
pub const FILE: usize = 10 * 1024 * 1024;

/// Holds a message, or an edit of one, against the limits. `at` is the place of the message in the form, with a dot
/// at its end (`message.`), or empty.
///
/// # Errors
/// 50035 with everything that is wrong, 40005 for a file that is too large.
pub fn message(payload: &Value, files: &Files, at: &str) -> Result<(), ApiError> {
    let mut problems = Problems::default();
    problems.text(format!("{at}content"), &payload["content"], 0, 2000);
    nonce(&mut problems, &payload["nonce"], at);
    embeds::check(&mut problems, &payload["embeds"], files, &format!("{at}embeds"));
    components::rows(&mut problems, &payload["components"], &format!("{at}components"));
    problems.number(format!("{at}flags"), &payload["flags"], 0, i64::MAX);
    problems.list(format!("{at}sticker_ids"), &payload["sticker_ids"], 0, 3);
    mentions(&mut problems, &payload["allowed_mentions"], &format!("{at}allowed_mentions"));
    attachments(&mut problems, &payload["attachments"], files, &format!("{at}attachments"));
    problems.length(format!("{at}files"), files.len(), 0, 10);
    problems.finish()?;
    if files.values().any(|file| file.bytes.len() > FILE) {
        return Err(ApiError::code(40005));
    }
    Ok(())
}

/// The name of a thread.
pub fn thread_name(problems: &mut Problems, name: &Value) {
    problems.text("name", name, 1, 100);
}

/// The silence after which a thread is put away.
pub fn auto_archive(problems: &mut Problems, value: &Value) {
    if !value.is_null() && ![60, 1440, 4320, 10080].iter().any(|minutes| value == minutes) {
        problems.choice("auto_archive_duration", "60, 1440, 4320, 10080");
    }
}

fn nonce(problems: &mut Problems, nonce: &Value, at: &str) {
    match nonce {
        Value::Null | Value::Number(_) => {}
        Value::String(text) => problems.length(format!("{at}nonce"), text.chars().count(), 0, 25),
        _ => problems.kind(format!("{at}nonce"), "an integer or a string"),
    }
}

fn mentions(problems: &mut Problems, allowed: &Value, at: &str) {
    if allowed.is_null() {
        return;
    }
    if !allowed.is_object() {
        problems.kind(at, "a dictionary");
        return;
    }
    let parse = problems.list(format!("{at}.parse"), &allowed["parse"], 0, 3);
    for (index, kind) in parse.iter().enumerate() {
        if !["roles", "users", "everyone"].iter().any(|known| kind == known) {
            problems.choice(format!("{at}.parse.{index}"), "'roles', 'users', 'everyone'");
        }
    }
    for list in ["users", "roles"] {
        let named = problems.list(format!("{at}.{list}"), &allowed[list], 0, 100);
        if !named.is_empty() && parse.iter().any(|kind| kind == list) {
            let told = format!("parse:[\"{list}\"] and {list}: [ids...] are mutually exclusive.");
            problems.add(at, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", told);
        }
    }
}

/// What is said about files that come with the message, and about those that stay.
fn attachments(problems: &mut Problems, listed: &Value, files: &Files, at: &str) {
    for (index, entry) in problems.list(at, listed, 0, 10).iter().enumerate() {
        let at = format!("{at}.{index}");
        let Some(id) = snowflake(&entry["id"]) else {
            problems.required(format!("{at}.id"));
            continue;
        };
        // Small numbers are those of parts, large ones are snowflakes of files that are there already.
        if id < 1 << 22 && !files.contains_key(&id) {
            problems.add(format!("{at}.id"), "ATTACHMENT_NOT_FOUND", "Attachment data cannot be found");
        }
        problems.text(format!("{at}.description"), &entry["description"], 0, 1024);
    }
}

/// A number, or a number in a string.
pub fn snowflake(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Whether a link leads to the web, or to a file of the message where those are allowed.
fn link(problems: &mut Problems, at: String, value: &Value, files: Option<&Files>) {
    let Some(url) = value.as_str() else {
        if !value.is_null() {
            problems.kind(at, "a string");
        }
        return;
    };
    if let (Some(files), Some(name)) = (files, url.strip_prefix("attachment://")) {
        if !files.values().any(|file| file.name == name) {
            problems.add(at, "ATTACHMENT_NOT_FOUND", "Referenced attachment not found");
        }
    } else if !url.starts_with("https://") && !url.starts_with("http://") {
        problems.add(
            at,
            "URL_TYPE_INVALID_SCHEME",
            format!("Scheme of {url:?} must be one of ('http', 'https')."),
        );
    } else {
        problems.length(at, url.chars().count(), 1, 2048);
    }
}
