//! The loop of `serve`: drain, wait for news, drain; and when something is wrong, say it once and try again.
//!
//! May import: desk, config, inbound.

use super::enter::enter;
use super::fault::FetchError;
use super::{FetchOptions, Source, Tally, Visit, drain_maildir, reconcile, recover};
use crate::config::{self, Limits};
use crate::desk::Desk;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A folder on this machine is looked at this often.
const MAILDIR_INTERVAL: Duration = Duration::from_secs(1);
/// The first pause after a fault; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause: a server that is back is found within a minute.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// After a refused login the pauses begin and end longer: many servers lock an account that fails too often.
const FIRST_PAUSE_AFTER_LOGIN: Duration = Duration::from_secs(10);
/// See [`FIRST_PAUSE_AFTER_LOGIN`].
const LONGEST_PAUSE_AFTER_LOGIN: Duration = Duration::from_secs(5 * 60);
/// While somebody must sign in: how often it is looked whether they have. Asks our own database.
const PAUSE_BEFORE_SIGN_IN: Duration = Duration::from_secs(5);

/// Takes mail in as it comes, until it is asked to stop; what is in hand then is committed first.
///
/// Faults are logged once each, with the key to look at, and the loop goes on by itself when the cause is gone.
pub async fn watch(desk: &Desk, source: &Source, limits: &Limits, cancel: CancellationToken) {
    let mut trouble = Trouble::of(source);
    while !cancel.is_cancelled() {
        let ended = match source {
            Source::Imap(settings) => watch_imap(desk, source, settings, limits, &cancel, &mut trouble).await,
            Source::Maildir(inbox) => watch_maildir(desk, source, inbox, limits, &cancel, &mut trouble).await,
        };
        if let Err(fault) = ended {
            let pause = trouble.pause_after(fault);
            tokio::select! {
                () = tokio::time::sleep(jittered(pause)) => {}
                () = cancel.cancelled() => {}
            }
        }
    }
}

async fn watch_imap(
    desk: &Desk,
    source: &Source,
    settings: &config::Imap,
    limits: &Limits,
    cancel: &CancellationToken,
    trouble: &mut Trouble<'_>,
) -> Result<(), FetchError> {
    recover(desk, limits).await?;
    let mut session = tokio::select! {
        session = enter(desk, settings) => session?,
        () = cancel.cancelled() => return Ok(()),
    };
    let visit = Visit { desk, source, settings, limits, options: FetchOptions::default(), cancel };
    let selected = visit.select(&mut session).await?;
    let mailbox = source.mailbox();
    let mut compare_at = None;
    while !cancel.is_cancelled() {
        let mut tally = Tally::new(&|_| {});
        visit.drain(&mut session, selected, &mut tally).await?;
        trouble.is_over();
        tell(source, &tally);
        let now = desk.clock().now();
        if compare_at.is_none_or(|at| at <= now) {
            // Another process may have done it meanwhile.
            let mut due = reconcile::due(desk.reconciled_at(&mailbox).await?, now);
            if due <= now {
                visit.reconcile(&mut session, selected, &mut tally).await?;
                due = now + reconcile::INTERVAL;
            }
            compare_at = Some(due);
        }
        let until_compared = compare_at.and_then(|at| (at - now).to_std().ok()).unwrap_or_default();
        // Some servers name IDLE and then tell nothing: the interval holds all the same, and a dead line is found.
        session.wait_for_news(settings.poll_interval.min(until_compared), cancel).await?;
    }
    session.log_out().await;
    Ok(())
}

async fn watch_maildir(
    desk: &Desk,
    source: &Source,
    inbox: &std::path::Path,
    limits: &Limits,
    cancel: &CancellationToken,
    trouble: &mut Trouble<'_>,
) -> Result<(), FetchError> {
    recover(desk, limits).await?;
    while !cancel.is_cancelled() {
        let mut tally = Tally::new(&|_| {});
        drain_maildir(desk, source, inbox, limits, FetchOptions::default(), cancel, &mut tally).await?;
        trouble.is_over();
        tell(source, &tally);
        tokio::select! {
            () = tokio::time::sleep(MAILDIR_INTERVAL) => {}
            () = cancel.cancelled() => {}
        }
    }
    Ok(())
}

fn tell(source: &Source, tally: &Tally<'_>) {
    let count = tally.count;
    if count.fetched > 0 {
        tracing::info!(
            mailbox = source.label(),
            fetched = count.fetched,
            tickets = count.tickets_created,
            replies = count.replies,
            ignored = count.ignored,
            held = count.held,
            duplicates = count.duplicates,
            bounces = count.bounces,
            "took mail in"
        );
    }
}

/// What is wrong with a mailbox, and for how long: says each fault once, and that it is over.
#[derive(Debug)]
struct Trouble<'a> {
    source: &'a Source,
    fault: Option<FetchError>,
    tries: u32,
}

impl Trouble<'_> {
    fn of(source: &Source) -> Trouble<'_> {
        Trouble { source, fault: None, tries: 0 }
    }

    /// Notes a fault; returns how long to wait before the next try.
    fn pause_after(&mut self, fault: FetchError) -> Duration {
        let (mailbox, said) = (self.source.label(), self.source.says(&fault));
        if self.fault.as_ref().is_some_and(|known| known.is_same(&fault)) {
            tracing::debug!(mailbox, fault = said, tries = self.tries, "mail still cannot be fetched");
        } else {
            tracing::warn!(mailbox, fault = said, "mail cannot be fetched; trying again by itself");
        }
        let (first, longest) = if fault.waits_for_sign_in() {
            (PAUSE_BEFORE_SIGN_IN, PAUSE_BEFORE_SIGN_IN)
        } else if fault.is_credentials() {
            (FIRST_PAUSE_AFTER_LOGIN, LONGEST_PAUSE_AFTER_LOGIN)
        } else {
            (FIRST_PAUSE, LONGEST_PAUSE)
        };
        let pause = first.saturating_mul(1 << self.tries.min(16)).min(longest);
        self.tries = self.tries.saturating_add(1);
        self.fault = Some(fault);
        pause
    }

    fn is_over(&mut self) {
        if self.fault.take().is_some() {
            tracing::info!(mailbox = self.source.label(), tries = self.tries, "mail is fetched again");
        }
        self.tries = 0;
    }
}

/// Between half and the whole of a pause: many desks that lost one server do not come back in one instant.
fn jittered(pause: Duration) -> Duration {
    let mut byte = [0u8; 1];
    // Without randomness the whole pause is as good.
    if ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut byte).is_err() {
        return pause;
    }
    pause / 2 + pause.mul_f64(f64::from(byte[0]) / 510.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::tokens::TokenFault;

    fn lost() -> FetchError {
        FetchError::Lost("the server closed it".into())
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_begin_anew_once_it_is_over() {
        let source = Source::Maildir("inbox".into());
        let mut trouble = Trouble::of(&source);
        let pauses: Vec<u64> = (0..9).map(|_| trouble.pause_after(lost()).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        trouble.is_over();
        assert_eq!(trouble.pause_after(lost()).as_secs(), 1);
    }

    #[test]
    fn a_refused_login_is_not_hammered() {
        let source = Source::Maildir("inbox".into());
        let mut trouble = Trouble::of(&source);
        let refused = || FetchError::Login { said: "no".into() };
        assert_eq!(trouble.pause_after(refused()).as_secs(), 10);
        let pauses: Vec<u64> = (0..40).map(|_| trouble.pause_after(refused()).as_secs()).collect();
        assert_eq!(pauses.last(), Some(&300));
    }

    #[test]
    fn a_sign_in_is_found_in_seconds_however_long_it_took() {
        let source = Source::Maildir("inbox".into());
        let mut trouble = Trouble::of(&source);
        let dead = || {
            let (why, key) = ("invalid_grant".to_owned(), "imap.oauth2".to_owned());
            FetchError::NoToken(TokenFault::Refused { why, key })
        };
        let pauses: Vec<u64> = (0..40).map(|_| trouble.pause_after(dead()).as_secs()).collect();
        assert_eq!(pauses, [5; 40]);
    }

    #[test]
    fn jitter_stays_between_half_and_whole() {
        let pause = Duration::from_secs(60);
        for _ in 0..200 {
            assert!((pause / 2..=pause).contains(&jittered(pause)));
        }
    }
}
