//! The lines that stand above a quote: who wrote what when, header blocks, separators.
//! May import: std, regex, `domain::fold`.

use super::{is_blank, is_quoted};
use crate::domain::fold::fold;
use regex::{Regex, RegexSet};
use std::sync::LazyLock;

/// What begins at a line.
pub enum Header {
    /// The history from here; `end` is the line after the header.
    Quote {
        /// The first line after the header.
        end: usize,
    },
    /// A forwarded mail.
    Forward,
}

/// Longest line looked into, in bytes: a header of a quote is never longer.
const LONGEST: usize = 600;
/// Over how many lines an attribution may be wrapped.
const MOST_WRAPPED: usize = 5;

/// The header of a quote that begins at line `at`, if one does. `lines[at]` is neither blank nor quoted.
pub fn header_at(lines: &[&str], at: usize) -> Option<Header> {
    let line = lines[at];
    if line.len() > LONGEST {
        return None;
    }
    let folded = folded(line);
    if is_forward(&folded) {
        return Some(Header::Forward);
    }
    if is_separator(&folded) {
        return Some(Header::Quote { end: at + 1 });
    }
    if is_rule(&folded) || is_prelude(&folded) {
        let mut next = next_written(lines, at + 1)?;
        if is_prelude(&self::folded(head(lines[next], LONGEST))) {
            next = next_written(lines, next + 1)?;
        }
        return header_block(lines, next, Strictness::UnderRule).map(|end| Header::Quote { end });
    }
    if let Some(end) = header_block(lines, at, Strictness::Alone) {
        return Some(Header::Quote { end });
    }
    attribution(lines, at, folded.trim_start_matches(['-', ' '])).map(|end| Header::Quote { end })
}

/// Folded, without the marks of emphasis that HTML became, white space collapsed.
fn folded(line: &str) -> String {
    let folded = fold(line);
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
    plain
}

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

/// Whether a quoted line begins a forwarded mail, as Apple Mail marks it.
pub fn is_marked_forward(line: &str) -> bool {
    is_forward(&folded(head(line.trim_start_matches(['>', ' ']), LONGEST)))
}

/// Words that programs write between dashes above the history.
static SEPARATORS: LazyLock<RegexSet> = LazyLock::new(|| {
    let words = "original message|reply message|original appointment|message d'origine|message original|message initial|\
        mail original|courriel original|message d'origine|ursprungliche nachricht|originalnachricht|original-nachricht|\
        urspr\\. nachricht|messaggio originale|messaggio di origine|mensaje original|mensagem original|mensaje de origen|\
        oorspronkelijk bericht|oorspronkelijke bericht|origineel bericht|oprindelig meddelelse|original meddelelse|\
        ursprungligt meddelande|originalmeddelande|original melding|opprinnelig melding|alkuperainen viesti|\
        wiadomosc oryginalna|oryginalna wiadomosc|puvodni zprava|puvodni email|povodna sprava|eredeti uzenet|\
        mesaj original|mesajul original|orijinal ileti|исходное сообщение|оригинальное сообщение|пересылаемое сообщение";
    RegexSet::new([
        // -----Message d'origine-----, ________ Original message ________
        format!("^[ _=-]*[-_=]{{2,}} ?({words})( :)? ?[-_=]{{2,}}[ _=-]*$"),
        // Android: "-------- Message d'origine --------" may lose one side; Samsung writes none.
        format!("^[-_=]{{5,}} ?({words})"),
        // "## Répondre au-dessus de cette ligne ##" and the like.
        "^\\W*(please )?(type |write |enter )?(your )?(reply|respond|answer|replies)\\b.{0,30}\\babove (this|the) line".to_owned(),
        "^\\W*(please )?(type|write|enter) your (reply|answer|response)\\b.{0,20}\\babove".to_owned(),
        "^\\W*(merci de |veuillez )?(repondre|repondez|ecrire|ecrivez|saisir|saisissez)\\b.{0,40}au[- ]dessus de cette ligne".to_owned(),
        "^\\W.{0,60}(oberhalb dieser (zeile|linie)|por encima de esta linea|sopra questa (linea|riga)|acima desta linha|\
         boven deze (regel|lijn)|over denne linjen?|ovenfor denne linje|ovanfor (den har|denna) (rad|linje)|powyzej tej linii)"
            .to_owned(),
    ])
    .unwrap_or_else(|error| unreachable!("the patterns are constant: {error}"))
});

fn is_separator(folded: &str) -> bool {
    let begins = folded.starts_with(|c: char| !c.is_alphanumeric());
    (begins || folded.contains("line") || folded.contains("ligne") || folded.contains("above"))
        && folded.len() <= 160
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

/// What a line of a header block names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    From,
    Sent,
    To,
    Copy,
    Subject,
}

/// The label that a word is, folded, in the languages of the programs that write such blocks.
fn label_named(name: &str) -> Option<Label> {
    Some(match name {
        "from" | "de" | "von" | "da" | "van" | "fra" | "fran" | "od" | "desde" | "remitente"
        | "expediteur" | "mittente" | "absender" | "lahettaja" | "kimden" | "gonderen" | "felado" | "от"
        | "от кого" => Label::From,
        "reply-to" | "repondre a" | "cc" | "copie" | "copie a" | "kopie" | "cci" | "bcc" => Label::Copy,
        "sent"
        | "date"
        | "sent at"
        | "date sent"
        | "envoye"
        | "envoye le"
        | "date d'envoi"
        | "le"
        | "gesendet"
        | "gesendet am"
        | "datum"
        | "inviato"
        | "data"
        | "enviado"
        | "enviado el"
        | "enviada"
        | "enviada em"
        | "enviado em"
        | "fecha"
        | "verzonden"
        | "sendt"
        | "dato"
        | "skickat"
        | "wyslano"
        | "odeslano"
        | "lahetetty"
        | "paivays"
        | "tarih"
        | "gonderme tarihi"
        | "gonderildi"
        | "kuldve"
        | "дата"
        | "отправлено" => Label::Sent,
        "to" | "a" | "an" | "para" | "aan" | "til" | "till" | "do" | "komu" | "destinataire"
        | "destinataires" | "vastaanottaja" | "kime" | "кому" => Label::To,
        "subject" | "objet" | "sujet" | "betreff" | "oggetto" | "asunto" | "assunto" | "onderwerp"
        | "emne" | "amne" | "temat" | "predmet" | "aihe" | "konu" | "targy" | "тема" | "objekt" => {
            Label::Subject
        }
        _ => return None,
    })
}

/// Reads `Label: value`.
fn label(folded: &str) -> Option<(Label, &str)> {
    let (name, value) = folded.split_once(':')?;
    label_named(name.trim_matches([' ', '_', '|'])).map(|label| (label, value.trim()))
}

#[derive(PartialEq, Eq)]
enum Strictness {
    /// Nothing but the block tells that a quote begins.
    Alone,
    /// A line was drawn above it.
    UnderRule,
}

/// The end of the block of `From: Sent: To: Subject:` lines that begins at `at`.
///
/// Alone, it needs a sender, a day or a recipient, and more that speaks for it, so that "De : notre équipe", a
/// "From: x" inside a sentence, or the "De : Objet :" of a contact form stays text.
fn header_block(lines: &[&str], at: usize, strictness: Strictness) -> Option<usize> {
    let first = folded(head(lines[at], LONGEST));
    let (first_label, _) = label(&first)?;
    let mut seen: Vec<Label> = Vec::with_capacity(5);
    let mut has_address = false;
    let mut has_time = false;
    let mut sent_then = false;
    let mut end = at;
    let mut wrapped = 0;
    let mut blank = 0;
    for (index, line) in lines.iter().enumerate().skip(at).take(30) {
        if is_blank(line) {
            // Outlook's HTML puts a blank line between the labels.
            blank += 1;
            if blank > 1 {
                break;
            }
            continue;
        }
        if line.len() > 20 * LONGEST || is_quoted(line) && index == at {
            break;
        }
        let text = folded(head(line, LONGEST));
        match label(&text) {
            Some((label, value)) => {
                if !seen.contains(&label) {
                    seen.push(label);
                }
                has_address |= value.contains('@');
                sent_then |= SENT_WORDS.iter().any(|word| text.starts_with(word)) && DATE.is_match(value);
                has_time |= TIME.is_match(value) || DATE.is_match(value);
                // Several labels on one line, when the HTML had no line breaks.
                for (word, more) in [
                    (" date:", Label::Sent),
                    (" sent:", Label::Sent),
                    (" to:", Label::To),
                    (" subject:", Label::Subject),
                    (" envoye :", Label::Sent),
                    (" objet :", Label::Subject),
                ] {
                    if value.contains(word) && !seen.contains(&more) {
                        seen.push(more);
                    }
                }
                end = index + 1;
                wrapped = 0;
                blank = 0;
            }
            // A long list of recipients goes on over the next lines.
            None if blank == 0 && wrapped < 3 && (text.contains('@') || continues(line)) => {
                has_address |= text.contains('@');
                wrapped += 1;
                end = index + 1;
            }
            None => break,
        }
    }
    let from = seen.contains(&Label::From);
    let others = seen.len() - usize::from(from);
    let enough = match strictness {
        Strictness::UnderRule => from || seen.len() >= 2,
        Strictness::Alone => {
            let dated_or_sent_to = seen.contains(&Label::Sent) || seen.contains(&Label::To);
            from && dated_or_sent_to
                && (others >= 2 && (has_address || has_time || seen.contains(&Label::Subject))
                    || others >= 1 && (has_address || sent_then))
                && first_label != Label::Copy
        }
    };
    enough.then_some(end)
}

/// The labels of a day that nobody writes by hand, folded.
const SENT_WORDS: [&str; 9] =
    ["sent", "envoye", "gesendet", "inviato", "enviad", "verzonden", "sendt", "skickat", "wyslano"];

/// Whether a line of a block carries on the line before.
fn continues(line: &str) -> bool {
    line.starts_with([' ', '\t'])
}

/// At most the first `length` bytes.
fn head(line: &str, length: usize) -> &str {
    let mut end = line.len().min(length);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    &line[..end]
}

static TIME: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?-u:\b)\d{1,2} ?[:h.] ?\d{2}(?-u:\b)"));
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?-u:\b)\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4}(?-u:\b)|(?-u:\b)(19|20)\d\d(?-u:\b)|(?-u:\b)\d{1,2}\.? (jan|fev|feb|mar|avr|apr|mai|may|jui|jun|jul|aou|aug|sep|oct|okt|nov|dec|dez|dic|gen|ene|abr|ago|set|mag|giu|lug|ott|maa|mrt|mei|sty|lut|kwi|maj|cze|lip|sie|wrz|paz|lis|gru)|\d+年",
    )
});
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[^\s<>()@]+@[^\s<>()@]+"));
/// "Jean a écrit :" and the like, at the end of a line or wrapped before the name.
static WROTE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(\bwrote|\bwrites|\ba ecrit|\becrivait|\bschrieb|\bgeschrieben|\bhat geschrieben|\bescribio|\bva escriure|\bha scritto|\bscrisse|\bschreef|\bgeschreven|\bescreveu|\bnapisal|\bnapisala|\bnapisal\(a\)|\bnapisal/a|\bpisze|\bnapsal\(a\)|\bnapsal|\bskrev|\bkirjoitti|\bkirjutas|\bnapisao|\bnapisal je|\bje napisal|\ba scris|\birta|\bezt irta|\bsunu yazdi|\byazdi|\bписал|\bнаписал|\bнаписала|\bнаписал\(а\)|\bпишет|\bwrote the following|\bna pisanju)\b\)?",
    )
});
static STARTER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(on|le|am|el|il|il giorno|op|em|den|dne|dnia|w dniu|a|en data|na|ons|pa|den|el dia|no dia|dana|v|at|in|um|u|tor|ma|ke|to|pe|la|su|lun|mar|mer|jeu|ven|sam|dim|mon|tue|wed|thu|fri|sat|sun|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|monday|tuesday|wednesday|thursday|friday|saturday|sunday|mo|di|mi|do|fr|sa|so|man|tir|tirs|fre|lor|son|ti|ke)\b[.,]?",
    )
});

/// The end of the attribution that begins at line `at`: one line, or wrapped over a few.
fn attribution(lines: &[&str], at: usize, first: &str) -> Option<usize> {
    let near = &lines[at..lines.len().min(at + MOST_WRAPPED + 2)];
    if !near.iter().any(|line| line.trim_end().ends_with([':', '\u{FF1A}']) || is_quoted(line)) {
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

fn is_attribution(joined: &str, lines: &[&str], next: usize) -> bool {
    let (body, colon) = match joined.strip_suffix([':', '：']) {
        Some(body) => (body.trim_end(), true),
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
    if colon {
        let wrote = WROTE.find_iter(body).last();
        let verb_ends = wrote.is_some_and(|verb| body.len() - verb.end() <= 40);
        if let (Some(verb), true) = (wrote, verb_ends) {
            let at_end = verb.end() + 3 >= body.len();
            if !quoted_next && is_told(&body[..verb.start()]) {
                return false;
            }
            return (starts && dated) || addressed && (at_end || dated) || quoted_next && (starts || at_end);
        }
        if wrote.is_some() && starts && dated {
            return true;
        }
        // A date and an address, as Gmail and others write it without a verb.
        return addressed && dated && (starts || quoted_next) && body.ends_with(['>', ')'])
            || addressed
                && TIME.is_match(body)
                && DATE.is_match(body)
                && (starts || body.contains(['<', '(']));
    }
    // Without a colon, only right above a quote.
    quoted_next && dated && (addressed && body.ends_with(['>', ')']) || WROTE.is_match(body) && starts)
}

/// Whether the words before "wrote" are those of a story: "j'ai écrit", "il m'a écrit", "I wrote".
fn is_told(before: &str) -> bool {
    const STORY: [&str; 14] = [
        "j'", "m'", "l'", "t'", "nous ", "vous ", "lui ", " il ", " elle ", " on ", " i ", " he ", " she ",
        " they ",
    ];
    let before = before.strip_suffix("have ").or(before.strip_suffix("has ")).unwrap_or(before);
    STORY.iter().any(|end| before.ends_with(end))
}

/// A constant pattern.
fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| unreachable!("the pattern is constant: {error}"))
}
