//! Who may do what: one match over the commands, so that a command cannot be forgotten.
//!
//! Pure. May import: domain, command.

use super::grammar::Command;
use crate::domain::people::{Agent, Role};
use crate::domain::refusal::Refusal;

/// Whether `agent` may give `command`.
///
/// # Errors
/// [`Refusal::NeedsRole`] with the least role that may.
pub fn authorize(agent: &Agent, command: &Command) -> Result<(), Refusal> {
    let needed = needed_role(command);
    if agent.role >= needed { Ok(()) } else { Err(Refusal::NeedsRole(needed)) }
}

/// What the pages have beside commands that is not everybody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// What is held of a person: to see it, to give it out, to take it away; and the audit log, which tells of that.
    People,
    /// To write standard replies and pages of the knowledge base.
    Resources,
    /// How the desk itself fares: its mailboxes, what it holds back, what did not leave; and to send that on its way again.
    Operations,
    /// Who the agents are, and how their access stands.
    Team,
    /// To add an agent, to give a role, to link an account, to end an access.
    TeamChanges,
}

/// Whether `agent` may go there.
///
/// # Errors
/// As [`authorize`].
pub fn authorize_reserved(agent: &Agent, what: Reserved) -> Result<(), Refusal> {
    let needed = match what {
        Reserved::People | Reserved::Resources | Reserved::Operations | Reserved::Team => Role::Lead,
        Reserved::TeamChanges => Role::Admin,
    };
    if agent.role >= needed { Ok(()) } else { Err(Refusal::NeedsRole(needed)) }
}

/// The least role that may give a command.
fn needed_role(command: &Command) -> Role {
    match command {
        Command::List { .. }
        | Command::Show { .. }
        | Command::Status { .. }
        | Command::Reply { .. }
        | Command::Template { .. }
        | Command::Note { .. }
        | Command::Participants { .. }
        | Command::Take { .. }
        | Command::Assign { .. }
        | Command::Priority { .. }
        | Command::Tag { .. }
        | Command::Escalate { .. }
        | Command::Urgent { .. }
        | Command::Feature { .. }
        | Command::Spam { .. }
        | Command::Reopen { .. }
        | Command::Merge { .. }
        | Command::Snooze { .. }
        | Command::Remind { .. }
        | Command::Undo { .. }
        | Command::History { .. }
        | Command::Deliveries { .. }
        | Command::Resend { .. }
        | Command::MarkSent { .. }
        | Command::User { .. }
        | Command::Kb { .. }
        | Command::Stats
        | Command::Checklist
        | Command::Help { .. } => Role::Agent,
        Command::Report => Role::Lead,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::grammar::declaration;
    use crate::command::parse::parse;
    use crate::domain::ids::AgentId;

    fn agent(role: Role) -> Agent {
        Agent { id: AgentId(1), name: "Camille".into(), role }
    }

    const LINES: [&str; 30] = [
        "list",
        "show 42",
        "status 42 resolved",
        "reply 42 Bonjour",
        "template",
        "note 42 à suivre",
        "participants 42 +marc@client.example",
        "take 42",
        "assign 42 Sam",
        "priority 42 high",
        "tag 42 +vip",
        "escalate 42 bug",
        "urgent 42",
        "feature 42",
        "spam 42",
        "reopen 42",
        "merge 42 into 17",
        "snooze 42 2d",
        "remind 42",
        "undo",
        "history 42",
        "deliveries 42",
        "resend 7",
        "sent 7",
        "user jean@exemple.example",
        "kb remboursement",
        "stats",
        "checklist",
        "report",
        "help",
    ];

    #[test]
    fn an_agent_does_everything_but_the_report_which_is_a_leads() {
        for line in LINES {
            let command = parse(line).unwrap();
            let refused = authorize(&agent(Role::Agent), &command);
            let expected = if line == "report" { Err(Refusal::NeedsRole(Role::Lead)) } else { Ok(()) };
            assert_eq!(refused, expected, "{line}");
            assert_eq!(authorize(&agent(Role::Lead), &command), Ok(()), "{line}");
            assert_eq!(authorize(&agent(Role::Admin), &command), Ok(()), "{line}");
        }
    }

    #[test]
    fn what_is_held_of_people_resources_and_how_the_desk_fares_are_the_leads() {
        for (role, expected) in
            [(Role::Agent, Err(Refusal::NeedsRole(Role::Lead))), (Role::Lead, Ok(())), (Role::Admin, Ok(()))]
        {
            for what in [Reserved::People, Reserved::Resources, Reserved::Operations, Reserved::Team] {
                assert_eq!(authorize_reserved(&agent(role), what), expected);
            }
        }
    }

    #[test]
    fn the_team_is_changed_by_admins() {
        let refused = Err(Refusal::NeedsRole(Role::Admin));
        for (role, expected) in [(Role::Agent, refused.clone()), (Role::Lead, refused), (Role::Admin, Ok(()))]
        {
            assert_eq!(authorize_reserved(&agent(role), Reserved::TeamChanges), expected);
        }
    }

    #[test]
    fn the_table_above_names_every_command() {
        let named: Vec<&str> = LINES.iter().filter_map(|line| line.split(' ').next()).collect();
        let declared = declaration();
        let declared: Vec<&str> = declared.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(named, declared);
    }
}
