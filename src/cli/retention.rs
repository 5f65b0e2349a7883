//! `guichet retention …`: what is kept no longer.

use super::{Done, acting, on_terminal, print, print_json};
use crate::app::Opened;
use crate::domain::audit::Counts;
use crate::wording::retention as say;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum RetentionCommand {
    /// The periods, and what is over
    Show,
    /// Take away what is kept no longer (`serve` does it by itself, and `tick` a little at each time)
    Run {
        /// Only count
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) async fn run(
    opened: &Opened,
    command: &RetentionCommand,
    agent: Option<&str>,
    json: bool,
) -> Done {
    let desk = &opened.desk;
    match command {
        RetentionCommand::Show => {
            let view = desk.retention().await?;
            if json {
                print_json(true, &view, "");
            } else {
                for line in say::periods(&view) {
                    print(&crate::wording::text::sentence(&line, on_terminal()));
                }
                print_json(false, &(), &say::gone(&view.over(), true));
            }
        }
        RetentionCommand::Run { dry_run: true } => {
            let over = desk.retention().await?.over();
            print_json(json, &over, &say::gone(&over, true));
        }
        RetentionCommand::Run { dry_run: false } => {
            let by = acting(opened, agent).await?;
            let mut gone = Counts::default();
            loop {
                let step = desk.keep_to_retention(&by).await?;
                gone += step.gone;
                // What cannot be taken away is in the log; it is not tried for ever.
                if !step.more || step.gone.is_none() {
                    break;
                }
            }
            print_json(json, &gone, &say::gone(&gone, false));
            // From here on no backup holds the words, whether anything else runs or not.
            desk.tidy_search().await?;
        }
    }
    Ok(())
}
