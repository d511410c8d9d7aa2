//! Which settings everything gets: the environment's, and where it is silent, ours.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use contract::RedisUser;
use local_servers::SUPERUSER;
use service::SettingError;
use service::env::Environment;
use service::settings::{self, Setting};
use url::Url;

use super::folder;
use super::state::State;
use crate::database;
use crate::lookup::Lookup;
use crate::output::Output;
use crate::redis_users::{self, Passwords};

/// The database in the private PostgreSQL.
pub(crate) const DATABASE: &str = "linkpulse";

/// Settings that were checked.
pub(crate) struct Plan {
    /// All of them, as the services will read them.
    pub(crate) lookup: Lookup,
    /// Where visitors find us.
    pub(crate) public_url: Url,
    /// The proxy's address, as seen from here.
    pub(crate) visitors: SocketAddr,
    /// How long a service may take to stop.
    pub(crate) grace: std::time::Duration,
    /// Port and passwords of the private Redis.
    redis: (u16, Passwords),
}

impl Plan {
    /// Fills in what the environment does not say, and checks the whole.
    pub(crate) fn new(dir: &Path, state: &State) -> Result<Plan, SettingError> {
        let is_private = |setting| !Lookup::is_given(setting);
        let lookup = lookup(
            dir,
            state,
            is_private(&settings::DATABASE_URL),
            is_private(&settings::REDIS_URL),
        )?;
        let get = |name: &str| lookup.get(name);
        control_plane::Config::from_lookup(&get)?;
        pipeline::Config::from_lookup(&get)?;
        database::engine_choice(&get)?;
        redis_users::accounts(&state.redis_users, &get)?;
        let environment = Environment::new(&get);
        let listen: SocketAddr = environment.required(&settings::PROXY_LISTEN)?;
        Ok(Plan {
            public_url: environment.required(&settings::PUBLIC_URL)?,
            grace: environment.required(&settings::SHUTDOWN_GRACE)?,
            visitors: from_here(listen),
            redis: (state.ports.redis, state.redis_users.clone()),
            lookup,
        })
    }

    /// Whether we start a PostgreSQL of our own.
    pub(crate) fn is_postgres_private(&self) -> bool {
        !Lookup::is_given(&settings::DATABASE_URL)
    }

    /// Whether we start a Redis of our own.
    pub(crate) fn is_redis_private(&self) -> bool {
        !Lookup::is_given(&settings::REDIS_URL)
    }

    /// Where a service finds the private Redis: as a user of its own, who may do what that service
    /// does. `None` if we start no Redis.
    pub(crate) fn redis_url(&self, user: RedisUser) -> Option<String> {
        let (port, passwords) = &self.redis;
        let (name, password) = (user.name(), passwords.of(user));
        self.is_redis_private()
            .then(|| format!("redis://{name}:{password}@127.0.0.1:{port}/0"))
    }

    /// Says which of the environment's servers are used.
    pub(crate) fn announce(&self, output: Output) {
        for (server, setting) in [
            ("PostgreSQL", settings::DATABASE_URL),
            ("Redis", settings::REDIS_URL),
        ] {
            if Lookup::is_given(&setting) {
                output.line(format_args!(
                    "Using the {server} that {} names; no private one is started.",
                    setting.name
                ));
            }
        }
    }

    /// An address below the public one.
    pub(crate) fn public(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }
}

/// The settings of the `linkpulse up` that runs in the folder now, if one does.
pub(crate) fn running(dir: &Path) -> Option<Lookup> {
    let state = State::load(&folder::in_use(dir)?).ok()??;
    lookup(
        dir,
        &state,
        state.is_postgres_private,
        state.is_redis_private,
    )
    .ok()
}

fn lookup(
    dir: &Path,
    state: &State,
    is_postgres_private: bool,
    is_redis_private: bool,
) -> Result<Lookup, SettingError> {
    let mut lookup = Lookup::default();
    let State {
        ports,
        postgres_password,
        redis_password,
        internal_secret,
        ..
    } = state;
    for (setting, port) in [
        (settings::PROXY_LISTEN, ports.proxy),
        (settings::PROXY_ADMIN_LISTEN, ports.proxy_admin),
        (settings::CONTROL_PLANE_LISTEN, ports.control_plane),
        (
            settings::CONTROL_PLANE_ADMIN_LISTEN,
            ports.control_plane_admin,
        ),
        (settings::PIPELINE_ADMIN_LISTEN, ports.pipeline_admin),
    ] {
        lookup.fall_back(&setting, format!("127.0.0.1:{port}"));
    }
    lookup.fall_back(&settings::INTERNAL_SECRET, internal_secret);
    lookup.fall_back(&settings::DATA_DIR, dir.join("proxy").to_string_lossy());
    if is_postgres_private {
        let address = format!("127.0.0.1:{}/{DATABASE}", ports.postgres);
        let url = format!("postgres://{SUPERUSER}:{postgres_password}@{address}");
        lookup.fall_back(&settings::DATABASE_URL, url);
    }
    if is_redis_private {
        let url = format!("redis://:{redis_password}@127.0.0.1:{}/0", ports.redis);
        lookup.fall_back(&settings::REDIS_URL, url);
        // The only worker. With the same name after a crash it goes on with its unfinished
        // blocks at once, instead of taking them over from a stranger after half a minute.
        lookup.fall_back(&settings::PIPELINE_CONSUMER, "linkpulse-up");
    }

    // What follows from addresses, whoever chose those.
    let of = |lookup: &Lookup, setting: &Setting| -> Result<SocketAddr, SettingError> {
        Environment::new(&|name: &str| lookup.get(name)).required(setting)
    };
    let visitors = of(&lookup, &settings::PROXY_LISTEN)?;
    lookup.fall_back(&settings::PUBLIC_URL, public_url(visitors));
    for (setting, listener) in [
        (settings::CONTROL_PLANE_URL, settings::CONTROL_PLANE_LISTEN),
        (
            settings::CONTROL_PLANE_INTERNAL_URL,
            settings::CONTROL_PLANE_ADMIN_LISTEN,
        ),
    ] {
        let address = from_here(of(&lookup, &listener)?);
        lookup.fall_back(&setting, format!("http://{address}"));
    }
    Ok(lookup)
}

/// Browsers treat `localhost` as a safe place, where sign-in cookies work without TLS.
fn public_url(listen: SocketAddr) -> String {
    match listen.ip() {
        ip if ip.is_loopback() || ip.is_unspecified() => {
            format!("http://localhost:{}", listen.port())
        }
        _ => format!("http://{listen}"),
    }
}

/// The address to use from this machine for one that a service listens on.
pub(crate) fn reachable(listen: &str) -> String {
    match listen.parse() {
        Ok(address) => from_here(address).to_string(),
        Err(_) => listen.to_owned(),
    }
}

fn from_here(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everywhere_is_here_too() {
        assert_eq!(reachable("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(reachable("[::]:80"), "[::1]:80");
        assert_eq!(reachable("10.0.0.1:80"), "10.0.0.1:80");
        let everywhere = SocketAddr::from(([0, 0, 0, 0], 8080));
        assert_eq!(public_url(everywhere), "http://localhost:8080");
    }
}
