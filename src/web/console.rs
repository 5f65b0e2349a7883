//! The chat console in the page: `/ticket …` as in Discord or Slack. May import: desk, command, view, wording,
//! domain.

use super::pages::{ConsolePanel, Turn};
use super::session::{Act, Session};
use super::{Problem, Web};
use crate::command::parse::parse;
use crate::desk::Failure;
use crate::domain::people::Door;
use crate::view::View;
use crate::wording::{refusals, text};
use axum::extract::State;
use axum::response::{Html, Redirect};

/// `GET /admin/support/console`.
pub async fn show(State(web): State<Web>, session: Session) -> Result<Html<String>, Problem> {
    let frame = web.frame(&session, "console").await?;
    let turns = web.transcripts().of(&session.hash);
    Ok(Html(web.pages().console(&frame, &ConsolePanel::of(&turns, "console"))?))
}

/// `POST /admin/support/console`: `line`, and `back`, the page it was written on.
pub async fn say(State(web): State<Web>, form: Act) -> Result<Redirect, Problem> {
    let line = form.field("line").trim();
    let (answer, tone) = match parse(line) {
        Err(error) => (text::sentence(&refusals::say_usage(&error), false), "no"),
        Ok(command) => {
            let source_key = Some(form.source_key.as_str());
            match web.desk().run(&form.session.agent, Door::Web, command, source_key).await {
                Ok(view) => {
                    let tone = match &view {
                        View::Done(_) => "done",
                        View::Ticket(_) | View::Draft(_) | View::Templates(_) => "said",
                        View::Queue(_)
                        | View::Checklist(_)
                        | View::Stats(_)
                        | View::Report(_)
                        | View::Person(_)
                        | View::Found(_)
                        | View::Help(_)
                        | View::History(_)
                        | View::Deliveries(_)
                        | View::Participants(_) => "table",
                    };
                    (text::draw(&view, web.here().now, web.settings().zone, false), tone)
                }
                Err(Failure::Refused(refusal)) => (text::sentence(&refusals::say(&refusal), false), "no"),
                Err(broken) => return Err(broken.into()),
            }
        }
    };
    web.transcripts().add(&form.session.hash, Turn { line: line.to_owned(), answer, tone });
    Ok(Redirect::to(match form.field("back") {
        "console" => "/admin/support/console",
        _ => "/admin/support#console",
    }))
}
