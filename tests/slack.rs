//! Slack, from outside: people on a strict server of our own, and the desk behind our door, on both databases.
//!
//! What people do and what they then see is told as one text ([`Story`]), which is the snapshot of the test.

mod both;
mod cards;
mod commands;
mod day;
mod escalation;
mod faults;
mod files;
mod merged;
mod messages;
mod replies;
mod slow;

use crate::support::slack::Asked;
use crate::support::slack_team::SlackTeam;

/// What people do, and what they see of it.
struct Story {
    name: &'static str,
    told: String,
}

impl Story {
    fn new(name: &'static str) -> Story {
        Story { name, told: String::new() }
    }

    /// Somebody does something, or something happens; this is seen then.
    fn tell(&mut self, what: &str, seen: impl AsRef<str>) {
        self.told.push_str(&format!("=== {what}\n{}\n\n", seen.as_ref()));
    }

    /// The same with what they see of what they asked for.
    async fn answer(&mut self, what: &str, asked: &Asked) {
        self.tell(what, asked.read().await);
    }

    /// It was told so before, and Slack had nothing to put up with.
    fn end(self, team: &SlackTeam) {
        assert_eq!(team.slack.violations(), Vec::<String>::new());
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "slack/snapshots", omit_expression => true }, {
            insta::assert_snapshot!(self.name, self.told.trim_end());
        });
    }
}
