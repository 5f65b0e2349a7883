//! Where a transcript is played: a desk in this process, or the built program with a real mailbox and a real
//! SMTP server. May import: guichet, the other supports.

use super::desk::{
    Database, LIMITS, OUR_ADDRESS, PUBLIC_URL, TestDesk, page_settings, serve_pages, settings,
    tuesday_morning,
};
use super::dovecot::Dovecot;
use super::slack::SUPPORT;
use super::slack_team::SlackTeam;
use super::smtp::SmtpSink;
use super::team::Team;
use chrono::{DateTime, Duration, Utc};
use guichet::clock::Clock;
use guichet::command::parse::parse;
use guichet::desk::{Desk, Failure};
use guichet::domain::mail::InboundMail;
use guichet::domain::people::Door;
use guichet::domain::preference::Preference;
use guichet::outbound::compose::{Letterhead, compose};
use guichet::store::Store;
use guichet::wording::templates::Templates;
use guichet::wording::{refusals, text};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Where Camille forwards users' mails from.
pub const CAMILLES_ADDRESS: &str = "camille@bettracker.example";

/// What a transcript can do and see.
#[allow(async_fn_in_trait, reason = "used with static dispatch in this binary only")]
pub trait Stage {
    /// A mail arrives in our mailbox and is taken in.
    async fn receive(&mut self, raw: Vec<u8>);
    /// Camille types a line; what she reads.
    async fn say(&mut self, line: &str) -> String;
    /// A requester chooses.
    async fn prefer(&mut self, email: &str, preference: &str);
    /// A mail program posts to the link of a mail's `List-Unsubscribe` (RFC 8058).
    async fn unsubscribe(&mut self, link: &str);
    /// Time passes, timers fire, and what is due leaves.
    async fn elapse(&mut self, time: Duration);
    /// Every mail that left so far, in order: to whom, and its bytes. Copies of one reply come in any order.
    async fn mails(&mut self) -> Vec<(String, Vec<u8>)>;
    /// A ticket, as `--json` shows it.
    async fn ticket(&mut self, number: i64) -> Option<Value>;
}

/// Composes what leaves, as the program does, and keeps it.
struct PostRoom {
    letterhead: Letterhead,
    templates: Templates,
    sent: Vec<(String, Vec<u8>)>,
}

impl PostRoom {
    fn new() -> PostRoom {
        let from = format!("Support BetTracker Pro <{OUR_ADDRESS}>");
        PostRoom {
            letterhead: Letterhead::new(&from, "BetTracker Pro", chrono_tz::Europe::Paris).unwrap(),
            templates: Templates::load(&[]).unwrap(),
            sent: Vec::new(),
        }
    }

    async fn deliver(&mut self, test: &TestDesk) {
        for parcel in test.deliver().await {
            let mail = compose(&parcel, &self.letterhead, &self.templates).unwrap();
            self.sent.push((parcel.address, mail));
        }
    }
}

/// A desk in this process.
pub struct InProcess {
    test: TestDesk,
    post: PostRoom,
}

impl InProcess {
    pub async fn new(database: Database) -> InProcess {
        let test = TestDesk::new(database).await;
        test.desk.link_identity(&test.camille, "email", CAMILLES_ADDRESS).await.unwrap();
        InProcess { test, post: PostRoom::new() }
    }

    async fn deliver(&mut self) {
        self.post.deliver(&self.test).await;
    }
}

impl Stage for InProcess {
    async fn receive(&mut self, raw: Vec<u8>) {
        self.test.mails(vec![raw]).await;
    }

    async fn say(&mut self, line: &str) -> String {
        let said = match parse(line) {
            Err(error) => refusals::say_usage(&error),
            Ok(command) => match self.test.desk.run(&self.test.camille, Door::Cli, command, None).await {
                Ok(view) => text::draw(&view, self.test.now, chrono_tz::Europe::Paris, false),
                Err(Failure::Refused(refusal)) => text::sentence(&refusals::say(&refusal), false),
                Err(Failure::Broken(error)) => panic!("`{line}`: {error:#}"),
            },
        };
        self.deliver().await;
        said
    }

    async fn prefer(&mut self, email: &str, preference: &str) {
        let preference = Preference::from_word(preference).expect("one of the four");
        self.test.desk.set_requester(email, None, Some(preference)).await.unwrap();
    }

    async fn unsubscribe(&mut self, link: &str) {
        post_one_click(&self.test.desk, link).await;
    }

    async fn elapse(&mut self, time: Duration) {
        self.test.elapse(time).await;
        self.test.desk.tick().await.unwrap();
        self.deliver().await;
    }

    async fn mails(&mut self) -> Vec<(String, Vec<u8>)> {
        self.post.sent.clone()
    }

    async fn ticket(&mut self, number: i64) -> Option<Value> {
        let ticket = self.test.desk.ticket(guichet::domain::ids::TicketId(number)).await.unwrap();
        ticket.map(|ticket| serde_json::to_value(ticket).unwrap())
    }
}

/// The strict Discord, where Camille types in #support-team.
pub struct OnDiscord {
    team: Team,
    post: PostRoom,
}

impl OnDiscord {
    pub async fn new(database: Database) -> OnDiscord {
        let team = Team::start(database).await;
        team.test.desk.link_identity(&team.test.camille, "email", CAMILLES_ADDRESS).await.unwrap();
        OnDiscord { team, post: PostRoom::new() }
    }

    async fn deliver(&mut self) {
        self.post.deliver(&self.team.test).await;
    }

    /// Everything was posted, and Discord had nothing to put up with.
    pub async fn end(&self) {
        self.team.settle().await;
        assert_eq!(self.team.discord.violations(), Vec::<String>::new());
    }
}

impl Stage for OnDiscord {
    async fn receive(&mut self, raw: Vec<u8>) {
        self.team.test.mails(vec![raw]).await;
    }

    async fn say(&mut self, line: &str) -> String {
        let support = self.team.discord.support;
        let said = self.team.camille.says(support, line).id;
        let answer = self.team.discord.wait("an answer", |guild| {
            guild.messages(support).into_iter().find(|one| one.reply_to == Some(said)).map(|one| one.id)
        });
        let answer = self.team.discord.message(answer.await).expect("it stands");
        let mut read = self.team.discord.draw(&answer);
        // What does not fit is in a file.
        for file in &answer.attachments {
            read.push_str(&String::from_utf8_lossy(&file.bytes));
        }
        self.deliver().await;
        // As Discord shows it: without the marks that keep words from being markup, and those of a command.
        let mut shown = String::new();
        let mut letters =
            read.replace(['\u{200b}', '`'], "").chars().collect::<Vec<_>>().into_iter().peekable();
        while let Some(letter) = letters.next() {
            if letter != '\\' || !letters.peek().is_some_and(char::is_ascii_punctuation) {
                shown.push(letter);
            }
        }
        // The name of a fact stands over it.
        let fact = |line: &str| match line.strip_prefix("| ").and_then(|fact| fact.split_once(": ")) {
            Some((name, value)) => format!("{name}\u{a0}: {value}"),
            None => line.to_owned(),
        };
        shown.lines().map(fact).collect::<Vec<_>>().join("\n")
    }

    async fn prefer(&mut self, email: &str, preference: &str) {
        let preference = Preference::from_word(preference).expect("one of the four");
        self.team.test.desk.set_requester(email, None, Some(preference)).await.unwrap();
    }

    async fn unsubscribe(&mut self, link: &str) {
        post_one_click(&self.team.test.desk, link).await;
    }

    async fn elapse(&mut self, time: Duration) {
        self.team.pass(time);
        self.team.test.desk.tick().await.unwrap();
        self.deliver().await;
    }

    async fn mails(&mut self) -> Vec<(String, Vec<u8>)> {
        self.post.sent.clone()
    }

    async fn ticket(&mut self, number: i64) -> Option<Value> {
        let ticket = self.team.test.desk.ticket(guichet::domain::ids::TicketId(number)).await.unwrap();
        ticket.map(|ticket| serde_json::to_value(ticket).unwrap())
    }
}

/// The strict Slack, where Camille uses `/ticket` in #support-team.
pub struct OnSlack {
    team: SlackTeam,
    post: PostRoom,
}

impl OnSlack {
    pub async fn new(database: Database) -> OnSlack {
        let team = SlackTeam::start(database).await;
        team.test.desk.link_identity(&team.test.camille, "email", CAMILLES_ADDRESS).await.unwrap();
        OnSlack { team, post: PostRoom::new() }
    }

    async fn deliver(&mut self) {
        self.post.deliver(&self.team.test).await;
    }

    /// Everything was posted, and Slack had nothing to put up with.
    pub async fn end(&self) {
        self.team.settle().await;
        assert_eq!(self.team.slack.violations(), Vec::<String>::new());
    }
}

impl Stage for OnSlack {
    async fn receive(&mut self, raw: Vec<u8>) {
        self.team.test.mails(vec![raw]).await;
    }

    async fn say(&mut self, line: &str) -> String {
        let line = line.trim_start_matches("/ticket ");
        let said = self.team.camille.slash(SUPPORT, &format!("/ticket {line}")).await.words().await;
        self.deliver().await;
        said
    }

    async fn prefer(&mut self, email: &str, preference: &str) {
        let preference = Preference::from_word(preference).expect("one of the four");
        self.team.test.desk.set_requester(email, None, Some(preference)).await.unwrap();
    }

    async fn unsubscribe(&mut self, link: &str) {
        post_one_click(&self.team.test.desk, link).await;
    }

    async fn elapse(&mut self, time: Duration) {
        self.team.pass(time);
        self.team.test.desk.tick().await.unwrap();
        self.deliver().await;
    }

    async fn mails(&mut self) -> Vec<(String, Vec<u8>)> {
        self.post.sent.clone()
    }

    async fn ticket(&mut self, number: i64) -> Option<Value> {
        let ticket = self.team.test.desk.ticket(guichet::domain::ids::TicketId(number)).await.unwrap();
        ticket.map(|ticket| serde_json::to_value(ticket).unwrap())
    }
}

/// The built program, run command by command as a CM and a cron would, against Dovecot and an SMTP server.
pub struct Built {
    folder: tempfile::TempDir,
    dovecot: Dovecot,
    sink: SmtpSink,
    now: DateTime<Utc>,
}

impl Built {
    pub fn new() -> Built {
        let (dovecot, sink) = (Dovecot::start(), SmtpSink::start());
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "[database]\nurl = \"sqlite://{folder}/guichet.db\"\n\
             [imap]\nhost = \"localhost\"\nport = {imaps}\nusername = \"{user}\"\npassword = \"{password}\"\n\
             ca_file = \"{ca}\"\nafter_ingest = \"seen\"\nstart = \"beginning\"\n\
             [smtp]\nhost = \"127.0.0.1\"\nport = {smtp}\nsecurity = \"none\"\n\
             from = \"Support BetTracker Pro <{OUR_ADDRESS}>\"\n",
            folder = folder.path().display(),
            imaps = dovecot.imaps_port,
            user = dovecot.user,
            password = dovecot.password,
            ca = dovecot.ca_pem.display(),
            smtp = sink.port,
        );
        std::fs::write(folder.path().join("bot.toml"), config).unwrap();
        let built = Built { folder, dovecot, sink, now: tuesday_morning() };
        built.run(&["agent", "add", "Camille"]);
        let account = format!("email:{}", CAMILLES_ADDRESS.to_uppercase());
        built.run(&["agent", "link", "Camille", &account]);
        built
    }

    /// Runs the program at the transcript's time; what it printed, refusals included.
    fn run(&self, words: &[&str]) -> String {
        let config: PathBuf = self.folder.path().join("bot.toml");
        let output = Command::new(env!("CARGO_BIN_EXE_guichet"))
            .arg("--config")
            .arg(config)
            .args(["--now", &self.now.to_rfc3339()])
            .args(words)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let (out, said) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(
            output.status.success() || output.status.code() == Some(1),
            "{words:?}: {:?}\n{out}{said}",
            output.status
        );
        format!("{out}{said}")
    }
}

impl Stage for Built {
    async fn receive(&mut self, raw: Vec<u8>) {
        self.dovecot.deliver(&raw);
        let counted: Value =
            serde_json::from_str(&self.run(&["fetch", "--json"])).expect("fetch counts in JSON");
        assert_eq!(counted["fetched"], 1, "{counted}");
    }

    async fn say(&mut self, line: &str) -> String {
        let line = line.trim_start_matches("/ticket ");
        let words: Vec<&str> = ["ticket"].into_iter().chain(line.split(' ')).collect();
        let said = self.run(&words);
        self.run(&["deliver"]);
        said
    }

    async fn prefer(&mut self, email: &str, preference: &str) {
        self.run(&["user", "set", email, &format!("preference={preference}")]);
    }

    async fn unsubscribe(&mut self, link: &str) {
        // The pages of the running program go by the machine's clock; these go by the transcript's, on its database.
        let url = format!("sqlite://{}/guichet.db", self.folder.path().display());
        let store = Store::open(&url).await.unwrap();
        let desk = Desk::open(store, Clock::At(self.now), settings()).await.unwrap();
        post_one_click(&desk, link).await;
        desk.close().await;
    }

    async fn elapse(&mut self, time: Duration) {
        self.now += time;
        self.run(&["tick"]);
        self.run(&["deliver"]);
    }

    async fn mails(&mut self) -> Vec<(String, Vec<u8>)> {
        self.sink.received().into_iter().map(|mail| (mail.rcpt_to.join(" "), mail.raw)).collect()
    }

    async fn ticket(&mut self, number: i64) -> Option<Value> {
        serde_json::from_str(&self.run(&["ticket", "show", &number.to_string(), "--json"])).ok()
    }
}

/// One click, as a mail provider does it: from its own machine, knowing nothing but the link.
async fn post_one_click(desk: &Desk, link: &str) {
    let path = link.find("/u/").map(|at| &link[at..]).expect("a link of the requester's");
    let address = serve_pages(desk, page_settings(PUBLIC_URL, false)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = "List-Unsubscribe=One-Click";
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

/// The link that a mail program would post to, for a mail that carries one.
pub fn unsubscribe_link(raw: &[u8]) -> Option<String> {
    let mail = String::from_utf8_lossy(raw);
    let line = mail.lines().find_map(|line| line.strip_prefix("List-Unsubscribe: <"))?;
    Some(line.trim_end().trim_end_matches('>').to_owned())
}

/// What the parser of the program reads in a mail that left.
pub fn read_mail(raw: &[u8]) -> InboundMail {
    guichet::reading::parse::parse(raw, &LIMITS).expect("our own mail can be read")
}
