use uuid::Uuid;

use super::Hosts;
use crate::audit::{Action, Cause};
use crate::db::{self, DomainRow, LinkRow, TargetRow};
use crate::error::{Error, Result};
use crate::routes::domains::write_settings;
use crate::state::AppState;

/// Links that are looked at in one go.
const CHUNK: i64 = 1_000;

/// Who did it, in the audit log.
const ACTOR: &str = "blocklist";

/// Takes down all links that lead to a host that is listed, and clears such targets of domains.
///
/// Links in the bin stay as they are: they lead nowhere, and are looked at when they come out of it.
pub(super) async fn rescan(state: &AppState) -> Result<()> {
    let hosts = state.blocklist.hosts();
    if hosts.is_empty() {
        return Ok(());
    }
    for domain in db::domains_with_targets(&state.pool).await? {
        if lists_any_of(&domain, &hosts) {
            clear(state, &domain, &hosts).await?;
        }
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
    let options = link.options.as_ref().map(|options| &options.0);
    hosts.contain_any(&link.original_url, options)
}

async fn take_down(state: &AppState, link: &TargetRow, hosts: &Hosts) -> Result<()> {
    let mut transaction = db::begin(&state.pool).await?;
    let locked = db::lock_links(&mut transaction, link.workspace_id, &[link.id]).await?;
    // It may have been edited or deleted since.
    let is_listed =
        |link: &LinkRow| link.deleted_at.is_none() && !link.is_blocked && link.leads_to(hosts);
    let Some(mut link) = locked.into_iter().find(is_listed) else {
        return Ok(());
    };
    link.take_down();
    tracing::warn!(link.id = %contract::LinkId(link.id), "its target is on the blocklist by now");
    let cause = Cause {
        action: Action::Blocked,
        actor: ACTOR,
        at: state.now(),
    };
    db::write_links(&mut transaction, &[link], &cause).await?;
    db::commit(transaction).await?;
    Ok(())
}

fn lists_any_of(domain: &DomainRow, hosts: &Hosts) -> bool {
    let targets = [&domain.root_url, &domain.not_found_url, &domain.expired_url];
    let mut targets = targets.into_iter().flatten();
    targets.any(|target| hosts.contain(target))
}

/// A domain has nothing else to take down: `/` shows the console again, unknown codes are 404.
async fn clear(state: &AppState, domain: &DomainRow, hosts: &Hosts) -> Result<()> {
    let name = domain.domain.parse().map_err(Error::internal)?;
    let mut transaction = db::begin(&state.pool).await?;
    let locked = db::lock_domain(&mut transaction, &name, domain.workspace_id).await?;
    // It may have been set, or removed, since.
    let Some(mut domain) = locked.filter(|domain| lists_any_of(domain, hosts)) else {
        return Ok(());
    };
    for target in [
        &mut domain.root_url,
        &mut domain.not_found_url,
        &mut domain.expired_url,
    ] {
        target.take_if(|target| hosts.contain(target));
    }
    tracing::warn!(domain = %name, "a target of it is on the blocklist by now");
    write_settings(&mut transaction, domain, ACTOR, state.now()).await?;
    db::commit(transaction).await?;
    Ok(())
}
