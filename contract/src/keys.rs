//! Every Redis name, in one place.
//!
//! | name (with the default prefix `lp`) | type | written by | read by | lifetime |
//! |---|---|---|---|---|
//! | `lp:link:{s}:{domain}:{code}` | hash `epoch`, `rev`, `rec` | relay | proxies | as long as the link, its tombstone included |
//! | `lp:position:{s}` | string: epoch, and the last change of which the records with that tag are written | relay | relay | for ever |
//! | `lp:epoch:{feed}` | string: which database the feed comes from | relay | relay | for ever |
//! | `lp:heartbeat:{feed}` | string: the last [`Heartbeat`](crate::Heartbeat), as a feed message | relay | proxies | for ever |
//! | `lp:changes:{feed}` | stream, id = `{seq}-0`, field `change` | relay | proxies that catch up | the newest [`CHANGES_KEPT`] |
//! | `lp:invalidate` | channel | relay | proxies | – |
//! | `lp:cap:{link id}:{set after}` | integer: [`CAP_BASE`] + visits so far | proxies, control plane | proxies | for ever |
//! | `lp:attempts:{whose}` | hash `n`, `end`: passwords tried | control plane | control plane | a quarter of an hour |
//! | `lp:rate:{whose}` | integer: when a caller's allowance is whole again, in µs | control plane | control plane | until then |
//! | `lp:click_events:{p}` | stream, one entry per block | proxies | pipeline (group `pipeline`) | until consumed |
//! | `lp:ack:{p}` | channel: [`Ack`](crate::Ack)s of blocks from that stream | pipeline | proxies | – |
//!
//! `{whose}` is a keyed hash: neither addresses nor names of people are in Redis.
//! `{p}`, `{s}` and `{feed}` carry literal braces: they are hash tags, so that in a Redis Cluster
//! all keys with one of them are on one node, and move together. Which partition `{p}` a block
//! belongs to: [`Partitions`](crate::Partitions). A record's shard `{s}` is made of its name.

use std::fmt::Display;

use crate::LinkId;

/// How many entries `lp:changes` keeps (about 60 MB at 300 bytes a record). A proxy that was away
/// for longer than that asks the control plane for the rest.
pub const CHANGES_KEPT: usize = 200_000;

/// Where counting visits of a link with a click cap begins. A smaller number means that Redis has
/// lost the count, and that the control plane has to be asked for it.
pub const CAP_BASE: i64 = 1 << 40;

/// Parts that the records of links are divided into, which is as many nodes of a Redis Cluster as
/// can have some. Each costs a proxy a connection there.
pub const RECORD_SHARDS: u16 = 16;

/// The consumer group that makes clicks durable.
pub const PIPELINE_GROUP: &str = "pipeline";

/// Makes names. One per installation; tests give each other different prefixes.
#[derive(Debug, Clone)]
pub struct Keys {
    prefix: String,
}

impl Keys {
    /// Names that begin with `prefix` and a colon.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
        }
    }

    /// What all names begin with, without the colon.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The record of one link: a [`Domain`](crate::Domain) and a [`Code`](crate::Code), or their texts.
    pub fn link(&self, domain: impl Display, code: impl Display) -> String {
        let name = format!("{domain}:{code}");
        format!("{}:link:{{{}}}:{name}", self.prefix, shard(&name))
    }

    /// How far the records of one shard are written.
    pub fn position(&self, shard: u16) -> String {
        format!("{}:position:{{{shard}}}", self.prefix)
    }

    /// Which history the feed belongs to.
    pub fn epoch(&self) -> String {
        format!("{}:epoch:{{feed}}", self.prefix)
    }

    /// The last heartbeat, for readers that join, or whose subscription lost it.
    pub fn heartbeat(&self) -> String {
        format!("{}:heartbeat:{{feed}}", self.prefix)
    }

    /// The change log.
    pub fn changes(&self) -> String {
        format!("{}:changes:{{feed}}", self.prefix)
    }

    /// The channel that carries changes and heartbeats.
    pub fn invalidate(&self) -> String {
        format!("{}:invalidate", self.prefix)
    }

    /// How often a link with a click cap was visited. `set_after` is
    /// [`ClickCap::set_after`](crate::ClickCap::set_after).
    pub fn click_cap(&self, link: LinkId, set_after: u64) -> String {
        format!("{}:cap:{link}:{set_after}", self.prefix)
    }

    /// How often somebody has tried passwords.
    pub fn attempts(&self, whose: impl Display) -> String {
        format!("{}:attempts:{whose}", self.prefix)
    }

    /// What is left of a caller's allowance of requests.
    pub fn rate(&self, whose: impl Display) -> String {
        format!("{}:rate:{whose}", self.prefix)
    }

    /// The click stream of one partition.
    pub fn click_events(&self, partition: u16) -> String {
        format!("{}:click_events:{{{partition}}}", self.prefix)
    }

    /// The channel that tells which blocks of one partition need not be kept any longer.
    pub fn ack(&self, partition: u16) -> String {
        format!("{}:ack:{{{partition}}}", self.prefix)
    }
}

/// The shard of a link's record.
pub fn record_shard(domain: impl Display, code: impl Display) -> u16 {
    shard(&format!("{domain}:{code}"))
}

/// FNV-1a: everybody must find the same, in every release.
fn shard(name: &str) -> u16 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    // The upper half, which all bytes have reached.
    (hash >> 16) as u16 % RECORD_SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stable() {
        let keys = Keys::new("lp");
        assert_eq!(
            keys.link("go.example.com", "abc"),
            "lp:link:{7}:go.example.com:abc"
        );
        assert_eq!(keys.position(3), "lp:position:{3}");
        assert_eq!(keys.changes(), "lp:changes:{feed}");
        assert_eq!(keys.heartbeat(), "lp:heartbeat:{feed}");
        assert_eq!(keys.epoch(), "lp:epoch:{feed}");
        assert_eq!(keys.invalidate(), "lp:invalidate");
        assert_eq!(keys.click_events(3), "lp:click_events:{3}");
        assert_eq!(keys.ack(3), "lp:ack:{3}");
    }
    #[test]
    fn records_are_spread_over_all_shards() {
        let mut counts = [0; RECORD_SHARDS as usize];
        for number in 0..16_000 {
            counts[usize::from(record_shard("go.example.com", number))] += 1;
        }
        assert!(
            counts.iter().all(|count| (800..1_200).contains(count)),
            "{counts:?}"
        );
    }
}
