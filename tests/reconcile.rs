//! The reconciliation: a mail that was missed is found and taken in; what cannot be had is an alert.

use crate::support::desk::{Database, LIMITS, TestDesk, mailbox, question};
use crate::support::dovecot::Dovecot;
use crate::wire_imap::{Reply, scripted, usual};
use guichet::config::{AfterIngest, Imap, Start};
use guichet::domain::alert::AlertKind;
use guichet::inbound::reconcile::{Reconciled, reconcile};
use guichet::inbound::{FetchOptions, Source, fetch, watch};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn settings(dovecot: &Dovecot) -> Imap {
    mailbox(dovecot.imap_port)
}

/// Gives the newest mail of the INBOX a flag of the Maildir, or takes it away.
fn flag(dovecot: &Dovecot, letter: &str) {
    let (name, _) = dovecot.mails_in("").pop().expect("there is a mail");
    let from = ["new", "cur"].map(|part| dovecot.maildir.join(part).join(&name));
    let bare = name.split(":2,").next().unwrap();
    let to = dovecot.maildir.join("cur").join(format!("{bare}:2,{letter}"));
    std::fs::rename(from.iter().find(|path| path.exists()).unwrap(), to).unwrap();
}

async fn fetched(test: &TestDesk, source: &Source) -> u64 {
    fetch(&test.desk, source, &LIMITS, FetchOptions::default(), &|_| {}).await.unwrap().fetched
}

async fn compared(test: &TestDesk, source: &Source) -> Reconciled {
    reconcile(&test.desk, source, &LIMITS).await.unwrap().expect("a mailbox on a server")
}

/// As if a fault of ours or of the server's had let the cursor pass mails.
async fn pass_over(test: &TestDesk, source: &Source, last_uid: u32) {
    let standing = test.desk.standing(&source.mailbox()).await.unwrap().unwrap();
    let mut tx = test.store.begin().await.unwrap();
    tx.move_cursor(&source.mailbox(), standing.uid_validity, last_uid, test.now).await.unwrap();
    tx.note_settled(&source.mailbox(), standing.uid_validity, last_uid).await.unwrap();
    tx.commit().await.unwrap();
}

async fn tickets(test: &TestDesk) -> i64 {
    test.desk.queue(&Default::default()).await.unwrap().total
}

fn whole(server: u64) -> Reconciled {
    Reconciled { server, ..Reconciled::default() }
}

async fn a_mail_that_the_cursor_passed_over_is_found_and_taken_in(database: Database) {
    let (dovecot, test) = (Dovecot::start(), TestDesk::new(database).await);
    let source = Source::Imap(Imap { after_ingest: AfterIngest::Seen, ..settings(&dovecot) });
    (1..=2).for_each(|n| dovecot.deliver(&question(n)));
    assert_eq!(fetched(&test, &source).await, 2);
    (3..=5).for_each(|n| dovecot.deliver(&question(n)));
    pass_over(&test, &source, 4).await;
    assert_eq!(fetched(&test, &source).await, 1, "only what is above the cursor");
    assert_eq!(compared(&test, &source).await, Reconciled { server: 5, missing: 2, still_missing: 0 });
    assert_eq!(tickets(&test).await, 5);
    let unread = dovecot.mails_in("").iter().filter(|(name, _)| !name.ends_with('S')).count();
    assert_eq!(unread, 0, "the server was told of them as of any other");
    assert_eq!(compared(&test, &source).await, whole(5));
    assert_eq!(test.desk.alerts().await.unwrap(), []);
}

async fn what_lay_there_before_the_first_visit_is_not_missing(database: Database) {
    let (mut dovecot, test) = (Dovecot::start(), TestDesk::new(database).await);
    let source = Source::Imap(Imap { start: Start::Now, ..settings(&dovecot) });
    let days = chrono::Duration::days;
    dovecot.deliver_at(test.now - days(3), &question(1));
    dovecot.deliver_at(test.now - days(2), &question(2));
    assert_eq!(compared(&test, &source).await, whole(2));
    dovecot.deliver_at(test.now + days(1), &question(3));
    assert_eq!(compared(&test, &source).await, whole(3));
    assert_eq!(tickets(&test).await, 1);
    // The numbers mean nothing any more: the dates tell which mails are older, in a reconciliation too.
    dovecot.number_anew();
    assert_eq!(compared(&test, &source).await, whole(3));
    dovecot.number_anew();
    assert_eq!(fetched(&test, &source).await, 1, "the mail that is known");
    let validity = test.desk.standing(&source.mailbox()).await.unwrap().unwrap().uid_validity;
    let mut tx = test.store.begin().await.unwrap();
    tx.forget_other_uids(&source.mailbox(), validity + 1).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(compared(&test, &source).await, Reconciled { server: 3, missing: 3, still_missing: 0 });
    assert_eq!(tickets(&test).await, 1);
    assert_eq!(compared(&test, &source).await, whole(3));
}

async fn a_draft_and_a_mail_on_its_way_out_are_taken_once_they_are_neither(database: Database) {
    let (dovecot, test) = (Dovecot::start(), TestDesk::new(database).await);
    let source = Source::Imap(settings(&dovecot));
    for (n, letter) in [(1, "D"), (2, "T")] {
        dovecot.deliver(&question(n));
        flag(&dovecot, letter);
        assert_eq!(fetched(&test, &source).await, 0, "flagged {letter}");
    }
    dovecot.deliver(&question(3));
    assert_eq!(fetched(&test, &source).await, 1);
    assert_eq!(compared(&test, &source).await, whole(1));
    for (name, _) in dovecot.mails_in("") {
        if let Some(bare) = name.strip_suffix("D").or(name.strip_suffix("T")) {
            let cur = dovecot.maildir.join("cur");
            std::fs::rename(cur.join(&name), cur.join(bare)).unwrap();
        }
    }
    assert_eq!(compared(&test, &source).await, Reconciled { server: 3, missing: 2, still_missing: 0 });
    assert_eq!(tickets(&test).await, 3);
}

async fn the_loop_compares_a_mailbox_and_mends_it(database: Database) {
    let (dovecot, test) = (Dovecot::start(), TestDesk::new(database).await);
    let source = Source::Imap(settings(&dovecot));
    dovecot.deliver(&question(1));
    assert_eq!(fetched(&test, &source).await, 1);
    dovecot.deliver(&question(2));
    pass_over(&test, &source, 2).await;
    let cancel = CancellationToken::new();
    let (desk, stop) = (test.desk.clone(), cancel.clone());
    let name = source.mailbox();
    let watching = tokio::spawn(async move { watch(&desk, &source, &LIMITS, stop).await });
    let mended = async {
        while test.desk.reconciled_at(&name).await.unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), mended).await.expect("it is compared at the beginning");
    cancel.cancel();
    watching.await.unwrap();
    assert_eq!(tickets(&test).await, 2);
    assert_eq!(test.desk.reconciled_at(&name).await.unwrap(), Some(test.now));
}

async fn a_mail_that_cannot_be_had_is_an_alert_until_it_can(database: Database) {
    let test = TestDesk::new(database).await;
    let is_hidden = Arc::new(AtomicBool::new(true));
    let hidden = is_hidden.clone();
    // The second of the three mails is searched and never listed.
    let settings = scripted("", move |tag, line| {
        if line.starts_with("UID SEARCH") {
            return Reply::Say(format!("* SEARCH 1 2 3\r\n{tag} OK done\r\n").into_bytes());
        }
        let said = String::from_utf8(usual(tag, line, "")).unwrap();
        if line.contains("RFC822.SIZE") && hidden.load(Ordering::SeqCst) {
            let lines = said.split_inclusive("\r\n").filter(|line| !line.starts_with("* 2 "));
            return Reply::Say(lines.collect::<String>().into_bytes());
        }
        Reply::Say(said.into_bytes())
    });
    let source = Source::Imap(settings.await);
    assert_eq!(compared(&test, &source).await, Reconciled { server: 3, missing: 1, still_missing: 1 });
    let alerts = test.desk.alerts().await.unwrap();
    let [alert] = alerts.as_slice() else { panic!("{alerts:?}") };
    assert_eq!((alert.kind, alert.detail.as_str()), (AlertKind::MissingMail, "1"));
    assert!(!alert.about.contains("support"), "no account: {}", alert.about);
    is_hidden.store(false, Ordering::SeqCst);
    assert_eq!(compared(&test, &source).await, Reconciled { server: 3, missing: 1, still_missing: 0 });
    assert_eq!(test.desk.alerts().await.unwrap(), []);
    assert_eq!(tickets(&test).await, 3);
}

async fn a_server_that_refuses_to_search_is_listed(database: Database) {
    let test = TestDesk::new(database).await;
    let settings = scripted("", |tag, line| match line.starts_with("UID SEARCH") {
        true => Reply::Say(format!("{tag} BAD what?\r\n").into_bytes()),
        false => Reply::Usual,
    });
    let source = Source::Imap(settings.await);
    assert_eq!(compared(&test, &source).await, whole(3));
    pass_over(&test, &source, 3).await;
    let mut tx = test.store.begin().await.unwrap();
    tx.forget_other_uids(&source.mailbox(), 8).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(compared(&test, &source).await, Reconciled { server: 3, missing: 3, still_missing: 0 });
    assert_eq!(tickets(&test).await, 3);
}

async fn runs_of_uids_join_however_they_come(database: Database) {
    use guichet::domain::uid_set::UidSet;
    let test = TestDesk::new(database).await;
    let mut expected = Vec::new();
    let orders: [&[(u32, u32)]; 8] = [
        &[(10, 20)],
        &[(22, 30)],
        &[(21, 21)],
        &[(1, 3), (50, 60)],
        &[(15, 55)],
        &[(5, 5)],
        &[(4, 4)],
        &[(100, u32::MAX)],
    ];
    for runs in orders {
        expected.extend_from_slice(runs);
        let mut tx = test.store.begin().await.unwrap();
        tx.know_uids("boite", 7, &UidSet::of_runs(runs.to_vec())).await.unwrap();
        tx.know_uids("autre", 7, &UidSet::of([9])).await.unwrap();
        tx.commit().await.unwrap();
        let known = test.desk.known_uids("boite", 7).await.unwrap();
        assert_eq!(known, UidSet::of_runs(expected.clone()), "after {runs:?}");
    }
    assert_eq!(test.desk.known_uids("boite", 8).await.unwrap(), UidSet::default());
    let mut tx = test.store.begin().await.unwrap();
    // Some 40 runs at once, between those that are there.
    let even = UidSet::of((2..100).filter(|uid| uid % 2 == 0));
    tx.know_uids("boite", 7, &even).await.unwrap();
    tx.commit().await.unwrap();
    expected.extend_from_slice(even.runs());
    assert_eq!(test.desk.known_uids("boite", 7).await.unwrap(), UidSet::of_runs(expected));
}

crate::support::desk::on_both! {
    a_mail_that_the_cursor_passed_over_is_found_and_taken_in,
    what_lay_there_before_the_first_visit_is_not_missing,
    a_draft_and_a_mail_on_its_way_out_are_taken_once_they_are_neither,
    the_loop_compares_a_mailbox_and_mends_it,
    a_mail_that_cannot_be_had_is_an_alert_until_it_can,
    a_server_that_refuses_to_search_is_listed,
    runs_of_uids_join_however_they_come,
}
