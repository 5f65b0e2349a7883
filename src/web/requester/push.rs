//! « Notifications sur cet appareil »: the browsers that ask to be told by push, from the page of their preferences.
//! May import: desk, domain, wording.

use super::{Problem, Web};
use crate::desk::links::Purpose;
use crate::desk::push::Subscribed;
use crate::domain::push::Subscription;
use crate::wording::requester as say;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A browser, as `PushSubscription.toJSON()` says it; what else it says is its own affair.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Browser {
    /// Where its service takes messages for it.
    endpoint: String,
    /// Its keys.
    keys: Keys,
}

/// What a message for a browser is sealed with (RFC 8291).
#[derive(Debug, Deserialize, ToSchema)]
struct Keys {
    /// Its public key, in URL-safe base64.
    p256dh: String,
    /// What it shares with us, in URL-safe base64.
    auth: String,
}

/// A browser that is told no more; all of them, where none is named.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct Ended {
    /// Its address.
    pub endpoint: Option<String>,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Told {
    /// How many browsers of this person are told.
    devices: i64,
    /// French.
    said: String,
}

impl From<Browser> for Subscription {
    fn from(browser: Browser) -> Subscription {
        let Browser { endpoint, keys: Keys { p256dh, auth } } = browser;
        Subscription { endpoint, p256dh, auth }
    }
}

/// What was sent as JSON, whatever its kind was said to be: a page elsewhere that says « text/plain » need not ask first.
pub fn read<T: for<'de> Deserialize<'de>>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|_| Problem::BadForm)
}

/// `POST /u/{token}/push`: this browser is told.
pub async fn subscribe(
    State(web): State<Web>,
    Path(token): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    add(&web, &token, Purpose::Preferences, &body).await
}

/// `DELETE /u/{token}/push`: this browser is told no more.
pub async fn unsubscribe(
    State(web): State<Web>,
    Path(token): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    end(&web, &token, Purpose::Preferences, &body).await
}

/// Whether a browser is told.
#[derive(Debug, Serialize)]
struct Known {
    known: bool,
}

/// `POST /u/{token}/push/known`: whether this browser is told. Nothing changes by it.
pub async fn known(
    State(web): State<Web>,
    Path(token): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    is_known(&web, &token, Purpose::Preferences, &body).await
}

/// As [`known`], by a link for `purpose`.
pub async fn is_known(web: &Web, token: &str, purpose: Purpose, body: &Bytes) -> Result<Response, Problem> {
    let endpoint = read::<Ended>(body)?.endpoint.ok_or(Problem::BadForm)?;
    let known = web.desk().is_subscribed(token, purpose, &endpoint).await?.ok_or(Problem::NotFound)?;
    Ok(Json(Known { known }).into_response())
}

/// `POST /u/{token}/push/end`: none of them is told any more, by a form.
pub async fn end_all(State(web): State<Web>, Path(token): Path<String>) -> Result<Redirect, Problem> {
    web.desk().end_subscription(&token, Purpose::Preferences, None).await?.ok_or(Problem::NotFound)?;
    Ok(Redirect::to(&format!("{}{token}/preferences", super::ROOT)))
}

/// As [`subscribe`], by a link for `purpose`.
pub async fn add(web: &Web, token: &str, purpose: Purpose, body: &Bytes) -> Result<Response, Problem> {
    let browser = Subscription::from(read::<Browser>(body)?);
    let subscribed = web.desk().subscribe(token, purpose, &browser).await?.ok_or(Problem::NotFound)?;
    Ok(match subscribed {
        Subscribed::Now(devices) => told(StatusCode::OK, devices, say::push_on()),
        Subscribed::Unusable => told(StatusCode::UNPROCESSABLE_ENTITY, 0, say::push_unusable()),
        Subscribed::NotConfigured => told(StatusCode::UNPROCESSABLE_ENTITY, 0, say::push_not_offered()),
    })
}

/// As [`unsubscribe`], by a link for `purpose`.
pub async fn end(web: &Web, token: &str, purpose: Purpose, body: &Bytes) -> Result<Response, Problem> {
    let Ended { endpoint } = read(body)?;
    let endpoint = endpoint.ok_or(Problem::BadForm)?;
    let left = web.desk().end_subscription(token, purpose, Some(&endpoint)).await?;
    Ok(told(StatusCode::OK, left.ok_or(Problem::NotFound)?, say::push_off()))
}

fn told(status: StatusCode, devices: i64, said: &str) -> Response {
    (status, Json(Told { devices, said: said.to_owned() })).into_response()
}
