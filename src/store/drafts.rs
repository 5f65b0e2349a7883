//! Replies being written. May import: domain, sqlx.

use super::dialect::{Sql, all, execute, optional, optional_scalar, scalar, statements};
use super::{Result, Tx, clean, known};
use crate::domain::ids::{AgentId, DraftId, MessageId, TicketId};
use crate::domain::ticket::Status;
use chrono::{DateTime, Utc};

statements! {
    BEGIN_DRAFT = Sql::same(
        "INSERT INTO draft (ticket_id, agent_id, template, text, then_status, base, state, created_at, updated_at, source_key) \
         VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $7, $8) \
         ON CONFLICT (source_key) WHERE source_key IS NOT NULL DO NOTHING RETURNING id");
    DRAFT_BY_SOURCE = Sql::same("SELECT id FROM draft WHERE source_key = $1");
    DRAFT = Sql::same(
        "SELECT id, ticket_id, agent_id, template, text, then_status, base, state, updated_at FROM draft WHERE id = $1");
    PAGE_DRAFT = Sql::same(
        "SELECT id, ticket_id, agent_id, template, text, then_status, base, state, updated_at FROM draft \
         WHERE ticket_id = $1 AND agent_id = $2 AND state = 'open' AND source_key LIKE 'page:%' ORDER BY id DESC LIMIT 1");
    KEEP_DRAFT = Sql::same(
        "UPDATE draft SET text = $2, then_status = $3, base = $4, updated_at = $5 WHERE id = $1 AND state = 'open'");
    // What was given up is not kept.
    END_DRAFT = Sql::same(
        "UPDATE draft SET state = $2, updated_at = $3, text = CASE WHEN $2 = 'dropped' THEN '' ELSE text END \
         WHERE id = $1 AND state = 'open'");
    LATEST_SAID = Sql::same(
        "SELECT COALESCE(MAX(id), 0) FROM message WHERE ticket_id = $1 AND retracted_at IS NULL AND direction <> 'note'");
    WRITERS = Sql::same(
        "SELECT DISTINCT agent.id, agent.name FROM draft JOIN agent ON agent.id = draft.agent_id \
         WHERE draft.ticket_id = $1 AND draft.state = 'open' AND draft.updated_at > $2 ORDER BY agent.name");
}

/// A reply being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDraft {
    /// Its number.
    pub id: DraftId,
    /// The ticket it answers.
    pub ticket: TicketId,
    /// Who writes.
    pub agent: AgentId,
    /// The standard reply it began as.
    pub template: Option<String>,
    /// What is written so far.
    pub text: String,
    /// The status that goes with it.
    pub then: Option<Status>,
    /// The latest message of the conversation that the writer has seen; 0 when there was none.
    pub base: MessageId,
    /// Neither sent nor dropped.
    pub is_open: bool,
    /// When it was last written to.
    pub touched_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct DraftRow {
    id: i64,
    ticket_id: i64,
    agent_id: i64,
    template: Option<String>,
    text: String,
    then_status: Option<String>,
    base: i64,
    state: String,
    updated_at: DateTime<Utc>,
}

impl DraftRow {
    fn read(self) -> Result<StoredDraft> {
        Ok(StoredDraft {
            id: DraftId(self.id),
            ticket: TicketId(self.ticket_id),
            agent: AgentId(self.agent_id),
            template: self.template,
            text: self.text,
            then: self.then_status.map(|status| known(&status, Status::from_word)).transpose()?,
            base: MessageId(self.base),
            is_open: self.state == "open",
            touched_at: self.updated_at,
        })
    }
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// The same `source_key` again gives the draft that it began.
    #[allow(clippy::too_many_arguments, reason = "one row, and each argument is a column")]
    pub async fn begin_draft(
        &mut self,
        ticket: TicketId,
        agent: AgentId,
        template: Option<&str>,
        text: &str,
        then: Option<Status>,
        base: MessageId,
        now: DateTime<Utc>,
        source_key: &str,
    ) -> Result<DraftId> {
        let (then, key) = (then.map(Status::as_str), clean(source_key));
        let (template, text) = (template.map(clean), clean(text));
        let begun: Option<i64> = optional_scalar!(
            self,
            BEGIN_DRAFT,
            ticket.0,
            agent.0,
            template,
            text,
            then,
            base.0,
            now,
            key.as_ref()
        )?;
        match begun {
            Some(id) => Ok(DraftId(id)),
            None => scalar!(self, DRAFT_BY_SOURCE, key).map(DraftId),
        }
    }

    pub async fn draft(&mut self, id: DraftId) -> Result<Option<StoredDraft>> {
        let row: Option<DraftRow> = optional!(self, DRAFT, id.0)?;
        row.map(DraftRow::read).transpose()
    }

    /// What this agent writes to a ticket on its page.
    pub async fn page_draft(&mut self, ticket: TicketId, agent: AgentId) -> Result<Option<StoredDraft>> {
        let row: Option<DraftRow> = optional!(self, PAGE_DRAFT, ticket.0, agent.0)?;
        row.map(DraftRow::read).transpose()
    }

    /// `false` when it is not open any more.
    pub async fn keep_draft(
        &mut self,
        id: DraftId,
        text: &str,
        then: Option<Status>,
        base: MessageId,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let then = then.map(Status::as_str);
        execute!(self, KEEP_DRAFT, id.0, clean(text), then, base.0, now).map(|rows| rows == 1)
    }

    /// `false` when it was ended before.
    pub async fn end_draft(&mut self, id: DraftId, sent: bool, now: DateTime<Utc>) -> Result<bool> {
        let state = if sent { "sent" } else { "dropped" };
        execute!(self, END_DRAFT, id.0, state, now).map(|rows| rows == 1)
    }

    /// The latest message of the conversation, the team's own notes left out; 0 where there is none.
    pub async fn latest_said(&mut self, ticket: TicketId) -> Result<MessageId> {
        scalar!(self, LATEST_SAID, ticket.0).map(MessageId)
    }

    /// Who writes a reply to this ticket, touched after `since`.
    pub async fn writers(
        &mut self,
        ticket: TicketId,
        since: DateTime<Utc>,
    ) -> Result<Vec<(AgentId, String)>> {
        let rows: Vec<(i64, String)> = all!(self, WRITERS, ticket.0, since)?;
        Ok(rows.into_iter().map(|(id, name)| (AgentId(id), name)).collect())
    }
}
