//! Settings of the control plane.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use contract::{Domain, Keys};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use service::env::SecretUrl;
use service::{Environment, SettingError, settings};
use url::Url;

/// Shortest acceptable internal secret: 32 characters, 128 bits if they are hexadecimal.
const MIN_SECRET_LENGTH: usize = 32;

/// Beyond this the time between two requests is too short to be told in microseconds.
const MAX_REQUESTS_PER_MINUTE: u32 = 1_000_000;

/// All settings, checked. What each means, and what hurts when it is too high or too low:
/// [`service::settings`].
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of the API and the console.
    pub listen: SocketAddr,
    /// Address of health checks, metrics and `/internal/…`.
    pub admin_listen: SocketAddr,
    /// Where visitors reach the proxy.
    pub public_url: Url,
    /// Host of `public_url`: where links live unless they say otherwise.
    pub default_domain: Domain,
    /// The database with links.
    pub database_url: SecretString,
    /// The database with clicks.
    pub analytics_database_url: SecretString,
    /// Connections to each database.
    pub database_connections: u32,
    /// Redis, for the change feed.
    pub redis_url: SecretString,
    /// Names in Redis.
    pub keys: Keys,
    /// Shared secret of `/internal/…`.
    pub internal_secret: SecretString,
    /// How long a sign-in lasts.
    pub session_lifetime: Duration,
    /// Requests to the API that a key or a user has in a minute.
    pub requests_per_minute: u32,
    /// The name server to ask; those that the machine asks when absent.
    pub dns_server: Option<SocketAddr>,
    /// Networks that are not public, and may be asked all the same when users name them.
    pub outbound_networks: Vec<IpNet>,
    /// Whether pages that links lead to are read.
    pub unfurl: bool,
    /// Whether no target may be a link of another shortener.
    pub refuses_shorteners: bool,
    /// The file with hosts that no link may lead to.
    pub blocklist: Option<PathBuf>,
    /// How long a request to the API may take.
    pub request_timeout: Duration,
    /// How long a stop may take.
    pub shutdown_grace: Duration,
    /// Log filter.
    pub log: String,
}

impl Config {
    /// Reads and checks all settings.
    ///
    /// # Errors
    /// The first setting that is missing or wrong.
    pub fn from_lookup(lookup: &impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let environment = Environment::new(lookup);
        let public_url: Url = environment.required(&settings::PUBLIC_URL)?;
        let database_url: SecretUrl = environment.required(&settings::DATABASE_URL)?;
        let analytics_database_url: Option<SecretUrl> =
            environment.optional(&settings::ANALYTICS_DATABASE_URL)?;
        let redis_url: SecretUrl = environment.required(&settings::REDIS_URL)?;
        let key_prefix: String = environment.required(&settings::REDIS_KEY_PREFIX)?;
        Ok(Self {
            listen: environment.required(&settings::CONTROL_PLANE_LISTEN)?,
            admin_listen: environment.required(&settings::CONTROL_PLANE_ADMIN_LISTEN)?,
            default_domain: default_domain(&public_url)?,
            public_url,
            analytics_database_url: analytics_database_url.unwrap_or(database_url.clone()).0,
            database_url: database_url.0,
            database_connections: environment.required(&settings::DATABASE_CONNECTIONS)?,
            redis_url: redis_url.0,
            keys: Keys::new(key_prefix),
            internal_secret: internal_secret(&environment)?,
            session_lifetime: environment.required(&settings::SESSION_LIFETIME)?,
            dns_server: environment.optional(&settings::DNS_SERVER)?,
            outbound_networks: outbound_networks(&environment)?,
            unfurl: environment.required(&settings::UNFURL)?,
            requests_per_minute: requests_per_minute(&environment)?,
            refuses_shorteners: environment.required(&settings::REFUSE_SHORTENERS)?,
            blocklist: environment
                .optional::<String>(&settings::BLOCKLIST)?
                .map(PathBuf::from),
            request_timeout: environment.required(&settings::REQUEST_TIMEOUT)?,
            shutdown_grace: environment.required(&settings::SHUTDOWN_GRACE)?,
            log: environment.required(&settings::LOG)?,
        })
    }
}

fn requests_per_minute(environment: &Environment<'_>) -> Result<u32, SettingError> {
    let setting = &settings::API_REQUESTS_PER_MINUTE;
    let quota: u32 = environment.required(setting)?;
    match (1..=MAX_REQUESTS_PER_MINUTE).contains(&quota) {
        true => Ok(quota),
        false => Err(SettingError::new(setting, "must be from 1 to 1000000")),
    }
}

fn outbound_networks(environment: &Environment<'_>) -> Result<Vec<IpNet>, SettingError> {
    let setting = &settings::OUTBOUND_NETWORKS;
    let text: Option<String> = environment.optional(setting)?;
    let networks = text.iter().flat_map(|text| text.split(','));
    let networks = networks.map(|network| network.trim().parse::<IpNet>());
    networks
        .collect::<Result<_, _>>()
        .map_err(|_| SettingError::new(setting, "must be networks like 10.0.0.0/8, by commas"))
}

fn default_domain(public_url: &Url) -> Result<Domain, SettingError> {
    let wrong = |reason: &str| SettingError::new(&settings::PUBLIC_URL, reason);
    if !matches!(public_url.scheme(), "http" | "https") {
        return Err(wrong("must begin with http:// or https://"));
    }
    if public_url.path() != "/" || public_url.query().is_some() || public_url.fragment().is_some() {
        return Err(wrong(
            "must end after host and port: links live directly below it",
        ));
    }
    let host = public_url.host_str().unwrap_or_default();
    host.parse()
        .map_err(|error| SettingError::new(&settings::PUBLIC_URL, error))
}

fn internal_secret(environment: &Environment<'_>) -> Result<SecretString, SettingError> {
    let secret: SecretString = environment.required(&settings::INTERNAL_SECRET)?;
    if secret.expose_secret().len() < MIN_SECRET_LENGTH {
        let reason = format!("must have at least {MIN_SECRET_LENGTH} characters");
        return Err(SettingError::new(&settings::INTERNAL_SECRET, reason));
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(changed: (&'static str, &'static str)) -> Result<Config, SettingError> {
        Config::from_lookup(&|name| {
            if name == changed.0 {
                return Some(changed.1.to_owned());
            }
            let value = match name {
                "DATABASE_URL" => "postgres://user:hunter2@127.0.0.1/links",
                "REDIS_URL" => "redis://127.0.0.1",
                "LINKPULSE_INTERNAL_SECRET" => "0123456789abcdef0123456789abcdef",
                _ => return None,
            };
            Some(value.to_owned())
        })
    }

    #[test]
    fn defaults_make_a_working_installation() {
        let config = config(("", "")).unwrap();
        assert_eq!(config.default_domain.as_str(), "localhost");
        assert_eq!(config.listen.port(), 8081);
        assert!(
            !format!("{config:?}").contains("hunter2"),
            "secrets stay out of debug output"
        );
    }

    #[test]
    fn wrong_settings_are_named() {
        for (name, value) in [
            ("LINKPULSE_PUBLIC_URL", "ftp://example.com"),
            ("LINKPULSE_PUBLIC_URL", "https://example.com/go/"),
            ("LINKPULSE_INTERNAL_SECRET", "short"),
            ("LINKPULSE_DATABASE_CONNECTIONS", "0"),
            ("LINKPULSE_API_REQUESTS_PER_MINUTE", "0"),
            ("LINKPULSE_OUTBOUND_NETWORKS", "10.0.0.0/8,mine"),
            ("LINKPULSE_UNFURL", "sometimes"),
            ("DATABASE_URL", "hunter2"),
            ("LINKPULSE_SHUTDOWN_GRACE", "10"),
        ] {
            let error = config((name, value)).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: ")), "{error}");
        }
    }
}
