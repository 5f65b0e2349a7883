//! What can be wrong with a configuration, as data; `wording::config_faults` says it. May import: nothing of ours.

use std::path::PathBuf;

/// One fault and the key it stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The dotted name, such as `smtp.password` or `imap[2].password`; a section's name alone; or the file's path
    /// for a fault of the whole file.
    pub key: String,
    /// What is wrong with it.
    pub problem: Problem,
}

impl Fault {
    pub(crate) fn new(key: impl Into<String>, problem: Problem) -> Fault {
        Fault { key: key.into(), problem }
    }

    /// What stands at this key is no key of Web Push.
    pub fn no_key(key: &str) -> Fault {
        Fault::new(key, Problem::Wants(Wanted::VapidKey))
    }
}

/// What is wrong. Never holds a secret's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The file, or a file that a key names, cannot be read; the system's own words.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why, in English, as the system says it.
        why: String,
    },
    /// The file can be read, and nobody can be trusted by it.
    NoCertificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, in English, as the reader of certificates says it.
        why: String,
    },
    /// A template of the operator's cannot be used.
    BadTemplate {
        /// Which, and what is wrong with it, in English, as the reader of templates says it.
        why: String,
    },
    /// Not TOML.
    Syntax {
        /// From 1.
        line: usize,
        /// What the reader found there, in English, as the TOML reader says it.
        why: String,
    },
    /// No key of this name.
    Unknown {
        /// The known key whose name is nearest.
        nearest: String,
    },
    /// A word that is none of those that are wanted.
    UnknownWord {
        /// It.
        word: String,
        /// The known word that is nearest.
        nearest: &'static str,
    },
    /// Needed and not given.
    Missing,
    /// This section is needed, or the key of a folder in its place; neither is given.
    NoSide {
        /// That key.
        folder: &'static str,
    },
    /// Given by two keys that exclude each other.
    Twice {
        /// The other key.
        other: String,
    },
    /// The mailbox of another entry once more: its mails would be told of twice.
    SameMailbox {
        /// The other entry's key.
        other: String,
    },
    /// Another mailbox keeps the copies of what leaves already.
    KeptTwice {
        /// The other entry's key.
        other: String,
    },
    /// No mailbox has an `oauth2` of this account, or several accounts have one.
    NoSharedAccount,
    /// Has no meaning without another setting.
    OnlyWith {
        /// That setting, as it is written.
        setting: &'static str,
    },
    /// An RSA key of so few bits that nobody may sign with it.
    ShortKey,
    /// Not of the kind that is wanted.
    Wants(Wanted),
    /// Would carry passwords or people's mail in plain text over a network.
    PlainText,
    /// The folder does not exist.
    NoFolder(PathBuf),
}

/// What a key wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A section, `[like this]`.
    Section,
    /// A text that is not empty, on one line.
    Text,
    /// A whole number in this range, both ends included.
    Number(i64, i64),
    /// A number and a unit: `60s`, `5m`, `2h`, `3d`; in this range, in seconds, both ends included.
    Duration(u64, u64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// `keep`, `seen`, `delete` or `move:FOLDER`.
    AfterIngest,
    /// The name of a folder of an account.
    FolderName,
    /// `{ domain = …, selector = …, private_key = … }`.
    Dkim,
    /// A private key of RSA or Ed25519.
    DkimKey,
    /// A domain: `example.org`.
    Domain,
    /// One label of a domain or several, of letters, digits, `-` and `_`.
    Selector,
    /// A private key of Web Push, as `guichet push keygen` makes it.
    VapidKey,
    /// A secret of a webhook, as `guichet webhook keygen` makes it.
    WebhookSecret,
    /// `https://host/path`, or `http://` towards this machine; no user.
    WebhookUrl,
    /// A list of events: `["ticket.created"]`.
    WebhookEvents,
    /// Whom to write to: `mailto:…`, an address, or `https://…`.
    Contact,
    /// A zone of the IANA database, such as `Europe/Paris`.
    TimeZone,
    /// `https://host`, or `http://` towards this machine; no user, no question mark.
    PublicUrl,
    /// The same without a path: links begin at the root of the host.
    PublicRoot,
    /// `{ provider = …, client_id = … }`.
    OAuth2,
    /// `common`, `organizations`, a domain or an id.
    Tenant,
    /// `sqlite://file` or `postgres://…`.
    DatabaseUrl,
    /// `IP:port`.
    SocketAddress,
    /// `Name <name@domain>` or `name@domain`.
    Sender,
    /// `name@domain`.
    Address,
    /// A list of addresses, each alone: `["name@domain"]`.
    Addresses,
    /// An id of Discord: digits, not zero.
    ChatId,
    /// A list of them.
    ChatIds,
    /// When somebody is there on a day: `09:00-12:30`, none over another.
    Shifts,
    /// Whose public holidays are kept.
    Holidays,
    /// A list of days: `2026-12-24`.
    Days,
    /// A part of all, from `0` to `1`.
    Share,
    /// A time of the day, `09:00`, or `off`.
    TimeOrOff,
    /// A span longer than that of this key.
    LongerThan(&'static str),
    /// An id of Slack: capital letters and digits.
    SlackId,
}
