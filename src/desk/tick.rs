//! What the clock does: each timer that is due fires once, whoever looks, and runs on.

use super::apply::Act;
use super::{Desk, Failure, Inner, Result, locked};
use crate::domain::event::Event;
use crate::domain::followup::{TimerKind, after};
use crate::domain::ids::TicketId;
use crate::domain::people::{Actor, Door};
use crate::view::Fired;
use chrono::{DateTime, Utc};

impl Desk {
    /// Fires every timer that is due: each is a line of history, and is due again later, counted from now. Of two
    /// processes that tick at once, one fires it. A timer that cannot be fired is logged and does not keep the others.
    ///
    /// # Errors
    /// The database's, when it cannot be told what is due.
    pub async fn tick(&self) -> Result<Vec<Fired>> {
        let now = self.inner.clock.now();
        let mut fired = Vec::new();
        for due in self.due_timers().await? {
            match self.inner.fire(due, now).await {
                Ok(true) => fired.push(due),
                Ok(false) => {}
                Err(failure) => {
                    tracing::error!(ticket.id = due.ticket.0, timer = due.timer.as_str(), error = %failure, "timer not fired; trying again");
                }
            }
        }
        if !fired.is_empty() {
            self.inner.outbox_bell.notify_one();
            self.inner.ring_chats();
        }
        Ok(fired)
    }

    /// What [`Desk::tick`] would fire now, the longest due first.
    ///
    /// # Errors
    /// The database's.
    pub async fn due_timers(&self) -> Result<Vec<Fired>> {
        let now = self.inner.clock.now();
        let due = self.inner.store.read().await?.due_timers(now).await?;
        Ok(due.into_iter().map(|(ticket, timer, due_at)| Fired { ticket, timer, due_at }).collect())
    }

    /// When the next timer is due, be it in the past; `None` where none runs.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_timer(&self) -> Result<Option<DateTime<Utc>>> {
        Ok(self.inner.store.read().await?.next_timer().await?)
    }
}

impl Inner {
    /// `false`: somebody else was faster, or it is over.
    async fn fire(&self, due: Fired, now: DateTime<Utc>) -> Result<bool> {
        let Fired { ticket: id, timer, due_at } = due;
        let mut tx = self.store.begin().await?;
        let ticket = locked(&mut tx, id).await?;
        let next = match timer {
            TimerKind::UrgentUpdate => after(now, self.settings.rules.urgent_update),
        };
        if !tx.move_timer(id, timer, due_at, next).await? {
            return Ok(false);
        }
        let event = Event::UpdateDue { due: due_at, next };
        let act = Act {
            event: &event,
            actor: &Actor::System,
            door: Door::Clock,
            source_key: None,
            message: None,
            rung: None,
        };
        match self.apply(&mut tx, ticket, act, now).await {
            Ok(_) => {}
            // A ticket that takes no such act needs no reminder either.
            Err(Failure::Refused(_)) => {
                drop(tx);
                self.stop_timer(id, timer).await?;
                return Ok(false);
            }
            Err(broken) => return Err(broken),
        }
        tx.commit().await?;
        tracing::info!(ticket.id = id.0, timer = timer.as_str(), "timer fired");
        Ok(true)
    }

    async fn stop_timer(&self, ticket: TicketId, timer: TimerKind) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.set_timer(ticket, timer, None).await?;
        Ok(tx.commit().await?)
    }
}
