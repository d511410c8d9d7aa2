//! Very many requests for what is not in memory.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use contract::Keys;
use local_servers::testing;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::control_plane::ControlPlane;
use crate::harness::{Proxy, client, link, settings};
use crate::idle::raise_file_limit;
use crate::program::Program;
use crate::redis::Relay;
use crate::wire::answer;

/// Visitors at once.
const CROWD: usize = 5_000;

/// Codes that nobody has made. The cache is tried with a million, which would take minutes here.
const UNKNOWN_CODES: usize = 60_000;

/// How many of them one address may have looked up.
const LOOKED_UP: u32 = 5_000;

/// Connections that ask for them.
const ASKERS: usize = 8;

/// Requests that are sent before their answers are read.
const PIPELINED: usize = 250;

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_visitors_of_a_cold_link_ask_once() {
    raise_file_limit();
    let per_address = CROWD.to_string();
    let setting = ("LINKPULSE_MAX_CONNECTIONS_PER_ADDRESS", &*per_address);
    let proxy = Proxy::with_settings(&[setting]).await;
    proxy
        .control_plane
        .knows(&link("cold", 1, "https://example.com/"));
    let mut visitors = Vec::new();
    for _ in 0..CROWD {
        visitors.push(TcpStream::connect(proxy.address).await.unwrap());
    }
    // Long enough for many of them to have asked before there is an answer; the proxy waits for a
    // second, and this process has all of it to do.
    proxy.control_plane.takes(Duration::from_millis(400));
    let misses = async || proxy.metric("linkpulse_cache_misses_total").await;
    let before = misses().await;
    let visits = visitors.iter_mut().map(async |stream| {
        let request = b"GET /cold HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(request).await.unwrap();
        answer(stream).await.starts_with("HTTP/1.1 302")
    });
    let redirected = futures_util::future::join_all(visits).await;
    assert!(redirected.iter().all(|redirected| *redirected));
    assert_eq!(proxy.control_plane.resolves(), 1);
    let waited = misses().await - before;
    assert!(waited >= CROWD as f64 / 10.0, "{waited}");
}

/// Asks for every [`ASKERS`]th of some codes that do not exist; returns how many were looked up,
/// and how many were refused.
async fn ask(proxy: SocketAddr, codes: Range<usize>) -> [usize; 2] {
    let mut codes = codes.step_by(ASKERS).peekable();
    let mut counts = [0, 0];
    while codes.peek().is_some() {
        // A connection ends after a thousand requests.
        let mut stream = BufReader::new(TcpStream::connect(proxy).await.unwrap());
        for _ in 0..1_000 / PIPELINED {
            let requests = codes
                .by_ref()
                .take(PIPELINED)
                .map(|number| format!("HEAD /try-{number} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
            let requests: Vec<String> = requests.collect();
            stream
                .write_all(requests.concat().as_bytes())
                .await
                .unwrap();
            for _ in 0..requests.len() {
                let head = answer(&mut stream).await;
                match head.get(9..12) {
                    Some("404") => counts[0] += 1,
                    Some("429") => counts[1] += 1,
                    _ => panic!("{head}"),
                }
            }
        }
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_tries_codes_takes_no_memory_and_no_hit() {
    let url = tokio::task::spawn_blocking(testing::redis_url);
    let url = url.await.unwrap();
    let prefix = testing::unique_prefix();
    let data_dir = tempfile::tempdir().unwrap();
    let control_plane = ControlPlane::start().await;
    let mut settings = settings(url, &prefix, control_plane.port, data_dir.path());
    settings.push(("LINKPULSE_MISSES_PER_MINUTE", LOOKED_UP.to_string()));
    let mut proxy = Program::new(settings);
    let _relay = Relay::start(url, Keys::new(prefix)).await;
    proxy.start().await;
    let known = link("abc", 1, "https://example.com/");
    control_plane.knows(&known);
    let client = client();
    let address = proxy.visitors;
    let is_hit = async || {
        let answer = client.get(format!("http://{address}/abc")).send().await;
        answer.unwrap().status() == 302
    };
    assert!(is_hit().await);
    let ask_all = async |codes: Range<usize>| {
        let askers = (0..ASKERS).map(|first| ask(address, codes.start + first..codes.end));
        let counts = futures_util::future::join_all(askers).await;
        let sum = |kind: usize| counts.iter().map(|counts| counts[kind]).sum::<usize>();
        (sum(0), sum(1))
    };
    let (found_nothing, _) = ask_all(0..UNKNOWN_CODES / 4).await;
    assert!(found_nothing >= LOOKED_UP as usize);
    let before = proxy.memory();
    let (_, refused) = ask_all(UNKNOWN_CODES / 4..UNKNOWN_CODES).await;
    assert!(refused > UNKNOWN_CODES / 2, "{refused}");
    let grown = proxy.memory().saturating_sub(before);
    assert!(grown < 16 * 1024 * 1024, "{grown} bytes");
    assert!(is_hit().await);
}
