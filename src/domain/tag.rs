//! Tags: short words that CMs put on tickets. Pure. May import: domain.

use super::fold::fold;

/// Most characters of a tag.
pub const LONGEST: usize = 40;

/// Most tags that a CM may put on one ticket.
pub const MOST: usize = 20;

/// A tag as it is kept, compared and shown: lower case, without accents; letters, digits, `-` and `_`, at most
/// [`LONGEST`]. `None` for anything else.
pub fn normal_tag(given: &str) -> Option<String> {
    // Folding writes at most four characters for one: what is longer than this stays too long.
    if given.len() > LONGEST * 4 {
        return None;
    }
    let tag = fold(given.trim());
    let is_word = tag.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let has_letter = tag.chars().any(char::is_alphanumeric);
    (is_word && has_letter && tag.chars().count() <= LONGEST).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_one_short_word_in_one_spelling() {
        for (given, tag) in
            [("VIP", "vip"), ("Été_2026", "ete_2026"), (" bug-connu ", "bug-connu"), ("42", "42")]
        {
            assert_eq!(normal_tag(given).as_deref(), Some(tag));
        }
        let long = "x".repeat(41);
        for given in
            ["", " ", "-", "__", "a b", "a,b", "<b>", "@everyone", "a\u{0}", &long, &"é".repeat(9999)]
        {
            assert_eq!(normal_tag(given), None, "{given:?}");
        }
        assert!(normal_tag(&"x".repeat(40)).is_some());
    }
}
