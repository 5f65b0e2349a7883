//! The standard replies: read by everybody, written by leads, with a preview and their history. May import: desk, view,
//! wording, domain.

use super::admin::recall;
use super::docs::{Fields, still_frame, template_address};
use super::pages::{Flash, TemplateForm};
use super::session::{Act, Session};
use super::{Problem, Web};
use crate::desk::Restored;
use crate::desk::resources::Put;
use crate::domain::canned::{CannedText, LONGEST_TITLE};
use crate::domain::people::first_name;
use crate::domain::text::capitalised;
use crate::domain::ticket::Status;
use crate::view::resources::TemplateHistory;
use crate::wording::canned::preview;
use crate::wording::resources as say;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

/// `GET /docs/templates`.
pub async fn list(State(web): State<Web>, session: Session) -> Result<Html<String>, Problem> {
    let frame = still_frame(&web, &session).await?;
    Ok(Html(web.pages().templates_list(&frame, &web.desk().templates().await?, web.here())?))
}

async fn known(web: &Web, key: &str) -> Result<TemplateHistory, Problem> {
    web.desk().template(key).await?.ok_or(Problem::NotFound)
}

/// `GET /docs/templates/{key}`.
pub async fn template(
    State(web): State<Web>,
    session: Session,
    Path(key): Path<String>,
    Query(query): Fields,
) -> Result<Html<String>, Problem> {
    let history = known(&web, &key).await?;
    let mut frame = still_frame(&web, &session).await?;
    frame.flash = recall(&web, &session, query.get("done").map_or("", String::as_str));
    Ok(Html(web.pages().template_page(&frame, &history, web.here())?))
}

/// `GET /docs/new-template`, with `topic`, what comes up again and again.
pub async fn write_new(
    State(web): State<Web>,
    session: Session,
    Query(query): Fields,
) -> Result<Response, Problem> {
    let topic: String = query.get("topic").map_or("", String::as_str).chars().take(LONGEST_TITLE).collect();
    let said = CannedText { title: capitalised(&topic), body: say::TEMPLATE_START.to_owned(), then: None };
    form_page(&web, &session, &TemplateForm { said, ..new_form() }, None).await
}

fn new_form() -> TemplateForm {
    TemplateForm { address: "/docs/new-template".to_owned(), ..TemplateForm::default() }
}

fn known_form(key: &str) -> TemplateForm {
    let address = format!("{}/edit", template_address(key));
    TemplateForm { address, key: Some(key.to_owned()), ..TemplateForm::default() }
}

/// `GET /docs/templates/{key}/edit`.
pub async fn edit(
    State(web): State<Web>,
    session: Session,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let template = known(&web, &key).await?.template;
    let said = template.said.unwrap_or_default();
    let form = TemplateForm { seen: template.version, said, ..known_form(&template.key) };
    form_page(&web, &session, &form, None).await
}

async fn form_page(
    web: &Web,
    session: &Session,
    form: &TemplateForm,
    said: Option<&str>,
) -> Result<Response, Problem> {
    let mut frame = still_frame(web, session).await?;
    frame.flash = said.map(Flash::no);
    let status = if said.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Html(web.pages().template_form(&frame, form)?)).into_response())
}

/// `POST /docs/new-template`: `title`, `then`, `body`; `do`, `keep` or `preview`.
pub async fn make(State(web): State<Web>, form: Act) -> Result<Response, Problem> {
    keep(&web, &form, new_form()).await
}

/// `POST /docs/templates/{key}/edit`: `title`, `then`, `body`, and `seen`, the version; `do`, `keep` or `preview`.
pub async fn change(State(web): State<Web>, Path(key): Path<String>, form: Act) -> Result<Response, Problem> {
    let key = known(&web, &key).await?.template.key;
    keep(&web, &form, known_form(&key)).await
}

/// Keeps a standard reply, or shows its form again with what was typed.
async fn keep(web: &Web, form: &Act, page: TemplateForm) -> Result<Response, Problem> {
    let then = match form.field("then") {
        "" => None,
        word => Some(
            Status::from_word(word).filter(|then| say::FOLLOWING.contains(then)).ok_or(Problem::BadForm)?,
        ),
    };
    let seen = match form.field("seen") {
        "" => 0,
        seen => seen.parse().map_err(|_| Problem::BadForm)?,
    };
    let said = CannedText {
        title: form.field("title").to_owned(),
        body: form.field("body").replace("\r\n", "\n"),
        then,
    };
    let mut page = TemplateForm { said, seen, ..page };
    let agent = &form.session.agent;
    if form.field("do") == "preview" {
        let first = first_name(&agent.name).unwrap_or_else(|| agent.name.clone());
        page.preview = Some(preview(&page.said, &first));
        return form_page(web, &form.session, &page, None).await;
    }
    match web.desk().write_template(agent, page.key.as_deref(), seen, &page.said).await? {
        Put::Kept(key) => {
            let flash = Flash::saying("done", say::TEMPLATE_KEPT.to_owned());
            Ok(web.answered(form, &template_address(&key), flash))
        }
        Put::Faulty(fault) => form_page(web, &form.session, &page, Some(&say::template_fault(&fault))).await,
        Put::Overtaken => {
            if let Some(key) = &page.key {
                let other = known(web, key).await?.template;
                page.seen = other.version;
                let who = other.written.map(|(who, _)| who).unwrap_or_default();
                page.other = Some((other.said.unwrap_or_default(), who));
            }
            form_page(web, &form.session, &page, Some(say::OVERTAKEN)).await
        }
    }
}

/// `POST /docs/templates/{key}/restore`: `version`, or `origin`; and `seen`, the version that stood there.
pub async fn restore(
    State(web): State<Web>,
    Path(key): Path<String>,
    form: Act,
) -> Result<Response, Problem> {
    let key = known(&web, &key).await?.template.key;
    let seen = form.field("seen").parse().map_err(|_| Problem::BadForm)?;
    let to = match form.field("version") {
        "origin" => Restored::Origin,
        version => Restored::Version(version.parse().map_err(|_| Problem::BadForm)?),
    };
    let flash = match web.desk().restore_template(&form.session.agent, &key, seen, to).await? {
        Put::Kept(_) => Flash::saying("done", say::TEMPLATE_KEPT.to_owned()),
        Put::Faulty(fault) => Flash::no(&say::template_fault(&fault)),
        Put::Overtaken => Flash::no(say::CHANGED_MEANWHILE),
    };
    Ok(web.answered(&form, &template_address(&key), flash))
}
