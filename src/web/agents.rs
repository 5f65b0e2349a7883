//! The team, for the leads to see and the admins to change. May import: desk, command, wording, domain.

use super::admin::recall;
use super::pages::{Flash, PageSubject};
use super::session::{Act, Session};
use super::{Problem, Web};
use crate::command::authorize::{Reserved, authorize_reserved};
use crate::desk::agents::{LinkedAgent, read_account};
use crate::desk::{Desk, Failure};
use crate::domain::people::{Agent, Role, is_agent_name};
use crate::domain::refusal::Refusal;
use crate::wording::{agents as say, refusals};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use std::collections::HashMap;

fn may_change(session: &Session) -> bool {
    authorize_reserved(&session.agent, Reserved::TeamChanges).is_ok()
}

/// `GET /admin/support/agents`.
pub async fn list(State(web): State<Web>, session: Session) -> Result<Response, Problem> {
    list_page(&web, &session, "", None, None).await
}

/// `link`: for whom an invitation was made, and the link, which is shown this once.
async fn list_page(
    web: &Web,
    session: &Session,
    name: &str,
    link: Option<(&str, String)>,
    refusal: Option<&Refusal>,
) -> Result<Response, Problem> {
    let mut frame = web.frame(session, "agents").await?;
    frame.revision = None;
    frame.flash = refusal.map(no);
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let agents = web.desk().agents().await?;
    let link = link.as_ref().map(|(name, link)| (*name, link.as_str()));
    let page = web.pages().agents(&frame, &agents, may_change(session), name, link, web.here())?;
    Ok((status, Html(page)).into_response())
}

/// `POST /admin/support/agents`: `name`, `role`. Adds an agent, and shows the link by which they choose a password; sent a
/// second time, where to make another.
pub async fn add(State(web): State<Web>, act: Act) -> Result<Response, Problem> {
    let name = act.field("name").trim();
    if recall(&web, &act.session, act.key()).is_some()
        && let Some(agent) = web.desk().agent_by_name(name).await?
    {
        return Ok(act.led_to(&format!("/admin/support/agents/{}", agent.id)));
    }
    let role = Role::from_word(act.field("role")).ok_or(Problem::BadForm)?;
    let refused = async |refusal| list_page(&web, &act.session, name, None, Some(&refusal)).await;
    if !is_agent_name(name) {
        return refused(Refusal::NotAnAgentName(name.to_owned())).await;
    }
    let desk = web.acting(&act.session);
    let Some(agent) = desk.add_agent(name, role).await? else {
        return refused(Refusal::AgentNameTaken(name.to_owned())).await;
    };
    let link = link(&web, &desk.invite(&agent).await?);
    let before = Flash::saying("done", say::added_before(&agent.name));
    web.flashes().keep(&act.session.hash, act.key(), before, web.here().now);
    list_page(&web, &act.session, "", Some((&agent.name, link)), None).await
}

/// The address by which somebody chooses a password.
fn link(web: &Web, code: &str) -> String {
    format!("{}/admin/first?code={code}", web.settings().public_url)
}

/// `GET /admin/support/agents/{id}`.
pub async fn agent(
    State(web): State<Web>,
    session: Session,
    Path(id): Path<i64>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let flash = recall(&web, &session, query.get("done").map_or("", String::as_str));
    agent_page(&web, &session, id, None, flash).await
}

async fn agent_page(
    web: &Web,
    session: &Session,
    id: i64,
    link: Option<&str>,
    flash: Option<Flash>,
) -> Result<Response, Problem> {
    let linked = known(web, id).await?;
    let mut frame = web.frame(session, "agent").await?;
    frame.revision = None;
    frame.subject = Some(PageSubject { id, title: linked.agent.name.clone() });
    let refused = flash.as_ref().is_some_and(|flash| flash.tone == "no");
    frame.flash = flash;
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = web.pages().agent(&frame, &linked, may_change(session), link, web.here())?;
    Ok((status, Html(page)).into_response())
}

async fn known(web: &Web, id: i64) -> Result<LinkedAgent, Problem> {
    let mut agents = web.desk().agents().await?.into_iter();
    agents.find(|linked| linked.agent.id.0 == id).ok_or(Problem::NotFound)
}

/// For oneself the old password and a code are asked, elsewhere.
async fn own(web: &Web, session: &Session, id: i64) -> Result<Response, Problem> {
    agent_page(web, session, id, None, Some(Flash::saying("no", say::IN_MY_ACCOUNT.to_owned()))).await
}

fn no(refusal: &Refusal) -> Flash {
    Flash::no(&refusals::say(refusal))
}

/// Changes something about an agent, then back to their page, which says what was done or why not.
async fn change(
    web: &Web,
    act: &Act,
    id: i64,
    change: impl AsyncFnOnce(&Desk, &Agent) -> Result<String, Failure>,
) -> Result<Response, Problem> {
    let agent = known(web, id).await?.agent;
    match change(&web.acting(&act.session), &agent).await {
        Ok(text) => {
            let here = format!("/admin/support/agents/{id}");
            Ok(web.answered(act, &here, Flash::saying("done", text)))
        }
        Err(Failure::Refused(refusal)) => agent_page(web, &act.session, id, None, Some(no(&refusal))).await,
        Err(broken) => Err(broken.into()),
    }
}

/// `POST …/invite`: a link by which they choose a password, shown this once.
pub async fn invite(State(web): State<Web>, Path(id): Path<i64>, act: Act) -> Result<Response, Problem> {
    if id == act.session.agent.id.0 {
        return own(&web, &act.session, id).await;
    }
    let agent = known(&web, id).await?.agent;
    match web.acting(&act.session).invite(&agent).await {
        Ok(code) => agent_page(&web, &act.session, id, Some(&link(&web, &code)), None).await,
        Err(Failure::Refused(refusal)) => agent_page(&web, &act.session, id, None, Some(no(&refusal))).await,
        Err(broken) => Err(broken.into()),
    }
}

/// `POST …/role`: `role`.
pub async fn set_role(State(web): State<Web>, Path(id): Path<i64>, act: Act) -> Result<Response, Problem> {
    let role = Role::from_word(act.field("role")).ok_or(Problem::BadForm)?;
    change(&web, &act, id, async |desk, agent| {
        desk.set_role(agent, role).await?;
        Ok(say::role_set(&agent.name, role))
    })
    .await
}

/// `POST …/link`: `account`.
pub async fn link_account(
    State(web): State<Web>,
    Path(id): Path<i64>,
    act: Act,
) -> Result<Response, Problem> {
    change(&web, &act, id, async |desk, agent| {
        let (kind, account) = read_account(act.field("account")).map_err(Failure::Refused)?;
        desk.link_identity(agent, kind, &account).await?;
        Ok(say::linked(&agent.name, kind))
    })
    .await
}

/// `POST …/unlink`: `account`.
pub async fn unlink_account(
    State(web): State<Web>,
    Path(id): Path<i64>,
    act: Act,
) -> Result<Response, Problem> {
    change(&web, &act, id, async |desk, agent| {
        let (kind, account) = read_account(act.field("account")).map_err(Failure::Refused)?;
        desk.unlink_identity(agent, kind, &account).await?;
        Ok(say::unlinked(&agent.name, kind))
    })
    .await
}

/// `POST …/sessions`: ends them.
pub async fn end_sessions(
    State(web): State<Web>,
    Path(id): Path<i64>,
    act: Act,
) -> Result<Response, Problem> {
    change(&web, &act, id, async |desk, agent| {
        Ok(say::sessions_ended(&agent.name, desk.close_sessions(agent, None).await?))
    })
    .await
}

/// `POST …/disable`.
pub async fn disable(State(web): State<Web>, Path(id): Path<i64>, act: Act) -> Result<Response, Problem> {
    change(&web, &act, id, async |desk, agent| {
        desk.disable_agent(agent).await?;
        Ok(say::disabled(&agent.name))
    })
    .await
}

/// `POST …/enable`.
pub async fn enable(State(web): State<Web>, Path(id): Path<i64>, act: Act) -> Result<Response, Problem> {
    change(&web, &act, id, async |desk, agent| {
        desk.enable_agent(agent).await?;
        Ok(say::enabled(&agent.name))
    })
    .await
}

/// `POST …/totp`: no code is asked of them any more.
pub async fn end_totp(State(web): State<Web>, Path(id): Path<i64>, act: Act) -> Result<Response, Problem> {
    if id == act.session.agent.id.0 {
        return own(&web, &act.session, id).await;
    }
    change(&web, &act, id, async |desk, agent| {
        desk.end_totp(agent).await?;
        Ok(say::totp_ended(&agent.name))
    })
    .await
}
