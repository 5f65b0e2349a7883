//! Threading: which ticket a mail belongs to, and which of our own mails a report is about.

use super::{Inner, Result};
use crate::domain::ids::TicketId;
use crate::domain::mail::{Bounce, InboundMail};
use crate::domain::threading::{self, Rung};
use crate::store::Tx;
use crate::store::outbox::StoredDelivery;

/// A ticket that a mail leads to.
pub(super) struct Place {
    pub(super) ticket: TicketId,
    pub(super) requester: String,
    pub(super) rung: Rung,
}

impl Inner {
    /// The threading ladder. `[#42]` alone lets only the ticket's own requester in; an id of the conversation also
    /// lets a stranger's mail be kept on the ticket, set apart.
    pub(super) async fn find_thread(
        &self,
        tx: &mut Tx,
        mail: &InboundMail,
        sender: &str,
    ) -> Result<Option<Place>> {
        for id in threading::answered_ids(mail) {
            if let Some((ticket, requester)) = tx.ticket_by_ref(id, sender).await? {
                return Ok(Some(Place { ticket, requester, rung: Rung::Reference }));
            }
            // An id of ours that this database does not know, as after a restore: its mac vouches for it.
            if let Some(ticket) = self.vouched(id)
                && let Some(requester) = requester_of(tx, ticket).await?
            {
                return Ok(Some(Place { ticket, requester, rung: Rung::Reference }));
            }
        }
        let Some(ticket) = threading::tagged_ticket(&mail.subject) else { return Ok(None) };
        let Some(requester) = requester_of(tx, ticket).await? else { return Ok(None) };
        Ok((requester == sender).then_some(Place { ticket, requester, rung: Rung::SubjectTag }))
    }

    /// The ticket that a Message-ID names, if we minted it.
    fn vouched(&self, id: &str) -> Option<TicketId> {
        let (ticket, event) = threading::read_minted_id(id)?;
        (self.mint(ticket, event) == id).then_some(ticket)
    }
}

async fn requester_of(tx: &mut Tx, ticket: TicketId) -> Result<Option<String>> {
    match tx.ticket(ticket).await? {
        Some(ticket) => Ok(Some(tx.requester(ticket.requester).await?.email)),
        None => Ok(None),
    }
}

/// The mail of ours that a report is about.
pub(super) async fn returned_delivery(
    tx: &mut Tx,
    bounce: &Bounce,
    mail: &InboundMail,
) -> Result<Option<StoredDelivery>> {
    let quoted = bounce.original_message_id.as_deref();
    for id in quoted.into_iter().chain(threading::answered_ids(mail)) {
        if let Some(delivery) = tx.delivery_by_rfc_id(id).await? {
            return Ok(Some(delivery));
        }
    }
    Ok(None)
}
