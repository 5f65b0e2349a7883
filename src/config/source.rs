//! Where values come from: the file, laid under the environment. Knows every key by name. May import: `config`.
//!
//! The variable for `[smtp] password` is `GUICHET__SMTP__PASSWORD`; for a key without a section, such as `brand`,
//! `GUICHET__BRAND`. The environment wins over the file.
//!
//! `[imap]` may stand once, or several times as `[[imap]]`: then its keys are `imap[1].host`, `imap[2].host`, and the
//! variables `GUICHET__IMAP__HOST` (or `GUICHET__IMAP__1__HOST`) and `GUICHET__IMAP__2__HOST`. The same goes for `[webhook]`.

use super::checks;
use super::fault::{Fault, Problem, Wanted};
use super::trust;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::Value;

/// Every key of this version, section by section; the keys without a section come first.
pub const KEYS: &[(&str, &[&str])] = &[
    ("", &["brand", "public_url", "timezone", "data_dir", "own_addresses"]),
    ("database", &["url", "url_file"]),
    (
        "imap",
        &[
            "host",
            "port",
            "security",
            "username",
            "password",
            "password_file",
            "mailbox",
            "after_ingest",
            "sent_folder",
            "ca_file",
            "poll_interval",
            "start",
            "authserv_id",
        ],
    ),
    ("imap.oauth2", OAUTH2),
    (
        "smtp",
        &[
            "host",
            "port",
            "security",
            "username",
            "password",
            "password_file",
            "oauth2",
            "from",
            "ca_file",
            "dns",
        ],
    ),
    ("smtp.oauth2", OAUTH2),
    ("smtp.dkim", &["domain", "selector", "private_key", "private_key_file"]),
    ("maildir", &["inbox", "outbox", "from"]),
    ("push", &["vapid_private_key", "vapid_private_key_file", "contact"]),
    ("webhook", &["url", "secret", "secret_file", "events", "name", "ca_file"]),
    ("threading", &["plus_addresses", "reopen_window"]),
    ("canary", &["interval", "to", "patience"]),
    (
        "discord",
        &[
            "token",
            "token_file",
            "guild_id",
            "support_channel",
            "dev_channel",
            "product_channel",
            "agent_roles",
            "lead_roles",
            "client_id",
            "client_secret",
            "client_secret_file",
            "api_url",
        ],
    ),
    (
        "slack",
        &[
            "bot_token",
            "bot_token_file",
            "app_token",
            "app_token_file",
            "signing_secret",
            "signing_secret_file",
            "support_channel",
            "dev_channel",
            "product_channel",
            "agent_usergroup",
            "lead_usergroup",
            "client_id",
            "client_secret",
            "client_secret_file",
            "api_url",
        ],
    ),
    ("web", &["listen"]),
    (
        "followup",
        &[
            "first_reminder",
            "second_reminder",
            "close_unanswered",
            "close_resolved",
            "stale_in_progress",
            "urgent_update",
            "mode",
        ],
    ),
    ("rituals", &["checklist", "report", "week"]),
    (
        "sla",
        &["first_response", "next_response", "resolution", "resolution_share", "holidays", "closed_days"],
    ),
    ("sla.hours", &["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
    ("undo", &["window"]),
    (
        "limits",
        &[
            "max_mail_bytes",
            "max_attachment_bytes",
            "mails_per_sender_per_hour",
            "automatic_mails_per_recipient_per_hour",
            "mails_per_provider_per_minute",
        ],
    ),
    ("retention", &["raw_mails", "closed_tickets"]),
    ("templates", &["dir"]),
    ("docs", &["dir"]),
];

/// The keys of an `oauth2 = { … }`.
const OAUTH2: &[&str] = &[
    "provider",
    "client_id",
    "client_secret",
    "client_secret_file",
    "tenant",
    "refresh_token",
    "refresh_token_file",
    "token_url",
    "auth_url",
    "device_url",
    "scope",
];

/// What belongs to doors that this version does not have: whole sections, and single keys. Taken, said, and
/// without effect, so that one file serves several versions.
const LATER: &[&str] = &["blobs"];

/// The sections that may stand several times.
const REPEATED: [&str; 2] = ["imap", "webhook"];
/// The highest number that a variable may give: more mailboxes than anybody reads.
const MOST_ENTRIES: usize = 99;

/// What the name of every variable of ours begins with.
pub const PREFIX: &str = "GUICHET__";

/// A value and whether it came as bare text, which the environment gives even for numbers.
struct Given {
    value: Value,
    from_environment: bool,
}

/// The values that were given, and the faults found so far.
pub struct Source {
    given: BTreeMap<String, Given>,
    /// Those of [`checks::POSTGRES_VARIABLES`] that are set.
    postgres: BTreeMap<String, String>,
    /// Those that the file opens, be they empty.
    sections: Vec<String>,
    /// How many times the file writes each of [`REPEATED`] with two brackets; if it does, the first is `imap[1]`, not `imap`.
    entries: [usize; REPEATED.len()],
    /// Reported all together at the end.
    pub faults: Vec<Fault>,
    /// What was given of [`LATER`], each once.
    pub later: Vec<String>,
}

impl Source {
    /// Lays the environment over the file's table.
    pub fn new(file: toml::Table, environment: impl IntoIterator<Item = (String, String)>) -> Source {
        let mut source = Source {
            given: BTreeMap::new(),
            postgres: BTreeMap::new(),
            sections: Vec::new(),
            entries: [0; REPEATED.len()],
            faults: Vec::new(),
            later: Vec::new(),
        };
        for (name, value) in file {
            match value {
                _ if LATER.contains(&name.as_str()) => source.put_off(&name),
                Value::Table(section) if is_section(&name) => source.open(name, section),
                Value::Array(entries) if REPEATED.contains(&name.as_str()) && !entries.is_empty() => {
                    source.open_all(&name, entries);
                }
                _ if is_section(&name) => source.fault(&name, Problem::Wants(Wanted::Section)),
                // A number in brackets is ours to write, not the file's.
                _ if name.contains('[') => {
                    let nearest = nearest(&plain(&name));
                    source.fault(&name, Problem::Unknown { nearest });
                }
                value => source.take(name, value, false),
            }
        }
        for (name, value) in environment {
            if let Some(path) = name.strip_prefix(PREFIX) {
                let key = source.numbered(path.to_ascii_lowercase().replace("__", "."));
                source.forget_alternatives(&key);
                source.take(key, Value::String(value), true);
            } else if checks::POSTGRES_VARIABLES.contains(&name.as_str()) {
                source.postgres.insert(name, value);
            }
        }
        source
    }

    /// A section of the file and what it gives.
    fn open(&mut self, name: String, section: toml::Table) {
        for (key, value) in section {
            let key = format!("{name}.{key}");
            match value {
                Value::Table(inner) if is_section(&plain(&key)) => self.open(key, inner),
                value => self.take(key, value, false),
            }
        }
        self.sections.push(name);
    }

    /// The entries of `[[imap]]`.
    fn open_all(&mut self, repeated: &str, entries: Vec<Value>) {
        for (known, count) in REPEATED.iter().zip(&mut self.entries) {
            if *known == repeated {
                *count = entries.len();
            }
        }
        for (place, entry) in entries.into_iter().enumerate() {
            let name = format!("{repeated}[{}]", place + 1);
            match entry {
                Value::Table(section) => self.open(name, section),
                _ => self.fault(&name, Problem::Wants(Wanted::Section)),
            }
        }
    }

    /// The key of a variable: `imap.2.host` is `imap[2].host`, and both `imap.1.host` and `imap.host` are the
    /// first mailbox's, by the name that the file gives it.
    fn numbered(&self, key: String) -> String {
        let repeated = |name: &&&str| key.strip_prefix(**name).is_some_and(|rest| rest.starts_with('.'));
        let Some(repeated) = REPEATED.iter().find(repeated) else { return key };
        let rest = &key[repeated.len() + 1..];
        let (number, name) = match rest.split_once('.') {
            Some((number, name)) => match number.parse() {
                Ok(number) if (1..=MOST_ENTRIES).contains(&number) => (number, name),
                _ => (1, rest),
            },
            None => (1, rest),
        };
        format!("{}.{name}", self.entry(repeated, number))
    }

    /// The name of the n-th section of one that may stand several times, from 1.
    fn entry(&self, repeated: &str, number: usize) -> String {
        if number == 1 && self.written(repeated) == 0 {
            return repeated.to_owned();
        }
        format!("{repeated}[{number}]")
    }

    /// How many times the file writes it with two brackets.
    fn written(&self, repeated: &str) -> usize {
        let mut counts = REPEATED.iter().zip(&self.entries);
        counts.find(|(known, _)| **known == repeated).map_or(0, |(_, count)| *count)
    }

    /// The sections of one that may stand several times, in order, up to the last that is given; of one in between that is
    /// not, every needed key is missing.
    pub fn sections_of(&self, repeated: &str) -> Vec<String> {
        let most = MOST_ENTRIES.max(self.written(repeated));
        let all = (1..=most).map(|number| self.entry(repeated, number));
        let mut sections: Vec<String> = all.collect();
        let given = sections.iter().rposition(|section| self.has_section(section));
        sections.truncate(given.map_or(0, |last| last + 1));
        sections
    }

    fn take(&mut self, key: String, value: Value, from_environment: bool) {
        let (plain, section) = (plain(&key), key.split('.').next().unwrap_or_default());
        if LATER.contains(&plain.as_str()) {
            self.put_off(&plain);
        } else if LATER.contains(&section) {
            self.put_off(section);
        } else if is_section(&plain) && !all_keys().any(|known| known == plain) {
            let wanted = if plain.ends_with(".dkim") { Wanted::Dkim } else { Wanted::OAuth2 };
            self.fault(&key, Problem::Wants(wanted));
        } else if !all_keys().any(|known| known == plain) {
            let nearest = nearest(&plain);
            // Of the same section, it is named as the file names that.
            let nearest = match nearest.split_once('.') {
                Some((of, name)) if section.starts_with(of) && section[of.len()..].starts_with('[') => {
                    format!("{section}.{name}")
                }
                _ => nearest,
            };
            self.fault(&key, Problem::Unknown { nearest });
        } else {
            self.given.insert(key, Given { value, from_environment });
        }
    }

    fn put_off(&mut self, name: &str) {
        if !self.later.iter().any(|known| known == name) {
            self.later.push(name.to_owned());
        }
    }

    /// A secret in the environment replaces the file's, by whichever of its two keys either is given.
    fn forget_alternatives(&mut self, key: &str) {
        let of_the_file = |given: &Given| !given.from_environment;
        let base = key.strip_suffix("_file").unwrap_or(key);
        for other in [base.to_owned(), format!("{base}_file")] {
            if all_keys().any(|known| known == format!("{}_file", plain(base)))
                && self.given.get(&other).is_some_and(of_the_file)
            {
                self.given.remove(&other);
            }
        }
    }

    /// Notes a fault.
    pub fn fault(&mut self, key: &str, problem: Problem) {
        self.faults.push(Fault::new(key, problem));
    }

    /// Whether the file opens this section, or the environment gives a key of it.
    pub fn has_section(&self, section: &str) -> bool {
        self.sections.iter().any(|opened| opened == section)
            || self.given.keys().any(|key| key.starts_with(section) && key[section.len()..].starts_with('.'))
    }

    /// What a variable of [`checks::POSTGRES_VARIABLES`] says.
    pub fn postgres(&self, variable: &str) -> Option<String> {
        self.postgres.get(variable).cloned()
    }

    /// Whether this key was given, rightly or wrongly.
    pub fn has(&self, key: &str) -> bool {
        self.given.contains_key(key)
    }

    /// A text on one line, or `None` if it was not given or is none (then a fault is noted).
    pub fn text(&mut self, key: &str) -> Option<String> {
        let text = one_line(&self.given.get(key)?.value).map(str::to_owned);
        if text.is_none() {
            self.fault(key, Problem::Wants(Wanted::Text));
        }
        text
    }

    /// A text that `read` understands; anything else, a number included, is a fault that names what is wanted.
    pub fn read<T>(&mut self, key: &str, wanted: Wanted, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let value = one_line(&self.given.get(key)?.value).and_then(read);
        if value.is_none() {
            self.fault(key, Problem::Wants(wanted));
        }
        value
    }

    /// A part of all, from 0 to 1, as a number or in quotes.
    pub fn share(&mut self, key: &str) -> Option<f64> {
        let share = match &self.given.get(key)?.value {
            Value::Float(share) => Some(*share),
            Value::Integer(share) => i32::try_from(*share).ok().map(f64::from),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let share = share.filter(|share| (0.0..=1.0).contains(share));
        if share.is_none() {
            self.fault(key, Problem::Wants(Wanted::Share));
        }
        share
    }

    /// A text that must be there.
    pub fn required(&mut self, key: &str) -> Option<String> {
        if !self.has(key) {
            self.fault(key, Problem::Missing);
        }
        self.text(key)
    }

    /// A number that is a name rather than an amount, in quotes or without, which `is_one` of what is wanted.
    pub fn digits(&mut self, key: &str, wanted: Wanted, is_one: impl Fn(&str) -> bool) -> Option<String> {
        let digits = text_or_digits(&self.given.get(key)?.value).filter(|text| is_one(text));
        if digits.is_none() {
            self.fault(key, Problem::Wants(wanted));
        }
        digits
    }

    /// A list of texts, each of which `is_one` of what is wanted; in the environment, commas stand between them.
    pub fn list(&mut self, key: &str, wanted: Wanted, is_one: impl Fn(&str) -> bool) -> Option<Vec<String>> {
        let given = self.given.get(key)?;
        let texts: Option<Vec<String>> = match &given.value {
            Value::Array(values) => values.iter().map(text_or_digits).collect(),
            Value::String(text) if given.from_environment => {
                let texts = text.split(',').map(|text| text.trim().to_owned());
                Some(texts.filter(|text| !text.is_empty()).collect())
            }
            _ => None,
        };
        let texts = texts.filter(|texts| texts.iter().all(|text| is_one(text)));
        if texts.is_none() {
            self.fault(key, Problem::Wants(wanted));
        }
        texts
    }

    /// A list of words of a closed set, each read by `from_word`; the first that is none is a fault that names the nearest. In
    /// the environment, commas stand between them.
    pub fn words<T>(
        &mut self,
        key: &str,
        wanted: Wanted,
        known: &[&'static str],
        from_word: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let words = self.list(key, wanted, |_| true)?;
        let mut read = Vec::with_capacity(words.len());
        for word in words {
            let Some(one) = from_word(&word) else {
                let nearest = known.iter().min_by_key(|known| checks::distance(known, &word));
                let nearest = nearest.copied().unwrap_or_default();
                self.fault(key, Problem::UnknownWord { word, nearest });
                return None;
            };
            read.push(one);
        }
        Some(read)
    }

    /// A whole number between the two.
    pub fn number(&mut self, key: &str, least: i64, most: i64) -> Option<i64> {
        let given = self.given.get(key)?;
        let number = match &given.value {
            Value::Integer(number) => Some(*number),
            Value::String(text) if given.from_environment => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.fault(key, Problem::Wants(Wanted::Number(least, most)));
        }
        number
    }

    /// A yes or a no.
    pub fn flag(&mut self, key: &str) -> Option<bool> {
        let given = self.given.get(key)?;
        let flag = match &given.value {
            Value::Boolean(flag) => Some(*flag),
            Value::String(text) if given.from_environment => text.trim().parse().ok(),
            _ => None,
        };
        if flag.is_none() {
            self.fault(key, Problem::Wants(Wanted::OneOf(&["true", "false"])));
        }
        flag
    }

    /// A path.
    pub fn path(&mut self, key: &str) -> Option<PathBuf> {
        self.text(key).map(PathBuf::from)
    }

    /// A path to a file of certificates that can be trusted now: better said at the start than at the first connection.
    pub fn certificates(&mut self, key: &str) -> Option<PathBuf> {
        let path = self.path(key)?;
        if let Err(error) = std::fs::read(&path) {
            self.fault(key, Problem::Unreadable { path, why: error.to_string() });
            return None;
        }
        if let Err(unusable) = trust::client_config(Some(&path)) {
            self.fault(key, Problem::NoCertificates { path, why: unusable.why });
            return None;
        }
        Some(path)
    }

    /// A secret by `key` or by `key_file`, of which one only may be given. The line end of a file is not part of it.
    pub fn secret(&mut self, key: &str) -> Option<SecretString> {
        self.secret_without(key, is_unfit)
    }

    /// The same, for one that may have several lines: a key in PEM.
    pub fn secret_lines(&mut self, key: &str) -> Option<SecretString> {
        self.secret_without(key, |c| is_unfit(c) && !matches!(c, '\r' | '\n' | '\t'))
    }

    fn secret_without(&mut self, key: &str, is_unfit: impl Fn(char) -> bool) -> Option<SecretString> {
        let in_file = format!("{key}_file");
        if self.has(key) && self.has(&in_file) {
            self.fault(key, Problem::Twice { other: in_file });
            return None;
        }
        if let Some(given) = self.given.get(key) {
            let secret = given
                .value
                .as_str()
                .filter(|secret| !secret.trim().is_empty() && !secret.contains(&is_unfit));
            let secret = secret.map(|secret| SecretString::from(secret.to_owned()));
            if secret.is_none() {
                self.fault(key, Problem::Wants(Wanted::Text));
            }
            return secret;
        }
        let path = self.path(&in_file)?;
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let secret = text.trim_end_matches(['\r', '\n']);
                if secret.is_empty() || secret.contains(&is_unfit) {
                    self.fault(&in_file, Problem::Wants(Wanted::Text));
                    return None;
                }
                Some(SecretString::from(secret.to_owned()))
            }
            Err(error) => {
                self.fault(&in_file, Problem::Unreadable { path, why: error.to_string() });
                None
            }
        }
    }
}

/// No key takes a line break, another control character, or what stands for bytes that are no text.
fn is_unfit(c: char) -> bool {
    c.is_control() || c == char::REPLACEMENT_CHARACTER
}

/// A text that is not empty, on one line.
fn one_line(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty() && !text.contains(is_unfit))
}

fn text_or_digits(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A key without the number of its section: `imap[2].host` is an `imap.host`.
fn plain(key: &str) -> String {
    let mut numbered = REPEATED.iter().filter_map(|repeated| {
        let (_, name) = key.strip_prefix(repeated)?.strip_prefix('[')?.split_once("].")?;
        Some(format!("{repeated}.{name}"))
    });
    numbered.next().unwrap_or_else(|| key.to_owned())
}

fn is_section(name: &str) -> bool {
    KEYS.iter().any(|(section, _)| !section.is_empty() && *section == name)
}

/// Every key by its dotted name.
pub fn all_keys() -> impl Iterator<Item = String> {
    KEYS.iter().flat_map(|(section, keys)| {
        keys.iter()
            .map(move |key| if section.is_empty() { (*key).to_owned() } else { format!("{section}.{key}") })
    })
}

/// The known key or section whose name is nearest. A key is compared with its own section's keys first.
fn nearest(key: &str) -> String {
    let section = key.split_once('.').map(|(section, _)| section);
    let of_section =
        |known: &String| section.is_some_and(|section| known.starts_with(&format!("{section}.")));
    let siblings: Vec<String> = all_keys().filter(of_section).collect();
    let sections =
        KEYS.iter().map(|(section, _)| (*section).to_owned()).filter(|section| !section.is_empty());
    let candidates: Vec<String> = match (siblings.is_empty(), section) {
        (false, _) => siblings,
        (true, Some(_)) => all_keys().collect(),
        (true, None) => all_keys().chain(sections).collect(),
    };
    candidates.into_iter().min_by_key(|known| checks::distance(known, key)).unwrap_or_default()
}
