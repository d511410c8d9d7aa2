//! The process `linkpulse-proxy`.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use contract::SystemClock;
use proxy::{Config, Listeners};
use service::{lifecycle, telemetry};

/// Many small allocations on many threads: measurably cheaper than with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let config = match Config::from_lookup(&service::env::process) {
        Ok(config) => config,
        Err(error) => return error.refuse(),
    };
    service::install_tls_provider();
    telemetry::init_logs(&log_filter(&config.log));
    match run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the proxy failed");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(config: Config) -> anyhow::Result<()> {
    let shutdown = lifecycle::termination().context("cannot watch for signals")?;
    let listeners = Listeners::bind(&config.listen)?;
    proxy::run(config, listeners, Arc::new(SystemClock), shutdown).await?;
    Ok(())
}

/// Quiets the HTTP library, unless it is asked for by name: it logs a broken visitor's connection
/// as an error, and at level debug what visitors sent. What concerns us we log ourselves.
fn log_filter(asked: &str) -> String {
    format!("pingora_core=warn,pingora_proxy=off,{asked}")
}
