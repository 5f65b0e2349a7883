//! The program dies at every named point and is started again: no mail lost, no ticket doubled, no notice lost, and
//! at most one doubled mail, with the same Message-ID and the same bytes. Real Dovecot, real SMTP server.

use crate::support::desk::{OUR_ADDRESS, tuesday_morning};
use crate::support::dovecot::Dovecot;
use crate::support::smtp::SmtpSink;
use chrono::{DateTime, Duration, Utc};
use serde_json::Value;
use std::process::{Command, Output};

struct Office {
    folder: tempfile::TempDir,
    dovecot: Dovecot,
    sink: SmtpSink,
    now: DateTime<Utc>,
}

impl Office {
    fn new(after_ingest: &str) -> Office {
        let (dovecot, sink, folder) = (Dovecot::start(), SmtpSink::start(), tempfile::tempdir().unwrap());
        let config = format!(
            "[database]\nurl = \"sqlite://{folder}/guichet.db\"\n\
             [imap]\nhost = \"localhost\"\nport = {imaps}\nusername = \"{user}\"\npassword = \"{password}\"\n\
             ca_file = \"{ca}\"\nafter_ingest = \"{after_ingest}\"\nstart = \"beginning\"\n\
             [smtp]\nhost = \"127.0.0.1\"\nport = {smtp}\nsecurity = \"none\"\nfrom = \"Support <{OUR_ADDRESS}>\"\n\
             [undo]\nwindow = \"0s\"\n",
            folder = folder.path().display(),
            imaps = dovecot.imaps_port,
            user = dovecot.user,
            password = dovecot.password,
            ca = dovecot.ca_pem.display(),
            smtp = sink.port,
        );
        std::fs::write(folder.path().join("bot.toml"), config).unwrap();
        Office { folder, dovecot, sink, now: tuesday_morning() }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
        command.args(["--now", &self.now.to_rfc3339(), "--json"]).args(words).current_dir(self.folder.path());
        command
    }

    fn run(&self, words: &[&str]) -> Value {
        let output = self.command(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs until the `n`-th passage of a crash point.
    fn crash(&self, point: &str, n: u32, words: &[&str]) {
        let output: Output =
            self.command(words).env("GUICHET_CRASH_AT", format!("{point}:{n}")).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code().is_none(), "{point}:{n} was not reached: {:?} {said}", output.status);
    }

    fn receive(&self, count: usize) {
        for n in 0..count {
            let raw = format!(
                "From: client{n}@client.example\r\nTo: {OUR_ADDRESS}\r\nSubject: question {n}\r\n\
                 Message-ID: <{n}@client.example>\r\n\r\nBonjour, question {n}.\r\n"
            );
            self.dovecot.deliver(raw.as_bytes());
        }
    }

    fn subjects(&self) -> Vec<String> {
        let list = self.run(&["ticket", "list"]);
        let mut subjects: Vec<String> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|ticket| ticket["subject"].as_str().unwrap().to_owned())
            .collect();
        subjects.sort();
        subjects
    }

    fn mail_state(&self, ticket: i64) -> String {
        let ticket = self.run(&["ticket", "show", &ticket.to_string()]);
        let deliveries = ticket["deliveries"].as_array().unwrap();
        let mail = deliveries.iter().find(|delivery| delivery["channel"] == "email").unwrap();
        mail["state"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_death_while_mail_comes_in_loses_nothing_and_doubles_nothing() {
    const MAILS: usize = 12;
    for after_ingest in ["keep", "seen", "move:Traités", "delete"] {
        for point in ["after_journal_before_file", "after_commit_before_flag"] {
            let office = Office::new(after_ingest);
            office.receive(MAILS);
            office.crash(point, 1, &["fetch"]);
            let second = office.run(&["fetch"]);
            let expected: Vec<String> = {
                let mut all: Vec<String> = (0..MAILS).map(|n| format!("question {n}")).collect();
                all.sort();
                all
            };
            assert_eq!(office.subjects(), expected, "{point} with {after_ingest}: {second}");
            let third = office.run(&["fetch"]);
            assert_eq!(third["tickets_created"], 0, "{point} with {after_ingest}");
            assert_eq!(office.subjects(), expected);
        }
    }
}

#[test]
fn a_death_before_sending_loses_no_notice() {
    let mut office = Office::new("keep");
    office.receive(1);
    office.run(&["fetch"]);
    office.run(&["ticket", "status", "1", "resolved"]);
    office.crash("after_lease_before_send", 1, &["deliver"]);
    assert_eq!(office.sink.mails().len(), 0);
    assert_eq!(office.run(&["deliver"])["sent"], 0, "the dead worker's lease still holds");
    office.now += Duration::minutes(5);
    assert_eq!(office.run(&["deliver"])["sent"], 1);
    assert_eq!(office.sink.mails().len(), 1);
    assert_eq!(office.mail_state(1), "sent");
}

#[test]
fn a_death_after_the_250_sends_the_same_bytes_once_more_and_no_third_time() {
    let mut office = Office::new("keep");
    office.receive(1);
    office.run(&["fetch"]);
    office.run(&["ticket", "reply", "1", "Bonjour, c'est réglé."]);
    office.crash("after_smtp_250_before_mark", 1, &["deliver"]);
    assert_eq!(office.sink.mails().len(), 1);
    office.now += Duration::minutes(5);
    office.crash("after_smtp_250_before_mark", 1, &["deliver"]);
    let mails = office.sink.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0], mails[1], "the same Message-ID and the same bytes");
    office.now += Duration::minutes(5);
    let output = office.command(&["deliver"]).output().unwrap();
    let count: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((count["sent"].as_i64(), count["uncertain"].as_i64()), (Some(0), Some(1)), "a CM decides");
    assert_eq!(output.status.code(), Some(1), "partly failed");
    assert_eq!(office.sink.mails().len(), 2);
    assert_eq!(office.mail_state(1), "uncertain");
}
