//! The connection under an IMAP session: TCP, TLS over rustls, and a bound on what a server may send.
//!
//! May import: config, inbound::fault. Knows nothing of IMAP.

use super::fault::FetchError;
use crate::config;
use crate::config::trust::{self, UnusableCa};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::fmt;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long a name, a connection or a TLS handshake may take.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(20);

trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// A connection that counts what it receives and fails once more came than was allowed: the IMAP library below
/// would buffer a literal of half a gigabyte.
pub struct Wire {
    stream: Box<dyn Stream>,
    received: u64,
    ceiling: u64,
}

impl Wire {
    /// Wraps a connection, encrypted or not.
    pub fn over(stream: impl AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static) -> Wire {
        // The greeting and the login fit in this many times over.
        Wire { stream: Box::new(stream), received: 0, ceiling: 1 << 20 }
    }

    /// Bytes received so far, after decryption.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Lets this many bytes more come, from here on.
    pub fn allow(&mut self, bytes: u64) {
        self.ceiling = self.received.saturating_add(bytes);
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("received", &self.received).finish_non_exhaustive()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.received > self.ceiling {
            return Poll::Ready(Err(io::Error::other("the server sends more than it announced")));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.received += (buffer.filled().len() - before) as u64;
        read
    }
}

impl AsyncWrite for Wire {
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

/// Connects, without a word of TLS or IMAP.
pub async fn connect(settings: &config::Imap) -> Result<Wire, FetchError> {
    let (host, port) = (settings.host.as_str(), settings.port);
    let silent = |during| move |_| FetchError::Silent { seconds: CONNECT_LIMIT.as_secs(), during };
    let addresses = timeout(CONNECT_LIMIT, tokio::net::lookup_host((host, port)))
        .await
        .map_err(silent("looking up the host"))?
        .map_err(|error| FetchError::UnknownHost { host: host.to_owned(), why: error.to_string() })?;
    let mut why = "it has no address".to_owned();
    for address in addresses {
        match timeout(CONNECT_LIMIT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Commands are small and wait for their answer. Not fatal where a system has no such option.
                let _ = stream.set_nodelay(true);
                return Ok(Wire::over(stream));
            }
            Ok(Err(error)) => why = error.to_string(),
            Err(_) => why = format!("no answer within {} s", CONNECT_LIMIT.as_secs()),
        }
    }
    Err(FetchError::Unreachable { host: host.to_owned(), port, why })
}

/// Encrypts a connection: at once for `tls`, after STARTTLS was accepted for `starttls`.
pub async fn encrypt(wire: Wire, settings: &config::Imap) -> Result<Wire, FetchError> {
    let host = settings.host.clone();
    let failed = |why: String, key| FetchError::Tls { host: host.clone(), why, key };
    let name = ServerName::try_from(settings.host.clone())
        .map_err(|_| failed("not a name that a certificate can carry".to_owned(), "`imap.host`"))?;
    let connector = TlsConnector::from(Arc::new(client_config(settings.ca_file.as_deref())?));
    match timeout(CONNECT_LIMIT, connector.connect(name, wire.stream)).await {
        Ok(Ok(stream)) => Ok(Wire::over(stream)),
        Ok(Err(error)) => {
            let key = blame(&error);
            Err(failed(error.to_string(), key))
        }
        Err(_) => {
            let why = format!("no handshake within {} s", CONNECT_LIMIT.as_secs());
            Err(failed(why, "`imap.security` and `imap.port`"))
        }
    }
}

/// The keys to look at for a failed handshake.
fn blame(error: &io::Error) -> &'static str {
    use rustls::CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, UnknownIssuer,
    };
    use rustls::Error::{InvalidCertificate, InvalidMessage};
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(InvalidCertificate(UnknownIssuer)) => "`imap.ca_file`",
        Some(InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => "`imap.host`",
        Some(InvalidCertificate(Expired | ExpiredContext { .. })) => {
            "the server's certificate, and the clock of this machine"
        }
        Some(InvalidMessage(_)) => "`imap.security` and `imap.port`",
        _ => "`imap.security`, `imap.port` and `imap.ca_file`",
    }
}

fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig, FetchError> {
    trust::client_config(ca_file).map_err(|UnusableCa { path, why }| FetchError::CaFile { path, why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_server_that_sends_more_than_allowed_is_cut_off() {
        let (near, mut far) = tokio::io::duplex(1 << 16);
        let mut wire = Wire::over(near);
        wire.allow(1000);
        far.write_all(&[b'x'; 4000]).await.unwrap();
        let mut buffer = [0; 500];
        let mut read = 0;
        let error = loop {
            match wire.read(&mut buffer).await {
                Ok(n) => read += n,
                Err(error) => break error,
            }
        };
        assert!((1000..=1500).contains(&read), "{read} bytes were let through");
        assert!(error.to_string().contains("more than it announced"));
    }

    #[test]
    fn a_ca_file_without_a_certificate_is_said_so() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = client_config(Some(file.path())).unwrap_err().to_string();
        assert!(error.contains("`imap.ca_file`") && error.contains("no certificate"), "{error}");
        assert!(matches!(client_config(Some(Path::new("/nowhere.pem"))), Err(FetchError::CaFile { .. })));
    }
}
