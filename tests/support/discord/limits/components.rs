//! Rows of buttons and selects, modals, and the choices of an autocomplete.

use crate::support::discord::error::{ApiError, Problems};
use serde_json::Value;
use std::collections::BTreeSet;

/// Checks the `components` of a message.
pub fn rows(problems: &mut Problems, rows: &Value, at: &str) {
    let mut ids = BTreeSet::new();
    for (index, row) in problems.list(at, rows, 0, 5).iter().enumerate() {
        let at = format!("{at}.{index}");
        if row["type"] != 1 {
            problems.choice(format!("{at}.type"), "1");
            continue;
        }
        let at = format!("{at}.components");
        let inside = problems.list(&at, &row["components"], 1, 5);
        if inside.len() > 1 && inside.iter().any(|one| one["type"] != 2) {
            problems.add(
                &at,
                "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
                "The specified component exceeds the maximum width",
            );
        }
        for (index, one) in inside.iter().enumerate() {
            let at = format!("{at}.{index}");
            match one["type"].as_u64() {
                Some(2) => button(problems, one, &at, &mut ids),
                Some(3 | 5..=8) => select(problems, one, &at, &mut ids),
                _ => problems.choice(format!("{at}.type"), "2, 3, 5, 6, 7, 8"),
            }
            if !one["disabled"].is_null() && !one["disabled"].is_boolean() {
                problems.kind(format!("{at}.disabled"), "a boolean");
            }
        }
    }
}

fn custom_id(problems: &mut Problems, one: &Value, at: &str, ids: &mut BTreeSet<String>) {
    problems.text(format!("{at}.custom_id"), &one["custom_id"], 1, 100);
    if let Some(id) = one["custom_id"].as_str()
        && !ids.insert(id.to_owned())
    {
        problems.add(
            format!("{at}.custom_id"),
            "COMPONENT_CUSTOM_ID_DUPLICATED",
            "Component custom id cannot be duplicated",
        );
    }
}

fn button(problems: &mut Problems, one: &Value, at: &str, ids: &mut BTreeSet<String>) {
    let link = match one["style"].as_u64() {
        Some(5) => true,
        Some(1..=4) => false,
        Some(_) => {
            problems.choice(format!("{at}.style"), "1, 2, 3, 4, 5");
            false
        }
        None => {
            problems.required(format!("{at}.style"));
            false
        }
    };
    problems.text(format!("{at}.label"), &one["label"], 0, 80);
    if one["label"].as_str().is_none_or(|label| label.trim().is_empty()) && one["emoji"].is_null() {
        problems.add(at, "BUTTON_COMPONENT_LABEL_REQUIRED", "A button needs a label or an emoji");
    }
    if link {
        if one["url"].is_null() {
            problems.required(format!("{at}.url"));
        }
        super::link(problems, format!("{at}.url"), &one["url"], None);
        if one["url"].as_str().is_some_and(|url| url.chars().count() > 512) {
            problems.length(format!("{at}.url"), 513, 1, 512);
        }
        if !one["custom_id"].is_null() {
            let told = "A custom id and url cannot both be specified";
            problems.add(at, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", told);
        }
    } else {
        custom_id(problems, one, at, ids);
        if !one["url"].is_null() {
            problems.add(at, "BUTTON_COMPONENT_INVALID_URL", "Only a link button has a url");
        }
    }
}

fn select(problems: &mut Problems, one: &Value, at: &str, ids: &mut BTreeSet<String>) {
    custom_id(problems, one, at, ids);
    problems.text(format!("{at}.placeholder"), &one["placeholder"], 0, 150);
    let least = problems.number(format!("{at}.min_values"), &one["min_values"], 0, 25).unwrap_or(1);
    let most = problems.number(format!("{at}.max_values"), &one["max_values"], 1, 25).unwrap_or(1);
    if least > most {
        let told = "min_values should be less than or equal to max_values";
        problems.add(format!("{at}.min_values"), "SELECT_COMPONENT_MIN_VALUES_TOO_LARGE", told);
    }
    if one["type"] != 3 {
        if !one["options"].is_null() {
            problems.add(format!("{at}.options"), "BASE_TYPE_UNEXPECTED", "Only a string select has options");
        }
        return;
    }
    let options = problems.list(format!("{at}.options"), &one["options"], 1, 25);
    let mut values = BTreeSet::new();
    for (index, option) in options.iter().enumerate() {
        let at = format!("{at}.options.{index}");
        problems.text(format!("{at}.label"), &option["label"], 1, 100);
        problems.text(format!("{at}.value"), &option["value"], 1, 100);
        problems.text(format!("{at}.description"), &option["description"], 0, 100);
        if !values.insert(option["value"].as_str()) {
            let told = "The specified option value is already used";
            problems.add(format!("{at}.value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", told);
        }
    }
    let chosen = options.iter().filter(|option| option["default"] == true).count();
    let count = i64::try_from(options.len()).unwrap_or(i64::MAX);
    if most > count && !options.is_empty() {
        let told = "max_values should be less than or equal to the number of options";
        problems.add(format!("{at}.max_values"), "SELECT_COMPONENT_MAX_VALUES_TOO_LARGE", told);
    }
    if i64::try_from(chosen).unwrap_or(i64::MAX) > most {
        let told = "There are more default options than max_values";
        problems.add(format!("{at}.options"), "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", told);
    }
}

/// Checks a modal.
///
/// # Errors
/// 50035 with everything that is wrong.
pub fn modal(data: &Value) -> Result<(), ApiError> {
    let mut problems = Problems::default();
    problems.text("data.custom_id", &data["custom_id"], 1, 100);
    problems.text("data.title", &data["title"], 1, 45);
    let mut ids = BTreeSet::new();
    for (index, row) in problems.list("data.components", &data["components"], 1, 5).iter().enumerate() {
        let at = format!("data.components.{index}");
        if row["type"] != 1 {
            problems.choice(format!("{at}.type"), "1");
            continue;
        }
        let at = format!("{at}.components");
        for (index, input) in problems.list(&at, &row["components"], 1, 1).iter().enumerate() {
            text_input(&mut problems, input, &format!("{at}.{index}"), &mut ids);
        }
    }
    problems.finish()
}

fn text_input(problems: &mut Problems, input: &Value, at: &str, ids: &mut BTreeSet<String>) {
    if input["type"] != 4 {
        problems.choice(format!("{at}.type"), "4");
        return;
    }
    custom_id(problems, input, at, ids);
    if !matches!(input["style"].as_u64(), Some(1 | 2)) {
        problems.choice(format!("{at}.style"), "1, 2");
    }
    problems.text(format!("{at}.label"), &input["label"], 1, 45);
    problems.text(format!("{at}.placeholder"), &input["placeholder"], 0, 100);
    let least = problems.number(format!("{at}.min_length"), &input["min_length"], 0, 4000).unwrap_or(0);
    let most = problems.number(format!("{at}.max_length"), &input["max_length"], 1, 4000).unwrap_or(4000);
    if least > most {
        let told = "min_length should be less than or equal to max_length";
        problems.add(format!("{at}.min_length"), "TEXT_INPUT_COMPONENT_MIN_LENGTH_TOO_LARGE", told);
    }
    if let Some(value) = input["value"].as_str() {
        let length = value.chars().count();
        let most = usize::try_from(most).unwrap_or(4000).min(4000);
        // A field may start empty whatever its least length.
        let least = if length == 0 { 0 } else { usize::try_from(least).unwrap_or(0) };
        problems.length(format!("{at}.value"), length, least, most);
    }
}

/// Checks the choices of an autocomplete for an option of this type.
///
/// # Errors
/// 50035 with everything that is wrong.
pub fn choices(data: &Value, option: u64) -> Result<(), ApiError> {
    let mut problems = Problems::default();
    let at = "data.choices";
    for (index, choice) in problems.list(at, &data["choices"], 0, 25).iter().enumerate() {
        one_choice(&mut problems, choice, option, &format!("{at}.{index}"));
    }
    if data["choices"].is_null() {
        problems.required(at);
    }
    problems.finish()
}

/// Checks one choice of an option of this type.
pub fn one_choice(problems: &mut Problems, choice: &Value, option: u64, at: &str) {
    problems.text(format!("{at}.name"), &choice["name"], 1, 100);
    let value = &choice["value"];
    match option {
        3 => problems.text(format!("{at}.value"), value, 1, 100),
        4 if value.as_i64().is_none_or(|number| number.abs() > 1 << 53) => {
            problems.kind(format!("{at}.value"), "an integer");
        }
        10 if !value.is_number() => problems.kind(format!("{at}.value"), "a number"),
        _ => {}
    }
}
