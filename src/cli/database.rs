//! `guichet db …`: migrations and backups.

use super::{Done, Ended, print, print_json};
use crate::config::Config;
use crate::store::Store;
use crate::wording::cli as say;
use anyhow::Context;
use clap::Subcommand;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum Db {
    /// Bring the tables up to date (`serve` does it by itself)
    Migrate,
    /// Which migrations are done
    Status,
    /// Copy the database into a new file, while it is in use
    Backup {
        /// File
        file: PathBuf,
    },
    /// Put a backup in the place of the database
    Restore {
        /// File
        file: PathBuf,
    },
}

pub(super) async fn run(command: &Db, config: &Config, json: bool) -> Done {
    if let Db::Restore { file } = command {
        return restore(config, file, json).await;
    }
    let store = Store::open(&config.database_url).await.context("the database cannot be opened")?;
    match command {
        Db::Migrate => {
            store.migrate().await.context("the database cannot be migrated")?;
            print_json(json, &serde_json::json!({ "migrated": true }), say::MIGRATED);
        }
        Db::Status => {
            let migrations = store.migrations().await.context("the database cannot be read")?;
            if json {
                let list: Vec<_> = migrations
                    .iter()
                    .map(|m| serde_json::json!({ "version": m.version, "name": m.description, "applied": m.applied }))
                    .collect();
                print_json(true, &list, "");
            } else {
                for migration in migrations {
                    let (version, name) = (migration.version, &migration.description);
                    print(&say::migration_line(version, name, migration.applied));
                }
            }
        }
        Db::Backup { file } => {
            let shown = file.display().to_string();
            if !store.copy_to(&shown).await.context("the backup cannot be written")? {
                return Err(Ended::Refused(say::POSTGRES_BACKUP.to_owned()));
            }
            print_json(json, &serde_json::json!({ "backup": shown }), &say::backed_up(&shown));
        }
        Db::Restore { .. } => {}
    }
    store.close().await;
    Ok(())
}

/// Checks that the file is a database of ours, sets the present one aside, and puts a copy in its place.
async fn restore(config: &Config, file: &Path, json: bool) -> Done {
    let Some(target) = sqlite_file(&config.database_url) else {
        return Err(Ended::Refused(say::POSTGRES_BACKUP.to_owned()));
    };
    let shown = file.display().to_string();
    let refused = || Ended::Refused(say::not_a_backup(&shown));
    if !std::fs::read(file).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0")) {
        return Err(refused());
    }
    let beside = sibling(&target, ".restoring");
    std::fs::copy(file, &beside).context("the backup cannot be copied")?;
    // Tried as a copy, so that the backup itself stays as it is.
    let candidate = Store::open(&format!("sqlite://{}", beside.display())).await.map_err(|_| refused())?;
    let is_ours = candidate.migrations().await.is_ok_and(|all| all.iter().any(|migration| migration.applied));
    candidate.close().await;
    if !is_ours {
        let _ = std::fs::remove_file(&beside);
        return Err(refused());
    }
    let mut kept = None;
    if target.exists() {
        // The last to close a database folds its journal in; a journal that stays belongs to somebody.
        let present = Store::open(&config.database_url).await.context("the database cannot be opened")?;
        present.close().await;
        if sibling(&target, "-wal").exists() {
            let _ = std::fs::remove_file(&beside);
            return Err(Ended::Refused(say::DATABASE_IN_USE.to_owned()));
        }
        let aside = sibling(&target, ".before-restore");
        std::fs::rename(&target, &aside).context("the present database cannot be set aside")?;
        kept = Some(aside.display().to_string());
    }
    std::fs::rename(&beside, &target).context("the backup cannot be put in place")?;
    print_json(
        json,
        &serde_json::json!({ "restored": shown, "kept": kept }),
        &say::restored(kept.as_deref()),
    );
    Ok(())
}

fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
    Some(PathBuf::from(path.split('?').next().unwrap_or(path)))
}

fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
