//! `guichet serve` as an operator runs it: a real mailbox, a real SMTP server, the pages, until SIGTERM.

use crate::support::desk::OUR_ADDRESS;
use crate::support::dovecot::Dovecot;
use crate::support::smtp::SmtpSink;
use crate::support::{free_port, program, wait_for};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The running program; killed when a test fails.
pub(crate) struct Serving(pub Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn guichet(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
    command.args(words).current_dir(folder);
    command
}

fn json(folder: &Path, words: &[&str]) -> Value {
    let output = guichet(folder, words).arg("--json").output().unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{words:?}: {error}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn get(port: u16, path: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return String::new() };
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    if stream.write_all(request.as_bytes()).is_err() || stream.read_to_end(&mut answer).is_err() {
        return String::new();
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_mail_becomes_a_ticket_its_resolution_a_mail_and_sigterm_an_end_with_nothing_lost() {
    let (dovecot, sink, port) = (Dovecot::start(), SmtpSink::start(), free_port());
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let config = format!(
        "public_url = \"http://localhost:{port}\"\n[web]\nlisten = \"127.0.0.1:{port}\"\n\
         [imap]\nhost = \"localhost\"\nport = {imaps}\nusername = \"{user}\"\npassword = \"{password}\"\n\
         ca_file = \"{ca}\"\nafter_ingest = \"seen\"\n\
         [smtp]\nhost = \"127.0.0.1\"\nport = {smtp}\nsecurity = \"none\"\nfrom = \"Support <{OUR_ADDRESS}>\"\n\
         [undo]\nwindow = \"1s\"\n",
        imaps = dovecot.imaps_port,
        user = dovecot.user,
        password = dovecot.password,
        ca = dovecot.ca_pem.display(),
        smtp = sink.port,
    );
    std::fs::write(home.join("bot.toml"), config).unwrap();
    let mail = |n: u32| {
        format!(
            "From: Léa <lea@client.example>\r\nTo: {OUR_ADDRESS}\r\nSubject: question {n}\r\n\
             Message-ID: <{n}@client.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nBonjour, {n} ?\r\n"
        )
    };
    dovecot.deliver(mail(0).as_bytes());
    let checks = json(home, &["check"]);
    let named: Vec<&str> =
        checks.as_array().unwrap().iter().map(|check| check["check"].as_str().unwrap()).collect();
    for what in ["config", "database", "inbox", "outbox", "docs", "web"] {
        assert!(named.contains(&what), "{what} is not tried: {checks}");
    }
    assert!(checks.as_array().unwrap().iter().all(|check| check["ok"] == true), "{checks}");

    let serve = guichet(home, &["serve"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut serving = Serving(serve);
    wait_for("the pages", || get(port, "/healthz").starts_with("HTTP/1.1 200").then_some(()));
    wait_for("the first look at the mailbox", || {
        get(port, "/readyz").starts_with("HTTP/1.1 200").then_some(())
    });
    assert!(get(port, "/admin/support").starts_with("HTTP/1.1 303"), "nobody is signed in");

    // The mailbox was first visited after mail 0: it starts from there. Mail 1 is taken in as it comes.
    dovecot.deliver(mail(1).as_bytes());
    let list = wait_for("the ticket", || {
        let list = json(home, &["ticket", "list"]);
        (!list.as_array().unwrap().is_empty()).then_some(list)
    });
    assert_eq!(list[0]["subject"], "question 1");
    assert_eq!(list.as_array().unwrap().len(), 1);

    json(home, &["ticket", "status", "1", "resolved"]);
    let mails = wait_for("the notice", || Some(sink.mails()).filter(|mails| !mails.is_empty()));
    let notice = String::from_utf8_lossy(&mails[0]).into_owned();
    assert!(notice.contains("In-Reply-To: <1@client.example>"), "{notice}");
    assert!(notice.contains("Auto-Submitted: auto-generated"), "{notice}");
    wait_for("the record", || {
        let ticket = json(home, &["ticket", "show", "1"]);
        let sent = ticket["deliveries"].as_array().unwrap().iter().filter(|d| d["state"] == "sent").count();
        (sent == 2).then_some(())
    });

    let pid = serving.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let status = wait_for("the end", || serving.0.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
    let mut log = String::new();
    serving.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    for secret in ["lea@client.example", "question 1", "Bonjour", dovecot.password] {
        assert!(!log.contains(secret), "« {secret} » stands in the log:\n{log}");
    }
    assert!(!home.join("data/guichet.db-wal").exists(), "the database is left whole");
    assert_eq!(sink.mails().len(), 1);
}

#[test]
fn of_two_mailboxes_one_that_is_down_stops_the_other_neither_in_fetch_nor_in_serve() {
    let (mut dovecot, mut other, port) = (Dovecot::start(), Dovecot::start(), free_port());
    other.make_mailbox("ventes");
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    // The user stands in the name of the mailbox: two servers on one host are two accounts here.
    let entry = |dovecot: &Dovecot, user: &str| {
        format!(
            "[[imap]]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nusername = \"{user}\"\npassword = \"{}\"\n\
             start = \"beginning\"\npoll_interval = \"1s\"\n",
            dovecot.imap_port, dovecot.password
        )
    };
    let config = format!(
        "public_url = \"http://localhost:{port}\"\n{}{}[web]\nlisten = \"127.0.0.1:{port}\"\n",
        entry(&dovecot, dovecot.user),
        entry(&other, "ventes")
    );
    std::fs::write(home.join("bot.toml"), config).unwrap();
    let mail = |n: u32| {
        format!(
            "From: lea@client.example\r\nSubject: question {n}\r\nMessage-ID: <{n}@client.example>\r\n\r\n{n}\r\n"
        )
    };
    let tickets = || json(home, &["ticket", "list"]).as_array().unwrap().len();
    dovecot.deliver(mail(1).as_bytes());
    other.deliver_to("ventes", mail(2).as_bytes());
    assert_eq!(json(home, &["fetch"])["tickets_created"], 2);

    // The first is down: the second is fetched, and the exit code and the last line tell of the first.
    dovecot.kill();
    other.deliver_to("ventes", mail(3).as_bytes());
    let output = guichet(home, &["fetch", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let count: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(count["tickets_created"], 1);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("INBOX@127.0.0.1: cannot connect") && said.contains("imap[1].host and imap[1].port"),
        "{said}"
    );
    let checks = json(home, &["check"]);
    let inboxes: Vec<bool> = checks
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["check"] == "inbox")
        .map(|check| check["ok"] == true)
        .collect();
    assert_eq!(inboxes, [false, true], "{checks}");

    let serve = guichet(home, &["serve"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut serving = Serving(serve);
    other.deliver_to("ventes", mail(4).as_bytes());
    wait_for("the mailbox that is up", || (tickets() == 4).then_some(()));
    dovecot.deliver(mail(5).as_bytes());
    dovecot.restart();
    wait_for("the mailbox that is back", || (tickets() == 5).then_some(()));
    other.kill();
    dovecot.deliver(mail(6).as_bytes());
    wait_for("the first while the second is down", || (tickets() == 6).then_some(()));
    let pid = serving.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(wait_for("the end", || serving.0.try_wait().unwrap()).code(), Some(0));
    let mut log = String::new();
    serving.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("INBOX@127.0.0.1#2") && !log.contains("ventes"), "{log}");
}

#[test]
fn check_reads_the_teams_own_articles_and_names_the_files_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    std::fs::write(
        home.join("bot.toml"),
        "[docs]\ndir = \"pages\"\n[maildir]\ninbox = \"in\"\noutbox = \"out\"\n",
    )
    .unwrap();
    let said = || {
        let checks = json(home, &["check"]);
        let docs = checks.as_array().unwrap().iter().find(|check| check["check"] == "docs").unwrap();
        (docs["ok"].as_bool().unwrap(), docs["detail"].as_str().unwrap().replace('\u{a0}', " "))
    };
    let (ok, detail) = said();
    assert!(ok && detail.starts_with("aucun article à vous dans ") && detail.contains("pages"), "{detail}");
    std::fs::create_dir_all(home.join("pages/kb")).unwrap();
    std::fs::write(home.join("pages/kb/vpn.md"), "# Le VPN\n\nRedémarrer.").unwrap();
    let (ok, detail) = said();
    assert!(ok && detail.ends_with("pages : 1 article se lit"), "{detail}");
    std::fs::write(home.join("pages/kb/été.md"), "# Été").unwrap();
    std::fs::write(home.join("pages/kb/latin.md"), b"# \xe9t\xe9").unwrap();
    let (ok, detail) = said();
    assert!(!ok, "{detail}");
    assert!(
        detail.contains("kb/été.md (son nom doit être fait de lettres sans accent")
            && detail.contains("kb/latin.md (n’est pas en UTF-8)")
            && detail.ends_with("voir `docs.dir`"),
        "{detail}"
    );
}

#[test]
fn nothing_ends_because_nobody_reads_standard_error_any_more() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let home = folder.path();
    let config = format!(
        "public_url = \"http://localhost:{port}\"\n[web]\nlisten = \"127.0.0.1:{port}\"\n\
         [maildir]\ninbox = \"in\"\noutbox = \"out\"\n"
    );
    std::fs::write(home.join("bot.toml"), config).unwrap();
    let unread = |words: &[&str], format: &str| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = guichet(home, words);
        command.env("GUICHET_LOG_FORMAT", format).stderr(writer);
        command
    };
    for format in ["text", "json"] {
        // Where the first administrator comes in, and what it does: all of it is lost, and it goes on.
        let mut serving = Serving(unread(&["serve"], format).spawn().unwrap());
        wait_for("the pages", || get(port, "/healthz").starts_with("HTTP/1.1 200").then_some(()));
        let pid = serving.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert_eq!(wait_for("the end", || serving.0.try_wait().unwrap()).code(), Some(0), "{format}");
        let refused = unread(&["ticket", "show", "99"], format).status().unwrap();
        assert_eq!(refused.code(), Some(1), "{format}");
    }
}

/// Runs a command on a terminal of its own and presses Ctrl-C when it asks and typing is hidden; says how it ended, and
/// whether typing shows again.
const INTERRUPTED_AT_A_TERMINAL: &str = r#"
import os, pty, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
shows = lambda: bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
said = b""
while b"mot de passe" not in said:
    said += os.read(terminal, 1024)
while shows():
    pass
os.write(terminal, b"\x03")
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shows())
"#;

#[test]
fn who_ends_the_question_for_a_password_sees_again_what_they_type() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    std::fs::write(home.join("bot.toml"), "[maildir]\ninbox = \"in\"\noutbox = \"out\"\n").unwrap();
    json(home, &["agent", "add", "Camille"]);
    let mut command = Command::new(program("python3", &[]));
    command.args(["-c", INTERRUPTED_AT_A_TERMINAL, env!("CARGO_BIN_EXE_guichet")]);
    command.args(["agent", "passwd", "Camille"]);
    let output = command.current_dir(home).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "130 True\n", "{complaint}");
}
