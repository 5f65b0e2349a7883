//! The bell in a page of the host application: a script that it embeds, what the script reads and does with a token that the
//! application gave it, and the worker that shows pushes. These answers are the only ones that pages of other hosts may read:
//! the token in the address is all that it takes, and no cookie is looked at. May import: desk, domain.

use super::requester::push;
use super::{Problem, Web};
use crate::desk::links::Purpose;
use crate::domain::ids::NotificationId;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use minijinja::context;
use serde::{Deserialize, Serialize};

/// How many notifications the bell lists.
const LISTED: i64 = 10;

const BELL: &str = include_str!("../../templates/web/widget.js");
const WORKER: &str = include_str!("../../templates/web/worker.js");

/// Whether an address is the bell's: it is asked from pages of other hosts, and its token is what a forger lacks.
pub fn is_bell(path: &str) -> bool {
    super::requester::is_own(path)
        && (["/widget", "/widget/push", "/widget/push/known"].iter().any(|end| path.ends_with(end)))
}

/// The addresses of the bell.
pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/u/{token}/widget", get(show).post(read))
        .route("/u/{token}/widget/push", post(subscribe).delete(unsubscribe))
        .route("/u/{token}/widget/push/known", post(known))
        .layer(axum::middleware::from_fn(for_other_hosts))
        .route("/widget.js", get(async || script(BELL)))
        .route("/push-worker.js", get(async || script(WORKER)))
        .route("/demo/application", get(application))
}

/// Lets pages of other hosts read what is answered (Fetch standard, CORS), and answers what their browsers ask first.
async fn for_other_hosts(request: Request, next: Next) -> Response {
    let mut response = match *request.method() {
        Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A script that pages of other hosts embed; looked for anew within the hour after an update.
fn script(text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    (headers, text).into_response()
}

/// What the bell shows.
#[derive(Debug, Serialize)]
struct Bell {
    unread: i64,
    notifications: Vec<Line>,
    /// What the browser is given to ask for pushes.
    #[serde(skip_serializing_if = "Option::is_none")]
    push_key: Option<String>,
}

#[derive(Debug, Serialize)]
struct Line {
    id: i64,
    kind: &'static str,
    title: String,
    message: String,
    at: DateTime<Utc>,
    unread: bool,
    url: String,
}

/// `GET /u/{token}/widget`.
async fn show(State(web): State<Web>, Path(token): Path<String>) -> Result<Json<Bell>, Problem> {
    let (told, unread) = web.desk().widget(&token, LISTED).await?.ok_or(Problem::NotFound)?;
    let line = |(told, url): (crate::desk::requester::StoredNotification, String)| Line {
        id: told.id.0,
        kind: told.kind.as_str(),
        title: told.title,
        message: told.message,
        at: told.at,
        unread: told.read_at.is_none(),
        url,
    };
    Ok(Json(Bell {
        unread,
        notifications: told.into_iter().map(line).collect(),
        push_key: web.desk().push_key().map(str::to_owned),
    }))
}

/// What was read: one, or all where none is named.
#[derive(Debug, Deserialize)]
struct Read {
    id: Option<i64>,
}

/// `POST /u/{token}/widget`.
async fn read(State(web): State<Web>, Path(token): Path<String>, body: Bytes) -> Result<Json<Bell>, Problem> {
    let Read { id } = push::read(&body)?;
    let which = id.map(NotificationId);
    web.desk().read_notifications(&token, Purpose::Widget, which).await?.ok_or(Problem::NotFound)?;
    show(State(web), Path(token)).await
}

/// `POST /u/{token}/widget/push`.
async fn subscribe(
    State(web): State<Web>,
    Path(token): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    push::add(&web, &token, Purpose::Widget, &body).await
}

/// `POST /u/{token}/widget/push/known`.
async fn known(State(web): State<Web>, Path(token): Path<String>, body: Bytes) -> Result<Response, Problem> {
    push::is_known(&web, &token, Purpose::Widget, &body).await
}

/// `DELETE /u/{token}/widget/push`.
async fn unsubscribe(
    State(web): State<Web>,
    Path(token): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    push::end(&web, &token, Purpose::Widget, &body).await
}

/// `GET /demo/application`, in the demo: a page of an application with the bell in it, as whoever wrote last would see it.
async fn application(State(web): State<Web>) -> Result<Html<String>, Problem> {
    if web.settings().demo_agent.is_none() {
        return Err(Problem::NotFound);
    }
    let user = web.desk().latest_requester().await?.ok_or(Problem::NotFound)?;
    let (token, _) = web.desk().widget_token(&user.email).await?;
    let content =
        context! { token, brand => web.settings().brand.as_str(), name => user.name, email => user.email };
    Ok(Html(web.pages().bare("application.html", content)?))
}
