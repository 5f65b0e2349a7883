//! The one place where the program learns what time it is. A desk call reads it once and passes it down.
//! May import: nothing of ours.

use chrono::{DateTime, SubsecRound, Utc};
use std::sync::atomic::{AtomicI64, Ordering};

/// Something that knows the time.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's.
    System,
    /// Stands still at this instant: `--now`, and tests.
    At(DateTime<Utc>),
    /// Stands where it was last put, in milliseconds of Unix time: tests of doors that run on while time passes.
    Moved(&'static AtomicI64),
}

impl Clock {
    /// The time, in whole milliseconds: what both databases keep without loss.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            #[allow(clippy::disallowed_methods, reason = "this is where the time comes from")]
            Clock::System => Utc::now().trunc_subsecs(3),
            Clock::At(instant) => instant.trunc_subsecs(3),
            Clock::Moved(millis) => {
                DateTime::from_timestamp_millis(millis.load(Ordering::SeqCst)).unwrap_or_default()
            }
        }
    }
}
