//! What the team is told in chat: rows written with their cause, claimed by a platform's door, drawn from what stands
//! then, and recorded. The door itself draws and posts.

use super::board::{read_past, read_ticket};
use super::rituals::day_of;
use super::{Desk, Inner, Result};
use crate::domain::alert::Alert;
use crate::domain::chat::{POST_LEASE, Place, Platform, PostKind, PostOutcome, Warns, told, wait_after};
use crate::domain::event::EventKind;
use crate::domain::ids::{EventId, MessageId, PostId, TicketId};
use crate::domain::people::{Agent, EMAIL, normal_address};
use crate::domain::report::Period;
use crate::domain::ritual::monday_of;
use crate::store::chat::ClaimedPost;
use crate::store::tickets::{NewEvent, StoredEvent};
use crate::store::{self, Tx};
use crate::view::{Checklist, Report, TicketView};
use crate::wording;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// How long somebody who writes a reply in chat is shown as writing it.
pub const WRITES_FOR: Duration = Duration::from_secs(10 * 60);

/// What is told once on a day.
#[derive(Debug, Clone)]
pub enum DayTold {
    /// What there is to do.
    Checklist(Box<Checklist>),
    /// What was done.
    Report(Box<Report>),
}

/// How many warnings wait for the channel at most.
const MOST_WARNINGS: i64 = 20;

/// Something to post; whoever claimed it must record what became of it.
#[derive(Debug, Clone)]
pub struct Post {
    /// Its number; the same at each attempt.
    pub id: PostId,
    /// What it is.
    pub kind: PostKind,
    /// Of which ticket, as it stands now.
    pub ticket: Option<Box<TicketView>>,
    /// About which of the ticket's things; 0 for the ticket itself.
    pub about: i64,
    /// Where it stands already.
    pub place: Option<Place>,
    /// Where the ticket's card stands, with its thread.
    pub card: Option<Place>,
    /// Where the ticket stands with the technical team, with its thread.
    pub escalation: Option<Place>,
    /// Who writes a reply to the ticket.
    pub writers: Vec<String>,
    /// The account of whoever is responsible for the ticket, on this platform.
    pub assignee: Option<String>,
    /// What needs a person.
    pub alerts: Vec<Alert>,
    /// What is told on its day.
    pub told: Option<DayTold>,
    /// The message that it is about was taken back.
    pub is_retracted: bool,
    attempt: u32,
    pub(super) leased_until: DateTime<Utc>,
}

impl Post {
    /// Whether it was attempted before: it may stand already, as it was drawn then.
    pub fn is_repeated(&self) -> bool {
        self.attempt > 1
    }

    /// How often it was attempted, this time included.
    pub fn attempts(&self) -> u32 {
        self.attempt
    }

    /// By what number the place of this is kept: the ticket's where it is about the ticket itself.
    pub fn place_about(&self) -> i64 {
        match (&self.ticket, self.about) {
            (Some(ticket), 0) => ticket.id.0,
            _ => self.about,
        }
    }
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// Who this account of a chat is.
    pub async fn agent_by_account(&self, platform: Platform, id: &str) -> Result<Option<Agent>> {
        Ok(self.inner.store.read().await?.agent_by_identity(platform.as_str(), id).await?)
    }

    /// Whose address this is, where an administrator linked it (`guichet agent link NAME email:ADDRESS`).
    pub async fn agent_by_email(&self, email: &str) -> Result<Option<Agent>> {
        Ok(self.inner.store.read().await?.agent_by_identity(EMAIL, &normal_address(email)).await?)
    }

    /// Waits until something was written that this platform may have to post.
    pub async fn chat_rings(&self, platform: Platform) {
        self.inner.chat_bells[platform as usize].notified().await;
    }

    /// Leases up to `limit` posts that are due.
    pub async fn claim_posts(&self, platform: Platform, limit: i64) -> Result<Vec<Post>> {
        let now = self.inner.clock.now();
        let leased_until = now + POST_LEASE;
        let mut tx = self.inner.store.begin().await?;
        let claimed = tx.claim_posts(platform, now, leased_until, limit).await?;
        tx.commit().await?;
        let mut posts = Vec::with_capacity(claimed.len());
        for claim in claimed {
            // Each by itself: what cannot be read holds up nothing that was claimed with it.
            match self.read_post(platform, &claim, now, leased_until).await {
                Ok(post) => posts.push(post),
                Err(failure) => {
                    let (post, kind) = (claim.id.0, claim.kind.as_str());
                    tracing::error!(post, kind, error = %failure, "what is to be posted cannot be read; it is put off");
                    let mut tx = self.inner.store.begin().await?;
                    let at = now + wait_after(claim.attempt, None);
                    tx.post_later(claim.id, leased_until, "it cannot be read", at).await?;
                    tx.commit().await?;
                }
            }
        }
        Ok(posts)
    }

    async fn read_post(
        &self,
        platform: Platform,
        claim: &ClaimedPost,
        now: DateTime<Utc>,
        leased_until: DateTime<Utc>,
    ) -> Result<Post> {
        let mut tx = self.inner.store.read().await?;
        let (mut ticket, mut assignee, mut writers) = (None, None, Vec::new());
        let (mut card, mut escalation) = (None, None);
        if let Some(id) = claim.ticket {
            if let Some(stored) = tx.ticket(id).await? {
                if let Some(agent) = stored.assignee {
                    let accounts = tx.identities(agent).await?.into_iter();
                    let mut ours = accounts.filter(|(kind, _)| kind == platform.as_str());
                    assignee = ours.next().map(|(_, account)| account);
                }
                ticket = Some(Box::new(read_ticket(&mut tx, stored, self.rules()).await?));
            }
            card = tx.place(platform, PostKind::Card, id.0).await?;
            escalation = tx.place(platform, PostKind::Escalation, id.0).await?;
            writers = tx.writers(id, now - WRITES_FOR).await?.into_iter().map(|(_, name)| name).collect();
        }
        let alerts = match claim.kind {
            PostKind::Alerts => tx.alerts().await?,
            _ => Vec::new(),
        };
        let day = day_of(claim.about);
        let told = match (claim.kind, day) {
            (PostKind::Checklist, Some(_)) => {
                Some(DayTold::Checklist(Box::new(self.inner.checklist(&mut tx, now).await?)))
            }
            (PostKind::DayReport, Some(day)) => {
                Some(DayTold::Report(Box::new(self.inner.report(&mut tx, Period::day(day), now).await?)))
            }
            (PostKind::WeekReport, Some(day)) => {
                let before = Period::week(monday_of(day) - TimeDelta::days(7));
                Some(DayTold::Report(Box::new(self.inner.report(&mut tx, before, now).await?)))
            }
            _ => None,
        };
        let is_retracted = claim.kind == PostKind::Message && tx.is_retracted(claim.about).await?;
        let mut post = Post {
            id: claim.id,
            kind: claim.kind,
            ticket,
            about: claim.about,
            place: None,
            card,
            escalation,
            writers,
            assignee,
            alerts,
            told,
            is_retracted,
            attempt: claim.attempt,
            leased_until,
        };
        post.place = tx.place(platform, claim.kind.stands_as(), post.place_about()).await?;
        if let (PostKind::Message, Some(_), Some(ticket)) = (post.kind, &post.place, &mut post.ticket) {
            lend_moved(&mut tx, ticket, MessageId(post.about)).await?;
        }
        Ok(post)
    }

    /// Writes what became of an attempt, and where it stands: `place` is kept as it is given, `None` leaves what was
    /// known.
    pub async fn record_post(
        &self,
        platform: Platform,
        post: &Post,
        outcome: &PostOutcome,
        place: Option<&Place>,
    ) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        if let Some(place) = place
            && keep_posted(&mut tx, platform, post, place).await?
        {
            lead_back(&mut tx, platform, post, place, now).await?;
        }
        match outcome {
            PostOutcome::Posted => {
                tx.posted(post.id, post.leased_until).await?;
                if let (PostKind::Refresh, false, Some(ticket)) =
                    (post.kind, post.writers.is_empty(), &post.ticket)
                {
                    // Somebody still writes: that ends by itself too.
                    let later = now + WRITES_FOR;
                    tx.add_post(platform, PostKind::Refresh, Some(ticket.id), 0, later, now).await?;
                }
            }
            PostOutcome::Later { why, wait } => {
                let at = now + wait_after(post.attempt, *wait);
                tx.post_later(post.id, post.leased_until, why, at).await?;
            }
            PostOutcome::Refused(why) => tx.post_refused(post.id, post.leased_until, why).await?,
        }
        Ok(tx.commit().await?)
    }

    /// A platform shows a message of ours that is the post of this number: where it stands is known from then on, whatever
    /// becomes of the answer to whoever posted it. `drawn`: what is known of how it was drawn.
    pub async fn post_stands(
        &self,
        platform: Platform,
        post: PostId,
        channel: &str,
        message: &str,
        drawn: &str,
    ) -> Result<()> {
        let mut tx = self.inner.store.begin().await?;
        let Some((kind, ticket, about)) = tx.untold_post(platform, post).await? else { return Ok(()) };
        let (kind, about) =
            (kind.stands_as(), if about == 0 { ticket.map_or(0, |ticket| ticket.0) } else { about });
        let place = Place {
            kind,
            about,
            ticket,
            channel: channel.to_owned(),
            message: message.to_owned(),
            thread: None,
            drawn: drawn.to_owned(),
        };
        tx.keep_place_if_none(platform, &place).await?;
        Ok(tx.commit().await?)
    }

    /// Keeps where something stands that was posted beside what it was posted for.
    pub async fn keep_place(&self, platform: Platform, place: &Place) -> Result<()> {
        let mut tx = self.inner.store.begin().await?;
        tx.keep_place(platform, place).await?;
        Ok(tx.commit().await?)
    }

    /// Whether an act was taken back.
    pub async fn is_undone(&self, act: EventId) -> Result<bool> {
        Ok(self.inner.store.read().await?.is_undone(act.0).await?)
    }

    /// When the next post becomes due.
    pub async fn next_post(&self, platform: Platform) -> Result<Option<DateTime<Utc>>> {
        Ok(self.inner.store.read().await?.next_post(platform).await?)
    }

    /// How many posts wait or were refused, by platform and state.
    pub async fn count_posts(&self) -> Result<Vec<(String, String, i64)>> {
        Ok(self.inner.store.read().await?.count_posts().await?)
    }

    /// What this thread hangs on.
    pub async fn place_of_thread(&self, platform: Platform, thread: &str) -> Result<Option<Place>> {
        Ok(self.inner.store.read().await?.place_of_thread(platform, thread).await?)
    }

    /// The threads of tickets that are not closed, on what stands in this channel.
    pub async fn open_threads(&self, platform: Platform, channel: &str) -> Result<Vec<String>> {
        Ok(self.inner.store.read().await?.open_threads(platform, channel).await?)
    }

    /// What this message of ours shows.
    pub async fn places_of_message(&self, platform: Platform, message: &str) -> Result<Vec<Place>> {
        Ok(self.inner.store.read().await?.places_of_message(platform, message).await?)
    }

    /// Where a thing of a ticket stands.
    pub async fn place(&self, platform: Platform, kind: PostKind, about: i64) -> Result<Option<Place>> {
        Ok(self.inner.store.read().await?.place(platform, kind, about).await?)
    }

    /// Notes up to which message a channel was read.
    pub async fn see(&self, platform: Platform, channel: &str, message: &str) -> Result<()> {
        let mut tx = self.inner.store.begin().await?;
        tx.see(platform, channel, message).await?;
        Ok(tx.commit().await?)
    }

    /// Up to which message a channel was read.
    pub async fn seen(&self, platform: Platform, channel: &str) -> Result<Option<String>> {
        Ok(self.inner.store.read().await?.seen(platform, channel).await?)
    }
}

/// A ticket's card and its escalation lead to each other's threads: what stands first is drawn again once the other has
/// a thread. A row even where the other stands nowhere yet: it may be on its way.
async fn lead_back(
    tx: &mut Tx,
    platform: Platform,
    post: &Post,
    place: &Place,
    now: DateTime<Utc>,
) -> store::Result<()> {
    let Some(ticket) = &post.ticket else { return Ok(()) };
    let knew = post.place.as_ref().and_then(|place| place.thread.as_ref());
    let other = match place.kind {
        PostKind::Card if wording::chat::was_escalated(ticket) => PostKind::Escalation,
        PostKind::Escalation => PostKind::Card,
        _ => return Ok(()),
    };
    if place.thread.is_none() || place.thread.as_ref() == knew {
        return Ok(());
    }
    // As an act does it: the ticket before what is told of it, or the two would wait for each other.
    tx.lock_ticket(ticket.id).await?;
    tx.add_post(platform, other, Some(ticket.id), 0, now, now).await
}

/// Keeps where something stands now. `false` for what stood there before and was removed while it was drawn again: that is
/// known to stand nowhere, and comes anew.
async fn keep_posted(tx: &mut Tx, platform: Platform, post: &Post, place: &Place) -> store::Result<bool> {
    if post.place.as_ref().is_some_and(|was| was.message == place.message) {
        return tx.keep_redrawn(platform, place).await;
    }
    tx.keep_place(platform, place).await?;
    Ok(true)
}

/// A message that stands in the ticket's thread and went on with a merge is still drawn there: what becomes of its deliveries
/// is told to the ticket that sent them.
async fn lend_moved(tx: &mut Tx, ticket: &mut TicketView, message: MessageId) -> Result<()> {
    if ticket.messages.iter().any(|one| one.id == message) {
        return Ok(());
    }
    let mut next = ticket.merged_into;
    while let Some(into) = next {
        let Some(stored) = tx.ticket(into).await? else { return Ok(()) };
        next = stored.merged_into;
        let moved = read_past(tx, stored).await?.messages.into_iter().find(|one| one.id == message);
        if let Some(moved) = moved {
            ticket.messages.push(moved);
            return Ok(());
        }
    }
    Ok(())
}

/// The source key of a note that somebody wrote in the ticket's own thread, where it stands already.
pub fn here(platform: Platform, message: &str) -> String {
    format!("{}:here:{message}", platform.as_str())
}

impl Inner {
    /// What an act puts into chat, written with it: the card, and what tells of the act itself.
    pub(super) async fn tell_chats(
        &self,
        tx: &mut Tx,
        event: EventId,
        happened: &NewEvent<'_>,
        is_assigned: bool,
    ) -> store::Result<()> {
        let NewEvent { ticket, at: now, kind, detail, source_key, .. } = *happened;
        for platform in &self.settings.chats {
            let platform = *platform;
            tx.add_post(platform, PostKind::Card, Some(ticket), 0, now, now).await?;
            let told = told(kind, detail);
            let stands_there = source_key.is_some_and(|key| key.starts_with(&here(platform, "")));
            if let (true, false, Some(message)) = (told.message, stands_there, detail.message) {
                tx.add_post(platform, PostKind::Message, Some(ticket), message, now, now).await?;
            }
            if told.line {
                tx.add_post(platform, PostKind::Event, Some(ticket), event.0, now, now).await?;
            }
            let warns = match told.warns {
                Warns::Never => false,
                Warns::Unassigned => !is_assigned,
                Warns::Always => true,
            };
            // Of very many at once, as after a mailbox was taken in whole, the channel reads the first; each stands in its
            // ticket's thread.
            let warns =
                warns && tx.waiting_posts(platform, PostKind::Warning, MOST_WARNINGS).await? < MOST_WARNINGS;
            if warns {
                tx.add_post(platform, PostKind::Warning, Some(ticket), event.0, now, now).await?;
            }
            if let Some(post) = told.post {
                // What another team is told stands only once it can no longer be taken back.
                let at = if post == PostKind::Handover { now + self.settings.rules.undo_window } else { now };
                tx.add_post(platform, post, Some(ticket), 0, at, now).await?;
            } else if tx.place(platform, PostKind::Escalation, ticket.0).await?.is_some()
                // What is in hand was drawn before this.
                || tx.is_under_way(platform, PostKind::Escalation, ticket).await?
            {
                tx.add_post(platform, PostKind::Escalation, Some(ticket), 0, now, now).await?;
            }
        }
        Ok(())
    }

    /// What stands of a ticket in chat is drawn anew, since its words were taken away. Of what does not stand there nothing is
    /// posted.
    pub(super) async fn redraw(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        now: DateTime<Utc>,
    ) -> store::Result<()> {
        for platform in &self.settings.chats {
            for place in tx.places_of_ticket(*platform, ticket).await? {
                let about = match place.kind {
                    PostKind::Card | PostKind::Escalation | PostKind::Handover => 0,
                    PostKind::Message | PostKind::Event => place.about,
                    _ => continue,
                };
                tx.add_post(*platform, place.kind, Some(ticket), about, now, now).await?;
            }
        }
        Ok(())
    }

    /// What told of an act that was taken back is drawn again: its line, and what another team reads of it.
    pub(super) async fn tell_undone(
        &self,
        tx: &mut Tx,
        act: &StoredEvent,
        now: DateTime<Utc>,
    ) -> store::Result<()> {
        let told = told(act.kind, &act.detail);
        let hands_over = |event: &StoredEvent| {
            event.kind == EventKind::HandedOver && event.undone_at.is_none() && event.id != act.id
        };
        let is_still_handed_over =
            told.post == Some(PostKind::Handover) && tx.events(act.ticket).await?.iter().any(hands_over);
        for platform in &self.settings.chats {
            if told.line {
                tx.add_post(*platform, PostKind::Event, Some(act.ticket), act.id.0, now, now).await?;
            }
            // It may be on its way, and stand nowhere yet.
            if told.post == Some(PostKind::Escalation) {
                tx.add_post(*platform, PostKind::Escalation, Some(act.ticket), 0, now, now).await?;
            }
            // Another act that hands it over waits for its own window.
            if told.post == Some(PostKind::Handover) && !is_still_handed_over {
                tx.drop_waiting(*platform, PostKind::Handover, act.ticket).await?;
            }
        }
        Ok(())
    }

    /// What the cards of these tickets show changed without an act on them.
    pub(super) async fn tell_cards(
        &self,
        tx: &mut Tx,
        tickets: impl Iterator<Item = TicketId>,
        now: DateTime<Utc>,
    ) -> store::Result<()> {
        for ticket in tickets {
            for platform in &self.settings.chats {
                tx.add_post(*platform, PostKind::Card, Some(ticket), 0, now, now).await?;
            }
        }
        Ok(())
    }

    /// What became of the delivery of a reply is drawn beside it.
    pub(super) async fn tell_receipt(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        message: Option<i64>,
        now: DateTime<Utc>,
    ) -> store::Result<()> {
        for platform in &self.settings.chats {
            match message {
                Some(message) => {
                    tx.add_post(*platform, PostKind::Message, Some(ticket), message, now, now).await?
                }
                None => tx.add_post(*platform, PostKind::Card, Some(ticket), 0, now, now).await?,
            }
        }
        Ok(())
    }

    /// What needs a person is drawn again.
    pub(super) async fn tell_alerts(&self, tx: &mut Tx, now: DateTime<Utc>) -> store::Result<()> {
        for platform in &self.settings.chats {
            tx.add_post(*platform, PostKind::Alerts, None, 0, now, now).await?;
        }
        Ok(())
    }

    /// Something may have to be posted, or told to an endpoint: the doors look.
    pub(super) fn ring_chats(&self) {
        self.ring_hooks();
        for platform in &self.settings.chats {
            self.chat_bells[*platform as usize].notify_one();
        }
    }
}
