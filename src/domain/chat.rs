//! What is told to the team in chat, by which platform, and what follows from an attempt to post it.

use super::event::{EventDetail, EventKind};
use super::ids::TicketId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where a team talks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the products' own")]
pub enum Platform {
    Discord,
    Slack,
}

impl Platform {
    /// The word used in the database, and the kind of an account linked to an agent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Platform::Discord => "discord",
            Platform::Slack => "slack",
        }
    }

    /// The platform that [`Platform::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Platform> {
        [Platform::Discord, Platform::Slack].into_iter().find(|platform| platform.as_str() == word)
    }

    /// How many characters a long text of a form may begin with; on Slack it stands in several fields.
    pub const fn longest_field(self) -> usize {
        match self {
            Platform::Discord => 4000,
            Platform::Slack => 28_000,
        }
    }
}

/// A thing that stands in chat, once for each platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PostKind {
    /// The card of a ticket in #support-team, with its thread; about nothing else.
    Card,
    /// The card again at a later time, for what ends by itself.
    Refresh,
    /// A message of the conversation, in the ticket's thread; about the message.
    Message,
    /// A line of the history, in the ticket's thread; about the event.
    Event,
    /// The ticket in #dev-team, with its thread; about nothing else.
    Escalation,
    /// The ticket in the product team's channel; about nothing else.
    Handover,
    /// What needs a person, in #support-team; of no ticket.
    Alerts,
    /// Something to look at on a ticket, in #support-team itself; about the event.
    Warning,
    /// What showed the ticket was removed by somebody, and comes anew: said once, to the leads.
    Restored,
    /// What is to be done today; about the day, of no ticket.
    Checklist,
    /// What was done today; about the day, of no ticket.
    DayReport,
    /// What was done in the week before; about the day, of no ticket.
    WeekReport,
}

impl PostKind {
    /// All kinds.
    pub const ALL: [PostKind; 12] = [
        PostKind::Card,
        PostKind::Refresh,
        PostKind::Message,
        PostKind::Event,
        PostKind::Escalation,
        PostKind::Handover,
        PostKind::Alerts,
        PostKind::Warning,
        PostKind::Restored,
        PostKind::Checklist,
        PostKind::DayReport,
        PostKind::WeekReport,
    ];

    /// The word used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            PostKind::Card => "card",
            PostKind::Refresh => "refresh",
            PostKind::Message => "message",
            PostKind::Event => "event",
            PostKind::Escalation => "escalation",
            PostKind::Handover => "handover",
            PostKind::Alerts => "alerts",
            PostKind::Warning => "warning",
            PostKind::Restored => "restored",
            PostKind::Checklist => "checklist",
            PostKind::DayReport => "day_report",
            PostKind::WeekReport => "week_report",
        }
    }

    /// The kind that [`PostKind::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<PostKind> {
        PostKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// As what it stands in chat: a refresh redraws the card.
    pub const fn stands_as(self) -> PostKind {
        match self {
            PostKind::Refresh => PostKind::Card,
            kind => kind,
        }
    }
}

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What stands there.
    pub kind: PostKind,
    /// About what: the ticket's number for what is about the ticket itself, else the message's or event's.
    pub about: i64,
    /// Of which ticket.
    pub ticket: Option<TicketId>,
    /// The platform's id of the channel or thread.
    pub channel: String,
    /// The platform's id of the message.
    pub message: String,
    /// The platform's id of the thread that hangs on it.
    pub thread: Option<String>,
    /// A digest of what was drawn, so that the same is not drawn again.
    pub drawn: String,
}

/// What a line of history puts into chat beside the ticket's card, which each of them redraws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// A line in the ticket's thread.
    pub line: bool,
    /// The message that it wrote is to be drawn.
    pub message: bool,
    /// What goes to another team.
    pub post: Option<PostKind>,
    /// When it is said in the channel too, where it calls nobody.
    pub warns: Warns,
}

/// When something is said in the channel itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warns {
    /// Never.
    Never,
    /// Where nobody is responsible for the ticket, who would be called in its thread.
    Unassigned,
    /// Always.
    Always,
}

/// What of an event the team is told in chat. A message tells of itself; what only the card shows needs no line.
pub fn told(kind: EventKind, detail: &EventDetail) -> Told {
    let line = match kind {
        EventKind::Created
        | EventKind::RequesterWrote
        | EventKind::RequesterThanked
        | EventKind::AutomaticReply
        | EventKind::StrangerWrote
        | EventKind::NoteAdded
        | EventKind::TagsSet => false,
        // The reply tells of itself; the status that went with it is told too.
        EventKind::Replied | EventKind::HandedOver => detail.from != detail.to,
        EventKind::StatusSet
        | EventKind::PrioritySet
        | EventKind::Assigned
        | EventKind::Undone
        | EventKind::Bounced
        | EventKind::Resent
        | EventKind::MarkedSent
        | EventKind::PreferenceSet
        | EventKind::MergedInto
        | EventKind::Absorbed
        | EventKind::ContinuedIn
        | EventKind::SplitInto
        | EventKind::ParticipantsSet
        | EventKind::Escalated
        | EventKind::MadeUrgent
        | EventKind::UpdateDue
        | EventKind::Fixed
        | EventKind::Reminded
        | EventKind::Proposed
        | EventKind::Stale
        | EventKind::DeadlineNear
        | EventKind::DeadlineMissed
        | EventKind::Snoozed
        | EventKind::SnoozeOver
        | EventKind::FeedbackGiven
        | EventKind::Erased
        | EventKind::Anonymised => true,
    };
    let post = match kind {
        EventKind::Escalated | EventKind::MadeUrgent => Some(PostKind::Escalation),
        EventKind::Absorbed if takes_escalation_over(detail) => Some(PostKind::Escalation),
        EventKind::HandedOver => Some(PostKind::Handover),
        _ => None,
    };
    let warns = match kind {
        EventKind::DeadlineNear | EventKind::DeadlineMissed => Warns::Always,
        EventKind::UpdateDue
        | EventKind::Fixed
        | EventKind::Proposed
        | EventKind::Stale
        | EventKind::SnoozeOver => Warns::Unassigned,
        _ => Warns::Never,
    };
    Told { line, message: detail.message.is_some(), post, warns }
}

/// Whether a merge made a ticket escalated, as the one that ended was.
pub fn takes_escalation_over(absorbed: &EventDetail) -> bool {
    absorbed.escalated_from.is_none() && absorbed.escalated_to.is_some()
}

/// How a platform answered an attempt to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostOutcome {
    /// It stands; nothing to stand at when there was nothing to say.
    Posted,
    /// It may be posted later, at the earliest after this wait where the platform named one.
    Later {
        /// What went wrong, for the operator.
        why: String,
        /// How long the platform asks to wait.
        wait: Option<Duration>,
    },
    /// It will never be taken.
    Refused(String),
}

/// Waits between attempts to post. The last one repeats: what the team must see is never given up while a channel or a
/// permission is missing.
const WAITS: [Duration; 7] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(3 * 60),
    Duration::from_secs(10 * 60),
];

/// How long a worker may hold a post before another takes it over.
pub const POST_LEASE: Duration = Duration::from_secs(60);

/// How long to wait after `attempts` failed ones, the platform asking for `asked`.
pub fn wait_after(attempts: u32, asked: Option<Duration>) -> Duration {
    let last = WAITS.len() - 1;
    let ours = WAITS[(attempts.saturating_sub(1) as usize).min(last)];
    asked.map_or(ours, |asked| asked.max(ours.min(WAITS[0])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_grow_to_ten_minutes_and_stay_there() {
        assert_eq!(wait_after(1, None), Duration::from_secs(1));
        assert_eq!(wait_after(7, None), Duration::from_secs(600));
        assert_eq!(wait_after(u32::MAX, None), Duration::from_secs(600));
        assert_eq!(wait_after(7, Some(Duration::from_secs(4))), Duration::from_secs(4));
        assert_eq!(wait_after(1, Some(Duration::from_millis(300))), Duration::from_secs(1));
    }

    #[test]
    fn a_merge_tells_the_technical_team_where_it_took_an_escalation_over() {
        let since = Some(chrono::DateTime::UNIX_EPOCH);
        let post = |escalated_from, escalated_to| {
            let detail = EventDetail { escalated_from, escalated_to, ..EventDetail::default() };
            told(EventKind::Absorbed, &detail).post
        };
        assert_eq!(post(None, since), Some(PostKind::Escalation));
        assert_eq!([post(None, None), post(since, since), post(since, None)], [None; 3]);
    }

    #[test]
    fn a_message_tells_of_itself_and_a_status_is_a_line() {
        let written = EventDetail { message: Some(7), ..EventDetail::default() };
        assert_eq!(
            told(EventKind::RequesterWrote, &written),
            Told { line: false, message: true, post: None, warns: Warns::Never }
        );
        assert_eq!(
            told(EventKind::StatusSet, &EventDetail::default()),
            Told { line: true, message: false, post: None, warns: Warns::Never }
        );
    }
}
