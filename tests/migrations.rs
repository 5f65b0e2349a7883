//! The tables: the twins agree, and every statement of the program can be prepared on both databases.

use crate::support::desk::{BOTH, TestDesk};
use std::collections::BTreeSet;
use std::path::Path;

fn files(folder: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_twin_folders_hold_the_same_migrations() {
    let sqlite = files("migrations/sqlite");
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, files("migrations/postgres"));
}

#[tokio::test]
async fn every_statement_is_understood_by_both_databases() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        assert_eq!(test.store.refused_statements().await.unwrap(), [], "{database:?}");
    }
}

#[tokio::test]
async fn migrating_twice_changes_nothing_and_is_seen() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        test.store.migrate().await.unwrap();
        let migrations = test.store.migrations().await.unwrap();
        assert_eq!(migrations.len(), files("migrations/sqlite").len());
        assert!(migrations.iter().all(|migration| migration.applied), "{migrations:?}");
    }
}

#[tokio::test]
async fn two_processes_that_start_at_once_both_find_their_tables() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("new.db").display());
    let postgres = crate::support::postgres::Postgres::shared().fresh_database();
    for url in [url, postgres] {
        let starts = (0..4).map(|_| async {
            let store = guichet::store::Store::open(&url).await?;
            store.migrate().await?;
            anyhow::Ok(store.refused_statements().await?)
        });
        for outcome in futures_util::future::join_all(starts).await {
            assert_eq!(outcome.unwrap(), []);
        }
    }
}
