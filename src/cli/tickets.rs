//! `guichet ticket WORDS…`: the grammar of the chats on the terminal.

use super::{Done, Ended, able, on_terminal, print, print_json};
use crate::app::Opened;
use crate::command::grammar::Command;
use crate::command::parse::parse_words;
use crate::desk::agents::LinkedAgent;
use crate::desk::board::QueueFilter;
use crate::domain::ids::AgentId;
use crate::domain::list::Holder;
use crate::domain::people::{Agent, Door, Role};
use crate::view::View;
use crate::wording::{cli as say, refusals, text};

/// Runs one command as an agent.
pub(super) async fn run(opened: &Opened, name: Option<&str>, words: &[String], json: bool) -> Done {
    let command = parse_words(words).map_err(|error| Ended::Usage(refusals::say_usage(&error)))?;
    let agent = acting(opened, name, &command).await?;
    let view = match (&command, json) {
        // A script wants the whole list, a person its beginning.
        (Command::List { status, priority, mine, words }, true) => View::Queue(
            opened
                .desk
                .queue(&QueueFilter {
                    status: *status,
                    priority: *priority,
                    holder: mine.then_some(Holder::Agent(agent.id)),
                    words: words.clone(),
                    ..QueueFilter::default()
                })
                .await?,
        ),
        _ => opened.desk.run(&agent, Door::Cli, command, None).await?,
    };
    if json {
        print_json(true, &view, "");
    } else {
        let now = opened.desk.clock().now();
        print(&text::draw(&view, now, opened.config.timezone, on_terminal()));
    }
    Ok(())
}

/// The name of the agent who acts on a desk that has none.
const FIRST_AGENT: &str = "Support";

/// The agent named, else the only one. On a desk without agents, whoever holds its configuration may look at
/// everything, and becomes its first agent by acting; that one steps back once there are others.
async fn acting(opened: &Opened, name: Option<&str>, command: &Command) -> Result<Agent, Ended> {
    let desk = &opened.desk;
    if let Some(name) = name {
        return able(desk, name).await;
    }
    let able = desk.agents().await?.into_iter().filter(LinkedAgent::is_able);
    let mut agents: Vec<Agent> = able.map(|linked| linked.agent).collect();
    if agents.len() > 1 {
        agents.retain(|agent| agent.name != FIRST_AGENT);
    }
    match agents.as_slice() {
        [only] => Ok(only.clone()),
        // Whoever holds the configuration may look at everything, as nobody in particular.
        _ if !command.acts() && !matches!(command, Command::List { mine: true, .. }) => {
            Ok(Agent { id: AgentId(0), name: FIRST_AGENT.to_owned(), role: Role::Admin })
        }
        [] => {
            let added = desk.add_agent(FIRST_AGENT, Role::Admin).await?;
            let agent = added.ok_or_else(|| Ended::Refused(say::agent_exists(FIRST_AGENT)))?;
            crate::telemetry::warn_line(&text::sentence(&say::first_agent(&agent), false));
            Ok(agent)
        }
        several => Err(Ended::Usage(say::who_acts(several))),
    }
}
