//! Requesters, agents, their linked accounts and their sessions. May import: domain, sqlx.

use super::dialect::{Bulk, Sql, all, execute, fetch_all, one, optional, optional_scalar, statements};
use super::{Result, Tx, clean, known};
use crate::domain::fold::fold;
use crate::domain::ids::{AgentId, RequesterId};
use crate::domain::people::{Access, Agent, Requester, Road, Role};
use crate::domain::preference::Preference;
use crate::domain::scope::Scope;
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

statements! {
    REQUESTER = Sql::same("SELECT id, email, name, preference, blocked_at, links_since FROM requester WHERE id = $1");
    // Held against changes: a choice that is stored meanwhile comes before, or after what follows from the act, and never between.
    // Shared, so that two acts never wait for each other here.
    REQUESTER_HELD = Sql::fork(
        "SELECT id, email, name, preference, blocked_at, links_since FROM requester WHERE id = $1",
        "SELECT id, email, name, preference, blocked_at, links_since FROM requester WHERE id = $1 FOR SHARE");
    REQUESTER_BY_EMAIL = Sql::same("SELECT id, email, name, preference, blocked_at, links_since FROM requester WHERE email = $1");
    REQUESTERS = Sql::same("SELECT id, email, name, preference, blocked_at, links_since FROM requester ORDER BY email");
    SET_PREFERENCE = Sql::same("UPDATE requester SET preference = $2 WHERE id = $1");
    SET_REQUESTER_NAME = Sql::same("UPDATE requester SET name = $2 WHERE id = $1");
    END_LINKS = Sql::same("UPDATE requester SET links_since = $2 WHERE id = $1");
    SET_BLOCKED = Sql::same("UPDATE requester SET blocked_at = $2 WHERE id = $1");
    ADD_AGENT = Sql::same(
        "INSERT INTO agent (name, folded_name, role, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (folded_name) DO NOTHING RETURNING id");
    AGENT = Sql::same("SELECT id, name, role FROM agent WHERE id = $1");
    AGENT_BY_NAME = Sql::same("SELECT id, name, role FROM agent WHERE folded_name = $1");
    AGENTS = Sql::same("SELECT id, name, role FROM agent ORDER BY folded_name");
    ACCESS = Sql::same(
        "SELECT disabled_at, last_sign_in_at, totp_since, \
         (SELECT COUNT(*) FROM session WHERE session.agent_id = agent.id AND session.expires_at > $2) \
         FROM agent WHERE id = $1");
    // Held, so that of two admins who each take the other's role one comes second.
    ADMINS = Sql::fork(
        "SELECT id FROM agent WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id",
        "SELECT id FROM agent WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id FOR UPDATE");
    SET_ROLE = Sql::same("UPDATE agent SET role = $2 WHERE id = $1 AND role <> $2");
    DISABLE = Sql::same("UPDATE agent SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL");
    ENABLE = Sql::same("UPDATE agent SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL");
    SIGNED_IN = Sql::same("UPDATE agent SET last_sign_in_at = $2 WHERE id = $1");
    ABLE_AGENTS = Sql::same("SELECT id, name, role FROM agent WHERE disabled_at IS NULL ORDER BY folded_name");
    PASSWORD_HASH = Sql::same("SELECT password_hash FROM agent WHERE id = $1");
    SET_PASSWORD_HASH = Sql::same("UPDATE agent SET password_hash = $2 WHERE id = $1");
    LINK_IDENTITY = Sql::same(
        "INSERT INTO identity (kind, external_id, agent_id) VALUES ($1, $2, $3) \
         ON CONFLICT (kind, external_id) DO UPDATE SET agent_id = excluded.agent_id");
    UNLINK_IDENTITY = Sql::same("DELETE FROM identity WHERE kind = $1 AND external_id = $2 AND agent_id = $3");
    AGENT_BY_IDENTITY = Sql::same(
        "SELECT agent.id, agent.name, agent.role FROM identity JOIN agent ON agent.id = identity.agent_id \
         WHERE identity.kind = $1 AND identity.external_id = $2 AND agent.disabled_at IS NULL");
    DISABLED_BY_IDENTITY = Sql::same(
        "SELECT agent.name FROM identity JOIN agent ON agent.id = identity.agent_id \
         WHERE identity.kind = $1 AND identity.external_id = $2 AND agent.disabled_at IS NOT NULL");
    IDENTITIES = Sql::same("SELECT kind, external_id FROM identity WHERE agent_id = $1 ORDER BY kind, external_id");
    // Whoever was disabled meanwhile has none.
    OPEN_SESSION = Sql::fork(
        "INSERT INTO session (token_hash, agent_id, road, created_at, expires_at) \
         SELECT $1, id, $3, $4, $5 FROM agent WHERE id = $2 AND disabled_at IS NULL",
        "INSERT INTO session (token_hash, agent_id, road, created_at, expires_at) \
         SELECT CAST($1 AS TEXT), id, CAST($3 AS TEXT), CAST($4 AS TIMESTAMPTZ), CAST($5 AS TIMESTAMPTZ) \
         FROM agent WHERE id = $2 AND disabled_at IS NULL");
    SESSION = Sql::same(
        "SELECT agent.id, agent.name, agent.role FROM session JOIN agent ON agent.id = session.agent_id \
         WHERE session.token_hash = $1 AND session.expires_at > $2 AND agent.disabled_at IS NULL");
    SESSIONS = Sql::same(
        "SELECT token_hash, road, created_at, expires_at FROM session WHERE agent_id = $1 AND expires_at > $2 \
         ORDER BY created_at DESC, token_hash");
    ADD_API_TOKEN = Sql::same(
        "INSERT INTO api_token (token_hash, agent_id, scopes, created_at) VALUES ($1, $2, $3, $4)");
    API_TOKEN = Sql::same(
        "SELECT api_token.scopes FROM api_token JOIN agent ON agent.id = api_token.agent_id \
         WHERE api_token.token_hash = $1 AND agent.disabled_at IS NULL");
    END_API_TOKENS = Sql::same("DELETE FROM api_token WHERE agent_id = $1");
    CLOSE_SESSION = Sql::same("DELETE FROM session WHERE token_hash = $1");
    CLOSE_OLD_SESSIONS = Sql::same("DELETE FROM session WHERE expires_at <= $1");
    CLOSE_SESSIONS_OF = Sql::same("DELETE FROM session WHERE agent_id = $1 AND token_hash <> $2");
}

static MEET_REQUESTERS: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        Sql::same("INSERT INTO requester (email, name, preference, created_at) VALUES "),
        Sql::same("($1, $2, 'both', $3)"),
        3,
        " ON CONFLICT (email) DO UPDATE SET name = CASE WHEN excluded.name = '' THEN requester.name ELSE excluded.name END \
         RETURNING id, email, name, preference, blocked_at, links_since",
    )
});
static REQUESTERS_OF: LazyLock<Bulk> = LazyLock::new(|| {
    let head = "SELECT id, email, name, preference, blocked_at, links_since FROM requester WHERE id IN (";
    Bulk::new(Sql::same(head), Sql::same("$1"), 1, ")")
});
/// The statements of this file for many rows, by name.
pub(super) static BULKS: [(&str, &LazyLock<Bulk>); 2] =
    [("meet_requesters", &MEET_REQUESTERS), ("requesters_of", &REQUESTERS_OF)];

/// A session that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// The hash of its token.
    pub token_hash: String,
    /// How it began.
    pub road: Road,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
}

type RequesterRow = (i64, String, String, String, Option<DateTime<Utc>>, Option<DateTime<Utc>>);
type AgentRow = (i64, String, String);

fn requester((id, email, name, preference, blocked_at, links_since): RequesterRow) -> Result<Requester> {
    let preference = known(&preference, Preference::from_word)?;
    Ok(Requester { id: RequesterId(id), email, name, preference, blocked_at, links_since })
}

fn agent((id, name, role): AgentRow) -> Result<Agent> {
    Ok(Agent { id: AgentId(id), name, role: known(&role, Role::from_word)? })
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// Several requesters, each once; in no order.
    pub async fn requesters_of(&mut self, ids: &[RequesterId]) -> Result<Vec<Requester>> {
        let rows = fetch_all!(self, REQUESTERS_OF, RequesterRow, ids, |query, id| query.bind(id.0))?;
        rows.into_iter().map(requester).collect()
    }

    /// The requester with this address (in the form of `normal_address`), made when unknown, with the
    /// preference `both`. A name that is not empty replaces the one known.
    pub async fn meet_requester(&mut self, email: &str, name: &str, now: DateTime<Utc>) -> Result<Requester> {
        let mut met = self.meet_requesters(&[(email, name)], now).await?;
        met.pop().ok_or(sqlx::Error::RowNotFound)
    }

    /// The same for many, each an address and a name: one for each, in the same order.
    pub async fn meet_requesters(
        &mut self,
        people: &[(&str, &str)],
        now: DateTime<Utc>,
    ) -> Result<Vec<Requester>> {
        let keys: Vec<Cow<'_, str>> = people.iter().map(|(email, _)| clean(email)).collect();
        // No statement may meet the same person twice; the last name that somebody gives is theirs.
        let mut places: HashMap<&str, usize> = HashMap::with_capacity(people.len());
        let mut once: Vec<(&str, &str)> = Vec::with_capacity(people.len());
        for (email, (_, name)) in keys.iter().zip(people) {
            let place = *places.entry(email).or_insert_with(|| {
                once.push((email, ""));
                once.len() - 1
            });
            if !name.is_empty() {
                once[place].1 = name;
            }
        }
        let rows = fetch_all!(self, MEET_REQUESTERS, RequesterRow, once, |query, person| query
            .bind(person.0)
            .bind(clean(person.1))
            .bind(now))?;
        let met = rows.into_iter().map(|row| Ok((row.1.clone(), requester(row)?)));
        let met: HashMap<String, Requester> = met.collect::<Result<_>>()?;
        keys.iter().map(|email| met.get(&**email).cloned().ok_or(sqlx::Error::RowNotFound)).collect()
    }

    pub async fn requester(&mut self, id: RequesterId) -> Result<Requester> {
        requester(one!(self, REQUESTER, id.0)?)
    }

    /// As they stay until this transaction ends; after the ticket, which is held first everywhere.
    pub async fn hold_requester(&mut self, id: RequesterId) -> Result<Requester> {
        requester(one!(self, REQUESTER_HELD, id.0)?)
    }

    /// `None` where the record is gone.
    pub async fn find_requester(&mut self, id: RequesterId) -> Result<Option<Requester>> {
        let row = optional!(self, REQUESTER, id.0)?;
        row.map(requester).transpose()
    }

    pub async fn requester_by_email(&mut self, email: &str) -> Result<Option<Requester>> {
        let row = optional!(self, REQUESTER_BY_EMAIL, clean(email))?;
        row.map(requester).transpose()
    }

    pub async fn requesters(&mut self) -> Result<Vec<Requester>> {
        let rows: Vec<RequesterRow> = all!(self, REQUESTERS)?;
        rows.into_iter().map(requester).collect()
    }

    pub async fn set_preference(&mut self, id: RequesterId, preference: Preference) -> Result<()> {
        execute!(self, SET_PREFERENCE, id.0, preference.as_str()).map(drop)
    }

    pub async fn set_requester_name(&mut self, id: RequesterId, name: &str) -> Result<()> {
        execute!(self, SET_REQUESTER_NAME, id.0, clean(name)).map(drop)
    }

    pub async fn set_blocked(&mut self, id: RequesterId, at: Option<DateTime<Utc>>) -> Result<()> {
        execute!(self, SET_BLOCKED, id.0, at).map(drop)
    }

    /// The links of earlier mails open nothing any more.
    pub async fn end_links(&mut self, id: RequesterId, now: DateTime<Utc>) -> Result<()> {
        execute!(self, END_LINKS, id.0, now).map(drop)
    }

    /// `None` when an agent has this name already, whatever its case and accents.
    pub async fn add_agent(&mut self, name: &str, role: Role, now: DateTime<Utc>) -> Result<Option<Agent>> {
        let id: Option<i64> = optional_scalar!(self, ADD_AGENT, clean(name), fold(name), role.as_str(), now)?;
        Ok(id.map(|id| Agent { id: AgentId(id), name: name.to_owned(), role }))
    }

    pub async fn agent(&mut self, id: AgentId) -> Result<Option<Agent>> {
        let row = optional!(self, AGENT, id.0)?;
        row.map(agent).transpose()
    }

    pub async fn agent_by_name(&mut self, name: &str) -> Result<Option<Agent>> {
        let row = optional!(self, AGENT_BY_NAME, fold(&clean(name)))?;
        row.map(agent).transpose()
    }

    pub async fn agents(&mut self) -> Result<Vec<Agent>> {
        let rows: Vec<AgentRow> = all!(self, AGENTS)?;
        rows.into_iter().map(agent).collect()
    }

    /// Those who may act, by name.
    pub async fn able_agents(&mut self) -> Result<Vec<Agent>> {
        let rows: Vec<AgentRow> = all!(self, ABLE_AGENTS)?;
        rows.into_iter().map(agent).collect()
    }

    pub async fn access(&mut self, id: AgentId, now: DateTime<Utc>) -> Result<Access> {
        let (disabled_at, last_sign_in_at, totp_since, sessions) = one!(self, ACCESS, id.0, now)?;
        Ok(Access { disabled_at, last_sign_in_at, totp_since, sessions })
    }

    /// Those who manage the agents, held for this transaction.
    pub async fn lock_admins(&mut self) -> Result<Vec<AgentId>> {
        let ids: Vec<(i64,)> = all!(self, ADMINS)?;
        Ok(ids.into_iter().map(|(id,)| AgentId(id)).collect())
    }

    /// Whether it was another.
    pub async fn set_role(&mut self, id: AgentId, role: Role) -> Result<bool> {
        Ok(execute!(self, SET_ROLE, id.0, role.as_str())? > 0)
    }

    /// Whether the agent could act before; ends their sessions.
    pub async fn disable_agent(&mut self, id: AgentId, now: DateTime<Utc>) -> Result<bool> {
        execute!(self, CLOSE_SESSIONS_OF, id.0, "")?;
        Ok(execute!(self, DISABLE, id.0, now)? > 0)
    }

    /// Whether the agent could not act before.
    pub async fn enable_agent(&mut self, id: AgentId) -> Result<bool> {
        Ok(execute!(self, ENABLE, id.0)? > 0)
    }

    pub async fn password_hash(&mut self, id: AgentId) -> Result<Option<String>> {
        let hash: Option<Option<String>> = optional_scalar!(self, PASSWORD_HASH, id.0)?;
        Ok(hash.flatten())
    }

    /// Also ends the agent's sessions.
    pub async fn set_password_hash(&mut self, id: AgentId, hash: &str) -> Result<()> {
        execute!(self, SET_PASSWORD_HASH, id.0, hash)?;
        execute!(self, CLOSE_SESSIONS_OF, id.0, "").map(drop)
    }

    /// Links an account of another system; an account that was linked to somebody else changes hands.
    pub async fn link_identity(&mut self, id: AgentId, kind: &str, external_id: &str) -> Result<()> {
        execute!(self, LINK_IDENTITY, clean(kind), clean(external_id), id.0).map(drop)
    }

    /// Whether it was linked to this agent.
    pub async fn unlink_identity(&mut self, id: AgentId, kind: &str, external_id: &str) -> Result<bool> {
        Ok(execute!(self, UNLINK_IDENTITY, clean(kind), clean(external_id), id.0)? > 0)
    }

    /// The name of the agent whose account this is, and who was disabled.
    pub async fn disabled_by_identity(&mut self, kind: &str, external_id: &str) -> Result<Option<String>> {
        optional_scalar!(self, DISABLED_BY_IDENTITY, clean(kind), clean(external_id))
    }

    /// The agent whose account of another system this is, and who was not disabled.
    pub async fn agent_by_identity(&mut self, kind: &str, external_id: &str) -> Result<Option<Agent>> {
        let row = optional!(self, AGENT_BY_IDENTITY, clean(kind), clean(external_id))?;
        row.map(agent).transpose()
    }

    /// The linked accounts of an agent: (kind, id there).
    pub async fn identities(&mut self, id: AgentId) -> Result<Vec<(String, String)>> {
        all!(self, IDENTITIES, id.0)
    }

    /// Opens a session, and forgets those that ended.
    pub async fn open_session(
        &mut self,
        id: AgentId,
        token_hash: &str,
        road: Road,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<()> {
        execute!(self, CLOSE_OLD_SESSIONS, now)?;
        execute!(self, SIGNED_IN, id.0, now)?;
        execute!(self, OPEN_SESSION, token_hash, id.0, road.as_str(), now, until).map(drop)
    }

    /// An agent's open sessions, the latest first.
    pub async fn sessions(&mut self, id: AgentId, now: DateTime<Utc>) -> Result<Vec<StoredSession>> {
        let rows: Vec<(String, String, DateTime<Utc>, DateTime<Utc>)> = all!(self, SESSIONS, id.0, now)?;
        let session = |(token_hash, road, created_at, expires_at): (String, String, _, _)| {
            Ok(StoredSession { token_hash, road: known(&road, Road::from_word)?, created_at, expires_at })
        };
        rows.into_iter().map(session).collect()
    }

    /// Ends an agent's sessions, but for that of this hash; how many there were.
    pub async fn close_sessions(&mut self, id: AgentId, but: &str) -> Result<u64> {
        execute!(self, CLOSE_SESSIONS_OF, id.0, but)
    }

    pub async fn session(&mut self, token_hash: &str, now: DateTime<Utc>) -> Result<Option<Agent>> {
        let row = optional!(self, SESSION, clean(token_hash), now)?;
        row.map(agent).transpose()
    }

    /// Only the hash of a token is kept.
    pub async fn add_api_token(
        &mut self,
        agent: AgentId,
        token_hash: &str,
        scopes: &[Scope],
        now: DateTime<Utc>,
    ) -> Result<()> {
        let scopes = scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
        execute!(self, ADD_API_TOKEN, token_hash, agent.0, scopes, now).map(drop)
    }

    /// What a token opens; `None` for one that is not known, or whose agent was disabled.
    pub async fn api_token(&mut self, token_hash: &str) -> Result<Option<Vec<Scope>>> {
        let scopes: Option<String> = optional_scalar!(self, API_TOKEN, clean(token_hash))?;
        scopes.map(|scopes| scopes.split(' ').map(|word| known(word, Scope::from_word)).collect()).transpose()
    }

    /// Ends all tokens of an agent; how many there were.
    pub async fn end_api_tokens(&mut self, agent: AgentId) -> Result<u64> {
        execute!(self, END_API_TOKENS, agent.0)
    }

    pub async fn close_session(&mut self, token_hash: &str) -> Result<()> {
        execute!(self, CLOSE_SESSION, clean(token_hash)).map(drop)
    }
}
