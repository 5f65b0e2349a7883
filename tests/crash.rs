//! The program dies at every named point and is started again: no mail lost, no ticket doubled, no notice lost, and
//! at most one doubled mail, with the same Message-ID and the same bytes. Real Dovecot, real SMTP server.

use crate::support::desk::{Database, OUR_ADDRESS, on_both, tuesday_morning};
use crate::support::dovecot::Dovecot;
use crate::support::postgres::Postgres;
use crate::support::smtp::SmtpSink;
use chrono::{DateTime, Duration, Utc};
use serde_json::Value;
use std::process::{Command, Output};

on_both! {
    a_death_while_mail_comes_in_loses_nothing_and_doubles_nothing,
    what_a_death_left_to_be_told_to_the_server_is_told_at_the_next_fetch,
    a_death_before_sending_loses_no_notice,
    a_death_after_the_250_sends_the_same_bytes_once_more_and_no_third_time,
}

/// What the program of these tests takes in whole.
const LARGEST_MAIL: usize = 100_000;

struct Office {
    folder: tempfile::TempDir,
    dovecot: Dovecot,
    sink: SmtpSink,
    now: DateTime<Utc>,
}

impl Office {
    fn new(database: Database, after_ingest: &str) -> Office {
        let (dovecot, sink, folder) = (Dovecot::start(), SmtpSink::start(), tempfile::tempdir().unwrap());
        let url = match database {
            Database::Sqlite => format!("sqlite://{}/guichet.db", folder.path().display()),
            Database::Postgres => Postgres::shared().fresh_database(),
        };
        let config = format!(
            "[database]\nurl = \"{url}\"\n\
             [imap]\nhost = \"localhost\"\nport = {imaps}\nusername = \"{user}\"\npassword = \"{password}\"\n\
             ca_file = \"{ca}\"\nafter_ingest = \"{after_ingest}\"\nstart = \"beginning\"\n\
             [smtp]\nhost = \"127.0.0.1\"\nport = {smtp}\nsecurity = \"none\"\nfrom = \"Support <{OUR_ADDRESS}>\"\n\
             [undo]\nwindow = \"0s\"\n\
             [limits]\nmax_mail_bytes = {LARGEST_MAIL}\n",
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
        self.receive_from(0, count);
    }

    fn receive_from(&self, first: usize, end: usize) {
        for n in first..end {
            let raw = format!(
                "From: client{n}@client.example\r\nTo: {OUR_ADDRESS}\r\nSubject: question {n}\r\n\
                 Message-ID: <{n}@client.example>\r\n\r\nBonjour, question {n}.\r\n"
            );
            self.dovecot.deliver(raw.as_bytes());
        }
    }

    /// How many mails INBOX holds, and how many of them are seen.
    fn inbox(&self) -> (usize, usize) {
        let mails = self.dovecot.mails_in("");
        (mails.len(), mails.iter().filter(|(name, _)| is_seen(name)).count())
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

/// Whether a file of a Maildir carries the flag S.
fn is_seen(name: &str) -> bool {
    name.split_once(":2,").is_some_and(|(_, flags)| flags.contains('S'))
}

async fn a_death_while_mail_comes_in_loses_nothing_and_doubles_nothing(database: Database) {
    const MAILS: usize = 12;
    for after_ingest in ["keep", "seen", "move:Traités", "delete"] {
        for point in ["after_journal_before_file", "after_commit_before_flag"] {
            let office = Office::new(database, after_ingest);
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

async fn what_a_death_left_to_be_told_to_the_server_is_told_at_the_next_fetch(database: Database) {
    const MAILS: usize = 12;
    for after_ingest in ["keep", "seen", "move:Traités", "delete"] {
        let office = Office::new(database, after_ingest);
        office.receive(MAILS / 2);
        // Held with its header only: the one whole copy is the server's.
        let mut large = format!("From: jean@client.example\r\nTo: {OUR_ADDRESS}\r\nSubject: large\r\n\r\n");
        large.extend(std::iter::repeat_n("x\r\n", LARGEST_MAIL));
        office.dovecot.deliver(large.as_bytes());
        office.receive_from(MAILS / 2, MAILS);
        office.crash("after_commit_before_flag", 1, &["fetch"]);
        assert_eq!(office.inbox(), (MAILS + 1, 0), "{after_ingest}: nothing was told yet");
        office.run(&["fetch"]);
        let (moved, inbox) = (office.dovecot.mails_in(".Trait&AOk-s").len(), office.inbox());
        let expected = match after_ingest {
            "keep" => (0, (MAILS + 1, 0)),
            "seen" => (0, (MAILS + 1, MAILS)),
            "delete" => (0, (1, 0)),
            _ => (MAILS, (1, 0)),
        };
        assert_eq!((moved, inbox), expected, "{after_ingest}");
        if after_ingest != "keep" {
            let waiting = office.dovecot.mails_in("").into_iter().filter(|(name, _)| !is_seen(name));
            let waiting: Vec<usize> = waiting.map(|(_, bytes)| bytes.len()).collect();
            assert_eq!(waiting, [large.len()], "{after_ingest}: the large mail stays as it is");
        }
        assert_eq!(office.subjects().len(), MAILS, "{after_ingest}: nothing is lost or doubled");
        assert_eq!(office.run(&["fetch"])["fetched"], 0, "{after_ingest}: nothing is owed any more");
    }
}

async fn a_death_before_sending_loses_no_notice(database: Database) {
    let mut office = Office::new(database, "keep");
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

async fn a_death_after_the_250_sends_the_same_bytes_once_more_and_no_third_time(database: Database) {
    let mut office = Office::new(database, "keep");
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
