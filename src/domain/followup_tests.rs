//! When a ticket is reminded of, closed, told to be stale, and comes back.

use super::*;
use crate::domain::event::EventDetail;
use crate::domain::life::{Happened, Said};
use chrono::TimeZone;
use chrono_tz::Europe::Paris;

const EVERY: Duration = Duration::from_secs(7200);

fn hours_in(hours: i64) -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(hours)
}

/// A time of March 2026; the 2nd is a Monday.
fn at(day: u32, hour: u32) -> DateTime<Utc> {
    Paris.with_ymd_and_hms(2026, 3, day, hour, 0, 0).unwrap().with_timezone(&Utc)
}

type Line = (EventKind, DateTime<Utc>, &'static str, EventDetail);

fn life<'a>(status: Status, asked: DateTime<Utc>, lines: &'a [Line]) -> Life<'a> {
    let stands = |(kind, at, door, detail): &'a Line| Happened::standing(*kind, *at, door, "", false, detail);
    Life {
        status,
        said: vec![
            Said { direction: Direction::Inbound, at: asked - TimeDelta::hours(1), origin: None },
            Said { direction: Direction::Outbound, at: asked, origin: None },
        ],
        happened: lines.iter().filter_map(stands).collect(),
        ..Life::of_new(asked - TimeDelta::hours(1))
    }
}

fn entered(to: Status, at: DateTime<Utc>) -> Line {
    let detail = EventDetail { from: Some(Status::New), to: Some(to), ..EventDetail::default() };
    (EventKind::Replied, at, "web", detail)
}

fn taken(step: TimerKind, at: DateTime<Utc>) -> Line {
    (EventKind::Reminded, at, "clock", EventDetail { timer: Some(step), ..EventDetail::default() })
}

fn put_off(at: DateTime<Utc>, until: DateTime<Utc>) -> Line {
    (EventKind::Snoozed, at, "web", EventDetail { until: Some(until), ..EventDetail::default() })
}

fn ladder(lines: &[Line], asked: DateTime<Utc>) -> Vec<(TimerKind, DateTime<Utc>)> {
    let steps =
        FollowUp::default().steps(&life(Status::WaitingCustomer, asked, lines), &OpenHours::default());
    steps.into_iter().map(|step| (step.kind, step.at)).collect()
}

#[test]
fn the_steps_of_the_guide_come_three_five_and_seven_days_after_our_question() {
    use TimerKind::{CloseUnanswered, FirstReminder, SecondReminder};
    // A Friday: all three fall on days of work.
    let asked = at(6, 10);
    let waiting = [entered(Status::WaitingCustomer, asked)];
    assert_eq!(
        ladder(&waiting, asked),
        [(FirstReminder, at(9, 10)), (SecondReminder, at(11, 10)), (CloseUnanswered, at(13, 10))]
    );
    // A Tuesday: the second falls on a Sunday and moves, and the closing keeps its distance.
    let asked = at(3, 10);
    let waiting = [entered(Status::WaitingCustomer, asked)];
    assert_eq!(
        ladder(&waiting, asked),
        [(FirstReminder, at(6, 10)), (SecondReminder, at(9, 9)), (CloseUnanswered, at(11, 9))]
    );
}

#[test]
fn after_a_stop_the_latest_step_is_taken_and_the_next_keeps_its_distance() {
    use TimerKind::{CloseUnanswered, FirstReminder, SecondReminder};
    let asked = at(6, 10);
    let waiting = [entered(Status::WaitingCustomer, asked)];
    let (rules, hours) = (FollowUp::default(), OpenHours::default());
    let due = |now| rules.due(&life(Status::WaitingCustomer, asked, &waiting), &hours, now);
    assert_eq!(due(at(9, 9)), None);
    assert_eq!(due(at(12, 17)).map(|step| step.kind), Some(SecondReminder));
    // Nothing is closed of which its requester was not warned, however long nobody looked.
    assert_eq!(due(at(16, 9)).map(|step| step.kind), Some(SecondReminder));
    assert_eq!(due(at(27, 9)).map(|step| step.kind), Some(SecondReminder));
    let warned_once = [entered(Status::WaitingCustomer, asked), taken(FirstReminder, at(9, 10))];
    let due_then = |now| rules.due(&life(Status::WaitingCustomer, asked, &warned_once), &hours, now);
    assert_eq!(due_then(at(27, 9)).map(|step| step.kind), Some(SecondReminder));
    let late = [entered(Status::WaitingCustomer, asked), taken(SecondReminder, at(12, 17))];
    assert_eq!(ladder(&late, asked), [(CloseUnanswered, at(16, 9))], "two days after it is a Saturday");
}

#[test]
fn a_further_question_begins_anew_and_a_reminder_of_a_program_is_no_question() {
    let asked = at(6, 10);
    let lines = [entered(Status::WaitingCustomer, at(2, 10)), taken(TimerKind::FirstReminder, at(5, 10))];
    assert_eq!(ladder(&lines, asked)[0], (TimerKind::FirstReminder, at(9, 10)));
}

#[test]
fn what_is_put_off_waits() {
    let asked = at(6, 10);
    let lines = [entered(Status::WaitingCustomer, asked), put_off(at(6, 11), at(16, 15))];
    assert_eq!(ladder(&lines, asked)[0], (TimerKind::FirstReminder, at(16, 15)));
    let (rules, hours) = (FollowUp::default(), OpenHours::default());
    let lines = [entered(Status::InProgress, asked), put_off(at(6, 11), at(7, 11))];
    let working = life(Status::InProgress, asked, &lines);
    assert_eq!(rules.next(&working, &hours), Some(Step { kind: TimerKind::SnoozeOver, at: at(9, 9) }));
    let over = (EventKind::SnoozeOver, at(9, 9), "clock", EventDetail::default());
    let lines = [lines[0].clone(), lines[1].clone(), over];
    let working = life(Status::InProgress, asked, &lines);
    assert_eq!(rules.next(&working, &hours).map(|step| step.kind), Some(TimerKind::StaleInProgress));
}

#[test]
fn an_answer_ends_what_was_put_off() {
    let (asked, none) = (at(6, 10), EventDetail::default);
    let lines = [put_off(at(6, 11), at(16, 15)), (EventKind::RequesterWrote, at(9, 10), "mail", none())];
    assert_eq!(put_off_until(&life(Status::New, asked, &lines)), None);
}

#[test]
fn what_is_resolved_is_closed_a_day_after_the_last_word() {
    let (rules, hours) = (FollowUp::default(), OpenHours::default());
    let asked = at(6, 10);
    let lines = [entered(Status::Resolved, asked)];
    let mut resolved = life(Status::Resolved, asked, &lines);
    assert_eq!(rules.next(&resolved, &hours), Some(Step { kind: TimerKind::CloseResolved, at: at(7, 10) }));
    // Thanks count as a word.
    resolved.said.push(Said { direction: Direction::Inbound, at: at(6, 20), origin: None });
    assert_eq!(rules.next(&resolved, &hours).map(|step| step.at), Some(at(7, 20)));
}

#[test]
fn work_that_nobody_touches_for_a_day_of_open_hours_is_told_once() {
    let (rules, hours) = (FollowUp::default(), OpenHours::default());
    let asked = at(2, 10);
    let lines = [entered(Status::InProgress, asked)];
    let step = rules.next(&life(Status::InProgress, asked, &lines), &hours);
    // Eight hours a day: three days of work later.
    assert_eq!(step, Some(Step { kind: TimerKind::StaleInProgress, at: at(5, 10) }));
    let lines = [lines[0].clone(), (EventKind::Stale, at(5, 10), "clock", EventDetail::default())];
    assert_eq!(rules.next(&life(Status::InProgress, asked, &lines), &hours), None);
}

#[test]
fn a_timer_starts_restarts_and_stops() {
    for (change, standing, next) in [
        (UpdateTimer::Keep, Some(hours_in(1)), Some(hours_in(1))),
        (UpdateTimer::Keep, None, None),
        (UpdateTimer::Start, None, Some(hours_in(12))),
        (UpdateTimer::Start, Some(hours_in(11)), Some(hours_in(12))),
        (UpdateTimer::Restart, Some(hours_in(11)), Some(hours_in(12))),
        (UpdateTimer::Restart, None, None),
        (UpdateTimer::Inherit(hours_in(11)), None, Some(hours_in(11))),
        (UpdateTimer::Inherit(hours_in(11)), Some(hours_in(10)), Some(hours_in(10))),
        (UpdateTimer::Stop, Some(hours_in(11)), None),
        (UpdateTimer::Restore(Some(hours_in(11))), None, Some(hours_in(11))),
        (UpdateTimer::Restore(None), Some(hours_in(12)), None),
    ] {
        assert_eq!(change.next(standing, hours_in(10), EVERY), next, "{change:?} {standing:?}");
    }
}

#[test]
fn no_span_is_too_long() {
    assert_eq!(after(hours_in(0), Duration::MAX), DateTime::<Utc>::MAX_UTC);
}
