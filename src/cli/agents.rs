//! `guichet agent …`: the people who answer.

use super::{Done, Ended, acting, print, print_json};
use crate::app::Opened;
use crate::domain::people::{Agent, Role, normal_address};
use crate::domain::scope::Scope;
use crate::wording::cli as say;
use anyhow::Context;
use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use clap::{Subcommand, ValueEnum};
use std::io::{BufRead, IsTerminal, Write};

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
            let fits = (1..=60).contains(&name.chars().count()) && !name.contains(|c: char| c.is_control());
            if !fits {
                return Err(Ended::Usage(say::not_a_name(name)));
            }
            let added = desk.add_agent(name, Role::from(*role)).await?;
            let agent = added.ok_or_else(|| Ended::Refused(say::agent_exists(name)))?;
            print_json(json, &object(&agent), &say::agent_added(&agent));
        }
        AgentCommand::List => {
            let agents = desk.agents().await?;
            if json {
                let list: Vec<_> = agents
                    .iter()
                    .map(|linked| {
                        let accounts = accounts(&linked.identities);
                        serde_json::json!({
                            "id": linked.agent.id, "name": linked.agent.name, "role": linked.agent.role,
                            "accounts": accounts, "password": linked.has_password,
                        })
                    })
                    .collect();
                print_json(true, &list, "");
            } else if agents.is_empty() {
                print_json(false, &(), say::NO_AGENTS);
            } else {
                for linked in agents {
                    let accounts = accounts(&linked.identities);
                    let agent = &linked.agent;
                    print(&say::agent_line(&agent.name, agent.role, &accounts, linked.has_password));
                }
            }
        }
        AgentCommand::Passwd { name } => {
            let agent = named(opened, name).await?;
            let password = read_password()?;
            if password.chars().count() < 12 {
                return Err(Ended::Refused(say::PASSWORD_TOO_SHORT.to_owned()));
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
            let (kind, id) = match account.split_once(':') {
                Some((kind @ ("discord" | "slack"), id)) if is_account_id(id) => (kind, id.to_owned()),
                Some(("email", address)) if is_address(address) => ("email", normal_address(address)),
                _ => return Err(Ended::Usage(say::not_an_account(account))),
            };
            desk.link_identity(&agent, kind, &id).await?;
            print_json(json, &object(&agent), &say::linked(&agent.name, kind));
        }
    }
    Ok(())
}

/// Ids of both platforms are short words of letters and digits.
fn is_account_id(id: &str) -> bool {
    (1..=40).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// One address, and nothing but it.
fn is_address(text: &str) -> bool {
    let text = text.trim();
    let is_plain = !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c));
    text.len() <= 320 && is_plain && text.parse::<lettre::Address>().is_ok()
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

/// One line of stdin; on a terminal it is asked for, and what is typed does not show.
fn read_password() -> Result<String, Ended> {
    let stdin = std::io::stdin();
    let asks = stdin.is_terminal();
    if asks {
        eprint!("{}", say::NEW_PASSWORD);
        let _ = std::io::stderr().flush();
        show_typing(false);
    }
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    if asks {
        show_typing(true);
        eprintln!();
    }
    read.context("the password could not be read")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// `stty` is on every system that has terminals; where it fails the password shows, and is read all the same.
fn show_typing(shown: bool) {
    let _ = std::process::Command::new("stty").arg(if shown { "echo" } else { "-echo" }).status();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_whole_address_is_linked() {
        for address in ["camille@firme.example", " Camille+support@firme.example "] {
            assert!(is_address(address), "{address}");
        }
        for none in [
            "",
            "camille",
            "@firme.example",
            "a@b.example, c@d.example",
            "Camille <a@b.example>",
            "a b@c.example",
        ] {
            assert!(!is_address(none), "{none}");
        }
    }
}
