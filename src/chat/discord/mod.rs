//! Discord, through serenity, which is named nowhere else. May import: clock, command, config, desk, domain, reading,
//! view, wording, serenity.

mod alarm;
pub mod check;
mod client;
mod draw;
mod events;
mod fault;
mod gateway;
mod heard;
mod marks;
pub mod options;
mod order;
mod pace;
pub mod permissions;
mod post;
pub mod register;
mod rights;
mod session;
mod stands;

pub use client::http;

use super::room::{Gate, Room};
use crate::config::Discord;
use crate::desk::{Desk, Failure};
use crate::domain::ticket::Status;
use crate::wording;
use chrono_tz::Tz;
use fault::{Barred, Fault};
use futures_util::{StreamExt, stream};
use gateway::Listener;
use marks::Marks;
use pace::Starts;
use post::{Channels, PLATFORM, Poster};
use rights::Rights;
use serenity::all::{Channel, ChannelId, ChannelType, ForumTagId, GuildId, Http, RoleId};
use session::{Teller, Trouble};
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How many posts are leased at once, and how many of them leave side by side.
const BATCH: i64 = 4;
const LANES: usize = 4;
/// The shortest and the longest sleep of the poster: what another process plans is found within the longest.
const SLEEPS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// How long to wait where the database cannot be read.
const PAUSE: Duration = Duration::from_secs(5);

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

/// Serves the desk on Discord until `cancel`. What cannot be had is asked for again, with pauses; what is posted does not
/// wait for what is heard.
pub async fn run(desk: Desk, config: Discord, setting: Setting, cancel: CancellationToken) {
    let (mut starts, mut teller) = (Starts::default(), Teller::default());
    let listener = loop {
        match open(&desk, &config, &setting).await {
            Ok(listener) => break listener,
            Err(trouble) => teller.say(&desk, &trouble).await,
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(starts.pause(Duration::ZERO, Instant::now())) => {}
        }
    };
    let (poster, http) = (&listener.poster, &listener.poster.http);
    let beside = async {
        tokio::join!(listener.catch_up_for_ever(http), session::look_again_for_ever(poster));
    };
    let work = async {
        tokio::join!(post_until(poster, &cancel), session::listen_until(&listener, &config, &cancel));
    };
    tokio::select! {
        () = work => {}
        () = beside => {}
    }
}

/// Asks Discord who we are and what its channels are.
async fn open(desk: &Desk, config: &Discord, setting: &Setting) -> Result<Listener, Trouble> {
    let http = Arc::new(client::http(config));
    let trouble = |error| Trouble::of(&error);
    let application = http.get_current_application_info().await.map_err(trouble)?;
    http.set_application_id(application.id);
    let me = http.get_current_user().await.map_err(trouble)?.id;
    let support = channel(config.support_channel);
    let guild = GuildId::new(config.guild_id.get());
    let leads = config.lead_roles.first().map(|id| RoleId::new(id.get()));
    let poster = Poster {
        desk: desk.clone(),
        http: Arc::clone(&http),
        channels: Channels {
            support,
            forum: forum_tags(&http, support).await?,
            dev: config.dev_channel.map(channel),
            product: config.product_channel.map(channel),
            leads,
        },
        rights: Arc::new(Rights::new(guild, me)),
        public_url: setting.public_url.clone(),
    };
    let ids = |ids: &[NonZeroU64]| ids.iter().map(ToString::to_string).collect();
    Ok(Listener {
        room: Room {
            desk: desk.clone(),
            platform: PLATFORM,
            gate: Gate { agents: ids(&config.agent_roles), leads: ids(&config.lead_roles) },
            zone: setting.zone,
        },
        guild,
        support,
        leads,
        undo_window: setting.undo_window,
        me,
        poster,
        order: Arc::default(),
        marks: Arc::new(Mutex::new(Marks::new())),
        starts: Arc::default(),
        missed: Arc::default(),
        too_often: Arc::default(),
    })
}

/// The tags of a forum for the five statuses, by their French names; `None` for a channel of another type.
async fn forum_tags(http: &Http, channel: ChannelId) -> Result<Option<Vec<Option<ForumTagId>>>, Trouble> {
    let channel = match channel.to_channel(http).await {
        Ok(Channel::Guild(channel)) if channel.kind == ChannelType::Forum => channel,
        Ok(_) => return Ok(None),
        Err(error) => {
            return match fault::fault(&error) {
                // Said by an alert once something is to be posted there.
                Fault::Barred(Barred::NoChannel | Barred::Permission) => Ok(None),
                _ => Err(Trouble::of(&error)),
            };
        }
    };
    let tag = |status: Status| {
        let name = wording::labels::status_name(status);
        channel.available_tags.iter().find(|tag| tag.name.contains(name)).map(|tag| tag.id)
    };
    Ok(Some(Status::ALL.into_iter().map(tag).collect()))
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
                PAUSE
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
