//! The canary: a small mail to ourselves, sent now and then, expected back in a mailbox that is read. It proves the
//! whole way, which no log of one end can.
//!
//! A row first: whoever makes it sends it, and sends it again, the same, when it died before it had. One is on its way
//! at a time. It is known on arrival by its Message-ID or, where a provider writes another, by its subject; both
//! carry an HMAC.

use super::apply::VOUCHED;
use super::{Desk, Inner, Result};
use crate::domain::alert::AlertKind;
use crate::domain::mail::InboundMail;
use crate::wording;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// Who made a canary and did not send it within this has died, or could not: somebody tries again. Longer than any
/// send takes.
const LEASE: TimeDelta = TimeDelta::minutes(3);
/// Further ahead than this no other program's clock is: the canary was made by one that was wrong for a moment.
const AHEAD: TimeDelta = TimeDelta::minutes(3);
/// Before the number, in the id and in the subject.
const MARK: &str = "canary.";

/// A canary to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// Counts them.
    pub number: i64,
    /// Its date.
    pub made_at: DateTime<Utc>,
    /// Without angle brackets.
    pub message_id: String,
    /// French, with the mark it is known by.
    pub subject: String,
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// The canary that is to be sent now by whoever asked, if any: a due one, or one whose sender has died.
    /// `interval` lies between two; after `patience` one that has not returned is lost. One that was not looked for yet, since
    /// its mailboxes were read until `heard` only, stays until it can be judged.
    pub async fn claim_canary(
        &self,
        interval: Duration,
        patience: Duration,
        heard: Option<DateTime<Utc>>,
    ) -> Result<Option<Canary>> {
        let now = self.inner.clock.now();
        let (due_before, lost_before) = (before(now, interval), before(now, patience));
        let made_by = now + AHEAD;
        // Asked every few seconds, due once an hour: a look costs no write. The statements below decide, since another
        // process may look at the same time.
        let latest = self.inner.store.read().await?.canary().await?;
        let is_early = |made_at: DateTime<Utc>| made_at > due_before && made_at <= made_by;
        if latest.is_some_and(|latest| latest.returned_at.is_some() && is_early(latest.made_at)) {
            return Ok(None);
        }
        let is_unjudged = latest.is_some_and(|latest| {
            let waits = latest.sent_at.is_some() && latest.returned_at.is_none();
            waits && latest.made_at <= lost_before && !was_looked_for(latest.made_at, patience, heard)
        });
        if is_unjudged {
            return Ok(None);
        }
        let mut tx = self.inner.store.begin().await?;
        let mut claimed = tx.make_canary(now, due_before, lost_before, made_by).await?;
        if claimed.is_none() {
            claimed = tx.take_unsent_canary(now, now - LEASE, lost_before).await?;
        }
        tx.commit().await?;
        Ok(claimed.map(|(number, made_at)| Canary {
            number,
            made_at,
            message_id: self.inner.canary_id(number),
            subject: self.inner.canary_subject(number),
        }))
    }

    /// Notes that the next hop took it.
    pub async fn note_canary_sent(&self, number: i64) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        tx.note_canary_sent(number, now).await?;
        Ok(tx.commit().await?)
    }

    /// Raises the alert when the canary to `address` is lost, and ends it when one has returned. Lost is one that was sent and
    /// that mailboxes read after its time did not hold (they were until `heard`), or that could not be sent for all of it: a
    /// stop loses none.
    pub async fn judge_canary(
        &self,
        address: &str,
        patience: Duration,
        heard: Option<DateTime<Utc>>,
    ) -> Result<()> {
        let now = self.inner.clock.now();
        let Some(canary) = self.inner.store.read().await?.canary().await? else { return Ok(()) };
        if canary.returned_at.is_some() {
            return self.end_alert(AlertKind::LostCanary, address).await;
        }
        let is_over = match canary.sent_at {
            Some(_) => was_looked_for(canary.made_at, patience, heard),
            // The last try of a program that goes on trying is no further back: a lease, and a send.
            None => canary.made_at <= before(canary.tried_at + LEASE * 2, patience),
        };
        if canary.made_at <= before(now, patience) && is_over {
            let detail = wording::canary::lost(patience);
            self.raise_alert(AlertKind::LostCanary, address, &detail).await
        } else {
            Ok(())
        }
    }

    /// How long the last one that returned was on its way; `None` before the first.
    pub async fn canary_round_trip(&self) -> Result<Option<Duration>> {
        let canary = self.inner.store.read().await?.canary().await?;
        let taken = canary.and_then(|canary| canary.round_trip_ms);
        Ok(taken.and_then(|taken| u64::try_from(taken).ok()).map(Duration::from_millis))
    }
}

impl Inner {
    /// The number of the canary that a mail is, if we made it. A mail that only answers one is none.
    pub(super) fn canary_of(&self, mail: &InboundMail) -> Option<i64> {
        let id = mail.message_id.as_deref().unwrap_or_default();
        let by_id = marked_number(id).filter(|number| self.canary_id(*number) == id);
        by_id.or_else(|| {
            let number = marked_number(&mail.subject)?;
            (self.canary_subject(number) == mail.subject).then_some(number)
        })
    }

    fn canary_id(&self, number: i64) -> String {
        format!("{}@{}", self.canary_mark(number), self.settings.mail_host)
    }

    fn canary_subject(&self, number: i64) -> String {
        wording::canary::subject(&self.canary_mark(number))
    }

    fn canary_mark(&self, number: i64) -> String {
        let marked = format!("{MARK}{number}");
        format!("{marked}.{}", self.vouch(&marked, VOUCHED))
    }
}

/// Whether mailboxes that were read until `heard` would have held a canary that was sent and returned in its time.
fn was_looked_for(made_at: DateTime<Utc>, patience: Duration, heard: Option<DateTime<Utc>>) -> bool {
    heard.is_some_and(|heard| made_at <= before(heard, patience))
}

/// The number behind the first mark in a text.
fn marked_number(text: &str) -> Option<i64> {
    let (_, rest) = text.split_once(MARK)?;
    rest.split_once('.')?.0.parse().ok()
}

fn before(now: DateTime<Utc>, span: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(span).ok().and_then(|span| now.checked_sub_signed(span)).unwrap_or(now)
}
