//! What the team is told once on a day, in chat: a row for each ritual and day, so that of several programs one tells it.

use super::{Inner, Result};
use crate::domain::chat::PostKind;
use crate::domain::ritual::{Due, Ritual};
use crate::store::Tx;
use crate::view::Fired;
use chrono::{DateTime, Datelike, NaiveDate, Utc};

/// The number by which the posts of a day are kept.
pub(super) fn number_of(day: NaiveDate) -> i64 {
    i64::from(day.num_days_from_ce())
}

/// The day of such a number.
pub(super) fn day_of(number: i64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(number).ok()?)
}

impl Inner {
    /// What is due and was not told yet.
    pub(super) async fn due_rituals(&self, tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<Fired>> {
        let mut due = Vec::new();
        for ritual in self.rituals_of(now) {
            if !tx.is_told(ritual.ritual.as_str(), &ritual.day.to_string()).await? {
                due.push(fired(&ritual));
            }
        }
        Ok(due)
    }

    /// Tells the team what is due.
    pub(super) async fn tell_rituals(&self, now: DateTime<Utc>) -> Result<Vec<Fired>> {
        let due = self.rituals_of(now);
        if due.is_empty() || self.due_rituals(&mut self.store.read().await?, now).await?.is_empty() {
            return Ok(Vec::new());
        }
        let mut told = Vec::new();
        let mut tx = self.store.begin().await?;
        for ritual in due {
            if !tx.note_told(ritual.ritual.as_str(), &ritual.day.to_string(), now).await? {
                continue;
            }
            let kind = match ritual.ritual {
                Ritual::Checklist => PostKind::Checklist,
                Ritual::DayReport => PostKind::DayReport,
                Ritual::WeekReport => PostKind::WeekReport,
            };
            for platform in &self.settings.chats {
                tx.add_post(*platform, kind, None, number_of(ritual.day), now, now).await?;
            }
            told.push(fired(&ritual));
        }
        tx.commit().await?;
        Ok(told)
    }

    /// Where nobody reads, nothing is told.
    fn rituals_of(&self, now: DateTime<Utc>) -> Vec<Due> {
        if self.settings.chats.is_empty() {
            return Vec::new();
        }
        self.settings.rules.rituals.due(&self.settings.rules.sla.hours, now)
    }
}

fn fired(due: &Due) -> Fired {
    Fired { ticket: None, timer: due.ritual.as_str(), due_at: due.at }
}
