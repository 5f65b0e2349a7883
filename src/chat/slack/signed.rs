//! Signed delivery: Slack's own requests to `/slack/events`, taken only where they are signed with our secret, are a few
//! minutes old at most, and were not taken before. May import: clock, domain.

use super::delivery::{Delivery, Kind};
use crate::clock::Clock;
use crate::domain::hex::{digit, percent_decoded};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tower_http::catch_panic::CatchPanicLayer;

/// How far a request's time may be from ours.
const WINDOW: i64 = 5 * 60;
/// How long Slack waits, with room to spare: what comes is read by then, and answered.
const WITHIN: Duration = Duration::from_millis(2500);
/// The largest request that is read.
const LARGEST: usize = 1 << 20;
/// How many requests are remembered so that none is taken twice: more than Slack sends in the window.
const REMEMBERED: usize = 20_000;
/// How many requests may wait to be taken.
const WAITING: usize = 1000;

/// What Slack tells by request.
pub type Deliveries = mpsc::Receiver<Delivery>;

#[derive(Clone)]
struct Door(Arc<Inner>);

struct Inner {
    key: hmac::Key,
    clock: Clock,
    /// What was signed before, in seconds since 1970, may have been taken by the program that ran then.
    since: i64,
    taken: Mutex<VecDeque<(i64, Vec<u8>)>>,
    deliveries: mpsc::Sender<Delivery>,
}

/// The address that Slack calls, and what it tells there.
pub fn router(secret: &SecretString, clock: Clock) -> (Router, Deliveries) {
    let (deliveries, told) = mpsc::channel(WAITING);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let since = clock.now().timestamp();
    let door = Door(Arc::new(Inner { key, clock, since, taken: Mutex::default(), deliveries }));
    let router = Router::new()
        .route("/slack/events", post(take))
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a request to /slack/events panicked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }))
        .with_state(door);
    (router, told)
}

async fn take(State(door): State<Door>, request: Request) -> Response {
    let (until, headers) = (Instant::now() + WITHIN, request.headers().clone());
    let body = match timeout_at(until, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => body,
        Ok(Err(unread)) => return unread.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    if !door.0.is_slack(&headers, &body) {
        tracing::warn!("a request to /slack/events was not Slack's, or came twice");
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let Some((kind, payload)) = read(kind, &body) else { return StatusCode::BAD_REQUEST.into_response() };
    if payload["type"] == "url_verification" {
        return (StatusCode::OK, payload["challenge"].as_str().unwrap_or_default().to_owned())
            .into_response();
    }
    let (acknowledge, word) = oneshot::channel();
    if door.0.deliveries.try_send(Delivery { kind, payload, acknowledge }).is_err() {
        // It tells again, the same and signed the same.
        door.0.forget(&headers);
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match timeout_at(until, word).await {
        Ok(Ok(Some(word))) => axum::Json(word).into_response(),
        Ok(Ok(None)) => StatusCode::OK.into_response(),
        Ok(Err(_)) | Err(_) => {
            door.0.forget(&headers);
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

impl Inner {
    /// Whether a request is Slack's, of now, and comes for the first time.
    fn is_slack(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(at), Some(signature)) = (text("x-slack-request-timestamp"), text("x-slack-signature"))
        else {
            return false;
        };
        let now = self.clock.now().timestamp();
        let Ok(sent) = at.parse::<i64>() else { return false };
        let Some(signature) = signature.strip_prefix("v0=").and_then(unhex) else { return false };
        if (now - sent).abs() > WINDOW || sent < self.since {
            return false;
        }
        let signed = [b"v0:", at.as_bytes(), b":", body].concat();
        hmac::verify(&self.key, &signed, &signature).is_ok() && self.is_first(now, sent, signature)
    }

    /// What was not taken may come again.
    fn forget(&self, headers: &HeaderMap) {
        let signature = headers.get("x-slack-signature").and_then(|value| value.to_str().ok());
        let signature = signature.and_then(|text| text.strip_prefix("v0=")).and_then(unhex);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|(_, known)| Some(known) != signature.as_ref());
    }

    fn is_first(&self, now: i64, sent: i64, signature: Vec<u8>) -> bool {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while taken.front().is_some_and(|(at, _)| (now - at).abs() > WINDOW) || taken.len() > REMEMBERED {
            taken.pop_front();
        }
        if taken.iter().any(|(_, known)| *known == signature) {
            return false;
        }
        taken.push_back((sent, signature));
        true
    }
}

/// A request in one of Slack's three forms.
fn read(kind: &str, body: &[u8]) -> Option<(Kind, Value)> {
    if kind.starts_with("application/json") {
        return Some((Kind::Event, serde_json::from_slice(body).ok()?));
    }
    let fields: Vec<(String, String)> = form(body)?;
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if let Some(payload) = field("payload") {
        return Some((Kind::Interaction, serde_json::from_str(payload).ok()?));
    }
    field("command")?;
    let payload = fields.into_iter().map(|(key, value)| (key, json!(value))).collect();
    Some((Kind::Command, Value::Object(payload)))
}

/// `application/x-www-form-urlencoded`.
fn form(body: &[u8]) -> Option<Vec<(String, String)>> {
    let decoded = |text: &str| String::from_utf8(percent_decoded(text.replace('+', " ").as_bytes())).ok();
    let pairs = std::str::from_utf8(body).ok()?.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(key)?, decoded(value)?))
        })
        .collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use futures_util::StreamExt;

    #[tokio::test(start_paused = true)]
    async fn a_request_that_never_ends_is_given_up() {
        let begun = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"payload="))]);
        let body = Body::from_stream(begun.chain(futures_util::stream::pending()));
        let request = axum::http::Request::post("/slack/events").body(body).unwrap();
        let answer = take(State(Door(Arc::new(door(0)))), request).await;
        assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
    }

    /// The request that Slack's documentation signs.
    const AT: &str = "1531420618";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                        channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
                        response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgc\
                        ZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNED: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn door(later: i64) -> Inner {
        let now = chrono::DateTime::from_timestamp(1_531_420_618 + later, 0).unwrap();
        Inner {
            key: hmac::Key::new(hmac::HMAC_SHA256, b"8f742231b10e8888abcd99yyyzzz85a5"),
            clock: Clock::At(now),
            since: 0,
            taken: Mutex::default(),
            deliveries: mpsc::channel(1).0,
        }
    }

    fn headers(at: &str, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-slack-request-timestamp", at.parse().unwrap());
        headers.insert("x-slack-signature", signature.parse().unwrap());
        headers
    }

    #[test]
    fn what_slack_signed_is_taken_once_and_within_five_minutes() {
        let good = headers(AT, SIGNED);
        let now = door(0);
        assert!(now.is_slack(&good, BODY.as_bytes()));
        assert!(!now.is_slack(&good, BODY.as_bytes()), "the same again is somebody else's");
        assert!(door(300).is_slack(&good, BODY.as_bytes()) && door(-300).is_slack(&good, BODY.as_bytes()));
        assert!(!door(301).is_slack(&good, BODY.as_bytes()) && !door(-301).is_slack(&good, BODY.as_bytes()));
    }

    #[test]
    fn what_was_signed_before_the_program_began_may_have_been_taken_already() {
        let good = headers(AT, SIGNED);
        let begun = |since| Inner { since, ..door(60) };
        assert!(begun(1_531_420_618).is_slack(&good, BODY.as_bytes()));
        assert!(!begun(1_531_420_619).is_slack(&good, BODY.as_bytes()));
    }

    #[test]
    fn what_is_not_signed_with_our_secret_is_refused() {
        let body = BODY.as_bytes();
        for wrong in [
            headers("1531420619", SIGNED),
            headers(AT, "v0="),
            headers(AT, "v0=a2"),
            headers(AT, &SIGNED.replace("v0=", "v1=")),
            headers(AT, &SIGNED.replace("a211", "a212")),
            headers("soon", SIGNED),
            HeaderMap::new(),
        ] {
            assert!(!door(0).is_slack(&wrong, body), "{wrong:?}");
        }
        assert!(!door(0).is_slack(&headers(AT, SIGNED), b"text=other"));
    }

    #[test]
    fn a_request_is_read_in_each_of_its_three_forms() {
        let (kind, command) = read("application/x-www-form-urlencoded", BODY.as_bytes()).unwrap();
        assert_eq!((kind, command["user_id"].as_str()), (Kind::Command, Some("U2CERLKJA")));
        assert_eq!(command["command"], "/webhook-collect");
        let pressed =
            read("application/x-www-form-urlencoded", b"payload=%7B%22type%22%3A%22a+b%22%7D").unwrap();
        assert_eq!((pressed.0, pressed.1["type"].as_str()), (Kind::Interaction, Some("a b")));
        let event = read("application/json; charset=utf-8", b"{\"type\":\"event_callback\"}").unwrap();
        assert_eq!(event.0, Kind::Event);
        assert!(read("application/json", b"{").is_none() && read("text/plain", b"x=1").is_none());
    }
}
