//! Whether a mail may open or wake a ticket: accept, ignore (a program wrote it), or hold for a CM.
//! May import: `domain::{address, mail}`.

mod subject;

use super::address::is_own;
use super::mail::InboundMail;
pub use subject::automatic_subject;

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

/// The reason of a mail that only its subject calls automatic: people write such subjects too.
pub const BY_SUBJECT: &str = "subject";

/// How the reason of a mailing list's mail begins; the list's address follows where the mail tells it.
pub const LIST: &str = "list ";

/// Screens a mail. `own_addresses` are ours, in the form of [`super::people::normal_address`].
///
/// A bounce is told before its sender is looked at, since it has none (`<>`, MAILER-DAEMON). A list that is our
/// own address (a group that hands support mail on to us) is not a list.
pub fn screen(mail: &InboundMail, own_addresses: &[String]) -> Screening {
    if mail.bounce.is_some() {
        return Screening::Ignore(Ignored::Bounce);
    }
    if let [from] = mail.from.as_slice()
        && is_own(&from.address, own_addresses)
    {
        return Screening::Ignore(Ignored::OwnEcho);
    }
    if let Some(why) = &mail.automatic
        && !is_own_list(why, own_addresses)
    {
        return Screening::Ignore(Ignored::Automatic(why.clone()));
    }
    match mail.from.as_slice() {
        [] => Screening::Hold("no sender"),
        [_] => Screening::Accept,
        _ => Screening::Hold("more than one sender"),
    }
}

/// Whether a reason names a list that is one of our addresses: `support@firm.example`, or its id
/// `support.firm.example` (RFC 2919).
fn is_own_list(why: &str, own_addresses: &[String]) -> bool {
    let Some(list) = why.strip_prefix(LIST) else { return false };
    own_addresses.iter().any(|own| own == list || own.replacen('@', ".", 1) == list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mail::{Bounce, Mailbox};

    fn mail(from: &[&str], automatic: Option<&str>, bounce: bool) -> InboundMail {
        let mailbox = |address: &&str| Mailbox { address: (*address).to_owned(), name: String::new() };
        InboundMail {
            from: from.iter().map(mailbox).collect(),
            automatic: automatic.map(str::to_owned),
            bounce: bounce.then(|| Bounce {
                recipient: None,
                status: None,
                action: "failed".to_owned(),
                original_message_id: None,
            }),
            ..InboundMail::default()
        }
    }

    fn screened(mail: &InboundMail) -> Screening {
        screen(mail, &["support@firm.example".to_owned()])
    }

    #[test]
    fn only_a_person_with_one_address_is_accepted() {
        assert_eq!(screened(&mail(&["jean@client.example"], None, false)), Screening::Accept);
        assert_eq!(screened(&mail(&[], None, false)), Screening::Hold("no sender"));
        let two = mail(&["jean@client.example", "marie@client.example"], None, false);
        assert_eq!(screened(&two), Screening::Hold("more than one sender"));
    }

    #[test]
    fn a_bounce_needs_no_sender_and_our_echo_is_told_before_its_reason() {
        assert_eq!(screened(&mail(&[], Some("sender"), true)), Screening::Ignore(Ignored::Bounce));
        let echo = mail(&["support@firm.example"], Some("auto-submitted"), false);
        assert_eq!(screened(&echo), Screening::Ignore(Ignored::OwnEcho));
    }

    #[test]
    fn a_list_that_is_our_own_address_is_no_list() {
        for own in ["list support@firm.example", "list support.firm.example"] {
            assert_eq!(
                screened(&mail(&["jean@client.example"], Some(own), false)),
                Screening::Accept,
                "{own}"
            );
        }
        let other = screened(&mail(&["jean@client.example"], Some("list other@firm.example"), false));
        assert_eq!(other, Screening::Ignore(Ignored::Automatic("list other@firm.example".to_owned())));
    }
}
