//! Where a message stands on Slack, in one word: a `ts` is one message only together with its channel, `C0123/1730000000.000100`.
//! A thread is named as its first message. Pure.

/// A message or a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot<'a> {
    /// The channel.
    pub channel: &'a str,
    /// The message's own number, which is also its time.
    pub ts: &'a str,
}

impl Spot<'_> {
    /// What [`spot`] wrote, or `None`.
    pub fn of(word: &str) -> Option<Spot<'_>> {
        let (channel, ts) = word.split_once('/')?;
        (!channel.is_empty() && !ts.is_empty()).then_some(Spot { channel, ts })
    }
}

/// One word for a message or a thread.
pub fn spot(channel: &str, ts: &str) -> String {
    format!("{channel}/{ts}")
}

/// Whether a message was written after another: their numbers are seconds and a count behind the point.
pub fn is_after(ts: &str, other: &str) -> bool {
    parts(ts) > parts(other)
}

/// The seconds since 1970 in which a message was written.
pub fn seconds(ts: &str) -> i64 {
    i64::try_from(parts(ts).0).unwrap_or(i64::MAX)
}

fn parts(ts: &str) -> (u64, u64) {
    let (seconds, count) = ts.split_once('.').unwrap_or((ts, "0"));
    (seconds.parse().unwrap_or(0), count.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spot_is_read_back_and_numbers_are_compared_as_such() {
        let word = spot("C1", "1730000000.000100");
        assert_eq!(Spot::of(&word), Some(Spot { channel: "C1", ts: "1730000000.000100" }));
        assert_eq!((Spot::of("C1"), Spot::of("/1"), Spot::of("")), (None, None, None));
        assert!(is_after("1730000000.000101", "1730000000.000100") && is_after("999.1", "99.2"));
        assert!(!is_after("1730000000.000100", "1730000000.000100"));
        assert_eq!(seconds("1730000000.000100"), 1_730_000_000);
    }
}
