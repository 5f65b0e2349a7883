//! Signatures, the lines of programs and small print, and what people write that resembles them; the people are invented.

use super::forms::PROGRAM_LINES;
use super::*;

/// A last line that stays in the message.
fn assert_is_no_signature(line: &str) {
    let text = format!("Bonjour,\n\nOù en est mon dossier ?\n\n{line}");
    assert_eq!(parted(&text), (text.clone(), String::new(), String::new()));
}

#[test]
fn signatures_are_folded() {
    for signature in [
        "-- \nJean Martin\n06 12 34 56 78",
        "--\nJean Martin",
        "Envoyé de mon iPhone",
        "Envoyé depuis mon appareil Galaxy",
        "Provenance : Courrier pour Windows",
        "Yahoo Mail : recherchez, organisez, conquérez",
        "---\nJean Martin\nClient SARL",
        "_______________________________________________\nListe de diffusion des parieurs\nhttps://listes.example/parieurs",
        "Envoyé depuis l'application Mail Orange",
        "Envoyé à partir de Outlook pour Android<https://aka.example/x>",
        "Télécharger Outlook pour iOS",
        "Obtenez Outlook pour Android",
        "Envoyé avec la messagerie sécurisée Proton Mail.",
        "Sent from my iPhone",
        "Sent from my Verizon Wireless BlackBerry",
        "Sent from Outlook for iOS",
        "Sent from Yahoo Mail on Android",
        "Get Outlook for Android <https://aka.example/x>",
        "Von meinem iPhone gesendet",
        "Enviado desde mi iPhone",
        "Inviato da iPhone",
        "Verstuurd vanaf mijn iPhone",
        "Skickat från min iPhone",
        "Sendt fra min iPhone",
        "Wysłane z iPhone'a",
        "Cordialement,\nJean Martin\nDirecteur\nTél. : 06 12 34 56 78",
        "Bien à vous,\n\nJean Martin\nClient SARL\n12 rue des Lilas, 69001 Lyon\nwww.client.example",
        "—\nJean",
        "-Jean Martin",
        "Ce message et ses pièces jointes peuvent contenir des informations\nconfidentielles.",
        "Garanti sans virus. www.antivirus.example\n\nPensez à l'environnement avant d'imprimer.",
        "Envoyé de mon iPhone\n\nThis e-mail is confidential.",
    ] {
        let text = format!("Bonjour,\n\nRien ne marche.\n\n{signature}\n");
        let wanted = ("Bonjour,\n\nRien ne marche.".to_owned(), String::new(), signature.to_owned());
        assert_eq!(parted(&text), wanted, "{text}");
        let answered = format!("{text}\nLe 3 mars 2026 à 10:23, Camille a écrit :\n> Bonjour\n");
        let trimmed = trim(&answered);
        assert_eq!((trimmed.reply, trimmed.signature), (wanted.0, wanted.2), "{answered}");
    }
}

#[test]
fn the_lines_of_phones_and_programs_are_folded_above_any_quote() {
    let mut wrong = Vec::new();
    for line in PROGRAM_LINES {
        for after in [
            "\n",
            "\n\nLe 3 mars 2026 à 10:23, Camille <camille@support.example> a écrit :\n\n> ok\n",
            "\n\n\nOn 3 Mar 2026, at 10:23, Camille <camille@support.example> wrote:\n\nok\n",
        ] {
            let trimmed = trim(&format!("Bonjour,\nrien ne marche.\n\n{line}{after}"));
            if (trimmed.reply.as_str(), trimmed.signature.as_str()) != ("Bonjour,\nrien ne marche.", *line) {
                wrong.push(format!("{line}{after:?} => {trimmed:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_stands_below_a_name_is_no_card_when_it_says_something() {
    for text in [
        "Merci.\n\nCordialement,\nJean Martin\n\nLe remboursement n'est toujours pas arrivé sur FR76 3000 4000 5000 1234",
        "Merci.\n\nCordialement,\nJean Martin\njean@client.example\nPS : mon numéro de client est le 42",
        "Merci.\n\nCordialement,\nJean Martin\nP.S. rappelez au 06 12 34 56 78",
        "Merci.\n\nCordialement,\nJean Martin\n\nPouvez-vous me rappeler au 06 12 34 56 78 ?",
        "Merci.\n\nCordialement,\nJean Martin\nNuméro de compte : 12345678\nPseudo : jeanjean",
        "Merci.\n\nCordialement,\nJean Martin\n06 12 34 56 78\nNuméro de compte : 123456789",
    ] {
        assert_eq!(parted(text), (text.to_owned(), String::new(), String::new()), "{text}");
    }
    for card in [
        "Cordialement,\nJean Martin\nDirecteur technique\nTél. : 06 12 34 56 78\nFax : 01 23 45 67 89",
        "Cordialement,\nJean Martin\nE-mail : jean@client.example\nSite web : https://client.example/\nhttps://client.example/",
        "Cordialement,\nJean Martin\n06 12 34 56 78\n\nCe message et ses pièces jointes peuvent contenir des informations confidentielles.",
    ] {
        let text = format!("Merci.\n\n{card}");
        assert_eq!(trim(&text).reply, "Merci.", "{text}");
    }
}

#[test]
fn what_people_sent_by_other_ways_is_no_line_of_a_program() {
    for line in [
        "Envoyé par chèque",
        "Envoyé par courrier recommandé le 3 mars",
        "Envoyé par virement de 50 euros hier",
        "Envoyé depuis mon compte Boursorama le 3 mars.",
        "Expédié par un transporteur inconnu hier",
        "Envoyé par la poste",
        "Envoyé par mail",
        "Envoyé depuis mon téléphone hier soir",
    ] {
        assert_is_no_signature(line);
    }
}

#[test]
fn what_was_sent_by_other_ways_is_no_line_of_a_program_in_any_language() {
    for line in [
        "Gesendet mit DHL am Montag",
        "Von meinem Konto am Montag gesendet",
        "Enviado con retraso por correo",
        "Inviato con corriere ieri",
        "Sent via bank transfer on Monday",
        "Sent by a courier last week",
        "Sent by mail",
        "Sent by phone yesterday",
        "Sent from the warehouse",
        "Sent from my office in Lyon",
        "Sent from my desk, which is much easier than my mobile phone.",
        "Sendt fra Aarhus i mandags",
        "Wysłano z Krakowa w poniedziałek",
        "Küldve hétfőn",
        "Lähetetty maanantaina Helsingistä",
        "From my phone it does not work",
    ] {
        assert_is_no_signature(line);
    }
}

#[test]
fn small_print_goes_with_the_rule_and_the_title_above_it() {
    for print in [
        "_______________________________________________________\n\nCe message et ses pieces jointes peuvent contenir des informations confidentielles.",
        "________________________________\nThis email is confidential and intended for the addressee only.",
        "DISCLAIMER: This email and any files transmitted with it are confidential.",
        "CONFIDENTIALITY NOTICE: This message is for the sole use of the intended recipient.",
        "AVIS DE CONFIDENTIALITÉ : Ce courriel est destiné uniquement à son destinataire.",
        "---\nCet e-mail a été vérifié par le logiciel antivirus d'Avast.\nhttps://www.antivirus.example",
        "-----\nNo virus found in this message.\nChecked by AVG - www.antivirus.example",
        "<https://www.antivirus.example/sig-email?utm=1>\nVirus-free.\nwww.antivirus.example\n<#DAB4FAD8-2DD7-40BB>",
        "Merci de penser à l'environnement avant d'imprimer ce message.",
        "P Please consider the environment before printing this e-mail",
    ] {
        let trimmed = trim(&format!("Rien ne marche.\n\n{print}"));
        assert_eq!((trimmed.reply.as_str(), trimmed.signature.as_str()), ("Rien ne marche.", print));
    }
    for own in [
        "Bonjour,\n\nCet e-mail a été vérifié hier par votre service, sans suite.",
        "Bonjour,\n\nMerci de penser à l'environnement et de m'envoyer mes factures par mail",
        "Bonjour,\n\nhttps://client.example/x\nMerci de penser à l'environnement",
    ] {
        assert_eq!(trim(own).reply, own);
    }
}

#[test]
fn the_last_item_of_a_list_is_no_name() {
    for text in
        ["Lequel choisir ?\n\n- Oui", "Je parie sur :\n\n- Paris\n\n- Lyon", "Au choix\n\n-Paris\n\n-Lyon"]
    {
        assert_eq!(parted(text), (text.to_owned(), String::new(), String::new()), "{text}");
    }
}

#[test]
fn small_print_is_told_from_a_message_that_shows_up() {
    for line in [
        "Ce message d'erreur s'affiche quand je saisis le destinataire du virement.",
        "Ce message est apparu quand j'ai saisi le destinataire du virement.",
        "Ce mail est arrivé, mais je ne suis pas le destinataire.",
    ] {
        let text = format!("Bonjour,\n\nRien ne marche.\n\n{line}");
        assert_eq!(parted(&text), (text.clone(), String::new(), String::new()));
    }
    for line in [
        "Ce message est confidentiel et destiné à ses seuls destinataires.",
        "Ce courriel (et ses pièces jointes) est destiné exclusivement à ses destinataires.",
    ] {
        assert_eq!(trim(&format!("Rien ne marche.\n\n{line}")).signature, line);
    }
}

#[test]
fn a_line_drawn_by_hand_begins_the_next_point() {
    for text in [
        "Premier souci : le paiement\n\n---\nDeuxième souci le retrait\nRien ne marche",
        "Un souci.\n\n---\nRappelez-moi svp\n06 12 34 56 78",
        "Un souci.\n\n--- \nCompte : 12345678",
    ] {
        assert_eq!(parted(text), (text.to_owned(), String::new(), String::new()), "{text}");
    }
    assert_eq!(trim("Un souci.\n\n---\nJean Martin\nClub des Parieurs").reply, "Un souci.");
}

#[test]
fn a_signature_speaks_when_it_is_more_than_a_card() {
    for (signature, speaks) in [
        ("-- \nJean Martin\n12 rue des Lilas, 69001 Lyon\nTél. : 06 12 34 56 78", false),
        ("-- \nJean\n\nAu fait, le retrait n'est pas arrivé.", true),
        ("-- \nJean\n\nAu fait, le retrait bloque", true),
        ("-- \nJean\n\nEt le retrait ?", true),
        ("-- \nJean\nPS : compte 42", true),
        ("Envoyé de mon appareil Android avec Courriel K-9 Mail. Veuillez excuser ma brièveté.", false),
        (
            "-- \nJean\n\nCe message et ses pièces jointes peuvent contenir des informations confidentielles.",
            false,
        ),
        ("", false),
    ] {
        let trimmed = Trimmed { signature: signature.to_owned(), ..Trimmed::default() };
        assert_eq!(trimmed.signature_speaks(), speaks, "{signature}");
    }
    let below = trim("Merci\n\n-- \nJean\n\nAu fait, le retrait est bloqué");
    assert_eq!((below.reply.as_str(), below.signature_speaks()), ("Merci", true));
}

#[test]
fn what_is_no_signature_stays() {
    for text in [
        "Rien ne marche.\n\nCordialement,\nJean",
        "Cordialement, voici le point : rien ne change.",
        "Envoyé de mon bureau, c'est plus simple, mais rien ne marche.",
        "Envoyé de mon iPhone\n\nMais aussi ceci.",
        "J'ai un souci -- depuis hier -- avec le paiement.",
        "Deux points.\n\n---\n\nLe premier est que le paiement est refusé depuis hier soir, et que la page reste blanche quand je recommence.",
        "Deux questions.\n\n---\n\nQuand ?",
        "Ma liste :\n- pain\n- beurre\n-Lait",
        "Envoyé de mon iPhone",
        "-- \nJean",
    ] {
        assert_eq!(parted(text), (text.to_owned(), String::new(), String::new()), "{text}");
    }
}
