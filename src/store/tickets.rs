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

/// How many messages hold a word that is called common.
const COMMON: i64 = 4000;

/// What a list may be narrowed by; each `NULL` leaves its column free.
macro_rules! queue_filter {
    () => {
        "(CAST($1 AS TEXT) IS NULL OR ticket.status = $1) AND (CAST($2 AS TEXT) IS NULL OR ticket.priority = $2) \
         AND (CAST($3 AS BIGINT) IS NULL OR ticket.assignee_id = $3) \
         AND (CAST($4 AS BIGINT) IS NULL OR ticket.requester_id = $4) "
    };
}

/// The tickets with a message in which every searched word begins a word. The index holds no text: the rows of
/// thousands of messages lie too far apart to read each for its ticket's number.
macro_rules! found {
    (sqlite) => {
        "AND ticket.id IN (SELECT message.ticket_id FROM message INDEXED BY message_home WHERE message.id IN \
         (SELECT rowid FROM search WHERE search MATCH $5)) "
    };
    (postgres) => {
        "AND ticket.id IN (SELECT message.ticket_id FROM message JOIN search ON search.message_id = message.id \
         WHERE search.words @@ CAST($5 AS tsquery)) "
    };
}

/// Newest change first, from a given place on.
macro_rules! queue_page {
    () => {
        "AND (CAST($6 AS BIGINT) IS NULL OR ticket.updated_at < $7 OR (ticket.updated_at = $7 AND ticket.id < $6)) \
         ORDER BY ticket.updated_at DESC, ticket.id DESC LIMIT $8"
    };
}

/// The page and how many match wherever it stands, searched for once.
macro_rules! search_queue {
    ($database:ident) => {
        concat!(
            "WITH matched AS MATERIALIZED (SELECT ",
            ticket_columns!(),
            " FROM ticket WHERE ",
            queue_filter!(),
            found!($database),
            ") SELECT ",
            ticket_columns!(),
            ", (SELECT CAST(COUNT(*) AS BIGINT) FROM matched) AS total FROM matched ticket WHERE TRUE ",
            queue_page!()
        )
    };
}

/// The same for words that very many messages hold, where nothing else narrows the list: the newest tickets are looked through
/// for those, instead of reading every ticket that has them. SQLite alone; PostgreSQL plans that by itself.
macro_rules! search_common {
    () => {
        concat!(
            "WITH matched AS MATERIALIZED (SELECT DISTINCT message.ticket_id AS id FROM message INDEXED BY message_home \
             WHERE message.id IN (SELECT rowid FROM search WHERE search MATCH $5)) SELECT ",
            ticket_columns!(),
            ", (SELECT CAST(COUNT(*) AS BIGINT) FROM matched) AS total FROM ticket INDEXED BY ticket_newest \
             WHERE ticket.id IN (SELECT id FROM matched) ORDER BY ticket.updated_at DESC, ticket.id DESC LIMIT $8"
        )
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
         anonymised_at = NULL, version = version + 1, updated_at = $7 WHERE id = $1 AND version = $2");
    SET_STANDING = Sql::same("UPDATE ticket SET status_since = $2, answer_due = $3 WHERE id = $1");
    SET_FOLLOWS = Sql::same("UPDATE ticket SET follows = $2 WHERE id = $1");
    FOLLOWER = Sql::same(
        "SELECT id FROM ticket WHERE follows = $1 AND requester_id = (SELECT requester_id FROM ticket WHERE id = $1) \
         ORDER BY id DESC LIMIT 1");
    QUEUE = Sql::same(concat!(
        "SELECT ", ticket_columns!(), " FROM ticket WHERE ", queue_filter!(), "AND CAST($5 AS TEXT) IS NULL ", queue_page!()));
    COUNT_QUEUE = Sql::same(concat!(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE ", queue_filter!(), "AND CAST($5 AS TEXT) IS NULL"));
    // What is asked all day, from an index alone.
    COUNT_ALL = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM ticket");
    COUNT_IN_STATUS = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE status = $1");
    SEARCH_QUEUE = Sql::fork(search_queue!(sqlite), search_queue!(postgres));
    SEARCH_COMMON = Sql::fork(search_common!(), search_queue!(postgres));
    IS_COMMON = Sql::fork(
        "SELECT COUNT(*) >= $2 FROM (SELECT rowid FROM search WHERE search MATCH $1 LIMIT $2)",
        "SELECT CAST($1 AS TEXT) IS NULL AND CAST($2 AS BIGINT) IS NULL");
    COUNT_SEARCH = Sql::fork(
        concat!("SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE ", queue_filter!(), found!(sqlite)),
        concat!("SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE ", queue_filter!(), found!(postgres)));
    COUNT_BY_STATUS = Sql::same(
        "SELECT status, CAST(COUNT(*) AS BIGINT) FROM ticket WHERE reason IS NULL OR reason <> 'spam' GROUP BY status");
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
    MARK_UNDONE = Sql::same("UPDATE event SET undone_at = $2 WHERE id = $1");
    TOUCHED_TICKETS = Sql::same(concat!(
        "SELECT ", ticket_columns!(), " FROM ticket WHERE updated_at >= $1 AND created_at < $2 \
         AND (reason IS NULL OR reason <> 'spam') ORDER BY id"));
    TOUCHED_EVENTS = Sql::same(
        "SELECT event.id, event.ticket_id, event.at, event.kind, event.door, event.actor, event.detail, event.version_after, \
         event.undone_at FROM event JOIN ticket ON ticket.id = event.ticket_id \
         WHERE ticket.updated_at >= $1 AND ticket.created_at < $2 ORDER BY event.id");
    OPEN_AFTER = Sql::same("SELECT id FROM ticket WHERE status <> 'closed' AND id > $1 ORDER BY id LIMIT $2");
    STANDING_SINCE = Sql::same(concat!(
        "SELECT ", ticket_columns!(), " FROM ticket WHERE status = $1 AND status_since <= $2 ORDER BY status_since, id LIMIT $3"));
    COUNT_STANDING = Sql::same(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE status = $1 AND status_since <= $2");
    OWED_BY = Sql::same(concat!(
        "SELECT ", ticket_columns!(), " FROM ticket WHERE status IN ('new', 'in_progress') AND answer_due < $1 \
         ORDER BY answer_due, id LIMIT $2"));
    COUNT_OWED = Sql::same(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE status IN ('new', 'in_progress') AND answer_due < $1");
    REVISION = Sql::same("SELECT (SELECT MAX(id) FROM event), (SELECT MAX(updated_at) FROM delivery)");
}

#[derive(sqlx::FromRow)]
struct TicketRow {
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
    fn read(self) -> Result<Ticket> {
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

#[derive(sqlx::FromRow)]
struct FoundRow {
    #[sqlx(flatten)]
    ticket: TicketRow,
    total: i64,
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

/// What a list is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    /// Only this status.
    pub status: Option<Status>,
    /// Only this priority.
    pub priority: Option<Priority>,
    /// Only this agent's.
    pub assignee: Option<AgentId>,
    /// Only this requester's.
    pub requester: Option<RequesterId>,
    /// Only tickets with a message that holds a word beginning with each of these; folded.
    pub words: Vec<String>,
    /// Only what stands behind this ticket in the list.
    pub before: Option<(DateTime<Utc>, TicketId)>,
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

    /// Writes what may change of a ticket and counts its version up; one that was anonymised may have words again. `false` when somebody else wrote since
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
            ticket.escalated_at
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

    /// The first `limit` tickets, newest change first, and how many match wherever the page stands.
    pub async fn queue(&mut self, narrowing: &Narrowing, limit: i64) -> Result<(Vec<Ticket>, i64)> {
        if let Some(words) = self.search_expression(&narrowing.words) {
            return self.search_queue(narrowing, &words, limit).await;
        }
        let (before_at, before_id) = narrowing.before.map(|(at, id)| (at, id.0)).unzip();
        let rows: Vec<TicketRow> = all!(
            self,
            QUEUE,
            narrowing.status.map(Status::as_str),
            narrowing.priority.map(Priority::as_str),
            narrowing.assignee.map(|id| id.0),
            narrowing.requester.map(|id| id.0),
            None::<String>,
            before_id,
            before_at,
            limit
        )?;
        let is_whole = narrowing.before.is_none() && (rows.len() as i64) < limit;
        let total = if is_whole { rows.len() as i64 } else { self.count_queue(narrowing, None).await? };
        Ok((rows.into_iter().map(TicketRow::read).collect::<Result<_>>()?, total))
    }

    async fn search_queue(
        &mut self,
        narrowing: &Narrowing,
        words: &str,
        limit: i64,
    ) -> Result<(Vec<Ticket>, i64)> {
        let (before_at, before_id) = narrowing.before.map(|(at, id)| (at, id.0)).unzip();
        let by_words_alone = matches!(
            narrowing,
            Narrowing { status: None, priority: None, assignee: None, requester: None, before: None, .. }
        );
        let is_common = by_words_alone && scalar!(self, IS_COMMON, words, COMMON)?;
        let rows: Vec<FoundRow> = all!(
            self,
            if is_common { SEARCH_COMMON } else { SEARCH_QUEUE },
            narrowing.status.map(Status::as_str),
            narrowing.priority.map(Priority::as_str),
            narrowing.assignee.map(|id| id.0),
            narrowing.requester.map(|id| id.0),
            words,
            before_id,
            before_at,
            limit
        )?;
        let total = match rows.first() {
            Some(row) => row.total,
            // Behind the last of them there is no row to say how many there are.
            None if narrowing.before.is_some() => self.count_queue(narrowing, Some(words)).await?,
            None => 0,
        };
        Ok((rows.into_iter().map(|row| row.ticket.read()).collect::<Result<_>>()?, total))
    }

    async fn count_queue(&mut self, narrowing: &Narrowing, words: Option<&str>) -> Result<i64> {
        if let (None, Narrowing { status, priority: None, assignee: None, requester: None, .. }) =
            (words, narrowing)
        {
            return match status {
                None => scalar!(self, COUNT_ALL),
                Some(status) => scalar!(self, COUNT_IN_STATUS, status.as_str()),
            };
        }
        let sql = if words.is_some() { COUNT_SEARCH } else { COUNT_QUEUE };
        scalar!(
            self,
            sql,
            narrowing.status.map(Status::as_str),
            narrowing.priority.map(Priority::as_str),
            narrowing.assignee.map(|id| id.0),
            narrowing.requester.map(|id| id.0),
            words
        )
    }

    /// How many tickets stand where, spam left out.
    pub async fn count_by_status(&mut self) -> Result<Vec<(Status, i64)>> {
        let rows: Vec<(String, i64)> = all!(self, COUNT_BY_STATUS)?;
        rows.into_iter().map(|(status, count)| Ok((known(&status, Status::from_word)?, count))).collect()
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

    /// The latest act of this agent after `since` that can be taken back and was not.
    /// The agent's latest act that can be taken back; with `beside`, the latest on the ticket of that line of history.
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

    pub async fn mark_undone(&mut self, event: EventId, now: DateTime<Utc>) -> Result<()> {
        execute!(self, MARK_UNDONE, event.0, now).map(drop)
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

    /// The tickets that have stood in a status since then or longer, the longest first, and how many there are.
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

    /// The tickets whose requester is owed an answer before then, the most pressing first, and how many there are.
    pub async fn owed_before(&mut self, before: DateTime<Utc>, limit: i64) -> Result<(Vec<Ticket>, i64)> {
        let rows: Vec<TicketRow> = all!(self, OWED_BY, before, limit)?;
        let count = scalar!(self, COUNT_OWED, before)?;
        Ok((rows.into_iter().map(TicketRow::read).collect::<Result<_>>()?, count))
    }

    /// A number that changes when a ticket or a delivery does: each change of a ticket has its line of history.
    pub async fn revision(&mut self) -> Result<i64> {
        let (event, delivered): (Option<i64>, Option<DateTime<Utc>>) = one!(self, REVISION)?;
        let delivered = delivered.map_or(0, |at| at.timestamp_millis());
        // Times of this century fit in 43 bits; the numbers of history lines move above and below them.
        Ok(event.unwrap_or_default().rotate_right(20) ^ delivered)
    }
}
