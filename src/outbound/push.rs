//! The courier of Web Push (RFC 8030): one sealed message to one browser, by the service that the browser named.
//!
//! Anybody who has a requester's page may name an address for us to post to. So it is a service on the internet or none: no
//! address of a machine nearby, no redirection, and of what is answered only the status is read.
//! May import: desk, domain, webpush, wording.

use super::{SLEEPS, deepest_cause, insist, retry_after};
use crate::desk::attend::{Work, attend};
use crate::desk::push::Push;
use crate::desk::{Desk, Result};
use crate::domain::delivery::{Channel, Next, Outcome, SkipReason};
use crate::outbound::DeliverCount;
use crate::webpush::{self, Vapid};
use crate::wording::prose::clean_line;
use crate::wording::{self, labels};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How many are under way at once.
const LANES: usize = 8;
/// How many are leased at once: the last of them must leave before the lease ends, however slow the services are.
const BATCH: i64 = 64;
/// How long one message may take.
const SEND_LIMIT: Duration = Duration::from_secs(15);
/// The longest text that is shown, in characters: a screen shows some three lines.
const LONGEST_SHOWN: usize = 300;

/// The road to browsers.
#[derive(Debug)]
pub struct PushCourier {
    vapid: Vapid,
    client: Client,
    near: bool,
}

impl PushCourier {
    /// `near`: services on this machine are taken too, where the desk itself is seen on this machine only.
    ///
    /// # Errors
    /// When there is no TLS to be had.
    pub fn new(vapid: Vapid, near: bool) -> anyhow::Result<PushCourier> {
        let client = Client::builder()
            .use_rustls_tls()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(SEND_LIMIT)
            .dns_resolver(Arc::new(Outside { near }))
            .user_agent(concat!("Guichet/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(PushCourier { vapid, client, near })
    }

    /// Whether an address is a name, which is looked up by [`Outside`]; a number would be reached as it is.
    fn is_named(&self, endpoint: &str) -> bool {
        let Ok(url) = Url::parse(endpoint) else { return false };
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        host.parse::<IpAddr>().map_or(!host.is_empty(), |ip| self.near && ip.is_loopback())
    }

    async fn send(&self, push: &Push, desk: &Desk) -> Outcome {
        match self.post(push, desk).await {
            Ok(response) => read(&response, desk.clock().now()),
            Err(outcome) => outcome,
        }
    }

    async fn post(&self, push: &Push, desk: &Desk) -> std::result::Result<Response, Outcome> {
        let refused = |error: anyhow::Error| Outcome::Failed(format!("{error:#}"));
        if !self.is_named(&push.browser.endpoint) {
            return Err(Outcome::Failed(wording::mail::push_to_a_machine().to_owned()));
        }
        let body = webpush::seal(&push.browser, message(push)).map_err(refused)?;
        let authorization =
            self.vapid.authorization(&push.browser.endpoint, desk.clock().now()).map_err(refused)?;
        let mut request = self
            .client
            .post(&push.browser.endpoint)
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_ENCODING, "aes128gcm")
            .header("TTL", push.lasts.as_secs())
            .header("Urgency", "normal")
            .body(body);
        if let Some(topic) = &push.topic {
            request = request.header("Topic", topic);
        }
        request
            .send()
            .await
            .map_err(|error| Outcome::Retry(wording::mail::push_unreached(&deepest_cause(error))))
    }
}

/// What the service worker shows, as `templates/web/worker.js` reads it.
fn message(push: &Push) -> Vec<u8> {
    json!({
        "title": clean_line(&push.title, LONGEST_SHOWN),
        "body": clean_line(&push.message, LONGEST_SHOWN),
        "url": push.url,
        "tag": push.tag,
    })
    .to_string()
    .into_bytes()
}

/// A service's answer (RFC 8030 sections 5 and 7.3).
fn read(response: &Response, now: DateTime<Utc>) -> Outcome {
    let status = response.status();
    let why = wording::mail::push_refused(status.as_u16());
    match status {
        _ if status.is_success() => Outcome::Sent,
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            Outcome::Skipped(labels::skip_reason(SkipReason::Unsubscribed))
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => again(response, why, now),
        _ if status.is_server_error() => again(response, why, now),
        _ => Outcome::Failed(why),
    }
}

fn again(response: &Response, why: String, now: DateTime<Utc>) -> Outcome {
    match retry_after(response.headers(), now) {
        Some(wait) => Outcome::RetryAfter(why, wait),
        None => Outcome::Retry(why),
    }
}

/// Looks names up, and gives back only what is on the internet.
#[derive(Debug)]
struct Outside {
    near: bool,
}

impl Resolve for Outside {
    fn resolve(&self, name: Name) -> Resolving {
        let near = self.near;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let outside: Vec<SocketAddr> = found
                .filter(|address| is_outside(address.ip()) || (near && address.ip().is_loopback()))
                .collect();
            if outside.is_empty() {
                return Err("its name leads to no address on the internet".into());
            }
            Ok(Box::new(outside.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of a machine on the internet (RFC 6890).
fn is_outside(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_outside_v4(ip),
        IpAddr::V6(ip) => is_outside_v6(ip),
    }
}

fn is_outside_v4(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let benchmark = a == 198 && (b == 18 || b == 19);
    let special = a == 0 || a >= 240 || (a == 192 && ip.octets()[1..3] == [0, 0]);
    !(ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
        || ip.is_documentation()
        || shared
        || benchmark
        || special)
}

fn is_outside_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    // What is handed out on the internet is 2000::/3; 6to4 and Teredo within it carry an older address.
    let handed_out = segments[0] & 0xe000 == 0x2000;
    let documentation = segments[0] == 0x2001 && segments[1] == 0xdb8;
    let tunnel = segments[0] == 0x2002 || (segments[0] == 0x2001 && segments[1] == 0);
    handed_out && !documentation && !tunnel
}

/// Tells what is due, once: each at most one time.
///
/// # Errors
/// The database's. What was leased and not recorded comes back when its lease ends.
pub async fn deliver(desk: &Desk, courier: &PushCourier) -> Result<DeliverCount> {
    drain(desk, courier, &CancellationToken::new()).await
}

/// Tells what becomes due, until `cancel`; what is in hand then is still finished.
pub async fn run(desk: Desk, courier: PushCourier, cancel: CancellationToken) {
    attend(&desk, &courier, SLEEPS, &cancel).await;
}

impl Work for PushCourier {
    fn name(&self) -> &str {
        Channel::Push.as_str()
    }

    async fn do_due(&self, desk: &Desk, cancel: &CancellationToken) -> Result<()> {
        drain(desk, self, cancel).await.map(drop)
    }

    async fn next_due(&self, desk: &Desk) -> Result<Option<DateTime<Utc>>> {
        desk.next_due(Channel::Push).await
    }

    async fn rings(&self, desk: &Desk) {
        desk.push_rings().await;
    }
}

async fn drain(desk: &Desk, courier: &PushCourier, cancel: &CancellationToken) -> Result<DeliverCount> {
    let mut count = DeliverCount::default();
    while !cancel.is_cancelled() {
        let claimed = desk.claim_pushes(BATCH).await?;
        count.skipped += claimed.skipped;
        if claimed.pushes.is_empty() && claimed.skipped == 0 {
            break;
        }
        let mut sends = stream::iter(claimed.pushes)
            .map(|push| async move {
                let outcome = courier.send(&push, desk).await;
                (push, outcome)
            })
            .buffer_unordered(LANES);
        let mut first_failure = Ok(());
        while let Some((push, outcome)) = sends.next().await {
            match insist(|| desk.record_push(&push, outcome.clone())).await {
                Ok(next) => note(&push, next.as_ref(), &mut count),
                // The others are on their way already, and are recorded too.
                Err(failure) if first_failure.is_ok() => first_failure = Err(failure),
                Err(_) => {}
            }
        }
        first_failure?;
    }
    Ok(count)
}

fn note(push: &Push, next: Option<&Next>, count: &mut DeliverCount) {
    let (delivery, ticket) = (push.id.0, push.ticket.0);
    match next {
        None => tracing::warn!(delivery, ticket, "a push ended after somebody else had settled it"),
        Some(Next::Sent) => {
            count.sent += 1;
            tracing::debug!(delivery, ticket, "pushed");
        }
        Some(Next::Again { after, why, .. }) => {
            count.retry += 1;
            tracing::warn!(
                delivery,
                ticket,
                why,
                after_seconds = after.as_secs(),
                "a push waits for another try"
            );
        }
        Some(Next::Skipped(_)) => {
            count.skipped += 1;
            tracing::info!(delivery, ticket, "a browser is told no more: its service does not know it");
        }
        Some(Next::Failed(why) | Next::Uncertain(why)) => {
            count.failed += 1;
            tracing::error!(delivery, ticket, why, "a push was given up");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_posted_to_a_machine_nearby() {
        for near in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "203.0.113.7",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:0:1::",
            "2001:db8::1",
        ] {
            assert!(!is_outside(near.parse().unwrap()), "{near}");
        }
        for outside in ["142.250.1.1", "34.117.65.55", "2a00:1450:4007:80f::200a", "::ffff:8.8.8.8"] {
            assert!(is_outside(outside.parse().unwrap()), "{outside}");
        }
    }
}
