//! What is promised, and when somebody is there. May import: config, domain.

use super::fault::{Problem, Wanted};
use super::source::Source;
use super::{DAY, read_duration};
use crate::domain::holidays::Holidays;
use crate::domain::hours::{OpenHours, Shift};
use crate::domain::sla::Targets;
use chrono_tz::Tz;

/// The keys of the days, from Monday on.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Reads `[sla]`; a day that is not given is closed once any is.
pub(super) fn read_sla(source: &mut Source, zone: Tz) -> Targets {
    let targets = Targets::default();
    let mut hours = OpenHours { zone, ..OpenHours::default() };
    if source.has_section("sla.hours") {
        let faults = source.faults.len();
        hours.week = DAYS.map(|day| read_day(source, &format!("sla.hours.{day}")));
        if hours.week.iter().all(Vec::is_empty) && source.faults.len() == faults {
            source.fault("sla.hours", Problem::Wants(Wanted::Shifts));
        }
    }
    if source.has("sla.holidays") {
        let read = source.read("sla.holidays", Wanted::Holidays, Holidays::from_word);
        hours.holidays = read.unwrap_or(hours.holidays);
    }
    let is_day = |text: &str| text.trim().parse::<chrono::NaiveDate>().is_ok();
    let closed = source.list("sla.closed_days", Wanted::Days, is_day).unwrap_or_default();
    hours.closed = closed.iter().filter_map(|day| day.trim().parse().ok()).collect();
    Targets {
        first_response: read_duration(source, "sla.first_response", 60, 30 * DAY)
            .unwrap_or(targets.first_response),
        next_response: read_duration(source, "sla.next_response", 60, 30 * DAY)
            .unwrap_or(targets.next_response),
        hours,
    }
}

/// The shifts of a day, in order; two that touch or cross are a fault.
fn read_day(source: &mut Source, key: &str) -> Vec<Shift> {
    let given = source.list(key, Wanted::Shifts, |text| Shift::from_text(text).is_some()).unwrap_or_default();
    let mut shifts: Vec<Shift> = given.iter().filter_map(|text| Shift::from_text(text)).collect();
    shifts.sort();
    if shifts.windows(2).any(|pair| pair[0].to > pair[1].from) {
        source.fault(key, Problem::Wants(Wanted::Shifts));
    }
    shifts
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fault, parse};
    use super::*;
    use std::time::Duration;

    #[test]
    fn hours_are_shifts_of_days_and_a_day_that_is_not_named_is_closed() {
        let text = "[sla]\nfirst_response = \"1h\"\nholidays = \"FR-ALSACE-MOSELLE\"\nclosed_days = [\"2026-12-24\"]\n\
                    hours = { mon = [\"09:00-12:30\", \"13:30-18:00\"], sat = [\"10:00-24:00\"] }\n";
        let read = parse(text).unwrap().sla;
        assert_eq!(
            (read.first_response, read.next_response),
            (Duration::from_secs(3600), Duration::from_secs(4 * 3600))
        );
        assert_eq!(
            (read.hours.week[0].len(), read.hours.week[1].len(), read.hours.week[5][0].to),
            (2, 0, 1440)
        );
        assert_eq!((read.hours.holidays, read.hours.closed.len()), (Holidays::AlsaceMoselle, 1));
        assert_eq!(parse("").unwrap().sla, Targets::default());
    }

    #[test]
    fn what_is_no_hour_no_day_and_no_holiday_is_said() {
        for (text, key, wanted) in [
            ("hours = { mon = [\"9h-12h\"] }", "sla.hours.mon", Wanted::Shifts),
            ("hours = { mon = [\"09:00-12:00\", \"11:00-14:00\"] }", "sla.hours.mon", Wanted::Shifts),
            ("hours = { mon = [] }", "sla.hours", Wanted::Shifts),
            ("holidays = \"France\"", "sla.holidays", Wanted::Holidays),
            ("closed_days = [\"24/12\"]", "sla.closed_days", Wanted::Days),
        ] {
            assert_eq!(
                fault(&format!("[sla]\n{text}\n")),
                (key.to_owned(), Problem::Wants(wanted)),
                "{text}"
            );
        }
    }
}
