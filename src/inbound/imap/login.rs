//! Signing in to an IMAP server: LOGIN, AUTHENTICATE PLAIN (RFC 4616), XOAUTH2, OAUTHBEARER (RFC 7628), the last two
//! with the initial response in the command where the server takes it (RFC 4959).
//!
//! May import: config, oauth, inbound::{fault, imap, wire}.

use super::{Credential, broken, closed, lost, within};
use crate::config;
use crate::inbound::fault::{FetchError, said};
use crate::inbound::wire::Wire;
use crate::oauth::sasl;
use async_imap::imap_proto::{Capability, Response, Status};
use async_imap::{Client, error::Error};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashSet;
use tokio::io::AsyncWriteExt;

/// Servers take command lines of about 8,000 bytes (RFC 7162 section 4); a longer response waits for the server's `+`.
const LONGEST_INITIAL: usize = 7500;

/// LOGIN for a password that can be said in a quoted string, AUTHENTICATE PLAIN for another; a token by the mechanism
/// that the server offers.
pub(super) async fn log_in(
    client: Client<Wire>,
    settings: &config::Imap,
    credential: Credential<'_>,
) -> Result<async_imap::Session<Wire>, FetchError> {
    match credential {
        Credential::Password(password) => by_password(client, &settings.username, password).await,
        Credential::Token(token) => by_token(client, settings, token).await,
    }
}

async fn by_password(
    client: Client<Wire>,
    user: &str,
    password: &SecretString,
) -> Result<async_imap::Session<Wire>, FetchError> {
    let password = password.expose_secret();
    let is_quotable = |text: &str| text.chars().all(|c| c.is_ascii() && !c.is_ascii_control());
    let session = if is_quotable(user) && is_quotable(password) {
        within("LOGIN", client.login(user, password)).await?
    } else {
        let answers = Answers { initial: Some(format!("\0{user}\0{password}")), dismissal: "" };
        within("AUTHENTICATE", client.authenticate("PLAIN", answers)).await?
    };
    session.map_err(|(error, _)| match error {
        Error::No(words) | Error::Bad(words) => FetchError::Login { said: said(&words) },
        other => broken(other),
    })
}

async fn by_token(
    mut client: Client<Wire>,
    settings: &config::Imap,
    token: &SecretString,
) -> Result<async_imap::Session<Wire>, FetchError> {
    let offered = capabilities(&mut client).await?;
    let config::Imap { username, host, port, .. } = settings;
    let is_bearer = offered.contains("AUTH=OAUTHBEARER") && !offered.contains("AUTH=XOAUTH2");
    // A server's no comes as a challenge with its reasons, which must be answered before it says NO: with nothing in
    // XOAUTH2, with one control character in OAUTHBEARER (RFC 7628 section 3.2.3).
    let (mechanism, response, dismissal) = if is_bearer {
        ("OAUTHBEARER", sasl::oauthbearer(username, host, *port, token), "\u{1}")
    } else {
        ("XOAUTH2", sasl::xoauth2(username, token), "")
    };
    let encoded = STANDARD.encode(&response);
    let session = if offered.contains("SASL-IR") && encoded.len() <= LONGEST_INITIAL {
        let answers = Answers { initial: None, dismissal };
        within("AUTHENTICATE", client.authenticate(format!("{mechanism} {encoded}"), answers)).await?
    } else {
        let answers = Answers { initial: Some(response), dismissal };
        within("AUTHENTICATE", client.authenticate(mechanism, answers)).await?
    };
    session.map_err(|(error, _)| match error {
        Error::No(words) | Error::Bad(words) => FetchError::Token { said: said(&words) },
        // It quotes the challenge.
        Error::Parse(_) => FetchError::Lost("the answer is not IMAP".to_owned()),
        other => broken(other),
    })
}

/// What the server offers before anybody signed in.
async fn capabilities(client: &mut Client<Wire>) -> Result<HashSet<String>, FetchError> {
    // The library sends commands of others only once somebody is signed in.
    const TAG: &str = "OFFER";
    let mut offered = HashSet::new();
    let sent = async {
        client.get_mut().write_all(format!("{TAG} CAPABILITY\r\n").as_bytes()).await?;
        client.get_mut().flush().await
    };
    within("CAPABILITY", sent).await?.map_err(lost)?;
    loop {
        let answer = within("CAPABILITY", client.read_response()).await?;
        let answer = answer.map_err(lost)?.ok_or_else(closed)?;
        match answer.parsed() {
            Response::Capabilities(list) => {
                offered.extend(list.iter().filter_map(|capability| match capability {
                    Capability::Atom(name) => Some(name.to_ascii_uppercase()),
                    Capability::Auth(name) => Some(format!("AUTH={}", name.to_ascii_uppercase())),
                    Capability::Imap4rev1 => None,
                }));
            }
            Response::Done { tag: answered, status, .. } if answered.as_bytes() == TAG.as_bytes() => {
                // Without a list XOAUTH2 is tried all the same.
                return Ok(if *status == Status::Ok { offered } else { HashSet::new() });
            }
            Response::Data { status: Status::Bye, outcome } => {
                let words = outcome.information.as_deref().unwrap_or_default();
                return Err(FetchError::Lost(format!("the server says goodbye: {}", said(words))));
            }
            _ => {}
        }
    }
}

/// What we answer to a server's challenges: first the response, where it was not in the command, then the dismissal.
struct Answers {
    initial: Option<String>,
    dismissal: &'static str,
}

impl async_imap::Authenticator for Answers {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        self.initial.take().unwrap_or_else(|| self.dismissal.to_owned())
    }
}
