//! An answer written on the page of a ticket, with files.

use super::{Answering, Page, Problem, Web, draw_ticket};
use crate::desk::answer::{Answered, Meant};
use crate::desk::links::Purpose;
use crate::desk::posted::Posted;
use crate::desk::requester::{Own, OwnTicket};
use crate::web::upload::{self, identity_of};
use crate::wording::{letters, requester};
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};

/// `POST /u/{token}/ticket`, with `text`, `key` and any number of `files`.
pub async fn answer(
    State(web): State<Web>,
    Path(token): Path<String>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    // Before a byte of the files is read.
    let own = web.desk().own_ticket(&token).await?.ok_or(Problem::NotFound)?;
    let _turn = web.one_each().turn(&own.email).await?;
    let mut sent = upload::read(&web, form, web.uploads()).await?;
    let (key, text) = (sent.field("key").to_owned(), sent.field("text").to_owned());
    if sent.refused.is_none() && text.trim().is_empty() && sent.files.is_empty() {
        sent.refused = Some(requester::nothing_written().to_owned());
    }
    if let Some(refused) = sent.refused {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, again(&web, &own, text, refused)?).into_response());
    }
    let (ticket, subject) = (own.shown.id, &own.shown.subject);
    let posted = Posted {
        name: &own.name,
        email: &own.email,
        subject: &letters::reply_subject(subject, ticket),
        text: &text,
        identity: &identity_of(ticket, &key, &text, &sent.files)?,
    };
    let mail = posted.arrive(web.desk(), &web.settings().limits, sent.files).await?;
    match web.desk().own_answer(&token, Purpose::Ticket, mail, Meant::AsWritten).await? {
        Some(Answered::Taken(page)) => Ok(Redirect::to(&format!("{page}?done=answer")).into_response()),
        Some(Answered::TooMany) => {
            let refused = requester::too_many().to_owned();
            Ok((StatusCode::TOO_MANY_REQUESTS, again(&web, &own, text, refused)?).into_response())
        }
        Some(Answered::Blocked) => {
            let refused = requester::not_taken().to_owned();
            Ok((StatusCode::FORBIDDEN, again(&web, &own, text, refused)?).into_response())
        }
        None => Err(Problem::NotFound),
    }
}

/// The page with what was typed, and why it was not sent.
fn again(web: &Web, own: &Own<OwnTicket>, text: String, refused: String) -> Page {
    let form = Answering { refused: Some(refused), text, ..Answering::new()? };
    Ok(Html(draw_ticket(web, own, &form)?))
}
