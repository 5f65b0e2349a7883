//! The block of `From: Sent: To: Subject:` lines that Outlook and others write above a quote, in their languages.
//! May import: std, regex, `domain::{fold, text}`.

use super::marks::{DATE, LONGEST, TIME, folded};
use super::{is_blank, is_quoted};
use crate::domain::fold::fold;
use crate::domain::text::{head, pattern};
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a line of a header block names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Who wrote.
    From,
    /// When.
    Sent,
    /// To whom.
    To,
    /// To whom else, or where answers go.
    Copy,
    /// About what.
    Subject,
}

/// The words for each label, in the languages of the programs that write such blocks.
const LABELS: [(Label, &str); 5] = [
    (
        Label::From,
        "from|de|von|da|van|fra|från|od|desde|remitente|expéditeur|mittente|absender|lähettäjä|kimden|gönderen|\
         feladó|de la|expeditor|от|от кого|відправник|від|από|発信者|差出人|发件人|寄件者|寄件人|發件人|보낸 사람|보낸사람|\
         מאת|من|từ|dari|saatja|remetente|šalje|จาก",
    ),
    (
        Label::Sent,
        "sent|date|sent at|sent on|date sent|envoyé|envoyé le|envoyée le|date d'envoi|le|gesendet|gesendet am|datum|inviato|\
         inviato il|data|enviado|enviado el|enviada|enviada em|enviado em|enviada el|fecha|verzonden|verzonden op|sendt|dato|\
         skickat|wysłano|wysłane|odesláno|odoslané|dátum|lähetetty|päiväys|päivämäärä|tarih|gönderme tarihi|gönderildi|\
         gönderilme tarihi|küldve|elküldve|trimis|enviat|enviat el|дата|отправлено|надіслано|στάλθηκε|ημερομηνία|送信日時|\
         日時|日付|发送时间|发送日期|日期|寄件日期|傳送時間|時間|时间|보낸 날짜|날짜|נשלח|תאריך|تاريخ الإرسال|تاريخ|ngày|đã gửi|tanggal|\
         poslano|poslato|تم الإرسال|ส่ง",
    ),
    (
        Label::To,
        "to|à|an|para|aan|til|till|do|komu|pour|destinataire|destinataires|vastaanottaja|kime|alıcı|címzett|către|per a|кому|\
         προς|宛先|收件人|收件者|받는 사람|받는사람|אל|إلى|đến|kepada|destinatario|empfänger|prima|za|ถึง",
    ),
    (
        Label::Copy,
        "reply-to|reply to|répondre à|cc|copie|copie à|kopie|kopia|kopi|kopio|copia|cópia|cci|bcc|ccn|kopija|másolatot kap|másolat|\
         bilgi|копия|копія|κοιν|抄送|副本|참조|on behalf of|sent by|envoyé par|importance|wichtigkeit|priority|priorité|\
         attachments|attachment|pièces jointes|pièce jointe|anlagen|anlage|allegati|adjuntos|anexos|organization|\
         mailed-by|signed-by",
    ),
    (
        Label::Subject,
        "subject|objet|sujet|betreff|oggetto|asunto|assunto|onderwerp|emne|ämne|temat|předmět|predmet|aihe|konu|tárgy|\
         subiect|assumpte|tema|тема|θέμα|件名|主题|主題|主旨|제목|נושא|الموضوع|chủ đề|perihal|subjek|objekt|teema|เรื่อง",
    ),
];

/// [`LABELS`], each word folded as lines are.
static NAMES: LazyLock<HashMap<String, Label>> = LazyLock::new(|| {
    let words =
        LABELS.iter().flat_map(|(label, words)| words.split('|').map(move |word| (fold(word), *label)));
    words.collect()
});

/// The longest word of [`LABELS`], in bytes, folded.
const LONGEST_NAME: usize = 60;

/// The label that a word is, folded, in the languages of the programs that write such blocks.
fn label_named(name: &str) -> Option<Label> {
    if name.len() > LONGEST_NAME { None } else { NAMES.get(name).copied() }
}

/// Reads `Label: value` of a folded line.
pub fn label(folded: &str) -> Option<(Label, &str)> {
    let (name, value) = folded.split_once(':')?;
    label_named(name.trim_matches([' ', '_', '|'])).map(|label| (label, value.trim()))
}

/// What speaks for a block besides its lines.
#[derive(PartialEq, Eq)]
pub enum Strictness {
    /// Nothing but the block tells that a quote begins.
    Alone,
    /// A line was drawn above it.
    UnderRule,
}

/// A header block of a quote.
pub struct Block {
    /// The first line after it.
    pub end: usize,
    /// It has everything that a program writes and nobody by hand.
    pub is_whole: bool,
}

/// The block of `From: Sent: To: Subject:` lines that begins at `at`; `first` is that line, folded.
///
/// Alone, it needs a sender, a day or a recipient, and more that speaks for it, so that "De : notre équipe", a
/// "From: x" inside a sentence, the "De : Objet :" of a contact form or the "De : Lyon, À : Paris" of a journey stays text.
pub fn header_block(lines: &[&str], at: usize, first: &str, strictness: Strictness) -> Option<Block> {
    let (first_label, _) = label(first)?;
    let mut seen: Vec<Label> = Vec::with_capacity(5);
    let mut has_address = false;
    let mut has_hour = false;
    let mut sent_then = false;
    let mut is_of_mail = OfMail::default();
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
            // Another block begins: thousands of them are not each read to the end of all.
            Some((known @ (Label::From | Label::Subject), _)) if seen.contains(&known) => break,
            Some((label, value)) => {
                if !seen.contains(&label) {
                    seen.push(label);
                }
                has_address |= value.contains('@');
                sent_then |= SENT_WORDS.iter().any(|word| text.starts_with(word)) && DATE.is_match(value);
                has_hour = has_hour || value.contains(|c: char| c.is_ascii_digit()) && TIME.is_match(value);
                is_of_mail.read(label, &text, value, line);
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
            None if blank == 0
                && wrapped < 3
                && (text.contains('@')
                    || continues(line)
                    || has_address && line.len() <= LONGEST_REST && is_label(lines, index + 1)) =>
            {
                has_address |= text.contains('@');
                wrapped += 1;
                end = index + 1;
            }
            None => break,
        }
    }
    let from = seen.contains(&Label::From);
    // Some gateways and tickets write no sender: the Date field of a mail, to the second, and an address.
    let is_senderless = !from
        && first_label == Label::Sent
        && is_date_field(first)
        && seen.contains(&Label::To)
        && has_address;
    let others = seen.len() - usize::from(from);
    let enough = match strictness {
        Strictness::UnderRule => from || seen.len() >= 2,
        Strictness::Alone => {
            let dated_or_sent_to = seen.contains(&Label::Sent) || seen.contains(&Label::To);
            from && dated_or_sent_to
                && (others >= 2 && (has_address || has_hour || sent_then)
                    || others >= 1 && (has_address || sent_then))
                && (first_label != Label::Copy || seen.len() >= 5)
                && !goes_on_a_form(lines, at)
                || first_label == Label::From
                    && is_of_mail.tells(&seen, goes_on_as_a_form(lines, end))
                    && stands_apart(lines, at, is_of_mail.is_sent)
                    && !goes_on_a_form(lines, at)
                || is_senderless
        }
    };
    let is_whole = is_senderless
        || from
            && [Label::Sent, Label::To, Label::Subject].iter().all(|label| seen.contains(label))
            && (has_address || sent_then);
    enough.then_some(Block { end, is_whole })
}

/// The longest rest of a line of a block that was wrapped in the middle of a bracket, in bytes.
const LONGEST_REST: usize = 80;

/// Whether there is a line at `at`, and it begins with a label.
fn is_label(lines: &[&str], at: usize) -> bool {
    lines.get(at).is_some_and(|line| label(&folded(head(line, LONGEST))).is_some())
}

/// What tells the block of a mail, where it has neither address nor hour, from a form of somebody's own.
#[derive(Default)]
struct OfMail {
    /// A label of the day that nobody writes by hand.
    is_sent: bool,
    /// The subject is one of an answer or a forward.
    is_answer: bool,
    /// The day is written with its name and its year.
    is_full_day: bool,
    /// A label is a word that people write before anything: "Le : …", "Pour : …".
    is_loose: bool,
    /// A program wrote the labels in bold.
    is_bold: bool,
    /// How many labels came in the order of Outlook, one after the other: from, sent, to, subject.
    in_order: usize,
}

impl OfMail {
    /// Takes in a line: its label and value, folded, and the line as it is.
    fn read(&mut self, named: Label, text: &str, value: &str, line: &str) {
        const ORDER: [Label; 4] = [Label::From, Label::Sent, Label::To, Label::Subject];
        let name = text.split(':').next().unwrap_or_default().trim();
        self.is_loose |= matches!(name, "le" | "pour");
        match named {
            Label::Sent => {
                self.is_sent |= SENT_WORDS.iter().any(|word| text.starts_with(word));
                self.is_full_day |= WEEKDAY.is_match(value) && DATE.is_match(value);
            }
            Label::Subject => {
                self.is_answer |=
                    value.split_once(':').is_some_and(|(mark, _)| ANSWERS.contains(&mark.trim_end()));
            }
            Label::From => self.is_bold = line.trim_start().starts_with('*'),
            Label::To | Label::Copy => {}
        }
        if ORDER.get(self.in_order) == Some(&named) {
            self.in_order += 1;
        }
    }

    /// Whether the block is that of a mail, by what it has, the labels `seen`, and whether a form goes on below it.
    fn tells(&self, seen: &[Label], is_form: bool) -> bool {
        let has = |label: Label| seen.contains(&label);
        let is_complete = has(Label::From) && has(Label::Sent) && has(Label::To) && has(Label::Subject);
        let is_in_full = self.is_full_day && self.in_order == 4 && !self.is_loose && !is_form;
        is_complete && (self.is_sent || self.is_bold || is_in_full)
            || self.is_answer && has(Label::From) && (has(Label::Sent) || has(Label::To))
    }
}

/// What the subjects of answers and forwards begin with, folded.
const ANSWERS: [&str; 10] = ["re", "tr", "fw", "fwd", "aw", "sv", "rv", "wg", "antw", "odp"];

/// The name of a day, folded.
static WEEKDAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|monday|tuesday|wednesday|thursday|friday|saturday|sunday|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lunes|martes|miercoles|jueves|viernes|sabado|domingo|lunedi|martedi|mercoledi|giovedi|venerdi|sabato|domenica|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|(segunda|terca|quarta|quinta|sexta)-feira|mandag|tirsdag|onsdag|torsdag|fredag|lordag|sondag|tisdag)\b",
    )
});

/// Whether a block at `at` is not announced, and stands in a paragraph of its own, which `is_sent` does without.
fn stands_apart(lines: &[&str], at: usize, is_sent: bool) -> bool {
    !is_announced(lines, at) && (is_sent || at == 0 || is_blank(lines[at - 1]))
}

/// Whether the words above line `at` announce what stands there: "Voici leur mail :".
pub fn is_announced(lines: &[&str], at: usize) -> bool {
    /// No paragraph is further away.
    const NEAR: usize = 5;
    let above = lines[at.saturating_sub(NEAR)..at].iter().rfind(|line| !is_blank(line));
    above.is_some_and(|line| line.trim_end().ends_with([':', '\u{FF1A}']))
}

/// Whether the line right above is of a form that people fill in ("Nom : Martin"), which the block goes on.
fn goes_on_a_form(lines: &[&str], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|above| is_field(lines[above]))
}

/// Whether the first words below a block that ends at `end` are of such a form: "Montant : 50 €".
fn goes_on_as_a_form(lines: &[&str], end: usize) -> bool {
    let below = lines[end..].iter().take(2).find(|line| !is_blank(line));
    below.is_some_and(|line| is_field(line))
}

/// Whether a line is of a form that somebody filled in.
fn is_field(line: &str) -> bool {
    let field = line.split_once(':').filter(|(name, value)| name.len() <= 30 && !value.trim().is_empty());
    // "Return-Path" and the like are fields of a mail.
    field.is_some_and(|(name, _)| {
        (1..=3).contains(&name.split_whitespace().count()) && !name.contains('-') && !is_quoted(line)
    })
}

/// Whether a line is the Date field of a mail (RFC 5322 section 3.6.1), folded.
fn is_date_field(line: &str) -> bool {
    static FIELD: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^date: ([a-z]{3}(,|=2c) )?\d{1,2} [a-z]{3} \d{4} \d\d:\d\d:\d\d"));
    FIELD.is_match(line)
}

/// The labels of a day that nobody writes by hand, folded.
const SENT_WORDS: [&str; 9] =
    ["sent", "envoye", "gesendet", "inviato", "enviad", "verzonden", "sendt", "skickat", "wyslano"];

/// Whether a line of a block carries on the line before.
fn continues(line: &str) -> bool {
    line.starts_with([' ', '\t'])
}
