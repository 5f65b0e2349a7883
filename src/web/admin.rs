//! A ticket's page, with every act that a CM can do there. May import: desk, command, view, wording, reading, domain.

use super::pages::{Flash, Frame, PageSubject, ReplyDraft, TicketPage};
use super::session::{Act, Session};
use super::{Problem, Web, live};
use crate::command::grammar::Command;
use crate::command::usage::UsageError;
use crate::command::vocabulary::{self, participant_wish, tag_change};
use crate::desk::Failure;
use crate::desk::agents::LinkedAgent;
use crate::desk::run::With;
use crate::domain::article::{Article, Section};
use crate::domain::ids::{DeliveryId, EventId, MessageId, TicketId};
use crate::domain::people::Door;
use crate::domain::refusal::Refusal;
use crate::domain::ticket::{Priority, Status};
use crate::reading;
use crate::view::{Done, View};
use crate::wording::{done, refusals, text};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use std::collections::HashMap;
use std::sync::Arc;

type Fields = Query<HashMap<String, String>>;

/// `GET /admin/support/revision`: a number that changes with every ticket. Pages that have no stream ask for it.
pub async fn revision(State(web): State<Web>, _session: Session) -> Result<String, Problem> {
    Ok(web.desk().revision().await?.to_string())
}

/// `GET /admin/support/tickets/{id}`, with `?template=KEY` to begin a reply with a standard one, or
/// `?article=kb/slug` with a page of the knowledge base.
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
                let text = behind_draft(&web, &session, id, draft.text).await?;
                writing.draft = ReplyDraft {
                    is_new: true,
                    template: draft.template,
                    missing: web.desk().catalogue().await?.missing(&text),
                    text,
                    then: draft.then.map_or("", Status::as_str).to_owned(),
                    ..ReplyDraft::default()
                };
            }
            Ok(_) => {}
            Err(Failure::Refused(refusal)) => writing.refused = Some(refusals::say(&refusal)),
            Err(broken) => return Err(broken.into()),
        }
    }
    if let Some(article) = article_of(&web, query.get("article").map_or("", String::as_str)).await? {
        let text = behind_draft(&web, &session, id, article.body()).await?;
        let missing = web.desk().catalogue().await?.missing(&text);
        writing.draft = ReplyDraft { is_new: true, text, missing, ..ReplyDraft::default() };
    }
    let flash = recall(&web, &session, query.get("done").map_or("", String::as_str));
    ticket_page(&web, &session, id, flash, writing).await
}

/// A text that is inserted, behind what was written so far.
async fn behind_draft(web: &Web, session: &Session, id: TicketId, text: String) -> Result<String, Problem> {
    Ok(match web.desk().page_draft(&session.agent, id).await? {
        Some((kept, _)) => format!("{}\n\n{text}", kept.trim_end()),
        None => text,
    })
}

/// The page of the knowledge base of this name: `kb/remboursement`.
async fn article_of(web: &Web, name: &str) -> Result<Option<Arc<Article>>, Problem> {
    let Some((section, slug)) = name.split_once('/') else { return Ok(None) };
    match Section::from_word(section) {
        Some(section) => Ok(web.desk().article(section, slug).await?),
        None => Ok(None),
    }
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
    mut writing: Writing,
) -> Result<Response, Problem> {
    /// How many other tickets of the requester are named.
    const OTHERS: i64 = 5;
    let mut frame: Frame = web.frame(session, "ticket").await?;
    let ticket = web.desk().ticket(id).await?.ok_or(Problem::NotFound)?;
    let recipients = web.desk().recipients(id).await?;
    let (others, others_in_all) = web.desk().others_of(id, OTHERS).await?;
    let kept = match writing.draft.is_new {
        // What stands in the page is newer than what was kept.
        true => None,
        false => web.desk().page_draft(&session.agent, id).await?,
    };
    if let Some((text, at)) = kept {
        writing.draft.text = text;
        writing.draft.kept_at = Some(at);
        writing.draft.missing = web.desk().catalogue().await?.missing(&writing.draft.text);
    }
    let command = Command::Template { name: None, ticket: None };
    let templates = match web.desk().run(&session.agent, Door::Web, command, None).await? {
        // What hands the ticket over is never offered unasked.
        View::Templates(templates) => templates.into_iter().filter(|reply| !reply.hands_over).collect(),
        _ => Vec::new(),
    };
    let agents = web.desk().agents().await?.into_iter().filter(LinkedAgent::is_able);
    let agents: Vec<String> = agents.map(|linked| linked.agent.name).collect();
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
        others: &others,
        others_in_all,
        present: live::sentence(web, session, id).await?,
        tags: &web.desk().tags("").await?,
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
    Flash { ticket: ticket.0, ..Flash::no(said) }
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
pub(super) fn said(mut done: Done) -> Flash {
    let (undo_seconds, offers) = (std::mem::take(&mut done.undo_seconds), std::mem::take(&mut done.offers));
    Flash {
        text: text::sentence(&done::say(&done), false),
        tone: "done",
        undo_seconds,
        act: Some(done.event),
        ticket: done.ticket.id.0,
        offers,
    }
}

fn back(web: &Web, act: &Act, ticket: TicketId, flash: Flash) -> Response {
    web.answered(act, &address(ticket), flash)
}

/// A form that was sent before did nothing again: what it did the first time is still remembered.
fn once_more(act: &Act, ticket: TicketId) -> Response {
    act.led_to(&address(ticket))
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
    let draft = |missing: Vec<String>| ReplyDraft {
        is_new: true,
        kept_at: None,
        template: form.field("template").to_owned(),
        text: text.clone(),
        missing,
        then: then.as_str().to_owned(),
        all,
        lost_files: form.had_files(),
    };
    let files = match files {
        Ok(files) => files,
        Err(why) => {
            let writing = Writing { draft: draft(Vec::new()), refused: Some(why), ..Writing::default() };
            return ticket_page(&web, &form.session, id, None, writing).await;
        }
    };
    let answer = match is_as_shown {
        true => {
            let (agent, key) = (&form.session.agent, Some(form.source_key.as_str()));
            let limits = &web.settings().limits;
            let mail = web.desk().enclosed(limits, &agent.name, id, &text, &form.source_key, files).await?;
            let with = With {
                files: mail.as_ref(),
                seen: form.field("seen").parse().map(MessageId).ok(),
                template: Some(form.field("template")).filter(|key| !key.is_empty()),
            };
            web.desk().run_with(agent, Door::Web, command, key, with).await
        }
        false => Err(Failure::Refused(Refusal::RecipientsChanged(id))),
    };
    match answer {
        Ok(View::Done(done)) => {
            web.desk().end_page_draft(&form.session.agent, id).await?;
            Ok(back(&web, &form, id, said(*done)))
        }
        Ok(_) => Ok(once_more(&form, id)),
        Err(Failure::Refused(refusal)) => {
            let missing = match &refusal {
                Refusal::Unfilled(names) => names.clone(),
                _ => Vec::new(),
            };
            let refused = Some(refusals::say(&refusal));
            let writing = Writing { draft: draft(missing), refused, ..Writing::default() };
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

/// `POST …/draft`: `text`, what is written of a reply so far; an empty one gives it up. A script sends it while it is typed and
/// reads no page; a button leads back to the ticket.
pub async fn keep_draft(
    State(web): State<Web>,
    headers: HeaderMap,
    Path(id): Path<i64>,
    form: Act,
) -> Result<Response, Problem> {
    let text = match form.field("drop") {
        "" => form.field("text").replace("\r\n", "\n"),
        _ => String::new(),
    };
    let template = Some(form.field("template")).filter(|key| !key.is_empty());
    web.desk().keep_page_draft(&form.session.agent, TicketId(id), template, &text).await?;
    match headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate") {
        true => Ok(Redirect::to(&format!("{}#reply", address(TicketId(id)))).into_response()),
        false => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// `POST …/split`: `message`, which becomes a ticket of its own; its page follows.
pub async fn split(State(web): State<Web>, Path(id): Path<i64>, form: Act) -> Result<Response, Problem> {
    let id = TicketId(id);
    let message = form.field("message").parse().map(MessageId).map_err(|_| Problem::BadForm)?;
    let raw = web.desk().raw_of_message(message).await?;
    let limits = web.settings().limits.clone();
    let read = move || raw.and_then(|raw| reading::read(&raw, &limits).ok()?.message_id);
    let rfc_id = tokio::task::spawn_blocking(read).await.map_err(anyhow::Error::from)?;
    let rfc_id = rfc_id.as_deref();
    let (agent, key) = (&form.session.agent, &form.source_key);
    match web.desk().split(agent, Door::Web, id, message, rfc_id, key).await {
        Ok(new) => {
            Ok(back(&web, &form, new, Flash { ticket: new.0, ..Flash::saying("done", done::split(id, new)) }))
        }
        Err(Failure::Refused(Refusal::NoSuchTicket(_))) => Err(Problem::NotFound),
        Err(Failure::Refused(refusal)) => Ok(back(&web, &form, id, no(id, &refusal))),
        Err(broken) => Err(broken.into()),
    }
}

/// `POST …/more`: `act` and `text`, what the act needs: a reason, a delay, another ticket, tags.
pub async fn more(State(web): State<Web>, Path(id): Path<i64>, form: Act) -> Result<Response, Problem> {
    let (id, text) = (TicketId(id), form.field("text").trim());
    let reason = Some(text).filter(|reason| !reason.is_empty()).map(str::to_owned);
    let command = match form.field("act") {
        "escalate" => Command::Escalate { ticket: id, reason: reason.ok_or(Problem::BadForm)? },
        "urgent" => Command::Urgent { ticket: id, reason },
        "feature" => Command::Feature { ticket: id },
        "remind" => Command::Remind { ticket: id },
        "snooze" => Command::Snooze { ticket: id, delay: text.to_owned() },
        "merge" => match vocabulary::ticket(text) {
            Ok(into) => Command::Merge { ticket: id, into },
            Err(error) => return Ok(back(&web, &form, id, unread(id, &error))),
        },
        "tag" => match text.split_whitespace().map(tag_change).collect::<Result<Vec<String>, _>>() {
            Ok(changes) if changes.is_empty() => return Err(Problem::BadForm),
            Ok(changes) => Command::Tag { ticket: id, changes },
            Err(error) => return Ok(back(&web, &form, id, unread(id, &error))),
        },
        _ => return Err(Problem::BadForm),
    };
    act(&web, &form, id, command).await
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
            Ok(back(&web, &form, id, Flash { ticket: id.0, ..Flash::saying("done", text) }))
        }
        Err(Failure::Refused(refusal)) => Ok(back(&web, &form, id, no(id, &refusal))),
        Err(broken) => Err(broken.into()),
    }
}

/// `POST /admin/support/undo`: `act`, which is taken back if it is still the agent's last one on its ticket, and `ticket`, the
/// page to come back to.
pub async fn undo(State(web): State<Web>, form: Act) -> Result<Response, Problem> {
    let ticket = form.field("ticket").parse().map(TicketId).map_err(|_| Problem::BadForm)?;
    let meant = form.field("act").parse().map(EventId).map_err(|_| Problem::BadForm)?;
    act(&web, &form, ticket, Command::Undo { act: Some(meant) }).await
}
