//! The leads' page about how the desk itself fares. May import: desk (what it shows), domain, reading, wording.

use super::{Drawn, Frame, Here, Pages, shown};
use crate::desk::operations::{Behind, Listed, Operations};
use crate::domain::channel::Channel;
use crate::domain::delivery::DeliveryState;
use crate::domain::text::capitalised;
use crate::reading::glance::glance;
use crate::web::operations::HERE;
use crate::web::syncs::Sync;
use crate::wording::{alerts, dates, labels, mailboxes, operations as say};
use chrono::{DateTime, SecondsFormat, Utc};
use minijinja::value::Serde;
use minijinja::{Value, context};

/// How the desk fares.
#[derive(Debug)]
pub struct OperationsPage<'a> {
    /// It.
    pub operations: &'a Operations,
    /// The mailboxes that are read.
    pub syncs: &'a [Sync],
    /// From where on each list is shown.
    pub behind: &'a Behind,
    /// How the addresses begin that are looked for; empty for all.
    pub address: &'a str,
    /// Whether a mail to ourselves is sent now and then.
    pub canary: bool,
}

impl Pages {
    /// How the desk fares.
    pub fn operations(&self, frame: &Frame, page: &OperationsPage<'_>, here: Here) -> Drawn {
        let (all, behind) = (page.operations, page.behind);
        let content = context! {
            frame => Serde(frame),
            mailboxes => page.syncs.iter().map(|sync| mailbox(sync, here)).collect::<Vec<_>>(),
            any_late => page.syncs.iter().any(|sync| sync.is_late),
            alerts => all.alerts.iter().map(|alert| {
                context! { text => alerts::alert(alert), since => Serde(shown::time(alert.since, here)) }
            }).collect::<Vec<_>>(),
            canary => all.canary.filter(|_| page.canary).map(|canary| context! {
                at => Serde(shown::time(canary.made_at, here)),
                text => say::canary(canary.returned_at.is_some(), canary.round_trip),
            }),
            canary_wanted => page.canary,
            held => held(all, behind, here),
            outbox => outbox(all, behind, here),
            webhooks => webhooks(all, behind, here),
            suppressed => suppressed(all, page, here),
            version => env!("CARGO_PKG_VERSION"),
            database => context! {
                product => all.database.product,
                size => dates::size(u64::try_from(all.database.bytes).unwrap_or_default()),
                backup => say::backup(all.database.product),
            },
        };
        self.team(frame, "operations.html", content)
    }
}

fn mailbox(sync: &Sync, here: Here) -> Value {
    context! {
        label => sync.label.as_str(),
        at => sync.at.map(|at| Value::from(Serde(shown::time(at, here)))),
        ago => mailboxes::ago(sync.age(here.now)),
        late => sync.is_late,
    }
}

/// The rows of a list, with the ways to those before and behind them. `part`: the parameter that says where it goes on, and the
/// part of the page.
fn listed<T>(
    list: &Listed<T>,
    part: (&str, &str),
    paged: bool,
    place: impl Fn(&T) -> String,
    row: impl Fn(&T) -> Value,
) -> Value {
    let (name, anchor) = part;
    let last = list.rows.last().filter(|_| list.more);
    context! {
        rows => list.rows.iter().map(row).collect::<Vec<_>>(),
        older => last.map(|last| format!("{HERE}?{name}={}#{anchor}", place(last))),
        newest => paged.then(|| format!("{HERE}#{anchor}")),
    }
}

/// As it stands in an address.
fn place(at: DateTime<Utc>, id: i64) -> String {
    format!("{},{id}", at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

fn held(all: &Operations, behind: &Behind, here: Here) -> Value {
    let list = listed(
        &all.held,
        ("held", "held"),
        behind.held.is_some(),
        |mail| mail.id.to_string(),
        |mail| {
            let seen = glance(&mail.head);
            context! {
                id => mail.id.0,
                from => seen.from,
                subject => seen.subject,
                why => capitalised(say::held_reason(&mail.why)),
                size => dates::size(u64::try_from(mail.bytes).unwrap_or_default()),
                at => Serde(shown::time(mail.at, here)),
            }
        },
    );
    context! { count => say::held(all.held_count), list }
}

/// The states in the order of what to do about them.
const STATES: [DeliveryState; 7] = [
    DeliveryState::Failed,
    DeliveryState::Uncertain,
    DeliveryState::Pending,
    DeliveryState::Sending,
    DeliveryState::Sent,
    DeliveryState::Skipped,
    DeliveryState::Cancelled,
];

fn outbox(all: &Operations, behind: &Behind, here: Here) -> Value {
    let count = |channel: Channel, state: DeliveryState| {
        let found = all.counts.iter().find(|(of, is, _)| (*of, *is) == (channel, state));
        found.map_or(0, |(_, _, count)| *count)
    };
    let counts = STATES.map(|state| {
        context! {
            label => say::counted(state),
            counts => Channel::TO_REQUESTER.map(|channel| dates::grouped(count(channel, state))),
        }
    });
    let waiting = Channel::TO_REQUESTER.into_iter().filter_map(|channel| {
        let (_, oldest) = all.oldest.iter().find(|(of, _)| *of == channel)?;
        let waiting = count(channel, DeliveryState::Pending) + count(channel, DeliveryState::Sending);
        Some(context! {
            channel => capitalised(labels::channel(channel)),
            count => dates::grouped(waiting),
            oldest => Serde(shown::time(*oldest, here)),
        })
    });
    let posts = |state: &[&str], of: &str| -> i64 {
        let counted =
            all.post_counts.iter().filter(|(platform, is, _)| platform == of && state.contains(&is.as_str()));
        counted.map(|(_, _, count)| count).sum()
    };
    let copies = |states: &[&str]| -> i64 {
        all.copies.iter().filter(|(is, _)| states.contains(&is.as_str())).map(|(_, count)| count).sum()
    };
    let beside = ["discord", "slack"]
        .into_iter()
        .filter_map(|platform| {
            say::posts(platform, posts(&["pending", "sending"], platform), posts(&["failed"], platform))
        })
        .chain(say::copies(copies(&["pending", "sending"]), copies(&["failed"])));
    let paces = all.paces.iter().map(|pace| {
        context! {
            name => pace.name.as_str(),
            waiting => dates::grouped(pace.waiting),
            text => say::pace(pace.closed_until, pace.is_slowed, here.zone),
        }
    });
    context! {
        channels => Channel::TO_REQUESTER.map(|channel| capitalised(labels::channel(channel))),
        counts,
        waiting => waiting.collect::<Vec<_>>(),
        beside => beside.collect::<Vec<_>>(),
        paces => paces.collect::<Vec<_>>(),
        troubled => listed(
            &all.troubled,
            ("troubled", "troubled"),
            behind.troubled.is_some(),
            |one| place(one.at, one.id.0),
            |one| context! {
                id => one.id.0,
                ticket => one.ticket.0,
                channel => capitalised(labels::channel(one.channel)),
                title => one.title.as_str(),
                to => one.recipient.as_str(),
                state => one.state.as_str(),
                state_label => labels::delivery_state(one.state),
                why => one.why.as_deref(),
                uncertain => one.state == DeliveryState::Uncertain,
                mail => one.channel == Channel::Email,
                at => Serde(shown::time(one.at, here)),
            },
        ),
        posts => listed(
            &all.posts,
            ("posts", "posts"),
            behind.posts.is_some(),
            |post| post.id.to_string(),
            |post| context! {
                id => post.id.0,
                ticket => post.ticket.map(|ticket| ticket.0),
                what => say::post(post.platform, post.kind),
                why => post.why.as_str(),
                at => Serde(shown::time(post.since, here)),
            },
        ),
    }
}

fn webhooks(all: &Operations, behind: &Behind, here: Here) -> Value {
    let time = |at: Option<DateTime<Utc>>| at.map(|at| Value::from(Serde(shown::time(at, here))));
    let endpoints = all.hooks.iter().map(|hook| {
        let endpoint = hook.endpoint.as_ref();
        context! {
            name => hook.name.as_str(),
            waiting => dates::grouped(hook.waiting + hook.sending),
            given_up => say::given_up(hook.given_up),
            success => time(endpoint.and_then(|one| one.last_success_at)),
            failure => time(endpoint.and_then(|one| one.last_failure_at)),
            why => endpoint.and_then(|one| one.last_failure.as_deref()),
            off => time(endpoint.and_then(|one| one.off_at)),
            failing => time(endpoint.and_then(|one| one.failing_since)),
        }
    });
    context! {
        endpoints => endpoints.collect::<Vec<_>>(),
        given_up => listed(
            &all.given_up,
            ("given_up", "webhooks"),
            behind.given_up.is_some(),
            |one| place(one.at, one.id.0),
            |one| context! {
                id => one.id.0,
                endpoint => one.endpoint.as_str(),
                event => one.kind.as_str(),
                ticket => one.ticket.0,
                why => one.why.as_str(),
                at => Serde(shown::time(one.at, here)),
            },
        ),
    }
}

fn suppressed(all: &Operations, page: &OperationsPage<'_>, here: Here) -> Value {
    let is_searched = !page.address.is_empty();
    context! {
        count => say::addresses(all.suppressed_count),
        any => all.suppressed_count > 0,
        address => page.address,
        searched => is_searched,
        list => listed(
            &all.suppressed,
            ("suppressed", "suppressed"),
            page.behind.suppressed.is_some() || is_searched,
            |one| place(one.since, one.delivery.0),
            |one| context! {
                address => one.address.as_str(),
                why => one.why.as_str(),
                delivery => one.delivery.0,
                at => Serde(shown::time(one.since, here)),
            },
        ),
    }
}
