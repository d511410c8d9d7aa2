//! Rows become links, a thousand at a time, and each import in its turn.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Acquire, PgConnection};

use super::{RefusedRow, Row};
use crate::archive;
use crate::audit::{Action, Cause};
use crate::db::{self, ImportRow, ImportTurn};
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::links::ImportedRow;
use crate::state::AppState;

/// How often work is looked for.
const INTERVAL: Duration = Duration::from_millis(500);

/// Rows in one transaction. Other writers of links wait as long.
const CHUNK: i64 = 1_000;

/// How long after each attempt that failed the next one comes; after the last, the import is given up.
/// Seven minutes: longer than a database takes to be there again, and short enough to wait for.
const WAITS: [Duration; 4] = [
    Duration::from_secs(2),
    Duration::from_secs(15),
    Duration::from_secs(90),
    Duration::from_secs(300),
];

/// When an import is taken again of whose attempt nothing more is heard: its process was killed. While
/// one works at it, the row is locked, however long that takes.
const SILENCE: Duration = Duration::from_secs(10);

/// Errors that are kept of one import.
const MAX_ERRORS: usize = 1_000;

/// Works until the stop.
pub(crate) async fn work(state: AppState, stopping: impl Future<Output = ()>) -> Result<()> {
    tokio::pin!(stopping);
    let mut pause = INTERVAL;
    loop {
        // First the pause: a process that starts has more urgent things to ask its database.
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = &mut stopping => return Ok(()),
        }
        pause = match take_turn(&state).await {
            Ok(true) => Duration::ZERO,
            Ok(false) => INTERVAL,
            Err(error) => {
                tracing::warn!(%error, "imports wait for now");
                INTERVAL
            }
        };
    }
}

/// Does the next piece of the import whose turn it is; false if there is none.
async fn take_turn(state: &AppState) -> Result<bool> {
    let now = state.now();
    let Some(turn) = db::take_turn(&state.pool, now, now + SILENCE).await? else {
        return Ok(false);
    };
    let attempt = match WAITS.len() < turn.attempts as usize - 1 {
        true => Err(Error::internal("each attempt ended with its process")),
        false => chunk(state, &turn).await,
    };
    if let Err(error) = attempt {
        fail(state, &turn, &error).await?;
    }
    Ok(true)
}

/// Notes that an attempt failed. After the last one, the import is given up.
async fn fail(state: &AppState, turn: &ImportTurn, error: &Error) -> Result<()> {
    let now = state.now();
    let wait = WAITS.get(turn.attempts as usize - 1);
    let (import, attempt) = (turn.id, turn.attempts);
    match wait {
        Some(_) => tracing::warn!(%import, attempt, %error, "an import is tried again later"),
        None => tracing::error!(%import, attempt, %error, "an import is given up"),
    }
    let failure = json!(Problem::from(error));
    let next = wait.map(|wait| now + *wait);
    let mut transaction = db::begin(&state.pool).await?;
    db::note_failure(&mut transaction, turn, &failure, next, now).await?;
    db::commit(transaction).await?;
    Ok(())
}

/// Makes links of the next rows of an import.
async fn chunk(state: &AppState, turn: &ImportTurn) -> Result<()> {
    let mut transaction = db::begin(&state.pool).await?;
    // Locked until the commit: no other process takes the same rows, however long this takes.
    let Some(mut import) = db::lock_import(&mut transaction, turn.id).await? else {
        return Ok(());
    };
    if import.is_workspace {
        return whole(state, transaction, import).await;
    }
    if !import.is_dry_run {
        db::take_names(&mut transaction).await?;
    }
    let now = state.now();
    let rows = db::import_rows(&mut transaction, import.id, import.position, CHUNK).await?;
    let rows: Vec<Row> = rows.into_iter().map(Row::stored).collect::<Result<_>>()?;
    let settled = settle(state, &mut transaction, &import, &rows).await?;
    let mut new = Vec::new();
    for ((number, row), outcome) in (import.position + 1..).zip(&rows).zip(settled) {
        match outcome {
            ImportedRow::New(link) => {
                import.made += 1;
                new.push(*link);
            }
            ImportedRow::Known => import.skipped += 1,
            ImportedRow::Refused {
                domain,
                code,
                reason,
            } => {
                import.refused += 1;
                let refused = RefusedRow {
                    row: number.into(),
                    line: row.line,
                    domain: Some(domain),
                    code,
                    problem: Problem::from(&reason).with_few_errors(),
                };
                note(&mut import.errors, &refused);
            }
        }
    }
    import.position += rows.len() as i32;
    let is_last = import.position >= import.total || rows.is_empty();
    import.finished_at = is_last.then_some(now);
    // First what is only ours: with the change log, others begin to wait.
    db::update_import(&mut transaction, &import).await?;
    if !import.is_dry_run && !new.is_empty() {
        let cause = Cause {
            action: Action::Created,
            actor: &import.created_by,
            at: now,
        };
        // If somebody took a code since we looked, all of this chunk is looked at again.
        db::insert_links(&mut transaction, new, &cause).await?;
    }
    db::commit(transaction).await?;
    Ok(())
}

/// Restores a workspace: all of it, or nothing and the reasons.
async fn whole(
    state: &AppState,
    mut transaction: sqlx::Transaction<'_, sqlx::Postgres>,
    mut import: ImportRow,
) -> Result<()> {
    let total = import.total.into();
    let lines = db::import_rows(&mut transaction, import.id, 0, total).await?;
    // What was made can be taken back while the import stays ours.
    let mut attempt = transaction.begin().await?;
    match archive::restore(state, &mut attempt, &import, lines).await {
        Ok(Ok(made)) => {
            import.made = made;
            match import.is_dry_run {
                true => attempt.rollback().await?,
                false => attempt.commit().await?,
            }
        }
        Ok(Err(faults)) => {
            attempt.rollback().await?;
            import.refused = faults.count;
            import.errors = faults.shown.into();
        }
        Err(error) => return Err(error),
    }
    import.position = import.total;
    import.finished_at = Some(state.now());
    db::update_import(&mut transaction, &import).await?;
    db::commit(transaction).await?;
    Ok(())
}

async fn settle(
    state: &AppState,
    connection: &mut PgConnection,
    import: &ImportRow,
    rows: &[Row],
) -> Result<Vec<ImportedRow>> {
    let workspace_id = import.workspace_id;
    ImportedRow::settle(state, connection, workspace_id, &import.created_by, rows).await
}

fn note(errors: &mut Value, refused: &RefusedRow) {
    let Value::Array(errors) = errors else {
        return;
    };
    if errors.len() < MAX_ERRORS {
        errors.push(json!(refused));
    }
}
