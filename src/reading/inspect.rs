//! What the inbound side makes of a raw mail, as the JSON of `guichet mail inspect`. May import: config, domain.

use super::read;
use crate::config::Limits;
use crate::domain::authentication::{is_refuted_by, verdict_of};
use crate::domain::forward;
use crate::domain::mail::{InboundMail, Mailbox};
use crate::domain::screening::{Ignored, Screening, screen};
use crate::domain::threading::{Offer, is_answer, offers};
use crate::domain::trim::{Setting, trim_in};
use serde_json::{Value, json};

/// The keys of the contract's `mail inspect`, touching nothing. A mail that cannot be read has all of them, empty,
/// with `screening` = `hold`. `authentication` is what one of our mail servers says of the sender, those that
/// `authserv_ids` name.
pub fn inspect(raw: &[u8], own_addresses: &[String], authserv_ids: &[String], limits: &Limits) -> Value {
    match read(raw, limits) {
        Ok(mail) => describe(&mail, own_addresses, authserv_ids),
        Err(why) => {
            let mut told = describe(&InboundMail::default(), &[], &[]);
            told["why"] = json!(why);
            told
        }
    }
}

fn describe(mail: &InboundMail, own_addresses: &[String], authserv_ids: &[String]) -> Value {
    let forward = forward::read(mail);
    let line = forward.as_ref().and_then(|forward| forward.line);
    let trimmed = trim_in(&mail.text, Setting { answers: is_answer(mail), forward: line });
    let (screening, why) = words(&screen(mail, own_addresses));
    let from = mail.from.first();
    let addresses = |list: &[Mailbox]| list.iter().map(|mailbox| mailbox.address.clone()).collect::<Vec<_>>();
    json!({
        "from": from.map(|mailbox| &mailbox.address),
        "from_name": from.map_or("", |mailbox| &mailbox.name),
        "to": addresses(&mail.to),
        "cc": addresses(&mail.cc),
        "subject": mail.subject,
        "date": mail.date,
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to.first(),
        "references": mail.references,
        "text": mail.text,
        "reply": trimmed.reply,
        "quoted": trimmed.quoted,
        "signature": trimmed.signature,
        "auto_generated": mail.automatic.is_some() && screening != "accept",
        "bounce": mail.bounce,
        "attachments": mail.attachments,
        "parts": mail.shape.parts,
        "seal": mail.shape.seal,
        "guessed": mail.guessed,
        "authentication": verdict_of(&mail.authentication, authserv_ids).map(|found| {
            json!({ "server": found.server, "spf": found.spf, "dkim": found.dkim, "dmarc": found.dmarc,
                "refuted": is_refuted_by(&mail.authentication, authserv_ids) })
        }),
        "screening": screening,
        "why": why,
        "rungs": offers(mail, own_addresses).iter().map(rung).collect::<Vec<_>>(),
        "forward": forward.map(|forward| json!({
            "from": forward.from.address, "name": forward.from.name, "subject": forward.subject,
        })),
    })
}

/// What the mail offers for a rung of the threading ladder. Whether a signature is ours only the desk's key can tell:
/// `vouched` is null here.
fn rung(offer: &Offer<'_>) -> Value {
    let rung = offer.rung().as_str();
    match offer {
        Offer::PlusAddress { address, ticket, .. } => {
            json!({ "rung": rung, "address": address, "ticket": ticket, "vouched": null })
        }
        Offer::MintedId { id, ticket, .. } => {
            json!({ "rung": rung, "id": id, "ticket": ticket, "vouched": null })
        }
        Offer::ProviderId { id, .. } | Offer::Reference { id } | Offer::OwnMail { id } => {
            json!({ "rung": rung, "id": id })
        }
        Offer::SubjectTag { ticket } => json!({ "rung": rung, "ticket": ticket }),
    }
}

/// The screening's word and its reason in English.
fn words(screening: &Screening) -> (&'static str, String) {
    match screening {
        Screening::Accept => ("accept", "a person's mail".to_owned()),
        Screening::Ignore(Ignored::Automatic(why)) => ("ignore", format!("automatic mail: {why}")),
        Screening::Ignore(Ignored::Bounce) => ("ignore", "report of non-delivery".to_owned()),
        Screening::Ignore(Ignored::OwnEcho) => ("ignore", "our own mail came back".to_owned()),
        Screening::Hold(why) => ("hold", (*why).to_owned()),
    }
}
