//! By when somebody is owed an answer, and a ticket its end: worked out from the ticket's past alone. Pure.

use super::event::EventKind;
use super::followup::TimerKind;
use super::hours::OpenHours;
use super::life::Life;
use super::ticket::{Priority, Status};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is promised (guide, « Temps de Réponse »; decision 025).
#[derive(Debug, Clone, PartialEq)]
pub struct Targets {
    /// From the first message to the first answer, in open hours.
    pub first_response: Duration,
    /// From what the requester writes later to the next answer, in open hours.
    pub next_response: Duration,
    /// From the first message to resolved, in elapsed time; the time that we wait for the requester does not count.
    pub resolution: Duration,
    /// Of how many tickets that is promised, from 0 to 1.
    pub resolution_share: f64,
    /// When somebody is there to answer.
    pub hours: OpenHours,
}

impl Default for Targets {
    fn default() -> Self {
        Targets {
            first_response: Duration::from_secs(2 * 3600),
            next_response: Duration::from_secs(4 * 3600),
            resolution: Duration::from_secs(24 * 3600),
            resolution_share: 0.8,
            hours: OpenHours::default(),
        }
    }
}

/// What is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owed {
    /// The first answer.
    FirstResponse,
    /// An answer to what was written after one.
    NextResponse,
    /// The end.
    Resolution,
}

impl Owed {
    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Owed::FirstResponse => "first_response",
            Owed::NextResponse => "next_response",
            Owed::Resolution => "resolution",
        }
    }
}

/// Something that is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Due {
    /// What.
    pub owed: Owed,
    /// Since when; of a resolution, since when its clock runs without a pause.
    pub since: DateTime<Utc>,
    /// By when.
    pub at: DateTime<Utc>,
}

/// A deadline that the team is to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warning {
    /// Whether it is near or over.
    pub kind: TimerKind,
    /// Which.
    pub due: Due,
    /// From when on it is told.
    pub at: DateTime<Utc>,
}

/// Which part of the time has gone when a deadline is near.
const NEAR: (i32, i32) = (3, 4);

impl Targets {
    /// The answer that is owed on a ticket; `None` where nobody waits for us: we answered last, wait for the requester,
    /// or are done.
    pub fn answer(&self, life: &Life<'_>) -> Option<Due> {
        if !is_ours(life) {
            return None;
        }
        let question = life.exchange().open?;
        let owed = if question.is_first { Owed::FirstResponse } else { Owed::NextResponse };
        // What was said while it was not our turn is owed an answer only since it is again.
        let turn = life.worked_on().last().map_or(life.created_at, |(from, _)| *from);
        let since = question.at.max(turn);
        Some(Due { owed, since, at: self.hours.add(since, self.span(owed)) })
    }

    /// By when a ticket is to be resolved; `None` while its clock stands still.
    pub fn resolution(&self, life: &Life<'_>) -> Option<Due> {
        if !is_ours(life) {
            return None;
        }
        let spans = life.worked_on();
        let (since, _) = *spans.last()?;
        let ended = spans.iter().filter_map(|(from, to)| Some((*to)? - *from));
        let left = self.span(Owed::Resolution) - ended.sum::<TimeDelta>();
        let at = since.checked_add_signed(left).unwrap_or(DateTime::<Utc>::MAX_UTC);
        Some(Due { owed: Owed::Resolution, since, at })
    }

    /// What the team is told next of a ticket's deadlines, however long it is due.
    pub fn next_warning(&self, life: &Life<'_>) -> Option<Warning> {
        let all = self.dues(life).into_iter().flat_map(|due| self.warnings(life, due));
        all.min_by_key(|warning| warning.at)
    }

    /// What it is to be told now: of a deadline that came near and went by while nobody looked, only that it is over.
    pub fn due_warning(&self, life: &Life<'_>, now: DateTime<Utc>) -> Option<Warning> {
        if life.priority != Priority::Urgent && !self.hours.is_attended(now) {
            return None;
        }
        let latest =
            |due| self.warnings(life, due).into_iter().take_while(|warning| warning.at <= now).last();
        self.dues(life).into_iter().filter_map(latest).min_by_key(|warning| warning.at)
    }

    /// How long it may take.
    pub fn span(&self, owed: Owed) -> TimeDelta {
        let span = match owed {
            Owed::FirstResponse => self.first_response,
            Owed::NextResponse => self.next_response,
            Owed::Resolution => self.resolution,
        };
        TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX)
    }

    fn dues(&self, life: &Life<'_>) -> Vec<Due> {
        self.answer(life).into_iter().chain(self.resolution(life)).collect()
    }

    /// What is still to be told of one, in order: when somebody is there, of an urgent ticket at once.
    fn warnings(&self, life: &Life<'_>, due: Due) -> Vec<Warning> {
        let was_told = |kind| {
            life.happened.iter().any(|event| {
                let is_this = event.kind == kind && event.detail.owed == Some(due.owed);
                // A resolution is told once, however often its clock was stopped.
                is_this && (due.owed == Owed::Resolution || event.at >= due.since)
            })
        };
        if was_told(EventKind::DeadlineMissed) {
            return Vec::new();
        }
        let over = Warning { kind: TimerKind::Overdue, due, at: self.told_at(life, due.at) };
        if was_told(EventKind::DeadlineNear) {
            return vec![over];
        }
        let span = self.span(due.owed);
        let near = match due.owed {
            Owed::Resolution => due.at - span / NEAR.1 * (NEAR.1 - NEAR.0),
            _ => self.hours.add(due.since, span / NEAR.1 * NEAR.0),
        };
        vec![Warning { kind: TimerKind::DueSoon, due, at: self.told_at(life, near) }, over]
    }

    fn told_at(&self, life: &Life<'_>, at: DateTime<Utc>) -> DateTime<Utc> {
        match life.priority {
            Priority::Urgent => at,
            // The end of a shift is still within it.
            _ if self.hours.is_open(at - TimeDelta::seconds(1)) => at,
            _ => self.hours.next_open(at),
        }
    }
}

/// Whether it is our turn.
fn is_ours(life: &Life<'_>) -> bool {
    !life.is_merged && matches!(life.status, Status::New | Status::InProgress)
}

#[cfg(test)]
#[path = "sla_tests.rs"]
mod tests;
