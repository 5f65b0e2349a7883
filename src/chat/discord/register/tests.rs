//! What is registered, held against every limit that Discord documents for application commands.

use super::*;
use crate::command::grammar::declaration;
use serde_json::Value;

fn registered() -> Vec<Value> {
    commands().iter().map(|command| serde_json::to_value(command).unwrap()).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A field in its base language and in French.
fn in_both<'a>(value: &'a Value, key: &str) -> [&'a str; 2] {
    let french = value[format!("{key}_localizations").as_str()]["fr"].as_str();
    [text(value, key), french.unwrap_or_else(|| panic!("no French {key}: {value}"))]
}

/// `^[-_\p{L}\p{N}]{1,32}$`, and no letter that has a lower case in another.
fn is_option_name(name: &str) -> bool {
    (1..=32).contains(&name.chars().count())
        && name.chars().all(|c| c == '-' || c == '_' || c.is_alphanumeric())
        && name.to_lowercase() == name
}

fn is_description(text: &str) -> bool {
    (1..=100).contains(&text.chars().count())
}

/// The characters that Discord counts: of each localised field the longest, and the values of choices.
fn weight(value: &Value) -> usize {
    let longest = |key: &str| {
        let translated = value[format!("{key}_localizations").as_str()].as_object();
        let translated = translated.into_iter().flat_map(|all| all.values()).filter_map(Value::as_str);
        translated.chain([text(value, key)]).map(|text| text.chars().count()).max().unwrap_or_default()
    };
    let inner = ["options", "choices"].into_iter().flat_map(|key| list(value, key)).map(weight);
    longest("name") + longest("description") + text(value, "value").chars().count() + inner.sum::<usize>()
}

#[track_caller]
fn is_within_the_limits(option: &Value, siblings: &[Value]) {
    for name in in_both(option, "name") {
        assert!(is_option_name(name), "{name:?}");
    }
    for description in in_both(option, "description") {
        assert!(is_description(description), "{description:?}");
    }
    for language in [0, 1] {
        let name = in_both(option, "name")[language];
        let same = siblings.iter().filter(|other| in_both(other, "name")[language] == name);
        assert_eq!(same.count(), 1, "{name} twice");
    }
    let options = list(option, "options");
    assert!(options.len() <= 25, "{option}");
    assert!(
        options.is_sorted_by_key(|option| !option["required"].as_bool().unwrap_or(false)),
        "required options come first: {option}"
    );
    let choices = list(option, "choices");
    assert!(choices.len() <= 25);
    assert!(
        choices.is_empty() || option["autocomplete"] != true,
        "choices and autocomplete exclude each other"
    );
    for choice in choices {
        for name in in_both(choice, "name").into_iter().chain([text(choice, "value")]) {
            assert!((1..=100).contains(&name.chars().count()), "{choice}");
        }
    }
    for inner in options {
        is_within_the_limits(inner, options);
    }
}

#[test]
fn every_limit_of_discord_is_kept() {
    let registered = registered();
    let (slash, on_message): (Vec<&Value>, Vec<&Value>) =
        registered.iter().partition(|command| command["type"] == 1);
    assert!(slash.len() <= 100 && on_message.len() <= 5);
    for command in &registered {
        assert!(weight(command) <= 8000, "{} has {} characters", command["name"], weight(command));
        assert_eq!(command["contexts"], serde_json::json!([0]), "guilds only");
        let seen_by: u64 = text(command, "default_member_permissions").parse().unwrap();
        assert_eq!(seen_by, 1 << 13, "as text, since the numbers grow past what JSON readers hold");
    }
    for command in slash {
        is_within_the_limits(command, std::slice::from_ref(command));
        for subcommand in list(command, "options") {
            assert_eq!(subcommand["type"], 1, "subcommands and plain options do not mix");
        }
    }
    for command in on_message {
        assert_eq!(command["type"], 3);
        assert_eq!(text(command, "description"), "", "menus of messages have none");
        for name in in_both(command, "name") {
            assert!((1..=32).contains(&name.chars().count()), "{name}");
        }
    }
}

#[test]
fn every_word_of_the_grammar_is_under_one_of_the_two_commands() {
    let registered = registered();
    let mut found: Vec<&str> =
        registered.iter().flat_map(|command| list(command, "options")).map(|sub| text(sub, "name")).collect();
    let declaration = declaration();
    let mut declared: Vec<&str> = declaration.get_subcommands().map(clap::Command::get_name).collect();
    found.sort_unstable();
    declared.sort_unstable();
    assert_eq!(found, declared);
    for daily in ["list", "show", "reply", "status", "note", "take", "undo", "help"] {
        let under_ticket = list(&registered[0], "options").iter().any(|sub| sub["name"] == daily);
        assert!(under_ticket, "{daily}");
    }
}

/// One line for each subcommand and option, in French as CMs see it, with the base beside it.
fn drawn(value: &Value, depth: usize, into: &mut Vec<String>) {
    let [name, french] = in_both(value, "name");
    let kind = match value["type"].as_u64() {
        Some(1) if depth == 0 => "command",
        Some(1) => "subcommand",
        Some(3) if depth == 0 => "on messages",
        Some(3) => "string",
        Some(5) => "boolean",
        Some(11) => "file",
        other => panic!("{other:?}"),
    };
    let mut line = format!("{}{french} ({name}) {kind}", "  ".repeat(depth));
    for (key, shown) in [("required", "required"), ("autocomplete", "autocomplete")] {
        if value[key] == true {
            line = format!("{line}, {shown}");
        }
    }
    let choices: Vec<String> = list(value, "choices")
        .iter()
        .map(|choice| {
            format!("{} ({}) {}", in_both(choice, "name")[1], text(choice, "name"), text(choice, "value"))
        })
        .collect();
    if !choices.is_empty() {
        line = format!("{line} [{}]", choices.join(", "));
    }
    if !text(value, "description").is_empty() {
        let [description, french] = in_both(value, "description");
        line = format!("{line}: {french} / {description}");
    }
    into.push(line);
    for option in list(value, "options") {
        drawn(option, depth + 1, into);
    }
}

#[test]
fn the_whole_registration() {
    let mut lines = Vec::new();
    for command in registered() {
        lines.push(format!("-- {} characters", weight(&command)));
        drawn(&command, 0, &mut lines);
    }
    insta::assert_snapshot!(lines.join("\n"));
}
