//! Reports of non-delivery: RFC 3464, and the forms that mail systems write without its structure.
//! May import: domain.

use super::automatic::{is_daemon, is_null_path};
use super::charset::decode;
use super::header::{Fields, clean, decode_words, usable_address};
use super::parse::{media_type, rescued_text, text_of};
use crate::domain::fold::fold;
use crate::domain::mail::{Bounce, InboundMail};
use mail_parser::{Message, MessagePart, PartType};
use regex::Regex;
use std::sync::LazyLock;

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
    let mut report = Report::of(message, raw);
    if kind == "disposition-notification" {
        return report.rejected();
    }
    if report.status.is_none() && is_from_system(&fields) {
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
    report.unstructured(&fields, mail)
}

/// Whether the sender is a mail system or nobody.
fn is_from_system(fields: &Fields<'_>) -> bool {
    fields.all("Return-Path").next().is_some_and(is_null_path)
        || fields.all("From").any(|sender| is_daemon(&decode(sender, None).to_lowercase()))
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
    fn unstructured(&self, fields: &Fields<'_>, mail: &InboundMail) -> Option<Bounce> {
        let senders =
            fields.all("From").map(|raw| decode(raw, None)).collect::<Vec<_>>().join(" ").to_lowercase();
        let subject = fold(&mail.subject);
        let named = failed_recipients(fields);
        let null = fields.all("Return-Path").next().is_some_and(is_null_path);
        let daemon = is_daemon(&senders)
            || fields
                .all("Return-Path")
                .next()
                .is_some_and(|path| is_daemon(&decode(path, None).to_lowercase()));
        let told = SUBJECT.is_match(&subject);
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
            || NOTIFICATION.is_match(&folded);
        if !found || is_answer(fields, &subject, daemon, null) {
            return None;
        }
        let own: Vec<String> =
            mail.to.iter().chain(&mail.from).map(|mailbox| mailbox.address.clone()).collect();
        let recipient = named
            .or_else(|| anchored_address(words, &own))
            .or_else(|| first_address(words, &own))
            .or_else(|| returned_recipient(&self.returned));
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

/// Names under which mail systems write, besides the two that are reserved.
static DAEMON: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"mail[ _-]?(er)?[ _-]?daemon|post_?master|mail ?delivery|delivery (sub)?system|mail administrator|mailadmin|bounces?@|mail ?router|smtp gateway|mail[ _-]?gateway|mail system|messaging server|system administrator|administrateur systeme|<>",
    )
});
/// A reply code of SMTP after which a server's words follow.
static SMTP_CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(^|[\s:<(-])[45][0-5]\d[ -]"));
/// The notice that Amazon SES sends by way of SNS.
static NOTIFICATION: LazyLock<Regex> = LazyLock::new(|| pattern(r#"notificationtype\\?" ?: ?\\?"bounce"#));
static SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"undeliver|non.?deliver|not delivered|delivery (status )?(notification|failure|failed|failing|problem|error|has failed|report|delayed|status)|deliver(y|ing) .{0,30}(fail|error|problem)|failure notice|failure delivery|failed (delivery|mail)|mail (failure|delivery|error|system error|not delivered)|returned mail|returned to sender|return(ed)? (message|email)|message (status|delayed|not delivered|delivery failure|you sent)|could not (be delivered|send)|unable to deliver|cannot be delivered|can't be delivered|undelivered|bounce|non remis|non distribu|non delivr|echec (de|d'|lors)|notification d'etat|rapport de non|impossible de (remettre|distribuer)|retour de courrier|retour a l'expediteur|remise (impossible|differee)|unzustellbar|nicht zustellbar|zustell|rueckmeldung|no (se ha )?entreg|no se pudo entregar|devuelto|mancato recapito|nao entreg|niet bezorg|onbestelbaar|niedostarcz|delayed mail|(warning|notice): (message|could not send|mail|delay)|error sending your mail|\bmail system error|unsolicited bulk|your message could not|user unknown|mail rejected|rejected mail|mail could not|email address|\bndr?n\b|\bdsn\b|недоставлен|не доставлен|配信|エラー",
    )
});
static STRONG: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"could not be delivered|couldn't be delivered|cannot be delivered|wasn't delivered|was not delivered|not be delivered to|unable to deliver (your|the|this|message)|undeliverable|permanent(ly)? (fatal )?(error|fail)|delivery (to the following|has failed|failed)|failed (permanently|to deliver)|returned (to you|below|message)|this is the mail (delivery|system)|mail delivery (system|software)|qmail-send program|did not reach the following recipient|following recipients? (cannot|could not|was not|has|did)|following address(es)? (had|failed|have)|transcript of session follows|unable to send|n'a pas pu etre (remis|distribue|delivre|envoye|achemine)|impossible de (remettre|distribuer|delivrer)|echec de la (remise|distribution|livraison)|n'a pas ete (remis|distribue|delivre)|nicht zugestellt|konnte nicht|no se pudo entregar|no ha podido|non e stato possibile|permanent error|has not been delivered|have not been delivered|the message was not|message not delivered|delivery of .{0,40}(failed|delayed)|still being retried|will keep trying|delivery attempts? will continue|has been (delayed|rejected|undelivered)|mail could not be",
    )
});
static FAILURE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b[45]\d\d[ -]|[245]\.\d{1,3}\.\d{1,3}|deliver|unknown|undeliver|fail|reject|refus|returned|bounce|not found|no such|doesn't|does not exist|disabled|quota|full|remis|distribu|delivr|inconnu|n'existe|boite|zugestellt|unbekannt|entreg|recapit|error|erreur|could not|unable|impossible|配信|エラー|не доставлен",
    )
});

/// What the words mean, as a code of RFC 3463.
fn meaning(folded: &str) -> Option<String> {
    for (words, code) in [
        (
            "user unknown|unknown user|no such user|unknown address|no mailbox|does ?n.t (exist|have)|does not exist|not exist|not listed|not our customer|no such (mailbox|person|recipient|address|account)|invalid (recipient|mailbox|user)|unknown recipient|recipient unknown|addressee unknown|utilisateur inconnu|destinataire inconnu|adresse inconnue|n'existe pas|unbekannt|unrouteable|mailbox unavailable|user not found|not found|unknown local",
            "5.1.1",
        ),
        (
            "quota|mailbox.{0,20}full|full mailbox|over ?limit|boite.{0,30}pleine|insufficient (disk )?space|disk full|storage",
            "5.2.2",
        ),
        (
            "host (unknown|not found)|unknown host|domain (unknown|not found|does)|no such domain|name service error|couldn't find any host|bad destination host|domaine",
            "5.1.2",
        ),
        ("too (large|big)|size limit|exceeds", "5.3.4"),
        ("spam|blocked|blacklist|policy|denied|refused", "5.7.1"),
        ("inactive|disabled|suspended|deactiv", "5.2.1"),
        ("relay", "5.7.1"),
        ("timed? ?out|delayed|retried|keep trying|temporar", "4.4.7"),
    ] {
        // Few words, compiled once each would cost more lines than it saves time: bounces are rare.
        if pattern(words).is_match(folded) {
            return Some(code.to_owned());
        }
    }
    None
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

static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"[^\s<>()\[\]"',;:=]+@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+"#));

/// The first usable address that is not one of `except`.
fn first_address(text: &str, except: &[String]) -> Option<String> {
    ADDRESS
        .find_iter(text)
        .take(200)
        .filter_map(|found| usable_address(found.as_str().trim_matches(['.', '*', '`'])))
        .find(|address| !except.contains(address) && !is_system(address))
}

/// An address that no mail of ours was for.
fn is_system(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or("");
    ["mailer-daemon", "postmaster", "abuse", "double-bounce", "noc", "helpdesk"].contains(&local)
}

/// The lines after which mail systems name who was not reached.
static ANCHOR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)following (address|recipient|user|mailbox|destination)|permanent fatal errors|failed (permanently|recipient)|recipients? (failed|address|of this|:)|could ?n.t be delivered|could not (be delivered|deliver)|unable to deliver|wasn.t delivered|undeliverable to|delivery to .{0,60}fail|did not reach|was not delivered|had (permanent|transient)|not deliver(able|ed)|destinataire|adresse suivante|n.a pas pu|intended recipient|user unknown|unknown user|failed address|original recipient|mail to|message to",
    )
});

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

/// An enhanced status code (RFC 3463) that stands by itself, not inside an address of the network.
fn enhanced_code(text: &str) -> Option<String> {
    static CODE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?:^|[^0-9.\w])([245]\.\d{1,3}\.\d{1,3})(?:$|[^0-9.\w]|\.(?:\s|$))"));
    CODE.captures_iter(text)
        .take(20)
        .map(|found| found[1].to_owned())
        .find(|code| !code.ends_with(".0.0") && !code.starts_with('2'))
}

/// A code of RFC 3463 made of the reply code of SMTP.
fn reply_code(text: &str) -> Option<String> {
    static REPLY: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:^|[\s:<(-])([45]\d\d)[ -]"));
    let folded = fold(head(text, LONGEST_REPORT));
    let found = REPLY.captures(&folded)?[1].to_owned();
    Some(match (found.as_bytes()[0], meaning(&folded)) {
        (b'4', Some(code)) => format!("4{}", &code[1..]),
        (_, Some(code)) if code.starts_with('5') => code,
        (class, _) => match found.as_str() {
            "550" | "553" => "5.1.1".to_owned(),
            "552" => "5.2.2".to_owned(),
            _ => format!("{}.0.0", class as char),
        },
    })
}

/// The bytes of a part as they stand.
fn source(part: &MessagePart<'_>, raw: &[u8]) -> String {
    let bytes = raw.get(part.offset_body as usize..part.offset_end as usize).unwrap_or(b"");
    let wrapping = super::transfer::Wrapping::named(
        &Fields::of(part, raw).text("Content-Transfer-Encoding").unwrap_or_default(),
    );
    decode(&wrapping.undo(&bytes[..bytes.len().min(LONGEST_REPORT)]), None)
}

fn head(text: &str, length: usize) -> &str {
    let mut end = text.len().min(length);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| unreachable!("the pattern is constant: {error}"))
}
