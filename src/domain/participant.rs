//! Who takes part in a ticket beside its requester: whom a mail names, who may write, who gets a reply to all.
//!
//! The mail that opens a ticket brings the people of its To and Cc in: the requester chose them. A later mail only
//! proposes: anybody can write somebody else's name over a mail and an address of their own into its Cc, so nobody comes
//! into a conversation that has a history but by a CM. Pure. May import: domain.

use super::address::is_own;
use super::delivery::{Plan, SkipReason};
use super::mail::{InboundMail, Mailbox};
use super::preference::Preference;
use serde::{Deserialize, Serialize};

/// How somebody stands to a ticket that is not theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Participation {
    /// Takes part: their mail is a message, and a reply to all reaches them.
    In,
    /// A mail named them, or they wrote themselves: a CM decides.
    Proposed,
    /// A CM decided against them: no mail proposes them again.
    Out,
}

impl Participation {
    /// All three.
    pub const ALL: [Participation; 3] = [Participation::In, Participation::Proposed, Participation::Out];

    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Participation::In => "in",
            Participation::Proposed => "proposed",
            Participation::Out => "out",
        }
    }

    /// The state that [`Participation::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Participation> {
        Participation::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A person who takes part in a ticket, or might.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// In the form of [`super::people::normal_address`].
    pub address: String,
    /// Display name; may be empty.
    pub name: String,
    /// How they stand.
    pub state: Participation,
    /// Whose mail named them, or which CM decided: an address or a name.
    pub added_by: String,
}

/// What a CM's act makes of one person; what undoing it needs is in here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantChange {
    /// Whom.
    pub address: String,
    /// How they stood; `None` for nobody known.
    pub from: Option<Participation>,
    /// How they stand from now on.
    pub to: Participation,
}

/// As what somebody writes into a ticket by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// The requester.
    Requester,
    /// Somebody who takes part.
    Participant,
    /// Anybody else, and whoever our mail server says is not who they say.
    Stranger,
}

/// Most people that one mail brings in or proposes.
pub const MOST_NAMED: usize = 20;

/// Most people that mails bring to one ticket: a CM may add more.
pub const MOST_BY_MAIL: i64 = 50;

/// The people that a mail names beside its sender and us, each once, at most [`MOST_NAMED`].
pub fn named_in<'a>(mail: &'a InboundMail, sender: &str, own_addresses: &[String]) -> Vec<&'a Mailbox> {
    let mut named: Vec<&Mailbox> = Vec::new();
    for person in mail.to.iter().chain(&mail.cc) {
        if named.len() == MOST_NAMED {
            break;
        }
        let address = person.address.as_str();
        if address != sender
            && !is_own(address, own_addresses)
            && !named.iter().any(|known| known.address == address)
        {
            named.push(person);
        }
    }
    named
}

/// Whether a copy of a reply goes to somebody who takes part. Who is known as a requester too has said how they want to
/// be told, and an address whose mail came back gets none; a copy is an e-mail and nothing else, so no other road takes
/// its place.
pub fn plan_copy(preference: Option<Preference>, is_suppressed: bool) -> Plan {
    match preference {
        Some(preference) if !preference.allows(super::channel::Channel::Email) => {
            Plan::Skip(SkipReason::Preference(preference))
        }
        _ if is_suppressed => Plan::Skip(SkipReason::Suppressed),
        _ => Plan::Send,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(to: &[&str], cc: &[&str]) -> InboundMail {
        let list = |list: &[&str]| {
            list.iter()
                .map(|address| Mailbox { address: (*address).to_owned(), name: String::new() })
                .collect()
        };
        InboundMail { to: list(to), cc: list(cc), ..InboundMail::default() }
    }

    #[test]
    fn a_mail_names_everybody_but_its_sender_and_us_each_once() {
        let own = ["support@firm.example".to_owned()];
        let mail = mail(
            &["support@firm.example", "marc@client.example", "support+42@firm.example"],
            &["lea@client.example", "anne@client.example", "marc@client.example"],
        );
        let named: Vec<&str> = named_in(&mail, "lea@client.example", &own)
            .iter()
            .map(|person| person.address.as_str())
            .collect();
        assert_eq!(named, ["marc@client.example", "anne@client.example"]);
    }

    #[test]
    fn a_hundred_names_are_twenty() {
        let addresses: Vec<String> = (0..100).map(|n| format!("p{n}@client.example")).collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        assert_eq!(named_in(&mail(&addresses, &[]), "lea@client.example", &[]).len(), MOST_NAMED);
    }

    #[test]
    fn a_copy_goes_to_everybody_who_did_not_refuse_e_mail() {
        for (preference, sends) in [
            (None, true),
            (Some(Preference::Both), true),
            (Some(Preference::EmailOnly), true),
            (Some(Preference::WebOnly), false),
            (Some(Preference::None), false),
        ] {
            assert_eq!(plan_copy(preference, false) == Plan::Send, sends, "{preference:?}");
            assert_ne!(plan_copy(preference, true), Plan::Send);
        }
    }

    #[test]
    fn words_read_back() {
        for state in Participation::ALL {
            assert_eq!(Participation::from_word(state.as_str()), Some(state));
        }
    }
}
