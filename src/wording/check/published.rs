//! What `guichet check` says of what the sender's domain publishes: SPF, DKIM, DMARC. May import: dkim, domain.
//!
//! Records stand between « », as they are to be pasted; the name that each is published at stands before.

use crate::dkim::RecordFault;
use crate::domain::published::Policy;

/// Nothing is signed here.
pub const NOT_SIGNED: &str = "rien n’est signé ici\u{a0}: votre serveur d’envoi doit s’en charger\u{a0}; sinon, donnez `smtp.dkim` \
                              (`guichet dkim keygen`)";
/// The key cannot be used.
pub const NO_KEY: &str =
    "`smtp.dkim.private_key` n’est pas une clé\u{a0}: faites-en une par `guichet dkim keygen`";

/// No server answered.
pub fn no_answer(name: &str, why: &str) -> String {
    format!(
        "le DNS ne répond pas pour {name} ({why})\u{a0}; vérifiez les résolveurs de la machine, ou `smtp.dns`"
    )
}

fn publish(name: &str, record: &str) -> String {
    format!("publiez l’enregistrement TXT {name} «\u{a0}{record}\u{a0}»")
}

/// Nobody is named who may send.
pub fn no_spf(domain: &str, wanted: &str) -> String {
    format!("aucun enregistrement SPF pour {domain}\u{a0}; {}", publish(domain, wanted))
}

/// Several records are as good as none.
pub fn several_spf(domain: &str, count: usize) -> String {
    format!(
        "{count} enregistrements SPF pour {domain}, alors aucun ne compte\u{a0}; réunissez-les en un seul"
    )
}

/// Everybody may send.
pub fn spf_for_everybody(domain: &str, record: &str) -> String {
    format!(
        "{domain} laisse n’importe qui écrire en son nom («\u{a0}{record}\u{a0}»)\u{a0}; remplacez la fin par «\u{a0}~all\u{a0}»"
    )
}

/// The provider we send by is not named.
pub fn spf_without_server(record: &str, host: &str, wanted: &str) -> String {
    format!(
        "«\u{a0}{record}\u{a0}» ne nomme pas {host}\u{a0}; ajoutez-y «\u{a0}{wanted}\u{a0}», avant la fin"
    )
}

/// Nothing is said of everybody else.
pub fn spf_without_end(record: &str) -> String {
    format!(
        "«\u{a0}{record}\u{a0}» ne dit rien des autres serveurs\u{a0}; terminez-le par «\u{a0}~all\u{a0}»"
    )
}

/// Receivers stop reading it.
pub fn spf_asks_too_much(most: usize) -> String {
    format!(
        "l’enregistrement SPF demande plus de {most} recherches, alors il ne compte pas\u{a0}; retirez des «\u{a0}include\u{a0}»"
    )
}

/// An include that leads nowhere.
pub fn spf_of_nobody(name: &str) -> String {
    format!(
        "l’enregistrement SPF renvoie à {name}, qui n’en a pas exactement un, alors il ne compte pas\u{a0}; retirez ce renvoi"
    )
}

/// It is there.
pub fn spf_ready(record: &str) -> String {
    format!("un seul enregistrement, «\u{a0}{record}\u{a0}»")
}

/// Our key is not published.
pub fn no_key_record(name: &str, wanted: &str) -> String {
    format!("la clé n’est pas publiée\u{a0}; {}", publish(name, wanted))
}

/// Several keys under one name.
pub fn several_key_records(name: &str, count: usize, wanted: &str) -> String {
    format!("{count} enregistrements TXT à {name}\u{a0}; ne gardez que «\u{a0}{wanted}\u{a0}»")
}

/// What is published there is no use.
pub fn bad_key_record(name: &str, fault: RecordFault, wanted: &str) -> String {
    let what = match fault {
        RecordFault::NotOne => "n’est pas une clé",
        RecordFault::Revoked => "retire la clé (p= est vide)",
        RecordFault::NotForMail => "ne permet pas à cette clé de signer des mails",
    };
    format!("ce qui est publié à {name} {what}\u{a0}; {}", publish(name, wanted))
}

/// Another key than ours is published.
pub fn other_key(name: &str, wanted: &str) -> String {
    format!("{name} publie une autre clé que celle qui signe ici\u{a0}; {}", publish(name, wanted))
}

/// Our key is published.
pub fn key_ready(name: &str, is_ed25519: bool, is_test: bool) -> String {
    let mut said = format!("la clé publiée à {name} est celle qui signe");
    if is_test {
        said.push_str("\u{a0}; elle est marquée en essai, retirez «\u{a0}t=y\u{a0}» quand tout va bien");
    }
    if is_ed25519 {
        said.push_str(
            "\u{a0}; de grands fournisseurs ne lisent pas encore Ed25519, une clé RSA compte partout",
        );
    }
    said
}

/// Receivers are told nothing.
pub fn no_dmarc(domain: &str, wanted: &str) -> String {
    format!(
        "aucun enregistrement DMARC pour {domain}\u{a0}; {}",
        publish(&format!("_dmarc.{domain}"), wanted)
    )
}

/// Several records are as good as none.
pub fn several_dmarc(domain: &str, count: usize) -> String {
    format!("{count} enregistrements DMARC à _dmarc.{domain}, alors aucun ne compte\u{a0}; n’en gardez qu’un")
}

/// It has no policy.
pub fn bad_dmarc(domain: &str, record: &str, wanted: &str) -> String {
    let name = format!("_dmarc.{domain}");
    format!(
        "«\u{a0}{record}\u{a0}» n’a pas de politique (p=) qui en soit une\u{a0}; {}",
        publish(&name, wanted)
    )
}

/// What we sign does not count for the sender.
pub fn not_aligned(from: &str, signed: &str, is_strict: bool) -> String {
    let counts =
        if is_strict { "seule une signature de ce domaine compte" } else { "elle ne compte pas pour lui" };
    format!(
        "les mails viennent de {from} et sont signés par {signed}\u{a0}: {counts}\u{a0}; changez `smtp.dkim.domain`"
    )
}

/// It is there.
pub fn dmarc_ready(domain: &str, policy: Policy, signed: Option<&str>) -> String {
    let policy = match policy {
        Policy::None => "p=none, les fraudes sont comptées et remises",
        Policy::Quarantine => "p=quarantine, les fraudes sont mises de côté",
        Policy::Reject => "p=reject, les fraudes sont refusées",
    };
    let signed = signed.map(|signed| format!("\u{a0}; la signature de {signed} compte pour l’expéditeur"));
    format!("publié par {domain}, {policy}{}", signed.unwrap_or_default())
}
