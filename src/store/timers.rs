//! The timers of tickets: at most one of each kind for a ticket; and what was told to the team on a day. May import: domain, sqlx.

use super::dialect::{Bulk, Sql, all, execute, optional_scalar, scalar, statements, write_all};
use super::{Result, Tx, known};
use crate::domain::followup::TimerKind;
use crate::domain::ids::TicketId;
use chrono::{DateTime, Utc};
use std::sync::LazyLock;

static ADD_TIMERS: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        Sql::same("INSERT INTO timer (ticket_id, kind, due_at) VALUES "),
        Sql::same("($1, $2, $3)"),
        3,
        "",
    )
});
/// The statements of this file for many rows, by name.
pub(super) static BULKS: [(&str, &LazyLock<Bulk>); 1] = [("add_timers", &ADD_TIMERS)];

statements! {
    TIMER = Sql::same("SELECT due_at FROM timer WHERE ticket_id = $1 AND kind = $2");
    TIMERS = Sql::same("SELECT kind, due_at FROM timer WHERE ticket_id = $1");
    SET_TIMER = Sql::same(
        "INSERT INTO timer (ticket_id, kind, due_at) VALUES ($1, $2, $3) \
         ON CONFLICT (ticket_id, kind) DO UPDATE SET due_at = excluded.due_at");
    STOP_TIMER = Sql::same("DELETE FROM timer WHERE ticket_id = $1 AND kind = $2");
    STOP_TIMER_DUE = Sql::same("DELETE FROM timer WHERE ticket_id = $1 AND kind = $2 AND due_at = $3");
    DUE_TIMERS = Sql::same(
        "SELECT ticket_id, kind, due_at FROM timer WHERE due_at <= $1 ORDER BY due_at, ticket_id, kind");
    COUNT_AHEAD = Sql::same(
        "SELECT kind, CAST(COUNT(*) AS BIGINT) FROM timer WHERE due_at < $1 GROUP BY kind");
    IS_TOLD = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM ritual WHERE kind = $1 AND day = $2");
    NOTE_TOLD = Sql::same(
        "INSERT INTO ritual (kind, day, told_at) VALUES ($1, $2, $3) ON CONFLICT (kind, day) DO NOTHING");
    NEXT_TIMER = Sql::same("SELECT MIN(due_at) FROM timer");
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// When a ticket's timer is due; `None` where none runs.
    pub async fn timer(&mut self, ticket: TicketId, kind: TimerKind) -> Result<Option<DateTime<Utc>>> {
        optional_scalar!(self, TIMER, ticket.0, kind.as_str())
    }

    /// The timers of a ticket.
    pub async fn timers(&mut self, ticket: TicketId) -> Result<Vec<(TimerKind, DateTime<Utc>)>> {
        let rows: Vec<(String, DateTime<Utc>)> = all!(self, TIMERS, ticket.0)?;
        rows.into_iter().map(|(kind, due)| Ok((known(&kind, TimerKind::from_word)?, due))).collect()
    }

    /// Starts timers of tickets that have none.
    pub async fn add_timers(&mut self, timers: &[(TicketId, TimerKind, DateTime<Utc>)]) -> Result<()> {
        write_all!(self, ADD_TIMERS, timers, |query, timer| query
            .bind(timer.0.0)
            .bind(timer.1.as_str())
            .bind(timer.2))
    }

    /// Has a timer run until `due`, or not at all.
    pub async fn set_timer(
        &mut self,
        ticket: TicketId,
        kind: TimerKind,
        due: Option<DateTime<Utc>>,
    ) -> Result<()> {
        match due {
            Some(due) => execute!(self, SET_TIMER, ticket.0, kind.as_str(), due).map(drop),
            None => execute!(self, STOP_TIMER, ticket.0, kind.as_str()).map(drop),
        }
    }

    /// Has a timer not run that is due at `due`; one that was put elsewhere meanwhile runs on.
    pub async fn stop_timer(&mut self, ticket: TicketId, kind: TimerKind, due: DateTime<Utc>) -> Result<()> {
        execute!(self, STOP_TIMER_DUE, ticket.0, kind.as_str(), due).map(drop)
    }

    /// Every timer that is due, the longest due first.
    pub async fn due_timers(
        &mut self,
        now: DateTime<Utc>,
    ) -> Result<Vec<(TicketId, TimerKind, DateTime<Utc>)>> {
        let rows: Vec<(i64, String, DateTime<Utc>)> = all!(self, DUE_TIMERS, now)?;
        let read = |(ticket, kind, due): (i64, String, _)| {
            Ok((TicketId(ticket), known(&kind, TimerKind::from_word)?, due))
        };
        rows.into_iter().map(read).collect()
    }

    /// How many timers of each kind are due before then.
    pub async fn count_timers(&mut self, before: DateTime<Utc>) -> Result<Vec<(TimerKind, i64)>> {
        let rows: Vec<(String, i64)> = all!(self, COUNT_AHEAD, before)?;
        rows.into_iter().map(|(kind, count)| Ok((known(&kind, TimerKind::from_word)?, count))).collect()
    }

    /// Whether something was told on its day.
    pub async fn is_told(&mut self, ritual: &str, day: &str) -> Result<bool> {
        let told: i64 = scalar!(self, IS_TOLD, ritual, day)?;
        Ok(told > 0)
    }

    /// Notes that something is told on its day. `false`: somebody else was faster.
    pub async fn note_told(&mut self, ritual: &str, day: &str, now: DateTime<Utc>) -> Result<bool> {
        execute!(self, NOTE_TOLD, ritual, day, now).map(|count| count == 1)
    }

    /// When the next timer is due, be it in the past; `None` where none runs.
    pub async fn next_timer(&mut self) -> Result<Option<DateTime<Utc>>> {
        scalar!(self, NEXT_TIMER)
    }
}
