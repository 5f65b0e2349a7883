//! Servers for the tests, and a browser: Dovecot, PostgreSQL, SMTP, Chromium, and a strict Discord of our own; each private to the
//! test that starts it.
//!
//! Every server lives in a folder of its own below `/tmp` (short paths: Unix sockets have a limit of 108
//! bytes), listens on free loopback ports, and ends with the test process, however that ends ([`leash`]).
//! A server that is not installed is a failure that names `./scripts/test`, never a skip.
//! May import: std, the dependencies. The servers never import `guichet`: what checks the program must not lean on it.

pub mod accounting;
pub mod chromium;
pub mod desk;
pub mod discord;
pub mod dns;
pub mod dovecot;
pub mod fault_proxy;
pub mod held;
pub mod imap_client;
pub mod leash;
pub mod oauth_server;
pub mod postgres;
pub mod push_server;
pub mod slack;
pub mod slack_team;
pub mod smtp;
pub mod stage;
pub mod team;
pub mod tls;
pub mod webhook_server;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take to answer before the test fails. Generous: two busy cores, cold disk.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The full path of a program, looked for on PATH, then in `elsewhere` (server programs are often not on the
/// PATH of a normal user).
///
/// # Panics
/// When it is not installed, with the command that installs it.
pub fn program(name: &str, elsewhere: &[PathBuf]) -> PathBuf {
    on_path(name)
        .into_iter()
        .chain(elsewhere.iter().map(|folder| folder.join(name)))
        .find(|path| path.is_file())
        .unwrap_or_else(|| {
            panic!("`{name}` is not installed: run ./scripts/test, which installs what the tests need")
        })
}

/// Every file of this name on PATH, in order.
pub fn on_path(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).filter(|file| file.is_file()).collect()
}

/// A loopback port that nobody listens on, and that this process gives out once. It lies below those that the system
/// gives to whoever asks for any port, or connects somewhere: none of the other tests gets it before the server that it
/// is for. Another process may take it all the same: starters try again.
///
/// # Panics
/// When none can be had.
pub fn free_port() -> u16 {
    // Where each test process begins is chance.
    static NEXT: LazyLock<AtomicU64> =
        LazyLock::new(|| AtomicU64::new(RandomState::new().build_hasher().finish() >> 1));
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let given: u16 = range.split_whitespace().next().and_then(|port| port.parse().ok()).unwrap_or(32_768);
    let (first, end) = if given > 20_000 { (12_000, given) } else { (given, given + 10_000) };
    let places = (0..2_000).map(|_| NEXT.fetch_add(1, Ordering::SeqCst) % u64::from(end - first));
    places
        .map(|place| first + u16::try_from(place).expect("fewer than all ports"))
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("a loopback port can be had")
}

/// A folder of its own for one server, below `/tmp`; removed by its [`leash::Leash`].
pub fn folder(name: &str) -> PathBuf {
    let folder = tempfile::Builder::new()
        .prefix(&format!("guichet-{name}-"))
        .tempdir_in("/tmp")
        .expect("a folder in /tmp can be made");
    folder.keep()
}

/// Asks until the answer is there or [`PATIENCE`] is over: for what another process does in its own time.
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "{what}: still not there after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The numbers (user, group) of an account of this machine, if it has it.
pub fn account(name: &str) -> Option<(u32, u32)> {
    let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// Whether the tests run as root: servers must then be told to run as somebody else.
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    // The owner of our own /proc entry is our effective user.
    std::fs::metadata("/proc/self").is_ok_and(|of_us| of_us.uid() == 0)
}

/// Runs a program to its end.
///
/// # Panics
/// When it fails, with all it printed.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let printed =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed ({}):\n{printed}", output.status);
    printed
}

/// The end of a log file, for the message of a test that fails.
pub fn tail(log: &Path) -> String {
    let text =
        std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
