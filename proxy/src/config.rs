//! The proxy's settings, checked before anything is bound.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use contract::{Domain, Keys};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use service::env::SecretUrl;
use service::settings::{self, Setting};
use service::{Environment, RedisAddress, SettingError};

pub use crate::clicks::SpoolConfig;
pub use crate::client_address::Forwarding;
pub use crate::front::{ConnectionLimits, ProxyProtocol};
pub use crate::tls::TlsConfig;

/// Shorter secrets can be guessed. Characters.
const SHORTEST_SECRET: usize = 32;

/// Below this there is no time to send what was recorded.
const SHORTEST_GRACE: Duration = Duration::from_secs(1);

/// Between the end of sending clicks and the end of the grace period.
const LAST_MOMENTS: Duration = Duration::from_millis(500);

/// What the control plane keeps of a name.
const LONGEST_NAME: usize = 100;

/// Strict links wait that long, and others are not meant to be stricter.
const SHORTEST_MAX_STALE: Duration = Duration::from_secs(10);

/// Everything the proxy can be told from outside.
#[derive(Debug, Clone)]
pub struct Config {
    /// Addresses to listen on.
    pub listen: ListenConfig,
    /// The domain of links that were made without naming one: the host of `LINKPULSE_PUBLIC_URL`.
    pub default_domain: Domain,
    /// `http` or `https`, as visitors see it: the scheme of `LINKPULSE_PUBLIC_URL`.
    pub public_scheme: String,
    /// Where link records and changes come from, and clicks go to: `REDIS_URL`.
    pub redis_url: SecretUrl,
    /// Names in Redis, made from `LINKPULSE_REDIS_KEY_PREFIX`.
    pub keys: Keys,
    /// Where everything goes that is not a redirect, and where cold codes are looked up.
    pub control_plane: ControlPlaneConfig,
    /// Folder for what outlives the process: `LINKPULSE_DATA_DIR`.
    pub data_dir: PathBuf,
    /// Links kept in memory: `LINKPULSE_CACHE_CAPACITY`. Too low: each miss costs a round trip to
    /// Redis. Too high: half a kilobyte each, as a rule of thumb.
    pub cache_capacity: usize,
    /// How clicks are kept until they are committed.
    pub spool: SpoolConfig,
    /// How many connections visitors may have.
    pub connections: ConnectionLimits,
    /// Which proxies stand in front of us, and what they are believed: `LINKPULSE_TRUSTED_PROXIES`
    /// and `LINKPULSE_CLIENT_ADDRESS_HEADER`.
    pub forwarding: Forwarding,
    /// Whether they speak the PROXY protocol: `LINKPULSE_PROXY_PROTOCOL`.
    pub proxy_protocol: ProxyProtocol,
    /// Links one client may make us look up: `LINKPULSE_MISSES_PER_MINUTE`.
    pub misses_per_minute: NonZeroU32,
    /// Files that tell where addresses are: `LINKPULSE_GEO_DATABASE`. Each takes its size in memory.
    pub geo_databases: Vec<PathBuf>,
    /// Whether those who ask not to be tracked are not: `LINKPULSE_RESPECT_DO_NOT_TRACK`.
    pub respects_do_not_track: bool,
    /// What people call this proxy: `LINKPULSE_PROXY_NAME`. Host name and port when absent.
    pub name: Option<String>,
    /// How long links are answered from memory without hearing of changes: `LINKPULSE_MAX_STALE`.
    /// Too short: a long outage of everything else stops redirects. Too long: a proxy that is cut
    /// off leads visitors astray.
    pub max_stale: Duration,
    /// How long a stopping proxy finishes things.
    pub grace: Grace,
    /// Filter of the logs: `LINKPULSE_LOG`.
    pub log: String,
}

/// Addresses to listen on.
#[derive(Debug, Clone)]
pub struct ListenConfig {
    /// For visitors: `LINKPULSE_PROXY_LISTEN`.
    pub visitors: SocketAddr,
    /// For visitors who speak TLS.
    pub tls: Option<TlsConfig>,
    /// For health checks and metrics: `LINKPULSE_PROXY_ADMIN_LISTEN`.
    pub admin: SocketAddr,
}

/// The control plane's two addresses, and the key to the second.
#[derive(Debug, Clone)]
pub struct ControlPlaneConfig {
    /// Upstream of what is not a redirect: `LINKPULSE_CONTROL_PLANE_URL`.
    pub public: Url,
    /// Answers `/internal/resolve`: `LINKPULSE_CONTROL_PLANE_INTERNAL_URL`.
    pub internal: Url,
    /// Opens `/internal/…`: `LINKPULSE_INTERNAL_SECRET`.
    pub secret: SecretString,
}

/// The steps of a stop. Each begins when the stop begins, and ends later than the one before.
#[derive(Debug, Clone, Copy)]
pub struct Grace {
    /// For requests that were accepted: half of the whole.
    pub requests: Duration,
    /// For sending the clicks that were recorded: until shortly before the end.
    pub clicks: Duration,
    /// The whole: `LINKPULSE_SHUTDOWN_GRACE`.
    pub whole: Duration,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// When one is missing, wrong, or does not go together with another.
    pub fn from_lookup(lookup: &impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let environment = Environment::new(lookup);
        let public_url: Url = environment.required(&settings::PUBLIC_URL)?;
        let forwarding = Forwarding::read(&environment)?;
        let key_prefix: String = environment.required(&settings::REDIS_KEY_PREFIX)?;
        Ok(Self {
            listen: ListenConfig {
                visitors: environment.required(&settings::PROXY_LISTEN)?,
                tls: TlsConfig::read(&environment)?,
                admin: environment.required(&settings::PROXY_ADMIN_LISTEN)?,
            },
            default_domain: host_of(&public_url)?,
            public_scheme: public_url.scheme().to_owned(),
            redis_url: redis_url(&environment)?,
            keys: Keys::new(key_prefix),
            control_plane: ControlPlaneConfig {
                public: root_url(&environment, &settings::CONTROL_PLANE_URL)?,
                internal: root_url(&environment, &settings::CONTROL_PLANE_INTERNAL_URL)?,
                secret: internal_secret(&environment)?,
            },
            data_dir: environment.required::<String>(&settings::DATA_DIR)?.into(),
            cache_capacity: environment.required::<u32>(&settings::CACHE_CAPACITY)? as usize,
            spool: SpoolConfig::read(&environment)?,
            connections: ConnectionLimits {
                total: environment.required::<u32>(&settings::MAX_CONNECTIONS)? as usize,
                per_address: environment.required::<u32>(&settings::MAX_CONNECTIONS_PER_ADDRESS)?
                    as usize,
            },
            proxy_protocol: proxy_protocol(&environment, &forwarding)?,
            forwarding,
            misses_per_minute: environment.required(&settings::MISSES_PER_MINUTE)?,
            geo_databases: geo_databases(&environment)?,
            respects_do_not_track: environment.required(&settings::RESPECT_DO_NOT_TRACK)?,
            name: name(&environment)?,
            max_stale: max_stale(&environment)?,
            grace: Grace::of(environment.required(&settings::SHUTDOWN_GRACE)?)?,
            log: environment.required(&settings::LOG)?,
        })
    }
}

impl Grace {
    fn of(whole: Duration) -> Result<Self, SettingError> {
        if whole < SHORTEST_GRACE {
            let reason = format!("must be at least {SHORTEST_GRACE:?}");
            return Err(SettingError::new(&settings::SHUTDOWN_GRACE, reason));
        }
        Ok(Self {
            requests: whole / 2,
            clicks: whole - LAST_MOMENTS,
            whole,
        })
    }
}

fn proxy_protocol(
    environment: &Environment<'_>,
    forwarding: &Forwarding,
) -> Result<ProxyProtocol, SettingError> {
    let protocol = environment.required(&settings::PROXY_PROTOCOL)?;
    if protocol == ProxyProtocol::Required && !forwarding.trusts_somebody() {
        let reason = "needs LINKPULSE_TRUSTED_PROXIES: nobody else may use the protocol";
        return Err(SettingError::new(&settings::PROXY_PROTOCOL, reason));
    }
    Ok(protocol)
}

fn name(environment: &Environment<'_>) -> Result<Option<String>, SettingError> {
    let name: Option<String> = environment.optional(&settings::PROXY_NAME)?;
    let is_unfit =
        |name: &String| name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control);
    if name.as_ref().is_some_and(is_unfit) {
        let reason = format!("must have at most {LONGEST_NAME} characters, none of them invisible");
        return Err(SettingError::new(&settings::PROXY_NAME, reason));
    }
    Ok(name)
}

fn max_stale(environment: &Environment<'_>) -> Result<Duration, SettingError> {
    let max_stale = environment.required(&settings::MAX_STALE)?;
    if max_stale < SHORTEST_MAX_STALE {
        let reason = format!("must be at least {SHORTEST_MAX_STALE:?}");
        return Err(SettingError::new(&settings::MAX_STALE, reason));
    }
    Ok(max_stale)
}

fn host_of(public_url: &Url) -> Result<Domain, SettingError> {
    let host = public_url.host_str().unwrap_or_default();
    let invalid = |_| SettingError::new(&settings::PUBLIC_URL, "its host is not a domain");
    host.parse().map_err(invalid)
}

fn redis_url(environment: &Environment<'_>) -> Result<SecretUrl, SettingError> {
    let url: SecretUrl = environment.required(&settings::REDIS_URL)?;
    match RedisAddress::parse(&url.0) {
        Ok(_) => Ok(url),
        Err(expected) => Err(SettingError::new(
            &settings::REDIS_URL,
            format!("expected {expected}"),
        )),
    }
}

/// A URL that we add paths to ourselves.
fn root_url(environment: &Environment<'_>, setting: &Setting) -> Result<Url, SettingError> {
    let url: Url = environment.required(setting)?;
    let is_root = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !is_root || !matches!(url.scheme(), "http" | "https") {
        let reason = "expected http://host:port or https://host:port, without a path";
        return Err(SettingError::new(setting, reason));
    }
    Ok(url)
}

/// Whether they can be read is not asked here: redirects work without.
fn geo_databases(environment: &Environment<'_>) -> Result<Vec<PathBuf>, SettingError> {
    let paths: Option<String> = environment.optional(&settings::GEO_DATABASE)?;
    let paths = paths.unwrap_or_default();
    let paths = paths.split(',').map(str::trim);
    Ok(paths
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .collect())
}

fn internal_secret(environment: &Environment<'_>) -> Result<SecretString, SettingError> {
    let secret: SecretString = environment.required(&settings::INTERNAL_SECRET)?;
    let text = secret.expose_secret();
    if text.chars().count() < SHORTEST_SECRET || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let reason = format!("needs at least {SHORTEST_SECRET} visible ASCII characters");
        return Err(SettingError::new(&settings::INTERNAL_SECRET, reason));
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_with(name: &str, value: &str) -> Result<Config, SettingError> {
        let lookup = |asked: &str| match asked {
            _ if asked == name => Some(value.to_owned()),
            "REDIS_URL" => Some("redis://:password@127.0.0.1:6379/0".to_owned()),
            "LINKPULSE_INTERNAL_SECRET" => Some("s".repeat(32)),
            _ => None,
        };
        Config::from_lookup(&lookup)
    }

    #[test]
    fn two_settings_are_enough() {
        let config = config_with("", "").unwrap();
        assert_eq!(config.default_domain.as_str(), "localhost");
        assert_eq!(config.listen.visitors.to_string(), "127.0.0.1:8080");
        assert_eq!(config.grace.clicks, Duration::from_millis(9_500));
        assert!(config.respects_do_not_track);
        assert!(config.geo_databases.is_empty());
    }

    #[test]
    fn geo_databases_are_separated_by_commas() {
        let config = config_with("LINKPULSE_GEO_DATABASE", "/geo/ipv4.mmdb, /geo/ipv6.mmdb,");
        let expected = ["/geo/ipv4.mmdb", "/geo/ipv6.mmdb"].map(PathBuf::from);
        assert_eq!(config.unwrap().geo_databases, expected);
    }

    #[test]
    fn wrong_settings_are_named_and_secrets_not_shown() {
        for (name, value) in [
            ("REDIS_URL", "hunter2"),
            ("REDIS_URL", "redis://:hunter2@localhost:6379/x"),
            ("LINKPULSE_INTERNAL_SECRET", "hunter2"),
            ("LINKPULSE_CONTROL_PLANE_URL", "http://localhost:8081/api"),
            ("LINKPULSE_CONTROL_PLANE_INTERNAL_URL", "ftp://localhost"),
            ("LINKPULSE_SHUTDOWN_GRACE", "900ms"),
            ("LINKPULSE_MAX_STALE", "9s"),
            ("LINKPULSE_PROXY_NAME", "edge\n1"),
            ("LINKPULSE_CLICK_WINDOW_BLOCKS", "0"),
            ("LINKPULSE_SPOOL_QUOTA_MIB", "127"),
            ("LINKPULSE_CLICK_PARTITIONS", "257"),
            ("LINKPULSE_SPOOL_SYNC", "0s"),
            ("LINKPULSE_SPOOL_SYNC", "sometimes"),
            ("LINKPULSE_PUBLIC_URL", "http://a%20b/"),
            ("LINKPULSE_TRUSTED_PROXIES", "everybody"),
            ("LINKPULSE_CLIENT_ADDRESS_HEADER", "forwarded"),
            ("LINKPULSE_CLIENT_ADDRESS_HEADER", "a b"),
            ("LINKPULSE_PROXY_PROTOCOL", "on"),
            ("LINKPULSE_PROXY_PROTOCOL", "required"),
            ("LINKPULSE_RESPECT_DO_NOT_TRACK", "yes"),
        ] {
            let error = config_with(name, value).unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
