//! Starts workers, sends blocks, and looks at what came out.

use std::future::Future;
use std::io::Write;
use std::sync::Once;
use std::time::{Duration, Instant};

use contract::block::FIELDS;
use contract::keys::PIPELINE_GROUP;
use contract::{Ack, Block, BlockId, Keys, Partitions};
use futures_util::StreamExt;
use local_servers::testing::{self, TestDatabase};
use pipeline::{Config, Engine, EngineChoice};
use redis::aio::{MultiplexedConnection, PubSub};
use redis::{Value, cmd};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The engines that this machine can run, announced once. Written past the test runner's capture,
/// so that a log shows what a green run has covered.
pub fn engines() -> Vec<EngineChoice> {
    static ANNOUNCE: Once = Once::new();
    let mut engines = vec![EngineChoice::Postgres];
    if testing::has_timescaledb(testing::postgres_url()) {
        engines.push(EngineChoice::TimescaleDb);
    }
    ANNOUNCE.call_once(|| {
        let names: Vec<&str> = engines.iter().map(|engine| engine.as_str()).collect();
        let _ = writeln!(std::io::stderr(), "engines: {}", names.join(", "));
    });
    engines
}

/// Far more than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `condition` holds, and panics when it does not.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "still not so: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A database with our tables and a stream of its own.
pub struct Stage {
    pub database_url: String,
    pub pool: PgPool,
    redis_url: String,
    redis: redis::Client,
    prefix: String,
    _database: Option<TestDatabase>,
}

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Rows of `ingested_blocks`.
    pub blocks: i64,
    /// The clicks these announce.
    pub announced: i64,
    /// Rows of `clicks`.
    pub rows: i64,
    /// Sum of the rollup.
    pub hourly: i64,
    /// Hits that are not clicks, in the rollup.
    pub others: i64,
}

impl Stage {
    /// On the servers that all tests share.
    pub async fn new(choice: EngineChoice) -> Self {
        let database = TestDatabase::create("pipeline");
        let mut stage = Self::at(&database.url, testing::redis_url(), choice).await;
        stage._database = Some(database);
        stage
    }

    /// On servers of the test's own.
    pub async fn at(database_url: &str, redis_url: &str, choice: EngineChoice) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .connect_lazy(database_url);
        let pool = pool.unwrap();
        let engine = pipeline::migrate(&pool, choice).await.unwrap();
        match choice {
            EngineChoice::Auto => {}
            EngineChoice::Postgres => assert_eq!(engine, Engine::Postgres),
            EngineChoice::TimescaleDb => assert_eq!(engine, Engine::TimescaleDb),
        }
        Self {
            database_url: database_url.to_owned(),
            pool,
            redis_url: redis_url.to_owned(),
            redis: redis::Client::open(redis_url).unwrap(),
            prefix: testing::unique_prefix(),
            _database: None,
        }
    }

    /// Settings of a worker called `consumer`, with waits that suit a test.
    pub fn config(&self, consumer: &str) -> Config {
        let lookup = |name: &str| match name {
            "DATABASE_URL" => Some(self.database_url.clone()),
            "REDIS_URL" => Some(self.redis_url.clone()),
            "LINKPULSE_REDIS_KEY_PREFIX" => Some(self.prefix.clone()),
            "LINKPULSE_PIPELINE_CONSUMER" => Some(consumer.to_owned()),
            _ => None,
        };
        Config {
            claim_idle: Duration::from_millis(300),
            reclaim_interval: Duration::from_millis(100),
            write_timeout: Duration::from_secs(5),
            ..Config::from_lookup(&lookup).unwrap()
        }
    }

    /// Starts a worker.
    pub async fn worker(&self, consumer: &str) -> Worker {
        Worker::start(self.config(consumer)).await
    }

    /// Name of the stream.
    pub fn key(&self) -> String {
        Keys::new(&self.prefix).click_events(0)
    }

    pub async fn redis(&self) -> MultiplexedConnection {
        let config =
            redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(10)));
        let connection = self
            .redis
            .get_multiplexed_async_connection_with_config(&config);
        connection.await.unwrap()
    }

    /// Sends a block as a proxy does that knows of so many partitions.
    pub async fn send_to_one_of(&self, partitions: Partitions, block: &Block) {
        let key = Keys::new(&self.prefix).click_events(partitions.of(block.id.segment));
        self.add_to(&key, &FIELDS.map(str::as_bytes), &block.to_fields())
            .await;
    }

    /// Sends a block as a proxy does.
    pub async fn send(&self, block: &Block) -> String {
        self.add(&FIELDS.map(str::as_bytes), &block.to_fields())
            .await
    }

    /// Adds any entry; returns its id.
    pub async fn add(&self, names: &[&[u8]], values: &[Vec<u8>]) -> String {
        self.add_to(&self.key(), names, values).await
    }

    async fn add_to(&self, key: &str, names: &[&[u8]], values: &[Vec<u8>]) -> String {
        let mut add = cmd("XADD");
        add.arg(key).arg("*");
        for (name, value) in names.iter().zip(values) {
            add.arg(*name).arg(value);
        }
        add.query_async(&mut self.redis().await).await.unwrap()
    }

    /// Receives up to `count` entries under a worker's name and does nothing with them, like a
    /// worker that dies.
    pub async fn receive_and_die(&self, consumer: &str, count: u32) {
        let mut redis = self.redis().await;
        let key = self.key();
        let _: Result<(), _> = cmd("XGROUP")
            .arg(&["CREATE", &key, PIPELINE_GROUP, "0", "MKSTREAM"])
            .exec_async(&mut redis)
            .await;
        let _: Value = cmd("XREADGROUP")
            .arg(&["GROUP", PIPELINE_GROUP, consumer, "COUNT"])
            .arg(count)
            .arg(&["STREAMS", &key, ">"])
            .query_async(&mut redis)
            .await
            .unwrap();
    }

    /// Entries in the stream.
    pub async fn waiting(&self) -> u64 {
        cmd("XLEN")
            .arg(self.key())
            .query_async(&mut self.redis().await)
            .await
            .unwrap()
    }

    /// Entries that a worker received and has not acknowledged, and how often each was delivered.
    pub async fn pending(&self) -> Vec<(String, u64)> {
        let pending: Vec<(String, String, u64, u64)> = cmd("XPENDING")
            .arg(&[&self.key(), PIPELINE_GROUP, "-", "+", "1000"])
            .query_async(&mut self.redis().await)
            .await
            .unwrap_or_default();
        pending
            .into_iter()
            .map(|(id, _, _, deliveries)| (id, deliveries))
            .collect()
    }

    /// Waits until the stream has `left` entries.
    pub async fn drained_to(&self, left: u64) {
        eventually("the stream is drained", || async {
            self.waiting().await == left
        })
        .await;
    }

    /// Listens for acknowledgements, as proxies do.
    pub async fn listener(&self) -> Listener {
        self.listener_to(Partitions::ONE).await
    }

    /// Listens for acknowledgements of all partitions.
    pub async fn listener_to(&self, partitions: Partitions) -> Listener {
        let mut subscription = self.redis.get_async_pubsub().await.unwrap();
        for partition in partitions.all() {
            let channel = Keys::new(&self.prefix).ack(partition);
            subscription.subscribe(channel).await.unwrap();
        }
        Listener { subscription }
    }

    /// What is in the tables.
    pub async fn counted(&self) -> Counted {
        let (blocks, announced, rows, hourly, others) = sqlx::query_as(
            "select (select count(*) from ingested_blocks),
                    (select coalesce(sum(clicks), 0)::bigint from ingested_blocks),
                    (select count(*) from clicks),
                    (select coalesce(sum(clicks), 0)::bigint from link_clicks_hourly),
                    (select coalesce(sum(other_hits), 0)::bigint from link_clicks_hourly)",
        )
        .fetch_one(&self.pool)
        .await
        .unwrap();
        Counted {
            blocks,
            announced,
            rows,
            hourly,
            others,
        }
    }

    /// Asserts that these blocks, of clicks that count, were
    /// counted once each, and that nothing was given up.
    pub async fn assert_counted(&self, blocks: &[Block]) {
        let clicks = blocks.iter().map(|block| i64::from(block.count)).sum();
        let expected = Counted {
            blocks: blocks.len() as i64,
            announced: clicks,
            rows: clicks,
            hourly: clicks,
            others: 0,
        };
        assert_eq!(self.counted().await, expected);
        assert_eq!(self.dead_letters().await, []);
    }

    /// Stream ids and reasons of the dead letters.
    pub async fn dead_letters(&self) -> Vec<(String, String)> {
        sqlx::query_as("select stream_id, reason from dead_letters order by stream_id")
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }
}

/// Hears which blocks are safe.
pub struct Listener {
    subscription: PubSub,
}

impl Listener {
    /// The names in the next message.
    pub async fn next(&mut self) -> Vec<BlockId> {
        let message = self.subscription.on_message().next().await;
        let message = message.expect("the subscription has ended");
        Ack::decode(message.get_payload_bytes()).unwrap().blocks
    }

    /// The next `count` names, of as many messages as it takes.
    pub async fn names(&mut self, count: usize) -> Vec<BlockId> {
        let mut names = Vec::new();
        while names.len() < count {
            let next = tokio::time::timeout(PATIENCE, self.next()).await;
            names.extend(next.expect("no further acknowledgement"));
        }
        names
    }
}

/// A running worker.
pub struct Worker {
    stop: oneshot::Sender<()>,
    task: JoinHandle<pipeline::Result<()>>,
    admin: std::net::SocketAddr,
}

impl Worker {
    /// Starts a worker.
    pub async fn start(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let admin = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let task = tokio::spawn(pipeline::run(config, listener, shutdown));
        Self { stop, task, admin }
    }

    /// Stops the worker; it must end well.
    pub async fn stop(self) {
        self.stop.send(()).expect("the worker has ended by itself");
        self.task.await.unwrap().unwrap();
    }

    /// Status and body of a page of the admin listener.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let mut connection = TcpStream::connect(self.admin).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    /// Waits until the worker says that it is ready.
    pub async fn ready(&self) {
        eventually("the worker is ready", || async {
            self.get("/readyz").await.0 == 200
        })
        .await;
    }

    /// The value of a counter. Tests of one process share them, so only growth means anything.
    pub async fn counter(&self, name: &str) -> u64 {
        let value = self.gauge(name).await;
        value.unwrap_or_else(|| panic!("there is no {name}")) as u64
    }

    /// The value of a gauge: the last one that any test of this process has set.
    pub async fn gauge(&self, name: &str) -> Option<f64> {
        let (_, metrics) = self.get("/metrics").await;
        let lines = metrics.lines();
        let value = lines
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
            .next();
        value.map(|value| value.parse().unwrap())
    }
}
