//! What needs a person although no ticket tells of it. Pure.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// What is wrong. Stands as long as its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// The provider refuses our OAuth token for good: no mail comes in or goes out until somebody signs in again.
    DeadToken,
    /// The server holds mails of our time that the journal does not.
    MissingMail,
    /// The mail we sent to ourselves has not come back.
    LostCanary,
    /// A chat platform does not let us post where we are told to.
    ChatRefused,
    /// An endpoint of the host application takes no webhook any more.
    DeadWebhook,
}

impl AlertKind {
    /// All of them.
    pub const ALL: [AlertKind; 5] = [
        AlertKind::DeadToken,
        AlertKind::MissingMail,
        AlertKind::LostCanary,
        AlertKind::ChatRefused,
        AlertKind::DeadWebhook,
    ];

    /// The word in the database and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            AlertKind::DeadToken => "dead_token",
            AlertKind::MissingMail => "missing_mail",
            AlertKind::LostCanary => "lost_canary",
            AlertKind::ChatRefused => "chat_refused",
            AlertKind::DeadWebhook => "dead_webhook",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<AlertKind> {
        AlertKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether mail has stopped because of it, so that the desk is not ready.
    pub const fn stops_mail(self) -> bool {
        matches!(self, AlertKind::DeadToken)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// What.
    pub kind: AlertKind,
    /// With which mailbox, account or endpoint, as the operator wrote it in the configuration.
    pub about: String,
    /// What was said or counted, as it stands in the sentence that tells of it.
    pub detail: String,
    /// Since when.
    pub since: DateTime<Utc>,
}
