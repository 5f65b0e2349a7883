//! What there is to do, and what was done: the checklist and the reports of the guide. Reading only.

use super::board::{read_cards, read_figures};
use super::timetable::{Past, life};
use super::{Desk, Inner, Result};
use crate::domain::followup::{TimerKind, put_off_until};
use crate::domain::ids::TicketId;
use crate::domain::life::Said;
use crate::domain::report::{Counted, Counting, Period};
use crate::domain::ticket::{Status, Ticket};
use crate::store::Tx;
use crate::store::tickets::StoredEvent;
use crate::view::{Ahead, Checklist, Pile, Promised, Queue, Report};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use std::collections::HashMap;
use std::time::Duration;

/// How many tickets of each pile are named.
const NAMED: i64 = 8;
/// Of how many tickets the guide promises that one answer is enough (« Taux de Satisfaction »).
const FIRST_CONTACT: f64 = 0.9;
/// How far ahead a working day is looked for.
const LOOKED_AHEAD: usize = 60;

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// What was done in some days.
    pub async fn report(&self, period: Period) -> Result<Report> {
        let now = self.inner.clock.now();
        self.inner.report(&mut self.inner.store.read().await?, period, now).await
    }

    /// What there is to do.
    pub async fn checklist(&self) -> Result<Checklist> {
        let now = self.inner.clock.now();
        self.inner.checklist(&mut self.inner.store.read().await?, now).await
    }

    /// The day it is for the desk.
    pub fn today(&self) -> NaiveDate {
        self.inner.today(self.inner.clock.now())
    }
}

impl Inner {
    pub(super) fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&self.settings.rules.sla.hours.zone).date_naive()
    }

    pub(super) async fn checklist(&self, tx: &mut Tx, now: DateTime<Utc>) -> Result<Checklist> {
        let rules = &self.settings.rules;
        let day = self.today(now);
        let (_, end) = Period::day(day).bounds(&rules.sla.hours);
        let before = |span: Duration| now - TimeDelta::from_std(span).unwrap_or(TimeDelta::zero());
        let follow_up = &rules.follow_up;
        Ok(Checklist {
            day,
            figures: read_figures(tx).await?,
            new: {
                let found = tx.standing_since(Status::New, now, NAMED).await?;
                pile(tx, found).await?
            },
            waiting: standing(tx, Status::WaitingCustomer, before(follow_up.first_reminder), now).await?,
            in_progress: standing(tx, Status::InProgress, before(follow_up.stale_in_progress), now).await?,
            due_today: {
                let owed = tx.owed_before(end, NAMED).await?;
                pile(tx, owed).await?
            },
            resolved: standing(tx, Status::Resolved, before(follow_up.close_resolved), now).await?,
            waiting_seconds: follow_up.first_reminder.as_secs(),
            in_progress_seconds: follow_up.stale_in_progress.as_secs(),
            resolved_seconds: follow_up.close_resolved.as_secs(),
        })
    }

    pub(super) async fn report(&self, tx: &mut Tx, period: Period, now: DateTime<Utc>) -> Result<Report> {
        let targets = &self.settings.rules.sla;
        let (from, to) = period.bounds(&targets.hours);
        let tickets = tx.touched_tickets(from, to).await?;
        let ids: Vec<_> = tickets.iter().map(|ticket| ticket.id).collect();
        let tags = tx.tags_of(&ids).await?;
        let mut events: HashMap<_, Vec<StoredEvent>> = HashMap::new();
        for event in tx.touched_events(from, to).await? {
            events.entry(event.ticket).or_default().push(event);
        }
        let mut said: HashMap<_, Vec<Said>> = HashMap::new();
        let merged = tickets.iter().filter_map(|ticket| Some((ticket.id, ticket.merged_into?)));
        let merged: HashMap<TicketId, TicketId> = merged.collect();
        for (ticket, one) in tx.touched_said(from, to).await? {
            said.entry(ticket).or_default().push(one);
            // What a merge has brought there was said on the tickets before it, too.
            let Some(origin) = one.origin else { continue };
            let path = std::iter::successors(Some(origin), |on| merged.get(on).copied());
            for on in path.take_while(|on| *on != ticket && merged.contains_key(on)).take(merged.len()) {
                let origin = (on != origin).then_some(origin);
                said.entry(on).or_default().push(Said { origin, ..one });
            }
        }
        let mut counting = Counting::new(period, targets);
        for ticket in &tickets {
            let events = events.remove(&ticket.id).unwrap_or_default();
            let life = life(ticket, said.remove(&ticket.id).unwrap_or_default(), &events);
            if ticket.merged_into.is_some() {
                counting.add_merged(&life);
                continue;
            }
            let tags = tags.get(&ticket.id).map_or(&[][..], Vec::as_slice);
            let (subject, is_blank) = (ticket.subject.as_str(), ticket.anonymised_at.is_some());
            counting.add(&Counted { id: ticket.id, subject, tags, is_blank, life });
        }
        let is_today = period == Period::day(self.today(now));
        Ok(Report {
            first: period.first,
            last: period.last,
            figures: read_figures(tx).await?,
            tally: counting.done(),
            targets: Promised {
                first_response_seconds: targets.first_response.as_secs(),
                next_response_seconds: targets.next_response.as_secs(),
                resolution_seconds: targets.resolution.as_secs(),
                resolution_share: targets.resolution_share,
                first_contact_share: FIRST_CONTACT,
            },
            ahead: if is_today { Some(self.ahead(tx, period.last).await?) } else { None },
        })
    }

    /// What may be seen to before the next working day: tickets in progress that were answered, and answers that are owed by
    /// the end of that day.
    pub(super) async fn to_prepare(
        &self,
        tx: &mut Tx,
        now: DateTime<Utc>,
    ) -> Result<(Pile, NaiveDate, Pile)> {
        let (day, end) = self.next_working_day(self.today(now));
        let (answered, owed) = (tx.answered(NAMED).await?, tx.owed_before(end, NAMED).await?);
        Ok((pile(tx, answered).await?, day, pile(tx, owed).await?))
    }

    /// The first working day after `today`, and when it ends.
    fn next_working_day(&self, today: NaiveDate) -> (NaiveDate, DateTime<Utc>) {
        let hours = &self.settings.rules.sla.hours;
        let mut later = today.iter_days().skip(1).take(LOOKED_AHEAD);
        let day = later.find(|day| hours.is_working_day(*day)).unwrap_or(today);
        (day, Period::day(day).bounds(hours).1)
    }

    /// What is ahead until the end of the next working day after `today`.
    async fn ahead(&self, tx: &mut Tx, today: NaiveDate) -> Result<Ahead> {
        let (day, end) = self.next_working_day(today);
        let mut ahead = Ahead { day, answers: tx.owed_before(end, 0).await?.1, reminders: 0, closings: 0 };
        for (timer, count) in tx.count_timers(end).await? {
            match timer {
                TimerKind::FirstReminder | TimerKind::SecondReminder => ahead.reminders += count,
                TimerKind::CloseUnanswered | TimerKind::CloseResolved => ahead.closings += count,
                _ => {}
            }
        }
        Ok(ahead)
    }
}

/// What has stood in a status since then, without what an agent put off beyond `now`.
async fn standing(tx: &mut Tx, status: Status, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<Pile> {
    let mut put_off = Vec::new();
    for ticket in tx.put_off_since(status, since).await? {
        let id = ticket.id;
        let past = Past::read(tx, ticket).await?;
        if put_off_until(&past.life()).is_some_and(|until| until > now) {
            put_off.push(id);
        }
    }
    let aside = put_off.len() as i64;
    let (mut tickets, total) = tx.standing_since(status, since, NAMED + aside).await?;
    tickets.retain(|ticket| !put_off.contains(&ticket.id));
    tickets.truncate(NAMED as usize);
    pile(tx, (tickets, total - aside)).await
}

async fn pile(tx: &mut Tx, (tickets, total): (Vec<Ticket>, i64)) -> Result<Pile> {
    Ok(Pile { tickets: Queue { tickets: read_cards(tx, tickets).await?, total, ..Queue::default() }, total })
}
