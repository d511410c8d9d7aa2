use uuid::Uuid;

use super::Hosts;
use crate::audit::{Action, Cause};
use crate::db::{self, LinkRow, TargetRow};
use crate::error::Result;
use crate::state::AppState;

/// Links that are looked at in one go.
const CHUNK: i64 = 1_000;

/// Takes down all links that lead to a host that is listed.
pub(super) async fn rescan(state: &AppState) -> Result<()> {
    let hosts = state.blocklist.hosts();
    if hosts.is_empty() {
        return Ok(());
    }
    let mut after = Uuid::nil();
    loop {
        let links = db::targets_after(&state.pool, after, CHUNK).await?;
        let Some(last) = links.last() else {
            return Ok(());
        };
        after = last.id;
        for link in links.iter().filter(|link| is_listed_target(link, &hosts)) {
            take_down(state, link, &hosts).await?;
        }
    }
}

fn is_listed_target(link: &TargetRow, hosts: &Hosts) -> bool {
    hosts.contain(&link.original_url)
        || link
            .options
            .as_ref()
            .is_some_and(|options| options.0.targets().any(|target| hosts.contain(target)))
}

async fn take_down(state: &AppState, link: &TargetRow, hosts: &Hosts) -> Result<()> {
    let mut transaction = db::begin(&state.pool).await?;
    let locked = db::lock_links(&mut transaction, link.workspace_id, &[link.id]).await?;
    // It may have been edited since.
    let is_listed = |link: &LinkRow| {
        let options = link.options();
        let mut targets = options.targets();
        !link.is_blocked
            && (hosts.contain(&link.original_url) || targets.any(|target| hosts.contain(target)))
    };
    let Some(mut link) = locked.into_iter().find(is_listed) else {
        return Ok(());
    };
    link.take_down();
    tracing::warn!(link.id = %contract::LinkId(link.id), "its target is on the blocklist by now");
    let cause = Cause {
        action: Action::Blocked,
        actor: "blocklist",
        at: state.now(),
    };
    db::write_links(&mut transaction, &[link], &cause).await?;
    transaction.commit().await?;
    Ok(())
}
