//! Signing in beyond a password: links by which a password is chosen, steps that wait, authenticators, sessions. Of all that
//! opens something only hashes are kept, but for the secret of an authenticator, which is needed to check its codes
//! (decision 033).

use super::failure::refuse;
use super::people::name_of;
use super::{Desk, Result, random_hex, totp};
use crate::domain::audit::{AuditDetail, AuditKind};
use crate::domain::hex::hex;
use crate::domain::ids::AgentId;
use crate::domain::people::{Agent, Road, Role, is_agent_name};
use crate::domain::refusal::Refusal;
use crate::store::Tx;
use crate::store::sign_in::StoredSignIn;
use chrono::{DateTime, TimeDelta, Utc};
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};

pub use crate::store::people::StoredSession as OpenSession;

/// How long the first admin's link opens.
const FIRST_LINK_LASTS: TimeDelta = TimeDelta::hours(24);
/// How long an invitation does.
const INVITATION_LASTS: TimeDelta = TimeDelta::hours(72);
/// How long somebody may be away at Discord or Slack.
const AWAY_LASTS: TimeDelta = TimeDelta::minutes(10);
/// How long a code is waited for.
const CODE_LASTS: TimeDelta = TimeDelta::minutes(5);
/// How many recovery codes there are at first.
const RECOVERY_CODES: usize = 10;

/// Whom a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invited {
    /// Whoever becomes the first admin.
    First,
    /// An agent.
    Agent(Agent),
}

/// A sign-in under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// By which road.
    pub road: Road,
    /// Whose code is waited for; `None` while they are away at a platform.
    pub agent: Option<Agent>,
    /// Where it leads.
    pub next: String,
}

/// How the authenticator of an agent stands.
#[derive(Debug, Clone)]
pub enum Totp {
    /// No code is asked for.
    Off,
    /// A secret was made, and no code of it given yet.
    Unconfirmed {
        /// In base32.
        secret: SecretString,
        /// The same for an authenticator to read.
        uri: SecretString,
    },
    /// A code is asked for at each sign-in.
    On {
        /// Since when.
        since: DateTime<Utc>,
        /// How many recovery codes are left.
        recovery_codes: i64,
    },
}

/// SHA-256 in hex: what is kept of codes that nobody guesses.
fn hashed(code: &str) -> String {
    hex(digest(&SHA256, code.as_bytes()).as_ref())
}

#[allow(
    clippy::missing_errors_doc,
    reason = "all of them: the database's, and refusals where the text says so"
)]
impl Desk {
    /// The code of a link that makes the first admin, in place of those before; `None` where there are agents.
    pub async fn first_link(&self) -> Result<Option<String>> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let code = match tx.has_agents().await? {
            true => {
                tx.end_first_invitations().await?;
                None
            }
            false => {
                let code = random_hex()?;
                tx.invite(None, &hashed(&code), now, now + FIRST_LINK_LASTS).await?;
                Some(code)
            }
        };
        tx.commit().await?;
        Ok(code)
    }

    /// The code of a link by which an agent chooses a password, in place of those before.
    pub async fn invite(&self, agent: &Agent) -> Result<String> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        if tx.access(agent.id, now).await?.disabled_at.is_some() {
            return refuse(Refusal::AgentDisabled(agent.name.clone()));
        }
        let code = random_hex()?;
        tx.invite(Some(agent.id), &hashed(&code), now, now + INVITATION_LASTS).await?;
        let detail = AuditDetail { agent: Some(agent.name.clone()), ..AuditDetail::default() };
        self.tell_audit(&mut tx, AuditKind::AgentInvited, detail, now).await?;
        tx.commit().await?;
        Ok(code)
    }

    /// Whom a link is for; `None` where it opens nothing, or nothing any more. Changes nothing.
    pub async fn invited(&self, code: &str) -> Result<Option<Invited>> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.read().await?;
        let found = tx.invitation(&hashed(code), now).await?;
        invited(&mut tx, found, now).await
    }

    /// Makes the first admin, with the hash of their password. `None` where the link opens nothing.
    pub async fn accept_first(&self, code: &str, name: &str, hash: &str) -> Result<Option<Agent>> {
        if !is_agent_name(name) {
            return refuse(Refusal::NotAnAgentName(name.to_owned()));
        }
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let found = tx.take_invitation(&hashed(code), now).await?;
        if !matches!(invited(&mut tx, found, now).await?, Some(Invited::First)) {
            return Ok(None);
        }
        let Some(agent) = tx.add_agent(name, Role::Admin, now).await? else { return Ok(None) };
        tx.set_password_hash(agent.id, hash).await?;
        let detail =
            AuditDetail { agent: Some(name.to_owned()), role: Some(Role::Admin), ..AuditDetail::default() };
        self.tell_audit(&mut tx, AuditKind::AgentAdded, detail, now).await?;
        tx.commit().await?;
        Ok(Some(agent))
    }

    /// Sets the password that an invited agent chose, by its hash. `None` where the link opens nothing.
    pub async fn accept_invitation(&self, code: &str, hash: &str) -> Result<Option<Agent>> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let found = tx.take_invitation(&hashed(code), now).await?;
        let Some(Invited::Agent(agent)) = invited(&mut tx, found, now).await? else { return Ok(None) };
        self.change_password(&mut tx, agent.id, hash, now).await?;
        tx.commit().await?;
        Ok(Some(agent))
    }

    /// Keeps a password's hash; ends the agent's sessions, and all that could become one without it.
    pub async fn set_password_hash(&self, agent: AgentId, hash: &str) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        self.change_password(&mut tx, agent, hash, now).await?;
        Ok(tx.commit().await?)
    }

    async fn change_password(
        &self,
        tx: &mut Tx,
        agent: AgentId,
        hash: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        tx.set_password_hash(agent, hash).await?;
        tx.end_sign_ins(agent).await?;
        tx.end_invitations(agent).await?;
        let detail = AuditDetail { agent: name_of(tx, agent).await?, ..AuditDetail::default() };
        Ok(self.tell_audit(tx, AuditKind::PasswordSet, detail, now).await?)
    }

    /// Remembers that somebody went to a platform to sign in there; how long they may be away.
    pub async fn begin_away(&self, token_hash: &str, road: Road, next: &str) -> Result<TimeDelta> {
        let begun = StoredSignIn { road, agent: None, next: next.to_owned() };
        self.begin(token_hash, &begun, AWAY_LASTS).await
    }

    /// Remembers that a code is waited for; how long.
    pub async fn begin_code(
        &self,
        token_hash: &str,
        road: Road,
        agent: AgentId,
        next: &str,
    ) -> Result<TimeDelta> {
        let begun = StoredSignIn { road, agent: Some(agent), next: next.to_owned() };
        self.begin(token_hash, &begun, CODE_LASTS).await
    }

    async fn begin(&self, token_hash: &str, begun: &StoredSignIn, lasts: TimeDelta) -> Result<TimeDelta> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        tx.begin_sign_in(token_hash, begun, now, now + lasts).await?;
        tx.commit().await?;
        Ok(lasts)
    }

    /// A sign-in under way, while it may go on.
    pub async fn pending(&self, token_hash: &str) -> Result<Option<Pending>> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.read().await?;
        let found = tx.sign_in(token_hash, now).await?;
        pending(&mut tx, found, now).await
    }

    /// The same, and it is used up.
    pub async fn take_pending(&self, token_hash: &str) -> Result<Option<Pending>> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let found = tx.take_sign_in(token_hash, now).await?;
        let pending = pending(&mut tx, found, now).await?;
        tx.commit().await?;
        Ok(pending)
    }

    /// How the authenticator of an agent stands.
    pub async fn totp(&self, agent: &Agent) -> Result<Totp> {
        let mut tx = self.inner.store.read().await?;
        Ok(match tx.totp(agent.id).await? {
            None => Totp::Off,
            Some(kept) => match kept.since {
                Some(since) => Totp::On { since, recovery_codes: tx.count_recovery_codes(agent.id).await? },
                None => {
                    let uri = totp::uri(&self.inner.settings.brand, &agent.name, kept.secret.expose_secret())
                        .into();
                    Totp::Unconfirmed { secret: kept.secret, uri }
                }
            },
        })
    }

    /// Makes a secret for an authenticator, which does not count before [`Desk::confirm_totp`]. `false` where one counts.
    pub async fn begin_totp(&self, agent: AgentId) -> Result<bool> {
        let mut tx = self.inner.store.begin().await?;
        let begun = tx.begin_totp(agent, &totp::secret()?.into()).await?;
        tx.commit().await?;
        Ok(begun)
    }

    /// A code of the authenticator proves that it has the secret, which counts from now on: the recovery codes, to be shown this
    /// once. `None`: the code does not fit.
    pub async fn confirm_totp(&self, agent: AgentId, code: &str) -> Result<Option<Vec<String>>> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let Some(kept) = tx.totp(agent).await?.filter(|kept| kept.since.is_none()) else { return Ok(None) };
        let Some(step) = totp::step_of(kept.secret.expose_secret(), code, now) else { return Ok(None) };
        if !tx.confirm_totp(agent, &kept.secret, step, now).await? {
            return Ok(None);
        }
        let codes = (0..RECOVERY_CODES).map(|_| totp::recovery_code()).collect::<anyhow::Result<Vec<_>>>()?;
        for code in &codes {
            let plain = totp::normal_recovery_code(code).unwrap_or_default();
            tx.add_recovery_code(agent, &hashed(&plain)).await?;
        }
        let detail = AuditDetail { agent: name_of(&mut tx, agent).await?, ..AuditDetail::default() };
        self.tell_audit(&mut tx, AuditKind::TotpOn, detail, now).await?;
        tx.commit().await?;
        Ok(Some(codes))
    }

    /// Whether a code is one of the agent's authenticator, or a recovery code. It is used up by this.
    pub async fn takes_code(&self, agent: &Agent, code: &str) -> Result<bool> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let Some(kept) = tx.totp(agent.id).await?.filter(|kept| kept.since.is_some()) else {
            return Ok(false);
        };
        let taken = if let Some(step) = totp::step_of(kept.secret.expose_secret(), code, now) {
            tx.take_totp_step(agent.id, step).await?
        } else if let Some(plain) = totp::normal_recovery_code(code) {
            let taken = tx.take_recovery_code(agent.id, &hashed(&plain)).await?;
            if taken {
                let detail = AuditDetail { agent: Some(agent.name.clone()), ..AuditDetail::default() };
                self.tell_audit(&mut tx, AuditKind::RecoveryUsed, detail, now).await?;
            }
            taken
        } else {
            false
        };
        tx.commit().await?;
        Ok(taken)
    }

    /// No code is asked for any more. `false` where none was.
    pub async fn end_totp(&self, agent: &Agent) -> Result<bool> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let ended = tx.end_totp(agent.id).await?;
        if ended {
            let detail = AuditDetail { agent: Some(agent.name.clone()), ..AuditDetail::default() };
            self.tell_audit(&mut tx, AuditKind::TotpOff, detail, now).await?;
        }
        tx.commit().await?;
        Ok(ended)
    }

    /// Opens a session; only the hash of its token is kept.
    pub async fn open_session(
        &self,
        agent: AgentId,
        token_hash: &str,
        road: Road,
        until: DateTime<Utc>,
    ) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        tx.open_session(agent, token_hash, road, now, until).await?;
        Ok(tx.commit().await?)
    }

    /// Whose session this is, while it lasts.
    pub async fn session(&self, token_hash: &str) -> Result<Option<Agent>> {
        let now = self.inner.clock.now();
        Ok(self.inner.store.read().await?.session(token_hash, now).await?)
    }

    /// An agent's open sessions, the latest first.
    pub async fn sessions(&self, agent: AgentId) -> Result<Vec<OpenSession>> {
        let now = self.inner.clock.now();
        Ok(self.inner.store.read().await?.sessions(agent, now).await?)
    }

    /// Ends a session.
    pub async fn close_session(&self, token_hash: &str) -> Result<()> {
        let mut tx = self.inner.store.begin().await?;
        tx.close_session(token_hash).await?;
        Ok(tx.commit().await?)
    }

    /// Ends an agent's sessions, but for that of this hash, and the sign-ins under way; how many sessions there were.
    pub async fn close_sessions(&self, agent: &Agent, but: Option<&str>) -> Result<u64> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        tx.end_sign_ins(agent.id).await?;
        let ended = tx.close_sessions(agent.id, but.unwrap_or_default()).await?;
        if ended > 0 {
            let (name, sessions) = (Some(agent.name.clone()), Some(ended));
            let detail = AuditDetail { agent: name, sessions, ..AuditDetail::default() };
            self.tell_audit(&mut tx, AuditKind::SessionsEnded, detail, now).await?;
        }
        tx.commit().await?;
        Ok(ended)
    }
}

/// Whom a link that was found is for: the first admin's opens as long as there is no agent, an agent's as long as they may act.
async fn invited(tx: &mut Tx, found: Option<Option<AgentId>>, now: DateTime<Utc>) -> Result<Option<Invited>> {
    Ok(match found {
        None => None,
        Some(None) => (!tx.has_agents().await?).then_some(Invited::First),
        Some(Some(id)) => able(tx, id, now).await?.map(Invited::Agent),
    })
}

async fn pending(tx: &mut Tx, found: Option<StoredSignIn>, now: DateTime<Utc>) -> Result<Option<Pending>> {
    let Some(StoredSignIn { road, agent, next }) = found else { return Ok(None) };
    let Some(id) = agent else { return Ok(Some(Pending { road, agent: None, next })) };
    Ok(able(tx, id, now).await?.map(|agent| Pending { road, agent: Some(agent), next }))
}

/// The agent, unless they were disabled.
async fn able(tx: &mut Tx, id: AgentId, now: DateTime<Utc>) -> Result<Option<Agent>> {
    match tx.access(id, now).await?.disabled_at {
        Some(_) => Ok(None),
        None => Ok(tx.agent(id).await?),
    }
}
