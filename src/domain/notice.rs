//! What a requester is told, and when: three statuses, the reply and the reminders, nothing else (guide, « Quand les
//! Notifications sont Envoyées », « L'utilisateur ne répond pas »). The words are in `wording::notices`.

use super::ticket::Status;
use serde::{Deserialize, Serialize};

/// The colour of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Orange: an answer is awaited.
    Warning,
    /// Green: resolved.
    Success,
    /// Blue: closed.
    Info,
    /// A CM answered.
    Reply,
    /// An answer is still awaited.
    Reminder,
}

impl NoticeKind {
    /// All kinds.
    pub const ALL: [NoticeKind; 5] =
        [NoticeKind::Warning, NoticeKind::Success, NoticeKind::Info, NoticeKind::Reply, NoticeKind::Reminder];

    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            NoticeKind::Warning => "warning",
            NoticeKind::Success => "success",
            NoticeKind::Info => "info",
            NoticeKind::Reply => "reply",
            NoticeKind::Reminder => "reminder",
        }
    }

    /// The kind that [`NoticeKind::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<NoticeKind> {
        NoticeKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The kind of the notice that entering `status` sends, if it sends one.
    pub fn of_status(status: Status) -> Option<NoticeKind> {
        match status {
            Status::New | Status::InProgress => None,
            Status::WaitingCustomer => Some(NoticeKind::Warning),
            Status::Resolved => Some(NoticeKind::Success),
            Status::Closed => Some(NoticeKind::Info),
        }
    }
}

/// One thing to tell the requester: at most one for each act, on each channel that they chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The ticket entered a status that the guide announces.
    Status(Status),
    /// A CM answered; `then` is the announced status that the same act set, if any.
    Reply {
        /// A status whose title stands in the mail as a line of its own.
        then: Option<Status>,
    },
    /// An answer is still awaited.
    Reminder {
        /// The ticket is closed next.
        is_last: bool,
    },
}

impl Notice {
    /// The status announced, alone or with a reply.
    pub fn status(self) -> Option<Status> {
        match self {
            Notice::Status(status) => Some(status),
            Notice::Reply { then } => then,
            Notice::Reminder { .. } => None,
        }
    }

    /// The colour that the requester sees: that of the status it announces, with a reply as well (guide, « Type: Warning
    /// (Orange) »).
    pub fn colour(self) -> NoticeKind {
        match self {
            Notice::Reminder { .. } => NoticeKind::Warning,
            _ => self.status().and_then(NoticeKind::of_status).unwrap_or(NoticeKind::Reply),
        }
    }

    /// What it is before all: a reply is one, and a reminder is one, whatever their colour; else the colour of its status.
    pub fn kind(self) -> NoticeKind {
        match self {
            Notice::Status(status) => NoticeKind::of_status(status).unwrap_or(NoticeKind::Info),
            Notice::Reply { .. } => NoticeKind::Reply,
            Notice::Reminder { .. } => NoticeKind::Reminder,
        }
    }
}
