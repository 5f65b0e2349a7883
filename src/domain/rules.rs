//! Every adjustable number in one place; the defaults are the guide's.

use std::time::Duration;

/// The numbers that decisions depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// How long a reply or a status change can be taken back; its deliveries wait that long.
    pub undo_window: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Rules { undo_window: Duration::from_secs(20) }
    }
}
