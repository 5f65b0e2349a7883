//! How fast mails go to each provider: turns for those that throttle, a pause for any that asks for one.
//!
//! Paces are held before anything else in a transaction is: two processes that hold them in one order never wait for
//! each other in a ring. May import: domain, store, wording.

use super::{Inner, Result};
use crate::domain::delivery::Outcome;
use crate::domain::pace::{Pace, Turn, asks_to_slow_down, provider_of};
use crate::store::Tx;
use crate::store::outbox::StoredDelivery;
use crate::wording;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// The paces of all providers, as one claim finds and leaves them.
pub(super) struct Paces {
    known: BTreeMap<String, Kept>,
}

/// A pace, and what the database has of it.
struct Kept {
    pace: Pace,
    stored: Option<Pace>,
}

impl Kept {
    fn idle(now: DateTime<Utc>) -> Kept {
        Kept { pace: Pace::idle(now), stored: None }
    }
}

impl Paces {
    /// Reads and holds them.
    pub(super) async fn read(tx: &mut Tx) -> Result<Paces> {
        let known = tx.paces().await?.into_iter();
        let known = known.map(|(key, pace)| (key, Kept { pace, stored: Some(pace) })).collect();
        Ok(Paces { known })
    }

    /// Whether any provider asked for fewer mails lately.
    pub(super) fn are_slowed(&self) -> bool {
        self.known.values().any(|kept| kept.pace.strikes > 0)
    }

    /// Takes what a server answered into its provider's pace.
    fn note(&mut self, address: &str, outcome: &Outcome, now: DateTime<Utc>) {
        match outcome {
            asking if is_asked(asking) => {
                let provider = provider_of(address);
                let pace = &mut self.known.entry(provider.key).or_insert_with(|| Kept::idle(now)).pace;
                let before = *pace;
                pace.slow_down(now);
                if *pace != before {
                    let name = provider.name.unwrap_or("another");
                    let seconds = (pace.closed_until - now).num_seconds();
                    tracing::warn!(
                        provider = name,
                        seconds,
                        "a mail provider asks for fewer mails; those to it wait"
                    );
                }
            }
            // Of a provider that is idle it says nothing.
            Outcome::Sent | Outcome::SentAs(_) if !self.known.is_empty() => {
                if let Some(kept) = self.known.get_mut(&provider_of(address).key) {
                    kept.pace.taken(now);
                }
            }
            _ => {}
        }
    }

    /// Writes those that changed, and forgets those that say nothing any more.
    pub(super) async fn write(self, tx: &mut Tx, now: DateTime<Utc>) -> Result<()> {
        for (key, Kept { pace, stored }) in self.known {
            match stored {
                Some(_) if pace.is_idle(now) => tx.forget_pace(&key).await?,
                None if pace.is_idle(now) => {}
                stored if stored == Some(pace) => {}
                _ => tx.keep_pace(&key, &pace).await?,
            }
        }
        Ok(())
    }
}

/// Whether a provider answered that it wants fewer mails.
pub(super) fn is_asked(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Retry(why) if asks_to_slow_down(why))
}

/// Takes what servers answered, each of a mail to an address, into the paces of their providers; whether any is slowed then. Where
/// nobody asks for fewer mails, nor did lately, there is nothing to take in, and nothing is held.
pub(super) async fn note(tx: &mut Tx, mails: &[(&str, &Outcome)], now: DateTime<Utc>) -> Result<bool> {
    let is_any_asked = mails.iter().any(|(_, outcome)| is_asked(outcome));
    if mails.is_empty() || !is_any_asked && tx.paces_seen().await?.iter().all(|(_, pace)| pace.strikes == 0) {
        return Ok(false);
    }
    let mut paces = Paces::read(tx).await?;
    for (address, outcome) in mails {
        paces.note(address, outcome, now);
    }
    let are_slowed = paces.are_slowed();
    paces.write(tx, now).await?;
    Ok(are_slowed)
}

impl Inner {
    /// Lets a claimed mail wait when it is not its turn yet: `true`. It was not tried then.
    pub(super) async fn wait_for_turn(
        &self,
        tx: &mut Tx,
        paces: &mut Paces,
        delivery: &StoredDelivery,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let Some(address) = &delivery.address else { return Ok(false) };
        let provider = provider_of(address);
        let limit = provider.name.map_or(0, |_| self.settings.rules.mails_per_provider_per_minute);
        if limit == 0 && !paces.known.contains_key(&provider.key) {
            return Ok(false);
        }
        let pace = &mut paces.known.entry(provider.key).or_insert_with(|| Kept::idle(now)).pace;
        let (at, turn) = match pace.turn(limit, delivery.turn_at, now) {
            Turn::Now => return Ok(false),
            Turn::At(at) => (at, Some(at)),
            Turn::AskAgain(at) => (at, None),
        };
        let why = match pace.is_slowed(now) {
            true => wording::mail::asked_to_slow_down(provider.name),
            false => wording::mail::waits_its_turn(provider.name, limit),
        };
        tx.put_off(delivery.id, &why, at, turn, now).await?;
        Ok(true)
    }
}
