//! A stand-in for the control plane: `/internal/…` as agreed, and an echo for the rest.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post};
use axum::{Json, Router};
use contract::{
    Change, ChangePage, Day, DayKey, DayKeys, Heartbeat, LinkId, LinkRecord, ProxyReport, Record,
    Timestamp,
};
use futures_util::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::harness::NOW;

pub(crate) const SECRET: &str = "a-shared-secret-of-32-characters";

pub(crate) struct ControlPlane {
    pub(crate) port: u16,
    state: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    links: Mutex<HashMap<(String, String), String>>,
    failure: Mutex<Option<StatusCode>>,
    /// Codes that were asked for.
    asked: Mutex<Vec<String>>,
    /// Requests for `/api/slow` that have arrived.
    slow_requests: AtomicU64,
    /// Times that it was asked for changes.
    polls: AtomicU64,
    delay_ms: AtomicU64,
    begin_cap: Mutex<Option<BeginCap>>,
    log: Mutex<Option<Log>>,
    /// The last report of each proxy that has not said goodbye.
    reports: Mutex<HashMap<Uuid, ProxyReport>>,
}

/// What the database has of the change log.
#[derive(Default)]
struct Log {
    epoch: u64,
    changes: Vec<Change>,
}

/// Begins the count of a link with a click cap.
type BeginCap = Arc<dyn Fn(LinkId, u64) -> BoxFuture<'static, ()> + Send + Sync>;

impl ControlPlane {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Shared::default());
        let router = Router::new()
            .route("/internal/resolve", get(resolve))
            .route("/internal/caps/{link}/{set_after}", post(begin_cap))
            .route("/internal/visitor-keys", get(visitor_keys))
            .route("/internal/changes", get(changes))
            .route("/internal/proxies", post(report))
            .route("/internal/proxies/{id}", delete(goodbye))
            .route("/api/slow", any(slow))
            .fallback(echo)
            .with_state(state.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            port,
            state,
            serving,
        }
    }

    /// Ends it: nobody listens any more.
    pub(crate) fn stop(&self) {
        self.serving.abort();
    }

    pub(crate) fn knows(&self, record: &(impl Clone + Into<Record>)) {
        let record: Record = record.clone().into();
        let key = (record.domain().to_string(), record.code().to_owned());
        self.state
            .links
            .lock()
            .unwrap()
            .insert(key, record.encode());
    }

    /// Answers every resolve with this status, as something else at that address would.
    pub(crate) fn fails_with(&self, status: u16) {
        let status = StatusCode::from_u16(status).unwrap();
        *self.state.failure.lock().unwrap() = Some(status);
    }

    pub(crate) fn takes(&self, delay: Duration) {
        self.state
            .delay_ms
            .store(delay.as_millis() as u64, Ordering::SeqCst);
    }

    /// From now on it answers questions about changes; before, it is as if it could not be asked.
    /// `changes` are in the database's log, whatever Redis has.
    pub(crate) fn has_log(&self, epoch: u64, changes: &[LinkRecord]) {
        let change = |record: &LinkRecord| Change {
            seq: record.revision,
            epoch: None,
            record: record.clone().into(),
        };
        *self.state.log.lock().unwrap() = Some(Log {
            epoch,
            changes: changes.iter().map(change).collect(),
        });
    }

    /// Proxies that have reported and not said goodbye.
    pub(crate) fn reports(&self) -> Vec<ProxyReport> {
        let reports = self.state.reports.lock().unwrap();
        reports.values().cloned().collect()
    }

    /// Look-ups of links, not of domains.
    pub(crate) fn resolves(&self) -> usize {
        let asked = self.state.asked.lock().unwrap();
        asked.iter().filter(|code| !code.is_empty()).count()
    }

    /// Requests for `/api/slow` that have arrived.
    pub(crate) fn slow_requests(&self) -> u64 {
        self.state.slow_requests.load(Ordering::SeqCst)
    }

    /// Times that it was asked for changes.
    pub(crate) fn polls(&self) -> u64 {
        self.state.polls.load(Ordering::SeqCst)
    }

    /// Sends every link with a click cap on from this many visits; without, it fails.
    pub(crate) fn counts(
        &self,
        counter: impl Fn(LinkId, u64) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) {
        *self.state.begin_cap.lock().unwrap() = Some(Arc::new(counter));
    }

    pub(crate) fn was_asked_for(&self, code: &str) -> bool {
        self.state
            .asked
            .lock()
            .unwrap()
            .iter()
            .any(|asked| asked == code)
    }
}

async fn resolve(
    State(state): State<Arc<Shared>>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    state.asked.lock().unwrap().push(asked["code"].clone());
    tokio::time::sleep(Duration::from_millis(state.delay_ms.load(Ordering::SeqCst))).await;
    if headers[header::AUTHORIZATION] != format!("Bearer {SECRET}") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if let Some(status) = *state.failure.lock().unwrap() {
        return (status, "<h1>Sorry</h1>").into_response();
    }
    let key = (asked["domain"].clone(), asked["code"].clone());
    match state.links.lock().unwrap().get(&key) {
        Some(record) => record.clone().into_response(),
        None => {
            let problem = serde_json::json!({ "status": 404, "code": "link_not_found" });
            (StatusCode::NOT_FOUND, Json(problem)).into_response()
        }
    }
}

async fn begin_cap(
    State(state): State<Arc<Shared>>,
    Path((link, set_after)): Path<(String, u64)>,
) -> StatusCode {
    let begin = state.begin_cap.lock().unwrap().clone();
    match begin {
        Some(begin) => {
            begin(link.parse().unwrap(), set_after).await;
            StatusCode::NO_CONTENT
        }
        None => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The keys of the day on which tests play, and of the next.
async fn visitor_keys(headers: HeaderMap) -> Response {
    if headers[header::AUTHORIZATION] != format!("Bearer {SECRET}") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let today = Day::of(Timestamp::from_micros(NOW));
    let key = |day, byte| DayKey {
        day,
        key: [byte; 32],
    };
    let keys = vec![key(today, 1), key(today.next(), 2)];
    DayKeys { keys }.encode().into_response()
}

async fn changes(
    State(state): State<Arc<Shared>>,
    Query(asked): Query<HashMap<String, u64>>,
    headers: HeaderMap,
) -> Response {
    assert_eq!(headers[header::AUTHORIZATION], format!("Bearer {SECRET}"));
    state.polls.fetch_add(1, Ordering::SeqCst);
    let log = state.log.lock().unwrap();
    let Some(log) = &*log else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let after = asked.get("after").copied().unwrap_or(u64::MAX);
    let heartbeat = Heartbeat {
        head_seq: log.changes.last().map_or(0, |change| change.seq),
        epoch: Uuid::from_u128(log.epoch.into()),
        database_time: Timestamp::from_micros(0),
        redis_runs: Vec::new(),
    };
    let changes = log.changes.iter().filter(|change| change.seq > after);
    ChangePage::encode(heartbeat, changes.take(2).cloned()).into_response()
}

async fn report(State(state): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    let report = ProxyReport::decode(&body).unwrap();
    state.reports.lock().unwrap().insert(report.id, report);
    StatusCode::NO_CONTENT
}

async fn goodbye(State(state): State<Arc<Shared>>, Path(id): Path<Uuid>) -> StatusCode {
    state.reports.lock().unwrap().remove(&id);
    StatusCode::NO_CONTENT
}

async fn slow(State(state): State<Arc<Shared>>) -> &'static str {
    state.slow_requests.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(700)).await;
    "slow"
}

async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap().to_owned();
    let headers: HashMap<String, Vec<String>> = headers
        .keys()
        .map(|name| {
            (
                name.to_string(),
                headers.get_all(name).iter().map(text).collect(),
            )
        })
        .collect();
    Json(serde_json::json!({
        "method": method.as_str(),
        "uri": uri.to_string(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    }))
    .into_response()
}
