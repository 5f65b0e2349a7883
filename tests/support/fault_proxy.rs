//! A proxy between the program and a real IMAP server that does harm at a named place: by what is said and by counted
//! bytes, never by time. May import: tokio.
//!
//! It reads both sides line by line, knows a literal (RFC 3501 section 4.3) from a line, and asks its script about
//! every command and every answer; what the script does not touch passes as it is.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What the proxy heard.
#[derive(Debug, Clone, Copy)]
pub enum Heard<'a> {
    /// A command of the program, before the server has it.
    Command {
        /// Its tag; `DONE` stands for itself.
        tag: &'a str,
        /// The rest of the line.
        line: &'a str,
    },
    /// The first line of an answer of the server, before the program has it.
    Answer {
        /// The last command of the program, without its tag.
        to: &'a str,
        /// The line: where it announces a literal, that follows.
        line: &'a str,
    },
}

/// What the proxy does about it.
pub enum Act {
    /// Nothing.
    Pass,
    /// These bytes go to the program. A command does not reach the server; of an answer, only this line is replaced,
    /// a literal behind it passes.
    Instead(Vec<u8>),
    /// The server gets this command in its place, under the same tag.
    Rewrite(String),
    /// The program gets these bytes first, then the answer.
    Before(Vec<u8>),
    /// The program gets this answer, whole, only before the next tagged line.
    Later,
    /// The program gets these bytes instead and the connection ends.
    LastWords(Vec<u8>),
    /// The line passes, and this many bytes of what follows it on the same side; there the connection ends.
    CutAfter(usize),
    /// From here on nothing passes in either direction; the connection stays open.
    Silence,
    /// From this answer on the program gets the server's bytes in pieces of this size, a moment apart.
    Trickle(usize),
    /// This is done first; then the line passes.
    First(Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl Act {
    /// The connection ends here and now.
    pub fn cut() -> Act {
        Act::LastWords(Vec::new())
    }

    /// [`Act::First`].
    pub fn first(work: impl Future<Output = ()> + Send + 'static) -> Act {
        Act::First(Box::pin(work))
    }
}

type Script = dyn FnMut(Heard<'_>) -> Act + Send;

/// A running proxy; ends with the test's runtime.
pub struct FaultProxy {
    /// Where it listens on 127.0.0.1 and its neighbours.
    pub port: u16,
    /// Every command that was passed on to the server, in order, without its tag.
    passed: Arc<Mutex<Vec<String>>>,
    silenced: Arc<Notify>,
}

impl FaultProxy {
    /// Begins to listen. All connections share one script.
    pub async fn start(
        server_port: u16,
        script: impl FnMut(Heard<'_>) -> Act + Send + 'static,
    ) -> FaultProxy {
        // All of 127.0.0.0/8: a host that no certificate names can be reached here too.
        let listener = TcpListener::bind(("0.0.0.0", 0)).await.expect("a loopback port can be had");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let shared =
            Shared { script: Arc::new(Mutex::new(script)), passed: Arc::default(), silenced: Arc::default() };
        let (passed, silenced) = (Arc::clone(&shared.passed), Arc::clone(&shared.silenced));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if let Ok(server) = TcpStream::connect(("127.0.0.1", server_port)).await {
                    tokio::spawn(serve(client, server, shared.clone()));
                }
            }
        });
        FaultProxy { port, passed, silenced }
    }

    /// The commands that reached the server since the last call, without their tags.
    pub fn passed(&self) -> Vec<String> {
        std::mem::take(&mut *self.passed.lock().expect("no script panics while it is held"))
    }

    /// Whether this command has reached the server since they were last taken.
    pub fn has_passed(&self, command: &str) -> bool {
        self.passed.lock().expect("no script panics while it is held").iter().any(|line| line == command)
    }

    /// Returns once an [`Act::Silence`] has begun.
    pub async fn silenced(&self) {
        self.silenced.notified().await;
    }
}

#[derive(Clone)]
struct Shared {
    script: Arc<Mutex<Script>>,
    passed: Arc<Mutex<Vec<String>>>,
    silenced: Arc<Notify>,
}

impl Shared {
    fn ask(&self, heard: Heard<'_>) -> Act {
        (*self.script.lock().expect("the script does not panic"))(heard)
    }
}

/// One connection: what both directions share.
struct Connection {
    shared: Shared,
    client: tokio::sync::Mutex<OwnedWriteHalf>,
    /// The last command, without its tag.
    command: Mutex<String>,
}

/// `None`: the connection is over.
type Ended = Option<()>;

async fn serve(client: TcpStream, server: TcpStream, shared: Shared) {
    let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let connection =
        Connection { shared, client: tokio::sync::Mutex::new(to_client), command: Mutex::default() };
    let mut from_client = BufReader::new(from_client);
    {
        // The server's side ends at once with the first direction that does: it sees a client that hung up.
        let (mut to_server, mut from_server) = (to_server, BufReader::new(from_server));
        tokio::select! {
            _ = connection.commands(&mut from_client, &mut to_server) => {}
            _ = connection.answers(&mut from_server) => {}
        }
    }
    // Closing with something unread would be a reset, which can overtake the last words.
    let mut rest = Vec::new();
    let _ = from_client.read_to_end(&mut rest).await;
}

impl Connection {
    async fn commands(&self, client: &mut BufReader<OwnedReadHalf>, server: &mut OwnedWriteHalf) -> Ended {
        loop {
            let raw = line(client).await?;
            let text = String::from_utf8_lossy(&raw);
            let text = text.trim_end();
            let (tag, rest) = text.split_once(' ').unwrap_or((text, ""));
            rest.clone_into(&mut self.command.lock().expect("nobody panics while it is held"));
            let pass = |line: &str| self.shared.passed.lock().expect("as above").push(line.to_owned());
            let said = if rest.is_empty() { tag } else { rest };
            match self.shared.ask(Heard::Command { tag, line: rest }) {
                Act::Instead(bytes) => {
                    self.client.lock().await.write_all(&bytes).await.ok()?;
                    continue;
                }
                Act::LastWords(bytes) => return self.hang_up(&bytes).await,
                Act::Silence => return self.fall_silent().await,
                Act::Rewrite(line) => {
                    pass(&line);
                    server.write_all(format!("{tag} {line}\r\n").as_bytes()).await.ok()?;
                    continue;
                }
                Act::CutAfter(_) => {
                    pass(said);
                    server.write_all(&raw).await.ok()?;
                    return self.hang_up(b"").await;
                }
                Act::First(work) => work.await,
                Act::Pass | Act::Before(_) | Act::Later | Act::Trickle(_) => {}
            }
            pass(said);
            server.write_all(&raw).await.ok()?;
        }
    }

    async fn answers(&self, server: &mut BufReader<OwnedReadHalf>) -> Ended {
        let mut piece = usize::MAX;
        let mut aside = Vec::new();
        loop {
            let first = line(server).await?;
            let text = String::from_utf8_lossy(&first).into_owned();
            let command = self.command.lock().expect("nobody panics while it is held").clone();
            if !text.starts_with(['*', '+']) {
                self.tell(&std::mem::take(&mut aside), piece).await?;
            }
            match self.shared.ask(Heard::Answer { to: &command, line: text.trim_end() }) {
                Act::Instead(bytes) => {
                    self.tell(&bytes, piece).await?;
                    let rest = self.rest_of(&first, server).await?;
                    self.tell(&rest, piece).await?;
                    continue;
                }
                Act::LastWords(bytes) => return self.hang_up(&bytes).await,
                Act::Silence => return self.fall_silent().await,
                Act::CutAfter(count) => {
                    let mut following = vec![0; count];
                    server.read_exact(&mut following).await.ok()?;
                    return self.hang_up(&[first, following].concat()).await;
                }
                Act::Later => {
                    aside.extend_from_slice(&first);
                    aside.extend(self.rest_of(&first, server).await?);
                    continue;
                }
                Act::Before(bytes) => self.tell(&bytes, piece).await?,
                Act::Trickle(size) => piece = size,
                Act::First(work) => work.await,
                Act::Pass | Act::Rewrite(_) => {}
            }
            let rest = self.rest_of(&first, server).await?;
            self.tell(&[first, rest].concat(), piece).await?;
        }
    }

    /// What belongs to an answer behind its first line: literals, and the lines that go on after each.
    async fn rest_of(&self, first: &[u8], server: &mut BufReader<OwnedReadHalf>) -> Option<Vec<u8>> {
        let mut rest = Vec::new();
        let mut announced = literal(first);
        while let Some(length) = announced {
            let mut bytes = vec![0; length];
            server.read_exact(&mut bytes).await.ok()?;
            rest.extend(bytes);
            let next = line(server).await?;
            announced = literal(&next);
            rest.extend(next);
        }
        Some(rest)
    }

    async fn tell(&self, bytes: &[u8], piece: usize) -> Ended {
        let mut client = self.client.lock().await;
        for part in bytes.chunks(piece) {
            client.write_all(part).await.ok()?;
            if part.len() < bytes.len() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        Some(())
    }

    async fn hang_up(&self, last_words: &[u8]) -> Ended {
        let mut client = self.client.lock().await;
        client.write_all(last_words).await.ok()?;
        client.shutdown().await.ok()
    }

    /// Never returns: both directions stop with it, and the sockets stay open.
    async fn fall_silent(&self) -> Ended {
        self.shared.silenced.notify_one();
        let _client = self.client.lock().await;
        std::future::pending().await
    }
}

/// One line with its end; `None` when the side has hung up.
async fn line(from: &mut BufReader<OwnedReadHalf>) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    from.read_until(b'\n', &mut line).await.ok().filter(|read| *read > 0)?;
    Some(line)
}

/// The length of the literal that a line announces at its end.
fn literal(line: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(line.trim_ascii_end()).ok()?;
    text.strip_suffix('}')?.rsplit_once('{')?.1.parse().ok()
}

/// What happens to the bytes of one connection, whatever they mean: for what comes before IMAP.
#[derive(Debug, Clone, Copy)]
pub enum Bytes {
    /// All pass.
    Pass,
    /// The program gets these in the server's place, and the connection ends.
    Garbage(&'static [u8]),
    /// This many of the server's pass, and the connection ends.
    Cut(usize),
    /// None pass, and the connection stays open.
    Silence,
}

/// A proxy that knows nothing of IMAP: the first connection meets the first fault, and so on; the last is for all
/// further ones.
pub async fn start_raw(server_port: u16, faults: impl Into<Vec<Bytes>>) -> FaultProxy {
    let faults = faults.into();
    let listener = TcpListener::bind(("0.0.0.0", 0)).await.expect("a loopback port can be had");
    let port = listener.local_addr().expect("a bound socket has an address").port();
    let proxy = FaultProxy { port, passed: Arc::default(), silenced: Arc::default() };
    let silenced = Arc::clone(&proxy.silenced);
    tokio::spawn(async move {
        let mut connections = 0;
        while let Ok((client, _)) = listener.accept().await {
            let fault = faults[connections.min(faults.len() - 1)];
            connections += 1;
            if let Ok(server) = TcpStream::connect(("127.0.0.1", server_port)).await {
                tokio::spawn(pass_bytes(client, server, fault, Arc::clone(&silenced)));
            }
        }
    });
    proxy
}

async fn pass_bytes(mut client: TcpStream, mut server: TcpStream, fault: Bytes, silenced: Arc<Notify>) {
    match fault {
        Bytes::Pass => {
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        }
        Bytes::Garbage(bytes) => {
            let _ = client.write_all(bytes).await;
            drain(client).await;
        }
        Bytes::Cut(count) => {
            let (from_client, mut to_client) = client.split();
            let (from_server, mut to_server) = server.split();
            let mut from_client = from_client;
            let mut some = from_server.take(count as u64);
            tokio::select! {
                _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
                _ = tokio::io::copy(&mut some, &mut to_client) => {}
            }
            drain(client).await;
        }
        Bytes::Silence => {
            silenced.notify_one();
            let mut rest = Vec::new();
            let _ = client.read_to_end(&mut rest).await;
        }
    }
}

/// Ends our side, and reads on until the program has ended its own.
async fn drain(mut client: TcpStream) {
    let _ = client.shutdown().await;
    let mut rest = Vec::new();
    let _ = client.read_to_end(&mut rest).await;
}
