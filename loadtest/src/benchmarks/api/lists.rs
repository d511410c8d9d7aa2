//! How long lists take, one after another.

use std::time::Instant;

use anyhow::Context;
use hdrhistogram::Histogram;
use serde::Serialize;
use serde_json::Value;

use super::questions::{self, Kind};
use crate::report::quantile_millis;
use crate::servers::{ApiServer, Client};

/// Rows on a page.
const PAGE: usize = 50;

/// Rows on a page on the way to pages far behind: as many as there can be.
const LONG_PAGE: usize = 100;

/// Pages of each list that are looked at.
const PAGES: usize = 10;

/// How long lists of one kind took. Milliseconds.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub(super) name: String,
    pub(super) first: Quantiles,
    /// Absent when none of them has a second page.
    pub(super) later: Option<Quantiles>,
    /// Of the last tenth of the way to a page far behind.
    pub(super) deep: Option<Quantiles>,
    /// The slowest query, and how long it took.
    pub(super) slowest: (String, f64),
}

/// Of some waiting times. Milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Quantiles {
    pub(super) count: u64,
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}

impl Quantiles {
    pub(super) fn of(nanos: &Histogram<u64>) -> Self {
        let at = |quantile| quantile_millis(nanos, quantile);
        Self {
            count: nanos.len(),
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            max: at(1.0),
        }
    }
}

impl Measured {
    /// The p95 that is to be compared with the bar: the worst of its pages.
    pub(super) fn worst_p95(&self) -> f64 {
        let all = [Some(self.first), self.later, self.deep];
        let p95 = all.iter().flatten().map(|quantiles| quantiles.p95);
        p95.fold(0.0, f64::max)
    }
}

/// Measures each kind: `lists` lists of it, and for some the way to page `depth`.
pub(super) fn measure(
    server: &ApiServer,
    lists: usize,
    depth: usize,
) -> anyhow::Result<Vec<Measured>> {
    let mut client = server.client()?;
    let dates = dates(&mut client, depth)?;
    let mut measured = Vec::new();
    for kind in questions::all(&dates) {
        let one = measure_kind(&mut client, &kind, lists, depth);
        let one = one.with_context(|| kind.name.clone())?;
        eprintln!("{}: p95 {:.1} ms", one.name, one.worst_p95());
        measured.push(one);
    }
    Ok(measured)
}

fn measure_kind(
    client: &mut Client,
    kind: &Kind,
    lists: usize,
    depth: usize,
) -> anyhow::Result<Measured> {
    let mut first = Histogram::new(3)?;
    let mut later = Histogram::new(3)?;
    let mut deep = Histogram::new(3)?;
    let mut slowest = (String::new(), 0.0);
    for query in kind.queries.iter().cycle().take(lists) {
        let mut cursor = None;
        for page in 0..PAGES {
            let (nanos, next) = ask(client, query, PAGE, cursor.as_deref())?;
            let millis = nanos as f64 / 1e6;
            if millis > slowest.1 {
                slowest = (query.clone(), millis);
            }
            let histogram = if page == 0 { &mut first } else { &mut later };
            histogram.record(nanos)?;
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
    }
    if let (true, Some(query)) = (kind.is_deep, kind.queries.first()) {
        let mut cursor = None;
        for page in 0..depth {
            let (nanos, next) = ask(client, query, LONG_PAGE, cursor.as_deref())?;
            if page >= depth - depth.div_ceil(10) {
                deep.record(nanos)?;
            }
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
    }
    let filled = |histogram: &Histogram<u64>| {
        let is_filled = !histogram.is_empty();
        is_filled.then(|| Quantiles::of(histogram))
    };
    Ok(Measured {
        name: kind.name.clone(),
        first: Quantiles::of(&first),
        later: filled(&later),
        deep: filled(&deep),
        slowest,
    })
}

/// A page, how many nanoseconds it took, and where the next begins.
fn ask(
    client: &mut Client,
    query: &str,
    limit: usize,
    cursor: Option<&str>,
) -> anyhow::Result<(u64, Option<String>)> {
    let mut path = format!("/api/v1/links?limit={limit}&{query}");
    if let Some(cursor) = cursor {
        path += &format!("&cursor={cursor}");
    }
    let begun = Instant::now();
    let reply = client.get(&path)?.expect(200)?;
    let took = u64::try_from(begun.elapsed().as_nanos())?;
    let next = reply.json()?["next_cursor"].as_str().map(str::to_owned);
    Ok((took, next))
}

/// When links were made, ascending: one moment for each page on the way through all of them.
fn dates(client: &mut Client, pages: usize) -> anyhow::Result<Vec<String>> {
    let mut dates = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..pages {
        let cursor_field = cursor.map_or(String::new(), |cursor| format!("&cursor={cursor}"));
        let path = format!("/api/v1/links?limit={LONG_PAGE}&order=asc{cursor_field}");
        let page = client.get(&path)?.expect(200)?.json()?;
        let made = page["data"][0]["created_at"].as_str();
        dates.extend(made.map(str::to_owned));
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    Ok(dates)
}

/// Ids of some links, the newest.
pub(super) fn ids(client: &mut Client, count: usize) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::new();
    let mut path = format!("/api/v1/links?limit={LONG_PAGE}");
    while ids.len() < count {
        let page = client.get(&path)?.expect(200)?.json()?;
        let links: &[Value] = page["data"].as_array().map_or(&[], Vec::as_slice);
        ids.extend(
            links
                .iter()
                .filter_map(|link| link["id"].as_str().map(str::to_owned)),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/links?limit={LONG_PAGE}&cursor={cursor}");
    }
    ids.truncate(count);
    Ok(ids)
}
