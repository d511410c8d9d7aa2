//! What handlers share: real things, cheap to clone.

use std::sync::Arc;

use axum::extract::FromRef;
use contract::{Clock, Timestamp, UnlockKey};
use sqlx::PgPool;
use time::OffsetDateTime;

use crate::Config;
use crate::auth::PasswordHasher;
use crate::blocklist::Blocklist;
use crate::caps::Caps;
use crate::db::{Analytics, Samples};
use crate::dns::Dns;
use crate::limits::{Attempts, RateLimits};
use crate::outbound::Outbound;
use crate::own_domains::OwnDomains;
use crate::propagation::Reports;
use crate::qr::Drawings;
use crate::routes::Together;

/// Shared by all handlers.
#[derive(Clone)]
pub struct AppState {
    /// Settings.
    pub config: Arc<Config>,
    /// The database with links.
    pub pool: PgPool,
    /// The database with clicks.
    pub analytics: Analytics,
    /// Counts of links with a click cap.
    pub caps: Caps,
    /// Asks name servers.
    pub dns: Dns,
    /// Makes requests to addresses that users name.
    pub outbound: Outbound,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Bounds how many passwords are hashed at once.
    pub passwords: PasswordHasher,
    /// The same for passwords of links, apart: guessing at those must not keep owners out.
    pub visitor_passwords: PasswordHasher,
    /// The same for passwords that links are given: making many must keep neither people from signing in
    /// nor visitors out.
    pub link_passwords: PasswordHasher,
    /// How often passwords were tried.
    pub attempts: Arc<Attempts>,
    /// How many requests callers have left.
    pub rate_limits: RateLimits,
    /// Draws QR codes, a few at a time.
    pub drawings: Drawings,
    /// Hosts that no link may lead to.
    pub blocklist: Arc<Blocklist>,
    /// Hosts that lead to ourselves.
    pub own_domains: Arc<OwnDomains>,
    /// Signs the cookies of those who knew the password.
    pub unlock: Arc<UnlockKey>,
    /// What proxies say of changes, for requests that wait for it.
    pub reports: Reports,
    /// What was seen of lists of links lately.
    pub samples: Samples,
    /// Links that are asked for at the same time.
    pub together: Together,
}

impl AppState {
    /// The present moment, in the resolution the database keeps.
    pub fn now(&self) -> OffsetDateTime {
        self.timestamp()
            .to_datetime()
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// What lists of links are found with.
    pub fn lists(&self) -> (&PgPool, &Samples) {
        (&self.pool, &self.samples)
    }

    /// The present moment.
    pub fn timestamp(&self) -> Timestamp {
        self.clock.now()
    }
}

impl FromRef<AppState> for PgPool {
    fn from_ref(state: &AppState) -> Self {
        state.pool.clone()
    }
}
