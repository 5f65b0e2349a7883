//! Whether a mail may open or wake a ticket: accept, ignore (a program wrote it), or hold for a CM.
//! May import: `domain::{address, mail}`.

mod opening;
mod subject;

use super::address::is_own;
use super::mail::InboundMail;
pub use opening::is_opening;
pub use subject::{automatic_ending, automatic_subject};

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

/// The same, where what calls it so stands behind the subject that it answers.
pub const BY_ENDING: &str = "end of the subject";

/// The same, of one whose text opens by calling itself automatic.
pub const BY_OPENING: &str = "first words";

/// How the reason of a mail begins with a field whose name, which follows, only sounds like an automatic answer's.
pub const FIELD: &str = "field ";

/// The reason of a mail from an address that programs use.
pub const BY_ADDRESS: &str = "sender's address";

/// The reason of a mail that asks every program not to answer it.
pub const BY_SUPPRESSION: &str = "x-auto-response-suppress";

/// The reason of a mail that holds a report as one of its parts.
pub const BY_PART: &str = "attached report";

/// How the reason of a mail begins that went through an address, which follows, and is not to come there again.
pub const LOOP: &str = "x-loop ";

/// How the reason of a mailing list's mail begins; the list's address follows where the mail tells it.
pub const LIST: &str = "list ";

/// Whether a reason is a guess: a mail that would open a ticket waits for a CM instead of being ignored.
pub fn is_doubtful(why: &str) -> bool {
    why == BY_SUBJECT || why.starts_with(FIELD) || is_circumstantial(why)
}

/// Whether a reason is a guess by what stands around the mail, or by words that people quote from automatic mail: where the
/// conversation is known, it is taken for a person's.
pub fn is_circumstantial(why: &str) -> bool {
    [BY_OPENING, BY_ENDING, BY_ADDRESS, BY_SUPPRESSION, BY_PART].contains(&why) || why.starts_with(LOOP)
}

/// Screens a mail. `own_addresses` are ours, in the form of [`super::people::normal_address`].
///
/// A bounce is told before its sender is looked at, since it has none (`<>`, MAILER-DAEMON). A list that is our
/// own address (a group that hands support mail on to us) is not a list.
pub fn screen(mail: &InboundMail, own_addresses: &[String]) -> Screening {
    if mail.bounce.is_some() {
        return Screening::Ignore(Ignored::Bounce);
    }
    screen_as_letter(mail, own_addresses)
}

/// Screens a mail whatever it reports: for one that reads like a bounce, and is of no mail of ours.
pub fn screen_as_letter(mail: &InboundMail, own_addresses: &[String]) -> Screening {
    if let [from] = mail.from.as_slice()
        && is_own(&from.address, own_addresses)
    {
        return Screening::Ignore(Ignored::OwnEcho);
    }
    if let Some(why) = &mail.automatic
        && !is_own_list(why, own_addresses)
    {
        // What went through our own address comes back to it.
        let is_our_loop = why.strip_prefix(LOOP).is_some_and(|address| is_own(address, own_addresses));
        let why = if is_our_loop { LOOP.trim_end() } else { why.as_str() };
        return Screening::Ignore(Ignored::Automatic(why.to_owned()));
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
                certain: true,
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
    fn a_mail_that_reads_like_a_bounce_is_a_letter_where_it_is_none() {
        let own = ["support@firm.example".to_owned()];
        assert_eq!(screen_as_letter(&mail(&["jean@client.example"], None, true), &own), Screening::Accept);
        assert_eq!(screen_as_letter(&mail(&[], None, true), &own), Screening::Hold("no sender"));
        let program = screen_as_letter(&mail(&["jean@client.example"], Some("precedence"), true), &own);
        assert_eq!(program, Screening::Ignore(Ignored::Automatic("precedence".to_owned())));
    }

    #[test]
    fn a_loop_is_sure_at_our_own_address_and_a_guess_at_any_other() {
        for (why, told, doubtful) in [
            ("x-loop support@firm.example", "x-loop", false),
            ("x-loop", "x-loop", false),
            ("x-loop jean@client.example", "x-loop jean@client.example", true),
            ("subject", "subject", true),
            ("first words", "first words", true),
            ("end of the subject", "end of the subject", true),
            ("field x-company-autoresponder", "field x-company-autoresponder", true),
            ("sender's address", "sender's address", true),
            ("auto-submitted", "auto-submitted", false),
        ] {
            let screened = screened(&mail(&["jean@client.example"], Some(why), false));
            assert_eq!(screened, Screening::Ignore(Ignored::Automatic(told.to_owned())), "{why}");
            assert_eq!(is_doubtful(told), doubtful, "{why}");
        }
        assert!(!is_circumstantial(BY_SUBJECT) && !is_circumstantial("field x-company-autoresponder"));
        assert!(is_circumstantial(BY_OPENING) && is_circumstantial(BY_ENDING));
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
