//! What clap found wrong with words that were put in order, as a [`UsageError`]: none of clap's own English leaves.
//!
//! Pure. May import: command, clap.

use crate::command::usage::{Part, UsageError};
use std::error::Error;

/// What clap found wrong, without its words.
pub(super) fn told(error: &clap::Error, command: &clap::Command) -> UsageError {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    if let Some(ours) = error.source().and_then(|source| source.downcast_ref::<UsageError>()) {
        return ours.clone();
    }
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    };
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    let missing = matches!(
        error.kind(),
        ErrorKind::MissingRequiredArgument | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues
    );
    if missing {
        let shown = command.get_positionals().find(|positional| positional.to_string() == argument);
        let id = shown.map(|positional| positional.get_id().as_str()).unwrap_or_default();
        return UsageError::Missing { what: part(id, command.get_name()), usage: String::new() };
    }
    let given = context(ContextKind::InvalidValue).unwrap_or(argument);
    UsageError::Unexpected { given, usage: String::new() }
}

/// The part that an argument is, by its id in the grammar, in a command.
pub(super) fn part(id: &str, command: &str) -> Part {
    match (id, command) {
        ("ticket", _) => Part::Ticket,
        ("into", _) => Part::Into,
        ("delivery", _) => Part::Delivery,
        ("to", "priority") => Part::Priority,
        ("to", _) => Part::Status,
        ("text", _) => Part::Text,
        ("reason", _) => Part::Reason,
        ("name", _) => Part::Name,
        ("changes", _) => Part::Tags,
        ("delay", _) => Part::Delay,
        ("email", _) => Part::Email,
        ("words", _) => Part::Words,
        _ => Part::Value,
    }
}
