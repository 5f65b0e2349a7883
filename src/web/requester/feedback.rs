//! What a requester thinks of the help they got: three faces and a comment; or that it is not resolved.

use super::{Fields, Page, Problem, Web, fields, frame, ratings};
use crate::desk::answer::{Answered, Meant};
use crate::desk::feedback::{Given, OwnFeedback};
use crate::desk::links::Purpose;
use crate::desk::posted::Posted;
use crate::desk::requester::{Own, OwnPages};
use crate::domain::feedback::{Asked, LONGEST_COMMENT, Rating};
use crate::web::upload::identity_of;
use crate::wording::{letters, requester};
use axum::extract::{Path, Query, State};
use axum::response::Html;
use minijinja::context;
use serde::Deserialize;

/// The face that was pressed in a mail or on the ticket's page: chosen beforehand, sent by nobody but the reader.
#[derive(Debug, Default, Deserialize)]
pub struct Chosen {
    rating: Option<String>,
}

/// `GET /u/{token}/feedback`.
pub async fn ask(
    State(web): State<Web>,
    Path(token): Path<String>,
    Query(Chosen { rating }): Query<Chosen>,
) -> Page {
    let own = web.desk().own_feedback(&token).await?.ok_or(Problem::NotFound)?;
    match own.shown.asked {
        Asked::Open => {
            let chosen = rating.as_deref().and_then(Rating::from_word);
            draw(&web, &own, chosen, "", None)
        }
        Asked::Given(rating) => done(&web, &own.pages, &requester::feedback_known(rating)),
        Asked::NotYet => done(&web, &own.pages, requester::feedback_not_asked()),
    }
}

/// `POST /u/{token}/feedback`, with `rating` and `comment`; or `answer=not_resolved` and `comment`.
pub async fn give(State(web): State<Web>, Path(token): Path<String>, form: Fields) -> Page {
    let form = fields(form)?;
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    // A browser sends two characters for the end of a line, and counts one.
    let comment = field("comment").replace("\r\n", "\n");
    let comment = comment.trim();
    let rating = Rating::from_word(field("rating"));
    if comment.chars().count() > LONGEST_COMMENT {
        let own = web.desk().own_feedback(&token).await?.ok_or(Problem::NotFound)?;
        return draw(&web, &own, rating, comment, Some(requester::comment_too_long()));
    }
    if field("answer") == "not_resolved" {
        return not_resolved(&web, &token, comment, field("key")).await;
    }
    let Some(rating) = rating else {
        let own = web.desk().own_feedback(&token).await?.ok_or(Problem::NotFound)?;
        return draw(&web, &own, None, comment, Some(requester::no_face()));
    };
    let own = web.desk().give_feedback(&token, rating, comment).await?.ok_or(Problem::NotFound)?;
    let said = match own.shown {
        Given::Now(rating) => requester::feedback_given(rating).to_owned(),
        Given::Before(rating) => requester::feedback_known(rating),
        Given::NotAsked => requester::feedback_not_asked().to_owned(),
    };
    done(&web, &own.pages, &said)
}

/// The ticket is taken up again, with what was written.
async fn not_resolved(web: &Web, token: &str, comment: &str, key: &str) -> Page {
    let own = web.desk().own_feedback(token).await?.ok_or(Problem::NotFound)?;
    let text = requester::not_resolved(comment);
    let (ticket, subject) = (own.shown.ticket, &own.shown.subject);
    let posted = Posted {
        name: &own.name,
        email: &own.email,
        subject: &letters::reply_subject(subject, ticket),
        text: &text,
        identity: &identity_of(ticket, key, &text, &[])?,
    };
    let mail = posted.arrive(web.desk(), &web.settings().limits, Vec::new()).await?;
    let answered = web.desk().own_answer(token, Purpose::Feedback, mail, Meant::NotResolved).await?;
    match answered.ok_or(Problem::NotFound)? {
        Answered::Taken(_) => done(web, &own.pages, requester::reopened()),
        Answered::Blocked => draw(web, &own, None, comment, Some(requester::not_taken())),
        Answered::TooMany => draw(web, &own, None, comment, Some(requester::too_many())),
    }
}

fn draw(
    web: &Web,
    own: &Own<OwnFeedback>,
    chosen: Option<Rating>,
    comment: &str,
    refused: Option<&str>,
) -> Page {
    let frame = frame(web, "own_feedback", &own.pages);
    let content = context! {
        id => own.shown.ticket.0,
        subject => own.shown.subject.as_str(),
        ticket => own.pages.ticket.as_str(),
        ratings => ratings(chosen),
        comment,
        refused,
        key => super::super::session::random_word(16)?,
    };
    Ok(Html(web.pages().own(&frame, "own_feedback.html", content)?))
}

fn done(web: &Web, pages: &OwnPages, said: &str) -> Page {
    let content = context! { said, ticket => pages.ticket.as_str() };
    Ok(Html(web.pages().own(&frame(web, "own_feedback", pages), "own_said.html", content)?))
}
