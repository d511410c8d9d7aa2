//! Clicks as they wait when a pipeline was away: the same for every run with the same seed.

use contract::{
    Block, BlockBuilder, BlockId, Click, LinkId, Method, RequestId, SegmentId, Timestamp,
};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use uuid::Uuid;

use crate::links::DOMAIN;

/// How long the pipeline was away.
const MICROS: i64 = 2 * 3_600 * 1_000_000;

/// Blocks of one segment, as in a file of the spool.
const BLOCKS_PER_SEGMENT: u64 = 512;

/// Of a hundred user agents so many are persons'.
const PERSONS: usize = 80;

/// Of a hundred clicks so many ask not to be tracked, and have neither visitor nor city.
const DO_NOT_TRACK: u32 = 10;

const COUNTRIES: [[u8; 2]; 12] = [
    *b"US", *b"DE", *b"GB", *b"FR", *b"NL", *b"IN", *b"BR", *b"JP", *b"CA", *b"PL", *b"ES", *b"SE",
];

const CITIES: [&str; 10] = [
    "New York",
    "Berlin",
    "London",
    "Paris",
    "Amsterdam",
    "Mumbai",
    "São Paulo",
    "Tokyo",
    "Toronto",
    "Warszawa",
];

const REFERRERS: [&str; 6] = [
    "",
    "",
    "https://www.google.com/",
    "https://t.co/",
    "https://news.example.com/2026/11/a-story-that-many-people-read",
    "https://mail.example.org/inbox",
];

const LANGUAGES: [&str; 4] = [
    "en-US,en;q=0.9",
    "de-DE,de;q=0.9,en;q=0.7",
    "fr",
    "pt-BR,pt;q=0.9",
];

const QUERIES: [&str; 3] = [
    "",
    "",
    "utm_source=newsletter&utm_medium=email&utm_campaign=autumn",
];

/// What clicks are made of.
pub(crate) struct Backlog {
    random: StdRng,
    links: Vec<(LinkId, String)>,
    user_agents: Vec<String>,
    begin: Timestamp,
    segment: SegmentId,
    next_block: u64,
}

impl Backlog {
    /// So many links and user agents; the oldest click is two hours before `now`.
    pub(crate) fn new(links: usize, user_agents: usize, now: Timestamp, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let link = |random: &mut StdRng| {
            let id = LinkId(Uuid::from_u128(random.random()));
            (id, format!("{:08x}", random.random::<u32>()))
        };
        Self {
            links: (0..links).map(|_| link(&mut random)).collect(),
            user_agents: (0..user_agents).map(user_agent).collect(),
            begin: Timestamp::from_micros(now.as_micros() - MICROS),
            segment: SegmentId(random.random()),
            next_block: 0,
            random,
        }
    }

    /// The next block, full or with `most` clicks. `done` of `all` clicks are older.
    pub(crate) fn block(&mut self, most: u64, done: u64, all: u64) -> Block {
        let mut builder = BlockBuilder::new();
        for index in 0..most {
            let passed = MICROS as f64 * (done + index) as f64 / all as f64;
            let clicked_at = Timestamp::from_micros(self.begin.as_micros() + passed as i64);
            if !self.push(&mut builder, clicked_at) {
                break;
            }
        }
        if self.next_block == BLOCKS_PER_SEGMENT {
            self.segment = SegmentId(self.random.random());
            self.next_block = 0;
        }
        let number = self.next_block;
        self.next_block += 1;
        builder.seal(BlockId {
            segment: self.segment,
            number,
        })
    }

    fn push(&mut self, builder: &mut BlockBuilder, clicked_at: Timestamp) -> bool {
        let random = &mut self.random;
        // Half of the clicks go to an eighth of the links, and half come from an eighth of the
        // user agents.
        let (link_id, code) = &self.links[skewed(random, self.links.len())];
        let user_agent = &self.user_agents[skewed(random, self.user_agents.len())];
        let is_do_not_track = random.random_range(0..100) < DO_NOT_TRACK;
        let city = pick(random, &CITIES);
        builder.push(&Click {
            clicked_at,
            request_id: RequestId(Uuid::from_u128(random.random())),
            link_id: Some(*link_id),
            visitor: (!is_do_not_track).then(|| random.random()),
            method: Method::Get,
            is_prefetch: false,
            is_do_not_track,
            is_qr: false,
            variant: 0,
            rule: 0,
            status: 302,
            country: Some(pick(random, &COUNTRIES)),
            domain: DOMAIN,
            code,
            user_agent,
            referrer: pick(random, &REFERRERS),
            language: pick(random, &LANGUAGES),
            city: if is_do_not_track { "" } else { city },
            query: pick(random, &QUERIES),
        })
    }
}

fn skewed(random: &mut impl Rng, length: usize) -> usize {
    let position = random.random::<f64>().powi(3) * length as f64;
    (position as usize).min(length - 1)
}

fn pick<T: Copy>(random: &mut impl Rng, choices: &[T]) -> T {
    choices[random.random_range(0..choices.len())]
}

/// One by its number; all differ.
fn user_agent(number: usize) -> String {
    let version = 90 + number % 60;
    let build = 1_000 + number;
    let is_person = number % 100 < PERSONS;
    match (is_person, number % 4) {
        (true, 0) => format!(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/{version}.0.{build}.0 Safari/537.36"
        ),
        (true, 1) => format!(
            "Mozilla/5.0 (Linux; Android 15; SM-S{build}) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/{version}.0.0.0 Mobile Safari/537.36"
        ),
        (true, 2) => format!(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, \
             like Gecko) Version/26.1 Mobile/15E{build} Safari/604.1"
        ),
        (true, _) => format!(
            "Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20{build} Firefox/{version}.0"
        ),
        (false, 0) => format!("WhatsApp/2.24.{build} A"),
        (false, 1) => format!("python-requests/2.{build}"),
        (false, 2) => format!("Mozilla/5.0 (compatible; examplebot/{build}; +http://bot.example/)"),
        (false, _) => format!("curl/8.{build}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use contract::Agent;
    use contract::user_agent::AgentKind;

    use super::*;

    #[test]
    fn user_agents_differ_and_most_are_persons() {
        let all: HashSet<String> = (0..3_000).map(user_agent).collect();
        assert_eq!(all.len(), 3_000);
        let is_person = |text: &&String| Agent::parse(text).kind == AgentKind::Person;
        assert_eq!(all.iter().filter(is_person).count(), 2_400);
    }

    #[test]
    fn blocks_are_full_and_have_names_of_their_own() {
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        let mut backlog = Backlog::new(100, 10, now, 1);
        let (mut done, mut names) = (0, HashSet::new());
        while done < 150_000 {
            let block = backlog.block(150_000 - done, done, 150_000);
            assert!(block.count > 80 || done + u64::from(block.count) == 150_000);
            let clicks = block.clicks().unwrap();
            assert!(clicks.iter().all(|click| click.clicked_at <= now));
            done += u64::from(block.count);
            names.insert(block.id);
        }
        assert!(names.len() > 512 && done == 150_000, "{done}");
        let first = |seed| Backlog::new(100, 10, now, seed).block(5, 0, 5);
        assert_eq!(first(7), first(7));
        assert_ne!(first(7), first(8));
    }
}
