//! Shows that the whole works: creates a link, follows it, sees the click counted.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use control_plane::accounts;
use reqwest::header::{HOST, LOCATION, USER_AGENT};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;

use super::plan::Plan;
use crate::database::Databases;
use crate::http;
use crate::output::Output;
use crate::user::in_words;

/// Where the first link leads.
const TARGET: &str = "https://example.com/";

/// The visitor's browser: what a program follows is kept, but is no click.
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// Longest time from a click to its count. A second is usual.
const COUNT_LIMIT: Duration = Duration::from_secs(15);

/// Longest time until a deleted link is gone at the edge.
const GONE_LIMIT: Duration = Duration::from_secs(5);

/// Between two questions.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// The part of a link that matters here.
#[derive(Deserialize)]
struct Link {
    id: String,
    code: String,
    short_url: String,
    original_url: String,
}

#[derive(Deserialize)]
struct Stats {
    total: u64,
}

/// Does it, as a client of the public port, with an API key that ends with it. The address of the link,
/// if it is kept: at the first start only.
pub(crate) async fn prove(
    databases: &Databases,
    plan: &Plan,
    keep_link: bool,
    output: Output,
) -> anyhow::Result<Option<String>> {
    let now = OffsetDateTime::now_utc();
    let name = "Self-check of linkpulse up";
    let mut random = rand::rng();
    let key = accounts::create_key(
        &databases.links,
        name,
        &accounts::USUAL_SCOPES,
        &mut random,
        now,
    );
    let key = key.await.map_err(in_words)?;
    let edge = Edge {
        client: http::client()?,
        root: format!("http://{}", plan.visitors),
        host: plan.public_url[url::Position::BeforeHost..url::Position::AfterPort].to_owned(),
        api_key: key.key.expose().to_owned(),
    };
    let result = edge.walk(keep_link, output).await;
    let now = OffsetDateTime::now_utc();
    accounts::revoke_key(&databases.links, key.id, now).await?;
    result
}

/// The proxy, as seen by somebody with an API key.
struct Edge {
    client: Client,
    /// Its address on this machine.
    root: String,
    /// What browsers call it. Links live under this name, wherever the name points to.
    host: String,
    api_key: String,
}

impl Edge {
    async fn walk(&self, keep_link: bool, output: Output) -> anyhow::Result<Option<String>> {
        let title = match keep_link {
            true => "My first link",
            false => "Self-check",
        };
        let link = output.step("Create a link", self.create(title)).await?;
        output.step("Follow it", self.follow(&link)).await?;
        output
            .step("Count the click", self.wait_counted(&link))
            .await?;
        if keep_link {
            return Ok(Some(link.short_url));
        }
        output.step("Delete it again", self.delete(&link)).await?;
        Ok(None)
    }

    async fn create(&self, title: &str) -> anyhow::Result<Link> {
        let body = json!({ "original_url": TARGET, "title": title });
        let request = self.api(Method::POST, "/api/v1/links").json(&body);
        let text = expect(request, StatusCode::CREATED).await?;
        serde_json::from_str(&text).with_context(|| format!("not a link: {text}"))
    }

    async fn follow(&self, link: &Link) -> anyhow::Result<()> {
        let response = self.visit(link).await?;
        let location = response.headers().get(LOCATION);
        let location = location.and_then(|value| value.to_str().ok()).unwrap_or("");
        let status = response.status();
        ensure!(
            status == StatusCode::FOUND && location == link.original_url,
            "expected 302 to {}, got {status} to {location:?}",
            link.original_url
        );
        Ok(())
    }

    async fn wait_counted(&self, link: &Link) -> anyhow::Result<()> {
        let path = format!("/api/v1/links/{}/stats", link.id);
        let begun = Instant::now();
        while begun.elapsed() < COUNT_LIMIT {
            let text = expect(self.api(Method::GET, &path), StatusCode::OK).await?;
            let stats: Stats =
                serde_json::from_str(&text).with_context(|| format!("no statistics: {text}"))?;
            if stats.total >= 1 {
                return Ok(());
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
        bail!(
            "not counted within {COUNT_LIMIT:?}; logs/proxy.log and logs/pipeline.log may say why"
        );
    }

    async fn delete(&self, link: &Link) -> anyhow::Result<()> {
        let path = format!("/api/v1/links/{}", link.id);
        expect(self.api(Method::DELETE, &path), StatusCode::NO_CONTENT).await?;
        let begun = Instant::now();
        loop {
            let status = self.visit(link).await?.status();
            if status == StatusCode::GONE {
                return Ok(());
            }
            ensure!(
                begun.elapsed() < GONE_LIMIT,
                "deleted {GONE_LIMIT:?} ago, and it still answers {status} instead of 410"
            );
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    async fn visit(&self, link: &Link) -> anyhow::Result<reqwest::Response> {
        let url = format!("{}/{}", self.root, link.code);
        let request = self.client.get(&url).header(HOST, &self.host);
        let response = request.header(USER_AGENT, BROWSER).send().await;
        response.map_err(|error| anyhow::anyhow!("GET {url}: {}", http::reason(&error)))
    }

    fn api(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.root);
        let request = self.client.request(method, url).header(HOST, &self.host);
        request.bearer_auth(&self.api_key)
    }
}

/// Sends it; the body if the status is as expected.
async fn expect(request: RequestBuilder, wanted: StatusCode) -> anyhow::Result<String> {
    let response = request.send().await;
    let response = response.map_err(|error| anyhow::anyhow!(http::reason(&error)))?;
    let status = response.status();
    let body = response.text().await.unwrap_or_default();
    ensure!(status == wanted, "expected {wanted}, got {status} {body}");
    Ok(body)
}
