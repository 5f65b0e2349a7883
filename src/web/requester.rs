//! The requester's own pages, by the signed links of our mails. A link opens one thing for one person, and leads to the
//! other pages of the same person; there is no session. A GET changes nothing: programs that look mails through follow
//! every link. May import: desk, domain, wording.

mod answer;
mod feedback;
pub mod push;

pub use answer::answer;
pub use feedback::{ask, give};

use super::pages::{Frame, OwnNav, PageSubject};
use super::received::{place_among, saved};
use super::shown::{self, ShownStatus};
use super::{Problem, Web, upload};
use crate::desk::links::Purpose;
use crate::desk::requester::{Choice, Own, OwnPages, OwnTicket};
use crate::domain::delivery::Channel;
use crate::domain::feedback::{Asked, Rating};
use crate::domain::ids::{MessageId, NotificationId};
use crate::domain::preference::Preference;
use crate::domain::text::capitalised;
use crate::wording::{dates, labels, requester};
use axum::Form;
use axum::body::Bytes;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Deserialize;
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

/// What a page that was come back to says was done.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    done: Option<String>,
}

type Page = Result<Html<String>, Problem>;
type Fields = Result<Form<HashMap<String, String>>, FormRejection>;

/// What a form holds.
fn fields(form: Fields) -> Result<HashMap<String, String>, Problem> {
    match form {
        Ok(Form(fields)) => Ok(fields),
        Err(rejection) => Err(match rejection.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge,
            _ => Problem::BadForm,
        }),
    }
}

/// The frame of a page, with the ways to the others.
fn frame(web: &Web, place: &'static str, pages: &OwnPages) -> Frame {
    let own = OwnNav {
        tickets: pages.tickets.clone(),
        notifications: pages.notifications.clone(),
        preferences: pages.preferences.clone(),
        unread: pages.unread,
    };
    Frame { own: Some(own), ..web.bare_frame(place) }
}

/// `GET /u/{token}/ticket`.
pub async fn ticket(
    State(web): State<Web>,
    Path(token): Path<String>,
    Query(Done { done }): Query<Done>,
) -> Page {
    let own = web.desk().own_ticket(&token).await?.ok_or(Problem::NotFound)?;
    let said = (done.as_deref() == Some("answer")).then(requester::answered);
    Ok(Html(draw_ticket(&web, &own, &Answering { said, ..Answering::new()? })?))
}

/// The answer that is written on a ticket's page.
struct Answering {
    /// What was done.
    said: Option<&'static str>,
    /// Why it was not sent.
    refused: Option<String>,
    /// Its words.
    text: String,
    /// What makes it itself, however often it is sent.
    key: String,
}

impl Answering {
    fn new() -> anyhow::Result<Answering> {
        let key = super::session::random_word(16)?;
        Ok(Answering { said: None, refused: None, text: String::new(), key })
    }
}

fn draw_ticket(web: &Web, own: &Own<OwnTicket>, form: &Answering) -> Result<String, minijinja::Error> {
    let (ticket, here) = (&own.shown, web.here());
    let messages: Vec<Value> = ticket
        .messages
        .iter()
        .map(|message| {
            context! {
                id => message.id.0,
                from_team => message.from_team,
                participant => message.participant.as_deref(),
                at => Serde(shown::time(message.at, here)),
                text => message.text.as_str(),
                attachments => Serde(message.attachments.iter().map(shown::file).collect::<Vec<_>>()),
            }
        })
        .collect();
    let mut frame = frame(web, "own_ticket", &own.pages);
    frame.subject = Some(PageSubject { id: ticket.id.0, title: ticket.subject.clone() });
    let content = context! {
        t => context! {
            id => ticket.id.0,
            subject => ticket.subject.as_str(),
            status => Serde(ShownStatus::from(ticket.status)),
            created => Serde(shown::time(ticket.created_at, here)),
            in_copy => ticket.in_copy.join(", "),
            answer => requester::answer_to(ticket.answer),
        },
        brand => frame.brand.as_str(),
        messages,
        here => own.pages.ticket.as_str(),
        feedback => (ticket.feedback == Asked::Open).then_some(own.pages.feedback.as_str()),
        ratings => ratings(None),
        form => context! {
            said => form.said,
            refused => form.refused.as_deref(),
            text => form.text.as_str(),
            key => form.key.as_str(),
        },
        most => dates::size(upload::largest(web)),
    };
    web.pages().own(&frame, "own_ticket.html", content)
}

/// The three faces, with the one that is chosen.
fn ratings(chosen: Option<Rating>) -> Vec<Value> {
    let face = |rating: Rating| {
        context! {
            word => rating.as_str(),
            face => labels::rating_face(rating),
            name => labels::rating_name(rating),
            checked => chosen == Some(rating),
        }
    };
    Rating::ALL.into_iter().map(face).collect()
}

/// `GET /u/{token}/ticket/files/{message}/{part}`: a file of the conversation, to save.
pub async fn file(
    State(web): State<Web>,
    Path((token, message, part)): Path<(String, i64, u32)>,
) -> Result<Response, Problem> {
    let place = place_among(web.downloads()).await?;
    let found = web.desk().own_file(&token, MessageId(message), part).await?;
    let (file, raw) = found.ok_or(Problem::NotFound)?;
    saved(&file, raw, part, place).await
}

/// `GET /u/{token}/tickets`.
pub async fn tickets(State(web): State<Web>, Path(token): Path<String>) -> Page {
    let own = web.desk().own_tickets(&token).await?.ok_or(Problem::NotFound)?;
    let here = web.here();
    let lines: Vec<Value> = own
        .shown
        .iter()
        .map(|line| {
            context! {
                id => line.id.0,
                subject => line.subject.as_str(),
                status => Serde(ShownStatus::from(line.status)),
                updated => Serde(shown::time(line.updated_at, here)),
                page => line.page.as_str(),
            }
        })
        .collect();
    let frame = frame(&web, "own_tickets", &own.pages);
    Ok(Html(web.pages().own(&frame, "own_tickets.html", context! { lines })?))
}

/// `GET /u/{token}/notifications`.
pub async fn notifications(State(web): State<Web>, Path(token): Path<String>) -> Page {
    let own = web.desk().own_notifications(&token).await?.ok_or(Problem::NotFound)?;
    let here = web.here();
    let lines: Vec<Value> = own
        .shown
        .iter()
        .map(|line| {
            context! {
                id => line.told.id.0,
                kind => line.told.kind.as_str(),
                title => line.told.title.as_str(),
                message => line.told.message.as_str(),
                at => Serde(shown::time(line.told.at, here)),
                unread => line.told.read_at.is_none(),
                page => line.page.as_str(),
                ticket => line.told.ticket.0,
            }
        })
        .collect();
    let frame = frame(&web, "own_notifications", &own.pages);
    let content =
        context! { lines, unread => requester::unread(own.pages.unread), any => own.pages.unread > 0 };
    Ok(Html(web.pages().own(&frame, "own_notifications.html", content)?))
}

/// `POST /u/{token}/notifications`, with `read`: `all`, or a number.
pub async fn read(
    State(web): State<Web>,
    Path(token): Path<String>,
    form: Fields,
) -> Result<Redirect, Problem> {
    let form = fields(form)?;
    let which = match form.get("read").map(String::as_str) {
        Some("all") => None,
        Some(number) => Some(NotificationId(number.parse().map_err(|_| Problem::BadForm)?)),
        None => return Err(Problem::BadForm),
    };
    web.desk().read_notifications(&token, Purpose::Notifications, which).await?.ok_or(Problem::NotFound)?;
    Ok(Redirect::to(&format!("{ROOT}{token}/notifications")))
}

/// `GET /u/{token}/preferences`.
pub async fn preferences(State(web): State<Web>, Path(token): Path<String>) -> Page {
    let own = web.desk().own_preference(&token, Purpose::Preferences).await?.ok_or(Problem::NotFound)?;
    Ok(Html(draw_preferences(&web, &token, &own, own.shown, None)?))
}

/// `POST /u/{token}/preferences`, with `preference`.
pub async fn choose(State(web): State<Web>, Path(token): Path<String>, form: Fields) -> Page {
    let form = fields(form)?;
    let preference = form.get("preference").and_then(|word| Preference::from_word(word));
    let preference = preference.ok_or(Problem::BadForm)?;
    let choice = web.desk().choose_preference(&token, preference).await?.ok_or(Problem::NotFound)?;
    let Choice { before, after, devices } = choice.shown;
    let said = requester::chosen(before, after);
    Ok(Html(draw_preferences(&web, &token, &choice, (after, devices), Some(&said))?))
}

/// `GET /u/{token}/unsubscribe`: a button, for who followed the link in a browser.
pub async fn offer_unsubscribe(State(web): State<Web>, Path(token): Path<String>) -> Page {
    let own = web.desk().own_preference(&token, Purpose::Unsubscribe).await?.ok_or(Problem::NotFound)?;
    Ok(Html(draw_unsubscribe(&web, &own.email, own.shown.0, None)?))
}

/// `POST /u/{token}/unsubscribe` (RFC 8058). Whatever the body says, in whichever of the two form types: nothing else
/// can be meant by it.
pub async fn unsubscribe(State(web): State<Web>, Path(token): Path<String>, _body: Bytes) -> Page {
    let choice = web.desk().unsubscribe(&token).await?.ok_or(Problem::NotFound)?;
    let Choice { before, after, .. } = choice.shown;
    let said = requester::unsubscribed(before, after);
    Ok(Html(draw_unsubscribe(&web, &choice.email, after, Some(said))?))
}

fn draw_preferences<T>(
    web: &Web,
    token: &str,
    own: &Own<T>,
    (current, devices): (Preference, i64),
    said: Option<&str>,
) -> Result<String, minijinja::Error> {
    let choices: Vec<Value> = Preference::ALL
        .into_iter()
        .map(|preference| {
            let (name, about) = requester::choice(preference);
            context! { word => preference.as_str(), name, about, checked => preference == current }
        })
        .collect();
    let push = web.desk().push_key().map(|key| {
        context! {
            key,
            post => format!("{ROOT}{token}/push"),
            script => super::assets::addresses().push,
            about => requester::push_about(current),
            devices => (devices > 0).then(|| capitalised(&labels::devices(devices))),
            lacks => requester::push_lacks(),
            denied => requester::push_denied(),
            failed => requester::push_failed(),
        }
    });
    let content = context! { email => own.email.as_str(), choices, said, push };
    web.pages().own(&frame(web, "own_preferences", &own.pages), "own_preferences.html", content)
}

/// No way leads on from here: mail providers fetch this page too.
fn draw_unsubscribe(
    web: &Web,
    email: &str,
    current: Preference,
    said: Option<&str>,
) -> Result<String, minijinja::Error> {
    let content = context! { email, may_stop => current.allows(Channel::Email), said };
    web.pages().own(&web.bare_frame("own_unsubscribe"), "own_unsubscribe.html", content)
}
