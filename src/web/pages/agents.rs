//! The team's pages about itself: who there is, and each agent's own account. May import: desk (what it shows), domain, wording.

use super::{Drawn, Frame, Here, Pages, shown};
use crate::desk::agents::LinkedAgent;
use crate::desk::sign_in::{OpenSession, Totp};
use crate::domain::people::{EMAIL, Role};
use crate::wording::{agents as say, labels};
use chrono::{DateTime, Utc};
use minijinja::value::Serde;
use minijinja::{Value, context};

/// « Mon compte ».
#[derive(Debug)]
pub struct AccountPage {
    /// What the agent may do.
    pub role: Role,
    /// Whether they have a password.
    pub has_password: bool,
    /// How their authenticator stands.
    pub totp: Totp,
    /// Their open sessions.
    pub sessions: Vec<OpenSession>,
    /// The name of the one that looks.
    pub own: String,
}

impl Pages {
    /// « Mon compte ».
    pub fn account(&self, frame: &Frame, page: &AccountPage, here: Here) -> Drawn {
        let sessions = page.sessions.iter().map(|session| {
            context! {
                road => say::road(session.road),
                since => Serde(shown::time(session.created_at, here)),
                until => Serde(shown::time(session.expires_at, here)),
                own => session.token_hash == page.own,
            }
        });
        let (on, codes, since) = match &page.totp {
            Totp::On { since, recovery_codes } => (true, *recovery_codes, Some(*since)),
            Totp::Off | Totp::Unconfirmed { .. } => (false, 0, None),
        };
        let content = context! {
            frame => Serde(frame),
            role => labels::role(page.role),
            has_password => page.has_password,
            length => say::password_length(),
            totp => context! { on, codes, since => moment(since, here) },
            sessions => sessions.collect::<Vec<_>>(),
        };
        self.team(frame, "account.html", content)
    }

    /// Who there is. `name`: that of an agent who could not be added; `link`: for whom an invitation was made, and the link.
    pub fn agents(
        &self,
        frame: &Frame,
        agents: &[LinkedAgent],
        may_change: bool,
        name: &str,
        link: Option<(&str, &str)>,
        here: Here,
    ) -> Drawn {
        let content = context! {
            frame => Serde(frame),
            may_change,
            agents => agents.iter().map(|agent| drawn(agent, here)).collect::<Vec<_>>(),
            roles => roles(Role::Agent),
            name,
            link => link.map(|(name, link)| context! { name, link }),
        };
        self.team(frame, "agents.html", content)
    }

    /// One of them.
    pub fn agent(
        &self,
        frame: &Frame,
        agent: &LinkedAgent,
        may_change: bool,
        link: Option<&str>,
        here: Here,
    ) -> Drawn {
        let content = context! {
            frame => Serde(frame),
            may_change,
            a => drawn(agent, here),
            roles => roles(agent.agent.role),
            link,
        };
        self.team(frame, "agent.html", content)
    }
}

fn drawn(linked: &LinkedAgent, here: Here) -> Value {
    let access = &linked.access;
    let accounts = linked.identities.iter().map(|(kind, id)| {
        let label = if kind == EMAIL { labels::MAIL_ADDRESS } else { labels::door(kind) };
        context! { label, id => id.as_str(), account => format!("{kind}:{id}") }
    });
    context! {
        id => linked.agent.id.0,
        name => linked.agent.name.as_str(),
        role => labels::role(linked.agent.role),
        accounts => accounts.collect::<Vec<_>>(),
        has_password => linked.has_password,
        disabled => moment(access.disabled_at, here),
        totp => moment(access.totp_since, here),
        last_sign_in => moment(access.last_sign_in_at, here),
        sessions => say::sessions(access.sessions),
        has_sessions => access.sessions > 0,
    }
}

fn moment(at: Option<DateTime<Utc>>, here: Here) -> Option<Value> {
    at.map(|at| Value::from(Serde(shown::time(at, here))))
}

fn roles(chosen: Role) -> Vec<Value> {
    let role = |role: Role| {
        context! { word => role.as_str(), label => labels::role(role), chosen => role == chosen }
    };
    Role::ALL.into_iter().map(role).collect()
}
