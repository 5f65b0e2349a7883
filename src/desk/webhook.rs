//! Webhooks: what the host application is told, written with its cause, and what becomes of it as a worker sees it: claim by
//! lease, record. The worker itself is a door. May import: domain, store, wording.

mod body;

use super::alerts::{say_ended, say_raised};
use super::{Desk, Inner, Result};
use crate::domain::alert::AlertKind;
use crate::domain::audit::{AuditDetail, AuditKind};
use crate::domain::delivery::LEASE;
use crate::domain::ids::{EventId, HookPostId, MessageId, NotificationId, TicketId};
use crate::domain::ticket::Status;
use crate::domain::webhook::{
    ALARM_AFTER, Answer, GIVEN_UP_KEPT, Hook, HookEvent, HookNext, TOLD_FOR, TOLD_KEPT, after_answer, pause,
    told,
};
use crate::store::Tx;
use crate::store::tickets::NewEvent;
use crate::store::webhook::About;
pub use crate::store::webhook::{Endpoint, GivenUp};
use crate::wording::webhooks as say;
use chrono::{DateTime, Utc};
use ring::rand::{SecureRandom, SystemRandom};

/// How many that were given up are listed.
const LISTED: i64 = 50;

/// Something to tell an endpoint; whoever claimed it must record what became of it.
#[derive(Debug, Clone)]
pub struct HookPost {
    /// Its row.
    pub id: HookPostId,
    /// What it is known by to whoever is told: the same at each attempt.
    pub webhook_id: String,
    /// What happened.
    pub kind: HookEvent,
    /// To which ticket.
    pub ticket: TicketId,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// Until when it is ours; also what tells this attempt from every other.
    pub leased_until: DateTime<Utc>,
    /// The exact bytes, JSON.
    pub body: String,
}

/// What a worker took.
#[derive(Debug, Clone, Default)]
pub struct HookPosts {
    /// To tell.
    pub posts: Vec<HookPost>,
    /// How many were due and are not to be told now: what they tell was taken back, or may still be.
    pub passed_over: u64,
    /// How many were given up, since nothing took them for days.
    pub given_up: u64,
}

/// How an endpoint fares, and what waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// What is known of it; `None` before it was first looked after.
    pub endpoint: Option<Endpoint>,
    /// How many events wait for it.
    pub waiting: i64,
    /// How many are being told.
    pub sending: i64,
    /// How many were given up.
    pub given_up: i64,
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// Waits until something was written that this endpoint may have to be told.
    pub async fn hook_rings(&self, name: &str) {
        let place = self.inner.settings.hooks.iter().position(|hook| hook.name == name);
        match place.and_then(|place| self.inner.hook_bells.get(place)) {
            Some(bell) => bell.notified().await,
            None => std::future::pending().await,
        }
    }

    /// Leases up to `limit` events that are due for an endpoint, in order; of one that was not reached lately, a single one.
    /// `configured` is a fingerprint of what the configuration says of it: when that changes, it begins anew.
    pub async fn claim_hooks(&self, name: &str, configured: &str, limit: i64) -> Result<HookPosts> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        if tx.meet_endpoint(name, configured).await? {
            tx.hasten_hook_posts(name, now).await?;
        }
        let endpoint =
            tx.endpoint(name).await?.ok_or_else(|| anyhow::anyhow!("endpoint {name} is not known"))?;
        let why = endpoint.last_failure.as_deref().unwrap_or_else(|| say::never_tried());
        let given_up = tx.give_up_old_hook_posts(name, now - TOLD_FOR, why, now).await?;
        let mut claimed = HookPosts { given_up, ..HookPosts::default() };
        if endpoint.off_at.is_none() && endpoint.paused_until.is_none_or(|until| until <= now) {
            let limit = if endpoint.failures > 0 { 1 } else { limit };
            let leased_until = now + LEASE;
            for post in tx.claim_hook_posts(name, now, leased_until, limit).await? {
                match self.inner.hook_post(&mut tx, post, leased_until, now).await? {
                    Some(post) => claimed.posts.push(post),
                    None => claimed.passed_over += 1,
                }
            }
        }
        if claimed.posts.is_empty() {
            tx.prune_hook_posts(now - TOLD_KEPT, now - GIVEN_UP_KEPT).await?;
        }
        tx.commit().await?;
        Ok(claimed)
    }

    /// Writes what became of an attempt, and says what follows; `None` when another worker took it over. `why`: what was
    /// wrong, for the team.
    pub async fn record_hook(
        &self,
        name: &str,
        post: &HookPost,
        answer: Answer,
        why: &str,
    ) -> Result<Option<HookNext>> {
        let now = self.inner.clock.now();
        let next = after_answer(answer, post.attempt, chance());
        let mut tx = self.inner.store.begin().await?;
        let alert = self.inner.note_answer(&mut tx, name, answer, why, now).await?;
        let (id, lease) = (post.id, post.leased_until);
        let is_ours = match next {
            HookNext::Told => tx.hook_told(id, lease, now).await?,
            HookNext::Off => tx.hook_later(id, lease, why, now, now).await?,
            HookNext::Again(after) => tx.hook_later(id, lease, why, now + after, now).await?,
            HookNext::GivenUp => tx.hook_given_up(id, lease, why, now).await?,
        };
        tx.commit().await?;
        if alert.is_some() {
            self.inner.ring_chats();
        }
        match alert {
            Some(Alarm::Raised) => say_raised(AlertKind::DeadWebhook, true),
            Some(Alarm::Ended) => say_ended(AlertKind::DeadWebhook, true),
            None => {}
        }
        Ok(is_ours.then_some(next))
    }

    /// An endpoint took a message that somebody sent it by hand: whatever was wrong is mended.
    pub async fn hook_is_well(&self, name: &str, configured: &str) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        tx.meet_endpoint(name, configured).await?;
        tx.switch_endpoint_on(name).await?;
        tx.hasten_hook_posts(name, now).await?;
        self.inner.note_answer(&mut tx, name, Answer::Taken, "", now).await?;
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(())
    }

    /// Gives up what has waited for days for endpoints that are configured no more, and whom nobody asks for it.
    pub async fn give_up_stray_hooks(&self) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        for (name, state, _) in tx.count_hook_posts().await? {
            if state == "pending" && !self.inner.settings.hooks.iter().any(|hook| hook.name == name) {
                while tx.give_up_old_hook_posts(&name, now - TOLD_FOR, say::not_configured(), now).await? > 0
                {
                }
            }
        }
        tx.prune_hook_posts(now - TOLD_KEPT, now - GIVEN_UP_KEPT).await?;
        Ok(tx.commit().await?)
    }

    /// When the next event becomes due for an endpoint.
    pub async fn next_hook(&self, name: &str) -> Result<Option<DateTime<Utc>>> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.read().await?;
        let endpoint = tx.endpoint(name).await?;
        if endpoint.as_ref().is_some_and(|endpoint| endpoint.off_at.is_some()) {
            return Ok(None);
        }
        match endpoint.and_then(|endpoint| endpoint.paused_until) {
            Some(until) if until > now => Ok(tx.waits_any_hook_post(name).await?.then_some(until)),
            _ => Ok(tx.next_hook_post(name).await?),
        }
    }

    /// How the configured endpoints fare, in their order.
    pub async fn hook_standings(&self) -> Result<Vec<Standing>> {
        self.inner.hook_standings(&mut self.inner.store.read().await?).await
    }

    /// The latest that were given up.
    pub async fn given_up_hooks(&self) -> Result<Vec<GivenUp>> {
        Ok(self.inner.store.read().await?.given_up_hook_posts(None, LISTED).await?)
    }

    /// Has an event told again under its old id, as if for the first time. `false` when it is none that was told or given up.
    pub async fn tell_hook_again(&self, id: HookPostId) -> Result<bool> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let is_one = tx.tell_hook_again(id, now).await?;
        if is_one {
            let detail = AuditDetail { sent: Some(id.0), ..AuditDetail::default() };
            self.tell_audit(&mut tx, AuditKind::WebhookResent, detail, now).await?;
        }
        tx.commit().await?;
        self.inner.ring_hooks();
        Ok(is_one)
    }

    /// The same for everything that was given up; how many.
    pub async fn tell_hooks_again(&self) -> Result<u64> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let count = tx.tell_hooks_again(now).await?;
        if count > 0 {
            let detail = AuditDetail { all: Some(count), ..AuditDetail::default() };
            self.tell_audit(&mut tx, AuditKind::WebhookResent, detail, now).await?;
        }
        tx.commit().await?;
        self.inner.ring_hooks();
        Ok(count)
    }
}

/// What became of the alert about an endpoint.
enum Alarm {
    Raised,
    Ended,
}

impl Inner {
    /// How the configured endpoints fare, in their order.
    pub(super) async fn hook_standings(&self, tx: &mut Tx) -> Result<Vec<Standing>> {
        let counts = tx.count_hook_posts().await?;
        let mut standings = Vec::new();
        for Hook { name, .. } in &self.settings.hooks {
            let count = |state: &str| {
                let mut ours = counts.iter().filter(|(of, is, _)| of == name && is == state);
                ours.next().map_or(0, |(_, _, count)| *count)
            };
            standings.push(Standing {
                name: name.clone(),
                waiting: count("pending"),
                sending: count("sending"),
                given_up: count("failed"),
                endpoint: tx.endpoint(name).await?,
            });
        }
        Ok(standings)
    }

    /// What of an act the endpoints are told, written with it and told from `due` on.
    pub(super) async fn tell_hooks(
        &self,
        tx: &mut Tx,
        event: EventId,
        happened: &NewEvent<'_>,
        status: Status,
        due: DateTime<Utc>,
    ) -> Result<()> {
        if self.settings.hooks.is_empty() {
            return Ok(());
        }
        for (kind, message) in told(happened.kind, happened.detail) {
            let message = message.map(MessageId);
            let about = About { event: Some(event), message, ..About::ticket(happened.ticket, status) };
            tell(tx, &self.settings.hooks, kind, about, happened.at, due).await?;
        }
        Ok(())
    }

    /// The endpoints are told what a user is told, once they see it.
    pub(super) async fn tell_notified(
        &self,
        tx: &mut Tx,
        event: EventId,
        ticket: TicketId,
        id: NotificationId,
        visible_at: DateTime<Utc>,
    ) -> Result<()> {
        let about = About { event: Some(event), ..About::notification(ticket, id) };
        tell(tx, &self.settings.hooks, HookEvent::NotificationCreated, about, visible_at, visible_at).await
    }

    /// The endpoints are told what a user has read.
    pub(super) async fn tell_read(
        &self,
        tx: &mut Tx,
        read: &[(NotificationId, TicketId)],
        now: DateTime<Utc>,
    ) -> Result<()> {
        for (id, ticket) in read {
            let about = About::notification(*ticket, *id);
            tell(tx, &self.settings.hooks, HookEvent::NotificationRead, about, now, now).await?;
        }
        Ok(())
    }

    /// Something may have to be told: the couriers look.
    pub(super) fn ring_hooks(&self) {
        for bell in &self.hook_bells {
            bell.notify_one();
        }
    }

    /// What an answer says of the endpoint itself.
    async fn note_answer(
        &self,
        tx: &mut Tx,
        name: &str,
        answer: Answer,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Alarm>> {
        let Some(endpoint) = tx.endpoint(name).await? else { return Ok(None) };
        let is_reached = !matches!(answer, Answer::Away(_));
        if endpoint.failures > 0 && is_reached {
            tx.hasten_hook_posts(name, now).await?;
        }
        if answer == Answer::Taken {
            tx.endpoint_well(name, now).await?;
            // What was under way while it was switched off does not switch it on.
            let stood = endpoint.off_at.is_none() && tx.end_alert(AlertKind::DeadWebhook, name).await?;
            if stood {
                self.tell_alerts(tx, now).await?;
            }
            return Ok(stood.then_some(Alarm::Ended));
        }
        // What was under way at once fails at once: that is one failure.
        let pauses_until = endpoint.paused_until.filter(|until| *until > now);
        let (failures, paused_until) = match answer {
            Answer::Away(asked) => {
                let failures = endpoint.failures + i64::from(pauses_until.is_none());
                let until = now + pause(failures, asked, chance());
                (failures, Some(pauses_until.map_or(until, |other| other.max(until))))
            }
            _ => (0, None),
        };
        let off_at = (answer == Answer::Gone).then_some(now);
        tx.endpoint_ill(name, failures, paused_until, off_at, why, now).await?;
        let since = endpoint.failing_since.unwrap_or(now);
        if off_at.is_none() && now - ALARM_AFTER < since {
            return Ok(None);
        }
        let is_first = self.raise(tx, AlertKind::DeadWebhook, name, why, now).await?;
        Ok(is_first.then_some(Alarm::Raised))
    }
}

/// Writes what each endpoint is told that hears it; all know it by the same id.
pub(super) async fn tell(
    tx: &mut Tx,
    hooks: &[Hook],
    kind: HookEvent,
    about: About,
    at: DateTime<Utc>,
    due: DateTime<Utc>,
) -> Result<()> {
    if !hooks.iter().any(|hook| hook.hears(kind)) {
        return Ok(());
    }
    let webhook_id = webhook_id()?;
    for hook in hooks {
        if hook.hears(kind) {
            tx.add_hook_post(&hook.name, &webhook_id, kind, &about, at, due).await?;
        }
    }
    Ok(())
}

/// By what whoever is told knows a message from every other, also of a desk that was restored from a backup.
///
/// # Errors
/// When the machine has no randomness to give.
pub fn webhook_id() -> anyhow::Result<String> {
    Ok(format!("msg_{}", &super::random_hex()?[..32]))
}

/// From 0 to 1.
fn chance() -> f64 {
    let mut byte = [0u8; 1];
    // Without randomness, the waits are the shortest.
    let _ = SystemRandom::new().fill(&mut byte);
    f64::from(byte[0]) / 255.0
}
