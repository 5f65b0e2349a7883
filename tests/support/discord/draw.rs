//! Messages and modals as text, for snapshots and for tests that fail.

use super::guild::{Channel, FORUM, Guild, Id, Message};
use super::reply::Modal;
use serde_json::Value;
use std::fmt::Write;

/// A message: author, text, embeds behind a bar, `[buttons]` (disabled ones in parentheses), `{selects}`, files.
pub fn message(guild: &Guild, message: &Message) -> String {
    let author = guild.members.get(&message.author).map_or("?", |member| member.name.as_str());
    let mut marks = String::new();
    for (mark, set) in [
        (" (ephemeral)", message.is_ephemeral()),
        (" (thinking)", message.is_loading()),
        (" (edited)", message.edited.is_some()),
        (" (reply)", message.kind == 19),
        (" (pinned)", message.pinned),
    ] {
        if set {
            marks.push_str(mark);
        }
    }
    let mut lines = vec![format!("@{author}{marks}")];
    lines.extend(message.content.lines().map(ToOwned::to_owned));
    for embed in &message.embeds {
        lines.extend(self::embed(embed).into_iter().map(|line| format!("| {line}").trim_end().to_owned()));
    }
    for file in &message.attachments {
        // A drawing of ours may be packed otherwise elsewhere; its measures stay.
        let measure = |at: usize| Some(u32::from_be_bytes(file.bytes.get(at..at + 4)?.try_into().ok()?));
        lines.push(match (file.filename.starts_with("rapport"), measure(16), measure(20)) {
            (true, Some(width), Some(height)) => format!("<{}, {width} × {height}>", file.filename),
            _ => format!("<{}, {} bytes>", file.filename, file.bytes.len()),
        });
    }
    lines.extend(message.components.iter().map(row));
    if !message.reactions.is_empty() {
        let all = message.reactions.iter().map(|(emoji, who)| format!("{emoji} {}", who.len()));
        lines.push(all.collect::<Vec<_>>().join("  "));
    }
    links(guild, lines.join("\n"))
}

/// A link to a channel or a thread is seen by its name.
fn links(guild: &Guild, mut text: String) -> String {
    for channel in guild.channels.values() {
        text = text.replace(&format!("<#{}>", channel.id), &format!("<#{}>", channel.name));
    }
    text
}

fn embed(embed: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut add = |before: &str, value: &Value| {
        lines.extend(text(value).lines().map(|line| format!("{before}{line}")));
    };
    add("", &embed["author"]["name"]);
    add("# ", &embed["title"]);
    add("", &embed["description"]);
    for field in embed["fields"].as_array().into_iter().flatten() {
        let joined = format!("{}: {}", text(&field["name"]), text(&field["value"]));
        add("", &Value::String(joined));
    }
    add("-- ", &embed["footer"]["text"]);
    lines
}

fn row(row: &Value) -> String {
    let inside = row["components"].as_array().into_iter().flatten();
    inside.map(component).collect::<Vec<_>>().join(" ")
}

fn component(one: &Value) -> String {
    let emoji = one["emoji"]["name"].as_str().map(|emoji| format!("{emoji} ")).unwrap_or_default();
    let label = one["label"].as_str().unwrap_or_default();
    let disabled = one["disabled"] == true;
    if one["type"] == 2 {
        let shown = format!("{emoji}{label}").trim_end().to_owned();
        return match one["url"].as_str() {
            Some(url) => format!("[{shown}]({url})"),
            None if disabled => format!("({shown})"),
            None => format!("[{shown}]"),
        };
    }
    let options = one["options"].as_array().into_iter().flatten().map(|option| {
        let chosen = if option["default"] == true { "*" } else { "" };
        format!("{chosen}{}", option["label"].as_str().unwrap_or_default())
    });
    let options = options.collect::<Vec<_>>().join(", ");
    let placeholder = one["placeholder"].as_str().unwrap_or("…");
    format!("{{{placeholder}{}: {options}}}", if disabled { " (disabled)" } else { "" })
}

/// A modal: its title, and its fields with what they begin with.
pub fn modal(modal: &Modal) -> String {
    let mut drawn = format!("== {} ==", modal.title);
    for input in &modal.inputs {
        let must = if input.required { "*" } else { "" };
        let shape = if input.paragraph { "¶ " } else { "" };
        let _ = write!(drawn, "\n{}{must}: {shape}{}", input.label, input.value);
        if input.value.is_empty() && !input.placeholder.is_empty() {
            let _ = write!(drawn, "({})", input.placeholder);
        }
    }
    drawn
}

/// Everything that a test which waits in vain should know.
pub fn dump(guild: &Guild) -> String {
    let mut drawn = String::new();
    for channel in guild.channels.values().filter(|channel| !channel.is_thread()) {
        self::channel(&mut drawn, guild, channel, "");
    }
    let _ = writeln!(drawn, "-- {} commands; interactions:", guild.commands.len());
    for interaction in guild.interactions.iter().rev().take(10).rev() {
        let data = &interaction.payload["data"];
        let what = data["name"].as_str().or(data["custom_id"].as_str()).unwrap_or("?");
        let answer = match &interaction.first {
            Some(first) => format!("answered with type {} after {:?}", first.kind, first.elapsed),
            None => "not answered".into(),
        };
        let _ = writeln!(drawn, "  type {} {what}: {answer}", interaction.kind);
    }
    let ephemeral = guild.messages.values().filter(|message| message.is_ephemeral());
    for message in ephemeral {
        indent(&mut drawn, &self::message(guild, message), "  ");
    }
    for (title, lines) in [("violations", &guild.violations), ("requests", &guild.requests)] {
        let _ = writeln!(drawn, "-- {title}:");
        for line in lines.iter().rev().take(30).rev() {
            let _ = writeln!(drawn, "  {line}");
        }
    }
    drawn
}

fn channel(drawn: &mut String, guild: &Guild, channel: &Channel, before: &str) {
    let kind = if channel.kind == FORUM { " (forum)" } else { "" };
    let mut state = String::new();
    if let Some(thread) = &channel.thread {
        state.push_str(if thread.archived { " (archived)" } else { "" });
        state.push_str(if thread.locked { " (locked)" } else { "" });
        for tag in channel.tags(guild) {
            let _ = write!(state, " <{tag}>");
        }
    }
    let _ = writeln!(drawn, "{before}#{}{kind}{state} {}", channel.name, channel.id);
    let deeper = format!("{before}  ");
    for message in guild.messages(channel.id) {
        indent(drawn, &self::message(guild, message), &deeper);
    }
    let threads: Vec<Id> = guild.threads(channel.id).iter().map(|thread| thread.id).collect();
    for thread in threads {
        self::channel(drawn, guild, &guild.channels[&thread], &deeper);
    }
}

fn indent(drawn: &mut String, text: &str, before: &str) {
    for line in text.lines() {
        let _ = writeln!(drawn, "{before}{line}");
    }
}
