//! What Discord's errors mean for a post: later, never, removed there, or closed to us until somebody mends it.

use crate::chat::fault::{Barred, Fault};
use crate::domain::chat::{Place, PostKind};
use serenity::all::HttpError;
use std::time::Duration;

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

/// A fault known to be about something that stands already: what is not found there is gone.
pub fn about(fault: Fault, place: &Place) -> Fault {
    match fault {
        Fault::Barred(Barred::NoChannel) if is_in_thread(place) => Fault::ThreadGone(place.channel.clone()),
        fault if is_missing(&fault) => Fault::Gone(Box::new(place.clone())),
        fault => fault,
    }
}

/// A fault known to be about this thread.
pub fn about_thread(fault: Fault, thread: &str) -> Fault {
    match fault {
        fault if is_missing(&fault) => Fault::ThreadGone(thread.to_owned()),
        fault => fault,
    }
}

fn is_missing(fault: &Fault) -> bool {
    match fault {
        Fault::Barred(barred) => *barred == Barred::NoChannel,
        Fault::Refused(why) => why == GONE,
        _ => false,
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

/// Whether the same call may be taken a moment later: Discord is unwell, or the line was lost.
pub fn is_passing(error: &serenity::Error) -> bool {
    matches!(fault(error), Fault::Later { .. })
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
        (403, code) => Fault::Barred(Barred::Other(format!("forbidden_{code}"))),
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
