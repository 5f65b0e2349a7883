//! The list of tickets and a ticket's page, with every act that a CM can do there. May import: desk, command,
//! view, wording, domain.

use super::pages::{ConsolePanel, Flash, Frame, PageSubject, QueueForm, QueuePage, ReplyDraft, TicketPage};
use super::session::{Act, Session};
use super::{Problem, Web};
use crate::command::grammar::Command;
use crate::command::usage::UsageError;
use crate::command::vocabulary::participant_wish;
use crate::desk::Failure;
use crate::desk::board::QueueFilter;
use crate::desk::run::With;
use crate::domain::ids::{DeliveryId, TicketId};
use crate::domain::people::Door;
use crate::domain::refusal::Refusal;
use crate::domain::ticket::{Priority, Status};
use crate::view::{Done, View};
use crate::wording::{done, refusals, text};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// Tickets on one page of the list.
const ROWS: usize = 50;

type Fields = Query<HashMap<String, String>>;

/// `GET /admin/support`.
pub async fn queue(
    State(web): State<Web>,
    session: Session,
    Query(query): Fields,
) -> Result<Html<String>, Problem> {
    let field = |name: &str| query.get(name).map_or("", |value| value.trim());
    let form = QueueForm {
        status: Status::from_word(field("status")),
        priority: Priority::from_word(field("priority")),
        words: field("q").to_owned(),
        mine: field("mine") == "1",
    };
    let before = read_before(field("before"));
    let mut frame = web.frame(&session, "queue").await?;
    frame.flash = recall(&web, &session, field("done"));
    let filter = QueueFilter {
        status: form.status,
        priority: form.priority,
        assignee: form.mine.then_some(session.agent.id),
        words: form.words.split_whitespace().map(str::to_owned).collect(),
        // One more than is shown tells whether there are more.
        limit: Some(ROWS as i64 + 1),
        before,
    };
    let mut queue = web.desk().queue(&filter).await?;
    let more = queue.tickets.len() > ROWS;
    queue.tickets.truncate(ROWS);
    let older = queue.tickets.last().filter(|_| more).map(|last| (last.updated_at, last.id));
    let turns = web.transcripts().of(&session.hash);
    let page = QueuePage {
        figures: web.desk().figures().await?,
        queue: &queue,
        filter: form,
        older,
        paged: before.is_some(),
        console: ConsolePanel { turns: &turns, back: "queue", line: String::new() },
    };
    Ok(Html(web.pages().queue(&frame, &page, web.here())?))
}

/// The place in the list that [`QueueForm::address`] wrote: `2026-11-24T09:00:00.000Z,42`.
fn read_before(text: &str) -> Option<(DateTime<Utc>, TicketId)> {
    let (at, id) = text.split_once(',')?;
    Some((DateTime::parse_from_rfc3339(at).ok()?.to_utc(), TicketId(id.parse().ok()?)))
}

/// `GET /admin/support/revision`: a number that changes with every ticket. Pages ask for it every two seconds.
pub async fn revision(State(web): State<Web>, _session: Session) -> Result<String, Problem> {
    Ok(web.desk().revision().await?.to_string())
}

/// `GET /admin/support/tickets/{id}`, with `?template=KEY` to begin a reply with a standard one.
pub async fn ticket(
    State(web): State<Web>,
    session: Session,
    Path(id): Path<i64>,
    Query(query): Fields,
) -> Result<Response, Problem> {
    let (id, mut writing) = (TicketId(id), Writing::default());
    if let Some(key) = query.get("template").filter(|key| !key.is_empty()) {
        let command = Command::Template { name: Some(key.clone()), ticket: Some(id) };
        match web.desk().run(&session.agent, Door::Web, command, None).await {
            Ok(View::Draft(draft)) => {
                writing.draft = ReplyDraft {
                    template: draft.template,
                    text: draft.text,
                    missing: draft.missing,
                    then: draft.then.map_or("", Status::as_str).to_owned(),
                    ..ReplyDraft::default()
                };
            }
            Ok(_) => {}
            Err(Failure::Refused(refusal)) => writing.refused = Some(refusals::say(&refusal)),
            Err(broken) => return Err(broken.into()),
        }
    }
    let flash = recall(&web, &session, query.get("done").map_or("", String::as_str));
    ticket_page(&web, &session, id, flash, writing).await
}

/// What a CM was writing on a ticket's page, and why it was refused.
#[derive(Debug, Default)]
struct Writing {
    draft: ReplyDraft,
    note: String,
    /// Why, in French.
    refused: Option<String>,
}

async fn ticket_page(
    web: &Web,
    session: &Session,
    id: TicketId,
    flash: Option<Flash>,
    writing: Writing,
) -> Result<Response, Problem> {
    let mut frame: Frame = web.frame(session, "ticket").await?;
    let ticket = web.desk().ticket(id).await?.ok_or(Problem::NotFound)?;
    let recipients = web.desk().recipients(id).await?;
    let command = Command::Template { name: None, ticket: None };
    let templates = match web.desk().run(&session.agent, Door::Web, command, None).await? {
        // The page sends a text, and a text hands nothing over: `feature` does.
        View::Templates(templates) => templates.into_iter().filter(|reply| !reply.hands_over).collect(),
        _ => Vec::new(),
    };
    let agents: Vec<String> =
        web.desk().agents().await?.into_iter().map(|linked| linked.agent.name).collect();
    frame.subject = Some(PageSubject { id: id.0, title: ticket.subject.clone() });
    frame.flash = writing.refused.as_ref().map(|why| refused(id, why)).or(flash);
    let status = match writing.refused {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let page = TicketPage {
        ticket: &ticket,
        takes_push: web.desk().takes_push(),
        recipients: &recipients,
        templates: &templates,
        agents: &agents,
        draft: writing.draft,
        note: writing.note,
    };
    Ok((status, Html(web.pages().ticket(&frame, &page, web.here())?)).into_response())
}

fn no(ticket: TicketId, refusal: &Refusal) -> Flash {
    refused(ticket, &refusals::say(refusal))
}

fn unread(ticket: TicketId, error: &UsageError) -> Flash {
    refused(ticket, &refusals::say_usage(error))
}

fn refused(ticket: TicketId, said: &str) -> Flash {
    Flash { ticket: ticket.0, ..Flash::saying("no", text::sentence(said, false)) }
}

pub(super) fn recall(web: &Web, session: &Session, key: &str) -> Option<Flash> {
    match key {
        "" => None,
        key => web.flashes().recall(&session.hash, key, web.here().now),
    }
}

/// Does `command` and goes back to the ticket's page, which says what was done or why not.
async fn act(web: &Web, act: &Act, ticket: TicketId, command: Command) -> Result<Response, Problem> {
    match web.desk().run(&act.session.agent, Door::Web, command, Some(&act.source_key)).await {
        Ok(View::Done(done)) => Ok(back(web, act, done.ticket.id, said(*done))),
        Ok(_) => Ok(once_more(act, ticket)),
        Err(Failure::Refused(Refusal::NoSuchTicket(_))) => Err(Problem::NotFound),
        Err(Failure::Refused(refusal)) => Ok(back(web, act, ticket, no(ticket, &refusal))),
        Err(broken) => Err(broken.into()),
    }
}

/// The page has a button to take the act back and links to the standard replies: the sentence need not tell
/// their commands.
fn said(mut done: Done) -> Flash {
    let (undo_seconds, offers) = (std::mem::take(&mut done.undo_seconds), std::mem::take(&mut done.offers));
    Flash {
        text: text::sentence(&done::say(&done), false),
        tone: "done",
        undo_seconds,
        ticket: done.ticket.id.0,
        offers,
    }
}

fn back(web: &Web, act: &Act, ticket: TicketId, flash: Flash) -> Response {
    web.flashes().keep(&act.session.hash, done_key(act), flash, web.here().now);
    Redirect::to(&format!("{}?done={}", address(ticket), done_key(act))).into_response()
}

/// A form that was sent before did nothing again: what it did the first time is still remembered.
fn once_more(act: &Act, ticket: TicketId) -> Response {
    Redirect::to(&format!("{}?done={}", address(ticket), done_key(act))).into_response()
}

pub(super) fn done_key(act: &Act) -> &str {
    act.source_key.trim_start_matches("web:")
}

fn address(ticket: TicketId) -> String {
    format!("/admin/support/tickets/{ticket}")
}

/// `POST …/status`: `to`, and `reason` where there is one.
pub async fn set_status(State(web): State<Web>, Path(id): Path<i64>, form: Act) -> Result<Response, Problem> {
    let to = Status::from_word(form.field("to")).ok_or(Problem::BadForm)?;
    let reason = Some(form.field("reason").trim()).filter(|reason| !reason.is_empty()).map(str::to_owned);
    act(&web, &form, TicketId(id), Command::Status { ticket: TicketId(id), to, reason }).await
}

/// `POST …/reply`: `text`, and `then`, the status that goes with it; `all` for a reply to all, with `copies`, the
/// addresses that the page had shown for it: where they are not the same any more, nothing leaves and the page shows
/// them anew. A refused reply keeps its text.
pub async fn reply(State(web): State<Web>, Path(id): Path<i64>, mut form: Act) -> Result<Response, Problem> {
    let id = TicketId(id);
    let files = form.take_files();
    let then = Status::from_word(form.field("then")).ok_or(Problem::BadForm)?;
    let text = form.field("text").replace("\r\n", "\n");
    let all = form.field("all") == "1";
    let command = Command::Reply { ticket: id, all, template: None, then: Some(then), text: text.clone() };
    let is_as_shown = !all || web.desk().recipients(id).await?.cc.join(" ") == form.field("copies");
    let draft = |missing: Vec<String>, lost_files: bool| ReplyDraft {
        template: form.field("template").to_owned(),
        text: text.clone(),
        missing,
        then: then.as_str().to_owned(),
        all,
        lost_files,
    };
    let files = match files {
        Ok(files) => files,
        Err(why) => {
            let writing =
                Writing { draft: draft(Vec::new(), true), refused: Some(why), ..Writing::default() };
            return ticket_page(&web, &form.session, id, None, writing).await;
        }
    };
    let has_files = !files.is_empty();
    let answer = match is_as_shown {
        true => {
            let (agent, key) = (&form.session.agent, Some(form.source_key.as_str()));
            let limits = &web.settings().limits;
            let mail = web.desk().enclosed(limits, &agent.name, id, &text, &form.source_key, files).await?;
            let with = With { files: mail.as_ref(), seen: None };
            web.desk().run_with(agent, Door::Web, command, key, with).await
        }
        false => Err(Failure::Refused(Refusal::RecipientsChanged(id))),
    };
    match answer {
        Ok(View::Done(done)) => Ok(back(&web, &form, id, said(*done))),
        Ok(_) => Ok(once_more(&form, id)),
        Err(Failure::Refused(refusal)) => {
            let missing = match &refusal {
                Refusal::Unfilled(names) => names.clone(),
                _ => Vec::new(),
            };
            let refused = Some(refusals::say(&refusal));
            let writing = Writing { draft: draft(missing, has_files), refused, ..Writing::default() };
            ticket_page(&web, &form.session, id, None, writing).await
        }
        Err(broken) => Err(broken.into()),
    }
}

/// `POST …/note`: `text`. A refused note keeps its text.
pub async fn note(State(web): State<Web>, Path(id): Path<i64>, form: Act) -> Result<Response, Problem> {
    let id = TicketId(id);
    let text = form.field("text").replace("\r\n", "\n");
    let command = Command::Note { ticket: id, text: text.clone() };
    match web.desk().run(&form.session.agent, Door::Web, command, Some(&form.source_key)).await {
        Ok(View::Done(done)) => Ok(back(&web, &form, id, said(*done))),
        Ok(_) => Ok(once_more(&form, id)),
        Err(Failure::Refused(refusal)) => {
            let writing =
                Writing { note: text, refused: Some(refusals::say(&refusal)), ..Writing::default() };
            ticket_page(&web, &form.session, id, None, writing).await
        }
        Err(broken) => Err(broken.into()),
    }
}

/// `POST …/participants`: `change`, `+address` to let somebody in, `-address` to keep them out.
pub async fn set_participants(
    State(web): State<Web>,
    Path(id): Path<i64>,
    form: Act,
) -> Result<Response, Problem> {
    let ticket = TicketId(id);
    match participant_wish(form.field("change").trim()) {
        Ok(wish) => act(&web, &form, ticket, Command::Participants { ticket, changes: vec![wish] }).await,
        Err(error) => Ok(back(&web, &form, ticket, unread(ticket, &error))),
    }
}

/// `POST …/assign`: `name`.
pub async fn assign(State(web): State<Web>, Path(id): Path<i64>, form: Act) -> Result<Response, Problem> {
    let (ticket, name) = (TicketId(id), form.field("name").to_owned());
    let command = match name.as_str() {
        "" => return Err(Problem::BadForm),
        name if name == form.session.agent.name => Command::Take { ticket },
        _ => Command::Assign { ticket, name },
    };
    act(&web, &form, ticket, command).await
}

/// `POST …/priority`: `to`.
pub async fn set_priority(
    State(web): State<Web>,
    Path(id): Path<i64>,
    form: Act,
) -> Result<Response, Problem> {
    let to = Priority::from_word(form.field("to")).ok_or(Problem::BadForm)?;
    act(&web, &form, TicketId(id), Command::Priority { ticket: TicketId(id), to }).await
}

/// `POST …/resend`: `delivery`.
pub async fn resend(State(web): State<Web>, Path(id): Path<i64>, form: Act) -> Result<Response, Problem> {
    let delivery = form.field("delivery").parse().map(DeliveryId).map_err(|_| Problem::BadForm)?;
    act(&web, &form, TicketId(id), Command::Resend { delivery }).await
}

/// `POST …/sent`: `delivery`.
pub async fn mark_sent(State(web): State<Web>, Path(id): Path<i64>, form: Act) -> Result<Response, Problem> {
    let delivery = form.field("delivery").parse().map(DeliveryId).map_err(|_| Problem::BadForm)?;
    act(&web, &form, TicketId(id), Command::MarkSent { delivery }).await
}

/// `POST …/resume`: `email`, the address that gets mail again.
pub async fn resume(State(web): State<Web>, Path(id): Path<i64>, form: Act) -> Result<Response, Problem> {
    let (id, email) = (TicketId(id), form.field("email").to_owned());
    let command = Command::User { email: email.clone(), preference: None, resume: true, revoke: false };
    match web.desk().run(&form.session.agent, Door::Web, command, Some(&form.source_key)).await {
        Ok(_) => {
            let text = done::resumed(&email);
            Ok(back(
                &web,
                &form,
                id,
                Flash { text, tone: "done", undo_seconds: 0, ticket: id.0, offers: Vec::new() },
            ))
        }
        Err(Failure::Refused(refusal)) => Ok(back(&web, &form, id, no(id, &refusal))),
        Err(broken) => Err(broken.into()),
    }
}

/// `POST /admin/support/undo`: `ticket`, the page to come back to. What is taken back is the agent's last act.
pub async fn undo(State(web): State<Web>, form: Act) -> Result<Response, Problem> {
    let ticket = form.field("ticket").parse().map(TicketId).map_err(|_| Problem::BadForm)?;
    act(&web, &form, ticket, Command::Undo { act: None }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_list_reads_back() {
        let place = (DateTime::from_timestamp_millis(1_795_512_345_678).unwrap(), TicketId(42));
        let form = QueueForm { words: "é & co".into(), status: Some(Status::New), ..QueueForm::default() };
        let address = form.address(Some(place));
        assert_eq!(
            address,
            "/admin/support?status=new&q=%C3%A9%20%26%20co&before=2026-11-24T09:25:45.678Z,42"
        );
        assert_eq!(read_before(address.split_once("before=").unwrap().1), Some(place));
        for nonsense in ["", "42", "x,42", "2026-11-24T09:25:45.678Z,x"] {
            assert_eq!(read_before(nonsense), None);
        }
    }
}
