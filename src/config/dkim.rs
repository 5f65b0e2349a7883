//! `[smtp] dkim = { … }`: the key that mails are signed with, and where its other half is published. May import: `config`, dkim.

use super::fault::{Fault, Problem, Wanted};
use super::source::Source;
use super::{checks, required_secret_lines};
use crate::dkim::{KeyFault, PrivateKey};
use secrecy::{ExposeSecret, SecretString};

/// What mails are signed with (RFC 6376).
#[derive(Debug, Clone)]
pub struct Dkim {
    /// The domain that answers for them, in small letters.
    pub domain: String,
    /// Which of its keys.
    pub selector: String,
    /// One that [`PrivateKey::read`] takes.
    pub private_key: SecretString,
}

impl Dkim {
    /// The key that signs.
    ///
    /// # Errors
    /// None that [`crate::config::Config::load`] let pass.
    pub fn key(&self) -> Result<PrivateKey, KeyFault> {
        PrivateKey::read(self.private_key.expose_secret())
    }
}

/// A domain that can sign, in small letters.
fn read_domain(text: &str) -> Option<String> {
    (text.contains('.') && checks::is_host(text, "-")).then(|| text.to_ascii_lowercase())
}

fn read_selector(text: &str) -> Option<String> {
    checks::is_host(text, "-_").then(|| text.to_ascii_lowercase())
}

/// The two that name a key, as the configuration takes them.
///
/// # Errors
/// The faults of the two, by their keys.
pub fn read_key_name(domain: &str, selector: &str) -> Result<(String, String), Vec<Fault>> {
    let fault = |key: &str, wanted| Fault::new(key, Problem::Wants(wanted));
    match (read_domain(domain), read_selector(selector)) {
        (Some(domain), Some(selector)) => Ok((domain, selector)),
        (domain, selector) => Err([
            domain.is_none().then(|| fault("domain", Wanted::Domain)),
            selector.is_none().then(|| fault("selector", Wanted::Selector)),
        ]
        .into_iter()
        .flatten()
        .collect()),
    }
}

/// The table, where it is given.
pub(super) fn read_dkim(source: &mut Source) -> Option<Option<Dkim>> {
    if !source.has_section("smtp.dkim") {
        return Some(None);
    }
    for key in ["smtp.dkim.domain", "smtp.dkim.selector"] {
        if !source.has(key) {
            source.fault(key, Problem::Missing);
        }
    }
    let domain = source.read("smtp.dkim.domain", Wanted::Domain, read_domain);
    let selector = source.read("smtp.dkim.selector", Wanted::Selector, read_selector);
    let private_key = required_secret_lines(source, "smtp.dkim.private_key");
    if let Some(Err(fault)) = private_key.as_ref().map(|key| PrivateKey::read(key.expose_secret())) {
        let in_file = !source.has("smtp.dkim.private_key");
        let key = if in_file { "smtp.dkim.private_key_file" } else { "smtp.dkim.private_key" };
        source.fault(
            key,
            match fault {
                KeyFault::NoKey => Problem::Wants(Wanted::DkimKey),
                KeyFault::Short => Problem::ShortKey,
            },
        );
    }
    Some(Some(Dkim { domain: domain?, selector: selector?, private_key: private_key? }))
}
