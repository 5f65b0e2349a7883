//! Discord, through serenity, which is named nowhere else. May import: command, config, desk, domain, view, wording,
//! serenity.

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

use super::Setting;
use super::fault::{Barred, Fault};
use super::poster::post_until;
use super::room::{Gate, Room};
use crate::command::grammar::STATUSES;
use crate::config::Discord;
use crate::desk::Desk;
use crate::domain::ticket::Status;
use crate::wording::labels;
use gateway::Listener;
use marks::Marks;
use pace::Starts;
use post::{Channels, ForumTags, PLATFORM, Poster};
use rights::Rights;
use serenity::all::{Channel, ChannelId, ChannelType, ForumTagId, GuildChannel, GuildId, Http, RoleId};
use session::{Teller, Trouble};
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

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
            forum: Arc::new(known_forum(&http, support).await?),
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
            limits: setting.limits.clone(),
        },
        files: client::files(config).map_err(|error| Trouble::Away(format!("{error:#}")))?,
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

/// What is known of the channel at the start: nothing where it is hidden from us, which an alert says once something is to
/// be posted there.
async fn known_forum(http: &Http, channel: ChannelId) -> Result<OnceLock<Option<ForumTags>>, Trouble> {
    match forum_tags(http, channel).await {
        Ok(tags) => Ok(OnceLock::from(tags)),
        Err(error) => match fault::fault(&error) {
            Fault::Barred(Barred::NoChannel | Barred::Permission) => Ok(OnceLock::new()),
            _ => Err(Trouble::of(&error)),
        },
    }
}

/// How many tags a forum may have.
const MOST_TAGS: usize = 20;

/// The tags of a forum for the five statuses, by their French names; `None` for a channel of another type. Those that are
/// missing are made, where we may; the others stay as they are.
async fn forum_tags(http: &Http, channel: ChannelId) -> serenity::Result<Option<ForumTags>> {
    let mut forum = match channel.to_channel(http).await? {
        Channel::Guild(channel) if channel.kind == ChannelType::Forum => channel,
        _ => return Ok(None),
    };
    let missing: Vec<Status> =
        Status::ALL.into_iter().filter(|status| tag_of(&forum, *status).is_none()).collect();
    if !missing.is_empty() && forum.available_tags.len() + missing.len() <= MOST_TAGS {
        match make_tags(http, &forum, &missing).await {
            Ok(mended) => forum = mended,
            // What we may not make is asked for by `guichet check`; a post goes without its tag.
            Err(error) => tracing::warn!(error = %error, "the tags of the forum could not be made"),
        }
    }
    Ok(Some(Status::ALL.into_iter().map(|status| tag_of(&forum, status)).collect()))
}

/// The tag of a status: by any of its names, and with whatever emoji before it.
fn tag_of(forum: &GuildChannel, status: Status) -> Option<ForumTagId> {
    let is_named = |name: &str| {
        let word = STATUSES.word(name.trim_start_matches(|c: char| !c.is_alphanumeric()));
        word.is_some_and(|word| word.value == status)
    };
    forum.available_tags.iter().find(|tag| is_named(&tag.name)).map(|tag| tag.id)
}

/// The tags that there are, with their ids so that no post loses its own, and those that are missing, in the guide's words.
async fn make_tags(http: &Http, forum: &GuildChannel, missing: &[Status]) -> serenity::Result<GuildChannel> {
    let mut tags = Vec::with_capacity(forum.available_tags.len() + missing.len());
    for tag in &forum.available_tags {
        tags.push(serde_json::to_value(tag)?);
    }
    for status in missing {
        let (emoji, name) = (labels::status(*status).split(' ').next(), labels::status_name(*status));
        tags.push(serde_json::json!({ "name": name, "moderated": false, "emoji_name": emoji }));
    }
    http.edit_channel(forum.id, &serde_json::json!({ "available_tags": tags }), None).await
}

fn channel(id: NonZeroU64) -> ChannelId {
    ChannelId::new(id.get())
}
