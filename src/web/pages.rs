//! The pages: plain data in, a whole HTML page out. Nothing is loaded here, so that every page can be drawn in a
//! test. A page's template is drawn first, escaped, then set into the frame. May import: desk (what it shows), domain,
//! reading, view, wording.

mod agents;
mod operations;
mod people;
mod resources;

pub use resources::{ArticleForm, TemplateForm};

pub use operations::OperationsPage;

pub use agents::AccountPage;

use super::assets::{self, Addresses};
use super::list::Filters;
use super::received::ReceivedPage;
use super::shown::{self, Here, ShownPriority, ShownStatus};
use super::syncs::SyncLine;
use crate::desk::links::Links;
use crate::domain::canned;
use crate::domain::chat::Platform;
use crate::domain::delivery::DeliveryState;
use crate::domain::hex::percent_encoded;
use crate::domain::ids::{DeliveryId, EventId, TicketId};
use crate::domain::message::Direction;
use crate::domain::ticket::{Priority, Status};
use crate::reading::clean::BLANK;
use crate::view::{Recipients, Report, TemplateView, TicketView};
use crate::wording::{self, agents as say, chart, dates, labels, rituals, text};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use serde::Serialize;
use std::collections::BTreeSet;

/// The templates, compiled once.
#[derive(Debug)]
pub struct Pages {
    templates: Environment<'static>,
    assets: Addresses,
}

/// What surrounds a page.
#[derive(Debug, Clone, Serialize)]
pub struct Frame {
    /// Whose desk it is.
    pub brand: String,
    /// Which page: `queue`, `bulk`, `ticket`, `console`, `report`, `outbox`, `mail`, `people`, `person`, `audit`, `operations`, `docs`,
    /// `agents`, `agent`, `account`, `first`, `sign_in`, `opening`, `problem`; a requester's begins with `own_`.
    pub place: &'static str,
    /// What the page is about, for its title.
    pub subject: Option<PageSubject>,
    /// The agent signed in.
    pub agent: Option<String>,
    /// They lead the team: what is held of people and how the desk fares is theirs to see.
    pub lead: bool,
    /// The demo: nothing leaves the machine.
    pub demo: bool,
    /// The session's token against forged requests.
    pub csrf: String,
    /// The one-time key of the page's forms.
    pub key: String,
    /// The desk's revision that the page shows; a page that has one stays fresh by itself.
    pub revision: Option<i64>,
    /// What needs a person, in sentences.
    pub alerts: Vec<String>,
    /// How long ago the mailboxes were read.
    pub sync: Option<SyncLine>,
    /// What the last act did.
    pub flash: Option<Flash>,
    /// The ways between a requester's own pages.
    pub own: Option<OwnNav>,
}

/// A requester's own pages, as each of them leads to the others.
#[derive(Debug, Clone, Serialize)]
pub struct OwnNav {
    /// All their tickets.
    pub tickets: String,
    /// What they were told on the web.
    pub notifications: String,
    /// How they are told.
    pub preferences: String,
    /// How many notifications they have not read.
    pub unread: i64,
}

/// What a page is about.
#[derive(Debug, Clone, Serialize)]
pub struct PageSubject {
    /// The ticket's number, or the delivery's.
    pub id: i64,
    /// Its subject.
    pub title: String,
}

/// What the last act did, or why it was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flash {
    /// One sentence or a few.
    pub text: String,
    /// `done` or `no`.
    pub tone: &'static str,
    /// How long it can still be taken back; zero when it cannot.
    pub undo_seconds: u64,
    /// The act's line of history: what its button takes back is that act and no other.
    pub act: Option<EventId>,
    /// The ticket the act was on.
    pub ticket: i64,
    /// Keys of the standard replies that go with the status reached.
    pub offers: Vec<String>,
}

impl Flash {
    /// Why something was not done, as a sentence.
    pub fn no(said: &str) -> Flash {
        Flash::saying("no", text::sentence(said, false))
    }

    /// Something to read, with nothing to do about it. `tone`: `done` or `no`.
    pub fn saying(tone: &'static str, text: String) -> Flash {
        Flash { text, tone, undo_seconds: 0, act: None, ticket: 0, offers: Vec::new() }
    }
}

/// The console: what was said, and the line being written.
#[derive(Debug, Clone, Default)]
pub struct ConsolePanel<'a> {
    /// Oldest first.
    pub turns: &'a [Turn],
    /// The page to come back to without JavaScript: `queue` or `console`.
    pub back: &'static str,
    /// A line that did nothing, to be mended.
    pub line: String,
}

impl<'a> ConsolePanel<'a> {
    /// What was said, with the last line to be mended where it did nothing.
    pub fn of(turns: &'a [Turn], back: &'static str) -> ConsolePanel<'a> {
        let refused = turns.last().filter(|turn| turn.tone == "no");
        ConsolePanel { turns, back, line: refused.map(|turn| turn.line.clone()).unwrap_or_default() }
    }
}

/// One line and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// What was typed.
    pub line: String,
    /// What came back.
    pub answer: String,
    /// `said`, `table` (columns that must not wrap), `done` or `no`.
    pub tone: &'static str,
}

/// A ticket's page.
#[derive(Debug)]
pub struct TicketPage<'a> {
    /// The ticket with everything.
    pub ticket: &'a TicketView,
    /// Whether anything is pushed to browsers.
    pub takes_push: bool,
    /// To whom a reply to all would go.
    pub recipients: &'a Recipients,
    /// The standard replies.
    pub templates: &'a [TemplateView],
    /// The names of all agents.
    pub agents: &'a [String],
    /// The reply being written.
    pub draft: ReplyDraft,
    /// The note being written.
    pub note: String,
    /// The latest other tickets of the requester.
    pub others: &'a [TicketView],
    /// How many they have beside this one.
    pub others_in_all: i64,
    /// Who else is at the ticket, in a sentence.
    pub present: String,
    /// The tags that are used most.
    pub tags: &'a [String],
}

/// A reply being written.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReplyDraft {
    /// It was written just now: what was kept before is older.
    pub is_new: bool,
    /// When it was kept, where the page takes it up again.
    #[serde(skip)]
    pub kept_at: Option<DateTime<Utc>>,
    /// The standard reply it began with; empty for none.
    pub template: String,
    /// Its text.
    pub text: String,
    /// The brackets still to fill.
    pub missing: Vec<String>,
    /// The word of the status suggested; empty for the usual one.
    pub then: String,
    /// It goes to everybody who takes part.
    pub all: bool,
    /// It had files, which a browser does not send a second time by itself.
    pub lost_files: bool,
}

/// What was done.
#[derive(Debug)]
pub struct ReportPage<'a> {
    /// It.
    pub report: &'a Report,
    /// Whether the agent may see who did what.
    pub is_lead: bool,
    /// The same for a spreadsheet.
    pub csv: String,
    /// The day or the week before.
    pub before: Option<String>,
    /// The day or the week after, if it has begun.
    pub after: Option<String>,
    /// The week of the day, or a day of the week.
    pub other: String,
    /// The day that the form holds.
    pub day: NaiveDate,
}

/// One mail in the list of those that left.
#[derive(Debug, Clone)]
pub struct MailLine {
    /// The delivery.
    pub id: DeliveryId,
    /// Its ticket.
    pub ticket: TicketId,
    /// The recipient.
    pub address: String,
    /// The mail's subject.
    pub subject: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it reached this state.
    pub at: DateTime<Utc>,
}

/// One mail, opened.
#[derive(Debug, Clone)]
pub struct MailPage {
    /// What the list shows of it.
    pub line: MailLine,
    /// The header fields worth reading, decoded, in order.
    pub headers: Vec<MailHeader>,
    /// The text alternative.
    pub text: Option<String>,
    /// It has an HTML alternative, shown in a sealed frame.
    pub has_html: bool,
    /// The requester's own pages, where the CM may open them: in the demo, where the CM is the requester too.
    pub links: Option<Links>,
}

/// One header field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailHeader {
    /// Field name.
    pub name: String,
    /// Decoded value.
    pub value: String,
}

/// Why signing in did not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInProblem {
    /// Wrong name or password: which of the two is not said.
    Wrong,
    /// Too many tries: wait so many minutes.
    Wait(u64),
    /// It is the right person, and their access was ended.
    Disabled,
    /// They came back from a platform that this browser did not leave for, or not lately, or again.
    Stranger,
    /// They told the platform no.
    Declined(Platform),
    /// The platform did not say who they are.
    NotConfirmed(Platform),
    /// No agent has this account there.
    NotLinked(Platform, String),
    /// The code came too late.
    Late,
}

/// Why a code did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeProblem {
    /// It is not the code, or not any more.
    Wrong,
    /// Too many tries: wait so many minutes.
    Wait(u64),
}

type Drawn = Result<String, minijinja::Error>;

macro_rules! templates {
    ($environment:ident: $($name:literal),* $(,)?) => {
        $($environment
            .add_template($name, include_str!(concat!("../../templates/web/", $name)))
            .expect("the templates are part of the program and a test draws each of them");)*
    };
}

impl Default for Pages {
    fn default() -> Self {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        templates!(templates: "base.html", "queue.html", "report.html", "console_panel.html", "console.html", "ticket.html", "received.html",
            "outbox.html", "mail.html", "sign_in.html", "sign_in_code.html", "first.html", "first_dead.html", "account.html", "totp.html", "recovery_codes.html",
            "agents.html", "agent.html", "opening.html", "problem.html", "own_base.html",
            "own_ticket.html", "own_tickets.html", "own_notifications.html", "own_preferences.html", "own_feedback.html",
            "own_said.html", "own_unsubscribe.html", "people.html", "person.html", "person_erase.html", "audit.html", "bulk.html", "operations.html", "own_problem.html", "application.html",
            "docs_nav.html", "docs_list.html", "docs_article.html", "docs_article_form.html", "docs_templates.html", "docs_template.html",
            "docs_template_form.html", "docs_day.html", "docs_recurring.html");
        Pages { templates, assets: assets::addresses() }
    }
}

impl Pages {
    /// What was done on a day or in a week.
    pub fn report(&self, frame: &Frame, page: &ReportPage<'_>) -> Drawn {
        let report = page.report;
        let days: Vec<Value> = report
            .tally
            .days
            .iter()
            .filter(|_| report.first != report.last)
            .map(|day| {
                let (created, resolved, closed, replies) =
                    (day.created, day.resolved, day.closed, day.replies);
                let name = format!("{}\u{a0}{}", dates::weekday(day.day.weekday()), day.day.day());
                context! { name, created, resolved, closed, replies }
            })
            .collect();
        let parts = rituals::report(report).into_iter().filter(|part| match part.title {
            rituals::BY_DAY => false,
            rituals::BY_AGENT | rituals::OPINIONS => page.is_lead,
            _ => true,
        });
        let parts: Vec<Value> =
            parts.map(|part| context! { title => part.title, lines => part.lines }).collect();
        let content = self.part(
            "report.html",
            context! {
                title => rituals::report_title(report),
                // Made by us, with all that is said in it escaped.
                chart => Value::from_safe_string(chart::draw(report)),
                lead => page.is_lead,
                csv => page.csv.as_str(),
                targets => chart::targets_told(report).into_iter().map(|target| context! {
                    name => target.name,
                    wanted => target.wanted,
                    reached => target.reached,
                    of => target.of,
                    share => target.share,
                    kept => target.kept,
                }).collect::<Vec<_>>(),
                before => page.before.as_deref(),
                after => page.after.as_deref(),
                other => page.other.as_str(),
                is_day => report.first == report.last,
                day => page.day.to_string(),
                days,
                parts,
            },
        )?;
        self.framed(frame, content)
    }

    /// The console alone.
    pub fn console(&self, frame: &Frame, console: &ConsolePanel<'_>) -> Drawn {
        let content =
            self.part("console.html", context! { console => self.console_panel(frame, console)? })?;
        self.framed(frame, content)
    }

    /// A ticket.
    pub fn ticket(&self, frame: &Frame, page: &TicketPage<'_>, here: Here) -> Drawn {
        let ticket = page.ticket;
        let next: Vec<Status> = Status::ALL.into_iter().filter(|to| ticket.status.may_become(*to)).collect();
        let shown_next: Vec<ShownStatus> = next.iter().copied().map(ShownStatus::from).collect();
        // An answer may leave a ticket where it stands, and takes a closed one up again on its way.
        let then = [Status::InProgress, Status::WaitingCustomer, Status::Resolved, Status::Closed]
            .into_iter()
            .filter(|then| ticket.status != Status::Closed || *then != Status::Closed)
            .map(ShownStatus::from)
            .collect::<Vec<_>>();
        let mut draft = page.draft.clone();
        if draft.then.is_empty() {
            draft.then = Status::InProgress.as_str().to_owned();
        }
        let templates: Vec<Value> = page
            .templates
            .iter()
            .map(|template| {
                context! {
                    key => template.key.as_str(),
                    title => template.title.as_str(),
                    then => template.then.map(|then| Value::from(Serde(ShownStatus::from(then)))),
                }
            })
            .collect();
        let content = self.part(
            "ticket.html",
            context! {
                frame => Serde(frame),
                t => Serde(shown::ticket(ticket, here)),
                next => Serde(shown_next),
                may_close => next.contains(&Status::Closed),
                then => Serde(then),
                messages => Serde(ticket.messages.iter().map(|m| shown::message(m, ticket, here)).collect::<Vec<_>>()),
                participants => Serde(shown::participants(ticket)),
                recipients => Serde(shown::recipients(page.recipients)),
                told => Serde(shown::told(&ticket.requester, page.takes_push)),
                templates,
                draft => Serde(draft),
                note => page.note.as_str(),
                kept => page.draft.kept_at.map(|at| Value::from(Serde(shown::time(at, here)))),
                received => ticket.messages.iter().filter(|message| message.direction == Direction::Inbound).count(),
                seen => ticket.messages.iter().map(|message| message.id.0).max().unwrap_or_default(),
                brackets => page.templates.iter().flat_map(|reply| canned::brackets(&reply.body))
                    .filter(|name| !wording::canned::fills_itself(name)).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>(),
                others => Serde(page.others.iter().map(|other| shown::ticket(other, here)).collect::<Vec<_>>()),
                others_in_all => page.others_in_all,
                others_href => Filters { words: ticket.requester.email.clone(), ..Filters::default() }.address(None),
                others_count => dates::count(page.others_in_all, "autre ticket", "autres tickets"),
                present => page.present.as_str(),
                known_tags => Serde(page.tags),
                agents => Serde(page.agents),
                priorities => Serde(Priority::ALL.map(ShownPriority::from)),
                deliveries => Serde(ticket.deliveries.iter().rev().map(|d| shown::delivery(d, here)).collect::<Vec<_>>()),
                events => Serde(ticket.events.iter().rev().map(|e| shown::event(e, here)).collect::<Vec<_>>()),
            },
        )?;
        self.framed(frame, content)
    }

    /// The mails that left.
    pub fn outbox(&self, frame: &Frame, mails: &[MailLine], here: Here) -> Drawn {
        let mails: Vec<Value> = mails.iter().map(|mail| mail.shown(here)).collect();
        let content = self.part("outbox.html", context! { frame => Serde(frame), mails })?;
        self.framed(frame, content)
    }

    /// The HTML version of a mail that came in, for its sealed frame.
    pub fn received(&self, page: &ReceivedPage) -> Drawn {
        // Of ours: escaped, it would be no address in a stylesheet.
        let blank = Value::from_safe_string(BLANK.to_owned());
        self.templates.get_template("received.html")?.render(context! { m => Serde(page), blank })
    }

    /// One mail that left.
    pub fn mail(&self, frame: &Frame, page: &MailPage, here: Here) -> Drawn {
        let content = self.part(
            "mail.html",
            context! {
                m => page.line.shown(here),
                headers => Serde(&page.headers),
                text => page.text.as_deref(),
                has_html => page.has_html,
                links => page.links.as_ref().map(|links| {
                    context! {
                        ticket => links.ticket_url.as_str(),
                        preferences => links.preferences_url.as_str(),
                        unsubscribe => links.unsubscribe_url.as_str(),
                        feedback => links.feedback_url.as_str(),
                    }
                }),
            },
        )?;
        self.framed(frame, content)
    }

    /// Signing in; `next` is where it leads. `platforms`: those by whose accounts one may.
    pub fn sign_in(
        &self,
        frame: &Frame,
        name: &str,
        next: &str,
        platforms: &[Platform],
        problem: Option<&SignInProblem>,
    ) -> Drawn {
        let word = problem.map(|problem| match problem {
            SignInProblem::Wrong => "wrong",
            SignInProblem::Wait(_) => "wait",
            SignInProblem::Disabled => "disabled",
            SignInProblem::Stranger => "stranger",
            SignInProblem::Declined(_) => "declined",
            SignInProblem::NotConfirmed(_) => "not_confirmed",
            SignInProblem::NotLinked(..) => "not_linked",
            SignInProblem::Late => "late",
        });
        let minutes = if let Some(SignInProblem::Wait(minutes)) = problem { *minutes } else { 0 };
        let (platform, account) = match problem {
            Some(SignInProblem::Declined(platform) | SignInProblem::NotConfirmed(platform)) => {
                (Some(*platform), None)
            }
            Some(SignInProblem::NotLinked(platform, id)) => {
                (Some(*platform), Some(format!("{}:{id}", platform.as_str())))
            }
            _ => (None, None),
        };
        let shown = |platform: Platform| {
            context! { word => platform.as_str(), label => labels::door(platform.as_str()) }
        };
        let content = self.part(
            "sign_in.html",
            context! {
                name, next, problem => word, minutes, account,
                next_encoded => percent_encoded(next),
                platform => platform.map(shown),
                platforms => platforms.iter().copied().map(shown).collect::<Vec<_>>(),
            },
        )?;
        self.framed(frame, content)
    }

    /// The second step, where a code is asked for.
    pub fn sign_in_code(&self, frame: &Frame, problem: Option<CodeProblem>) -> Drawn {
        let problem = problem.map(|problem| match problem {
            CodeProblem::Wrong => say::WRONG_CODE.to_owned(),
            CodeProblem::Wait(minutes) => say::wait(minutes),
        });
        let content = self.part("sign_in_code.html", context! { problem })?;
        self.framed(frame, content)
    }

    /// A page that opens itself again at once: a link followed from elsewhere does not carry a `SameSite=Strict`
    /// cookie, the same address asked for by our own page does.
    pub fn opening(&self, frame: &Frame, here: &str) -> Drawn {
        let content = self.part("opening.html", context! { here })?;
        self.framed(frame, content)
    }

    /// A page that says why there is none. `kind` chooses the words, `said` is a refusal in French.
    pub fn problem(&self, frame: &Frame, kind: &str, said: &str, reference: Option<&str>) -> Drawn {
        let content = self.part("problem.html", context! { kind, said, reference })?;
        self.framed(frame, content)
    }

    /// A page of the team.
    pub fn team(&self, frame: &Frame, template: &str, content: Value) -> Drawn {
        let content = self.part(template, content)?;
        self.framed(frame, content)
    }

    /// A requester's page: no way in for the team.
    pub fn own(&self, frame: &Frame, template: &str, content: Value) -> Drawn {
        let content = self.part(template, content)?;
        self.set_into("own_base.html", frame, content)
    }

    /// A page that is not of the desk.
    pub fn bare(&self, template: &str, content: Value) -> Drawn {
        let assets = Value::from(Serde(super::assets::addresses()));
        self.templates.get_template(template)?.render(context! { assets, ..content })
    }

    /// What a requester reads where there is no page.
    pub fn own_problem(&self, frame: &Frame, kind: &str, reference: Option<&str>) -> Drawn {
        self.own(frame, "own_problem.html", context! { kind, reference })
    }

    pub(super) fn console_panel(
        &self,
        frame: &Frame,
        console: &ConsolePanel<'_>,
    ) -> Result<Value, minijinja::Error> {
        self.part(
            "console_panel.html",
            context! {
                turns => Serde(console.turns),
                back => console.back,
                line => console.line.as_str(),
                csrf => frame.csrf.as_str(),
                key => frame.key.as_str(),
            },
        )
    }

    /// A template drawn and escaped, to be set into another as it is.
    fn part(&self, name: &str, context: Value) -> Result<Value, minijinja::Error> {
        Ok(Value::from_safe_string(self.templates.get_template(name)?.render(context)?))
    }

    fn framed(&self, frame: &Frame, content: Value) -> Drawn {
        self.set_into("base.html", frame, content)
    }

    fn set_into(&self, base: &str, frame: &Frame, content: Value) -> Drawn {
        let assets = context! {
            style => Value::from_safe_string(self.assets.style.clone()),
            script => Value::from_safe_string(self.assets.script.clone()),
            icon => Value::from_safe_string(self.assets.icon.clone()),
        };
        let offers: Vec<Value> = frame
            .flash
            .iter()
            .flat_map(|flash| &flash.offers)
            .map(|key| context! { key => key.as_str(), encoded => percent_encoded(key) })
            .collect();
        let frame = context! { assets, offers, ..Value::from(Serde(frame)) };
        self.templates.get_template(base)?.render(context! { frame, content })
    }
}

impl MailLine {
    fn shown(&self, here: Here) -> Value {
        context! {
            id => self.id.0,
            ticket => self.ticket.0,
            address => self.address.as_str(),
            subject => self.subject.as_str(),
            state => self.state.as_str(),
            state_label => labels::delivery_state(self.state),
            at => Serde(shown::time(self.at, here)),
        }
    }
}
