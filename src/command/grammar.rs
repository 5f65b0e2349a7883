//! `/ticket …`: every command, declared once.

use crate::domain::ids::{DeliveryId, TicketId};
use crate::domain::preference::Preference;
use crate::domain::ticket::{Priority, Status};

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Command {
    List { status: Option<Status>, priority: Option<Priority>, mine: bool, words: Vec<String> },
    Show { ticket: TicketId },
    Status { ticket: TicketId, to: Status, reason: Option<String> },
    Reply { ticket: TicketId, template: Option<String>, then: Option<Status>, text: String },
    Template { name: Option<String>, ticket: Option<TicketId> },
    Note { ticket: TicketId, text: String },
    Take { ticket: TicketId },
    Assign { ticket: TicketId, name: String },
    Priority { ticket: TicketId, to: Priority },
    Tag { ticket: TicketId, changes: Vec<String> },
    Escalate { ticket: TicketId, reason: String },
    Urgent { ticket: TicketId, reason: Option<String> },
    Feature { ticket: TicketId },
    Spam { ticket: TicketId },
    Reopen { ticket: TicketId },
    Merge { ticket: TicketId, into: TicketId },
    Snooze { ticket: TicketId, delay: String },
    Undo,
    History { ticket: TicketId },
    Deliveries { ticket: TicketId },
    Resend { delivery: DeliveryId },
    User { email: String, preference: Option<Preference> },
    Kb { words: Vec<String> },
    Stats,
    Checklist,
    Report,
    Help { command: Option<String> },
}
