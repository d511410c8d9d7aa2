//! Every interleaving of threads that write with one that reads: `--features loom`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should panic"
)]
#![cfg(feature = "loom")]

use loom::sync::atomic::{AtomicU64, Ordering::Relaxed};
use loom::sync::{Arc, Mutex};
use loom::thread;
use spool::publication::{observe, publish};

/// Two places for records, and what a slot protects: where the next one goes.
#[derive(Default)]
struct Segment {
    words: [AtomicU64; 2],
    bodies: [AtomicU64; 2],
    position: Mutex<usize>,
}

impl Segment {
    /// As a thread does that tries a slot and goes on to another one when it is taken.
    fn append(&self, body: u64) -> bool {
        let Ok(mut position) = self.position.try_lock() else {
            return false;
        };
        self.bodies[*position].store(body, Relaxed);
        publish(&self.words[*position], 1);
        *position += 1;
        true
    }

    /// As the reader does: up to the first word that is not there.
    fn read(&self) -> Vec<u64> {
        let present = (0..2).take_while(|at| observe(&self.words[*at]) == 1);
        present.map(|at| self.bodies[at].load(Relaxed)).collect()
    }
}

#[test]
fn whoever_sees_a_word_sees_the_record() {
    loom::model(|| {
        let segment = Arc::new(Segment::default());
        let writer = segment.clone();
        let writing = thread::spawn(move || {
            assert!(writer.append(7));
            assert!(writer.append(8));
        });
        let seen = segment.read();
        assert!([7, 8].starts_with(&seen), "{seen:?}");
        writing.join().unwrap();
        assert_eq!(segment.read(), [7, 8]);
    });
}

#[test]
fn two_threads_never_write_to_one_place() {
    loom::model(|| {
        let segment = Arc::new(Segment::default());
        let writer = segment.clone();
        let writing = thread::spawn(move || u64::from(writer.append(7)));
        let kept = u64::from(segment.append(8)) + writing.join().unwrap();
        let mut seen = segment.read();
        seen.sort_unstable();
        assert_eq!(seen.len() as u64, kept, "who was told so finds it");
        assert!([7, 8].ends_with(&seen) || seen == [7]);
    });
}
