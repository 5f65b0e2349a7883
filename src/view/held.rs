//! What is held of a person, and how long what is held of anybody.
//!
//! Pure. May import: domain, view.

use super::{RequesterView, TicketView, cards};
use crate::domain::audit::Counts;
use crate::domain::ids::RequesterId;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// What is held of a person, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldOf {
    /// Their number.
    pub id: RequesterId,
    /// Who.
    #[serde(flatten)]
    pub requester: RequesterView,
    /// When they were first heard of.
    pub known_since: DateTime<Utc>,
    /// Their mail opens no ticket.
    pub blocked: bool,
    /// Nothing is held of them any more.
    pub erased: bool,
    /// The host application or the operator keeps their record.
    pub managed: bool,
    /// How much.
    pub counts: PersonCounts,
    /// The latest of their tickets.
    #[serde(serialize_with = "cards")]
    pub tickets: Vec<TicketView>,
}

/// How much is held of a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PersonCounts {
    /// Tickets.
    pub tickets: i64,
    /// Messages on them.
    pub messages: i64,
    /// Files of those.
    pub files: i64,
    /// Mails as they came in, theirs and those of their tickets.
    pub mails: i64,
    /// Our mails to them, as they left.
    pub sent_mails: i64,
    /// What they were told on the web.
    pub notifications: i64,
    /// Browsers that are told by push.
    pub devices: i64,
    /// Accounts of chats.
    pub accounts: i64,
    /// Messages of theirs on the tickets of others.
    pub elsewhere: i64,
    /// Tickets of others that they take part in, or were kept out of.
    pub takes_part: i64,
}

/// How long what people wrote is kept, and what of it would go now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RetentionView {
    /// The bytes of mails; `None`: for ever.
    pub raw_mails_seconds: Option<u64>,
    /// The words of closed tickets; `None`: for ever.
    pub closed_tickets_seconds: Option<u64>,
    /// Mails that came in, whose time is over.
    pub mails: i64,
    /// Mails that left, likewise.
    pub sent_mails: i64,
    /// Tickets, likewise; with each go those that were merged into it.
    pub tickets: i64,
    /// Mails that came in and left, of those that are over within a week.
    pub mails_coming: i64,
    /// Tickets that are.
    pub tickets_coming: i64,
}

impl RetentionView {
    /// What would go now.
    pub fn over(&self) -> Counts {
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        let (tickets, mails, sent_mails) = (count(self.tickets), count(self.mails), count(self.sent_mails));
        Counts { tickets, mails, sent_mails, ..Counts::default() }
    }
}
