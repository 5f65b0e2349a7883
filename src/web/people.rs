//! What is held of a person, for the leads: found by address or from a ticket, shown, given out, taken away; and the audit log.
//! May import: desk, wording, domain.

use super::admin::recall;
use super::archive;
use super::pages::{Flash, PageSubject};
use super::session::{Act, Session};
use super::{Problem, Web};
use crate::desk::Failure;
use crate::desk::privacy::Erasure;
use crate::domain::audit::By;
use crate::domain::ids::{AuditId, RequesterId, TicketId};
use crate::domain::people::Door;
use crate::wording::{people as say, refusals, retention};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use minijinja::context;
use minijinja::value::Serde;
use std::collections::HashMap;

/// Lines of the audit log on a page.
const LINES: usize = 50;

type Fields = Query<HashMap<String, String>>;

/// `GET /admin/support/people`: the search, and how long what is kept.
pub async fn find(State(web): State<Web>, session: Session) -> Result<Response, Problem> {
    search_page(&web, &session, "", None).await
}

/// `POST /admin/support/people`: `email`. The address stays out of the page's own address, which proxies and browsers keep.
pub async fn look_up(State(web): State<Web>, form: Act) -> Result<Response, Problem> {
    let email = form.field("email").trim().to_owned();
    match web.desk().number_of(&email).await {
        Ok(id) => Ok(Redirect::to(&address(id)).into_response()),
        Err(Failure::Refused(refusal)) => {
            search_page(&web, &form.session, &email, Some(Flash::no(&refusals::say(&refusal)))).await
        }
        Err(broken) => Err(broken.into()),
    }
}

async fn search_page(
    web: &Web,
    session: &Session,
    email: &str,
    flash: Option<Flash>,
) -> Result<Response, Problem> {
    let mut frame = web.frame(session, "people").await?;
    frame.revision = None;
    let status = if flash.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    frame.flash = flash;
    let view = web.desk().retention().await?;
    let content = context! {
        frame => Serde(&frame),
        email,
        periods => retention::periods(&view),
        over => retention::over(&view),
        coming => retention::coming(&view),
    };
    Ok((status, Html(web.pages().team(&frame, "people.html", content)?)).into_response())
}

/// `GET /admin/support/tickets/{id}/person`.
pub async fn of_ticket(State(web): State<Web>, Path(id): Path<i64>) -> Result<Response, Problem> {
    let requester = web.desk().requester_of(TicketId(id)).await?;
    Ok(Redirect::to(&address(requester)).into_response())
}

/// `GET /admin/support/people/{id}`.
pub async fn person(
    State(web): State<Web>,
    session: Session,
    Path(id): Path<i64>,
    Query(query): Fields,
) -> Result<Html<String>, Problem> {
    let flash = recall(&web, &session, query.get("done").map_or("", String::as_str));
    person_page(&web, &session, RequesterId(id), "person.html", flash).await
}

/// `GET /admin/support/people/{id}/erase`: what would go, and what would stay.
pub async fn really_erase(
    State(web): State<Web>,
    session: Session,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let held = web.desk().held_of(RequesterId(id)).await?.ok_or(Problem::NotFound)?;
    if held.erased {
        return Ok(Redirect::to(&address(held.id)).into_response());
    }
    Ok(person_page(&web, &session, held.id, "person_erase.html", None).await?.into_response())
}

async fn person_page(
    web: &Web,
    session: &Session,
    id: RequesterId,
    template: &'static str,
    flash: Option<Flash>,
) -> Result<Html<String>, Problem> {
    let mut frame = web.frame(session, "person").await?;
    let held = web.desk().held_of(id).await?.ok_or(Problem::NotFound)?;
    frame.subject = Some(PageSubject { id: id.0, title: say::called(&held) });
    // What is being decided on does not change under the hand.
    frame.revision = None;
    frame.flash = flash;
    Ok(Html(web.pages().person(&frame, template, &held, web.here())?))
}

/// `POST /admin/support/people/{id}/export`: all that is held, as a ZIP: JSON, and each mail as it came.
pub async fn export(State(web): State<Web>, Path(id): Path<i64>, form: Act) -> Result<Response, Problem> {
    let by = By::agent(&form.session.agent, Door::Web);
    let exported = web.desk().export(RequesterId(id), &by).await?;
    let (whole, mails) = exported.ok_or(Problem::NotFound)?;
    let json = serde_json::to_vec_pretty(&whole).map_err(anyhow::Error::from)?;
    tracing::info!(requester.id = id, agent = form.session.agent.id.0, "a person's data were exported");
    let mut response =
        archive::with_mails(web.desk().clone(), ("personne.json", json), mails).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    let name = format!("attachment; filename=\"personne-{id}.zip\"");
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).map_err(anyhow::Error::from)?);
    Ok(response)
}

/// `POST /admin/support/people/{id}/erase`.
pub async fn erase(State(web): State<Web>, Path(id): Path<i64>, form: Act) -> Result<Response, Problem> {
    let by = By::agent(&form.session.agent, Door::Web);
    let erased = web.desk().erase(RequesterId(id), &by).await?.ok_or(Problem::NotFound)?;
    let text = match erased {
        Erasure::Now(gone) => say::erased(&gone),
        Erasure::Before => say::ERASED_BEFORE.to_owned(),
    };
    Ok(web.answered(&form, &address(RequesterId(id)), Flash::saying("done", text)))
}

/// `GET /admin/support/audit`, with `before`, the line behind which it goes on.
pub async fn audit(
    State(web): State<Web>,
    session: Session,
    Query(query): Fields,
) -> Result<Html<String>, Problem> {
    let before = query.get("before").and_then(|id| id.parse().ok()).map(AuditId);
    let mut frame = web.frame(&session, "audit").await?;
    frame.revision = None;
    let mut lines = web.desk().audit_lines(before, LINES as i64 + 1).await?;
    let more = lines.len() > LINES;
    lines.truncate(LINES);
    let older = lines.last().filter(|_| more).map(|last| format!("/admin/support/audit?before={}", last.id));
    Ok(Html(web.pages().audit(&frame, &lines, before.is_some(), older.as_deref(), web.here())?))
}

fn address(id: RequesterId) -> String {
    format!("/admin/support/people/{id}")
}
