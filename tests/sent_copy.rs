//! Copies of the mails that left, in a folder of the account, on a real Dovecot; and what fails there sends nothing again.

use crate::support::desk::{Database, OUR_ADDRESS, TestDesk, mailbox, on_both, settings};
use crate::support::dovecot::Dovecot;
use crate::support::fault_proxy::{Act, FaultProxy, Heard};
use chrono::Duration;
use guichet::clock::Clock;
use guichet::config::Imap;
use guichet::desk::{Desk, Settings};
use guichet::domain::delivery::Outcome;
use guichet::inbound::sent::keep;
use guichet::outbound::compose::{Letterhead, compose};
use guichet::wording::templates::Templates;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;

on_both! {
    each_mail_that_left_has_its_copy_once,
    a_copy_whose_answer_is_lost_is_looked_for_and_not_made_twice,
    a_line_that_one_mail_loses_costs_the_others_nothing,
    a_server_that_is_away_is_asked_once_for_all_copies,
    a_folder_that_cannot_be_had_is_given_up_and_sends_nothing_again,
    a_mail_that_a_cm_takes_for_sent_has_its_copy,
    without_the_key_nothing_is_kept,
}

struct Scene {
    test: TestDesk,
    keeps_sent: bool,
}

impl Scene {
    async fn new(database: Database, keeps_sent: bool) -> Scene {
        let mut scene = Scene { test: TestDesk::new(database).await, keeps_sent };
        scene.elapse(Duration::zero()).await;
        let mail = format!(
            "From: Léa Martin <lea@client.example>\nTo: {OUR_ADDRESS}\nSubject: Facture\n\
             Message-ID: <facture@client.example>\nContent-Type: text/plain; charset=utf-8\n\nMa facture ?\n"
        );
        scene.test.mail(&mail).await;
        scene
    }

    async fn elapse(&mut self, time: Duration) {
        self.test.now += time;
        let settings = Settings { keeps_sent: self.keeps_sent, ..settings() };
        let desk = Desk::open(self.test.store.clone(), Clock::At(self.test.now), settings).await;
        self.test.desk = desk.unwrap();
    }

    /// What is due leaves; the bytes of each mail.
    async fn leaves(&self) -> Vec<Vec<u8>> {
        let letterhead = Letterhead::new(OUR_ADDRESS, "BetTracker Pro", chrono_tz::UTC).unwrap();
        let templates = Templates::load(&[]).unwrap();
        let mut mails = Vec::new();
        for parcel in self.test.desk.claim(100).await.unwrap().parcels {
            let mail = compose(&parcel, &letterhead, &templates).unwrap();
            self.test.seal(&parcel, &mail).await;
            self.test.desk.record(&parcel, Outcome::Sent).await.unwrap();
            mails.push(mail);
        }
        mails
    }

    async fn three_leave(&mut self) {
        for number in 1..=3 {
            self.test.say(&format!("reply 1 Voici la facture {number}.")).await;
            self.elapse(Duration::seconds(20)).await;
            assert_eq!(self.leaves().await.len(), 1);
        }
    }

    async fn copies(&self) -> Vec<(String, i64)> {
        self.test.desk.count_copies().await.unwrap()
    }
}

/// Dovecot's Maildir ends lines as Unix does.
fn on_disk(mail: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(mail).replace("\r\n", "\n").into_bytes()
}

fn account(port: u16) -> Imap {
    Imap { sent_folder: Some("Envoyés".into()), ..mailbox(port) }
}

async fn each_mail_that_left_has_its_copy_once(database: Database) {
    let dovecot = Dovecot::start();
    let mut scene = Scene::new(database, true).await;
    scene.test.say("participants 1 +max@ailleurs.example").await;
    scene.test.say("reply 1 --all Voici la facture.").await;
    scene.elapse(Duration::seconds(20)).await;
    let left = scene.leaves().await;
    assert_eq!(left.len(), 2, "the reply goes to two people, and is one mail");
    assert_eq!(keep(&scene.test.desk, &account(dovecot.imap_port)).await.unwrap(), 1);
    let kept = dovecot.mails_in(".Envoy&AOk-s");
    assert_eq!(kept.len(), 1);
    assert!(kept[0].1 == on_disk(&left[0]));
    assert!(kept[0].0.ends_with('S'), "read: {}", kept[0].0);
    assert_eq!(keep(&scene.test.desk, &account(dovecot.imap_port)).await.unwrap(), 0);
    // The folder stands by now.
    scene.test.say("status 1 resolved").await;
    scene.elapse(Duration::seconds(20)).await;
    let left = scene.leaves().await;
    assert_eq!(keep(&scene.test.desk, &account(dovecot.imap_port)).await.unwrap(), 1);
    let kept = dovecot.mails_in(".Envoy&AOk-s");
    assert_eq!((kept.len(), left.len()), (2, 1));
    assert!(kept.iter().any(|(_, bytes)| *bytes == on_disk(&left[0])));
    assert!(dovecot.mails_in("").is_empty(), "nothing comes back as mail");
}

/// A line to a server that is lost once, as it says that it has a mail.
async fn cut_once(dovecot: &Dovecot) -> FaultProxy {
    let mut is_cut = false;
    FaultProxy::start(dovecot.imap_port, move |heard| match heard {
        Heard::Answer { line, .. } if line.contains("APPENDUID") && !is_cut => {
            is_cut = true;
            Act::cut()
        }
        _ => Act::Pass,
    })
    .await
}

async fn a_copy_whose_answer_is_lost_is_looked_for_and_not_made_twice(database: Database) {
    let dovecot = Dovecot::start();
    let mut scene = Scene::new(database, true).await;
    scene.test.say("reply 1 Voici la facture.").await;
    scene.elapse(Duration::seconds(20)).await;
    assert_eq!(scene.leaves().await.len(), 1);
    let proxy = cut_once(&dovecot).await;
    assert_eq!(keep(&scene.test.desk, &account(proxy.port)).await.unwrap(), 0);
    assert_eq!(dovecot.mails_in(".Envoy&AOk-s").len(), 1, "it is there, and we do not know");
    assert_eq!(scene.copies().await, [("pending".to_owned(), 1)]);
    scene.elapse(Duration::minutes(1)).await;
    assert!(scene.leaves().await.is_empty(), "the mail itself left once");
    assert_eq!(keep(&scene.test.desk, &account(proxy.port)).await.unwrap(), 1);
    assert_eq!(dovecot.mails_in(".Envoy&AOk-s").len(), 1);
    assert_eq!(scene.copies().await, [("kept".to_owned(), 1)]);
}

async fn a_line_that_one_mail_loses_costs_the_others_nothing(database: Database) {
    let dovecot = Dovecot::start();
    let mut scene = Scene::new(database, true).await;
    scene.three_leave().await;
    let proxy = cut_once(&dovecot).await;
    assert_eq!(keep(&scene.test.desk, &account(proxy.port)).await.unwrap(), 2);
    assert_eq!(dovecot.mails_in(".Envoy&AOk-s").len(), 3, "the first is there, and we do not know");
    scene.elapse(Duration::minutes(1)).await;
    assert_eq!(keep(&scene.test.desk, &account(proxy.port)).await.unwrap(), 1);
    assert_eq!(dovecot.mails_in(".Envoy&AOk-s").len(), 3);
}

async fn a_server_that_is_away_is_asked_once_for_all_copies(database: Database) {
    let mut scene = Scene::new(database, true).await;
    scene.three_leave().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let hangs_up = tokio::spawn(async move {
        while let Ok((line, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            drop(line);
        }
    });
    assert_eq!(keep(&scene.test.desk, &account(port)).await.unwrap(), 0);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(scene.copies().await, [("pending".to_owned(), 3)]);
    hangs_up.abort();
}

async fn a_folder_that_cannot_be_had_is_given_up_and_sends_nothing_again(database: Database) {
    let mut scene = Scene::new(database, true).await;
    scene.test.say("reply 1 Voici la facture.").await;
    scene.elapse(Duration::seconds(20)).await;
    assert_eq!(scene.leaves().await.len(), 1);
    // Nobody listens there.
    let nobody = account(crate::support::free_port());
    for _ in 0..12 {
        assert_eq!(keep(&scene.test.desk, &nobody).await.unwrap(), 0);
        scene.elapse(Duration::hours(25)).await;
    }
    assert_eq!(scene.copies().await, [("failed".to_owned(), 1)]);
    assert!(scene.leaves().await.is_empty());
    let deliveries =
        scene.test.desk.ticket(guichet::domain::ids::TicketId(1)).await.unwrap().unwrap().deliveries;
    let mails: Vec<_> = deliveries
        .iter()
        .filter(|one| one.channel.as_str() == "email")
        .map(|one| one.state.as_str())
        .collect();
    assert_eq!(mails, ["sent"]);
}

async fn a_mail_that_a_cm_takes_for_sent_has_its_copy(database: Database) {
    let mut scene = Scene::new(database, true).await;
    scene.test.say("reply 1 Voici la facture.").await;
    let mut lost = None;
    for _ in 0..2 {
        scene.elapse(Duration::minutes(10)).await;
        let parcel = scene.test.desk.claim(10).await.unwrap().parcels.pop().unwrap();
        scene.test.desk.record(&parcel, Outcome::Ambiguous("connexion perdue".into())).await.unwrap();
        lost = Some(parcel.id);
    }
    assert!(scene.copies().await.is_empty());
    scene.test.say(&format!("sent {}", lost.unwrap())).await;
    assert_eq!(scene.copies().await, [("pending".to_owned(), 1)]);
}

async fn without_the_key_nothing_is_kept(database: Database) {
    let mut scene = Scene::new(database, false).await;
    scene.test.say("reply 1 Voici la facture.").await;
    scene.elapse(Duration::seconds(20)).await;
    assert_eq!(scene.leaves().await.len(), 1);
    assert!(scene.copies().await.is_empty());
}
