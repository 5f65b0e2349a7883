//! Which message ids the database knows, asked for a whole batch of mails at once: most mails carry ids that lead
//! nowhere, and each would be a question of its own.

use super::Result;
use crate::domain::mail::InboundMail;
use crate::domain::threading::{self, Offer};
use crate::store::Tx;
use std::collections::HashSet;

/// The ids of a batch that lead to a ticket, in whichever way.
#[derive(Default)]
pub(super) struct Known {
    ids: HashSet<String>,
}

impl Known {
    /// Asks for every id by which a mail may find its ticket.
    pub(super) async fn among(
        tx: &mut Tx,
        mails: &[&InboundMail],
        own_addresses: &[String],
    ) -> Result<Known> {
        let offers = mails.iter().flat_map(|mail| threading::offers(mail, own_addresses));
        let asked: HashSet<&str> = offers.filter_map(|offer| offer.looked_up()).collect();
        Ok(Known { ids: tx.known_refs(&asked.into_iter().collect::<Vec<_>>()).await? })
    }

    /// Takes note of a mail that is written on a ticket: its own id and those it names lead there from here on.
    pub(super) fn note(&mut self, own: Option<&str>, named: &[&str]) {
        self.ids.extend(named.iter().copied().chain(own).map(str::to_owned));
    }

    /// Whether it is worth asking where an offer leads.
    pub(super) fn may_lead(&self, offer: &Offer<'_>) -> bool {
        // What we minted is vouched for by its mac, and text is not stored with NUL in it.
        let is_asked = |id: &str| self.ids.contains(id) || id.contains('\0');
        matches!(offer, Offer::MintedId { .. }) || offer.looked_up().is_none_or(is_asked)
    }
}
