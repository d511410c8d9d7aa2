//! Entries leave the stream when nobody needs them any more.
//!
//! The pipeline is done with an entry when it is committed. There may be other consumer groups, of
//! an archive for example, and each has to get every entry, however slow it is. So an entry is
//! deleted when every other group was given it and has acknowledged it; what had to stay is looked
//! at again from time to time. A group that is made later begins with what is there then.
//!
//! Nothing has to be atomic here: what a group was given and has acknowledged stays so.

use std::collections::BTreeSet;
use std::time::Duration;

use contract::keys::PIPELINE_GROUP;
use redis::{Value, cmd, pipe};
use tokio::time::Instant;

use crate::Result;
use crate::groups::{self, Group, StreamId};
use crate::stream::ClickStream;

/// Entries that had to stay, remembered by their ids. What is more is deleted when everything
/// before it is.
const REMEMBERED: usize = 10_000;

/// Pending entries in one reply.
const PAGE: usize = 1_000;

/// Deletes later what had to stay.
pub(crate) struct Sweep {
    interval: Duration,
    due: Instant,
}

impl Sweep {
    /// Looks every `interval`.
    pub(crate) fn new(interval: Duration) -> Self {
        Self {
            interval,
            due: Instant::now(),
        }
    }

    /// Deletes what every group is done with, this one included, if it is time to look.
    pub(crate) async fn look(&mut self, stream: &mut ClickStream) -> Result<()> {
        if Instant::now() < self.due {
            return Ok(());
        }
        stream.sweep().await?;
        self.due = Instant::now() + self.interval;
        Ok(())
    }
}

impl ClickStream {
    /// Acknowledges entries, and deletes those of them that no other group needs.
    pub(crate) async fn remove(&mut self, ids: &[&str]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let others = self.groups().await?;
        let others = others.into_iter().filter(|group| !is_ours(group));
        let others: Vec<Group> = others.collect();
        let mut needless: BTreeSet<StreamId> =
            ids.iter().map(|id| id.parse()).collect::<Result<_, _>>()?;
        let needed = self.take_needed(&others, &mut needless).await?;
        let mut pipe = pipe();
        pipe.atomic();
        pipe.cmd("XACK").arg(&[&self.key, PIPELINE_GROUP]).arg(ids);
        if !needless.is_empty() {
            pipe.cmd("XDEL").arg(&self.key).arg(texts(&needless));
        }
        pipe.exec_async(&mut self.connection).await?;
        self.remember(needed);
        Ok(())
    }

    async fn sweep(&mut self) -> Result<()> {
        let groups = self.groups().await?;
        // Without our own group nobody knows what was counted.
        if !groups.iter().any(is_ours) {
            return Ok(());
        }
        let mut floors = Vec::with_capacity(groups.len());
        for group in &groups {
            floors.push(group.floor(self.oldest_pending(group).await?));
        }
        let Some(floor) = floors.into_iter().min() else {
            return Ok(());
        };
        cmd("XTRIM")
            .arg(&[&self.key, "MINID", "=", &floor.to_string()])
            .exec_async(&mut self.connection)
            .await?;

        // Behind an entry that somebody still has: one by one. They were counted.
        let mut needless = self.kept.split_off(&floor);
        self.kept.clear();
        let others = groups.into_iter().filter(|group| !is_ours(group));
        let others: Vec<Group> = others.collect();
        let needed = self.take_needed(&others, &mut needless).await?;
        self.remember(needed);
        if !needless.is_empty() {
            cmd("XDEL")
                .arg(&self.key)
                .arg(texts(&needless))
                .exec_async(&mut self.connection)
                .await?;
        }
        Ok(())
    }

    /// Takes out of `ids` those that one of the groups still needs.
    async fn take_needed(
        &mut self,
        groups: &[Group],
        ids: &mut BTreeSet<StreamId>,
    ) -> Result<BTreeSet<StreamId>> {
        let mut needed = BTreeSet::new();
        for group in groups {
            needed.append(&mut ids.split_off(&group.floor(None)));
            if let (true, Some(first), Some(last)) = (group.has_pending, ids.first(), ids.last()) {
                let pending = self.pending(group, *first, *last).await?;
                needed.extend(ids.intersection(&pending));
                ids.retain(|id| !pending.contains(id));
            }
        }
        Ok(needed)
    }

    async fn groups(&mut self) -> Result<Vec<Group>> {
        let reply: Value = cmd("XINFO")
            .arg(&["GROUPS", &self.key])
            .query_async(&mut self.connection)
            .await?;
        Ok(groups::from_info(reply)?)
    }

    async fn oldest_pending(&mut self, group: &Group) -> Result<Option<StreamId>> {
        if !group.has_pending {
            return Ok(None);
        }
        let page = self.pending_page(group, "-", "+", 1).await?;
        Ok(page.first().copied())
    }

    /// All that a group was given and has not acknowledged, between two ids.
    async fn pending(
        &mut self,
        group: &Group,
        first: StreamId,
        last: StreamId,
    ) -> Result<BTreeSet<StreamId>> {
        let mut pending = BTreeSet::new();
        let (mut from, to) = (first.to_string(), last.to_string());
        loop {
            let page = self.pending_page(group, &from, &to, PAGE).await?;
            pending.extend(&page);
            match page.last() {
                Some(last) if page.len() == PAGE => from = format!("({last}"),
                _ => return Ok(pending),
            }
        }
    }

    async fn pending_page(
        &mut self,
        group: &Group,
        from: &str,
        to: &str,
        count: usize,
    ) -> Result<Vec<StreamId>> {
        let page: Vec<(String, Value, Value, Value)> = cmd("XPENDING")
            .arg(&self.key)
            .arg(&group.name)
            .arg(&[from, to])
            .arg(count)
            .query_async(&mut self.connection)
            .await?;
        let ids = page.iter().map(|(id, ..)| id.parse());
        Ok(ids.collect::<Result<_, _>>()?)
    }

    fn remember(&mut self, needed: BTreeSet<StreamId>) {
        let room = REMEMBERED.saturating_sub(self.kept.len());
        self.kept.extend(needed.into_iter().take(room));
    }
}

fn is_ours(group: &Group) -> bool {
    group.name == PIPELINE_GROUP.as_bytes()
}

fn texts(ids: &BTreeSet<StreamId>) -> Vec<String> {
    ids.iter().map(StreamId::to_string).collect()
}
