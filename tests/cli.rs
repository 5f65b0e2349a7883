//! The command line and the configuration on the built program: what cannot be done is said, by its key or its path, and never
//! passes for done.

use crate::serve::Serving;
use crate::support::{free_port, wait_for};
use serde_json::Value;
use std::fs::{self, OpenOptions};
use std::path::Path;
use std::process::{Command, Stdio};

fn guichet(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
    command.args(words).current_dir(folder);
    command
}

/// The exit code, and what was said on stderr.
fn run(folder: &Path, words: &[&str]) -> (Option<i32>, String) {
    let output = guichet(folder, words).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// What `check` says of one thing.
fn checked(folder: &Path, name: &str) -> (bool, String) {
    let output = guichet(folder, &["check", "--json"]).output().unwrap();
    let checks: Value = serde_json::from_slice(&output.stdout).unwrap();
    let check = checks.as_array().unwrap().iter().find(|check| check["check"] == name).unwrap();
    (check["ok"].as_bool().unwrap(), check["detail"].as_str().unwrap().to_owned())
}

#[test]
fn an_answer_that_cannot_be_written_is_not_done_and_a_reader_that_left_is_no_fault() {
    let home = tempfile::tempdir().unwrap();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = guichet(home.path(), &["config", "example"]).stdout(full).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("La sortie ne peut pas être écrite (No space left"), "{said}");
    let mut reader = guichet(home.path(), &["config", "example"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(reader.stdout.take());
    assert_eq!(reader.wait().unwrap().code(), Some(0));
}

#[test]
fn check_refuses_what_could_not_be_written() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let config = |database: &str, outbox: &str| {
        let text = format!(
            "[database]\nurl = \"sqlite://{database}\"\n[maildir]\ninbox = \"in\"\noutbox = \"{outbox}\"\n"
        );
        fs::write(folder.join("bot.toml"), text).unwrap();
    };
    for part in ["in/new", "in/cur"] {
        fs::create_dir_all(folder.join(part)).unwrap();
    }
    config("/proc/nope/guichet.db", "/proc/nope/out");
    let (ok, detail) = checked(folder, "database");
    assert!(!ok && detail.contains("/proc/nope/guichet.db"), "{detail}");
    let (ok, detail) = checked(folder, "outbox");
    assert!(
        !ok && detail.starts_with("/proc/nope/out/tmp: ") && detail.ends_with("`maildir.outbox`"),
        "{detail}"
    );
    config("data/guichet.db", "out");
    for name in ["database", "inbox", "outbox", "templates"] {
        let (ok, detail) = checked(folder, name);
        assert!(ok, "{name}: {detail}");
    }
    assert_eq!(
        fs::read_dir(folder).unwrap().count(),
        2,
        "bot.toml and the inbox: nothing stays of what was tried"
    );
}

#[test]
fn a_template_that_cannot_be_used_is_a_fault_of_its_key_wherever_it_is_met() {
    let home = tempfile::tempdir().unwrap();
    let (folder, port) = (home.path(), free_port());
    fs::create_dir_all(folder.join("mine/notices")).unwrap();
    let config = format!(
        "[templates]\ndir = \"mine\"\n[maildir]\noutbox = \"out\"\n[web]\nlisten = \"127.0.0.1:{port}\"\n"
    );
    fs::write(folder.join("bot.toml"), config).unwrap();
    let faulty = folder.join("mine/notices/resolved.txt");
    for (text, why) in
        [("{% if".as_bytes(), "notices/resolved.txt, line 1"), (b"R\xe9solu".as_slice(), "UTF-8")]
    {
        fs::write(&faulty, text).unwrap();
        let (ok, detail) = checked(folder, "templates");
        assert!(!ok && detail.starts_with("templates.dir") && detail.contains(why), "{detail}");
        let (code, said) = run(folder, &["deliver"]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("templates.dir") && said.contains(why), "{said}");
        let serve = guichet(folder, &["serve"]).stderr(Stdio::null()).spawn().unwrap();
        let mut serving = Serving(serve);
        assert_eq!(wait_for("the end", || serving.0.try_wait().unwrap()).code(), Some(2));
    }
}

#[test]
fn a_configuration_that_leads_nowhere_is_not_the_lack_of_one() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(run(home.path(), &["agent", "list"]).0, Some(0));
    std::os::unix::fs::symlink("absent.toml", home.path().join("bot.toml")).unwrap();
    let (code, said) = run(home.path(), &["agent", "list"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("bot.toml"), "{said}");
}

#[test]
fn an_instant_that_is_none_is_refused_by_every_command() {
    let home = tempfile::tempdir().unwrap();
    for words in [&["check"][..], &["config", "example"], &["db", "status"], &["agent", "list"], &["serve"]] {
        let (code, said) = run(home.path(), &[&["--now", "hier"][..], words].concat());
        assert_eq!(code, Some(2), "{words:?}: {said}");
        assert!(said.contains("hier"), "{words:?}: {said}");
    }
    assert_eq!(run(home.path(), &["--now", "2026-11-24T09:00:00+01:00", "config", "example"]).0, Some(0));
}

#[test]
fn a_demo_that_has_no_folder_says_so() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    let (code, said) = run(home.path(), &["demo", "--dir", "file"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("dans file (") && !said.contains("Erreur interne"), "{said}");
}
