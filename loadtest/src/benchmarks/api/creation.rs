//! Links that are made one at a time, by many clients.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::lists::Quantiles;
use super::open_loop::{self, Pace, Request, latencies};
use super::words::{WORDS, tag};
use crate::servers::ApiServer;

/// Connections.
const CLIENTS: usize = 32;

const SEED: u64 = 20_261_122;

/// How long links are made before it counts: the control plane has only just started, and opens its
/// connections.
pub(super) const WARM_UP: Duration = Duration::from_secs(5);

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Created {
    pub(super) per_second: f64,
    pub(super) millis: Quantiles,
    /// How many answers had which status. 0: the connection broke.
    pub(super) statuses: BTreeMap<u16, usize>,
}

impl Created {
    pub(super) fn errors(&self) -> usize {
        let wrong = self.statuses.iter().filter(|(status, _)| **status != 201);
        wrong.map(|(_, count)| count).sum()
    }
}

/// Lets them come.
pub(super) fn measure(
    server: &ApiServer,
    per_second: f64,
    lasting: Duration,
) -> anyhow::Result<Created> {
    let pace = |lasting, seed| Pace {
        per_second,
        lasting,
        clients: CLIENTS,
        seed,
    };
    open_loop::run(server, pace(WARM_UP, SEED + 1), request)?;
    let answers = open_loop::run(server, pace(lasting, SEED), request)?;
    let mut statuses = BTreeMap::new();
    for answer in &answers {
        *statuses.entry(answer.status).or_default() += 1;
    }
    Ok(Created {
        per_second,
        millis: Quantiles::of(&latencies(&answers)?),
        statuses,
    })
}

fn request(number: usize) -> Request {
    let word = WORDS[number % WORDS.len()];
    let mut body = json!({ "original_url": format!("https://www.example.com/{word}/{number}") });
    // Some have more.
    if number.is_multiple_of(3) {
        body["title"] = format!("A {word}").into();
    }
    if number.is_multiple_of(10) {
        body["tags"] = json!([tag(number / 10 % 200)]);
    }
    Request {
        method: "POST",
        path: "/api/v1/links".to_owned(),
        fields: String::new(),
        body: body.to_string(),
    }
}
