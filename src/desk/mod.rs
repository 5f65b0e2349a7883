//! The use cases: everything that doors ask for, and the only writer of tickets.
//!
//! Each call reads the clock once and passes `now` down. May import: domain, command, view, wording, reading, oauth,
//! webpush, config, store, clock, crash.

pub mod agents;
pub mod alerts;
pub mod answer;
mod apply;
pub mod attend;
pub mod audit;
pub mod board;
pub mod canary;
mod canned;
pub mod chat;
mod colleague;
pub mod deliver;
mod done;
pub mod drafts;
mod escalate;
mod failure;
pub mod feedback;
mod file;
mod follow;
mod forms;
mod forwarded;
pub mod host;
mod known;
mod later;
pub mod links;
pub mod mend;
mod merge;
pub mod opened;
pub mod operations;
mod pace;
pub mod people;
pub mod posted;
pub mod privacy;
pub mod push;
pub mod receive;
pub mod reconcile;
pub mod report;
pub mod requester;
pub mod resources;
pub mod retention;
pub mod rituals;
pub mod run;
pub mod sent;
pub mod shelf;
pub mod sign_in;
mod split;
pub mod suggest;
mod tags;
mod taking_part;
mod thread;
mod tick;
mod timetable;
pub mod tokens;
pub mod totp;
mod upkeep;
pub mod webhook;

pub use canned::Restored;
pub use failure::{Failure, Result};

use crate::clock::Clock;
use crate::domain::audit::By;
use crate::domain::chat::Platform;
use crate::domain::hex::hex;
use crate::domain::ids::TicketId;
use crate::domain::refusal::Refusal;
use crate::domain::rules::Rules;
use crate::domain::ticket::Ticket;
use crate::domain::webhook::Hook;
use crate::store::{Store, Tx};
use crate::wording::canned::Catalogue;
use links::Signer;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use shelf::Shelf;
use std::cell::RefCell;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

/// What the desk must know of the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The host part of the Message-IDs we mint: that of the address we write from.
    pub mail_host: String,
    /// Our addresses, in the form of `normal_address`: mail from them is our own echo, and none of them takes part in a
    /// ticket.
    pub own_addresses: Vec<String>,
    /// Whether our mails ask to be answered at an address that names their ticket.
    pub plus_addresses: bool,
    /// The authserv-ids of our mail servers (RFC 8601): what they say of a mail's sender is believed.
    pub authserv_ids: Vec<String>,
    /// Where the pages are seen from outside, for the links in our mails: `https://support.example`.
    pub public_url: String,
    /// The brand that our mails are signed with.
    pub brand: String,
    /// The adjustable numbers.
    pub rules: Rules,
    /// The standard replies as they came: built in, or of the operator's folder.
    pub catalogue: Catalogue,
    /// The folder of the knowledge base, which need not be there.
    pub docs_dir: PathBuf,
    /// Where the team is told of what happens.
    pub chats: Vec<Platform>,
    /// Which endpoints of the host application are told what happens, and of what.
    pub hooks: Vec<Hook>,
    /// What browsers know our pushes by: our public key (RFC 8292), in URL-safe base64. `None`: nothing is pushed.
    pub push_key: Option<String>,
    /// Whether a copy of each mail that leaves is kept in a folder of an account.
    pub keeps_sent: bool,
}

/// The desk. Cheap to clone; every door holds one.
#[derive(Debug, Clone)]
pub struct Desk {
    inner: Arc<Inner>,
    /// For whom it acts, where the audit log is to tell.
    by: Option<Arc<By>>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    clock: Clock,
    settings: Settings,
    /// The pages of the knowledge base.
    shelf: Arc<Shelf>,
    /// Vouches for the Message-IDs we mint; made once, kept in the database.
    minting_key: hmac::Key,
    /// Makes and reads the requesters' links, with a key derived from the same secret.
    links: Signer,
    /// Rung after every commit that planned a delivery.
    outbox_bell: Notify,
    /// The same, for whoever pushes.
    push_bell: Notify,
    /// Rung after every commit that planned a post, one for each platform.
    chat_bells: [Notify; 2],
    /// The same, one for each of `Settings::hooks`.
    hook_bells: Vec<Notify>,
    /// Questions to providers of tokens, whose answers must be kept.
    asks: TaskTracker,
    /// A mail provider wanted fewer mails lately, as the last claim or record found it.
    is_slowed: AtomicBool,
}

impl Desk {
    /// Opens the desk on a migrated database.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn open(store: Store, clock: Clock, settings: Settings) -> anyhow::Result<Desk> {
        const KEY: &str = "minting_key";
        let mut secret = store.read().await?.setting(KEY).await?;
        if secret.is_none() {
            let mut tx = store.begin().await?;
            tx.keep_setting(KEY, &random_hex()?).await?;
            secret = tx.setting(KEY).await?;
            tx.commit().await?;
        }
        let secret = secret.unwrap_or_default();
        let minting_key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let links = Signer::new(&minting_key, &settings.public_url);
        let hook_bells = settings.hooks.iter().map(|_| Notify::new()).collect();
        let (outbox_bell, push_bell, chat_bells, asks) =
            (Notify::new(), Notify::new(), Default::default(), TaskTracker::new());
        Ok(Desk {
            by: None,
            inner: Arc::new(Inner {
                store,
                clock,
                shelf: Arc::new(Shelf::new(settings.docs_dir.clone())),
                settings,
                minting_key,
                links,
                outbox_bell,
                push_bell,
                chat_bells,
                hook_bells,
                asks,
                is_slowed: AtomicBool::new(false),
            }),
        })
    }

    /// The clock that this desk goes by.
    pub fn clock(&self) -> Clock {
        self.inner.clock
    }

    /// The zone of our hours.
    pub fn zone(&self) -> chrono_tz::Tz {
        self.inner.settings.rules.sla.hours.zone
    }

    /// The adjustable numbers.
    pub fn rules(&self) -> &Rules {
        &self.inner.settings.rules
    }

    /// Our own addresses, in the form of `normal_address`.
    pub fn own_addresses(&self) -> &[String] {
        &self.inner.settings.own_addresses
    }

    /// Keeps what providers of tokens still answer, then closes the database; a SQLite file is left whole, without a
    /// journal beside it.
    pub async fn close(&self) {
        self.inner.asks.close();
        self.inner.asks.wait().await;
        self.inner.store.close().await;
    }

    /// Waits until a delivery was planned: for whoever sends mail.
    pub async fn outbox_rings(&self) {
        self.inner.outbox_bell.notified().await;
    }

    /// The same, for whoever pushes.
    pub async fn push_rings(&self) {
        self.inner.push_bell.notified().await;
    }
}

impl Inner {
    /// A delivery was planned, and is there to be seen.
    fn ring_outbox(&self) {
        self.outbox_bell.notify_one();
        self.push_bell.notify_one();
    }
}

/// The ticket, held for this transaction.
async fn locked(tx: &mut Tx, id: TicketId) -> Result<Ticket> {
    tx.lock_ticket(id).await?.ok_or(Failure::Refused(Refusal::NoSuchTicket(id)))
}

/// 32 random bytes in hex.
///
/// # Errors
/// When the machine has no randomness to give.
pub fn random_hex() -> anyhow::Result<String> {
    let mut bytes = [0u8; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| anyhow::anyhow!("no randomness from the system"))?;
    Ok(hex(&bytes))
}

/// A short code that stands in a person's sentence and in the operator's log line.
pub fn reference() -> String {
    let random = random_hex().unwrap_or_default();
    random.get(..6).unwrap_or("000000").to_uppercase()
}

/// Unpacks what was kept with zstd.
///
/// # Errors
/// When the bytes are damaged.
pub fn unpack(packed: &[u8]) -> anyhow::Result<Vec<u8>> {
    Ok(zstd::decode_all(packed)?)
}

/// How much of a mail is read for a line in a list, in bytes.
const HEAD: usize = 64 * 1024;
/// The same as it is packed: more than a first block of zstd (RFC 8878, 128 KiB at most) and what stands before it.
const PACKED_HEAD: i32 = 192 * 1024;

/// Unpacks the beginning of what was kept with zstd, of which the beginning may be all there is: at most [`HEAD`], as far as it
/// can be read.
fn unpack_head(packed: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    if let Ok(decoder) = zstd::Decoder::new(packed) {
        // What was read before it broke off is in there.
        let _ = decoder.take(HEAD as u64).read_to_end(&mut head);
    }
    head
}

/// Packs what is kept in the database: level 1, since it is done for every mail and undone rarely.
///
/// # Errors
/// When there is no memory for it.
pub fn pack(raw: &[u8]) -> std::io::Result<Vec<u8>> {
    thread_local! {
        /// Setting one up costs as much as packing a short mail.
        static PACKER: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    }
    let mut packed = PACKER.with_borrow_mut(|packer| match packer {
        Some(packer) => packer.compress(raw),
        None => packer.insert(zstd::bulk::Compressor::new(1)?).compress(raw),
    })?;
    // What was taken for the worst case is several times what is kept.
    packed.shrink_to_fit();
    Ok(packed)
}
