//! Text as it is searched and compared: no accents, no case. The same on every database, since it is done here.

use unicode_normalization::UnicodeNormalization;

/// Lower case without accents or ligatures: "Été" → "ete", "Cœur" → "coeur", "Straße" → "strasse".
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().flat_map(char::to_lowercase) {
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
    folded
}

/// The words of a search or of a searched text, folded: runs of letters and digits.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let folded = fold(text);
    let mut words = Vec::new();
    for word in folded.split(|c: char| !c.is_alphanumeric()) {
        if !word.is_empty() {
            words.push(word.to_owned());
        }
    }
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_ligatures_are_forgotten() {
        assert_eq!(fold("ÉTÉ à l’Œuvre"), "ete a l'oeuvre");
        assert_eq!(fold("Straße, Æsir, Łódź"), "strasse, aesir, lodz");
        assert_eq!(words("N'arrive-t-il pas ?").collect::<Vec<_>>(), ["n", "arrive", "t", "il", "pas"]);
    }
}
