//! Discord as what the poster writes on: repeated with the same nonce, so that Discord posts it once; without what a
//! channel does not let us post.

use super::draw::{Drawn, draw, draw_bare};
use super::fault::{about, about_thread, fault};
use super::rights::Rights;
use crate::chat::fault::{Barred, Fault};
use crate::chat::poster::{Posted, Wall};
use crate::desk::chat::Post;
use crate::desk::mend::BARE;
use crate::desk::{Desk, Result};
use crate::domain::alert::AlertKind;
use crate::domain::chat::{Place, Platform, PostKind};
use crate::view::TicketView;
use crate::view::sheet::Sheet;
use crate::wording::check::discord::Right;
use serenity::all::{
    ChannelId, CreateAttachment, CreateForumPost, EditThread, ForumTagId, Http, Message, Nonce, RoleId,
    UserId,
};
use std::sync::{Arc, OnceLock};

pub(super) const PLATFORM: Platform = Platform::Discord;
/// What the alert is about that stands while the token is not taken, or the gateway cannot be had.
pub(super) const GATEWAY: &str = "discord:gateway";

/// The tags of a forum for the five statuses, in the order of `Status::ALL`; `None` where it has none.
pub type ForumTags = Vec<Option<ForumTagId>>;

/// Where things are posted.
#[derive(Debug, Clone)]
pub struct Channels {
    /// #support-team.
    pub support: ChannelId,
    /// Whether it is a forum, once it was seen.
    pub forum: Arc<OnceLock<Option<ForumTags>>>,
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

impl Wall for Poster {
    fn platform(&self) -> Platform {
        PLATFORM
    }

    fn desk(&self) -> &Desk {
        &self.desk
    }

    fn public_url(&self) -> &str {
        &self.public_url
    }

    /// What stands in a forum is not told apart, since a post there is a channel of its own.
    fn is_here(&self, place: &Place) -> bool {
        let ours = self.channels.all().any(|ours| ours.to_string() == place.channel);
        ours || place.thread.as_ref() == Some(&place.channel)
    }

    fn has_channel(&self, kind: PostKind) -> bool {
        match kind {
            PostKind::Escalation => self.channels.dev.is_some(),
            PostKind::Handover => self.channels.product.is_some(),
            // In a forum each would be a post of its own: the line in the ticket's thread says it.
            PostKind::Warning => !matches!(self.channels.forum.get(), Some(Some(_))),
            _ => true,
        }
    }

    async fn card(&self, post: &Post, ticket: &TicketView, sheet: &Sheet) -> Posted {
        self.ticket_card(post, ticket, sheet).await.map_err(|fault| self.left_behind(fault, post))
    }

    async fn entry(&self, post: &Post, ticket: &TicketView, sheet: &Sheet) -> Posted {
        self.in_thread(post, ticket, sheet).await.map_err(|fault| self.left_behind(fault, post))
    }

    async fn escalation(&self, post: &Post, ticket: &TicketView, sheet: &Sheet) -> Posted {
        let channel = self.channels.of(post.kind);
        let posted = self.with_thread(post, ticket, channel, self.drawn(sheet, None, channel)).await;
        posted.map_err(|fault| self.left_behind(fault, post))
    }

    async fn say(&self, post: &Post, sheet: &Sheet) -> std::result::Result<Place, Fault> {
        let channel = self.channels.of(post.kind);
        let drawn = self.drawn(sheet, self.channels.leads, channel);
        let digest = drawn.digest();
        let files = self.files(sheet, &drawn, channel).await;
        if channel == self.channels.support && self.forum().await?.is_some() {
            let title = sheet.title.clone().unwrap_or_default();
            let forum_post = CreateForumPost::new(title.clone(), drawn.clone().message(files));
            let id = self.forum_post(post, &title, forum_post, drawn).await?;
            let place = Place { message: id.clone(), ..place(post, channel, &id, None, digest) };
            return Ok(Place { channel: id, ..place });
        }
        let message = self.create(post, channel, drawn, files).await?;
        Ok(place(post, channel, &message.id.to_string(), None, digest))
    }

    async fn restate(&self, stands: &Place, sheet: &Sheet) -> std::result::Result<String, Fault> {
        let drawn = self.drawn(sheet, None, self.channels.support);
        let digest = drawn.digest();
        if stands.drawn != digest {
            self.redraw(stands, drawn).await?;
        }
        Ok(digest)
    }

    async fn tell(
        &self,
        post: &Post,
        agent: i64,
        account: &str,
        sheet: &Sheet,
    ) -> std::result::Result<Place, Fault> {
        let Some(account) = account.parse::<u64>().ok().filter(|id| *id > 0).map(UserId::new) else {
            return Err(Fault::Refused("an account that is none of Discord's".to_owned()));
        };
        let direct = account.create_dm_channel(&self.http).await.map_err(|error| fault(&error))?;
        let drawn = draw(sheet, None);
        let digest = drawn.digest();
        let nonce = Nonce::String(format!("guichet-{}-{agent}", post.id));
        let message = drawn.message(Vec::new()).nonce(nonce).enforce_nonce(true);
        let message = direct.id.send_message(&self.http, message).await.map_err(|error| fault(&error))?;
        Ok(Place { about: agent, ..place(post, direct.id, &message.id.to_string(), None, digest) })
    }

    /// It is ours, which takes no permission.
    async fn remove(&self, card: &Place) {
        if let Ok((channel, message)) = ids(card)
            && let Err(error) = channel.delete_message(&self.http, message).await
            && !matches!(about(fault(&error), card), Fault::Gone(_) | Fault::ThreadGone(_))
        {
            tracing::warn!(error = %error, "a card without its thread could not be taken away");
        }
    }

    async fn barred(&self, kind: PostKind, barred: Barred) -> Result<String> {
        let root = self.channels.of(kind);
        let (about, word) = match barred {
            Barred::Token => (GATEWAY.to_owned(), "bad_token".to_owned()),
            Barred::Other(word) | Barred::There(word) => {
                self.rights.forbid(root, kind);
                (of_channel(root), word)
            }
            Barred::NoChannel | Barred::Permission => {
                match self.rights.look(&self.http, root).await {
                    Ok(Some(lack)) => (of_channel(root), lack.word()),
                    // It was mended meanwhile, or belongs to one thread alone.
                    Ok(None) => return Ok("closed a moment ago".to_owned()),
                    Err(_) => return Ok("closed, and Discord does not say why".to_owned()),
                }
            }
        };
        self.desk.raise_alert(AlertKind::ChatRefused, &about, &word).await?;
        Ok(word)
    }

    async fn opened(&self, kind: PostKind) -> Result<bool> {
        let root = self.channels.of(kind);
        // What was posted shows that what Discord forbade of its kind is allowed again. What was refused then is tried again in its
        // own time: it may lie in that thing alone.
        if self.rights.allow(root, kind) {
            self.desk.end_alert(AlertKind::ChatRefused, &of_channel(root)).await?;
        }
        if self.rights.is_lacking(root) {
            self.look(root).await?;
        }
        Ok(!self.rights.is_lacking(root))
    }
}

impl Poster {
    /// What is closed to us and stands in none of our channels is left there: it comes anew where things are posted now.
    fn left_behind(&self, fault: Fault, post: &Post) -> Fault {
        if !matches!(fault, Fault::Barred(Barred::NoChannel | Barred::Permission)) {
            return fault;
        }
        let is_left = |place: &&Place| !self.is_here(place);
        let is_entry = matches!(post.kind, PostKind::Message | PostKind::Event);
        match (is_entry, post.card.as_ref().filter(is_left), post.place.as_ref().filter(is_left)) {
            (true, Some(Place { thread: Some(thread), .. }), _) => Fault::ThreadGone(thread.clone()),
            (false, _, Some(place)) => Fault::Gone(Box::new(place.clone())),
            _ => fault,
        }
    }

    /// The tags of #support-team, where it is a forum; asked for while that could not be seen.
    pub(super) async fn forum(&self) -> std::result::Result<Option<&ForumTags>, Fault> {
        let known = &self.channels.forum;
        if known.get().is_none() {
            let asked = super::forum_tags(&self.http, self.channels.support).await;
            // Of two who ask at once, both learn the same.
            let _ = known.set(asked.map_err(|error| fault(&error))?);
        }
        Ok(known.get().and_then(Option::as_ref))
    }

    /// Looks what a channel lacks: an alert begins, or ends, and then what waited is posted.
    pub async fn look(&self, channel: ChannelId) -> Result<()> {
        match self.rights.look(&self.http, channel).await {
            Ok(Some(lack)) => {
                self.desk.raise_alert(AlertKind::ChatRefused, &of_channel(channel), &lack.word()).await
            }
            Ok(None) => {
                let standing = self.desk.alerts().await?;
                let about = of_channel(channel);
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
                edited.map_err(|error| about(fault(&error), place))?;
                self.put_away(&place.channel, true, None).await
            }
            edited => edited.map(drop).map_err(|error| about(fault(&error), place)),
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
            let stands = place(post, channel, &message.id.to_string(), None, drawn_then.to_owned());
            self.redraw(&stands, drawn).await?;
        } else if drawn.has_embed() && message.embeds.is_empty() {
            // Discord takes the rest of such a message, and drops what may not be there.
            return Err(Fault::Barred(Barred::Permission));
        }
        Ok(message)
    }

    /// Puts a thread away, or takes it out; a forum's post gets the tag of its status with it, and none where the forum has
    /// none for it.
    pub(super) async fn put_away(
        &self,
        thread: &str,
        away: bool,
        tag: Option<Option<ForumTagId>>,
    ) -> std::result::Result<(), Fault> {
        let Some(id) = channel_id(thread) else { return Ok(()) };
        let mut edit = EditThread::new().archived(away);
        if let Some(tag) = tag {
            edit = edit.applied_tags(tag);
        }
        id.edit_thread(&self.http, edit).await.map_err(|error| about_thread(fault(&error), thread))?;
        Ok(())
    }
}

/// The subject of an alert about a channel.
fn of_channel(channel: ChannelId) -> String {
    format!("discord:{channel}")
}

pub(super) fn place(
    post: &Post,
    channel: ChannelId,
    message: &str,
    thread: Option<String>,
    drawn: String,
) -> Place {
    Place {
        kind: post.kind.stands_as(),
        about: post.place_about(),
        ticket: post.ticket.as_ref().map(|ticket| ticket.id),
        channel: channel.to_string(),
        message: message.to_owned(),
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
