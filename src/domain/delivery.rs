//! One notice by one channel to one address: what was planned, and what became of it.

pub use super::channel::Channel;
use super::preference::Preference;
use super::push::PushRoad;
use chrono::TimeDelta;
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
    /// No browser of the requester asked to be told.
    NoDevice,
    /// The browser no longer wants to be told.
    Unsubscribed,
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

/// What to do on each road to the requester: one row for each, so that the record says why nothing left; one for each
/// browser where the push is sent.
pub fn plan(preference: Preference, push: PushRoad) -> [(Channel, Plan); 3] {
    Channel::TO_REQUESTER.map(|channel| {
        let plan = match channel {
            _ if !preference.allows(channel) => Plan::Skip(SkipReason::Preference(preference)),
            Channel::Push => match push {
                PushRoad::NotConfigured => Plan::Skip(SkipReason::PushNotConfigured),
                PushRoad::NoDevice => Plan::Skip(SkipReason::NoDevice),
                PushRoad::Open => Plan::Send,
            },
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
    /// The same, and the next hop asked not to come back before this wait is over.
    RetryAfter(String, Duration),
    /// There is nobody any more to bring it to.
    Skipped(String),
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

/// The longest wait that a next hop may ask for: what is told too late is no news.
pub const LONGEST_ASKED: Duration = Duration::from_secs(6 * 3600);

/// How long a worker may hold a delivery before another may take it over.
pub const LEASE: Duration = Duration::from_secs(5 * 60);

/// How old a claim may be when its mail begins; after that the mail is given back, and its recipient's choice is read anew.
pub const FRESH: TimeDelta = TimeDelta::seconds(20);

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
    /// Not to be sent any more.
    Skipped(String),
    /// Twice ambiguous: a CM decides.
    Uncertain(String),
}

/// What follows from an attempt: `attempts` counts this one, `was_ambiguous` says whether an earlier attempt
/// may have arrived. A send that may have arrived is repeated once, with the same Message-ID and the same bytes.
pub fn after_attempt(outcome: Outcome, attempts: u32, was_ambiguous: bool) -> Next {
    match outcome {
        Outcome::Sent | Outcome::SentAs(_) => Next::Sent,
        Outcome::Failed(why) => Next::Failed(why),
        Outcome::Skipped(why) => Next::Skipped(why),
        Outcome::Ambiguous(why) if was_ambiguous => Next::Uncertain(why),
        Outcome::Ambiguous(why) => Next::Again { after: BACKOFF[0], why, ambiguous: true },
        Outcome::Retry(why) => again(why, attempts, Duration::ZERO),
        Outcome::RetryAfter(why, asked) => again(why, attempts, asked.min(LONGEST_ASKED)),
    }
}

fn again(why: String, attempts: u32, at_least: Duration) -> Next {
    match BACKOFF.get(attempts.saturating_sub(1) as usize) {
        Some(after) => Next::Again { after: at_least.max(*after), why, ambiguous: false },
        None => Next::Failed(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_of_every_preference_is_accounted_for() {
        use Plan::*;
        for (push, by_push) in [
            (PushRoad::NotConfigured, Skip(SkipReason::PushNotConfigured)),
            (PushRoad::NoDevice, Skip(SkipReason::NoDevice)),
            (PushRoad::Open, Send),
        ] {
            let plans = |preference| plan(preference, push).map(|row| row.1);
            assert_eq!(plans(Preference::Both), [Store, Send, by_push]);
            let closed = Skip(SkipReason::Preference(Preference::WebOnly));
            assert_eq!(plans(Preference::WebOnly), [Store, closed, closed]);
            let closed = Skip(SkipReason::Preference(Preference::EmailOnly));
            assert_eq!(plans(Preference::EmailOnly), [closed, Send, closed]);
            let closed = Skip(SkipReason::Preference(Preference::None));
            assert_eq!(plans(Preference::None), [closed; 3]);
        }
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

    #[test]
    fn who_asks_to_wait_longer_is_waited_for_within_reason() {
        let wait = |seconds| {
            let asked = Outcome::RetryAfter("429".to_owned(), Duration::from_secs(seconds));
            match after_attempt(asked, 1, false) {
                Next::Again { after, .. } => after,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(wait(1), BACKOFF[0]);
        assert_eq!(wait(3600), Duration::from_secs(3600));
        assert_eq!(wait(u64::MAX), LONGEST_ASKED);
    }
}
