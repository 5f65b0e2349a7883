//! What somebody wrote, apart from what they quoted and signed. Folded, never deleted.
//!
//! Stands alone in `domain`; may import: std, memchr, regex, `domain::{fold, text}`. Linear: a line is looked at a fixed number
//! of times, and lines too long to be a header of a quote are not looked into.
//!
//! Lines are compared folded (`domain::fold`: no case, no accents), so the words below are too. The programs
//! read: Outlook, Exchange, Gmail, Apple Mail, iPhone, Android, Thunderbird, Yahoo, Orange, Free (Zimbra), SFR,
//! La Poste, Proton Mail, in French and English; the line above a quote in twenty languages.

mod attribution;
mod block;
mod marks;
mod signature;

use super::fold::{fold, words};
use super::text::{self, head};
use block::{is_announced, label};
use marks::{
    Header, LONGEST, folded, header_at, is_marked_attribution, is_marked_block, is_marked_forward,
    is_marked_header, is_worded_rule,
};
use std::borrow::Cow;

/// More lines than any letter has: a body of more is shown as it is.
const MOST_LINES: usize = 100_000;

/// How much of a body is folded at once, in bytes: all of nearly any letter.
const FOLDED_AT_ONCE: usize = 64 * 1024;

/// A body in three parts; together they are the whole text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// What was written for us; never empty when the body was not.
    pub reply: String,
    /// The quoted history.
    pub quoted: String,
    /// The signature.
    pub signature: String,
}

impl Trimmed {
    /// Whether what was folded as a signature says something all the same: what is below a name may be the point.
    pub fn signature_speaks(&self) -> bool {
        signature::speaks(&self.signature)
    }
}

/// What is known of a mail beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Whether it answers another: what resembles a quote in a mail that answers nothing is its writer's own story.
    pub answers: bool,
    /// The line at which the mail begins that it hands on, where that is known.
    pub forward: Option<usize>,
}

impl Setting {
    /// An answer, as most mails with a quote are.
    pub const ANSWER: Setting = Setting { answers: true, forward: None };
}

/// What a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Reply,
    Quoted,
    Signature,
}

/// A body by its lines.
struct Letter<'a> {
    lines: Vec<&'a str>,
    /// The first of them, folded.
    folded: Vec<&'a str>,
    /// Whether a line may end the words above a quote, or is quoted itself.
    closes: Vec<bool>,
    /// The lines of the text that are two here, since what stands above a quote began within them.
    shared: Vec<usize>,
}

impl<'a> Letter<'a> {
    /// `None` where there are more lines than any letter has. `folded`: the text or its beginning, folded. `answers`: it answers
    /// another mail.
    fn new(text: &'a str, folded: &'a str, answers: bool) -> Option<Letter<'a>> {
        let mut lines: Vec<&str> = text::lines(text).take(MOST_LINES + 1).collect();
        if lines.len() > MOST_LINES {
            return None;
        }
        // Folding keeps the ends of lines; where no such end follows, the line may be cut.
        let whole = folded.rfind('\n').map_or("", |end| &folded[..=end]);
        let mut folded: Vec<&str> = text::lines(whole).collect();
        let cuts: Vec<(usize, usize)> = (0..lines.len())
            .filter_map(|at| attribution::shared(&lines, at, answers).map(|cut| (at, cut)))
            .collect();
        if let Some((first, _)) = cuts.first() {
            folded.truncate(*first);
            lines = cut_lines(&lines, &cuts);
        }
        let closes = lines.iter().map(|line| closes(line)).collect();
        let shared = cuts.into_iter().map(|(at, _)| at).collect();
        Some(Letter { lines, folded, closes, shared })
    }

    /// Where a line of the text stands, by its number there.
    fn place(&self, line: usize) -> usize {
        line + self.shared.partition_point(|shared| *shared < line)
    }

    /// A line, folded.
    fn folded(&self, at: usize) -> Cow<'a, str> {
        self.folded.get(at).map_or_else(|| fold(self.lines[at]).into(), |line| (*line).into())
    }
}

/// The lines, with each of `cuts` (a line, and a place in it) two of them.
fn cut_lines<'a>(lines: &[&'a str], cuts: &[(usize, usize)]) -> Vec<&'a str> {
    let mut all = Vec::with_capacity(lines.len() + cuts.len());
    let mut cuts = cuts.iter().peekable();
    for (at, &line) in lines.iter().enumerate() {
        match cuts.next_if(|(shared, _)| *shared == at) {
            Some((_, cut)) => all.extend([line[..*cut].trim_end(), &line[*cut..]]),
            None => all.push(line),
        }
    }
    all
}

/// Whether a line may end the words above a quote, or is quoted itself.
fn closes(line: &str) -> bool {
    /// What those words end with where no colon follows them.
    const VERBS: [&str; 5] = ["wrote", "écrit", "escribió", "scritto", "escreveu"];
    // Emphasis, and what turns the direction of writing.
    let turns =
        |c: char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let is_mark = |c: char| matches!(c, '*' | '_') || turns(c);
    let words = line.trim_end_matches(|c: char| c.is_whitespace() || is_mark(c));
    words.ends_with([':', '\u{FF1A}', '-'])
        || VERBS.iter().any(|verb| words.ends_with(verb))
        || is_quoted(line)
}

/// A run of lines that were quoted together.
struct Quote {
    first: usize,
    end: usize,
    /// A line above it says who wrote it and when.
    attributed: bool,
    /// That line is all that tells it: nothing marks the quote, and a person may write such a line too.
    is_guess: bool,
}

/// Parts a decoded body.
///
/// An answer between quotes keeps the quotes it answers; a forwarded mail is the message and stays; a body that
/// is nothing but quote or signature is the reply.
pub fn trim(text: &str) -> Trimmed {
    trim_in(text, Setting::ANSWER)
}

/// As [`trim`], of a mail of which more is known.
pub fn trim_in(text: &str, setting: Setting) -> Trimmed {
    trim_folded(text, &fold(head(text, FOLDED_AT_ONCE)), setting)
}

/// As [`trim_in`]. `folded` is what [`fold`] makes of the text, or of its beginning, which saves the work of folding that again.
pub fn trim_folded(text: &str, folded: &str, setting: Setting) -> Trimmed {
    let Some(letter) = Letter::new(text, folded, setting.answers) else {
        return Trimmed { reply: text.trim_end().to_owned(), ..Trimmed::default() };
    };
    let setting = Setting { forward: setting.forward.map(|line| letter.place(line)), ..setting };
    let lines = letter.lines.as_slice();
    let mut parts = vec![Part::Reply; lines.len()];
    let (quotes, forwarded) = mark_quotes(&letter, setting, &mut parts);
    mark_signatures(&lines[..forwarded], &mut parts);
    keep_answered_quotes(lines, &mut parts, &quotes);
    if !has_reply(lines, &parts) {
        parts.iter_mut().filter(|part| **part == Part::Signature).for_each(|part| *part = Part::Reply);
    }
    let only_greets = || quotes.iter().any(|quote| quote.is_guess) && greets_only(lines, &parts);
    if !has_reply(lines, &parts) || only_greets() {
        parts.fill(Part::Reply);
    }
    Trimmed {
        reply: gathered(lines, &parts, Part::Reply),
        quoted: gathered(lines, &parts, Part::Quoted),
        signature: gathered(lines, &parts, Part::Signature),
    }
}

/// Marks every quoted line; gives the runs in order, and the line where a forwarded mail begins (or the end).
fn mark_quotes(letter: &Letter<'_>, setting: Setting, parts: &mut [Part]) -> (Vec<Quote>, usize) {
    let lines = letter.lines.as_slice();
    let hands_on =
        |first: usize, end: usize| setting.forward.is_some_and(|line| (first..end).contains(&line));
    let mut quotes: Vec<Quote> = Vec::new();
    // Where the quote above ended, and whether somebody wrote above that.
    let mut floor = 0;
    let mut has_words = false;
    let mut at = 0;
    while at < lines.len() && !hands_on(0, at + 1) {
        if let Some(end) = end_of_code(lines, at) {
            at = end;
            continue;
        }
        if is_quoted(lines[at]) {
            if is_marked_forward(lines[at]) {
                break;
            }
            let mut end = end_of_quote(lines, at);
            let is_header = is_marked_attribution(lines[at]) || is_marked_header(lines, at, end);
            // What is marked below is all that is quoted.
            let is_guess = !is_header
                && setting.answers
                && is_marked_block(lines, at, end)
                && !is_announced(lines, drawn_above(lines, floor, at))
                && !lines[end..].iter().any(|line| is_quoted(line));
            let attributed = is_header || is_guess;
            if attributed {
                end = lines.len();
            }
            if hands_on(at, end) {
                break;
            }
            let first = drawn_above(lines, floor, at);
            has_words |= lines[floor..first].iter().any(|line| !is_blank(line));
            // What somebody quotes who answers nothing is theirs: an error, what they typed. Not what says whose words it is.
            if setting.answers || attributed || !has_words || says_who_wrote(&lines[at..end]) {
                quotes.push(Quote { first, end, attributed, is_guess });
            }
            (at, floor) = (end, end);
            continue;
        }
        let Some(header) = (!is_blank(lines[at])).then(|| header_at(letter, at)).flatten() else {
            at += 1;
            continue;
        };
        let (after, is_certain) = match header {
            // What was forwarded is what we were meant to read.
            Header::Forward => break,
            Header::Quote { end, is_certain } => (end, is_certain),
        };
        let next = after + lines[after..].iter().take_while(|line| is_blank(line)).count();
        let is_marked = lines.get(next).is_some_and(|line| is_quoted(line));
        let is_guess = !is_marked && !is_certain;
        if is_guess && !setting.answers {
            at += 1;
            continue;
        }
        let end = if is_marked { end_of_quote(lines, next) } else { lines.len() };
        // What a marked quote hands on was handed on by whoever is quoted.
        if !is_marked && hands_on(at, end) {
            break;
        }
        let first = drawn_above(lines, floor, at);
        has_words |= lines[floor..first].iter().any(|line| !is_blank(line));
        quotes.push(Quote { first, end, attributed: true, is_guess });
        (at, floor) = (end, end);
    }
    for quote in &quotes {
        parts[quote.first..quote.end].fill(Part::Quoted);
    }
    (quotes, at.min(lines.len()))
}

/// Where what is drawn above a quote at line `at` begins: at most two rules, or words between dashes above a header block.
/// Nothing above line `floor` is looked at.
fn drawn_above(lines: &[&str], floor: usize, at: usize) -> usize {
    let is_block = || label(&folded(head(lines[at], LONGEST))).is_some();
    let mut first = at;
    for _ in 0..2 {
        let Some(above) = (floor..first).rev().find(|&line| !is_blank(lines[line])) else { break };
        let is_over = is_drawn(lines[above]) || is_worded_rule(lines[above]) && is_block();
        if !is_over {
            break;
        }
        first = above;
    }
    first
}

/// A line drawn by hand or by a program.
fn is_drawn(line: &str) -> bool {
    let line = line.trim();
    line.len() <= LONGEST
        && line.chars().count() >= 3
        && line.chars().all(|c| matches!(c, '-' | '_' | '=' | '*' | '#' | '~' | '—' | '–' | '─'))
}

/// The end of the quoted lines that begin at `first`, the blank lines after them included.
fn end_of_quote(lines: &[&str], first: usize) -> usize {
    let quoted = |line: &&&str| is_quoted(line) || is_blank(line);
    first + lines[first..].iter().take_while(quoted).count()
}

/// The line after a block of code between fences that opens at `at`, if one does. What it holds is no quote.
fn end_of_code(lines: &[&str], at: usize) -> Option<usize> {
    let is_fence = |line: &&str| line.trim_start().starts_with("```");
    if !is_fence(&lines[at]) {
        return None;
    }
    let near = &lines[at + 1..lines.len().min(at + 1 + LONGEST_CODE)];
    near.iter().position(is_fence).map(|end| at + end + 2)
}

/// Longest block of code looked for, in lines.
const LONGEST_CODE: usize = 500;

/// Marks the signature at the end of each run of written lines.
fn mark_signatures(lines: &[&str], parts: &mut [Part]) {
    let mut at = 0;
    while at < lines.len() {
        if parts[at] != Part::Reply {
            at += 1;
            continue;
        }
        let end = at + parts[at..lines.len()].iter().take_while(|part| **part == Part::Reply).count();
        // Nor is it a signature.
        let code = (at..end).rev().find(|&line| lines[line].trim_start().starts_with("```"));
        let from = code.map_or(at, |fence| fence + 1);
        if let Some(start) = signature::start_of(&lines[from..end], from == 0) {
            parts[from + start..end].fill(Part::Signature);
        }
        at = end;
    }
}

/// Gives back to the reply the quotes that stand between answers: they are what is answered.
fn keep_answered_quotes(lines: &[&str], parts: &mut [Part], quotes: &[Quote]) {
    let written = |at: &usize| parts[*at] == Part::Reply && !is_blank(lines[*at]);
    let Some(first) = (0..lines.len()).find(written) else { return };
    let Some(last) = (0..lines.len()).rev().find(written) else { return };
    // Above the history, what its writer says is not told: somebody quoted it for their answer.
    let history = quotes.iter().rposition(|quote| quote.attributed).filter(|&at| quotes[at].first > first);
    let by_hand = quotes[..history.unwrap_or(0)].iter().filter(|quote| !quote.attributed);
    for quote in by_hand.filter(|quote| !names_writer(&lines[quote.first..quote.end])) {
        parts[quote.first..quote.end].fill(Part::Reply);
    }
    let leading = quotes.iter().rfind(|quote| quote.end <= first);
    let middle: Vec<&Quote> =
        quotes.iter().filter(|quote| quote.first > first && quote.end <= last).collect();
    let keep = match middle.as_slice() {
        [] => false,
        // One quote above the answer, with the usual line on top, is the whole history again.
        [only] => !only.attributed || leading.is_some(),
        _ => true,
    };
    if keep {
        for quote in middle.into_iter().chain(leading) {
            // The line that says who wrote it answers nothing.
            let marked = (quote.first..quote.end).find(|&at| is_quoted(lines[at]));
            parts[marked.unwrap_or(quote.first)..quote.end].fill(Part::Reply);
        }
    }
}

/// Whether one of the first marked lines of a quote tells who wrote it, in words or by a time or an address.
fn names_writer(quote: &[&str]) -> bool {
    let tells = |said: &str| said.contains(|c: char| c.is_ascii_digit() || c == '@');
    announced(quote).any(tells) || says_who_wrote(quote)
}

/// Whether one of the first marked lines of a quote says in words who wrote it.
fn says_who_wrote(quote: &[&str]) -> bool {
    const WROTE: [&str; 6] = ["wrote", "a écrit", "schrieb", "escribió", "ha scritto", "escreveu"];
    announced(quote).any(|said| WROTE.iter().any(|verb| said.ends_with(verb)))
}

/// Those of the first marked lines of a quote that end in a colon, without it.
fn announced<'a>(quote: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let marked = quote.iter().filter(|line| is_quoted(line)).take(3);
    marked.filter_map(|line| line.trim_end().strip_suffix(':')).map(str::trim_end)
}

/// Whether nothing but a greeting is left: whoever greets goes on.
fn greets_only(lines: &[&str], parts: &[Part]) -> bool {
    const HELLO: [&str; 4] = ["bonjour", "bonsoir", "salut", "rebonjour"];
    const WHOM: [&str; 12] = [
        "madame",
        "monsieur",
        "mesdames",
        "messieurs",
        "cher",
        "chere",
        "chers",
        "a",
        "tous",
        "toutes",
        "l",
        "equipe",
    ];
    let written = lines.iter().zip(parts).filter(|(line, part)| **part == Part::Reply && !is_blank(line));
    let mut written = written.map(|(line, _)| *line);
    let (Some(only), None) = (written.next(), written.next()) else { return false };
    if only.len() > 60 {
        return false;
    }
    let words: Vec<String> = words(only).collect();
    let greets = |word: &String| HELLO.contains(&word.as_str()) || WHOM.contains(&word.as_str());
    // "Bonjour Camille,"
    let names = words.first().is_some_and(|word| HELLO.contains(&word.as_str()))
        && words.len() <= 3
        && !words.iter().any(|word| word == "merci")
        && only.trim_end().ends_with([',', '!']);
    !words.is_empty() && (words.iter().all(greets) || names)
}

fn has_reply(lines: &[&str], parts: &[Part]) -> bool {
    lines.iter().zip(parts).any(|(line, part)| *part == Part::Reply && !is_blank(line))
}

/// The lines of one part, without blank lines at either end.
fn gathered(lines: &[&str], parts: &[Part], wanted: Part) -> String {
    let ours = lines.iter().zip(parts).filter(|(_, part)| **part == wanted);
    // To the byte: hundreds of texts wait to be written together.
    let mut text = String::with_capacity(ours.map(|(line, _)| line.len() + 1).sum());
    for (line, part) in lines.iter().zip(parts) {
        if *part == wanted && !(text.is_empty() && is_blank(line)) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// Nothing to see: white space and characters without width.
pub fn is_blank(line: &str) -> bool {
    line.chars().all(|c| {
        c.is_whitespace()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{034F}' | '\u{00AD}')
    })
}

/// A line under a quote mark (RFC 3676 section 4.5), however it was indented.
fn is_quoted(line: &str) -> bool {
    line.trim_start_matches([' ', '\t', '\u{a0}']).starts_with('>')
}

#[cfg(test)]
mod tests;
