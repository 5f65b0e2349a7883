//! Which ticket a mail belongs to, and the references we put into our own mail so that its answers come back.

use super::ids::{EventId, TicketId};
use super::mail::InboundMail;

/// Which rung of the ladder brought a mail to a ticket; kept in the history as the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// In-Reply-To or References name a message that we stored or minted.
    Reference,
    /// The subject carries `[#42]` and the sender takes part in ticket 42.
    SubjectTag,
}

impl Rung {
    /// The word kept in the history.
    pub const fn as_str(self) -> &'static str {
        match self {
            Rung::Reference => "reference",
            Rung::SubjectTag => "subject_tag",
        }
    }
}

/// The message ids a mail answers to, the likeliest first: In-Reply-To, then References from the newest.
/// At most [`MOST_REFERENCES`]; an empty id is never among them.
pub fn answered_ids(mail: &InboundMail) -> Vec<&str> {
    let mut ids: Vec<&str> = Vec::new();
    for id in mail.in_reply_to.iter().chain(mail.references.iter().rev()) {
        if ids.len() == MOST_REFERENCES {
            break;
        }
        if !id.trim().is_empty() && !ids.contains(&id.as_str()) {
            ids.push(id);
        }
    }
    ids
}

/// More references than any conversation needs; a hostile header may hold thousands.
pub const MOST_REFERENCES: usize = 50;

/// The tag that our subjects carry: `[#42]`.
pub fn subject_tag(ticket: TicketId) -> String {
    format!("[#{ticket}]")
}

/// The ticket that a subject's tag names; the last tag wins, since replies keep the oldest first.
pub fn tagged_ticket(subject: &str) -> Option<TicketId> {
    let mut found = None;
    for piece in subject.split("[#").skip(1) {
        if let Some((digits, _)) = piece.split_once(']')
            && !digits.is_empty()
            && digits.len() <= 12
            && digits.bytes().all(|b| b.is_ascii_digit())
        {
            found = digits.parse().ok().map(TicketId);
        }
    }
    found
}

/// A subject without our tag and without the marks of answering or forwarding, to show and to answer.
/// "Re: RE : Tr: Paiement [#42]" → "Paiement". Never empty when the subject holds anything else.
pub fn bare_subject(subject: &str) -> String {
    let mut bare = subject.to_owned();
    while let Some(start) = bare.find("[#") {
        let Some(length) = bare[start..].find(']') else { break };
        let digits = &bare[start + 2..start + length];
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            break;
        }
        bare.replace_range(start..=start + length, " ");
    }
    let mut rest = bare.trim();
    while let Some((mark, after)) = rest.split_once(':') {
        const MARKS: [&str; 9] = ["re", "ré", "rép", "rep", "fw", "fwd", "tr", "aw", "sv"];
        let mark = mark.trim().to_lowercase();
        if !MARKS.contains(&mark.as_str()) || after.trim().is_empty() {
            break;
        }
        rest = after.trim();
    }
    rest.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A Message-ID of ours without angle brackets: `42.117.k3v9…@host`. `mac` vouches that we made it.
pub fn minted_id(ticket: TicketId, event: EventId, mac: &str, host: &str) -> String {
    format!("{ticket}.{event}.{mac}@{host}")
}

/// The ticket and the event of an id that has the form of [`minted_id`]; whether we made it only its mac can tell.
pub fn read_minted_id(id: &str) -> Option<(TicketId, EventId)> {
    let (local, _) = id.split_once('@')?;
    let mut parts = local.split('.');
    let (ticket, event, _mac) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Some((TicketId(ticket.parse().ok()?), EventId(event.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_and_removed() {
        assert_eq!(tagged_ticket("Re: Paiement [#42]"), Some(TicketId(42)));
        assert_eq!(tagged_ticket("[#7] Tr: [#42] x"), Some(TicketId(42)));
        for none in ["[#]", "[#4x]", "#42", "[# 42]", "[#99999999999999999999]"] {
            assert_eq!(tagged_ticket(none), None, "{none:?}");
        }
        assert_eq!(bare_subject("Re: RE : Tr: Paiement refusé [#42]"), "Paiement refusé");
        assert_eq!(bare_subject("Re: [#42] Paiement"), "Paiement");
        assert_eq!(bare_subject("RE:"), "RE:");
        assert_eq!(bare_subject("Erreur : rien ne marche"), "Erreur : rien ne marche");
    }

    #[test]
    fn minted_ids_read_back() {
        let id = minted_id(TicketId(42), EventId(117), "k3v9", "support.example");
        assert_eq!(read_minted_id(&id), Some((TicketId(42), EventId(117))));
        assert_eq!(read_minted_id("CAF=abc.def@mail.example"), None);
    }
}
