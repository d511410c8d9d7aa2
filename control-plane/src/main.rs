//! The control plane's process.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use contract::SystemClock;
use control_plane::{Config, Listeners};
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let config = match Config::from_lookup(&service::env::process) {
        Ok(config) => config,
        Err(error) => return error.refuse(),
    };
    service::install_tls_provider();
    service::telemetry::init_logs(&config.log);
    match serve(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "control plane failed");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn serve(config: Config) -> anyhow::Result<()> {
    let bind = async |address| {
        TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))
    };
    let listeners = Listeners {
        public: bind(config.listen).await?,
        admin: bind(config.admin_listen).await?,
    };
    let shutdown = service::lifecycle::termination()?;
    tracing::info!(listen = %config.listen, admin_listen = %config.admin_listen, "control plane starts");
    control_plane::run(config, listeners, Arc::new(SystemClock), shutdown).await
}
