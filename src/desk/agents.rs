//! The team: who may do what, whose accounts are theirs, who may act at all.

use super::failure::refuse;
use super::{Desk, Result};
use crate::domain::audit::{AuditDetail, AuditKind};
use crate::domain::ids::AgentId;
use crate::domain::people::{Access, Agent, EMAIL, Role, is_account_id, normal_address};
use crate::domain::refusal::Refusal;
use crate::store::Tx;

/// An agent with the accounts linked to them: (kind, id there).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedAgent {
    /// Who.
    pub agent: Agent,
    /// Their accounts elsewhere.
    pub identities: Vec<(String, String)>,
    /// Whether they can sign in on the page by name.
    pub has_password: bool,
    /// How their access stands.
    pub access: Access,
}

impl LinkedAgent {
    /// Whether they may act.
    pub fn is_able(&self) -> bool {
        self.access.disabled_at.is_none()
    }
}

/// Reads an account: `discord:ID`, `slack:ID` or `email:ADDRESS`, as (kind, id there).
///
/// # Errors
/// [`Refusal::NotAnAccount`].
pub fn read_account(text: &str) -> std::result::Result<(&'static str, String), Refusal> {
    let text = text.trim();
    let not_one = || Refusal::NotAnAccount(text.to_owned());
    let (kind, id) = text.split_once(':').ok_or_else(not_one)?;
    match kind {
        "discord" if is_account_id(id) => Ok(("discord", id.to_owned())),
        "slack" if is_account_id(id) => Ok(("slack", id.to_owned())),
        EMAIL if is_address(id) => Ok((EMAIL, normal_address(id))),
        _ => Err(not_one()),
    }
}

/// One address, and nothing but it.
fn is_address(text: &str) -> bool {
    let text = text.trim();
    let is_plain = !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c));
    text.len() <= 320 && is_plain && text.parse::<lettre::Address>().is_ok()
}

#[allow(
    clippy::missing_errors_doc,
    reason = "all of them: the database's, and refusals where the text says so"
)]
impl Desk {
    /// Every agent, by name.
    pub async fn agents(&self) -> Result<Vec<LinkedAgent>> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.read().await?;
        let mut agents = Vec::new();
        for agent in tx.agents().await? {
            agents.push(LinkedAgent {
                identities: tx.identities(agent.id).await?,
                has_password: tx.password_hash(agent.id).await?.is_some(),
                access: tx.access(agent.id, now).await?,
                agent,
            });
        }
        Ok(agents)
    }

    /// Adds an agent; `None` when the name is taken.
    pub async fn add_agent(&self, name: &str, role: Role) -> Result<Option<Agent>> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let agent = tx.add_agent(name, role, now).await?;
        if let Some(agent) = &agent {
            let detail = AuditDetail { role: Some(role), ..about(agent) };
            self.tell_audit(&mut tx, AuditKind::AgentAdded, detail, now).await?;
        }
        tx.commit().await?;
        Ok(agent)
    }

    /// Whether an agent was disabled.
    pub async fn is_disabled(&self, agent: &Agent) -> Result<bool> {
        let now = self.inner.clock.now();
        Ok(self.inner.store.read().await?.access(agent.id, now).await?.disabled_at.is_some())
    }

    /// Gives an agent a role. Refused where nobody would be admin any more.
    pub async fn set_role(&self, agent: &Agent, role: Role) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        if role != Role::Admin {
            not_the_last_admin(&mut tx, agent).await?;
        }
        if tx.set_role(agent.id, role).await? {
            let detail = AuditDetail { role: Some(role), ..about(agent) };
            self.tell_audit(&mut tx, AuditKind::RoleSet, detail, now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Ends an agent's access: their sessions, links, tokens and accounts open nothing until [`Desk::enable_agent`]; their
    /// tickets stay theirs. Refused where nobody would be admin any more.
    pub async fn disable_agent(&self, agent: &Agent) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        not_the_last_admin(&mut tx, agent).await?;
        tx.end_sign_ins(agent.id).await?;
        tx.end_invitations(agent.id).await?;
        if tx.disable_agent(agent.id, now).await? {
            self.tell_audit(&mut tx, AuditKind::AgentDisabled, about(agent), now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Gives an agent's access back.
    pub async fn enable_agent(&self, agent: &Agent) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        if tx.enable_agent(agent.id).await? {
            self.tell_audit(&mut tx, AuditKind::AgentEnabled, about(agent), now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Links an account of another system to an agent; one that was somebody else's changes hands.
    pub async fn link_identity(&self, agent: &Agent, kind: &str, external_id: &str) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let before = tx.agent_by_identity(kind, external_id).await?;
        tx.link_identity(agent.id, kind, external_id).await?;
        if let Some(before) = before.filter(|before| before.id != agent.id) {
            end_access(&mut tx, before.id).await?;
        }
        let detail = AuditDetail { account: Some(kind.to_owned()), ..about(agent) };
        self.tell_audit(&mut tx, AuditKind::AccountLinked, detail, now).await?;
        Ok(tx.commit().await?)
    }

    /// Takes an account from an agent again. Refused where it is not theirs.
    pub async fn unlink_identity(&self, agent: &Agent, kind: &str, external_id: &str) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        if !tx.unlink_identity(agent.id, kind, external_id).await? {
            let account = format!("{kind}:{external_id}");
            return refuse(Refusal::NotLinked { agent: agent.name.clone(), account });
        }
        end_access(&mut tx, agent.id).await?;
        let detail = AuditDetail { account: Some(kind.to_owned()), ..about(agent) };
        self.tell_audit(&mut tx, AuditKind::AccountUnlinked, detail, now).await?;
        Ok(tx.commit().await?)
    }

    /// The name of the agent whose account this is, where they were disabled.
    pub async fn disabled_account(&self, kind: &str, external_id: &str) -> Result<Option<String>> {
        Ok(self.inner.store.read().await?.disabled_by_identity(kind, external_id).await?)
    }
}

/// Whoever came in by an account that is theirs no more is out, and so is whoever is on the way.
async fn end_access(tx: &mut Tx, agent: AgentId) -> Result<()> {
    tx.end_sign_ins(agent).await?;
    tx.close_sessions(agent, "").await?;
    Ok(())
}

fn about(agent: &Agent) -> AuditDetail {
    AuditDetail { agent: Some(agent.name.clone()), ..AuditDetail::default() }
}

async fn not_the_last_admin(tx: &mut Tx, agent: &Agent) -> Result<()> {
    match tx.lock_admins().await?.as_slice() {
        [last] if *last == agent.id => refuse(Refusal::LastAdmin(agent.name.clone())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_says_where_it_is_and_whose_id_or_address() {
        assert_eq!(read_account(" discord:1100000000000000007 ").unwrap().0, "discord");
        assert_eq!(read_account("slack:U0123ABCD").unwrap(), ("slack", "U0123ABCD".to_owned()));
        for address in ["camille@firm.example", " Camille+support@firm.example "] {
            let (kind, id) = read_account(&format!("email:{address}")).unwrap();
            assert_eq!((kind, id), ("email", address.trim().to_lowercase()));
        }
        for none in [
            "",
            "camille",
            "discord:",
            "slack:a b",
            "irc:7",
            "email:",
            "email:camille",
            "email:@firm.example",
            "email:a@b.example, c@d.example",
            "email:Camille <a@b.example>",
            "email:a b@c.example",
        ] {
            assert_eq!(read_account(none), Err(Refusal::NotAnAccount(none.to_owned())), "{none}");
        }
    }
}
