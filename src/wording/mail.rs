//! The few French words that a mail's way in or out leaves on a ticket.

use super::dates;
use crate::domain::ids::TicketId;
use crate::domain::mail::{Bounce, Parts, Refused, Seal};

/// The subject of a ticket whose mail had none.
pub fn no_subject() -> String {
    "(sans objet)".to_owned()
}

/// What an erased person is called.
pub fn erased_person() -> &'static str {
    "Personne effacée"
}

/// What stands for the words of a ticket that are not kept any more.
pub fn expired_words() -> &'static str {
    "(effacé\u{a0}: durée de conservation passée)"
}

/// What stands for the words of an erased person.
pub fn erased_words() -> &'static str {
    "(effacé à la demande de l’utilisateur)"
}

/// Who wrote a note that came by mail: the sender of a mail is what it says, no more.
pub fn unverified_author(name: &str) -> String {
    format!("{name} (par e-mail, non vérifié)")
}

/// The reason of a ticket that was merged.
pub fn merged_into(into: TicketId) -> String {
    format!("Fusionné avec le ticket {into}")
}

/// The last line of a text too long to keep whole.
pub fn rest_in_original() -> &'static str {
    "[…] Texte trop long\u{a0}: la suite est dans le message d’origine."
}

/// Why a mail that came back did not arrive.
pub fn bounced(bounce: &Bounce) -> String {
    let status = bounce.status.as_deref().unwrap_or_default();
    let said = if bounce.action == "delayed" {
        "remise retardée, le serveur du destinataire insiste encore"
    } else {
        match status.split_once('.').map(|(_, detail)| detail) {
            Some("1.1" | "1.0" | "1.2" | "1.3" | "1.10") => "adresse inconnue",
            Some("2.2") => "boîte pleine",
            Some("2.1") => "boîte désactivée",
            Some("3.4" | "2.3") => "message trop gros",
            Some("7.1" | "7.0" | "7.26") => "refusé par le destinataire",
            _ => "non remis",
        }
    };
    if status.is_empty() { said.to_owned() } else { format!("{said} ({status})") }
}

/// The same, where the address gets no mail from now on.
pub fn bounced_and_suppressed(why: &str) -> String {
    format!("{why}\u{a0}; plus aucun e-mail ne partira vers cette adresse avant qu’on en réponde")
}

/// Why a reply did not leave: its files are not kept any more.
pub const FILES_GONE: &str = "ses fichiers ne sont plus gardés\u{a0}: joignez-les à une nouvelle réponse";

/// Why a sent mail is known to have arrived: its server said so.
pub const DELIVERED: &str = "remis";

/// Why a push did not leave: what its service answered (an HTTP status).
pub fn push_refused(status: u16) -> String {
    format!("le service de notifications a répondu {status}")
}

/// Why a push did not leave: its service was not reached. `cause` is the system's own word.
pub fn push_unreached(cause: &str) -> String {
    format!("le service de notifications est injoignable ({cause})")
}

/// Why a push did not leave: its browser named no service on the internet.
pub fn push_to_a_machine() -> &'static str {
    "l’adresse donnée par le navigateur n’est pas celle d’un service de notifications"
}

/// A push that never found its browser's service awake.
pub fn push_too_late() -> &'static str {
    "trop tard\u{a0}: la nouvelle avait plus de deux jours"
}

/// What is told of a report that our mail server does not believe.
pub fn bounce_not_believed(why: &str) -> String {
    format!("{why}\u{a0}; rapport non authentifié\u{a0}: rien n’est changé")
}

/// What is told of a report that names none of the recipients of a reply to all.
pub fn bounce_of_some_copy(why: &str) -> String {
    format!("{why}\u{a0}; l’une des copies, le rapport ne dit pas laquelle")
}

/// What is told of a report about another address than the mail went to: it was handed on there.
pub fn bounce_of_another(why: &str, address: &str) -> String {
    format!("{why}\u{a0}; le rapport parle d’une autre adresse ({address})\u{a0}: rien n’est changé")
}

/// Why an address that a server refused for good gets no mail.
pub fn refused() -> &'static str {
    "adresse refusée par son serveur"
}

/// Why an automatic mail waits.
pub fn too_many_automatic(limit: i64) -> String {
    let mails = dates::count(limit, "e-mail automatique", "e-mails automatiques");
    format!("attend\u{a0}: au plus {mails} par heure vers une même adresse")
}

/// What a mail waits for that is one of many to the same provider.
pub fn waits_its_turn(provider: Option<&str>, per_minute: u32) -> String {
    let mails = dates::count(per_minute.into(), "e-mail", "e-mails");
    format!("attend son tour\u{a0}: {} reçoit au plus {mails} par minute", provider.unwrap_or(ITS_PROVIDER))
}

/// What a mail waits for whose provider asked for fewer.
pub fn asked_to_slow_down(provider: Option<&str>) -> String {
    let provider = provider.unwrap_or(ITS_PROVIDER);
    format!("attend son tour\u{a0}: {provider} demande moins d’e-mails à la fois")
}

/// A provider without a name that people know.
const ITS_PROVIDER: &str = "le fournisseur du destinataire";

/// Whose message is held on a ticket as a stranger's, and what is odd about it.
pub fn stranger(address: &str, refuted: bool) -> String {
    let oddity = if refuted { ", expéditeur non authentifié" } else { "" };
    format!("{address}{oddity}")
}

/// Why a mail waits for a CM after its sender died twice while sending it.
pub fn lost_twice() -> &'static str {
    "envoi interrompu deux fois\u{a0}: peut-être arrivé, peut-être pas"
}

/// What a mail is sealed with.
pub fn seal(seal: Seal) -> &'static str {
    match seal {
        Seal::Signed => "Message signé",
        Seal::Encrypted => "Message chiffré",
    }
}

/// What stands where a mail has no text.
pub fn no_text(seal: Option<Seal>) -> &'static str {
    match seal {
        None => "(message sans texte)",
        Some(Seal::Signed) => {
            "Message signé\u{a0}: le texte est dans la pièce jointe, à ouvrir avec un logiciel de messagerie."
        }
        Some(Seal::Encrypted) => "Message chiffré\u{a0}: le texte ne peut pas être lu ici.",
    }
}

/// What a file is, where a person would not call it a file.
pub fn file_kind(media_type: &str) -> Option<&'static str> {
    match media_type {
        "text/calendar" | "application/ics" => Some("Invitation d’agenda"),
        "message/rfc822" | "message/global" => Some("Message joint"),
        "application/ms-tnef" | "application/vnd.ms-tnef" => Some("Enveloppe Outlook"),
        "application/pkcs7-signature" | "application/x-pkcs7-signature" | "application/pgp-signature" => {
            Some("Signature électronique")
        }
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => Some("Message scellé"),
        _ => None,
    }
}

/// Why a file is listed and cannot be downloaded.
pub fn file_refused(refused: Refused) -> &'static str {
    match refused {
        Refused::Size => "pièce jointe refusée (taille)",
        Refused::Gone => "supprimée\u{a0}: le mail d’origine n’est plus gardé",
    }
}

/// That not all of a mail can be had on its ticket; `None` when it can.
pub fn lost(parts: Parts) -> Option<String> {
    let (received, kept) = (i64::from(parts.received), i64::from(parts.kept));
    (!parts.are_all_kept()).then(|| {
        format!(
            "{}, {}",
            dates::count(received, "partie reçue", "parties reçues"),
            dates::count(kept, "gardée", "gardées")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_of_a_mail_is_counted() {
        let said = |received, kept| lost(Parts { received, kept });
        assert_eq!(said(3, 3), None);
        assert_eq!(said(5, 4).as_deref(), Some("5\u{a0}parties reçues, 4\u{a0}gardées"));
        assert_eq!(said(1, 0).as_deref(), Some("1\u{a0}partie reçue, 0\u{a0}gardée"));
    }

    #[test]
    fn a_bounce_is_told_in_a_few_words() {
        let bounce = |status: Option<&str>, action: &str| Bounce {
            recipient: None,
            status: status.map(str::to_owned),
            action: action.to_owned(),
            original_message_id: None,
            certain: true,
        };
        assert_eq!(bounced(&bounce(Some("5.1.1"), "failed")), "adresse inconnue (5.1.1)");
        assert_eq!(bounced(&bounce(Some("4.2.2"), "failed")), "boîte pleine (4.2.2)");
        assert_eq!(bounced(&bounce(None, "failed")), "non remis");
        let delayed = bounced(&bounce(Some("4.4.1"), "delayed"));
        assert_eq!(delayed, "remise retardée, le serveur du destinataire insiste encore (4.4.1)");
    }
}
