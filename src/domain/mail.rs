//! What a received mail says, already decoded. Every field is a stranger's word: bounded and cleaned by
//! `reading::parse`, never trusted beyond that.

use super::authentication::Authentication;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One address with the name shown beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Where it lies in the mail, to read it again from the raw bytes: the index of its part, and [`INSIDE`] more for
    /// each place of a file within a part that holds files.
    #[serde(skip)]
    pub part: u32,
    /// A picture that the mail's HTML shows in its place (RFC 2392).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub inline: bool,
    /// Why it is listed but not given out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

/// Added to [`Attachment::part`] for the first file within a part, twice for the second, and so on. More than any
/// mail that is read has parts.
pub const INSIDE: u32 = 100_000;

/// Why a file is not given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// Larger than `limits.max_attachment_bytes`; its bytes stay in the raw mail.
    Size,
    /// The mail that it came in is not kept any more. Told by that, and never written.
    Gone,
}

impl Refused {
    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Refused::Size => "size",
            Refused::Gone => "gone",
        }
    }

    /// The reason that [`Refused::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Refused> {
        (word == Refused::Size.as_str()).then_some(Refused::Size)
    }
}

/// What became of the bytes of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Original {
    /// They are kept.
    Kept,
    /// They are not kept any more; what was taken from them for the ticket is.
    Gone,
}

impl Original {
    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Original::Kept => "kept",
            Original::Gone => "gone",
        }
    }

    /// The fate that [`Original::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Original> {
        [Original::Kept, Original::Gone].into_iter().find(|fate| fate.as_str() == word)
    }

    /// What can still be had of a mail's shape and files.
    pub fn leaves(self, shape: Shape, files: Vec<Attachment>) -> (Shape, Vec<Attachment>) {
        match self {
            Original::Kept => (shape, files),
            Original::Gone => {
                let gone = |file| Attachment { refused: Some(Refused::Gone), ..file };
                (Shape { html: None, ..shape }, files.into_iter().map(gone).collect())
            }
        }
    }
}

/// What a mail is made of, beside its text and its files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// Its HTML version.
    #[serde(skip)]
    pub html: Option<HtmlVersion>,
    /// What it is sealed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<Seal>,
    /// Whether all of it was kept.
    #[serde(skip_serializing_if = "Parts::are_all_kept")]
    pub parts: Parts,
}

/// The HTML version of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HtmlVersion {
    /// It shows nothing that the mail does not hold.
    Whole,
    /// It shows pictures that would be fetched from elsewhere.
    RemoteImages,
}

impl HtmlVersion {
    /// The word used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            HtmlVersion::Whole => "whole",
            HtmlVersion::RemoteImages => "remote_images",
        }
    }

    /// The version that [`HtmlVersion::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<HtmlVersion> {
        [HtmlVersion::Whole, HtmlVersion::RemoteImages].into_iter().find(|version| version.as_str() == word)
    }
}

/// What the writer's program sealed a mail with: S/MIME (RFC 8551) or OpenPGP (RFC 9580). Neither is checked or undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seal {
    /// A signature.
    Signed,
    /// Encryption: the text cannot be read here.
    Encrypted,
}

impl Seal {
    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Seal::Signed => "signed",
            Seal::Encrypted => "encrypted",
        }
    }

    /// The seal that [`Seal::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Seal> {
        [Seal::Signed, Seal::Encrypted].into_iter().find(|seal| seal.as_str() == word)
    }
}

/// How many pieces of a mail hold something, and how many of them can be had on the ticket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Parts {
    /// Texts, pictures and files that came, each once.
    pub received: u32,
    /// Those that are shown or given out.
    pub kept: u32,
}

impl Parts {
    /// Whether nothing is missing.
    pub fn are_all_kept(&self) -> bool {
        self.kept >= self.received
    }
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
    /// Whether a mail system wrote it, by its name, its envelope or the form of a report. Where only words say so, a person may
    /// have written them: of no mail of ours, it waits for a CM.
    #[serde(skip)]
    pub certain: bool,
}

/// A mail that came inside another, whole: what forwarding as an attachment makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnclosedMail {
    /// Its only sender; `None` when it has none or several.
    pub from: Option<Mailbox>,
    /// One line, may be empty.
    pub subject: String,
    /// Its body as plain text.
    pub text: String,
}

/// A mail, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InboundMail {
    /// Every usable mailbox of every From field, in order. A mail with no sender or several is held.
    pub from: Vec<Mailbox>,
    /// To.
    pub to: Vec<Mailbox>,
    /// Cc.
    pub cc: Vec<Mailbox>,
    /// The addresses that the servers on the way say they delivered it to (Delivered-To, X-Original-To, Envelope-To).
    pub delivered_to: Vec<String>,
    /// One line, no control characters, may be empty.
    pub subject: String,
    /// The Date field.
    pub date: Option<DateTime<Utc>>,
    /// When the server that it reached last got it, by that server's own word.
    pub received: Option<DateTime<Utc>>,
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
    /// What it is made of.
    pub shape: Shape,
    /// The mail that a person attached to it, when there is exactly one.
    pub enclosed: Option<Box<EnclosedMail>>,
    /// A program wrote it, and why we think so (`auto-submitted`, `precedence`, `subject`, …).
    pub automatic: Option<String>,
    /// It reports that a mail of ours was not delivered.
    pub bounce: Option<Bounce>,
    /// It reports that a mail of ours was delivered.
    pub delivered: Option<Bounce>,
    /// What the mail left us to guess: `charset` (of its text or its header), `boundary` (of its parts).
    pub guessed: Vec<&'static str>,
    /// What servers on its way say of its sender, the last server first; only what our own say is to be believed
    /// ([`super::authentication::is_refuted_by`]).
    pub authentication: Vec<Authentication>,
}
