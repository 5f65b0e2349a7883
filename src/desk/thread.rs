//! Threading: which ticket a mail belongs to, and which of our own mails a report is about.

use super::known::Known;
use super::{Inner, Result, locked};
use crate::domain::ids::{RequesterId, TicketId};
use crate::domain::mail::{Bounce, InboundMail};
use crate::domain::participant::Participation;
use crate::domain::threading::{self, ADDRESS_MAC, Offer, RefKind, Rung};
use crate::domain::ticket::{SPAM, Status, Ticket};
use crate::store::Tx;
use crate::store::outbox::StoredDelivery;
use chrono::{DateTime, Utc};

/// A ticket that a mail leads to.
pub(super) struct Place {
    pub(super) ticket: TicketId,
    pub(super) requester: String,
    pub(super) rung: Rung,
}

/// Where a mail goes once its ticket is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To the ticket, or to the one it was merged into.
    Here,
    /// From a closed ticket also to the one that goes on from it.
    Onward,
}

impl Inner {
    /// The threading ladder. `[#42]` leads only those who take part in the ticket, an id that was only named its own
    /// sender; a signed address or an id of the conversation lead anybody. As what a sender may write there is asked
    /// afterwards (`taking_part.rs`).
    pub(super) async fn find_thread(
        &self,
        tx: &mut Tx,
        known: &Known,
        mail: &InboundMail,
        sender: &str,
    ) -> Result<Option<Place>> {
        for offer in threading::offers(mail, &self.settings.own_addresses) {
            if known.may_lead(&offer)
                && let Some(place) = self.climb(tx, &offer, sender).await?
            {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// The ticket that one rung leads to.
    async fn climb(&self, tx: &mut Tx, offer: &Offer<'_>, sender: &str) -> Result<Option<Place>> {
        let rung = offer.rung();
        let found = match offer {
            Offer::PlusAddress { ticket, mac, .. } => match tx.ticket(*ticket).await? {
                Some(ticket) if self.address_mac(ticket.id, ticket.requester) == **mac => {
                    Some((ticket.id, tx.requester(ticket.requester).await?.email))
                }
                _ => None,
            },
            Offer::MintedId { id, ticket, event } => {
                if let Some(place) = known_place(tx, id, sender).await? {
                    return Ok(Some(place));
                }
                // An id of ours that this database does not know, as after a restore: its mac vouches for it.
                let is_ours = self.mint(*ticket, *event) == *id;
                if is_ours { requester_of(tx, *ticket).await?.map(|email| (*ticket, email)) } else { None }
            }
            Offer::ProviderId { given, .. } => return known_place(tx, given, sender).await,
            Offer::Reference { id } => return known_place(tx, id, sender).await,
            Offer::SubjectTag { ticket } => {
                let requester = requester_of(tx, *ticket).await?;
                let takes_part = requester.as_deref() == Some(sender)
                    || tx.participation(*ticket, sender).await? == Some(Participation::In);
                requester.filter(|_| takes_part).map(|requester| (*ticket, requester))
            }
            Offer::OwnMail { id } => {
                let ticket = tx.own_ticket_by_named_ref(id, sender).await?;
                ticket.map(|ticket| (ticket, sender.to_owned()))
            }
        };
        Ok(found.map(|(ticket, requester)| Place { ticket, requester, rung }))
    }

    /// Whether we minted a Message-ID.
    pub(super) fn is_minted(&self, id: &str) -> bool {
        threading::read_minted_id(id).is_some_and(|(ticket, event)| self.mint(ticket, event) == id)
    }

    /// What vouches for an address that names a ticket: nobody else can make one, and it fits no other ticket.
    pub(super) fn address_mac(&self, ticket: TicketId, requester: RequesterId) -> String {
        self.vouch(&format!("reply:{ticket}:{requester}"), ADDRESS_MAC / 2)
    }

    /// The address that answers to a ticket's mail are asked for, where that is configured.
    pub(super) fn reply_address(&self, ticket: &Ticket) -> Option<String> {
        let own = self.settings.own_addresses.first().filter(|_| self.settings.plus_addresses)?;
        threading::plus_address(own, ticket.id, &self.address_mac(ticket.id, ticket.requester))
    }

    /// Whether a closed ticket is too old for an answer to reopen it. A spam ticket is never gone on from.
    pub(super) fn is_past(&self, ticket: &Ticket, now: DateTime<Utc>) -> bool {
        let since = (now - ticket.status_since).to_std().unwrap_or_default();
        ticket.status == Status::Closed
            && ticket.reason.as_deref() != Some(SPAM)
            && since > self.settings.rules.reopen_window
    }
}

/// The ticket that an id leads to, and by which rung.
async fn known_place(tx: &mut Tx, id: &str, sender: &str) -> Result<Option<Place>> {
    let found = tx.ticket_by_ref(id, sender).await?;
    Ok(found.map(|(ticket, requester, kind)| {
        let rung = match kind {
            RefKind::Minted => Rung::MintedId,
            RefKind::Provider => Rung::ProviderId,
            RefKind::Received | RefKind::Named => Rung::Reference,
        };
        Place { ticket, requester, rung }
    }))
}

async fn requester_of(tx: &mut Tx, ticket: TicketId) -> Result<Option<String>> {
    match tx.ticket(ticket).await? {
        Some(ticket) => Ok(Some(tx.requester(ticket.requester).await?.email)),
        None => Ok(None),
    }
}

/// The ticket where a mail that leads to `id` goes, held for this transaction.
pub(super) async fn land(tx: &mut Tx, id: TicketId, way: Way) -> Result<Ticket> {
    let mut ticket = locked(tx, id).await?;
    let mut passed = Vec::new();
    loop {
        passed.push(ticket.id);
        let next = match ticket.merged_into {
            Some(into) => Some(into),
            None if way == Way::Onward && ticket.status == Status::Closed => tx.follower(ticket.id).await?,
            None => None,
        };
        match next {
            // A follower that was merged back into what it followed: the way ends where messages are.
            Some(next) if passed.contains(&next) && ticket.merged_into.is_some() => {
                return locked(tx, next).await;
            }
            Some(next) if !passed.contains(&next) => ticket = locked(tx, next).await?,
            _ => return Ok(ticket),
        }
    }
}

/// The mail of ours that a report is about.
pub(super) async fn returned_delivery(
    tx: &mut Tx,
    bounce: &Bounce,
    mail: &InboundMail,
) -> Result<Option<StoredDelivery>> {
    let (quoted, recipient) = (bounce.original_message_id.as_deref(), bounce.recipient.as_deref());
    for id in quoted.into_iter().chain(threading::answered_ids(mail)) {
        if let Some(delivery) = tx.delivery_by_rfc_id(id, recipient).await? {
            return Ok(Some(delivery));
        }
        let given = threading::provider_part(id).unwrap_or(id);
        if let Some(delivery) = tx.delivery_by_provider_id(given).await? {
            return Ok(Some(delivery));
        }
    }
    Ok(None)
}
