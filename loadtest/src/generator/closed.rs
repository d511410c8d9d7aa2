//! Closed loop: each client asks again as soon as it has its answer. For saturation.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::connection::Asked;
use super::crowd::Crowd;

/// Longest wait for an answer before the time is looked at again.
const LOOK: Duration = Duration::from_millis(100);

/// Which links are asked for.
pub(crate) enum Order {
    /// Each once, in their order, from the first of a range to its last.
    Each(std::ops::Range<usize>),
    /// Any of them, for ever.
    Random(Xoshiro256PlusPlus),
}

/// When to ask for no more.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    /// When this time has passed, or all have been asked for.
    Elapsed(Duration),
    /// When so many have been asked for.
    Asked(u64),
}

/// What became of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tally {
    /// Redirects, all of them right.
    pub(crate) answers: u64,
    pub(crate) elapsed: Duration,
    /// Connections that the server ended and a client opened anew.
    pub(crate) reconnects: u64,
}

impl Order {
    /// Random, the same for every run with this seed.
    pub(crate) fn random(seed: u64) -> Self {
        Self::Random(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    fn next(&mut self, links: usize) -> Option<usize> {
        match self {
            Self::Each(range) => range.next(),
            Self::Random(random) => Some(random.random_range(0..links)),
        }
    }
}

impl Crowd<'_> {
    /// Asks until the end, then waits for the last answers.
    pub(crate) fn run_closed(&mut self, mut order: Order, until: Until) -> anyhow::Result<Tally> {
        let begun = Instant::now();
        let reconnects = self.reconnects;
        self.begin();
        let links = self.links().len();
        let (mut asked, mut answers) = (0, 0);
        let mut put_off = VecDeque::new();
        let mut is_enough = false;
        let mut idle: Vec<usize> = (0..self.size()).collect();
        loop {
            while !is_enough && let Some(&client) = idle.last() {
                let Some(link) = order.next(links).or_else(|| put_off.pop_front()) else {
                    break;
                };
                let since = Instant::now();
                self.ask(client, Asked { link, since })?;
                idle.pop();
                asked += 1;
                is_enough = matches!(until, Until::Asked(count) if asked >= count);
            }
            if idle.len() == self.size() {
                break;
            }
            self.wait(LOOK, |answered| {
                idle.push(answered.client);
                if answered.is_put_off {
                    put_off.push_back(answered.asked.link);
                } else {
                    answers += 1;
                }
            })?;
            is_enough |= matches!(until, Until::Elapsed(limit) if begun.elapsed() >= limit);
        }
        Ok(Tally {
            answers,
            elapsed: begun.elapsed(),
            reconnects: self.reconnects - reconnects,
        })
    }
}
