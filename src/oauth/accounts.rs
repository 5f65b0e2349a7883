//! Who somebody is on Discord (OAuth 2.0, scope `identify`) or on Slack (OpenID Connect, scope `openid`): their browser goes there
//! and comes back with a code, for which the platform tells us the id of their account. No token outlives the question.
//! May import: config, `oauth`, domain.

use super::answer::{self, Answer, Token};
use super::code::challenge;
use super::{Fault, put};
use crate::config::{Client, Config};
use crate::domain::chat::Platform;
use crate::domain::hex::percent_encoded;
use crate::domain::people::is_account_id;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// Where a browser asks Discord.
const DISCORD_PAGE: &str = "https://discord.com/oauth2/authorize";
/// Where it asks Slack.
const SLACK_PAGE: &str = "https://slack.com/openid/connect/authorize";
/// Who signs Slack's word.
const SLACK_ISSUER: &str = "https://slack.com";
/// Who vouches for a claim of Slack's beside the standard ones.
const SLACK_CLAIM: &str = "https://slack.com/";

/// A platform whose word for who somebody is we take.
#[derive(Debug, Clone)]
pub struct Accounts {
    platform: Platform,
    client: Client,
    api_url: String,
    /// Slack's: it says of which workspace the people are.
    bot_token: Option<SecretString>,
}

/// What binds a sign-in to the browser that began it: words made from a secret that only this browser holds, so that none need be
/// kept.
#[derive(Debug)]
pub struct Bound<'a>(pub &'a str);

impl Bound<'_> {
    fn word(&self, purpose: &str) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, format!("{purpose} {}", self.0).as_bytes()))
    }

    /// What the platform hands back with the code (RFC 6749 section 10.12).
    pub fn state(&self) -> String {
        self.word("state")
    }

    /// What is only shown with the code (RFC 7636).
    fn verifier(&self) -> String {
        self.word("verifier")
    }

    /// What an ID token repeats (OpenID Connect Core 1.0, section 3.1.2.1).
    fn nonce(&self) -> String {
        self.word("nonce")
    }
}

/// Where a browser comes back to, by the address that the pages are seen at.
pub fn back(public_url: &str, platform: Platform) -> String {
    format!("{public_url}/admin/sign-in/{}/back", platform.as_str())
}

impl Accounts {
    /// The platforms that are configured for it.
    pub fn of(config: &Config) -> Vec<Accounts> {
        let discord = config.discord.iter().filter_map(|discord| {
            let (client, api_url) = (discord.client.clone()?, discord.api_url.clone());
            Some(Accounts { platform: Platform::Discord, client, api_url, bot_token: None })
        });
        let slack = config.slack.iter().filter_map(|slack| {
            let (client, api_url) = (slack.client.clone()?, slack.api_url.clone());
            let bot_token = Some(slack.bot_token.clone());
            Some(Accounts { platform: Platform::Slack, client, api_url, bot_token })
        });
        discord.chain(slack).collect()
    }

    /// Which platform.
    pub fn platform(&self) -> Platform {
        self.platform
    }

    /// Where the browser goes.
    pub fn address(&self, back: &str, bound: &Bound<'_>) -> String {
        let (state, nonce, challenge) = (bound.state(), bound.nonce(), challenge(&bound.verifier()));
        let mut query = vec![
            ("response_type", "code"),
            ("client_id", self.client.id.as_str()),
            ("redirect_uri", back),
            ("state", &state),
        ];
        let page = match self.platform {
            Platform::Discord => {
                query.extend([
                    ("scope", "identify"),
                    ("prompt", "none"),
                    ("code_challenge", &challenge),
                    ("code_challenge_method", "S256"),
                ]);
                DISCORD_PAGE
            }
            // It takes PKCE only of apps without a secret; the nonce binds instead.
            Platform::Slack => {
                query.extend([("scope", "openid"), ("nonce", nonce.as_str())]);
                SLACK_PAGE
            }
        };
        let query: Vec<String> =
            query.into_iter().map(|(name, value)| format!("{name}={}", percent_encoded(value))).collect();
        format!("{page}?{}", query.join("&"))
    }

    /// The id of the account whose owner came back with this code.
    ///
    /// # Errors
    /// [`Fault::Refused`] where the platform does not take the code, or its word is not for us; [`Fault::Unavailable`] for the
    /// rest.
    pub async fn whose(
        &self,
        code: &str,
        back: &str,
        bound: &Bound<'_>,
        now: DateTime<Utc>,
    ) -> Result<String, Fault> {
        let id = match self.platform {
            Platform::Discord => self.whose_on_discord(code, back, bound).await?,
            Platform::Slack => self.whose_on_slack(code, back, bound, now).await?,
        };
        if is_account_id(&id) { Ok(id) } else { Err(Fault::Unavailable("an id that is none".to_owned())) }
    }

    async fn whose_on_discord(&self, code: &str, back: &str, bound: &Bound<'_>) -> Result<String, Fault> {
        let verifier = bound.verifier();
        let url = format!("{}/api/v10/oauth2/token", self.api_url);
        let mut form = self.form(code, back);
        form.push(("code_verifier", &verifier));
        let grant = match answer::token(put(&url, |client| client.post(&url).form(&form)).await?)? {
            Token::Granted(grant) => grant,
            Token::Refused(refusal) => return Err(refusal.into_fault()),
        };
        let url = format!("{}/api/v10/users/@me", self.api_url);
        let token = grant.access_token.expose_secret();
        let answer = put(&url, |client| client.get(&url).bearer_auth(token)).await?;
        if answer.status != 200 {
            return Err(Fault::Unavailable(format!("HTTP {}", answer.status)));
        }
        let user: Value = answer::json(&answer)?;
        Ok(text(&user, "id").to_owned())
    }

    async fn whose_on_slack(
        &self,
        code: &str,
        back: &str,
        bound: &Bound<'_>,
        now: DateTime<Utc>,
    ) -> Result<String, Fault> {
        let form = self.form(code, back);
        let url = format!("{}/openid.connect.token", self.api_url);
        let granted = slacks(put(&url, |client| client.post(&url).form(&form)).await?)?;
        let subject = subject(text(&granted, "id_token"), &self.client.id, &bound.nonce(), now)?;
        let token = answer::secret(text(&granted, "access_token").to_owned())?;
        let who = self.ask_slack("openid.connect.userInfo", &token).await?;
        // Section 5.3.2: its word is about the one who came.
        if text(&who, "sub") != subject {
            return Err(refused("another subject"));
        }
        if let Some(bot_token) = &self.bot_token {
            let ours = self.ask_slack("auth.test", bot_token).await?;
            let theirs = |claim: &str| text(&who, &format!("{SLACK_CLAIM}{claim}")).to_owned();
            let is_same = |key: &str| !text(&ours, key).is_empty() && text(&ours, key) == theirs(key);
            if !is_same("team_id") && !is_same("enterprise_id") {
                return Err(refused("another workspace"));
            }
        }
        Ok(text(&who, &format!("{SLACK_CLAIM}user_id")).to_owned())
    }

    async fn ask_slack(&self, method: &str, token: &SecretString) -> Result<Value, Fault> {
        let url = format!("{}/{method}", self.api_url);
        slacks(put(&url, |client| client.post(&url).bearer_auth(token.expose_secret())).await?)
    }

    fn form<'a>(&'a self, code: &'a str, back: &'a str) -> Vec<(&'static str, &'a str)> {
        vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("client_id", &self.client.id),
            ("client_secret", self.client.secret.expose_secret()),
        ]
    }
}

fn refused(why: &str) -> Fault {
    Fault::Refused(why.to_owned())
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// What Slack answered, unless it is a no: that comes as a 200 with a word.
fn slacks(answer: Answer) -> Result<Value, Fault> {
    if answer.status != 200 {
        return Err(Fault::Unavailable(format!("HTTP {}", answer.status)));
    }
    let value: Value = answer::json(&answer)?;
    if value["ok"] == true {
        return Ok(value);
    }
    let word = text(&value, "error").chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60);
    Err(Fault::Refused(word.collect()))
}

/// The subject of an ID token that Slack itself handed to us over TLS, which vouches for it in place of its signature (OpenID
/// Connect Core 1.0, section 3.1.3.7, point 6).
fn subject(token: &str, client: &str, nonce: &str, now: DateTime<Utc>) -> Result<String, Fault> {
    let claims = token.split('.').nth(1).and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
    let claims: Option<Value> = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
    let claims = claims.ok_or_else(|| Fault::Unavailable("an ID token that is none".to_owned()))?;
    let is_for_us = match &claims["aud"] {
        Value::Array(audience) => audience.iter().any(|one| one == client) && claims["azp"] == client,
        one => one == client,
    };
    let wrong = if text(&claims, "iss") != SLACK_ISSUER {
        "another issuer"
    } else if !is_for_us {
        "another audience"
    } else if text(&claims, "nonce") != nonce {
        "another nonce"
    } else if claims["exp"].as_i64().is_none_or(|end| end <= now.timestamp()) {
        "an ID token that has ended"
    } else {
        return Ok(text(&claims, "sub").to_owned());
    };
    Err(refused(wrong))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn accounts(section: &str) -> Accounts {
        let text = "[discord]\ntoken = \"t\"\nguild_id = 1\nsupport_channel = 2\nclient_id = 7\nclient_secret = \"s\"\n\
            [slack]\nbot_token = \"b\"\napp_token = \"a\"\nsupport_channel = \"C1\"\nclient_id = \"1.2\"\nclient_secret = \"s\"\n";
        let all = Accounts::of(&Config::parse(text, []).unwrap());
        all.into_iter().find(|accounts| accounts.platform().as_str() == section).unwrap()
    }

    #[test]
    fn the_browser_is_sent_with_all_that_binds_it_and_nothing_that_opens() {
        let (bound, other) = (Bound("secret"), Bound("other"));
        assert_ne!(bound.state(), other.state());
        let back = back("https://support.example", Platform::Discord);
        assert_eq!(back, "https://support.example/admin/sign-in/discord/back");
        let address = accounts("discord").address(&back, &bound);
        for part in [
            "https://discord.com/oauth2/authorize?response_type=code&client_id=7&",
            "redirect_uri=https%3A%2F%2Fsupport.example%2Fadmin%2Fsign-in%2Fdiscord%2Fback",
            "scope=identify&",
            "code_challenge_method=S256",
            &format!("state={}", bound.state()),
            &format!("code_challenge={}", challenge(&bound.verifier())),
        ] {
            assert!(address.contains(part), "{part}: {address}");
        }
        let slack = accounts("slack").address("https://support.example/x", &bound);
        assert!(
            slack.starts_with("https://slack.com/openid/connect/authorize?response_type=code&client_id=1.2&")
        );
        assert!(
            slack.contains("scope=openid&") && slack.contains(&format!("nonce={}", bound.nonce())),
            "{slack}"
        );
        for secret in ["secret", &bound.verifier(), "=s&"] {
            assert!(!address.contains(secret) && !slack.contains(secret), "{secret}");
        }
    }

    #[test]
    fn an_id_token_is_for_us_of_now_and_of_this_very_sign_in() {
        let now = DateTime::from_timestamp(1000, 0).unwrap();
        let sound =
            json!({ "iss": "https://slack.com", "aud": "1.2", "nonce": "n", "exp": 1001, "sub": "U1" });
        let read = |claims: &Value| {
            let token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()));
            subject(&token, "1.2", "n", now)
        };
        assert_eq!(read(&sound).as_deref(), Ok("U1"));
        for (key, value) in [
            ("iss", json!("https://evil.example")),
            ("aud", json!("1.3")),
            ("aud", json!(["1.2", "1.3"])),
            ("nonce", json!("m")),
            ("nonce", json!(null)),
            ("exp", json!(1000)),
            ("exp", json!(null)),
        ] {
            let mut claims = sound.clone();
            claims[key] = value;
            assert!(matches!(read(&claims), Err(Fault::Refused(_))), "{claims}");
        }
        for broken in ["", "a.b.c", "a", "e30.e30", "é.é.é"] {
            assert!(subject(broken, "1.2", "n", now).is_err(), "{broken}");
        }
    }
}
