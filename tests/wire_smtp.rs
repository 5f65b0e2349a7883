//! Mail out over real sockets: a real server for what works, a faulty one for what does not.

use crate::faulty_smtp::{Act, FaultySmtp, SOUND, Script};
use crate::support::smtp::{Instead, SmtpSink};
use Act::{Cut, Say, SayAndCut, Silence};
use guichet::config::{Security, Smtp};
use guichet::desk::deliver::{Parcel, Quoted};
use guichet::domain::delivery::Outcome;
use guichet::domain::ids::{DeliveryId, TicketId};
use guichet::domain::mail::Mailbox;
use guichet::domain::notice::Notice;
use guichet::outbound::compose::{Letterhead, compose};
use guichet::outbound::smtp::{LANES, Patience, SmtpCourier};
use guichet::wording::templates::Templates;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const MAIL: &[u8] = b"Subject: x\r\n\r\nBonjour\r\n";
const SES: &str = "0102018f2c3d4e5f-1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d-000000";
const LEA: &str = "lea@client.example";

fn config(port: u16, security: Security) -> Smtp {
    Smtp {
        host: "localhost".to_owned(),
        port,
        security,
        username: None,
        sign_in: None,
        from: "Support <support@desk.example>".to_owned(),
        ca_file: None,
        dkim: None,
        dns: None,
    }
}

/// To the faulty server, with little patience.
fn courier(server: &FaultySmtp) -> SmtpCourier {
    let short = Duration::from_millis(300);
    let host = "127.0.0.1".to_owned();
    SmtpCourier::new(&Smtp { host, ..config(server.port, Security::None) }).unwrap().with_patience(Patience {
        opening: short,
        closing: short,
        kept: short,
    })
}

async fn outcome(script: Script) -> Outcome {
    let server = FaultySmtp::start([script]).await;
    courier(&server).send(LEA, MAIL).await
}

fn retry(why: &str) -> Outcome {
    Outcome::Retry(why.to_owned())
}
fn failed(why: &str) -> Outcome {
    Outcome::Failed(why.to_owned())
}
fn ambiguous(why: &str) -> Outcome {
    Outcome::Ambiguous(why.to_owned())
}

#[tokio::test]
async fn a_fault_before_anything_of_the_mail_was_said_means_later() {
    let silence = retry("no answer within 1 s");
    for (greeting, expected) in [
        (Say("554 5.7.1 not you"), retry("no welcome from 127.0.0.1: 554 5.7.1 not you")),
        (Say("421 busy"), retry("no welcome from 127.0.0.1: 421 busy")),
        (Say("what?"), retry("no welcome from 127.0.0.1: ")),
        (Cut, retry("no welcome from 127.0.0.1: incomplete response")),
        (Silence, silence.clone()),
    ] {
        let Outcome::Retry(why) = outcome(Script { greeting, ..SOUND }).await else { panic!("{greeting:?}") };
        let Outcome::Retry(expected) = expected else { unreachable!() };
        assert!(why.starts_with(&expected), "{greeting:?}: {why}");
    }
    for ehlo in [Cut, Silence, Say("550 no")] {
        assert!(matches!(outcome(Script { ehlo, ..SOUND }).await, Outcome::Retry(_)), "{ehlo:?}");
    }
}

#[tokio::test]
async fn an_answer_to_the_envelope_is_final_when_it_says_so() {
    for (act, expected) in [
        (Say("550 5.1.1 <lea@client.example>: User unknown"), failed("550 5.1.1 <address> User unknown")),
        (Say("550-5.1.1 No\r\n550 5.1.1 such user"), failed("550 5.1.1 No such user")),
        (Say("450 4.2.0 Greylisted"), retry("450 4.2.0 Greylisted")),
        (SayAndCut("421 4.3.2 Shutting down"), retry("421 4.3.2 Shutting down")),
        (Say("530 5.7.0 Authentication required"), retry("530 5.7.0 Authentication required")),
        (Cut, retry("incomplete response")),
        (Silence, retry("no answer within 1 s")),
    ] {
        // Whoever refuses the sender has not heard of a recipient: it is ours to mend.
        let at_sender = match expected.clone() {
            Outcome::Failed(why) => Outcome::Retry(why),
            other => other,
        };
        assert_eq!(outcome(Script { mail: act, ..SOUND }).await, at_sender, "MAIL {act:?}");
        assert_eq!(outcome(Script { rcpt: act, ..SOUND }).await, expected, "RCPT {act:?}");
        assert_eq!(outcome(Script { data: act, ..SOUND }).await, expected, "DATA {act:?}");
    }
    assert_eq!(
        outcome(Script { data: Say("250 ok"), ..SOUND }).await,
        retry("unexpected answer 250 to DATA")
    );
}

#[tokio::test]
async fn after_the_body_an_answer_counts_and_no_answer_means_perhaps() {
    for (end, expected) in [
        (Say("250 2.0.0 queued"), Outcome::Sent),
        (Say("250 2.0.0 Ok: queued as 4F2A1B3C5D"), Outcome::Sent),
        (
            Say("250 Ok 0102018f2c3d4e5f-1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d-000000"),
            Outcome::SentAs(SES.to_owned()),
        ),
        (
            Say("250-2.6.0 taken\r\n250 2.6.0 <autre@exchange.example> [InternalId=7]"),
            Outcome::SentAs("autre@exchange.example".to_owned()),
        ),
        (Say("554 5.7.1 Spam"), failed("554 5.7.1 Spam")),
        (Say("452 4.3.1 Full"), retry("452 4.3.1 Full")),
        (SayAndCut("421 4.3.2 Shutting down"), retry("421 4.3.2 Shutting down")),
        (Say("354 more"), ambiguous("unexpected answer 354 to the mail")),
        (Cut, ambiguous("incomplete response")),
        (Silence, ambiguous("no answer within 1 s")),
    ] {
        assert_eq!(outcome(Script { end, ..SOUND }).await, expected, "{end:?}");
    }
    assert!(matches!(outcome(Script { end: Say("hello"), ..SOUND }).await, Outcome::Ambiguous(_)));
}

#[tokio::test]
async fn a_server_that_repeats_the_mails_own_id_gives_it_no_other() {
    let mail = b"From: support@desk.example\r\nmessage-id: <42.7.k3v9@desk.example>\r\n\r\nMessage-ID: <x@y.example>\r\n";
    for (end, expected) in [
        (Say("250 2.6.0 <42.7.k3v9@desk.example> [InternalId=7]"), Outcome::Sent),
        (Say("250 2.6.0 <x@y.example>"), Outcome::SentAs("x@y.example".to_owned())),
    ] {
        let server = FaultySmtp::start([Script { end, ..SOUND }]).await;
        assert_eq!(courier(&server).send(LEA, mail).await, expected);
    }
}

#[tokio::test]
async fn a_line_lost_in_the_middle_of_the_body_means_later() {
    let server = FaultySmtp::start([Script { data: SayAndCut("354 go on"), ..SOUND }]).await;
    let large = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\n".repeat(400_000);
    let patient = Patience { closing: Duration::from_secs(60), ..Patience::DEFAULT };
    let outcome = courier(&server).with_patience(patient).send(LEA, &large).await;
    assert!(matches!(&outcome, Outcome::Retry(why) if why.starts_with("connection lost")), "{outcome:?}");
}

#[tokio::test]
async fn nobody_there_and_no_such_host_mean_later() {
    let port = crate::support::free_port();
    let refused = SmtpCourier::new(&config(port, Security::None)).unwrap().send(LEA, MAIL).await;
    assert!(
        matches!(&refused, Outcome::Retry(why) if why.contains("cannot connect to localhost:")),
        "{refused:?}"
    );
    let nowhere = Smtp { host: "no-such-host.invalid".to_owned(), ..config(25, Security::Tls) };
    let unknown = SmtpCourier::new(&nowhere).unwrap();
    assert!(matches!(unknown.send(LEA, MAIL).await, Outcome::Retry(_)));
    assert!(unknown.try_connection().await.unwrap_err().contains("no-such-host.invalid"));
}

#[tokio::test]
async fn what_is_no_mail_or_no_address_is_never_sent() {
    let server = FaultySmtp::start([SOUND]).await;
    let courier = courier(&server);
    for bare in [&b"a\n.\nb\r\n"[..], b"a\r.\r\n", b"a\r\nb\n"] {
        assert_eq!(courier.send(LEA, bare).await, failed("a line of the mail does not end in CR LF"));
    }
    for address in ["", "lea", "a@b.example>\r\nRCPT TO:<c@d.example"] {
        assert_eq!(courier.send(address, MAIL).await, failed("the recipient's address is not valid"));
    }
    let accented = courier.send("léa@client.example", MAIL).await;
    assert!(matches!(&accented, Outcome::Failed(why) if why.contains("SMTPUTF8")), "{accented:?}");
    assert!(!server.seen.lock().unwrap().commands.iter().any(|command| command == "MAIL"));
}

#[tokio::test]
async fn connections_are_shared_and_few() {
    let server = FaultySmtp::start([SOUND]).await;
    let courier = courier(&server);
    for _ in 0..3 {
        assert_eq!(courier.send(LEA, MAIL).await, Outcome::Sent);
    }
    assert_eq!(server.seen.lock().unwrap().connections, 1);
    let many = futures_util::future::join_all((0..40).map(|_| courier.send(LEA, MAIL))).await;
    assert!(many.iter().all(|outcome| *outcome == Outcome::Sent));
    courier.rest().await;
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen.bodies.len(), 43);
    assert!(seen.most_open <= LANES, "{} connections at once", seen.most_open);
    assert!(seen.connections <= LANES, "{} connections", seen.connections);
    assert_eq!(seen.commands.iter().filter(|command| *command == "QUIT").count(), seen.connections);
}

#[tokio::test]
async fn a_kept_connection_that_the_server_ended_or_forgot_is_replaced_without_a_fault() {
    let silent = Script { mail: Say("250 ok"), ..SOUND };
    for first in [
        Script { cut_after_mail: true, ..silent },
        // Taken once, then the line says nothing more.
        Script { end: Say("250 ok\r\n421 4.4.2 Timeout"), ..silent },
    ] {
        let server = FaultySmtp::start([first, SOUND]).await;
        let courier = courier(&server);
        for _ in 0..3 {
            assert_eq!(courier.send(LEA, MAIL).await, Outcome::Sent);
        }
        let seen = server.seen.lock().unwrap();
        assert_eq!((seen.connections, seen.bodies.len()), (2, 3));
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_asked_once_in_a_round() {
    let server = FaultySmtp::start([Script { greeting: Silence, ..SOUND }, SOUND]).await;
    let courier = courier(&server);
    for _ in 0..3 {
        assert_eq!(courier.send(LEA, MAIL).await, retry("no answer within 1 s"));
    }
    assert_eq!(server.seen.lock().unwrap().connections, 1);
    courier.rest().await;
    assert_eq!(courier.send(LEA, MAIL).await, Outcome::Sent);
}

#[tokio::test]
async fn one_refused_connection_does_not_stop_the_others() {
    let busy = Script { greeting: SayAndCut("421 too many connections"), ..SOUND };
    let server = FaultySmtp::start([SOUND, busy]).await;
    let courier = courier(&server);
    assert_eq!(courier.send(LEA, MAIL).await, Outcome::Sent);
    let many = futures_util::future::join_all((0..3).map(|_| courier.send(LEA, MAIL))).await;
    assert!(
        many.contains(&Outcome::Sent)
            && many.contains(&retry("no welcome from 127.0.0.1: 421 too many connections"))
    );
    assert_eq!(courier.send(LEA, MAIL).await, Outcome::Sent);
}

#[tokio::test]
async fn after_a_refused_recipient_the_connection_is_cleared_and_serves_the_next() {
    let server = FaultySmtp::start([Script { rcpt: Say("550 no"), ..SOUND }, SOUND]).await;
    let courier = courier(&server);
    assert_eq!(courier.send(LEA, MAIL).await, failed("550 no"));
    assert_eq!(courier.send(LEA, MAIL).await, failed("550 no"));
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen.connections, 1);
    assert_eq!(seen.commands, ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "RSET"]);
}

const PIPELINING: Script =
    Script { ehlo: Say("250-desk.example\r\n250-PIPELINING\r\n250 8BITMIME"), ..SOUND };

#[tokio::test]
async fn a_server_that_offers_it_is_told_the_whole_envelope_at_once() {
    // It answers nothing before it has heard all of it.
    let patient =
        Script { mail: Act::Wait, rcpt: Act::Wait, data: Say("250 ok\r\n250 ok\r\n354 go on"), ..PIPELINING };
    let server = FaultySmtp::start([patient]).await;
    let courier = courier(&server);
    assert_eq!(courier.send(LEA, MAIL).await, Outcome::Sent);
    assert_eq!(courier.send(LEA, MAIL).await, Outcome::Sent);
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen.commands, ["EHLO", "MAIL", "RCPT", "DATA", "MAIL", "RCPT", "DATA"]);
    assert_eq!(seen.bodies, [MAIL, MAIL]);
}

#[tokio::test]
async fn an_envelope_that_is_refused_carries_no_body_and_the_connection_serves_the_next() {
    for (script, outcome, bodies) in [
        (
            Script { mail: Say("451 later"), rcpt: Say("503 no"), data: Say("503 no"), ..PIPELINING },
            retry("451 later"),
            0,
        ),
        (Script { rcpt: Say("550 no"), data: Say("503 no"), ..PIPELINING }, failed("550 no"), 0),
        (Script { data: Say("451 later"), ..PIPELINING }, retry("451 later"), 0),
        // Such servers are allowed; the mail that they are given has nothing in it (RFC 2920, 3.1).
        (Script { rcpt: Say("550 no"), end: Say("554 nobody"), ..PIPELINING }, failed("550 no"), 1),
    ] {
        let server = FaultySmtp::start([script, SOUND]).await;
        let courier = courier(&server);
        assert_eq!(courier.send(LEA, MAIL).await, outcome);
        assert_eq!(courier.send(LEA, MAIL).await, outcome);
        let seen = server.seen.lock().unwrap();
        assert_eq!((seen.connections, seen.bodies.len()), (1, 2 * bodies), "{:?}", seen.commands);
        assert!(seen.bodies.iter().all(Vec::is_empty));
    }
}

#[tokio::test]
async fn a_refusal_counts_though_the_server_leaves_at_once() {
    for (script, expected) in [
        (Script { mail: Say("550 blocked"), rcpt: Cut, ..PIPELINING }, retry("550 blocked")),
        (Script { mail: SayAndCut("550 blocked"), ..PIPELINING }, retry("550 blocked")),
        (Script { rcpt: Say("550 blocked"), data: Cut, ..PIPELINING }, failed("550 blocked")),
    ] {
        assert_eq!(outcome(script).await, expected);
    }
}

#[tokio::test]
async fn a_mail_waits_while_the_trouble_is_with_the_sender_whenever_it_is_said() {
    for answer in [
        "550 5.1.8 Access denied, bad outbound sender",
        "550-5.4.5 Daily user sending limit exceeded.\r\n550 5.4.5 See the help",
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
    ] {
        for script in [
            Script { mail: Say(answer), ..SOUND },
            Script { rcpt: Say(answer), ..SOUND },
            Script { data: Say(answer), ..SOUND },
            Script { end: Say(answer), ..SOUND },
        ] {
            assert!(matches!(outcome(script).await, Outcome::Retry(_)), "{script:?}");
        }
    }
}

#[tokio::test]
async fn after_answers_that_make_no_sense_the_connection_serves_no_other_mail() {
    for script in [
        // It still has another mail in hand: what asks for a body is not for ours.
        Script { mail: Say("503 not now"), ..PIPELINING },
        Script { rcpt: Say("550 no"), data: Say("250 what"), ..PIPELINING },
        Script { rcpt: Say("550 no"), end: Say("250 taken all the same"), ..PIPELINING },
    ] {
        let server = FaultySmtp::start([script, SOUND]).await;
        let courier = courier(&server);
        assert!(matches!(courier.send(LEA, MAIL).await, Outcome::Failed(_) | Outcome::Retry(_)));
        assert_eq!(courier.send(LEA, MAIL).await, Outcome::Sent);
        assert_eq!(server.seen.lock().unwrap().connections, 2);
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_amid_an_envelope_is_told_one_command_at_a_time() {
    for first in [Script { rcpt: Cut, ..PIPELINING }, Script { rcpt: Silence, ..PIPELINING }] {
        // It would take an envelope that comes at once, and no other.
        let patient = Script { mail: Act::Wait, data: Say("250 ok\r\n354 go on"), ..PIPELINING };
        let server = FaultySmtp::start([first, patient, PIPELINING]).await;
        let courier = courier(&server);
        for _ in 0..2 {
            assert!(matches!(courier.send(LEA, MAIL).await, Outcome::Retry(_)));
            courier.rest().await;
        }
        assert_eq!(courier.send(LEA, MAIL).await, Outcome::Sent);
    }
}

#[tokio::test]
async fn a_server_that_does_not_even_greet_is_told_envelopes_at_once_when_it_is_back() {
    let patient =
        Script { mail: Act::Wait, rcpt: Act::Wait, data: Say("250 ok\r\n250 ok\r\n354 go on"), ..PIPELINING };
    let server = FaultySmtp::start([Script { greeting: Silence, ..SOUND }, patient]).await;
    let courier = courier(&server);
    assert!(matches!(courier.send(LEA, MAIL).await, Outcome::Retry(_)));
    courier.rest().await;
    assert_eq!(courier.send(LEA, MAIL).await, Outcome::Sent);
}

#[tokio::test]
async fn a_server_that_leaves_amid_an_envelope_took_nothing() {
    for script in [
        Script { mail: Act::Cut, ..PIPELINING },
        Script { rcpt: Act::Cut, ..PIPELINING },
        Script { rcpt: Act::SayAndCut("421 closing"), ..PIPELINING },
        Script { data: Act::Cut, ..PIPELINING },
    ] {
        let server = FaultySmtp::start([script]).await;
        assert!(matches!(courier(&server).send(LEA, MAIL).await, Outcome::Retry(_)));
        assert!(server.seen.lock().unwrap().bodies.is_empty());
    }
}

#[tokio::test]
async fn starttls_is_insisted_on_and_nothing_said_before_it_counts() {
    for (script, expected) in [
        (SOUND, "does not offer STARTTLS"),
        (
            Script {
                ehlo: Say("250-desk.example\r\n250 STARTTLS"),
                starttls: Say("220 go\r\n250 2.0.0 queued"),
                ..SOUND
            },
            "spoke before TLS",
        ),
        (
            Script { ehlo: Say("250-desk.example\r\n250 STARTTLS"), starttls: Say("220 go"), ..SOUND },
            "TLS with localhost failed",
        ),
        (
            Script { ehlo: Say("250-desk.example\r\n250 STARTTLS"), starttls: Say("454 no"), ..SOUND },
            "454 no",
        ),
    ] {
        let server = FaultySmtp::start([script]).await;
        let courier = SmtpCourier::new(&config(server.port, Security::Starttls))
            .unwrap()
            .with_patience(Patience { opening: Duration::from_secs(2), ..Patience::DEFAULT });
        let started = Instant::now();
        let outcome = courier.send(LEA, MAIL).await;
        assert!(matches!(&outcome, Outcome::Retry(why) if why.contains(expected)), "{expected}: {outcome:?}");
        assert!(started.elapsed() < Duration::from_secs(20));
        assert!(!server.seen.lock().unwrap().commands.iter().any(|command| command == "MAIL"));
    }
}

fn to_sink(sink: &SmtpSink, security: Security, ca_file: Option<&Path>) -> Smtp {
    Smtp {
        username: Some(sink.user.to_owned()),
        sign_in: Some(sink.password.to_owned().into()),
        ca_file: ca_file.map(PathBuf::from),
        ..config(if security == Security::Tls { sink.tls_port } else { sink.port }, security)
    }
}

/// A reply whose lines try to end the mail and to begin another.
fn hostile_reply() -> Vec<u8> {
    let attack =
        ".\n..\n\n.\nMAIL FROM:<x@evil.example>\nRCPT TO:<y@evil.example>\nDATA\r\n.\r\n.\r.\r\n\u{1F3B0}";
    let parcel = Parcel {
        id: DeliveryId(7),
        attempt: 1,
        leased_until: chrono::DateTime::UNIX_EPOCH,
        ticket: TicketId(42),
        notice: Notice::Reply { then: None },
        title: String::new(),
        message: String::new(),
        address: LEA.to_owned(),
        to: Mailbox { address: LEA.to_owned(), name: "Léa\r\n.\r\n".to_owned() },
        cc: Vec::new(),
        subject: "Paiement refusé\r\n.\r\nMAIL".to_owned(),
        text: Some(attack.to_owned()),
        files: None,
        quoted: Some(Quoted {
            author: "Léa".to_owned(),
            at: "2026-11-24T09:05:00Z".parse().unwrap(),
            text: attack.to_owned(),
        }),
        reply_to: None,
        message_id: "42.7.k3v9@desk.example".to_owned(),
        in_reply_to: None,
        references: Vec::new(),
        links: None,
        created_at: "2026-11-24T10:05:00Z".parse().unwrap(),
        sealed: None,
    };
    let letterhead =
        Letterhead::new("Support <support@desk.example>", "Guichet", chrono_tz::Europe::Paris).unwrap();
    compose(&parcel, &letterhead, &Templates::load(&[]).unwrap()).unwrap()
}

#[tokio::test]
async fn a_real_server_gets_the_exact_bytes_over_every_kind_of_line() {
    let sink = SmtpSink::start();
    let ca = Some(sink.ca_pem.as_path());
    let composed = hostile_reply();
    let dots = b"Subject: x\r\n\r\n.\r\n..\r\n.a\r\n\r\n.\r\n\r\nfin\r\n".to_vec();
    let unended = b"Subject: x\r\n\r\n.".to_vec();
    for security in [Security::None, Security::Starttls, Security::Tls] {
        let courier = SmtpCourier::new(&to_sink(&sink, security, ca)).unwrap();
        courier.try_connection().await.unwrap();
        for mail in [&composed, &dots, &unended] {
            assert_eq!(courier.send(LEA, mail).await, Outcome::Sent, "{security:?}");
        }
        courier.rest().await;
    }
    let received = sink.received();
    assert_eq!(received.len(), 9);
    for (number, mail) in received.iter().enumerate() {
        let expected = match number % 3 {
            0 => composed.clone(),
            1 => dots.clone(),
            _ => [&unended[..], b"\r\n"].concat(),
        };
        assert_eq!(mail.raw, expected, "mail {number}");
        assert_eq!(
            (mail.mail_from.as_str(), &mail.rcpt_to[..]),
            ("support@desk.example", &[LEA.to_owned()][..])
        );
        assert_eq!(mail.tls, number >= 3, "mail {number}");
        assert_eq!(mail.user.as_deref(), Some(sink.user));
    }
}

#[tokio::test]
async fn an_accented_address_goes_through_where_the_server_takes_it() {
    let sink = SmtpSink::start();
    let courier = SmtpCourier::new(&to_sink(&sink, Security::None, None)).unwrap();
    let mail = "To: léa@client.example\r\n\r\nBonjour\r\n".as_bytes();
    assert_eq!(courier.send("léa@client.example", mail).await, Outcome::Sent);
    assert_eq!(sink.received()[0].rcpt_to, ["léa@client.example"]);
    assert_eq!(sink.received()[0].raw, mail);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_certificate_are_ours_to_mend_and_mend_themselves() {
    let sink = SmtpSink::start_strict();
    let ca = Some(sink.ca_pem.as_path());
    let right = to_sink(&sink, Security::Starttls, ca);
    let wrong = Smtp { sign_in: Some("wrong".to_owned().into()), ..right.clone() };
    let Outcome::Retry(why) = SmtpCourier::new(&wrong).unwrap().send(LEA, MAIL).await else { panic!() };
    assert!(why.starts_with("signing in failed: 535"), "{why}");
    for security in [Security::Starttls, Security::Tls] {
        let stranger = SmtpCourier::new(&to_sink(&sink, security, None)).unwrap();
        let why = stranger.try_connection().await.unwrap_err();
        assert!(why.contains("TLS with localhost failed") && why.contains("UnknownIssuer"), "{why}");
        assert_eq!(stranger.send(LEA, MAIL).await, Outcome::Retry(why));
    }
    assert_eq!(SmtpCourier::new(&right).unwrap().send(LEA, MAIL).await, Outcome::Sent);
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn a_mail_that_arrived_unanswered_is_sent_again_with_the_same_bytes() {
    let sink = SmtpSink::start();
    sink.instead(LEA, Instead::CutAfterKeeping, Some(1));
    let courier = SmtpCourier::new(&to_sink(&sink, Security::None, None)).unwrap();
    let mail = hostile_reply();
    assert!(matches!(courier.send(LEA, &mail).await, Outcome::Ambiguous(_)));
    assert_eq!(courier.send(LEA, &mail).await, Outcome::Sent);
    assert_eq!(sink.mails(), [mail.clone(), mail]);
}

#[tokio::test]
async fn a_server_that_restarts_is_found_again() {
    let mut sink = SmtpSink::start();
    let courier = SmtpCourier::new(&to_sink(&sink, Security::None, None)).unwrap();
    assert_eq!(courier.send(LEA, MAIL).await, Outcome::Sent);
    sink.kill();
    assert!(matches!(courier.send(LEA, MAIL).await, Outcome::Retry(_)));
    sink.restart();
    assert_eq!(courier.send(LEA, MAIL).await, Outcome::Sent);
    assert_eq!(sink.mails().len(), 2);
}

#[test]
fn a_faulty_configuration_is_said_at_once() {
    let fault = |config: Smtp| SmtpCourier::new(&config).unwrap_err();
    let place = tempfile::tempdir().unwrap();
    let empty = place.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let base = config(25, Security::Tls);
    assert!(
        fault(Smtp { ca_file: Some(place.path().join("none.pem")), ..base.clone() }).contains("none.pem")
    );
    assert!(fault(Smtp { ca_file: Some(empty), ..base.clone() }).contains("holds no certificate"));
    assert!(fault(Smtp { from: "Support".to_owned(), ..base.clone() }).contains("no valid address"));
    assert!(fault(Smtp { host: "not a host".to_owned(), ..base }).contains("no host name"));
}
