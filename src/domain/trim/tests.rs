//! Mails as programs of many makes and languages write them; the people are invented.

use super::*;
use forms::{ATTRIBUTIONS, PROGRAM_LINES};
use proptest::prelude::*;
use prose::PROSE;

mod forms;
mod prose;

fn parted(text: &str) -> (String, String, String) {
    let Trimmed { reply, quoted, signature } = trim(text);
    (reply, quoted, signature)
}

#[test]
fn what_programs_write_above_a_quote_is_quoted_with_it() {
    let mut wrong = Vec::new();
    for attribution in ATTRIBUTIONS {
        for after in ["\n\n> Bonjour Jean,\n> c'est réglé.\n", "\n\nBonjour Jean,\nc'est réglé.\n"] {
            let text = format!("Merci, mais rien ne marche.\nToujours pas.\n\n{attribution}{after}");
            let trimmed = trim(&text);
            if trimmed.reply != "Merci, mais rien ne marche.\nToujours pas." || !trimmed.signature.is_empty()
            {
                wrong.push(format!("{text}\n=> {trimmed:?}"));
            }
        }
        let marked: String = attribution.lines().map(|line| format!("> {line}\n")).collect();
        let nested = format!(
            "Oui.\n\nLe 4 mars 2026 à 9:00, Jean <jean@client.example> a écrit :\n> Non.\n>\n{marked}>> Bonjour"
        );
        assert_eq!(trim(&nested).reply, "Oui.", "{nested}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn sentences_that_resemble_an_attribution_stay() {
    for text in [
        "Le 3 mars 2026, j'ai payé 12 €.\nLe client a écrit : rien ne marche.",
        "On 3 March I paid.\nThen nothing happened:\n- no mail\n- no receipt",
        "Voici l'extrait :\nDe : la banque\nC'est elle qu'il faut appeler.",
        "Nouveau message du site :\n\nDe : Jean <jean@client.example>\nObjet : Paiement\n\nRien ne marche.",
        "Date : 3 mars\nHeure : 10 h\nLieu : Lyon",
        "Mes questions :\n1. quand ?\n2. où ?",
        "From: Paris\nI travel to Lyon.",
        "Le 3 mars 2026, j'ai écrit :\nrien ne marche.",
        "Votre collègue camille@support.example m'a écrit :\nattendez.",
        "Rendez-vous le 3/3/2026 à 10:30 avec jean@client.example :\nserez-vous là ?",
        "On 3 March 2026 I wrote:\nnothing works.",
        "Le support m'a dit :\nil faut attendre.",
        "------------------------------------ Avis ------------------------------------\nTrès bien.",
        "Adresse : jean@client.example\nCode : 1234",
    ] {
        assert_eq!(parted(text), (text.to_owned(), String::new(), String::new()), "{text}");
    }
}

#[test]
fn the_sentence_above_an_attribution_is_not_part_of_it() {
    let text = "Le client veut savoir quand\nLe 3 mars 2026, Camille <camille@support.example> a écrit :\n> Bientôt.";
    assert_eq!(trim(text).reply, "Le client veut savoir quand");
    let text = "Le colis est arrivé.\nLe 3 mars 2026, Camille a\nécrit :\nBientôt.";
    assert_eq!(trim(text).reply, "Le colis est arrivé.");
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
fn the_mails_of_people_come_back_whole() {
    for text in PROSE {
        assert_eq!(parted(text), ((*text).to_owned(), String::new(), String::new()));
    }
}

#[test]
fn code_between_fences_is_neither_quote_nor_signature() {
    let text = "Voici :\n\n```\n> sortie\n-- \nLe 3 mars 2026 à 10:23, Camille a écrit :\n```\n\nQue faire ?";
    assert_eq!(parted(text), (text.to_owned(), String::new(), String::new()));
    let open = "Voici :\n```\nsortie\n\n-- \nJean";
    assert_eq!(trim(open).signature, "-- \nJean");
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

#[test]
fn answers_between_quotes_keep_what_they_answer() {
    let text = "Bonjour,\n\nLe 3 mars 2026, Camille a écrit :\n> Quel navigateur ?\n\nFirefox.\n\n> Quelle version ?\n\n148.\n\n> Merci\n> Camille\n";
    let trimmed = trim(text);
    assert!(
        trimmed.reply.contains("> Quel navigateur ?\n\nFirefox.\n\n> Quelle version ?\n\n148."),
        "{trimmed:?}"
    );
    assert_eq!(trimmed.quoted, "Le 3 mars 2026, Camille a écrit :\n> Merci\n> Camille");
    let top = "> Quel navigateur ?\nFirefox.\n> Quelle version ?\n148.";
    assert_eq!(trim(top).reply, top);
}

#[test]
fn an_answer_below_the_quote_is_the_reply() {
    let text = "Le 3 mars 2026 à 10:23, Camille a écrit :\n> Quel navigateur ?\n> Merci\n\nFirefox.\n";
    assert_eq!(trim(text).reply, "Firefox.");
    assert_eq!(trim("> cité\nma réponse\n> encore").reply, "ma réponse");
}

#[test]
fn a_forwarded_mail_is_the_message() {
    for mark in [
        "---------- Forwarded message ---------",
        "Begin forwarded message:",
        "Début du message transféré :",
        "Début du message réexpédié :",
        "-------- Message transféré --------",
        "-------- Forwarded Message --------",
        "---------- Message transféré ----------",
    ] {
        let text = format!(
            "Voyez :\n\n{mark}\nDe : Banque <b@banque.example>\nDate : 3 mars 2026 à 10:23\nÀ : Jean\nObjet : Refus\n\nRefusé.\n\n> ancien"
        );
        assert_eq!(trim(&text).reply, text, "{text}");
    }
    // Apple Mail quotes what it forwards.
    let apple = "Voyez.\n\n> Début du message transféré :\n>\n> De: Banque <b@banque.example>\n> Objet: Refus\n>\n> Refusé.\n> -- \n> Banque";
    assert_eq!(trim(apple).reply, apple);
    // The signature of whoever wrote the forwarded mail is part of it; that of whoever forwards is not.
    let signed = "Voyez.\n\n-- \nJean\n\n---------- Forwarded message ---------\nDe : Banque\n\nRefusé.\n\n-- \nBanque";
    assert_eq!(trim(signed).signature, "-- \nJean");
    assert!(trim(signed).reply.ends_with("-- \nBanque"));
    // Outlook writes no mark: with nothing above, the block is the message.
    let outlook = "De : Banque <b@banque.example>\nEnvoyé : mardi 3 mars 2026 10:23\nÀ : Jean\nObjet : Refus\n\nRefusé.";
    assert_eq!(trim(outlook).reply, outlook);
}

#[test]
fn nothing_but_a_quote_is_the_reply() {
    let text = "Le 3 mars 2026 à 10:23, Camille a écrit :\n> Bonjour";
    assert_eq!(parted(text), (text.to_owned(), String::new(), String::new()));
    let phone = "Envoyé de mon iPhone\n\nLe 3 mars 2026 à 10:23, Camille a écrit :\n> Bonjour";
    assert_eq!(trim(phone).reply, "Envoyé de mon iPhone");
    assert_eq!(trim(" \n\u{a0}\n"), Trimmed::default());
}

#[test]
fn hostile_text_takes_linear_time() {
    for piece in [
        "On \n",
        "Le 3 mars 2026,\n",
        "De :\n",
        "> \n",
        "____\n",
        "-- \n",
        ":\n",
        "a@b \n",
        "-----",
        "Le 3 mars 2026 a@b.c ",
    ] {
        let text = piece.repeat(150_000 / piece.len());
        assert!(!trim(&text).reply.is_empty(), "{piece:?}");
    }
}

/// Lines that trimming looks for, in any order.
fn hostile_text() -> impl Strategy<Value = String> {
    let lines = prop::sample::select(vec![
        "Bonjour,",
        "",
        " ",
        "> cité",
        ">> cité",
        "-- ",
        "--",
        "Le 3 mars 2026 à 10:23, Camille a écrit :",
        "a écrit :",
        "De : Camille <camille@support.example>",
        "Envoyé : mardi 3 mars 2026",
        "Objet : x",
        "Envoyé de mon iPhone",
        "-----Message d'origine-----",
        "________________________________",
        "---------- Forwarded message ---------",
        "Cordialement,",
        "Jean",
        "06 12 34 56 78",
        "-Jean",
        "—",
        "\u{a0}",
        "wrote:",
        "On Tue, Mar 3, 2026",
        "<a@b.example>",
    ]);
    prop_oneof![
        prop::collection::vec(lines, 0..14).prop_map(|lines| lines.join("\n")),
        any::<String>(),
        prop::collection::vec(any::<String>(), 0..6).prop_map(|lines| lines.join("\n")),
    ]
}

proptest! {
    #[test]
    fn trimming_never_grows_and_never_empties(text in hostile_text()) {
        let trimmed = trim(&text);
        prop_assert!(trimmed.reply.len() + trimmed.quoted.len() + trimmed.signature.len() <= text.len());
        prop_assert_eq!(trimmed.reply.trim().is_empty(), is_blank(&text) || text.trim().is_empty());
    }

    #[test]
    fn what_was_folded_before_changes_nothing(text in hostile_text(), known in any::<prop::sample::Index>()) {
        let known = fold(head(&text, known.index(text.len() + 1)));
        prop_assert_eq!(trim_folded(&text, &known), trim_folded(&text, ""));
    }

    #[test]
    fn every_written_line_is_in_exactly_one_part(text in hostile_text()) {
        let trimmed = trim(&text);
        let count = |text: &str| text.lines().filter(|line| !is_blank(line)).count();
        prop_assert_eq!(count(&trimmed.reply) + count(&trimmed.quoted) + count(&trimmed.signature), count(&text));
    }
}

#[test]
fn a_body_of_more_lines_than_any_letter_is_shown_as_it_is() {
    let text = format!("Bonjour\n{}", "> a\n".repeat(MOST_LINES));
    let trimmed = trim(&text);
    assert_eq!((trimmed.reply.as_str(), trimmed.quoted.as_str()), (text.trim_end(), ""));
    let shorter = trim(&text[..text.len() - 4]);
    assert_eq!(shorter.reply, "Bonjour");
}

#[test]
fn header_blocks_in_a_row_are_told_apart() {
    let block =
        "De : Léa <lea@client.example>\nEnvoyé : mardi 3 mars 2026 10:23\nÀ : Support\nObjet : Paiement\n";
    let trimmed = trim(&format!("Voici la suite.\n\n{block}{block}\nBonjour\n"));
    assert_eq!(trimmed.reply, "Voici la suite.");
    assert!(trimmed.quoted.starts_with("De : Léa") && trimmed.quoted.ends_with("Bonjour"));
}
