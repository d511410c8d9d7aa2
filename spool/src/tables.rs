//! The table in use, and the one after it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contract::user_agent::{Agent, AgentKind};
use contract::{Click, Method};

use crate::file::SegmentFile;
use crate::table::Table;

/// Counts what has no room as a click.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// Held for a look at some places. Only while there is no room for clicks is it asked for by
    /// whoever answers, and then that costs less than what it saves.
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    current: Option<Table>,
    spare: Option<Table>,
}

/// What became of a click that had no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// It is in its link's number.
    Tallied,
    /// It is in the number of those of which nothing else is known.
    InGap,
    /// Nowhere.
    Lost,
}

impl Tables {
    /// Whether a table should be made and given to [`put`](Self::put).
    pub(crate) fn needs_one(&self) -> bool {
        self.lock().spare.is_none()
    }

    pub(crate) fn put(&self, table: Table) -> Arc<SegmentFile> {
        let file = table.file().clone();
        let mut inner = self.lock();
        match inner.current {
            None => inner.current = Some(table),
            Some(_) => inner.spare = Some(table),
        }
        file
    }

    pub(crate) fn count(&self, click: &Click<'_>) -> Counted {
        let mut inner = self.lock();
        if inner.current.as_ref().is_none_or(Table::is_full) && inner.spare.is_some() {
            let spare = inner.spare.take();
            let full = std::mem::replace(&mut inner.current, spare);
            full.into_iter().for_each(Table::close);
        }
        let Some(table) = &mut inner.current else {
            return Counted::Lost;
        };
        if table.count(click, is_person(click)) {
            return Counted::Tallied;
        }
        table.lose(click.clicked_at);
        Counted::InGap
    }

    /// There is room for clicks again: what was counted is on its way.
    pub(crate) fn close_used(&self) {
        let mut inner = self.lock();
        if inner.current.as_ref().is_some_and(Table::is_used) {
            let spare = inner.spare.take();
            let used = std::mem::replace(&mut inner.current, spare);
            used.into_iter().for_each(Table::close);
        }
    }

    /// Closes all.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        let (current, spare) = (inner.current.take(), inner.spare.take());
        current.into_iter().chain(spare).for_each(Table::close);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_person(click: &Click<'_>) -> bool {
    click.method == Method::Get
        && !click.is_prefetch
        && Agent::parse(click.user_agent).kind == AgentKind::Person
}
