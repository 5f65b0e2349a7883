//! Embeds: ten of them, six thousand characters in all.

use super::{Files, link};
use crate::support::discord::error::Problems;
use serde_json::Value;

/// Checks `embeds`.
pub fn check(problems: &mut Problems, embeds: &Value, files: &Files, at: &str) {
    let mut total = 0;
    for (index, embed) in problems.list(at, embeds, 0, 10).iter().enumerate() {
        total += one(problems, embed, files, &format!("{at}.{index}"));
    }
    if total > 6000 {
        problems.add(at, "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000");
    }
}

/// Checks one and gives back what it counts for.
fn one(problems: &mut Problems, embed: &Value, files: &Files, at: &str) -> usize {
    if !embed.is_object() {
        problems.kind(at, "a dictionary");
        return 0;
    }
    let mut total = 0;
    let mut text = |problems: &mut Problems, place: &str, value: &Value, least: usize, most: usize| {
        problems.text(format!("{at}.{place}"), value, least, most);
        total += value.as_str().map_or(0, |text| text.trim().chars().count());
    };
    text(problems, "title", &embed["title"], 0, 256);
    text(problems, "description", &embed["description"], 0, 4096);
    if !embed["footer"].is_null() {
        text(problems, "footer.text", &embed["footer"]["text"], 1, 2048);
    }
    if !embed["author"].is_null() {
        text(problems, "author.name", &embed["author"]["name"], 1, 256);
    }
    for (index, field) in problems.list(format!("{at}.fields"), &embed["fields"], 0, 25).iter().enumerate() {
        text(problems, &format!("fields.{index}.name"), &field["name"], 1, 256);
        text(problems, &format!("fields.{index}.value"), &field["value"], 1, 1024);
        if !field["inline"].is_null() && !field["inline"].is_boolean() {
            problems.kind(format!("{at}.fields.{index}.inline"), "a boolean");
        }
    }
    problems.number(format!("{at}.color"), &embed["color"], 0, 0x00FF_FFFF);
    link(problems, format!("{at}.url"), &embed["url"], None);
    for picture in ["image", "thumbnail"] {
        link(problems, format!("{at}.{picture}.url"), &embed[picture]["url"], Some(files));
    }
    if let Some(timestamp) = embed["timestamp"].as_str()
        && chrono::DateTime::parse_from_rfc3339(timestamp).is_err()
    {
        let told = format!("Could not parse {timestamp}. Should be ISO8601.");
        problems.add(format!("{at}.timestamp"), "DATE_TIME_TYPE_PARSE", told);
    }
    let pictured = ["image", "thumbnail"].iter().any(|picture| !embed[*picture].is_null());
    if total == 0 && !pictured {
        problems.required(format!("{at}.description"));
    }
    total
}
