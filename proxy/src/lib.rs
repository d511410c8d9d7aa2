#![doc = include_str!("../README.md")]

mod answer;
mod cache;
mod caps;
mod clicks;
mod client_address;
mod coherence;
pub mod config;
mod control_plane;
mod cookies;
mod descriptors;
mod directory;
mod domain_counters;
pub mod error;
mod fallback;
mod front;
mod geo;
mod head;
mod latency;
mod metrics;
mod miss_limit;
mod priority;
mod recent;
mod redirect;
mod redis_client;
mod redis_source;
mod request_id;
mod resolver;
mod route;
mod server;
mod snapshot;
mod tls;
mod visit;
mod visitor;

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use contract::{Clock, UnlockKey};
use secrecy::ExposeSecret;
use service::{Lifecycle, Readiness, admin, telemetry};
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use config::Config;
pub use error::{Error, Result};
#[cfg(feature = "fuzzing")]
pub use front::agreement;

use crate::cache::Cache;
use crate::caps::Caps;
use crate::coherence::{Follow, Identity, JOINED};
use crate::config::ListenConfig;
use crate::control_plane::ControlPlane;
use crate::directory::Directory;
use crate::fallback::Edge;
use crate::front::{Front, Limits};
use crate::metrics::Metrics;
use crate::miss_limit::MissLimit;
use crate::redirect::Redirector;
use crate::redis_client::Connection;
use crate::redis_source::{Records, Sessions};
use crate::resolver::Resolver;
use crate::server::Port;
use crate::snapshot::Snapshots;
use crate::tls::Certificates;
use crate::visitor::VisitorKeys;

/// The bound ports.
#[derive(Debug)]
pub struct Listeners {
    /// For visitors.
    pub visitors: TcpListener,
    /// For visitors who speak TLS.
    pub tls: Option<TcpListener>,
    /// For health checks and metrics.
    pub admin: TcpListener,
}

impl Listeners {
    /// Binds all of them, or none. In a runtime.
    ///
    /// # Errors
    /// When one of the addresses cannot be had.
    pub fn bind(config: &ListenConfig) -> Result<Self> {
        Ok(Self {
            visitors: bind(config.visitors)?,
            tls: match &config.tls {
                Some(tls) => Some(bind(tls.listen)?),
                None => None,
            },
            admin: bind(config.admin)?,
        })
    }
}

/// Connections that may wait until they are accepted. What comes on top while all threads are busy
/// must be tried again, a second later. The system's own limit is the same as a rule.
const BACKLOG: u32 = 4096;

fn bind(address: SocketAddr) -> Result<TcpListener> {
    let listen = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        // Not held up by connections of the process before this one.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|source| Error::Listen { address, source })
}

/// Host name and port: unique on a machine, and the same after a restart.
fn default_name(listeners: &Listeners) -> String {
    let host = rustix::system::uname();
    let port = listeners.visitors.local_addr();
    let port = port.map_or(0, |address| address.port());
    format!("{}:{port}", host.nodename().to_string_lossy())
}

/// Serves until `shutdown`, then finishes what was accepted.
///
/// It starts without Redis and without the control plane, and serves what it can.
///
/// # Errors
/// When a part of it fails, or does not end within the grace period.
pub async fn run(
    config: Config,
    listeners: Listeners,
    clock: Arc<dyn Clock>,
    shutdown: impl Future<Output = ()>,
) -> Result<()> {
    // The recorder must be there before the first metric is.
    telemetry::metrics();
    let metrics = Arc::new(Metrics::new());
    let lifecycle = Lifecycle::new();
    let cache = Arc::new(Cache::new(config.cache_capacity));
    let connect = |task| {
        let connection = Connection::new(&config.redis_url)?;
        connection.start(&lifecycle, task);
        Ok::<_, Error>(connection)
    };
    let data_dir = config.data_dir;
    let (path, restored) = restore(data_dir.clone(), cache.clone()).await?;
    let snapshots = Arc::new(Snapshots::new(path, cache.clone()));
    let readiness = Readiness::waiting_for(match restored {
        Some(_) => &[],
        None => &[JOINED],
    });
    let grace = config.grace;
    let connections = descriptors::fit(config.connections, descriptors::raise_limit());

    let control_plane = ControlPlane::new(&config.control_plane)?;
    let served = CancellationToken::new();
    let follow = Follow {
        feed: Sessions::new(&config.redis_url, &config.keys.changes())?,
        log: Sessions::new(&config.redis_url, &config.keys.changes())?,
        keys: config.keys.clone(),
        control_plane: control_plane.clone(),
        cache: cache.clone(),
        clock: clock.clone(),
        identity: Identity {
            name: config.name.unwrap_or_else(|| default_name(&listeners)),
            started_at: clock.now(),
            max_stale: config.max_stale,
        },
        metrics: metrics.clone(),
        readiness: readiness.clone(),
        restored,
    };
    let coherence = follow.start(&lifecycle, &served);

    let start = clicks::Start {
        spool: config.spool,
        folder: data_dir.join(clicks::FOLDER),
        redis_url: &config.redis_url,
        keys: config.keys.clone(),
        metrics: metrics.clone(),
        patience: grace.clicks,
    };
    let recorder = start.start(&lifecycle, &served).await?;

    let standing = coherence.standing.clone();
    let records = Records::new(&config.redis_url, config.keys.clone(), standing)?;
    records.start(&lifecycle);
    let misses = Arc::new(MissLimit::new(config.misses_per_minute));
    let (limit, stopping) = (misses.clone(), lifecycle.stopping());
    lifecycle.spawn("miss limit", async move {
        limit.forget_regularly(stopping).await;
        Ok::<_, std::convert::Infallible>(())
    });
    let (standing, freshness) = (coherence.standing, coherence.freshness.clone());
    let head = move || {
        let standing = standing.borrow();
        snapshot::Head {
            epoch: standing.epoch,
            applied: standing.applied,
            fresh_at: freshness.known_at(),
        }
    };
    lifecycle.spawn("snapshot", snapshots.run(head, lifecycle.stopping()));
    let (shown, stopping) = (metrics.clone(), lifecycle.stopping());
    lifecycle.spawn("latency", async move {
        shown.latency.show_regularly(stopping).await;
        Ok::<_, std::convert::Infallible>(())
    });
    let resolver = Resolver::new(cache.clone(), records, control_plane.clone(), misses);
    let caps = Caps {
        connection: connect("redis for click caps")?,
        keys: config.keys.clone(),
        control_plane: control_plane.clone(),
    };
    let geo = geo::start(config.geo_databases, &lifecycle).await;
    let visitors = Arc::new(VisitorKeys::default());
    let following = visitor::follow(
        visitors.clone(),
        control_plane,
        clock.clone(),
        lifecycle.stopping(),
    );
    lifecycle.spawn("visitor keys", following);
    let redirector = Arc::new(Redirector {
        directory: Directory {
            cache,
            resolver: resolver.clone(),
            metrics: metrics.clone(),
        },
        recorder: recorder.clone(),
        unlock: UnlockKey::new(config.control_plane.secret.expose_secret()),
        caps,
        geo,
        visitors,
        default_domain: config.default_domain.clone(),
        respects_do_not_track: config.respects_do_not_track,
        freshness: coherence.freshness,
        metrics,
    });
    let in_flight = TaskTracker::new();
    let forwarding = Arc::new(config.forwarding);
    let front = Front {
        redirector: redirector.clone(),
        clock: clock.clone(),
        default_domain: config.default_domain.clone(),
        limits: Limits::new(connections),
        forwarding: forwarding.clone(),
        proxy_protocol: config.proxy_protocol,
        proxy: server::fallback(Edge {
            redirector: redirector.clone(),
            clock,
            default_domain: config.default_domain,
            public_scheme: config.public_scheme,
            control_plane: config.control_plane.public,
            forwarding,
            in_flight: in_flight.clone(),
        }),
        in_flight,
    };
    let mut ports = vec![Port {
        listener: listeners.visitors,
        tls: None,
    }];
    if let (Some(listener), Some(tls)) = (listeners.tls, config.listen.tls) {
        let certificates = Arc::new(Certificates::new(tls));
        let acceptor = certificates.acceptor().map_err(Error::set_up("TLS"))?;
        lifecycle.spawn("certificate", certificates.follow(lifecycle.stopping()));
        ports.push(Port {
            listener,
            tls: Some(acceptor),
        });
    }
    let stopping = lifecycle.stopping();
    let followers = served.drop_guard();
    lifecycle.spawn("visitors", async move {
        server::serve(ports, front, stopping, grace.requests).await;
        // Now no request is left that could ask for a link or record a click.
        resolver.close();
        redirector.caps.close();
        recorder.close();
        drop(followers);
        Ok::<_, std::convert::Infallible>(())
    });
    lifecycle.spawn(
        "admin",
        admin::serve(
            listeners.admin,
            admin::router(readiness),
            lifecycle.stopping(),
        ),
    );

    tracing::info!("serving");
    lifecycle.run_until(shutdown, grace.whole).await?;
    Ok(())
}

/// Makes the folder for data, and fills the cache with what was in memory when the proxy stopped.
async fn restore(
    data_dir: PathBuf,
    cache: Arc<Cache>,
) -> Result<(PathBuf, Option<snapshot::Head>)> {
    let restoring = tokio::task::spawn_blocking(move || {
        if let Err(source) = std::fs::create_dir_all(&data_dir) {
            let path = data_dir;
            return Err(Error::DataDir { path, source });
        }
        let path = data_dir.join(snapshot::FILE);
        let mut count = 0_u64;
        let head = snapshot::read(&path, |record| {
            cache.restore(record);
            count += 1;
        });
        let head = head.unwrap_or_else(|error| {
            // Not a reason to stay away: the sources know everything that is in it.
            tracing::error!(%error, path = %path.display(), "the snapshot is not used");
            None
        });
        if let Some(head) = &head {
            tracing::info!(records = count, seq = head.applied, "the snapshot was read");
        }
        Ok((path, head))
    });
    restoring.await.map_err(Error::set_up("the snapshot"))?
}
