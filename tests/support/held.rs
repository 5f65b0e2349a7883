//! A desk that takes its time: what it must write is held by somebody else. May import: guichet, the desk of the tests.

use super::desk::{Database, TestDesk};
use guichet::store::Tx;
use sqlx::Connection;

/// What the desk must write, held.
pub enum Held {
    /// The whole database.
    Sqlite(Tx),
    /// Tickets and drafts.
    Postgres(sqlx::PgConnection),
}

impl Held {
    /// From now on.
    pub async fn hold(database: Database, test: &TestDesk) -> Held {
        match database {
            Database::Sqlite => {
                let mut tx = test.store.begin().await.unwrap();
                tx.keep_setting("held", "yes").await.unwrap();
                Held::Sqlite(tx)
            }
            Database::Postgres => {
                let mut connection = sqlx::PgConnection::connect(&test.url).await.unwrap();
                sqlx::query("BEGIN").execute(&mut connection).await.unwrap();
                sqlx::query("LOCK TABLE ticket, draft IN ACCESS EXCLUSIVE MODE")
                    .execute(&mut connection)
                    .await
                    .unwrap();
                Held::Postgres(connection)
            }
        }
    }

    /// Until now.
    pub async fn release(self) {
        match self {
            Held::Sqlite(tx) => tx.commit().await.unwrap(),
            Held::Postgres(connection) => connection.close().await.unwrap(),
        }
    }
}
