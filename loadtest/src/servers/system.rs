//! The whole system as processes, and its API.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::Context;
use local_servers::RedisServer;
use serde_json::json;
use service::settings;

use super::backend::audited;
use super::program::{Folder, Ports, Program, beside_us};
use super::{Backend, Client, Place, Proxy};
use crate::links::DOMAIN;

/// Links in memory of a proxy: all there are.
const CAPACITY: usize = 100_000;

/// A link of the system, as its API knows it.
#[derive(Debug, Clone)]
pub(crate) struct ApiLink {
    pub(crate) id: String,
    pub(crate) code: String,
}

/// The whole. Dropping it kills the services first, then the servers.
pub(crate) struct System {
    proxies: Vec<Proxy>,
    pipeline: Program,
    api_key: String,
    backend: Backend,
    _folder: Folder,
}

impl System {
    /// Starts it with so many proxies, and waits until all are ready.
    pub(crate) fn start(proxies: usize) -> anyhow::Result<Self> {
        let folder = Folder::create()?;
        let backend = Backend::start(Place::Anywhere)?;
        let command = Command::new(beside_us("linkpulse-pipeline")?);
        let admin = Ports::free()?.admin;
        let mut settings = backend.settings();
        settings.push((settings::PIPELINE_ADMIN_LISTEN.name, admin.to_string()));
        let log = folder.join("pipeline.log");
        let mut pipeline = Program::start("the pipeline", command, &settings, log)?;
        pipeline.wait_ready(admin)?;
        let proxies = (0..proxies).map(|_| Proxy::anywhere(&backend, CAPACITY));
        Ok(Self {
            proxies: proxies.collect::<Result<_, _>>()?,
            pipeline,
            api_key: backend.api_key()?,
            backend,
            _folder: folder,
        })
    }

    /// Where the proxies answer visitors.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.proxies.iter().map(|proxy| proxy.address).collect()
    }

    /// The proxies.
    pub(crate) fn proxies(&mut self) -> &mut [Proxy] {
        &mut self.proxies
    }

    /// The pipeline's process.
    pub(crate) fn pipeline(&self) -> u32 {
        self.pipeline.pid()
    }

    /// Redis, to be stopped and started again.
    pub(crate) fn redis(&mut self) -> &mut RedisServer {
        &mut self.backend.redis
    }

    /// Blocks and clicks that are counted, when `linkpulse doctor --audit` finds that all tables
    /// agree.
    pub(crate) fn audited(&self) -> anyhow::Result<(u64, u64)> {
        audited(&self.backend.settings())
    }

    /// A client of the API that may do everything.
    pub(crate) fn api(&self) -> anyhow::Result<Client> {
        let authorization = format!("Authorization: Bearer {}\r\n", self.api_key);
        Client::with_fields(self.backend.api, DOMAIN, &authorization)
    }
}

impl Client {
    /// Makes a link.
    pub(crate) fn create_link(&mut self, code: &str, target: &str) -> anyhow::Result<ApiLink> {
        let body = json!({ "code": code, "original_url": target });
        let reply = self
            .send_json("POST", "/api/v1/links", &body)?
            .expect(201)?;
        let id = reply.json()?["id"].as_str().map(str::to_owned);
        Ok(ApiLink {
            id: id.context("a link without an id")?,
            code: code.to_owned(),
        })
    }

    /// Clicks of a link since it was made, as its page shows them.
    pub(crate) fn clicks(&mut self, link: &ApiLink) -> anyhow::Result<u64> {
        let path = format!("/api/v1/links/{}/stats", link.id);
        let stats = self.get(&path)?.expect(200)?.json()?;
        stats["total"].as_u64().context("stats without a total")
    }

    /// Lets a link lead elsewhere.
    pub(crate) fn edit_target(&mut self, link: &ApiLink, target: &str) -> anyhow::Result<()> {
        let path = format!("/api/v1/links/{}", link.id);
        let body = json!({ "original_url": target });
        self.send_json("PATCH", &path, &body)?.expect(200)?;
        Ok(())
    }
}
