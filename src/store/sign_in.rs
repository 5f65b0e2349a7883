//! Signing in: links to choose a password by, steps that wait, the secrets of authenticators. May import: domain, sqlx.

use super::dialect::{Sql, execute, optional, optional_scalar, scalar, statements};
use super::{Result, Tx, clean, known};
use crate::domain::ids::AgentId;
use crate::domain::people::Road;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

statements! {
    ANY_AGENT = Sql::same("SELECT id FROM agent ORDER BY id LIMIT 1");
    ADD_INVITATION = Sql::same(
        "INSERT INTO invitation (code_hash, agent_id, created_at, expires_at) VALUES ($1, $2, $3, $4)");
    END_FIRST_INVITATIONS = Sql::same("DELETE FROM invitation WHERE agent_id IS NULL");
    END_INVITATIONS_OF = Sql::same("DELETE FROM invitation WHERE agent_id = $1");
    END_OLD_INVITATIONS = Sql::same("DELETE FROM invitation WHERE expires_at <= $1");
    INVITATION = Sql::same("SELECT agent_id FROM invitation WHERE code_hash = $1 AND expires_at > $2");
    TAKE_INVITATION = Sql::same("DELETE FROM invitation WHERE code_hash = $1 AND expires_at > $2 RETURNING agent_id");
    ADD_SIGN_IN = Sql::same(
        "INSERT INTO sign_in (token_hash, road, agent_id, next, expires_at) VALUES ($1, $2, $3, $4, $5)");
    END_OLD_SIGN_INS = Sql::same("DELETE FROM sign_in WHERE expires_at <= $1");
    END_SIGN_INS_OF = Sql::same("DELETE FROM sign_in WHERE agent_id = $1");
    SIGN_IN = Sql::same("SELECT road, agent_id, next FROM sign_in WHERE token_hash = $1 AND expires_at > $2");
    TAKE_SIGN_IN = Sql::same(
        "DELETE FROM sign_in WHERE token_hash = $1 AND expires_at > $2 RETURNING road, agent_id, next");
    TOTP = Sql::same("SELECT totp_secret, totp_since FROM agent WHERE id = $1 AND totp_secret IS NOT NULL");
    BEGIN_TOTP = Sql::same("UPDATE agent SET totp_secret = $2 WHERE id = $1 AND totp_since IS NULL");
    CONFIRM_TOTP = Sql::same(
        "UPDATE agent SET totp_since = $3, totp_step = $4 WHERE id = $1 AND totp_secret = $2 AND totp_since IS NULL");
    TAKE_STEP = Sql::same("UPDATE agent SET totp_step = $2 WHERE id = $1 AND totp_since IS NOT NULL AND totp_step < $2");
    END_TOTP = Sql::same(
        "UPDATE agent SET totp_secret = NULL, totp_since = NULL, totp_step = NULL WHERE id = $1 AND totp_since IS NOT NULL");
    ADD_RECOVERY_CODE = Sql::same("INSERT INTO recovery_code (agent_id, code_hash) VALUES ($1, $2)");
    TAKE_RECOVERY_CODE = Sql::same("DELETE FROM recovery_code WHERE agent_id = $1 AND code_hash = $2");
    END_RECOVERY_CODES = Sql::same("DELETE FROM recovery_code WHERE agent_id = $1");
    COUNT_RECOVERY_CODES = Sql::same("SELECT COUNT(*) FROM recovery_code WHERE agent_id = $1");
}

/// A sign-in under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSignIn {
    /// By which road.
    pub road: Road,
    /// Whose code it waits for; `None` while it is away at a platform.
    pub agent: Option<AgentId>,
    /// Where it leads.
    pub next: String,
}

/// The secret of an agent's authenticator.
#[derive(Debug, Clone)]
pub struct StoredTotp {
    /// In base32.
    pub secret: SecretString,
    /// Since when it counts; `None` until a code of it was given.
    pub since: Option<DateTime<Utc>>,
}

type SignInRow = (String, Option<i64>, String);

fn sign_in((road, agent, next): SignInRow) -> Result<StoredSignIn> {
    Ok(StoredSignIn { road: known(&road, Road::from_word)?, agent: agent.map(AgentId), next })
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    pub async fn has_agents(&mut self) -> Result<bool> {
        let first: Option<i64> = optional_scalar!(self, ANY_AGENT)?;
        Ok(first.is_some())
    }

    /// Makes a link, in the place of those that the agent has (`None`: of those for the first admin).
    pub async fn invite(
        &mut self,
        agent: Option<AgentId>,
        code_hash: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<()> {
        execute!(self, END_OLD_INVITATIONS, now)?;
        match agent {
            Some(agent) => self.end_invitations(agent).await?,
            None => self.end_first_invitations().await?,
        }
        execute!(self, ADD_INVITATION, code_hash, agent.map(|agent| agent.0), now, until).map(drop)
    }

    pub async fn end_first_invitations(&mut self) -> Result<()> {
        execute!(self, END_FIRST_INVITATIONS).map(drop)
    }

    pub async fn end_invitations(&mut self, agent: AgentId) -> Result<()> {
        execute!(self, END_INVITATIONS_OF, agent.0).map(drop)
    }

    /// Whom a link is for: nobody yet, or an agent. `None`: it opens nothing.
    pub async fn invitation(
        &mut self,
        code_hash: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Option<AgentId>>> {
        let agent: Option<Option<i64>> = optional_scalar!(self, INVITATION, code_hash, now)?;
        Ok(agent.map(|agent| agent.map(AgentId)))
    }

    /// The same, and it is used up.
    pub async fn take_invitation(
        &mut self,
        code_hash: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Option<AgentId>>> {
        let agent: Option<Option<i64>> = optional_scalar!(self, TAKE_INVITATION, code_hash, now)?;
        Ok(agent.map(|agent| agent.map(AgentId)))
    }

    /// Keeps a sign-in that goes on later, and forgets those that did not.
    pub async fn begin_sign_in(
        &mut self,
        token_hash: &str,
        begun: &StoredSignIn,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<()> {
        execute!(self, END_OLD_SIGN_INS, now)?;
        let (road, agent) = (begun.road.as_str(), begun.agent.map(|agent| agent.0));
        execute!(self, ADD_SIGN_IN, token_hash, road, agent, clean(&begun.next), until).map(drop)
    }

    pub async fn sign_in(&mut self, token_hash: &str, now: DateTime<Utc>) -> Result<Option<StoredSignIn>> {
        let row: Option<SignInRow> = optional!(self, SIGN_IN, token_hash, now)?;
        row.map(sign_in).transpose()
    }

    /// The same, and it is used up.
    pub async fn take_sign_in(
        &mut self,
        token_hash: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<StoredSignIn>> {
        let row: Option<SignInRow> = optional!(self, TAKE_SIGN_IN, token_hash, now)?;
        row.map(sign_in).transpose()
    }

    pub async fn end_sign_ins(&mut self, agent: AgentId) -> Result<()> {
        execute!(self, END_SIGN_INS_OF, agent.0).map(drop)
    }

    pub async fn totp(&mut self, agent: AgentId) -> Result<Option<StoredTotp>> {
        let row: Option<(String, Option<DateTime<Utc>>)> = optional!(self, TOTP, agent.0)?;
        Ok(row.map(|(secret, since)| StoredTotp { secret: secret.into(), since }))
    }

    /// Keeps a secret that does not count yet. `false` where one counts.
    pub async fn begin_totp(&mut self, agent: AgentId, secret: &SecretString) -> Result<bool> {
        Ok(execute!(self, BEGIN_TOTP, agent.0, secret.expose_secret())? > 0)
    }

    /// The secret counts from now on, and the step of the code that proved it is used up.
    pub async fn confirm_totp(
        &mut self,
        agent: AgentId,
        secret: &SecretString,
        step: i64,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        Ok(execute!(self, CONFIRM_TOTP, agent.0, secret.expose_secret(), now, step)? > 0)
    }

    /// Uses up a step and all before it. `false` where that was done.
    pub async fn take_totp_step(&mut self, agent: AgentId, step: i64) -> Result<bool> {
        Ok(execute!(self, TAKE_STEP, agent.0, step)? > 0)
    }

    /// Forgets the secret and the recovery codes. `false` where none counted.
    pub async fn end_totp(&mut self, agent: AgentId) -> Result<bool> {
        execute!(self, END_RECOVERY_CODES, agent.0)?;
        Ok(execute!(self, END_TOTP, agent.0)? > 0)
    }

    pub async fn add_recovery_code(&mut self, agent: AgentId, code_hash: &str) -> Result<()> {
        execute!(self, ADD_RECOVERY_CODE, agent.0, code_hash).map(drop)
    }

    /// Uses a code up. `false` where there is none such.
    pub async fn take_recovery_code(&mut self, agent: AgentId, code_hash: &str) -> Result<bool> {
        Ok(execute!(self, TAKE_RECOVERY_CODE, agent.0, code_hash)? > 0)
    }

    pub async fn count_recovery_codes(&mut self, agent: AgentId) -> Result<i64> {
        scalar!(self, COUNT_RECOVERY_CODES, agent.0)
    }
}
