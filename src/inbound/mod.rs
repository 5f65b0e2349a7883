//! The door where mail comes in: one drain of a mailbox, the loop of `serve`, and mails given as files.
//!
//! May import: desk, domain, config, oauth, reading, crash.
//!
//! A mail becomes rows before it becomes a flag: whatever source it has, it goes through [`pipeline`], which commits
//! it together with the mailbox's cursor, and only then is it flagged or moved at its source. A crash between the
//! two costs a second look ([`start::above`]): the desk knows a mail that it has.

pub mod drain;
mod enter;
pub mod fault;
mod folder_name;
pub mod imap;
mod maildir;
pub mod pipeline;
pub mod reconcile;
pub mod sent;
pub mod start;
mod tally;
mod watch;
mod wire;

pub use fault::FetchError;
pub use pipeline::prepare;
pub use tally::{FetchCount, Progress, Tally};
pub use watch::watch;

use crate::config::{self, AfterIngest, Limits, Start};
use crate::desk::Desk;
use crate::desk::receive::Standing;
use crate::reading;
use chrono::{DateTime, Utc};
use drain::Order;
use enter::{enter, enter_with};
use imap::{Listed, Selected, Session};
use pipeline::{Committed, Intake, Raw, portions, take_in};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Mails re-filed at a time after a crash: a few megabytes.
const REFILED_AT_ONCE: i64 = 100;

/// Where mail comes from.
#[allow(clippy::large_enum_variant, reason = "a handful is made, once")]
#[derive(Debug, Clone)]
pub enum Source {
    /// A mailbox on an IMAP server.
    Imap(config::Imap),
    /// A Maildir on this machine.
    Maildir(PathBuf),
}

impl Source {
    /// The name under which the desk keeps how far the mailbox is taken in.
    pub fn mailbox(&self) -> String {
        match self {
            Source::Imap(settings) => {
                format!("imap:{}@{}/{}", settings.username, settings.host, settings.mailbox)
            }
            Source::Maildir(path) => format!("maildir:{}", path.display()),
        }
    }

    /// What logs, metrics and pages call it; holds no account.
    pub fn label(&self) -> &str {
        match self {
            Source::Imap(settings) => &settings.label,
            Source::Maildir(_) => "maildir",
        }
    }

    /// What a fault of it says, with the keys of its own section.
    pub fn says(&self, fault: &FetchError) -> String {
        match self {
            Source::Imap(settings) => fault.of_section(&settings.section),
            Source::Maildir(_) => fault.to_string(),
        }
    }
}

/// How much to fetch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FetchOptions {
    /// At most this many mails; `None`: all that wait.
    pub limit: Option<u32>,
    /// On the first visit to an IMAP mailbox: from its oldest mail on, instead of from now on.
    pub all: bool,
}

/// Takes in what waits in a mailbox, once.
///
/// Mails larger than `limits.max_mail_bytes` are held: of one in an IMAP mailbox the header is kept, and it stays there as it
/// is; of one in a Maildir the first [`imap::HEADER_BYTES`], and it moves to `cur/` as the others do. `progress` is called at
/// every change.
///
/// # Errors
/// The first fault that stops it; what was committed before stays committed, and the next call goes on from there.
pub async fn fetch(
    desk: &Desk,
    source: &Source,
    limits: &Limits,
    options: FetchOptions,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<FetchCount, FetchError> {
    let mut tally = Tally::new(progress);
    match source {
        Source::Imap(settings) => {
            let mut session = enter(desk, settings).await?;
            let never = CancellationToken::new();
            let visit = Visit { desk, source, settings, limits, options, cancel: &never };
            let selected = visit.select(&mut session).await?;
            visit.drain(&mut session, selected, &mut tally).await?;
            session.log_out().await;
        }
        Source::Maildir(inbox) => {
            let never = CancellationToken::new();
            drain_maildir(desk, source, inbox, limits, options, &never, &mut tally).await?;
        }
    }
    Ok(tally.count)
}

/// Takes in mails that lie in files, as if they had been fetched.
///
/// # Errors
/// [`FetchError::Files`] for the first file that cannot be read, before any is taken in.
pub async fn ingest(
    desk: &Desk,
    files: &[PathBuf],
    limits: &Limits,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<FetchCount, FetchError> {
    let mut waiting = Vec::with_capacity(files.len());
    for path in files {
        let meta = std::fs::metadata(path);
        let bytes = meta.map_err(|why| FetchError::Files { path: path.clone(), why })?.len();
        waiting.push(maildir::Waiting { path: path.clone(), bytes });
    }
    let mut tally = Tally::new(progress);
    let never = CancellationToken::new();
    take_in_files(desk, "ingest", waiting, limits, &never, |_| Ok(()), &mut tally).await?;
    Ok(tally.count)
}

/// Files again what was journaled before a crash and never filed. Returns how many.
///
/// # Errors
/// [`FetchError::Store`].
pub async fn recover(desk: &Desk, limits: &Limits) -> Result<usize, FetchError> {
    let mut refiled = 0;
    let mut last = None;
    loop {
        let mails = desk.unfiled(REFILED_AT_ONCE).await?;
        // The same mails once more: the desk cannot file them now, and would give them for ever.
        if mails.is_empty() || mails.first().map(|(id, _)| *id) == last {
            break;
        }
        last = mails.first().map(|(id, _)| *id);
        let limits = limits.clone();
        let parsed = tokio::task::spawn_blocking(move || {
            let parse = |raw: Vec<u8>| reading::read(&raw, &limits);
            mails.into_iter().map(|(id, raw)| (id, parse(raw))).collect()
        });
        let parsed: Vec<_> = parsed.await.map_err(|error| FetchError::Store(error.into()))?;
        refiled += parsed.len();
        desk.file_backlog(parsed).await?;
    }
    if refiled > 0 {
        tracing::info!(mails = refiled, "filed mails that an earlier stop had left in the journal");
    }
    Ok(refiled)
}

/// What a try of a source found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// The server took the login and opened the mailbox.
    Imap {
        /// As configured.
        mailbox: String,
        /// How many mails it holds.
        mails: u32,
        /// Whether it tells of new mail by itself (IDLE, RFC 2177).
        announces: bool,
    },
    /// The folder can be read.
    Maildir {
        /// As configured.
        folder: PathBuf,
        /// How many mails wait in it.
        waiting: usize,
    },
}

/// Tries a source without changing anything in it, for `guichet check`: what it found. `tokens`: the desk that keeps
/// them, for a mailbox that wants one.
///
/// # Errors
/// What would stop a fetch.
pub async fn try_connection(source: &Source, tokens: Option<&Desk>) -> Result<Tried, FetchError> {
    match source {
        Source::Imap(settings) => {
            let mut session = enter_with(tokens, settings).await?;
            let selected = session.select(&settings.mailbox, true).await?;
            let announces = session.can("IDLE");
            session.log_out().await;
            Ok(Tried::Imap { mailbox: settings.mailbox.clone(), mails: selected.exists, announces })
        }
        Source::Maildir(inbox) => {
            Ok(Tried::Maildir { folder: inbox.clone(), waiting: maildir::waiting(inbox)?.len() })
        }
    }
}

/// One visit to an IMAP mailbox over an open session.
struct Visit<'a> {
    desk: &'a Desk,
    source: &'a Source,
    settings: &'a config::Imap,
    limits: &'a Limits,
    options: FetchOptions,
    cancel: &'a CancellationToken,
}

impl Visit<'_> {
    /// Opens the mailbox; read-only where nothing will be changed in it.
    async fn select(&self, session: &mut Session) -> Result<Selected, FetchError> {
        let is_kept = self.settings.after_ingest == AfterIngest::Keep;
        session.select(&self.settings.mailbox, is_kept).await
    }

    /// Takes in what is above the cursor, and notes the good sync.
    async fn drain(
        &self,
        session: &mut Session,
        selected: Selected,
        tally: &mut Tally<'_>,
    ) -> Result<(), FetchError> {
        let begun = self.desk.clock().now();
        let mailbox = self.source.mailbox();
        let standing = self.resume(&mailbox, selected).await?;
        self.take(session, selected, &standing, None, tally).await?;
        note(self.desk, &mailbox, begun, self.options, self.cancel).await
    }

    /// Takes in what is above the cursor, or only `these` mails.
    async fn take(
        &self,
        session: &mut Session,
        selected: Selected,
        standing: &Standing,
        these: Option<&[Listed]>,
        tally: &mut Tally<'_>,
    ) -> Result<(), FetchError> {
        let settings = self.settings;
        let mailbox = self.source.mailbox();
        let (intake, inbox) = Intake::new(self.limits.clone());
        let (report, mut committed) = mpsc::unbounded_channel();
        let writer = tokio::spawn(take_in(self.desk.clone(), mailbox.clone(), inbox, report));
        let order = Order {
            desk: self.desk,
            mailbox: &mailbox,
            selected,
            from: start::above(standing),
            older: start::Older::of(standing),
            limit: self.options.limit,
            after: &settings.after_ingest,
            limits: self.limits,
            cancel: self.cancel,
        };
        let drained = drain::drain(session, &order, these, intake, &mut committed, tally).await;
        let written = writer.await.map_err(|error| FetchError::Store(error.into()))?;
        // After a lost connection the writer still committed what it had in hand.
        while let Ok(batch) = committed.try_recv() {
            tally.add(&batch.filed);
        }
        written?;
        drained
    }

    /// Finds where the mailbox stands at the beginning of this visit, and keeps it where it is another than before.
    async fn resume(&self, mailbox: &str, selected: Selected) -> Result<Standing, FetchError> {
        let label = self.settings.label.as_str();
        let known = self.desk.standing(mailbox).await?;
        let plan = start::Plan {
            tells_server: self.settings.after_ingest != AfterIngest::Keep,
            takes_older: self.options.all || self.settings.start == Start::Beginning,
        };
        let standing = start::resume(known, selected, plan, self.desk.clock().now());
        if known != Some(standing) {
            self.desk.keep_standing(mailbox, &standing).await?;
        }
        match known {
            Some(known) if known.uid_validity != standing.uid_validity => tracing::warn!(
                mailbox = label,
                "the server numbers this mailbox anew (UIDVALIDITY): reading it again, from the first visit on; mails that are known change nothing"
            ),
            None if standing.started_at.is_some() => tracing::info!(
                mailbox = label,
                older = selected.exists,
                "first visit: only mail that arrives from here on is taken in; `guichet fetch --all` on a fresh database, or `start = \"beginning\"` in its section, takes the older mail too"
            ),
            _ => {}
        }
        Ok(standing)
    }
}

/// Takes in what waits in a Maildir, and notes the good sync.
async fn drain_maildir(
    desk: &Desk,
    source: &Source,
    inbox: &Path,
    limits: &Limits,
    options: FetchOptions,
    cancel: &CancellationToken,
    tally: &mut Tally<'_>,
) -> Result<(), FetchError> {
    let begun = desk.clock().now();
    let folder = inbox.to_owned();
    let mut waiting = on_worker(move || maildir::waiting(&folder)).await?;
    if let Some(limit) = options.limit {
        waiting.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    let mailbox = source.mailbox();
    take_in_files(desk, &mailbox, waiting, limits, cancel, |path| maildir::mark_taken(inbox, path), tally)
        .await?;
    note(desk, &mailbox, begun, options, cancel).await
}

/// Notes the good sync of a drain that began at `begun`. One that was cut short, or takes no more than so many, may have left
/// what somebody wrote.
async fn note(
    desk: &Desk,
    mailbox: &str,
    begun: DateTime<Utc>,
    options: FetchOptions,
    cancel: &CancellationToken,
) -> Result<(), FetchError> {
    if cancel.is_cancelled() || options.limit.is_some() {
        return Ok(desk.note_progress(mailbox).await?);
    }
    Ok(desk.note_sync(mailbox, begun).await?)
}

/// Runs files through the pipeline; `mark` is called for each that is committed and was had whole or in part.
async fn take_in_files(
    desk: &Desk,
    mailbox: &str,
    waiting: Vec<maildir::Waiting>,
    limits: &Limits,
    cancel: &CancellationToken,
    mark: impl Fn(&Path) -> Result<(), FetchError>,
    tally: &mut Tally<'_>,
) -> Result<(), FetchError> {
    // A file that cannot be read does not stop those behind it; it is said at the end.
    let mut fault = None;
    tally.expect(waiting.len());
    let (intake, inbox) = Intake::new(limits.clone());
    let (report, mut committed) = mpsc::unbounded_channel();
    let writer = tokio::spawn(take_in(desk.clone(), mailbox.to_owned(), inbox, report));
    let settle = |batch: Committed<PathBuf>, tally: &mut Tally<'_>, fault: &mut Option<FetchError>| {
        tally.add(&batch.filed);
        for path in &batch.keys {
            if let Err(error) = mark(path) {
                fault.get_or_insert(error);
            }
        }
    };
    let cost = |mail: &maildir::Waiting| mail.bytes.min(limits.max_mail_bytes);
    for portion in portions(&waiting, cost) {
        if cancel.is_cancelled() {
            break;
        }
        let share = intake.room(portion.iter().map(cost).sum()).await;
        let (paths, allowed) = (portion.to_vec(), limits.clone());
        let read = on_worker(move || {
            Ok(paths.into_iter().map(|mail| (maildir::read(&mail.path, &allowed), mail.path)).collect())
        });
        let read: Vec<(Result<Option<Raw>, FetchError>, PathBuf)> = read.await?;
        let (mut keys, mut mails) = (Vec::with_capacity(read.len()), Vec::with_capacity(read.len()));
        for (mail, path) in read {
            match mail {
                Ok(Some(raw)) => {
                    keys.push(path);
                    mails.push(raw);
                }
                Ok(None) => {}
                Err(error) => {
                    fault.get_or_insert(error);
                }
            }
        }
        if !intake.send(keys, mails, None, None, share).await {
            break;
        }
        while let Ok(batch) = committed.try_recv() {
            settle(batch, tally, &mut fault);
        }
    }
    drop(intake);
    while let Some(batch) = committed.recv().await {
        settle(batch, tally, &mut fault);
    }
    writer.await.map_err(|error| FetchError::Store(error.into()))??;
    fault.map_or(Ok(()), Err)
}

async fn on_worker<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FetchError> + Send + 'static,
) -> Result<T, FetchError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| FetchError::Store(error.into()))?
}
