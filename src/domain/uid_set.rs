//! UIDs of a mailbox (RFC 3501 section 2.3.1.1) as runs: thousands of mails that came one after the other are one
//! pair of numbers. Pure.

/// A set of UIDs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UidSet {
    /// First and last of each run; rising, and never two that touch.
    runs: Vec<(u32, u32)>,
}

impl UidSet {
    /// The set of these runs, each from its first to its last UID, in any order; they may overlap.
    pub fn of_runs(mut runs: Vec<(u32, u32)>) -> UidSet {
        runs.retain(|(first, last)| first <= last);
        runs.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::with_capacity(runs.len());
        for (first, last) in runs {
            match joined.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => joined.push((first, last)),
            }
        }
        UidSet { runs: joined }
    }

    /// The set of these UIDs, in any order.
    pub fn of(uids: impl IntoIterator<Item = u32>) -> UidSet {
        UidSet::of_runs(uids.into_iter().map(|uid| (uid, uid)).collect())
    }

    /// First and last UID of each run, rising.
    pub fn runs(&self) -> &[(u32, u32)] {
        &self.runs
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether it holds this one.
    pub fn contains(&self, uid: u32) -> bool {
        let behind = self.runs.partition_point(|(first, _)| *first <= uid);
        behind > 0 && uid <= self.runs[behind - 1].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn runs_that_touch_or_overlap_are_one() {
        let set = UidSet::of_runs(vec![(7, 9), (1, 3), (4, 5), (8, 12), (20, 19), (u32::MAX, u32::MAX)]);
        assert_eq!(set.runs(), [(1, 5), (7, 12), (u32::MAX, u32::MAX)]);
        assert!(UidSet::default().is_empty() && !UidSet::default().contains(0));
    }

    proptest! {
        #[test]
        fn a_set_holds_what_was_put_in_and_nothing_else(uids in prop::collection::btree_set(0u32..300, 0..200)) {
            let set = UidSet::of(uids.iter().rev().copied());
            let held: BTreeSet<u32> = (0..301).filter(|uid| set.contains(*uid)).collect();
            prop_assert_eq!(&held, &uids);
            prop_assert!(set.runs().windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }
    }
}
