//! What Slack's errors mean for a post: later, never, removed there, or closed to us until somebody mends it.

use super::api::ApiError;
use crate::chat::fault::{Barred, Fault};
use crate::domain::chat::Place;

/// What an error of a call means.
pub fn fault(error: ApiError) -> Fault {
    let (word, needed) = match error {
        ApiError::Said { word, needed } => (word, needed),
        ApiError::Wait(wait) => {
            return Fault::Later { why: "Slack asks for slower requests".to_owned(), wait: Some(wait) };
        }
        ApiError::Away(why) => return Fault::Later { why, wait: None },
    };
    match word.as_str() {
        "channel_not_found" => Fault::Barred(Barred::NoChannel),
        "not_in_channel" | "is_archived" => Fault::Barred(Barred::Permission),
        // `restricted_action`, `restricted_action_thread_only_channel` and others: what an administrator forbids.
        restricted if restricted.starts_with("restricted_action") || word == "cannot_reply_to_message" => {
            Fault::Barred(Barred::There(word))
        }
        "missing_scope" => {
            Fault::Barred(Barred::Other(format!("missing_scope:{}", needed.unwrap_or_default())))
        }
        "invalid_auth"
        | "not_authed"
        | "account_inactive"
        | "token_revoked"
        | "token_expired"
        | "not_allowed_token_type" => Fault::Barred(Barred::Token),
        "internal_error"
        | "fatal_error"
        | "request_timeout"
        | "service_unavailable"
        | "team_added_to_org"
        | "message_limit_exceeded" => Fault::Later { why: format!("Slack says {word}"), wait: None },
        _ => Fault::Refused(format!("{word} {}", needed.unwrap_or_default()).trim_end().to_owned()),
    }
}

/// The same, known to be about something that stands already: what is not found there is gone.
pub fn fault_of(error: ApiError, place: &Place) -> Fault {
    match error.word() {
        Some("message_not_found" | "cant_update_message") => Fault::Gone(Box::new(place.clone())),
        Some("thread_not_found") => Fault::ThreadGone(place.channel.clone()),
        _ => fault(error),
    }
}

/// The same, known to be about this thread.
pub fn fault_of_thread(error: ApiError, thread: &str) -> Fault {
    match error.word() {
        Some("thread_not_found" | "message_not_found") => Fault::ThreadGone(thread.to_owned()),
        _ => fault(error),
    }
}
