//! Times, spans and counts in French.
//!
//! Pure. May import: chrono.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use std::time::Duration;

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// « 24 novembre 2026 à 10 h 05 », in `zone`.
pub fn date(at: DateTime<Utc>, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    format!("{} à {}\u{a0}h\u{a0}{:02}", day(at, zone), local.hour(), local.minute())
}

/// « 24 novembre 2026 », in `zone`; the first of a month is « 1er ».
pub fn day(at: DateTime<Utc>, zone: Tz) -> String {
    let at = at.with_timezone(&zone);
    let ordinal = if at.day() == 1 { "er" } else { "" };
    format!("{}{ordinal} {} {}", at.day(), MONTHS[at.month0() as usize], at.year())
}

/// « 24 novembre 2026 ».
pub fn plain_day(day: NaiveDate) -> String {
    let ordinal = if day.day() == 1 { "er" } else { "" };
    format!("{}{ordinal} {} {}", day.day(), MONTHS[day.month0() as usize], day.year())
}

/// « mardi 24 novembre 2026 ».
pub fn long_day(day: NaiveDate) -> String {
    format!("{} {}", weekday(day.weekday()), plain_day(day))
}

/// « 23 », « 28 novembre », « 29 décembre 2025 »: a day, without what it has in common with a later one.
pub fn short_day(day: NaiveDate, later: NaiveDate) -> String {
    let whole = plain_day(day);
    let words = match () {
        () if day.year() != later.year() => 3,
        () if day.month() != later.month() => 2,
        () => 1,
    };
    whole.split(' ').take(words).collect::<Vec<_>>().join(" ")
}

/// « mardi ».
pub fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "lundi",
        Weekday::Tue => "mardi",
        Weekday::Wed => "mercredi",
        Weekday::Thu => "jeudi",
        Weekday::Fri => "vendredi",
        Weekday::Sat => "samedi",
        Weekday::Sun => "dimanche",
    }
}

/// « jeudi 26 novembre à 10 h 00 », in `zone`: a time to come that is near.
pub fn coming(at: DateTime<Utc>, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    let day = local.date_naive();
    let ordinal = if day.day() == 1 { "er" } else { "" };
    format!(
        "{} {}{ordinal} {} à {}\u{a0}h\u{a0}{:02}",
        weekday(day.weekday()),
        day.day(),
        MONTHS[day.month0() as usize],
        local.hour(),
        local.minute()
    )
}

/// « 10 h 05 », in `zone`.
pub fn hour(at: DateTime<Utc>, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    format!("{}\u{a0}h\u{a0}{:02}", local.hour(), local.minute())
}

/// « 24/11/2026 10:05 », in `zone`: always as wide, for columns.
pub fn short_date(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%d/%m/%Y %H:%M").to_string()
}

/// « il y a 2 h »; « à l’instant » below a minute; « dans 5 min » for what is to come.
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = now.signed_duration_since(at).num_seconds();
    let span = span(seconds.unsigned_abs());
    match (span, seconds) {
        (None, _) => "à l’instant".to_owned(),
        (Some(span), 0..) => format!("il y a {span}"),
        (Some(span), _) => format!("dans {span}"),
    }
}

/// The largest whole unit of a span, `None` below a minute.
fn span(seconds: u64) -> Option<String> {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    Some(match seconds {
        0..MINUTE => return None,
        MINUTE..HOUR => format!("{}\u{a0}min", seconds / MINUTE),
        HOUR..DAY => format!("{}\u{a0}h", seconds / HOUR),
        _ => match seconds / DAY {
            days @ 0..=59 => count(days as i64, "jour", "jours"),
            days @ 60..=729 => format!("{}\u{a0}mois", days / 30),
            days => count((days / 365) as i64, "an", "ans"),
        },
    })
}

/// « 20 s », « 5 min », « 2 h », « 3 jours »: a span that was measured, in its largest unit.
pub fn roughly(duration: Duration) -> String {
    let seconds = duration.as_secs();
    span(seconds).unwrap_or_else(|| format!("{seconds}\u{a0}s"))
}

/// « 20 s », « 5 min », « 1 h 30 », « 36 h », « 3 jours »: a span that somebody asked for or configured, to the second.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds > 0 && seconds.is_multiple_of(86_400) {
        return count((seconds / 86_400) as i64, "jour", "jours");
    }
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}\u{a0}s"),
        (0, minutes, 0) => format!("{minutes}\u{a0}min"),
        (0, minutes, seconds) => format!("{minutes}\u{a0}min {seconds}\u{a0}s"),
        (hours, 0, 0) => format!("{}\u{a0}h", grouped(hours as i64)),
        (hours, minutes, 0) => format!("{}\u{a0}h\u{a0}{minutes:02}", grouped(hours as i64)),
        (hours, minutes, seconds) => {
            format!("{}\u{a0}h {minutes}\u{a0}min {seconds}\u{a0}s", grouped(hours as i64))
        }
    }
}

/// « 2 h », « 24 h », « 3 jours »: a span as the guide promises it, in hours up to a day.
pub fn promised(seconds: u64) -> String {
    match seconds {
        86_400 => "24\u{a0}h".to_owned(),
        _ => duration(Duration::from_secs(seconds)),
    }
}

/// « 30 min ouvrées », « 1 h ouvrée », « 72 h ouvrées »: time that counts while somebody is there. Never in days, which would
/// be read as days of 24 hours, or as working days.
pub fn open(seconds: u64) -> String {
    match seconds {
        _ if seconds.is_multiple_of(3_600) => count((seconds / 3_600) as i64, "h ouvrée", "h ouvrées"),
        _ => count((seconds / 60) as i64, "min ouvrée", "min ouvrées"),
    }
}

/// « toutes les 2 h », « tous les 3 jours », « tous les jours »: in the largest unit that says it whole.
pub fn every(seconds: u64) -> String {
    let (number, all, one, many) = match seconds {
        _ if seconds.is_multiple_of(86_400) => (seconds / 86_400, "tous les", "jours", "jours"),
        _ if seconds.is_multiple_of(3_600) => (seconds / 3_600, "toutes les", "heures", "h"),
        _ => (seconds.div_ceil(60), "toutes les", "minutes", "min"),
    };
    match number {
        1 => format!("{all} {one}"),
        _ => format!("{all} {}\u{a0}{many}", grouped(number as i64)),
    }
}

/// « 1 ticket », « 0 ticket », « 10 000 tickets »: zero and one are singular in French.
pub fn count(number: i64, one: &str, many: &str) -> String {
    let noun = if number.unsigned_abs() < 2 { one } else { many };
    format!("{}\u{a0}{noun}", grouped(number))
}

/// « 10 000 ».
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    grouped
}

/// « 12 Ko »: a size in bytes.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes}\u{a0}o"),
        1_000..1_000_000 => format!("{}\u{a0}Ko", bytes / 1_000),
        _ => format!("{},{}\u{a0}Mo", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeDelta, TimeZone};

    #[test]
    fn dates_are_said_in_the_zone() {
        let at = Utc.with_ymd_and_hms(2026, 11, 24, 9, 5, 0).unwrap();
        assert_eq!(date(at, chrono_tz::Europe::Paris), "24 novembre 2026 à 10\u{a0}h\u{a0}05");
        assert_eq!(short_date(at, chrono_tz::Europe::Paris), "24/11/2026 10:05");
        let at = Utc.with_ymd_and_hms(2026, 7, 31, 22, 0, 0).unwrap();
        assert_eq!(date(at, chrono_tz::Europe::Paris), "1er août 2026 à 0\u{a0}h\u{a0}00");
    }

    #[test]
    fn times_gone_by_are_said_in_one_unit() {
        let now = Utc.with_ymd_and_hms(2026, 11, 24, 9, 5, 0).unwrap();
        for (seconds, said) in [
            (0, "à l’instant"),
            (59, "à l’instant"),
            (60, "il y a 1\u{a0}min"),
            (7_300, "il y a 2\u{a0}h"),
            (86_400, "il y a 1\u{a0}jour"),
            (3 * 86_400, "il y a 3\u{a0}jours"),
            (90 * 86_400, "il y a 3\u{a0}mois"),
            (800 * 86_400, "il y a 2\u{a0}ans"),
            (-300, "dans 5\u{a0}min"),
        ] {
            assert_eq!(ago(now - TimeDelta::seconds(seconds), now), said);
        }
    }

    #[test]
    fn spans_and_counts_are_said() {
        for (seconds, said, measured) in [
            (0, "0\u{a0}s", "0\u{a0}s"),
            (20, "20\u{a0}s", "20\u{a0}s"),
            (90, "1\u{a0}min 30\u{a0}s", "1\u{a0}min"),
            (120, "2\u{a0}min", "2\u{a0}min"),
            (3_900, "1\u{a0}h\u{a0}05", "1\u{a0}h"),
            (5_400, "1\u{a0}h\u{a0}30", "1\u{a0}h"),
            (5_415, "1\u{a0}h 30\u{a0}min 15\u{a0}s", "1\u{a0}h"),
            (86_400, "1\u{a0}jour", "1\u{a0}jour"),
            (36 * 3_600, "36\u{a0}h", "1\u{a0}jour"),
            (90 * 86_400, "90\u{a0}jours", "3\u{a0}mois"),
        ] {
            let span = Duration::from_secs(seconds);
            assert_eq!((duration(span).as_str(), roughly(span).as_str()), (said, measured));
        }
        assert_eq!([5_400, 86_400, 172_800].map(promised), ["1\u{a0}h\u{a0}30", "24\u{a0}h", "2\u{a0}jours"]);
        assert_eq!(
            [1_800, 3_600, 5_400, 86_400, 3 * 86_400].map(open),
            [
                "30\u{a0}min ouvrées",
                "1\u{a0}h ouvrée",
                "90\u{a0}min ouvrées",
                "24\u{a0}h ouvrées",
                "72\u{a0}h ouvrées"
            ]
        );
        assert_eq!(
            [60, 3_600, 7_200, 86_400, 36 * 3_600, 2 * 86_400].map(every),
            [
                "toutes les minutes",
                "toutes les heures",
                "toutes les 2\u{a0}h",
                "tous les jours",
                "toutes les 36\u{a0}h",
                "tous les 2\u{a0}jours",
            ]
        );
        assert_eq!(count(0, "ticket", "tickets"), "0\u{a0}ticket");
        assert_eq!(count(1, "ticket", "tickets"), "1\u{a0}ticket");
        assert_eq!(count(10_000, "ticket", "tickets"), "10\u{a0}000\u{a0}tickets");
        assert_eq!(grouped(-1_234_567), "-1\u{a0}234\u{a0}567");
        assert_eq!(
            (size(12), size(12_345), size(2_450_000)),
            ("12\u{a0}o".into(), "12\u{a0}Ko".into(), "2,4\u{a0}Mo".into())
        );
    }
}
