//! How SQLite would carry a statement out, for tests. May import: sqlx.

use super::dialect::Sql;
use super::{Connection, Store, Tx};

/// A database that has our tables and nothing in them.
pub(super) struct Plans {
    tx: Tx,
    _folder: tempfile::TempDir,
}

impl Plans {
    pub(super) async fn new() -> Plans {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite://{}/plans.db", folder.path().display())).await.unwrap();
        store.migrate().await.unwrap();
        Plans { tx: store.begin().await.unwrap(), _folder: folder }
    }

    /// The steps of a statement, in order.
    pub(super) async fn of(&mut self, sql: &Sql) -> Vec<String> {
        let Connection::Sqlite(connection) = &mut self.tx.connection else { panic!("not SQLite") };
        let explained = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", sql.sqlite));
        let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(explained)
            .bind("1")
            .bind("1")
            .bind("1")
            .fetch_all(&mut **connection)
            .await
            .unwrap();
        steps.into_iter().map(|(.., step)| step).collect()
    }
}
