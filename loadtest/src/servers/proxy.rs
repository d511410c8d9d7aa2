//! Our proxy.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context, ensure};
use service::settings;

use super::program::{Folder, Ports, Program, beside_us};
use super::{Backend, Client};
use crate::machine::{SERVER_CORE, on_core};

/// No client has to wait for its turn to cause a look-up.
const MISSES_PER_MINUTE: u32 = u32::MAX;

/// A program that runs another inside itself, and its arguments.
pub(crate) type Wrapper = Vec<OsString>;

/// The proxy.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    program: Program,
    metrics: Client,
    _folder: Folder,
}

impl Proxy {
    /// Starts it on the core for servers, with room for so many links; waits until it is ready.
    pub(crate) fn on_its_own_core(
        backend: &Backend,
        capacity: usize,
        wrapper: Wrapper,
    ) -> anyhow::Result<Self> {
        let command = wrapped(beside_us("linkpulse-proxy")?.into(), wrapper);
        Self::start(backend, capacity, command)
    }

    /// Starts it on all cores, and waits until it is ready.
    pub(crate) fn anywhere(backend: &Backend, capacity: usize) -> anyhow::Result<Self> {
        let command = Command::new(beside_us("linkpulse-proxy")?);
        Self::start(backend, capacity, command)
    }

    fn start(backend: &Backend, capacity: usize, command: Command) -> anyhow::Result<Self> {
        let folder = Folder::create()?;
        let ports = Ports::free()?;
        let own = [
            (settings::PROXY_LISTEN, ports.public.to_string()),
            (settings::PROXY_ADMIN_LISTEN, ports.admin.to_string()),
            (
                settings::DATA_DIR,
                folder.join("data").display().to_string(),
            ),
            (settings::CACHE_CAPACITY, capacity.to_string()),
            (settings::MISSES_PER_MINUTE, MISSES_PER_MINUTE.to_string()),
        ];
        let mut settings = backend.settings();
        settings.extend(own.map(|(setting, value)| (setting.name, value)));
        let mut program = Program::start("the proxy", command, &settings, folder.join("log"))?;
        program.wait_ready(ports.admin)?;
        let mut metrics = Client::connect(ports.admin)?;
        // Without one it would have less to do for each visit.
        program.wait_until(|| {
            let keys = counter(&mut metrics, "linkpulse_visitor_keys")?;
            ensure!(keys > 0, "it has no key for visitor hashes");
            Ok(())
        })?;
        Ok(Self {
            address: ports.public,
            program,
            metrics,
            _folder: folder,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// What must hold for every measurement.
    pub(crate) fn counts(&mut self) -> anyhow::Result<Counts> {
        Ok(Counts {
            misses: counter(&mut self.metrics, "linkpulse_cache_misses_total")?,
            recorded: counter(&mut self.metrics, "linkpulse_clicks_recorded_total")?,
            dropped: counter(&mut self.metrics, "linkpulse_clicks_dropped_total")?,
        })
    }

    /// A metric without labels, as a whole number.
    pub(crate) fn metric(&mut self, name: &str) -> anyhow::Result<u64> {
        counter(&mut self.metrics, name)
    }

    /// Lets it end by itself.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.program.stop()
    }
}

/// A metric by its name, as a whole number.
fn counter(metrics: &mut Client, name: &str) -> anyhow::Result<u64> {
    let reply = metrics.get("/metrics")?.expect(200)?;
    let value = reply.body.lines().find_map(|line| {
        let (found, value) = line.rsplit_once(' ')?;
        (found == name).then_some(value)
    });
    let value = value.with_context(|| format!("the proxy has no metric {name}"))?;
    Ok(value.parse::<f64>()? as u64)
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
