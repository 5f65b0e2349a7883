//! Tickets that users open from the host application, and those they have.

use super::users::address;
use super::{Bearer, Fault, Said};
use crate::desk::host::Opened;
use crate::desk::posted::Posted;
use crate::domain::scope::Scope;
use crate::view::host::Ticket;
use crate::web::{Web, session};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

/// The longest text taken, in bytes.
const LONGEST_TEXT: usize = 200_000;
/// How many tickets are listed.
const LISTED: i64 = 100;
/// The longest key taken, in bytes.
const LONGEST_KEY: usize = 200;

/// A ticket to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTicket {
    /// Whose.
    email: String,
    /// Their name, where it may not be known yet.
    #[serde(default)]
    name: String,
    /// What it is about.
    #[serde(default)]
    subject: String,
    /// What they write.
    text: String,
}

/// A user's tickets, the latest first.
#[utoipa::path(
    get, path = "/api/v1/users/{email}/tickets", tag = "tickets", security(("token" = [])),
    params(("email" = String, Path, description = "Their address")),
    responses((status = 200, body = [Ticket]), (status = 404, body = Said))
)]
pub async fn list(
    State(web): State<Web>,
    bearer: Bearer,
    Path(email): Path<String>,
) -> Result<Json<Vec<Ticket>>, Fault> {
    bearer.may(Scope::Tickets)?;
    let tickets = web.desk().host_tickets(&email, LISTED).await?;
    Ok(Json(tickets.into_iter().map(Ticket::from).collect()))
}

/// Opens a ticket. The same `Idempotency-Key` again gives back the ticket that it opened.
#[utoipa::path(
    post, path = "/api/v1/tickets", tag = "tickets", security(("token" = [])), request_body = NewTicket,
    params(("Idempotency-Key" = Option<String>, Header, description = "What makes this request itself, however often it is sent")),
    responses(
        (status = 201, body = Ticket, description = "Opened"), (status = 200, body = Ticket, description = "Opened before"),
        (status = 400, body = Said), (status = 403, body = Said), (status = 429, body = Said)
    )
)]
pub async fn open(
    State(web): State<Web>,
    bearer: Bearer,
    headers: HeaderMap,
    ticket: Result<Json<NewTicket>, JsonRejection>,
) -> Result<(StatusCode, Json<Ticket>), Fault> {
    bearer.may(Scope::Tickets)?;
    let Json(ticket) = ticket?;
    let email = address(&ticket.email)?;
    if crate::domain::address::is_own(&email, web.desk().own_addresses()) {
        return Err(Fault::new(StatusCode::BAD_REQUEST, "email", "this is an address of ours"));
    }
    if ticket.text.trim().is_empty() || ticket.text.len() > LONGEST_TEXT {
        let message = format!("the text must have between 1 and {LONGEST_TEXT} bytes");
        return Err(Fault::new(StatusCode::BAD_REQUEST, "text", message));
    }
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap_or_default());
    let key = match key {
        None => session::random_word(16)?,
        Some(key) if (1..=LONGEST_KEY).contains(&key.len()) => key.to_owned(),
        Some(_) => return Err(Fault::new(StatusCode::BAD_REQUEST, "key", "this is no key")),
    };
    let identity = format!("api:{email}:{key}");
    let posted = Posted {
        name: &ticket.name,
        email: &email,
        subject: &ticket.subject,
        text: &ticket.text,
        identity: &identity,
    };
    let mail = posted.arrive(web.desk(), &web.settings().limits, Vec::new()).await?;
    match web.desk().host_ticket(mail).await? {
        Opened::Now(ticket) => Ok((StatusCode::CREATED, Json((*ticket).into()))),
        Opened::Before(ticket) => Ok((StatusCode::OK, Json((*ticket).into()))),
        Opened::TooMany => {
            let message = "this user wrote as much within the hour as is taken from one";
            Err(Fault::new(StatusCode::TOO_MANY_REQUESTS, "too_many", message))
        }
        Opened::Blocked => Err(Fault::new(StatusCode::FORBIDDEN, "blocked", "this user is blocked")),
    }
}
