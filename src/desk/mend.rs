//! What was removed in chat, or could not be shown there, posted anew: rows, like all that is posted.

use super::board::read_past;
use super::chat::Post;
use super::{Desk, Result};
use crate::domain::chat::{Place, Platform, PostKind};
use crate::domain::ids::TicketId;
use crate::store::{self, Tx};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashSet;

/// The end of the digest of what was drawn without something that a permission was missing for.
pub const BARE: &str = ":bare";

/// How long a card that was refused for good is left alone, although an entry waits for it.
const REFUSED_FOR: TimeDelta = TimeDelta::minutes(10);

/// What is not there any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// A message that showed something.
    Message(Box<Place>),
    /// A thread, by the platform's id, and all that stood in it.
    Thread(String),
    /// The card of the ticket, without which its entries have no thread.
    Card,
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// A message was removed in chat: what it showed is posted anew.
    pub async fn chat_message_gone(&self, platform: Platform, message: &str) -> Result<()> {
        let places = self.inner.store.read().await?.places_of_message(platform, message).await?;
        if places.is_empty() {
            return Ok(());
        }
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        for place in places {
            message_anew(&mut tx, platform, &place, now).await?;
            say_restored(&mut tx, platform, &place, now).await?;
        }
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(())
    }

    /// A thread was removed in chat: the card that it hung on is posted anew, with a thread, and so is what stood in it.
    /// Gives back where that card stood, which is nobody's any more.
    pub async fn chat_thread_gone(&self, platform: Platform, thread: &str) -> Result<Option<Place>> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let card = thread_anew(&mut tx, platform, thread, now).await?;
        if let Some(card) = &card {
            say_restored(&mut tx, platform, card, now).await?;
        }
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(card)
    }

    /// What a post needs was found gone: that is posted anew, and the post after it. Gives back as
    /// [`Desk::chat_thread_gone`]. What stood where nothing is posted any more (`is_here` says no) was left there, not
    /// removed.
    pub async fn post_after(
        &self,
        platform: Platform,
        post: &Post,
        lost: &Lost,
        is_here: &(dyn Fn(&Place) -> bool + Send + Sync),
    ) -> Result<Option<Place>> {
        let now = self.inner.clock.now();
        let ticket = post.ticket.as_ref().map(|ticket| ticket.id);
        let mut tx = self.inner.store.begin().await?;
        // Its row makes room: what comes again stands behind what it waits for.
        if !tx.posted(post.id, post.leased_until).await? {
            return Ok(None);
        }
        let card = match lost {
            Lost::Message(place) => {
                // Where somebody removed it with its thread meanwhile, that is posted anew already, and has no old thread.
                let stands = tx.place(platform, place.kind, place.about).await?;
                if stands.is_some_and(|stands| stands.message == place.message) {
                    message_anew(&mut tx, platform, place, now).await?;
                    if is_here(place) {
                        say_restored(&mut tx, platform, place, now).await?;
                    }
                }
                None
            }
            Lost::Thread(thread) => {
                let card = thread_anew(&mut tx, platform, thread, now).await?;
                if let Some(card) = card.as_ref().filter(|card| is_here(card)) {
                    say_restored(&mut tx, platform, card, now).await?;
                }
                card
            }
            Lost::Card => {
                if let Some(ticket) = ticket {
                    let is_refused = tx.is_refused(platform, PostKind::Card, ticket).await?;
                    let at = if is_refused { now + REFUSED_FOR } else { now };
                    tx.add_post(platform, PostKind::Card, Some(ticket), 0, at, now).await?;
                }
                None
            }
        };
        tx.add_post(platform, post.kind, ticket, post.about, now, now).await?;
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(card)
    }

    /// A platform lets us post again: what waited goes at once, and what was drawn without something is drawn again.
    pub async fn chat_is_open_again(&self, platform: Platform) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        tx.hasten_posts(platform, now).await?;
        for place in tx.places_drawn(platform, BARE).await? {
            let about = about(&place);
            tx.add_post(platform, place.kind, place.ticket, about, now, now).await?;
        }
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(())
    }
}

/// By what number a post of this is kept: 0 where it is about the ticket itself.
fn about(place: &Place) -> i64 {
    match place.kind {
        PostKind::Message | PostKind::Event => place.about,
        _ => 0,
    }
}

/// What a message showed is posted anew. A thread that hung on it stays, with all that was said there: the message that
/// comes leads to it.
async fn message_anew(
    tx: &mut Tx,
    platform: Platform,
    place: &Place,
    now: DateTime<Utc>,
) -> store::Result<()> {
    // What is told once is not told again.
    if matches!(
        place.kind,
        PostKind::Warning
            | PostKind::Restored
            | PostKind::Checklist
            | PostKind::DayReport
            | PostKind::WeekReport
    ) {
        return tx.forget_place(platform, place.kind, place.about).await;
    }
    match place.thread {
        Some(_) => tx.no_longer_stands(platform, place).await?,
        None => tx.forget_place(platform, place.kind, place.about).await?,
    }
    tx.add_post(platform, place.kind, place.ticket, about(place), now, now).await
}

/// The leads are told once of each ticket that something of it was removed, and stands again.
async fn say_restored(
    tx: &mut Tx,
    platform: Platform,
    place: &Place,
    now: DateTime<Utc>,
) -> store::Result<()> {
    let shows_ticket = matches!(place.kind, PostKind::Card | PostKind::Escalation);
    match place.ticket.filter(|_| shows_ticket) {
        Some(ticket) => tx.add_post(platform, PostKind::Restored, Some(ticket), 0, now, now).await,
        None => Ok(()),
    }
}

/// What a thread hung on is posted anew, and then all that is told in the thread of a ticket, in the order in which it
/// happened.
async fn thread_anew(
    tx: &mut Tx,
    platform: Platform,
    thread: &str,
    now: DateTime<Utc>,
) -> Result<Option<Place>> {
    let Some(card) = tx.place_of_thread(platform, thread).await? else { return Ok(None) };
    let inside = tx.places_in_channel(platform, thread).await?;
    for place in &inside {
        tx.forget_place(platform, place.kind, place.about).await?;
    }
    tx.forget_place(platform, card.kind, card.about).await?;
    tx.add_post(platform, card.kind, card.ticket, 0, now, now).await?;
    if let (PostKind::Card, Some(ticket)) = (card.kind, card.ticket) {
        // What waits would else come before what it follows.
        let waiting = tx.take_waiting_entries(platform, ticket).await?;
        let stood = inside.iter().map(|place| (place.kind, place.about));
        let lines = stood.chain(waiting).filter(|(kind, _)| *kind == PostKind::Event).map(|(_, about)| about);
        let lines: HashSet<i64> = lines.collect();
        for (kind, about) in told_in_thread(tx, ticket, &lines).await? {
            tx.add_post(platform, kind, Some(ticket), about, now, now).await?;
        }
    }
    Ok(Some(card))
}

/// All messages of a ticket, those that were written in its thread too, and these lines.
async fn told_in_thread(tx: &mut Tx, ticket: TicketId, lines: &HashSet<i64>) -> Result<Vec<(PostKind, i64)>> {
    let Some(stored) = tx.ticket(ticket).await? else { return Ok(Vec::new()) };
    let view = read_past(tx, stored).await?;
    // Each message came with a line of the history, whether that is told or not.
    let wrote = |id: i64| view.events.iter().find(|event| event.detail.message == Some(id));
    let messages = view.messages.iter().map(|message| {
        let line = wrote(message.id.0).map_or(0, |event| event.id.0);
        (line, PostKind::Message, message.id.0)
    });
    let lines = view.events.iter().map(|event| event.id.0).filter(|id| lines.contains(id));
    let mut told: Vec<_> = messages.chain(lines.map(|id| (id, PostKind::Event, id))).collect();
    // A message stands before the line that came with it, as when it was told first.
    told.sort_by_key(|(line, kind, about)| (*line, *kind == PostKind::Event, *about));
    Ok(told.into_iter().map(|(_, kind, about)| (kind, about)).collect())
}
