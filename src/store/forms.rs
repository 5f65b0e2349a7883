//! Forms in chat that were refused, and are filled in again. May import: domain, sqlx.

use super::dialect::{Sql, execute, optional, scalar, statements};
use super::{Result, Tx, clean};
use crate::domain::ids::{AgentId, FormId};
use chrono::{DateTime, Utc};

statements! {
    KEEP_FORM = Sql::same(
        "INSERT INTO form (agent_id, press, fields, created_at) VALUES ($1, $2, $3, $4) RETURNING id");
    FORM = Sql::same("SELECT press, fields FROM form WHERE id = $1 AND agent_id = $2");
    FORGET_FORMS = Sql::same("DELETE FROM form WHERE created_at < $1");
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    pub async fn keep_form(
        &mut self,
        agent: AgentId,
        press: &str,
        fields: &str,
        now: DateTime<Utc>,
    ) -> Result<FormId> {
        let id: i64 = scalar!(self, KEEP_FORM, agent.0, clean(press), clean(fields), now)?;
        Ok(FormId(id))
    }

    /// What a form asks for, and its fields; `None` for one that is somebody else's, or is forgotten.
    pub async fn form(&mut self, id: FormId, agent: AgentId) -> Result<Option<(String, String)>> {
        optional!(self, FORM, id.0, agent.0)
    }

    /// Those that are older.
    pub async fn forget_forms(&mut self, before: DateTime<Utc>) -> Result<()> {
        execute!(self, FORGET_FORMS, before).map(drop)
    }
}
