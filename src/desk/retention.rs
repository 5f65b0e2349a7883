//! What is kept no longer goes: the bytes of old mails, the words of tickets closed long ago, and the records of requesters of
//! whom nothing else is left. A little at a time, so that nobody waits; each bit is a transaction, with its count in the audit log.

use super::{Desk, Inner, Result};
use crate::domain::audit::{AuditKind, By, Counts};
use crate::domain::event::EventKind;
use crate::domain::ids::TicketId;
use crate::domain::retention::{Retention, is_over};
use crate::store::Tx;
use crate::view::held::RetentionView;
use crate::wording;
use chrono::{DateTime, TimeDelta, Utc};

/// Mails in one transaction.
const MAILS_AT_ONCE: i64 = 200;

/// Tickets of one step.
const TICKETS_AT_ONCE: i64 = 50;

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What went.
    pub gone: Counts,
    /// There may be more to go.
    pub more: bool,
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// Takes away a little of what is kept no longer. Of two programs at once, each takes something else.
    pub async fn keep_to_retention(&self, by: &By) -> Result<Step> {
        let now = self.inner.clock.now();
        let mut step = Step { gone: Counts::default(), more: false };
        let (kept, hours) = (self.inner.retention(), &self.rules().sla.hours);
        if let Some(until) = kept.mails_until(now, hours) {
            let mut tx = self.inner.store.begin().await?;
            let mails = tx.drop_mails(until, MAILS_AT_ONCE, now).await?;
            let sent_mails = tx.drop_sent_mails(until, MAILS_AT_ONCE).await?;
            let gone = Counts { mails, sent_mails, ..Counts::default() };
            self.inner.count_run(&mut tx, by, gone, now).await?;
            tx.commit().await?;
            step.gone += gone;
            step.more |= mails.max(sent_mails) >= MAILS_AT_ONCE as u64;
        }
        if let Some(until) = kept.tickets_until(now, hours) {
            let over = self.inner.store.read().await?.tickets_over(until, TICKETS_AT_ONCE).await?;
            for ticket in &over {
                // Each by itself: what cannot be anonymised keeps no other.
                match self.inner.anonymise(*ticket, until, by, now).await {
                    Ok(gone) => {
                        step.gone += gone;
                        step.more |= over.len() as i64 >= TICKETS_AT_ONCE;
                    }
                    Err(failure) => {
                        tracing::error!(ticket.id = ticket.0, error = %failure, "a ticket cannot be anonymised; trying again");
                    }
                }
            }
        }
        if !step.gone.is_none() {
            let Counts { tickets, mails, sent_mails, people, .. } = step.gone;
            tracing::info!(tickets, mails, sent_mails, people, "what is kept no longer is gone");
            self.inner.ring_chats();
        }
        Ok(step)
    }

    /// How long what is kept, and what would go now.
    pub async fn retention(&self) -> Result<RetentionView> {
        let now = self.inner.clock.now();
        let (kept, hours) = (self.inner.retention(), &self.rules().sla.hours);
        let mut tx = self.inner.store.read().await?;
        let mut view = RetentionView {
            raw_mails_seconds: kept.raw_mails.map(|period| period.as_secs()),
            closed_tickets_seconds: kept.closed_tickets.map(|period| period.as_secs()),
            mails: 0,
            sent_mails: 0,
            tickets: 0,
            mails_coming: 0,
            tickets_coming: 0,
        };
        let (week, later) = (TimeDelta::days(7), now + TimeDelta::days(7));
        if let Some(until) = kept.mails_until(now, hours) {
            view.mails = tx.count_mails_over(until).await?;
            view.sent_mails = tx.count_sent_over(until).await?;
            let until = kept.mails_until(later, hours).unwrap_or(until + week);
            let coming = tx.count_mails_over(until).await? + tx.count_sent_over(until).await?;
            view.mails_coming = coming - view.mails - view.sent_mails;
        }
        if let Some(until) = kept.tickets_until(now, hours) {
            view.tickets = tx.count_tickets_over(until).await?;
            let until = kept.tickets_until(later, hours).unwrap_or(until + week);
            view.tickets_coming = tx.count_tickets_over(until).await? - view.tickets;
        }
        Ok(view)
    }
}

impl Inner {
    fn retention(&self) -> Retention {
        self.settings.rules.retention
    }

    /// The runs of one day by one door are one line of the audit log.
    async fn count_run(&self, tx: &mut Tx, by: &By, gone: Counts, now: DateTime<Utc>) -> Result<()> {
        if gone.is_none() {
            return Ok(());
        }
        let key = format!("retention:{}:{}:{}", by.door.as_str(), by.name, self.today(now));
        Ok(tx.count_on(by, AuditKind::RetentionRun, gone, &key, now).await?)
    }

    /// Takes the words from a ticket and from those that were merged into it, in one transaction. Nothing where somebody took it
    /// up again, or another program was faster.
    async fn anonymise(
        &self,
        id: TicketId,
        until: DateTime<Utc>,
        by: &By,
        now: DateTime<Utc>,
    ) -> Result<Counts> {
        let mut tx = self.store.begin().await?;
        let family = tx.family_of(id).await?;
        let mut members = Vec::with_capacity(family.len());
        // In rising order, as everybody holds several: two in another order would wait for each other.
        for member in &family {
            members.extend(tx.lock_ticket(*member).await?);
        }
        let found = members.iter().find(|member| member.id == id);
        let Some(ticket) = found.filter(|ticket| is_over(ticket, until)) else {
            return Ok(Counts::default());
        };
        // What was merged or parted while we waited is looked at the next time.
        if tx.family_of(id).await? != family {
            return Ok(Counts::default());
        }
        let nobody = tx.nobody(wording::mail::erased_person(), now).await?;
        let mut gone = Counts::default();
        for member in &members {
            gone += self.blank(&mut tx, member, EventKind::Anonymised, by, now).await?;
            tx.give_ticket(member.id, nobody).await?;
        }
        if ticket.requester != nobody && tx.drop_requester(ticket.requester).await? {
            gone.people += 1;
        }
        self.count_run(&mut tx, by, gone, now).await?;
        tx.commit().await?;
        Ok(gone)
    }
}
