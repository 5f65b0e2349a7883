//! What is done to texts in many places: a cut between characters, a cut into lines, a constant pattern. May import: memchr, regex.

use regex::Regex;

/// At most the first `bytes` of a text, cut between characters.
pub fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// The lines of a text, as [`str::lines`] gives them, found many bytes at a time.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut ends = memchr::memchr_iter(b'\n', text.as_bytes());
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        Some(match ends.next() {
            Some(end) => {
                let line = &text[start..end];
                start = end + 1;
                line.strip_suffix('\r').unwrap_or(line)
            }
            None => {
                start = text.len();
                rest
            }
        })
    })
}

/// With its first letter as a capital.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What somebody wrote in a form: lines end alike, and nothing but them and tabs controls anything.
pub fn clean_text(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// Characters that show nothing or turn the direction of writing, as a name or a text may be disguised by them (Unicode TR
/// 36): overrides and isolates, zero-width spaces, soft hyphens, the byte order mark, annotations, and the separators that
/// only some programs break lines at. The joiners of emoji and of Persian (U+200C, U+200D) are not among them.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
    )
}

/// A constant pattern.
pub fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| unreachable!("the pattern is constant: {error}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[test]
    fn what_shows_nothing_or_turns_the_writing_is_known_and_what_joins_is_not() {
        let disguises = "\u{ad}\u{61c}\u{200b}\u{200e}\u{200f}\u{2028}\u{202a}\u{202e}\u{2060}\u{2066}\u{206f}\u{feff}\u{fff9}";
        assert!(disguises.chars().all(super::is_invisible));
        assert!(!"é \u{a0}\u{202f}\n\u{301}\u{200c}\u{200d}\u{fe0f}👩א".chars().any(super::is_invisible));
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_standard_library(text in "[a\\né\\r]{0,12}") {
            prop_assert_eq!(super::lines(&text).collect::<Vec<_>>(), text.lines().collect::<Vec<_>>());
        }
    }
}
