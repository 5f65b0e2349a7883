//! A line to the submission server: TCP, TLS at once or after STARTTLS, and the certificates that are trusted.
//!
//! STARTTLS is done here and not by lettre, so that nothing which a stranger put on the line before the encryption
//! is read after it (RFC 3207, 5 and 6): a forged answer could say of a mail that it was taken.
//! May import: config.

use crate::config::{Security, Smtp};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The most that a server may say in one answer before TLS, in bytes (Postfix, `smtp_response_limit`).
const LONGEST_ANSWER: u64 = 100_000;

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
        let mut roots = rustls::RootCertStore::empty();
        match &config.ca_file {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(file) => {
                let unreadable = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
                for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(&error))? {
                    let certificate = certificate.map_err(|error| unreadable(&error))?;
                    roots.add(certificate).map_err(|error| unreadable(&error))?;
                }
                if roots.is_empty() {
                    return Err(unreadable(&"holds no certificate"));
                }
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
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
    pub(super) async fn open(&self) -> Result<AsyncSmtpConnection, String> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(|error| format!("cannot connect to {}:{}: {error}", self.host, self.port))?;
        // Commands are short and each waits for its answer.
        _ = tcp.set_nodelay(true);
        let stream: Box<dyn AsyncTokioStream> = match self.security {
            Security::None => {
                let is_near = tcp.peer_addr().is_ok_and(|address| address.ip().is_loopback());
                if !is_near {
                    return Err(format!("{} is not this machine: plain text is refused", self.host));
                }
                Box::new(tcp)
            }
            Security::Tls => {
                let peer = tcp.peer_addr().map_err(|error| error.to_string())?;
                Box::new(Encrypted { greeting: io::Cursor::default(), peer, tls: self.encrypt(tcp).await? })
            }
            Security::Starttls => Box::new(self.start_tls(tcp).await?),
        };
        AsyncSmtpConnection::connect_with_transport(stream, &self.hello)
            .await
            .map_err(|error| format!("no welcome from {}: {}", self.host, reason(&error)))
    }

    async fn encrypt(&self, tcp: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        self.tls
            .connect(self.server_name.clone(), tcp)
            .await
            .map_err(|error| format!("TLS with {} failed: {error}", self.host))
    }

    async fn start_tls(&self, tcp: TcpStream) -> Result<Encrypted, String> {
        let peer = tcp.peer_addr().map_err(|error| error.to_string())?;
        let mut plain = BufReader::new(tcp);
        let greeting = answer(&mut plain, "220").await?;
        say(&mut plain, &format!("EHLO {}\r\n", self.hello)).await?;
        let capabilities = answer(&mut plain, "250").await?;
        let offers_tls = capabilities
            .lines()
            .any(|line| line.get(4..).is_some_and(|it| it.trim().eq_ignore_ascii_case("STARTTLS")));
        if !offers_tls {
            return Err(format!("{} does not offer STARTTLS", self.host));
        }
        say(&mut plain, "STARTTLS\r\n").await?;
        answer(&mut plain, "220").await?;
        if !plain.buffer().is_empty() {
            return Err(format!("{} spoke before TLS began", self.host));
        }
        let tls = self.encrypt(plain.into_inner()).await?;
        Ok(Encrypted { greeting: io::Cursor::new(greeting.into_bytes()), peer, tls })
    }
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

/// An encrypted line. lettre expects a greeting on each line it is given; after STARTTLS there is no second one,
/// so the first is read again.
#[derive(Debug)]
struct Encrypted {
    greeting: io::Cursor<Vec<u8>>,
    peer: SocketAddr,
    tls: TlsStream<TcpStream>,
}

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if (self.greeting.position() as usize) < self.greeting.get_ref().len() {
            return Pin::new(&mut self.greeting).poll_read(context, buffer);
        }
        Pin::new(&mut self.tls).poll_read(context, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_shutdown(context)
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
