//! Requests of any kind that are due at moments which do not depend on the server: see
//! [`generator`](crate::generator). A thread for each client, since an answer of the API takes a
//! thousand times as long as a redirect.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::generator::{Arrivals, nanos};
use crate::servers::{ApiServer, Client};

/// What a connection that broke counts as.
const BROKEN: u16 = 0;

/// One request.
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) path: String,
    /// Further fields, each with its line end.
    pub(super) fields: String,
    /// Empty for none.
    pub(super) body: String,
}

/// What became of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answered {
    /// Which request, from 0 on.
    pub(super) number: usize,
    /// 0 when the connection broke.
    pub(super) status: u16,
    /// From the moment it was due to the whole answer. Nanoseconds.
    pub(super) latency: u64,
}

/// How requests come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub(super) per_second: f64,
    pub(super) lasting: Duration,
    /// Clients at most; when all of them wait, requests are late, which counts.
    pub(super) clients: usize,
    pub(super) seed: u64,
}

/// Lets requests come, as `make` makes them, and waits for the last answers.
pub(super) fn run(
    server: &ApiServer,
    pace: Pace,
    make: impl Fn(usize) -> Request + Sync,
) -> anyhow::Result<Vec<Answered>> {
    let begin = Instant::now();
    let moments = Arrivals::new(begin, pace.per_second, pace.seed).until(begin + pace.lasting);
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Vec::with_capacity(moments.len()));
    thread::scope(|scope| {
        let mut clients = Vec::new();
        for _ in 0..pace.clients {
            clients.push(scope.spawn(|| client(server, &moments, &next, &make, &all)));
        }
        for client in clients {
            client.join().map_err(|_| anyhow::anyhow!("a panic"))??;
        }
        Ok::<_, anyhow::Error>(())
    })?;
    Ok(all.into_inner().unwrap_or_default())
}

fn client(
    server: &ApiServer,
    moments: &[Instant],
    next: &AtomicUsize,
    make: impl Fn(usize) -> Request,
    all: &Mutex<Vec<Answered>>,
) -> anyhow::Result<()> {
    let mut connection: Option<Client> = None;
    let mut own = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(due) = moments.get(number) else {
            break;
        };
        let request = make(number);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let client = match &mut connection {
            Some(client) => client,
            none => none.insert(server.client()?),
        };
        let Request {
            method,
            path,
            fields,
            body,
        } = &request;
        let answer = client.send(method, path, fields, body);
        let latency = nanos(*due, Instant::now());
        let status = answer.map_or(BROKEN, |answer| answer.status);
        if status == BROKEN {
            connection = None;
        }
        own.push(Answered {
            number,
            status,
            latency,
        });
    }
    if let Ok(mut all) = all.lock() {
        all.extend(own);
    }
    Ok(())
}

/// The waiting times of some answers.
pub(super) fn latencies<'a>(
    answers: impl IntoIterator<Item = &'a Answered>,
) -> anyhow::Result<Histogram<u64>> {
    let mut histogram = Histogram::new(3)?;
    for answer in answers {
        histogram.record(answer.latency)?;
    }
    Ok(histogram)
}
