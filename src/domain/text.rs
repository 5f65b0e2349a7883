//! What is done to texts in many places: a cut between characters, a constant pattern. Pure.

use regex::Regex;

/// At most the first `bytes` of a text, cut between characters.
pub fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// A constant pattern.
pub fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| unreachable!("the pattern is constant: {error}"))
}
