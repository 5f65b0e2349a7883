//! The line to a client: one that takes nothing of what is written to it loses its place, and no address has all the places.
//! May import: nothing of ours but its own door.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long a client may take nothing while something is to be written. A socket takes more only once a third of what waits in it is
/// gone, a megabyte or two: on a slow line that takes minutes.
const LONGEST_STANDSTILL: Duration = Duration::from_secs(300);

/// How many connections one address has at most: a person at several pages, or a house behind one router.
const MOST_OF_ONE: usize = 128;

/// A stream that ends with an error when its writes stand still.
pub struct Moving<S> {
    stream: S,
    /// Runs while a write waits.
    patience: Option<Pin<Box<Sleep>>>,
}

impl<S> Moving<S> {
    /// Watches over a stream.
    pub fn new(stream: S) -> Moving<S> {
        Moving { stream, patience: None }
    }

    /// Passes on what came of a write; what has waited for too long has failed.
    fn watch<T>(
        patience: &mut Option<Pin<Box<Sleep>>>,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            *patience = None;
            return written;
        }
        let patience = patience.get_or_insert_with(|| Box::pin(sleep(LONGEST_STANDSTILL)));
        match patience.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Moving<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Moving<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Moving { stream, patience } = self.get_mut();
        let written = Pin::new(stream).poll_write(context, bytes);
        Self::watch(patience, context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Moving { stream, patience } = self.get_mut();
        let written = Pin::new(stream).poll_write_vectored(context, pieces);
        Self::watch(patience, context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Moving { stream, patience } = self.get_mut();
        let flushed = Pin::new(stream).poll_flush(context);
        Self::watch(patience, context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Moving { stream, patience } = self.get_mut();
        let shut = Pin::new(stream).poll_shutdown(context);
        Self::watch(patience, context, shut)
    }
}

/// How many connections each address has.
#[derive(Debug, Clone, Default)]
pub struct Peers(Arc<Mutex<HashMap<IpAddr, usize>>>);

impl Peers {
    /// A place for a connection from this address, until it is dropped; `None` where it has as many as one may. Addresses of this
    /// machine, of private networks and of those that carriers share (RFC 6598) stand for many people behind a proxy.
    pub fn enter(&self, address: IpAddr) -> Option<Peer> {
        let counted = counted_as(address);
        if let Some(counted) = counted {
            let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let count = peers.entry(counted).or_default();
            if *count >= MOST_OF_ONE {
                return None;
            }
            *count += 1;
        }
        Some(Peer { peers: self.clone(), counted })
    }
}

/// A connection that is counted.
#[derive(Debug)]
pub struct Peer {
    peers: Peers,
    counted: Option<IpAddr>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let Some(counted) = self.counted else { return };
        let mut peers = self.peers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = peers.get_mut(&counted) {
            *count -= 1;
            if *count == 0 {
                peers.remove(&counted);
            }
        }
    }
}

/// As whom an address is counted: in IPv6 one customer has at least a /64 (RFC 6177). `None` for one that is not.
fn counted_as(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let is_shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            let is_near = v4.is_loopback() || v4.is_private() || v4.is_link_local() || is_shared;
            (!is_near).then_some(IpAddr::V4(v4))
        }
        IpAddr::V6(v6) if v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() => None,
        IpAddr::V6(v6) => {
            let network = u128::from(v6) & !u128::from(u64::MAX);
            Some(IpAddr::V6(Ipv6Addr::from(network)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::routing::get;
    use hyper::server::conn::http1;
    use hyper_util::rt::TokioIo;
    use hyper_util::service::TowerToHyperService;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_asks_and_never_reads_loses_its_place() {
        let (mut client, server) = duplex(4096);
        let pages: Router = Router::new().route("/", get(async || "x".repeat(100_000)));
        let served = http1::Builder::new()
            .serve_connection(TokioIo::new(Moving::new(server)), TowerToHyperService::new(pages));
        client.write_all(&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20)).await.unwrap();
        let begun = Instant::now();
        assert!(served.await.is_err());
        assert_eq!(begun.elapsed().as_secs(), LONGEST_STANDSTILL.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_gets_all_of_it() {
        let (mut client, server) = duplex(10);
        let mut server = Moving::new(server);
        let writes = async {
            server.write_all(&[7; 100]).await.unwrap();
            server.shutdown().await.unwrap();
        };
        let reads = async {
            let (mut all, mut piece) = (Vec::new(), [0; 10]);
            loop {
                sleep(LONGEST_STANDSTILL - Duration::from_secs(1)).await;
                match client.read(&mut piece).await.unwrap() {
                    0 => break all,
                    read => all.extend_from_slice(&piece[..read]),
                }
            }
        };
        let ((), all) = tokio::join!(writes, reads);
        assert_eq!(all, [7; 100]);
    }

    #[test]
    fn one_address_leaves_places_to_others() {
        let peers = Peers::default();
        let enter = |address: &str| peers.enter(address.parse().unwrap());
        let mut held: Vec<_> = (0..MOST_OF_ONE).map(|_| enter("203.0.113.7").unwrap()).collect();
        assert!(enter("203.0.113.7").is_none() && enter("::ffff:203.0.113.7").is_none());
        assert!(enter("203.0.113.8").is_some());
        held.pop();
        held.extend(enter("203.0.113.7"));
        assert_eq!(held.len(), MOST_OF_ONE);
        assert!(enter("203.0.113.7").is_none());
        let network: Vec<_> =
            (0..MOST_OF_ONE).map(|host| enter(&format!("2001:db8::{host:x}")).unwrap()).collect();
        assert!(enter("2001:db8::ffff").is_none() && enter("2001:db8:0:1::1").is_some());
        let proxies = ["127.0.0.1", "::1", "::ffff:127.0.0.1", "172.17.0.1", "fd00::1"];
        let behind: Vec<_> =
            proxies.iter().cycle().take(10 * MOST_OF_ONE).map(|proxy| enter(proxy).unwrap()).collect();
        drop((held, network, behind));
        assert!(peers.0.lock().unwrap().is_empty(), "nobody is remembered");
    }
}
