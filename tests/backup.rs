//! `guichet db backup` and `db restore` on the built program: nothing that was there is ever written over, and nothing is
//! replaced by what cannot be used.

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

#[tokio::test]
async fn a_backup_of_a_later_version_is_refused_before_anything_is_touched() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    run(folder, &["agent", "add", "Camille"]);
    run(folder, &["db", "backup", "later.db"]);
    let url = format!("sqlite://{}", folder.join("later.db").display());
    let later = sqlx::SqlitePool::connect(&url).await.unwrap();
    let migration = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                     VALUES (9999, 'later', 1, x'00', 0)";
    sqlx::query(migration).execute(&later).await.unwrap();
    later.close().await;
    run(folder, &["agent", "add", "Karim"]);
    let (code, _, said) = run(folder, &["db", "restore", "later.db"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("ne peut pas reprendre later.db") && said.contains("9999"), "{said}");
    assert_eq!(names(folder), ["Camille", "Karim"]);
    for file in ["guichet.db.before-restore", "guichet.db.restoring", "guichet.db.restoring.lock"] {
        assert!(!folder.join("data").join(file).exists(), "{file}");
    }
}

#[test]
fn a_machine_that_is_new_and_an_address_that_is_encoded_mean_one_file() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(old.path(), &["agent", "add", "Camille"]);
    let backup = old.path().join("backup.db");
    let backup = backup.to_str().unwrap();
    run(old.path(), &["db", "backup", backup]);
    let folder = new.path();
    std::fs::write(folder.join("bot.toml"), "[database]\nurl = \"sqlite://my%20desk/guichet%3F.db\"\n")
        .unwrap();
    let (code, restored, said) = run(folder, &["db", "restore", backup]);
    assert_eq!((code, &restored["kept"]), (Some(0), &Value::Null), "{said}");
    assert_eq!(names(folder), ["Camille"]);
    let again = run(folder, &["db", "restore", backup]).1;
    assert_eq!(again["kept"], "my desk/guichet?.db.before-restore");
    assert_eq!(names(folder), ["Camille"]);
    assert!(!folder.join("my%20desk").exists());
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 2, "bot.toml and the folder of the database");
}

#[test]
fn a_backup_that_cannot_be_written_says_where_and_why() {
    let home = tempfile::tempdir().unwrap();
    run(home.path(), &["agent", "add", "Camille"]);
    let (code, _, said) = run(home.path(), &["db", "backup", "no/such/backup.db"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no/such/backup.db") && said.contains("No such file"), "{said}");
    assert!(!said.contains("Erreur interne"), "{said}");
}
