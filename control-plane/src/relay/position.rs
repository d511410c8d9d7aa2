//! How far Redis has got. Pure.

use uuid::Uuid;

use crate::db::Head;

/// What a Redis has of the log and of the records.
#[derive(Debug)]
pub struct Known {
    /// The history of the log.
    pub(super) epoch: Option<String>,
    /// Number of the newest entry, 0 for an empty log; `None` if it is not one of ours.
    pub(super) seq: Option<i64>,
    /// What [`text_of`] writes, of each shard.
    pub(super) shards: Vec<Option<String>>,
}

impl Known {
    /// How far Redis has got with the history of `head`; `None` if its log is of another.
    pub fn seq_in(&self, head: &Head) -> Option<Progress> {
        let logged = self
            .seq
            .filter(|seq| self.is_of(head) && *seq <= head.seq)?;
        let shards = self.shards.iter();
        let shards = shards.map(|text| seq_of(text.as_deref(), head.epoch));
        Some(Progress {
            logged,
            published: shards.fold(logged, i64::min),
        })
    }

    /// Whether Redis has changes of this very history that the database does not have.
    pub fn is_ahead_of(&self, head: &Head) -> bool {
        let shards = self.shards.iter();
        let mut shards = shards.map(|text| seq_of(text.as_deref(), head.epoch));
        self.is_of(head) && self.seq.is_some_and(|seq| seq > head.seq)
            || shards.any(|seq| seq > head.seq)
    }

    fn is_of(&self, head: &Head) -> bool {
        self.epoch.as_deref() == Some(head.epoch.to_string().as_str())
    }
}

/// How far one history has got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// The log has the changes up to this one.
    pub logged: i64,
    /// So have all shards of the records, and the log. A node of a cluster that has lost some of its
    /// records has lost as much of its positions, which were written after them.
    pub published: i64,
}

/// How far a shard has got with a history; 0 if it has nothing of it.
fn seq_of(text: Option<&str>, epoch: Uuid) -> i64 {
    let parts = text.and_then(|text| text.split_once(' '));
    let seq = parts.filter(|(of, _)| *of == epoch.to_string());
    seq.and_then(|(_, seq)| seq.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Uuid = Uuid::from_u128(1);

    fn known(seq: i64, shards: &[Option<String>]) -> Known {
        Known {
            epoch: Some(EPOCH.to_string()),
            seq: Some(seq),
            shards: shards.to_vec(),
        }
    }

    fn at(seq: i64) -> Option<String> {
        Some(format!("{EPOCH} {seq}"))
    }

    fn head(seq: i64) -> Head {
        Head {
            epoch: EPOCH,
            seq,
            database_time: time::OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_shard_that_is_furthest_behind_counts() {
        let progress = |logged, published| Some(Progress { logged, published });
        assert_eq!(known(9, &[at(9), at(9)]).seq_in(&head(9)), progress(9, 9));
        assert_eq!(known(9, &[at(9), at(4)]).seq_in(&head(9)), progress(9, 4));
        assert_eq!(known(9, &[None, at(9)]).seq_in(&head(9)), progress(9, 0));
        assert_eq!(known(4, &[at(9), at(9)]).seq_in(&head(9)), progress(4, 4));
        let foreign = Some(format!("{} 9", Uuid::from_u128(2)));
        assert_eq!(known(9, &[foreign]).seq_in(&head(9)), progress(9, 0));
        assert_eq!(known(9, &[]).seq_in(&head(8)), None);
    }

    #[test]
    fn a_database_is_behind_if_any_part_of_redis_is_ahead() {
        assert!(!known(9, &[at(9)]).is_ahead_of(&head(9)));
        assert!(known(9, &[at(9)]).is_ahead_of(&head(8)));
        assert!(known(8, &[at(9)]).is_ahead_of(&head(8)));
        let emptied = Known {
            epoch: None,
            ..known(0, &[at(9)])
        };
        assert!(emptied.is_ahead_of(&head(8)));
    }
}
