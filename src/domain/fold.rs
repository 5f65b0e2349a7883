//! Text as it is searched and compared: no accents, no case. The same on every database, since it is done here.

use unicode_normalization::UnicodeNormalization;

/// Lower case without accents or ligatures: "Été" → "ete", "Cœur" → "coeur", "Straße" → "strasse".
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = first_not_ascii(rest) {
        push_ascii(&mut folded, &rest[..at]);
        let mut chars = rest[at..].chars();
        // There is one: the byte at its place is not ASCII.
        let c = chars.next().unwrap_or_default();
        match LATIN.get((c as usize).wrapping_sub(LATIN_FIRST)) {
            Some(plain) => folded.push_str(plain),
            None => push_other(&mut folded, c),
        }
        rest = chars.as_str();
    }
    push_ascii(&mut folded, rest);
    folded
}

/// Where the first character beyond ASCII begins; many bytes are looked at in one go.
fn first_not_ascii(text: &str) -> Option<usize> {
    const AT_ONCE: usize = 16;
    let blocks = text.as_bytes().chunks_exact(AT_ONCE);
    let ascii = blocks.take_while(|block| block.is_ascii()).count() * AT_ONCE;
    text.as_bytes()[ascii..].iter().position(|byte| !byte.is_ascii()).map(|at| ascii + at)
}

fn push_ascii(folded: &mut String, ascii: &str) {
    let start = folded.len();
    folded.push_str(ascii);
    folded[start..].make_ascii_lowercase();
}

/// What the table does not hold, by the rules of Unicode (compatibility decomposition, UAX #15).
fn push_other(folded: &mut String, c: char) {
    for c in std::iter::once(c).nfkd().flat_map(char::to_lowercase) {
        match c {
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            'ß' => folded.push_str("ss"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            '’' | '‘' => folded.push('\''),
            c if unicode_normalization::char::is_combining_mark(c) => {}
            c => folded.push(c),
        }
    }
}

/// The first letter of [`LATIN`]: À.
const LATIN_FIRST: usize = 0xC0;

/// The letters of western and central Europe (Latin-1 and Latin Extended-A), folded: nearly every letter of our
/// mail that is not ASCII, without the price of the general rules.
#[rustfmt::skip]
const LATIN: [&str; 0xC0] = [
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i",
    "ð", "n", "o", "o", "o", "o", "o", "×", "o", "u", "u", "u", "u", "y", "þ", "ss",
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i",
    "ð", "n", "o", "o", "o", "o", "o", "÷", "o", "u", "u", "u", "u", "y", "þ", "y",
    "a", "a", "a", "a", "a", "a", "c", "c", "c", "c", "c", "c", "c", "c", "d", "d",
    "đ", "đ", "e", "e", "e", "e", "e", "e", "e", "e", "e", "e", "g", "g", "g", "g",
    "g", "g", "g", "g", "h", "h", "ħ", "ħ", "i", "i", "i", "i", "i", "i", "i", "i",
    "i", "ı", "ij", "ij", "j", "j", "k", "k", "ĸ", "l", "l", "l", "l", "l", "l", "l·",
    "l·", "l", "l", "n", "n", "n", "n", "n", "n", "ʼn", "ŋ", "ŋ", "o", "o", "o", "o",
    "o", "o", "oe", "oe", "r", "r", "r", "r", "r", "r", "s", "s", "s", "s", "s", "s",
    "s", "s", "t", "t", "t", "t", "ŧ", "ŧ", "u", "u", "u", "u", "u", "u", "u", "u",
    "u", "u", "u", "u", "w", "w", "y", "y", "y", "z", "z", "z", "z", "z", "z", "s",
];

/// The words of a search or of a searched text, folded: runs of letters and digits.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let folded = fold(text);
    let mut at = 0;
    // One at a time: a mail may have millions, and its readers stop early.
    std::iter::from_fn(move || {
        let word = next_word(&folded, at)?;
        at = word.end;
        Some(folded[word].to_owned())
    })
}

/// The runs of letters and digits in a text, in order.
pub fn split_words(text: &str) -> impl Iterator<Item = &str> {
    word_places(text).map(|place| &text[place])
}

/// Where the runs of letters and digits stand in a text, in order.
pub fn word_places(text: &str) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let word = next_word(text, at)?;
        at = word.end;
        Some(word)
    })
}

/// The next run of letters and digits, from `from` on.
#[inline]
fn next_word(text: &str, from: usize) -> Option<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    let (mut start, mut at) = (from, from);
    loop {
        // Byte by byte through ASCII, which is nearly all of a folded text.
        while at < bytes.len() && KINDS[usize::from(bytes[at])] == Kind::Word {
            at += 1;
        }
        if at == bytes.len() {
            break;
        }
        let mut next = at + 1;
        if KINDS[usize::from(bytes[at])] == Kind::Beyond
            && let Some(c) = text[at..].chars().next()
        {
            next = at + c.len_utf8();
            if c.is_alphanumeric() {
                at = next;
                continue;
            }
        }
        if start < at {
            break;
        }
        (start, at) = (next, next);
    }
    (start < at).then_some(start..at)
}

/// What a byte is to a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Between,
    Word,
    /// Of a character beyond ASCII.
    Beyond,
}

const KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Beyond; 256];
    let mut byte = 0u8;
    while byte.is_ascii() {
        kinds[byte as usize] = if byte.is_ascii_alphanumeric() { Kind::Word } else { Kind::Between };
        byte += 1;
    }
    kinds
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table_says_what_the_rules_of_unicode_say() {
        for (place, plain) in LATIN.iter().enumerate() {
            let c = char::from_u32((LATIN_FIRST + place) as u32).unwrap();
            let mut by_the_rules = String::new();
            push_other(&mut by_the_rules, c);
            assert_eq!(*plain, by_the_rules, "{c}");
        }
    }

    #[test]
    fn accents_case_and_ligatures_are_forgotten() {
        assert_eq!(fold("ÉTÉ à l’Œuvre"), "ete a l'oeuvre");
        assert_eq!(fold("Straße, Æsir, Łódź"), "strasse, aesir, lodz");
        assert_eq!(fold("e\u{301}te\u{301} ﬁn Ⅷ ２ Ж"), "ete fin viii 2 ж");
        assert_eq!(split_words(" 2ж, l·a\u{301}—x").collect::<Vec<_>>(), ["2ж", "l", "a", "x"]);
        assert_eq!(split_words("«»").count(), 0);
        assert_eq!(words("N'arrive-t-il pas ?").collect::<Vec<_>>(), ["n", "arrive", "t", "il", "pas"]);
    }

    proptest! {
        #[test]
        fn words_are_the_runs_of_letters_and_digits(text in "[a-cé2 .’ж·\n]{0,20}") {
            let runs = text.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty());
            prop_assert_eq!(split_words(&text).collect::<Vec<_>>(), runs.collect::<Vec<_>>());
        }

        #[test]
        fn folding_keeps_the_ends_of_lines(text in any::<String>()) {
            prop_assert_eq!(fold(&text).matches('\n').count(), text.matches('\n').count());
        }
    }
}
