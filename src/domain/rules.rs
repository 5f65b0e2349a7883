//! Every adjustable number in one place; the defaults are the guide's.

use super::followup::FollowUp;
use super::retention::Retention;
use super::ritual::Rituals;
use super::sla::Targets;
use std::time::Duration;

/// The numbers that decisions depend on.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// How long a reply or a status change can be taken back; its deliveries wait that long.
    pub undo_window: Duration,
    /// The mails of one sender taken in within an hour; the rest of the hour's are held for a CM. Zero: no limit.
    pub mails_per_sender_per_hour: u32,
    /// The automatic mails that one address gets within an hour; the rest wait. Replies are not among them.
    /// Zero: no limit.
    pub automatic_mails_per_recipient_per_hour: u32,
    /// The mails that a provider known to throttle gets at once and within a minute; the rest wait their turn. Zero: no limit.
    pub mails_per_provider_per_minute: u32,
    /// How long after it was closed a ticket is reopened by its requester's answer; after that the answer
    /// opens another, which goes on from it.
    pub reopen_window: Duration,
    /// How often the requester of an urgent ticket is kept informed.
    pub urgent_update: Duration,
    /// How long tickets may stand.
    pub follow_up: FollowUp,
    /// What the team is told once on a day.
    pub rituals: Rituals,
    /// By when somebody is owed an answer.
    pub sla: Targets,
    /// How long what people wrote is kept.
    pub retention: Retention,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            undo_window: Duration::from_secs(20),
            mails_per_sender_per_hour: 1000,
            automatic_mails_per_recipient_per_hour: 5,
            mails_per_provider_per_minute: 60,
            reopen_window: Duration::from_secs(60 * 86_400),
            urgent_update: Duration::from_secs(2 * 3600),
            follow_up: FollowUp::default(),
            rituals: Rituals::default(),
            sla: Targets::default(),
            retention: Retention::default(),
        }
    }
}
