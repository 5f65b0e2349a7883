//! How single words are read: closed sets with their French names, numbers, labels; and the nearest known word
//! to a mistyped one.
//!
//! Case and accents never count; neither do `-`, `_` and spaces inside a word of a closed set.
//! Pure. May import: domain, clap.

use super::usage::{Part, UsageError, What};
use crate::domain::address::usable_address;
use crate::domain::fold::fold;
use crate::domain::ids::{DeliveryId, EventId, TicketId};
use clap::builder::{PossibleValue, TypedValueParser};
use std::ffi::OsStr;
use std::time::Duration;

/// One word of a closed set.
#[derive(Debug, Clone, Copy)]
pub struct Word<T> {
    /// What it means.
    pub value: T,
    /// The word itself, as JSON and the database have it.
    pub word: &'static str,
    /// Its French name.
    pub label: &'static str,
    /// Other ways to say it, in the form that [`plain`] gives.
    pub also: &'static [&'static str],
}

/// A closed set of words, as a reader of clap values.
#[derive(Debug, Clone, Copy)]
pub struct Vocabulary<T: 'static> {
    /// What the words are.
    pub what: What,
    /// The words.
    pub words: &'static [Word<T>],
}

impl<T: Copy> Vocabulary<T> {
    /// The word that `given` is, in any of its spellings.
    pub fn word(&self, given: &str) -> Option<&'static Word<T>> {
        let given = plain(given);
        self.words.iter().find(|word| {
            plain(word.word) == given || plain(word.label) == given || word.also.contains(&given.as_str())
        })
    }

    /// Reads a word.
    ///
    /// # Errors
    /// [`UsageError::UnknownValue`] with the nearest word.
    pub fn read(&self, given: &str) -> Result<T, UsageError> {
        if let Some(word) = self.word(given) {
            return Ok(word.value);
        }
        if given.trim().is_empty() {
            return Err(UsageError::Missing { what: Part::Value, usage: String::new() });
        }
        let spellings = self.words.iter().flat_map(|word| {
            let ours = [plain(word.word), plain(word.label)];
            ours.into_iter().chain(word.also.iter().map(|also| (*also).to_owned())).map(|s| (s, word.word))
        });
        Err(UsageError::UnknownValue {
            what: self.what,
            given: given.to_owned(),
            near: nearest(given, spellings),
            allowed: self.words.iter().map(|word| word.word).collect(),
        })
    }
}

impl<T: Copy + Send + Sync + 'static> TypedValueParser for Vocabulary<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let set = *self;
        let read = move |given: &str| set.read(given);
        read.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.words.iter().map(|word| PossibleValue::new(word.word).help(word.label))))
    }
}

/// A word as it is compared: no case, no accents, no `-`, `_`, `.` or space.
pub fn plain(word: &str) -> String {
    let mut folded = fold(word);
    folded.retain(|c| !c.is_whitespace() && !matches!(c, '-' | '_' | '.' | '\u{2010}' | '\u{2011}'));
    folded
}

/// The known word nearest to `given`: at most one slip of the fingers in four letters, three in all.
pub fn nearest<T>(given: &str, known: impl Iterator<Item = (String, T)>) -> Option<T> {
    let given: Vec<char> = plain(given).chars().take(LONGEST_WORD + 1).collect();
    if given.len() < 2 || given.len() > LONGEST_WORD {
        return None;
    }
    let allowed = (given.len() / 4).clamp(1, 3);
    known
        .filter_map(|(word, value)| {
            let word: Vec<char> = plain(&word).chars().collect();
            let slips = slips(&given, &word);
            (slips <= allowed && slips < word.len()).then_some((slips, value))
        })
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, value)| value)
}

/// Longer words are not guessed at: none of ours is longer, and the cost is the product of the lengths.
const LONGEST_WORD: usize = 32;

/// Letters to add, drop, change or swap with their neighbour to make `a` of `b` (optimal string alignment).
fn slips(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// Reads a ticket's number: `42`, `#42`, `[#42]`, `nº42`, `n°42`, `ticket 42`.
///
/// # Errors
/// [`UsageError::NotANumber`].
pub fn ticket(given: &str) -> Result<TicketId, UsageError> {
    number(given).map(TicketId).ok_or_else(|| UsageError::NotANumber { given: given.to_owned() })
}

/// Reads a delivery's number, written as a ticket's.
///
/// # Errors
/// [`UsageError::NotANumber`].
pub fn delivery(given: &str) -> Result<DeliveryId, UsageError> {
    number(given).map(DeliveryId).ok_or_else(|| UsageError::NotANumber { given: given.to_owned() })
}

/// Reads the number of a line of history, written as a ticket's.
///
/// # Errors
/// [`UsageError::NotANumber`].
pub fn act(given: &str) -> Result<EventId, UsageError> {
    number(given).map(EventId).ok_or_else(|| UsageError::NotANumber { given: given.to_owned() })
}

/// The number that `given` is, alone or behind one of the marks that people put before numbers.
pub fn number(given: &str) -> Option<i64> {
    if given.len() > 64 {
        return None;
    }
    let folded = fold(given);
    let mut digits = folded.trim_matches(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | ':' | ','));
    for mark in NUMBER_MARKS {
        digits = digits.strip_prefix(mark).unwrap_or(digits).trim_start();
    }
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|number| all_digits && *number > 0)
}

/// What may stand before a number, folded (`º` folds to `o`), in the order they may follow each other.
const NUMBER_MARKS: [&str; 6] = ["ticket", "numero", "no", "n\u{b0}", "n", "#"];

/// Whether a word only announces the number that follows it, as in `show n° 42`.
pub fn announces_number(given: &str) -> bool {
    NUMBER_MARKS.contains(&fold(given).trim_end_matches(['.', ':']))
}

/// Reads a change of label: `+x`, `-x`; `x` alone adds. Phones write `–` for `-`.
///
/// # Errors
/// [`UsageError::Missing`] when no label is named.
pub fn tag_change(given: &str) -> Result<String, UsageError> {
    let (sign, name) = match given.chars().next() {
        Some('-' | '\u{2013}' | '\u{2014}' | '\u{2212}') => ('-', given.trim_start_matches(DASHES)),
        _ => ('+', given.trim_start_matches('+')),
    };
    let name = name.trim_start_matches('#').trim().to_lowercase();
    if name.is_empty() {
        return Err(UsageError::Missing { what: Part::Tags, usage: String::new() });
    }
    Ok(format!("{sign}{name}"))
}

/// What a CM wants of one person's part in a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipantWish {
    /// In the form of [`crate::domain::people::normal_address`].
    pub address: String,
    /// They are to take part; else they are not to.
    pub adds: bool,
}

/// Reads a change of participants: `+marc@client.example`, `-marc@client.example`; an address alone adds. The marks that
/// chats put around an address (`<mailto:a@b|a@b>`) are taken off.
///
/// # Errors
/// [`UsageError::NotAnAddress`] when no mail could be sent there.
pub fn participant_wish(given: &str) -> Result<ParticipantWish, UsageError> {
    let (adds, rest) = match given.chars().next() {
        Some('-' | '\u{2013}' | '\u{2014}' | '\u{2212}') => (false, given.trim_start_matches(DASHES)),
        _ => (true, given.trim_start_matches('+')),
    };
    let bare = rest.trim_matches(|c: char| c.is_whitespace() || "<>,;".contains(c));
    let bare = bare.split('|').next().unwrap_or(bare);
    match usable_address(bare) {
        Some(address) => Ok(ParticipantWish { address, adds }),
        None => Err(UsageError::NotAnAddress { given: rest.to_owned() }),
    }
}

/// The dashes that people and their phones write: hyphen, en dash, em dash, minus.
pub const DASHES: [char; 4] = ['-', '\u{2013}', '\u{2014}', '\u{2212}'];

/// The longest that a ticket can be put off.
const LONGEST_DELAY: u64 = 366 * 86_400;

/// How long: `2d`, `2 jours`, `4h`, `30 min`, `1 semaine`, `1h30`; `None` for anything else, for nothing, and for more than
/// a year.
pub fn delay(text: &str) -> Option<Duration> {
    let text: String = fold(text).chars().filter(|c| !c.is_whitespace()).collect();
    let mut rest = text.as_str();
    let (mut seconds, mut smallest) = (0_u64, u64::MAX);
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let unit = match &rest[..letters] {
            "w" | "sem" | "semaine" | "semaines" | "week" | "weeks" => 7 * 86_400,
            "d" | "j" | "jour" | "jours" | "day" | "days" => 86_400,
            "h" | "heure" | "heures" | "hour" | "hours" => 3_600,
            "m" | "min" | "minute" | "minutes" => 60,
            // `1h30`.
            "" if smallest == 3_600 => 60,
            _ => return None,
        };
        if unit >= smallest {
            return None;
        }
        smallest = unit;
        rest = &rest[letters..];
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
    }
    (60..=LONGEST_DELAY).contains(&seconds).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_said_as_people_say_it() {
        const HOUR: u64 = 3_600;
        for (text, seconds) in [
            ("2d", 48 * HOUR),
            ("2 jours", 48 * HOUR),
            ("2 j", 48 * HOUR),
            ("1 semaine", 168 * HOUR),
            ("4h", 4 * HOUR),
            ("1h30", HOUR + 1_800),
            ("1 j 4 h", 28 * HOUR),
            ("30 min", 1_800),
        ] {
            assert_eq!(delay(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for wrong in [
            "",
            "demain",
            "2",
            "h",
            "0d",
            "367d",
            "99999999999999999999d",
            "2d3d",
            "4h 1d",
            "-2d",
            "2.5d",
            "30 s",
        ] {
            assert_eq!(delay(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_are_read_behind_every_usual_mark() {
        for given in [
            "42",
            "#42",
            "nº42",
            "n°42",
            "Nº 42",
            "N° 42",
            "no42",
            "№42",
            "[#42]",
            "ticket 42",
            "numéro 42",
            "42,",
        ] {
            assert_eq!(ticket(given), Ok(TicketId(42)), "{given:?}");
        }
        for given in ["", "#", "0", "-1", "4x", "42 17", "1e3", "99999999999999999999", "+42", "quarante"] {
            assert!(ticket(given).is_err(), "{given:?}");
        }
    }

    #[test]
    fn the_nearest_word_is_one_that_a_slip_explains() {
        let known = || ["status", "stats", "reply"].into_iter().map(|word| (word.to_owned(), word));
        assert_eq!(nearest("statu", known()), Some("status"));
        assert_eq!(nearest("rpely", known()), Some("reply"));
        assert_eq!(nearest("Status ", known()), Some("status"));
        for given in ["zzz", "", "s", &"status".repeat(1000)] {
            assert_eq!(nearest(given, known()), None, "{given:?}");
        }
    }

    #[test]
    fn participants_are_added_and_taken_away() {
        for (given, address, adds) in [
            ("+Marc@Client.example", "marc@client.example", true),
            ("marc@client.example,", "marc@client.example", true),
            ("-marc@client.example", "marc@client.example", false),
            ("–marc@client.example", "marc@client.example", false),
            ("+<mailto:marc@client.example|marc@client.example>", "marc@client.example", true),
        ] {
            assert_eq!(
                participant_wish(given),
                Ok(ParticipantWish { address: address.into(), adds }),
                "{given}"
            );
        }
        for given in
            ["", "+", "-", "marc", "+@client.example", "marc@", "a b@client.example", "a@b@c.example"]
        {
            assert!(participant_wish(given).is_err(), "{given}");
        }
    }

    #[test]
    fn labels_are_added_and_taken_away() {
        for (given, read) in
            [("+VIP", "+vip"), ("vip", "+vip"), ("-vip", "-vip"), ("–vip", "-vip"), ("+#vip", "+vip")]
        {
            assert_eq!(tag_change(given).as_deref(), Ok(read));
        }
        assert!(tag_change("+").is_err());
        assert!(tag_change("-").is_err());
    }
}
