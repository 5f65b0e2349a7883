//! Lines as people type them, and what they mean.

use super::*;
use crate::command::vocabulary::ParticipantWish;
use crate::domain::ids::{DeliveryId, EventId, TicketId};
use crate::domain::preference::Preference;
use crate::domain::ticket::{Priority, Status};
use proptest::prelude::*;

const N: TicketId = TicketId(42);

fn reply(text: &str) -> Command {
    Command::Reply { ticket: N, all: false, template: None, then: None, text: text.to_owned() }
}

fn reply_then(then: Status, text: &str) -> Command {
    Command::Reply { ticket: N, all: false, template: None, then: Some(then), text: text.to_owned() }
}

fn reply_with(template: &str, text: &str) -> Command {
    Command::Reply {
        ticket: N,
        all: false,
        template: Some(template.to_owned()),
        then: None,
        text: text.to_owned(),
    }
}

fn status(to: Status) -> Command {
    Command::Status { ticket: N, to, reason: None }
}

fn list(status: Option<Status>, priority: Option<Priority>, mine: bool, words: &[&str]) -> Command {
    Command::List { status, priority, mine, words: words.iter().map(|word| (*word).to_owned()).collect() }
}

fn arguments(words: &[&str]) -> Result<Command, UsageError> {
    parse_words(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
}

#[track_caller]
fn all_read(lines: &[(&str, Command)]) {
    for (line, command) in lines {
        assert_eq!(parse(line).as_ref(), Ok(command), "{line:?}");
    }
}

#[test]
fn french_apostrophes_are_only_text() {
    all_read(&[
        ("reply 42 C'est réglé", reply("C'est réglé")),
        ("reply 42 solution C'est réglé", reply("solution C'est réglé")),
        ("reply 42 --template solution C'est réglé", reply_with("solution", "C'est réglé")),
        (
            "note 42 l'utilisateur n'a pas d'accès",
            Command::Note { ticket: N, text: "l'utilisateur n'a pas d'accès".into() },
        ),
    ]);
}

#[test]
fn a_text_is_kept_as_it_was_typed() {
    for text in [
        "Bonjour,\n\nC'est  réglé.\n- un\n- deux",
        "- premier point\n- second point",
        "-1 est négatif",
        "voir l'option --force -x du logiciel",
        "tapez « oui » puis \"non\"",
        "« Mot de passe oublié »",
        "un \"mot",
        "un « mot",
        "----- Message transféré -----",
        "— Bonjour, dit-elle.",
        "—Bonjour",
        "+33 6 12 34 56 78",
        "a=b c",
        "42",
        "#42 est un doublon",
        "🙂",
    ] {
        assert_eq!(parse(&format!("reply 42 {text}")), Ok(reply(text)), "{text:?}");
        assert_eq!(parse(&format!("/ticket répondre #42\n{text}  \n")), Ok(reply(text)), "{text:?}");
        assert_eq!(parse(&format!("note 42 {text}")), Ok(Command::Note { ticket: N, text: text.into() }));
        assert_eq!(
            parse(&format!("escalate 42 {text}")),
            Ok(Command::Escalate { ticket: N, reason: text.into() })
        );
        assert_eq!(arguments(&["reply", "42", text]), Ok(reply(text)), "{text:?}");
    }
    all_read(&[
        ("reply 42 -- --force le fait", reply("--force le fait")),
        ("reply 42 -- essayez --then resolved", reply("essayez --then resolved")),
        ("reply 42 --then closed -- --then new", reply_then(Status::Closed, "--then new")),
        ("reply 42 \"Bonjour Jean\"", reply("Bonjour Jean")),
        ("reply 42 “Bonjour Jean”", reply("Bonjour Jean")),
    ]);
}

#[test]
fn options_of_a_reply_stand_before_its_text() {
    all_read(&[
        (
            "reply 42 --then waiting_customer Quel navigateur ?",
            reply_then(Status::WaitingCustomer, "Quel navigateur ?"),
        ),
        (
            "reply 42 --puis attente Quel navigateur ?",
            reply_then(Status::WaitingCustomer, "Quel navigateur ?"),
        ),
        ("reply 42 --puis en attente client Quel site ?", reply_then(Status::WaitingCustomer, "Quel site ?")),
        (
            "reply 42 --puis en attente Client injoignable",
            reply_then(Status::WaitingCustomer, "Client injoignable"),
        ),
        ("reply 42 --puis en cours On regarde", reply_then(Status::InProgress, "On regarde")),
        ("reply 42 --PUIS=Résolu C'est fait", reply_then(Status::Resolved, "C'est fait")),
        ("reply 42 —puis résolu C'est fait", reply_then(Status::Resolved, "C'est fait")),
        ("reply 42 –then résolu C'est fait", reply_then(Status::Resolved, "C'est fait")),
        ("reply --then resolved 42 C'est fait", reply_then(Status::Resolved, "C'est fait")),
        ("reply 42 —template solution C'est fait", reply_with("solution", "C'est fait")),
        (
            "reply 42 --modèle demande-infos Navigateur ?\nVersion ?",
            reply_with("demande-infos", "Navigateur ?\nVersion ?"),
        ),
        ("reply 42 --modele solution", reply_with("solution", "")),
        (
            "reply 42 --template \"Solution Fournie\" Videz le cache.",
            reply_with("Solution Fournie", "Videz le cache."),
        ),
        (
            "reply 42 --template=\"Solution Fournie\" Videz le cache.",
            reply_with("Solution Fournie", "Videz le cache."),
        ),
        (
            "reply 42 --then closed --template fermeture",
            Command::Reply {
                ticket: N,
                all: false,
                template: Some("fermeture".into()),
                then: Some(Status::Closed),
                text: String::new(),
            },
        ),
        ("reply 42 --then new --then closed Fin", reply_then(Status::Closed, "Fin")),
    ]);
}

#[test]
fn a_reply_to_all_is_asked_for_before_the_text() {
    let to_all = |then, text: &str| Command::Reply {
        ticket: N,
        all: true,
        template: None,
        then,
        text: text.to_owned(),
    };
    for line in [
        "reply 42 --all Bonjour à tous",
        "répondre 42 --tous Bonjour à tous",
        "/ticket reply --tous 42 Bonjour à tous",
    ] {
        assert_eq!(parse(line), Ok(to_all(None, "Bonjour à tous")), "{line}");
    }
    let both = to_all(Some(Status::Resolved), "Fini");
    assert_eq!(parse("reply 42 --all --then resolved Fini"), Ok(both.clone()));
    assert_eq!(parse("reply 42 --then resolved —tous Fini"), Ok(both.clone()));
    assert_eq!(arguments(&["reply", "42", "Fini", "--all", "--then", "resolved"]), Ok(both));
    assert_eq!(parse("reply 42 — tous les comptes"), Ok(reply("— tous les comptes")));
}

#[test]
fn participants_are_named_with_a_sign_or_without() {
    let wish = |address: &str, adds| ParticipantWish { address: address.to_owned(), adds };
    for (line, changes) in [
        ("participants 42", vec![]),
        ("participants 42 +marc@client.example", vec![wish("marc@client.example", true)]),
        (
            "copies 42 marc@client.example -Zoé@Client.example, –anne@client.example",
            vec![
                wish("marc@client.example", true),
                wish("zoé@client.example", false),
                wish("anne@client.example", false),
            ],
        ),
    ] {
        assert_eq!(parse(line), Ok(Command::Participants { ticket: N, changes: changes.clone() }), "{line}");
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(arguments(&words), Ok(Command::Participants { ticket: N, changes }), "{line}");
    }
    assert!(
        matches!(parse("participants 42 +marc"), Err(UsageError::NotAnAddress { given }) if given == "marc")
    );
}

#[test]
fn an_option_behind_the_text_is_never_sent_to_the_requester() {
    for (line, given) in [
        ("reply 42 C'est réglé --then resolved", "--then resolved"),
        ("reply 42 C'est réglé --puis en attente client", "--puis en attente client"),
        ("reply 42 C'est réglé —puis=résolu", "—puis=résolu"),
        ("reply 42 C'est réglé --template solution", "--template solution"),
        ("reply 42 C'est réglé --all", "--all"),
        ("reply 42 C'est réglé --tous", "--tous"),
    ] {
        let error = parse(line).unwrap_err();
        let UsageError::MisplacedOption { given: told, usage } = error else { panic!("{line}: {error:?}") };
        assert_eq!(
            (told.as_str(), usage.as_str()),
            (given, "reply 42 [--all] [--template MODÈLE] [--then STATUT] TEXTE")
        );
    }
    assert_eq!(arguments(&["reply", "42", "--then est une option"]), Ok(reply("--then est une option")));
    assert_eq!(parse("reply 42 tapez --then puis validez"), Ok(reply("tapez --then puis validez")));
    assert_eq!(
        arguments(&["reply", "42", "--", "essayez", "--then", "resolved"]),
        Ok(reply("essayez --then resolved"))
    );
    assert_eq!(parse("reply 42 tapez --all puis validez"), Ok(reply("tapez --all puis validez")));
    // On a command line the words are apart, and what stands behind the text is no part of it.
    assert_eq!(
        arguments(&["reply", "42", "C'est réglé", "--then", "resolved"]),
        Ok(reply_then(Status::Resolved, "C'est réglé"))
    );
    assert_eq!(
        arguments(&["reply", "42", "Fin.", "--then=closed", "--template", "fermeture"]),
        Ok(Command::Reply {
            ticket: N,
            all: false,
            template: Some("fermeture".into()),
            then: Some(Status::Closed),
            text: "Fin.".into()
        })
    );
}

#[test]
fn statuses_are_read_in_english_and_in_french() {
    use Status::*;
    for (to, words) in [
        (New, ["new", "nouveau", "Nouveau", "NEW"].as_slice()),
        (
            InProgress,
            &["in_progress", "in-progress", "en_cours", "en-cours", "en cours", "En cours", "encours"],
        ),
        (
            WaitingCustomer,
            &[
                "waiting_customer",
                "attente",
                "en_attente",
                "attente_client",
                "attente client",
                "en attente client",
                "En Attente Client",
                "en attente du client",
                "en-attente-client",
            ],
        ),
        (Resolved, &["resolved", "résolu", "resolu", "RÉSOLU", "Resolu", "résolue"]),
        (Closed, &["closed", "fermé", "ferme", "Fermée", "clos"]),
    ] {
        for word in words {
            for name in ["status", "statut", "/ticket status", "ticket Statut", "STATUS"] {
                assert_eq!(parse(&format!("{name} 42 {word}")), Ok(status(to)), "{name} {word}");
            }
            assert_eq!(arguments(&["status", "42", word]), Ok(status(to)), "{word}");
        }
    }
}

#[test]
fn a_reason_takes_the_rest_of_the_line() {
    let closed =
        |reason: &str| Command::Status { ticket: N, to: Status::Closed, reason: Some(reason.to_owned()) };
    all_read(&[
        (
            "status 42 closed --reason Doublon du 17 -- vu avec l'équipe",
            closed("Doublon du 17 -- vu avec l'équipe"),
        ),
        ("statut 42 fermé --raison doublon", closed("doublon")),
        ("statut 42 fermé —motif \"doublon\"", closed("doublon")),
        ("statut 42 --motif \"deux mots\" fermé", closed("deux mots")),
        ("statut 42 --motif=\"deux mots\" fermé", closed("deux mots")),
    ]);
    assert_eq!(arguments(&["status", "42", "closed", "--reason", "deux mots"]), Ok(closed("deux mots")));
    assert_eq!(arguments(&["status", "42", "--reason", "deux mots", "closed"]), Ok(closed("deux mots")));
    assert_eq!(
        arguments(&["status", "42", "closed", "--reason", "trois", "petits", "mots"]),
        Ok(closed("trois petits mots"))
    );
}

#[test]
fn numbers_wear_their_usual_marks() {
    for number in ["42", "#42", "nº42", "n°42", "n° 42", "nº 42", "N° 42", "ticket 42", "[#42]", "# 42"]
    {
        assert_eq!(parse(&format!("show {number}")), Ok(Command::Show { ticket: N }), "{number}");
        assert_eq!(parse(&format!("voir {number}")), Ok(Command::Show { ticket: N }), "{number}");
        assert_eq!(parse(&format!("statut {number} résolu")), Ok(status(Status::Resolved)), "{number}");
        assert_eq!(parse(&format!("reply {number} Oui")), Ok(reply("Oui")), "{number}");
    }
}

#[test]
fn the_queue_is_filtered_and_searched() {
    let resolved = Some(Status::Resolved);
    all_read(&[
        ("list", list(None, None, false, &[])),
        ("liste tous", list(None, None, false, &[])),
        ("list résolu", list(resolved, None, false, &[])),
        ("list resolved paiement refusé", list(resolved, None, false, &["paiement", "refusé"])),
        ("list en cours", list(Some(Status::InProgress), None, false, &[])),
        ("list en attente client facture", list(Some(Status::WaitingCustomer), None, false, &["facture"])),
        ("list --status closed", list(Some(Status::Closed), None, false, &[])),
        ("list --statut=fermé --moi", list(Some(Status::Closed), None, true, &[])),
        ("list paiement résolu", list(None, None, false, &["paiement", "résolu"])),
        ("list résolu nouveau", list(resolved, None, false, &["nouveau"])),
        ("list \"nouveau\" site", list(None, None, false, &["nouveau", "site"])),
        ("list \"mot de passe\"", list(None, None, false, &["mot de passe"])),
        ("list --priority urgent --mine", list(None, Some(Priority::Urgent), true, &[])),
        (
            "liste nouveau --priorité haute carte l'été",
            list(Some(Status::New), Some(Priority::High), false, &["carte", "l'été"]),
        ),
        ("liste —moi —priorite basse", list(None, Some(Priority::Low), true, &[])),
        ("list jean@exemple.example", list(None, None, false, &["jean@exemple.example"])),
    ]);
}

#[test]
fn every_other_command_has_its_french_name() {
    let name = |name: &str| Some(name.to_owned());
    all_read(&[
        ("afficher 42", Command::Show { ticket: N }),
        ("template", Command::Template { name: None, ticket: None }),
        ("modèles", Command::Template { name: None, ticket: None }),
        ("modèle solution 42", Command::Template { name: name("solution"), ticket: Some(N) }),
        ("modele 42", Command::Template { name: None, ticket: Some(N) }),
        (
            "template demande d'informations n° 42",
            Command::Template { name: name("demande d'informations"), ticket: Some(N) },
        ),
        ("prendre 42", Command::Take { ticket: N }),
        ("assigner 42 Léa Martin", Command::Assign { ticket: N, name: "Léa Martin".into() }),
        ("priorité 42 urgente", Command::Priority { ticket: N, to: Priority::Urgent }),
        ("priorite 42 basse", Command::Priority { ticket: N, to: Priority::Low }),
        ("priority 42 Normale", Command::Priority { ticket: N, to: Priority::Normal }),
        ("étiquette 42 +vip -test", Command::Tag { ticket: N, changes: vec!["+vip".into(), "-test".into()] }),
        ("tag 42 -test", Command::Tag { ticket: N, changes: vec!["-test".into()] }),
        ("tag 42 –test vip", Command::Tag { ticket: N, changes: vec!["-test".into(), "+vip".into()] }),
        (
            "escalader 42 erreur 500 au paiement",
            Command::Escalate { ticket: N, reason: "erreur 500 au paiement".into() },
        ),
        ("urgent 42", Command::Urgent { ticket: N, reason: None }),
        ("urgent 42 plus rien ne marche", Command::Urgent { ticket: N, reason: name("plus rien ne marche") }),
        ("fonctionnalité 42", Command::Feature { ticket: N }),
        ("spam 42", Command::Spam { ticket: N }),
        ("rouvrir 42", Command::Reopen { ticket: N }),
        ("merge 42 into 17", Command::Merge { ticket: N, into: TicketId(17) }),
        ("fusionner 42 dans 17", Command::Merge { ticket: N, into: TicketId(17) }),
        ("fusionner #42 avec n° 17", Command::Merge { ticket: N, into: TicketId(17) }),
        ("merge 42 17", Command::Merge { ticket: N, into: TicketId(17) }),
        ("merge 42 -> 17", Command::Merge { ticket: N, into: TicketId(17) }),
        ("remind 42", Command::Remind { ticket: N }),
        ("relancer 42", Command::Remind { ticket: N }),
        ("snooze 42 2d", Command::Snooze { ticket: N, delay: "2d".into() }),
        ("reporter 42 3 jours", Command::Snooze { ticket: N, delay: "3 jours".into() }),
        ("annuler", Command::Undo { act: None }),
        ("undo 123", Command::Undo { act: Some(EventId(123)) }),
        ("historique 42", Command::History { ticket: N }),
        ("envois 42", Command::Deliveries { ticket: N }),
        ("renvoyer 7", Command::Resend { delivery: DeliveryId(7) }),
        (
            "user jean@exemple.example",
            Command::User {
                email: "jean@exemple.example".into(),
                preference: None,
                resume: false,
                revoke: false,
            },
        ),
        (
            "utilisateur jean@exemple.example web_only",
            Command::User {
                email: "jean@exemple.example".into(),
                preference: Some(Preference::WebOnly),
                resume: false,
                revoke: false,
            },
        ),
        (
            "client jean@exemple.example e-mail seulement",
            Command::User {
                email: "jean@exemple.example".into(),
                preference: Some(Preference::EmailOnly),
                resume: false,
                revoke: false,
            },
        ),
        (
            "user jean@exemple.example aucune",
            Command::User {
                email: "jean@exemple.example".into(),
                preference: Some(Preference::None),
                resume: false,
                revoke: false,
            },
        ),
        (
            "user jean@exemple.example --révoquer",
            Command::User {
                email: "jean@exemple.example".into(),
                preference: None,
                resume: false,
                revoke: true,
            },
        ),
        ("kb remboursement carte", Command::Kb { words: vec!["remboursement".into(), "carte".into()] }),
        ("stats", Command::Stats),
        ("statistiques", Command::Stats),
        ("checklist", Command::Checklist),
        ("rapport", Command::Report),
        ("aide", Command::Help { command: None }),
        ("help statut", Command::Help { command: name("statut") }),
    ]);
}

#[test]
fn what_cannot_be_read_says_what_is_wrong() {
    let told = |line: &str| match parse(line).unwrap_err() {
        UsageError::UnknownValue { what, given, near, .. } => {
            format!("{what:?} {given} > {}", near.unwrap_or("-"))
        }
        UsageError::UnknownCommand { given, near } => {
            format!("command {given} > {}", near.unwrap_or("-".into()))
        }
        UsageError::UnknownOption { given, near, .. } => {
            format!("option {given} > {}", near.unwrap_or("-".into()))
        }
        UsageError::Missing { what, usage } => format!("missing {what:?}: {usage}"),
        UsageError::Unexpected { given, .. } => format!("unexpected {given}"),
        UsageError::NotANumber { given } => format!("not a number {given}"),
        error => format!("{error:?}"),
    };
    for (line, expected) in [
        ("", "Empty"),
        ("  \n ", "Empty"),
        ("/ticket", "Empty"),
        ("statu 42 résolu", "command statu > status"),
        ("répondr 42 oui", "command répondr > reply"),
        ("42", "command 42 > show 42"),
        ("zut", "command zut > -"),
        ("status 42 resolvd", "Status resolvd > resolved"),
        ("status 42 résol", "Status résol > resolved"),
        ("status 42 en attnte client", "Status en attnte client > waiting_customer"),
        ("status 42 bleu", "Status bleu > -"),
        ("status 42 bleu --reason x", "Status bleu > -"),
        ("reply 42 --then resolvd Merci", "Status resolvd > resolved"),
        ("priority 42 hihg", "Priority hihg > high"),
        ("user a@b.example parfois", "Preference parfois > -"),
        ("list --priority zzz", "Priority zzz > -"),
        ("status", "missing Ticket: status 42 STATUT [--reason TEXTE]"),
        ("status 42", "missing Status: status 42 STATUT [--reason TEXTE]"),
        ("status 42 closed --reason", "missing Value: status 42 STATUT [--reason TEXTE]"),
        ("status résolu", "not a number résolu"),
        ("priority 42", "missing Priority: priority 42 PRIORITÉ"),
        ("reply", "missing Ticket: reply 42 [--all] [--template MODÈLE] [--then STATUT] TEXTE"),
        ("reply 42", "missing Text: reply 42 [--all] [--template MODÈLE] [--then STATUT] TEXTE"),
        ("reply 42 \"\"", "missing Text: reply 42 [--all] [--template MODÈLE] [--then STATUT] TEXTE"),
        ("reply 42 --then", "missing Value: reply 42 [--all] [--template MODÈLE] [--then STATUT] TEXTE"),
        ("reply abc Bonjour", "not a number abc"),
        ("reply 42 --templat solution Bonjour", "option --templat > --template"),
        ("reply 42 --zzz Bonjour", "option --zzz > -"),
        ("note 42", "missing Text: note 42 TEXTE"),
        ("escalate 42", "missing Reason: escalate 42 RAISON"),
        ("assign 42", "missing Name: assign 42 NOM"),
        ("tag 42", "missing Tags: tag 42 +ÉTIQUETTE -ÉTIQUETTE…"),
        ("merge 42", "missing Into: merge 42 into 17"),
        ("merge 42 into", "missing Into: merge 42 into 17"),
        ("snooze 42", "missing Delay: snooze 42 DÉLAI"),
        ("user", "missing Email: user EMAIL [PRÉFÉRENCE] [--resume] [--revoke]"),
        ("kb", "missing Words: kb MOTS…"),
        ("resend", "missing Delivery: resend ENVOI"),
        ("sent", "missing Delivery: sent ENVOI"),
        ("show 42 17", "unexpected 17"),
        ("take 42 vite", "unexpected vite"),
        ("undo 42 17", "unexpected 17"),
        ("status 42 resolved merci", "unexpected merci"),
        ("template solution 42 17", "unexpected 17"),
        ("show 0", "not a number 0"),
        ("show 99999999999999999999999", "not a number 99999999999999999999999"),
    ] {
        assert_eq!(told(line), expected, "{line:?}");
    }
}

#[test]
fn the_words_of_a_command_line_mean_what_the_line_means() {
    for line in [
        "status 42 en cours",
        "list résolu paiement",
        "tag 42 +x -y",
        "merge 42 into 17",
        "template solution 42",
        "reply 42 --then resolved Bonjour Jean",
        "show n° 42",
        "/ticket undo",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(arguments(&words), parse(line), "{line}");
    }
    assert_eq!(
        arguments(&["list", "en cours", "mot de passe"]),
        Ok(list(Some(Status::InProgress), None, false, &["mot de passe"]))
    );
    assert_eq!(arguments(&[]), Err(UsageError::Empty));
    assert_eq!(arguments(&["", ""]), Err(UsageError::Empty));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_line_makes_it_panic(line in "\\PC{0,80}") {
        let _ = parse(&line);
    }

    #[test]
    fn no_line_of_our_own_words_makes_it_panic(words in proptest::collection::vec(proptest::sample::select(vec![
        "/ticket", "list", "status", "reply", "tag", "merge", "template", "user", "urgent", "kb", "help", "42", "#42",
        "n°", "into", "en", "cours", "attente", "client", "résolu", "--then", "--then=", "--template", "—puis", "--",
        "-", "—", "--mine", "--reason", "--zzz", "\"", "«", "»", "+x", "-y", "web_only", "\n", "",
    ]), 0..9)) {
        let line = words.join(" ");
        let read = parse(&line);
        if let Ok(Command::Reply { text, template, .. }) = &read {
            prop_assert!(template.is_some() || !text.trim().is_empty());
        }
        let _ = parse_words(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    }

    #[test]
    fn any_text_comes_out_as_it_went_in(text in "[a-zéà'’ \n\"«»-]{1,60}") {
        let trimmed = text.trim();
        prop_assume!(!trimmed.is_empty() && !trimmed.starts_with("--") && crate::command::words::unquoted(trimmed) == trimmed);
        prop_assert_eq!(parse(&format!("note 42 {text}")), Ok(Command::Note { ticket: N, text: trimmed.to_owned() }));
    }
}

#[test]
fn a_megabyte_is_read_as_a_line_is() {
    let Ok(Command::List { words, .. }) = parse(&"list ".repeat(200_000)) else { panic!("a search") };
    assert_eq!(words.len(), 199_999);
    let text = "« mot ".repeat(150_000);
    assert_eq!(parse(&format!("reply 42 {text}")), Ok(reply(text.trim())));
    let given = "x".repeat(1_000_000);
    assert_eq!(parse(&given), Err(UsageError::UnknownCommand { given, near: None }));
}
