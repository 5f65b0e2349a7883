//! One entry of a conversation.

use serde::{Deserialize, Serialize};

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the requester.
    Inbound,
    /// To the requester.
    Outbound,
    /// An internal note: never leaves the team.
    Note,
}

impl Direction {
    /// All three.
    pub const ALL: [Direction; 3] = [Direction::Inbound, Direction::Outbound, Direction::Note];

    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
            Direction::Note => "note",
        }
    }

    /// The direction that [`Direction::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Direction> {
        Direction::ALL.into_iter().find(|direction| direction.as_str() == word)
    }
}

/// Why a message is set apart. One of ours that a program wrote is no answer of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Somebody who does not take part wrote it.
    Stranger,
    /// A program wrote it.
    Automatic,
}

impl Mark {
    /// The word used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mark::Stranger => "stranger",
            Mark::Automatic => "automatic",
        }
    }

    /// The mark that [`Mark::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Mark> {
        [Mark::Stranger, Mark::Automatic].into_iter().find(|mark| mark.as_str() == word)
    }
}
