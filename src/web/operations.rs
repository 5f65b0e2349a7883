//! How the desk itself fares, for the leads: mailboxes, mails held back, what did not leave, addresses that no mail goes to; and
//! what sends that on its way again. May import: desk, command, view, wording, reading, domain.

use super::admin::{recall, said};
use super::guard::FILE_POLICY;
use super::pages::{Flash, OperationsPage};
use super::session::{Act, Session};
use super::{Problem, Web, sealed};
use crate::command::grammar::Command;
use crate::desk::Failure;
use crate::desk::operations::Behind;
use crate::desk::receive::Filed;
use crate::domain::ids::{DeliveryId, HookPostId, PostId, RawMailId};
use crate::domain::people::Door;
use crate::domain::refusal::Refusal;
use crate::reading;
use crate::view::View;
use crate::wording::{done, operations as say, refusals, webhooks};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use tokio::task::spawn_blocking;

/// Its address.
pub(super) const HERE: &str = "/admin/support/operations";

/// The longest address that is looked for, in characters; none that mail goes to is longer.
const LONGEST_ADDRESS: usize = 320;

/// `GET /admin/support/operations`, with the place in each list behind which it goes on: `held`, `troubled`, `posts`, `given_up`,
/// `suppressed`.
pub async fn show(
    State(web): State<Web>,
    session: Session,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let field = |name: &str| query.get(name).map_or("", String::as_str);
    let behind = Behind {
        held: field("held").parse().ok().map(RawMailId),
        troubled: read_place(field("troubled")).map(|(at, id)| (at, DeliveryId(id))),
        posts: field("posts").parse().ok().map(PostId),
        given_up: read_place(field("given_up")).map(|(at, id)| (at, HookPostId(id))),
        suppressed: read_place(field("suppressed")).map(|(at, id)| (at, DeliveryId(id))),
    };
    let flash = recall(&web, &session, field("done"));
    page(&web, &session, &behind, "", flash).await
}

/// A place in a list: `2026-11-24T09:00:00.000Z,42`.
fn read_place(text: &str) -> Option<(DateTime<Utc>, i64)> {
    let (at, id) = text.split_once(',')?;
    Some((DateTime::parse_from_rfc3339(at).ok()?.to_utc(), id.parse().ok()?))
}

async fn page(
    web: &Web,
    session: &Session,
    behind: &Behind,
    address: &str,
    flash: Option<Flash>,
) -> Result<Response, Problem> {
    let mut frame = web.frame(session, "operations").await?;
    // What is being decided on does not change under the hand; the alerts stand on the page itself.
    frame.revision = None;
    frame.alerts = Vec::new();
    frame.flash = flash;
    let operations = web.desk().operations(behind, address).await?;
    let syncs = web.syncs().await?;
    let canary = web.settings().canary;
    let page = OperationsPage { operations: &operations, syncs: &syncs, behind, address, canary };
    Ok((StatusCode::OK, Html(web.pages().operations(&frame, &page, web.here())?)).into_response())
}

/// Goes back to a part of the page, which says what was done or why not.
fn back(web: &Web, form: &Act, part: &str, flash: Flash) -> Response {
    web.answered(form, &format!("{HERE}#{part}"), flash)
}

/// The same for a form that was sent before: what it did then is still remembered.
fn once_more(form: &Act, part: &str) -> Response {
    form.led_to(&format!("{HERE}#{part}"))
}

fn is_known(web: &Web, form: &Act) -> bool {
    recall(web, &form.session, form.key()).is_some()
}

fn yes(text: String) -> Flash {
    Flash::saying("done", text)
}

fn no(text: String) -> Flash {
    Flash::saying("no", text)
}

/// `GET …/held/{id}/source`: the bytes as they came.
pub async fn source(
    State(web): State<Web>,
    _session: Session,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let raw = web.desk().held_mail(RawMailId(id)).await?.ok_or(Problem::NotFound)?;
    Ok(sealed("text/plain; charset=utf-8", FILE_POLICY, raw))
}

/// `POST …/held/{id}/replay`: the mail is read again, and filed if it can be.
pub async fn replay(State(web): State<Web>, Path(id): Path<i64>, form: Act) -> Result<Response, Problem> {
    const PART: &str = "held";
    if is_known(&web, &form) {
        return Ok(once_more(&form, PART));
    }
    let id = RawMailId(id);
    let Some(raw) = web.desk().held_mail(id).await? else {
        return Ok(back(&web, &form, PART, no(say::NOT_HELD.to_owned())));
    };
    let limits = web.settings().limits.clone();
    let read = spawn_blocking(move || reading::read(&raw, &limits)).await.map_err(anyhow::Error::from)?;
    let filed = web.acting(&form.session).file_again(vec![(id, read)]).await?;
    let flash = match filed.first() {
        Some(Filed::Created(ticket) | Filed::Reply(ticket)) => yes(say::replayed(Some(ticket.0))),
        Some(Filed::Ignored | Filed::Bounce) => yes(say::replayed(None)),
        Some(Filed::Held) | None => no(say::STILL_HELD.to_owned()),
        Some(Filed::Duplicate) => no(say::NOT_HELD.to_owned()),
    };
    Ok(back(&web, &form, PART, flash))
}

/// `POST …/deliveries/{id}/resend`.
pub async fn resend(State(web): State<Web>, Path(id): Path<i64>, form: Act) -> Result<Response, Problem> {
    settle(&web, &form, Command::Resend { delivery: DeliveryId(id) }).await
}

/// `POST …/deliveries/{id}/sent`.
pub async fn mark_sent(State(web): State<Web>, Path(id): Path<i64>, form: Act) -> Result<Response, Problem> {
    settle(&web, &form, Command::MarkSent { delivery: DeliveryId(id) }).await
}

/// The command is an act on the delivery's ticket, whose history tells it.
async fn settle(web: &Web, form: &Act, command: Command) -> Result<Response, Problem> {
    const PART: &str = "outbox";
    match web.desk().run(&form.session.agent, Door::Web, command, Some(&form.source_key)).await {
        Ok(View::Done(done)) => Ok(back(web, form, PART, said(*done))),
        Ok(_) => Ok(once_more(form, PART)),
        Err(Failure::Refused(Refusal::NoSuchDelivery(_))) => Err(Problem::NotFound),
        Err(Failure::Refused(refusal)) => Ok(back(web, form, PART, Flash::no(&refusals::say(&refusal)))),
        Err(broken) => Err(broken.into()),
    }
}

/// `POST …/posts/{id}/resend`.
pub async fn post_again(State(web): State<Web>, Path(id): Path<i64>, form: Act) -> Result<Response, Problem> {
    let flash = match web.acting(&form.session).post_again(PostId(id)).await? {
        true => yes(say::posted_again(id)),
        false => no(say::NOT_REFUSED.to_owned()),
    };
    Ok(back(&web, &form, "outbox", flash))
}

/// `POST …/webhooks/{id}/resend`.
pub async fn tell_again(State(web): State<Web>, Path(id): Path<i64>, form: Act) -> Result<Response, Problem> {
    let flash = match web.acting(&form.session).tell_hook_again(HookPostId(id)).await? {
        true => yes(webhooks::told_again(1)),
        false => no(webhooks::not_one(id)),
    };
    Ok(back(&web, &form, "webhooks", flash))
}

/// `POST …/webhooks/resend`: everything that was given up.
pub async fn tell_all_again(State(web): State<Web>, form: Act) -> Result<Response, Problem> {
    let count = web.acting(&form.session).tell_hooks_again().await?;
    let tone = if count > 0 { yes } else { no };
    Ok(back(&web, &form, "webhooks", tone(webhooks::told_again(count))))
}

fn read_address(form: &Act) -> String {
    form.field("address").trim().chars().take(LONGEST_ADDRESS).collect()
}

/// `POST …/suppressed`: `address`, how it begins. It stays out of the page's own address, which proxies and browsers keep.
pub async fn look_up(State(web): State<Web>, form: Act) -> Result<Response, Problem> {
    let address = read_address(&form);
    page(&web, &form.session, &Behind::default(), &address, None).await
}

/// `POST …/suppressed/resume`: `address`, which gets mail again.
pub async fn resume(State(web): State<Web>, form: Act) -> Result<Response, Problem> {
    let address = read_address(&form);
    let flash = match web.acting(&form.session).resume_mail(&address).await? {
        true => yes(done::resumed(&address)),
        false => no(say::not_suppressed(&address)),
    };
    Ok(back(&web, &form, "suppressed", flash))
}
