use std::time::Duration;

use time::OffsetDateTime;
use tokio::task::JoinSet;

use super::fetch::{Failure, fetch};
use crate::db::{self, PageJob};
use crate::error::Result;
use crate::state::AppState;

/// Pages that one process reads at the same time.
const AT_A_TIME: usize = 8;

/// How often work is looked for.
const INTERVAL: Duration = Duration::from_millis(500);

/// While a page is being read, nobody else reads it. Longer than that takes.
const LEASE: time::Duration = time::Duration::seconds(20);

/// How long after each attempt that failed the next one comes. After the last, nobody tries again.
const WAITS: [time::Duration; 4] = [
    time::Duration::minutes(1),
    time::Duration::minutes(10),
    time::Duration::hours(1),
    time::Duration::hours(6),
];

/// Reads pages until the stop.
///
/// # Errors
/// Never: what fails is tried again.
pub async fn run(state: AppState, stopping: impl Future<Output = ()>) -> Result<()> {
    tokio::pin!(stopping);
    let mut running = JoinSet::new();
    // First the pause: a process that starts has more urgent things to ask its database.
    let mut may_have_more = false;
    loop {
        tokio::select! {
            Some(_) = running.join_next() => {}
            () = tokio::time::sleep(INTERVAL), if !may_have_more => {}
            () = &mut stopping => break,
        }
        let free = AT_A_TIME - running.len();
        // Not one by one: to ask for jobs costs as much as most of them.
        if free < AT_A_TIME / 2 {
            continue;
        }
        let taken = match take(&state, free).await {
            Ok(taken) => taken,
            Err(error) => {
                tracing::warn!(%error, "pages that links lead to wait");
                Vec::new()
            }
        };
        // Then somebody must come back before there is room for more.
        may_have_more = taken.len() == free;
        for job in taken {
            running.spawn(work(state.clone(), job));
        }
    }
    // Not abandoned: a transaction that is cancelled may stay open.
    while running.join_next().await.is_some() {}
    Ok(())
}

async fn take(state: &AppState, limit: usize) -> Result<Vec<PageJob>> {
    let now = state.now();
    db::take_page_jobs(&state.pool, now, now + LEASE, limit as i64).await
}

async fn work(state: AppState, job: PageJob) {
    if let Err(error) = attempt(&state, &job).await {
        // When the lease is over, it is tried again.
        tracing::warn!(%error, "what was read of a page got lost");
    }
}

async fn attempt(state: &AppState, job: &PageJob) -> Result<()> {
    // Beyond the last one: processes died of it.
    let made = usize::try_from(job.attempts).unwrap_or(usize::MAX);
    if made > WAITS.len() + 1 {
        return end(state, job, None).await;
    }
    let result = match fetch(state, &job.original_url).await {
        Ok(page) => {
            end(state, job, page.as_ref()).await?;
            "read"
        }
        Err(failure) => {
            tracing::debug!(%failure, link.id = %contract::LinkId(job.link_id), "a page was not read");
            let wait = match failure {
                Failure::Passing(_) => WAITS.get(made.saturating_sub(1)),
                Failure::Final(_) => None,
            };
            match wait {
                Some(wait) => {
                    let next: OffsetDateTime = state.now() + *wait;
                    db::put_off_page_job(&state.pool, job, next).await?;
                    "put_off"
                }
                None => {
                    end(state, job, None).await?;
                    "given_up"
                }
            }
        }
    };
    metrics::counter!("linkpulse_pages_read_total", "result" => result).increment(1);
    Ok(())
}

async fn end(state: &AppState, job: &PageJob, page: Option<&super::TargetPage>) -> Result<()> {
    let mut transaction = db::begin(&state.pool).await?;
    db::end_page_job(&mut transaction, job, page).await?;
    db::commit(transaction).await?;
    Ok(())
}
