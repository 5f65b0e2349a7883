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

/// Fires timers until `cancel`.
pub async fn run(desk: Desk, cancel: CancellationToken) {
    let mut is_broken = false;
    while !cancel.is_cancelled() {
        let pause = match step(&desk).await {
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

/// Fires what is due; how long nothing is due after that, at most `LONGEST_LOOK_AWAY`.
///
/// # Errors
/// The database's.
pub async fn step(desk: &Desk) -> Result<Duration> {
    let fired = desk.tick().await?;
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
    // What is due and was not fired cannot be: it is tried again, and not at once.
    if until.is_zero() && fired.is_empty() {
        return Ok(LONGEST_LOOK_AWAY);
    }
    Ok(until.clamp(SHORTEST_LOOK_AWAY, LONGEST_LOOK_AWAY))
}
