//! Whom a report without structure says was not reached. May import: `domain::text`.

use super::words::{ADDRESS, ANCHOR};
use crate::domain::text::pattern;
use crate::reading::address::usable_address;
use regex::Regex;
use std::sync::LazyLock;

/// Most addresses looked at of one text.
const MOST_ADDRESSES: usize = 200;
/// Most places of one form looked at.
const MOST_PLACES: usize = 20;
/// How far what stands before an address is looked at, in bytes: more than the start of any link.
const REACH: usize = 300;

/// Postfix and qmail: `<address>` at the start of a line, or alone on it.
pub static LINE_OF_ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^\s*<([^\s<>]+@[^\s<>]+)>:?"));
/// The same, with what is said of it.
static LINE_WITH_REASON: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^\s*<([^\s<>]+@[^\s<>]+)>:"));
/// What was said to the server that refused it, and the log of the one that was refused.
static SESSION: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:rcpt to: ?|to=)<([^\s<>]+@[^\s<>]+)>"));
/// The start of a line that names the recipient as a form does.
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?im)^[ \t>*|-]*(?:recipient|destinataire|empf\x{e4}nger|destinatario|\x{5b9b}\x{5148}|\x{6536}\x{4ef6}\x{4eba})[ \t\x{a0}]*[:\x{ff1a}]",
    )
});

/// The recipient where the form of the text says who it is.
pub fn anchored_address(words: &str, except: &[String]) -> Option<String> {
    let shown = |form: &Regex| {
        form.captures_iter(words).take(MOST_PLACES).find_map(|found| {
            let address = bare_address(&found[1])?;
            (!except.contains(&address)).then_some(address)
        })
    };
    let labelled = || {
        LABEL.find_iter(words).take(MOST_PLACES).find_map(|label| {
            let line = words[label.end()..].lines().next()?;
            first_address(line, except)
        })
    };
    let announced = || {
        let anchor = ANCHOR.find(words)?;
        first_address(&words[anchor.start()..], except)
    };
    // What a server was asked for last may be whom the mail was handed on to.
    shown(&LINE_WITH_REASON)
        .or_else(labelled)
        .or_else(|| shown(&LINE_OF_ADDRESS))
        .or_else(|| shown(&SESSION))
        .or_else(announced)
}

/// The first usable address that is not one of `except`, nor a mail system's own.
pub fn first_address(text: &str, except: &[String]) -> Option<String> {
    addresses(text).find(|address| !except.contains(address) && !is_system(address))
}

/// The addresses that may be the recipient's.
pub fn addresses(text: &str) -> impl Iterator<Item = String> + '_ {
    let found = ADDRESS.find_iter(text).take(MOST_ADDRESSES);
    found
        .filter(move |found| !is_of_another(text, found.start()))
        .filter_map(|found| usable_address(found.as_str().trim_matches(['.', '*', '`'])))
}

/// Whether what stands at `at` is whoever wrote, the name of a mail or a piece of a link.
fn is_of_another(text: &str, at: usize) -> bool {
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"(?i)(?:\bfrom|\bmessage-id|\bsender|\breturn-path|\breply-to)[ \t]*[:=]?[ \t]*['"<(\[]*$|://\S*$"#,
        )
    });
    let start = text.floor_char_boundary(at.saturating_sub(REACH));
    text[at..].starts_with("//") || BEFORE.is_match(&text[start..at])
}

/// An address, whose local part may stand in quotation marks that it does not need (RFC 5321 section 4.1.2).
pub fn bare_address(address: &str) -> Option<String> {
    let (local, domain) = address.trim().rsplit_once('@')?;
    let bare = local.strip_prefix('"').and_then(|local| local.strip_suffix('"')).unwrap_or(local);
    usable_address(&format!("{bare}@{domain}"))
}

/// An address that no mail of ours was for.
fn is_system(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or("");
    ["mailer-daemon", "postmaster", "abuse", "double-bounce", "noc", "helpdesk"].contains(&local)
}
