//! Where this proxy stands in the log of changes, and what a message means for it. Pure.

use contract::Heartbeat;
use uuid::Uuid;

/// How far the log was applied.
#[derive(Debug, Default)]
pub(crate) struct Position {
    /// `seq` up to which all changes are in effect here; `None` before the log was first read.
    applied: Option<u64>,
    /// The history that `applied` counts in; `None` before the first heartbeat.
    epoch: Option<Uuid>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing: all is known.
    Stay,
    /// Something was missed: read the log.
    CatchUp,
    /// What is known belongs to another history, or the log does not say what was missed. All of
    /// it is void.
    StartOver,
}

impl Position {
    /// `seq` of the last change in effect; 0 when there is none.
    pub(crate) fn applied(&self) -> u64 {
        self.applied.unwrap_or(0)
    }

    /// Whether the log was read at least once.
    pub(crate) fn is_known(&self) -> bool {
        self.applied.is_some()
    }

    /// A change came by the live feed, which may lose, repeat and reorder.
    pub(crate) fn on_change(&mut self, seq: u64) -> Step {
        match self.applied {
            Some(applied) if seq <= applied => Step::Stay,
            Some(applied) if seq == applied + 1 => {
                self.applied = Some(seq);
                Step::Stay
            }
            _ => Step::CatchUp,
        }
    }

    /// A heartbeat came.
    pub(crate) fn on_heartbeat(&mut self, heartbeat: &Heartbeat) -> Step {
        let before = self.epoch.replace(heartbeat.epoch);
        if before.is_some_and(|epoch| epoch != heartbeat.epoch) {
            self.applied = Some(heartbeat.head_seq);
            return Step::StartOver;
        }
        match self.applied {
            Some(applied) if heartbeat.head_seq <= applied => Step::Stay,
            _ => Step::CatchUp,
        }
    }

    /// An entry was read from the log, which is in order and complete but for what was trimmed.
    pub(crate) fn on_log_entry(&mut self, seq: u64) -> Step {
        let applied = self.applied();
        if seq <= applied {
            return Step::Stay;
        }
        self.applied = Some(seq);
        if seq == applied + 1 {
            Step::Stay
        } else {
            Step::StartOver
        }
    }

    /// The log was read to its end, but changes up to `head` are said to exist.
    pub(crate) fn on_log_end(&mut self, head: u64) -> Step {
        if self.applied() >= head {
            return Step::Stay;
        }
        self.applied = Some(head);
        Step::StartOver
    }

    /// Begins at `seq`, with nothing known.
    pub(crate) fn begin_at(&mut self, seq: u64) {
        self.applied = Some(seq);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::Timestamp;

    fn heartbeat(head_seq: u64, epoch: u128) -> Heartbeat {
        Heartbeat {
            head_seq,
            epoch: Uuid::from_u128(epoch),
            database_time: Timestamp::from_micros(0),
        }
    }

    fn at(seq: u64) -> Position {
        let mut position = Position::default();
        position.begin_at(seq);
        position
    }

    #[test]
    fn before_the_log_was_read_nothing_is_known() {
        assert_eq!(Position::default().on_change(1), Step::CatchUp);
        assert_eq!(
            Position::default().on_heartbeat(&heartbeat(0, 1)),
            Step::CatchUp
        );
    }

    #[test]
    fn changes_in_order_advance_and_old_ones_do_nothing() {
        let mut position = at(5);
        assert_eq!(position.on_change(6), Step::Stay);
        assert_eq!(position.on_change(6), Step::Stay);
        assert_eq!(position.on_change(2), Step::Stay);
        assert_eq!(position.applied(), 6);
    }

    #[test]
    fn a_gap_is_noticed_by_the_next_message_of_any_kind() {
        let mut position = at(5);
        assert_eq!(position.on_change(7), Step::CatchUp);
        assert_eq!(position.applied(), 5);
        assert_eq!(position.on_heartbeat(&heartbeat(5, 1)), Step::Stay);
        assert_eq!(position.on_heartbeat(&heartbeat(6, 1)), Step::CatchUp);
    }

    #[test]
    fn a_log_that_does_not_reach_back_voids_everything() {
        let mut position = at(5);
        assert_eq!(position.on_log_entry(6), Step::Stay);
        assert_eq!(position.on_log_entry(9), Step::StartOver);
        assert_eq!(position.on_log_entry(10), Step::Stay);
        assert_eq!(position.on_log_end(10), Step::Stay);
        assert_eq!(position.on_log_end(12), Step::StartOver);
        assert_eq!(position.applied(), 12);
    }

    #[test]
    fn another_epoch_voids_everything_even_with_lower_numbers() {
        let mut position = at(5);
        assert_eq!(position.on_heartbeat(&heartbeat(5, 1)), Step::Stay);
        assert_eq!(position.on_heartbeat(&heartbeat(3, 2)), Step::StartOver);
        assert_eq!(position.applied(), 3);
        assert_eq!(position.on_heartbeat(&heartbeat(3, 2)), Step::Stay);
    }
}
