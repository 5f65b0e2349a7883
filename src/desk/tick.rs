//! What the clock does: each timer that is due fires once, whoever looks, and what it does is an act like any other.

use super::apply::Act;
use super::run::{Written, write};
use super::timetable::Past;
use super::{Desk, Failure, Inner, Result, locked};
use crate::domain::event::Event;
use crate::domain::followup::{Mode, TimerKind, after, asked};
use crate::domain::ids::{MessageId, TicketId};
use crate::domain::message::{Direction, Mark};
use crate::domain::people::{Actor, Door, first_name};
use crate::domain::sla::Due;
use crate::domain::ticket::Ticket;
use crate::store::Tx;
use crate::view::Fired;
use crate::wording;
use crate::wording::canned::Names;
use chrono::{DateTime, Utc};

/// How often is looked again for what came due by what was fired, at most.
const ROUNDS: usize = 4;

/// What is done for a timer.
struct Firing {
    timer: TimerKind,
    due_at: DateTime<Utc>,
    /// The deadline that it is about.
    due: Option<Due>,
    /// Since when the requester owes us an answer, for a closing.
    asked: DateTime<Utc>,
}

impl Desk {
    /// Fires every timer that is due: each is a line of history. Of two processes that tick at once, one fires it; of
    /// several steps of one ticket that came due while nobody looked, the latest is taken. A timer that cannot be fired
    /// is logged and does not keep the others.
    ///
    /// # Errors
    /// The database's, when it cannot be told what is due.
    pub async fn tick(&self) -> Result<Vec<Fired>> {
        let now = self.inner.clock.now();
        self.inner.replan_all_if_changed().await?;
        let mut fired = Vec::new();
        for _ in 0..ROUNDS {
            let due = self.inner.store.read().await?.due_timers(now).await?;
            let before = fired.len();
            for (ticket, timer, due_at) in due {
                match self.inner.fire(ticket, timer, due_at, now).await {
                    Ok(Some(done)) => fired.push(done),
                    Ok(None) => {}
                    Err(failure) => {
                        tracing::error!(ticket.id = ticket.0, timer = timer.as_str(), error = %failure, "timer not fired; trying again");
                    }
                }
            }
            if fired.len() == before {
                break;
            }
        }
        fired.extend(self.inner.tell_rituals(now).await?);
        if !fired.is_empty() {
            self.inner.ring_outbox();
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
        let mut tx = self.inner.store.read().await?;
        let mut would = Vec::new();
        for (id, timer, due_at) in tx.due_timers(now).await? {
            let Some(ticket) = tx.ticket(id).await? else { continue };
            if let Some(firing) = self.inner.firing(&mut tx, ticket, timer, due_at, now).await? {
                let (timer, due_at) = (firing.timer, firing.due_at);
                would.push(Fired { ticket: Some(id), timer: timer.as_str(), due_at });
            }
        }
        would.extend(self.inner.due_rituals(&mut tx, now).await?);
        Ok(would)
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
    /// What is to be done for a timer that came due, as the ticket's past has it now; `None` where nothing is.
    async fn firing(
        &self,
        tx: &mut Tx,
        ticket: Ticket,
        timer: TimerKind,
        due_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<Firing>> {
        let created_at = ticket.created_at;
        let firing = |timer, due_at, due| Firing { timer, due_at, due, asked: created_at };
        if timer == TimerKind::UrgentUpdate {
            return Ok(Some(firing(timer, due_at, None)));
        }
        let past = Past::read(tx, ticket).await?;
        let life = past.life();
        let rules = &self.settings.rules;
        if matches!(timer, TimerKind::DueSoon | TimerKind::Overdue) {
            let warning = rules.sla.due_warning(&life, now);
            return Ok(warning.map(|warning| firing(warning.kind, warning.at, Some(warning.due))));
        }
        let step = rules.follow_up.due(&life, &rules.sla.hours, now);
        Ok(step.map(|step| Firing { asked: asked(&life), ..firing(step.kind, step.at, None) }))
    }

    /// `None`: somebody else was faster, or it is over.
    async fn fire(
        &self,
        id: TicketId,
        timer: TimerKind,
        due_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<Fired>> {
        let mut tx = self.store.begin().await?;
        let mut ticket = locked(&mut tx, id).await?;
        if tx.timer(id, timer).await? != Some(due_at) {
            return Ok(None);
        }
        let Some(firing) = self.firing(&mut tx, ticket.clone(), timer, due_at, now).await? else {
            // What is promised has changed since it was written.
            self.replan(&mut tx, &mut ticket).await?;
            tx.commit().await?;
            return Ok(None);
        };
        let (event, message) = self.its_act(&mut tx, &ticket, &firing, now).await?;
        if let Event::UpdateDue { next, .. } = &event {
            tx.set_timer(id, timer, Some(*next)).await?;
        }
        let act = Act {
            event: &event,
            actor: &Actor::System,
            door: Door::Clock,
            source_key: None,
            message,
            rung: None,
        };
        match self.apply(&mut tx, ticket, act, now).await {
            Ok(_) => {}
            // A ticket that takes no such act needs no timer either.
            Err(Failure::Refused(_)) => {
                drop(tx);
                self.stop_timer(id, timer).await?;
                return Ok(None);
            }
            Err(broken) => return Err(broken),
        }
        tx.commit().await?;
        let fired = firing.timer.as_str();
        tracing::info!(ticket.id = id.0, timer = fired, "timer fired");
        Ok(Some(Fired { ticket: Some(id), timer: fired, due_at: firing.due_at }))
    }

    /// The act that a timer is, and the letter that goes with it.
    async fn its_act(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        firing: &Firing,
        now: DateTime<Utc>,
    ) -> Result<(Event, Option<MessageId>)> {
        let rules = &self.settings.rules;
        let step = firing.timer;
        if step.reaches_requester() && rules.follow_up.mode == Mode::Propose {
            return Ok((Event::Proposed { step }, None));
        }
        Ok(match step {
            TimerKind::UrgentUpdate => {
                (Event::UpdateDue { due: firing.due_at, next: after(now, rules.urgent_update) }, None)
            }
            TimerKind::FirstReminder | TimerKind::SecondReminder => (Event::Reminded { step }, None),
            TimerKind::CloseUnanswered => {
                let letter = self.closing_letter(tx, ticket, firing.asked, now).await?;
                let reason = Some(wording::labels::UNANSWERED.to_owned());
                (Event::ClosedInTime { step, reason }, letter)
            }
            TimerKind::CloseResolved => (Event::ClosedInTime { step, reason: None }, None),
            TimerKind::StaleInProgress => (Event::WentStale, None),
            TimerKind::SnoozeOver => (Event::SnoozeOver, None),
            TimerKind::DueSoon | TimerKind::Overdue => match firing.due {
                Some(due) => (Event::DeadlineTold { kind: step, due }, None),
                None => return Err(anyhow::anyhow!("a deadline of ticket {} is none", ticket.id).into()),
            },
        })
    }

    /// The guide's fourth standard reply, filled in and written on the ticket; `None` where the operator's own form of it
    /// cannot be filled in without a person: then the notice goes alone.
    async fn closing_letter(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        asked: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<MessageId>> {
        let catalogue = self.catalogue(tx).await?;
        let Some(reply) = catalogue.find(wording::canned::CLOSING) else { return Ok(None) };
        let assignee = match ticket.assignee {
            Some(id) => tx.agent(id).await?,
            None => None,
        };
        let team = wording::letters::signature(&self.settings.brand);
        let author = assignee.map_or_else(|| team.clone(), |agent| agent.name);
        let signed =
            if author == team { team } else { first_name(&author).unwrap_or_else(|| author.clone()) };
        let requester = tx.requester(ticket.requester).await?;
        let requester_name = first_name(&requester.name);
        let names = Names {
            first_name: requester_name.as_deref(),
            subject: &ticket.subject,
            agent_first_name: &signed,
            days: Some((now - asked).num_days().max(1)),
        };
        let text = wording::canned::fill(reply, "", &names);
        if !catalogue.missing(&text).is_empty() {
            tracing::warn!(
                ticket.id = ticket.id.0,
                "the closing reply asks for more than is known; the notice goes alone"
            );
            return Ok(None);
        }
        let letter =
            Written { mark: Some(Mark::Automatic), ..Written::by(&author, Direction::Outbound, &text) };
        write(tx, ticket, letter, now).await.map(Some)
    }

    async fn stop_timer(&self, ticket: TicketId, timer: TimerKind) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.set_timer(ticket, timer, None).await?;
        Ok(tx.commit().await?)
    }
}
