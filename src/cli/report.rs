//! `guichet report`: what was done on a day or in a week, as text, JSON or CSV.

use super::{Done, Ended, on_terminal, print, print_json};
use crate::app::Opened;
use crate::domain::report::Period;
use crate::view::View;
use crate::wording::{rituals, text};

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// To read.
    Text,
    /// For a program.
    Json,
    /// For a spreadsheet.
    Csv,
}

/// Prints the report of a day, of a week, or of today.
pub(super) async fn run(opened: &Opened, day: Option<&str>, week: Option<&str>, format: Format) -> Done {
    let period = match (day, week) {
        (_, Some(week)) => {
            let monday = rituals::read_week(week).ok_or_else(|| Ended::Usage(rituals::not_a_week(week)))?;
            Period::week(monday)
        }
        (Some(day), None) => {
            Period::day(rituals::read_day(day).ok_or_else(|| Ended::Usage(rituals::not_a_day(day)))?)
        }
        (None, None) => Period::day(opened.desk.today()),
    };
    let report = opened.desk.report(period).await?;
    match format {
        Format::Csv => print(rituals::report_csv(&report, true).trim_end()),
        Format::Json => print_json(true, &report, ""),
        Format::Text => {
            let (now, zone) = (opened.desk.clock().now(), opened.config.timezone);
            print(&text::draw(&View::Report(Box::new(report)), now, zone, on_terminal()));
        }
    }
    Ok(())
}
