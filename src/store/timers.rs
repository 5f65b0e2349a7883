//! The timers of tickets: at most one of each kind for a ticket. May import: domain, sqlx.

use super::dialect::{Sql, all, execute, optional_scalar, scalar, statements};
use super::{Result, Tx, known};
use crate::domain::followup::TimerKind;
use crate::domain::ids::TicketId;
use chrono::{DateTime, Utc};

statements! {
    TIMER = Sql::same("SELECT due_at FROM timer WHERE ticket_id = $1 AND kind = $2");
    SET_TIMER = Sql::same(
        "INSERT INTO timer (ticket_id, kind, due_at) VALUES ($1, $2, $3) \
         ON CONFLICT (ticket_id, kind) DO UPDATE SET due_at = excluded.due_at");
    STOP_TIMER = Sql::same("DELETE FROM timer WHERE ticket_id = $1 AND kind = $2");
    // Of two processes that saw the same timer due, one moves it.
    MOVE_TIMER = Sql::same("UPDATE timer SET due_at = $4 WHERE ticket_id = $1 AND kind = $2 AND due_at = $3");
    DUE_TIMERS = Sql::same(
        "SELECT ticket_id, kind, due_at FROM timer WHERE due_at <= $1 ORDER BY due_at, ticket_id, kind");
    NEXT_TIMER = Sql::same("SELECT MIN(due_at) FROM timer");
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// When a ticket's timer is due; `None` where none runs.
    pub async fn timer(&mut self, ticket: TicketId, kind: TimerKind) -> Result<Option<DateTime<Utc>>> {
        optional_scalar!(self, TIMER, ticket.0, kind.as_str())
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

    /// Moves a timer that is due at `from`. `false` when it is not any more: somebody else was faster, or it is over.
    pub async fn move_timer(
        &mut self,
        ticket: TicketId,
        kind: TimerKind,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<bool> {
        execute!(self, MOVE_TIMER, ticket.0, kind.as_str(), from, to).map(|count| count == 1)
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

    /// When the next timer is due, be it in the past; `None` where none runs.
    pub async fn next_timer(&mut self) -> Result<Option<DateTime<Utc>>> {
        scalar!(self, NEXT_TIMER)
    }
}
