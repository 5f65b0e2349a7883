//! The whole way in, from a real Dovecot or a Maildir to the tickets of a real desk: one fetch, and the loop of
//! `serve` through what goes wrong.

use crate::support::PATIENCE;
use crate::support::desk::{BOTH, Database, LIMITS, TestDesk, mailbox, question};
use crate::support::dovecot::Dovecot;
use chrono::TimeDelta;
use guichet::config::{AfterIngest, Imap, Start};
use guichet::inbound::{FetchCount, FetchOptions, Progress, Source, fetch, ingest, watch};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn settings(dovecot: &Dovecot) -> Imap {
    Imap { label: "INBOX@localhost".into(), start: Start::Now, ..mailbox(dovecot.imap_port) }
}

const ALL: FetchOptions = FetchOptions { limit: None, all: true };

async fn fetched(test: &TestDesk, source: &Source, options: FetchOptions) -> FetchCount {
    fetch(&test.desk, source, &LIMITS, options, &|_| {}).await.expect("the source can be read")
}

fn created(count: u64) -> FetchCount {
    FetchCount { fetched: count, tickets_created: count, ..FetchCount::default() }
}

async fn tickets(test: &TestDesk) -> i64 {
    test.desk.queue(&Default::default()).await.unwrap().total
}

/// Waits for the loop to bring the tickets to this number.
async fn until_tickets(test: &TestDesk, count: i64) {
    let reached = async {
        while tickets(test).await != count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let reached = tokio::time::timeout(PATIENCE, reached).await;
    assert!(reached.is_ok(), "{} tickets instead of {count}", tickets(test).await);
}

#[tokio::test]
async fn the_first_visit_starts_now_unless_all_is_asked_for() {
    let dovecot = Dovecot::start();
    (0..3).for_each(|n| dovecot.deliver(&question(n)));
    let source = Source::Imap(settings(&dovecot));
    let from_now = TestDesk::new(Database::Sqlite).await;
    assert_eq!(fetched(&from_now, &source, FetchOptions::default()).await, FetchCount::default());
    dovecot.deliver(&question(3));
    assert_eq!(fetched(&from_now, &source, FetchOptions::default()).await, created(1));
    // Once there is a cursor, --all does not go behind it.
    assert_eq!(fetched(&from_now, &source, ALL).await, FetchCount::default());

    for database in BOTH {
        let all = TestDesk::new(database).await;
        let seen = Mutex::new(Progress::default());
        let note = |progress| *seen.lock().unwrap() = progress;
        let count = fetch(&all.desk, &source, &LIMITS, ALL, &note).await.unwrap();
        assert_eq!(count, created(4));
        assert_eq!(*seen.lock().unwrap(), Progress { done: 4, total: 4 });
        assert_eq!(fetched(&all, &source, ALL).await, FetchCount::default());
    }
}

async fn a_mailbox_numbered_anew_is_read_again_and_nothing_is_doubled(database: Database) {
    let mut dovecot = Dovecot::start();
    (0..5).for_each(|n| dovecot.deliver(&question(n)));
    let source = Source::Imap(settings(&dovecot));
    let test = TestDesk::new(database).await;
    assert_eq!(fetched(&test, &source, ALL).await, created(5));
    dovecot.deliver(&question(5));
    dovecot.number_anew();
    let count = fetched(&test, &source, FetchOptions::default()).await;
    assert_eq!(count, FetchCount { fetched: 6, tickets_created: 1, duplicates: 5, ..FetchCount::default() });
    assert_eq!(tickets(&test).await, 6);
}

#[tokio::test]
async fn mail_from_before_the_first_visit_stays_alone_when_the_mailbox_is_numbered_anew() {
    for database in BOTH {
        let mut dovecot = Dovecot::start();
        let test = TestDesk::new(database).await;
        let source = Source::Imap(Imap { after_ingest: AfterIngest::Delete, ..settings(&dovecot) });
        let at = |minutes| test.now + TimeDelta::minutes(minutes);
        let fetch = async |options| fetched(&test, &source, options).await;
        (0..3).for_each(|n| dovecot.deliver_at(at(-60), &question(n)));
        assert_eq!(fetch(FetchOptions::default()).await, FetchCount::default());
        dovecot.deliver_at(at(0), &question(3));
        dovecot.deliver_at(at(-90), &question(4));
        assert_eq!(fetch(FetchOptions::default()).await, created(2), "above the cursor, the date is nothing");

        // One more arrives while the mailbox is numbered anew.
        dovecot.deliver_at(at(5), &question(5));
        dovecot.number_anew();
        assert_eq!(fetch(FetchOptions { limit: Some(1), all: false }).await, created(1));
        assert_eq!(fetch(FetchOptions::default()).await, FetchCount::default(), "{database:?}");
        dovecot.deliver_at(at(10), &question(6));
        dovecot.deliver_at(at(-90), &question(7));
        assert_eq!(fetch(FetchOptions::default()).await, created(2), "{database:?}");
        assert_eq!(fetch(FetchOptions::default()).await, FetchCount::default());

        dovecot.number_anew();
        assert_eq!(fetch(FetchOptions::default()).await, FetchCount::default(), "and once more");
        let left: Vec<Vec<u8>> = dovecot.mails_in("").into_iter().map(|(_, bytes)| bytes).collect();
        assert_eq!(left, [question(0), question(1), question(2)], "what was not taken in is not deleted");
        let standing = test.desk.standing(&source.mailbox()).await.unwrap().unwrap();
        assert_eq!(standing.last_uid, 3, "what is left alone is not looked at again");
    }
}

async fn mail_that_was_left_on_the_server_stays_there_when_the_configuration_changes(database: Database) {
    let dovecot = Dovecot::start();
    let test = TestDesk::new(database).await;
    let with = |after_ingest| Source::Imap(Imap { after_ingest, ..settings(&dovecot) });
    (0..2).for_each(|n| dovecot.deliver(&question(n)));
    assert_eq!(fetched(&test, &with(AfterIngest::Keep), ALL).await, created(2));
    dovecot.deliver(&question(2));
    assert_eq!(fetched(&test, &with(AfterIngest::Delete), ALL).await, created(1));
    dovecot.deliver(&question(3));
    assert_eq!(fetched(&test, &with(AfterIngest::Keep), ALL).await, created(1));
    assert_eq!(fetched(&test, &with(AfterIngest::Delete), ALL).await, FetchCount::default());
    let left: Vec<Vec<u8>> = dovecot.mails_in("").into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(left, [question(0), question(1), question(3)]);
}

async fn the_loop_takes_mail_in_as_it_comes_and_survives_the_loss_of_its_server(database: Database) {
    let mut dovecot = Dovecot::start();
    let test = TestDesk::new(database).await;
    let source = Source::Imap(Imap { start: Start::Beginning, ..settings(&dovecot) });
    let (desk, cancel) = (test.desk.clone(), CancellationToken::new());
    let stop = cancel.clone();
    dovecot.kill();
    let watching = tokio::spawn(async move { watch(&desk, &source, &LIMITS, stop).await });
    dovecot.deliver(&question(1));
    dovecot.restart();
    until_tickets(&test, 1).await;
    dovecot.deliver(&question(2));
    until_tickets(&test, 2).await;
    cancel.cancel();
    watching.await.unwrap();
}

fn maildir_with(mails: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in ["new", "cur", "tmp"] {
        std::fs::create_dir(folder.path().join(part)).unwrap();
    }
    for n in 0..mails {
        std::fs::write(folder.path().join(format!("new/{}.M{n}.host", 1_700_000_000 + n)), question(n))
            .unwrap();
    }
    folder
}

fn count_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

async fn a_maildir_is_taken_in_once_and_keeps_every_mail(database: Database) {
    let folder = maildir_with(700);
    let source = Source::Maildir(folder.path().to_owned());
    let test = TestDesk::new(database).await;
    let some = FetchOptions { limit: Some(3), all: false };
    assert_eq!(fetched(&test, &source, some).await, created(3));
    assert_eq!(fetched(&test, &source, FetchOptions::default()).await, created(697));
    assert_eq!(fetched(&test, &source, FetchOptions::default()).await, FetchCount::default());
    assert_eq!((count_in(&folder.path().join("new")), count_in(&folder.path().join("cur"))), (0, 700));
    // Stopped between the commit and the move: the mail is still in new/ at the next start.
    std::fs::rename(
        folder.path().join("cur/1700000005.M5.host:2,S"),
        folder.path().join("new/1700000005.M5.host"),
    )
    .unwrap();
    let again = fetched(&test, &source, FetchOptions::default()).await;
    assert_eq!(again, FetchCount { fetched: 1, duplicates: 1, ..FetchCount::default() });
}

async fn a_mail_that_is_too_large_is_held_and_stops_nothing(database: Database) {
    let folder = maildir_with(3);
    let path = folder.path().join("new/1700000001.M1.host");
    let mut large = question(1);
    large.resize(usize::try_from(LIMITS.max_mail_bytes).unwrap() + 1, b'x');
    std::fs::write(path, large).unwrap();
    let test = TestDesk::new(database).await;
    let source = Source::Maildir(folder.path().to_owned());
    let count = fetched(&test, &source, FetchOptions::default()).await;
    assert_eq!(count, FetchCount { fetched: 3, tickets_created: 2, held: 1, ..FetchCount::default() });
    assert_eq!(test.desk.held_mails().await.unwrap().len(), 1);
}

async fn files_given_by_hand_are_taken_in_and_left_where_they_are(database: Database) {
    let folder = maildir_with(2);
    let test = TestDesk::new(database).await;
    let files: Vec<_> =
        (0..2).map(|n| folder.path().join(format!("new/{}.M{n}.host", 1_700_000_000 + n))).collect();
    let count = ingest(&test.desk, &files, &LIMITS, &|_| {}).await.unwrap();
    assert_eq!(count, created(2));
    assert_eq!(count_in(&folder.path().join("new")), 2);
    let missing = [folder.path().join("nowhere.eml")];
    let fault = ingest(&test.desk, &missing, &LIMITS, &|_| {}).await.unwrap_err().to_string();
    assert!(fault.contains("nowhere.eml"), "{fault}");
}

crate::support::desk::on_both! {
    a_mailbox_numbered_anew_is_read_again_and_nothing_is_doubled,
    mail_that_was_left_on_the_server_stays_there_when_the_configuration_changes,
    the_loop_takes_mail_in_as_it_comes_and_survives_the_loss_of_its_server,
    a_maildir_is_taken_in_once_and_keeps_every_mail,
    a_mail_that_is_too_large_is_held_and_stops_nothing,
    files_given_by_hand_are_taken_in_and_left_where_they_are,
}
