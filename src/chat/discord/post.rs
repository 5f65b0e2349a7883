//! What is due to be posted, posted: cards with their threads, entries, lines, escalations. Every one of them is a row
//! that is drawn from what stands now; repeated with the same nonce, so that Discord posts it once.

use super::draw::{Drawn, draw};
use super::fault::{Fault, fault};
use crate::desk::chat::Post;
use crate::desk::{Desk, Result};
use crate::domain::alert::AlertKind;
use crate::domain::chat::{Place, Platform, PostKind, PostOutcome};
use crate::domain::ids::{EventId, MessageId};
use crate::domain::ticket::Status;
use crate::reading::parse::file_bytes;
use crate::view::TicketView;
use crate::view::sheet::{Call, File, Sheet};
use crate::wording;
use serenity::all::{
    AutoArchiveDuration, ChannelId, ChannelType, CreateAttachment, CreateForumPost, CreateThread, EditThread,
    ForumTagId, Http, Message, Nonce, RoleId,
};
use std::sync::Arc;

const PLATFORM: Platform = Platform::Discord;
/// The most bytes of files that go with one message; Discord takes 10 MiB.
const MOST_BYTES: u64 = 8 << 20;

/// Where things are posted.
#[derive(Debug, Clone)]
pub struct Channels {
    /// #support-team.
    pub support: ChannelId,
    /// Whether it is a forum, and its tags for the five statuses, in the order of `Status::ALL`.
    pub forum: Option<Vec<Option<ForumTagId>>>,
    /// #dev-team.
    pub dev: Option<ChannelId>,
    /// The product team's.
    pub product: Option<ChannelId>,
    /// The role that is called when something needs a lead.
    pub leads: Option<RoleId>,
}

/// Posts for one server.
#[derive(Debug, Clone)]
pub struct Poster {
    /// The desk.
    pub desk: Desk,
    /// Discord.
    pub http: Arc<Http>,
    /// Where.
    pub channels: Channels,
    /// Where the pages are seen from outside.
    pub public_url: String,
}

/// What became of an attempt: where it stands now, if anywhere.
type Posted = std::result::Result<Option<Place>, Fault>;

impl Poster {
    /// Posts one thing and records what became of it.
    ///
    /// # Errors
    /// The database's.
    pub async fn carry(&self, post: Post) -> Result<()> {
        let (outcome, place) = match self.post(&post).await {
            Ok(place) => (PostOutcome::Posted, place),
            Err(Fault::Gone(place)) => {
                // It was removed there while we were away.
                self.desk.forget_place(PLATFORM, &place).await?;
                (PostOutcome::Later { why: "it was removed there".to_owned(), wait: None }, None)
            }
            Err(Fault::Later { why, wait }) => (PostOutcome::Later { why, wait }, None),
            Err(Fault::Refused(why)) => {
                tracing::error!(
                    post = post.id.0,
                    kind = post.kind.as_str(),
                    why,
                    "Discord refused a post for good"
                );
                (PostOutcome::Refused(why), None)
            }
            Err(Fault::Forbidden { channel, what }) => {
                self.desk.raise_alert(AlertKind::ChatRefused, &about(channel), &what).await?;
                (PostOutcome::Later { why: what, wait: None }, None)
            }
        };
        if let (PostOutcome::Posted, Some(place)) = (&outcome, &place) {
            self.desk.end_alert(AlertKind::ChatRefused, &format!("discord:{}", place.channel)).await?;
        }
        self.desk.record_post(PLATFORM, &post, &outcome, place.as_ref()).await
    }

    async fn post(&self, post: &Post) -> Posted {
        match (post.kind, post.ticket.as_deref()) {
            (PostKind::Card, Some(ticket)) => self.card(post, ticket).await,
            (PostKind::Refresh, Some(ticket)) if post.place.is_some() => self.card(post, ticket).await,
            (PostKind::Message, Some(ticket)) => {
                let sheet = wording::chat::entry(ticket, MessageId(post.about));
                match (sheet, &post.place) {
                    (Some(sheet), _) => self.in_thread(post, ticket, &sheet).await,
                    (None, Some(_)) => self.in_thread(post, ticket, &wording::chat::retracted()).await,
                    (None, None) => Ok(None),
                }
            }
            (PostKind::Event, Some(ticket)) => {
                match ticket.events.iter().find(|event| event.id == EventId(post.about)) {
                    Some(event) => {
                        let sheet = wording::chat::line(ticket, event, post.assignee.as_deref());
                        self.in_thread(post, ticket, &sheet).await
                    }
                    None => Ok(None),
                }
            }
            (PostKind::Escalation, Some(ticket)) => match self.channels.dev {
                Some(channel) => {
                    let drawn = draw(&wording::chat::escalation(ticket, &self.public_url), None);
                    self.with_thread(post, ticket, channel, drawn).await
                }
                None => Ok(None),
            },
            (PostKind::Handover, Some(ticket)) => match (self.channels.product, &post.place) {
                (Some(channel), None) => {
                    let drawn = draw(&wording::chat::handover(ticket, &self.public_url), None);
                    let digest = drawn.digest();
                    let message = self.create(post, channel, drawn, Vec::new()).await?;
                    Ok(Some(place(post, channel, &message, None, digest)))
                }
                _ => Ok(None),
            },
            (PostKind::Alerts, _) => self.alerts(post).await,
            (_, None) | (PostKind::Refresh, _) => Ok(None),
        }
    }

    /// The card in #support-team, its thread, and whether the thread is put away.
    async fn card(&self, post: &Post, ticket: &TicketView) -> Posted {
        let drawn = draw(&wording::chat::card(ticket, &post.writers, &self.public_url), None);
        let is_closed = ticket.status == Status::Closed;
        let Some(tags) = &self.channels.forum else {
            let stood = self.with_thread(post, ticket, self.channels.support, drawn).await?;
            if let Some(thread) = stood.as_ref().and_then(|place| place.thread.as_deref()) {
                self.put_away(post, thread, is_closed, None).await?;
            }
            return Ok(stood);
        };
        let tag = Status::ALL.iter().position(|status| *status == ticket.status);
        let tag = tag.and_then(|at| tags.get(at).copied().flatten());
        let digest = format!("{}:{}", drawn.digest(), ticket.status.as_str());
        if let Some(place) = &post.place {
            if place.drawn == digest {
                return Ok(Some(place.clone()));
            }
            let (channel, message) = ids(place)?;
            // A post that was put away takes no change before it is taken out again.
            self.put_away(post, &place.channel, false, tag).await.map_err(|fault| fault.of(place))?;
            channel
                .edit_message(&self.http, message, drawn.edit())
                .await
                .map_err(|error| fault(&error, channel).of(place))?;
            self.put_away(post, &place.channel, is_closed, None).await?;
            return Ok(Some(Place { drawn: digest, ..place.clone() }));
        }
        let message = drawn.message(Vec::new());
        let mut forum_post = CreateForumPost::new(wording::chat::thread_name(ticket), message)
            .auto_archive_duration(AutoArchiveDuration::OneWeek);
        forum_post = forum_post.set_applied_tags(tag);
        let thread = self
            .channels
            .support
            .create_forum_post(&self.http, forum_post)
            .await
            .map_err(|error| fault(&error, self.channels.support))?;
        let id = thread.id.to_string();
        // A forum's post and its first message have one id.
        Ok(Some(Place {
            kind: PostKind::Card,
            about: ticket.id.0,
            ticket: Some(ticket.id),
            channel: id.clone(),
            message: id.clone(),
            thread: Some(id),
            drawn: digest,
        }))
    }

    /// A message of a channel with a thread on it, posted or redrawn.
    async fn with_thread(
        &self,
        post: &Post,
        ticket: &TicketView,
        channel: ChannelId,
        drawn: Drawn,
    ) -> Posted {
        let digest = drawn.digest();
        if let Some(place) = &post.place {
            let (stands_in, message) = ids(place)?;
            if place.drawn != digest {
                stands_in
                    .edit_message(&self.http, message, drawn.edit())
                    .await
                    .map_err(|error| fault(&error, stands_in).of(place))?;
            }
            return Ok(Some(Place { drawn: digest, ..place.clone() }));
        }
        let message = self.create(post, channel, drawn, Vec::new()).await?;
        let thread = CreateThread::new(wording::chat::thread_name(ticket))
            .kind(ChannelType::PublicThread)
            .auto_archive_duration(AutoArchiveDuration::OneWeek);
        let thread = match channel.create_thread_from_message(&self.http, message.id, thread).await {
            Ok(thread) => thread.id.to_string(),
            // There from an attempt whose answer was lost: a thread has the id of its message.
            Err(error) if super::fault::code(&error) == Some(160_004) => message.id.to_string(),
            Err(error) => return Err(fault(&error, channel)),
        };
        Ok(Some(place(post, channel, &message, Some(thread), digest)))
    }

    /// An entry of the ticket's thread, posted or redrawn.
    async fn in_thread(&self, post: &Post, ticket: &TicketView, sheet: &Sheet) -> Posted {
        let drawn = draw(sheet, self.channels.leads);
        let digest = drawn.digest();
        if let Some(place) = &post.place {
            if place.drawn != digest && post.kind != PostKind::Event {
                let (channel, message) = ids(place)?;
                channel
                    .edit_message(&self.http, message, drawn.edit())
                    .await
                    .map_err(|error| fault(&error, channel).of(place))?;
            }
            return Ok(Some(Place { drawn: digest, ..place.clone() }));
        }
        let Some(card) = &post.card else {
            return Err(Fault::Later { why: "the ticket's card does not stand yet".to_owned(), wait: None });
        };
        let Some(thread) = card.thread.as_deref().and_then(channel_id) else {
            return Err(Fault::Gone(Box::new(card.clone())));
        };
        let files = self.files(sheet).await;
        let message = self.create(post, thread, drawn, files).await.map_err(|fault| match fault {
            // Without its thread the card is posted anew.
            Fault::Forbidden { .. } if fault.is_gone() => Fault::Gone(Box::new(card.clone())),
            fault => fault,
        })?;
        if ticket.status == Status::Closed {
            // What is written in a thread takes it out again.
            self.put_away(post, &thread.to_string(), true, None).await?;
        }
        Ok(Some(place(post, thread, &message, None, digest)))
    }

    async fn alerts(&self, post: &Post) -> Posted {
        const ENDED: &str = "ended";
        let mut sheet = wording::chat::alarm(&post.alerts);
        let is_over = post.alerts.is_empty();
        let standing = post.place.as_ref().filter(|place| place.drawn != ENDED);
        if let Some(place) = standing {
            let (channel, message) = ids(place)?;
            let drawn = draw(&sheet, None);
            let digest = if is_over { ENDED.to_owned() } else { drawn.digest() };
            channel
                .edit_message(&self.http, message, drawn.edit())
                .await
                .map_err(|error| fault(&error, channel).of(place))?;
            return Ok(Some(Place { drawn: digest, ..place.clone() }));
        }
        if is_over {
            return Ok(post.place.clone());
        }
        sheet.calls = Some(Call::Leads);
        let drawn = draw(&sheet, self.channels.leads);
        let digest = drawn.digest();
        let channel = self.channels.support;
        if self.channels.forum.is_some() {
            let title = sheet.title.unwrap_or_default();
            let forum_post = CreateForumPost::new(title, drawn.message(Vec::new()));
            let thread = channel
                .create_forum_post(&self.http, forum_post)
                .await
                .map_err(|error| fault(&error, channel))?;
            let id = thread.id.to_string();
            return Ok(Some(Place {
                kind: PostKind::Alerts,
                about: 0,
                ticket: None,
                channel: id.clone(),
                message: id,
                thread: None,
                drawn: digest,
            }));
        }
        let message = self.create(post, channel, drawn, Vec::new()).await?;
        Ok(Some(place(post, channel, &message, None, digest)))
    }

    async fn create(
        &self,
        post: &Post,
        channel: ChannelId,
        drawn: Drawn,
        files: Vec<CreateAttachment>,
    ) -> std::result::Result<Message, Fault> {
        let nonce = Nonce::String(format!("guichet-{}", post.id));
        let message = drawn.message(files).nonce(nonce).enforce_nonce(true);
        channel.send_message(&self.http, message).await.map_err(|error| fault(&error, channel))
    }

    /// Puts a thread away, or takes it out; a forum's post gets the tag of its status with it.
    async fn put_away(
        &self,
        post: &Post,
        thread: &str,
        away: bool,
        tag: Option<ForumTagId>,
    ) -> std::result::Result<(), Fault> {
        let was_closed = post.place.as_ref().is_some_and(|place| place.drawn.ends_with(":closed"));
        if !away && tag.is_none() && post.place.is_none() && !was_closed {
            return Ok(());
        }
        let Some(id) = channel_id(thread) else { return Ok(()) };
        let mut edit = EditThread::new().archived(away);
        if let Some(tag) = tag {
            edit = edit.applied_tags([tag]);
        }
        id.edit_thread(&self.http, edit).await.map_err(|error| fault(&error, id))?;
        Ok(())
    }

    /// The files of a mail that a team reads in chat: pictures, in place. What is larger or of another kind is named,
    /// and lies on the ticket's page.
    async fn files(&self, sheet: &Sheet) -> Vec<CreateAttachment> {
        let mut room = MOST_BYTES;
        let mut found = Vec::new();
        for file in &sheet.files {
            let File::Part { message, part, name, bytes } = file else { continue };
            if *bytes > room || found.len() == 8 {
                continue;
            }
            let Ok(Some((listed, raw))) = self.desk.file_of_message(*message, *part).await else { continue };
            if !listed.media_type.starts_with("image/") || listed.media_type.contains("svg") {
                continue;
            }
            if let Some(bytes) = file_bytes(&raw, *part) {
                room = room.saturating_sub(bytes.len() as u64);
                found.push(CreateAttachment::bytes(bytes, name.clone()));
            }
        }
        found
    }
}

/// The subject of an alert about a channel.
fn about(channel: ChannelId) -> String {
    format!("discord:{channel}")
}

fn place(post: &Post, channel: ChannelId, message: &Message, thread: Option<String>, drawn: String) -> Place {
    Place {
        kind: post.kind.stands_as(),
        about: post.place_about(),
        ticket: post.ticket.as_ref().map(|ticket| ticket.id),
        channel: channel.to_string(),
        message: message.id.to_string(),
        thread,
        drawn,
    }
}

fn channel_id(id: &str) -> Option<ChannelId> {
    id.parse::<u64>().ok().filter(|id| *id > 0).map(ChannelId::new)
}

/// Where something stands, by Discord's numbers.
fn ids(place: &Place) -> std::result::Result<(ChannelId, serenity::all::MessageId), Fault> {
    let message = place.message.parse::<u64>().ok().filter(|id| *id > 0).map(serenity::all::MessageId::new);
    match (channel_id(&place.channel), message) {
        (Some(channel), Some(message)) => Ok((channel, message)),
        _ => Err(Fault::Gone(Box::new(place.clone()))),
    }
}
