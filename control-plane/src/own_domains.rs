//! Hosts that lead to this installation. No target may be there: links that lead to links can go round
//! in circles, and hide where they lead.
//!
//! Each process has all names in memory, since every target is compared with them. What another process
//! registers or removes is known here within two seconds.

use std::collections::HashSet;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use contract::Domain;
use sqlx::PgPool;
use tokio::sync::Mutex;
use url::Host;

use crate::db;
use crate::error::Result;
use crate::state::AppState;

/// How often the names are read again.
const INTERVAL: Duration = Duration::from_secs(2);

/// The installation's own name, and those that workspaces have registered.
#[derive(Debug, Default)]
pub struct OwnNames {
    /// `None` where no name is anybody's.
    default: Option<Domain>,
    registered: HashSet<String>,
}

impl OwnNames {
    /// `registered` in the form that [`Domain`] gives them.
    pub fn new(default: Domain, registered: impl IntoIterator<Item = String>) -> Self {
        Self {
            default: Some(default),
            registered: registered.into_iter().collect(),
        }
    }

    /// Whether a host is one of them, however it is written.
    pub fn contain(&self, host: &Host<&str>) -> bool {
        let Ok(host) = host.to_string().parse::<Domain>() else {
            return false;
        };
        let is_default =
            |default: &Domain| host == *default || (host.is_loopback() && default.is_loopback());
        self.default.as_ref().is_some_and(is_default) || self.registered.contains(host.as_str())
    }
}

/// The names as they are now.
#[derive(Debug)]
pub struct OwnDomains {
    names: RwLock<Arc<OwnNames>>,
    /// Held while they are read, so that what was read last is what stays.
    reading: Mutex<()>,
}

impl OwnDomains {
    /// Without those that are registered: they are read when the service starts.
    pub fn new(default: Domain) -> Self {
        Self {
            names: RwLock::new(Arc::new(OwnNames::new(default, []))),
            reading: Mutex::default(),
        }
    }

    /// All names.
    pub fn names(&self) -> Arc<OwnNames> {
        let names = self.names.read();
        names
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// Reads them again: to be called when one was registered or removed.
    pub async fn refresh(&self, pool: &PgPool) {
        if let Err(error) = self.read(pool).await {
            tracing::warn!(%error, "names of domains are read again later");
        }
    }

    async fn read(&self, pool: &PgPool) -> Result<()> {
        let _reading = self.reading.lock().await;
        let registered = db::registered_domains(pool).await?;
        let names = OwnNames {
            default: self.names().default.clone(),
            registered: registered.into_iter().collect(),
        };
        let place = self.names.write();
        *place.unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(names);
        Ok(())
    }
}

/// Keeps the names until the stop.
pub(crate) async fn watch(state: AppState, stopping: impl Future<Output = ()>) -> Result<()> {
    tokio::pin!(stopping);
    loop {
        tokio::select! {
            () = state.own_domains.refresh(&state.pool) => {}
            () = &mut stopping => return Ok(()),
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = &mut stopping => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_any_spelling() {
        let own = OwnNames::new(
            "go.example.org".parse().unwrap(),
            ["links.example.com".to_owned()],
        );
        for host in ["go.example.org", "LINKS.example.com", "links.example.com."] {
            assert!(own.contain(&Host::Domain(host)), "{host}");
        }
        for host in ["example.com", "x.links.example.com", "localhost"] {
            assert!(!own.contain(&Host::Domain(host)), "{host}");
        }
        assert!(!own.contain(&Host::Ipv4([127, 0, 0, 1].into())));
        let local = OwnNames::new("localhost".parse().unwrap(), []);
        assert!(local.contain(&Host::Ipv4([127, 0, 0, 1].into())));
    }
}
