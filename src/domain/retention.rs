//! How long what people wrote is kept, and what stays of it after that: numbers, times and statuses, so that no figure of the
//! past changes.

use super::event::EventDetail;
use super::hours::OpenHours;
use super::ticket::{SPAM, Status, Ticket};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// How long what people wrote is kept; `None`: for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// The bytes of a mail, from the day that it came in or left.
    pub raw_mails: Option<Duration>,
    /// The words of a ticket, from its closing.
    pub closed_tickets: Option<Duration>,
}

impl Retention {
    /// Mails from before this instant are not kept any more.
    pub fn mails_until(&self, now: DateTime<Utc>, hours: &OpenHours) -> Option<DateTime<Utc>> {
        before(self.raw_mails?, now, hours)
    }

    /// Neither are the words of tickets that have been closed since before this instant.
    pub fn tickets_until(&self, now: DateTime<Utc>, hours: &OpenHours) -> Option<DateTime<Utc>> {
        before(self.closed_tickets?, now, hours)
    }
}

/// A period before the day began: what falls due in the course of a day goes in the night after it, together. `None` for a
/// period that is longer than there has been time.
fn before(period: Duration, now: DateTime<Utc>, hours: &OpenHours) -> Option<DateTime<Utc>> {
    let day = hours.instant_of(now.with_timezone(&hours.zone).date_naive(), 0);
    day.checked_sub_signed(TimeDelta::from_std(period).ok()?)
}

/// Whether the words of a ticket are not kept any more. What was merged into another goes with that one.
pub fn is_over(ticket: &Ticket, until: DateTime<Utc>) -> bool {
    ticket.status == Status::Closed
        && ticket.merged_into.is_none()
        && ticket.anonymised_at.is_none()
        && ticket.status_since <= until
}

/// A line of history without what people wrote in it. `ours` are the reasons that say nothing of a person; another one becomes
/// `words`, since the figures tell a closing with a reason from one without.
pub fn without_words(detail: EventDetail, ours: &[&str], words: &str) -> EventDetail {
    let reason = |reason: Option<String>| reason.map(|reason| reason_kept(&reason, ours, words).to_owned());
    EventDetail {
        note: None,
        participants: Vec::new(),
        reason: reason(detail.reason),
        reason_before: reason(detail.reason_before),
        ..detail
    }
}

/// What stays of a reason. That of spam is no word of anybody's, and counts.
pub fn reason_kept<'a>(reason: &'a str, ours: &[&str], words: &'a str) -> &'a str {
    if reason == SPAM || ours.contains(&reason) { reason } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn a_period_is_over_at_the_midnight_after_it_in_our_zone() {
        let kept = Retention { closed_tickets: Some(Duration::from_secs(30 * 86_400)), raw_mails: None };
        let hours = OpenHours { zone: chrono_tz::Europe::Paris, ..OpenHours::default() };
        let now = Utc.with_ymd_and_hms(2026, 11, 24, 9, 0, 0).unwrap();
        let until = Utc.with_ymd_and_hms(2026, 10, 24, 23, 0, 0).unwrap();
        assert_eq!(kept.tickets_until(now, &hours), Some(until));
        let midnight = Utc.with_ymd_and_hms(2026, 11, 23, 23, 0, 0).unwrap();
        assert_eq!(kept.tickets_until(midnight, &hours), Some(until));
        let a_second_before = midnight - TimeDelta::seconds(1);
        assert_eq!(kept.tickets_until(a_second_before, &hours), Some(until - TimeDelta::days(1)));
        assert_eq!(kept.mails_until(now, &hours), None, "for ever");
        let ages = Retention { raw_mails: Some(Duration::from_secs(u64::MAX)), closed_tickets: None };
        assert_eq!(ages.mails_until(now, &hours), None);
    }

    #[test]
    fn of_a_line_of_history_the_words_go_and_the_figures_stay() {
        let detail = EventDetail {
            from: Some(Status::InProgress),
            to: Some(Status::Closed),
            reason: Some("M. Martin called".into()),
            reason_before: Some(SPAM.into()),
            note: Some("martin@courriel.example".into()),
            message: Some(7),
            ..EventDetail::default()
        };
        let left = without_words(detail, &["ours"], "gone");
        assert_eq!(
            (left.from, left.to, left.message),
            (Some(Status::InProgress), Some(Status::Closed), Some(7))
        );
        assert_eq!(
            (left.reason.as_deref(), left.reason_before.as_deref(), left.note),
            (Some("gone"), Some(SPAM), None)
        );
        assert_eq!(reason_kept("ours", &["ours"], "gone"), "ours");
    }
}
