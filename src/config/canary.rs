//! The canary: a mail to oneself, expected back. May import: `config`.

use super::fault::{Problem, Wanted};
use super::source::Source;
use super::{DAY, checks, read_duration};
use std::time::Duration;

/// When a mail to ourselves is sent, and how long it is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// Between two.
    pub interval: Duration,
    /// Where to, if not to the address we write from: one valid address, in a mailbox that is read.
    pub to: Option<String>,
    /// One that has not returned after this is lost.
    pub patience: Duration,
}

/// `None` where no interval is given: nothing is sent.
pub(super) fn read_canary(source: &mut Source) -> Option<Canary> {
    let interval = read_duration(source, "canary.interval", 60, DAY);
    let to =
        source.read("canary.to", Wanted::Address, |text| checks::is_address(text).then(|| text.to_owned()));
    let patience = read_duration(source, "canary.patience", 60, DAY);
    if !source.has("canary.interval") && (source.has("canary.to") || source.has("canary.patience")) {
        source.fault("canary.interval", Problem::Missing);
    }
    Some(Canary { interval: interval?, to, patience: patience.unwrap_or(Duration::from_secs(15 * 60)) })
}
