//! Which installation a command is about: the one in the environment, or the `linkpulse up` that
//! runs in the state folder.

use std::path::Path;

use anyhow::bail;
use service::settings::DATABASE_URL;

use crate::database::Databases;
use crate::lookup::Lookup;
use crate::up;

/// The settings of the installation. Empty where neither the environment nor a running
/// `linkpulse up` says anything.
pub(crate) fn find(dir: &Path) -> Lookup {
    up::running(dir).unwrap_or_default()
}

/// Connects to the installation's databases.
pub(crate) async fn databases(dir: &Path, lookup: &Lookup) -> anyhow::Result<Databases> {
    let get = |name: &str| lookup.get(name);
    if !Lookup::is_given(&DATABASE_URL) && get(DATABASE_URL.name).is_none() {
        bail!(
            "which database? Set DATABASE_URL, or start `linkpulse up` first (none runs in {})",
            dir.display()
        );
    }
    Databases::connect(&get).await
}
