//! How a list of tickets is ordered, and a place in it. Pure. May import: chrono, domain.

use super::ids::AgentId;
use super::ticket::{Priority, Status};
use chrono::{DateTime, SecondsFormat, Utc};

/// Which ticket stands first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// The newest change.
    #[default]
    Newest,
    /// The oldest change.
    Oldest,
    /// The latest opened.
    Opened,
    /// The most pressing answer; those to whom none is owed come last.
    Due,
    /// The highest priority, and of one priority the newest change; closed tickets come last.
    Priority,
}

impl Order {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Order; 5] = [Order::Newest, Order::Oldest, Order::Due, Order::Priority, Order::Opened];

    /// The word in an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Order::Newest => "newest",
            Order::Oldest => "oldest",
            Order::Opened => "opened",
            Order::Due => "due",
            Order::Priority => "priority",
        }
    }

    /// The order of a word in an address.
    pub fn from_word(word: &str) -> Option<Order> {
        Order::ALL.into_iter().find(|order| order.as_str() == word)
    }
}

/// Who has the tickets of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// Nobody has taken them.
    Nobody,
    /// This agent.
    Agent(AgentId),
}

/// Where a page of a list ends: the next one begins behind it. Of one list, whose order says what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// See [`rank`], for a list by priority; else 0.
    pub rank: i64,
    /// The time that the list is ordered by.
    pub at: DateTime<Utc>,
    /// The last ticket; in what was searched, the last message that was looked at.
    pub id: i64,
}

/// The place of a ticket in a list by priority, the higher the earlier.
pub fn rank(status: Status, priority: Priority) -> i64 {
    match (status, priority) {
        (Status::Closed, _) => 0,
        (_, Priority::Low) => 1,
        (_, Priority::Normal) => 2,
        (_, Priority::High) => 3,
        (_, Priority::Urgent) => 4,
    }
}

impl Place {
    /// The place as an address holds it: `0,2026-11-24T09:00:00.000Z,42`.
    pub fn to_word(self) -> String {
        format!("{},{},{}", self.rank, self.at.to_rfc3339_opts(SecondsFormat::Millis, true), self.id)
    }

    /// The place that an address holds.
    pub fn from_word(word: &str) -> Option<Place> {
        let mut parts = word.splitn(3, ',');
        let rank = parts.next()?.parse().ok()?;
        let at = DateTime::parse_from_rfc3339(parts.next()?).ok()?.to_utc();
        let id = parts.next()?.parse().ok()?;
        Some(Place { rank, at, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let at = DateTime::parse_from_rfc3339("2026-11-24T09:00:00.125Z").unwrap().to_utc();
        let place = Place { rank: 4, at, id: 42 };
        assert_eq!(place.to_word(), "4,2026-11-24T09:00:00.125Z,42");
        assert_eq!(Place::from_word(&place.to_word()), Some(place));
        for wrong in [
            "",
            "4",
            "4,x,1",
            "4,2026-11-24T09:00:00Z",
            "a,2026-11-24T09:00:00Z,1",
            "4,2026-11-24T09:00:00Z,1,2",
        ] {
            assert_eq!(Place::from_word(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_order_is_read_as_it_was_written() {
        for order in Order::ALL {
            assert_eq!(Order::from_word(order.as_str()), Some(order));
        }
        assert_eq!(Order::from_word("random"), None);
    }
}
