//! Why something is due when it is: « pourquoi 14 h 30 ? ».
//!
//! Pure. May import: domain, view, wording.

use super::{dates, labels};
use crate::domain::followup::{Step, TimerKind};
use crate::domain::hours::OpenHours;
use crate::domain::rules::Rules;
use crate::domain::sla::{Due, Owed};
use crate::view::Coming;
use chrono::{DateTime, Utc};

/// How many closed spans are named.
const NAMED: usize = 2;

/// Something that is owed.
pub fn deadline(due: &Due, rules: &Rules) -> Coming {
    let targets = &rules.sla;
    let (hours, zone) = (&targets.hours, targets.hours.zone);
    let span = targets.span(due.owed).to_std().unwrap_or_default().as_secs();
    let since = dates::coming(due.since, zone);
    let why = match due.owed {
        Owed::Resolution => {
            format!("{} pour résoudre, sans compter l’attente de l’utilisateur", dates::promised(span))
        }
        Owed::FirstResponse | Owed::NextResponse => {
            let closed = closures(hours, due.since, due.at);
            format!("{} depuis le {since}{closed}", dates::open(span))
        }
    };
    Coming {
        what: due.owed.as_str(),
        name: labels::owed(due.owed).to_owned(),
        at: due.at,
        is_deadline: true,
        why,
    }
}

/// The next step of the follow-up. `since`: from when its span is counted.
pub fn step(step: &Step, since: DateTime<Utc>, put_off: Option<DateTime<Utc>>, rules: &Rules) -> Coming {
    let zone = rules.sla.hours.zone;
    let span = rules.follow_up.span(step.kind).unwrap_or_default();
    let (is_days, days) = (span.as_secs().is_multiple_of(86_400), span.as_secs() / 86_400);
    let name = labels::step(step.kind);
    let reminds = matches!(
        step.kind,
        TimerKind::FirstReminder | TimerKind::SecondReminder | TimerKind::CloseUnanswered
    );
    // « J+3 », as the guide counts.
    let name = if reminds && is_days { format!("J+{days}, {name}") } else { name.to_owned() };
    let since = dates::coming(since, zone);
    let counted = match step.kind {
        TimerKind::SnoozeOver => "le suivi est reporté jusque-là".to_owned(),
        TimerKind::StaleInProgress => {
            format!("{} après le dernier geste, le {since}", dates::open(span.as_secs()))
        }
        TimerKind::CloseResolved => {
            format!("{} après le dernier message, le {since}", dates::promised(span.as_secs()))
        }
        _ => {
            format!("{} après notre question du {since}, aux heures ouvrées", dates::promised(span.as_secs()))
        }
    };
    let put_off = put_off.filter(|until| step.kind != TimerKind::SnoozeOver && *until >= step.at);
    let why = match put_off {
        Some(until) => format!("suivi reporté jusqu’au {}", dates::coming(until, zone)),
        None => counted,
    };
    Coming { what: step.kind.as_str(), name, at: step.at, is_deadline: false, why }
}

/// « ; fermé de 12 h 30 à 13 h 30 »: what of the time did not count.
fn closures(hours: &OpenHours, from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let closed = hours.closures(from, to);
    if closed.is_empty() {
        return String::new();
    }
    let zone = hours.zone;
    let named: Vec<String> = closed
        .iter()
        .take(NAMED)
        .map(|(begin, end)| {
            if begin.with_timezone(&zone).date_naive() == end.with_timezone(&zone).date_naive() {
                format!("de {} à {}", dates::hour(*begin, zone), dates::hour(*end, zone))
            } else {
                format!("du {} au {}", dates::coming(*begin, zone), dates::coming(*end, zone))
            }
        })
        .collect();
    let more = if closed.len() > NAMED { "…" } else { "" };
    format!("\u{a0}; fermé {}{more}", named.join(", "))
}

/// « avant le jeudi 26 novembre à 10 h 00 » for a deadline, « le … » for what the clock does.
pub fn when(coming: &Coming, zone: chrono_tz::Tz) -> String {
    let at = dates::coming(coming.at, zone);
    if coming.is_deadline { format!("avant le {at}") } else { format!("le {at}") }
}
