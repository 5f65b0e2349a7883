//! The signed links in our mails, and between the pages that they open: each opens one page, for one requester and one
//! ticket, until a day that it carries; a page leads to the others of the same person, until the same day.
//!
//! A token is what it grants (requester, ticket, end: three LEB128 numbers) and an HMAC-SHA256 (RFC 2104) over that
//! and its purpose, in URL-safe base64 without padding (RFC 4648, section 5): some 52 characters. Nothing is kept for
//! it, and nothing in it is random: the same delivery makes the same links, and so the same mail.
//! May import: domain.

use crate::domain::ids::{RequesterId, TicketId};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use ring::hmac;

/// How long a link opens its page, counted from the mail's own time.
pub const LASTS: TimeDelta = TimeDelta::days(365);

/// The longest token worth decoding, in characters: three numbers of nine bytes and the signature.
const LONGEST: usize = 79;

/// Bytes of an HMAC-SHA256.
const SIGNATURE: usize = 32;

/// What a link is for. A token signed for one purpose opens nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Reading the ticket.
    Ticket,
    /// Choosing how to be told.
    Preferences,
    /// Ending the e-mails in one act (RFC 8058).
    Unsubscribe,
    /// Saying what one thinks of the help.
    Feedback,
    /// All tickets of the requester.
    Tickets,
    /// What the requester was told on the web.
    Notifications,
    /// The same, for the bell in the host application's page.
    Widget,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Purpose; 7] = [
        Purpose::Ticket,
        Purpose::Preferences,
        Purpose::Unsubscribe,
        Purpose::Feedback,
        Purpose::Tickets,
        Purpose::Notifications,
        Purpose::Widget,
    ];

    /// The last part of the page's address; also what is signed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Purpose::Ticket => "ticket",
            Purpose::Preferences => "preferences",
            Purpose::Unsubscribe => "unsubscribe",
            Purpose::Feedback => "feedback",
            Purpose::Tickets => "tickets",
            Purpose::Notifications => "notifications",
            Purpose::Widget => "widget",
        }
    }

    /// How long it opens what it is for.
    pub(super) const fn lasts(self) -> TimeDelta {
        match self {
            // It stands in a page, which may be open for days.
            Purpose::Widget => TimeDelta::days(7),
            _ => LASTS,
        }
    }
}

/// The requester's own pages, as a mail links them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// Their ticket.
    pub ticket_url: String,
    /// How they want to be told.
    pub preferences_url: String,
    /// One POST there ends the e-mails.
    pub unsubscribe_url: String,
    /// What they think of the help they got.
    pub feedback_url: String,
}

/// Whom a link was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) requester: RequesterId,
    pub(super) ticket: TicketId,
    /// Until when.
    pub(super) until: DateTime<Utc>,
}

impl Grant {
    /// That of a mail of this time.
    pub(super) fn of_mail(requester: RequesterId, ticket: TicketId, mail_at: DateTime<Utc>) -> Grant {
        Grant { requester, ticket, until: mail_at + LASTS }
    }

    /// When the mail was written that a link came from, or the page was made that it stands in; to the second.
    pub(super) fn made_at(&self, purpose: Purpose) -> DateTime<Utc> {
        self.until - purpose.lasts()
    }
}

/// Makes links and reads them.
#[derive(Debug)]
pub(super) struct Signer {
    key: hmac::Key,
    public_url: String,
}

impl Signer {
    /// The key is derived from the desk's, which also vouches for Message-IDs and addresses: those sign `ticket.event` and `reply:…`, never this
    /// label, so neither kind of signature is ever one of the other. `public_url` is where the pages are seen from
    /// outside.
    pub(super) fn new(desk_key: &hmac::Key, public_url: &str) -> Signer {
        let derived = hmac::sign(desk_key, b"signed links");
        let key = hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref());
        Signer { key, public_url: public_url.trim_end_matches('/').to_owned() }
    }

    /// The links of a mail of this time.
    pub(super) fn links(&self, requester: RequesterId, ticket: TicketId, mail_at: DateTime<Utc>) -> Links {
        let grant = Grant::of_mail(requester, ticket, mail_at);
        let url = |purpose| self.url(purpose, grant);
        Links {
            ticket_url: url(Purpose::Ticket),
            preferences_url: url(Purpose::Preferences),
            unsubscribe_url: url(Purpose::Unsubscribe),
            feedback_url: url(Purpose::Feedback),
        }
    }

    /// Where a page is seen from outside.
    pub(super) fn url(&self, purpose: Purpose, grant: Grant) -> String {
        format!("{}{}", self.public_url, self.path(purpose, grant))
    }

    /// Where a page is, on this server: `/u/…/tickets`.
    pub(super) fn path(&self, purpose: Purpose, grant: Grant) -> String {
        format!("/u/{}/{}", self.token(purpose, grant), purpose.as_str())
    }

    /// What grants it, without an address.
    pub(super) fn token(&self, purpose: Purpose, grant: Grant) -> String {
        let mut bytes = Vec::with_capacity(16 + SIGNATURE);
        for number in [grant.requester.0, grant.ticket.0, grant.until.timestamp()] {
            // Ids and times after 1970 are not negative; another number would only make a token that nobody reads.
            write_number(&mut bytes, number as u64);
        }
        let signature = hmac::sign(&self.key, &signed(purpose, &bytes));
        bytes.extend_from_slice(signature.as_ref());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whom a token was made for, when it is ours, whole, for this purpose, and not past its end. The signature is
    /// compared in constant time and before anything in the token is believed.
    pub(super) fn read(&self, token: &str, purpose: Purpose, now: DateTime<Utc>) -> Option<Grant> {
        if token.len() > LONGEST {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (granted, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE)?)?;
        hmac::verify(&self.key, &signed(purpose, granted), signature).ok()?;
        let mut rest = granted;
        let mut number = || read_number(&mut rest);
        let (requester, ticket, until) = (number()?, number()?, number()?);
        let until = DateTime::from_timestamp(until, 0)?;
        let is_current = rest.is_empty() && now < until;
        is_current.then_some(Grant { requester: RequesterId(requester), ticket: TicketId(ticket), until })
    }
}

/// What is signed: the purpose ends with a byte that no purpose holds.
fn signed(purpose: Purpose, granted: &[u8]) -> Vec<u8> {
    [purpose.as_str().as_bytes(), &[0], granted].concat()
}

/// LEB128: seven bits a byte, the lowest first; the high bit says that more follow.
fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<i64> {
    let mut number = 0u64;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return i64::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Who a link was made for, and about which ticket.
    const LEA: (RequesterId, TicketId) = (RequesterId(7), TicketId(42));

    fn signer(secret: &str) -> Signer {
        Signer::new(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), "https://support.example/")
    }

    fn mail_at() -> DateTime<Utc> {
        "2026-11-24T10:05:30Z".parse().unwrap()
    }

    fn lea() -> Grant {
        Grant::of_mail(LEA.0, LEA.1, mail_at())
    }

    fn token(url: &str) -> &str {
        url.split('/').nth_back(1).unwrap()
    }

    #[test]
    fn the_links_of_a_mail_are_the_same_each_time_and_short() {
        let links = signer("secret").links(LEA.0, LEA.1, mail_at());
        assert_eq!(links, signer("secret").links(LEA.0, LEA.1, mail_at()));
        assert!(
            links.ticket_url.starts_with("https://support.example/u/")
                && links.ticket_url.ends_with("/ticket")
        );
        assert_eq!(token(&links.ticket_url).len(), 52);
        let paths =
            [Purpose::Tickets, Purpose::Notifications].map(|other| signer("secret").path(other, lea()));
        let urls = [&links.ticket_url, &links.preferences_url, &links.unsubscribe_url, &links.feedback_url];
        let urls = urls.into_iter().chain(&paths);
        for (purpose, url) in Purpose::ALL.into_iter().zip(urls) {
            assert_eq!(signer("secret").read(token(url), purpose, mail_at()), Some(lea()));
            for other in Purpose::ALL.into_iter().filter(|other| *other != purpose) {
                assert_eq!(
                    signer("secret").read(token(url), other, mail_at()),
                    None,
                    "{purpose:?} as {other:?}"
                );
            }
        }
    }

    #[test]
    fn a_link_ends_a_year_after_its_mail() {
        let links = signer("secret").links(LEA.0, LEA.1, mail_at());
        let read = |now| signer("secret").read(token(&links.ticket_url), Purpose::Ticket, now);
        assert_eq!(read(mail_at() + LASTS - TimeDelta::seconds(1)), Some(lea()));
        assert_eq!(read(mail_at() + LASTS), None);
    }

    #[test]
    fn an_altered_bit_another_key_and_another_persons_name_open_nothing() {
        let ours = signer("secret");
        let links = ours.links(LEA.0, LEA.1, mail_at());
        let good = URL_SAFE_NO_PAD.decode(token(&links.ticket_url)).unwrap();
        let read = |bytes: &[u8]| ours.read(&URL_SAFE_NO_PAD.encode(bytes), Purpose::Ticket, mail_at());
        assert_eq!(read(&good), Some(lea()));
        for bit in 0..good.len() * 8 {
            let mut altered = good.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&altered), None, "bit {bit}");
        }
        for length in 0..good.len() {
            assert_eq!(read(&good[..length]), None, "cut to {length} bytes");
        }
        assert_eq!(read(&[good.as_slice(), &[0]].concat()), None);
        // Somebody else's id before Léa's signature.
        let mut theirs = good.clone();
        theirs[0] = 8;
        assert_eq!(read(&theirs), None);
        assert_eq!(signer("other").read(token(&links.ticket_url), Purpose::Ticket, mail_at()), None);
        // The end of base64 that decodes to the same bytes elsewhere is refused too.
        let padded = format!("{}=", token(&links.ticket_url));
        assert_eq!(ours.read(&padded, Purpose::Ticket, mail_at()), None);
    }

    #[test]
    fn a_message_id_is_signed_with_another_key_than_a_link() {
        let desk_key = hmac::Key::new(hmac::HMAC_SHA256, b"secret");
        let mut bytes = Vec::new();
        for number in [7, 42, (mail_at() + LASTS).timestamp() as u64] {
            write_number(&mut bytes, number);
        }
        let signature = hmac::sign(&desk_key, &signed(Purpose::Ticket, &bytes));
        bytes.extend_from_slice(signature.as_ref());
        assert_eq!(signer("secret").read(&URL_SAFE_NO_PAD.encode(bytes), Purpose::Ticket, mail_at()), None);
    }

    proptest! {
        #[test]
        fn every_grant_comes_back_and_its_neighbour_does_not(
            requester in 1..i64::MAX, ticket in 1..i64::MAX, seconds in 0..4_000_000_000_i64, flip in any::<u16>(),
        ) {
            let signer = signer("secret");
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            let links = signer.links(RequesterId(requester), TicketId(ticket), at);
            let good = token(&links.preferences_url);
            let grant = Grant::of_mail(RequesterId(requester), TicketId(ticket), at);
            prop_assert!(good.len() <= LONGEST);
            prop_assert!(good.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            prop_assert_eq!(signer.read(good, Purpose::Preferences, at), Some(grant));
            let mut bytes = URL_SAFE_NO_PAD.decode(good).unwrap();
            let bit = usize::from(flip) % (bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(signer.read(&URL_SAFE_NO_PAD.encode(bytes), Purpose::Preferences, at), None);
        }

        #[test]
        fn no_text_from_outside_is_a_token_or_a_panic(token in "\\PC{0,120}", raw in any::<Vec<u8>>()) {
            let signer = signer("secret");
            for purpose in Purpose::ALL {
                prop_assert_eq!(signer.read(&token, purpose, mail_at()), None);
                prop_assert_eq!(signer.read(&URL_SAFE_NO_PAD.encode(&raw), purpose, mail_at()), None);
            }
        }
    }
}
