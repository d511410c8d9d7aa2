//! Starts the program and reads what it says.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use local_servers::testing::ThrowAwayDir;
use rustix::process::{Pid, Signal, kill_process};

/// How long a whole start or stop may take on a busy machine with two cores.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// The line that ends a start.
const RUNNING: &str = "Ctrl-C stops everything";

/// One system at a time: they share the ports from 8080 on, and two cores.
static TURN: Mutex<()> = Mutex::new(());

/// Variables that would lead the program away from what the test prepared.
const FOREIGN: [&str; 6] = [
    "DATABASE_URL",
    "DATABASE_URL_FILE",
    "ANALYTICS_DATABASE_URL",
    "ANALYTICS_DATABASE_URL_FILE",
    "REDIS_URL",
    "REDIS_URL_FILE",
];

/// A state folder, and the turn to use it.
pub(crate) struct Place {
    dir: ThrowAwayDir,
    environment: Vec<(&'static str, String)>,
    _turn: MutexGuard<'static, ()>,
}

impl Place {
    pub(crate) fn new() -> Place {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        Place {
            dir: ThrowAwayDir::create().unwrap(),
            environment: Vec::new(),
            _turn: turn,
        }
    }

    /// A variable for every program that is started here.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Place {
        self.environment.push((name, value.into()));
        self
    }

    pub(crate) fn state_dir(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// `state.json`.
    pub(crate) fn state(&self) -> serde_json::Value {
        let text = fs::read_to_string(self.state_dir().join("state.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Every port that the last start chose.
    pub(crate) fn ports(&self) -> Vec<u16> {
        let state = self.state();
        let ports = state["ports"].as_object().unwrap();
        let number = |port: &serde_json::Value| u16::try_from(port.as_u64().unwrap()).unwrap();
        ports.values().map(number).collect()
    }

    /// The address of the proxy.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.state()["ports"]["proxy"])
    }

    /// The address of the private Redis for a user, and the name of the password in `state.json`.
    pub(crate) fn redis_url(&self, user: &str, password: &str) -> String {
        let state = self.state();
        let found = [&state[password], &state["redis_users"][password]];
        let password = found.iter().find_map(|password| password.as_str()).unwrap();
        let port = &state["ports"]["redis"];
        format!("redis://{user}:{password}@127.0.0.1:{port}/0")
    }

    /// Asserts that no service asked Redis for what it may not do.
    pub(crate) fn assert_redis_refused_nothing(&self) {
        let client = redis::Client::open(self.redis_url("", "redis_password")).unwrap();
        let mut connection = client.get_connection().unwrap();
        let log: Vec<redis::Value> = redis::cmd("ACL").arg("LOG").query(&mut connection).unwrap();
        assert!(log.is_empty(), "{log:?}");
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = linkpulse();
        command.args(arguments).arg("--dir").arg(self.state_dir());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs to the end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs to the end, with a command after `--`.
    pub(crate) fn run_last(&self, arguments: &[&str], command: &[&str]) -> Output {
        let mut whole = self.command(arguments);
        whole.arg("--").args(command).output().unwrap()
    }

    /// `linkpulse up`, running.
    pub(crate) fn up(&self) -> Up {
        self.up_with(&[])
    }

    /// The same, with more arguments.
    pub(crate) fn up_with(&self, arguments: &[&str]) -> Up {
        let path = self.dir.path().join("output");
        let file = File::create(&path).unwrap();
        let child = self
            .command(&[&["up"], arguments].concat())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        let mut up = Up { child, path };
        up.wait_for(RUNNING);
        up
    }
}

/// A running `linkpulse up`.
pub(crate) struct Up {
    child: Child,
    path: PathBuf,
}

impl Up {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn output(&self) -> String {
        fs::read_to_string(&self.path).unwrap()
    }

    /// Waits until it has printed the text.
    pub(crate) fn wait_for(&mut self, text: &str) {
        eventually(&format!("the output contains {text:?}"), || {
            let output = self.output();
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("linkpulse up ended ({status}) before it printed {text:?}:\n{output}");
            }
            output.contains(text)
        });
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until it has ended.
    pub(crate) fn wait(mut self) -> ExitStatus {
        let mut status = None;
        eventually("linkpulse up ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, without the settings of whoever runs the tests.
pub(crate) fn linkpulse() -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_linkpulse"));
    for service in ["control-plane", "pipeline", "proxy"] {
        let service = program.with_file_name(format!("linkpulse-{service}"));
        assert!(
            service.is_file(),
            "{} is missing: run `cargo build --workspace` first",
            service.display()
        );
    }
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for name in FOREIGN {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars() {
        if name.starts_with("LINKPULSE_") {
            command.env_remove(name);
        }
    }
    command
}

/// Both outputs as text.
pub(crate) fn text(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    format!("{stdout}{stderr}")
}

/// Waits until it is so.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(
            begun.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {what}"
        );
        thread::sleep(Duration::from_millis(50));
    }
}

/// Whether nothing listens there.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A blocking GET: the status, or nothing without an answer.
pub(crate) fn get(url: &str) -> Option<u16> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    service::install_tls_provider();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tls_certs_only([])
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let answer = async { client.get(url).header("host", "localhost").send().await };
    let response = runtime.block_on(answer).ok()?;
    Some(response.status().as_u16())
}
