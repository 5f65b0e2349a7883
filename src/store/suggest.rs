//! What may be proposed while somebody types: few rows, each statement by an index. May import: domain, sqlx.

use super::dialect::{Sql, all, scalar, statements};
use super::{Result, Tx, known};
use crate::domain::delivery::DeliveryState;
use crate::domain::ids::{AgentId, DeliveryId, TicketId};
use crate::domain::ticket::Status;
use chrono::{DateTime, Utc};

macro_rules! tickets {
    ($rest:literal) => {
        concat!(
            "SELECT ticket.id, ticket.subject, ticket.status, ticket.assignee_id, ticket.updated_at, requester.name, \
             requester.email FROM ticket JOIN requester ON requester.id = ticket.requester_id WHERE ",
            $rest
        )
    };
}

statements! {
    // The conditions on the status are those of the indexes.
    SUGGEST_OWN = Sql::same(tickets!(
        "ticket.assignee_id = $1 AND ticket.status <> 'closed' ORDER BY ticket.updated_at DESC, ticket.id DESC LIMIT $2"));
    SUGGEST_OPEN = Sql::same(tickets!(
        "ticket.status <> 'closed' ORDER BY ticket.updated_at DESC, ticket.id DESC LIMIT $1"));
    SUGGEST_CLOSED = Sql::same(tickets!(
        "ticket.status = 'closed' ORDER BY ticket.updated_at DESC, ticket.id DESC LIMIT $1"));
    SUGGEST_NUMBERS = Sql::same(tickets!("ticket.id BETWEEN $1 AND $2 ORDER BY ticket.id DESC LIMIT $3"));
    HIGHEST_NUMBER = Sql::same("SELECT COALESCE(MAX(id), 0) FROM ticket");
    SUGGEST_FOUND = Sql::fork(
        tickets!(
            "ticket.id IN (SELECT message.ticket_id FROM message WHERE message.id IN \
             (SELECT rowid FROM search WHERE search MATCH $1 ORDER BY rowid DESC LIMIT $2))"),
        tickets!(
            "ticket.id IN (SELECT message.ticket_id FROM message WHERE message.id IN \
             (SELECT search.message_id FROM search WHERE search.words @@ CAST($1 AS tsquery) \
             ORDER BY search.message_id DESC LIMIT $2))"));
    SUGGEST_DELIVERIES = Sql::same(
        "SELECT id, ticket_id, state, title, updated_at FROM delivery WHERE state IN ('failed', 'uncertain') \
         ORDER BY updated_at DESC, id DESC LIMIT $1");
}

/// A ticket as it is proposed.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "columns of the ticket and of its requester")]
pub struct SuggestedTicket {
    pub id: TicketId,
    pub subject: String,
    pub status: Status,
    pub assignee: Option<AgentId>,
    pub updated_at: DateTime<Utc>,
    pub requester_name: String,
    pub requester_email: String,
}

/// A delivery as it is proposed.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "columns of the delivery")]
pub struct SuggestedDelivery {
    pub id: DeliveryId,
    pub ticket: TicketId,
    pub state: DeliveryState,
    pub title: String,
}

type TicketRow = (i64, String, String, Option<i64>, DateTime<Utc>, String, String);

fn tickets(rows: Vec<TicketRow>) -> Result<Vec<SuggestedTicket>> {
    let read = |(id, subject, status, assignee, updated_at, requester_name, requester_email): TicketRow| {
        Ok(SuggestedTicket {
            id: TicketId(id),
            subject,
            status: known(&status, Status::from_word)?,
            assignee: assignee.map(AgentId),
            updated_at,
            requester_name,
            requester_email,
        })
    };
    rows.into_iter().map(read).collect()
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Tx {
    /// The agent's tickets that are not closed, newest change first.
    pub async fn suggest_own(&mut self, agent: AgentId, limit: i64) -> Result<Vec<SuggestedTicket>> {
        let rows: Vec<TicketRow> = all!(self, SUGGEST_OWN, agent.0, limit)?;
        tickets(rows)
    }

    /// The tickets that are not closed, newest change first.
    pub async fn suggest_open(&mut self, limit: i64) -> Result<Vec<SuggestedTicket>> {
        let rows: Vec<TicketRow> = all!(self, SUGGEST_OPEN, limit)?;
        tickets(rows)
    }

    /// The closed tickets, newest change first.
    pub async fn suggest_closed(&mut self, limit: i64) -> Result<Vec<SuggestedTicket>> {
        let rows: Vec<TicketRow> = all!(self, SUGGEST_CLOSED, limit)?;
        tickets(rows)
    }

    /// The tickets from one number to another, the highest number first.
    pub async fn suggest_numbers(&mut self, from: i64, to: i64, limit: i64) -> Result<Vec<SuggestedTicket>> {
        let rows: Vec<TicketRow> = all!(self, SUGGEST_NUMBERS, from, to, limit)?;
        tickets(rows)
    }

    /// The highest number of a ticket; 0 without one.
    pub async fn highest_ticket(&mut self) -> Result<i64> {
        scalar!(self, HIGHEST_NUMBER)
    }

    /// The tickets of the `messages` newest messages in which each of these folded words begins a word, their subjects
    /// and writers included; in no order. None without a word.
    pub async fn suggest_found(&mut self, words: &[String], messages: i64) -> Result<Vec<SuggestedTicket>> {
        let Some(expression) = self.search_expression(words).await? else { return Ok(Vec::new()) };
        let rows: Vec<TicketRow> = all!(self, SUGGEST_FOUND, expression, messages)?;
        tickets(rows)
    }

    /// What failed to leave or may not have left, the newest first.
    pub async fn suggest_deliveries(&mut self, limit: i64) -> Result<Vec<SuggestedDelivery>> {
        let rows: Vec<(i64, i64, String, String, DateTime<Utc>)> = all!(self, SUGGEST_DELIVERIES, limit)?;
        let read = |(id, ticket, state, title, _): (i64, i64, String, String, DateTime<Utc>)| {
            Ok(SuggestedDelivery {
                id: DeliveryId(id),
                ticket: TicketId(ticket),
                state: known(&state, DeliveryState::from_word)?,
                title,
            })
        };
        rows.into_iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::plans::Plans;

    #[tokio::test]
    async fn sqlite_reads_no_table_from_one_end_to_the_other() {
        let mut plans = Plans::new().await;
        for (name, sql) in STATEMENTS {
            for step in plans.of(sql).await {
                let by_index = step.contains("USING") || step.contains("VIRTUAL TABLE INDEX");
                assert!(!step.starts_with("SCAN") || by_index, "{name}: {step}");
                assert!(!step.contains("TEMP B-TREE") || name.ends_with("DELIVERIES"), "{name}: {step}");
            }
        }
    }
}
