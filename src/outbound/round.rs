//! One round of the outbox, in three stages that go on at once: mails are taken and composed, they leave over the courier's lanes,
//! and what became of them is recorded. A channel before each stage bounds what waits there.
//! May import: desk, domain, wording, crash.

use super::compose::{Letterhead, compose};
use super::smtp::LANES;
use super::{DeliverCount, PostRoom, insist};
use crate::crash;
use crate::desk::deliver::{Attempt, Claim, Composed, Parcel};
use crate::desk::{Desk, Result};
use crate::domain::delivery::{FRESH, LEASE, Next, Outcome};
use crate::domain::pace::{asks_to_slow_down, provider_of};
use crate::wording::templates::Templates;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// How many deliveries are leased at once: what a claim and a seal cost is shared by them. After a kill all of them rest until their
/// lease ends, and those that had not begun count as tried; so they are not more.
pub const BATCH: i64 = 32;

/// How many mails wait for a lane, beside those in the hand of the claimer: as many as a claim has, so that the next is claimed,
/// composed and kept while these leave.
const WAITING: usize = BATCH as usize;

/// How many mails that left may wait for their record, beside as many that are being recorded. A server that is quicker than our disk
/// waits for it, so that after a kill few mails leave a second time.
const UNRECORDED: usize = 8;

/// The count of one drain, and which troubles were already logged in it: a server that is away is one line, not
/// one for each mail.
#[derive(Debug, Default)]
struct Tally {
    count: DeliverCount,
    said: HashSet<String>,
}

impl Tally {
    fn note(&mut self, parcel: &Parcel, next: Option<&Next>) {
        let (delivery, ticket) = (parcel.id.0, parcel.ticket.0);
        let Some(next) = next else {
            tracing::warn!(delivery, ticket, "an attempt ended after somebody else had settled the mail");
            return;
        };
        match next {
            Next::Sent => {
                self.count.sent += 1;
                tracing::debug!(delivery, ticket, "mail sent");
            }
            Next::Again { after, why, ambiguous } => {
                self.count.retry += 1;
                if self.said.insert(why.clone()) {
                    let after_seconds = after.as_secs();
                    tracing::warn!(
                        delivery,
                        ticket,
                        why,
                        ambiguous,
                        after_seconds,
                        "mail waits for another try"
                    );
                }
            }
            Next::Skipped(why) => {
                self.count.skipped += 1;
                tracing::info!(delivery, ticket, why, "mail not sent any more");
            }
            Next::Failed(why) => {
                self.count.failed += 1;
                tracing::error!(delivery, ticket, why, "mail given up");
            }
            Next::Uncertain(why) => {
                self.count.uncertain += 1;
                tracing::error!(delivery, ticket, why, "mail may have arrived; a person must decide");
            }
        }
    }
}

/// What became of a mail in a lane.
enum End {
    /// It was tried.
    Tried(Outcome),
    /// Its turn did not come: somebody else may take it at once.
    Untouched,
}

/// Sends what is due, until there is no more or `cancel`; what is on the way then is finished.
///
/// # Errors
/// The database's, the first of them.
pub(super) async fn drain(desk: &Desk, post: &PostRoom, cancel: &CancellationToken) -> Result<DeliverCount> {
    // Once it is cancelled nothing more is begun, and what was not begun is given back.
    let stop = cancel.child_token();
    let mut tally = Tally::default();
    // What was given back is due again, unless its turn is put off.
    let result = loop {
        match go_round(desk, post, &stop, &mut tally).await {
            Ok(given_back) if given_back > 0 && !stop.is_cancelled() => {}
            result => break result.map(drop),
        }
    };
    post.courier.rest().await;
    let count = tally.count;
    if count != DeliverCount::default() {
        tracing::info!(
            sent = count.sent,
            retry = count.retry,
            failed = count.failed,
            skipped = count.skipped,
            uncertain = count.uncertain,
            "outbox"
        );
    }
    result.map(|()| count)
}

/// The three stages; how many mails were given back.
async fn go_round(
    desk: &Desk,
    post: &PostRoom,
    stop: &CancellationToken,
    tally: &mut Tally,
) -> Result<usize> {
    let (ready, to_send) = mpsc::channel::<Ready>(WAITING);
    let (ended, to_record) = mpsc::channel(UNRECORDED);
    let refused = ended.clone();
    let leave = async move {
        let (waiting, slowed) = (tokio::sync::Mutex::new(to_send), Mutex::default());
        let (over, ended) = (CancellationToken::new(), &ended);
        let next = async || waiting.lock().await.recv().await;
        let lane = async || {
            while let Some((parcel, mail)) = next().await {
                let end = send(desk, post, &parcel, &mail, &slowed, stop).await;
                // The recorder listens for as long as anybody speaks.
                _ = ended.send((parcel, end)).await;
            }
        };
        let lanes = async {
            join_all((0..LANES).map(|_| lane())).await;
            over.cancel();
        };
        // A lane may be busy for longer than a program that stops has time.
        let sweep = async {
            tokio::select! {
                () = over.cancelled() => return,
                () = stop.cancelled() => {}
            }
            while let Some((parcel, _)) = next().await {
                _ = ended.send((parcel, End::Untouched)).await;
            }
        };
        tokio::join!(lanes, sweep);
    };
    let take = take(desk, post, stop, ready, refused);
    let ((count, taken), (), recorded) = tokio::join!(take, leave, record(desk, to_record, stop, tally));
    tally.count.add(&count);
    taken.and(recorded)
}

/// Claims what is due, batch by batch, makes it mails and keeps their bytes, while there is room behind. What can never be a
/// mail goes to the recorder at once.
async fn take(
    desk: &Desk,
    post: &PostRoom,
    stop: &CancellationToken,
    ready: mpsc::Sender<Ready>,
    ended: mpsc::Sender<(Parcel, End)>,
) -> (DeliverCount, Result<()>) {
    let mut count = DeliverCount::default();
    while !stop.is_cancelled() {
        let Claim { parcels, skipped, uncertain, put_off } = match desk.claim(BATCH).await {
            Ok(claim) => claim,
            Err(failure) => return (count, Err(failure)),
        };
        count.skipped += skipped;
        count.uncertain += uncertain;
        count.retry += put_off;
        count.waiting += put_off;
        if parcels.is_empty() && skipped + put_off == 0 {
            break;
        }
        let attempts: Vec<_> = parcels.iter().map(Attempt::from).collect();
        let (letterhead, templates) = (Arc::clone(&post.letterhead), Arc::clone(&post.templates));
        // It costs CPU, and the lanes go on meanwhile.
        let prepared = spawn_blocking(move || prepare(parcels, &letterhead, &templates)).await;
        let prepared = match prepared.map_err(Into::into).flatten() {
            Ok(prepared) => prepared,
            Err(error) => {
                let given_back = desk.give_back(&attempts).await;
                return (count, given_back.and(Err(error.into())));
            }
        };
        for (parcel, why) in prepared.refused {
            _ = ended.send((parcel, End::Tried(Outcome::Failed(why)))).await;
        }
        let sealed = insist(|| desk.seal(&prepared.to_seal)).await;
        crash::point("after_lease_before_send");
        for (parcel, mail) in prepared.ready {
            let room = match &sealed {
                Err(_) => None,
                Ok(()) => tokio::select! {
                    biased;
                    () = stop.cancelled() => None,
                    room = ready.reserve() => room.ok(),
                },
            };
            match room {
                Some(room) => room.send((parcel, mail)),
                None => _ = ended.send((parcel, End::Untouched)).await,
            }
        }
        if let Err(failure) = sealed {
            return (count, Err(failure));
        }
    }
    (count, Ok(()))
}

/// Hands one mail to the courier, unless it was claimed too long ago, its provider asked for fewer mails since, or nothing more is
/// to begin.
async fn send(
    desk: &Desk,
    post: &PostRoom,
    parcel: &Parcel,
    mail: &[u8],
    slowed: &Mutex<HashMap<String, DateTime<Utc>>>,
    stop: &CancellationToken,
) -> End {
    let slowed = || slowed.lock().unwrap_or_else(PoisonError::into_inner);
    let claimed_at = parcel.leased_until - LEASE;
    // Claims that came later have looked at its pace.
    let is_slowed = || {
        let slowed = slowed();
        !slowed.is_empty()
            && slowed.get(&provider_of(&parcel.address).key).is_some_and(|asked| claimed_at <= *asked)
    };
    if stop.is_cancelled() || desk.clock().now() - claimed_at > FRESH || is_slowed() {
        return End::Untouched;
    }
    let outcome = post.courier.send(parcel, mail).await;
    match &outcome {
        Outcome::Sent | Outcome::SentAs(_) => crash::point("after_smtp_250_before_mark"),
        Outcome::Retry(why) if asks_to_slow_down(why) => {
            slowed().insert(provider_of(&parcel.address).key, desk.clock().now());
        }
        _ => {}
    }
    End::Tried(outcome)
}

/// Records what became of mails, all that are there in one transaction. One that cannot be recorded ends the round; those
/// that are on their way then are still recorded.
async fn record(
    desk: &Desk,
    mut ended: mpsc::Receiver<(Parcel, End)>,
    stop: &CancellationToken,
    tally: &mut Tally,
) -> Result<usize> {
    let mut given_back = 0;
    let mut result = Ok(());
    let mut there = Vec::with_capacity(UNRECORDED);
    while ended.recv_many(&mut there, UNRECORDED).await > 0 {
        let (mut tried, mut untouched) = (Vec::new(), Vec::new());
        for (parcel, end) in there.drain(..) {
            match end {
                End::Tried(outcome) => tried.push((parcel, outcome)),
                End::Untouched => untouched.push(Attempt::from(&parcel)),
            }
        }
        given_back += untouched.len();
        let recorded = record_tried(desk, &tried, tally).await;
        if let Err(failure) = recorded.and(insist(|| desk.give_back(&untouched)).await) {
            stop.cancel();
            result = result.and(Err(failure));
        }
    }
    result.map(|()| given_back)
}

async fn record_tried(desk: &Desk, tried: &[(Parcel, Outcome)], tally: &mut Tally) -> Result<()> {
    if tried.is_empty() {
        return Ok(());
    }
    let ended: Vec<_> =
        tried.iter().map(|(parcel, outcome)| (Attempt::from(parcel), outcome.clone())).collect();
    let failure = match insist(|| desk.record_all(&ended)).await {
        Ok(nexts) => {
            for ((parcel, _), next) in tried.iter().zip(nexts) {
                tally.note(parcel, next.as_ref());
            }
            return Ok(());
        }
        Err(failure) => failure,
    };
    // One that can never be recorded must not take the others with it.
    for (one, (parcel, _)) in ended.chunks(1).zip(tried).filter(|_| tried.len() > 1) {
        if let Ok(nexts) = desk.record_all(one).await {
            tally.note(parcel, nexts.into_iter().next().flatten().as_ref());
        }
    }
    Err(failure)
}

/// A mail, with its bytes.
type Ready = (Parcel, Vec<u8>);

/// A batch, sorted by what can be done with it.
struct Prepared {
    /// To be handed over.
    ready: Vec<Ready>,
    /// What is not kept yet.
    to_seal: Vec<Composed>,
    /// What can never be a mail, and why.
    refused: Vec<(Parcel, String)>,
}

fn prepare(
    parcels: Vec<Parcel>,
    letterhead: &Letterhead,
    templates: &Templates,
) -> std::io::Result<Prepared> {
    let mut prepared = Prepared { ready: Vec::new(), to_seal: Vec::new(), refused: Vec::new() };
    for mut parcel in parcels {
        if let Some(sealed) = parcel.sealed.take() {
            prepared.ready.push((parcel, sealed));
            continue;
        }
        match compose(&parcel, letterhead, templates) {
            Ok(mail) => {
                // They lie in the mail now.
                parcel.files = None;
                prepared.to_seal.push(Composed::new(parcel.id, &parcel.cc, &mail)?);
                prepared.ready.push((parcel, mail));
            }
            Err(error) => prepared.refused.push((parcel, error.to_string())),
        }
    }
    Ok(prepared)
}

#[cfg(test)]
#[path = "round_tests.rs"]
mod tests;
