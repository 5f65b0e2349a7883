//! One act on several tickets of the list. What tells requesters something is asked about once more, with the tickets it is
//! meant for. Each ticket is an act of its own: one that refuses keeps none of the others back. May import: desk,
//! command, wording, domain.

use super::pages::Flash;
use super::session::Act;
use super::{Problem, Web};
use crate::command::grammar::Command;
use crate::command::vocabulary::tag_change;
use crate::desk::Failure;
use crate::domain::ids::TicketId;
use crate::domain::notice::NoticeKind;
use crate::domain::people::Door;
use crate::domain::ticket::{Priority, Status};
use crate::wording::{lists, refusals, text};
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use minijinja::context;
use minijinja::value::Serde;

/// The most tickets of one act; the list shows fewer.
const MOST: usize = 200;

/// What is done to each.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wish {
    Status(Status),
    Priority(Priority),
    Assign(String),
    Tags(Vec<String>),
    Spam,
}

impl Wish {
    /// The wish of the form's `act`: `status:resolved`, `priority:high`, `assign:Camille`, `tag`, `spam`. `Err` says in French
    /// what is missing.
    fn read(act: &str, tags: &str) -> Result<Wish, String> {
        let (kind, value) = act.split_once(':').unwrap_or((act, ""));
        let wish = match kind {
            "status" => Status::from_word(value).map(Wish::Status),
            "priority" => Priority::from_word(value).map(Wish::Priority),
            "assign" if !value.is_empty() => Some(Wish::Assign(value.to_owned())),
            "spam" => Some(Wish::Spam),
            "tag" => {
                let changes = tags.split_whitespace().map(tag_change).collect::<Result<Vec<String>, _>>();
                let changes = changes.map_err(|error| refusals::say_usage(&error))?;
                (!changes.is_empty()).then_some(Wish::Tags(changes))
            }
            _ => None,
        };
        wish.ok_or_else(|| lists::NO_ACT.to_owned())
    }

    fn command(&self, ticket: TicketId) -> Command {
        match self {
            Wish::Status(to) => Command::Status { ticket, to: *to, reason: None },
            Wish::Priority(to) => Command::Priority { ticket, to: *to },
            Wish::Assign(name) => Command::Assign { ticket, name: name.clone() },
            Wish::Tags(changes) => Command::Tag { ticket, changes: changes.clone() },
            Wish::Spam => Command::Spam { ticket },
        }
    }

    /// Requesters are told, or cannot write any more: worth a second look.
    fn is_grave(&self) -> bool {
        match self {
            Wish::Status(to) => NoticeKind::of_status(*to).is_some(),
            Wish::Spam => true,
            Wish::Priority(_) | Wish::Assign(_) | Wish::Tags(_) => false,
        }
    }

    fn said(&self) -> String {
        match self {
            Wish::Status(to) => lists::acts::status(*to),
            Wish::Priority(to) => lists::acts::priority(*to),
            Wish::Assign(name) => lists::acts::assign(name),
            Wish::Tags(changes) => lists::acts::tags(changes),
            Wish::Spam => lists::acts::SPAM.to_owned(),
        }
    }
}

/// `POST /admin/support/bulk`: `pick`, a number of a ticket, once for each; `act`; `tags` for the act `tag`; `back`, the list to
/// come back to; `sure` once the question was answered.
pub async fn act(State(web): State<Web>, form: Act) -> Result<Response, Problem> {
    let mut picked: Vec<TicketId> =
        form.fields("pick").filter_map(|id| id.parse().map(TicketId).ok()).collect();
    picked.truncate(MOST);
    picked.sort_unstable();
    picked.dedup();
    if picked.is_empty() {
        return Ok(back(&web, &form, Flash::no(lists::NOTHING_TICKED)));
    }
    let wish = match Wish::read(form.field("act"), form.field("tags")) {
        Ok(wish) => wish,
        Err(why) => return Ok(back(&web, &form, Flash::no(&why))),
    };
    if wish.is_grave() && form.field("sure").is_empty() {
        return ask(&web, &form, &wish, &picked).await;
    }
    let (mut done, mut refused) = (0, Vec::new());
    for ticket in picked {
        let key = format!("{}:{ticket}", form.source_key);
        match web.desk().run(&form.session.agent, Door::Web, wish.command(ticket), Some(&key)).await {
            Ok(_) => done += 1,
            Err(Failure::Refused(refusal)) => {
                refused.push((ticket.0, text::sentence(&refusals::say(&refusal), false)));
            }
            // What was done before it stands, and the same form sent again does the rest.
            Err(broken) => return Err(broken.into()),
        }
    }
    let tone = if done == 0 { "no" } else { "done" };
    Ok(back(&web, &form, Flash::saying(tone, lists::done(&wish.said(), done, &refused))))
}

/// The page that asks whether these are the tickets that are meant.
async fn ask(web: &Web, form: &Act, wish: &Wish, picked: &[TicketId]) -> Result<Response, Problem> {
    let mut frame = web.frame(&form.session, "bulk").await?;
    frame.revision = None;
    let tickets = web.desk().cards(picked).await?;
    let here = web.here();
    let content = context! {
        frame => Serde(&frame),
        said => wish.said(),
        is_spam => *wish == Wish::Spam,
        act => form.field("act"),
        back => list_address(form.field("back")),
        tickets => Serde(tickets.iter().map(|ticket| super::shown::ticket(ticket, here)).collect::<Vec<_>>()),
        told => Serde(tickets.iter().map(|ticket| super::shown::told(&ticket.requester, web.desk().takes_push())).collect::<Vec<_>>()),
    };
    Ok(Html(web.pages().team(&frame, "bulk.html", content)?).into_response())
}

fn back(web: &Web, form: &Act, flash: Flash) -> Response {
    web.answered(form, list_address(form.field("back")), flash)
}

/// The list that the form came from, whatever it says.
fn list_address(back: &str) -> &str {
    let is_ours = back == "/admin/support" || back.starts_with("/admin/support?");
    let is_plain = back.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_ours && is_plain { back } else { "/admin/support" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_read_from_the_form() {
        assert_eq!(Wish::read("status:resolved", ""), Ok(Wish::Status(Status::Resolved)));
        assert_eq!(Wish::read("assign:Zoé Élan", ""), Ok(Wish::Assign("Zoé Élan".into())));
        assert_eq!(Wish::read("tag", "bug -VIP"), Ok(Wish::Tags(vec!["+bug".into(), "-vip".into()])));
        for (act, tags) in [("", ""), ("status:lost", ""), ("assign:", ""), ("tag", ""), ("drop", "")] {
            assert_eq!(Wish::read(act, tags), Err(lists::NO_ACT.to_owned()), "{act}");
        }
    }

    #[test]
    fn it_leads_back_to_a_list_of_ours_only() {
        assert_eq!(list_address("/admin/support?status=new"), "/admin/support?status=new");
        for other in
            ["", "https://evil.example", "/admin/support/tickets/1", "//evil", "/admin/support?a\r\nb"]
        {
            assert_eq!(list_address(other), "/admin/support", "{other:?}");
        }
    }
}
