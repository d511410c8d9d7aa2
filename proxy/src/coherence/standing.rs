//! What the rest of the proxy may know of the feed.

use std::sync::Arc;

use uuid::Uuid;

/// How far the feed was followed, and which Redis can be believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The history that `applied` counts in; `None` while nothing is known.
    pub(crate) epoch: Option<Uuid>,
    /// `seq` up to which all changes are in effect here.
    pub(crate) applied: u64,
    /// What is known of the contents of Redis.
    pub(crate) redis: Option<Arc<RedisCopy>>,
}

/// A copy of the log and of the records, as the relay vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RedisCopy {
    /// The Redis processes that have it.
    pub(crate) runs: Vec<String>,
    /// Its history.
    pub(crate) epoch: Uuid,
    /// All changes up to this one are in it.
    pub(crate) head: u64,
}

impl Standing {
    /// The history whose records can be believed that are read from this Redis process; `None` if
    /// none can.
    ///
    /// A copy that is behind what is in effect here (the control plane was asked, because the
    /// relay is silent) may hold the very state that a change has replaced. Since that change has
    /// been here already, nothing would correct it again.
    pub(crate) fn trusts(&self, run_id: &str) -> Option<Uuid> {
        let copy = self.redis.as_ref()?;
        let is_current = self.epoch == Some(copy.epoch) && copy.head >= self.applied;
        (is_current && copy.has_run(run_id)).then_some(copy.epoch)
    }
}

impl RedisCopy {
    /// Whether this Redis process has it.
    pub(super) fn has_run(&self, run_id: &str) -> bool {
        self.runs.iter().any(|run| run == run_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Uuid = Uuid::from_u128(1);

    #[test]
    fn a_redis_is_believed_if_it_is_the_one_of_our_history_and_not_behind() {
        let copy = RedisCopy {
            runs: vec!["a".into(), "b".into()],
            epoch: EPOCH,
            head: 5,
        };
        let standing = |epoch, applied| Standing {
            epoch,
            applied,
            redis: Some(Arc::new(copy.clone())),
        };
        assert_eq!(standing(Some(EPOCH), 5).trusts("a"), Some(EPOCH));
        assert_eq!(standing(Some(EPOCH), 3).trusts("b"), Some(EPOCH));
        assert_eq!(standing(Some(EPOCH), 5).trusts("restarted"), None);
        assert_eq!(standing(Some(EPOCH), 6).trusts("a"), None, "behind");
        assert_eq!(standing(Some(Uuid::from_u128(2)), 5).trusts("a"), None);
        assert_eq!(standing(None, 0).trusts("a"), None);
        assert_eq!(Standing::default().trusts("a"), None);
    }
}
