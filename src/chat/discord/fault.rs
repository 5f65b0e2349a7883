//! What Discord's errors mean for a post: later, never, removed there, or closed to us until somebody mends it.

use crate::domain::chat::{Place, PostKind};
use serenity::all::HttpError;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barred {
    /// There is no such channel, or it is none that we see.
    NoChannel,
    /// A permission is missing there.
    Permission,
    /// The token is not taken.
    Token,
    /// Something else, by Discord's number.
    Other(isize),
}

/// How long to wait where Discord asks for it: serenity does not hand on for how long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Discord's codes: unknown channel, unknown message, missing access, missing permissions, somebody else's message.
const UNKNOWN_CHANNEL: isize = 10_003;
const UNKNOWN_MESSAGE: isize = 10_008;
const MISSING_ACCESS: isize = 50_001;
const NOT_OURS: isize = 50_005;
const MISSING_PERMISSIONS: isize = 50_013;
/// Discord's code for a change in a thread that was put away.
pub const THREAD_IS_ARCHIVED: isize = 50_083;

impl Fault {
    /// The same, known to be about something that stands already: what is not found there is gone.
    pub fn of(self, place: &Place) -> Fault {
        match self {
            Fault::Barred(Barred::NoChannel) if is_in_thread(place) => {
                Fault::ThreadGone(place.channel.clone())
            }
            fault if fault.is_missing() => Fault::Gone(Box::new(place.clone())),
            fault => fault,
        }
    }

    /// The same, known to be about this thread.
    pub fn of_thread(self, thread: &str) -> Fault {
        match self {
            fault if fault.is_missing() => Fault::ThreadGone(thread.to_owned()),
            fault => fault,
        }
    }

    fn is_missing(&self) -> bool {
        match self {
            Fault::Barred(barred) => *barred == Barred::NoChannel,
            Fault::Refused(why) => why == GONE,
            _ => false,
        }
    }
}

const GONE: &str = "unknown message";

/// Whether something stands in a thread, or is the first message of a forum's post.
fn is_in_thread(place: &Place) -> bool {
    matches!(place.kind, PostKind::Message | PostKind::Event) || place.thread.as_ref() == Some(&place.channel)
}

/// Discord's own number for an error.
pub fn code(error: &serenity::Error) -> Option<isize> {
    match error {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(response)) => Some(response.error.code),
        _ => None,
    }
}

/// What an error of a call means.
pub fn fault(error: &serenity::Error) -> Fault {
    let serenity::Error::Http(HttpError::UnsuccessfulRequest(response)) = error else {
        return match error {
            // Refused before it left: the same again would be.
            serenity::Error::Model(_) | serenity::Error::Json(_) => Fault::Refused(error.to_string()),
            _ => Fault::Later { why: error.to_string(), wait: None },
        };
    };
    match (response.status_code.as_u16(), response.error.code) {
        (_, UNKNOWN_CHANNEL) => Fault::Barred(Barred::NoChannel),
        (_, UNKNOWN_MESSAGE) => Fault::Refused(GONE.to_owned()),
        (_, NOT_OURS) => Fault::Refused("somebody else's message".to_owned()),
        (_, MISSING_ACCESS | MISSING_PERMISSIONS) => Fault::Barred(Barred::Permission),
        (401, _) => Fault::Barred(Barred::Token),
        (403, code) => Fault::Barred(Barred::Other(code)),
        (429, _) => Fault::Later { why: "Discord asks for slower requests".to_owned(), wait: Some(PATIENCE) },
        (408, _) => Fault::Later { why: "Discord answered 408".to_owned(), wait: None },
        (status, _) if status >= 500 => {
            Fault::Later { why: format!("Discord answered {status}"), wait: None }
        }
        (status, code) => {
            let details = response.error.errors.iter().map(|one| format!("{}: {}", one.path, one.code));
            let details = details.collect::<Vec<_>>().join(", ");
            Fault::Refused(format!("{status}, code {code}, {details}"))
        }
    }
}
