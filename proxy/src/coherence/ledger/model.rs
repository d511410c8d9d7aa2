//! Any order of edits, messages, losses and restarts, against a model of database, relay and
//! Redis. At no moment may memory hold an older state of a link than the position promises, and
//! when everything has calmed down it must hold the newest.

use std::collections::{BTreeMap, HashMap};

use contract::Timestamp;
use proptest::prelude::*;

use super::tests::{ledger, record};
use super::*;
use crate::cache::{LinkKey, Lookup, Question};

const LINKS: usize = 4;

#[derive(Debug, Clone)]
enum Step {
    Edit(usize),
    /// The database is replaced by a copy that lacks the newest changes.
    Restore(usize),
    /// The relay carries one change to Redis.
    Publish,
    Beat,
    /// A message arrives: any that was ever sent, so they may be late, repeated and out of order.
    Deliver(usize),
    Missed,
    /// A full cache forgets a link.
    Evict(usize),
    /// A miss: the source is asked, and answers later.
    Ask(usize),
    Answer(usize),
    Look,
    AskLog,
    AnswerLog(usize),
    AskPage,
    AnswerPage(usize),
    NoPage,
    /// Redis: a copy of its data is kept; it restarts with that copy; it is emptied; its log is
    /// trimmed.
    Save,
    Restart,
    Flush,
    Trim(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let any = 0_usize..1_000;
    prop_oneof![
        6 => (0..LINKS).prop_map(Step::Edit),
        1 => any.clone().prop_map(Step::Restore),
        8 => Just(Step::Publish),
        4 => Just(Step::Beat),
        6 => any.clone().prop_map(Step::Deliver),
        1 => Just(Step::Missed),
        3 => (0..LINKS).prop_map(Step::Evict),
        4 => (0..LINKS).prop_map(Step::Ask),
        4 => any.clone().prop_map(Step::Answer),
        4 => Just(Step::Look),
        4 => Just(Step::AskLog),
        4 => any.clone().prop_map(Step::AnswerLog),
        2 => Just(Step::AskPage),
        2 => any.clone().prop_map(Step::AnswerPage),
        1 => Just(Step::NoPage),
        1 => Just(Step::Save),
        1 => Just(Step::Restart),
        1 => Just(Step::Flush),
        1 => any.prop_map(Step::Trim),
    ]
}

/// Epoch and revision of a record.
type Kept = (usize, u64);

/// What Redis holds.
#[derive(Clone, Default)]
struct Redis {
    epoch: usize,
    /// The link that each change is about, by number.
    log: BTreeMap<u64, usize>,
    /// By link.
    records: HashMap<usize, Kept>,
    heartbeat: Option<Heartbeat>,
}

struct World {
    ledger: Ledger,
    /// The link that each change is about, of each history: the last is that of the database.
    histories: Vec<Vec<usize>>,
    redis: Redis,
    saved: Redis,
    run: usize,
    time: i64,
    sent: Vec<(usize, FeedMessage)>,
    asked: Vec<(usize, Question, Option<Kept>)>,
    asked_log: Vec<(usize, Errand, Vec<LogEntry>)>,
    asked_page: Vec<(Errand, ChangePage, Moment)>,
}

fn epoch_of(number: usize) -> Uuid {
    Uuid::from_u128(number as u128 + 1)
}

fn number_of(epoch: Uuid) -> usize {
    epoch.as_u128() as usize - 1
}

fn key(link: usize) -> String {
    format!("localhost/link-{link}")
}

/// A change; its target says which history it is from.
fn change(epoch: usize, seq: u64, link: usize) -> Change {
    Change {
        seq,
        epoch: Some(epoch_of(epoch)),
        record: record(
            &format!("link-{link}"),
            seq,
            &format!("https://e.com/{epoch}"),
        ),
    }
}

/// The newest of `log` about `link`, up to `seq`; 0 if there is none.
fn newest(log: &[usize], link: usize, seq: u64) -> u64 {
    let upto = (seq as usize).min(log.len());
    let found = log[..upto].iter().rposition(|changed| *changed == link);
    found.map_or(0, |index| index as u64 + 1)
}

impl World {
    fn new() -> Self {
        Self {
            ledger: ledger(),
            histories: vec![Vec::new()],
            redis: Redis::default(),
            saved: Redis::default(),
            run: 0,
            time: 0,
            sent: Vec::new(),
            asked: Vec::new(),
            asked_log: Vec::new(),
            asked_page: Vec::new(),
        }
    }

    fn epoch(&self) -> usize {
        self.histories.len() - 1
    }

    fn log(&self) -> &[usize] {
        &self.histories[self.epoch()]
    }

    fn head(&self) -> u64 {
        self.log().len() as u64
    }

    fn run_id(&self) -> Arc<str> {
        format!("run-{}", self.run).into()
    }

    fn heartbeat(&mut self) -> Heartbeat {
        self.time += 1;
        Heartbeat {
            head_seq: self.head(),
            epoch: epoch_of(self.epoch()),
            database_time: Timestamp::from_micros(self.time),
            redis_runs: Vec::new(),
        }
    }

    /// The relay's position; it starts over if Redis holds another history.
    fn published(&mut self) -> u64 {
        if self.redis.epoch != self.epoch() {
            self.redis.epoch = self.epoch();
            self.redis.log.clear();
            self.redis.heartbeat = None;
        }
        self.redis.log.keys().next_back().copied().unwrap_or(0)
    }

    fn publish(&mut self) -> bool {
        let seq = self.published() + 1;
        if seq > self.head() {
            return false;
        }
        let (epoch, link) = (self.epoch(), self.log()[seq as usize - 1]);
        if newest(self.log(), link, u64::MAX) == seq {
            let known = self.redis.records.entry(link).or_insert((epoch, 0));
            if known.0 != epoch || known.1 < seq {
                *known = (epoch, seq);
            }
        }
        self.redis.log.insert(seq, link);
        let message = FeedMessage::Change(change(epoch, seq, link));
        self.sent.push((self.run, message));
        true
    }

    /// The relay vouches for Redis once it has everything.
    fn beat(&mut self) {
        if self.published() == self.head() {
            let heartbeat = Heartbeat {
                redis_runs: vec![self.run_id().to_string()],
                ..self.heartbeat()
            };
            self.redis.heartbeat = Some(heartbeat.clone());
            let message = FeedMessage::Heartbeat(heartbeat);
            self.sent.push((self.run, message));
        }
    }

    fn ask_log(&mut self) -> bool {
        let run_id = self.run_id();
        let Some(errand) = self.ledger.log_errand(&run_id) else {
            return false;
        };
        let after = errand.after.unwrap_or(0);
        let epoch = self.redis.epoch;
        let entry = |(seq, link): (&u64, &usize)| LogEntry {
            seq: *seq,
            change: Ok(change(epoch, *seq, *link)),
        };
        let entries = self.redis.log.range(after + 1..).take(2).map(entry);
        self.asked_log.push((self.run, errand, entries.collect()));
        true
    }

    fn answer_log(&mut self, index: usize) {
        let (run, errand, entries) = self.asked_log.swap_remove(index);
        self.ledger.on_log(&format!("run-{run}"), errand, entries);
    }

    fn ask_page(&mut self) {
        let errand = self.ledger.update(|state| state.errand());
        let asked = Moment::now(&*self.ledger.clock);
        let heartbeat = self.heartbeat();
        let after = errand.after.unwrap_or(u64::MAX) as usize;
        let changes = self.log().iter().enumerate().skip(after).take(2);
        let changes =
            changes.map(|(index, link)| Ok(change(self.epoch(), index as u64 + 1, *link)));
        let page = ChangePage {
            heartbeat,
            changes: changes.collect(),
        };
        self.asked_page.push((errand, page, asked));
    }

    fn answer_page(&mut self, index: usize) -> bool {
        let (errand, page, asked) = self.asked_page.swap_remove(index);
        self.ledger.on_page(errand, page, asked)
    }

    fn ask(&mut self, link: usize) {
        let question = self.ledger.cache.question();
        let trusted = self.ledger.standing.borrow().trusts(&self.run_id());
        let in_redis = trusted.and_then(|epoch| {
            let known = self.redis.records.get(&link);
            known
                .copied()
                .filter(|(written_in, _)| epoch_of(*written_in) == epoch)
        });
        let in_database = || match newest(self.log(), link, u64::MAX) {
            0 => None,
            seq => Some((self.epoch(), seq)),
        };
        let answer = in_redis.or_else(in_database);
        self.asked.push((link, question, answer));
    }

    fn answer(&mut self, index: usize) {
        let (link, question, answer) = self.asked.swap_remove(index);
        match answer {
            Some((epoch, seq)) => {
                self.ledger
                    .cache
                    .fill(change(epoch, seq, link).record, question);
            }
            None => {
                let key = LinkKey::from_text(&key(link));
                self.ledger.cache.fill_absent(key, question);
            }
        }
    }

    fn look(&mut self) {
        let now = Moment::now(&*self.ledger.clock);
        let heartbeat = self.redis.heartbeat.clone();
        self.ledger.on_stored_beat(&self.run_id(), heartbeat, now);
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Edit(link) => {
                let epoch = self.epoch();
                self.histories[epoch].push(link);
            }
            Step::Restore(keep) => {
                let mut log = self.log().to_vec();
                log.truncate(keep % (log.len() + 1));
                self.histories.push(log);
            }
            Step::Publish => {
                self.publish();
            }
            Step::Beat => self.beat(),
            Step::Deliver(index) if !self.sent.is_empty() => {
                // One of the newest: the very old ones are gone from any buffer.
                let index = self.sent.len() - 1 - index % self.sent.len().min(8);
                let (run, message) = self.sent[index].clone();
                self.ledger.on_message(&format!("run-{run}"), message);
            }
            Step::Missed => self.ledger.on_loss(),
            Step::Evict(link) => self.ledger.cache.drop_link(&key(link)),
            Step::Ask(link) => self.ask(link),
            Step::Answer(index) if !self.asked.is_empty() => self.answer(index % self.asked.len()),
            Step::Look => self.look(),
            Step::AskLog => {
                self.ask_log();
            }
            Step::AnswerLog(index) if !self.asked_log.is_empty() => {
                self.answer_log(index % self.asked_log.len());
            }
            Step::AskPage => self.ask_page(),
            Step::AnswerPage(index) if !self.asked_page.is_empty() => {
                self.answer_page(index % self.asked_page.len());
            }
            Step::NoPage => self.ledger.on_no_page(),
            Step::Save => self.saved = self.redis.clone(),
            Step::Restart => {
                self.redis = self.saved.clone();
                self.run += 1;
            }
            Step::Flush => {
                self.redis = Redis {
                    epoch: usize::MAX,
                    ..Redis::default()
                }
            }
            Step::Trim(count) => {
                let newest = self.redis.log.keys().next_back().copied().unwrap_or(0);
                let keep_from = newest.saturating_sub(count as u64 % 3);
                self.redis.log = self.redis.log.split_off(&keep_from);
            }
            _ => {}
        }
    }

    /// Nothing in memory is older than the position.
    fn check(&self) {
        let standing = self.ledger.standing.borrow();
        let Some(epoch) = standing.epoch.map(number_of) else {
            return;
        };
        for link in 0..LINKS {
            let promised = newest(&self.histories[epoch], link, standing.applied);
            match self.ledger.cache.get(&key(link)) {
                Lookup::Hit(cached) => {
                    let url = &cached.link().unwrap().original_url;
                    let learnt_in: usize = url.rsplit('/').next().unwrap().parse().unwrap();
                    // From a database that is newer than the position: its changes are news still.
                    let is_of_later = learnt_in > epoch;
                    let is_current = learnt_in == epoch && cached.record.revision() >= promised;
                    assert!(
                        is_of_later || is_current,
                        "link {link}: {} of {learnt_in} in memory, {promised} of {epoch} promised",
                        cached.record.revision()
                    );
                }
                // Here too, a newer database may know less.
                Lookup::Absent if epoch == self.epoch() => {
                    assert_eq!(promised, 0, "link {link} is said not to exist");
                }
                Lookup::Absent | Lookup::Miss => {}
            }
        }
    }

    /// All parts work again.
    fn calm_down(&mut self) {
        while self.publish() {}
        for _ in 0..2 {
            self.beat();
            self.look();
            while self.ask_log() {
                self.answer_log(self.asked_log.len() - 1);
            }
            loop {
                self.ask_page();
                if !self.answer_page(self.asked_page.len() - 1) {
                    break;
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn memory_never_falls_behind_the_position(steps in proptest::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            world.check();
        }
        world.calm_down();
        // Answers that were on their way all the time.
        while !world.asked.is_empty() {
            world.answer(0);
        }
        world.check();
        let standing = world.ledger.standing.borrow().clone();
        prop_assert_eq!(standing.epoch, Some(epoch_of(world.epoch())));
        prop_assert_eq!(standing.applied, world.head());
        prop_assert!(standing.trusts(&world.run_id()).is_some());
        prop_assert!(world.ledger.freshness.is_confirmed());
    }
}
