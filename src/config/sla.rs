//! What is promised, and when somebody is there. May import: config, domain.

use super::fault::{Problem, Wanted};
use super::source::Source;
use super::{DAY, read_duration};
use crate::domain::followup::{FollowUp, Mode};
use crate::domain::holidays::Holidays;
use crate::domain::hours::{OpenHours, Shift, minutes};
use crate::domain::ritual::Rituals;
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
        resolution: read_duration(source, "sla.resolution", 60, 90 * DAY).unwrap_or(targets.resolution),
        resolution_share: source.share("sla.resolution_share").unwrap_or(targets.resolution_share),
        hours,
    }
}

/// Reads the steps of `[followup]`: each reminder comes after the one before it, and the closing after both.
pub(super) fn read_follow_up(source: &mut Source) -> FollowUp {
    let usual = FollowUp::default();
    let mut span = |key: &str, usual| read_duration(source, key, 60, 366 * DAY).unwrap_or(usual);
    let first_reminder = span("followup.first_reminder", usual.first_reminder);
    let second_reminder = span("followup.second_reminder", usual.second_reminder);
    let close_unanswered = span("followup.close_unanswered", usual.close_unanswered);
    let close_resolved = span("followup.close_resolved", usual.close_resolved);
    let stale_in_progress = span("followup.stale_in_progress", usual.stale_in_progress);
    if second_reminder <= first_reminder {
        source.fault("followup.second_reminder", Problem::Wants(Wanted::LongerThan("first_reminder")));
    }
    if close_unanswered <= second_reminder {
        source.fault("followup.close_unanswered", Problem::Wants(Wanted::LongerThan("second_reminder")));
    }
    let mode = source.read("followup.mode", Wanted::OneOf(&["auto", "propose"]), Mode::from_word);
    FollowUp {
        first_reminder,
        second_reminder,
        close_unanswered,
        close_resolved,
        stale_in_progress,
        mode: mode.unwrap_or(usual.mode),
    }
}

/// Reads `[rituals]`: a time of the day, or `off`.
pub(super) fn read_rituals(source: &mut Source) -> Rituals {
    let usual = Rituals::default();
    let mut at = |key: &str, usual| {
        let read = |text: &str| match text.trim() {
            "off" => Some(None),
            text => minutes(text).filter(|at| *at < 24 * 60).map(Some),
        };
        source.read(key, Wanted::TimeOrOff, read).unwrap_or(usual)
    };
    Rituals {
        checklist: at("rituals.checklist", usual.checklist),
        report: at("rituals.report", usual.report),
        week: at("rituals.week", usual.week),
    }
}

/// The shifts of a day, in order; two that cross are a fault.
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
    fn the_steps_of_the_follow_up_come_one_after_another() {
        let read = parse("[followup]\nfirst_reminder = \"2d\"\nmode = \"propose\"\n").unwrap().follow_up;
        assert_eq!((read.first_reminder, read.mode), (Duration::from_secs(2 * DAY), Mode::Propose));
        assert_eq!(parse("").unwrap().follow_up, FollowUp::default());
        for (text, key, wanted) in [
            ("first_reminder = \"5d\"", "followup.second_reminder", Wanted::LongerThan("first_reminder")),
            ("second_reminder = \"7d\"", "followup.close_unanswered", Wanted::LongerThan("second_reminder")),
            ("mode = \"never\"", "followup.mode", Wanted::OneOf(&["auto", "propose"])),
            ("close_resolved = \"1 jour\"", "followup.close_resolved", Wanted::Duration(60, 366 * DAY)),
        ] {
            let given = fault(&format!("[followup]\n{text}\n"));
            assert_eq!(given, (key.to_owned(), Problem::Wants(wanted)), "{text}");
        }
    }

    #[test]
    fn a_ritual_has_its_time_or_is_off() {
        let read = parse("[rituals]\nchecklist = \"08:30\"\nweek = \"off\"\n").unwrap().rituals;
        assert_eq!((read.checklist, read.report, read.week), (Some(510), Some(1080), None));
        for wrong in ["8h30", "24:00", "on"] {
            let given = fault(&format!("[rituals]\nreport = \"{wrong}\"\n"));
            assert_eq!(given, ("rituals.report".to_owned(), Problem::Wants(Wanted::TimeOrOff)), "{wrong}");
        }
    }

    #[test]
    fn a_share_is_a_number_or_a_text() {
        for (given, share) in [("0.9", 0.9), ("1", 1.0), ("\"0.5\"", 0.5)] {
            let read =
                parse(&format!("[sla]\nresolution_share = {given}\nresolution = \"48h\"\n")).unwrap().sla;
            assert_eq!((read.resolution_share, read.resolution), (share, Duration::from_secs(2 * DAY)));
        }
        let given = fault("[sla]\nresolution_share = 80\n");
        assert_eq!(given, ("sla.resolution_share".to_owned(), Problem::Wants(Wanted::Share)));
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
