//! The control plane's answer to "what is this code?".

use std::time::Duration;

use bytes::Bytes;
use contract::{DayKeys, LinkId, Record};
use http::StatusCode;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

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
    resolve: Url,
    secret: SecretString,
}

/// Why there is no answer. For the log; visitors get a 503 either way.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    /// Nobody answered.
    #[error(transparent)]
    Unreachable(#[from] reqwest::Error),
    /// The answer is not one of those agreed upon.
    #[error("unexpected answer {0}")]
    Unexpected(StatusCode),
    /// The record cannot be understood.
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
        let mut resolve = config.internal.clone();
        resolve.set_path("/internal/resolve");
        Ok(Self {
            client,
            resolve,
            secret: config.secret.clone(),
        })
    }

    /// The record of a link; `None` if there is no such link.
    pub(crate) async fn resolve(&self, key: &LinkKey) -> Result<Option<Record>, ResolveError> {
        let mut url = self.resolve.clone();
        url.query_pairs_mut()
            .append_pair("domain", key.domain())
            .append_pair("code", key.code());
        let (status, body) = self.get(url).await?;
        match status {
            StatusCode::OK => Ok(Some(Record::decode(&body)?)),
            StatusCode::NOT_FOUND if is_link_not_found(&body) => Ok(None),
            status => Err(ResolveError::Unexpected(status)),
        }
    }

    async fn get(&self, url: Url) -> Result<(StatusCode, Bytes), ResolveError> {
        let request = self
            .client
            .get(url)
            .bearer_auth(self.secret.expose_secret());
        let response = request.send().await.map_err(reqwest::Error::without_url)?;
        let status = response.status();
        let body = response.bytes().await;
        Ok((status, body.map_err(reqwest::Error::without_url)?))
    }
}

impl ControlPlane {
    /// The keys that visitors are hashed under: of today and, some hours before it begins, of
    /// tomorrow.
    pub(crate) async fn visitor_keys(&self) -> Result<DayKeys, ResolveError> {
        let mut url = self.resolve.clone();
        url.set_path("/internal/visitor-keys");
        let (status, body) = self.get(url).await?;
        match status {
            StatusCode::OK => Ok(DayKeys::decode(&body)?),
            status => Err(ResolveError::Unexpected(status)),
        }
    }

    /// Has the count of a link with a click cap begun in Redis.
    pub(crate) async fn begin_cap(&self, link: LinkId) -> Result<(), ResolveError> {
        let mut url = self.resolve.clone();
        url.set_path(&format!("/internal/caps/{link}"));
        let request = self
            .client
            .post(url)
            .bearer_auth(self.secret.expose_secret());
        let response = request.send().await.map_err(reqwest::Error::without_url)?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(()),
            status => Err(ResolveError::Unexpected(status)),
        }
    }
}

fn is_link_not_found(body: &[u8]) -> bool {
    let problem: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    problem.is_some_and(|problem| problem["code"] == LINK_NOT_FOUND)
}
