//! Which links changed a moment ago.
//!
//! A source is asked, the link changes, the change comes through the feed, and then the answer
//! arrives, with the old state. As long as the cache has the new one, it wins. But a full cache may
//! have dropped it at once, and what the feed brings it brings only once: the old state would stay.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::cache::LinkKey;

/// Changes that are remembered. An answer takes 2 s at most; if there were more changes in that
/// time, it is used once and not kept.
const REMEMBERED: usize = 1_024;

/// The last changes, in order. Written by the feed, read by misses.
#[derive(Debug, Default)]
pub(crate) struct RecentChanges(Mutex<Ring>);

#[derive(Debug, Default)]
struct Ring {
    /// How many there ever were.
    count: u64,
    keys: VecDeque<LinkKey>,
}

/// A point in the order of changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(u64);

impl RecentChanges {
    /// From here on. To be taken before a source is asked.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.lock().count)
    }

    /// A link changed. To be called before the cache has the change.
    pub(crate) fn add(&self, key: LinkKey) {
        let mut ring = self.lock();
        ring.count += 1;
        if ring.keys.len() == REMEMBERED {
            ring.keys.pop_front();
        }
        ring.keys.push_back(key);
    }

    /// Whether the link has changed since, or may have.
    pub(crate) fn may_include(&self, mark: Mark, key: &LinkKey) -> bool {
        let ring = self.lock();
        let since = ring.count - mark.0;
        let mut changed = ring.keys.iter().rev().take(since as usize);
        since > REMEMBERED as u64 || changed.any(|changed| changed == key)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> LinkKey {
        LinkKey::new("localhost", &number.to_string())
    }

    #[test]
    fn what_changed_since_is_known_and_what_is_forgotten_counts_as_changed() {
        let changes = RecentChanges::default();
        changes.add(key(1));
        let mark = changes.mark();
        assert!(!changes.may_include(mark, &key(1)), "before the mark");
        changes.add(key(2));
        assert!(changes.may_include(mark, &key(2)));
        assert!(!changes.may_include(mark, &key(3)));
        for number in 10..REMEMBERED + 10 {
            changes.add(key(number));
        }
        assert!(changes.may_include(mark, &key(3)), "nobody knows any more");
        assert!(!changes.may_include(changes.mark(), &key(10)));
    }
}
