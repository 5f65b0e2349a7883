//! What was done in some days, against what the guide promises (« Objectifs de Performance »): worked out from the pasts of
//! the tickets alone. Pure.

use super::event::EventKind;
use super::feedback::Rating;
use super::fold::fold;
use super::hours::OpenHours;
use super::ids::TicketId;
use super::life::{Happened, Life, Said};
use super::message::Direction;
use super::recurring::{Asked, shared};
use super::sla::{Owed, Targets};
use super::ticket::Status;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// Some days in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
}

impl Period {
    /// One day.
    pub fn day(day: NaiveDate) -> Period {
        Period { first: day, last: day }
    }

    /// The seven days of the week that begins on this Monday.
    pub fn week(monday: NaiveDate) -> Period {
        Period { first: monday, last: monday + TimeDelta::days(6) }
    }

    /// From when until when, in the zone of the hours.
    pub fn bounds(&self, hours: &OpenHours) -> (DateTime<Utc>, DateTime<Utc>) {
        (hours.instant_of(self.first, 0), hours.instant_of(self.last + TimeDelta::days(1), 0))
    }

    /// Its days.
    pub fn days(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let last = self.last;
        self.first.iter_days().take_while(move |day| *day <= last)
    }
}

/// How many of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Those that are so.
    pub reached: i64,
    /// All.
    pub of: i64,
}

impl Share {
    fn count(&mut self, is_so: bool) {
        self.of += 1;
        self.reached += i64::from(is_so);
    }

    /// In whole percent, rounded down: what is not reached is not said to be; `None` of nothing.
    pub fn percent(&self) -> Option<i64> {
        (self.of > 0).then(|| self.reached * 100 / self.of)
    }
}

/// How a promise was kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// How many were in time.
    #[serde(flatten)]
    pub share: Share,
    /// The middle one, in seconds.
    pub median_seconds: Option<i64>,
    #[serde(skip)]
    seconds: Vec<i64>,
}

impl Kept {
    fn count(&mut self, took: TimeDelta, target: TimeDelta) {
        self.share.count(took <= target);
        self.seconds.push(took.num_seconds());
    }

    fn close(&mut self) {
        self.seconds.sort_unstable();
        self.median_seconds = self.seconds.get(self.seconds.len().saturating_sub(1) / 2).copied();
    }
}

/// The figures of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayFigures {
    /// Which.
    pub day: NaiveDate,
    /// Tickets opened.
    pub created: i64,
    /// Tickets resolved.
    pub resolved: i64,
    /// Tickets closed.
    pub closed: i64,
    /// Replies of the team.
    pub replies: i64,
}

/// What one agent did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgentFigures {
    /// Who.
    pub agent: String,
    /// Their replies.
    pub replies: i64,
    /// The tickets they resolved.
    pub resolved: i64,
}

/// What several tickets are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recurring {
    /// A tag, or words of their subjects.
    pub about: String,
    /// It is a tag.
    pub is_tag: bool,
    /// In how many tickets.
    pub tickets: i64,
}

/// How many chose each face.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Ratings {
    /// 🙂
    pub good: i64,
    /// 😐
    pub fair: i64,
    /// 🙁
    pub bad: i64,
}

/// What a requester wrote to the face that they chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comment {
    /// About which ticket.
    pub ticket: TicketId,
    /// The face.
    pub rating: Rating,
    /// When.
    pub at: DateTime<Utc>,
    /// Their words.
    pub text: String,
}

/// A ticket by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Its number.
    pub id: TicketId,
    /// Its subject.
    pub subject: String,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Tickets opened.
    pub created: i64,
    /// Tickets resolved, each once.
    pub resolved: i64,
    /// Tickets closed, each once.
    pub closed: i64,
    /// Tickets taken up again after they were resolved or closed.
    pub reopened: i64,
    /// Replies of the team.
    pub replies: i64,
    /// First answers, in open hours.
    pub first_response: Kept,
    /// Later answers, in open hours.
    pub next_response: Kept,
    /// From opened to resolved in elapsed time, without what we waited for the requester.
    pub resolution: Kept,
    /// The same in open hours.
    pub resolution_open: Kept,
    /// Resolved with at most one answer.
    pub first_contact: Share,
    /// Of those who said what they think of the help, how many were content.
    pub satisfaction: Share,
    /// How many chose each face.
    pub ratings: Ratings,
    /// What they wrote to it, the latest first.
    pub comments: Vec<Comment>,
    /// Day by day.
    pub days: Vec<DayFigures>,
    /// Agent by agent, who did most first.
    pub agents: Vec<AgentFigures>,
    /// What comes again, the most first.
    pub recurring: Vec<Recurring>,
    /// The tickets that were closed.
    pub closed_tickets: Vec<Named>,
}

/// A ticket, as a report counts it.
#[derive(Debug)]
pub struct Counted<'a> {
    /// Its number.
    pub id: TicketId,
    /// Its subject.
    pub subject: &'a str,
    /// Its tags.
    pub tags: &'a [String],
    /// Its words were taken away.
    pub is_blank: bool,
    /// Its past.
    pub life: Life<'a>,
}

/// How many of what comes again are named.
const MOST_RECURRING: usize = 5;
/// How many tickets have to share something for that: few, since a report is of a day or a week.
const RECURRING_FROM: usize = 2;

/// Counts tickets.
#[derive(Debug)]
pub struct Counting<'a> {
    tally: Tally,
    period: Period,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    targets: &'a Targets,
    agents: BTreeMap<String, AgentFigures>,
    /// What the tickets opened are about.
    asked: Vec<Asked>,
}

impl<'a> Counting<'a> {
    /// Begins.
    pub fn new(period: Period, targets: &'a Targets) -> Counting<'a> {
        let (from, to) = period.bounds(&targets.hours);
        let figures = |day| DayFigures { day, created: 0, resolved: 0, closed: 0, replies: 0 };
        let tally = Tally { days: period.days().map(figures).collect(), ..Tally::default() };
        Counting { tally, period, from, to, targets, agents: BTreeMap::new(), asked: Vec::new() }
    }

    /// Counts what was done on a ticket before another went on in its place: that it was opened, its replies, and what they
    /// answered; the rest is the other's. Its `life` has what was said on it, wherever that is now.
    pub fn add_merged(&mut self, life: &Life<'_>) {
        self.add_opened(life);
        self.add_answers(life);
        for event in life.happened.iter().filter(|event| is_reply(event.kind)) {
            if self.is_within(event.at) {
                self.add_reply(event.at, event.actor);
            }
        }
    }

    /// Counts one ticket that is no spam and was not merged.
    pub fn add(&mut self, ticket: &Counted<'_>) {
        let life = &ticket.life;
        if self.add_opened(life) {
            // What stands in the place of words that were taken away says nothing of what was asked.
            let subject = if ticket.is_blank { String::new() } else { ticket.subject.to_owned() };
            self.asked.push(Asked { id: ticket.id, subject, tags: ticket.tags.to_vec() });
        }
        self.add_answers(life);
        let (from, to) = (self.from, self.to);
        let within = life.happened.iter().filter(|event| (from..to).contains(&event.at));
        let (mut resolved, mut closed, mut reopened) = (None, None, false);
        let mut replied: Vec<(DateTime<Utc>, &str)> = Vec::new();
        let mut rated = Vec::new();
        for event in within {
            if is_reply(event.kind) {
                replied.push((event.at, event.actor));
            }
            if let Some(rating) = event.detail.rating {
                rated.push((event, rating));
            }
            let (Some(from), Some(to)) = (event.detail.from, event.detail.to) else { continue };
            match (from.is_settled(), to) {
                (false, Status::Resolved) => resolved = Some(event),
                (_, Status::Closed) => {
                    closed = Some(event.at);
                    // Closed at once, without a reason: the requester said that it is good (guide, « FAQ CM »).
                    if !from.is_settled() && event.detail.reason.is_none() {
                        resolved = Some(event);
                    }
                }
                (true, Status::Resolved) if from == Status::Closed => {
                    (reopened, closed, resolved) = (true, None, Some(event));
                }
                (true, Status::New | Status::InProgress | Status::WaitingCustomer) => {
                    reopened = true;
                    (resolved, closed) = (None, None);
                }
                _ => {}
            }
        }
        for (event, rating) in rated {
            self.add_rating(ticket.id, event, rating);
        }
        for (at, actor) in replied {
            self.add_reply(at, actor);
        }
        self.tally.reopened += i64::from(reopened);
        if let Some(at) = closed {
            self.tally.closed += 1;
            self.on(at, |day| day.closed += 1);
            self.tally.closed_tickets.push(Named { id: ticket.id, subject: ticket.subject.to_owned() });
        }
        if let Some(event) = resolved {
            self.add_resolved(life, event);
        }
    }

    /// What came of it.
    pub fn done(mut self) -> Tally {
        let tally = &mut self.tally;
        for kept in [
            &mut tally.first_response,
            &mut tally.next_response,
            &mut tally.resolution,
            &mut tally.resolution_open,
        ] {
            kept.close();
        }
        tally.agents = self.agents.into_values().collect();
        tally.agents.sort_by_key(|agent| std::cmp::Reverse((agent.replies, agent.resolved)));
        let topics = shared(&self.asked, RECURRING_FROM).into_iter().take(MOST_RECURRING);
        let recurring = topics.map(|topic| Recurring {
            about: topic.name,
            is_tag: topic.is_tag,
            tickets: topic.tickets.len() as i64,
        });
        tally.recurring = recurring.collect();
        tally.comments.sort_by_key(|comment| std::cmp::Reverse((comment.at, comment.ticket)));
        self.tally
    }

    /// Counts that a ticket was opened; `false`: at another time.
    fn add_opened(&mut self, life: &Life<'_>) -> bool {
        let is_within = self.is_within(life.created_at);
        if is_within {
            self.tally.created += 1;
            self.on(life.created_at, |day| day.created += 1);
        }
        is_within
    }

    fn add_answers(&mut self, life: &Life<'_>) {
        let hours = &self.targets.hours;
        let turns = life.worked_on();
        for (question, at) in life.exchange().answers {
            if !self.is_within(at) {
                continue;
            }
            // What was answered on a ticket that came in by a merge is counted there.
            let is_here =
                |said: &Said| said.at == at && said.direction == Direction::Outbound && said.origin.is_none();
            if !life.said.iter().any(is_here) {
                continue;
            }
            // Owed since it was our turn, if it was.
            let turn = turns.iter().rev().find(|(from, _)| *from <= at);
            let turn = turn.filter(|(_, to)| to.is_none_or(|to| to >= at));
            // An answer that takes the ticket up again itself was owed to nobody.
            let turn = turn.filter(|(from, _)| *from < at || question.at >= *from);
            let Some(since) = turn.map(|(from, _)| question.at.max(*from)) else { continue };
            let took = hours.elapsed(since, at);
            match question.is_first {
                true => self.tally.first_response.count(took, self.targets.span(Owed::FirstResponse)),
                false => self.tally.next_response.count(took, self.targets.span(Owed::NextResponse)),
            }
        }
    }

    fn add_reply(&mut self, at: DateTime<Utc>, actor: &str) {
        self.tally.replies += 1;
        self.on(at, |day| day.replies += 1);
        self.agent(actor).replies += 1;
    }

    fn add_rating(&mut self, ticket: TicketId, event: &Happened<'_>, rating: Rating) {
        let tally = &mut self.tally;
        tally.satisfaction.count(rating == Rating::Good);
        match rating {
            Rating::Good => tally.ratings.good += 1,
            Rating::Fair => tally.ratings.fair += 1,
            Rating::Bad => tally.ratings.bad += 1,
        }
        if let Some(text) = event.detail.note.clone() {
            tally.comments.push(Comment { ticket, rating, at: event.at, text });
        }
    }

    fn add_resolved(&mut self, life: &Life<'_>, event: &Happened<'_>) {
        let at = event.at;
        self.tally.resolved += 1;
        self.on(at, |day| day.resolved += 1);
        if !event.by_clock {
            self.agent(event.actor).resolved += 1;
        }
        let worked = life.worked_on().into_iter().filter(|(from, _)| *from < at);
        let (mut elapsed, mut open) = (TimeDelta::zero(), TimeDelta::zero());
        for (from, to) in worked {
            let to = to.unwrap_or(at).min(at);
            elapsed += to - from;
            open += self.targets.hours.elapsed(from, to);
        }
        let target = self.targets.span(Owed::Resolution);
        self.tally.resolution.count(elapsed, target);
        self.tally.resolution_open.count(open, target);
        let answers = life.said.iter().filter(|said| said.direction == Direction::Outbound && said.at <= at);
        self.tally.first_contact.count(answers.count() <= 1);
    }

    fn is_within(&self, at: DateTime<Utc>) -> bool {
        (self.from..self.to).contains(&at)
    }

    fn on(&mut self, at: DateTime<Utc>, count: impl FnOnce(&mut DayFigures)) {
        let day = at.with_timezone(&self.targets.hours.zone).date_naive();
        let index = usize::try_from((day - self.period.first).num_days()).ok();
        if let Some(day) = index.and_then(|index| self.tally.days.get_mut(index)) {
            count(day);
        }
    }

    fn agent(&mut self, name: &str) -> &mut AgentFigures {
        let new = || AgentFigures { agent: name.to_owned(), replies: 0, resolved: 0 };
        self.agents.entry(fold(name)).or_insert_with(new)
    }
}

fn is_reply(kind: EventKind) -> bool {
    matches!(kind, EventKind::Replied | EventKind::HandedOver)
}
