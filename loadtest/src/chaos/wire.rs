//! A wire between the proxies and Redis, which can lose replies: the one cheap way to have an append
//! take effect and still fail.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long replies are lost before the connection ends.
const SILENCE: Duration = Duration::from_millis(20);

/// Between two looks at whether replies are to be lost.
const LOOK: Duration = Duration::from_millis(5);

/// The wire. Lives as long as the process.
pub(super) struct Wire {
    address: SocketAddr,
    faults: Arc<Faults>,
}

#[derive(Default)]
struct Faults {
    is_losing: AtomicBool,
    lost: AtomicU64,
}

impl Wire {
    /// Leads to this port of ours.
    pub(super) fn to(port: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let faults = Arc::new(Faults::default());
        let shared = faults.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Nobody there: the client finds out by the end of its connection.
                if let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
                    carry(client, server, &shared);
                }
            }
        });
        Ok(Self { address, faults })
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Loses all replies for a moment, and with them the connections that wait for one.
    pub(super) fn lose_replies(&self) {
        self.faults.is_losing.store(true, Ordering::SeqCst);
        thread::sleep(2 * SILENCE);
        self.faults.is_losing.store(false, Ordering::SeqCst);
    }

    /// Connections that were cut after losing replies.
    pub(super) fn lost(&self) -> u64 {
        self.faults.lost.load(Ordering::SeqCst)
    }
}

fn carry(client: TcpStream, server: TcpStream, faults: &Arc<Faults>) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (Ok(mut from_client), Ok(mut to_server)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Both);
    });
    let faults = faults.clone();
    thread::spawn(move || {
        let _ = carry_replies(&server, &client, &faults);
        let _ = (
            client.shutdown(Shutdown::Both),
            server.shutdown(Shutdown::Both),
        );
    });
}

fn carry_replies(
    mut server: &TcpStream,
    mut client: &TcpStream,
    faults: &Faults,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    server.set_read_timeout(Some(LOOK))?;
    let mut losing_since: Option<Instant> = None;
    loop {
        let read = match server.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if is_timeout(&error) => 0,
            Err(error) => return Err(error),
        };
        if read > 0 && faults.is_losing.load(Ordering::SeqCst) {
            losing_since.get_or_insert_with(Instant::now);
        }
        match losing_since {
            Some(since) if since.elapsed() >= SILENCE => {
                faults.lost.fetch_add(1, Ordering::SeqCst);
                return Ok(());
            }
            Some(_) => {}
            None => client.write_all(&buffer[..read])?,
        }
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    matches!(error.kind(), TimedOut | WouldBlock)
}
