//! User agents and who is behind them: the tables `user_agents` and `labels`.
//!
//! What a hit counts as is what the *table* says of its user agent, not what this build would say:
//! only then do rows and counts agree, whichever releases write, and while `reclassify` labels
//! anew. Labels change below the exclusive lock [`LABELS_LOCK`] only. Who counts by them holds the
//! shared one until its commit.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use contract::user_agent::{AgentKind, CLASSIFIER_VERSION};
use contract::{Agent, Click};
use sqlx::PgConnection;

use super::text::storable;
use crate::Result;
use crate::classify::classify;
use crate::rollup::Hit;

/// "lplabl".
pub(crate) const LABELS_LOCK: i64 = 0x6c70_6c61_626c;

/// Labels that a worker remembers, 2 MB of them. Real ones are some thousands; a flood of made-up
/// user agents must not fill its memory.
const REMEMBERED: usize = 65_536;

/// The name of a user agent in the database: the first 8 bytes of its text's BLAKE3.
pub(crate) fn id_of(text: &str) -> i64 {
    let hash = blake3::hash(text.as_bytes());
    let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// Who is behind the user agents that a worker has met lately.
#[derive(Debug, Default)]
pub(super) struct Labels {
    generation: i64,
    known: HashMap<i64, AgentKind>,
}

impl Labels {
    /// To be called after every error: what was read or written may not have been committed.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// Says what each click was, and enters the user agents that are new. Holds the shared lock
    /// until the end of the transaction.
    ///
    /// User agents are entered in ascending order by every worker, after blocks and before counts,
    /// so two of them never wait for each other in a circle.
    pub(super) async fn label<'c>(
        &mut self,
        connection: &mut PgConnection,
        clicks: &[&'c Click<'c>],
    ) -> Result<Vec<Hit<'c>>> {
        self.hold(connection).await?;
        let texts: Vec<Cow<'_, str>> = clicks.iter().map(|it| storable(it.user_agent)).collect();
        let ids: Vec<i64> = texts.iter().map(|text| id_of(text)).collect();
        let named = ids.iter().copied().zip(texts.iter().map(AsRef::as_ref));
        let new = named.filter(|(id, _)| !self.known.contains_key(id));
        let new: BTreeMap<i64, &str> = new.collect();
        if !new.is_empty() {
            enter(connection, &new).await?;
            self.read(connection, &new).await?;
        }
        let hit = |(click, agent_id): (&&'c Click<'c>, i64)| {
            let agent = self.known.get(&agent_id).copied();
            Hit {
                click,
                agent_id,
                kind: classify(click, agent.unwrap_or(AgentKind::Bot)),
            }
        };
        let hits = clicks.iter().zip(ids).map(hit).collect();
        if self.known.len() > REMEMBERED {
            self.known.clear();
        }
        Ok(hits)
    }

    /// Keeps labels as they are, and forgets what was known of them if they have changed.
    async fn hold(&mut self, connection: &mut PgConnection) -> Result<()> {
        sqlx::query!("select pg_advisory_xact_lock_shared($1)", LABELS_LOCK)
            .execute(&mut *connection)
            .await?;
        // A statement of its own: the one that waits sees what was true before it had to wait.
        let generation = sqlx::query_scalar!("select generation from labels")
            .fetch_one(connection)
            .await?;
        if generation != self.generation {
            self.generation = generation;
            self.known.clear();
        }
        Ok(())
    }

    /// Learns what the table says.
    async fn read(
        &mut self,
        connection: &mut PgConnection,
        wanted: &BTreeMap<i64, &str>,
    ) -> Result<()> {
        let ids: Vec<i64> = wanted.keys().copied().collect();
        let rows = sqlx::query!("select id, kind from user_agents where id = any($1)", &ids)
            .fetch_all(connection)
            .await?;
        let known = rows.into_iter().map(|row| (row.id, kind_named(&row.kind)));
        self.known.extend(known);
        Ok(())
    }
}

/// A kind that a newer release has thought of is some program's.
fn kind_named(name: &str) -> AgentKind {
    let known = AgentKind::ALL.iter().find(|kind| kind.as_str() == name);
    known.copied().unwrap_or(AgentKind::Bot)
}

/// Enters user agents with this build's labels, unless they are there.
pub(crate) async fn enter(
    connection: &mut PgConnection,
    texts: &BTreeMap<i64, &str>,
) -> Result<()> {
    let agents: Vec<Agent> = texts.values().map(|text| Agent::parse(text)).collect();
    let ids: Vec<i64> = texts.keys().copied().collect();
    let texts: Vec<&str> = texts.values().copied().collect();
    let kinds: Vec<&str> = agents.iter().map(|agent| agent.kind.as_str()).collect();
    let devices: Vec<&str> = agents.iter().map(|agent| agent.device.as_str()).collect();
    let browsers: Vec<&str> = agents.iter().map(|agent| agent.browser.as_str()).collect();
    let systems: Vec<&str> = agents.iter().map(|agent| agent.os.as_str()).collect();
    sqlx::query!(
        "insert into user_agents (id, text, kind, device, browser, os, classifier_version)
         select *, $7::integer
         from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
         on conflict do nothing",
        &ids,
        &texts as _,
        &kinds as _,
        &devices as _,
        &browsers as _,
        &systems as _,
        CLASSIFIER_VERSION,
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_user_agent_is_the_same_in_every_release() {
        // Another one would enter every user agent a second time.
        assert_eq!(id_of("Firefox"), -6_535_638_905_548_224_251);
    }

    #[test]
    fn a_kind_of_a_newer_release_is_a_program() {
        assert_eq!(kind_named("person"), AgentKind::Person);
        assert_eq!(kind_named("telepathy"), AgentKind::Bot);
    }
}
