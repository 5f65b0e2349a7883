//! What was searched, shown where it was found. Words are compared as the search compares them: without accents and
//! case, each searched word as the beginning of a word. Pure. May import: domain.

use super::fold::{fold, split_words, word_places, words};
use std::ops::Range;

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The piece as it stands in the text.
    pub text: &'a str,
    /// It is a word that was searched.
    pub is_hit: bool,
}

/// A text cut at the words that were searched (`searched`: folded). All pieces together are the text.
pub fn pieces<'a>(text: &'a str, searched: &[String]) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    for hit in hits(text, searched) {
        if at < hit.start {
            pieces.push(Piece { text: &text[at..hit.start], is_hit: false });
        }
        at = hit.end;
        pieces.push(Piece { text: &text[hit], is_hit: true });
    }
    if at < text.len() {
        pieces.push(Piece { text: &text[at..], is_hit: false });
    }
    pieces
}

/// The words around the first one that was searched, some `length` bytes of them, from whole word to whole word, with « … » where
/// the text goes on; `None` where it has none of them.
pub fn excerpt(text: &str, searched: &[String], length: usize) -> Option<String> {
    let text = text.trim();
    let first = hits(text, searched).next()?;
    let before = first.start.saturating_sub(length / 3);
    let after = (first.end + length - length / 3).min(text.len());
    let start = if before == 0 {
        0
    } else {
        next_space(text, before).filter(|at| *at <= first.start).unwrap_or(first.start)
    };
    let end = if after == text.len() {
        after
    } else {
        last_space(text, after).filter(|at| *at >= first.end).unwrap_or(first.end)
    };
    let (before, after) = (if start > 0 { "… " } else { "" }, if end < text.len() { " …" } else { "" });
    Some(format!("{before}{}{after}", text[start..end].trim()))
}

/// Where the searched words stand.
pub(super) fn hits<'a>(text: &'a str, searched: &'a [String]) -> impl Iterator<Item = Range<usize>> + 'a {
    word_places(text).filter(move |place| {
        let folded = fold(&text[place.clone()]);
        // One word of a text may be two of its folded form: the first one is enough to find it by.
        split_words(&folded).any(|part| searched.iter().any(|word| part.starts_with(word.as_str())))
    })
}

/// The folded words of a search, each once; more than `most` narrow nothing any further.
pub fn searched(text: &str, most: usize) -> Vec<String> {
    let mut searched: Vec<String> = Vec::new();
    for word in words(text) {
        if searched.len() == most {
            break;
        }
        if !searched.contains(&word) {
            searched.push(word);
        }
    }
    searched
}

/// The first place after a space, from `at` on.
fn next_space(text: &str, at: usize) -> Option<usize> {
    let from = (at..=text.len()).find(|at| text.is_char_boundary(*at))?;
    text[from..].char_indices().find(|(_, c)| c.is_whitespace()).map(|(index, c)| from + index + c.len_utf8())
}

/// The last place before a space, up to `at`.
fn last_space(text: &str, at: usize) -> Option<usize> {
    let to = (0..=at).rev().find(|at| text.is_char_boundary(*at))?;
    text[..to].char_indices().rev().find(|(_, c)| c.is_whitespace()).map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, searched: &[&str]) -> String {
        let searched: Vec<String> = searched.iter().map(|word| (*word).to_owned()).collect();
        let pieces = pieces(text, &searched);
        assert_eq!(pieces.iter().map(|piece| piece.text).collect::<String>(), text);
        pieces.iter().map(|p| if p.is_hit { format!("[{}]", p.text) } else { p.text.to_owned() }).collect()
    }

    #[test]
    fn hits_are_found_without_accents_and_case() {
        assert_eq!(marked("L'ÉTÉ, les étés\u{a0}!", &["ete"]), "L'[ÉTÉ], les [étés]\u{a0}!");
        assert_eq!(marked("remboursements, déremboursé", &["rembours"]), "[remboursements], déremboursé");
        assert_eq!(marked("un cœur <b>", &["coeur", "b"]), "un [cœur] <[b]>");
        assert_eq!(marked("rien", &[]), "rien");
        assert_eq!(marked("", &["x"]), "");
    }

    #[test]
    fn an_excerpt_stands_around_the_first_hit_and_cuts_no_word() {
        let text = format!("{}mon pari bloqué depuis hier {}", "début ".repeat(50), "suite ".repeat(50));
        let searched = ["bloque".to_owned()];
        let cut = excerpt(&text, &searched, 60).unwrap();
        assert!(cut.contains("pari bloqué depuis") && cut.len() <= 80, "{cut:?}");
        let inner = cut.strip_prefix("… ").and_then(|cut| cut.strip_suffix(" …")).expect("cut on both sides");
        assert!(inner.split(' ').all(|word| text.split_whitespace().any(|whole| whole == word)), "{cut:?}");
        assert_eq!(excerpt(" court bloqué\n", &searched, 60).as_deref(), Some("court bloqué"));
        assert_eq!(excerpt("rien", &searched, 60), None);
        let long = format!("{}bloqué{}", "é".repeat(100), "é".repeat(100));
        assert_eq!(excerpt(&long, &searched, 20), None, "not the beginning of a word");
        let one = format!("bloqué{}", "é".repeat(100));
        assert_eq!(excerpt(&one, &searched, 20), Some(one.clone()));
    }
}
