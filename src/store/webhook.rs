//! What endpoints of the host application are told, and how they fare. May import: domain, sqlx.

use super::dialect::{Sql, all, execute, optional, scalar, statements};
use super::{Result, Tx, clean, going_back, known};
use crate::domain::ids::{EventId, HookPostId, MessageId, NotificationId, TicketId};
use crate::domain::ticket::Status;
use crate::domain::webhook::{HookEvent, KEEPS_ORDER};
use chrono::{DateTime, Utc};

/// Of one ticket, one thing at a time and in order; what was tried very often holds up nothing any more.
macro_rules! in_turn {
    ($most:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM webhook_post b WHERE b.endpoint = p.endpoint AND b.ticket_id = p.ticket_id \
             AND b.id < p.id AND b.state IN ('pending', 'sending') AND b.attempts < ",
            $most,
            ")"
        )
    };
}

/// What may be told now: what is due and what a worker that died left behind.
macro_rules! due_hooks {
    () => {
        concat!(
            "SELECT id FROM webhook_post p WHERE endpoint = $1 AND state IN ('pending', 'sending') AND \
             ((state = 'pending' AND next_attempt_at <= $2) OR (state = 'sending' AND leased_until <= $2)) AND ",
            in_turn!("$5"),
            " ORDER BY id LIMIT $4"
        )
    };
}

/// The columns of a claimed row, in the order of [`HookRow`].
macro_rules! hook_columns {
    () => {
        "id, webhook_id, kind, ticket_id, status, event_id, message_id, notification_id, attempts, body, created_at"
    };
}

statements! {
    ADD_HOOK_POST = Sql::same(
        "INSERT INTO webhook_post (endpoint, webhook_id, kind, ticket_id, status, event_id, message_id, notification_id, \
         state, attempts, due_at, next_attempt_at, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', 0, $9, $9, $10, $10)");
    CANCEL_HOOK_POSTS = Sql::same(
        "DELETE FROM webhook_post WHERE event_id = $1 AND state = 'pending' AND attempts = 0");
    HOOK_POSTS_OF_EVENT = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM webhook_post WHERE event_id = $1");
    CLAIM_HOOK_POSTS = Sql::fork(
        concat!(
            "UPDATE webhook_post SET state = 'sending', leased_until = $3, attempts = attempts + 1, updated_at = $2 \
             WHERE id IN (", due_hooks!(), ") RETURNING ", hook_columns!()),
        concat!(
            "UPDATE webhook_post SET state = 'sending', leased_until = $3, attempts = attempts + 1, updated_at = $2 \
             WHERE id IN (", due_hooks!(), " FOR UPDATE SKIP LOCKED) RETURNING ", hook_columns!()));
    SEAL_HOOK_POST = Sql::same("UPDATE webhook_post SET body = $2 WHERE id = $1");
    DROP_HOOK_POST = Sql::same("DELETE FROM webhook_post WHERE id = $1");
    PUT_OFF_HOOK_POST = Sql::same(
        "UPDATE webhook_post SET state = 'pending', next_attempt_at = $2, leased_until = NULL, attempts = attempts - 1 \
         WHERE id = $1");
    HOOK_TOLD = Sql::same(
        "UPDATE webhook_post SET state = 'sent', why = NULL, body = NULL, leased_until = NULL, updated_at = $3 \
         WHERE id = $1 AND leased_until = $2 AND state = 'sending'");
    HOOK_LATER = Sql::same(
        "UPDATE webhook_post SET state = 'pending', why = $3, next_attempt_at = $4, leased_until = NULL, updated_at = $5 \
         WHERE id = $1 AND leased_until = $2 AND state = 'sending'");
    HOOK_GIVEN_UP = Sql::same(
        "UPDATE webhook_post SET state = 'failed', why = $3, body = NULL, leased_until = NULL, updated_at = $4 \
         WHERE id = $1 AND leased_until = $2 AND state = 'sending'");
    // Of very many, the first: whoever asks comes again.
    GIVE_UP_OLD = Sql::same(
        "UPDATE webhook_post SET state = 'failed', why = COALESCE(why, $3), body = NULL, leased_until = NULL, updated_at = $4 \
         WHERE state = 'pending' AND due_at <= $2 AND id IN (SELECT id FROM webhook_post WHERE endpoint = $1 \
         AND state IN ('pending', 'sending') ORDER BY id LIMIT 200)");
    HASTEN_HOOK_POSTS = Sql::same(
        "UPDATE webhook_post SET next_attempt_at = $2 WHERE endpoint = $1 AND state IN ('pending', 'sending') \
         AND state = 'pending' AND attempts > 0 AND next_attempt_at > $2");
    FIRST_HOOK_POST = Sql::same(
        "SELECT MIN(id) FROM webhook_post WHERE endpoint = $1 AND state IN ('pending', 'sending')");
    NEXT_HOOK_POST = Sql::same(concat!(
        "SELECT MIN(CASE WHEN state = 'sending' THEN leased_until ELSE next_attempt_at END) FROM webhook_post p \
         WHERE endpoint = $1 AND state IN ('pending', 'sending') AND ", in_turn!("$2")));
    COUNT_HOOK_POSTS = Sql::same(
        "SELECT endpoint, state, CAST(COUNT(*) AS BIGINT) FROM webhook_post WHERE state IN ('pending', 'sending') \
         GROUP BY endpoint, state UNION ALL SELECT endpoint, state, CAST(COUNT(*) AS BIGINT) FROM webhook_post \
         WHERE state IN ('sent', 'failed') AND state = 'failed' GROUP BY endpoint, state");
    GIVEN_UP_HOOK_POSTS = Sql::same(
        "SELECT id, endpoint, kind, ticket_id, why, updated_at FROM webhook_post \
         WHERE state IN ('sent', 'failed') AND state = 'failed' AND (updated_at, id) < ($1, $2) \
         ORDER BY updated_at DESC, id DESC LIMIT $3");
    TELL_AGAIN = Sql::same(
        "UPDATE webhook_post SET state = 'pending', why = NULL, attempts = 0, due_at = $2, next_attempt_at = $2, \
         updated_at = $2 WHERE id = $1 AND state IN ('sent', 'failed')");
    TELL_ALL_AGAIN = Sql::same(
        "UPDATE webhook_post SET state = 'pending', why = NULL, attempts = 0, due_at = $1, next_attempt_at = $1, \
         updated_at = $1 WHERE state IN ('sent', 'failed') AND state = 'failed'");
    PRUNE_HOOK_POSTS = Sql::same(
        "DELETE FROM webhook_post WHERE state IN ('sent', 'failed') AND state = $1 AND updated_at <= $2");
    // What the configuration says otherwise than before is tried anew.
    MEET_ENDPOINT = Sql::same(
        "INSERT INTO webhook_endpoint (name, configured, failures) VALUES ($1, $2, 0) ON CONFLICT (name) DO UPDATE SET \
         configured = excluded.configured, failures = 0, paused_until = NULL, failing_since = NULL, off_at = NULL \
         WHERE webhook_endpoint.configured <> excluded.configured");
    ENDPOINT = Sql::same(
        "SELECT name, failures, paused_until, failing_since, off_at, last_success_at, last_failure_at, last_failure \
         FROM webhook_endpoint WHERE name = $1");
    ENDPOINT_WELL = Sql::same(
        "UPDATE webhook_endpoint SET failures = 0, paused_until = NULL, failing_since = NULL, last_success_at = $2 \
         WHERE name = $1");
    SWITCH_ON = Sql::same("UPDATE webhook_endpoint SET off_at = NULL WHERE name = $1");
    ENDPOINT_ILL = Sql::same(
        "UPDATE webhook_endpoint SET failures = $2, paused_until = $3, failing_since = COALESCE(failing_since, $5), \
         off_at = COALESCE(off_at, $4), last_failure_at = $5, last_failure = $6 WHERE name = $1");
}

/// What something that is told is about.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Of which ticket.
    pub ticket: TicketId,
    /// Where the ticket stood then.
    pub status: Option<Status>,
    /// The act that caused it.
    pub event: Option<EventId>,
    /// What was written.
    pub message: Option<MessageId>,
    /// What a user was told.
    pub notification: Option<NotificationId>,
}

impl About {
    /// A ticket that stands there.
    pub fn ticket(ticket: TicketId, status: Status) -> About {
        About { ticket, status: Some(status), event: None, message: None, notification: None }
    }

    /// What a user was told of a ticket.
    pub fn notification(ticket: TicketId, id: NotificationId) -> About {
        About { ticket, status: None, event: None, message: None, notification: Some(id) }
    }
}

/// Something to tell, claimed.
#[derive(Debug, Clone)]
pub struct ClaimedHook {
    /// Its row.
    pub id: HookPostId,
    /// What it is known by to whoever is told.
    pub webhook_id: String,
    /// What happened.
    pub kind: HookEvent,
    /// To what.
    pub about: About,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// What it was told as before.
    pub body: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// Something that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// Its row.
    pub id: HookPostId,
    /// Which endpoint was not told.
    pub endpoint: String,
    /// What happened.
    pub kind: HookEvent,
    /// To which ticket.
    pub ticket: TicketId,
    /// Why.
    pub why: String,
    /// When it was given up.
    pub at: DateTime<Utc>,
}

/// How an endpoint fares.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Endpoint {
    /// Its name.
    pub name: String,
    /// How often in a row it was not reached.
    pub failures: i64,
    /// Until when it is left alone.
    pub paused_until: Option<DateTime<Utc>>,
    /// Since when nothing was taken.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it said that it wants no more.
    pub off_at: Option<DateTime<Utc>>,
    /// When it last took something.
    pub last_success_at: Option<DateTime<Utc>>,
    /// When it last did not.
    pub last_failure_at: Option<DateTime<Utc>>,
    /// Why.
    pub last_failure: Option<String>,
}

type GivenUpRow = (i64, String, String, i64, Option<String>, DateTime<Utc>);

#[derive(sqlx::FromRow)]
struct HookRow {
    id: i64,
    webhook_id: String,
    kind: String,
    ticket_id: i64,
    status: Option<String>,
    event_id: Option<i64>,
    message_id: Option<i64>,
    notification_id: Option<i64>,
    attempts: i64,
    body: Option<String>,
    created_at: DateTime<Utc>,
}

impl HookRow {
    fn read(self) -> Result<ClaimedHook> {
        Ok(ClaimedHook {
            id: HookPostId(self.id),
            webhook_id: self.webhook_id,
            kind: known(&self.kind, HookEvent::from_word)?,
            about: About {
                ticket: TicketId(self.ticket_id),
                status: self.status.map(|status| known(&status, Status::from_word)).transpose()?,
                event: self.event_id.map(EventId),
                message: self.message_id.map(MessageId),
                notification: self.notification_id.map(NotificationId),
            },
            attempt: self.attempts,
            body: self.body,
            at: self.created_at,
        })
    }
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// Something to tell an endpoint that happened at `at`, not before `due`.
    pub async fn add_hook_post(
        &mut self,
        endpoint: &str,
        webhook_id: &str,
        kind: HookEvent,
        about: &About,
        at: DateTime<Utc>,
        due: DateTime<Utc>,
    ) -> Result<()> {
        execute!(
            self,
            ADD_HOOK_POST,
            endpoint,
            webhook_id,
            kind.as_str(),
            about.ticket.0,
            about.status.map(Status::as_str),
            about.event.map(|id| id.0),
            about.message.map(|id| id.0),
            about.notification.map(|id| id.0),
            due,
            at
        )
        .map(drop)
    }

    /// Takes back what an act would tell. `false` when some of it left, or may be leaving.
    pub async fn cancel_hook_posts(&mut self, event: EventId) -> Result<bool> {
        execute!(self, CANCEL_HOOK_POSTS, event.0)?;
        let left: i64 = scalar!(self, HOOK_POSTS_OF_EVENT, event.0)?;
        Ok(left == 0)
    }

    /// Leases up to `limit` that are due, those of one ticket only in their order.
    pub async fn claim_hook_posts(
        &mut self,
        endpoint: &str,
        now: DateTime<Utc>,
        leased_until: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<ClaimedHook>> {
        let rows: Vec<HookRow> =
            all!(self, CLAIM_HOOK_POSTS, endpoint, now, leased_until, limit, KEEPS_ORDER)?;
        let mut posts = rows.into_iter().map(HookRow::read).collect::<Result<Vec<_>>>()?;
        posts.sort_by_key(|post| post.id);
        Ok(posts)
    }

    /// Keeps the exact bytes for the attempts to come.
    pub async fn seal_hook_post(&mut self, id: HookPostId, body: &str) -> Result<()> {
        execute!(self, SEAL_HOOK_POST, id.0, clean(body)).map(drop)
    }

    pub async fn drop_hook_post(&mut self, id: HookPostId) -> Result<()> {
        execute!(self, DROP_HOOK_POST, id.0).map(drop)
    }

    /// Gives a claimed one back; the attempt is not counted.
    pub async fn put_off_hook_post(&mut self, id: HookPostId, until: DateTime<Utc>) -> Result<()> {
        execute!(self, PUT_OFF_HOOK_POST, id.0, until).map(drop)
    }

    /// `false` when another worker took it over, here and in the next two.
    pub async fn hook_told(
        &mut self,
        id: HookPostId,
        lease: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        execute!(self, HOOK_TOLD, id.0, lease, now).map(|rows| rows == 1)
    }

    pub async fn hook_later(
        &mut self,
        id: HookPostId,
        lease: DateTime<Utc>,
        why: &str,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        execute!(self, HOOK_LATER, id.0, lease, clean(why), at, now).map(|rows| rows == 1)
    }

    pub async fn hook_given_up(
        &mut self,
        id: HookPostId,
        lease: DateTime<Utc>,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        execute!(self, HOOK_GIVEN_UP, id.0, lease, clean(why), now).map(|rows| rows == 1)
    }

    /// Gives up what was due by then and waits still; how many. `why`: of those that were never tried.
    pub async fn give_up_old_hook_posts(
        &mut self,
        endpoint: &str,
        due_by: DateTime<Utc>,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<u64> {
        execute!(self, GIVE_UP_OLD, endpoint, due_by, clean(why), now)
    }

    /// What waits after a failed attempt is tried at once.
    pub async fn hasten_hook_posts(&mut self, endpoint: &str, now: DateTime<Utc>) -> Result<()> {
        execute!(self, HASTEN_HOOK_POSTS, endpoint, now).map(drop)
    }

    pub async fn waits_any_hook_post(&mut self, endpoint: &str) -> Result<bool> {
        let first: Option<i64> = scalar!(self, FIRST_HOOK_POST, endpoint)?;
        Ok(first.is_some())
    }

    pub async fn next_hook_post(&mut self, endpoint: &str) -> Result<Option<DateTime<Utc>>> {
        scalar!(self, NEXT_HOOK_POST, endpoint, KEEPS_ORDER)
    }

    /// How many there are, by endpoint and state.
    pub async fn count_hook_posts(&mut self) -> Result<Vec<(String, String, i64)>> {
        all!(self, COUNT_HOOK_POSTS)
    }

    /// What was given up, the latest first; from behind `before` on.
    pub async fn given_up_hook_posts(
        &mut self,
        before: Option<(DateTime<Utc>, HookPostId)>,
        limit: i64,
    ) -> Result<Vec<GivenUp>> {
        let (at, id) = going_back(before.map(|(at, id)| (at, id.0)));
        let rows: Vec<GivenUpRow> = all!(self, GIVEN_UP_HOOK_POSTS, at, id, limit)?;
        rows.into_iter()
            .map(|(id, endpoint, kind, ticket, why, at)| {
                let kind = known(&kind, HookEvent::from_word)?;
                let (id, ticket, why) = (HookPostId(id), TicketId(ticket), why.unwrap_or_default());
                Ok(GivenUp { id, endpoint, kind, ticket, why, at })
            })
            .collect()
    }

    /// `false` when it is none that was told or given up.
    pub async fn tell_hook_again(&mut self, id: HookPostId, now: DateTime<Utc>) -> Result<bool> {
        execute!(self, TELL_AGAIN, id.0, now).map(|rows| rows == 1)
    }

    /// Everything that was given up; how many.
    pub async fn tell_hooks_again(&mut self, now: DateTime<Utc>) -> Result<u64> {
        execute!(self, TELL_ALL_AGAIN, now)
    }

    /// Drops what was told, and what was given up, by then.
    pub async fn prune_hook_posts(&mut self, told: DateTime<Utc>, given_up: DateTime<Utc>) -> Result<()> {
        execute!(self, PRUNE_HOOK_POSTS, "sent", told)?;
        execute!(self, PRUNE_HOOK_POSTS, "failed", given_up).map(drop)
    }

    /// Makes an endpoint known; one that is configured otherwise than before begins anew. `true` when either was done.
    pub async fn meet_endpoint(&mut self, name: &str, configured: &str) -> Result<bool> {
        execute!(self, MEET_ENDPOINT, name, configured).map(|rows| rows == 1)
    }

    pub async fn endpoint(&mut self, name: &str) -> Result<Option<Endpoint>> {
        optional!(self, ENDPOINT, name)
    }

    pub async fn endpoint_well(&mut self, name: &str, now: DateTime<Utc>) -> Result<()> {
        execute!(self, ENDPOINT_WELL, name, now).map(drop)
    }

    pub async fn switch_endpoint_on(&mut self, name: &str) -> Result<()> {
        execute!(self, SWITCH_ON, name).map(drop)
    }

    pub async fn endpoint_ill(
        &mut self,
        name: &str,
        failures: i64,
        paused_until: Option<DateTime<Utc>>,
        off_at: Option<DateTime<Utc>>,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        execute!(self, ENDPOINT_ILL, name, failures, paused_until, off_at, now, clean(why)).map(drop)
    }
}
