//! A sign-in in a browser (RFC 6749 section 4.1) with PKCE (RFC 7636, S256): the browser ends at an address of this
//! machine (RFC 8252 section 7.3) that carries a code; who has no browser here pastes that address. May import: config,
//! `oauth`, domain.

use super::answer::{self, Token};
use super::{Fault, Grant, ask};
use crate::config::{OAuth2, Provider};
use crate::domain::hex::{percent_decoded, percent_encoded};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};

/// A sign-in under way.
#[derive(Debug)]
pub struct SignIn {
    verifier: SecretString,
    state: String,
    redirect: String,
    /// What the person opens.
    pub url: String,
}

/// Why what came back is no code of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoCode {
    /// Not an address with a code in it.
    NotAnAddress,
    /// It belongs to another sign-in (its `state` is not ours).
    Stranger,
    /// The provider's word for its no, such as `access_denied`.
    Refused(String),
}

impl SignIn {
    /// Begins one; the browser will end at `http://localhost:PORT`.
    ///
    /// # Errors
    /// [`Fault::Refused`] where no `auth_url` is configured; [`Fault::Unavailable`] on a machine without randomness.
    pub fn begin(settings: &OAuth2, port: u16) -> Result<SignIn, Fault> {
        let Some(auth_url) = &settings.auth_url else {
            return Err(Fault::Refused("no auth_url".to_owned()));
        };
        let verifier = random()?;
        let state = random()?;
        let redirect = format!("http://localhost:{port}/");
        let challenge = challenge(&verifier);
        let mut query = vec![
            ("response_type", "code"),
            ("client_id", &settings.client_id),
            ("redirect_uri", &redirect),
            ("scope", &settings.scope),
            ("state", &state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("login_hint", &settings.account),
        ];
        if settings.provider == Provider::Google {
            // Without these Google gives no refresh token, or none the second time.
            query.extend([("access_type", "offline"), ("prompt", "consent")]);
        }
        let query: Vec<String> =
            query.into_iter().map(|(name, value)| format!("{name}={}", percent_encoded(value))).collect();
        let join = if auth_url.contains('?') { '&' } else { '?' };
        let url = format!("{auth_url}{join}{}", query.join("&"));
        Ok(SignIn { verifier: verifier.into(), state, redirect, url })
    }

    /// The code in what a person pasted, or in what a browser asked for: an address such as
    /// `http://localhost:4000/?code=…&state=…`, or what stands behind its question mark.
    ///
    /// # Errors
    /// What it is instead.
    pub fn read(&self, pasted: &str) -> Result<SecretString, NoCode> {
        let pasted = pasted.trim();
        // Some programs put brackets or quotes around what is copied.
        let pasted = pasted.trim_matches(['<', '>', '"', '\'']);
        if pasted.len() > 8 << 10 {
            return Err(NoCode::NotAnAddress);
        }
        let query = pasted.split_once('?').map_or(pasted, |(_, query)| query);
        let query = query.split(['#', ' ']).next().unwrap_or_default();
        let value = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(key, _)| *key == name).map(|(_, value)| unescaped(value)).next()
        };
        let (code, state, error) = (value("code"), value("state"), value("error"));
        if code.is_none() && error.is_none() {
            return Err(NoCode::NotAnAddress);
        }
        let is_ours = state.is_some_and(|state| is_same(state.as_bytes(), self.state.as_bytes()));
        if !is_ours {
            return Err(NoCode::Stranger);
        }
        if let Some(error) = error {
            let word: String =
                error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
            return Err(NoCode::Refused(word));
        }
        code.filter(|code| !code.is_empty()).map(SecretString::from).ok_or(NoCode::NotAnAddress)
    }

    /// Tokens for the code.
    ///
    /// # Errors
    /// As [`super::refresh`].
    pub async fn exchange(&self, settings: &OAuth2, code: &SecretString) -> Result<Grant, Fault> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", &self.redirect),
            ("code_verifier", self.verifier.expose_secret()),
        ];
        match answer::token(ask(&settings.token_url, settings, &form).await?)? {
            Token::Granted(grant) => Ok(grant),
            Token::Refused(refusal) => Err(refusal.into_fault()),
        }
    }
}

/// RFC 7636 section 4.2.
pub(super) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

/// 43 characters that nobody guesses (RFC 7636 section 4.1).
fn random() -> Result<String, Fault> {
    let mut bytes = [0u8; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Fault::Unavailable("no randomness from the system".to_owned()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether two texts are one, without telling by the time it takes where they part.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |parted, (a, b)| parted | (a ^ b)) == 0
}

/// The way back from [`percent_encoded`]; `+` is a space in a query.
fn unescaped(text: &str) -> String {
    String::from_utf8_lossy(&percent_decoded(text.replace('+', " ").as_bytes())).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(provider: Provider) -> OAuth2 {
        OAuth2 {
            key: "imap.oauth2".into(),
            account: "support+fr@desk.example".into(),
            provider,
            client_id: "client 1".into(),
            client_secret: None,
            refresh_token: None,
            token_url: "https://login.example/token".into(),
            auth_url: Some("https://login.example/authorize".into()),
            device_url: None,
            scope: "https://mail.example/ offline".into(),
        }
    }

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        // RFC 7636 appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn the_address_to_open_says_all_that_is_asked_and_never_the_verifier() {
        let sign_in = SignIn::begin(&settings(Provider::Google), 4000).unwrap();
        for part in [
            "https://login.example/authorize?response_type=code&client_id=client%201&",
            "redirect_uri=http%3A%2F%2Flocalhost%3A4000%2F",
            "scope=https%3A%2F%2Fmail.example%2F%20offline",
            "code_challenge_method=S256",
            "login_hint=support%2Bfr%40desk.example",
            "access_type=offline&prompt=consent",
        ] {
            assert!(sign_in.url.contains(part), "{}", sign_in.url);
        }
        assert!(!sign_in.url.contains(sign_in.verifier.expose_secret()));
        let other = SignIn::begin(&settings(Provider::Microsoft), 4000).unwrap();
        assert!(!other.url.contains("access_type"));
        assert_ne!(other.state, sign_in.state);
        let no_url = OAuth2 { auth_url: None, ..settings(Provider::Custom) };
        assert!(matches!(SignIn::begin(&no_url, 1), Err(Fault::Refused(_))));
    }

    #[test]
    fn what_is_pasted_is_read_in_every_form_and_only_ours_is_taken() {
        let sign_in = SignIn::begin(&settings(Provider::Google), 4000).unwrap();
        let state = &sign_in.state;
        let read = |pasted: &str| sign_in.read(pasted).map(|code| code.expose_secret().to_owned());
        let code = Ok("4/0Ab+c d".to_owned());
        assert_eq!(read(&format!("http://localhost:4000/?state={state}&code=4%2F0Ab%2bc+d&scope=x")), code);
        assert_eq!(read(&format!(" <http://localhost:4000/?code=4%2F0Ab%2Bc%20d&state={state}#>\r\n")), code);
        assert_eq!(read(&format!("code=4/0Ab%2Bc+d&state={state}")), code);
        assert_eq!(read(&format!("/?code=4/0Ab%2Bc+d&state={state} HTTP/1.1")), code);
        let stranger = read("http://localhost:4000/?code=x&state=other");
        assert_eq!(stranger, Err(NoCode::Stranger));
        assert_eq!(read("http://localhost:4000/?code=x"), Err(NoCode::Stranger));
        assert_eq!(read("http://localhost:4000/?error=access_denied"), Err(NoCode::Stranger));
        let declined = read(&format!("http://localhost:4000/?error=access_denied&state={state}"));
        assert_eq!(declined, Err(NoCode::Refused("access_denied".into())));
        for nothing in ["", "4/0Abc", "http://localhost:4000/", "?", "\u{0}", "%", "é=%zz", "/favicon.ico"] {
            assert_eq!(read(nothing), Err(NoCode::NotAnAddress), "{nothing}");
        }
        assert_eq!(read(&format!("code=&state={state}")), Err(NoCode::NotAnAddress));
        assert_eq!(read(&format!("code={}&state={state}", "a".repeat(9000))), Err(NoCode::NotAnAddress));
    }
}
