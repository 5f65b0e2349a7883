//! What a received mail says, already decoded. Every field is a stranger's word: bounded and cleaned by
//! `reading::parse`, never trusted beyond that.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// One address with the name shown beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mailbox {
    /// Lower case, with exactly one local part and one domain.
    pub address: String,
    /// One line without control characters; empty when the mail gave none.
    pub name: String,
}

/// A part that is not the text of the mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// A plain file name: no path, no control characters; made up when the mail gave none.
    pub name: String,
    /// The media type, as sniffed where that is possible, else as declared.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Size once decoded.
    pub bytes: u64,
    /// Index of the part in the parsed mail, to read it again from the raw bytes.
    #[serde(skip)]
    pub part: u32,
}

/// A report of non-delivery (RFC 3464, or the common forms without its structure).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bounce {
    /// The address that could not be reached, where the report names one.
    pub recipient: Option<String>,
    /// Enhanced status code (RFC 3463), such as `5.1.1`.
    pub status: Option<String>,
    /// `failed`, `delayed`, …
    pub action: String,
    /// Message-ID of the mail that came back, without angle brackets, where the report quotes it.
    pub original_message_id: Option<String>,
}

/// A mail, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMail {
    /// Every usable mailbox of every From field, in order. A mail with no sender or several is held.
    pub from: Vec<Mailbox>,
    /// To.
    pub to: Vec<Mailbox>,
    /// Cc.
    pub cc: Vec<Mailbox>,
    /// One line, no control characters, may be empty.
    pub subject: String,
    /// The Date field.
    pub date: Option<DateTime<Utc>>,
    /// Without angle brackets; `None` when absent or empty, so that it never matches anything.
    pub message_id: Option<String>,
    /// Without angle brackets, in order.
    pub in_reply_to: Vec<String>,
    /// Without angle brackets, oldest first as RFC 5322 section 3.6.4 has it.
    pub references: Vec<String>,
    /// The whole body as plain text, lines ended by `\n`, no NUL.
    pub text: String,
    /// Everything that is not that text.
    pub attachments: Vec<Attachment>,
    /// A program wrote it, and why we think so (`auto-submitted`, `precedence`, `subject`, …).
    pub automatic: Option<String>,
    /// It reports that a mail of ours was not delivered.
    pub bounce: Option<Bounce>,
}
