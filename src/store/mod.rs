//! The only SQL of the program: one database, SQLite or PostgreSQL, behind one set of plain functions.
//!
//! A [`Tx`] is the unit of work: nothing is visible to others before [`Tx::commit`], and dropping it takes
//! everything back. May import: domain, sqlx.

pub mod dialect;
pub mod mailbox;
pub mod messages;
pub mod outbox;
pub mod people;
pub mod search;
pub mod tickets;

use dialect::{Sql, execute, optional_scalar, statements};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, PgPool, Postgres, Sqlite, SqlitePool, Transaction};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// What the store answers: a value, or the database's own error.
pub type Result<T> = std::result::Result<T, sqlx::Error>;

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a writer waits for another one before the database is said to be locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

statements! {
    READ_SETTING = Sql::same("SELECT value FROM setting WHERE key = $1");
    KEEP_SETTING = Sql::same("INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING");
}

/// The database: a pool of connections.
#[derive(Debug, Clone)]
pub struct Store {
    pool: Pool,
}

#[derive(Debug, Clone)]
enum Pool {
    Sqlite(SqlitePool, PathBuf),
    Postgres(PgPool),
}

/// One transaction.
#[derive(Debug)]
pub struct Tx {
    connection: Connection,
}

#[derive(Debug)]
pub(crate) enum Connection {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
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
        if url.starts_with("postgres") {
            let pool = PgPoolOptions::new()
                .max_connections(8)
                .acquire_timeout(BUSY_TIMEOUT)
                .connect_with(PgConnectOptions::from_str(url)?.disable_statement_logging())
                .await?;
            return Ok(Store { pool: Pool::Postgres(pool) });
        }
        let options = SqliteConnectOptions::from_str(url)?
            .disable_statement_logging()
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: a committed mail survives a power cut, not only a crash of ours.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("cache_size", "-16384")
            .pragma("journal_size_limit", "67108864");
        let path = options.get_filename().to_path_buf();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(BUSY_TIMEOUT)
            .connect_with(options)
            .await?;
        Ok(Store { pool: Pool::Sqlite(pool, path) })
    }

    /// Brings the tables up to this version; does nothing when they are. Two processes that start at once take
    /// turns (PostgreSQL: an advisory lock; SQLite: a lock file beside the database).
    ///
    /// # Errors
    /// When a migration fails, or the database was written by a later version.
    pub async fn migrate(&self) -> std::result::Result<(), sqlx::migrate::MigrateError> {
        match &self.pool {
            Pool::Sqlite(pool, path) => {
                let mut name = path.clone().into_os_string();
                name.push(".migrating");
                let lock = std::fs::File::create(&name).map_err(sqlx::Error::Io)?;
                let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock))
                    .await
                    .map_err(|error| sqlx::Error::Protocol(error.to_string()))?
                    .map_err(sqlx::Error::Io)?;
                let done = SQLITE_MIGRATIONS.run(pool).await;
                drop(lock);
                done
            }
            Pool::Postgres(pool) => POSTGRES_MIGRATIONS.run(pool).await,
        }
    }

    /// Every migration this version knows, and whether the database has it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn migrations(&self) -> Result<Vec<Migration>> {
        const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success";
        let (known, applied): (&Migrator, Result<Vec<i64>>) = match &self.pool {
            Pool::Sqlite(pool, _) => (&SQLITE_MIGRATIONS, sqlx::query_scalar(APPLIED).fetch_all(pool).await),
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
            // IMMEDIATE: a transaction that reads first and writes later would be refused half-way.
            Pool::Sqlite(pool, _) => Connection::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
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
            Pool::Sqlite(pool, _) => Connection::Sqlite(pool.begin().await?),
            Pool::Postgres(pool) => Connection::Postgres(pool.begin().await?),
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
                Pool::Sqlite(pool, _) => {
                    let mut connection = pool.acquire().await?;
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
        let Pool::Sqlite(pool, _) = &self.pool else { return Ok(false) };
        sqlx::query("VACUUM INTO $1").bind(file).execute(pool).await?;
        Ok(true)
    }

    /// The database file, where there is one.
    pub fn file(&self) -> Option<&std::path::Path> {
        match &self.pool {
            Pool::Sqlite(_, path) => Some(path),
            Pool::Postgres(_) => None,
        }
    }

    /// Closes every connection; a SQLite database is left without a journal beside it.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite(pool, _) => pool.close().await,
            Pool::Postgres(pool) => pool.close().await,
        }
    }
}

/// Every statement of the program, by name.
fn all_statements() -> impl Iterator<Item = (&'static str, Sql)> {
    let bulks = mailbox::BULKS.iter().chain(&search::BULKS).chain(&tickets::BULKS);
    let bulks = bulks.map(|(name, bulk)| [(*name, bulk.one), (*name, bulk.many)]);
    [
        STATEMENTS,
        mailbox::STATEMENTS,
        messages::STATEMENTS,
        outbox::STATEMENTS,
        people::STATEMENTS,
        search::STATEMENTS,
        tickets::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .chain(bulks.flatten())
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

    /// A value that the program keeps for itself.
    ///
    /// # Errors
    /// The database's.
    pub async fn setting(&mut self, key: &str) -> Result<Option<String>> {
        optional_scalar!(self, READ_SETTING, key)
    }

    /// Keeps a value unless one is there.
    ///
    /// # Errors
    /// The database's.
    pub async fn keep_setting(&mut self, key: &str, value: &str) -> Result<()> {
        execute!(self, KEEP_SETTING, key, value).map(drop)
    }
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
            const PASSING_CODES: [&str; 5] = ["40001", "40P01", "5", "6", "517"];
            error.is_unique_violation() || error.code().is_some_and(|code| PASSING_CODES.contains(&&*code))
        }
        _ => false,
    }
}
