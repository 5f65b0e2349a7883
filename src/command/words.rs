//! A line cut into words, each with its place in the line, so that a free text can be taken from there as it was
//! typed.
//!
//! Only `"…"`, `“…”` and `«…»` quote, and only where a word begins; an apostrophe never does ("C'est réglé"). A
//! quote that is never closed is a character like another. Linear in the length of the line.
//! Pure. May import: std.

/// One word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word, without the quotes around it.
    pub text: String,
    /// Where it begins in the line, in bytes, its quote included.
    pub start: usize,
    /// Where it ends in the line, in bytes, its quote included.
    pub end: usize,
    /// It stood in quotes.
    pub quoted: bool,
}

/// What opens a quotation, and what closes it.
const QUOTES: [(char, char); 3] = [('"', '"'), ('\u{201c}', '\u{201d}'), ('\u{ab}', '\u{bb}')];

/// Cuts a line into words.
pub fn split(line: &str) -> Vec<Word> {
    // Where each closing quote stands last: an opening one behind it is a plain character, known without a search.
    let last_close = QUOTES.map(|(_, close)| line.rfind(close));
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = line[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let start = at;
        let mut text = String::new();
        let mut quoted = false;
        let mut may_open = true;
        while let Some(c) = line[at..].chars().next() {
            let inner = at + c.len_utf8();
            let quote = QUOTES.iter().zip(last_close).find(|((open, _), _)| may_open && *open == c);
            let close = quote.and_then(|((_, close), last)| {
                last.filter(|last| *last >= inner)?;
                line[inner..].find(*close).map(|length| (inner + length, close.len_utf8()))
            });
            if let Some((close, width)) = close {
                text.push_str(line[inner..close].trim());
                quoted = true;
                at = close + width;
                may_open = false;
            } else if c.is_whitespace() {
                break;
            } else {
                text.push(c);
                at = inner;
                // `--reason="deux mots"`: a quotation may also begin behind the sign of an option.
                may_open = c == '=';
            }
        }
        words.push(Word { text, start, end: at, quoted });
    }
    words
}

/// A free text without the straight or curly quotes that enclose the whole of it, as people keep them who paste
/// from a terminal. A quotation inside a text, and French quotes, stay.
pub fn unquoted(text: &str) -> &str {
    let text = text.trim();
    for (open, close) in &QUOTES[..2] {
        let inner = text.strip_prefix(*open).and_then(|rest| rest.strip_suffix(*close));
        if let Some(inner) = inner
            && !inner.contains([*open, *close])
        {
            return inner.trim();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(line: &str) -> Vec<String> {
        split(line).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn apostrophes_never_quote() {
        assert_eq!(texts("reply 42 C'est réglé"), ["reply", "42", "C'est", "réglé"]);
        assert_eq!(texts("l'e-mail d’Eve 'x y'"), ["l'e-mail", "d’Eve", "'x", "y'"]);
    }

    #[test]
    fn only_double_and_french_quotes_do() {
        assert_eq!(texts(r#"kb "mot de passe" oublié"#), ["kb", "mot de passe", "oublié"]);
        assert_eq!(texts("kb « mot de passe »"), ["kb", "mot de passe"]);
        assert_eq!(texts("kb «\u{a0}mot de passe\u{a0}»"), ["kb", "mot de passe"]);
        assert_eq!(texts("kb “mot de passe”"), ["kb", "mot de passe"]);
        assert_eq!(texts(r#"--reason="deux mots" x"#), ["--reason=deux mots", "x"]);
    }

    #[test]
    fn a_quote_inside_a_word_or_never_closed_is_a_character() {
        assert_eq!(texts(r#"écran 27" large"#), ["écran", "27\"", "large"]);
        assert_eq!(texts("« jamais fermé"), ["«", "jamais", "fermé"]);
        assert_eq!(texts(r#"dit "bonjour"#), ["dit", "\"bonjour"]);
        assert_eq!(texts(r#""" x"#), ["", "x"]);
    }

    #[test]
    fn only_quotes_around_the_whole_text_are_taken_off() {
        assert_eq!(unquoted(r#" "Bonjour Jean" "#), "Bonjour Jean");
        assert_eq!(unquoted("“Bonjour”"), "Bonjour");
        for text in [r#""a" et "b""#, "« Bonjour »", r#"le mot "x""#, "\"", "C'est"] {
            assert_eq!(unquoted(text), text);
        }
    }

    #[test]
    fn a_hundred_thousand_open_quotes_are_cut_at_once() {
        let line = "« ".repeat(100_000);
        assert_eq!(split(&line).len(), 100_000);
    }

    proptest! {
        #[test]
        fn words_stand_where_they_say(line in "[ \"«»“”'a=é\n\u{a0}-]{0,60}") {
            let mut last = 0;
            for word in split(&line) {
                prop_assert!(last <= word.start && word.start < word.end && word.end <= line.len());
                prop_assert!(line.is_char_boundary(word.start) && line.is_char_boundary(word.end));
                last = word.end;
            }
            prop_assert!(line[last..].trim().is_empty());
        }
    }
}
