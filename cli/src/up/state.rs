//! `state.json`: what the next start should find again.

use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::Context;
use local_servers::{free_port, random_password};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::folder::{StateFolder, private_file};
use crate::redis_users::Passwords;

/// Where visitors reach us, unless something else listens there.
const FIRST_PUBLIC_PORT: u16 = 8080;

/// What `linkpulse up` remembers. It holds passwords, so it has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct State {
    /// Where things listen.
    pub(crate) ports: Ports,
    /// Password of the private PostgreSQL's superuser.
    pub(crate) postgres_password: String,
    /// Password of the private Redis.
    pub(crate) redis_password: String,
    /// Those of the services there. A folder of an earlier release has none.
    #[serde(default)]
    pub(crate) redis_users: Passwords,
    /// What the proxy shows the control plane.
    pub(crate) internal_secret: String,
    /// Whether the last start used its own PostgreSQL.
    pub(crate) is_postgres_private: bool,
    /// Whether the last start used its own Redis.
    pub(crate) is_redis_private: bool,
}

/// Ports of 127.0.0.1.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Ports {
    pub(crate) proxy: u16,
    pub(crate) proxy_admin: u16,
    pub(crate) control_plane: u16,
    pub(crate) control_plane_admin: u16,
    pub(crate) pipeline_admin: u16,
    pub(crate) postgres: u16,
    pub(crate) redis: u16,
}

impl State {
    /// What the last start left behind, or everything new. Ports that somebody else took in the
    /// meantime are replaced.
    pub(crate) fn load_or_new(folder: &StateFolder) -> anyhow::Result<State> {
        let mut state = match State::load(folder.path())? {
            Some(state) => state,
            None => State {
                ports: Ports::NONE,
                postgres_password: random_password().expose_secret().to_owned(),
                redis_password: random_password().expose_secret().to_owned(),
                redis_users: Passwords::default(),
                internal_secret: random_password().expose_secret().to_owned(),
                is_postgres_private: true,
                is_redis_private: true,
            },
        };
        state.ports = state.ports.with_free_ones(is_free)?;
        Ok(state)
    }

    /// What a start in this folder left behind.
    pub(super) fn load(folder: &Path) -> anyhow::Result<Option<State>> {
        let path = path(folder);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        let state = serde_json::from_str(&text);
        let state = state.with_context(|| {
            format!(
                "{} is damaged (it holds the passwords of the data beside it: restore it from a \
                 backup, or remove the whole folder to begin anew)",
                path.display()
            )
        })?;
        Ok(Some(state))
    }

    /// Replaces the file as a whole, so that it is never half written.
    pub(crate) fn save(&self, folder: &StateFolder) -> anyhow::Result<()> {
        let path = path(folder.path());
        let new = path.with_extension("json.new");
        let write = || -> anyhow::Result<()> {
            let mut file = private_file(&new)?;
            file.set_len(0)?;
            file.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
            file.sync_all()?;
            Ok(fs::rename(&new, &path)?)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Ports {
    const NONE: Ports = Ports {
        proxy: 0,
        proxy_admin: 0,
        control_plane: 0,
        control_plane_admin: 0,
        pipeline_admin: 0,
        postgres: 0,
        redis: 0,
    };

    /// The same ports, but for those that are not free.
    fn with_free_ones(mut self, is_free: impl Fn(u16) -> bool) -> anyhow::Result<Ports> {
        if !is_free(self.proxy) {
            let free = (FIRST_PUBLIC_PORT..).find(|&port| is_free(port));
            self.proxy = free.context("no port from 8080 on is free")?;
        }
        let mut taken = BTreeSet::from([self.proxy]);
        let inner = [
            &mut self.proxy_admin,
            &mut self.control_plane,
            &mut self.control_plane_admin,
            &mut self.pipeline_admin,
            &mut self.postgres,
            &mut self.redis,
        ];
        for port in inner {
            while !is_free(*port) || taken.contains(port) {
                *port = free_port()?;
            }
            taken.insert(*port);
        }
        Ok(self)
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("state.json")
}

/// Whether nothing listens there. `localhost` may also mean `::1`: a stranger on that side would
/// get the visitors of a browser that prefers it.
fn is_free(port: u16) -> bool {
    if port == 0 {
        return false;
    }
    let is_taken = |address: SocketAddr| match TcpListener::bind(address) {
        Ok(_) => false,
        Err(error) => error.kind() == ErrorKind::AddrInUse,
    };
    let may_bind = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    may_bind && !is_taken((Ipv6Addr::LOCALHOST, port).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    #[test]
    fn ports_stay_unless_somebody_took_them() {
        let first = Ports::NONE.with_free_ones(|port| port != 0).unwrap();
        let is_free = |port| port != first.redis && port != first.proxy;
        let second = first.with_free_ones(is_free).unwrap();
        assert_ne!(first.redis, second.redis);
        assert_ne!(first.proxy, second.proxy);
        let kept = |ports: Ports| {
            let admin = (ports.proxy_admin, ports.control_plane_admin);
            (
                admin,
                ports.pipeline_admin,
                ports.control_plane,
                ports.postgres,
            )
        };
        assert_eq!(kept(first), kept(second));
    }

    #[test]
    fn a_port_with_a_listener_on_either_side_is_not_free() {
        assert!(!is_free(0));
        let sides = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        for side in sides.map(|address: IpAddr| SocketAddr::new(address, 0)) {
            // Not every machine speaks IPv6.
            let Ok(somebody) = TcpListener::bind(side) else {
                assert!(side.is_ipv6());
                continue;
            };
            assert!(!is_free(somebody.local_addr().unwrap().port()));
        }
    }

    #[test]
    fn all_ports_differ() {
        let all_the_same = Ports {
            proxy_admin: 15_432,
            control_plane: 15_432,
            control_plane_admin: 15_432,
            pipeline_admin: 15_432,
            postgres: 15_432,
            redis: 15_432,
            ..Ports::NONE
        };
        let ports = all_the_same.with_free_ones(|port| port != 0).unwrap();
        let text = serde_json::to_value(ports).unwrap();
        let distinct: BTreeSet<u64> = text
            .as_object()
            .unwrap()
            .values()
            .map(|port| port.as_u64().unwrap())
            .collect();
        assert_eq!(distinct.len(), 7);
    }
}
