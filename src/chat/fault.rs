//! Why something was not posted, on whatever platform: later, never, removed there, or closed to us until somebody mends
//! it. Each platform reads its own errors as these. May import: desk, domain.

use crate::domain::chat::Place;
use std::time::Duration;

/// Why something was not posted.
#[derive(Debug)]
pub enum Fault {
    /// Not now: the platform is away, or asks to wait.
    Later {
        /// For the operator.
        why: String,
        /// How long to wait at least.
        wait: Option<Duration>,
    },
    /// The message that was to be changed is there no more.
    Gone(Box<Place>),
    /// The thread that was to be written in is there no more.
    ThreadGone(String),
    /// The card of the ticket does not stand, and so there is no thread.
    NoCard,
    /// Closed to us: somebody must mend it, and then it goes on.
    Barred(Barred),
    /// The request itself was refused; the same again would be refused again.
    Refused(String),
}

/// What is closed to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Barred {
    /// There is no such channel, or it is none that we see.
    NoChannel,
    /// A permission is missing there.
    Permission,
    /// Something there, by the platform's own word; it does not say when that ends.
    There(String),
    /// The token is not taken.
    Token,
    /// Something else, by the platform's own word.
    Other(String),
}

impl Fault {
    /// A fault of the desk's: it may pass.
    pub fn of_desk(failure: &crate::desk::Failure) -> Fault {
        Fault::Later { why: failure.to_string(), wait: None }
    }
}
