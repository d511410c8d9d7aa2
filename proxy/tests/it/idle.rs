//! Very many connections that do nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;

use contract::Keys;
use futures_util::future::try_join_all;
use local_servers::{Signal, free_port, spawn_tied, testing};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use crate::harness::{client, eventually, link};
use crate::process::command;
use crate::redis::Relay;
use crate::wire::{GET, answer};

/// As many as are promised.
const CONNECTIONS: usize = 15_000;

/// Fewer than one address may have.
const FROM_ONE_ADDRESS: usize = 1_000;

/// Open files for everything else in this process: the other tests.
const RESERVED: usize = 4_000;

/// How many connections this process may open.
fn possible() -> usize {
    CONNECTIONS.min(raise_file_limit().saturating_sub(RESERVED))
}

/// Raises this process' limit of open files as far as it may, and returns it.
pub(crate) fn raise_file_limit() -> usize {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    maximum.map_or(usize::MAX, |files| files as usize)
}

async fn connect(number: usize, proxy: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let source = Ipv4Addr::new(127, 15, 0, (1 + number / FROM_ONE_ADDRESS) as u8);
    socket.bind((source, 0).into())?;
    socket.connect(proxy).await
}

async fn is_served(stream: &mut TcpStream) -> bool {
    stream.write_all(GET.as_bytes()).await.unwrap();
    answer(stream).await.starts_with("HTTP/1.1 302")
}

/// The proxy is a program here: it and its clients need the open files of two processes.
#[tokio::test(flavor = "multi_thread")]
async fn new_clients_are_served_while_15_000_connections_idle() {
    let connections = possible();
    let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let (visitors, admin) = (address(free_port().unwrap()), address(free_port().unwrap()));
    let prefix = testing::unique_prefix();
    let settings = [
        ("LINKPULSE_REDIS_KEY_PREFIX", prefix.clone()),
        ("LINKPULSE_PROXY_LISTEN", visitors.to_string()),
        ("LINKPULSE_PROXY_ADMIN_LISTEN", admin.to_string()),
    ];
    let (url, mut command) =
        tokio::task::spawn_blocking(move || (testing::redis_url(), command(&settings)))
            .await
            .unwrap();
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let _proxy = spawn_tied(command, Signal::KILL).unwrap();
    let relay = Relay::start(url, Keys::new(prefix)).await;
    relay.store(&link("abc", 1, "https://example.com/")).await;
    let client = client();
    let asked = async |path: &str| {
        let answer = client.get(format!("http://{admin}{path}")).send().await;
        match answer {
            Ok(answer) if answer.status() == 200 => answer.text().await.ok(),
            _ => None,
        }
    };
    eventually("it is ready", async || asked("/readyz").await.is_some()).await;

    let mut idle = Vec::new();
    for first in (0..connections).step_by(FROM_ONE_ADDRESS) {
        let numbers = first..connections.min(first + FROM_ONE_ADDRESS);
        let connecting = numbers.map(|number| connect(number, visitors));
        idle.extend(try_join_all(connecting).await.unwrap());
        // No more at once than wait for a busy process.
        eventually("all are accepted", async || {
            let metrics = asked("/metrics").await.unwrap_or_default();
            let mut lines = metrics.lines();
            let open = lines.find_map(|line| line.strip_prefix("linkpulse_connections "));
            open.is_some_and(|open| open.parse::<f64>().unwrap() >= idle.len() as f64)
        })
        .await;
    }
    println!("{connections} connections idle");

    for number in 0..100 {
        let mut new = TcpStream::connect(visitors).await.unwrap();
        assert!(is_served(&mut new).await, "new client {number}");
    }
    for stream in idle.iter_mut().step_by(connections / 50) {
        assert!(is_served(stream).await, "one that has been idle");
    }
}
