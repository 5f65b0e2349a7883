//! The door of the terminal: `guichet ticket status 42 resolved`, in the grammar of the chats, and the operator's
//! commands. May import: app, chat, inbound, outbound, desk, oauth, reading, view, webpush, wording, command, config,
//! store, clock, dkim, telemetry, domain.

mod agents;
mod audit;
mod check;
mod database;
mod dkim;
mod mails;
mod report;
mod retention;
mod sign_in;
mod tickets;
mod users;
mod webhooks;

use crate::app::{self, Opened};
use crate::clock::Clock;
use crate::config::{Config, Fault};
use crate::desk::{self, Desk, Failure};
use crate::domain::audit::{By, Counts};
use crate::domain::people::{Agent, Door};
use crate::domain::refusal::Refusal;
use crate::store;
use crate::telemetry::warn_line;
use crate::view::Fired;
use crate::wording::{
    audit as audit_says, cli as say, config_faults, refusals, retention as retention_says, text,
};
use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

/// The file that is read when `--config` names none, if it is there.
const DEFAULT_CONFIG: &str = "bot.toml";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "guichet", version, about = say::ABOUT, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
struct Globals {
    /// Configuration file [default: bot.toml, where there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Machine output: JSON on stdout, logs on stderr
    #[arg(long, global = true)]
    json: bool,
    /// Act as if at that instant (one-shot commands)
    #[arg(long, global = true, value_name = "RFC3339")]
    now: Option<String>,
    /// The agent who acts
    #[arg(long = "as", global = true, value_name = "NAME")]
    agent: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(about = say::SERVE)]
    Serve,
    #[command(about = say::DEMO)]
    Demo {
        /// Port of the pages
        #[arg(long, default_value_t = 3000)]
        port: u16,
        /// Folder of the demo's mails and database
        #[arg(long, default_value = "demo")]
        dir: PathBuf,
    },
    #[command(about = say::FETCH)]
    Fetch {
        /// At most this many mails
        #[arg(long)]
        limit: Option<u32>,
        /// On a first visit: from the oldest mail on
        #[arg(long)]
        all: bool,
    },
    #[command(about = say::DELIVER)]
    Deliver,
    #[command(about = say::TICK)]
    Tick {
        /// Only list
        #[arg(long)]
        dry_run: bool,
    },
    #[command(about = say::TICKET)]
    Ticket {
        /// As in chat: `status 42 resolved`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    #[command(about = say::MAIL, subcommand)]
    Mail(mails::Mail),
    #[command(about = crate::wording::sign_in::IMAP, subcommand)]
    Imap(sign_in::ImapCommand),
    #[command(about = say::USER, subcommand)]
    User(users::User),
    #[command(about = say::AGENT, subcommand)]
    Agent(agents::AgentCommand),
    #[command(about = say::REPORT)]
    Report {
        /// The day, as 2026-11-24; today by default
        #[arg(long, conflicts_with = "week")]
        day: Option<String>,
        /// The week, as 2026-W48 or one of its days
        #[arg(long)]
        week: Option<String>,
        /// text, json or csv
        #[arg(long, value_enum)]
        format: Option<report::Format>,
    },
    #[command(about = retention_says::RETENTION, subcommand)]
    Retention(retention::RetentionCommand),
    #[command(about = audit_says::AUDIT)]
    Audit {
        /// Since that day, as 2026-11-24, or that instant
        #[arg(long)]
        since: Option<String>,
        /// At most so many lines
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    #[command(about = say::CHECK)]
    Check,
    #[command(about = say::DB, subcommand)]
    Db(database::Db),
    #[command(about = say::CONFIG, subcommand)]
    Config(ConfigCommand),
    #[command(about = say::SLACK, subcommand)]
    Slack(SlackCommand),
    #[command(about = say::PUSH, subcommand)]
    Push(PushCommand),
    #[command(about = crate::wording::webhooks::WEBHOOK, subcommand)]
    Webhook(webhooks::WebhookCommand),
    #[command(about = crate::wording::dkim::DKIM, subcommand)]
    Dkim(dkim::DkimCommand),
}

#[derive(Debug, Subcommand)]
enum PushCommand {
    #[command(about = say::PUSH_KEYGEN)]
    Keygen,
}

#[derive(Debug, Subcommand)]
enum SlackCommand {
    #[command(about = say::SLACK_MANIFEST)]
    Manifest {
        /// Signed requests to public_url instead of Socket Mode
        #[arg(long)]
        http: bool,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print bot.example.toml
    Example,
}

/// Puts the global options that stand behind `ticket WORDS…` before it, where clap looks for them: the words are
/// a CM's text, and a text may hold anything. After a bare `--` nothing is an option; the grammar reads it too.
pub fn globals_first(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.collect();
    let Some(ticket) = args.iter().position(|arg| arg == "ticket") else { return args };
    let behind = args.split_off(ticket);
    let (mut words, mut globals) = (Vec::new(), Vec::new());
    let mut rest = behind.into_iter();
    while let Some(arg) = rest.next() {
        let word = arg.to_string_lossy();
        if word == "--" {
            words.push(arg);
            words.extend(rest);
            break;
        }
        let takes_a_value = ["--config", "--now", "--as"].contains(&&*word);
        let has_its_value = ["--config=", "--now=", "--as="].iter().any(|option| word.starts_with(option));
        if takes_a_value {
            globals.push(arg);
            globals.extend(rest.next());
        } else if word == "--json" || has_its_value {
            globals.push(arg);
        } else {
            words.push(arg);
        }
    }
    args.splice(1..1, globals);
    args.extend(words);
    args
}

impl Cli {
    /// Whether the command ends by itself.
    pub fn is_one_shot(&self) -> bool {
        !matches!(self.command, Command::Serve | Command::Demo { .. })
    }
}

/// How a command ended badly.
enum Ended {
    /// Said in one French sentence; exit code 1.
    Refused(String),
    /// A use or a configuration that cannot be; exit code 2.
    Usage(String),
    /// Our fault: logged with its chain; exit code 1.
    Broken(anyhow::Error),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Ended {
        match failure {
            Failure::Refused(refusal) => Ended::Refused(refusals::say(&refusal)),
            Failure::Broken(error) => Ended::Broken(error),
        }
    }
}

impl From<anyhow::Error> for Ended {
    fn from(error: anyhow::Error) -> Ended {
        Ended::Broken(error)
    }
}

type Done = Result<(), Ended>;

/// Carries out a command line.
pub async fn run(cli: Cli) -> ExitCode {
    match carry_out(&cli).await.and_then(|()| all_was_written()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Ended::Refused(said)) => {
            warn_line(&text::sentence(&said, std::io::stderr().is_terminal()));
            ExitCode::from(1)
        }
        Err(Ended::Usage(said)) => {
            warn_line(&text::sentence(&said, std::io::stderr().is_terminal()));
            ExitCode::from(2)
        }
        Err(Ended::Broken(error)) if store::is_busy(&error) => {
            tracing::error!(error = format!("{error:#}"), "the database was busy for too long");
            warn_line(say::DATABASE_BUSY);
            ExitCode::from(1)
        }
        Err(Ended::Broken(error)) => {
            let reference = desk::reference();
            tracing::error!(r#ref = %reference, error = format!("{error:#}"), "command failed");
            warn_line(&say::internal_error(&reference));
            ExitCode::from(1)
        }
    }
}

/// The manifest of the app to create. It comes before the tokens: a configuration that lacks them will do, where it need
/// not say our address.
fn slack_manifest(globals: &Globals, by_request: bool) -> Done {
    let config = match config(globals) {
        Ok(config) => Some(config),
        Err(ended) if by_request => return Err(ended),
        Err(_) => None,
    };
    let brand = config.as_ref().map_or("BetTracker Pro", |config| &config.brand);
    let public_url = config.as_ref().map_or("", |config| &config.public_url);
    let manifest = crate::chat::slack::manifest::manifest(brand, public_url, by_request);
    print(&format!("{manifest:#}"));
    Ok(())
}

/// A key for `[push]`, as lines of the configuration; nothing is kept of it.
fn push_key(json: bool) -> Done {
    let private_key = crate::webpush::new_private_key()?;
    let vapid = crate::webpush::Vapid::new(&private_key, "")?;
    let made = serde_json::json!({ "vapid_private_key": private_key, "public_key": vapid.public_key() });
    print_json(json, &made, &say::push_key(&private_key));
    Ok(())
}

async fn carry_out(cli: &Cli) -> Done {
    let globals = &cli.globals;
    // Read by every command, also by one that it has no effect on: a slip of the pen is not passed over.
    let clock = clock(globals)?;
    match &cli.command {
        Command::Config(ConfigCommand::Example) => {
            print(crate::config::EXAMPLE);
            return Ok(());
        }
        Command::Demo { port, dir } => {
            refuse_now(globals)?;
            return app::demo(dir, *port).await.map_err(misconfigured);
        }
        Command::Mail(mails::Mail::Inspect { files }) => {
            return mails::inspect(&config(globals)?, files);
        }
        Command::Slack(SlackCommand::Manifest { http }) => return slack_manifest(globals, *http),
        Command::Push(PushCommand::Keygen) => return push_key(globals.json),
        Command::Webhook(webhooks::WebhookCommand::Keygen) => return webhooks::keygen(globals.json),
        Command::Dkim(command) => return dkim::run(command, globals),
        Command::Check => return check::check(&config(globals)?, globals.json).await,
        Command::Db(command) => return database::run(command, &config(globals)?, globals.json).await,
        _ => {}
    }
    let config = config(globals)?;
    if matches!(cli.command, Command::Serve) {
        refuse_now(globals)?;
        return app::serve(config).await.map_err(misconfigured);
    }
    let opened = app::open(config, clock).await.map_err(misconfigured)?;
    let ended = carry_out_once(cli, &opened).await;
    opened.desk.close().await;
    ended
}

async fn carry_out_once(cli: &Cli, opened: &Opened) -> Done {
    let globals = &cli.globals;
    match &cli.command {
        Command::Fetch { limit, all } => mails::fetch(opened, *limit, *all, globals.json).await,
        Command::Deliver => mails::deliver(opened, globals.json).await,
        Command::Tick { dry_run } => {
            let fired = match dry_run {
                true => opened.desk.due_timers().await?,
                false => opened.desk.tick().await?,
            };
            let said = say::fired(&fired, *dry_run, opened.config.timezone);
            let gone = match dry_run {
                true => opened.desk.retention().await?.over(),
                false => opened.desk.keep_to_retention(&By::program(Door::Clock)).await?.gone,
            };
            let kept =
                if gone.is_none() { None } else { Some(crate::wording::retention::gone(&gone, *dry_run)) };
            if !dry_run {
                opened.desk.tidy_search().await?;
            }
            let said = kept.into_iter().fold(said, |said, kept| format!("{said}\n{kept}"));
            print_json(globals.json, &Ticked { fired, gone }, &said);
            Ok(())
        }
        Command::Report { day, week, format } => {
            let format =
                format.unwrap_or(if globals.json { report::Format::Json } else { report::Format::Text });
            report::run(opened, day.as_deref(), week.as_deref(), format).await
        }
        Command::Ticket { words } => {
            tickets::run(opened, globals.agent.as_deref(), words, globals.json).await
        }
        Command::Mail(command) => mails::run(opened, command, globals.agent.as_deref(), globals.json).await,
        Command::Imap(command) => sign_in::run(opened, command, globals.json).await,
        Command::User(command) => users::run(opened, command, globals.agent.as_deref(), globals.json).await,
        Command::Agent(command) => agents::run(opened, command, globals.agent.as_deref(), globals.json).await,
        Command::Webhook(command) => {
            webhooks::run(opened, command, globals.agent.as_deref(), globals.json).await
        }
        Command::Retention(command) => {
            retention::run(opened, command, globals.agent.as_deref(), globals.json).await
        }
        Command::Audit { since, limit } => audit::run(opened, since.as_deref(), *limit, globals.json).await,
        Command::Serve
        | Command::Demo { .. }
        | Command::Check
        | Command::Db(_)
        | Command::Config(_)
        | Command::Slack(_)
        | Command::Push(_)
        | Command::Dkim(_) => Ok(()),
    }
}

/// Whom the audit log names: the agent of `--as`, or else whoever holds the configuration.
async fn acting(opened: &Opened, name: Option<&str>) -> Result<By, Ended> {
    let Some(name) = name else { return Ok(By::program(Door::Cli)) };
    Ok(By::agent(&able(&opened.desk, name).await?, Door::Cli))
}

/// The agent of this name, who may act.
async fn able(desk: &Desk, name: &str) -> Result<Agent, Ended> {
    let agent = desk.agent_by_name(name).await?;
    let agent = agent.ok_or_else(|| Ended::Refused(say::no_such_agent(name)))?;
    match desk.is_disabled(&agent).await? {
        true => Err(Ended::Refused(refusals::say(&Refusal::AgentDisabled(agent.name)))),
        false => Ok(agent),
    }
}

/// What `tick` answers.
#[derive(Serialize)]
struct Ticked {
    fired: Vec<Fired>,
    /// What is kept no longer.
    #[serde(skip_serializing_if = "Counts::is_none")]
    gone: Counts,
}

fn misconfigured(stopped: app::Stopped) -> Ended {
    match stopped {
        app::Stopped::Misconfigured(faults) => Ended::Usage(config_faults::say_all(&faults)),
        app::Stopped::NoDatabase(url, why) => {
            Ended::Refused(crate::wording::check::database_fails(&url, &why))
        }
        app::Stopped::NoPort(address, why) => Ended::Usage(say::no_port(&address.to_string(), &why)),
        app::Stopped::NoFolder(folder, why) => {
            Ended::Usage(say::no_demo_folder(&folder.display().to_string(), &why))
        }
        app::Stopped::Broken(error) => Ended::Broken(error),
    }
}

fn refuse_now(globals: &Globals) -> Done {
    match globals.now {
        Some(_) => Err(Ended::Usage(say::NOW_IS_FOR_ONE_SHOT.to_owned())),
        None => Ok(()),
    }
}

fn config(globals: &Globals) -> Result<Config, Ended> {
    let beside = Path::new(DEFAULT_CONFIG);
    // Whatever has this name is meant to be read: a link that leads nowhere is a fault, not the lack of a file.
    let file = globals.config.as_deref().or_else(|| beside.symlink_metadata().is_ok().then_some(beside));
    Config::load(file, crate::config::environment())
        .map_err(|faults: Vec<Fault>| Ended::Usage(config_faults::say_all(&faults)))
}

fn clock(globals: &Globals) -> Result<Clock, Ended> {
    let Some(given) = &globals.now else { return Ok(Clock::System) };
    let instant =
        DateTime::parse_from_rfc3339(given).map_err(|_| Ended::Usage(say::not_an_instant(given)))?;
    Ok(Clock::At(instant.with_timezone(&Utc)))
}

/// Whether colours and progress bars make sense on stdout.
fn on_terminal() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Why something could not be printed, the first time. Looked at once, at the end, as programs in C look at `ferror(stdout)`:
/// no command can forget it.
static UNWRITTEN: OnceLock<std::io::Error> = OnceLock::new();

/// Prints; a reader that has gone away (`| head`) is no fault of ours.
fn print(said: &str) {
    let mut out = std::io::stdout().lock();
    let line_end: &[u8] = if said.ends_with('\n') { b"" } else { b"\n" };
    let written = out.write_all(said.as_bytes()).and_then(|()| out.write_all(line_end));
    if let Err(why) = written.and_then(|()| out.flush())
        && why.kind() != std::io::ErrorKind::BrokenPipe
    {
        // Of several, the first says it.
        let _ = UNWRITTEN.set(why);
    }
}

/// An answer that nobody got is none: a redirected export on a full disk must not pass for done.
fn all_was_written() -> Done {
    match UNWRITTEN.get() {
        Some(why) => Err(Ended::Refused(say::output_unwritten(&why.to_string()))),
        None => Ok(()),
    }
}

/// One JSON value on a line, or the sentence for people (nothing when it is empty).
fn print_json(json: bool, value: &impl Serialize, said: &str) {
    if json {
        // A view holds only strings, numbers and lists: it always serialises.
        print(&serde_json::to_string(value).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}")));
    } else if !said.is_empty() {
        print(&text::sentence(said, on_terminal()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::grammar;
    use crate::command::parse::parse_words;
    use clap::CommandFactory;

    fn first(line: &str) -> String {
        let args = globals_first(line.split(' ').map(OsString::from));
        args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn global_options_are_found_behind_the_words_of_a_ticket() {
        assert_eq!(first("guichet ticket list --json"), "guichet --json ticket list");
        assert_eq!(
            first("guichet --config a.toml ticket show 1 --now=2026-01-01T00:00:00Z --as Léa"),
            "guichet --now=2026-01-01T00:00:00Z --as Léa --config a.toml ticket show 1"
        );
        assert_eq!(first("guichet ticket reply 1 --then resolved"), "guichet ticket reply 1 --then resolved");
        assert_eq!(first("guichet ticket note 1 -- --json"), "guichet ticket note 1 -- --json");
        assert_eq!(first("guichet fetch --json"), "guichet fetch --json");
    }

    #[test]
    fn what_stands_behind_two_dashes_is_text_and_no_option() {
        let words = |line: &str| {
            let args = globals_first(line.split(' ').map(OsString::from));
            let Command::Ticket { words } = Cli::try_parse_from(args).unwrap().command else {
                panic!("{line}")
            };
            words
        };
        let Ok(grammar::Command::Reply { then, text, .. }) =
            parse_words(&words("guichet ticket reply 1 -- essayez --then resolved"))
        else {
            panic!("it is a reply")
        };
        assert_eq!((then, text.as_str()), (None, "essayez --then resolved"));
        let told = parse_words(&words("guichet ticket note 1 --json -- --json"));
        assert!(matches!(&told, Ok(grammar::Command::Note { text, .. }) if text == "--json"), "{told:?}");
    }

    #[test]
    fn the_declaration_is_sound() {
        Cli::command().debug_assert();
    }
}
