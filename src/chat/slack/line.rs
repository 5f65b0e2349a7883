//! What was told and is not taken in yet: in order, and not more than there is memory for. May import: nothing of ours but its
//! own door.

use super::heard::{Look, Told};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many messages may wait to be taken in.
const WAITING: usize = 1000;

/// One thing in the line.
#[derive(Debug)]
pub struct Next {
    /// What is told.
    pub told: Told,
    #[allow(dead_code, reason = "held for its drop")]
    place: Option<OwnedSemaphorePermit>,
}

/// Where the line ends.
#[derive(Debug, Clone)]
pub struct InLine {
    end: UnboundedSender<Next>,
    places: Arc<Semaphore>,
    /// A look at what found no place is in the line.
    is_looked_for: Arc<AtomicBool>,
}

/// Where it begins.
#[derive(Debug)]
pub struct Front {
    begin: UnboundedReceiver<Next>,
    is_looked_for: Arc<AtomicBool>,
}

/// A line in which nobody waits.
pub fn line() -> (InLine, Front) {
    let (end, begin) = unbounded_channel();
    let is_looked_for = Arc::new(AtomicBool::new(false));
    let places = Arc::new(Semaphore::new(WAITING));
    (InLine { end, places, is_looked_for: Arc::clone(&is_looked_for) }, Front { begin, is_looked_for })
}

impl InLine {
    /// Puts a message in line; whether there was a place for it. Slack does not tell for ever what was not taken: what found no
    /// place is looked for as well.
    pub fn message(&self, event: &Value) -> bool {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            if !self.is_looked_for.swap(true, Ordering::SeqCst) {
                tracing::warn!(waiting = WAITING, "messages of Slack come faster than they are taken in");
                self.missed(Look::Latest);
            }
            return false;
        };
        self.end.send(Next { told: Told::Message(event.clone()), place: Some(place) }).is_ok()
    }

    /// Something may have been missed. That is told seldom, and needs no place.
    pub fn missed(&self, look: Look) {
        let _ = self.end.send(Next { told: Told::Missed(look), place: None });
    }
}

impl Front {
    /// What is next; `None` when nothing can come any more.
    pub async fn next(&mut self) -> Option<Next> {
        let next = self.begin.recv().await?;
        if matches!(next.told, Told::Missed(_)) {
            // What finds no place from now on may be written after this look.
            self.is_looked_for.store(false, Ordering::SeqCst);
        }
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn what_finds_no_place_is_not_taken_and_looked_for_once() {
        let (end, mut front) = line();
        end.missed(Look::Everywhere);
        for number in 0..WAITING {
            assert!(end.message(&json!({ "ts": number })));
        }
        assert!(!end.message(&json!({ "ts": "late" })) && !end.message(&json!({ "ts": "later" })));
        assert!(matches!(front.next().await.unwrap().told, Told::Missed(Look::Everywhere)));
        for number in 0..WAITING {
            let next = front.next().await.unwrap();
            assert!(matches!(&next.told, Told::Message(event) if event["ts"] == number), "{next:?}");
        }
        assert!(matches!(front.next().await.unwrap().told, Told::Missed(Look::Latest)));
        assert!(end.message(&json!({ "ts": "again" })), "there are places again");
        drop(end);
        assert!(matches!(front.next().await.unwrap().told, Told::Message(_)));
        assert!(front.next().await.is_none());
    }

    #[tokio::test]
    async fn a_message_keeps_its_place_until_it_was_taken_in() {
        let (end, mut front) = line();
        for number in 0..WAITING {
            assert!(end.message(&json!({ "ts": number })));
        }
        let taken = front.next().await.unwrap();
        assert!(!end.message(&json!({ "ts": "late" })));
        drop(taken);
        assert!(end.message(&json!({ "ts": "late" })));
        drop(front);
        assert!(!end.message(&json!({ "ts": "never" })), "nobody takes it in any more");
    }
}
