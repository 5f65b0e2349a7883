//! What users were told on the web: the host application shows it to them.

use super::{Bearer, Fault, Said};
use crate::desk::Failure;
use crate::domain::ids::NotificationId;
use crate::domain::scope::Scope;
use crate::view::host::Notification;
use crate::web::Web;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::Stream;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::{IntoParams, ToSchema};

/// How many are given at a time.
const LISTED: i64 = 50;
/// How often is looked for more, and how many times: then the stream ends, and a client asks again by itself.
const LOOKS_EVERY: Duration = Duration::from_secs(1);
const LOOKS: u32 = 900;
/// How far back is looked each time: longer than anything takes to be written.
const OVERLAP: TimeDelta = TimeDelta::minutes(10);
/// How long ago a stream may have ended that another goes on with: what lies further back is on the list.
const LONGEST_GAP: TimeDelta = TimeDelta::days(7);

/// Which.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only those below this number: the last one of the page before.
    before: Option<i64>,
}

/// Some of what a user was told.
#[derive(Debug, Serialize, ToSchema)]
pub struct Notifications {
    /// The latest first, 50 at a time.
    notifications: Vec<Notification>,
    /// How many of all the user has not read.
    unread: i64,
}

/// What was read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// One; all, where it is left out.
    id: Option<i64>,
}

/// How many were not read before.
#[derive(Debug, Serialize, ToSchema)]
pub struct Marked {
    marked: u64,
}

/// What a user was told on the web.
#[utoipa::path(
    get, path = "/api/v1/users/{email}/notifications", tag = "notifications", security(("token" = [])),
    params(("email" = String, Path, description = "Their address"), Which),
    responses((status = 200, body = Notifications), (status = 400, body = Said), (status = 404, body = Said))
)]
pub async fn list(
    State(web): State<Web>,
    bearer: Bearer,
    Path(email): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<Notifications>, Fault> {
    bearer.may(Scope::Notifications)?;
    let before = which.before.map(NotificationId);
    let (told, unread) = web.desk().host_notifications(&email, before, LISTED).await?;
    Ok(Json(Notifications { notifications: told.into_iter().map(Notification::from).collect(), unread }))
}

/// Notes that the user read one of them, or all.
#[utoipa::path(
    post, path = "/api/v1/users/{email}/notifications/read", tag = "notifications", security(("token" = [])), request_body = Read,
    params(("email" = String, Path, description = "Their address")),
    responses((status = 200, body = Marked), (status = 404, body = Said))
)]
pub async fn read(
    State(web): State<Web>,
    bearer: Bearer,
    Path(email): Path<String>,
    read: Result<Json<Read>, JsonRejection>,
) -> Result<Json<Marked>, Fault> {
    bearer.may(Scope::Notifications)?;
    let Json(read) = read?;
    let marked = web.desk().host_read(&email, read.id.map(NotificationId)).await?;
    Ok(Json(Marked { marked }))
}

/// What the user is told from now on, as it happens: server-sent events named `notification`, each with a notification.
/// A stream lasts a quarter of an hour; with `Last-Event-ID`, as browsers send it, the next one goes on where it ended,
/// if that was within a week.
#[utoipa::path(
    get, path = "/api/v1/users/{email}/notifications/stream", tag = "notifications", security(("token" = [])),
    params(("email" = String, Path, description = "Their address")),
    responses((status = 200, content_type = "text/event-stream", body = Notification), (status = 404, body = Said))
)]
pub async fn stream(
    State(web): State<Web>,
    bearer: Bearer,
    Path(email): Path<String>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Fault> {
    bearer.may(Scope::Notifications)?;
    web.desk().known_user(&email).await?;
    let full =
        |_| Fault::new(StatusCode::SERVICE_UNAVAILABLE, "full", "too many streams are open; ask again");
    let place = Arc::clone(web.streams()).try_acquire_owned().map_err(full)?;
    let after = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let live = Live {
        web,
        bearer,
        email,
        since: None,
        told: HashSet::new(),
        after,
        waiting: Vec::new(),
        looks: LOOKS,
        place,
    };
    let told = futures_util::stream::unfold(live, |mut live| async move {
        let next = live.next().await?;
        Some((Ok(next), live))
    });
    Ok(Sse::new(told).keep_alive(KeepAlive::default()))
}

/// A stream that is open.
struct Live {
    web: Web,
    bearer: Bearer,
    email: String,
    /// Up to when was looked.
    since: Option<DateTime<Utc>>,
    /// What was told of the last while.
    told: HashSet<i64>,
    /// The last that was told on the stream before.
    after: Option<i64>,
    /// The next one last.
    waiting: Vec<Event>,
    /// How often it still looks.
    looks: u32,
    #[allow(dead_code, reason = "held for its drop")]
    place: OwnedSemaphorePermit,
}

impl Live {
    /// What is told next; `None` when the stream is over: its time, its token or its user is gone.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(next) = self.waiting.pop() {
                return Some(next);
            }
            if self.since.is_some() {
                self.looks = self.looks.checked_sub(1)?;
                tokio::time::sleep(LOOKS_EVERY).await;
            }
            match self.look().await {
                Ok(()) => {}
                Err(Failure::Refused(_)) => return None,
                // A database that is away is asked again.
                Err(Failure::Broken(_)) => tokio::time::sleep(LOOKS_EVERY).await,
            }
            if !self.bearer.stands(&self.web).await {
                return None;
            }
        }
    }

    /// When the stream before ended, which had told `after` last.
    async fn ended(&self, after: i64, now: DateTime<Utc>) -> Result<DateTime<Utc>, Failure> {
        let below = Some(NotificationId(after.saturating_add(1)));
        let (last, _) = self.web.desk().host_notifications(&self.email, below, 1).await?;
        let longest_ago = now - LONGEST_GAP;
        Ok(last.first().map_or(longest_ago, |(last, _)| last.at.max(longest_ago)))
    }

    async fn look(&mut self) -> Result<(), Failure> {
        let now = self.web.desk().clock().now();
        let is_first = self.since.is_none();
        let ended = match self.after.filter(|_| is_first) {
            Some(after) => Some((after, self.ended(after, now).await?)),
            None => None,
        };
        let begins = self.since.or(ended.map(|(_, at)| at)).unwrap_or(now);
        // What is written while somebody looks is seen the next time.
        let (told, until) = self.web.desk().host_told_since(&self.email, begins - OVERLAP).await?;
        let mut seen = HashSet::new();
        for told in told.into_iter().rev() {
            let told = Notification::from(told);
            seen.insert(told.id);
            let was_told = match (is_first, ended) {
                // What came before the stream is not news, unless the stream before ended with less.
                (true, None) => true,
                (true, Some((after, at))) => told.id <= after && told.at <= at,
                (false, _) => self.told.contains(&told.id),
            };
            if !was_told {
                let event = Event::default().event("notification").id(told.id.to_string());
                self.waiting.push(event.json_data(&told).unwrap_or_default());
            }
        }
        (self.told, self.since) = (seen, Some(until.max(begins)));
        Ok(())
    }
}
