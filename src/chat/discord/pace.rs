//! How often a session may begin: Discord takes a token back that begins a thousand in a day. Pure.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So many sessions within so long, and no more: less than half of what Discord allows in a day.
const MOST: usize = 15;
const WITHIN: Duration = Duration::from_secs(60 * 60);
/// The pauses between attempts to connect: doubled up to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(15 * 60));
/// A connection that lasted so long was a good one: the next pause is the shortest again.
const GOOD: Duration = Duration::from_secs(10 * 60);

/// The sessions that began lately, and how many attempts failed in a row.
#[derive(Debug, Default)]
pub struct Starts {
    at: VecDeque<Instant>,
    failures: u32,
}

impl Starts {
    /// A session begins. `false` when they begin too often.
    pub fn begin(&mut self, now: Instant) -> bool {
        self.at.push_back(now);
        self.forget(now);
        self.at.len() <= MOST
    }

    /// How long to wait after a connection that lasted so long and broke, or could not be made.
    pub fn pause(&mut self, lasted: Duration, now: Instant) -> Duration {
        if lasted >= GOOD {
            self.failures = 0;
        }
        let pause = PAUSES.0.saturating_mul(1 << self.failures.min(16)).min(PAUSES.1);
        self.failures += 1;
        self.forget(now);
        match self.at.len().checked_sub(MOST).and_then(|over| self.at.get(over)) {
            Some(first) => pause.max((*first + WITHIN).saturating_duration_since(now)),
            None => pause,
        }
    }

    fn forget(&mut self, now: Instant) {
        while self.at.front().is_some_and(|at| now.saturating_duration_since(*at) >= WITHIN) {
            self.at.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_double_and_begin_anew_after_a_good_connection() {
        let (mut starts, now) = (Starts::default(), Instant::now());
        let pauses: Vec<u64> = (0..10).map(|_| starts.pause(SECOND, now).as_secs()).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
        assert_eq!(starts.pause(GOOD, now).as_secs(), 5);
    }

    #[test]
    fn a_server_that_ends_every_session_at_once_gets_less_than_half_of_a_days_sessions() {
        let (mut starts, mut now) = (Starts::default(), Instant::now());
        let end = now + 24 * WITHIN;
        let mut begun = 0;
        while now < end {
            // serenity begins another after five seconds, until it is stopped.
            while starts.begin(now) {
                begun += 1;
                now += 5 * SECOND;
            }
            begun += 1;
            now += starts.pause(SECOND, now);
        }
        assert!(begun <= 500, "{begun}");
    }
}
