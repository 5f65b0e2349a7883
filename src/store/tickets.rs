//! Tickets and their history. May import: domain, sqlx.

use super::dialect::{
    Bulk, Sql, all, execute, one, optional, optional_scalar, scalar, statements, write_all,
};
use super::{Result, Tx, clean, known};
use crate::domain::event::{EventDetail, EventKind};
use crate::domain::ids::{AgentId, EventId, RequesterId, TicketId};
use crate::domain::people::Door;
use crate::domain::ticket::{Priority, Status, Ticket};
use chrono::{DateTime, Utc};
use std::sync::LazyLock;

/// The columns of a ticket, in the order of [`TicketRow`].
macro_rules! ticket_columns {
    () => {
        "ticket.id, ticket.subject, ticket.status, ticket.priority, ticket.assignee_id, ticket.requester_id, \
         ticket.reason, ticket.merged_into, ticket.follows, ticket.escalated_at, ticket.status_since, \
         ticket.answer_due, ticket.anonymised_at, ticket.version, ticket.created_at, ticket.updated_at"
    };
}
pub(super) use ticket_columns;

/// In status `$1` since `$2` or longer; one whose requester owes us an answer, since we last asked for it.
macro_rules! stands_since {
    () => {
        "status = $1 AND status_since <= $2 AND ($1 <> 'waiting_customer' OR NOT EXISTS (SELECT 1 FROM message \
         WHERE message.ticket_id = ticket.id AND message.direction = 'outbound' AND message.mark IS NULL \
         AND message.retracted_at IS NULL AND message.at > $2))"
    };
}

macro_rules! add_event {
    () => {
        "INSERT INTO event (ticket_id, at, kind, door, agent_id, actor, detail, version_after, source_key) VALUES "
    };
}

macro_rules! open_ticket {
    ($its_id:literal) => {
        concat!(
            "INSERT INTO ticket (id, subject, status, priority, requester_id, status_since, answer_due, version, \
             created_at, updated_at) ",
            $its_id,
            "VALUES "
        )
    };
}

macro_rules! touched_tickets {
    ($created_at:literal, $id:literal) => {
        concat!(
            "SELECT ",
            ticket_columns!(),
            " FROM ticket WHERE updated_at >= $1 AND ",
            $created_at,
            " < $2 AND (reason IS NULL OR reason <> 'spam') ORDER BY ",
            $id
        )
    };
}

macro_rules! touched_events {
    ($tables:literal, $created_at:literal) => {
        concat!(
            "SELECT event.id, event.ticket_id, event.at, event.kind, event.door, event.actor, event.detail, \
             event.version_after, event.undone_at FROM ",
            $tables,
            " ON event.ticket_id = ticket.id WHERE ticket.updated_at >= $1 AND ",
            $created_at,
            " < $2 ORDER BY event.id"
        )
    };
}

static ADD_EVENTS: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(Sql::same(add_event!()), Sql::same("($1, $2, $3, $4, $5, $6, $7, $8, $9)"), 9, "")
});
static OPEN_TICKETS: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        Sql::fork(open_ticket!(""), open_ticket!("OVERRIDING SYSTEM VALUE ")),
        Sql::same("($1, $2, 'new', 'normal', $3, $4, $5, 1, $6, $7)"),
        7,
        "",
    )
});
/// The statements of this file for many rows, by name.
pub(super) static BULKS: [(&str, &LazyLock<Bulk>); 2] =
    [("add_events", &ADD_EVENTS), ("open_tickets", &OPEN_TICKETS)];

statements! {
    TICKET = Sql::same(concat!("SELECT ", ticket_columns!(), " FROM ticket WHERE ticket.id = $1"));
    LOCK_TICKET = Sql::fork(
        concat!("SELECT ", ticket_columns!(), " FROM ticket WHERE ticket.id = $1"),
        concat!("SELECT ", ticket_columns!(), " FROM ticket WHERE ticket.id = $1 FOR UPDATE"));
    SAVE_TICKET = Sql::same(
        "UPDATE ticket SET status = $3, priority = $4, assignee_id = $5, reason = $6, merged_into = $8, escalated_at = $9, \
         anonymised_at = $10, version = version + 1, updated_at = $7 WHERE id = $1 AND version = $2");
    SET_STANDING = Sql::same("UPDATE ticket SET status_since = $2, answer_due = $3 WHERE id = $1");
    SET_FOLLOWS = Sql::same("UPDATE ticket SET follows = $2 WHERE id = $1");
    FOLLOWER = Sql::same(
        "SELECT id FROM ticket WHERE follows = $1 AND requester_id = (SELECT requester_id FROM ticket WHERE id = $1) \
         ORDER BY id DESC LIMIT 1");
    // Most tickets are closed, and nobody asks how many: all are counted at once, the others one by one.
    COUNT_BY_STATUS = Sql::same(
        "SELECT status, CAST(COUNT(*) AS BIGINT) FROM ticket WHERE status IN ('new', 'in_progress', 'waiting_customer', 'resolved') \
         AND COALESCE(reason, '') <> 'spam' GROUP BY status");
    COUNT_NOT_SPAM = Sql::same(
        "SELECT CAST((SELECT COUNT(*) FROM ticket) - (SELECT COUNT(*) FROM ticket WHERE reason = 'spam') AS BIGINT)");
    ADD_EVENT = Sql::same(concat!(add_event!(), "($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id"));
    EVENTS = Sql::same(
        "SELECT id, ticket_id, at, kind, door, actor, detail, version_after, undone_at FROM event WHERE ticket_id = $1 ORDER BY id");
    EVENT_BY_SOURCE = Sql::same(
        "SELECT id, ticket_id, at, kind, door, actor, detail, version_after, undone_at FROM event WHERE source_key = $1");
    LATEST_ACTS = Sql::same(
        "SELECT id, ticket_id, at, kind, door, actor, detail, version_after, undone_at FROM event \
         WHERE agent_id = $1 AND at > $2 AND undone_at IS NULL \
         AND kind IN ('replied', 'status_set', 'note_added', 'priority_set', 'assigned', 'merged_into', 'participants_set', \
         'handed_over', 'escalated', 'made_urgent', 'tags_set', 'fixed', 'reminded', 'snoozed') \
         AND (CAST($3 AS BIGINT) IS NULL OR ticket_id = COALESCE((SELECT ticket_id FROM event m WHERE m.id = $3), ticket_id)) \
         ORDER BY id DESC LIMIT 1");
    EVENTS_SINCE = Sql::same(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM event WHERE ticket_id = $1 AND id > $2 AND undone_at IS NULL \
         AND kind NOT IN ('undone', 'feedback_given', 'deadline_near', 'deadline_missed', 'stale', 'snooze_over', 'proposed')");
    MARK_UNDONE = Sql::same("UPDATE event SET undone_at = $2 WHERE id = $1 AND undone_at IS NULL");
    // SQLite would read all there ever was, in the order that is asked for: it is led along the last changes.
    TOUCHED_TICKETS = Sql::fork(
        touched_tickets!("+created_at", "+ticket.id"), touched_tickets!("created_at", "ticket.id"));
    TOUCHED_EVENTS = Sql::fork(
        touched_events!("ticket CROSS JOIN event", "+ticket.created_at"),
        touched_events!("ticket JOIN event", "ticket.created_at"));
    OPEN_AFTER = Sql::same("SELECT id FROM ticket WHERE status <> 'closed' AND id > $1 ORDER BY id LIMIT $2");
    STANDING_SINCE = Sql::same(concat!(
        "SELECT ", ticket_columns!(), " FROM ticket WHERE ", stands_since!(), " ORDER BY status_since, id LIMIT $3"));
    COUNT_STANDING = Sql::same(concat!("SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE ", stands_since!()));
    PUT_OFF_SINCE = Sql::same(concat!(
        "SELECT ", ticket_columns!(), " FROM ticket WHERE ", stands_since!(), " AND EXISTS (SELECT 1 FROM event \
         WHERE event.ticket_id = ticket.id AND event.kind = 'snoozed' AND event.undone_at IS NULL \
         AND event.at >= ticket.status_since)"));
    OWED_BY = Sql::same(concat!(
        "SELECT ", ticket_columns!(), " FROM ticket WHERE status IN ('new', 'in_progress') AND answer_due < $1 \
         ORDER BY answer_due, id LIMIT $2"));
    COUNT_OWED = Sql::same(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE status IN ('new', 'in_progress') AND answer_due < $1");
    ANSWERED = Sql::same(concat!(
        "SELECT ", ticket_columns!(), " FROM ticket WHERE status = 'in_progress' AND answer_due IS NULL \
         AND escalated_at IS NULL ORDER BY status_since, id LIMIT $1"));
    COUNT_ANSWERED = Sql::same(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE status = 'in_progress' AND answer_due IS NULL \
         AND escalated_at IS NULL");
    ASKED_SINCE = Sql::same(
        "SELECT id, subject FROM ticket WHERE created_at >= $1 AND merged_into IS NULL AND anonymised_at IS NULL \
         AND (reason IS NULL OR reason <> 'spam') ORDER BY created_at DESC, id DESC LIMIT $2");
    // A line may be written before another that was numbered first: the newest number alone would not tell of that one.
    REVISION = Sql::same(
        "SELECT (SELECT CAST(SUM(id) AS BIGINT) FROM (SELECT id FROM event ORDER BY id DESC LIMIT 64) AS latest), \
         (SELECT MAX(updated_at) FROM delivery)");
}

/// A ticket as it is stored.
#[derive(sqlx::FromRow)]
pub(super) struct TicketRow {
    id: i64,
    subject: String,
    status: String,
    priority: String,
    assignee_id: Option<i64>,
    requester_id: i64,
    reason: Option<String>,
    merged_into: Option<i64>,
    follows: Option<i64>,
    escalated_at: Option<DateTime<Utc>>,
    status_since: DateTime<Utc>,
    answer_due: Option<DateTime<Utc>>,
    anonymised_at: Option<DateTime<Utc>>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TicketRow {
    pub(super) fn read(self) -> Result<Ticket> {
        Ok(Ticket {
            id: TicketId(self.id),
            subject: self.subject,
            status: known(&self.status, Status::from_word)?,
            priority: known(&self.priority, Priority::from_word)?,
            assignee: self.assignee_id.map(AgentId),
            requester: RequesterId(self.requester_id),
            reason: self.reason,
            merged_into: self.merged_into.map(TicketId),
            follows: self.follows.map(TicketId),
            escalated_at: self.escalated_at,
            status_since: self.status_since,
            answer_due: self.answer_due,
            anonymised_at: self.anonymised_at,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// A line of history, as it is read.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// Its number.
    pub id: EventId,
    /// Whose history.
    pub ticket: TicketId,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: EventKind,
    /// By which door.
    pub door: String,
    /// Who, in words.
    pub actor: String,
    /// The rest.
    pub detail: EventDetail,
    /// The ticket's version once it had happened.
    pub version_after: i64,
    /// When it was taken back.
    pub undone_at: Option<DateTime<Utc>>,
}

fn written(detail: &EventDetail) -> Result<String> {
    serde_json::to_string(detail).map_err(|error| sqlx::Error::Encode(error.into()))
}

#[derive(sqlx::FromRow)]
struct EventRow {
    id: i64,
    ticket_id: i64,
    at: DateTime<Utc>,
    kind: String,
    door: String,
    actor: String,
    detail: String,
    version_after: i64,
    undone_at: Option<DateTime<Utc>>,
}

impl EventRow {
    fn read(self) -> Result<StoredEvent> {
        Ok(StoredEvent {
            id: EventId(self.id),
            ticket: TicketId(self.ticket_id),
            at: self.at,
            kind: known(&self.kind, EventKind::from_word)?,
            door: self.door,
            actor: self.actor,
            detail: serde_json::from_str(&self.detail).map_err(|error| sqlx::Error::Decode(error.into()))?,
            version_after: self.version_after,
            undone_at: self.undone_at,
        })
    }
}

/// A line of history to append.
#[derive(Debug)]
pub struct NewEvent<'a> {
    /// Whose history.
    pub ticket: TicketId,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: EventKind,
    /// By which door.
    pub door: Door,
    /// The agent who acts, where one does.
    pub agent: Option<AgentId>,
    /// Who, in words that stay true when names change later.
    pub actor: &'a str,
    /// The rest.
    pub detail: &'a EventDetail,
    /// The ticket's version once it has happened.
    pub version_after: i64,
    /// What makes a resend of the same request harmless; unique.
    pub source_key: Option<&'a str>,
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// Opens tickets, each with its subject, for its requester, who is owed an answer by `answer_due`; their numbers in the
    /// same order.
    pub async fn open_tickets(
        &mut self,
        openings: &[(String, RequesterId)],
        answer_due: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Vec<TicketId>> {
        let ids = self.next_ids("ticket", openings.len()).await?;
        let rows: Vec<_> = ids.iter().zip(openings).collect();
        write_all!(self, OPEN_TICKETS, rows, |query, row| query
            .bind(row.0)
            .bind(clean(&row.1.0))
            .bind(row.1.1.0)
            .bind(now)
            .bind(answer_due)
            .bind(now)
            .bind(now))?;
        Ok(ids.into_iter().map(TicketId).collect())
    }

    pub async fn ticket(&mut self, id: TicketId) -> Result<Option<Ticket>> {
        let row: Option<TicketRow> = optional!(self, TICKET, id.0)?;
        row.map(TicketRow::read).transpose()
    }

    /// The ticket, held for this transaction: nobody else changes it before the commit.
    pub async fn lock_ticket(&mut self, id: TicketId) -> Result<Option<Ticket>> {
        let row: Option<TicketRow> = optional!(self, LOCK_TICKET, id.0)?;
        row.map(TicketRow::read).transpose()
    }

    /// Writes what may change of a ticket and counts its version up. `false` when somebody else wrote since
    /// `ticket.version` was read; then nothing was written.
    pub async fn save_ticket(&mut self, ticket: &Ticket, now: DateTime<Utc>) -> Result<bool> {
        execute!(
            self,
            SAVE_TICKET,
            ticket.id.0,
            ticket.version,
            ticket.status.as_str(),
            ticket.priority.as_str(),
            ticket.assignee.map(|id| id.0),
            ticket.reason.as_deref().map(clean),
            now,
            ticket.merged_into.map(|id| id.0),
            ticket.escalated_at,
            ticket.anonymised_at
        )
        .map(|count| count == 1)
    }

    /// Writes since when a ticket stands where it does, and by when its requester is owed an answer. Its version stays: both
    /// follow from what the version counts.
    pub async fn set_standing(
        &mut self,
        id: TicketId,
        since: DateTime<Utc>,
        answer_due: Option<DateTime<Utc>>,
    ) -> Result<()> {
        execute!(self, SET_STANDING, id.0, since, answer_due).map(drop)
    }

    /// Writes that a ticket goes on from a closed one.
    pub async fn set_follows(&mut self, ticket: TicketId, before: TicketId) -> Result<()> {
        execute!(self, SET_FOLLOWS, ticket.0, before.0).map(drop)
    }

    /// The latest ticket of the same requester that goes on from this one.
    pub async fn follower(&mut self, ticket: TicketId) -> Result<Option<TicketId>> {
        let id: Option<i64> = optional_scalar!(self, FOLLOWER, ticket.0)?;
        Ok(id.map(TicketId))
    }

    /// How many tickets there are, and how many of them stand where, the closed ones apart; spam left out.
    pub async fn count_by_status(&mut self) -> Result<(i64, Vec<(Status, i64)>)> {
        let rows: Vec<(String, i64)> = all!(self, COUNT_BY_STATUS)?;
        let counts = rows.into_iter().map(|(status, count)| Ok((known(&status, Status::from_word)?, count)));
        Ok((scalar!(self, COUNT_NOT_SPAM)?, counts.collect::<Result<_>>()?))
    }

    /// Appends a line of history.
    pub async fn add_event(&mut self, event: &NewEvent<'_>) -> Result<EventId> {
        let detail = written(event.detail)?;
        scalar!(
            self,
            ADD_EVENT,
            event.ticket.0,
            event.at,
            event.kind.as_str(),
            event.door.as_str(),
            event.agent.map(|id| id.0),
            clean(event.actor),
            clean(&detail),
            event.version_after,
            event.source_key
        )
        .map(EventId)
    }

    /// Appends lines to several histories.
    pub async fn add_events(&mut self, events: &[NewEvent<'_>]) -> Result<()> {
        let events: Vec<(&NewEvent<'_>, String)> =
            events.iter().map(|event| Ok((event, written(event.detail)?))).collect::<Result<_>>()?;
        write_all!(self, ADD_EVENTS, events, |query, event| query
            .bind(event.0.ticket.0)
            .bind(event.0.at)
            .bind(event.0.kind.as_str())
            .bind(event.0.door.as_str())
            .bind(event.0.agent.map(|id| id.0))
            .bind(clean(event.0.actor))
            .bind(clean(&event.1))
            .bind(event.0.version_after)
            .bind(event.0.source_key))
    }

    pub async fn events(&mut self, ticket: TicketId) -> Result<Vec<StoredEvent>> {
        let rows: Vec<EventRow> = all!(self, EVENTS, ticket.0)?;
        rows.into_iter().map(EventRow::read).collect()
    }

    pub async fn event_by_source(&mut self, source_key: &str) -> Result<Option<StoredEvent>> {
        let row: Option<EventRow> = optional!(self, EVENT_BY_SOURCE, source_key)?;
        row.map(EventRow::read).transpose()
    }

    /// The latest act of this agent after `since` that can be taken back and was not; with `beside`, the latest on the ticket of
    /// that line of history.
    pub async fn latest_act(
        &mut self,
        agent: AgentId,
        since: DateTime<Utc>,
        beside: Option<EventId>,
    ) -> Result<Option<StoredEvent>> {
        let row: Option<EventRow> =
            optional!(self, LATEST_ACTS, agent.0, since, beside.map(|event| event.0))?;
        row.map(EventRow::read).transpose()
    }

    /// Whether anything happened on a ticket since an act that still stands.
    pub async fn anything_since(&mut self, ticket: TicketId, act: EventId) -> Result<bool> {
        let since: i64 = scalar!(self, EVENTS_SINCE, ticket.0, act.0)?;
        Ok(since > 0)
    }

    /// `false` when the act was taken back before.
    pub async fn mark_undone(&mut self, event: EventId, now: DateTime<Utc>) -> Result<bool> {
        execute!(self, MARK_UNDONE, event.0, now).map(|rows| rows == 1)
    }

    /// The tickets to which anything may have happened from one instant to another, without spam.
    pub async fn touched_tickets(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Ticket>> {
        let rows: Vec<TicketRow> = all!(self, TOUCHED_TICKETS, from, to)?;
        rows.into_iter().map(TicketRow::read).collect()
    }

    /// Their whole histories, and those of the others of the time.
    pub async fn touched_events(
        &mut self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<StoredEvent>> {
        let rows: Vec<EventRow> = all!(self, TOUCHED_EVENTS, from, to)?;
        rows.into_iter().map(EventRow::read).collect()
    }

    /// The first tickets above a number that are not closed.
    pub async fn open_after(&mut self, after: TicketId, limit: i64) -> Result<Vec<TicketId>> {
        let ids: Vec<(i64,)> = all!(self, OPEN_AFTER, after.0, limit)?;
        Ok(ids.into_iter().map(|(id,)| TicketId(id)).collect())
    }

    /// The tickets that have stood in a status since then or longer, the longest first, and how many there are. One whose
    /// requester owes us an answer stands since we last asked for it.
    pub async fn standing_since(
        &mut self,
        status: Status,
        since: DateTime<Utc>,
        limit: i64,
    ) -> Result<(Vec<Ticket>, i64)> {
        let rows: Vec<TicketRow> = all!(self, STANDING_SINCE, status.as_str(), since, limit)?;
        let count = scalar!(self, COUNT_STANDING, status.as_str(), since)?;
        Ok((rows.into_iter().map(TicketRow::read).collect::<Result<_>>()?, count))
    }

    /// Those of them that were put off while they stood there, for however long.
    pub async fn put_off_since(&mut self, status: Status, since: DateTime<Utc>) -> Result<Vec<Ticket>> {
        let rows: Vec<TicketRow> = all!(self, PUT_OFF_SINCE, status.as_str(), since)?;
        rows.into_iter().map(TicketRow::read).collect()
    }

    /// The tickets whose requester is owed an answer before then, the most pressing first, and how many there are.
    pub async fn owed_before(&mut self, before: DateTime<Utc>, limit: i64) -> Result<(Vec<Ticket>, i64)> {
        let rows: Vec<TicketRow> = all!(self, OWED_BY, before, limit)?;
        let count = scalar!(self, COUNT_OWED, before)?;
        Ok((rows.into_iter().map(TicketRow::read).collect::<Result<_>>()?, count))
    }

    /// The tickets in progress whose requester is owed nothing and that no other team has, the longest there first, and how
    /// many there are.
    pub async fn answered(&mut self, limit: i64) -> Result<(Vec<Ticket>, i64)> {
        let rows: Vec<TicketRow> = all!(self, ANSWERED, limit)?;
        let count = scalar!(self, COUNT_ANSWERED)?;
        Ok((rows.into_iter().map(TicketRow::read).collect::<Result<_>>()?, count))
    }

    /// The numbers and subjects of the latest `limit` tickets that were opened since then, the newest first; without spam,
    /// merged and anonymised ones.
    pub async fn asked_since(&mut self, since: DateTime<Utc>, limit: i64) -> Result<Vec<(TicketId, String)>> {
        let rows: Vec<(i64, String)> = all!(self, ASKED_SINCE, since, limit)?;
        Ok(rows.into_iter().map(|(id, subject)| (TicketId(id), subject)).collect())
    }

    /// A number that changes when a ticket or a delivery does: each change of a ticket has its line of history.
    pub async fn revision(&mut self) -> Result<i64> {
        let (events, delivered): (Option<i64>, Option<DateTime<Utc>>) = one!(self, REVISION)?;
        let delivered = delivered.map_or(0, |at| at.timestamp_millis());
        // Spread over all bits, so that no step of the one undoes a step of the other.
        const SPREAD: i64 = 0x1E37_79B9_7F4A_7C15;
        Ok(events.unwrap_or_default().wrapping_mul(SPREAD) ^ delivered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::messages;
    use crate::store::plans::Plans;

    #[tokio::test]
    async fn a_report_reads_on_sqlite_what_its_tickets_hold_and_no_more() {
        let mut plans = Plans::new().await;
        let all = STATEMENTS.iter().chain(messages::STATEMENTS);
        let of_reports: Vec<_> = all.filter(|(name, _)| name.contains("::TOUCHED_")).collect();
        assert_eq!(of_reports.len(), 3);
        for (name, sql) in of_reports {
            let plan = plans.of(sql).await;
            let by_changes = |step: &str| step.contains("ticket USING") && step.contains("ticket_newest");
            assert!(plan.iter().any(|step| by_changes(step)), "{name}: {plan:?}");
            assert!(!plan.iter().any(|step| step.starts_with("SCAN")), "{name}: {plan:?}");
        }
    }
}
