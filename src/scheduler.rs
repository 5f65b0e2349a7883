//! The door of the clock: has the desk fire what is due, as soon as it is, take away what is kept no longer, and keep its index
//! in order. May import: desk, domain.

use crate::desk::{Desk, Result};
use crate::domain::audit::By;
use crate::domain::people::Door;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long it looks away at most: a timer that another process starts is seen by then.
const LONGEST_LOOK_AWAY: Duration = Duration::from_secs(30);
/// How long at least, so that a timer that cannot be fired makes no storm.
const SHORTEST_LOOK_AWAY: Duration = Duration::from_secs(1);

/// Fires timers until `cancel`; `mailboxes` are those that this program reads, by the names that the desk keeps.
pub async fn run(desk: Desk, mailboxes: Vec<String>, cancel: CancellationToken) {
    let (mut is_broken, mut is_planned) = (false, false);
    while !cancel.is_cancelled() {
        let pause = match look(&desk, &mailboxes, &mut is_planned).await {
            Ok(pause) => {
                is_broken = false;
                pause
            }
            Err(failure) => {
                if !is_broken {
                    tracing::error!(error = %failure, "timers cannot be looked after; trying again");
                }
                is_broken = true;
                LONGEST_LOOK_AWAY
            }
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// A step, before the first of which everything follows what this program promises.
async fn look(desk: &Desk, mailboxes: &[String], is_planned: &mut bool) -> Result<Duration> {
    if !*is_planned {
        desk.heed_promises().await?;
        *is_planned = true;
    }
    step(desk, mailboxes).await
}

/// Fires what is due, and what reaches a requester only once `mailboxes` were read since; how long nothing is due after that,
/// at most `LONGEST_LOOK_AWAY`.
///
/// # Errors
/// The database's.
pub async fn step(desk: &Desk, mailboxes: &[String]) -> Result<Duration> {
    let fired = desk.tick_having_read(mailboxes).await?;
    // After what is due: what goes has time, and goes a little at a time.
    if desk.keep_to_retention(&By::program(Door::Clock)).await?.more {
        return Ok(SHORTEST_LOOK_AWAY);
    }
    // Searches are slower without it; nothing else waits for it.
    if let Err(failure) = desk.tidy_search().await {
        tracing::error!(error = %failure, "the index of searches cannot be put in order");
    }
    let Some(next) = desk.next_timer().await? else { return Ok(LONGEST_LOOK_AWAY) };
    let until = (next - desk.clock().now()).to_std().unwrap_or_default();
    // What is due and was not fired cannot be, or waits: it is looked at again, and not at once.
    if until.is_zero() && fired.is_empty() {
        return Ok(LONGEST_LOOK_AWAY);
    }
    Ok(until.clamp(SHORTEST_LOOK_AWAY, LONGEST_LOOK_AWAY))
}
