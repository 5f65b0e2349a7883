//! Discord, through serenity, which is named nowhere else. May import: clock, command, config, desk, domain, reading,
//! view, wording, serenity.

pub mod check;
mod client;
mod draw;
mod fault;
mod gateway;
pub mod options;
pub mod permissions;
mod post;
pub mod register;

pub use client::http;

use super::room::{Gate, Room};
use crate::config::Discord;
use crate::desk::{Desk, Failure};
use crate::domain::chat::Platform;
use crate::domain::ticket::Status;
use crate::wording;
use anyhow::Context;
use chrono_tz::Tz;
use futures_util::{StreamExt, stream};
use gateway::Listener;
use post::{Channels, Poster};
use serenity::all::{
    Channel, ChannelId, ChannelType, ClientBuilder, ForumTagId, GatewayIntents, GuildId, Http, RoleId,
};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const PLATFORM: Platform = Platform::Discord;
/// How many posts are leased at once, and how many of them leave side by side.
const BATCH: i64 = 16;
const LANES: usize = 4;
/// The shortest and the longest sleep of the poster: what another process plans is found within the longest.
const SLEEPS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// The pauses between attempts to connect: doubled up to the longest. Discord takes a token back that begins a
/// thousand sessions in a day.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(15 * 60));
/// Of the sessions that Discord lets begin in a day, so many are left for a person who restarts us.
const SESSIONS_KEPT: u64 = 50;

/// What the door needs beside the configuration.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The zone in which times are told.
    pub zone: Tz,
    /// Where the pages are seen from outside.
    pub public_url: String,
    /// How long an act can be taken back.
    pub undo_window: Duration,
}

/// Serves the desk on Discord until `cancel`. A connection that cannot be made is made later.
pub async fn run(desk: Desk, config: Discord, setting: Setting, cancel: CancellationToken) {
    let mut pause = PAUSES.0;
    while !cancel.is_cancelled() {
        match serve(&desk, &config, &setting, &cancel).await {
            Ok(()) => pause = PAUSES.0,
            Err(error) => {
                let seconds = pause.as_secs();
                tracing::error!(
                    error = format!("{error:#}"),
                    seconds,
                    "Discord cannot be served; trying again"
                );
            }
        }
        tokio::select! {
            () = cancel.cancelled() => break,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(PAUSES.1);
    }
}

async fn serve(
    desk: &Desk,
    config: &Discord,
    setting: &Setting,
    cancel: &CancellationToken,
) -> anyhow::Result<()> {
    let http = Arc::new(client::http(config));
    let application = http.get_current_application_info().await.context("the token was not taken")?;
    http.set_application_id(application.id);
    let me = http.get_current_user().await.context("our own account cannot be read")?.id;
    let gateway = http.get_bot_gateway().await.context("the gateway's address cannot be read")?;
    let left = gateway.session_start_limit.remaining;
    anyhow::ensure!(
        left > SESSIONS_KEPT,
        "only {left} sessions may begin before Discord takes the token back"
    );
    let support = channel(config.support_channel);
    let leads = config.lead_roles.first().map(|id| RoleId::new(id.get()));
    let poster = Poster {
        desk: desk.clone(),
        http: Arc::clone(&http),
        channels: Channels {
            support,
            forum: forum_tags(&http, support).await,
            dev: config.dev_channel.map(channel),
            product: config.product_channel.map(channel),
            leads,
        },
        public_url: setting.public_url.clone(),
    };
    let ids = |ids: &[NonZeroU64]| ids.iter().map(ToString::to_string).collect();
    let listener = Listener {
        room: Room {
            desk: desk.clone(),
            platform: PLATFORM,
            gate: Gate { agents: ids(&config.agent_roles), leads: ids(&config.lead_roles) },
            zone: setting.zone,
        },
        guild: GuildId::new(config.guild_id.get()),
        support,
        leads,
        undo_window: setting.undo_window,
        me,
    };
    let intents = GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::MESSAGE_CONTENT;
    let mut client = ClientBuilder::new_with_http(http_twin(config, application.id), intents)
        .event_handler(listener)
        .await
        .context("the gateway cannot be prepared")?;
    // serenity reads another address first, and falls back to Discord's own where that is not answered.
    *client.ws_url.lock().await = gateway.url;
    let shards = Arc::clone(&client.shard_manager);
    let (listening, posting) = (client.start_shard(0, 1), post_until(&poster, cancel));
    tokio::pin!(listening, posting);
    tokio::select! {
        ended = &mut listening => ended.context("the gateway was left"),
        () = &mut posting => {
            shards.shutdown_all().await;
            Ok(())
        }
    }
}

/// The client keeps an interface of its own.
fn http_twin(config: &Discord, application: serenity::all::ApplicationId) -> Http {
    let http = client::http(config);
    http.set_application_id(application);
    http
}

/// The tags of a forum for the five statuses, by their French names; `None` for a channel of another type.
async fn forum_tags(http: &Http, channel: ChannelId) -> Option<Vec<Option<ForumTagId>>> {
    let Ok(Channel::Guild(channel)) = channel.to_channel(http).await else { return None };
    if channel.kind != ChannelType::Forum {
        return None;
    }
    let tag = |status: Status| {
        let name = wording::labels::status_name(status);
        channel.available_tags.iter().find(|tag| tag.name.contains(name)).map(|tag| tag.id)
    };
    Some(Status::ALL.into_iter().map(tag).collect())
}

/// Posts what becomes due until `cancel`; what is in hand then is still finished.
async fn post_until(poster: &Poster, cancel: &CancellationToken) {
    let mut is_broken = false;
    while !cancel.is_cancelled() {
        let due = match post_due(poster).await {
            Ok(0) => poster.desk.next_post(PLATFORM).await,
            Ok(_) => continue,
            Err(failure) => Err(failure),
        };
        let sleep = match due {
            Ok(due) => {
                is_broken = false;
                let until =
                    due.map(|due| (due - poster.desk.clock().now()).to_std().unwrap_or(Duration::ZERO));
                until.unwrap_or(SLEEPS.1).clamp(SLEEPS.0, SLEEPS.1)
            }
            Err(failure) => {
                if !is_broken {
                    tracing::error!(error = %failure, "what is to be posted cannot be read; trying again");
                }
                is_broken = true;
                PAUSES.0
            }
        };
        tokio::select! {
            () = cancel.cancelled() => break,
            () = poster.desk.chat_rings(PLATFORM) => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// Posts what is due now; says how much it was.
async fn post_due(poster: &Poster) -> Result<usize, Failure> {
    let posts = poster.desk.claim_posts(PLATFORM, BATCH).await?;
    let count = posts.len();
    let mut carried = stream::iter(posts).map(|post| poster.carry(post)).buffer_unordered(LANES);
    let mut first_failure = Ok(());
    while let Some(outcome) = carried.next().await {
        if first_failure.is_ok() {
            first_failure = outcome;
        }
    }
    first_failure.map(|()| count)
}

fn channel(id: NonZeroU64) -> ChannelId {
    ChannelId::new(id.get())
}
