//! What the bearer of a token may ask of the JSON interface.

use serde::{Deserialize, Serialize};

/// One thing that a token opens. A token opens what it names and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Who the users are and how they are told.
    Users,
    /// Their tickets.
    Tickets,
    /// What they were told on the web.
    Notifications,
}

impl Scope {
    /// All of them.
    pub const ALL: [Scope; 3] = [Scope::Users, Scope::Tickets, Scope::Notifications];

    /// The word used on the command line and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::Users => "users",
            Scope::Tickets => "tickets",
            Scope::Notifications => "notifications",
        }
    }

    /// The scope that [`Scope::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}
