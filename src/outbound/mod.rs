//! The door for mail out: claims what is due, makes it a mail, hands it to a courier, records what became of it.
//!
//! A mail's bytes are kept before the first attempt, so that a second one sends the same. Everything that decides
//! (when, how often, whether still) is the desk's. May import: desk, domain, wording, config, crash.

pub mod canary;
pub mod compose;
pub mod maildir;
pub mod published;
pub mod push;
pub mod smtp;
mod smtp_line;
pub mod webhook;

use crate::crash;
use crate::desk::attend::{Sleeps, Work, attend};
use crate::desk::deliver::{Claim, Parcel};
use crate::desk::{Desk, Failure, Result};
use crate::domain::delivery::{Channel, Next, Outcome};
use crate::domain::ids::DeliveryId;
use crate::wording::templates::Templates;
use chrono::{DateTime, Utc};
use compose::{Letterhead, compose};
use futures_util::{StreamExt, stream};
use maildir::MaildirCourier;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Serialize;
use smtp::{LANES, SmtpCourier};
use std::collections::HashSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How many deliveries are leased at once. Small: the last of them must leave before the lease ends, however slow
/// the server is.
pub const BATCH: i64 = 8;

/// How long the couriers sleep. What another process plans (the command line, a second instance) is found within the longest;
/// looking costs one indexed query.
const SLEEPS: Sleeps = Sleeps {
    shortest: Duration::from_secs(1),
    longest: Duration::from_secs(2),
    broken: Duration::from_secs(10),
};

/// How often the record of an outcome is tried, and the wait between. A mail that left and is not recorded would
/// leave a second time.
const RECORD_TRIES: u32 = 5;
const RECORD_WAIT: Duration = Duration::from_millis(300);

/// By what road mails leave.
#[derive(Debug)]
pub enum Courier {
    /// A submission server.
    Smtp(Box<SmtpCourier>),
    /// Files in a Maildir.
    Maildir(MaildirCourier),
}

impl Courier {
    /// Carries these bytes to the parcel's recipient.
    async fn send(&self, parcel: &Parcel, mail: &[u8]) -> Outcome {
        self.carry(&parcel.address, &parcel.message_id, mail).await
    }

    /// Carries a mail of this id to an address.
    async fn carry(&self, address: &str, message_id: &str, mail: &[u8]) -> Outcome {
        match self {
            Courier::Smtp(courier) => courier.send(address, mail).await,
            Courier::Maildir(courier) => courier.send(message_id, address, mail).await,
        }
    }

    /// There is nothing more to carry for now.
    async fn rest(&self) {
        if let Courier::Smtp(courier) = self {
            courier.rest().await;
        }
    }
}

/// What it takes to make mails and to carry them.
#[derive(Debug)]
pub struct PostRoom {
    /// The road.
    pub courier: Courier,
    /// What all mails share.
    pub letterhead: Letterhead,
    /// Their words.
    pub templates: Templates,
}

/// What became of the deliveries that were due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DeliverCount {
    /// Accepted by the next hop.
    pub sent: u64,
    /// Will be tried again.
    pub retry: u64,
    /// Of those, who only waited: for the turn of their provider, or since their recipient had many lately.
    #[serde(skip)]
    pub waiting: u64,
    /// Given up.
    pub failed: u64,
    /// Not to leave any more: the preference changed, or a later notice took the place.
    pub skipped: u64,
    /// May have arrived twice over; a CM decides.
    pub uncertain: u64,
}

impl DeliverCount {
    /// Adds what a later drain did.
    pub fn add(&mut self, more: &DeliverCount) {
        self.sent += more.sent;
        self.retry += more.retry;
        self.waiting += more.waiting;
        self.failed += more.failed;
        self.skipped += more.skipped;
        self.uncertain += more.uncertain;
    }
}

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

/// Sends what is due, once: at most `limit` deliveries, and each at most one time.
///
/// # Errors
/// The database's. What was leased and not recorded comes back when its lease ends.
pub async fn deliver(desk: &Desk, post: &PostRoom, limit: i64) -> Result<DeliverCount> {
    drain(desk, post, limit, &CancellationToken::new()).await
}

/// Sends what becomes due, until `cancel`; what is in hand then is still finished.
pub async fn run(desk: Desk, post: PostRoom, cancel: CancellationToken) {
    attend(&desk, &post, SLEEPS, &cancel).await;
}

impl Work for PostRoom {
    fn name(&self) -> &str {
        Channel::Email.as_str()
    }

    async fn do_due(&self, desk: &Desk, cancel: &CancellationToken) -> Result<()> {
        drain(desk, self, i64::MAX, cancel).await.map(drop)
    }

    async fn next_due(&self, desk: &Desk) -> Result<Option<DateTime<Utc>>> {
        desk.next_due(Channel::Email).await
    }

    async fn rings(&self, desk: &Desk) {
        desk.outbox_rings().await;
    }
}

async fn drain(desk: &Desk, post: &PostRoom, limit: i64, cancel: &CancellationToken) -> Result<DeliverCount> {
    let mut tally = Tally::default();
    let mut room = limit;
    let mut outcome = Ok(());
    while room > 0 && !cancel.is_cancelled() && outcome.is_ok() {
        let Claim { parcels, skipped, uncertain, put_off } = match desk.claim(room.min(BATCH)).await {
            Ok(claim) => claim,
            Err(failure) => {
                outcome = Err(failure);
                break;
            }
        };
        tally.count.skipped += skipped;
        tally.count.uncertain += uncertain;
        tally.count.retry += put_off;
        tally.count.waiting += put_off;
        if parcels.is_empty() && skipped + put_off == 0 {
            break;
        }
        room -= parcels.len() as i64;
        outcome = send_batch(desk, post, parcels, &mut tally).await;
    }
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
    outcome.map(|()| count)
}

async fn send_batch(desk: &Desk, post: &PostRoom, parcels: Vec<Parcel>, tally: &mut Tally) -> Result<()> {
    let Prepared { ready, to_seal, refused } = prepare(parcels, &post.letterhead, &post.templates);
    for (parcel, why) in refused {
        let next = record(desk, &parcel, Outcome::Failed(why)).await?;
        tally.note(&parcel, next.as_ref());
    }
    if !to_seal.is_empty() {
        desk.seal(&to_seal).await?;
    }
    crash::point("after_lease_before_send");

    let mut sends = stream::iter(ready)
        .map(|(parcel, mail)| async move {
            let outcome = post.courier.send(&parcel, &mail).await;
            (parcel, outcome)
        })
        .buffer_unordered(LANES);
    let mut first_failure = Ok(());
    while let Some((parcel, outcome)) = sends.next().await {
        if matches!(outcome, Outcome::Sent | Outcome::SentAs(_)) {
            crash::point("after_smtp_250_before_mark");
        }
        match record(desk, &parcel, outcome).await {
            Ok(next) => tally.note(&parcel, next.as_ref()),
            // The others are on their way already, and are recorded too.
            Err(failure) if first_failure.is_ok() => first_failure = Err(failure),
            Err(_) => {}
        }
    }
    first_failure
}

/// A batch, sorted by what can be done with it.
struct Prepared {
    /// With their bytes.
    ready: Vec<(Parcel, Vec<u8>)>,
    /// Bytes that are not kept yet.
    to_seal: Vec<(DeliveryId, Vec<u8>)>,
    /// What can never be a mail, and why.
    refused: Vec<(Parcel, String)>,
}

fn prepare(parcels: Vec<Parcel>, letterhead: &Letterhead, templates: &Templates) -> Prepared {
    let mut prepared = Prepared { ready: Vec::new(), to_seal: Vec::new(), refused: Vec::new() };
    for mut parcel in parcels {
        if let Some(sealed) = parcel.sealed.take() {
            prepared.ready.push((parcel, sealed));
            continue;
        }
        match compose(&parcel, letterhead, templates) {
            Ok(mail) => {
                prepared.to_seal.push((parcel.id, mail.clone()));
                prepared.ready.push((parcel, mail));
            }
            Err(error) => prepared.refused.push((parcel, error.to_string())),
        }
    }
    prepared
}

async fn record(desk: &Desk, parcel: &Parcel, outcome: Outcome) -> Result<Option<Next>> {
    insist(|| desk.record(parcel, outcome.clone())).await
}

/// Writes what became of an attempt, again while the database is away.
async fn insist<F, N>(record: impl Fn() -> F) -> Result<Option<N>>
where
    F: Future<Output = Result<Option<N>>>,
{
    let mut tried = 1;
    loop {
        match record().await {
            Err(Failure::Broken(_)) if tried < RECORD_TRIES => tokio::time::sleep(RECORD_WAIT * tried).await,
            result => return result,
        }
        tried += 1;
    }
}

/// The wait that an answer asks for (RFC 9110 section 10.2.3): seconds, or a date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let asked = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match asked.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => (DateTime::parse_from_rfc2822(asked).ok()?.to_utc() - now).to_std().ok(),
    }
}

/// Why nobody was reached, down to what the system says; without the address, which may be a secret.
fn deepest_cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

#[cfg(test)]
#[path = "mod_tests.rs"]
mod tests;
