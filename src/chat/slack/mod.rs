//! Slack, by the few calls of its Web API that we need, told what happens by Socket Mode or by signed requests. May
//! import: clock, command, config, desk, domain, oauth, view, wording.

mod acts;
mod api;
pub mod check;
mod delivery;
mod draw;
mod fault;
mod heard;
mod home;
mod line;
mod listener;
pub mod manifest;
mod people;
mod post;
mod reply;
pub mod signed;
mod socket;
mod spot;

use super::Setting;
use super::poster::post_until;
use super::room::{Gate, Room};
use crate::config::{Slack, SlackRoad};
use crate::desk::Desk;
use crate::domain::alert::AlertKind;
use api::{Api, ApiError};
use draw::Names;
use heard::Look;
use line::{InLine, line};
use listener::Listener;
use people::People;
use post::{Channels, GATEWAY, PLATFORM, Poster};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often is looked for what Slack could not tell us by requests: it tries each a few times, within an hour.
const CATCH_UP: Duration = Duration::from_secs(10 * 60);
/// The pauses between attempts to begin: doubled up to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// How long what is in hand may take when we stop.
const LAST_ACTS: Duration = Duration::from_secs(10);

/// Serves the desk on Slack until `cancel`. `deliveries` brings what Slack tells by signed requests, where it does. What
/// cannot be had is asked for again, with pauses; what is posted does not wait for what is heard.
pub async fn run(
    desk: Desk,
    config: Slack,
    setting: Setting,
    deliveries: Option<signed::Deliveries>,
    cancel: CancellationToken,
) {
    let (messages, told) = line();
    let Some(listener) = begin(&desk, &config, &setting, messages, &cancel).await else { return };
    let poster = &listener.poster;
    let listen = async {
        match (&config.road, deliveries) {
            (SlackRoad::Signed(_), Some(deliveries)) => {
                listener.missed(Look::Everywhere);
                listener.begun().await;
                take_until(&listener, deliveries, &cancel).await;
            }
            _ => socket::listen_until(&listener, &cancel).await,
        }
    };
    let work = async {
        tokio::join!(post_until(poster, &cancel), listen);
    };
    let beside = async {
        tokio::join!(listener.hear_for_ever(told), poster.look_again_for_ever());
    };
    tokio::select! {
        () = work => {}
        () = beside => {}
    }
    listener.tasks.close();
    let _ = tokio::time::timeout(LAST_ACTS, listener.tasks.wait()).await;
}

async fn take_until(listener: &Listener, mut deliveries: signed::Deliveries, cancel: &CancellationToken) {
    let mut again = tokio::time::interval(CATCH_UP);
    again.reset();
    loop {
        let next = tokio::select! {
            () = cancel.cancelled() => return,
            _ = again.tick() => {
                listener.missed(Look::Latest);
                continue;
            }
            next = deliveries.recv() => next,
        };
        match next {
            // Slack was told meanwhile that it was not taken, and so was whoever asked.
            Some(delivery) if delivery.acknowledge.is_closed() => {}
            Some(delivery) => listener.take(delivery),
            None => return,
        }
    }
}

/// Asks Slack who we are, until it says so.
async fn begin(
    desk: &Desk,
    config: &Slack,
    setting: &Setting,
    messages: InLine,
    cancel: &CancellationToken,
) -> Option<Listener> {
    let api = match Api::new(config) {
        Ok(api) => Arc::new(api),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "Slack cannot be asked");
            return None;
        }
    };
    let mut pause = PAUSES.0;
    let mut said = None;
    let who = loop {
        match api.call("auth.test", &json!({})).await {
            Ok(answer) => break answer,
            Err(error) => say(desk, &error, &mut said).await,
        }
        tokio::select! {
            () = cancel.cancelled() => return None,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(PAUSES.1);
    };
    let groups: Vec<String> =
        [&config.agent_usergroup, &config.lead_usergroup].into_iter().flatten().cloned().collect();
    let poster = Poster {
        desk: desk.clone(),
        api: Arc::clone(&api),
        channels: Channels {
            support: config.support_channel.clone(),
            dev: config.dev_channel.clone(),
            product: config.product_channel.clone(),
        },
        names: Names { leads: config.lead_usergroup.clone(), workspace: workspace(&who) },
        closed: Arc::default(),
        public_url: setting.public_url.clone(),
    };
    let gate = Gate {
        agents: config.agent_usergroup.iter().cloned().collect(),
        leads: config.lead_usergroup.iter().cloned().collect(),
    };
    Some(Listener {
        room: Room {
            desk: desk.clone(),
            platform: PLATFORM,
            gate,
            zone: setting.zone,
            limits: setting.limits.clone(),
        },
        poster,
        people: Arc::new(People::new(api, groups, who["team_id"].as_str().unwrap_or_default())),
        me: who["user_id"].as_str().unwrap_or_default().to_owned(),
        public_url: setting.public_url.clone(),
        messages,
        tasks: TaskTracker::new(),
    })
}

/// Where the workspace is seen in a browser, with a slash at its end.
fn workspace(who: &Value) -> String {
    let url = who["url"].as_str().filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    url.map(|url| format!("{}/", url.trim_end_matches('/'))).unwrap_or_default()
}

/// Says once why we cannot begin: an alert where somebody must act, and the log.
async fn say(desk: &Desk, error: &ApiError, said: &mut Option<String>) {
    if error.word().is_some()
        && let Err(failure) = desk.raise_alert(AlertKind::ChatRefused, GATEWAY, "bad_token").await
    {
        tracing::warn!(error = %failure, "an alert could not be raised");
    }
    let why = error.to_string();
    if said.as_ref() != Some(&why) {
        tracing::error!(why, "Slack cannot be used; trying again");
    }
    *said = Some(why);
}
