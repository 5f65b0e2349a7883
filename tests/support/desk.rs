//! A desk on a database of its own, with a clock that the test moves. May import: guichet, the other supports.

use super::postgres::Postgres;
use chrono::{DateTime, Duration, TimeZone, Utc};
use guichet::clock::Clock;
use guichet::command::parse::parse;
use guichet::config::{AfterIngest, Imap, Limits, Security, Start};
use guichet::desk::deliver::{Composed, Parcel};
use guichet::desk::receive::{Arrived, Filed};
use guichet::desk::{Desk, Failure, Settings};
use guichet::domain::delivery::Outcome;
use guichet::domain::people::{Agent, Door, Role};
use guichet::domain::rules::Rules;
use guichet::domain::webhook::Hook;
use guichet::inbound;
use guichet::outbound::compose::{Letterhead, compose};
use guichet::store::Store;
use guichet::store::mailbox::NewRawMail;
use guichet::view::View;
use guichet::web;
use guichet::wording::canned::Catalogue;
use guichet::wording::templates::Templates;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// The address the desk of the tests writes from.
pub const OUR_ADDRESS: &str = "support@bettracker.example";

/// Another address of the desk of the tests.
pub const OUR_ALIAS: &str = "aide@bettracker.example";

/// The mail server that the desk of the tests believes.
pub const OUR_MAIL_SERVER: &str = "mx.bettracker.example";

/// Where the pages of the tests say they are.
pub const PUBLIC_URL: &str = "https://support.bettracker.example";
/// Where those of a desk that pushes are: services on this machine are good enough for it.
pub const NEAR_URL: &str = "http://localhost:3000";

/// What the desk of the tests takes in.
pub const LIMITS: Limits = Limits { max_mail_bytes: 25 << 20, max_attachment_bytes: 20 << 20 };

/// A mailbox in plain text on this machine, read from its oldest mail on: that of a test's Dovecot.
pub fn mailbox(port: u16) -> Imap {
    Imap {
        section: "imap".into(),
        label: "INBOX@127.0.0.1".into(),
        host: "127.0.0.1".into(),
        port,
        security: Security::None,
        username: "support".into(),
        sign_in: "pass".to_owned().into(),
        mailbox: "INBOX".into(),
        authserv_id: None,
        sent_folder: None,
        after_ingest: AfterIngest::Keep,
        ca_file: None,
        poll_interval: std::time::Duration::from_millis(200),
        start: Start::Beginning,
    }
}

/// The mail of client `n`, which is no other client's.
pub fn question(n: usize) -> Vec<u8> {
    format!(
        "From: client{n}@client.example\r\nTo: {OUR_ADDRESS}\r\nSubject: question {n}\r\n\
         Message-ID: <{n}@client.example>\r\n\r\nBonjour, question {n}.\r\n"
    )
    .into_bytes()
}

/// What pages say of themselves; in the demo Camille is signed in by herself.
pub fn page_settings(public_url: &str, demo: bool) -> web::Settings {
    web::Settings {
        brand: "BetTracker Pro".into(),
        public_url: public_url.into(),
        zone: chrono_tz::Europe::Paris,
        demo_agent: demo.then(|| "Camille".into()),
        limits: guichet::config::Limits { max_mail_bytes: 25 << 20, max_attachment_bytes: 25 << 20 },
        mailboxes: Vec::new(),
        canary: false,
        accounts: Vec::new(),
    }
}

/// Serves a desk's pages on a port of their own until the test ends.
pub async fn serve_pages(desk: &Desk, settings: web::Settings) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(web::serve(listener, web::router(desk.clone(), settings), std::future::pending()));
    address
}

/// A Tuesday morning in Paris, with people at work.
pub fn tuesday_morning() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 24, 9, 0, 0).single().expect("a date of the calendar")
}

/// One desk, one agent (Camille), one clock.
pub struct TestDesk {
    pub store: Store,
    pub desk: Desk,
    pub camille: Agent,
    pub now: DateTime<Utc>,
    /// The database's address.
    pub url: String,
    /// Where the database of SQLite lies.
    pub folder: tempfile::TempDir,
    /// The adjustable numbers.
    pub rules: Rules,
    /// What browsers know its pushes by; then it is seen on this machine only.
    pub push_key: Option<String>,
    /// Which endpoints it tells by webhook.
    pub hooks: Vec<Hook>,
}

/// On which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// Both: every test of the store, the desk and the doors runs on each.
pub const BOTH: [Database; 2] = [Database::Sqlite, Database::Postgres];

/// What the desk of the tests knows of the configuration.
pub fn settings() -> Settings {
    Settings {
        mail_host: "bettracker.example".into(),
        own_addresses: vec![OUR_ADDRESS.into(), OUR_ALIAS.into()],
        authserv_ids: vec![OUR_MAIL_SERVER.into()],
        public_url: PUBLIC_URL.into(),
        brand: "BetTracker Pro".into(),
        rules: Rules::default(),
        plus_addresses: false,
        catalogue: Catalogue::load(&[]).expect("the built-in replies can be read"),
        docs_dir: "no-such-folder".into(),
        chats: Vec::new(),
        hooks: Vec::new(),
        push_key: None,
        keeps_sent: false,
    }
}

impl TestDesk {
    /// A migrated, empty database with Camille.
    pub async fn new(database: Database) -> TestDesk {
        TestDesk::with_rules(database, Rules::default()).await
    }

    /// The same with other numbers.
    pub async fn with_rules(database: Database, rules: Rules) -> TestDesk {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = match database {
            Database::Sqlite => format!("sqlite://{}", folder.path().join("guichet.db").display()),
            Database::Postgres => Postgres::shared().fresh_database(),
        };
        let store = Store::open(&url).await.expect("the database opens");
        store.migrate().await.expect("the migrations run");
        let now = tuesday_morning();
        let docs_dir = folder.path().join("docs");
        let settings = Settings { rules: rules.clone(), docs_dir, ..settings() };
        let desk = Desk::open(store.clone(), Clock::At(now), settings).await.expect("the desk opens");
        let camille = desk.add_agent("Camille", Role::Agent).await.expect("an agent is added");
        let camille = camille.expect("the name is free");
        TestDesk { store, desk, camille, now, url, folder, rules, push_key: None, hooks: Vec::new() }
    }

    /// One whose pushes browsers know by this key.
    pub async fn pushing(database: Database, push_key: &str) -> TestDesk {
        let mut test = TestDesk::new(database).await;
        test.push_key = Some(push_key.to_owned());
        test.elapse(Duration::zero()).await;
        test
    }

    /// One that tells these endpoints.
    pub async fn telling(database: Database, hooks: Vec<Hook>) -> TestDesk {
        let mut test = TestDesk::new(database).await;
        test.hooks = hooks;
        test.elapse(Duration::zero()).await;
        test
    }

    /// Moves the clock.
    pub async fn elapse(&mut self, time: Duration) {
        self.now += time;
        let push_key = self.push_key.clone();
        let public_url = if push_key.is_some() { NEAR_URL } else { PUBLIC_URL }.to_owned();
        let (rules, hooks) = (self.rules.clone(), self.hooks.clone());
        let docs_dir = self.folder.path().join("docs");
        let settings = Settings { rules, push_key, hooks, public_url, docs_dir, ..settings() };
        let desk = Desk::open(self.store.clone(), Clock::At(self.now), settings).await;
        self.desk = desk.expect("the desk opens again");
    }

    /// A mail arrives.
    pub async fn mail(&self, raw: &str) -> Filed {
        let raw = raw.replace('\n', "\r\n").into_bytes();
        self.mails(vec![raw]).await[0]
    }

    /// Mails arrive together.
    pub async fn mails(&self, raws: Vec<Vec<u8>>) -> Vec<Filed> {
        let arrived = raws.into_iter().map(|raw| inbound::prepare(raw, &LIMITS)).collect::<Vec<Arrived>>();
        self.desk.receive("test", arrived, None).await.expect("the mails are received")
    }

    /// Mails arrive, and the process dies before they are filed.
    pub async fn journal_only(&self, raws: Vec<Vec<u8>>) {
        for raw in raws {
            self.journal(&raw, None).await;
        }
    }

    /// The same with a mail of which only a part could be had.
    pub async fn journal_part(&self, raw: &[u8], held: &str) {
        self.journal(raw, Some(held)).await;
    }

    async fn journal(&self, raw: &[u8], held: Option<&str>) {
        let (sha256, identity) =
            (guichet::reading::identity::sha256_hex(raw), guichet::reading::identity::identity(raw));
        let packed = guichet::desk::pack(raw).unwrap();
        let mail = NewRawMail {
            mailbox: "test",
            sha256: &sha256,
            identity: &identity,
            bytes: raw.len(),
            packed: &packed,
            person: None,
            counts: false,
            held,
        };
        let mut tx = self.store.begin().await.unwrap();
        tx.journal_mails(&[mail], self.now).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Camille types a command.
    pub async fn try_say(&self, line: &str) -> Result<View, Failure> {
        let command = parse(line).unwrap_or_else(|error| panic!("`{line}` is no command: {error:?}"));
        self.desk.run(&self.camille, Door::Cli, command, None).await
    }

    /// Camille types a command that is carried out.
    pub async fn say(&self, line: &str) -> View {
        self.try_say(line).await.unwrap_or_else(|failure| panic!("`{line}`: {failure}"))
    }

    /// What is due is handed over, and the answer is lost.
    pub async fn lose(&self) {
        for parcel in self.desk.claim(10).await.expect("the outbox can be claimed").parcels {
            let outcome = Outcome::Ambiguous("connexion perdue".into());
            self.desk.record(&parcel, outcome).await.expect("an attempt is recorded");
        }
    }

    /// The bytes of a mail are kept, as its worker keeps them before they leave.
    pub async fn seal(&self, parcel: &Parcel, bytes: &[u8]) {
        let composed = Composed::new(parcel.id, &parcel.cc, bytes).expect("there is memory to pack it");
        self.desk.seal(&[composed]).await.expect("bytes are kept");
    }

    /// Everything that is due leaves, and arrives.
    pub async fn deliver(&self) -> Vec<Parcel> {
        let claim = self.desk.claim(100).await.expect("the outbox can be claimed");
        for parcel in &claim.parcels {
            self.desk.record(parcel, Outcome::Sent).await.expect("an attempt is recorded");
        }
        claim.parcels
    }
}

/// Makes tests of functions that take a database: each runs on SQLite and on PostgreSQL, under its own name. A
/// function that is left out is dead code, which the lints refuse.
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")] async fn $test() { super::$test($crate::support::desk::Database::Sqlite).await })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")] async fn $test() { super::$test($crate::support::desk::Database::Postgres).await })*
        }
    };
}
pub(crate) use on_both;

/// The files of a mail as it leaves: names and bytes.
pub fn files_of(parcel: &Parcel) -> Vec<(String, Vec<u8>)> {
    let letterhead = Letterhead::new(OUR_ADDRESS, "BetTracker Pro", chrono_tz::UTC).unwrap();
    let mail = compose(parcel, &letterhead, &Templates::load(&[]).unwrap()).unwrap();
    let read = mail_parser::MessageParser::default().parse(&mail).unwrap();
    let named = |part: &mail_parser::MessagePart<'_>| {
        mail_parser::MimeHeaders::attachment_name(part).unwrap_or_default().to_owned()
    };
    read.attachments().map(|part| (named(part), part.contents().to_vec())).collect()
}

/// A mail server's report (RFC 3464) on a mail of ours to Léa, by its Message-ID.
pub fn report(id: &str, ours: &str, action: &str, status: &str) -> String {
    format!(
        "From: MAILER-DAEMON@relais.example\nTo: {OUR_ADDRESS}\nSubject: Undelivered\nMessage-ID: <{id}@relais.example>\n\
         Auto-Submitted: auto-replied\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\nContent-Type: text/plain\n\nNon remis.\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; relais.example\n\nFinal-Recipient: rfc822; lea@client.example\nAction: {action}\n\
         Status: {status}\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{ours}>\n\n--b--\n"
    )
}
