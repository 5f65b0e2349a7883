//! What is kept no longer: what is due to go, a little at a time, each by an index of what is still kept.
//! May import: domain, sqlx.

use super::dialect::{Bulk, Sql, all, execute, scalar, statements, write_all};
use super::{Result, Tx};
use crate::domain::ids::TicketId;
use chrono::{DateTime, Utc};
use std::sync::LazyLock;

/// Mails whose time is over. One that came to its ticket only lately, as a held one does, has had its time from then on.
macro_rules! mails_over {
    () => {
        "FROM raw_mail WHERE gone_at IS NULL AND state IN ('filed', 'ignored') AND received_at <= $1 \
         AND NOT EXISTS (SELECT 1 FROM message WHERE message.raw_mail_id = raw_mail.id AND message.at > $1)"
    };
}

/// Our own mails whose time is over, as they left.
macro_rules! sent_over {
    () => {
        "FROM sealed_body JOIN delivery ON delivery.id = sealed_body.delivery_id WHERE sealed_body.kept_at <= $1 \
         AND delivery.updated_at <= $1 AND delivery.state NOT IN ('pending', 'sending')"
    };
}

/// Tickets whose time is over. SQLite would look through all that are closed.
macro_rules! tickets_over {
    (sqlite) => {
        tickets_over!(" INDEXED BY ticket_kept")
    };
    (postgres) => {
        tickets_over!("")
    };
    ($index:literal) => {
        concat!(
            "FROM ticket",
            $index,
            " WHERE status = 'closed' AND merged_into IS NULL AND anonymised_at IS NULL AND status_since <= $1"
        )
    };
}

macro_rules! take_mails {
    ($lock:literal) => {
        concat!(
            "UPDATE raw_mail SET gone_at = $3, person = NULL, counts = FALSE WHERE id IN (SELECT id ",
            mails_over!(),
            " ORDER BY received_at, id LIMIT $2",
            $lock,
            ") RETURNING id"
        )
    };
}

macro_rules! take_sent {
    ($lock:literal) => {
        concat!(
            "DELETE FROM sealed_body WHERE delivery_id IN (SELECT sealed_body.delivery_id ",
            sent_over!(),
            " ORDER BY sealed_body.kept_at, sealed_body.delivery_id LIMIT $2",
            $lock,
            ")"
        )
    };
}

statements! {
    // Two programs at once take different ones.
    TAKE_MAILS = Sql::fork(take_mails!(""), take_mails!(" FOR UPDATE SKIP LOCKED"));
    TAKE_SENT = Sql::fork(take_sent!(""), take_sent!(" FOR UPDATE SKIP LOCKED"));
    TICKETS_OVER = Sql::fork(
        concat!("SELECT id ", tickets_over!(sqlite), " ORDER BY status_since, id LIMIT $2"),
        concat!("SELECT id ", tickets_over!(postgres), " ORDER BY status_since, id LIMIT $2"));
    COUNT_MAILS = Sql::same(concat!("SELECT CAST(COUNT(*) AS BIGINT) ", mails_over!()));
    COUNT_SENT = Sql::same(concat!("SELECT CAST(COUNT(*) AS BIGINT) ", sent_over!()));
    COUNT_TICKETS = Sql::fork(
        concat!("SELECT CAST(COUNT(*) AS BIGINT) ", tickets_over!(sqlite)),
        concat!("SELECT CAST(COUNT(*) AS BIGINT) ", tickets_over!(postgres)));
}

static DROP_BODIES: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(Sql::same("DELETE FROM raw_body WHERE raw_mail_id IN ("), Sql::same("$1"), 1, ")")
});
/// The statements of this file for many rows, by name.
pub(super) static BULKS: [(&str, &LazyLock<Bulk>); 1] = [("drop_bodies", &DROP_BODIES)];

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// Takes away the bytes of at most `limit` mails from before `until`; how many. That they came stays known.
    pub async fn drop_mails(&mut self, until: DateTime<Utc>, limit: i64, now: DateTime<Utc>) -> Result<u64> {
        let taken: Vec<(i64,)> = all!(self, TAKE_MAILS, until, limit, now)?;
        write_all!(self, DROP_BODIES, taken, |query, mail| query.bind(mail.0))?;
        Ok(taken.len() as u64)
    }

    /// The same of our own mails, as they left.
    pub async fn drop_sent_mails(&mut self, until: DateTime<Utc>, limit: i64) -> Result<u64> {
        execute!(self, TAKE_SENT, until, limit)
    }

    /// The first `limit` tickets that have been closed since before `until`, the longest closed first.
    pub async fn tickets_over(&mut self, until: DateTime<Utc>, limit: i64) -> Result<Vec<TicketId>> {
        let ids: Vec<(i64,)> = all!(self, TICKETS_OVER, until, limit)?;
        Ok(ids.into_iter().map(|(id,)| TicketId(id)).collect())
    }

    /// How many mails that came in are from before `until`.
    pub async fn count_mails_over(&mut self, until: DateTime<Utc>) -> Result<i64> {
        scalar!(self, COUNT_MAILS, until)
    }

    pub async fn count_sent_over(&mut self, until: DateTime<Utc>) -> Result<i64> {
        scalar!(self, COUNT_SENT, until)
    }

    pub async fn count_tickets_over(&mut self, until: DateTime<Utc>) -> Result<i64> {
        scalar!(self, COUNT_TICKETS, until)
    }
}
