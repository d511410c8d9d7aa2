//! A Redis Cluster of masters on this machine, for tests. Nothing is durable.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;

use super::{RedisOptions, RedisServer};
use crate::{Error, Result, free_port, random_password};

/// How long the nodes may take to find each other; two seconds on an idle machine.
const LIMIT: Duration = Duration::from_secs(60);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// As many as every cluster has.
const SLOTS: usize = 16_384;

/// The nodes of a cluster. Dropping it stops them.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts so many nodes, each in a folder of its own in `dir`, gives each an equal part of the
    /// slots, and waits until every node knows that all slots are served.
    pub fn start(dir: &Path, nodes: usize) -> Result<RedisCluster> {
        let password = random_password();
        let start = |number| {
            let options = RedisOptions {
                dir: dir.join(format!("redis-{number}")),
                port: free_port()?,
                password: password.clone(),
                durable: false,
                users: Vec::new(),
                program: None,
            };
            RedisServer::start_with(options, Some(free_port()?))
        };
        let nodes = (0..nodes).map(start).collect::<Result<Vec<_>>>()?;
        let cluster = RedisCluster { nodes };
        cluster.join()?;
        cluster.wait()?;
        Ok(cluster)
    }

    /// The address, with the password and all nodes.
    pub fn url(&self) -> String {
        let mut ports = self.nodes.iter().map(RedisServer::port);
        let (password, first) = match self.nodes.first() {
            Some(node) => (node.password().expose_secret(), ports.next().unwrap_or(0)),
            None => ("", 0),
        };
        let others: Vec<String> = ports.map(|port| format!("node=127.0.0.1:{port}")).collect();
        let others = others.join("&");
        format!("redis-cluster://:{password}@127.0.0.1:{first}?{others}")
    }

    /// The nodes, in the order of their slots.
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// A node to be stopped.
    pub fn node_mut(&mut self, number: usize) -> Option<&mut RedisServer> {
        self.nodes.get_mut(number)
    }

    /// Waits until every node knows that all slots are served.
    pub fn wait(&self) -> Result<()> {
        let wanted = format!("cluster_known_nodes:{}\r", self.nodes.len());
        let begun = Instant::now();
        for node in &self.nodes {
            loop {
                let info = node.ask(&["CLUSTER INFO".to_owned()])?;
                if info.contains("cluster_state:ok\r")
                    && info.contains("cluster_slots_ok:16384\r")
                    && info.contains(&wanted)
                {
                    break;
                }
                if begun.elapsed() > LIMIT {
                    return Err(Error::Failed {
                        program: "CLUSTER INFO",
                        output: info,
                    });
                }
                thread::sleep(PAUSE);
            }
        }
        Ok(())
    }

    fn join(&self) -> Result<()> {
        let count = self.nodes.len();
        for (number, node) in self.nodes.iter().enumerate() {
            let first = number * SLOTS / count;
            let last = (number + 1) * SLOTS / count - 1;
            let mut commands = vec![
                format!("CLUSTER SET-CONFIG-EPOCH {}", number + 1),
                format!("CLUSTER ADDSLOTSRANGE {first} {last}"),
            ];
            for other in self.nodes.iter().take(number) {
                let bus_port = other.bus_port().unwrap_or_default();
                commands.push(format!(
                    "CLUSTER MEET 127.0.0.1 {} {bus_port}",
                    other.port()
                ));
            }
            let replies = node.ask(&commands)?;
            if replies.lines().any(|line| line.starts_with('-')) {
                return Err(Error::Failed {
                    program: "CLUSTER",
                    output: replies,
                });
            }
        }
        Ok(())
    }
}
