//! One of our services as a program that we started.

use std::fmt;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use contract::RedisUser;
use local_servers::{Signal, TiedChild, spawn_tied};
use service::Environment;
use service::env::EXIT_BAD_SETTING;
use service::settings::{self, Setting};

use super::folder::StateFolder;
use super::log::Log;
use super::plan::{Plan, reachable};
use crate::http;

/// How long a start may take.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Between two looks at a service that is starting.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What a service has beyond its own grace period before it is killed.
const EXTRA_GRACE: Duration = Duration::from_secs(2);

/// Which service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// How it is called in sentences.
    pub(crate) name: &'static str,
    /// Its program, beside ours.
    program: &'static str,
    log: &'static str,
    admin: Setting,
    redis_user: RedisUser,
}

/// In the order of their start.
pub(crate) const KINDS: [Kind; 3] = [CONTROL_PLANE, PIPELINE, PROXY];

const CONTROL_PLANE: Kind = Kind {
    name: "control plane",
    program: "linkpulse-control-plane",
    log: "control-plane.log",
    admin: settings::CONTROL_PLANE_ADMIN_LISTEN,
    redis_user: RedisUser::ControlPlane,
};

const PIPELINE: Kind = Kind {
    name: "pipeline",
    program: "linkpulse-pipeline",
    log: "pipeline.log",
    admin: settings::PIPELINE_ADMIN_LISTEN,
    redis_user: RedisUser::Pipeline,
};

const PROXY: Kind = Kind {
    name: "proxy",
    program: "linkpulse-proxy",
    log: "proxy.log",
    admin: settings::PROXY_ADMIN_LISTEN,
    redis_user: RedisUser::Proxy,
};

/// Where each service answers health checks.
pub(crate) const ADMIN_LISTENERS: [(&str, Setting); 3] = [
    (CONTROL_PLANE.name, CONTROL_PLANE.admin),
    (PIPELINE.name, PIPELINE.admin),
    (PROXY.name, PROXY.admin),
];

/// A service refused one of its settings; the line that it printed.
#[derive(Debug)]
pub(crate) struct RefusedSetting(pub(crate) String);

impl fmt::Display for RefusedSetting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for RefusedSetting {}

/// A service that was started, and can be started again.
pub(crate) struct Service {
    kind: Kind,
    program: PathBuf,
    environment: Vec<(&'static str, String)>,
    readyz: String,
    grace: Duration,
    log: Log,
    child: TiedChild,
}

impl Service {
    /// Starts the service with the settings of the plan.
    pub(crate) fn start(kind: Kind, plan: &Plan, folder: &StateFolder) -> anyhow::Result<Service> {
        let get = |name: &str| plan.lookup.get(name);
        let admin: SocketAddr = Environment::new(&get).required(&kind.admin)?;
        let program = program(&kind)?;
        let mut environment = plan.lookup.additions();
        if let Some(url) = plan.redis_url(kind.redis_user) {
            environment.insert(settings::REDIS_URL.name, url);
        }
        let environment: Vec<_> = environment.into_iter().collect();
        let mut log = Log::new(folder.logs().join(kind.log));
        let child = spawn(&kind, &program, &environment, &mut log)?;
        Ok(Service {
            kind,
            program,
            environment,
            readyz: format!("http://{}/readyz", reachable(&admin.to_string())),
            grace: plan.grace + EXTRA_GRACE,
            log,
            child,
        })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.kind.name
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// How it ended; `None` while it runs.
    pub(crate) fn exit(&mut self) -> std::io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Starts it once more, after it has ended.
    pub(crate) fn restart(&mut self) -> anyhow::Result<()> {
        self.child = spawn(&self.kind, &self.program, &self.environment, &mut self.log)?;
        Ok(())
    }

    /// Waits until it says that it can do its work.
    pub(crate) async fn wait_ready(&mut self, client: &reqwest::Client) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let answer = http::health(client, &self.readyz).await;
            if let Some(status) = self.exit()? {
                return Err(self.explain(status));
            }
            match answer {
                Ok(()) => return Ok(()),
                Err(reason) if begun.elapsed() > START_LIMIT => {
                    let tail = self.shown_log();
                    bail!("not ready after {START_LIMIT:?} ({reason}); {tail}");
                }
                Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// Asks it to finish, and kills it when it takes longer than it may.
    pub(crate) fn stop(&mut self) -> std::io::Result<ExitStatus> {
        self.child.stop(&[(Signal::TERM, self.grace)])
    }

    fn explain(&self, status: ExitStatus) -> anyhow::Error {
        let tail = self.log.tail();
        let refusal = tail.iter().rev().find(|line| line.starts_with("linkpulse"));
        match refusal {
            Some(line) if status.code() == Some(EXIT_BAD_SETTING.into()) => {
                RefusedSetting(line.clone()).into()
            }
            _ => anyhow::anyhow!("it ended ({}); {}", describe(status), self.shown_log()),
        }
    }

    fn shown_log(&self) -> String {
        let path = self.log.path().display();
        let tail = self.log.tail();
        match tail.is_empty() {
            true => format!("it printed nothing to {path}"),
            false => format!("the end of {path}:\n  {}", tail.join("\n  ")),
        }
    }
}

/// How a program ended, in words.
pub(crate) fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => status.to_string(),
    }
}

/// Our services are installed, and built, side by side.
fn program(kind: &Kind) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find the program linkpulse itself")?;
    let folder = own.parent().unwrap_or(Path::new("/"));
    let program = folder.join(kind.program);
    if !program.is_file() {
        bail!(
            "the program {} is missing in {}: run `make build` (or `cargo build --workspace`)",
            kind.program,
            folder.display()
        );
    }
    Ok(program)
}

/// The death signal is SIGKILL: without us nobody would stop Redis and PostgreSQL after the
/// services, so there is nothing that they could still finish.
fn spawn(
    kind: &Kind,
    program: &Path,
    environment: &[(&'static str, String)],
    log: &mut Log,
) -> anyhow::Result<TiedChild> {
    let open = |log: &mut Log| -> std::io::Result<_> {
        let stdout = log.open()?;
        Ok((stdout.try_clone()?, stdout))
    };
    let (stderr, stdout) =
        open(log).with_context(|| format!("cannot write to {}", log.path().display()))?;
    let mut command = Command::new(program);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(stdout).stderr(stderr);
    let child = spawn_tied(command, Signal::KILL);
    child.with_context(|| format!("cannot start {}", kind.program))
}
