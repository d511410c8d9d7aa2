//! The two databases (often one) and their owners' migrations.

use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use pipeline::{Engine, EngineChoice};
use secrecy::ExposeSecret;
use service::env::SecretUrl;
use service::settings::{ANALYTICS_DATABASE_URL, ANALYTICS_ENGINE, DATABASE_URL, Setting};
use service::{Environment, SettingError};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

/// How long a database may take to accept us.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections to the databases of an installation.
pub(crate) struct Databases {
    /// Links, users, keys: the control plane's.
    pub(crate) links: PgPool,
    /// Clicks: the pipeline's.
    pub(crate) analytics: PgPool,
}

impl Databases {
    /// Connects to what `DATABASE_URL` and `ANALYTICS_DATABASE_URL` say.
    pub(crate) async fn connect(
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Databases> {
        let environment = Environment::new(lookup);
        let url: SecretUrl = environment.required(&DATABASE_URL)?;
        let links = options(&DATABASE_URL, &url)?;
        let analytics = match environment.optional(&ANALYTICS_DATABASE_URL)? {
            Some(url) => Some(options(&ANALYTICS_DATABASE_URL, &url)?),
            None => None,
        };
        let links = open(&DATABASE_URL, links).await?;
        let analytics = match analytics {
            Some(options) => open(&ANALYTICS_DATABASE_URL, options).await?,
            None => links.clone(),
        };
        Ok(Databases { links, analytics })
    }

    /// Brings the tables of both owners up to date.
    pub(crate) async fn migrate(&self, choice: EngineChoice) -> anyhow::Result<Engine> {
        let tables = control_plane::migrate(&self.links).await;
        tables.context("the tables of the control plane")?;
        let engine = pipeline::migrate(&self.analytics, choice).await;
        engine.context("the tables of the pipeline")
    }

    /// The address of the user who was there first, if there is any.
    pub(crate) async fn first_user(&self) -> sqlx::Result<Option<String>> {
        sqlx::query_scalar!("select email from users order by created_at, id limit 1")
            .fetch_optional(&self.links)
            .await
    }

    /// Ends the connections, so that servers need not end them.
    pub(crate) async fn close(self) {
        self.links.close().await;
        self.analytics.close().await;
    }
}

/// The engine that `LINKPULSE_ANALYTICS_ENGINE` asks for.
pub(crate) fn engine_choice(
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<EngineChoice, SettingError> {
    Environment::new(lookup).required(&ANALYTICS_ENGINE)
}

/// How an engine is called in sentences.
pub(crate) fn describe(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "plain PostgreSQL, a partition per day",
        Engine::TimescaleDb => "TimescaleDB, a hypertable",
    }
}

fn options(setting: &Setting, SecretUrl(url): &SecretUrl) -> anyhow::Result<PgConnectOptions> {
    // The driver's own message may quote the URL.
    let options = PgConnectOptions::from_str(url.expose_secret());
    let options =
        options.map_err(|_| SettingError::new(setting, "not a URL that PostgreSQL understands"))?;
    Ok(options.application_name("linkpulse"))
}

async fn open(setting: &Setting, options: PgConnectOptions) -> anyhow::Result<PgPool> {
    let server = format!("{}:{}", options.get_host(), options.get_port());
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await;
    pool.with_context(|| {
        format!(
            "cannot use the database at {server}, which {} names",
            setting.name
        )
    })
}
