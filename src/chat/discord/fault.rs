//! What Discord's errors mean for a post: later, never, removed there, or a permission that somebody must grant.

use crate::domain::chat::Place;
use serenity::all::{ChannelId, HttpError};
use std::time::Duration;

/// Why something was not posted.
#[derive(Debug)]
pub enum Fault {
    /// Not now: the platform is away, or asks to wait.
    Later {
        /// For the operator.
        why: String,
        /// How long the platform asks to wait.
        wait: Option<Duration>,
    },
    /// What was to be changed is there no more.
    Gone(Box<Place>),
    /// A channel is missing or closed to us: somebody must mend it, and then it goes on.
    Forbidden {
        /// Which channel.
        channel: ChannelId,
        /// What is missing there: the word of an alert.
        what: String,
    },
    /// The request itself was refused; the same again would be refused again.
    Refused(String),
}

/// Discord's codes: unknown channel, unknown message, missing access, missing permissions, somebody else's message.
const UNKNOWN_CHANNEL: isize = 10_003;
const UNKNOWN_MESSAGE: isize = 10_008;
const MISSING_ACCESS: isize = 50_001;
const NOT_OURS: isize = 50_005;
const MISSING_PERMISSIONS: isize = 50_013;

impl Fault {
    /// The same, known to be about something that stands already: what is not found there is gone.
    pub fn of(self, place: &Place) -> Fault {
        match self {
            fault if fault.is_gone() => Fault::Gone(Box::new(place.clone())),
            fault => fault,
        }
    }

    /// Whether something is not there any more.
    pub fn is_gone(&self) -> bool {
        match self {
            Fault::Gone(_) => true,
            Fault::Forbidden { what, .. } => what == "unknown_channel",
            Fault::Refused(why) => why == "unknown_message",
            Fault::Later { .. } => false,
        }
    }
}

/// Discord's own number for an error.
pub fn code(error: &serenity::Error) -> Option<isize> {
    match error {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(response)) => Some(response.error.code),
        _ => None,
    }
}

/// What an error of a call about `channel` means.
pub fn fault(error: &serenity::Error, channel: ChannelId) -> Fault {
    let serenity::Error::Http(HttpError::UnsuccessfulRequest(response)) = error else {
        return match error {
            // Refused before it left: the same again would be.
            serenity::Error::Model(_) | serenity::Error::Json(_) => Fault::Refused(error.to_string()),
            _ => Fault::Later { why: error.to_string(), wait: None },
        };
    };
    let what = |what: &str| Fault::Forbidden { channel, what: what.to_owned() };
    match (response.status_code.as_u16(), response.error.code) {
        (_, UNKNOWN_CHANNEL) => what("unknown_channel"),
        (_, UNKNOWN_MESSAGE) => Fault::Refused("unknown_message".to_owned()),
        (_, NOT_OURS) => Fault::Refused("somebody else's message".to_owned()),
        (_, MISSING_ACCESS) => what("missing_access"),
        (_, MISSING_PERMISSIONS) => what("missing_permissions"),
        (401, _) => what("bad_token"),
        (403, code) => what(&format!("forbidden_{code}")),
        (status, _) if status == 429 || status >= 500 => {
            Fault::Later { why: format!("Discord answered {status}"), wait: None }
        }
        (status, code) => {
            let details = response.error.errors.iter().map(|one| format!("{}: {}", one.path, one.code));
            let details = details.collect::<Vec<_>>().join(", ");
            Fault::Refused(format!("{status}, code {code}, {details}"))
        }
    }
}
