//! Names for requests.

use std::cell::RefCell;

use contract::{RequestId, Timestamp};
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use uuid::Builder;

thread_local! {
    /// A name must not be given twice, but may be guessed: that is cheaper to have. Begins with
    /// the system's randomness on each thread.
    static RANDOM: RefCell<Xoshiro256PlusPlus> = RefCell::new(rand::make_rng());
}

/// A new name (UUID v7): the millisecond, and 74 random bits. Needs neither a lock nor the clock,
/// unlike the library's own, which also counts within a millisecond.
pub(crate) fn request_id(now: Timestamp) -> RequestId {
    let millis = now.as_micros().max(0).unsigned_abs() / 1_000;
    let random: [u8; 10] = RANDOM.with_borrow_mut(|random| random.random());
    RequestId(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use uuid::Version;

    #[test]
    fn names_differ_on_all_threads_and_tell_the_time() {
        let now = Timestamp::from_micros(1_800_000_000_123_456);
        let threads: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(move || {
                    let names = (0..10_000).map(|_| request_id(now).0);
                    names.collect::<Vec<_>>()
                })
            })
            .collect();
        let names = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap());
        let names: HashSet<_> = names.collect();
        assert_eq!(names.len(), 40_000);
        for name in names {
            assert_eq!(name.get_version(), Some(Version::SortRand));
            let (seconds, nanos) = name.get_timestamp().unwrap().to_unix();
            assert_eq!((seconds, nanos), (1_800_000_000, 123_000_000));
        }
    }
}
