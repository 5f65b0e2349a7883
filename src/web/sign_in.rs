//! Signing in: by name and password, by an account on Discord or Slack, and with the code of an authenticator where the agent has
//! one. Each ends in [`arrive`], the only way to a session. May import: desk, oauth, domain.

use super::attempts::Wait;
use super::pages::{CodeProblem, SignInProblem};
use super::session::{close, cookie, is_same, open, random_word, token_hash};
use super::{Problem, Web, passwords};
use crate::desk::sign_in::{Pending, Totp};
use crate::domain::audit::By;
use crate::domain::chat::Platform;
use crate::domain::people::{Agent, Door, Road};
use crate::oauth::accounts::{Accounts, Bound, back};
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};
use std::collections::HashMap;

/// The longest code of a platform that is handed on, in bytes.
const LONGEST_CODE: usize = 2048;

type Fields = HashMap<String, String>;

fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", String::as_str)
}

/// `GET /admin/sign-in`.
pub async fn form(State(web): State<Web>, Query(query): Query<Fields>) -> Result<Response, Problem> {
    sign_in_page(&web, "", safe_next(field(&query, "next")), None)
}

fn sign_in_page(
    web: &Web,
    name: &str,
    next: &str,
    problem: Option<SignInProblem>,
) -> Result<Response, Problem> {
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| match problem {
        SignInProblem::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
        SignInProblem::NotConfirmed(_) => StatusCode::BAD_GATEWAY,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    });
    let platforms: Vec<Platform> = web.settings().accounts.iter().map(Accounts::platform).collect();
    let page = web.pages().sign_in(&web.bare_frame("sign_in"), name, next, &platforms, problem.as_ref())?;
    Ok((status, Html(page)).into_response())
}

/// `POST /admin/sign-in`. The origin was checked; there is no session yet that a token could belong to.
pub async fn sign_in(
    State(web): State<Web>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let (name, password) = (field(&fields, "name").trim(), field(&fields, "password"));
    let next = safe_next(field(&fields, "next"));
    if let Err(Wait { minutes }) = web.attempts().take(name, web.desk().clock().now()) {
        return sign_in_page(&web, name, next, Some(SignInProblem::Wait(minutes)));
    }
    let agent = web.desk().agent_by_name(name).await?;
    let hash = match &agent {
        Some(agent) => web.desk().password_hash(agent.id).await?,
        None => None,
    };
    let fits = passwords::fits(&web, hash, password).await?;
    let Some(agent) = agent.filter(|_| fits) else {
        tracing::info!("sign-in refused");
        return sign_in_page(&web, name, next, Some(SignInProblem::Wrong));
    };
    web.attempts().clear(name);
    if web.desk().is_disabled(&agent).await? {
        return sign_in_page(&web, name, next, Some(SignInProblem::Disabled));
    }
    arrive(&web, &headers, agent, Road::Password, next).await
}

/// Somebody showed who they are: on to the code where one is asked of them, else into a session of its own. One that the browser
/// had is over.
pub(super) async fn arrive(
    web: &Web,
    headers: &HeaderMap,
    agent: Agent,
    road: Road,
    next: &str,
) -> Result<Response, Problem> {
    if matches!(web.desk().totp(&agent).await?, Totp::On { .. }) {
        let token = random_word(32)?;
        let lasts = web.desk().begin_code(&token_hash(&token), road, agent.id, next).await?;
        let cookie = web.step_cookie().set(&token, lasts)?;
        return Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/admin/sign-in/code")).into_response());
    }
    enter(web, headers, agent, road, next).await
}

async fn enter(
    web: &Web,
    headers: &HeaderMap,
    agent: Agent,
    road: Road,
    next: &str,
) -> Result<Response, Problem> {
    close(web, headers).await?;
    tracing::info!(agent = agent.id.0, road = road.as_str(), "signed in");
    let (_, session) = open(web, agent, road).await?;
    let mut cookies = vec![(header::SET_COOKIE, session)];
    if cookie(headers, web.step_cookie().name).is_some() {
        cookies.push((header::SET_COOKIE, web.step_cookie().end()?));
    }
    Ok((AppendHeaders(cookies), Redirect::to(next)).into_response())
}

/// What a browser that is signing in has in hand: the secret, and what it stands for.
async fn waiting(web: &Web, headers: &HeaderMap) -> Result<Option<(String, Agent, Pending)>, Problem> {
    let Some(token) = cookie(headers, web.step_cookie().name) else { return Ok(None) };
    let hash = token_hash(token);
    let Some(pending) = web.desk().pending(&hash).await? else { return Ok(None) };
    Ok(pending.agent.clone().map(|agent| (hash, agent, pending)))
}

fn code_page(web: &Web, problem: Option<CodeProblem>) -> Result<Response, Problem> {
    let status = problem.map_or(StatusCode::OK, |problem| match problem {
        CodeProblem::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
        CodeProblem::Wrong => StatusCode::UNPROCESSABLE_ENTITY,
    });
    Ok((status, Html(web.pages().sign_in_code(&web.bare_frame("sign_in"), problem)?)).into_response())
}

/// `GET /admin/sign-in/code`.
pub async fn ask_code(State(web): State<Web>, headers: HeaderMap) -> Result<Response, Problem> {
    match waiting(&web, &headers).await? {
        Some(_) => code_page(&web, None),
        None => Ok(Redirect::to("/admin/sign-in").into_response()),
    }
}

/// `POST /admin/sign-in/code`: `code`, of the authenticator or for recovery. The origin was checked.
pub async fn give_code(
    State(web): State<Web>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let late = |web| sign_in_page(web, "", safe_next(""), Some(SignInProblem::Late));
    let Some((hash, agent, pending)) = waiting(&web, &headers).await? else { return late(&web) };
    if let Err(Wait { minutes }) = web.codes().take(&agent.name, web.desk().clock().now()) {
        return code_page(&web, Some(CodeProblem::Wait(minutes)));
    }
    let desk = web.desk().acting(By::agent(&agent, Door::Web));
    if !desk.takes_code(&agent, field(&fields, "code")).await? {
        tracing::info!(agent = agent.id.0, "a code was refused");
        return code_page(&web, Some(CodeProblem::Wrong));
    }
    web.codes().clear(&agent.name);
    // Whatever of it was read before is over when somebody else used it up.
    if web.desk().take_pending(&hash).await?.is_none() {
        return late(&web);
    }
    enter(&web, &headers, agent, pending.road, &pending.next).await
}

/// The platform that is named in the address, where it is configured.
fn accounts<'a>(web: &'a Web, platform: &str) -> Result<(&'a Accounts, Road, String), Problem> {
    let mut all = web.settings().accounts.iter();
    let accounts = all.find(|one| one.platform().as_str() == platform).ok_or(Problem::NotFound)?;
    let road = match accounts.platform() {
        Platform::Discord => Road::Discord,
        Platform::Slack => Road::Slack,
    };
    Ok((accounts, road, back(&web.settings().public_url, accounts.platform())))
}

/// `GET /admin/sign-in/{platform}`: off to the platform.
pub async fn leave(
    State(web): State<Web>,
    Path(platform): Path<String>,
    Query(query): Query<Fields>,
) -> Result<Response, Problem> {
    let (accounts, road, back) = accounts(&web, &platform)?;
    let token = random_word(32)?;
    let next = safe_next(field(&query, "next"));
    let lasts = web.desk().begin_away(&token_hash(&token), road, next).await?;
    let cookie = web.step_cookie().set(&token, lasts)?;
    let address = accounts.address(&back, &Bound(&token));
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&address)).into_response())
}

/// `GET /admin/sign-in/{platform}/back`: `code` and `state`, or `error` and `state`.
pub async fn come_back(
    State(web): State<Web>,
    Path(platform): Path<String>,
    Query(query): Query<Fields>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (accounts, road, back) = accounts(&web, &platform)?;
    let platform = accounts.platform();
    let refuse = |problem| sign_in_page(&web, "", safe_next(""), Some(problem));
    // Only the browser that left comes back, once, and within the time it was given.
    let Some(token) = cookie(&headers, web.step_cookie().name) else {
        return refuse(SignInProblem::Stranger);
    };
    let bound = Bound(token);
    if !is_same(field(&query, "state"), &bound.state()) {
        return refuse(SignInProblem::Stranger);
    }
    let pending = web.desk().take_pending(&token_hash(token)).await?;
    let Some(pending) = pending.filter(|pending| pending.road == road && pending.agent.is_none()) else {
        return refuse(SignInProblem::Stranger);
    };
    if query.contains_key("error") {
        return refuse(SignInProblem::Declined(platform));
    }
    let code = field(&query, "code");
    if code.is_empty() || code.len() > LONGEST_CODE {
        return refuse(SignInProblem::Stranger);
    }
    let id = match accounts.whose(code, &back, &bound, web.desk().clock().now()).await {
        Ok(id) => id,
        Err(fault) => {
            tracing::warn!(platform = platform.as_str(), %fault, "a platform did not say who somebody is");
            return refuse(SignInProblem::NotConfirmed(platform));
        }
    };
    if let Some(agent) = web.desk().agent_by_account(platform, &id).await? {
        return arrive(&web, &headers, agent, road, &pending.next).await;
    }
    tracing::info!(platform = platform.as_str(), "sign-in refused");
    match web.desk().disabled_account(platform.as_str(), &id).await? {
        Some(_) => refuse(SignInProblem::Disabled),
        None => refuse(SignInProblem::NotLinked(platform, id)),
    }
}

/// The longest address that signing in leads to: it is kept while somebody is away at a platform.
const LONGEST_NEXT: usize = 500;

/// Where to go after signing in: a page of ours, whatever the address says.
fn safe_next(next: &str) -> &str {
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_ours = next.starts_with("/admin/support") || next.starts_with("/docs/");
    match (is_ours && plain && next.len() <= LONGEST_NEXT) || next == "/admin/account" {
        true => next,
        false => "/admin/support",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_our_own_pages_only() {
        assert_eq!(
            safe_next("/admin/support/tickets/42?template=solution"),
            "/admin/support/tickets/42?template=solution"
        );
        assert_eq!(safe_next("/admin/account"), "/admin/account");
        for other in [
            "",
            "/admin/accounts",
            "/admin/account?x",
            "https://evil.example/",
            "//evil.example",
            "/admin/sign-out",
            "/admin/support\r\nX: y",
            "/admin/support\\@evil",
        ] {
            assert_eq!(safe_next(other), "/admin/support", "{other:?}");
        }
    }
}
