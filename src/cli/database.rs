//! `guichet db …`: migrations and backups.

use super::{Done, Ended, print, print_json};
use crate::config::{Config, sqlite_url};
use crate::store::{self, Store};
use crate::wording::check::database_fails;
use crate::wording::cli as say;
use anyhow::Context;
use clap::Subcommand;
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
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
    let shown_url = config.shown_database_url();
    if !matches!(command, Db::Migrate) && config.database_file().is_some_and(|file| !file.exists()) {
        return Err(Ended::Refused(say::no_database(&shown_url)));
    }
    let store = Store::open(&config.database_url)
        .await
        .map_err(|error| Ended::Refused(database_fails(&shown_url, &error.to_string())))?;
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
            if file.exists() {
                return Err(Ended::Refused(say::file_exists(&shown)));
            }
            let is_written = store.copy_to(&shown).await.map_err(|error| unwritten(&shown, error.into()))?;
            if !is_written {
                return Err(Ended::Refused(say::POSTGRES_BACKUP.to_owned()));
            }
            print_json(json, &serde_json::json!({ "backup": shown }), &say::backed_up(&shown));
        }
        Db::Restore { .. } => {}
    }
    store.close().await;
    Ok(())
}

/// A backup that could not be written; a database that is busy is another matter.
fn unwritten(file: &str, error: anyhow::Error) -> Ended {
    if store::is_busy(&error) {
        return Ended::Broken(error);
    }
    Ended::Refused(say::backup_unwritten(file, &error.root_cause().to_string()))
}

/// Checks that the file is a database of ours, sets the present one aside, and puts a copy in its place.
async fn restore(config: &Config, file: &Path, json: bool) -> Done {
    let Some(target) = config.database_file() else {
        return Err(Ended::Refused(say::POSTGRES_BACKUP.to_owned()));
    };
    let beside = sibling(&target, ".restoring");
    let restored = restore_by_way_of(&beside, config, &target, file).await;
    if restored.is_err() {
        // Nothing is left behind; where there was no copy yet there is nothing to remove.
        let _ = std::fs::remove_file(&beside);
    }
    // What its migration took turns by.
    let _ = std::fs::remove_file(sibling(&beside, ".lock"));
    let kept = restored?;
    let shown = file.display().to_string();
    print_json(
        json,
        &serde_json::json!({ "restored": shown, "kept": kept }),
        &say::restored(kept.as_deref()),
    );
    Ok(())
}

/// Where the present database was set aside to.
async fn restore_by_way_of(
    beside: &Path,
    config: &Config,
    target: &Path,
    file: &Path,
) -> Result<Option<String>, Ended> {
    let refused = || Ended::Refused(say::not_a_backup(&file.display().to_string()));
    let mut head = [0u8; 16];
    let read = std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut head));
    if read.is_err() || head != *b"SQLite format 3\0" {
        return Err(refused());
    }
    let uncopied = |why: std::io::Error| {
        Ended::Refused(say::backup_uncopied(&beside.display().to_string(), &why.to_string()))
    };
    // A machine that is new may lack the folder.
    if let Some(folder) = beside.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(uncopied)?;
    }
    std::fs::copy(file, beside).map_err(uncopied)?;
    // A backup may have been left open to others; the database is not.
    std::fs::set_permissions(beside, std::fs::Permissions::from_mode(0o600))
        .context("the backup cannot be copied")?;
    // Tried as a copy, so that the backup itself stays as it is.
    let candidate = Store::open(&sqlite_url(beside)).await.map_err(|_| refused())?;
    let is_ours = candidate.migrations().await.is_ok_and(|all| all.iter().any(|migration| migration.applied));
    // Brought up to date here, where it costs nothing yet: one that a later version wrote would stop every command.
    let migrated = if is_ours { candidate.migrate().await } else { Ok(()) };
    candidate.close().await;
    if !is_ours {
        return Err(refused());
    }
    if let Err(fault) = migrated {
        return Err(Ended::Refused(say::backup_not_taken(&file.display().to_string(), &fault.to_string())));
    }
    std::fs::File::open(beside).and_then(|copy| copy.sync_all()).context("the backup cannot be copied")?;
    // The last to close a sound database folds its journal in; a journal that stays belongs to somebody. A damaged
    // database cannot be opened: it is set aside with whatever lies beside it.
    if target.exists()
        && let Ok(present) = Store::open(&config.database_url).await
    {
        present.close().await;
        if sibling(target, "-wal").exists() {
            return Err(Ended::Refused(say::DATABASE_IN_USE.to_owned()));
        }
    }
    let aside = free_name(target);
    for part in PARTS {
        if sibling(target, part).exists() {
            std::fs::rename(sibling(target, part), sibling(&aside, part))
                .context("the present database cannot be set aside")?;
        }
    }
    let kept = aside.exists().then(|| aside.display().to_string());
    std::fs::rename(beside, target).context("the backup cannot be put in place")?;
    Ok(kept)
}

/// A database of SQLite with what may lie beside it.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];

/// Where the present database is set aside to: never onto one that was set aside before.
fn free_name(target: &Path) -> PathBuf {
    let mut number = 1;
    loop {
        let suffix =
            if number == 1 { ".before-restore".to_owned() } else { format!(".before-restore-{number}") };
        let name = sibling(target, &suffix);
        if PARTS.iter().all(|part| !sibling(&name, part).exists()) {
            return name;
        }
        number += 1;
    }
}

fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
