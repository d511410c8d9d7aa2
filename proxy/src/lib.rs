#![doc = include_str!("../README.md")]

mod answer;
mod cache;
mod caps;
mod clicks;
mod coherence;
pub mod config;
mod control_plane;
mod cookies;
mod descriptors;
mod directory;
pub mod error;
mod fallback;
mod front;
mod head;
mod latency;
mod metrics;
mod miss_limit;
mod redirect;
mod redis_client;
mod redis_source;
mod request_id;
mod resolver;
mod route;
mod sender;
mod server;
mod visit;

use std::future::Future;
use std::sync::Arc;

use contract::{Clock, UnlockKey};
use secrecy::ExposeSecret;
use service::{Lifecycle, Readiness, admin, telemetry};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

pub use config::Config;
pub use error::{Error, Result};

use crate::cache::Cache;
use crate::caps::Caps;
use crate::coherence::{Follower, JOINED};
use crate::config::ListenConfig;
use crate::control_plane::ControlPlane;
use crate::directory::Directory;
use crate::fallback::Edge;
use crate::front::{Front, Limits};
use crate::metrics::Metrics;
use crate::miss_limit::MissLimit;
use crate::redirect::Redirector;
use crate::redis_client::Connection;
use crate::redis_source::{ChangeLog, Records, Subscription};
use crate::resolver::Resolver;
use crate::sender::Sender;

/// The bound ports.
#[derive(Debug)]
pub struct Listeners {
    /// For visitors.
    pub visitors: TcpListener,
    /// For health checks and metrics.
    pub admin: TcpListener,
}

impl Listeners {
    /// Binds both, or neither.
    ///
    /// # Errors
    /// When one of the addresses cannot be had.
    pub async fn bind(config: &ListenConfig) -> Result<Self> {
        Ok(Self {
            visitors: bind(config.visitors).await?,
            admin: bind(config.admin).await?,
        })
    }
}

async fn bind(address: std::net::SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|source| Error::Listen { address, source })
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
    let readiness = Readiness::waiting_for(&[JOINED]);
    let cache = Arc::new(Cache::new(config.cache_capacity));
    let connect = |task| {
        let connection = Connection::new(&config.redis_url)?;
        connection.start(&lifecycle, task);
        Ok::<_, Error>(connection)
    };
    let grace = config.grace;
    let connections = descriptors::fit(config.connections, descriptors::raise_limit());

    let feed = Connection::new(&config.redis_url)?;
    let subscription = Subscription::new(feed.clone(), &config.keys);
    feed.start(&lifecycle, "redis for the change feed");
    let log = ChangeLog {
        connection: connect("redis for the change log")?,
        keys: config.keys.clone(),
    };
    let follower = Follower::new(
        cache.clone(),
        subscription,
        log,
        readiness.clone(),
        metrics.clone(),
    );
    lifecycle.spawn("change feed", follower.run(lifecycle.stopping()));

    let (recorder, sealed) = clicks::buffer(config.click_buffer_blocks, metrics.clone());
    lifecycle.spawn("click sealing", recorder.clone().seal_regularly());
    let sender = Sender {
        connection: connect("redis for clicks")?,
        keys: config.keys.clone(),
        metrics: metrics.clone(),
    };
    let stopping = lifecycle.stopping();
    let deadline = async move {
        stopping.await;
        tokio::time::sleep(grace.clicks).await;
    };
    lifecycle.spawn("click sender", sender.run(sealed, deadline));

    let records = Records {
        connection: connect("redis for records")?,
        keys: config.keys.clone(),
    };
    let misses = Arc::new(MissLimit::new(config.misses_per_minute));
    let (limit, stopping) = (misses.clone(), lifecycle.stopping());
    lifecycle.spawn("miss limit", async move {
        limit.forget_regularly(stopping).await;
        Ok::<_, std::convert::Infallible>(())
    });
    let control_plane = ControlPlane::new(&config.control_plane)?;
    let (shown, stopping) = (metrics.clone(), lifecycle.stopping());
    lifecycle.spawn("latency", async move {
        shown.latency.show_regularly(stopping).await;
        Ok::<_, std::convert::Infallible>(())
    });
    let resolver = Resolver::new(cache.clone(), records, control_plane.clone(), misses);
    let caps = Caps {
        connection: connect("redis for click caps")?,
        keys: config.keys.clone(),
        control_plane,
    };
    let redirector = Arc::new(Redirector {
        directory: Directory {
            cache,
            resolver: resolver.clone(),
            metrics: metrics.clone(),
        },
        recorder: recorder.clone(),
        unlock: UnlockKey::new(config.control_plane.secret.expose_secret()),
        caps,
        default_domain: config.default_domain.clone(),
        respects_do_not_track: true,
        metrics,
    });
    let in_flight = TaskTracker::new();
    let front = Front {
        redirector: redirector.clone(),
        clock: clock.clone(),
        default_domain: config.default_domain.clone(),
        limits: Limits::new(connections),
        proxy: server::fallback(Edge {
            redirector: redirector.clone(),
            clock,
            default_domain: config.default_domain,
            public_scheme: config.public_scheme,
            control_plane: config.control_plane.public,
            in_flight: in_flight.clone(),
        }),
        in_flight,
    };
    let stopping = lifecycle.stopping();
    lifecycle.spawn("visitors", async move {
        let served = server::serve(listeners.visitors, front, stopping, grace.requests).await;
        // Now no request is left that could ask for a link or record a click.
        resolver.close();
        redirector.caps.close();
        recorder.close();
        served
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
