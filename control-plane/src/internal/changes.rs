use axum::extract::State;
use contract::page::PAGE_LIMIT;
use contract::{Change, ChangePage, Record};
use serde::Deserialize;

use crate::db;
use crate::error::{Error, Result};
use crate::routes::Query;
use crate::state::AppState;

/// Which changes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// The first is the one after this. Absent: only the head is wanted.
    after: Option<u64>,
}

/// The head of the log, and at most [`PAGE_LIMIT`] changes: for a proxy that cannot get them
/// through Redis.
pub(super) async fn changes(
    State(state): State<AppState>,
    Query(asked): Query<Asked>,
) -> Result<String> {
    // The head first. A proxy that has everything up to it knows that it was up to date then.
    let head = db::head(&state.pool).await?;
    let after = asked.after.and_then(|after| i64::try_from(after).ok());
    let logged = match after {
        Some(after) => db::changes_after(&state.pool, after, PAGE_LIMIT.into()).await?,
        None => Vec::new(),
    };
    let change = |logged: db::LoggedChange| {
        Ok(Change {
            seq: logged.seq as u64,
            epoch: Some(head.epoch),
            record: Record::decode(logged.record.as_bytes()).map_err(Error::internal)?,
        })
    };
    let changes = logged.into_iter().map(change).collect::<Result<Vec<_>>>()?;
    Ok(ChangePage::encode(head.to_heartbeat(), changes))
}
