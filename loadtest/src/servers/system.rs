//! The whole system as processes: PostgreSQL, Redis, control plane, pipeline and proxies.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use anyhow::{Context, ensure};
use local_servers::testing::ThrowAway;
use local_servers::{PostgresServer, RedisServer, free_port, random_password};
use secrecy::ExposeSecret;
use serde_json::json;
use service::settings::{self, Setting};

use super::Client;
use super::program::{Folder, Program, beside_us};

/// The database in our PostgreSQL.
const DATABASE: &str = "linkpulse";

/// What the domain of the links is called.
pub(crate) const HOST: &str = "localhost";

/// Where a service listens.
struct Ports {
    public: SocketAddr,
    admin: SocketAddr,
}

/// A link of the system, as its API knows it.
#[derive(Debug, Clone)]
pub(crate) struct ApiLink {
    pub(crate) id: String,
    pub(crate) code: String,
}

/// The whole. Dropping it kills the services first, then the servers.
pub(crate) struct System {
    /// Where the proxies answer visitors.
    pub(crate) proxies: Vec<SocketAddr>,
    control_plane: SocketAddr,
    api_key: String,
    _services: Vec<Program>,
    _redis: ThrowAway<RedisServer>,
    _postgres: ThrowAway<PostgresServer>,
    _folder: Folder,
}

impl System {
    /// Starts it with so many proxies, and waits until all are ready.
    pub(crate) fn start(proxies: usize) -> anyhow::Result<Self> {
        let folder = Folder::create()?;
        let postgres = ThrowAway::postgres()?;
        postgres.create_database_if_missing(DATABASE)?;
        let redis = ThrowAway::redis()?;
        let control_plane = Ports::free()?;
        let edges: Vec<Ports> = (0..proxies)
            .map(|_| Ports::free())
            .collect::<Result<_, _>>()?;
        let secret = random_password();
        let common = [
            (settings::DATABASE_URL, postgres.url_for(DATABASE)),
            (settings::REDIS_URL, redis.url()),
            (settings::PUBLIC_URL, format!("http://{HOST}")),
            (settings::INTERNAL_SECRET, secret.expose_secret().to_owned()),
            (settings::CONTROL_PLANE_URL, url(control_plane.public)),
            (
                settings::CONTROL_PLANE_INTERNAL_URL,
                url(control_plane.admin),
            ),
        ];
        let with = |extra: &[(Setting, SocketAddr)]| -> Vec<(&'static str, String)> {
            let extra = extra
                .iter()
                .map(|(setting, at)| (setting.name, at.to_string()));
            let common = common
                .iter()
                .map(|(setting, value)| (setting.name, value.clone()));
            common.chain(extra).collect()
        };
        linkpulse(&["migrate"], &with(&[]))?;

        let mut services = Vec::new();
        let mut start = |name, program, settings: &[_], admin| -> anyhow::Result<()> {
            let command = Command::new(beside_us(program)?);
            let log = folder.join(format!("{}.log", services.len()));
            let mut program = Program::start(name, command, &with(settings), log)?;
            program.wait_ready(admin)?;
            services.push(program);
            Ok(())
        };
        let listen = [
            (settings::CONTROL_PLANE_LISTEN, control_plane.public),
            (settings::CONTROL_PLANE_ADMIN_LISTEN, control_plane.admin),
        ];
        let program = "linkpulse-control-plane";
        start("the control plane", program, &listen, control_plane.admin)?;
        let pipeline = Ports::free()?.admin;
        let listen = [(settings::PIPELINE_ADMIN_LISTEN, pipeline)];
        start("the pipeline", "linkpulse-pipeline", &listen, pipeline)?;
        for ports in &edges {
            let listen = [
                (settings::PROXY_LISTEN, ports.public),
                (settings::PROXY_ADMIN_LISTEN, ports.admin),
            ];
            start("a proxy", "linkpulse-proxy", &listen, ports.admin)?;
        }

        let printed = linkpulse(&["key", "create", "--name", "loadtest"], &with(&[]))?;
        let api_key = printed
            .split_ascii_whitespace()
            .find(|word| word.starts_with("lp_"));
        Ok(Self {
            proxies: edges.iter().map(|ports| ports.public).collect(),
            control_plane: control_plane.public,
            api_key: api_key
                .context("linkpulse key create printed no key")?
                .to_owned(),
            _services: services,
            _redis: redis,
            _postgres: postgres,
            _folder: folder,
        })
    }

    /// A client of the API that may do everything.
    pub(crate) fn api(&self) -> anyhow::Result<Client> {
        let authorization = format!("Authorization: Bearer {}\r\n", self.api_key);
        Client::with_fields(self.control_plane, HOST, &authorization)
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

    /// Lets a link lead elsewhere.
    pub(crate) fn edit_target(&mut self, link: &ApiLink, target: &str) -> anyhow::Result<()> {
        let path = format!("/api/v1/links/{}", link.id);
        let body = json!({ "original_url": target });
        self.send_json("PATCH", &path, &body)?.expect(200)?;
        Ok(())
    }
}

impl Ports {
    fn free() -> anyhow::Result<Self> {
        let port = || free_port().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        Ok(Self {
            public: port()?,
            admin: port()?,
        })
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// Runs the command for people, and returns what it printed.
fn linkpulse(arguments: &[&str], settings: &[(&str, String)]) -> anyhow::Result<String> {
    let program = beside_us("linkpulse")?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear();
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    let output = command.output().context("cannot run linkpulse")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "linkpulse {arguments:?} failed: {errors}"
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
