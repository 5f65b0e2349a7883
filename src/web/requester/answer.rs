//! An answer written on the page of a ticket, with files: read as it comes, in bounded memory.

use super::{Answering, Page, Problem, Web, draw_ticket};
use crate::desk::answer::{Answered, Meant};
use crate::desk::links::Purpose;
use crate::desk::requester::{Own, OwnTicket};
use crate::web::posted::{File, Posted, identity_of};
use crate::wording::{letters, requester};
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};

/// The longest text taken, in bytes: more than the longest letter.
const LONGEST_TEXT: u64 = 200_000;
/// How many files come with one answer at most.
const MOST_FILES: usize = 20;
/// What of a mail is not files: its header, and the text in its longest form (RFC 2045, 6.7).
const BESIDE_FILES: u64 = 4 * LONGEST_TEXT;

/// How many bytes the files of an answer may have in all: in a mail they grow by 26 in 19 (RFC 2045, 6.8: lines of 76
/// characters).
pub(super) fn largest(web: &Web) -> u64 {
    web.settings().limits.max_mail_bytes.saturating_sub(BESIDE_FILES) / 10 * 7
}

/// What was sent.
#[derive(Default)]
struct Sent {
    key: String,
    text: String,
    files: Vec<File>,
    /// Why it cannot be taken.
    refused: Option<String>,
}

/// `POST /u/{token}/ticket`, with `text`, `key` and any number of `files`.
pub async fn answer(
    State(web): State<Web>,
    Path(token): Path<String>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    // Before a byte of the files is read.
    let own = web.desk().own_ticket(&token).await?.ok_or(Problem::NotFound)?;
    let _place = web.uploads().acquire().await.map_err(anyhow::Error::from)?;
    let mut sent = read(&web, form.map_err(|_| Problem::BadForm)?).await?;
    if sent.refused.is_none() && sent.text.trim().is_empty() && sent.files.is_empty() {
        sent.refused = Some(requester::nothing_written().to_owned());
    }
    if let Some(refused) = sent.refused.take() {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, again(&web, &own, sent, refused)?).into_response());
    }
    let (ticket, subject) = (own.shown.id, &own.shown.subject);
    let posted = Posted {
        name: &own.name,
        email: &own.email,
        subject: &letters::reply_subject(subject, ticket),
        text: &sent.text,
        identity: &identity_of(ticket, &sent.key)?,
    };
    let mail = posted.arrive(&web, std::mem::take(&mut sent.files)).await?;
    match web.desk().own_answer(&token, Purpose::Ticket, mail, Meant::AsWritten).await? {
        Some(Answered::Taken(page)) => Ok(Redirect::to(&format!("{page}?done=answer")).into_response()),
        Some(Answered::TooMany) => {
            let refused = requester::too_many().to_owned();
            Ok((StatusCode::TOO_MANY_REQUESTS, again(&web, &own, sent, refused)?).into_response())
        }
        Some(Answered::Blocked) => {
            let refused = requester::not_taken().to_owned();
            Ok((StatusCode::FORBIDDEN, again(&web, &own, sent, refused)?).into_response())
        }
        None => Err(Problem::NotFound),
    }
}

/// The page with what was typed, and why it was not sent.
fn again(web: &Web, own: &Own<OwnTicket>, sent: Sent, refused: String) -> Page {
    let form = Answering { refused: Some(refused), text: sent.text, ..Answering::new()? };
    Ok(Html(draw_ticket(web, own, &form)?))
}

async fn read(web: &Web, mut form: Multipart) -> Result<Sent, Problem> {
    let mut sent = Sent::default();
    let most_of_one = web.settings().limits.max_attachment_bytes;
    let largest = largest(web);
    let mut room = largest;
    // A browser shows our answer only once it has said all it had to say: what is not kept is read as well.
    while let Some(mut field) = form.next_field().await.map_err(|_| Problem::BadForm)? {
        let is_file = field.name() == Some("files");
        let file_name = field.file_name().map(str::to_owned);
        let media_type = field.content_type().unwrap_or_default().to_owned();
        let most = if is_file { room.min(most_of_one) } else { LONGEST_TEXT };
        let mut bytes = Vec::new();
        let mut is_whole = sent.refused.is_none();
        while let Some(chunk) = field.chunk().await.map_err(|_| Problem::BadForm)? {
            is_whole &= (bytes.len() + chunk.len()) as u64 <= most;
            if is_whole {
                bytes.extend_from_slice(&chunk);
            }
        }
        let name = field.name().unwrap_or_default().to_owned();
        if !is_whole {
            let file_name = file_name.unwrap_or_default();
            sent.refused.get_or_insert_with(|| match is_file {
                true if most < most_of_one => requester::all_too_large(largest),
                true => requester::file_too_large(&file_name, most),
                false => requester::text_too_long().to_owned(),
            });
            continue;
        }
        match name.as_str() {
            "key" => sent.key = String::from_utf8_lossy(&bytes).into_owned(),
            "text" => sent.text = String::from_utf8_lossy(&bytes).into_owned(),
            "files" => {
                // A form without files sends one without a name.
                let Some(name) = file_name.filter(|name| !name.is_empty() || !bytes.is_empty()) else {
                    continue;
                };
                if sent.files.len() == MOST_FILES {
                    sent.refused = Some(requester::too_many_files(MOST_FILES));
                    continue;
                }
                room -= bytes.len() as u64;
                sent.files.push(File { name, media_type, bytes });
            }
            _ => {}
        }
    }
    Ok(sent)
}
