//! To the technical team: `escalate`, and `urgent` for a critical bug (guide, « Ticket Urgent »).

use super::failure::refuse;
use super::run::Ask;
use super::{Inner, Result, locked};
use crate::domain::event::{Event, EventKind};
use crate::domain::fold::fold;
use crate::domain::ids::TicketId;
use crate::domain::refusal::Refusal;
use crate::domain::ticket::Ticket;
use crate::store::Tx;
use crate::view::View;
use crate::wording;

impl Inner {
    /// Hands a ticket to the technical team; a further reason is added.
    pub(super) async fn escalate(&self, ask: &Ask<'_>, id: TicketId, reason: &str) -> Result<View> {
        let reason = reason.trim();
        if reason.is_empty() {
            return refuse(Refusal::EmptyText);
        }
        let mut tx = self.store.begin().await?;
        let ticket = locked(&mut tx, id).await?;
        let kinds = [EventKind::Escalated, EventKind::MadeUrgent];
        let is_known = is_known(&mut tx, &ticket, &kinds, reason).await?;
        let event = Event::Escalated { reason: reason.to_owned(), at: ask.now, is_known };
        let applied = self.apply(&mut tx, ticket, ask.act(&event, None), ask.now).await?;
        self.done(tx, applied).await
    }

    /// A critical bug: status, priority, escalation and the reminders are one act.
    pub(super) async fn make_urgent(
        &self,
        ask: &Ask<'_>,
        id: TicketId,
        reason: Option<&str>,
    ) -> Result<View> {
        let given = reason.map(str::trim).filter(|reason| !reason.is_empty());
        let reason = given.unwrap_or(wording::labels::CRITICAL_BUG);
        let mut tx = self.store.begin().await?;
        let ticket = locked(&mut tx, id).await?;
        let is_known = is_known(&mut tx, &ticket, &[EventKind::MadeUrgent], reason).await?;
        let event = Event::MadeUrgent { reason: reason.to_owned(), at: ask.now, is_known };
        let applied = self.apply(&mut tx, ticket, ask.act(&event, None), ask.now).await?;
        self.done(tx, applied).await
    }
}

/// Whether an act of these kinds gave this reason since the ticket is escalated.
async fn is_known(tx: &mut Tx, ticket: &Ticket, kinds: &[EventKind], reason: &str) -> Result<bool> {
    let Some(since) = ticket.escalated_at else { return Ok(false) };
    let reason = fold(reason);
    let events = tx.events(ticket.id).await?;
    Ok(events.iter().any(|event| {
        kinds.contains(&event.kind)
            && event.undone_at.is_none()
            && event.at >= since
            && event.detail.reason.as_deref().is_some_and(|given| fold(given) == reason)
    }))
}
