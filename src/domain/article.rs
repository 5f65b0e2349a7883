//! The pages of the knowledge base: what they are called, how they are searched, what is wrong with one.
//!
//! Pure. May import: domain.

use super::excerpt::{Piece, hits, pieces, searched};
use super::fold::{fold, words};
use std::ops::Range;

/// The longest page, in bytes of its file.
pub const LONGEST: u64 = 1 << 20;
/// The longest page that is written in the pages, in characters.
pub const LONGEST_WRITTEN: usize = 100_000;
/// The longest title, in characters.
pub const LONGEST_TITLE: usize = 200;
/// The longest name of a page, in bytes.
const LONGEST_SLUG: usize = 80;
/// The words of a search that count; the rest are not looked at.
const MOST_WORDS: usize = 10;
/// How much of a page a search shows, in characters.
const SNIPPET: usize = 200;

/// Which shelf a page stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// What the team knows.
    Kb,
    /// The technical questions.
    FaqTech,
}

impl Section {
    /// All of them.
    pub const ALL: [Section; 2] = [Section::Kb, Section::FaqTech];

    /// The word in addresses, and the name of the folder.
    pub const fn as_str(self) -> &'static str {
        match self {
            Section::Kb => "kb",
            Section::FaqTech => "faq-tech",
        }
    }

    /// The section that [`Section::as_str`] names.
    pub fn from_word(word: &str) -> Option<Section> {
        Section::ALL.into_iter().find(|section| section.as_str() == word)
    }
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Its shelf.
    pub section: Section,
    /// Its name in addresses: that of its file.
    pub slug: String,
    /// Its first heading, or its name where it has none.
    pub title: String,
    /// All of it, in Markdown.
    pub text: String,
    /// It is a file of the operator's folder, not a page that comes with the program.
    pub is_ours: bool,
    /// Its words without marks, on one line.
    plain: String,
    /// Title and words, folded.
    folded: String,
}

impl Article {
    /// A page of this Markdown; `plain` is the same without marks.
    pub fn new(section: Section, slug: &str, text: String, plain: &str, is_ours: bool) -> Article {
        let title = match heading(&text) {
            Some(place) => text[place].trim_start_matches('#').trim().trim_end_matches('#').trim().to_owned(),
            None => slug.to_owned(),
        };
        let title: String = title.chars().take(LONGEST_TITLE).collect();
        let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        let folded = fold(&format!("{title} {plain}"));
        Article { section, slug: slug.to_owned(), title, text, is_ours, plain, folded }
    }

    /// All of it but its title.
    pub fn body(&self) -> String {
        body_of(&self.text)
    }

    /// `kb/remboursement`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.section.as_str(), self.slug)
    }
}

/// The Markdown of a page without its title.
pub fn body_of(text: &str) -> String {
    match heading(text) {
        Some(place) => format!("{}{}", &text[..place.start], &text[place.end..]).trim().to_owned(),
        None => text.trim().to_owned(),
    }
}

/// The Markdown of a page of this title.
pub fn composed(title: &str, body: &str) -> String {
    format!("# {}\n\n{}\n", title.trim(), body.trim())
}

/// Where the first `# ` heading stands, outside of fenced code.
fn heading(text: &str) -> Option<Range<usize>> {
    let (mut at, mut fenced) = (0, false);
    for line in text.split_inclusive('\n') {
        let place = at..at + line.len();
        at = place.end;
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced && line.starts_with("# ") && !line[2..].trim().is_empty() {
            return Some(place);
        }
    }
    None
}

/// Whether a word can name a page: ASCII letters, digits, `-` and `_`, beginning with a letter or a digit. It leads out of no
/// folder.
pub fn is_slug(word: &str) -> bool {
    word.len() <= LONGEST_SLUG
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The name that a title gives: « Carte refusée ? » → `carte-refusee`. Empty for a title without a letter of ours.
pub fn slug_of(title: &str) -> String {
    let mut slug = String::new();
    for word in words(title).filter(|word| word.is_ascii()) {
        if slug.len() + word.len() >= LONGEST_SLUG {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word);
    }
    slug
}

/// A piece of a text, and whether it is what was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// The piece.
    pub text: String,
    /// It was looked for.
    pub is_hit: bool,
}

/// A page that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit<'a> {
    /// The page.
    pub article: &'a Article,
    /// Its title, what was looked for set off.
    pub title: Vec<Marked>,
    /// A piece of it, likewise.
    pub snippet: Vec<Marked>,
}

/// The folded words of a search, each once.
pub fn search_words(text: &str) -> Vec<String> {
    searched(text, MOST_WORDS)
}

/// Whether each of the words, folded, begins a word of the page.
pub fn matches(article: &Article, wanted: &[String]) -> bool {
    !wanted.is_empty() && wanted.iter().all(|word| begins_a_word(&article.folded, word))
}

fn begins_a_word(folded: &str, word: &str) -> bool {
    folded.match_indices(word).any(|(at, _)| !folded[..at].ends_with(|c: char| c.is_alphanumeric()))
}

/// The pages in which each of the words begins a word, whatever their case and accents: those first whose title has most of
/// them, then by title.
pub fn search<'a>(articles: impl IntoIterator<Item = &'a Article>, wanted: &[String]) -> Vec<Hit<'a>> {
    let mut found: Vec<(usize, &Article)> = articles
        .into_iter()
        .filter(|article| matches(article, wanted))
        .map(|article| {
            let title = fold(&article.title);
            (wanted.iter().filter(|word| begins_a_word(&title, word)).count(), article)
        })
        .collect();
    found.sort_by_cached_key(|(in_title, article)| (usize::MAX - in_title, fold(&article.title)));
    found
        .into_iter()
        .map(|(_, article)| Hit {
            article,
            title: marked(&article.title, wanted),
            snippet: snippet(&article.plain, wanted),
        })
        .collect()
}

/// The beginning of a page.
pub fn beginning(article: &Article) -> String {
    cut(&article.plain, 0, SNIPPET)
}

/// A text in pieces, the words that begin so set off.
fn marked(text: &str, wanted: &[String]) -> Vec<Marked> {
    let owned = |piece: Piece<'_>| Marked { text: piece.text.to_owned(), is_hit: piece.is_hit };
    pieces(text, wanted).into_iter().map(owned).collect()
}

fn snippet(plain: &str, wanted: &[String]) -> Vec<Marked> {
    // A few words before the first hit, so that it is read in its sentence.
    let first = hits(plain, wanted).next().map_or(0, |place| place.start);
    let before: usize = plain[..first].chars().rev().take(SNIPPET / 4).map(char::len_utf8).sum();
    let from = match first - before {
        0 => 0,
        from => from + plain[from..first].find(' ').map_or(0, |space| space + 1),
    };
    marked(&cut(plain, from, SNIPPET), wanted)
}

/// So many characters of a text from a place on, with an ellipsis where it goes on.
fn cut(text: &str, from: usize, most: usize) -> String {
    let rest = &text[from..];
    let start = if from > 0 { "…" } else { "" };
    match rest.char_indices().nth(most) {
        None => format!("{start}{rest}"),
        Some((end, _)) => {
            let end = rest[..end].rfind(' ').unwrap_or(end);
            format!("{start}{}…", &rest[..end])
        }
    }
}

/// Why a file of the folder is not a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// Its name is none of a page's.
    Name,
    /// It is no file of its own: a link, a pipe.
    NotAFile,
    /// Longer than [`LONGEST`].
    TooLarge,
    /// Its bytes are no UTF-8.
    NotText,
    /// The system does not give it.
    Unreadable,
    /// There are too many pages, or too much in them, already.
    TooMany,
}

/// Why a page is not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArticleFault {
    /// It has no title, or a title that gives no name.
    NoTitle,
    /// It has no text.
    NoText,
    /// It has more characters than this.
    TooLong(usize),
    /// Another page has the name that its title gives.
    Taken(String),
    /// The folder does not take it.
    Unwritable,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(slug: &str, text: &str) -> Article {
        Article::new(Section::Kb, slug, text.to_owned(), &text.replace(['#', '*'], ""), true)
    }

    #[test]
    fn the_title_is_the_first_heading_and_no_part_of_the_body() {
        let page = article("x", "```\n# pas lui\n```\n# Carte refusée #\n\nVoir *là*.\n# Autre\n");
        assert_eq!(page.title, "Carte refusée");
        assert_eq!(page.body(), "```\n# pas lui\n```\n\nVoir *là*.\n# Autre");
        assert_eq!(article("sans-titre", "Rien").title, "sans-titre");
        assert_eq!(article("sans-titre", "Rien").body(), "Rien");
        assert_eq!(article("x", &composed(" A ", "\nb\n\n")).body(), "b");
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        for good in ["carte-refusee", "A_1", "2fa"] {
            assert!(is_slug(good), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "../x", "-x", "é", "a b", "a.md", "a\0", &"x".repeat(81)] {
            assert!(!is_slug(bad), "{bad:?}");
        }
        assert_eq!(slug_of("Carte refusée\u{a0}? L’« Œuvre »"), "carte-refusee-l-oeuvre");
        assert_eq!(slug_of("Жж !"), "");
        assert!(is_slug(&slug_of(&"mot ".repeat(100))));
    }

    #[test]
    fn every_word_must_begin_a_word_whatever_its_accents() {
        let pages = [
            article("a", "# Paiement\n\nLa carte est refusée par la banque."),
            article("b", "# Carte refusée\n\nÀ vérifier."),
            article("c", "# Écarter\n\nUne pancarte refusée."),
        ];
        let found = |words: &str| -> Vec<String> {
            search(&pages, &search_words(words)).into_iter().map(|hit| hit.article.slug.clone()).collect()
        };
        assert_eq!(
            found("CARTE refus"),
            ["b", "a"],
            "the title counts first; « pancarte » does not begin so"
        );
        assert_eq!(found("arte"), Vec::<String>::new());
        assert_eq!(found(" ? "), Vec::<String>::new());
    }

    #[test]
    fn what_was_looked_for_is_set_off_in_its_sentence() {
        let text = format!("# T\n\n{} la carte <b>Refusée</b> {}", "avant ".repeat(60), "après ".repeat(60));
        let page = article("a", &text);
        let hit = search([&page], &search_words("refusee carte")).remove(0);
        let drawn: String = hit
            .snippet
            .iter()
            .map(|piece| if piece.is_hit { format!("[{}]", piece.text) } else { piece.text.clone() })
            .collect();
        assert!(drawn.starts_with("…avant avant") && drawn.ends_with("après…"), "{drawn}");
        assert!(drawn.contains("la [carte] <b>[Refusée]</b> après"), "{drawn}");
        assert!(drawn.chars().count() < SNIPPET + 10, "{drawn}");
    }
}
