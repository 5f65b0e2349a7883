//! Access tokens from an OAuth 2.0 provider: by refresh token (RFC 6749 section 6), by a code for devices (RFC 8628),
//! by a pasted code (RFC 6749 section 4.1 with RFC 7636). And who somebody is on a chat platform (`accounts`).
//!
//! Asks one question at a time and remembers nothing: who keeps the tokens is the desk. Nothing that is said here, and
//! no fault, holds a token, a code, a secret or an address. May import: config, domain.

pub mod accounts;
mod answer;
pub mod code;
pub mod device;
pub mod sasl;

use crate::config::OAuth2;
use answer::Answer;
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// How long the provider may take to be reached.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long a whole question may take, its answer included.
pub const ASK_LIMIT: Duration = Duration::from_secs(30);
/// What an answer may weigh, in bytes. Tokens of Microsoft are some 3,000 bytes long.
const LARGEST_ANSWER: usize = 64 << 10;

/// What a provider granted.
#[derive(Debug, Clone)]
pub struct Grant {
    /// What mail servers take.
    pub access_token: SecretString,
    /// The one to ask with the next time; `None`: the one that was used stays good.
    pub refresh_token: Option<SecretString>,
    /// How long the access token is good for.
    pub lifetime: Duration,
}

/// Why there is no token. Its text is English, one line, for the log and for `guichet check`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The provider says no, and will say no again until a person acts: a token that was revoked or ran out, a password
    /// that was changed, a client whose secret ended.
    #[error("the provider refuses ({0})")]
    Refused(String),
    /// The provider could not be asked, or did not answer as one: it may go another time.
    #[error("the provider cannot be asked ({0})")]
    Unavailable(String),
}

/// A fresh access token for a refresh token (RFC 6749 section 6).
///
/// # Errors
/// [`Fault::Refused`] with the provider's word, such as `invalid_grant`; [`Fault::Unavailable`] for the rest.
pub async fn refresh(settings: &OAuth2, refresh_token: &SecretString) -> Result<Grant, Fault> {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.expose_secret()),
        ("scope", &settings.scope),
    ];
    // Google takes no scope here, and none means: what was granted.
    let form = if settings.provider == crate::config::Provider::Google { &form[..2] } else { &form[..] };
    match answer::token(ask(&settings.token_url, settings, form).await?)? {
        answer::Token::Granted(grant) => Ok(grant),
        answer::Token::Refused(refusal) => Err(refusal.into_fault()),
    }
}

/// Puts one question to an endpoint; the client says who it is by its id, and its secret where it has one
/// (RFC 6749 section 2.3.1).
async fn ask(url: &str, settings: &OAuth2, form: &[(&str, &str)]) -> Result<Answer, Fault> {
    let mut form = form.to_vec();
    form.push(("client_id", &settings.client_id));
    if let Some(secret) = &settings.client_secret {
        form.push(("client_secret", secret.expose_secret()));
    }
    put(url, |client| client.post(url).form(&form)).await
}

/// Puts a question, and takes the whole of its answer.
async fn put(
    url: &str,
    question: impl FnOnce(&reqwest::Client) -> reqwest::RequestBuilder,
) -> Result<Answer, Fault> {
    let client = client(url).map_err(|error| Fault::Unavailable(said(error)))?;
    let asked = tokio::time::timeout(ASK_LIMIT, receive(question(&client)));
    asked.await.unwrap_or_else(|_| {
        Err(Fault::Unavailable(format!("no whole answer within {} s", ASK_LIMIT.as_secs())))
    })
}

async fn receive(question: reqwest::RequestBuilder) -> Result<Answer, Fault> {
    let sent = question.header("accept", "application/json").send();
    let mut response = sent.await.map_err(|error| Fault::Unavailable(said(error)))?;
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| Fault::Unavailable(said(error)))? {
        if body.len() + piece.len() > LARGEST_ANSWER {
            return Err(Fault::Unavailable(format!("an answer of more than {LARGEST_ANSWER} bytes")));
        }
        body.extend_from_slice(&piece);
    }
    Ok(Answer { status: response.status().as_u16(), body })
}

/// Made for each question: they are rare. Follows nobody elsewhere with a secret in hand.
fn client(url: &str) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_LIMIT)
        .user_agent(concat!("guichet/", env!("CARGO_PKG_VERSION")));
    // Nothing between this machine and itself; and only there may the question be in plain text.
    if url.starts_with("http://") { builder.no_proxy().build() } else { builder.https_only(true).build() }
}

/// A fault of the connection in few words: the innermost cause, which says more than the outer ones, without the
/// address that was asked.
fn said(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let words = cause.to_string();
    words.chars().filter(|c| !c.is_control()).take(160).collect()
}
