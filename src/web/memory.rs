//! What pages remember between two requests: what the last act did, and what was said in the console. In memory,
//! bounded, by session; losing it loses a sentence on a page. May import: nothing of ours but its own door.

use super::pages::{Flash, Turn};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is kept here is whole after every push: a panic elsewhere does not spoil it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long the sentence about an act is shown when its page is asked for again.
const SHOWN: TimeDelta = TimeDelta::minutes(2);

/// Acts remembered, of all agents together.
const ACTS: usize = 500;

#[derive(Debug)]
struct Remembered {
    session: String,
    key: String,
    at: DateTime<Utc>,
    flash: Flash,
}

/// What the last acts did.
#[derive(Debug, Default)]
pub struct Flashes(Mutex<VecDeque<Remembered>>);

impl Flashes {
    /// Remembers what the act `key` of a session did.
    pub fn keep(&self, session: &str, key: &str, flash: Flash, now: DateTime<Utc>) {
        let mut acts = lock(&self.0);
        // The same form sent twice is one act, and the time to undo runs from the first.
        if acts.iter().any(|known| known.session == session && known.key == key) {
            return;
        }
        if acts.len() == ACTS {
            acts.pop_front();
        }
        acts.push_back(Remembered { session: session.to_owned(), key: key.to_owned(), at: now, flash });
    }

    /// What the act `key` did, with the time that is left to take it back.
    pub fn recall(&self, session: &str, key: &str, now: DateTime<Utc>) -> Option<Flash> {
        let acts = lock(&self.0);
        let known = acts.iter().find(|known| known.session == session && known.key == key)?;
        let passed = now - known.at;
        let mut flash = known.flash.clone();
        flash.undo_seconds = flash.undo_seconds.saturating_sub(passed.num_seconds().max(0) as u64);
        (passed < SHOWN || flash.undo_seconds > 0).then_some(flash)
    }
}

/// Sessions whose console is remembered.
const CONSOLES: usize = 100;

/// Lines remembered of each.
const TURNS: usize = 30;

/// Characters of an answer that are kept.
const LONGEST_ANSWER: usize = 20_000;

/// What was said in the consoles.
#[derive(Debug, Default)]
pub struct Transcripts(Mutex<VecDeque<(String, VecDeque<Turn>)>>);

impl Transcripts {
    /// Adds a line and its answer to a session's console.
    pub fn add(&self, session: &str, mut turn: Turn) {
        if let Some((end, _)) = turn.answer.char_indices().nth(LONGEST_ANSWER) {
            turn.answer.truncate(end);
            turn.answer.push('…');
        }
        let mut consoles = lock(&self.0);
        let mut turns = match consoles.iter().position(|(known, _)| known == session) {
            Some(index) => consoles.remove(index).map(|(_, turns)| turns).unwrap_or_default(),
            None => VecDeque::new(),
        };
        if turns.len() == TURNS {
            turns.pop_front();
        }
        turns.push_back(turn);
        if consoles.len() == CONSOLES {
            consoles.pop_front();
        }
        consoles.push_back((session.to_owned(), turns));
    }

    /// A session's console, oldest line first.
    pub fn of(&self, session: &str) -> Vec<Turn> {
        let consoles = lock(&self.0);
        let found = consoles.iter().find(|(known, _)| known == session);
        found.map(|(_, turns)| turns.iter().cloned().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flash() -> Flash {
        Flash { undo_seconds: 20, ticket: 42, ..Flash::saying("done", "Fait.".into()) }
    }

    #[test]
    fn the_time_to_undo_runs_from_the_first_of_two_clicks() {
        let (flashes, start) = (Flashes::default(), DateTime::<Utc>::UNIX_EPOCH);
        flashes.keep("s", "k", flash(), start);
        flashes.keep("s", "k", flash(), start + TimeDelta::seconds(8));
        let left =
            |seconds| flashes.recall("s", "k", start + TimeDelta::seconds(seconds)).map(|f| f.undo_seconds);
        assert_eq!((left(0), left(15), left(60), left(600)), (Some(20), Some(5), Some(0), None));
    }

    #[test]
    fn a_session_sees_its_own_acts_and_lines_only() {
        let (flashes, transcripts) = (Flashes::default(), Transcripts::default());
        flashes.keep("a", "k", flash(), DateTime::<Utc>::UNIX_EPOCH);
        assert_eq!(flashes.recall("b", "k", DateTime::<Utc>::UNIX_EPOCH), None);
        transcripts.add("a", Turn { line: "x".into(), answer: "y".into(), tone: "said" });
        assert_eq!((transcripts.of("a").len(), transcripts.of("b").len()), (1, 0));
    }

    #[test]
    fn consoles_are_bounded() {
        let transcripts = Transcripts::default();
        for number in 0..TURNS + 5 {
            let turn =
                Turn { line: number.to_string(), answer: "é".repeat(LONGEST_ANSWER + 1), tone: "said" };
            transcripts.add("a", turn);
        }
        let turns = transcripts.of("a");
        assert_eq!((turns.len(), turns[0].line.as_str()), (TURNS, "5"));
        assert_eq!(turns[0].answer.chars().count(), LONGEST_ANSWER + 1);
        for number in 0..CONSOLES {
            transcripts
                .add(&format!("s{number}"), Turn { line: "x".into(), answer: String::new(), tone: "said" });
        }
        assert!(transcripts.of("a").is_empty());
    }
}
