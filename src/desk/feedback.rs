//! What a requester says of the help they got, on the page that a signed link opens: once for each time the ticket was
//! settled.

use super::apply::Act;
use super::links::{Grant, Purpose};
use super::requester::{Own, Visit, feedback_asked, granted};
use super::run::persist;
use super::{Desk, Inner, Result, locked};
use crate::domain::event::Event;
use crate::domain::feedback::{Asked, LONGEST_COMMENT, Rating};
use crate::domain::ids::TicketId;
use crate::domain::people::{Actor, Door, Requester};
use crate::domain::ticket::{Status, Ticket};
use chrono::{DateTime, Utc};

/// What the page of feedback shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFeedback {
    /// The ticket's number.
    pub ticket: TicketId,
    /// Its subject, may be empty.
    pub subject: String,
    /// Where it stands.
    pub status: Status,
    /// Whether they are asked.
    pub asked: Asked,
}

/// What came of an answer to the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// It stands.
    Now(Rating),
    /// Another stood already: nothing has changed.
    Before(Rating),
    /// The ticket is worked on again: nothing is asked.
    NotAsked,
}

/// Each is `None` for a link that opens nothing.
#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// What is asked.
    pub async fn own_feedback(&self, token: &str) -> Result<Option<Own<OwnFeedback>>> {
        let now = self.inner.clock.now();
        let Some(mut visit) = self.inner.visit(token, Purpose::Feedback, now).await? else {
            return Ok(None);
        };
        let asked = feedback_asked(&mut visit.tx, &visit.ticket).await?;
        let (ticket, subject, status) = (visit.ticket.id, visit.ticket.subject.clone(), visit.ticket.status);
        self.inner.own(visit, OwnFeedback { ticket, subject, status, asked }, now).await
    }

    /// Keeps what the requester thinks; a longer comment than is kept is cut at [`LONGEST_COMMENT`].
    pub async fn give_feedback(
        &self,
        token: &str,
        rating: Rating,
        comment: &str,
    ) -> Result<Option<Own<Given>>> {
        let now = self.inner.clock.now();
        let Some(grant) = self.inner.links.read(token, Purpose::Feedback, now) else { return Ok(None) };
        let taken = persist(|| self.inner.take_feedback(grant, rating, comment, now)).await?;
        let Some((ticket, requester, given)) = taken else { return Ok(None) };
        self.inner.ring_chats();
        let tx = self.inner.store.read().await?;
        self.inner.own(Visit { tx, grant, ticket, requester }, given, now).await
    }
}

impl Inner {
    async fn take_feedback(
        &self,
        grant: Grant,
        rating: Rating,
        comment: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(Ticket, Requester, Given)>> {
        let mut tx = self.store.begin().await?;
        let Some((ticket, requester)) = granted(&mut tx, grant).await? else { return Ok(None) };
        let ticket = locked(&mut tx, ticket.id).await?;
        let given = match feedback_asked(&mut tx, &ticket).await? {
            Asked::NotYet => Given::NotAsked,
            Asked::Given(rating) => Given::Before(rating),
            Asked::Open => {
                let comment = comment.trim().chars().take(LONGEST_COMMENT).collect();
                let event = Event::FeedbackGiven { rating, comment };
                let act = Act {
                    event: &event,
                    actor: &Actor::Requester(requester.id),
                    door: Door::Web,
                    source_key: None,
                    message: None,
                    rung: None,
                };
                self.apply(&mut tx, ticket.clone(), act, now).await?;
                Given::Now(rating)
            }
        };
        tx.commit().await?;
        Ok(Some((ticket, requester, given)))
    }
}
