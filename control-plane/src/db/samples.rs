//! What was seen of some links, for lists that are asked for again. Whoever pages through a list, or
//! sorts it another way, asks for the same links: with each look more of them are known, and after some
//! looks there is no need for another.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;
use uuid::Uuid;

use super::link_filter::LinkFilter;

/// Lists that are known. One takes some 300 bytes.
const LISTS: usize = 2_000;

/// What was seen so long ago says nothing any more: links may have come by the million.
const LIFETIME: Duration = Duration::from_secs(30);

/// Links that are enough to choose by: of what one in a thousand is, ten are seen.
const ENOUGH: i64 = 10_000;

/// How many of some links are what.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Seen {
    /// How many of the table's pages were looked at. More than a hundred if some were looked at twice.
    pub(super) percent: f64,
    /// Links on them.
    pub(super) all: i64,
    /// Of these, the workspace's.
    pub(super) ours: i64,
    /// Of these, what is looked for.
    pub(super) matches: i64,
    /// On so many pages.
    pub(super) pages: i64,
    /// Of all, those with the tags.
    pub(super) tagged: i64,
    /// Of all, those with the beginnings of all words.
    pub(super) begun: i64,
    /// Of all, those with all words.
    pub(super) worded: i64,
    /// Of all, those with all pairs of words.
    pub(super) paired: i64,
    /// Of all, those with the beginning of each word.
    pub(super) of_beginnings: Vec<i64>,
    /// Of all, those with each word.
    pub(super) of_words: Vec<i64>,
    /// Of all, those with each pair.
    pub(super) of_pairs: Vec<i64>,
}

impl Seen {
    /// Together with what another look at the same list has seen.
    fn and(self, other: &Self) -> Self {
        let sums = |ours: Vec<i64>, others: &[i64]| {
            let pairs = ours.into_iter().zip(others);
            pairs.map(|(ours, others)| ours + others).collect()
        };
        Self {
            percent: self.percent + other.percent,
            all: self.all + other.all,
            ours: self.ours + other.ours,
            matches: self.matches + other.matches,
            pages: self.pages + other.pages,
            tagged: self.tagged + other.tagged,
            begun: self.begun + other.begun,
            worded: self.worded + other.worded,
            paired: self.paired + other.paired,
            of_beginnings: sums(self.of_beginnings, &other.of_beginnings),
            of_words: sums(self.of_words, &other.of_words),
            of_pairs: sums(self.of_pairs, &other.of_pairs),
        }
    }

    /// Whether another look would not tell more.
    pub(super) fn is_enough(&self) -> bool {
        self.all >= ENOUGH || self.percent >= 100.0
    }
}

/// What was seen lately, of each list. Of this process: another one looks for itself.
#[derive(Clone)]
pub struct Samples {
    lists: Arc<Cache<u64, (Instant, Seen)>>,
    /// Nobody can name two lists that are taken for one; that would cost time, and nothing else.
    hasher: RandomState,
}

impl Default for Samples {
    fn default() -> Self {
        Self {
            lists: Arc::new(Cache::new(LISTS)),
            hasher: RandomState::new(),
        }
    }
}

impl Samples {
    /// Which list that is, whatever it is sorted by and wherever its page begins.
    pub(super) fn list(&self, workspace_id: Uuid, filter: &LinkFilter<'_>) -> u64 {
        self.hasher.hash_one((workspace_id, filter))
    }

    /// What is known of a list.
    pub(super) fn known(&self, list: u64) -> Option<Seen> {
        self.fresh(list).map(|(_, seen)| seen)
    }

    /// The same with when its first look was.
    fn fresh(&self, list: u64) -> Option<(Instant, Seen)> {
        let known = self.lists.get(&list);
        known.filter(|(since, _)| since.elapsed() < LIFETIME)
    }

    /// Adds another look, and gives what is known now.
    pub(super) fn add(&self, list: u64, seen: Seen) -> Seen {
        let (since, seen) = match self.fresh(list) {
            Some((since, known)) => (since, seen.and(&known)),
            None => (Instant::now(), seen),
        };
        self.lists.insert(list, (since, seen.clone()));
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(all: i64) -> Seen {
        Seen {
            percent: 0.25,
            all,
            ours: all,
            matches: 3,
            pages: 2,
            of_beginnings: vec![70, 4],
            of_words: vec![60, 3],
            ..Seen::default()
        }
    }

    #[test]
    fn looks_at_one_list_add_up_until_they_are_enough() {
        let samples = Samples::default();
        let search = |text| LinkFilter {
            search: Some(text),
            ..LinkFilter::default()
        };
        let list = samples.list(Uuid::nil(), &search("sail"));
        assert_eq!(samples.known(list), None);
        samples.add(list, seen(2_000));
        let known = samples.add(list, seen(1_000));
        let expected = Seen {
            percent: 0.5,
            all: 3_000,
            ours: 3_000,
            matches: 6,
            pages: 4,
            of_beginnings: vec![140, 8],
            of_words: vec![120, 6],
            ..Seen::default()
        };
        assert_eq!(known, expected);
        assert_eq!(samples.known(list), Some(expected));
        assert!(!known.is_enough());
        assert!(samples.add(list, seen(7_000)).is_enough());
        for other in [
            samples.list(Uuid::nil(), &search("garden")),
            samples.list(Uuid::max(), &search("sail")),
        ] {
            assert_eq!(samples.known(other), None);
        }
    }

    #[test]
    fn a_table_that_was_seen_whole_is_known() {
        let whole = Seen {
            percent: 100.0,
            ..seen(7)
        };
        assert!(whole.is_enough());
    }
}
