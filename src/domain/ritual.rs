//! What the team is told once on a working day, and when: the checklist of the morning, the report of the evening, the
//! week that went by (guide, « Checklist Quotidienne »). Pure.

use super::hours::OpenHours;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

/// Something that is told once on its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ritual {
    /// What is to be done today (guide, « Début de Journée »).
    Checklist,
    /// What was done today (guide, « Fin de Journée »).
    DayReport,
    /// What was done in the week before this one.
    WeekReport,
}

impl Ritual {
    /// All of them.
    pub const ALL: [Ritual; 3] = [Ritual::Checklist, Ritual::DayReport, Ritual::WeekReport];

    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Ritual::Checklist => "checklist",
            Ritual::DayReport => "day_report",
            Ritual::WeekReport => "week_report",
        }
    }
}

/// When each is told, in minutes since midnight; `None` where it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rituals {
    /// On every working day.
    pub checklist: Option<u32>,
    /// On every working day.
    pub report: Option<u32>,
    /// On the first working day of a week.
    pub week: Option<u32>,
}

impl Default for Rituals {
    fn default() -> Self {
        Rituals { checklist: Some(9 * 60), report: Some(18 * 60), week: Some(9 * 60) }
    }
}

/// One that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub ritual: Ritual,
    /// The day of it.
    pub day: NaiveDate,
    /// Since when.
    pub at: DateTime<Utc>,
}

impl Rituals {
    /// Nothing is told.
    pub const NONE: Rituals = Rituals { checklist: None, report: None, week: None };

    /// What is due on the day of `now`, told or not. What a day missed is not made up for on the next.
    pub fn due(&self, hours: &OpenHours, now: DateTime<Utc>) -> Vec<Due> {
        let day = now.with_timezone(&hours.zone).date_naive();
        if !hours.is_working_day(day) {
            return Vec::new();
        }
        let week = self.week.filter(|_| is_first_of_week(hours, day));
        let told = [
            (Ritual::WeekReport, week),
            (Ritual::Checklist, self.checklist),
            (Ritual::DayReport, self.report),
        ];
        let told = told.into_iter().filter_map(|(ritual, at)| {
            let at = hours.instant_of(day, at?);
            (at <= now).then_some(Due { ritual, day, at })
        });
        told.collect()
    }
}

/// Whether nobody works on an earlier day of the same week.
fn is_first_of_week(hours: &OpenHours, day: NaiveDate) -> bool {
    let monday = monday_of(day);
    monday.iter_days().take_while(|earlier| *earlier < day).all(|earlier| !hours.is_working_day(earlier))
}

/// The Monday of a day's week.
pub fn monday_of(day: NaiveDate) -> NaiveDate {
    day - TimeDelta::days(i64::from(day.weekday().num_days_from_monday()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn at(month: u32, day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
        let local = chrono_tz::Europe::Paris.with_ymd_and_hms(2026, month, day, hour, minute, 0);
        local.unwrap().with_timezone(&Utc)
    }

    fn due(now: DateTime<Utc>) -> Vec<&'static str> {
        let due = Rituals::default().due(&OpenHours::default(), now);
        due.into_iter().map(|due| due.ritual.as_str()).collect()
    }

    #[test]
    fn the_day_begins_and_ends_on_working_days_only() {
        assert_eq!(due(at(11, 24, 8, 59)), [""; 0]);
        assert_eq!(due(at(11, 24, 9, 0)), ["checklist"]);
        assert_eq!(due(at(11, 24, 18, 0)), ["checklist", "day_report"]);
        assert_eq!(due(at(11, 28, 18, 0)), [""; 0], "a Saturday");
        assert_eq!(due(at(11, 11, 18, 0)), [""; 0], "a public holiday");
    }

    #[test]
    fn a_week_is_told_on_its_first_working_day() {
        assert_eq!(due(at(11, 23, 9, 0)), ["week_report", "checklist"]);
        assert_eq!(due(at(4, 6, 9, 0)), [""; 0], "Easter Monday");
        assert_eq!(due(at(4, 7, 9, 0)), ["week_report", "checklist"], "the Tuesday after it");
    }
}
