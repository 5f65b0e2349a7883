//! What a requester thinks of the help they got: one question after a ticket is settled, three faces and a comment, once
//! for each time it was settled (guide, « Taux de Satisfaction »: « Demander un feedback après résolution »). Pure.

use super::event::EventKind;
use super::life::Life;
use super::ticket::{SPAM, Status};
use serde::{Deserialize, Serialize};

/// One of the three faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    /// 🙂
    Good,
    /// 😐
    Fair,
    /// 🙁
    Bad,
}

impl Rating {
    /// All three, the best first.
    pub const ALL: [Rating; 3] = [Rating::Good, Rating::Fair, Rating::Bad];

    /// The word used in JSON, the database and forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Rating::Good => "good",
            Rating::Fair => "fair",
            Rating::Bad => "bad",
        }
    }

    /// The rating that [`Rating::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Rating> {
        Rating::ALL.into_iter().find(|rating| rating.as_str() == word)
    }
}

/// The longest comment that is kept, in characters; who has more to say answers.
pub const LONGEST_COMMENT: usize = 2_000;

/// Whether a ticket's requester is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Not while the ticket is worked on, nor about spam.
    NotYet,
    /// They may say what they think.
    Open,
    /// They have said it since the ticket was settled.
    Given(Rating),
}

/// Whether the requester of a ticket with this past is asked. `reason` is that with which it was closed.
///
/// A ticket that nobody answered was not helped with: who is told « fermé faute de réponse » is not asked how that was.
pub fn asked(life: &Life<'_>, reason: Option<&str>) -> Asked {
    if !life.status.is_settled() || life.is_merged || reason == Some(SPAM) {
        return Asked::NotYet;
    }
    let mut answer = None;
    let mut was_resolved = false;
    for event in &life.happened {
        if let (Some(from), Some(to)) = (event.detail.from, event.detail.to) {
            if from.is_settled() != to.is_settled() {
                answer = None;
                was_resolved = false;
            }
            was_resolved |= to == Status::Resolved || (to == Status::Closed && event.detail.reason.is_none());
        }
        if event.kind == EventKind::FeedbackGiven {
            answer = event.detail.rating;
        }
    }
    match answer {
        Some(rating) => Asked::Given(rating),
        None if was_resolved => Asked::Open,
        None => Asked::NotYet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EventDetail;
    use crate::domain::life::Happened;
    use chrono::{DateTime, Utc};

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_764_000_000 + 60 * minute, 0).unwrap()
    }

    /// What becomes of the question after these lines of history, one a minute.
    fn after(lines: &[(EventKind, EventDetail)], reason: Option<&str>) -> Asked {
        let mut life = Life::of_new(at(0));
        life.status = lines.iter().rev().find_map(|(_, detail)| detail.to).unwrap_or(Status::New);
        life.happened = lines
            .iter()
            .zip(1..)
            .map(|((kind, detail), minute)| Happened {
                kind: *kind,
                at: at(minute),
                actor: "Camille",
                by_clock: false,
                detail,
            })
            .collect();
        asked(&life, reason)
    }

    fn moved(from: Status, to: Status) -> (EventKind, EventDetail) {
        (EventKind::StatusSet, EventDetail { from: Some(from), to: Some(to), ..EventDetail::default() })
    }

    fn rated(rating: Rating) -> (EventKind, EventDetail) {
        (EventKind::FeedbackGiven, EventDetail { rating: Some(rating), ..EventDetail::default() })
    }

    #[test]
    fn the_question_is_asked_once_each_time_a_ticket_is_resolved() {
        use Status::{Closed, InProgress, Resolved};
        let resolved = moved(InProgress, Resolved);
        assert_eq!(after(&[], None), Asked::NotYet);
        assert_eq!(after(std::slice::from_ref(&resolved), None), Asked::Open);
        let given = [resolved.clone(), rated(Rating::Fair)];
        assert_eq!(after(&given, None), Asked::Given(Rating::Fair));
        // Closing what is resolved asks nothing anew.
        let closed = [&given[..], &[moved(Resolved, Closed)]].concat();
        assert_eq!(after(&closed, None), Asked::Given(Rating::Fair));
        let reopened = [&closed[..], &[moved(Closed, InProgress)]].concat();
        assert_eq!(after(&reopened, None), Asked::NotYet);
        let again = [&reopened[..], &[resolved]].concat();
        assert_eq!(after(&again, None), Asked::Open);
    }

    #[test]
    fn a_ticket_that_was_only_closed_is_asked_about_when_nothing_says_why() {
        use Status::{Closed, New, WaitingCustomer};
        assert_eq!(after(&[moved(New, Closed)], None), Asked::Open);
        let mut unanswered = moved(WaitingCustomer, Closed);
        unanswered.1.reason = Some("Fermé faute de réponse".to_owned());
        assert_eq!(after(&[unanswered], Some("Fermé faute de réponse")), Asked::NotYet);
        assert_eq!(after(&[moved(New, Closed)], Some(SPAM)), Asked::NotYet);
    }

    #[test]
    fn every_rating_has_a_word_of_its_own() {
        for rating in Rating::ALL {
            assert_eq!(Rating::from_word(rating.as_str()), Some(rating));
        }
        assert_eq!(Rating::from_word("great"), None);
    }
}
