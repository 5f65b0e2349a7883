//! A real Dovecot behind a proxy that cuts, lies, refuses and falls silent: after recovery every mail is there exactly
//! once, and on the server it is as the configuration wants it.
//!
//! Each scene is one mailbox and one desk; `tests/support/accounting.rs` holds the one against the other.

mod broken;
mod changed;
mod limits;
mod refused;
mod told;

use crate::support::PATIENCE;
use crate::support::accounting::{assert_each_once, journal};
use crate::support::desk::{Database, LIMITS, OUR_ADDRESS, TestDesk, mailbox};
use crate::support::dovecot::Dovecot;
use crate::support::fault_proxy::{Act, FaultProxy, Heard};
use crate::support::imap_client::ImapClient;
use guichet::config::{AfterIngest, Imap};
use guichet::inbound::{FetchCount, FetchError, FetchOptions, Source, fetch, watch};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Each scene has a mailbox of its own on the test's server.
static SCENES: AtomicUsize = AtomicUsize::new(0);

/// Where mail goes that is moved.
const DONE: &str = "Done";

/// What can be wanted of a mail that is stored.
fn every_after_ingest() -> [AfterIngest; 4] {
    [AfterIngest::Keep, AfterIngest::Seen, AfterIngest::Move(DONE.to_owned()), AfterIngest::Delete]
}

/// A mailbox of a real server, and the desk that takes it in.
struct Scene<'a> {
    dovecot: &'a Dovecot,
    test: TestDesk,
    user: String,
    mailbox: &'static str,
    after: AfterIngest,
    /// What must be stored.
    mails: Vec<Vec<u8>>,
    /// How many arrived in all: the highest UID, unless the mailbox is numbered anew.
    arrived: usize,
}

impl<'a> Scene<'a> {
    async fn new(database: Database, dovecot: &'a Dovecot, after: AfterIngest) -> Scene<'a> {
        let user = format!("scene{}", SCENES.fetch_add(1, Ordering::SeqCst));
        let test = TestDesk::new(database).await;
        dovecot.make_mailbox(&user);
        Scene { dovecot, test, user, mailbox: "INBOX", after, mails: Vec::new(), arrived: 0 }
    }

    /// This many more mails arrive; the UID of the first of them.
    fn deliver(&mut self, count: usize) -> u32 {
        let first = self.arrived;
        self.arrived += count;
        for n in first..self.arrived {
            let raw = mail(n);
            self.dovecot.deliver_to(&self.user, &raw);
            self.mails.push(raw);
        }
        u32::try_from(first + 1).expect("a few mails")
    }

    fn settings(&self, port: u16) -> Imap {
        Imap {
            username: self.user.clone(),
            mailbox: self.mailbox.into(),
            label: format!("{}@127.0.0.1", self.mailbox),
            after_ingest: self.after.clone(),
            poll_interval: Duration::from_millis(100),
            ..mailbox(port)
        }
    }

    async fn fetch_with(&self, settings: Imap) -> Result<FetchCount, FetchError> {
        fetch(&self.test.desk, &Source::Imap(settings), &LIMITS, FetchOptions::default(), &|_| {}).await
    }

    async fn fetch(&self, proxy: &FaultProxy) -> Result<FetchCount, FetchError> {
        self.fetch_with(self.settings(proxy.port)).await
    }

    /// Somebody else at the same mailbox.
    async fn other_client(&self) -> ImapClient {
        ImapClient::open(self.dovecot.imap_port, &self.user, self.dovecot.password).await
    }

    /// Fetches without a fault in the way; then everything must be right, and nothing left to do.
    async fn recover(&self, case: &str) {
        let direct = || self.fetch_with(self.settings(self.dovecot.imap_port));
        direct().await.unwrap_or_else(|fault| panic!("{case}: {fault}"));
        self.assert_right(case).await;
        assert_eq!(direct().await.unwrap(), FetchCount::default(), "{case}: nothing is owed any more");
        self.assert_right(case).await;
    }

    /// Every mail is there once, and on the server it is as it should be.
    async fn assert_right(&self, case: &str) {
        let case = format!("{case}, {:?}", self.after);
        assert_each_once(&self.test, &self.mails, &case).await;
        let inbox = self.dovecot.mails_of(&self.user, "");
        let seen = inbox.iter().filter(|(name, _)| flags(name).contains('S')).count();
        let moved = self.moved();
        let all = self.mails.len();
        let expected = match self.after {
            AfterIngest::Keep => (all, 0, 0),
            AfterIngest::Seen => (all, all, 0),
            AfterIngest::Move(_) => (0, 0, all),
            AfterIngest::Delete => (0, 0, 0),
        };
        assert_eq!((inbox.len(), seen, moved.len()), expected, "{case}: in INBOX, seen, moved");
        let mut sent = self.mails.clone();
        sent.sort();
        assert!(moved.is_empty() || moved == sent, "{case}: each was moved once");
    }

    /// The loop of `serve` on this mailbox, until the token is cancelled.
    fn watch(&self, settings: Imap, cancel: &CancellationToken) -> JoinHandle<()> {
        let (desk, source, stop) = (self.test.desk.clone(), Source::Imap(settings), cancel.clone());
        tokio::spawn(async move { watch(&desk, &source, &LIMITS, stop).await })
    }

    /// Waits for the loop to have stored every mail there is.
    async fn until_stored(&self) {
        let all = async || journal(&self.test.url).await.iter().filter(|row| row.state == "filed").count();
        until("every mail is stored", async || all().await >= self.mails.len()).await;
    }

    /// The mails that are left in INBOX, in the order of their arrival.
    fn inbox(&self) -> Vec<Vec<u8>> {
        self.dovecot.mails_of(&self.user, "").into_iter().map(|(_, bytes)| bytes).collect()
    }

    /// The mails in the folder of those that are done, sorted.
    fn moved(&self) -> Vec<Vec<u8>> {
        let folder = self.dovecot.mails_of(&self.user, &format!(".{DONE}"));
        let mut mails: Vec<Vec<u8>> = folder.into_iter().map(|(_, bytes)| bytes).collect();
        mails.sort();
        mails
    }
}

/// Asks until it is so: for what the loop and the server do in their own time.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let asked = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| panic!("{what}: still not so"));
}

/// Moves the runtime's clock on, so that nobody waits for a limit; only on a runtime of one thread.
async fn pass_time(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// The flags in the name of a file of a Maildir.
fn flags(name: &str) -> &str {
    name.split_once(":2,").map_or("", |(_, flags)| flags)
}

/// Mails of different lengths, each from somebody else.
fn mail(n: usize) -> Vec<u8> {
    let more = "Le pari ne se valide pas.\r\n".repeat(n % 7);
    format!(
        "From: Client {n} <client{n}@client.example>\r\nTo: {OUR_ADDRESS}\r\nSubject: Question {n}\r\n\
         Message-ID: <question-{n}@client.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\nBonjour, voilà ma question nº {n}.\r\n{more}"
    )
    .into_bytes()
}

/// Whether this is the place.
type Fits = Box<dyn Fn(&Heard<'_>) -> bool + Send>;

/// A script of one act, at the first place that fits.
fn once(fits: impl Fn(&Heard<'_>) -> bool + Send + 'static, act: Act) -> impl FnMut(Heard<'_>) -> Act + Send {
    let mut act = Some(act);
    move |heard| if fits(&heard) { act.take().unwrap_or(Act::Pass) } else { Act::Pass }
}

/// The answer that brings this mail's body.
fn body_of(uid: u32) -> impl Fn(&Heard<'_>) -> bool + Send + 'static {
    move |heard| matches!(heard, Heard::Answer { line, .. } if line.contains(&format!("FETCH (UID {uid} BODY[] {{")))
}

/// The command that asks for many bodies or one.
fn asks_bodies(heard: &Heard<'_>) -> bool {
    matches!(heard, Heard::Command { line, .. } if line.contains("BODY.PEEK[]"))
}

/// The tagged end of the answer to a command that begins so.
fn end_of(command: &'static str) -> impl Fn(&Heard<'_>) -> bool + Send + 'static {
    move |heard| matches!(heard, Heard::Answer { to, line } if to.starts_with(command) && !line.starts_with(['*', '+']))
}

/// A command that begins so.
fn begins(command: &'static str) -> impl Fn(&Heard<'_>) -> bool + Send + 'static {
    move |heard| matches!(heard, Heard::Command { line, .. } if line.starts_with(command))
}

fn assert_lost(fetched: Result<FetchCount, FetchError>, case: &str) {
    let fault = fetched.expect_err(case);
    assert!(matches!(fault, FetchError::Lost(_)), "{case}: {fault}");
}
