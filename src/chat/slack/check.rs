//! `guichet check` for Slack: tokens, scopes by name, channels, user groups. Changes nothing. May import: config, wording.

use super::api::{Api, ApiError};
use super::manifest::SCOPES;
use crate::chat::text::clean;
use crate::config::{Slack, SlackRoad};
use crate::wording::check::channel_not_named;
use crate::wording::check::slack as say;
use serde_json::{Value, json};
use std::time::Duration;

/// One line of what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Nothing is to be mended.
    pub ok: bool,
    /// One French sentence; where it is not ok, with what to do.
    pub detail: String,
}

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Tries all that the configuration names. `back`: where a browser comes back to from signing in.
pub async fn check(config: &Slack, back: &str) -> Vec<Line> {
    let mut trial = match Api::new(config) {
        Ok(api) => Trial { api, lines: Vec::new() },
        Err(_) => return vec![Line { ok: false, detail: say::NO_ANSWER.to_owned() }],
    };
    trial.run(config).await;
    if config.client.is_some() {
        // Which addresses the app has is nowhere to be asked; those without TLS Slack takes from nobody.
        let ok = back.starts_with("https://");
        trial.line(ok, if ok { say::sign_in(back) } else { say::sign_in_takes_https(back) });
    }
    trial.lines
}

struct Trial {
    api: Api,
    lines: Vec<Line>,
}

impl Trial {
    fn line(&mut self, ok: bool, detail: String) {
        self.lines.push(Line { ok, detail });
    }

    async fn ask(&self, method: &str, asked: Value) -> Result<Value, ApiError> {
        let answer = tokio::time::timeout(PATIENCE, self.api.call(method, &asked));
        answer.await.unwrap_or_else(|_| Err(ApiError::Away(say::NO_ANSWER.to_owned())))
    }

    async fn run(&mut self, config: &Slack) {
        let who = tokio::time::timeout(PATIENCE, self.api.call_for_scopes("auth.test")).await;
        let (me, scopes) = match who.unwrap_or_else(|_| Err(ApiError::Away(say::NO_ANSWER.to_owned()))) {
            Ok(found) => found,
            Err(error) => {
                let detail = match error.word() {
                    Some(word) => say::token_refused("slack.bot_token", word),
                    None => say::no_answer(&config.api_url),
                };
                return self.line(false, detail);
            }
        };
        let text = |key: &str| clean(me[key].as_str().unwrap_or_default());
        self.line(true, say::token_ready(&text("user"), &text("team")));
        let missing: Vec<&str> =
            SCOPES.into_iter().filter(|scope| !scopes.iter().any(|given| given == scope)).collect();
        match missing.is_empty() {
            true => self.line(true, say::SCOPES_READY.to_owned()),
            false => self.line(false, say::missing_scopes(&missing)),
        }
        self.road(config).await;
        self.channel("support_channel", &config.support_channel).await;
        for (key, channel) in
            [("dev_channel", &config.dev_channel), ("product_channel", &config.product_channel)]
        {
            match channel {
                Some(channel) => self.channel(key, channel).await,
                None => self.line(true, channel_not_named(key)),
            }
        }
        self.groups(config).await;
    }

    async fn road(&mut self, config: &Slack) {
        match &config.road {
            SlackRoad::Signed(_) => self.line(true, say::SIGNED.to_owned()),
            SlackRoad::Socket(_) => {
                let opened = tokio::time::timeout(PATIENCE, self.api.open_socket()).await;
                match opened.unwrap_or_else(|_| Err(ApiError::Away(say::NO_ANSWER.to_owned()))) {
                    Ok(_) => self.line(true, say::SOCKET_READY.to_owned()),
                    Err(error) => {
                        let detail = match error.word() {
                            Some(word) => say::token_refused("slack.app_token", word),
                            None => say::no_answer(&config.api_url),
                        };
                        self.line(false, detail);
                    }
                }
            }
        }
    }

    async fn channel(&mut self, key: &str, id: &str) {
        let (ok, detail) = match self.ask("conversations.info", json!({ "channel": id })).await {
            Ok(answer) => {
                let channel = &answer["channel"];
                let name = clean(channel["name"].as_str().unwrap_or(id));
                match channel {
                    _ if channel["is_archived"] == true => (false, say::archived(key, &name)),
                    _ if channel["is_member"] != true => (false, say::not_invited(key, &name)),
                    _ => (true, say::channel_ready(key, &name)),
                }
            }
            Err(error) => (
                false,
                match error.word() {
                    Some("channel_not_found") => say::no_channel(key, id),
                    Some(word) => say::refused(key, word),
                    None => say::no_answer(key),
                },
            ),
        };
        self.line(ok, detail);
    }

    async fn groups(&mut self, config: &Slack) {
        let named =
            [("agent_usergroup", &config.agent_usergroup), ("lead_usergroup", &config.lead_usergroup)];
        for (key, id) in named {
            let Some(id) = id else { continue };
            let (ok, detail) = match self.ask("usergroups.users.list", json!({ "usergroup": id })).await {
                Ok(answer) => {
                    let count = answer["users"].as_array().map_or(0, Vec::len);
                    (count > 0, say::group(key, count))
                }
                Err(error) => match error.word() {
                    Some(word) => (false, say::refused(key, word)),
                    None => (false, say::no_answer(key)),
                },
            };
            self.line(ok, detail);
        }
    }
}
