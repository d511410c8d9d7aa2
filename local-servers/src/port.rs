//! Ports of the loopback interface.

use std::net::{Ipv4Addr, TcpListener};

use crate::{Error, Result};

/// Below 32768 begin the ports that Linux lends to outgoing connections. A port from there could
/// be lent away between our look and the server's start, or between two starts of `linkpulse up`.
const CANDIDATES: std::ops::Range<u16> = 15_000..32_000;

/// Tries before the system is asked for any port at all.
const TRIES: u32 = 100;

/// A port of 127.0.0.1 on which nothing listens now. It is not reserved: be ready for
/// [`Error::PortTaken`].
pub fn free_port() -> Result<u16> {
    for _ in 0..TRIES {
        let offset = rand::random::<u16>() % (CANDIDATES.end - CANDIDATES.start);
        let port = CANDIDATES.start + offset;
        if ensure_free(port).is_ok() {
            return Ok(port);
        }
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    let address = address.map_err(Error::io("find a free port"))?;
    Ok(address.port())
}

/// Fails when something listens on the port.
pub(crate) fn ensure_free(port: u16) -> Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::PortTaken { port }),
    }
}
