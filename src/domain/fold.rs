//! Text as it is searched and compared: no accents, no case. The same on every database, since it is done here.

use unicode_normalization::UnicodeNormalization;

/// Lower case without accents or ligatures: "Été" → "ete", "Cœur" → "coeur", "Straße" → "strasse".
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !byte.is_ascii()) {
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
        at += folded[at..].find(char::is_alphanumeric)?;
        let rest = &folded[at..];
        let word = &rest[..rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())];
        at += word.len();
        Some(word.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(words("N'arrive-t-il pas ?").collect::<Vec<_>>(), ["n", "arrive", "t", "il", "pas"]);
    }
}
