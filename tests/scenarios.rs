//! The guide's scenarios as French transcripts that run: `tests/scenarios/*.md`, on both databases in this process and
//! on Discord, where Camille types in #support-team, and once against the built program with a real mailbox and a real SMTP server.
//!
//! In a transcript, indented lines act or look; the rest is prose. Acts: `léa écrit « Sujet »`, `léa répond`, `zoé
//! répond au mail de léa` (each with its text below, and `, copie à marc` behind it where there is one), `léa préfère
//! web_only`, `léa se désabonne d'un clic` (in her last notice), `camille transfère « Sujet » de léa` (below: her words,
//! and Léa's behind `> `), `camille> /ticket …`, `20 s plus tard`. Looks: `bot> …` (what Camille just read holds this),
//! `→ ticket 1 : 🟢 Résolu`, `→ mail à léa : Objet` (with lines that stand in its text; `Copie : marc, anne` is whom it
//! shows in copy, `Sans : …` what its text does not hold), `→ notification à léa : Titre`, `→ rien pour léa`. What arrived
//! and was not looked at fails the transcript.

use crate::support::desk::{BOTH, OUR_ADDRESS};
use crate::support::stage::{
    Built, CAMILLES_ADDRESS, InProcess, OnDiscord, OnSlack, Stage, read_mail, unsubscribe_link,
};
use chrono::Duration;
use guichet::domain::fold::fold;
use guichet::domain::ticket::Status;
use guichet::wording::labels;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// One line of a transcript with the lines below it that belong to it.
struct Step {
    line: String,
    body: Vec<String>,
}

fn steps(transcript: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in transcript.lines() {
        if let Some(body) = line.strip_prefix("      ") {
            steps.last_mut().expect("a text stands below a line").body.push(body.to_owned());
        } else if let Some(line) = line.strip_prefix("    ") {
            steps.push(Step { line: line.to_owned(), body: Vec::new() });
        }
    }
    steps
}

/// A transcript being played.
struct Play<S> {
    stage: S,
    name: String,
    mails_seen: HashSet<usize>,
    notifications_seen: HashSet<i64>,
    /// The Message-ID and subject of the last mail each person got.
    last_mail: HashMap<String, (String, String)>,
    sent_by_people: u32,
    said: String,
}

fn address(person: &str) -> String {
    format!("{}@client.example", fold(person))
}

/// What stands before `, copie à marc, zoé`, and the header field of these people.
fn in_copy(line: &str) -> (&str, String) {
    match line.split_once(", copie à ") {
        None => (line, String::new()),
        Some((before, people)) => {
            let addresses: Vec<String> = people.split(", ").map(address).collect();
            (before, format!("Cc: {}\r\n", addresses.join(", ")))
        }
    }
}

fn capitalised(person: &str) -> String {
    let mut letters = person.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

impl<S: Stage> Play<S> {
    fn new(stage: S, name: &str) -> Play<S> {
        Play {
            stage,
            name: name.to_owned(),
            mails_seen: HashSet::new(),
            notifications_seen: HashSet::new(),
            last_mail: HashMap::new(),
            sent_by_people: 0,
            said: String::new(),
        }
    }

    async fn run(mut self, transcript: &str) -> S {
        for step in steps(transcript) {
            self.step(&step).await;
        }
        let unseen: Vec<_> =
            self.unseen().await.into_iter().map(|(_, to, subject, _)| (to, subject)).collect();
        assert!(unseen.is_empty(), "{}: mails nobody looked at: {unseen:?}", self.name);
        let unseen = self.notifications().await;
        assert!(unseen.is_empty(), "{}: notifications nobody looked at: {unseen:?}", self.name);
        self.stage
    }

    async fn step(&mut self, step: &Step) {
        let (line, at) = (step.line.as_str(), format!("{}: `{}`", self.name, step.line));
        if let Some(said) = line.strip_prefix("camille> ") {
            self.said = self.stage.say(said).await;
        } else if let Some(expected) = line.strip_prefix("bot> ") {
            assert!(self.said.contains(expected), "{at}: Camille read:\n{}", self.said);
        } else if let Some(time) = line.strip_suffix(" plus tard") {
            self.stage.elapse(duration(time)).await;
        } else if let Some(look) = line.strip_prefix("→ ") {
            self.look(look, &step.body, &at).await;
        } else if let Some((person, preference)) = line.split_once(" préfère ") {
            self.stage.prefer(&address(person), preference).await;
        } else if let Some(person) = line.strip_suffix(" se désabonne d'un clic") {
            let mails = self.stage.mails().await;
            let link = mails
                .iter()
                .rev()
                .filter(|(to, _)| *to == address(person))
                .find_map(|(_, mail)| unsubscribe_link(mail))
                .unwrap_or_else(|| panic!("{at}: no notice to {person}"));
            self.stage.unsubscribe(&link).await;
        } else if let Some((person, subject)) = line.split_once(" écrit « ") {
            let (subject, headers) = in_copy(subject);
            let subject = subject.strip_suffix(" »").expect("a subject ends with »");
            self.write(person, subject, &headers, &step.body).await;
        } else if let Some(rest) = line.strip_prefix("camille transfère « ") {
            let (subject, person) = rest.split_once(" » de ").expect("a subject and who wrote it");
            self.forward(person, subject, &step.body).await;
        } else if let Some((person, rest)) = line.split_once(" répond") {
            let (rest, headers) = in_copy(rest);
            let whose = rest.strip_prefix(" au mail de ").unwrap_or(person);
            let (id, subject) =
                self.last_mail.get(whose).unwrap_or_else(|| panic!("{at}: nothing to answer")).clone();
            let headers = format!("In-Reply-To: <{id}>\r\nReferences: <{id}>\r\n{headers}");
            let subject = format!("Re: {}", subject.trim_start_matches("Re: "));
            self.write(person, &subject, &headers, &step.body).await;
        } else {
            panic!("{at}: not a line of a transcript");
        }
    }

    /// Mails that nobody looked at: which, to whom, subject, bytes.
    async fn unseen(&mut self) -> Vec<(usize, String, String, Vec<u8>)> {
        let mails = self.stage.mails().await.into_iter().enumerate();
        mails
            .filter(|(place, _)| !self.mails_seen.contains(place))
            .map(|(place, (to, raw))| (place, to, read_mail(&raw).subject, raw))
            .collect()
    }

    async fn write(&mut self, person: &str, subject: &str, headers: &str, body: &[String]) {
        self.sent_by_people += 1;
        let raw = format!(
            "From: {name} <{from}>\r\nTo: {OUR_ADDRESS}\r\nSubject: {subject}\r\n\
             Message-ID: <{n}.{from}>\r\n{headers}MIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n",
            name = capitalised(person),
            from = address(person),
            n = self.sent_by_people,
            body = body.join("\r\n"),
        );
        self.stage.receive(raw.into_bytes()).await;
    }

    /// As Outlook does it: the lines without a mark are Camille's, those with `> ` the person's.
    async fn forward(&mut self, person: &str, subject: &str, body: &[String]) {
        self.sent_by_people += 1;
        let theirs: Vec<&str> = body.iter().filter_map(|line| line.strip_prefix("> ")).collect();
        let hers: Vec<&str> =
            body.iter().map(String::as_str).filter(|line| !line.starts_with("> ")).collect();
        let raw = format!(
            "From: Camille <{CAMILLES_ADDRESS}>\r\nTo: {OUR_ADDRESS}\r\nSubject: TR: {subject}\r\n\
             Message-ID: <{n}.{CAMILLES_ADDRESS}>\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{hers}\r\n\r\n\
             ________________________________\r\nDe : {name} <{from}>\r\nEnvoyé : mardi 24 novembre 2026 09:12\r\n\
             À : Camille\r\nObjet : {subject}\r\n\r\n{theirs}\r\n",
            n = self.sent_by_people,
            name = capitalised(person),
            from = address(person),
            hers = hers.join("\r\n"),
            theirs = theirs.join("\r\n"),
        );
        self.stage.receive(raw.into_bytes()).await;
    }

    async fn look(&mut self, look: &str, body: &[String], at: &str) {
        if let Some(person) = look.strip_prefix("rien pour ") {
            let to = address(person);
            let unseen = self.unseen().await.into_iter();
            let mails: Vec<_> = unseen.filter(|mail| mail.1 == to).map(|mail| mail.2).collect();
            assert!(mails.is_empty(), "{at}: got {mails:?}");
            let notifications: Vec<_> =
                self.notifications().await.into_iter().filter(|(email, ..)| *email == to).collect();
            assert!(notifications.is_empty(), "{at}: got {notifications:?}");
            return;
        }
        let (what, expected) = look.split_once(" : ").unwrap_or_else(|| panic!("{at}: needs « : »"));
        if let Some(number) = what.strip_prefix("ticket ") {
            let ticket = self.stage.ticket(number.parse().expect("a number")).await;
            let ticket = ticket.unwrap_or_else(|| panic!("{at}: there is no such ticket"));
            let status = Status::from_word(ticket["status"].as_str().unwrap()).unwrap();
            assert_eq!(labels::status(status), expected, "{at}");
        } else if let Some(person) = what.strip_prefix("mail à ") {
            // The mails of one person are looked at in their order; copies to others may come before or after.
            let unseen = self.unseen().await;
            let next = unseen.iter().find(|mail| mail.1 == address(person));
            let Some((place, _, subject, raw)) = next.cloned() else {
                panic!(
                    "{at}: no mail left for them, but {:?}",
                    unseen.iter().map(|mail| (&mail.1, &mail.2)).collect::<Vec<_>>()
                );
            };
            self.mails_seen.insert(place);
            assert_eq!(subject, expected, "{at}");
            let mail = read_mail(&raw);
            for line in body {
                if let Some(people) = line.strip_prefix("Copie : ") {
                    let shown: Vec<&str> = mail.cc.iter().map(|person| person.address.as_str()).collect();
                    let expected: Vec<String> = people.split(", ").map(address).collect();
                    assert_eq!(shown, expected, "{at}");
                } else if let Some(absent) = line.strip_prefix("Sans : ") {
                    assert!(!mail.text.contains(absent), "{at}: « {absent} » is in:\n{}", mail.text);
                } else {
                    assert!(mail.text.contains(line.as_str()), "{at}: « {line} » is not in:\n{}", mail.text);
                }
            }
            let id = mail.message_id;
            self.last_mail.insert(person.to_owned(), (id.expect("our mail has an id"), subject));
        } else if let Some(person) = what.strip_prefix("notification à ") {
            let (to, mine) = (address(person), self.notifications().await);
            let next = mine.into_iter().find(|(email, ..)| *email == to);
            let (_, id, title) = next.unwrap_or_else(|| panic!("{at}: no notification"));
            assert_eq!(title, expected, "{at}");
            self.notifications_seen.insert(id);
        } else {
            panic!("{at}: nothing to look at is called so");
        }
    }

    /// The web notifications not looked at yet: (address, delivery, title), oldest first.
    async fn notifications(&mut self) -> Vec<(String, i64, String)> {
        let (mut found, mut number) = (Vec::new(), 1);
        while let Some(ticket) = self.stage.ticket(number).await {
            for delivery in ticket["deliveries"].as_array().unwrap() {
                let id = delivery["id"].as_i64().unwrap();
                if delivery["channel"] == "web"
                    && delivery["state"] == "sent"
                    && !self.notifications_seen.contains(&id)
                {
                    let email = ticket["requester"]["email"].as_str().unwrap().to_owned();
                    found.push((email, id, delivery["title"].as_str().unwrap().to_owned()));
                }
            }
            number += 1;
        }
        found.sort_by_key(|(_, id, _)| *id);
        found
    }
}

fn duration(text: &str) -> Duration {
    let (number, unit) = text.split_once(' ').expect("a number and a unit");
    let number: i64 = number.parse().expect("a number");
    match unit {
        "s" => Duration::seconds(number),
        "min" => Duration::minutes(number),
        "h" => Duration::hours(number),
        "jour" | "jours" => Duration::days(number),
        other => panic!("`{other}` is no unit of time"),
    }
}

fn transcripts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 3, "the scenarios are there");
    files
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

#[tokio::test]
async fn every_transcript_runs_on_both_databases() {
    for (name, transcript) in transcripts() {
        for database in BOTH {
            let play = Play::new(InProcess::new(database).await, &format!("{name} on {database:?}"));
            play.run(&transcript).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_transcript_runs_on_discord() {
    for (name, transcript) in transcripts() {
        for database in BOTH {
            let stage = OnDiscord::new(database).await;
            let play = Play::new(stage, &format!("{name} on Discord, {database:?}"));
            play.run(&transcript).await.end().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_transcript_runs_on_slack() {
    for (name, transcript) in transcripts() {
        for database in BOTH {
            let stage = OnSlack::new(database).await;
            let play = Play::new(stage, &format!("{name} on Slack, {database:?}"));
            play.run(&transcript).await.end().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_transcript_runs_on_the_built_program_with_a_real_mailbox_and_a_real_smtp_server() {
    for (name, transcript) in transcripts() {
        Play::new(Built::new(), &format!("{name} on the built program")).run(&transcript).await;
    }
}
