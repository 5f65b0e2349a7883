//! The mailbox changes under us: numbered anew, recreated, expunged by another client, between two visits and within
//! one.

use super::{DONE, Fits, Scene, asks_bodies, body_of, every_after_ingest, mail, once};
use crate::support::accounting::{assert_each_once, journal, sha256};
use crate::support::desk::Database;
use crate::support::dovecot::Dovecot;
use crate::support::fault_proxy::{Act, FaultProxy, Heard};
use crate::support::imap_client::ImapClient;
use guichet::config::AfterIngest;
use guichet::inbound::FetchCount;
use tokio_util::sync::CancellationToken;

/// A folder that can be deleted, which INBOX cannot.
const FOLDER: &str = "Requests";

/// Makes the folder with these mails in it, in this order.
async fn make(mut other: ImapClient, mails: Vec<Vec<u8>>) {
    other.say(&format!("CREATE {FOLDER}")).await;
    for raw in mails {
        other.append(FOLDER, &raw).await;
    }
    other.say("LOGOUT").await;
}

/// Deletes the folder and makes it again.
async fn make_again(mut other: ImapClient, mails: Vec<Vec<u8>>) {
    other.say(&format!("DELETE {FOLDER}")).await;
    make(other, mails).await;
}

/// The same mails in another order, with one that nobody has seen in their midst.
fn shuffled(mails: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut again: Vec<Vec<u8>> = mails.iter().rev().cloned().collect();
    again.insert(2, mail(mails.len()));
    again
}

/// What is left in the folder, and how many of it are seen.
fn left(scene: &Scene<'_>) -> (usize, usize) {
    let mails = scene.dovecot.mails_of(&scene.user, &format!(".{FOLDER}"));
    (mails.len(), mails.iter().filter(|(name, _)| super::flags(name).contains('S')).count())
}

fn assert_left(scene: &Scene<'_>, case: &str) {
    let all = scene.mails.len();
    let expected = match scene.after {
        AfterIngest::Keep => (all, 0),
        AfterIngest::Seen => (all, all),
        AfterIngest::Move(_) | AfterIngest::Delete => (0, 0),
    };
    assert_eq!(left(scene), expected, "{case}, {:?}", scene.after);
}

async fn a_folder_recreated_in_another_order_brings_only_what_is_not_known(database: Database) {
    let dovecot = Dovecot::start();
    for after in every_after_ingest() {
        let mut scene = Scene::new(database, &dovecot, after).await;
        scene.mailbox = FOLDER;
        scene.mails = (0..5).map(mail).collect();
        make(scene.other_client().await, scene.mails.clone()).await;
        let direct = || scene.fetch_with(scene.settings(dovecot.imap_port));
        assert_eq!(direct().await.unwrap().tickets_created, 5);

        let again = shuffled(&scene.mails);
        make_again(scene.other_client().await, again.clone()).await;
        let count = direct().await.unwrap();
        let expected = FetchCount { fetched: 6, tickets_created: 1, duplicates: 5, ..FetchCount::default() };
        assert_eq!(count, expected, "{:?}", scene.after);
        assert_eq!(direct().await.unwrap(), FetchCount::default());
        scene.mails = again;
        assert_each_once(&scene.test, &scene.mails, "recreated").await;
        assert_left(&scene, "recreated");
    }
}

async fn a_folder_recreated_in_the_middle_of_a_visit_is_read_again(database: Database) {
    let dovecot = Dovecot::start();
    for after in every_after_ingest() {
        for is_before_bodies in [true, false] {
            let mut scene = Scene::new(database, &dovecot, after.clone()).await;
            scene.mailbox = FOLDER;
            scene.mails = (0..5).map(mail).collect();
            make(scene.other_client().await, scene.mails.clone()).await;
            let again = shuffled(&scene.mails);
            let recreated = Act::first(make_again(scene.other_client().await, again.clone()));
            let script: Box<dyn FnMut(Heard<'_>) -> Act + Send> = if is_before_bodies {
                Box::new(once(asks_bodies, recreated))
            } else {
                Box::new(once(body_of(2), recreated))
            };
            let proxy = FaultProxy::start(dovecot.imap_port, script).await;
            // The server may hang up on us, or give what it still has: either is right.
            let _ = scene.fetch(&proxy).await;
            let direct = || scene.fetch_with(scene.settings(dovecot.imap_port));
            direct().await.expect("the folder is there again");
            assert_eq!(direct().await.unwrap(), FetchCount::default());
            scene.mails = again;
            let case = format!("recreated within a visit, before the bodies: {is_before_bodies}");
            assert_each_once(&scene.test, &scene.mails, &case).await;
            assert_left(&scene, &case);
        }
    }
}

/// A place that a visit comes to before it has any mail.
const LISTED: &str = "between the sizes and the bodies";

/// A place that a visit does not come to where nothing is told.
const TELLING: &str = "before the server is told";

/// What it is called, and how it is told where the first mail has this UID.
type Place = (&'static str, fn(u32) -> Fits);

/// Where in a visit another client removes a mail.
fn places() -> [Place; 3] {
    [
        (LISTED, |_| Box::new(asks_bodies)),
        ("in the middle of the bodies", |first| Box::new(body_of(first))),
        (TELLING, |_| {
            Box::new(
                |heard| matches!(heard, Heard::Command { line, .. } if line.starts_with("UID ") && !line.contains("FETCH")),
            )
        }),
    ]
}

async fn a_mail_expunged_by_another_client_takes_nothing_with_it(database: Database) {
    let dovecot = Dovecot::start();
    for after in every_after_ingest() {
        let mut scene = Scene::new(database, &dovecot, after).await;
        for (place, at) in places() {
            if scene.after == AfterIngest::Keep && place == TELLING {
                continue;
            }
            let before = scene.mails.len();
            let first = scene.deliver(5);
            let mut other = scene.other_client().await;
            let expunged = Act::first(async move { other.expunge("INBOX", first + 2).await });
            let proxy = FaultProxy::start(dovecot.imap_port, once(at(first), expunged)).await;
            let _ = scene.fetch(&proxy).await;
            scene.fetch_with(scene.settings(dovecot.imap_port)).await.expect("nothing is in the way");
            // It was had whole before it went, or it is gone; nothing is held in its name.
            let gone = scene.mails[before + 2].clone();
            let is_stored = journal(&scene.test.url).await.iter().any(|row| row.sha256 == sha256(&gone));
            match place {
                LISTED => assert!(!is_stored, "{place}: nobody had it"),
                TELLING => assert!(is_stored, "{place}: it was had and committed"),
                // What the server has read by then is its own affair.
                _ => {}
            }
            if !is_stored {
                scene.mails.remove(before + 2);
            }
            let case = format!("expunged {place}");
            assert_each_once(&scene.test, &scene.mails, &case).await;
            let inbox = scene.inbox();
            assert!(!inbox.contains(&gone), "{case}");
            let is_kept = matches!(scene.after, AfterIngest::Keep | AfterIngest::Seen);
            let others = scene.mails.iter().filter(|raw| inbox.contains(raw)).count();
            let expected = if is_kept { inbox.len() } else { 0 };
            assert_eq!((others, inbox.len()), (expected, expected), "{case}, {:?}", scene.after);
        }
    }
}

#[tokio::test]
async fn the_loop_goes_on_by_itself_through_cuts_a_goodbye_and_a_recreated_folder() {
    let dovecot = Dovecot::start();
    let mut scene = Scene::new(Database::Sqlite, &dovecot, AfterIngest::Move(DONE.to_owned())).await;
    scene.mailbox = FOLDER;
    scene.mails = (0..4).map(mail).collect();
    make(scene.other_client().await, scene.mails.clone()).await;
    let mut bodies = 0;
    let script = move |heard: Heard<'_>| match heard {
        Heard::Answer { line, .. } if line.contains("BODY[]") => {
            bodies += 1;
            match bodies {
                2 => Act::CutAfter(20),
                5 => Act::LastWords(b"* BYE Server is shutting down\r\n".to_vec()),
                _ => Act::Pass,
            }
        }
        _ => Act::Pass,
    };
    let proxy = FaultProxy::start(dovecot.imap_port, script).await;
    let cancel = CancellationToken::new();
    let watching = scene.watch(scene.settings(proxy.port), &cancel);
    scene.until_stored().await;
    super::until("all are moved", async || left(&scene) == (0, 0)).await;
    let again = shuffled(&scene.mails);
    make_again(scene.other_client().await, again.clone()).await;
    scene.mails = again;
    scene.until_stored().await;
    super::until("all are moved", async || left(&scene) == (0, 0)).await;
    cancel.cancel();
    watching.await.expect("it stops when asked");
    assert_each_once(&scene.test, &scene.mails, "watched").await;
}

crate::support::desk::on_both! {
    a_folder_recreated_in_another_order_brings_only_what_is_not_known,
    a_folder_recreated_in_the_middle_of_a_visit_is_read_again,
    a_mail_expunged_by_another_client_takes_nothing_with_it,
}
