//! The folder of an account in which a copy of each mail that left is kept. What fails here is tried again and then given
//! up; it never sends anything again.
//!
//! May import: config, desk, domain, inbound::{enter, fault, imap}.

use super::enter::enter;
use super::fault::FetchError;
use super::imap::Session;
use crate::config;
use crate::desk::sent::SentMail;
use crate::desk::{Desk, Result};
use crate::domain::delivery::{Next, Outcome};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How many copies are leased at once: the last of them must be put away before the lease ends.
const BATCH: i64 = 16;
/// The shortest and the longest sleep: a copy may well come a little after its mail.
const SLEEPS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

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
    let mut is_broken = false;
    while !cancel.is_cancelled() {
        let due = match keep(desk, settings).await {
            Ok(_) => desk.next_copy().await,
            Err(failure) => Err(failure),
        };
        let sleep = match due {
            Ok(due) => {
                is_broken = false;
                let until = due.map(|due| (due - desk.clock().now()).to_std().unwrap_or(Duration::ZERO));
                until.unwrap_or(SLEEPS.1).clamp(SLEEPS.0, SLEEPS.1)
            }
            Err(failure) => {
                if !is_broken {
                    tracing::error!(error = %failure, "copies of sent mails cannot be looked for; trying again");
                }
                is_broken = true;
                SLEEPS.1
            }
        };
        tokio::select! {
            () = cancel.cancelled() => break,
            () = tokio::time::sleep(sleep) => {}
        }
    }
}
