//! The endpoints that are told what happens: one `[webhook]`, or several `[[webhook]]`. May import: `config`, domain.

use super::checks;
use super::fault::{Problem, Wanted};
use super::required_secret;
use super::source::Source;
use crate::domain::webhook::{Hook, HookEvent};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::path::PathBuf;

/// An endpoint of the host application.
#[derive(Clone)]
pub struct Webhook {
    /// What logs, metrics and commands call it: as it was named, else its host, with `#2` behind it where an earlier one is called
    /// so. What waits for it waits under this name.
    pub name: String,
    /// Where events are posted. Its path may be a secret: show the name.
    pub url: String,
    /// What its messages are signed with: `whsec_` and base64.
    pub secret: SecretString,
    /// What it is told.
    pub events: Vec<HookEvent>,
    /// PEM file of roots to trust instead of Mozilla's; readable when the configuration was loaded.
    pub ca_file: Option<PathBuf>,
}

impl Webhook {
    /// The bytes that its messages are signed with.
    pub fn key(&self) -> Vec<u8> {
        checks::hook_key(self.secret.expose_secret()).unwrap_or_default()
    }

    /// What the desk knows of it.
    pub fn hook(&self) -> Hook {
        Hook { name: self.name.clone(), events: self.events.clone() }
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("name", &self.name)
            .field("events", &self.events)
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

/// Every `[[webhook]]`, or the one `[webhook]`; `None` where one of them left faults.
pub(super) fn read_webhooks(source: &mut Source) -> Option<Vec<Webhook>> {
    let sections = source.sections_of("webhook");
    let mut webhooks: Vec<(String, Webhook)> = Vec::with_capacity(sections.len());
    let mut is_whole = true;
    for section in sections {
        let Some((mut webhook, is_named)) = read_webhook(source, &section) else {
            is_whole = false;
            continue;
        };
        if let Some((first, _)) = webhooks.iter().find(|(_, known)| known.name == webhook.name) {
            if is_named {
                source.fault(&format!("{section}.name"), Problem::Twice { other: first.clone() });
            }
            webhook.name = format!("{}#{}", webhook.name, webhooks.len() + 1);
        }
        webhooks.push((section, webhook));
    }
    is_whole.then(|| webhooks.into_iter().map(|(_, webhook)| webhook).collect())
}

/// With whether it was given a name.
fn read_webhook(source: &mut Source, section: &str) -> Option<(Webhook, bool)> {
    let key = |name: &str| format!("{section}.{name}");
    if !source.has(&key("url")) {
        source.fault(&key("url"), Problem::Missing);
    }
    let url = source.read(&key("url"), Wanted::WebhookUrl, |text| {
        let (scheme, host) = checks::hook_url(text)?;
        Some((text.to_owned(), scheme == "http" && !checks::is_loopback(host), host.to_owned()))
    });
    if url.as_ref().is_some_and(|(_, is_plain, _)| *is_plain) {
        source.fault(&key("url"), Problem::PlainText);
    }
    let secret = required_secret(source, &key("secret"));
    if let Some(secret) = &secret
        && !checks::is_hook_secret(secret.expose_secret())
    {
        let given = if source.has(&key("secret")) { "secret" } else { "secret_file" };
        source.fault(&key(given), Problem::Wants(Wanted::WebhookSecret));
    }
    let known = HookEvent::ALL.map(HookEvent::as_str);
    let events = match source.has(&key("events")) {
        true => source.words(&key("events"), Wanted::WebhookEvents, &known, HookEvent::from_word),
        false => Some(HookEvent::ALL.to_vec()),
    };
    if events.as_ref().is_some_and(Vec::is_empty) {
        source.fault(&key("events"), Problem::Wants(Wanted::WebhookEvents));
    }
    let name = source.text(&key("name")).map(|name| name.trim().to_owned());
    let ca_file = source.certificates(&key("ca_file"));
    let (url, _, host) = url?;
    let is_named = name.is_some();
    let webhook = Webhook { name: name.unwrap_or(host), url, secret: secret?, events: events?, ca_file };
    Some((webhook, is_named))
}
