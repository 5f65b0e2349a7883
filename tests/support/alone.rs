//! The strict Discord alone, for what measures with it outside the tests.

pub mod discord;

use std::time::Duration;

/// How long something may take before it is given up.
pub const PATIENCE: Duration = Duration::from_secs(60);
