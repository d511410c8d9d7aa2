//! Puts the parts together.

use std::collections::HashMap;
use std::future::Future;
use std::time::Instant;

use secrecy::ExposeSecret;
use service::{Lifecycle, Readiness, admin, telemetry};
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::batch::Ingest;
use crate::consumer::Worker;
use crate::observer::{self, Observer};
use crate::store::{Database, Writer};
use crate::{Config, Result, metrics};

/// Runs a worker per partition until `shutdown`, and serves `admin_listener` meanwhile. A worker
/// finishes the batch in hand, acknowledges it and leaves.
///
/// # Errors
/// When an address cannot be understood, the admin listener fails, or the worker does not end
/// within the grace period. Never because a server is away: the worker waits for it.
pub async fn run(
    config: Config,
    admin_listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<()> {
    telemetry::metrics();
    metrics::describe();
    let lifecycle = Lifecycle::new();
    let readiness = Readiness::waiting_for(&observer::CONDITIONS);
    let redis = config.redis_address.clone();
    let options: PgConnectOptions = config.analytics_database_url.expose_secret().parse()?;
    let (committed, last_commit) = watch::channel(Instant::now());
    let grace = config.shutdown_grace;

    let admin = admin::serve(
        admin_listener,
        admin::router(readiness.clone()),
        lifecycle.stopping(),
    );
    lifecycle.spawn("admin", admin);

    let observer = Observer {
        database: Database::new(options.clone(), observer::PATIENCE),
        redis: redis.clone(),
        keys: config.keys.clone(),
        partitions: config.partitions,
        connections: HashMap::new(),
        readiness,
        last_commit,
    };
    lifecycle.spawn("observer", observer.run(lifecycle.clone()));

    let partitions = config.partitions.all();
    tracing::info!(consumer = config.consumer, ?partitions, "workers start");
    for partition in partitions {
        let database = Database::new(options.clone(), config.write_timeout);
        let worker = Worker {
            partition,
            ingest: Ingest {
                writer: Writer::new(database),
                lifecycle: lifecycle.clone(),
                last_commit: committed.clone(),
            },
            redis: redis.clone(),
            config: config.clone(),
        };
        lifecycle.spawn("worker", worker.run());
    }

    lifecycle.run_until(shutdown, grace).await?;
    Ok(())
}
