//! By when somebody is owed an answer, and a ticket its end; and when the team is told.

use super::*;
use crate::domain::event::EventDetail;
use crate::domain::life::{Happened, Said};
use crate::domain::message::Direction;
use chrono::TimeZone;
use chrono_tz::Europe::Paris;

/// A time of March 2026; the 3rd is a Tuesday.
fn at(day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    Paris.with_ymd_and_hms(2026, 3, day, hour, minute, 0).unwrap().with_timezone(&Utc)
}

fn life<'a>(
    status: Status,
    said: &[(Direction, DateTime<Utc>)],
    happened: &'a [(EventKind, DateTime<Utc>, EventDetail)],
) -> Life<'a> {
    let stands = |(kind, at, detail): &'a (EventKind, DateTime<Utc>, EventDetail)| {
        Happened::standing(*kind, *at, "web", "Camille", false, detail)
    };
    Life {
        status,
        said: said
            .iter()
            .map(|(direction, at)| Said { direction: *direction, at: *at, origin: None })
            .collect(),
        happened: happened.iter().filter_map(stands).collect(),
        ..Life::of_new(said.first().map_or(at(3, 9, 0), |(_, at)| *at))
    }
}

fn moved(from: Status, to: Status) -> EventDetail {
    EventDetail { from: Some(from), to: Some(to), ..EventDetail::default() }
}

#[test]
fn an_answer_is_owed_to_who_waits_for_us_in_open_hours() {
    use Direction::{Inbound, Note, Outbound};
    let owed = |status, said: &[_]| {
        Targets::default().answer(&life(status, said, &[])).map(|due| (due.owed, due.at))
    };
    let first = (Inbound, at(3, 11, 30));
    assert_eq!(owed(Status::New, &[first]), Some((Owed::FirstResponse, at(3, 14, 30))));
    // More of the same gives no more time, and a note is no answer.
    let more = [first, (Note, at(3, 11, 40)), (Inbound, at(3, 12, 0))];
    assert_eq!(owed(Status::InProgress, &more), Some((Owed::FirstResponse, at(3, 14, 30))));
    let answered = [first, (Outbound, at(3, 12, 0))];
    assert_eq!(owed(Status::InProgress, &answered), None);
    let again = [first, (Outbound, at(3, 12, 0)), (Inbound, at(3, 17, 0))];
    assert_eq!(owed(Status::InProgress, &again), Some((Owed::NextResponse, at(4, 12, 0))));
    for over in [Status::WaitingCustomer, Status::Resolved, Status::Closed] {
        assert_eq!(owed(over, &again), None, "{over:?}");
    }
}

#[test]
fn a_resolution_is_counted_in_elapsed_time_without_what_we_waited_for() {
    use Status::{InProgress, New, Resolved, WaitingCustomer};
    let targets = Targets::default();
    let said = [(Direction::Inbound, at(3, 10, 0))];
    let due = |status, happened: &[_]| targets.resolution(&life(status, &said, happened)).map(|due| due.at);
    assert_eq!(due(New, &[]), Some(at(4, 10, 0)));
    let asked = (EventKind::StatusSet, at(3, 16, 0), moved(New, WaitingCustomer));
    assert_eq!(due(WaitingCustomer, std::slice::from_ref(&asked)), None, "its clock stands");
    let answered = (EventKind::RequesterWrote, at(5, 16, 0), moved(WaitingCustomer, InProgress));
    assert_eq!(
        due(InProgress, &[asked.clone(), answered.clone()]),
        Some(at(6, 10, 0)),
        "two days do not count"
    );
    let solved = (EventKind::StatusSet, at(5, 20, 0), moved(InProgress, Resolved));
    assert_eq!(due(Resolved, &[asked, answered, solved]), None);
}

#[test]
fn the_team_is_told_at_three_quarters_and_at_the_end_each_once() {
    let targets = Targets::default();
    let said = [(Direction::Inbound, at(3, 9, 0))];
    let told = |owed| EventDetail { owed: Some(owed), ..EventDetail::default() };
    let next = |happened: &[_]| {
        targets
            .next_warning(&life(Status::New, &said, happened))
            .map(|warning| (warning.kind, warning.due.owed, warning.at))
    };
    let first = Owed::FirstResponse;
    let near = (EventKind::DeadlineNear, at(3, 10, 30), told(first));
    let over = (EventKind::DeadlineMissed, at(3, 11, 0), told(first));
    assert_eq!(next(&[]), Some((TimerKind::DueSoon, first, at(3, 10, 30))));
    assert_eq!(next(std::slice::from_ref(&near)), Some((TimerKind::Overdue, first, at(3, 11, 0))));
    // Three quarters of the day are over at three in the night: that is told when somebody is there, and so is the end.
    let both = [near, over];
    assert_eq!(next(&both), Some((TimerKind::DueSoon, Owed::Resolution, at(4, 9, 0))));
    let resolution = |kind| (kind, at(4, 9, 0), told(Owed::Resolution));
    let soon = [both[0].clone(), both[1].clone(), resolution(EventKind::DeadlineNear)];
    assert_eq!(next(&soon), Some((TimerKind::Overdue, Owed::Resolution, at(4, 9, 0))));
    let all = [both[0].clone(), both[1].clone(), resolution(EventKind::DeadlineMissed)];
    assert_eq!(next(&all), None);
    // While nobody looked both went by: only the end is told.
    let late = targets.due_warning(&life(Status::New, &said, &[]), at(3, 12, 0)).unwrap();
    assert_eq!((late.kind, late.due.owed), (TimerKind::Overdue, first));
}

#[test]
fn an_urgent_ticket_is_told_of_at_once() {
    let targets = Targets::default();
    let said = [(Direction::Inbound, at(3, 9, 0)), (Direction::Outbound, at(3, 9, 10))];
    let urgent = Life { priority: Priority::Urgent, ..life(Status::InProgress, &said, &[]) };
    assert_eq!(targets.next_warning(&urgent).unwrap().at, at(4, 3, 0));
}
