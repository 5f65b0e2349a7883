//! Rounds of the outbox: many mails taken, handed over and recorded at once, and what becomes of those whose turn does not come.

use crate::faulty_smtp::{Act, FaultySmtp, SOUND, Script};
use crate::support::PATIENCE;
use crate::support::desk::{Database, TestDesk, question};
use Act::{Say, Silence};
use chrono::Duration;
use guichet::clock::Clock;
use guichet::config::{Security, Smtp};
use guichet::desk::deliver::{Attempt, Composed};
use guichet::desk::receive::Filed;
use guichet::domain::delivery::{Channel, DeliveryState, Next, Outcome};
use guichet::domain::ids::TicketId;
use guichet::outbound::compose::Letterhead;
use guichet::outbound::round::BATCH;
use guichet::outbound::smtp::{LANES, SmtpCourier};
use guichet::outbound::{Courier, PostRoom, deliver, run};
use guichet::store::outbox::StoredDelivery;
use guichet::wording::templates::Templates;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// So many tickets, each resolved, with its mail due now.
async fn due(test: &mut TestDesk, mails: Vec<Vec<u8>>) {
    for filed in test.mails(mails).await {
        let Filed::Created(ticket) = filed else { panic!("{filed:?}") };
        test.say(&format!("status {ticket} resolved")).await;
    }
    test.elapse(Duration::seconds(20)).await;
}

fn questions(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(question).collect()
}

fn post(server: &FaultySmtp) -> PostRoom {
    let smtp = Smtp {
        host: "127.0.0.1".into(),
        port: server.port,
        security: Security::None,
        username: None,
        sign_in: None,
        from: "Support <support@bettracker.example>".into(),
        ca_file: None,
        dkim: None,
        dns: None,
    };
    PostRoom {
        courier: Courier::Smtp(Box::new(SmtpCourier::new(&smtp).unwrap())),
        letterhead: Letterhead::new(&smtp.from, "BetTracker Pro", chrono_tz::Europe::Paris).unwrap().into(),
        templates: Templates::load(&[]).unwrap().into(),
    }
}

/// The e-mail of each ticket, in their order.
async fn mails(test: &TestDesk, count: usize) -> Vec<StoredDelivery> {
    let mut tx = test.store.read().await.unwrap();
    let mut mails = Vec::new();
    for ticket in 1..=count as i64 {
        let deliveries = tx.deliveries(TicketId(ticket)).await.unwrap();
        mails.extend(deliveries.into_iter().filter(|delivery| delivery.channel == Channel::Email));
    }
    mails
}

fn with(mails: &[StoredDelivery], state: DeliveryState, attempts: i64) -> usize {
    mails.iter().filter(|mail| mail.state == state && mail.attempts == attempts).count()
}

/// Waits until each lane has its connection.
async fn until_all_lanes_are_open(server: &FaultySmtp) {
    let open = async {
        while server.seen.lock().unwrap().open < LANES {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, open).await.expect("every lane connects");
}

async fn more_than_a_claim_takes_leaves_in_one_round_each_mail_once(database: Database) {
    let count = BATCH as usize * 2 + 5;
    let mut test = TestDesk::new(database).await;
    due(&mut test, questions(count)).await;
    let server = FaultySmtp::start([SOUND]).await;
    let post = post(&server);
    assert_eq!(deliver(&test.desk, &post).await.unwrap().sent, count as u64);
    assert_eq!(with(&mails(&test, count).await, DeliveryState::Sent, 1), count);
    let mut ids: Vec<String> = {
        let seen = server.seen.lock().unwrap();
        assert!(seen.most_open <= LANES);
        let id = |body: &Vec<u8>| {
            let text = String::from_utf8_lossy(body).into_owned();
            text.lines().find(|line| line.starts_with("Message-ID: ")).unwrap().to_owned()
        };
        seen.bodies.iter().map(id).collect()
    };
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

async fn a_provider_that_asks_for_fewer_mails_is_asked_no_more_in_the_same_round(database: Database) {
    let mut test = TestDesk::new(database).await;
    due(&mut test, questions(30)).await;
    let slow = Script { rcpt: Say("451 4.7.1 slow down"), ..SOUND };
    let server = FaultySmtp::start([slow]).await;
    let count = deliver(&test.desk, &post(&server)).await.unwrap();
    assert_eq!((count.sent, count.failed, count.retry), (0, 0, 30), "all wait");
    let tried = server.seen.lock().unwrap().commands.iter().filter(|command| *command == "RCPT").count();
    assert!((1..=LANES).contains(&tried), "{tried} were on the way before it was known");
    let mails = mails(&test, 30).await;
    assert_eq!(with(&mails, DeliveryState::Pending, 1), tried);
    assert_eq!(with(&mails, DeliveryState::Pending, 0), 30 - tried, "waiting is no attempt");
}

async fn what_was_not_begun_when_the_program_stops_is_there_for_the_next_at_once(database: Database) {
    let mut test = TestDesk::new(database).await;
    due(&mut test, questions(40)).await;
    let server = FaultySmtp::start([Script { end: Silence, ..SOUND }]).await;
    let cancel = CancellationToken::new();
    let running = tokio::spawn(run(test.desk.clone(), post(&server), cancel.clone()));
    until_all_lanes_are_open(&server).await;
    cancel.cancel();
    // The lanes wait for a server that says nothing for longer than a program that stops has time.
    let given_back = async { while with(&mails(&test, 40).await, DeliveryState::Pending, 0) < 40 - LANES {} };
    timeout(PATIENCE, given_back).await.expect("what was not begun is given back");
    running.abort();
    assert_eq!(with(&mails(&test, 40).await, DeliveryState::Sending, 1), LANES);
    let sound = FaultySmtp::start([SOUND]).await;
    let count = deliver(&test.desk, &post(&sound)).await.unwrap();
    assert_eq!(count.sent, 40 - LANES as u64);
}

async fn a_mail_that_waited_long_for_its_turn_is_claimed_anew(database: Database) {
    let mut test = TestDesk::new(database).await;
    let count = LANES + 3;
    due(&mut test, questions(count)).await;
    let time: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(test.now.timestamp_millis())));
    let settings = crate::support::desk::settings();
    let desk = guichet::desk::Desk::open(test.store.clone(), Clock::Moved(time), settings).await.unwrap();
    let slow = Script { end: Silence, ..SOUND };
    let server = FaultySmtp::start([[slow; LANES].as_slice(), &[SOUND]].concat()).await;
    let post = post(&server);
    let (delivered, ()) = tokio::join!(deliver(&desk, &post), async {
        until_all_lanes_are_open(&server).await;
        // Half a minute goes by, and the last of them chooses otherwise.
        test.say(&format!("user client{}@client.example web_only", count - 1)).await;
        time.fetch_add(30_000, Ordering::SeqCst);
        server.hang_up();
    });
    let counted = delivered.unwrap();
    assert_eq!((counted.sent, counted.skipped), (2, 1), "{counted:?}");
    let mails = mails(&test, count).await;
    assert_eq!(with(&mails, DeliveryState::Sent, 1), 2, "giving back was no attempt");
    assert_eq!(mails[count - 1].state, DeliveryState::Skipped, "the choice was read again");
}

async fn attempts_are_recorded_together_each_as_it_ended(database: Database) {
    let mut test = TestDesk::new(database).await;
    due(&mut test, questions(5)).await;
    let parcels = test.desk.claim(10).await.unwrap().parcels;
    let late = Attempt {
        leased_until: parcels[4].leased_until - Duration::seconds(1),
        ..Attempt::from(&parcels[4])
    };
    let ended = [
        (Attempt::from(&parcels[0]), Outcome::Sent),
        (Attempt::from(&parcels[1]), Outcome::Failed("550 5.1.1 no such user".into())),
        (Attempt::from(&parcels[2]), Outcome::SentAs("given@relais.example".into())),
        (Attempt::from(&parcels[3]), Outcome::Retry("452 4.3.1 full".into())),
        (late, Outcome::Sent),
    ];
    let next = test.desk.record_all(&ended).await.unwrap();
    assert!(matches!(
        next.as_slice(),
        [Some(Next::Sent), Some(Next::Failed(_)), Some(Next::Sent), Some(Next::Again { .. }), None]
    ));
    let mails = mails(&test, 5).await;
    let states: Vec<_> = mails.iter().map(|mail| mail.state).collect();
    use DeliveryState::{Failed, Pending, Sending, Sent};
    assert_eq!(states, [Sent, Failed, Sent, Pending, Sending], "of another lease: its own worker tells");
    assert_eq!(mails[2].provider_id.as_deref(), Some("given@relais.example"));
    let mut tx = test.store.read().await.unwrap();
    assert!(tx.suppressed(&parcels[1].address).await.unwrap().is_some());
}

async fn one_claim_takes_no_more_bytes_than_fit_in_memory(database: Database) {
    let mut test = TestDesk::new(database).await;
    due(&mut test, questions(3)).await;
    let parcels = test.desk.claim(10).await.unwrap().parcels;
    // Bytes that do not pack: each mail is more than half of what a claim takes.
    let mut random: u64 = 88_172_645_463_325_252;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random.to_le_bytes()
    })
    .take(20 << 17)
    .flatten()
    .collect();
    let sealed: Vec<_> =
        parcels.iter().map(|parcel| Composed::new(parcel.id, &[], &bytes).unwrap()).collect();
    test.desk.seal(&sealed).await.unwrap();
    test.desk.give_back(&parcels.iter().map(Attempt::from).collect::<Vec<_>>()).await.unwrap();
    let first = test.desk.claim(10).await.unwrap().parcels;
    assert_eq!(first.len(), 2);
    let second = test.desk.claim(10).await.unwrap().parcels;
    assert_eq!(second.len(), 1, "left for the next claim, at once");
    assert_eq!((second[0].id, second[0].attempt), (parcels[2].id, 1));
    assert_eq!(second[0].sealed.as_ref(), Some(&bytes));
}

crate::support::desk::on_both! {
    more_than_a_claim_takes_leaves_in_one_round_each_mail_once,
    a_provider_that_asks_for_fewer_mails_is_asked_no_more_in_the_same_round,
    what_was_not_begun_when_the_program_stops_is_there_for_the_next_at_once,
    a_mail_that_waited_long_for_its_turn_is_claimed_anew,
    attempts_are_recorded_together_each_as_it_ended,
    one_claim_takes_no_more_bytes_than_fit_in_memory,
}
