//! The keys of the days, and what is made with them.

use std::net::IpAddr;
use std::time::Duration;

use arc_swap::ArcSwap;
use contract::identity::Identity;
use contract::{Day, DayKey, Timestamp};

/// How long a key is held after its day, for clocks that differ and for requests on their way.
const SLACK: Duration = Duration::from_secs(10 * 60);

/// The keys that this process holds, in memory and nowhere else. The same at every proxy, since
/// they come from the control plane.
#[derive(Default)]
pub(crate) struct VisitorKeys {
    /// Today's and perhaps its neighbours'. Read for every click, replaced by the follower.
    keys: ArcSwap<Vec<DayKey>>,
}

impl VisitorKeys {
    /// The visitor's name for the day of `now`: the same at every proxy, for every link, and
    /// another one tomorrow. `None` while there is no key for the day; the click counts anyhow.
    pub(crate) fn hash(
        &self,
        now: Timestamp,
        address: IpAddr,
        user_agent: &[u8],
    ) -> Option<[u8; 16]> {
        let today = Day::of(now);
        let keys = self.keys.load();
        let held = keys.iter().find(|held| held.day == today)?;
        Some(Identity::of(address, user_agent).hash(&held.key))
    }

    /// Whether visits of `now` can be hashed.
    pub(super) fn has_key_for(&self, now: Timestamp) -> bool {
        let today = Day::of(now);
        self.keys.load().iter().any(|held| held.day == today)
    }

    /// Takes keys in and drops those of days that are over. Returns how many there are now.
    pub(super) fn renew(&self, now: Timestamp, told: &[DayKey]) -> usize {
        let slack = SLACK.as_micros() as i64;
        let oldest = Day::of(Timestamp::from_micros(now.as_micros() - slack));
        let newest = Day::of(now).next();
        let held = self.keys.load();
        let kept = held
            .iter()
            .filter(|held| told.iter().all(|told| told.day != held.day));
        let keys: Vec<DayKey> = told
            .iter()
            .chain(kept)
            .filter(|key| (oldest..=newest).contains(&key.day))
            .copied()
            .collect();
        let count = keys.len();
        self.keys.store(keys.into());
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600 * 1_000_000;
    const NOON: i64 = 20_779 * 24 * HOUR + 12 * HOUR;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_micros(NOON + hours * HOUR)
    }

    fn key(day: i32) -> DayKey {
        DayKey {
            day: Day::from_number(day),
            key: [day as u8; 32],
        }
    }

    fn with(keys: &[DayKey]) -> VisitorKeys {
        let store = VisitorKeys::default();
        store.renew(at(0), keys);
        store
    }

    fn hash(keys: &VisitorKeys, now: Timestamp, address: &str) -> Option<[u8; 16]> {
        keys.hash(now, address.parse().unwrap(), b"Firefox")
    }

    #[test]
    fn a_visitor_has_one_hash_at_every_proxy_and_another_tomorrow() {
        let [one, other] = [(); 2].map(|()| with(&[key(20_779), key(20_780)]));
        let today = hash(&one, at(0), "203.0.113.1");
        assert!(today.is_some());
        assert_eq!(hash(&other, at(11), "203.0.113.1"), today);
        assert_ne!(hash(&one, at(0), "203.0.113.2"), today);
        let tomorrow = hash(&one, at(12), "203.0.113.1");
        assert!(tomorrow.is_some());
        assert_ne!(tomorrow, today);
        assert_eq!(hash(&other, at(35), "203.0.113.1"), tomorrow);
    }

    #[test]
    fn without_a_key_for_the_day_there_is_no_hash() {
        let keys = with(&[key(20_779)]);
        assert!(keys.has_key_for(at(11)));
        assert!(!keys.has_key_for(at(12)));
        assert_eq!(hash(&keys, at(12), "203.0.113.1"), None);
        assert_eq!(hash(&VisitorKeys::default(), at(0), "203.0.113.1"), None);
    }

    #[test]
    fn keys_are_dropped_minutes_after_their_day_also_when_none_are_told() {
        let keys = with(&[key(20_779), key(20_780)]);
        assert_eq!(keys.renew(at(12), &[]), 2);
        assert_eq!(keys.renew(at(13), &[]), 1);
        assert_eq!(hash(&keys, at(0), "203.0.113.1"), None);
        assert_eq!(keys.renew(at(37), &[]), 0);
    }

    #[test]
    fn keys_of_other_days_are_not_taken() {
        let keys = with(&[key(20_700), key(20_778), key(20_781)]);
        assert_eq!(keys.renew(at(0), &[]), 0);
    }

    #[test]
    fn what_the_control_plane_says_last_counts() {
        let keys = with(&[key(20_779), key(20_780)]);
        let before = hash(&keys, at(0), "203.0.113.1");
        let new = DayKey {
            key: [9; 32],
            ..key(20_779)
        };
        assert_eq!(keys.renew(at(0), &[new]), 2);
        assert_ne!(hash(&keys, at(0), "203.0.113.1"), before);
    }
}
