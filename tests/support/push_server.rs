//! A strict push service on loopback (RFC 8030, 8188, 8291, 8292), and the browsers that it brings messages to.
//!
//! It takes a message only where everything is as the documents say: a signature of whom the browser was given, for this
//! service, good for a day at most; TTL, Urgency and Topic in their forms; a sealed body of 4,096 bytes at most, which the
//! browser can open. It can be told to be unwell.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use guichet::domain::push::Subscription;
use guichet::webpush::Vapid;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use web_push_native::p256::SecretKey;

/// The largest body that a service must take (RFC 8030 section 7.2).
const LARGEST: usize = 4096;

/// A message that a browser opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// What was said.
    pub said: Value,
    /// How long it may be kept, in seconds.
    pub ttl: u64,
    /// What it has in common with the one whose place it takes.
    pub topic: Option<String>,
}

struct Browser {
    secret: SecretKey,
    shared: [u8; 16],
    /// Who may write to it: the key that it was given.
    writer: String,
    /// It is away: what comes is kept.
    waiting: Vec<Message>,
}

#[derive(Default)]
struct Standing {
    browsers: HashMap<String, Browser>,
    answers: VecDeque<(StatusCode, Option<u64>)>,
    refused: Vec<String>,
    asked: u64,
    now: DateTime<Utc>,
}

/// A running service; ends with the test.
#[derive(Clone)]
pub struct PushServer {
    port: u16,
    standing: Arc<Mutex<Standing>>,
}

impl PushServer {
    /// Starts one, whose clock stands at `now`.
    pub async fn start(now: DateTime<Utc>) -> PushServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("it is bound").port();
        let standing = Standing { now, ..Standing::default() };
        let server = PushServer { port, standing: Arc::new(Mutex::new(standing)) };
        let router = Router::new().route("/push/{id}", post(take)).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().expect("no test panics while it holds it")
    }

    /// A browser that was given this key to ask with.
    pub fn browser(&self, writer: &str) -> Subscription {
        let mut standing = self.standing();
        let id = format!("browser-{}", standing.browsers.len() + 1);
        let secret = loop {
            let bytes = guichet::webpush::new_private_key().expect("randomness");
            let bytes = URL_SAFE_NO_PAD.decode(bytes).expect("it was made so");
            if let Ok(secret) = SecretKey::from_slice(&bytes) {
                break secret;
            }
        };
        let own = Vapid::new(&URL_SAFE_NO_PAD.encode(secret.to_bytes()), "").expect("a key");
        let shared = [standing.browsers.len() as u8 + 1; 16];
        let endpoint = format!("http://127.0.0.1:{}/push/{id}", self.port);
        let subscription = Subscription {
            endpoint,
            p256dh: own.public_key().to_owned(),
            auth: URL_SAFE_NO_PAD.encode(shared),
        };
        standing
            .browsers
            .insert(id, Browser { secret, shared, writer: writer.to_owned(), waiting: Vec::new() });
        subscription
    }

    /// Puts its clock.
    pub fn put_clock(&self, now: DateTime<Utc>) {
        self.standing().now = now;
    }

    /// Answers the next message so, and the next one after that as it should be.
    pub fn answer_next(&self, status: u16, retry_after: Option<u64>) {
        let status = StatusCode::from_u16(status).expect("a status");
        self.standing().answers.push_back((status, retry_after));
    }

    /// What a browser that was away is brought now.
    pub fn brought_to(&self, browser: &Subscription) -> Vec<Message> {
        let mut standing = self.standing();
        standing
            .browsers
            .get_mut(id(browser))
            .map(|browser| std::mem::take(&mut browser.waiting))
            .unwrap_or_default()
    }

    /// How many messages came, taken or not.
    pub fn asked(&self) -> u64 {
        self.standing().asked
    }

    /// Why messages were not taken.
    pub fn refused(&self) -> Vec<String> {
        self.standing().refused.clone()
    }
}

fn id(browser: &Subscription) -> &str {
    browser.endpoint.rsplit('/').next().unwrap_or_default()
}

async fn take(
    State(server): State<PushServer>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut standing = server.standing();
    standing.asked += 1;
    if let Some((status, retry_after)) = standing.answers.pop_front() {
        let header = retry_after.map(|seconds| [("retry-after", seconds.to_string())]);
        return match header {
            Some(header) => (status, header).into_response(),
            None => status.into_response(),
        };
    }
    match server.look(&mut standing, &id, &headers, &body) {
        Ok(()) => StatusCode::CREATED.into_response(),
        Err((status, why)) => {
            standing.refused.push(why);
            StatusCode::from_u16(status).expect("a status").into_response()
        }
    }
}

impl PushServer {
    fn look(
        &self,
        standing: &mut Standing,
        id: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), (u16, String)> {
        let now = standing.now;
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let no = |status: u16, why: &str| Err((status, why.to_owned()));
        let Some(browser) = standing.browsers.get_mut(id) else { return no(410, "no such browser") };
        let Some(authorization) = text("authorization") else { return no(401, "nobody says who writes") };
        self.signed(authorization, &browser.writer, now).map_err(|why| (403, why))?;
        let Some(ttl) = text("ttl").and_then(|ttl| ttl.parse().ok()) else { return no(400, "TTL") };
        if text("content-encoding") != Some("aes128gcm") {
            return no(400, "Content-Encoding");
        }
        if text("urgency").is_some_and(|word| !["very-low", "low", "normal", "high"].contains(&word)) {
            return no(400, "Urgency");
        }
        let topic = text("topic").map(str::to_owned);
        let fits = |topic: &String| {
            topic.len() <= 32 && topic.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if !topic.as_ref().is_none_or(fits) {
            return no(400, "Topic");
        }
        if body.len() > LARGEST {
            return no(413, "too large");
        }
        let opened = web_push_native::decrypt(body.to_vec(), &browser.secret, &browser.shared.into());
        let Ok(opened) = opened else { return no(400, "the browser cannot open it") };
        let Ok(said) = serde_json::from_slice(&opened) else { return no(400, "no JSON") };
        if topic.is_some() {
            browser.waiting.retain(|message| message.topic != topic);
        }
        browser.waiting.push(Message { said, ttl, topic });
        Ok(())
    }

    /// RFC 8292.
    fn signed(&self, authorization: &str, writer: &str, now: DateTime<Utc>) -> Result<(), String> {
        let no = |why: &str| why.to_owned();
        let rest = authorization.strip_prefix("vapid t=").ok_or(no("no VAPID"))?;
        let (token, key) = rest.split_once(", k=").ok_or(no("no key"))?;
        if key != writer {
            return Err(no("not the key that the browser was given"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(no("no token"))?;
        let (head, claims) = signed.split_once('.').ok_or(no("no claims"))?;
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|error| error.to_string());
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decode(key)?)
            .verify(signed.as_bytes(), &decode(signature)?)
            .map_err(|_| no("a false signature"))?;
        let json =
            |text: &str| serde_json::from_slice::<Value>(&decode(text)?).map_err(|error| error.to_string());
        let (head, claims) = (json(head)?, json(claims)?);
        if head["alg"] != "ES256" || head["typ"] != "JWT" {
            return Err(no("the head"));
        }
        if claims["aud"] != format!("http://127.0.0.1:{}", self.port) {
            return Err(format!("for {}", claims["aud"]));
        }
        let until =
            claims["exp"].as_i64().and_then(|at| DateTime::from_timestamp(at, 0)).ok_or(no("no end"))?;
        if until <= now || until > now + TimeDelta::days(1) {
            return Err(format!("until {until}"));
        }
        let from = claims["sub"].as_str().unwrap_or_default();
        if !from.starts_with("mailto:") && !from.starts_with("https://") {
            return Err(format!("from {from}"));
        }
        Ok(())
    }
}
