//! `[push]`: the key by which browsers and their push services know us. May import: `config`.

use super::fault::{Problem, Wanted};
use super::source::Source;
use super::{checks, required_secret};
use secrecy::{ExposeSecret, SecretString};

/// What it takes to tell browsers (RFC 8292).
#[derive(Debug, Clone)]
pub struct Push {
    /// 32 bytes in URL-safe base64; `guichet push keygen` makes one.
    pub vapid_private_key: SecretString,
    /// Whom a push service writes to when our messages trouble it: `mailto:…` or `https://…`.
    pub contact: String,
}

/// The section, where it is given.
pub(super) fn read_push(source: &mut Source) -> Option<Option<Push>> {
    if !source.has_section("push") {
        return Some(None);
    }
    let key = required_secret(source, "push.vapid_private_key");
    if let Some(key) = &key
        && !checks::is_private_key(key.expose_secret())
    {
        let wanted = if source.has("push.vapid_private_key") {
            "push.vapid_private_key"
        } else {
            "push.vapid_private_key_file"
        };
        source.fault(wanted, Problem::Wants(Wanted::VapidKey));
    }
    if !source.has("push.contact") {
        source.fault("push.contact", Problem::Missing);
    }
    let contact = source.read("push.contact", Wanted::Contact, checks::contact);
    Some(Some(Push { vapid_private_key: key?, contact: contact? }))
}
