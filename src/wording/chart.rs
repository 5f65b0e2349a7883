//! A report as a picture (SVG 1.1): how the guide's targets were kept, and what was done day by day. Its colours stand in
//! attributes, so that it can be drawn alone; a style sheet may replace them by the classes. What it shows is in the report's
//! text as well, for who does not see it.
//!
//! Pure. May import: domain, view, wording.

use super::dates;
use super::rituals::report_title;
use crate::domain::report::{DayFigures, Share};
use crate::view::Report;
use chrono::Datelike;
use std::fmt::Write;

/// Its width, in pixels.
const WIDTH: u32 = 760;

/// The edge around everything.
const EDGE: i64 = 24;
/// Where the bars begin, and how long a whole one is.
const BAR_FROM: i64 = 216;
const BAR: i64 = 350;
/// A line of the targets.
const LINE: i64 = 32;
/// How high the columns of the days may be.
const COLUMN: i64 = 130;

/// A line of the targets: its name, how it was kept, and what was promised in percent.
struct Target {
    name: String,
    share: Share,
    wanted: Option<i64>,
}

/// A line of the targets in words, for who does not see the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetTold {
    /// What was promised.
    pub name: String,
    /// In how many cases: « 80 % », or that the guide sets none.
    pub wanted: String,
    /// How often it was kept.
    pub reached: String,
    /// Of how many.
    pub of: String,
    /// « 91 % »; a dash where there was nothing to keep.
    pub share: String,
    /// « oui », « non », or a dash.
    pub kept: &'static str,
}

/// The targets of the picture, line by line.
pub fn targets_told(report: &Report) -> Vec<TargetTold> {
    let percent = |value: i64| format!("{value}\u{a0}%");
    let told = |target: Target| {
        let share = target.share.percent();
        let kept = match (share, target.wanted) {
            (Some(share), Some(wanted)) if share >= wanted => "oui",
            (Some(_), Some(_)) => "non",
            _ => "–",
        };
        TargetTold {
            wanted: target.wanted.map_or_else(|| "sans objectif".to_owned(), percent),
            reached: dates::grouped(target.share.reached),
            of: dates::grouped(target.share.of),
            share: share.map_or_else(|| "–".to_owned(), percent),
            kept,
            name: target.name,
        }
    };
    targets(report).into_iter().map(told).collect()
}

/// Draws a report, as SVG.
pub fn draw(report: &Report) -> String {
    let targets = targets(report);
    let has_days = report.tally.days.len() > 1;
    let below = EDGE + 34 + LINE * targets.len() as i64 + 14;
    let height = below + if has_days { COLUMN + 66 } else { 0 } + EDGE / 2;
    let about = report_title(report);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"'DejaVu Sans', sans-serif\" font-size=\"13\" role=\"img\" aria-label=\"{}\">\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>",
        escaped(&about)
    );
    text(&mut svg, EDGE, EDGE + 8, "ink", 16, "start", &about);
    for (target, line) in targets.iter().zip(0..) {
        draw_target(&mut svg, target, EDGE + 34 + LINE * line);
    }
    if has_days {
        draw_days(&mut svg, &report.tally.days, below);
    }
    svg.push_str("</svg>");
    svg
}

fn targets(report: &Report) -> Vec<Target> {
    let (tally, promised) = (&report.tally, &report.targets);
    let percent = |share: f64| Some((share * 100.0).round() as i64);
    let span = dates::promised;
    let line = |name: String, share, wanted| Target { name, share, wanted };
    vec![
        line(
            format!("1re réponse < {}", span(promised.first_response_seconds)),
            tally.first_response.share,
            Some(100),
        ),
        line(
            format!("Réponses suivantes < {}", span(promised.next_response_seconds)),
            tally.next_response.share,
            Some(100),
        ),
        line(
            format!("Résolution < {}", span(promised.resolution_seconds)),
            tally.resolution.share,
            percent(promised.resolution_share),
        ),
        line("Premier contact".to_owned(), tally.first_contact, percent(promised.first_contact_share)),
        line("Satisfaction".to_owned(), tally.satisfaction, None),
    ]
}

fn draw_target(svg: &mut String, target: &Target, top: i64) {
    let base = top + 16;
    text(svg, EDGE, base, "ink", 13, "start", &target.name);
    rect(svg, "track", "#e7eaef", BAR_FROM, top + 4, BAR, 16);
    let said = match target.share.percent() {
        None => "–".to_owned(),
        Some(percent) => {
            let is_kept = target.wanted.is_none_or(|wanted| percent >= wanted);
            let (class, colour) = if is_kept { ("kept", "#2f9e56") } else { ("missed", "#e07b2d") };
            rect(svg, class, colour, BAR_FROM, top + 4, BAR * percent / 100, 16);
            format!("{percent}\u{a0}% ({}/{})", target.share.reached, target.share.of)
        }
    };
    if let Some(wanted) = target.wanted {
        rect(svg, "wanted", "#1b2330", BAR_FROM + BAR * wanted / 100 - 1, top, 2, 24);
    }
    text(svg, i64::from(WIDTH) - EDGE, base, "ink", 13, "end", &said);
}

/// A column of a day: its class, its colour, its name, and how high it is.
type Kind = (&'static str, &'static str, &'static str, fn(&DayFigures) -> i64);

fn draw_days(svg: &mut String, days: &[DayFigures], top: i64) {
    let bottom = top + 40 + COLUMN;
    text(svg, EDGE, top + 14, "ink", 14, "start", "Par jour");
    let kinds: [Kind; 3] = [
        ("opened", "#3b82f6", "ouverts", |day| day.created),
        ("resolved", "#2f9e56", "résolus", |day| day.resolved),
        ("closed", "#8a93a3", "fermés", |day| day.closed),
    ];
    for ((class, colour, name, _), place) in kinds.iter().zip(0..) {
        let x = i64::from(WIDTH) - EDGE - 90 * (kinds.len() as i64 - place);
        rect(svg, class, colour, x, top + 4, 11, 11);
        text(svg, x + 17, top + 14, "ink", 12, "start", name);
    }
    let most = days.iter().flat_map(|day| kinds.map(|kind| (kind.3)(day))).max().unwrap_or(0).max(1);
    let room = (i64::from(WIDTH) - 2 * EDGE) / days.len() as i64;
    let wide = (room / 5).clamp(2, 22);
    for (day, place) in days.iter().zip(0..) {
        let left = EDGE + room * place + (room - 3 * wide - 4) / 2;
        for ((class, colour, _, count), column) in kinds.iter().zip(0..) {
            let count = count(day);
            let high = (COLUMN * count / most).max(i64::from(count > 0) * 2);
            let x = left + column * (wide + 2);
            rect(svg, class, colour, x, bottom - high, wide, high);
            if count > 0 && wide >= 14 {
                text(svg, x + wide / 2, bottom - high - 4, "faint", 11, "middle", &count.to_string());
            }
        }
        if days.len() <= 14 {
            let name: String = dates::weekday(day.day.weekday()).chars().take(3).collect();
            let name = format!("{name}.\u{a0}{}", day.day.day());
            text(svg, EDGE + room * place + room / 2, bottom + 18, "faint", 12, "middle", &name);
        }
    }
    rect(svg, "wanted", "#868e9c", EDGE, bottom, i64::from(WIDTH) - 2 * EDGE, 1);
}

fn rect(svg: &mut String, class: &str, colour: &str, x: i64, y: i64, width: i64, height: i64) {
    // Writing into a string does not fail.
    let _ = write!(
        svg,
        "<rect class=\"{class}\" fill=\"{colour}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
    );
}

fn text(svg: &mut String, x: i64, y: i64, class: &str, size: i64, anchor: &str, said: &str) {
    let colour = if class == "faint" { "#566071" } else { "#1b2330" };
    let _ = write!(
        svg,
        "<text class=\"{class}\" fill=\"{colour}\" x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\">{}</text>",
        escaped(said)
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::report::{Kept, Tally};
    use crate::view::{Figures, Promised};
    use chrono::{Days, NaiveDate};

    fn report(days: u64) -> Report {
        let first = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let day = |n: u64| DayFigures {
            day: first + Days::new(n),
            created: 7 - n as i64,
            resolved: n as i64,
            closed: 1,
            replies: 4,
        };
        let kept = |reached, of| {
            let mut kept = Kept::default();
            kept.share = Share { reached, of };
            kept
        };
        Report {
            first,
            last: first + Days::new(days - 1),
            figures: Figures::default(),
            tally: Tally {
                first_response: kept(11, 12),
                resolution: kept(9, 10),
                first_contact: Share { reached: 10, of: 10 },
                days: (0..days).map(day).collect(),
                ..Tally::default()
            },
            targets: Promised {
                first_response_seconds: 7200,
                next_response_seconds: 14400,
                resolution_seconds: 86400,
                resolution_share: 0.8,
                first_contact_share: 0.9,
            },
            ahead: None,
        }
    }

    #[test]
    fn what_the_picture_shows_is_told_in_words() {
        let told = targets_told(&report(1));
        let line = |n: usize| {
            let TargetTold { name, wanted, reached, of, share, kept } = &told[n];
            [name, wanted, reached, of, share, *kept].join(" | ").replace('\u{a0}', "~")
        };
        assert_eq!(told.len(), 5);
        assert_eq!(line(0), "1re réponse < 2~h | 100~% | 11 | 12 | 91~% | non");
        assert_eq!(line(1), "Réponses suivantes < 4~h | 100~% | 0 | 0 | – | –");
        assert_eq!(line(2), "Résolution < 24~h | 80~% | 9 | 10 | 90~% | oui");
        assert_eq!(line(4), "Satisfaction | sans objectif | 0 | 0 | – | –");
    }

    #[test]
    fn a_week_shows_its_targets_and_its_days_and_a_day_only_its_targets() {
        let week = draw(&report(7));
        for shown in [
            "1re réponse &lt; 2\u{a0}h",
            "91\u{a0}% (11/12)",
            "90\u{a0}% (9/10)",
            "lun.\u{a0}23",
            "dim.\u{a0}29",
            "class=\"kept\"",
            "class=\"missed\"",
        ] {
            assert!(week.contains(shown), "{shown}: {week}");
        }
        assert_eq!(week.matches("class=\"wanted\"").count(), 5, "four targets and the ground of the days");
        let day = draw(&report(1));
        assert!(!day.contains("Par jour") && day.contains("–"), "{day}");
        // A style sheet may be told apart from the picture: nothing of it is in the picture.
        assert!(!week.contains("style"), "{week}");
    }
}
