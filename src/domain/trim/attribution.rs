//! The line that tells who wrote a quote and when, in many languages, on one line or wrapped over several.
//! May import: std, regex, `domain::{fold, text}`.

use super::marks::{ADDRESS, DATE, LONGEST, TIME, folded};
use super::{Letter, is_blank, is_quoted};
use crate::domain::fold::fold;
use crate::domain::text::pattern;
use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Over how many lines an attribution may be wrapped.
const MOST_WRAPPED: usize = 6;

/// What programs write for "wrote", apart by `|`; whole words.
const VERBS: &str = "wrote|writes|wrote the following|said the following|sent|a écrit|avez écrit|écrivait|schrieb|geschrieben|hat geschrieben|\
    escribió|va escriure|ha scritto|scrisse|schreef|geschreven|escreveu|napisał|napisała|napisał(a)|napisał/a|napisałeś|pisze|\
    napsal(a)|napsal|napísal|napísal(a)|skrev|skrev følgende|kirjoitti|kirjutas|napisao|napisal je|je napisal|je napisao|\
    a scris|írta|ezt írta|şunu yazdı|yazdı|писал|писали|написал|написала|написал(а)|пишет|пише|написав|na pisanju|έγραψε|כתב|\
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
        r"^(on|le|am|在|于|於|vao|pada|kl|στις|el|il|il giorno|op|em|den|dne|dnia|w dniu|a|en data|na|ons|pa|den|el dia|no dia|dana|v|at|in|um|u|tor|ma|ke|to|pe|la|su|lun|mar|mer|jeu|ven|sam|dim|mon|tue|wed|thu|fri|sat|sun|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|monday|tuesday|wednesday|thursday|friday|saturday|sunday|mo|di|mi|do|fr|sa|so|man|tir|tirs|fre|lor|son|ti|ke|в|во|пн|вт|ср|чт|пт|сб|вс|у)\b[.,]?",
    )
});
/// A day of the week at the start of an attribution, and the word before it.
static DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^((on|le|am|el|il|op|em|den|dnia|dne|w) )?(lun|mar|mer|jeu|ven|sam|dim|mon|tue|wed|thu|fri|sat|sun|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|monday|tuesday|wednesday|thursday|friday|saturday|sunday|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lunes|martes|miercoles|jueves|viernes|sabado|domingo|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag)\b[.,]*",
    )
});
/// What an attribution begins with behind other words, as programs write it.
static BEHIND: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(\s|[-–—]{2,} ?)(On|Le|Am|El|Il giorno|Op|Em|W dniu|Dnia|Dne)\b"));
/// The same, folded, without the words that may stand behind a name.
static BEHIND_WORDS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[ .,!?;)-](on|le|el|em|w dniu) "));
/// An address in brackets and a verb, where no colon follows.
static UNCLOSED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[>)],? (wrote|a ecrit|escribio|ha scritto|escreveu)$"));

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
            && lines.get(index + 1).is_some_and(|next| next.trim_start().starts_with('<') || is_verb(next))
        {
            // Some programs put the address apart, or the verb.
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
            let own_start = || {
                !is_only_start(first)
                    && (at + 1..=index).any(|later| starts_alone(lines, later, index, first))
            };
            let may_begin = || wraps(first, &joined) || is_name_above_address(lines, at, first);
            return (index == at || may_begin() && !own_start()).then_some(index + 1);
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

/// Whether the attribution that ends at line `end` is whole when it begins at `at`, after a sentence. Under a line with a day,
/// `above`, it has a day of its own.
fn starts_alone(lines: &[&str], at: usize, end: usize, above: &str) -> bool {
    let first = folded(lines[at]);
    if !STARTER.is_match(&first) || !first.contains(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let joined = folded(&lines[at..=end].join(" "));
    (DATE.is_match(&joined) || !DATE.is_match(above)) && is_attribution(&joined, lines, end + 1)
}

/// Whether a line, folded, is nothing but the words that an attribution begins with.
fn is_only_start(first: &str) -> bool {
    let is_start = |word: &str| STARTER.find(word).is_some_and(|start| start.end() == word.len());
    first.len() <= 40 && !first.is_empty() && first.split_whitespace().all(is_start)
}

/// Whether a line is a name in a paragraph of its own whose address stands on the next: "Camille Durand", "<c@desk.example>".
fn is_name_above_address(lines: &[&str], at: usize, first: &str) -> bool {
    let words = first.split_whitespace().count();
    (2..=4).contains(&words)
        && is_name(first)
        && is_titled(lines[at], 0, words)
        && (at == 0 || is_blank(lines[at - 1]))
        && lines.get(at + 1).is_some_and(|next| {
            next.len() <= LONGEST && next.trim_start().starts_with('<') && ADDRESS.is_match(next)
        })
}

/// "wrote:", a verb and nothing else.
fn is_verb(line: &str) -> bool {
    if line.len() > 40 || !line.trim_end().ends_with(':') {
        return false;
    }
    let line = folded(line);
    WROTE
        .find(&line)
        .is_some_and(|verb| verb.start() == 0 && line[verb.end()..].chars().all(|c| matches!(c, ' ' | ':')))
}

/// Where an attribution begins that stands behind words on one line, where the end of a line was lost. It has all that a program
/// writes: a day, a time and an address, which stands in brackets where nothing below is marked; then only a mail that `answers`
/// another has one.
pub(super) fn shared(lines: &[&str], at: usize, answers: bool) -> Option<usize> {
    /// How many places of a line are tried, the last ones.
    const MOST_TRIED: usize = 4;
    let line = lines[at];
    if !line.trim_end().ends_with(':') || line.len() > LONGEST || !line.contains('@') || is_quoted(line) {
        return None;
    }
    let is_marked = is_quoted_below(lines, at + 1);
    if !is_marked && !answers {
        return None;
    }
    let starts: Vec<usize> = BEHIND.find_iter(line).map(|start| start.start()).collect();
    starts.into_iter().rev().take(MOST_TRIED).find_map(|start| {
        let rest = line[start..].trim_start();
        let whole = folded(rest);
        let whole = whole.trim_start_matches(['-', '–', '—', ' ']);
        let is_program = DATE.is_match(whole)
            && TIME.is_match(whole)
            && ADDRESS.is_match(whole)
            && (is_marked || whole.contains('<'))
            && line[..start].contains(char::is_alphanumeric)
            && WROTE.find_iter(whole).last().is_some_and(|verb| !is_told(&whole[..verb.start()], whole))
            && !speaks_of(whole)
            && is_attribution(whole, lines, at + 1);
        is_program.then_some(line.len() - rest.len())
    })
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

/// Whether the first written line from `next` on, close by, is quoted.
fn is_quoted_below(lines: &[&str], next: usize) -> bool {
    lines[next..]
        .iter()
        .take(3)
        .find(|line| !is_blank(line))
        .is_some_and(|line| is_quoted(line) && !ends_address(line))
}

fn is_attribution(joined: &str, lines: &[&str], next: usize) -> bool {
    // Emphasis may go around the whole of it.
    let joined = joined.trim_end_matches(['_', ' ']);
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
    let quoted_next = is_quoted_below(lines, next);
    if !colon {
        // Only right above a quote, or with everything that a program writes.
        return quoted_next
            && dated
            && (addressed && body.ends_with(['>', ')']) || WROTE.is_match(body) && starts)
            || starts
                && UNCLOSED.is_match(body)
                && DATE.is_match(body)
                && TIME.is_match(body)
                && addressed
                && lines.get(next).is_none_or(|line| is_blank(line));
    }
    if addressed
        && (quoted_next || body.ends_with('>'))
        && QUOTING.iter().any(|begin| body.starts_with(begin))
    {
        return true;
    }
    let Some(verb) = WROTE.find_iter(body).last() else {
        return dated && addressed && is_bare(body, starts, quoted_next)
            || quoted_next && addressed && is_foreign(body);
    };
    let (before, after) =
        (&body[..verb.start()], body[verb.end()..].trim_start_matches(['(', 'a', ')', '/', ' ', ',']));
    // "You wrote:", "Vous avez écrit :" and no more, as programs begin.
    if quoted_next && after.is_empty() && matches!(before.trim(), "you" | "vous") {
        return true;
    }
    // A program that writes as people tell a story says the day and the time.
    let timed = quoted_next && DATE.is_match(body) && TIME.is_match(body);
    if !timed && is_told(before, body) || is_told_on(after) {
        return false;
    }
    // Anything is sent by anybody; only a mail has an address or is quoted.
    if verb.as_str() == "sent" && !addressed && !quoted_next {
        return false;
    }
    // A sentence that begins as an attribution does comes to its day later, if to any.
    let digit = body.find(|c: char| c.is_ascii_digit()).unwrap_or(body.len());
    let is_near = body[..digit].split_whitespace().count() <= 4;
    if body.len() - verb.end() > 40 {
        return starts && dated && is_near;
    }
    if starts && dated && is_near {
        return true;
    }
    if !starts && is_behind_words(before) {
        return false;
    }
    let at_end = verb.end() + 3 >= body.len();
    let is_theirs = !speaks_of(before);
    let is_dated = DATE.is_match(body) || STARTER.is_match(body) && digit < verb.start();
    let raw = lines[next - 1];
    // "My Firm <…> wrote:" right above a quote is a name.
    let is_named =
        quoted_next && before.trim_end().ends_with(['>', ')', ']']) && !speaks_of(without_possessive(before));
    let is_somebody = || is_plain_name(before, raw) || verb.as_str() != "sent" && is_loose_name(before, raw);
    is_theirs && addressed && dated
        || (is_theirs || is_named) && addressed && at_end && is_addressed_name(before, raw)
        || is_theirs && quoted_next && at_end && (is_dated && is_near || is_somebody())
        || is_name(before) && is_moment(after, quoted_next)
}

/// Whether a line above a quote is an attribution in whatever language: it has an address in brackets, and a day or a time.
fn is_foreign(body: &str) -> bool {
    let is_dated = || DATE.is_match(body) || TIME.is_match(body);
    // The digits of other scripts.
    let has_digits = || body.chars().filter(|c| c.is_numeric() && !c.is_ascii()).count() >= 5;
    body.contains('<')
        && body.contains('>')
        && (is_dated() || has_digits())
        && !speaks_of(body)
        && !is_behind_words(body)
}

/// Whether other words stand before what an attribution begins with: "Ok thanks On Tue, Mar 3 …".
fn is_behind_words(before: &str) -> bool {
    let Some(start) = BEHIND_WORDS.find(before) else { return false };
    let words = &before[..start.start()];
    words.contains(char::is_alphanumeric)
        && !DAY.is_match(words)
        && !words.contains('@')
        && !DATE.is_match(words)
        && !TIME.is_match(words)
        && DATE.is_match(&before[start.start()..])
}

/// Whether the words before "wrote" are a name and an address, or the address alone; `raw`: the line, not folded.
fn is_addressed_name(before: &str, raw: &str) -> bool {
    let words = names(before).count();
    words <= 7 && (before.contains(['<', '(', '[']) || is_titled(raw, 0, words))
}

/// Whether the words before "wrote" are a name, or a day of the week and a name; `raw`: the line, not folded.
fn is_plain_name(before: &str, raw: &str) -> bool {
    let words = names(before).count();
    if let Some(day) = DAY.find(before) {
        return words <= 6 && is_titled(raw, day.as_str().split_whitespace().count(), words);
    }
    is_name(&without_comma(before)) && is_titled(raw, 0, words)
}

/// Words that stand before "wrote" in sentences and in no name, folded.
#[rustfmt::skip]
const NO_NAMES: [&str; 76] = [
    "le", "la", "les", "un", "une", "ce", "cet", "cette", "ces", "ca", "cela", "son", "sa", "ses", "leur", "leurs",
    "il", "elle", "ils", "elles", "on", "qui", "que", "quoi", "et", "puis", "ensuite", "alors", "mais", "hier", "aujourd'hui",
    "quelqu'un", "personne", "bonjour", "bonsoir", "salut", "merci", "oui", "non", "voici", "ok", "the", "a", "an", "this", "that",
    "these", "it", "its", "he", "she", "they", "his", "her", "their", "who", "which", "what", "and", "then", "but", "also",
    "yesterday", "today", "somebody", "someone", "nobody", "hello", "hi", "hey", "dear", "thanks", "yes", "no", "der", "die",
];

/// Whether the words before "wrote" are a name of which not each word is written as in one: "Service client Firm", "camille",
/// "jean.martin"; `raw`: the line, not folded.
fn is_loose_name(before: &str, raw: &str) -> bool {
    let is_no_name = |word: &str| word.starts_with("l'") || NO_NAMES.contains(&word);
    before.len() <= 60
        && before.contains(char::is_alphabetic)
        && !before.contains([',', ':'])
        && !names(before).any(is_no_name)
        && (before.split_whitespace().count() == 1 || is_name(before) && is_titled(raw, 0, 1))
}

/// Words without the comma between a name and a first name, "Durand, Camille"; after a greeting there is none.
fn without_comma(before: &str) -> Cow<'_, str> {
    match before.split_once(", ") {
        Some((name, first))
            if !first.trim().is_empty()
                && name.split_whitespace().next().is_some_and(|word| !NO_NAMES.contains(&word)) =>
        {
            format!("{name} {first}").into()
        }
        _ => before.into(),
    }
}

/// Words without the "my" or "our" at their start.
fn without_possessive(before: &str) -> &str {
    const POSSESSIVES: [&str; 7] = ["my ", "our ", "your ", "notre ", "nos ", "votre ", "vos "];
    POSSESSIVES.iter().find_map(|begin| before.strip_prefix(begin)).unwrap_or(before)
}

/// The words of a line that may be of a name: not what is drawn before it.
fn names(line: &str) -> impl Iterator<Item = &str> {
    line.split_whitespace().filter(|word| word.contains(char::is_alphanumeric) || *word == "&")
}

/// Whether the words of a line from one place to another are written as in a name, or are an address.
fn is_titled(line: &str, from: usize, to: usize) -> bool {
    const SMALL: [&str; 10] = ["de", "du", "des", "la", "le", "von", "van", "of", "via", "&"];
    let words: Vec<&str> = names(line).collect();
    let is_fitting = |word: &&str| {
        let bare = word.trim_start_matches(|c: char| !c.is_alphanumeric());
        SMALL.contains(word) || word.contains('@') || !bare.starts_with(char::is_lowercase)
    };
    words.get(from..to).is_some_and(|words| words.iter().all(is_fitting))
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

/// Whether words before "wrote" speak of somebody known to the writer, or are the writer's: "ma femme", "my bank", "votre collègue".
fn speaks_of(before: &str) -> bool {
    const OURS: [&str; 10] =
        ["un ", "une ", "your ", "mein ", "meine ", "mi ", "il mio ", "voici ", "here ", "what "];
    const WITHIN: [&str; 19] = [
        " ma ", " mon ", " mes ", " notre ", " nos ", " votre ", " vos ", " vous ", " je ", " j'", " m'",
        " ce que ", " my ", " our ", " your ", " you ", " i ", " meine ", " ihre ",
    ];
    let padded = format!(" {before}");
    OURS.iter().any(|begin| before.starts_with(begin)) || WITHIN.iter().any(|word| padded.contains(word))
}

/// Whether words before "wrote" may be a name: few, and no sentence.
fn is_name(before: &str) -> bool {
    (1..=5).contains(&before.split_whitespace().count())
        && before.len() <= 60
        && !before.contains([',', ':'])
        && before.split_whitespace().all(ends_no_sentence)
}

/// Whether a word has no full stop, or is an initial, a title or another abbreviation: "D.", "J.-P.", "Dr.".
fn ends_no_sentence(word: &str) -> bool {
    const ABBREVIATIONS: [&str; 15] = [
        "dr.", "mr.", "mrs.", "ms.", "mm.", "mme.", "mlle.", "prof.", "st.", "jr.", "sr.", "inc.", "ltd.",
        "co.", "corp.",
    ];
    let letters = word.chars().filter(|c| c.is_alphanumeric()).count();
    let most = if word.trim_end_matches('.').contains('.') { 4 } else { 1 };
    !word.contains('.') || letters <= most || ABBREVIATIONS.contains(&word)
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
    let padded = format!(" {before}");
    STORY.iter().any(|end| padded.ends_with(end))
        || before.ends_with("you ") && body.bytes().filter(u8::is_ascii_digit).count() < 5
}
