//! `guichet webhook …`: the endpoints of the host application, what waits for them, and a proof that they answer.

use super::{Done, Ended, acting, misconfigured, print, print_json};
use crate::app::{self, Opened};
use crate::desk::webhook::Standing;
use crate::domain::ids::HookPostId;
use crate::domain::webhook::Answer;
use crate::outbound::webhook::{WebhookCourier, new_secret};
use crate::wording::{dates, webhooks as say};
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum WebhookCommand {
    #[command(about = say::LIST)]
    List,
    #[command(about = say::TEST)]
    Test {
        /// One of them; all, where none is named
        name: Option<String>,
    },
    #[command(about = say::RESEND)]
    Resend {
        /// Their numbers
        ids: Vec<i64>,
        /// Everything that was given up
        #[arg(long, conflicts_with = "ids")]
        failed: bool,
    },
    #[command(about = say::KEYGEN)]
    Keygen,
}

/// A secret for `[webhook]`, as lines of the configuration; nothing is kept of it.
pub(super) fn keygen(json: bool) -> Done {
    let secret = new_secret()?;
    print_json(json, &json!({ "secret": secret }), &say::secret(&secret));
    Ok(())
}

pub(super) async fn run(opened: &Opened, command: &WebhookCommand, agent: Option<&str>, json: bool) -> Done {
    match command {
        WebhookCommand::List => list(opened, json).await,
        WebhookCommand::Test { name } => test(opened, name.as_deref(), json).await,
        WebhookCommand::Resend { ids, failed } => resend(opened, ids, *failed, agent, json).await,
        WebhookCommand::Keygen => keygen(json),
    }
}

async fn list(opened: &Opened, json: bool) -> Done {
    let standings = opened.desk.hook_standings().await?;
    let given_up = opened.desk.given_up_hooks().await?;
    if json {
        let endpoints: Vec<_> = standings.iter().map(in_json).collect();
        let given_up: Vec<_> = given_up
            .iter()
            .map(|one| {
                json!({
                    "id": one.id, "endpoint": one.endpoint, "type": one.kind.as_str(), "ticket": one.ticket,
                    "why": one.why, "at": one.at,
                })
            })
            .collect();
        print_json(true, &json!({ "endpoints": endpoints, "failed": given_up }), "");
        return Ok(());
    }
    if standings.is_empty() {
        print(say::NONE);
    }
    let zone = opened.config.timezone;
    for standing in &standings {
        let endpoint = standing.endpoint.as_ref();
        let failure = endpoint.and_then(|one| one.last_failure_at.zip(one.last_failure.as_deref()));
        print(&say::standing(
            &say::Shown {
                name: &standing.name,
                waiting: standing.waiting + standing.sending,
                given_up: standing.given_up,
                last_success: endpoint.and_then(|one| one.last_success_at),
                last_failure: failure,
                failing_since: endpoint.and_then(|one| one.failing_since),
                off_at: endpoint.and_then(|one| one.off_at),
            },
            zone,
        ));
    }
    if !given_up.is_empty() {
        print(say::GIVEN_UP);
    }
    for one in given_up {
        let (at, event) = (dates::date(one.at, zone), one.kind.as_str());
        print(&say::given_up(one.id.0, &one.endpoint, event, one.ticket.0, &one.why, &at));
    }
    Ok(())
}

fn in_json(standing: &Standing) -> serde_json::Value {
    let endpoint = standing.endpoint.as_ref();
    json!({
        "name": standing.name,
        "waiting": standing.waiting + standing.sending,
        "failed": standing.given_up,
        "last_success_at": endpoint.and_then(|one| one.last_success_at),
        "last_failure_at": endpoint.and_then(|one| one.last_failure_at),
        "last_failure": endpoint.and_then(|one| one.last_failure.as_deref()),
        "failing_since": endpoint.and_then(|one| one.failing_since),
        "off_at": endpoint.and_then(|one| one.off_at),
    })
}

/// Exit code 1 where one did not take the ping.
async fn test(opened: &Opened, name: Option<&str>, json: bool) -> Done {
    let couriers = app::webhook_couriers(&opened.config).map_err(misconfigured)?;
    let chosen: Vec<&WebhookCourier> =
        couriers.iter().filter(|one| name.is_none_or(|name| one.endpoint() == name)).collect();
    if chosen.is_empty() {
        let known: Vec<&str> = couriers.iter().map(WebhookCourier::endpoint).collect();
        return Err(Ended::Refused(match name {
            Some(name) if !known.is_empty() => say::unknown(name, &known),
            _ => say::NONE.to_owned(),
        }));
    }
    let (mut tried, mut refused) = (Vec::new(), 0);
    for courier in chosen {
        let one = courier.ping(opened.desk.clock().now()).await?;
        let is_taken = one.answer == Answer::Taken;
        if is_taken {
            opened.desk.hook_is_well(courier.endpoint(), courier.configured()).await?;
        } else {
            refused += 1;
        }
        if json {
            tried.push(json!({ "name": courier.endpoint(), "ok": is_taken, "detail": one.said }));
        } else {
            print(&say::tested(courier.endpoint(), is_taken, &one.said));
        }
    }
    print_json(json, &tried, "");
    if refused == 0 { Ok(()) } else { Err(Ended::Refused(say::not_taken(refused))) }
}

/// Exit code 1 where a number is none of those; the others are told again.
async fn resend(opened: &Opened, ids: &[i64], failed: bool, agent: Option<&str>, json: bool) -> Done {
    let desk = opened.desk.acting(acting(opened, agent).await?);
    let (mut count, mut unknown) = (0, Vec::new());
    if failed {
        count = desk.tell_hooks_again().await?;
    } else if ids.is_empty() {
        return Err(Ended::Refused(say::NOTHING_NAMED.to_owned()));
    }
    for id in ids {
        match desk.tell_hook_again(HookPostId(*id)).await? {
            true => count += 1,
            false => unknown.push(say::not_one(*id)),
        }
    }
    if failed || count > 0 {
        print_json(json, &json!({ "resent": count }), &say::told_again(count));
    }
    if unknown.is_empty() { Ok(()) } else { Err(Ended::Refused(unknown.join("\n"))) }
}
