//! A mail that hands on another: whose that was, what it said, and what was written above it. Pure; may import:
//! `domain::fold`, `domain::mail`, `domain::people`.
//!
//! Every program marks a forward in its own way: a line of dashes with words (Gmail, Yahoo, Thunderbird, Zimbra of
//! Free, Proton Mail), a sentence (Apple Mail), only the header of the other mail (Outlook, Orange), or the mail as
//! an attachment. What only answers looks like Outlook's forward, so that form counts under a forward's subject alone.
//! Linear: each line is looked at a fixed number of times.

use super::fold::fold;
use super::mail::{InboundMail, Mailbox};
use super::people::normal_address;
use super::text::head;

/// What a forward hands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// Who wrote it, with a usable address.
    pub from: Mailbox,
    /// Its subject as its header block has it; may be empty.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// What was written above it by who handed it on; may be empty.
    pub note: String,
    /// The line of the mail's text that it begins at; `None` when it is an attachment.
    pub line: Option<usize>,
}

/// Longest name and subject kept, in characters.
const LONGEST_LINE: usize = 500;
/// Longest address (RFC 5321 section 4.5.3.1.3, without its brackets).
const LONGEST_ADDRESS: usize = 254;
/// How far into a line its key is looked for, in bytes.
const LONGEST_KEY: usize = 40;

/// What a mail hands on; `None` when it is no forward, or does not tell the address of who wrote.
pub fn read(mail: &InboundMail) -> Option<Forward> {
    let subject = Subject::of(&mail.subject);
    if subject == Subject::Answer {
        return None;
    }
    let sender = mail.from.first().map(|from| from.address.as_str());
    let found = in_text(&mail.text, subject == Subject::Forward).or_else(|| enclosed(mail));
    found.filter(|forward| Some(forward.from.address.as_str()) != sender)
}

/// What the subject says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Forward,
    Answer,
    Other,
}

impl Subject {
    fn of(subject: &str) -> Subject {
        const FORWARDS: [&str; 10] = ["tr", "fw", "fwd", "wg", "rv", "i", "enc", "fs", "doorst", "pd"];
        const ANSWERS: [&str; 7] = ["re", "rep", "aw", "sv", "antw", "odp", "ref"];
        let Some((mark, _)) = subject.split_once(':') else { return Subject::Other };
        let mark = fold(head(mark, LONGEST_KEY));
        match mark.trim_matches([' ', '\u{a0}']) {
            mark if FORWARDS.contains(&mark) => Subject::Forward,
            mark if ANSWERS.contains(&mark) => Subject::Answer,
            _ => Subject::Other,
        }
    }
}

/// Forwarded as an attachment.
fn enclosed(mail: &InboundMail) -> Option<Forward> {
    let enclosed = mail.enclosed.as_deref()?;
    let from = enclosed.from.clone()?;
    let (subject, text) = (enclosed.subject.clone(), enclosed.text.clone());
    Some(Forward { from, subject, text, note: mail.text.trim().to_owned(), line: None })
}

/// Forwarded in the text. Without a line that says so, only under a forward's subject.
fn in_text(text: &str, subject_says_so: bool) -> Option<Forward> {
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let mark = mark_of(line);
        let begins = match mark {
            Some(Mark::Forward) => true,
            Some(Mark::Original) => subject_says_so,
            // The header stands alone: it must begin with its sender.
            None => subject_says_so && matches!(field(line), Some((Key::From, _))),
        };
        if !begins {
            continue;
        }
        let first = if mark.is_some() { at + 1 } else { at };
        let Some((header, end)) = Header::read(&lines, first) else { continue };
        let is_quoted = lines[first..end].iter().any(|line| line.trim_start().starts_with('>'));
        let body: Vec<&str> =
            lines[end..].iter().map(|line| if is_quoted { unquoted(line) } else { line }).collect();
        // The rule that Outlook draws above the header belongs to it.
        let note = lines[..at].join("\n");
        let note = note.trim_end_matches(|c: char| c.is_whitespace() || "_-=>".contains(c)).trim_start();
        return Some(Forward {
            from: header.from?,
            subject: header.subject,
            text: body.join("\n").trim().to_owned(),
            note: note.to_owned(),
            line: Some(at),
        });
    }
    None
}

/// A line above a forwarded mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// It says that a mail was forwarded.
    Forward,
    /// It says only that a mail comes: above answers as well.
    Original,
}

fn mark_of(line: &str) -> Option<Mark> {
    const FORWARDS: [&str; 15] = [
        "forwarded message",
        "original forwarded message",
        "begin forwarded message",
        "message transfere",
        "mail transfere",
        "courriel transfere",
        "e-mail transfere",
        "debut du message transfere",
        "debut du message reexpedie",
        "message reexpedie",
        "weitergeleitete nachricht",
        "anfang der weitergeleiteten nachricht",
        "mensaje reenviado",
        "messaggio inoltrato",
        "doorgestuurd bericht",
    ];
    const ORIGINALS: [&str; 6] = [
        "message d'origine",
        "message original",
        "original message",
        "courriel original",
        "ursprungliche nachricht",
        "mensaje original",
    ];
    // Orange has the day of the mail in it, and nothing but its header below.
    const DATED: &str = "message du ";
    let bare = line.trim_start_matches(['>', ' ', '\t']);
    let is_ruled = bare.starts_with(['-', '_', '=']);
    let ends_in_colon = bare.trim_end().ends_with(':');
    let may_be_dated = bare.get(..DATED.len()).is_some_and(|head| head.eq_ignore_ascii_case(DATED));
    if line.len() > 120 || !(is_ruled || ends_in_colon || may_be_dated) {
        return None;
    }
    let folded = fold(bare);
    let words = folded.trim_matches(|c: char| !c.is_alphanumeric());
    if FORWARDS.contains(&words) && (is_ruled || ends_in_colon) {
        return Some(Mark::Forward);
    }
    let is_dated =
        words.strip_prefix(DATED).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if is_dated || (ORIGINALS.contains(&words) && is_ruled) {
        return Some(Mark::Original);
    }
    None
}

/// What a line of the other mail's header tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    From,
    Subject,
    Date,
    Other,
}

/// The key and the value of a header line, in any of the languages we meet.
fn field(line: &str) -> Option<(Key, &str)> {
    let line = unquoted(line).trim_start_matches(['*', ' ', '\t', '\u{a0}']);
    let colon = head(line, LONGEST_KEY).find(':')?;
    let key = fold(line[..colon].trim_matches(['*', ' ', '\t', '\u{a0}', '\u{202f}']));
    let key = match key.as_str() {
        "de" | "from" | "von" | "da" | "van" | "expediteur" => Key::From,
        "objet" | "sujet" | "subject" | "betreff" | "asunto" | "oggetto" | "onderwerp" | "assunto" => {
            Key::Subject
        }
        "date" | "envoye" | "envoye le" | "sent" | "gesendet" | "datum" | "fecha" | "enviado" | "inviato"
        | "data" | "verzonden" => Key::Date,
        "a" | "to" | "pour" | "an" | "para" | "aan" | "destinataire" | "destinataires" | "cc" | "copie"
        | "copie a" | "repondre a" | "reply-to" | "importance" | "priorite" => Key::Other,
        _ => return None,
    };
    Some((key, line[colon + 1..].trim_matches(['*', ' ', '\t', '\u{a0}'])))
}

/// The header block of the other mail.
#[derive(Default)]
struct Header {
    from: Option<Mailbox>,
    subject: String,
}

impl Header {
    /// The header that begins at `first`, blank lines before it aside, and the line where its body begins. `None` when
    /// there is no sender with an address in it, or nothing but a sender.
    fn read(lines: &[&str], first: usize) -> Option<(Header, usize)> {
        let (mut header, mut seen): (Header, Vec<Key>) = (Header::default(), Vec::new());
        let (mut sender, mut gap, mut at) = (String::new(), false, first);
        let mut last = Key::Other;
        while let Some(line) = lines.get(at) {
            if unquoted(line).trim().is_empty() {
                // Apple Mail sets its fields apart; a whole header is over.
                if seen.contains(&Key::From) && seen.contains(&Key::Subject) && seen.contains(&Key::Date) {
                    break;
                }
                gap = true;
            } else if let Some((key, value)) = field(line) {
                if gap && seen.contains(&key) && key != Key::Other {
                    break;
                }
                match key {
                    Key::From if !seen.contains(&key) => sender = head(value, 2 * LONGEST_LINE).to_owned(),
                    Key::Subject if !seen.contains(&key) => header.subject = line_of(value),
                    _ => {}
                }
                seen.push(key);
                (last, gap) = (key, false);
            } else if gap || seen.is_empty() {
                break;
            } else {
                // A long field goes on below: only that of the sender may still lack its address.
                if last == Key::From && sender.len() < LONGEST_LINE {
                    sender.push(' ');
                    sender.push_str(head(unquoted(line).trim(), LONGEST_LINE));
                } else if last == Key::Subject && header.subject.len() < LONGEST_LINE {
                    header.subject = line_of(&format!("{} {}", header.subject, unquoted(line)));
                }
            }
            at += 1;
            if seen.len() > 12 {
                break;
            }
        }
        header.from = mailbox(&sender);
        (header.from.is_some() && seen.len() > 1).then_some((header, at))
    }
}

/// `Jean Petit <jean@client.example>`, `Jean Petit [mailto:jean@client.example]`, `jean@client.example`.
fn mailbox(text: &str) -> Option<Mailbox> {
    let stops = |c: char| c.is_whitespace() || "<>[]()\",;:".contains(c);
    let address = text.split(stops).find(|piece| is_usable(piece))?;
    let before = &text[..text.find(address)?];
    let name = before.split(['<', '[', '(']).next().unwrap_or_default();
    let name = line_of(name.trim_matches(|c: char| c.is_whitespace() || "\"'*".contains(c)));
    let name = if name.contains('@') { String::new() } else { name };
    Some(Mailbox { address: normal_address(address), name })
}

/// One local part, one host with a dot, nothing that could be a header or markup.
fn is_usable(address: &str) -> bool {
    let Some((local, host)) = address.split_once('@') else { return false };
    let is_dotted = |part: &str| part.split('.').all(|label| !label.is_empty());
    let local_fits = local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c));
    let host_fits = host.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '.');
    address.len() <= LONGEST_ADDRESS
        && local.len() <= 64
        && is_dotted(local)
        && is_dotted(host)
        && host.contains('.')
        && local_fits
        && host_fits
}

/// A line without one level of quotation.
fn unquoted(line: &str) -> &str {
    let line = line.trim_start_matches([' ', '\t']);
    line.strip_prefix('>').map_or(line, |rest| rest.strip_prefix(' ').unwrap_or(rest))
}

/// One line, not too long.
fn line_of(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_LINE).collect()
}

#[cfg(test)]
#[path = "forward_tests.rs"]
mod tests;
