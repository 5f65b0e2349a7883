//! Any bytes as a mail, through everything that looks at a mail before a row is written: reading, screening, trimming,
//! threading, thanks, and the JSON of `mail inspect`. Crashes where a promise about the outcome is broken.
//!
//! May import: guichet::{config, domain, reading}. How to run it: CONTRIBUTING.md.

#![no_main]

use guichet::config::Limits;
use guichet::domain::mail::{InboundMail, Mailbox};
use guichet::domain::screening::{Screening, automatic_subject, screen};
use guichet::domain::thanks::is_thanks;
use guichet::domain::threading::{
    MOST_REFERENCES, answered_ids, bare_subject, read_minted_id, tagged_ticket,
};
use guichet::domain::trim::{is_blank, trim};
use guichet::reading::identity::{identity, sha256_hex};
use guichet::reading::inspect::inspect;
use guichet::reading::parse::file_bytes;
use guichet::reading::read;
use guichet::reading::shown::show;
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { max_mail_bytes: 1 << 20, max_attachment_bytes: 1 << 20 };

fuzz_target!(init: pass_over_the_known_panic(), |raw: &[u8]| {
    let own = ["support@firm.example".to_owned()];
    assert_eq!(sha256_hex(raw).len(), 64);
    assert_eq!(identity(raw), identity(raw), "identity");
    let told = inspect(raw, &own, &[], &LIMITS);
    match read(raw, &LIMITS) {
        Ok(mail) => check(raw, &mail, &own),
        Err(_) => assert_eq!(told["screening"], "hold"),
    }
});

/// A panic is a find, though `reading::read` would make a held mail of it. But for one: built with debug assertions,
/// as here, mail-parser stops at broken MIME that it goes on with in a release.
fn pass_over_the_known_panic() {
    const KNOWN: &str = "Invalid part ID, could not find multipart.";
    let abort = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_theirs = panic.location().is_some_and(|place| place.file().contains("mail-parser"));
        if !(is_theirs && panic.payload_as_str() == Some(KNOWN)) {
            abort(panic);
        }
    }));
}

fn check(raw: &[u8], mail: &InboundMail, own: &[String]) {
    for text in [&mail.subject]
        .into_iter()
        .chain(mail.message_id.iter().chain(&mail.in_reply_to).chain(&mail.references))
    {
        assert!(!text.contains(char::is_control), "a control character in {text:?}");
        assert!(text.len() <= 8_000, "{} bytes of header", text.len());
    }
    assert!(mail.message_id.as_ref().is_none_or(|id| !id.trim().is_empty()), "an empty Message-ID");
    for Mailbox { address, name } in mail.from.iter().chain(&mail.to).chain(&mail.cc) {
        assert!(
            !address.contains(char::is_control) && !name.contains(char::is_control),
            "{address:?} {name:?}"
        );
        assert_eq!(address.matches('@').count(), 1, "{address:?}");
        assert!(!address.contains(char::is_whitespace) && address.len() <= 400, "{address:?}");
    }
    assert!(mail.to.len() <= 1_000 && mail.cc.len() <= 1_000 && mail.references.len() <= 1_000);

    assert!(!mail.text.contains(['\0', '\r']), "a NUL or a CR in the text");
    // No charset and no page makes more of a mail than this.
    assert!(
        mail.text.len() <= raw.len() * 16 + 4096,
        "{} bytes of text out of {}",
        mail.text.len(),
        raw.len()
    );

    assert!(mail.attachments.len() <= 500);
    for listed in &mail.attachments {
        assert!(!listed.name.trim().is_empty() && listed.name.len() <= 410, "{:?}", listed.name);
        assert!(
            !listed.name.contains(['/', '\\']) && !listed.name.contains(char::is_control),
            "{:?}",
            listed.name
        );
        assert!(listed.name != "." && listed.name != "..", "{:?}", listed.name);
        assert!(
            !listed.media_type.contains(char::is_control) && listed.media_type.contains('/'),
            "{:?}",
            listed.media_type
        );
    }
    // One is enough: each reading parses the mail again.
    if let Some(listed) = mail.attachments.last() {
        let bytes = file_bytes(raw, listed.part).expect("what is listed can be read again");
        assert_eq!(bytes.len() as u64, listed.bytes);
    }

    if mail.shape.html.is_some() {
        let _ = show(raw, false);
    }

    let screened = screen(mail, own);
    if mail.from.len() != 1 {
        assert_ne!(screened, Screening::Accept, "accepted without exactly one sender");
    }
    let automatic = mail.automatic.as_deref();
    if mail.bounce.is_some() || automatic.is_some_and(|why| !why.starts_with("list ")) {
        assert!(matches!(screened, Screening::Ignore(_)), "a program's mail is let in");
    }
    let _ = automatic_subject(&mail.subject);

    let trimmed = trim(&mail.text);
    let shows = |text: &str| text.chars().any(char::is_alphanumeric);
    if shows(&mail.text) {
        assert!(!trimmed.reply.trim().is_empty(), "nothing is left of {:?}", mail.text);
    }
    // Folded, never deleted: each line that shows anything is in one of the three.
    let lines = |text: &str| text.lines().filter(|line| !is_blank(line)).count();
    let kept = lines(&trimmed.reply) + lines(&trimmed.quoted) + lines(&trimmed.signature);
    assert_eq!(kept, lines(&mail.text), "lines were lost or doubled by trimming");

    let ids = answered_ids(mail);
    assert!(ids.len() <= MOST_REFERENCES && ids.iter().all(|id| !id.trim().is_empty()));
    for id in &ids {
        let _ = read_minted_id(id);
    }
    assert!(tagged_ticket(&mail.subject).is_none_or(|ticket| ticket.0 >= 0));
    if shows(&mail.subject) && tagged_ticket(&mail.subject).is_none() {
        assert!(!bare_subject(&mail.subject).is_empty(), "nothing is left of {:?}", mail.subject);
    }
    let sender = mail.from.first().map(|from| format!("{} {}", from.name, from.address)).unwrap_or_default();
    let _ = is_thanks(&trimmed.reply, &sender);
}
