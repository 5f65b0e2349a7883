//! Reports of non-delivery: RFC 3464, and the forms that mail systems write without its structure.
//! May import: domain.

mod words;

use super::address::usable_address;
use super::automatic::{is_daemon, is_null_path};
use super::charset::decode;
use super::header::{Fields, clean, decode_words};
use super::parse::{media_type, rescued_text, text_of};
use crate::domain::fold::fold;
use crate::domain::mail::{Bounce, InboundMail};
use mail_parser::{Message, MessagePart, PartType};
use regex::Regex;
use std::sync::LazyLock;
use words::{
    ADDRESS, ANCHOR, DAEMON, FAILURE, NOTIFICATION, SMTP_CODE, STRONG, SUBJECT, enhanced_code, head, meaning,
    pattern, reply_code,
};

/// Most text looked through, in bytes: a report says what happened at its start.
const LONGEST_REPORT: usize = 64 * 1024;

/// Reads a report of non-delivery out of a parsed mail; `None` when it is not one.
pub fn read(message: &Message<'_>, raw: &[u8], mail: &InboundMail) -> Option<Bounce> {
    let root = message.parts.first()?;
    let fields = Fields::of(root, raw);
    let kind = fields.parameter("Content-Type", "report-type").unwrap_or_default().to_ascii_lowercase();
    if kind == "feedback-report" {
        return None;
    }
    let clues = Clues::of(&fields, mail);
    let has_report = message.parts.iter().skip(1).any(|part| media_type(part, raw).ends_with("-status"));
    if !clues.speak() && !has_report && kind.is_empty() {
        return None;
    }
    let mut report = Report::of(message, raw);
    if kind == "disposition-notification" {
        return report.rejected();
    }
    if report.status.is_none() && (clues.null || clues.daemon) {
        // Gateways wrap the report of another system whole.
        let nested = message.parts.iter().find_map(|part| match &part.body {
            PartType::Message(nested) => Some(Report::of(nested, &nested.raw_message)),
            _ => None,
        });
        if let Some(nested) = nested.filter(|nested| nested.status.is_some()) {
            report = nested;
        }
    }
    if let Some(bounce) = report.structured(&fields) {
        return bounce;
    }
    report.unstructured(&fields, clues, mail)
}

/// What the header says about who wrote, before any word of the body is looked at.
struct Clues {
    /// Every From, lower case.
    senders: String,
    /// The subject, folded.
    subject: String,
    /// X-Failed-Recipients.
    named: Option<String>,
    /// The envelope is empty.
    null: bool,
    /// A mail system wrote it.
    daemon: bool,
    /// The subject is that of a report.
    told: bool,
}

impl Clues {
    fn of(fields: &Fields<'_>, mail: &InboundMail) -> Clues {
        let senders =
            fields.all("From").map(|raw| decode(raw, None)).collect::<Vec<_>>().join(" ").to_lowercase();
        let subject = fold(&mail.subject);
        let path = fields.all("Return-Path").next();
        Clues {
            named: failed_recipients(fields),
            // No sender at all is how some systems write the empty path.
            null: senders.trim().is_empty() || senders.contains("<>") || path.is_some_and(is_null_path),
            daemon: is_daemon(&senders)
                || path.is_some_and(|path| is_daemon(&decode(path, None).to_lowercase())),
            told: SUBJECT.is_match(&subject),
            senders,
            subject,
        }
    }

    /// Whether anything asks to look at the body.
    fn speak(&self) -> bool {
        self.named.is_some() || self.null || self.daemon || self.told || self.senders.contains("amazonaws")
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
        let status = self.status.as_deref()?;
        let mut recipient = None;
        let mut original = None;
        let mut code = None;
        let mut diagnostic = String::new();
        let mut action = String::new();
        for line in unfolded(status) {
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "final-recipient" if recipient.is_none() => recipient = typed_address(value),
                "original-recipient" if original.is_none() => original = typed_address(value),
                "x-actual-recipient" if recipient.is_none() => recipient = typed_address(value),
                "status" if code.is_none() => code = stated_code(value),
                "diagnostic-code" if diagnostic.is_empty() => diagnostic = value.to_owned(),
                "action" if action.is_empty() => action = clean(value).to_ascii_lowercase(),
                _ => {}
            }
        }
        let action = action.split([' ', ';', '(']).next().unwrap_or("").to_owned();
        if matches!(action.as_str(), "delivered" | "relayed" | "expanded") {
            return Some(None);
        }
        let recipient = recipient.or(original).or_else(|| failed_recipients(fields));
        if recipient.is_none() && code.is_none() && action.is_empty() && diagnostic.is_empty() {
            return None;
        }
        let recipient = recipient.or_else(|| first_address(&self.words, &[]));
        let code = code
            .or_else(|| enhanced_code(&diagnostic))
            .or_else(|| reply_code(&diagnostic))
            .or_else(|| enhanced_code(&self.words));
        let action = if action.is_empty() { action_of(code.as_deref(), "") } else { action };
        Some(Some(Bounce {
            recipient,
            status: code,
            action,
            original_message_id: message_id(&self.returned),
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
        })
    }

    /// By what the sender, the subject and the words say.
    fn unstructured(&self, fields: &Fields<'_>, clues: Clues, mail: &InboundMail) -> Option<Bounce> {
        let Clues { senders, subject, named, null, daemon, told } = clues;
        let words = head(&self.words, LONGEST_REPORT);
        let folded = fold(words);
        let failing = FAILURE.is_match(&folded);
        let strong = STRONG.is_match(&folded);
        // An automatic reply says so itself, whatever its envelope.
        let answers = fields
            .text("Auto-Submitted")
            .is_some_and(|value| value.to_ascii_lowercase().starts_with("auto-replied"));
        // People write "my mail was not delivered" too: without a mail system as sender, more must speak for it.
        let proof =
            !self.returned.is_empty() || enhanced_code(words).is_some() || SMTP_CODE.is_match(&folded);
        let found = named.is_some()
            || daemon && (told || failing || strong)
            || DAEMON.is_match(&senders) && told && failing
            || null && (told && failing || strong && !answers)
            || strong && told && proof
            || senders.contains("amazonaws") && NOTIFICATION.is_match(&folded);
        if !found || is_answer(fields, &subject, daemon, null) {
            return None;
        }
        let own: Vec<String> =
            mail.to.iter().chain(&mail.from).map(|mailbox| mailbox.address.clone()).collect();
        let recipient = named
            .or_else(|| anchored_address(words, &own))
            .or_else(|| first_address(words, &own))
            .or_else(|| returned_recipient(&self.returned))
            .or_else(|| any_address(words).filter(|address| !own.contains(address)));
        let code = enhanced_code(words).or_else(|| reply_code(words)).or_else(|| meaning(&folded));
        let action = action_of(code.as_deref(), &format!("{subject} {folded}"));
        Some(Bounce { recipient, status: code, action, original_message_id: message_id(&self.returned) })
    }
}

/// An answer by a person that quotes a report.
fn is_answer(fields: &Fields<'_>, subject: &str, daemon: bool, null: bool) -> bool {
    !daemon
        && !null
        && (fields.has("In-Reply-To") || subject.starts_with("re:") || subject.starts_with("re :"))
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

/// The first usable address that is not one of `except`, nor a mail system's own.
fn first_address(text: &str, except: &[String]) -> Option<String> {
    addresses(text).find(|address| !except.contains(address) && !is_system(address))
}

fn any_address(text: &str) -> Option<String> {
    addresses(text).next()
}

fn addresses(text: &str) -> impl Iterator<Item = String> + '_ {
    let found = ADDRESS.find_iter(text).take(200);
    found.filter_map(|found| usable_address(found.as_str().trim_matches(['.', '*', '`'])))
}

/// An address that no mail of ours was for.
fn is_system(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or("");
    ["mailer-daemon", "postmaster", "abuse", "double-bounce", "noc", "helpdesk"].contains(&local)
}

fn anchored_address(words: &str, except: &[String]) -> Option<String> {
    // Postfix and qmail: "<address>:" at the start of a line, or alone on it.
    static AT_START: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^\s*<([^\s<>]+@[^\s<>]+)>:?"));
    for found in AT_START.captures_iter(words).take(20) {
        if let Some(address) = usable_address(&found[1])
            && !except.contains(&address)
        {
            return Some(address);
        }
    }
    let anchor = ANCHOR.find(words)?;
    first_address(&words[anchor.start()..], except)
}

/// Whom the returned mail was for.
fn returned_recipient(returned: &str) -> Option<String> {
    header_of(returned, "to").and_then(|value| first_address(&value, &[]))
}

/// Where the returned mail begins in a report that is one text.
fn split_returned(words: &str) -> Option<(&str, &str)> {
    static START: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?im)^[ \t>]*(-{2,}.{0,30}(below this line is a copy|original message|unsent message|message header|returned message|message follows|this is a copy|included is a copy|header of the original|headers? follow|copy of).*|the (original|undelivered) message (follows|was included).*|original message follows.*|received: .*|return-path: ?<.*|\*+ .*original message.*|message header follows.*|.{0,20}en-tetes? (du message|d'origine).*|x-original-to:.*)$",
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

/// Lines with their continuations joined.
fn unfolded(text: &str) -> impl Iterator<Item = String> + '_ {
    let mut lines = text.lines().peekable();
    std::iter::from_fn(move || {
        let mut line = lines.next()?.to_owned();
        while let Some(next) =
            lines.peek().filter(|next| next.starts_with([' ', '\t']) && !next.trim().is_empty())
        {
            line.push(' ');
            line.push_str(next.trim());
            lines.next();
        }
        Some(line)
    })
}

/// "rfc822; <jean@client.example>" without its type.
fn typed_address(value: &str) -> Option<String> {
    let address = value.split_once(';').map_or(value, |(_, address)| address);
    let address = address.split('(').next().unwrap_or(address).trim().trim_matches(['<', '>', '"', ' ']);
    usable_address(address).or_else(|| first_address(value, &[]))
}

/// The code of a Status field.
fn stated_code(value: &str) -> Option<String> {
    let code = value.split([' ', '(', ';']).next().unwrap_or("");
    let mut numbers = code.split('.');
    let class = numbers.next()?;
    let sound = matches!(class, "2" | "4" | "5")
        && numbers.clone().count() == 2
        && numbers
            .all(|number| (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()));
    sound.then(|| code.to_owned())
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
mod tests {
    use crate::config::Limits;
    use crate::domain::mail::Bounce;
    use crate::reading::parse::parse;

    fn read(header: &str, body: &str) -> Option<Bounce> {
        let raw = format!("{header}\nTo: support@firm.example\n\n{body}\n");
        parse(raw.as_bytes(), &Limits { max_mail_bytes: 1 << 20, max_attachment_bytes: 1 << 20 })
            .unwrap()
            .bounce
    }

    const RETURNED: &str =
        "From: support@firm.example\nTo: jean@client.example\nMessage-ID: <42.1.x@firm.example>\n\nBonjour";

    #[test]
    fn the_forms_without_structure_are_read() {
        for (header, body, status) in [
            // Exim
            (
                "Return-Path: <>\nFrom: Mail Delivery System <Mailer-Daemon@mx.example>\nSubject: Mail delivery failed: returning message to sender",
                "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  jean@client.example\n    SMTP error from remote mail server after RCPT TO:<jean@client.example>:\n    550 5.1.1 No such user\n\n------ This is a copy of the message, including all the headers. ------\n",
                "5.1.1",
            ),
            // sendmail
            (
                "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\nSubject: Returned mail: see transcript for details",
                "The original message was received at Tue, 3 Mar 2026 10:23:51 +0100\nfrom localhost [127.0.0.1]\n\n   ----- The following addresses had permanent fatal errors -----\n<jean@client.example>\n    (reason: 552 5.2.2 Mailbox full)\n\n   ----- Original message follows -----\n",
                "5.2.2",
            ),
            // Exchange, before it wrote reports
            (
                "From: System Administrator <administrator@client.example>\nSubject: Undeliverable: Paiement",
                "Your message\n\n  To:      jean@client.example\n  Subject: Paiement\n\ndid not reach the following recipient(s):\n\njean@client.example on Tue, 3 Mar 2026 10:23:51 +0100\n    The recipient name is not recognized: 550 unknown user\n\n-----Original Message-----\n",
                "5.1.1",
            ),
            // Orange
            (
                "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: Mail non remis / Undelivered mail",
                "Votre message n'a pas pu être remis à jean@client.example : boîte aux lettres pleine (552 quota).\n\n----- Message original / Original message -----\n",
                "5.2.2",
            ),
            // Free, OVH: Postfix in its short form
            (
                "From: MAILER-DAEMON@mx.example (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender",
                "<jean@client.example>: host mx.client.example[192.0.2.1] said: 550 5.7.1\n    spam detected (in reply to end of DATA command)\n\n--- Below this line is a copy of the message.\n",
                "5.7.1",
            ),
            // qmail
            (
                "From: MAILER-DAEMON@mx.example\nSubject: failure notice",
                "Hi. This is the qmail-send program at mx.example.\n\n<jean@client.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 unknown user\n\n--- Below this line is a copy of the message.\n",
                "5.1.1",
            ),
            // Amazon SES
            (
                "From: MAILER-DAEMON@eu-west-3.mx.example\nSubject: Delivery Status Notification (Failure)",
                "An error occurred while trying to deliver the mail to the following recipients:\njean@client.example\n550 5.1.1 user unknown\n\n----- Original message -----\n",
                "5.1.1",
            ),
        ] {
            let bounce =
                read(header, &format!("{body}\n{RETURNED}")).unwrap_or_else(|| panic!("no bounce: {body}"));
            assert_eq!(bounce.recipient.as_deref(), Some("jean@client.example"), "{body}");
            assert_eq!(bounce.status.as_deref(), Some(status), "{body}");
            assert_eq!(bounce.action, "failed", "{body}");
            assert_eq!(bounce.original_message_id.as_deref(), Some("42.1.x@firm.example"), "{body}");
        }
    }

    #[test]
    fn people_who_write_about_mail_are_no_bounce() {
        for (subject, body) in [
            ("Message non remis", "Votre message n'a pas été remis. Pouvez-vous le renvoyer ?"),
            ("Email not delivered", "Your confirmation could not be delivered to me."),
            ("Delivery failed", "The delivery of my parcel failed."),
            ("Erreur 550", "J'ai une erreur 550 5.1.1 quand j'écris."),
            (
                "Re: Undelivered Mail Returned to Sender",
                "Why? <jean@client.example>: 550 5.1.1 unknown user, could not be delivered",
            ),
        ] {
            for sender in ["Jean <jean@client.example>", "DHL Delivery Service <colis@client.example>"] {
                let bounce =
                    read(&format!("From: {sender}\nSubject: {subject}\nIn-Reply-To: <x@y.example>"), body);
                assert_eq!(bounce, None, "{subject}");
                let bounce = read(&format!("From: {sender}\nSubject: {subject}"), body);
                assert!(bounce.is_none() || subject.starts_with("Re:"), "{subject}");
            }
        }
    }

    #[test]
    fn the_report_of_a_gateway_inside_a_mail_of_a_system_is_read() {
        let report = "Content-Type: multipart/report; report-type=delivery-status; boundary=i\n\n--i\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nOriginal-Recipient: rfc822;jean@client.example\nFinal-Recipient: RFC822; <jean@client.example>\nAction: FAILED (bad)\nStatus: 5.1.1 (unknown)\n--i--\n";
        let body = format!(
            "--o\nContent-Type: text/plain\n\nNon remis.\n--o\nContent-Type: message/rfc822\n\n{report}\n--o--"
        );
        let header = "Content-Type: multipart/mixed; boundary=o\nSubject: Non remis\nFrom: ";
        let bounce = read(&format!("{header}postmaster@mx.example"), &body).unwrap();
        assert_eq!(
            (bounce.recipient.as_deref(), bounce.status.as_deref()),
            (Some("jean@client.example"), Some("5.1.1"))
        );
        assert_eq!(bounce.action, "failed");
        assert_eq!(read(&format!("{header}jean@client.example"), &body), None, "a person forwards a report");
    }
}
