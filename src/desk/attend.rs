//! How a worker waits for what becomes due: until the next of it, until something is planned, or until it is time to look
//! whether another process planned something. May import: nothing else of ours.

use super::{Desk, Result};
use chrono::{DateTime, Utc};
use std::future::Future;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Work that becomes due.
pub trait Work: Sync {
    /// What the log calls it.
    fn name(&self) -> &str;

    /// Does what is due now. Once `cancel` is, nothing more is begun.
    fn do_due(&self, desk: &Desk, cancel: &CancellationToken) -> impl Future<Output = Result<()>> + Send;

    /// When something is due next.
    fn next_due(&self, desk: &Desk) -> impl Future<Output = Result<Option<DateTime<Utc>>>> + Send;

    /// Waits until something was planned by this process.
    fn rings(&self, desk: &Desk) -> impl Future<Output = ()> + Send;
}

/// How long a worker sleeps.
#[derive(Debug, Clone, Copy)]
pub struct Sleeps {
    /// At least, whatever is due.
    pub shortest: Duration,
    /// At most: what another process plans is found within it.
    pub longest: Duration,
    /// While the database cannot be read.
    pub broken: Duration,
}

/// Does what becomes due, until `cancel`; what is in hand then is still finished.
pub async fn attend<W: Work>(desk: &Desk, work: &W, sleeps: Sleeps, cancel: &CancellationToken) {
    let mut is_broken = false;
    while !cancel.is_cancelled() {
        let due = match work.do_due(desk, cancel).await {
            Ok(()) => work.next_due(desk).await,
            Err(failure) => Err(failure),
        };
        let worker = work.name();
        let sleep = match due {
            Ok(due) => {
                if is_broken {
                    tracing::info!(worker, "what is due can be read again");
                }
                is_broken = false;
                let until = due.map(|due| (due - desk.clock().now()).to_std().unwrap_or(Duration::ZERO));
                until.unwrap_or(sleeps.longest).clamp(sleeps.shortest, sleeps.longest)
            }
            Err(failure) => {
                // Once for each outage: the next line about it says that it is over.
                if !is_broken {
                    tracing::error!(worker, error = %failure, "what is due cannot be read; trying again");
                }
                is_broken = true;
                sleeps.broken
            }
        };
        tokio::select! {
            () = cancel.cancelled() => break,
            () = work.rings(desk) => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
}
