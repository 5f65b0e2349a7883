//! Slack on the wire: the Web API, addresses for answers and uploads, sockets; and signed requests to an address of the
//! app's. May import: the other files of this server.

use super::blocks::message_faults;
use super::workspace::{Fault, Seen};
use super::{Inner, Road};
use super::{api, sign_in};
use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use ring::hmac;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How long Slack waits to be told that something was taken.
const DEADLINE: Duration = Duration::from_secs(3);

/// Something for an app, and where its answer goes: `None` where it did not take it.
pub struct Envelope {
    pub kind: &'static str,
    pub payload: Value,
    pub retry: u32,
    pub answer: oneshot::Sender<Option<Value>>,
}

/// A socket that is open.
pub struct Line {
    pub number: u64,
    pub envelopes: mpsc::UnboundedSender<Ask>,
}

/// What a socket is asked for.
pub enum Ask {
    Tell(Envelope),
    /// Slack is about to close it.
    Disconnect(&'static str),
    /// It breaks.
    Drop,
}

pub fn router(inner: Arc<Inner>) -> Router {
    Router::new()
        .route("/api/{method}", post(method))
        .route("/response/{number}", post(respond))
        .route("/upload/{id}", post(upload))
        .route("/files-pri/{id}/{name}", get(download))
        .route("/link", get(link))
        .with_state(inner)
}

fn arguments(headers: &HeaderMap, body: &[u8]) -> Value {
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return serde_json::from_slice(body).unwrap_or_default();
    }
    let pairs = String::from_utf8_lossy(body).into_owned();
    let pairs = pairs.split('&').filter_map(|pair| pair.split_once('='));
    Value::Object(pairs.map(|(key, value)| (decoded(key), json!(decoded(value)))).collect())
}

fn error(word: &str, needed: Option<String>, scopes: &str) -> Response {
    let mut answer = json!({ "ok": false, "error": word });
    match (word, needed) {
        ("missing_scope", needed) => answer["needed"] = json!(needed),
        (_, Some(what)) => answer["response_metadata"] = json!({ "messages": [format!("[ERROR] {what}")] }),
        _ => {}
    }
    ([("x-oauth-scopes", scopes.to_owned())], axum::Json(answer)).into_response()
}

async fn method(
    State(inner): State<Arc<Inner>>,
    Path(method): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let token = headers.get("authorization").and_then(|token| token.to_str().ok()).unwrap_or_default();
    let args = arguments(&headers, &body);
    let (answer, scopes) = {
        let mut space = inner.space();
        let scopes = space.scopes.iter().cloned().collect::<Vec<_>>().join(",");
        space.requests.push(format!("{method} {}", args["channel"].as_str().unwrap_or_default()));
        let is_app = method == "apps.connections.open";
        let is_known =
            !space.is_revoked && token == if is_app { "Bearer xapp-test" } else { "Bearer xoxb-test" };
        // The app shows its secret, or somebody's own token.
        let is_sign_in = method.starts_with("openid.connect.");
        if !is_known && !is_sign_in {
            return error("invalid_auth", None, "");
        }
        let fault = space.faults.get_mut(&method).and_then(std::collections::VecDeque::pop_front);
        match &fault {
            Some(Fault::Status(status)) => {
                return StatusCode::from_u16(*status).expect("a status").into_response();
            }
            Some(Fault::Wait(seconds)) => {
                return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds.to_string())])
                    .into_response();
            }
            Some(Fault::Error(word)) => return error(word, None, &scopes),
            Some(Fault::Lost) | None => {}
        }
        let answer = if is_app {
            let ticket = format!("ticket{}", space.number());
            space.tickets.insert(ticket.clone());
            Ok(json!({ "url": format!("{}/link?ticket={ticket}", inner.base.replace("http", "ws")) }))
        } else if is_sign_in {
            match method.as_str() {
                "openid.connect.token" => sign_in::token(&mut space, &args),
                "openid.connect.userInfo" => sign_in::user_info(&space, token),
                _ => Err(("unknown_method", None)),
            }
        } else {
            api::call(&mut space, &inner.base, &method, &args)
        };
        if let Some(Fault::Lost) = fault {
            drop(space);
            inner.changed();
            return StatusCode::BAD_GATEWAY.into_response();
        }
        (answer, scopes)
    };
    inner.changed();
    match answer {
        Ok(mut answer) => {
            answer["ok"] = json!(true);
            ([("x-oauth-scopes", scopes)], axum::Json(answer)).into_response()
        }
        Err(("ratelimited", wait)) => {
            let wait = wait.unwrap_or_else(|| "1".to_owned());
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", wait)]).into_response()
        }
        Err((word, needed)) => error(word, needed, &scopes),
    }
}

/// An answer to what somebody did, at the address that came with it.
async fn respond(State(inner): State<Arc<Inner>>, Path(number): Path<String>, body: Bytes) -> Response {
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut space = inner.space();
    let now = space.now();
    let Some(url) = space.urls.get_mut(&number) else {
        return (StatusCode::NOT_FOUND, "no_service").into_response();
    };
    if now - url.given > 30 * 60 {
        return (StatusCode::NOT_FOUND, "expired_url").into_response();
    }
    if url.uses == 5 {
        return (StatusCode::NOT_FOUND, "used_url").into_response();
    }
    url.uses += 1;
    let url = url.clone();
    let faults = message_faults(&message);
    if !faults.is_empty() {
        space.violations.extend(faults);
        return (StatusCode::BAD_REQUEST, "invalid_blocks").into_response();
    }
    let is_empty = |key: &str| message[key].as_array().is_none_or(Vec::is_empty);
    let says = message["text"].as_str().is_some_and(|text| !text.trim().is_empty());
    if !says && is_empty("blocks") && is_empty("attachments") && message["delete_original"] != true {
        return (StatusCode::BAD_REQUEST, "no_text").into_response();
    }
    if message["response_type"] == "in_channel" {
        space.violations.push("an answer for everybody".to_owned());
    }
    let thread = message["thread_ts"].as_str().map(str::to_owned);
    match (message["replace_original"] == true, url.private) {
        (true, Some(at)) => {
            space.privates[at].message = message;
            space.sees(&url.user, Seen::Changed(at));
        }
        (true, None) => space.violations.push("an answer in the place of a card".to_owned()),
        (false, _) => {
            space.show(&url.user, &url.channel, thread, message);
        }
    }
    drop(space);
    inner.changed();
    "ok".into_response()
}

/// A file of somebody's, for whoever shows the token of an app that may read files; others are led to a page to sign in by.
async fn download(
    State(inner): State<Arc<Inner>>,
    Path((id, _name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let token = headers.get("authorization").and_then(|token| token.to_str().ok()).unwrap_or_default();
    let space = inner.space();
    if token != "Bearer xoxb-test" || !space.scopes.contains("files:read") {
        return (StatusCode::OK, [("content-type", "text/html")], "<html>Sign in</html>").into_response();
    }
    match space.shared.get(&id) {
        Some(bytes) => bytes.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn upload(State(inner): State<Arc<Inner>>, Path(id): Path<String>, body: Bytes) -> Response {
    match inner.space().uploads.get_mut(&id) {
        Some((_, length, bytes)) if *length == body.len() && bytes.is_none() => {
            *bytes = Some(body.to_vec());
            "OK".into_response()
        }
        _ => (StatusCode::BAD_REQUEST, "upload").into_response(),
    }
}

async fn link(
    State(inner): State<Arc<Inner>>,
    Query(query): Query<HashMap<String, String>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let ticket = query.get("ticket").cloned().unwrap_or_default();
    if !inner.space().tickets.remove(&ticket) {
        return StatusCode::FORBIDDEN.into_response();
    }
    upgrade.on_upgrade(move |socket| line(inner, socket))
}

/// A socket, as long as it is open.
async fn line(inner: Arc<Inner>, mut socket: WebSocket) {
    let (envelopes, mut asked) = mpsc::unbounded_channel();
    let number = inner.space().number();
    let hello = json!({ "type": "hello", "num_connections": 1, "connection_info": { "app_id": "A1" },
                        "debug_info": { "host": "test", "approximate_connection_time": 3600 } });
    if socket.send(Message::text(hello.to_string())).await.is_err() {
        return;
    }
    inner.lines().push(Line { number, envelopes });
    inner.changed();
    let mut waiting: HashMap<String, oneshot::Sender<Option<Value>>> = HashMap::new();
    loop {
        tokio::select! {
            heard = socket.recv() => match heard {
                Some(Ok(Message::Text(text))) => {
                    let ack: Value = serde_json::from_str(&text).unwrap_or_default();
                    let id = ack["envelope_id"].as_str().unwrap_or_default();
                    match waiting.remove(id) {
                        Some(answer) => drop(answer.send(Some(ack["payload"].clone()))),
                        None => inner.space().violations.push(format!("an acknowledgement of nothing: {text}")),
                    }
                }
                Some(Ok(_)) => {}
                _ => break,
            },
            Some(ask) = asked.recv() => match ask {
                Ask::Tell(envelope) => {
                    let id = format!("envelope{}", inner.space().number());
                    let told = json!({
                        "envelope_id": id, "type": envelope.kind, "payload": envelope.payload,
                        "accepts_response_payload": envelope.kind != "events_api",
                        "retry_attempt": envelope.retry, "retry_reason": "timeout",
                    });
                    if socket.send(Message::text(told.to_string())).await.is_err() {
                        break;
                    }
                    waiting.insert(id, envelope.answer);
                }
                Ask::Disconnect(reason) => {
                    let told = json!({ "type": "disconnect", "reason": reason, "debug_info": {} });
                    let _ = socket.send(Message::text(told.to_string())).await;
                }
                Ask::Drop => break,
            },
        }
    }
    inner.lines().retain(|line| line.number != number);
    inner.changed();
}

impl Inner {
    /// Tells the app something, by whichever road; what it answers, or that it did not take it.
    pub async fn tell(&self, kind: &'static str, payload: Value, retry: u32) -> Option<Value> {
        let told = match &self.road {
            Road::Socket => {
                let (answer, told) = oneshot::channel();
                // One of its sockets: the latest, since an older one may be about to close.
                let sent = {
                    let lines = self.lines();
                    let line = lines.last()?;
                    line.envelopes.send(Ask::Tell(Envelope { kind, payload, retry, answer }))
                };
                sent.ok()?;
                tokio::time::timeout(DEADLINE, told).await.ok()?.ok()?
            }
            Road::Signed => tokio::time::timeout(DEADLINE, self.request(kind, &payload, retry)).await.ok()?,
        };
        if told.is_some() {
            self.acknowledged.fetch_add(1, Ordering::SeqCst);
        }
        told
    }

    async fn request(&self, kind: &str, payload: &Value, retry: u32) -> Option<Value> {
        let (content, body) = match kind {
            "events_api" => ("application/json", payload.to_string()),
            "slash_commands" => {
                let fields = payload.as_object().into_iter().flatten();
                let fields = fields
                    .map(|(key, value)| format!("{key}={}", encoded(value.as_str().unwrap_or_default())));
                ("application/x-www-form-urlencoded", fields.collect::<Vec<_>>().join("&"))
            }
            _ => ("application/x-www-form-urlencoded", format!("payload={}", encoded(&payload.to_string()))),
        };
        let at = self.space().now().to_string();
        let (status, answer) = self.send(content, &body, &at, &sign(SECRET, &at, &body), retry).await?;
        if status != 200 {
            return None;
        }
        Some(serde_json::from_str(&answer).unwrap_or(Value::Null))
    }

    /// A request as it is given, signed rightly or wrongly: the status of the answer, and what it says.
    pub async fn send(
        &self,
        content: &str,
        body: &str,
        at: &str,
        signature: &str,
        retry: u32,
    ) -> Option<(u16, String)> {
        let url = self.url.lock().expect("nobody panicked").clone()?;
        let mut request = reqwest::Client::new()
            .post(url)
            .header("content-type", content)
            .header("x-slack-request-timestamp", at)
            .header("x-slack-signature", signature)
            .body(body.to_owned());
        if retry > 0 {
            request = request.header("x-slack-retry-num", retry.to_string());
        }
        let answer = request.send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }
}

/// The secret that signs.
pub const SECRET: &str = "un-secret-de-signature";

/// The signature of a request.
pub fn sign(secret: &str, at: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signed = hmac::sign(&key, format!("v0:{at}:{body}").as_bytes());
    format!("v0={}", hex(signed.as_ref()))
}

/// Tells the app what happens, one thing after the other, each again until it is taken, three times at most.
pub async fn tell_for_ever(inner: Arc<Inner>) {
    loop {
        let next = {
            let has_line = inner.road == Road::Signed || !inner.lines().is_empty();
            if has_line { inner.space().events.pop_front() } else { None }
        };
        let Some(event) = next else {
            inner.bell.notified().await;
            continue;
        };
        let inner = Arc::clone(&inner);
        let mut taken = false;
        for retry in 0..3 {
            if inner.tell("events_api", event.clone(), retry).await.is_some() {
                taken = true;
                break;
            }
        }
        let mut space = inner.space();
        match taken {
            true => space.told.push(event["event_id"].as_str().unwrap_or_default().to_owned()),
            // Nobody listens any more: it is lost, as on the real Slack.
            false => space.requests.push(format!("lost {}", event["event"]["type"])),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Everything but letters and digits escaped.
fn encoded(text: &str) -> String {
    let escape = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

fn decoded(text: &str) -> String {
    let bytes = text.replace('+', " ").into_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}
