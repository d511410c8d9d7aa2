//! Links in memory.
//!
//! Two caches behind one type: links, and codes known to lead nowhere. They are separate so that
//! somebody who tries codes cannot push links out.
//!
//! Written by the change feed ([`feed`](Cache::feed)) and by misses ([`fill`](Cache::fill)), read
//! by every redirect. All values carry the generation they were learnt in: to make all of them
//! void costs one addition, while emptying a large cache would stall redirects.

use std::borrow::Borrow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use contract::{LinkRecord, Record};
use memchr::memchr;
use metrics::Counter;
use quick_cache::sync::{Cache as Store, EntryAction, EntryResult};

use crate::domain_counters::DomainCounters;
use crate::recent::{Mark, RecentChanges};

/// How long a code is believed not to exist. The feed corrects it sooner; this is for when the
/// feed is down.
const ABSENCE_LIFETIME: Duration = Duration::from_secs(10);

/// Codes known not to exist, at most. 100 bytes each.
const ABSENCES: usize = 50_000;

/// What names a link at the edge: its domain, a slash, its code. One text, so that a look-up can
/// borrow it from a buffer that is used again and again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LinkKey(Box<str>);

impl LinkKey {
    /// The name of a link, or of a domain's settings: there, the code is empty.
    pub(crate) fn new(domain: &str, code: &str) -> Self {
        let mut text = String::new();
        Self::write(&mut text, domain, code);
        Self(text.into())
    }

    /// Writes the text of a key over what `buffer` held.
    pub(crate) fn write(buffer: &mut String, domain: &str, code: &str) {
        buffer.clear();
        buffer.extend([domain, "/", code]);
    }

    /// From the text of a key.
    pub(crate) fn from_text(text: &str) -> Self {
        Self(text.into())
    }

    /// Domain and code of the text of a key.
    pub(crate) fn parts(text: &str) -> (&str, &str) {
        match memchr(b'/', text.as_bytes()) {
            Some(slash) => (&text[..slash], &text[slash + 1..]),
            None => ("", ""),
        }
    }

    pub(crate) fn domain(&self) -> &str {
        Self::parts(&self.0).0
    }

    pub(crate) fn code(&self) -> &str {
        Self::parts(&self.0).1
    }
}

impl Borrow<str> for LinkKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A link or a domain, ready to be answered with. Immutable: a change is a new value.
#[derive(Debug)]
pub(crate) struct Cached {
    /// What it is.
    pub(crate) record: Record,
    /// Whether the link's target can be a header value. If not, it was never accepted by the
    /// control plane, so somebody else wrote it.
    pub(crate) is_sendable: bool,
    /// Redirects of its domain.
    pub(crate) redirects: Counter,
    generation: Generation,
}

/// A period in which everything learnt stays true unless the feed says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Generation(u64);

/// What makes it possible to tell whether an answer is still news when it comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    generation: Generation,
    mark: Mark,
}

/// What is known of a link.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// All of it.
    Hit(Arc<Cached>),
    /// That it does not exist.
    Absent,
    /// Nothing.
    Miss,
}

/// That there is no such link.
#[derive(Debug, Clone, Copy)]
struct Absence {
    learnt: Generation,
    until: Instant,
}

/// The cache.
pub(crate) struct Cache {
    records: Store<LinkKey, Arc<Cached>>,
    absences: Store<LinkKey, Absence>,
    generation: AtomicU64,
    recent: RecentChanges,
    fills: AtomicU64,
    domains: DomainCounters,
}

impl Cache {
    /// An empty cache for `capacity` links.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            records: Store::new(capacity),
            absences: Store::new(ABSENCES),
            generation: AtomicU64::new(0),
            recent: RecentChanges::default(),
            fills: AtomicU64::new(0),
            domains: DomainCounters::default(),
        }
    }

    /// What is known of a link now, by the text of its key.
    pub(crate) fn get(&self, key: &str) -> Lookup {
        let generation = self.generation();
        if let Some(cached) = self
            .records
            .get(key)
            .filter(|cached| cached.generation == generation)
        {
            return Lookup::Hit(cached);
        }
        match self.absences.get(key) {
            Some(Absence { learnt, until }) if learnt == generation && Instant::now() < until => {
                Lookup::Absent
            }
            _ => Lookup::Miss,
        }
    }

    /// To be made *before* a source is asked, and passed on with the answer: an answer that was
    /// asked for in an earlier generation, or before a change of the link, may be older than what
    /// is known.
    pub(crate) fn question(&self) -> Question {
        Question {
            generation: self.generation(),
            mark: self.recent.mark(),
        }
    }

    fn generation(&self) -> Generation {
        Generation(self.generation.load(Ordering::Acquire))
    }

    /// Makes everything learnt so far void.
    pub(crate) fn start_generation(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Takes a change from the feed, whether or not the link is here: a new link is likely to be
    /// visited soon.
    pub(crate) fn feed(&self, record: Record) {
        let key = key_of(&record);
        self.recent.add(key.clone());
        // Also an absence that is just being entered: its place is taken away with it.
        self.absences.remove(&key);
        self.fill(record, self.question());
    }

    /// Takes a source's answer, and returns the newest state known: never goes back to an older
    /// revision, so it does not matter whether the answer or a change came first.
    pub(crate) fn fill(&self, record: Record, asked: Question) -> Arc<Cached> {
        let cached = Arc::new(self.cached(record, asked.generation));
        self.fills.fetch_add(1, Ordering::Relaxed);
        // A change that was dropped as soon as it came: then this is good for one visitor, not to
        // keep. Asked while the entry is ours, so that no change comes in between.
        let is_outdated = || self.recent.may_include(asked.mark, &cached.key());
        let newest = |_: &LinkKey, present: &mut Arc<Cached>| {
            if present.age() >= cached.age() {
                return EntryAction::<_>::Retain(present.clone());
            }
            if !is_outdated() {
                *present = cached.clone();
            }
            EntryAction::<_>::Retain(cached.clone())
        };
        match self.records.entry(&cached.key(), None, newest) {
            EntryResult::Retained(newest) => newest,
            EntryResult::Vacant(place) => {
                if !is_outdated() {
                    // It fails if the place was taken away meanwhile: then there is no entry,
                    // which is what an eviction would have made of it.
                    let _ = place.insert(cached.clone());
                }
                cached
            }
            // Not asked for.
            EntryResult::Removed(..) | EntryResult::Replaced(..) | EntryResult::Timeout => cached,
        }
    }

    fn cached(&self, record: Record, generation: Generation) -> Cached {
        let is_sendable = match &record {
            Record::Link(link) => is_sendable(&link.original_url),
            Record::Domain(_) => false,
        };
        Cached {
            redirects: self.domains.of(record.domain().as_str()),
            record,
            is_sendable,
            generation,
        }
    }

    /// Forgets a link, as a full cache does.
    #[cfg(test)]
    pub(crate) fn drop_link(&self, key: &str) {
        self.records.remove(key);
    }

    /// Takes a record that was in memory before the process was.
    pub(crate) fn restore(&self, record: Record) {
        self.fill(record, self.question());
    }

    /// Everything that is known now, in no order. Takes no lock for long.
    pub(crate) fn records(&self) -> impl Iterator<Item = Arc<Cached>> {
        let generation = self.generation();
        self.records
            .iter()
            .map(|(_, cached)| cached)
            .filter(move |cached| cached.generation == generation)
    }

    /// Grows whenever something was learnt.
    pub(crate) fn fills(&self) -> u64 {
        self.fills.load(Ordering::Relaxed)
    }

    /// Takes a source's answer that there is no such link.
    pub(crate) fn fill_absent(&self, key: LinkKey, asked: Question) {
        let absence = Absence {
            learnt: asked.generation,
            until: Instant::now() + ABSENCE_LIFETIME,
        };
        let newest = |key: &LinkKey, present: &mut Absence| {
            if !self.recent.may_include(asked.mark, key) {
                *present = absence;
            }
            EntryAction::<_>::Retain(())
        };
        if let EntryResult::Vacant(place) = self.absences.entry(&key, None, newest)
            && !self.recent.may_include(asked.mark, &key)
        {
            // It fails if a change came meanwhile.
            let _ = place.insert(absence);
        }
    }
}

impl Cached {
    /// The link, if it is one.
    pub(crate) fn link(&self) -> Option<&LinkRecord> {
        match &self.record {
            Record::Link(link) => Some(link),
            Record::Domain(_) => None,
        }
    }

    fn key(&self) -> LinkKey {
        key_of(&self.record)
    }

    /// Revisions of different generations may belong to different histories.
    fn age(&self) -> (Generation, u64) {
        (self.generation, self.record.revision())
    }
}

fn key_of(record: &Record) -> LinkKey {
    LinkKey::new(record.domain().as_str(), record.code())
}

/// Whether a target is what the control plane stores: visible ASCII only. A line break would end
/// the header, and the rest would be a header of somebody's choice.
pub(crate) fn is_sendable(url: &str) -> bool {
    !url.is_empty() && url.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{LinkId, LinkState, RedirectStatus};
    use uuid::Uuid;

    fn record(revision: u64) -> Record {
        Record::Link(LinkRecord {
            link_id: LinkId(Uuid::from_u128(1)),
            domain: "localhost".parse().unwrap(),
            code: "abc".parse().unwrap(),
            revision,
            state: LinkState::Active,
            original_url: format!("https://example.com/{revision}"),
            status: RedirectStatus::Found,
            expires_at: None,
            options: None,
        })
    }

    const KEY: &str = "localhost/abc";

    fn key() -> LinkKey {
        LinkKey::from_text(KEY)
    }

    fn revision(cache: &Cache) -> Option<u64> {
        match cache.get(KEY) {
            Lookup::Hit(cached) => Some(cached.record.revision()),
            Lookup::Absent | Lookup::Miss => None,
        }
    }

    #[test]
    fn never_goes_back() {
        let cache = Cache::new(10);
        cache.feed(record(2));
        cache.feed(record(1));
        assert_eq!(revision(&cache), Some(2));
        let newest = cache.fill(record(1), cache.question());
        assert_eq!(
            newest.record.revision(),
            2,
            "a fill that is late learns what is newer"
        );
        cache.feed(record(3));
        assert_eq!(revision(&cache), Some(3));
    }

    #[test]
    fn a_new_generation_forgets_all_even_higher_revisions() {
        let cache = Cache::new(10);
        cache.feed(record(9));
        let before = cache.question();
        cache.start_generation();
        assert!(matches!(cache.get(KEY), Lookup::Miss));
        cache.fill(record(9), before);
        assert!(
            matches!(cache.get(KEY), Lookup::Miss),
            "asked for before, so not trusted"
        );
        cache.feed(record(4));
        assert_eq!(
            revision(&cache),
            Some(4),
            "another history has its own revisions"
        );
        cache.fill(record(9), before);
        assert_eq!(revision(&cache), Some(4));
    }

    #[test]
    fn an_absence_ends_with_the_link_or_the_generation() {
        let cache = Cache::new(10);
        cache.fill_absent(key(), cache.question());
        assert!(matches!(cache.get(KEY), Lookup::Absent));
        cache.start_generation();
        assert!(matches!(cache.get(KEY), Lookup::Miss));
        cache.fill_absent(key(), cache.question());
        cache.feed(record(1));
        cache.fill_absent(key(), cache.question());
        assert_eq!(
            revision(&cache),
            Some(1),
            "asked before the link was made, answered after"
        );
    }

    #[test]
    fn a_million_codes_that_do_not_exist_push_no_link_out() {
        let cache = Cache::new(1_000);
        for number in 0..100 {
            let mut link = record(1);
            if let Record::Link(link) = &mut link {
                link.code = format!("code-{number}").parse().unwrap();
            }
            cache.feed(link);
        }
        for number in 0..1_000_000 {
            let key = LinkKey::new("localhost", &format!("try-{number}"));
            cache.fill_absent(key, cache.question());
        }
        assert!(cache.absences.len() <= ABSENCES);
        for number in 0..100 {
            let key = format!("localhost/code-{number}");
            assert!(matches!(cache.get(&key), Lookup::Hit(_)), "{key}");
        }
    }

    #[test]
    fn an_answer_from_before_a_change_is_not_kept_even_if_the_change_was_not_either() {
        let cache = Cache::new(10);
        let asked = cache.question();
        cache.feed(record(2));
        // A full cache drops what it pleases.
        cache.drop_link(KEY);
        let answer = cache.fill(record(1), asked);
        assert_eq!(answer.record.revision(), 1, "for the one who asked");
        cache.fill_absent(key(), asked);
        assert!(matches!(cache.get(KEY), Lookup::Miss));
        cache.fill(record(2), cache.question());
        assert_eq!(revision(&cache), Some(2));
    }

    #[test]
    fn only_visible_ascii_can_be_sent() {
        assert!(is_sendable("https://example.com/?a=b#c"));
        for bad in [
            "",
            "https://a/\r\nSet-Cookie: a=b",
            "https://a/\n",
            "https://a/\t",
            "https://é/",
            "a b",
        ] {
            assert!(!is_sendable(bad), "{bad:?}");
        }
    }
}
