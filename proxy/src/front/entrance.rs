//! From an accepted socket to a connection that can be served.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use pingora::server::ShutdownWatch;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::connection::Front;
use super::limits::Slot;
use super::socket::Socket;

/// How long a TLS handshake may take: two round trips, and a key that costs a phone some
/// milliseconds.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(5);

impl Front {
    /// Serves a connection until it ends. `slot` is its right to be here.
    pub(crate) async fn welcome(
        self: Arc<Self>,
        stream: TcpStream,
        address: IpAddr,
        _slot: Slot,
        tls: Option<TlsAcceptor>,
        shutdown: ShutdownWatch,
    ) {
        let socket = match tls {
            None => Socket::Plain(stream),
            Some(acceptor) => match timeout(HANDSHAKE_DEADLINE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => Socket::Tls(Box::new(stream)),
                Ok(Err(error)) => return tracing::debug!(%error, "no TLS handshake"),
                Err(_) => return tracing::debug!("a TLS handshake took too long"),
            },
        };
        self.serve(socket, address, shutdown).await;
    }
}
