//! Mails as programs of many makes and languages write them; the people are invented.

use super::*;
use forms::ATTRIBUTIONS;
use proptest::prelude::*;
use prose::PROSE;

mod forms;
mod prose;
mod signatures;

/// A mail that answers nothing.
const FIRST: Setting = Setting { answers: false, forward: None };

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
fn the_mails_of_people_come_back_whole() {
    for text in PROSE {
        assert_eq!(parted(text), ((*text).to_owned(), String::new(), String::new()));
    }
}

#[test]
fn words_on_the_line_of_an_attribution_stay() {
    for (text, reply) in [
        (
            "Hi.\nOk thanks. On Tue, Mar 3, 2026 at 9:15 AM Camille <c@support.example> wrote:\n> Old",
            "Hi.\nOk thanks.",
        ),
        ("Ok thanks. On Tue, Mar 3, 2026 at 9:15 AM Camille <c@support.example> wrote:\n\nOld", "Ok thanks."),
        (
            "Bonjour\nOk merci Le mar. 3 mars 2026 à 09:15, Camille <c@support.example> a écrit :\n\n> Ancien",
            "Bonjour\nOk merci",
        ),
        ("reply--- On Wed, Apr 4, 2012 at 3:59 PM, a@support.example wrote:\n> Old", "reply"),
    ] {
        assert_eq!(trim(text).reply, reply, "{text}");
    }
    // Without all of it, the line stays as it is.
    let short = "Hello,\nThanks. On 3/3/2026 9:15, Camille wrote:\n> Old";
    assert_eq!(trim(short).reply, "Hello,\nThanks. On 3/3/2026 9:15, Camille wrote:");
    let first =
        "Bonjour.\nOk thanks. On Tue, Mar 3, 2026 at 9:15 AM Camille <c@support.example> wrote:\n\nOld";
    assert_eq!(trim_in(first, FIRST).reply, first);
    let own = "Le mar. 3 mars 2026 à 09:15, Le Support <c@support.example> a écrit :";
    assert_eq!(trim(&format!("Oui.\n\n{own}\n> Ancien")).quoted, format!("{own}\n> Ancien"));
    let forward = "Ok. On Tue, Mar 3, 2026 at 9:15 AM Camille <c@support.example> wrote:\n> Old\n\nFrom: B <b@bank.example>\nNo.";
    let handed_on = trim_in(forward, Setting { answers: true, forward: Some(3) });
    assert!(handed_on.reply.ends_with("From: B <b@bank.example>\nNo."), "{handed_on:?}");
}

#[test]
fn a_sentence_above_a_quote_is_no_attribution() {
    for sentence in [
        "I still do not understand what Bob wrote:",
        "Je ne comprends pas ce que votre collègue a écrit :",
        "At the bottom of the page somebody wrote:",
        "In your last mail you wrote:",
        "Votre collègue Bob m'a écrit :",
        "Hello Camille, yesterday your colleague Bob wrote:",
        "Le client a écrit :",
        "The app wrote:",
        "Mon mari a écrit :",
        "votre collègue a écrit :",
        "Hier soir quelqu'un a écrit :",
        "Ok. Camille a écrit :",
        "Bonjour, Camille a écrit :",
        "On 3 March you wrote:",
    ] {
        let text = format!("Bonjour,\n{sentence}\n> payez d'abord\nPouvez-vous expliquer ?");
        assert_eq!(parted(&text), (text.clone(), String::new(), String::new()));
    }
    for attribution in [
        "Camille Durand wrote:",
        "On Nov 26, 2013 you wrote:",
        "On Monday, Camille wrote:",
        "Le 1er mars, Camille a écrit :",
        "You wrote:",
        "<<< Camille wrote:",
        "Camille D. wrote:",
        "Durand, Camille wrote:",
        "M. Durand a écrit :",
        "J.-P. Martin wrote:",
        "camille a écrit :",
        "jean.martin wrote:",
        "Service client Firm a écrit :",
        "bet365 wrote:",
        "My Firm <support@firm.example> wrote:",
        "Nos conseillers <x@y.example> a écrit :",
        "Camille Durand said the following on 03/03/2026 09:15:",
        "* Camille Durand <c@support.example> [2026-03-03 09:15]:",
        "Missatge de Camille <c@support.example> del dia dt., 3 de març 2026 a les 9:15:",
        "في ٣ مارس ٢٠٢٦، الساعة ٩:١٥، كتب Camille <c@support.example>:",
        "Dnia wtorek, 3 marca 2026 (09:15), napisałeś(-łaś):",
        "Вы писали 3 марта 2026 г., 9:15:47:",
    ] {
        assert_eq!(trim(&format!("Oui.\n\n{attribution}\n> Ancien\n> texte")).reply, "Oui.", "{attribution}");
    }
}

#[test]
fn an_attribution_is_known_however_it_is_wrapped() {
    for attribution in [
        "On Tue, Mar 3, 2026\nat 9:15 AM, Camille wrote:",
        "Le mardi 3 mars 2026\nà 09:15, Camille Durand a écrit :",
        "On\nTue, Mar 3, 2026 at 9:15 AM, Camille <c@support.example> wrote:",
        "On Tue,\nMar 3, 2026\nat 9:15 AM,\nCamille Durand\n<c@support.example>\nwrote:",
        "Am Di., 3. März 2026\num 09:15 Uhr schrieb\nCamille Durand\n<c@support.example>:",
        "Camille Durand\n<c@support.example>\nwrote on Tue, 3 Mar 2026\n09:15:00 +0100:",
        "On Tue, Mar 3, 2026 at 9:15 AM, Camille <c@support.example>\n\nwrote:",
        "*On Tue, Mar 3, 2026 at 9:15 AM, Camille Durand wrote:*",
        "_Le 3 mars 2026 à 09:15, Camille Durand a écrit :_",
        "\u{200f}Le 3 mars 2026 à 09:15, Camille <c@support.example> a écrit :\u{202c}",
        "On Tue, Mar 3, 2026 at 9:15 AM, Camille Durand <c@support.example> wrote",
    ] {
        for after in ["\n\n> Ancien\n> texte", "\n\nAncien\ntexte"] {
            assert_eq!(trim(&format!("Oui.\n\n{attribution}{after}")).reply, "Oui.", "{attribution}{after}");
        }
    }
    let told = "Le colis est parti\nLe 3 mars 2026\nà 09:15, Camille a écrit :\n> Bientôt.";
    assert_eq!(trim(told).reply, "Le colis est parti");
}

#[test]
fn what_is_drawn_above_a_quote_is_folded_with_it() {
    let block = "From: Camille <c@support.example>\nSent: Tuesday, March 3, 2026 9:15 AM\nTo: Jean\nSubject: x\n\nOld";
    for rule in ["---", "___", "***", "####", "~~~~", "---------------", "---\n\n____"] {
        for quote in ["> Old", "-----Original Message-----\nOld", block] {
            let text = format!("Thanks, that works.\n\n{rule}\n{quote}");
            assert_eq!(trim(&text).reply, "Thanks, that works.", "{text}");
        }
    }
    for words in ["------------------ Original ------------------", "---------- Původní e-mail ----------"]
    {
        assert_eq!(trim(&format!("Thanks.\n\n{words}\n{block}")).reply, "Thanks.", "{words}");
    }
    let titled = "Merci.\n\n------ Mon avis ------\n\nLe 3 mars 2026 à 10:23, Camille a écrit :\n> Ancien";
    assert_eq!(trim(titled).reply, "Merci.\n\n------ Mon avis ------");
    for separator in [
        "-----Ursprünglicher Termin-----",
        "---------- Исходное письмо ----------",
        "________ 元のメール ________",
        "-----원본 메시지-----",
        "-----Rendez-vous d'origine-----",
        "----- Opprinnelig e-post -----",
        "--- Reply above. Do not remove this line. ---",
    ] {
        assert_eq!(trim(&format!("Thanks.\n\n{separator}\n\nOld")).reply, "Thanks.", "{separator}");
    }
    let own = "Bonjour,\n\n----- Prix d'origine -----\n12 €\n\n----- Prix actuel -----\n15 €";
    assert_eq!(trim(own).reply, own);
}

#[test]
fn the_header_of_a_mail_is_told_from_a_form_where_it_has_no_address() {
    for block in [
        "From: Camille\nTo: Lea\nSent: Monday\nSubject: lab",
        "De : Camille\nEnvoyé : mardi\nÀ : Lea\nObjet : lab",
        "**From:** Camille Durand\n**Date:** Tuesday, March 3, 2026\n**To:** Lea\n**Subject:** lab",
        "De: Camille Durand\nFecha: martes, 3 de marzo de 2026\nPara: Lea\nAsunto: lab",
        "Od: Camille\nWysłano: wtorek\nDo: Lea\nTemat: lab",
        "From: Camille\nDate: Mar 2, 2026\nSubject: Re: lab",
        "De : Camille\nÀ : Lea\nObjet : RE: lab",
        "From: Camille Durand [mailto:camille@support.example\n] On Behalf Of Desk\nSent: Tuesday, March 03, 2026\nTo: Lea\nSubject: x",
    ] {
        assert_eq!(trim(&format!("Merci.\n\n{block}\n\nAncien")).reply, "Merci.", "{block}");
        if !block.contains('@') {
            let first = format!("Merci.\n\n{block}\n\nAncien");
            assert_eq!(trim_in(&first, FIRST).reply, first);
        }
    }
    for form in [
        "Merci.\n\nDe : Lyon\nÀ : Paris\nDate : 3 mars 2026\nObjet : remboursement du billet\n\nMerci de me rembourser.",
        "Voici ce que j'ai reçu :\n\nFrom: Camille\nTo: Lea\nSent: Monday\nSubject: lab\n\nEst-ce vrai ?",
        "Bonjour,\nNom : Martin\nDe : Lyon\nÀ : Paris\nEnvoyé : mardi\nObjet : colis\n\nOù est-il ?",
        "Bonjour,\n\nDe : Jean Martin\nDate : mardi 3 mars 2026\nÀ : Firm SA\nObjet : dépôt\nMontant : 50 €\n\nMerci.",
        "Bonjour,\n\nDe : Jean Martin\nLe : mardi 3 mars 2026\nPour : Firm SA\nObjet : dépôt\n\nMerci.",
    ] {
        assert_eq!(parted(form), (form.to_owned(), String::new(), String::new()), "{form}");
    }
}

#[test]
fn a_marked_header_goes_on_without_marks_only_where_nothing_below_is_marked() {
    let header = "> Gesendet: Dienstag, 03. März 2026 um 09:15 Uhr\n> Von: \"Camille\" <c@support.example>\n> An: lea@client.example\n> Betreff: Re: lab\n>";
    assert_eq!(trim(&format!("Oui.\n\n{header}\n\nAncien\ntexte")).reply, "Oui.");
    let between = format!("Oui.\n\n{header}\n> Quand ?\n\nDemain.");
    assert!(trim(&between).reply.ends_with("Demain."), "{between}");
    let marked = format!("Oui.\n\n{header}\n\nDemain.\n\n> Ancien");
    assert!(trim(&marked).reply.contains("Demain."), "{marked}");
    let announced = format!("Bonjour, voici le mail que j'ai reçu :\n\n{header}\n\nEst-ce bien vous ?");
    assert!(trim(&announced).reply.ends_with("Est-ce bien vous ?"), "{announced}");
    let partial = "Bonjour.\n\n> De : Camille <c@support.example>\n> Objet : lab\n> Date : 3 mars 2026\n\nEst-ce vous ?";
    assert!(trim(partial).reply.ends_with("Est-ce vous ?"), "{partial}");
}

#[test]
fn what_somebody_quotes_themselves_stays() {
    for own in [
        "Bonjour,\n\nVoici le message d'erreur :\n\n> Paiement refusé (code 12)",
        "Hi,\n\nThis is what I typed:\n\n> ls\n> cat x",
    ] {
        assert_eq!(trim_in(own, FIRST).reply, own);
    }
    let history = "Le 3 mars 2026 à 10:23, Camille a écrit :\n> Ancien";
    for own in ["Voici :\n\n> Paiement refusé", "> Quand ?\n\nDemain.", "Voici :\n\n> Quand ?\n\nDemain."] {
        let trimmed = trim(&format!("{own}\n\n{history}"));
        assert_eq!((trimmed.reply.as_str(), trimmed.quoted.as_str()), (own, history));
    }
}

#[test]
fn a_mail_that_answers_nothing_quotes_only_what_programs_write() {
    for story in [
        "Voici mon virement :\nDe : Jean Martin\nÀ : BetTracker\nDate : 03/03/2026 à 10:23\nMontant : 50 €\n\nIl n'est pas arrivé, que faire ?",
        "Bonjour,\n\nLe 3 mars 2026, Camille de votre service a écrit :\n« remboursement sous 3 jours »\n\nNous sommes le 10, toujours rien. Que faire ?",
    ] {
        assert_eq!(trim_in(story, FIRST).reply, story);
    }
    for quote in [
        "Le 3 mars 2026 à 10:23, Camille <camille@support.example> a écrit :\n> Bonjour",
        "-----Message d'origine-----\nDe : Camille\n\nBonjour",
        "________________________________\nDe : Camille\nEnvoyé : mardi\n\nBonjour",
        "De : Camille <camille@support.example>\nEnvoyé : mardi 3 mars 2026 10:23\nÀ : Jean\nObjet : Paiement\n\nBonjour",
    ] {
        let trimmed = trim_in(&format!("Toujours refusé.\n\n{quote}"), FIRST);
        assert_eq!((trimmed.reply.as_str(), trimmed.quoted.as_str()), ("Toujours refusé.", quote));
    }
}

#[test]
fn where_only_a_greeting_would_be_left_all_is_shown() {
    for greeting in ["Bonjour,", "Bonjour Camille,", "Madame, Monsieur,", "Bonsoir à tous,"] {
        let text = format!(
            "{greeting}\n\nLe 3 mars 2026, Camille de votre service a écrit :\n« bientôt »\n\nToujours rien."
        );
        assert_eq!(parted(&text), (text.clone(), String::new(), String::new()));
    }
    let answer = "Bonjour,\nToujours rien.\n\nLe 3 mars 2026 à 10:23, Camille a écrit :\nBientôt.";
    assert_eq!(trim(answer).reply, "Bonjour,\nToujours rien.");
}

#[test]
fn what_is_handed_on_without_a_mark_is_the_message() {
    let outlook = "Voyez.\n\n-- \nJean\n\n________________________________\nDe : Banque <b@banque.example>\nEnvoyé : mardi 3 mars 2026 10:23\n\
                   À : Jean\nObjet : Refus\n\nRefusé.\n\n> ancien";
    let bare = "Voyez.\n\nDe : Banque <b@banque.example>\nEnvoyé : mardi 3 mars 2026 10:23\nÀ : Jean\nObjet : Refus\n\nRefusé.";
    let orange = "Voyez.\n\n========================================\n> Message du 24/11/26 09:12\n> De : \"Banque\" <b@banque.example>\n\
                  > A : jean@client.example\n> Objet : Refus\n>\n> Refusé.";
    for (text, line) in [(outlook, 6), (bare, 2), (orange, 3)] {
        let handed_on = trim_in(text, Setting { answers: false, forward: Some(line) });
        assert!(handed_on.quoted.is_empty() && handed_on.reply.contains("Refusé."), "{handed_on:?}");
        assert!(handed_on.reply.starts_with("Voyez."), "{handed_on:?}");
        assert!(!trim(text).reply.contains("Refusé."), "{text}");
    }
    let signed = trim_in(outlook, Setting { answers: false, forward: Some(6) });
    assert_eq!(signed.signature, "-- \nJean");
}

#[test]
fn prose_about_the_line_above_which_to_answer_folds_nothing() {
    for text in [
        "Bonjour,\nRépondez au-dessus de cette ligne, dit votre mail.\nJe réponds, et rien ne vient.",
        "Merci de répondre au-dessus de cette ligne : je ne comprends pas.\nMon compte est bloqué.",
        "Hello,\nReply above this line, your mail says.\nI do and nothing happens.",
    ] {
        assert_eq!(parted(text), (text.to_owned(), String::new(), String::new()), "{text}");
    }
    for line in [
        "##- Merci de répondre au-dessus de cette ligne -##",
        "Veuillez écrire au-dessus de cette ligne pour nous répondre",
        "## Please type your reply above this line. ##",
        "--- Reply above this line to add a comment ---",
    ] {
        assert_eq!(trim(&format!("Oui.\n\n{line}\n\nAncien")).reply, "Oui.", "{line}");
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
        for setting in [Setting::ANSWER, FIRST] {
            prop_assert_eq!(trim_folded(&text, &known, setting), trim_folded(&text, "", setting));
        }
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
