//! The line that tells who wrote a quote and when, in many languages, on one line or wrapped over several.
//! May import: std, regex, `domain::{fold, text}`.

use super::marks::{ADDRESS, DATE, LONGEST, TIME, folded};
use super::{Letter, is_blank, is_quoted};
use crate::domain::fold::fold;
use crate::domain::text::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// Over how many lines an attribution may be wrapped.
const MOST_WRAPPED: usize = 5;

/// What programs write for "wrote", apart by `|`; whole words.
const VERBS: &str = "wrote|writes|wrote the following|sent|a écrit|avez écrit|écrivait|schrieb|geschrieben|hat geschrieben|\
    escribió|va escriure|ha scritto|scrisse|schreef|geschreven|escreveu|napisał|napisała|napisał(a)|napisał/a|pisze|\
    napsal(a)|napsal|napísal|napísal(a)|skrev|skrev følgende|kirjoitti|kirjutas|napisao|napisal je|je napisal|je napisao|\
    a scris|írta|ezt írta|şunu yazdı|yazdı|писал|написал|написала|написал(а)|пишет|пише|написав|na pisanju|έγραψε|כתב|\
    đã viết|menulis|rakstīja|rašė|написа";
/// The same in scripts that write no space between words.
const VERBS_WITHOUT_SPACES: &str = "写道|寫道|のメール|님이 작성|작성";

/// "Jean a écrit :" and the like, at the end of a line or wrapped before the name.
static WROTE: LazyLock<Regex> = LazyLock::new(|| {
    let words =
        |list: &str| list.split('|').map(|word| regex::escape(&fold(word))).collect::<Vec<_>>().join("|");
    pattern(&format!(r"\b(?:{})\b\)?|{}", words(VERBS), words(VERBS_WITHOUT_SPACES)))
});
/// What an attribution begins with: the words before a day, or the name of one.
static STARTER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(on|le|am|在|于|於|vao|pada|kl|στις|el|il|il giorno|op|em|den|dne|dnia|w dniu|a|en data|na|ons|pa|den|el dia|no dia|dana|v|at|in|um|u|tor|ma|ke|to|pe|la|su|lun|mar|mer|jeu|ven|sam|dim|mon|tue|wed|thu|fri|sat|sun|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|monday|tuesday|wednesday|thursday|friday|saturday|sunday|mo|di|mi|do|fr|sa|so|man|tir|tirs|fre|lor|son|ti|ke)\b[.,]?",
    )
});

/// The end of the attribution that begins at line `at`: one line, or wrapped over a few. `first` is that line, folded.
pub(super) fn attribution(letter: &Letter<'_>, at: usize, first: &str) -> Option<usize> {
    let lines = letter.lines.as_slice();
    if !letter.closes[at..lines.len().min(at + MOST_WRAPPED + 2)].contains(&true) {
        return None;
    }
    let mut joined = String::new();
    for index in at..lines.len().min(at + MOST_WRAPPED) {
        let line = lines[index];
        if index > at
            && is_blank(line)
            && index + 1 < lines.len()
            && lines[index + 1].trim_start().starts_with('<')
        {
            // Some programs put the address apart.
            continue;
        }
        if is_blank(line) || line.len() > LONGEST || (index > at && is_quoted(line) && !ends_address(line)) {
            break;
        }
        if index > at {
            joined.push(' ');
        }
        joined.push_str(if index == at { first } else { "" });
        if index > at {
            joined.push_str(&folded(line));
        }
        if joined.len() > 2 * LONGEST {
            break;
        }
        if is_attribution(&joined, lines, index + 1) {
            let own_start = (at + 1..=index).any(|later| starts_alone(lines, later, index));
            return (index == at || wraps(first, &joined) && !own_start).then_some(index + 1);
        }
        // A sentence that ended is not the start of a wrapped attribution.
        if joined.ends_with(['.', '!', '?', ':'])
            && !joined.ends_with("wrote :")
            && !ends_in_abbreviation(&joined)
        {
            break;
        }
    }
    None
}

/// Whether the attribution that ends at line `end` is whole when it begins at `at`, after a sentence.
fn starts_alone(lines: &[&str], at: usize, end: usize) -> bool {
    let first = folded(lines[at]);
    let begins = STARTER.is_match(&first) && first.contains(|c: char| c.is_ascii_digit());
    begins && is_attribution(&folded(&lines[at..=end].join(" ")), lines, end + 1)
}

/// "> wrote:", the rest of an address that was wrapped before its bracket.
fn ends_address(line: &str) -> bool {
    line.len() <= 40 && line.trim_end().ends_with(':') && WROTE.is_match(&folded(line))
}

fn ends_in_abbreviation(joined: &str) -> bool {
    joined.rsplit(' ').next().is_some_and(|word| word.len() <= 6 && word.ends_with('.'))
}

/// Whether the first line of several can be the start of an attribution: it tells a day, or an address.
fn wraps(first: &str, joined: &str) -> bool {
    (STARTER.is_match(first) || first.starts_with(|c: char| c.is_ascii_digit()))
        && (first.contains(|c: char| c.is_ascii_digit()) || joined.len() < 120)
        || ADDRESS.is_match(first)
}

/// What stands before the name where "wrote" does not follow it, folded (Horde and others).
const QUOTING: [&str; 7] =
    ["quoting ", "citando ", "zitat von ", "en reponse a ", "selon ", "citation de ", "in reply to "];

fn is_attribution(joined: &str, lines: &[&str], next: usize) -> bool {
    let dashed = joined.trim_end_matches(['-', ' ']);
    let (body, colon) = match joined.strip_suffix([':', '\u{FF1A}']) {
        Some(body) => (body.trim_end(), true),
        // Zoho draws a line to its end.
        None if joined.len() >= dashed.len() + 3 => (dashed, true),
        None => (joined, false),
    };
    let dated = DATE.is_match(body) || TIME.is_match(body);
    let addressed = ADDRESS.is_match(body);
    let starts = STARTER.is_match(body) || body.starts_with(|c: char| c.is_ascii_digit());
    let quoted_next = lines[next..]
        .iter()
        .take(3)
        .find(|line| !is_blank(line))
        .is_some_and(|line| is_quoted(line) && !ends_address(line));
    if !colon {
        // Only right above a quote.
        return quoted_next
            && dated
            && (addressed && body.ends_with(['>', ')']) || WROTE.is_match(body) && starts);
    }
    if addressed
        && (quoted_next || body.ends_with('>'))
        && QUOTING.iter().any(|begin| body.starts_with(begin))
    {
        return true;
    }
    let Some(verb) = WROTE.find_iter(body).last() else {
        return dated && addressed && is_bare(body, starts, quoted_next);
    };
    let (before, after) =
        (&body[..verb.start()], body[verb.end()..].trim_start_matches(['(', 'a', ')', '/', ' ', ',']));
    if !quoted_next && is_told(before, body) || is_told_on(after) {
        return false;
    }
    // Anything is sent by anybody; only a mail has an address or is quoted.
    if verb.as_str() == "sent" && !addressed && !quoted_next {
        return false;
    }
    let at_end = verb.end() + 3 >= body.len();
    if body.len() - verb.end() > 40 {
        return starts && dated;
    }
    (starts && dated)
        || addressed && (at_end && (quoted_next || !is_somebodys(before)) || dated)
        || quoted_next && (starts || at_end)
        || is_name(before) && is_moment(after, quoted_next)
}

/// Whether a day and an address without a verb are what Gmail and others write above a quote: little stands before
/// the day, and the address ends it.
fn is_bare(body: &str, starts: bool, quoted_next: bool) -> bool {
    let day = body.find(|c: char| c.is_ascii_digit()).unwrap_or(body.len());
    if body[..day].split_whitespace().count() > 3 {
        return false;
    }
    let Some(time) = TIME.find(body) else { return (starts || quoted_next) && body.ends_with(['>', ')']) };
    // "by", "de" and the like before an address without brackets; a sentence has more.
    let bracketed = body.contains(['<', '(', '[']);
    let between =
        ADDRESS.find(&body[time.end()..]).map_or("", |address| &body[time.end()..][..address.start()]);
    let worded = between.split([' ', ',']).filter(|word| word.starts_with(|c: char| c.is_alphabetic()));
    let is_plain =
        worded.filter(|word| !matches!(*word, "am" | "pm" | "uhr" | "gmt" | "utc" | "cet")).count() <= 1;
    (starts || quoted_next) && body.ends_with(['>', ')'])
        || DATE.is_match(body) && (starts || bracketed) && (bracketed || is_plain)
}

/// Whether words before "wrote" speak of somebody known to the writer: "ma femme", "my bank".
fn is_somebodys(before: &str) -> bool {
    const OURS: [&str; 14] = [
        "ma ", "mon ", "mes ", "notre ", "votre ", "un ", "une ", "my ", "our ", "your ", "mein ", "meine ",
        "mi ", "il mio ",
    ];
    OURS.iter().any(|begin| before.starts_with(begin))
}

/// Whether words before "wrote" may be a name: few, and no sentence.
fn is_name(before: &str) -> bool {
    (1..=5).contains(&before.split_whitespace().count())
        && before.len() <= 60
        && !before.contains(['.', ',', ':'])
}

/// Whether the words after "wrote" are a day, and a time of it unless a quote follows: "wrote on 2.11.2026 10:23".
fn is_moment(after: &str, quoted_next: bool) -> bool {
    DATE.is_match(after) && (quoted_next || TIME.is_match(after)) && after.split_whitespace().count() <= 9
}

/// Whether the words after "wrote" go on with a sentence: "wrote that it works", "schrieb mir".
fn is_told_on(after: &str) -> bool {
    const SENTENCE: [&str; 21] = [
        "ich ", "wir ", "ik ", "jag ", "jeg ", "that ", "que ", "qu'", "dass ", "che ", "dat ", "to ", "me ",
        "us ", "mir ", "uns ", "mij ", "ons ", "a mon ", "pour ", "in der ",
    ];
    SENTENCE.iter().any(|begin| after.starts_with(begin))
}

/// Whether the words before "wrote" are those of a story: "j'ai écrit", "il m'a écrit", "I wrote". "You wrote" is
/// one unless it says when to the year or the minute.
fn is_told(before: &str, body: &str) -> bool {
    const STORY: [&str; 14] = [
        "j'", "m'", "l'", "t'", "nous ", "vous ", "lui ", " il ", " elle ", " on ", " i ", " he ", " she ",
        " they ",
    ];
    let before = before.strip_suffix("have ").or(before.strip_suffix("has ")).unwrap_or(before);
    STORY.iter().any(|end| before.ends_with(end))
        || before.ends_with("you ") && body.bytes().filter(u8::is_ascii_digit).count() < 5
}
