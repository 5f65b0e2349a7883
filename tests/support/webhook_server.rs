//! A strict receiver of webhooks on loopback (Standard Webhooks 1.0): the host application's side, by code of its own.
//!
//! It takes a message only where everything is as the document says: an id, a time within five minutes of its own, a signature of
//! the very bytes by the shared secret, JSON with `type`, `timestamp` and `data`. It can be told to be unwell.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ring::hmac;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;

/// How far its clock and the sender's may be apart, in seconds.
const TOLERANCE: i64 = 300;

/// A message that was in order, taken or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// By what it is known.
    pub id: String,
    /// When it was signed, in seconds.
    pub signed_at: i64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The same, read.
    pub body: Value,
    /// How it was answered.
    pub status: u16,
}

impl Post {
    /// Its type.
    pub fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default()
    }
}

#[derive(Default)]
struct Standing {
    posts: Vec<Post>,
    refused: Vec<String>,
    answers: VecDeque<(u16, Vec<(&'static str, String)>)>,
    /// What it answers when nothing else was said.
    always: Option<u16>,
    now: DateTime<Utc>,
}

/// A running receiver; ends with the test.
#[derive(Clone)]
pub struct WebhookServer {
    port: u16,
    secret: Vec<u8>,
    standing: Arc<Mutex<Standing>>,
}

impl WebhookServer {
    /// Starts one that shares these bytes with the sender, and whose clock stands at `now`.
    pub async fn start(secret: &[u8], now: DateTime<Utc>) -> WebhookServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("it is bound").port();
        let standing = Arc::new(Mutex::new(Standing { now, ..Standing::default() }));
        let server = WebhookServer { port, secret: secret.to_vec(), standing };
        let router = Router::new().fallback(any(take)).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().expect("no test panics while it holds it")
    }

    /// Where it takes messages.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks?for=guichet", self.port)
    }

    /// The secret as the sender is given it.
    pub fn secret(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.secret))
    }

    /// Puts its clock.
    pub fn put_clock(&self, now: DateTime<Utc>) {
        self.standing().now = now;
    }

    /// Answers the next message so, and the next one after that as it should be.
    pub fn answer_next(&self, status: u16, headers: &[(&'static str, &str)]) {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.standing().answers.push_back((status, headers));
    }

    /// Answers every message so from now on; `None`: as it should be.
    pub fn answer_always(&self, status: Option<u16>) {
        self.standing().always = status;
    }

    /// What came since it was last asked.
    pub fn posts(&self) -> Vec<Post> {
        std::mem::take(&mut self.standing().posts)
    }

    /// Why messages were not in order.
    pub fn refused(&self) -> Vec<String> {
        self.standing().refused.clone()
    }
}

async fn take(State(server): State<WebhookServer>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    let mut standing = server.standing();
    let address = parts.uri.path_and_query().map(|path| path.as_str()).unwrap_or_default();
    if parts.method != "POST" || address != "/hooks?for=guichet" {
        standing.refused.push(format!("{} {address}", parts.method));
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut post = match server.look(&parts.headers, &body, standing.now) {
        Ok(post) => post,
        Err(why) => {
            standing.refused.push(why.to_owned());
            return StatusCode::BAD_REQUEST.into_response();
        }
    };
    let (status, headers) = match standing.answers.pop_front() {
        Some(answer) => answer,
        None => (standing.always.unwrap_or(204), Vec::new()),
    };
    post.status = status;
    standing.posts.push(post);
    let mut response = StatusCode::from_u16(status).expect("a status").into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().expect("a value"));
    }
    response
}

impl WebhookServer {
    fn look(&self, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Result<Post, &'static str> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if text("content-type") != Some("application/json") {
            return Err("Content-Type");
        }
        let id = text("webhook-id").filter(|id| !id.is_empty() && !id.contains('.')).ok_or("webhook-id")?;
        let at = text("webhook-timestamp").ok_or("webhook-timestamp")?;
        let signed_at: i64 = at.parse().map_err(|_| "webhook-timestamp")?;
        if (now.timestamp() - signed_at).abs() > TOLERANCE {
            return Err("an old signature");
        }
        let signature = text("webhook-signature").and_then(|given| given.strip_prefix("v1,"));
        let signature = signature.and_then(|given| STANDARD.decode(given).ok()).ok_or("webhook-signature")?;
        let mut signed = format!("{id}.{at}.").into_bytes();
        signed.extend_from_slice(body);
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &self.secret), &signed, &signature)
            .map_err(|_| "a false signature")?;
        let read: Value = serde_json::from_slice(body).map_err(|_| "no JSON")?;
        let keys: Vec<&String> = read.as_object().ok_or("no object")?.keys().collect();
        if keys != ["data", "timestamp", "type"] || !read["data"].is_object() {
            return Err("not the three members");
        }
        read["timestamp"]
            .as_str()
            .and_then(|at| DateTime::parse_from_rfc3339(at).ok())
            .ok_or("no timestamp in the body")?;
        Ok(Post { id: id.to_owned(), signed_at, bytes: body.to_vec(), body: read, status: 0 })
    }
}
