//! `guichet ticket WORDS…`: the grammar of the chats on the terminal.

use super::{Done, Ended, on_terminal, print, print_json};
use crate::app::Opened;
use crate::command::grammar::Command;
use crate::command::parse::parse_words;
use crate::desk::board::QueueFilter;
use crate::domain::people::{Agent, Door};
use crate::view::View;
use crate::wording::{cli as say, refusals, text};

/// Runs one command as an agent.
pub(super) async fn run(opened: &Opened, name: Option<&str>, words: &[String], json: bool) -> Done {
    let command = parse_words(words).map_err(|error| Ended::Refused(refusals::say_usage(&error)))?;
    let agent = acting(opened, name).await?;
    let view = match (&command, json) {
        // A script wants the whole list, a person its beginning.
        (Command::List { status, priority, mine, words }, true) => View::Queue(
            opened
                .desk
                .queue(&QueueFilter {
                    status: *status,
                    priority: *priority,
                    assignee: mine.then_some(agent.id),
                    words: words.clone(),
                    limit: None,
                    before: None,
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

/// The agent named, else the only one; a desk without agents gets its first here.
async fn acting(opened: &Opened, name: Option<&str>) -> Result<Agent, Ended> {
    if let Some(name) = name {
        let agent = opened.desk.agent_by_name(name).await?;
        return agent.ok_or_else(|| Ended::Refused(say::no_such_agent(name)));
    }
    let is_first = opened.desk.agents().await?.is_empty();
    let agent = opened.desk.only_agent("Support").await?;
    match agent {
        Some(agent) => {
            if is_first {
                eprintln!("{}", text::sentence(&say::first_agent(&agent), false));
            }
            Ok(agent)
        }
        None => {
            let agents: Vec<Agent> =
                opened.desk.agents().await?.into_iter().map(|linked| linked.agent).collect();
            Err(Ended::Usage(say::who_acts(&agents)))
        }
    }
}
