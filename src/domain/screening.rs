//! Whether a mail may open or wake a ticket: accept, ignore (a program wrote it), or hold for a CM.

use super::mail::InboundMail;

/// What is done with a mail before anything else is decided about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Screening {
    /// A person's mail.
    Accept,
    /// A program's mail: never opens nor wakes a ticket. The reason is for the journal.
    Ignore(Ignored),
    /// Kept whole for a CM to decide. The reason is for the journal.
    Hold(&'static str),
}

/// Why a mail is a program's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ignored {
    /// An automatic reply (RFC 3834) or another program's mail.
    Automatic(String),
    /// A report of non-delivery.
    Bounce,
    /// Our own mail came back to us.
    OwnEcho,
}

/// Screens a mail. `own_addresses` are ours, in the form of [`super::people::normal_address`].
pub fn screen(mail: &InboundMail, own_addresses: &[String]) -> Screening {
    if mail.bounce.is_some() {
        return Screening::Ignore(Ignored::Bounce);
    }
    if let Some(why) = &mail.automatic {
        return Screening::Ignore(Ignored::Automatic(why.clone()));
    }
    match mail.from.as_slice() {
        [] => Screening::Hold("no sender"),
        [from] if own_addresses.contains(&from.address) => Screening::Ignore(Ignored::OwnEcho),
        [_] => Screening::Accept,
        _ => Screening::Hold("more than one sender"),
    }
}
