//! The courier of webhooks: one signed message to one endpoint of the host application (Standard Webhooks 1.0).
//!
//! The operator names the endpoints, so they may be anywhere; but only there: no redirection is followed, and of what is
//! answered only the status and `Retry-After` are read. Each endpoint has a courier of its own: one that is slow or down holds up
//! no other. May import: desk, domain, config, view, wording.

use super::{SLEEPS, deepest_cause, insist, retry_after};
use crate::config::Webhook;
use crate::desk::attend::{Work, attend};
use crate::desk::webhook::{HookPost, webhook_id};
use crate::desk::{Desk, Result};
use crate::domain::hex::hex;
use crate::domain::webhook::{Answer, HookEvent, HookNext, PING};
use crate::outbound::DeliverCount;
use crate::view::host;
use crate::wording::webhooks as say;
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Url};
use ring::digest::{Context as Digest, SHA256};
use ring::hmac;
use secrecy::ExposeSecret;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How many are under way at once.
const LANES: usize = 4;
/// How many are leased at once: the last of them must leave before the lease ends, however slow the endpoint is.
const BATCH: i64 = 16;
/// How long one message may take, and how long the connection for it.
const SEND_LIMIT: Duration = Duration::from_secs(15);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// The road to one endpoint.
#[derive(Debug)]
pub struct WebhookCourier {
    name: String,
    url: Url,
    key: hmac::Key,
    configured: String,
    client: Client,
}

/// What came of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// How the endpoint answered.
    pub answer: Answer,
    /// The same, for people.
    pub said: String,
}

impl WebhookCourier {
    /// The courier of a configured endpoint.
    ///
    /// # Errors
    /// When its certificates cannot be read, or there is no TLS to be had.
    pub fn new(webhook: &Webhook) -> anyhow::Result<WebhookCourier> {
        let mut client = Client::builder()
            .use_rustls_tls()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_LIMIT)
            .timeout(SEND_LIMIT)
            .user_agent(concat!("Guichet/", env!("CARGO_PKG_VERSION")));
        if let Some(file) = &webhook.ca_file {
            let unreadable = || format!("{} cannot be read; see `webhook.ca_file`", file.display());
            let pem = std::fs::read(file).with_context(unreadable)?;
            client = client.tls_built_in_root_certs(false);
            for root in Certificate::from_pem_bundle(&pem).with_context(unreadable)? {
                client = client.add_root_certificate(root);
            }
        }
        // What it is made of; never the secret itself.
        let mut configured = Digest::new(&SHA256);
        let words = webhook.events.iter().map(|event| event.as_str());
        for part in [webhook.url.as_str(), webhook.secret.expose_secret()].into_iter().chain(words) {
            configured.update(part.as_bytes());
            configured.update(b"\0");
        }
        Ok(WebhookCourier {
            name: webhook.name.clone(),
            url: Url::parse(&webhook.url)?,
            key: hmac::Key::new(hmac::HMAC_SHA256, &webhook.key()),
            configured: hex(configured.finish().as_ref()),
            client: client.build()?,
        })
    }

    /// What the endpoint is called.
    pub fn endpoint(&self) -> &str {
        &self.name
    }

    /// A fingerprint of what the configuration says of it.
    pub fn configured(&self) -> &str {
        &self.configured
    }

    /// Sends a message that tells nothing.
    ///
    /// # Errors
    /// When the machine has no randomness to give.
    pub async fn ping(&self, now: DateTime<Utc>) -> anyhow::Result<Tried> {
        let ping = host::Webhook { kind: PING, timestamp: now, data: host::WebhookData::default() };
        Ok(self.send(&webhook_id()?, &serde_json::to_string(&ping)?, now).await)
    }

    /// Posts a message, signed as one of this moment.
    async fn send(&self, webhook_id: &str, body: &str, now: DateTime<Utc>) -> Tried {
        let at = now.timestamp();
        let mac = hmac::sign(&self.key, format!("{webhook_id}.{at}.{body}").as_bytes());
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", webhook_id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", format!("v1,{}", STANDARD.encode(mac.as_ref())))
            .body(body.to_owned());
        match request.send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                let answer = Answer::read(status, retry_after(response.headers(), now));
                Tried { answer, said: say::answered(status) }
            }
            Err(error) => Tried { answer: Answer::Away(None), said: unreached(error) },
        }
    }
}

/// Why an endpoint was not reached.
fn unreached(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return say::too_slow(SEND_LIMIT);
    }
    say::unreached(&deepest_cause(error))
}

/// Tells what is due, once: each at most one time.
///
/// # Errors
/// The database's. What was leased and not recorded comes back when its lease ends.
pub async fn deliver(desk: &Desk, courier: &WebhookCourier) -> Result<DeliverCount> {
    drain(desk, courier, &CancellationToken::new()).await
}

/// Tells what becomes due, until `cancel`; what is in hand then is still finished.
pub async fn run(desk: Desk, courier: WebhookCourier, cancel: CancellationToken) {
    attend(&desk, &courier, SLEEPS, &cancel).await;
}

impl Work for WebhookCourier {
    fn name(&self) -> &str {
        &self.name
    }

    async fn do_due(&self, desk: &Desk, cancel: &CancellationToken) -> Result<()> {
        drain(desk, self, cancel).await.map(drop)
    }

    async fn next_due(&self, desk: &Desk) -> Result<Option<DateTime<Utc>>> {
        desk.next_hook(&self.name).await
    }

    async fn rings(&self, desk: &Desk) {
        desk.hook_rings(&self.name).await;
    }
}

async fn drain(desk: &Desk, courier: &WebhookCourier, cancel: &CancellationToken) -> Result<DeliverCount> {
    let mut count = DeliverCount::default();
    while !cancel.is_cancelled() {
        let claimed = desk.claim_hooks(&courier.name, &courier.configured, BATCH).await?;
        if claimed.given_up > 0 {
            count.failed += claimed.given_up;
            let (endpoint, events) = (&courier.name, claimed.given_up);
            tracing::error!(endpoint, events, "events were given up: no endpoint took them for days");
        }
        if claimed.posts.is_empty() && claimed.passed_over == 0 {
            break;
        }
        let mut sends = stream::iter(claimed.posts)
            .map(|post| async move {
                let tried = courier.send(&post.webhook_id, &post.body, desk.clock().now()).await;
                (post, tried)
            })
            .buffer_unordered(LANES);
        let mut first_failure = Ok(());
        while let Some((post, tried)) = sends.next().await {
            let record = || desk.record_hook(&courier.name, &post, tried.answer, &tried.said);
            match insist(record).await {
                Ok(next) => note(&courier.name, &post, next, tried.answer, &mut count),
                // The others are on their way already, and are recorded too.
                Err(failure) if first_failure.is_ok() => first_failure = Err(failure),
                Err(_) => {}
            }
        }
        first_failure?;
    }
    Ok(count)
}

fn note(endpoint: &str, post: &HookPost, next: Option<HookNext>, answer: Answer, count: &mut DeliverCount) {
    let (event, webhook, ticket) = (HookEvent::as_str(post.kind), post.id.0, post.ticket.0);
    match next {
        None => tracing::warn!(endpoint, webhook, "a webhook ended after somebody else had settled it"),
        Some(HookNext::Told) => {
            count.sent += 1;
            tracing::debug!(endpoint, webhook, event, ticket, "told by webhook");
        }
        Some(HookNext::Again(after)) => {
            count.retry += 1;
            let after_seconds = after.as_secs();
            tracing::warn!(
                endpoint,
                webhook,
                event,
                ticket,
                ?answer,
                after_seconds,
                "a webhook waits for another try"
            );
        }
        Some(HookNext::Off) => {
            count.retry += 1;
            tracing::error!(
                endpoint,
                webhook,
                event,
                ticket,
                "an endpoint wants no more webhooks and is switched off"
            );
        }
        Some(HookNext::GivenUp) => {
            count.failed += 1;
            tracing::error!(endpoint, webhook, event, ticket, ?answer, "a webhook was given up");
        }
    }
}

/// A secret that nobody else has: `whsec_` and 32 bytes in base64.
///
/// # Errors
/// When the machine has no randomness to give.
pub fn new_secret() -> anyhow::Result<String> {
    let mut bytes = [0u8; 32];
    let random = ring::rand::SystemRandom::new();
    ring::rand::SecureRandom::fill(&random, &mut bytes)
        .map_err(|_| anyhow::anyhow!("no randomness from the system"))?;
    Ok(format!("whsec_{}", STANDARD.encode(bytes)))
}
