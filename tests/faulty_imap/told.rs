//! Between the commit and the server's being told: the order of the two, and a line lost in between.

use super::{DONE, Scene, assert_lost, begins, end_of, every_after_ingest, once};
use crate::support::accounting::{assert_each_once, journal, sha256};
use crate::support::desk::Database;
use crate::support::dovecot::Dovecot;
use crate::support::fault_proxy::{Act, FaultProxy, Heard};
use guichet::config::AfterIngest;
use guichet::inbound::FetchCount;
use tokio::sync::mpsc;

/// The commands that change something in a mailbox.
fn tells(heard: &Heard<'_>) -> bool {
    ["UID STORE", "UID MOVE", "UID COPY", "UID EXPUNGE"].into_iter().any(|verb| begins(verb)(heard))
}

async fn the_server_is_told_only_of_mail_that_somebody_else_can_read_in_the_database(database: Database) {
    let dovecot = Dovecot::start();
    for after in every_after_ingest() {
        let mut scene = Scene::new(database, &dovecot, after).await;
        // More than one batch: 500 mails are committed at a time.
        scene.deliver(700);
        let (url, (seen, mut looked)) = (scene.test.url.clone(), mpsc::unbounded_channel());
        let script = move |heard: Heard<'_>| match heard {
            Heard::Command { line, .. } if tells(&heard) => {
                // While the command waits in the proxy, a second connection reads the journal.
                let (line, url, seen) = (line.to_owned(), url.clone(), seen.clone());
                Act::first(async move {
                    let rows = journal(&url).await;
                    let stored =
                        rows.iter().filter(|row| row.state == "filed" && row.sha256 == sha256(&row.raw));
                    let _ = seen.send((line, stored.count()));
                })
            }
            _ => Act::Pass,
        };
        let proxy = FaultProxy::start(dovecot.imap_port, script).await;
        scene.fetch(&proxy).await.expect("nothing is wrong");
        let mut told = 0;
        while let Ok((line, stored)) = looked.try_recv() {
            let set = line.split(' ').nth(2).unwrap();
            let last: usize = set.rsplit([':', ',']).next().unwrap().parse().unwrap();
            assert!(last <= stored, "{line} while {stored} mails were stored");
            told += 1;
        }
        let least = if scene.after == AfterIngest::Keep { 0 } else { 2 };
        assert!(told >= least, "{:?}: told {told} times", scene.after);
        scene.recover("watched").await;
    }
}

async fn what_the_server_did_but_could_not_confirm_is_not_done_twice(database: Database) {
    let dovecot = Dovecot::start();
    let verbs = |after: &AfterIngest| match after {
        AfterIngest::Keep => &[][..],
        AfterIngest::Seen => &["UID STORE"][..],
        AfterIngest::Move(_) => &["UID MOVE"][..],
        AfterIngest::Delete => &["UID STORE", "UID EXPUNGE"][..],
    };
    for after in every_after_ingest() {
        let mut scene = Scene::new(database, &dovecot, after).await;
        for verb in verbs(&scene.after) {
            for is_carried_out in [false, true] {
                scene.deliver(3);
                let script: Box<dyn FnMut(Heard<'_>) -> Act + Send> = if is_carried_out {
                    Box::new(once(end_of(verb), Act::cut()))
                } else {
                    Box::new(once(begins(verb), Act::cut()))
                };
                let proxy = FaultProxy::start(dovecot.imap_port, script).await;
                let case = format!("cut at {verb}, carried out: {is_carried_out}");
                assert_lost(scene.fetch(&proxy).await, &case);
                scene.recover(&case).await;
            }
        }
    }
}

/// Refuses MOVE, and does `act` at a place of the long way round.
fn without_move(mut then: impl FnMut(Heard<'_>) -> Act + Send) -> impl FnMut(Heard<'_>) -> Act + Send {
    move |heard| match heard {
        Heard::Command { tag, line } if line.starts_with("UID MOVE") => {
            Act::Instead(format!("{tag} NO [CANNOT] not here\r\n").into_bytes())
        }
        _ => then(heard),
    }
}

async fn a_move_the_long_way_round_is_finished_after_a_lost_line(database: Database) {
    let dovecot = Dovecot::start();
    for (verb, is_carried_out) in
        [("UID COPY", false), ("UID STORE", true), ("UID EXPUNGE", false), ("UID EXPUNGE", true)]
    {
        let mut scene = Scene::new(database, &dovecot, AfterIngest::Move(DONE.to_owned())).await;
        scene.deliver(3);
        let script: Box<dyn FnMut(Heard<'_>) -> Act + Send> = if is_carried_out {
            Box::new(without_move(once(end_of(verb), Act::cut())))
        } else {
            Box::new(without_move(once(begins(verb), Act::cut())))
        };
        let proxy = FaultProxy::start(dovecot.imap_port, script).await;
        let case = format!("cut at {verb}, carried out: {is_carried_out}");
        assert_lost(scene.fetch(&proxy).await, &case);
        scene.recover(&case).await;
    }
}

async fn a_copy_that_the_line_was_lost_behind_may_be_there_twice_and_is_never_missing(database: Database) {
    let dovecot = Dovecot::start();
    let mut scene = Scene::new(database, &dovecot, AfterIngest::Move(DONE.to_owned())).await;
    scene.deliver(3);
    let script = without_move(once(end_of("UID COPY"), Act::cut()));
    let proxy = FaultProxy::start(dovecot.imap_port, script).await;
    assert_lost(scene.fetch(&proxy).await, "copied, and the answer was lost");
    let direct = || scene.fetch_with(scene.settings(dovecot.imap_port));
    direct().await.expect("nothing is in the way");
    assert_eq!(direct().await.unwrap(), FetchCount::default(), "nothing is owed any more");
    assert_each_once(&scene.test, &scene.mails, "copied").await;
    let twice: Vec<Vec<u8>> = scene.mails.iter().flat_map(|raw| [raw.clone(), raw.clone()]).collect();
    assert_eq!((scene.inbox().len(), scene.moved()), (0, twice), "a server without MOVE has no other way");
}

crate::support::desk::on_both! {
    a_copy_that_the_line_was_lost_behind_may_be_there_twice_and_is_never_missing,
    the_server_is_told_only_of_mail_that_somebody_else_can_read_in_the_database,
    what_the_server_did_but_could_not_confirm_is_not_done_twice,
    a_move_the_long_way_round_is_finished_after_a_lost_line,
}
