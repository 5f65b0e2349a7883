//! Whatever bytes come, they are stored or held, whole, and stop nothing: from the parser to the rows. What the fuzz
//! target (`fuzz/`) has found is here by name. What it costs is measured by `examples/reading_cost.rs`.

use crate::support::accounting::{journal, sha256};
use crate::support::desk::{Database, LIMITS, OUR_ADDRESS, TestDesk};
use guichet::desk::receive::Filed;
use guichet::domain::screening::{Screening, screen};
use guichet::domain::thanks::is_thanks;
use guichet::domain::threading::{MOST_REFERENCES, answered_ids, bare_subject, tagged_ticket};
use guichet::domain::trim::trim;
use guichet::inbound::prepare;
use guichet::reading::inspect::inspect;
use guichet::reading::parse::{file_bytes, parse};
use guichet::reading::shown::show;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// What mail is made of, and what is made to look like it.
const PIECES: &[&str] = &[
    "From: Jean <jean@client.example>\r\n",
    "From: =?utf-8?B?w4k=?= <a@b.example>, c@d.example\r\n",
    "From: \"a\\\"b\" (c) <@x:y@z.example>\r\n",
    "From:\r\n",
    "To: support@bettracker.example, undisclosed-recipients:;\r\n",
    "Cc: <<a@b.example>>, \"\r\n",
    "Subject: =?iso-8859-1?Q?=E9t=E9?= =?utf-8?Q?=C3?= =?utf-8?Q?=A9?= [#42]\r\n",
    "Subject: Re: RE : Tr: R\u{e9}ponse automatique\r\n\tsuite\r\n",
    "Message-ID: <a@b.example>\r\n",
    "Message-ID: <>\r\n",
    "References: <a@b.example> <c@d.example> <\r\n",
    "In-Reply-To: <42.117.k3v9@bettracker.example>\r\n",
    "Date: Tue, 31 Feb 99999 25:61:61 +9999\r\n",
    "Auto-Submitted: auto-replied\r\n",
    "Return-Path: <>\r\n",
    "X-Failed-Recipients: a@b.example\r\n",
    "MIME-Version: 1.0\r\n",
    "Content-Type: multipart/mixed; boundary=b\r\n",
    "Content-Type: multipart/alternative; boundary=\"b\"\r\n",
    "Content-Type: multipart/related; boundary=b2\r\n",
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n",
    "Content-Type: multipart/digest; boundary=b\r\n",
    "Content-Type: multipart/mixed\r\n",
    "Content-Type: message/rfc822\r\n",
    "Content-Type: message/delivery-status\r\n",
    "Content-Type: text/html; charset=utf-8\r\n",
    "Content-Type: text/plain; charset=utf-7; format=flowed\r\n",
    "Content-Type: text/plain; charset=iso-2022-jp\r\n",
    "Content-Type: text/plain; charset=utf-16\r\n",
    "Content-Type: text/plain; charset=gb18030\r\n",
    "Content-Type: text/calendar; method=REQUEST; charset=windows-1252\r\n",
    "Content-Type: application/ms-tnef; name=\"winmail.dat\"\r\n",
    "Content-Type: image/png; name*0*=utf-8''..%2F; name*1=\"\0.png\"\r\n",
    "Content-Disposition: attachment; filename=\"../\u{202e}gpj.exe\"\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Transfer-Encoding: quoted-printable\r\n",
    "Content-Transfer-Encoding: x-uuencode\r\n",
    "Content-ID: <image001.png@01D>\r\n",
    "\r\n",
    "\r\n\r\n",
    "\n\n",
    "\r",
    "--b\r\n",
    "--b--\r\n",
    "--b2\r\n",
    "\r\n--b\r\n\r\n",
    "Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n",
    "Bonjour,\r\n\r\nVoil\u{e0} ma question ?\r\n",
    "Merci beaucoup !\r\n",
    "> cit\u{e9}\r\n>> encore\r\n",
    "Le lun. 3 mars 2026 \u{e0} 10:00, Jean <j@c.example> a \u{e9}crit :\r\n",
    "-----Message d'origine-----\r\nDe : a\r\nEnvoy\u{e9} : b\r\nObjet : c\r\n",
    "-- \r\nJean\r\n01 02 03 04 05\r\n",
    "Envoy\u{e9} de mon iPhone\r\n",
    "<html><body><p>a&nbsp;b&#0;c&#13;d&#x1b;</p>",
    "<div class=\"gmail_quote\"><blockquote>",
    "<a href=\"javascript:x\">y</a><img src=cid:1><!-- ",
    "<style>a</style><script>b</script></div>",
    "=C3=A9=\r\n=ZZ=",
    "Qm9uam91cg==\r\n",
    "begin 644 a\r\n'0F]N:F]U<@\r\n`\r\nend\r\n",
    "+AOk-+",
    "\u{1b}$B$\"\u{1b}(B",
    "\0\0",
    "\u{feff}",
];

/// Pieces in any order and number, with any bytes, 8-bit letters, long lines and repetitions in between.
fn mail_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        12 => prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => prop::collection::vec(0x80u8..=0xFF, 1..20),
        1 => (prop::sample::select(PIECES), 2usize..60).prop_map(|(piece, n)| piece.repeat(n).into_bytes()),
        1 => (any::<char>(), 900usize..3000).prop_map(|(c, n)| c.to_string().repeat(n).into_bytes()),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_bytes_are_read_or_refused_and_what_is_read_keeps_its_promises(raw in mail_like()) {
        let own = [OUR_ADDRESS.to_owned()];
        prop_assert!(inspect(&raw, &own, &[], &LIMITS)["screening"].is_string());
        let Ok(mail) = parse(&raw, &LIMITS) else { return Ok(()) };
        let lines = [&mail.subject].into_iter().chain(&mail.message_id).chain(&mail.references);
        for line in lines.chain(&mail.in_reply_to) {
            prop_assert!(!line.contains(char::is_control), "{line:?}");
        }
        for one in mail.from.iter().chain(&mail.to).chain(&mail.cc) {
            prop_assert_eq!(one.address.matches('@').count(), 1);
            prop_assert!(!one.address.contains(char::is_whitespace) && !one.name.contains(char::is_control));
        }
        prop_assert!(mail.message_id.as_ref().is_none_or(|id| !id.is_empty()));
        prop_assert!(!mail.text.contains(['\0', '\r']), "{:?}", mail.text);
        for listed in &mail.attachments {
            let name = &listed.name;
            prop_assert!(!name.is_empty() && !name.contains(['/', '\\']) && !name.contains(char::is_control));
            let bytes = file_bytes(&raw, listed.part).expect("what is listed can be read");
            prop_assert_eq!(bytes.len() as u64, listed.bytes);
        }
        if mail.from.len() != 1 {
            prop_assert!(screen(&mail, &own) != Screening::Accept, "{:?}", mail.from);
        }
        let trimmed = trim(&mail.text);
        let written = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
        prop_assert_eq!(
            written(&trimmed.reply) + written(&trimmed.quoted) + written(&trimmed.signature),
            written(&mail.text)
        );
        prop_assert!(!trimmed.reply.is_empty() || !mail.text.contains(char::is_alphanumeric));
        let _ = show(&raw, true);
        prop_assert!(answered_ids(&mail).len() <= MOST_REFERENCES);
        let _ = (tagged_ticket(&mail.subject), bare_subject(&mail.subject), is_thanks(&trimmed.reply, ""));
    }
}

async fn any_bytes_are_stored_or_held_and_read_back_whole(database: Database) {
    let test = TestDesk::new(database).await;
    let mut runner = TestRunner::default();
    let any = prop_oneof![9 => mail_like(), 1 => any::<Vec<u8>>()];
    let mut stored: Vec<Vec<u8>> = Vec::new();
    for _ in 0..8 {
        let batch: Vec<Vec<u8>> =
            (0..40).map(|_| any.new_tree(&mut runner).expect("a mail").current()).collect();
        let arrived = batch.iter().map(|raw| prepare(raw.clone(), &LIMITS)).collect();
        let filed = test.desk.receive("test", arrived, None).await;
        let filed = filed.unwrap_or_else(|failure| panic!("{failure}: {:?}", escaped(&batch)));
        assert_eq!(filed.len(), batch.len());
        stored.extend(
            batch.into_iter().zip(filed).filter(|(_, filed)| *filed != Filed::Duplicate).map(|(raw, _)| raw),
        );
    }
    let rows = journal(&test.url).await;
    assert_eq!(rows.len(), stored.len(), "a row for each mail that is not there already");
    for (row, raw) in rows.iter().zip(&stored) {
        assert_eq!((&row.raw, &row.sha256), (raw, &sha256(raw)), "byte for byte, in the order they came");
        let is_decided = ["filed", "ignored", "held"].contains(&row.state.as_str());
        assert!(is_decided, "{}: {}", row.state, raw.escape_ascii());
        // A report of non-delivery is filed and may belong to no mail of ours.
        assert!(row.messages <= 1, "{} messages of one mail", row.messages);
    }
    assert!(test.desk.unfiled(1).await.unwrap().is_empty(), "nothing waits to be decided");
}

fn escaped(batch: &[Vec<u8>]) -> Vec<String> {
    batch.iter().map(|raw| raw.escape_ascii().to_string()).collect()
}

#[test]
fn character_references_bring_back_no_control_character() {
    for reference in ["&#0;", "&#x0;", "&#13;", "&#8;", "&#x1B;", "&#127;", "&#x85;"] {
        let raw =
            format!("From: a@b.example\r\nContent-Type: text/html\r\n\r\n<p>Bonjour{reference} oui</p>\r\n");
        let text = parse(raw.as_bytes(), &LIMITS).unwrap().text;
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{reference}: {text:?}");
        assert!(text.starts_with("Bonjour") && text.ends_with("oui"), "{reference}: {text:?}");
    }
}

#[test]
fn a_message_in_a_message_that_the_outer_boundary_cuts_is_read() {
    let raw = "From: MAILER-DAEMON@b.example\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\
        Content-Type: message/rfc822\r\n\r\nFrom: x\r\nContent-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\n\
        Subject: Paiement\r\n\r\nBonjour\r\n\r\n--b--\r\n";
    let mail = parse(raw.as_bytes(), &LIMITS).unwrap();
    assert_eq!(mail.from.len(), 1);
}

#[test]
fn a_box_of_parts_is_no_file_even_where_the_boundaries_are_broken() {
    let message = "--b\r\nContent-Type: message/rfc822\r\n\r\n";
    let raw = format!(
        "From: a@b.example\r\nContent-Type: multipart/report; boundary=b\r\n\r\n{message}\
         Content-Type: message/rfc822\r\n\r\n\r\n{message}\r\n--b--\r\n"
    );
    for listed in parse(raw.as_bytes(), &LIMITS).unwrap().attachments {
        let bytes = file_bytes(raw.as_bytes(), listed.part).map(|bytes| bytes.len() as u64);
        assert_eq!(bytes, Some(listed.bytes), "{listed:?}");
    }
}

crate::support::desk::on_both! {
    any_bytes_are_stored_or_held_and_read_back_whole,
}
