//! A line to the submission server: TCP, TLS at once or after STARTTLS.
//!
//! STARTTLS is done here and not by lettre, so that nothing which a stranger put on the line before the encryption
//! is read after it (RFC 3207, 5 and 6): a forged answer could say of a mail that it was taken.
//! May import: config.

use crate::config::trust::client_config;
use crate::config::{Security, Smtp};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::ServerName;
use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The most that a server may say in one answer before TLS, and that is kept of what it offers, in bytes (Postfix,
/// `smtp_response_limit`).
const LONGEST_ANSWER: u64 = 100_000;

/// A connection that was greeted.
pub(super) struct Session {
    pub(super) connection: AsyncSmtpConnection,
    /// The server takes several commands before it answers the first (RFC 2920).
    pub(super) pipelines: bool,
    /// Which answer comes next is not known: it serves no other mail.
    pub(super) is_lost: bool,
}

/// Where the server is and how to speak to it.
pub(super) struct Endpoint {
    host: String,
    port: u16,
    security: Security,
    tls: TlsConnector,
    server_name: ServerName<'static>,
    hello: ClientId,
}

impl Endpoint {
    /// With `ca_file`, its certificates alone are trusted; without, those of Mozilla.
    pub(super) fn new(config: &Smtp) -> Result<Endpoint, String> {
        let tls = client_config(config.ca_file.as_deref()).map_err(|error| error.to_string())?;
        let server_name = ServerName::try_from(config.host.clone())
            .map_err(|_| format!("{:?} is no host name", config.host))?;
        Ok(Endpoint {
            host: config.host.clone(),
            port: config.port,
            security: config.security,
            tls: TlsConnector::from(Arc::new(tls)),
            server_name,
            hello: ClientId::default(),
        })
    }

    /// Opens a connection as far as the server's answer to EHLO.
    ///
    /// # Errors
    /// What failed, in a few English words. Waits as long as the server does: the caller sets the limit.
    pub(super) async fn open(&self) -> Result<Session, String> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(|error| format!("cannot connect to {}:{}: {error}", self.host, self.port))?;
        // Commands are short and wait for their answers.
        _ = tcp.set_nodelay(true);
        let peer = tcp.peer_addr().map_err(|error| error.to_string())?;
        let heard = Heard::default();
        let stream: Box<dyn AsyncTokioStream> = match self.security {
            Security::None => {
                if !peer.ip().is_loopback() {
                    return Err(format!("{} is not this machine: plain text is refused", self.host));
                }
                Box::new(Line { greeting: io::Cursor::default(), heard: heard.clone(), peer, stream: tcp })
            }
            Security::Tls => {
                let stream = self.encrypt(tcp).await?;
                Box::new(Line { greeting: io::Cursor::default(), heard: heard.clone(), peer, stream })
            }
            Security::Starttls => {
                let (greeting, stream) = self.start_tls(tcp).await?;
                Box::new(Line { greeting: io::Cursor::new(greeting), heard: heard.clone(), peer, stream })
            }
        };
        let connection = AsyncSmtpConnection::connect_with_transport(stream, &self.hello)
            .await
            .map_err(|error| format!("no welcome from {}: {}", self.host, reason(&error)))?;
        Ok(Session { connection, pipelines: offers(&heard.end(), "PIPELINING"), is_lost: false })
    }

    async fn encrypt(&self, tcp: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        self.tls
            .connect(self.server_name.clone(), tcp)
            .await
            .map_err(|error| format!("TLS with {} failed: {error}", self.host))
    }

    /// The greeting, and the line once it is encrypted.
    async fn start_tls(&self, tcp: TcpStream) -> Result<(Vec<u8>, TlsStream<TcpStream>), String> {
        let mut plain = BufReader::new(tcp);
        let greeting = answer(&mut plain, "220").await?;
        say(&mut plain, &format!("EHLO {}\r\n", self.hello)).await?;
        let capabilities = answer(&mut plain, "250").await?;
        if !offers(&capabilities, "STARTTLS") {
            return Err(format!("{} does not offer STARTTLS", self.host));
        }
        say(&mut plain, "STARTTLS\r\n").await?;
        answer(&mut plain, "220").await?;
        if !plain.buffer().is_empty() {
            return Err(format!("{} spoke before TLS began", self.host));
        }
        Ok((greeting.into_bytes(), self.encrypt(plain.into_inner()).await?))
    }
}

/// Whether the answer to EHLO names an extension (RFC 5321, 4.1.1.1).
fn offers(answer: &str, extension: &str) -> bool {
    answer.lines().any(|line| line.get(4..).is_some_and(|it| it.trim().eq_ignore_ascii_case(extension)))
}

async fn say(line: &mut BufReader<TcpStream>, command: &str) -> Result<(), String> {
    line.get_mut().write_all(command.as_bytes()).await.map_err(|error| format!("connection lost: {error}"))
}

/// The server's answer, all its lines, when it begins with `code`.
async fn answer(line: &mut BufReader<TcpStream>, code: &str) -> Result<String, String> {
    let mut all = Vec::new();
    loop {
        let start = all.len();
        let room = LONGEST_ANSWER.saturating_sub(start as u64);
        line.take(room)
            .read_until(b'\n', &mut all)
            .await
            .map_err(|error| format!("connection lost: {error}"))?;
        let last = &all[start..];
        if !last.ends_with(b"\n") {
            return Err("connection lost: no whole answer".to_owned());
        }
        if last.get(3) != Some(&b'-') {
            break;
        }
    }
    let all = String::from_utf8_lossy(&all).into_owned();
    if all.lines().all(|line| line.starts_with(code)) { Ok(all) } else { Err(one_line(&all)) }
}

/// What a server says, until it has been heard enough: lettre does not tell every extension that it offers.
#[derive(Debug, Clone)]
struct Heard(Arc<Mutex<Option<Vec<u8>>>>);

impl Default for Heard {
    fn default() -> Heard {
        Heard(Arc::new(Mutex::new(Some(Vec::new()))))
    }
}

impl Heard {
    fn note(&self, bytes: &[u8]) {
        if let Some(heard) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let room = (LONGEST_ANSWER as usize).saturating_sub(heard.len());
            heard.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    /// What was said so far; nothing more is noted.
    fn end(&self) -> String {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        String::from_utf8_lossy(&heard).into_owned()
    }
}

/// A line as lettre takes it. It expects a greeting on each line it is given; after STARTTLS there is no second one,
/// so the first is read again.
#[derive(Debug)]
struct Line<S> {
    greeting: io::Cursor<Vec<u8>>,
    heard: Heard,
    peer: SocketAddr,
    stream: S,
}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug> AsyncTokioStream for Line<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Line<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if (self.greeting.position() as usize) < self.greeting.get_ref().len() {
            return Pin::new(&mut self.greeting).poll_read(context, buffer);
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.heard.note(&buffer.filled()[before..]);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// An error in a few words: the server's own, with its code, when it gave an answer.
pub(super) fn reason(error: &Error) -> String {
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    match error.status() {
        Some(code) => one_line(&format!("{code} {text}")),
        None if error.is_response() || error.is_client() => one_line(&text),
        None => one_line(&format!("connection lost: {text}")),
    }
}

/// A server's text on one line of at most 200 characters, without control characters and without e-mail addresses.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(if word.contains('@') { "<address>" } else { word });
        if line.len() > 1000 {
            break;
        }
    }
    match line.char_indices().nth(200) {
        Some((end, _)) => line[..end].to_owned(),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_become_one_short_line_without_an_address() {
        assert_eq!(
            one_line("550 5.1.1 <lea@client.example>:\r\n Recipient\u{9b} rejected\0"),
            "550 5.1.1 <address> Recipient rejected"
        );
        assert_eq!(one_line(&"é".repeat(5000)).chars().count(), 200);
    }
}
