//! What the proxy asks the control plane, and tells it.

use std::time::Duration;

use bytes::Bytes;
use contract::{ChangePage, DayKeys, LinkId, ProxyReport, Record};
use http::StatusCode;
use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::cache::LinkKey;
use crate::config::ControlPlaneConfig;
use crate::{Error, Result};

/// How long an answer may take. Together with the wait for Redis, a visitor gets a 503 in less
/// than 2 s.
const PATIENCE: Duration = Duration::from_millis(1_200);

/// How long a connection may take. A host that is gone does not even refuse.
const CONNECT_PATIENCE: Duration = Duration::from_millis(500);

/// The only body that means "no such link". Any other 404 comes from something else at that
/// address, and must not make links disappear.
const LINK_NOT_FOUND: &str = "link_not_found";

/// Client of `/internal/…`.
#[derive(Clone)]
pub(crate) struct ControlPlane {
    client: reqwest::Client,
    root: Url,
    secret: SecretString,
}

/// Why there is no answer. For the log; visitors who wait get a 503 either way.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// Nobody answered.
    #[error(transparent)]
    Unreachable(#[from] reqwest::Error),
    /// The answer is not one of those agreed upon.
    #[error("unexpected answer {0}")]
    Unexpected(StatusCode),
    /// The body cannot be understood.
    #[error(transparent)]
    Decode(#[from] contract::DecodeError),
}

impl ControlPlane {
    /// Does not connect yet.
    pub(crate) fn new(config: &ControlPlaneConfig) -> Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .connect_timeout(CONNECT_PATIENCE)
            // A proxy from the environment is meant for the outside world.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(Error::set_up("the HTTP client"))?;
        Ok(Self {
            client,
            root: config.internal.clone(),
            secret: config.secret.clone(),
        })
    }

    /// The record of a link or of a domain; `None` if there is none.
    pub(crate) async fn resolve(&self, key: &LinkKey) -> Result<Option<Record>, AskError> {
        let mut url = self.at("/internal/resolve");
        url.query_pairs_mut()
            .append_pair("domain", key.domain())
            .append_pair("code", key.code());
        let (status, body) = self.get(url).await?;
        match status {
            StatusCode::OK => Ok(Some(Record::decode(&body)?)),
            StatusCode::NOT_FOUND if is_link_not_found(&body) => Ok(None),
            status => Err(AskError::Unexpected(status)),
        }
    }

    /// The head of the log, and the changes after a position.
    pub(crate) async fn changes(&self, after: Option<u64>) -> Result<ChangePage, AskError> {
        let mut url = self.at("/internal/changes");
        if let Some(after) = after {
            url.query_pairs_mut()
                .append_pair("after", &after.to_string());
        }
        let (status, body) = self.get(url).await?;
        match status {
            StatusCode::OK => Ok(ChangePage::decode(&body)?),
            status => Err(AskError::Unexpected(status)),
        }
    }

    /// The keys of today and, some hours before it begins, of tomorrow.
    pub(crate) async fn visitor_keys(&self) -> Result<DayKeys, AskError> {
        let (status, body) = self.get(self.at("/internal/visitor-keys")).await?;
        match status {
            StatusCode::OK => Ok(DayKeys::decode(&body)?),
            status => Err(AskError::Unexpected(status)),
        }
    }

    /// Has the count of a link with a click cap begun in Redis.
    pub(crate) async fn begin_cap(&self, link: LinkId, set_after: u64) -> Result<(), AskError> {
        let url = self.at(&format!("/internal/caps/{link}/{set_after}"));
        self.tell(self.client.post(url)).await
    }

    /// Says how far this proxy has got.
    pub(crate) async fn report(&self, report: &ProxyReport) -> Result<(), AskError> {
        let request = self.client.post(self.at("/internal/proxies"));
        self.tell(request.body(report.encode())).await
    }

    /// Says that this proxy serves no more.
    pub(crate) async fn goodbye(&self, id: Uuid) -> Result<(), AskError> {
        let url = self.at(&format!("/internal/proxies/{id}"));
        self.tell(self.client.delete(url)).await
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.root.clone();
        url.set_path(path);
        url
    }

    /// Sends what has no answer but that it was done.
    async fn tell(&self, request: RequestBuilder) -> Result<(), AskError> {
        match self.send(request).await?.0 {
            StatusCode::NO_CONTENT => Ok(()),
            status => Err(AskError::Unexpected(status)),
        }
    }

    async fn get(&self, url: Url) -> Result<(StatusCode, Bytes), AskError> {
        self.send(self.client.get(url)).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<(StatusCode, Bytes), AskError> {
        let request = request.bearer_auth(self.secret.expose_secret());
        let response = request.send().await.map_err(reqwest::Error::without_url)?;
        let status = response.status();
        let body = response.bytes().await;
        Ok((status, body.map_err(reqwest::Error::without_url)?))
    }
}

fn is_link_not_found(body: &[u8]) -> bool {
    let problem: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    problem.is_some_and(|problem| problem["code"] == LINK_NOT_FOUND)
}
