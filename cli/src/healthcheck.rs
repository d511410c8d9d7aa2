//! `linkpulse healthcheck`: for containers, whose images have no curl.

use anyhow::{Context, bail};
use clap::Args;

use crate::http;

/// Whom to ask.
#[derive(Args)]
pub(crate) struct Arguments {
    /// For example http://127.0.0.1:9080/readyz
    url: String,
}

/// Fails unless the answer is 2xx.
pub(crate) async fn run(Arguments { url }: Arguments) -> anyhow::Result<()> {
    let client = http::client().context("cannot make an HTTP client")?;
    if let Err(reason) = http::health(&client, &url).await {
        bail!("{url}: {reason}");
    }
    Ok(())
}
