//! The public holidays of France, for any year: those of all (Code du travail, L3133-1), of Alsace-Moselle (L3134-13) and
//! of the overseas collectivities (L3422-2). Pure.

use chrono::{Datelike, NaiveDate, TimeDelta};

/// Whose holidays are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holidays {
    /// Nobody's.
    None,
    /// Those of all of France.
    France,
    /// Those, Good Friday and the day after Christmas.
    AlsaceMoselle,
    /// Those, and the day on which slavery was abolished there: month and day.
    Overseas(u32, u32),
}

/// The words of the configuration.
const WORDS: [(&str, Holidays); 10] = [
    ("none", Holidays::None),
    ("FR", Holidays::France),
    ("FR-ALSACE-MOSELLE", Holidays::AlsaceMoselle),
    ("FR-MAYOTTE", Holidays::Overseas(4, 27)),
    ("FR-MARTINIQUE", Holidays::Overseas(5, 22)),
    ("FR-GUADELOUPE", Holidays::Overseas(5, 27)),
    ("FR-SAINT-MARTIN", Holidays::Overseas(5, 28)),
    ("FR-GUYANE", Holidays::Overseas(6, 10)),
    ("FR-SAINT-BARTHELEMY", Holidays::Overseas(10, 9)),
    ("FR-REUNION", Holidays::Overseas(12, 20)),
];

impl Holidays {
    /// Those that a word of the configuration names.
    pub fn from_word(word: &str) -> Option<Holidays> {
        WORDS.into_iter().find(|(known, _)| *known == word).map(|(_, holidays)| holidays)
    }

    /// All words of the configuration.
    pub fn words() -> impl Iterator<Item = &'static str> {
        WORDS.into_iter().map(|(word, _)| word)
    }

    /// Whether a day is one of them.
    pub fn holds(self, day: NaiveDate) -> bool {
        if self == Holidays::None {
            return false;
        }
        let from_easter = easter(day.year()).map(|easter| (day - easter).num_days());
        let of_all = match (day.month(), day.day()) {
            (1 | 5 | 11, 1) | (5, 8) | (7, 14) | (8, 15) | (11, 11) | (12, 25) => true,
            // Easter Monday, Ascension, Whit Monday.
            _ => matches!(from_easter, Some(1 | 39 | 50)),
        };
        let of_some = match self {
            Holidays::None | Holidays::France => false,
            Holidays::AlsaceMoselle => from_easter == Some(-2) || (day.month(), day.day()) == (12, 26),
            Holidays::Overseas(month, date) => (day.month(), day.day()) == (month, date),
        };
        of_all || of_some
    }
}

/// Easter Sunday in the Gregorian calendar (the algorithm of Meeus, Jones and Butcher).
fn easter(year: i32) -> Option<NaiveDate> {
    let a = year.rem_euclid(19);
    let (b, c) = (year.div_euclid(100), year.rem_euclid(100));
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15).rem_euclid(30);
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k).rem_euclid(7);
    let m = (a + 11 * h + 22 * l) / 451;
    let from_march = h + l - 7 * m + 21;
    NaiveDate::from_ymd_opt(year, 3, 1)?.checked_add_signed(TimeDelta::days(i64::from(from_march)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    /// The official calendars (service-public.fr), year by year: Easter Monday, Ascension and Whit Monday.
    const MOVABLE: [(i32, [(u32, u32); 3]); 11] = [
        (2020, [(4, 13), (5, 21), (6, 1)]),
        (2021, [(4, 5), (5, 13), (5, 24)]),
        (2022, [(4, 18), (5, 26), (6, 6)]),
        (2023, [(4, 10), (5, 18), (5, 29)]),
        (2024, [(4, 1), (5, 9), (5, 20)]),
        (2025, [(4, 21), (5, 29), (6, 9)]),
        (2026, [(4, 6), (5, 14), (5, 25)]),
        (2027, [(3, 29), (5, 6), (5, 17)]),
        (2028, [(4, 17), (5, 25), (6, 5)]),
        (2030, [(4, 22), (5, 30), (6, 10)]),
        (2038, [(4, 26), (6, 3), (6, 14)]),
    ];

    #[test]
    fn a_year_has_eleven_holidays_on_the_right_days() {
        let fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)];
        for (year, movable) in MOVABLE {
            let mut wanted: Vec<NaiveDate> =
                fixed.into_iter().chain(movable).map(|(month, date)| day(year, month, date)).collect();
            wanted.sort();
            wanted.dedup();
            let days = day(year, 1, 1).iter_days().take_while(|day| day.year() == year);
            let found: Vec<NaiveDate> = days.filter(|day| Holidays::France.holds(*day)).collect();
            assert_eq!(found, wanted, "{year}");
        }
    }

    #[test]
    fn some_regions_have_days_of_their_own_and_nobody_has_none() {
        let (good_friday, boxing_day) = (day(2026, 4, 3), day(2026, 12, 26));
        for day in [good_friday, boxing_day] {
            assert!(Holidays::AlsaceMoselle.holds(day) && !Holidays::France.holds(day));
        }
        assert!(Holidays::AlsaceMoselle.holds(day(2026, 5, 14)));
        let reunion = Holidays::from_word("FR-REUNION").unwrap();
        assert!(reunion.holds(day(2026, 12, 20)) && reunion.holds(day(2026, 7, 14)));
        assert!(!reunion.holds(boxing_day) && !Holidays::None.holds(day(2026, 1, 1)));
        assert_eq!(Holidays::from_word("fr"), None);
        assert!(Holidays::words().all(|word| Holidays::from_word(word).is_some()));
    }
}
