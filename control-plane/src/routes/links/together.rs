//! Links that one maker asks for at the same time.
//!
//! Whoever makes a link holds the workspace's audit log, and then the log of changes, until its
//! commit is on the disk: both are in order and without gaps. So those who come at the same time would
//! wait for each other, link by link, each for a commit of its own. Here the first makes its link at
//! once. Those that come while it does make theirs in one transaction after it, and so on: the more
//! come, the more are made with each commit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::bulk::rows::{Row, settle};
use super::draft::{Draft, Maker};
use crate::audit::{Action, Cause};
use crate::db::{self, LinkRow};
use crate::error::{Error, Result};
use crate::once::Once;
use crate::state::AppState;

/// Links that are made with one commit. Those behind them wait no longer than for two such.
const MOST: usize = 100;

/// Workspace and actor.
type Who = (Uuid, String);

/// Who is making a link at this moment, and who waits for them.
#[derive(Debug, Clone, Default)]
pub struct Together(Arc<Mutex<HashMap<Who, Vec<Waiting>>>>);

#[derive(Debug)]
struct Waiting {
    draft: Draft,
    tell: oneshot::Sender<Result<LinkRow>>,
}

impl Together {
    /// Makes a link.
    ///
    /// # Errors
    /// Those of [`Draft::insert`].
    pub(super) async fn insert(
        &self,
        state: &AppState,
        draft: Draft,
        maker: Maker<'_>,
        once: &Once,
    ) -> Result<LinkRow> {
        // Those must see what was committed before, or keep their answer with the link.
        if once.is_asked_for() || draft.external_id().is_some() {
            return draft.insert(state, maker, once).await;
        }
        let (tell, told) = oneshot::channel();
        let turn = self.stand_in_line(Waiting { draft, tell }, maker);
        if let Some(turn) = turn {
            tokio::spawn(turn.make_all(state.clone()));
        }
        told.await.map_err(Error::internal)?
    }

    /// Nobody else of this maker may be at it: then it is the turn of whoever came.
    fn stand_in_line(&self, waiting: Waiting, maker: Maker<'_>) -> Option<Turn> {
        let who = (maker.0, maker.1.to_owned());
        let mut lines = self.lines();
        if let Some(line) = lines.get_mut(&who) {
            line.push(waiting);
            return None;
        }
        lines.insert(who.clone(), vec![waiting]);
        let together = self.clone();
        let has_ended = false;
        Some(Turn {
            together,
            who,
            has_ended,
        })
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<Who, Vec<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One maker's turn. As long as it lasts, others of the same maker wait.
struct Turn {
    together: Together,
    who: Who,
    has_ended: bool,
}

impl Turn {
    /// Makes the links of those who wait, until nobody does.
    async fn make_all(mut self, state: AppState) {
        loop {
            let waiting = self.take();
            if waiting.is_empty() {
                return;
            }
            make(&state, (self.who.0, &self.who.1), waiting).await;
        }
    }

    /// Those who wait. If nobody does, the turn has ended.
    fn take(&mut self) -> Vec<Waiting> {
        let mut lines = self.together.lines();
        let Some(line) = lines.get_mut(&self.who) else {
            return Vec::new();
        };
        if line.is_empty() {
            lines.remove(&self.who);
            self.has_ended = true;
            return Vec::new();
        }
        let most = line.len().min(MOST);
        line.drain(..most).collect()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // After a panic: those who wait are told by the end of their channels.
        if !self.has_ended {
            self.together.lines().remove(&self.who);
        }
    }
}

async fn make(state: &AppState, maker: Maker<'_>, waiting: Vec<Waiting>) {
    let waiting = waiting.into_iter().map(|one| (Ok(one.draft), one.tell));
    let (drafts, tells): (Vec<Result<Draft>>, Vec<_>) = waiting.unzip();
    let made: Vec<Option<Result<LinkRow>>> = match attempt(state, maker, &drafts).await {
        Ok(rows) => rows.into_iter().map(|row| row.map(Ok)).collect(),
        // What is in the way of all, or may have been done, is told to all. Anything else may be in the way
        // of one of them only, as a code that somebody else was faster with.
        Err(error) => drafts
            .iter()
            .map(|_| told_to_all(&error).map(Err))
            .collect(),
    };
    let telling = drafts.into_iter().zip(made).zip(tells);
    let telling = telling.map(async |((draft, made), tell)| {
        let made = match (made, draft) {
            (Some(made), _) => made,
            // Alone it is told why it is refused, or gets another code.
            (None, Ok(draft)) => draft.insert(state, maker, &Once::default()).await,
            (None, Err(error)) => Err(error),
        };
        // Whoever asked may have left.
        let _ = tell.send(made);
    });
    join_all(telling).await;
}

/// The links that could be made, and nothing for those that could not.
async fn attempt(
    state: &AppState,
    maker: Maker<'_>,
    drafts: &[Result<Draft>],
) -> Result<Vec<Option<LinkRow>>> {
    let cause = Cause {
        action: Action::Created,
        actor: maker.1,
        at: state.now(),
    };
    let mut transaction = db::begin(&state.pool).await?;
    db::take_names(&mut transaction).await?;
    let rows = settle(
        &mut transaction,
        drafts,
        maker,
        &state.config.default_domain,
        cause.at,
    )
    .await?;
    let are_new: Vec<bool> = rows.iter().map(|row| matches!(row, Row::New(_))).collect();
    let new: Vec<LinkRow> = rows.into_iter().filter_map(Row::link).collect();
    if new.is_empty() {
        return Ok(are_new.iter().map(|_| None).collect());
    }
    let made = db::insert_links(&mut transaction, new, &cause).await?;
    db::commit(transaction).await?;
    let mut made = made.into_iter();
    let made = are_new.iter().map(|is_new| match is_new {
        true => made.next(),
        false => None,
    });
    Ok(made.collect())
}

fn told_to_all(error: &Error) -> Option<Error> {
    match error {
        Error::Unavailable(cause) => {
            let cause = sqlx::Error::Protocol(cause.to_string());
            Some(Error::Unavailable(cause))
        }
        Error::TimedOut => Some(Error::TimedOut),
        Error::OutcomeUnknown => Some(Error::OutcomeUnknown),
        _ => None,
    }
}
