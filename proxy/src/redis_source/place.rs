//! Which server a connection has to lead to.

use fred::clients::Client;
use fred::error::{Error as RedisError, ErrorKind};
use fred::interfaces::ClientLike;
use fred::types::{Builder, CustomCommand, Value};
use secrecy::SecretString;
use service::RedisAddress;
use service::redis_slots::{SlotRange, owner, slot_of};

use crate::redis_client::builder;

/// The server, or in a cluster the node, that has a key.
#[derive(Debug, Clone)]
pub(super) struct Place {
    address: RedisAddress,
    slot: u16,
}

impl Place {
    pub(super) fn new(address: RedisAddress, key: &str) -> Self {
        Self {
            address,
            slot: slot_of(key),
        }
    }

    /// What makes clients for it. In a cluster the nodes that were named are asked where it is, one
    /// after the other.
    pub(super) async fn find(&self) -> Result<Builder, RedisError> {
        let mut last_error = nobody("the address names no server");
        for node in self.address.nodes() {
            if !self.address.is_cluster() {
                return builder(&node);
            }
            match ask(&node, self.slot).await {
                Ok(found) => return builder(&found),
                Err(error) => last_error = error,
            }
        }
        Err(last_error)
    }
}

/// The address of the node that has a slot, as this one knows it.
async fn ask(node: &SecretString, slot: u16) -> Result<SecretString, RedisError> {
    let client = builder(node)?.build()?;
    let connection = client.init().await?;
    let reply = slots(&client).await;
    connection.abort();
    let ranges = ranges(reply?).ok_or_else(|| nobody("CLUSTER SLOTS is not understood"))?;
    let range = owner(&ranges, slot).ok_or_else(|| nobody("no node has the slot"))?;
    RedisAddress::beside(node, &range.host, range.port)
        .ok_or_else(|| nobody("a node has no usable address"))
}

async fn slots(client: &Client) -> Result<Value, RedisError> {
    let command = CustomCommand::new_static("CLUSTER", None::<u16>, false);
    client.custom(command, vec!["SLOTS"]).await
}

/// `None` if the reply is not understood.
fn ranges(reply: Value) -> Option<Vec<SlotRange>> {
    reply.into_array().into_iter().map(range).collect()
}

fn range(range: Value) -> Option<SlotRange> {
    let range = range.into_array();
    // First slot, last slot, the master, replicas.
    let [first, last, master, ..] = range.as_slice() else {
        return None;
    };
    let master = master.clone().into_array();
    let [host, port, ..] = master.as_slice() else {
        return None;
    };
    Some(SlotRange {
        first: first.as_u64()?.try_into().ok()?,
        last: last.as_u64()?.try_into().ok()?,
        host: match host {
            Value::Null => String::new(),
            host => host.as_string()?,
        },
        port: port.as_u64()?.try_into().ok()?,
    })
}

fn nobody(what: &'static str) -> RedisError {
    RedisError::new(ErrorKind::Cluster, what)
}
