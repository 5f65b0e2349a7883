//! What a button, a menu or a form in chat stands for: written into its id, so that it works after a restart, on
//! whichever platform it was drawn.
//!
//! Pure. May import: domain.

use crate::domain::ids::{DeliveryId, DraftId, EventId, FormId, MessageId, TicketId};
use crate::domain::ticket::Status;

/// The most bytes that an id of a button may have on any platform (Discord: 100, Slack: 255).
pub const MOST_BYTES: usize = 100;

/// What somebody asks for by a button, or begins by a menu or a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    /// Take the ticket.
    Take(TicketId),
    /// Write a reply, with a standard reply or from nothing.
    Reply(TicketId, Option<String>),
    /// Show the statuses to choose from.
    StatusMenu(TicketId),
    /// The menu of statuses; the choice says which.
    PickStatus(TicketId),
    /// Set this status.
    SetStatus(TicketId, Status),
    /// Show the standard replies to choose from.
    TemplateMenu(TicketId),
    /// A menu of standard replies, the n-th of them where there are too many for one; the choice says which.
    PickTemplate(TicketId, i64),
    /// Ask for the reason to escalate; as a form, escalate.
    Escalate(TicketId),
    /// Ask whether it is spam.
    Spam(TicketId),
    /// It is.
    SpamSure(TicketId),
    /// Reopen the ticket.
    Reopen(TicketId),
    /// Show the ticket.
    Show(TicketId),
    /// Take exactly this act back.
    Undo(EventId),
    /// Send a reply as it was shown, by the mark of its preview; the writer has seen everything up to this message.
    Send(DraftId, MessageId, String),
    /// The same, to everybody who takes part.
    SendAll(DraftId, MessageId, String),
    /// Go on writing; as a form, the whole text.
    Edit(DraftId),
    /// A form with a field for each bracket of a standard reply.
    Fill(DraftId),
    /// The menu of statuses that may go with a reply.
    Then(DraftId),
    /// Give the reply up.
    Drop(DraftId),
    /// The technical team has mended what was escalated.
    Fixed(TicketId),
    /// Write a reply that begins with this note.
    UseNote(TicketId, MessageId),
    /// Send a delivery again.
    Resend(DeliveryId),
    /// Take a delivery for sent.
    MarkSent(DeliveryId),
    /// A form: open a ticket from a message of this author in chat.
    Open(String),
    /// A form: add a message to a ticket.
    AddTo,
    /// Fill in again what was refused.
    Refill(FormId),
    /// Link this account to the agent whose address it has.
    LinkMe,
    /// Remind the requester.
    Remind(TicketId),
    /// Put the ticket off for so many days.
    Snooze(TicketId, u16),
    /// Leave things as they are.
    Never,
}

impl Press {
    /// The id of the button.
    pub fn encode(&self) -> String {
        match self {
            Press::Take(ticket) => format!("take:{ticket}"),
            Press::Reply(ticket, None) => format!("reply:{ticket}"),
            Press::Reply(ticket, Some(template)) => format!("reply:{ticket}:{template}"),
            Press::StatusMenu(ticket) => format!("statuses:{ticket}"),
            Press::PickStatus(ticket) => format!("pick-status:{ticket}"),
            Press::SetStatus(ticket, status) => format!("status:{ticket}:{}", status.as_str()),
            Press::TemplateMenu(ticket) => format!("templates:{ticket}"),
            Press::PickTemplate(ticket, menu) => format!("pick-template:{ticket}:{menu}"),
            Press::Escalate(ticket) => format!("escalate:{ticket}"),
            Press::Spam(ticket) => format!("spam:{ticket}"),
            Press::SpamSure(ticket) => format!("spam-sure:{ticket}"),
            Press::Reopen(ticket) => format!("reopen:{ticket}"),
            Press::Show(ticket) => format!("show:{ticket}"),
            Press::Undo(event) => format!("undo:{event}"),
            Press::Send(draft, seen, mark) => format!("send:{draft}:{seen}:{mark}"),
            Press::SendAll(draft, seen, mark) => format!("send-all:{draft}:{seen}:{mark}"),
            Press::Edit(draft) => format!("edit:{draft}"),
            Press::Fill(draft) => format!("fill:{draft}"),
            Press::Then(draft) => format!("then:{draft}"),
            Press::Drop(draft) => format!("drop:{draft}"),
            Press::Fixed(ticket) => format!("fixed:{ticket}"),
            Press::UseNote(ticket, note) => format!("use-note:{ticket}:{note}"),
            Press::Resend(delivery) => format!("resend:{delivery}"),
            Press::MarkSent(delivery) => format!("sent:{delivery}"),
            Press::Open(author) => format!("open:{author}"),
            Press::AddTo => "add-to".to_owned(),
            Press::Refill(form) => format!("refill:{form}"),
            Press::LinkMe => "link-me".to_owned(),
            Press::Remind(ticket) => format!("remind:{ticket}"),
            Press::Snooze(ticket, days) => format!("snooze:{ticket}:{days}"),
            Press::Never => "never".to_owned(),
        }
    }

    /// Whether it may be answered with a form.
    pub fn asks(&self) -> bool {
        matches!(
            self,
            Press::Reply(..)
                | Press::PickTemplate(..)
                | Press::Escalate(_)
                | Press::UseNote(..)
                | Press::Edit(_)
                | Press::Refill(_)
        )
    }

    /// What [`Press::encode`] wrote, or `None`.
    pub fn decode(id: &str) -> Option<Press> {
        let mut words = id.splitn(4, ':');
        let verb = words.next()?;
        let (first, second, third) = (words.next(), words.next(), words.next());
        let number = || first?.parse::<i64>().ok();
        let ticket = || number().map(TicketId);
        let draft = || number().map(DraftId);
        let seen = || second?.parse().ok().map(MessageId);
        Some(match verb {
            "take" => Press::Take(ticket()?),
            "reply" => Press::Reply(ticket()?, second.map(str::to_owned)),
            "statuses" => Press::StatusMenu(ticket()?),
            "pick-status" => Press::PickStatus(ticket()?),
            "status" => Press::SetStatus(ticket()?, Status::from_word(second?)?),
            "templates" => Press::TemplateMenu(ticket()?),
            "pick-template" => {
                let menu = second.map_or(Some(0), |menu| menu.parse().ok());
                Press::PickTemplate(ticket()?, menu?)
            }
            "escalate" => Press::Escalate(ticket()?),
            "spam" => Press::Spam(ticket()?),
            "spam-sure" => Press::SpamSure(ticket()?),
            "reopen" => Press::Reopen(ticket()?),
            "show" => Press::Show(ticket()?),
            "undo" => Press::Undo(EventId(number()?)),
            "send" => Press::Send(draft()?, seen()?, third?.to_owned()),
            "send-all" => Press::SendAll(draft()?, seen()?, third?.to_owned()),
            "edit" => Press::Edit(draft()?),
            "fill" => Press::Fill(draft()?),
            "then" => Press::Then(draft()?),
            "drop" => Press::Drop(draft()?),
            "fixed" => Press::Fixed(ticket()?),
            "use-note" => Press::UseNote(ticket()?, seen()?),
            "resend" => Press::Resend(DeliveryId(number()?)),
            "sent" => Press::MarkSent(DeliveryId(number()?)),
            "open" => Press::Open(first?.to_owned()),
            "add-to" => Press::AddTo,
            "refill" => Press::Refill(FormId(number()?)),
            "link-me" => Press::LinkMe,
            "remind" => Press::Remind(ticket()?),
            "snooze" => Press::Snooze(ticket()?, second?.parse().ok()?),
            "never" => Press::Never,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_button_is_read_back_and_short_enough_for_every_platform() {
        let (ticket, draft, seen) = (TicketId(i64::MAX), DraftId(i64::MAX), MessageId(i64::MAX));
        let all = [
            Press::Take(ticket),
            Press::Reply(ticket, None),
            Press::Reply(ticket, Some("demande-infos".into())),
            Press::StatusMenu(ticket),
            Press::PickStatus(ticket),
            Press::SetStatus(ticket, Status::WaitingCustomer),
            Press::TemplateMenu(ticket),
            Press::PickTemplate(ticket, 4),
            Press::Escalate(ticket),
            Press::Spam(ticket),
            Press::SpamSure(ticket),
            Press::Reopen(ticket),
            Press::Show(ticket),
            Press::Undo(EventId(i64::MAX)),
            Press::Send(draft, seen, "0123456789ab".into()),
            Press::SendAll(draft, seen, "0123456789ab".into()),
            Press::Edit(draft),
            Press::Fill(draft),
            Press::Then(draft),
            Press::Drop(draft),
            Press::Fixed(ticket),
            Press::UseNote(ticket, seen),
            Press::Resend(DeliveryId(i64::MAX)),
            Press::MarkSent(DeliveryId(i64::MAX)),
            Press::Open("123456789012345678901".into()),
            Press::AddTo,
            Press::Refill(FormId(i64::MAX)),
            Press::LinkMe,
            Press::Remind(ticket),
            Press::Snooze(ticket, u16::MAX),
            Press::Never,
        ];
        for press in all {
            let id = press.encode();
            assert!(id.len() <= MOST_BYTES, "{id}");
            assert_eq!(Press::decode(&id), Some(press), "{id}");
        }
    }

    #[test]
    fn what_nobody_of_ours_wrote_is_no_button() {
        for id in
            ["", "take", "take:", "take:x", "take:9999999999999999999999", "status:42:gone", "resolve:1"]
        {
            assert_eq!(Press::decode(id), None, "{id}");
        }
    }
}
