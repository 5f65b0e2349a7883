//! The leads' page about how the desk fares, drawn full and empty.

use super::super::pages::*;
use super::super::syncs::Sync;
use super::assert_page;
use super::samples::*;
use crate::desk::operations::*;
use crate::desk::webhook::{Endpoint, GivenUp, Standing};
use crate::domain::alert::{Alert, AlertKind};
use crate::domain::chat::{Platform, PostKind};
use crate::domain::delivery::{Channel, DeliveryState};
use crate::domain::ids::*;
use crate::domain::webhook::HookEvent;
use std::time::Duration;

fn empty() -> Operations {
    fn none<T>() -> Listed<T> {
        Listed { rows: Vec::new(), more: false }
    }
    Operations {
        alerts: Vec::new(),
        canary: None,
        held_count: 0,
        held: none(),
        counts: Vec::new(),
        oldest: Vec::new(),
        paces: Vec::new(),
        troubled: none(),
        post_counts: Vec::new(),
        posts: none(),
        copies: Vec::new(),
        hooks: Vec::new(),
        given_up: none(),
        suppressed_count: 0,
        suppressed: none(),
        database: Database { product: "SQLite", bytes: 8192 },
    }
}

fn troubled(id: i64, channel: Channel, state: DeliveryState, title: &str) -> Troubled {
    Troubled {
        id: DeliveryId(id),
        ticket: TicketId(6),
        channel,
        title: title.into(),
        recipient: "julien.martin@exemple.example".into(),
        state,
        why: (state == DeliveryState::Failed).then(|| "550 5.1.1 utilisateur inconnu".into()),
        at: ago(12),
    }
}

fn full() -> Operations {
    let endpoint = Endpoint {
        name: "app.example".into(),
        failures: 4,
        paused_until: None,
        failing_since: Some(ago(90)),
        off_at: None,
        last_success_at: Some(ago(100)),
        last_failure_at: Some(ago(2)),
        last_failure: Some("réponse 503".into()),
    };
    let off = Endpoint { name: "bi.example".into(), off_at: Some(ago(300)), ..endpoint.clone() };
    let standing = |endpoint: Endpoint, given_up| Standing {
        name: endpoint.name.clone(),
        endpoint: Some(endpoint),
        waiting: 3,
        sending: 1,
        given_up,
    };
    let held = |id, head: &str| HeldBack {
        id: RawMailId(id),
        bytes: 48_200,
        why: "too many mails of this sender within an hour".into(),
        at: ago(45),
        head: head.replace('\n', "\r\n").into_bytes(),
    };
    let state = |state: &str, count| ("slack".to_owned(), state.to_owned(), count);
    Operations {
        alerts: vec![Alert {
            kind: AlertKind::MissingMail,
            about: "INBOX@imap.exemple.example".into(),
            detail: "2".into(),
            since: ago(61),
        }],
        canary: Some(CanaryStanding {
            made_at: ago(20),
            returned_at: Some(ago(19)),
            round_trip: Some(Duration::from_secs(42)),
        }),
        held_count: 1_240,
        held: Listed {
            rows: vec![
                held(31, "From: =?utf-8?q?L=C3=A9a?= <lea@exemple.example>\nSubject: Re: pari\n\nx"),
                held(30, "\n"),
            ],
            more: true,
        },
        counts: vec![
            (Channel::Email, DeliveryState::Failed, 1),
            (Channel::Push, DeliveryState::Uncertain, 1),
            (Channel::Email, DeliveryState::Pending, 1_200),
            (Channel::Web, DeliveryState::Sent, 88),
        ],
        oldest: vec![(Channel::Email, ago(7))],
        paces: vec![
            ProviderPace {
                name: "Orange".into(),
                waiting: 800,
                closed_until: Some(ago(-5)),
                is_slowed: true,
            },
            ProviderPace { name: "Gmail".into(), waiting: 12, closed_until: None, is_slowed: false },
        ],
        troubled: Listed {
            rows: vec![
                troubled(22, Channel::Email, DeliveryState::Failed, "Ticket de support : Résolu"),
                troubled(21, Channel::Email, DeliveryState::Uncertain, ""),
                troubled(20, Channel::Push, DeliveryState::Failed, "Ticket de support : Résolu"),
            ],
            more: true,
        },
        post_counts: vec![state("pending", 2), state("failed", 1)],
        posts: Listed {
            rows: vec![RefusedPost {
                id: PostId(5),
                platform: Platform::Slack,
                kind: PostKind::Escalation,
                ticket: Some(TicketId(6)),
                why: "invalid_blocks".into(),
                since: ago(33),
            }],
            more: true,
        },
        copies: vec![("kept".into(), 40), ("failed".into(), 1)],
        hooks: vec![standing(endpoint, 1), standing(off, 0)],
        given_up: Listed {
            rows: vec![GivenUp {
                id: HookPostId(9),
                endpoint: "app.example".into(),
                kind: HookEvent::TicketResolved,
                ticket: TicketId(6),
                why: "réponse 503".into(),
                at: ago(50),
            }],
            more: true,
        },
        suppressed_count: 21,
        suppressed: Listed {
            rows: vec![Suppressed {
                address: "marc@exemple.example".into(),
                why: "adresse inconnue (5.1.1)".into(),
                delivery: DeliveryId(17),
                since: ago(60 * 26),
            }],
            more: true,
        },
        database: Database { product: "PostgreSQL", bytes: 48_000_000 },
    }
}

fn draw(operations: &Operations, syncs: &[Sync], behind: &Behind, address: &str, canary: bool) -> String {
    let frame = Frame { lead: true, revision: None, ..frame("operations") };
    let page = OperationsPage { operations, syncs, behind, address, canary };
    Pages::default().operations(&frame, &page, here()).unwrap()
}

/// The version changes with each release, and says nothing here.
fn without_version(page: String) -> String {
    page.replace(concat!("<dd>", env!("CARGO_PKG_VERSION"), "</dd>"), "<dd>VERSION</dd>")
}

#[test]
fn how_the_desk_fares_with_something_of_everything() {
    let sync = |label: &str, at, is_late| Sync { label: label.into(), at, is_late };
    let syncs = [
        sync("INBOX@imap.exemple.example", Some(ago(1)), false),
        sync("Ventes@imap.exemple.example", Some(ago(90)), true),
        sync("Archives@imap.exemple.example", None, true),
    ];
    let behind = Behind { held: Some(RawMailId(40)), ..Behind::default() };
    assert_page("operations", without_version(draw(&full(), &syncs, &behind, "", true)));
}

#[test]
fn how_an_empty_desk_fares() {
    assert_page("operations_empty", without_version(draw(&empty(), &[], &Behind::default(), "", false)));
    let waiting = draw(&empty(), &[], &Behind::default(), "", true);
    assert!(waiting.contains("aucun n’est encore parti"), "{waiting}");
}

#[test]
fn an_address_that_is_looked_for_leads_nowhere_but_to_all_of_them() {
    let page = draw(&full(), &[], &Behind::default(), "marc", false);
    assert!(page.contains("value=\"marc\"") && page.contains("précisez le début"), "{page}");
    assert!(!page.contains("operations?suppressed="), "{page}");
    let all = draw(&full(), &[], &Behind::default(), "", false);
    assert!(all.contains("operations?suppressed=2026-11-23T08:00:00.000Z,17#suppressed"), "{all}");
}
