//! The CMs' resources: the knowledge base and the technical questions, read, searched, set into replies and written by
//! leads; the day's checklist; what comes up again and again. May import: desk, wording, domain.

use super::admin::recall;
use super::pages::{ArticleForm, Flash, Frame};
use super::session::{Act, Session};
use super::{Problem, Web};
use crate::desk::resources::{Draft, Put, fingerprint};
use crate::domain::article::{Article, Section, search, search_words};
use crate::domain::hex::percent_encoded;
use crate::domain::ids::TicketId;
use crate::wording::resources as say;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use std::collections::HashMap;
use std::sync::Arc;

pub(super) type Fields = Query<HashMap<String, String>>;

/// The longest search, in characters.
const LONGEST_SEARCH: usize = 200;

/// The frame of a page that does not change under the hand.
pub(super) async fn still_frame(web: &Web, session: &Session) -> Result<Frame, Problem> {
    let mut frame = web.frame(session, "docs").await?;
    frame.revision = None;
    Ok(frame)
}

fn section_of(word: &str) -> Result<Section, Problem> {
    Section::from_word(word).ok_or(Problem::NotFound)
}

fn ticket_of(query: &HashMap<String, String>) -> Option<i64> {
    query.get("ticket").and_then(|number| number.trim().parse().ok()).filter(|number| *number > 0)
}

/// `GET /docs`.
pub async fn home() -> Redirect {
    Redirect::to("/docs/kb")
}

/// `GET /docs/kb`, `GET /docs/faq-tech`: with `q`, what is looked for; with `ticket`, the one that a page may answer.
pub async fn list(
    State(web): State<Web>,
    session: Session,
    Path(section): Path<String>,
    Query(query): Fields,
) -> Result<Html<String>, Problem> {
    let section = section_of(&section)?;
    let words: String = query.get("q").map_or("", |q| q.trim()).chars().take(LONGEST_SEARCH).collect();
    let frame = still_frame(&web, &session).await?;
    let shelved = web.desk().articles(section).await?;
    let wanted = search_words(&words);
    let found = search(shelved.pages.iter().map(Arc::as_ref), &wanted);
    let found = (!words.is_empty()).then_some(found.as_slice());
    Ok(Html(web.pages().articles(&frame, section, &shelved, &words, found, ticket_of(&query))?))
}

async fn known(web: &Web, section: &str, slug: &str) -> Result<Arc<Article>, Problem> {
    web.desk().article(section_of(section)?, slug).await?.ok_or(Problem::NotFound)
}

/// `GET /docs/kb/{slug}`.
pub async fn article(
    State(web): State<Web>,
    session: Session,
    Path((section, slug)): Path<(String, String)>,
    Query(query): Fields,
) -> Result<Html<String>, Problem> {
    let article = known(&web, &section, &slug).await?;
    let mut frame = still_frame(&web, &session).await?;
    frame.flash = recall(&web, &session, query.get("done").map_or("", String::as_str));
    Ok(Html(web.pages().article(&frame, &article, ticket_of(&query), "")?))
}

/// `GET /docs/kb/{slug}/insert`, with `ticket`: to the ticket's page, where the article is a reply in the making.
pub async fn insert(
    State(web): State<Web>,
    session: Session,
    Path((section, slug)): Path<(String, String)>,
    Query(query): Fields,
) -> Result<Response, Problem> {
    let article = known(&web, &section, &slug).await?;
    let number = query
        .get("ticket")
        .map_or("", |number| number.trim().trim_start_matches(['#', 'n', 'º', '°']).trim());
    if let Ok(id) = number.parse::<i64>()
        && web.desk().ticket(TicketId(id)).await?.is_some()
    {
        let address = format!("/admin/support/tickets/{id}?article={}#reply", article.name());
        return Ok(Redirect::to(&address).into_response());
    }
    let mut frame = still_frame(&web, &session).await?;
    frame.flash = Some(Flash::no(&say::no_ticket(number)));
    let page = web.pages().article(&frame, &article, None, number)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

/// `GET /docs/write`: a page that is made, in `section`; with `topic`, about what came up again and again.
pub async fn write_new(
    State(web): State<Web>,
    session: Session,
    Query(query): Fields,
) -> Result<Response, Problem> {
    let section = query.get("section").and_then(|word| Section::from_word(word)).unwrap_or(Section::Kb);
    let mut form = new_form(section);
    if let Some(name) = query.get("topic") {
        let recurring = web.desk().recurring().await?;
        let topic = recurring.topics.into_iter().find(|topic| topic.name == *name);
        let latest = topic.map(|topic| topic.latest).unwrap_or_default();
        let latest: Vec<TicketId> = latest.into_iter().map(|(id, _)| id).collect();
        form.title = crate::domain::text::capitalised(name);
        form.body = say::article_start(&latest);
    }
    form_page(&web, &session, &form, None).await
}

fn new_form(section: Section) -> ArticleForm {
    ArticleForm { address: "/docs/write".to_owned(), section: section.as_str(), ..ArticleForm::default() }
}

/// `GET /docs/kb/{slug}/edit`.
pub async fn edit(
    State(web): State<Web>,
    session: Session,
    Path((section, slug)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let article = known(&web, &section, &slug).await?;
    let form = ArticleForm {
        address: format!("/docs/{}/edit", article.name()),
        section: article.section.as_str(),
        is_known: true,
        seen: fingerprint(&article.text),
        title: article.title.clone(),
        body: article.body(),
        ..ArticleForm::default()
    };
    form_page(&web, &session, &form, None).await
}

async fn form_page(
    web: &Web,
    session: &Session,
    form: &ArticleForm,
    said: Option<&str>,
) -> Result<Response, Problem> {
    let mut frame = still_frame(web, session).await?;
    frame.flash = said.map(Flash::no);
    let status = if said.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Html(web.pages().article_form(&frame, form)?)).into_response())
}

/// `POST /docs/write`: `section`, `title`, `body`; `do`, `keep` or `preview`.
pub async fn make(State(web): State<Web>, form: Act) -> Result<Response, Problem> {
    let section = Section::from_word(form.field("section")).ok_or(Problem::BadForm)?;
    keep(&web, &form, new_form(section), section, None).await
}

/// `POST /docs/kb/{slug}/edit`: `title`, `body`, `seen`; `do`, `keep` or `preview`.
pub async fn change(
    State(web): State<Web>,
    Path((section, slug)): Path<(String, String)>,
    form: Act,
) -> Result<Response, Problem> {
    let article = known(&web, &section, &slug).await?;
    let page = ArticleForm {
        address: format!("/docs/{}/edit", article.name()),
        section: article.section.as_str(),
        is_known: true,
        ..ArticleForm::default()
    };
    keep(&web, &form, page, article.section, Some(&article.slug)).await
}

/// Keeps a page, or shows its form again with what was typed.
async fn keep(
    web: &Web,
    form: &Act,
    page: ArticleForm,
    section: Section,
    slug: Option<&str>,
) -> Result<Response, Problem> {
    let (title, body, seen) = (form.field("title"), form.field("body"), form.field("seen"));
    let mut page = ArticleForm {
        title: title.to_owned(),
        body: body.replace("\r\n", "\n"),
        seen: seen.to_owned(),
        ..page
    };
    if form.field("do") == "preview" {
        page.is_previewed = true;
        return form_page(web, &form.session, &page, None).await;
    }
    let draft = Draft { section, slug, title, body, seen };
    match web.desk().write_article(&form.session.agent, &draft).await? {
        Put::Kept(slug) => {
            let address = format!("/docs/{}/{slug}", section.as_str());
            Ok(web.answered(form, &address, Flash::saying("done", say::ARTICLE_KEPT.to_owned())))
        }
        Put::Faulty(fault) => form_page(web, &form.session, &page, Some(&say::article_fault(&fault))).await,
        Put::Overtaken => {
            if let Some(slug) = slug
                && let Some(other) = web.desk().article(section, slug).await?
            {
                page.seen = fingerprint(&other.text);
                page.other = Some((other.title.clone(), other.body()));
            }
            form_page(web, &form.session, &page, Some(say::OVERTAKEN)).await
        }
    }
}

/// `GET /docs/checklist`.
pub async fn checklist(State(web): State<Web>, session: Session) -> Result<Html<String>, Problem> {
    let frame = web.frame(&session, "docs").await?;
    Ok(Html(web.pages().day(&frame, &web.desk().day_page().await?)?))
}

/// `GET /docs/recurring`.
pub async fn recurring(State(web): State<Web>, session: Session) -> Result<Html<String>, Problem> {
    let frame = still_frame(&web, &session).await?;
    Ok(Html(web.pages().recurring(&frame, &web.desk().recurring().await?)?))
}

/// The address of a standard reply's page.
pub(super) fn template_address(key: &str) -> String {
    format!("/docs/templates/{}", percent_encoded(key))
}
