//! The oracle: clients that number their requests and remember which were answered.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::links::DOMAIN;

/// Longest wait for one answer. Beyond, the request may have been counted or not.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pause after a connection that could not be made.
const PAUSE: Duration = Duration::from_millis(20);

/// What a browser says, so that each request is a click.
const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// What visitors know.
#[derive(Debug, Default, Clone)]
pub(super) struct Memory {
    /// Numbers of requests that were sent, whatever became of them.
    pub(super) sent: Vec<u64>,
    /// Of these, the ones that were answered with the redirect.
    pub(super) redirected: Vec<u64>,
    /// Other answers, by status; at the edge of an outage 503 is right.
    pub(super) refused: u64,
    /// Redirects to somewhere else than the link's target. There must be none.
    pub(super) astray: u64,
}

/// Clients that run until they are told to end.
pub(super) struct Clients {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Memory>>,
}

impl Clients {
    /// Starts so many, who follow the links in turn and together send `per_second` requests.
    pub(super) fn start(
        proxies: &[SocketAddr],
        codes: &[String],
        count: usize,
        per_second: u64,
    ) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let next = Arc::new(AtomicU64::new(1));
        let pause =
            Duration::from_secs(count as u64) / u32::try_from(per_second).unwrap_or(u32::MAX);
        let threads = (0..count).map(|number| {
            let client = Client {
                proxy: proxies[number % proxies.len()],
                codes: codes.to_vec(),
                next: next.clone(),
                is_over: is_over.clone(),
                pause,
                stream: None,
                memory: Memory::default(),
            };
            thread::spawn(move || client.run())
        });
        Self {
            threads: threads.collect(),
            is_over,
        }
    }

    /// Lets them finish, and tells what they know.
    pub(super) fn finish(self) -> Memory {
        self.is_over.store(true, Ordering::SeqCst);
        let mut all = Memory::default();
        for thread in self.threads {
            let memory = thread.join().unwrap_or_default();
            all.sent.extend(memory.sent);
            all.redirected.extend(memory.redirected);
            all.refused += memory.refused;
            all.astray += memory.astray;
        }
        all
    }
}

struct Client {
    proxy: SocketAddr,
    codes: Vec<String>,
    /// The number of the next request, of any client.
    next: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    pause: Duration,
    stream: Option<TcpStream>,
    memory: Memory,
}

impl Client {
    fn run(mut self) -> Memory {
        while !self.is_over.load(Ordering::SeqCst) {
            let begun = Instant::now();
            if self.ask().is_err() {
                self.stream = None;
                thread::sleep(PAUSE);
            }
            thread::sleep(self.pause.saturating_sub(begun.elapsed()));
        }
        self.memory
    }

    fn ask(&mut self) -> std::io::Result<()> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect_timeout(&self.proxy, PATIENCE)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let code = &self.codes[number as usize % self.codes.len()];
        let request = format!(
            "GET /{code}?n={number} HTTP/1.1\r\nHost: {DOMAIN}\r\nUser-Agent: {USER_AGENT}\r\n\r\n"
        );
        // Before the first byte: what is half sent may count.
        self.memory.sent.push(number);
        stream.write_all(request.as_bytes())?;
        let answer = read_answer(&mut stream)?;
        let target = format!("\r\nlocation: https://example.com/{code}\r\n");
        if !answer.starts_with("HTTP/1.1 302 ") {
            self.memory.refused += 1;
        } else if answer.contains(&target) {
            self.memory.redirected.push(number);
        } else {
            self.memory.astray += 1;
        }
        if !answer.contains("\r\nconnection: close\r\n") {
            self.stream = Some(stream);
        }
        Ok(())
    }
}

/// A whole answer, in small letters but for its first line's.
fn read_answer(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&answer);
        if let Some(end) = text.find("\r\n\r\n") {
            let head = &text[..end + 2];
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                (name.eq_ignore_ascii_case("content-length")).then(|| value.parse().ok())?
            });
            let length: usize = length.unwrap_or(0);
            if answer.len() >= end + 4 + length {
                return Ok(head
                    .replace("Location", "location")
                    .replace("Connection", "connection"));
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            length => answer.extend_from_slice(&buffer[..length]),
        }
    }
}
