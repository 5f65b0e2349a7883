//! The CMs' resources as a door shows them: pages of the knowledge base, standard replies with their versions, the day's
//! checklist, what comes up again and again. Pure. May import: domain.

use super::{Checklist, Pile};
use crate::domain::article::{Marked, Section};
use crate::domain::canned::{CannedText, CannedVersion};
use crate::domain::ids::TicketId;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Serialize, Serializer};

/// The pages that a search found, the best first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// What was looked for, as typed.
    pub words: String,
    /// How many pages there are.
    pub total: usize,
    /// The first of them.
    pub pages: Vec<FoundPage>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundPage {
    /// `kb/remboursement`.
    pub name: String,
    /// Its title.
    #[serde(serialize_with = "joined")]
    pub title: Vec<Marked>,
    /// A piece of it.
    #[serde(serialize_with = "joined")]
    pub snippet: Vec<Marked>,
    /// Where it can be read.
    pub address: String,
    /// Its shelf.
    #[serde(skip)]
    pub section: Section,
}

fn joined<S: Serializer>(pieces: &[Marked], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&plain(pieces))
}

/// The text of some pieces.
pub fn plain(pieces: &[Marked]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect()
}

/// A standard reply with what was written of it in the pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The word used in commands.
    pub key: String,
    /// What it says; `None`: it is gone, and its history is what is left.
    pub said: Option<CannedText>,
    /// What it says as it came; `None` where it came from nowhere.
    pub origin: Option<CannedText>,
    /// It hands the ticket over.
    pub hands_over: bool,
    /// Its latest version; 0 where nobody ever wrote it here.
    pub version: i64,
    /// Who wrote that, and when.
    pub written: Option<(String, DateTime<Utc>)>,
}

/// A standard reply with its latest versions, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateHistory {
    /// It.
    pub template: Template,
    /// Its versions.
    pub versions: Vec<CannedVersion>,
}

/// What there is to do on a day, for each line of the guide's checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayPage {
    /// What the clock knows.
    pub list: Checklist,
    /// In progress, answered, and with no other team: they wait for their requester, or are settled.
    pub answered: Pile,
    /// An answer is owed by the end of the next working day.
    pub tomorrow: Pile,
    /// That day.
    pub next_day: NaiveDate,
    /// How many subjects come up again and again, and have no page.
    pub undocumented: usize,
}

/// What comes up again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurring {
    /// How many days back were looked at.
    pub days: i64,
    /// Of how many tickets.
    pub tickets: usize,
    /// There were more tickets: only the latest were looked at.
    pub is_cut: bool,
    /// What came up.
    pub topics: Vec<RecurringTopic>,
}

/// One subject of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecurringTopic {
    /// A tag, or words.
    pub name: String,
    /// It is a tag.
    pub is_tag: bool,
    /// In how many tickets.
    pub total: usize,
    /// The latest of them, with their subjects.
    pub latest: Vec<(TicketId, String)>,
    /// How many pages hold its words.
    pub pages: usize,
}
