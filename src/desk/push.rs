//! Web Push: which browsers a requester wants to be told on, and what they are told as a worker sees it: claim by lease,
//! record. The worker itself is a door. May import: domain, store, webpush, wording.

use super::deliver::Attempt;
use super::links::{Grant, Purpose};
use super::people::known_requester;
use super::requester::{bearer, links_from};
use super::{Desk, Inner, Result};
use crate::domain::delivery::{Channel, DeliveryState, LEASE, Next, Outcome, Plan, SkipReason, plan};
use crate::domain::ids::{DeliveryId, RequesterId, TicketId};
use crate::domain::notice::NoticeKind;
use crate::domain::push::{self, MOST_DEVICES, PushRoad, Subscription, is_endpoint};
use crate::store::Tx;
use crate::store::outbox::StoredDelivery;
use crate::webpush;
use crate::wording;
use chrono::{DateTime, Utc};
use std::time::Duration;

/// One message to one browser; whoever claimed it must record what became of it.
#[derive(Debug, Clone)]
pub struct Push {
    /// Its delivery.
    pub id: DeliveryId,
    /// Its ticket.
    pub ticket: TicketId,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Until when it is ours.
    pub leased_until: DateTime<Utc>,
    /// Where to, and for whose eyes.
    pub browser: Subscription,
    /// The notice's title.
    pub title: String,
    /// The notice's message.
    pub message: String,
    /// The page that it leads to.
    pub url: String,
    /// What it has in common with the messages whose place it takes, where it takes any.
    pub topic: Option<String>,
    /// The same on the screen: a message that comes twice is shown once.
    pub tag: String,
    /// How long its service is to keep it for a browser that is away.
    pub lasts: Duration,
}

/// What a worker took.
#[derive(Debug, Clone, Default)]
pub struct Pushes {
    /// To send.
    pub pushes: Vec<Push>,
    /// How many were due and are not to be sent after all.
    pub skipped: u64,
}

/// What came of a browser that asked to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscribed {
    /// It is told from now on; how many browsers of this person are.
    Now(i64),
    /// Its address or its keys are none that anything can be sent to.
    Unusable,
    /// No key is configured: nothing is pushed.
    NotConfigured,
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// What browsers know our pushes by; `None`: nothing is pushed.
    pub fn push_key(&self) -> Option<&str> {
        self.inner.settings.push_key.as_deref()
    }

    /// Whether anything is pushed.
    pub fn takes_push(&self) -> bool {
        self.push_key().is_some()
    }

    /// Leases up to `limit` messages that are due, the oldest first. The preference is read once more, and whether the
    /// browser still wants to be told.
    pub async fn claim_pushes(&self, limit: i64) -> Result<Pushes> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let leased_until = now + LEASE;
        let mut claimed = Pushes::default();
        for delivery in tx.claim(Channel::Push, now, leased_until, limit).await? {
            match self.inner.push(&mut tx, delivery, leased_until, now).await? {
                Some(push) => claimed.pushes.push(push),
                None => claimed.skipped += 1,
            }
        }
        tx.commit().await?;
        Ok(claimed)
    }

    /// Writes what became of an attempt, as [`Desk::record`] does for a mail. [`Outcome::Skipped`] says that the browser is
    /// told no more.
    pub async fn record_push(&self, push: &Push, outcome: Outcome) -> Result<Option<Next>> {
        let Push { id, attempt, leased_until, .. } = *push;
        let mut next = self.record_all(&[(Attempt { id, attempt, leased_until }, outcome)]).await?;
        Ok(next.pop().flatten())
    }

    /// Has a browser told of what happens on the tickets of whom the link was made for; `None` for a link that is none.
    pub async fn subscribe(
        &self,
        token: &str,
        purpose: Purpose,
        browser: &Subscription,
    ) -> Result<Option<Subscribed>> {
        let now = self.inner.clock.now();
        let Some(grant) = self.inner.links.read(token, purpose, now) else { return Ok(None) };
        let mut tx = self.inner.store.begin().await?;
        let Some(requester) = bearer(&mut tx, grant, purpose).await? else { return Ok(None) };
        let subscribed = self.inner.subscribe(&mut tx, requester.id, browser, now).await?;
        tx.commit().await?;
        Ok(Some(subscribed))
    }

    /// Whether this browser is told of what happens on the tickets of whom the link was made for.
    pub async fn is_subscribed(&self, token: &str, purpose: Purpose, endpoint: &str) -> Result<Option<bool>> {
        let now = self.inner.clock.now();
        let Some(grant) = self.inner.links.read(token, purpose, now) else { return Ok(None) };
        let mut tx = self.inner.store.read().await?;
        let Some(requester) = bearer(&mut tx, grant, purpose).await? else { return Ok(None) };
        Ok(Some(tx.is_subscribed(requester.id, endpoint).await?))
    }

    /// Tells one browser no more, or none of them where none is named; how many are left.
    pub async fn end_subscription(
        &self,
        token: &str,
        purpose: Purpose,
        endpoint: Option<&str>,
    ) -> Result<Option<i64>> {
        let now = self.inner.clock.now();
        let Some(grant) = self.inner.links.read(token, purpose, now) else { return Ok(None) };
        let mut tx = self.inner.store.begin().await?;
        let Some(requester) = bearer(&mut tx, grant, purpose).await? else { return Ok(None) };
        let left = end(&mut tx, requester.id, endpoint).await?;
        tx.commit().await?;
        Ok(Some(left))
    }

    /// As [`Desk::subscribe`], for the host application.
    pub async fn host_subscribe(&self, email: &str, browser: &Subscription) -> Result<Subscribed> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let requester = known_requester(&mut tx, email).await?.id;
        let subscribed = self.inner.subscribe(&mut tx, requester, browser, now).await?;
        tx.commit().await?;
        Ok(subscribed)
    }

    /// As [`Desk::end_subscription`], for the host application.
    pub async fn host_end_subscription(&self, email: &str, endpoint: Option<&str>) -> Result<i64> {
        let mut tx = self.inner.store.begin().await?;
        let requester = known_requester(&mut tx, email).await?.id;
        let left = end(&mut tx, requester, endpoint).await?;
        tx.commit().await?;
        Ok(left)
    }

    /// How many browsers of a user are told.
    pub async fn host_devices(&self, email: &str) -> Result<i64> {
        let mut tx = self.inner.store.read().await?;
        let requester = known_requester(&mut tx, email).await?.id;
        Ok(tx.count_subscriptions(requester).await?)
    }
}

async fn end(tx: &mut Tx, requester: RequesterId, endpoint: Option<&str>) -> Result<i64> {
    match endpoint {
        Some(endpoint) => drop(tx.drop_endpoint(requester, endpoint).await?),
        None => drop(tx.drop_subscriptions_of(requester).await?),
    }
    Ok(tx.count_subscriptions(requester).await?)
}

impl Inner {
    async fn subscribe(
        &self,
        tx: &mut Tx,
        requester: RequesterId,
        browser: &Subscription,
        now: DateTime<Utc>,
    ) -> Result<Subscribed> {
        let Some(key) = &self.settings.push_key else { return Ok(Subscribed::NotConfigured) };
        let near = self.settings.public_url.starts_with("http://");
        if !is_endpoint(&browser.endpoint, near) || !webpush::has_keys(browser) {
            return Ok(Subscribed::Unusable);
        }
        tx.add_subscription(requester, browser, key, MOST_DEVICES, now).await?;
        Ok(Subscribed::Now(tx.count_subscriptions(requester).await?))
    }

    /// The message of a claimed row; `None` when it is not to be sent any more, which is then recorded.
    async fn push(
        &self,
        tx: &mut Tx,
        delivery: StoredDelivery,
        leased_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<Push>> {
        let ticket = tx
            .ticket(delivery.ticket)
            .await?
            .ok_or_else(|| anyhow::anyhow!("delivery {} has no ticket", delivery.id))?;
        let requester = tx.requester(ticket.requester).await?;
        let mut browser = None;
        if let Some(id) = delivery.subscription
            && let Some((asked, key)) = tx.subscription(id, requester.id).await?
        {
            match &self.settings.push_key {
                // Its service takes nothing by another key than it was given: 401 or 403, for ever.
                Some(ours) if *ours != key => tx.drop_subscription(id).await?,
                _ => browser = Some(asked),
            }
        }
        let road = PushRoad::new(self.settings.push_key.is_some(), 1);
        let planned =
            plan(requester.preference, road).into_iter().find(|(channel, _)| *channel == Channel::Push);
        let lasts = (delivery.created_at + push::LASTS - now).to_std().unwrap_or_default();
        // One that had to be tried again would else take the place of a later one.
        let is_overtaken = match delivery.subscription {
            Some(browser) if delivery.kind != NoticeKind::Reply => {
                tx.is_push_overtaken(delivery.ticket, browser, delivery.id).await?
            }
            _ => false,
        };
        let (reason, browser) = match (planned, browser) {
            (_, Some(_)) if is_overtaken => (Some(SkipReason::Overtaken), None),
            (Some((_, Plan::Skip(reason))), _) => (Some(reason), None),
            (_, None) => (Some(SkipReason::Unsubscribed), None),
            (_, browser) => (None, browser),
        };
        let over = lasts.is_zero().then(wording::mail::push_too_late);
        let why = reason.map(wording::labels::skip_reason).or(over.map(str::to_owned));
        if let Some(why) = &why {
            let state = if reason.is_some() { DeliveryState::Skipped } else { DeliveryState::Failed };
            tx.settle_delivery(delivery.id, state, Some(why), now).await?;
            self.tell_receipt(tx, delivery.ticket, delivery.message_id.map(|id| id.0), now).await?;
            return Ok(None);
        }
        let Some(browser) = browser else { return Ok(None) };
        let grant =
            Grant::of_mail(requester.id, delivery.ticket, links_from(&requester, delivery.created_at));
        let topic = push::topic(delivery.ticket, delivery.kind);
        let tag = match delivery.kind {
            NoticeKind::Reply => format!("reply-{}", delivery.event),
            _ => format!("ticket-{}", delivery.ticket),
        };
        Ok(Some(Push {
            id: delivery.id,
            ticket: delivery.ticket,
            attempt: u32::try_from(delivery.attempts).unwrap_or(u32::MAX),
            leased_until,
            browser,
            title: delivery.title,
            message: delivery.message,
            url: self.links.url(Purpose::Ticket, grant),
            topic,
            tag,
            lasts,
        }))
    }
}
