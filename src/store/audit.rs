//! The audit log. May import: domain, sqlx.

use super::dialect::{Sql, all, execute, optional, statements};
use super::{Result, Tx, clean, known};
use crate::domain::audit::{AuditDetail, AuditKind, AuditLine, By, Counts};
use crate::domain::ids::AuditId;
use chrono::{DateTime, Utc};

statements! {
    ADD_LINE = Sql::same(
        "INSERT INTO audit (at, kind, door, agent_id, actor, detail, source_key) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (source_key) DO NOTHING");
    LINE_BY_KEY = Sql::fork(
        "SELECT id, detail FROM audit WHERE source_key = $1",
        "SELECT id, detail FROM audit WHERE source_key = $1 FOR UPDATE");
    COUNT_ON = Sql::same("UPDATE audit SET detail = $2 WHERE id = $1");
    LINES = Sql::same(
        "SELECT id, at, kind, door, actor, detail FROM audit WHERE (CAST($1 AS BIGINT) IS NULL OR id < $1) \
         ORDER BY id DESC LIMIT $2");
    LINES_SINCE = Sql::same(
        "SELECT id, at, kind, door, actor, detail FROM audit WHERE at >= $1 ORDER BY id DESC LIMIT $2");
}

#[derive(sqlx::FromRow)]
struct LineRow {
    id: i64,
    at: DateTime<Utc>,
    kind: String,
    door: String,
    actor: String,
    detail: String,
}

impl LineRow {
    fn read(self) -> Result<AuditLine> {
        Ok(AuditLine {
            id: AuditId(self.id),
            at: self.at,
            kind: known(&self.kind, AuditKind::from_word)?,
            door: self.door,
            actor: self.actor,
            detail: read(&self.detail)?,
        })
    }
}

fn read(detail: &str) -> Result<AuditDetail> {
    serde_json::from_str(detail).map_err(|error| sqlx::Error::Decode(error.into()))
}

fn written(detail: &AuditDetail) -> Result<String> {
    serde_json::to_string(detail).map_err(|error| sqlx::Error::Encode(error.into()))
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// Appends a line.
    pub async fn audit(
        &mut self,
        by: &By,
        kind: AuditKind,
        detail: &AuditDetail,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.add_audit(by, kind, detail, None, now).await
    }

    async fn add_audit(
        &mut self,
        by: &By,
        kind: AuditKind,
        detail: &AuditDetail,
        source_key: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let (agent, detail) = (by.agent.map(|id| id.0), written(detail)?);
        execute!(
            self,
            ADD_LINE,
            now,
            kind.as_str(),
            by.door.as_str(),
            agent,
            clean(&by.name),
            clean(&detail),
            source_key
        )
        .map(drop)
    }

    /// Counts on in the line of this key, which is there once from then on.
    pub async fn count_on(
        &mut self,
        by: &By,
        kind: AuditKind,
        more: Counts,
        source_key: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.add_audit(by, kind, &AuditDetail::default(), Some(source_key), now).await?;
        let row: Option<(i64, String)> = optional!(self, LINE_BY_KEY, source_key)?;
        let (id, detail) = row.ok_or(sqlx::Error::RowNotFound)?;
        let mut detail = read(&detail)?;
        detail.counts += more;
        execute!(self, COUNT_ON, id, written(&detail)?).map(drop)
    }

    /// The first `limit` lines, the newest first; from behind `before` on.
    pub async fn audit_lines(&mut self, before: Option<AuditId>, limit: i64) -> Result<Vec<AuditLine>> {
        let rows: Vec<LineRow> = all!(self, LINES, before.map(|id| id.0), limit)?;
        rows.into_iter().map(LineRow::read).collect()
    }

    /// The latest `limit` lines since an instant, the newest first.
    pub async fn audit_since(&mut self, since: DateTime<Utc>, limit: i64) -> Result<Vec<AuditLine>> {
        let rows: Vec<LineRow> = all!(self, LINES_SINCE, since, limit)?;
        rows.into_iter().map(LineRow::read).collect()
    }
}
