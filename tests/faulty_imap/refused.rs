//! Servers that name what they then refuse, and a login that is refused at first.

use super::{DONE, Scene, every_after_ingest, pass_time, until};
use crate::support::accounting::{assert_each_once, journal};
use crate::support::desk::Database;
use crate::support::dovecot::Dovecot;
use crate::support::fault_proxy::{Act, FaultProxy, Heard};
use guichet::config::AfterIngest;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Answers every command that begins so itself, with NO or BAD.
fn refusing(verb: &'static str, word: &'static str) -> impl FnMut(Heard<'_>) -> Act + Send {
    move |heard| match heard {
        Heard::Command { tag, line } if line.starts_with(verb) => {
            Act::Instead(format!("{tag} {word} not here\r\n").into_bytes())
        }
        _ => Act::Pass,
    }
}

/// Three mails of ours, and one between them that somebody else has flagged and not yet expunged.
async fn with_a_flagged_mail(scene: &mut Scene<'_>) -> Vec<u8> {
    scene.deliver(4);
    let mut other = scene.other_client().await;
    other.say("SELECT INBOX").await;
    other.say("UID STORE 2 +FLAGS.SILENT (\\Deleted)").await;
    scene.mails.remove(1)
}

async fn move_refused_becomes_copy_and_an_expunge_of_our_mails_only(database: Database) {
    let dovecot = Dovecot::start();
    for word in ["NO", "BAD"] {
        let mut scene = Scene::new(database, &dovecot, AfterIngest::Move(DONE.to_owned())).await;
        let flagged = with_a_flagged_mail(&mut scene).await;
        let proxy = FaultProxy::start(dovecot.imap_port, refusing("UID MOVE", word)).await;
        scene.fetch(&proxy).await.expect("there is another way");
        let passed = proxy.passed();
        let settled: Vec<&str> =
            passed.iter().map(String::as_str).skip_while(|line| !line.starts_with("UID COPY")).collect();
        let settled: Vec<&str> = settled.into_iter().filter(|line| !line.contains("FETCH")).collect();
        let expected = [
            "UID COPY 1,3:4 \"Done\"",
            "UID STORE 1,3:4 +FLAGS.SILENT (\\Deleted)",
            "UID EXPUNGE 1,3:4",
            "LOGOUT",
        ];
        assert_eq!(settled, expected);
        assert_each_once(&scene.test, &scene.mails, word).await;
        assert_eq!(scene.moved(), scene.mails, "{word}");
        let left: Vec<Vec<u8>> = scene.inbox();
        assert_eq!(left, [flagged], "{word}: what somebody else flagged is theirs to expunge");
    }
}

async fn uid_expunge_refused_leaves_the_flag_and_never_expunges_more(database: Database) {
    let dovecot = Dovecot::start();
    for word in ["NO", "BAD"] {
        let mut scene = Scene::new(database, &dovecot, AfterIngest::Delete).await;
        let flagged = with_a_flagged_mail(&mut scene).await;
        let proxy = FaultProxy::start(dovecot.imap_port, refusing("UID EXPUNGE", word)).await;
        scene.fetch(&proxy).await.expect("the mails are stored: nothing stops for this");
        assert!(
            !proxy.passed().iter().any(|line| ["EXPUNGE", "CLOSE"].contains(&line.as_str())),
            "either would take what is not ours"
        );
        assert_each_once(&scene.test, &scene.mails, word).await;
        let left = dovecot.mails_of(&scene.user, "");
        assert_eq!(left.len(), 4, "{word}");
        assert!(
            left.iter().all(|(name, _)| super::flags(name).contains('T')),
            "{word}: ours are flagged too"
        );
        assert!(left.iter().any(|(_, raw)| *raw == flagged), "{word}");
        // Flagged is as far as it goes; it is not taken for mail of somebody else's, nor taken in again.
        let count = scene.fetch(&proxy).await.expect("nothing stops for this");
        assert_eq!(count.fetched, 0, "{word}");
        assert_each_once(&scene.test, &scene.mails, word).await;
    }
}

#[tokio::test]
async fn idle_refused_is_followed_by_polling() {
    let dovecot = Dovecot::start();
    for word in ["NO", "BAD"] {
        let mut scene = Scene::new(Database::Sqlite, &dovecot, AfterIngest::Seen).await;
        scene.deliver(1);
        let proxy = FaultProxy::start(dovecot.imap_port, refusing("IDLE", word)).await;
        let cancel = CancellationToken::new();
        let watching = scene.watch(scene.settings(proxy.port), &cancel);
        scene.until_stored().await;
        until("it polls", async || proxy.has_passed("NOOP")).await;
        scene.deliver(2);
        scene.until_stored().await;
        cancel.cancel();
        watching.await.expect("it stops when asked");
        let passed = proxy.passed();
        let logins = passed.iter().filter(|line| line.starts_with("LOGIN")).count();
        assert_eq!(logins, 1, "{word}: the refusal costs no connection");
        assert!(!passed.iter().any(|line| line == "IDLE"), "{word}");
        scene.recover(word).await;
    }
}

/// The login is refused this many times, then let through; how often it was tried.
fn refusing_logins(times: usize) -> (Arc<Mutex<usize>>, impl FnMut(Heard<'_>) -> Act + Send) {
    let tried = Arc::new(Mutex::new(0));
    let count = Arc::clone(&tried);
    let script = move |heard: Heard<'_>| match heard {
        Heard::Command { tag, line } if line.starts_with("LOGIN") => {
            let mut count = count.lock().unwrap();
            *count += 1;
            let refusal = format!("{tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n");
            if *count <= times { Act::Instead(refusal.into_bytes()) } else { Act::Pass }
        }
        _ => Act::Pass,
    };
    (tried, script)
}

async fn a_login_refused_at_first_stops_the_fetch_and_the_next_takes_all(database: Database) {
    let dovecot = Dovecot::start();
    for after in every_after_ingest() {
        let mut scene = Scene::new(database, &dovecot, after).await;
        scene.deliver(3);
        let (_, script) = refusing_logins(1);
        let proxy = FaultProxy::start(dovecot.imap_port, script).await;
        let fault = scene.fetch(&proxy).await.expect_err("the login is refused");
        assert!(fault.is_credentials(), "{fault}");
        assert!(journal(&scene.test.url).await.is_empty());
        let count = scene.fetch(&proxy).await.expect("the login is accepted");
        assert_eq!(count.tickets_created, 3);
        scene.recover("after a refused login").await;
    }
}

/// With the clock moved on: after a refused login the loop waits for seconds, so as not to have the account locked.
#[tokio::test]
async fn the_loop_goes_on_by_itself_after_refused_logins() {
    let dovecot = Dovecot::start();
    let mut scene = Scene::new(Database::Sqlite, &dovecot, AfterIngest::Delete).await;
    scene.deliver(3);
    let (tried, script) = refusing_logins(3);
    let proxy = FaultProxy::start(dovecot.imap_port, script).await;
    let cancel = CancellationToken::new();
    let watching = scene.watch(scene.settings(proxy.port), &cancel);
    for tries in 1..=3 {
        until("the next try", async || *tried.lock().unwrap() >= tries).await;
        assert_eq!(*tried.lock().unwrap(), tries, "it does not hammer");
        pass_time(Duration::from_secs(60)).await;
    }
    scene.until_stored().await;
    cancel.cancel();
    watching.await.expect("it stops when asked");
    scene.recover("after three refused logins").await;
}

crate::support::desk::on_both! {
    move_refused_becomes_copy_and_an_expunge_of_our_mails_only,
    uid_expunge_refused_leaves_the_flag_and_never_expunges_more,
    a_login_refused_at_first_stops_the_fetch_and_the_next_takes_all,
}
