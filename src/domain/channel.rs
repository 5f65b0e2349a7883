//! The roads that a notice can take.

use serde::{Deserialize, Serialize};

/// By what road.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the guide's own")]
pub enum Channel {
    Web,
    Email,
    Push,
    /// The team's own channel; not for requesters.
    Chat,
}

impl Channel {
    /// All four.
    pub const ALL: [Channel; 4] = [Channel::Web, Channel::Email, Channel::Push, Channel::Chat];

    /// The roads to a requester, in the order of the guide's table.
    pub const TO_REQUESTER: [Channel; 3] = [Channel::Web, Channel::Email, Channel::Push];

    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Channel::Web => "web",
            Channel::Email => "email",
            Channel::Push => "push",
            Channel::Chat => "chat",
        }
    }

    /// The channel that [`Channel::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Channel> {
        Channel::ALL.into_iter().find(|channel| channel.as_str() == word)
    }
}
