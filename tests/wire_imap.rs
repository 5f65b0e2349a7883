//! The IMAP session and the drain against a real Dovecot, and against servers that misbehave as scripted.

use crate::support::desk::{Database, TestDesk, mailbox};
use crate::support::dovecot::Dovecot;
use guichet::config::{AfterIngest, Imap, Limits, Security, SignIn};
use guichet::desk::board::QueueFilter;
use guichet::desk::receive::Cursor;
use guichet::inbound::drain::{Order, drain};
use guichet::inbound::imap::{Credential, Session};
use guichet::inbound::pipeline::{Intake, take_in};
use guichet::inbound::{FetchCount, FetchError, FetchOptions, Source, Tally, Tried, fetch, try_connection};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const LIMITS: Limits = Limits { max_mail_bytes: 200_000, max_attachment_bytes: 200_000 };

fn settings(port: u16, security: Security) -> Imap {
    Imap {
        label: "INBOX@localhost".into(),
        host: "localhost".into(),
        security,
        poll_interval: Duration::from_secs(60),
        ..mailbox(port)
    }
}

async fn open(settings: &Imap) -> Result<Session, FetchError> {
    let SignIn::Password(password) = &settings.sign_in else { panic!("these tests have passwords") };
    Session::open(settings, Credential::Password(password)).await
}

fn plain(dovecot: &Dovecot) -> Imap {
    settings(dovecot.imap_port, Security::None)
}

fn mail(n: usize) -> Vec<u8> {
    format!(
        "From: Jean <jean@client.example>\r\nTo: support@guichet.example\r\nSubject: Question {n}\r\n\
         Message-ID: <question-{n}@client.example>\r\n\r\nBonjour, question n\u{b0} {n}.\r\n"
    )
    .into_bytes()
}

/// What one drain brought to a fresh desk.
#[derive(Debug, Default)]
struct Brought {
    /// The original of each ticket, in the order they were opened.
    mails: Vec<Vec<u8>>,
    /// Reason and bytes of each mail that is held.
    held: Vec<(String, Vec<u8>)>,
    cursor: Option<Cursor>,
    count: FetchCount,
    fault: Option<FetchError>,
}

async fn drain_above(database: Database, from: u32, settings: &Imap, limit: Option<u32>) -> Brought {
    let test = TestDesk::new(database).await;
    let mut session = open(settings).await.expect("the server lets us in");
    let selected = session.select("INBOX", false).await.expect("INBOX opens");
    let (intake, inbox) = Intake::new(LIMITS);
    let (report, mut committed) = mpsc::unbounded_channel();
    let writer = tokio::spawn(take_in(test.desk.clone(), "test".to_owned(), inbox, report));
    let cancel = CancellationToken::new();
    let after = &settings.after_ingest;
    let (desk, mailbox) = (&test.desk, "test");
    let order =
        Order { desk, mailbox, selected, from, older: None, limit, after, limits: &LIMITS, cancel: &cancel };
    let mut tally = Tally::new(&|_| {});
    let drained = drain(&mut session, &order, None, intake, &mut committed, &mut tally).await;
    writer.await.expect("the writer does not panic").expect("the desk stores");
    let mut brought = Brought { count: tally.count, fault: drained.err(), ..Brought::default() };
    let standing = test.desk.standing("test").await.unwrap();
    brought.cursor = standing.map(|at| Cursor { uid_validity: at.uid_validity, last_uid: at.last_uid });
    let mut tickets = test.desk.queue(&QueueFilter::default()).await.unwrap().tickets;
    tickets.sort_by_key(|ticket| ticket.id);
    for ticket in tickets {
        let ticket = test.desk.ticket(ticket.id).await.unwrap().unwrap();
        brought.mails.extend(test.desk.raw_of_message(ticket.messages[0].id).await.unwrap());
    }
    for held in test.desk.held_mails().await.unwrap() {
        brought.held.push((held.why, test.desk.held_mail(held.id).await.unwrap().unwrap()));
    }
    brought
}

async fn fault_of(settings: Imap) -> String {
    try_connection(&Source::Imap(settings), None).await.expect_err("this cannot work").to_string()
}

#[tokio::test]
async fn the_three_kinds_of_security_log_in() {
    let dovecot = Dovecot::start();
    dovecot.deliver(&mail(1));
    for (port, security) in [
        (dovecot.imap_port, Security::None),
        (dovecot.imap_port, Security::Starttls),
        (dovecot.imaps_port, Security::Tls),
    ] {
        let mut settings = settings(port, security);
        settings.ca_file = Some(dovecot.ca_pem.clone());
        let found = try_connection(&Source::Imap(settings), None).await.unwrap();
        let expected = Tried::Imap { mailbox: "INBOX".into(), mails: 1, announces: true };
        assert_eq!(found, expected, "{security:?}");
    }
}

#[tokio::test]
async fn each_fault_names_the_key_that_mends_it() {
    let dovecot = Dovecot::start();
    let tls = || settings(dovecot.imaps_port, Security::Tls);

    let fault = fault_of(Imap { sign_in: "wrong".to_owned().into(), ..plain(&dovecot) }).await;
    assert!(fault.contains("`imap.password`") && !fault.contains("wrong"), "{fault}");
    let fault = fault_of(Imap { sign_in: "mot de passé".to_owned().into(), ..plain(&dovecot) }).await;
    assert!(fault.contains("`imap.password`"), "{fault}");
    let fault = fault_of(Imap { host: "mail.invalid".into(), ..tls() }).await;
    assert!(fault.contains("unknown host mail.invalid") && fault.contains("`imap.host`"), "{fault}");
    let fault = fault_of(settings(crate::support::free_port(), Security::Tls)).await;
    assert!(fault.contains("cannot connect") && fault.contains("`imap.port`"), "{fault}");
    let fault = fault_of(tls()).await;
    assert!(fault.contains("TLS") && fault.contains("`imap.ca_file`"), "{fault}");
    let fault = fault_of(settings(dovecot.imap_port, Security::Tls)).await;
    assert!(fault.contains("TLS") && fault.contains("`imap.security`"), "{fault}");
    let fault = fault_of(Imap { mailbox: "Nowhere".into(), ..plain(&dovecot) }).await;
    assert!(fault.contains("Nowhere") && fault.contains("`imap.mailbox`"), "{fault}");
}

async fn every_mail_comes_once_in_order_and_byte_for_byte(database: Database) {
    let dovecot = Dovecot::start();
    let sent: Vec<Vec<u8>> = (0..903).map(mail).collect();
    sent.iter().for_each(|raw| dovecot.deliver(raw));
    let brought = drain_above(database, 0, &plain(&dovecot), None).await;
    assert_eq!(brought.fault.map(|fault| fault.to_string()), None);
    assert_eq!(brought.mails, sent);
    assert_eq!(brought.count.fetched, 903);
    let cursor = brought.cursor.unwrap();
    assert_eq!(cursor.last_uid, 903);
    // The second time there is nothing, though `n:*` names the last mail.
    let again = drain_above(database, cursor.last_uid, &plain(&dovecot), None).await;
    assert_eq!((again.mails.len(), again.cursor), (0, None));
    // A limit stops early; the next drain goes on from its cursor.
    let some = drain_above(database, 0, &plain(&dovecot), Some(7)).await;
    assert_eq!((some.mails.len(), some.cursor.unwrap().last_uid), (7, 7));
}

#[tokio::test]
async fn a_mail_over_the_limit_is_held_with_its_header_and_stays_on_the_server() {
    let dovecot = Dovecot::start();
    dovecot.deliver(&mail(1));
    let mut large = mail(2);
    large.extend(b"une ligne de trop\r\n".repeat(20_000));
    dovecot.deliver(&large);
    dovecot.deliver(&mail(3));
    let settings = Imap { after_ingest: AfterIngest::Delete, ..plain(&dovecot) };
    let brought = drain_above(Database::Sqlite, 0, &settings, None).await;
    assert_eq!(brought.mails, [mail(1), mail(3)]);
    let (why, header) = &brought.held[0];
    let header = String::from_utf8_lossy(header);
    assert_eq!((why.as_str(), brought.held.len()), ("too large", 1));
    assert!(header.contains("Subject: Question 2") && !header.contains("Bonjour"), "{header}");
    assert_eq!(brought.cursor.unwrap().last_uid, 3);
    let mut session = open(&settings).await.unwrap();
    session.select("INBOX", true).await.unwrap();
    let left: Vec<u32> = session.list(1, None).await.unwrap().iter().map(|mail| mail.uid).collect();
    assert_eq!(left, [2]);
}

#[tokio::test]
async fn what_is_stored_is_flagged_moved_or_deleted_and_the_folder_is_made() {
    let dovecot = Dovecot::start();
    for n in 1..=3 {
        dovecot.deliver(&mail(n));
    }
    let with = |after_ingest| Imap { after_ingest, ..plain(&dovecot) };
    drain_above(Database::Sqlite, 2, &with(AfterIngest::Seen), None).await;
    let cur = std::fs::read_dir(dovecot.maildir.join("cur")).unwrap();
    let seen = cur.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains(":2,S"));
    assert_eq!(seen.count(), 1, "only the mail that was taken in is seen");

    drain_above(Database::Sqlite, 1, &with(AfterIngest::Move("Traités".into())), None).await;
    let mut session = open(&plain(&dovecot)).await.unwrap();
    assert_eq!(session.select("Traités", true).await.unwrap().exists, 2);
    assert_eq!(session.select("INBOX", true).await.unwrap().exists, 1);

    drain_above(Database::Sqlite, 0, &with(AfterIngest::Delete), None).await;
    assert_eq!(session.select("INBOX", true).await.unwrap().exists, 0);
}

#[tokio::test]
async fn new_mail_ends_the_wait_and_a_dead_server_is_noticed_in_it() {
    let mut dovecot = Dovecot::start();
    let cancel = CancellationToken::new();
    let mut session = open(&plain(&dovecot)).await.unwrap();
    assert!(session.can("IDLE"));
    session.select("INBOX", false).await.unwrap();
    assert!(session.list(1, None).await.unwrap().is_empty());
    let patience = Duration::from_secs(30);
    let (waited, ()) = tokio::join!(session.wait_for_news(patience, &cancel), async {
        dovecot.deliver(&mail(1));
    });
    waited.unwrap();
    assert!(session.has_news(), "the wait ended by news, not by its limit");
    assert_eq!(session.list(1, None).await.unwrap().len(), 1);

    cancel.cancel();
    session.wait_for_news(patience, &cancel).await.unwrap();

    let cancel = CancellationToken::new();
    let (waited, ()) = tokio::join!(session.wait_for_news(patience, &cancel), async { dovecot.kill() });
    let fault = waited.expect_err("the server is gone");
    assert!(matches!(fault, FetchError::Lost(_)), "{fault}");
}

/// What a scripted server does with a line.
pub(crate) enum Reply {
    /// These bytes.
    Say(Vec<u8>),
    /// These bytes, and it hangs up.
    Cut(Vec<u8>),
    /// As an ordinary server with three mails would.
    Usual,
}

fn say(text: impl Into<String>) -> Reply {
    Reply::Say(text.into().into_bytes())
}

/// A server on loopback whose `answer` (to the tag and the rest of each line) may differ from the usual.
pub(crate) async fn scripted(
    capabilities: &'static str,
    answer: impl Fn(&str, &str) -> Reply + Send + Sync + 'static,
) -> Imap {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"* OK scripted\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                let (tag, rest) = line.split_once(' ').unwrap_or((&line, ""));
                let (bytes, is_end) = match answer(tag, rest) {
                    Reply::Say(bytes) => (bytes, false),
                    Reply::Cut(bytes) => (bytes, true),
                    Reply::Usual => (usual(tag, rest, capabilities), false),
                };
                if write.write_all(&bytes).await.is_err() || is_end {
                    break;
                }
            }
        }
    });
    Imap { host: "127.0.0.1".into(), ..settings(port, Security::None) }
}

pub(crate) fn usual(tag: &str, line: &str, capabilities: &str) -> Vec<u8> {
    let mut said = Vec::new();
    if line == "CAPABILITY" {
        said.extend(format!("* CAPABILITY IMAP4rev1 {capabilities}\r\n").bytes());
    } else if line.starts_with("SELECT") || line.starts_with("EXAMINE") {
        said.extend(b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 4] ok\r\n");
    } else if line.contains("RFC822.SIZE") {
        // Asked for what is above the last mail, a server names the last mail (RFC 3501 section 6.4.8).
        let first = line.split([' ', ':']).nth(2).and_then(|uid| uid.parse().ok()).unwrap_or(1);
        for n in usize::min(first, 3)..=3 {
            said.extend(format!("* {n} FETCH (UID {n} RFC822.SIZE {} FLAGS ())\r\n", mail(n).len()).bytes());
        }
    } else if line.contains("BODY.PEEK[]") {
        (1..=3).for_each(|n| said.extend(body(n)));
    }
    said.extend(format!("{tag} OK done\r\n").bytes());
    said
}

fn body(n: usize) -> Vec<u8> {
    let raw = mail(n);
    [format!("* {n} FETCH (UID {n} BODY[] {{{}}}\r\n", raw.len()).as_bytes(), &raw, b")\r\n"].concat()
}

#[tokio::test]
async fn the_usual_scripted_server_gives_its_three_mails() {
    let brought = drain_above(Database::Sqlite, 0, &scripted("", |_, _| Reply::Usual).await, None).await;
    assert_eq!(brought.mails, [mail(1), mail(2), mail(3)]);
    assert_eq!(brought.cursor, Some(Cursor { uid_validity: 7, last_uid: 3 }));
}

#[tokio::test]
async fn a_line_cut_in_the_middle_of_a_fetch_commits_nothing_of_it() {
    let cuts: [fn() -> Vec<u8>; 5] = [
        || [body(1), body(2)[..60].to_vec()].concat(),
        // A clean end between two answers must not pass for the end of the command.
        || [body(1), body(2)].concat(),
        || [body(1), b"* BYE going down\r\n".to_vec()].concat(),
        || [body(1), b"\0\xff nonsense\r\n".to_vec()].concat(),
        Vec::new,
    ];
    for cut in cuts {
        let settings =
            scripted(
                "",
                move |_, line| {
                    if line.contains("BODY.PEEK[]") { Reply::Cut(cut()) } else { Reply::Usual }
                },
            );
        let brought = drain_above(Database::Sqlite, 0, &settings.await, None).await;
        assert!(matches!(brought.fault, Some(FetchError::Lost(_))), "{:?}", brought.fault);
        assert_eq!((brought.mails.len(), brought.cursor), (0, None));
    }
}

#[tokio::test]
async fn a_fault_quotes_nothing_of_what_the_server_sent() {
    let settings = scripted("", |_, line| {
        if line.contains("BODY.PEEK[]") {
            Reply::Cut(b"* 1 FETCH (UID 1 BODY[] secret of jean@client.example\r\n".to_vec())
        } else {
            Reply::Usual
        }
    });
    let fault = drain_above(Database::Sqlite, 0, &settings.await, None).await.fault.unwrap().to_string();
    assert!(!fault.contains("secret") && !fault.contains("client.example"), "{fault}");
}

async fn a_mail_that_the_server_lists_but_does_not_give_is_held_and_stops_nothing(database: Database) {
    let settings = scripted("", |tag, line| match line {
        _ if line.contains("BODY.PEEK[]") && line.contains("FETCH 1:3") => {
            Reply::Say([body(1), format!("{tag} NO [SERVERBUG] cannot read\r\n").into_bytes()].concat())
        }
        _ if line.contains("BODY.PEEK[]") && line.contains("FETCH 3") => {
            Reply::Say([body(3), format!("{tag} OK done\r\n").into_bytes()].concat())
        }
        _ if line.contains("BODY.PEEK[") => say(format!("{tag} NO [SERVERBUG] cannot read\r\n")),
        _ => Reply::Usual,
    });
    let brought = drain_above(database, 0, &settings.await, None).await;
    assert_eq!(brought.fault.map(|fault| fault.to_string()), None);
    assert_eq!(brought.mails, [mail(1), mail(3)]);
    assert_eq!(brought.held[0].0, "not given by the server");
    assert_eq!(brought.cursor.unwrap().last_uid, 3);
}

#[tokio::test]
async fn a_server_that_gives_none_of_several_mails_is_in_trouble_and_holds_up_nothing_for_good() {
    let settings = scripted("", |tag, line| {
        if line.contains("BODY.PEEK[") {
            say(format!("{tag} NO [UNAVAILABLE] try later\r\n"))
        } else {
            Reply::Usual
        }
    });
    let brought = drain_above(Database::Sqlite, 0, &settings.await, None).await;
    let fault = brought.fault.expect("it is tried again").to_string();
    assert!(fault.contains("none of 3 mails"), "{fault}");
    assert_eq!(
        (brought.mails.len(), brought.held.len()),
        (0, 0),
        "nothing is held for what the server lacks"
    );
}

#[tokio::test]
async fn a_mail_of_which_nothing_is_given_is_told_by_its_place() {
    let settings = scripted("", |tag, line| match line {
        _ if line.contains("BODY.PEEK[]") && line.contains("FETCH 1:3") => {
            Reply::Say([body(1), format!("{tag} NO [SERVERBUG] cannot read\r\n").into_bytes()].concat())
        }
        _ if line.contains("BODY.PEEK[") => say(format!("{tag} NO [SERVERBUG] cannot read\r\n")),
        _ => Reply::Usual,
    });
    let brought = drain_above(Database::Sqlite, 0, &settings.await, None).await;
    assert_eq!(brought.fault.map(|fault| fault.to_string()), None);
    let validity = brought.cursor.unwrap().uid_validity;
    let mut held: Vec<String> =
        brought.held.iter().map(|(_, raw)| String::from_utf8_lossy(raw).into_owned()).collect();
    held.sort();
    assert_eq!(held, [2, 3].map(|uid| format!("X-Guichet-Uid: {uid} {validity} test\r\n\r\n")));
}

#[tokio::test]
async fn answers_out_of_order_doubled_or_unasked_change_nothing() {
    let settings = scripted("", |tag, line| {
        if line.contains("BODY.PEEK[]") {
            let unasked =
                b"* 9 FETCH (FLAGS (\\Seen))\r\n* 4 EXISTS\r\n* 9 FETCH (UID 9 BODY[] \"x\")\r\n".to_vec();
            let end = format!("{tag} OK done\r\n").into_bytes();
            Reply::Say([body(3), unasked, body(1), body(2), body(1), end].concat())
        } else {
            Reply::Usual
        }
    });
    let brought = drain_above(Database::Sqlite, 0, &settings.await, None).await;
    assert_eq!(brought.fault.map(|fault| fault.to_string()), None);
    assert_eq!(brought.mails, [mail(1), mail(2), mail(3)]);
}

#[tokio::test]
async fn a_server_that_sends_without_end_is_cut_off_before_memory_is_gone() {
    let settings = scripted("", |_, line| {
        if line.contains("BODY.PEEK[]") {
            let mut flood = b"* 1 FETCH (UID 1 BODY[] {400000000}\r\n".to_vec();
            flood.resize(40 << 20, b'x');
            Reply::Cut(flood)
        } else {
            Reply::Usual
        }
    });
    let fault = drain_above(Database::Sqlite, 0, &settings.await, None).await.fault.unwrap().to_string();
    assert!(fault.contains("more than it announced"), "{fault}");
}

#[tokio::test]
async fn what_a_server_names_and_then_refuses_is_done_another_way() {
    let (heard, mut lines) = mpsc::unbounded_channel();
    let settings = scripted("IDLE MOVE UIDPLUS", move |tag, line| {
        heard.send(line.to_owned()).expect("the test listens");
        if line == "IDLE" || line.starts_with("UID MOVE") || line.starts_with("CREATE") {
            say(format!("{tag} NO not here\r\n"))
        } else {
            Reply::Usual
        }
    });
    let settings = Imap { after_ingest: AfterIngest::Move("Done".into()), ..settings.await };
    let brought = drain_above(Database::Sqlite, 0, &settings, None).await;
    assert_eq!(brought.fault.map(|fault| fault.to_string()), None);
    let mut session = open(&settings).await.unwrap();
    assert!(session.can("IDLE"));
    session.wait_for_news(Duration::ZERO, &CancellationToken::new()).await.unwrap();
    assert!(!session.can("IDLE"), "it is not asked again");
    let mut settled = Vec::new();
    while let Ok(line) = lines.try_recv() {
        if line.starts_with("UID") && !line.starts_with("UID FETCH") {
            settled.push(line);
        }
    }
    assert_eq!(
        settled,
        [
            "UID MOVE 1:3 \"Done\"",
            "UID MOVE 1:3 \"Done\"",
            "UID COPY 1:3 \"Done\"",
            "UID STORE 1:3 +FLAGS.SILENT (\\Deleted)",
            "UID EXPUNGE 1:3"
        ]
    );
}

async fn a_line_lost_before_the_server_was_told_is_made_good_at_the_next_fetch(database: Database) {
    let (heard, mut lines) = mpsc::unbounded_channel();
    let is_first = AtomicBool::new(true);
    let settings = scripted("", move |_, line| {
        heard.send(line.to_owned()).expect("the test listens");
        let is_cut = line.starts_with("UID STORE") && is_first.swap(false, Ordering::SeqCst);
        if is_cut { Reply::Cut(Vec::new()) } else { Reply::Usual }
    });
    let source = Source::Imap(Imap { after_ingest: AfterIngest::Seen, ..settings.await });
    let test = TestDesk::new(database).await;
    let fetch = async || fetch(&test.desk, &source, &LIMITS, FetchOptions::default(), &|_| {}).await;
    let mut told = || {
        let said = std::iter::from_fn(|| lines.try_recv().ok());
        said.filter(|line| line.starts_with("UID STORE")).collect::<Vec<_>>()
    };
    let fault = fetch().await.expect_err("the line is cut");
    assert!(matches!(fault, FetchError::Lost(_)), "{fault}");
    assert_eq!(told(), ["UID STORE 1:3 +FLAGS.SILENT (\\Seen)"]);
    let count = fetch().await.unwrap();
    assert_eq!(count, FetchCount { fetched: 3, duplicates: 3, ..FetchCount::default() });
    assert_eq!(told(), ["UID STORE 1:3 +FLAGS.SILENT (\\Seen)"]);
    assert_eq!(fetch().await.unwrap(), FetchCount::default());
    assert_eq!(told(), Vec::<String>::new());
}

#[tokio::test]
async fn uid_expunge_that_is_refused_is_not_asked_again_and_stops_nothing() {
    for refusal in ["NO not here", "BAD what?"] {
        let (heard, mut lines) = mpsc::unbounded_channel();
        let settings = scripted("UIDPLUS", move |tag, line| {
            heard.send(line.to_owned()).expect("the test listens");
            if line.starts_with("UID EXPUNGE") { say(format!("{tag} {refusal}\r\n")) } else { Reply::Usual }
        });
        let mut session = open(&settings.await).await.unwrap();
        for uid in [1, 2] {
            session.settle(&[uid], &AfterIngest::Delete).await.unwrap();
        }
        assert!(!session.can("UIDPLUS"));
        let said = std::iter::from_fn(|| lines.try_recv().ok());
        let said: Vec<String> = said.filter(|line| line.starts_with("UID")).collect();
        assert_eq!(
            said,
            [
                "UID STORE 1 +FLAGS.SILENT (\\Deleted)",
                "UID EXPUNGE 1",
                "UID STORE 2 +FLAGS.SILENT (\\Deleted)"
            ]
        );
    }
}

#[tokio::test]
async fn idle_that_is_refused_is_not_asked_again_and_the_mailbox_is_polled() {
    for refusal in ["NO not here", "BAD what?"] {
        let (heard, mut lines) = mpsc::unbounded_channel();
        let mails = AtomicU32::new(3);
        let settings = scripted("IDLE", move |tag, line| {
            heard.send(line.to_owned()).expect("the test listens");
            match line {
                "IDLE" => say(format!("{tag} {refusal}\r\n")),
                // One more each time.
                "NOOP" => {
                    let count = mails.fetch_add(1, Ordering::SeqCst) + 1;
                    say(format!("* {count} EXISTS\r\n{tag} OK done\r\n"))
                }
                _ => Reply::Usual,
            }
        });
        let mut session = open(&settings.await).await.unwrap();
        for _ in 0..2 {
            session.list(1, None).await.unwrap();
            session.wait_for_news(Duration::ZERO, &CancellationToken::new()).await.unwrap();
            assert!(session.has_news(), "it was asked");
        }
        let said = std::iter::from_fn(|| lines.try_recv().ok());
        let said: Vec<String> = said.filter(|line| line == "IDLE" || line == "NOOP").collect();
        assert_eq!(said, ["IDLE", "NOOP", "NOOP"]);
    }
}

#[tokio::test]
async fn a_server_that_does_not_tell_what_it_can_is_taken_to_do_the_least() {
    let settings = scripted("IDLE MOVE UIDPLUS", |tag, line| match line {
        "CAPABILITY" => say(format!("{tag} BAD what?\r\n")),
        _ => Reply::Usual,
    });
    let session = open(&settings.await).await.unwrap();
    assert!(!["IDLE", "MOVE", "UIDPLUS"].iter().any(|name| session.can(name)));
}

#[tokio::test]
async fn without_uidplus_nothing_is_expunged_that_is_not_ours() {
    let (heard, mut lines) = mpsc::unbounded_channel();
    let settings = scripted("", move |_, line| {
        heard.send(line.to_owned()).expect("the test listens");
        Reply::Usual
    });
    let settings = Imap { after_ingest: AfterIngest::Delete, ..settings.await };
    drain_above(Database::Sqlite, 0, &settings, None).await;
    let mut said = Vec::new();
    while let Ok(line) = lines.try_recv() {
        said.push(line);
    }
    assert!(said.iter().any(|line| line.contains("(\\Deleted)")));
    assert!(!said.iter().any(|line| line.contains("EXPUNGE")), "{said:?}");
}

#[tokio::test]
async fn starttls_that_is_refused_is_never_followed_by_a_password_in_the_clear() {
    let (heard, mut lines) = mpsc::unbounded_channel();
    let settings = scripted("", move |tag, line| {
        heard.send(line.to_owned()).expect("the test listens");
        say(format!("{tag} NO no TLS here\r\n"))
    });
    let fault = fault_of(Imap { security: Security::Starttls, ..settings.await }).await;
    assert!(fault.contains("STARTTLS is refused") && fault.contains("`imap.security`"), "{fault}");
    assert_eq!(lines.recv().await.as_deref(), Some("STARTTLS"));
    assert!(lines.try_recv().is_err(), "nothing else was said");
}

#[tokio::test]
async fn a_password_that_no_quoted_string_can_hold_is_said_by_authenticate_plain() {
    let asked = std::sync::Mutex::new(String::new());
    let (heard, mut lines) = mpsc::unbounded_channel();
    let settings = scripted("", move |tag, line| {
        if line == "AUTHENTICATE PLAIN" {
            *asked.lock().unwrap() = tag.to_owned();
            return say("+ \r\n");
        }
        let first = std::mem::take(&mut *asked.lock().unwrap());
        if first.is_empty() {
            return Reply::Usual;
        }
        heard.send(tag.to_owned()).expect("the test listens");
        say(format!("{first} OK in\r\n"))
    });
    let settings = Imap { sign_in: "mot de passé".to_owned().into(), ..settings.await };
    open(&settings).await.unwrap();
    // "\0support\0mot de passé"
    assert_eq!(lines.recv().await.as_deref(), Some("AHN1cHBvcnQAbW90IGRlIHBhc3PDqQ=="));
}

crate::support::desk::on_both! {
    every_mail_comes_once_in_order_and_byte_for_byte,
    a_mail_that_the_server_lists_but_does_not_give_is_held_and_stops_nothing,
    a_line_lost_before_the_server_was_told_is_made_good_at_the_next_fetch,
}
