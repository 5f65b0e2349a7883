//! What is due to be posted, posted: cards with their threads, entries, lines, escalations. Every one of them is a row
//! that is drawn from what stands now; repeated with the same nonce, so that Discord posts it once.

use super::draw::{Drawn, draw, draw_bare};
use super::fault::{Barred, Fault, fault};
use super::rights::Rights;
use crate::desk::chat::Post;
use crate::desk::mend::{BARE, Lost};
use crate::desk::{Desk, Result};
use crate::domain::alert::AlertKind;
use crate::domain::chat::{Place, Platform, PostKind, PostOutcome};
use crate::domain::ids::{EventId, MessageId};
use crate::view::sheet::Sheet;
use crate::wording;
use crate::wording::check::discord::Right;
use serenity::all::{ChannelId, CreateAttachment, EditThread, ForumTagId, Http, Message, Nonce, RoleId};
use std::sync::Arc;
use std::time::Duration;

pub(super) const PLATFORM: Platform = Platform::Discord;
/// How long one post may take, shorter than its lease: given up, it is repeated under the same nonce.
const POST_WITHIN: Duration = Duration::from_secs(50);
/// What the alert is about that stands while the token is not taken, or the gateway cannot be had.
pub(super) const GATEWAY: &str = "discord:gateway";

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

impl Channels {
    /// All that are configured.
    pub fn all(&self) -> impl Iterator<Item = ChannelId> {
        [Some(self.support), self.dev, self.product].into_iter().flatten()
    }

    /// In or below which of them such a thing is posted.
    fn of(&self, kind: PostKind) -> ChannelId {
        match kind {
            PostKind::Escalation => self.dev.unwrap_or(self.support),
            PostKind::Handover => self.product.unwrap_or(self.support),
            _ => self.support,
        }
    }
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
    /// What we lack there.
    pub rights: Arc<Rights>,
    /// Where the pages are seen from outside.
    pub public_url: String,
}

/// What became of an attempt: where it stands now, if anywhere.
pub(super) type Posted = std::result::Result<Option<Place>, Fault>;

impl Poster {
    /// Posts one thing and records what became of it.
    ///
    /// # Errors
    /// The database's.
    pub async fn carry(&self, post: Post) -> Result<()> {
        let posted = tokio::time::timeout(POST_WITHIN, self.post(&post)).await.unwrap_or_else(|_| {
            let why = format!("no end within {} s", POST_WITHIN.as_secs());
            Err(Fault::Later { why, wait: None })
        });
        let root = self.channels.of(post.kind);
        let (outcome, place) = match posted {
            Ok(place) => (PostOutcome::Posted, place),
            // It was removed there while we were away.
            Err(Fault::Gone(place)) => return self.after(&post, &Lost::Message(place)).await,
            Err(Fault::ThreadGone(thread)) => return self.after(&post, &Lost::Thread(thread)).await,
            Err(Fault::NoCard) => return self.after(&post, &Lost::Card).await,
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
            Err(Fault::Barred(barred)) => {
                let why = self.barred(root, barred).await?;
                (PostOutcome::Later { why, wait: None }, None)
            }
        };
        self.desk.record_post(PLATFORM, &post, &outcome, place.as_ref()).await?;
        if outcome == PostOutcome::Posted && self.rights.is_lacking(root) {
            self.look(root).await?;
        }
        // Drawn without something that may be posted since: whoever saw the channel open did not see this yet.
        if place.is_some_and(|place| place.drawn.ends_with(BARE)) && !self.rights.is_lacking(root) {
            self.desk.chat_is_open_again(PLATFORM).await?;
        }
        Ok(())
    }

    async fn after(&self, post: &Post, lost: &Lost) -> Result<()> {
        if let Some(card) = self.desk.post_after(PLATFORM, post, lost).await? {
            self.remove(&card).await;
        }
        Ok(())
    }

    /// Takes a card away whose thread was removed: another stands for it. It is ours, which takes no permission.
    pub(super) async fn remove(&self, card: &Place) {
        if let Ok((channel, message)) = ids(card)
            && let Err(error) = channel.delete_message(&self.http, message).await
            && !matches!(fault(&error).of(card), Fault::Gone(_) | Fault::ThreadGone(_))
        {
            tracing::warn!(error = %error, "a card without its thread could not be taken away");
        }
    }

    /// Raises the alert that says what is closed to us; its word.
    async fn barred(&self, root: ChannelId, barred: Barred) -> Result<String> {
        let (about, word) = match barred {
            Barred::Token => (GATEWAY.to_owned(), "bad_token".to_owned()),
            Barred::Other(code) => (about(root), format!("forbidden_{code}")),
            Barred::NoChannel | Barred::Permission => {
                match self.rights.look(&self.http, root).await {
                    Ok(Some(lack)) => (about(root), lack.word()),
                    // It was mended meanwhile, or belongs to one thread alone.
                    Ok(None) => return Ok("closed a moment ago".to_owned()),
                    Err(_) => return Ok("closed, and Discord does not say why".to_owned()),
                }
            }
        };
        self.desk.raise_alert(AlertKind::ChatRefused, &about, &word).await?;
        Ok(word)
    }

    /// Looks what a channel lacks: an alert begins, or ends, and then what waited is posted.
    pub async fn look(&self, channel: ChannelId) -> Result<()> {
        match self.rights.look(&self.http, channel).await {
            Ok(Some(lack)) => {
                self.desk.raise_alert(AlertKind::ChatRefused, &about(channel), &lack.word()).await
            }
            Ok(None) => {
                let standing = self.desk.alerts().await?;
                let about = about(channel);
                let is_ours = |kind, of: &str| kind == AlertKind::ChatRefused && of == about;
                if standing.iter().any(|alert| is_ours(alert.kind, &alert.about)) {
                    self.desk.end_alert(AlertKind::ChatRefused, &about).await?;
                    self.desk.chat_is_open_again(PLATFORM).await?;
                }
                Ok(())
            }
            Err(fault) => {
                tracing::debug!(?fault, "what a channel lacks could not be seen");
                Ok(())
            }
        }
    }

    /// Looks at all channels.
    ///
    /// # Errors
    /// The database's.
    pub async fn look_at_all(&self) -> Result<()> {
        for channel in self.channels.all() {
            self.look(channel).await?;
        }
        Ok(())
    }

    /// Draws for a channel, in or below which it is posted: without what may not be posted there.
    pub(super) fn drawn(&self, sheet: &Sheet, leads: Option<RoleId>, root: ChannelId) -> Drawn {
        let embeds = !self.rights.lacks(root, Right::EmbedLinks);
        let files = !self.rights.lacks(root, Right::AttachFiles);
        if embeds && files { draw(sheet, leads) } else { draw_bare(sheet, leads, embeds, files) }
    }

    async fn post(&self, post: &Post) -> Posted {
        match (post.kind, post.ticket.as_deref()) {
            (PostKind::Card, Some(ticket)) => self.card(post, ticket).await,
            (PostKind::Refresh, Some(ticket)) if post.place.is_some() => self.card(post, ticket).await,
            (PostKind::Message, Some(ticket)) => {
                let sheet = wording::chat::entry(ticket, MessageId(post.about));
                match (sheet, &post.place) {
                    (Some(sheet), _) => self.in_thread(post, ticket, &sheet).await,
                    (None, Some(_)) if post.is_retracted => {
                        self.in_thread(post, ticket, &wording::chat::retracted()).await
                    }
                    // It went on to the ticket that this one was merged into: what stands here stays true.
                    (None, _) => Ok(None),
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
                    let drawn =
                        self.drawn(&wording::chat::escalation(ticket, &self.public_url), None, channel);
                    self.with_thread(post, ticket, channel, drawn).await
                }
                None => Ok(None),
            },
            (PostKind::Handover, Some(ticket)) => match (self.channels.product, &post.place) {
                (Some(channel), None) if wording::chat::is_handed_over(ticket) => {
                    let drawn = self.drawn(&wording::chat::handover(ticket, &self.public_url), None, channel);
                    let digest = drawn.digest();
                    let message = self.create(post, channel, drawn, Vec::new()).await?;
                    Ok(Some(place(post, channel, &message, None, digest)))
                }
                _ => Ok(None),
            },
            (PostKind::Alerts, _) => self.alarm(post).await,
            (_, None) | (PostKind::Refresh, _) => Ok(None),
        }
    }

    /// Draws again what stands. A thread that was put away takes no change before it is taken out.
    pub(super) async fn redraw(&self, place: &Place, drawn: Drawn) -> std::result::Result<(), Fault> {
        let (channel, message) = ids(place)?;
        let has_embed = drawn.has_embed();
        let edit = drawn.edit(place);
        let edited = channel.edit_message(&self.http, message, edit.clone()).await;
        match edited {
            Ok(edited) if has_embed && edited.embeds.is_empty() => Err(Fault::Barred(Barred::Permission)),
            Err(error) if super::fault::code(&error) == Some(super::fault::THREAD_IS_ARCHIVED) => {
                self.put_away(&place.channel, false, None).await?;
                let edited = channel.edit_message(&self.http, message, edit).await;
                edited.map_err(|error| fault(&error).of(place))?;
                self.put_away(&place.channel, true, None).await
            }
            edited => edited.map(drop).map_err(|error| fault(&error).of(place)),
        }
    }

    pub(super) async fn create(
        &self,
        post: &Post,
        channel: ChannelId,
        drawn: Drawn,
        files: Vec<CreateAttachment>,
    ) -> std::result::Result<Message, Fault> {
        let nonce = Nonce::String(format!("guichet-{}", post.id));
        let message = drawn.clone().message(files).nonce(nonce).enforce_nonce(true);
        let message = channel.send_message(&self.http, message).await.map_err(|error| fault(&error))?;
        if post.is_repeated() {
            // Discord may have given back what an earlier attempt posted, as it was then.
            let drawn_then = if message.attachments.is_empty() { BARE } else { "" };
            let stands = place(post, channel, &message, None, drawn_then.to_owned());
            self.redraw(&stands, drawn).await?;
        } else if drawn.has_embed() && message.embeds.is_empty() {
            // Discord takes the rest of such a message, and drops what may not be there.
            return Err(Fault::Barred(Barred::Permission));
        }
        Ok(message)
    }

    /// Puts a thread away, or takes it out; a forum's post gets the tag of its status with it.
    pub(super) async fn put_away(
        &self,
        thread: &str,
        away: bool,
        tag: Option<ForumTagId>,
    ) -> std::result::Result<(), Fault> {
        let Some(id) = channel_id(thread) else { return Ok(()) };
        let mut edit = EditThread::new().archived(away);
        if let Some(tag) = tag {
            edit = edit.applied_tags([tag]);
        }
        id.edit_thread(&self.http, edit).await.map_err(|error| fault(&error).of_thread(thread))?;
        Ok(())
    }
}

/// The subject of an alert about a channel.
fn about(channel: ChannelId) -> String {
    format!("discord:{channel}")
}

pub(super) fn place(
    post: &Post,
    channel: ChannelId,
    message: &Message,
    thread: Option<String>,
    drawn: String,
) -> Place {
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

pub(super) fn channel_id(id: &str) -> Option<ChannelId> {
    id.parse::<u64>().ok().filter(|id| *id > 0).map(ChannelId::new)
}

/// Where something stands, by Discord's numbers.
pub(super) fn ids(place: &Place) -> std::result::Result<(ChannelId, serenity::all::MessageId), Fault> {
    let message = place.message.parse::<u64>().ok().filter(|id| *id > 0).map(serenity::all::MessageId::new);
    match (channel_id(&place.channel), message) {
        (Some(channel), Some(message)) => Ok((channel, message)),
        _ => Err(Fault::Gone(Box::new(place.clone()))),
    }
}
