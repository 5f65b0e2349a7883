//! Forwards as the programs write them; people are invented.

use super::*;
use crate::domain::mail::EnclosedMail;
use proptest::prelude::*;

fn mail(subject: &str, text: &str) -> InboundMail {
    InboundMail {
        from: vec![Mailbox { address: "camille@firme.example".into(), name: "Camille".into() }],
        subject: subject.to_owned(),
        text: text.to_owned(),
        ..InboundMail::default()
    }
}

/// Address, name, subject, text and note, in one line to compare.
fn said(subject: &str, text: &str) -> String {
    match read(&mail(subject, text)) {
        None => "-".to_owned(),
        Some(Forward { from, subject, text, note, .. }) => {
            format!("{} | {} | {subject} | {text} | {note}", from.address, from.name)
        }
    }
}

const EXPECTED: &str =
    "lea@client.example | Léa Martin | Paiement refusé | Bonjour,\nrien ne marche. | Pour nous.";

#[test]
fn each_program_marks_a_forward_in_its_own_way() {
    let rest = "Bonjour,\nrien ne marche.\n";
    for (program, subject, head) in [
        (
            "Gmail",
            "Fwd: Paiement refusé",
            "Pour nous.\n\n---------- Forwarded message ---------\nFrom: Léa Martin <lea@client.example>\n\
             Date: mar. 24 nov. 2026 à 09:12\nSubject: Paiement refusé\nTo: <camille@firme.example>\n\n\n",
        ),
        (
            "Gmail en français",
            "Fwd: Paiement refusé",
            "Pour nous.\n\n---------- Message transféré ---------\nDe : Léa Martin <lea@client.example>\n\
             Date: mar. 24 nov. 2026 à 09:12\nSubject: Paiement refusé\nTo: <camille@firme.example>,\n  <sam@firme.example>\n\n",
        ),
        (
            "Apple Mail",
            "Fwd: Paiement refusé",
            "Pour nous.\n\nDébut du message transféré :\n\n> De: Léa Martin <lea@client.example>\n\
             > Objet: Paiement refusé\n> Date: 24 novembre 2026 à 09:12:01 UTC+1\n> À: camille@firme.example\n> \n> ",
        ),
        (
            "Apple Mail, set apart",
            "Fwd: Paiement refusé",
            "Pour nous.\n\nBegin forwarded message:\n\nFrom: Léa Martin <lea@client.example>\n\nSubject: Paiement refusé\n\n\
             Date: 24 November 2026 at 09:12:01 CET\n\n",
        ),
        (
            "Outlook",
            "TR: Paiement refusé",
            "Pour nous.\n\n________________________________\nDe : Léa Martin <lea@client.example>\n\
             Envoyé : mardi 24 novembre 2026 09:12\nÀ : Camille\nObjet\u{a0}: Paiement refusé\n\n",
        ),
        (
            "Outlook of old",
            "TR : Paiement refusé",
            "Pour nous.\n\n-----Message d'origine-----\nDe : Léa Martin [mailto:lea@client.example]\n\
             Envoyé : mardi 24 novembre 2026 09:12\nÀ : Camille\nObjet : Paiement refusé\n\n",
        ),
        (
            "Thunderbird",
            "Fwd: Paiement refusé",
            "Pour nous.\n\n-------- Message transféré --------\nSujet : \tPaiement refusé\n\
             Date : \tTue, 24 Nov 2026 09:12:01 +0100\nDe : \tLéa Martin <lea@client.example>\nPour : \tcamille@firme.example\n\n",
        ),
        (
            "Yahoo",
            "Tr : Paiement refusé",
            "Pour nous.\n\n----- Mail transféré -----\nDe : \"Léa Martin\" <lea@client.example>\nÀ : Camille <camille@firme.example>\n\
             Envoyé : mardi 24 novembre 2026 à 09:12:01 UTC+1\nObjet : Paiement refusé\n\n",
        ),
        (
            "Orange",
            "TR: Paiement refusé",
            "Pour nous.\n\n========================================\n> Message du 24/11/26 09:12\n\
             > De : \"Léa Martin\" <lea@client.example>\n> A : camille@firme.example\n> Copie à : \n> Objet : Paiement refusé\n> \n> ",
        ),
        (
            "Proton Mail",
            "Fw: Paiement refusé",
            "Pour nous.\n\n------- Forwarded Message -------\nFrom: Léa Martin <lea@client.example>\n\
             Date: On Tuesday, November 24th, 2026 at 9:12 AM\nSubject: Paiement refusé\nTo: camille@firme.example\n\n",
        ),
    ] {
        let rest = if head.ends_with("> ") { rest.replace("\nr", "\n> r") } else { rest.to_owned() };
        assert_eq!(said(subject, &format!("{head}{rest}")), EXPECTED, "{program}");
    }
}

#[test]
fn a_mail_in_a_mail_is_a_forward() {
    let from = Some(Mailbox { address: "lea@client.example".into(), name: "Léa Martin".into() });
    let inner =
        EnclosedMail { from, subject: "Paiement refusé".into(), text: "Bonjour,\nrien ne marche.".into() };
    let outer = InboundMail { enclosed: Some(Box::new(inner)), ..mail("", "Pour nous.\n") };
    let forward = read(&outer).unwrap();
    assert_eq!((forward.from.address.as_str(), forward.note.as_str()), ("lea@client.example", "Pour nous."));
    let headless = EnclosedMail { from: None, subject: String::new(), text: "x".into() };
    assert_eq!(read(&InboundMail { enclosed: Some(Box::new(headless)), ..outer }), None);
}

#[test]
fn what_only_answers_or_tells_no_address_is_no_forward() {
    let outlook = "Merci.\n\nDe : Léa Martin <lea@client.example>\nEnvoyé : mardi\nÀ : Camille\nObjet : Paiement\n\nBonjour\n";
    assert_ne!(said("TR: Paiement", outlook), "-");
    for (subject, text) in [
        ("RE: Paiement", outlook),
        ("Paiement", outlook),
        (
            "Re: Paiement",
            "---------- Forwarded message ---------\nFrom: <lea@client.example>\nSubject: x\n\ny\n",
        ),
        ("TR: Paiement", "De : Léa Martin\nEnvoyé : mardi\nObjet : Paiement\n\nBonjour\n"),
        ("TR: Paiement", "De : lea@client.example\n\nBonjour\n"),
        (
            "Fwd: moi",
            "---------- Forwarded message ---------\nFrom: <camille@firme.example>\nSubject: x\n\ny\n",
        ),
        ("Fwd: vide", ""),
        ("Question", "Je vous ai transféré un message transféré par erreur.\nDe : a@b.example\nObjet : x\n"),
    ] {
        assert_eq!(said(subject, text), "-", "{subject}: {text}");
    }
}

#[test]
fn only_a_whole_address_is_taken() {
    for (text, address) in [
        ("Léa <LEA@Client.example>", "lea@client.example"),
        ("lea@client.example", "lea@client.example"),
        ("Léa <lea@client.example<mailto:lea@client.example>>", "lea@client.example"),
        ("lea@client.example <lea@client.example>", "lea@client.example"),
    ] {
        assert_eq!(mailbox(text).unwrap().address, address, "{text}");
    }
    for none in
        ["Léa", "lea@client", "@client.example", "lea@", "l..a@x.example", "a@b@c.example", "<script>@x"]
    {
        assert_eq!(mailbox(none), None, "{none}");
    }
    assert_eq!(mailbox(&format!("{}@client.example", "l".repeat(300))), None);
}

proptest! {
    #[test]
    fn any_text_is_read_and_what_is_taken_is_sound(
        subject in "(TR: |Fwd: |)[a-zé ]{0,20}",
        lines in proptest::collection::vec(
            prop_oneof![
                Just("---------- Forwarded message ---------".to_owned()),
                Just("De : Léa <lea@client.example>".to_owned()),
                Just("Objet : Paiement".to_owned()),
                Just("> Date: x".to_owned()),
                Just(String::new()),
                "\\PC{0,60}",
            ],
            0..40,
        ),
    ) {
        let text = lines.join("\n");
        if let Some(forward) = read(&mail(&subject, &text)) {
            prop_assert!(is_usable(&forward.from.address) && forward.from.address.contains('@'));
            prop_assert!(!forward.from.name.contains('\n') && !forward.subject.contains('\n'));
            prop_assert!(forward.text.len() + forward.note.len() <= text.len());
        }
    }
}
