//! What stands behind proxies: PostgreSQL, Redis and a control plane, which relays changes and
//! hands out the keys for visitor hashes.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context, ensure};
use local_servers::testing::ThrowAway;
use local_servers::{PostgresServer, RedisServer, random_password};
use secrecy::ExposeSecret;
use service::settings::{self, Setting};

use super::program::{Folder, Ports, Program, beside_us};
use crate::links::DOMAIN;
use crate::machine::{LOAD_CORE, lower_priority, on_core, pin_process};

/// The database in our PostgreSQL.
pub(super) const DATABASE: &str = "linkpulse";

/// Settings as programs get them.
pub(crate) type Settings = Vec<(&'static str, String)>;

/// What it is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// To let a proxy be measured. It has the load's core and must not delay the load: clicks can
    /// wait, a client cannot. So nothing waits for the disk either.
    Aside,
    /// To be measured itself: on all cores, and what is confirmed is on the disk, Redis' within
    /// a second.
    Anywhere,
}

/// All of it. Dropping it kills the control plane first, then the servers.
pub(crate) struct Backend {
    _control_plane: Program,
    /// Where the API listens.
    pub(crate) api: SocketAddr,
    settings: Settings,
    pub(super) redis: ThrowAway<RedisServer>,
    _postgres: ThrowAway<PostgresServer>,
    _folder: Folder,
}

impl Backend {
    /// Starts it, and waits until it is ready.
    pub(crate) fn start(place: Place) -> anyhow::Result<Self> {
        let folder = Folder::create()?;
        let (postgres, redis) = match place {
            Place::Aside => (ThrowAway::postgres()?, ThrowAway::redis()?),
            Place::Anywhere => (ThrowAway::durable_postgres()?, ThrowAway::durable_redis()?),
        };
        if place == Place::Aside {
            for server in [postgres.pid(), redis.pid()] {
                pin_process(server, LOAD_CORE)?;
                lower_priority(server)?;
            }
        }
        postgres.create_database_if_missing(DATABASE)?;
        let ports = Ports::free()?;
        let secret = random_password();
        let settings: [(Setting, String); 7] = [
            (settings::DATABASE_URL, postgres.url_for(DATABASE)),
            (settings::REDIS_URL, redis.url()),
            (settings::PUBLIC_URL, format!("http://{DOMAIN}")),
            // Links lead nowhere here.
            (settings::UNFURL, "false".to_owned()),
            (settings::INTERNAL_SECRET, secret.expose_secret().to_owned()),
            (settings::CONTROL_PLANE_URL, url(ports.public)),
            (settings::CONTROL_PLANE_INTERNAL_URL, url(ports.admin)),
        ];
        let settings: Settings = settings
            .map(|(setting, value)| (setting.name, value))
            .into();
        linkpulse(&["migrate"], &settings)?;

        let program = beside_us("linkpulse-control-plane")?;
        let command = match place {
            Place::Aside => on_core(LOAD_CORE, program),
            Place::Anywhere => Command::new(program),
        };
        let mut own = settings.clone();
        own.extend([
            (
                settings::CONTROL_PLANE_LISTEN.name,
                ports.public.to_string(),
            ),
            (
                settings::CONTROL_PLANE_ADMIN_LISTEN.name,
                ports.admin.to_string(),
            ),
        ]);
        let log = folder.join("control-plane.log");
        let mut control_plane = Program::start("the control plane", command, &own, log)?;
        control_plane.wait_ready(ports.admin)?;
        Ok(Self {
            api: ports.public,
            redis,
            settings,
            _control_plane: control_plane,
            _postgres: postgres,
            _folder: folder,
        })
    }

    /// What every service is told.
    pub(super) fn settings(&self) -> Settings {
        self.settings.clone()
    }

    /// Makes an API key.
    pub(super) fn api_key(&self) -> anyhow::Result<String> {
        let printed = linkpulse(&["key", "create", "--name", "loadtest"], &self.settings)?;
        let mut words = printed.split_ascii_whitespace();
        let key = words.find(|word| word.starts_with("lp_"));
        Ok(key
            .context("linkpulse key create printed no key")?
            .to_owned())
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// Runs the command for people, and returns what it printed.
pub(crate) fn linkpulse(arguments: &[&str], settings: &Settings) -> anyhow::Result<String> {
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

/// Blocks and clicks that are counted, when `linkpulse doctor --audit` finds that all tables agree.
pub(super) fn audited(settings: &Settings) -> anyhow::Result<(u64, u64)> {
    let said = linkpulse(&["doctor", "--audit"], settings)?;
    let numbers = said.lines().find_map(|line| {
        let (_, counts) = line.split_once("click counts: ")?;
        let mut words = counts.split_ascii_whitespace();
        let mut number = |unit: &str| {
            let number = words.next()?.parse().ok()?;
            words.next()?.starts_with(unit).then_some(number)
        };
        Some((number("block")?, number("click")?))
    });
    numbers.with_context(|| format!("linkpulse doctor said nothing about counts: {said}"))
}
