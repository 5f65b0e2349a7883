//! The client of Slack's Web API: one call at a time, each bounded; whoever asks too much waits as long as Slack says. May
//! import: config.

use crate::chat::beside::{Beside, Shelf, download};
use crate::config::{Slack, SlackRoad};
use anyhow::bail;
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a connection to Slack may take to be made.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long one request may take, the upload of a file included.
const REQUEST_LIMIT: Duration = Duration::from_secs(40);
/// How long to wait where Slack asks for patience and does not say how much.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Slack's own word, such as `channel_not_found`.
    #[error("Slack says {word}{}", .needed.as_ref().map(|scope| format!(" ({scope})")).unwrap_or_default())]
    Said {
        /// The word.
        word: String,
        /// The scope that is missing, or what exactly is wrong with what we sent.
        needed: Option<String>,
    },
    /// Too much was asked.
    #[error("Slack asks to wait {} s", .0.as_secs())]
    Wait(Duration),
    /// No answer, or none of Slack's.
    #[error("{0}")]
    Away(String),
}

impl ApiError {
    /// Slack's own word, where it said one.
    pub fn word(&self) -> Option<&str> {
        match self {
            ApiError::Said { word, .. } => Some(word),
            ApiError::Wait(_) | ApiError::Away(_) => None,
        }
    }
}

/// What a call gives.
pub type Answered = Result<Value, ApiError>;

/// Slack's Web API, as our app.
#[derive(Debug)]
pub struct Api {
    client: reqwest::Client,
    base: String,
    bot_token: SecretString,
    app_token: Option<SecretString>,
    /// Until when a method is not to be called: a channel has a pace of its own.
    patience: Mutex<HashMap<String, Instant>>,
}

impl Api {
    /// The API as the configuration names it.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn new(config: &Slack) -> anyhow::Result<Api> {
        // In plain text only towards this machine, where the configuration allows nothing else.
        let client = reqwest::Client::builder()
            .use_rustls_tls()
            .connect_timeout(CONNECT_LIMIT)
            .timeout(REQUEST_LIMIT)
            .redirect(reqwest::redirect::Policy::none());
        let is_local = config.api_url.starts_with("http://");
        let client = if is_local { client.no_proxy() } else { client.https_only(true) };
        let app_token = match &config.road {
            SlackRoad::Socket(token) => Some(token.clone()),
            SlackRoad::Signed(_) => None,
        };
        Ok(Api {
            client: client.build()?,
            base: config.api_url.clone(),
            bot_token: config.bot_token.clone(),
            app_token,
            patience: Mutex::default(),
        })
    }

    /// Calls a method as the bot.
    ///
    /// # Errors
    /// Slack's word, its wish to wait, or that there is no answer.
    pub async fn call(&self, method: &str, arguments: &Value) -> Answered {
        self.call_with(method, arguments, &self.bot_token).await.map(|(answer, _)| answer)
    }

    /// Calls a method as the bot; the scopes that its token has, too.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub async fn call_for_scopes(&self, method: &str) -> Result<(Value, Vec<String>), ApiError> {
        let (answer, headers) = self.call_with(method, &json!({}), &self.bot_token).await?;
        let scopes = headers.get("x-oauth-scopes").and_then(|scopes| scopes.to_str().ok()).unwrap_or("");
        let scopes = scopes.split(',').map(|scope| scope.trim().to_owned());
        Ok((answer, scopes.filter(|scope| !scope.is_empty()).collect()))
    }

    /// Asks for the address of a socket, as the app itself.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub async fn open_socket(&self) -> Result<String, ApiError> {
        let Some(token) = &self.app_token else {
            return Err(ApiError::Away("no app-level token is configured".to_owned()));
        };
        let (answer, _) = self.call_with("apps.connections.open", &json!({}), token).await?;
        let url = answer["url"].as_str().map(str::to_owned);
        url.ok_or_else(|| ApiError::Away("no address for a socket".to_owned()))
    }

    async fn call_with(
        &self,
        method: &str,
        arguments: &Value,
        token: &SecretString,
    ) -> Result<(Value, HeaderMap), ApiError> {
        let pace = pace(method, arguments);
        self.patient(&pace)?;
        let url = format!("{}/{method}", self.base);
        let request = self.client.post(url).bearer_auth(token.expose_secret());
        // Methods that only read take no JSON.
        let request = match is_reading(method) {
            true => request.form(&form(arguments)),
            false => {
                request.header(CONTENT_TYPE, "application/json; charset=utf-8").body(arguments.to_string())
            }
        };
        let response = request.send().await.map_err(away)?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.as_u16() == 429 {
            let asked = headers.get("retry-after").and_then(|wait| wait.to_str().ok()?.trim().parse().ok());
            return Err(self.wait(&pace, asked.map_or(PATIENCE, Duration::from_secs)));
        }
        if !status.is_success() {
            return Err(ApiError::Away(format!("Slack answered {}", status.as_u16())));
        }
        let text = response.text().await.map_err(away)?;
        let answer: Value = serde_json::from_str(&text)
            .map_err(|_| ApiError::Away("the answer is none of Slack's".to_owned()))?;
        if answer["ok"] == true {
            return Ok((answer, headers));
        }
        let word = answer["error"].as_str().unwrap_or("unknown_error").to_owned();
        if ["ratelimited", "rate_limited"].contains(&word.as_str()) {
            return Err(self.wait(&pace, PATIENCE));
        }
        let messages = answer["response_metadata"]["messages"].as_array();
        let first = messages.and_then(|messages| messages.first()).and_then(Value::as_str);
        let needed = answer["needed"].as_str().or(first).map(str::to_owned);
        Err(ApiError::Said { word, needed })
    }

    /// Answers at an address that Slack gave for it.
    ///
    /// # Errors
    /// When there is no answer, or the address is no longer taken.
    pub async fn respond(&self, url: &str, body: &Value) -> Result<(), ApiError> {
        let request = self.client.post(url).header(CONTENT_TYPE, "application/json; charset=utf-8");
        let response = request.body(body.to_string()).send().await.map_err(away)?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let word = response.text().await.unwrap_or_default();
        let word: String = word.trim().chars().take(100).collect();
        Err(ApiError::Said { word: format!("{} {word}", status.as_u16()), needed: None })
    }

    /// Sends the bytes of a file to the address that Slack gave for it.
    ///
    /// # Errors
    /// As [`Api::respond`].
    pub async fn upload(&self, url: &str, bytes: Vec<u8>) -> Result<(), ApiError> {
        let request = self.client.post(url).header(CONTENT_TYPE, "application/octet-stream");
        let response = request.body(bytes).send().await.map_err(away)?;
        match response.status().is_success() {
            true => Ok(()),
            false => Err(ApiError::Away(format!("an upload was answered {}", response.status().as_u16()))),
        }
    }

    /// Whether an address is Slack's own: to no other the token is shown.
    fn is_slacks(&self, url: &str) -> bool {
        let (Ok(url), Ok(base)) = (Url::parse(url), Url::parse(&self.base)) else { return false };
        let is_base = url.scheme() == base.scheme()
            && url.host_str() == base.host_str()
            && url.port_or_known_default() == base.port_or_known_default();
        let host = url.host_str().unwrap_or_default();
        is_base || (url.scheme() == "https" && (host == "slack.com" || host.ends_with(".slack.com")))
    }

    fn patient(&self, pace: &str) -> Result<(), ApiError> {
        let mut patience = self.patience.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        patience.retain(|_, until| *until > now);
        match patience.get(pace) {
            Some(until) => Err(ApiError::Wait(*until - now)),
            None => Ok(()),
        }
    }

    fn wait(&self, pace: &str, wait: Duration) -> ApiError {
        let mut patience = self.patience.lock().unwrap_or_else(PoisonError::into_inner);
        patience.insert(pace.to_owned(), Instant::now() + wait);
        ApiError::Wait(wait)
    }
}

impl Shelf for Api {
    /// Slack gives the files of its people to whoever shows the token.
    async fn fetch(&self, file: &Beside, most: u64) -> anyhow::Result<Vec<u8>> {
        if !self.is_slacks(&file.url) {
            bail!("the file is not kept by Slack, or its address is hidden from us");
        }
        let asked = self.client.get(&file.url).bearer_auth(self.bot_token.expose_secret());
        download(asked, file, most).await
    }
}

/// What Slack counts together: a method, and where it posts, the channel.
fn pace(method: &str, arguments: &Value) -> String {
    match arguments["channel"].as_str().filter(|_| method == "chat.postMessage") {
        Some(channel) => format!("{method}:{channel}"),
        None => method.to_owned(),
    }
}

/// Whether a method takes its arguments as a form only.
fn is_reading(method: &str) -> bool {
    let reads = [".info", ".list", ".history", ".replies", ".members", "lookupByEmail", "getPermalink"];
    reads.iter().any(|end| method.ends_with(end)) || method == "files.getUploadURLExternal"
}

fn form(arguments: &Value) -> Vec<(String, String)> {
    let fields = arguments.as_object().into_iter().flatten();
    let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    fields.map(|(key, given)| (key.clone(), value(given))).collect()
}

/// What went wrong on the way, without the address, which may be a secret.
fn away(error: reqwest::Error) -> ApiError {
    let what = match (error.is_timeout(), error.is_connect()) {
        (true, _) => "no answer in time",
        (_, true) => "no connection",
        _ => "the connection broke",
    };
    ApiError::Away(format!("Slack: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_shown_to_slack_alone() {
        let at = |api_url: &str| {
            let text = format!(
                "[slack]\nbot_token = \"xoxb-1\"\napp_token = \"xapp-1\"\nsupport_channel = \"C1\"\napi_url = \"{api_url}\""
            );
            Api::new(&crate::config::Config::parse(&text, []).unwrap().slack.unwrap()).unwrap()
        };
        let (real, test) = (at("https://slack.com/api"), at("http://127.0.0.1:3911/api"));
        for theirs in ["https://files.slack.com/files-pri/T1-F1/download/a.png", "https://slack.com/x"] {
            assert!(real.is_slacks(theirs), "{theirs}");
        }
        for other in [
            "https://files.slack.com.evil.example/a",
            "https://evilslack.com/a",
            "http://files.slack.com/a",
            "https://files.slack.com@evil.example/a",
            "http://127.0.0.1:3911/a",
            "",
        ] {
            assert!(!real.is_slacks(other), "{other}");
        }
        assert!(test.is_slacks("http://127.0.0.1:3911/files/a") && !test.is_slacks("http://127.0.0.1:80/a"));
    }

    #[test]
    fn posts_to_two_channels_have_two_paces_and_lists_are_asked_by_form() {
        let at = |channel: &str| pace("chat.postMessage", &json!({ "channel": channel }));
        assert_ne!(at("C1"), at("C2"));
        assert_eq!(pace("chat.update", &json!({ "channel": "C1" })), "chat.update");
        assert!(is_reading("usergroups.users.list") && !is_reading("chat.postMessage"));
        let fields = form(&json!({ "limit": 100, "user": "U1", "include_all_metadata": true }));
        assert!(
            fields.contains(&("limit".into(), "100".into()))
                && fields.contains(&("user".into(), "U1".into()))
        );
    }
}
