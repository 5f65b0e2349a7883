//! The only file that knows everyone: reads what the configuration names, builds the desk and its doors, starts
//! them, says which of them died, and stops them with grace. May import: demo, chat, inbound, outbound, scheduler, web,
//! desk, oauth, webpush, wording, config, store, clock, telemetry, domain.

use crate::chat;
use crate::clock::Clock;
use crate::config::{
    self, Config, Fault, Inbox, Limits, Maildir, OAuth2, Outbox, Problem, SlackRoad, Threading, Web, Webhook,
};
use crate::demo;
use crate::desk::{Desk, Settings, tokens};
use crate::domain::alert::AlertKind;
use crate::domain::chat::Platform;
use crate::domain::people::{Role, normal_address};
use crate::domain::rules::Rules;
use crate::inbound::{self, Source};
use crate::oauth::accounts::Accounts;
use crate::outbound::compose::Letterhead;
use crate::outbound::maildir::MaildirCourier;
use crate::outbound::push::PushCourier;
use crate::outbound::smtp::SmtpCourier;
use crate::outbound::webhook::WebhookCourier;
use crate::outbound::{self, Courier, PostRoom};
use crate::scheduler;
use crate::store::{MigrationFault, Store};
use crate::telemetry::warn_line;
use crate::web;
use crate::webpush::Vapid;
use crate::wording::canned::Catalogue;
use crate::wording::templates::Templates;
use crate::wording::welcome;
use chrono_tz::Tz;
use secrecy::ExposeSecret;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long a door may take to finish what is in hand once it was asked to stop.
const GRACE: Duration = Duration::from_secs(7);

/// How long closing the database may take.
const LAST_CLOSE: Duration = Duration::from_secs(2);
/// The pauses while a database is away when `serve` starts: doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A configuration with its desk.
pub struct Opened {
    /// What was configured.
    pub config: Config,
    /// The desk on its migrated database.
    pub desk: Desk,
}

/// Why nothing could be started, or everything stopped.
#[derive(Debug)]
pub enum Stopped {
    /// The configuration lacks something.
    Misconfigured(Vec<Fault>),
    /// The database cannot be opened: its address without password, and why.
    NoDatabase(String, String),
    /// The pages cannot be served there, and why.
    NoPort(SocketAddr, String),
    /// The demo cannot live in this folder, and why.
    NoFolder(PathBuf, String),
    /// Anything else.
    Broken(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Stopped {
    fn from(error: E) -> Stopped {
        Stopped::Broken(error.into())
    }
}

/// Opens the database, brings it up to date, and puts a desk on it.
///
/// # Errors
/// [`Stopped::Misconfigured`] when a standard reply or a template cannot be used; [`Stopped::NoDatabase`]; [`Stopped::Broken`] with
/// what the operator must look at.
pub async fn open(config: Config, clock: Clock) -> Result<Opened, Stopped> {
    for key in &config.later {
        tracing::warn!(key, "this version does not carry this key out; it has no effect");
    }
    let catalogue = catalogue(&config)?;
    // Read again where mail is sent: one that cannot be used is said before any door is open.
    templates(&config)?;
    let no_database = |why: String| Stopped::NoDatabase(config.shown_database_url(), why);
    let store = Store::open(&config.database_url).await.map_err(|error| no_database(error.to_string()))?;
    match store.migrate().await {
        // A database that cannot be reached comes back; one that a later version wrote does not change.
        Err(MigrationFault::Passing(why)) => return Err(no_database(why)),
        Err(MigrationFault::Lasting(why)) => {
            return Err(anyhow::anyhow!(
                "{} cannot be brought up to date: {why}",
                config.shown_database_url()
            )
            .into());
        }
        Ok(()) => {}
    }
    let own_addresses = own_addresses(&config);
    let mail_host = own_addresses.first().and_then(|address| address.split_once('@')).map(|(_, host)| host);
    let settings = Settings {
        mail_host: mail_host.unwrap_or("localhost").to_owned(),
        public_url: config.public_url.clone(),
        brand: config.brand.clone(),
        rules: config.rules(),
        plus_addresses: config.threading.plus_addresses,
        authserv_ids: authserv_ids(&config),
        own_addresses,
        catalogue,
        docs_dir: config.docs_dir.clone(),
        chats: platforms(&config),
        hooks: config.webhooks.iter().map(Webhook::hook).collect(),
        push_key: vapid(&config)?.map(|vapid| vapid.public_key().to_owned()),
        keeps_sent: sent_keeper(&config).is_some(),
    };
    let desk = Desk::open(store, clock, settings).await?;
    Ok(Opened { config, desk })
}

/// The chat platforms that the team is told on.
fn platforms(config: &Config) -> Vec<Platform> {
    let discord = config.discord.iter().map(|_| Platform::Discord);
    discord.chain(config.slack.iter().map(|_| Platform::Slack)).collect()
}

/// The key that browsers know us by, where one is configured.
fn vapid(config: &Config) -> Result<Option<Vapid>, Stopped> {
    let Some(push) = &config.push else { return Ok(None) };
    let vapid = Vapid::new(push.vapid_private_key.expose_secret(), &push.contact);
    // What the configuration could not tell: of the numbers of its length a few are no key.
    let fault = |_| Stopped::Misconfigured(vec![Fault::no_key("push.vapid_private_key")]);
    vapid.map(Some).map_err(fault)
}

/// What it takes to tell browsers, where a key is configured.
///
/// # Errors
/// As [`post_room`].
pub fn push_courier(config: &Config) -> Result<Option<PushCourier>, Stopped> {
    let Some(vapid) = vapid(config)? else { return Ok(None) };
    Ok(Some(PushCourier::new(vapid, config.public_url.starts_with("http://"))?))
}

/// Who tells the endpoints, one for each that is configured.
///
/// # Errors
/// [`Stopped::Broken`] when a certificate file cannot be used.
pub fn webhook_couriers(config: &Config) -> Result<Vec<WebhookCourier>, Stopped> {
    Ok(config.webhooks.iter().map(WebhookCourier::new).collect::<anyhow::Result<_>>()?)
}

/// Where mail comes from, at least one.
///
/// # Errors
/// The fault to report when nothing is named.
pub fn sources(config: &Config) -> Result<Vec<Source>, Fault> {
    Ok(match config.inbox()? {
        Inbox::Imap(mailboxes) => mailboxes.iter().cloned().map(Source::Imap).collect(),
        Inbox::Maildir(folder) => vec![Source::Maildir(folder.to_owned())],
    })
}

/// What it takes to send mail. `tokens`: the desk that keeps them, for a server that wants one.
///
/// # Errors
/// [`Stopped::Misconfigured`] when nothing is named or a template cannot be used; [`Stopped::Broken`] when what was
/// well when the configuration was read is so no longer.
pub fn post_room(config: &Config, tokens: Option<&Desk>) -> Result<PostRoom, Stopped> {
    let courier = match config.outbox().map_err(|fault| Stopped::Misconfigured(vec![fault]))? {
        Outbox::Smtp(smtp) => {
            let courier = SmtpCourier::new(smtp).map_err(anyhow::Error::msg)?;
            Courier::Smtp(Box::new(match tokens {
                Some(desk) => courier.with_tokens_of(desk),
                None => courier,
            }))
        }
        Outbox::Maildir(folder) => Courier::Maildir(MaildirCourier::new(folder)),
    };
    let letterhead =
        Letterhead::new(&from(config), &config.brand, config.timezone).map_err(anyhow::Error::msg)?;
    Ok(PostRoom { courier, letterhead: letterhead.into(), templates: templates(config)?.into() })
}

/// The standard replies, the operator's over those that come with the program.
///
/// # Errors
/// [`Stopped::Misconfigured`] when one of the operator's cannot be read or used.
pub fn catalogue(config: &Config) -> Result<Catalogue, Stopped> {
    let replies: Vec<(String, String)> = overrides(config)?
        .into_iter()
        .filter(|(name, _)| name.ends_with(".md"))
        .map(|(name, text)| (name.rsplit('/').next().unwrap_or(&name).to_owned(), text))
        .collect();
    Catalogue::load(&replies).map_err(|why| bad_templates(Problem::BadTemplate { why }))
}

/// The templates of mails, in the same way.
///
/// # Errors
/// As [`catalogue`].
pub fn templates(config: &Config) -> Result<Templates, Stopped> {
    Templates::load(&overrides(config)?).map_err(|why| bad_templates(Problem::BadTemplate { why }))
}

fn bad_templates(problem: Problem) -> Stopped {
    Stopped::Misconfigured(vec![Fault::new("templates.dir", problem)])
}

/// The sender of our mail: `smtp.from`, `maildir.from`, or an address of the pages' host where mail goes to a folder.
fn from(config: &Config) -> String {
    let named = config.smtp.as_ref().map(|smtp| &smtp.from).or(config.maildir.from.as_ref());
    if let Some(from) = named {
        return from.clone();
    }
    let host = config.public_url.split("://").nth(1).unwrap_or_default();
    let host = host.split(['/', ':']).next().filter(|host| !host.is_empty()).unwrap_or("localhost");
    format!("Support {} <support@{host}>", config.brand.replace(['<', '>', '"', ','], " "))
}

/// The addresses that are ours, the one we write from first: mail from them is our own echo.
pub fn own_addresses(config: &Config) -> Vec<String> {
    let mut own: Vec<String> = Letterhead::new(&from(config), &config.brand, config.timezone)
        .map(|letterhead| normal_address(letterhead.address().as_ref()))
        .into_iter()
        .collect();
    let accounts = config.imap.iter().map(|imap| &imap.username).filter(|account| account.contains('@'));
    for address in accounts.chain(&config.own_addresses) {
        let address = normal_address(address);
        if !own.contains(&address) {
            own.push(address);
        }
    }
    own
}

/// The names of our mail servers, whose words on a mail's sender are believed (RFC 8601).
pub fn authserv_ids(config: &Config) -> Vec<String> {
    config.imap.iter().filter_map(|imap| imap.authserv_id.clone()).collect()
}

/// The operator's templates: (`notices/resolved.html`, its text). Folders of folders are not looked into.
fn overrides(config: &Config) -> Result<Vec<(String, String)>, Stopped> {
    let mut found = Vec::new();
    if let Some(folder) = &config.templates_dir {
        read_templates(folder, "", &mut found)?;
        for inner in ["notices", "replies"] {
            let path = folder.join(inner);
            if path.is_dir() {
                read_templates(&path, inner, &mut found)?;
            }
        }
    }
    Ok(found)
}

fn read_templates(folder: &Path, prefix: &str, found: &mut Vec<(String, String)>) -> Result<(), Stopped> {
    let unreadable = |path: &Path, why: std::io::Error| {
        bad_templates(Problem::Unreadable { path: path.to_owned(), why: why.to_string() })
    };
    let entries = std::fs::read_dir(folder).map_err(|why| unreadable(folder, why))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let is_template =
            path.extension().is_some_and(|kind| kind == "md" || kind == "txt" || kind == "html");
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| is_template) else {
            continue;
        };
        let text = std::fs::read_to_string(&path).map_err(|why| unreadable(&path, why))?;
        found.push((if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") }, text));
    }
    Ok(())
}

/// Runs every door that the configuration names, until SIGTERM or SIGINT.
///
/// # Errors
/// When one of them cannot be started, or dies.
pub async fn serve(config: Config) -> Result<(), Stopped> {
    let stop = asked_to_stop();
    tokio::pin!(stop);
    let opened = tokio::select! {
        opened = open_when_there(config) => opened?,
        () = &mut stop => return Ok(()),
    };
    let pages = web::Settings {
        brand: opened.config.brand.clone(),
        public_url: opened.config.public_url.clone(),
        zone: opened.config.timezone,
        demo_agent: None,
        limits: opened.config.limits.clone(),
        mailboxes: mailboxes(&opened.config),
        canary: opened.config.canary.is_some(),
        accounts: Accounts::of(&opened.config),
    };
    let address = opened.config.web.listen;
    let listener = listen(address).await?;
    // For a person's eyes, and not for the log, which holds no secret.
    if let Some(code) = opened.desk.first_link().await.map_err(|failure| anyhow::anyhow!("{failure}"))? {
        warn_line(&welcome::first(&format!("{}/admin/first?code={code}", opened.config.public_url)));
    }
    tracing::info!(%address, "serving; stop with SIGTERM or Ctrl-C");
    run_doors(opened, listener, pages, stop).await
}

/// Opens the desk, however long its database is away.
async fn open_when_there(config: Config) -> Result<Opened, Stopped> {
    let mut pause = FIRST_PAUSE;
    loop {
        match open(config.clone(), Clock::System).await {
            Err(Stopped::NoDatabase(url, why)) => {
                tracing::warn!(url, why, "the database cannot be opened; trying again; see `database.url`");
            }
            opened => return opened,
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Runs the demo in a folder of its own: the doors of [`serve`], with Maildirs in place of servers.
///
/// # Errors
/// When the folder cannot be written or the port is taken.
pub async fn demo(folder: &Path, port: u16) -> Result<(), Stopped> {
    let home = demo::prepare(folder, Clock::System.now())
        .map_err(|error| Stopped::NoFolder(folder.to_owned(), error.root_cause().to_string()))?;
    let config = Config {
        brand: "BetTracker Pro".to_owned(),
        public_url: format!("http://localhost:{port}"),
        timezone: Tz::Europe__Paris,
        data_dir: folder.to_owned(),
        own_addresses: Vec::new(),
        database_url: home.database_url,
        imap: Vec::new(),
        smtp: None,
        canary: None,
        discord: None,
        slack: None,
        push: None,
        webhooks: Vec::new(),
        maildir: Maildir {
            inbox: Some(home.inbox),
            outbox: Some(home.outbox),
            from: Some(demo::FROM.to_owned()),
        },
        threading: Threading { plus_addresses: false, reopen_window: Rules::default().reopen_window },
        web: Web { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)) },
        urgent_update: Rules::default().urgent_update,
        follow_up: Rules::default().follow_up,
        rituals: Rules::default().rituals,
        sla: Rules::default().sla,
        retention: Rules::default().retention,
        // Long enough to press « Annuler », short enough to see the mail leave.
        undo_window: Duration::from_secs(8),
        limits: Limits { max_mail_bytes: 25 << 20, max_attachment_bytes: 25 << 20 },
        mails_per_sender_per_hour: 0,
        automatic_mails_per_recipient_per_hour: 0,
        mails_per_provider_per_minute: 0,
        templates_dir: None,
        docs_dir: folder.join("docs"),
        later: Vec::new(),
    };
    let listener = listen(config.web.listen).await?;
    let pages = web::Settings {
        brand: config.brand.clone(),
        public_url: config.public_url.clone(),
        zone: config.timezone,
        demo_agent: Some(demo::AGENT.to_owned()),
        limits: config.limits.clone(),
        mailboxes: mailboxes(&config),
        canary: config.canary.is_some(),
        accounts: Vec::new(),
    };
    let opened = open(config, Clock::System).await?;
    opened.desk.add_agent(demo::AGENT, Role::Admin).await.map_err(|failure| anyhow::anyhow!("{failure}"))?;
    println!("{}", welcome::demo(port, &folder.display().to_string()));
    run_doors(opened, listener, pages, std::pin::pin!(asked_to_stop())).await
}

/// The mailboxes that are read, each with how old its last good reading may be: a fault that mends itself within
/// this is no alarm.
fn mailboxes(config: &Config) -> Vec<web::Mailbox> {
    const AT_LEAST: Duration = Duration::from_secs(10 * 60);
    let watched = |source: Source| web::Mailbox {
        name: source.mailbox(),
        label: source.label().to_owned(),
        oldest: match &source {
            Source::Imap(imap) => AT_LEAST.max(imap.poll_interval * 3),
            Source::Maildir(_) => AT_LEAST,
        },
    };
    sources(config).unwrap_or_default().into_iter().map(watched).collect()
}

/// The account with the folder that keeps a copy of each mail that leaves.
pub fn sent_keeper(config: &Config) -> Option<&config::Imap> {
    config.imap.iter().find(|mailbox| mailbox.sent_folder.is_some())
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Stopped> {
    TcpListener::bind(address).await.map_err(|why| Stopped::NoPort(address, why.to_string()))
}

/// Starts the doors and waits for a signal, or for one of them to die.
async fn run_doors(
    opened: Opened,
    listener: TcpListener,
    pages: web::Settings,
    stop_asked: Pin<&mut impl Future<Output = ()>>,
) -> Result<(), Stopped> {
    let Opened { config, desk } = opened;
    // Before any door is open: a template that cannot be used must stop the program, and not its mail.
    let post = match config.outbox() {
        Ok(_) => Some(post_room(&config, Some(&desk))?),
        Err(_) => None,
    };
    let cancel = CancellationToken::new();
    let mut doors: JoinSet<(&'static str, anyhow::Result<()>)> = JoinSet::new();
    if let Ok(sources) = sources(&config) {
        // Each by itself: a mailbox that cannot be read stops no other.
        for source in sources {
            let (desk, limits, cancel) = (desk.clone(), config.limits.clone(), cancel.clone());
            doors.spawn(async move {
                inbound::watch(&desk, &source, &limits, cancel).await;
                ("mail in", Ok(()))
            });
        }
    } else {
        tracing::warn!("no mail is taken in: the configuration names no inbox");
    }
    if let Some(mailbox) = sent_keeper(&config).cloned() {
        let (desk, cancel) = (desk.clone(), cancel.clone());
        doors.spawn(async move {
            inbound::sent::keep_until(&desk, &mailbox, cancel).await;
            ("copies of mails", Ok(()))
        });
    }
    if let Some(post) = post {
        let (desk, cancel) = (desk.clone(), cancel.clone());
        doors.spawn(async move {
            outbound::run(desk, post, cancel).await;
            ("mail out", Ok(()))
        });
    } else {
        tracing::warn!("no mail is sent: the configuration names no outbox");
    }
    if let Some(courier) = push_courier(&config)? {
        let (desk, cancel) = (desk.clone(), cancel.clone());
        doors.spawn(async move {
            outbound::push::run(desk, courier, cancel).await;
            ("push", Ok(()))
        });
    } else if let Err(failure) = desk.claim_pushes(i64::MAX).await {
        // What waited from when there was a key is recorded as skipped.
        tracing::warn!(error = %failure, "pushes that wait cannot be looked at");
    }
    if let Err(failure) = desk.give_up_stray_hooks().await {
        tracing::warn!(error = %failure, "webhooks that are configured no more cannot be looked at");
    }
    for courier in webhook_couriers(&config)? {
        let (desk, cancel) = (desk.clone(), cancel.clone());
        doors.spawn(async move {
            outbound::webhook::run(desk, courier, cancel).await;
            ("webhooks", Ok(()))
        });
    }
    let accounts: Vec<OAuth2> = config.oauth2_accounts().into_iter().cloned().collect();
    let canary = canary(&config, &desk)?;
    let configured = [
        (AlertKind::DeadToken, accounts.iter().map(|account| account.account.clone()).collect()),
        (AlertKind::MissingMail, config.imap.iter().map(|mailbox| mailbox.label.clone()).collect()),
        (AlertKind::LostCanary, canary.iter().map(|(address, ..)| address.clone()).collect::<Vec<_>>()),
        (AlertKind::ChatRefused, chat_channels(&config)),
        (AlertKind::DeadWebhook, config.webhooks.iter().map(|webhook| webhook.name.clone()).collect()),
    ];
    for (kind, about) in &configured {
        if let Err(failure) = desk.forget_alerts(*kind, about).await {
            tracing::warn!(error = %failure, "alerts about what is no longer configured stand on");
        }
    }
    let read: Vec<String> =
        sources(&config).map(|sources| sources.iter().map(Source::mailbox).collect()).unwrap_or_default();
    if let Some((address, plan, post)) = canary {
        let (desk, read, cancel) = (desk.clone(), read.clone(), cancel.clone());
        doors.spawn(async move {
            outbound::canary::run(desk, post, address, plan, read, cancel).await;
            ("canary", Ok(()))
        });
    }
    if !accounts.is_empty() {
        let (desk, cancel) = (desk.clone(), cancel.clone());
        doors.spawn(async move {
            tokens::attend(desk, accounts, cancel).await;
            ("tokens", Ok(()))
        });
    }
    let setting = chat::Setting {
        zone: config.timezone,
        public_url: config.public_url.clone(),
        undo_window: desk.rules().undo_window,
        limits: config.limits.clone(),
    };
    if let Some(discord) = config.discord.clone() {
        let setting = setting.clone();
        let (desk, cancel) = (desk.clone(), cancel.clone());
        doors.spawn(async move {
            chat::discord::run(desk, discord, setting, cancel).await;
            ("Discord", Ok(()))
        });
    }
    let mut router = web::router(desk.clone(), pages);
    if let Some(slack) = config.slack.clone() {
        let deliveries = match &slack.road {
            SlackRoad::Socket(_) => None,
            SlackRoad::Signed(secret) => {
                let (events, deliveries) = chat::slack::signed::router(secret, desk.clock());
                router = router.merge(events);
                Some(deliveries)
            }
        };
        let (desk, cancel) = (desk.clone(), cancel.clone());
        doors.spawn(async move {
            chat::slack::run(desk, slack, setting, deliveries, cancel).await;
            ("Slack", Ok(()))
        });
    }
    let (timers, stop) = (desk.clone(), cancel.clone());
    doors.spawn(async move {
        scheduler::run(timers, read, stop).await;
        ("timers", Ok(()))
    });
    let stop = cancel.clone();
    doors.spawn(async move {
        (
            "pages",
            web::serve(listener, router, async move { stop.cancelled().await }).await.map_err(Into::into),
        )
    });
    let died = tokio::select! {
        () = stop_asked => {
            tracing::info!("stopping: finishing what is in hand");
            None
        }
        ended = doors.join_next() => ended,
    };
    cancel.cancel();
    let all_ended = async { while doors.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all_ended).await.is_err() {
        tracing::warn!(seconds = GRACE.as_secs(), "a door did not stop in time and is cut off");
    }
    desk.keep_answers().await;
    // A connection that waits for a database that is away is not worth waiting for.
    let _ = tokio::time::timeout(LAST_CLOSE, desk.close()).await;
    match died {
        None => Ok(()),
        Some(Ok((door, ended))) => {
            Err(ended.err().unwrap_or_else(|| anyhow::anyhow!("it ended by itself")).context(door).into())
        }
        Some(Err(panic)) => Err(anyhow::Error::from(panic).context("a door panicked").into()),
    }
}

/// What an alert of a chat platform may be about: its channels. One about a thread ends with the next post there.
fn chat_channels(config: &Config) -> Vec<String> {
    let discord = config.discord.iter();
    let channels = discord.flat_map(|discord| {
        [Some(discord.support_channel), discord.dev_channel, discord.product_channel].into_iter().flatten()
    });
    let gateway = config.discord.iter().map(|_| "discord:gateway".to_owned());
    let slack = config.slack.iter().flat_map(|slack| {
        let channels =
            [Some(&slack.support_channel), slack.dev_channel.as_ref(), slack.product_channel.as_ref()];
        let channels = channels.into_iter().flatten().map(|channel| format!("slack:{channel}"));
        channels.chain(std::iter::once("slack:gateway".to_owned()))
    });
    channels.map(|channel| format!("discord:{channel}")).chain(gateway).chain(slack).collect()
}

/// Where canaries go, when, and by what road; `None` where there are none.
fn canary(config: &Config, desk: &Desk) -> Result<Option<(String, config::Canary, PostRoom)>, Stopped> {
    let Some(plan) = config.canary.clone() else { return Ok(None) };
    if sources(config).is_err() || config.outbox().is_err() {
        tracing::warn!("no canary is sent: it takes an inbox and an outbox; see `canary.interval`");
        return Ok(None);
    }
    let post = post_room(config, Some(desk))?;
    let address = plan.to.clone().unwrap_or_else(|| post.letterhead.address().to_string());
    Ok(Some((address, plan, post)))
}

async fn asked_to_stop() {
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        // Without signals only a kill stops it, which loses nothing either.
        _ => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_addresses_are_the_sender_the_account_and_those_that_are_named_each_once() {
        let text = "own_addresses = [\"Aide@example.org\", \"support@example.org\", \"desk@example.org\"]\n\
                    [imap]\nhost = \"imap.example.org\"\nusername = \"Desk@example.org\"\npassword = \"x\"\n\
                    [smtp]\nhost = \"smtp.example.org\"\nfrom = \"Support <Support@example.org>\"\n";
        let config = Config::parse(text, []).unwrap();
        assert_eq!(own_addresses(&config), ["support@example.org", "desk@example.org", "aide@example.org"]);
        assert_eq!(authserv_ids(&config), [""; 0]);
    }

    #[test]
    fn a_template_that_cannot_be_used_is_a_fault_of_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        for inner in ["notices", "replies"] {
            std::fs::create_dir(folder.path().join(inner)).unwrap();
        }
        let config = Config::parse(&format!("[templates]\ndir = {:?}\n", folder.path()), []).unwrap();
        assert!(catalogue(&config).is_ok() && templates(&config).is_ok());
        let fault = |stopped: Stopped| match stopped {
            Stopped::Misconfigured(faults) => faults.into_iter().next().unwrap(),
            other => panic!("{other:?}"),
        };
        let notice = folder.path().join("notices/resolved.txt");
        std::fs::write(&notice, "{% if").unwrap();
        assert!(catalogue(&config).is_ok());
        let Fault { key, problem } = fault(templates(&config).err().unwrap());
        assert_eq!(key, "templates.dir");
        assert!(
            matches!(&problem, Problem::BadTemplate { why } if why.starts_with("notices/resolved.txt")),
            "{problem:?}"
        );
        std::fs::remove_file(&notice).unwrap();
        let reply = folder.path().join("replies/wifi.md");
        std::fs::write(&reply, b"R\xe9ponse").unwrap();
        let Fault { key, problem } = fault(catalogue(&config).err().unwrap());
        assert_eq!(key, "templates.dir");
        assert!(matches!(&problem, Problem::Unreadable { path, .. } if *path == reply), "{problem:?}");
    }
}
