//! The one writer: what `decide` says becomes rows, in the transaction of its cause.
//!
//! Ticket, history, and what the requester is told are written together or not at all; the caller commits.

use super::failure::refuse;
use super::taking_part::{Copy, recipients};
use super::{Failure, Inner, Result};
use crate::domain::decide::decide;
use crate::domain::delivery::{Channel, DeliveryState, Plan, SkipReason, plan};
use crate::domain::event::{Event, EventDetail};
use crate::domain::followup::{TimerKind, UpdateTimer};
use crate::domain::hex::hex;
use crate::domain::ids::{EventId, MessageId, SubscriptionId, TicketId};
use crate::domain::mail::Mailbox;
use crate::domain::notice::Notice;
use crate::domain::people::{Actor, Door, Requester};
use crate::domain::push::PushRoad;
use crate::domain::refusal::Refusal;
use crate::domain::threading::{self, RefKind};
use crate::domain::ticket::{Status, Ticket};
use crate::store::Tx;
use crate::store::outbox::NewDelivery;
use crate::store::tickets::NewEvent;
use crate::view::Told;
use crate::wording;
use chrono::{DateTime, Utc};
use ring::hmac;

/// The bytes that vouch for a Message-ID of ours.
pub(super) const VOUCHED: usize = 12;
/// How many message ids a mail's References carry: RFC 5322 sets no limit, servers do.
const MOST_REFERENCES_OUT: i64 = 20;

/// An event with who caused it.
pub(super) struct Act<'a> {
    pub(super) event: &'a Event,
    pub(super) actor: &'a Actor,
    pub(super) door: Door,
    pub(super) source_key: Option<&'a str>,
    /// The message that the act wrote, already stored.
    pub(super) message: Option<MessageId>,
    /// Which rung of the ladder brought a mail here.
    pub(super) rung: Option<&'static str>,
}

/// What an act made of a ticket.
pub(super) struct Applied {
    pub(super) ticket: Ticket,
    pub(super) event: EventId,
    pub(super) detail: EventDetail,
    pub(super) told: Option<Told>,
}

impl Inner {
    /// Writes what follows from an act on a ticket that this transaction holds.
    pub(super) async fn apply(
        &self,
        tx: &mut Tx,
        ticket: Ticket,
        act: Act<'_>,
        now: DateTime<Utc>,
    ) -> Result<Applied> {
        self.apply_to_all(tx, ticket, act, &[], now).await
    }

    /// As [`Inner::apply`]; a reply goes to these people too.
    pub(super) async fn apply_to_all(
        &self,
        tx: &mut Tx,
        ticket: Ticket,
        act: Act<'_>,
        copies: &[Copy],
        now: DateTime<Utc>,
    ) -> Result<Applied> {
        let agent = match act.actor {
            Actor::Agent(agent) => Some(agent.id),
            Actor::Requester(_) | Actor::Participant(_) | Actor::Colleague(_) | Actor::System => None,
        };
        let decision = decide(&ticket, act.event, agent).map_err(Failure::Refused)?;
        // What the team would write there would go with the next look at what is kept no longer: its time was over long ago.
        // That a mail arrived is no word of anybody's.
        let adds_words = !matches!(act.event, Event::MarkedSent { .. });
        let stays_closed = ticket.status == Status::Closed && decision.status == Status::Closed;
        if stays_closed
            && adds_words
            && ticket.anonymised_at.is_some()
            && matches!(act.actor, Actor::Agent(_) | Actor::Colleague(_))
        {
            return refuse(Refusal::Anonymised(ticket.id));
        }
        let mut detail = decision.detail;
        detail.message = act.message.map(|id| id.0).or(detail.message);
        detail.rung = act.rung.map(str::to_owned);
        let requester = tx.hold_requester(ticket.requester).await?;
        // Only what this act itself blocks is unblocked when it is taken back, and the other way round. Who stands for nobody stays
        // blocked: whoever writes under that name is nobody we know.
        let is_erased = requester.is_erased();
        detail.blocked &= requester.blocked_at.is_none() && !is_erased;
        detail.unblocked &= requester.blocked_at.is_some() && !is_erased;
        let actor = match act.actor {
            Actor::Agent(agent) => agent.name.as_str(),
            Actor::Requester(_) => requester.email.as_str(),
            Actor::Participant(address) => address.as_str(),
            Actor::Colleague(name) => name.as_str(),
            Actor::System => "guichet",
        };
        if decision.update_timer != UpdateTimer::Keep {
            let kind = TimerKind::UrgentUpdate;
            let standing = tx.timer(ticket.id, kind).await?;
            let next = decision.update_timer.next(standing, now, self.settings.rules.urgent_update);
            if next != standing {
                tx.set_timer(ticket.id, kind, next).await?;
            }
            (detail.update_due_from, detail.update_due_to) = (standing, next);
        }
        for tag in &detail.tags_removed {
            tx.remove_tag(ticket.id, tag).await?;
        }
        for tag in &detail.tags_added {
            tx.add_tag(ticket.id, tag).await?;
        }
        let was = ticket.status;
        let anonymised_at = match act.event {
            // What the act wrote that is taken back stays in the history.
            Event::ActUndone { detail: undone, .. } if undone.message.is_none() => undone.anonymised_from,
            _ if !adds_words => ticket.anonymised_at,
            _ => None,
        };
        if anonymised_at.is_none() {
            detail.anonymised_from = ticket.anonymised_at;
        }
        let mut ticket = Ticket {
            status: decision.status,
            priority: decision.priority,
            assignee: decision.assignee,
            reason: decision.reason,
            merged_into: decision.merged_into,
            escalated_at: decision.escalated_at,
            anonymised_at,
            ..ticket
        };
        if !tx.save_ticket(&ticket, now).await? {
            return refuse(Refusal::Changed(ticket.id));
        }
        ticket.version += 1;
        ticket.updated_at = now;
        let happened = NewEvent {
            ticket: ticket.id,
            at: now,
            kind: decision.kind,
            door: act.door,
            agent,
            actor,
            detail: &detail,
            version_after: ticket.version,
            source_key: act.source_key,
        };
        let event = tx.add_event(&happened).await?;
        self.tell_chats(tx, event, &happened, ticket.assignee.is_some()).await?;
        // Only an agent takes an act back.
        let told_at = if agent.is_some() { now + self.settings.rules.undo_window } else { now };
        self.tell_hooks(tx, event, &happened, ticket.status, told_at).await?;
        if let Some(blocked) = decision.blocks_requester
            && blocked != requester.blocked_at.is_some()
            && !is_erased
        {
            tx.set_blocked(requester.id, blocked.then_some(now)).await?;
        }
        // Taking back is not going on: it gives the notices that waited their turn back.
        let is_reminder = matches!(decision.notice, Some(Notice::Reminder { .. }));
        if (was != ticket.status || is_reminder) && !matches!(act.event, Event::ActUndone { .. }) {
            let reason =
                if decision.notice.is_some() { SkipReason::Overtaken } else { SkipReason::NoLongerTrue };
            let why = wording::labels::skip_reason(reason);
            tx.overtake(ticket.id, event, &why, now).await?;
        }
        // What the clock does is not taken back.
        let not_before = match act.actor {
            Actor::System => now,
            _ => now + self.settings.rules.undo_window,
        };
        let told = match decision.notice {
            Some(notice) => Some(
                self.plan_notice(
                    tx,
                    &ticket,
                    &requester,
                    copies,
                    event,
                    notice,
                    act.message,
                    now,
                    not_before,
                )
                .await?,
            ),
            None => None,
        };
        self.replan(tx, &mut ticket).await?;
        Ok(Applied { ticket, event, detail, told })
    }

    /// Plans one notice on every road, and records why for each road that is not taken; a reply also as a copy to each
    /// of `copies`, all of them one mail to those who read them: the same Message-ID, the same To and Cc. Nothing
    /// leaves before the act can no longer be taken back.
    #[allow(clippy::too_many_arguments, reason = "one call, and each argument is another row's key")]
    async fn plan_notice(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        requester: &Requester,
        copies: &[Copy],
        event: EventId,
        notice: Notice,
        message: Option<MessageId>,
        now: DateTime<Utc>,
        not_before: DateTime<Utc>,
    ) -> Result<Told> {
        let title = wording::notices::title(notice);
        let text = wording::notices::message(notice, &ticket.subject);
        let refs = tx.refs(ticket.id, MOST_REFERENCES_OUT).await?;
        let in_reply_to = refs
            .iter()
            .rev()
            .find(|(_, kind)| *kind == RefKind::Received)
            .or_else(|| refs.last())
            .map(|(id, _)| id.as_str());
        let chain = refs.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>().join(" ");
        let minted = self.mint(ticket.id, event);
        let is_reply = matches!(notice, Notice::Reply { .. });
        let copies = if is_reply { copies } else { &[] };
        let in_copy = copies.iter().filter(|copy| copy.plan == Plan::Send);
        let cc: Vec<Mailbox> = in_copy.map(|copy| copy.person.clone()).collect();
        let suppressed = tx.suppressed(&requester.email).await?;
        let mut told = Told {
            preference: requester.preference,
            channels: Vec::new(),
            suppressed: None,
            recipients: is_reply.then(|| recipients(requester, suppressed.is_some(), copies)),
        };
        let browsers = tx.subscriptions_of(requester.id).await?;
        let push = PushRoad::new(self.settings.push_key.is_some(), browsers.len() as i64);
        let roads = plan(requester.preference, push).map(|(channel, plan)| {
            let plan = match &suppressed {
                Some(why) if channel == Channel::Email && plan == Plan::Send => {
                    told.suppressed = Some(why.clone());
                    Plan::Skip(SkipReason::Suppressed)
                }
                _ => plan,
            };
            (channel, plan)
        });
        let mut rows: Vec<(Channel, Plan, &str, Option<SubscriptionId>)> = Vec::new();
        for (channel, plan) in roads {
            let address = requester.email.as_str();
            match (channel, plan) {
                (Channel::Push, Plan::Send) => {
                    rows.extend(browsers.iter().map(|browser| (channel, plan, address, Some(*browser))));
                }
                _ => rows.push((channel, plan, address, None)),
            }
            if !matches!(plan, Plan::Skip(_)) {
                told.channels.push(channel);
            }
        }
        rows.extend(
            copies.iter().map(|copy| (Channel::Email, copy.plan, copy.person.address.as_str(), None)),
        );
        let mut leaves = false;
        for (channel, plan, address, subscription) in rows {
            let why = match plan {
                Plan::Skip(reason) => Some(wording::labels::skip_reason(reason)),
                Plan::Store | Plan::Send => None,
            };
            let by_mail = channel == Channel::Email;
            let delivery = NewDelivery {
                ticket: ticket.id,
                event,
                message_id: message,
                channel,
                kind: notice.kind(),
                announces: notice.status(),
                title,
                message: &text,
                address: by_mail.then_some(address),
                rfc_id: by_mail.then_some(minted.as_str()),
                in_reply_to: in_reply_to.filter(|_| by_mail),
                refs: by_mail.then_some(chain.as_str()),
                cc: if by_mail { &cc } else { &[] },
                subscription,
                state: match plan {
                    Plan::Store => DeliveryState::Sent,
                    Plan::Send => DeliveryState::Pending,
                    Plan::Skip(_) => DeliveryState::Skipped,
                },
                why: why.as_deref(),
                next_attempt_at: not_before,
            };
            tx.add_delivery(&delivery, now).await?;
            if plan == Plan::Store {
                let colour = notice.colour();
                let id = tx.add_notification(requester.id, &delivery, colour, now, not_before).await?;
                self.tell_notified(tx, event, ticket.id, id, not_before).await?;
            }
            leaves |= by_mail && plan == Plan::Send;
        }
        if leaves {
            tx.add_ref(&minted, ticket.id, RefKind::Minted).await?;
        }
        Ok(told)
    }

    /// A Message-ID that only we can have made: each event has at most one mail, and its copies are the same mail.
    pub(super) fn mint(&self, ticket: TicketId, event: EventId) -> String {
        let mac = self.vouch(&format!("{ticket}.{event}"), VOUCHED);
        threading::minted_id(ticket, event, &mac, &self.settings.mail_host)
    }

    /// What vouches for words of ours, in `bytes` bytes of hex. The words of each use have a form of their own, so that
    /// none passes for another: two numbers for a Message-ID, `reply:…` for an address, a canary's mark.
    pub(super) fn vouch(&self, words: &str, bytes: usize) -> String {
        let mac = hmac::sign(&self.minting_key, words.as_bytes());
        hex(&mac.as_ref()[..bytes])
    }
}
