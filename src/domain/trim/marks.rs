//! The lines that stand above a quote: who wrote what when, header blocks, separators.
//! May import: std, memchr, regex, `domain::{fold, text}`.

use super::attribution::attribution;
use super::block::{Block, Label, Strictness, header_block, label};
use super::{Letter, is_blank};
use crate::domain::fold::fold;
use crate::domain::text::{head, pattern};
use memchr::memmem::Finder;
use regex::{Regex, RegexSet};
use std::borrow::Cow;
use std::sync::LazyLock;

/// What begins at a line.
pub enum Header {
    /// The history from here.
    Quote {
        /// The first line after the header.
        end: usize,
        /// Only programs write such a header.
        is_certain: bool,
    },
    /// A forwarded mail.
    Forward,
}

/// Longest line looked into, in bytes: a header of a quote is never longer.
pub const LONGEST: usize = 600;

/// The header of a quote that begins at line `at`, if one does; that line is neither blank nor quoted.
pub(super) fn header_at(letter: &Letter<'_>, at: usize) -> Option<Header> {
    let lines = letter.lines.as_slice();
    if lines[at].len() > LONGEST {
        return None;
    }
    let folded = bare(letter.folded(at));
    if is_forward(&folded) {
        return Some(Header::Forward);
    }
    if is_separator(&folded) {
        return Some(Header::Quote { end: at + 1, is_certain: true });
    }
    if is_rule(&folded) || is_prelude(&folded) {
        let mut next = next_written(lines, at + 1)?;
        if is_prelude(&self::folded(head(lines[next], LONGEST))) {
            next = next_written(lines, next + 1)?;
        }
        let first = self::folded(head(lines[next], LONGEST));
        if let Some(Block { end, is_whole }) = header_block(lines, next, &first, Strictness::UnderRule) {
            // Nobody draws so long a line by hand.
            let is_certain = is_whole || folded.len() >= LONG_RULE || is_prelude(&folded);
            return Some(Header::Quote { end, is_certain });
        }
        return attribution(letter, next, &first).map(|end| Header::Quote { end, is_certain: false });
    }
    if let Some(Block { end, is_whole }) = header_block(lines, at, &folded, Strictness::Alone) {
        return Some(Header::Quote { end, is_certain: is_whole });
    }
    let end = attribution(letter, at, folded.trim_start_matches(['-', '_', ' ']))?;
    Some(Header::Quote { end, is_certain: false })
}

/// Folded, without the marks of emphasis that HTML became, white space collapsed.
pub fn folded(line: &str) -> String {
    bare(fold(line).into()).into_owned()
}

/// The same of a line that is folded.
fn bare(folded: Cow<'_, str>) -> Cow<'_, str> {
    if is_plain(&folded) {
        return match folded {
            Cow::Borrowed(line) => line.trim_end().into(),
            Cow::Owned(mut line) => {
                line.truncate(line.trim_end().len());
                line.into()
            }
        };
    }
    let mut plain = String::with_capacity(folded.len());
    for c in folded.chars() {
        match c {
            '*'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}'
            | '\u{FEFF}' => {}
            c if c.is_whitespace() => {
                if !plain.is_empty() && !plain.ends_with(' ') {
                    plain.push(' ');
                }
            }
            c => plain.push(c),
        }
    }
    plain.truncate(plain.trim_end().len());
    plain.into()
}

/// Whether a folded line has nothing to take out: printable ASCII, single spaces, none in front. Most lines are so.
fn is_plain(folded: &str) -> bool {
    let bytes = folded.as_bytes();
    let is_odd = |byte: u8| !(b' '..0x7F).contains(&byte) || byte == b'*';
    let doubled = bytes
        .iter()
        .zip(bytes.get(1..).unwrap_or_default())
        .fold(false, |found, (&byte, &next)| found | (byte == b' ') & (next == b' '));
    !doubled && !folded.starts_with(' ') && !bytes.iter().fold(false, |found, &byte| found | is_odd(byte))
}

/// The shortest line that programs draw above a header block.
const LONG_RULE: usize = 20;

fn next_written(lines: &[&str], from: usize) -> Option<usize> {
    // A rule and the header under it are close together.
    (from..lines.len().min(from + 3)).find(|&at| !is_blank(lines[at]))
}

/// A line drawn across the page.
fn is_rule(folded: &str) -> bool {
    let bare = folded.trim_matches(' ');
    bare.len() >= 5 && bare.chars().all(|c| matches!(c, '_' | '-' | '=' | '—' | '–' | '─'))
}

/// "Message du 03/03/26 10:23", as Orange, SFR and La Poste begin their header blocks.
fn is_prelude(folded: &str) -> bool {
    folded
        .strip_prefix("message du ")
        .is_some_and(|rest| rest.trim_start_matches([':', ' ']).starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether the quoted lines from `first` to `end` are only the header block of a quote whose text follows without
/// marks, as Orange writes it.
pub fn is_marked_header(lines: &[&str], first: usize, end: usize) -> bool {
    let bare = |line: &str| folded(head(line.trim_start_matches(['>', ' ']), LONGEST));
    let mut written = lines[first..end]
        .iter()
        .filter(|line| !is_blank(line))
        .map(|line| bare(line))
        .filter(|line| !line.is_empty());
    written.next().is_some_and(|line| is_prelude(&line)) && written.all(|line| label(&line).is_some())
}

/// Whether the quoted lines from `first` to `end` are only the header block of a mail, with an address, a day and whom it
/// is for, as WEB.DE marks it.
pub fn is_marked_block(lines: &[&str], first: usize, end: usize) -> bool {
    /// More labels than any block has.
    const MOST_LABELS: usize = 12;
    let mut seen = Vec::new();
    let mut has_address = false;
    for line in &lines[first..end] {
        let bare = folded(head(line.trim_start_matches(['>', ' ']), LONGEST));
        if is_blank(&bare) {
            continue;
        }
        let Some((named, value)) = label(&bare) else { return false };
        has_address |= value.contains('@');
        seen.push(named);
        if seen.len() > MOST_LABELS {
            return false;
        }
    }
    has_address
        && seen.contains(&Label::From)
        && seen.contains(&Label::Subject)
        && seen.contains(&Label::Sent)
        && seen.contains(&Label::To)
}

/// Words between dashes, as programs draw above a header block in any language: `------ Original ------`.
pub fn is_worded_rule(line: &str) -> bool {
    static RULE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^[-_=*]{3,}\s?[^-_=*\s]([^_=*]{0,38}[^-_=*\s])?\s?[-_=*]{3,}$"));
    line.len() <= LONGEST && RULE.is_match(line.trim())
}

/// Whether a quoted line begins a forwarded mail, as Apple Mail marks it.
pub fn is_marked_forward(line: &str) -> bool {
    is_forward(&folded(head(line.trim_start_matches(['>', ' ']), LONGEST)))
}

/// Whether a quoted line is what GroupWise writes above a quote that has no marks: `>>> Jean 03/03/2026 10:23 >>>`.
pub fn is_marked_attribution(line: &str) -> bool {
    let line = line.trim();
    line.len() <= 200
        && line
            .strip_prefix(">>>")
            .and_then(|rest| rest.strip_suffix(">>>"))
            .is_some_and(|inner| DATE.is_match(inner))
}

/// Words that programs write between dashes above the history.
static SEPARATORS: LazyLock<RegexSet> = LazyLock::new(|| {
    let words = "original message|original e-?mail|reply message|original appointment|message d'origine|message original|message initial|courriel d'origine|(e-?)?mail d'origine|courrier d'origine|message precedent|\
        mail original|courriel original|ursprungliche nachricht|originalnachricht|original-nachricht|\
        urspr\\. nachricht|messaggio originale|messaggio di origine|mensaje original|mensagem original|mensaje de origen|\
        oorspronkelijk bericht|oorspronkelijke bericht|origineel bericht|oprindelig meddelelse|original meddelelse|\
        ursprungligt meddelande|originalmeddelande|original melding|opprinnelig melding|alkuperainen viesti|\
        wiadomosc oryginalna|oryginalna wiadomosc|puvodni zprava|puvodni email|povodna sprava|eredeti uzenet|\
        原始邮件|原始郵件|邮件原件|元のメッセージ|mesaj original|mesajul original|orijinal ileti|исходное сообщение|оригинальное сообщение|пересылаемое сообщение";
    // Folding takes marks from letters of other scripts as well.
    let words = fold(words);
    // The words for "original" with those for "message", in either order.
    let original = fold(
        "d'origine|origin\\w*|ursprung\\w*|oprindelig\\w*|opprinnelig\\w*|alkuperai\\w*|исходн\\w*|元の|원본|orijinal|eredeti|puvodn\\w*|povodn\\w*",
    );
    let message = fold(
        "(e-?)?mails?|e-?post|messages?|messaggio|mensaje|mensagem|mesaj\\w*|ileti|nachricht|termin|bericht|melding|meddel\\w*|viesti|\
         письмо|сообщение|メール|メッセージ|메시지|zprava|sprava|uzenet|courriel|reponse|rendez-vous|appointment|meeting",
    );
    RegexSet::new([
        // -----Message d'origine-----, ________ Original message ________
        format!("^[ _=-]*[-_=]{{2,}} ?({words})( :)? ?[-_=]{{2,}}[ _=-]*$"),
        // Android: "-------- Message d'origine --------" may lose one side; Samsung writes none.
        format!("^[-_=]{{5,}} ?({words})"),
        format!("^[-_=]{{5,}} ?(begin )?(({original}) ?({message})|({message}) ({original})) ?[-_=]{{5,}}$"),
        // Android: "---- Jean wrote ----".
        "^-{2,} ?[^-]{1,80} (wrote|a ecrit|schrieb|escribio|ha scritto|escreveu|schreef) ?-{2,}$".to_owned(),
        // "## Répondre au-dessus de cette ligne ##" and the like.
        "^\\W*(please )?(type |write |enter )?(your )?(reply|respond|answer|replies)\\b.{0,30}\\babove (this|the) line( to [a-z ]{1,40})?\\W*$".to_owned(),
        // Redmine.
        "^\\W*(please )?(reply|respond|answer) above\\b.{0,10}\\bdo not (remove|delete|edit) this line\\W*$".to_owned(),
        "^\\W*(please )?(type|write|enter) your (reply|answer|response)\\b.{0,20}\\babove( (this|the) line)?( to [a-z ]{1,40})?\\W*$".to_owned(),
        "^\\W*(merci de |veuillez )?(repondre|repondez|ecrire|ecrivez|saisir|saisissez)\\b.{0,40}au[- ]dessus de cette ligne( pour (repondre|commenter|ajouter|nous)[a-z' ]{0,30})?\\W*$".to_owned(),
        "^\\W*.{0,60}(oberhalb dieser (zeile|linie)|por encima de esta linea|sopra questa (linea|riga)|acima desta linha|\
         boven deze (regel|lijn)|over denne linjen?|ovenfor denne linje|ovanfor (den har|denna) (rad|linje)|powyzej tej linii)( ein)?\\W*$"
            .to_owned(),
    ])
    .unwrap_or_else(|error| unreachable!("the patterns are constant: {error}"))
});

fn is_separator(folded: &str) -> bool {
    /// One of these is in each separator that begins with a letter: "lin" is in line, linie, linea, linha and linje.
    static WORDS: LazyLock<[Finder<'static>; 4]> =
        LazyLock::new(|| ["lin", "ligne", "zeile", "above"].map(Finder::new));
    let begins = folded.starts_with(|c: char| !c.is_alphanumeric());
    folded.len() <= 160
        && (begins || WORDS.iter().any(|word| word.find(folded.as_bytes()).is_some()))
        && SEPARATORS.is_match(folded)
}

/// The lines above a forwarded mail.
static FORWARDS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "^[-_= ]*[-_=]{2,} ?(forwarded message|original forwarded message|message transfere|mail transfere|courriel transfere|\
         message reexpedie|weitergeleitete nachricht|weitergeleitete e-?mail|anfang der weitergeleiteten (nachricht|e-mail)|\
         mensaje reenviado|mensagem (encaminhada|reencaminhada)|messaggio inoltrato|doorgestuurd bericht|videresendt \
         (meddelelse|melding)|vidarebefordrat meddelande|valitetty viesti|przekazana wiadomosc|wiadomosc przekazana|\
         preposlana zprava|пересланное сообщение|переадресованное сообщение)\
         |^(begin forwarded message|debut du message (transfere|reexpedie)|anfang der weitergeleiteten (nachricht|e-mail)|\
         inizio messaggio inoltrato|inicio del mensaje reenviado|begin doorgestuurd bericht|start (pa )?videresendt \
         (meddelelse|besked)|vidarebefordrat brev|poczatek przekazywanej wiadomosci) ?:?$\
         |^[-_= ]*[-_=]{2,} ?(forwarded by|transmis par|transfere par|weitergeleitet von) ",
    )
});

fn is_forward(folded: &str) -> bool {
    // A line of prose is told apart without asking the pattern.
    (folded.len() <= 60 || folded.starts_with(['-', '_', '='])) && FORWARDS.is_match(folded)
}

/// A time of day.
pub static TIME: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?-u:\b)\d{1,2} ?[:h.] ?\d{2}(?-u:\b)"));
/// A day.
pub static DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?-u:\b)\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4}(?-u:\b)|(?-u:\b)(19|20)\d\d(?-u:\b)|(?-u:\b)\d{1,2}\.? (jan|fev|feb|mar|avr|apr|mai|may|jui|jun|jul|aou|aug|sep|oct|okt|nov|dec|dez|dic|gen|ene|abr|ago|set|mag|giu|lug|ott|maa|mrt|mei|sty|lut|kwi|maj|cze|lip|sie|wrz|paz|lis|gru)|\d+年",
    )
});
/// An address of mail.
pub static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[^\s<>()@]+@[^\s<>()@]+"));
