//! `guichet audit`: who did what with the data of people, with agents and with their keys.

use super::{Done, Ended, print, print_json};
use crate::app::Opened;
use crate::wording::{audit as say, dates, rituals};
use chrono::{DateTime, Utc};

/// The latest lines, the newest last, where a terminal ends.
pub(super) async fn run(opened: &Opened, since: Option<&str>, limit: u32, json: bool) -> Done {
    let lines = match since {
        Some(since) => {
            let from = instant(opened, since).ok_or_else(|| Ended::Usage(say::not_a_day(since)))?;
            opened.desk.audit_since(from, limit.into()).await?
        }
        None => opened.desk.audit_lines(None, limit.into()).await?,
    };
    if json {
        print_json(true, &lines, "");
    } else if lines.is_empty() {
        print(say::NOTHING);
    } else {
        for line in lines.iter().rev() {
            let at = dates::short_date(line.at, opened.config.timezone);
            print(&format!("{:>6}  {at}  {}", line.id.0, say::sentence(line)));
        }
    }
    Ok(())
}

/// The beginning of a day, or an instant.
fn instant(opened: &Opened, given: &str) -> Option<DateTime<Utc>> {
    if let Some(day) = rituals::read_day(given) {
        return Some(opened.desk.rules().sla.hours.instant_of(day, 0));
    }
    DateTime::parse_from_rfc3339(given).ok().map(|at| at.with_timezone(&Utc))
}
