//! How Discord says no: an HTTP status, a code of its own, and for a bad form what is wrong where.

use serde_json::{Value, json};
use std::fmt::Display;

/// A refusal, as the bot gets it.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// Discord's own code; 0 where it has none.
    pub code: u32,
    /// The sentence that comes with the code.
    pub message: String,
    /// What is wrong where, for code 50035; `Null` otherwise.
    pub errors: Value,
}

/// The codes that carry no data: status, code, sentence (Discord's table of JSON error codes).
const KNOWN: &[(u16, u32, &str)] = &[
    (404, 10003, "Unknown Channel"),
    (404, 10004, "Unknown Guild"),
    (404, 10007, "Unknown Member"),
    (404, 10008, "Unknown Message"),
    (404, 10013, "Unknown User"),
    (400, 10014, "Unknown Emoji"),
    (404, 10015, "Unknown Webhook"),
    (404, 10062, "Unknown interaction"),
    (404, 10063, "Unknown application command"),
    (400, 10087, "Unknown tag"),
    (413, 40005, "Request entity too large"),
    (400, 40060, "Interaction has already been acknowledged."),
    (400, 40067, "A tag is required to create a forum post in this channel"),
    (403, 50001, "Missing Access"),
    (403, 50003, "Cannot execute action on a DM channel"),
    (403, 50005, "Cannot edit a message authored by another user"),
    (400, 50006, "Cannot send an empty message"),
    (403, 50007, "Cannot send messages to this user"),
    (400, 50008, "Cannot send messages in a non-text channel"),
    (403, 50013, "Missing Permissions"),
    (400, 50021, "Cannot execute action on a system message"),
    (400, 50024, "Cannot execute action on this channel type"),
    (401, 50027, "Invalid Webhook Token"),
    (400, 50083, "Thread is archived"),
    (400, 160_002, "Cannot reply without permission to read message history"),
    (400, 160_004, "A thread has already been created for this message"),
    (400, 160_005, "This thread is locked"),
];

impl ApiError {
    /// The refusal with this code.
    ///
    /// # Panics
    /// When the code is not in the table.
    pub fn code(code: u32) -> ApiError {
        let (status, code, message) =
            KNOWN.iter().find(|known| known.1 == code).unwrap_or_else(|| panic!("no such code: {code}"));
        ApiError { status: *status, code: *code, message: (*message).to_owned(), errors: Value::Null }
    }

    /// A refusal without a code of Discord's own, such as `404: Not Found`.
    pub fn plain(status: u16) -> ApiError {
        let what = match status {
            400 => "Bad Request",
            401 => "Unauthorized",
            404 => "Not Found",
            405 => "Method Not Allowed",
            500 => "Internal Server Error",
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            _ => "Error",
        };
        ApiError { status, code: 0, message: format!("{status}: {what}"), errors: Value::Null }
    }

    /// Code 50035 with one fault.
    pub fn form(at: impl Display, code: &'static str, message: impl Into<String>) -> ApiError {
        let mut problems = Problems::default();
        problems.add(at, code, message);
        problems.error()
    }

    /// The body of the answer.
    pub fn body(&self) -> Value {
        let mut body = json!({"message": self.message, "code": self.code});
        if !self.errors.is_null() {
            body["errors"] = self.errors.clone();
        }
        body
    }
}

/// Everything that is wrong with one form.
#[derive(Debug, Default)]
pub struct Problems(Vec<(String, &'static str, String)>);

impl Problems {
    /// Something is wrong at this place (`embeds.0.title`).
    pub fn add(&mut self, at: impl Display, code: &'static str, message: impl Into<String>) {
        self.0.push((at.to_string(), code, message.into()));
    }

    /// A value that is missing.
    pub fn required(&mut self, at: impl Display) {
        self.add(at, "BASE_TYPE_REQUIRED", "This field is required");
    }

    /// A value of the wrong kind.
    pub fn kind(&mut self, at: impl Display, wanted: &str) {
        self.add(at, "BASE_TYPE_BAD_TYPE", format!("Must be {wanted}."));
    }

    /// A value that is none of those allowed.
    pub fn choice(&mut self, at: impl Display, allowed: &str) {
        self.add(at, "BASE_TYPE_CHOICES", format!("Value must be one of {{{allowed}}}."));
    }

    /// A text that must be there and have so many characters.
    pub fn text(&mut self, at: impl Display, value: &Value, least: usize, most: usize) {
        match value {
            Value::Null if least == 0 => {}
            Value::Null => self.required(at),
            Value::String(text) => self.length(at, text.trim().chars().count(), least, most),
            _ => self.kind(at, "a string"),
        }
    }

    /// So many characters.
    pub fn length(&mut self, at: impl Display, length: usize, least: usize, most: usize) {
        if length > most {
            self.add(at, "BASE_TYPE_MAX_LENGTH", format!("Must be {most} or fewer in length."));
        } else if length == 0 && least > 0 {
            self.required(at);
        } else if length < least {
            self.add(at, "BASE_TYPE_BAD_LENGTH", format!("Must be between {least} and {most} in length."));
        }
    }

    /// A list of so many; gives back its members, none when it is no list.
    pub fn list<'a>(&mut self, at: impl Display, value: &'a Value, least: usize, most: usize) -> &'a [Value] {
        match value {
            Value::Null if least == 0 => &[],
            Value::Null => {
                self.required(at);
                &[]
            }
            Value::Array(members) => {
                self.length(at, members.len(), least, most);
                members
            }
            _ => {
                self.kind(at, "an array");
                &[]
            }
        }
    }

    /// A whole number within bounds, or nothing.
    pub fn number(&mut self, at: impl Display, value: &Value, least: i64, most: i64) -> Option<i64> {
        if value.is_null() {
            return None;
        }
        let Some(number) = value.as_i64() else {
            self.kind(at, "an integer");
            return None;
        };
        if number < least {
            self.add(at, "NUMBER_TYPE_MIN", format!("int value should be greater than or equal to {least}."));
        } else if number > most {
            self.add(at, "NUMBER_TYPE_MAX", format!("int value should be less than or equal to {most}."));
        }
        Some(number)
    }

    /// The refusal, if anything is wrong.
    pub fn finish(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(self.error()) }
    }

    fn error(self) -> ApiError {
        let mut errors = json!({});
        for (at, code, message) in self.0 {
            let mut place = &mut errors;
            for step in at.split('.') {
                place = &mut place[step];
            }
            let fault = json!({"code": code, "message": message});
            match place["_errors"].as_array_mut() {
                Some(there) => there.push(fault),
                None => place["_errors"] = json!([fault]),
            }
        }
        ApiError { status: 400, code: 50035, message: "Invalid Form Body".into(), errors }
    }
}
