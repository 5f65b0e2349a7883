//! The browsers that are told by push. May import: domain, sqlx.

use super::dialect::{Sql, all, execute, optional, scalar, statements};
use super::{Result, Tx, clean};
use crate::domain::ids::{DeliveryId, RequesterId, SubscriptionId, TicketId};
use crate::domain::push::Subscription;
use chrono::{DateTime, Utc};

statements! {
    // A browser that somebody else used before is told what is theirs from now on.
    SUBSCRIBE = Sql::same(
        "INSERT INTO push_subscription (requester_id, endpoint, p256dh, auth, vapid_key, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (endpoint) DO UPDATE SET requester_id = excluded.requester_id, p256dh = excluded.p256dh, \
         auth = excluded.auth, vapid_key = excluded.vapid_key, created_at = excluded.created_at");
    DROP_OWN_ENDPOINT = Sql::same("DELETE FROM push_subscription WHERE requester_id = $1 AND endpoint = $2");
    DROP_ALL_OF = Sql::same("DELETE FROM push_subscription WHERE requester_id = $1");
    DROP_SUBSCRIPTION = Sql::same("DELETE FROM push_subscription WHERE id = $1");
    DROP_OLDEST = Sql::same(
        "DELETE FROM push_subscription WHERE requester_id = $1 AND id NOT IN \
         (SELECT id FROM push_subscription WHERE requester_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2)");
    SUBSCRIPTION = Sql::same(
        "SELECT endpoint, p256dh, auth, vapid_key FROM push_subscription WHERE id = $1 AND requester_id = $2");
    IS_SUBSCRIBED = Sql::same(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM push_subscription WHERE requester_id = $1 AND endpoint = $2");
    IS_OVERTAKEN = Sql::same(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM delivery WHERE ticket_id = $1 AND channel = 'push' AND subscription_id = $2 \
         AND kind <> 'reply' AND id > $3 AND state NOT IN ('cancelled', 'skipped')");
    SUBSCRIPTIONS = Sql::same("SELECT id FROM push_subscription WHERE requester_id = $1 ORDER BY id");
    COUNT_SUBSCRIPTIONS = Sql::same(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM push_subscription WHERE requester_id = $1");
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// Adds a browser, which was given `vapid_key`, and leaves this requester the latest `most`.
    pub async fn add_subscription(
        &mut self,
        requester: RequesterId,
        subscription: &Subscription,
        vapid_key: &str,
        most: i64,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Subscription { endpoint, p256dh, auth } = subscription;
        execute!(self, SUBSCRIBE, requester.0, clean(endpoint), clean(p256dh), clean(auth), vapid_key, now)?;
        execute!(self, DROP_OLDEST, requester.0, most).map(drop)
    }

    /// `false` when this requester has no such browser.
    pub async fn drop_endpoint(&mut self, requester: RequesterId, endpoint: &str) -> Result<bool> {
        execute!(self, DROP_OWN_ENDPOINT, requester.0, clean(endpoint)).map(|rows| rows > 0)
    }

    pub async fn drop_subscription(&mut self, id: SubscriptionId) -> Result<()> {
        execute!(self, DROP_SUBSCRIPTION, id.0).map(drop)
    }

    /// How many there were.
    pub async fn drop_subscriptions_of(&mut self, requester: RequesterId) -> Result<u64> {
        execute!(self, DROP_ALL_OF, requester.0)
    }

    /// One, while it is this requester's, and the key that it was given.
    pub async fn subscription(
        &mut self,
        id: SubscriptionId,
        requester: RequesterId,
    ) -> Result<Option<(Subscription, String)>> {
        let row: Option<(String, String, String, String)> = optional!(self, SUBSCRIPTION, id.0, requester.0)?;
        Ok(row.map(|(endpoint, p256dh, auth, key)| (Subscription { endpoint, p256dh, auth }, key)))
    }

    pub async fn is_subscribed(&mut self, requester: RequesterId, endpoint: &str) -> Result<bool> {
        let count: i64 = scalar!(self, IS_SUBSCRIBED, requester.0, clean(endpoint))?;
        Ok(count > 0)
    }

    /// Whether a later status of a ticket is told to the same browser.
    pub async fn is_push_overtaken(
        &mut self,
        ticket: TicketId,
        browser: SubscriptionId,
        id: DeliveryId,
    ) -> Result<bool> {
        let count: i64 = scalar!(self, IS_OVERTAKEN, ticket.0, browser.0, id.0)?;
        Ok(count > 0)
    }

    pub async fn subscriptions_of(&mut self, requester: RequesterId) -> Result<Vec<SubscriptionId>> {
        let ids: Vec<(i64,)> = all!(self, SUBSCRIPTIONS, requester.0)?;
        Ok(ids.into_iter().map(|(id,)| SubscriptionId(id)).collect())
    }

    pub async fn count_subscriptions(&mut self, requester: RequesterId) -> Result<i64> {
        scalar!(self, COUNT_SUBSCRIPTIONS, requester.0)
    }
}
