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

/// When it is looked, and how much is known by then.
#[derive(Debug, Clone, Copy)]
struct Look {
    now: DateTime<Utc>,
    /// Until when all that requesters wrote was read.
    heard_until: DateTime<Utc>,
}

impl Look {
    /// Whether a step may be taken that came due at `at`: nobody is reminded of an answer, or closed for want of it, that may
    /// lie in a mailbox.
    fn allows(&self, step: TimerKind, at: DateTime<Utc>) -> bool {
        !step.reaches_requester() || at <= self.heard_until
    }
}

impl Desk {
    /// Fires every timer that is due: each is a line of history. Of two processes that tick at once, one fires it; of
    /// several steps of one ticket that came due while nobody looked, the latest is taken, but none is closed before its
    /// requester was warned. A timer that cannot be fired is logged and does not keep the others.
    ///
    /// # Errors
    /// The database's, when it cannot be told what is due.
    pub async fn tick(&self) -> Result<Vec<Fired>> {
        let now = self.inner.clock.now();
        self.inner.replan_all_if_changed().await?;
        self.inner.fire_due(Look { now, heard_until: DateTime::<Utc>::MAX_UTC }).await
    }

    /// The same for a program that reads mail itself and looks again soon: what reaches a requester waits until each of these
    /// mailboxes was read since it came due. What is promised is not looked at: see [`Desk::heed_promises`].
    ///
    /// # Errors
    /// Those of [`Desk::tick`].
    pub async fn tick_having_read(&self, mailboxes: &[String]) -> Result<Vec<Fired>> {
        let now = self.inner.clock.now();
        let heard_until = self.heard_until(mailboxes).await?.unwrap_or(DateTime::<Utc>::MIN_UTC);
        self.inner.fire_due(Look { now, heard_until }).await
    }

    /// Until when all that was written to these mailboxes was read: for ever where there are none, `None` where one of them never
    /// was.
    ///
    /// # Errors
    /// The database's.
    pub async fn heard_until(&self, mailboxes: &[String]) -> Result<Option<DateTime<Utc>>> {
        if mailboxes.is_empty() {
            return Ok(Some(DateTime::<Utc>::MAX_UTC));
        }
        let times = self.inner.store.read().await?.heard_times().await?;
        Ok(mailboxes.iter().map(|mailbox| times.get(mailbox).copied()).min().flatten())
    }

    /// Works everything out anew once something else is promised than before. [`Desk::tick`] does it each time. A program that
    /// goes on ticking does it once: two with unlike rules would go on undoing each other's.
    ///
    /// # Errors
    /// The database's.
    pub async fn heed_promises(&self) -> Result<()> {
        self.inner.replan_all_if_changed().await
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
            let past = Past::read(&mut tx, ticket).await?;
            if let Some(firing) = self.inner.firing(&past, timer, due_at, now) {
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
    /// Fires what is due and may be, and tells the team what is told once on a day.
    async fn fire_due(&self, look: Look) -> Result<Vec<Fired>> {
        let mut fired = Vec::new();
        for _ in 0..ROUNDS {
            let due = self.store.read().await?.due_timers(look.now).await?;
            let before = fired.len();
            for (ticket, timer, due_at) in due {
                if !look.allows(timer, due_at) {
                    continue;
                }
                match self.fire(ticket, timer, due_at, look).await {
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
        fired.extend(self.tell_rituals(look.now).await?);
        if !fired.is_empty() {
            self.ring_outbox();
            self.ring_chats();
        }
        Ok(fired)
    }

    /// What is to be done for a timer that came due, as the ticket's past has it now; `None` where nothing is.
    fn firing(
        &self,
        past: &Past,
        timer: TimerKind,
        due_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<Firing> {
        let life = past.life();
        let firing = |timer, due_at, due| Firing { timer, due_at, due, asked: life.created_at };
        if timer == TimerKind::UrgentUpdate {
            return Some(firing(timer, due_at, None));
        }
        let rules = &self.settings.rules;
        if matches!(timer, TimerKind::DueSoon | TimerKind::Overdue) {
            let warning = rules.sla.due_warning(&life, now)?;
            return Some(firing(warning.kind, warning.at, Some(warning.due)));
        }
        let step = rules.follow_up.due(&life, &rules.sla.hours, now)?;
        Some(Firing { asked: asked(&life), ..firing(step.kind, step.at, None) })
    }

    /// Whether there is anything to write for a timer that came due. Found out without the writer: what waits for somebody to be
    /// there is looked at again and again.
    async fn has_work(
        &self,
        id: TicketId,
        timer: TimerKind,
        due_at: DateTime<Utc>,
        look: Look,
    ) -> Result<bool> {
        let mut tx = self.store.read().await?;
        if tx.timer(id, timer).await? != Some(due_at) {
            return Ok(false);
        }
        let Some(ticket) = tx.ticket(id).await? else { return Ok(false) };
        let past = Past::read(&mut tx, ticket).await?;
        match self.firing(&past, timer, due_at, look.now) {
            Some(firing) => Ok(look.allows(firing.timer, firing.due_at)),
            None => Ok(!self.changes(&past, &tx.timers(id).await?).is_none()),
        }
    }

    /// `None`: somebody else was faster, it waits for something, or it is over.
    async fn fire(
        &self,
        id: TicketId,
        timer: TimerKind,
        due_at: DateTime<Utc>,
        look: Look,
    ) -> Result<Option<Fired>> {
        if !self.has_work(id, timer, due_at, look).await? {
            return Ok(None);
        }
        let now = look.now;
        let mut tx = self.store.begin().await?;
        let mut ticket = locked(&mut tx, id).await?;
        if tx.timer(id, timer).await? != Some(due_at) {
            return Ok(None);
        }
        let past = Past::read(&mut tx, ticket.clone()).await?;
        let Some(firing) = self.firing(&past, timer, due_at, now) else {
            // What is promised has changed since it was written.
            self.replan(&mut tx, &mut ticket).await?;
            tx.commit().await?;
            return Ok(None);
        };
        if !look.allows(firing.timer, firing.due_at) {
            return Ok(None);
        }
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
                self.stop_timer(id, timer, due_at).await?;
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

    async fn stop_timer(&self, ticket: TicketId, timer: TimerKind, due_at: DateTime<Utc>) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.stop_timer(ticket, timer, due_at).await?;
        Ok(tx.commit().await?)
    }
}
