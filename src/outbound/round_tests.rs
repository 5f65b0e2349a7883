//! The parts of a round that need no desk.

use super::*;
use crate::domain::ids::{DeliveryId, TicketId};
use crate::domain::mail::Mailbox;
use crate::domain::notice::Notice;
use std::time::Duration;

fn parcel(id: i64) -> Parcel {
    Parcel {
        id: DeliveryId(id),
        ticket: TicketId(42),
        attempt: 1,
        leased_until: chrono::DateTime::UNIX_EPOCH,
        notice: Notice::Reply { then: None },
        title: String::new(),
        message: String::new(),
        address: "lea@client.example".to_owned(),
        to: Mailbox { address: "lea@client.example".to_owned(), name: "Léa".to_owned() },
        cc: Vec::new(),
        subject: "Paiement".to_owned(),
        text: Some("Bonjour".to_owned()),
        files: None,
        quoted: None,
        reply_to: None,
        message_id: format!("42.{id}.x@desk.example"),
        in_reply_to: None,
        references: Vec::new(),
        links: None,
        created_at: "2026-11-24T10:05:00Z".parse().unwrap(),
        sealed: None,
    }
}

#[test]
fn a_parcel_that_is_no_mail_does_not_hold_up_the_others_and_kept_bytes_are_sent_again_as_they_are() {
    let letterhead = Letterhead::new("support@desk.example", "B", chrono_tz::UTC).unwrap();
    let parcels = vec![
        parcel(1),
        Parcel { address: "nobody".to_owned(), ..parcel(2) },
        Parcel { sealed: Some(b"kept\r\n".to_vec()), address: "nobody".to_owned(), ..parcel(3) },
    ];
    let prepared = prepare(parcels, &letterhead, &Templates::load(&[]).unwrap()).unwrap();
    let ready: Vec<_> = prepared.mails.iter().map(|(parcel, mail)| (parcel.id.0, mail.as_slice())).collect();
    assert_eq!(ready.len(), 2);
    assert_eq!(ready[0].0, 1);
    assert_eq!(ready[1], (3, b"kept\r\n".as_slice()));
    assert_eq!(prepared.to_seal.len(), 1);
    assert_eq!(prepared.refused.len(), 1);
    assert_eq!(prepared.refused[0].0.id, DeliveryId(2));
    assert_eq!(prepared.refused[0].1, "the recipient's address is not valid");
}

#[test]
fn the_count_has_the_keys_that_scripts_read() {
    let mut tally = Tally::default();
    let again = Next::Again { after: Duration::ZERO, why: String::new(), ambiguous: true };
    for next in [Next::Sent, Next::Sent, again, Next::Failed(String::new()), Next::Uncertain(String::new())] {
        tally.note(&parcel(1), Some(&next));
    }
    assert_eq!(
        serde_json::to_string(&tally.count).unwrap(),
        r#"{"sent":2,"retry":1,"failed":1,"skipped":0,"uncertain":1}"#
    );
}
