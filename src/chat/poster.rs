//! What is due to be posted, posted: cards with their threads, entries, lines, escalations. Every one of them is a row that
//! is drawn from what stands now; what a platform makes of it, and where, is behind [`Wall`]. May import: desk, domain,
//! view, wording.

use super::alarm;
use super::fault::{Barred, Fault};
use crate::desk::attend::{Sleeps, Work, attend};
use crate::desk::chat::{DayTold, Post};
use crate::desk::mend::{BARE, Lost};
use crate::desk::{Desk, Failure, Result};
use crate::domain::chat::{Place, Platform, PostKind, PostOutcome};
use crate::domain::ids::{EventId, MessageId};
use crate::view::TicketView;
use crate::view::sheet::Sheet;
use crate::wording::chat as said;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use std::future::Future;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How many posts are leased at once, and how many of them leave side by side.
const BATCH: i64 = 4;
const LANES: usize = 4;
/// How long one post may take, shorter than its lease: given up, it is repeated.
const POST_WITHIN: Duration = Duration::from_secs(50);
/// How long the poster sleeps.
const SLEEPS: Sleeps = Sleeps {
    shortest: Duration::from_millis(50),
    longest: Duration::from_secs(2),
    broken: Duration::from_secs(5),
};

/// What became of an attempt: where it stands now, if anywhere.
pub type Posted = std::result::Result<Option<Place>, Fault>;

/// Where a team reads: one platform's channels, as the poster uses them.
pub trait Wall: Sync {
    /// Which platform.
    fn platform(&self) -> Platform;

    /// The desk.
    fn desk(&self) -> &Desk;

    /// Where the pages are seen from outside.
    fn public_url(&self) -> &str;

    /// Whether something stands where things like it are posted now.
    fn is_here(&self, place: &Place) -> bool;

    /// Whether there is a channel for things of this kind.
    fn has_channel(&self, kind: PostKind) -> bool;

    /// The card of a ticket with its thread, posted or redrawn.
    fn card(&self, post: &Post, ticket: &TicketView, sheet: &Sheet) -> impl Future<Output = Posted> + Send;

    /// An entry of a ticket's thread, posted or redrawn.
    fn entry(&self, post: &Post, ticket: &TicketView, sheet: &Sheet) -> impl Future<Output = Posted> + Send;

    /// The ticket in the technical team's channel with a thread, posted or redrawn.
    fn escalation(
        &self,
        post: &Post,
        ticket: &TicketView,
        sheet: &Sheet,
    ) -> impl Future<Output = Posted> + Send;

    /// A message of its own in the channel for things of its kind.
    fn say(
        &self,
        post: &Post,
        sheet: &Sheet,
    ) -> impl Future<Output = std::result::Result<Place, Fault>> + Send;

    /// Draws again what stands, unless it shows the same already; the digest of what it shows.
    fn restate(
        &self,
        place: &Place,
        sheet: &Sheet,
    ) -> impl Future<Output = std::result::Result<String, Fault>> + Send;

    /// Says something to one of the leads alone.
    fn tell(
        &self,
        post: &Post,
        agent: i64,
        account: &str,
        sheet: &Sheet,
    ) -> impl Future<Output = std::result::Result<Place, Fault>> + Send;

    /// Takes away a card that is nobody's any more.
    fn remove(&self, card: &Place) -> impl Future<Output = ()> + Send;

    /// Raises the alert that says what is closed to us, where such a thing was to be posted; its word.
    fn barred(&self, kind: PostKind, barred: Barred) -> impl Future<Output = Result<String>> + Send;

    /// Something was posted: what was closed may be open again. Whether all is open where such things are posted.
    fn opened(&self, kind: PostKind) -> impl Future<Output = Result<bool>> + Send;
}

/// Posts what becomes due until `cancel`; what is in hand then is still finished.
pub async fn post_until<W: Wall>(wall: &W, cancel: &CancellationToken) {
    attend(wall.desk(), &Posts { wall }, SLEEPS, cancel).await;
}

struct Posts<'a, W> {
    wall: &'a W,
}

impl<W: Wall> Work for Posts<'_, W> {
    fn name(&self) -> &str {
        self.wall.platform().as_str()
    }

    async fn do_due(&self, _desk: &Desk, cancel: &CancellationToken) -> Result<()> {
        while !cancel.is_cancelled() && post_due(self.wall).await? > 0 {}
        Ok(())
    }

    async fn next_due(&self, desk: &Desk) -> Result<Option<DateTime<Utc>>> {
        desk.next_post(self.wall.platform()).await
    }

    async fn rings(&self, desk: &Desk) {
        desk.chat_rings(self.wall.platform()).await;
    }
}

/// Posts what is due now; says how much it was.
async fn post_due<W: Wall>(wall: &W) -> std::result::Result<usize, Failure> {
    let posts = wall.desk().claim_posts(wall.platform(), BATCH).await?;
    let count = posts.len();
    let mut carried = stream::iter(posts).map(|post| carry(wall, post)).buffer_unordered(LANES);
    let mut first_failure = Ok(());
    while let Some(outcome) = carried.next().await {
        if first_failure.is_ok() {
            first_failure = outcome;
        }
    }
    first_failure.map(|()| count)
}

/// Posts one thing and records what became of it.
async fn carry<W: Wall>(wall: &W, post: Post) -> Result<()> {
    let (desk, platform) = (wall.desk(), wall.platform());
    let posted = tokio::time::timeout(POST_WITHIN, drawn(wall, &post)).await.unwrap_or_else(|_| {
        let why = format!("no end within {} s", POST_WITHIN.as_secs());
        Err(Fault::Later { why, wait: None })
    });
    let (outcome, place) = match posted {
        Ok(place) => (PostOutcome::Posted, place),
        // It was removed there while we were away.
        Err(Fault::Gone(place)) => return after(wall, &post, &Lost::Message(place)).await,
        Err(Fault::ThreadGone(thread)) => return after(wall, &post, &Lost::Thread(thread)).await,
        Err(Fault::NoCard) => return after(wall, &post, &Lost::Card).await,
        Err(Fault::Later { why, wait }) => (PostOutcome::Later { why, wait }, None),
        Err(Fault::Refused(why)) => {
            let (platform, kind) = (platform.as_str(), post.kind.as_str());
            tracing::error!(post = post.id.0, platform, kind, why, "a post was refused for good");
            (PostOutcome::Refused(why), None)
        }
        Err(Fault::Barred(barred)) => {
            let why = wall.barred(post.kind, barred).await?;
            (PostOutcome::Later { why, wait: None }, None)
        }
    };
    desk.record_post(platform, &post, &outcome, place.as_ref()).await?;
    if outcome != PostOutcome::Posted {
        return Ok(());
    }
    let is_open = wall.opened(post.kind).await?;
    // Drawn without something that may be posted since: whoever saw the channel open did not see this yet.
    if is_open && place.is_some_and(|place| place.drawn.ends_with(BARE)) {
        desk.chat_is_open_again(platform).await?;
    }
    Ok(())
}

async fn after<W: Wall>(wall: &W, post: &Post, lost: &Lost) -> Result<()> {
    let is_here = |place: &Place| wall.is_here(place);
    if let Some(card) = wall.desk().post_after(wall.platform(), post, lost, &is_here).await? {
        wall.remove(&card).await;
    }
    Ok(())
}

/// Draws a post from what stands now, and puts it where it belongs.
async fn drawn<W: Wall>(wall: &W, post: &Post) -> Posted {
    let url = wall.public_url();
    match (post.kind, post.ticket.as_deref()) {
        (PostKind::Refresh, Some(_)) if post.place.is_none() => Ok(None),
        (PostKind::Card | PostKind::Refresh, Some(ticket)) => {
            wall.card(
                post,
                ticket,
                &said::card(ticket, &post.writers, post.escalation.as_ref(), wall.desk().zone(), url),
            )
            .await
        }
        (PostKind::Message, Some(ticket)) => {
            let sheet = said::entry(ticket, MessageId(post.about));
            match (sheet, &post.place) {
                (Some(sheet), _) => wall.entry(post, ticket, &sheet).await,
                (None, Some(_)) if post.is_retracted => wall.entry(post, ticket, &said::retracted()).await,
                // It stands elsewhere: it went on to another ticket.
                (None, _) => Ok(None),
            }
        }
        (PostKind::Event, Some(ticket)) => {
            match ticket.events.iter().find(|event| event.id == EventId(post.about)) {
                Some(event) => {
                    let only_here = !wall.has_channel(PostKind::Warning);
                    let line = said::line(ticket, event, post.assignee.as_deref(), only_here);
                    wall.entry(post, ticket, &line).await
                }
                None => Ok(None),
            }
        }
        // Taken back before it was ever posted.
        (PostKind::Escalation, Some(ticket))
            if post.place.is_none() && !post.is_repeated() && !said::was_escalated(ticket) =>
        {
            Ok(None)
        }
        (PostKind::Escalation, Some(ticket)) if wall.has_channel(post.kind) => {
            wall.escalation(post, ticket, &said::escalation(ticket, post.card.as_ref(), url)).await
        }
        (PostKind::Handover, Some(ticket)) if wall.has_channel(post.kind) => match &post.place {
            None if said::is_handed_over(ticket) => {
                wall.say(post, &said::handover(ticket, url)).await.map(Some)
            }
            _ => Ok(None),
        },
        (PostKind::Warning, Some(ticket)) if wall.has_channel(post.kind) => {
            match ticket.events.iter().find(|event| event.id == EventId(post.about)) {
                Some(event) => told_once(wall, post, &said::warning(ticket, event, url)).await,
                None => Ok(None),
            }
        }
        (PostKind::Restored, Some(ticket)) => {
            let sheet = said::restored(ticket, url);
            match wall.has_channel(PostKind::Warning) {
                true => told_once(wall, post, &sheet).await,
                false => wall.entry(post, ticket, &sheet).await,
            }
        }
        (PostKind::Checklist | PostKind::DayReport | PostKind::WeekReport, _) => match &post.told {
            Some(DayTold::Checklist(list)) => told_once(wall, post, &said::checklist(list)).await,
            Some(DayTold::Report(report)) => told_once(wall, post, &said::report(report)).await,
            None => Ok(None),
        },
        (PostKind::Alerts, _) => alarm::alarm(wall, post).await,
        (PostKind::Escalation | PostKind::Handover | PostKind::Warning, Some(_)) | (_, None) => Ok(None),
    }
}

/// Said once: what stands already stays as it is.
async fn told_once<W: Wall>(wall: &W, post: &Post, sheet: &Sheet) -> Posted {
    match &post.place {
        Some(place) if !place.message.is_empty() => Ok(Some(place.clone())),
        _ => wall.say(post, sheet).await.map(Some),
    }
}
