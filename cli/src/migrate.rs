//! `linkpulse migrate`: one step before a release, not in every replica.

use std::path::Path;

use crate::output::{Output, Style};
use crate::{database, installation};

/// Brings the tables of both owners up to date and says what clicks lie on.
pub(crate) async fn run(dir: &Path) -> anyhow::Result<()> {
    let lookup = installation::find(dir);
    let choice = database::engine_choice(&|name| lookup.get(name))?;
    let databases = installation::databases(dir, &lookup).await?;
    let engine = databases.migrate(choice).await?;
    databases.close().await;
    let output = Output::new();
    output.line(output.paint(Style::Good, "Tables are up to date."));
    output.line(format_args!(
        "Clicks are stored on {}.",
        database::describe(engine)
    ));
    Ok(())
}
