//! What users were told on the web: the host application shows it to them.

use super::shown::Notification;
use super::{Bearer, Fault, Said};
use crate::domain::ids::NotificationId;
use crate::domain::scope::Scope;
use crate::web::Web;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// How many are given at a time.
const LISTED: i64 = 50;
/// How often is looked for more.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

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
    responses((status = 200, body = Notifications), (status = 404, body = Said))
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
#[utoipa::path(
    get, path = "/api/v1/users/{email}/notifications/stream", tag = "notifications", security(("token" = [])),
    params(("email" = String, Path, description = "Their address")),
    responses((status = 200, content_type = "text/event-stream", body = Notification), (status = 404, body = Said))
)]
pub async fn stream(
    State(web): State<Web>,
    bearer: Bearer,
    Path(email): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Fault> {
    bearer.may(Scope::Notifications)?;
    web.desk().known_user(&email).await?;
    let since = web.desk().clock().now();
    let told = futures_util::stream::unfold((web, email, since, Vec::new()), async |state| {
        let (web, email, mut since, mut waiting) = state;
        loop {
            if let Some(next) = waiting.pop() {
                return Some((Ok(next), (web, email, since, waiting)));
            }
            tokio::time::sleep(LOOKS_EVERY).await;
            // A database that is away is asked again; a user who is gone ends the stream.
            match web.desk().host_told_since(&email, since).await {
                Ok((told, until)) => {
                    since = until;
                    let events = told.into_iter().rev().map(|told| {
                        let told = Notification::from(told);
                        let event = Event::default().event("notification").id(told.id.to_string());
                        event.json_data(&told).unwrap_or_default()
                    });
                    waiting = events.collect();
                }
                Err(crate::desk::Failure::Refused(_)) => return None,
                Err(crate::desk::Failure::Broken(_)) => {}
            }
        }
    });
    Ok(Sse::new(told).keep_alive(KeepAlive::default()))
}
