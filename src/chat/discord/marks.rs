//! How far each channel was read, so that nothing is skipped: messages come side by side, and those of a lost session are
//! fetched while those of the next come already. Pure.

use std::collections::{BTreeSet, HashMap};

/// What is in hand and what is done, channel by channel; ids are numbers that grow.
#[derive(Debug, Default)]
pub struct Marks {
    /// Counts losses: something older may be missing.
    generation: u64,
    /// Up to which loss everything was fetched.
    caught_up: u64,
    channels: HashMap<u64, Mark>,
}

#[derive(Debug, Default)]
struct Mark {
    in_hand: BTreeSet<u64>,
    done: u64,
}

impl Mark {
    fn upto(&self) -> Option<u64> {
        let is_whole = self.in_hand.first().is_none_or(|first| *first > self.done);
        (is_whole && self.done > 0).then_some(self.done)
    }
}

impl Marks {
    /// Nothing was read yet, and something may be missing.
    pub fn new() -> Marks {
        Marks { generation: 1, ..Marks::default() }
    }

    /// A message is being taken in.
    pub fn begin(&mut self, channel: u64, message: u64) {
        self.channels.entry(channel).or_default().in_hand.insert(message);
    }

    /// It was taken in. Up to which message the channel is read without a gap, where that is known.
    pub fn end(&mut self, channel: u64, message: u64) -> Option<u64> {
        let is_catching_up = self.generation != self.caught_up;
        let mark = self.channels.get_mut(&channel)?;
        mark.in_hand.remove(&message);
        mark.done = mark.done.max(message);
        if is_catching_up {
            return None;
        }
        let upto = mark.upto();
        if upto.is_some() && mark.in_hand.is_empty() {
            self.channels.remove(&channel);
        }
        upto
    }

    /// Something may have been missed, or could not be taken in: nothing is known to be read without a gap until it is
    /// fetched. What is in hand and does not end is not waited for: it is fetched too.
    pub fn lost(&mut self) {
        self.generation += 1;
        for mark in self.channels.values_mut() {
            mark.in_hand.clear();
        }
    }

    /// Which loss a fetch makes good that begins now.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// All that was missing at this loss was fetched. How far the channels are read without a gap now, where another loss
    /// did not come meanwhile.
    pub fn caught_up(&mut self, generation: u64) -> Vec<(u64, u64)> {
        self.caught_up = self.caught_up.max(generation);
        if self.generation != self.caught_up {
            return Vec::new();
        }
        let read = self.channels.iter().filter_map(|(channel, mark)| Some((*channel, mark.upto()?)));
        let read = read.collect();
        self.channels.retain(|_, mark| !mark.in_hand.is_empty());
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caught_up() -> Marks {
        let mut marks = Marks::new();
        marks.caught_up(1);
        marks
    }

    #[test]
    fn a_later_message_that_is_done_first_waits_for_the_earlier() {
        let mut marks = caught_up();
        marks.begin(1, 10);
        marks.begin(1, 11);
        marks.begin(2, 5);
        assert_eq!(marks.end(1, 11), None, "10 is in hand");
        assert_eq!(marks.end(2, 5), Some(5));
        assert_eq!(marks.end(1, 10), Some(11));
        assert!(marks.channels.is_empty(), "nothing is kept of it");
    }

    #[test]
    fn what_comes_before_the_past_was_fetched_does_not_hide_it() {
        let mut marks = Marks::new();
        marks.begin(1, 20);
        assert_eq!(marks.end(1, 20), None);
        let first = marks.generation();
        marks.lost();
        assert_eq!(marks.caught_up(first), [], "lost once more");
        let second = marks.generation();
        marks.begin(1, 21);
        assert_eq!(marks.end(1, 21), None);
        assert_eq!(marks.caught_up(second), [(1, 21)]);
        marks.begin(1, 22);
        assert_eq!(marks.end(1, 22), Some(22));
    }
}
