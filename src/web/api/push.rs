//! What the host application's pages need to tell users at once: the token of the bell that it embeds, and the browsers that
//! are told by push, where it asks them itself.

use super::{Bearer, Fault, Said};
use crate::desk::push::Subscribed;
use crate::domain::push::Subscription;
use crate::domain::scope::Scope;
use crate::web::Web;
use crate::web::requester::push::{Browser, Ended};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// What a page embeds for its user.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bell {
    /// For `data-token` of `/widget.js`. It opens this user's notifications, whose links open the user's own pages: give it to
    /// nobody else.
    token: String,
    /// Until when.
    until: DateTime<Utc>,
}

/// The browsers of a user.
#[derive(Debug, Serialize, ToSchema)]
pub struct Devices {
    /// What a browser is given to ask for pushes (`applicationServerKey`); null where nothing is pushed.
    public_key: Option<String>,
    /// How many of their browsers are told.
    devices: i64,
}

/// A token for the bell in a page of this user, good for a week.
#[utoipa::path(
    post, path = "/api/v1/users/{email}/widget", tag = "notifications", security(("token" = [])),
    params(("email" = String, Path, description = "Their address")),
    responses((status = 200, body = Bell), (status = 404, body = Said))
)]
pub async fn widget(
    State(web): State<Web>,
    bearer: Bearer,
    Path(email): Path<String>,
) -> Result<Json<Bell>, Fault> {
    bearer.may(Scope::Notifications)?;
    let (token, until) = web.desk().widget_token(&email).await?;
    Ok(Json(Bell { token, until }))
}

/// The browsers of a user that are told by push.
#[utoipa::path(
    get, path = "/api/v1/users/{email}/push", tag = "notifications", security(("token" = [])),
    params(("email" = String, Path, description = "Their address")),
    responses((status = 200, body = Devices), (status = 404, body = Said))
)]
pub async fn show(
    State(web): State<Web>,
    bearer: Bearer,
    Path(email): Path<String>,
) -> Result<Json<Devices>, Fault> {
    bearer.may(Scope::Notifications)?;
    let devices = web.desk().host_devices(&email).await?;
    Ok(Json(told(&web, devices)))
}

/// Has a browser of this user told by push: `PushSubscription.toJSON()`, as it is.
#[utoipa::path(
    post, path = "/api/v1/users/{email}/push", tag = "notifications", security(("token" = [])), request_body = Browser,
    params(("email" = String, Path, description = "Their address")),
    responses(
        (status = 200, body = Devices), (status = 404, body = Said),
        (status = 409, body = Said, description = "Nothing is pushed: no key is configured"),
        (status = 422, body = Said, description = "An address or keys that nothing can be sent to")
    )
)]
pub async fn subscribe(
    State(web): State<Web>,
    bearer: Bearer,
    Path(email): Path<String>,
    browser: Result<Json<Browser>, JsonRejection>,
) -> Result<Json<Devices>, Fault> {
    bearer.may(Scope::Notifications)?;
    let Json(browser) = browser?;
    match web.desk().host_subscribe(&email, &Subscription::from(browser)).await? {
        Subscribed::Now(devices) => Ok(Json(told(&web, devices))),
        Subscribed::Unusable => Err(Fault::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "unusable",
            "nothing can be sent to this endpoint with these keys",
        )),
        Subscribed::NotConfigured => {
            Err(Fault::new(StatusCode::CONFLICT, "no_push", "nothing is pushed: `[push]` is not configured"))
        }
    }
}

/// Tells one browser of this user no more, or none of them where none is named.
#[utoipa::path(
    delete, path = "/api/v1/users/{email}/push", tag = "notifications", security(("token" = [])), request_body = Ended,
    params(("email" = String, Path, description = "Their address")),
    responses((status = 200, body = Devices), (status = 404, body = Said))
)]
pub async fn unsubscribe(
    State(web): State<Web>,
    bearer: Bearer,
    Path(email): Path<String>,
    ended: Result<Json<Ended>, JsonRejection>,
) -> Result<Json<Devices>, Fault> {
    bearer.may(Scope::Notifications)?;
    let Json(Ended { endpoint }) = ended?;
    let devices = web.desk().host_end_subscription(&email, endpoint.as_deref()).await?;
    Ok(Json(told(&web, devices)))
}

fn told(web: &Web, devices: i64) -> Devices {
    Devices { public_key: web.desk().push_key().map(str::to_owned), devices }
}
