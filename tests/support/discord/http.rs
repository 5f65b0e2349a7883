//! The HTTP side: connections, bodies, files, headers; what a request means is in [`super::rest`].

use super::error::ApiError;
use super::faults::{Bucket, Fault};
use super::limits::Files;
use super::{Shared, gateway, rest};
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, WebSocketUpgrade};
use axum::http::{Request, Response, StatusCode, header, request::Parts};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// A file as it came in.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name.
    pub name: String,
    /// What it is said to be.
    pub content_type: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A request to `/api/v10`.
#[derive(Debug)]
pub struct Call {
    /// In capitals.
    pub method: String,
    /// The parts after `/api/v10`, decoded.
    pub path: Vec<String>,
    /// The query, decoded.
    pub query: HashMap<String, String>,
    /// The JSON body, or `payload_json`; `Null` without one.
    pub body: Value,
    /// The files that came with it.
    pub files: Files,
    /// The header `Authorization`.
    pub authorization: Option<String>,
}

impl Call {
    /// How violations and the log of requests name it.
    pub fn named(&self) -> String {
        format!("{} /{}", self.method, self.path.join("/"))
    }
}

/// Takes connections until the server stops.
pub async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        tokio::select! {
            taken = listener.accept() => {
                let Ok((stream, _)) = taken else { continue };
                // As Discord does: a second small frame does not wait until the first is acknowledged.
                let _ = stream.set_nodelay(true);
                tokio::spawn(connection(stream, shared.clone()));
            }
            () = shared.stopped() => return,
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let service = hyper::service::service_fn(|request| answer(request, shared.clone()));
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        // An error here is a connection that we cut, or that the client left.
        _ = connection => {}
        () = shared.stopped() => {}
    }
}

/// An error cuts the connection.
async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Body>, std::io::Error> {
    let (mut parts, body) = request.into_parts();
    if parts.uri.path() == "/gw" {
        return Ok(upgrade(&mut parts, shared).await);
    }
    if let Some(id) = parts.uri.path().strip_prefix("/attachments/") {
        return Ok(download(&shared, id));
    }
    let bytes = to_bytes(Body::new(body), 128 * 1024 * 1024).await.map_err(std::io::Error::other)?;
    let (call, refused) = read(&parts, &bytes);
    let delay = shared.look(|world| world.faults.delay);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let done = shared.change(|world| {
        let fault = world.faults.meet(&call);
        if fault == Some(Fault::CutBefore) {
            world.guild.requests.push(format!("{} -> cut", call.named()));
            return None;
        }
        let bucket = world.faults.count(&call, world.guild.clock.advanced);
        let answered = match (fault, refused) {
            (Some(Fault::Status(429)), _) => Err(too_many(&bucket)),
            (Some(Fault::Status(status)), _) => Err(ApiError::plain(status)),
            _ if bucket.exceeded => Err(too_many(&bucket)),
            (_, Some(error)) => Err(error),
            _ => rest::answer(world, &call),
        };
        let (status, body) = match answered {
            Ok((status, body)) => (status, body),
            Err(error) if error.status == 429 => (429, error.errors),
            Err(error) => (error.status, error.body()),
        };
        let code = body["code"].as_u64().filter(|_| status >= 400).map(|code| format!(" ({code})"));
        world.guild.requests.push(format!(
            "{} -> {status}{}{}",
            call.named(),
            code.unwrap_or_default(),
            match fault {
                Some(Fault::CutAfter) => ", answer lost",
                Some(Fault::Hold) => ", answer held",
                _ => "",
            }
        ));
        let response = respond(status, &body, &bucket, world.guild.now().timestamp());
        let held = (fault == Some(Fault::Hold)).then_some(world.faults.releases);
        (fault != Some(Fault::CutAfter)).then_some((response, held))
    });
    let (response, held) = done.ok_or_else(|| std::io::Error::other("cut by the test"))?;
    if let Some(before) = held {
        shared.until(|world| (world.faults.releases > before).then_some(())).await;
    }
    Ok(response)
}

fn too_many(bucket: &Bucket) -> ApiError {
    let mut error = ApiError::plain(429);
    error.errors = json!({"message": "You are being rate limited.", "global": bucket.is_global,
                          "retry_after": bucket.reset_after.as_secs_f64()});
    error
}

fn respond(status: u16, body: &Value, bucket: &Bucket, now: i64) -> Response<Body> {
    let seconds = bucket.reset_after.as_secs_f64();
    let reset = f64::from(u32::try_from(now).unwrap_or(u32::MAX)) + seconds;
    let mut response = Response::builder()
        .status(status)
        .header("x-ratelimit-limit", bucket.limit)
        .header("x-ratelimit-remaining", bucket.remaining)
        .header("x-ratelimit-reset", format!("{reset:.3}"))
        .header("x-ratelimit-reset-after", format!("{seconds:.3}"))
        .header("x-ratelimit-bucket", bucket.name.replace(['/', ' '], "-"));
    if status == 429 {
        response = response
            .header("retry-after", format!("{:.0}", seconds.ceil()))
            .header("x-ratelimit-scope", if bucket.is_global { "global" } else { "user" });
    }
    if bucket.is_global {
        response = response.header("x-ratelimit-global", "true");
    }
    let body = if status == 204 {
        Body::empty()
    } else if matches!(status, 502..=504) {
        // These come from what stands before Discord, which speaks HTML.
        response = response.header(header::CONTENT_TYPE, "text/html");
        Body::from(format!("<html><head><title>{status}</title></head><body>cloudflare</body></html>"))
    } else {
        response = response.header(header::CONTENT_TYPE, "application/json");
        Body::from(body.to_string())
    };
    response.body(body).expect("the headers are sound")
}

async fn upgrade(parts: &mut Parts, shared: Arc<Shared>) -> Response<Body> {
    let query = query(parts.uri.query().unwrap_or_default());
    match WebSocketUpgrade::from_request_parts(parts, &()).await {
        Ok(upgrade) => {
            upgrade.on_upgrade(move |socket| gateway::serve(socket, shared, query.get("v").cloned()))
        }
        Err(refused) => axum::response::IntoResponse::into_response(refused),
    }
}

/// `/attachments/{channel}/{attachment}/{name}`: what a test, or the bot, finds behind the address of a file.
fn download(shared: &Shared, path: &str) -> Response<Body> {
    let id = path.split('/').nth(1).and_then(|id| id.parse::<u64>().ok());
    let bytes = shared.look(|world| {
        let files = world.guild.messages.values().flat_map(|message| &message.attachments);
        let mut files = files.chain(&world.guild.uploads);
        files.find(|file| Some(file.id) == id).map(|file| file.bytes.clone())
    });
    let status = if bytes.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let mut response = Response::new(Body::from(bytes.unwrap_or_default()));
    *response.status_mut() = status;
    response
}

/// A request taken apart, and what is wrong with it before anybody looks at what it wants.
fn read(parts: &Parts, bytes: &[u8]) -> (Call, Option<ApiError>) {
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    let path = parts.uri.path();
    let under = path.strip_prefix("/api/v10/");
    let mut call = Call {
        method: parts.method.to_string(),
        path: under.unwrap_or(path).split('/').filter(|part| !part.is_empty()).map(decode).collect(),
        query: query(parts.uri.query().unwrap_or_default()),
        body: Value::Null,
        files: Files::new(),
        authorization: header(header::AUTHORIZATION),
    };
    if under.is_none() {
        return (call, Some(ApiError::plain(404)));
    }
    let kind = header(header::CONTENT_TYPE).unwrap_or_default();
    let taken = if let Some(boundary) = kind.strip_prefix("multipart/form-data; boundary=") {
        multipart(&mut call, bytes, boundary.trim_matches('"'))
    } else if bytes.is_empty() {
        Ok(())
    } else if kind.starts_with("application/json") {
        json_body(&mut call, bytes)
    } else if kind.starts_with("application/x-www-form-urlencoded") && under == Some("oauth2/token") {
        call.body = json!(query(&String::from_utf8_lossy(bytes)));
        Ok(())
    } else {
        let told = format!("Expected \"Content-Type\" header to be application/json, not {kind:?}");
        Err(ApiError::form("_", "CONTENT_TYPE_INVALID", told))
    };
    (call, taken.err())
}

fn json_body(call: &mut Call, bytes: &[u8]) -> Result<(), ApiError> {
    let mut error = ApiError::plain(400);
    error.code = 50109;
    error.message = "The request body contains invalid JSON.".into();
    call.body = serde_json::from_slice(bytes).map_err(|_| error)?;
    Ok(())
}

/// Parts named `payload_json` and `files[n]` (RFC 7578).
fn multipart(call: &mut Call, bytes: &[u8], boundary: &str) -> Result<(), ApiError> {
    let bad = || ApiError::form("_", "MULTIPART_INVALID", "The body is no multipart/form-data.");
    let mark = format!("\r\n--{boundary}");
    // The first boundary has no line break before it.
    let whole = [b"\r\n", bytes].concat();
    let starts: Vec<usize> = memchr::memmem::find_iter(&whole, mark.as_bytes()).collect();
    for pair in starts.windows(2) {
        let part = &whole[pair[0] + mark.len() + 2..pair[1]];
        let end = memchr::memmem::find(part, b"\r\n\r\n").ok_or_else(bad)?;
        let head = std::str::from_utf8(&part[..end]).map_err(|_| bad())?;
        let content = &part[end + 4..];
        let name = parameter(head, "name").ok_or_else(bad)?;
        let number = name.strip_prefix("files[").and_then(|rest| rest.strip_suffix(']')?.parse().ok());
        if name == "payload_json" {
            json_body(call, content)?;
        } else if let Some(number) = number {
            let line = head.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case("content-type").then(|| value.trim().to_owned())
            });
            let file = File {
                name: parameter(head, "filename").ok_or_else(bad)?,
                content_type: line.unwrap_or_else(|| "application/octet-stream".into()),
                bytes: content.to_vec(),
            };
            call.files.insert(number, file);
        } else {
            return Err(ApiError::form(
                name,
                "MULTIPART_UNKNOWN_PART",
                "Only payload_json and files[n] are known",
            ));
        }
    }
    if starts.len() < 2 { Err(bad()) } else { Ok(()) }
}

fn parameter(head: &str, name: &str) -> Option<String> {
    let start = head.find(&format!("; {name}=\""))? + name.len() + 4;
    Some(head[start..].split('"').next()?.to_owned())
}

fn query(text: &str) -> HashMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (decode(key), decode(value))).collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.filter(|_| *first == b'%').and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// How long nothing may happen on a connection that a test waits for.
pub const PATIENCE: Duration = crate::support::PATIENCE;
