//! When the clock has something to do on a ticket: worked out anew from its past after each act, so that no timer outlives
//! its reason.

use super::{Inner, Result};
use crate::domain::followup::{TimerKind, asked, put_off_until};
use crate::domain::hex::hex;
use crate::domain::ids::TicketId;
use crate::domain::life::{Happened, Life, Said};
use crate::domain::message::Direction;
use crate::domain::rules::Rules;
use crate::domain::ticket::Ticket;
use crate::domain::timetable::Timetable;
use crate::store::Tx;
use crate::store::tickets::StoredEvent;
use crate::view::{Coming, TicketView};
use crate::wording;
use chrono::{DateTime, Utc};

/// What is read of a ticket to know its past.
pub(super) struct Past {
    ticket: Ticket,
    said: Vec<Said>,
    events: Vec<StoredEvent>,
}

impl Past {
    /// Reads it.
    pub(super) async fn read(tx: &mut Tx, ticket: Ticket) -> Result<Past> {
        let (said, events) = (tx.said(ticket.id).await?, tx.events(ticket.id).await?);
        Ok(Past { ticket, said, events })
    }

    /// The past itself.
    pub(super) fn life(&self) -> Life<'_> {
        life(&self.ticket, self.said.clone(), &self.events)
    }
}

/// What a ticket's past asks for and does not stand yet.
pub(super) struct Changes {
    /// Each with when it is to be due; `None`: not at all.
    timers: Vec<(TimerKind, Option<DateTime<Utc>>)>,
    /// Since when it stands where it does, and by when its requester is owed an answer.
    standing: Option<(DateTime<Utc>, Option<DateTime<Utc>>)>,
}

impl Changes {
    /// All stands as it should.
    pub(super) fn is_none(&self) -> bool {
        self.timers.is_empty() && self.standing.is_none()
    }
}

/// A ticket's past, from its rows.
pub(super) fn life<'a>(ticket: &Ticket, said: Vec<Said>, events: &'a [StoredEvent]) -> Life<'a> {
    Life {
        status: ticket.status,
        priority: ticket.priority,
        is_merged: ticket.merged_into.is_some(),
        created_at: ticket.created_at,
        said,
        happened: events.iter().filter_map(happened).collect(),
    }
}

fn happened(event: &StoredEvent) -> Option<Happened<'_>> {
    Happened::standing(
        event.kind,
        event.at,
        &event.door,
        &event.actor,
        event.undone_at.is_some(),
        &event.detail,
    )
}

/// What is ahead of a ticket that was read whole, the first to come first.
pub(super) fn ahead_of(ticket: &TicketView, rules: &Rules) -> Vec<Coming> {
    let life = life_of(ticket);
    let due = [rules.sla.answer(&life), rules.sla.resolution(&life)].into_iter().flatten();
    let mut ahead: Vec<Coming> = due.map(|due| wording::ahead::deadline(&due, rules)).collect();
    if let Some(step) = rules.follow_up.next(&life, &rules.sla.hours) {
        let said = |direction| life.last_said(direction).map_or(life.entered(), |at| at.max(life.entered()));
        let since = match step.kind {
            TimerKind::StaleInProgress => life.last_touched(),
            TimerKind::CloseResolved => said(Direction::Inbound).max(said(Direction::Outbound)),
            _ => asked(&life),
        };
        ahead.push(wording::ahead::step(&step, since, put_off_until(&life), rules));
    }
    ahead.sort_by_key(|coming| coming.at);
    ahead
}

/// The past of a ticket that was read whole.
fn life_of(ticket: &TicketView) -> Life<'_> {
    let counts = ticket.messages.iter().filter(|message| !message.automatic && !message.stranger);
    let events = ticket.events.iter();
    Life {
        status: ticket.status,
        priority: ticket.priority,
        is_merged: ticket.merged_into.is_some(),
        created_at: ticket.created_at,
        said: counts
            .map(|message| Said {
                direction: message.direction,
                at: message.at,
                origin: message.origin.filter(|origin| *origin != ticket.id),
            })
            .collect(),
        happened: events
            .filter_map(|event| {
                Happened::standing(
                    event.kind,
                    event.at,
                    &event.door,
                    &event.actor,
                    event.undone,
                    &event.detail,
                )
            })
            .collect(),
    }
}

impl Inner {
    /// Has exactly those timers run that the ticket's past asks for, and writes what follows for its lists.
    pub(super) async fn replan(&self, tx: &mut Tx, ticket: &mut Ticket) -> Result<()> {
        let past = Past::read(tx, ticket.clone()).await?;
        let changes = self.changes(&past, &tx.timers(ticket.id).await?);
        for (kind, due_at) in changes.timers {
            tx.set_timer(ticket.id, kind, due_at).await?;
        }
        if let Some((since, answer_due)) = changes.standing {
            (ticket.status_since, ticket.answer_due) = (since, answer_due);
            tx.set_standing(ticket.id, since, answer_due).await?;
        }
        Ok(())
    }

    /// What is to be written so that a ticket stands as its past asks for, where these timers run.
    pub(super) fn changes(&self, past: &Past, stand: &[(TimerKind, DateTime<Utc>)]) -> Changes {
        let life = past.life();
        let table = self.timetable(&life);
        let wanted = table.timers();
        // Those of an urgent ticket are the act's own.
        let ours = stand.iter().filter(|(kind, _)| *kind != TimerKind::UrgentUpdate);
        let over = ours.filter(|(kind, _)| !wanted.iter().any(|(other, _)| other == kind));
        let others = wanted.iter().filter(|timer| !stand.contains(timer));
        let timers = over.map(|(kind, _)| (*kind, None)).chain(others.map(|timer| (timer.0, Some(timer.1))));
        let standing = (life.entered(), table.answer_due);
        let stands = (past.ticket.status_since, past.ticket.answer_due) == standing;
        Changes { timers: timers.collect(), standing: (!stands).then_some(standing) }
    }

    /// Works everything out anew once something else is promised than before.
    pub(super) async fn replan_all_if_changed(&self) -> Result<()> {
        const KEY: &str = "promises";
        const AT_ONCE: i64 = 100;
        let promised = format!("{:?} {:?}", self.settings.rules.follow_up, self.settings.rules.sla);
        let promised = hex(ring::digest::digest(&ring::digest::SHA256, promised.as_bytes()).as_ref());
        if self.store.read().await?.setting(KEY).await?.as_ref() == Some(&promised) {
            return Ok(());
        }
        let mut after = TicketId(0);
        loop {
            let ids = self.store.read().await?.open_after(after, AT_ONCE).await?;
            let Some(last) = ids.last() else { break };
            after = *last;
            for id in ids {
                let mut tx = self.store.begin().await?;
                if let Some(mut ticket) = tx.lock_ticket(id).await? {
                    self.replan(&mut tx, &mut ticket).await?;
                    tx.commit().await?;
                }
            }
        }
        let mut tx = self.store.begin().await?;
        tx.set_setting(KEY, &promised).await?;
        tracing::info!("what is promised has changed: all that is due was worked out anew");
        Ok(tx.commit().await?)
    }

    pub(super) fn timetable(&self, life: &Life<'_>) -> Timetable {
        Timetable::of(life, &self.settings.rules.follow_up, &self.settings.rules.sla)
    }

    /// What is ahead of a ticket that a mail opens at `now`.
    pub(super) fn timetable_of_new(&self, now: DateTime<Utc>) -> Timetable {
        self.timetable(&Life::of_new(now))
    }
}
