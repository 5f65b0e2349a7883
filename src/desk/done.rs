//! The last step of an act: the commit, and what was done as data.

use super::apply::Applied;
use super::{Inner, Result, board};
use crate::domain::event::EventKind;
use crate::domain::ids::{DeliveryId, TicketId};
use crate::domain::participant::Participation;
use crate::domain::ticket::SPAM;
use crate::store::Tx;
use crate::view::{self, Done, View};

impl Inner {
    /// Commits an act and draws what was done.
    pub(super) async fn done(&self, tx: Tx, applied: Applied) -> Result<View> {
        self.done_by(tx, applied, true).await
    }

    /// As [`Inner::done`]; with `by_agent` the act can be taken back.
    pub(super) async fn done_by(&self, mut tx: Tx, applied: Applied, by_agent: bool) -> Result<View> {
        let ticket = board::read_ticket(&mut tx, applied.ticket, &self.settings.rules).await?;
        let catalogue = self.catalogue(&mut tx).await?;
        tx.commit().await?;
        let event = ticket.events.iter().find(|event| event.id == applied.event);
        let kind = event.map_or(EventKind::StatusSet, |event| event.kind);
        let detail = &applied.detail;
        let done = match kind {
            EventKind::Replied => view::Act::Replied { status: ticket.status },
            EventKind::NoteAdded => view::Act::Noted,
            EventKind::Assigned => view::Act::Assigned { to: ticket.assignee.clone().unwrap_or_default() },
            EventKind::PrioritySet => view::Act::PrioritySet { to: ticket.priority },
            EventKind::MergedInto => view::Act::Merged { into: TicketId(detail.other.unwrap_or_default()) },
            EventKind::Undone => view::Act::Undone { what: detail.undid.unwrap_or(EventKind::StatusSet) },
            EventKind::MarkedSent => {
                view::Act::MarkedSent { delivery: DeliveryId(detail.delivery.unwrap_or_default()) }
            }
            EventKind::ParticipantsSet => {
                let whom = |to| {
                    let changes = detail.participants.iter().filter(move |change| change.to == to);
                    changes.map(|change| change.address.clone()).collect()
                };
                view::Act::ParticipantsSet {
                    added: whom(Participation::In),
                    removed: whom(Participation::Out),
                    validated: detail.validated.len(),
                }
            }
            EventKind::Resent => {
                view::Act::Resent { delivery: DeliveryId(detail.delivery.unwrap_or_default()) }
            }
            EventKind::HandedOver => view::Act::HandedOver { status: ticket.status },
            EventKind::Escalated => {
                view::Act::Escalated { reason: detail.reason.clone().unwrap_or_default() }
            }
            EventKind::MadeUrgent => view::Act::MadeUrgent {
                reason: detail.reason.clone().unwrap_or_default(),
                every_seconds: self.settings.rules.urgent_update.as_secs(),
            },
            EventKind::TagsSet => {
                view::Act::TagsSet { added: detail.tags_added.clone(), removed: detail.tags_removed.clone() }
            }
            EventKind::Fixed => view::Act::Fixed,
            EventKind::Reminded => view::Act::Reminded,
            EventKind::Snoozed => view::Act::Snoozed { until: detail.until.unwrap_or(ticket.updated_at) },
            _ => view::Act::StatusSet { from: detail.from.unwrap_or(ticket.status), to: ticket.status },
        };
        let offers = match done {
            view::Act::StatusSet { to, .. } if ticket.reason.as_deref() != Some(SPAM) => {
                catalogue.fitting(to)
            }
            _ => Vec::new(),
        };
        let undoable = by_agent
            && !matches!(
                done,
                view::Act::Undone { .. } | view::Act::Resent { .. } | view::Act::MarkedSent { .. }
            );
        let undo_seconds = if undoable { self.settings.rules.undo_window.as_secs() } else { 0 };
        Ok(View::Done(Box::new(Done {
            ticket,
            event: applied.event,
            done,
            offers,
            told: applied.told,
            undo_seconds,
        })))
    }
}
