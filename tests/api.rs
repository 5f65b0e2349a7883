//! The JSON interface of the host application: who may ask, what comes back, and what is live.

use crate::support::desk::{Database, PUBLIC_URL, TestDesk, on_both, page_settings, serve_pages, settings};
use chrono::Duration;
use guichet::clock::Clock;
use guichet::desk::Desk;
use guichet::domain::event::EventKind;
use guichet::domain::ids::TicketId;
use guichet::domain::message::Direction;
use guichet::domain::preference::Preference;
use guichet::domain::scope::Scope;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

on_both! {
    a_token_opens_what_it_names_and_nothing_else,
    a_user_is_made_known_and_changed,
    a_ticket_is_opened_once_for_each_key_and_is_a_ticket_like_any_other,
    what_a_user_was_told_is_listed_and_read,
    what_a_user_is_told_comes_as_it_happens,
}

const LEA: &str = "/api/v1/users/lea@courriel.example";

struct Host {
    desk: TestDesk,
    address: SocketAddr,
    token: String,
}

impl Host {
    async fn open(database: Database) -> Host {
        let desk = TestDesk::new(database).await;
        let token = desk.desk.make_api_token(desk.camille.id, &Scope::ALL).await.unwrap();
        let address = serve_pages(&desk.desk, page_settings(PUBLIC_URL, false)).await;
        Host { desk, address, token }
    }

    async fn elapse(&mut self, time: Duration) {
        self.desk.elapse(time).await;
        self.address = serve_pages(&self.desk.desk, page_settings(PUBLIC_URL, false)).await;
    }

    async fn ask(&self, method: &str, path: &str, headers: &str, body: Option<Value>) -> (u16, Value) {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let authorization = match self.token.as_str() {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: support.example\r\n{authorization}{headers}Content-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("cache-control: no-store"), "{head}");
        assert!(!head.contains("set-cookie"), "{head}");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {answer}")))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, "", None).await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask("POST", path, "", Some(body)).await
    }
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"]["code"].as_str().unwrap_or_default())
}

async fn a_token_opens_what_it_names_and_nothing_else(database: Database) {
    let mut host = Host::open(database).await;
    host.desk.desk.set_requester("lea@courriel.example", Some("Léa"), None).await.unwrap();
    let all = host.token.clone();
    assert_eq!(host.get(LEA).await.0, 200);
    for wrong in ["", "guichet_0", &all[..all.len() - 1], &format!("{all}0")] {
        host.token = wrong.to_owned();
        assert_eq!(code(&host.get(LEA).await), (401, "token"), "{wrong}");
        assert_eq!(code(&host.post("/api/v1/tickets", json!({})).await), (401, "token"));
    }
    host.token = host.desk.desk.make_api_token(host.desk.camille.id, &[Scope::Tickets]).await.unwrap();
    assert_eq!(code(&host.get(LEA).await), (403, "scope"));
    assert_eq!(code(&host.get(&format!("{LEA}/notifications")).await), (403, "scope"));
    assert_eq!(host.get(&format!("{LEA}/tickets")).await, (200, json!([])));
    assert_eq!(host.desk.desk.end_api_tokens(host.desk.camille.id).await.unwrap(), 2);
    assert_eq!(code(&host.get(&format!("{LEA}/tickets")).await), (401, "token"));
    host.token = all;
    assert_eq!(code(&host.get(LEA).await), (401, "token"));
    let description = host.get("/api/v1/openapi.json").await;
    assert_eq!((description.0, &description.1["info"]["title"]), (200, &json!("Guichet")));
}

async fn a_user_is_made_known_and_changed(database: Database) {
    let host = Host::open(database).await;
    assert_eq!(code(&host.get(LEA).await), (404, "unknown_user"));
    let made =
        host.ask("PUT", LEA, "", Some(json!({ "name": "Léa Martin", "preference": "web_only" }))).await;
    let lea = json!({ "email": "lea@courriel.example", "name": "Léa Martin", "preference": "web_only" });
    assert_eq!(made, (200, lea.clone()));
    assert_eq!(host.get("/api/v1/users/LEA@courriel.example").await, (200, lea));
    let changed = host.ask("PUT", LEA, "", Some(json!({ "preference": "none" }))).await;
    assert_eq!(
        (changed.1["name"].clone(), changed.1["preference"].clone()),
        (json!("Léa Martin"), json!("none"))
    );
    for (path, body, said) in [
        (LEA, json!({ "preference": "parfois" }), "preference"),
        (LEA, json!({ "nom": "x" }), "bad_request"),
        (LEA, json!([]), "bad_request"),
        ("/api/v1/users/sans-arobase", json!({}), "email"),
    ] {
        let answer = host.ask("PUT", path, "", Some(body)).await;
        assert_eq!(code(&answer), (400, said));
    }
    let person = host.desk.desk.person("lea@courriel.example").await.unwrap();
    assert_eq!(person.requester.preference, Preference::None);
}

async fn a_ticket_is_opened_once_for_each_key_and_is_a_ticket_like_any_other(database: Database) {
    let host = Host::open(database).await;
    let wanted = json!({
        "email": "lea@courriel.example", "name": "Léa\r\nBcc: x@evil.example", "subject": "Paiement <b>refusé</b>",
        "text": "Bonjour,\n> pas une citation\n@everyone",
    });
    let key = "Idempotency-Key: commande-17\r\n";
    let opened = host.ask("POST", "/api/v1/tickets", key, Some(wanted.clone())).await;
    assert_eq!((opened.0, opened.1["id"].as_i64(), opened.1["status"].as_str()), (201, Some(1), Some("new")));
    let again = host.ask("POST", "/api/v1/tickets", key, Some(wanted)).await;
    assert_eq!((again.0, &again.1["id"]), (200, &opened.1["id"]), "the same request is one ticket");
    let ticket = host.desk.desk.ticket(TicketId(1)).await.unwrap().unwrap();
    assert_eq!((ticket.messages.len(), ticket.messages[0].direction), (1, Direction::Inbound));
    assert_eq!(ticket.messages[0].text, "Bonjour,\n> pas une citation\n@everyone");
    assert_eq!((ticket.events[0].kind, ticket.events[0].door.as_str()), (EventKind::Created, "api"));
    assert_eq!(ticket.subject, "Paiement <b>refusé</b>");
    assert!(ticket.answer_due.is_some(), "it is owed an answer like any other");
    // Its page opens, and it is answered by mail.
    let page = opened.1["url"].as_str().unwrap();
    assert!(page.starts_with(&format!("{PUBLIC_URL}/u/")), "{page}");
    host.desk.say("reply 1 Nous regardons.").await;
    let other =
        host.post("/api/v1/tickets", json!({ "email": "lea@courriel.example", "text": "Autre" })).await;
    assert_eq!(other.0, 201);
    let listed = host.get(&format!("{LEA}/tickets")).await.1;
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(listed.to_string().contains("in_progress") && !listed.to_string().contains("Nous regardons"));
    for (body, said) in [
        (json!({ "email": "lea@courriel.example", "text": "  " }), "text"),
        (json!({ "email": "x", "text": "Bonjour" }), "email"),
        (json!({ "email": "support@bettracker.example", "text": "Bonjour" }), "email"),
        (json!({ "text": "Bonjour" }), "bad_request"),
    ] {
        assert_eq!(code(&host.post("/api/v1/tickets", body).await).1, said);
    }
    host.desk.say("spam 2").await;
    let blocked =
        host.post("/api/v1/tickets", json!({ "email": "lea@courriel.example", "text": "Encore" })).await;
    assert_eq!(code(&blocked), (403, "blocked"));
}

async fn what_a_user_was_told_is_listed_and_read(database: Database) {
    let mut host = Host::open(database).await;
    host.post(
        "/api/v1/tickets",
        json!({ "email": "lea@courriel.example", "subject": "Paris", "text": "Bonjour" }),
    )
    .await;
    let here = format!("{LEA}/notifications");
    host.desk.say("status 1 waiting_customer").await;
    assert_eq!(
        host.get(&here).await.1,
        json!({ "notifications": [], "unread": 0 }),
        "it may still be taken back"
    );
    host.elapse(Duration::seconds(20)).await;
    host.desk.say("status 1 resolved").await;
    host.elapse(Duration::seconds(20)).await;
    let told = host.get(&here).await.1;
    assert_eq!((told["unread"].as_i64(), told["notifications"].as_array().unwrap().len()), (Some(2), 2));
    let latest = &told["notifications"][0];
    assert_eq!(
        (latest["kind"].as_str(), latest["title"].as_str(), latest["ticket"].as_i64()),
        (Some("success"), Some("Ticket de support : Résolu"), Some(1))
    );
    assert_eq!(told["notifications"][1]["kind"], "warning");
    let older = host.get(&format!("{here}?before={}", latest["id"])).await.1;
    assert_eq!(older["notifications"].as_array().unwrap().len(), 1);
    let read = format!("{here}/read");
    assert_eq!(host.post(&read, json!({ "id": latest["id"] })).await, (200, json!({ "marked": 1 })));
    assert_eq!(host.post(&read, json!({})).await, (200, json!({ "marked": 1 })));
    assert_eq!(host.post(&read, json!({})).await, (200, json!({ "marked": 0 })));
    assert_eq!(host.get(&here).await.1["unread"], 0);
    assert_eq!(code(&host.get("/api/v1/users/x@y.example/notifications").await), (404, "unknown_user"));
}

async fn what_a_user_is_told_comes_as_it_happens(database: Database) {
    let host = Host::open(database).await;
    host.post("/api/v1/tickets", json!({ "email": "lea@courriel.example", "text": "Bonjour" })).await;
    // A clock that moves while the stream runs.
    let time: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(host.desk.now.timestamp_millis())));
    let desk = Desk::open(host.desk.store.clone(), Clock::Moved(time), settings()).await.unwrap();
    let address = serve_pages(&desk, page_settings(PUBLIC_URL, false)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {LEA}/notifications/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        host.token
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let mut next = async |begins: &str| loop {
        let line = lines.next_line().await.unwrap().expect("the stream goes on");
        if line.starts_with(begins) {
            return line;
        }
    };
    assert_eq!(next("content-type").await, "content-type: text/event-stream");
    next("cache-control").await;
    host.desk.say("status 1 waiting_customer").await;
    host.desk.say("undo").await;
    host.desk.say("status 1 resolved").await;
    time.fetch_add(21_000, Ordering::SeqCst);
    assert_eq!(next("event:").await, "event: notification");
    let first: Value = serde_json::from_str(next("data:").await.trim_start_matches("data:")).unwrap();
    assert_eq!(first["title"], "Ticket de support : Résolu", "what was taken back is not told");
    time.fetch_add(60_000, Ordering::SeqCst);
    host.desk.say("status 1 in_progress").await;
    let later = Desk::open(host.desk.store.clone(), Clock::Moved(time), settings()).await.unwrap();
    let command = guichet::command::parse::parse("reply 1 Voici.").unwrap();
    later.run(&host.desk.camille, guichet::domain::people::Door::Cli, command, None).await.unwrap();
    time.fetch_add(21_000, Ordering::SeqCst);
    let told: Value = serde_json::from_str(next("data:").await.trim_start_matches("data:")).unwrap();
    assert_eq!(told["kind"], "reply", "each is told once");

    // Whoever heard the first alone and comes back hours later is told what lies between.
    time.fetch_add(5 * 3_600_000, Ordering::SeqCst);
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {LEA}/notifications/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nLast-Event-ID: {}\r\n\r\n",
        host.token, first["id"]
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let again = loop {
        let line = lines.next_line().await.unwrap().expect("the stream goes on");
        if let Some(data) = line.strip_prefix("data:") {
            break serde_json::from_str::<Value>(data).unwrap();
        }
    };
    assert_eq!(again["id"], told["id"]);
}
