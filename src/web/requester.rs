//! The requester's own pages, by the signed links of our mails. A link opens one thing for one person; there is no
//! session. A GET changes nothing: programs that look mails through follow every link. May import: desk, domain,
//! wording.

use super::pages::PageSubject;
use super::shown::{self, ShownStatus};
use super::{Problem, Web};
use crate::desk::links::Purpose;
use crate::domain::delivery::Channel;
use crate::domain::preference::Preference;
use crate::wording::requester;
use axum::Form;
use axum::body::Bytes;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse};
use minijinja::value::Serde;
use minijinja::{Value, context};
use std::collections::HashMap;

/// Below this, an address is the requester's: [`is_own`].
const ROOT: &str = "/u/";

/// Whether an address leads to a requester's page.
pub fn is_own(path: &str) -> bool {
    path.starts_with(ROOT)
}

/// Whether an address is where mail providers post for a person who pressed « unsubscribe » (RFC 8058): they come from
/// no page, and say nothing about where they come from.
pub fn takes_one_click(path: &str) -> bool {
    is_own(path) && path.ends_with("/unsubscribe")
}

/// `GET /u/{token}/ticket`.
pub async fn ticket(State(web): State<Web>, Path(token): Path<String>) -> Result<Html<String>, Problem> {
    let ticket = web.desk().own_ticket(&token).await?.ok_or(Problem::NotFound)?;
    let here = web.here();
    let messages: Vec<Value> = ticket
        .messages
        .iter()
        .map(|message| {
            context! {
                from_team => message.from_team,
                participant => message.participant.as_deref(),
                at => Serde(shown::time(message.at, here)),
                text => message.text.as_str(),
                attachments => Serde(message.attachments.iter().map(shown::file).collect::<Vec<_>>()),
            }
        })
        .collect();
    let mut frame = web.bare_frame("own_ticket");
    frame.subject = Some(PageSubject { id: ticket.id.0, title: ticket.subject.clone() });
    let content = context! {
        t => context! {
            id => ticket.id.0,
            subject => ticket.subject.as_str(),
            status => Serde(ShownStatus::from(ticket.status)),
            created => Serde(shown::time(ticket.created_at, here)),
            in_copy => ticket.in_copy.join(", "),
        },
        brand => frame.brand.as_str(),
        messages,
    };
    Ok(Html(web.pages().own(&frame, "own_ticket.html", content)?))
}

/// `GET /u/{token}/preferences`.
pub async fn preferences(State(web): State<Web>, Path(token): Path<String>) -> Result<Html<String>, Problem> {
    let own = web.desk().own_preference(&token, Purpose::Preferences).await?.ok_or(Problem::NotFound)?;
    Ok(Html(draw_preferences(&web, &own.email, own.preference, None)?))
}

/// `POST /u/{token}/preferences`, with `preference`.
pub async fn choose(
    State(web): State<Web>,
    Path(token): Path<String>,
    form: Result<Form<HashMap<String, String>>, FormRejection>,
) -> Result<Html<String>, Problem> {
    let Form(form) = form.map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge,
        _ => Problem::BadForm,
    })?;
    let preference = form.get("preference").and_then(|word| Preference::from_word(word));
    let preference = preference.ok_or(Problem::BadForm)?;
    let choice = web.desk().choose_preference(&token, preference).await?.ok_or(Problem::NotFound)?;
    let said = requester::chosen(choice.before, choice.after);
    Ok(Html(draw_preferences(&web, &choice.email, choice.after, Some(&said))?))
}

/// `GET /u/{token}/unsubscribe`: a button, for who followed the link in a browser.
pub async fn offer_unsubscribe(
    State(web): State<Web>,
    Path(token): Path<String>,
) -> Result<Html<String>, Problem> {
    let own = web.desk().own_preference(&token, Purpose::Unsubscribe).await?.ok_or(Problem::NotFound)?;
    Ok(Html(draw_unsubscribe(&web, &own.email, own.preference, None)?))
}

/// `POST /u/{token}/unsubscribe` (RFC 8058). Whatever the body says, in whichever of the two form types: nothing else
/// can be meant by it.
pub async fn unsubscribe(
    State(web): State<Web>,
    Path(token): Path<String>,
    _body: Bytes,
) -> Result<Html<String>, Problem> {
    let choice = web.desk().unsubscribe(&token).await?.ok_or(Problem::NotFound)?;
    let said = requester::unsubscribed(choice.before, choice.after);
    Ok(Html(draw_unsubscribe(&web, &choice.email, choice.after, Some(said))?))
}

fn draw_preferences(
    web: &Web,
    email: &str,
    current: Preference,
    said: Option<&str>,
) -> Result<String, minijinja::Error> {
    let choices: Vec<Value> = Preference::ALL
        .into_iter()
        .map(|preference| {
            let (name, about) = requester::choice(preference);
            context! { word => preference.as_str(), name, about, checked => preference == current }
        })
        .collect();
    let content = context! { email, choices, said };
    web.pages().own(&web.bare_frame("own_preferences"), "own_preferences.html", content)
}

fn draw_unsubscribe(
    web: &Web,
    email: &str,
    current: Preference,
    said: Option<&str>,
) -> Result<String, minijinja::Error> {
    let content = context! { email, may_stop => current.allows(Channel::Email), said };
    web.pages().own(&web.bare_frame("own_unsubscribe"), "own_unsubscribe.html", content)
}
