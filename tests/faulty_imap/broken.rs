//! The line breaks, or what comes over it is broken, in the middle of a body.

use super::{Scene, assert_lost, body_of, every_after_ingest, once};
use crate::support::accounting::journal;
use crate::support::desk::Database;
use crate::support::dovecot::Dovecot;
use crate::support::fault_proxy::{Act, FaultProxy, Heard};
use guichet::inbound::FetchCount;

/// What can happen to the body of one mail, by its UID and its length.
fn wounds(uid: u32, length: usize) -> Vec<(&'static str, Act)> {
    let announces = |length: usize| {
        Act::Instead(format!("* {uid} FETCH (UID {uid} BODY[] {{{length}}}\r\n").into_bytes())
    };
    vec![
        ("cut before it", Act::cut()),
        ("cut before its first byte", Act::CutAfter(0)),
        ("cut after its first byte", Act::CutAfter(1)),
        ("cut in its middle", Act::CutAfter(length / 2)),
        ("cut before its last byte", Act::CutAfter(length - 1)),
        ("cut before the parenthesis", Act::CutAfter(length)),
        ("cut behind the parenthesis", Act::CutAfter(length + 1)),
        ("cut between CR and LF", Act::CutAfter(length + 2)),
        ("cut cleanly behind it", Act::CutAfter(length + 3)),
        ("BYE in its place", Act::LastWords(b"* BYE Server is shutting down\r\n".to_vec())),
        ("BYE, and more after it", Act::Before(b"* BYE Server is shutting down\r\n".to_vec())),
        ("nonsense in its place", Act::LastWords(b"\0\xff\xfe nonsense\r\n".to_vec())),
        ("longer than announced", announces(length - 10)),
        ("shorter than announced", announces(length + 40)),
        ("larger than anybody may send", announces(900_000_000)),
    ]
}

async fn a_body_that_breaks_costs_a_second_fetch_and_nothing_else(database: Database) {
    let dovecot = Dovecot::start();
    for after in every_after_ingest() {
        let mut scene = Scene::new(database, &dovecot, after).await;
        for place in 0..wounds(0, 100).len() {
            let before = scene.mails.len();
            let uid = scene.deliver(3) + 1;
            let length = scene.mails[before + 1].len();
            let (case, act) = wounds(uid, length).swap_remove(place);
            let proxy = FaultProxy::start(dovecot.imap_port, once(body_of(uid), act)).await;
            let fetched = scene.fetch(&proxy).await;
            assert_lost(fetched, case);
            let stored = journal(&scene.test.url).await.len();
            assert_eq!(stored, before, "{case}: nothing of a batch that broke is taken for whole");
            scene.recover(case).await;
        }
    }
}

async fn what_was_committed_before_the_line_broke_is_not_taken_in_again(database: Database) {
    let dovecot = Dovecot::start();
    for after in every_after_ingest() {
        let mut scene = Scene::new(database, &dovecot, after).await;
        scene.deliver(3);
        // The tagged OK of the bodies, then the end: nothing can be told to the server any more.
        let act = once(end_of_bodies, Act::CutAfter(0));
        let proxy = FaultProxy::start(dovecot.imap_port, act).await;
        assert_lost(scene.fetch(&proxy).await, "cut after the tagged OK");
        assert_eq!(journal(&scene.test.url).await.len(), 3, "what came whole is stored all the same");
        scene.recover("cut after the tagged OK").await;
    }
}

fn end_of_bodies(heard: &Heard<'_>) -> bool {
    matches!(heard, Heard::Answer { to, line } if to.contains("BODY.PEEK[]") && !line.starts_with('*'))
}

async fn answers_out_of_order_and_unasked_change_nothing(database: Database) {
    let dovecot = Dovecot::start();
    for after in every_after_ingest() {
        let mut scene = Scene::new(database, &dovecot, after).await;
        scene.deliver(5);
        // As from a server that repeats itself, and tells of another mailbox's mails.
        let unasked = b"* 9 EXISTS\r\n* 1 RECENT\r\n* 2 FETCH (FLAGS (\\Flagged))\r\n* 7 EXPUNGE\r\n\
            * FLAGS (\\Answered)\r\n* OK [ALERT] read this\r\n* 9 FETCH (UID 99 FLAGS ())\r\n";
        let script = move |heard: Heard<'_>| match heard {
            _ if body_of(1)(&heard) || body_of(3)(&heard) => Act::Later,
            _ if body_of(2)(&heard) => Act::Before(unasked.to_vec()),
            Heard::Answer { line, .. } if !line.starts_with(['*', '+']) => Act::Before(unasked.to_vec()),
            _ => Act::Pass,
        };
        let proxy = FaultProxy::start(dovecot.imap_port, script).await;
        let count = scene.fetch(&proxy).await.expect("nothing is wrong");
        assert_eq!(count, FetchCount { fetched: 5, tickets_created: 5, ..FetchCount::default() });
        scene.recover("out of order").await;
    }
}

async fn a_mail_that_the_server_will_not_give_with_the_others_is_asked_for_alone(database: Database) {
    let dovecot = Dovecot::start();
    for after in every_after_ingest() {
        let mut scene = Scene::new(database, &dovecot, after).await;
        scene.deliver(5);
        // NO in the middle of the answer: two mails have come.
        let script = move |heard: Heard<'_>| match heard {
            Heard::Command { line: "UID FETCH 1:5 (UID BODY.PEEK[])", .. } => {
                Act::Rewrite("UID FETCH 1:2 (UID BODY.PEEK[])".to_owned())
            }
            Heard::Answer { to: "UID FETCH 1:5 (UID BODY.PEEK[])", line } if !line.starts_with('*') => {
                let tag = line.split(' ').next().unwrap_or_default();
                Act::Instead(format!("{tag} NO [SERVERBUG] Internal error\r\n").into_bytes())
            }
            _ => Act::Pass,
        };
        let proxy = FaultProxy::start(dovecot.imap_port, script).await;
        let count = scene.fetch(&proxy).await.expect("nothing stops it");
        assert_eq!(count, FetchCount { fetched: 5, tickets_created: 5, ..FetchCount::default() });
        let alone = proxy.passed().into_iter().filter(|line| line.contains("BODY.PEEK[]")).skip(1);
        let alone: Vec<String> = alone.collect();
        assert_eq!(alone, [3, 4, 5].map(|uid| format!("UID FETCH {uid} (UID BODY.PEEK[])")));
        scene.recover("NO in the middle").await;
    }
}

async fn a_line_lost_at_every_command_of_a_visit_is_made_good(database: Database) {
    let dovecot = Dovecot::start();
    for after in every_after_ingest() {
        let mut scene = Scene::new(database, &dovecot, after).await;
        // One command later in each round, until a round has none to lose.
        for lost in 0.. {
            scene.deliver(1);
            let mut left = lost;
            let script = move |heard: Heard<'_>| match heard {
                Heard::Command { line, .. } if !line.starts_with("LOGOUT") => {
                    left -= 1;
                    if left == -1 { Act::cut() } else { Act::Pass }
                }
                _ => Act::Pass,
            };
            let proxy = FaultProxy::start(dovecot.imap_port, script).await;
            let fetched = scene.fetch(&proxy).await;
            let passed = proxy.passed();
            let is_whole = passed.iter().any(|line| line.starts_with("LOGOUT"));
            scene.recover(&format!("cut after {passed:?}")).await;
            if is_whole {
                fetched.expect("nothing was lost");
                assert!(lost >= 6, "a visit has more commands: {passed:?}");
                break;
            }
            assert_lost(fetched, "cut");
        }
    }
}

crate::support::desk::on_both! {
    a_body_that_breaks_costs_a_second_fetch_and_nothing_else,
    what_was_committed_before_the_line_broke_is_not_taken_in_again,
    answers_out_of_order_and_unasked_change_nothing,
    a_mail_that_the_server_will_not_give_with_the_others_is_asked_for_alone,
    a_line_lost_at_every_command_of_a_visit_is_made_good,
}
