//! What the team reads in its channel once on a day: the checklist, each line with its buttons, and the reports.

use super::{EXCERPT, button, excerpt};
use crate::domain::ticket::Status;
use crate::view::press::Press;
use crate::view::sheet::{Button, File, Piece, Row, Sheet, Tone};
use crate::view::{Checklist, Report, TicketView};
use crate::wording::chart;
use crate::wording::rituals::{self, NAMED, Task};

/// What the picture of a report is called.
const CHART: &str = "rapport.png";

/// What there is to do.
pub fn checklist(list: &Checklist) -> Sheet {
    let mut body = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    let mut shown: Vec<String> = Vec::new();
    for (task, what, pile) in rituals::tasks(list) {
        body.push(Piece::Words(rituals::task(&what, pile)));
        let mut buttons: Vec<Button> = pile.tickets.tickets.iter().map(|ticket| act(task, ticket)).collect();
        // No two things of a message have one id: a ticket may stand in two lines.
        buttons.retain(|button| !shown.contains(&button.press.encode()));
        buttons.truncate(NAMED);
        shown.extend(buttons.iter().map(|button| button.press.encode()));
        if !buttons.is_empty() {
            rows.push(Row::Buttons(buttons));
        }
    }
    Sheet { title: Some(rituals::checklist_title(list)), body, rows, ..Sheet::default() }
}

/// What a line of the checklist asks for.
fn act(task: Task, ticket: &TicketView) -> Button {
    let id = ticket.id;
    let (verb, press, tone) = match task {
        Task::New => ("Prendre", Press::Take(id), Tone::Primary),
        Task::DueToday => ("Répondre", Press::Reply(id, None), Tone::Primary),
        Task::Waiting => ("Relancer", Press::Remind(id), Tone::Plain),
        Task::InProgress => ("Voir", Press::Show(id), Tone::Plain),
        Task::Resolved => ("Fermer", Press::SetStatus(id, Status::Closed), Tone::Plain),
    };
    button(&format!("{verb} nº\u{a0}{id}"), press, tone)
}

/// What was done.
pub fn report(report: &Report) -> Sheet {
    let mut body = Vec::new();
    for part in rituals::report(report) {
        body.push(Piece::Heading(part.title.to_owned()));
        let lines: Vec<String> = part.lines.iter().map(|line| excerpt(line, EXCERPT)).collect();
        body.push(Piece::Words(lines.join("\n")));
    }
    let files = vec![File::Drawing { name: CHART.to_owned(), svg: chart::draw(report) }];
    Sheet { title: Some(rituals::report_title(report)), body, files, ..Sheet::default() }
}
