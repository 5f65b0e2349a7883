//! `guichet dkim …`: a key to sign mail with, and what to publish of the one that is configured. May import: config, dkim,
//! wording.

use super::{Done, Ended, Globals, config, print_json};
use crate::config::read_key_name;
use crate::dkim::{PrivateKey, new_private_key, record_name};
use crate::wording::{config_faults, dkim as say};
use clap::Subcommand;
use serde_json::json;

/// The selector of a key that nobody gave one.
const SELECTOR: &str = "guichet";

#[derive(Debug, Subcommand)]
pub(super) enum DkimCommand {
    #[command(about = say::KEYGEN)]
    Keygen {
        /// The domain that signs; that of smtp.from by default
        #[arg(long)]
        domain: Option<String>,
        /// The name of the key
        #[arg(long, default_value = SELECTOR)]
        selector: String,
    },
    #[command(about = say::RECORD)]
    Record,
}

pub(super) fn run(command: &DkimCommand, globals: &Globals) -> Done {
    match command {
        DkimCommand::Keygen { domain, selector } => keygen(domain.as_deref(), selector, globals),
        DkimCommand::Record => record(globals),
    }
}

/// A key, as a line of the configuration, and its record; nothing is kept of it. It comes before the configuration is whole: one
/// that cannot be read will do.
fn keygen(domain: Option<&str>, selector: &str, globals: &Globals) -> Done {
    let smtp = config(globals).ok().and_then(|config| config.smtp);
    let of_sender = smtp.as_ref().and_then(|smtp| smtp.from.trim_end_matches('>').rsplit_once('@'));
    let domain = domain.or(of_sender.map(|(_, domain)| domain)).unwrap_or("example.org");
    let (domain, selector) =
        &read_key_name(domain, selector).map_err(|faults| Ended::Usage(config_faults::say_all(&faults)))?;
    let private_key = new_private_key()?;
    let key = PrivateKey::read(&private_key).map_err(anyhow::Error::from)?;
    let (name, record) = (record_name(domain, selector), key.record());
    let made = json!({ "domain": domain, "selector": selector, "private_key": private_key, "name": name, "record": record });
    print_json(globals.json, &made, &say::key(domain, selector, &private_key, &name, &record));
    Ok(())
}

/// The record of the key that is configured.
fn record(globals: &Globals) -> Done {
    let smtp = config(globals)?.smtp;
    let Some(dkim) = smtp.and_then(|smtp| smtp.dkim) else {
        return Err(Ended::Refused(say::NO_KEY.to_owned()));
    };
    let key = dkim.key().map_err(anyhow::Error::from)?;
    let (name, record) = (record_name(&dkim.domain, &dkim.selector), key.record());
    let zone = zone_line(&name, &record);
    let said = say::record(&name, &record, &zone);
    print_json(globals.json, &json!({ "name": name, "record": record, "zone": zone }), &said);
    Ok(())
}

/// The record as a zone file has it, in strings of at most 255 characters (RFC 1035 section 3.3).
fn zone_line(name: &str, record: &str) -> String {
    let strings = record.as_bytes().chunks(255).map(|part| format!("\"{}\"", String::from_utf8_lossy(part)));
    format!("{name}. IN TXT ( {} )", strings.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_file_has_a_long_record_in_several_strings() {
        let line = zone_line("s._domainkey.example.org", &"a".repeat(300));
        assert_eq!(
            line,
            format!("s._domainkey.example.org. IN TXT ( \"{}\" \"{}\" )", "a".repeat(255), "a".repeat(45))
        );
    }
}
