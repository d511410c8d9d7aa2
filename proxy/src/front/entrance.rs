//! From an accepted socket to a connection that can be served.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use pingora::server::ShutdownWatch;
use service::env::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::connection::Front;
use super::limits::Slot;
use super::proxy_protocol::read_header;
use super::socket::Socket;

/// How long a load balancer's header may take, and then a TLS handshake: two round trips, and a
/// key that costs a phone some milliseconds.
const DEADLINE: Duration = Duration::from_secs(5);

/// Whether connections begin with a header of the PROXY protocol: `LINKPULSE_PROXY_PROTOCOL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyProtocol {
    /// None does.
    Off,
    /// All do, and all come from trusted proxies.
    Required,
}

impl Value for ProxyProtocol {
    fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "off" => Ok(Self::Off),
            "required" => Ok(Self::Required),
            _ => Err("off or required"),
        }
    }
}

impl Front {
    /// The right to a connection for whoever connects from there, or `None`. Trusted proxies bring
    /// many visitors, so they are counted in total only.
    pub(crate) fn admit(&self, peer: IpAddr) -> Option<Slot> {
        let is_trusted = self.forwarding.trusts(peer);
        let mut slot = self.limits.admit()?;
        let is_admitted = is_trusted
            || match self.proxy_protocol {
                ProxyProtocol::Off => slot.claim(peer),
                ProxyProtocol::Required => slot.refuse(),
            };
        is_admitted.then_some(slot)
    }

    /// Serves a connection until it ends. `slot` is its right to be here.
    pub(crate) async fn welcome(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        mut slot: Slot,
        tls: Option<TlsAcceptor>,
        shutdown: ShutdownWatch,
    ) {
        if let Some((socket, client)) = self.receive(stream, peer, &mut slot, tls).await {
            self.serve(socket, client, shutdown).await;
        }
    }

    /// What the visitor's bytes come through, and who it is.
    async fn receive(
        &self,
        mut stream: TcpStream,
        peer: SocketAddr,
        slot: &mut Slot,
        tls: Option<TlsAcceptor>,
    ) -> Option<(Socket, SocketAddr)> {
        let mut client = peer;
        if self.proxy_protocol == ProxyProtocol::Required {
            let reading = timeout(DEADLINE, read_header(&mut stream));
            // Whoever does not keep to the protocol is closed without a word.
            client = reading.await.ok()?.ok()?.unwrap_or(peer);
            let ip = client.ip();
            if !self.forwarding.trusts(ip) && !slot.claim(ip) {
                return None;
            }
        }
        let socket = match tls {
            None => Socket::Plain(stream),
            Some(acceptor) => {
                let shaking_hands = timeout(DEADLINE, acceptor.accept(stream));
                Socket::Tls(Box::new(shaking_hands.await.ok()?.ok()?))
            }
        };
        // An IPv4 address has one form, also where it came through a port of IPv6.
        client.set_ip(client.ip().to_canonical());
        Some((socket, client))
    }
}
