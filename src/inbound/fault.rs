//! What can keep mail from coming in, said so that an operator knows which key of the configuration to look at.
//!
//! May import: desk. Never holds a password, an address or a line of a mail.

use crate::desk::Failure;
use crate::desk::tokens::TokenFault;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

/// Why mail could not be taken in. Its text is one English line for the log and for `guichet check`.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The name has no address: misspelt, or no DNS.
    #[error("unknown host {host} ({why}); see `imap.host`")]
    UnknownHost {
        /// As configured.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// Nobody answers there.
    #[error("cannot connect to {host}:{port} ({why}); see `imap.host` and `imap.port`")]
    Unreachable {
        /// As configured.
        host: String,
        /// As configured.
        port: u16,
        /// What the system said.
        why: String,
    },
    /// The encrypted connection could not be made: certificate, name, or a port that speaks something else.
    #[error("TLS with {host} failed ({why}); see {key}")]
    Tls {
        /// As configured.
        host: String,
        /// What rustls said.
        why: String,
        /// The keys that mend it.
        key: &'static str,
    },
    /// The `ca_file` cannot be read or holds no certificate.
    #[error("cannot use the certificates of {} ({why}); see `imap.ca_file`", path.display())]
    CaFile {
        /// As configured.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The server does not want this user with this password.
    #[error("the server refuses the login ({said}); see `imap.username` and `imap.password`")]
    Login {
        /// The server's words, without addresses.
        said: String,
    },
    /// The server does not want this user with an access token that the provider granted just now.
    #[error("the server refuses the access token ({said}); see `imap.username` and `imap.oauth2`")]
    Token {
        /// The server's words, without addresses.
        said: String,
    },
    /// There is no access token to show to the server.
    #[error("{0}")]
    NoToken(TokenFault),
    /// The mailbox cannot be opened.
    #[error("the mailbox {mailbox} cannot be opened ({said}); see `imap.mailbox`")]
    Mailbox {
        /// As configured.
        mailbox: String,
        /// The server's words, without addresses.
        said: String,
    },
    /// A command was answered NO or BAD.
    #[error("the server refuses {command} ({said})")]
    Refused {
        /// The command's name, without its arguments.
        command: &'static str,
        /// The server's words, without addresses.
        said: String,
    },
    /// The server said BYE, the line was cut, or what came was not IMAP.
    #[error("the connection was lost ({0})")]
    Lost(String),
    /// Nothing came within the time limit.
    #[error("no answer from the server within {seconds} s ({during})")]
    Silent {
        /// The limit.
        seconds: u64,
        /// What was waited for.
        during: &'static str,
    },
    /// A folder of the Maildir, or a file to take in, cannot be read or renamed.
    #[error("{} cannot be used ({why}); see `maildir.inbox`", path.display())]
    Files {
        /// Which.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// The mail came, but could not be stored: full disk, locked database.
    #[error("the mail could not be stored: {0:#}")]
    Store(anyhow::Error),
}

impl FetchError {
    /// What it says of a mailbox whose section in the configuration is `section`, such as `imap[2]`.
    pub fn of_section(&self, section: &str) -> String {
        self.to_string().replace("`imap.", &format!("`{section}."))
    }

    /// Whether trying again soon could do harm: servers lock accounts that fail to log in too often.
    pub fn is_credentials(&self) -> bool {
        matches!(self, FetchError::Login { .. } | FetchError::Token { .. })
    }

    /// Whether somebody must sign in first. Nobody is hammered meanwhile: the desk remembers the refusal.
    pub fn waits_for_sign_in(&self) -> bool {
        matches!(self, FetchError::NoToken(fault) if fault.needs_a_person())
    }

    /// Whether two faults are one and the same for the log: same kind, same words.
    pub fn is_same(&self, other: &FetchError) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.to_string() == other.to_string()
    }
}

impl From<Failure> for FetchError {
    fn from(failure: Failure) -> FetchError {
        FetchError::Store(match failure {
            Failure::Broken(chain) => chain,
            Failure::Refused(refusal) => anyhow::anyhow!("refused: {refusal:?}"),
        })
    }
}

/// A server's words as they may stand in a log: one short line, no control characters, no address, no quoting
/// left over from the library's own error text.
pub fn said(words: &str) -> String {
    let words = match words.split_once("info: Some(\"") {
        Some((_, rest)) => rest.rsplit_once("\")").map_or(rest, |(inner, _)| inner),
        None => words,
    };
    let mut line = String::new();
    for word in words.split_whitespace().filter(|word| !word.contains('@')) {
        if line.chars().count() > 160 {
            line.push('…');
            break;
        }
        let clean: String = word.chars().filter(|c| !c.is_control()).take(80).collect();
        let gap = if line.is_empty() { "" } else { " " };
        let _ = write!(line, "{gap}{clean}"); // Writing to a String cannot fail.
    }
    if line.is_empty() { "no reason given".to_owned() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_are_one_line_without_addresses() {
        assert_eq!(
            said("code: None, info: Some(\"[AUTHENTICATIONFAILED] Failed for jean@client.example\")"),
            "[AUTHENTICATIONFAILED] Failed for"
        );
        assert_eq!(said("a\r\nb\u{7}c"), "a bc");
        assert_eq!(said(""), "no reason given");
        assert!(said(&"mot ".repeat(1000)).len() < 200);
    }

    #[test]
    fn a_fault_names_the_key_to_look_at() {
        let login = FetchError::Login { said: "no".into() };
        assert!(login.to_string().contains("`imap.password`"));
        assert!(login.of_section("imap[2]").ends_with("see `imap[2].username` and `imap[2].password`"));
        assert!(login.is_credentials() && login.is_same(&FetchError::Login { said: "no".into() }));
        assert!(!login.is_same(&FetchError::Lost("no".into())));
    }
}
