//! Start to stop: the only door, for `main` and for tests.

use std::sync::Arc;
use std::time::Duration;

use contract::{Clock, UnlockKey};
use secrecy::ExposeSecret;
use service::{Lifecycle, Readiness, admin};
use tokio::net::TcpListener;

use crate::auth::PasswordHasher;
use crate::caps::Caps;
use crate::db::{self, Analytics, Samples};
use crate::dns::Dns;
use crate::error::Error;
use crate::limits::{Attempts, RateLimits, SharedCounters};
use crate::outbound::Outbound;
use crate::own_domains::{self, OwnDomains};
use crate::propagation::Reports;
use crate::qr::Drawings;
use crate::routes::Together;
use crate::state::AppState;
use crate::{
    Config, blocklist, imports, internal, pruning, relay, router, search_indexes, tags, totals,
    unfurl, visitor_keys, webhooks,
};

/// How often readiness is checked.
const READINESS_INTERVAL: Duration = Duration::from_secs(1);

/// How long a database may take to answer. Longer than one waits for a connection of the pool.
const READINESS_PATIENCE: Duration = Duration::from_secs(2);

/// The service's two ports, bound.
pub struct Listeners {
    /// API and console.
    pub public: TcpListener,
    /// Health, metrics, `/internal/…`.
    pub admin: TcpListener,
}

/// Serves until `shutdown`.
///
/// Starts without its database, too: it is then not ready, answers 503, and recovers by itself.
///
/// # Errors
/// When a part of the service failed, or did not stop within the grace period.
pub async fn run(
    config: Config,
    listeners: Listeners,
    clock: Arc<dyn Clock>,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let pool = db::connect(&config.database_url, config.database_connections)?;
    let analytics = db::connect(&config.analytics_database_url, config.database_connections)?;
    let caps = Caps::new(&config.redis_url, config.keys.clone())?;
    let (redis_url, keys) = (&config.redis_url, config.keys.clone());
    let counters = SharedCounters::new(redis_url, keys, &config.internal_secret)?;
    let grace = config.shutdown_grace;
    let dns = Dns::new(config.dns_server)?;
    let outbound = Outbound::new(dns.clone(), config.outbound_networks.clone())?;
    let unlock = UnlockKey::new(config.internal_secret.expose_secret());
    let own_domains = OwnDomains::new(config.default_domain.clone());
    let lifecycle = Lifecycle::new();
    let state = AppState {
        config: Arc::new(config),
        pool,
        analytics: Analytics(analytics),
        caps,
        dns,
        outbound,
        clock,
        passwords: PasswordHasher::default(),
        visitor_passwords: PasswordHasher::default(),
        link_passwords: PasswordHasher::with_one_thread(),
        attempts: Arc::new(Attempts::new(counters.clone())),
        rate_limits: RateLimits::new(counters),
        drawings: Drawings::default(),
        blocklist: Arc::default(),
        own_domains: Arc::new(own_domains),
        unlock: Arc::new(unlock),
        reports: Reports::new(lifecycle.clone()),
        samples: Samples::default(),
        together: Together::default(),
    };
    let readiness = Readiness::waiting_for(&["database", "analytics_database"]);
    let public = axum::serve(listeners.public, router::router(state.clone()));
    lifecycle.spawn(
        "public listener",
        public
            .with_graceful_shutdown(lifecycle.stopping())
            .into_future(),
    );
    let admin = admin::router(readiness.clone()).merge(internal::router(state.clone()));
    lifecycle.spawn(
        "admin listener",
        admin::serve(listeners.admin, admin, lifecycle.stopping()),
    );
    lifecycle.spawn("relay", relay::run(state.clone(), lifecycle.stopping()));
    lifecycle.spawn(
        "readiness",
        watch(state.clone(), readiness, lifecycle.stopping()),
    );
    lifecycle.spawn(
        "visitor keys",
        visitor_keys::destroy_regularly(state.clone(), lifecycle.stopping()),
    );
    lifecycle.spawn(
        "webhooks",
        webhooks::run(state.clone(), lifecycle.stopping()),
    );
    lifecycle.spawn(
        "blocklist",
        blocklist::watch(state.clone(), lifecycle.stopping()),
    );
    lifecycle.spawn(
        "own domains",
        own_domains::watch(state.clone(), lifecycle.stopping()),
    );
    lifecycle.spawn(
        "imports",
        imports::work(state.clone(), lifecycle.stopping()),
    );
    if state.config.unfurl {
        lifecycle.spawn(
            "pages of targets",
            unfurl::run(state.clone(), lifecycle.stopping()),
        );
    }
    lifecycle.spawn(
        "totals",
        totals::follow(state.clone(), lifecycle.stopping()),
    );
    lifecycle.spawn(
        "search indexes",
        search_indexes::tend(state.clone(), lifecycle.stopping()),
    );
    lifecycle.spawn("tags", tags::add_up(state.clone(), lifecycle.stopping()));
    lifecycle.spawn("pruning", pruning::work(state, lifecycle.stopping()));
    Ok(lifecycle.run_until(shutdown, grace).await?)
}

async fn watch(
    state: AppState,
    readiness: Readiness,
    stopping: impl Future<Output = ()>,
) -> Result<(), Error> {
    tokio::pin!(stopping);
    loop {
        for (condition, pool) in [
            ("database", &state.pool),
            ("analytics_database", &state.analytics.0),
        ] {
            let answer = sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(pool);
            match tokio::time::timeout(READINESS_PATIENCE, answer).await {
                Ok(Ok(_)) => readiness.met(condition),
                Ok(Err(error)) => readiness.unmet(condition, error),
                // Its machine may be gone without a word.
                Err(_) => readiness.unmet(condition, "no answer"),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(READINESS_INTERVAL) => {}
            () = &mut stopping => return Ok(()),
        }
    }
}
