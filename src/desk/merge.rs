//! Merging one ticket into another of the same requester, and taking that back.
//!
//! The first is closed in silence and keeps its history, its deliveries and its message ids; its messages move to the
//! second. What leads to the first (an id, a tag, a link) is followed to the second.

use super::apply::Act;
use super::failure::refuse;
use super::run::Ask;
use super::{Inner, Result, locked};
use crate::domain::event::{Event, EventKind};
use crate::domain::followup::TimerKind;
use crate::domain::ids::{EventId, TicketId};
use crate::domain::refusal::Refusal;
use crate::domain::ticket::Ticket;
use crate::store::Tx;
use crate::store::tickets::StoredEvent;
use crate::view::View;
use crate::wording;

/// Both tickets, held for this transaction; the lower number first, so that two who merge the same tickets do not wait
/// for each other.
async fn locked_both(tx: &mut Tx, id: TicketId, into: TicketId) -> Result<(Ticket, Ticket)> {
    let first = locked(tx, id.min(into)).await?;
    let second = locked(tx, id.max(into)).await?;
    Ok(if first.id == id { (first, second) } else { (second, first) })
}

impl Inner {
    /// Merges `id` into `into`.
    pub(super) async fn merge(&self, ask: &Ask<'_>, id: TicketId, into: TicketId) -> Result<View> {
        if id == into {
            return refuse(Refusal::MergedIntoItself(id));
        }
        let mut tx = self.store.begin().await?;
        let (ticket, target) = locked_both(&mut tx, id, into).await?;
        for merged in [&ticket, &target] {
            if let Some(into) = merged.merged_into {
                return refuse(Refusal::Merged { ticket: merged.id, into });
            }
        }
        if ticket.requester != target.requester {
            return refuse(Refusal::TwoRequesters(id, into));
        }
        let known = tx.tags(into).await?;
        let mut tags = tx.tags(id).await?;
        tags.retain(|tag| !known.contains(tag));
        let absorbed = Event::Absorbed {
            ticket: id,
            status: ticket.status,
            priority: ticket.priority,
            escalated_at: ticket.escalated_at,
            update_due: tx.timer(id, TimerKind::UrgentUpdate).await?,
            tags,
        };
        // The key of the request names the act once: on the ticket that was named first.
        let act = Act { source_key: None, ..ask.act(&absorbed, None) };
        let mut target = self.apply(&mut tx, target, act, ask.now).await?;
        let event = Event::MergedInto {
            into,
            reason: wording::mail::merged_into(into),
            twin: target.event,
            version: target.ticket.version,
        };
        let applied = self.apply(&mut tx, ticket, ask.act(&event, None), ask.now).await?;
        tx.move_messages(id, into).await?;
        // Two conversations become one: who took part in the first is only proposed for the other's.
        tx.propose_participants_of(id, into, ask.now).await?;
        self.replan(&mut tx, &mut target.ticket).await?;
        self.done(tx, applied).await
    }

    /// Takes a merge back, unless something happened on either ticket since.
    pub(super) async fn unmerge(&self, ask: &Ask<'_>, mut tx: Tx, act: StoredEvent) -> Result<View> {
        let (id, into) = (act.ticket, TicketId(act.detail.other.unwrap_or_default()));
        let twin = EventId(act.detail.twin.unwrap_or_default());
        let (ticket, target) = locked_both(&mut tx, id, into).await?;
        for event in [act.id, twin] {
            if !tx.mark_undone(event, ask.now).await? {
                return refuse(Refusal::NothingToUndo(self.settings.rules.undo_window));
            }
            tx.cancel_deliveries(event, ask.now).await?;
            if !tx.cancel_hook_posts(event).await? {
                return refuse(Refusal::UndoTooLate(id));
            }
        }
        if ticket.version != act.version_after && tx.anything_since(id, act.id).await? {
            return refuse(Refusal::UndoTooLate(id));
        }
        if Some(target.version) != act.detail.twin_version && tx.anything_since(into, twin).await? {
            return refuse(Refusal::UndoTooLate(into));
        }
        let Some(absorbed) = tx.events(into).await?.into_iter().find(|event| event.id == twin) else {
            return refuse(Refusal::UndoTooLate(into));
        };
        let undone = Event::ActUndone { kind: EventKind::Absorbed, detail: absorbed.detail.clone() };
        let undo = Act { source_key: None, ..ask.act(&undone, None) };
        let mut target = self.apply(&mut tx, target, undo, ask.now).await?;
        let undone = Event::ActUndone { kind: act.kind, detail: act.detail.clone() };
        let mut applied = self.apply(&mut tx, ticket, ask.act(&undone, None), ask.now).await?;
        for act in [&absorbed, &act] {
            self.tell_undone(&mut tx, act, ask.now).await?;
        }
        tx.move_messages_back(into, id).await?;
        tx.take_proposals_back(id, into, act.at).await?;
        for ticket in [&mut target.ticket, &mut applied.ticket] {
            self.replan(&mut tx, ticket).await?;
        }
        self.done(tx, applied).await
    }
}
