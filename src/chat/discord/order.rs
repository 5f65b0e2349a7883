//! In which order messages are taken in. May import: serenity.

use serenity::all::{Message, MessageId};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Messages in the order of their numbers, though each is handed to us by a task of its own: of two notes written one
/// after the other the first stands first, and what was read up to a number was read up to it.
#[derive(Debug, Default)]
pub struct Order {
    waiting: Mutex<BTreeMap<MessageId, Message>>,
    turn: tokio::sync::Mutex<()>,
}

impl Order {
    /// Adds a message, and waits for the turn of one: for each call there is one.
    pub async fn next(&self, message: Message) -> (tokio::sync::MutexGuard<'_, ()>, Option<Message>) {
        self.waiting().insert(message.id, message);
        // Those that came with it are added before any is taken.
        tokio::task::yield_now().await;
        let turn = self.turn.lock().await;
        let first = self.waiting().pop_first().map(|(_, message)| message);
        (turn, first)
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<MessageId, Message>> {
        // Nothing is left half done in a map by who panics beside it.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
