//! The standard replies as they were written in the pages, version by version. May import: domain, sqlx.

use super::dialect::{Sql, all, execute, statements};
use super::{Result, Tx, clean, known};
use crate::domain::audit::By;
use crate::domain::canned::{CannedText, CannedVersion};
use crate::domain::ticket::Status;
use chrono::{DateTime, Utc};

statements! {
    LATEST = Sql::same(
        "SELECT key, version, title, body, then_status, actor, at FROM canned_version v \
         WHERE version = (SELECT MAX(version) FROM canned_version w WHERE w.key = v.key) ORDER BY key");
    VERSIONS = Sql::same(
        "SELECT key, version, title, body, then_status, actor, at FROM canned_version WHERE key = $1 \
         ORDER BY version DESC LIMIT $2");
    VERSION = Sql::same(
        "SELECT key, version, title, body, then_status, actor, at FROM canned_version WHERE key = $1 AND version = $2");
    // Of two who write at once one is first, and the other is told.
    ADD_VERSION = Sql::same(
        "INSERT INTO canned_version (key, version, title, body, then_status, agent_id, actor, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (key, version) DO NOTHING");
}

#[derive(sqlx::FromRow)]
struct VersionRow {
    key: String,
    version: i64,
    title: Option<String>,
    body: Option<String>,
    then_status: Option<String>,
    actor: String,
    at: DateTime<Utc>,
}

impl VersionRow {
    fn read(self) -> Result<CannedVersion> {
        let then = self.then_status.as_deref().map(|word| known(word, Status::from_word)).transpose()?;
        let said = self.title.zip(self.body).map(|(title, body)| CannedText { title, body, then });
        Ok(CannedVersion { key: self.key, version: self.version, said, agent: self.actor, at: self.at })
    }
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// The latest version of each standard reply that was ever written in the pages.
    pub async fn canned_latest(&mut self) -> Result<Vec<CannedVersion>> {
        let rows: Vec<VersionRow> = all!(self, LATEST)?;
        rows.into_iter().map(VersionRow::read).collect()
    }

    /// The latest `limit` versions of one, the newest first.
    pub async fn canned_versions(&mut self, key: &str, limit: i64) -> Result<Vec<CannedVersion>> {
        let rows: Vec<VersionRow> = all!(self, VERSIONS, clean(key), limit)?;
        rows.into_iter().map(VersionRow::read).collect()
    }

    pub async fn canned_version(&mut self, key: &str, version: i64) -> Result<Option<CannedVersion>> {
        let rows: Vec<VersionRow> = all!(self, VERSION, clean(key), version)?;
        rows.into_iter().next().map(VersionRow::read).transpose()
    }

    /// Adds a version; `false` where somebody else has added it.
    pub async fn add_canned_version(
        &mut self,
        by: &By,
        key: &str,
        version: i64,
        said: Option<&CannedText>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let added = execute!(
            self,
            ADD_VERSION,
            clean(key),
            version,
            said.map(|said| clean(&said.title)),
            said.map(|said| clean(&said.body)),
            said.and_then(|said| said.then).map(Status::as_str),
            by.agent.map(|id| id.0),
            clean(&by.name),
            now
        )?;
        Ok(added > 0)
    }
}
