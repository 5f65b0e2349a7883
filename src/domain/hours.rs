//! Open hours: when somebody is there, in local time, with its summer time, its holidays and a pause at noon; and time
//! counted in them. Pure.

use super::holidays::Holidays;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use std::collections::BTreeSet;

/// How far ahead an open hour is looked for: a desk that is closed for so long has none.
const LOOKED_AHEAD: i64 = 3660;

/// From when until when somebody is there on a day, in minutes since its midnight: at most 1,440.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shift {
    /// When it begins.
    pub from: u32,
    /// When it ends, after that.
    pub to: u32,
}

impl Shift {
    /// `09:00-12:30`; the end may be `24:00`. `None` for anything else.
    pub fn from_text(text: &str) -> Option<Shift> {
        let (from, to) = text.trim().split_once('-')?;
        let shift = Shift { from: minutes(from)?, to: minutes(to)? };
        (shift.from < shift.to).then_some(shift)
    }
}

/// Minutes since midnight of `09:00`; `None` for anything else.
pub fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let is_number = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(hours) || !is_number(minutes) {
        return None;
    }
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (minutes < 60 && hours * 60 + minutes <= 1440).then_some(hours * 60 + minutes)
}

/// When the desk is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenHours {
    /// The zone of the hours.
    pub zone: Tz,
    /// The shifts of each day from Monday on, in order, none crossing another.
    pub week: [Vec<Shift>; 7],
    /// The public holidays that are kept.
    pub holidays: Holidays,
    /// Further days on which nobody is there.
    pub closed: BTreeSet<NaiveDate>,
}

impl Default for OpenHours {
    /// Monday to Friday, nine to half past twelve and half past one to six, in Paris.
    fn default() -> Self {
        let day =
            || vec![Shift { from: 9 * 60, to: 12 * 60 + 30 }, Shift { from: 13 * 60 + 30, to: 18 * 60 }];
        let mut week = [const { Vec::new() }; 7];
        week.iter_mut().take(5).for_each(|shifts| *shifts = day());
        OpenHours {
            zone: chrono_tz::Europe::Paris,
            week,
            holidays: Holidays::France,
            closed: BTreeSet::new(),
        }
    }
}

impl OpenHours {
    /// Whether anybody is there then.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.next_open(at) == at
    }

    /// Whether somebody is there to see what is done, or has left only a moment ago.
    pub fn is_attended(&self, at: DateTime<Utc>) -> bool {
        const MOMENT: TimeDelta = TimeDelta::minutes(10);
        self.is_open(at) || self.is_open(at - MOMENT)
    }

    /// The first instant from `at` on at which somebody is there; `at` itself where nobody ever is.
    pub fn next_open(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.shifts_from(at).next().map_or(at, |(from, _)| from.max(at))
    }

    /// Whether a day has an open hour.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        !self.shifts_of(day).is_empty()
    }

    /// The instant of a local time of a day, in minutes since its midnight.
    pub fn instant_of(&self, day: NaiveDate, minutes: u32) -> DateTime<Utc> {
        self.instant(day, minutes, false)
    }

    /// The instant at which so much open time has passed since `start`: inside a shift or at its end, never at the beginning
    /// of one but for a span of nothing.
    pub fn add(&self, start: DateTime<Utc>, span: TimeDelta) -> DateTime<Utc> {
        if span <= TimeDelta::zero() {
            return start;
        }
        let mut left = span;
        for (from, to) in self.shifts_from(start) {
            let from = from.max(start);
            if to - from >= left {
                return from + left;
            }
            left -= to - from;
        }
        // Nobody is ever there: let it be counted as everybody else's time.
        start.checked_add_signed(span).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// The closed spans between two instants, in order.
    pub fn closures(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let mut closed = Vec::new();
        let mut at = from;
        for (begin, end) in self.shifts_from(from) {
            if begin > at {
                closed.push((at, begin.min(to)));
            }
            at = end;
            if at >= to {
                break;
            }
        }
        closed.retain(|(begin, end)| begin < end);
        closed
    }

    /// How much open time passes from one instant to another; nothing where the second is the earlier.
    pub fn elapsed(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        let mut passed = TimeDelta::zero();
        for (begin, end) in self.shifts_from(from).take_while(|(begin, _)| *begin < to) {
            passed += end.min(to) - begin.max(from);
        }
        passed
    }

    /// The shifts that are not over at `at`, as instants, in order, none crossing another.
    fn shifts_from(&self, at: DateTime<Utc>) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        // A shift of the day before may end on this one, where the zone jumps over midnight.
        let first = at.with_timezone(&self.zone).date_naive() - TimeDelta::days(1);
        first
            .iter_days()
            .take(LOOKED_AHEAD as usize)
            .flat_map(move |day| self.shifts_of(day).iter().map(move |shift| self.instants(day, *shift)))
            // Where one shift ends and the next begins in the hour that comes twice, both would have it.
            .scan(DateTime::<Utc>::MIN_UTC, |ended, (from, to)| {
                let from = from.max(*ended);
                *ended = to.max(*ended);
                Some((from, to))
            })
            .filter(move |(from, to)| *to > at && to > from)
    }

    fn shifts_of(&self, day: NaiveDate) -> &[Shift] {
        if self.holidays.holds(day) || self.closed.contains(&day) {
            return &[];
        }
        &self.week[day.weekday().num_days_from_monday() as usize]
    }

    fn instants(&self, day: NaiveDate, shift: Shift) -> (DateTime<Utc>, DateTime<Utc>) {
        (self.instant(day, shift.from, false), self.instant(day, shift.to, true))
    }

    /// The instant of a local time. One that comes twice is the first as a beginning and the second as an end; one that
    /// summer time leaps over is the end of the leap.
    fn instant(&self, day: NaiveDate, minutes: u32, is_end: bool) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        let mut local = midnight + TimeDelta::minutes(i64::from(minutes));
        for _ in 0..=24 * 4 {
            let found = self.zone.from_local_datetime(&local);
            let found = if is_end { found.latest() } else { found.earliest() };
            if let Some(found) = found {
                return found.with_timezone(&Utc);
            }
            local += TimeDelta::minutes(15);
        }
        midnight.and_utc()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        let local = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        chrono_tz::Europe::Paris.from_local_datetime(&local).unwrap().with_timezone(&Utc)
    }

    fn hours(hours: i64) -> TimeDelta {
        TimeDelta::hours(hours)
    }

    #[test]
    fn time_is_counted_while_somebody_is_there() {
        let open = OpenHours::default();
        for (start, span, end) in [
            ("2026-03-03 09:00", hours(2), "2026-03-03 11:00"),
            ("2026-03-03 11:30", hours(2), "2026-03-03 14:30"),
            ("2026-03-03 13:00", hours(1), "2026-03-03 14:30"),
            ("2026-03-03 17:30", hours(1), "2026-03-04 09:30"),
            ("2026-03-06 17:00", hours(2), "2026-03-09 10:00"),
            ("2026-03-07 10:00", hours(2), "2026-03-09 11:00"),
            // Maundy Thursday to the Tuesday after Easter.
            ("2026-04-02 17:00", hours(10), "2026-04-07 10:00"),
            ("2026-05-13 17:00", hours(2), "2026-05-15 10:00"),
        ] {
            assert_eq!(open.add(at(start), span), at(end), "{start} + {span}");
            assert_eq!(open.elapsed(at(start), at(end)), span, "{start} to {end}");
        }
        assert_eq!(open.elapsed(at("2026-03-04 10:00"), at("2026-03-03 10:00")), TimeDelta::zero());
        assert_eq!(open.next_open(at("2026-03-07 10:00")), at("2026-03-09 09:00"));
        assert!(open.is_open(at("2026-03-03 12:29")) && !open.is_open(at("2026-03-03 12:30")));
    }

    #[test]
    fn a_night_that_has_an_hour_more_or_less_has_it_in_the_count() {
        let day = |text: &str| Shift::from_text(text).into_iter().collect::<Vec<_>>();
        let open = OpenHours {
            week: std::array::from_fn(|_| day("00:00-24:00")),
            holidays: Holidays::None,
            ..OpenHours::default()
        };
        assert_eq!(open.elapsed(at("2026-03-29 00:00"), at("2026-03-30 00:00")), hours(23));
        assert_eq!(open.elapsed(at("2026-10-25 00:00"), at("2026-10-26 00:00")), hours(25));
        let night = OpenHours { week: std::array::from_fn(|_| day("02:00-04:00")), ..open };
        assert_eq!(night.elapsed(at("2026-03-29 00:00"), at("2026-03-29 12:00")), hours(1));
        assert_eq!(night.elapsed(at("2026-10-25 00:00"), at("2026-10-25 12:00")), hours(3));
        // The hour that comes twice is counted twice and not three times where two shifts touch in it.
        let shifts =
            || ["00:00-02:00", "02:00-06:00"].into_iter().filter_map(Shift::from_text).collect::<Vec<_>>();
        let touching = OpenHours { week: std::array::from_fn(|_| shifts()), ..night };
        assert_eq!(touching.elapsed(at("2026-10-25 00:00"), at("2026-10-25 12:00")), hours(7));
        assert_eq!(touching.elapsed(at("2026-10-24 00:00"), at("2026-10-24 12:00")), hours(6));
        assert_eq!(touching.add(at("2026-10-25 00:00"), hours(7)), at("2026-10-25 06:00"));
    }

    #[test]
    fn a_day_that_is_closed_counts_nothing_and_a_desk_that_is_always_closed_ends_nowhere_else() {
        let mut open = OpenHours::default();
        open.closed.insert(NaiveDate::from_ymd_opt(2026, 3, 3).unwrap());
        assert_eq!(open.add(at("2026-03-02 17:30"), hours(1)), at("2026-03-04 09:30"));
        let never = OpenHours { week: [const { Vec::new() }; 7], ..open };
        assert_eq!(never.add(at("2026-03-02 17:30"), hours(1)), at("2026-03-02 18:30"));
        assert_eq!(never.next_open(at("2026-03-02 17:30")), at("2026-03-02 17:30"));
    }

    #[test]
    fn a_shift_is_written_as_two_times() {
        assert_eq!(Shift::from_text("09:00-12:30"), Some(Shift { from: 540, to: 750 }));
        assert_eq!(Shift::from_text(" 00:00 - 24:00 "), Some(Shift { from: 0, to: 1440 }));
        for wrong in
            ["", "9:00-12:00", "12:00-09:00", "09:00-09:00", "09:60-12:00", "09:00-24:01", "09:00", "a-b"]
        {
            assert_eq!(Shift::from_text(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_added_has_passed(start in 1_700_000_000_i64..1_900_000_000, minutes in 0_i64..20_000) {
            let open = OpenHours::default();
            let start = DateTime::from_timestamp(start, 0).unwrap();
            let span = TimeDelta::minutes(minutes);
            let end = open.add(start, span);
            prop_assert_eq!(open.elapsed(start, end), span);
            // What passes until then and from then on is what passes.
            let middle = start + (end - start) / 2;
            prop_assert_eq!(open.elapsed(start, middle) + open.elapsed(middle, end), span);
            prop_assert!(open.add(start, span + TimeDelta::minutes(1)) > end);
        }
    }
}
