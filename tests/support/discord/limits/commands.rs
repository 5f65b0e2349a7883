//! Application commands: names, depth, options, languages, and eight thousand characters for each.

use super::components::one_choice;
use crate::support::discord::error::{ApiError, Problems};
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The languages of Discord.
const LOCALES: &[&str] = &[
    "id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl",
    "pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja",
    "zh-TW", "ko",
];

static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[-_'\p{L}\p{N}\p{Devanagari}\p{Thai}]+$").expect("the pattern is sound"));

/// Whether Discord knows a language by this code.
fn is_locale(code: &str) -> bool {
    LOCALES.contains(&code)
}

/// Checks all commands of a bulk overwrite.
///
/// # Errors
/// 50035 with everything that is wrong.
pub fn bulk(commands: &Value) -> Result<(), ApiError> {
    let mut problems = Problems::default();
    let Some(list) = commands.as_array() else {
        return Err(ApiError::form("_", "BASE_TYPE_BAD_TYPE", "Must be an array."));
    };
    let mut names = BTreeSet::new();
    for (index, command) in list.iter().enumerate() {
        let at = index.to_string();
        one(&mut problems, command, &at);
        let kind = kind_of(command);
        if !names.insert((kind, command["name"].as_str())) {
            problems.add(
                &at,
                "APPLICATION_COMMANDS_DUPLICATE_NAME",
                "Application command names must be unique",
            );
        }
    }
    for (kind, most) in [(1, 100), (2, 5), (3, 5)] {
        if list.iter().filter(|command| kind_of(command) == kind).count() > most {
            let told = format!("Maximum number of application commands of type {kind} reached ({most})");
            problems.add("_", "APPLICATION_COMMAND_TOO_MANY", told);
        }
    }
    problems.finish()
}

fn kind_of(command: &Value) -> u64 {
    command["type"].as_u64().unwrap_or(1)
}

fn one(problems: &mut Problems, command: &Value, at: &str) {
    let typed = kind_of(command) == 1;
    match kind_of(command) {
        1 => {
            name(problems, &command["name"], &format!("{at}.name"));
            problems.text(format!("{at}.description"), &command["description"], 1, 100);
            options(problems, &command["options"], &format!("{at}.options"), 0);
        }
        2 | 3 => {
            problems.text(format!("{at}.name"), &command["name"], 1, 32);
            if command["description"].as_str().is_some_and(|text| !text.is_empty()) {
                let told = "Context menu commands cannot have description";
                problems.add(format!("{at}.description"), "APPLICATION_COMMAND_DESCRIPTION_FORBIDDEN", told);
            }
            if command["options"].as_array().is_some_and(|options| !options.is_empty()) {
                let told = "Context menu commands cannot have options";
                problems.add(format!("{at}.options"), "APPLICATION_COMMAND_OPTIONS_FORBIDDEN", told);
            }
        }
        _ => problems.choice(format!("{at}.type"), "1, 2, 3"),
    }
    localizations(problems, command, at, typed);
    let bits = &command["default_member_permissions"];
    if !bits.is_null() && bits.as_str().is_none_or(|bits| bits.parse::<u64>().is_err()) {
        problems.kind(format!("{at}.default_member_permissions"), "a permission bit field in a string");
    }
    let size = size(command);
    if size > 8000 {
        problems.add(
            at,
            "APPLICATION_COMMAND_TOO_LARGE",
            format!("Command exceeds maximum size ({size} characters, 8000 allowed)"),
        );
    }
}

/// A name as people type it: one word in lower case.
fn name(problems: &mut Problems, name: &Value, at: &str) {
    problems.text(at, name, 1, 32);
    if let Some(text) = name.as_str()
        && !text.is_empty()
        && (!NAME.is_match(text) || text.to_lowercase() != text)
    {
        let told = "Command name is invalid: one lower-case word of letters, numbers, - and _.";
        problems.add(at, "APPLICATION_COMMAND_INVALID_NAME", told);
    }
}

fn localizations(problems: &mut Problems, of: &Value, at: &str, typed: bool) {
    for (key, most) in [("name_localizations", 32), ("description_localizations", 100)] {
        let at = format!("{at}.{key}");
        let words = match &of[key] {
            Value::Null => continue,
            Value::Object(words) => words,
            _ => {
                problems.kind(at, "a dictionary");
                continue;
            }
        };
        for (locale, word) in words {
            let at = format!("{at}.{locale}");
            if !is_locale(locale) {
                problems.choice(&at, &LOCALES.join(", "));
            }
            if typed && key == "name_localizations" {
                name(problems, word, &at);
            } else {
                problems.text(&at, word, 1, most);
            }
        }
    }
}

/// `depth` 0: of the command, 1: of a group, 2: of a subcommand.
fn options(problems: &mut Problems, options: &Value, at: &str, depth: u8) {
    let list = problems.list(at, options, 0, 25);
    let is_sub = |option: &Value| matches!(option["type"].as_u64(), Some(1 | 2));
    if list.iter().any(is_sub) && !list.iter().all(is_sub) {
        let told = "Sub-command and sub-command group option types are mutually exclusive to all other types";
        problems.add(at, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", told);
    }
    let (mut names, mut optional) = (BTreeSet::new(), false);
    for (index, option) in list.iter().enumerate() {
        let at = format!("{at}.{index}");
        name(problems, &option["name"], &format!("{at}.name"));
        problems.text(format!("{at}.description"), &option["description"], 1, 100);
        localizations(problems, option, &at, true);
        if !names.insert(option["name"].as_str()) {
            let told = "Option names must be unique";
            problems.add(&at, "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED", told);
        }
        let kind = option["type"].as_u64().unwrap_or_default();
        match (kind, depth) {
            (2, 0) => self::options(problems, &option["options"], &format!("{at}.options"), 1),
            (1, 0 | 1) => self::options(problems, &option["options"], &format!("{at}.options"), 2),
            (3..=11, 0 | 2) => {
                let required = option["required"] == true;
                if required && optional {
                    let told = "Required options must be placed before non-required options";
                    problems.add(&at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", told);
                }
                optional |= !required;
                leaf(problems, option, kind, &at);
            }
            _ => problems.choice(format!("{at}.type"), "1 to 11, groups and sub-commands at their depth"),
        }
    }
}

fn leaf(problems: &mut Problems, option: &Value, kind: u64, at: &str) {
    let choices = problems.list(format!("{at}.choices"), &option["choices"], 0, 25);
    let mut names = BTreeSet::new();
    for (index, choice) in choices.iter().enumerate() {
        let at = format!("{at}.choices.{index}");
        one_choice(problems, choice, kind, &at);
        localizations(problems, choice, &at, false);
        if !names.insert(choice["name"].as_str()) {
            let told = "Choice names must be unique";
            problems.add(&at, "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_DUPLICATED", told);
        }
    }
    let completes = option["autocomplete"] == true;
    if completes && !choices.is_empty() {
        let told = "Autocomplete and choices are mutually exclusive";
        problems.add(at, "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE_MUTUALLY_EXCLUSIVE", told);
    }
    if (completes || !choices.is_empty()) && !matches!(kind, 3 | 4 | 10) {
        let told = "Only string, integer and number options have choices or autocomplete";
        problems.add(at, "APPLICATION_COMMAND_OPTIONS_CHOICES_TYPE_INVALID", told);
    }
    let least = problems.number(format!("{at}.min_length"), &option["min_length"], 0, 6000);
    let most = problems.number(format!("{at}.max_length"), &option["max_length"], 1, 6000);
    let lengths = least.is_some() || most.is_some();
    let values = !option["min_value"].is_null() || !option["max_value"].is_null();
    if lengths && kind != 3 || values && !matches!(kind, 4 | 10) {
        let told = "Lengths are for string options, values for integer and number options";
        problems.add(at, "APPLICATION_COMMAND_OPTIONS_BOUNDS_TYPE_INVALID", told);
    }
}

/// Characters of names, descriptions and values, in the longest language of each.
fn size(of: &Value) -> usize {
    let longest = |key: &str| {
        let own = of[key].as_str().map_or(0, |text| text.chars().count());
        let words = of[format!("{key}_localizations")].as_object();
        let others = words.into_iter().flat_map(|words| words.values());
        others.filter_map(Value::as_str).map(|text| text.chars().count()).fold(own, usize::max)
    };
    let value = of["value"].as_str().map_or(0, |text| text.chars().count());
    let below = ["options", "choices"].into_iter().filter_map(|key| of[key].as_array()).flatten();
    longest("name") + longest("description") + value + below.map(size).sum::<usize>()
}
