//! The options of an interaction, as a [`Command`] of the one grammar, or as what is being typed. Pure. May import:
//! command, view, wording, serenity.

use crate::command::grammar::Command;
use crate::command::grammar::slash::{self, Known};
use crate::command::parse::{UsageError, parse_named};
use crate::view::Suggestion;
use crate::wording::suggestions::{label, value};
use serenity::builder::{AutocompleteChoice, CreateAutocompleteResponse};
use serenity::model::application::{CommandData, CommandDataOption, CommandDataOptionValue as Value};
use serenity::model::channel::Attachment;

/// What somebody is typing in an option for which proposals are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// What the option takes.
    pub known: Known,
    /// So far; may be empty.
    pub text: String,
}

/// The command that was given by `/ticket` or `/guichet`: any word of the grammar is taken under either.
///
/// # Errors
/// The [`UsageError`] to tell.
pub fn command(data: &CommandData) -> Result<Command, UsageError> {
    let (name, options) = subcommand(data).ok_or(UsageError::Empty)?;
    let mut parts: Vec<(&str, String)> = Vec::with_capacity(options.len());
    for option in options.iter().filter(|option| !matches!(option.value, Value::Attachment(_))) {
        let text = text(&option.value)
            .ok_or_else(|| UsageError::Unexpected { given: option.name.clone(), usage: String::new() })?;
        parts.push((&option.name, text));
    }
    let mut parts: Vec<(&str, &str)> = parts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let has_text = parts.iter().any(|(name, text)| *name == "text" && !text.trim().is_empty());
    if name != "reply" || has_text {
        return parse_named(name, &parts);
    }
    // Without a text it is written in a form.
    parts.push(("text", "-"));
    let mut command = parse_named(name, &parts)?;
    if let Command::Reply { text, .. } = &mut command {
        text.clear();
    }
    Ok(command)
}

/// The files that were given with a command.
pub fn files(data: &CommandData) -> impl Iterator<Item = &Attachment> {
    let options = subcommand(data).map_or(&[][..], |(_, options)| options);
    options.iter().filter_map(|option| match &option.value {
        Value::Attachment(id) => data.resolved.attachments.get(id),
        _ => None,
    })
}

/// What is being typed, of an interaction that asks for proposals; `None` where we have none to make.
pub fn typed(data: &CommandData) -> Option<Typed> {
    let (name, options) = subcommand(data)?;
    options.iter().find_map(|option| match &option.value {
        Value::Autocomplete { value, .. } => {
            Some(Typed { known: slash::known(name, &option.name)?, text: value.clone() })
        }
        _ => None,
    })
}

/// The proposals as Discord shows them; 25 at most.
pub fn choices(suggestions: &[Suggestion]) -> CreateAutocompleteResponse {
    let choice = |suggestion| AutocompleteChoice::new(label(suggestion), value(suggestion));
    CreateAutocompleteResponse::new().set_choices(
        suggestions.iter().take(25).filter(|s| value(s).chars().count() <= 100).map(choice).collect(),
    )
}

fn subcommand(data: &CommandData) -> Option<(&str, &[CommandDataOption])> {
    data.options.iter().find_map(|option| match &option.value {
        Value::SubCommand(options) => Some((option.name.as_str(), options.as_slice())),
        _ => None,
    })
}

/// A value as it would be typed; `None` for what no command of ours asks for.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Boolean(yes) => Some(yes.to_string()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::grammar::slash::{SlashOption, Takes};
    use crate::command::parse::parse;
    use serde_json::json;

    fn data(command: &str, subcommand: &str, options: serde_json::Value) -> CommandData {
        serde_json::from_value(json!({
            "id": "1", "name": command, "type": 1,
            "options": [{ "type": 1, "name": subcommand, "options": options }]
        }))
        .unwrap()
    }

    #[test]
    fn an_interaction_means_what_its_words_would() {
        let reply = data(
            "ticket",
            "reply",
            json!([
                { "type": 3, "name": "ticket", "value": "42" },
                { "type": 3, "name": "text", "value": "--then closed\n\n  \"Bonjour\"" },
                { "type": 5, "name": "all", "value": true },
                { "type": 3, "name": "then", "value": "waiting_customer" },
            ]),
        );
        assert_eq!(
            command(&reply),
            parse("reply 42 --all --then waiting_customer -- --then closed\n\n  \"Bonjour\"")
        );
        let no = data("ticket", "list", json!([{ "type": 5, "name": "mine", "value": false }]));
        assert_eq!(command(&no), parse("list"));
        let number = data("ticket", "show", json!([{ "type": 4, "name": "ticket", "value": 42 }]));
        assert_eq!(command(&number), parse("show 42"));
        for top in ["ticket", "guichet"] {
            assert_eq!(command(&data(top, "stats", json!([]))), parse("stats"));
            assert_eq!(
                command(&data(top, "take", json!([{ "type": 3, "name": "ticket", "value": "#7" }]))),
                parse("take 7")
            );
        }
    }

    #[test]
    fn what_no_command_of_ours_asks_for_is_an_error() {
        let bare: CommandData =
            serde_json::from_value(json!({ "id": "1", "name": "ticket", "type": 1 })).unwrap();
        assert_eq!(command(&bare), Err(UsageError::Empty));
        assert_eq!(typed(&bare), None);
        let user = data(
            "ticket",
            "assign",
            json!([
                { "type": 3, "name": "ticket", "value": "42" },
                { "type": 6, "name": "agent", "value": "123" },
            ]),
        );
        assert!(matches!(command(&user), Err(UsageError::Unexpected { given, .. }) if given == "agent"));
        let unknown = data("ticket", "sudo", json!([]));
        assert!(matches!(command(&unknown), Err(UsageError::UnknownCommand { .. })));
    }

    #[test]
    fn every_option_that_proposes_is_known_while_it_is_typed() {
        for slash in slash::commands() {
            for SlashOption { name, takes, .. } in &slash.options {
                let asked = data(
                    "ticket",
                    &slash.name,
                    json!([
                        { "type": 3, "name": "x", "value": "before" },
                        { "type": 3, "name": name, "value": "rembours", "focused": true },
                    ]),
                );
                let wanted = match takes {
                    Takes::Known(known) => Some(Typed { known: *known, text: "rembours".into() }),
                    _ => None,
                };
                assert_eq!(typed(&asked), wanted, "{} {name}", slash.name);
            }
        }
    }

    #[test]
    fn every_registered_subcommand_with_every_option_is_a_command() {
        for slash in slash::commands() {
            let options: Vec<serde_json::Value> = slash
                .options
                .iter()
                .map(|option| match &option.takes {
                    Takes::Flag => json!({ "type": 5, "name": option.name, "value": true }),
                    Takes::OneOf(choices) => {
                        json!({ "type": 3, "name": option.name, "value": choices[0].word })
                    }
                    Takes::Known(Known::Ticket | Known::Delivery | Known::UncertainDelivery) => {
                        json!({ "type": 3, "name": option.name, "value": "42" })
                    }
                    Takes::Known(_) | Takes::Text => {
                        json!({ "type": 3, "name": option.name, "value": "camille@client.example" })
                    }
                })
                .collect();
            let given = command(&data("ticket", &slash.name, json!(options)));
            assert!(given.is_ok(), "{}: {given:?}", slash.name);
        }
    }
}
