//! What a lead looks at to know how the desk itself fares: what it holds back, what did not leave, whom it does not write to;
//! and what sends that on its way again. May import: domain, store.

use super::people::read_person;
use super::webhook::Standing;
use super::{Desk, Inner, PACKED_HEAD, Result, unpack_head};
use crate::domain::alert::Alert;
use crate::domain::audit::{AuditDetail, AuditKind};
use crate::domain::delivery::{Channel, DeliveryState};
use crate::domain::ids::{DeliveryId, HookPostId, PostId, RawMailId};
use crate::domain::pace::{called, provider_of};
use crate::domain::people::normal_address;
use crate::store::Tx;
pub use crate::store::chat::RefusedPost;
pub use crate::store::outbox::Troubled;
pub use crate::store::suppressed::Suppressed;
use crate::store::webhook::GivenUp;
use chrono::{DateTime, TimeDelta, Utc};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

/// Rows of each list.
pub const ROWS: usize = 20;
/// What ended well is counted this far back.
pub const COUNTED_WITHIN: TimeDelta = TimeDelta::hours(24);
/// How many of the mails that wait are looked at, to tell for which providers.
const WAITING_SEEN: i64 = 1000;

/// From where on each list is read; `None`: from the newest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Behind {
    /// A held mail.
    pub held: Option<RawMailId>,
    /// A delivery, and since when it stands so.
    pub troubled: Option<(DateTime<Utc>, DeliveryId)>,
    /// A post.
    pub posts: Option<PostId>,
    /// An event, and when it was given up.
    pub given_up: Option<(DateTime<Utc>, HookPostId)>,
    /// An address that no mail goes to, by the mail that came back and when.
    pub suppressed: Option<(DateTime<Utc>, DeliveryId)>,
}

/// At most [`ROWS`] of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// There are more behind them.
    pub more: bool,
}

impl<T> Listed<T> {
    /// Of rows that were asked for with one more than are shown.
    fn of(mut rows: Vec<T>) -> Listed<T> {
        let more = rows.len() > ROWS;
        rows.truncate(ROWS);
        Listed { rows, more }
    }
}

/// One more than is shown tells whether there are more.
const ASKED: i64 = ROWS as i64 + 1;

/// A mail that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBack {
    /// Its number.
    pub id: RawMailId,
    /// Size of the raw bytes.
    pub bytes: i64,
    /// Why, in the journal's words.
    pub why: String,
    /// Since when.
    pub at: DateTime<Utc>,
    /// How it begins.
    pub head: Vec<u8>,
}

/// The mail to ourselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CanaryStanding {
    /// When the last one was sent.
    pub made_at: DateTime<Utc>,
    /// When it came back, if it did.
    pub returned_at: Option<DateTime<Utc>>,
    /// What the last that came back took.
    pub round_trip: Option<Duration>,
}

/// How the mails to a provider stand that takes turns, or asked for fewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderPace {
    /// What people call it, or its domain.
    pub name: String,
    /// How many of the first thousand mails that wait are for it.
    pub waiting: i64,
    /// Nothing leaves for it before then.
    pub closed_until: Option<DateTime<Utc>>,
    /// It asked for fewer mails.
    pub is_slowed: bool,
}

/// The database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// `SQLite` or `PostgreSQL`.
    pub product: &'static str,
    /// How large it is on disk, in bytes.
    pub bytes: i64,
}

/// How the desk fares, all of it at one moment.
#[derive(Debug, Clone)]
pub struct Operations {
    /// What needs a person, the oldest first.
    pub alerts: Vec<Alert>,
    /// `None` before the first.
    pub canary: Option<CanaryStanding>,
    /// How many mails wait for a person.
    pub held_count: i64,
    /// The mails that wait for a person.
    pub held: Listed<HeldBack>,
    /// How many deliveries stand where: all that wait or are in trouble, the others of the last [`COUNTED_WITHIN`].
    pub counts: Vec<(Channel, DeliveryState, i64)>,
    /// Since when the oldest waits, by channel.
    pub oldest: Vec<(Channel, DateTime<Utc>)>,
    /// The providers that mails wait for.
    pub paces: Vec<ProviderPace>,
    /// What failed, and what may have arrived.
    pub troubled: Listed<Troubled>,
    /// How many posts to chat wait or were refused, by platform and state.
    pub post_counts: Vec<(String, String, i64)>,
    /// What chat platforms refused.
    pub posts: Listed<RefusedPost>,
    /// How many copies of mails there are, by where they stand.
    pub copies: Vec<(String, i64)>,
    /// How the endpoints of the host application fare.
    pub hooks: Vec<Standing>,
    /// What they were not told.
    pub given_up: Listed<GivenUp>,
    /// How many addresses no mail goes to.
    pub suppressed_count: i64,
    /// The addresses that no mail goes to.
    pub suppressed: Listed<Suppressed>,
    /// The database.
    pub database: Database,
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// How the desk fares. `address`: only addresses that begin so, of those that no mail goes to; empty for all.
    pub async fn operations(&self, behind: &Behind, address: &str) -> Result<Operations> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.read().await?;
        let tx = &mut tx;
        let canary = tx.canary().await?.map(|canary| CanaryStanding {
            made_at: canary.made_at,
            returned_at: canary.returned_at,
            round_trip: canary
                .round_trip_ms
                .and_then(|taken| u64::try_from(taken).ok())
                .map(Duration::from_millis),
        });
        let held = tx.newest_held(behind.held, ASKED, PACKED_HEAD).await?.into_iter();
        let held = held.map(|mail| HeldBack {
            id: mail.id,
            bytes: mail.bytes,
            why: mail.why,
            at: mail.received_at,
            head: unpack_head(&mail.packed),
        });
        let suppressed = match address {
            "" => tx.newest_suppressed(behind.suppressed, ASKED).await?,
            prefix => tx.suppressed_like(&normal_address(prefix), ASKED).await?,
        };
        Ok(Operations {
            alerts: tx.alerts().await?,
            canary,
            held_count: tx.count_held().await?,
            held: Listed::of(held.collect()),
            counts: tx.count_standing(now - COUNTED_WITHIN).await?,
            oldest: tx.oldest_waiting().await?,
            paces: provider_paces(tx, now).await?,
            troubled: Listed::of(tx.troubled(behind.troubled, ASKED).await?),
            post_counts: tx.count_posts().await?,
            posts: Listed::of(tx.refused_posts(behind.posts, ASKED).await?),
            copies: tx.count_copies().await?,
            hooks: self.inner.hook_standings(tx).await?,
            given_up: Listed::of(tx.given_up_hook_posts(behind.given_up, ASKED).await?),
            suppressed_count: tx.count_suppressed().await?,
            suppressed: Listed::of(suppressed),
            database: self.inner.database(tx).await?,
        })
    }

    /// Has something posted again that a platform had refused. `false` when it is none of those.
    pub async fn post_again(&self, id: PostId) -> Result<bool> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        if tx.post_again(id, now).await?.is_none() {
            return Ok(false);
        }
        let detail = AuditDetail { sent: Some(id.0), ..AuditDetail::default() };
        self.tell_audit(&mut tx, AuditKind::PostResent, detail, now).await?;
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(true)
    }

    /// Has mail go to an address again that one came back from; a requester's or a participant's. `false` when no mail was kept
    /// from it.
    pub async fn resume_mail(&self, address: &str) -> Result<bool> {
        let now = self.inner.clock.now();
        let address = normal_address(address);
        let mut tx = self.inner.store.begin().await?;
        if !tx.lift_suppression(&address).await? {
            return Ok(false);
        }
        let requester = tx.requester_by_email(&address).await?.map(|requester| requester.id);
        let detail = AuditDetail { person: requester.map(|id| id.0), ..AuditDetail::default() };
        self.tell_audit(&mut tx, AuditKind::MailResumed, detail, now).await?;
        if requester.is_some() {
            let person = read_person(&mut tx, &address).await?;
            self.inner.tell_cards(&mut tx, person.open_tickets(), now).await?;
        }
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(true)
    }
}

impl Inner {
    async fn database(&self, tx: &mut Tx) -> Result<Database> {
        Ok(Database { product: self.store.product(), bytes: tx.database_bytes().await? })
    }
}

/// The providers that mails wait for, or that asked for fewer; the one that opens last first.
async fn provider_paces(tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<ProviderPace>> {
    let paces = tx.paces_seen().await?;
    if paces.is_empty() {
        return Ok(Vec::new());
    }
    let mut waiting: HashMap<String, i64> = HashMap::new();
    for address in tx.waiting_addresses(WAITING_SEEN).await? {
        *waiting.entry(provider_of(&address).key).or_default() += 1;
    }
    let mut shown: Vec<ProviderPace> = paces
        .into_iter()
        .map(|(key, pace)| ProviderPace {
            name: called(&key).to_owned(),
            waiting: waiting.get(&key).copied().unwrap_or_default(),
            closed_until: Some(pace.closed_until).filter(|until| *until > now),
            is_slowed: pace.is_slowed(now),
        })
        .filter(|pace| pace.waiting > 0 || pace.is_slowed || pace.closed_until.is_some())
        .collect();
    shown.sort_by_key(|pace| Reverse((pace.closed_until, pace.waiting)));
    shown.truncate(ROWS);
    Ok(shown)
}
