//! Tokens shown to mail servers: a real Dovecot and a real SMTP server that ask the provider about each, and scripted
//! servers for what these do not do.

use crate::oauth::account;
use crate::support::desk::{self, Database, TestDesk};
use crate::support::dovecot::Dovecot;
use crate::support::oauth_server::{ACCOUNT, OAuthServer};
use crate::support::smtp::SmtpSink;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guichet::config::{Imap, Limits, Security, Smtp};
use guichet::domain::delivery::Outcome;
use guichet::inbound::{FetchError, FetchOptions, Source, fetch, try_connection};
use guichet::outbound::smtp::SmtpCourier;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

const LIMITS: Limits = Limits { max_mail_bytes: 200_000, max_attachment_bytes: 200_000 };
const MAIL: &[u8] =
    b"From: lea@client.example\r\nSubject: x\r\nMessage-ID: <1@client.example>\r\n\r\nBonjour\r\n";

fn mailbox(port: u16, provider: &OAuthServer) -> Imap {
    Imap {
        label: "INBOX@localhost".into(),
        host: "localhost".into(),
        username: ACCOUNT.into(),
        sign_in: account(provider, Some(provider.granted_before())).into(),
        poll_interval: Duration::from_secs(60),
        ..desk::mailbox(port)
    }
}

async fn fetched(test: &TestDesk, imap: &Imap) -> Result<u64, FetchError> {
    let source = Source::Imap(imap.clone());
    let count = fetch(&test.desk, &source, &LIMITS, FetchOptions::default(), &|_| {}).await;
    count.map(|count| count.fetched)
}

#[tokio::test]
async fn a_real_dovecot_lets_a_token_in_and_one_that_was_taken_back_is_replaced_at_once() {
    let provider = OAuthServer::start();
    let dovecot = Dovecot::start_with_tokens(&provider.url("introspect"));
    let test = TestDesk::new(Database::Sqlite).await;
    let imap = mailbox(dovecot.imap_port, &provider);
    dovecot.deliver(MAIL);
    assert_eq!(fetched(&test, &imap).await.unwrap(), 1);
    assert_eq!(fetched(&test, &imap).await.unwrap(), 0);
    assert_eq!(provider.asked().len(), 1);
    provider.end_access_tokens();
    assert_eq!(fetched(&test, &imap).await.unwrap(), 0);
    assert_eq!((provider.asked().len(), provider.was_robbed()), (2, false));
    // Good at the provider, but of another account: signing in again would not help, the user's name might.
    let other = Imap { username: "ventes".into(), ..imap.clone() };
    let fault = fetched(&test, &other).await.unwrap_err();
    assert!(matches!(fault, FetchError::Token { .. }) && fault.is_credentials(), "{fault}");
    assert!(fault.to_string().contains("`imap.username` and `imap.oauth2`"), "{fault}");
    provider.revoke_all();
    let fault = fetched(&test, &imap).await.unwrap_err();
    assert!(fault.waits_for_sign_in() && !fault.is_credentials(), "{fault}");
}

#[tokio::test]
async fn a_real_smtp_server_lets_a_token_in_and_one_that_was_taken_back_is_replaced_at_once() {
    let provider = OAuthServer::start();
    let sink = SmtpSink::start_with_tokens(&provider.url("introspect"));
    let test = TestDesk::new(Database::Sqlite).await;
    let oauth2 = account(&provider, Some(provider.granted_before()));
    let config = Smtp {
        host: "localhost".into(),
        port: sink.port,
        security: Security::Starttls,
        username: Some(ACCOUNT.into()),
        sign_in: Some(oauth2.into()),
        from: "Support <support@desk.example>".into(),
        ca_file: Some(sink.ca_pem.clone()),
        dkim: None,
        dns: None,
    };
    let courier = SmtpCourier::new(&config).unwrap().with_tokens_of(&test.desk);
    courier.try_connection().await.unwrap();
    provider.end_access_tokens();
    assert_eq!(courier.send("lea@client.example", MAIL).await, Outcome::Sent);
    assert_eq!(sink.received()[0].user.as_deref(), Some(ACCOUNT));
    assert_eq!((provider.asked().len(), provider.was_robbed()), (2, false));
    courier.rest().await;
    // A dead token is ours to mend: the mail waits.
    provider.revoke_all();
    let Outcome::Retry(why) = courier.send("lea@client.example", MAIL).await else { panic!() };
    assert!(why.contains("invalid_grant") && why.contains("imap login"), "{why}");
    assert!(!why.contains("access-"), "{why}");
    courier.rest().await;
    let passwords_only = SmtpSink::start_strict();
    let config = Smtp { port: passwords_only.port, ca_file: Some(passwords_only.ca_pem.clone()), ..config };
    let fresh = account(&provider, Some(provider.granted_before()));
    let config = Smtp { sign_in: Some(fresh.into()), ..config };
    let courier = SmtpCourier::new(&config).unwrap().with_tokens_of(&test.desk);
    let why = courier.try_connection().await.unwrap_err();
    assert!(why.contains("does not offer XOAUTH2"), "{why}");
}

/// An IMAP server that offers this and asks the provider about tokens; returns its port, and how it was spoken to.
async fn scripted(offer: &'static str, provider: Arc<OAuthServer>) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = Arc::new(Mutex::new(Vec::new()));
    let record = told.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"* OK ready\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                let (tag, command) = line.split_once(' ').unwrap();
                let answer = if command == "CAPABILITY" {
                    format!("* CAPABILITY IMAP4rev1 {offer}\r\n{tag} OK done\r\n")
                } else if let Some(words) = command.strip_prefix("AUTHENTICATE ") {
                    let (mechanism, initial) = words.split_once(' ').unwrap_or((words, ""));
                    let with = if initial.is_empty() { "" } else { " at once" };
                    record.lock().unwrap().push(format!("{mechanism}{with}"));
                    let mut response = initial.to_owned();
                    if initial.is_empty() {
                        write.write_all(b"+ \r\n").await.unwrap();
                        response = lines.next_line().await.unwrap().unwrap();
                    }
                    if is_let_in(mechanism, &response, port, &provider) {
                        format!("{tag} OK in\r\n")
                    } else {
                        let why = STANDARD.encode(r#"{"status":"invalid_token"}"#);
                        write.write_all(format!("+ {why}\r\n").as_bytes()).await.unwrap();
                        let dismissal = lines.next_line().await.unwrap().unwrap();
                        record.lock().unwrap().push(format!("dismissed with `{dismissal}`"));
                        format!("{tag} NO AUTHENTICATE failed for support@desk.example\r\n")
                    }
                } else if command.starts_with("EXAMINE") {
                    format!("* 0 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 1] x\r\n{tag} OK done\r\n")
                } else {
                    format!("{tag} OK done\r\n")
                };
                write.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    (port, told)
}

/// Byte for byte what the mechanism's document asks for, with a token that the provider knows.
fn is_let_in(mechanism: &str, response: &str, port: u16, provider: &OAuthServer) -> bool {
    let response = String::from_utf8(STANDARD.decode(response).unwrap()).unwrap();
    let token = response.split_once("auth=Bearer ").unwrap().1.trim_end_matches('\u{1}');
    let expected = match mechanism {
        "XOAUTH2" => format!("user={ACCOUNT}\u{1}auth=Bearer {token}\u{1}\u{1}"),
        "OAUTHBEARER" => {
            format!("n,a={ACCOUNT},\u{1}host=localhost\u{1}port={port}\u{1}auth=Bearer {token}\u{1}\u{1}")
        }
        other => panic!("{other}"),
    };
    assert_eq!(response, expected);
    provider.is_good(token)
}

#[tokio::test]
async fn the_mechanism_and_the_first_word_are_what_the_server_offers() {
    for (offer, said, dismissed) in [
        ("SASL-IR AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER", "XOAUTH2 at once", "dismissed with ``"),
        ("AUTH=XOAUTH2", "XOAUTH2", "dismissed with ``"),
        ("SASL-IR AUTH=OAUTHBEARER", "OAUTHBEARER at once", "dismissed with `AQ==`"),
        ("AUTH=OAUTHBEARER", "OAUTHBEARER", "dismissed with `AQ==`"),
        ("AUTH=PLAIN", "XOAUTH2", "dismissed with ``"),
    ] {
        let provider = Arc::new(OAuthServer::start());
        let (port, told) = scripted(offer, provider.clone()).await;
        let test = TestDesk::new(Database::Sqlite).await;
        let source = Source::Imap(mailbox(port, &provider));
        try_connection(&source, Some(&test.desk)).await.unwrap();
        // The token is taken back: the challenge is answered, and the next token gets in.
        provider.end_access_tokens();
        try_connection(&source, Some(&test.desk)).await.unwrap();
        assert_eq!(*told.lock().unwrap(), [said, said, dismissed, said], "{offer}");
    }
}

#[tokio::test]
async fn a_token_too_long_for_a_command_line_waits_for_the_server() {
    let provider = Arc::new(OAuthServer::start());
    provider.grant_tokens_of(7000);
    let (port, told) = scripted("SASL-IR AUTH=XOAUTH2", provider.clone()).await;
    let test = TestDesk::new(Database::Sqlite).await;
    try_connection(&Source::Imap(mailbox(port, &provider)), Some(&test.desk)).await.unwrap();
    assert_eq!(*told.lock().unwrap(), ["XOAUTH2"]);
}
