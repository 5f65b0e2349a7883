//! The mailboxes that mail comes from: one `[imap]`, or several `[[imap]]`. May import: `config`.

use super::fault::{Problem, Wanted};
use super::oauth2::{SignIn, read_sign_in};
use super::source::Source;
use super::{AfterIngest, DAY, Security, Start, read_duration, read_port, read_security};
use std::path::PathBuf;
use std::time::Duration;

/// A mailbox that mail comes from.
#[derive(Debug, Clone)]
pub struct Imap {
    /// Its section in the configuration, as faults name it: `imap`, or `imap[2]` for the second of several.
    pub section: String,
    /// What logs, metrics and pages call it: `INBOX@imap.example.org`, with `#2` behind it where an earlier one is
    /// called so. Never holds the account.
    pub label: String,
    /// A name or an address, also the name that the certificate must bear.
    pub host: String,
    /// 993 for TLS, 143 otherwise.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// The account.
    pub username: String,
    /// Its password, or where its tokens come from.
    pub sign_in: SignIn,
    /// The mailbox's name, as a person writes it (not in modified UTF-7).
    pub mailbox: String,
    /// What becomes of a mail on the server.
    pub after_ingest: AfterIngest,
    /// The folder in which a copy of each mail that leaves is kept, as a person writes its name.
    pub sent_folder: Option<String>,
    /// PEM file of roots to trust instead of Mozilla's; it held some when the configuration was loaded.
    pub ca_file: Option<PathBuf>,
    /// How often to look where the server does not announce mail by itself.
    pub poll_interval: Duration,
    /// Where to begin the first time.
    pub start: Start,
    /// The name under which the mail server writes what it found of a sender (RFC 8601); `None`: nothing is believed.
    pub authserv_id: Option<String>,
}

impl Imap {
    /// Whether both are one mailbox of one account. INBOX has no case (RFC 3501 section 5.1), no host has.
    fn is_same_mailbox(&self, other: &Imap) -> bool {
        let both_inbox = [self, other].iter().all(|imap| imap.mailbox.eq_ignore_ascii_case("INBOX"));
        self.host.eq_ignore_ascii_case(&other.host)
            && self.username == other.username
            && (both_inbox || self.mailbox == other.mailbox)
    }
}

/// Every `[[imap]]`, or the one `[imap]`; `None` where one of them left faults.
pub(super) fn read_mailboxes(source: &mut Source) -> Option<Vec<Imap>> {
    let read: Vec<Option<Imap>> =
        source.sections_of("imap").into_iter().map(|section| read_imap(source, section)).collect();
    let mut mailboxes: Vec<Imap> = Vec::with_capacity(read.len());
    let mut is_whole = true;
    for mailbox in read {
        let Some(mut mailbox) = mailbox else {
            is_whole = false;
            continue;
        };
        if let Some(first) = mailboxes.iter().find(|known| known.is_same_mailbox(&mailbox)) {
            let other = format!("{}.mailbox", first.section);
            source.fault(&format!("{}.mailbox", mailbox.section), Problem::SameMailbox { other });
        }
        if let (Some(_), Some(first)) =
            (&mailbox.sent_folder, mailboxes.iter().find(|known| known.sent_folder.is_some()))
        {
            let other = format!("{}.sent_folder", first.section);
            source.fault(&format!("{}.sent_folder", mailbox.section), Problem::KeptTwice { other });
        }
        if mailboxes.iter().any(|known| known.label == mailbox.label) {
            mailbox.label = format!("{}#{}", mailbox.label, mailboxes.len() + 1);
        }
        mailboxes.push(mailbox);
    }
    is_whole.then_some(mailboxes)
}

fn read_imap(source: &mut Source, section: String) -> Option<Imap> {
    let key = |name: &str| format!("{section}.{name}");
    let host = source.required(&key("host"));
    let security = read_security(source, &section, host.as_deref());
    let port = read_port(source, &key("port"));
    let username = source.required(&key("username"));
    let sign_in = read_sign_in(source, &section, username.as_deref());
    let mailbox = source.text(&key("mailbox")).unwrap_or_else(|| "INBOX".to_owned());
    let after_ingest = source.read(&key("after_ingest"), Wanted::AfterIngest, AfterIngest::from_word);
    let sent_folder = source.read(&key("sent_folder"), Wanted::FolderName, |name| {
        let name = name.trim();
        (!name.is_empty() && !name.chars().any(char::is_control)).then(|| name.to_owned())
    });
    let ca_file = source.certificates(&key("ca_file"));
    let poll_interval = read_duration(source, &key("poll_interval"), 1, DAY);
    let start = source.read(&key("start"), Wanted::OneOf(Start::WORDS), Start::from_word);
    let authserv_id = source.text(&key("authserv_id")).map(|id| id.trim().to_owned());
    let host = host?;
    Some(Imap {
        label: format!("{mailbox}@{host}"),
        section,
        host,
        port: port.unwrap_or(if security == Security::Tls { 993 } else { 143 }),
        security,
        username: username?,
        sign_in: sign_in?,
        mailbox,
        after_ingest: after_ingest.unwrap_or(AfterIngest::Keep),
        sent_folder,
        ca_file,
        poll_interval: poll_interval.unwrap_or(Duration::from_secs(60)),
        start: start.unwrap_or(Start::Now),
        authserv_id,
    })
}
