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
    let Some(folder) = &settings.sent_folder else { return Ok(0) };
    let (mut session, mut kept) = (None, 0);
    loop {
        let mails = desk.claim_copies(BATCH).await?;
        if mails.is_empty() {
            break;
        }
        for mail in &mails {
            let outcome = match put_away(desk, settings, folder, mail, &mut session).await {
                Ok(()) => Outcome::Sent,
                Err(fault) => {
                    // After a lost line nothing can be said on it; a new one is made for the next mail.
                    if !matches!(fault, FetchError::Refused { .. }) {
                        session = None;
                    }
                    Outcome::Retry(fault.of_section(&settings.section))
                }
            };
            match desk.record_copy(mail, outcome).await? {
                Next::Sent => kept += 1,
                Next::Again { why, .. } => tracing::warn!(why, "the copy of a sent mail is not kept yet"),
                Next::Failed(why) | Next::Skipped(why) | Next::Uncertain(why) => {
                    tracing::error!(why, "the copy of a sent mail was given up; the mail itself left");
                }
            }
        }
        // The others would fail alike.
        if session.is_none() {
            break;
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

    async fn do_due(&self, desk: &Desk, _cancel: &CancellationToken) -> Result<()> {
        keep(desk, self.settings).await.map(drop)
    }

    async fn next_due(&self, desk: &Desk) -> Result<Option<DateTime<Utc>>> {
        desk.next_copy().await
    }

    /// A copy may well come a little after its mail.
    async fn rings(&self, _desk: &Desk) {
        std::future::pending().await
    }
}
