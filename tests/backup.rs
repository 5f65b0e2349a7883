//! `guichet db backup` and `db restore` on the built program: nothing that was there is ever written over.

use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

fn run(folder: &Path, words: &[&str]) -> (Option<i32>, Value, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_guichet"))
        .arg("--json")
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), said)
}

fn names(folder: &Path) -> Vec<String> {
    let agents = run(folder, &["agent", "list"]).1;
    agents.as_array().unwrap().iter().map(|agent| agent["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_backup_comes_back_and_what_it_replaces_is_kept_each_time() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let mode = |file: &str| std::fs::metadata(folder.join(file)).unwrap().permissions().mode() & 0o777;
    for (agent, backup) in [("Camille", "one.db"), ("Karim", "two.db")] {
        assert_eq!(run(folder, &["agent", "add", agent]).0, Some(0));
        assert_eq!(run(folder, &["db", "backup", backup]).0, Some(0));
        assert_eq!(mode(backup), 0o600);
    }
    let (code, _, said) = run(folder, &["db", "backup", "one.db"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("existe déjà"), "{said}");

    assert_eq!(run(folder, &["agent", "add", "Zoé"]).0, Some(0));
    let kept = |backup: &str| run(folder, &["db", "restore", backup]).1["kept"].as_str().unwrap().to_owned();
    let first = kept("one.db");
    assert_eq!(names(folder), ["Camille"]);
    let second = kept("two.db");
    assert_eq!(names(folder), ["Camille", "Karim"]);
    assert_ne!(first, second, "the first database that was set aside is still there");
    assert_eq!(kept(&first), "data/guichet.db.before-restore-3");
    assert_eq!(names(folder), ["Camille", "Karim", "Zoé"]);
    assert_eq!(mode("data/guichet.db"), 0o600);
}

#[test]
fn what_is_no_backup_changes_nothing_and_a_damaged_database_is_no_obstacle() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    run(folder, &["agent", "add", "Camille"]);
    run(folder, &["db", "backup", "good.db"]);
    std::fs::write(folder.join("text.db"), "not a database").unwrap();
    let (code, _, said) = run(folder, &["db", "restore", "text.db"]);
    assert_eq!((code, names(folder)), (Some(1), vec!["Camille".to_owned()]), "{said}");
    assert!(!folder.join("data/guichet.db.restoring").exists());
    std::fs::write(folder.join("data/guichet.db"), b"SQLite format 3\0 and then rubbish".repeat(200))
        .unwrap();
    assert_eq!(run(folder, &["db", "restore", "good.db"]).0, Some(0));
    assert_eq!(names(folder), ["Camille"]);
}
