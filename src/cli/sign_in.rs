//! `guichet imap login`: a person agrees in a browser, on this machine or another, and the account's tokens are kept.
//!
//! Nothing is kept before the provider granted everything, so that it may be broken off at any time.

use super::{Done, Ended, on_terminal, print, print_json};
use crate::app::{self, Opened};
use crate::config::OAuth2;
use crate::desk::tokens::TokenFault;
use crate::inbound::Source;
use crate::oauth::code::{NoCode, SignIn};
use crate::oauth::device::{Device, Polled};
use crate::oauth::{Fault, Grant};
use crate::outbound::Courier;
use crate::wording::{check as say_check, sign_in as say, text};
use clap::Subcommand;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::io::{BufRead, IsTerminal};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// How long a person may take in the browser.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// How long a browser may take to ask for the page it was sent to.
const BROWSER_LIMIT: Duration = Duration::from_secs(10);
/// The longest request line that is read, in bytes.
const LONGEST_LINE: u64 = 16 << 10;
/// Connections of the browser at a time.
const BROWSER_LANES: usize = 16;

#[derive(Debug, Subcommand)]
pub(super) enum ImapCommand {
    #[command(about = say::LOGIN)]
    Login {
        /// The account, where the configuration names several
        account: Option<String>,
        /// By an address to paste, where a code for another device is not wanted
        #[arg(long)]
        paste: bool,
    },
}

/// Signs in to one account, keeps its tokens, then tries what they are for.
pub(super) async fn run(opened: &Opened, command: &ImapCommand, json: bool) -> Done {
    let ImapCommand::Login { account, paste } = command;
    let oauth2 = chosen(opened, account.as_deref())?;
    let grant = if *paste || oauth2.device_url.is_none() {
        by_browser(oauth2, json).await?
    } else {
        by_device(oauth2, json).await?
    };
    match opened.desk.keep_sign_in(oauth2, &grant).await {
        Ok(()) => {}
        Err(TokenFault::Store(error)) => return Err(Ended::Broken(error)),
        Err(_) => return Err(Ended::Refused(say::NOT_LASTING.to_owned())),
    }
    let kept = json!({ "step": "kept", "account": oauth2.account, "provider": oauth2.provider.as_str() });
    tell(json, &kept, &say::kept(&oauth2.account));
    try_out(opened, oauth2, json).await
}

/// The account that is meant.
fn chosen<'a>(opened: &'a Opened, account: Option<&str>) -> Result<&'a OAuth2, Ended> {
    let all = opened.config.oauth2_accounts();
    let fitting: Vec<&OAuth2> =
        all.iter().copied().filter(|one| account.is_none_or(|account| one.account == account)).collect();
    match fitting.as_slice() {
        [one] => Ok(one),
        _ if all.is_empty() => Err(Ended::Usage(say::NO_ACCOUNT.to_owned())),
        _ => {
            let names: Vec<&str> = all.iter().map(|one| one.account.as_str()).collect();
            Err(Ended::Usage(say::which(&names)))
        }
    }
}

fn refused(fault: &Fault, oauth2: &OAuth2) -> Ended {
    Ended::Refused(say::fault(fault, &oauth2.key))
}

/// The person types a code on another device; we ask at the pace that the provider wants.
async fn by_device(oauth2: &OAuth2, json: bool) -> Result<Grant, Ended> {
    let mut device = Device::begin(oauth2).await.map_err(|fault| refused(&fault, oauth2))?;
    let shown = json!({
        "step": "device", "account": oauth2.account, "url": device.verification_url, "code": device.user_code,
        "seconds": device.lifetime.as_secs(),
    });
    let said = say::device(&oauth2.account, &device.verification_url, &device.user_code, device.lifetime);
    tell(json, &shown, &said);
    let end = Instant::now() + device.lifetime;
    while Instant::now() + device.interval < end {
        tokio::time::sleep(device.interval).await;
        match device.poll(oauth2).await.map_err(|fault| refused(&fault, oauth2))? {
            Polled::Pending => {}
            Polled::Granted(grant) => return Ok(grant),
            Polled::Declined => return Err(Ended::Refused(say::DECLINED.to_owned())),
            Polled::Expired => break,
        }
    }
    Err(Ended::Refused(say::TOO_LATE.to_owned()))
}

/// What the browser or the person brought back.
enum Brought {
    Code(SecretString),
    /// Pasted, and it is not it.
    Nothing(NoCode),
    /// Nobody will paste: the input has ended.
    InputEnded,
}

/// The browser comes back to this machine with the code, or the person pastes the address on which it ended.
async fn by_browser(oauth2: &OAuth2, json: bool) -> Result<Grant, Ended> {
    let no_port = |why: std::io::Error| Ended::Refused(say::no_port(&why.to_string()));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(no_port)?;
    let port = listener.local_addr().map_err(no_port)?.port();
    let sign_in = Arc::new(SignIn::begin(oauth2, port).map_err(|fault| refused(&fault, oauth2))?);
    let shown = json!({ "step": "browser", "account": oauth2.account, "url": sign_in.url, "port": port });
    tell(json, &shown, &say::browser(&oauth2.account, &sign_in.url, port));

    let (sender, mut brought) = mpsc::channel(BROWSER_LANES);
    listen_to_person(sign_in.clone(), sender.clone());
    let browser = tokio::spawn(listen_to_browser(listener, sign_in.clone(), sender));
    let code = async {
        while let Some(brought) = brought.recv().await {
            match brought {
                Brought::Code(code) => return Ok(code),
                Brought::Nothing(no @ NoCode::Refused(_)) => {
                    return Err(Ended::Refused(say::no_code(&no, port)));
                }
                Brought::Nothing(no) => {
                    let what = match no {
                        NoCode::Stranger => "stranger",
                        _ => "not_an_address",
                    };
                    tell(json, &json!({ "step": "again", "why": what }), &say::no_code(&no, port));
                }
                // A program that started us may have no input, and its browser comes all the same; no person will.
                Brought::InputEnded if std::io::stdin().is_terminal() => break,
                Brought::InputEnded => {}
            }
        }
        Err(Ended::Refused(say::NOBODY_PASTES.to_owned()))
    };
    let code = timeout(LONGEST_WAIT, code).await;
    browser.abort();
    let code = code.unwrap_or_else(|_| Err(Ended::Refused(say::TOO_LATE.to_owned())))?;
    sign_in.exchange(oauth2, &code).await.map_err(|fault| refused(&fault, oauth2))
}

/// Reads pasted lines on a thread of their own: waiting for a person cannot be broken off, and ends with the program.
fn listen_to_person(sign_in: Arc<SignIn>, sender: mpsc::Sender<Brought>) {
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = std::io::Read::take(&mut input, LONGEST_LINE).read_until(b'\n', &mut line);
            if !matches!(read, Ok(1..)) {
                let _ = sender.blocking_send(Brought::InputEnded);
                return;
            }
            let line = String::from_utf8_lossy(&line);
            if line.trim().is_empty() {
                continue;
            }
            let brought = sign_in.read(&line).map_or_else(Brought::Nothing, Brought::Code);
            if sender.blocking_send(brought).is_err() {
                return;
            }
        }
    });
}

/// Takes the browser's visit. It opens connections before it needs them: each is listened to by itself.
async fn listen_to_browser(listener: TcpListener, sign_in: Arc<SignIn>, sender: mpsc::Sender<Brought>) {
    let lanes = Arc::new(tokio::sync::Semaphore::new(BROWSER_LANES));
    loop {
        // The semaphore is never closed.
        let Ok(lane) = lanes.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (sign_in, sender) = (sign_in.clone(), sender.clone());
        tokio::spawn(async move {
            let _lane = lane;
            if let Ok(Some(brought)) = timeout(BROWSER_LIMIT, visit(stream, &sign_in)).await {
                let _ = sender.send(brought).await;
            }
        });
    }
}

/// One visit: reads what is asked for, says a sentence. What is not of this sign-in changes nothing: any program of
/// this machine can come here.
async fn visit(stream: TcpStream, sign_in: &SignIn) -> Option<Brought> {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    (&mut stream).take(LONGEST_LINE).read_until(b'\n', &mut line).await.ok()?;
    let line = String::from_utf8_lossy(&line);
    let target = line.strip_prefix("GET ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    let (status, page, brought) = match sign_in.read(target) {
        Ok(code) => ("200 OK", say::DONE_PAGE, Some(Brought::Code(code))),
        Err(no @ NoCode::Refused(_)) => ("200 OK", say::NO_PAGE, Some(Brought::Nothing(no))),
        Err(_) => ("404 Not Found", say::STRANGE_PAGE, None),
    };
    let body = format!(
        "<!doctype html><html lang=\"fr\"><meta charset=\"utf-8\"><title>Guichet</title><p>{page}</p>"
    );
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Content-Security-Policy: default-src 'none'\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    // A browser that has gone has brought the code all the same.
    let _ = stream.get_mut().write_all(answer.as_bytes()).await;
    let _ = stream.get_mut().shutdown().await;
    brought
}

/// Tries every mailbox of the account, and the way out where it uses the same tokens.
async fn try_out(opened: &Opened, oauth2: &OAuth2, json: bool) -> Done {
    let is_ours = |other: Option<&OAuth2>| other.is_some_and(|other| other.is_same_account(oauth2));
    let mut failed = 0;
    let mut tried = |check: &str, outcome: Result<String, String>| {
        let ok = outcome.is_ok();
        failed += usize::from(!ok);
        let detail = outcome.unwrap_or_else(|why| why);
        let value = json!({ "step": "tried", "check": check, "ok": ok, "detail": detail });
        tell(json, &value, &say_check::line(ok, check, &detail));
    };
    for imap in opened.config.imap.iter().filter(|imap| is_ours(imap.sign_in.oauth2())) {
        tried("inbox", super::check::inbox(&Source::Imap(imap.clone()), Some(&opened.desk)).await);
    }
    let smtp = opened.config.smtp.as_ref().and_then(|smtp| smtp.sign_in.as_ref());
    if is_ours(smtp.and_then(|sign_in| sign_in.oauth2())) {
        let post = app::post_room(&opened.config, Some(&opened.desk)).map_err(super::misconfigured)?;
        if let Courier::Smtp(courier) = &post.courier {
            tried("outbox", courier.try_connection().await.map(|()| say_check::SMTP_READY.to_owned()));
        }
    }
    if failed > 0 { Err(Ended::Refused(say_check::to_mend(failed))) } else { Ok(()) }
}

/// One step, at once: somebody waits for it.
fn tell(json: bool, value: &Value, said: &str) {
    if json {
        print_json(true, value, "");
    } else {
        print(&text::sentence(said, on_terminal()));
    }
}
