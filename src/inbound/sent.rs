//! The folder of an account in which a copy of each mail that left is kept. What fails here is tried again and then given
//! up; it never sends anything again.
//!
//! May import: config, desk, domain, inbound::{enter, fault, imap}.

use super::enter::enter;
use super::fault::FetchError;
use super::imap::Session;
use crate::config;
use crate::desk::attend::{Sleeps, Work, attend};
use crate::desk::sent::SentMail;
use crate::desk::{Desk, Result};
use crate::domain::delivery::{Next, Outcome};
use chrono::{DateTime, Utc};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How many copies are leased at once: the last of them must be put away before the lease ends.
const BATCH: i64 = 16;
/// How long the keeper sleeps.
const SLEEPS: Sleeps = Sleeps {
    shortest: Duration::from_secs(1),
    longest: Duration::from_secs(15),
    broken: Duration::from_secs(15),
};

/// Keeps the copies that are due, once; says how many were kept.
///
/// # Errors
/// The database's.
pub async fn keep(desk: &Desk, settings: &config::Imap) -> Result<u64> {
    keep_due(desk, settings, &CancellationToken::new()).await
}

/// The same until `cancel`; what was leased and is not begun then is tried again when its lease is over.
async fn keep_due(desk: &Desk, settings: &config::Imap, cancel: &CancellationToken) -> Result<u64> {
    let Some(folder) = &settings.sent_folder else { return Ok(0) };
    let (mut session, mut kept) = (None, 0);
    let mut is_line_lost = false;
    // Why the server cannot be had. The others would wait as long for it, and outlive their lease: they are not tried.
    let mut away: Option<String> = None;
    while away.is_none() && !cancel.is_cancelled() {
        let mails = desk.claim_copies(BATCH).await?;
        if mails.is_empty() {
            break;
        }
        for mail in &mails {
            if away.is_none() && cancel.is_cancelled() {
                break;
            }
            let put = match &away {
                Some(why) => Err(why.clone()),
                None => match put_away(desk, settings, folder, mail, &mut session).await {
                    Err(fault) if !matches!(fault, FetchError::Refused { .. }) => {
                        let why = fault.of_section(&settings.section);
                        // After a lost line nothing can be said on it. One may be lost by what is in a mail: the next is
                        // tried on another.
                        if session.take().is_none() || is_line_lost {
                            away = Some(why.clone());
                        }
                        is_line_lost = true;
                        Err(why)
                    }
                    put => {
                        is_line_lost = false;
                        put.map_err(|fault| fault.of_section(&settings.section))
                    }
                },
            };
            let outcome = put.map_or_else(Outcome::Retry, |()| Outcome::Sent);
            match desk.record_copy(mail, outcome).await? {
                Next::Sent => kept += 1,
                Next::Again { why, .. } => tracing::warn!(why, "the copy of a sent mail is not kept yet"),
                Next::Failed(why) | Next::Skipped(why) | Next::Uncertain(why) => {
                    tracing::error!(why, "the copy of a sent mail was given up; the mail itself left");
                }
            }
        }
    }
    if let Some(session) = session {
        session.log_out().await;
    }
    Ok(kept)
}

async fn put_away(
    desk: &Desk,
    settings: &config::Imap,
    folder: &str,
    mail: &SentMail,
    session: &mut Option<Session>,
) -> std::result::Result<(), FetchError> {
    let session = match session {
        Some(session) => session,
        None => session.insert(enter(desk, settings).await?),
    };
    // An answer that was lost does not tell whether it is there.
    if mail.attempt > 1 {
        match session.select(folder, true).await {
            Ok(_) if session.holds(&mail.message_id).await? => return Ok(()),
            // There is no such folder yet.
            Ok(_) | Err(FetchError::Mailbox { .. }) => {}
            Err(fault) => return Err(fault),
        }
    }
    session.append(folder, &mail.bytes, mail.at).await
}

/// Keeps what becomes due, until `cancel`.
pub async fn keep_until(desk: &Desk, settings: &config::Imap, cancel: CancellationToken) {
    attend(desk, &Keeper { settings }, SLEEPS, &cancel).await;
}

struct Keeper<'a> {
    settings: &'a config::Imap,
}

impl Work for Keeper<'_> {
    fn name(&self) -> &str {
        "copies of sent mails"
    }

    async fn do_due(&self, desk: &Desk, cancel: &CancellationToken) -> Result<()> {
        keep_due(desk, self.settings, cancel).await.map(drop)
    }

    async fn next_due(&self, desk: &Desk) -> Result<Option<DateTime<Utc>>> {
        desk.next_copy().await
    }

    /// A copy may well come a little after its mail.
    async fn rings(&self, _desk: &Desk) {
        std::future::pending().await
    }
}
