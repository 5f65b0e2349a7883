//! How fast mails go to one provider: a bucket of turns for those that are known to throttle, and a pause for any that asks for
//! one. Pure.
//!
//! A mail that waits was not tried. The turns of one provider are nobody else's: the mails behind go on.

use super::returned::status_in;
use chrono::{DateTime, TimeDelta, Utc};

/// Who takes the mails of an address in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// What its pace is kept under: a word for the known ones, else the domain.
    pub key: String,
    /// What people call it, where it is a known one; these throttle whoever sends them much at once.
    pub name: Option<&'static str>,
}

/// The providers that are known to throttle, each with the domains of its addresses.
const KNOWN: [(&str, &str, &[&str]); 9] = [
    ("google", "Gmail", &["gmail.com", "googlemail.com"]),
    (
        "microsoft",
        "Outlook",
        &[
            "outlook.com",
            "outlook.fr",
            "outlook.be",
            "hotmail.com",
            "hotmail.fr",
            "hotmail.be",
            "hotmail.co.uk",
            "live.com",
            "live.fr",
            "live.be",
            "msn.com",
            "windowslive.com",
        ],
    ),
    (
        "yahoo",
        "Yahoo",
        &["yahoo.com", "yahoo.fr", "yahoo.co.uk", "ymail.com", "rocketmail.com", "aol.com", "aol.fr"],
    ),
    ("apple", "iCloud", &["icloud.com", "me.com", "mac.com"]),
    ("orange", "Orange", &["orange.fr", "wanadoo.fr", "orange.com"]),
    ("free", "Free", &["free.fr", "aliceadsl.fr", "libertysurf.fr", "freesbee.fr", "infonie.fr", "chez.com"]),
    (
        "sfr",
        "SFR",
        &["sfr.fr", "neuf.fr", "cegetel.net", "club-internet.fr", "numericable.fr", "noos.fr", "9online.fr"],
    ),
    ("laposte", "La Poste", &["laposte.net"]),
    ("bouygues", "Bouygues Telecom", &["bbox.fr"]),
];

/// Who takes the mails of this address in.
pub fn provider_of(address: &str) -> Provider {
    let domain = address.rsplit_once('@').map_or(address, |(_, domain)| domain).to_lowercase();
    match KNOWN.iter().find(|(.., domains)| domains.contains(&domain.as_str())) {
        Some((key, name, _)) => Provider { key: (*key).to_owned(), name: Some(name) },
        None => Provider { key: domain, name: None },
    }
}

/// What people call the provider whose pace is kept under `key`: its name, or the domain itself.
pub fn called(key: &str) -> &str {
    KNOWN.iter().find(|(known, ..)| *known == key).map_or(key, |(_, name, _)| name)
}

/// Between two mails to a provider that asked for fewer, until it has taken some again.
const SLOWLY: TimeDelta = TimeDelta::seconds(10);
/// The first pause; it doubles each time that the provider asks again, up to the longest.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(30);
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(30);
/// What a provider asked for is forgotten when it was quiet for so long after the pause.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(1);
/// How far ahead turns are given; who comes behind asks again then. A provider that recovers is soon at its full pace.
const FURTHEST: TimeDelta = TimeDelta::minutes(5);
/// How late a turn is still good. Turns that passed while nothing ran are not all taken at once.
const STILL_GOOD: TimeDelta = TimeDelta::minutes(1);

/// How the mails to one provider stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// When the bucket is full again: a turn later for each mail that had one.
    pub full_at: DateTime<Utc>,
    /// Nothing leaves before.
    pub closed_until: DateTime<Utc>,
    /// Nothing leaves before that either while the provider is slowed down; each mail that leaves moves it on.
    pub next_at: DateTime<Utc>,
    /// How often the provider asked for fewer and did not take any since.
    pub strikes: u32,
}

/// When a mail may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Now.
    Now,
    /// At this time, which is its own.
    At(DateTime<Utc>),
    /// Not before this time; then it asks once more.
    AskAgain(DateTime<Utc>),
}

impl Pace {
    /// That of a provider to which nothing went lately.
    pub fn idle(now: DateTime<Utc>) -> Pace {
        Pace { full_at: now, closed_until: now, next_at: now, strikes: 0 }
    }

    /// Whether it says nothing that [`Pace::idle`] would not.
    pub fn is_idle(&self, now: DateTime<Utc>) -> bool {
        self.full_at <= now && self.closed_until <= now && !self.is_slowed(now)
    }

    /// Whether the provider asked for fewer mails and has not made good for it.
    pub fn is_slowed(&self, now: DateTime<Utc>) -> bool {
        self.strikes > 0 && now < self.closed_until + FORGOTTEN_AFTER
    }

    /// Gives a mail its turn. `per_minute`: how many the provider gets, at once and within a minute; zero: no limit. `held`: the
    /// turn that the mail was given before.
    pub fn turn(&mut self, per_minute: u32, held: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Turn {
        let is_open = self.closed_until <= now;
        let is_slowed = self.is_slowed(now);
        // Turns that were given before the provider asked for fewer mails come too soon one after the other.
        if let Some(turn) = held.filter(|turn| *turn <= now && now - *turn <= STILL_GOOD)
            && is_open
            && (!is_slowed || self.next_at <= now)
        {
            self.next_at = turn + SLOWLY;
            return Turn::Now;
        }
        let between = match per_minute {
            0 if !is_slowed && is_open => return Turn::Now,
            0 => SLOWLY,
            per_minute => TimeDelta::minutes(1) / i32::try_from(per_minute).unwrap_or(i32::MAX),
        };
        let (between, at_once) = match is_slowed {
            true => (between.max(SLOWLY), 1),
            false => (between, per_minute.max(1)),
        };
        let ahead = between * i32::try_from(at_once - 1).unwrap_or(i32::MAX);
        let opens_at = if is_slowed { self.closed_until.max(self.next_at) } else { self.closed_until };
        let full_at = self.full_at.max(opens_at).max(now);
        let earliest = (full_at - ahead).max(opens_at).max(now);
        if earliest - now > FURTHEST {
            return Turn::AskAgain(self.closed_until.max(now + FURTHEST));
        }
        self.full_at = full_at + between;
        if earliest > now {
            return Turn::At(earliest);
        }
        self.next_at = now + SLOWLY;
        Turn::Now
    }

    /// The provider asked for fewer mails. What was on its way meanwhile and is answered alike is the same asking.
    pub fn slow_down(&mut self, now: DateTime<Utc>) {
        if self.closed_until > now {
            return;
        }
        if now >= self.closed_until + FORGOTTEN_AFTER {
            self.strikes = 0;
        }
        self.strikes = self.strikes.saturating_add(1);
        let doubled = 1_i32 << (self.strikes - 1).min(10);
        self.closed_until = now + (FIRST_PAUSE * doubled).min(LONGEST_PAUSE);
        (self.full_at, self.next_at) = (self.closed_until, self.closed_until);
    }

    /// The provider took a mail; each that it takes after a pause makes good for one asking.
    pub fn taken(&mut self, now: DateTime<Utc>) {
        if self.strikes > 0 && self.closed_until <= now {
            self.strikes -= 1;
            if self.strikes == 0 {
                self.full_at = now;
            }
        }
    }
}

/// Whether a server's answer asks for fewer mails: it is busy (421), or this mail may be taken later (450, 451). One about the
/// mailbox itself (X.2.Y, RFC 3463 section 3.3) says nothing of its neighbours.
pub fn asks_to_slow_down(answer: &str) -> bool {
    let is_for_now = ["421", "450", "451"].contains(&answer.split(' ').next().unwrap_or_default());
    is_for_now && !status_in(answer).is_some_and(|status| status.starts_with("4.2."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(1_000_000 + seconds)
    }

    #[test]
    fn addresses_of_one_provider_are_one() {
        let key = |address: &str| provider_of(address).key;
        assert_eq!(key("lea@orange.fr"), key("Marc@Wanadoo.FR"));
        assert_eq!(key("lea@hotmail.com"), key("lea@live.fr"));
        assert_eq!(
            provider_of("lea@client.example"),
            Provider { key: "client.example".to_owned(), name: None }
        );
        assert_eq!(provider_of("lea@laposte.net").name, Some("La Poste"));
        assert_eq!((called("laposte"), called("client.example")), ("La Poste", "client.example"));
        assert_ne!(key("lea@free.fr"), key("lea@notfree.fr"));
        let mut domains: Vec<&str> = KNOWN.iter().flat_map(|(.., domains)| *domains).copied().collect();
        let count = domains.len();
        domains.sort_unstable();
        domains.dedup();
        assert_eq!(domains.len(), count, "no domain is of two providers");
    }

    #[test]
    fn a_bucket_is_emptied_at_once_and_filled_within_a_minute() {
        let mut pace = Pace::idle(at(0));
        let turns: Vec<Turn> = (0..5).map(|_| pace.turn(3, None, at(0))).collect();
        assert_eq!(turns, [Turn::Now, Turn::Now, Turn::Now, Turn::At(at(20)), Turn::At(at(40))]);
        assert_eq!(pace.turn(3, Some(at(20)), at(20)), Turn::Now, "its own turn");
        assert_eq!(pace.turn(3, None, at(41)), Turn::At(at(60)), "who comes later waits behind");
        assert!(!pace.is_idle(at(100)) && pace.is_idle(at(120)));
        assert_eq!(pace.turn(3, None, at(120)), Turn::Now);
    }

    #[test]
    fn turns_are_given_for_five_minutes_and_are_good_for_one() {
        let mut pace = Pace::idle(at(0));
        let turns: Vec<Turn> = (0..30).map(|_| pace.turn(3, None, at(0))).collect();
        assert_eq!(turns.iter().filter(|turn| matches!(turn, Turn::At(_))).count(), 15);
        assert_eq!(turns[17], Turn::At(at(300)));
        assert_eq!(turns[18..], [Turn::AskAgain(at(300)); 12]);
        // Nothing ran for an hour: the turns that passed are no licence for all of them at once.
        let late: Vec<Turn> = (1..=15).map(|n| pace.turn(3, Some(at(20 * n)), at(3600))).collect();
        assert_eq!(late.iter().filter(|turn| **turn == Turn::Now).count(), 3);
    }

    #[test]
    fn without_a_limit_nobody_waits_until_the_provider_asks() {
        let mut pace = Pace::idle(at(0));
        assert!((0..1000).all(|_| pace.turn(0, None, at(0)) == Turn::Now));
        assert_eq!(pace, Pace::idle(at(0)), "and nothing is to be kept of it");
        pace.slow_down(at(0));
        assert_eq!(pace.turn(0, None, at(1)), Turn::At(at(30)));
        assert_eq!(pace.turn(0, None, at(2)), Turn::At(at(40)), "one after the other then");
        assert_eq!(pace.turn(0, Some(at(30)), at(30)), Turn::Now);
        pace.taken(at(31));
        assert_eq!(pace.strikes, 0);
        assert_eq!(pace.turn(0, None, at(31)), Turn::Now, "at full pace when it takes mails again");
    }

    #[test]
    fn pauses_double_while_a_provider_goes_on_asking_and_are_forgotten_after_an_hour() {
        let mut pace = Pace::idle(at(0));
        let mut now = at(0);
        let mut pauses = Vec::new();
        for _ in 0..9 {
            pace.slow_down(now);
            pace.slow_down(now + TimeDelta::seconds(1));
            pauses.push((pace.closed_until - now).num_seconds());
            now = pace.closed_until;
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1800, 1800, 1800]);
        assert!(!pace.is_idle(now + TimeDelta::minutes(59)) && pace.is_idle(now + TimeDelta::hours(1)));
        assert_eq!(pace.turn(0, None, now + TimeDelta::hours(1)), Turn::Now);
        pace.slow_down(now + TimeDelta::hours(1));
        assert_eq!(pace.strikes, 1);
    }

    #[test]
    fn what_left_before_the_pause_and_is_taken_in_it_does_not_end_it() {
        let mut pace = Pace::idle(at(0));
        pace.slow_down(at(0));
        pace.taken(at(1));
        assert_eq!(pace.strikes, 1);
        assert_eq!(pace.turn(60, Some(at(0)), at(1)), Turn::At(at(30)), "nor is an old turn good in it");
        pace.slow_down(at(30));
        assert_eq!(pace.turn(60, None, at(31)), Turn::At(at(90)));
        pace.slow_down(at(90));
        pace.slow_down(at(210));
        assert!(matches!(pace.turn(60, None, at(211)), Turn::At(_)));
        pace.slow_down(at(450));
        assert_eq!(
            pace.turn(60, None, at(451)),
            Turn::AskAgain(pace.closed_until),
            "no sooner than it opens"
        );
    }

    #[test]
    fn turns_of_before_the_pause_are_taken_as_slowly_as_those_of_after_it() {
        let mut pace = Pace::idle(at(0));
        let turns: Vec<Turn> = (0..120).map(|_| pace.turn(60, None, at(0))).collect();
        assert_eq!(turns[119], Turn::At(at(60)));
        pace.slow_down(at(0));
        let left = (30..60).filter(|second| pace.turn(60, Some(at(*second)), at(*second)) == Turn::Now);
        assert_eq!(left.collect::<Vec<_>>(), [30, 40, 50]);
    }

    #[test]
    fn an_answer_asks_to_slow_down_by_its_code_unless_it_is_about_one_mailbox() {
        for answer in
            ["421 4.7.28 rate limited", "450 4.7.1 Too many", "451 4.3.0 Try later", "451", "421 busy"]
        {
            assert!(asks_to_slow_down(answer), "{answer}");
        }
        for answer in [
            "450 4.2.0 Greylisted",
            "451 4.2.2 full",
            "452 4.3.1 no space",
            "550 5.7.1 no",
            "no welcome from smtp.example: 421 busy",
            "no answer within 30 s",
            "4210 x",
            "",
        ] {
            assert!(!asks_to_slow_down(answer), "{answer}");
        }
    }
}
