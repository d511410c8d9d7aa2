//! Settings of the pipeline.

use std::net::SocketAddr;
use std::time::Duration;

use contract::{Keys, Partitions};
use secrecy::{ExposeSecret, SecretString};
use service::env::SecretUrl;
use service::{Environment, RedisAddress, SettingError, settings};
use sqlx::postgres::PgConnectOptions;

/// Longest that one write may take, all statements together. A batch of 64 blocks takes some
/// 200 ms; what takes a hundred times as long waits for something that is not coming.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// Pause between two looks at what silent workers have left behind. A sixth of the default claim
/// idle time, so the wait for a dead worker's blocks is hardly longer than that time itself.
pub(crate) const RECLAIM_INTERVAL: Duration = Duration::from_secs(5);

/// All settings, checked. What each means, and what hurts when it is too high or too low:
/// [`service::settings`].
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of health checks and metrics.
    pub admin_listen: SocketAddr,
    /// The database with clicks.
    pub analytics_database_url: SecretString,
    /// Redis, for the click stream.
    pub redis_address: RedisAddress,
    /// Names in Redis.
    pub keys: Keys,
    /// Streams to read.
    pub partitions: Partitions,
    /// This worker's name in the consumer group.
    pub consumer: String,
    /// Blocks in one transaction.
    pub batch_blocks: u32,
    /// How long a block may stay with a silent worker.
    pub claim_idle: Duration,
    /// Pause between two look-outs for such blocks, and for entries that other groups are done
    /// with: `RECLAIM_INTERVAL`, shorter in tests.
    pub reclaim_interval: Duration,
    /// Longest that one write may take: `WRITE_TIMEOUT`, shorter in tests. Below `claim_idle`.
    pub write_timeout: Duration,
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
        let key_prefix: String = environment.required(&settings::REDIS_KEY_PREFIX)?;
        let consumer: Option<String> = environment.optional(&settings::PIPELINE_CONSUMER)?;
        Ok(Self {
            admin_listen: environment.required(&settings::PIPELINE_ADMIN_LISTEN)?,
            analytics_database_url: analytics_database_url(&environment)?,
            redis_address: redis_address(&environment)?,
            keys: Keys::new(key_prefix),
            partitions: partitions(&environment)?,
            consumer: consumer.unwrap_or_else(own_name),
            batch_blocks: environment.required(&settings::PIPELINE_BATCH_BLOCKS)?,
            claim_idle: claim_idle(&environment)?,
            reclaim_interval: RECLAIM_INTERVAL,
            write_timeout: WRITE_TIMEOUT,
            shutdown_grace: environment.required(&settings::SHUTDOWN_GRACE)?,
            log: environment.required(&settings::LOG)?,
        })
    }
}

fn analytics_database_url(environment: &Environment<'_>) -> Result<SecretString, SettingError> {
    let own: Option<SecretUrl> = environment.optional(&settings::ANALYTICS_DATABASE_URL)?;
    let (setting, SecretUrl(url)) = match own {
        Some(url) => (&settings::ANALYTICS_DATABASE_URL, url),
        None => (
            &settings::DATABASE_URL,
            environment.required(&settings::DATABASE_URL)?,
        ),
    };
    // The driver looks at every part but the scheme, and its own message may quote the URL.
    let scheme = url.expose_secret().split("://").next();
    let is_understood = matches!(scheme, Some("postgres" | "postgresql"))
        && url.expose_secret().parse::<PgConnectOptions>().is_ok();
    if !is_understood {
        return Err(SettingError::new(
            setting,
            "not a URL that PostgreSQL understands",
        ));
    }
    Ok(url)
}

fn redis_address(environment: &Environment<'_>) -> Result<RedisAddress, SettingError> {
    let SecretUrl(url) = environment.required(&settings::REDIS_URL)?;
    RedisAddress::parse(&url)
        .map_err(|expected| SettingError::new(&settings::REDIS_URL, format!("expected {expected}")))
}

fn partitions(environment: &Environment<'_>) -> Result<Partitions, SettingError> {
    let count: u32 = environment.required(&settings::CLICK_PARTITIONS)?;
    let reason = format!("must be from 1 to {}", Partitions::MAX);
    Partitions::new(count).ok_or_else(|| SettingError::new(&settings::CLICK_PARTITIONS, reason))
}

fn claim_idle(environment: &Environment<'_>) -> Result<Duration, SettingError> {
    let claim_idle = environment.required(&settings::PIPELINE_CLAIM_IDLE)?;
    if claim_idle <= WRITE_TIMEOUT {
        let reason = format!("must exceed {WRITE_TIMEOUT:?}, the longest a write may take");
        return Err(SettingError::new(&settings::PIPELINE_CLAIM_IDLE, reason));
    }
    Ok(claim_idle)
}

/// Unique among the workers of today. Two workers with one name would not lose anything, but each
/// would take the other's unfinished blocks for its own.
fn own_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}-{}", host.trim(), std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(changed: (&str, &str)) -> Result<Config, SettingError> {
        Config::from_lookup(&|name| {
            if name == changed.0 {
                return Some(changed.1.to_owned());
            }
            match name {
                "DATABASE_URL" => Some("postgres://user:hunter2@127.0.0.1/clicks".to_owned()),
                "REDIS_URL" => Some("redis://:hunter2@127.0.0.1:6379/0".to_owned()),
                _ => None,
            }
        })
    }

    #[test]
    fn defaults_fit_together() {
        let config = config(("", "")).unwrap();
        assert!(config.claim_idle > config.write_timeout);
        assert!(config.consumer.ends_with(&std::process::id().to_string()));
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn a_database_for_clicks_alone_is_preferred() {
        let config = config(("ANALYTICS_DATABASE_URL", "postgres://127.0.0.1/other")).unwrap();
        assert!(
            config
                .analytics_database_url
                .expose_secret()
                .ends_with("/other")
        );
    }

    #[test]
    fn wrong_settings_are_named_and_secrets_are_not_shown() {
        for (name, value) in [
            ("DATABASE_URL", "mysql://user:hunter2@127.0.0.1/clicks"),
            ("REDIS_URL", "http://:hunter2@127.0.0.1/0"),
            ("LINKPULSE_PIPELINE_BATCH_BLOCKS", "0"),
            ("LINKPULSE_PIPELINE_CLAIM_IDLE", "20s"),
            ("LINKPULSE_CLICK_PARTITIONS", "0"),
            ("LINKPULSE_CLICK_PARTITIONS", "257"),
        ] {
            let error = config((name, value)).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: ")), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
