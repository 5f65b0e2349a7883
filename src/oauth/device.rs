//! A sign-in on another device (RFC 8628): the person types a short code there, we ask until it is done. May import:
//! config, `oauth`.

use super::answer::{self, Token, json, seconds};
use super::{Fault, Grant, ask};
use crate::config::OAuth2;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::time::Duration;

/// RFC 8628 section 3.2: where the answer does not say how often to ask.
const USUAL_INTERVAL: u64 = 5;
/// RFC 8628 section 3.5: how much slower each `slow_down` asks for.
const SLOWER: Duration = Duration::from_secs(5);
/// However long a provider says, in seconds: half an hour.
const LONGEST: u64 = 1800;

/// A sign-in under way.
#[derive(Debug)]
pub struct Device {
    device_code: SecretString,
    /// What the person types.
    pub user_code: String,
    /// Where they type it: https, or http towards this machine.
    pub verification_url: String,
    /// How long the code is good for.
    pub lifetime: Duration,
    /// The wait before each question.
    pub interval: Duration,
}

/// What became of it.
#[derive(Debug)]
pub enum Polled {
    /// Not yet: ask again after [`Device::interval`].
    Pending,
    /// The person agreed.
    Granted(Grant),
    /// The person declined.
    Declined,
    /// The code is too old: begin again.
    Expired,
}

impl Device {
    /// Begins one.
    ///
    /// # Errors
    /// As [`super::refresh`]; [`Fault::Refused`] too where no such endpoint is configured.
    pub async fn begin(settings: &OAuth2) -> Result<Device, Fault> {
        let Some(url) = &settings.device_url else {
            return Err(Fault::Refused("no device_url".to_owned()));
        };
        let answer = ask(url, settings, &[("scope", &settings.scope)]).await?;
        if answer.status != 200 {
            return Err(answer::refusal(&answer)?.into_fault());
        }
        let said: Value = json(&answer)?;
        // Google's name for it is older than the RFC.
        let url = said["verification_uri"].as_str().or(said["verification_url"].as_str());
        let (Some(code), Some(user_code), Some(url)) =
            (said["device_code"].as_str(), said["user_code"].as_str(), url)
        else {
            return Err(Fault::Unavailable("an answer that is not RFC 8628".to_owned()));
        };
        // Both are shown on a terminal.
        let is_shown = |text: &str, most| {
            (1..=most).contains(&text.len())
                && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
        };
        if !is_shown(user_code, 40) || !is_shown(url, 300) || !url.starts_with("http") {
            return Err(Fault::Unavailable("a code that cannot be shown".to_owned()));
        }
        let interval = seconds(&said["interval"]).unwrap_or(USUAL_INTERVAL);
        Ok(Device {
            device_code: answer::secret(code.to_owned())?,
            user_code: user_code.to_owned(),
            verification_url: url.to_owned(),
            lifetime: Duration::from_secs(seconds(&said["expires_in"]).unwrap_or(LONGEST).min(LONGEST)),
            interval: Duration::from_secs(interval.clamp(1, 60)),
        })
    }

    /// Asks once whether the person is done. Asks to be waited for longer afterwards where the provider says so, or
    /// does not answer (RFC 8628 section 3.5).
    ///
    /// # Errors
    /// [`Fault::Refused`] for another no than those of [`Polled`].
    pub async fn poll(&mut self, settings: &OAuth2) -> Result<Polled, Fault> {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", self.device_code.expose_secret()),
        ];
        let answered = ask(&settings.token_url, settings, &form).await.and_then(answer::token);
        self.heed(answered)
    }

    fn heed(&mut self, answered: Result<Token, Fault>) -> Result<Polled, Fault> {
        let fault = match answered {
            Ok(Token::Granted(grant)) => return Ok(Polled::Granted(grant)),
            Ok(Token::Refused(refusal)) => match refusal.error.as_str() {
                "authorization_pending" => return Ok(Polled::Pending),
                "slow_down" => {
                    self.interval += SLOWER;
                    return Ok(Polled::Pending);
                }
                "access_denied" | "authorization_declined" => return Ok(Polled::Declined),
                "expired_token" => return Ok(Polled::Expired),
                _ => refusal.into_fault(),
            },
            Err(fault) => fault,
        };
        match fault {
            // The person is at work in a browser: a line or a provider that fails for a moment is no reason to begin again.
            Fault::Unavailable(_) => {
                self.interval = (self.interval * 2).min(Duration::from_secs(60));
                Ok(Polled::Pending)
            }
            refused => Err(refused),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::Answer;
    use super::*;

    fn device() -> Device {
        Device {
            device_code: "d".to_owned().into(),
            user_code: "ABCD".into(),
            verification_url: "https://login.example/device".into(),
            lifetime: Duration::from_secs(900),
            interval: Duration::from_secs(5),
        }
    }

    fn answered(status: u16, body: &str) -> Result<Token, Fault> {
        answer::token(Answer { status, body: body.as_bytes().to_vec() })
    }

    #[test]
    fn who_is_told_to_slow_down_does_and_a_lost_answer_ends_nothing() {
        let mut device = device();
        let mut heed = |status, body: &str| {
            let polled = device.heed(answered(status, body));
            assert!(matches!(polled, Ok(Polled::Pending)), "{body}: {polled:?}");
            device.interval.as_secs()
        };
        assert_eq!(heed(400, r#"{"error":"authorization_pending"}"#), 5);
        assert_eq!(heed(400, r#"{"error":"slow_down"}"#), 10);
        assert_eq!(heed(400, r#"{"error":"slow_down"}"#), 15);
        assert_eq!(heed(503, "away"), 30);
        assert_eq!(heed(200, "garbage"), 60);
        assert_eq!(heed(503, "away"), 60);
        assert_eq!(heed(400, r#"{"error":"temporarily_unavailable"}"#), 60);
        assert_eq!(heed(400, r#"{"error":"server_error"}"#), 60);
    }

    #[test]
    fn it_ends_by_yes_by_no_or_by_age() {
        let heed = |status, body: &str| device().heed(answered(status, body));
        assert!(matches!(heed(200, r#"{"access_token":"a"}"#), Ok(Polled::Granted(_))));
        assert!(matches!(heed(400, r#"{"error":"access_denied"}"#), Ok(Polled::Declined)));
        assert!(matches!(heed(400, r#"{"error":"authorization_declined"}"#), Ok(Polled::Declined)));
        assert!(matches!(heed(400, r#"{"error":"expired_token"}"#), Ok(Polled::Expired)));
        assert!(matches!(heed(401, r#"{"error":"invalid_client"}"#), Err(Fault::Refused(_))));
    }
}
