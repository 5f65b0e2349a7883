//! The reconciliation: what the server holds up to the cursor, laid beside the UIDs that the desk knows. What is
//! missing is fetched then and there; what is missing after that is an alert.
//!
//! May import: desk, domain, config, inbound.

use super::drain::skips;
use super::enter::enter;
use super::fault::FetchError;
use super::imap::{Listed, Selected, Session};
use super::start::Older;
use super::{FetchOptions, Source, Tally, Visit};
use crate::config::Limits;
use crate::desk::Desk;
use crate::domain::alert::AlertKind;
use crate::domain::uid_set::UidSet;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

/// How often `serve` compares each mailbox with its server.
pub const INTERVAL: TimeDelta = TimeDelta::hours(1);
/// Up to this many mails the server is asked for all UIDs in one go: half a million bytes.
const ASK_AT_ONCE: u32 = 50_000;
/// Width of a page of UIDs in a larger mailbox; doubled over a desert.
const PAGE: u32 = 131_072;
/// Missing mails that are described at a time.
const MENDED_AT_ONCE: usize = 5_000;

/// What a reconciliation found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// Mails that the server holds up to the cursor, without drafts and what is on its way out.
    pub server: u64,
    /// Of these, mails that were not known here.
    pub missing: u64,
    /// Mails that are still not known after they were asked for.
    pub still_missing: u64,
}

/// When a mailbox is to be compared next.
pub fn due(reconciled_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    // A clock that was set back must not put it off for ever.
    reconciled_at.map_or(now, |at| at.min(now) + INTERVAL)
}

/// Empties a mailbox, then compares it with its server. `None` for a folder of this machine, whose files need none.
///
/// # Errors
/// Of the server, the line or the database.
pub async fn reconcile(
    desk: &Desk,
    source: &Source,
    limits: &Limits,
) -> Result<Option<Reconciled>, FetchError> {
    let Source::Imap(settings) = source else { return Ok(None) };
    let mut session = enter(desk, settings).await?;
    let cancel = CancellationToken::new();
    let options = FetchOptions::default();
    let visit = Visit { desk, source, settings, limits, options, cancel: &cancel };
    let selected = visit.select(&mut session).await?;
    let mut tally = Tally::new(&|_| {});
    visit.drain(&mut session, selected, &mut tally).await?;
    let reconciled = visit.reconcile(&mut session, selected, &mut tally).await?;
    session.log_out().await;
    Ok(reconciled)
}

impl Visit<'_> {
    /// Compares, mends, and says what came of it. `None` where another process numbered the mailbox anew meanwhile.
    pub(super) async fn reconcile(
        &self,
        session: &mut Session,
        selected: Selected,
        tally: &mut Tally<'_>,
    ) -> Result<Option<Reconciled>, FetchError> {
        let mailbox = self.source.mailbox();
        let Some(standing) = self.desk.standing(&mailbox).await? else { return Ok(None) };
        if standing.uid_validity != selected.uid_validity {
            return Ok(None);
        }
        let known = self.desk.known_uids(&mailbox, selected.uid_validity).await?;
        let (server, missing) = unknown(session, selected.exists, standing.last_uid, &known).await?;
        let mut found = Reconciled { server, missing: missing.len() as u64, still_missing: 0 };
        if !missing.is_empty() {
            let label = self.settings.label.as_str();
            tracing::warn!(
                mailbox = label,
                missing = found.missing,
                server,
                "the server holds mails that are not known here; fetching them"
            );
            for some in missing.chunks(MENDED_AT_ONCE) {
                let listed = session.list_these(some, Older::of(&standing).is_some()).await?;
                self.take(session, selected, &standing, Some(&listed), tally).await?;
            }
            let known = self.desk.known_uids(&mailbox, selected.uid_validity).await?;
            let (_, missing) = unknown(session, selected.exists, standing.last_uid, &known).await?;
            found.still_missing = missing.len() as u64;
            tracing::info!(
                mailbox = label,
                missing = found.missing,
                still_missing = found.still_missing,
                "the mailbox was compared with its server and mended"
            );
        }
        if self.cancel.is_cancelled() {
            // Broken off: what was not asked for is not lost.
            return Ok(None);
        }
        let about = self.settings.label.as_str();
        if found.still_missing > 0 {
            let count = found.still_missing.to_string();
            self.desk.raise_alert(AlertKind::MissingMail, about, &count).await?;
        } else {
            self.desk.end_alert(AlertKind::MissingMail, about).await?;
        }
        self.desk.note_reconciled(&mailbox).await?;
        Ok(Some(found))
    }
}

/// How many mails the server holds up to a UID, and which of them are not known.
async fn unknown(
    session: &mut Session,
    exists: u32,
    last_uid: u32,
    known: &UidSet,
) -> Result<(u64, Vec<u32>), FetchError> {
    let (mut server, mut missing) = (0, Vec::new());
    let mut width = if exists <= ASK_AT_ONCE { u32::MAX } else { PAGE };
    let mut next = 1;
    while next <= last_uid {
        let to = next.saturating_add(width - 1).min(last_uid);
        let held = held(session, next, to).await?;
        width = if held.is_empty() { width.saturating_mul(2) } else { width.min(PAGE) };
        server += held.len() as u64;
        missing.extend(held.into_iter().filter(|uid| !known.contains(*uid)));
        let Some(after) = to.checked_add(1) else { break };
        next = after;
    }
    Ok((server, missing))
}

/// The UIDs of the mails that lie between two, both included, and are neither drafts nor on their way out.
async fn held(session: &mut Session, from: u32, to: u32) -> Result<Vec<u32>, FetchError> {
    if let Some(uids) = session.search_held(from, to).await? {
        return Ok(uids);
    }
    let listed = session.list(from, Some(to)).await?;
    Ok(listed.iter().filter(|mail: &&Listed| !skips(mail)).map(|mail| mail.uid).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_compared_every_hour_whatever_the_clock_did() {
        let now = DateTime::from_timestamp(1_795_510_800, 0).unwrap();
        assert_eq!(due(None, now), now);
        assert_eq!(due(Some(now - TimeDelta::minutes(20)), now), now + TimeDelta::minutes(40));
        assert_eq!(due(Some(now + TimeDelta::days(9)), now), now + INTERVAL);
    }
}
