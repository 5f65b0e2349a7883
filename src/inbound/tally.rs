//! What a fetch did, counted; and how far it is, for whoever watches.
//!
//! May import: desk (its words).

use crate::desk::receive::Filed;
use serde::Serialize;

/// What became of the mails of one fetch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FetchCount {
    /// Mails taken in: the sum of the others.
    pub fetched: u64,
    /// Each opened a ticket.
    pub tickets_created: u64,
    /// Each went to its ticket.
    pub replies: u64,
    /// Programs' mail, our own echo, blocked senders.
    pub ignored: u64,
    /// Kept whole for a CM to see.
    pub held: u64,
    /// Had already: nothing changed.
    pub duplicates: u64,
    /// Reports of non-delivery.
    pub bounces: u64,
}

impl std::ops::AddAssign for FetchCount {
    fn add_assign(&mut self, more: FetchCount) {
        self.fetched += more.fetched;
        self.tickets_created += more.tickets_created;
        self.replies += more.replies;
        self.ignored += more.ignored;
        self.held += more.held;
        self.duplicates += more.duplicates;
        self.bounces += more.bounces;
    }
}

/// How far a fetch is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Mails committed.
    pub done: u64,
    /// Mails known to be waiting, those done included. Grows while a large mailbox is being listed.
    pub total: u64,
}

/// The count of a fetch in the making.
pub struct Tally<'a> {
    /// So far.
    pub count: FetchCount,
    total: u64,
    progress: &'a (dyn Fn(Progress) + Sync),
}

impl<'a> Tally<'a> {
    /// Counts from zero; `progress` is called at every change.
    pub fn new(progress: &'a (dyn Fn(Progress) + Sync)) -> Tally<'a> {
        Tally { count: FetchCount::default(), total: 0, progress }
    }

    /// This many more mails are waiting.
    pub fn expect(&mut self, mails: usize) {
        self.total += mails as u64;
        self.tell();
    }

    /// These were committed.
    pub fn add(&mut self, filed: &[Filed]) {
        let count = &mut self.count;
        for one in filed {
            count.fetched += 1;
            *match one {
                Filed::Duplicate => &mut count.duplicates,
                Filed::Created(_) => &mut count.tickets_created,
                Filed::Reply(_) => &mut count.replies,
                Filed::Ignored => &mut count.ignored,
                Filed::Bounce => &mut count.bounces,
                Filed::Held => &mut count.held,
            } += 1;
        }
        self.tell();
    }

    fn tell(&self) {
        let done = self.count.fetched;
        (self.progress)(Progress { done, total: self.total.max(done) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::TicketId;
    use std::sync::Mutex;

    #[test]
    fn every_mail_is_counted_once_under_the_names_of_the_contract() {
        let seen = Mutex::new(Vec::new());
        let note = |progress: Progress| seen.lock().unwrap().push((progress.done, progress.total));
        let mut tally = Tally::new(&note);
        tally.expect(3);
        tally.add(&[Filed::Created(TicketId(1)), Filed::Duplicate]);
        tally.add(&[Filed::Held]);
        assert_eq!(*seen.lock().unwrap(), [(0, 3), (2, 3), (3, 3)]);
        let json = serde_json::to_string(&tally.count).unwrap();
        assert_eq!(
            json,
            r#"{"fetched":3,"tickets_created":1,"replies":0,"ignored":0,"held":1,"duplicates":1,"bounces":0}"#
        );
    }
}
