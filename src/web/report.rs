//! What was done on a day or in a week, as a page: the guide's figures against its targets, a picture, and the same for a
//! spreadsheet. May import: command, wording, domain.

use super::pages::ReportPage;
use super::session::Session;
use super::{Problem, Web};
use crate::command::authorize::authorize;
use crate::command::grammar::Command;
use crate::domain::report::Period;
use crate::domain::ritual::monday_of;
use crate::wording::rituals;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use chrono::{Days, NaiveDate};
use serde::Deserialize;

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    day: Option<String>,
    week: Option<String>,
}

/// What is shown of it, and whether who did what is shown too. Today's is everybody's; who did what, and the other days, are for
/// the leads, as with the command.
fn granted(web: &Web, session: &Session, asked: &Asked) -> Result<(Period, bool), Problem> {
    let today = web.desk().today();
    let may_see_all = authorize(&session.agent, &Command::Report);
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let period = match (given(&asked.day), given(&asked.week)) {
        (_, Some(week)) => Period::week(rituals::read_week(&week).ok_or(Problem::NotFound)?),
        (Some(day), None) => Period::day(rituals::read_day(&day).ok_or(Problem::NotFound)?),
        (None, None) => Period::day(today),
    };
    if period != Period::day(today) {
        may_see_all.clone().map_err(Problem::Refused)?;
    }
    Ok((period, may_see_all.is_ok()))
}

/// `GET /admin/support/report`, with `day` or `week`.
pub async fn report(
    State(web): State<Web>,
    session: Session,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, Problem> {
    let today = web.desk().today();
    let (period, is_lead) = granted(&web, &session, &asked)?;
    let report = web.desk().report(period).await?;
    let page = ReportPage {
        report: &report,
        is_lead,
        csv: address(CSV, period),
        before: stepped(period, false).map(|period| address(PAGE, period)),
        after: stepped(period, true)
            .filter(|period| period.first <= today)
            .map(|period| address(PAGE, period)),
        other: match period.first == period.last {
            true => address(PAGE, Period::week(monday_of(period.first))),
            false => address(PAGE, Period::day(period.last.min(today))),
        },
        day: period.last.min(today),
    };
    let mut frame = web.frame(&session, "report").await?;
    if period.last < today {
        // What is past does not change.
        frame.revision = None;
    }
    Ok(Html(web.pages().report(&frame, &page)?))
}

/// `GET /admin/support/report.csv`, asked for as the page is: what the page shows, for a spreadsheet.
pub async fn spreadsheet(
    State(web): State<Web>,
    session: Session,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (period, is_lead) = granted(&web, &session, &asked)?;
    let report = web.desk().report(period).await?;
    Ok(csv(&rituals::report_csv(&report, is_lead), period))
}

/// The day or the week beside this one.
fn stepped(period: Period, forward: bool) -> Option<Period> {
    let length = Days::new((period.last - period.first).num_days().unsigned_abs() + 1);
    let step = |day: NaiveDate| {
        if forward { day.checked_add_days(length) } else { day.checked_sub_days(length) }
    };
    Some(Period { first: step(period.first)?, last: step(period.last)? })
}

const PAGE: &str = "/admin/support/report";
const CSV: &str = "/admin/support/report.csv";

fn address(path: &str, period: Period) -> String {
    match period.first == period.last {
        true => format!("{path}?day={}", period.first),
        false => format!("{path}?week={}", period.first),
    }
}

fn csv(text: &str, period: Period) -> Response {
    let mut response = text.to_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = format!("attachment; filename=\"guichet-{}.csv\"", period.first);
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}
