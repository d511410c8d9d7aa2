//! Many sign-ins, which are made to be slow, beside reads, which must not be.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::creation::WARM_UP;
use super::lists::{self, Quantiles};
use super::open_loop::{self, Answered, Pace, Request, latencies};
use super::population::person;
use super::words::WORDS;
use crate::machine::CpuTime;
use crate::servers::ApiServer;

/// Connections of those who read.
const READERS: usize = 32;

/// Connections of those who sign in.
const PEOPLE: usize = 192;

/// Links that are read one at a time.
const KNOWN: usize = 500;

const SEED: u64 = 20_261_123;

/// How requests come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) sign_ins_per_second: f64,
    pub(super) reads_per_second: f64,
    pub(super) lasting: Duration,
    /// Who may sign in.
    pub(super) people: usize,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub(super) reads_alone: Reads,
    pub(super) reads_beside: Reads,
    pub(super) sign_ins: SignIns,
    /// Cores that were busy while people signed in.
    pub(super) control_plane_cores: f64,
    pub(super) postgres_cores: f64,
}

/// Reads of the API: single links, first pages, searches.
#[derive(Debug, Serialize)]
pub(super) struct Reads {
    pub(super) millis: Quantiles,
    /// Answers that were not 200.
    pub(super) errors: usize,
}

/// What became of sign-ins.
#[derive(Debug, Serialize)]
pub(super) struct SignIns {
    pub(super) statuses: BTreeMap<u16, usize>,
    /// Those whose password was looked at.
    pub(super) hashed: Option<Quantiles>,
    pub(super) hashed_per_second: f64,
    /// Those who were sent away, 429 or 503.
    pub(super) turned_away: Option<Quantiles>,
    /// Right ones that were refused and wrong ones that were not, and what else should not be.
    pub(super) errors: usize,
}

/// Measures reads alone, then beside sign-ins.
pub(super) fn measure(server: &ApiServer, load: Load) -> anyhow::Result<Measured> {
    let ids = lists::ids(&mut server.client()?, KNOWN)?;
    let reads_alone = read(server, load, &ids)?;
    let before = server.used()?;
    let (beside, answers) = thread::scope(|scope| {
        let people = scope.spawn(|| sign_in(server, load));
        let beside = read(server, load, &ids);
        let answers = people.join().map_err(|_| anyhow::anyhow!("a panic"))??;
        Ok::<_, anyhow::Error>((beside?, answers))
    })?;
    let after = server.used()?;
    let seconds = (WARM_UP + load.lasting).as_secs_f64();
    let cores = |after: CpuTime, before| (after - before).total() / seconds;
    Ok(Measured {
        reads_alone,
        reads_beside: beside,
        sign_ins: count(&answers, load)?,
        control_plane_cores: cores(after.0, before.0),
        postgres_cores: cores(after.1, before.1),
    })
}

fn read(server: &ApiServer, load: Load, ids: &[String]) -> anyhow::Result<Reads> {
    let pace = Pace {
        per_second: load.reads_per_second,
        lasting: WARM_UP + load.lasting,
        clients: READERS,
        seed: SEED,
    };
    let answers = open_loop::run(server, pace, |number| {
        let path = match number % 4 {
            0 => "/api/v1/links".to_owned(),
            1 => format!("/api/v1/links?q={}", WORDS[number / 4 % WORDS.len()]),
            _ => format!("/api/v1/links/{}", ids[number % ids.len()]),
        };
        Request {
            method: "GET",
            path,
            fields: String::new(),
            body: String::new(),
        }
    })?;
    let answers = after_warm_up(answers, pace);
    Ok(Reads {
        millis: Quantiles::of(&latencies(&answers)?),
        errors: answers.iter().filter(|answer| answer.status != 200).count(),
    })
}

fn is_right(number: usize) -> bool {
    number.is_multiple_of(2)
}

fn sign_in(server: &ApiServer, load: Load) -> anyhow::Result<Vec<Answered>> {
    let pace = Pace {
        per_second: load.sign_ins_per_second,
        lasting: WARM_UP + load.lasting,
        clients: PEOPLE,
        seed: !SEED,
    };
    let answers = open_loop::run(server, pace, |number| {
        let mut account = person(server, number % load.people);
        if !is_right(number) {
            account.password += "?";
        }
        let [_, a, b, c] = (number as u32).to_be_bytes();
        Request {
            method: "POST",
            path: "/api/v1/session".to_owned(),
            // Each from elsewhere: it is not the limits that are measured.
            fields: format!("X-Forwarded-For: 10.{a}.{b}.{c}\r\n"),
            body: json!({ "email": account.email, "password": account.password }).to_string(),
        }
    })?;
    Ok(after_warm_up(answers, pace))
}

/// Without those of the first seconds, in which all clients connect at once.
fn after_warm_up(answers: Vec<Answered>, pace: Pace) -> Vec<Answered> {
    let first = (pace.per_second * WARM_UP.as_secs_f64()) as usize;
    let mut answers = answers;
    answers.retain(|answer| answer.number >= first);
    answers
}

fn count(answers: &[Answered], load: Load) -> anyhow::Result<SignIns> {
    let mut statuses = BTreeMap::new();
    for answer in answers {
        *statuses.entry(answer.status).or_default() += 1;
    }
    let was_hashed = |answer: &&Answered| matches!(answer.status, 200 | 401);
    let was_sent_away = |answer: &&Answered| matches!(answer.status, 429 | 503);
    let is_wrong = |answer: &&Answered| match answer.status {
        200 => !is_right(answer.number),
        401 => is_right(answer.number),
        429 | 503 => false,
        _ => true,
    };
    let hashed = latencies(answers.iter().filter(was_hashed))?;
    let turned_away = latencies(answers.iter().filter(was_sent_away))?;
    // Those who wait at the end are answered later.
    let seconds = load.lasting.as_secs_f64();
    Ok(SignIns {
        statuses,
        hashed_per_second: hashed.len() as f64 / seconds,
        hashed: (!hashed.is_empty()).then(|| Quantiles::of(&hashed)),
        turned_away: (!turned_away.is_empty()).then(|| Quantiles::of(&turned_away)),
        errors: answers.iter().filter(is_wrong).count(),
    })
}
