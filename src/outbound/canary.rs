//! The sender of the canary: asks the desk whether one is due, sends it, and has the desk judge the one on its way.
//! May import: desk, domain, wording, config.

use super::PostRoom;
use super::compose::note_to_ourselves;
use crate::config;
use crate::desk::{Desk, Result};
use crate::domain::delivery::Outcome;
use crate::wording::canary as say;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether one is due, or lost.
const LOOK: Duration = Duration::from_secs(5);

/// Sends canaries to `address` until `cancel`; `mailboxes` are those that are read, by the names that the desk keeps.
pub async fn run(
    desk: Desk,
    post: PostRoom,
    address: String,
    plan: config::Canary,
    mailboxes: Vec<String>,
    cancel: CancellationToken,
) {
    let mut is_broken = false;
    while !cancel.is_cancelled() {
        match step(&desk, &post, &address, &plan, &mailboxes).await {
            Ok(_) => is_broken = false,
            Err(failure) => {
                if !is_broken {
                    tracing::error!(error = %failure, "the canary cannot be looked after; trying again");
                }
                is_broken = true;
            }
        }
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Looks once: whether the canary on its way is lost, and whether one is to be sent now. `true`: one left.
///
/// # Errors
/// The database's.
pub async fn step(
    desk: &Desk,
    post: &PostRoom,
    address: &str,
    plan: &config::Canary,
    mailboxes: &[String],
) -> Result<bool> {
    // Asked once: what was not judged by it is not replaced by it.
    let heard = desk.heard_until(mailboxes).await?;
    desk.judge_canary(address, plan.patience, heard).await?;
    // On its very first visit a mailbox leaves alone what lies in it: a canary that was faster would be lost.
    if heard.is_none() {
        return Ok(false);
    }
    let claimed = desk.claim_canary(plan.interval, plan.patience, heard).await?;
    let Some(canary) = claimed else { return Ok(false) };
    let (id, at) = (canary.message_id.as_str(), canary.made_at);
    let outcome = match note_to_ourselves(&post.letterhead, address, id, &canary.subject, say::TEXT, at) {
        Ok(mail) => post.courier.carry(address, id, &mail).await,
        Err(error) => Outcome::Failed(error.to_string()),
    };
    post.courier.rest().await;
    match outcome {
        // One that may have left is waited for: whether it did, its return tells.
        Outcome::Sent | Outcome::SentAs(_) | Outcome::Ambiguous(_) => {
            desk.note_canary_sent(canary.number).await?;
            tracing::debug!(canary = canary.number, "canary sent");
            Ok(true)
        }
        Outcome::Retry(why) | Outcome::RetryAfter(why, _) | Outcome::Skipped(why) | Outcome::Failed(why) => {
            tracing::warn!(canary = canary.number, why, "the canary did not leave");
            Ok(false)
        }
    }
}
