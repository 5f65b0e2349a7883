//! `guichet check`: tries every connection that the configuration names.

use super::{Done, Ended, print, print_json};
use crate::app;
use crate::chat::{discord, slack};
use crate::clock::Clock;
use crate::config::{Config, OAuth2};
use crate::desk::{Desk, shelf};
use crate::domain::chat::Platform;
use crate::domain::webhook::Answer;
use crate::inbound::{self, Source, Tried};
use crate::oauth::accounts::back;
use crate::outbound::{Courier, published};
use crate::store::Store;
use crate::wording::{check as say, config_faults, dates, sign_in, webhooks};
use serde::Serialize;
use std::path::Path;

/// One thing that was tried.
#[derive(Debug, Serialize)]
struct Check {
    check: &'static str,
    ok: bool,
    detail: String,
}

/// Tries everything, then says it line by line; exit code 1 when something must be mended.
pub(super) async fn check(config: &Config, json: bool) -> Done {
    let mut checks = vec![Check { check: "config", ok: true, detail: say::CONFIG_READ.to_owned() }];
    checks.push(outcome("database", database(config).await));
    let desk = if config.oauth2_accounts().is_empty() {
        None
    } else {
        // A provider may give another refresh token for the one we show: there must be a place to keep it.
        match app::open(config.clone(), Clock::System).await {
            Ok(opened) => Some(opened.desk),
            Err(stopped) => {
                checks.push(outcome("token", Err(said(stopped))));
                None
            }
        }
    };
    if let Some(desk) = &desk {
        for account in config.oauth2_accounts() {
            checks.push(outcome("token", token(config, desk, account).await));
        }
    }
    match app::sources(config) {
        Ok(sources) => {
            for source in &sources {
                checks.push(outcome("inbox", inbox(source, desk.as_ref()).await));
            }
        }
        Err(_) => checks.push(outcome("inbox", Err(say::NO_INBOX.to_owned()))),
    }
    checks.push(outcome("outbox", outbox(config, desk.as_ref()).await));
    if let Some(smtp) = &config.smtp {
        let found = published::check(smtp).await;
        checks.extend(found.into_iter().map(|line| Check {
            check: line.check,
            ok: line.ok,
            detail: line.detail,
        }));
    }
    if config.push.is_some() {
        checks.push(outcome("push", push(config)));
    }
    checks.extend(endpoints(config).await);
    if let Some(discord) = &config.discord {
        let tried = discord::check::check(discord, &back(&config.public_url, Platform::Discord)).await;
        checks.extend(tried.into_iter().map(|line| Check {
            check: "discord",
            ok: line.ok,
            detail: line.detail,
        }));
    }
    if let Some(slack) = &config.slack {
        let tried = slack::check::check(slack, &back(&config.public_url, Platform::Slack)).await;
        let line = |line: slack::check::Line| Check { check: "slack", ok: line.ok, detail: line.detail };
        checks.extend(tried.into_iter().map(line));
    }
    checks.push(outcome("templates", templates(config)));
    checks.push(outcome("docs", docs(config)));
    checks.push(outcome("web", web(config).await));
    if let Some(desk) = &desk {
        desk.close().await;
    }
    if json {
        print_json(true, &checks, "");
    } else {
        for check in &checks {
            print(&say::line(check.ok, check.check, &check.detail));
        }
    }
    let failed = checks.iter().filter(|check| !check.ok).count();
    if failed > 0 { Err(Ended::Refused(say::to_mend(failed))) } else { Ok(()) }
}

fn outcome(check: &'static str, tried: Result<String, String>) -> Check {
    let ok = tried.is_ok();
    Check { check, ok, detail: tried.unwrap_or_else(|why| why) }
}

async fn database(config: &Config) -> Result<String, String> {
    let shown = config.shown_database_url();
    if let Some(file) = config.database_file().filter(|file| !file.exists()) {
        let tried = try_writing(file.parent().unwrap_or(Path::new(".")));
        return match tried {
            Ok(()) => Ok(say::database_to_come(&shown)),
            Err(why) => Err(say::database_fails(&shown, &why.to_string())),
        };
    }
    let tried = async {
        let store = Store::open_existing(&config.database_url).await?;
        let is_up_to_date = store.migrations().await?.iter().all(|migration| migration.applied);
        let refused = if is_up_to_date { store.refused_statements().await? } else { Vec::new() };
        store.close().await;
        anyhow::ensure!(refused.is_empty(), "statements refused: {refused:?}");
        anyhow::Ok(is_up_to_date)
    };
    match tried.await {
        Ok(is_up_to_date) => Ok(say::database_ready(&shown, is_up_to_date)),
        Err(error) => Err(say::database_fails(&shown, &format!("{error:#}"))),
    }
}

/// Uses the refresh token now: the only proof that the next time will work.
async fn token(config: &Config, desk: &Desk, account: &OAuth2) -> Result<String, String> {
    desk.renew_token(account).await.map_err(|fault| fault.to_string())?;
    let standing = desk.token_standing(account).await.map_err(|failure| failure.to_string())?;
    let until = standing.and_then(|standing| standing.expires_at);
    let until = until.map(|end| dates::date(end, config.timezone)).unwrap_or_default();
    Ok(sign_in::token_ready(&account.account, &until))
}

pub(super) async fn inbox(source: &Source, tokens: Option<&Desk>) -> Result<String, String> {
    let tried = inbound::try_connection(source, tokens).await;
    match tried.map_err(|error| format!("{}: {}", source.label(), source.says(&error)))? {
        Tried::Imap { mails, announces, .. } => Ok(say::mailbox_ready(source.label(), mails, announces)),
        Tried::Maildir { folder, waiting } => {
            // A mail that was taken in moves from the one to the other.
            try_maildir(&folder, &["new", "cur"], "maildir.inbox")?;
            Ok(say::inbox_ready(&folder.display().to_string(), waiting))
        }
    }
}

/// Whether files can be made and moved in these folders of a Maildir; those that are missing are made with the first.
fn try_maildir(folder: &Path, parts: &[&str], key: &str) -> Result<(), String> {
    for part in parts.iter().map(|part| folder.join(part)) {
        try_writing(&part).map_err(|why| format!("{}: {why}; `{key}`", part.display()))?;
    }
    Ok(())
}

/// Makes a file in the folder, or in the nearest above it that there is, and removes it again. No mailbox reads a name with a
/// dot before it.
fn try_writing(folder: &Path) -> std::io::Result<()> {
    let there = folder.ancestors().find(|above| above.exists()).unwrap_or(Path::new("."));
    let file = there.join(format!(".guichet-check-{}", std::process::id()));
    std::fs::OpenOptions::new().write(true).create_new(true).open(&file)?;
    std::fs::remove_file(&file)
}

fn said(stopped: app::Stopped) -> String {
    match stopped {
        app::Stopped::Misconfigured(faults) => config_faults::say_all(&faults),
        app::Stopped::NoDatabase(url, why) => say::database_fails(&url, &why),
        app::Stopped::NoPort(address, why) => format!("{address}: {why}"),
        app::Stopped::NoFolder(folder, why) => format!("{}: {why}", folder.display()),
        app::Stopped::Broken(error) => format!("{error:#}"),
    }
}

async fn outbox(config: &Config, tokens: Option<&Desk>) -> Result<String, String> {
    let post = app::post_room(config, tokens).map_err(|stopped| match stopped {
        app::Stopped::Misconfigured(_) if config.outbox().is_err() => say::NO_OUTBOX.to_owned(),
        other => said(other),
    })?;
    match &post.courier {
        Courier::Smtp(courier) => courier.try_connection().await.map(|()| say::SMTP_READY.to_owned()),
        Courier::Maildir(_) => {
            let folder = config.maildir.outbox.as_deref().unwrap_or(Path::new("."));
            try_maildir(folder, &["tmp", "new", "cur"], "maildir.outbox")?;
            Ok(say::folder_ready(&folder.display().to_string()))
        }
    }
}

/// What browsers would be given; the services that they name are known only then.
fn push(config: &Config) -> Result<String, String> {
    app::push_courier(config).map(|_| say::PUSH_READY.to_owned()).map_err(|_| say::NO_PUSH_KEY.to_owned())
}

/// Each endpoint gets a ping.
async fn endpoints(config: &Config) -> Vec<Check> {
    let couriers = match app::webhook_couriers(config) {
        Ok(couriers) => couriers,
        Err(stopped) => return vec![outcome("webhook", Err(said(stopped)))],
    };
    let mut checks = Vec::with_capacity(couriers.len());
    for courier in couriers {
        let name = courier.endpoint();
        checks.push(outcome(
            "webhook",
            match courier.ping(Clock::System.now()).await {
                Ok(tried) if tried.answer == Answer::Taken => Ok(webhooks::ready(name, &tried.said)),
                Ok(tried) => Err(webhooks::not_ready(name, &tried.said)),
                Err(error) => Err(webhooks::not_ready(name, &error.to_string())),
            },
        ));
    }
    checks
}

/// Reads every standard reply and every template of mails, also where no mail is sent.
fn templates(config: &Config) -> Result<String, String> {
    app::catalogue(config).and_then(|_| app::templates(config)).map_err(said)?;
    Ok(say::TEMPLATES_READ.to_owned())
}

/// Reads every page of the team's own.
fn docs(config: &Config) -> Result<String, String> {
    let folder = config.docs_dir.display().to_string();
    match shelf::look_at(&config.docs_dir) {
        (own, unread) if unread.is_empty() => Ok(say::articles_read(&folder, own)),
        (_, unread) => Err(say::articles_unread(&folder, &unread)),
    }
}

async fn web(config: &Config) -> Result<String, String> {
    let address = config.web.listen;
    match tokio::net::TcpListener::bind(address).await {
        Ok(_) => Ok(say::port_free(&address.to_string())),
        Err(why) if why.kind() == std::io::ErrorKind::AddrInUse => Ok(say::port_taken(&address.to_string())),
        Err(why) => Err(format!("{address}: {why}; `web.listen`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Fault;

    #[test]
    fn a_key_that_is_none_is_told_by_its_name() {
        let why = said(app::Stopped::Misconfigured(vec![Fault::no_key("push.vapid_private_key")]));
        assert!(why.starts_with("push.vapid_private_key"), "{why}");
    }

    #[test]
    fn what_is_tried_is_the_nearest_folder_and_nothing_stays_in_it() {
        let folder = tempfile::tempdir().unwrap();
        try_writing(&folder.path().join("data/deep")).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(try_writing(&folder.path().join("file/data")).is_err());
        let outbox = folder.path().join("file");
        let why = try_maildir(&outbox, &["tmp", "new"], "maildir.outbox").unwrap_err();
        assert!(why.contains("file/tmp") && why.ends_with("`maildir.outbox`"), "{why}");
    }
}
