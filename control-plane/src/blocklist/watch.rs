use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};

use super::{Hosts, rescan};
use crate::error::{Error, Result};
use crate::state::AppState;

/// How often the file is looked at.
const INTERVAL: Duration = Duration::from_secs(2);

/// How often all links are looked at after a change. Another process may have made links by the old
/// list for one interval; the second look finds those.
const LOOKS: u32 = 2;

/// The list as it is now.
#[derive(Debug, Default)]
pub struct Blocklist {
    hosts: RwLock<Arc<Hosts>>,
}

impl Blocklist {
    /// What is listed.
    pub fn hosts(&self) -> Arc<Hosts> {
        let hosts = self.hosts.read();
        hosts
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    fn replace(&self, hosts: Hosts) {
        let place = self.hosts.write();
        *place.unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(hosts);
    }
}

/// Which state of a file: its age and its length.
type Version = (SystemTime, u64);

/// Follows the file until the stop.
pub(crate) async fn watch(state: AppState, stopping: impl Future<Output = ()>) -> Result<()> {
    let Some(path) = state.config.blocklist.clone() else {
        stopping.await;
        return Ok(());
    };
    tokio::pin!(stopping);
    let mut read: Option<Version> = None;
    let mut looks = 0;
    loop {
        match look(&path, read).await {
            Ok(None) => {}
            Ok(Some((version, hosts))) => {
                tracing::info!(hosts = hosts.len(), "blocklist read");
                state.blocklist.replace(hosts);
                read = Some(version);
                looks = LOOKS;
            }
            // The list that was read before stays in force.
            Err(error) => tracing::error!(%error, path = %path.display(), "no blocklist"),
        }
        if looks > 0 {
            match rescan::rescan(&state).await {
                Ok(()) => looks -= 1,
                Err(error) => tracing::warn!(%error, "links are checked again later"),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = &mut stopping => return Ok(()),
        }
    }
}

/// The file, if it is another one than was read.
async fn look(path: &Path, read: Option<Version>) -> std::io::Result<Option<(Version, Hosts)>> {
    let metadata = tokio::fs::metadata(path).await?;
    let version = (metadata.modified()?, metadata.len());
    if read == Some(version) {
        return Ok(None);
    }
    let bytes = tokio::fs::read(path).await?;
    let hosts = tokio::task::spawn_blocking(move || Hosts::read(&String::from_utf8_lossy(&bytes)));
    let hosts = hosts
        .await
        .map_err(|error| std::io::Error::other(Error::internal(error)))?;
    Ok(Some((version, hosts)))
}
