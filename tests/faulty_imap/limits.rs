//! Slow servers, silent ones, and what goes wrong before a word of IMAP: each is given up within its limit, none costs
//! a mail. Nobody waits for a limit here: the runtime's clock is moved on.

use super::{Fits, Scene, asks_bodies, begins, body_of, end_of, every_after_ingest, once};
use crate::support::accounting::journal;
use crate::support::desk::Database;
use crate::support::dovecot::Dovecot;
use crate::support::fault_proxy::{Act, Bytes, FaultProxy, Heard, start_raw};
use guichet::config::{AfterIngest, Imap, Security};
use guichet::inbound::{FetchCount, FetchError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

async fn a_server_that_trickles_is_waited_for(database: Database) {
    let dovecot = Dovecot::start();
    for after in every_after_ingest() {
        let mut scene = Scene::new(database, &dovecot, after).await;
        scene.deliver(3);
        let proxy = FaultProxy::start(dovecot.imap_port, |heard: Heard<'_>| match heard {
            Heard::Answer { .. } => Act::Trickle(29),
            Heard::Command { .. } => Act::Pass,
        });
        let count = scene.fetch(&proxy.await).await.expect("slow is not silent");
        assert_eq!(count, FetchCount { fetched: 3, tickets_created: 3, ..FetchCount::default() });
        scene.recover("trickled").await;
    }
}

/// Fetches from a server that falls silent: its fault, with the time that would have passed.
async fn given_up(scene: &Scene<'_>, settings: Imap, proxy: &FaultProxy) -> (FetchError, Duration) {
    let start = tokio::time::Instant::now();
    let clock = async {
        proxy.silenced().await;
        tokio::time::pause();
        loop {
            tokio::time::advance(Duration::from_secs(1)).await;
            tokio::task::yield_now().await;
        }
    };
    let fetched = tokio::select! {
        fetched = scene.fetch_with(settings) => fetched,
        () = clock => unreachable!("it never ends"),
    };
    let passed = start.elapsed();
    tokio::time::resume();
    (fetched.expect_err("the server is silent"), passed)
}

#[tokio::test]
async fn a_server_that_falls_silent_anywhere_is_given_up_within_a_minute() {
    let dovecot = Dovecot::start();
    let places: [(&str, Fits); 9] = [
        ("before the greeting", Box::new(|heard| matches!(heard, Heard::Answer { .. }))),
        ("at LOGIN", Box::new(begins("LOGIN"))),
        ("at CAPABILITY", Box::new(end_of("CAPABILITY"))),
        ("at SELECT", Box::new(begins("SELECT"))),
        ("at the listing", Box::new(begins("UID FETCH"))),
        ("at the bodies", Box::new(asks_bodies)),
        ("after the first body", Box::new(body_of(2))),
        (
            "before the tagged OK",
            Box::new(
                |heard| matches!(heard, Heard::Answer { to, line } if to.contains("BODY.PEEK[]") && !line.starts_with('*')),
            ),
        ),
        ("when it is told", Box::new(begins("UID STORE"))),
    ];
    for (case, fits) in places {
        let mut scene = Scene::new(Database::Sqlite, &dovecot, AfterIngest::Seen).await;
        scene.deliver(3);
        let proxy = FaultProxy::start(dovecot.imap_port, once(fits, Act::Silence)).await;
        let (fault, passed) = given_up(&scene, scene.settings(proxy.port), &proxy).await;
        assert!(matches!(fault, FetchError::Silent { .. }), "{case}: {fault}");
        assert!(passed < Duration::from_secs(60), "{case}: {passed:?}");
        scene.recover(case).await;
    }
}

#[tokio::test]
async fn a_body_announced_and_never_ended_is_given_up_within_a_minute() {
    let dovecot = Dovecot::start();
    for more in [3, 40, 5_000_000] {
        let mut scene = Scene::new(Database::Sqlite, &dovecot, AfterIngest::Delete).await;
        scene.deliver(3);
        let length = super::mail(2).len() + more;
        // The last one: all that follows is the end of the answer, and that is too short.
        let announced = format!("* 3 FETCH (UID 3 BODY[] {{{length}}}\r\n").into_bytes();
        let mut is_announced = false;
        let script = move |heard: Heard<'_>| match heard {
            _ if !is_announced && body_of(3)(&heard) => {
                is_announced = true;
                Act::Instead(announced.clone())
            }
            Heard::Answer { to, line } if to.contains("BODY.PEEK[]") && !line.starts_with('*') => {
                Act::Silence
            }
            _ => Act::Pass,
        };
        let proxy = FaultProxy::start(dovecot.imap_port, script).await;
        let (fault, passed) = given_up(&scene, scene.settings(proxy.port), &proxy).await;
        assert!(matches!(fault, FetchError::Silent { .. }), "{more}: {fault}");
        assert!(passed < Duration::from_secs(60), "{more}: {passed:?}");
        assert!(journal(&scene.test.url).await.is_empty());
        scene.recover("announced and never ended").await;
    }
}

#[tokio::test]
async fn a_line_that_dies_while_the_loop_waits_for_news_is_noticed_and_replaced() {
    let dovecot = Dovecot::start();
    let mut scene = Scene::new(Database::Sqlite, &dovecot, AfterIngest::Seen).await;
    scene.deliver(1);
    // Nothing comes any more, not even the end of IDLE.
    let proxy = FaultProxy::start(dovecot.imap_port, once(begins("IDLE"), Act::Silence)).await;
    let cancel = CancellationToken::new();
    let settings = Imap { poll_interval: Duration::from_secs(600), ..scene.settings(proxy.port) };
    let watching = scene.watch(settings, &cancel);
    scene.until_stored().await;
    proxy.silenced().await;
    scene.deliver(2);
    super::pass_time(Duration::from_secs(46)).await;
    scene.until_stored().await;
    cancel.cancel();
    watching.await.expect("it stops when asked");
    scene.recover("dead while idle").await;
}

/// Settings with encryption, at a host that the certificate names.
fn encrypted(scene: &Scene<'_>, security: Security, port: u16) -> Imap {
    Imap {
        host: "127.0.0.1".into(),
        security,
        ca_file: Some(scene.dovecot.ca_pem.clone()),
        ..scene.settings(port)
    }
}

async fn a_handshake_that_fails_takes_nothing_and_the_next_takes_all(database: Database) {
    let dovecot = Dovecot::start();
    let mut scene = Scene::new(database, &dovecot, AfterIngest::Seen).await;
    for fault in [
        Bytes::Garbage(b"* OK this is not TLS\r\n"),
        Bytes::Garbage(b"\x15\x03\x03\x00\x02\x02\x28"),
        Bytes::Garbage(b"\x16\x03\x03\xff\xff\xff\xff\xff"),
        Bytes::Garbage(b""),
        Bytes::Cut(1),
        Bytes::Cut(100),
        Bytes::Cut(700),
    ] {
        scene.deliver(2);
        let proxy = start_raw(dovecot.imaps_port, [fault, Bytes::Pass]).await;
        let settings = || encrypted(&scene, Security::Tls, proxy.port);
        let said = scene.fetch_with(settings()).await.expect_err("there is no handshake");
        assert!(matches!(said, FetchError::Tls { .. }), "{fault:?}: {said}");
        let count = scene.fetch_with(settings()).await.expect("the second connection is sound");
        assert_eq!(count.tickets_created, 2, "{fault:?}");
        scene.recover(&format!("{fault:?}")).await;
    }
}

async fn a_certificate_for_another_name_is_refused(database: Database) {
    let dovecot = Dovecot::start();
    let mut scene = Scene::new(database, &dovecot, AfterIngest::Delete).await;
    scene.deliver(2);
    let proxy = start_raw(dovecot.imaps_port, [Bytes::Pass]).await;
    // Reached all the same, but the certificate names 127.0.0.1 and localhost only.
    let other = Imap { host: "127.0.0.2".into(), ..encrypted(&scene, Security::Tls, proxy.port) };
    let fault = scene.fetch_with(other).await.expect_err("it is another server for all we know");
    assert!(matches!(&fault, FetchError::Tls { key: "`imap.host`", .. }), "{fault}");
    scene.recover("another name").await;
}

async fn starttls_answered_with_garbage_is_a_fault_of_tls(database: Database) {
    let dovecot = Dovecot::start();
    let mut scene = Scene::new(database, &dovecot, AfterIngest::Delete).await;
    scene.deliver(2);
    let mut connections = 0;
    let script = move |heard: Heard<'_>| match heard {
        Heard::Command { tag, line: "STARTTLS" } => {
            connections += 1;
            // The second brings a command of somebody else's in the clear behind the OK.
            let behind = if connections == 1 { "" } else { "* PREAUTH welcome\r\nA0002 OK logged in\r\n" };
            Act::LastWords(format!("{tag} OK go on\r\n{behind}").into_bytes())
        }
        _ => Act::Pass,
    };
    let proxy = FaultProxy::start(dovecot.imap_port, script).await;
    for case in ["nothing after the OK", "words in the clear after the OK"] {
        let settings = encrypted(&scene, Security::Starttls, proxy.port);
        let fault = scene.fetch_with(settings).await.expect_err("there is no handshake");
        assert!(matches!(fault, FetchError::Tls { .. }), "{case}: {fault}");
        assert_eq!(proxy.passed(), Vec::<String>::new(), "{case}");
    }
    scene.recover("STARTTLS").await;
}

#[tokio::test]
async fn a_handshake_that_falls_silent_is_given_up_within_half_a_minute() {
    let dovecot = Dovecot::start();
    let mut scene = Scene::new(Database::Sqlite, &dovecot, AfterIngest::Seen).await;
    scene.deliver(2);
    let proxy = start_raw(dovecot.imaps_port, [Bytes::Silence, Bytes::Pass]).await;
    let settings = encrypted(&scene, Security::Tls, proxy.port);
    let (fault, passed) = given_up(&scene, settings.clone(), &proxy).await;
    assert!(matches!(fault, FetchError::Tls { .. }), "{fault}");
    assert!(passed < Duration::from_secs(30), "{passed:?}");
    assert_eq!(scene.fetch_with(settings).await.expect("the second is sound").tickets_created, 2);
    scene.recover("a silent handshake").await;
}

crate::support::desk::on_both! {
    a_server_that_trickles_is_waited_for,
    a_handshake_that_fails_takes_nothing_and_the_next_takes_all,
    a_certificate_for_another_name_is_refused,
    starttls_answered_with_garbage_is_a_fault_of_tls,
}
