//! PostgreSQL, Redis and one pipeline, as they are where nothing may get lost: what is confirmed
//! is on the disk, Redis' within a second.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::ensure;
use contract::block::FIELDS;
use contract::{Block, Keys, Partitions};
use local_servers::testing::{self, ThrowAway};
use local_servers::{PostgresServer, RedisServer};
use redis::Connection;
use service::settings;

use super::backend::{DATABASE, Settings, audited, linkpulse};
use super::program::{Folder, Ports, Program, beside_us};
use crate::machine::{CpuTime, cpu_time};

/// Between two looks at what is left.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The prefix of all names.
const PREFIX: &str = "lp";

/// What clicks can lie on: `LINKPULSE_ANALYTICS_ENGINE`.
pub(crate) const ENGINES: [&str; 2] = ["postgres", "timescaledb"];

/// All of it. Dropping it kills the pipeline first, then the servers.
pub(crate) struct Drainage {
    redis: ThrowAway<RedisServer>,
    postgres: ThrowAway<PostgresServer>,
    connection: Connection,
    partitions: Partitions,
    settings: Settings,
    folder: Folder,
}

/// How a backlog was drained.
pub(crate) struct Drained {
    /// From the start of the pipeline's process until nothing was left.
    pub(crate) took: Duration,
    pub(crate) pipeline: CpuTime,
    pub(crate) postgres: CpuTime,
    pub(crate) redis: CpuTime,
}

impl Drainage {
    /// Starts both servers and makes the tables. `None` if the engine is not there.
    pub(crate) fn start(engine: &str, partitions: Partitions) -> anyhow::Result<Option<Self>> {
        let folder = Folder::create()?;
        let (postgres, redis) = (ThrowAway::durable_postgres()?, ThrowAway::durable_redis()?);
        if engine == "timescaledb" && !testing::has_timescaledb(&postgres.url()) {
            return Ok(None);
        }
        postgres.create_database_if_missing(DATABASE)?;
        let settings = vec![
            (settings::DATABASE_URL.name, postgres.url_for(DATABASE)),
            (settings::REDIS_URL.name, redis.url()),
            (settings::REDIS_KEY_PREFIX.name, PREFIX.to_owned()),
            (settings::ANALYTICS_ENGINE.name, engine.to_owned()),
            (
                settings::CLICK_PARTITIONS.name,
                partitions.all().len().to_string(),
            ),
        ];
        linkpulse(&["migrate"], &settings)?;
        let connection = redis::Client::open(redis.url())?.get_connection()?;
        Ok(Some(Self {
            redis,
            postgres,
            connection,
            partitions,
            settings,
            folder,
        }))
    }

    /// Adds blocks, as proxies do.
    pub(crate) fn add(&mut self, blocks: &[Block]) -> anyhow::Result<()> {
        let keys = Keys::new(PREFIX);
        let mut batch = redis::pipe();
        for block in blocks {
            let partition = self.partitions.of(block.id.segment);
            let add = batch.cmd("XADD").arg(keys.click_events(partition)).arg("*");
            for (name, value) in FIELDS.iter().zip(block.to_fields()) {
                add.arg(name).arg(value);
            }
            add.ignore();
        }
        Ok(batch.query(&mut self.connection)?)
    }

    /// Blocks that wait.
    pub(crate) fn left(&mut self) -> anyhow::Result<u64> {
        let keys = Keys::new(PREFIX);
        let mut questions = redis::pipe();
        for partition in self.partitions.all() {
            questions.cmd("XLEN").arg(keys.click_events(partition));
        }
        let lengths: Vec<u64> = questions.query(&mut self.connection)?;
        Ok(lengths.iter().sum())
    }

    /// Starts one pipeline and waits until it has counted everything, at most `patience`. Tells
    /// `watch` now and then how many blocks are left.
    pub(crate) fn drain(
        &mut self,
        batch_blocks: u32,
        patience: Duration,
        mut watch: impl FnMut(Duration, u64),
    ) -> anyhow::Result<Drained> {
        let admin = Ports::free()?.admin;
        let mut settings = self.settings.clone();
        settings.push((settings::PIPELINE_ADMIN_LISTEN.name, admin.to_string()));
        settings.push((
            settings::PIPELINE_BATCH_BLOCKS.name,
            batch_blocks.to_string(),
        ));
        let command = Command::new(beside_us("linkpulse-pipeline")?);
        let log = self.folder.join("pipeline.log");
        let before = (cpu_time(self.postgres.pid())?, cpu_time(self.redis.pid())?);
        let begun = Instant::now();
        let mut pipeline = Program::start("the pipeline", command, &settings, log)?;
        pipeline.wait_ready(admin)?;
        loop {
            let left = self.left()?;
            watch(begun.elapsed(), left);
            if left == 0 {
                break;
            }
            ensure!(
                begun.elapsed() < patience,
                "{left} blocks are left after {patience:?}"
            );
            std::thread::sleep(LOOK_AGAIN);
        }
        let took = begun.elapsed();
        let drained = Drained {
            took,
            pipeline: cpu_time(pipeline.pid())?,
            postgres: cpu_time(self.postgres.pid())? - before.0,
            redis: cpu_time(self.redis.pid())? - before.1,
        };
        pipeline.stop()?;
        Ok(drained)
    }

    /// Fails unless just these were counted, and blocks, rows and counts agree.
    pub(crate) fn audit(&self, blocks: u64, clicks: u64) -> anyhow::Result<()> {
        let counted = audited(&self.settings)?;
        ensure!(
            counted == (blocks, clicks),
            "not {blocks} blocks and {clicks} clicks, but {counted:?}"
        );
        Ok(())
    }
}
