//! SQLite's connection that writes: one, for which the program's writers queue. May import: sqlx.

use super::{BUSY_TIMEOUT, Result};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection as _, Sqlite, SqliteConnection, Transaction};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

/// The connection that writes. A pool of one would have another thread ask it after each transaction whether it still answers,
/// and a file does not go away as a server does.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    options: Arc<SqliteConnectOptions>,
    place: Arc<Mutex<Place>>,
}

/// Where the connection is.
#[derive(Debug)]
enum Place {
    Open(SqliteConnection),
    /// It did not begin a transaction: the next writer opens another.
    Lost,
    /// Nobody writes any more.
    Closed,
}

impl Writer {
    pub(super) async fn open(options: SqliteConnectOptions) -> Result<Writer> {
        let connection = options.connect().await?;
        Ok(Writer { options: Arc::new(options), place: Arc::new(Mutex::new(Place::Open(connection))) })
    }

    /// Begins a transaction that may write, once those who asked before have ended theirs.
    pub(super) async fn begin(&self) -> Result<Writing> {
        let mut writing = Writing { held: Some(self.hold().await?) };
        // IMMEDIATE: a transaction that reads first and writes later would be refused half-way.
        let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut *writing).await;
        if begun.is_err()
            && let Some(mut place) = writing.held.take()
        {
            *place = Place::Lost;
        }
        begun.map(|_| writing)
    }

    /// Calls `act` with the connection, outside of a transaction.
    pub(super) async fn with<T>(&self, act: impl AsyncFnOnce(&mut SqliteConnection) -> T) -> Result<T> {
        let mut place = self.hold().await?;
        let Place::Open(connection) = &mut *place else { return Err(sqlx::Error::PoolClosed) };
        let done = act(connection).await;
        // Its own transaction, which SQLite may have ended by itself without the driver's knowledge.
        if connection.is_in_transaction() {
            *place = Place::Lost;
        }
        Ok(done)
    }

    /// Waits for who writes, then closes the connection for good.
    pub(super) async fn close(&self) {
        if let Place::Open(connection) = std::mem::replace(&mut *self.place.lock().await, Place::Closed) {
            _ = connection.close().await;
        }
    }

    async fn hold(&self) -> Result<OwnedMutexGuard<Place>> {
        let waiting = timeout(BUSY_TIMEOUT, Arc::clone(&self.place).lock_owned());
        let mut place = waiting.await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        if matches!(*place, Place::Lost) {
            *place = Place::Open(self.options.connect().await?);
        }
        if matches!(*place, Place::Closed) { Err(sqlx::Error::PoolClosed) } else { Ok(place) }
    }
}

/// A transaction that may write. Dropped before its commit, everything is taken back.
#[derive(Debug)]
pub(crate) struct Writing {
    /// An open connection, until the transaction ended.
    held: Option<OwnedMutexGuard<Place>>,
}

impl Writing {
    async fn commit(mut self) -> Result<()> {
        sqlx::query("COMMIT").execute(&mut *self).await?;
        self.held = None;
        Ok(())
    }
}

impl Deref for Writing {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self.held.as_deref() {
            Some(Place::Open(connection)) => connection,
            _ => unreachable!("held open until it ended"),
        }
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self.held.as_deref_mut() {
            Some(Place::Open(connection)) => connection,
            _ => unreachable!("held open until it ended"),
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let Some(mut place) = self.held.take() else { return };
        // Outside of a runtime the program ends, and SQLite takes back what was not committed.
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Place::Open(connection) = &mut *place {
                // After a full disk SQLite ended it by itself: then there is nothing to take back.
                _ = sqlx::query("ROLLBACK").execute(connection).await;
            }
        });
    }
}

/// A transaction on SQLite.
#[derive(Debug)]
pub(crate) enum SqliteTx {
    /// It only reads.
    Reading(Transaction<'static, Sqlite>),
    /// It may write.
    Writing(Writing),
}

impl SqliteTx {
    pub(super) async fn commit(self) -> Result<()> {
        match self {
            SqliteTx::Reading(transaction) => transaction.commit().await,
            SqliteTx::Writing(writing) => writing.commit().await,
        }
    }
}

impl Deref for SqliteTx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            SqliteTx::Reading(transaction) => transaction,
            SqliteTx::Writing(writing) => writing,
        }
    }
}

impl DerefMut for SqliteTx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            SqliteTx::Reading(transaction) => transaction,
            SqliteTx::Writing(writing) => writing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    async fn writer() -> (tempfile::TempDir, Writer) {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("writer.db"))
            .create_if_missing(true)
            .busy_timeout(Duration::ZERO);
        let writer = Writer::open(options).await.unwrap();
        let made = async |connection: &mut SqliteConnection| {
            sqlx::query("CREATE TABLE kept (n INTEGER)").execute(connection).await
        };
        writer.with(made).await.unwrap().unwrap();
        (folder, writer)
    }

    async fn add(writing: &mut Writing) {
        sqlx::query("INSERT INTO kept VALUES (1)").execute(&mut **writing).await.unwrap();
    }

    async fn kept(writer: &Writer) -> i64 {
        let counted = async |connection: &mut SqliteConnection| {
            sqlx::query_scalar("SELECT COUNT(*) FROM kept").fetch_one(connection).await
        };
        writer.with(counted).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn what_is_dropped_before_its_commit_is_taken_back_before_the_next_writes() {
        let (_folder, writer) = writer().await;
        let mut writing = writer.begin().await.unwrap();
        add(&mut writing).await;
        drop(writing);
        let mut writing = writer.begin().await.unwrap();
        add(&mut writing).await;
        writing.commit().await.unwrap();
        assert_eq!(kept(&writer).await, 1);
        // One that nobody waits for any more while it begins leaves no transaction behind either.
        for polls in 0..6 {
            let patience = async {
                for _ in 0..polls {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                biased;
                begun = writer.begin() => drop(begun),
                () = patience => {}
            }
            let mut writing = writer.begin().await.unwrap();
            add(&mut writing).await;
            writing.commit().await.unwrap();
        }
        assert_eq!(kept(&writer).await, 7);
    }

    #[tokio::test]
    async fn a_transaction_that_does_not_begin_costs_its_connection_alone() {
        let (folder, writer) = writer().await;
        let aside = SqliteConnectOptions::new().filename(folder.path().join("writer.db"));
        let mut aside = aside.connect().await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut aside).await.unwrap();
        assert!(writer.begin().await.is_err(), "somebody else writes");
        sqlx::query("COMMIT").execute(&mut aside).await.unwrap();
        let mut writing = writer.begin().await.unwrap();
        add(&mut writing).await;
        writing.commit().await.unwrap();
        assert_eq!(kept(&writer).await, 1);
        writer.close().await;
        assert!(matches!(writer.begin().await, Err(sqlx::Error::PoolClosed)));
    }
}
