//! The web channel: each row is the notification. May import: domain, sqlx.

use super::dialect::{Sql, all, execute, optional, scalar, statements};
use super::outbox::NewDelivery;
use super::{Result, Tx, clean, known};
use crate::domain::ids::{EventId, MessageId, NotificationId, RequesterId, TicketId};
use crate::domain::notice::NoticeKind;
use chrono::{DateTime, Utc};

/// Those that a requester may see at `$2`: what can still be taken back is not told yet.
macro_rules! visible {
    () => {
        "requester_id = $1 AND visible_at <= $2 AND withdrawn_at IS NULL"
    };
}

statements! {
    ADD_NOTIFICATION = Sql::same(
        "INSERT INTO notification (requester_id, ticket_id, event_id, kind, title, message, created_at, visible_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id");
    WITHDRAW_NOTIFICATION = Sql::same(
        "UPDATE notification SET withdrawn_at = $2 WHERE event_id = $1 AND withdrawn_at IS NULL");
    // What waits to be shown is skipped, and so is what waits for the act that overtook it to be taken back.
    SKIP_UNSHOWN = Sql::same(
        "UPDATE delivery SET state = 'skipped', why = $3, overtaken_by = NULL, updated_at = $2 WHERE channel = 'web' \
         AND (state = 'sent' OR (state = 'skipped' AND overtaken_by IS NOT NULL)) AND event_id IN (SELECT event_id FROM notification \
         WHERE requester_id = $1 AND ((withdrawn_at IS NULL AND visible_at > $2) OR withdrawn_at > $4)) \
         RETURNING ticket_id, message_id");
    WITHDRAW_UNSHOWN = Sql::same(
        "UPDATE notification SET withdrawn_at = $2 WHERE requester_id = $1 AND visible_at > $2 AND withdrawn_at IS NULL");
    NOTIFICATIONS = Sql::same(concat!(
        "SELECT id, ticket_id, kind, title, message, visible_at, read_at FROM notification WHERE ", visible!(),
        " AND id < $3 ORDER BY id DESC LIMIT $4"));
    TOLD_BETWEEN = Sql::same(
        "SELECT id, ticket_id, kind, title, message, visible_at, read_at FROM notification WHERE requester_id = $1 \
         AND visible_at > $2 AND visible_at <= $3 AND withdrawn_at IS NULL ORDER BY visible_at, id");
    UNREAD = Sql::same(concat!(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM notification WHERE ", visible!(), " AND read_at IS NULL"));
    READ_ALL = Sql::same(concat!(
        "UPDATE notification SET read_at = $2 WHERE ", visible!(), " AND read_at IS NULL RETURNING id, ticket_id"));
    READ_ONE = Sql::same(concat!(
        "UPDATE notification SET read_at = $2 WHERE ", visible!(), " AND read_at IS NULL AND id = $3 RETURNING id, ticket_id"));
    NOTIFICATION = Sql::same(
        "SELECT id, ticket_id, kind, title, message, visible_at, read_at, requester_id, withdrawn_at FROM notification \
         WHERE id = $1");
}

/// A notification, as its requester sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredNotification {
    /// Its number.
    pub id: NotificationId,
    /// Its ticket.
    pub ticket: TicketId,
    /// Its colour.
    pub kind: NoticeKind,
    /// The guide's title.
    pub title: String,
    /// The guide's message.
    pub message: String,
    /// When it was told.
    pub at: DateTime<Utc>,
    /// When the requester said that they read it.
    pub read_at: Option<DateTime<Utc>>,
}

type Row = (i64, i64, String, String, String, DateTime<Utc>, Option<DateTime<Utc>>);

type WholeRow =
    (i64, i64, String, String, String, DateTime<Utc>, Option<DateTime<Utc>>, i64, Option<DateTime<Utc>>);

fn read((id, ticket, kind, title, message, at, read_at): Row) -> Result<StoredNotification> {
    let kind = known(&kind, NoticeKind::from_word)?;
    Ok(StoredNotification {
        id: NotificationId(id),
        ticket: TicketId(ticket),
        kind,
        title,
        message,
        at,
        read_at,
    })
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// The web channel of a delivery, shown from `visible_at` on.
    pub async fn add_notification(
        &mut self,
        requester: RequesterId,
        delivery: &NewDelivery<'_>,
        colour: NoticeKind,
        now: DateTime<Utc>,
        visible_at: DateTime<Utc>,
    ) -> Result<NotificationId> {
        scalar!(
            self,
            ADD_NOTIFICATION,
            requester.0,
            delivery.ticket.0,
            delivery.event.0,
            colour.as_str(),
            clean(delivery.title),
            clean(delivery.message),
            now,
            visible_at
        )
        .map(NotificationId)
    }

    pub(super) async fn withdraw_notification(&mut self, event: EventId, now: DateTime<Utc>) -> Result<()> {
        execute!(self, WITHDRAW_NOTIFICATION, event.0, now).map(drop)
    }

    /// What this requester was not shown yet is not shown to them any more: `why` says for what reason. An act since `undoable`
    /// may still be taken back: that brings back nothing that it had overtaken. Answers with what they were to be told of: each
    /// ticket, and the reply where it was one.
    pub async fn withdraw_unshown(
        &mut self,
        requester: RequesterId,
        why: &str,
        undoable: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(TicketId, Option<MessageId>)>> {
        let mut rows: Vec<(i64, Option<i64>)> =
            all!(self, SKIP_UNSHOWN, requester.0, now, clean(why), undoable)?;
        rows.sort_unstable();
        execute!(self, WITHDRAW_UNSHOWN, requester.0, now)?;
        Ok(rows.into_iter().map(|(ticket, message)| (TicketId(ticket), message.map(MessageId))).collect())
    }

    /// The latest first, below `before` where it is given.
    pub async fn notifications(
        &mut self,
        requester: RequesterId,
        before: Option<NotificationId>,
        limit: i64,
        now: DateTime<Utc>,
    ) -> Result<Vec<StoredNotification>> {
        let before = before.map_or(i64::MAX, |id| id.0);
        let rows: Vec<Row> = all!(self, NOTIFICATIONS, requester.0, now, before, limit)?;
        rows.into_iter().map(read).collect()
    }

    /// Those that a requester came to see after one instant and up to another, in that order.
    pub async fn told_between(
        &mut self,
        requester: RequesterId,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<StoredNotification>> {
        let rows: Vec<Row> = all!(self, TOLD_BETWEEN, requester.0, after, until)?;
        rows.into_iter().map(read).collect()
    }

    pub async fn count_unread(&mut self, requester: RequesterId, now: DateTime<Utc>) -> Result<i64> {
        scalar!(self, UNREAD, requester.0, now)
    }

    /// One of them, or all where none is named; those that were not read before, in their order.
    pub async fn mark_read(
        &mut self,
        requester: RequesterId,
        which: Option<NotificationId>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(NotificationId, TicketId)>> {
        let mut rows: Vec<(i64, i64)> = match which {
            Some(id) => all!(self, READ_ONE, requester.0, now, id.0)?,
            None => all!(self, READ_ALL, requester.0, now)?,
        };
        rows.sort_unstable();
        Ok(rows.into_iter().map(|(id, ticket)| (NotificationId(id), TicketId(ticket))).collect())
    }

    /// One, with whose it is and since when it is withdrawn.
    pub async fn notification(
        &mut self,
        id: NotificationId,
    ) -> Result<Option<(StoredNotification, RequesterId, Option<DateTime<Utc>>)>> {
        let row: Option<WholeRow> = optional!(self, NOTIFICATION, id.0)?;
        row.map(|(id, ticket, kind, title, message, at, read_at, requester, withdrawn_at)| {
            let told = read((id, ticket, kind, title, message, at, read_at))?;
            Ok((told, RequesterId(requester), withdrawn_at))
        })
        .transpose()
    }
}
