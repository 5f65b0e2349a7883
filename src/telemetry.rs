//! Logs: to standard error, one event a line, as text or as JSON; and what else is said there.
//! May import: nothing of ours.
//!
//! `GUICHET_LOG` filters (`debug`, `guichet::inbound=trace,info`; by default `info`, with the statements of the
//! database and the words of chats left out); `GUICHET_LOG_FORMAT=json` gives JSON. What may stand in a line: ARCHITECTURE.md, "Logs".

use std::io::{IsTerminal, Write};
use tracing_subscriber::EnvFilter;

/// What is logged when nothing is asked for. sqlx tells every statement at `debug` and slow ones at `warn`; serenity tells
/// every word that is said on Discord at `debug`, and its own doings at `info`.
const DEFAULT: &str = "info,sqlx=warn,serenity=warn";
/// The same for a command that does one thing and says itself what it did: faults, and what mail-in has to say.
const DEFAULT_ONE_SHOT: &str = "warn,guichet::inbound=info";

/// Starts logging for the whole process; call once, at its start.
///
/// `one_shot`: the command says itself what it did. `filter` is the value of `GUICHET_LOG`, `format` that of `GUICHET_LOG_FORMAT`. A filter that cannot be read is
/// said on standard error and the default is used: a typo in a variable must not stop a support desk.
pub fn start(one_shot: bool, filter: Option<&str>, format: Option<&str>) {
    let default = if one_shot { DEFAULT_ONE_SHOT } else { DEFAULT };
    let (filter, complaint) = read_filter(filter, default);
    // A line that cannot be written is lost: to complain of it on standard error would end whoever logs, by a panic, once
    // the reader has gone away.
    let logs = tracing_subscriber::fmt()
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second call (two tests in one process) changes nothing.
    let _ = match format {
        Some("json") => logs.json().flatten_event(true).with_current_span(false).try_init(),
        _ => logs.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
    };
    if let Some(complaint) = complaint {
        tracing::warn!(reason = complaint, "GUICHET_LOG cannot be read, the default is used");
    }
}

/// Says a line on standard error, for a person; a reader that has gone away is no fault of ours.
pub fn warn_line(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Asks on standard error, without ending the line.
pub fn ask(question: &str) {
    let _ = write!(std::io::stderr(), "{question}");
}

fn read_filter(asked: Option<&str>, default: &str) -> (EnvFilter, Option<String>) {
    match asked.filter(|asked| !asked.trim().is_empty()) {
        None => (EnvFilter::new(default), None),
        // An asked-for level alone must not bring every statement of the database and every word of a chat with it.
        Some(asked) => match EnvFilter::try_new(format!("sqlx=warn,serenity=warn,{asked}")) {
            Ok(filter) => (filter, None),
            Err(error) => (EnvFilter::new(default), Some(error.to_string())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_wish_the_level_is_info_and_statements_are_left_out() {
        assert_eq!(read_filter(None, DEFAULT).0.to_string(), "serenity=warn,sqlx=warn,info");
        assert_eq!(read_filter(Some(" "), DEFAULT).0.to_string(), "serenity=warn,sqlx=warn,info");
    }

    #[test]
    fn a_wish_is_heard_and_statements_come_only_when_named() {
        assert_eq!(read_filter(Some("debug"), DEFAULT).0.to_string(), "serenity=warn,sqlx=warn,debug");
        assert!(read_filter(Some("debug,sqlx=debug"), DEFAULT).0.to_string().contains("sqlx=debug"));
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_said_and_does_not_stop_the_program() {
        let (filter, complaint) = read_filter(Some("guichet=loud"), DEFAULT);
        assert_eq!(filter.to_string(), "serenity=warn,sqlx=warn,info");
        assert!(complaint.is_some());
    }
}
