//! How fast the CMs' pages are made, with many tickets and messages in the database: the list, its filters and its orders, the
//! search, a ticket. Each page is asked for over HTTP on loopback, as a browser does, and read to its end.
//! May import: guichet.
//!
//! Usage: `pages [--tickets 100000] [--messages 10] [--rounds 60] [--database URL] [--wait 0]`; a fresh SQLite file when no URL is
//! given. The rows are written by the store, as the desk has them written; a million mails would take long to read. `--wait`: so many
//! seconds after that, in which PostgreSQL's autovacuum comes by, as it does on a desk that runs.

use chrono::{DateTime, TimeDelta, Utc};
use guichet::clock::Clock;
use guichet::config::Limits;
use guichet::desk::{Desk, Settings};
use guichet::domain::ids::{AgentId, TicketId};
use guichet::domain::mail::Shape;
use guichet::domain::message::Direction;
use guichet::domain::people::Role;
use guichet::domain::rules::Rules;
use guichet::domain::ticket::{Priority, Status};
use guichet::store::Store;
use guichet::store::messages::NewMessage;
use guichet::web;
use guichet::wording::canned::Catalogue;
use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Words that every mail has, that many have, and that few have: a search meets all three.
const COMMON: [&str; 4] = ["bonjour", "merci", "compte", "pari"];
const FREQUENT: [&str; 8] =
    ["remboursement", "connexion", "facture", "application", "retrait", "virement", "bloque", "carte"];

/// What is asked for: the name of a group, and its addresses.
const PAGES: [(&str, &[&str]); 9] = [
    ("list", &["", "?sort=oldest", "?sort=opened"]),
    ("list by deadline, priority", &["?sort=due", "?sort=priority"]),
    (
        "status",
        &[
            "?status=new",
            "?status=in_progress",
            "?status=waiting_customer",
            "?status=resolved",
            "?status=closed",
        ],
    ),
    (
        "priority, agent, tag",
        &["?priority=urgent", "?priority=low", "?agent=nobody", "?agent=1", "?tag=bug", "?tag=vip"],
    ),
    (
        "two filters",
        &[
            "?status=new&priority=urgent",
            "?status=closed&agent=2",
            "?status=waiting_customer&sort=due",
            "?tag=bug&status=new",
            "?priority=high&sort=due",
        ],
    ),
    ("search, a common word", &["?q=bonjour", "?q=merci", "?q=compte", "?q=bonj"]),
    (
        "search, a frequent word",
        &[
            "?q=remboursement",
            "?q=factur",
            "?q=virement",
            "?q=bloqu%C3%A9",
            "?q=carte+retrait",
            "?q=bonjour+connexion",
        ],
    ),
    (
        "search, a rare word",
        &[
            "?q=dossier77",
            "?q=client4242",
            "?q=bonjour+dossier123",
            "?q=client99@client.example",
            "?q=introuvable",
        ],
    ),
    (
        "search, with a filter",
        &[
            "?q=bonjour&status=new",
            "?q=facture&status=waiting_customer",
            "?q=merci&status=closed",
            "?q=retrait&agent=1",
        ],
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let number = |name, default| value(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (tickets, messages, rounds) =
        (number("--tickets", 100_000), number("--messages", 10), number("--rounds", 60));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let wait = Duration::from_secs(number("--wait", 0) as u64);
    runtime.block_on(measure(tickets, messages, rounds, value("--database"), wait))
}

async fn measure(
    tickets: usize,
    messages: usize,
    rounds: usize,
    database: Option<String>,
    wait: Duration,
) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let url = database.unwrap_or_else(|| format!("sqlite://{}", folder.path().join("bench.db").display()));
    let store = Store::open(&url).await?;
    store.migrate().await.map_err(|fault| format!("{fault:?}"))?;
    let desk = Desk::open(store.clone(), Clock::System, settings()?).await?;
    for (name, role) in [("Camille", Role::Agent), ("Sam", Role::Agent), ("Alix", Role::Lead)] {
        desk.add_agent(name, role).await.map_err(|failure| failure.to_string())?;
    }
    let began = Instant::now();
    fill(&store, tickets, messages).await?;
    // As the clock of a desk that runs does.
    desk.tidy_search().await.map_err(|failure| failure.to_string())?;
    println!("{tickets} tickets, {} messages in {:.0} s", tickets * messages, began.elapsed().as_secs_f64());

    tokio::time::sleep(wait).await;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let pages = web::router(desk, page_settings());
    tokio::spawn(web::serve(listener, pages, std::future::pending()));
    let cookie = sign_in(address).await?;
    println!("{:28}{:>9}{:>9}{:>9}{:>9}  ms", "", "p50", "p95", "max", "n");
    let mut all = Vec::new();
    for (name, paths) in PAGES {
        let mut times = Vec::new();
        for path in paths {
            let mut own = Vec::new();
            for _ in 0..rounds {
                let began = Instant::now();
                get(address, &format!("/admin/support{path}"), &cookie).await?;
                own.push(began.elapsed());
            }
            times.append(&mut own.clone());
            line(&format!("  {path}"), &mut own);
        }
        line(name, &mut times);
        all.append(&mut times);
    }
    line("all lists and searches", &mut all);
    let mut times = Vec::new();
    for round in 0..rounds {
        let began = Instant::now();
        let ticket = 1 + round * (tickets / rounds).max(1);
        get(address, &format!("/admin/support/tickets/{ticket}"), &cookie).await?;
        times.push(began.elapsed());
    }
    line("a ticket", &mut times);
    Ok(())
}

fn line(name: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    println!("{name:40}{:>9.1}{:>9.1}{:>9.1}{:>9}", at(0.5), at(0.95), at(1.0), times.len());
}

/// One request on a connection of its own; the answer's head and body.
async fn get(address: SocketAddr, path: &str, cookie: &str) -> Result<String, Box<dyn Error>> {
    let mut stream = TcpStream::connect(address).await?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let text = String::from_utf8(bytes)?;
    match text.starts_with("HTTP/1.1 200") {
        true => Ok(text),
        false => Err(format!("{path}: {}", text.lines().next().unwrap_or_default()).into()),
    }
}

/// The demo signs in by itself.
async fn sign_in(address: SocketAddr) -> Result<String, Box<dyn Error>> {
    let page = get(address, "/admin/support", "").await?;
    let cookie = page.lines().find_map(|line| line.strip_prefix("set-cookie: ")).ok_or("no cookie")?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

/// Tickets of a transaction.
const BATCH: usize = 500;

/// Tickets of the last years, a few minutes apart: nine in ten closed, each with its messages.
async fn fill(store: &Store, tickets: usize, messages: usize) -> Result<(), Box<dyn Error>> {
    let start = Clock::System.now() - TimeDelta::minutes(tickets as i64 * 10);
    for from in (0..tickets).step_by(BATCH) {
        let numbers: Vec<usize> = (from..(from + BATCH).min(tickets)).collect();
        let mut tx = store.begin().await?;
        let people: Vec<(String, String)> = numbers
            .iter()
            .map(|n| (format!("client{}@client.example", n % 20_000), format!("Client {}", n % 20_000)))
            .collect();
        let named: Vec<(&str, &str)> =
            people.iter().map(|(email, name)| (email.as_str(), name.as_str())).collect();
        let met = tx.meet_requesters(&named, start).await?;
        let openings: Vec<_> = numbers
            .iter()
            .zip(&met)
            .map(|(n, person)| (format!("{} numero {n}", FREQUENT[n % 8]), person.id))
            .collect();
        let ids = tx.open_tickets(&openings, Some(start), start).await?;
        for (id, n) in ids.iter().zip(&numbers) {
            stand(&mut tx, *id, *n, start + TimeDelta::minutes(*n as i64 * 10)).await?;
        }
        for m in 0..messages {
            let texts: Vec<String> = numbers.iter().map(|n| text(*n, m)).collect();
            let said: Vec<NewMessage<'_>> = ids
                .iter()
                .zip(&numbers)
                .zip(&texts)
                .map(|((id, n), text)| NewMessage {
                    ticket: *id,
                    direction: if m % 2 == 0 { Direction::Inbound } else { Direction::Outbound },
                    mark: None,
                    author: "Client",
                    sender: None,
                    refuted: false,
                    at: start + TimeDelta::minutes(*n as i64 * 10 + m as i64),
                    text,
                    quoted: "",
                    raw_mail: None,
                    shape: Shape::default(),
                })
                .collect();
            let written = tx.add_messages(&said).await?;
            let words: Vec<String> = texts
                .iter()
                .zip(&people)
                .map(|(text, (email, name))| {
                    let mut words: Vec<String> =
                        guichet::domain::fold::words(&format!("{text} {name} {email}")).collect();
                    words.sort_unstable();
                    words.dedup();
                    words.join(" ")
                })
                .collect();
            let indexed: Vec<_> = written.into_iter().zip(words.iter().map(String::as_str)).collect();
            tx.index_messages(&indexed).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Where ticket `n` stands, who has it, and what it is tagged with.
async fn stand(
    tx: &mut guichet::store::Tx,
    id: TicketId,
    n: usize,
    at: DateTime<Utc>,
) -> Result<(), Box<dyn Error>> {
    let mut ticket = tx.ticket(id).await?.ok_or("a ticket is lost")?;
    ticket.status = match n % 100 {
        0 => Status::New,
        1..=3 => Status::InProgress,
        4..=6 => Status::WaitingCustomer,
        7..=11 => Status::Resolved,
        _ => Status::Closed,
    };
    ticket.priority = match n {
        n if n % 97 == 0 => Priority::Urgent,
        n if n % 11 == 0 => Priority::High,
        n if n % 7 == 0 => Priority::Low,
        _ => Priority::Normal,
    };
    ticket.assignee = (ticket.status != Status::New).then_some(AgentId(1 + (n % 3) as i64));
    tx.save_ticket(&ticket, at).await?;
    tx.set_standing(id, at, Some(at + TimeDelta::hours(2))).await?;
    if n.is_multiple_of(20) {
        tx.add_tag(id, "bug").await?;
    }
    if n.is_multiple_of(1000) {
        tx.add_tag(id, "vip").await?;
    }
    Ok(())
}

/// The words of one message: some that all have, some that many have, and its own.
fn text(n: usize, m: usize) -> String {
    let pick = |salt: usize| n.wrapping_mul(2_654_435_761).wrapping_add(m * 40_503 + salt * 97) % 30_011;
    let rest: Vec<String> = (0..25).map(|salt| format!("mot{}", pick(salt) * pick(salt) % 30_011)).collect();
    let frequent = FREQUENT[pick(1) % 8];
    let common = COMMON.iter().filter(|_| pick(2) % 5 != 0).copied().collect::<Vec<_>>().join(" ");
    format!("{common}. Je vous écris pour {frequent}, dossier{} : {}.", n % 50_000, rest.join(" "))
}

fn settings() -> Result<Settings, Box<dyn Error>> {
    Ok(Settings {
        brand: "BetTracker Pro".into(),
        mail_host: "bettracker.example".into(),
        own_addresses: vec!["support@bettracker.example".into()],
        authserv_ids: Vec::new(),
        public_url: "http://localhost".into(),
        rules: Rules::default(),
        plus_addresses: false,
        catalogue: Catalogue::load(&[])?,
        chats: Vec::new(),
        hooks: Vec::new(),
        push_key: None,
        keeps_sent: false,
        docs_dir: "no-such-folder".into(),
    })
}

fn page_settings() -> web::Settings {
    web::Settings {
        brand: "BetTracker Pro".into(),
        public_url: "http://localhost".into(),
        zone: chrono_tz::Europe::Paris,
        demo_agent: Some("Camille".into()),
        limits: Limits { max_mail_bytes: 25 << 20, max_attachment_bytes: 20 << 20 },
        mailboxes: Vec::new(),
        canary: false,
        accounts: Vec::new(),
    }
}
