//! Links by which somebody chooses a password once: the first admin's, printed by `guichet serve`, and those of invited agents.
//! Opening one changes nothing; only its form does. May import: desk, wording, domain.

use super::sign_in::arrive;
use super::{Problem, Web, passwords};
use crate::desk::Failure;
use crate::desk::sign_in::Invited;
use crate::domain::audit::By;
use crate::domain::people::{Door, Road, is_agent_name, is_password};
use crate::domain::refusal::Refusal;
use crate::wording::{agents as say, refusals, text};
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use minijinja::context;
use std::collections::HashMap;

type Fields = HashMap<String, String>;

/// `GET /admin/first?code=…`.
pub async fn show(State(web): State<Web>, Query(query): Query<Fields>) -> Result<Response, Problem> {
    let code = query.get("code").map_or("", String::as_str);
    match web.desk().invited(code).await? {
        Some(invited) => page(&web, code, &invited, "", None),
        None => dead(&web),
    }
}

/// `POST /admin/first`: `code`, `password` and `again`; of the first admin also `name`. The origin was checked.
pub async fn accept(
    State(web): State<Web>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let (code, name, password) = (field("code"), field("name").trim(), field("password"));
    // Nobody has us hash without a link that opens.
    let Some(invited) = web.desk().invited(code).await? else { return dead(&web) };
    let again = |problem: String| page(&web, code, &invited, name, Some(problem));
    let say_no = |refusal: &Refusal| text::sentence(&refusals::say(refusal), false);
    if invited == Invited::First && !is_agent_name(name) {
        return again(say_no(&Refusal::NotAnAgentName(name.to_owned())));
    }
    if !is_password(password) {
        return again(say_no(&Refusal::NotAPassword));
    }
    if password != field("again") {
        return again(say::NOT_THE_SAME.to_owned());
    }
    let hash = passwords::hashed(&web, password).await?;
    let accepted = match &invited {
        Invited::First => {
            let desk = web.desk().acting(By { agent: None, name: name.to_owned(), door: Door::Web });
            desk.accept_first(code, name, &hash).await
        }
        Invited::Agent(agent) => {
            web.desk().acting(By::agent(agent, Door::Web)).accept_invitation(code, &hash).await
        }
    };
    match accepted {
        Ok(Some(agent)) => arrive(&web, &headers, agent, Road::Link, "/admin/support").await,
        Ok(None) => dead(&web),
        Err(Failure::Refused(refusal)) => again(say_no(&refusal)),
        Err(broken) => Err(broken.into()),
    }
}

fn page(
    web: &Web,
    code: &str,
    invited: &Invited,
    name: &str,
    problem: Option<String>,
) -> Result<Response, Problem> {
    let agent = match invited {
        Invited::First => None,
        Invited::Agent(agent) => Some(agent.name.as_str()),
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let content = context! { code, agent, name, problem, brand => web.settings().brand.as_str() };
    let page = web.pages().team(&web.bare_frame("first"), "first.html", content)?;
    Ok((status, Html(page)).into_response())
}

/// A link that was used, is over, or never was.
fn dead(web: &Web) -> Result<Response, Problem> {
    let page = web.pages().team(&web.bare_frame("first"), "first_dead.html", context! {})?;
    Ok((StatusCode::GONE, Html(page)).into_response())
}
