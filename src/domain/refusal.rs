//! Every "no" that a CM can meet, with its data and without its words (those are in `wording::refusals`).

use super::ids::{DeliveryId, TicketId};
use super::people::Role;
use super::ticket::{Priority, Status};
use std::time::Duration;

/// An expected no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No ticket has this number.
    NoSuchTicket(TicketId),
    /// Only a message that came in, of a ticket that keeps another, becomes a ticket of its own.
    NotSplit(TicketId),
    /// The ticket stands there already.
    SameStatus(TicketId, Status),
    /// This status may not follow that one.
    NotFromHere {
        /// The ticket.
        ticket: TicketId,
        /// Where it stands.
        from: Status,
        /// Where it was asked to go.
        to: Status,
    },
    /// It has this priority already.
    SamePriority(TicketId, Priority),
    /// This agent has the ticket already.
    SameAssignee(TicketId, String),
    /// No agent has this name.
    NoSuchAgent(String),
    /// The person who acts is not linked to an agent.
    UnknownPerson,
    /// This agent's access was ended.
    AgentDisabled(String),
    /// Nobody could manage the agents any more.
    LastAdmin(String),
    /// An agent has this name already.
    AgentNameTaken(String),
    /// What was given as an agent's name is none.
    NotAnAgentName(String),
    /// What was given as an account is none.
    NotAnAccount(String),
    /// This account is not linked to this agent.
    NotLinked {
        /// Their name.
        agent: String,
        /// The account, as it is written: `discord:1100000000000000007`.
        account: String,
    },
    /// A password too short or too long.
    NotAPassword,
    /// The act needs another role.
    NeedsRole(Role),
    /// The ticket changed between reading and writing, and again at each new try.
    Changed(TicketId),
    /// No template has this name.
    NoSuchTemplate {
        /// The name given.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// A text still holds brackets to fill in, such as `Question 1`.
    Unfilled(Vec<String>),
    /// A reply without a word.
    EmptyText,
    /// Nobody with this address ever wrote.
    NoSuchRequester(String),
    /// This agent did nothing that could be taken back within the window.
    NothingToUndo(Duration),
    /// The act could be taken back, but something happened on the ticket since.
    UndoTooLate(TicketId),
    /// No delivery has this number.
    NoSuchDelivery(DeliveryId),
    /// Only a delivery that failed or is uncertain can be sent again.
    NotResendable(DeliveryId),
    /// Only a delivery that is uncertain can be taken for sent.
    NotUncertain(DeliveryId),
    /// A spam ticket's sender gets no reply.
    SpamGetsNoReply(TicketId),
    /// The ticket ended in another, where every act belongs.
    Merged {
        /// The ticket.
        ticket: TicketId,
        /// The one that goes on.
        into: TicketId,
    },
    /// A ticket is not merged into itself.
    MergedIntoItself(TicketId),
    /// The requester of one must not read the conversation of the other.
    TwoRequesters(TicketId, TicketId),
    /// Nothing is merged into a closed ticket, nor a spam ticket into another.
    ClosedToMerging(TicketId),
    /// A reply to all, where nobody takes part.
    NobodyInCopy(TicketId),
    /// Something was said on the ticket that whoever answers has not read.
    SaidMeanwhile(TicketId),
    /// The recipients are not those that were shown any more.
    RecipientsChanged(TicketId),
    /// One of our own addresses takes part in nothing.
    OwnAddress(String),
    /// The requester of a ticket does not leave it.
    IsRequester(TicketId, String),
    /// Everybody stands already as was asked.
    SameParticipants(TicketId),
    /// Nothing is added to a closed ticket that was anonymised.
    Anonymised(TicketId),
    /// A closed ticket is not escalated.
    ClosedToEscalation(TicketId),
    /// The ticket is escalated already, for this very reason.
    SameEscalation(TicketId),
    /// A tag is one short word.
    NotATag(String),
    /// The ticket would have more tags than this.
    TooManyTags(TicketId, usize),
    /// The tags stand already as was asked.
    SameTags(TicketId),
    /// The act to take back is not this agent's latest.
    NotTheLatestAct(TicketId),
    /// A reply that was being written was sent or given up.
    DraftEnded,
    /// A reply that this colleague writes.
    DraftOf {
        /// Their name.
        writer: String,
        /// The ticket it answers.
        ticket: TicketId,
    },
    /// What was given as the number of a ticket is none.
    NoTicketNumber(String),
    /// What was given as an e-mail address is none.
    NotAnAddress(String),
    /// Only who owes us an answer is reminded.
    NotWaiting(TicketId, Status),
    /// The requester was reminded within the last day.
    RemindedLately(TicketId),
    /// A closed ticket is not put off.
    ClosedToSnoozing(TicketId),
    /// What was given as a delay is none, or is longer than a ticket may be put off.
    NotADelay(String),
    /// What is asked after a ticket was settled makes no sense before.
    NotSettled(TicketId, Status),
    /// This requester is blocked: nothing opens a ticket for them.
    Blocked(String),
}
