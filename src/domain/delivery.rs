//! One notice by one channel to one address: what was planned, and what became of it.

pub use super::channel::Channel;
use super::preference::Preference;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waits for its time.
    Pending,
    /// Leased by a worker.
    Sending,
    /// Accepted by the next hop, or stored where the channel is a stored row.
    Sent,
    /// Given up, with the reason.
    Failed,
    /// Never meant to leave, with the reason.
    Skipped,
    /// May have arrived; a CM decides.
    Uncertain,
    /// Taken back before it left.
    Cancelled,
}

impl DeliveryState {
    /// All seven.
    pub const ALL: [DeliveryState; 7] = [
        DeliveryState::Pending,
        DeliveryState::Sending,
        DeliveryState::Sent,
        DeliveryState::Failed,
        DeliveryState::Skipped,
        DeliveryState::Uncertain,
        DeliveryState::Cancelled,
    ];

    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            DeliveryState::Pending => "pending",
            DeliveryState::Sending => "sending",
            DeliveryState::Sent => "sent",
            DeliveryState::Failed => "failed",
            DeliveryState::Skipped => "skipped",
            DeliveryState::Uncertain => "uncertain",
            DeliveryState::Cancelled => "cancelled",
        }
    }

    /// The state that [`DeliveryState::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<DeliveryState> {
        DeliveryState::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// Why a delivery never leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipReason {
    /// The requester's preference closes this channel.
    Preference(Preference),
    /// Who was to get a copy was taken out of the ticket before it left.
    NoLongerTakesPart,
    /// A mail to this address came back for good.
    Suppressed,
    /// No key for Web Push is configured.
    PushNotConfigured,
    /// A later status notice took its place before it left.
    Overtaken,
    /// The ticket went on to a status that is not announced before it left.
    NoLongerTrue,
}

/// What a planned delivery begins as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Stored now: the row is the delivery.
    Store,
    /// To be sent by a courier.
    Send,
    /// Recorded with the reason, never sent.
    Skip(SkipReason),
}

/// What to do on each road to the requester: one row for each, so that the record says why nothing left.
pub fn plan(preference: Preference) -> [(Channel, Plan); 3] {
    Channel::TO_REQUESTER.map(|channel| {
        let plan = match channel {
            _ if !preference.allows(channel) => Plan::Skip(SkipReason::Preference(preference)),
            Channel::Push => Plan::Skip(SkipReason::PushNotConfigured),
            Channel::Email => Plan::Send,
            Channel::Web | Channel::Chat => Plan::Store,
        };
        (channel, plan)
    })
}

/// What a courier says of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The next hop took responsibility.
    Sent,
    /// The same, and it told by which id the recipient will see the mail, without angle brackets.
    SentAs(String),
    /// Refused for now, or never reached the next hop: nothing was accepted.
    Retry(String),
    /// Refused for good.
    Failed(String),
    /// The line was lost after the body left: it may have arrived.
    Ambiguous(String),
}

/// Waits between attempts that certainly did not arrive: ten tries over two days, then given up.
pub const BACKOFF: [Duration; 9] = [
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(6 * 3600),
    Duration::from_secs(12 * 3600),
    Duration::from_secs(12 * 3600),
    Duration::from_secs(16 * 3600),
];

/// How long a worker may hold a delivery before another may take it over.
pub const LEASE: Duration = Duration::from_secs(5 * 60);

/// What a delivery becomes after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Sent.
    Sent,
    /// Again after this wait; `ambiguous` when the attempt may have arrived.
    Again {
        /// From now.
        after: Duration,
        /// What went wrong.
        why: String,
        /// The attempt may have arrived.
        ambiguous: bool,
    },
    /// Given up.
    Failed(String),
    /// Twice ambiguous: a CM decides.
    Uncertain(String),
}

/// What follows from an attempt: `attempts` counts this one, `was_ambiguous` says whether an earlier attempt
/// may have arrived. A send that may have arrived is repeated once, with the same Message-ID and the same bytes.
pub fn after_attempt(outcome: Outcome, attempts: u32, was_ambiguous: bool) -> Next {
    match outcome {
        Outcome::Sent | Outcome::SentAs(_) => Next::Sent,
        Outcome::Failed(why) => Next::Failed(why),
        Outcome::Ambiguous(why) if was_ambiguous => Next::Uncertain(why),
        Outcome::Ambiguous(why) => Next::Again { after: BACKOFF[0], why, ambiguous: true },
        Outcome::Retry(why) => match BACKOFF.get(attempts.saturating_sub(1) as usize) {
            Some(after) => Next::Again { after: *after, why, ambiguous: false },
            None => Next::Failed(why),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_of_every_preference_is_accounted_for() {
        use Plan::*;
        assert_eq!(
            plan(Preference::Both).map(|row| row.1),
            [Store, Send, Skip(SkipReason::PushNotConfigured)]
        );
        let closed = Skip(SkipReason::Preference(Preference::WebOnly));
        assert_eq!(plan(Preference::WebOnly).map(|row| row.1), [Store, closed, closed]);
        let closed = Skip(SkipReason::Preference(Preference::EmailOnly));
        assert_eq!(plan(Preference::EmailOnly).map(|row| row.1), [closed, Send, closed]);
        let closed = Skip(SkipReason::Preference(Preference::None));
        assert_eq!(plan(Preference::None).map(|row| row.1), [closed; 3]);
    }

    #[test]
    fn what_may_have_arrived_is_repeated_once_and_then_a_person_decides() {
        let lost = || Outcome::Ambiguous("connection lost after DATA".to_owned());
        assert!(matches!(after_attempt(lost(), 1, false), Next::Again { ambiguous: true, .. }));
        assert!(matches!(after_attempt(lost(), 2, true), Next::Uncertain(_)));
    }

    #[test]
    fn a_refusal_for_now_is_tried_ten_times_with_growing_waits() {
        let busy = || Outcome::Retry("450".to_owned());
        let mut last = Duration::ZERO;
        for attempt in 1..=9 {
            let Next::Again { after, ambiguous: false, .. } = after_attempt(busy(), attempt, false) else {
                panic!("attempt {attempt} must be followed by another")
            };
            assert!(after >= last);
            last = after;
        }
        assert_eq!(after_attempt(busy(), 10, false), Next::Failed("450".to_owned()));
    }
}
