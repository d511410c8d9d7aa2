//! What user agents are called.

use contract::Agent;
use contract::user_agent::CLASSIFIER_VERSION;
use sqlx::{Connection, PgConnection};

use crate::Result;
use crate::store::LABELS_LOCK;

/// User agents in one transaction. Pipelines wait for it, some 50 ms.
const PAGE: i64 = 2_000;

/// A user agent and what it is called today.
struct Labelled {
    id: i64,
    text: String,
    kind: String,
    device: String,
    browser: String,
    os: String,
    classifier_version: i32,
}

impl Labelled {
    fn is(&self, agent: &Agent) -> bool {
        self.classifier_version == CLASSIFIER_VERSION
            && self.kind == agent.kind.as_str()
            && self.device == agent.device.as_str()
            && self.browser == agent.browser.as_str()
            && self.os == agent.os.as_str()
    }
}

/// Labels all user agents by this build's classifier. Returns how many there are, and how many
/// were called something else.
pub(super) async fn relabel(connection: &mut PgConnection) -> Result<(u64, u64)> {
    let (mut agents, mut changed) = (0, 0);
    let mut after = None;
    loop {
        let page = page(connection, after).await?;
        let Some(last) = page.last() else {
            return Ok((agents, changed));
        };
        after = Some(last.id);
        agents += page.len() as u64;
        let wrong = page.iter().filter_map(|it| {
            let agent = Agent::parse(&it.text);
            (!it.is(&agent)).then_some((it.id, agent))
        });
        let wrong: Vec<(i64, Agent)> = wrong.collect();
        changed += wrong.len() as u64;
        if !wrong.is_empty() {
            change(connection, &wrong).await?;
        }
    }
}

/// The next user agents, ascending.
async fn page(connection: &mut PgConnection, after: Option<i64>) -> Result<Vec<Labelled>> {
    let page = sqlx::query_as!(
        Labelled,
        "select id, text, kind, device, browser, os, classifier_version from user_agents
         where $1::bigint is null or id > $1 order by id limit $2",
        after,
        PAGE,
    );
    Ok(page.fetch_all(connection).await?)
}

/// Changes labels when no batch is on its way that was counted by the old ones, and has workers
/// forget them.
async fn change(connection: &mut PgConnection, wrong: &[(i64, Agent)]) -> Result<()> {
    let ids: Vec<i64> = wrong.iter().map(|(id, _)| *id).collect();
    let texts = |text: fn(&Agent) -> &'static str| -> Vec<&str> {
        wrong.iter().map(|(_, agent)| text(agent)).collect()
    };
    let kinds = texts(|agent| agent.kind.as_str());
    let devices = texts(|agent| agent.device.as_str());
    let browsers = texts(|agent| agent.browser.as_str());
    let systems = texts(|agent| agent.os.as_str());
    let mut transaction = connection.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock($1)", LABELS_LOCK)
        .execute(&mut *transaction)
        .await?;
    sqlx::query!(
        "update user_agents
         set kind = new.kind, device = new.device, browser = new.browser, os = new.os,
             classifier_version = $6
         from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[])
             as new (id, kind, device, browser, os)
         where user_agents.id = new.id",
        &ids,
        &kinds as _,
        &devices as _,
        &browsers as _,
        &systems as _,
        CLASSIFIER_VERSION,
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!("update labels set generation = generation + 1")
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}
