//! A visitor who has the redirect is counted, whatever happens next: the click is kept before the
//! first byte of the answer is written.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use contract::Keys;
use local_servers::Signal;
use local_servers::testing::{ThrowAway, unique_prefix};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::harness::{eventually, link, settings};
use crate::program::Program;
use crate::redis::Relay;
use crate::wire::answer;

/// How long a system call waits that would write to a connection: longer than the test looks.
/// Microseconds.
const SLOW_ANSWERS: &str = "inject=sendto:delay_enter=120000000";

const REQUEST: &[u8] = b"GET /abc HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Makes a process slow to answer. `None` where that is not possible.
fn slow_down(process: u32) -> Option<Child> {
    let mut command = Command::new("strace");
    command.args(["-f", "-e", "trace=sendto", "-e", SLOW_ANSWERS, "-p"]);
    command.arg(process.to_string());
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut tracing = command.spawn().ok()?;
    let mut output = BufReader::new(tracing.stderr.take()?).lines();
    let first = output.next()?.ok()?;
    // It goes on talking, and must not have to wait.
    thread::spawn(move || output.for_each(drop));
    if !first.contains("attached") {
        println!("strace says: {first}");
        let _ = tracing.wait();
        return None;
    }
    Some(tracing)
}

/// Clicks that are in the spool.
fn kept(folder: &Path) -> u64 {
    let inspected = spool::inspect::inspect(&folder.join("spool")).unwrap();
    let contents = inspected.into_iter().map(|file| file.content.unwrap());
    contents.map(|it| it.clicks + it.unsealed).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_is_kept_before_its_redirect_is_written() {
    let redis = tokio::task::spawn_blocking(ThrowAway::redis);
    let redis = redis.await.unwrap().unwrap();
    let prefix = unique_prefix();
    let folder = tempfile::tempdir().unwrap();
    let mut proxy = Program::new(settings(&redis.url(), &prefix, 1, folder.path()));
    let relay = Relay::start(&redis.url(), Keys::new(prefix)).await;
    proxy.start().await;
    relay.publish(&link("abc", 1, "https://example.com/")).await;
    let visitors = proxy.visitors;
    eventually("the link is in memory", async || {
        let mut visitor = TcpStream::connect(visitors).await.unwrap();
        visitor.write_all(REQUEST).await.unwrap();
        answer(&mut visitor).await.starts_with("HTTP/1.1 302")
    })
    .await;
    let before = kept(folder.path());
    let mut visitor = TcpStream::connect(visitors).await.unwrap();

    let Some(mut tracing) = slow_down(proxy.pid()) else {
        // Past the test runner's capture, so that a log shows what a green run has not covered.
        let _ = writeln!(
            std::io::stderr(),
            "not here: whether a click is kept before its answer (strace is missing, or may not look at another process)"
        );
        return;
    };
    visitor.write_all(REQUEST).await.unwrap();
    eventually("the click is kept", async || {
        kept(folder.path()) == before + 1
    })
    .await;
    let early = visitor.try_read(&mut [0; 1]).map_err(|it| it.kind());
    assert_eq!(early, Err(ErrorKind::WouldBlock), "the answer was first");
    tokio::time::sleep(Duration::from_millis(100)).await;
    // Before it is let go: it writes nothing any more.
    proxy.signal(Signal::KILL);
    let _ = tracing.kill();
    tracing.wait().unwrap();
    proxy.end(Signal::KILL).await;
    let after = kept(folder.path());
    assert_eq!(after, before + 1, "nobody saw this one's answer");
}
