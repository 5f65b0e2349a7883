//! What a CM does for a ticket that waits: puts it off, or reminds its requester before the clock does.

use super::failure::refuse;
use super::run::Ask;
use super::timetable::Past;
use super::{Inner, Result, locked};
use crate::command::vocabulary;
use crate::domain::event::{Event, EventKind};
use crate::domain::followup::{after, asked};
use crate::domain::ids::TicketId;
use crate::domain::life::Happened;
use crate::domain::refusal::Refusal;
use crate::view::View;
use chrono::TimeDelta;

/// How long nobody is reminded again by hand: of two CMs who press one button, one reminds.
const REMINDED_LATELY: TimeDelta = TimeDelta::hours(24);

impl Inner {
    /// Puts a ticket off: until then the clock takes no step of its follow-up, and then it says that it is back.
    pub(super) async fn snooze(&self, ask: &Ask<'_>, id: TicketId, delay: &str) -> Result<View> {
        let Some(delay) = vocabulary::delay(delay) else {
            return refuse(Refusal::NotADelay(delay.trim().to_owned()));
        };
        let mut tx = self.store.begin().await?;
        let ticket = locked(&mut tx, id).await?;
        let event = Event::Snoozed { until: after(ask.now, delay) };
        let applied = self.apply(&mut tx, ticket, ask.act(&event, None), ask.now).await?;
        self.done(tx, applied).await
    }

    /// Reminds a requester who owes us an answer: the next reminder, now.
    pub(super) async fn remind(&self, ask: &Ask<'_>, id: TicketId) -> Result<View> {
        let mut tx = self.store.begin().await?;
        let ticket = locked(&mut tx, id).await?;
        let status = ticket.status;
        let past = Past::read(&mut tx, ticket.clone()).await?;
        let rules = &self.settings.rules;
        let Some(step) = rules.follow_up.next_reminder(&past.life(), &rules.sla.hours) else {
            return refuse(Refusal::NotWaiting(id, status));
        };
        let since = asked(&past.life()).max(ask.now - REMINDED_LATELY);
        let lately = |event: &Happened<'_>| event.kind == EventKind::Reminded && event.at > since;
        if past.life().happened.iter().any(lately) {
            return refuse(Refusal::RemindedLately(id));
        }
        let event = Event::Reminded { step };
        let applied = self.apply(&mut tx, ticket, ask.act(&event, None), ask.now).await?;
        self.done(tx, applied).await
    }
}
