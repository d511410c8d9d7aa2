//! Starts the service on free ports, with its own database, Redis names and clock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::{Clock, FixedClock, Timestamp};
use control_plane::auth::Scope;
use control_plane::{Config, Listeners, accounts};
use local_servers::testing::{self, TestDatabase};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// 2026-11-22T10:20:30.123456Z
pub const NOW: Timestamp = Timestamp::from_micros(1_795_342_830_123_456);
pub const EMAIL: &str = "ada@example.com";
pub const PASSWORD: &str = "correct horse battery";
pub const INTERNAL_SECRET: &str = "0123456789abcdef0123456789abcdef";

pub struct App {
    pub url: String,
    pub admin_url: String,
    pub pool: PgPool,
    pub clock: Arc<FixedClock>,
    pub key: String,
    pub prefix: String,
    pub redis_url: String,
    pub database_url: String,
    pub client: Client,
    instance: Instance,
    config: Config,
    // Dropped last.
    _database: Option<TestDatabase>,
}

/// One running service.
pub struct Instance {
    url: String,
    admin_url: String,
    stop: Option<oneshot::Sender<()>>,
    service: Option<JoinHandle<anyhow::Result<()>>>,
}

impl Instance {
    async fn start(config: Config, clock: Arc<FixedClock>) -> Self {
        let public = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let admin = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", public.local_addr().unwrap());
        let admin_url = format!("http://{}", admin.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async { drop(stopped.await) };
        let listeners = Listeners { public, admin };
        let service = tokio::spawn(control_plane::run(config, listeners, clock, shutdown));
        Self {
            url,
            admin_url,
            stop: Some(stop),
            service: Some(service),
        }
    }

    /// Where its API is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where its admin listener is.
    pub fn admin_url(&self) -> &str {
        &self.admin_url
    }

    pub async fn stop(&mut self) -> anyhow::Result<()> {
        drop(self.stop.take());
        self.service.take().expect("stopped once").await.unwrap()
    }
}

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl App {
    pub async fn start() -> Self {
        let database = blocking(|| TestDatabase::create("control_plane")).await;
        let redis_url = blocking(|| testing::redis_url().to_owned()).await;
        let url = database.url.clone();
        Self::start_on(&url, &redis_url, Some(database)).await
    }

    /// With a list of hosts that no link may lead to.
    pub async fn start_with_blocklist(path: &std::path::Path) -> Self {
        let mut app = Self::start().await;
        app.stop().await.unwrap();
        app.config.blocklist = Some(path.to_owned());
        app.instance = app.second_instance().await;
        app.url = app.instance.url.clone();
        app.admin_url = app.instance.admin_url.clone();
        app
    }

    /// With the statistics in a database that cannot be reached.
    pub async fn start_without_statistics() -> Self {
        let mut app = Self::start().await;
        app.stop().await.unwrap();
        app.config.analytics_database_url = "postgres://nobody@127.0.0.1:1/none".into();
        app.instance = app.second_instance().await;
        app.url = app.instance.url.clone();
        app.admin_url = app.instance.admin_url.clone();
        app
    }

    /// With settings of its own.
    pub async fn start_with(settings: &[(&'static str, String)]) -> Self {
        let database = blocking(|| TestDatabase::create("control_plane")).await;
        let redis_url = blocking(|| testing::redis_url().to_owned()).await;
        let url = database.url.clone();
        Self::start_set(&url, &redis_url, Some(database), settings).await
    }

    pub async fn start_on(
        database_url: &str,
        redis_url: &str,
        database: Option<TestDatabase>,
    ) -> Self {
        Self::start_set(database_url, redis_url, database, &[]).await
    }

    async fn start_set(
        database_url: &str,
        redis_url: &str,
        database: Option<TestDatabase>,
        settings: &[(&'static str, String)],
    ) -> Self {
        service::install_tls_provider();
        let pool = PgPool::connect(database_url).await.unwrap();
        migrate(&pool).await;
        let clock = Arc::new(FixedClock::new(NOW));
        let now = NOW.to_datetime().unwrap();
        accounts::create_owner(&pool, EMAIL, PASSWORD.into(), now)
            .await
            .unwrap();
        let key = accounts::create_key(
            &pool,
            "tests",
            &accounts::USUAL_SCOPES,
            &mut rand::rng(),
            now,
        )
        .await
        .unwrap();
        let prefix = testing::unique_prefix();

        let config = config(database_url, redis_url, &prefix, settings);
        let instance = Instance::start(config.clone(), clock.clone()).await;
        Self {
            url: instance.url.clone(),
            admin_url: instance.admin_url.clone(),
            instance,
            config,
            pool,
            clock,
            key: key.key.expose().to_owned(),
            prefix,
            redis_url: redis_url.to_owned(),
            database_url: database_url.to_owned(),
            client: Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            _database: database,
        }
    }

    /// Stops the service and says how it ended.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        self.instance.stop().await
    }

    /// Another process of the same installation.
    pub async fn second_instance(&self) -> Instance {
        Instance::start(self.config.clone(), self.clock.clone()).await
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// A visitor's request, as the proxy hands it over.
    pub fn visitor(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path)
            .header("x-forwarded-host", "go.example.org")
            .header("x-forwarded-for", "203.0.113.7")
            .header("x-forwarded-proto", "https")
    }

    /// With the API key.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    pub async fn create_link(&self, body: Value) -> Answer {
        self.call(Method::POST, "/api/v1/links", Some(body)).await
    }

    /// A link that must come into being.
    pub async fn link(&self, code: &str) -> Value {
        let body = json!({ "original_url": "https://example.com/a", "code": code });
        let answer = self.create_link(body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn patch_link(&self, id: &Value, body: Value) -> Answer {
        self.call(Method::PATCH, &link_path(id), Some(body)).await
    }

    pub async fn delete_link(&self, id: &Value) -> Answer {
        self.call(Method::DELETE, &link_path(id), None).await
    }

    /// Of what proxies use.
    pub async fn internal(&self, method: Method, path: &str, body: String) -> (u16, String) {
        let request = self
            .client
            .request(method, format!("{}{path}", self.admin_url))
            .bearer_auth(INTERNAL_SECRET)
            .body(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        answer(self.request(Method::POST, "/api/v1/session").json(&body)).await
    }

    /// With another API key.
    pub async fn call_with(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = self.request(method, path).bearer_auth(key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    /// An API key with these scopes, made past the API.
    pub async fn key_with(&self, scopes: &[Scope]) -> String {
        let now = self.clock.now().to_datetime().unwrap();
        let mut random = rand::rng();
        let made = accounts::create_key(&self.pool, "more", scopes, &mut random, now);
        made.await.unwrap().key.expose().to_owned()
    }

    /// The cookie of somebody who signs in.
    pub async fn cookie(&self, email: &str, password: &str) -> String {
        cookie(&self.sign_in(email, password).await)
    }

    /// From the console, with that cookie.
    pub async fn console(
        &self,
        cookie: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let request = self.request(method, path).header("cookie", cookie);
        let mut request = request.header("x-requested-with", "linkpulse");
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    /// The cookie of a new member of the workspace that `cookie` looks at.
    pub async fn member(&self, cookie: &str, email: &str, role: &str) -> String {
        let body = json!({ "email": email, "role": role });
        let path = "/api/v1/invitations";
        let invited = self.console(cookie, Method::POST, path, Some(body)).await;
        assert_eq!(invited.status, 201, "{}", invited.body);
        let body = json!({ "token": invited.body["token"], "password": PASSWORD });
        let request = self.request(Method::POST, "/api/v1/invitations/accept");
        let accepted = answer(request.json(&body)).await;
        assert_eq!(accepted.status, 200, "{}", accepted.body);
        self::cookie(&accepted)
    }

    /// A second workspace with an API key of its own.
    pub async fn foreign_key(&self) -> String {
        let key = control_plane::auth::ApiKey::generate(&mut rand::rng());
        let workspace = uuid::Uuid::now_v7();
        sqlx::query("insert into workspaces (id, name, created_at) values ($1, 'Foreign', now())")
            .bind(workspace)
            .execute(&self.pool)
            .await
            .unwrap();
        let insert = "insert into api_keys (id, workspace_id, name, prefix, key_hash, created_at)
                      values ($1, $2, 'foreign', '', $3, now())";
        sqlx::query(insert)
            .bind(uuid::Uuid::now_v7())
            .bind(workspace)
            .bind(key.hash().as_slice())
            .execute(&self.pool)
            .await
            .unwrap();
        key.expose().to_owned()
    }
}

/// What a sign-in sets.
pub fn cookie(signed_in: &Answer) -> String {
    assert_eq!(signed_in.status, 200, "{}", signed_in.body);
    let header = signed_in.headers["set-cookie"].to_str().unwrap();
    header.split(';').next().unwrap().to_owned()
}

pub fn link_path(id: &Value) -> String {
    format!("/api/v1/links/{}", id.as_str().unwrap())
}

pub async fn answer(request: RequestBuilder) -> Answer {
    let (client, request) = request.build_split();
    let request = request.unwrap();
    let (method, path) = (
        request.method().to_string(),
        request.url().path().to_owned(),
    );
    let response = client.execute(request).await.unwrap();
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let bytes = response.bytes().await.unwrap();
    let body = match bytes.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into()),
    };
    crate::openapi::assert_documented(&method, &path, status, &body);
    crate::openapi::assert_headers_documented(&method, &path, status, &headers);
    if status >= 400 {
        assert_eq!(
            headers["content-type"], "application/problem+json",
            "{path}: {body}"
        );
        assert_eq!(
            body["request_id"],
            headers["x-request-id"].to_str().unwrap(),
            "{path}: {body}"
        );
    }
    Answer {
        status,
        headers,
        body,
    }
}

/// Far more than anything takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `condition` gives something.
pub async fn eventually<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(Instant::now() < deadline, "did not happen: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// Both owners' tables: the pipeline's are read by the statistics.
async fn migrate(pool: &PgPool) {
    control_plane::migrate(pool).await.unwrap();
    let mut pipeline = sqlx::migrate!("../pipeline/migrations");
    pipeline.dangerous_set_table_name("_pipeline_migrations");
    let mut connection = pool.acquire().await.unwrap();
    // The statistics ask both engines in the same words; the plain one is ready sooner.
    sqlx::query("set linkpulse.engine = 'postgres'")
        .execute(&mut *connection)
        .await
        .unwrap();
    pipeline.run(&mut *connection).await.unwrap();
}

fn config(
    database_url: &str,
    redis_url: &str,
    prefix: &str,
    settings: &[(&'static str, String)],
) -> Config {
    Config::from_lookup(&|name| {
        if let Some((_, value)) = settings.iter().find(|(set, _)| *set == name) {
            return Some(value.clone());
        }
        let value = match name {
            "DATABASE_URL" => database_url,
            "REDIS_URL" => redis_url,
            "LINKPULSE_REDIS_KEY_PREFIX" => prefix,
            "LINKPULSE_INTERNAL_SECRET" => INTERNAL_SECRET,
            "LINKPULSE_PUBLIC_URL" => "https://go.example.org",
            "LINKPULSE_DATABASE_CONNECTIONS" => "8",
            "LINKPULSE_SHUTDOWN_GRACE" => "5s",
            // Their tests switch it on: all others' links lead out of this machine.
            "LINKPULSE_UNFURL" => "false",
            _ => return None,
        };
        Some(value.to_owned())
    })
    .unwrap()
}

/// The fixed clock's time as the API writes it.
pub fn rfc3339(clock: &FixedClock) -> String {
    let now = clock.now().to_datetime().unwrap();
    now.format(&time::format_description::well_known::Rfc3339)
        .unwrap()
}
