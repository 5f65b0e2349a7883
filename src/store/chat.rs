//! What is posted to chat, where it stands there, and what of it was read. May import: domain, sqlx.

use super::dialect::{Sql, all, execute, optional, optional_scalar, scalar, statements};
use super::{Result, Tx, clean, known};
use crate::domain::chat::{Place, Platform, PostKind};
use crate::domain::ids::{PostId, RequesterId, TicketId};
use chrono::{DateTime, Utc};

/// What may be posted now: what is due and what a worker that died left behind; of one ticket, or of none, one thing at a
/// time and in order; what goes to another team waits for nothing else, and holds up nothing else. A card that is to be
/// drawn again later holds nothing up, and gives way to the card itself.
macro_rules! due_posts {
    () => {
        "SELECT id FROM post p WHERE platform = $1 AND ((state = 'pending' AND next_attempt_at <= $2) \
         OR (state = 'sending' AND leased_until <= $2)) AND NOT EXISTS (SELECT 1 FROM post b WHERE \
         b.platform = p.platform AND COALESCE(b.ticket_id, 0) = COALESCE(p.ticket_id, 0) AND b.id <> p.id \
         AND CASE WHEN b.kind IN ('escalation', 'handover') THEN b.kind ELSE '' END = \
         CASE WHEN p.kind IN ('escalation', 'handover') THEN p.kind ELSE '' END \
         AND b.state IN ('pending', 'sending') AND ((b.state = 'sending' AND b.leased_until > $2) \
         OR (b.id < p.id AND b.kind <> 'refresh') OR (p.kind = 'refresh' AND b.kind = 'card'))) ORDER BY id LIMIT $4"
    };
}

statements! {
    TAKE_WAITING = Sql::same(
        "DELETE FROM post WHERE platform = $1 AND ticket_id = $2 AND state = 'pending' AND kind IN ('message', 'event') \
         RETURNING kind, about");
    ADD_POST = Sql::same(
        "INSERT INTO post (platform, kind, ticket_id, about, state, attempts, next_attempt_at, created_at) \
         VALUES ($1, $2, $3, $4, 'pending', 0, $5, $6) \
         ON CONFLICT (platform, kind, COALESCE(ticket_id, 0), about) WHERE state = 'pending' DO UPDATE SET next_attempt_at = \
         CASE WHEN post.attempts = 0 AND excluded.next_attempt_at < post.next_attempt_at THEN excluded.next_attempt_at \
         ELSE post.next_attempt_at END");
    CLAIM_POSTS = Sql::fork(
        concat!(
            "UPDATE post SET state = 'sending', leased_until = $3, attempts = attempts + 1 WHERE id IN (",
            due_posts!(), ") RETURNING id, kind, ticket_id, about, attempts"),
        concat!(
            "UPDATE post SET state = 'sending', leased_until = $3, attempts = attempts + 1 WHERE id IN (",
            due_posts!(), " FOR UPDATE SKIP LOCKED) RETURNING id, kind, ticket_id, about, attempts"));
    POSTED = Sql::same("DELETE FROM post WHERE id = $1 AND leased_until = $2 AND state = 'sending'");
    // The platform knows a repetition by the number of the first: what came for the same thing meanwhile joins it.
    JOIN = Sql::same(
        "DELETE FROM post WHERE state = 'pending' AND EXISTS (SELECT 1 FROM post q WHERE q.id = $1 AND \
         q.leased_until = $2 AND q.state = 'sending' AND q.platform = post.platform AND q.kind = post.kind AND \
         COALESCE(q.ticket_id, 0) = COALESCE(post.ticket_id, 0) AND q.about = post.about)");
    POST_LATER = Sql::same(
        "UPDATE post SET state = 'pending', why = $3, next_attempt_at = $4, leased_until = NULL \
         WHERE id = $1 AND leased_until = $2 AND state = 'sending'");
    POST_REFUSED = Sql::same(
        "UPDATE post SET state = 'failed', why = $3, leased_until = NULL \
         WHERE id = $1 AND leased_until = $2 AND state = 'sending'");
    // It was refused before, and is said now.
    FORGIVE = Sql::same(
        "DELETE FROM post WHERE state = 'failed' AND EXISTS (SELECT 1 FROM post q WHERE q.id = $1 AND \
         q.platform = post.platform AND q.kind = post.kind AND \
         COALESCE(q.ticket_id, 0) = COALESCE(post.ticket_id, 0) AND q.about = post.about)");
    HASTEN = Sql::same(
        "UPDATE post SET next_attempt_at = $2 WHERE platform = $1 AND state = 'pending' AND attempts > 0 \
         AND next_attempt_at > $2");
    DROP_WAITING = Sql::same(
        "DELETE FROM post WHERE platform = $1 AND kind = $2 AND ticket_id = $3 AND state = 'pending'");
    IS_UNDER_WAY = Sql::same(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM post WHERE platform = $1 AND kind = $2 AND ticket_id = $3 \
         AND state IN ('pending', 'sending')");
    IS_REFUSED = Sql::same(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM post WHERE platform = $1 AND kind = $2 AND ticket_id = $3 AND state = 'failed'");
    NEXT_POST = Sql::same(
        "SELECT MIN(CASE WHEN state = 'sending' THEN leased_until ELSE next_attempt_at END) FROM post p \
         WHERE platform = $1 AND state IN ('pending', 'sending') AND NOT EXISTS (SELECT 1 FROM post b WHERE \
         b.platform = p.platform AND COALESCE(b.ticket_id, 0) = COALESCE(p.ticket_id, 0) AND b.id < p.id \
         AND CASE WHEN b.kind IN ('escalation', 'handover') THEN b.kind ELSE '' END = \
         CASE WHEN p.kind IN ('escalation', 'handover') THEN p.kind ELSE '' END \
         AND b.kind <> 'refresh' AND b.state IN ('pending', 'sending'))");
    UNTOLD_POST = Sql::same(
        "SELECT kind, ticket_id, about FROM post WHERE id = $1 AND platform = $2 AND state IN ('pending', 'sending')");
    RETRACTED = Sql::same("SELECT retracted_at FROM message WHERE id = $1");
    UNDONE = Sql::same("SELECT undone_at FROM event WHERE id = $1");
    WAITING = Sql::same(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT id FROM post WHERE platform = $1 AND kind = $2 \
         AND state IN ('pending', 'sending') LIMIT $3) AS first_ones");
    REFUSED_POSTS = Sql::same(
        "SELECT id, platform, kind, ticket_id, why, created_at FROM post WHERE state = 'failed' AND id < $1 \
         ORDER BY id DESC LIMIT $2");
    TAKE_REFUSED = Sql::same(
        "DELETE FROM post WHERE id = $1 AND state = 'failed' RETURNING platform, kind, ticket_id, about");
    COUNT_POSTS = Sql::same("SELECT platform, state, CAST(COUNT(*) AS BIGINT) FROM post GROUP BY platform, state");
    KEEP_PLACE = Sql::same(
        "INSERT INTO place (platform, kind, about, ticket_id, channel, message, thread, drawn) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (platform, kind, about) DO UPDATE SET \
         channel = excluded.channel, message = excluded.message, thread = excluded.thread, drawn = excluded.drawn");
    // What is known already, with its thread, is known better.
    KEEP_PLACE_IF_NONE = Sql::same(
        "INSERT INTO place (platform, kind, about, ticket_id, channel, message, thread, drawn) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (platform, kind, about) DO UPDATE SET \
         channel = excluded.channel, message = excluded.message, drawn = excluded.drawn WHERE place.message = ''");
    // One statement, so that whoever says meanwhile that it was removed is heard.
    KEEP_REDRAWN = Sql::same(
        "UPDATE place SET channel = $4, thread = $6, drawn = $7 \
         WHERE platform = $1 AND kind = $2 AND about = $3 AND message = $5");
    NO_LONGER_STANDS = Sql::same(
        "UPDATE place SET message = '', drawn = '' WHERE platform = $1 AND kind = $2 AND about = $3 AND message = $4");
    FORGET_PLACE = Sql::same("DELETE FROM place WHERE platform = $1 AND kind = $2 AND about = $3");
    PLACE = Sql::same(
        "SELECT kind, about, ticket_id, channel, message, thread, drawn FROM place \
         WHERE platform = $1 AND kind = $2 AND about = $3");
    PLACE_OF_THREAD = Sql::same(
        "SELECT kind, about, ticket_id, channel, message, thread, drawn FROM place \
         WHERE platform = $1 AND thread = $2");
    PLACES_OF_MESSAGE = Sql::same(
        "SELECT kind, about, ticket_id, channel, message, thread, drawn FROM place \
         WHERE platform = $1 AND message = $2");
    PLACES_IN_CHANNEL = Sql::same(
        "SELECT kind, about, ticket_id, channel, message, thread, drawn FROM place \
         WHERE platform = $1 AND channel = $2");
    OPEN_THREADS = Sql::same(
        "SELECT p.thread FROM place p JOIN ticket t ON t.id = p.ticket_id WHERE p.platform = $1 AND p.channel = $2 \
         AND p.thread IS NOT NULL AND t.status <> 'closed' ORDER BY p.about");
    PLACES_OF_TICKET = Sql::same(
        "SELECT kind, about, ticket_id, channel, message, thread, drawn FROM place \
         WHERE platform = $1 AND ticket_id = $2");
    PLACES_DRAWN = Sql::same(
        "SELECT kind, about, ticket_id, channel, message, thread, drawn FROM place \
         WHERE platform = $1 AND drawn LIKE $2");
    SEE = Sql::same(
        "INSERT INTO seen (platform, channel, message) VALUES ($1, $2, $3) ON CONFLICT (platform, channel) DO UPDATE SET \
         message = CASE WHEN LENGTH(excluded.message) > LENGTH(seen.message) OR (LENGTH(excluded.message) = \
         LENGTH(seen.message) AND excluded.message > seen.message) THEN excluded.message ELSE seen.message END");
    SEEN = Sql::same("SELECT message FROM seen WHERE platform = $1 AND channel = $2");
    KEEP_ACCOUNT = Sql::same(
        "INSERT INTO requester_account (platform, external_id, requester_id) VALUES ($1, $2, $3) \
         ON CONFLICT (platform, external_id) DO UPDATE SET requester_id = excluded.requester_id");
    ACCOUNT = Sql::same(
        "SELECT requester_id FROM requester_account WHERE platform = $1 AND external_id = $2");
}

/// Something to post, claimed.
#[derive(Debug, Clone, Copy)]
pub struct ClaimedPost {
    /// Its number; what the platform tells repetitions by.
    pub id: PostId,
    /// What it is.
    pub kind: PostKind,
    /// Of which ticket.
    pub ticket: Option<TicketId>,
    /// About which of the ticket's things; 0 for the ticket itself.
    pub about: i64,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

/// Something that a platform refused for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedPost {
    /// Its number.
    pub id: PostId,
    /// Which platform.
    pub platform: Platform,
    /// What it is.
    pub kind: PostKind,
    /// Of which ticket.
    pub ticket: Option<TicketId>,
    /// Why, in the platform's words.
    pub why: String,
    /// Since when it was to be posted.
    pub since: DateTime<Utc>,
}

type RefusedRow = (i64, String, String, Option<i64>, Option<String>, DateTime<Utc>);

#[derive(sqlx::FromRow)]
struct PlaceRow {
    kind: String,
    about: i64,
    ticket_id: Option<i64>,
    channel: String,
    message: String,
    thread: Option<String>,
    drawn: String,
}

impl PlaceRow {
    fn read(self) -> Result<Place> {
        Ok(Place {
            kind: known(&self.kind, PostKind::from_word)?,
            about: self.about,
            ticket: self.ticket_id.map(TicketId),
            channel: self.channel,
            message: self.message,
            thread: self.thread,
            drawn: self.drawn,
        })
    }
}

fn read_all(rows: Vec<PlaceRow>) -> Result<Vec<Place>> {
    rows.into_iter().map(PlaceRow::read).collect()
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// Takes back the entries of a ticket that wait to be posted.
    pub async fn take_waiting_entries(
        &mut self,
        platform: Platform,
        ticket: TicketId,
    ) -> Result<Vec<(PostKind, i64)>> {
        let rows: Vec<(String, i64)> = all!(self, TAKE_WAITING, platform.as_str(), ticket.0)?;
        rows.into_iter().map(|(kind, about)| Ok((known(&kind, PostKind::from_word)?, about))).collect()
    }

    /// Something to post, not before `not_before`. One that waits already stands for it.
    pub async fn add_post(
        &mut self,
        platform: Platform,
        kind: PostKind,
        ticket: Option<TicketId>,
        about: i64,
        not_before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let ticket = ticket.map(|ticket| ticket.0);
        execute!(self, ADD_POST, platform.as_str(), kind.as_str(), ticket, about, not_before, now).map(drop)
    }

    /// Leases up to `limit` posts that are due; those of one ticket only in their order.
    pub async fn claim_posts(
        &mut self,
        platform: Platform,
        now: DateTime<Utc>,
        leased_until: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<ClaimedPost>> {
        let rows: Vec<(i64, String, Option<i64>, i64, i64)> =
            all!(self, CLAIM_POSTS, platform.as_str(), now, leased_until, limit)?;
        let mut posts = Vec::with_capacity(rows.len());
        for (id, kind, ticket, about, attempts) in rows {
            posts.push(ClaimedPost {
                id: PostId(id),
                kind: known(&kind, PostKind::from_word)?,
                ticket: ticket.map(TicketId),
                about,
                attempt: u32::try_from(attempts).unwrap_or(u32::MAX),
            });
        }
        posts.sort_by_key(|post| post.id);
        Ok(posts)
    }

    /// What a post is about that nobody recorded as posted yet.
    pub async fn untold_post(
        &mut self,
        platform: Platform,
        id: PostId,
    ) -> Result<Option<(PostKind, Option<TicketId>, i64)>> {
        let row: Option<(String, Option<i64>, i64)> = optional!(self, UNTOLD_POST, id.0, platform.as_str())?;
        row.map(|(kind, ticket, about)| Ok((known(&kind, PostKind::from_word)?, ticket.map(TicketId), about)))
            .transpose()
    }

    /// It stands in chat: the row goes, unless another worker took it over.
    pub async fn posted(&mut self, id: PostId, leased_until: DateTime<Utc>) -> Result<bool> {
        execute!(self, FORGIVE, id.0)?;
        execute!(self, POSTED, id.0, leased_until).map(|rows| rows == 1)
    }

    pub async fn post_later(
        &mut self,
        id: PostId,
        leased_until: DateTime<Utc>,
        why: &str,
        at: DateTime<Utc>,
    ) -> Result<()> {
        execute!(self, JOIN, id.0, leased_until)?;
        execute!(self, POST_LATER, id.0, leased_until, clean(why), at).map(drop)
    }

    pub async fn post_refused(&mut self, id: PostId, leased_until: DateTime<Utc>, why: &str) -> Result<()> {
        execute!(self, POST_REFUSED, id.0, leased_until, clean(why)).map(drop)
    }

    /// What waits after a failed attempt is tried at once.
    pub async fn hasten_posts(&mut self, platform: Platform, now: DateTime<Utc>) -> Result<()> {
        execute!(self, HASTEN, platform.as_str(), now).map(drop)
    }

    /// What of this kind waits to be posted of the ticket is not posted.
    pub async fn drop_waiting(&mut self, platform: Platform, kind: PostKind, ticket: TicketId) -> Result<()> {
        execute!(self, DROP_WAITING, platform.as_str(), kind.as_str(), ticket.0).map(drop)
    }

    /// Whether something of this kind waits or is being posted of the ticket.
    pub async fn is_under_way(
        &mut self,
        platform: Platform,
        kind: PostKind,
        ticket: TicketId,
    ) -> Result<bool> {
        let count: i64 = scalar!(self, IS_UNDER_WAY, platform.as_str(), kind.as_str(), ticket.0)?;
        Ok(count > 0)
    }

    /// Whether this thing of the ticket was refused for good.
    pub async fn is_refused(&mut self, platform: Platform, kind: PostKind, ticket: TicketId) -> Result<bool> {
        let count: i64 = scalar!(self, IS_REFUSED, platform.as_str(), kind.as_str(), ticket.0)?;
        Ok(count > 0)
    }

    pub async fn next_post(&mut self, platform: Platform) -> Result<Option<DateTime<Utc>>> {
        scalar!(self, NEXT_POST, platform.as_str())
    }

    /// How many posts of a kind wait, counted up to `most`.
    pub async fn waiting_posts(&mut self, platform: Platform, kind: PostKind, most: i64) -> Result<i64> {
        scalar!(self, WAITING, platform.as_str(), kind.as_str(), most)
    }

    /// What was refused for good, the latest first; from behind `before` on.
    pub async fn refused_posts(&mut self, before: Option<PostId>, limit: i64) -> Result<Vec<RefusedPost>> {
        let before = before.map_or(i64::MAX, |id| id.0);
        let rows: Vec<RefusedRow> = all!(self, REFUSED_POSTS, before, limit)?;
        rows.into_iter()
            .map(|(id, platform, kind, ticket, why, since)| {
                Ok(RefusedPost {
                    id: PostId(id),
                    platform: known(&platform, Platform::from_word)?,
                    kind: known(&kind, PostKind::from_word)?,
                    ticket: ticket.map(TicketId),
                    why: why.unwrap_or_default(),
                    since,
                })
            })
            .collect()
    }

    /// Puts what was refused back among what waits. `None` when it is none of those.
    pub async fn post_again(&mut self, id: PostId, now: DateTime<Utc>) -> Result<Option<Platform>> {
        let row: Option<(String, String, Option<i64>, i64)> = optional!(self, TAKE_REFUSED, id.0)?;
        let Some((platform, kind, ticket, about)) = row else { return Ok(None) };
        let (platform, kind) = (known(&platform, Platform::from_word)?, known(&kind, PostKind::from_word)?);
        self.add_post(platform, kind, ticket.map(TicketId), about, now, now).await?;
        Ok(Some(platform))
    }

    /// How many posts wait or were refused, by state.
    pub async fn count_posts(&mut self) -> Result<Vec<(String, String, i64)>> {
        all!(self, COUNT_POSTS)
    }

    /// Whether a message was taken back before it left.
    pub async fn is_retracted(&mut self, message: i64) -> Result<bool> {
        let at: Option<Option<DateTime<Utc>>> = optional_scalar!(self, RETRACTED, message)?;
        Ok(at.flatten().is_some())
    }

    /// Whether an act was taken back.
    pub async fn is_undone(&mut self, event: i64) -> Result<bool> {
        let at: Option<Option<DateTime<Utc>>> = optional_scalar!(self, UNDONE, event)?;
        Ok(at.flatten().is_some())
    }

    /// Keeps where something stands unless that is known, whoever else writes it at the same time; the thread that is known
    /// stays.
    pub async fn keep_place_if_none(&mut self, platform: Platform, place: &Place) -> Result<()> {
        self.write_place(KEEP_PLACE_IF_NONE, platform, place).await
    }

    pub async fn keep_place(&mut self, platform: Platform, place: &Place) -> Result<()> {
        self.write_place(KEEP_PLACE, platform, place).await
    }

    /// Keeps how something was drawn again where it stood. `false` when it does not stand there any more.
    pub async fn keep_redrawn(&mut self, platform: Platform, place: &Place) -> Result<bool> {
        execute!(
            self,
            KEEP_REDRAWN,
            platform.as_str(),
            place.kind.as_str(),
            place.about,
            clean(&place.channel),
            clean(&place.message),
            place.thread.as_deref().map(clean),
            clean(&place.drawn)
        )
        .map(|rows| rows == 1)
    }

    /// What stood there does not any more; the thread that hung on it does.
    pub async fn no_longer_stands(&mut self, platform: Platform, place: &Place) -> Result<()> {
        let (kind, message) = (place.kind.as_str(), clean(&place.message));
        execute!(self, NO_LONGER_STANDS, platform.as_str(), kind, place.about, message).map(drop)
    }

    async fn write_place(&mut self, sql: Sql, platform: Platform, place: &Place) -> Result<()> {
        execute!(
            self,
            sql,
            platform.as_str(),
            place.kind.as_str(),
            place.about,
            place.ticket.map(|ticket| ticket.0),
            clean(&place.channel),
            clean(&place.message),
            place.thread.as_deref().map(clean),
            clean(&place.drawn)
        )
        .map(drop)
    }

    pub async fn forget_place(&mut self, platform: Platform, kind: PostKind, about: i64) -> Result<()> {
        execute!(self, FORGET_PLACE, platform.as_str(), kind.as_str(), about).map(drop)
    }

    pub async fn place(&mut self, platform: Platform, kind: PostKind, about: i64) -> Result<Option<Place>> {
        let row: Option<PlaceRow> = optional!(self, PLACE, platform.as_str(), kind.as_str(), about)?;
        row.map(PlaceRow::read).transpose()
    }

    /// What this thread hangs on.
    pub async fn place_of_thread(&mut self, platform: Platform, thread: &str) -> Result<Option<Place>> {
        let row: Option<PlaceRow> = optional!(self, PLACE_OF_THREAD, platform.as_str(), clean(thread))?;
        row.map(PlaceRow::read).transpose()
    }

    /// What this message shows.
    pub async fn places_of_message(&mut self, platform: Platform, message: &str) -> Result<Vec<Place>> {
        read_all(all!(self, PLACES_OF_MESSAGE, platform.as_str(), clean(message))?)
    }

    /// What stands in this channel.
    pub async fn places_in_channel(&mut self, platform: Platform, channel: &str) -> Result<Vec<Place>> {
        read_all(all!(self, PLACES_IN_CHANNEL, platform.as_str(), clean(channel))?)
    }

    /// The threads of tickets that are not closed, on what stands in this channel.
    pub async fn open_threads(&mut self, platform: Platform, channel: &str) -> Result<Vec<String>> {
        let rows: Vec<(String,)> = all!(self, OPEN_THREADS, platform.as_str(), clean(channel))?;
        Ok(rows.into_iter().map(|(thread,)| thread).collect())
    }

    /// All that stands of a ticket.
    pub async fn places_of_ticket(&mut self, platform: Platform, ticket: TicketId) -> Result<Vec<Place>> {
        read_all(all!(self, PLACES_OF_TICKET, platform.as_str(), ticket.0)?)
    }

    /// What was drawn so, by the end of its digest.
    pub async fn places_drawn(&mut self, platform: Platform, end: &str) -> Result<Vec<Place>> {
        read_all(all!(self, PLACES_DRAWN, platform.as_str(), format!("%{end}"))?)
    }

    /// Notes that a message was taken in; an earlier one changes nothing. Ids are numbers that grow.
    pub async fn see(&mut self, platform: Platform, channel: &str, message: &str) -> Result<()> {
        execute!(self, SEE, platform.as_str(), clean(channel), clean(message)).map(drop)
    }

    pub async fn seen(&mut self, platform: Platform, channel: &str) -> Result<Option<String>> {
        optional_scalar!(self, SEEN, platform.as_str(), clean(channel))
    }

    /// Remembers that somebody of a chat is this requester.
    pub async fn keep_account(
        &mut self,
        platform: Platform,
        external_id: &str,
        requester: RequesterId,
    ) -> Result<()> {
        execute!(self, KEEP_ACCOUNT, platform.as_str(), clean(external_id), requester.0).map(drop)
    }

    /// The requester that somebody of a chat is.
    pub async fn account(&mut self, platform: Platform, external_id: &str) -> Result<Option<RequesterId>> {
        let id: Option<i64> = optional_scalar!(self, ACCOUNT, platform.as_str(), clean(external_id))?;
        Ok(id.map(RequesterId))
    }
}
