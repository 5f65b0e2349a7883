//! When the clock has something to do on a ticket. Pure.

use super::followup::{FollowUp, Step, TimerKind};
use super::life::Life;
use super::sla::{Targets, Warning};
use chrono::{DateTime, Utc};

/// What is ahead of a ticket to which nothing else happens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timetable {
    /// The next step of its follow-up.
    pub step: Option<Step>,
    /// The next warning of its deadlines.
    pub warning: Option<Warning>,
    /// By when its requester is owed an answer.
    pub answer_due: Option<DateTime<Utc>>,
}

impl Timetable {
    /// Works it out.
    pub fn of(life: &Life<'_>, follow_up: &FollowUp, targets: &Targets) -> Timetable {
        Timetable {
            step: follow_up.next(life, &targets.hours),
            warning: targets.next_warning(life),
            answer_due: targets.answer(life).map(|due| due.at),
        }
    }

    /// The timers that run, each kind once.
    pub fn timers(&self) -> Vec<(TimerKind, DateTime<Utc>)> {
        let step = self.step.map(|step| (step.kind, step.at));
        let warning = self.warning.map(|warning| (warning.kind, warning.at));
        step.into_iter().chain(warning).collect()
    }
}
