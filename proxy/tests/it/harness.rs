//! Starts the proxy on free ports, with its own Redis names and a clock that stands still.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use contract::{
    FixedClock, Keys, LinkId, LinkRecord, LinkState, Record, RedirectStatus, Timestamp,
};
use local_servers::testing;
use proxy::{Config, Listeners};
use reqwest::{Client, Method, Response, redirect};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::control_plane::{ControlPlane, SECRET};
use crate::redis::Relay;
use crate::wire::exchange;

/// Far more than anything takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// More than anything takes that has nothing to wait for, even on a busy machine, and far less than
/// what it must not wait for.
pub(crate) const AT_ONCE: Duration = Duration::from_secs(15);

/// For stops that must not last as long as they may.
pub(crate) const LONG_GRACE: (&str, &str) = ("LINKPULSE_SHUTDOWN_GRACE", "120s");

/// What the clock shows at the start. Microseconds.
pub(crate) const NOW: i64 = 1_800_000_000_000_000;

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    /// Where it speaks TLS, if the settings say so.
    pub(crate) tls_address: Option<SocketAddr>,
    pub(crate) admin: SocketAddr,
    pub(crate) control_plane: ControlPlane,
    pub(crate) relay: Arc<Relay>,
    place: Place,
    pub(crate) clock: Arc<FixedClock>,
    client: Client,
    stop: CancellationToken,
    running: Option<JoinHandle<proxy::Result<()>>>,
}

/// What stays when a proxy is restarted.
struct Place {
    prefix: String,
    data_dir: TempDir,
}

impl Place {
    fn of(prefix: String) -> Self {
        let data_dir = tempfile::tempdir().unwrap();
        Self { prefix, data_dir }
    }
}

impl Proxy {
    /// With the Redis that all tests share, and joined to its change feed.
    pub(crate) async fn start() -> Self {
        let url = tokio::task::spawn_blocking(testing::redis_url)
            .await
            .unwrap();
        let proxy = Self::with_redis(url, url).await;
        proxy.is_ready().await;
        proxy
    }

    /// With a Redis of its own, which the test may reach by another way than the proxy. Does not
    /// wait for anything.
    pub(crate) async fn with_redis(proxys_url: &str, tests_url: &str) -> Self {
        Self::with(proxys_url, tests_url, &[]).await
    }

    /// With a control plane where nobody listens.
    pub(crate) async fn without_control_plane() -> Self {
        let url = tokio::task::spawn_blocking(testing::redis_url)
            .await
            .unwrap();
        let nobody = "http://127.0.0.1:1".to_owned();
        Self::with(url, url, &[("LINKPULSE_CONTROL_PLANE_URL", nobody)]).await
    }

    /// With settings that differ from the others'.
    pub(crate) async fn with_settings(extra: &[(&'static str, &str)]) -> Self {
        let url = tokio::task::spawn_blocking(testing::redis_url)
            .await
            .unwrap();
        let extra: Vec<_> = extra
            .iter()
            .map(|(name, value)| (*name, value.to_string()))
            .collect();
        let proxy = Self::with(url, url, &extra).await;
        proxy.is_ready().await;
        proxy
    }

    /// With as small a spool as there may be, at a Redis of its own.
    pub(crate) async fn with_small_spool(url: &str) -> Self {
        let quota = ("LINKPULSE_SPOOL_QUOTA_MIB", "8".to_owned());
        Self::with(url, url, &[quota]).await
    }

    /// Another one of the same installation.
    pub(crate) async fn another(&self) -> Self {
        let url = testing::redis_url();
        let place = Place::of(self.place.prefix.clone());
        let proxy = Self::at(url, self.relay.clone(), &[], place).await;
        proxy.is_ready().await;
        proxy
    }

    /// Another one of the same installation, at a Redis of its own. Does not wait for anything.
    pub(crate) async fn beside(other: &Self, url: &str) -> Self {
        let place = Place::of(other.place.prefix.clone());
        Self::at(url, other.relay.clone(), &[], place).await
    }

    /// Stops, and starts again with its data, in front of another Redis and control plane. Does
    /// not wait for anything.
    pub(crate) async fn restarted(mut self, proxys_url: &str, tests_url: &str) -> Self {
        self.stop().await.unwrap();
        let data_dir = std::mem::replace(&mut self.place.data_dir, tempfile::tempdir().unwrap());
        let place = Place {
            prefix: self.place.prefix.clone(),
            data_dir,
        };
        let relay = match tests_url == self.relay.url {
            true => self.relay.clone(),
            false => Relay::start(tests_url, Keys::new(place.prefix.as_str()))
                .await
                .into(),
        };
        Self::at(proxys_url, relay, &[], place).await
    }

    /// What is in the spool: clicks, and blocks that are not acknowledged.
    pub(crate) fn spool(&self) -> (u64, u64) {
        let folder = self.data_dir().join("spool");
        let segments = spool::inspect::inspect(&folder).unwrap();
        let contents = segments.into_iter().map(|segment| segment.content.unwrap());
        contents.fold((0, 0), |(clicks, blocks), content| {
            let open = u64::from(content.unsealed > 0);
            let waiting = content.blocks - content.acknowledged + open;
            (clicks + content.clicks + content.unsealed, blocks + waiting)
        })
    }

    pub(crate) fn data_dir(&self) -> &Path {
        self.place.data_dir.path()
    }

    /// The control plane begins to count visits of links with a cap, after so many.
    pub(crate) fn begins_caps_at(&self, visits: i64) {
        let relay = self.relay.clone();
        self.control_plane.counts(move |link, set_after| {
            let relay = relay.clone();
            Box::pin(async move { relay.begin_cap(link, set_after, visits).await })
        });
    }

    async fn with(proxys_url: &str, tests_url: &str, extra: &[(&'static str, String)]) -> Self {
        let place = Place::of(testing::unique_prefix());
        let relay = Relay::start(tests_url, Keys::new(place.prefix.as_str())).await;
        Self::at(proxys_url, relay.into(), extra, place).await
    }

    async fn at(
        proxys_url: &str,
        relay: Arc<Relay>,
        extra: &[(&'static str, String)],
        place: Place,
    ) -> Self {
        let prefix = place.prefix.clone();
        let control_plane = ControlPlane::start().await;
        let data_dir = place.data_dir.path();
        let mut settings = settings(proxys_url, &prefix, control_plane.port, data_dir);
        settings.splice(0..0, extra.iter().cloned());
        let config = Config::from_lookup(&|name| {
            let found = settings.iter().find(|(setting, _)| *setting == name);
            found.map(|(_, value)| value.clone())
        });
        let config = config.unwrap();
        service::install_tls_provider();
        // To see what happened in a test that fails.
        if let Ok(filter) = std::env::var("LINKPULSE_LOG") {
            service::telemetry::init_logs(&filter);
        }

        let listeners = Listeners::bind(&config.listen).unwrap();
        let address = listeners.visitors.local_addr().unwrap();
        let tls = listeners.tls.as_ref();
        let tls_address = tls.map(|listener| listener.local_addr().unwrap());
        let admin = listeners.admin.local_addr().unwrap();
        let clock = Arc::new(FixedClock::new(Timestamp::from_micros(NOW)));
        let stop = CancellationToken::new();
        let running = proxy::run(
            config,
            listeners,
            clock.clone(),
            stop.clone().cancelled_owned(),
        );
        Self {
            address,
            tls_address,
            admin,
            control_plane,
            relay,
            place,
            clock,
            client: client(),
            stop,
            running: Some(tokio::spawn(running)),
        }
    }

    pub(crate) async fn is_ready(&self) {
        eventually("the proxy is ready", async || self.readyz().await == 200).await;
    }

    /// Redis and the control plane know the link; the proxy may ask either.
    pub(crate) async fn knows(&self, record: &(impl Clone + Into<Record>)) {
        let record = record.clone().into();
        self.control_plane.knows(&record);
        self.relay.store(&record).await;
    }

    pub(crate) async fn readyz(&self) -> u16 {
        let url = format!("http://{}/readyz", self.admin);
        self.client
            .get(url)
            .send()
            .await
            .map_or(0, |response| response.status().into())
    }

    pub(crate) async fn metric(&self, line_start: &str) -> f64 {
        let url = format!("http://{}/metrics", self.admin);
        let text = self
            .client
            .get(url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let line = text.lines().find(|line| line.starts_with(line_start));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
            .unwrap_or(f64::NAN)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn status(&self, path: &str) -> u16 {
        self.get(path).await.status().into()
    }

    /// Where a link leads; empty if it does not redirect.
    pub(crate) async fn target(&self, code: &str) -> String {
        location(&self.get(&format!("/{code}")).await)
    }

    /// Sends bytes as they are, says that no more will come, and returns what comes back until the
    /// connection ends.
    pub(crate) async fn raw(&self, request: &[u8]) -> String {
        let stream = TcpStream::connect(self.address).await.unwrap();
        exchange(stream, request).await
    }

    /// Starts the stop, and goes on.
    pub(crate) fn begin_stop(&self) {
        self.stop.cancel();
    }

    /// Stops, and returns how it ended.
    pub(crate) async fn stop(&mut self) -> proxy::Result<()> {
        self.stop.cancel();
        let Some(running) = self.running.take() else {
            return Ok(());
        };
        let ended = tokio::time::timeout(PATIENCE, running).await;
        ended.expect("the proxy stops").expect("without a panic")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Settings for free ports and a short stop.
pub(crate) fn settings(
    redis_url: &str,
    prefix: &str,
    control_plane: u16,
    data_dir: &Path,
) -> Vec<(&'static str, String)> {
    let control_plane = format!("http://127.0.0.1:{control_plane}");
    vec![
        ("REDIS_URL", redis_url.to_owned()),
        ("LINKPULSE_REDIS_KEY_PREFIX", prefix.to_owned()),
        ("LINKPULSE_PUBLIC_URL", "http://localhost:8080".to_owned()),
        ("LINKPULSE_INTERNAL_SECRET", SECRET.to_owned()),
        ("LINKPULSE_PROXY_LISTEN", "127.0.0.1:0".to_owned()),
        ("LINKPULSE_PROXY_ADMIN_LISTEN", "127.0.0.1:0".to_owned()),
        ("LINKPULSE_CONTROL_PLANE_URL", control_plane.clone()),
        ("LINKPULSE_CONTROL_PLANE_INTERNAL_URL", control_plane),
        ("LINKPULSE_SHUTDOWN_GRACE", "5s".to_owned()),
        ("LINKPULSE_SPOOL_SEGMENT_MIB", "1".to_owned()),
        ("LINKPULSE_SPOOL_QUOTA_MIB", "64".to_owned()),
        ("LINKPULSE_DATA_DIR", data_dir.to_str().unwrap().to_owned()),
    ]
}

/// An active link at `localhost`.
pub(crate) fn link(code: &str, revision: u64, target: &str) -> LinkRecord {
    LinkRecord {
        link_id: LinkId(Uuid::from_u128(7)),
        domain: "localhost".parse().unwrap(),
        code: code.parse().unwrap(),
        revision,
        state: LinkState::Active,
        original_url: target.to_owned(),
        status: RedirectStatus::Found,
        expires_at: None,
        options: None,
    }
}

pub(crate) fn location(response: &Response) -> String {
    let location = response.headers().get("location");
    location.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
}

/// Waits until something is true.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, is_true: impl Fn() -> F) {
    let wait = async {
        while !is_true().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let result = tokio::time::timeout(PATIENCE, wait).await;
    assert!(result.is_ok(), "never happened: {what}");
}

pub(crate) fn client() -> Client {
    service::install_tls_provider();
    let builder = Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none());
    builder.timeout(PATIENCE).build().unwrap()
}
