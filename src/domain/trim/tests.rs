//! Mails as programs of many makes and languages write them; the people are invented.

use super::*;
use proptest::prelude::*;

fn parted(text: &str) -> (String, String, String) {
    let Trimmed { reply, quoted, signature } = trim(text);
    (reply, quoted, signature)
}

/// The lines that programs write above a quote.
const ATTRIBUTIONS: &[&str] = &[
    // Gmail
    "Le mar. 3 mars 2026 à 10:23, Camille <camille@support.example> a écrit :",
    "Le mar. 3 mars 2026 à 10:23, Camille <camille@support.example> a\nécrit :",
    "Le mardi 3 mars 2026 à 10:23, Support BetTracker Pro <\nsupport@bettrackerpro.example> a écrit :",
    "On Tue, Mar 3, 2026 at 10:23 AM Camille <camille@support.example> wrote:",
    "On Tue, Mar 3, 2026 at 10:23 AM Camille <camille@support.example>\nwrote:",
    "2026-03-03 10:23 GMT+01:00 Camille <camille@support.example>:",
    "El mar, 3 mar 2026 a las 10:23, Camille (<camille@support.example>) escribió:",
    "Il giorno mar 3 mar 2026 alle ore 10:23 Camille <camille@support.example> ha scritto:",
    "Am Di., 3. März 2026 um 10:23 Uhr schrieb Camille <camille@support.example>:",
    "Op di 3 mrt 2026 om 10:23 schreef Camille <camille@support.example>:",
    "Em ter., 3 de mar. de 2026 às 10:23, Camille <camille@support.example> escreveu:",
    "W dniu wt., 3 mar 2026 o 10:23 Camille <camille@support.example> napisał(a):",
    "wt., 3 mar 2026 o 10:23 Camille <camille@support.example> napisał(a):",
    "Den tis 3 mars 2026 kl 10:23 skrev Camille <camille@support.example>:",
    "tir. 3. mar. 2026 kl. 10.23 skrev Camille <camille@support.example>:",
    "ti 3. maalisk. 2026 klo 10.23 Camille (camille@support.example) kirjoitti:",
    "út 3. 3. 2026 v 10:23 odesílatel Camille <camille@support.example> napsal:",
    "вт, 3 мар. 2026 г. в 10:23, Camille <camille@support.example>:",
    "3 Mar 2026 Sal 10:23 tarihinde Camille <camille@support.example> şunu yazdı:",
    "Camille <camille@support.example> ezt írta (időpont: 2026. márc. 3., K, 10:23):",
    "mar., 3 mar. 2026, 10:23 Camille <camille@support.example> a scris:",
    "2026年3月3日(火) 10:23 Camille <camille@support.example>:",
    "Camille <camille@support.example> 于2026年3月3日周二 10:23写道：",
    "2026년 3월 3일 (화) 오전 10:23, Camille <camille@support.example>님이 작성:",
    // Apple Mail, iPhone
    "Le 3 mars 2026 à 10:23, Camille <camille@support.example> a écrit :",
    "Le 3 mars 2026 à 10:23 +0100, Camille <camille@support.example>, a écrit :",
    "On 3 Mar 2026, at 10:23, Camille <camille@support.example> wrote:",
    "On Mar 3, 2026, at 10:23 AM, Camille\n<camille@support.example>\nwrote:",
    "Am 03.03.2026 um 10:23 schrieb Camille <camille@support.example>:",
    "El 3 mar 2026, a las 10:23, Camille <camille@support.example> escribió:",
    "Il giorno 3 mar 2026, alle ore 10:23, Camille ha scritto:",
    "Op 3 mrt 2026, om 10:23 heeft Camille <camille@support.example> het volgende geschreven:",
    "Den 3. mar. 2026 kl. 10.23 skrev Camille <camille@support.example>:",
    "Dnia 3 mar 2026 o godz. 10:23 Camille <camille@support.example> napisał(a):",
    "3 mars 2026 kl. 10:23 skrev Camille <camille@support.example>:",
    // Thunderbird
    "Le 03/03/2026 à 10:23, Camille a écrit :",
    "Le 03/03/2026 10:23, Camille a écrit :",
    "On 03/03/2026 10:23, Camille wrote:",
    "On 3/3/26 10:23, Camille wrote:",
    "Am 03.03.26 um 10:23 schrieb Camille:",
    "El 3/3/26 a las 10:23, Camille escribió:",
    "Il 03/03/2026 10:23, Camille ha scritto:",
    "Op 3-3-2026 om 10:23 schreef Camille:",
    "Em 03/03/2026 10:23, Camille escreveu:",
    "W dniu 03.03.2026 o 10:23, Camille pisze:",
    "Den 2026-03-03 kl. 10:23, skrev Camille:",
    "Den 03/03/2026 kl. 10.23 skrev Camille:",
    "03.03.2026 10:23, Camille пишет:",
    // Yahoo, Proton Mail, others
    "Le mardi 3 mars 2026 à 10:23:13 UTC+1, Camille <camille@support.example> a écrit :",
    "On Tuesday, March 3, 2026 at 10:23:13 AM GMT+1, Camille <camille@support.example> wrote:",
    "On Tuesday, March 3rd, 2026 at 10:23, Camille <camille@support.example> wrote:",
    "Le mardi 3 mars 2026, 10:23, Camille <camille@support.example> a écrit :",
    "Mar 3, 2026, 10:23 by camille@support.example:",
    "3 mars 2026, 10:23 de camille@support.example :",
    "03.03.2026, 10:23, \"Camille\" <camille@support.example>:",
    "Tue, 3 Mar 2026 10:23:51 +0100 от Camille <camille@support.example>:",
    "Camille <camille@support.example> a écrit :",
    "Camille <camille@support.example> schrieb am Di., 3. März 2026, 10:23:",
    "Camille <camille@support.example> wrote on 3/3/2026 10:23 AM:",
    "On Tue, 2026-03-03 at 10:23 +0100, Camille wrote:",
    "On Tue 3 Mar, 2026, 10:23 Camille, <camille@support.example> wrote:",
    // Separators and blocks
    "-----Message d'origine-----\nDe : Camille\nEnvoyé : mardi 3 mars 2026 10:23\nÀ : Jean\nObjet : Paiement",
    "-----Message d’origine-----\nDe\u{a0}: Camille [mailto:camille@support.example]\nEnvoyé\u{a0}: mardi 3 mars 2026 10:23\nÀ\u{a0}: Jean\nObjet\u{a0}: Paiement",
    "-------- Message original --------\nDe : Camille <camille@support.example>\nDate : 03/03/2026 10:23 (GMT+01:00)\nÀ : jean@client.example\nObjet : Paiement",
    "-------- Message d'origine --------\nDe : Camille <camille@support.example>\nDate : 03/03/2026 10:23 (GMT+01:00)",
    "----- Mail original -----\nDe: \"Camille\" <camille@support.example>\nÀ: \"Jean\" <jean@client.example>\nEnvoyé: Mardi 3 Mars 2026 10:23:51\nObjet: Paiement",
    "----- Original Message -----\nFrom: \"Camille\" <camille@support.example>\nTo: \"Jean\" <jean@client.example>\nSent: Tuesday, March 3, 2026 10:23:51 AM",
    "------- Original Message -------\nOn Tuesday, March 3rd, 2026 at 10:23, Camille <camille@support.example> wrote:",
    "-----Ursprüngliche Nachricht-----\nVon: Camille\nGesendet: Dienstag, 3. März 2026 10:23\nAn: Jean\nBetreff: Zahlung",
    "-----Messaggio originale-----\nDa: Camille",
    "-----Mensaje original-----\nDe: Camille",
    "-----Oorspronkelijk bericht-----\nVan: Camille",
    "-----Original Message-----",
    "________________________________\nDe : Camille <camille@support.example>\nEnvoyé : mardi 3 mars 2026 10:23\nÀ : Jean <jean@client.example>\nObjet : Re: Paiement",
    "________________________________________\nFrom: Camille",
    "De : Camille <camille@support.example>\nEnvoyé : mardi 3 mars 2026 10:23\nÀ : Jean\nObjet : Paiement",
    "De : Camille\nEnvoyé : mardi 3 mars 2026",
    "De : Camille <camille@support.example>\nDate : mardi 3 mars 2026 à 10:23\nÀ : Jean <jean@client.example>\nObjet : Paiement",
    "De: Camille\n\nEnvoyé: mardi 3 mars 2026 10:23\n\nÀ: Jean\n\nObjet: Paiement",
    "*De :* Camille <camille@support.example>\n*Envoyé :* mardi 3 mars 2026 10:23\n*À :* Jean\n*Objet :* Paiement",
    "From: Camille [mailto:camille@support.example]\nSent: Tuesday, March 3, 2026 10:23 AM\nTo: Jean;\n Marie; Paul\nSubject: Payment",
    "From: Camille <camille@support.example>\nDate: Tuesday, 3 March 2026 at 10:23\nTo: Jean <jean@client.example>\nSubject: Payment",
    "Von: Camille <camille@support.example>\nGesendet: Dienstag, 3. März 2026 10:23\nAn: Jean\nBetreff: Zahlung",
    "Da: Camille <camille@support.example>\nInviato: martedì 3 marzo 2026 10:23\nA: Jean\nOggetto: Pagamento",
    "De: Camille <camille@support.example>\nEnviado el: martes, 3 de marzo de 2026 10:23\nPara: Jean\nAsunto: Pago",
    "De: Camille <camille@support.example>\nEnviado: terça-feira, 3 de março de 2026 10:23\nPara: Jean\nAssunto: Pagamento",
    "Van: Camille <camille@support.example>\nVerzonden: dinsdag 3 maart 2026 10:23\nAan: Jean\nOnderwerp: Betaling",
    "Fra: Camille <camille@support.example>\nSendt: 3. marts 2026 10:23\nTil: Jean\nEmne: Betaling",
    "Från: Camille <camille@support.example>\nSkickat: den 3 mars 2026 10:23\nTill: Jean\nÄmne: Betalning",
    "Od: Camille <camille@support.example>\nWysłano: wtorek, 3 marca 2026 10:23\nDo: Jean\nTemat: Płatność",
    "Lähettäjä: Camille <camille@support.example>\nLähetetty: 3. maaliskuuta 2026 10:23\nVastaanottaja: Jean\nAihe: Maksu",
    "Kimden: Camille <camille@support.example>\nGönderildi: 3 Mart 2026 Salı 10:23\nKime: Jean\nKonu: Ödeme",
    "От: Camille <camille@support.example>\nОтправлено: 3 марта 2026 г. 10:23\nКому: Jean\nТема: Платёж",
    "========================================\n Message du : 03/03/2026 10:23\n De : \"Camille\" <camille@support.example>\n A : \"Jean\" <jean@client.example>\n Copie à :\n Sujet : Paiement",
    "> Message du 03/03/26 10:23\n> De : \"Camille\" <camille@support.example>\n> A : \"Jean\" <jean@client.example>\n> Objet : Paiement\n>",
    "Message du 03/03/26 10:23\nDe : \"Camille\" <camille@support.example>\nA : \"Jean\" <jean@client.example>\nCopie à : \nObjet : Paiement",
    "##- Merci de répondre au-dessus de cette ligne -##",
    "##- Please type your reply above this line -##",
    "--- Reply above this line ---",
];

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
    assert_eq!(trimmed.quoted, "> Merci\n> Camille");
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
    fn every_written_line_is_in_exactly_one_part(text in hostile_text()) {
        let trimmed = trim(&text);
        let count = |text: &str| text.lines().filter(|line| !is_blank(line)).count();
        prop_assert_eq!(count(&trimmed.reply) + count(&trimmed.quoted) + count(&trimmed.signature), count(&text));
    }
}
