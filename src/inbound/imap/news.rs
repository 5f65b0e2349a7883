//! The wait for new mail: IDLE (RFC 2177), or asking again after a while.
//!
//! May import: inbound::{fault, imap}.

use super::{Session, TALK, broken, closed, heed, lost, within};
use crate::inbound::fault::{FetchError, said};
use async_imap::imap_proto::Response;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// RFC 2177 asks for a fresh IDLE before 29 minutes.
const IDLE_LIMIT: Duration = Duration::from_secs(25 * 60);

impl Session {
    /// Waits until the server speaks of new mail, the limit is over, or the program is asked to stop. By IDLE
    /// where the server can, else by sleeping.
    ///
    /// # Errors
    /// When the line turns out to be dead.
    pub async fn wait_for_news(
        &mut self,
        limit: Duration,
        cancel: &CancellationToken,
    ) -> Result<(), FetchError> {
        if self.has_news || cancel.is_cancelled() {
            return Ok(());
        }
        let limit = limit.min(IDLE_LIMIT);
        if !self.can("IDLE") || !self.start_idle().await? {
            tokio::select! {
                () = tokio::time::sleep(limit) => {}
                () = cancel.cancelled() => return Ok(()),
            }
            // A server shows new mail to an open session when it is asked.
            return self.plain("NOOP", "NOOP").await;
        }
        self.imap.get_mut().allow(TALK);
        let end = Instant::now() + limit;
        // Reading can be broken off: what came stays in the session's buffer.
        while !self.has_news {
            let response = tokio::select! {
                response = self.imap.read_response() => response,
                () = tokio::time::sleep_until(end) => break,
                () = cancel.cancelled() => break,
            };
            let response = response.map_err(lost)?.ok_or_else(closed)?;
            heed(response.parsed(), "IDLE", &mut self.exists, &mut self.has_news)?;
        }
        within("DONE", self.imap.run_command_untagged("DONE")).await?.map_err(broken)?;
        // The tagged answer is the proof that the line is alive, as a NOOP would be.
        while !self.answer("DONE", |response| matches!(response, Response::Done { .. })).await? {}
        Ok(())
    }

    /// `false`: the server names IDLE but refuses it.
    async fn start_idle(&mut self) -> Result<bool, FetchError> {
        self.imap.get_mut().allow(TALK);
        within("IDLE", self.imap.run_command("IDLE")).await?.map_err(broken)?;
        let begun = loop {
            let heard = |response: &Response<'_>| match response {
                Response::Continue(_) => Some(Ok(())),
                Response::Done { outcome, .. } => {
                    Some(Err(said(outcome.information.as_deref().unwrap_or_default())))
                }
                _ => None,
            };
            if let Some(begun) = self.answer("IDLE", heard).await? {
                break begun;
            }
        };
        match begun {
            Ok(()) => Ok(true),
            Err(said) => {
                self.do_without("IDLE", &FetchError::Refused { command: "IDLE", said });
                Ok(false)
            }
        }
    }
}
