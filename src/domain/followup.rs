//! What is due next on a ticket, and when: reminders, closing, what stands too long, what was put off. Pure: the time is
//! an argument, and everything follows from the ticket's past ([`Life`]).

use super::event::EventKind;
use super::hours::OpenHours;
use super::life::Life;
use super::message::Direction;
use super::ticket::Status;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a ticket's timer is for; at most one of each kind runs for a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// Keeping the requester of an urgent ticket informed (guide, « Ticket Urgent »: « toutes les 2h »).
    UrgentUpdate,
    /// Reminding a requester who owes us an answer (guide, « Relance après 3 jours »).
    FirstReminder,
    /// Reminding them once more (guide, « Deuxième relance après 5 jours »).
    SecondReminder,
    /// Closing what they never answered (guide, « Fermeture après 7 jours »).
    CloseUnanswered,
    /// Closing what stayed resolved (guide, « Après 24h sans réponse »).
    CloseResolved,
    /// Work in progress that nobody touched (guide, « Ne pas laisser stagner > 24h »).
    StaleInProgress,
    /// What an agent put off.
    SnoozeOver,
    /// A deadline is near.
    DueSoon,
    /// A deadline is over.
    Overdue,
}

impl TimerKind {
    /// All kinds.
    pub const ALL: [TimerKind; 9] = [
        TimerKind::UrgentUpdate,
        TimerKind::FirstReminder,
        TimerKind::SecondReminder,
        TimerKind::CloseUnanswered,
        TimerKind::CloseResolved,
        TimerKind::StaleInProgress,
        TimerKind::SnoozeOver,
        TimerKind::DueSoon,
        TimerKind::Overdue,
    ];

    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            TimerKind::UrgentUpdate => "urgent_update",
            TimerKind::FirstReminder => "first_reminder",
            TimerKind::SecondReminder => "second_reminder",
            TimerKind::CloseUnanswered => "close_unanswered",
            TimerKind::CloseResolved => "close_resolved",
            TimerKind::StaleInProgress => "stale_in_progress",
            TimerKind::SnoozeOver => "snooze_over",
            TimerKind::DueSoon => "due_soon",
            TimerKind::Overdue => "overdue",
        }
    }

    /// The kind that [`TimerKind::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<TimerKind> {
        TimerKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether it tells the requester something: such a step may be proposed instead of taken.
    pub const fn reaches_requester(self) -> bool {
        matches!(
            self,
            TimerKind::FirstReminder
                | TimerKind::SecondReminder
                | TimerKind::CloseUnanswered
                | TimerKind::CloseResolved
        )
    }
}

/// Whether the clock acts, or proposes what a CM does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It reminds and closes.
    Auto,
    /// It posts buttons.
    Propose,
}

impl Mode {
    /// `auto` or `propose`; `None` for anything else.
    pub fn from_word(word: &str) -> Option<Mode> {
        match word {
            "auto" => Some(Mode::Auto),
            "propose" => Some(Mode::Propose),
            _ => None,
        }
    }
}

/// How long a ticket may stand (guide, « Gestion de la File »; the spans are elapsed time but for the stale one).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// From our question to the first reminder.
    pub first_reminder: Duration,
    /// From our question to the second, more than that.
    pub second_reminder: Duration,
    /// From our question to the closing, more than that.
    pub close_unanswered: Duration,
    /// From resolved to closed.
    pub close_resolved: Duration,
    /// In open hours, from the last act of a person.
    pub stale_in_progress: Duration,
    /// Whether the clock acts itself.
    pub mode: Mode,
}

impl Default for FollowUp {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(86_400);
        FollowUp {
            first_reminder: 3 * DAY,
            second_reminder: 5 * DAY,
            close_unanswered: 7 * DAY,
            close_resolved: DAY,
            stale_in_progress: DAY,
            mode: Mode::Auto,
        }
    }
}

/// Something to do on a ticket, and from when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub kind: TimerKind,
    /// From when on.
    pub at: DateTime<Utc>,
}

/// The steps of the ladder.
const LADDER: [TimerKind; 3] =
    [TimerKind::FirstReminder, TimerKind::SecondReminder, TimerKind::CloseUnanswered];

impl FollowUp {
    /// What comes next, however long it is due; `None` where nothing does.
    pub fn next(&self, life: &Life<'_>, hours: &OpenHours) -> Option<Step> {
        self.steps(life, hours).first().copied()
    }

    /// How long a ticket stands before a step, from what [`FollowUp`] counts it; `None` for what has no such span.
    pub fn span(&self, kind: TimerKind) -> Option<Duration> {
        match kind {
            TimerKind::FirstReminder => Some(self.first_reminder),
            TimerKind::SecondReminder => Some(self.second_reminder),
            TimerKind::CloseUnanswered => Some(self.close_unanswered),
            TimerKind::CloseResolved => Some(self.close_resolved),
            TimerKind::StaleInProgress => Some(self.stale_in_progress),
            _ => None,
        }
    }

    /// What is to be done now: of several steps that came due while nobody looked, the latest, and never two. Nothing is closed
    /// before its requester was warned.
    pub fn due(&self, life: &Life<'_>, hours: &OpenHours, now: DateTime<Utc>) -> Option<Step> {
        let mut due = self.steps(life, hours);
        due.retain(|step| step.at <= now);
        let is_warned = due.first().is_none_or(|step| step.kind == TimerKind::CloseUnanswered);
        let latest = due.into_iter().rfind(|step| is_warned || step.kind != TimerKind::CloseUnanswered);
        // What came due in open hours while nobody looked waits for the next ones.
        latest.filter(|step| step.kind == TimerKind::CloseResolved || hours.is_attended(now))
    }

    /// What a requester who owes us an answer would be sent next, were it due now; `None` where they owe none.
    pub fn next_reminder(&self, life: &Life<'_>, hours: &OpenHours) -> Option<TimerKind> {
        let reminds = |kind: &TimerKind| matches!(kind, TimerKind::FirstReminder | TimerKind::SecondReminder);
        if life.status != Status::WaitingCustomer {
            return None;
        }
        // What was only proposed was not sent.
        let asked = asked(life);
        let standing =
            life.happened.iter().rev().find(|event| event.detail.timer.is_some() && event.at >= asked);
        let proposed = standing.filter(|event| event.kind == EventKind::Proposed);
        let proposed = proposed.and_then(|event| event.detail.timer).filter(reminds);
        let next = || self.steps(life, hours).into_iter().map(|step| step.kind).find(reminds);
        Some(proposed.or_else(next).unwrap_or(TimerKind::SecondReminder))
    }

    /// All that would be done on a ticket to which nothing else happens, in order.
    fn steps(&self, life: &Life<'_>, hours: &OpenHours) -> Vec<Step> {
        if life.is_merged {
            return Vec::new();
        }
        match life.status {
            Status::WaitingCustomer => self.ladder(life, hours),
            Status::Resolved => self.close_resolved(life).into_iter().collect(),
            Status::New | Status::InProgress => self.unattended(life, hours).into_iter().collect(),
            Status::Closed => Vec::new(),
        }
    }

    /// Reminders and the closing: counted from our question, moved to when somebody is there, and no two of them closer
    /// than their spans are.
    fn ladder(&self, life: &Life<'_>, hours: &OpenHours) -> Vec<Step> {
        let asked = asked(life);
        let spans = [self.first_reminder, self.second_reminder, self.close_unanswered];
        // What was only proposed, and put off then, is proposed again.
        let put_off_at = last_of(life, EventKind::Snoozed);
        let taken = life.happened.iter().rev().find_map(|event| {
            let step = LADDER.iter().position(|kind| event.detail.timer == Some(*kind))?;
            let counts = match event.kind {
                EventKind::Reminded => true,
                EventKind::Proposed => put_off_at.is_none_or(|at| event.at > at),
                _ => false,
            };
            (counts && event.at >= asked).then_some((step, event.at))
        });
        let put_off = put_off_until(life);
        let (first, mut before) = taken.map_or((0, None), |(step, at)| (step + 1, Some((step, at))));
        let mut steps = Vec::new();
        for step in first..LADDER.len() {
            let mut at = after(asked, spans[step]);
            if let Some((step_before, at_before)) = before {
                at = at.max(after(at_before, spans[step].saturating_sub(spans[step_before])));
            }
            let at = hours.next_open(put_off.map_or(at, |until| at.max(until)));
            steps.push(Step { kind: LADDER[step], at });
            before = Some((step, at));
        }
        steps
    }

    fn close_resolved(&self, life: &Life<'_>) -> Option<Step> {
        let said = life.said.iter().rev().find(|said| said.direction != Direction::Note).map(|said| said.at);
        let settled = said.map_or(life.entered(), |at| at.max(life.entered()));
        let put_off_at = last_of(life, EventKind::Snoozed);
        if was_done(life, EventKind::Proposed, put_off_at.map_or(settled, |at| at.max(settled))) {
            return None;
        }
        let at = after(settled, self.close_resolved);
        let at = put_off_until(life).map_or(at, |until| at.max(until));
        Some(Step { kind: TimerKind::CloseResolved, at })
    }

    /// What was put off comes back; work in progress that nobody touches is told, once.
    fn unattended(&self, life: &Life<'_>, hours: &OpenHours) -> Option<Step> {
        if let Some(until) = put_off_until(life) {
            return Some(Step { kind: TimerKind::SnoozeOver, at: hours.next_open(until) });
        }
        let touched = life.last_touched();
        if life.status == Status::New || was_done(life, EventKind::Stale, touched) {
            return None;
        }
        let span = TimeDelta::from_std(self.stale_in_progress).unwrap_or(TimeDelta::MAX);
        Some(Step { kind: TimerKind::StaleInProgress, at: hours.add(touched, span) })
    }
}

/// Until when an agent put the ticket off, as long as that lasts: the requester's answer ends it, and so does another
/// status.
pub fn put_off_until(life: &Life<'_>) -> Option<DateTime<Utc>> {
    for event in life.happened.iter().rev() {
        match event.kind {
            EventKind::Snoozed => return event.detail.until,
            EventKind::SnoozeOver | EventKind::RequesterWrote => return None,
            // Who takes it further has taken it up again.
            _ if event.detail.to.is_some() && event.detail.to != event.detail.from => return None,
            _ => {}
        }
    }
    None
}

/// When something last happened.
fn last_of(life: &Life<'_>, kind: EventKind) -> Option<DateTime<Utc>> {
    life.happened.iter().rev().find(|event| event.kind == kind).map(|event| event.at)
}

/// Since when the requester owes us an answer.
pub fn asked(life: &Life<'_>) -> DateTime<Utc> {
    life.last_said(Direction::Outbound).map_or(life.entered(), |at| at.max(life.entered()))
}

fn was_done(life: &Life<'_>, kind: EventKind, since: DateTime<Utc>) -> bool {
    life.happened.iter().any(|event| event.kind == kind && event.at >= since)
}

/// What an act makes of [`TimerKind::UrgentUpdate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateTimer {
    /// It goes on, or goes on not to be there.
    Keep,
    /// It runs from now on; one that runs begins anew.
    Start,
    /// One that runs begins anew.
    Restart,
    /// It is due at the latest then: what another ticket owed.
    Inherit(DateTime<Utc>),
    /// It is over.
    Stop,
    /// It stands as before the act that is taken back.
    Restore(Option<DateTime<Utc>>),
}

impl UpdateTimer {
    /// When the timer is due after an act at `now`, with `every` from one reminder to the next; `None`: it does not
    /// run. `standing` is when it was due before the act.
    pub fn next(
        self,
        standing: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
        every: Duration,
    ) -> Option<DateTime<Utc>> {
        match self {
            UpdateTimer::Keep => standing,
            UpdateTimer::Start => Some(after(now, every)),
            UpdateTimer::Restart => standing.map(|_| after(now, every)),
            UpdateTimer::Inherit(due) => Some(standing.map_or(due, |standing| standing.min(due))),
            UpdateTimer::Stop => None,
            UpdateTimer::Restore(due) => due,
        }
    }
}

/// When a reminder comes next after one at `now`: counted from now and not from when it was due, so that a long stop
/// of the program is followed by one reminder and not by all that were missed.
pub fn after(now: DateTime<Utc>, every: Duration) -> DateTime<Utc> {
    let every = TimeDelta::from_std(every).unwrap_or(TimeDelta::MAX);
    now.checked_add_signed(every).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
#[path = "followup_tests.rs"]
mod tests;
