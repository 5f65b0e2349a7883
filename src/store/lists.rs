//! Lists of tickets: narrowed, ordered, searched, a page at a time. What is asked all day must not grow with the number of
//! tickets: each list is read along an index, either one that narrows it to few rows or the one that orders it.
//! May import: domain, sqlx.

use super::dialect::{Bulk, Sql, all, fetch_all, scalar, statements};
use super::search::{Sought, Split};
use super::tickets::{TicketRow, ticket_columns};
use super::{Result, Tx};
use crate::domain::fold;
use crate::domain::ids::{MessageId, RequesterId, TicketId};
use crate::domain::list::{Holder, Order, Place, rank};
use crate::domain::ticket::{Priority, Status, Ticket};
use chrono::{DateTime, TimeZone, Utc};
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// So many tickets are few: they are put in order one by one. More than these are met soon enough along the order.
const FEW: i64 = 1000;

/// How far tickets are counted where no index counts them at once.
const COUNTED: i64 = 1000;

/// How many of the messages found are looked at together: first, then at a time, from so many to so many.
const FIRST_MATCHES: i64 = 500;
const LEAST_MATCHES: i64 = 100;
const MATCHES: i64 = 1000;

/// How many of the messages found are looked at for one page at most: with a filter that lets next to none of them through, the
/// next page goes on from there.
const MOST_MATCHES: usize = 2500;

/// How many of those that stood on the pages before are passed by at most: nobody leafs so far.
const MOST_PASSED: usize = 80_000;

/// How many of the newest messages PostgreSQL looks through one by one before it asks its index for all there are. Where one of so many
/// was found the index would have too many, and ten times as many are looked through next.
const RECENT: i64 = 5000;
const ONE_OF: i64 = 100;

/// What a list may be narrowed by; each `NULL` leaves its column free. The ticket of nobody has the holder 0.
macro_rules! filter {
    () => {
        "(CAST($1 AS TEXT) IS NULL OR ticket.status = $1) AND (CAST($2 AS TEXT) IS NULL OR ticket.priority = $2) \
         AND (CAST($3 AS BIGINT) IS NULL OR COALESCE(ticket.assignee_id, 0) = $3) \
         AND (CAST($4 AS BIGINT) IS NULL OR ticket.requester_id = $4) \
         AND (CAST($5 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM ticket_tag WHERE ticket_tag.ticket_id = ticket.id \
         AND ticket_tag.tag = $5)) "
    };
}

/// The time by which an answer is owed, or a day that never comes. An index repeats these words.
macro_rules! due {
    (sqlite) => {
        "CASE WHEN ticket.status IN ('new', 'in_progress') THEN COALESCE(ticket.answer_due, '9999-12-31T00:00:00+00:00') \
         ELSE '9999-12-31T00:00:00+00:00' END"
    };
    (postgres) => {
        "CASE WHEN ticket.status IN ('new', 'in_progress') THEN COALESCE(ticket.answer_due, TIMESTAMPTZ '9999-12-31 00:00:00+00') \
         ELSE TIMESTAMPTZ '9999-12-31 00:00:00+00' END"
    };
}

/// [`rank`] in SQL. An index repeats these words.
macro_rules! ranked {
    () => {
        "CASE WHEN ticket.status = 'closed' THEN 0 WHEN ticket.priority = 'urgent' THEN 4 WHEN ticket.priority = 'high' THEN 3 \
         WHEN ticket.priority = 'normal' THEN 2 ELSE 1 END"
    };
}

/// A list in one order, with what it is led by.
macro_rules! list {
    ($lead:literal, Newest) => {
        Sql::same(list!($lead, "(ticket.updated_at, ticket.id) < ($6, $7) ORDER BY ticket.updated_at DESC, ticket.id DESC"))
    };
    ($lead:literal, Oldest) => {
        Sql::same(list!($lead, "(ticket.updated_at, ticket.id) > ($6, $7) ORDER BY ticket.updated_at, ticket.id"))
    };
    ($lead:literal, Opened) => {
        Sql::same(list!($lead, "(ticket.created_at, ticket.id) < ($6, $7) ORDER BY ticket.created_at DESC, ticket.id DESC"))
    };
    ($lead:literal, Due) => {
        Sql::fork(
            list!($lead, "(", due!(sqlite), ", ticket.id) > ($6, $7) ORDER BY ", due!(sqlite), ", ticket.id"),
            list!($lead, "(", due!(postgres), ", ticket.id) > ($6, $7) ORDER BY ", due!(postgres), ", ticket.id"))
    };
    ($lead:literal, Priority) => {
        Sql::same(list!($lead, "(", ranked!(), ", ticket.updated_at, ticket.id) < ($9, $6, $7) ORDER BY ", ranked!(),
            " DESC, ticket.updated_at DESC, ticket.id DESC"))
    };
    ($lead:literal, $($page:expr),+) => {
        concat!("SELECT ", ticket_columns!(), " FROM ticket WHERE ", $lead, filter!(), "AND ", $($page),+, " LIMIT $8")
    };
}

/// What a list is led by: the condition that finds its tickets, the rest being looked at for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lead {
    /// Nothing: all tickets, in their order.
    Order,
    Status,
    Priority,
    Holder,
    Requester,
    Tag,
}

macro_rules! leads {
    ($($lead:ident $condition:literal;)*) => {
        /// Each list by its lead, in each order of [`Order`].
        const LISTS: [[Sql; 5]; 6] = [$([
            list!($condition, Newest), list!($condition, Oldest), list!($condition, Opened), list!($condition, Due),
            list!($condition, Priority),
        ]),*];
        /// How many each of them has, as far as is counted.
        const COUNTS: [Sql; 6] = [$(Sql::same(concat!("SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM ticket WHERE ",
            $condition, filter!(), "LIMIT $6) counted"))),*];
        /// The statements of this file that are chosen by number, by name.
        pub(super) fn numbered() -> impl Iterator<Item = (&'static str, Sql)> {
            LISTS.into_iter().flatten().map(|sql| ("lists::LISTS", sql)).chain(COUNTS.map(|sql| ("lists::COUNTS", sql)))
        }
    };
}

leads! {
    Order "";
    Status "ticket.status = $1 AND ";
    Priority "ticket.priority = $2 AND ";
    Holder "COALESCE(ticket.assignee_id, 0) = $3 AND ";
    Requester "ticket.requester_id = $4 AND ";
    Tag "ticket.id IN (SELECT ticket_tag.ticket_id FROM ticket_tag WHERE ticket_tag.tag = $5) AND ";
}

/// Messages that a search found, newest first, each with its ticket and whether the filter lets that through.
macro_rules! found_messages {
    ($found:literal, $message:literal) => {
        concat!(
            "SELECT found.id, message.ticket_id, COALESCE(",
            filter!(),
            ", FALSE) FROM (",
            $found,
            ") found \
            CROSS JOIN ",
            $message,
            " CROSS JOIN ticket WHERE message.id = found.id AND ticket.id = message.ticket_id \
            ORDER BY found.id DESC"
        )
    };
}

statements! {
    // From an index alone.
    COUNT_ALL = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM ticket");
    COUNT_IN_STATUS = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE status = $1");
    // The index of messages holds no text: the rows of thousands of messages lie too far apart to read each for its ticket's
    // number.
    FOUND = Sql::fork(
        found_messages!(
            "SELECT rowid AS id FROM search WHERE search MATCH $6 AND rowid >= $7 AND rowid < $8 ORDER BY rowid DESC LIMIT $9",
            "message INDEXED BY message_home"),
        // One message after the other: PostgreSQL does not look behind an OFFSET, and so does not ask its index of words.
        found_messages!(
            "SELECT message_id AS id FROM (SELECT message_id, words FROM search WHERE message_id >= $7 AND message_id < $8 \
             ORDER BY message_id DESC OFFSET 0) newest WHERE words @@ CAST($6 AS tsquery) LIMIT $9",
            "message"));
    // All that PostgreSQL's index of words knows of $6, and of that what holds $10. SQLite is not asked.
    FOUND_BY_INDEX = Sql::fork(
        "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 WHERE FALSE",
        found_messages!(
            "SELECT message_id AS id FROM (SELECT message_id, words FROM search WHERE words @@ CAST($6 AS tsquery) OFFSET 0) hit \
             WHERE (CAST($10 AS TEXT) IS NULL OR words @@ CAST($10 AS tsquery)) AND message_id >= $7 AND message_id < $8 \
             ORDER BY message_id DESC LIMIT $9",
            "message"));
    NEWEST_MESSAGE = Sql::same("SELECT COALESCE(MAX(id), 0) FROM message");
}

static TICKETS: LazyLock<Bulk> = LazyLock::new(|| {
    let head = concat!("SELECT ", ticket_columns!(), " FROM ticket WHERE ticket.id IN (");
    Bulk::new(Sql::same(head), Sql::same("$1"), 1, ")")
});
/// All that a message is found by.
static SAID: LazyLock<Bulk> = LazyLock::new(|| {
    let head = "SELECT message.id, ticket.subject || ' ' || requester.name || ' ' || requester.email || ' ' || message.author || ' ' || \
                COALESCE(message.sender, '') || ' ' || message.text || ' ' || message.quoted FROM message JOIN ticket ON ticket.id = message.ticket_id \
                JOIN requester ON requester.id = ticket.requester_id WHERE message.id IN (";
    Bulk::new(Sql::same(head), Sql::same("$1"), 1, ")")
});
static TEXTS: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(Sql::same("SELECT id, text FROM message WHERE id IN ("), Sql::same("$1"), 1, ")")
});
/// The statements of this file for many rows, by name.
pub(super) static BULKS: [(&str, &LazyLock<Bulk>); 3] =
    [("tickets", &TICKETS), ("said", &SAID), ("texts", &TEXTS)];

/// What a list is narrowed by, and which page of it is asked for.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    /// Only this status.
    pub status: Option<Status>,
    /// Only this priority.
    pub priority: Option<Priority>,
    /// Only those of this holder.
    pub holder: Option<Holder>,
    /// Only this requester's.
    pub requester: Option<RequesterId>,
    /// Only those with this tag, as `normal_tag` makes it.
    pub tag: Option<String>,
    /// Only tickets with a message that holds a word beginning with each of these; folded. The newest such message first,
    /// whatever `order` says.
    pub words: Vec<String>,
    /// What stands first.
    pub order: Order,
    /// Only what stands behind this place.
    pub after: Option<Place>,
}

/// A page of a list.
#[derive(Debug, Default)]
pub struct Page {
    /// Its tickets.
    pub tickets: Vec<Ticket>,
    /// For a search, the newest message of each that was found.
    pub found: Vec<MessageId>,
    /// How many the list has.
    pub total: i64,
    /// It has more than these, and nobody counted how many.
    pub is_at_least: bool,
    /// Where the next page begins, if there is one.
    pub next: Option<Place>,
}

/// The values of a [`filter!`].
struct Values<'a> {
    status: Option<&'static str>,
    priority: Option<&'static str>,
    holder: Option<i64>,
    requester: Option<i64>,
    tag: Option<&'a str>,
}

/// The statement with the values of the filter, then the rest.
macro_rules! narrowed {
    ($macro:ident, $tx:expr, $sql:expr, $values:expr $(, $value:expr)*) => {{
        let values = &$values;
        $macro!($tx, $sql, values.status, values.priority, values.holder, values.requester, values.tag $(, $value)*)
    }};
}

impl Narrowing {
    fn values(&self) -> Values<'_> {
        Values {
            status: self.status.map(Status::as_str),
            priority: self.priority.map(Priority::as_str),
            holder: self.holder.map(|holder| match holder {
                Holder::Nobody => 0,
                Holder::Agent(id) => id.0,
            }),
            requester: self.requester.map(|id| id.0),
            tag: self.tag.as_deref(),
        }
    }

    /// The conditions that may lead, the one first that leaves the fewest tickets, as far as that is known without counting. Tickets
    /// with a tag become more and more; those that are open are what the team has to do.
    fn leads(&self) -> impl Iterator<Item = Lead> + use<> {
        let is_open = matches!(self.status, Some(Status::New | Status::InProgress | Status::WaitingCustomer));
        let is_rare = self.priority.is_some_and(|priority| priority != Priority::Normal);
        let leads = [
            (self.requester.is_some(), Lead::Requester),
            (is_open, Lead::Status),
            (self.tag.is_some(), Lead::Tag),
            (is_rare, Lead::Priority),
            (self.holder.is_some(), Lead::Holder),
            (self.status.is_some(), Lead::Status),
            (self.priority.is_some(), Lead::Priority),
        ];
        leads.into_iter().filter(|(is_there, _)| *is_there).map(|(_, lead)| lead)
    }

    /// Nothing but perhaps a status narrows the list.
    fn is_plain(&self) -> bool {
        let Narrowing { priority, holder, requester, tag, .. } = self;
        priority.is_none() && holder.is_none() && requester.is_none() && tag.is_none()
    }
}

impl Lead {
    /// Its index has the tickets in this order already.
    fn orders(self, order: Order) -> bool {
        match self {
            Lead::Order => true,
            Lead::Status | Lead::Priority | Lead::Holder => matches!(order, Order::Newest | Order::Oldest),
            Lead::Requester | Lead::Tag => false,
        }
    }
}

/// A time that everything ordered by time comes after, and one that everything comes before.
fn first_instant() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn last_instant() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(9999, 12, 31, 23, 59, 59).single().unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Where an answer that is not owed stands; see `due!`.
fn never() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(9999, 12, 31, 0, 0, 0).single().unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn start(order: Order) -> Place {
    match order {
        Order::Oldest | Order::Due => Place { rank: 0, at: first_instant(), id: 0 },
        Order::Newest | Order::Opened | Order::Priority => {
            Place { rank: i64::MAX, at: last_instant(), id: i64::MAX }
        }
    }
}

fn place_of(ticket: &Ticket, order: Order) -> Place {
    let at = match order {
        Order::Newest | Order::Oldest | Order::Priority => ticket.updated_at,
        Order::Opened => ticket.created_at,
        Order::Due if matches!(ticket.status, Status::New | Status::InProgress) => {
            ticket.answer_due.unwrap_or_else(never)
        }
        Order::Due => never(),
    };
    let rank = if order == Order::Priority { rank(ticket.status, ticket.priority) } else { 0 };
    Place { rank, at, id: ticket.id.0 }
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Tx {
    /// A page of a list, `limit` tickets at most.
    pub async fn list(&mut self, narrowing: &Narrowing, limit: i64) -> Result<Page> {
        if let Some(sought) = self.sought(&narrowing.words).await? {
            return self.search(narrowing, &sought, limit).await;
        }
        let (order, values) = (narrowing.order, narrowing.values());
        let mut lead = Lead::Order;
        for may_lead in narrowing.leads() {
            let leads = may_lead.orders(order) || {
                let few: i64 = narrowed!(scalar, self, COUNTS[may_lead as usize], values, FEW)?;
                few < FEW
            };
            if leads {
                lead = may_lead;
                break;
            }
        }
        let (sql, after) =
            (LISTS[lead as usize][order as usize], narrowing.after.unwrap_or_else(|| start(order)));
        // One more tells whether there is a next page.
        let wanted = limit.saturating_add(1);
        let rows: Vec<TicketRow> = match order {
            Order::Priority => narrowed!(all, self, sql, values, after.at, after.id, wanted, after.rank)?,
            _ => narrowed!(all, self, sql, values, after.at, after.id, wanted)?,
        };
        let mut tickets: Vec<Ticket> = rows.into_iter().map(TicketRow::read).collect::<Result<_>>()?;
        let has_next = tickets.len() as i64 > limit;
        tickets.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = tickets.last().filter(|_| has_next).map(|last| place_of(last, order));
        let is_whole = narrowing.after.is_none() && !has_next;
        let (total, is_at_least) = match is_whole {
            true => (tickets.len() as i64, false),
            false => self.count_list(narrowing).await?,
        };
        Ok(Page { tickets, found: Vec::new(), total, is_at_least, next })
    }

    /// How many tickets a list has, and whether there are more than that.
    async fn count_list(&mut self, narrowing: &Narrowing) -> Result<(i64, bool)> {
        let (values, lead) = (narrowing.values(), narrowing.leads().next().unwrap_or(Lead::Order));
        match (narrowing.is_plain(), narrowing.status) {
            (true, None) => Ok((scalar!(self, COUNT_ALL)?, false)),
            (true, Some(status)) => Ok((scalar!(self, COUNT_IN_STATUS, status.as_str())?, false)),
            (false, _) => {
                let count: i64 = narrowed!(scalar, self, COUNTS[lead as usize], values, COUNTED + 1)?;
                Ok((count.min(COUNTED), count > COUNTED))
            }
        }
    }

    /// The tickets with a message in which the searched words stand, the newest such message first. Messages are looked at from
    /// the newest on, until there are enough tickets: a word that everybody writes costs no more than a rare one.
    async fn search(&mut self, narrowing: &Narrowing, sought: &Sought, limit: i64) -> Result<Page> {
        let values = narrowing.values();
        let wants_all = limit == i64::MAX;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let behind = narrowing.after.map_or(i64::MAX, |place| place.id);
        let (mut seen, mut hits): (HashSet<i64>, Vec<(i64, TicketId)>) = (HashSet::new(), Vec::new());
        let (mut below, mut looked_at, mut passed, mut has_ended, mut total) = (i64::MAX, 0, 0, false, 0);
        let mut from = match self.is_sqlite() {
            true => 0,
            false => scalar!(self, NEWEST_MESSAGE).map(|newest: i64| (newest - RECENT).max(0))?,
        };
        let mut portion = FIRST_MATCHES;
        let (mut window, mut in_window, mut by_index): (i64, usize, Option<Split>) = (RECENT, 0, None);
        // What stood on the pages before is looked at again: of a ticket, only its newest message counts.
        while hits.len() <= limit && (wants_all || (looked_at < MOST_MATCHES && passed < MOST_PASSED)) {
            let found: Vec<(i64, i64, bool)> = match &by_index {
                None => {
                    narrowed!(all, self, FOUND, values, sought.expression.as_str(), from, below, portion)?
                }
                Some(Split { index, rest }) => narrowed!(
                    all,
                    self,
                    FOUND_BY_INDEX,
                    values,
                    index,
                    from,
                    below,
                    portion,
                    rest.as_deref()
                )?,
            };
            let kept = self.kept(&found, &seen, sought).await?;
            for (message, ticket, passes) in &found {
                let is_found = kept.as_ref().is_none_or(|kept| kept.contains(message));
                if is_found && seen.insert(*ticket) && *passes {
                    total += 1;
                    hits.extend((*message < behind).then_some((*message, TicketId(*ticket))));
                }
            }
            in_window += found.len();
            if (found.len() as i64) == portion {
                below = found.last().map_or(0, |(message, ..)| *message);
                let behind = found.iter().filter(|(message, ..)| *message < behind).count();
                looked_at += behind;
                passed += found.len() - behind;
            } else if from > 0 {
                let is_rare = (in_window as i64) < window / ONE_OF;
                (below, window, in_window) = (from, window * 10, 0);
                match is_rare {
                    true => (from, by_index) = (0, Some(self.split(sought).await?)),
                    false => from = (from - window).max(0),
                }
            } else {
                has_ended = true;
                break;
            }
            // As many as the rest of the page takes, if it goes on like this.
            let wanted = limit.saturating_add(1).saturating_sub(hits.len());
            let likely = wanted.saturating_mul(looked_at + passed) / hits.len().max(1);
            portion = i64::try_from(likely).unwrap_or(MATCHES).clamp(LEAST_MATCHES, MATCHES);
        }
        let has_next = hits.len() > limit || (!has_ended && passed < MOST_PASSED);
        hits.truncate(limit);
        let last =
            if hits.len() == limit { hits.last().map_or(below, |(message, _)| *message) } else { below };
        let ids: Vec<TicketId> = hits.iter().map(|(_, ticket)| *ticket).collect();
        let known = self.tickets_by_number(&ids).await?.into_iter().map(|ticket| (ticket.id, ticket));
        let mut known: HashMap<TicketId, Ticket> = known.collect();
        let (mut tickets, mut found) = (Vec::new(), Vec::new());
        for (message, ticket) in hits {
            if let Some(ticket) = known.remove(&ticket) {
                tickets.push(ticket);
                found.push(MessageId(message));
            }
        }
        let next = has_next.then_some(Place { rank: 0, at: first_instant(), id: last });
        Ok(Page { tickets, found, total, is_at_least: !has_ended, next })
    }

    /// Of messages that were found by some words, those that have words with the other beginnings too: of each ticket that was not
    /// seen yet, the newest. `None` where there is no other beginning.
    async fn kept(
        &mut self,
        found: &[(i64, i64, bool)],
        seen: &HashSet<i64>,
        sought: &Sought,
    ) -> Result<Option<HashSet<i64>>> {
        if sought.besides.is_empty() {
            return Ok(None);
        }
        let has_all = |said: &str| {
            let mut left: Vec<&String> = sought.besides.iter().collect();
            fold::words(said).any(|word| {
                left.retain(|beginning| !word.starts_with(beginning.as_str()));
                left.is_empty()
            })
        };
        let open = found.iter().filter(|(_, ticket, passes)| *passes && !seen.contains(ticket));
        let mut open: Vec<(i64, i64)> = open.map(|(message, ticket, _)| (*message, *ticket)).collect();
        let (mut kept, mut settled): (HashSet<i64>, HashSet<i64>) = Default::default();
        // Most tickets are settled by their newest message: no text is read that need not be.
        while !open.is_empty() {
            let mut asked = HashSet::new();
            let (newest, rest): (Vec<_>, Vec<_>) =
                open.into_iter().partition(|(_, ticket)| asked.insert(*ticket));
            let tickets: HashMap<i64, i64> = newest.iter().copied().collect();
            let rows = fetch_all!(self, SAID, (i64, String), newest, |query, row| query.bind(row.0))?;
            for (message, _) in rows.into_iter().filter(|(_, said)| has_all(said)) {
                kept.insert(message);
                settled.extend(tickets.get(&message));
            }
            open = rest.into_iter().filter(|(_, ticket)| !settled.contains(ticket)).collect();
        }
        Ok(Some(kept))
    }

    /// Tickets by their numbers, in no order.
    pub async fn tickets_by_number(&mut self, ids: &[TicketId]) -> Result<Vec<Ticket>> {
        let rows = fetch_all!(self, TICKETS, TicketRow, ids, |query, id| query.bind(id.0))?;
        rows.into_iter().map(TicketRow::read).collect()
    }

    /// The texts of messages.
    pub async fn texts(&mut self, messages: &[MessageId]) -> Result<HashMap<MessageId, String>> {
        let rows = fetch_all!(self, TEXTS, (i64, String), messages, |query, id| query.bind(id.0))?;
        Ok(rows.into_iter().map(|(id, text)| (MessageId(id), text)).collect())
    }
}
