//! The audit log: what was done with the data of people, with agents and with their keys. A person stands in it as a number,
//! which says nothing once their record is erased.

use super::ids::{AgentId, AuditId};
use super::people::{Agent, Door, Role};
use super::preference::Preference;
use super::scope::Scope;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Who does something that the audit log tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// The agent, where one does.
    pub agent: Option<AgentId>,
    /// Their name, which stays as it is when names change later.
    pub name: String,
    /// By which door.
    pub door: Door,
}

impl By {
    /// An agent.
    pub fn agent(agent: &Agent, door: Door) -> By {
        By { agent: Some(agent.id), name: agent.name.clone(), door }
    }

    /// The program itself, or whoever holds its configuration.
    pub fn program(door: Door) -> By {
        By { agent: None, name: "guichet".to_owned(), door }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditKind {
    /// All that is held of a person was given out.
    PersonExported,
    /// All that was held of a person was taken away.
    PersonErased,
    /// What is kept no longer went.
    RetentionRun,
    /// A requester's name or preference was set.
    PersonSet,
    /// Requesters came from a file.
    PeopleImported,
    /// A blocked requester's mail opens tickets again.
    PersonUnblocked,
    /// Mail goes again to an address that one came back from.
    MailResumed,
    /// The links of all mails to a requester were ended.
    LinksEnded,
    /// A held mail was read again.
    MailReplayed,
    /// What was given up was to be told by webhook again.
    WebhookResent,
    /// What a chat platform had refused was to be posted again.
    PostResent,
    /// An agent was added.
    AgentAdded,
    /// An agent's password was set.
    PasswordSet,
    /// An account of another system was linked to an agent.
    AccountLinked,
    /// An account was taken from an agent again.
    AccountUnlinked,
    /// A link was made by which an agent chooses their password.
    AgentInvited,
    /// An agent's role was changed.
    RoleSet,
    /// An agent can neither sign in nor act any more.
    AgentDisabled,
    /// An agent can again.
    AgentEnabled,
    /// Sessions of an agent were ended.
    SessionsEnded,
    /// An agent signs in with a code of their authenticator too.
    TotpOn,
    /// They do not any more.
    TotpOff,
    /// A recovery code was used up.
    RecoveryUsed,
    /// A token of the JSON interface was made.
    TokenMade,
    /// The tokens of an agent were ended.
    TokensEnded,
    /// A standard reply was written in the pages.
    TemplateSet,
    /// A standard reply is again as it came, or gone where it came from nowhere.
    TemplateReset,
    /// A page of the knowledge base was written.
    ArticleSet,
}

impl AuditKind {
    /// All kinds.
    pub const ALL: [AuditKind; 28] = [
        AuditKind::PersonExported,
        AuditKind::PersonErased,
        AuditKind::RetentionRun,
        AuditKind::PersonSet,
        AuditKind::PeopleImported,
        AuditKind::PersonUnblocked,
        AuditKind::MailResumed,
        AuditKind::LinksEnded,
        AuditKind::MailReplayed,
        AuditKind::WebhookResent,
        AuditKind::PostResent,
        AuditKind::AgentAdded,
        AuditKind::PasswordSet,
        AuditKind::AccountLinked,
        AuditKind::AccountUnlinked,
        AuditKind::AgentInvited,
        AuditKind::RoleSet,
        AuditKind::AgentDisabled,
        AuditKind::AgentEnabled,
        AuditKind::SessionsEnded,
        AuditKind::TotpOn,
        AuditKind::TotpOff,
        AuditKind::RecoveryUsed,
        AuditKind::TokenMade,
        AuditKind::TokensEnded,
        AuditKind::TemplateSet,
        AuditKind::TemplateReset,
        AuditKind::ArticleSet,
    ];

    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            AuditKind::PersonExported => "person_exported",
            AuditKind::PersonErased => "person_erased",
            AuditKind::RetentionRun => "retention_run",
            AuditKind::PersonSet => "person_set",
            AuditKind::PeopleImported => "people_imported",
            AuditKind::PersonUnblocked => "person_unblocked",
            AuditKind::MailResumed => "mail_resumed",
            AuditKind::LinksEnded => "links_ended",
            AuditKind::MailReplayed => "mail_replayed",
            AuditKind::WebhookResent => "webhook_resent",
            AuditKind::PostResent => "post_resent",
            AuditKind::AgentAdded => "agent_added",
            AuditKind::PasswordSet => "password_set",
            AuditKind::AccountLinked => "account_linked",
            AuditKind::AccountUnlinked => "account_unlinked",
            AuditKind::AgentInvited => "agent_invited",
            AuditKind::RoleSet => "role_set",
            AuditKind::AgentDisabled => "agent_disabled",
            AuditKind::AgentEnabled => "agent_enabled",
            AuditKind::SessionsEnded => "sessions_ended",
            AuditKind::TotpOn => "totp_on",
            AuditKind::TotpOff => "totp_off",
            AuditKind::RecoveryUsed => "recovery_used",
            AuditKind::TokenMade => "token_made",
            AuditKind::TokensEnded => "tokens_ended",
            AuditKind::TemplateSet => "template_set",
            AuditKind::TemplateReset => "template_reset",
            AuditKind::ArticleSet => "article_set",
        }
    }

    /// The kind that [`AuditKind::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<AuditKind> {
        AuditKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What a line of the audit log remembers beside its kind: numbers and counts, and nothing that names a requester.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditDetail {
    /// The requester's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<i64>,
    /// The requester's preference from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preference: Option<Preference>,
    /// The agent concerned, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The agent's role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The kind of the account: `discord`, `slack`, `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What a token opens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Scope>,
    /// How many tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// How many sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<u64>,
    /// The mail's number in the journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<i64>,
    /// The ticket that it came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<i64>,
    /// The key of a standard reply, or the name of a page: `kb/remboursement`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// The number of what was to be sent again: an event for an endpoint, a post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<i64>,
    /// How many were to be sent again at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<u64>,
    /// How much.
    #[serde(flatten)]
    pub counts: Counts,
}

/// How much was given out, or taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Tickets.
    #[serde(skip_serializing_if = "is_zero")]
    pub tickets: u64,
    /// Messages.
    #[serde(skip_serializing_if = "is_zero")]
    pub messages: u64,
    /// Mails as they came in.
    #[serde(skip_serializing_if = "is_zero")]
    pub mails: u64,
    /// Mails as they left.
    #[serde(skip_serializing_if = "is_zero")]
    pub sent_mails: u64,
    /// Records of requesters.
    #[serde(skip_serializing_if = "is_zero")]
    pub people: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Counts {
    /// Whether it is nothing at all.
    pub fn is_none(&self) -> bool {
        *self == Counts::default()
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, more: Counts) {
        self.tickets += more.tickets;
        self.messages += more.messages;
        self.mails += more.mails;
        self.sent_mails += more.sent_mails;
        self.people += more.people;
    }
}

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditLine {
    /// Its number.
    pub id: AuditId,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: AuditKind,
    /// By which door: `web`, `cli`, …
    pub door: String,
    /// Who.
    pub actor: String,
    /// The rest.
    pub detail: AuditDetail,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_what_is_zero_is_not_written() {
        for kind in AuditKind::ALL {
            assert_eq!(AuditKind::from_word(kind.as_str()), Some(kind));
        }
        let counts = Counts { tickets: 2, ..Counts::default() };
        let detail = AuditDetail { person: Some(7), counts, ..AuditDetail::default() };
        let written = serde_json::to_string(&detail).unwrap();
        assert_eq!(written, r#"{"person":7,"tickets":2}"#);
        assert_eq!(serde_json::from_str::<AuditDetail>(&written).unwrap(), detail);
    }
}
