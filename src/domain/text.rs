//! What is done to texts in many places: a cut between characters, a constant pattern. Pure.

use regex::Regex;

/// At most the first `bytes` of a text, cut between characters.
pub fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// With its first letter as a capital.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A constant pattern.
pub fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| unreachable!("the pattern is constant: {error}"))
}
