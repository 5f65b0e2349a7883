//! What can be wrong with a command as it was typed, with its data and without its words (those are in
//! `wording::refusals`).
//!
//! Pure. May import: std.

use std::fmt;

/// A command that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsageError {
    /// Nothing was typed.
    Empty,
    /// No command has this name.
    UnknownCommand {
        /// What was typed.
        given: String,
        /// What was probably meant: `status`, or `show 42` for a number alone.
        near: Option<String>,
    },
    /// A word out of a closed set was expected, and this is none of them.
    UnknownValue {
        /// Which set.
        what: What,
        /// What was typed.
        given: String,
        /// What was probably meant.
        near: Option<&'static str>,
        /// The words there are.
        allowed: Vec<&'static str>,
    },
    /// The command has no such option.
    UnknownOption {
        /// What was typed, dashes included.
        given: String,
        /// What was probably meant, dashes included.
        near: Option<String>,
        /// How the command is written.
        usage: String,
    },
    /// A part that the command needs is not there.
    Missing {
        /// Which part.
        what: Part,
        /// How the command is written.
        usage: String,
    },
    /// An option stands after the text, where it would be sent to the requester as text.
    MisplacedOption {
        /// The option as it was typed.
        given: String,
        /// How the command is written.
        usage: String,
    },
    /// More words than the command takes.
    Unexpected {
        /// The first word too many.
        given: String,
        /// How the command is written.
        usage: String,
    },
    /// A number was expected, of a ticket or of a delivery.
    NotANumber {
        /// What was typed.
        given: String,
    },
    /// An address was expected that mail can be sent to.
    NotAnAddress {
        /// What was typed.
        given: String,
    },
}

/// A closed set of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the type of the same name in the domain")]
pub enum What {
    Status,
    Priority,
    Preference,
}

/// A part of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The number of a ticket.
    Ticket,
    /// The ticket that another one is merged into.
    Into,
    /// The number of a delivery.
    Delivery,
    /// A status.
    Status,
    /// A priority.
    Priority,
    /// The text of a reply or a note.
    Text,
    /// Why.
    Reason,
    /// A colleague's name.
    Name,
    /// Labels to add or take away.
    Tags,
    /// How long.
    Delay,
    /// An address.
    Email,
    /// Words to look for.
    Words,
    /// What an option is to be set to.
    Value,
}

impl UsageError {
    /// The same error with the way the command is written, where the error has a place for it.
    pub(super) fn with_usage(mut self, written: &str) -> Self {
        match &mut self {
            UsageError::UnknownOption { usage, .. }
            | UsageError::Missing { usage, .. }
            | UsageError::MisplacedOption { usage, .. }
            | UsageError::Unexpected { usage, .. } => written.clone_into(usage),
            UsageError::Empty
            | UsageError::UnknownCommand { .. }
            | UsageError::UnknownValue { .. }
            | UsageError::NotANumber { .. }
            | UsageError::NotAnAddress { .. } => {}
        }
        self
    }
}

/// For logs; a CM reads `wording::refusals::say_usage`.
impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UsageError::Empty => "no command",
            UsageError::UnknownCommand { .. } => "unknown command",
            UsageError::UnknownValue { .. } => "unknown value",
            UsageError::UnknownOption { .. } => "unknown option",
            UsageError::Missing { .. } => "missing part",
            UsageError::MisplacedOption { .. } => "option after the text",
            UsageError::Unexpected { .. } => "unexpected word",
            UsageError::NotANumber { .. } => "not a number",
            UsageError::NotAnAddress { .. } => "not an address",
        })
    }
}

impl std::error::Error for UsageError {}
