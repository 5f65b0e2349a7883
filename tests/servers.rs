//! The servers that the other tests stand on do what those tests rely on.

use crate::support::chromium::Chromium;
use crate::support::dovecot::Dovecot;
use crate::support::postgres::Postgres;
use crate::support::smtp::{Instead, SmtpSink};
use base64::Engine;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

/// A conversation in plain IMAP, line by line.
struct Imap(BufReader<TcpStream>);

impl Imap {
    fn connect(port: u16) -> Imap {
        let mut imap = Imap(BufReader::new(TcpStream::connect(("127.0.0.1", port)).unwrap()));
        assert!(imap.line().starts_with("* OK"));
        imap
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    /// Everything up to and with the tagged answer.
    fn ask(&mut self, command: &str) -> String {
        self.0.get_mut().write_all(format!("a {command}\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        loop {
            let line = self.line();
            assert!(!line.is_empty(), "the server closed the connection after {command}: {answer}");
            answer.push_str(&line);
            if line.starts_with("a ") {
                return answer;
            }
        }
    }
}

/// A conversation in SMTP, answer by answer.
struct Smtp<S: Read + Write>(BufReader<S>);

impl<S: Read + Write> Smtp<S> {
    fn greeted(stream: S) -> Smtp<S> {
        let mut smtp = Smtp(BufReader::new(stream));
        assert!(smtp.answer().starts_with("220 "));
        smtp
    }

    /// The last line of an answer; empty when the server has closed the connection.
    fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).is_err() || line.is_empty() || line.as_bytes()[3] == b' ' {
                return line;
            }
        }
    }

    fn ask(&mut self, command: &str) -> String {
        self.0.get_mut().write_all(format!("{command}\r\n").as_bytes()).unwrap();
        self.0.get_mut().flush().unwrap();
        self.answer()
    }

    fn log_in(&mut self, password: &str) -> String {
        let secret = format!("\0support\0{password}");
        self.ask(&format!("AUTH PLAIN {}", base64::engine::general_purpose::STANDARD.encode(secret)))
    }

    /// Sends a mail, dots stuffed already; the first answer that is no yes, or the last.
    fn send(&mut self, to: &str, mail: &str) -> String {
        for command in
            ["EHLO tests.example", "MAIL FROM:<desk@guichet.example>", &format!("RCPT TO:<{to}>"), "DATA"]
        {
            let answer = self.ask(command);
            if !answer.starts_with(['2', '3']) {
                return answer;
            }
        }
        self.ask(&format!("{mail}\r\n."))
    }
}

fn connect(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).unwrap()
}

/// TLS as a client that trusts one root and no other.
fn trusting(ca_pem: &Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca_pem).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn encrypt(stream: TcpStream, ca_pem: &Path) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::try_from("localhost").unwrap();
    StreamOwned::new(ClientConnection::new(trusting(ca_pem), name).unwrap(), stream)
}

#[test]
fn dovecot_serves_what_is_delivered_byte_for_byte_and_in_order() {
    let dovecot = Dovecot::start();
    dovecot.deliver(b"Subject: one\r\n\r\n1\r\n");
    dovecot.deliver(b"Subject: two\r\n\r\n2\r\n");
    let mut imap = Imap::connect(dovecot.imap_port);
    assert!(imap.ask("LOGIN support wrong").contains("a NO"));
    assert!(imap.ask(&format!("LOGIN {} {}", dovecot.user, dovecot.password)).contains("a OK"));
    assert!(imap.ask("SELECT INBOX").contains("* 2 EXISTS"));
    assert!(imap.ask("UID FETCH 1 BODY.PEEK[]").contains("{19}\r\nSubject: one\r\n\r\n1\r\n"));
    assert!(imap.ask("UID FETCH 2 BODY.PEEK[]").contains("Subject: two\r\n"));
    dovecot.deliver(b"Subject: three\r\n\r\n3\r\n");
    assert!(imap.ask("NOOP").contains("* 3 EXISTS"));
    assert_eq!(std::fs::read_dir(dovecot.maildir.join("tmp")).unwrap().count(), 0);
}

#[test]
fn dovecot_comes_back_with_its_mail_on_the_same_port() {
    let mut dovecot = Dovecot::start();
    dovecot.deliver_to("jean", b"Subject: kept\r\n\r\n");
    let mut open = Imap::connect(dovecot.imap_port);
    dovecot.kill();
    let mut rest = String::new();
    while open.0.read_line(&mut rest).is_ok_and(|read| read > 0) {}
    assert!(TcpStream::connect(("127.0.0.1", dovecot.imap_port)).is_err(), "nobody listens any more");
    // What a process leaves that dies while it numbers the mails: Dovecot would wait two minutes for it.
    let lock = dovecot.make_mailbox("jean").join("dovecot-uidlist.lock");
    std::fs::write(&lock, "").unwrap();
    dovecot.restart();
    assert!(!lock.exists());
    let mut imap = Imap::connect(dovecot.imap_port);
    assert!(imap.ask("LOGIN jean pass").contains("a OK"));
    assert!(imap.ask("SELECT INBOX").contains("* 1 EXISTS"));
}

#[test]
fn dovecot_speaks_tls_with_a_certificate_of_our_own_root() {
    let dovecot = Dovecot::start();
    let mut greeting = String::new();
    let imaps = encrypt(connect(dovecot.imaps_port), &dovecot.ca_pem);
    BufReader::new(imaps).read_line(&mut greeting).unwrap();
    assert!(greeting.starts_with("* OK"), "{greeting}");

    let mut imap = Imap::connect(dovecot.imap_port);
    assert!(imap.ask("STARTTLS").contains("a OK"));
    let mut encrypted = encrypt(imap.0.into_inner(), &dovecot.ca_pem);
    encrypted.write_all(b"a NOOP\r\n").unwrap();
    let mut answer = String::new();
    BufReader::new(encrypted).read_line(&mut answer).unwrap();
    assert!(answer.starts_with("a OK"), "{answer}");
}

#[test]
fn the_smtp_sink_keeps_mails_with_their_envelopes_in_order() {
    let sink = SmtpSink::start();
    let mut plain = Smtp::greeted(connect(sink.port));
    assert!(plain.send("jean@client.example", "Subject: one\r\n\r\n..dot").starts_with("250"));
    let mut tls = Smtp::greeted(encrypt(connect(sink.tls_port), &sink.ca_pem));
    assert!(tls.send("lea@client.example", "Subject: two\r\n\r\n2").starts_with("250"));
    let received = sink.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].raw, b"Subject: one\r\n\r\n.dot\r\n");
    assert_eq!((received[0].tls, received[0].mail_from.as_str()), (false, "desk@guichet.example"));
    assert_eq!(
        (received[1].tls, received[1].rcpt_to.as_slice()),
        (true, &["lea@client.example".to_owned()][..])
    );
    assert_eq!(sink.mails()[1], b"Subject: two\r\n\r\n2\r\n");
    assert_eq!(std::fs::read_dir(sink.maildir().join("new")).unwrap().count(), 2);
}

#[test]
fn the_strict_smtp_sink_takes_nothing_before_starttls_and_the_right_password() {
    let sink = SmtpSink::start_strict();
    let mut smtp = Smtp::greeted(connect(sink.port));
    assert!(smtp.send("jean@client.example", "").starts_with("530"));
    assert!(smtp.ask("STARTTLS").starts_with("220"));
    let mut smtp = Smtp(BufReader::new(encrypt(smtp.0.into_inner(), &sink.ca_pem)));
    assert!(smtp.send("jean@client.example", "").starts_with("530"), "not logged in");
    assert!(smtp.log_in("wrong").starts_with("535"));
    assert!(smtp.log_in(sink.password).starts_with("235"));
    assert!(smtp.send("jean@client.example", "x: y\r\n").starts_with("250"));
    assert_eq!(sink.received()[0].user.as_deref(), Some(sink.user));
}

#[test]
fn the_smtp_sink_refuses_and_breaks_off_as_it_is_told() {
    let mut sink = SmtpSink::start();
    let send = |to: &str| Smtp::greeted(connect(sink.port)).send(to, "Subject: x\r\n");
    sink.instead("later@client.example", Instead::RefuseRecipient("450 4.2.0 Later"), Some(1));
    assert!(send("later@client.example").starts_with("450"));
    assert!(send("later@client.example").starts_with("250"));
    sink.instead("never@client.example", Instead::RefuseRecipient("550 5.1.1 Unknown"), None);
    assert!(send("never@client.example").starts_with("550"));
    assert!(send("never@client.example").starts_with("550"));
    sink.instead("full@client.example", Instead::RefuseMail("552 5.2.2 Full"), Some(1));
    assert!(send("full@client.example").starts_with("552"));
    assert_eq!(sink.mails().len(), 1);
    for (instead, kept) in [(Instead::CutBeforeKeeping, 1), (Instead::CutAfterKeeping, 2)] {
        sink.instead("cut@client.example", instead, Some(1));
        assert_eq!(send("cut@client.example"), "", "no answer, neither yes nor no");
        assert_eq!(sink.mails().len(), kept, "after {instead:?}");
    }
    let port = sink.port;
    sink.kill();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens any more");
    sink.restart();
    assert_eq!((sink.port, sink.mails().len()), (port, 2));
}

#[tokio::test]
async fn every_postgres_database_is_empty_and_ones_own() {
    use sqlx::{Connection, Executor};
    let (one, two) = (Postgres::shared().fresh_database(), Postgres::shared().fresh_database());
    assert_ne!(one, two);
    let mut first = sqlx::PgConnection::connect(&one).await.unwrap();
    first.execute("CREATE TABLE ticket (id bigint)").await.unwrap();
    let mut second = sqlx::PgConnection::connect(&two).await.unwrap();
    second.execute("CREATE TABLE ticket (id bigint)").await.unwrap();
    assert_eq!(Postgres::shared().say("SHOW fsync").trim(), "off");
}

#[test]
fn the_browser_reads_types_clicks_and_tells_what_went_wrong() {
    let mut page = Chromium::open(800, 600);
    page.go(
        "data:text/html;charset=utf-8,<title>x</title><form onsubmit=\"said.textContent='Reçu : '+word.value;return false\">\
         <input id=word value=old><button>Dire</button></form><p id=said></p>\
         <button id=broken onclick=nobody()>?</button>",
    );
    page.fill("#word", "résolu");
    page.click("button");
    page.wait_for_text("Reçu : résolu");
    page.fill("#word", "fermé");
    page.press_enter();
    page.wait_for_text("Reçu : fermé");
    page.wait_until("word.value == 'fermé'");
    assert!(page.text().contains("Dire"));
    assert_eq!(page.complaints(), [] as [String; 0]);
    page.click("#broken");
    assert!(page.complaints()[0].contains("nobody is not defined"), "{:?}", page.complaints());
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("page.png");
    page.picture(&picture);
    assert!(std::fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
}
