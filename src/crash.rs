//! Named places where a test can have the process die, as a power cut would. May import: nothing of ours.
//!
//! `GUICHET_CRASH_AT=name:n` aborts at the n-th passage (from 1; `name` alone is the first). In a release build
//! [`point`] is empty: the variable does nothing there.

/// Every name, in the order in which a mail and its answer pass them. A name that is not here is a mistake, and
/// stops a debug build at once.
///
/// - `after_journal_before_file`: a mail's bytes are committed, it is no ticket yet.
/// - `after_commit_before_flag`: a batch is committed whole, the IMAP server was not told.
/// - `after_lease_before_send`: a delivery is claimed, nothing went out.
/// - `after_smtp_250_before_mark`: the server took the mail, our row does not say so.
pub const POINTS: [&str; 4] = [
    "after_journal_before_file",
    "after_commit_before_flag",
    "after_lease_before_send",
    "after_smtp_250_before_mark",
];

/// Dies here if `GUICHET_CRASH_AT` says so. Nothing is flushed and nothing is dropped.
#[cfg(debug_assertions)]
pub fn point(name: &str) {
    use std::collections::HashMap;
    use std::sync::{LazyLock, Mutex, PoisonError};
    static ASKED: LazyLock<Option<(String, u32)>> =
        LazyLock::new(|| parse(&std::env::var("GUICHET_CRASH_AT").ok()?));
    static PASSAGES: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(Mutex::default);

    debug_assert!(POINTS.contains(&name), "`{name}` is not in crash::POINTS");
    let Some((asked, at)) = ASKED.as_ref().filter(|(asked, _)| asked == name) else { return };
    let mut passages = PASSAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let count = passages.entry(asked.clone()).or_default();
    *count += 1;
    if count == at {
        std::process::abort();
    }
}

/// Does nothing: this is a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn point(_name: &str) {}

#[cfg(debug_assertions)]
fn parse(asked: &str) -> Option<(String, u32)> {
    let (name, at) = asked.split_once(':').unwrap_or((asked, "1"));
    let at = at.parse().ok().filter(|at| *at > 0);
    match at {
        Some(at) if POINTS.contains(&name) => Some((name.to_owned(), at)),
        // A test that waits for a crash that never comes would pass for the wrong reason.
        _ => panic!("GUICHET_CRASH_AT={asked}: want NAME or NAME:COUNT, NAME one of {POINTS:?}"),
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_asked_for_by_name_and_passage() {
        assert_eq!(parse("after_lease_before_send"), Some(("after_lease_before_send".into(), 1)));
        assert_eq!(parse("after_commit_before_flag:3"), Some(("after_commit_before_flag".into(), 3)));
    }

    #[test]
    fn a_point_that_does_not_exist_stops_the_test_that_asks_for_it() {
        for asked in ["after_lunch", "after_lease_before_send:0", "after_lease_before_send:x", ""] {
            assert!(std::panic::catch_unwind(|| parse(asked)).is_err(), "{asked}");
        }
    }

    #[test]
    fn a_process_that_is_asked_to_dies_at_exactly_that_passage() {
        use std::os::unix::process::ExitStatusExt;
        const PASSAGES: &str = "GUICHET_TEST_PASSAGES";
        if let Ok(passages) = std::env::var(PASSAGES) {
            for _ in 0..passages.parse::<u32>().unwrap() {
                point("after_lease_before_send");
                point("after_commit_before_flag");
            }
            return;
        }
        let child = |passages: &str| {
            std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "crash::tests::a_process_that_is_asked_to_dies_at_exactly_that_passage"])
                .env(PASSAGES, passages)
                .env("GUICHET_CRASH_AT", "after_lease_before_send:3")
                .output()
                .unwrap()
                .status
        };
        assert!(child("2").success());
        assert_eq!(child("3").signal(), Some(6), "SIGABRT");
    }
}
