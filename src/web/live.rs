//! What keeps a page live: a stream that says when anything changed, and who else is at the same ticket. May import:
//! wording, domain.

use super::session::Session;
use super::{Problem, Web};
use crate::domain::ids::TicketId;
use crate::wording::present;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// How often is looked, and how many times: then the stream ends, the browser asks again by itself, and is asked who it is.
const LOOKS_EVERY: Duration = Duration::from_secs(1);
const LOOKS: u32 = 300;

/// Who looks at which ticket now, once for each open page. In memory: a restart forgets it, and the pages come back.
#[derive(Debug, Clone, Default)]
pub struct Present(Arc<Mutex<Vec<(TicketId, String)>>>);

impl Present {
    /// Notes that `agent` looks at a ticket, until what comes back is dropped.
    fn enter(&self, ticket: TicketId, agent: &str) -> Looking {
        let entry = (ticket, agent.to_owned());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(entry.clone());
        Looking { present: self.clone(), entry }
    }

    /// Who looks at a ticket beside `agent`, in the order of their names.
    pub fn beside(&self, ticket: TicketId, agent: &str) -> Vec<String> {
        let pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let others = pages.iter().filter(|(at, name)| *at == ticket && name != agent);
        let mut names: Vec<String> = others.map(|(_, name)| name.clone()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// An open page of a ticket.
struct Looking {
    present: Present,
    entry: (TicketId, String),
}

impl Drop for Looking {
    fn drop(&mut self) {
        let mut pages = self.present.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = pages.iter().position(|page| *page == self.entry) {
            pages.swap_remove(place);
        }
    }
}

/// Which page asks.
#[derive(Debug, Deserialize)]
pub struct Asked {
    /// The ticket that it shows, if it shows one.
    ticket: Option<i64>,
}

/// `GET /admin/support/live`, with `?ticket=` for the page of one: `revision` when anything changed, with the number that
/// [`super::admin::revision`] gives; `present` when others come and go, with a sentence as JSON.
pub async fn stream(
    State(web): State<Web>,
    session: Session,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    // Without a place the page asks every few seconds instead.
    let Ok(place) = Arc::clone(web.live_streams()).try_acquire_owned() else {
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    };
    let ticket = asked.ticket.map(TicketId);
    let looking = ticket.map(|ticket| web.present().enter(ticket, &session.agent.name));
    let live =
        Live { web, session, ticket, told: (None, None), waiting: Vec::new(), looks: LOOKS, looking, place };
    let events = futures_util::stream::unfold(live, |mut live| async move {
        let next = live.next().await?;
        Some((Ok::<_, Infallible>(next), live))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

struct Live {
    web: Web,
    session: Session,
    ticket: Option<TicketId>,
    /// The revision and the sentence that the page has.
    told: (Option<i64>, Option<String>),
    waiting: Vec<Event>,
    looks: u32,
    #[allow(dead_code, reason = "held for its drop")]
    looking: Option<Looking>,
    #[allow(dead_code, reason = "held for its drop")]
    place: OwnedSemaphorePermit,
}

impl Live {
    /// What is told next; `None` when the stream's time is over, or the session's.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop() {
                return Some(event);
            }
            if self.told.0.is_some() {
                self.looks = self.looks.checked_sub(1)?;
                tokio::time::sleep(LOOKS_EVERY).await;
            }
            // A database that cannot be asked ends the stream, as the end of the session does: the page asks for another.
            self.web.desk().session(&self.session.hash).await.ok()??;
            self.look().await.ok()?;
        }
    }

    async fn look(&mut self) -> Result<(), Problem> {
        let revision = self.web.desk().revision().await?;
        if self.told.0 != Some(revision) {
            self.told.0 = Some(revision);
            self.waiting.push(Event::default().event("revision").data(revision.to_string()));
        }
        if let Some(ticket) = self.ticket {
            let said = sentence(&self.web, &self.session, ticket).await?;
            if self.told.1.as_ref() != Some(&said) {
                // As JSON: browsers tell a page of no event whose data is empty.
                self.waiting.push(Event::default().event("present").json_data(&said).unwrap_or_default());
                self.told.1 = Some(said);
            }
        }
        Ok(())
    }
}

/// Who else is at a ticket, in a sentence; empty for nobody.
pub(super) async fn sentence(web: &Web, session: &Session, ticket: TicketId) -> Result<String, Problem> {
    let name = &session.agent.name;
    let mut writing = web.desk().writers(ticket).await?;
    writing.retain(|writer| writer != name);
    let mut looking = web.present().beside(ticket, name);
    looking.retain(|other| !writing.contains(other));
    Ok(present::sentence(&looking, &writing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_opened_two_pages_is_there_until_both_are_closed() {
        let present = Present::default();
        let (first, second) = (present.enter(TicketId(4), "Sam"), present.enter(TicketId(4), "Sam"));
        let elsewhere = present.enter(TicketId(5), "Camille");
        assert_eq!(present.beside(TicketId(4), "Camille"), ["Sam"]);
        assert_eq!(present.beside(TicketId(4), "Sam"), [""; 0]);
        drop(first);
        assert_eq!(present.beside(TicketId(4), "Camille"), ["Sam"]);
        drop(second);
        assert_eq!(present.beside(TicketId(4), "Camille"), [""; 0]);
        drop(elsewhere);
        assert!(present.0.lock().unwrap().is_empty());
    }
}
