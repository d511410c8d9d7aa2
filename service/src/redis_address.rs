//! Where Redis is: one server, or a cluster whose nodes divide the keys among themselves.
//!
//! `redis://:password@host:port/0`, or `redis-cluster://:password@host:port?node=host:port&node=…`
//! with one or more of the nodes; the others are asked for. `rediss` in the place of `redis` is TLS.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Whose turn it is to be asked first.
static TURN: AtomicUsize = AtomicUsize::new(0);

/// What a setting should have been.
const EXPECTED: &str = "redis://:password@host:port/database, or \
                        redis-cluster://:password@host:port?node=host:port for a cluster";

/// An address that was understood. Its password is not shown.
#[derive(Clone)]
pub struct RedisAddress {
    /// The first node, as a server of its own.
    first: Url,
    /// Further nodes; `None` if this is no cluster.
    others: Option<Vec<(String, u16)>>,
}

impl RedisAddress {
    /// Reads it.
    ///
    /// # Errors
    /// What was expected; never the address itself.
    pub fn parse(address: &SecretString) -> Result<Self, &'static str> {
        let mut url = Url::parse(address.expose_secret()).map_err(|_| EXPECTED)?;
        let (scheme, is_cluster) = match url.scheme() {
            "redis" => ("redis", false),
            "rediss" => ("rediss", false),
            "redis-cluster" => ("redis", true),
            "rediss-cluster" => ("rediss", true),
            _ => return Err(EXPECTED),
        };
        if url.host_str().is_none_or(str::is_empty) {
            return Err(EXPECTED);
        }
        if !is_cluster {
            let database = url.path().trim_start_matches('/');
            let is_number = database.is_empty() || database.parse::<u32>().is_ok();
            let first = is_number.then_some(url).ok_or(EXPECTED)?;
            return Ok(Self {
                first,
                others: None,
            });
        }
        if !matches!(url.path(), "" | "/" | "/0") {
            return Err("no database: a cluster of Redis has only one");
        }
        let mut others = Vec::new();
        for (name, value) in url.query_pairs() {
            let node = (name == "node").then(|| host_and_port(&value)).flatten();
            others.push(node.ok_or("node=host:port, and nothing else, after the question mark")?);
        }
        url.set_query(None);
        url.set_path("");
        url.set_scheme(scheme).map_err(|()| EXPECTED)?;
        Ok(Self {
            first: url,
            others: Some(others),
        })
    }

    /// Whether keys are divided among nodes.
    pub fn is_cluster(&self) -> bool {
        self.others.is_some()
    }

    /// The nodes that were named, each as the address of one server. They begin with another one
    /// each time: one that is cut off from the others still answers, and must not be asked for ever.
    pub fn nodes(&self) -> Vec<SecretString> {
        let others = self.others.iter().flatten();
        let first = SecretString::from(self.first.as_str());
        let others = others.filter_map(|(host, port)| Self::beside(&first, host, *port));
        let others: Vec<SecretString> = others.collect();
        let mut nodes = [vec![first], others].concat();
        let turn = TURN.fetch_add(1, Ordering::Relaxed) % nodes.len();
        nodes.rotate_left(turn);
        nodes
    }

    /// The address of another node of the same cluster, of which `asked` has told: with the same
    /// user and password. Without a host it is `asked` itself, which does not know its own name.
    /// `None` if that is no host.
    pub fn beside(asked: &SecretString, host: &str, port: u16) -> Option<SecretString> {
        let mut url = Url::parse(asked.expose_secret()).ok()?;
        if !host.is_empty() {
            let host = match host.contains(':') {
                true => format!("[{}]", host.trim_matches(['[', ']'])),
                false => host.to_owned(),
            };
            url.set_host(Some(&host)).ok()?;
        }
        url.set_port(Some(port)).ok()?;
        Some(SecretString::from(url.as_str()))
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, is_cluster) = (self.first.host_str(), self.is_cluster());
        let mut shown = formatter.debug_struct("RedisAddress");
        shown.field("host", &host).field("is_cluster", &is_cluster);
        shown.finish_non_exhaustive()
    }
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok()?;
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<RedisAddress, &'static str> {
        RedisAddress::parse(&text.into())
    }

    fn nodes(text: &str) -> Vec<String> {
        let nodes = parse(text).unwrap().nodes();
        let nodes = nodes.iter().map(|node| node.expose_secret().to_owned());
        let mut nodes: Vec<String> = nodes.collect();
        nodes.sort();
        nodes
    }

    #[test]
    fn one_server_is_taken_as_it_is() {
        let address = "redis://:hunter2@127.0.0.1:6379/0";
        assert_eq!(nodes(address), [address]);
        assert!(!parse(address).unwrap().is_cluster());
        assert!(!format!("{:?}", parse(address)).contains("hunter2"));
    }

    #[test]
    fn nodes_of_a_cluster_share_user_and_password() {
        let address = "rediss-cluster://me:hunter2@one:7001?node=two:7002&node=[::1]:7003";
        assert!(parse(address).unwrap().is_cluster());
        assert_eq!(
            nodes(address),
            [
                "rediss://me:hunter2@[::1]:7003",
                "rediss://me:hunter2@one:7001",
                "rediss://me:hunter2@two:7002",
            ]
        );
        let asked = "rediss://me:hunter2@two:7002".into();
        let nameless = RedisAddress::beside(&asked, "", 7002).unwrap();
        assert_eq!(nameless.expose_secret(), asked.expose_secret());
    }

    #[test]
    fn each_node_is_asked_first_at_some_time() {
        let address = parse("redis-cluster://one:1?node=two:2").unwrap();
        let is_first = |name: &str| {
            let mut nodes = (0..1_000).map(|_| address.nodes());
            nodes.any(|nodes| nodes[0].expose_secret().contains(name))
        };
        assert!(is_first("one") && is_first("two"));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_address() {
        for wrong in [
            "http://:hunter2@127.0.0.1/0",
            "redis-sentinel://:hunter2@127.0.0.1:1",
            "redis://:hunter2@127.0.0.1:6379/zero",
            "redis-cluster://:hunter2@127.0.0.1:7001/3",
            "redis-cluster://:hunter2@127.0.0.1:7001?node=two",
            "redis-cluster://:hunter2@127.0.0.1:7001?nodes=two:1",
            "hunter2",
        ] {
            let error = parse(wrong).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
