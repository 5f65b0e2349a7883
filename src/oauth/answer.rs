//! What a provider answered (RFC 6749 sections 5.1 and 5.2), read with care: it may be anybody's bytes. Pure. May
//! import: `oauth`.

use super::{Fault, Grant};
use secrecy::SecretString;
use serde::Deserialize;
use std::time::Duration;

/// Where an answer does not say how long its token is good for (RFC 6749 section 5.1 lets it be silent).
const USUAL_LIFETIME: u64 = 3600;
/// No token is believed for longer, in seconds: a day.
const LONGEST_LIFETIME: u64 = 86_400;
/// The longest token that is taken, in bytes; a mail server's line must hold it in base64.
const LONGEST_TOKEN: usize = 8 << 10;

/// An answer as it came.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// What the token endpoint said.
#[derive(Debug)]
pub(super) enum Token {
    Granted(Grant),
    Refused(Refusal),
}

/// The provider's no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The word of RFC 6749 section 5.2 or RFC 8628 section 3.5.
    pub(super) error: String,
    /// Microsoft's number for the cause, such as `AADSTS700082`.
    number: Option<String>,
}

impl Refusal {
    pub(super) fn into_fault(self) -> Fault {
        let said = match self.number {
            Some(number) => format!("{}, {number}", self.error),
            None => self.error.clone(),
        };
        match self.error.as_str() {
            // RFC 6749 section 4.1.2.1 has these for the authorisation endpoint; providers use them here too.
            "temporarily_unavailable" | "server_error" => Fault::Unavailable(said),
            _ => Fault::Refused(said),
        }
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    refresh_token: Option<String>,
    expires_in: Option<Number>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    error_description: Option<String>,
}

/// A number of seconds; some providers write it as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Whole(u64),
    Text(String),
    Broken(f64),
}

impl Number {
    fn seconds(&self) -> Option<u64> {
        match self {
            Number::Whole(seconds) => Some(*seconds),
            Number::Text(text) => text.trim().parse().ok(),
            Number::Broken(seconds) if (0.0..1e9).contains(seconds) => Some(*seconds as u64),
            Number::Broken(_) => None,
        }
    }
}

/// Reads the answer of the token endpoint.
pub(super) fn token(answer: Answer) -> Result<Token, Fault> {
    if answer.status != 200 {
        return Ok(Token::Refused(refusal(&answer)?));
    }
    let granted: Granted = json(&answer)?;
    let seconds = granted.expires_in.and_then(|number| number.seconds()).unwrap_or(USUAL_LIFETIME);
    Ok(Token::Granted(Grant {
        access_token: secret(granted.access_token)?,
        refresh_token: granted.refresh_token.map(secret).transpose()?,
        lifetime: Duration::from_secs(seconds.min(LONGEST_LIFETIME)),
    }))
}

/// Reads a no: a 400, 401 or 403 with a word in it. The rest is a provider that is not well.
pub(super) fn refusal(answer: &Answer) -> Result<Refusal, Fault> {
    if !matches!(answer.status, 400 | 401 | 403) {
        return Err(Fault::Unavailable(format!("HTTP {}", answer.status)));
    }
    let refused: Refused = json(answer)?;
    let is_word = (1..=60).contains(&refused.error.len())
        && refused.error.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if !is_word {
        return Err(not_oauth(answer));
    }
    // The description may hold an address; of it only the number is kept.
    let number = refused.error_description.as_deref().and_then(aadsts);
    Ok(Refusal { error: refused.error, number })
}

/// An answer as JSON.
pub(super) fn json<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, Fault> {
    // The reader's own words quote what it read, which may be a token.
    serde_json::from_slice(&answer.body).map_err(|_| not_oauth(answer))
}

/// The number of seconds at a key of an answer, where there is one.
pub(super) fn seconds(value: &serde_json::Value) -> Option<u64> {
    serde_json::from_value::<Number>(value.clone()).ok()?.seconds()
}

fn not_oauth(answer: &Answer) -> Fault {
    Fault::Unavailable(format!("HTTP {} with an answer that is not OAuth", answer.status))
}

/// Tokens are of visible characters (RFC 6749 appendix A.12): others would end a line or a field further on.
pub(super) fn secret(text: String) -> Result<SecretString, Fault> {
    let is_token =
        (1..=LONGEST_TOKEN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_token {
        Ok(SecretString::from(text))
    } else {
        Err(Fault::Unavailable("a token that is none".to_owned()))
    }
}

/// `AADSTS` and its digits.
fn aadsts(text: &str) -> Option<String> {
    let start = text.find("AADSTS")?;
    let digits = text[start + 6..].bytes().take(10).take_while(u8::is_ascii_digit).count();
    (digits > 0).then(|| text[start..start + 6 + digits].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn read(status: u16, body: &str) -> Result<Token, Fault> {
        token(Answer { status, body: body.as_bytes().to_vec() })
    }

    fn grant(body: &str) -> Grant {
        match read(200, body) {
            Ok(Token::Granted(grant)) => grant,
            other => panic!("{other:?}"),
        }
    }

    fn fault(status: u16, body: &str) -> Fault {
        match read(status, body) {
            Ok(Token::Refused(refusal)) => refusal.into_fault(),
            Err(fault) => fault,
            Ok(Token::Granted(_)) => panic!("granted"),
        }
    }

    #[test]
    fn a_grant_says_how_long_it_lasts_in_any_of_the_forms_seen() {
        let lifetime = |body: &str| grant(body).lifetime.as_secs();
        assert_eq!(lifetime(r#"{"access_token":"a","expires_in":3599,"token_type":"Bearer"}"#), 3599);
        assert_eq!(lifetime(r#"{"access_token":"a","expires_in":"3599"}"#), 3599);
        assert_eq!(lifetime(r#"{"access_token":"a","expires_in":3599.5}"#), 3599);
        assert_eq!(lifetime(r#"{"access_token":"a"}"#), 3600);
        assert_eq!(lifetime(r#"{"access_token":"a","expires_in":1e99}"#), 3600);
        assert_eq!(lifetime(r#"{"access_token":"a","expires_in":99999999999}"#), 86_400);
        let rotated = grant(r#"{"access_token":"a","refresh_token":"r"}"#).refresh_token.unwrap();
        assert_eq!(rotated.expose_secret(), "r");
    }

    #[test]
    fn a_no_is_told_from_a_provider_that_is_not_well() {
        let refused = |word: &str| Fault::Refused(word.to_owned());
        assert_eq!(fault(400, r#"{"error":"invalid_grant"}"#), refused("invalid_grant"));
        assert_eq!(fault(401, r#"{"error":"invalid_client"}"#), refused("invalid_client"));
        let microsoft = r#"{"error":"invalid_grant","error_description":"AADSTS700082: expired for jean@client.example"}"#;
        assert_eq!(fault(400, microsoft), refused("invalid_grant, AADSTS700082"));
        for (status, body) in [
            (400, "<html>no</html>"),
            (400, "{}"),
            (400, r#"{"error":"tell jean@client.example"}"#),
            (400, r#"{"error":"temporarily_unavailable"}"#),
            (400, r#"{"error":{"code":400}}"#),
            (500, r#"{"error":"invalid_grant"}"#),
            (429, r#"{"error":"invalid_grant"}"#),
            (302, ""),
            (200, ""),
            (200, r#"{"access_token":"a\u0001b"}"#),
            (200, r#"{"access_token":""}"#),
            (200, r#"{"access_token":"a","refresh_token":"b c"}"#),
        ] {
            assert!(matches!(fault(status, body), Fault::Unavailable(_)), "{status} {body}");
        }
    }

    #[test]
    fn no_fault_quotes_what_was_answered() {
        for body in [r#"{"access_token":"geheim", }"#, r#"{"access_token":12345678}"#, "geheim"] {
            let said = fault(200, body).to_string();
            assert!(!said.contains("geheim") && !said.contains("12345678"), "{said}");
        }
    }
}
