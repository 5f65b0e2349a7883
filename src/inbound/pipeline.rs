//! From raw bytes to committed rows: many mails at a time, in order, in bounded memory.
//!
//! May import: desk, config, crash, reading, inbound::fault.
//!
//! Three stages run at once: a source fetches the next batch, workers prepare the ones before it, and one writer
//! commits in the order of the batches. So a cursor never passes a mail that is not committed, and a batch is
//! reported (to be flagged, moved or deleted at its source) only after its commit.

use super::fault::FetchError;
use crate::config::Limits;
use crate::desk::Desk;
use crate::desk::receive::{Arrived, Cursor, Filed};
use crate::desk::reconcile::Known;
use crate::reading::{self, identity};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;

/// Most mails of one batch: one FETCH, one transaction.
pub const BATCH_MAILS: usize = 500;
/// Most bytes of one batch, unless one mail alone is larger.
pub const BATCH_BYTES: u64 = 4 << 20;
/// Batches that wait for the writer.
const WAITING: usize = 2;
/// Raw mail in hand at any time, in KiB: beyond it the source waits for the writer. Enough for a batch that is being
/// committed, one that is prepared and one that is fetched; a mail takes about three times its size on its way.
const BUDGET: u32 = 12 << 10;

/// A mail as its source gave it.
#[derive(Debug)]
pub enum Raw {
    /// All of it.
    Whole(Vec<u8>),
    /// What could be had of it, and why not more: kept for a CM to see, never parsed.
    Part(Vec<u8>, &'static str),
}

/// Mails on their way to the writer. `K` names a mail at its source: a UID, a file.
#[derive(Debug)]
pub struct Batch<K> {
    /// What may be settled at the source once the batch is committed.
    pub keys: Vec<K>,
    /// The mails, being prepared by a worker.
    pub arrived: JoinHandle<Vec<Arrived>>,
    /// How far the mailbox is taken in with this batch.
    pub cursor: Option<Cursor>,
    /// Which UIDs need no further look with it.
    pub known: Option<Known>,
    /// Its share of the memory, given back after the commit.
    pub share: Share,
}

/// What became of a batch: it is safely stored.
#[derive(Debug)]
pub struct Committed<K> {
    /// What may be settled at the source.
    pub keys: Vec<K>,
    /// How far the mailbox is taken in.
    pub cursor: Option<Cursor>,
    /// One for each mail.
    pub filed: Vec<Filed>,
}

/// The source's end of the pipeline.
#[derive(Debug)]
pub struct Intake<K> {
    batches: mpsc::Sender<Batch<K>>,
    budget: Arc<Semaphore>,
    limits: Limits,
}

/// A share of the memory.
#[derive(Debug)]
pub struct Share(#[allow(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl<K> Intake<K> {
    /// A pipeline, and the end that the writer reads.
    pub fn new(limits: Limits) -> (Intake<K>, mpsc::Receiver<Batch<K>>) {
        let (batches, inbox) = mpsc::channel(WAITING);
        (Intake { batches, budget: Arc::new(Semaphore::new(BUDGET as usize)), limits }, inbox)
    }

    /// Waits until there is room for this many bytes of raw mail. One mail larger than all there is takes all.
    pub async fn room(&self, bytes: u64) -> Share {
        let share = u32::try_from(bytes >> 10).unwrap_or(BUDGET).saturating_add(1).min(BUDGET);
        let permit = Arc::clone(&self.budget).acquire_many_owned(share).await;
        Share(permit.expect("the semaphore is never closed"))
    }

    /// Sends mails on; a worker begins to prepare them at once. `false`: the writer has stopped.
    pub async fn send(
        &self,
        keys: Vec<K>,
        mails: Vec<Raw>,
        cursor: Option<Cursor>,
        known: Option<Known>,
        share: Share,
    ) -> bool {
        let limits = self.limits.clone();
        let arrived = tokio::task::spawn_blocking(move || prepare_all(mails, &limits));
        self.batches.send(Batch { keys, arrived, cursor, known, share }).await.is_ok()
    }
}

/// The writer: commits batch after batch until the source is done.
///
/// # Errors
/// [`FetchError::Store`] at the first batch that cannot be committed; nothing after it is tried, so the cursor
/// stays before it.
pub async fn take_in<K>(
    desk: Desk,
    mailbox: String,
    mut inbox: mpsc::Receiver<Batch<K>>,
    report: mpsc::UnboundedSender<Committed<K>>,
) -> Result<(), FetchError> {
    while let Some(Batch { keys, arrived, cursor, known, share }) = inbox.recv().await {
        let arrived = arrived.await.map_err(|error| FetchError::Store(error.into()))?;
        let filed = desk.receive_known(&mailbox, arrived, cursor, known).await?;
        crate::crash::point("after_commit_before_flag");
        drop(share);
        if report.send(Committed { keys, cursor, filed }).is_err() {
            // Nobody is left to settle what is committed: the source was given up, stop with it.
            break;
        }
    }
    Ok(())
}

/// Prepares one whole mail for the desk: digest, identity, compression, parse. Costs CPU: call it on a worker.
pub fn prepare(raw: Vec<u8>, limits: &Limits) -> Arrived {
    prepare_raw(Raw::Whole(raw), limits)
}

fn prepare_all(mails: Vec<Raw>, limits: &Limits) -> Vec<Arrived> {
    mails.into_iter().map(|mail| prepare_raw(mail, limits)).collect()
}

fn prepare_raw(mail: Raw, limits: &Limits) -> Arrived {
    let (raw, parsed) = match mail {
        Raw::Whole(raw) => {
            let parsed = reading::read(&raw, limits);
            (raw, parsed)
        }
        Raw::Part(raw, why) => (raw, Err(why)),
    };
    let (sha256, identity) = (identity::sha256_hex(&raw), identity::identity(&raw));
    Arrived::new(&raw, sha256, identity, parsed).expect("packing needs memory only")
}

/// Cuts what is waiting into batches: by count, and by bytes. A mail larger than the byte bound is alone.
pub fn portions<T>(mails: &[T], bytes: impl Fn(&T) -> u64) -> Vec<&[T]> {
    let mut portions = Vec::new();
    let (mut start, mut sum) = (0, 0u64);
    for (at, mail) in mails.iter().enumerate() {
        let size = bytes(mail);
        if at > start && (at - start >= BATCH_MAILS || sum.saturating_add(size) > BATCH_BYTES) {
            portions.push(&mails[start..at]);
            (start, sum) = (at, 0);
        }
        sum = sum.saturating_add(size);
    }
    if start < mails.len() {
        portions.push(&mails[start..]);
    }
    portions
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limits() -> Limits {
        Limits { max_mail_bytes: 1 << 20, max_attachment_bytes: 1 << 20 }
    }

    proptest! {
        #[test]
        fn portions_keep_order_and_bounds(sizes in prop::collection::vec(0u64..6_000_000, 0..1500)) {
            let portions = portions(&sizes, |size| *size);
            prop_assert_eq!(&portions.concat(), &sizes);
            for portion in portions {
                prop_assert!(!portion.is_empty() && portion.len() <= BATCH_MAILS);
                prop_assert!(portion.len() == 1 || portion.iter().sum::<u64>() <= BATCH_BYTES);
            }
        }
    }

    #[tokio::test]
    async fn memory_is_shared_out_and_given_back() {
        let (intake, _inbox) = Intake::<u32>::new(limits());
        let all = intake.room(1 << 40).await;
        assert_eq!(intake.budget.available_permits(), 0);
        drop(all);
        let _small = intake.room(0).await;
        assert_eq!(intake.budget.available_permits(), BUDGET as usize - 1);
    }

    #[tokio::test]
    async fn batches_reach_the_writer_in_order_and_prepared() {
        let (intake, mut inbox) = Intake::new(limits());
        let writer = tokio::spawn(async move {
            let mut keys = Vec::new();
            while let Some(batch) = inbox.recv().await {
                assert_eq!(batch.arrived.await.unwrap().len(), batch.keys.len());
                keys.extend(batch.keys);
            }
            keys
        });
        for key in 0..20u32 {
            let share = intake.room(1000).await;
            assert!(intake.send(vec![key], vec![Raw::Whole(vec![b'x'; 1000])], None, None, share).await);
        }
        drop(intake);
        assert_eq!(writer.await.unwrap(), (0..20).collect::<Vec<u32>>());
    }
}
