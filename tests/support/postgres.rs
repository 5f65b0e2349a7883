//! A real PostgreSQL: one cluster for the whole test binary, a fresh empty database for each test that asks.
//!
//! Made by `initdb` in a folder of its own; without fsync, because no test needs the data after a power cut.
//! As root it runs as the account `postgres`, because PostgreSQL refuses root.

use super::leash::Leash;
use super::{account, folder, free_port, is_root, program, run, tail, wait_for};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};

/// A running cluster.
pub struct Postgres {
    port: u16,
    psql: PathBuf,
    databases: AtomicU32,
    /// Held for its life, which is the test process's: a static is never dropped, the closing pipe ends it.
    _leash: Mutex<Leash>,
}

static SHARED: LazyLock<Postgres> = LazyLock::new(Postgres::start);

impl Postgres {
    /// The cluster of this test binary, started by whoever asks first.
    ///
    /// # Panics
    /// When PostgreSQL is not installed, or does not start.
    pub fn shared() -> &'static Postgres {
        &SHARED
    }

    /// The URL of a database that did not exist before, is empty, and that nobody else uses.
    pub fn fresh_database(&self) -> String {
        let name = format!("guichet_{}", self.databases.fetch_add(1, Ordering::SeqCst));
        self.say(&format!("CREATE DATABASE {name} TEMPLATE template0"));
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// Carries out one SQL command as the superuser, outside any test's database (such as ending its connections).
    pub fn say(&self, sql: &str) -> String {
        run(superuser(&self.psql, self.port).args(["-c", sql]))
    }

    fn start() -> Postgres {
        let bin = server_folders();
        let (initdb, postgres, psql) =
            (program("initdb", &bin), program("postgres", &bin), program("psql", &bin));
        let owner = is_root().then(|| {
            account("postgres").unwrap_or_else(|| panic!("no account `postgres` here: run ./scripts/test"))
        });
        let mut last_log = String::new();
        // Somebody else may take the port between our look and PostgreSQL's bind.
        for _ in 0..5 {
            let folder = folder("postgres");
            if let Some((user, group)) = owner {
                std::os::unix::fs::chown(&folder, Some(user), Some(group))
                    .expect("root may give a folder away");
            }
            let data = folder.join("data");
            let mut making = Command::new(&initdb);
            making.args([
                "--no-sync",
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ]);
            making.arg("-D").arg(&data).current_dir(&folder);
            if let Some((user, group)) = owner {
                use std::os::unix::process::CommandExt;
                making.uid(user).gid(group);
            }
            run(&mut making);

            let (log, port) = (folder.join("log"), free_port());
            let port_is = format!("port={port}");
            let sockets = format!("unix_socket_directories={}", folder.display());
            let settings = [
                "listen_addresses=127.0.0.1",
                &port_is,
                &sockets,
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "max_connections=300",
                "log_min_messages=fatal",
            ];
            let (postgres, data) = (postgres.to_string_lossy(), data.to_string_lossy());
            let mut line: Vec<&str> = vec![&postgres, "-D", &data];
            line.extend(settings.iter().flat_map(|setting| ["-c", *setting]));
            // QUIT is PostgreSQL's immediate shutdown: nobody needs the data.
            let mut leash = Leash::start("QUIT", &folder, &log, owner, &line);
            let answers = wait_for("PostgreSQL's first answer", || {
                if !leash.is_running() {
                    return Some(false);
                }
                let asked = superuser(&psql, port).args(["-c", "SELECT 1"]).output();
                asked.is_ok_and(|output| output.status.success()).then_some(true)
            });
            if answers {
                let _leash = Mutex::new(leash);
                return Postgres { port, psql, databases: AtomicU32::new(0), _leash };
            }
            last_log = tail(&log);
        }
        panic!("PostgreSQL does not start:\n{last_log}");
    }
}

fn superuser(psql: &Path, port: u16) -> Command {
    let mut command = Command::new(psql);
    command.args(["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1"]);
    command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-U", "postgres", "-d", "postgres"]);
    command
}

/// Debian keeps the server's programs off the PATH, one folder for each version; the latest first.
fn server_folders() -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, bin)| bin).collect()
}
