//! How long people on Discord wait, with many tickets in the database: for the first answer, which Discord wants within
//! three seconds, and for the final one. The real door over loopback, on the strict server of the tests.
//! May import: guichet, the tests' Discord.
//!
//! Usage: `discord [--tickets 100000] [--rounds 200] [--database URL]`; a fresh SQLite file when no URL is given.

#[path = "../tests/support/alone.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
mod support;

use guichet::chat::Setting;
use guichet::chat::discord;
use guichet::clock::Clock;
use guichet::config::{self, Limits};
use guichet::desk::{Desk, Settings};
use guichet::domain::chat::Platform;
use guichet::domain::people::Role;
use guichet::domain::rules::Rules;
use guichet::inbound;
use guichet::store::Store;
use guichet::wording::canned::Catalogue;
use serde_json::json;

use std::error::Error;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};
use support::discord::{Discord, Person};
use tokio_util::sync::CancellationToken;

const LIMITS: Limits = Limits { max_mail_bytes: 25 << 20, max_attachment_bytes: 20 << 20 };
/// How many mails are taken in at a time while the database is filled.
const BATCH: usize = 500;
const SUBJECTS: [&str; 8] =
    ["remboursement", "connexion", "facture", "application", "pari bloqué", "retrait", "compte", "virement"];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let number = |name, default| value(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (tickets, rounds) = (number("--tickets", 100_000), number("--rounds", 200));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(tickets, rounds, value("--database")))
}

async fn measure(tickets: usize, rounds: usize, database: Option<String>) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let url = database.unwrap_or_else(|| format!("sqlite://{}", folder.path().join("bench.db").display()));
    let store = Store::open(&url).await?;
    store.migrate().await.map_err(|fault| format!("{fault:?}"))?;
    let desk = Desk::open(store.clone(), Clock::System, settings(Vec::new())?).await?;
    let began = Instant::now();
    fill(&desk, tickets).await?;
    println!("{tickets} tickets in {:.0} s", began.elapsed().as_secs_f64());

    let desk = Desk::open(store, Clock::System, settings(vec![Platform::Discord])?).await?;
    let server = Discord::start().await;
    let role = server.role("Support");
    server.set_permissions(role, serenity::all::Permissions::MANAGE_MESSAGES.bits());
    let camille = server.person("Camille", &[role]);
    let agent = desk.add_agent("Camille", Role::Agent).await.map_err(|failure| failure.to_string())?;
    let agent = agent.ok_or("the database is not fresh")?;
    let account = camille.id.to_string();
    desk.link_identity(&agent, "discord", &account).await.map_err(|failure| failure.to_string())?;
    let cancel = CancellationToken::new();
    let setting = Setting {
        zone: chrono_tz::Europe::Paris,
        public_url: "https://support.example".into(),
        undo_window: Duration::from_secs(20),
        limits: LIMITS,
    };
    let door = tokio::spawn(discord::run(desk, configured(&server)?, setting, cancel.clone()));
    server.connected().await;
    server.registered().await;
    people(&server, &camille, tickets, rounds).await;
    cancel.cancel();
    door.await?;
    Ok(())
}

/// Does what CMs do all day, and prints how long each kind of it took.
async fn people(server: &Discord, camille: &Person, tickets: usize, rounds: usize) {
    println!("{:22}{:>9}{:>9}{:>9}{:>9}  first answer, then the whole, ms", "", "p50", "p99", "max", "n");
    let channel = server.support;
    let mut all = Vec::new();
    for (name, what) in [
        ("/ticket show", What::Show),
        ("/ticket list", What::List),
        ("/ticket note", What::Note),
        ("/ticket priority", What::Priority),
        ("/ticket status", What::Status),
        ("proposals", What::Proposals),
    ] {
        let (mut first, mut whole) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            // Spread over all of them, each once.
            let ticket = (1 + round * (tickets / rounds).max(1)).to_string();
            let began = Instant::now();
            let reply = match what {
                What::Show => camille.slash(channel, "show", json!({ "ticket": ticket })),
                What::List => camille.slash(channel, "list", json!({ "words": SUBJECTS[round % 8] })),
                What::Note => camille.slash(channel, "note", json!({ "ticket": ticket, "text": "vu" })),
                What::Priority => {
                    camille.slash(channel, "priority", json!({ "ticket": ticket, "priority": "high" }))
                }
                What::Status => {
                    camille.slash(channel, "status", json!({ "ticket": ticket, "status": "resolved" }))
                }
                What::Proposals => {
                    let typed = SUBJECTS[round % 8];
                    camille.autocomplete(channel, "show", "ticket", &typed[..4]).await;
                    first.push(began.elapsed());
                    whole.push(began.elapsed());
                    continue;
                }
            };
            first.push(reply.elapsed().await);
            reply.message().await;
            whole.push(began.elapsed());
        }
        line(name, &mut first);
        line("", &mut whole);
        all.append(&mut whole);
    }
    line("all, whole", &mut all);
}

/// What is measured.
#[derive(Clone, Copy)]
enum What {
    Show,
    List,
    Note,
    Priority,
    Status,
    Proposals,
}

fn line(name: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    println!("{name:22}{:>9.1}{:>9.1}{:>9.1}{:>9}", at(0.5), at(0.99), at(1.0), times.len());
}

async fn fill(desk: &Desk, tickets: usize) -> Result<(), Box<dyn Error>> {
    let mut filled = 0;
    while filled < tickets {
        let batch = BATCH.min(tickets - filled);
        let mails = (filled..filled + batch).map(|n| inbound::prepare(mail(n), &LIMITS)).collect();
        desk.receive("bench", mails, None).await.map_err(|failure| failure.to_string())?;
        filled += batch;
    }
    Ok(())
}

fn mail(n: usize) -> Vec<u8> {
    let subject = SUBJECTS[n % SUBJECTS.len()];
    format!(
        "From: Client {n} <client{n}@client.example>\r\nTo: support@bettracker.example\r\n\
         Subject: {subject} numero {n}\r\nMessage-ID: <{n}@client.example>\r\n\r\n\
         Bonjour,\r\n\r\nJe vous ecris au sujet de {subject}, dossier {n}. Merci de votre aide.\r\n"
    )
    .into_bytes()
}

fn settings(chats: Vec<Platform>) -> Result<Settings, Box<dyn Error>> {
    Ok(Settings {
        brand: "BetTracker Pro".into(),
        mail_host: "bettracker.example".into(),
        own_addresses: vec!["support@bettracker.example".into()],
        authserv_ids: Vec::new(),
        public_url: "https://support.example".into(),
        rules: Rules { mails_per_sender_per_hour: 0, ..Rules::default() },
        plus_addresses: false,
        catalogue: Catalogue::load(&[])?,
        docs_dir: "no-such-folder".into(),
        chats,
        hooks: Vec::new(),
        push_key: None,
        keeps_sent: false,
    })
}

fn configured(server: &Discord) -> Result<config::Discord, Box<dyn Error>> {
    let id = |id| NonZeroU64::new(id).ok_or("an id is 0");
    Ok(config::Discord {
        token: server.token().into(),
        guild_id: id(server.guild_id())?,
        support_channel: id(server.support)?,
        dev_channel: Some(id(server.dev)?),
        product_channel: Some(id(server.product)?),
        agent_roles: Vec::new(),
        lead_roles: Vec::new(),
        client: None,
        api_url: server.base_url(),
    })
}
