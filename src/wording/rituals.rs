//! What the team reads at the beginning and at the end of a day, and of a week: the guide's « Checklist Quotidienne », and
//! its figures against its « Objectifs de Performance ».
//!
//! Pure. May import: domain, view, wording.

use super::{dates, labels};
use crate::domain::feedback::Rating;
use crate::domain::report::{DayFigures, Kept, Ratings, Share, Tally};
use crate::domain::ticket::Status;
use crate::view::{Checklist, Figures, Pile, Report};
use chrono::{Datelike, NaiveDate, Weekday};
use std::time::Duration;

/// The part of a report that goes day by day.
pub const BY_DAY: &str = "Par jour";
/// The part that says who did what.
pub const BY_AGENT: &str = "Par CM";
/// The part with the requesters' own words.
pub const OPINIONS: &str = "Avis";

/// How many tickets of a line of the checklist are named.
pub const NAMED: usize = 5;

/// What a line of the checklist is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// To be taken up.
    New,
    /// To be answered before the end of the day.
    DueToday,
    /// To be reminded.
    Waiting,
    /// To be looked after.
    InProgress,
    /// To be closed.
    Resolved,
}

/// The lines of the checklist.
pub fn tasks(list: &Checklist) -> Vec<(Task, String, &Pile)> {
    let standing = |status, seconds| {
        format!(
            "Tickets «\u{a0}{}\u{a0}» depuis plus de {}",
            labels::status_name(status),
            dates::promised(seconds)
        )
    };
    vec![
        (Task::New, "Tickets «\u{a0}Nouveau\u{a0}» (objectif\u{a0}: 0)".to_owned(), &list.new),
        (Task::DueToday, "Réponses dues d’ici ce soir".to_owned(), &list.due_today),
        (
            Task::Waiting,
            format!("{}, à relancer", standing(Status::WaitingCustomer, list.waiting_seconds)),
            &list.waiting,
        ),
        (Task::InProgress, standing(Status::InProgress, list.in_progress_seconds), &list.in_progress),
        (
            Task::Resolved,
            format!("{}, à fermer", standing(Status::Resolved, list.resolved_seconds)),
            &list.resolved,
        ),
    ]
}

/// « ☐ Tickets « Nouveau » (objectif : 0) : nº 3, nº 7 et 2 de plus ».
pub fn task(what: &str, pile: &Pile) -> String {
    if pile.total == 0 {
        return format!("✅ {what}\u{a0}: aucun");
    }
    let named = pile.tickets.tickets.iter().take(NAMED).map(|ticket| format!("nº\u{a0}{}", ticket.id));
    let mut named: Vec<String> = named.collect();
    let more = pile.total - named.len() as i64;
    if more > 0 {
        named.push(format!("et {} de plus", dates::grouped(more)));
    }
    format!("☐ {what}\u{a0}: {}", named.join(", "))
}

/// « Checklist du mardi 24 novembre 2026 ».
pub fn checklist_title(list: &Checklist) -> String {
    format!("Checklist du {}", dates::long_day(list.day))
}

/// « 🔵 Nouveau : 3 · 🟡 En cours : 8 · … · Total : 120 ».
pub fn figures(figures: &Figures) -> String {
    let counts = [
        (Status::New, figures.new),
        (Status::InProgress, figures.in_progress),
        (Status::WaitingCustomer, figures.waiting_customer),
        (Status::Resolved, figures.resolved),
    ];
    let mut said: Vec<String> = counts
        .iter()
        .map(|(status, count)| format!("{}\u{a0}: {}", labels::status(*status), dates::grouped(*count)))
        .collect();
    said.push(format!("Total\u{a0}: {}", dates::grouped(figures.total)));
    said.join(" · ")
}

/// A part of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its heading.
    pub title: &'static str,
    /// What it says, line by line.
    pub lines: Vec<String>,
}

/// « Rapport du mardi 24 novembre 2026 », « Résumé de la semaine du 23 au 29 novembre 2026 ».
pub fn report_title(report: &Report) -> String {
    if report.first == report.last {
        return format!("Rapport du {}", dates::long_day(report.first));
    }
    format!(
        "Résumé de la semaine du {} au {}",
        dates::short_day(report.first, report.last),
        dates::plain_day(report.last)
    )
}

/// The guide's targets and how they were kept.
pub fn promises(report: &Report) -> Vec<String> {
    let (tally, targets) = (&report.tally, &report.targets);
    let span = dates::promised;
    let share = |wanted: f64| (wanted * 100.0).round() as i64;
    let resolution = span(targets.resolution_seconds);
    let kept = |kept: &Kept, wanted: Option<i64>| {
        let median = kept.median_seconds.map(|seconds| {
            let median = dates::roughly(Duration::from_secs(seconds.unsigned_abs()));
            format!(" · médiane\u{a0}: {median}")
        });
        format!("{}{}", reached(&kept.share, wanted), median.unwrap_or_default())
    };
    vec![
        format!(
            "Première réponse en moins de {}, heures ouvrées\u{a0}: {}",
            span(targets.first_response_seconds),
            kept(&tally.first_response, None)
        ),
        format!(
            "Réponses suivantes en moins de {}, heures ouvrées\u{a0}: {}",
            span(targets.next_response_seconds),
            kept(&tally.next_response, None)
        ),
        format!(
            "Résolution en moins de {resolution} (objectif\u{a0}: {}\u{a0}%), temps écoulé\u{a0}: {}",
            share(targets.resolution_share),
            kept(&tally.resolution, Some(share(targets.resolution_share)))
        ),
        format!(
            "Résolution en moins de {resolution}, heures ouvrées\u{a0}: {}",
            kept(&tally.resolution_open, Some(share(targets.resolution_share)))
        ),
        format!(
            "Résolus au premier contact (objectif\u{a0}: {}\u{a0}%)\u{a0}: {}",
            share(targets.first_contact_share),
            reached(&tally.first_contact, Some(share(targets.first_contact_share)))
        ),
        format!("Satisfaction\u{a0}: {}", satisfaction(tally)),
    ]
}

/// « 91 % sur 12 (🙂 11 · 😐 0 · 🙁 1) »; the guide sets no target for it.
fn satisfaction(tally: &Tally) -> String {
    let Some(percent) = tally.satisfaction.percent() else { return "–".to_owned() };
    let Ratings { good, fair, bad } = tally.ratings;
    let faces = [(Rating::Good, good), (Rating::Fair, fair), (Rating::Bad, bad)];
    let faces = faces
        .map(|(rating, count)| format!("{}\u{a0}{}", labels::rating_face(rating), dates::grouped(count)));
    format!("{percent}\u{a0}% sur {} ({})", dates::grouped(tally.satisfaction.of), faces.join(" · "))
}

/// « 11 sur 12, 91 % ✅ »; `wanted` in percent, all of them where it is not given.
fn reached(share: &Share, wanted: Option<i64>) -> String {
    let Some(percent) = share.percent() else { return "–".to_owned() };
    let mark = if percent >= wanted.unwrap_or(100) { "✅" } else { "⚠" };
    format!("{} sur {}, {percent}\u{a0}% {mark}", dates::grouped(share.reached), dates::grouped(share.of))
}

/// What was done, in a line.
pub fn tally(report: &Report) -> String {
    let tally = &report.tally;
    let mut said = vec![
        dates::count(tally.created, "ticket ouvert", "tickets ouverts"),
        dates::count(tally.resolved, "résolu", "résolus"),
        dates::count(tally.closed, "fermé", "fermés"),
        dates::count(tally.replies, "réponse", "réponses"),
    ];
    if tally.reopened > 0 {
        said.insert(3, dates::count(tally.reopened, "rouvert", "rouverts"));
    }
    said.join(" · ")
}

/// The whole report, part by part; a part of which there is nothing to say is left out.
pub fn report(report: &Report) -> Vec<Part> {
    let tally = &report.tally;
    let mut parts = vec![
        Part {
            title: "Activité",
            // The period may be over for long.
            lines: vec![self::tally(report), format!("En ce moment\u{a0}: {}", figures(&report.figures))],
        },
        Part { title: "Objectifs", lines: promises(report) },
    ];
    if tally.days.len() > 1 {
        let days = tally.days.iter().filter(|day| is_told(day));
        parts.push(Part { title: BY_DAY, lines: days.map(day).collect() });
    }
    let agents = tally.agents.iter().map(|agent| {
        let replies = dates::count(agent.replies, "réponse", "réponses");
        format!("{}\u{a0}: {replies}, {}", agent.agent, dates::count(agent.resolved, "résolu", "résolus"))
    });
    parts.push(Part { title: BY_AGENT, lines: agents.collect() });
    let recurring = tally.recurring.iter().map(|one| {
        let about = if one.is_tag { format!("#{}", one.about) } else { one.about.clone() };
        format!("{about} ({})", dates::count(one.tickets, "ticket", "tickets"))
    });
    let recurring: Vec<String> = recurring.collect();
    if !recurring.is_empty() {
        parts.push(Part { title: "Sujets récurrents", lines: vec![recurring.join(", ")] });
    }
    const COMMENTS: usize = 5;
    let comments = tally.comments.iter().take(COMMENTS).map(|comment| {
        let text = comment.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (face, ticket) = (labels::rating_face(comment.rating), comment.ticket);
        format!("{face} nº\u{a0}{ticket}\u{a0}: «\u{a0}{text}\u{a0}»")
    });
    let mut comments: Vec<String> = comments.collect();
    let more = tally.comments.len().saturating_sub(COMMENTS);
    if more > 0 {
        comments.push(format!("et {more} de plus"));
    }
    parts.push(Part { title: OPINIONS, lines: comments });
    if report.first == report.last {
        const SHOWN: usize = 10;
        let closed = tally.closed_tickets.iter().take(SHOWN);
        let mut closed: Vec<String> =
            closed.map(|ticket| format!("nº\u{a0}{} · {}", ticket.id, ticket.subject)).collect();
        let more = tally.closed_tickets.len().saturating_sub(SHOWN);
        if more > 0 {
            closed.push(format!("et {more} de plus"));
        }
        parts.push(Part { title: "Tickets fermés", lines: closed });
    }
    if let Some(ahead) = &report.ahead {
        let said = [
            dates::count(ahead.answers, "réponse due", "réponses dues"),
            dates::count(ahead.reminders, "relance", "relances"),
            dates::count(ahead.closings, "fermeture", "fermetures"),
        ];
        let line = format!("D’ici au {}\u{a0}: {}", dates::long_day(ahead.day), said.join(" · "));
        parts.push(Part { title: "À venir", lines: vec![line] });
    }
    parts.retain(|part| !part.lines.is_empty());
    parts
}

/// A day of the week-end on which nothing happened is no news.
fn is_told(day: &DayFigures) -> bool {
    let is_weekend = matches!(day.day.weekday(), Weekday::Sat | Weekday::Sun);
    !is_weekend || day.created + day.resolved + day.closed + day.replies > 0
}

fn day(day: &DayFigures) -> String {
    let name = dates::weekday(day.day.weekday());
    format!(
        "{name} {}\u{a0}: {} · {} · {} · {}",
        day.day.day(),
        dates::count(day.created, "ouvert", "ouverts"),
        dates::count(day.resolved, "résolu", "résolus"),
        dates::count(day.closed, "fermé", "fermés"),
        dates::count(day.replies, "réponse", "réponses")
    )
}

/// A report as a table of one value a line, for a spreadsheet: `scope,name,measure,value`. With who did what, where it may be seen.
pub fn report_csv(report: &Report, with_agents: bool) -> String {
    let tally = &report.tally;
    let mut rows: Vec<(&str, String, &str, String)> = Vec::new();
    let period = if report.first == report.last {
        report.first.to_string()
    } else {
        format!("{}/{}", report.first, report.last)
    };
    let mut of_period = |measure, value: String| rows.push(("period", period.clone(), measure, value));
    for (measure, value) in [
        ("created", tally.created),
        ("resolved", tally.resolved),
        ("closed", tally.closed),
        ("reopened", tally.reopened),
        ("replies", tally.replies),
        ("first_contact_reached", tally.first_contact.reached),
        ("first_contact_of", tally.first_contact.of),
        ("satisfaction_reached", tally.satisfaction.reached),
        ("satisfaction_of", tally.satisfaction.of),
        ("ratings_good", tally.ratings.good),
        ("ratings_fair", tally.ratings.fair),
        ("ratings_bad", tally.ratings.bad),
    ] {
        of_period(measure, value.to_string());
    }
    for (names, kept) in [
        (
            ["first_response_reached", "first_response_of", "first_response_median_seconds"],
            &tally.first_response,
        ),
        (["next_response_reached", "next_response_of", "next_response_median_seconds"], &tally.next_response),
        (["resolution_reached", "resolution_of", "resolution_median_seconds"], &tally.resolution),
        (
            ["resolution_open_reached", "resolution_open_of", "resolution_open_median_seconds"],
            &tally.resolution_open,
        ),
    ] {
        of_period(names[0], kept.share.reached.to_string());
        of_period(names[1], kept.share.of.to_string());
        if let Some(median) = kept.median_seconds {
            of_period(names[2], median.to_string());
        }
    }
    for day in &tally.days {
        for (measure, value) in [
            ("created", day.created),
            ("resolved", day.resolved),
            ("closed", day.closed),
            ("replies", day.replies),
        ] {
            rows.push(("day", day.day.to_string(), measure, value.to_string()));
        }
    }
    for agent in tally.agents.iter().filter(|_| with_agents) {
        rows.push(("agent", agent.agent.clone(), "replies", agent.replies.to_string()));
        rows.push(("agent", agent.agent.clone(), "resolved", agent.resolved.to_string()));
    }
    for one in &tally.recurring {
        let scope = if one.is_tag { "tag" } else { "word" };
        rows.push((scope, one.about.clone(), "tickets", one.tickets.to_string()));
    }
    let mut csv = String::from("scope,name,measure,value\r\n");
    for (scope, name, measure, value) in rows {
        csv.push_str(&format!("{scope},{},{measure},{value}\r\n", csv_field(&name)));
    }
    csv
}

/// A field that no spreadsheet takes for a formula (RFC 4180, 2, and a quote before what would begin one).
fn csv_field(text: &str) -> String {
    let guarded = match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '\t' | '\r' | '\n') => {
            format!("'{text}")
        }
        _ => text.to_owned(),
    };
    if guarded.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

/// A day that cannot be read.
pub fn not_a_day(given: &str) -> String {
    format!("«\u{a0}{given}\u{a0}» n’est pas un jour\u{a0}: écrivez-le comme 2026-11-24.")
}

/// A week that cannot be read.
pub fn not_a_week(given: &str) -> String {
    format!(
        "«\u{a0}{given}\u{a0}» n’est pas une semaine\u{a0}: écrivez-la comme 2026-W48, ou par un de ses jours, 2026-11-24."
    )
}

/// A day that is written as `2026-11-24`, of a year that has a desk.
pub fn read_day(text: &str) -> Option<NaiveDate> {
    text.trim().parse().ok().filter(|day: &NaiveDate| (1970..=9000).contains(&day.year()))
}

/// The Monday of a week that is written as `2026-W48` or as one of its days.
pub fn read_week(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    if let Some((year, week)) = text.split_once("-W").or_else(|| text.split_once("-w")) {
        let year = year.parse().ok().filter(|year| (1970..=9000).contains(year))?;
        return NaiveDate::from_isoywd_opt(year, week.parse().ok()?, Weekday::Mon);
    }
    read_day(text).map(crate::domain::ritual::monday_of)
}
