//! `bot.toml` as typed values: the file, laid under the environment, every fault reported at once.
//!
//! A key that is unknown is a fault; one that belongs to a door of a later version is named in [`Config::later`].
//! Relative paths start at the working directory. May import: domain, dkim.

mod canary;
mod checks;
mod discord;
mod dkim;
#[cfg(test)]
mod dkim_tests;
mod fault;
mod mailboxes;
mod oauth2;
#[cfg(test)]
mod oauth2_tests;
mod push;
mod sla;
mod slack;
mod source;
#[cfg(test)]
mod tests;
pub mod trust;
mod webhooks;
#[cfg(test)]
mod webhooks_tests;

pub use canary::Canary;
pub use checks::sqlite_url;
pub use discord::{DISCORD_API, Discord};
pub use dkim::{Dkim, read_key_name};
pub use fault::{Fault, Problem, Wanted};
pub use mailboxes::Imap;
pub use oauth2::{OAuth2, Provider, SignIn};
pub use push::Push;
pub use slack::{SLACK_API, Slack, SlackRoad};
pub use webhooks::Webhook;

use crate::domain::followup::FollowUp;
use crate::domain::retention::Retention;
use crate::domain::ritual::Rituals;
use crate::domain::rules::Rules;
use crate::domain::sla::Targets;
use checks::Database;
use secrecy::{ExposeSecret, SecretString};
use source::Source;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The text of `bot.example.toml`: every key, its default, one comment each.
pub const EXAMPLE: &str = include_str!("../bot.example.toml");

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// Plain greeting, then STARTTLS, without which nothing is said.
    Starttls,
    /// Plain text: towards this machine only.
    None,
}

impl Security {
    const WORDS: &'static [&'static str] = &["tls", "starttls", "none"];

    fn from_word(word: &str) -> Option<Security> {
        match word {
            "tls" => Some(Security::Tls),
            "starttls" => Some(Security::Starttls),
            "none" => Some(Security::None),
            _ => None,
        }
    }
}

/// What is done on the server with a mail that is safely kept here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterIngest {
    /// Nothing.
    Keep,
    /// Marked as read.
    Seen,
    /// Moved to this mailbox.
    Move(String),
    /// Deleted.
    Delete,
}

impl AfterIngest {
    fn from_word(word: &str) -> Option<AfterIngest> {
        match word {
            "keep" => Some(AfterIngest::Keep),
            "seen" => Some(AfterIngest::Seen),
            "delete" => Some(AfterIngest::Delete),
            _ => {
                let folder = word.strip_prefix("move:")?.trim();
                (!folder.is_empty()).then(|| AfterIngest::Move(folder.to_owned()))
            }
        }
    }
}

/// Where a mailbox that was never read begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the first mail that arrives from now on.
    Now,
    /// With the oldest mail.
    Beginning,
}

impl Start {
    const WORDS: &'static [&'static str] = &["now", "beginning"];

    fn from_word(word: &str) -> Option<Start> {
        match word {
            "now" => Some(Start::Now),
            "beginning" => Some(Start::Beginning),
            _ => None,
        }
    }
}

/// The server that mail leaves by.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// A name or an address, also the name that the certificate must bear.
    pub host: String,
    /// 465 for TLS, 587 for STARTTLS, 25 otherwise.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// The account; given if and only if there is a way to sign in to it.
    pub username: Option<String>,
    /// Its password, or where its tokens come from.
    pub sign_in: Option<SignIn>,
    /// As written: `Support BetTracker Pro <support@bettrackerpro.com>`; one valid address.
    pub from: String,
    /// PEM file of roots to trust instead of Mozilla's; it held some when the configuration was loaded.
    pub ca_file: Option<PathBuf>,
    /// How mails are signed before they leave; `None`: by whoever takes them, or not at all.
    pub dkim: Option<Dkim>,
    /// Whom `guichet check` asks what is published of the sender's domain; `None`: the system's resolvers.
    pub dns: Option<SocketAddr>,
}

impl Smtp {
    /// Whether the server is this machine.
    pub fn is_near(&self) -> bool {
        checks::is_loopback(&self.host)
    }
}

/// Folders in place of servers, each side on its own.
#[derive(Debug, Clone, Default)]
pub struct Maildir {
    /// Mail is taken from here, instead of `[imap]`.
    pub inbox: Option<PathBuf>,
    /// Mail is put here, instead of `[smtp]`.
    pub outbox: Option<PathBuf>,
    /// Who it is from, since no `[smtp]` says so; `None`: an address of the pages' host.
    pub from: Option<String>,
}

/// The largest things taken in.
#[derive(Debug, Clone)]
pub struct Limits {
    /// A larger mail is held, unread, for a CM to decide.
    pub max_mail_bytes: u64,
    /// A larger attachment is not offered for download.
    pub max_attachment_bytes: u64,
}

/// How answers find their ticket.
#[derive(Debug, Clone)]
pub struct Threading {
    /// Whether our mails ask to be answered at an address that names their ticket: `support+42.…@host`. The mail
    /// server must deliver what has a `+` to the mailbox.
    pub plus_addresses: bool,
    /// How long after its last change an answer reopens a closed ticket.
    pub reopen_window: Duration,
}

/// The pages.
#[derive(Debug, Clone)]
pub struct Web {
    /// Where they are served.
    pub listen: SocketAddr,
}

/// Where mail comes from.
#[derive(Debug, Clone, Copy)]
pub enum Inbox<'a> {
    /// Mailboxes on servers, at least one.
    Imap(&'a [Imap]),
    /// A folder.
    Maildir(&'a Path),
}

/// Where mail goes.
#[derive(Debug, Clone, Copy)]
pub enum Outbox<'a> {
    /// A server.
    Smtp(&'a Smtp),
    /// A folder.
    Maildir(&'a Path),
}

/// The whole configuration. Its `Debug` shows no secret.
#[derive(Clone)]
pub struct Config {
    /// How the service calls itself to its requesters.
    pub brand: String,
    /// Where requesters and CMs reach the pages; no slash at its end.
    pub public_url: String,
    /// The zone in which days and hours are said.
    pub timezone: chrono_tz::Tz,
    /// The folder of what the program keeps in files.
    pub data_dir: PathBuf,
    /// Further addresses that are ours, beside the one that mails come from and the mailbox's account: as written.
    pub own_addresses: Vec<String>,
    /// `sqlite://…` or `postgres://…`. May hold a password: show it with [`Config::shown_database_url`].
    pub database_url: String,
    /// The mailboxes that mail comes from, in the order of the file; empty where it comes from a folder.
    pub imap: Vec<Imap>,
    /// The server that mail leaves by, if it is one.
    pub smtp: Option<Smtp>,
    /// Folders in place of servers.
    pub maildir: Maildir,
    /// How browsers are told; `None`: they are not.
    pub push: Option<Push>,
    /// Who is told by webhook what happens, in the order of the file.
    pub webhooks: Vec<Webhook>,
    /// How answers find their ticket.
    pub threading: Threading,
    /// The mail to ourselves; `None`: not sent.
    pub canary: Option<Canary>,
    /// The Discord server where CMs work, if there is one.
    pub discord: Option<Discord>,
    /// The Slack workspace where CMs work, if there is one.
    pub slack: Option<Slack>,
    /// The pages.
    pub web: Web,
    /// How often the requester of an urgent ticket is kept informed.
    pub urgent_update: Duration,
    /// How long tickets may stand.
    pub follow_up: FollowUp,
    /// What the team is told once on a day, in chat.
    pub rituals: Rituals,
    /// What is promised, and when somebody is there.
    pub sla: Targets,
    /// How long what people wrote is kept.
    pub retention: Retention,
    /// How long a reply or a status change can be taken back; its deliveries wait that long.
    pub undo_window: Duration,
    /// The largest things taken in.
    pub limits: Limits,
    /// The mails of one sender taken in within an hour; the rest are held. Zero: no limit.
    pub mails_per_sender_per_hour: u32,
    /// The automatic mails that one address gets within an hour; the rest wait. Zero: no limit.
    pub automatic_mails_per_recipient_per_hour: u32,
    /// The mails that a provider known to throttle gets within a minute; the rest wait. Zero: no limit.
    pub mails_per_provider_per_minute: u32,
    /// A folder whose files replace the built-in templates of the same names; it existed at load.
    pub templates_dir: Option<PathBuf>,
    /// The folder of the knowledge base; made when the first page is written.
    pub docs_dir: PathBuf,
    /// Sections and keys that were given and that only a later version carries out.
    pub later: Vec<String>,
}

impl Config {
    /// Reads the file, if there is one to read, under the environment (pass [`environment`]`()`; of the variables, only
    /// those named `GUICHET__…` matter, and those that say how PostgreSQL is reached).
    ///
    /// # Errors
    /// Every fault there is, at once, in a stable order. Where the file is not TOML, that is the only one.
    pub fn load(
        path: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Config, Vec<Fault>> {
        let Some(path) = path else { return Config::parse("", environment) };
        let whole_file = |problem| vec![Fault::new(path.display().to_string(), problem)];
        let text = std::fs::read_to_string(path).map_err(|error| {
            whole_file(Problem::Unreadable { path: path.to_owned(), why: error.to_string() })
        })?;
        Config::parse(&text, environment).map_err(|mut faults| {
            for fault in faults.iter_mut().filter(|fault| fault.key.is_empty()) {
                fault.key = path.display().to_string();
            }
            faults
        })
    }

    /// As [`Config::load`], from the file's text; a fault of the whole text has an empty key.
    ///
    /// # Errors
    /// Every fault there is.
    pub fn parse(
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Config, Vec<Fault>> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let start = error.span().map_or(0, |span| span.start).min(text.len());
            let line = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
            vec![Fault::new("", Problem::Syntax { line, why: error.message().to_owned() })]
        })?;
        let mut source = Source::new(table, environment);
        let config = read(&mut source);
        match config {
            Some(config) if source.faults.is_empty() => Ok(config),
            _ => Err(source.faults),
        }
    }

    /// Where mail comes from.
    ///
    /// # Errors
    /// When the configuration names neither a server nor a folder: the fault to report.
    pub fn inbox(&self) -> Result<Inbox<'_>, Fault> {
        match (self.imap.as_slice(), &self.maildir.inbox) {
            ([], Some(folder)) => Ok(Inbox::Maildir(folder)),
            ([], None) => Err(Fault::new("imap", Problem::NoSide { folder: "maildir.inbox" })),
            (mailboxes, _) => Ok(Inbox::Imap(mailboxes)),
        }
    }

    /// Where mail goes.
    ///
    /// # Errors
    /// As [`Config::inbox`].
    pub fn outbox(&self) -> Result<Outbox<'_>, Fault> {
        match (&self.smtp, &self.maildir.outbox) {
            (Some(smtp), _) => Ok(Outbox::Smtp(smtp)),
            (None, Some(folder)) => Ok(Outbox::Maildir(folder)),
            (None, None) => Err(Fault::new("smtp", Problem::NoSide { folder: "maildir.outbox" })),
        }
    }

    /// Every account that is signed in to with tokens, each once.
    pub fn oauth2_accounts(&self) -> Vec<&OAuth2> {
        let mut accounts: Vec<&OAuth2> = Vec::new();
        for oauth2 in oauth2::all(&self.imap, self.smtp.as_ref()) {
            if !accounts.iter().any(|known| known.is_same_account(oauth2)) {
                accounts.push(oauth2);
            }
        }
        accounts
    }

    /// The numbers that decisions depend on.
    pub fn rules(&self) -> Rules {
        Rules {
            undo_window: self.undo_window,
            mails_per_sender_per_hour: self.mails_per_sender_per_hour,
            automatic_mails_per_recipient_per_hour: self.automatic_mails_per_recipient_per_hour,
            mails_per_provider_per_minute: self.mails_per_provider_per_minute,
            reopen_window: self.threading.reopen_window,
            urgent_update: self.urgent_update,
            follow_up: self.follow_up.clone(),
            rituals: self.rituals.clone(),
            sla: self.sla.clone(),
            retention: self.retention,
        }
    }

    /// The file of the database, where it is SQLite's.
    pub fn database_file(&self) -> Option<PathBuf> {
        checks::sqlite_file(&self.database_url)
    }

    /// The database's URL for a log or a screen: without its password.
    pub fn shown_database_url(&self) -> String {
        checks::without_password(&self.database_url)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("brand", &self.brand)
            .field("public_url", &self.public_url)
            .field("timezone", &self.timezone)
            .field("data_dir", &self.data_dir)
            .field("own_addresses", &self.own_addresses)
            .field("database_url", &self.shown_database_url())
            .field("imap", &self.imap)
            .field("smtp", &self.smtp)
            .field("maildir", &self.maildir)
            .field("push", &self.push)
            .field("webhooks", &self.webhooks)
            .field("threading", &self.threading)
            .field("canary", &self.canary)
            .field("discord", &self.discord)
            .field("slack", &self.slack)
            .field("web", &self.web)
            .field("urgent_update", &self.urgent_update)
            .field("follow_up", &self.follow_up)
            .field("rituals", &self.rituals)
            .field("sla", &self.sla)
            .field("retention", &self.retention)
            .field("undo_window", &self.undo_window)
            .field("limits", &self.limits)
            .field("templates_dir", &self.templates_dir)
            .field("docs_dir", &self.docs_dir)
            .field("later", &self.later)
            .finish()
    }
}

/// The variables of this process that can name a key, or say how PostgreSQL is reached. One that is not Unicode is passed
/// on with U+FFFD in it, which no key takes; variables of others may be what they like.
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| {
            name.starts_with(source::PREFIX) || checks::POSTGRES_VARIABLES.contains(&name.as_str())
        })
        .map(|(name, value)| (name, value.to_string_lossy().into_owned()))
        .collect()
}

/// A day: no wait of ours for a server is longer.
const DAY: u64 = 86_400;

fn read(source: &mut Source) -> Option<Config> {
    // Every section is read before any is given up, so that all faults are found.
    let imap = mailboxes::read_mailboxes(source);
    let smtp = source.has_section("smtp").then(|| read_smtp(source, imap.as_deref()));
    let discord = discord::read_discord(source);
    let slack = slack::read_slack(source);
    let push = push::read_push(source);
    let webhooks = webhooks::read_webhooks(source);
    if let (Some(imap), Some(smtp)) = (&imap, &smtp) {
        oauth2::check_one_client(source, imap, smtp.as_ref());
    }
    for (side, section) in [("maildir.inbox", "imap"), ("maildir.outbox", "smtp")] {
        let is_given = source.has_section(section) || source.has_section(&format!("{section}[1]"));
        if source.has(side) && is_given {
            source.fault(side, Problem::Twice { other: section.to_owned() });
        }
    }
    let timezone = source
        .read("timezone", Wanted::TimeZone, |name| name.parse().ok())
        .unwrap_or(chrono_tz::Europe::Paris);
    let data_dir = source.path("data_dir").unwrap_or_else(|| PathBuf::from("data"));
    let config = Config {
        brand: source.text("brand").unwrap_or_else(|| "BetTracker Pro".to_owned()),
        public_url: read_public_url(source),
        timezone,
        own_addresses: source
            .list("own_addresses", Wanted::Addresses, checks::is_address)
            .unwrap_or_default(),
        database_url: read_database_url(source),
        imap: Vec::new(),
        smtp: None,
        maildir: read_maildir(source),
        push: None,
        webhooks: Vec::new(),
        threading: Threading {
            plus_addresses: source.flag("threading.plus_addresses").unwrap_or(false),
            reopen_window: read_duration(source, "threading.reopen_window", 0, 3650 * DAY)
                .unwrap_or(Rules::default().reopen_window),
        },
        canary: canary::read_canary(source),
        discord: None,
        slack: None,
        web: Web {
            listen: source
                .read("web.listen", Wanted::SocketAddress, |text| text.parse().ok())
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 3000))),
        },
        // Shorter than a minute would be noise, longer than a month no reminder.
        urgent_update: read_duration(source, "followup.urgent_update", 60, 30 * DAY)
            .unwrap_or(Rules::default().urgent_update),
        follow_up: sla::read_follow_up(source),
        rituals: sla::read_rituals(source),
        sla: sla::read_sla(source, timezone),
        retention: read_retention(source),
        undo_window: read_duration(source, "undo.window", 0, 3600).unwrap_or(Rules::default().undo_window),
        limits: Limits {
            max_mail_bytes: read_bytes(source, "limits.max_mail_bytes").unwrap_or(50 << 20),
            max_attachment_bytes: read_bytes(source, "limits.max_attachment_bytes").unwrap_or(25 << 20),
        },
        mails_per_sender_per_hour: read_count(source, "limits.mails_per_sender_per_hour")
            .unwrap_or(Rules::default().mails_per_sender_per_hour),
        automatic_mails_per_recipient_per_hour: read_count(
            source,
            "limits.automatic_mails_per_recipient_per_hour",
        )
        .unwrap_or(Rules::default().automatic_mails_per_recipient_per_hour),
        mails_per_provider_per_minute: read_count(source, "limits.mails_per_provider_per_minute")
            .unwrap_or(Rules::default().mails_per_provider_per_minute),
        templates_dir: read_templates_dir(source),
        docs_dir: source.path("docs.dir").unwrap_or_else(|| data_dir.join("docs")),
        data_dir,
        later: std::mem::take(&mut source.later),
    };
    // A section that was given and could not be read has left its faults.
    let smtp = smtp.map_or(Some(None), |smtp| smtp.map(Some))?;
    Some(Config {
        imap: imap?,
        smtp,
        discord: discord?,
        slack: slack?,
        push: push?,
        webhooks: webhooks?,
        ..config
    })
}

/// How long what is kept: less than a week would take mails away that may still have to be sent again.
fn read_retention(source: &mut Source) -> Retention {
    let mut period = |key: &str| read_duration(source, key, 7 * DAY, 100 * 365 * DAY);
    Retention { raw_mails: period("retention.raw_mails"), closed_tickets: period("retention.closed_tickets") }
}

fn read_maildir(source: &mut Source) -> Maildir {
    let from = source.text("maildir.from");
    if from.as_deref().is_some_and(|from| !checks::is_sender(from)) {
        source.fault("maildir.from", Problem::Wants(Wanted::Sender));
    }
    Maildir { inbox: source.path("maildir.inbox"), outbox: source.path("maildir.outbox"), from }
}

/// `imap`: the mailboxes, where they could be read.
fn read_smtp(source: &mut Source, imap: Option<&[Imap]>) -> Option<Smtp> {
    let host = source.required("smtp.host");
    let security = read_security(source, "smtp", host.as_deref());
    let port = read_port(source, "smtp.port");
    let account = oauth2::read_smtp_account(source, imap);
    let from = source.required("smtp.from");
    if let Some(from) = &from
        && !checks::is_sender(from)
    {
        source.fault("smtp.from", Problem::Wants(Wanted::Sender));
    }
    let ca_file = source.certificates("smtp.ca_file");
    let dkim = dkim::read_dkim(source);
    let dns = source.read("smtp.dns", Wanted::SocketAddress, |text| text.parse().ok());
    let default_port = match security {
        Security::Tls => 465,
        Security::Starttls => 587,
        Security::None => 25,
    };
    let (username, sign_in) = account?;
    Some(Smtp {
        host: host?,
        port: port.unwrap_or(default_port),
        security,
        username,
        sign_in,
        from: from?,
        ca_file,
        dkim: dkim?,
        dns,
    })
}

fn read_security(source: &mut Source, section: &str, host: Option<&str>) -> Security {
    let key = format!("{section}.security");
    let security =
        source.read(&key, Wanted::OneOf(Security::WORDS), Security::from_word).unwrap_or(Security::Tls);
    if security == Security::None && host.is_some_and(|host| !checks::is_loopback(host)) {
        source.fault(&key, Problem::PlainText);
    }
    security
}

fn read_port(source: &mut Source, key: &str) -> Option<u16> {
    source.number(key, 1, u16::MAX.into()).and_then(|port| port.try_into().ok())
}

fn read_bytes(source: &mut Source, key: &str) -> Option<u64> {
    // A kilobyte holds no mail worth the name; a gigabyte is past what fits in memory at once.
    source.number(key, 1 << 10, 1 << 30).and_then(|bytes| bytes.try_into().ok())
}

/// A count where zero means: no limit.
fn read_count(source: &mut Source, key: &str) -> Option<u32> {
    source.number(key, 0, 1_000_000).and_then(|count| count.try_into().ok())
}

fn read_duration(source: &mut Source, key: &str, least: u64, most: u64) -> Option<Duration> {
    source.read(key, Wanted::Duration(least, most), |text| {
        checks::duration(text).filter(|duration| (least..=most).contains(&duration.as_secs()))
    })
}

fn required_secret(source: &mut Source, key: &str) -> Option<SecretString> {
    if !source.has(key) && !source.has(&format!("{key}_file")) {
        source.fault(key, Problem::Missing);
    }
    source.secret(key)
}

/// An app as a chat platform knows it: who asks that somebody signs in.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its id there.
    pub id: String,
    /// Its secret.
    pub secret: SecretString,
}

/// `Some(None)` where neither of its keys is given, `None` where one left a fault; one alone is half a client.
fn read_client(
    source: &mut Source,
    section: &str,
    read_id: impl FnOnce(&mut Source, &str) -> Option<String>,
) -> Option<Option<Client>> {
    let (id, secret) = (format!("{section}.client_id"), format!("{section}.client_secret"));
    let has_secret = source.has(&secret) || source.has(&format!("{secret}_file"));
    if !source.has(&id) && !has_secret {
        return Some(None);
    }
    if !source.has(&id) {
        source.fault(&id, Problem::Missing);
    }
    let client_id = read_id(source, &id);
    let secret = required_secret(source, &secret);
    Some(Some(Client { id: client_id?, secret: secret? }))
}

fn required_secret_lines(source: &mut Source, key: &str) -> Option<SecretString> {
    if !source.has(key) && !source.has(&format!("{key}_file")) {
        source.fault(key, Problem::Missing);
    }
    source.secret_lines(key)
}

fn read_public_url(source: &mut Source) -> String {
    let url = read_web_url(source, "public_url").unwrap_or_else(|| "http://localhost:3000".to_owned());
    let url = url.trim_end_matches('/');
    if url.matches('/').count() > "https://".matches('/').count() {
        source.fault("public_url", Problem::Wants(Wanted::PublicRoot));
    }
    url.to_owned()
}

/// An address of pages, in plain text towards this machine only.
fn read_web_url(source: &mut Source, key: &str) -> Option<String> {
    let url = source.read(key, Wanted::PublicUrl, |text| checks::web_url(text).map(|_| text.to_owned()))?;
    if let Some(("http", host)) = checks::web_url(&url)
        && !checks::is_loopback(host)
    {
        source.fault(key, Problem::PlainText);
        return None;
    }
    Some(url)
}

fn read_database_url(source: &mut Source) -> String {
    let Some(url) = source.secret("database.url") else { return "sqlite://data/guichet.db".to_owned() };
    match checks::database(url.expose_secret(), |name| source.postgres(name)) {
        Some(Database::Sqlite | Database::Postgres) => {}
        Some(Database::PostgresInPlainText) => source.fault("database.url", Problem::PlainText),
        None => source.fault("database.url", Problem::Wants(Wanted::DatabaseUrl)),
    }
    url.expose_secret().to_owned()
}

fn read_templates_dir(source: &mut Source) -> Option<PathBuf> {
    let folder = source.path("templates.dir")?;
    if !folder.is_dir() {
        source.fault("templates.dir", Problem::NoFolder(folder));
        return None;
    }
    Some(folder)
}
