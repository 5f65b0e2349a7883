//! Forms in chat that were refused: what was typed is kept for a day.

use super::{Desk, Result};
use crate::domain::ids::FormId;
use crate::domain::people::Agent;
use chrono::TimeDelta;

/// How long what was typed is kept.
const KEPT_FOR: TimeDelta = TimeDelta::days(1);

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// Keeps what somebody typed into a form, by what the form asks for.
    pub async fn keep_form(&self, agent: &Agent, press: &str, fields: &[(String, String)]) -> Result<FormId> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        tx.forget_forms(now - KEPT_FOR).await?;
        let fields = serde_json::to_string(fields).map_err(anyhow::Error::from)?;
        let id = tx.keep_form(agent.id, press, &fields, now).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// What they typed, and what the form asks for; `None` where it is somebody else's, or no longer kept.
    pub async fn kept_form(
        &self,
        agent: &Agent,
        form: FormId,
    ) -> Result<Option<(String, Vec<(String, String)>)>> {
        let kept = self.inner.store.read().await?.form(form, agent.id).await?;
        let read = |(press, fields): (String, String)| Some((press, serde_json::from_str(&fields).ok()?));
        Ok(kept.and_then(read))
    }
}
