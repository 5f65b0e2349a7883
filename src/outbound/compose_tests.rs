//! Whole mails, as they leave: the headers byte for byte, the two bodies decoded by the parser that reads ours.

use super::*;
use crate::desk::links::Links;
use crate::domain::ids::{DeliveryId, TicketId};
use crate::domain::ticket::Status;
use chrono::{DateTime, Utc};
use mail_parser::MessageParser;

/// As long as a real one.
const LINK: &str =
    "https://support.bettracker.example/u/BypAq8vE7wdf1x2nRkQ0m3tYc9sZbL4hUoXeWjVgPpKiNfMdTaBu";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn lea() -> crate::domain::mail::Mailbox {
    person("Léa Martin", "lea.martin@client.example")
}

fn person(name: &str, address: &str) -> crate::domain::mail::Mailbox {
    crate::domain::mail::Mailbox { address: address.to_owned(), name: name.to_owned() }
}

fn links(unsubscribe_url: &str) -> Links {
    Links {
        ticket_url: format!("{LINK}/ticket"),
        preferences_url: format!("{LINK}/preferences"),
        unsubscribe_url: unsubscribe_url.to_owned(),
        feedback_url: format!("{LINK}/feedback"),
    }
}

fn letterhead() -> Letterhead {
    Letterhead::new(
        "Support BetTracker Pro <support@bettracker.example>",
        "BetTracker Pro",
        chrono_tz::Europe::Paris,
    )
    .unwrap()
}

fn notice(status: Status, title: &str, message: &str) -> Parcel {
    Parcel {
        id: DeliveryId(7),
        ticket: TicketId(42),
        attempt: 1,
        leased_until: chrono::DateTime::UNIX_EPOCH,
        notice: Notice::Status(status),
        title: title.to_owned(),
        message: message.to_owned(),
        address: "lea.martin@client.example".to_owned(),
        to: lea(),
        cc: Vec::new(),
        subject: "Paiement refusé à l’étape 3".to_owned(),
        text: None,
        files: None,
        quoted: None,
        reply_to: None,
        message_id: "42.117.k3v9q2@bettracker.example".to_owned(),
        in_reply_to: Some("CAF-first.1@client.example".to_owned()),
        references: vec!["CAF-first.1@client.example".to_owned()],
        links: Some(links(&format!("{LINK}/unsubscribe"))),
        created_at: at("2026-11-24T10:05:30Z"),
        sealed: None,
    }
}

fn resolved() -> Parcel {
    notice(
        Status::Resolved,
        "Ticket de support : Résolu",
        "Votre ticket 'Paiement refusé à l’étape 3' est maintenant résolu.",
    )
}

fn reply(then: Option<Status>, text: &str) -> Parcel {
    Parcel {
        notice: Notice::Reply { then },
        title: if then.is_some() { "Ticket de support : Résolu".to_owned() } else { String::new() },
        text: Some(text.to_owned()),
        ..resolved()
    }
}

const SOLUTION: &str = "Bonjour Léa,\n\nJ'ai trouvé la solution à votre problème :\n\nVotre banque demandait une \
    **double authentification** que notre page n'affichait pas.\n\nÉtapes à suivre :\n1. Ouvrez \
    https://app.bettracker.example/abonnement?plan=pro&retry=1\n2. Choisissez « Payer »\n3. Validez dans \
    l'application de votre banque\n\nN'hésitez pas à me recontacter si vous avez besoin d'aide \
    supplémentaire.\n\nCordialement,\nCamille";

fn quoted(author: &str, when: &str, text: &str) -> Option<Quoted> {
    Some(Quoted { author: author.to_owned(), at: at(when), text: text.to_owned() })
}

fn sent(parcel: &Parcel) -> Vec<u8> {
    compose(parcel, &letterhead(), &Templates::load(&[]).unwrap()).unwrap()
}

/// The headers as on the wire, and the bodies as the reader sees them.
fn shown(parcel: &Parcel) -> String {
    let mail = String::from_utf8(sent(parcel)).unwrap();
    let parsed = MessageParser::default().parse(mail.as_bytes()).unwrap();
    let (headers, _) = mail.split_once("\r\n\r\n").unwrap();
    let show = |body: Option<std::borrow::Cow<'_, str>>| body.unwrap().replace("\r\n", "\n");
    format!(
        "{}\n\nsubject: {}\nto: {:?}\n----- text\n{}\n----- html\n{}",
        headers.replace("\r\n", "\n"),
        parsed.subject().unwrap(),
        parsed.to().and_then(|to| to.first()).map(|to| (to.name(), to.address())),
        show(parsed.body_text(0)),
        // The style sheet is the same in each: `the_html_page_has_no_remote_file` reads it.
        show(parsed.body_html(0)).split_once("<body").unwrap().1,
    )
}

/// With the pages drawn for a look in a browser: `GUICHET_DRAW_MAILS=folder cargo test`.
fn check(name: &str, parcel: &Parcel) {
    if let Some(folder) = std::env::var_os("GUICHET_DRAW_MAILS") {
        let mail = sent(parcel);
        let parsed = MessageParser::default().parse(&mail).unwrap();
        let folder = std::path::PathBuf::from(folder);
        std::fs::write(folder.join(format!("{name}.html")), parsed.body_html(0).unwrap().as_bytes()).unwrap();
        std::fs::write(folder.join(format!("{name}.eml")), &mail).unwrap();
    }
    insta::assert_snapshot!(name, shown(parcel));
}

#[test]
fn the_three_notices_of_the_guide() {
    let subject = "Paiement refusé à l’étape 3";
    check(
        "notice_waiting_customer",
        &notice(
            Status::WaitingCustomer,
            "Ticket de support : En attente de votre réponse",
            &format!("Votre ticket '{subject}' est maintenant en attente de votre réponse."),
        ),
    );
    check("notice_resolved", &resolved());
    check(
        "notice_closed",
        &notice(
            Status::Closed,
            "Ticket de support : Fermé",
            &format!("Votre ticket '{subject}' est maintenant fermé."),
        ),
    );
}

#[test]
fn what_the_clock_writes() {
    let reminder = Parcel {
        notice: Notice::Reminder { is_last: false },
        ..notice(
            Status::WaitingCustomer,
            "Ticket de support : En attente de votre réponse",
            "Votre ticket 'Paiement refusé à l’étape 3' est toujours en attente de votre réponse.",
        )
    };
    check("reminder", &reminder);
    let letter = "Bonjour Léa,\n\nN'ayant pas eu de retour de votre part depuis 7 jours, je considère que votre problème est \
                  résolu.\n\nJe ferme donc ce ticket. Si vous avez encore besoin d'aide, n'hésitez pas à créer un nouveau \
                  ticket ou à répondre à celui-ci.\n\nCordialement,\nCamille";
    let closed = Parcel {
        text: Some(letter.to_owned()),
        ..notice(
            Status::Closed,
            "Ticket de support : Fermé",
            "Votre ticket 'Paiement refusé à l’étape 3' est maintenant fermé.",
        )
    };
    check("closed_unanswered", &closed);
    // Signed by the team where nobody is responsible, and then once.
    let by_team =
        Parcel { text: Some(letter.replace("Camille", "Équipe Support BetTracker Pro")), ..closed };
    assert_eq!(
        shown(&by_team).matches("Équipe Support BetTracker Pro").count(),
        1 + 1,
        "{}",
        shown(&by_team)
    );
}

#[test]
fn an_answer_is_asked_for_at_the_address_that_names_the_ticket() {
    let address = "support+42.0123456789abcdef0123@bettracker.example";
    let mail = sent(&Parcel { reply_to: Some(address.to_owned()), ..resolved() });
    let parsed = MessageParser::default().parse(&mail).unwrap();
    let asked = parsed.reply_to().and_then(|to| to.first()).unwrap();
    assert_eq!((asked.name(), asked.address()), (Some("Support BetTracker Pro"), Some(address)));
    assert_eq!(
        parsed.from().and_then(|from| from.first()).unwrap().address(),
        Some("support@bettracker.example")
    );
    assert!(MessageParser::default().parse(&sent(&resolved())).unwrap().reply_to().is_none());
    let forged = Parcel { reply_to: Some("a@b.example>\r\nBcc: c@d.example".to_owned()), ..resolved() };
    assert!(compose(&forged, &letterhead(), &Templates::load(&[]).unwrap()).is_err());
}

#[test]
fn the_replies() {
    check("reply_plain", &reply(None, "Bonjour Léa,\n\nJe regarde et je reviens vers vous.\n\nCamille"));
    let words = "Bonjour,\r\n\r\nmon paiement est <refusé>.\r\n> Une citation plus ancienne\r\nLéa";
    let quoted = quoted("Léa Martin", "2026-11-24T09:05:00Z", words);
    check("reply_with_status_and_quote", &Parcel { quoted, ..reply(Some(Status::Resolved), SOLUTION) });
    check(
        "reply_signed_by_the_team",
        &reply(None, "Bonjour,\n\nC'est noté.\n\nCordialement,\nCamille\nÉquipe Support BetTracker Pro"),
    );
}

#[test]
fn a_reply_to_all_is_one_mail_in_copies_of_which_only_the_requesters_has_links() {
    let to_all = Parcel {
        cc: vec![person("Marc Petit", "marc@client.example"), person("", "anne.durand@compta.example")],
        quoted: quoted("Marc Petit", "2026-11-24T09:40:00Z", "Bonjour,\n\nma carte est la même."),
        ..reply(None, "Bonjour Léa, bonjour Marc,\n\nC'est réglé pour vous deux.\n\nCamille")
    };
    check("reply_to_all_requester", &to_all);
    let copy = Parcel { address: "marc@client.example".to_owned(), links: None, ..to_all.clone() };
    check("reply_to_all_copy", &copy);
    let headers = |parcel: &Parcel| {
        let mail = String::from_utf8(sent(parcel)).unwrap();
        mail.split_once("\r\n\r\n").unwrap().0.to_owned()
    };
    assert_eq!(headers(&to_all), headers(&copy), "whoever answers all reaches the same people");
    let mail = String::from_utf8(sent(&copy)).unwrap();
    for kept in ["http", "/u/", "List-Unsubscribe", "Choisir comment"] {
        assert!(!mail.contains(kept), "{kept}");
    }
}

#[test]
fn a_copy_that_cannot_be_addressed_does_not_hold_up_the_others() {
    let crowd: Vec<_> =
        (0..50).map(|n| person("Équipe du comité d’entreprise", &format!("p{n}@client.example"))).collect();
    let cc = [vec![person("", "nobody"), person("x", "a@b@c")], crowd].concat();
    let mail = sent(&Parcel { cc: cc.clone(), ..reply(None, "Oui.") });
    let parsed = MessageParser::default().parse(&mail).unwrap();
    assert_eq!(parsed.cc().unwrap().iter().count(), 50);
    assert!(String::from_utf8(mail).unwrap().split("\r\n").all(|line| line.len() <= 998));
    let theirs = Parcel { address: "nobody".to_owned(), links: None, cc, ..reply(None, "Oui.") };
    let refused = compose(&theirs, &letterhead(), &Templates::load(&[]).unwrap()).unwrap_err();
    assert_eq!(refused.to_string(), "the recipient's address is not valid");
}

#[test]
fn hostile_names_and_texts() {
    check(
        "hostile",
        &Parcel {
            to: person(
                "Léa\r\nBcc: victim@evil.example\r\n\u{202E}\"<x@y.example>\" 🎰\0\u{9b}",
                "lea.martin@client.example",
            ),
            subject: "🎰 Gain\r\nX-Injected: 1\r\n\r\n.\r\nMAIL FROM".to_owned(),
            references: vec![
                "a@b.example>\r\nX-Injected: 2".to_owned(),
                "é@b.example".to_owned(),
                "ok@b.example".to_owned(),
            ],
            in_reply_to: Some(String::new()),
            quoted: quoted(
                "<b>Évil</b>\u{202E}",
                "2026-12-31T23:30:00Z",
                ".\n<script>alert(1)</script>\u{202E}\nhttps://evil.example/",
            ),
            ..reply(None, "<img src=x onerror=alert(1)>\n.\n..\n{{ 7*7 }}")
        },
    );
}

#[test]
fn a_mail_on_the_wire() {
    insta::assert_snapshot!("wire", String::from_utf8(sent(&resolved())).unwrap().replace("\r\n", "\n"));
}

#[test]
fn the_same_row_gives_the_same_bytes_and_another_id_another_boundary() {
    let parcel = reply(Some(Status::Resolved), SOLUTION);
    assert_eq!(sent(&parcel), sent(&parcel));
    let other = Parcel { message_id: "42.118.k3v9q2@bettracker.example".to_owned(), ..parcel.clone() };
    let boundary =
        |mail: Vec<u8>| String::from_utf8(mail).unwrap().split("boundary=").nth(1).unwrap()[..36].to_owned();
    assert_ne!(boundary(sent(&parcel)), boundary(sent(&other)));
}

#[test]
fn only_notices_say_that_a_program_wrote_them_and_nothing_has_a_reply_to() {
    let notice = String::from_utf8(sent(&resolved())).unwrap();
    let reply = String::from_utf8(sent(&reply(Some(Status::Resolved), "Oui."))).unwrap();
    let unsubscribe = format!("\r\nList-Unsubscribe: <{LINK}/unsubscribe>\r\n");
    for header in [
        "\r\nAuto-Submitted: auto-generated\r\n",
        "\r\nX-Auto-Response-Suppress: All\r\n",
        "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        &unsubscribe,
    ] {
        assert!(notice.contains(header), "{header}");
    }
    for header in ["Auto-", "X-Auto-", "List-"] {
        assert!(!reply.contains(&format!("\r\n{header}")), "{header}");
    }
    for header in ["Reply-To", "Bcc", "Sender"] {
        assert!(!notice.contains(&format!("\r\n{header}")) && !reply.contains(&format!("\r\n{header}")));
    }
}

#[test]
fn one_click_is_promised_on_https_only_and_no_header_is_made_of_a_link_that_cannot_stand_in_one() {
    let headers = |unsubscribe_url: &str| {
        let mail = sent(&Parcel { links: Some(links(unsubscribe_url)), ..resolved() });
        let mail = String::from_utf8(mail).unwrap();
        let (headers, _) = mail.split_once("\r\n\r\n").unwrap();
        headers.split("\r\n").filter(|line| line.starts_with("List-")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        headers("http://localhost:3000/u/x/unsubscribe"),
        ["List-Unsubscribe: <http://localhost:3000/u/x/unsubscribe>"]
    );
    for unsound in
        ["", "https://é.example/u/x", "https://a.example/ x", "https://a.example/>,<mailto:x@y.example"]
    {
        assert_eq!(headers(unsound), [""; 0], "{unsound}");
    }
}

#[test]
fn no_value_of_a_parcel_reaches_another_header_or_breaks_a_line() {
    let hostile: Vec<String> =
        ["\r\nX-Evil: 1", "\nX-Evil: 1", "\rX-Evil: 1", "\u{85}X-Evil: 1", "\u{2028}X-Evil: 1"]
            .iter()
            .flat_map(|attack| {
                [
                    "",
                    "é",
                    "🎰",
                    "\"",
                    "\\",
                    &"é ".repeat(400),
                    &"x".repeat(5000),
                    "=?utf-8?q?=0D=0AX-Evil:_1?=",
                ]
                .map(|before| format!("{before}{attack}\r\n\r\n.\r\n"))
            })
            .collect();
    for text in &hostile {
        let parcel = Parcel {
            to: person(text, "lea.martin@client.example"),
            cc: vec![person(text, "marc@client.example"), person("Marc", text), lea()],
            subject: text.clone(),
            title: text.clone(),
            message: text.clone(),
            text: Some(format!("x{text}")),
            quoted: quoted(text, "2026-01-01T00:00:00Z", text),
            links: Some(Links {
                ticket_url: text.clone(),
                preferences_url: text.clone(),
                unsubscribe_url: text.clone(),
                feedback_url: text.clone(),
            }),
            in_reply_to: Some(text.clone()),
            references: vec![text.clone()],
            ..reply(Some(Status::Resolved), "x")
        };
        for parcel in [Parcel { notice: Notice::Status(Status::Closed), ..parcel.clone() }, parcel] {
            let mail = sent(&parcel);
            assert!(!has_bare_line_end(&mail));
            assert!(mail.is_ascii());
            let mail = String::from_utf8(mail).unwrap();
            assert!(mail.split("\r\n").all(|line| line.len() <= 998), "{text:?}");
            let (headers, _) = mail.split_once("\r\n\r\n").unwrap();
            for line in headers.split("\r\n").filter(|line| !line.starts_with(' ')) {
                let name = line.split(':').next().unwrap();
                let known = [
                    "Date",
                    "From",
                    "To",
                    "Cc",
                    "Subject",
                    "Message-ID",
                    "Auto-Submitted",
                    "X-Auto-Response-Suppress",
                    "Feedback-ID",
                    "List-Unsubscribe",
                    "List-Unsubscribe-Post",
                    "Content-Language",
                    "MIME-Version",
                    "Content-Type",
                ];
                assert!(known.contains(&name), "{line:?}");
            }
            let parsed = MessageParser::default().parse(mail.as_bytes()).unwrap();
            assert!(!parsed.subject().unwrap().contains(['\r', '\n', '\u{85}']));
            let name = parsed.to().and_then(|to| to.first()).and_then(|to| to.name()).unwrap_or_default();
            assert!(!name.contains(['\r', '\n', '\u{85}']));
        }
    }
}

#[test]
fn what_cannot_be_a_mail_is_refused_with_a_reason() {
    let refused = |parcel: Parcel| {
        compose(&parcel, &letterhead(), &Templates::load(&[]).unwrap()).unwrap_err().to_string()
    };
    for address in
        ["", "lea", "@client.example", "a@b.example\r\nRCPT TO:<x@y.example>", "a@b.example,c@d.example"]
    {
        let parcel = Parcel { address: address.to_owned(), ..resolved() };
        assert_eq!(refused(parcel), "the recipient's address is not valid", "{address:?}");
    }
    assert_eq!(refused(Parcel { message_id: "a b".to_owned(), ..resolved() }), "the message id is not valid");
    assert_eq!(refused(Parcel { text: Some(" \n".to_owned()), ..reply(None, "") }), "the reply has no text");
}

#[test]
fn references_keep_the_first_and_the_latest() {
    let ids =
        |numbers: std::ops::Range<usize>| numbers.map(|n| format!("{n}@client.example")).collect::<Vec<_>>();
    let parcel =
        Parcel { references: ids(0..60), in_reply_to: Some("30@client.example".to_owned()), ..resolved() };
    let kept = references(&parcel);
    assert_eq!(kept.len(), MOST_REFERENCES);
    assert_eq!(kept[0], "<0@client.example>");
    assert_eq!(kept[MOST_REFERENCES - 2..], ["<59@client.example>", "<30@client.example>"]);
}

#[test]
fn a_long_quotation_is_cut_and_says_so() {
    let quoted = quoted("Léa", "2026-11-24T09:05:00Z", &"ligne\n".repeat(5000));
    let mail = sent(&Parcel { quoted, ..reply(None, "Oui.") });
    let parsed = MessageParser::default().parse(&mail).unwrap();
    let text = parsed.body_text(0).unwrap();
    assert_eq!(text.matches("> ligne").count(), QUOTED_LINES);
    assert!(text.trim_end().ends_with("> […]"));
}

#[test]
fn the_html_page_has_no_remote_file() {
    // The ticket and the preferences; once it is resolved, three faces too.
    for (parcel, links) in [(resolved(), 5), (reply(None, "Oui."), 2)] {
        let mail = sent(&parcel);
        let parsed = MessageParser::default().parse(&mail).unwrap();
        let html = parsed.body_html(0).unwrap().to_lowercase();
        assert!(html.contains("<html lang=\"fr\"") && html.contains("prefers-color-scheme: dark"));
        for fetched in ["<img", "<link", "<script", "@import", "url(", "src="] {
            assert!(!html.contains(fetched), "{fetched}");
        }
        // What a person may follow is theirs, and nothing else is there.
        assert_eq!(html.matches("http").count(), links);
        assert_eq!(html.matches(&format!("<a href=\"{}/", LINK.to_lowercase())).count(), links);
    }
}

#[test]
fn the_senders_name_is_encoded_and_a_faulty_sender_is_refused() {
    let zone = chrono_tz::Europe::Paris;
    let head = Letterhead::new("Équipe « Pari, Jeu » <support@bettracker.example>", "B", zone).unwrap();
    let mail = compose(&resolved(), &head, &Templates::load(&[]).unwrap()).unwrap();
    let parsed = MessageParser::default().parse(&mail).unwrap();
    let from = parsed.from().unwrap().first().unwrap();
    assert_eq!(from.name(), Some("Équipe « Pari, Jeu »"));
    assert_eq!(from.address(), Some("support@bettracker.example"));
    assert_eq!(Letterhead::new("a@b.example", "B", zone).unwrap().address().to_string(), "a@b.example");
    for faulty in ["", "Support", "Support <>", "Support <a b@c.example>", "Support <a@b.example> x"] {
        assert!(Letterhead::new(faulty, "B", zone).is_err(), "{faulty:?}");
    }
}

#[test]
fn no_name_or_kind_of_a_file_reaches_beyond_its_own_header() {
    let raw = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nBonjour\r\n--x\r\n\
        Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n%PDF\r\n--x--\r\n";
    let file = |name: &str, media_type: &str| crate::domain::mail::Attachment {
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        bytes: 4,
        part: 2,
        inline: false,
        refused: None,
    };
    let hostile = [
        "a\"; x=\"\r\nBcc: z@evil.example\r\n\r\n.\r\n",
        "=?utf-8?q?=0D=0ABcc:?=",
        "\u{202e}fdp.exe",
        "é".repeat(500).leak(),
    ];
    let files = hostile.iter().map(|name| file(name, name)).collect();
    let parcel = Parcel { files: Some(Enclosed { files, raw: raw.to_vec() }), ..reply(None, "Voici.") };
    let mail = sent(&parcel);
    assert!(!has_bare_line_end(&mail) && mail.is_ascii());
    let text = String::from_utf8(mail.clone()).unwrap();
    assert!(!text.lines().any(|line| line.starts_with("Bcc:") || line == "."), "{text}");
    let read = MessageParser::default().parse(&mail).unwrap();
    let names: Vec<String> = read
        .attachments()
        .map(|part| mail_parser::MimeHeaders::attachment_name(part).unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), 4);
    assert!(names.iter().all(|name| !name.contains(['\r', '\n'])), "{names:?}");
    assert!(read.attachments().all(|part| part.contents() == b"%PDF"));
    let missing = Enclosed {
        files: vec![crate::domain::mail::Attachment { part: 9, ..file("a", "b/c") }],
        raw: raw.to_vec(),
    };
    let parcel = Parcel { files: Some(missing), ..reply(None, "Voici.") };
    assert!(matches!(
        compose(&parcel, &letterhead(), &Templates::load(&[]).unwrap()),
        Err(ComposeError::File)
    ));
}

#[test]
fn an_accented_domain_leaves_in_ascii_and_an_accented_name_is_told_to_its_own_kind_only() {
    let mut parcel = reply(None, "Bonjour.");
    parcel.cc = vec![person("Marc", "marc@société.example"), person("Zoé", "zoé@client.example")];
    let mail = sent(&parcel);
    assert!(mail.is_ascii());
    let header = |mail: &[u8], name: &str| {
        let text = String::from_utf8(mail.to_vec()).unwrap().replace("\r\n ", " ");
        text.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned))
    };
    assert_eq!(header(&mail, "Cc: ").as_deref(), Some("Marc <marc@xn--socit-esab.example>"));
    parcel.address = "zoé@client.example".to_owned();
    assert!(header(&sent(&parcel), "Cc: ").unwrap().contains("zoé@client.example"));
    parcel.to = person("Zoé", "zoé@client.example");
    assert!(header(&sent(&parcel), "To: ").is_some());
    parcel.address = "marc@société.example".to_owned();
    let mail = sent(&parcel);
    assert!(mail.is_ascii() && header(&mail, "To: ").is_none());
}
