//! The leads' pages about people, and the audit log. May import: domain, view, wording.

use super::{Drawn, Frame, Here, Pages, shown};
use crate::domain::audit::AuditLine;
use crate::view::held::HeldOf;
use crate::wording::{audit, dates, labels, people};
use minijinja::context;
use minijinja::value::Serde;

impl Pages {
    /// What is held of a person, by one of their two templates.
    pub fn person(&self, frame: &Frame, template: &str, held: &HeldOf, here: Here) -> Drawn {
        let counts = people::counts(&held.counts).into_iter().map(|(what, count)| context! { what, count });
        let content = context! {
            frame => Serde(frame),
            p => context! {
                id => held.id.0,
                called => people::called(held),
                name => held.requester.name.as_str(),
                email => held.requester.email.as_str(),
                preference => held.requester.preference.as_str(),
                preference_label => labels::preference(held.requester.preference),
                suppressed => held.requester.suppressed.as_deref(),
                known_since => Serde(shown::time(held.known_since, here)),
                blocked => held.blocked,
                erased => held.erased,
                managed => held.managed,
                more => dates::grouped(held.counts.tickets - held.tickets.len() as i64),
            },
            counts => counts.collect::<Vec<_>>(),
            goes => people::goes(&held.counts),
            tickets => Serde(held.tickets.iter().map(|t| shown::ticket(t, here)).collect::<Vec<_>>()),
        };
        self.team(frame, template, content)
    }

    /// The audit log: these lines, and the way to those behind them.
    pub fn audit(
        &self,
        frame: &Frame,
        lines: &[AuditLine],
        paged: bool,
        older: Option<&str>,
        here: Here,
    ) -> Drawn {
        let lines = lines.iter().map(|line| {
            context! {
                id => line.id.0,
                who => audit::who(line),
                what => audit::what(line.kind, &line.detail),
                at => Serde(shown::time(line.at, here)),
            }
        });
        let content = context! { lines => lines.collect::<Vec<_>>(), paged, older };
        self.team(frame, "audit.html", content)
    }
}
