//! How fast mails leave: planned deliveries, composed, kept, handed over and recorded, into any SMTP server without TLS on
//! this machine; before that, how fast the courier alone is, with one mail and no database. `scripts/bench deliver` runs both
//! beside Postfix's `smtp-source`. May import: guichet.
//!
//! Usage: `deliver --port 2525 [--mails 5000] [--rounds 3] [--database URL]`; a fresh SQLite file when no URL is given.

use guichet::clock::Clock;
use guichet::command::parse::parse;
use guichet::config::{Limits, Security, Smtp};
use guichet::desk::{Desk, Settings};
use guichet::domain::delivery::Outcome;
use guichet::domain::people::{Door, Role};
use guichet::domain::rules::Rules;
use guichet::inbound;
use guichet::outbound::compose::Letterhead;
use guichet::outbound::smtp::{LANES, SmtpCourier};
use guichet::outbound::{Courier, PostRoom, deliver};
use guichet::store::Store;
use guichet::wording::canned::Catalogue;
use guichet::wording::templates::Templates;
use std::error::Error;
use std::time::Instant;

const LIMITS: Limits = Limits { max_mail_bytes: 25 << 20, max_attachment_bytes: 20 << 20 };
/// How many mails are taken in at a time while the database is filled.
const BATCH: usize = 500;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let number = |name, default| value(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let port = value("--port").and_then(|text| text.parse().ok()).ok_or("--port is missing")?;
    let (mails, rounds) = (number("--mails", 5000), number("--rounds", 3));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(mails, rounds, port, value("--database")))
}

async fn measure(
    mails: usize,
    rounds: usize,
    port: u16,
    database: Option<String>,
) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let url = database.unwrap_or_else(|| format!("sqlite://{}", folder.path().join("bench.db").display()));
    let store = Store::open(&url).await?;
    store.migrate().await.map_err(|fault| format!("{fault:?}"))?;
    let desk = Desk::open(store, Clock::System, settings()?).await?;
    let agent = desk.add_agent("Camille", Role::Agent).await.map_err(|failure| failure.to_string())?;
    let agent = agent.ok_or("the database is not fresh")?;
    let smtp = Smtp {
        host: "127.0.0.1".into(),
        port,
        security: Security::None,
        username: None,
        sign_in: None,
        from: "Support <support@bettracker.example>".into(),
        ca_file: None,
        dkim: None,
        dns: None,
    };
    for _ in 0..rounds {
        let began = Instant::now();
        send_alone(&SmtpCourier::new(&smtp)?, mails).await?;
        let took = began.elapsed().as_secs_f64();
        println!("courier alone: {mails} mails in {took:.2} s = {:.0} mails/s", mails as f64 / took);
    }
    let post = PostRoom {
        courier: Courier::Smtp(Box::new(SmtpCourier::new(&smtp)?)),
        letterhead: Letterhead::new(&smtp.from, "BetTracker Pro", chrono_tz::Europe::Paris)?.into(),
        templates: Templates::load(&[])?.into(),
    };
    for round in 0..rounds {
        let first = round * mails;
        for from in (first..first + mails).step_by(BATCH) {
            let mails = (from..(from + BATCH).min(first + mails)).map(|n| inbound::prepare(mail(n), &LIMITS));
            desk.receive("bench", mails.collect(), None).await.map_err(|failure| failure.to_string())?;
        }
        for n in first..first + mails {
            let command =
                parse(&format!("status {} resolved", n + 1)).map_err(|error| format!("{error:?}"))?;
            desk.run(&agent, Door::Cli, command, None).await.map_err(|failure| failure.to_string())?;
        }
        let began = Instant::now();
        let count = deliver(&desk, &post).await.map_err(|failure| failure.to_string())?;
        let took = began.elapsed().as_secs_f64();
        if count.sent != mails as u64 {
            return Err(format!("{count:?} of {mails}").into());
        }
        println!("{mails} mails in {took:.2} s = {:.0} mails/s", mails as f64 / took);
    }
    Ok(())
}

/// Sends one mail again and again, over as many connections as a round has.
async fn send_alone(courier: &SmtpCourier, mails: usize) -> Result<(), Box<dyn Error>> {
    let head = "From: support@bettracker.example\r\nTo: lea@client.example\r\nSubject: essai\r\n\r\n";
    let mail =
        [head, &"Bonjour, ceci est une ligne de soixante-dix signes, comme en ont les mails.\r\n".repeat(90)]
            .concat();
    let lane = async |count: usize| {
        for _ in 0..count {
            match courier.send("lea@client.example", mail.as_bytes()).await {
                Outcome::Sent | Outcome::SentAs(_) => {}
                outcome => return Err(format!("{outcome:?}")),
            }
        }
        Ok(())
    };
    futures_util::future::try_join_all((0..LANES).map(|n| lane((mails + n) / LANES))).await?;
    courier.rest().await;
    Ok(())
}

fn mail(n: usize) -> Vec<u8> {
    format!(
        "From: Client {n} <client{n}@client.example>\r\nTo: support@bettracker.example\r\n\
         Subject: question {n}\r\nMessage-ID: <{n}@client.example>\r\n\r\n\
         Bonjour,\r\n\r\nJe vous ecris au sujet du dossier {n}. Merci de votre aide.\r\n"
    )
    .into_bytes()
}

fn settings() -> Result<Settings, Box<dyn Error>> {
    Ok(Settings {
        brand: "BetTracker Pro".into(),
        mail_host: "bettracker.example".into(),
        own_addresses: vec!["support@bettracker.example".into()],
        authserv_ids: Vec::new(),
        public_url: "https://support.example".into(),
        rules: Rules {
            mails_per_sender_per_hour: 0,
            undo_window: std::time::Duration::ZERO,
            ..Rules::default()
        },
        plus_addresses: false,
        catalogue: Catalogue::load(&[])?,
        docs_dir: "no-such-folder".into(),
        chats: Vec::new(),
        push_key: None,
        keeps_sent: false,
        hooks: Vec::new(),
    })
}
