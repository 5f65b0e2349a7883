//! Deliveries: planned with their cause, claimed by lease, recorded.
//! May import: domain, sqlx.

use super::dialect::{
    Bulk, Sql, all, execute, fetch_all, optional, optional_scalar, scalar, statements, write_all,
};
use super::{Result, Tx, clean, going_back, known};
use crate::domain::delivery::{Channel, DeliveryState};
use crate::domain::ids::{DeliveryId, EventId, MessageId, SubscriptionId, TicketId};
use crate::domain::mail::Mailbox;
use crate::domain::notice::NoticeKind;
use crate::domain::ticket::Status;
use chrono::{DateTime, Utc};
use std::sync::LazyLock;

/// The columns of a delivery, in the order of [`DeliveryRow`].
macro_rules! delivery_columns {
    () => {
        "id, ticket_id, event_id, message_id, channel, kind, announces, title, message, address, rfc_id, \
         provider_id, in_reply_to, refs, cc, state, why, attempts, turn_at, ambiguous_at, \
         EXISTS (SELECT 1 FROM sealed_body WHERE sealed_body.delivery_id = delivery.id) AS is_sealed, subscription_id, created_at, updated_at"
    };
}

/// What a worker may take of its channel: what is due, and what a worker that died left behind.
macro_rules! due {
    () => {
        "SELECT id FROM delivery WHERE channel = $4 AND state IN ('pending', 'sending') AND ((state = 'pending' AND next_attempt_at <= $1) \
         OR (state = 'sending' AND leased_until <= $1)) ORDER BY id LIMIT $3"
    };
}

/// Those of the given mails that are still to leave, to whom they say.
macro_rules! sealed {
    () => {
        ") AS given JOIN delivery ON delivery.id = given.column1 WHERE delivery.state <> 'cancelled' \
         AND delivery.cc IS NOT DISTINCT FROM given.column3"
    };
}

static DELIVERIES_OF: LazyLock<Bulk> = LazyLock::new(|| {
    let head = concat!("SELECT ", delivery_columns!(), " FROM delivery WHERE id IN (");
    Bulk::new(Sql::same(head), Sql::same("$1"), 1, ")")
});
// Of one that was erased while it was composed, or that names somebody who was, nothing is kept.
static SEAL: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        Sql::same(
            "INSERT INTO sealed_body (delivery_id, kept_at, packed) SELECT given.column1, given.column2, given.column4 \
             FROM (VALUES ",
        ),
        Sql::fork(
            "($1, $2, $3, $4)",
            "(CAST($1 AS BIGINT), CAST($2 AS TIMESTAMPTZ), CAST($3 AS TEXT), CAST($4 AS BYTEA))",
        ),
        4,
        Sql::fork(
            concat!(sealed!(), " ON CONFLICT (delivery_id) DO NOTHING"),
            // Whoever erases it waits for us, or we for them.
            concat!(sealed!(), " FOR SHARE OF delivery ON CONFLICT (delivery_id) DO NOTHING"),
        ),
    )
});
static SETTLE_SENT: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        Sql::same(
            "UPDATE delivery SET state = 'sent', why = NULL, leased_until = NULL, updated_at = given.column3 FROM (VALUES ",
        ),
        Sql::fork("($1, $2, $3)", "(CAST($1 AS BIGINT), CAST($2 AS TIMESTAMPTZ), CAST($3 AS TIMESTAMPTZ))"),
        3,
        concat!(
            ") AS given WHERE delivery.id = given.column1 AND leased_until = given.column2 AND state = 'sending' RETURNING ",
            delivery_columns!()
        ),
    )
});
static GIVE_BACK: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        Sql::same(
            "UPDATE delivery SET state = 'pending', next_attempt_at = given.column3, leased_until = NULL, \
             attempts = attempts - 1, updated_at = given.column3 FROM (VALUES ",
        ),
        Sql::fork("($1, $2, $3)", "(CAST($1 AS BIGINT), CAST($2 AS TIMESTAMPTZ), CAST($3 AS TIMESTAMPTZ))"),
        3,
        ") AS given WHERE delivery.id = given.column1 AND leased_until = given.column2 AND state = 'sending'",
    )
});
// SQLite reads what is asked for first, and then each address along its index.
static AUTOMATIC_LATELY: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        Sql::same("SELECT asked.column1, lately.id, lately.updated_at FROM (VALUES "),
        Sql::fork("($1, $2, $3)", "(CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TIMESTAMPTZ))"),
        3,
        ") AS asked CROSS JOIN delivery AS lately WHERE lately.address = asked.column2 AND lately.kind <> 'reply' \
         AND lately.updated_at > asked.column3 AND lately.channel = 'email' \
         AND (lately.state IN ('sent', 'failed', 'uncertain') OR (lately.state = 'sending' AND lately.id < asked.column1)) \
         ORDER BY lately.updated_at DESC",
    )
});
/// The statements of this file for many rows, by name.
pub(super) static BULKS: [(&str, &LazyLock<Bulk>); 5] = [
    ("deliveries_of", &DELIVERIES_OF),
    ("seal", &SEAL),
    ("settle_sent", &SETTLE_SENT),
    ("give_back", &GIVE_BACK),
    ("automatic_lately", &AUTOMATIC_LATELY),
];

statements! {
    ADD_DELIVERY = Sql::same(
        "INSERT INTO delivery (ticket_id, event_id, message_id, channel, kind, announces, title, message, address, \
         rfc_id, in_reply_to, refs, cc, state, why, attempts, next_attempt_at, subscription_id, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, $16, $17, $18, $18) RETURNING id");
    DELIVERIES = Sql::same(concat!("SELECT ", delivery_columns!(), " FROM delivery WHERE ticket_id = $1 ORDER BY id"));
    DELIVERY = Sql::same(concat!("SELECT ", delivery_columns!(), " FROM delivery WHERE id = $1"));
    DELIVERY_BY_RFC_ID = Sql::same(concat!(
        "SELECT ", delivery_columns!(), " FROM delivery WHERE rfc_id = $1 ORDER BY CASE WHEN address = $2 THEN 0 ELSE 1 END, \
         CASE WHEN state IN ('skipped', 'cancelled') THEN 1 ELSE 0 END, id LIMIT 1"));
    DELIVERY_BY_PROVIDER_ID = Sql::same(concat!(
        "SELECT ", delivery_columns!(), " FROM delivery WHERE provider_id = $1 ORDER BY id DESC LIMIT 1"));
    KEEP_PROVIDER_ID = Sql::same("UPDATE delivery SET provider_id = $2 WHERE id = $1");
    MAILS = Sql::same(concat!(
        "SELECT ", delivery_columns!(), " FROM delivery WHERE channel = 'email' AND state <> 'skipped' \
         ORDER BY id DESC LIMIT $1"));
    SEALED = Sql::same("SELECT packed FROM sealed_body WHERE delivery_id = $1");
    SEALED_HEADS = Sql::same(
        "SELECT delivery_id, substr(packed, 1, $2) FROM sealed_body WHERE delivery_id IN (SELECT id FROM delivery \
         WHERE channel = 'email' AND state <> 'skipped' ORDER BY id DESC LIMIT $1)");
    GIVE_UP_TWICE_LOST = Sql::same(
        "UPDATE delivery SET state = 'uncertain', leased_until = NULL, updated_at = $1, why = $2 \
         WHERE channel = 'email' AND state = 'sending' AND ambiguous_at IS NOT NULL AND leased_until <= $1");
    CLAIM = Sql::fork(
        concat!(
            "UPDATE delivery SET ambiguous_at = CASE WHEN state = 'sending' THEN $1 ELSE ambiguous_at END, \
             state = 'sending', leased_until = $2, attempts = attempts + 1, updated_at = $1 WHERE id IN (",
            due!(), ") RETURNING ", delivery_columns!()),
        concat!(
            "UPDATE delivery SET ambiguous_at = CASE WHEN state = 'sending' THEN $1 ELSE ambiguous_at END, \
             state = 'sending', leased_until = $2, attempts = attempts + 1, updated_at = $1 WHERE id IN (",
            due!(), " FOR UPDATE SKIP LOCKED) RETURNING ", delivery_columns!()));
    SETTLE = Sql::same(
        "UPDATE delivery SET state = $2, why = $3, leased_until = NULL, updated_at = $4 WHERE id = $1");
    SETTLE_ATTEMPT = Sql::same(
        "UPDATE delivery SET state = $3, why = $4, leased_until = NULL, updated_at = $5 \
         WHERE id = $1 AND leased_until = $2 AND state = 'sending'");
    TRY_LATER = Sql::same(
        "UPDATE delivery SET state = 'pending', why = $3, next_attempt_at = $4, leased_until = NULL, turn_at = NULL, \
         updated_at = $5, ambiguous_at = COALESCE($6, ambiguous_at) WHERE id = $1 AND leased_until = $2 AND state = 'sending'");
    PUT_OFF = Sql::same(
        "UPDATE delivery SET state = 'pending', why = $2, next_attempt_at = $3, turn_at = $4, leased_until = NULL, \
         attempts = attempts - 1, updated_at = $5 WHERE id = $1");
    SEND_AGAIN = Sql::same(
        "UPDATE delivery SET state = 'pending', why = NULL, attempts = 0, turn_at = NULL, ambiguous_at = NULL, \
         next_attempt_at = $2, updated_at = $2 WHERE id = $1 AND state IN ('failed', 'uncertain')");
    TAKE_FOR_SENT = Sql::same(
        "UPDATE delivery SET state = 'sent', why = NULL, updated_at = $2 WHERE id = $1 AND state = 'uncertain'");
    OVERTAKE = Sql::same(
        "UPDATE delivery SET state = 'skipped', why = $3, overtaken_by = $2, updated_at = $4 \
         WHERE ticket_id = $1 AND kind <> 'reply' AND ((state = 'pending' AND ambiguous_at IS NULL) \
         OR (channel = 'web' AND state = 'sent' AND next_attempt_at > $4))");
    WITHDRAW_OVERTAKEN = Sql::same(
        "UPDATE notification SET withdrawn_at = $2 WHERE withdrawn_at IS NULL AND event_id IN \
         (SELECT event_id FROM delivery WHERE overtaken_by = $1 AND channel = 'web')");
    SHOW_AGAIN = Sql::same(
        "UPDATE notification SET withdrawn_at = NULL WHERE event_id IN \
         (SELECT event_id FROM delivery WHERE overtaken_by = $1 AND channel = 'web')");
    REVIVE = Sql::same(
        "UPDATE delivery SET state = CASE WHEN channel = 'web' THEN 'sent' ELSE 'pending' END, why = NULL, \
         overtaken_by = NULL, updated_at = $2 WHERE overtaken_by = $1");
    CANCEL = Sql::same(
        "UPDATE delivery SET state = 'cancelled', updated_at = $2 WHERE event_id = $1 \
         AND (state IN ('pending', 'skipped') OR channel = 'web')");
    GONE_FROM_EVENT = Sql::same(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM delivery WHERE event_id = $1 AND channel <> 'web' \
         AND state <> 'cancelled'");
    NEXT_DUE = Sql::same(
        "SELECT MIN(CASE WHEN state = 'sending' THEN leased_until ELSE next_attempt_at END) FROM delivery \
         WHERE channel = $1 AND state IN ('pending', 'sending')");
    // What stands is few, what ended is counted of late: none of it looks at all that ever left.
    COUNT_STANDING = Sql::same(
        "SELECT channel, state, CAST(COUNT(*) AS BIGINT) FROM delivery WHERE state IN ('pending', 'sending') \
         GROUP BY channel, state UNION ALL SELECT channel, state, CAST(COUNT(*) AS BIGINT) FROM delivery \
         WHERE state IN ('failed', 'uncertain') GROUP BY channel, state UNION ALL \
         SELECT channel, state, CAST(COUNT(*) AS BIGINT) FROM delivery WHERE updated_at > $1 \
         AND state IN ('sent', 'skipped', 'cancelled') GROUP BY channel, state");
    OLDEST_WAITING = Sql::same(
        "SELECT channel, MIN(created_at) FROM delivery WHERE state IN ('pending', 'sending') GROUP BY channel");
    WAITING_ADDRESSES = Sql::same(
        "SELECT address FROM delivery WHERE channel = 'email' AND state IN ('pending', 'sending') AND state = 'pending' \
         AND address IS NOT NULL ORDER BY id LIMIT $1");
    TROUBLED = Sql::same(
        "SELECT delivery.id, delivery.ticket_id, delivery.channel, delivery.title, \
         COALESCE(delivery.address, requester.email) AS recipient, delivery.state, delivery.why, delivery.updated_at \
         FROM delivery JOIN ticket ON ticket.id = delivery.ticket_id JOIN requester ON requester.id = ticket.requester_id \
         WHERE delivery.state IN ('failed', 'uncertain') AND (delivery.updated_at, delivery.id) < ($1, $2) \
         ORDER BY delivery.updated_at DESC, delivery.id DESC LIMIT $3");
}

/// A delivery to plan.
#[derive(Debug)]
pub struct NewDelivery<'a> {
    /// Which ticket.
    pub ticket: TicketId,
    /// The act that caused it.
    pub event: EventId,
    /// The reply that it carries.
    pub message_id: Option<MessageId>,
    /// By what road.
    pub channel: Channel,
    /// Its colour.
    pub kind: NoticeKind,
    /// The status that it announces.
    pub announces: Option<Status>,
    /// The notice's title.
    pub title: &'a str,
    /// The notice's message.
    pub message: &'a str,
    /// Recipient; frozen here.
    pub address: Option<&'a str>,
    /// Its Message-ID, minted here.
    pub rfc_id: Option<&'a str>,
    /// The Message-ID it answers.
    pub in_reply_to: Option<&'a str>,
    /// The conversation's Message-IDs, oldest first, separated by spaces.
    pub refs: Option<&'a str>,
    /// Who gets a copy of the same reply; frozen here. Empty for a mail to the requester alone.
    pub cc: &'a [Mailbox],
    /// The browser that it is for.
    pub subscription: Option<SubscriptionId>,
    /// What it begins as.
    pub state: DeliveryState,
    /// Why, where it begins skipped.
    pub why: Option<&'a str>,
    /// Not before.
    pub next_attempt_at: DateTime<Utc>,
}

/// A delivery, as it is read.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields of NewDelivery, and what became of it")]
pub struct StoredDelivery {
    pub id: DeliveryId,
    pub ticket: TicketId,
    pub event: EventId,
    pub message_id: Option<MessageId>,
    pub channel: Channel,
    pub kind: NoticeKind,
    pub announces: Option<Status>,
    pub title: String,
    pub message: String,
    pub address: Option<String>,
    pub rfc_id: Option<String>,
    pub provider_id: Option<String>,
    pub in_reply_to: Option<String>,
    pub refs: Vec<String>,
    pub cc: Vec<Mailbox>,
    pub state: DeliveryState,
    pub why: Option<String>,
    pub attempts: i64,
    pub turn_at: Option<DateTime<Utc>>,
    pub ambiguous_at: Option<DateTime<Utc>>,
    /// The bytes of a mail are kept, as its first attempt sent them.
    pub is_sealed: bool,
    pub subscription: Option<SubscriptionId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The bytes of a mail to keep.
#[derive(Debug)]
pub struct SealedBody<'a> {
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// Whom the mail names in copy, as [`copies`] writes them.
    pub cc: Option<&'a str>,
    /// Packed with zstd.
    pub packed: &'a [u8],
}

/// Who gets a copy of a mail, as its row has them: JSON, `None` for nobody.
///
/// # Errors
/// None that is known.
pub fn copies(cc: &[Mailbox]) -> serde_json::Result<Option<String>> {
    if cc.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(cc).map(|cc| Some(clean(&cc).into_owned()))
}

/// An automatic mail that left lately, or leaves.
#[derive(Debug, Clone, Copy)]
pub struct Lately {
    /// The mail to whose address it went.
    pub of: DeliveryId,
    /// It.
    pub id: DeliveryId,
    /// When.
    pub at: DateTime<Utc>,
}

/// A delivery that failed, or of which nobody knows whether it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Troubled {
    /// Its number.
    pub id: DeliveryId,
    /// Of which ticket.
    pub ticket: TicketId,
    /// By what road.
    pub channel: Channel,
    /// The notice's title; empty for a reply.
    pub title: String,
    /// To whom: the address, or that of the requester whose browser it is for.
    pub recipient: String,
    /// `Failed` or `Uncertain`.
    pub state: DeliveryState,
    /// Why, in French.
    pub why: Option<String>,
    /// Since when.
    pub at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct TroubledRow {
    id: i64,
    ticket_id: i64,
    channel: String,
    title: String,
    recipient: String,
    state: String,
    why: Option<String>,
    updated_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct DeliveryRow {
    id: i64,
    ticket_id: i64,
    event_id: i64,
    message_id: Option<i64>,
    channel: String,
    kind: String,
    announces: Option<String>,
    title: String,
    message: String,
    address: Option<String>,
    rfc_id: Option<String>,
    provider_id: Option<String>,
    in_reply_to: Option<String>,
    refs: Option<String>,
    cc: Option<String>,
    state: String,
    why: Option<String>,
    attempts: i64,
    turn_at: Option<DateTime<Utc>>,
    ambiguous_at: Option<DateTime<Utc>>,
    is_sealed: bool,
    subscription_id: Option<i64>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl DeliveryRow {
    fn read(self) -> Result<StoredDelivery> {
        Ok(StoredDelivery {
            id: DeliveryId(self.id),
            ticket: TicketId(self.ticket_id),
            event: EventId(self.event_id),
            message_id: self.message_id.map(MessageId),
            channel: known(&self.channel, Channel::from_word)?,
            kind: known(&self.kind, NoticeKind::from_word)?,
            announces: self.announces.map(|status| known(&status, Status::from_word)).transpose()?,
            title: self.title,
            message: self.message,
            address: self.address,
            rfc_id: self.rfc_id,
            provider_id: self.provider_id,
            in_reply_to: self.in_reply_to,
            refs: self.refs.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
            cc: self
                .cc
                .map(|cc| serde_json::from_str(&cc))
                .transpose()
                .map_err(|error| sqlx::Error::Decode(error.into()))?
                .unwrap_or_default(),
            state: known(&self.state, DeliveryState::from_word)?,
            why: self.why,
            attempts: self.attempts,
            turn_at: self.turn_at,
            ambiguous_at: self.ambiguous_at,
            is_sealed: self.is_sealed,
            subscription: self.subscription_id.map(SubscriptionId),
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn read_all(rows: Vec<DeliveryRow>) -> Result<Vec<StoredDelivery>> {
    rows.into_iter().map(DeliveryRow::read).collect()
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    pub async fn add_delivery(
        &mut self,
        delivery: &NewDelivery<'_>,
        now: DateTime<Utc>,
    ) -> Result<DeliveryId> {
        let cc = copies(delivery.cc).map_err(|error| sqlx::Error::Encode(error.into()))?;
        scalar!(
            self,
            ADD_DELIVERY,
            delivery.ticket.0,
            delivery.event.0,
            delivery.message_id.map(|id| id.0),
            delivery.channel.as_str(),
            delivery.kind.as_str(),
            delivery.announces.map(Status::as_str),
            clean(delivery.title),
            clean(delivery.message),
            delivery.address.map(clean),
            delivery.rfc_id,
            delivery.in_reply_to.map(clean),
            delivery.refs.map(clean),
            cc,
            delivery.state.as_str(),
            delivery.why.map(clean),
            delivery.next_attempt_at,
            delivery.subscription.map(|id| id.0),
            now
        )
        .map(DeliveryId)
    }

    pub async fn deliveries(&mut self, ticket: TicketId) -> Result<Vec<StoredDelivery>> {
        let rows = all!(self, DELIVERIES, ticket.0)?;
        read_all(rows)
    }

    pub async fn delivery(&mut self, id: DeliveryId) -> Result<Option<StoredDelivery>> {
        let row: Option<DeliveryRow> = optional!(self, DELIVERY, id.0)?;
        row.map(DeliveryRow::read).transpose()
    }

    /// Several deliveries, each once; in no order.
    pub async fn deliveries_of(&mut self, ids: &[DeliveryId]) -> Result<Vec<StoredDelivery>> {
        read_all(fetch_all!(self, DELIVERIES_OF, DeliveryRow, ids, |query, id| query.bind(id.0))?)
    }

    /// The bytes of a mail as its first attempt sent them, packed.
    pub async fn sealed(&mut self, id: DeliveryId) -> Result<Option<Vec<u8>>> {
        optional_scalar!(self, SEALED, id.0)
    }

    /// At most `head` of the packed bytes of each of [`Tx::mails`] whose bytes are kept; in no order.
    pub async fn sealed_heads(&mut self, limit: i64, head: i32) -> Result<Vec<(DeliveryId, Vec<u8>)>> {
        let rows: Vec<(i64, Vec<u8>)> = all!(self, SEALED_HEADS, limit, head)?;
        Ok(rows.into_iter().map(|(id, packed)| (DeliveryId(id), packed)).collect())
    }

    /// The delivery of a mail with this Message-ID to this address. Copies of one reply share their id: where the address
    /// is none of theirs, the first that left, which is the requester's.
    pub async fn delivery_by_rfc_id(
        &mut self,
        rfc_id: &str,
        address: Option<&str>,
    ) -> Result<Option<StoredDelivery>> {
        let row: Option<DeliveryRow> =
            optional!(self, DELIVERY_BY_RFC_ID, clean(rfc_id), address.map(clean))?;
        row.map(DeliveryRow::read).transpose()
    }

    /// The mail that the submission server called so.
    pub async fn delivery_by_provider_id(&mut self, provider_id: &str) -> Result<Option<StoredDelivery>> {
        let row: Option<DeliveryRow> = optional!(self, DELIVERY_BY_PROVIDER_ID, clean(provider_id))?;
        row.map(DeliveryRow::read).transpose()
    }

    /// Keeps what the submission server called a mail.
    pub async fn keep_provider_id(&mut self, id: DeliveryId, provider_id: &str) -> Result<()> {
        execute!(self, KEEP_PROVIDER_ID, id.0, clean(provider_id)).map(drop)
    }

    /// The latest mails that left or wait to leave, newest first.
    pub async fn mails(&mut self, limit: i64) -> Result<Vec<StoredDelivery>> {
        let rows = all!(self, MAILS, limit)?;
        read_all(rows)
    }

    /// Leases up to `limit` deliveries of a channel that are due, the oldest first. One whose worker died counts as one
    /// that may have arrived.
    pub async fn claim(
        &mut self,
        channel: Channel,
        now: DateTime<Utc>,
        leased_until: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<StoredDelivery>> {
        let rows: Vec<DeliveryRow> = all!(self, CLAIM, now, leased_until, limit, channel.as_str())?;
        let mut claimed = read_all(rows)?;
        claimed.sort_by_key(|delivery| delivery.id);
        Ok(claimed)
    }

    /// Mails whose worker died a second time are left to a CM. Returns how many.
    pub async fn give_up_twice_lost(&mut self, now: DateTime<Utc>, why: &str) -> Result<u64> {
        execute!(self, GIVE_UP_TWICE_LOST, now, why)
    }

    /// Keeps the exact bytes of mails, packed, before their first attempt; later ones send the same.
    pub async fn seal(&mut self, mails: &[SealedBody<'_>], now: DateTime<Utc>) -> Result<()> {
        write_all!(self, SEAL, mails, |query, mail| query
            .bind(mail.delivery.0)
            .bind(now)
            .bind(mail.cc)
            .bind(mail.packed))
    }

    /// Writes where a delivery ends.
    pub async fn settle_delivery(
        &mut self,
        id: DeliveryId,
        state: DeliveryState,
        why: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        execute!(self, SETTLE, id.0, state.as_str(), why.map(clean), now).map(drop)
    }

    /// Writes that these attempts, each of its lease, sent their mails. Answers with those that were still in hand, as they stand
    /// then; in no order. [`Tx::settle_attempt`] tells of one.
    pub async fn settle_sent(
        &mut self,
        attempts: &[(DeliveryId, DateTime<Utc>)],
        now: DateTime<Utc>,
    ) -> Result<Vec<StoredDelivery>> {
        read_all(fetch_all!(self, SETTLE_SENT, DeliveryRow, attempts, |query, attempt| query
            .bind(attempt.0.0)
            .bind(attempt.1)
            .bind(now))?)
    }

    /// Writes where a delivery ends with the attempt of this lease. `false` when another worker has taken it over meanwhile, or
    /// something else has settled it: then nothing is written.
    pub async fn settle_attempt(
        &mut self,
        id: DeliveryId,
        lease: DateTime<Utc>,
        state: DeliveryState,
        why: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        execute!(self, SETTLE_ATTEMPT, id.0, lease, state.as_str(), why.map(clean), now).map(|rows| rows == 1)
    }

    /// Puts a delivery back for another attempt at `at`; `ambiguous_at` when this one may have arrived. `false` as
    /// in [`Tx::settle_attempt`].
    pub async fn try_later(
        &mut self,
        id: DeliveryId,
        lease: DateTime<Utc>,
        why: &str,
        at: DateTime<Utc>,
        ambiguous_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        execute!(self, TRY_LATER, id.0, lease, clean(why), at, now, ambiguous_at).map(|rows| rows == 1)
    }

    /// For each of these mails, each with its address: the automatic mails that left to that address since `since`, and
    /// when, the latest first. Of those that leave now, the ones before it.
    pub async fn automatic_lately(
        &mut self,
        mails: &[(DeliveryId, &str)],
        since: DateTime<Utc>,
    ) -> Result<Vec<Lately>> {
        let rows = fetch_all!(self, AUTOMATIC_LATELY, (i64, i64, DateTime<Utc>), mails, |query, mail| query
            .bind(mail.0.0)
            .bind(clean(mail.1))
            .bind(since))?;
        let read = |(of, id, at)| Lately { of: DeliveryId(of), id: DeliveryId(id), at };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Gives claimed deliveries back that were not attempted, each of its lease, as if that had never been: they are due again at
    /// once.
    pub async fn give_back(
        &mut self,
        leases: &[(DeliveryId, DateTime<Utc>)],
        now: DateTime<Utc>,
    ) -> Result<()> {
        write_all!(self, GIVE_BACK, leases, |query, lease| query.bind(lease.0.0).bind(lease.1).bind(now))
    }

    /// Gives a claimed delivery back before it was attempted: it is due again at `at`. `turn`: when it may leave whoever else
    /// waits, where it was given such a time.
    pub async fn put_off(
        &mut self,
        id: DeliveryId,
        why: &str,
        at: DateTime<Utc>,
        turn: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        execute!(self, PUT_OFF, id.0, clean(why), at, turn, now).map(drop)
    }

    /// Puts a failed or uncertain delivery back into the outbox. `false` when it is neither.
    pub async fn send_again(&mut self, id: DeliveryId, now: DateTime<Utc>) -> Result<bool> {
        execute!(self, SEND_AGAIN, id.0, now).map(|count| count == 1)
    }

    /// Takes an uncertain delivery for sent. `false` when it is not uncertain.
    pub async fn take_for_sent(&mut self, id: DeliveryId, now: DateTime<Utc>) -> Result<bool> {
        execute!(self, TAKE_FOR_SENT, id.0, now).map(|count| count == 1)
    }

    /// Status notices of a ticket that did not leave yet, or that nobody saw yet, give way to what `event` says.
    pub async fn overtake(
        &mut self,
        ticket: TicketId,
        event: EventId,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        execute!(self, OVERTAKE, ticket.0, event.0, why, now)?;
        execute!(self, WITHDRAW_OVERTAKEN, event.0, now).map(drop)
    }

    /// Takes back what an act planned, and gives their turn back to the notices that it had overtaken.
    pub async fn cancel_deliveries(&mut self, event: EventId, now: DateTime<Utc>) -> Result<()> {
        execute!(self, CANCEL, event.0, now)?;
        self.withdraw_notification(event, now).await?;
        execute!(self, SHOW_AGAIN, event.0)?;
        execute!(self, REVIVE, event.0, now).map(drop)
    }

    /// Whether anything that an act planned has left, or may be leaving.
    pub async fn anything_left(&mut self, event: EventId) -> Result<bool> {
        let gone: i64 = scalar!(self, GONE_FROM_EVENT, event.0)?;
        Ok(gone > 0)
    }

    /// When the next delivery of a channel becomes due.
    pub async fn next_due(&mut self, channel: Channel) -> Result<Option<DateTime<Utc>>> {
        scalar!(self, NEXT_DUE, channel.as_str())
    }

    /// How many deliveries wait, failed or are uncertain, and how many ended otherwise since `since`, by channel and state.
    pub async fn count_standing(
        &mut self,
        since: DateTime<Utc>,
    ) -> Result<Vec<(Channel, DeliveryState, i64)>> {
        let rows: Vec<(String, String, i64)> = all!(self, COUNT_STANDING, since)?;
        rows.into_iter()
            .map(|(channel, state, count)| {
                Ok((known(&channel, Channel::from_word)?, known(&state, DeliveryState::from_word)?, count))
            })
            .collect()
    }

    /// Since when the oldest that waits waits, by channel.
    pub async fn oldest_waiting(&mut self) -> Result<Vec<(Channel, DateTime<Utc>)>> {
        let rows: Vec<(String, DateTime<Utc>)> = all!(self, OLDEST_WAITING)?;
        rows.into_iter().map(|(channel, at)| Ok((known(&channel, Channel::from_word)?, at))).collect()
    }

    /// To whom the first `limit` mails go that wait.
    pub async fn waiting_addresses(&mut self, limit: i64) -> Result<Vec<String>> {
        let rows: Vec<(String,)> = all!(self, WAITING_ADDRESSES, limit)?;
        Ok(rows.into_iter().map(|(address,)| address).collect())
    }

    /// What failed or is uncertain, the latest first; from behind `before` on.
    pub async fn troubled(
        &mut self,
        before: Option<(DateTime<Utc>, DeliveryId)>,
        limit: i64,
    ) -> Result<Vec<Troubled>> {
        let (at, id) = going_back(before.map(|(at, id)| (at, id.0)));
        let rows: Vec<TroubledRow> = all!(self, TROUBLED, at, id, limit)?;
        rows.into_iter()
            .map(|row| {
                Ok(Troubled {
                    id: DeliveryId(row.id),
                    ticket: TicketId(row.ticket_id),
                    channel: known(&row.channel, Channel::from_word)?,
                    title: row.title,
                    recipient: row.recipient,
                    state: known(&row.state, DeliveryState::from_word)?,
                    why: row.why,
                    at: row.updated_at,
                })
            })
            .collect()
    }
}
