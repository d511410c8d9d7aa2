//! What is done to the stage. Each ends with everything being able to go on.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use contract::Keys;
use contract::block::FIELDS;
use contract::{Block, BlockId, Count, Gap, SegmentId, Timestamp};
use local_servers::Signal;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustix::process::{Pid, kill_process};

use super::stage::Stage;

/// How long a worker stands still to be taken for dead: more than it may be silent.
const LONG: Duration = Duration::from_secs(25);

/// How long the disk's writes take when they are slow.
const SLOW_WRITES: &str = "inject=fdatasync,fsync:delay_enter=1500000";

/// Everything that can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    KillProxy,
    FreezeProxy,
    KillRedis,
    FreezeRedis,
    KillPipeline,
    /// One of two workers, for longer than it may be silent.
    FreezePipeline,
    KillPostgres,
    FreezePostgres,
    KillControlPlane,
    FreezeControlPlane,
    LoseReplies,
    DeleteStream,
    EmptyRedis,
    SlowFsync,
    FullDisk,
    PoisonEntry,
    NewerEntry,
}

impl Fault {
    pub(super) const ALL: [Self; 17] = [
        Self::KillProxy,
        Self::FreezePipeline,
        Self::KillRedis,
        Self::LoseReplies,
        Self::KillPipeline,
        Self::DeleteStream,
        Self::FreezeRedis,
        Self::KillPostgres,
        Self::FreezeProxy,
        Self::EmptyRedis,
        Self::PoisonEntry,
        Self::KillControlPlane,
        Self::FreezePostgres,
        Self::SlowFsync,
        Self::FreezeControlPlane,
        Self::FullDisk,
        Self::NewerEntry,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::KillProxy => "a proxy is killed",
            Self::FreezeProxy => "a proxy stands still",
            Self::KillRedis => "redis is killed",
            Self::FreezeRedis => "redis stands still",
            Self::KillPipeline => "a pipeline is killed",
            Self::FreezePipeline => "a pipeline stands still until others have taken over",
            Self::KillPostgres => "postgres is killed",
            Self::FreezePostgres => "postgres stands still",
            Self::KillControlPlane => "the control plane is killed",
            Self::FreezeControlPlane => "the control plane stands still",
            Self::LoseReplies => "redis' replies are lost",
            Self::DeleteStream => "the stream is deleted",
            Self::EmptyRedis => "redis is emptied",
            Self::SlowFsync => "redis' disk takes 1.5 s for each write",
            Self::FullDisk => "the disk of everything is full",
            Self::PoisonEntry => "a damaged entry is in the stream",
            Self::NewerEntry => "an entry of a newer release is in the stream",
        }
    }
}

/// Does what is asked, and remembers what is still to be undone.
pub(super) struct Mischief {
    random: StdRng,
    keys: Keys,
    /// Until when the first pipeline stands still.
    frozen_until: Option<Instant>,
    /// Entries of ours in the stream that nobody can count.
    pub(super) foreign: u64,
}

impl Mischief {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            keys: Keys::new("lp"),
            frozen_until: None,
            foreign: 0,
        }
    }

    /// A moment that nobody expects, between a tenth of a second and one and a half.
    pub(super) fn pause(&mut self) {
        let millis = self.random.random_range(100..1_500);
        thread::sleep(Duration::from_millis(millis));
    }

    /// Does it. `Err`: why it cannot be done here.
    pub(super) fn cause(
        &mut self,
        fault: Fault,
        stage: &mut Stage,
    ) -> anyhow::Result<Result<(), String>> {
        self.thaw_if_due(stage)?;
        match fault {
            Fault::KillProxy => {
                let one = self.random.random_range(0..stage.proxies.len());
                stage.proxies[one].kill();
                self.pause();
                stage.proxies[one].start()?;
                stage.proxies[one].wait_ready()?;
            }
            Fault::FreezeProxy => {
                let one = self.random.random_range(0..stage.proxies.len());
                stage.proxies[one].signal(Signal::STOP)?;
                self.pause();
                stage.proxies[one].signal(Signal::CONT)?;
            }
            Fault::KillRedis => {
                signal(stage.redis.pid(), Signal::KILL)?;
                self.pause();
                stage.redis.restart()?;
            }
            Fault::FreezeRedis => {
                signal(stage.redis.pid(), Signal::STOP)?;
                self.pause();
                thread::sleep(Duration::from_secs(2));
                signal(stage.redis.pid(), Signal::CONT)?;
            }
            Fault::KillPipeline => {
                stage.pipelines[1].kill();
                self.pause();
                stage.pipelines[1].start()?;
            }
            Fault::FreezePipeline => {
                if self.frozen_until.is_none() {
                    stage.pipelines[0].signal(Signal::STOP)?;
                    self.frozen_until = Some(Instant::now() + LONG);
                }
            }
            Fault::KillPostgres => {
                for process in family(stage.postgres.pid()) {
                    // Some end with the first.
                    let _ = signal(process, Signal::KILL);
                }
                self.pause();
                stage.restart_postgres()?;
            }
            Fault::FreezePostgres => {
                let processes = family(stage.postgres.pid());
                for process in &processes {
                    let _ = signal(*process, Signal::STOP);
                }
                self.pause();
                for process in processes {
                    let _ = signal(process, Signal::CONT);
                }
            }
            Fault::KillControlPlane => {
                stage.control_planes[0].kill();
                self.pause();
                stage.control_planes[0].start()?;
            }
            Fault::FreezeControlPlane => {
                stage.control_planes[0].signal(Signal::STOP)?;
                self.pause();
                stage.control_planes[0].signal(Signal::CONT)?;
            }
            Fault::LoseReplies => {
                for _ in 0..5 {
                    stage.wire.lose_replies();
                    thread::sleep(Duration::from_millis(200));
                }
            }
            Fault::DeleteStream => {
                redis(stage)?.exec("DEL", &[&self.keys.click_events(0)])?;
                self.foreign = 0;
            }
            Fault::EmptyRedis => {
                redis(stage)?.exec("FLUSHALL", &[])?;
                self.foreign = 0;
            }
            Fault::SlowFsync => return slow_fsync(stage.redis.pid()),
            Fault::FullDisk => {
                let disk = match &stage.disk {
                    Ok(disk) => disk,
                    Err(reason) => return Ok(Err(reason.clone())),
                };
                disk.fill()?;
                thread::sleep(Duration::from_secs(3));
                disk.clear()?;
                stage.heal()?;
            }
            Fault::PoisonEntry => {
                let mut fields = strange_block().to_fields();
                fields[5].push(0xff);
                self.add(stage, fields)?;
            }
            Fault::NewerEntry => {
                let mut fields = strange_block().to_fields();
                fields[0] = b"99".to_vec();
                self.add(stage, fields)?;
            }
        }
        Ok(Ok(()))
    }

    /// Undoes what is not undone yet.
    pub(super) fn end(&mut self, stage: &mut Stage) -> anyhow::Result<()> {
        if let Some(until) = self.frozen_until {
            thread::sleep(until.saturating_duration_since(Instant::now()));
        }
        self.thaw_if_due(stage)
    }

    fn thaw_if_due(&mut self, stage: &mut Stage) -> anyhow::Result<()> {
        if self
            .frozen_until
            .is_some_and(|until| Instant::now() >= until)
        {
            stage.pipelines[0].signal(Signal::CONT)?;
            self.frozen_until = None;
        }
        Ok(())
    }

    fn add(&mut self, stage: &Stage, values: [Vec<u8>; 6]) -> anyhow::Result<()> {
        let mut command = redis::cmd("XADD");
        command.arg(self.keys.click_events(0)).arg("*");
        for (name, value) in FIELDS.iter().zip(values) {
            command.arg(name).arg(value);
        }
        command.exec(&mut redis(stage)?.0)?;
        self.foreign += 1;
        Ok(())
    }
}

/// A connection to Redis, not by the wire.
pub(super) struct Redis(redis::Connection);

pub(super) fn redis(stage: &Stage) -> anyhow::Result<Redis> {
    let client = redis::Client::open(stage.redis.url())?;
    let connection = client.get_connection_with_timeout(Duration::from_secs(5));
    Ok(Redis(
        connection.context("cannot connect to our own Redis")?,
    ))
}

impl Redis {
    fn exec(&mut self, command: &str, arguments: &[&str]) -> anyhow::Result<()> {
        Ok(redis::cmd(command).arg(arguments).exec(&mut self.0)?)
    }

    /// Entries in the click stream.
    pub(super) fn waiting(&mut self) -> anyhow::Result<u64> {
        let stream = Keys::new("lp").click_events(0);
        Ok(redis::cmd("XLEN").arg(stream).query(&mut self.0)?)
    }
}

/// A block that no proxy has made.
fn strange_block() -> Block {
    let id = BlockId {
        segment: SegmentId(uuid::Uuid::new_v4().into_bytes()),
        number: 0,
    };
    let moment = Timestamp::from_micros(1_790_000_000_000_000);
    let gap = Gap {
        from: moment,
        until: moment,
        hits: 1_000_000,
    };
    Block::of_counts(id, &[Count::Gap(gap)])
}

fn slow_fsync(process: u32) -> anyhow::Result<Result<(), String>> {
    let mut command = Command::new("strace");
    command
        .args([
            "-f",
            "-qq",
            "-e",
            "trace=fdatasync,fsync",
            "-e",
            SLOW_WRITES,
            "-p",
        ])
        .arg(process.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut tracing = match command.spawn() {
        Ok(tracing) => tracing,
        Err(error) => return Ok(Err(format!("needs strace: {error}"))),
    };
    thread::sleep(Duration::from_secs(4));
    // It lets go of the process when it ends.
    let id = Pid::from_child(&tracing);
    kill_process(id, Signal::TERM)?;
    tracing.wait()?;
    Ok(Ok(()))
}

/// A process and its children.
fn family(process: u32) -> Vec<u32> {
    let path = format!("/proc/{process}/task/{process}/children");
    let children = std::fs::read_to_string(path).unwrap_or_default();
    let children = children.split_ascii_whitespace();
    std::iter::once(process)
        .chain(children.filter_map(|child| child.parse().ok()))
        .collect()
}

fn signal(process: u32, signal: Signal) -> anyhow::Result<()> {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    kill_process(process.context("not a process")?, signal)?;
    Ok(())
}
