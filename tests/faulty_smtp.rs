//! An SMTP server that does as it is told: answers, keeps silent or hangs up at a given point of the dialogue.
//! For the faults that a sound server cannot be brought to; everything else is tried on a real one.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// What the server does at one point.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// Answers this line.
    Say(&'static str),
    /// Answers this line and hangs up.
    SayAndCut(&'static str),
    /// Hangs up.
    Cut,
    /// Says nothing, and keeps the line open, until [`FaultySmtp::hang_up`].
    Silence,
    /// Says nothing, and listens on.
    Wait,
}
use Act::Say;

/// What it does at each point of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    /// When a client connects.
    pub greeting: Act,
    /// To EHLO.
    pub ehlo: Act,
    /// To STARTTLS.
    pub starttls: Act,
    /// To MAIL.
    pub mail: Act,
    /// To RCPT.
    pub rcpt: Act,
    /// To DATA.
    pub data: Act,
    /// To the end of the body.
    pub end: Act,
    /// When a mail was taken: hangs up before the next command.
    pub cut_after_mail: bool,
}

/// Takes every mail.
pub const SOUND: Script = Script {
    greeting: Say("220 desk.example ESMTP"),
    ehlo: Say("250-desk.example\r\n250 8BITMIME"),
    starttls: Say("502 no"),
    mail: Say("250 ok"),
    rcpt: Say("250 ok"),
    data: Say("354 go on"),
    end: Say("250 2.0.0 queued"),
    cut_after_mail: false,
};

/// What the server saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// How many connections there were.
    pub connections: usize,
    /// How many there are.
    pub open: usize,
    /// The most that there were at once.
    pub most_open: usize,
    /// Every command, without its arguments.
    pub commands: Vec<String>,
    /// Every body, with its dots unstuffed.
    pub bodies: Vec<Vec<u8>>,
}

/// A running server; ends with the test's runtime.
pub struct FaultySmtp {
    /// Where it listens on loopback.
    pub port: u16,
    /// What it saw so far.
    pub seen: Arc<Mutex<Seen>>,
    over: CancellationToken,
}

impl FaultySmtp {
    /// The first connection is served by the first script, and so on; the last script serves all further ones.
    pub async fn start(scripts: impl Into<Vec<Script>>) -> FaultySmtp {
        let scripts = scripts.into();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let record = Arc::clone(&seen);
        let over = CancellationToken::new();
        let hung_up = over.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let script = {
                    let mut seen = record.lock().unwrap();
                    seen.connections += 1;
                    seen.open += 1;
                    seen.most_open = seen.most_open.max(seen.open);
                    scripts[(seen.connections - 1).min(scripts.len() - 1)]
                };
                let (record, hung_up) = (Arc::clone(&record), hung_up.clone());
                tokio::spawn(async move {
                    _ = serve(stream, script, &record, &hung_up).await;
                    record.lock().unwrap().open -= 1;
                });
            }
        });
        FaultySmtp { port, seen, over }
    }

    /// Hangs up on every line on which it keeps silent, or will.
    pub fn hang_up(&self) {
        self.over.cancel();
    }
}

/// `None` when the connection is over.
async fn serve(
    stream: TcpStream,
    script: Script,
    seen: &Mutex<Seen>,
    over: &CancellationToken,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    act(&mut stream, script.greeting, over).await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let verb = line.split([' ', '\r']).next().unwrap_or_default().to_uppercase();
        seen.lock().unwrap().commands.push(verb.clone());
        match verb.as_str() {
            "EHLO" => act(&mut stream, script.ehlo, over).await?,
            "STARTTLS" => act(&mut stream, script.starttls, over).await?,
            "MAIL" => act(&mut stream, script.mail, over).await?,
            "RCPT" => act(&mut stream, script.rcpt, over).await?,
            "DATA" => {
                act(&mut stream, script.data, over).await?;
                if matches!(script.data, Say(answer) if answer.lines().last().is_some_and(|last| last.starts_with("354")))
                {
                    let body = body(&mut stream).await?;
                    seen.lock().unwrap().bodies.push(body);
                    act(&mut stream, script.end, over).await?;
                    if script.cut_after_mail {
                        return None;
                    }
                }
            }
            "QUIT" => return act(&mut stream, Act::SayAndCut("221 bye"), over).await,
            _ => act(&mut stream, Say("250 ok"), over).await?,
        }
    }
}

async fn act(stream: &mut BufReader<TcpStream>, act: Act, over: &CancellationToken) -> Option<()> {
    match act {
        Act::Say(answer) | Act::SayAndCut(answer) => {
            stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        }
        Act::Cut | Act::Silence | Act::Wait => {}
    }
    match act {
        Say(_) | Act::Wait => Some(()),
        Act::SayAndCut(_) | Act::Cut => None,
        Act::Silence => {
            // Until the client gives up, or we do.
            let mut rest = Vec::new();
            tokio::select! {
                _ = stream.read_to_end(&mut rest) => {}
                () = over.cancelled() => {}
            }
            None
        }
    }
}

async fn body(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await.ok()? == 0 {
            return None;
        }
        if line == b".\r\n" {
            return Some(body);
        }
        body.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
