//! The door for mail out: claims what is due, makes it a mail, hands it to a courier, records what became of it.
//!
//! A mail's bytes are kept before the first attempt, so that a second one sends the same. Everything that decides
//! (when, how often, whether still) is the desk's. May import: desk, domain, dkim, oauth, reading, view, webpush,
//! wording, config, crash.

pub mod canary;
pub mod compose;
pub mod maildir;
pub mod published;
pub mod push;
pub mod round;
pub mod smtp;
mod smtp_line;
pub mod webhook;

use crate::desk::attend::{Sleeps, Work, attend};
use crate::desk::deliver::Parcel;
use crate::desk::{Desk, Failure, Result};
use crate::domain::delivery::{Channel, Outcome};
use crate::wording::templates::Templates;
use chrono::{DateTime, Utc};
use compose::Letterhead;
use maildir::MaildirCourier;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use round::drain;
use serde::Serialize;
use smtp::SmtpCourier;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

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
    pub letterhead: Arc<Letterhead>,
    /// Their words.
    pub templates: Arc<Templates>,
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

/// Sends what is due, once, and each mail at most one time.
///
/// # Errors
/// The database's. What was leased and not recorded comes back when its lease ends.
pub async fn deliver(desk: &Desk, post: &PostRoom) -> Result<DeliverCount> {
    drain(desk, post, &CancellationToken::new()).await
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
        drain(desk, self, cancel).await.map(drop)
    }

    async fn next_due(&self, desk: &Desk) -> Result<Option<DateTime<Utc>>> {
        desk.next_due(Channel::Email).await
    }

    async fn rings(&self, desk: &Desk) {
        desk.outbox_rings().await;
    }
}

/// Writes what became of an attempt, again while the database is away.
async fn insist<F, N>(record: impl Fn() -> F) -> Result<N>
where
    F: Future<Output = Result<N>>,
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
