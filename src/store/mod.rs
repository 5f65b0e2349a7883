//! The only SQL of the program: one database, SQLite or PostgreSQL, behind one set of plain functions.
//!
//! A [`Tx`] is the unit of work: nothing is visible to others before [`Tx::commit`], and dropping it takes
//! everything back. May import: domain, sqlx.

pub mod alerts;
mod audit;
mod canary;
mod canned;
pub mod chat;
pub mod dialect;
pub mod drafts;
pub mod forms;
mod known_uids;
pub mod lists;
pub mod mailbox;
pub mod messages;
pub mod notifications;
pub mod outbox;
mod pace;
pub mod participants;
pub mod people;
#[cfg(test)]
mod plans;
pub mod privacy;
mod push;
mod retention;
pub mod search;
pub mod sent;
pub mod sign_in;
pub mod suggest;
pub mod suppressed;
mod tags;
pub mod tickets;
mod timers;
pub mod tokens;
pub mod webhook;
mod writer;

use chrono::{DateTime, Utc};
use dialect::{Sql, execute, optional_scalar, scalar, statements};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, PgPool, Postgres, SqlitePool, Transaction};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use writer::{SqliteTx, Writer};

/// What the store answers: a value, or the database's own error.
pub type Result<T> = std::result::Result<T, sqlx::Error>;

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How long PostgreSQL may take to answer when the program starts.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a writer waits for another one before the database is said to be locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

statements! {
    READ_SETTING = Sql::same("SELECT value FROM setting WHERE key = $1");
    NEXT_IDS = Sql::fork(
        "WITH RECURSIVE ahead (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM ahead WHERE n < $2) \
         SELECT group_concat(COALESCE((SELECT seq FROM sqlite_sequence WHERE name = $1), 0) + n, ' ') FROM ahead",
        "SELECT string_agg(CAST(nextval(pg_get_serial_sequence($1, 'id')) AS TEXT), ' ') FROM generate_series(1, $2)");
    SET_SETTING = Sql::same(
        "INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value");
    DATABASE_BYTES = Sql::fork(
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
        "SELECT pg_database_size(current_database())");
    KEEP_SETTING = Sql::same("INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING");
}

/// The database: a pool of connections.
#[derive(Debug, Clone)]
pub struct Store {
    pool: Pool,
}

#[derive(Debug, Clone)]
enum Pool {
    Sqlite(SqliteSides, PathBuf),
    Postgres(PgPool),
}

/// SQLite's connections: several that read, and one that writes. SQLite has one writer at a time and lets the others look again
/// after a pause that grows; within the program they queue for the connection, so that each begins as soon as the one before it
/// is done. What it wrote it need not read again: another's commit makes a connection forget the pages that it knows.
#[derive(Debug, Clone)]
struct SqliteSides {
    readers: SqlitePool,
    writer: Writer,
}

/// One transaction.
#[derive(Debug)]
pub struct Tx {
    connection: Connection,
}

#[derive(Debug)]
pub(crate) enum Connection {
    Sqlite(SqliteTx),
    Postgres(Transaction<'static, Postgres>),
}

/// Why the tables could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationFault {
    /// The database could not be reached or was busy: it may go another time.
    #[error("{0}")]
    Passing(String),
    /// The database was written by a later version, or does not take a migration.
    #[error("{0}")]
    Lasting(String),
}

impl From<MigrateError> for MigrationFault {
    fn from(error: MigrateError) -> MigrationFault {
        match error {
            MigrateError::Execute(error) => MigrationFault::from(error),
            other => MigrationFault::Lasting(other.to_string()),
        }
    }
}

impl From<sqlx::Error> for MigrationFault {
    fn from(error: sqlx::Error) -> MigrationFault {
        MigrationFault::Passing(error.to_string())
    }
}

/// One migration, as `guichet db status` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub description: String,
    /// Whether this database has it.
    pub applied: bool,
}

impl Store {
    /// Opens `sqlite://path` (made when missing) or `postgres://…`. Nothing is migrated yet.
    ///
    /// # Errors
    /// When the address cannot be read or the database cannot be reached.
    pub async fn open(url: &str) -> Result<Store> {
        Store::open_or_make(url, true).await
    }

    /// As [`Store::open`], but a SQLite file that is missing stays missing.
    ///
    /// # Errors
    /// Those of [`Store::open`], and when there is no such file.
    pub async fn open_existing(url: &str) -> Result<Store> {
        Store::open_or_make(url, false).await
    }

    async fn open_or_make(url: &str, make: bool) -> Result<Store> {
        if url.starts_with("postgres") {
            let options = PgConnectOptions::from_str(url)?.disable_statement_logging();
            // Tried once outside the pool, which would wait for long and then hide the reason.
            let tried = tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await;
            let first = tried.map_err(|_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))??;
            sqlx::Connection::close(first).await?;
            let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(BUSY_TIMEOUT);
            return Ok(Store { pool: Pool::Postgres(pool.connect_lazy_with(options)) });
        }
        let options = SqliteConnectOptions::from_str(url)?
            .disable_statement_logging()
            .create_if_missing(make)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: a committed mail survives a power cut, not only a crash of ours.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("cache_size", "-16384")
            // Texts of ten thousand bytes lie in fewer pieces. A database that is there keeps the size it has.
            .page_size(8192)
            // In pages: half as many copies from the journal as with the default, of pages that change often.
            .pragma("wal_autocheckpoint", "2000")
            // A statement for many rows answers with all of them at once: it never waits for its reader.
            .row_buffer_size(128)
            .pragma("journal_size_limit", "67108864");
        let path = options.get_filename().to_path_buf();
        if let Some(folder) = path.parent().filter(|folder| make && !folder.as_os_str().is_empty()) {
            make_private_folder(folder)?;
        }
        // Making a database and its journal is not for two at once: SQLite would refuse one of them at once.
        let is_unmade = std::fs::metadata(&path).map_or(true, |meta| meta.len() == 0);
        let lock = if make && is_unmade { Some(lock_beside(&path).await?) } else { None };
        if lock.is_some() {
            // SQLite gives its journal the mode of the database.
            private_file(&path)?;
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(BUSY_TIMEOUT)
            // A file does not go away as a server does.
            .test_before_acquire(false)
            // After a fault of the disk SQLite has ended the transaction by itself, and the driver does not know: such a
            // connection would refuse everything for ever.
            .before_acquire(|connection, _| {
                Box::pin(async move { Ok(!sqlx::Connection::is_in_transaction(connection)) })
            });
        let writer = Writer::open(options.clone()).await?;
        drop(lock);
        let sides = SqliteSides { readers: readers.connect_lazy_with(options), writer };
        Ok(Store { pool: Pool::Sqlite(sides, path) })
    }

    /// Brings the tables up to this version; does nothing when they are. Two processes that start at once take
    /// turns (PostgreSQL: an advisory lock; SQLite: a lock file beside the database).
    ///
    /// # Errors
    /// When a migration fails, or the database was written by a later version.
    pub async fn migrate(&self) -> std::result::Result<(), MigrationFault> {
        match &self.pool {
            Pool::Sqlite(sides, path) => {
                let lock = lock_beside(path).await?;
                let done =
                    sides.writer.with(async |connection| SQLITE_MIGRATIONS.run(connection).await).await;
                drop(lock);
                Ok(done??)
            }
            Pool::Postgres(pool) => Ok(POSTGRES_MIGRATIONS.run(pool).await?),
        }
    }

    /// Every migration this version knows, and whether the database has it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn migrations(&self) -> Result<Vec<Migration>> {
        const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success";
        let (known, applied): (&Migrator, Result<Vec<i64>>) = match &self.pool {
            Pool::Sqlite(sides, _) => {
                (&SQLITE_MIGRATIONS, sqlx::query_scalar(APPLIED).fetch_all(&sides.readers).await)
            }
            Pool::Postgres(pool) => (&POSTGRES_MIGRATIONS, sqlx::query_scalar(APPLIED).fetch_all(pool).await),
        };
        // The table of migrations itself is missing on a database that never was migrated.
        let applied = match applied {
            Err(sqlx::Error::Database(error)) if error.message().contains("_sqlx_migrations") => Vec::new(),
            other => other?,
        };
        Ok(known
            .iter()
            .map(|migration| Migration {
                version: migration.version,
                description: migration.description.to_string(),
                applied: applied.contains(&migration.version),
            })
            .collect())
    }

    /// Begins a transaction that may write.
    ///
    /// # Errors
    /// When no connection comes free, or another writer holds the database for too long.
    pub async fn begin(&self) -> Result<Tx> {
        let connection = match &self.pool {
            Pool::Sqlite(sides, _) => Connection::Sqlite(SqliteTx::Writing(sides.writer.begin().await?)),
            Pool::Postgres(pool) => Connection::Postgres(pool.begin().await?),
        };
        Ok(Tx { connection })
    }

    /// Begins a transaction that only reads; it never waits for a writer.
    ///
    /// # Errors
    /// When no connection comes free.
    pub async fn read(&self) -> Result<Tx> {
        let connection = match &self.pool {
            Pool::Sqlite(sides, _) => Connection::Sqlite(SqliteTx::Reading(sides.readers.begin().await?)),
            // One moment for all that is read, as on SQLite: no message without its files.
            Pool::Postgres(pool) => {
                Connection::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await?)
            }
        };
        Ok(Tx { connection })
    }

    /// Asks the database to prepare every statement of the program; returns those it refuses, with its words.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn refused_statements(&self) -> Result<Vec<(&'static str, String)>> {
        use sqlx::{Executor, SqlStr};
        let mut refused = Vec::new();
        for (name, sql) in all_statements() {
            let verdict = match &self.pool {
                Pool::Sqlite(sides, _) => {
                    let mut connection = sides.readers.acquire().await?;
                    (&mut *connection).prepare(SqlStr::from_static(sql.sqlite)).await.map(|_| ())
                }
                Pool::Postgres(pool) => {
                    let mut connection = pool.acquire().await?;
                    (&mut *connection).prepare(SqlStr::from_static(sql.postgres)).await.map(|_| ())
                }
            };
            if let Err(error) = verdict {
                refused.push((name, error.to_string()));
            }
        }
        Ok(refused)
    }

    /// Copies the whole database into a new SQLite file while others work (`VACUUM INTO`). `false` on
    /// PostgreSQL, whose own tools do that.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub async fn copy_to(&self, file: &str) -> Result<bool> {
        let Pool::Sqlite(sides, _) = &self.pool else { return Ok(false) };
        // An empty file is taken; it has the mode that a copy of everything must have.
        private_file(Path::new(file))?;
        if let Err(error) = sqlx::query("VACUUM INTO $1").bind(file).execute(&sides.readers).await {
            // Half a backup must not be taken for one.
            let _ = std::fs::remove_file(file);
            return Err(error);
        }
        Ok(true)
    }

    /// The product: `SQLite` or `PostgreSQL`.
    pub fn product(&self) -> &'static str {
        match &self.pool {
            Pool::Sqlite(..) => "SQLite",
            Pool::Postgres(_) => "PostgreSQL",
        }
    }

    /// Closes every connection; a SQLite database is left without a journal beside it.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite(sides, _) => {
                sides.readers.close().await;
                sides.writer.close().await;
            }
            Pool::Postgres(pool) => pool.close().await,
        }
    }
}

/// A folder and a file for our eyes only: they hold people's mail, and the keys to their pages.
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

/// Takes turns with other processes on a SQLite database: held until it is dropped.
async fn lock_beside(path: &Path) -> Result<std::fs::File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock = private_file(Path::new(&name))?;
    let locked = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await;
    Ok(locked.map_err(|error| sqlx::Error::Protocol(error.to_string()))??)
}

/// Every statement of the program, by name.
fn all_statements() -> impl Iterator<Item = (&'static str, Sql)> {
    let bulks = mailbox::BULKS.iter().chain(&known_uids::BULKS).chain(&messages::BULKS);
    let bulks =
        bulks.chain(&people::BULKS).chain(&retention::BULKS).chain(&search::BULKS).chain(&tags::BULKS);
    let bulks = bulks.chain(&lists::BULKS).chain(&tickets::BULKS).chain(&timers::BULKS);
    let bulks = bulks.chain(&outbox::BULKS).chain(&suppressed::BULKS).chain(&privacy::BULKS);
    let bulks = bulks.map(|(name, bulk)| bulk.statements.map(|sql| (*name, sql)));
    [
        STATEMENTS,
        alerts::STATEMENTS,
        audit::STATEMENTS,
        canary::STATEMENTS,
        canned::STATEMENTS,
        chat::STATEMENTS,
        drafts::STATEMENTS,
        forms::STATEMENTS,
        known_uids::STATEMENTS,
        lists::STATEMENTS,
        mailbox::STATEMENTS,
        messages::STATEMENTS,
        notifications::STATEMENTS,
        outbox::STATEMENTS,
        pace::STATEMENTS,
        participants::STATEMENTS,
        people::STATEMENTS,
        privacy::STATEMENTS,
        push::STATEMENTS,
        retention::STATEMENTS,
        search::STATEMENTS,
        sent::STATEMENTS,
        sign_in::STATEMENTS,
        suggest::STATEMENTS,
        suppressed::STATEMENTS,
        tags::STATEMENTS,
        tickets::STATEMENTS,
        timers::STATEMENTS,
        tokens::STATEMENTS,
        webhook::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .chain(bulks.flatten())
    .chain(lists::numbered())
}

impl Tx {
    /// Makes everything that was written visible and durable.
    ///
    /// # Errors
    /// When the database could not; then nothing was written.
    pub async fn commit(self) -> Result<()> {
        match self.connection {
            Connection::Sqlite(transaction) => transaction.commit().await,
            Connection::Postgres(transaction) => transaction.commit().await,
        }
    }

    /// Ids for rows that are inserted into a table next, in this transaction and before any other row of it: rising.
    /// A bulk insert need not answer with its rows in order, so ids that others refer to are known beforehand.
    async fn next_ids(&mut self, table: &str, count: usize) -> Result<Vec<i64>> {
        if count == 0 {
            return Ok(Vec::new());
        }
        // In one row: the driver hands rows over one by one, which costs more than reading a number.
        let ids: String = scalar!(self, NEXT_IDS, table, i64::try_from(count).unwrap_or(i64::MAX))?;
        let mut ids: Vec<i64> = ids.split(' ').filter_map(|id| id.parse().ok()).collect();
        ids.sort_unstable();
        if ids.len() == count { Ok(ids) } else { Err(sqlx::Error::RowNotFound) }
    }

    /// A value that the program keeps for itself.
    ///
    /// # Errors
    /// The database's.
    pub async fn setting(&mut self, key: &str) -> Result<Option<String>> {
        optional_scalar!(self, READ_SETTING, key)
    }

    /// Writes a setting, whatever it was.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_setting(&mut self, key: &str, value: &str) -> Result<()> {
        execute!(self, SET_SETTING, key, value).map(drop)
    }

    /// How large the database is on disk, in bytes; without the journal that SQLite has beside it.
    ///
    /// # Errors
    /// The database's.
    pub async fn database_bytes(&mut self) -> Result<i64> {
        scalar!(self, DATABASE_BYTES)
    }

    /// Keeps a value unless one is there.
    ///
    /// # Errors
    /// The database's.
    pub async fn keep_setting(&mut self, key: &str, value: &str) -> Result<()> {
        execute!(self, KEEP_SETTING, key, value).map(drop)
    }
}

/// Where a list that goes back in time begins: behind a row, or at the newest.
fn going_back(before: Option<(DateTime<Utc>, i64)>) -> (DateTime<Utc>, i64) {
    // A day of the year 9000: the databases compare times of five-digit years as they like.
    const AHEAD_OF_ALL: i64 = 221_845_392_000;
    before.unwrap_or((DateTime::from_timestamp(AHEAD_OF_ALL, 0).unwrap_or_default(), i64::MAX))
}

/// Text that both databases can hold: PostgreSQL refuses NUL, SQLite does not.
fn clean(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}").into() } else { text.into() }
}

/// A word of one of our closed sets, read back. The CHECK of its column lets no other in.
fn known<T>(word: &str, from_word: fn(&str) -> Option<T>) -> Result<T> {
    from_word(word)
        .ok_or_else(|| sqlx::Error::Decode(format!("unknown word `{word}` in the database").into()))
}

/// Whether an error passes when the same act is tried again: somebody else was faster (a unique key, a
/// serialisation, a deadlock), or held the database for too long.
pub fn is_passing(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::Database(error)) => {
            let code = error.code().unwrap_or_default();
            error.is_unique_violation() || ["40001", "40P01"].contains(&&*code) || is_locked(&code)
        }
        // No turn came to write, or no connection free.
        Some(sqlx::Error::PoolTimedOut) => true,
        _ => false,
    }
}

/// Whether a row itself cannot be written, however often it is tried: its values or its keys are refused, or cannot
/// be put into words (PostgreSQL's class 22, SQLite's TOOBIG and MISMATCH).
pub fn is_the_rows_fault(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::Database(error)) => {
            let code = error.code().unwrap_or_default();
            let is_value = (code.len() == 5 && code.starts_with("22")) || ["18", "20"].contains(&&*code);
            is_value || !matches!(error.kind(), sqlx::error::ErrorKind::Other)
        }
        Some(sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }) => true,
        _ => false,
    }
}

/// Whether somebody else held the database for longer than we wait.
pub fn is_busy(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::Database(error)) => error.code().is_some_and(|code| is_locked(&code)),
        Some(sqlx::Error::PoolTimedOut) => true,
        _ => false,
    }
}

/// SQLite's BUSY and LOCKED, with what it adds to either. PostgreSQL's codes are five letters and digits.
fn is_locked(code: &str) -> bool {
    code.len() < 5 && code.parse::<u32>().is_ok_and(|code| [5, 6].contains(&(code & 0xff)))
}
