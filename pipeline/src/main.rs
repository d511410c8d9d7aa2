//! The pipeline as a process.

use std::process::ExitCode;

use pipeline::Config;
use service::{lifecycle, telemetry};
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let config = match Config::from_lookup(&service::env::process) {
        Ok(config) => config,
        Err(error) => return error.refuse(),
    };
    service::install_tls_provider();
    telemetry::init_logs(&config.log);
    match serve(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn serve(config: Config) -> anyhow::Result<()> {
    let shutdown = lifecycle::termination()?;
    let admin_listener = TcpListener::bind(config.admin_listen).await?;
    pipeline::run(config, admin_listener, shutdown).await?;
    Ok(())
}
