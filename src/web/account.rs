//! « Mon compte »: an agent's own password, authenticator and sessions. May import: desk, wording, domain.

use super::admin::recall;
use super::attempts::{Attempts, Wait};
use super::guard::FILE_POLICY;
use super::pages::Flash;
use super::session::{Act, Session, open};
use super::{Problem, Web, passwords, sealed};
use crate::desk::sign_in::Totp;
use crate::domain::people::{Road, is_password};
use crate::domain::refusal::Refusal;
use crate::wording::{agents as say, refusals, text};
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use minijinja::context;
use minijinja::value::Serde;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use secrecy::ExposeSecret;
use std::collections::HashMap;

const HERE: &str = "/admin/account";

/// `GET /admin/account`.
pub async fn account(
    State(web): State<Web>,
    session: Session,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let flash = recall(&web, &session, query.get("done").map_or("", String::as_str));
    account_page(&web, &session, flash).await
}

async fn account_page(web: &Web, session: &Session, flash: Option<Flash>) -> Result<Response, Problem> {
    let mut frame = web.frame(session, "account").await?;
    // What is being typed does not change under the hand.
    frame.revision = None;
    let refused = flash.as_ref().is_some_and(|flash| flash.tone == "no");
    frame.flash = flash;
    let agent = &session.agent;
    let page = super::pages::AccountPage {
        role: agent.role,
        has_password: web.desk().password_hash(agent.id).await?.is_some(),
        totp: web.desk().totp(agent).await?,
        sessions: web.desk().sessions(agent.id).await?,
        own: session.hash.clone(),
    };
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Html(web.pages().account(&frame, &page, web.here())?)).into_response())
}

/// A no, on the page that it is about.
async fn no(web: &Web, session: &Session, text: String) -> Result<Response, Problem> {
    account_page(web, session, Some(Flash::saying("no", text))).await
}

/// Back to the page, which says what was done.
fn done(web: &Web, act: &Act, session: &Session, text: String) -> Response {
    web.flashes().keep(&session.hash, act.key(), Flash::saying("done", text), web.here().now);
    act.led_to(HERE)
}

/// Counts a try; what the agent reads where there were too many.
fn counted(web: &Web, attempts: &Attempts, whose: &str) -> Option<String> {
    match attempts.take(whose, web.desk().clock().now()) {
        Ok(()) => None,
        Err(Wait { minutes }) => Some(say::wait(minutes)),
    }
}

/// Whether the password that came with a form is the agent's; else what they read. One who has none is asked for none.
async fn password_fits(web: &Web, act: &Act, field: &str) -> Result<Option<String>, Problem> {
    let Some(hash) = web.desk().password_hash(act.session.agent.id).await? else { return Ok(None) };
    // By session, and apart from those of signing in: there a stranger who has only the name uses them up.
    if let Some(wait) = counted(web, web.own_passwords(), &act.session.hash) {
        return Ok(Some(wait));
    }
    if !passwords::fits(web, Some(hash), act.field(field)).await? {
        return Ok(Some(say::WRONG_PASSWORD.to_owned()));
    }
    web.own_passwords().clear(&act.session.hash);
    Ok(None)
}

/// `POST /admin/account/password`: `old`, `password`, `again`. All sessions end; this browser gets another.
pub async fn set_password(State(web): State<Web>, act: Act) -> Result<Response, Problem> {
    let session = &act.session;
    if web.desk().password_hash(session.agent.id).await?.is_none() {
        return no(&web, session, say::NO_PASSWORD.to_owned()).await;
    }
    let password = act.field("password");
    if !is_password(password) {
        return no(&web, session, text::sentence(&refusals::say(&Refusal::NotAPassword), false)).await;
    }
    if password != act.field("again") {
        return no(&web, session, say::NOT_THE_SAME.to_owned()).await;
    }
    if let Some(wrong) = password_fits(&web, &act, "old").await? {
        return no(&web, session, wrong).await;
    }
    let hash = passwords::hashed(&web, password).await?;
    web.acting(session).set_password_hash(session.agent.id, &hash).await?;
    let (session, cookie) = open(&web, session.agent.clone(), Road::Password).await?;
    let done = done(&web, &act, &session, say::PASSWORD_CHANGED.to_owned());
    Ok(([(header::SET_COOKIE, cookie)], done).into_response())
}

/// `POST /admin/account/sessions`: ends all but this.
pub async fn close_others(State(web): State<Web>, act: Act) -> Result<Response, Problem> {
    let session = &act.session;
    let ended = web.acting(session).close_sessions(&session.agent, Some(&session.hash)).await?;
    Ok(done(&web, &act, session, say::own_sessions_ended(ended)))
}

/// `POST /admin/account/totp`: makes a secret, which does not count yet.
pub async fn begin_totp(State(web): State<Web>, act: Act) -> Result<Response, Problem> {
    web.desk().begin_totp(act.session.agent.id).await?;
    Ok(Redirect::to("/admin/account/totp").into_response())
}

/// `GET /admin/account/totp`: the secret, to be confirmed.
pub async fn show_totp(State(web): State<Web>, session: Session) -> Result<Response, Problem> {
    totp_page(&web, &session, None).await
}

async fn totp_page(web: &Web, session: &Session, problem: Option<String>) -> Result<Response, Problem> {
    let Totp::Unconfirmed { secret, uri } = web.desk().totp(&session.agent).await? else {
        return Ok(Redirect::to(HERE).into_response());
    };
    let mut frame = web.frame(session, "account").await?;
    frame.revision = None;
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    frame.flash = problem.map(|problem| Flash::saying("no", problem));
    let groups: Vec<&str> = groups(secret.expose_secret());
    let content = context! { frame => Serde(&frame), secret => groups.join(" "), uri => uri.expose_secret() };
    Ok((status, Html(web.pages().team(&frame, "totp.html", content)?)).into_response())
}

/// Four letters at a time, as people read them to each other.
fn groups(secret: &str) -> Vec<&str> {
    let starts = (0..secret.len()).step_by(4);
    starts.filter_map(|start| secret.get(start..secret.len().min(start + 4))).collect()
}

/// `GET /admin/account/totp.svg`: the same as a QR code.
pub async fn qr_code(State(web): State<Web>, session: Session) -> Result<Response, Problem> {
    let Totp::Unconfirmed { uri, .. } = web.desk().totp(&session.agent).await? else {
        return Err(Problem::NotFound);
    };
    let code = QrCode::with_error_correction_level(uri.expose_secret(), EcLevel::M)
        .map_err(|error| anyhow::anyhow!("no QR code: {error}"))?;
    // Dark on light with its quiet zone, whatever the colours of the page.
    let svg = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
    Ok(sealed("image/svg+xml", FILE_POLICY, svg.into_bytes()))
}

/// `POST /admin/account/totp/confirm`: `code`. The secret counts; the recovery codes are shown this once: sent a second time,
/// the form leads to where others are made.
pub async fn confirm_totp(State(web): State<Web>, act: Act) -> Result<Response, Problem> {
    let session = &act.session;
    if recall(&web, session, act.key()).is_some() {
        return Ok(act.led_to(HERE));
    }
    if let Some(wait) = counted(&web, web.codes(), &session.agent.name) {
        return totp_page(&web, session, Some(wait)).await;
    }
    let confirmed = web.acting(session).confirm_totp(session.agent.id, act.field("code")).await?;
    let Some(codes) = confirmed else {
        return totp_page(&web, session, Some(say::WRONG_CODE.to_owned())).await;
    };
    web.codes().clear(&session.agent.name);
    let before = Flash::saying("done", say::CODES_SHOWN_BEFORE.to_owned());
    web.flashes().keep(&session.hash, act.key(), before, web.here().now);
    let mut frame = web.frame(session, "account").await?;
    frame.revision = None;
    let content = context! { codes };
    Ok(Html(web.pages().team(&frame, "recovery_codes.html", content)?).into_response())
}

/// `POST /admin/account/totp/off`: `password`, where the agent has one, and `code`.
pub async fn end_totp(State(web): State<Web>, act: Act) -> Result<Response, Problem> {
    let session = &act.session;
    if let Some(wrong) = password_fits(&web, &act, "password").await? {
        return no(&web, session, wrong).await;
    }
    if let Some(wait) = counted(&web, web.codes(), &session.agent.name) {
        return no(&web, session, wait).await;
    }
    let desk = web.acting(session);
    if !desk.takes_code(&session.agent, act.field("code")).await? {
        return no(&web, session, say::WRONG_CODE.to_owned()).await;
    }
    web.codes().clear(&session.agent.name);
    desk.end_totp(&session.agent).await?;
    Ok(done(&web, &act, session, say::TOTP_ENDED.to_owned()))
}
