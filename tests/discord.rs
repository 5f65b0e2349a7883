//! Discord, from outside: people on a strict server of our own, and the desk behind our door, on both databases.
//!
//! What people do and what they then see is told as one text ([`Story`]), which is the snapshot of the test.

mod cards;
mod commands;
mod day;
mod escalation;
mod files;
mod merged;
mod messages;
mod replies;

use crate::support::discord::Reply;
use crate::support::team::Team;

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
        // Whether two changes became one edit or two is a matter of pace.
        let seen = seen.as_ref().replace(" (edited)", "");
        self.told.push_str(&format!("=== {what}\n{seen}\n\n"));
    }

    /// The same with the answer to an interaction: a message, or a form.
    async fn answer(&mut self, what: &str, reply: &Reply) {
        let drawn = match reply.first().await.kind {
            9 => reply.modal().await.draw(),
            _ => reply.draw().await,
        };
        self.tell(what, drawn);
    }

    /// It was told so before, and Discord had nothing to put up with.
    fn end(self, team: &Team) {
        assert_eq!(team.discord.violations(), Vec::<String>::new());
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "discord/snapshots", omit_expression => true }, {
            insta::assert_snapshot!(self.name, self.told.trim_end());
        });
    }
}
