//! In which order messages are taken in: each is handed to us by a task of its own, and of two notes that are written one
//! after the other the first shall stand first. May import: serenity.

use serenity::all::{Message, MessageId};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many lines there are. Channels share them: what waits in one holds up few others.
const LINES: usize = 64;

/// Lines in which messages wait for their turn.
#[derive(Debug)]
pub struct Order(Vec<Line>);

#[derive(Debug, Default)]
struct Line {
    waiting: Mutex<BTreeMap<MessageId, Message>>,
    turn: tokio::sync::Mutex<()>,
}

impl Default for Order {
    fn default() -> Order {
        Order(std::iter::repeat_with(Line::default).take(LINES).collect())
    }
}

impl Order {
    /// Adds a message, and waits until one of its channel's line is to be taken in, which may be another: the oldest that
    /// waits. For each call there is one. Whoever gets it holds the turn while they take it in.
    pub async fn next(&self, message: Message) -> Option<(tokio::sync::MutexGuard<'_, ()>, Message)> {
        let at = message.channel_id.get() % LINES as u64;
        let line = self.0.get(usize::try_from(at).ok()?)?;
        line.waiting().insert(message.id, message);
        // Those that came with it are added before any is taken.
        tokio::task::yield_now().await;
        let turn = line.turn.lock().await;
        let (_, first) = line.waiting().pop_first()?;
        Some((turn, first))
    }
}

impl Line {
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<MessageId, Message>> {
        // Nothing is left half done in a map by who panics beside it.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
