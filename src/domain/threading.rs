//! Which ticket a mail belongs to, and the references we put into our own mail so that its answers come back.

use super::ids::{EventId, TicketId};
use super::mail::InboundMail;
use super::screening::is_circumstantial;

/// Which rung of the ladder brought a mail to a ticket; kept in the history as the proof. In the order of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// It was sent to the signed address that our mail asked to be answered at.
    PlusAddress,
    /// It answers a Message-ID that we minted.
    MintedId,
    /// It answers the id that the submission server gave our mail in place of ours.
    ProviderId,
    /// It answers a message of the conversation that we received.
    Reference,
    /// The subject carries `[#42]` and the sender takes part in ticket 42.
    SubjectTag,
    /// It answers what an earlier mail of the same sender answered, or is what that mail answered.
    OwnMail,
    /// It was written on the requester's own page of the ticket, which a signed link opened.
    SignedLink,
}

impl Rung {
    /// All of them, in the order of the ladder.
    pub const ALL: [Rung; 7] = [
        Rung::PlusAddress,
        Rung::MintedId,
        Rung::ProviderId,
        Rung::Reference,
        Rung::SubjectTag,
        Rung::OwnMail,
        Rung::SignedLink,
    ];

    /// The word kept in the history.
    pub const fn as_str(self) -> &'static str {
        match self {
            Rung::PlusAddress => "plus_address",
            Rung::MintedId => "minted_id",
            Rung::ProviderId => "provider_id",
            Rung::Reference => "reference",
            Rung::SubjectTag => "subject_tag",
            Rung::OwnMail => "own_mail",
            Rung::SignedLink => "signed_link",
        }
    }

    /// The rung that [`Rung::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Rung> {
        Rung::ALL.into_iter().find(|rung| rung.as_str() == word)
    }
}

/// What a requester's answer does to their ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerTo {
    /// It is one more message.
    Goes,
    /// It takes a settled ticket up again.
    Reopens,
    /// It opens a ticket that goes on from this one, which was closed too long ago.
    Follows,
}

/// How a message id came to lead to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefKind {
    /// The id of a mail that we received.
    Received,
    /// An id that we minted.
    Minted,
    /// What the submission server called a mail of ours.
    Provider,
    /// An id that a mail on the ticket answers and that nobody sent us: leads only its own sender here.
    Named,
}

impl RefKind {
    /// All four.
    pub const ALL: [RefKind; 4] = [RefKind::Received, RefKind::Minted, RefKind::Provider, RefKind::Named];

    /// The word used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            RefKind::Received => "received",
            RefKind::Minted => "minted",
            RefKind::Provider => "provider",
            RefKind::Named => "named",
        }
    }

    /// The kind that [`RefKind::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<RefKind> {
        RefKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What a mail itself offers for one rung, before anybody looked whether it leads anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer<'a> {
    /// An address of ours with a ticket's tag.
    PlusAddress {
        /// The whole address.
        address: &'a str,
        /// The ticket it names.
        ticket: TicketId,
        /// What must vouch for it.
        mac: &'a str,
    },
    /// An id that has the form of ours.
    MintedId {
        /// The whole id.
        id: &'a str,
        /// The ticket it names.
        ticket: TicketId,
        /// The line of history it names.
        event: EventId,
    },
    /// An id of the form that a provider gives.
    ProviderId {
        /// The whole id.
        id: &'a str,
        /// What the provider's answer told of it.
        given: &'a str,
    },
    /// Any other id.
    Reference {
        /// The id.
        id: &'a str,
    },
    /// `[#42]`.
    SubjectTag {
        /// The ticket it names.
        ticket: TicketId,
    },
    /// An id that an earlier mail of the same sender may share.
    OwnMail {
        /// The id.
        id: &'a str,
    },
}

impl Offer<'_> {
    /// The rung it stands on.
    pub const fn rung(&self) -> Rung {
        match self {
            Offer::PlusAddress { .. } => Rung::PlusAddress,
            Offer::MintedId { .. } => Rung::MintedId,
            Offer::ProviderId { .. } => Rung::ProviderId,
            Offer::Reference { .. } => Rung::Reference,
            Offer::SubjectTag { .. } => Rung::SubjectTag,
            Offer::OwnMail { .. } => Rung::OwnMail,
        }
    }
}

/// All that a mail offers for the ladder, in the order in which it is tried. `own` are our addresses, in the form of
/// [`super::people::normal_address`].
pub fn offers<'a>(mail: &'a InboundMail, own: &[String]) -> Vec<Offer<'a>> {
    let mut offers: Vec<Offer<'a>> = Vec::new();
    let named = mail.to.iter().chain(&mail.cc).map(|mailbox| mailbox.address.as_str());
    for address in named.chain(mail.delivered_to.iter().map(String::as_str)) {
        if let Some((ticket, mac)) = read_plus_address(address, own) {
            let offer = Offer::PlusAddress { address, ticket, mac };
            if offers.len() < MOST_ADDRESSES && !offers.contains(&offer) {
                offers.push(offer);
            }
        }
    }
    let ids = answered_ids(mail);
    offers
        .extend(ids.iter().filter_map(|id| {
            read_minted_id(id).map(|(ticket, event)| Offer::MintedId { id, ticket, event })
        }));
    offers.extend(ids.iter().filter_map(|id| provider_part(id).map(|given| Offer::ProviderId { id, given })));
    offers.extend(ids.iter().filter(|id| is_anybodys(id)).map(|id| Offer::Reference { id }));
    offers.extend(tagged_ticket(&mail.subject).map(|ticket| Offer::SubjectTag { ticket }));
    let own_id = mail.message_id.as_deref().filter(|id| !id.trim().is_empty() && !ids.contains(id));
    let shared = named_ids(mail).into_iter().chain(own_id);
    offers.extend(shared.map(|id| Offer::OwnMail { id }));
    offers
}

/// More tagged addresses than any mail has.
const MOST_ADDRESSES: usize = 20;

impl<'a> Offer<'a> {
    /// The message id that is looked up for it, where one is.
    pub const fn looked_up(&self) -> Option<&'a str> {
        match self {
            Offer::MintedId { id, .. } | Offer::Reference { id } | Offer::OwnMail { id } => Some(id),
            Offer::ProviderId { given, .. } => Some(given),
            Offer::PlusAddress { .. } | Offer::SubjectTag { .. } => None,
        }
    }
}

/// The ids that a mail answers and that neither we nor our provider gave: remembered with it, for a later mail of the
/// same sender that answers the same.
pub fn named_ids(mail: &InboundMail) -> Vec<&str> {
    let mut ids = answered_ids(mail);
    ids.retain(|id| is_anybodys(id));
    ids.truncate(MOST_NAMED);
    ids
}

/// How many of the ids that a mail answers are remembered with it, and looked for.
const MOST_NAMED: usize = 20;

/// An id of neither our form nor our provider's.
fn is_anybodys(id: &str) -> bool {
    read_minted_id(id).is_none() && provider_part(id).is_none()
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

/// Whether a mail answers another, as far as can be told: it names one, its subject has our tag or the mark of an answer, or a
/// program wrote it, which does so when it gets mail.
pub fn is_answer(mail: &InboundMail) -> bool {
    const MARKS: [&str; 12] =
        ["re", "ré", "rép", "rep", "réf", "ref", "aw", "sv", "antw", "odp", "vs", "ynt"];
    let mark = mail.subject.split_once(':').map(|(mark, _)| mark.trim().to_lowercase());
    // Some programs count: `Re[2]:`.
    let is_marked =
        mark.is_some_and(|mark| MARKS.contains(&mark.split(['[', '(']).next().unwrap_or(&mark).trim_end()));
    !answered_ids(mail).is_empty()
        || is_marked
        || tagged_ticket(&mail.subject).is_some()
        || mail.automatic.as_deref().is_some_and(|why| !is_circumstantial(why))
        || mail.bounce.is_some()
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

/// How many letters vouch for an address: 80 bits, in hex, since a local part is often put into lower case.
pub const ADDRESS_MAC: usize = 20;

/// The address that answers to a ticket's mail may be sent to: `support+42.3f…@host`, out of `support@host`. `None`
/// when its local part would be longer than 64 octets (RFC 5321 section 4.5.3.1.1) or `own` is no address.
pub fn plus_address(own: &str, ticket: TicketId, mac: &str) -> Option<String> {
    let (local, host) = own.rsplit_once('@')?;
    let local = format!("{local}+{ticket}.{mac}");
    (local.len() <= 64).then(|| format!("{local}@{host}"))
}

/// The ticket and the mac of an address that has the form of [`plus_address`], made of one of ours; whether we made it
/// only the mac can tell.
pub fn read_plus_address<'a>(address: &'a str, own: &[String]) -> Option<(TicketId, &'a str)> {
    let (local, host) = address.rsplit_once('@')?;
    let (base, tag) = local.rsplit_once('+')?;
    let (ticket, mac) = tag.split_once('.')?;
    let is_mac = mac.len() == ADDRESS_MAC && mac.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_number = (1..=12).contains(&ticket.len()) && ticket.bytes().all(|byte| byte.is_ascii_digit());
    let is_ours = own.iter().any(|own| own.rsplit_once('@') == Some((base, host)));
    if !is_mac || !is_number || !is_ours {
        return None;
    }
    Some((TicketId(ticket.parse().ok()?), mac))
}

/// The longest id that an answer may give a mail.
const LONGEST_PROVIDER_ID: usize = 250;

/// The id that a submission server gave a mail, read from its answer to the end of the body (`Ok 0102018f…-000000`,
/// Amazon SES), or a whole `<id@host>` in it (Exchange). What a server calls the place in its queue
/// (`queued as 4F2A…`) names no mail that its recipient ever sees.
pub fn provider_id(answer: &str) -> Option<&str> {
    let words = || answer.split_whitespace();
    let bracketed = words().find_map(|word| {
        let id = word.strip_prefix('<')?.strip_suffix('>')?;
        let is_plain = id.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>,;\"".contains(&byte));
        let is_whole = id.split_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
        (is_plain && is_whole && id.len() <= LONGEST_PROVIDER_ID).then_some(id)
    });
    bracketed.or_else(|| words().find(|word| is_ses_id(word)))
}

/// The part of an id of Amazon SES that its answer told: `0102018f…-000000` out of
/// `0102018f…-000000@eu-west-1.amazonses.com`.
pub fn provider_part(id: &str) -> Option<&str> {
    let (local, host) = id.split_once('@')?;
    let host = host.to_ascii_lowercase();
    let is_theirs = host == "amazonses.com" || host.ends_with(".amazonses.com");
    (is_theirs && is_ses_id(local)).then_some(local)
}

/// Sixteen hexadecimal digits, a UUID, six digits: `0102018f2c3d4e5f-1a2b3c4d-….-000000`.
fn is_ses_id(word: &str) -> bool {
    const LENGTHS: [usize; 7] = [16, 8, 4, 4, 4, 12, 6];
    let mut parts = word.split('-');
    let fits = LENGTHS.iter().all(|length| {
        parts
            .next()
            .is_some_and(|part| part.len() == *length && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
    });
    fits && parts.next().is_none()
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
    fn an_answer_is_told_by_its_header_or_its_subject() {
        let subject = |subject: &str| InboundMail { subject: subject.to_owned(), ..InboundMail::default() };
        for answer in
            ["Re: Paiement", "RE\u{a0}: Paiement", "Réf : x", "Re[2]: x", "AW: Zahlung", "Paiement [#42]"]
        {
            assert!(is_answer(&subject(answer)), "{answer}");
        }
        for other in ["Paiement", "TR: Paiement", "Réclamation : paiement", "", "Erreur: rien ne marche"] {
            assert!(!is_answer(&subject(other)), "{other}");
        }
        let id = vec!["1@client.example".to_owned()];
        assert!(is_answer(&InboundMail { in_reply_to: id.clone(), ..InboundMail::default() }));
        assert!(is_answer(&InboundMail { references: id, ..InboundMail::default() }));
        assert!(is_answer(&InboundMail { automatic: Some("subject".to_owned()), ..InboundMail::default() }));
        // The form of a site is nobody's answer, whatever address it is sent from.
        let form = Some("sender's address".to_owned());
        assert!(!is_answer(&InboundMail { automatic: form, ..InboundMail::default() }));
    }

    #[test]
    fn minted_ids_read_back() {
        let id = minted_id(TicketId(42), EventId(117), "k3v9", "support.example");
        assert_eq!(read_minted_id(&id), Some((TicketId(42), EventId(117))));
        assert_eq!(read_minted_id("CAF=abc.def@mail.example"), None);
    }

    fn own() -> Vec<String> {
        vec!["support@bettracker.example".to_owned()]
    }

    #[test]
    fn an_address_with_a_tag_reads_back() {
        let mac = "0123456789abcdef0123";
        let tagged = plus_address("support@bettracker.example", TicketId(42), mac).unwrap();
        assert_eq!(tagged, "support+42.0123456789abcdef0123@bettracker.example");
        assert_eq!(read_plus_address(&tagged, &own()), Some((TicketId(42), mac)));
        for other in [
            "support+42.0123456789abcdef012@bettracker.example",
            "support+x.0123456789abcdef0123@bettracker.example",
            "support+.0123456789abcdef0123@bettracker.example",
            "jean+42.0123456789abcdef0123@bettracker.example",
            "support+42.0123456789abcdef0123@client.example",
            "support+42@bettracker.example",
            "@",
            "",
        ] {
            assert_eq!(read_plus_address(other, &own()), None, "{other}");
        }
        let long = format!("{}@bettracker.example", "s".repeat(45));
        assert_eq!(plus_address(&long, TicketId(1), mac), None, "no local part is longer than 64");
    }

    const SES: &str = "0102018f2c3d4e5f-1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d-000000";

    #[test]
    fn an_answer_names_the_mail_or_only_its_place_in_a_queue() {
        assert_eq!(provider_id(&format!("Ok {SES}")), Some(SES));
        assert_eq!(
            provider_id("2.6.0 <abc.DEF@prod.exchange.example> [InternalId=7] Queued mail for delivery"),
            Some("abc.DEF@prod.exchange.example")
        );
        let endless = format!("<{}@x.example>", "y".repeat(300));
        for queue in [
            "2.0.0 Ok: queued as 4F2A1B3C",
            "Ok",
            "",
            "OK id=1q2w3e-000000-AB",
            "<>",
            "<@x>",
            "<a@>",
            &endless,
        ] {
            assert_eq!(provider_id(queue), None, "{queue}");
        }
        assert_eq!(provider_part(&format!("{SES}@eu-west-1.amazonses.com")), Some(SES));
        assert_eq!(provider_part(&format!("{SES}@email.AmazonSES.com")), Some(SES));
        for other in
            [format!("{SES}@amazonses.com.client.example"), format!("{SES}@client.example"), SES.into()]
        {
            assert_eq!(provider_part(&other), None, "{other}");
        }
    }

    #[test]
    fn a_mail_offers_its_rungs_in_the_order_of_the_ladder() {
        let tagged = plus_address(&own()[0], TicketId(7), "0123456789abcdef0123").unwrap();
        let ses = format!("{SES}@eu-west-1.amazonses.com");
        let mail = InboundMail {
            subject: "Re: Paiement [#42]".to_owned(),
            message_id: Some("x@client.example".to_owned()),
            in_reply_to: vec!["y@client.example".to_owned()],
            references: vec!["42.117.k3v9@bettracker.example".to_owned(), ses, "y@client.example".to_owned()],
            delivered_to: vec![tagged.clone(), tagged],
            ..InboundMail::default()
        };
        let words: Vec<&str> = offers(&mail, &own()).iter().map(|offer| offer.rung().as_str()).collect();
        assert_eq!(
            words,
            ["plus_address", "minted_id", "provider_id", "reference", "subject_tag", "own_mail", "own_mail"]
        );
        assert!(offers(&InboundMail::default(), &own()).is_empty());
        for rung in Rung::ALL {
            assert_eq!(Rung::from_word(rung.as_str()), Some(rung));
        }
        for kind in RefKind::ALL {
            assert_eq!(RefKind::from_word(kind.as_str()), Some(kind));
        }
    }
}
