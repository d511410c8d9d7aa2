//! `linkpulse openapi`: what `docs/api/openapi.json` is made from.

use anyhow::Context;

use crate::output;

/// Prints the description of the REST API.
pub(crate) fn run() -> anyhow::Result<()> {
    let description = control_plane::openapi::description();
    let text = serde_json::to_string_pretty(&description);
    output::document(&(text.context("cannot write the description as JSON")? + "\n"))
}
