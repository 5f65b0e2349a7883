//! Reports of non-delivery: RFC 3464, and the forms that mail systems write without its structure.
//! May import: domain.

mod status;
mod whom;
mod words;

use super::address::usable_address;
use super::automatic::{is_daemon, is_null_path, telling_field};
use super::charset::decode;
use super::header::{Fields, decode_words};
use super::parse::{media_type, raw_of, rescued_text, text_of};
use crate::domain::fold::fold;
use crate::domain::mail::{Bounce, InboundMail};
use crate::domain::screening::automatic_subject;
use crate::domain::text::{head, pattern};
use mail_parser::{Message, MessagePart, PartType};
use regex::Regex;
use status::{Recipient, precise, typed_address, unfolded};
use std::sync::LazyLock;
use whom::{LINE_OF_ADDRESS, addresses, anchored_address, first_address};
use words::{
    DAEMON, FAILURE, NOTIFICATION, PERSON, SECOND_PERSON, STRONG, SUBJECT, SUCCESS, TRANSCRIPT,
    enhanced_code, meaning, reply_code,
};

/// Most text looked through, in bytes: a report says what happened at its start.
const LONGEST_REPORT: usize = 64 * 1024;

/// Reads a report of non-delivery out of a parsed mail; `None` when it is not one. `senders` is every From, folded.
pub fn read(message: &Message<'_>, raw: &[u8], mail: &InboundMail, senders: &str) -> Option<Bounce> {
    let root = message.parts.first()?;
    let fields = Fields::of(root, raw);
    let kind = fields.parameter("Content-Type", "report-type").unwrap_or_default().to_ascii_lowercase();
    if kind == "feedback-report" {
        return None;
    }
    let clues = Clues::of(&fields, mail, senders);
    let has_report = message.parts.iter().skip(1).any(|part| media_type(part, raw).ends_with("-status"));
    if !clues.speak() && !has_report && kind.is_empty() {
        return None;
    }
    // A person may attach the report that they got: it is their mail all the same.
    let form = media_type(root, raw);
    let is_report = !kind.is_empty() || form == "multipart/report";
    if !is_report && !clues.are_a_systems() && has_report {
        return None;
    }
    let certain = is_report && form.starts_with("multipart/") || clues.are_certain();
    let told = |bounce: Bounce| Bounce { certain: certain || bounce.certain, ..bounce };
    let mut report = Report::of(message, raw);
    // Some name a receipt what is a report.
    if kind == "disposition-notification" && report.status.is_none() {
        return report.rejected().map(told);
    }
    if report.status.is_none() && (clues.null || clues.daemon) {
        // Gateways wrap the report of another system whole.
        let nested = message.parts.iter().find_map(|part| match &part.body {
            PartType::Message(nested) => Some(Report::of(nested, raw_of(nested, raw))),
            _ => None,
        });
        if let Some(nested) = nested.filter(|nested| nested.status.is_some()) {
            report = nested;
        }
    }
    if let Some(bounce) = report.structured(&fields) {
        // A program that screens mail for somebody writes in that person's name, in the form of a report.
        let writer = fields.mailboxes("Reply-To").usable.into_iter().next().map(|mailbox| mailbox.address);
        let screened = !clues.daemon && !clues.null && writer.is_some();
        return bounce.filter(|bounce| !(screened && bounce.recipient == writer)).map(told);
    }
    if kind == "disposition-notification" {
        return report.rejected().map(told);
    }
    report.unstructured(&fields, &clues, mail).map(told)
}

/// Reads a report that a mail was delivered (RFC 3464, action `delivered`); that it was handed on to somebody else says nothing
/// of that.
pub fn delivered(message: &Message<'_>, raw: &[u8]) -> Option<Bounce> {
    let kind = Fields::of(message.parts.first()?, raw).parameter("Content-Type", "report-type");
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("delivery-status")) {
        return None;
    }
    let report = Report::of(message, raw);
    let mut told = Recipient::all(report.status.as_deref()?);
    told.retain(Recipient::tells_something);
    let (Some(Recipient { address, original, code, action, .. }), true) = (told.pop(), told.is_empty())
    else {
        return None;
    };
    (action == "delivered").then(|| Bounce {
        recipient: original.or(address),
        status: code,
        action,
        original_message_id: message_id(&report.returned),
        certain: true,
    })
}

/// What the header says about who wrote, before any word of the body is looked at.
struct Clues<'s> {
    /// Every From, folded.
    senders: &'s str,
    /// The subject, folded.
    subject: String,
    /// X-Failed-Recipients.
    named: Option<String>,
    /// The envelope is empty, or there is no sender at all.
    null: bool,
    /// The envelope is empty, as it says itself.
    null_path: bool,
    /// A mail system wrote it.
    daemon: bool,
    /// Somebody writes under the name of a mail system, which may be a person's as well.
    named_daemon: bool,
    /// The subject is that of a report.
    told: bool,
}

impl<'s> Clues<'s> {
    fn of(fields: &Fields<'_>, mail: &InboundMail, senders: &'s str) -> Clues<'s> {
        let subject = fold(&mail.subject);
        let path = fields.all("Return-Path").next();
        let null_path = senders.contains("<>") || path.is_some_and(is_null_path);
        Clues {
            named: failed_recipients(fields),
            // No sender at all is how some systems write the empty path.
            null: senders.trim().is_empty() || null_path,
            null_path,
            named_daemon: DAEMON.is_match(senders),
            daemon: is_daemon(senders)
                || path.is_some_and(|path| is_daemon(&decode(path, None).to_lowercase())),
            told: SUBJECT.is_match(&subject),
            senders,
            subject,
        }
    }

    /// Whether the sender or the envelope is that of a mail system.
    fn are_a_systems(&self) -> bool {
        self.named.is_some() || self.null || self.daemon || self.is_from_amazon() || self.named_daemon
    }

    /// Whether no person's mail has them.
    fn are_certain(&self) -> bool {
        self.named.is_some() || self.null_path || self.daemon
    }

    fn is_from_amazon(&self) -> bool {
        self.senders.contains("amazonaws")
    }

    /// Whether the mail answers another one by itself, as people's programs do with an empty envelope too; of a mail system only
    /// its own word counts, since it may name the mail that it returns.
    fn answer(&self, fields: &Fields<'_>, mail: &InboundMail) -> bool {
        let says_so = fields
            .text("Auto-Submitted")
            .is_some_and(|value| value.to_ascii_lowercase().starts_with("auto-replied"));
        says_so
            || !self.are_named_a_system()
                && (self.are_answered(fields)
                    || telling_field(fields).is_some()
                    || automatic_subject(&mail.subject))
    }

    /// Whether a mail system wrote by its name, or by none.
    fn are_named_a_system(&self) -> bool {
        self.daemon || self.named_daemon || self.named.is_some() || self.senders.trim().is_empty()
    }

    /// Whether the header is that of an answer.
    fn are_answered(&self, fields: &Fields<'_>) -> bool {
        fields.has("In-Reply-To") || ANSWER.is_match(&self.subject)
    }

    /// Whether anything asks to look at the body.
    fn speak(&self) -> bool {
        self.named.is_some() || self.null || self.daemon || self.told || self.is_from_amazon()
    }
}

/// The texts of a mail, apart from the mail that it returns.
struct Report {
    /// What the mail system says.
    words: String,
    /// `message/delivery-status`, if there is one.
    status: Option<String>,
    /// `message/disposition-notification`, or nothing.
    receipt: String,
    /// The returned mail or its header.
    returned: String,
}

impl Report {
    fn of(message: &Message<'_>, raw: &[u8]) -> Report {
        let mut report =
            Report { words: String::new(), status: None, receipt: String::new(), returned: String::new() };
        for part in &message.parts {
            let kind = media_type(part, raw);
            match kind.as_str() {
                "message/delivery-status" | "message/global-delivery-status" => {
                    report.status.get_or_insert_default().push_str(&source(part, raw));
                    report.status.get_or_insert_default().push('\n');
                }
                "message/disposition-notification" => report.receipt = source(part, raw),
                "message/rfc822"
                | "message/global"
                | "text/rfc822-headers"
                | "text/rfc822"
                | "message/rfc822-headers"
                | "message/partial" => {
                    if report.returned.is_empty() {
                        report.returned = source(part, raw);
                    }
                }
                _ if matches!(part.body, PartType::Text(_) | PartType::Html(_)) => {
                    if report.words.len() < LONGEST_REPORT {
                        report.words.push_str(&text_of(part, raw));
                        report.words.push('\n');
                    }
                }
                _ => report.words.extend(rescued_text(part, raw)),
            }
        }
        if let Some((words, returned)) = split_returned(&report.words) {
            let (words, returned) = (words.to_owned(), returned.to_owned());
            if report.returned.is_empty() {
                report.returned = returned;
            }
            report.words = words;
        }
        report
    }

    /// By the fields of RFC 3464. `Some(None)`: a delivery report that reports no failure.
    fn structured(&self, fields: &Fields<'_>) -> Option<Option<Bounce>> {
        let recipients = Recipient::all(self.status.as_deref()?);
        let told = recipients.iter().filter(|recipient| recipient.tells_something());
        // One that failed before one that is late, a late one before one that was reached.
        let Recipient { address, original, code, diagnostic, action } =
            told.min_by_key(|recipient| recipient.rank())?.clone();
        if matches!(action.as_str(), "delivered" | "relayed" | "expanded") {
            return Some(None);
        }
        // Whom we wrote to; the last server on the way may name whom the mail was handed on to.
        let recipient = original.or(address).or_else(|| failed_recipients(fields));
        let recipient = recipient.or_else(|| first_address(&self.words, &[]));
        let code = precise(code, &diagnostic, head(&self.words, LONGEST_REPORT))
            .or_else(|| enhanced_code(&diagnostic))
            .or_else(|| reply_code(&diagnostic))
            .or_else(|| enhanced_code(&self.words));
        let action = if action.is_empty() { action_of(code.as_deref(), "") } else { action };
        Some(Some(Bounce {
            recipient,
            status: code,
            action,
            original_message_id: message_id(&self.returned),
            certain: false,
        }))
    }

    /// A filter that refuses a mail says so in the form of a receipt (RFC 5429 section 2.1): deleted unread.
    fn rejected(&self) -> Option<Bounce> {
        let deleted = header_of(&self.receipt, "disposition")?.to_ascii_lowercase();
        let refused = deleted.contains("automatic-action")
            && deleted.ends_with("deleted")
            && fold(&self.words).contains("reject");
        refused.then(|| Bounce {
            recipient: header_of(&self.receipt, "final-recipient").and_then(|value| typed_address(&value)),
            status: enhanced_code(&self.words).or_else(|| meaning(&fold(&self.words))),
            action: "failed".to_owned(),
            original_message_id: message_id(&self.receipt).or_else(|| message_id(&self.returned)),
            certain: false,
        })
    }

    /// By what the sender, the subject and the words say.
    fn unstructured(&self, fields: &Fields<'_>, clues: &Clues<'_>, mail: &InboundMail) -> Option<Bounce> {
        let Clues { null, daemon, told, .. } = *clues;
        let words = head(&self.words, LONGEST_REPORT);
        let folded = fold(words);
        let failing = FAILURE.is_match(&folded);
        let strong = STRONG.is_match(&folded);
        let original_message_id = message_id(&self.returned);
        let is_returned = original_message_id.is_some();
        // Whoever wrote, and whom they wrote to, are nobody who was not reached.
        let own: Vec<String> =
            mail.to.iter().chain(&mail.from).map(|mailbox| mailbox.address.clone()).collect();
        let recipient = clues
            .named
            .clone()
            .or_else(|| anchored_address(words, &own))
            .or_else(|| returned_recipient(&self.returned))
            .or_else(|| first_address(words, &own))
            .or_else(|| addresses(words).next().filter(|address| !own.contains(address)))
            .or_else(|| first_address(&mail.subject, &own));
        let is_named = recipient.as_ref().is_some_and(|address| !own.contains(address));
        let proven = is_returned || is_named;
        let stated = enhanced_code(words);
        let code = stated.clone().or_else(|| reply_code(words));
        if clues.named.is_none() && code.is_none() && tells_of_success(&clues.subject, &folded) {
            return None;
        }
        // An automatic reply says so itself, whatever its envelope.
        let answers = clues.answer(fields, mail);
        // People write "my mail was not delivered" too, codes and all: without a mail system as sender, the mail that
        // came back must be there, or a sentence to its sender with the address under it.
        let addressed = SECOND_PERSON.find(&folded).is_some_and(|found| {
            // Somebody tells what they read: after a mark, or a colon on the same line.
            let before = folded[..found.start()].trim_end_matches([' ', '\u{a0}', '\u{202f}']);
            let is_cited = before.trim_end().ends_with(['\u{ab}', '"', '\u{201c}']) || before.ends_with(':');
            !is_cited && folded[found.end()..].contains('@')
        });
        let is_personal = PERSON.is_match(&folded);
        let proof = !folded.contains('?')
            && !is_personal
            && (is_returned || addressed && anchored_address(words, &own).is_some());
        let opens = SECOND_PERSON
            .find(&folded)
            .is_some_and(|found| !folded[..found.start()].contains(char::is_alphabetic));
        let is_by_itself = answers && (null || !opens);
        let is_notice = clues.is_from_amazon() && NOTIFICATION.is_match(&folded);
        let found = clues.named.is_some()
            || daemon && (told || strong || LINE_OF_ADDRESS.is_match(words))
            || daemon && failing && (proven || code.is_some())
            || clues.named_daemon && told && failing && proven && (is_returned || !is_personal)
            || null && !answers && (told && failing || strong) && proven
            // In a tongue of which nothing is known here, the code speaks.
            || (null || daemon) && !answers && stated.is_some() && is_named
            || strong && told && proof && !is_by_itself
            || is_notice;
        // An answer by a person that quotes a report.
        let is_answer = !(daemon || null && clues.are_named_a_system()) && clues.are_answered(fields);
        if !found || is_answer && !opens {
            return None;
        }
        let code = code.or_else(|| meaning(&folded));
        let action = action_of(code.as_deref(), &format!("{} {folded}", clues.subject));
        Some(Bounce { recipient, status: code, action, original_message_id, certain: is_notice })
    }
}

/// Whether the subject or the words, folded, say that the mail arrived, and no word that it did not.
fn tells_of_success(subject: &str, folded: &str) -> bool {
    // What sendmail writes over its lists, of whatever they tell.
    let is_heading = |found: regex::Match<'_>| {
        found.as_str() == TRANSCRIPT || folded[found.end()..].starts_with(" successful")
    };
    (SUCCESS.is_match(subject) || SUCCESS.is_match(folded)) && STRONG.find_iter(folded).all(is_heading)
}

fn action_of(code: Option<&str>, folded: &str) -> String {
    let delayed = code.is_some_and(|code| code.starts_with('4'))
        && (folded.contains("delay")
            || folded.contains("will be retried")
            || folded.contains("keep trying")
            || folded.contains("warning"));
    if delayed { "delayed" } else { "failed" }.to_owned()
}

/// X-Failed-Recipients, as Exim and Gmail write it.
fn failed_recipients(fields: &Fields<'_>) -> Option<String> {
    let value = fields.text("X-Failed-Recipients")?;
    value.split([',', ' ']).find_map(usable_address)
}

/// Subjects of what people answer or pass on, folded.
static ANSWER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(re|fwd?|tr|wg|aw|rv|enc|i|ref|antw|doorst|sv|vs)( ?\[\d+\])? ?:"));

/// Whom the returned mail was for.
fn returned_recipient(returned: &str) -> Option<String> {
    header_of(returned, "to").and_then(|value| first_address(&value, &[]))
}

/// Where the returned mail begins in a report that is one text.
fn split_returned(words: &str) -> Option<(&str, &str)> {
    static START: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?im)^[ \t>]*(-{2,}.{0,30}(below this line is a copy|original message|unsent message|message header|returned message|message follows|this is a copy|included is a copy|header of the original|headers? follow|copy of).*|the (original|undelivered) message (follows|was included).*|original message follows.*|\*+ .*original message.*|message header follows.*|.{0,20}en-tetes? (du message|d'origine).*|x-original-to:.*)$|^>?(received: .*|return-path: ?<.*)$",
        )
    });
    let found = START.find(words)?;
    (found.start() > 0).then(|| (&words[..found.start()], &words[found.start()..]))
}

/// A field of the returned mail, unfolded and decoded.
fn header_of(returned: &str, name: &str) -> Option<String> {
    unfolded(head(returned, LONGEST_REPORT))
        .find(|line| {
            line.split_once(':')
                .is_some_and(|(key, _)| key.trim_start_matches(['>', ' ']).trim().eq_ignore_ascii_case(name))
        })
        .and_then(|line| line.split_once(':').map(|(_, value)| decode_words(value.trim())))
}

fn message_id(returned: &str) -> Option<String> {
    let value = header_of(returned, "message-id").or_else(|| header_of(returned, "original-message-id"))?;
    let id = value.split(['<', '>']).find(|piece| piece.contains('@'))?;
    let id = id.trim();
    (!id.is_empty() && id.len() <= 998 && !id.contains(char::is_whitespace)).then(|| id.to_owned())
}

/// The bytes of a part as they stand.
fn source(part: &MessagePart<'_>, raw: &[u8]) -> String {
    let bytes = raw.get(part.offset_body as usize..part.offset_end as usize).unwrap_or(b"");
    let wrapping = super::transfer::Wrapping::named(
        &Fields::of(part, raw).text("Content-Transfer-Encoding").unwrap_or_default(),
    );
    decode(&wrapping.undo(&bytes[..bytes.len().min(LONGEST_REPORT)]), None)
}

#[cfg(test)]
mod tests;
