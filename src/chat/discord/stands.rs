//! What stands on Discord for a ticket: its card and the thread on it, the entries there.

use super::draw::Drawn;
use super::fault::{about, about_thread, fault};
use super::post::{PLATFORM, Poster, channel_id, ids, place};
use crate::chat::fault::Fault;
use crate::chat::pictures::pictures;
use crate::chat::poster::Posted;
use crate::desk::chat::Post;
use crate::desk::mend::BARE;
use crate::domain::chat::{Place, PostKind};
use crate::domain::ticket::Status;
use crate::view::TicketView;
use crate::view::sheet::Sheet;
use crate::wording;
use crate::wording::check::discord::Right;
use serenity::all::{
    AutoArchiveDuration, ChannelId, ChannelType, CreateAttachment, CreateForumPost, CreateThread,
};

/// The most bytes of files that go with one message; Discord takes 10 MiB.
const MOST_BYTES: u64 = 9 << 20;
/// Begins the digest of the card of a closed ticket, whose thread is put away.
const CLOSED: &str = "closed:";

impl Poster {
    /// The card in #support-team, its thread, and whether the thread is put away.
    pub(super) async fn ticket_card(&self, post: &Post, ticket: &TicketView, sheet: &Sheet) -> Posted {
        let drawn = self.drawn(sheet, None, self.channels.support);
        let was_closed = post.place.as_ref().is_some_and(|place| place.drawn.contains(CLOSED));
        let is_closed = ticket.status == Status::Closed;
        let Some(tags) = self.forum().await? else {
            let stood = self.with_thread(post, ticket, self.channels.support, drawn).await?;
            let Some(mut stood) = stood else { return Ok(None) };
            if is_closed != was_closed
                && let Some(thread) = &stood.thread
            {
                self.put_away(thread, is_closed, None).await?;
            }
            if is_closed {
                stood.drawn = format!("{CLOSED}{}", stood.drawn);
            }
            return Ok(Some(stood));
        };
        let tag = Status::ALL.iter().position(|status| *status == ticket.status);
        let tag = tag.and_then(|at| tags.get(at).copied().flatten());
        let mark = if is_closed { CLOSED } else { ticket.status.as_str() };
        let digest = format!("{mark}{}", drawn.digest());
        if let Some(place) = &post.place {
            if place.drawn == digest {
                return Ok(Some(place.clone()));
            }
            // A post that was put away takes no change before it is taken out again.
            self.put_away(&place.channel, false, Some(tag)).await?;
            let place = if place.message.is_empty() {
                let Some(channel) = channel_id(&place.channel) else {
                    return Err(Fault::Gone(Box::new(place.clone())));
                };
                let message = self.create(post, channel, drawn, Vec::new()).await?;
                Place { message: message.id.to_string(), ..place.clone() }
            } else {
                self.redraw(place, drawn).await?;
                place.clone()
            };
            if is_closed {
                self.put_away(&place.channel, true, None).await?;
            }
            return Ok(Some(Place { drawn: digest, ..place }));
        }
        let forum_post =
            CreateForumPost::new(wording::chat::thread_name(ticket), drawn.clone().message(Vec::new()))
                .auto_archive_duration(AutoArchiveDuration::OneWeek)
                .set_applied_tags(tag);
        let id = self.forum_post(post, &wording::chat::thread_name(ticket), forum_post, drawn).await?;
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

    /// A post in the forum of the team. Discord knows no nonce for one: before it is repeated, it is looked for by its
    /// name. Gives back its id.
    pub(super) async fn forum_post(
        &self,
        post: &Post,
        name: &str,
        forum_post: CreateForumPost<'_>,
        drawn: Drawn,
    ) -> Result<String, Fault> {
        let forum = self.channels.support;
        if post.is_repeated()
            && let Some(id) = self.ours_in_forum(forum, name).await?
        {
            let stands = Place {
                kind: post.kind.stands_as(),
                about: post.place_about(),
                ticket: post.ticket.as_ref().map(|ticket| ticket.id),
                channel: id.clone(),
                message: id.clone(),
                thread: Some(id.clone()),
                drawn: BARE.to_owned(),
            };
            self.redraw(&stands, drawn).await?;
            return Ok(id);
        }
        let thread = forum.create_forum_post(&self.http, forum_post).await.map_err(|error| fault(&error))?;
        Ok(thread.id.to_string())
    }

    /// A post of ours with this name that is known to be nothing's.
    async fn ours_in_forum(&self, forum: ChannelId, name: &str) -> Result<Option<String>, Fault> {
        let active =
            self.rights.guild().get_active_threads(&self.http).await.map_err(|error| fault(&error))?;
        let ours = active.threads.into_iter().filter(|thread| {
            let is_ours = thread.owner_id == Some(self.rights.me());
            is_ours && thread.parent_id == Some(forum) && thread.name == name
        });
        for thread in ours {
            let places = self.desk.places_of_message(PLATFORM, &thread.id.to_string()).await;
            let places = places.map_err(|failure| Fault::of_desk(&failure))?;
            if places.is_empty() {
                return Ok(Some(thread.id.to_string()));
            }
        }
        Ok(None)
    }

    /// A message of a channel with a thread on it, posted or redrawn.
    pub(super) async fn with_thread(
        &self,
        post: &Post,
        ticket: &TicketView,
        channel: ChannelId,
        drawn: Drawn,
    ) -> Posted {
        // A thread has the id of the message it hangs on; after that was removed, another leads to it.
        let elsewhere = post
            .place
            .as_ref()
            .and_then(|place| place.thread.as_deref().filter(|thread| *thread != place.message));
        let drawn = match elsewhere {
            Some(thread) => drawn.beside(thread),
            None => drawn,
        };
        let digest = drawn.digest();
        let stands = match &post.place {
            Some(stood) if !stood.message.is_empty() => {
                if stood.drawn.trim_start_matches(CLOSED) != digest {
                    self.redraw(stood, drawn).await?;
                }
                Place { drawn: digest, ..stood.clone() }
            }
            stood => {
                let message = self.create(post, channel, drawn, Vec::new()).await?;
                let thread = stood.as_ref().and_then(|stood| stood.thread.clone());
                let stands = place(post, channel, &message.id.to_string(), thread, digest);
                // Kept before the thread is made: should that not be possible for long, the nonce would be forgotten.
                let kept = self.desk.keep_place(PLATFORM, &stands).await;
                kept.map_err(|failure| Fault::of_desk(&failure))?;
                stands
            }
        };
        if stands.thread.is_some() {
            return Ok(Some(stands));
        }
        let (channel, message) = ids(&stands)?;
        let thread = CreateThread::new(wording::chat::thread_name(ticket))
            .kind(ChannelType::PublicThread)
            .auto_archive_duration(AutoArchiveDuration::OneWeek);
        let thread = match channel.create_thread_from_message(&self.http, message, thread).await {
            Ok(thread) => thread.id.to_string(),
            // There from an attempt whose answer was lost: a thread has the id of its message.
            Err(error) if super::fault::code(&error) == Some(160_004) => message.to_string(),
            Err(error) => return Err(about(fault(&error), &stands)),
        };
        Ok(Some(Place { thread: Some(thread), ..stands }))
    }

    /// An entry of the ticket's thread, posted or redrawn.
    pub(super) async fn in_thread(&self, post: &Post, ticket: &TicketView, sheet: &Sheet) -> Posted {
        let drawn = self.drawn(sheet, self.channels.leads, self.channels.support);
        let digest = drawn.digest();
        if let Some(place) = &post.place {
            if place.drawn != digest {
                self.redraw(place, drawn).await?;
            }
            return Ok(Some(Place { drawn: digest, ..place.clone() }));
        }
        let thread = post.card.as_ref().and_then(|card| card.thread.as_deref());
        let Some(thread) = thread.and_then(channel_id) else { return Err(Fault::NoCard) };
        let files = self.files(sheet, &drawn, self.channels.support).await;
        let message = self
            .create(post, thread, drawn, files)
            .await
            .map_err(|fault| about_thread(fault, &thread.to_string()))?;
        let stands = place(post, thread, &message.id.to_string(), None, digest);
        if ticket.status == Status::Closed {
            // What is written in a thread takes it out again. Should that last, the message is not to come twice.
            let kept = self.desk.keep_place(PLATFORM, &stands).await;
            kept.map_err(|failure| Fault::of_desk(&failure))?;
            self.put_away(&thread.to_string(), true, None).await?;
        }
        Ok(Some(stands))
    }

    /// The pictures of a sheet, beside what is drawn of it, where the channel takes files.
    pub(super) async fn files(&self, sheet: &Sheet, drawn: &Drawn, root: ChannelId) -> Vec<CreateAttachment> {
        if self.rights.lacks(root, Right::AttachFiles) {
            return Vec::new();
        }
        let room = MOST_BYTES.saturating_sub(drawn.bytes_beside());
        let found = pictures(&self.desk, sheet, 8, room).await;
        found.into_iter().map(|(name, bytes)| CreateAttachment::bytes(bytes, name)).collect()
    }
}
