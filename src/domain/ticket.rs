//! The ticket, its five statuses and four priorities, and which status may follow which.

use super::ids::{AgentId, RequesterId, TicketId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Where a ticket stands (guide, « Les 5 Statuts de Ticket »).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Created, untouched.
    New,
    /// Being worked on; set by any agent's reply and by a requester's answer.
    InProgress,
    /// The ball is with the requester.
    WaitingCustomer,
    /// A full answer was given.
    Resolved,
    /// Finished.
    Closed,
}

impl Status {
    /// All five, in the order of the guide.
    pub const ALL: [Status; 5] =
        [Status::New, Status::InProgress, Status::WaitingCustomer, Status::Resolved, Status::Closed];

    /// The word used in commands, JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::New => "new",
            Status::InProgress => "in_progress",
            Status::WaitingCustomer => "waiting_customer",
            Status::Resolved => "resolved",
            Status::Closed => "closed",
        }
    }

    /// The status that [`Status::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether an answer was given and nothing is owed.
    pub fn is_settled(self) -> bool {
        matches!(self, Status::Resolved | Status::Closed)
    }

    /// Whether an agent may take a ticket from `self` to `to`.
    ///
    /// From anywhere to `in_progress` and to `closed`; `new`, `in_progress`, `waiting_customer` and
    /// `resolved` among each other, but never back to `new`; from `closed` only to `in_progress`.
    /// The same status again is not a change.
    pub fn may_become(self, to: Status) -> bool {
        match (self, to) {
            (from, to) if from == to => false,
            (_, Status::New) => false,
            (Status::Closed, to) => to == Status::InProgress,
            _ => true,
        }
    }
}

/// How much a ticket presses (guide, « Filtres Disponibles »: Basse, Normale, Haute, Urgente).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the four names are the guide's own")]
pub enum Priority {
    Low,
    Normal,
    High,
    Urgent,
}

impl Priority {
    /// All four, from the lowest.
    pub const ALL: [Priority; 4] = [Priority::Low, Priority::Normal, Priority::High, Priority::Urgent];

    /// The word used in commands, JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Priority::Low => "low",
            Priority::Normal => "normal",
            Priority::High => "high",
            Priority::Urgent => "urgent",
        }
    }

    /// The priority that [`Priority::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Priority> {
        Priority::ALL.into_iter().find(|priority| priority.as_str() == word)
    }
}

/// The reason that makes closing a ticket silent: no notice on any channel, sender blocked.
pub const SPAM: &str = "spam";

/// One request, as the database holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The number people say.
    pub id: TicketId,
    /// One line, no control characters.
    pub subject: String,
    /// Where it stands.
    pub status: Status,
    /// How much it presses.
    pub priority: Priority,
    /// Who took it.
    pub assignee: Option<AgentId>,
    /// Who asked.
    pub requester: RequesterId,
    /// Why it was closed, in the words of whoever closed it; [`SPAM`] has a meaning of its own.
    pub reason: Option<String>,
    /// The ticket that goes on in its place, and has its messages.
    pub merged_into: Option<TicketId>,
    /// The closed ticket that it goes on from: its requester answered after the time in which that one reopens.
    pub follows: Option<TicketId>,
    /// Since when the technical team has it; until it is resolved or closed.
    pub escalated_at: Option<DateTime<Utc>>,
    /// Since when it stands where it does.
    pub status_since: DateTime<Utc>,
    /// By when its requester is owed an answer.
    pub answer_due: Option<DateTime<Utc>>,
    /// Since when nothing but numbers, times and statuses is left of it. The next act on it ends that.
    pub anonymised_at: Option<DateTime<Utc>>,
    /// Counts every change; two writers who read the same version cannot both write.
    pub version: i64,
    /// When the first message arrived.
    pub created_at: DateTime<Utc>,
    /// When anything last changed.
    pub updated_at: DateTime<Utc>,
}

impl Ticket {
    /// Whether its requester sees it in their list: another goes on in the place of a merged one, and of spam nothing is said.
    pub fn is_shown_to_requester(&self) -> bool {
        self.merged_into.is_none() && self.reason.as_deref() != Some(SPAM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transitions_are_those_of_the_guide() {
        let allowed: Vec<(Status, Status)> = Status::ALL
            .into_iter()
            .flat_map(|from| Status::ALL.map(|to| (from, to)))
            .filter(|(from, to)| from.may_become(*to))
            .collect();
        use Status::*;
        assert_eq!(
            allowed,
            [
                (New, InProgress),
                (New, WaitingCustomer),
                (New, Resolved),
                (New, Closed),
                (InProgress, WaitingCustomer),
                (InProgress, Resolved),
                (InProgress, Closed),
                (WaitingCustomer, InProgress),
                (WaitingCustomer, Resolved),
                (WaitingCustomer, Closed),
                (Resolved, InProgress),
                (Resolved, WaitingCustomer),
                (Resolved, Closed),
                (Closed, InProgress),
            ]
        );
    }

    #[test]
    fn words_read_back() {
        for status in Status::ALL {
            assert_eq!(Status::from_word(status.as_str()), Some(status));
        }
        for priority in Priority::ALL {
            assert_eq!(Priority::from_word(priority.as_str()), Some(priority));
        }
    }
}
