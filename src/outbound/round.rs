//! One round of the outbox, in stages that go on at once: mails are claimed, composed and kept, they leave over the courier's lanes,
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
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// How many deliveries one claim leases: what it costs to claim them and to keep their bytes is shared by them.
pub const BATCH: i64 = 32;

/// The same where the lanes are quick.
const QUICK_BATCH: i64 = 64;

/// How many batches may have mails that have not begun, so that the next are claimed, composed and kept while those before leave; one
/// more where the lanes are quick. After a kill they rest until their lease ends and count as tried, and where the lanes are slow
/// their turn must come before [`FRESH`] is over; so they are not more.
const BATCHES: usize = 2;

/// A batch that the lanes took within this time was too small for them.
const QUICK: TimeDelta = TimeDelta::seconds(2);

/// How many mails that left may wait for their record, beside as many that are being recorded. A server that is quicker than our disk
/// waits for it, so that after a kill few mails leave a second time; with fewer it would wait whenever the next mails are claimed
/// and kept.
const UNRECORDED: usize = 32;

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

/// The stages; how many mails were given back.
async fn go_round(
    desk: &Desk,
    post: &PostRoom,
    stop: &CancellationToken,
    tally: &mut Tally,
) -> Result<usize> {
    let ahead = Ahead::default();
    let (ready, to_send) = mpsc::channel::<Ready>(QUICK_BATCH as usize);
    let (ended, to_record) = mpsc::channel(UNRECORDED);
    let refused = ended.clone();
    let ahead = &ahead;
    let leave = async move {
        let (waiting, slowed) = (tokio::sync::Mutex::new(to_send), Mutex::default());
        let (over, ended) = (CancellationToken::new(), &ended);
        let next = async || {
            let mut waiting = waiting.lock().await;
            if waiting.is_empty() {
                ahead.is_waited_for();
            }
            waiting.recv().await
        };
        let lane = async || {
            while let Some(Ready { parcel, mail, place }) = next().await {
                drop(place);
                let end = send(desk, post, &parcel, &mail, ahead, &slowed, stop).await;
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
            while let Some(Ready { parcel, .. }) = next().await {
                _ = ended.send((parcel, End::Untouched)).await;
            }
        };
        tokio::join!(lanes, sweep);
    };
    let (claimed, to_compose) = mpsc::channel(1);
    let (composed, to_keep) = mpsc::channel(1);
    let ((count, taken), made, kept, (), recorded) = tokio::join!(
        claim(desk, ahead, stop, claimed),
        make(desk, post, stop, to_compose, composed),
        keep(desk, stop, to_keep, ready, refused),
        leave,
        record(desk, to_record, stop, tally)
    );
    tally.count.add(&count);
    taken.and(made).and(kept).and(recorded)
}

/// How far the claims may be ahead of the lanes.
struct Ahead {
    /// A place for each batch.
    places: Arc<Semaphore>,
    /// The last mail began within [`QUICK`] of its claim.
    began_soon: AtomicBool,
    /// The lanes had to wait for the next mail although the one before it had begun so soon.
    is_quick: AtomicBool,
}

impl Default for Ahead {
    fn default() -> Ahead {
        Ahead {
            places: Arc::new(Semaphore::new(BATCHES)),
            began_soon: AtomicBool::new(false),
            is_quick: AtomicBool::new(false),
        }
    }
}

impl Ahead {
    fn note_beginning(&self, since_claim: TimeDelta) {
        self.began_soon.store(since_claim < QUICK, Ordering::Relaxed);
    }

    /// A lane has nothing to do.
    fn is_waited_for(&self) {
        if self.began_soon.load(Ordering::Relaxed) && !self.is_quick.swap(true, Ordering::Relaxed) {
            self.places.add_permits(1);
        }
    }

    /// How many deliveries the next claim takes.
    fn batch(&self) -> i64 {
        if self.is_quick.load(Ordering::Relaxed) { QUICK_BATCH } else { BATCH }
    }
}

/// The place of a batch, held by those of its mails that have not begun.
type Place = Arc<OwnedSemaphorePermit>;

/// Claims what is due, batch by batch, while there is a place for them.
async fn claim(
    desk: &Desk,
    ahead: &Ahead,
    stop: &CancellationToken,
    claimed: mpsc::Sender<(Vec<Parcel>, Place)>,
) -> (DeliverCount, Result<()>) {
    let mut count = DeliverCount::default();
    // The semaphore is never closed.
    while let Ok(place) = Arc::clone(&ahead.places).acquire_owned().await {
        if stop.is_cancelled() {
            break;
        }
        let Claim { parcels, skipped, uncertain, put_off } = match desk.claim(ahead.batch()).await {
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
        // The stage behind listens for as long as this one speaks.
        _ = claimed.send((parcels, Arc::new(place))).await;
    }
    (count, Ok(()))
}

/// Makes what was claimed mails, on a worker: it costs CPU, and the other stages go on meanwhile.
async fn make(
    desk: &Desk,
    post: &PostRoom,
    stop: &CancellationToken,
    mut claimed: mpsc::Receiver<(Vec<Parcel>, Place)>,
    composed: mpsc::Sender<(Prepared, Place)>,
) -> Result<()> {
    let mut result = Ok(());
    while let Some((parcels, place)) = claimed.recv().await {
        let attempts: Vec<_> = parcels.iter().map(Attempt::from).collect();
        if stop.is_cancelled() {
            result = result.and(insist(|| desk.give_back(&attempts)).await);
            continue;
        }
        let (letterhead, templates) = (Arc::clone(&post.letterhead), Arc::clone(&post.templates));
        let prepared = spawn_blocking(move || prepare(parcels, &letterhead, &templates)).await;
        match prepared.map_err(Into::into).flatten() {
            // The stage behind listens for as long as this one speaks.
            Ok(prepared) => _ = composed.send((prepared, place)).await,
            Err(error) => {
                stop.cancel();
                let given_back = insist(|| desk.give_back(&attempts)).await;
                result = result.and(given_back).and(Err(error.into()));
            }
        }
    }
    result
}

/// Keeps the bytes of mails, and sends them on. What can never be a mail goes to the recorder at once; what is not to begin any
/// more, or is not kept, goes there untouched.
async fn keep(
    desk: &Desk,
    stop: &CancellationToken,
    mut composed: mpsc::Receiver<(Prepared, Place)>,
    ready: mpsc::Sender<Ready>,
    ended: mpsc::Sender<(Parcel, End)>,
) -> Result<()> {
    let mut result = Ok(());
    while let Some((Prepared { mails, to_seal, refused }, place)) = composed.recv().await {
        for (parcel, why) in refused {
            _ = ended.send((parcel, End::Tried(Outcome::Failed(why)))).await;
        }
        let sealed = match stop.is_cancelled() {
            true => Ok(()),
            false => insist(|| desk.seal(&to_seal)).await,
        };
        drop(to_seal);
        crash::point("after_lease_before_send");
        for (parcel, mail) in mails {
            let room = match &sealed {
                Err(_) => None,
                Ok(()) => tokio::select! {
                    biased;
                    () = stop.cancelled() => None,
                    room = ready.reserve() => room.ok(),
                },
            };
            match room {
                Some(room) => room.send(Ready { parcel, mail, place: Arc::clone(&place) }),
                None => _ = ended.send((parcel, End::Untouched)).await,
            }
        }
        if let Err(failure) = sealed {
            stop.cancel();
            result = result.and(Err(failure));
        }
    }
    result
}

/// Hands one mail to the courier, unless it was claimed too long ago, its provider asked for fewer mails since, or nothing more is
/// to begin.
async fn send(
    desk: &Desk,
    post: &PostRoom,
    parcel: &Parcel,
    mail: &[u8],
    ahead: &Ahead,
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
    let since_claim = desk.clock().now() - claimed_at;
    if stop.is_cancelled() || since_claim > FRESH || is_slowed() {
        return End::Untouched;
    }
    ahead.note_beginning(since_claim);
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

/// A mail that waits for a lane.
struct Ready {
    parcel: Parcel,
    mail: Vec<u8>,
    #[allow(dead_code, reason = "held for its drop")]
    place: Place,
}

/// A batch, sorted by what can be done with it.
struct Prepared {
    /// To be handed over, with their bytes.
    mails: Vec<(Parcel, Vec<u8>)>,
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
    let mut prepared = Prepared { mails: Vec::new(), to_seal: Vec::new(), refused: Vec::new() };
    for mut parcel in parcels {
        if let Some(sealed) = parcel.sealed.take() {
            prepared.mails.push((parcel, sealed));
            continue;
        }
        match compose(&parcel, letterhead, templates) {
            Ok(mail) => {
                // They lie in the mail now.
                parcel.files = None;
                prepared.to_seal.push(Composed::new(parcel.id, &parcel.cc, &mail)?);
                prepared.mails.push((parcel, mail));
            }
            Err(error) => prepared.refused.push((parcel, error.to_string())),
        }
    }
    Ok(prepared)
}

#[cfg(test)]
#[path = "round_tests.rs"]
mod tests;
