//! `guichet agent …`: the people who answer.

use super::{Done, Ended, acting, print, print_json};
use crate::app::Opened;
use crate::desk::agents::read_account;
use crate::domain::people::{Agent, Role, is_agent_name, is_password};
use crate::domain::refusal::Refusal;
use crate::domain::scope::Scope;
use crate::telemetry;
use crate::wording::{agents, cli as say, refusals};
use anyhow::Context;
use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use clap::{Subcommand, ValueEnum};
use std::io::{BufRead, IsTerminal};
use tokio::signal::unix::{SignalKind, signal};

/// What a shell says of a program that ended by Ctrl-C.
const INTERRUPTED: i32 = 130;

#[derive(Debug, Subcommand)]
pub(super) enum AgentCommand {
    /// Add an agent
    Add {
        /// The name that signs their replies
        name: String,
        /// What they may do
        #[arg(long, value_enum, default_value_t = RoleWord::Agent)]
        role: RoleWord,
    },
    /// Every agent
    List,
    /// Set an agent's password for the pages; read from the terminal or from stdin
    Passwd {
        /// Name
        name: String,
    },
    /// Link an account: `discord:ID`, `slack:ID`, or an address they forward users' mails from: `email:ADDRESS`
    Link {
        /// Name
        name: String,
        /// `discord:ID`, `slack:ID` or `email:ADDRESS`
        account: String,
    },
    /// Take an account away again
    Unlink {
        /// Name
        name: String,
        /// `discord:ID`, `slack:ID` or `email:ADDRESS`
        account: String,
    },
    /// Change what an agent may do
    Role {
        /// Name
        name: String,
        /// What they may do
        #[arg(value_enum)]
        role: RoleWord,
    },
    /// End an agent's access: their sessions, accounts and tokens open nothing any more
    Disable {
        /// Name
        name: String,
    },
    /// Give an agent's access back
    Enable {
        /// Name
        name: String,
    },
    /// A link by which an agent chooses a password, shown once
    Invite {
        /// Name
        name: String,
    },
    /// Ask an agent for no code of an authenticator any more, who lost it and the recovery codes
    Totp {
        /// Name
        name: String,
        /// Only a person at a page can turn it on
        #[arg(long, required = true)]
        off: bool,
    },
    /// A bearer token for the JSON interface, shown once
    Token {
        /// Name
        name: String,
        /// What it opens; all, where none is named
        #[arg(long = "scope", value_enum)]
        scopes: Vec<ScopeWord>,
        /// End all tokens of this agent instead
        #[arg(long, conflicts_with = "scopes")]
        revoke: bool,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ScopeWord {
    Users,
    Tickets,
    Notifications,
}

impl From<ScopeWord> for Scope {
    fn from(word: ScopeWord) -> Scope {
        match word {
            ScopeWord::Users => Scope::Users,
            ScopeWord::Tickets => Scope::Tickets,
            ScopeWord::Notifications => Scope::Notifications,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleWord {
    Agent,
    Lead,
    Admin,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Role {
        match word {
            RoleWord::Agent => Role::Agent,
            RoleWord::Lead => Role::Lead,
            RoleWord::Admin => Role::Admin,
        }
    }
}

pub(super) async fn run(opened: &Opened, command: &AgentCommand, by: Option<&str>, json: bool) -> Done {
    let desk = &opened.desk.acting(acting(opened, by).await?);
    match command {
        AgentCommand::Add { name, role } => {
            let name = name.trim();
            if !is_agent_name(name) {
                return Err(Ended::Usage(say::not_a_name(name)));
            }
            let added = desk.add_agent(name, Role::from(*role)).await?;
            let agent = added.ok_or_else(|| Ended::Refused(say::agent_exists(name)))?;
            print_json(json, &object(&agent), &say::agent_added(&agent));
        }
        AgentCommand::List => {
            let team = desk.agents().await?;
            if json {
                let list: Vec<_> = team
                    .iter()
                    .map(|linked| {
                        let accounts = accounts(&linked.identities);
                        serde_json::json!({
                            "id": linked.agent.id, "name": linked.agent.name, "role": linked.agent.role,
                            "accounts": accounts, "password": linked.has_password,
                            "totp": linked.access.totp_since.is_some(), "disabled": !linked.is_able(),
                            "last_sign_in_at": linked.access.last_sign_in_at, "sessions": linked.access.sessions,
                        })
                    })
                    .collect();
                print_json(true, &list, "");
            } else if team.is_empty() {
                print_json(false, &(), say::NO_AGENTS);
            } else {
                for linked in team {
                    let accounts = accounts(&linked.identities);
                    print(&say::agent_line(&linked.agent, &accounts, linked.has_password, &linked.access));
                }
            }
        }
        AgentCommand::Passwd { name } => {
            let agent = named(opened, name).await?;
            let Some(password) = read_password().await? else {
                opened.desk.close().await;
                // By itself: the runtime would wait for who still reads the terminal.
                std::process::exit(INTERRUPTED);
            };
            if !is_password(&password) {
                return Err(Ended::Refused(refusals::say(&Refusal::NotAPassword)));
            }
            let hash = Argon2::default()
                .hash_password(password.as_bytes())
                .map_err(|error| anyhow::anyhow!("the password could not be hashed: {error}"))?;
            desk.set_password_hash(agent.id, &hash.to_string()).await?;
            print_json(json, &object(&agent), &say::password_kept(&agent.name));
        }
        AgentCommand::Token { name, revoke: true, .. } => {
            let agent = named(opened, name).await?;
            let ended = desk.end_api_tokens(agent.id).await?;
            print_json(json, &serde_json::json!({ "ended": ended }), &say::tokens_ended(&agent.name, ended));
        }
        AgentCommand::Token { name, scopes, .. } => {
            let agent = named(opened, name).await?;
            let mut opens: Vec<Scope> = scopes.iter().map(|word| Scope::from(*word)).collect();
            if opens.is_empty() {
                opens.extend(Scope::ALL);
            }
            let token = desk.make_api_token(agent.id, &opens).await?;
            print_json(
                json,
                &serde_json::json!({ "token": token, "scopes": opens }),
                &say::token_made(&token),
            );
        }
        AgentCommand::Link { name, account } => {
            let agent = named(opened, name).await?;
            let (kind, id) = account_of(account)?;
            desk.link_identity(&agent, kind, &id).await?;
            print_json(json, &object(&agent), &agents::linked(&agent.name, kind));
        }
        AgentCommand::Unlink { name, account } => {
            let agent = named(opened, name).await?;
            let (kind, id) = account_of(account)?;
            desk.unlink_identity(&agent, kind, &id).await?;
            print_json(json, &object(&agent), &agents::unlinked(&agent.name, kind));
        }
        AgentCommand::Role { name, role } => {
            let (agent, role) = (named(opened, name).await?, Role::from(*role));
            desk.set_role(&agent, role).await?;
            print_json(json, &object(&Agent { role, ..agent.clone() }), &agents::role_set(&agent.name, role));
        }
        AgentCommand::Disable { name } => {
            let agent = named(opened, name).await?;
            desk.disable_agent(&agent).await?;
            print_json(json, &object(&agent), &agents::disabled(&agent.name));
        }
        AgentCommand::Enable { name } => {
            let agent = named(opened, name).await?;
            desk.enable_agent(&agent).await?;
            print_json(json, &object(&agent), &agents::enabled(&agent.name));
        }
        AgentCommand::Invite { name } => {
            let agent = named(opened, name).await?;
            let code = desk.invite(&agent).await?;
            let link = format!("{}/admin/first?code={code}", opened.config.public_url);
            print_json(json, &serde_json::json!({ "link": link }), &agents::invitation(&agent.name, &link));
        }
        AgentCommand::Totp { name, off: _ } => {
            let agent = named(opened, name).await?;
            desk.end_totp(&agent).await?;
            print_json(json, &object(&agent), &agents::totp_ended(&agent.name));
        }
    }
    Ok(())
}

fn account_of(account: &str) -> Result<(&'static str, String), Ended> {
    read_account(account).map_err(|refusal| Ended::Usage(refusals::say(&refusal)))
}

fn accounts(identities: &[(String, String)]) -> Vec<String> {
    identities.iter().map(|(kind, id)| format!("{kind}:{id}")).collect()
}

async fn named(opened: &Opened, name: &str) -> Result<Agent, Ended> {
    opened.desk.agent_by_name(name).await?.ok_or_else(|| Ended::Refused(say::no_such_agent(name)))
}

fn object(agent: &Agent) -> serde_json::Value {
    serde_json::json!({ "id": agent.id, "name": agent.name, "role": agent.role })
}

/// One line of stdin; on a terminal it is asked for, and what is typed does not show until there is an answer, or Ctrl-C
/// instead of one: `None`.
async fn read_password() -> Result<Option<String>, Ended> {
    if !std::io::stdin().is_terminal() {
        return Ok(Some(read_line()?));
    }
    // Heard from before the typing is hidden: whoever ends the program by it would else type unseen in the shell.
    let mut interrupted = signal(SignalKind::interrupt()).context("Ctrl-C cannot be heard")?;
    show_typing(false);
    telemetry::ask(say::NEW_PASSWORD);
    let read = tokio::select! {
        read = tokio::task::spawn_blocking(read_line) => Some(read),
        _ = interrupted.recv() => None,
    };
    show_typing(true);
    telemetry::warn_line("");
    let Some(read) = read else { return Ok(None) };
    Ok(Some(read.context("the password could not be read")??))
}

fn read_line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("the password could not be read")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// `stty` is on every system that has terminals; where it fails the password shows, and is read all the same.
fn show_typing(shown: bool) {
    let _ = std::process::Command::new("stty").arg(if shown { "echo" } else { "-echo" }).status();
}
