//! Who takes part in a ticket beside its requester: may somebody write there by mail, and as what; whom a mail brings or
//! proposes; what a CM decides about it; to whom a reply goes. May import: domain, command, view,
//! wording, store.

use super::failure::refuse;
use super::{Desk, Failure, Inner, Result, locked};
use crate::command::vocabulary::ParticipantWish;
use crate::domain::address::is_own;
use crate::domain::authentication::is_refuted_by;
use crate::domain::delivery::Plan;
use crate::domain::event::{Event, EventDetail, Wrote};
use crate::domain::ids::{MessageId, TicketId};
use crate::domain::mail::{InboundMail, Mailbox};
use crate::domain::message::Mark;
use crate::domain::participant::{
    MOST_BY_MAIL, ParticipantChange, Participation, Voice, named_in, plan_copy,
};
use crate::domain::people::Requester;
use crate::domain::refusal::Refusal;
use crate::domain::thanks::is_thanks;
use crate::domain::ticket::Ticket;
use crate::store::Tx;
use crate::view::{Recipients, Uncopied};
use crate::wording;
use chrono::{DateTime, Utc};

impl Inner {
    /// Whether our mail server says that the sender of a mail is not who it says.
    pub(super) fn is_refuted(&self, mail: &InboundMail) -> bool {
        is_refuted_by(&mail.authentication, &self.settings.authserv_ids)
    }

    /// As what the sender of a mail writes into the ticket of `requester`: the one question that decides whether a mail
    /// is a message, wakes the ticket, and names its history. Nobody is believed to be a person of the ticket whom our
    /// mail server refutes.
    pub(super) async fn voice(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        requester: &str,
        sender: &str,
        mail: &InboundMail,
    ) -> Result<Voice> {
        if self.is_refuted(mail) {
            return Ok(Voice::Stranger);
        }
        if requester == sender {
            return Ok(Voice::Requester);
        }
        // Held, so that a CM who lets somebody in meanwhile validates this mail too, or is seen here.
        locked(tx, ticket).await?;
        Ok(match tx.participation(ticket, sender).await? {
            Some(Participation::In) => Voice::Participant,
            Some(Participation::Proposed | Participation::Out) | None => Voice::Stranger,
        })
    }

    /// Proposes the people that a mail on a ticket names; those that the opening mail names come with the ticket
    /// (`later.rs`).
    pub(super) async fn propose_named(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        requester: &str,
        mail: &InboundMail,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let sender = mail.from.first().map_or("", |sender| sender.address.as_str());
        let state = Participation::Proposed;
        for person in named_in(mail, sender, &self.settings.own_addresses) {
            if person.address != requester {
                tx.bring_participant(ticket, person, state, sender, MOST_BY_MAIL, now).await?;
            }
        }
        Ok(())
    }

    /// Proposes a stranger who wrote. Who is refuted may be anybody, and proposes nobody.
    pub(super) async fn propose_stranger(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        sender: &Mailbox,
        mail: &InboundMail,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if self.is_refuted(mail) {
            return Ok(());
        }
        let state = Participation::Proposed;
        Ok(tx.bring_participant(ticket, sender, state, &sender.address, MOST_BY_MAIL, now).await?)
    }

    /// What a CM's words about participants change: those added come in, and what they wrote before is validated;
    /// those taken away are out.
    ///
    /// # Errors
    /// [`Refusal::OwnAddress`], [`Refusal::IsRequester`], [`Refusal::SameParticipants`] and the database's.
    pub(super) async fn decide_participants(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        wanted: &[ParticipantWish],
    ) -> Result<Event> {
        let id = ticket.id;
        let requester = tx.requester(ticket.requester).await?;
        let with_files: Vec<MessageId> = tx.attachments(id).await?.into_iter().map(|(of, _)| of).collect();
        let mut changes: Vec<ParticipantChange> = Vec::new();
        let (mut validated, mut wrote): (Vec<MessageId>, Option<Wrote>) = (Vec::new(), None);
        for (at, ParticipantWish { address, adds }) in wanted.iter().enumerate() {
            if wanted[at + 1..].iter().any(|later| later.address == *address) {
                // Named again: the last word counts.
                continue;
            }
            if is_own(address, &self.settings.own_addresses) {
                return refuse(Refusal::OwnAddress(address.clone()));
            }
            if *adds {
                for held in tx.held_messages(id, address).await? {
                    let is_thanks = !with_files.contains(&held.id)
                        && is_thanks(&held.text, &format!("{} {address}", held.author));
                    let says = if is_thanks { Wrote::Thanks } else { Wrote::Words };
                    wrote = if wrote == Some(Wrote::Words) { wrote } else { Some(says) };
                    validated.push(held.id);
                }
            }
            if *address == requester.email {
                if !adds {
                    return refuse(Refusal::IsRequester(id, address.clone()));
                }
                continue;
            }
            let to = if *adds { Participation::In } else { Participation::Out };
            let from = tx.participation(id, address).await?;
            if from == Some(to) || (from.is_none() && !adds) {
                continue;
            }
            changes.push(ParticipantChange { address: address.clone(), from, to });
        }
        if changes.is_empty() && validated.is_empty() {
            return refuse(Refusal::SameParticipants(id));
        }
        Ok(Event::ParticipantsSet { changes, validated, wrote })
    }

    /// Writes what [`Inner::decide_participants`] decided.
    pub(super) async fn write_participants(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        event: &Event,
        added_by: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Event::ParticipantsSet { changes, validated, .. } = event else { return Ok(()) };
        for change in changes {
            tx.set_participant(ticket, &change.address, change.to, added_by, now).await?;
        }
        for message in validated {
            tx.set_mark(*message, None).await?;
        }
        Ok(())
    }
}

#[allow(clippy::missing_errors_doc, reason = "the database's, and the refusal of a ticket that there is not")]
impl Desk {
    /// To whom a reply to all would go now.
    pub async fn recipients(&self, id: TicketId) -> Result<Recipients> {
        let mut tx = self.inner.store.read().await?;
        let ticket = tx.ticket(id).await?.ok_or(Failure::Refused(Refusal::NoSuchTicket(id)))?;
        recipients_now(&mut tx, &ticket).await
    }
}

/// To whom a reply to all would go now.
pub(super) async fn recipients_now(tx: &mut Tx, ticket: &Ticket) -> Result<Recipients> {
    let requester = tx.requester(ticket.requester).await?;
    let is_suppressed = tx.suppressed(&requester.email).await?.is_some();
    Ok(recipients(&requester, is_suppressed, &copies(tx, ticket.id).await?))
}

/// Puts back who took part before an act, and what was held before it.
pub(super) async fn take_back(tx: &mut Tx, ticket: TicketId, detail: &EventDetail) -> Result<()> {
    for change in &detail.participants {
        tx.restore_participant(ticket, &change.address, change.from).await?;
    }
    for message in &detail.validated {
        tx.set_mark(MessageId(*message), Some(Mark::Stranger)).await?;
    }
    Ok(())
}

/// Somebody in copy, and whether a copy goes to them.
pub(super) struct Copy {
    pub(super) person: Mailbox,
    pub(super) plan: Plan,
}

/// Everybody who takes part in a ticket, each with what becomes of a copy to them now.
pub(super) async fn copies(tx: &mut Tx, ticket: TicketId) -> Result<Vec<Copy>> {
    let mut copies = Vec::new();
    for participant in tx.participants(ticket).await? {
        if participant.state != Participation::In {
            continue;
        }
        let known = tx.requester_by_email(&participant.address).await?;
        let is_suppressed = tx.suppressed(&participant.address).await?.is_some();
        let plan = plan_copy(known.map(|requester| requester.preference), is_suppressed);
        let person = Mailbox { address: participant.address, name: participant.name };
        copies.push(Copy { person, plan });
    }
    Ok(copies)
}

/// The exact recipients of a reply by mail.
pub(super) fn recipients(requester: &Requester, is_suppressed: bool, copies: &[Copy]) -> Recipients {
    // What goes for a copy goes for the requester's own mail.
    let plan = plan_copy(Some(requester.preference), is_suppressed);
    let sent = copies.iter().filter(|copy| copy.plan == Plan::Send);
    let without = copies.iter().filter_map(|copy| match copy.plan {
        Plan::Skip(reason) => {
            let why = wording::labels::skip_reason(reason);
            Some(Uncopied { email: copy.person.address.clone(), why })
        }
        Plan::Send | Plan::Store => None,
    });
    Recipients {
        to: (plan == Plan::Send).then(|| requester.email.clone()),
        cc: sent.map(|copy| copy.person.address.clone()).collect(),
        without: without.collect(),
    }
}
