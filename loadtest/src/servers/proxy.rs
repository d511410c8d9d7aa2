//! Our proxy, with one core, a Redis, and nobody behind it.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use anyhow::{Context, ensure};
use local_servers::{free_port, random_password};
use secrecy::ExposeSecret;
use service::settings;

use super::program::{Folder, Program, beside_us};
use super::{Client, Store};
use crate::links::DOMAIN;
use crate::machine::{SERVER_CORE, on_core};

/// No client has to wait for its turn to cause a look-up.
const MISSES_PER_MINUTE: u32 = u32::MAX;

/// A port on which nobody listens.
const NOBODY: &str = "http://127.0.0.1:1";

/// A program that runs the proxy inside itself, and its arguments.
pub(crate) type Wrapper = Vec<OsString>;

/// The proxy.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    program: Program,
    metrics: Client,
    _folder: Folder,
}

impl Proxy {
    /// Starts it, and waits until it is ready.
    pub(crate) fn start(store: &Store, capacity: usize, wrapper: Wrapper) -> anyhow::Result<Self> {
        let folder = Folder::create()?;
        let program = beside_us("linkpulse-proxy")?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let admin = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let settings = [
            (settings::REDIS_URL, store.url()),
            (settings::PUBLIC_URL, format!("http://{DOMAIN}")),
            (settings::PROXY_LISTEN, address.to_string()),
            (settings::PROXY_ADMIN_LISTEN, admin.to_string()),
            (settings::CONTROL_PLANE_URL, NOBODY.to_owned()),
            (settings::CONTROL_PLANE_INTERNAL_URL, NOBODY.to_owned()),
            (
                settings::INTERNAL_SECRET,
                random_password().expose_secret().to_owned(),
            ),
            (settings::CACHE_CAPACITY, capacity.to_string()),
            (settings::MISSES_PER_MINUTE, MISSES_PER_MINUTE.to_string()),
        ];
        let settings = settings.map(|(setting, value)| (setting.name, value));
        let mut program = {
            let command = wrapped(program.into(), wrapper);
            Program::start("the proxy", command, &settings, folder.join("proxy.log"))?
        };
        program.wait_ready(admin)?;
        Ok(Self {
            address,
            program,
            metrics: Client::connect(admin)?,
            _folder: folder,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// A counter by its name.
    pub(crate) fn counter(&mut self, name: &str) -> anyhow::Result<u64> {
        let reply = self.metrics.get("/metrics")?.expect(200)?;
        let value = reply.body.lines().find_map(|line| {
            let (found, value) = line.rsplit_once(' ')?;
            (found == name).then_some(value)
        });
        let value = value.with_context(|| format!("the proxy has no metric {name}"))?;
        Ok(value.parse::<f64>()? as u64)
    }

    /// What must hold for every measurement.
    pub(crate) fn counts(&mut self) -> anyhow::Result<Counts> {
        Ok(Counts {
            misses: self.counter("linkpulse_cache_misses_total")?,
            recorded: self.counter("linkpulse_clicks_recorded_total")?,
            dropped: self.counter("linkpulse_clicks_dropped_total")?,
        })
    }

    /// Lets it end by itself.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.program.stop()
    }
}

/// What the proxy has counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    misses: u64,
    recorded: u64,
    dropped: u64,
}

impl Counts {
    /// Fails unless so many redirects since `before` were all answered from memory, and a click
    /// was recorded for each.
    pub(crate) fn check_hits(self, before: Self, redirects: u64) -> anyhow::Result<()> {
        let misses = self.misses - before.misses;
        ensure!(misses == 0, "{misses} links were not in memory");
        self.check_clicks(before, redirects)
    }

    /// Fails unless a click was recorded for each redirect since `before`.
    pub(crate) fn check_clicks(self, before: Self, redirects: u64) -> anyhow::Result<()> {
        let recorded = self.recorded - before.recorded;
        ensure!(
            recorded == redirects && self.dropped == before.dropped,
            "{redirects} redirects, but {recorded} clicks recorded and {} dropped",
            self.dropped - before.dropped
        );
        Ok(())
    }
}

/// The command `wrapper program`, on the core for servers.
pub(super) fn wrapped(program: OsString, wrapper: Wrapper) -> Command {
    let mut words = wrapper.into_iter().chain([program]);
    // There is always a last one.
    let mut command = on_core(SERVER_CORE, words.next().unwrap_or_default());
    command.args(words);
    command
}
