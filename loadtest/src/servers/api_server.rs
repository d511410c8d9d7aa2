//! A control plane with PostgreSQL and Redis as they are where nothing may get lost, and who may use
//! its API.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::Context;
use local_servers::testing::ThrowAway;
use local_servers::{PostgresServer, RedisServer, random_password};
use secrecy::ExposeSecret;
use service::settings;

use super::Client;
use super::backend::{DATABASE, Settings, linkpulse};
use super::program::{Folder, Ports, Program, beside_us};
use crate::links::DOMAIN;
use crate::machine::{CpuTime, cpu_time};

/// So many requests that no limit answers. A minute.
const REQUESTS: &str = "1000000";

/// Somebody who may sign in.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) password: String,
}

/// All of it. Dropping it kills the control plane first, then the servers.
pub(crate) struct ApiServer {
    control_plane: Option<Program>,
    /// Owns the workspace.
    pub(crate) owner: Account,
    api: SocketAddr,
    api_key: String,
    settings: Settings,
    ports: Ports,
    postgres: ThrowAway<PostgresServer>,
    _redis: ThrowAway<RedisServer>,
    folder: Folder,
}

impl ApiServer {
    /// Starts the servers, makes the tables, a person and a key. The control plane comes later.
    pub(crate) fn prepare() -> anyhow::Result<Self> {
        let folder = Folder::create()?;
        let (postgres, redis) = (ThrowAway::durable_postgres()?, ThrowAway::durable_redis()?);
        postgres.create_database_if_missing(DATABASE)?;
        let ports = Ports::free()?;
        let secret = random_password();
        let (public, admin) = (ports.public.to_string(), ports.admin.to_string());
        let settings: Settings = vec![
            (settings::DATABASE_URL.name, postgres.url_for(DATABASE)),
            (settings::REDIS_URL.name, redis.url()),
            (settings::PUBLIC_URL.name, format!("http://{DOMAIN}")),
            (
                settings::INTERNAL_SECRET.name,
                secret.expose_secret().to_owned(),
            ),
            (settings::CONTROL_PLANE_LISTEN.name, public),
            (settings::CONTROL_PLANE_ADMIN_LISTEN.name, admin),
            (settings::API_REQUESTS_PER_MINUTE.name, REQUESTS.to_owned()),
        ];
        linkpulse(&["migrate"], &settings)?;
        let email = "owner@example.com".to_owned();
        let printed = linkpulse(&["user", "create", "--email", &email], &settings)?;
        let password = last_word(&printed, "password")?;
        let printed = linkpulse(&["key", "create", "--name", "loadtest"], &settings)?;
        let mut words = printed.split_ascii_whitespace();
        let key = words.find(|word| word.starts_with("lp_"));
        Ok(Self {
            control_plane: None,
            owner: Account { email, password },
            api: ports.public,
            api_key: key.context("no key was printed")?.to_owned(),
            settings,
            ports,
            postgres,
            _redis: redis,
            folder,
        })
    }

    /// Starts the control plane, and waits until it is ready.
    pub(crate) fn start(&mut self) -> anyhow::Result<()> {
        let command = Command::new(beside_us("linkpulse-control-plane")?);
        let log = self.folder.join("control-plane.log");
        let mut program = Program::start("the control plane", command, &self.settings, log)?;
        program.wait_ready(self.ports.admin)?;
        self.control_plane = Some(program);
        Ok(())
    }

    /// The database's address.
    pub(crate) fn database_url(&self) -> String {
        self.postgres.url_for(DATABASE)
    }

    /// A client with the API key.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        let authorization = format!("Authorization: Bearer {}\r\n", self.api_key);
        Client::with_fields(self.api, DOMAIN, &authorization)
    }

    /// Processor time of the control plane and of PostgreSQL so far.
    pub(crate) fn used(&self) -> anyhow::Result<(CpuTime, CpuTime)> {
        let control_plane = self.control_plane.as_ref().context("not started")?;
        Ok((
            cpu_time(control_plane.pid())?,
            cpu_time(self.postgres.pid())?,
        ))
    }
}

fn last_word(printed: &str, what: &str) -> anyhow::Result<String> {
    let words = printed.split_ascii_whitespace();
    let last = words
        .last()
        .with_context(|| format!("no {what} was printed"))?;
    Ok(last.to_owned())
}
