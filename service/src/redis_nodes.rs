//! Finds the node of a Redis Cluster that has a key.
//!
//! For those who need to know which server they talk to, or wait for an answer and must not keep
//! others waiting. A key that has moved since is answered with an error, `MOVED`: look again.

use std::time::Duration;

use redis::{Client, ErrorKind, RedisError, RedisResult, Value};
use secrecy::{ExposeSecret, SecretString};

use crate::RedisAddress;
use crate::redis_slots::{SlotRange, owner, slot_of};

/// A node that takes longer to tell is left out.
const PATIENCE: Duration = Duration::from_secs(2);

/// The nodes as one of them knew them.
#[derive(Debug, Clone)]
pub struct RedisNodes {
    /// The one that was asked, or the only one.
    asked: SecretString,
    /// Empty if there is only one.
    ranges: Vec<(SlotRange, SecretString)>,
}

impl RedisNodes {
    /// Asks the nodes of the address, one after the other, until one tells. A server that is not
    /// of a cluster is not asked.
    ///
    /// # Errors
    /// What the last of them said.
    pub async fn look(address: &RedisAddress) -> RedisResult<Self> {
        let mut last_error = None;
        for node in address.nodes() {
            let ranges = match address.is_cluster() {
                true => tokio::time::timeout(PATIENCE, ask(&node)).await,
                false => Ok(Ok(Vec::new())),
            };
            match ranges {
                Ok(Ok(ranges)) => {
                    return Ok(Self {
                        asked: node,
                        ranges,
                    });
                }
                Ok(Err(error)) => last_error = Some(error),
                Err(_) => {}
            }
        }
        Err(last_error.unwrap_or_else(|| {
            RedisError::from((ErrorKind::Io, "no node of the cluster answers in time"))
        }))
    }

    /// The address of the server that has the key.
    ///
    /// # Errors
    /// If nobody has it.
    pub fn owner_of(&self, key: &str) -> RedisResult<&SecretString> {
        if self.ranges.is_empty() {
            return Ok(&self.asked);
        }
        let slot = slot_of(key);
        let mut ranges = self.ranges.iter();
        let found = ranges.find(|(range, _)| owner(std::slice::from_ref(range), slot).is_some());
        found.map(|(_, address)| address).ok_or_else(|| {
            let key = key.to_owned();
            RedisError::from((ErrorKind::Io, "no node of the cluster has the slot of", key))
        })
    }

    /// A client for the server that has the key; not connected yet.
    ///
    /// # Errors
    /// If nobody has it.
    pub fn client_for(&self, key: &str) -> RedisResult<Client> {
        Client::open(self.owner_of(key)?.expose_secret())
    }
}

async fn ask(node: &SecretString) -> RedisResult<Vec<(SlotRange, SecretString)>> {
    let client = Client::open(node.expose_secret())?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let mut question = redis::cmd("CLUSTER");
    let reply: Value = question.arg("SLOTS").query_async(&mut connection).await?;
    let found = ranges(reply).and_then(|ranges| {
        let with_address = ranges.into_iter().map(|range| {
            let address = RedisAddress::beside(node, &range.host, range.port)?;
            Some((range, address))
        });
        with_address.collect::<Option<Vec<_>>>()
    });
    found
        .filter(|ranges| !ranges.is_empty())
        .ok_or_else(|| RedisError::from((ErrorKind::UnexpectedReturnType, "no slots of a cluster")))
}

/// `None` if the reply is not understood.
fn ranges(reply: Value) -> Option<Vec<SlotRange>> {
    let Value::Array(ranges) = reply else {
        return None;
    };
    ranges.into_iter().map(range).collect()
}

fn range(range: Value) -> Option<SlotRange> {
    let Value::Array(parts) = range else {
        return None;
    };
    // First slot, last slot, the master, replicas.
    let [Value::Int(first), Value::Int(last), Value::Array(node), ..] = parts.as_slice() else {
        return None;
    };
    let [host, Value::Int(port), ..] = node.as_slice() else {
        return None;
    };
    let host = match host {
        Value::BulkString(host) => String::from_utf8(host.clone()).ok()?,
        Value::SimpleString(host) => host.clone(),
        Value::Nil => String::new(),
        _ => return None,
    };
    Some(SlotRange {
        first: (*first).try_into().ok()?,
        last: (*last).try_into().ok()?,
        host,
        port: (*port).try_into().ok()?,
    })
}
