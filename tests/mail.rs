//! Golden mails: each file of `tests/mail/` through the whole inbound side, compared with what a person looked at.
//!
//! The people are invented. A file is named by what is odd about it; `tests/mail/expected/` holds what must come
//! out. After a wanted change: `INSTA_UPDATE=always cargo test --test all mail`, then read the differences.

use guichet::config::Limits;
use guichet::domain::mail::{Parts, Seal};
use guichet::domain::screening::{Screening, screen};
use guichet::reading::inspect::inspect;
use guichet::reading::parse::{file_bytes, parse};
use guichet::reading::shown::show;
use proptest::prelude::*;
use std::path::PathBuf;

const LIMITS: Limits = Limits { max_mail_bytes: 40 << 20, max_attachment_bytes: 40 << 20 };

fn own() -> Vec<String> {
    vec!["support@bettrackerpro.example".to_owned()]
}

/// The mail servers whose words on a sender are believed.
fn ours() -> Vec<String> {
    vec!["mx.bettrackerpro.example".to_owned()]
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mail")
}

fn mail(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.eml"))).unwrap()
}

/// The names of every golden mail, sorted.
fn names() -> Vec<String> {
    let files =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        files.filter_map(|name| name.strip_suffix(".eml").map(str::to_owned)).collect();
    names.sort();
    names
}

#[test]
fn every_golden_mail_is_read_as_a_person_reads_it() {
    let names = names();
    assert!(names.len() >= 25, "the golden mails are missing");
    insta::with_settings!({
        snapshot_path => "mail/expected",
        prepend_module_to_snapshot => false,
        omit_expression => true,
        sort_maps => true,
    }, {
        for name in names {
            insta::assert_json_snapshot!(name.as_str(), inspect(&mail(&name), &own(), &ours(), &LIMITS));
        }
    });
}

#[test]
fn no_header_of_a_golden_mail_carries_a_control_character() {
    for name in names() {
        let Ok(mail) = parse(&mail(&name), &LIMITS) else { continue };
        let mut values = vec![&mail.subject];
        values.extend(
            mail.from
                .iter()
                .chain(&mail.to)
                .chain(&mail.cc)
                .flat_map(|mailbox| [&mailbox.name, &mailbox.address]),
        );
        values.extend(mail.message_id.iter().chain(&mail.in_reply_to).chain(&mail.references));
        values.extend(
            mail.attachments.iter().flat_map(|attachment| [&attachment.name, &attachment.media_type]),
        );
        for value in values {
            assert!(!value.contains(char::is_control), "{name}: {value:?}");
        }
        assert!(!mail.text.contains(['\0', '\r']), "{name}");
    }
}

#[test]
fn attachments_are_read_again_from_the_raw_mail() {
    let raw = mail("piece-jointe-rfc2231");
    let listed = parse(&raw, &LIMITS).unwrap().attachments;
    assert_eq!(listed.len(), 3);
    for attachment_listed in listed {
        let bytes = file_bytes(&raw, attachment_listed.part).unwrap();
        assert_eq!(bytes, b"%PDF-1.4\n%%EOF\n");
        assert_eq!(attachment_listed.bytes, bytes.len() as u64);
    }
    for none in [0, 99, 4_000_000, u32::MAX] {
        assert_eq!(file_bytes(&raw, none), None);
    }
    let raw = mail("message-en-piece-jointe");
    let listed = parse(&raw, &LIMITS).unwrap().attachments;
    let bytes = file_bytes(&raw, listed[0].part).unwrap();
    assert!(bytes.starts_with(b"From: Banque"), "{}", String::from_utf8_lossy(&bytes));
}

#[test]
fn a_cut_mail_is_read_as_far_as_it_goes() {
    for name in names() {
        let raw = mail(&name);
        for end in (0..raw.len().min(1500)).step_by(5) {
            let _ = inspect(&raw[..end], &own(), &ours(), &LIMITS);
        }
    }
}

#[test]
fn forty_thousand_nested_messages_are_held_unread() {
    for header in [
        "Content-Type: message/rfc822\n\n",
        "Content-Type: Message / (x) RFC822\n\n",
        "content-type:message/\n global\n\n",
    ] {
        let raw = header.repeat(40_000);
        assert_eq!(parse(raw.as_bytes(), &LIMITS), Err("nested too deep"), "{header:?}");
        assert_eq!(file_bytes(raw.as_bytes(), 0), None);
        assert_eq!(inspect(raw.as_bytes(), &own(), &ours(), &LIMITS)["screening"], "hold");
    }
}

#[test]
fn messages_nested_inside_an_encoded_part_are_not_opened() {
    let inside = "Content-Type: message/rfc822\n\n".repeat(40_000);
    let wrapped: String = inside.bytes().map(|byte| format!("={byte:02X}")).collect();
    let raw = format!(
        "From: jean@client.example\nContent-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n{wrapped}"
    );
    let mail = parse(raw.as_bytes(), &LIMITS).unwrap();
    assert_eq!(mail.attachments.len(), 1);
    assert_eq!(file_bytes(raw.as_bytes(), mail.attachments[0].part).unwrap(), inside.as_bytes());
    // The parts of a digest are messages without saying so.
    let digest = format!(
        "From: jean@client.example\nContent-Type: multipart/digest; boundary=b\n\n--b\nContent-Transfer-Encoding: quoted-printable\n\nSubject: x\n\n{wrapped}\n--b--\n"
    );
    assert!(parse(digest.as_bytes(), &LIMITS).is_ok());
    let spaced = format!("Content-Type: message/{}rfc822\n\n", " ".repeat(300)).repeat(40_000);
    assert_eq!(parse(spaced.as_bytes(), &LIMITS), Err("nested too deep"));
}

#[test]
fn a_file_in_a_mail_whose_end_is_missing_is_given_out_as_it_was_sent() {
    let head =
        "From: lea@client.example\nContent-Type: multipart/mixed; boundary=OO\n\n--OO\n\nBonjour\n--OO\n";
    let file = |raw: &str, name: &str| {
        let mail = parse(raw.as_bytes(), &LIMITS).unwrap();
        let listed = mail.attachments.iter().find(|file| file.name == name).expect(raw);
        let bytes = file_bytes(raw.as_bytes(), listed.part).unwrap();
        assert_eq!(bytes.len() as u64, listed.bytes, "{raw}");
        String::from_utf8(bytes).unwrap()
    };
    let table = format!("{head}Content-Type: text/csv; name=a.csv\nContent-Disposition: attachment\n\n");
    assert_eq!(file(&format!("{table}a;b;c\n12\n"), "a.csv"), "a;b;c\n12\n");
    // The parts of an attached mail that nobody closed, or whose boundary nobody named.
    let unclosed = "Subject: Facture\nContent-Type: multipart/mixed; boundary=II\n\n--II\n\nVoici";
    let unnamed =
        "Subject: Facture\nContent-Type: multipart/mixed\n\n--II\nContent-Type: text/plain\n\nVoici\n--II--";
    for sent in [unclosed, unnamed] {
        for end in ["\n--OO--\n", "\n--OO\n\nMerci\n--OO--\n", ""] {
            let raw = format!("{head}Content-Type: message/rfc822\n\n{sent}{end}");
            assert_eq!(file(&raw, "Facture.eml"), sent, "{raw}");
            let (raw, sent) = (raw.replace('\n', "\r\n"), sent.replace('\n', "\r\n"));
            assert_eq!(file(&raw, "Facture.eml"), sent, "{raw}");
        }
    }
}

#[test]
fn what_resembles_a_delimiter_in_an_attached_mail_is_read_as_it_stands() {
    let raw = "From: lea@client.example\nContent-Type: multipart/mixed; boundary=OO\n\n--OO\n\nBonjour\n--OO\n\
               Content-Type: message/rfc822\n\nFrom: max@client.example\nSubject: Facture\n\nVoir --OO ici\n--OO--\n";
    let enclosed = parse(raw.as_bytes(), &LIMITS).unwrap().enclosed.unwrap();
    assert_eq!(enclosed.text, "Voir --OO ici");
}

#[test]
fn a_hundred_thousand_nested_elements_are_read() {
    for element in ["<div>", "<blockquote>", "<ul><li>", "<table><tr><td>"] {
        let raw = format!(
            "From: jean@client.example\nContent-Type: text/html\n\n{}Bonjour",
            element.repeat(100_000)
        );
        let mail = parse(raw.as_bytes(), &LIMITS).unwrap();
        assert!(mail.text.ends_with("Bonjour"), "{element}");
    }
}

#[test]
fn hostile_headers_take_linear_time() {
    for piece in ["=?utf-8?Q?a", "=?", "(", "\"", "<", ",", "a@b.example, ", ";a=", "<x>"] {
        let many = piece.repeat(300_000 / piece.len());
        let raw = format!(
            "From: {many}\nTo: {many}\nSubject: {many}\nReferences: {many}\nContent-Type: text/plain; {many}\n\nBonjour"
        );
        let mail = parse(raw.as_bytes(), &LIMITS).unwrap();
        assert!(
            mail.subject.chars().count() <= 2_000 && mail.to.len() <= 200 && mail.references.len() <= 200,
            "{piece:?}"
        );
        assert!(!matches!(screen(&mail, &own()), Screening::Accept), "{piece:?}");
    }
}

#[test]
fn a_mail_over_the_limit_is_held_unread() {
    let limits = Limits { max_mail_bytes: 10, ..LIMITS };
    assert_eq!(parse(b"From: jean@client.example\n\nBonjour", &limits), Err("too large"));
    assert_eq!(parse(b"", &LIMITS), Err("empty"));
}

/// Golden mails with bytes changed, cut out and doubled: what damage on the way looks like.
fn damaged_mail() -> impl Strategy<Value = Vec<u8>> {
    let whole = prop::sample::select(names()).prop_map(|name| mail(&name));
    let wounds = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3usize), 1..12);
    (whole, wounds).prop_map(|(mut raw, wounds)| {
        for (place, byte, kind) in wounds {
            let at = place.index(raw.len());
            match kind {
                0 => raw[at] = byte,
                1 => drop(raw.drain(at..(at + usize::from(byte)).min(raw.len() - 1).max(at))),
                _ => raw.extend_from_within(at..(at + usize::from(byte)).min(raw.len())),
            }
        }
        raw
    })
}

proptest! {
    #[test]
    fn damage_never_panics_and_never_lets_a_control_character_through(raw in prop_oneof![damaged_mail(), any::<Vec<u8>>()]) {
        let inspected = inspect(&raw, &own(), &ours(), &LIMITS);
        prop_assert!(inspected["screening"].is_string());
        let _ = show(&raw, true);
        if let Ok(mail) = parse(&raw, &LIMITS) {
            prop_assert!(mail.shape.parts.kept <= mail.shape.parts.received);
            prop_assert!(!mail.subject.contains(char::is_control));
            prop_assert!(mail.from.iter().all(|mailbox| !mailbox.name.contains(char::is_control) && mailbox.address.contains('@')));
            prop_assert!(!mail.text.contains('\0'));
            for listed in &mail.attachments {
                prop_assert!(!listed.name.is_empty() && !listed.name.contains(['/', '\\']) && !listed.name.contains(char::is_control));
                let bytes = file_bytes(&raw, listed.part).unwrap();
                prop_assert_eq!(bytes.len() as u64, listed.bytes);
            }
        }
    }
}

#[test]
fn a_mail_shredded_into_parts_or_fields_is_held_unread_and_cheaply() {
    let limits = Limits { max_mail_bytes: 50 << 20, max_attachment_bytes: 25 << 20 };
    let head = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n";
    let parts = format!("{head}{}", "--x\r\n\r\n".repeat(20_000));
    let fields = format!("From: a@b.example\r\n{}\r\nBonjour", "a:\r\n".repeat(200_000));
    for raw in [parts, fields] {
        assert_eq!(parse(raw.as_bytes(), &limits).unwrap_err(), "too many parts");
    }
    let letter = format!("{head}--x\r\n\r\n{}\r\n--x--\r\n", "-- \r\n".repeat(2_000));
    assert!(parse(letter.as_bytes(), &limits).is_ok());
}

#[test]
fn more_files_than_are_listed_are_counted() {
    let files: String =
        (0..510).map(|n| format!("--x\nContent-Type: application/pdf; name={n}.pdf\n\n%PDF-\n")).collect();
    let raw = format!(
        "From: jean@client.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nBonjour\n{files}--x--\n"
    );
    let mail = parse(raw.as_bytes(), &LIMITS).unwrap();
    assert_eq!((mail.attachments.len(), mail.shape.parts), (500, Parts { received: 511, kept: 501 }));
    assert_eq!(
        inspect(raw.as_bytes(), &own(), &ours(), &LIMITS)["parts"],
        serde_json::json!({ "received": 511, "kept": 501 })
    );
}

#[test]
fn a_text_armoured_by_itself_is_named_and_a_quoted_one_is_not() {
    let seal =
        |text: &str| parse(format!("From: a@b.example\n\n{text}").as_bytes(), &LIMITS).unwrap().shape.seal;
    assert_eq!(seal("-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----"), Some(Seal::Encrypted));
    assert_eq!(seal("Bonjour\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nx"), Some(Seal::Signed));
    assert_eq!(seal("Oui\n> -----BEGIN PGP MESSAGE-----"), None);
}

#[test]
fn a_winmail_dat_that_breaks_off_stays_one_file() {
    let whole = String::from_utf8(mail("winmail-dat-avec-fichiers-et-texte")).unwrap();
    let cut = whole.replace("\n--f-1--", "").trim_end().to_owned();
    let cut = &cut[..cut.len() - 200];
    let mail = parse(cut.as_bytes(), &LIMITS).unwrap();
    let names: Vec<&str> = mail.attachments.iter().map(|file| file.name.as_str()).collect();
    assert_eq!((names, mail.text.as_str()), (vec!["winmail.dat"], ""));
    assert_eq!(mail.attachments[0].media_type, "application/ms-tnef");
}

/// The text of a mail, and its files, each read again from the raw bytes.
fn read_again(raw: &[u8]) -> (String, Vec<(String, Vec<u8>)>) {
    let mail = parse(raw, &LIMITS).unwrap();
    let mut files = Vec::new();
    for file in &mail.attachments {
        let bytes = file_bytes(raw, file.part).unwrap();
        assert_eq!(bytes.len() as u64, file.bytes, "{}", file.name);
        files.push((file.name.clone(), bytes));
    }
    (mail.text, files)
}

const MIXED: &str = "From: lea@client.example\nContent-Type: multipart/mixed; boundary=OO\n\n";

#[test]
fn files_behind_a_multipart_that_nobody_closed_are_had() {
    let raw = format!(
        "{MIXED}--OO\nContent-Type: multipart/alternative; boundary=II\n\n--II\nContent-Type: text/plain\n\nBonjour\n\
         --II\nContent-Type: text/html\n\n<p>Bonjour</p>\n--OO\nContent-Type: application/pdf; name=a.pdf\n\
         Content-Transfer-Encoding: base64\n\nJVBERi0=\n--OO\nContent-Type: application/pdf; name=b.pdf\n\n%PDF-1"
    );
    for raw in [raw.clone(), raw.replace('\n', "\r\n")] {
        let (text, files) = read_again(raw.as_bytes());
        assert_eq!(text, "Bonjour");
        let wanted = [("a.pdf".to_owned(), b"%PDF-".to_vec()), ("b.pdf".to_owned(), b"%PDF-1".to_vec())];
        assert_eq!(files, wanted);
    }
}

#[test]
fn what_resembles_a_delimiter_cuts_neither_text_nor_file() {
    let raw = format!(
        "{MIXED}--OO\n\nVoir --OO\n--OOps\nfin\n--OO\nContent-Type: application/octet-stream; name=a.bin\n\n\
         1 --OO 2\n--OO3\n--OO--\n"
    );
    let (text, files) = read_again(raw.as_bytes());
    assert_eq!(text, "Voir --OO\n--OOps\nfin");
    assert_eq!(files, [("a.bin".to_owned(), b"1 --OO 2\n--OO3".to_vec())]);
}

#[test]
fn a_lost_boundary_loses_no_file_and_is_told() {
    let raw = "From: lea@client.example\nContent-Type: multipart/mixed; boundary=other\n\n--OO\nContent-Type: text/plain\n\n\
               Bonjour\n--OO\nContent-Type: application/pdf; name=a.pdf\n\n%PDF-\n--OO--\n";
    assert_eq!(
        read_again(raw.as_bytes()),
        ("Bonjour".to_owned(), vec![("a.pdf".to_owned(), b"%PDF-".to_vec())])
    );
    assert_eq!(parse(raw.as_bytes(), &LIMITS).unwrap().guessed, ["boundary"]);
}

#[test]
fn text_without_a_header_or_a_blank_line_before_it_is_read() {
    for (raw, subject) in [
        ("Bonjour sans rien\nsuite\n", ""),
        ("\nBonjour sans rien\nsuite\n", ""),
        ("From: lea@client.example\nSubject: x\nBonjour sans rien\nsuite\n", "x"),
    ] {
        let mail = parse(raw.as_bytes(), &LIMITS).unwrap();
        assert_eq!(
            (mail.text.as_str(), mail.subject.as_str()),
            ("Bonjour sans rien\nsuite", subject),
            "{raw}"
        );
    }
}

#[test]
fn files_that_stand_in_a_text_are_taken_out_of_it() {
    let raw = "From: lea@client.example\n\nVoici :\nbegin 644 a.txt\n'0F]N:F]U<@\n`\nend\nMerci\n";
    assert_eq!(
        read_again(raw.as_bytes()),
        ("Voici :\nMerci".to_owned(), vec![("a.txt".to_owned(), b"Bonjour".to_vec())])
    );
    let parts = parse(raw.as_bytes(), &LIMITS).unwrap().shape.parts;
    assert_eq!(parts, Parts { received: 2, kept: 2 });
}

#[test]
fn a_file_is_called_by_the_name_that_it_has_somewhere() {
    for (head, name) in [
        (
            "Content-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment; filename=\"\"",
            "a.pdf",
        ),
        ("Content-Type: application/pdf\nContent-Disposition: attachment; name=a.pdf", "a.pdf"),
        ("Content-Type: application/pdf; filename=a.pdf", "a.pdf"),
        ("Content-Type: application/pdf name=\"a.pdf\"", "a.pdf"),
        ("Content-Type: application/pdf\nContent-Type: application/pdf; name=a.pdf", "a.pdf"),
        ("Content-Type: application/pdf\nContent-Location: http://b.example/c/a.pdf?d=e.png", "a.pdf"),
        ("Content-Type: application/pdf\nContent-Location: http://b.example", "attachment-2.pdf"),
        ("Content-Type: application/pdf\nContent-ID: <a.pdf>", "a.pdf"),
        ("Content-Type: application/pdf\nContent-Description: a.pdf", "a.pdf"),
        ("Content-Type: application/pdf\nContent-Description: Ma facture", "attachment-2.pdf"),
    ] {
        let raw = format!("{MIXED}--OO\n\nBonjour\n--OO\n{head}\n\n%PDF-\n--OO--\n");
        let wanted = ("Bonjour".to_owned(), vec![(name.to_owned(), b"%PDF-".to_vec())]);
        assert_eq!(read_again(raw.as_bytes()), wanted, "{head}");
    }
}

#[test]
fn a_text_that_is_a_file_as_well_is_shown_and_listed() {
    let csv = "From: lea@client.example\nContent-Type: text/csv; name=n.csv\n\
               Content-Disposition: attachment; filename=n.csv\n\na,b\n";
    assert_eq!(read_again(csv.as_bytes()), ("a,b".to_owned(), vec![("n.csv".to_owned(), b"a,b\n".to_vec())]));
    let named = format!(
        "{MIXED}--OO\n\nBonjour\n--OO\nContent-Type: text/plain\nContent-Disposition: inline; filename=b.txt\n\nsuite\n--OO--\n"
    );
    assert_eq!(
        read_again(named.as_bytes()),
        ("Bonjour\n\nsuite".to_owned(), vec![("b.txt".to_owned(), b"suite".to_vec())])
    );
    // A file whose kind was lost is no text.
    let of_no_kind = format!(
        "{MIXED}--OO\n\nBonjour\n--OO\nContent-Type: ; name=\"a.pdf\"\nContent-Transfer-Encoding: base64\n\nJVBERi0=\n--OO--\n"
    );
    assert_eq!(
        read_again(of_no_kind.as_bytes()),
        ("Bonjour".to_owned(), vec![("a.pdf".to_owned(), b"%PDF-".to_vec())])
    );
}

#[test]
fn the_charset_of_a_page_is_asked_where_its_label_is_false() {
    let mut raw =
        b"From: lea@client.example\nContent-Type: text/html; charset=utf-8\n\n<meta charset=windows-1251><p>"
            .to_vec();
    raw.extend_from_slice(b"\xcf\xf0\xe8\xe2\xe5\xf2</p>");
    assert_eq!(parse(&raw, &LIMITS).unwrap().text, "Привет");
}
