//! Mail by hand: fetch, deliver, inspect, ingest, and what is held.

use super::{Done, Ended, acting, misconfigured, on_terminal, print, print_json};
use crate::app::{self, Opened};
use crate::clock::Clock;
use crate::config::Config;
use crate::desk::receive::Filed;
use crate::desk::{Desk, Failure};
use crate::domain::channel::Channel;
use crate::domain::ids::RawMailId;
use crate::inbound::{self, FetchCount, FetchError, FetchOptions, Progress};
use crate::outbound;
use crate::outbound::webhook::WebhookCourier;
use crate::reading;
use crate::wording::{cli as say, config_faults, dates, operations};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(super) enum Mail {
    /// What the inbound side makes of raw messages, touching nothing; `-` reads stdin
    Inspect {
        /// Files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Take files in as if they had been fetched
    Ingest {
        /// Files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Mails that wait for a decision
    Held,
    /// Compare each mailbox with its server, and take in what is missing; `serve` does it every hour
    Reconcile,
    /// Read a held mail again
    Replay {
        /// Its number
        id: i64,
    },
}

/// One line of JSON for each file, in order; a file that cannot be read is said and the others go on.
pub(super) fn inspect(config: &Config, files: &[PathBuf]) -> Done {
    let (own, servers) = (app::own_addresses(config), app::authserv_ids(config));
    let mut unread = None;
    for file in files {
        let raw = if file.as_os_str() == "-" {
            let mut raw = Vec::new();
            std::io::stdin().lock().read_to_end(&mut raw).map(|_| raw)
        } else {
            std::fs::read(file)
        };
        match raw {
            Ok(raw) => {
                print(&reading::inspect::inspect(&raw, &own, &servers, &config.limits).to_string());
            }
            Err(why) => {
                let said = format!("{}: {why}", file.display());
                print(&serde_json::json!({ "error": said }).to_string());
                unread.get_or_insert(said);
            }
        }
    }
    unread.map_or(Ok(()), |said| Err(Ended::Refused(said)))
}

/// Drains the configured mailboxes once, in order. One that cannot be read is said, and the others go on; `limit`
/// is of all together.
pub(super) async fn fetch(opened: &Opened, limit: Option<u32>, all: bool, json: bool) -> Done {
    let sources = app::sources(&opened.config).map_err(|fault| Ended::Usage(config_faults::say(&fault)))?;
    let limits = &opened.config.limits;
    inbound::recover(&opened.desk, limits).await.map_err(fault)?;
    let bar = bar();
    let (mut count, mut faults) = (FetchCount::default(), Vec::new());
    for source in &sources {
        let taken = u32::try_from(count.fetched).unwrap_or(u32::MAX);
        let options = FetchOptions { limit: limit.map(|limit| limit.saturating_sub(taken)), all };
        let before = count.fetched;
        let progress =
            |at: Progress| advance(&bar, Progress { done: before + at.done, total: before + at.total });
        match inbound::fetch(&opened.desk, source, limits, options, &progress).await {
            Ok(more) => count += more,
            Err(error) if sources.len() > 1 => {
                faults.push(format!("{}: {}", source.label(), source.says(&error)));
            }
            Err(error) => faults.push(source.says(&error)),
        }
    }
    bar.finish_and_clear();
    if faults.len() < sources.len() {
        say_count(count, json);
    }
    if faults.is_empty() { Ok(()) } else { Err(Ended::Refused(faults.join("\n"))) }
}

/// The longest that `deliver` waits for mails that can still be taken back: a cron job must end.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Sends what is due. Without `--now`, also waits for what can still be taken back, where that is soon over.
pub(super) async fn deliver(opened: &Opened, json: bool) -> Done {
    let desk = &opened.desk;
    let push = app::push_courier(&opened.config).map_err(misconfigured)?;
    let hooks = app::webhook_couriers(&opened.config).map_err(misconfigured)?;
    let post = match app::post_room(&opened.config, Some(desk)) {
        // Without mail, browsers and endpoints can still be told.
        Err(app::Stopped::Misconfigured(_))
            if opened.config.outbox().is_err() && (push.is_some() || !hooks.is_empty()) =>
        {
            None
        }
        post => Some(post.map_err(misconfigured)?),
    };
    let deliver = async || -> Result<outbound::DeliverCount, Failure> {
        let mut count = outbound::DeliverCount::default();
        if let Some(post) = &post {
            count.add(&outbound::deliver(desk, post).await?);
        }
        if let Some(push) = &push {
            count.add(&outbound::push::deliver(desk, push).await?);
        }
        for hook in &hooks {
            count.add(&outbound::webhook::deliver(desk, hook).await?);
        }
        Ok(count)
    };
    let mut count = deliver().await?;
    let until = desk.clock().now() + opened.config.undo_window.min(LONGEST_WAIT);
    let mut is_said = false;
    while let Clock::System = desk.clock()
        && let Some(due) = next_due(desk, post.is_some(), push.is_some(), &hooks).await?
        && due <= until
        // What failed is for a later run; who only waits keeps nobody from leaving.
        && count.retry == count.waiting
    {
        let wait = (due - desk.clock().now()).to_std().unwrap_or_default();
        if !is_said {
            crate::telemetry::warn_line(&say::waits_for_undo(wait));
            is_said = true;
        }
        tokio::time::sleep(wait + Duration::from_millis(5)).await;
        let more = deliver().await?;
        count.add(&more);
        if more == outbound::DeliverCount::default() {
            // Somebody else has it in hand.
            break;
        }
    }
    if let Some(mailbox) = app::sent_keeper(&opened.config) {
        inbound::sent::keep(desk, mailbox).await?;
    }
    let said = say::delivered(count.sent, count.retry, count.failed, count.skipped, count.uncertain);
    print_json(json, &count, &said);
    if count.failed + count.uncertain > 0 { Err(Ended::Refused(said)) } else { Ok(()) }
}

/// When the next mail, push or webhook becomes due, of those that are sent.
async fn next_due(
    desk: &Desk,
    with_mail: bool,
    with_push: bool,
    hooks: &[WebhookCourier],
) -> Result<Option<DateTime<Utc>>, Failure> {
    let by_mail = if with_mail { desk.next_due(Channel::Email).await? } else { None };
    let by_push = if with_push { desk.next_due(Channel::Push).await? } else { None };
    let mut next = by_mail.into_iter().chain(by_push).min();
    for hook in hooks {
        next = next.into_iter().chain(desk.next_hook(hook.endpoint()).await?).min();
    }
    Ok(next)
}

pub(super) async fn run(opened: &Opened, command: &Mail, agent: Option<&str>, json: bool) -> Done {
    match command {
        Mail::Inspect { files } => inspect(&opened.config, files),
        Mail::Ingest { files } => {
            let bar = bar();
            let limits = &opened.config.limits;
            let done = inbound::ingest(&opened.desk, files, limits, &|at| advance(&bar, at)).await;
            bar.finish_and_clear();
            say_count(done.map_err(unread)?, json);
            Ok(())
        }
        Mail::Held => held(opened, json).await,
        Mail::Reconcile => reconcile(opened, json).await,
        Mail::Replay { id } => replay(opened, *id, agent, json).await,
    }
}

async fn held(opened: &Opened, json: bool) -> Done {
    let held = opened.desk.held_mails().await?;
    if json {
        let list: Vec<_> = held
            .iter()
            .map(|mail| {
                serde_json::json!({
                    "id": mail.id, "mailbox": mail.mailbox, "bytes": mail.bytes, "why": mail.why,
                    "received_at": mail.received_at,
                })
            })
            .collect();
        print_json(true, &list, "");
    } else if held.is_empty() {
        print(say::NOTHING_HELD);
    } else {
        for mail in held {
            let at = dates::date(mail.received_at, opened.config.timezone);
            let size = dates::size(u64::try_from(mail.bytes).unwrap_or_default());
            print(&format!("{:>5}  {at}  {size:>8}  {}", mail.id.0, operations::held_reason(&mail.why)));
        }
    }
    Ok(())
}

/// Exit code 1 where a mailbox could not be compared, or still lacks a mail.
async fn reconcile(opened: &Opened, json: bool) -> Done {
    let sources = app::sources(&opened.config).map_err(|fault| Ended::Usage(config_faults::say(&fault)))?;
    let limits = &opened.config.limits;
    inbound::recover(&opened.desk, limits).await.map_err(fault)?;
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    for source in &sources {
        let label = source.label();
        match inbound::reconcile::reconcile(&opened.desk, source, limits).await {
            Ok(Some(one)) => {
                let said = say::reconciled(label, one.server, one.missing, one.still_missing);
                if one.still_missing > 0 {
                    faults.push(said);
                } else if !json {
                    print(&said);
                }
                found.push(serde_json::json!({
                    "mailbox": label, "server": one.server, "missing": one.missing,
                    "still_missing": one.still_missing,
                }));
            }
            Ok(None) if json => {}
            Ok(None) => print(&say::not_reconciled(label)),
            Err(error) => faults.push(format!("{label}: {}", source.says(&error))),
        }
    }
    print_json(json, &found, "");
    if faults.is_empty() { Ok(()) } else { Err(Ended::Refused(faults.join("\n"))) }
}

async fn replay(opened: &Opened, id: i64, agent: Option<&str>, json: bool) -> Done {
    let desk = opened.desk.acting(acting(opened, agent).await?);
    let Some(raw) = desk.held_mail(RawMailId(id)).await? else {
        return Err(Ended::Refused(say::no_held_mail(id)));
    };
    let parsed = reading::read(&raw, &opened.config.limits);
    let filed = desk.file_again(vec![(RawMailId(id), parsed)]).await?;
    let (ticket, state) = match filed.first() {
        Some(Filed::Created(ticket) | Filed::Reply(ticket)) => (Some(ticket.0), "filed"),
        Some(Filed::Held) | None => return Err(Ended::Refused(operations::STILL_HELD.to_owned())),
        Some(Filed::Duplicate) => return Err(Ended::Refused(say::no_held_mail(id))),
        Some(Filed::Ignored | Filed::Bounce) => (None, "ignored"),
    };
    print_json(
        json,
        &serde_json::json!({ "id": id, "state": state, "ticket": ticket }),
        &operations::replayed(ticket),
    );
    Ok(())
}

fn say_count(count: FetchCount, json: bool) {
    let said = say::fetched(
        count.fetched,
        count.tickets_created,
        count.replies,
        count.ignored,
        count.held,
        count.duplicates,
        count.bounces,
    );
    print_json(json, &count, &said);
}

/// What keeps mail from coming in is said as it is: an operator's sentence, with the key to look at.
fn fault(error: FetchError) -> Ended {
    Ended::Refused(error.to_string())
}

/// A file that was named and cannot be read.
fn unread(error: FetchError) -> Ended {
    match error {
        FetchError::Files { path, why } => Ended::Refused(format!("{}: {why}", path.display())),
        other => fault(other),
    }
}

/// Drawn only on a terminal.
fn bar() -> ProgressBar {
    let target = if on_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} ({per_sec}, {eta})") {
        bar.set_style(style);
    }
    bar
}

fn advance(bar: &ProgressBar, at: Progress) {
    bar.set_length(at.total);
    bar.set_position(at.done);
}
