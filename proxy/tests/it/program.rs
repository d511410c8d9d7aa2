//! The proxy as a program of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};

use local_servers::{Signal, TiedChild, free_port, spawn_tied};

use crate::harness::{client, eventually};
use crate::process::BINARY;

/// A proxy as a program, which can be started again where it was.
pub(crate) struct Program {
    settings: Vec<(&'static str, String)>,
    pub(crate) visitors: SocketAddr,
    admin: SocketAddr,
    running: Option<TiedChild>,
}

impl Program {
    pub(crate) fn new(mut settings: Vec<(&'static str, String)>) -> Self {
        let address = || SocketAddr::from((Ipv4Addr::LOCALHOST, free_port().unwrap()));
        let (visitors, admin) = (address(), address());
        settings.push(("LINKPULSE_PROXY_LISTEN", visitors.to_string()));
        settings.push(("LINKPULSE_PROXY_ADMIN_LISTEN", admin.to_string()));
        Self {
            settings,
            visitors,
            admin,
            running: None,
        }
    }

    pub(crate) async fn start(&mut self) {
        let mut command = Command::new(BINARY);
        command.env_clear().stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        // The later of two values counts.
        command.envs(self.settings.iter().cloned());
        self.running = Some(spawn_tied(command, Signal::KILL).unwrap());
        let client = client();
        let url = format!("http://{}/readyz", self.admin);
        eventually(
            "it is ready",
            async || matches!(client.get(&url).send().await, Ok(answer) if answer.status() == 200),
        )
        .await;
    }

    /// Sends a signal, and goes on.
    pub(crate) fn signal(&mut self, signal: Signal) {
        self.running.as_mut().unwrap().signal(signal).unwrap();
    }

    /// Sends a signal, and waits until the process has ended.
    pub(crate) async fn end(&mut self, signal: Signal) {
        let mut child = self.running.take().unwrap();
        child.signal(signal).unwrap();
        let ended = tokio::task::spawn_blocking(move || child.wait());
        ended.await.unwrap().unwrap();
    }

    pub(crate) fn pid(&self) -> u32 {
        self.running.as_ref().unwrap().pid()
    }

    /// Memory that it takes, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let pid = self.pid();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes: u64 = line
            .unwrap()
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .unwrap();
        kibibytes * 1024
    }
}
