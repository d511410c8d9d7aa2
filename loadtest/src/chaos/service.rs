//! One of our programs, started again and again.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use local_servers::Signal;

use crate::servers::{Program, beside_us};

/// A program with a fixed place: settings, ports and log stay over restarts.
pub(super) struct Service {
    pub(super) name: &'static str,
    program: PathBuf,
    settings: Vec<(&'static str, String)>,
    log: PathBuf,
    pub(super) admin: SocketAddr,
    running: Option<Program>,
}

impl Service {
    pub(super) fn new(
        name: &'static str,
        program: &str,
        settings: Vec<(&'static str, String)>,
        admin: SocketAddr,
        log: PathBuf,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            name,
            program: beside_us(program)?,
            settings,
            log,
            admin,
            running: None,
        })
    }

    /// Starts it, and does not wait.
    pub(super) fn start(&mut self) -> anyhow::Result<()> {
        let command = Command::new(&self.program);
        let log = self.log.clone();
        self.running = Some(Program::start(self.name, command, &self.settings, log)?);
        Ok(())
    }

    /// Waits until it says that it can do its work.
    pub(super) fn wait_ready(&mut self) -> anyhow::Result<()> {
        let running = self.running.as_mut().context("not started")?;
        running.wait_ready(self.admin)
    }

    /// Ends it as the system does when it has no memory left.
    pub(super) fn kill(&mut self) {
        // Dropping kills, and waits.
        self.running = None;
    }

    pub(super) fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        let running = self.running.as_mut().context("not started")?;
        running.signal(signal)
    }

    /// Starts it again if it has ended by itself.
    pub(super) fn revive(&mut self) -> anyhow::Result<()> {
        let has_ended = match &mut self.running {
            Some(program) => program.has_ended()?,
            None => true,
        };
        if has_ended {
            self.start()?;
        }
        Ok(())
    }

    /// The end of what it printed.
    pub(super) fn tail(&self) -> String {
        self.running.as_ref().map(Program::tail).unwrap_or_default()
    }
}
