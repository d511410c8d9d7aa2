//! Where this proxy stands in the log of changes, and what a message means for it. Pure.

use uuid::Uuid;

/// How far the log was applied. Nothing is known before a head was heard of.
#[derive(Debug, Default)]
pub(crate) struct Position(Option<Known>);

#[derive(Debug, Clone, Copy)]
struct Known {
    /// The history that `applied` counts in.
    epoch: Uuid,
    /// `seq` up to which all changes are in effect here.
    applied: u64,
}

/// What a change is, seen from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// In effect already. To take it again could bring an old state back: the cache may have
    /// forgotten the newer one.
    Past,
    /// The next one. From now on it counts as applied.
    Next,
    /// There are others before it.
    Ahead,
    /// It belongs to another history.
    Foreign,
}

/// What a head of the log means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing: all is known.
    Stay,
    /// There are changes to be read.
    CatchUp,
    /// What is known belongs to another history.
    StartOver,
}

impl Position {
    /// At `applied` in the history `epoch`.
    pub(crate) fn at(epoch: Uuid, applied: u64) -> Self {
        Self(Some(Known { epoch, applied }))
    }

    /// `seq` of the last change in effect; `None` before anything is known.
    pub(crate) fn applied(&self) -> Option<u64> {
        self.0.map(|known| known.applied)
    }

    /// The history; `None` before anything is known.
    pub(crate) fn epoch(&self) -> Option<Uuid> {
        self.0.map(|known| known.epoch)
    }

    /// A change is at hand, from a feed that may lose, repeat and reorder, or from a log.
    pub(crate) fn take(&mut self, epoch: Option<Uuid>, seq: u64) -> Turn {
        match &mut self.0 {
            Some(known) if epoch.is_some_and(|epoch| epoch != known.epoch) => Turn::Foreign,
            Some(known) if seq <= known.applied => Turn::Past,
            Some(known) if seq == known.applied + 1 => {
                known.applied = seq;
                Turn::Next
            }
            _ => Turn::Ahead,
        }
    }

    /// The relay says where the log stands. It may say so late: a lower head means nothing.
    pub(crate) fn on_relayed_head(&self, epoch: Uuid, head: u64) -> Step {
        match self.0 {
            Some(known) if known.epoch != epoch => Step::StartOver,
            Some(known) if head <= known.applied => Step::Stay,
            Some(_) => Step::CatchUp,
            None => Step::StartOver,
        }
    }

    /// The database was asked where the log stands. It answered after all that is applied here was
    /// committed, so a lower head means that it has lost changes.
    pub(crate) fn on_database_head(&self, epoch: Uuid, head: u64) -> Step {
        match self.0 {
            Some(known) if known.applied > head => Step::StartOver,
            _ => self.on_relayed_head(epoch, head),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    #[test]
    fn before_a_head_was_heard_of_nothing_is_known() {
        let mut position = Position::default();
        assert_eq!(position.take(None, 1), Turn::Ahead);
        assert_eq!(position.on_relayed_head(EPOCH, 0), Step::StartOver);
        assert_eq!(position.on_database_head(EPOCH, 0), Step::StartOver);
    }

    #[test]
    fn changes_in_order_advance_and_old_ones_do_nothing() {
        let mut position = Position::at(EPOCH, 5);
        assert_eq!(position.take(Some(EPOCH), 6), Turn::Next);
        assert_eq!(position.take(Some(EPOCH), 6), Turn::Past);
        assert_eq!(position.take(Some(EPOCH), 2), Turn::Past);
        assert_eq!(position.applied(), Some(6));
    }

    #[test]
    fn a_gap_is_noticed_by_the_next_message_of_any_kind() {
        let mut position = Position::at(EPOCH, 5);
        assert_eq!(position.take(Some(EPOCH), 7), Turn::Ahead);
        assert_eq!(position.applied(), Some(5));
        assert_eq!(position.on_relayed_head(EPOCH, 5), Step::Stay);
        assert_eq!(position.on_relayed_head(EPOCH, 6), Step::CatchUp);
        assert_eq!(position.on_database_head(EPOCH, 6), Step::CatchUp);
    }

    #[test]
    fn a_late_heartbeat_moves_nothing_but_a_database_that_is_behind_has_lost_changes() {
        let position = Position::at(EPOCH, 5);
        assert_eq!(position.on_relayed_head(EPOCH, 3), Step::Stay);
        assert_eq!(position.on_database_head(EPOCH, 3), Step::StartOver);
    }

    #[test]
    fn a_change_of_another_history_is_not_the_next() {
        let mut position = Position::at(EPOCH, 5);
        assert_eq!(position.take(Some(OTHER), 6), Turn::Foreign);
        assert_eq!(position.take(None, 6), Turn::Next, "from an old release");
    }

    #[test]
    fn another_epoch_voids_everything_whatever_the_numbers() {
        let position = Position::at(EPOCH, 5);
        for head in [3, 5, 9] {
            assert_eq!(position.on_relayed_head(OTHER, head), Step::StartOver);
            assert_eq!(position.on_database_head(OTHER, head), Step::StartOver);
        }
    }
}
