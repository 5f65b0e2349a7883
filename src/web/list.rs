//! The list of tickets: filtered, searched, put in order, a page at a time; its address says all of that, so that a bookmark is
//! a saved filter. May import: desk, view, wording, domain.

use super::admin::recall;
use super::pages::{ConsolePanel, Frame, Pages};
use super::session::Session;
use super::shown::{self, Here, ShownPriority, ShownStatus};
use super::{Problem, Web};
use crate::desk::board::QueueFilter;
use crate::domain::excerpt::pieces;
use crate::domain::hex::percent_encoded;
use crate::domain::ids::AgentId;
use crate::domain::list::{Holder, Order, Place};
use crate::domain::people::Agent;
use crate::domain::ticket::{Priority, Status};
use crate::view::{Figures, Queue, TicketView};
use crate::wording::lists;
use axum::extract::{Query, State};
use axum::response::Html;
use minijinja::value::Serde;
use minijinja::{HtmlEscape, Value, context};
use std::collections::HashMap;

/// Tickets on one page.
const ROWS: i64 = 50;

/// The longest search that is looked at, in characters, as the form has it.
const LONGEST_SEARCH: usize = 200;

/// Whose tickets are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those of the agent signed in: one address for everybody.
    Mine,
    /// Those of this holder.
    Holder(Holder),
}

impl Whose {
    fn from_word(word: &str) -> Option<Whose> {
        match word {
            "me" => Some(Whose::Mine),
            "nobody" => Some(Whose::Holder(Holder::Nobody)),
            number => number.parse().ok().map(|id| Whose::Holder(Holder::Agent(AgentId(id)))),
        }
    }

    fn to_word(self) -> String {
        match self {
            Whose::Mine => "me".to_owned(),
            Whose::Holder(Holder::Nobody) => "nobody".to_owned(),
            Whose::Holder(Holder::Agent(id)) => id.to_string(),
        }
    }
}

/// What the filter form holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// Only this status.
    pub status: Option<Status>,
    /// Only this priority.
    pub priority: Option<Priority>,
    /// Only theirs.
    pub whose: Option<Whose>,
    /// Only with this tag; empty for all.
    pub tag: String,
    /// Words looked for, as typed.
    pub words: String,
    /// What stands first.
    pub order: Order,
}

impl Filters {
    fn read(query: &HashMap<String, String>) -> Filters {
        let field = |name: &str| query.get(name).map_or("", |value| value.trim());
        Filters {
            status: Status::from_word(field("status")),
            priority: Priority::from_word(field("priority")),
            whose: Whose::from_word(field("agent")),
            tag: crate::domain::tag::normal_tag(field("tag")).unwrap_or_default(),
            words: field("q").chars().take(LONGEST_SEARCH).collect(),
            order: Order::from_word(field("sort")).unwrap_or_default(),
        }
    }

    /// The address of the list, filtered this way, from `after` on.
    pub fn address(&self, after: Option<Place>) -> String {
        let mut pairs: Vec<(&str, String)> = Vec::new();
        pairs.extend(self.status.map(|status| ("status", status.as_str().to_owned())));
        pairs.extend(self.priority.map(|priority| ("priority", priority.as_str().to_owned())));
        pairs.extend(self.whose.map(|whose| ("agent", whose.to_word())));
        pairs.extend((!self.tag.is_empty()).then(|| ("tag", percent_encoded(&self.tag))));
        pairs.extend((!self.words.is_empty()).then(|| ("q", percent_encoded(&self.words))));
        pairs.extend((self.order != Order::default()).then(|| ("sort", self.order.as_str().to_owned())));
        pairs.extend(after.map(|place| ("after", place.to_word())));
        let query: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        match query.is_empty() {
            true => "/admin/support".to_owned(),
            false => format!("/admin/support?{}", query.join("&")),
        }
    }

    fn is_active(&self) -> bool {
        Filters { order: Order::default(), ..self.clone() } != Filters::default()
    }
}

/// The list, as it is drawn.
#[derive(Debug)]
pub struct ListPage<'a> {
    /// The five figures.
    pub figures: Figures,
    /// The rows, and how many there are in all.
    pub queue: &'a Queue,
    /// What it is filtered by.
    pub filters: Filters,
    /// Where these rows begin; `None` for the first.
    pub after: Option<Place>,
    /// All agents.
    pub agents: &'a [Agent],
    /// The tags that are used most.
    pub tags: &'a [String],
    /// The console beside the list.
    pub console: ConsolePanel<'a>,
}

/// `GET /admin/support`.
pub async fn list(
    State(web): State<Web>,
    session: Session,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Html<String>, Problem> {
    let filters = Filters::read(&query);
    let after = query.get("after").and_then(|word| Place::from_word(word));
    let mut frame = web.frame(&session, "queue").await?;
    frame.flash = recall(&web, &session, query.get("done").map_or("", String::as_str));
    let filter = QueueFilter {
        status: filters.status,
        priority: filters.priority,
        holder: filters.whose.map(|whose| match whose {
            Whose::Mine => Holder::Agent(session.agent.id),
            Whose::Holder(holder) => holder,
        }),
        tag: (!filters.tag.is_empty()).then(|| filters.tag.clone()),
        words: filters.words.split_whitespace().map(str::to_owned).collect(),
        order: filters.order,
        limit: Some(ROWS),
        after,
    };
    let board = web.desk().board(&filter).await?;
    let turns = web.transcripts().of(&session.hash);
    let page = ListPage {
        figures: board.figures,
        queue: &board.queue,
        filters,
        after,
        agents: &board.agents,
        tags: &board.tags,
        console: ConsolePanel::of(&turns, "queue"),
    };
    Ok(Html(web.pages().list(&frame, &page, web.here())?))
}

impl Pages {
    /// The list of tickets.
    pub fn list(&self, frame: &Frame, page: &ListPage<'_>, here: Here) -> Result<String, minijinja::Error> {
        let Filters { status, priority, whose, tag, words, order } = &page.filters;
        let only_status = Filters { status: *status, order: *order, ..Filters::default() } == page.filters;
        let content = context! {
            frame => Serde(frame),
            figures => Serde(shown::figures(page.figures, only_status.then_some(*status))),
            statuses => Serde(Status::ALL.map(ShownStatus::from)),
            priorities => Serde(Priority::ALL.map(ShownPriority::from)),
            agents => page.agents.iter().map(|agent| context! { id => agent.id.to_string(), name => &agent.name }).collect::<Vec<_>>(),
            tags => Serde(page.tags),
            orders => Order::ALL.map(|order| context! { word => order.as_str(), label => lists::order(order) }).to_vec(),
            filter => context! {
                status => status.map_or("", Status::as_str),
                priority => priority.map_or("", Priority::as_str),
                agent => whose.map(Whose::to_word).unwrap_or_default(),
                tag,
                q => words,
                sort => order.as_str(),
                active => page.filters.is_active(),
            },
            count => lists::count(page.queue),
            tickets => page.queue.tickets.iter().map(|t| row(t, page.queue, here)).collect::<Vec<_>>(),
            here => page.filters.address(page.after),
            older => page.queue.next.map(|place| page.filters.address(Some(place))),
            newest => page.after.map(|_| page.filters.address(None)),
            console => self.console_panel(frame, &page.console)?,
        };
        self.team(frame, "queue.html", content)
    }
}

/// A ticket in the list, with what was searched marked in it.
fn row(ticket: &TicketView, queue: &Queue, here: Here) -> Value {
    let marked = |text: &str| -> Value {
        let cut = pieces(text, &queue.searched).into_iter().map(|piece| match piece.is_hit {
            true => format!("<mark>{}</mark>", HtmlEscape(piece.text)),
            false => HtmlEscape(piece.text).to_string(),
        });
        Value::from_safe_string(cut.collect())
    };
    let name =
        if ticket.requester.name.is_empty() { &ticket.requester.email } else { &ticket.requester.name };
    context! {
        subject => marked(&ticket.subject),
        writer => marked(name),
        excerpt => queue.excerpts.get(&ticket.id).map(|text| marked(text)),
        ..Value::from(Serde(shown::ticket(ticket, here)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn the_address_of_a_list_says_all_that_it_is_filtered_by() {
        let at = DateTime::from_timestamp_millis(1_795_512_345_678).unwrap();
        let place = Place { rank: 3, at, id: 42 };
        let filters = Filters {
            status: Some(Status::New),
            priority: Some(Priority::High),
            whose: Some(Whose::Mine),
            tag: "ete".into(),
            words: "é & co".into(),
            order: Order::Priority,
        };
        let address = filters.address(Some(place));
        assert_eq!(
            address,
            "/admin/support?status=new&priority=high&agent=me&tag=ete&q=%C3%A9%20%26%20co&sort=priority\
             &after=3,2026-11-24T09:25:45.678Z,42"
        );
        let query: HashMap<String, String> = [
            ("status", "new"),
            ("priority", "high"),
            ("agent", "me"),
            ("tag", "Été"),
            ("q", " é & co "),
            ("sort", "priority"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        assert_eq!(Filters::read(&query), filters);
        assert_eq!(Filters::read(&HashMap::new()).address(None), "/admin/support");
        for whose in [Whose::Mine, Whose::Holder(Holder::Nobody), Whose::Holder(Holder::Agent(AgentId(7)))] {
            assert_eq!(Whose::from_word(&whose.to_word()), Some(whose));
        }
        assert_eq!(Whose::from_word("x"), None);
    }
}
