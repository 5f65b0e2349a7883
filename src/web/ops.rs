//! For operations: is it alive, can it work, how much is there. Text for machines, in English. May import: desk,
//! domain.

use super::Web;
use super::guard::asks_this_machine;
use super::syncs::Sync;
use crate::desk::Failure;
use crate::domain::alert::AlertKind;
use crate::domain::delivery::DeliveryState;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;

/// Whoever probes gives up soon; a database that is slower than this is not ready.
const PROBE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);

/// `GET /healthz`: the process answers.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the database answers, nothing stops mail, and every mailbox was read lately.
pub async fn ready(State(web): State<Web>) -> Response {
    let look = async { Ok((web.syncs().await?, web.desk().alerts().await?)) };
    let (syncs, alerts) = match tokio::time::timeout(PROBE_TIMEOUT, look).await {
        Ok(Ok(seen)) => seen,
        Ok(Err(failure)) => return unavailable(&failure),
        Err(_) => return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response(),
    };
    if let Some(alert) = alerts.iter().find(|alert| alert.kind.stops_mail()) {
        let what = format!("mail has stopped: {}\n", alert.kind.as_str());
        return (StatusCode::SERVICE_UNAVAILABLE, what).into_response();
    }
    let late: Vec<&Sync> = syncs.iter().filter(|sync| sync.is_late).collect();
    if late.is_empty() {
        return "ready\n".into_response();
    }
    for sync in late {
        let latest = sync.at.map(|at| at.to_rfc3339());
        tracing::warn!(mailbox = sync.label, latest, "not ready: a mailbox was not read lately");
    }
    (StatusCode::SERVICE_UNAVAILABLE, "a mailbox was not read lately\n").into_response()
}

/// `GET /metrics`: the five figures, the deliveries and the last good reading of each mailbox, in the text format of
/// Prometheus. For this machine only: counts of tickets are nobody else's business.
pub async fn metrics(State(web): State<Web>, request: Request) -> Response {
    // What a proxy on this machine passes on comes from elsewhere; it is known by what it adds, or by the host it was asked for.
    let headers = request.headers();
    let is_passed_on =
        ["forwarded", "via", "x-forwarded-for", "x-real-ip"].iter().any(|name| headers.contains_key(*name))
            || !asks_this_machine(headers, request.uri());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    if is_passed_on || !peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match read(&web).await {
        Ok(text) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
        }
        Err(failure) => unavailable(&failure),
    }
}

async fn read(web: &Web) -> Result<String, Failure> {
    let figures = web.desk().figures().await?;
    let mut text = String::from("# HELP guichet_tickets Tickets by status; total leaves spam out.\n");
    text.push_str("# TYPE guichet_tickets gauge\n");
    for (status, count) in [
        ("total", figures.total),
        ("new", figures.new),
        ("in_progress", figures.in_progress),
        ("waiting_customer", figures.waiting_customer),
        ("resolved", figures.resolved),
    ] {
        text.push_str(&format!("guichet_tickets{{status=\"{status}\"}} {count}\n"));
    }
    text.push_str(
        "# HELP guichet_deliveries Notices by where they stand; those that ended well, of the last day.\n\
         # TYPE guichet_deliveries gauge\n",
    );
    let counts = web.desk().count_deliveries().await?;
    for state in DeliveryState::ALL {
        // A state without deliveries is a zero, not a gap.
        let count: i64 = counts.iter().filter(|(_, known, _)| *known == state).map(|(.., count)| count).sum();
        text.push_str(&format!("guichet_deliveries{{state=\"{}\"}} {count}\n", state.as_str()));
    }
    text.push_str("# HELP guichet_alerts What needs a person.\n# TYPE guichet_alerts gauge\n");
    let alerts = web.desk().alerts().await?;
    for kind in AlertKind::ALL {
        let count = alerts.iter().filter(|alert| alert.kind == kind).count();
        text.push_str(&format!("guichet_alerts{{kind=\"{}\"}} {count}\n", kind.as_str()));
    }
    let posts = web.desk().count_posts().await?;
    if !posts.is_empty() {
        text.push_str(
            "# HELP guichet_posts What waits to be posted to chat, or was refused there for good (failed).\n",
        );
        text.push_str("# TYPE guichet_posts gauge\n");
    }
    for (platform, state, count) in posts {
        text.push_str(&format!("guichet_posts{{platform=\"{platform}\",state=\"{state}\"}} {count}\n"));
    }
    let copies = web.desk().count_copies().await?;
    if !copies.is_empty() {
        text.push_str(
            "# HELP guichet_sent_copies Copies of sent mails, kept in a folder of the account or not.\n",
        );
        text.push_str("# TYPE guichet_sent_copies gauge\n");
    }
    for (state, count) in copies {
        text.push_str(&format!("guichet_sent_copies{{state=\"{state}\"}} {count}\n"));
    }
    let hooks = web.desk().hook_standings().await?;
    if !hooks.is_empty() {
        text.push_str(
            "# HELP guichet_webhooks What waits to be told by webhook, or was given up (failed).\n",
        );
        text.push_str("# TYPE guichet_webhooks gauge\n");
    }
    for hook in &hooks {
        let endpoint = label_value(&hook.name);
        for (state, count) in
            [("pending", hook.waiting), ("sending", hook.sending), ("failed", hook.given_up)]
        {
            text.push_str(&format!(
                "guichet_webhooks{{endpoint=\"{endpoint}\",state=\"{state}\"}} {count}\n"
            ));
        }
    }
    let taken: Vec<(String, i64)> = hooks
        .iter()
        .filter_map(|hook| {
            Some((label_value(&hook.name), hook.endpoint.as_ref()?.last_success_at?.timestamp()))
        })
        .collect();
    if !taken.is_empty() {
        text.push_str("# HELP guichet_webhook_success_seconds When the endpoint last took something.\n");
        text.push_str("# TYPE guichet_webhook_success_seconds gauge\n");
    }
    for (endpoint, at) in taken {
        text.push_str(&format!("guichet_webhook_success_seconds{{endpoint=\"{endpoint}\"}} {at}\n"));
    }
    let (syncs, now) = (web.syncs().await?, web.here().now);
    // A mailbox that was never read has no sample: the absence is what is watched for.
    let read: Vec<(String, i64, f64)> = syncs
        .iter()
        .filter_map(|sync| {
            Some((label_value(&sync.label), sync.at?.timestamp(), sync.age(now)?.as_secs_f64()))
        })
        .collect();
    text.push_str("# HELP guichet_mailbox_sync_seconds When the mailbox was last read without a fault.\n");
    text.push_str("# TYPE guichet_mailbox_sync_seconds gauge\n");
    for (label, at, _) in &read {
        text.push_str(&format!("guichet_mailbox_sync_seconds{{mailbox=\"{label}\"}} {at}\n"));
    }
    text.push_str("# HELP guichet_mailbox_sync_age_seconds How long ago that was.\n");
    text.push_str("# TYPE guichet_mailbox_sync_age_seconds gauge\n");
    for (label, _, age) in &read {
        text.push_str(&format!("guichet_mailbox_sync_age_seconds{{mailbox=\"{label}\"}} {age}\n"));
    }
    if let Some(taken) = web.desk().canary_round_trip().await? {
        text.push_str("# HELP guichet_canary_round_trip_seconds What the last mail to ourselves took.\n");
        text.push_str("# TYPE guichet_canary_round_trip_seconds gauge\n");
        text.push_str(&format!("guichet_canary_round_trip_seconds {}\n", taken.as_secs_f64()));
    }
    Ok(text)
}

fn unavailable(failure: &Failure) -> Response {
    let error = match failure {
        Failure::Broken(error) => format!("{error:#}"),
        Failure::Refused(refusal) => format!("{refusal:?}"),
    };
    tracing::error!(error, "not ready");
    (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
}

/// A value between quotes of the text format: a folder may be called anything.
fn label_value(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_folder_ends_the_quotes() {
        assert_eq!(label_value("Ventes \"2026\"\\\n"), "Ventes \\\"2026\\\"\\\\ ");
    }
}
